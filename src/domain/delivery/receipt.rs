//! Receipts: monotone per message, by our id or the provider's; those that come before their message wait.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::opt_out::{Opt, note_opt};
use super::through::{sent_at, through, waited};
use crate::domain::channel::refuses_marketing_only;
use crate::domain::conversation::provider_fingerprint;
use crate::domain::customer::{Named, known, resolve};
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, ErrorClass, InboundEvent, Receipt, ReceiptStatus, Scope, Sender};
use crate::domain::id::{LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Author, Change, EffortKind, MessageKind, MessageStored, OptSource, Purpose, ReceiptNoted};
use crate::domain::rejection::Rejection;
use crate::domain::work::charge;
use crate::domain::workspace::{EndpointConfig, Names, Symbol, Workspace};

/// Receipts that wait for their message at most, in a workspace.
const MAX_PARKED: usize = 10_000;
/// Longest provider code that is kept, bytes.
const MAX_CODE_BYTES: usize = 64;

/// A message of ours that may still get receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) leaf: LeafId,
    pub(crate) work: Option<WorkId>,
    pub(crate) status: ReceiptStatus,
    /// Somebody said it outside skein.
    pub(crate) external: bool,
    /// It says something: it is not about another message of ours.
    pub(crate) said: bool,
    /// It was canceled or retracted, or sent again.
    pub(crate) over: bool,
    channel: Symbol,
    endpoint: Symbol,
}

/// A receipt that came before its message was bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedReceipt {
    pub(crate) status: ReceiptStatus,
    pub(crate) class: ErrorClass,
}

/// A message of ours, and what is known of its delivery.
type Ours = (MessageId, Delivery);

impl Delivery {
    pub(crate) fn of(message: &MessageStored, names: &mut Names) -> Self {
        Self {
            leaf: message.leaf,
            work: message.work,
            status: ReceiptStatus::Queued,
            external: message.author == Author::External,
            said: message.kind == MessageKind::Message,
            over: false,
            channel: names.intern(&message.channel),
            endpoint: names.intern(&message.endpoint),
        }
    }

    /// The endpoint that it went out by.
    pub(super) fn endpoint(self, space: &Workspace) -> Result<&EndpointConfig, Rejection> {
        let (channel, name) = (space.names.get(self.channel), space.names.get(self.endpoint));
        space.config().endpoint(channel, name).ok_or_else(|| Rejection::UnknownEndpoint(name.clone()))
    }

    /// Whether it went out by the endpoint.
    pub(super) fn went_by(self, names: &Names, channel: &Name, endpoint: &Name) -> bool {
        names.get(self.channel) == channel && names.get(self.endpoint) == endpoint
    }

    /// Whether it is of the leaf, and a report of everything up to a time may still raise it.
    pub(crate) fn is_open_of(self, leaf: LeafId) -> bool {
        let over = matches!(self.status, ReceiptStatus::Read | ReceiptStatus::Failed | ReceiptStatus::Expired);
        self.leaf == leaf && !self.external && !over
    }

    /// Whether a status would change this one: rising only, and FAILED and EXPIRED only below DELIVERED.
    fn rises_to(self, status: ReceiptStatus) -> bool {
        status > self.status
    }
}

/// An adapter reports what became of a message, of everything up to a time, or of both.
pub(crate) fn receipt(
    draft: &mut Draft<'_>,
    endpoint: &EndpointConfig,
    event: &InboundEvent,
    report: &Receipt,
) -> Result<(), Rejection> {
    // Its class speaks of the person, whatever is known of the message already.
    let opted_out = opted_out(draft, endpoint, event, report);
    let paired = pair(draft, endpoint, event, report);
    match noted(draft, endpoint, event, report) {
        Err(_) if opted_out || paired => Ok(()),
        noted => noted,
    }
}

/// Whom we wrote to first is known to the provider by another name, too, which may be all that the answer names: whoever answers is
/// the same person. True: that is news.
fn pair(draft: &mut Draft<'_>, endpoint: &EndpointConfig, event: &InboundEvent, report: &Receipt) -> bool {
    if event.senders.len() < 2 || event.assurance < Assurance::Platform || event.scope != Scope::Direct {
        return false;
    }
    let Some((_, delivery)) = reported(draft, endpoint, fingerprint(draft, endpoint, event), report).0 else {
        return false;
    };
    let space = draft.space;
    let unheard = space.leaves.get(delivery.leaf).is_some_and(|leaf| leaf.is_unheard() && !leaf.ended);
    let names_it = || event.senders.iter().any(|sender| known(space, sender, &endpoint.scope) == Some(delivery.leaf));
    let is_news = || event.senders.iter().any(|sender| known(space, sender, &endpoint.scope).is_none());
    if delivery.external || !unheard || !names_it() || !is_news() {
        return false;
    }
    let named = Named {
        senders: &event.senders,
        assurance: event.assurance,
        endpoint,
        wrote: false,
        says: false,
        live: true,
        at: None,
    };
    let before = draft.changes().len();
    resolve(draft, &named);
    draft.changes().len() > before
}

/// A message failed because its recipient does not want to be written to. True: that is news.
///
/// Who that is, the adapter says, or the message of ours that the report names. A mail's report proves nothing but that: anybody can
/// write one about anybody.
fn opted_out(draft: &mut Draft<'_>, endpoint: &EndpointConfig, event: &InboundEvent, report: &Receipt) -> bool {
    let Some(error) = report.error.as_ref().filter(|error| error.class == ErrorClass::OptedOut) else { return false };
    let space = draft.space;
    let told = event.senders.first().filter(|_| endpoint.channel != "email");
    let told = told.and_then(|sender| known(space, sender, &endpoint.scope));
    let of_message = || Some(reported(draft, endpoint, fingerprint(draft, endpoint, event), report).0?.1.leaf);
    let Some(leaf) = told.or_else(of_message) else { return false };
    let purpose = refuses_marketing_only(&error.code).then_some(Purpose::Marketing);
    let opt = Opt { refused: true, purpose, source: OptSource::Failure, channel: endpoint.channel.clone() };
    note_opt(draft, leaf, &opt)
}

/// What a report says of messages.
fn noted(
    draft: &mut Draft<'_>,
    endpoint: &EndpointConfig,
    event: &InboundEvent,
    report: &Receipt,
) -> Result<(), Rejection> {
    let Some(up_to) = report.through else {
        return named(draft, endpoint, event, report).map(drop);
    };
    let noted = match (&report.message_id, &event.message_ref) {
        (None, None) => Err(Rejection::Ignored),
        _ => named(draft, endpoint, event, report),
    };
    let message = noted.as_ref().ok().copied().flatten();
    let any = through(draft, endpoint, event, report.status, up_to, message);
    if any { Ok(()) } else { noted.map(drop) }
}

/// A report on one message. Gives which, where it is known already.
fn named(
    draft: &mut Draft<'_>,
    endpoint: &EndpointConfig,
    event: &InboundEvent,
    report: &Receipt,
) -> Result<Option<MessageId>, Rejection> {
    let space = draft.space;
    let EndpointConfig { channel, name: endpoint_name, .. } = endpoint;
    let provider_ref = event.message_ref.as_deref();
    let fingerprint = fingerprint(draft, endpoint, event);
    let class = report.error.as_ref().map_or(ErrorClass::Unspecified, |error| error.class);
    let code = report.error.as_ref().map_or_else(Name::default, |error| bounded(&error.code));

    let ours = |id: MessageId| delivered(draft, id);
    let (reported, bound) = reported(draft, endpoint, fingerprint, report);
    // A bounce that returns nothing says at least whom it could not reach.
    let by_recipient = || match (provider_ref, report.recipient.as_deref()) {
        // Whose mail it is, nobody proves: it may say that one failed, and only of what went out by this mailbox.
        (None, Some(address)) if channel == "email" && report.status == ReceiptStatus::Failed => {
            let last = last_mail_to(draft, address).and_then(ours);
            last.filter(|(_, delivery)| delivery.went_by(&space.names, channel, endpoint_name))
        }
        _ => None,
    };
    let Some((message, delivery)) = reported.or_else(by_recipient) else {
        return park(draft, fingerprint, report.status, class).map(|()| None);
    };

    // An echo that came before this report was taken for somebody else's words: the id is that of our message.
    let echoed = bound.filter(|(other, echo)| *other != message && echo.external && !delivery.external);
    let binds = fingerprint != 0 && (space.provider_ids.get(fingerprint).is_none() || echoed.is_some());
    if report.status == delivery.status && !binds {
        return Err(Rejection::Duplicate);
    }
    let (applied, is_sent) = (delivery.rises_to(report.status), report.status == ReceiptStatus::Sent);
    let sent_at = if is_sent { sent_at(draft, delivery.leaf, message, event) } else { None };
    let note = |status: ReceiptStatus, applied: bool, class, code, provider_fingerprint| ReceiptNoted {
        message,
        leaf: delivery.leaf,
        work: delivery.work,
        status,
        applied,
        class,
        code,
        provider_fingerprint,
        audience: audience(draft, delivery.work),
        sent_at: None,
    };
    let mut changes: SmallVec<[ReceiptNoted; 2]> = SmallVec::new();
    let noted = note(report.status, applied, class, code, if binds { fingerprint } else { 0 });
    changes.push(ReceiptNoted { sent_at, ..noted });
    // What had come too early counts now that the report binds the two ids.
    let so_far = if applied { report.status } else { delivery.status };
    let parked = space.parked.get(fingerprint).map(|parked| (parked.status, parked.class));
    let echoed = echoed.map(|(_, echo)| (echo.status, ErrorClass::Unspecified));
    let early = parked.into_iter().chain(echoed).filter(|_| binds);
    // So does what was said of everything up to a time, now that this message is known to have left.
    let left = applied && matches!(report.status, ReceiptStatus::Sent | ReceiptStatus::Delivered);
    let waited = if left { waited(draft, delivery.leaf, endpoint, sent_at) } else { None };
    let early = early.chain(waited.map(|status| (status, ErrorClass::Unspecified)));
    if let Some((status, class)) = early.max_by_key(|(status, _)| *status)
        && status > so_far
    {
        changes.push(note(status, true, class, Name::default(), 0));
    }
    for change in changes {
        let failed = change.work.filter(|_| change.applied && change.status == ReceiptStatus::Failed);
        draft.push(Change::ReceiptNoted(change));
        if let Some(work) = failed {
            charge(draft, work, EffortKind::Failed);
        }
    }
    Ok(Some(message))
}

/// What is known of a message of ours, in the Work that it is in now.
pub(super) fn delivered(draft: &Draft<'_>, id: MessageId) -> Option<Ours> {
    let delivery = *draft.space.deliveries.get(id.to_bits())?;
    Some((id, Delivery { work: draft.space.work_of(id, delivery.work), ..delivery }))
}

/// Fingerprint of the provider's id that a report names; 0: none.
fn fingerprint(draft: &Draft<'_>, endpoint: &EndpointConfig, event: &InboundEvent) -> u64 {
    let key = draft.space.hash_key();
    let id = event.message_ref.as_deref();
    id.map_or(0, |id| provider_fingerprint(key, &endpoint.channel, &endpoint.name, id))
}

/// The message of ours that a report names, by our id or else the provider's; and the one that the provider's id is bound to.
fn reported(
    draft: &Draft<'_>,
    endpoint: &EndpointConfig,
    fingerprint: u64,
    report: &Receipt,
) -> (Option<Ours>, Option<Ours>) {
    let space = draft.space;
    let EndpointConfig { channel, name, .. } = endpoint;
    let ours = |id: MessageId| delivered(draft, id);
    // Only the adapter of the endpoint that it went out by knows what became of a message by our id.
    let named = report.message_id.as_deref().and_then(|id| ours(id.parse().ok()?));
    let named = named.filter(|(_, delivery)| delivery.went_by(&space.names, channel, name));
    let bound = space.provider_ids.get(fingerprint).and_then(|(message, _)| ours(*message));
    (named.or(bound), bound)
}

fn park(draft: &mut Draft<'_>, fingerprint: u64, status: ReceiptStatus, class: ErrorClass) -> Result<(), Rejection> {
    if fingerprint == 0 {
        return Err(Rejection::UnknownMessage);
    }
    match draft.space.parked.get(fingerprint) {
        Some(parked) if parked.status >= status => return Err(Rejection::Duplicate),
        None if draft.space.parked.len() >= MAX_PARKED => {
            return Err(Rejection::Limit("receipts before their message: 10,000"));
        }
        _ => {}
    }
    draft.push(Change::ReceiptParked { fingerprint, status, class });
    Ok(())
}

/// The mail of ours to an address that is the last message of its Work: of several Works, the latest.
fn last_mail_to(draft: &Draft<'_>, address: &str) -> Option<MessageId> {
    let space = draft.space;
    let leaf = known(draft.space, &Sender { kind: AddressKind::Email, address: address.to_owned() }, "")?;
    let works = draft.works_of(draft.root_of(leaf));
    let last = works.filter_map(|id| match space.works.get(id) {
        Some(work) => work.last_message,
        None => space.closed.get(id)?.last_message(),
    });
    last.filter(|id| space.deliveries.get(id.to_bits()).is_some_and(|delivery| delivery.leaf == leaf)).max()
}

/// The owner of the Work is told, and who takes part in it.
pub(super) fn audience(draft: &Draft<'_>, work: Option<WorkId>) -> SmallVec<[crate::domain::id::AgentId; 1]> {
    work.and_then(|id| draft.work(id)).map(|work| work.told().collect()).unwrap_or_default()
}

/// The provider's code: a word. It is not sealed, and what an adapter puts beside it may name the person.
fn bounded(code: &str) -> Name {
    let word = code.split_whitespace().next().unwrap_or_default();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/' | '#');
    let word = if word.chars().all(fits) { word } else { "" };
    Name::new(&word[..word.floor_char_boundary(MAX_CODE_BYTES)])
}
