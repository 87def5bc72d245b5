//! Messages and receipts in records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::domain::event::{Assurance, ErrorClass, ReceiptStatus, Scope};
use crate::domain::id::{AgentId, AssignmentId, LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::time::Timestamp;

/// Direction of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the customer.
    #[default]
    In,
    /// To the customer.
    Out,
    /// For agents only.
    Note,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// The customer of the Conversation.
    #[default]
    Customer,
    /// Somebody else in the Work.
    Participant,
    /// A person among the agents.
    Agent(AgentId),
    /// A bot among the agents.
    Bot(AgentId),
    /// skein.
    System,
    /// Somebody answered outside skein.
    External,
}

impl MessageStored {
    /// The message of ours that it takes back, or is sent in the place of.
    pub(crate) fn settles(&self) -> Option<MessageId> {
        let ours = self.direction == Direction::Out && self.author != Author::External;
        self.about.filter(|_| ours && (self.kind == MessageKind::Deletion || self.flags.has(Flags::RETRY)))
    }

    /// Whether it says that its person has the address now: history and a provider's notices do not.
    pub(crate) fn is_from_the_person(&self) -> bool {
        let told = self.flags.has(Flags::BACKFILL) || self.kind == MessageKind::IdentityChange;
        self.direction == Direction::In && self.author == Author::Customer && !told
    }
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Answer to the customer's matter.
    #[default]
    Service,
    /// We began.
    Proactive,
    /// Advertising.
    Marketing,
    /// A notice of skein's.
    Notice,
    /// A survey.
    Survey,
}

/// What an item of a Conversation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Something said.
    #[default]
    Message,
    /// Something said was changed.
    Edit,
    /// Something said was taken back.
    Deletion,
    /// A reaction.
    Reaction,
    /// The address of the counterpart changed.
    IdentityChange,
    /// Permission given or refused.
    Opt,
    /// A conversation start or referral without words.
    Start,
    /// The visitor left.
    VisitEnd,
    /// A call.
    Call,
    /// Bytes of an attachment arrived.
    MediaArrived,
    /// Content that did not come through.
    Unsupported,
}

impl MessageKind {
    /// As configuration names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Edit => "edit",
            Self::Deletion => "deletion",
            Self::Reaction => "reaction",
            Self::IdentityChange => "identity_change",
            Self::Opt => "opt",
            Self::Start => "start",
            Self::VisitEnd => "visit_end",
            Self::Call => "call",
            Self::MediaArrived => "media_arrived",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What is odd about a message: a set of the constants below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flags(pub u32);

impl Flags {
    /// The id was used before with another body.
    pub const ID_REUSED: Self = Self(1);
    /// The provider's time is unreadable or far from ours.
    pub const ODD_TIME: Self = Self(2);
    /// Same words again within 3 s without an id: stored, not shown.
    pub const REPEATED: Self = Self(4);
    /// The limit of open Works was reached.
    pub const WORK_LIMIT: Self = Self(8);
    /// History.
    pub const BACKFILL: Self = Self(16);
    /// "Thanks" after the end: no Work.
    pub const THANKS: Self = Self(32);
    /// Forwarded.
    pub const FORWARDED: Self = Self(64);
    /// Written by a machine, to nobody in particular: an absence notice, a list.
    pub const AUTO_SUBMITTED: Self = Self(128);
    /// Tells of a call that was not missed: it asks for nothing.
    pub const ATTENDED: Self = Self(256);
    /// Written by a machine for somebody: a form that was filled in. It awaits a person's answer, never an automatic one.
    pub const GENERATED: Self = Self(512);
    /// Some of a text that came in parts: the others did not come in time.
    pub const INCOMPLETE: Self = Self(1024);
    /// Sent on a channel whose receipts may name a time instead of a message, as that was known when it was sent.
    pub const REPORTED_THROUGH: Self = Self(2048);
    /// Nothing but a word by which its author refuses to be written to, or allows it again: no Work.
    pub const OPT_WORD: Self = Self(4096);
    /// A mail that quotes a thread of somebody else's: it does not join it.
    pub const FOREIGN_THREAD: Self = Self(1 << 20);
    /// A mail with a reply token of ours that another address got: it proves nothing of its sender.
    pub const FOREIGN_TOKEN: Self = Self(1 << 21);
    /// A mail with a reply token that names a key of ours and is not to be believed: forged, or past its day.
    pub const BAD_TOKEN: Self = Self(1 << 22);
    /// A mail whose sender is an address of ours: it gets no automatic answer and opens nothing again.
    pub const OWN_ADDRESS: Self = Self(1 << 23);

    /// From a blocked identity: stored, in no Work, nobody is told.
    pub const BLOCKED: Self = Self(1 << 26);
    /// From an identity whose Work an agent called spam: the same.
    pub const SPAM: Self = Self(1 << 27);
    /// From a customer who came when too many did: the same, until somebody lets it in.
    pub const QUARANTINED: Self = Self(1 << 28);

    /// Sent again in the place of a message of ours that did not arrive, which it is about.
    pub const RETRY: Self = Self(1 << 14);
    /// A deletion of ours that takes back what had left; without it, what had not.
    pub const RETRACTED: Self = Self(1 << 15);

    /// A notice in the words of a person, who joins: no program's.
    pub const WORDED: Self = Self(1 << 16);

    /// More than the limit of one identity by one endpoint within a minute: stored, in no Work, nobody is told.
    pub const FLOOD: Self = Self(8192);

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a message so flagged leaves the turn, and where answers go, as they are: hidden, history, no person's words, a call
    /// that nobody missed, or a word of opt-out.
    #[must_use]
    pub fn is_quiet(self) -> bool {
        self.has(Self::REPEATED)
            || self.has(Self::BACKFILL)
            || self.has(Self::AUTO_SUBMITTED)
            || self.has(Self::ATTENDED)
            || self.has(Self::OPT_WORD)
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A message in the Conversation. Its words are in the record's content at the same place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageStored {
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Conversation at that time.
    pub conversation: RootId,
    /// Work that it belongs to, at most one.
    pub work: Option<WorkId>,
    /// Direction.
    pub direction: Direction,
    /// What the item is.
    pub kind: MessageKind,
    /// Who wrote it.
    pub author: Author,
    /// How sure we are who wrote it.
    pub assurance: Assurance,
    /// Who could read it.
    pub scope: Scope,
    /// Why it was sent (outbound).
    pub purpose: Purpose,
    /// Channel of the endpoint.
    pub channel: Name,
    /// Our endpoint.
    pub endpoint: Name,
    /// The provider's time, milliseconds since the Unix epoch.
    pub provider_time: Option<Timestamp>,
    /// What is odd.
    pub flags: Flags,
    /// Message that it answers or is about, where known.
    pub about: Option<MessageId>,
    /// Duplicate key (domain rules, section 2), 0 for none.
    pub duplicate_key: u64,
    /// Keyed digest of the normalised content, 0 for none.
    pub digest: u64,
    /// Fingerprint of (endpoint, provider id), 0 for none.
    pub provider_fingerprint: u64,
    /// Agents who are told.
    pub audience: SmallVec<[AgentId; 1]>,
    /// A note for this agent alone, and its author.
    pub whispered_to: Option<AgentId>,
    /// Outbound: the assignment that it was sent under.
    pub assignment: Option<AssignmentId>,
    /// Outbound: the last message that its author had seen.
    pub seen_through: Option<MessageId>,
    /// Outbound: not to be sent after this.
    pub not_after: Option<Timestamp>,
    /// Inbound, with an owner: when the owner is recalled if the customer still waits.
    pub answer_by: Option<Timestamp>,
    /// Outbound mail: keyed hashes of the addresses that it goes to beside the customer's.
    pub copied: Vec<u128>,
}

/// A part of a text that waits for the others. Its words are in the record's content at the same place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHeld {
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Channel of the endpoint.
    pub channel: Name,
    /// Our endpoint.
    pub endpoint: Name,
    /// What the parts of one text have in common: keyed fingerprint of sender, endpoint and reference.
    pub set: u64,
    /// Which part, from 1.
    pub number: u16,
    /// Of how many.
    pub of: u16,
    /// Until when the others are waited for; that of the first part to come counts.
    pub until: Timestamp,
    /// How sure we are who wrote it.
    pub assurance: Assurance,
    /// The provider's time, milliseconds since the Unix epoch.
    pub provider_time: Option<Timestamp>,
    /// What is odd.
    pub flags: Flags,
    /// Duplicate key (domain rules, section 2), 0 for none.
    pub duplicate_key: u64,
    /// Keyed digest of the normalised content, 0 for none.
    pub digest: u64,
    /// Fingerprint of (endpoint, provider id), 0 for none.
    pub provider_fingerprint: u64,
}

/// What became of a message of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptNoted {
    /// Which.
    pub message: MessageId,
    /// Its leaf.
    pub leaf: LeafId,
    /// Its Work.
    pub work: Option<WorkId>,
    /// What was reported.
    pub status: ReceiptStatus,
    /// Whether it is the status now; a lower one is only noted.
    pub applied: bool,
    /// Class of its error.
    pub class: ErrorClass,
    /// The provider's code, bounded.
    pub code: Name,
    /// Fingerprint of (endpoint, provider id) that this report binds to the message, 0 for none.
    pub provider_fingerprint: u64,
    /// Agents who are told.
    pub audience: SmallVec<[AgentId; 1]>,
    /// The provider's time of the message, for reports of everything up to a time.
    pub sent_at: Option<Timestamp>,
}

/// A report of everything up to a time came before an adapter said that a message left: kept until it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThroughParked {
    /// Leaf of the counterpart.
    pub leaf: LeafId,
    /// Channel of the endpoint.
    pub channel: Name,
    /// Our endpoint.
    pub endpoint: Name,
    /// DELIVERED or READ.
    pub status: ReceiptStatus,
    /// Up to when, by the provider's clock.
    pub through: Timestamp,
}

/// Held parts are held no longer: a message of this record is made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartsJoined {
    /// Leaf that they are filed under.
    pub leaf: LeafId,
    /// Which: as in [`PartHeld`].
    pub set: u64,
    /// The message.
    pub message: MessageId,
    /// Whether all parts were there. Otherwise one that comes late is a message of its own.
    pub complete: bool,
}
