//! Requests to give a Work back, move it, or pass it on, as commands of the core.

use super::command::{Wire, given, id, text, token, wire, work_id};
use super::facts::line_of;
use super::view::{position, timestamp_from};
use crate::agents::status::Refusal;
use crate::domain::command::{Answer, Command, Pass, Verb};
use crate::domain::id::Name;
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;

wire! {
    RequeueWorkRequest => RequeueWorkResponse, RequeueWork, "requeue_work",
        |request| Ok(Verb::Pass(Pass::Requeue {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
        })), |answer| {};
    MoveWorkRequest => MoveWorkResponse, MoveWork, "move_work",
        |request| Ok(Verb::Pass(Pass::Move {
            work: work_id(&request.work_id)?,
            assignment: given("assignment_id", &request.assignment_id)?,
            queue: token("queue", &request.queue)?,
            force: request.force,
        })), |answer| {};
    ParkWorkRequest => ParkWorkResponse, ParkWork, "park_work",
        |request| {
            let until = request.until.ok_or_else(|| Refusal::invalid("until", "is wanted"))?;
            Ok(Verb::Pass(Pass::Park {
                work: work_id(&request.work_id)?,
                assignment: id("assignment_id", &request.assignment_id)?,
                until: timestamp_from("until", until)?,
                wake_on_fact: line_of("wake_on_fact", &request.wake_on_fact)?,
            }))
        }, |answer| {};
    UnparkWorkRequest => UnparkWorkResponse, UnparkWork, "unpark_work",
        |request| Ok(Verb::Pass(Pass::Unpark {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
        })), |answer| {};
    TransferWorkRequest => TransferWorkResponse, TransferWork, "transfer_work",
        |request| Ok(Verb::Pass(Pass::Transfer {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            to: optional("agent", &request.agent)?,
            queue: optional("queue", &request.queue)?,
            cold: request.cold,
            force: request.force,
            note: request.note,
        })), |answer| {};
    CancelTransferRequest => CancelTransferResponse, CancelTransfer, "cancel_transfer",
        |request| Ok(Verb::Pass(Pass::TakeBack {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
        })), |answer| {};
    ClaimWorkRequest => ClaimWorkResponse, ClaimWork, "claim_work",
        |request| Ok(Verb::Pass(Pass::Claim { work: work_id(&request.work_id)? })),
        |answer| { assignment_id: text(answer.assignment) };
    ExtendWrapUpRequest => ExtendWrapUpResponse, ExtendWrapUp, "extend_wrap_up",
        |request| Ok(Verb::Pass(Pass::ExtendWrapUp {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            by_ms: request.by.map(|by| millis("by", by)).transpose()?,
        })), |answer| {};
    PromiseRequest => PromiseResponse, Promise, "promise",
        |request| Ok(Verb::Pass(Pass::Promise {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            by: request.by.map(|at| timestamp_from("by", at)).transpose()?,
        })), |answer| {};
}

/// Whether a command is to be done against a rule of the workspace.
pub(in crate::agents) fn is_forced(command: &Command) -> bool {
    let Command::Agent(command) = command else { return false };
    matches!(&command.verb, Verb::Pass(Pass::Transfer { force: true, .. } | Pass::Move { force: true, .. }))
}

/// A duration of a request, to the millisecond.
pub(super) fn millis(field: &'static str, by: prost_types::Duration) -> Result<u64, Refusal> {
    let (seconds, nanos) = (u64::try_from(by.seconds), u64::try_from(by.nanos));
    let (Ok(seconds), Ok(nanos)) = (seconds, nanos) else { return Err(Refusal::invalid(field, "is negative")) };
    Ok(seconds.saturating_mul(1_000).saturating_add(nanos / 1_000_000))
}

/// A name that operators choose, or none.
pub(super) fn optional(field: &'static str, text: &str) -> Result<Name, Refusal> {
    if text.is_empty() { Ok(Name::default()) } else { token(field, text) }
}
