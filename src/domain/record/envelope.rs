//! The envelope of a record: number, time, cause, touched leaves, changes, personal content.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::{Asked, Briefing, Change, Fact, Inputs, Marked, Tags};
use crate::domain::content::Content;
use crate::domain::id::{Index, LeafId, Name};
use crate::domain::time::Timestamp;

/// Envelope and ordered changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Number in the shard's log.
    pub index: Index,
    /// Time of the shard when it was decided.
    pub time: Timestamp,
    /// The workspace that it belongs to.
    pub workspace: Name,
    /// Why it exists.
    pub cause: Cause,
    /// Every leaf it touches, with the way back through that leaf's history.
    pub touches: SmallVec<[Touch; 1]>,
    /// What has changed, in order.
    pub changes: SmallVec<[Change; 2]>,
    /// Personal content of the changes; belongs to `content_leaf` only.
    pub content: Vec<Personal>,
    /// The leaf whose key seals the content.
    pub content_leaf: Option<LeafId>,
}

impl Record {
    /// The leaf that personal content belongs to, whose key seals it: the one that its change names.
    #[must_use]
    pub fn leaf_of(&self, personal: &Personal) -> Option<LeafId> {
        self.changes.get(usize::from(personal.place)).and_then(Change::leaf).or(self.content_leaf)
    }

    /// The record as it is read once these leaves have no key.
    #[must_use]
    pub fn without_content_of(&self, leaves: &[LeafId]) -> Self {
        let mut left = self.clone();
        left.content.retain(|personal| self.leaf_of(personal).is_none_or(|leaf| !leaves.contains(&leaf)));
        left
    }
}

/// A leaf that a record touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touch {
    /// The leaf.
    pub leaf: LeafId,
    /// Indexes of the leaf's previous records, newest first, at most 8.
    pub previous: SmallVec<[u64; 8]>,
}

/// Personal content of one change.
#[derive(Clone, Debug, PartialEq)]
pub struct Personal {
    /// Place of the change in [`Record::changes`].
    pub place: u16,
    /// The content.
    pub value: PersonalValue,
}

/// Kinds of personal content.
#[derive(Clone, Debug, PartialEq)]
pub enum PersonalValue {
    /// Content of a [`MessageStored`](super::MessageStored) or a [`PartHeld`](super::PartHeld), with the address
    /// it goes to (outbound) or the provider's ids it carries.
    Message(Box<MessageContent>),
    /// Normalised address of an [`IdentityOpened`](super::IdentityOpened).
    Address(Name),
    /// Shown name of a customer.
    Shown(Name),
    /// Facts of a [`Change::FactsSet`].
    Facts(Vec<Fact>),
    /// What a [`Change::FactAsked`] asks for.
    Asked(Asked),
    /// Why an identity is [`Change::Blocked`], or a Work urgent ([`Change::PriorityGiven`]).
    Reason(String),
    /// Which fact wakes a Work that is [`Change::Parked`].
    WakeFact(Name),
    /// What an owner notes of a Work that is passed on: of a [`Change::Transferring`], and of each
    /// [`OfferMade`](super::OfferMade) and [`Assigned`](super::Assigned) that follows from it.
    Note(String),
    /// What a program told of a Work that is for people: of a [`Change::HandedToPeople`], and of each [`OfferMade`](super::OfferMade) and
    /// [`Assigned`](super::Assigned) that follows.
    Briefing(Box<Briefing>),
    /// What rules were given of a [`Change::Routed`].
    Inputs(Box<Inputs>),
    /// What a [`Change::SummarySet`] says; empty: nothing any more.
    Summary(String),
    /// Which tags of a [`Change::Tagged`].
    Tags(Tags),
    /// What others noted of the Work of an [`OfferMade`](super::OfferMade) or [`Assigned`](super::Assigned).
    Marked(Box<Marked>),
}

/// Content of a message with what the channel needs beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageContent {
    /// What it says.
    pub content: Content,
    /// The provider's id of the message, if it has one.
    pub provider_ref: Option<String>,
    /// The provider's id of the message that it quotes or is about.
    pub quoted_ref: Option<String>,
    /// Outbound: the normalised address it goes to.
    pub recipient: Option<String>,
    /// Details of kinds that are no message: emoji, call, opt-in payload and the like, as short text.
    pub detail: Option<String>,
    /// Time as sent by the provider when it could not be read.
    pub odd_time: Option<String>,
    /// Outbound: language of the text, BCP 47.
    pub language: Option<String>,
    /// The provider's token for one answer within a short time: inbound as it gave it, outbound the one that the answer uses up.
    pub reply_token: Option<String>,
    /// Outbound mail: our signed token for the `Reply-To`.
    pub reply_to_token: Option<String>,
    /// Outbound: the author's name as the customer may see it.
    pub author_name: Option<String>,
    /// The provider's token that marks a message as read: inbound as it gave it, outbound that of the message answered.
    pub read_token: Option<String>,
    /// What is said to one person only: the provider's id of the thread in which it is said, where the channel has threads. That of a
    /// group is the address of its leaf.
    pub thread: Option<String>,
    /// Outbound mail: who gets a copy beside the recipient, each with a signed token of its own.
    pub copies: Vec<MailCopy>,
}

/// Somebody who gets a copy of a mail of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailCopy {
    /// The address as written.
    pub address: String,
    /// Our signed token for the `Reply-To` of that copy.
    pub reply_to_token: String,
}

/// Why a record exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An event of an IN stream (design, law 6).
    Input(Input),
    /// A command of an agent or operator.
    Command(Request),
    /// A deadline of the state.
    Timer,
    /// The shard itself: configuration, progress, take-over.
    System,
}

/// Where an input stands, so that it is applied exactly once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Number of the IN stream (see [`Change::StreamBound`]).
    pub stream: u16,
    /// Its sequence there.
    pub sequence: u64,
    /// Which event of the message's, from 0.
    pub event: u16,
    /// How many events the message has.
    pub of: u16,
    /// Version of the function that split the message into events.
    pub splitter: u16,
    /// Digest of the stored message's bytes.
    pub digest: u64,
}

impl Input {
    /// Whether this one of the same stream is still to be applied when `applied` was the last. A message of which another splitter
    /// had applied only a part is applied from its first event: its events may be others now, and those that have an id are known
    /// by it.
    #[must_use]
    pub fn is_after(&self, applied: &Self) -> bool {
        if self.sequence != applied.sequence {
            self.sequence > applied.sequence
        } else if self.splitter == applied.splitter {
            self.event > applied.event
        } else {
            applied.event < applied.of.saturating_sub(1)
        }
    }
}

/// What makes a command recognisable when it is repeated (design, section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who sent it: `agent:<name>` or `operator:<name>`.
    pub principal: Name,
    /// The sender's id of the command; empty: not to be remembered.
    pub request_id: Name,
    /// Digest of the command's body.
    pub digest: u64,
}
