//! What an author does about a message of ours that is stored already (domain rules, sections 3 and 8): cancel, retry, edit, retract.
//!
//! Nothing that was said is changed: each is a message of its own that names the other. A status is raised by receipts only, also where
//! a cancel came in time: then the adapter reports EXPIRED.

use super::reach::{Because, Sending, may_send};
use super::receipt::{Delivery, delivered};
use super::send::{Outgoing, check, push_out, send};
use crate::domain::channel::{Capabilities, Uncarried, capabilities, carries};
use crate::domain::command::{Recipient, Retry};
use crate::domain::content::{Content, Part};
use crate::domain::draft::Draft;
use crate::domain::event::ReceiptStatus;
use crate::domain::id::{AgentId, AssignmentId, MessageId, WorkId};
use crate::domain::record::{Author, Flags, MessageKind, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::work::speaks;
use crate::domain::workspace::{AgentKind, EndpointConfig};

/// A message of ours as an agent may still do something about it.
#[derive(Clone, Copy, Debug)]
struct Ours {
    message: MessageId,
    work: WorkId,
    assignment: AssignmentId,
    delivery: Delivery,
}

/// The message, if the agent may speak in the Work that it is in now, under that assignment: its owner, or a supervisor who has joined.
fn ours(draft: &Draft<'_>, agent: AgentId, message: MessageId, assignment: AssignmentId) -> Result<Ours, Rejection> {
    let found = delivered(draft, message).filter(|(_, delivery)| delivery.said && !delivery.external);
    let (_, delivery) = found.ok_or(Rejection::UnknownMessage)?;
    let work = delivery.work.ok_or(Rejection::UnknownMessage)?;
    speaks(draft, agent, work, assignment)?;
    if delivery.over {
        return Err(Rejection::MessageState { status: delivery.status, why: "it was taken back, or sent again" });
    }
    Ok(Ours { message, work, assignment, delivery })
}

/// The message is not to be sent: its adapter is told, which may be too late.
pub(crate) fn cancel(
    draft: &mut Draft<'_>,
    agent: AgentId,
    message: MessageId,
    assignment: AssignmentId,
) -> Result<(), Rejection> {
    let ours = ours(draft, agent, message, assignment)?;
    if ours.delivery.status != ReceiptStatus::Queued {
        let why = "it was handed to the provider: retract it, where the channel can";
        return Err(Rejection::MessageState { status: ours.delivery.status, why });
    }
    about(draft, agent, ours, MessageKind::Deletion, Content::default(), Flags::default())
}

/// The message is to be taken back at the provider.
pub(crate) fn retract(
    draft: &mut Draft<'_>,
    agent: AgentId,
    message: MessageId,
    assignment: AssignmentId,
) -> Result<(), Rejection> {
    let ours = ours(draft, agent, message, assignment)?;
    can(draft, &ours, |row| row.retract, "taking back what was said")?;
    has_left(&ours)?;
    about(draft, agent, ours, MessageKind::Deletion, Content::default(), Flags::RETRACTED)
}

/// The message is to say something else at the provider.
pub(crate) fn edit(
    draft: &mut Draft<'_>,
    agent: AgentId,
    message: MessageId,
    assignment: AssignmentId,
    content: Content,
) -> Result<(), Rejection> {
    check(draft, &content)?;
    let ours = ours(draft, agent, message, assignment)?;
    let endpoint = can(draft, &ours, |row| row.edit, "a change of what was said")?;
    carries(&endpoint.channel, &content)
        .map_err(|what| Rejection::NotCarried { channel: endpoint.channel.clone(), what })?;
    if content.parts.iter().any(|part| matches!(part, Part::Template(_))) {
        return Err(Rejection::Invalid("content: a template is sent, not put in the place of something"));
    }
    has_left(&ours)?;
    let work = speaks(draft, agent, ours.work, assignment)?;
    // What was said there may be mended as long as it may be answered there, whatever its window.
    let sending = Sending {
        root: draft.root_of(work.leaf),
        brand: &work.brand,
        purpose: Purpose::Service,
        template: true,
        now: draft.now,
    };
    may_send(draft.space, sending, ours.delivery.leaf, endpoint, Because::Asked)?;
    about(draft, agent, ours, MessageKind::Edit, content, Flags::default())
}

/// What did not arrive, or may not have, is sent again: a new message that names the other.
pub(crate) fn retry(draft: &mut Draft<'_>, agent: AgentId, retry: Retry) -> Result<(), Rejection> {
    let Retry { of, send: mut again } = retry;
    let ours = ours(draft, agent, of, again.assignment)?;
    let status = ours.delivery.status;
    if !matches!(status, ReceiptStatus::Failed | ReceiptStatus::Expired | ReceiptStatus::Unknown) {
        return Err(Rejection::MessageState { status, why: "it is on its way, or there" });
    }
    let endpoint = ours.delivery.endpoint(draft.space)?;
    again.work = ours.work;
    again.to.get_or_insert_with(|| Recipient { leaf: ours.delivery.leaf, endpoint: endpoint.name.clone() });
    send(draft, agent, again, Some(of))
}

/// The endpoint that the message went out by, if its channel can do that.
fn can<'a>(
    draft: &Draft<'a>,
    ours: &Ours,
    can: impl Fn(&Capabilities) -> bool,
    what: &'static str,
) -> Result<&'a EndpointConfig, Rejection> {
    let endpoint = ours.delivery.endpoint(draft.space)?;
    // A channel of somebody's own may; its adapter reports what it cannot.
    if capabilities(&endpoint.channel).is_none_or(can) {
        Ok(endpoint)
    } else {
        Err(Rejection::NotCarried { channel: endpoint.channel.clone(), what: Uncarried::Kind(what) })
    }
}

fn has_left(ours: &Ours) -> Result<(), Rejection> {
    match ours.delivery.status {
        ReceiptStatus::Sent | ReceiptStatus::Delivered | ReceiptStatus::Read => Ok(()),
        status @ (ReceiptStatus::Queued | ReceiptStatus::Unknown) => {
            Err(Rejection::MessageState { status, why: "it is not known to have left: cancel it, or wait" })
        }
        status @ (ReceiptStatus::Failed | ReceiptStatus::Expired) => {
            Err(Rejection::MessageState { status, why: "it did not arrive" })
        }
    }
}

/// A message to the adapter about another of ours.
fn about(
    draft: &mut Draft<'_>,
    agent: AgentId,
    ours: Ours,
    kind: MessageKind,
    content: Content,
    flags: Flags,
) -> Result<(), Rejection> {
    let Ours { message, work, assignment, delivery } = ours;
    let endpoint = delivery.endpoint(draft.space)?;
    let leaf = draft.space.leaves.get(delivery.leaf).ok_or(Rejection::NoRecipient)?;
    let address = (leaf.address.clone().ok_or(Rejection::NoRecipient)?, leaf.hash());
    let author = match draft.agent(agent).ok_or(Rejection::UnknownAgent)?.profile.kind {
        AgentKind::Human => Author::Agent(agent),
        AgentKind::Bot => Author::Bot(agent),
    };
    push_out(
        draft,
        Outgoing {
            agent: Some(agent),
            author,
            work,
            assignment: Some(assignment),
            leaf: delivery.leaf,
            address,
            endpoint,
            purpose: Purpose::Service,
            kind,
            content,
            about: Some(message),
            flags,
            seen_through: None,
            not_after: None,
        },
    )
    .map(drop)
}
