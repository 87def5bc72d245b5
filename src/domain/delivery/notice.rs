//! Notices to customers (domain rules, section 1): the machine says that it is closed, or that it takes longer.
//!
//! They go the way of every other message, and obey what holds for all that nobody wrote by hand: the refusal of an address, the reply
//! window, the loop guard. Never to programs, never to a mail that nobody vouches for: its sender may be anybody's. They answer nothing:
//! the turn stays ours, and the wait goes on.

use super::reach::{Because, Sending, may_send};
use super::send::{Outgoing, push_out};
use crate::domain::channel::carries;
use crate::domain::content::Content;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Author, Change, Flags, MessageKind, NoticeKind, NoticeSent, NoticeSet, Purpose};
use crate::domain::rules;
use crate::domain::time::Timestamp;
use crate::domain::view::EstimateOf;
use crate::domain::work::guard;

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// The time of a Notice has come.
pub(crate) fn notice_due(draft: &mut Draft<'_>, id: WorkId) {
    let Some((kind, _)) = draft.work(id).and_then(|work| work.notice_due()) else { return };
    if say(draft, id, kind).is_none() {
        draft.push(Change::NoticeSet(NoticeSet { work: id, kind, at: None }));
    }
}

/// Says it, if it is to be said still, and may go there.
fn say(draft: &mut Draft<'_>, id: WorkId, kind: NoticeKind) -> Option<()> {
    let (space, now) = (draft.space, draft.now);
    let config = space.config();
    let work = draft.work(id).filter(|work| work.is_nobodys() && work.last_in.is_some())?;
    let notice = config.notice(kind, &work.queue)?;
    let closed = !space.is_open(&work.queue);
    let opens_at = space.opens_at(&work.queue).filter(|_| closed);
    if closed != (kind == NoticeKind::Closed) || work.silences().is_some() || work.was_told(kind, opens_at, now) {
        return None;
    }
    let heard = work.heard_as()?;
    let (leaf, by) = work.answer_to.clone()?;
    let endpoint = config.endpoints.iter().find(|endpoint| endpoint.name == by)?;
    if endpoint.channel == "email" && heard < Assurance::Platform {
        return None;
    }
    let known = space.leaves.get(leaf).filter(|leaf| leaf.scope == Scope::Direct)?;
    let sending =
        Sending { root: draft.root_of(work.leaf), brand: &work.brand, purpose: Purpose::Notice, template: false, now };
    may_send(space, sending, leaf, endpoint, Because::Asked).ok()?;
    let address = (known.address.clone()?, known.hash());
    // What is offered already has no place, and says nothing of how long it takes from the opening on.
    let estimate = space.estimate(&EstimateOf::Work(id), now).filter(|view| view.position > 0);
    let likely_ms = estimate.and_then(|view| Some(view.range?.likely_ms));
    let minutes = likely_ms.map(|likely_ms| likely_ms.div_ceil(MINUTE_MS).max(1));
    let opens = opens_at.and_then(|at| local(draft, id, at));
    let text = notice.say(&language(draft, id), opens.as_deref(), minutes)?;
    let content = Content::text(text);
    carries(&endpoint.channel, &content).ok()?;
    let out = Outgoing {
        agent: None,
        author: Author::System,
        work: id,
        assignment: None,
        leaf,
        address,
        endpoint,
        purpose: Purpose::Notice,
        kind: MessageKind::Message,
        content,
        about: None,
        flags: Flags::default(),
        seen_through: None,
        not_after: opens_at,
    };
    let message = push_out(draft, out).ok()?;
    draft.push(Change::NoticeSent(NoticeSent { work: id, kind, message, opens_at }));
    guard(draft, id);
    Some(())
}

/// The language that the customer speaks, as rules know it, or as is said of it; empty: not known.
fn language(draft: &Draft<'_>, id: WorkId) -> Name {
    let Some(work) = draft.work(id) else { return Name::default() };
    let ruled = work.routing.as_ref().and_then(|routing| routing.inputs.as_ref()).map(|inputs| inputs.language.clone());
    let told = || {
        let facts = draft.space.facts_of(draft.root_of(work.leaf));
        let told = facts.iter().find(|(_, fact)| fact.key == "language");
        told.map(|(_, fact)| rules::language(&fact.value)).unwrap_or_default()
    };
    ruled.filter(|language| !language.is_empty()).unwrap_or_else(told)
}

/// A time in the zone of the hours of the Work's queue.
fn local(draft: &Draft<'_>, id: WorkId, at: Timestamp) -> Option<String> {
    let config = draft.space.config();
    let hours = config.queue(&draft.work(id)?.queue)?.hours.as_ref()?;
    config.calendar_of(hours)?.local(at)
}
