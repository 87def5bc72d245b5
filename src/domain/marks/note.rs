//! Notes: messages for agents only, in a Work or in the conversation.

use super::About;
use super::run::Place;
use super::write::place;
use crate::domain::content::{Content, Part};
use crate::domain::delivery::check;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::{AgentId, Name};
use crate::domain::record::{Author, Direction, MessageContent, MessageKind, MessageStored};
use crate::domain::rejection::Rejection;
use crate::domain::work::known;
use crate::domain::workspace::AgentKind;

/// An agent notes something. It goes nowhere, and whoever owns what it is about is told.
pub(super) fn add(draft: &mut Draft<'_>, agent: AgentId, about: About, content: Content) -> Result<(), Rejection> {
    check(&content)?;
    if content.parts.iter().any(|part| matches!(part, Part::Mail(_))) {
        return Err(Rejection::Invalid("content: a note is no mail"));
    }
    let Place { work, leaf, mut audience } = place(draft, about)?;
    let kind = draft.agent(agent).ok_or(Rejection::UnknownAgent)?.profile.kind;
    let (channel, endpoint) = match work {
        Some(work) => {
            let work = known(draft, work)?;
            (work.channel.clone(), work.endpoint.clone())
        }
        None => (Name::default(), Name::default()),
    };
    if !audience.contains(&agent) {
        // The sessions of its author have it in their order, too.
        audience.push(agent);
    }
    let message = MessageStored {
        leaf,
        conversation: draft.root_of(leaf),
        work,
        direction: Direction::Note,
        kind: MessageKind::Message,
        author: match kind {
            AgentKind::Human => Author::Agent(agent),
            AgentKind::Bot => Author::Bot(agent),
        },
        assurance: Assurance::LoggedIn,
        scope: draft.space.leaves.get(leaf).map_or(Scope::Direct, |leaf| leaf.scope),
        channel,
        endpoint,
        audience: audience.into_iter().collect(),
        ..MessageStored::default()
    };
    draft.push_message(message, MessageContent { content, ..MessageContent::default() });
    Ok(())
}
