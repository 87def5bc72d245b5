//! A Work that is spoken on by several endpoints, takes in another, or gives some of its messages away.
//!
//! What it takes is what the dearest of its channels takes; who may have it can be spoken to on all of them. After messages came or
//! went, everything that follows from them (turn, wait, where an answer goes) is counted anew from those that are there.

use super::Work;
use super::beside::{Beside, Place};
use super::bots::Bots;
use super::open::{MailThread, Tokens};
use super::passing::Promise;
use super::said::{Before, Item, Said, Says};
use crate::domain::command::Parted;
use crate::domain::id::{Index, LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::marks::{Filed, Priority};
use crate::domain::record::{Change, MessageContent};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::workspace::{AgentProfile, WorkspaceConfig};

/// Messages on their way from one Work to another, with what goes with them.
#[derive(Debug)]
pub(crate) struct Part {
    said: Said,
    /// What the items' places mean: the giver's own, then those beside it.
    places: Vec<Place>,
    /// The giver gave everything it had.
    whole: bool,
    mail: Option<Box<MailThread>>,
    /// Mails of each identity.
    mails: Vec<MailThread>,
    /// Tokens of the last message that asks, if it is among these.
    tokens: Option<Box<Tokens>>,
    threaded: bool,
    /// What else the giver had, and under which leaf it is filed.
    beside: Option<(LeafId, Box<Beside>)>,
    /// What agents noted of those whose messages these are.
    marks: Filed,
    /// That they are urgent.
    priority: Option<Box<Priority>>,
    promise: Option<Promise>,
}

impl Part {
    /// Messages that come from no Work.
    pub(super) fn of(said: Said, places: Vec<Place>, mail: Option<Box<MailThread>>, threaded: bool) -> Self {
        let mails = mail.iter().map(|thread| MailThread::clone(thread)).collect();
        let (marks, priority, promise) = Default::default();
        Self { said, places, whole: false, mail, mails, tokens: None, threaded, beside: None, marks, priority, promise }
    }

    /// Which messages.
    pub(crate) fn messages(&self) -> Vec<MessageId> {
        self.said.items().iter().filter(|item| item.says.is_message()).map(|item| item.id).collect()
    }
}

impl Work {
    /// Notes a change as [`Work::apply`] does, and keeps what it says for merges and splits. Only the state does: a draft needs no
    /// more than what follows.
    pub(crate) fn note(
        &mut self,
        index: Index,
        now: Timestamp,
        place: u16,
        change: &Change,
        words: Option<&MessageContent>,
    ) {
        let id = MessageId::new(index, place);
        let item = match change {
            Change::MessageStored(message) => {
                let says = message.says();
                let thread = words.filter(|_| says == Says::Asks).and_then(|words| words.thread.as_deref());
                let by = self.place_of(&message.channel, &message.endpoint).unwrap_or(0);
                let item = self.item(id, now, by, says);
                let heard = (says == Says::Asks).then_some(message.assurance);
                Item { thread: thread.map(Name::from), leaf: Some(message.leaf), filed: message.leaf, heard, ..item }
            }
            Change::WrapUpStarted(_) => self.item(id, now, 0, Says::Ends),
            Change::Parked(_) if self.ours_since.is_some() => self.item(id, now, 0, Says::Ends),
            Change::Woken(_) if self.is_left_open() => self.item(id, now, 0, Says::Resumes),
            _ => return self.apply(index, now, place, change, words),
        };
        let before = self.before();
        self.apply(index, now, place, change, words);
        self.said.get_or_insert_with(|| Box::new(Said::behind(before))).push(item);
    }

    fn item(&self, id: MessageId, at: Timestamp, place: u8, says: Says) -> Item {
        Item { id, at, leaf: None, filed: self.leaf, place, says, heard: None, answered: None, thread: None }
    }

    fn before(&self) -> Before {
        Before {
            waited_ms: self.waited_ms,
            replied: self.replied,
            last_in: self.last_in,
            last_message: self.last_message,
        }
    }

    /// Whether turn, wait and the last message that asks are what its messages give.
    pub(crate) fn is_as_counted(&self) -> bool {
        let Some(said) = &self.said else { return true };
        let turn = said.turn();
        (turn.ours_since, turn.waited_ms, said.last_in()) == (self.ours_since, self.waited_ms, self.last_in)
    }

    /// Messages that it has, as far as they are kept apart.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (MessageId, Option<LeafId>)> {
        self.items().map(|item| (item.id, item.leaf))
    }

    /// The same with the leaf that each is filed under.
    pub(crate) fn filed(&self) -> impl Iterator<Item = (MessageId, LeafId)> {
        self.items().map(|item| (item.id, item.filed))
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        let items = self.said.iter().flat_map(|said| said.items());
        items.filter(|item| item.says.is_message())
    }

    /// Identities whose messages it has, or to whom an answer could go: they are of one customer.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = LeafId> {
        let said = self.items().flat_map(|item| item.leaf.into_iter().chain([item.filed]));
        let answered = self.answer_to.iter().map(|(leaf, _)| *leaf);
        said.chain(answered).chain(self.mail.iter().map(|thread| thread.leaf))
    }

    /// Those of its identities that are not of its customer, those of mails that it had from them before among them.
    pub(crate) fn strangers(&self, root: impl Fn(LeafId) -> RootId) -> Vec<LeafId> {
        let own = root(self.leaf);
        self.leaves().chain(self.mailed()).filter(|&leaf| root(leaf) != own).collect()
    }

    /// Its customer was taken apart: no answer goes to these identities any more. What they said goes by a split.
    pub(crate) fn part(&mut self, strange: &[LeafId]) {
        if let Some(said) = &mut self.said {
            said.part(strange);
        }
        if self.answer_to.as_ref().is_some_and(|(leaf, _)| strange.contains(leaf)) {
            (self.answer_to, self.thread) = (None, None);
            // What a provider gave goes with the message that it came with.
            let from = self.said.as_ref().and_then(|said| said.last_from());
            let theirs = from.is_some_and(|item| strange.contains(&item.filed));
            self.tokens.take_if(|_| !theirs);
        }
        self.part_mails(strange);
    }

    /// The messages that a split is to take; none: one of them is not there.
    pub(crate) fn choose(&self, parted: &Parted) -> Option<Vec<MessageId>> {
        let here: Vec<MessageId> = self.messages().map(|(id, _)| id).collect();
        match parted {
            Parted::Since(first) => {
                let at = here.binary_search(first).ok()?;
                Some(here[at..].to_vec())
            }
            Parted::These(ids) => {
                let mut ids = ids.clone();
                ids.sort_unstable();
                ids.dedup();
                ids.iter().all(|id| here.binary_search(id).is_ok()).then_some(ids)
            }
            Parted::Of(work) => {
                let brought = self.beside.as_ref()?.brought.iter().find(|brought| brought.work.id == *work)?;
                Some(here.into_iter().filter(|id| brought.messages.contains(id)).collect())
            }
        }
    }

    /// Whom an answer to these messages goes to, under which leaf they are filed, and by which place: to the last of them that asks, else to the last.
    pub(crate) fn answered_at(&self, messages: &[MessageId]) -> Option<(Option<LeafId>, LeafId, Place)> {
        let said = self.said.as_ref()?;
        let of = |asks: bool| {
            let mut items = said.items().iter().rev().filter(|item| messages.contains(&item.id));
            items.find(|item| !asks || item.says.addresses())
        };
        let item = of(true).or_else(|| of(false))?;
        Some((item.leaf, item.filed, self.places().nth(usize::from(item.place))?))
    }

    /// Where it is spoken on: its own endpoint first.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        let own = Place { channel: self.channel.clone(), endpoint: self.endpoint.clone(), queue: self.queue.clone() };
        std::iter::once(own).chain(self.places_beside().iter().cloned())
    }

    /// Where it is spoken on beside its own endpoint.
    pub(crate) fn places_beside(&self) -> &[Place] {
        self.beside.as_ref().map(|beside| beside.places.as_slice()).unwrap_or_default()
    }

    /// Channels that it is spoken on.
    pub(crate) fn channels(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.channel).chain(self.places_beside().iter().map(|place| &place.channel))
    }

    /// Number of the place, if the Work is spoken on there.
    pub(crate) fn place_of(&self, channel: &str, endpoint: &str) -> Option<u8> {
        if self.endpoint == endpoint && self.channel == channel {
            return Some(0);
        }
        let same = |place: &Place| place.endpoint == endpoint && place.channel == channel;
        let at = self.places_beside().iter().position(same)?;
        u8::try_from(at + 1).ok()
    }

    /// What it takes of the capacity of an agent: what the dearest of its channels does.
    pub(crate) fn cost_for(&self, profile: &AgentProfile) -> u32 {
        let beside = self.places_beside().iter().map(|place| profile.cost(&place.channel));
        beside.fold(profile.cost(&self.channel), u32::max)
    }

    /// Whether the agent serves all its channels now.
    pub(crate) fn is_spoken_by(&self, agent: &Agent) -> bool {
        agent.serves(&self.channel) && self.places_beside().iter().all(|place| agent.serves(&place.channel))
    }

    /// Whether its customer sits and waits for the answer on one of its channels, and has not left.
    pub(crate) fn is_live(&self) -> bool {
        let beside = || self.places_beside().iter().any(|place| WorkspaceConfig::live(&place.channel));
        !self.has_left() && (WorkspaceConfig::live(&self.channel) || beside())
    }

    /// Works that it is linked to.
    pub(crate) fn linked(&self) -> &[WorkId] {
        self.beside.as_ref().map(|beside| beside.linked.as_slice()).unwrap_or_default()
    }

    pub(crate) fn beside_mut(&mut self) -> &mut Beside {
        self.beside.get_or_insert_default()
    }

    /// Gives everything that it has to another Work, and is over.
    pub(crate) fn give_up(&mut self) -> Part {
        self.state = WorkState::Closed;
        let (tokens, mails) = (self.tokens.take(), self.mails());
        Part {
            said: self.take_said(),
            places: self.places().collect(),
            whole: true,
            mail: self.mail.take(),
            mails,
            tokens,
            threaded: self.threaded,
            beside: self.beside.take().map(|beside| (self.leaf, beside)),
            marks: Filed::default(),
            priority: None,
            promise: self.take_promise(),
        }
    }

    /// Whether these messages are another customer's.
    pub(crate) fn is_parted(&self, messages: &[MessageId], root: impl Fn(LeafId) -> RootId) -> bool {
        let first = self.items().find(|item| messages.contains(&item.id));
        first.is_some_and(|item| root(item.filed) != root(self.leaf))
    }

    /// Gives these messages away. `parted`: to another customer, whose mails go, too.
    pub(crate) fn give(&mut self, messages: &[MessageId], parted: bool) -> Part {
        let mut left = self.take_said();
        let places: Vec<Place> = self.places().collect();
        let has_last = left.last_from().is_some_and(|last| messages.contains(&last.id));
        let said = left.take_out(messages);
        let tokens = self.tokens.take_if(|_| has_last);
        let (mail, mails) = if parted { self.take_mails(&said) } else { (self.mail.clone(), self.mails()) };
        let (marks, priority) = if parted { self.take_marks(&said) } else { Default::default() };
        let only_now = left.before() == Before::default();
        self.said = Some(Box::new(left));
        if only_now {
            self.leave_places();
        }
        self.beside_mut().split = true;
        self.count_anew();
        let threaded = self.threaded;
        let (beside, promise) = Default::default();
        Part { said, places, whole: false, mail, mails, tokens, threaded, beside, marks, priority, promise }
    }

    fn take_said(&mut self) -> Said {
        let before = self.before();
        self.said.take().map_or_else(|| Said::behind(before), |said| *said)
    }

    /// Is spoken on no longer where none of its messages is.
    fn leave_places(&mut self) {
        let (Some(said), Some(beside)) = (&mut self.said, &mut self.beside) else { return };
        let used = |said: &Said, number: usize| said.items().iter().any(|item| usize::from(item.place) == number);
        for number in (1..=beside.places.len()).rev().filter(|&number| !used(said, number)).collect::<Vec<_>>() {
            beside.places.remove(number - 1);
            for item in said.items_mut().iter_mut().filter(|item| usize::from(item.place) > number) {
                item.place -= 1;
            }
        }
    }

    /// Takes in what another Work gave.
    pub(crate) fn take_in(&mut self, part: Part) {
        let Part { mut said, places, whole, mail, mails, tokens, threaded, beside, marks, priority, promise } = part;
        self.join_promise(promise);
        let mut numbers = vec![0; places.len()];
        for (number, place) in places.into_iter().enumerate() {
            if whole || said.items().iter().any(|item| usize::from(item.place) == number) {
                numbers[number] = match self.place_of(&place.channel, &place.endpoint) {
                    Some(known) => known,
                    None => self.beside_mut().place(place),
                };
            }
        }
        for item in said.items_mut() {
            item.place = numbers.get(usize::from(item.place)).copied().unwrap_or(0);
        }
        let mut own = self.take_said();
        let from = |said: &Said| said.last_from().map(|item| item.id);
        let theirs_last = from(&said) > from(&own).or(own.before().last_in);
        own.take_in(said);
        self.said = Some(Box::new(own));
        self.threaded |= threaded;
        if theirs_last {
            self.tokens = tokens;
        }
        let own_mails = self.mails();
        if self.mail.is_none() || (theirs_last && mail.is_some()) {
            self.mail = mail.or_else(|| self.mail.take());
        }
        self.join_mails(own_mails, mails, theirs_last);
        self.join_marks(marks, priority);
        if let Some((leaf, theirs)) = beside {
            // What was told of one identity is not filed under another: it would outlive that one's erasure.
            let bots = if leaf == self.leaf { theirs.bots } else { theirs.bots.map(Bots::without_words) };
            self.join_marks(theirs.marks, theirs.priority);
            let id = self.id;
            let beside = self.beside_mut();
            theirs.linked.iter().filter(|linked| **linked != id).for_each(|linked| beside.link(*linked));
            beside.brought.extend(theirs.brought);
            beside.moved.extend(theirs.moved);
            beside.split |= theirs.split;
            beside.join_automation(theirs.automation);
            beside.join_bots(bots);
            beside.join_effort(theirs.effort);
            beside.join_notices(theirs.notices);
        }
        self.count_anew();
    }

    /// What follows from the messages that are there.
    fn count_anew(&mut self) {
        let Some(said) = &self.said else { return };
        let turn = said.turn();
        let from = said.last_from();
        let addressed = from.or_else(|| said.last());
        let endpoint =
            addressed.and_then(|item| self.places().nth(usize::from(item.place))).map(|place| place.endpoint);
        let last_in = said.last_in();
        let last_message = said.last().map(|item| item.id).max(said.before().last_message);
        let answer_to = addressed.and_then(|item| item.leaf).zip(endpoint);
        let thread = from.and_then(|item| item.thread.as_deref()).map(Box::from);
        let last_in_at = from.map(|item| item.at);
        let traffic_at = said.last().map(|item| item.at).max(self.traffic_at);
        self.replied = said.has_answer();
        if from.is_none() {
            self.tokens = None;
        }
        (self.ours_since, self.waited_ms) = (turn.ours_since, turn.waited_ms);
        (self.last_in, self.last_in_at, self.last_message) = (last_in, last_in_at, last_message);
        (self.answer_to, self.thread, self.traffic_at) = (answer_to, thread, traffic_at);
        if let Some(owner) = self.owner.as_mut().filter(|_| turn.ours_since.is_none()) {
            owner.answer_by = None;
        }
        self.end_silence();
    }

    /// Whether an answer, or one after a split, could go to the address.
    pub(crate) fn names(&self, leaf: LeafId) -> bool {
        self.answer_to.as_ref().is_some_and(|(to, _)| *to == leaf)
            || self.said.as_ref().is_some_and(|said| said.names(leaf))
    }

    /// The address is the customer's no longer: what would have been answered there is answered to the successor, if there is one.
    pub(crate) fn relink(&mut self, old: LeafId, successor: Option<LeafId>) {
        if let Some(said) = &mut self.said {
            said.relink(old, successor);
        }
        if self.answer_to.as_ref().is_some_and(|(leaf, _)| *leaf == old) {
            self.tokens = None;
            // A thread is one of a chat with the address.
            self.thread = None;
            self.answer_to = successor.zip(self.answer_to.take()).map(|(leaf, (_, endpoint))| (leaf, endpoint));
        }
    }
}
