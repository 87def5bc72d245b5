//! Agents: what they know from what was told to them, which is often old, and what they do with it.

use std::time::Duration;

use skein::domain::command::{Addressee, FactTold, Parted, Pass, Recipient, Retry, Send, Start, Upsert, Verb};
use skein::domain::content::Content;
use skein::domain::event::{AddressKind, Assurance, Sender};
use skein::domain::id::{AssignmentId, Index, LeafId, MessageId, Name, OfferId, RootId, WorkId};
use skein::domain::record::{Change, Direction, Presence, Purpose, Record, SessionEnd};
use skein::domain::time::Timestamp;
use skein::domain::view::{AgentView, WorkState, WorkView};

use super::bots::{hand, mind};
use super::joining::take_part;
use super::noted::mark;
use super::overseen::oversee;
use super::rng::Rng;

/// Names of the agents; the last but one is a guest, the last never opens a session.
pub(crate) const NAMES: [&str; 6] = ["anna", "ben", "cem", "bot", "guest", "ghost"];
/// Old things that an agent remembers.
const MEMORY: usize = 5;

/// One agent's tool.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimAgent {
    pub(crate) name: &'static str,
    /// Epoch of the session that it believes to have.
    pub(crate) epoch: Option<u64>,
    pub(crate) connected: bool,
    offers: Vec<OfferId>,
    assignments: Vec<(WorkId, AssignmentId)>,
    messages: Vec<MessageId>,
    /// What was said to customers in Works of its own.
    sent: Vec<(MessageId, WorkId)>,
    merged: Vec<(WorkId, WorkId)>,
    /// Works that it called spam.
    spam: Vec<WorkId>,
    /// It says now and then who is one person, and who is two.
    pub(crate) sorts: bool,
    /// It says now and then what is known of somebody, and who is not to be heard.
    pub(crate) tends: bool,
}

/// What it wants to do.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) verb: Verb,
    pub(crate) epoch: Option<u64>,
}

impl SimAgent {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// A durable change that concerns it.
    pub(crate) fn told(&mut self, record: &Record, place: u16) {
        match &record.changes[usize::from(place)] {
            Change::OfferMade(_) => remember(&mut self.offers, OfferId::new(record.index, place)),
            Change::Assigned(assigned) => {
                let assignment = AssignmentId::new(record.index, place);
                remember(&mut self.assignments, (assigned.work, assignment));
            }
            Change::WorksMerged { from, into, .. } => remember(&mut self.merged, (*from, *into)),
            Change::MessageStored(message) => {
                let id = MessageId::new(record.index, place);
                remember(&mut self.messages, id);
                if let Some(work) = message.work.filter(|_| message.direction == Direction::Out) {
                    remember(&mut self.sent, (id, work));
                }
            }
            Change::SessionEnded { session_epoch, .. } if self.epoch == Some(*session_epoch) => self.connected = false,
            _ => {}
        }
    }

    /// What it asked for was done.
    pub(crate) fn done(&mut self, verb: &Verb) {
        if let Verb::MarkSpam { work, .. } = verb {
            remember(&mut self.spam, *work);
        }
    }

    /// Something it might do; nothing when it has no mind to.
    pub(crate) fn wish(
        &self,
        rng: &mut Rng,
        view: Option<&AgentView>,
        all: &[WorkView],
        (head, now): (Index, Timestamp),
    ) -> Option<Wish> {
        if self.name == "ghost" {
            return rng.percent(5).then(|| self.under_session(set(Presence::Ready)));
        }
        if !self.connected {
            let resume = self.epoch.filter(|_| rng.percent(75));
            let open = Verb::OpenSession { resume, takeover: rng.percent(60) };
            return Some(Wish { verb: open, epoch: None });
        }
        if let Some(verb) = view.and_then(|view| self.passing(rng, view)) {
            return Some(self.under_session(verb));
        }
        let ready = view.is_some_and(|view| view.presence == Presence::Ready);
        let presence = if ready { 2 } else { 14 };
        // Two of one customer's are rare, and rarer still with one that is being wrapped up.
        let merge = view.map_or(2, |view| match &pairs(view)[..] {
            [] => 2,
            of_one if of_one.iter().any(|(from, _, _)| wraps_up(view, *from)) => 500,
            _ => 25,
        });
        let weights = [
            presence,
            14,
            4,
            22,
            5,
            12,
            2,
            1,
            1,
            3,
            merge,
            5,
            if self.sorts { 20 } else { 0 },
            if self.tends { 15 } else { 0 },
            1,
            3,
            5,
            20,
            4,
            if self.name == "anna" { 12 } else { 0 },
            6,
            mind(view),
        ];
        let verb = match rng.weighted(&weights) {
            0 if !ready => set(Presence::Ready),
            0 => self.other_presence(rng),
            1 => Verb::Accept { offer: self.some_offer(rng, head) },
            2 => Verb::Decline { offer: self.some_offer(rng, head) },
            3 => Verb::Send(Box::new(self.send(rng, view)?)),
            4 => Verb::MarkRead {
                work: self.some_work(rng, view)?.0,
                through: *rng
                    .pick(&[self.messages.last().copied().unwrap_or_default(), MessageId::new(head.next(), 0)]),
            },
            5 => {
                let (work, assignment) = self.some_work(rng, view)?;
                Verb::Close { work, assignment, disposition: Name::new(rng.pick(&["solved", "", "a\u{7}b"])) }
            }
            6 => Verb::LoseSession,
            7 => Verb::EndSession {
                reason: *rng.pick(&[SessionEnd::LoggedOut, SessionEnd::SlowReader, SessionEnd::Operator]),
            },
            10 => self.merge(rng, view?)?,
            11 => self.split(rng, view)?,
            8 => Verb::OpenSession { resume: self.epoch, takeover: false },
            12 => some_sorting(rng),
            13 => self.tend(rng, view)?,
            14 => match view.and_then(|view| view.works.last()).filter(|_| rng.percent(90)) {
                Some(work) if rng.percent(30) => Verb::Erase { customer: work.conversation },
                Some(_) => return None,
                None => Verb::Erase { customer: RootId(u32::try_from(rng.below(1_000)).expect("below 1,000")) },
            },
            15 => begin(rng),
            16 => self.afterwards(rng, view?)?,
            17 => Verb::Pass(self.pass(rng, view?, now)?),
            18 => {
                let (work, _) = self.some_work(rng, view)?;
                let customer = view?.works.last().map_or(RootId(0), |work| work.conversation);
                mark(rng, work, customer)
            }
            21 => {
                let held = self.some_work(rng, view)?;
                hand(rng, view?, held)
            }
            20 => self.take_part(rng, view?)?,
            19 => {
                let known = self.some_work(rng, view)?;
                oversee(rng, known, all, &NAMES)
            }
            _ => {
                let wish = Wish { verb: set(Presence::Ready), epoch: Some(rng.next() % (head.0 + 1)) };
                return Some(wish);
            }
        };
        let unary = rng.percent(15);
        Some(Wish { verb, epoch: self.epoch.filter(|_| !unary) })
    }

    /// What hardly comes up by itself: it does not want what is passed on to it, or leaves; or tells the fact that its Work waits for.
    fn passing(&self, rng: &mut Rng, view: &AgentView) -> Option<Verb> {
        if let Some(offer) = view.offers.iter().find(|offer| offer.from.is_some()) {
            return match rng.below(20) {
                0..8 => Some(Verb::Decline { offer: offer.offer }),
                8..12 => Some(set(Presence::Away)),
                _ => None,
            };
        }
        let parked = view.works.iter().find(|work| work.passing.wake_on_fact.is_some())?;
        let key = parked.passing.wake_on_fact.clone().filter(|_| rng.percent(15))?;
        let (value, assurance) = ("Kiel".to_owned(), Assurance::Platform);
        let fact = FactTold { key, value, source: Name::default(), at: None, assurance };
        Some(Verb::SetFacts { customer: parked.conversation, leaf: None, facts: vec![fact] })
    }

    fn under_session(&self, verb: Verb) -> Wish {
        Wish { verb, epoch: self.epoch }
    }

    fn other_presence(&self, rng: &mut Rng) -> Verb {
        match rng.below(6) {
            0 => set(Presence::Away),
            1 => set(Presence::Draining),
            2 => set(Presence::Offline),
            3 => Verb::SetPresence {
                presence: Presence::Ready,
                reason: Name::default(),
                channels: vec![Name::new("email"), Name::new("chat")],
            },
            _ => set(Presence::Ready),
        }
    }

    fn some_offer(&self, rng: &mut Rng, head: Index) -> OfferId {
        match self.offers.last() {
            Some(last) if rng.percent(75) => *last,
            Some(_) => *rng.pick(&self.offers),
            None => OfferId::new(Index(rng.next() % (head.0 + 9)), 0),
        }
    }

    /// Mostly one that it has now, sometimes one that it had.
    fn some_work(&self, rng: &mut Rng, view: Option<&AgentView>) -> Option<(WorkId, AssignmentId)> {
        let has: Vec<_> =
            view.iter().flat_map(|view| &view.works).filter_map(|work| Some((work.work, work.assignment?))).collect();
        if !has.is_empty() && rng.percent(85) {
            return Some(*rng.pick(&has));
        }
        if rng.percent(3) {
            return Some((WorkId::new(Index(1), 9), AssignmentId::default()));
        }
        (!self.assignments.is_empty()).then(|| *rng.pick(&self.assignments))
    }

    /// Of two Works of one conversation, as far as it knows; sometimes of any two.
    fn merge(&self, rng: &mut Rng, view: &AgentView) -> Option<Verb> {
        let mut pairs = pairs(view);
        if pairs.is_empty() {
            let any = rng.pick_of(&view.works)?;
            let linked = view.works.iter().flat_map(|into| into.linked.iter().map(move |from| (*from, None, into)));
            pairs.extend(linked);
            pairs.extend(view.works.iter().map(|into| (any.work, any.assignment, into)));
        }
        if pairs.iter().any(|(from, _, _)| wraps_up(view, *from)) {
            pairs.retain(|(from, _, _)| wraps_up(view, *from));
        }
        let (from, from_assignment, into) = *rng.pick_of(&pairs)?;
        Some(Verb::MergeWorks { from, from_assignment, into: into.work, into_assignment: into.assignment? })
    }

    /// Something with a Work beside answering it.
    fn pass(&self, rng: &mut Rng, view: &AgentView, now: Timestamp) -> Option<Pass> {
        let queue = Name::new(rng.pick(&["support", "sales", "quick", "live", "nowhere"]));
        let (work, assignment) = self.some_work(rng, Some(view))?;
        Some(match rng.below(21) {
            0 | 1 => Pass::Requeue { work, assignment },
            4..7 => {
                let until = now + Duration::from_secs(*rng.pick(&[1, 40, 300, 1_200, 3_600]));
                let wake_on_fact = Name::new(rng.pick(&["", "city", "city", "tier"]));
                Pass::Park { work, assignment, until, wake_on_fact }
            }
            9..14 => {
                let to = if rng.percent(55) { *rng.pick(&NAMES) } else { "" };
                let queue = if to.is_empty() || rng.percent(70) { queue } else { Name::default() };
                let note = (*rng.pick(&["", "Wants the other one.", "a\u{7}b"])).to_owned();
                Pass::Transfer { work, assignment, to: Name::new(to), queue, cold: rng.percent(60), force: false, note }
            }
            14 | 15 => {
                let passed = view.works.iter().find(|work| work.passing.transfer.is_some());
                let passed = passed.filter(|_| rng.percent(50)).and_then(|work| Some((work.work, work.assignment?)));
                let (work, assignment) = passed.unwrap_or((work, assignment));
                Pass::TakeBack { work, assignment }
            }
            16 | 17 => Pass::Claim { work },
            18 | 20 => {
                let wraps_up = view.works.iter().find(|work| work.state == WorkState::WrapUp);
                let wraps_up = wraps_up.and_then(|work| Some((work.work, work.assignment?)));
                let (work, assignment) = wraps_up.unwrap_or((work, assignment));
                Pass::ExtendWrapUp { work, assignment, by_ms: *rng.pick(&[None, None, Some(5_000), Some(90_000)]) }
            }
            19 => {
                let by = rng.percent(80).then(|| now + Duration::from_secs(*rng.pick(&[1, 90, 900])));
                Pass::Promise { work, assignment, by }
            }
            7 | 8 => {
                let parked = view.works.iter().find(|work| work.state == WorkState::Parked);
                let parked = parked.and_then(|work| Some((work.work, work.assignment?)));
                let (work, assignment) = parked.unwrap_or((work, assignment));
                Pass::Unpark { work, assignment }
            }
            2 => Pass::Move { work, assignment: Some(assignment), queue, force: false },
            _ => {
                let offered = rng.pick_of(&view.offers).map(|offer| offer.work.work);
                let linked = rng.pick_of(&view.works).and_then(|work| work.linked.first().copied());
                Pass::Move { work: offered.or(linked).unwrap_or(work), assignment: None, queue, force: false }
            }
        })
    }

    /// About who takes part in a Work of its own, or in one of somebody's that it takes part in.
    fn take_part(&self, rng: &mut Rng, view: &AgentView) -> Option<Verb> {
        let joined = rng.pick_of(&view.joined).filter(|_| rng.percent(40));
        let held = match joined {
            Some(work) => (work.work, work.assignment?),
            None => self.some_work(rng, Some(view))?,
        };
        Some(take_part(rng, held, &NAMES))
    }

    /// Messages that it remembers, or what came with a Work that was merged.
    fn split(&self, rng: &mut Rng, view: Option<&AgentView>) -> Option<Verb> {
        let (work, assignment) = self.some_work(rng, view)?;
        let messages = match self.merged.iter().find(|(_, into)| *into == work) {
            Some((from, _)) if rng.percent(70) => Parted::Of(*from),
            _ if rng.percent(70) => {
                let of = view?.works.iter().find(|of| of.work == work)?;
                Parted::These(vec![of.last_customer_message?])
            }
            _ if rng.percent(50) => Parted::Since(*rng.pick_of(&self.messages)?),
            _ => Parted::These(vec![*rng.pick_of(&self.messages)?]),
        };
        let queue = Name::new(rng.pick(&["", "", "support", "sales", "nowhere"]));
        Some(Verb::SplitWork { work, assignment, messages, queue })
    }

    /// Something about a customer, and whether it is to be heard.
    fn tend(&self, rng: &mut Rng, view: Option<&AgentView>) -> Option<Verb> {
        let mut number = |below| u32::try_from(rng.below(below)).expect("a small number");
        let (one, which) = (number(14), number(24));
        let leaf = LeafId(one);
        Some(match which {
            0..4 => {
                let key = Name::new(rng.pick(&["city", "tier", "two words"]));
                let value = (*rng.pick(&["Bonn", "Kiel", ""])).to_owned();
                let assurance = *rng.pick(&[Assurance::Claimed, Assurance::Platform, Assurance::LoggedIn]);
                let fact = FactTold { key, value, source: Name::default(), at: None, assurance };
                let named = rng.percent(30).then_some(leaf);
                // Now and then of whom the agent has a Work with: it is asked again for what is known.
                let own = view.and_then(|view| view.works.first()).filter(|_| rng.percent(50));
                let named = named.filter(|_| own.is_none());
                let customer = own.map_or(RootId(one), |work| work.conversation);
                Verb::SetFacts { customer, leaf: named, facts: vec![fact] }
            }
            4..6 => {
                let (work, _) = self.some_work(rng, view)?;
                Verb::AskFact { work, key: Name::new("city"), prompt: String::new() }
            }
            6..9 => {
                let sender = |kind, address: String| (Sender { kind, address }, Name::default());
                let phone = sender(AddressKind::Phone, format!("+4915112345{one:03}"));
                let also = (self.sorts && rng.percent(50))
                    .then(|| sender(AddressKind::Telegram, format!("tg-{}", rng.below(5))));
                let addresses = std::iter::once(phone).chain(also).collect();
                Verb::Upsert(Box::new(Upsert { addresses, shown_name: "Somebody".to_owned(), facts: Vec::new() }))
            }
            9..12 => {
                let until = Timestamp(1_767_225_600_000 + i64::try_from(rng.below(3_600_000)).expect("an hour"));
                let until = rng.percent(60).then_some(until);
                Verb::Block { leaf, reason: "rude".to_owned(), until }
            }
            12..16 => Verb::Unblock { leaf },
            16..18 => {
                let (work, assignment) = self.some_work(rng, view)?;
                Verb::MarkSpam { work, assignment: rng.percent(90).then_some(assignment) }
            }
            18 => Verb::MarkSpam { work: *rng.pick_of(&view?.works)?.linked.first()?, assignment: None },
            19 => {
                let offered = rng.pick_of(&view?.offers)?;
                Verb::MarkSpam { work: offered.work.work, assignment: None }
            }
            20..22 => {
                let was = rng.pick_of(&self.spam).filter(|_| rng.percent(90));
                Verb::ClearSpam { work: was.copied().or_else(|| Some(rng.pick_of(&self.assignments)?.0))? }
            }
            _ => {
                let named = rng.percent(40).then_some(leaf);
                Verb::LiftQuarantine { leaf: named, endpoint: Name::new(rng.pick(&["wa1", "sms1", "tg1", "web1"])) }
            }
        })
    }

    /// About something that it has said, mostly lately.
    fn afterwards(&self, rng: &mut Rng, view: &AgentView) -> Option<Verb> {
        let (message, work) = match self.sent.last() {
            Some(last) if rng.percent(60) => *last,
            _ => *rng.pick_of(&self.sent)?,
        };
        let assignment = view.works.iter().find(|of| of.work == work).and_then(|of| of.assignment).unwrap_or_default();
        Some(match rng.below(4) {
            0 => Verb::Cancel { message, assignment },
            1 => Verb::Retract { message, assignment },
            2 => Verb::Edit { message, assignment, content: Content::text("What was meant.") },
            _ => {
                let send = Send {
                    work: WorkId::default(),
                    assignment,
                    seen_through: None,
                    if_unchanged: Some(false),
                    to: None,
                    content: Content::text("An answer."),
                    purpose: Purpose::Service,
                    not_after: None,
                    note: false,
                };
                Verb::Retry(Box::new(Retry { of: message, send }))
            }
        })
    }

    fn send(&self, rng: &mut Rng, view: Option<&AgentView>) -> Option<Send> {
        let (work, assignment) = self.some_work(rng, view)?;
        let seen = view
            .iter()
            .flat_map(|view| &view.works)
            .find(|held| held.work == work)
            .and_then(|held| held.last_customer_message);
        let mut send = Send {
            work,
            assignment,
            seen_through: seen,
            if_unchanged: *rng.pick(&[None, None, Some(true), Some(false)]),
            to: None,
            content: Content::text("An answer."),
            purpose: Purpose::Service,
            not_after: None,
            note: false,
        };
        match rng.below(24) {
            0 => send.seen_through = self.messages.first().copied(),
            1 => send.note = true,
            2 => send.content = Content::default(),
            3 => send.content.text = "x".repeat(64 * 1_024 + 1),
            4 => send.content.text.push('\u{7}'),
            5..=7 => {
                send.to = Some(Recipient {
                    leaf: LeafId(u32::try_from(rng.below(40)).expect("below 40")),
                    endpoint: Name::new(rng.pick(&["wa1", "sms1", "mail1", "web1", "nowhere"])),
                });
            }
            8 => send.not_after = Some(Timestamp(1)),
            _ => {}
        }
        Some(send)
    }

    /// What it does when everybody works until nothing is left.
    pub(crate) fn duty(&self, view: Option<&AgentView>) -> Vec<Wish> {
        let Some(view) = view.filter(|view| view.connected && self.connected && view.session_epoch == self.epoch)
        else {
            let open = Verb::OpenSession { resume: self.epoch, takeover: true };
            return vec![Wish { verb: open, epoch: None }];
        };
        if view.presence != Presence::Ready || !view.channels.is_empty() {
            return vec![self.under_session(set(Presence::Ready))];
        }
        let accepts = view.offers.iter().map(|offer| Verb::Accept { offer: offer.offer });
        // Whoever cannot be answered any more (an opt-out) is not waited for.
        let works =
            view.works.iter().filter_map(|work| Some((work, work.assignment?))).flat_map(|(work, assignment)| {
                let answers = work.turn_ours && work.state == WorkState::Assigned;
                let answer = Verb::Send(Box::new(Send {
                    work: work.work,
                    assignment,
                    seen_through: work.last_customer_message,
                    if_unchanged: None,
                    to: None,
                    content: Content::text("The answer."),
                    purpose: Purpose::Service,
                    not_after: None,
                    note: false,
                }));
                let close = Verb::Close { work: work.work, assignment, disposition: Name::new("done") };
                answers.then_some(answer).into_iter().chain([close])
            });
        accepts.chain(works).map(|verb| self.under_session(verb)).collect()
    }
}

/// First words to somebody who is known, or to nobody's number.
fn begin(rng: &mut Rng) -> Verb {
    let to = if rng.percent(50) {
        Addressee::Identity(LeafId(u32::try_from(rng.below(14)).expect("below 14")))
    } else {
        let address = format!("+4915112345{:03}", rng.below(30));
        Addressee::Address { sender: Sender { kind: AddressKind::Phone, address }, scope: Name::default() }
    };
    Verb::StartWork(Box::new(Start {
        to,
        endpoint: Name::new(rng.pick(&["sms1", "sms1", "sms1", "wa1", "web1", "nowhere"])),
        queue: Name::default(),
        purpose: *rng.pick(&[Purpose::Proactive, Purpose::Service]),
        content: Content::text("First words."),
        not_after: None,
        beside_open: rng.percent(40),
    }))
}

/// Two of its Works that are of one conversation: what ends, and what stays.
fn pairs(view: &AgentView) -> Vec<(WorkId, Option<AssignmentId>, &WorkView)> {
    let others = |into: &WorkView| {
        let (id, conversation) = (into.work, into.conversation);
        view.works.iter().filter(move |from| from.work != id && from.conversation == conversation)
    };
    view.works.iter().flat_map(|into| others(into).map(move |from| (from.work, from.assignment, into))).collect()
}

/// Whether the agent wraps the Work up.
fn wraps_up(view: &AgentView, id: WorkId) -> bool {
    view.works.iter().any(|work| work.work == id && work.state == WorkState::WrapUp)
}

/// Somebody is one person with somebody else, or is not.
fn some_sorting(rng: &mut Rng) -> Verb {
    let mut number = |below| u32::try_from(rng.below(below)).expect("a small number");
    let (one, other, which) = (number(9), number(9), number(22));
    match which {
        0..8 => Verb::MergeCustomers { customer: RootId(one), other: RootId(other) },
        8..13 => Verb::UnmergeCustomers { customer: RootId(one), leaves: Vec::new() },
        13..15 => Verb::UnmergeCustomers { customer: RootId(one), leaves: vec![LeafId(one), LeafId(other)] },
        15..18 => Verb::UnlinkIdentity { leaf: LeafId(one) },
        18 => Verb::DecideSuggestion { one: LeafId(one), other: LeafId(other), is_one: true },
        _ => {
            let address = format!("+4915112345{:03}", other % 9);
            let sender = Sender { kind: AddressKind::Phone, address };
            Verb::LinkIdentity { customer: RootId(one), sender, scope: Name::default() }
        }
    }
}

fn set(presence: Presence) -> Verb {
    Verb::SetPresence {
        presence,
        reason: Name::new(if presence == Presence::Away { "LUNCH" } else { "" }),
        channels: Vec::new(),
    }
}

fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() == MEMORY {
        list.remove(0);
    }
    list.push(item);
}
