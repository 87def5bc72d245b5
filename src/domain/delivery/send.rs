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
use crate::domain::id::{AgentId, LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Author, Change, Direction, Flags, MessageContent, MessageKind, MessageStored, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::work::{Work, known, owned};
use crate::domain::workspace::{AgentKind, EndpointConfig};

/// Longest text of an answer, bytes.
const MAX_TEXT_BYTES: usize = 64 * 1_024;
/// Most parts of an answer.
const MAX_PARTS: usize = 64;

/// An agent answers.
pub(crate) fn send(draft: &mut Draft<'_>, agent: AgentId, mut send: Send) -> Result<(), Rejection> {
    check(&send.content)?;
    let kind = draft.agent(agent).ok_or(Rejection::UnknownAgent)?.profile.kind;
    let author = match kind {
        AgentKind::Human => Author::Agent(agent),
        AgentKind::Bot => Author::Bot(agent),
    };
    let work = owned(draft, agent, send.work, send.assignment)?;
    if send.seen_through.is_some_and(|seen| seen.index() >= draft.index()) {
        // It would hide whatever the customer writes next.
        return Err(Rejection::UnknownMessage);
    }
    if let (true, Some(latest)) = (send.if_unchanged.unwrap_or(kind == AgentKind::Bot), work.last_in)
        && send.seen_through.is_none_or(|seen| seen < latest)
    {
        return Err(Rejection::NewerMessages { latest });
    }

    let (leaf, endpoint_name, channel): (LeafId, Name, Name) = if send.note {
        (work.leaf, work.endpoint.clone(), work.channel.clone())
    } else {
        let (leaf, endpoint, because) = recipient(draft, work, send.to.as_ref())?;
        let template = draft.space.config().template_of(endpoint, &send.content)?;
        if let Some(template) = template.filter(|_| send.purpose == Purpose::Service) {
            // What its words are for says the one who had them approved.
            send.purpose = template.purpose;
        }
        let sending = Sending {
            root: draft.root_of(work.leaf),
            brand: &work.brand,
            purpose: send.purpose,
            template: template.is_some(),
            now: draft.now,
        };
        may_send(draft.space, sending, leaf, endpoint, because)?;
        if named(&send.content).any(|address| is_refused_by(draft, address, send.purpose, &endpoint.channel)) {
            return Err(Rejection::CannotSend(ErrorClass::OptedOut));
        }
        carries(&endpoint.channel, &send.content)
            .map_err(|what| Rejection::NotCarried { channel: endpoint.channel.clone(), what })?;
        (leaf, endpoint.name.clone(), endpoint.channel.clone())
    };
    let conversation = draft.space.root_of(work.leaf);
    let mut copied = Vec::new();
    let words = if send.note {
        MessageContent { content: send.content, ..MessageContent::default() }
    } else {
        let address = draft.space.leaves.get(leaf).and_then(|leaf| leaf.address.as_ref());
        // A token answers the message that it came with, and nothing else; a thread is one of a chat with this address.
        let answers = work.answer_to.as_ref().is_some_and(|(to, by)| *to == leaf && *by == endpoint_name);
        let tokens = work.tokens.as_ref().filter(|_| answers).map(|tokens| tokens.at(draft.now));
        let (reply_token, read_token) = tokens.unwrap_or_default();
        let mailbox = draft.space.config().endpoint(&channel, &endpoint_name).filter(|_| channel == "email");
        let letter = match mailbox {
            Some(mailbox) => letter(draft, work, leaf, mailbox, send.content)?,
            None => Letter { content: send.content, ..Letter::default() },
        };
        copied = letter.copied;
        MessageContent {
            thread: work.thread.as_deref().filter(|_| answers).map(str::to_owned),
            reply_token,
            read_token,
            recipient: Some(address.ok_or(Rejection::NoRecipient)?.to_string()),
            content: letter.content,
            reply_to_token: letter.reply_to_token,
            copies: letter.copies,
            ..MessageContent::default()
        }
    };
    let scope = draft.space.leaves.get(leaf).map_or(Scope::Direct, |leaf| leaf.scope);
    // In the record: what is folded of it must not follow the table of another build.
    let flags = if reports_through(&channel) { Flags::REPORTED_THROUGH } else { Flags::default() };
    // The structure knows its mail again, also when its words are gone.
    let provider_fingerprint = words
        .outbound_mail_id()
        .map_or(0, |mail_id| provider_fingerprint(draft.space.hash_key(), &channel, &endpoint_name, mail_id));
    let message = MessageStored {
        leaf,
        conversation,
        work: Some(send.work),
        direction: if send.note { Direction::Note } else { Direction::Out },
        kind: MessageKind::Message,
        author,
        assurance: Assurance::LoggedIn,
        scope,
        purpose: send.purpose,
        channel,
        endpoint: endpoint_name,
        flags,
        provider_fingerprint,
        audience: SmallVec::from_slice(&[agent]),
        assignment: Some(send.assignment),
        seen_through: send.seen_through,
        not_after: send.not_after,
        copied,
        ..MessageStored::default()
    };
    draft.push_message(message, words);
    Ok(())
}

/// Whether whoever had a mail address last refuses, also if they were erased since: a refusal outlives that.
fn is_refused_by(draft: &Draft<'_>, address: &str, purpose: Purpose, channel: &str) -> bool {
    let space = draft.space;
    let leaf = email_hash(space, address).and_then(|hash| space.leaves.find(hash));
    leaf.is_some_and(|leaf| is_refused(space, leaf, purpose, channel))
}

fn check(content: &Content) -> Result<(), Rejection> {
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
    Ok(())
}

/// Where the answer goes: where the last customer message of the Work came from, or where the author names it.
pub(super) fn recipient<'d>(
    draft: &'d Draft<'_>,
    work: &Work,
    named: Option<&Recipient>,
) -> Result<(LeafId, &'d EndpointConfig, Because), Rejection> {
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
    if work.last_message.is_none_or(|last| through > last) {
        return Err(Rejection::UnknownMessage);
    }
    if work.seen.is_none_or(|seen| through > seen) {
        draft.push(Change::SeenMarked { agent, work: id, through });
    }
    Ok(())
}
