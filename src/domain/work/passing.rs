//! What few Works have for a while: that they are parked, passed on, or promised an answer by a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::Work;
use super::idle::Idle;
use super::joining::Participant;
use super::open::OpenOffer;
use crate::domain::id::{AgentId, MessageId, Name, OfferId};
use crate::domain::record::{PersonalValue, Transferring, Woken};
use crate::domain::time::Timestamp;
use crate::domain::view::{ParticipantView, PassingView, TransferView};

/// What is said so soon after a promise is how the customer learns of it, milliseconds.
const SAME_BREATH_MS: i64 = 60_000;

/// What few Works have for a while. Boxed, so that the many others pay a pointer for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Passing {
    pub(crate) parked: Option<Parked>,
    pub(super) transfer: Option<Transfer>,
    pub(super) handover: Option<Handover>,
    pub(super) promise: Option<Promise>,
    /// Its wrap-up lasts longer already.
    pub(super) extended: bool,
    /// Its customer does not answer.
    idle: Option<Idle>,
    /// Its live customer has left.
    left: bool,
    /// It is held for an agent.
    hold: Option<Hold>,
    /// It was, since it came up.
    was_held: bool,
    /// Open offers beside the first.
    offers: SmallVec<[OpenOffer; 2]>,
    /// Who takes part in it beside its owner.
    pub(super) participants: SmallVec<[Participant; 1]>,
}

/// That a Work waits for one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    pub(crate) agent: AgentId,
    /// Then it goes to whoever can have it.
    pub(crate) until: Timestamp,
}

/// What the customer was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Promise {
    by: Timestamp,
    made_at: Timestamp,
}

/// A Work that its owner passes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// To whom; none: to whoever takes it from the queue.
    pub(crate) to: Option<AgentId>,
    /// The queue that it is of again when the owner keeps it.
    pub(crate) back: Name,
    /// When its owner is released; none: when the offer expires.
    pub(crate) until: Option<Timestamp>,
    /// Its owner has more than it can, and keeps it until somebody takes it.
    pub(crate) relief: bool,
}

/// What the next owner is told of the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Handover {
    pub(crate) from: AgentId,
    pub(crate) note: Option<String>,
}

/// A Work that waits for something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parked {
    /// Number of the change that parked it.
    pub(crate) id: MessageId,
    /// When it wakes at the latest.
    pub(crate) until: Timestamp,
    /// Fact that wakes it, too. Only the state knows it.
    pub(crate) fact: Option<Name>,
    /// It is awake, and waits for its agent until then.
    pub(crate) held_until: Option<Timestamp>,
    /// The customer had no answer when it was parked, and has none yet.
    pub(crate) left_open: bool,
    /// What its agent had left then to answer in.
    pub(super) answer_left: Option<Duration>,
}

impl Work {
    /// That it is parked, if it is.
    pub(crate) fn parked(&self) -> Option<&Parked> {
        self.passing.as_ref()?.parked.as_ref()
    }

    /// How its owner passes it on, if so.
    pub(crate) fn transfer(&self) -> Option<&Transfer> {
        self.passing.as_ref()?.transfer.as_ref()
    }

    /// The queue that it is of: while it is passed on, the one that it is of as long as its owner keeps it.
    pub(crate) fn home(&self) -> &Name {
        self.transfer().map_or(&self.queue, |transfer| &transfer.back)
    }

    /// What the next owner is told of the one before.
    pub(crate) fn handover(&self) -> Option<&Handover> {
        self.passing.as_ref()?.handover.as_ref()
    }

    /// Until when the customer was promised to hear from us.
    pub(crate) fn promised(&self) -> Option<Timestamp> {
        Some(self.passing.as_ref()?.promise?.by)
    }

    /// Whether its wrap-up lasts longer already.
    pub(super) fn is_extended(&self) -> bool {
        self.passing.as_ref().is_some_and(|passing| passing.extended)
    }

    /// That its customer does not answer, as far as something follows from it.
    pub(crate) fn idle(&self) -> Option<Idle> {
        self.passing.as_ref()?.idle
    }

    pub(super) fn set_idle(&mut self, idle: Option<Idle>) {
        if idle.is_some() {
            self.passing_mut().idle = idle;
        }
        self.with_passing(|passing| passing.idle = idle);
    }

    /// Its open offers, the first first.
    pub(crate) fn offers(&self) -> impl Iterator<Item = OpenOffer> {
        let beside = self.passing.iter().flat_map(|passing| &passing.offers);
        self.offer.iter().chain(beside).copied()
    }

    /// One more is open.
    pub(super) fn add_offer(&mut self, offer: OpenOffer) {
        match self.offer {
            None => self.offer = Some(offer),
            Some(_) => self.passing_mut().offers.push(offer),
        }
    }

    /// One is over: the next is the first.
    pub(super) fn end_offer(&mut self, id: OfferId) {
        let is_first = self.offer.is_some_and(|first| first.id == id);
        let mut next = None;
        self.with_passing(|passing| {
            passing.offers.retain(|offer| offer.id != id);
            if is_first && !passing.offers.is_empty() {
                next = Some(passing.offers.remove(0));
            }
        });
        if is_first {
            self.offer = next;
        }
    }

    /// Changes each of its open offers.
    pub(crate) fn each_offer(&mut self, change: impl Fn(&mut OpenOffer)) {
        self.offer.iter_mut().for_each(&change);
        self.with_passing(|passing| passing.offers.iter_mut().for_each(&change));
    }

    /// For whom it is held, and until when.
    pub(crate) fn hold(&self) -> Option<Hold> {
        self.passing.as_ref()?.hold
    }

    /// Whether it is held, or was since it came up.
    pub(crate) fn was_held(&self) -> bool {
        self.passing.as_ref().is_some_and(|passing| passing.was_held)
    }

    pub(super) fn set_hold(&mut self, hold: Option<Hold>) {
        if hold.is_some() {
            self.passing_mut().was_held = true;
        }
        self.with_passing(|passing| passing.hold = hold);
    }

    /// It comes up anew: it may be held once more.
    pub(super) fn comes_up(&mut self) {
        self.with_passing(|passing| passing.was_held = false);
    }

    /// Whether its live customer has left.
    pub(crate) fn has_left(&self) -> bool {
        self.passing.as_ref().is_some_and(|passing| passing.left)
    }

    pub(super) fn set_left(&mut self, left: bool) {
        if left {
            self.passing_mut().left = true;
        }
        self.with_passing(|passing| passing.left = left);
    }

    /// Notes a promise, or that there is none any more.
    pub(super) fn promise(&mut self, by: Option<Timestamp>, made_at: Timestamp) {
        let promise = by.map(|by| Promise { by, made_at });
        if promise.is_some() {
            self.passing_mut().promise = promise;
        }
        self.with_passing(|passing| passing.promise = promise);
    }

    /// We have answered. What is said within a minute of a promise is how the customer learns of it, and does not keep it.
    pub(super) fn keep_promise(&mut self, now: Timestamp) {
        self.with_passing(|passing| {
            passing.promise.take_if(|promise| now.millis_since(promise.made_at) >= SAME_BREATH_MS);
            passing.parked.iter_mut().for_each(|parked| parked.left_open = false);
        });
    }

    /// Gives what was promised to the Work that it is merged into.
    pub(super) fn take_promise(&mut self) -> Option<Promise> {
        self.passing.take()?.promise
    }

    /// Takes over what was promised in another: the earlier of both.
    pub(super) fn join_promise(&mut self, promise: Option<Promise>) {
        let Some(promise) = promise else { return };
        if self.promised().is_none_or(|own| promise.by < own) {
            self.passing_mut().promise = Some(promise);
        }
    }

    /// Whether it has an owner and stands in a queue beside.
    pub(crate) fn seeks(&self) -> bool {
        self.offer.is_none() && self.transfer().is_some_and(|transfer| transfer.to.is_none())
    }

    /// Whether the agent whom it was passed on to does not take it.
    pub(crate) fn is_passed_back(&self) -> bool {
        self.offer.is_none() && self.is_passed_to_agent()
    }

    /// Whether it is passed on to one agent.
    pub(crate) fn is_passed_to_agent(&self) -> bool {
        self.transfer().is_some_and(|transfer| transfer.to.is_some())
    }

    /// Its owner begins to pass it on.
    pub(super) fn pass_on(&mut self, change: &Transferring) {
        if change.queue != self.queue {
            self.narrow();
        }
        let back = std::mem::replace(&mut self.queue, change.queue.clone());
        self.key = change.key;
        let (to, until, relief, from) = (change.to, change.until, change.relief, change.agent);
        let passing = self.passing_mut();
        passing.transfer = Some(Transfer { to, back, until, relief });
        passing.handover = Some(Handover { from, note: None });
    }

    /// Notes what the owner noted.
    pub(crate) fn note_handover(&mut self, note: &str) {
        self.with_passing(|passing| {
            passing.handover.iter_mut().for_each(|handover| handover.note = Some(note.to_owned()));
        });
    }

    /// Whether it is awake and waits for its agent.
    pub(crate) fn is_held(&self) -> bool {
        self.parked().is_some_and(|parked| parked.held_until.is_some())
    }

    /// Whether it sleeps, and the customer had no answer when it was put to sleep.
    pub(crate) fn is_left_open(&self) -> bool {
        let is_here = |parked: &Parked| self.said.as_ref().is_some_and(|said| said.was_left_by(parked.id));
        self.parked().is_some_and(|parked| parked.left_open && parked.held_until.is_none() && is_here(parked))
    }

    /// What is shown of it.
    pub(crate) fn view_passing(&self, name: impl Fn(AgentId) -> Option<Name>) -> PassingView {
        let parked = self.parked();
        let transfer = self.transfer().map(|transfer| TransferView {
            to: transfer.to.and_then(&name),
            queue: self.queue.clone(),
            until: transfer.until,
            relief: transfer.relief,
        });
        let shown = |part: &Participant| {
            let (role, until) = (part.role, part.until);
            Some(ParticipantView { agent: name(part.agent)?, role, id: part.id, until })
        };
        let participants = self.participants().iter().filter_map(shown).collect();
        PassingView {
            participants,
            for_people: self.wants_person(),
            briefing: self.briefing().cloned(),
            parked_until: parked.map(|parked| parked.until),
            wake_on_fact: parked.and_then(|parked| parked.fact.clone()),
            held_until: parked.and_then(|parked| parked.held_until),
            transfer,
            promised_by: self.promised(),
            silent_since: self.idle().map(|idle| idle.since),
            left: self.has_left(),
            held_for: self.hold().and_then(|hold| Some((name(hold.agent)?, hold.until))),
        }
    }

    pub(super) fn passing_mut(&mut self) -> &mut Passing {
        self.passing.get_or_insert_default()
    }

    /// Changes what it has for a while, and drops the box with the last of it.
    pub(super) fn with_passing(&mut self, change: impl FnOnce(&mut Passing)) {
        let Some(passing) = &mut self.passing else { return };
        change(passing);
        if **passing == Passing::default() {
            self.passing = None;
        }
    }

    /// It is parked by the change of that number.
    pub(super) fn park(&mut self, id: MessageId, until: Timestamp, now: Timestamp) {
        let (left_open, answer_left) = (self.ours_since.is_some(), self.answer_left(now));
        self.stop_waiting(now);
        let parked = Parked { id, until, fact: None, held_until: None, left_open, answer_left };
        self.passing_mut().parked = Some(parked);
    }

    /// It wakes. Whether it goes on, rather than wait for its agent.
    pub(super) fn wake(&mut self, woken: &Woken, now: Timestamp) -> bool {
        if self.is_left_open() {
            self.ours_since.get_or_insert(now);
        }
        let goes_on = woken.held_until.is_none();
        self.with_passing(|passing| match (&mut passing.parked, woken.held_until) {
            (Some(parked), Some(until)) => (parked.held_until, parked.left_open) = (Some(until), false),
            (parked, _) => *parked = None,
        });
        goes_on
    }

    /// Nobody could serve its agent for a while. When it wakes is as it was.
    pub(crate) fn extend(&mut self, extension: Duration) {
        self.extend_clocks(extension);
        self.extend_due(extension);
        self.with_passing(|passing| {
            if let Some(hold) = &mut passing.hold {
                hold.until = hold.until + extension;
            }
            if let Some(idle) = &mut passing.idle {
                (idle.since, idle.at) = (idle.since + extension, idle.at.map(|at| at + extension));
            }
            if let Some(parked) = &mut passing.parked {
                parked.held_until = parked.held_until.map(|at| at + extension);
            }
            if let Some(transfer) = &mut passing.transfer {
                transfer.until = transfer.until.map(|at| at + extension);
            }
            for part in &mut passing.participants {
                part.until = part.until.map(|at| at + extension);
            }
        });
    }

    /// Notes which fact wakes it, or what its owner noted.
    pub(crate) fn note_passing(&mut self, value: Option<&PersonalValue>) {
        match value {
            Some(PersonalValue::WakeFact(fact)) => self.with_passing(|passing| {
                passing.parked.iter_mut().for_each(|parked| parked.fact = Some(fact.clone()));
            }),
            Some(PersonalValue::Note(note)) => self.note_handover(note),
            Some(PersonalValue::Briefing(briefing)) => self.note_briefing(briefing),
            _ => {}
        }
    }
}
