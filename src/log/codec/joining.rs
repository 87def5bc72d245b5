//! Agents who take part in Works of others, and Works that programs and people pass between them, written and read.

use super::error::CodecError;
use super::words::Word;
use crate::domain::id::{AgentId, AssignmentId, LeafId, MessageId, WorkId};
use crate::domain::record::{
    BotsDue, Briefing, HandBackEnded, HandedBack, HandedToPeople, OwnerTold, ParticipantJoined, ParticipantLeft,
    TakingPart, WorkBrief,
};
use crate::domain::time::Timestamp;
use crate::proto::log as p;

pub(super) fn participant_joined(joined: &ParticipantJoined, brief: p::WorkBrief) -> p::ParticipantJoined {
    p::ParticipantJoined {
        work: joined.work.to_bits(),
        agent: joined.agent.0,
        role: joined.role.number(),
        asked_under: joined.asked_under.map(AssignmentId::to_bits),
        until_ms: joined.until.map(|at| at.0),
        notice: joined.notice.map(MessageId::to_bits),
        audience: joined.audience.iter().map(|agent| agent.0).collect(),
        brief: Some(brief),
    }
}

pub(super) fn participant_joined_from(
    joined: p::ParticipantJoined,
    brief: WorkBrief,
) -> Result<ParticipantJoined, CodecError> {
    Ok(ParticipantJoined {
        work: WorkId::from_bits(joined.work),
        agent: AgentId(joined.agent),
        role: Word::from_number(joined.role)?,
        asked_under: joined.asked_under.map(AssignmentId::from_bits),
        until: joined.until_ms.map(Timestamp),
        notice: joined.notice.map(MessageId::from_bits),
        audience: joined.audience.into_iter().map(AgentId).collect(),
        brief,
    })
}

pub(super) fn participant_left(left: &ParticipantLeft) -> p::ParticipantLeft {
    let audience = left.audience.iter().map(|agent| agent.0).collect();
    p::ParticipantLeft { work: left.work.to_bits(), agent: left.agent.0, reason: left.reason.number(), audience }
}

pub(super) fn participant_left_from(left: p::ParticipantLeft) -> Result<ParticipantLeft, CodecError> {
    Ok(ParticipantLeft {
        work: WorkId::from_bits(left.work),
        agent: AgentId(left.agent),
        reason: Word::from_number(left.reason)?,
        audience: left.audience.into_iter().map(AgentId).collect(),
    })
}

pub(super) fn handed_to_people(handed: &HandedToPeople) -> p::HandedToPeople {
    let (work, leaf, agent) = (handed.work.to_bits(), handed.leaf.0, handed.agent.0);
    p::HandedToPeople { work, leaf, agent, cause: handed.cause.number() }
}

pub(super) fn handed_to_people_from(handed: p::HandedToPeople) -> Result<HandedToPeople, CodecError> {
    Ok(HandedToPeople {
        work: WorkId::from_bits(handed.work),
        leaf: LeafId(handed.leaf),
        agent: AgentId(handed.agent),
        cause: Word::from_number(handed.cause)?,
    })
}

pub(super) fn handed_back(handed: &HandedBack) -> p::HandedBack {
    p::HandedBack { work: handed.work.to_bits(), agent: handed.agent.0 }
}

pub(super) fn handed_back_from(handed: p::HandedBack) -> HandedBack {
    HandedBack { work: WorkId::from_bits(handed.work), agent: AgentId(handed.agent) }
}

pub(super) fn hand_back_ended(ended: &HandBackEnded) -> p::HandBackEnded {
    p::HandBackEnded { work: ended.work.to_bits(), taken: ended.taken }
}

pub(super) fn hand_back_ended_from(ended: p::HandBackEnded) -> HandBackEnded {
    HandBackEnded { work: WorkId::from_bits(ended.work), taken: ended.taken }
}

pub(super) fn bots_due(due: &BotsDue) -> p::BotsDue {
    p::BotsDue { work: due.work.to_bits(), agent: due.agent.0, by_ms: due.by.0 }
}

pub(super) fn bots_due_from(due: p::BotsDue) -> BotsDue {
    BotsDue { work: WorkId::from_bits(due.work), agent: AgentId(due.agent), by: Timestamp(due.by_ms) }
}

pub(super) fn owner_told(told: &OwnerTold) -> p::OwnerTold {
    p::OwnerTold {
        work: told.work.to_bits(),
        assignment: told.owner.map(|(assignment, _)| assignment.to_bits()),
        agent: told.owner.map_or(0, |(_, agent)| agent.0),
        audience: told.audience.iter().map(|agent| agent.0).collect(),
    }
}

pub(super) fn owner_told_from(told: p::OwnerTold) -> OwnerTold {
    let assignment = told.assignment.map(AssignmentId::from_bits);
    OwnerTold {
        work: WorkId::from_bits(told.work),
        owner: assignment.map(|assignment| (assignment, AgentId(told.agent))),
        audience: told.audience.into_iter().map(AgentId).collect(),
    }
}

pub(super) fn taking_part(part: &TakingPart) -> p::TakingPart {
    let (agent, role, id) = (part.agent.0, part.role.number(), part.id.to_bits());
    p::TakingPart { agent, role, id, until_ms: part.until.map(|at| at.0) }
}

pub(super) fn taking_part_from(part: p::TakingPart) -> Result<TakingPart, CodecError> {
    Ok(TakingPart {
        agent: AgentId(part.agent),
        role: Word::from_number(part.role)?,
        id: AssignmentId::from_bits(part.id),
        until: part.until_ms.map(Timestamp),
    })
}

pub(super) fn briefing(briefing: &Briefing) -> p::Briefing {
    p::Briefing { reason: briefing.reason.clone(), steps: briefing.steps.clone() }
}

pub(super) fn briefing_from(briefing: p::Briefing) -> Briefing {
    Briefing { reason: briefing.reason, steps: briefing.steps }
}
