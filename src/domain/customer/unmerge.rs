//! One customer is two: some leaves are parted from the others by one record, and nothing moves (domain rules, section 4).
//!
//! Messages, names, opt-outs and Works go with their leaf. A Work that held words of both sides is split as an agent splits one: it
//! stays, with its owner, the Work of its own leaf's customer; what was said with the other side becomes a Work of theirs, linked. It
//! is queued with the age that it had where they wait for an answer, is over where they do not, and is merged into the Work that
//! they have open there. Owners are told. A closed Work stays whole: its messages are shown by their leaves.
//!
//! Where words are answered is asked anew of each side: what we sent to one of two people has answered nothing of the other's.

use smallvec::SmallVec;

use super::merge::tell;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::record::{Change, QueueCause, SuggestionEnd};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, key, place, requeue};
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::work::{Work, end, goes_on, hold_to_channels, join, part_off};

/// An agent says that a customer is two. Without `named` the customer that `id` was before it was merged is parted again.
pub(crate) fn unmerge(draft: &mut Draft<'_>, id: RootId, named: Vec<LeafId>) -> Result<(), Rejection> {
    let space = draft.space;
    let customer = space.resolve_root(id).ok_or(Rejection::UnknownCustomer)?;
    let leaves = if named.is_empty() {
        space.joined.merge_of(id).ok_or(Rejection::NotMerged { customer })?.leaves.clone()
    } else {
        let of_customer = |&leaf: &LeafId| space.leaves.get(leaf).is_some_and(|leaf| leaf.root == customer);
        if !named.iter().all(of_customer) {
            return Err(Rejection::UnknownIdentity);
        }
        named
    };
    part(draft, customer, leaves)
}

/// Parts one identity from its customer.
pub(crate) fn unlink(draft: &mut Draft<'_>, leaf: LeafId) -> Result<(), Rejection> {
    let customer = draft.space.leaves.get(leaf).ok_or(Rejection::UnknownIdentity)?.root;
    part(draft, customer, vec![leaf])
}

/// Parts leaves from their customer.
fn part(draft: &mut Draft<'_>, customer: RootId, mut leaves: Vec<LeafId>) -> Result<(), Rejection> {
    leaves.sort_unstable();
    leaves.dedup();
    let all = draft.space.leaves_of(customer);
    let rest = all.iter().filter(|leaf| !leaves.contains(leaf)).min();
    let (Some(&rest), Some(&parted)) = (rest, leaves.first()) else {
        return Err(Rejection::NothingLeft { customer });
    };
    for &leaf in &all {
        draft.touch(leaf);
    }
    let works: SmallVec<[WorkId; 4]> =
        draft.space.works_of(customer).filter(|work| draft.space.works.contains(*work)).collect();
    draft.push(Change::Unmerged { customer, rest: RootId(rest.0), parted: RootId(parted.0), leaves });
    // What joined them once more would only undo what the agent did.
    draft.push(Change::SuggestionEnded { one: parted, other: rest, end: SuggestionEnd::Parted });
    let mut open = works.clone();
    for work in works {
        let split = split(draft, work, &open);
        open.extend(split);
        tell(draft, work, split);
    }
    // Whose Work or offer takes less than before has room again.
    let cheaper = draft.changes().iter().filter_map(|change| match change {
        Change::CostChanged { agent, .. } => Some(*agent),
        _ => None,
    });
    let cheaper: SmallVec<[AgentId; 2]> = cheaper.collect();
    for agent in cheaper {
        fill(draft, agent);
    }
    Ok(())
}

/// What its place is made of that may go with messages: since when its customer waits, and that it is urgent.
fn made_of(work: &Work) -> (Option<Timestamp>, u64) {
    (work.ours_since, work.given_ms())
}

/// Takes out of a Work what is another customer's now. Gives the Work that has it. `open`: Works of both, as far as they are open.
fn split(draft: &mut Draft<'_>, id: WorkId, open: &[WorkId]) -> Option<WorkId> {
    let work = draft.work(id)?;
    let own = draft.root_of(work.leaf);
    let strange = work.filed().filter(|(_, leaf)| draft.root_of(*leaf) != own);
    let messages: Vec<MessageId> = strange.map(|(message, _)| message).collect();
    let (state, queue, due) = (work.state, work.queue.clone(), made_of(work));
    let parted = part_off(draft, id, messages, vec![id])?;
    let same = draft.work(id).is_none_or(|work| made_of(work) == due);
    if state == WorkState::Queued {
        if !same {
            // Its place was that of what is no part of it any more.
            requeue(draft, id, &queue, QueueCause::Requeued, None);
        } else {
            // Spoken on fewer channels it may be for somebody who could not have it before.
            place(draft, id);
        }
    } else if let (WorkState::Offered, false, Some(work)) = (state, same, draft.work(id)) {
        let key = key(draft.space.config(), &queue, work, draft.now.0);
        draft.push(Change::WorkRekeyed { work: id, key });
    }
    hold_to_channels(draft, id);
    goes_on(draft, id);
    Some(settle(draft, parted, &queue, open))
}

/// What was parted from a Work goes on in the one that its customer has open there, waits in a queue, or is over. Gives its Work.
fn settle(draft: &mut Draft<'_>, parted: WorkId, queue: &Name, open: &[WorkId]) -> WorkId {
    let Some(work) = draft.work(parted) else { return parted };
    let root = draft.root_of(work.leaf);
    let same_place =
        |other: &&Work| (&other.channel, &other.endpoint, &other.brand) == (&work.channel, &work.endpoint, &work.brand);
    let mut there = open.iter().filter(|id| **id != parted).filter_map(|id| draft.work(*id)).filter(same_place);
    let is_theirs = |other: &&Work| !other.state.is_over() && draft.root_of(other.leaf) == root;
    let can_take = |other: &&Work| other.has_room_for(work) && draft.space.requirements.take_on(other, work.channels());
    if let Some((known, state, queue)) = there
        .rfind(|other| is_theirs(other) && can_take(other))
        .map(|known| (known.id, known.state, known.queue.clone()))
    {
        join(draft, parted, known);
        if state == WorkState::Queued {
            requeue(draft, known, &queue, QueueCause::Requeued, None);
        }
        return known;
    }
    if work.ours_since.is_some() {
        let endpoint = draft.space.config().endpoint(&work.channel, &work.endpoint);
        let queue = endpoint.map_or(queue, |endpoint| &endpoint.queue).clone();
        requeue(draft, parted, &queue, QueueCause::New, None);
    } else {
        end(draft, parted, Name::default());
    }
    parted
}
