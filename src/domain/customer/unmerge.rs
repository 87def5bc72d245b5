//! One customer is two: some leaves are parted from the others by one record, and nothing moves (domain rules, section 4).
//!
//! Messages, names, opt-outs and Works go with their leaf. A Work that held words of both sides is split: it stays, with its owner,
//! the Work of its own leaf's customer; what the other side said and is not answered becomes a Work of theirs, linked, queued with
//! the age that it had, or goes to the Work that they have open there. Owners are told.
//!
//! Where words are answered is asked anew of each side: what we sent to one of two people has answered nothing of the other's.

use smallvec::SmallVec;

use super::merge::tell;
use crate::domain::draft::Draft;
use crate::domain::id::{LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::record::{Change, QueueCause, SuggestionEnd, WorkOpened};
use crate::domain::rejection::Rejection;
use crate::domain::routing::requeue;
use crate::domain::view::WorkState;

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
        draft.space.works_of(customer).filter(|work| draft.space.works.contains_key(work)).collect();
    draft.push(Change::Unmerged { customer, rest: RootId(rest.0), parted: RootId(parted.0), leaves });
    // What joined them once more would only undo what the agent did.
    draft.push(Change::SuggestionEnded { one: parted, other: rest, end: SuggestionEnd::Parted });
    for work in works {
        let split = split(draft, work);
        tell(draft, work, split);
    }
    Ok(())
}

/// Takes out of a Work what is another customer's now. Gives the Work that has it.
fn split(draft: &mut Draft<'_>, id: WorkId) -> Option<WorkId> {
    let work = draft.work(id)?;
    let own = draft.root_of(work.leaf);
    let is_own = |leaf| draft.root_of(leaf) == own;
    let answer_to = work.answer_to.as_ref().map(|(leaf, _)| *leaf);
    let mut strange: Vec<LeafId> = work.heard().chain(answer_to).filter(|&leaf| !is_own(leaf)).collect();
    strange.sort_unstable();
    strange.dedup();
    if strange.is_empty() {
        return None;
    }
    let since = if work.is_of_one() { work.ours_since } else { work.waits_for(is_own) };
    let current = |leaf: &LeafId| draft.space.leaves.get(*leaf).is_none_or(|leaf| !leaf.ended);
    let answer_to =
        answer_to.filter(|&leaf| is_own(leaf)).or_else(|| work.latest(is_own).map(|side| side.leaf)).filter(current);
    let (state, queue) = (work.state, work.queue.clone());
    let waits = work.ours_since;

    let taken = take_out(draft, id, &strange);
    draft.push(Change::WorkParted { work: id, leaves: strange, since, answer_to });
    if state == WorkState::Queued && waits != since {
        // Its place was that of what is no part of it any more.
        requeue(draft, id, &queue, QueueCause::Requeued, None);
    }
    if let Some(taken) = taken {
        go_on(draft, taken, &queue);
    }
    taken.map(|taken| taken.work)
}

/// A Work that has words of another one's now.
#[derive(Clone, Copy)]
struct Taken {
    work: WorkId,
    is_new: bool,
}

/// What is unanswered of strangers in a Work becomes theirs.
fn take_out(draft: &mut Draft<'_>, from: WorkId, strange: &[LeafId]) -> Option<Taken> {
    let work = draft.work(from)?;
    let of_strangers = |leaf: LeafId| strange.contains(&leaf);
    let latest = work.latest(of_strangers).filter(|_| work.waits_for(of_strangers).is_some())?;
    let (leaf, channel, endpoint) = (latest.leaf, latest.channel.clone(), latest.endpoint.clone());
    let each: SmallVec<[(LeafId, MessageId); 2]> = work.open_sides(of_strangers).collect();
    let brand = work.brand.clone();
    let taken = match open_of(draft, leaf, &channel, &endpoint) {
        Some(work) => Taken { work, is_new: false },
        None => {
            let work = draft.next_work();
            let conversation = draft.root_of(leaf);
            let linked = vec![from];
            let opened = WorkOpened { leaf, conversation, channel, endpoint, brand, linked };
            draft.push(Change::WorkOpened(Box::new(opened)));
            Taken { work, is_new: true }
        }
    };
    for (leaf, first) in each {
        draft.push(Change::WordsTaken { work: taken.work, from, leaf, first });
    }
    Some(taken)
}

/// The Work that an identity's customer has open on an endpoint: one is enough.
fn open_of(draft: &Draft<'_>, leaf: LeafId, channel: &Name, endpoint: &Name) -> Option<WorkId> {
    let root = draft.root_of(leaf);
    // The customer as it was before has all that are filed; some may be made by this very record.
    let filed = draft.space.works_of(draft.space.root_of(leaf));
    let made = draft.touched_works().iter().map(|work| work.id);
    filed
        .chain(made)
        .filter_map(|id| draft.work(id))
        .filter(|work| work.channel == *channel && work.endpoint == *endpoint && draft.root_of(work.leaf) == root)
        .filter(|work| work.state != WorkState::Closed)
        .map(|work| work.id)
        .max()
}

/// A Work that has got words waits, or goes on.
fn go_on(draft: &mut Draft<'_>, taken: Taken, queue: &Name) {
    let Some(work) = draft.work(taken.work) else { return };
    match (work.state, work.owner) {
        _ if taken.is_new => {
            let config = draft.space.config();
            let endpoint = config.endpoint(&work.channel, &work.endpoint);
            let queue = endpoint.map_or(queue, |endpoint| &endpoint.queue).clone();
            requeue(draft, taken.work, &queue, QueueCause::New, None);
        }
        (WorkState::Queued, _) => {
            let queue = work.queue.clone();
            requeue(draft, taken.work, &queue, QueueCause::Requeued, None);
        }
        (WorkState::WrapUp, Some(owner)) => {
            let cost = draft.agent(owner.agent).map_or(1, |agent| agent.profile.cost(&work.channel));
            draft.push(Change::WrapUpLeft { work: taken.work, agent: owner.agent, cost });
        }
        _ => {}
    }
}
