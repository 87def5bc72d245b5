//! Works that are parked and passed on, written and read.

use super::error::CodecError;
use super::words::Word;
use crate::domain::id::{AgentId, LeafId, Name, WorkId};
use crate::domain::record::{
    HoldSet, IdleSet, Overcommitted, Parked, Promised, TransferEnded, Transferring, Woken, WrapUpExtended,
};
use crate::domain::time::Timestamp;
use crate::proto::log as p;

pub(super) fn parked(parked: &Parked) -> p::Parked {
    let (work, leaf, agent) = (parked.work.to_bits(), parked.leaf.0, parked.agent.0);
    p::Parked { work, leaf, agent, until_ms: parked.until.0 }
}

pub(super) fn parked_from(parked: p::Parked) -> Parked {
    Parked {
        work: WorkId::from_bits(parked.work),
        leaf: LeafId(parked.leaf),
        agent: AgentId(parked.agent),
        until: Timestamp(parked.until_ms),
    }
}

pub(super) fn woken(woken: &Woken) -> p::Woken {
    p::Woken {
        work: woken.work.to_bits(),
        agent: woken.agent.0,
        cause: woken.cause.number(),
        cost: woken.cost,
        answer_by_ms: woken.answer_by.map(|at| at.0),
        held_until_ms: woken.held_until.map(|at| at.0),
    }
}

pub(super) fn woken_from(woken: p::Woken) -> Result<Woken, CodecError> {
    Ok(Woken {
        work: WorkId::from_bits(woken.work),
        agent: AgentId(woken.agent),
        cause: Word::from_number(woken.cause)?,
        cost: woken.cost,
        answer_by: woken.answer_by_ms.map(Timestamp),
        held_until: woken.held_until_ms.map(Timestamp),
    })
}

pub(super) fn transferring(change: &Transferring) -> p::Transferring {
    p::Transferring {
        work: change.work.to_bits(),
        leaf: change.leaf.0,
        agent: change.agent.0,
        to: change.to.map(|agent| agent.0),
        queue: change.queue.to_string(),
        key: change.key,
        until_ms: change.until.map(|at| at.0),
        relief: change.relief,
    }
}

pub(super) fn transferring_from(change: p::Transferring) -> Transferring {
    Transferring {
        work: WorkId::from_bits(change.work),
        leaf: LeafId(change.leaf),
        agent: AgentId(change.agent),
        to: change.to.map(AgentId),
        queue: Name::from(change.queue),
        key: change.key,
        until: change.until_ms.map(Timestamp),
        relief: change.relief,
    }
}

pub(super) fn transfer_ended(change: &TransferEnded) -> p::TransferEnded {
    let (work, agent, outcome) = (change.work.to_bits(), change.agent.0, change.outcome.number());
    p::TransferEnded { work, agent, outcome, queue: change.queue.to_string() }
}

pub(super) fn transfer_ended_from(change: p::TransferEnded) -> Result<TransferEnded, CodecError> {
    Ok(TransferEnded {
        work: WorkId::from_bits(change.work),
        agent: AgentId(change.agent),
        outcome: Word::from_number(change.outcome)?,
        queue: Name::from(change.queue),
    })
}

pub(super) fn wrap_up_extended(change: &WrapUpExtended) -> p::WrapUpExtended {
    p::WrapUpExtended { work: change.work.to_bits(), agent: change.agent.0, until_ms: change.until.0 }
}

pub(super) fn wrap_up_extended_from(change: p::WrapUpExtended) -> WrapUpExtended {
    let (work, agent) = (WorkId::from_bits(change.work), AgentId(change.agent));
    WrapUpExtended { work, agent, until: Timestamp(change.until_ms) }
}

pub(super) fn promised(change: &Promised) -> p::Promised {
    p::Promised { work: change.work.to_bits(), agent: change.agent.0, by_ms: change.by.map(|at| at.0) }
}

pub(super) fn promised_from(change: p::Promised) -> Promised {
    let (work, agent) = (WorkId::from_bits(change.work), AgentId(change.agent));
    Promised { work, agent, by: change.by_ms.map(Timestamp) }
}

pub(super) fn overcommitted(change: &Overcommitted) -> p::Overcommitted {
    p::Overcommitted { agent: change.agent.0, by: change.by, relieve_at_ms: change.relieve_at.map(|at| at.0) }
}

pub(super) fn overcommitted_from(change: p::Overcommitted) -> Overcommitted {
    let relieve_at = change.relieve_at_ms.map(Timestamp);
    Overcommitted { agent: AgentId(change.agent), by: change.by, relieve_at }
}

pub(super) fn idle_set(set: &IdleSet) -> p::IdleSet {
    p::IdleSet {
        work: set.work.to_bits(),
        agent: set.agent.0,
        since_ms: set.since.0,
        lowered: set.lowered,
        nudged: set.nudged,
        at_ms: set.at.map(|at| at.0),
    }
}

pub(super) fn idle_set_from(set: p::IdleSet) -> IdleSet {
    IdleSet {
        work: WorkId::from_bits(set.work),
        agent: AgentId(set.agent),
        since: Timestamp(set.since_ms),
        lowered: set.lowered,
        nudged: set.nudged,
        at: set.at_ms.map(Timestamp),
    }
}

pub(super) fn hold_set(set: &HoldSet) -> p::HoldSet {
    p::HoldSet { work: set.work.to_bits(), agent: set.agent.0, until_ms: set.until.map(|at| at.0) }
}

pub(super) fn hold_set_from(set: p::HoldSet) -> HoldSet {
    let (work, agent) = (WorkId::from_bits(set.work), AgentId(set.agent));
    HoldSet { work, agent, until: set.until_ms.map(Timestamp) }
}
