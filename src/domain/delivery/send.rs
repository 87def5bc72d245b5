//! Answers of agents: fenced by assignment, sent where the customer last wrote from, refused with what is true now.

use smallvec::SmallVec;

use super::mail::{Letter, letter, named};
use super::opt_out::is_refused;
use super::reach::{Because, Sending, may_send};
use crate::domain::channel::{carries, reports_through};
use crate::domain::command::{Recipient, Send};
use crate::domain::content::Content;
use crate::domain::conversation::provider_fingerprint;
use crate::domain::customer::email_hash;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, ErrorClass, Scope};
use crate::domain::id::{AgentId, AssignmentId, LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Author, Change, Direction, Flags, MessageContent, MessageKind, MessageStored, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::upload::are_there;
use crate::domain::work::{Work, charge_switch, charge_wait, guard, known, may_note, speaks};
use crate::domain::workspace::{AgentKind, EndpointConfig, TemplateConfig};

/// Longest text of an answer, bytes.
const MAX_TEXT_BYTES: usize = 64 * 1_024;
/// Most parts of an answer.
const MAX_PARTS: usize = 64;

/// An agent answers. `again`: the message of ours that it takes the place of.
pub(crate) fn send(
    draft: &mut Draft<'_>,
    agent: AgentId,
    send: Send,
    again: Option<MessageId>,
) -> Result<(), Rejection> {
    check(draft, &send.content)?;
    let kind = draft.agent(agent).ok_or(Rejection::UnknownAgent)?.profile.kind;
    let author = match kind {
        AgentKind::Human => Author::Agent(agent),
        AgentKind::Bot => Author::Bot(agent),
    };
    let work = speaks(draft, agent, send.work, send.assignment)?;
    if send.seen_through.is_some_and(|seen| seen.index() >= draft.index()) {
        // It would hide whatever the customer writes next.
        return Err(Rejection::UnknownMessage);
    }
    if let (true, Some(latest)) = (send.if_unchanged.unwrap_or(kind == AgentKind::Bot), work.last_in)
        && send.seen_through.is_none_or(|seen| seen < latest)
    {
        return Err(Rejection::NewerMessages { latest });
    }
    if send.note {
        may_note(draft, agent, send.work)?;
        note(draft, agent, author, send);
        return Ok(());
    }
    if let Some(reason) = work.silences().filter(|_| kind == AgentKind::Bot) {
        return Err(Rejection::AutomationMuted { reason });
    }

    let (leaf, endpoint, because) = recipient(draft, work, send.to.as_ref())?;
    let template = draft.space.config().template_of(endpoint, &send.content)?;
    let purpose = effective(send.purpose, template);
    let sending = Sending {
        root: draft.root_of(work.leaf),
        brand: &work.brand,
        purpose,
        template: template.is_some(),
        now: draft.now,
    };
    may_send(draft.space, sending, leaf, endpoint, because)?;
    if named(&send.content).any(|address| is_refused_by(draft, address, purpose, &endpoint.channel)) {
        return Err(Rejection::CannotSend(ErrorClass::OptedOut));
    }
    carries(&endpoint.channel, &send.content)
        .map_err(|what| Rejection::NotCarried { channel: endpoint.channel.clone(), what })?;
    let known = draft.space.leaves.get(leaf).ok_or(Rejection::NoRecipient)?;
    let address = (known.address.clone().ok_or(Rejection::NoRecipient)?, known.hash());
    let id = send.work;
    push_out(
        draft,
        Outgoing {
            agent: Some(agent),
            author,
            work: id,
            assignment: Some(send.assignment),
            leaf,
            address,
            endpoint,
            purpose,
            kind: MessageKind::Message,
            content: send.content,
            about: again,
            flags: again.map_or_else(Flags::default, |_| Flags::RETRY),
            seen_through: send.seen_through,
            not_after: send.not_after,
        },
    )?;
    if kind == AgentKind::Bot || draft.work(id).is_some_and(Work::has_automation) {
        guard(draft, id);
    }
    Ok(())
}

/// What a message is sent for: what its words were approved for, where they were.
pub(super) fn effective(purpose: Purpose, template: Option<&TemplateConfig>) -> Purpose {
    template.map(|template| template.purpose).filter(|purpose| *purpose != Purpose::Service).unwrap_or(purpose)
}

/// For agents only: it goes nowhere.
fn note(draft: &mut Draft<'_>, agent: AgentId, author: Author, send: Send) {
    let Some(work) = draft.work(send.work) else { return };
    let leaf = work.leaf;
    let message = MessageStored {
        leaf,
        conversation: draft.root_of(leaf),
        work: Some(send.work),
        direction: Direction::Note,
        kind: MessageKind::Message,
        author,
        assurance: Assurance::LoggedIn,
        scope: draft.space.leaves.get(leaf).map_or(Scope::Direct, |leaf| leaf.scope),
        purpose: send.purpose,
        channel: work.channel.clone(),
        endpoint: work.endpoint.clone(),
        flags: noted_flags(&work.channel),
        audience: told(work, Some(agent)),
        assignment: Some(send.assignment),
        seen_through: send.seen_through,
        not_after: send.not_after,
        ..MessageStored::default()
    };
    draft.push_message(message, MessageContent { content: send.content, ..MessageContent::default() });
}

/// Who is told of what is said in a Work: its author first, if that is an agent.
fn told(work: &Work, author: Option<AgentId>) -> SmallVec<[AgentId; 1]> {
    let others = work.told().filter(|agent| Some(*agent) != author);
    author.into_iter().chain(others).collect()
}

/// In the record: what is folded of it must not follow the table of another build.
fn noted_flags(channel: &str) -> Flags {
    if reports_through(channel) { Flags::REPORTED_THROUGH } else { Flags::default() }
}

/// A message of ours on its way, judged already.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    /// None: the machine says it.
    pub(super) agent: Option<AgentId>,
    pub(super) author: Author,
    pub(super) work: WorkId,
    pub(super) assignment: Option<AssignmentId>,
    pub(super) leaf: LeafId,
    /// Address of the leaf, and its keyed hash.
    pub(super) address: (Name, u128),
    pub(super) endpoint: &'a EndpointConfig,
    pub(super) purpose: Purpose,
    pub(super) kind: MessageKind,
    pub(super) content: Content,
    pub(super) about: Option<MessageId>,
    pub(super) flags: Flags,
    pub(super) seen_through: Option<MessageId>,
    pub(super) not_after: Option<Timestamp>,
}

/// Stores it in its Work.
pub(super) fn push_out(draft: &mut Draft<'_>, out: Outgoing<'_>) -> Result<MessageId, Rejection> {
    let Outgoing { leaf, endpoint, kind, .. } = out;
    let said = kind == MessageKind::Message;
    let by_itself = out.author == Author::System;
    if said && !by_itself {
        charge_wait(draft, out.work);
        charge_switch(draft, out.work, &endpoint.name);
    }
    let work = draft.work(out.work).ok_or(Rejection::UnknownWork)?;
    // A token answers the message that it came with, and nothing else: it is left for whoever answers. A thread is one of a chat with this address.
    let answers = work.answer_to.as_ref().is_some_and(|(to, by)| *to == leaf && *by == endpoint.name);
    let tokens = work.tokens.as_ref().filter(|_| answers && said && !by_itself).map(|tokens| tokens.at(draft.now));
    let (reply_token, read_token) = tokens.unwrap_or_default();
    let letter = match endpoint.channel.as_str() {
        "email" if said => letter(draft, work, &out.address, endpoint, out.content)?,
        _ => Letter { content: out.content, ..Letter::default() },
    };
    let copied = letter.copied;
    let words = MessageContent {
        thread: work.thread.as_deref().filter(|_| answers).map(str::to_owned),
        reply_token,
        read_token,
        recipient: Some(out.address.0.to_string()),
        content: letter.content,
        reply_to_token: letter.reply_to_token,
        copies: letter.copies,
        ..MessageContent::default()
    };
    // The structure knows its mail again, also when its words are gone.
    let provider_fingerprint = words
        .outbound_mail_id()
        .map_or(0, |mail_id| provider_fingerprint(draft.space.hash_key(), &endpoint.channel, &endpoint.name, mail_id));
    let message = MessageStored {
        leaf,
        conversation: draft.root_of(work.leaf),
        work: Some(out.work),
        direction: Direction::Out,
        kind,
        author: out.author,
        assurance: Assurance::LoggedIn,
        scope: draft.space.leaves.get(leaf).map_or(Scope::Direct, |leaf| leaf.scope),
        purpose: out.purpose,
        channel: endpoint.channel.clone(),
        endpoint: endpoint.name.clone(),
        flags: if said { out.flags.with(noted_flags(&endpoint.channel)) } else { out.flags },
        about: out.about,
        provider_fingerprint,
        audience: told(work, out.agent),
        assignment: out.assignment,
        seen_through: out.seen_through,
        not_after: out.not_after,
        copied,
        ..MessageStored::default()
    };
    Ok(draft.push_message(message, words))
}

/// Whether whoever had a mail address last refuses, also if they were erased since: a refusal outlives that.
pub(super) fn is_refused_by(draft: &Draft<'_>, address: &str, purpose: Purpose, channel: &str) -> bool {
    let space = draft.space;
    let leaf = email_hash(space, address).and_then(|hash| space.leaves.find(hash));
    leaf.is_some_and(|leaf| is_refused(space, leaf, purpose, channel))
}

/// Whether a message of an agent's can say that.
pub(crate) fn check(draft: &Draft<'_>, content: &Content) -> Result<(), Rejection> {
    if content.text.is_empty() && content.parts.is_empty() {
        return Err(Rejection::Invalid("content: neither text nor parts"));
    }
    if content.text.len() > MAX_TEXT_BYTES {
        return Err(Rejection::Limit("text of a message: 64 KiB"));
    }
    if content.parts.len() > MAX_PARTS {
        return Err(Rejection::Limit("parts of a message: 64"));
    }
    if content.text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Rejection::Invalid("text: control characters"));
    }
    are_there(draft.space, content, draft.now)
}

/// Where the answer goes: where the last customer message of the Work came from, or where the author names it.
pub(super) fn recipient<'a>(
    draft: &Draft<'a>,
    work: &Work,
    named: Option<&Recipient>,
) -> Result<(LeafId, &'a EndpointConfig, Because), Rejection> {
    let origin = work.answer_to.clone();
    let (leaf, endpoint, because) = match named {
        Some(to) => {
            let is_origin = origin.is_some_and(|(leaf, endpoint)| leaf == to.leaf && endpoint == to.endpoint);
            (to.leaf, to.endpoint.clone(), if is_origin { Because::Asked } else { Because::Named })
        }
        None => {
            let (leaf, endpoint) = origin.ok_or(Rejection::NoRecipient)?;
            (leaf, endpoint, Because::Asked)
        }
    };
    let known = draft.space.config().endpoints.iter().find(|known| known.name == endpoint);
    Ok((leaf, known.ok_or(Rejection::UnknownEndpoint(endpoint))?, because))
}

/// The owner has read the Work up to a message.
pub(crate) fn mark_read(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    through: MessageId,
) -> Result<(), Rejection> {
    let work = known(draft, id)?;
    match work.owner {
        Some(owner) if owner.agent == agent => {}
        owner => {
            return Err(Rejection::NotOwner { owner: owner.map(|owner| owner.agent) });
        }
    }
    // What agents noted is read, too.
    let last = work.last_message.max(work.messages().map(|(id, _)| id).last());
    if last.is_none_or(|last| through > last) {
        return Err(Rejection::UnknownMessage);
    }
    if work.seen.is_none_or(|seen| through > seen) {
        draft.push(Change::SeenMarked { agent, work: id, through });
    }
    Ok(())
}
