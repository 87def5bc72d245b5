//! Inbound events both ways.

use super::content::{
    attachment_from_proto, attachment_into_proto, content_from_proto, content_into_proto, mailbox_from_proto,
    mailbox_into_proto, referral_from_proto, referral_into_proto,
};
use crate::domain::content::{Content, Part, is_on_earth};
use crate::domain::event as d;
use crate::domain::time::Timestamp;
use crate::proto::channel as p;
use crate::proto::channel::inbound_event::Kind;

/// What an event of a peer lacks. The peer must send it corrected; its bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContractError {
    /// No member of `kind` is set, or one that this build does not know.
    #[error("event without a kind")]
    KindMissing,
    /// `senders[n].kind` is not set, or one that this build does not know.
    #[error("sender without a kind of address")]
    AddressKind,
    /// `receipt.status` is not set, or one that this build does not know.
    #[error("receipt without a status")]
    ReceiptStatus,
    /// A location lies nowhere: its degrees are out of their range, or no numbers.
    #[error("location out of range")]
    Place,
    /// A number of an SMS part is over 65535.
    #[error("number of an SMS part out of range")]
    SmsPart,
}

/// A copy of the event for a peer.
pub(crate) fn event_to_proto(event: &d::InboundEvent) -> p::InboundEvent {
    event_into_proto(event.clone())
}

pub(crate) fn event_into_proto(event: d::InboundEvent) -> p::InboundEvent {
    p::InboundEvent {
        event_id: event.event_id,
        message_ref: event.message_ref,
        occurred_at_ms: event.occurred_at.map(|at| at.0),
        odd_time: event.odd_time,
        senders: event.senders.into_iter().map(sender_into_proto).collect(),
        assurance: assurance_into_proto(event.assurance).into(),
        scope: scope_into_proto(event.scope).into(),
        thread: event.thread,
        our_address: event.our_address,
        profile: event.profile.map(|profile| profile_into_proto(*profile)),
        backfill: event.backfill,
        redelivery: event.redelivery,
        reply_token: event.reply_token,
        read_token: event.read_token,
        reply_to_tokens: event.reply_to_tokens,
        kind: Some(kind_into_proto(event.kind)),
    }
}

pub(crate) fn event_from_proto(event: p::InboundEvent) -> Result<d::InboundEvent, ContractError> {
    let (assurance, scope) = (assurance_from_proto(event.assurance()), scope_from_proto(event.scope()));
    Ok(d::InboundEvent {
        event_id: event.event_id,
        message_ref: event.message_ref,
        occurred_at: event.occurred_at_ms.map(Timestamp),
        odd_time: event.odd_time,
        senders: event.senders.into_iter().map(sender_from_proto).collect::<Result<_, _>>()?,
        assurance,
        scope,
        thread: event.thread,
        our_address: event.our_address,
        kind: kind_from_proto(event.kind.ok_or(ContractError::KindMissing)?)?,
        profile: event.profile.map(|profile| Box::new(profile_from_proto(profile))),
        backfill: event.backfill,
        redelivery: event.redelivery,
        reply_token: event.reply_token,
        read_token: event.read_token,
        reply_to_tokens: event.reply_to_tokens,
    })
}

fn kind_into_proto(kind: d::EventKind) -> Kind {
    match kind {
        d::EventKind::Message(message) => Kind::Message(message_into_proto(message)),
        d::EventKind::Edit { version, content } => {
            Kind::Edit(p::Edit { version, content: Some(content_into_proto(content)) })
        }
        d::EventKind::Deletion => Kind::Deletion(p::Deletion {}),
        d::EventKind::Reaction { emoji } => Kind::Reaction(p::Reaction { emoji }),
        d::EventKind::Receipt(receipt) => Kind::Receipt(receipt_into_proto(receipt)),
        d::EventKind::Typing => Kind::Typing(p::Typing {}),
        d::EventKind::IdentityChange { old, new, reason } => Kind::IdentityChange(p::IdentityChange {
            old: old.map(sender_into_proto),
            new: new.map(sender_into_proto),
            reason,
        }),
        d::EventKind::Opt { opted_in, purpose, payload, title } => {
            Kind::Opt(p::Opt { opted_in, purpose, payload, title })
        }
        d::EventKind::Start { title, payload, referral } => Kind::Start(p::Start { title, payload, referral }),
        d::EventKind::VisitEnd => Kind::VisitEnd(p::VisitEnd {}),
        d::EventKind::Call { state, seconds } => {
            let state = match state {
                d::CallState::Ringing => p::CallState::Ringing,
                d::CallState::Answered => p::CallState::Answered,
                d::CallState::Ended => p::CallState::Ended,
                d::CallState::Missed => p::CallState::Missed,
            };
            Kind::Call(p::Call { state: state.into(), duration_s: seconds })
        }
        d::EventKind::MediaArrived(attachment) => Kind::MediaArrived(attachment_into_proto(attachment)),
        d::EventKind::Echo(message) => Kind::Echo(message_into_proto(message)),
        d::EventKind::Account { subject, detail } => Kind::Account(p::Account { subject, detail }),
        d::EventKind::Unsupported(content) => Kind::Unsupported(content_into_proto(content)),
        d::EventKind::Ignored { kind } => Kind::Ignored(p::Ignored { kind }),
    }
}

fn kind_from_proto(kind: Kind) -> Result<d::EventKind, ContractError> {
    Ok(match kind {
        Kind::Message(message) => d::EventKind::Message(message_from_proto(message)?),
        Kind::Edit(edit) => d::EventKind::Edit { version: edit.version, content: said_from_proto(edit.content)? },
        Kind::Deletion(p::Deletion {}) => d::EventKind::Deletion,
        Kind::Reaction(reaction) => d::EventKind::Reaction { emoji: reaction.emoji },
        Kind::Receipt(receipt) => d::EventKind::Receipt(receipt_from_proto(receipt)?),
        Kind::Typing(p::Typing {}) => d::EventKind::Typing,
        Kind::IdentityChange(change) => d::EventKind::IdentityChange {
            old: change.old.map(sender_from_proto).transpose()?,
            new: change.new.map(sender_from_proto).transpose()?,
            reason: change.reason,
        },
        Kind::Opt(opt) => {
            d::EventKind::Opt { opted_in: opt.opted_in, purpose: opt.purpose, payload: opt.payload, title: opt.title }
        }
        Kind::Start(start) => {
            d::EventKind::Start { title: start.title, payload: start.payload, referral: start.referral }
        }
        Kind::VisitEnd(p::VisitEnd {}) => d::EventKind::VisitEnd,
        Kind::Call(call) => {
            let state = match call.state() {
                p::CallState::Unspecified | p::CallState::Ringing => d::CallState::Ringing,
                p::CallState::Answered => d::CallState::Answered,
                p::CallState::Ended => d::CallState::Ended,
                p::CallState::Missed => d::CallState::Missed,
            };
            d::EventKind::Call { state, seconds: call.duration_s }
        }
        Kind::MediaArrived(attachment) => d::EventKind::MediaArrived(attachment_from_proto(attachment)),
        Kind::Echo(message) => d::EventKind::Echo(message_from_proto(message)?),
        Kind::Account(account) => d::EventKind::Account { subject: account.subject, detail: account.detail },
        Kind::Unsupported(content) => d::EventKind::Unsupported(said_from_proto(Some(content))?),
        Kind::Ignored(ignored) => d::EventKind::Ignored { kind: ignored.kind },
    })
}

fn message_into_proto(message: d::Message) -> p::Message {
    p::Message {
        content: Some(content_into_proto(message.content)),
        quoted: message.quoted,
        forwarded: message.forwarded,
        part: message.part.map(|(number, count, reference)| p::SmsPart {
            number: number.into(),
            count: count.into(),
            reference,
        }),
        participants: message.participants.into_iter().map(mailbox_into_proto).collect(),
    }
}

fn message_from_proto(message: p::Message) -> Result<d::Message, ContractError> {
    let part = match message.part {
        None => None,
        Some(part) => Some((sms_number(part.number)?, sms_number(part.count)?, part.reference)),
    };
    Ok(d::Message {
        content: said_from_proto(message.content)?,
        quoted: message.quoted,
        forwarded: message.forwarded,
        part,
        participants: message.participants.into_iter().map(mailbox_from_proto).collect(),
    })
}

fn said_from_proto(content: Option<p::Content>) -> Result<Content, ContractError> {
    let content = content_from_proto(content.unwrap_or_default());
    let is_place = |part: &Part| match part {
        Part::Location(location) => is_on_earth(location.latitude, location.longitude),
        _ => true,
    };
    if content.parts.iter().all(is_place) { Ok(content) } else { Err(ContractError::Place) }
}

fn sms_number(number: u32) -> Result<u16, ContractError> {
    u16::try_from(number).map_err(|_| ContractError::SmsPart)
}

fn receipt_into_proto(receipt: d::Receipt) -> p::Receipt {
    p::Receipt {
        message_id: receipt.message_id,
        status: receipt_status(receipt.status).into(),
        recipient: receipt.recipient,
        error: receipt.error.map(|error| p::ReceiptError {
            class: error_class(error.class).into(),
            code: error.code,
            reason: error.reason,
        }),
        billing_json: receipt.billing,
        through_ms: receipt.through.map(|at| at.0),
    }
}

fn receipt_from_proto(receipt: p::Receipt) -> Result<d::Receipt, ContractError> {
    let status = match receipt.status() {
        p::ReceiptStatus::Unspecified => return Err(ContractError::ReceiptStatus),
        p::ReceiptStatus::Queued => d::ReceiptStatus::Queued,
        p::ReceiptStatus::Unknown => d::ReceiptStatus::Unknown,
        p::ReceiptStatus::Sent => d::ReceiptStatus::Sent,
        p::ReceiptStatus::Delivered => d::ReceiptStatus::Delivered,
        p::ReceiptStatus::Read => d::ReceiptStatus::Read,
        p::ReceiptStatus::Failed => d::ReceiptStatus::Failed,
        p::ReceiptStatus::Expired => d::ReceiptStatus::Expired,
    };
    Ok(d::Receipt {
        message_id: receipt.message_id,
        status,
        recipient: receipt.recipient,
        error: receipt.error.map(receipt_error_from_proto),
        billing: receipt.billing_json,
        through: receipt.through_ms.map(Timestamp),
    })
}

fn receipt_error_from_proto(error: p::ReceiptError) -> d::ReceiptError {
    let class = match error.class() {
        p::ErrorClass::Unspecified => d::ErrorClass::Unspecified,
        p::ErrorClass::Retryable => d::ErrorClass::Retryable,
        p::ErrorClass::WindowClosed => d::ErrorClass::WindowClosed,
        p::ErrorClass::OptedOut => d::ErrorClass::OptedOut,
        p::ErrorClass::Unreachable => d::ErrorClass::Unreachable,
        p::ErrorClass::Invalid => d::ErrorClass::Invalid,
        p::ErrorClass::Blocked => d::ErrorClass::Blocked,
        p::ErrorClass::Content => d::ErrorClass::Content,
        p::ErrorClass::Rate => d::ErrorClass::Rate,
        p::ErrorClass::Auth => d::ErrorClass::Auth,
    };
    d::ReceiptError { class, code: error.code, reason: error.reason }
}

pub(crate) fn receipt_status(status: d::ReceiptStatus) -> p::ReceiptStatus {
    match status {
        d::ReceiptStatus::Queued => p::ReceiptStatus::Queued,
        d::ReceiptStatus::Unknown => p::ReceiptStatus::Unknown,
        d::ReceiptStatus::Sent => p::ReceiptStatus::Sent,
        d::ReceiptStatus::Failed => p::ReceiptStatus::Failed,
        d::ReceiptStatus::Expired => p::ReceiptStatus::Expired,
        d::ReceiptStatus::Delivered => p::ReceiptStatus::Delivered,
        d::ReceiptStatus::Read => p::ReceiptStatus::Read,
    }
}

pub(crate) fn error_class(class: d::ErrorClass) -> p::ErrorClass {
    match class {
        d::ErrorClass::Unspecified => p::ErrorClass::Unspecified,
        d::ErrorClass::Retryable => p::ErrorClass::Retryable,
        d::ErrorClass::WindowClosed => p::ErrorClass::WindowClosed,
        d::ErrorClass::OptedOut => p::ErrorClass::OptedOut,
        d::ErrorClass::Unreachable => p::ErrorClass::Unreachable,
        d::ErrorClass::Invalid => p::ErrorClass::Invalid,
        d::ErrorClass::Blocked => p::ErrorClass::Blocked,
        d::ErrorClass::Content => p::ErrorClass::Content,
        d::ErrorClass::Rate => p::ErrorClass::Rate,
        d::ErrorClass::Auth => p::ErrorClass::Auth,
    }
}

pub(crate) fn sender_into_proto(sender: d::Sender) -> p::Sender {
    p::Sender { kind: address_kind(sender.kind).into(), address: sender.address }
}

pub(crate) fn sender_from_proto(sender: p::Sender) -> Result<d::Sender, ContractError> {
    let kind = match sender.kind() {
        p::AddressKind::Unspecified => return Err(ContractError::AddressKind),
        p::AddressKind::Phone => d::AddressKind::Phone,
        p::AddressKind::ShortCode => d::AddressKind::ShortCode,
        p::AddressKind::Whatsapp => d::AddressKind::Whatsapp,
        p::AddressKind::Email => d::AddressKind::Email,
        p::AddressKind::Messenger => d::AddressKind::Messenger,
        p::AddressKind::Instagram => d::AddressKind::Instagram,
        p::AddressKind::Telegram => d::AddressKind::Telegram,
        p::AddressKind::Line => d::AddressKind::Line,
        p::AddressKind::Viber => d::AddressKind::Viber,
        p::AddressKind::Web => d::AddressKind::Web,
        p::AddressKind::Crm => d::AddressKind::Crm,
        p::AddressKind::Login => d::AddressKind::Login,
        p::AddressKind::Staff => d::AddressKind::Staff,
    };
    Ok(d::Sender { kind, address: sender.address })
}

pub(crate) fn address_kind(kind: d::AddressKind) -> p::AddressKind {
    match kind {
        d::AddressKind::Phone => p::AddressKind::Phone,
        d::AddressKind::ShortCode => p::AddressKind::ShortCode,
        d::AddressKind::Whatsapp => p::AddressKind::Whatsapp,
        d::AddressKind::Email => p::AddressKind::Email,
        d::AddressKind::Messenger => p::AddressKind::Messenger,
        d::AddressKind::Instagram => p::AddressKind::Instagram,
        d::AddressKind::Telegram => p::AddressKind::Telegram,
        d::AddressKind::Line => p::AddressKind::Line,
        d::AddressKind::Viber => p::AddressKind::Viber,
        d::AddressKind::Web => p::AddressKind::Web,
        d::AddressKind::Crm => p::AddressKind::Crm,
        d::AddressKind::Login => p::AddressKind::Login,
        d::AddressKind::Staff => p::AddressKind::Staff,
    }
}

fn assurance_into_proto(assurance: d::Assurance) -> p::Assurance {
    match assurance {
        d::Assurance::Claimed => p::Assurance::Claimed,
        d::Assurance::Platform => p::Assurance::Platform,
        d::Assurance::LoggedIn => p::Assurance::LoggedIn,
        d::Assurance::Token => p::Assurance::Token,
    }
}

fn assurance_from_proto(assurance: p::Assurance) -> d::Assurance {
    match assurance {
        p::Assurance::Unspecified | p::Assurance::Claimed => d::Assurance::Claimed,
        p::Assurance::Platform => d::Assurance::Platform,
        p::Assurance::LoggedIn => d::Assurance::LoggedIn,
        p::Assurance::Token => d::Assurance::Token,
    }
}

fn scope_into_proto(scope: d::Scope) -> p::Scope {
    match scope {
        d::Scope::Direct => p::Scope::Direct,
        d::Scope::Group => p::Scope::Group,
        d::Scope::Public => p::Scope::Public,
    }
}

fn scope_from_proto(scope: p::Scope) -> d::Scope {
    match scope {
        p::Scope::Unspecified | p::Scope::Direct => d::Scope::Direct,
        p::Scope::Group => d::Scope::Group,
        p::Scope::Public => d::Scope::Public,
    }
}

fn profile_into_proto(profile: d::Profile) -> p::Profile {
    p::Profile {
        name: profile.name,
        username: profile.username,
        parent_id: profile.parent_id,
        locale: profile.locale,
        country: profile.country,
        time_zone: profile.time_zone,
        referral: profile.referral.map(referral_into_proto),
    }
}

fn profile_from_proto(profile: p::Profile) -> d::Profile {
    d::Profile {
        name: profile.name,
        username: profile.username,
        parent_id: profile.parent_id,
        locale: profile.locale,
        country: profile.country,
        time_zone: profile.time_zone,
        referral: profile.referral.map(referral_from_proto),
    }
}
