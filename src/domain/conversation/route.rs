//! Where an item goes: into which Work, or into none.

use super::item::Item;
use super::matter::{self, Matter, Question};
use super::thanks::only_thanks;
use crate::domain::content::Part;
use crate::domain::draft::Draft;
use crate::domain::event::InboundEvent;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::Flags;
use crate::domain::workspace::Workspace;

/// Where an item goes.
#[derive(Clone, Debug)]
pub(super) enum Route {
    Into(WorkId),
    AtLimit(WorkId),
    Reopen(WorkId),
    Open(Vec<WorkId>),
    Thanks(Option<AgentId>),
    Nowhere,
}

/// Chooses. What is set aside is kept in the Conversation of its group or thread, and asks nothing of anybody.
pub(super) fn route(
    draft: &Draft<'_>,
    question: &Question<'_>,
    answered: Option<WorkId>,
    item: &Item,
    event: &InboundEvent,
    flags: Flags,
    set_aside: bool,
) -> Route {
    if set_aside {
        return Route::Nowhere;
    }
    let asks = item.kind.awaits_answer() && !item.external && !event.backfill && !flags.is_quiet();
    if !asks {
        let open = answered.filter(|work| draft.space.works.contains(*work));
        return open.or_else(|| matter::open_on_endpoint(draft, question)).map_or(Route::Nowhere, Route::Into);
    }
    if let Some(last_owner) = thanked(draft, question, item) {
        return Route::Thanks(last_owner);
    }
    match matter::choose(draft, question, answered) {
        Matter::Open(work) => Route::Into(work),
        Matter::AtLimit(work) => Route::AtLimit(work),
        Matter::Reopen(work) => Route::Reopen(work),
        Matter::New { linked } => Route::Open(linked),
    }
}

/// "Thanks" after the end of the matter: the last owner, if so.
fn thanked(draft: &Draft<'_>, question: &Question<'_>, item: &Item) -> Option<Option<AgentId>> {
    let space = draft.space;
    let only_text = item.content.parts.iter().all(|part| matches!(part, Part::Mail(_)));
    if !only_text || draft.works_of(question.root).any(|work| space.works.contains(work)) {
        return None;
    }
    let id = matter::last_closed_on_endpoint(draft, question)?;
    let closed = space.closed.get(id)?;
    let thanked = closed.answered() && only_thanks(&item.content.text, &space.config().thanks);
    thanked.then(|| closed.last_owner().filter(|agent| may_hear(space, *agent, id)))
}

/// Whether whoever had a Work works here still, and may see it: queues change hands.
fn may_hear(space: &Workspace, agent: AgentId, work: WorkId) -> bool {
    let Some(name) = space.agent_name(agent) else { return false };
    let sees = || space.work(work).is_some_and(|view| space.sight(name).sees_work(&view));
    space.config().profile(name).is_some() && sees()
}

/// Provider's ids of what the item answers or is about, nearest first.
pub(super) fn answers(item: &Item, event: &InboundEvent) -> Vec<String> {
    let mut ids: Vec<String> = item.quoted.iter().cloned().collect();
    if !item.kind.is_said() {
        ids.extend(event.message_ref.iter().cloned());
    }
    for part in &item.content.parts {
        if let Part::Mail(mail) = part {
            ids.extend(mail.in_reply_to.iter().cloned());
            ids.extend(mail.references.iter().rev().cloned());
        }
    }
    ids
}
