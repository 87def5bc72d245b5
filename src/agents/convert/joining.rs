//! Who takes part in Works of others: from requests, and as events.

use super::command::{Wire, id, text, token, wire, work_id};
use super::content::content;
use super::enums;
use super::view::{position, timestamp, timestamp_from};
use crate::agents::status::Refusal;
use crate::domain::command::{Answer, Oversight, TakePart, Verb};
use crate::domain::id::Name;
use crate::domain::record::{OwnerTold, ParticipantJoined, ParticipantLeft, TakingPart};
use crate::domain::view::ParticipantView;
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;

wire! {
    ConsultRequest => ConsultResponse, Consult, "consult",
        |request| takes_part(TakePart::Consult {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            agent: token("agent", &request.agent)?,
            until: request.until.map(|at| timestamp_from("until", at)).transpose()?,
            question: request.question.map(|question| content(Some(question))).transpose()?,
        }),
        |answer| { message_id: text(answer.message) };
    EndConsultRequest => EndConsultResponse, EndConsult, "end_consult",
        |request| takes_part(TakePart::EndConsult {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            agent: token("agent", &request.agent)?,
        }), |answer| {};
    LeaveWorkRequest => LeaveWorkResponse, LeaveWork, "leave_work",
        |request| takes_part(TakePart::Leave { work: work_id(&request.work_id)? }), |answer| {};
    BargeInRequest => BargeInResponse, BargeIn, "barge_in",
        |request| Ok(Verb::Oversee(Box::new(Oversight::BargeIn {
            work: work_id(&request.work_id)?,
            notice: content(request.notice)?,
        }))),
        |answer| { participation_id: text(answer.assignment), message_id: text(answer.message) };
}

fn takes_part(part: TakePart) -> Result<Verb, Refusal> {
    Ok(Verb::TakePart(Box::new(part)))
}

pub(super) fn participant(view: ParticipantView) -> p::Participant {
    p::Participant {
        agent: view.agent.into(),
        role: enums::role(view.role).into(),
        participation_id: view.id.to_string(),
        until: view.until.map(timestamp),
    }
}

/// Somebody takes part: `id` is the number of the change, `work` what is shown of it.
pub(super) fn started(
    id: String,
    joined: &ParticipantJoined,
    work: p::Work,
    agent: Option<Name>,
) -> p::ParticipationStarted {
    let participant = p::Participant {
        agent: agent.map(Into::into).unwrap_or_default(),
        role: enums::role(joined.role).into(),
        participation_id: id,
        until: joined.until.map(timestamp),
    };
    p::ParticipationStarted { work: Some(work), participant: Some(participant) }
}

/// Who takes part in a Work that is the agent's from now on.
pub(super) fn taking_part(part: &TakingPart, agent: Option<Name>) -> p::Participant {
    p::Participant {
        agent: agent.map(Into::into).unwrap_or_default(),
        role: enums::role(part.role).into(),
        participation_id: part.id.to_string(),
        until: part.until.map(timestamp),
    }
}

pub(super) fn owner_changed(told: &OwnerTold, agent: Option<Name>) -> p::OwnerChanged {
    p::OwnerChanged {
        work_id: told.work.to_string(),
        agent: agent.map(Into::into).unwrap_or_default(),
        assignment_id: told.owner.map(|(assignment, _)| assignment.to_string()).unwrap_or_default(),
    }
}

pub(super) fn ended(left: &ParticipantLeft, agent: Option<Name>) -> p::ParticipationEnded {
    p::ParticipationEnded {
        work_id: left.work.to_string(),
        agent: agent.map(Into::into).unwrap_or_default(),
        reason: enums::leave_reason(left.reason).into(),
    }
}
