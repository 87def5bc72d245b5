//! Which Work a message belongs to (domain rules, section 5): the first rule that fits.
//!
//! No rule leads to a Work of another brand, not even the message answered: the answer would go out by this endpoint, in its brand's
//! name.

use super::destination::Destination;
use super::going_on::going_on;
use crate::domain::conversation::{own_mail_fingerprint, provider_fingerprint};
use crate::domain::draft::Draft;
use crate::domain::id::{LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::time::Timestamp;
use crate::domain::work::{ClosedWork, Work};
use crate::domain::workspace::Workspace;

/// A customer's next message on an endpoint within this time of the one before stays in its Work, whatever its thread, milliseconds.
const FOLLOW_UP_MS: i64 = 2 * 60 * 1_000;

/// What is known of a message before its Work is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'e> {
    pub(crate) root: RootId,
    pub(crate) leaf: LeafId,
    pub(crate) channel: &'e Name,
    pub(crate) endpoint: &'e Name,
    /// Brand of the endpoint; empty: the configuration has the endpoint no longer.
    pub(crate) brand: &'e Name,
    /// Where it goes as a matter of its own.
    pub(crate) goes: &'e Destination<'e>,
    /// Thread of the channel's that it stands in, where the channel has them.
    pub(crate) thread: Option<&'e str>,
    /// Provider's ids of messages that it answers: quoted, or the mail thread of the same sender; nearest first.
    pub(crate) answers: &'e [&'e str],
    /// Whether a closed Work opens again for it: for what a person says.
    pub(crate) reopens: bool,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matter {
    /// Into an open Work.
    Open(WorkId),
    /// Into a closed Work, which opens again.
    Reopen(WorkId),
    /// Into a new Work, linked to the open ones.
    New {
        /// Open Works of the Conversation.
        linked: Vec<WorkId>,
    },
    /// The limit of open Works is reached: into the latest open one of the brand that can be spoken on there, flagged.
    AtLimit(WorkId),
}

/// The message that is answered, if it is one of this customer's Conversation.
pub(crate) fn answered(draft: &Draft<'_>, question: &Question<'_>) -> Option<(MessageId, Option<WorkId>)> {
    let key = draft.space.hash_key();
    question.answers.iter().find_map(|id| {
        let fingerprint = provider_fingerprint(key, question.channel, question.endpoint, id);
        let known = &draft.space.provider_ids;
        let is_mail = question.channel == "email";
        let own = is_mail.then(|| known.get(own_mail_fingerprint(key, question.leaf, id))).flatten();
        let &(message, work) = own.or_else(|| known.get(fingerprint))?;
        let work = draft.space.work_of(message, work).filter(|&work| fits(draft, work, question));
        Some((message, work)).filter(|_| work.is_some())
    })
}

/// Chooses by the rules in their order.
pub(crate) fn choose(draft: &Draft<'_>, question: &Question<'_>, answered: Option<WorkId>) -> Matter {
    let space = draft.space;
    if let Some(work) = answered {
        if space.works.contains(work) {
            return Matter::Open(work);
        }
        if question.reopens && reopenable(draft, work) {
            return Matter::Reopen(work);
        }
    }
    if let Some(work) = open_on_endpoint(draft, question) {
        return Matter::Open(work);
    }
    if let Some(work) = going_on(draft, question) {
        return Matter::Open(work);
    }
    if let Some(work) = last_closed_on_endpoint(draft, question).filter(|_| question.reopens) {
        return Matter::Reopen(work);
    }
    let linked: Vec<WorkId> = draft.works_of(question.root).filter(|work| space.works.contains(*work)).collect();
    let open = || linked.iter().filter_map(|work| space.works.get(*work));
    let of_brand = || open().filter(|work| question.is_of_brand(&work.brand));
    let at_limit = of_brand().count() >= space.config().max_open_works as usize;
    // One that nobody could take any more would wait for ever: rather one more than that, and the next goes there.
    let can_take = |work: &&Work| space.requirements.take_on(work, std::iter::once(question.channel));
    let latest = || of_brand().filter(can_take).max_by_key(|work| (work.last_message, work.id));
    match at_limit.then(latest).flatten() {
        Some(work) => Matter::AtLimit(work.id),
        None => Matter::New { linked },
    }
}

/// Rule 2: the open Work on the same endpoint, and in the same thread where the message and the Work name one; of several the one
/// in the very thread, then the one with the latest message. A quick follow-up to any of them opens nothing.
pub(crate) fn open_on_endpoint(draft: &Draft<'_>, question: &Question<'_>) -> Option<WorkId> {
    let space = draft.space;
    draft
        .works_of(question.root)
        .filter_map(|id| space.works.get(id))
        .filter(|work| {
            work.place_of(question.channel, question.endpoint).is_some() && question.is_of_brand(&work.brand)
        })
        .filter(|work| !question.leaves_thread(work) || question.follows_up(work, draft.now))
        .max_by_key(|work| (work.thread.as_deref() == question.thread, work.last_message, work.id))
        .map(|work| work.id)
}

impl Question<'_> {
    /// Whether a Work of that brand may be answered by this endpoint.
    fn is_of_brand(&self, brand: &str) -> bool {
        self.brand.is_empty() || self.brand == brand
    }

    /// Whether both name a thread, and not the same.
    fn leaves_thread(&self, work: &Work) -> bool {
        work.thread.as_deref().zip(self.thread).is_some_and(|(theirs, ours)| theirs != ours)
    }

    /// Whether the same identity wrote in the Work a moment ago, on this endpoint.
    fn follows_up(&self, work: &Work, now: Timestamp) -> bool {
        let same = work.answer_to.as_ref().is_some_and(|(leaf, by)| *leaf == self.leaf && by == self.endpoint);
        same && work.last_in_at.is_some_and(|at| now.millis_since(at) < FOLLOW_UP_MS)
    }
}

/// Rule 4: the last closed Work on the endpoint inside its continuation window.
pub(crate) fn last_closed_on_endpoint(draft: &Draft<'_>, question: &Question<'_>) -> Option<WorkId> {
    let space = draft.space;
    draft
        .works_of(question.root)
        .filter_map(|id| space.closed.get(id))
        .filter(|work| {
            work.reopen_until >= draft.now
                && question.is_of_brand(space.names.get(work.brand))
                && is_on(space, work, question)
        })
        .max_by_key(|work| (work.last_message(), work.id))
        .map(|work| work.id)
}

/// Whether the closed Work was spoken on by the endpoint.
fn is_on(space: &Workspace, work: &ClosedWork, question: &Question<'_>) -> bool {
    let by = |channel: &Name, endpoint: &Name| endpoint == question.endpoint && channel == question.channel;
    let beside = || space.matters.of_closed(work.id).map(|beside| &beside.places).into_iter().flatten();
    by(space.names.get(work.channel), space.names.get(work.endpoint))
        || beside().any(|place| by(&place.channel, &place.endpoint))
}

/// Whether the Work is closed, and a message may open it again.
pub(crate) fn reopenable(draft: &Draft<'_>, work: WorkId) -> bool {
    draft.space.closed.get(work).is_some_and(|work| work.reopen_until >= draft.now)
}

/// The leaf that a Work is filed under, open or closed.
pub(crate) fn leaf_of(draft: &Draft<'_>, work: WorkId) -> Option<LeafId> {
    let space = draft.space;
    space.works.get(work).map(|work| work.leaf).or_else(|| space.closed.get(work).map(|work| work.leaf))
}

/// Whether the Work is one of the customer's.
pub(crate) fn belongs(draft: &Draft<'_>, work: WorkId, root: RootId) -> bool {
    leaf_of(draft, work).is_some_and(|leaf| draft.root_of(leaf) == root)
}

/// The brand of a Work, open or closed.
pub(crate) fn brand_of<'d>(draft: &Draft<'d>, work: WorkId) -> Option<&'d Name> {
    let space = draft.space;
    let open = space.works.get(work).map(|work| &work.brand);
    open.or_else(|| space.closed.get(work).map(|work| space.names.get(work.brand)))
}

/// Whether the Work is one of the customer's, of the brand that the question is asked of.
fn fits(draft: &Draft<'_>, work: WorkId, question: &Question<'_>) -> bool {
    belongs(draft, work, question.root) && brand_of(draft, work).is_some_and(|brand| question.is_of_brand(brand))
}
