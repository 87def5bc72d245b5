//! What a record says became of a Work, as messages for whoever wants to know why it is where it is.

use super::enums;
use super::rooms::duration;
use super::view::timestamp;
use super::widening::{overflow_cause, step_cause};
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::record::{AnswerOutcome, Assigned, Change, HandOverCause, IdleSet, NoticeKind, QueueCause, Record};
use crate::domain::time::Timestamp;
use crate::proto::agent as p;
use p::WorkHappeningKind as Kind;

/// Why somebody passes on what was not their doing: it has more than it can.
const RELIEF: &str = "RELIEF";
/// How a Work ended whose customer left.
const CANCELED: &str = "CANCELED";

/// Whether the record is about the Work.
pub(in crate::agents) fn is_about(record: &Record, work: WorkId) -> bool {
    (0u16..).zip(&record.changes).any(|(place, change)| concerns(record, place, change, work))
}

fn concerns(record: &Record, place: u16, change: &Change, work: WorkId) -> bool {
    match change {
        Change::WorkOpened(_) => WorkId::new(record.index, place) == work,
        Change::WorksMerged { from, into, .. } | Change::WorkSplit { from, into, .. } => *from == work || *into == work,
        other => other.work() == Some(work),
    }
}

/// Agents of the record whose names are told.
pub(in crate::agents) fn agents_of(record: &Record) -> impl Iterator<Item = AgentId> {
    record.changes.iter().flat_map(|change| {
        let to = match change {
            Change::Transferring(passing) => passing.to,
            Change::CooledDown(cooled) => Some(cooled.agent),
            Change::CooldownEnded { agent, .. } => Some(*agent),
            Change::HoldSet(set) => Some(set.agent),
            Change::IdleSet(set) => Some(set.agent),
            Change::HandedToPeople(handed) => Some(handed.agent),
            Change::HandedBack(handed) => Some(handed.agent),
            _ => None,
        };
        change.agent().into_iter().chain(to)
    })
}

/// What the record says of the Work, in its order.
pub(super) fn happenings(
    record: &Record,
    work: WorkId,
    name: impl Fn(AgentId) -> Option<Name>,
) -> Vec<p::WorkHappening> {
    let changes = (0u16..).zip(&record.changes).filter(|(place, change)| concerns(record, *place, change, work));
    let told = changes.filter_map(|(_, change)| happening(change, work, &name));
    told.map(|told| p::WorkHappening { at: Some(timestamp(record.time)), index: record.index.0, ..told }).collect()
}

fn happening(change: &Change, work: WorkId, name: &impl Fn(AgentId) -> Option<Name>) -> Option<p::WorkHappening> {
    let of = |kind: Kind| p::WorkHappening { kind: kind.into(), ..p::WorkHappening::default() };
    let by = |agent: AgentId, kind: Kind| p::WorkHappening {
        agent: name(agent).map(Into::into).unwrap_or_default(),
        ..of(kind)
    };
    let until = |at: Timestamp, told: p::WorkHappening| p::WorkHappening { at_time: Some(timestamp(at)), ..told };
    let because = |cause: &str, told: p::WorkHappening| p::WorkHappening { cause: cause.to_owned(), ..told };
    Some(match change {
        Change::WorkOpened(opened) => p::WorkHappening { name: opened.endpoint.to_string(), ..of(Kind::Opened) },
        Change::WorkReopened { .. } => of(Kind::Reopened),
        Change::Routed(routed) => {
            p::WorkHappening { name: routed.rule.to_string(), queue: routed.queue.to_string(), ..of(Kind::Routed) }
        }
        Change::WorkQueued { queue, key, cause, .. } => {
            let told = p::WorkHappening { queue: queue.to_string(), ..of(Kind::Queued) };
            until(Timestamp(*key), because(queue_cause(*cause), told))
        }
        Change::WorkRekeyed { key, .. } => until(Timestamp(*key), of(Kind::Rekeyed)),
        Change::StepSet(set) => {
            let told = p::WorkHappening { name: set.plan.to_string(), number: set.step, ..of(Kind::Step) };
            because(label(step_cause(set.cause).as_str_name(), "STEP_CAUSE_"), told)
        }
        Change::Overflowed(overflowed) => {
            let told = p::WorkHappening {
                queue: overflowed.queue.to_string(),
                name: overflowed.to.as_ref().map(ToString::to_string).unwrap_or_default(),
                ..of(Kind::Overflowed)
            };
            because(label(overflow_cause(overflowed.cause).as_str_name(), "OVERFLOW_CAUSE_"), told)
        }
        Change::Unserved(unserved) => of(if unserved.unserved { Kind::Unserved } else { Kind::Served }),
        Change::OfferMade(offer) => until(offer.expires_at, by(offer.agent, Kind::Offered)),
        Change::OfferEnded { agent, outcome, .. } => {
            let cause = enums::offer_outcome(*outcome).as_str_name();
            because(label(cause, "OFFER_OUTCOME_"), by(*agent, Kind::OfferEnded))
        }
        Change::CooledDown(cooled) => until(cooled.until, by(cooled.agent, Kind::CooledDown)),
        Change::CooldownEnded { agent, .. } => by(*agent, Kind::CooldownEnded),
        Change::Assigned(Assigned { agent, cause, .. }) => {
            let cause = enums::assign_cause(*cause).as_str_name();
            because(label(cause, "ASSIGNMENT_CAUSE_"), by(*agent, Kind::Assigned))
        }
        Change::Unassigned { agent, reason, .. } => {
            let cause = enums::unassign_reason(*reason).as_str_name();
            because(label(cause, "UNASSIGN_REASON_"), by(*agent, Kind::Unassigned))
        }
        Change::MessageStored(message) if message.asks() => of(Kind::Asked),
        Change::MessageStored(message) if message.answers() => of(Kind::Answered),
        Change::AnswerCounted(counted) => {
            let told = p::WorkHappening {
                queue: counted.queue.to_string(),
                duration: Some(duration(counted.waited_ms)),
                ..of(Kind::Counted)
            };
            because(answer_outcome(counted.outcome), told)
        }
        Change::Transferring(passing) => p::WorkHappening {
            queue: passing.queue.to_string(),
            name: passing.to.and_then(name).map(Into::into).unwrap_or_default(),
            at_time: passing.until.map(timestamp),
            cause: if passing.relief { RELIEF.to_owned() } else { String::new() },
            ..by(passing.agent, Kind::Transferring)
        },
        Change::TransferEnded(ended) => {
            let cause = enums::transfer_outcome(ended.outcome).as_str_name();
            because(label(cause, "TRANSFER_OUTCOME_"), by(ended.agent, Kind::TransferEnded))
        }
        Change::Parked(parked) => until(parked.until, by(parked.agent, Kind::Parked)),
        Change::Woken(woken) => {
            let cause = enums::wake_cause(woken.cause).as_str_name();
            because(label(cause, "WAKE_CAUSE_"), by(woken.agent, Kind::Woken))
        }
        Change::WrapUpStarted(wrap_up) => until(wrap_up.until, by(wrap_up.agent, Kind::WrapUp)),
        Change::WrapUpLeft { agent, .. } => by(*agent, Kind::WrapUpLeft),
        Change::WorkClosed { disposition, canceled, .. } => {
            let told = p::WorkHappening { name: disposition.to_string(), ..of(Kind::Closed) };
            if *canceled { because(CANCELED, told) } else { told }
        }
        Change::WorkJoined { endpoint, queue, .. } => {
            p::WorkHappening { name: endpoint.to_string(), queue: queue.to_string(), ..of(Kind::Joined) }
        }
        Change::WorksMerged { from, into, .. } => {
            p::WorkHappening { name: other(work, *from, *into), ..of(Kind::Merged) }
        }
        Change::WorkSplit { from, into, .. } => p::WorkHappening { name: other(work, *from, *into), ..of(Kind::Split) },
        Change::PriorityGiven(given) => p::WorkHappening { duration: Some(duration(given.ms)), ..of(Kind::Priority) },
        Change::Promised(promised) => {
            p::WorkHappening { at_time: promised.by.map(timestamp), ..by(promised.agent, Kind::Promised) }
        }
        Change::AutomationMuted(muted) => because(&enums::mute_label(muted.reason), of(Kind::Muted)),
        Change::EnrichmentSet(set) => match set.until {
            Some(until_then) => until(until_then, of(Kind::AwaitsFacts)),
            None => of(Kind::FactsAwaited),
        },
        Change::HoldSet(set) => match set.until {
            Some(until_then) => until(until_then, by(set.agent, Kind::Held)),
            None => by(set.agent, Kind::HoldEnded),
        },
        Change::EffortNoted(noted) => {
            let cause = enums::effort_kind(noted.kind).as_str_name();
            let told = p::WorkHappening { duration: Some(duration(noted.ms)), ..of(Kind::Effort) };
            because(label(cause, "EFFORT_KIND_"), told)
        }
        Change::IdleSet(set) => until(set.since, because(silence(set)?, by(set.agent, Kind::Silent))),
        Change::CustomerLeft { .. } => of(Kind::Left),
        Change::NoticeSent(sent) => because(notice(sent.kind), of(Kind::Notice)),
        Change::HandedToPeople(handed) => because(hand_over_cause(handed.cause), by(handed.agent, Kind::HandedOver)),
        Change::HandedBack(handed) => by(handed.agent, Kind::HandedBack),
        Change::ParticipantJoined(joined) => {
            let cause = enums::role(joined.role).as_str_name();
            because(label(cause, "PARTICIPANT_ROLE_"), by(joined.agent, Kind::TakesPart))
        }
        Change::ParticipantLeft(left) => {
            let cause = enums::leave_reason(left.reason).as_str_name();
            because(label(cause, "PARTICIPATION_END_REASON_"), by(left.agent, Kind::PartOver))
        }
        // What it costs, what is noted of it and what has been seen says nothing of why it waited.
        _ => return None,
    })
}

/// What has followed from a customer's silence; none: nothing yet.
fn silence(set: &IdleSet) -> Option<&'static str> {
    match (set.lowered, set.nudged) {
        (false, false) => None,
        (true, false) => Some("LOWERED"),
        (false, true) => Some("NUDGED"),
        (true, true) => Some("LOWERED_NUDGED"),
    }
}

fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Closed => "CLOSED",
        NoticeKind::Waiting => "WAITING",
    }
}

fn hand_over_cause(cause: HandOverCause) -> &'static str {
    match cause {
        HandOverCause::Asked => "ASKED",
        HandOverCause::NoAnswer => "NO_ANSWER",
    }
}

fn other(work: WorkId, from: WorkId, into: WorkId) -> String {
    if work == from { into } else { from }.to_string()
}

/// The name of a value without its prefix.
fn label(name: &'static str, prefix: &str) -> &'static str {
    name.strip_prefix(prefix).unwrap_or(name)
}

fn queue_cause(cause: QueueCause) -> &'static str {
    match cause {
        QueueCause::New => "NEW",
        QueueCause::Reopened => "REOPENED",
        QueueCause::OfferEnded => "OFFER_ENDED",
        QueueCause::Recalled => "RECALLED",
        QueueCause::OwnerLost => "OWNER_LOST",
        QueueCause::Requeued => "REQUEUED",
        QueueCause::Rerouted => "REROUTED",
        QueueCause::Moved => "MOVED",
        QueueCause::Transferred => "TRANSFERRED",
        QueueCause::Woken => "WOKEN",
        QueueCause::Overflowed => "OVERFLOWED",
        QueueCause::HandedOver => "HANDED_OVER",
    }
}

fn answer_outcome(outcome: AnswerOutcome) -> &'static str {
    match outcome {
        AnswerOutcome::InTime => "IN_TIME",
        AnswerOutcome::Late => "LATE",
        AnswerOutcome::Never => "NEVER",
    }
}
