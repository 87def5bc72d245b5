//! From an event to an item of a Conversation: what it is, what it says, what is odd about it.

use super::parts;
use crate::domain::content::{ButtonReply, Content, MailClass, Part};
use crate::domain::event::{Assurance, CallState, EventKind, InboundEvent, Sender, is_start_payload};
use crate::domain::record::{Flags, MessageKind, Purpose};
use crate::domain::time::Timestamp;

/// WhatsApp's name of the permission to be called.
const CALL_PERMISSION: &str = "call_permission";
/// Times before it are no times of messages: 2000-01-01.
const EARLIEST: Timestamp = Timestamp(946_684_800_000);
/// A provider's clock may be ahead by so much, milliseconds.
const AHEAD_MS: i64 = 24 * 3_600 * 1_000;

/// An event as an item of a Conversation.
pub(super) struct Item {
    pub(super) kind: MessageKind,
    pub(super) content: Content,
    pub(super) detail: String,
    pub(super) quoted: Option<String>,
    pub(super) flags: Flags,
    pub(super) external: bool,
    /// What tells it from another item under the same id: the provider's version of an edit, which part of a text it is.
    pub(super) version: Option<String>,
    /// It is a part of a text: its number, of how many, reference.
    pub(super) part: Option<(u16, u16, String)>,
    /// The provider says that its author refuses (`true`) or allows to be written to, and what.
    pub(super) opt: Option<(bool, Option<Purpose>)>,
}

/// Takes the item out of the event.
pub(super) fn as_item(event: &mut InboundEvent) -> Item {
    let mut flags = if event.backfill { Flags::BACKFILL } else { Flags::default() };
    let plain = move |kind, content, detail: String| Item {
        kind,
        content,
        detail,
        quoted: None,
        flags,
        external: false,
        version: None,
        part: None,
        opt: None,
    };
    let starts = matches!(event.kind, EventKind::Start { .. } | EventKind::Opt { .. });
    let mut item = match std::mem::replace(&mut event.kind, EventKind::VisitEnd) {
        EventKind::Message(message) => {
            if message.forwarded {
                flags = flags.with(Flags::FORWARDED);
            }
            // One part of one is the whole text.
            let part = message.part.filter(|(_, of, _)| *of > 1);
            let told_apart =
                |(number, of, reference): &(u16, u16, String)| parts::described(&[*number], *of, reference);
            let detail = part.as_ref().map(told_apart);
            Item {
                kind: MessageKind::Message,
                content: message.content,
                version: detail.clone(),
                detail: detail.unwrap_or_default(),
                quoted: message.quoted,
                flags,
                external: false,
                part,
                opt: None,
            }
        }
        EventKind::Echo(message) => Item {
            kind: MessageKind::Message,
            content: message.content,
            detail: String::new(),
            quoted: message.quoted,
            flags,
            external: true,
            version: None,
            part: None,
            opt: None,
        },
        EventKind::Unsupported(content) => plain(MessageKind::Unsupported, content, String::new()),
        EventKind::Edit { content, version } => Item { version, ..plain(MessageKind::Edit, content, String::new()) },
        EventKind::Deletion => plain(MessageKind::Deletion, Content::default(), String::new()),
        EventKind::Reaction { emoji } => plain(MessageKind::Reaction, Content::default(), emoji),
        EventKind::IdentityChange { old, new, reason } => {
            let text = |sender: Option<Sender>| sender.map(|s| s.address).unwrap_or_default();
            let detail = format!("{} -> {} {}", text(old), text(new), reason.unwrap_or_default());
            plain(MessageKind::IdentityChange, Content::default(), detail)
        }
        EventKind::Opt { opted_in, purpose, payload, title } => {
            let detail = format!("{} {purpose} {}", if opted_in { "in" } else { "out" }, payload.unwrap_or_default());
            let opt = purpose_of(&purpose, opted_in).map(|of| (!opted_in, of));
            Item { opt, ..plain(MessageKind::Opt, Content::text(title.unwrap_or_default()), detail) }
        }
        // A button that an advertisement led to was pressed all the same: it asks for an answer as any other does.
        EventKind::Start { title: Some(title), payload, referral: true }
            if !payload.as_deref().is_some_and(is_start_payload) =>
        {
            let button = ButtonReply { payload: payload.unwrap_or_default(), title: title.clone() };
            let content = Content { text: title, parts: vec![Part::ButtonReply(button)] };
            plain(MessageKind::Message, content, String::new())
        }
        EventKind::Start { title, payload, referral } => {
            let detail = format!("{} {}", if referral { "referral" } else { "start" }, payload.unwrap_or_default());
            plain(MessageKind::Start, Content::text(title.unwrap_or_default()), detail)
        }
        EventKind::Call { state, seconds } => {
            let detail = match seconds {
                Some(seconds) => format!("{state:?} {seconds} s"),
                None => format!("{state:?}"),
            };
            let item = plain(MessageKind::Call, Content::default(), detail);
            match state {
                CallState::Missed => item,
                CallState::Ringing | CallState::Answered | CallState::Ended => {
                    Item { flags: item.flags.with(Flags::ATTENDED), ..item }
                }
            }
        }
        EventKind::MediaArrived(file) => {
            let content = Content { text: String::new(), parts: vec![Part::Attachment(file)] };
            plain(MessageKind::MediaArrived, content, String::new())
        }
        EventKind::VisitEnd
        | EventKind::Typing
        | EventKind::Ignored { .. }
        | EventKind::Receipt(_)
        | EventKind::Account { .. } => plain(MessageKind::VisitEnd, Content::default(), String::new()),
    };
    // What brought the person here is part of what is known when the conversation starts.
    if starts && let Some(referral) = event.profile.as_mut().and_then(|profile| profile.referral.take()) {
        item.content.parts.push(Part::Referral(Box::new(referral)));
    }
    let by_machine = item.content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) if mail.class == MailClass::Generated => Some(Flags::GENERATED),
        Part::Mail(mail) if mail.auto_submitted || mail.class != MailClass::Person => Some(Flags::AUTO_SUBMITTED),
        _ => None,
    });
    item.flags = item.flags.with(by_machine.unwrap_or_default());
    if event.assurance == Assurance::Token {
        // No format makes tokens yet: an event may not claim one.
        event.assurance = Assurance::Claimed;
    }
    item
}

/// What a provider's event is about: nothing named is everything. Whatever it names is a kind of message that it lets people choose,
/// which answers never are: a refusal of one is of marketing, but only the permission for marketing allows that again. None: it is
/// about no message.
fn purpose_of(named: &str, opted_in: bool) -> Option<Option<Purpose>> {
    match named.trim() {
        "" => Some(None),
        // Whether we may call is not whether we may write.
        CALL_PERMISSION => None,
        named if opted_in && !named.to_ascii_lowercase().contains("marketing") => None,
        _ => Some(Some(Purpose::Marketing)),
    }
}

impl MessageKind {
    /// Whether the item is something said, so that its provider id names it.
    pub(crate) fn is_said(self) -> bool {
        matches!(self, Self::Message | Self::Unsupported | Self::Call)
    }
}

/// Whether the provider's time is unreadable or far from ours.
pub(super) fn odd_time(event: &InboundEvent, now: Timestamp) -> Flags {
    let odd = event.odd_time.is_some() || event.occurred_at.is_some_and(|at| is_odd_time(at, now));
    if odd { Flags::ODD_TIME } else { Flags::default() }
}

/// Whether a time is none that a provider's clock can have.
pub(crate) fn is_odd_time(at: Timestamp, now: Timestamp) -> bool {
    at < EARLIEST || at.0.saturating_sub(now.0) > AHEAD_MS
}
