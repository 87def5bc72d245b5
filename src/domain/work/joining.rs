//! Agents who take part in a Work that another owns (domain rules, section 7): the second opinion, and the supervisor who joins.
//!
//! A *consultant* is asked by the owner, sees what is said, and talks to the owner by notes; the owner stays the owner. It ends by either, by
//! its deadline, with the session of who was asked, and with the assignment that it was asked under: passed on to the consultant, the
//! Work is the consultant's. A supervisor who *barges in* speaks to the customer, too, and the customer is told before; that ends by the
//! supervisor, with the session, or with the Work: so it outlasts owners, and each is told of the other. Neither costs of anybody's capacity.
//!
//! Whatever ends it is noted in the same record, by [`Draft::push`](crate::domain::draft::Draft), whoever chose that. Invariants: a
//! consultant's Work has the owner who asked; nobody takes part in a Work that is its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::Work;
use super::bots::is_bot;
use super::lifecycle::known;
use super::pass::in_hand;
use crate::domain::content::Content;
use crate::domain::delivery::{Voice, notify};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, MessageId, Name, WorkId};
use crate::domain::marks::{About, write_note};
use crate::domain::record::{
    Change, LeaveReason, OwnerTold, ParticipantJoined, ParticipantLeft, Role, SessionEnd, TakingPart, UnassignReason,
};
use crate::domain::rejection::Rejection;
use crate::domain::session::Agent;
use crate::domain::taking_part::TakePart;
use crate::domain::time::Timestamp;
use crate::domain::view::{Obstacle, WorkState};

/// How long a consult about a live customer lasts where nobody says.
const LIVE_CONSULT: Duration = Duration::from_secs(10 * 60);
/// How long others do: a working day and the night after.
const CONSULT: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest consult: who is asked for longer had better have the Work.
const LONGEST_CONSULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Agents who take part in a Work beside its owner at most: more is a meeting.
const MAX_PARTICIPANTS: usize = 8;
/// Works of others that an agent takes part in at most: the end of its session ends them all by one record.
const MAX_JOINED: usize = 32;

/// Somebody who takes part in a Work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Participant {
    /// Fence of what it says to the customer.
    pub(crate) id: AssignmentId,
    pub(crate) agent: AgentId,
    pub(crate) role: Role,
    pub(crate) asked_under: Option<AssignmentId>,
    pub(crate) until: Option<Timestamp>,
}

/// Does what an agent wants done about who takes part.
pub(crate) fn take_part(draft: &mut Draft<'_>, agent: AgentId, part: TakePart) -> Result<(), Rejection> {
    match part {
        TakePart::Consult { work, assignment, agent: asked, until, question } => {
            consult(draft, agent, (work, assignment), &asked, (until, question))
        }
        TakePart::EndConsult { work, assignment, agent: asked } => {
            end_consult(draft, agent, (work, assignment), &asked)
        }
        TakePart::Leave { work } => leave_work(draft, agent, work),
    }
}

/// The owner asks somebody.
fn consult(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    asked: &Name,
    (until, question): (Option<Timestamp>, Option<Content>),
) -> Result<(), Rejection> {
    let work = in_hand(draft, agent, id, assignment)?;
    let longest = draft.now + LONGEST_CONSULT;
    if until.is_some_and(|until| until <= draft.now || until > longest) {
        return Err(Rejection::Invalid("until: a time to come, within a week"));
    }
    let other = draft.space.agent_id(asked).ok_or(Rejection::UnknownAgent)?;
    may_join(draft, work, other)?;
    let until = until.unwrap_or(draft.now + if work.is_live() { LIVE_CONSULT } else { CONSULT });
    join(draft, id, other, Role::Consultant, (Some(assignment), Some(until), None));
    match question {
        Some(question) => write_note(draft, agent, About::Work(id), None, question),
        None => Ok(()),
    }
}

/// The owner has asked what was to be asked.
fn end_consult(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    asked: &Name,
) -> Result<(), Rejection> {
    let work = in_hand(draft, agent, id, assignment)?;
    let other = draft.space.agent_id(asked).ok_or(Rejection::UnknownAgent)?;
    let part = work.participant(other).filter(|part| part.role == Role::Consultant);
    part.ok_or(Rejection::Invalid("agent: is not asked about the work"))?;
    depart(draft, id, other, LeaveReason::Ended);
    Ok(())
}

/// Whoever takes part leaves.
fn leave_work(draft: &mut Draft<'_>, agent: AgentId, id: WorkId) -> Result<(), Rejection> {
    known(draft, id)?.participant(agent).ok_or(Rejection::Invalid("work_id: you take no part in it"))?;
    depart(draft, id, agent, LeaveReason::Left);
    Ok(())
}

/// A supervisor joins a Work and may speak to its customer, who is told: nobody joins in silence.
pub(super) fn barge(draft: &mut Draft<'_>, agent: AgentId, id: WorkId, notice: Content) -> Result<(), Rejection> {
    let work = known(draft, id)?;
    if work.state != WorkState::Assigned {
        return Err(Rejection::WorkState {
            state: work.state,
            why: "nobody talks with the customer now: take it over",
        });
    }
    may_join(draft, work, agent)?;
    let told = work.was_told_of_joining(draft.now);
    let voice = if is_bot(draft, agent) { Voice::Program } else { Voice::Person };
    let notice = if told { None } else { Some(notify(draft, id, notice, voice)?) };
    join(draft, id, agent, Role::Barged, (None, None, notice));
    Ok(())
}

/// A deadline has come.
pub(crate) fn consult_over(draft: &mut Draft<'_>, id: WorkId, agent: AgentId) {
    if draft.work(id).is_some_and(|work| work.participant(agent).is_some()) {
        depart(draft, id, agent, LeaveReason::Lapsed);
    }
}

/// Whether somebody may take part in a Work.
fn may_join(draft: &Draft<'_>, work: &Work, agent: AgentId) -> Result<(), Rejection> {
    let other = draft.agent(agent).ok_or(Rejection::UnknownAgent)?;
    let why = if work.owner.is_some_and(|owner| owner.agent == agent) {
        Obstacle::Owner.text()
    } else if work.participant(agent).is_some() {
        "it takes part in the work"
    } else if !other.is_connected() {
        "it has no session, or that has no connection"
    } else if work.participants().len() >= MAX_PARTICIPANTS {
        return Err(Rejection::Limit("agents who take part in a work: 8"));
    } else if other.joined.len() >= MAX_JOINED {
        return Err(Rejection::Limit("works of others that an agent takes part in: 32"));
    } else {
        return Ok(());
    };
    Err(Rejection::CannotTake(why))
}

type Terms = (Option<AssignmentId>, Option<Timestamp>, Option<MessageId>);

fn join(draft: &mut Draft<'_>, id: WorkId, agent: AgentId, role: Role, (asked_under, until, notice): Terms) {
    let Some(work) = draft.work(id) else { return };
    let joined = ParticipantJoined {
        work: id,
        agent,
        role,
        asked_under,
        until,
        notice,
        audience: work.told().filter(|other| *other != agent).collect(),
        brief: work.brief(draft.root_of(work.leaf)),
    };
    draft.push(Change::ParticipantJoined(Box::new(joined)));
}

fn depart(draft: &mut Draft<'_>, id: WorkId, agent: AgentId, reason: LeaveReason) {
    let audience = draft.work(id).map(|work| work.told().filter(|other| *other != agent).collect());
    let audience = audience.unwrap_or_default();
    draft.push(Change::ParticipantLeft(ParticipantLeft { work: id, agent, reason, audience }));
}

/// Who takes part no longer because of a change that was just chosen.
pub(crate) fn parts_over(
    change: &Change,
    work: impl Fn(WorkId) -> Option<ParticipantsOf>,
    agent: impl Fn(AgentId) -> SmallVec<[WorkId; 2]>,
) -> SmallVec<[ParticipantLeft; 2]> {
    let of = |id: &WorkId, reason: LeaveReason, goes: &dyn Fn(&Participant) -> bool| {
        let ParticipantsOf { parts, owner } = work(*id).unwrap_or_default();
        let gone = parts.into_iter().filter(|part| goes(part));
        let left = |part: Participant| {
            let audience = owner.filter(|_| reason == LeaveReason::Gone).into_iter().collect();
            ParticipantLeft { work: *id, agent: part.agent, reason, audience }
        };
        gone.map(left).collect::<SmallVec<[ParticipantLeft; 2]>>()
    };
    match change {
        Change::Unassigned { work, reason, .. } => {
            let over = matches!(reason, UnassignReason::Closed | UnassignReason::Merged);
            let why = if over { LeaveReason::Closed } else { LeaveReason::OwnerChanged };
            of(work, why, &|part| part.asked_under.is_some())
        }
        Change::Assigned(assigned) => of(&assigned.work, LeaveReason::Owns, &|part| part.agent == assigned.agent),
        Change::WorkClosed { work, .. } | Change::WorksMerged { from: work, .. } => {
            of(work, LeaveReason::Closed, &|_| true)
        }
        Change::SessionEnded { agent: id, reason, .. } if *reason != SessionEnd::Taken => {
            let works = agent(*id);
            works.iter().flat_map(|work| of(work, LeaveReason::Gone, &|part| part.agent == *id)).collect()
        }
        _ => SmallVec::new(),
    }
}

/// Who takes part in a Work is told that it has another owner, or none: who is asked by the owner is asked no longer then.
pub(super) fn owner_told(draft: &Draft<'_>, change: &Change) -> Option<OwnerTold> {
    let (id, owner) = match change {
        Change::Assigned(assigned) => {
            let assignment = AssignmentId::new(draft.index(), draft.place());
            (assigned.work, Some((assignment, assigned.agent)))
        }
        Change::Unassigned { work, reason, .. }
            if !matches!(reason, UnassignReason::Closed | UnassignReason::Merged) =>
        {
            (*work, None)
        }
        _ => return None,
    };
    let stay = staying(draft.work(id)?, owner.map(|(_, agent)| agent));
    let audience: SmallVec<[AgentId; 2]> = stay.map(|part| part.agent).collect();
    (!audience.is_empty()).then_some(OwnerTold { work: id, owner, audience })
}

/// Who takes part in a Work beside an agent who is to own it.
pub(crate) fn beside_owner(work: &Work, owner: AgentId) -> Vec<TakingPart> {
    let stay = staying(work, Some(owner));
    stay.map(|&Participant { id, agent, role, until, .. }| TakingPart { agent, role, id, until }).collect()
}

/// Who takes part in a Work whoever owns it.
fn staying(work: &Work, owner: Option<AgentId>) -> impl Iterator<Item = &Participant> {
    let stays = move |part: &&Participant| part.asked_under.is_none() && Some(part.agent) != owner;
    work.participants().iter().filter(stays)
}

/// Who takes part in a Work, and who owns it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParticipantsOf {
    parts: SmallVec<[Participant; 1]>,
    owner: Option<AgentId>,
}

impl ParticipantsOf {
    pub(crate) fn of(work: &Work) -> Self {
        let parts = work.participants().iter().copied().collect();
        Self { parts, owner: work.owner.map(|owner| owner.agent) }
    }
}

impl Work {
    /// Who takes part in it beside its owner.
    pub(crate) fn participants(&self) -> &[Participant] {
        self.passing.as_ref().map_or(&[], |passing| passing.participants.as_slice())
    }

    /// As what an agent takes part in it.
    pub(crate) fn participant(&self, agent: AgentId) -> Option<&Participant> {
        self.participants().iter().find(|part| part.agent == agent)
    }

    /// Who is told what is said in it: its owner, and who takes part.
    pub(crate) fn told(&self) -> impl Iterator<Item = AgentId> {
        self.owner.into_iter().map(|owner| owner.agent).chain(self.participants().iter().map(|part| part.agent))
    }

    /// Who may say something to its customer: its owner, and supervisors who have joined.
    pub(crate) fn speakers(&self) -> impl Iterator<Item = AgentId> {
        let joined = self.participants().iter().filter(|part| part.role == Role::Barged);
        self.owner.into_iter().map(|owner| owner.agent).chain(joined.map(|part| part.agent))
    }

    /// Whether somebody may say something to its customer under that fence: its owner, or a supervisor who has joined.
    pub(crate) fn is_spoken_under(&self, agent: AgentId, fence: AssignmentId) -> bool {
        let joined = self.participant(agent).filter(|part| part.role == Role::Barged);
        joined.is_some_and(|part| part.id == fence)
    }

    pub(super) fn joined(&mut self, id: AssignmentId, joined: &ParticipantJoined, now: Timestamp) {
        let ParticipantJoined { agent, role, asked_under, until, notice, .. } = *joined;
        self.passing_mut().participants.push(Participant { id, agent, role, asked_under, until });
        if notice.is_some() {
            self.tell_of_joining(now);
        }
    }

    pub(super) fn left(&mut self, agent: AgentId) {
        self.with_passing(|passing| passing.participants.retain(|part| part.agent != agent));
    }
}

impl Agent {
    /// Notes that it takes part in a Work, or no longer.
    pub(crate) fn takes_part(&mut self, change: &Change) {
        match change {
            Change::ParticipantJoined(joined) => self.joined.push(joined.work),
            Change::ParticipantLeft(left) => self.joined.retain(|work| *work != left.work),
            _ => {}
        }
    }
}
