//! One Work turns out to be two matters: some of its messages become a Work of their own, linked, in a queue of choice (domain
//! rules, section 5). Turn and wait of both follow from the messages that each has then.
//!
//! Messages since the Work was opened or reopened can be split off, the newest 64 of them at least. A split is undone by a merge.

use smallvec::SmallVec;

use super::lifecycle::owned;
use super::merge::settle_cost;
use super::transfer::hold_to_channels;
use crate::domain::command::Parted;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Change, QueueCause, WorkOpened};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, requeue};

/// An owner splits a Work. The new one is offered to the owner first.
pub(crate) fn split(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    parted: &Parted,
    queue: &Name,
) -> Result<(), Rejection> {
    let work = owned(draft, agent, id, assignment)?;
    let config = draft.space.config();
    let queue = if queue.is_empty() { &work.queue } else { queue };
    if config.queue(queue).is_none() {
        return Err(Rejection::Invalid("queue: no such queue"));
    }
    let queue = queue.clone();
    let messages = work.choose(parted).ok_or(Rejection::UnknownMessage)?;
    if messages.is_empty() {
        return Err(Rejection::Invalid("messages: none"));
    }
    if work.messages().all(|(id, _)| messages.contains(&id)) {
        return Err(Rejection::Invalid("messages: a work keeps one at least"));
    }
    let brand = work.brand.clone();
    let root = draft.root_of(work.leaf);
    let open = draft.works_of(root).filter(|other| draft.work(*other).is_some_and(|other| other.brand == brand));
    if open.count() >= config.max_open_works as usize {
        return Err(Rejection::Limit("open works of a customer"));
    }
    let linked: Vec<WorkId> = draft.works_of(root).filter(|other| draft.work(*other).is_some()).collect();
    if let Some(new) = part_off(draft, id, messages, linked) {
        requeue(draft, new, &queue, QueueCause::New, Some(agent));
    }
    // Spoken on fewer channels, what is being passed on may be for somebody else.
    hold_to_channels(draft, id);
    fill(draft, agent);
    Ok(())
}

/// Opens a Work with these messages of another: what becomes of it is for whoever asked to say. Gives its id; none: the Work is not
/// open, or has none of them.
pub(crate) fn part_off(
    draft: &mut Draft<'_>,
    id: WorkId,
    messages: Vec<MessageId>,
    linked: Vec<WorkId>,
) -> Option<WorkId> {
    let work = draft.work(id)?;
    let (answered, filed, place) = work.answered_at(&messages)?;
    let brand = work.brand.clone();
    let audience: SmallVec<[AgentId; 2]> = work.owner.iter().map(|owner| owner.agent).collect();
    let root = draft.root_of(filed);
    let of_customer = |leaf: &LeafId| draft.root_of(*leaf) == root;
    let leaf = answered.into_iter().chain([work.leaf]).find(of_customer).unwrap_or(filed);
    let new = draft.next_work();
    draft.push(Change::WorkOpened(Box::new(WorkOpened {
        leaf,
        conversation: root,
        channel: place.channel,
        endpoint: place.endpoint,
        brand,
        linked,
    })));
    draft.push(Change::WorkSplit { from: id, into: new, messages, audience });
    settle_cost(draft, id);
    Some(new)
}
