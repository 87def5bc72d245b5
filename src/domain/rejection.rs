//! Why a command is refused. A rejection writes nothing and is decided anew when the command comes again.

use super::channel::Uncarried;
use super::command::Answer;
use super::event::{AddressKind, ErrorClass, ReceiptStatus};
use super::id::{AgentId, AssignmentId, LeafId, MessageId, Name, RootId, WorkId};
use super::record::MuteReason;
use super::view::WorkState;

/// Why, with what is true now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such workspace in this shard.
    #[error("unknown workspace")]
    UnknownWorkspace,
    /// No such IN stream in the workspace.
    #[error("unknown stream {0}")]
    UnknownStream(Name),
    /// The IN stream is in use: only a broken one is taken into use again.
    #[error("the stream is in use")]
    StreamInUse,
    /// No such endpoint in the workspace's configuration.
    #[error("unknown endpoint {0}")]
    UnknownEndpoint(Name),
    /// No such agent, and unknown ones are not registered.
    #[error("unknown agent")]
    UnknownAgent,
    /// No such Work, or not open.
    #[error("unknown work")]
    UnknownWork,
    /// No such offer.
    #[error("unknown offer")]
    UnknownOffer,
    /// The offer has ended, or was another agent's.
    #[error("the offer is over")]
    OfferOver,
    /// The Work is closed.
    #[error("the work is closed")]
    WorkClosed,
    /// The Work was merged into another.
    #[error("the work was merged into {into}")]
    WorkMerged {
        /// Which has its messages now.
        into: WorkId,
    },
    /// The two Works may not become one.
    #[error("the works cannot be merged: {0}")]
    CannotMerge(&'static str),
    /// The Work belongs to another agent, or to nobody.
    #[error("not the owner of the work")]
    NotOwner {
        /// The owner now.
        owner: Option<AgentId>,
    },
    /// The assignment is no longer the current one.
    #[error("the assignment is no longer the current one")]
    StaleAssignment {
        /// The current one, and whose it is.
        current: Option<(AssignmentId, AgentId)>,
    },
    /// Nothing of the kind is done with a Work in that state.
    #[error("{why}")]
    WorkState {
        /// The state.
        state: WorkState,
        /// What stands against it.
        why: &'static str,
    },
    /// The Work was passed on as often as the workspace allows: somebody has to take it before its owner lets go.
    #[error("the work was passed on {bounces} times already: only warm transfers from now on")]
    BounceBudget {
        /// How often.
        bounces: u32,
        /// After how many it is warm only.
        limit: u32,
    },
    /// An agent cannot have the Work now.
    #[error("the agent cannot take the work: {0}")]
    CannotTake(&'static str),
    /// Work of the queue does not end so: there are others to choose from.
    #[error("there is no such disposition for the queue: {named}")]
    UnknownDisposition {
        /// What was named.
        named: Name,
        /// What may have been meant.
        near: Option<Name>,
    },
    /// Work of the queue is not closed without a disposition.
    #[error("a disposition is wanted")]
    DispositionWanted,
    /// There is no such reason: there are others to choose from.
    #[error("there is no such reason: {named}")]
    UnknownPresenceReason {
        /// What was named.
        named: Name,
        /// What may have been meant.
        near: Option<Name>,
    },
    /// It is in queues that are not shown to the agent.
    #[error("it is in queues that are not shown to the caller")]
    NotVisible,
    /// It is in queues that are not shown to the agent who would be told of it.
    #[error("it is in queues that are not shown to the agent whom it is for")]
    NotVisibleTo {
        /// Which agent.
        agent: Name,
    },
    /// The agent does not serve the queue.
    #[error("the agent does not serve the queue {queue}")]
    QueueNotServed {
        /// Which queue.
        queue: Name,
    },
    /// The customer has written since.
    #[error("newer messages of the customer")]
    NewerMessages {
        /// The latest.
        latest: MessageId,
    },
    /// A message that the Work does not have.
    #[error("unknown message")]
    UnknownMessage,
    /// An attachment that may be gone: it waited for too long, or goes with the customer whose messages named it.
    #[error("an attachment is kept for 24 h before a message names it, and then with it: put it again")]
    UnknownAttachment,
    /// No such customer.
    #[error("unknown customer")]
    UnknownCustomer,
    /// No such identity, or not of that customer.
    #[error("unknown identity")]
    UnknownIdentity,
    /// Nobody suggests that the two are one, or that was decided.
    #[error("no such suggestion is open")]
    UnknownSuggestion,
    /// Both are the same customer already.
    #[error("they are one customer already")]
    SameCustomer {
        /// Its id.
        customer: RootId,
    },
    /// The customer was not merged: its identities have to be named.
    #[error("the customer was not merged into another one: name the identities that are to be parted from it")]
    NotMerged {
        /// Its id.
        customer: RootId,
    },
    /// Nothing would be left of the customer.
    #[error("nothing would be left of the customer: leave one of its identities")]
    NothingLeft {
        /// Its id.
        customer: RootId,
    },
    /// An address of several people, or a group: it is nobody's, and has a customer of its own.
    #[error("the address is used by several people: it stays a customer of its own")]
    SharedIdentity {
        /// Its leaf.
        leaf: LeafId,
    },
    /// The customer would have two values of something that a person has one of.
    #[error("one person has no two of that kind of address: unlink the wrong one first")]
    TwoValues {
        /// Of which kind.
        kind: AddressKind,
    },
    /// The address belongs to a customer with other addresses.
    #[error("the address is another customer's, who has more: merge the two, or unlink the address there first")]
    IdentityTaken {
        /// Whose it is.
        customer: RootId,
    },
    /// There is nothing to take back.
    #[error("{0}")]
    NotSetAside(&'static str),
    /// The command needs an open session.
    #[error("no open session")]
    NoSession,
    /// The session was taken over by a newer one.
    #[error("the session was superseded")]
    SessionSuperseded {
        /// Epoch of the session now.
        current: u64,
    },
    /// Another session of the agent is connected.
    #[error("another session of the agent is connected")]
    AlreadyConnected,
    /// The same request id was used with another body.
    #[error("the request id was used with another body")]
    RequestIdReused,
    /// Nobody to send to.
    #[error("no recipient")]
    NoRecipient,
    /// The named recipient may not be answered from here.
    #[error("recipient refused: {0}")]
    RecipientRefused(&'static str),
    /// The endpoint cannot send that now.
    #[error("cannot be sent: {0:?}")]
    CannotSend(ErrorClass),
    /// The channel has no room for that, or no such thing.
    #[error("{channel} does not carry it: {what}")]
    NotCarried {
        /// Where it would have gone.
        channel: Name,
        /// What it does not carry.
        what: Uncarried,
    },
    /// The agent serves neither queue nor channel of the endpoint.
    #[error("the agent does not serve the queue and channel of {endpoint}")]
    NotServed {
        /// Which endpoint.
        endpoint: Name,
    },
    /// A Work of the brand is open with the customer.
    #[error("a work is open with that customer")]
    WorkOpen {
        /// Which.
        work: WorkId,
        /// Whose it is.
        owner: Option<AgentId>,
        /// It is spoken on by the very endpoint: there what is said belongs to it.
        same_endpoint: bool,
    },
    /// Programs are silent in the Work.
    #[error("programs are silent in the work: {reason:?}")]
    AutomationMuted {
        /// Why.
        reason: MuteReason,
    },
    /// The message of ours is not where that can be done about it.
    #[error("{why}")]
    MessageState {
        /// Where it is.
        status: ReceiptStatus,
        /// What stands against it.
        why: &'static str,
    },
    /// No such template is approved for the endpoint and language.
    #[error("no such template is listed for the endpoint in that language")]
    UnknownTemplate,
    /// A template with more or fewer parameters than it has places.
    #[error("the template has {wanted} parameters")]
    TemplateParameters {
        /// How many it has.
        wanted: u32,
    },
    /// A value out of its limits.
    #[error("{0}")]
    Invalid(&'static str),
    /// A limit was reached.
    #[error("limit reached: {0}")]
    Limit(&'static str),
    /// An equal command was accepted before: its answer. A normal outcome.
    #[error("accepted before")]
    Repeated(Answer),
    /// The input was applied before.
    #[error("the input was applied before")]
    AlreadyApplied,
    /// The same event was applied before.
    #[error("a duplicate of an earlier event")]
    Duplicate,
    /// The input is not for anybody.
    #[error("nothing to do")]
    Ignored,
}
