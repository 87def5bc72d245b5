//! An inbound event: what an adapter, or a format's pure function, says has happened on a channel (domain rules, section 2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{Attachment, Content, Mailbox, Referral};
use super::time::Timestamp;

/// One thing that happened. Workspace, channel and endpoint are not here: they come from the subject.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundEvent {
    /// What a retry of the provider repeats.
    pub event_id: Option<String>,
    /// Which message this is, or is about, by the provider's id.
    pub message_ref: Option<String>,
    /// The provider's time; kept when odd, never used to order.
    pub occurred_at: Option<Timestamp>,
    /// The provider's time as sent, when it could not be read as one.
    pub odd_time: Option<String>,
    /// Addresses of the one person who is the counterpart, first the one that the channel answers to. Empty: unknown sender.
    pub senders: Vec<Sender>,
    /// How sure we are who wrote it.
    pub assurance: Assurance,
    /// Direct, in a group, or public.
    pub scope: Scope,
    /// Id of the group or thread, where the channel has them.
    pub thread: Option<String>,
    /// Which of our addresses the payload names, to be compared with the subject's endpoint.
    pub our_address: Option<String>,
    /// What happened.
    pub kind: EventKind,
    /// What is known about the person and the circumstances.
    pub profile: Option<Box<Profile>>,
    /// History: opens no Work.
    pub backfill: bool,
    /// The provider says it sends this again.
    pub redelivery: bool,
    /// The provider's token for one answer within a short time.
    pub reply_token: Option<String>,
    /// The provider's token with which the message is marked as read.
    pub read_token: Option<String>,
    /// Mail: what may be reply tokens of ours, of the addresses that it was sent to and of the ids that it answers. Not verified.
    pub reply_to_tokens: Vec<String>,
}

/// An address of the counterpart, as the channel names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Which kind of address.
    pub kind: AddressKind,
    /// The address as sent, not normalised.
    pub address: String,
}

/// Kinds of addresses. With the scope that an endpoint's configuration adds (portfolio, page, account) it makes a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// E.164 number; shared by SMS and WhatsApp.
    Phone,
    /// A phone-like sender that is no E.164 number: a short code or an alphanumeric sender.
    ShortCode,
    /// WhatsApp business-scoped user id.
    Whatsapp,
    /// Mail address.
    Email,
    /// Messenger page-scoped id.
    Messenger,
    /// Instagram account-scoped id.
    Instagram,
    /// Telegram user id.
    Telegram,
    /// LINE user id.
    Line,
    /// Viber user id.
    Viber,
    /// Browser visitor of the web chat.
    Web,
    /// Id in the customer's CRM.
    Crm,
    /// Login of the company's own accounts.
    Login,
    /// An agent's own address: never a customer.
    Staff,
}

/// How sure we are who wrote a message, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Anybody could claim it: SMS, mail without a DMARC pass, typed data.
    #[default]
    Claimed,
    /// The provider vouches.
    Platform,
    /// The person was logged in.
    LoggedIn,
    /// Our signed reply token.
    Token,
}

impl Assurance {
    /// As configuration names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Platform => "platform",
            Self::LoggedIn => "logged_in",
            Self::Token => "token",
        }
    }
}

/// Who can read what is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Between one person and us.
    #[default]
    Direct,
    /// In a group.
    Group,
    /// In public.
    Public,
}

impl Scope {
    /// As configuration names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Public => "public",
        }
    }
}

/// What is known about the person and the circumstances. Names are never identities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Display name.
    pub name: Option<String>,
    /// User name at the provider.
    pub username: Option<String>,
    /// Parent business-scoped id.
    pub parent_id: Option<String>,
    /// BCP 47 language or locale.
    pub locale: Option<String>,
    /// ISO 3166-1 alpha-2 country.
    pub country: Option<String>,
    /// IANA time zone or offset as sent.
    pub time_zone: Option<String>,
    /// What brought the person here.
    pub referral: Option<Referral>,
}

/// The kinds of domain rules, section 2.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The counterpart said something.
    Message(Message),
    /// A message was changed.
    Edit {
        /// The provider's version of the edit, when it has one.
        version: Option<String>,
        /// What it says now.
        content: Content,
    },
    /// A message was taken back by its author.
    Deletion,
    /// A reaction to a message; an empty emoji takes it back.
    Reaction {
        /// The emoji as sent.
        emoji: String,
    },
    /// What became of a message of ours.
    Receipt(Receipt),
    /// The counterpart is typing; forwarded live, never recorded.
    Typing,
    /// The address of the counterpart changed.
    IdentityChange {
        /// Address before.
        old: Option<Sender>,
        /// Address now.
        new: Option<Sender>,
        /// The provider's words.
        reason: Option<String>,
    },
    /// The counterpart refuses, or allows again, to be written to.
    Opt {
        /// True: wants to be written to.
        opted_in: bool,
        /// Purpose as the provider names it; empty: all.
        purpose: String,
        /// The provider's token or payload.
        payload: Option<String>,
        /// Title that the customer saw.
        title: Option<String>,
    },
    /// The conversation was started, or came by a referral, without words.
    Start {
        /// Title that the customer saw.
        title: Option<String>,
        /// Payload of the starting control.
        payload: Option<String>,
        /// True: by a referral; false: a conversation start.
        referral: bool,
    },
    /// The visitor left.
    VisitEnd,
    /// A call of the channel.
    Call {
        /// What happened to it.
        state: CallState,
        /// Seconds it lasted.
        seconds: Option<u32>,
    },
    /// Bytes of an attachment announced before have arrived.
    MediaArrived(Attachment),
    /// Somebody answered outside skein.
    Echo(Message),
    /// Concerns our account: for operators.
    Account {
        /// The provider's name of the kind.
        subject: String,
        /// The provider's words or JSON.
        detail: String,
    },
    /// A kind we do not know, kept with the provider's reason.
    Unsupported(Content),
    /// Not a thing for anybody: acknowledged and counted.
    Ignored {
        /// The provider's name of the kind, bounded.
        kind: String,
    },
}

/// Something said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// What it says.
    pub content: Content,
    /// The provider's id of the message that it quotes or answers.
    pub quoted: Option<String>,
    /// It was forwarded.
    pub forwarded: bool,
    /// Parts of an SMS: (this part, of how many, reference).
    pub part: Option<(u16, u16, String)>,
    /// Others in the thread who are not its customer (copied addresses).
    pub participants: Vec<Mailbox>,
}

/// States of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallState {
    /// It rings.
    #[default]
    Ringing,
    /// Somebody answered.
    Answered,
    /// It ended.
    Ended,
    /// Nobody answered.
    Missed,
}

/// What became of a message of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Our id, when the adapter knows it.
    pub message_id: Option<String>,
    /// The status reported.
    pub status: ReceiptStatus,
    /// Address of the recipient whom it is about, as sent.
    pub recipient: Option<String>,
    /// What went wrong.
    pub error: Option<ReceiptError>,
    /// The provider's conversation and price data, as JSON.
    pub billing: Option<String>,
    /// It holds for all that we sent to the counterpart up to this time, by the provider's clock.
    pub through: Option<Timestamp>,
}

/// States of a message of ours, in rising order (domain rules, section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReceiptStatus {
    /// Handed to the adapter.
    #[default]
    Queued,
    /// The adapter ended between sending and reporting.
    Unknown,
    /// The provider took it.
    Sent,
    /// It failed.
    Failed,
    /// Its time passed before it was sent.
    Expired,
    /// It reached the recipient's device.
    Delivered,
    /// The recipient read it.
    Read,
}

/// Why a message of ours failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptError {
    /// What a sender can do about it.
    pub class: ErrorClass,
    /// The provider's code.
    pub code: String,
    /// The provider's words.
    pub reason: String,
}

/// Classes of failure (domain rules, section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorClass {
    /// Not known.
    #[default]
    Unspecified,
    /// Sending it again may work.
    Retryable,
    /// The reply window is closed.
    WindowClosed,
    /// The recipient refused to be written to.
    OptedOut,
    /// The recipient cannot be reached.
    Unreachable,
    /// The message or address is not valid.
    Invalid,
    /// We are blocked.
    Blocked,
    /// The content was refused.
    Content,
    /// Too many.
    Rate,
    /// Our credentials were refused.
    Auth,
}

/// Whether it is the payload that guides of providers give the button of a conversation's start: who presses it says nothing yet.
#[must_use]
pub fn is_start_payload(payload: &str) -> bool {
    let folded: String = payload.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    folded == "getstarted" || folded == "getstartedpayload"
}
