//! Requests of supervisors as commands of the core.

use super::command::{Wire, given, id, presence, text, token, wire, work_id};
use super::pass::optional;
use super::view::position;
use crate::agents::status::Refusal;
use crate::domain::command::{Answer, Oversight, Verb};
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;

wire! {
    SetAgentPresenceRequest => SetAgentPresenceResponse, SetAgentPresence, "set_agent_presence",
        |request| {
            let (presence, reason, channels) = presence(request.presence(), &request.reason, &request.channels)?;
            oversee(Oversight::Presence { agent: token("agent", &request.agent)?, presence, reason, channels })
        }, |answer| {};
    EndAgentSessionRequest => EndAgentSessionResponse, EndAgentSession, "end_agent_session",
        |request| oversee(Oversight::EndSession { agent: token("agent", &request.agent)? }), |answer| {};
    ForceRequeueRequest => ForceRequeueResponse, ForceRequeue, "force_requeue",
        |request| oversee(Oversight::Requeue {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
        }), |answer| {};
    ForceTransferRequest => ForceTransferResponse, ForceTransfer, "force_transfer",
        |request| oversee(Oversight::Transfer {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            to: optional("agent", &request.agent)?,
            queue: optional("queue", &request.queue)?,
            note: request.note,
        }), |answer| {};
    AssignWorkRequest => AssignWorkResponse, AssignWork, "assign_work",
        |request| oversee(Oversight::Assign {
            work: work_id(&request.work_id)?,
            assignment: given("assignment_id", &request.assignment_id)?,
            to: token("agent", &request.agent)?,
            over_capacity: request.over_capacity,
            note: request.note,
        }),
        |answer| { assignment_id: text(answer.assignment) };
    TakeOverWorkRequest => TakeOverWorkResponse, TakeOverWork, "take_over_work",
        |request| oversee(Oversight::TakeOver {
            work: work_id(&request.work_id)?,
            assignment: given("assignment_id", &request.assignment_id)?,
            over_capacity: request.over_capacity,
        }),
        |answer| { assignment_id: text(answer.assignment) };
}

fn oversee(oversight: Oversight) -> Result<Verb, Refusal> {
    Ok(Verb::Oversee(Box::new(oversight)))
}
