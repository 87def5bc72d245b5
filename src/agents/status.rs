//! Refusals: the public reasons, and the one place where they become gRPC statuses.
//!
//! A reason is what a program acts on; it is the same in `google.rpc.ErrorInfo.reason` of a unary call and in
//! `CommandError.reason` of a session. What is true now (owner, latest message, limit) is in the metadata of the ErrorInfo and in
//! the text for people.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::convert;
use super::port::{CommandFailure, MediaError, Unavailable};
use crate::access::{Over, TokenProblem};
use crate::domain::id::{AgentId, Name, RootId};
use crate::domain::rejection::Rejection;

/// `google.rpc.ErrorInfo.domain` of every refusal.
pub const ERROR_DOMAIN: &str = "skein";

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $label:literal, $code:ident;)*) => {
        /// Why a request is refused. For programs: the labels are part of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All of them, for metrics and documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Upper-case words.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }

            /// The gRPC code it is sent with.
            #[must_use]
            pub fn code(self) -> Code {
                match self {
                    $(Self::$name => Code::$code,)*
                }
            }
        }
    };
}

reasons! {
    /// The metadata that names workspace and agent is missing or no name.
    CallerUnnamed => "CALLER_UNNAMED", Unauthenticated;
    /// The call brings no token, and one is wanted.
    TokenMissing => "TOKEN_MISSING", Unauthenticated;
    /// The token proves nothing here; why is named.
    TokenInvalid => "TOKEN_INVALID", Unauthenticated;
    /// The token has expired; with a new one a session goes on where it was.
    TokenExpired => "TOKEN_EXPIRED", Unauthenticated;
    /// No role of the token may do that; those that may are named.
    RoleRefused => "ROLE_REFUSED", PermissionDenied;
    /// The token is not good for the workspace.
    WorkspaceRefused => "WORKSPACE_REFUSED", PermissionDenied;
    /// The call names another agent than its token.
    CallerRefused => "CALLER_REFUSED", PermissionDenied;
    /// It is in queues that the caller may not see.
    NotVisible => "NOT_VISIBLE", PermissionDenied;
    /// No such workspace here.
    UnknownWorkspace => "UNKNOWN_WORKSPACE", NotFound;
    /// No such IN stream, or the server does not have it.
    UnknownStream => "UNKNOWN_STREAM", NotFound;
    /// The IN stream is not broken: there is nothing to decide about it.
    StreamInUse => "STREAM_IN_USE", FailedPrecondition;
    /// No such endpoint.
    UnknownEndpoint => "UNKNOWN_ENDPOINT", NotFound;
    /// The agent is not known and unknown ones are not registered.
    UnknownAgent => "UNKNOWN_AGENT", PermissionDenied;
    /// No such Work.
    UnknownWork => "UNKNOWN_WORK", NotFound;
    /// No such offer, or not the caller's.
    UnknownOffer => "UNKNOWN_OFFER", NotFound;
    /// No such conversation.
    UnknownConversation => "UNKNOWN_CONVERSATION", NotFound;
    /// No such customer, or nobody has the address.
    UnknownCustomer => "UNKNOWN_CUSTOMER", NotFound;
    /// No such identity, or not of that customer.
    UnknownIdentity => "UNKNOWN_IDENTITY", NotFound;
    /// No such suggestion is open.
    UnknownSuggestion => "UNKNOWN_SUGGESTION", NotFound;
    /// The two are one customer already.
    SameCustomer => "SAME_CUSTOMER", FailedPrecondition;
    /// The customer was not merged: the identities have to be named.
    NotMerged => "NOT_MERGED", FailedPrecondition;
    /// No identity would be left with the customer.
    NothingLeft => "NOTHING_LEFT", FailedPrecondition;
    /// The address is another customer's, who has more addresses: merge the two, or unlink it there.
    IdentityTaken => "IDENTITY_TAKEN", FailedPrecondition;
    /// The address is used by several people: it is linked to nobody.
    SharedIdentity => "SHARED_IDENTITY", FailedPrecondition;
    /// The customer would have two values of `crm` or `login`.
    TwoValues => "TWO_VALUES", FailedPrecondition;
    /// There is nothing to take back: the identity is not blocked or in quarantine, the Work no spam.
    NotSetAside => "NOT_SET_ASIDE", FailedPrecondition;
    /// A program asked for what only people may have.
    PeopleOnly => "PEOPLE_ONLY", PermissionDenied;
    /// No such message.
    UnknownMessage => "UNKNOWN_MESSAGE", NotFound;
    /// No such attachment, or its bytes are not stored.
    UnknownAttachment => "UNKNOWN_ATTACHMENT", NotFound;
    /// The offer has ended.
    OfferOver => "OFFER_OVER", FailedPrecondition;
    /// The Work is closed.
    WorkClosed => "WORK_CLOSED", FailedPrecondition;
    /// The Work was merged into another; it is named.
    WorkMerged => "WORK_MERGED", FailedPrecondition;
    /// The two Works may not become one; why is named.
    CannotMerge => "CANNOT_MERGE", FailedPrecondition;
    /// The Work is not the caller's.
    NotOwner => "NOT_OWNER", FailedPrecondition;
    /// The assignment is no longer the current one.
    StaleAssignment => "STALE_ASSIGNMENT", FailedPrecondition;
    /// Nothing of the kind is done with a Work in its state; that is named.
    WorkState => "WORK_STATE", FailedPrecondition;
    /// The agent cannot have the Work now; why is named.
    CannotTake => "CANNOT_TAKE", FailedPrecondition;
    /// The Work was passed on as often as the workspace allows; `limit` says how often. A warm transfer is possible.
    BounceBudget => "BOUNCE_BUDGET", FailedPrecondition;
    /// The caller does not serve the Work's queue; it is named.
    QueueNotServed => "QUEUE_NOT_SERVED", FailedPrecondition;
    /// There is no such disposition for the queue; `did_you_mean` may name the one that is.
    UnknownDisposition => "UNKNOWN_DISPOSITION", InvalidArgument;
    /// Work of the queue is not closed without a disposition.
    DispositionWanted => "DISPOSITION_WANTED", FailedPrecondition;
    /// There is no such presence reason; `did_you_mean` may name the one that is.
    UnknownPresenceReason => "UNKNOWN_PRESENCE_REASON", InvalidArgument;
    /// The customer has written since.
    NewerMessages => "NEWER_MESSAGES", FailedPrecondition;
    /// An operator has the workspace drained: no new sessions here for now.
    Draining => "DRAINING", Unavailable;
    /// The command needs an open session.
    NoSession => "NO_SESSION", FailedPrecondition;
    /// The session was taken over.
    SessionSuperseded => "SESSION_SUPERSEDED", FailedPrecondition;
    /// Another session of the agent is connected; a person may take over.
    AlreadyConnected => "ALREADY_CONNECTED", AlreadyExists;
    /// The session only looks on.
    ReadOnly => "READ_ONLY", FailedPrecondition;
    /// The session's peer did not read what it was sent.
    SlowReader => "SLOW_READER", ResourceExhausted;
    /// The first frame was no `hello`, or another one was.
    HelloExpected => "HELLO_EXPECTED", InvalidArgument;
    /// There was no first frame in time.
    HandshakeTimeout => "HANDSHAKE_TIMEOUT", DeadlineExceeded;
    /// An attachment, or its next piece, did not come in time: put it again.
    UploadTimeout => "UPLOAD_TIMEOUT", DeadlineExceeded;
    /// The request id was used with another body.
    RequestIdReused => "REQUEST_ID_REUSED", AlreadyExists;
    /// Nobody to send to.
    NoRecipient => "NO_RECIPIENT", FailedPrecondition;
    /// The named recipient may not be answered from here.
    RecipientRefused => "RECIPIENT_REFUSED", FailedPrecondition;
    /// The endpoint cannot send that now.
    CannotSend => "CANNOT_SEND", FailedPrecondition;
    /// The channel does not carry what the message holds; what and the limit are named.
    NotCarried => "NOT_CARRIED", InvalidArgument;
    /// The caller serves neither the queue nor the channel of the endpoint.
    NotServed => "NOT_SERVED", PermissionDenied;
    /// A Work of the brand is open with the customer; it is named, with its owner.
    WorkOpen => "WORK_OPEN", FailedPrecondition;
    /// Programs are silent in the Work; why is named.
    AutomationMuted => "AUTOMATION_MUTED", FailedPrecondition;
    /// The message of ours is in another state than that wants; it is named.
    MessageState => "MESSAGE_STATE", FailedPrecondition;
    /// What a message said is gone.
    WordsGone => "WORDS_GONE", FailedPrecondition;
    /// No such template is listed for the endpoint in that language.
    UnknownTemplate => "UNKNOWN_TEMPLATE", FailedPrecondition;
    /// A field is out of its limits; it is named.
    Invalid => "INVALID", InvalidArgument;
    /// A frame is larger than is taken.
    MessageTooLarge => "MESSAGE_TOO_LARGE", OutOfRange;
    /// A limit was reached; it is named.
    LimitReached => "LIMIT_REACHED", ResourceExhausted;
    /// The shard is not ready to serve.
    NotReady => "NOT_READY", Unavailable;
    /// The shard's queue is full.
    Overloaded => "OVERLOADED", Unavailable;
    /// The server shuts down: reconnect.
    ShuttingDown => "SHUTTING_DOWN", Unavailable;
    /// The node that owns the workspace's shard does not answer: try again.
    OwnerUnreachable => "OWNER_UNREACHABLE", Unavailable;
    /// The store of attachments does not answer.
    MediaUnavailable => "MEDIA_UNAVAILABLE", Unavailable;
    /// A defect: it was logged.
    Internal => "INTERNAL", Internal;
}

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    reason: Reason,
    text: String,
    /// Few and small: a list keeps their order.
    facts: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self { reason, text: text.into(), facts: Vec::new() }
    }

    /// A field is out of its limits.
    pub(crate) fn invalid(field: &'static str, rule: &str) -> Self {
        Self::new(Reason::Invalid, format!("{field}: {rule}")).with("field", field)
    }

    /// A limit was reached.
    pub(crate) fn limit(name: &'static str, value: usize) -> Self {
        Self::new(Reason::LimitReached, format!("limit reached: {name} is {value}"))
            .with("limit", name)
            .with("value", value.to_string())
    }

    /// A request or frame is larger than is taken.
    pub(crate) fn too_large(max_bytes: usize) -> Self {
        Self::new(Reason::MessageTooLarge, format!("a request or frame is larger than {max_bytes} bytes"))
            .with("limit", "max_request_bytes")
    }

    /// Adds what is true now.
    pub(crate) fn with(mut self, fact: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((fact, value.into()));
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is true now.
    #[must_use]
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// The refusal of a command; `name` knows agents' names.
    pub(crate) fn of_command(failure: CommandFailure, name: impl Fn(AgentId) -> Option<Name>) -> Self {
        match failure {
            CommandFailure::Rejected(rejection) => Self::of_rejection(rejection, name),
            CommandFailure::Unavailable(unavailable) => unavailable.into(),
        }
    }

    fn of_rejection(rejection: Rejection, name: impl Fn(AgentId) -> Option<Name>) -> Self {
        let text = rejection.to_string();
        let of_customer =
            |reason, text, customer: RootId| Self::new(reason, text).with("customer_id", customer.to_string());
        let meant = |refusal: Self, near: Option<Name>| match near {
            Some(near) => refusal.with("did_you_mean", near),
            None => refusal,
        };
        let owned_by = |refusal: Self, owner: Option<AgentId>| match owner.and_then(&name) {
            Some(owner) => refusal.with("owner", owner),
            None => refusal,
        };
        match rejection {
            Rejection::UnknownWorkspace => Self::new(Reason::UnknownWorkspace, text),
            Rejection::UnknownStream(_) => Self::new(Reason::UnknownStream, text),
            Rejection::StreamInUse => Self::new(Reason::StreamInUse, text),
            Rejection::UnknownEndpoint(_) => Self::new(Reason::UnknownEndpoint, text),
            Rejection::UnknownAgent => Self::new(Reason::UnknownAgent, text),
            Rejection::UnknownWork => Self::new(Reason::UnknownWork, text),
            Rejection::UnknownOffer => Self::new(Reason::UnknownOffer, text),
            Rejection::UnknownMessage => Self::new(Reason::UnknownMessage, text),
            Rejection::UnknownAttachment => Self::new(Reason::UnknownAttachment, text),
            Rejection::UnknownCustomer => Self::new(Reason::UnknownCustomer, text),
            Rejection::UnknownSuggestion => Self::new(Reason::UnknownSuggestion, text),
            Rejection::UnknownIdentity => Self::new(Reason::UnknownIdentity, text),
            Rejection::SameCustomer { customer } => of_customer(Reason::SameCustomer, text, customer),
            Rejection::NotMerged { customer } => of_customer(Reason::NotMerged, text, customer),
            Rejection::NothingLeft { customer } => of_customer(Reason::NothingLeft, text, customer),
            Rejection::IdentityTaken { customer } => of_customer(Reason::IdentityTaken, text, customer),
            Rejection::SharedIdentity { leaf } => {
                Self::new(Reason::SharedIdentity, text).with("identity_id", leaf.to_string())
            }
            Rejection::TwoValues { kind } => {
                Self::new(Reason::TwoValues, text).with("namespace", convert::namespace(kind))
            }
            Rejection::NotSetAside(_) => Self::new(Reason::NotSetAside, text),
            Rejection::OfferOver => Self::new(Reason::OfferOver, text),
            Rejection::WorkClosed => Self::new(Reason::WorkClosed, text),
            Rejection::WorkMerged { into } => {
                Self::new(Reason::WorkMerged, text).with("into_work_id", into.to_string())
            }
            Rejection::CannotMerge(why) => Self::new(Reason::CannotMerge, text).with("why", why),
            Rejection::NotOwner { owner } => owned_by(Self::new(Reason::NotOwner, text), owner),
            Rejection::StaleAssignment { current: None } => Self::new(Reason::StaleAssignment, text),
            Rejection::StaleAssignment { current: Some((assignment, owner)) } => owned_by(
                Self::new(Reason::StaleAssignment, text).with("assignment_id", assignment.to_string()),
                Some(owner),
            ),
            Rejection::WorkState { state, .. } => {
                Self::new(Reason::WorkState, text).with("state", convert::work_state_label(state))
            }
            Rejection::BounceBudget { limit, .. } => {
                Self::new(Reason::BounceBudget, text).with("limit", limit.to_string())
            }
            Rejection::CannotTake(why) => Self::new(Reason::CannotTake, text).with("why", why),
            Rejection::UnknownDisposition { near, .. } => meant(Self::new(Reason::UnknownDisposition, text), near),
            Rejection::UnknownPresenceReason { near, .. } => {
                meant(Self::new(Reason::UnknownPresenceReason, text), near)
            }
            Rejection::NotVisible => Self::new(Reason::NotVisible, text),
            Rejection::NotVisibleTo { agent } => Self::new(Reason::NotVisible, text).with("agent", agent),
            Rejection::DispositionWanted => Self::new(Reason::DispositionWanted, text),
            Rejection::QueueNotServed { queue } => Self::new(Reason::QueueNotServed, text).with("queue", queue),
            Rejection::NewerMessages { latest } => {
                Self::new(Reason::NewerMessages, text).with("latest_message_id", latest.to_string())
            }
            Rejection::NoSession => Self::new(Reason::NoSession, text),
            Rejection::SessionSuperseded { current } => {
                Self::new(Reason::SessionSuperseded, text).with("session_epoch", current.to_string())
            }
            Rejection::AlreadyConnected => Self::new(Reason::AlreadyConnected, text),
            Rejection::RequestIdReused => Self::new(Reason::RequestIdReused, text),
            Rejection::NoRecipient => Self::new(Reason::NoRecipient, text),
            Rejection::RecipientRefused(why) => Self::new(Reason::RecipientRefused, text).with("why", why),
            Rejection::CannotSend(class) => {
                Self::new(Reason::CannotSend, text).with("class", convert::error_class(class))
            }
            Rejection::NotCarried { channel, what } => {
                Self::new(Reason::NotCarried, text).with("channel", channel).with("what", what.to_string())
            }
            Rejection::NotServed { endpoint } => Self::new(Reason::NotServed, text).with("endpoint", endpoint),
            Rejection::WorkOpen { work, owner, same_endpoint } => {
                let refusal = Self::new(Reason::WorkOpen, text).with("work_id", work.to_string());
                owned_by(refusal.with("same_endpoint", same_endpoint.to_string()), owner)
            }
            Rejection::AutomationMuted { reason } => {
                Self::new(Reason::AutomationMuted, text).with("why", convert::mute_label(reason))
            }
            Rejection::MessageState { status, why } => {
                Self::new(Reason::MessageState, text).with("status", convert::status_label(status)).with("why", why)
            }
            Rejection::UnknownTemplate => Self::new(Reason::UnknownTemplate, text),
            Rejection::TemplateParameters { wanted } => {
                Self::new(Reason::Invalid, text).with("field", "template.parameters").with("wanted", wanted.to_string())
            }
            Rejection::Invalid(what) => Self::new(Reason::Invalid, text).with("field", what),
            Rejection::Limit(limit) => Self::new(Reason::LimitReached, text).with("limit", limit),
            // Answers of inputs, and the repeat that is answered as accepted: no agent's command is refused with them.
            Rejection::Repeated(_) | Rejection::AlreadyApplied | Rejection::Duplicate | Rejection::Ignored => {
                Self::new(Reason::Internal, text)
            }
        }
    }

    /// The code, reason and facts as the status of a gRPC call.
    #[must_use]
    pub fn to_status(&self) -> Status {
        let facts: HashMap<String, String> =
            self.facts.iter().map(|(fact, value)| ((*fact).to_owned(), value.clone())).collect();
        let details = ErrorDetails::with_error_info(self.reason.label(), ERROR_DOMAIN, facts);
        Status::with_error_details(self.reason.code(), self.text.clone(), details)
    }
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Self {
        let reason = match unavailable {
            Unavailable::NotReady => Reason::NotReady,
            Unavailable::Overloaded => Reason::Overloaded,
            Unavailable::Stopped => Reason::ShuttingDown,
        };
        Self::new(reason, unavailable.to_string())
    }
}

impl From<MediaError> for Refusal {
    fn from(error: MediaError) -> Self {
        let reason = match error {
            MediaError::Missing => Reason::UnknownAttachment,
            MediaError::Unavailable => Reason::MediaUnavailable,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<TokenProblem> for Refusal {
    fn from(problem: TokenProblem) -> Self {
        let reason = match problem {
            TokenProblem::Expired => Reason::TokenExpired,
            TokenProblem::NotYet
            | TokenProblem::Signature
            | TokenProblem::Issuer
            | TokenProblem::Audience
            | TokenProblem::Malformed
            | TokenProblem::Claim(_) => Reason::TokenInvalid,
        };
        let refusal = Self::new(reason, format!("the token is not accepted: {problem}")).with("why", problem.label());
        match problem {
            TokenProblem::Claim(claim) => refusal.with("claim", claim),
            _ => refusal,
        }
    }
}

impl From<Over> for Refusal {
    fn from(over: Over) -> Self {
        over.0.into()
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        refusal.to_status()
    }
}
