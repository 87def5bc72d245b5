//! An agent who has more than it can: what customers and operators cause, never skein (domain rules, section 7).
//!
//! That it is so is a record, blocks offers (there is no room), and after `relieve_after` the Work of its whose customer waits longest for
//! us is offered elsewhere: it stands in its queue beside what waits, with its place, so that whoever could take it now is offered it at
//! once, and the next one who can as soon as that is. The owner stays the owner until somebody accepts. It ends when the owner has room
//! again, or the customer its answer; then the next one follows, while there is too much. Invariant: `Invariant::OvercommitRelieved`.

use std::time::Duration;

use super::Work;
use super::transfer::{begin_relief, end_relief};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::{Change, Overcommitted};
use crate::domain::session::Agent;
use crate::domain::view::WorkState;
use crate::domain::workspace::IndexedConfig;

/// What is to be done about an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relief {
    /// It has more than it can, by so much, which is not noted yet.
    Note(u32),
    /// It has not any more.
    Clear,
    /// A Work of its is to be offered elsewhere.
    Offer(WorkId),
    /// One is to be so no longer.
    Withdraw(WorkId),
}

/// Holds what was decided against what agents can have. To be asked when all else is.
pub(crate) fn settle(draft: &mut Draft<'_>) {
    // Each step leaves less to do: none of them gives anybody more than it can.
    while let Some((agent, relief)) = next(draft) {
        match relief {
            Relief::Note(by) => {
                let relieve_at = draft.now + Duration::from_millis(draft.space.config().relieve_after_ms);
                draft.push(Change::Overcommitted(Overcommitted { agent, by, relieve_at: Some(relieve_at) }));
            }
            Relief::Clear => draft.push(Change::Overcommitted(Overcommitted { agent, by: 0, relieve_at: None })),
            Relief::Offer(work) => begin_relief(draft, work),
            Relief::Withdraw(work) => end_relief(draft, work),
        }
    }
}

/// It has had more than it can for long enough.
pub(crate) fn relief_due(draft: &mut Draft<'_>, id: AgentId) {
    if let Some(agent) = draft.agent(id).filter(|agent| agent.over.is_some()) {
        let by = agent.overcommit();
        // What has passed meanwhile is noted by what follows.
        draft.push(Change::Overcommitted(Overcommitted { agent: id, by: by.max(1), relieve_at: None }));
    }
}

fn next(draft: &Draft<'_>) -> Option<(AgentId, Relief)> {
    let owners = draft.touched_works().iter().filter_map(|work| work.owner).map(|owner| owner.agent);
    let touched = draft.touched_agents().iter().map(|agent| agent.id);
    touched.chain(owners).find_map(|id| {
        // Whose matching is put off is looked at with that.
        let agent = draft.agent(id).filter(|agent| agent.deferred.is_none())?;
        Some((id, wanted(agent, draft.space.config(), |work| draft.work(work))?))
    })
}

/// What is to be done about an agent, if anything. `work`: its Works.
pub(crate) fn wanted<'w>(
    agent: &Agent,
    config: &IndexedConfig,
    work: impl Fn(WorkId) -> Option<&'w Work>,
) -> Option<Relief> {
    let works = || agent.works.iter().filter_map(|held| work(held.id));
    let is_relieved = |work: &&Work| work.transfer().is_some_and(|transfer| transfer.relief);
    match (agent.overcommit(), agent.over) {
        (0, None) => None,
        (0, Some(_)) => Some(works().find(is_relieved).map_or(Relief::Clear, |work| Relief::Withdraw(work.id))),
        (by, None) => Some(Relief::Note(by)),
        (_, Some(over)) if over.relieve_at.is_some() => None,
        (_, Some(_)) => match works().find(is_relieved) {
            Some(work) => work.ours_since.is_none().then_some(Relief::Withdraw(work.id)),
            None => {
                let waits = |work: &&Work| {
                    work.state == WorkState::Assigned
                        && work.ours_since.is_some()
                        && work.transfer().is_none()
                        && work.owner.is_some_and(|owner| owner.cost > 0)
                        && config.queue(&work.queue).is_some()
                };
                let longest = works().filter(waits).min_by_key(|work| (work.ours_since, work.id));
                longest.map(|work| Relief::Offer(work.id))
            }
        },
    }
}
