//! Notes: messages for agents only, in a Work or in the conversation.

use smallvec::SmallVec;

use super::About;
use super::chatter::may_note_of;
use super::run::Place;
use super::write::place;
use crate::domain::content::{Content, Part};
use crate::domain::delivery::check;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::{AgentId, Name};
use crate::domain::record::{Author, Direction, MessageContent, MessageKind, MessageStored};
use crate::domain::rejection::Rejection;
use crate::domain::visible::may_be_told;
use crate::domain::work::{known, may_note};
use crate::domain::workspace::AgentKind;

/// An agent notes something. It goes nowhere, and whoever owns what it is about, or takes part in it, is told; or one alone, who sees what
/// it is about.
pub(super) fn add(
    draft: &mut Draft<'_>,
    agent: AgentId,
    about: About,
    to: Option<Name>,
    content: Content,
) -> Result<(), Rejection> {
    let whisper = |to: Name| {
        let whom = draft.space.agent_id(&to).ok_or(Rejection::UnknownAgent)?;
        may_be_told(draft.space, &to, &about).map(|()| whom)
    };
    let to = to.map(whisper).transpose()?;
    write(draft, agent, about, to, content)
}

/// Stores a note.
pub(crate) fn write(
    draft: &mut Draft<'_>,
    agent: AgentId,
    about: About,
    to: Option<AgentId>,
    content: Content,
) -> Result<(), Rejection> {
    check(draft, &content)?;
    if content.parts.iter().any(|part| matches!(part, Part::Mail(_))) {
        return Err(Rejection::Invalid("content: a note is no mail"));
    }
    let Place { work, leaf, mut audience } = place(draft, about)?;
    match work {
        Some(work) => may_note(draft, agent, work)?,
        None => may_note_of(draft, agent, leaf)?,
    }
    let kind = draft.agent(agent).ok_or(Rejection::UnknownAgent)?.profile.kind;
    let (channel, endpoint) = match work {
        Some(work) => {
            let work = known(draft, work)?;
            (work.channel.clone(), work.endpoint.clone())
        }
        None => (Name::default(), Name::default()),
    };
    if let Some(to) = to {
        audience = SmallVec::from_slice(&[to]);
    }
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
        whispered_to: to,
        audience: audience.into_iter().collect(),
        ..MessageStored::default()
    };
    draft.push_message(message, MessageContent { content, ..MessageContent::default() });
    Ok(())
}
