//! What agents decide about whose messages are stored without Work, and what the undo makes of them (domain rules, section 4).
//!
//! `Block` and `MarkSpam` are of identities: a customer's others are heard as before. The undo files what was said meanwhile into the
//! Work that is open where it was said, or into a new one; where other reasons stand, only the reason goes. A block that comes to its
//! end by time is no undo: what came meanwhile was not wanted, and stays in the history.

use smallvec::SmallVec;

use super::erase::cut_off;
use super::resolve::Who;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Change, PersonalValue, QueueCause, WorkOpened};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, requeue};
use crate::domain::time::Timestamp;
use crate::domain::work::{Work, goes_on, known, owned, settle_cost};

/// Disposition of Works that are spam.
const SPAM: &str = "SPAM";
/// Longest reason of a block, bytes: a sentence or two.
const MAX_REASON_BYTES: usize = 256;
/// Customers that one command lets in: each makes a Work that is offered, all in one record.
const LIFTED_AT_ONCE: usize = 16;

/// Messages of an identity are stored without Work from here on.
pub(crate) fn block(
    draft: &mut Draft<'_>,
    leaf: LeafId,
    reason: String,
    until: Option<Timestamp>,
) -> Result<(), Rejection> {
    if draft.space.leaves.get(leaf).is_none_or(|leaf| leaf.is_erased()) {
        return Err(Rejection::UnknownIdentity);
    }
    if reason.len() > MAX_REASON_BYTES || reason.chars().any(char::is_control) {
        return Err(Rejection::Invalid("reason: at most 256 bytes without control characters"));
    }
    if until.is_some_and(|until| until <= draft.now) {
        return Err(Rejection::Invalid("until: is past"));
    }
    if !reason.is_empty() {
        draft.with_content(leaf, PersonalValue::Reason(reason));
    }
    draft.push(Change::Blocked { leaf, until });
    Ok(())
}

/// An identity is blocked no longer, by an agent.
pub(crate) fn unblock(draft: &mut Draft<'_>, leaf: LeafId) -> Result<(), Rejection> {
    let aside = draft.space.people.asides.get(leaf).filter(|aside| aside.block.is_some());
    let last = aside.ok_or(Rejection::NotSetAside("the identity is not blocked"))?.reasons() == 1;
    if last {
        restore(draft, leaf);
    }
    draft.push(Change::Unblocked { leaf });
    Ok(())
}

/// A block has come to its end.
pub(crate) fn block_over(draft: &mut Draft<'_>, leaf: LeafId) {
    if draft.space.people.asides.get(leaf).is_some_and(|aside| aside.block.is_some()) {
        draft.push(Change::Unblocked { leaf });
    }
}

/// A Work is spam: it ends, and those who wrote in it are set aside.
pub(crate) fn mark_spam(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: Option<AssignmentId>,
) -> Result<(), Rejection> {
    let work = match assignment {
        Some(assignment) => owned(draft, agent, id, assignment)?,
        None => known(draft, id)?,
    };
    if let (None, Some(owner)) = (assignment, work.owner) {
        return Err(Rejection::StaleAssignment { current: Some((owner.assignment, owner.agent)) });
    }
    let mut leaves: SmallVec<[LeafId; 2]> = SmallVec::from_iter([work.leaf]);
    for leaf in work.askers() {
        if !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }
    for leaf in leaves {
        draft.push(Change::SpamMarked { work: id, leaf });
    }
    // In the past: nothing opens it again.
    let freed = cut_off(draft, id, Name::const_new(SPAM), Timestamp(draft.now.0 - 1));
    for agent in freed {
        fill(draft, agent);
    }
    Ok(())
}

/// A Work was no spam.
pub(crate) fn clear_spam(draft: &mut Draft<'_>, work: WorkId) -> Result<(), Rejection> {
    let of_work = draft.space.people.asides.iter().filter(|(_, aside)| aside.spam.contains(&work));
    let leaves: SmallVec<[(LeafId, usize); 2]> = of_work.map(|(leaf, aside)| (leaf, aside.reasons())).collect();
    if leaves.is_empty() {
        return Err(Rejection::NotSetAside("the work is no spam"));
    }
    for (leaf, reasons) in leaves {
        if reasons == 1 {
            restore(draft, leaf);
        }
        draft.push(Change::SpamCleared { work, leaf });
    }
    Ok(())
}

/// Customers in quarantine are let in: the one who is named, or the first of an endpoint, [`LIFTED_AT_ONCE`] at most.
pub(crate) fn lift_quarantine(draft: &mut Draft<'_>, named: Option<LeafId>, endpoint: &Name) -> Result<(), Rejection> {
    let asides = &draft.space.people.asides;
    let leaves: SmallVec<[(LeafId, usize); 4]> = match named {
        Some(leaf) => {
            let aside = asides.get(leaf).filter(|aside| aside.quarantine.is_some());
            let aside = aside.ok_or(Rejection::NotSetAside("the identity is not in quarantine"))?;
            SmallVec::from_iter([(leaf, aside.reasons())])
        }
        None => {
            let of = |aside: &super::aside::Aside| aside.quarantine.as_ref().is_some_and(|(by, _)| by == endpoint);
            let waiting = asides.iter().filter(|(_, aside)| of(aside));
            waiting.map(|(leaf, aside)| (leaf, aside.reasons())).take(LIFTED_AT_ONCE).collect()
        }
    };
    for (leaf, reasons) in leaves {
        if reasons == 1 {
            restore(draft, leaf);
        }
        draft.push(Change::QuarantineLifted { leaf });
    }
    Ok(())
}

/// Somebody new wrote. When too many did within the minute, what is said is set aside until somebody lets them in.
pub(crate) fn quarantine(draft: &mut Draft<'_>, who: Who, endpoint: &Name) {
    let is_new = draft.opened(who.leaf).is_some_and(|opened| opened.root.0 == who.leaf.0) && who.root.0 == who.leaf.0;
    let limit = draft.space.config().max_new_customers_per_minute;
    if is_new && draft.space.people.newcomers.is_over(limit, endpoint, draft.now) {
        draft.push(Change::Quarantined { leaf: who.leaf, endpoint: endpoint.clone() });
    }
}

/// Files what an identity has said meanwhile: to be called before the change that takes it off the list.
fn restore(draft: &mut Draft<'_>, leaf: LeafId) {
    let Some(aside) = draft.space.people.asides.get(leaf) else { return };
    let mut places: SmallVec<[(&Name, &Name); 2]> = SmallVec::new();
    for asking in &aside.messages {
        if !places.contains(&(&asking.channel, &asking.endpoint)) {
            places.push((&asking.channel, &asking.endpoint));
        }
    }
    for (channel, endpoint) in places {
        let here = aside.messages.iter().filter(|asking| asking.channel == *channel && asking.endpoint == *endpoint);
        restore_at(draft, leaf, (channel, endpoint), here.map(|asking| asking.id).collect());
    }
}

fn restore_at(draft: &mut Draft<'_>, leaf: LeafId, (channel, endpoint): (&Name, &Name), messages: Vec<MessageId>) {
    // What came by an endpoint that is no longer there is in the history: nobody could answer it.
    let config = draft.space.config();
    let Some(at) = config.endpoint(channel, endpoint) else { return };
    let brand = config.brand(at);
    let root = draft.root_of(leaf);
    let open: SmallVec<[WorkId; 4]> = {
        let touched = draft.touched_works().iter().map(|work| work.id);
        let all = draft.works_of(root).chain(touched).filter_map(|id| draft.work(id));
        let of_brand = |work: &&Work| !work.state.is_over() && work.brand == *brand && draft.root_of(work.leaf) == root;
        all.filter(of_brand).map(|work| work.id).collect()
    };
    let here = |id: &WorkId| draft.work(*id).is_some_and(|work| work.place_of(channel, endpoint).is_some());
    let full = open.len() >= config.max_open_works as usize;
    let known = open.iter().copied().filter(here).max().or_else(|| open.iter().copied().max().filter(|_| full));
    let work = known.unwrap_or_else(|| {
        let work = draft.next_work();
        let linked = open.to_vec();
        draft.push(Change::WorkOpened(Box::new(WorkOpened {
            leaf,
            conversation: root,
            channel: channel.clone(),
            endpoint: endpoint.clone(),
            brand: brand.clone(),
            linked,
        })));
        work
    });
    let audience = draft.work(work).and_then(|work| work.owner).map(|owner| owner.agent).into_iter().collect();
    draft.push(Change::Restored { work, leaf, messages, audience });
    if known.is_none() {
        requeue(draft, work, &at.queue, QueueCause::New, None);
        return;
    }
    settle_cost(draft, work);
    goes_on(draft, work);
}
