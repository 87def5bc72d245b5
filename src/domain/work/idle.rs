//! A customer who does not answer, and one who leaves (domain rules, section 7).
//!
//! While it is the customer's turn, and its queue has an idle policy, an owned Work costs a fraction after a while, its customer is asked
//! once whether they are still there, and it is closed at last as `NO_ANSWER`. Each time counts from our last word that a person or program
//! said. The question goes the way of every automated message: loop guard, reply window and refusals hold it back, and then it is not sent.
//! A word of the customer's ends all of that: the Work costs what it did, whatever room there is.
//!
//! A live customer who leaves takes the Work along, where nothing else reaches them; otherwise it goes on as if it were not live.

use serde::{Deserialize, Serialize};

use super::Work;
use super::lifecycle::{end_as, take_back_offers};
use super::merge::settle_cost;
use super::transfer::withdraw;
use crate::domain::delivery::{nudge, reaches_elsewhere};
use crate::domain::draft::Draft;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Author, Change, Direction, IdleSet, MessageKind, MessageStored, TransferOutcome};
use crate::domain::routing::fill;
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::workspace::{IdleConfig, IndexedConfig};

/// Why a Work is closed whose customer does not answer.
const NO_ANSWER: &str = "NO_ANSWER";
/// Why one is that whose customer has left.
const LEFT: &str = "CUSTOMER_LEFT";

/// How long a customer has not answered, as far as something follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Idle {
    /// Since our last word.
    pub(crate) since: Timestamp,
    pub(crate) lowered: bool,
    pub(crate) nudged: bool,
    /// When something follows; none: nothing more.
    pub(crate) at: Option<Timestamp>,
}

impl Idle {
    /// When the next of what the policy says follows.
    fn next(self, policy: &IdleConfig) -> Option<Timestamp> {
        let after = |ms: Option<u64>| ms.map(|ms| Timestamp(self.since.0.saturating_add_unsigned(ms)));
        let lower = after(policy.lower_after_ms).filter(|_| !self.lowered);
        let nudge = after(policy.nudge_after_ms).filter(|_| !self.nudged);
        lower.into_iter().chain(nudge).chain(after(policy.close_after_ms)).min()
    }

    fn set(self, work: &Work) -> Change {
        let agent = work.owner.map(|owner| owner.agent).unwrap_or_default();
        let Self { since, lowered, nudged, at } = self;
        Change::IdleSet(IdleSet { work: work.id, agent, since, lowered, nudged, at })
    }
}

impl Work {
    /// Whether its customer is awaited by somebody who does nothing else with it.
    pub(crate) fn awaits_customer(&self) -> bool {
        self.state == WorkState::Assigned && self.ours_since.is_none() && self.transfer().is_none()
    }

    /// What followed from its customer's silence is over, unless it goes on.
    pub(super) fn end_silence(&mut self) {
        if self.idle().is_some() && !self.awaits_customer() {
            self.set_idle(None);
        }
    }

    /// Whether it costs less because its customer does not answer.
    pub(crate) fn is_lowered(&self) -> bool {
        self.idle().is_some_and(|idle| idle.lowered)
    }
}

/// Begins and ends what follows from a customer's silence, for whatever the draft touches. To be asked when all else is decided.
pub(crate) fn watch_silence(draft: &mut Draft<'_>) {
    let touched: smallvec::SmallVec<[WorkId; 4]> = draft.touched_works().iter().map(|work| work.id).collect();
    for id in touched {
        watch(draft, id);
    }
}

fn watch(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let was_lowered = draft.space.works.get(id).is_some_and(|before| before.is_lowered());
    if was_lowered && !work.is_lowered() && work.state == WorkState::Assigned {
        settle_cost(draft, id);
    }
    let Some(work) = draft.work(id).filter(|work| work.awaits_customer()) else { return };
    let Some(policy) = policy(draft, work) else { return };
    let spoke = |change: &Change| match change {
        Change::MessageStored(message) if message.work == Some(id) => speaks(message),
        _ => false,
    };
    let idle = match work.idle() {
        None => Idle { since: draft.now, lowered: false, nudged: false, at: None },
        // Our turn was the customer's already, and there is more to answer now.
        Some(idle) if idle.since < draft.now && draft.changes().iter().any(spoke) => Idle { since: draft.now, ..idle },
        Some(_) => return,
    };
    let at = idle.next(policy);
    let change = Idle { at, ..idle }.set(work);
    draft.push(change);
}

/// Whether it is a word of ours that a customer may answer, other than the question whether they are there.
fn speaks(message: &MessageStored) -> bool {
    message.direction == Direction::Out && message.kind == MessageKind::Message && message.author != Author::System
}

fn policy<'a>(draft: &Draft<'a>, work: &Work) -> Option<&'a IdleConfig> {
    draft.space.config().queue(&work.queue)?.idle.as_deref()
}

/// The customer has been silent for so long that something follows.
pub(crate) fn idle_due(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let Some(mut idle) = work.idle() else { return };
    let Some(policy) = policy(draft, work) else {
        // Another configuration says that nothing does.
        let change = Idle { at: None, ..idle }.set(work);
        return draft.push(change);
    };
    let (since, now) = (idle.since, draft.now);
    let is_due = |ms: Option<u64>| ms.is_some_and(|ms| Timestamp(since.0.saturating_add_unsigned(ms)) <= now);
    if is_due(policy.close_after_ms) {
        return end_as(draft, id, Name::const_new(NO_ANSWER), false);
    }
    let owner = work.owner;
    let lowers = is_due(policy.lower_after_ms) && !idle.lowered;
    let nudges = is_due(policy.nudge_after_ms) && !idle.nudged;
    (idle.lowered, idle.nudged) = (idle.lowered || lowers, idle.nudged || nudges);
    let change = Idle { at: idle.next(policy), ..idle }.set(work);
    draft.push(change);
    if let Some(owner) = owner.filter(|_| lowers) {
        settle_cost(draft, id);
        fill(draft, owner.agent);
    }
    if nudges {
        nudge(draft, id, &policy.nudge);
    }
}

/// What a Work costs its owner that would cost so much: where its customer does not answer the fraction that its queue says, rounded down.
pub(crate) fn lowered(config: &IndexedConfig, work: &Work, full: u32) -> u32 {
    let policy = config.queue(&work.queue).and_then(|queue| queue.idle.as_deref()).filter(|_| work.is_lowered());
    policy.map_or(full, |policy| {
        u32::try_from(u64::from(full) * u64::from(policy.lower_percent) / 100).unwrap_or(full).min(full)
    })
}

/// Another configuration says what follows from a customer's silence.
pub(super) fn renew_silence(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id).filter(|work| work.awaits_customer()) else { return };
    let (config, silent) = (draft.space.config(), work.idle());
    let policy = config.queue(&work.queue).and_then(|queue| queue.idle.as_deref());
    let idle = match (silent, policy) {
        // Nobody knows since when: from now on.
        (None, Some(_)) => Idle { since: draft.now, lowered: false, nudged: false, at: None },
        (Some(idle), _) => idle,
        (None, None) => return,
    };
    let change = Idle { at: policy.and_then(|policy| idle.next(policy)), ..idle };
    if silent != Some(change) {
        let change = change.set(work);
        draft.push(change);
    }
    settle_cost(draft, id);
}

/// A customer has ended the visit that a Work is spoken in.
pub(crate) fn visit_ended(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id).filter(|work| work.is_live()) else { return };
    if work.state == WorkState::WrapUp {
        return;
    }
    if reaches_elsewhere(draft, work) {
        draft.push(Change::CustomerLeft { work: id });
        return;
    }
    withdraw(draft, id, TransferOutcome::Withdrawn);
    let offered = take_back_offers(draft, id);
    end_as(draft, id, Name::const_new(LEFT), true);
    for freed in offered {
        fill(draft, freed);
    }
}
