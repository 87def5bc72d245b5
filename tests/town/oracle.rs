//! Who is who in truth, held against what skein made of it.
//!
//! It knows who did what, and who has an address when; of skein it knows what it noted and what it would show.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::Workspace;
use skein::domain::id::{LeafId, RootId, WorkId};
use skein::domain::record::{
    Author, Change, Direction, Flags, IdentityStatus, MessageKind, MessageStored, PersonalValue, Record,
};
use skein::domain::view::WorkState;

use super::desk::Answer;
use super::figures::Figures;
use super::life::MINUTE;
use super::people::{Address, Person, Town};
use super::told::Happening;

/// A matter that was spoken of less than so long ago goes on.
const GOES_ON: i64 = 25 * MINUTE;
/// What is wrong is printed so often.
const MOST_TOLD: usize = 8;

/// What was said last by somebody.
#[derive(Clone, Copy, Debug)]
struct Last {
    at: i64,
    work: WorkId,
    leaf: LeafId,
    trade: bool,
}

/// What skein made of the town.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// The address of each identity, and who had it when it was opened.
    leaves: BTreeMap<LeafId, (Address, BTreeSet<Person>)>,
    /// Identities of each address: whoever has it next gets another.
    of_address: BTreeMap<Address, Vec<LeafId>>,
    /// Who wrote what is filed there.
    authors: BTreeMap<LeafId, BTreeSet<Person>>,
    /// Who wrote in a matter, and from desks of which kind.
    works: BTreeMap<WorkId, (BTreeSet<Person>, BTreeSet<bool>)>,
    /// Works in which a message of ours was answered, by whatever endpoint.
    answered_in: BTreeSet<WorkId>,
    last: BTreeMap<Person, Last>,
    strong: BTreeSet<(Address, Address)>,
    weak: BTreeSet<(Address, Address)>,
    suggested: BTreeSet<(Address, Address)>,
    /// Customers that are two people, by the identities that cannot be one person's.
    false_merges: BTreeSet<RootId>,
    /// Whose words another reads: (customer, whose, who).
    disclosures: BTreeSet<(RootId, Person, Person)>,
    mixed_works: BTreeSet<WorkId>,
    goings_on: usize,
    split_matters: usize,
    doubled: usize,
    told: BTreeMap<&'static str, usize>,
}

impl Oracle {
    /// Skein noted what happened.
    pub(crate) fn noted(&mut self, town: &Town, space: &Workspace, happening: &Happening, record: &Record, now: i64) {
        let before = happening.weak.as_ref().filter(|pair| !self.are_one(space, pair));
        self.weak.extend(before.cloned());
        let personal = |(one, other): &&(Address, Address)| town.is_personal(one) && town.is_personal(other);
        self.strong.extend(happening.strong.iter().filter(personal).cloned());
        let mut touched = BTreeSet::new();
        for (place, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::IdentityOpened(opened) => {
                    let address = record.content.iter().find_map(|personal| match &personal.value {
                        PersonalValue::Address(address) if personal.place == place => Some(address.to_string()),
                        _ => None,
                    });
                    let address = (opened.kind, address.expect("an identity has its address"));
                    let users = Some(town.users(&address, happening.at)).filter(|users| !users.is_empty());
                    let users = users.or_else(|| Some(town.ever(&address)).filter(|users| !users.is_empty()));
                    let users = users.unwrap_or_else(|| BTreeSet::from([happening.by]));
                    self.of_address.entry(address.clone()).or_default().push(opened.leaf);
                    self.leaves.insert(opened.leaf, (address, users));
                    touched.insert(opened.leaf);
                }
                Change::MessageStored(message) if message.is_said_by_customer() => {
                    if happening.again {
                        self.doubled += 1;
                        self.tell("came again", format!("{} {message:?}", happening.brief()));
                    }
                    if !happening.spoofed && self.said(space, happening, message, record, now) {
                        touched.insert(message.leaf);
                    }
                }
                Change::Merged { winner, .. } => {
                    touched.insert(LeafId(winner.0));
                }
                Change::Suggested { one, other, .. } => {
                    let pair = [one, other].map(|leaf| self.leaves.get(leaf).map(|(address, _)| address.clone()));
                    if let [Some(one), Some(other)] = pair {
                        self.suggested.insert((one, other));
                    }
                }
                _ => {}
            }
        }
        let before = (self.false_merges.len(), self.disclosures.len());
        for leaf in touched {
            self.look_at(town, space, leaf);
        }
        if before != (self.false_merges.len(), self.disclosures.len()) {
            let customer = record.touches.first().and_then(|touch| space.conversation(RootId(touch.leaf.0)));
            let identities = customer.map(|customer| customer.identities).unwrap_or_default();
            let known: Vec<_> = identities
                .iter()
                .map(|one| (one.leaf, &one.address, one.generation, one.shared, one.ended, self.authors.get(&one.leaf)))
                .collect();
            self.tell("made one or shown", format!("{} {known:?} {:?}", happening.brief(), record.changes));
        }
    }

    /// What is wrong is printed, the first few times.
    fn tell(&mut self, kind: &'static str, what: String) {
        let told = self.told.entry(kind).or_default();
        *told += 1;
        if *told <= MOST_TOLD {
            println!("{kind}: {what}");
        }
    }

    /// A person's words. Whether they are the first there.
    fn said(
        &mut self,
        space: &Workspace,
        happening: &Happening,
        message: &MessageStored,
        record: &Record,
        now: i64,
    ) -> bool {
        let by = happening.by;
        let is_first = self.authors.entry(message.leaf).or_default().insert(by);
        let Some(work) = message.work else { return is_first };
        self.is_theirs(space, happening, message, work);
        let (authors, desks) = self.works.entry(work).or_default();
        authors.insert(by);
        // What answers a message of ours goes with it, and history with what is open.
        let by_rule_one = message.about.is_some() || !happening.event.reply_to_tokens.is_empty();
        let by_rule_one = by_rule_one || happening.event.backfill;
        if by_rule_one {
            self.answered_in.insert(work);
        } else if !message.flags.has(Flags::WORK_LIMIT) {
            desks.insert(happening.is_trade());
        }
        let mixed = desks.len() > 1 && !self.answered_in.contains(&work);
        if mixed && self.mixed_works.insert(work) {
            self.tell("two desks in one", format!("{} {message:?}", happening.brief()));
        }
        if happening.event.backfill {
            return is_first;
        }
        let last = Last { at: now, work, leaf: message.leaf, trade: happening.is_trade() };
        let before = self.last.insert(by, last).filter(|before| happening.goes_on && now - before.at < GOES_ON);
        if let Some(before) = before.filter(|before| !by_rule_one && before.trade == last.trade)
            && is_sure(space, before.leaf, last.leaf)
        {
            let open = space.work(before.work).is_some_and(|work| work.state == WorkState::Assigned);
            let is_new = |change: &Change| matches!(change, Change::WorkOpened(_) | Change::WorkReopened { .. });
            let begun = record.changes.iter().any(is_new);
            let split = open && begun && work != before.work;
            self.goings_on += usize::from(open && !begun) + usize::from(split);
            self.split_matters += usize::from(split);
            if split {
                self.tell("split", format!("after {before:?}: {} {:?}", happening.brief(), record.changes));
            }
        }
        is_first
    }

    /// What one customer said stands in no other's matter: who joins one is no customer by that.
    fn is_theirs(&mut self, space: &Workspace, happening: &Happening, message: &MessageStored, work: WorkId) {
        if space.work(work).is_none_or(|work| work.conversation == message.conversation) {
            return;
        }
        let Some((authors, _)) = self.works.get(&work) else { return };
        let others: Vec<Person> = authors.iter().copied().filter(|author| *author != happening.by).collect();
        for other in others {
            self.disclosures.insert((message.conversation, happening.by, other));
            self.tell("in another's matter", format!("of {other:?}: {} {message:?}", happening.brief()));
        }
    }

    /// An answer left: whoever has the address reads what the matter is about.
    pub(crate) fn answered(&mut self, town: &Town, answer: &Answer, now: i64) {
        let Some((address, _)) = self.leaves.get(&answer.to) else { return };
        // Nobody can know who reads there, before they wrote.
        let wrote = self.of_address[address].iter().filter_map(|leaf| self.authors.get(leaf));
        let wrote: BTreeSet<Person> = wrote.flatten().copied().collect();
        let readers: BTreeSet<Person> = town.users(address, now).intersection(&wrote).copied().collect();
        let Some((authors, _)) = self.works.get(&answer.work) else { return };
        let mut disclosed = Vec::new();
        for &author in authors.iter().filter(|author| !readers.contains(author)) {
            let strangers = readers.iter().filter(|reader| !town.share(**reader, author, address));
            let read: Vec<_> = strangers.map(|&reader| (RootId(answer.to.0), author, reader)).collect();
            if !read.is_empty() {
                disclosed.push(format!("at {now} {answer:?} {address:?} is read: {read:?}"));
            }
            self.disclosures.extend(read);
        }
        disclosed.into_iter().for_each(|what| self.tell("answered to another", what));
    }

    /// Whether a customer is one person, and all that is shown with it is that person's, or was said from one address by those who
    /// use it together.
    fn look_at(&mut self, town: &Town, space: &Workspace, leaf: LeafId) {
        let Some(customer) = space.conversation(RootId(leaf.0)) else { return };
        let root = customer.conversation;
        let mut one_person: Option<BTreeSet<Person>> = None;
        let mut authors = Vec::new();
        for identity in &customer.identities {
            let Some((address, users)) = self.leaves.get(&identity.leaf) else { continue };
            one_person = Some(match one_person {
                Some(so_far) => so_far.intersection(users).copied().collect(),
                None => users.clone(),
            });
            let wrote = self.authors.get(&identity.leaf).into_iter().flatten();
            authors.extend(wrote.map(|&author| (author, identity.leaf, address)));
        }
        if one_person.is_some_and(|people| people.is_empty()) {
            self.false_merges.insert(root);
        }
        for &(one, from, address) in &authors {
            for &(other, by, _) in authors.iter().filter(|(other, ..)| *other != one) {
                if from != by || !town.share(one, other, address) {
                    self.disclosures.insert((root, one, other));
                }
            }
        }
    }

    /// Customers that have, or had, an address.
    fn roots(&self, space: &Workspace, address: &Address) -> BTreeSet<RootId> {
        let leaves = self.of_address.get(address).into_iter().flatten();
        leaves.filter_map(|leaf| Some(space.conversation(RootId(leaf.0))?.conversation)).collect()
    }

    fn are_one(&self, space: &Workspace, (one, other): &(Address, Address)) -> bool {
        !self.roots(space, one).is_disjoint(&self.roots(space, other))
    }

    /// How it ended.
    pub(crate) fn figures(&self, space: &Workspace) -> Figures {
        let known = |(one, other): &(Address, Address)| {
            self.suggested.contains(&(one.clone(), other.clone()))
                || self.suggested.contains(&(other.clone(), one.clone()))
        };
        let customers: BTreeSet<RootId> =
            self.leaves.keys().filter_map(|leaf| Some(space.conversation(RootId(leaf.0))?.conversation)).collect();
        let suggestions = customers.iter().map(|&root| space.suggestions_of(root).count());
        Figures {
            false_merges: self.false_merges.len(),
            disclosures: self.disclosures.len(),
            strong_pairs: self.strong.len(),
            strong_found: self.strong.iter().filter(|pair| self.are_one(space, pair)).count(),
            weak_pairs: self.weak.len(),
            weak_found: self.weak.iter().filter(|pair| known(pair) || self.are_one(space, pair)).count(),
            most_suggestions: suggestions.max().unwrap_or_default(),
            mixed_works: self.mixed_works.len(),
            goings_on: self.goings_on,
            split_matters: self.split_matters,
            doubled: self.doubled,
            customers: customers.len(),
            ..Figures::default()
        }
    }
}

/// Whether two identities are one customer's beyond doubt, and nobody else's.
fn is_sure(space: &Workspace, one: LeafId, other: LeafId) -> bool {
    let Some(customer) = space.conversation(RootId(one.0)) else { return false };
    let sure = |leaf: LeafId| {
        let mut known = customer.identities.iter().filter(|identity| identity.leaf == leaf);
        known.any(|one| one.status == IdentityStatus::Verified && !one.shared && !one.ended)
    };
    sure(one) && sure(other)
}

/// What a customer said, not what was told of it.
trait Said {
    fn is_said_by_customer(&self) -> bool;
}

impl Said for MessageStored {
    fn is_said_by_customer(&self) -> bool {
        self.direction == Direction::In && self.author == Author::Customer && self.kind == MessageKind::Message
    }
}
