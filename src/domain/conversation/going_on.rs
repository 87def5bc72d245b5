//! Rule 3 (domain rules, section 5): a matter that goes on is the same by another channel.
//!
//! A message joins the open Work of its brand in which something was said lately, where whoever has it, or may come to have it, can
//! take this channel too, and where the message's own queue requires the same as the Work's. Everything else is a matter of its own:
//! rule 5. Nothing joins on doubt: a message from an address that may be another person's, or a Work whose customer's may be, stay
//! apart; the answer would go to whoever has the address now.

use super::matter::Question;
use crate::domain::draft::Draft;
use crate::domain::id::{LeafId, WorkId};
use crate::domain::session::Agent;
use crate::domain::work::Work;

/// Something was said in a Work at most so long ago, milliseconds: then the matter goes on.
const GOES_ON_MS: i64 = 30 * 60 * 1_000;

/// The Work that the message joins; of several the one with the latest message.
pub(super) fn going_on(draft: &Draft<'_>, question: &Question<'_>) -> Option<WorkId> {
    if !question.reopens || is_nobodys(draft, question.leaf) {
        return None;
    }
    let open = draft.works_of(question.root).filter_map(|id| draft.space.works.get(id));
    open.filter(|work| {
        work.brand == *question.brand
            // What stands on this endpoint and was not found there is another thread.
            && work.place_of(question.channel, question.endpoint).is_none()
            && work.traffic_at.is_some_and(|at| draft.now.millis_since(at) <= GOES_ON_MS)
            && work.answer_to.as_ref().is_none_or(|(leaf, _)| !is_doubted(draft, *leaf))
            && can_take(draft, work, question)
            && question.goes.queue(draft).is_some_and(|queue| draft.space.requirements.are_same(queue, &work.queue))
    })
    .max_by_key(|work| (work.last_message, work.id))
    .map(|work| work.id)
}

/// Whether the owner, or whom it is offered to, can take the channel; if nobody is there, whether one who serves the queue can.
fn can_take(draft: &Draft<'_>, work: &Work, question: &Question<'_>) -> bool {
    let holder = work.owner.map(|owner| owner.agent).or(work.offer.map(|offer| offer.agent));
    let holder = holder.and_then(|agent| draft.agent(agent)).filter(|agent| agent.is_ready());
    holder.map_or_else(
        || draft.space.requirements.take_on(work, std::iter::once(question.channel)),
        |agent: &Agent| agent.serves(question.channel),
    )
}

/// Whether the address is its customer's no longer, or one of several people. Whoever writes from one that was in doubt is known to be
/// its customer, or has got another customer by it.
fn is_nobodys(draft: &Draft<'_>, leaf: LeafId) -> bool {
    draft.space.leaves.get(leaf).is_some_and(|leaf| leaf.ended || leaf.shared)
}

/// Whether whoever has the address now may be somebody else than its customer, or it is one of several people.
fn is_doubted(draft: &Draft<'_>, leaf: LeafId) -> bool {
    let silent = draft.space.leaves.get(leaf).is_some_and(|leaf| leaf.may_be_anothers(draft.now));
    silent || is_nobodys(draft, leaf)
}
