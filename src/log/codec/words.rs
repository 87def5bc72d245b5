//! The small words of records: each domain enum and its number in the log. A word without a number does not compile.

use super::error::CodecError;
use crate::domain::{event, record};
use crate::proto::{channel, log};

/// An enum that has a number in the log.
pub(super) trait Word: Sized {
    /// Its number, never 0.
    fn number(self) -> i32;

    /// The word of a number.
    fn from_number(number: i32) -> Result<Self, CodecError>;
}

macro_rules! words {
    ($($domain:ty = $proto:ty { $($word:ident),+ $(,)? })+) => {$(
        impl Word for $domain {
            fn number(self) -> i32 {
                match self {
                    $(Self::$word => <$proto>::$word.into(),)+
                }
            }

            fn from_number(number: i32) -> Result<Self, CodecError> {
                match <$proto>::try_from(number) {
                    $(Ok(<$proto>::$word) => Ok(Self::$word),)+
                    _ => Err(CodecError::Value(stringify!($domain))),
                }
            }
        }
    )+};
}

words! {
    event::AddressKind = channel::AddressKind {
        Phone, ShortCode, Whatsapp, Email, Messenger, Instagram, Telegram, Line, Viber, Web, Crm, Login, Staff,
    }
    event::Assurance = channel::Assurance { Claimed, Platform, LoggedIn, Token }
    event::Scope = channel::Scope { Direct, Group, Public }
    event::ReceiptStatus = channel::ReceiptStatus { Queued, Unknown, Sent, Failed, Expired, Delivered, Read }
    record::Purpose = channel::Purpose { Service, Proactive, Marketing, Notice, Survey }
    record::IdentityStatus = log::IdentityStatus { Verified, Provisional }
    record::Evidence = log::Evidence { First, SameEvent, Agent, Claim, Token, Login }
    record::SuggestionReason = log::SuggestionReason {
        SharedAddress, SameBrowser, DoubtedAddress, Claim, Moved, Token, SameAddress,
    }
    record::SuggestionEnd = log::SuggestionEnd { Accepted, Rejected, Parted, Displaced, Merged, Erased, ClaimedAgain }
    record::OptSource = log::OptSource { Word, Provider, Failure }
    record::Direction = log::Direction { In, Out, Note }
    record::MessageKind = log::MessageKind {
        Message, Edit, Deletion, Reaction, IdentityChange, Opt, Start, VisitEnd, Call, MediaArrived, Unsupported,
    }
    record::QueueCause = log::QueueCause { New, Reopened, OfferEnded, Recalled, OwnerLost, Requeued, Rerouted, Moved, Woken, Transferred, Overflowed, HandedOver }
    record::StepCause = log::StepCause { Queued, Clock, NobodyThere, Reconfigured, Closed }
    record::OverflowCause = log::OverflowCause { Length, Wait, NoAgent, Estimate }
    record::OfferOutcome = log::OfferOutcome { Accepted, Declined, Expired, Revoked }
    record::AssignCause = log::AssignCause { Offer, Auto, Claim, Start, Assign, Transfer, Takeover }
    record::UnassignReason = log::UnassignReason { Closed, Recalled, OwnerLost, Requeued, Merged, Muted, NotReady, Transferred, TransferLapsed, TakenOver, Reassigned, ForceRequeued, ForceTransferred, HandedOver }
    record::HandOverCause = log::HandOverCause { Asked, NoAnswer }
    record::MuteReason = log::MuteReason { SwiftAnswers, SameText, TooMany, HandedBack, Generated }
    record::TransferOutcome = log::TransferOutcome { Declined, Unavailable, Withdrawn, Relieved }
    record::Role = log::ParticipantRole { Consultant, Barged }
    record::LeaveReason = log::LeaveReason { Left, Ended, Lapsed, Gone, OwnerChanged, Closed, Owns }
    record::WakeCause = log::WakeCause { Time, Message, Fact, Agent }
    record::AnswerOutcome = log::AnswerOutcome { InTime, Late, Never }
    record::EffortKind = log::EffortKind { Wait, Unanswered, Transfer, Repeat, AskedAgain, Switch, Failed, Loop }
    record::NoticeKind = log::NoticeKind { Closed, Waiting }
    record::SessionEnd = log::SessionEnd { LoggedOut, Taken, GraceOver, SlowReader, Operator }
    record::Presence = log::Presence { Ready, Away, Draining, Offline }
}

/// The one word whose zero means something: no error, or one of no known class.
impl Word for event::ErrorClass {
    fn number(self) -> i32 {
        crate::normalize::convert::error_class(self).into()
    }

    fn from_number(number: i32) -> Result<Self, CodecError> {
        use channel::ErrorClass as P;
        Ok(match P::try_from(number).map_err(|_| CodecError::Value("error class"))? {
            P::Unspecified => Self::Unspecified,
            P::Retryable => Self::Retryable,
            P::WindowClosed => Self::WindowClosed,
            P::OptedOut => Self::OptedOut,
            P::Unreachable => Self::Unreachable,
            P::Invalid => Self::Invalid,
            P::Blocked => Self::Blocked,
            P::Content => Self::Content,
            P::Rate => Self::Rate,
            P::Auth => Self::Auth,
        })
    }
}

/// Kind of an author, and the agent's number where there is one.
pub(super) fn author_number(author: record::Author) -> (i32, u32) {
    use channel::AuthorKind as P;
    use record::Author as D;
    let (kind, agent) = match author {
        D::Customer => (P::Customer, 0),
        D::Participant => (P::Participant, 0),
        D::Agent(agent) => (P::Agent, agent.0),
        D::Bot(agent) => (P::Bot, agent.0),
        D::System => (P::System, 0),
        D::External => (P::External, 0),
    };
    (kind.into(), agent)
}

/// The author of a kind and an agent's number.
pub(super) fn author(kind: i32, agent: u32) -> Result<record::Author, CodecError> {
    use channel::AuthorKind as P;
    use record::Author as D;
    let agent = crate::domain::id::AgentId(agent);
    match P::try_from(kind) {
        Ok(P::Customer) => Ok(D::Customer),
        Ok(P::Participant) => Ok(D::Participant),
        Ok(P::Agent) => Ok(D::Agent(agent)),
        Ok(P::Bot) => Ok(D::Bot(agent)),
        Ok(P::System) => Ok(D::System),
        Ok(P::External) => Ok(D::External),
        Ok(P::Unspecified) | Err(_) => Err(CodecError::Value("author")),
    }
}
