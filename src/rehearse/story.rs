//! What agents did with each Work, in times since they were asked and since they had it: what the model of agents repeats.

use std::collections::BTreeMap;

use super::script::personal;
use crate::domain::content::Content;
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::record::{
    Author, Cause, Change, Direction, MessageKind, OfferOutcome, PersonalValue, QueueCause, Record, UnassignReason,
    WakeCause,
};
use crate::domain::time::Timestamp;

/// Until an agent accepts, where nothing was ever accepted.
const ACCEPT_MS: u64 = 5_000;
/// From an assignment to the first answer, where nothing was ever answered.
const ANSWER_MS: u64 = 60_000;
/// From an assignment to the end, where nothing ever ended.
const HANDLE_MS: u64 = 300_000;

/// What somebody said who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Accepted,
    Declined,
    /// Nothing, until it expired.
    Overlooked,
    /// Nothing before it was taken back, for somebody else had it or the agent left: it would have accepted later.
    NotYet,
}

/// How one offer went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Who was asked.
    pub(super) agent: Name,
    /// What it said.
    pub(super) reply: Reply,
    /// After so long, milliseconds.
    pub(super) after_ms: u64,
}

/// Something that an owner did.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    Answer(Box<Content>),
    /// The end, or that of the wrap-up.
    Close(Name),
    Requeue,
    Move(Name),
    /// To an agent, or to whoever takes it from the queue.
    Transfer {
        to: Name,
        queue: Name,
        cold: bool,
    },
    Park {
        for_ms: u64,
    },
    Unpark,
}

/// What became of one assignment: what its owner did, each so many milliseconds after it began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Handling {
    pub(super) acts: Vec<(u64, Act)>,
    /// When it was over, whoever ended it; none: it was not when the recording ended.
    pub(super) over_ms: Option<u64>,
}

/// One Work as it was recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    pub(super) asked: Vec<Asked>,
    pub(super) handlings: Vec<Handling>,
    queue: Name,
    /// Offers that have no end yet.
    open: Vec<(AgentId, Timestamp)>,
    begun: Option<Timestamp>,
}

/// All Works, and what was usual.
#[derive(Clone, Debug, Default)]
pub(super) struct Stories {
    works: BTreeMap<WorkId, Story>,
    usual: BTreeMap<Name, Usual>,
    /// Of all queues together.
    all: Usual,
}

/// What was usual in a queue: each the middle of what was recorded.
#[derive(Clone, Debug, Default)]
struct Usual {
    accept_ms: Vec<u64>,
    answer_ms: Vec<u64>,
    handle_ms: Vec<u64>,
}

impl Stories {
    pub(super) fn of(&self, work: WorkId) -> Option<&Story> {
        self.works.get(&work)
    }

    /// A Work that somebody owned, or was shown, when the time began.
    pub(super) fn stands(&mut self, work: WorkId, queue: Name, owned: bool, shown_to: &[AgentId], now: Timestamp) {
        let story = self.works.entry(work).or_default();
        story.queue = queue;
        story.open = shown_to.iter().map(|agent| (*agent, now)).collect();
        if owned {
            story.begun = Some(now);
            story.handlings.push(Handling::default());
        }
    }

    /// The next record. `names`: of agents, by number.
    pub(super) fn read(&mut self, record: &Record, names: &[Name]) {
        let commanded = matches!(record.cause, Cause::Command(_) | Cause::System);
        for (place, change) in (0u16..).zip(&record.changes) {
            let Some(work) = (match change {
                Change::WorkOpened(_) => Some(WorkId::new(record.index, place)),
                Change::WorksMerged { from, .. } => Some(*from),
                other => other.work(),
            }) else {
                continue;
            };
            self.change(record, (place, change), (work, commanded), names);
        }
    }

    fn change(
        &mut self,
        record: &Record,
        (place, change): (u16, &Change),
        (work, commanded): (WorkId, bool),
        names: &[Name],
    ) {
        let (now, story) = (record.time, self.works.entry(work).or_default());
        let act = match change {
            Change::WorkQueued { queue, .. } => {
                story.queue = queue.clone();
                None
            }
            Change::OfferMade(offer) => {
                story.open.push((offer.agent, now));
                None
            }
            Change::OfferEnded { agent, outcome, .. } => {
                if let Some(at) = story.open.iter().position(|(shown, _)| shown == agent) {
                    let (_, since) = story.open.remove(at);
                    let after_ms = now.millis_since(since).unsigned_abs();
                    let reply = match outcome {
                        OfferOutcome::Accepted => Reply::Accepted,
                        OfferOutcome::Declined => Reply::Declined,
                        OfferOutcome::Expired => Reply::Overlooked,
                        OfferOutcome::Revoked => Reply::NotYet,
                    };
                    let agent = names.get(agent.at()).cloned().unwrap_or_default();
                    story.asked.push(Asked { agent, reply, after_ms });
                    if reply == Reply::Accepted {
                        let queue = story.queue.clone();
                        self.note(&queue, |usual| usual.accept_ms.push(after_ms));
                    }
                }
                None
            }
            Change::Assigned(_) => {
                story.begun = Some(now);
                story.handlings.push(Handling::default());
                None
            }
            Change::MessageStored(message) => {
                let ours = message.direction == Direction::Out
                    && matches!(message.author, Author::Agent(_) | Author::Bot(_))
                    && !matches!(message.kind, MessageKind::Edit | MessageKind::Deletion);
                ours.then(|| {
                    let words = match personal(record, place) {
                        Some(PersonalValue::Message(words)) => words.content.clone(),
                        _ => Content::text("..."),
                    };
                    Act::Answer(Box::new(words))
                })
            }
            Change::WrapUpStarted(wrap_up) => Some(Act::Close(wrap_up.disposition.clone())),
            Change::WorkClosed { disposition, .. } if commanded => Some(Act::Close(disposition.clone())),
            Change::WorksMerged { .. } => Some(Act::Close(Name::default())),
            Change::Unassigned { reason: UnassignReason::Requeued, .. } => Some(moved(record, work)),
            // What relieves its owner is not the owner's doing.
            Change::Transferring(passing) if !passing.relief => {
                let to = passing.to.and_then(|agent| names.get(agent.at())).cloned().unwrap_or_default();
                Some(Act::Transfer { to, queue: passing.queue.clone(), cold: is_cold(record, work) })
            }
            Change::Parked(parked) => Some(Act::Park { for_ms: parked.until.millis_since(now).unsigned_abs() }),
            Change::Woken(woken) if woken.cause == WakeCause::Agent && commanded => Some(Act::Unpark),
            _ => None,
        };
        let ends = match change {
            // The end follows in the same record, and is the owner's.
            Change::Unassigned { reason, .. } => !matches!(reason, UnassignReason::Closed | UnassignReason::Merged),
            Change::WorkClosed { .. } | Change::WorksMerged { .. } => true,
            _ => false,
        };
        self.acted(work, act, now);
        if let Some(story) = self.works.get_mut(&work).filter(|_| ends)
            && let Some(begun) = story.begun.take()
            && let Some(handling) = story.handlings.last_mut()
        {
            handling.over_ms = Some(now.millis_since(begun).unsigned_abs());
        }
    }

    /// An owner did something.
    fn acted(&mut self, work: WorkId, act: Option<Act>, now: Timestamp) {
        let Some(act) = act else { return };
        let Some(story) = self.works.get_mut(&work) else { return };
        let (Some(begun), Some(handling)) = (story.begun, story.handlings.last_mut()) else { return };
        let after_ms = now.millis_since(begun).unsigned_abs();
        let first = |of: fn(&Act) -> bool| of(&act) && !handling.acts.iter().any(|(_, act)| of(act));
        let answers = first(|act| matches!(act, Act::Answer(_)));
        let ends = first(|act| matches!(act, Act::Close(_)));
        handling.acts.push((after_ms, act));
        let queue = story.queue.clone();
        self.note(&queue, |usual| {
            usual.answer_ms.extend(answers.then_some(after_ms));
            usual.handle_ms.extend(ends.then_some(after_ms));
        });
    }

    fn note(&mut self, queue: &Name, note: impl Fn(&mut Usual)) {
        note(&mut self.all);
        note(self.usual.entry(queue.clone()).or_default());
    }

    /// All records are read, up to this time. What had not ended by then ends as usual, but not before.
    pub(super) fn finish(&mut self, until: Timestamp, names: &[Name]) {
        for usual in self.usual.values_mut().chain([&mut self.all]) {
            [&mut usual.accept_ms, &mut usual.answer_ms, &mut usual.handle_ms]
                .into_iter()
                .for_each(|of| of.sort_unstable());
        }
        self.complete(until, names);
    }

    /// What had not ended when the recording did.
    fn complete(&mut self, until: Timestamp, names: &[Name]) {
        let mut works = std::mem::take(&mut self.works);
        for story in works.values_mut() {
            let not_before = |since: Timestamp, ms: u64| ms.max(until.millis_since(since).unsigned_abs() + 1);
            let usual_ms = self.accept_ms(&story.queue);
            for (agent, since) in std::mem::take(&mut story.open) {
                let after_ms = not_before(since, usual_ms);
                let agent = names.get(agent.at()).cloned().unwrap_or_default();
                story.asked.push(Asked { agent, reply: Reply::Accepted, after_ms });
            }
            for asked in story.asked.iter_mut().filter(|asked| asked.reply == Reply::NotYet) {
                asked.after_ms = usual_ms.max(asked.after_ms + 1);
            }
            if let (Some(begun), Some(handling)) = (story.begun.take(), story.handlings.last_mut()) {
                let answered = handling.acts.iter().any(|(_, act)| matches!(act, Act::Answer(_)));
                let left = self.handling(&story.queue).acts;
                let left = left.into_iter().filter(|(_, act)| !(answered && matches!(act, Act::Answer(_))));
                handling.acts.extend(left.map(|(after_ms, act)| (not_before(begun, after_ms), act)));
            }
        }
        self.works = works;
    }

    /// After how many milliseconds somebody usually accepts a Work of the queue.
    pub(super) fn accept_ms(&self, queue: &str) -> u64 {
        self.usual(queue, |usual| &usual.accept_ms, ACCEPT_MS)
    }

    /// What is usually done with a Work of the queue.
    pub(super) fn handling(&self, queue: &str) -> Handling {
        let handle_ms = self.handle_ms(queue);
        let answer_ms = self.usual(queue, |usual| &usual.answer_ms, ANSWER_MS).min(handle_ms);
        let answer = Act::Answer(Box::new(Content::text("...")));
        let acts = vec![(answer_ms, answer), (handle_ms, Act::Close(Name::default()))];
        Handling { acts, over_ms: None }
    }

    /// After how many milliseconds a Work of the queue is usually ended.
    pub(super) fn handle_ms(&self, queue: &str) -> u64 {
        self.usual(queue, |usual| &usual.handle_ms, HANDLE_MS)
    }

    fn usual(&self, queue: &str, of: impl Fn(&Usual) -> &Vec<u64>, otherwise: u64) -> u64 {
        let own = self.usual.get(queue).and_then(|usual| middle(of(usual)));
        own.or_else(|| middle(of(&self.all))).unwrap_or(otherwise)
    }
}

fn middle(sorted: &[u64]) -> Option<u64> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// An owner gave it back, or moved it.
fn moved(record: &Record, work: WorkId) -> Act {
    let to = record.changes.iter().find_map(|change| match change {
        Change::WorkQueued { work: of, queue, cause: QueueCause::Moved, .. } if *of == work => Some(queue.clone()),
        _ => None,
    });
    to.map_or(Act::Requeue, Act::Move)
}

/// Whether its owner passed it on without waiting until somebody takes it.
fn is_cold(record: &Record, work: WorkId) -> bool {
    record.changes.iter().any(|change| {
        matches!(change, Change::Unassigned { work: of, reason: UnassignReason::Transferred, .. } if *of == work)
    })
}
