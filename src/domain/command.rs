//! What may be asked of the core: inputs, agents' commands, deadlines, and the shard's own affairs.

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::customer::{self, Normaliser};
use super::event::{Assurance, InboundEvent, Sender};
pub use super::handing::Hand;
use super::id::{AssignmentId, Index, LeafId, MessageId, Name, OfferId, Position, RootId, WorkId};
pub use super::marks::{About, Mark};
pub use super::oversight::Oversight;
pub use super::pass::Pass;
use super::record::{Input, Presence, Purpose, Request, SessionEnd};
use super::remembered::Older;
pub use super::taking_part::TakePart;
use super::time::Timestamp;
use super::timer::Timer;
use super::workspace::WorkspaceConfig;

/// One thing asked of the core; at most one record follows from it.
#[derive(Clone, Debug)]
pub enum Command {
    /// An event of an IN stream.
    Input(Box<Arrival>),
    /// An input that cannot be used; its bytes go to DEAD.
    DeadLetter(DeadLetter),
    /// A command of an agent.
    Agent(Box<AgentCommand>),
    /// A deadline has come.
    Timer {
        /// Of which workspace.
        workspace: Name,
        /// What it is for.
        timer: Timer,
    },
    /// A workspace is opened in this shard.
    OpenWorkspace {
        /// Its name.
        workspace: Name,
        /// Key of its hashes: random, from the caller.
        hash_key: [u8; 16],
    },
    /// A new key for reply tokens. Without effect while the newest is young, or where there is no mailbox.
    RenewReplyKey {
        /// Of which workspace.
        workspace: Name,
        /// Random, from the caller.
        key: [u8; 32],
    },
    /// A configuration is to be in force. Without effect when it is already.
    ApplyConfig {
        /// Of which workspace.
        workspace: Name,
        /// Validated.
        config: Box<WorkspaceConfig>,
    },
    /// An IN stream is to be read.
    BindStream {
        /// Of which workspace.
        workspace: Name,
        /// Name of the stream.
        stream: Name,
        /// When it was created, nanoseconds since the Unix epoch.
        created_ns: i64,
    },
    /// An IN stream is not the one that was read before.
    InputBroken {
        /// Of which workspace.
        workspace: Name,
        /// Its number.
        stream: u16,
        /// The last sequence it has now.
        found: u64,
    },
    /// An operator takes a broken IN stream into use again, as it is now.
    ResumeInput {
        /// Of which workspace.
        workspace: Name,
        /// Recognises a repeat, and says who decides.
        request: Request,
        /// Name of the stream.
        stream: Name,
        /// When it was created, nanoseconds since the Unix epoch.
        created_ns: i64,
        /// Counts as applied: reading goes on behind it.
        sequence: u64,
        /// Digest of the message there; 0: it is not stored.
        digest: u64,
    },
    /// Messages of an IN stream are gone that were never applied.
    InputGap {
        /// Of which workspace.
        workspace: Name,
        /// Its number.
        stream: u16,
        /// First sequence missing.
        from: u64,
        /// Last sequence missing.
        to: u64,
    },
    /// Inputs without effect are done with.
    Progress {
        /// Of which workspace.
        workspace: Name,
        /// Positions reached.
        reached: Vec<Input>,
    },
    /// Outputs are in their stream.
    HandedOver {
        /// Of which workspace.
        workspace: Name,
        /// OUT or DEAD stream.
        stream: Name,
        /// Its sequence there.
        stream_sequence: u64,
        /// The last output that is in it.
        position: Position,
    },
    /// Identities that an older version of the normaliser keyed are keyed anew, so many at a time. Without effect when none is left.
    Rekey {
        /// Of which workspace.
        workspace: Name,
        /// The version.
        version: u16,
        /// What it does.
        normalise: Normaliser,
    },
    /// The keys of an erased customer are destroyed.
    KeysDestroyed {
        /// Of which workspace.
        workspace: Name,
        /// Index of the record that erased the customer.
        erasure: Index,
    },
    /// A new owner begins.
    Resume {
        /// Of which workspace.
        workspace: Name,
        /// How long nobody owned the shard, milliseconds.
        outage_ms: u64,
    },
}

impl Command {
    /// Identities are keyed by this build's normaliser.
    #[must_use]
    pub fn rekey(workspace: Name) -> Self {
        Self::Rekey { workspace, version: customer::NORMALISER_VERSION, normalise: customer::normalise }
    }

    /// The workspace that its record will belong to.
    #[must_use]
    pub fn workspace(&self) -> &Name {
        match self {
            Self::Input(arrival) => &arrival.workspace,
            Self::DeadLetter(letter) => &letter.workspace,
            Self::Agent(command) => &command.workspace,
            Self::Timer { workspace, .. }
            | Self::OpenWorkspace { workspace, .. }
            | Self::RenewReplyKey { workspace, .. }
            | Self::ApplyConfig { workspace, .. }
            | Self::BindStream { workspace, .. }
            | Self::InputBroken { workspace, .. }
            | Self::ResumeInput { workspace, .. }
            | Self::InputGap { workspace, .. }
            | Self::Progress { workspace, .. }
            | Self::HandedOver { workspace, .. }
            | Self::Rekey { workspace, .. }
            | Self::KeysDestroyed { workspace, .. }
            | Self::Resume { workspace, .. } => workspace,
        }
    }
}

/// An event of an IN stream, normalised, with what its subject says.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Workspace of the subject.
    pub workspace: Name,
    /// Channel of the subject.
    pub channel: Name,
    /// Endpoint of the subject.
    pub endpoint: Name,
    /// Name of the IN stream.
    pub stream: Name,
    /// Where it stands.
    pub input: Input,
    /// What happened.
    pub event: InboundEvent,
    /// Name of the object that holds the whole message, if it is in the object store.
    pub body: Option<Name>,
    /// What the archive says of its ids, if that was asked ([`State::wants_older`](super::State::wants_older)).
    pub older: Option<Older>,
}

/// An input that cannot be used.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Workspace of the subject.
    pub workspace: Name,
    /// Channel of the subject.
    pub channel: Name,
    /// Endpoint of the subject.
    pub endpoint: Name,
    /// Name of the IN stream.
    pub stream: Name,
    /// Where it stands.
    pub input: Input,
    /// Bounded reason, a token of a subject.
    pub reason: Name,
}

/// A command of an agent.
#[derive(Clone, Debug)]
pub struct AgentCommand {
    /// Workspace of the agent.
    pub workspace: Name,
    /// Name of the agent.
    pub agent: Name,
    /// Recognises a repeat.
    pub request: Option<Request>,
    /// Epoch of the session that it was given under; an older one is refused. None: unary, without a session.
    pub session_epoch: Option<u64>,
    /// Given under the eyes of quality or of a supervisor: nothing is hidden from it.
    pub oversees: bool,
    /// What to do.
    pub verb: Verb,
}

/// What agents can do.
#[derive(Clone, Debug)]
pub enum Verb {
    /// Open a session. Registers an unknown agent where the workspace allows it.
    OpenSession {
        /// Epoch of the session that this one goes on with.
        resume: Option<u64>,
        /// A person wants to take over from another session.
        takeover: bool,
    },
    /// The connection is gone.
    LoseSession,
    /// The session is over.
    EndSession {
        /// Why.
        reason: SessionEnd,
    },
    /// Change presence and the channels served now.
    SetPresence {
        /// Presence wanted.
        presence: Presence,
        /// Reason, with AWAY.
        reason: Name,
        /// Channels; empty: all of the profile.
        channels: Vec<Name>,
    },
    /// Take an offered Work.
    Accept {
        /// The offer.
        offer: OfferId,
    },
    /// Leave an offered Work to others.
    Decline {
        /// The offer.
        offer: OfferId,
    },
    /// Answer the customer of a Work.
    Send(Box<Send>),
    /// Write to a customer first: a Work of the agent's own.
    StartWork(Box<Start>),
    /// A message of ours is not to be sent after all.
    Cancel {
        /// Which.
        message: MessageId,
        /// The assignment of its Work.
        assignment: AssignmentId,
    },
    /// A message of ours that did not arrive is to be sent again.
    Retry(Box<Retry>),
    /// A message of ours is to say something else.
    Edit {
        /// Which.
        message: MessageId,
        /// The assignment of its Work.
        assignment: AssignmentId,
        /// What it says from now on.
        content: Content,
    },
    /// A message of ours is to be taken back.
    Retract {
        /// Which.
        message: MessageId,
        /// The assignment of its Work.
        assignment: AssignmentId,
    },
    /// Note up to where the Work was read.
    MarkRead {
        /// The Work.
        work: WorkId,
        /// Up to which message.
        through: MessageId,
    },
    /// Erase a customer: every word, address and name.
    Erase {
        /// Id of the customer, or of the Conversation.
        customer: RootId,
    },
    /// Two customers are one person: join them.
    MergeCustomers {
        /// One of them.
        customer: RootId,
        /// The other.
        other: RootId,
    },
    /// An address is a customer's.
    LinkIdentity {
        /// The customer.
        customer: RootId,
        /// The address, as an adapter could write it.
        sender: Sender,
        /// Scope of its namespace; empty for none.
        scope: Name,
    },
    /// Facts of a customer.
    SetFacts {
        /// The customer.
        customer: RootId,
        /// Identity that they are filed under; none: that of the id.
        leaf: Option<LeafId>,
        /// What is told.
        facts: Vec<FactTold>,
    },
    /// The customer of a Work is to be asked for a fact.
    AskFact {
        /// The Work.
        work: WorkId,
        /// Which fact.
        key: Name,
        /// In which words; may be empty.
        prompt: String,
    },
    /// The company knows somebody: found, or opened.
    Upsert(Box<Upsert>),
    /// Messages of an identity are stored without Work.
    Block {
        /// Its leaf.
        leaf: LeafId,
        /// Why; may be empty.
        reason: String,
        /// Until then; none: until it is taken back.
        until: Option<Timestamp>,
    },
    /// A block is taken back.
    Unblock {
        /// Its leaf.
        leaf: LeafId,
    },
    /// A Work is spam.
    MarkSpam {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under; none: nobody owns it.
        assignment: Option<AssignmentId>,
    },
    /// A Work was none.
    ClearSpam {
        /// The Work that was.
        work: WorkId,
    },
    /// New customers who came when too many did are let in.
    LiftQuarantine {
        /// This one; none: the first of the endpoint.
        leaf: Option<LeafId>,
        /// The endpoint.
        endpoint: Name,
    },
    /// An address is not its customer's.
    UnlinkIdentity {
        /// Its leaf.
        leaf: LeafId,
    },
    /// Two customers who may be one person are one, or are not.
    DecideSuggestion {
        /// Leaf of one.
        one: LeafId,
        /// Leaf of the other.
        other: LeafId,
        /// They are.
        is_one: bool,
    },
    /// One customer is two: part some of its identities from the others.
    UnmergeCustomers {
        /// Id that was merged away; or that of the customer, with identities.
        customer: RootId,
        /// Identities that go; none: those that the id had.
        leaves: Vec<LeafId>,
    },
    /// Close a Work: from ASSIGNED into wrap-up where the queue has one, from WRAPUP for good.
    Close {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Reason the Work ended.
        disposition: Name,
    },
    /// Make two Works one matter.
    MergeWorks {
        /// Ends; its messages belong to the other.
        from: WorkId,
        /// Its assignment as the agent knows it; none: nobody owns it.
        from_assignment: Option<AssignmentId>,
        /// Stays, with its owner.
        into: WorkId,
        /// Its assignment.
        into_assignment: AssignmentId,
    },
    /// Make a matter of its own of some of a Work's messages.
    SplitWork {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Which messages.
        messages: Parted,
        /// Queue of the new Work; empty: that of the Work.
        queue: Name,
    },
    /// Give a Work back, move it, pass it on.
    Pass(Pass),
    /// Note something beside what is said.
    Mark(Box<Mark>),
    /// Pass a Work between programs and people.
    Hand(Box<Hand>),
    /// Who takes part in a Work that another owns.
    TakePart(Box<TakePart>),
    /// Decide about another agent, or about a Work that others have.
    Oversee(Box<Oversight>),
}

/// A fact as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactTold {
    /// What it is about.
    pub key: Name,
    /// What is so; empty: it is known no longer.
    pub value: String,
    /// Who says so; empty: the agent.
    pub source: Name,
    /// Since when it is known; none: now.
    pub at: Option<Timestamp>,
    /// How sure it is.
    pub assurance: Assurance,
}

/// Somebody whom the company knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upsert {
    /// Addresses as an adapter could write them, each with the scope of its namespace: the one, and those that are the same person's.
    pub addresses: Vec<(Sender, Name)>,
    /// Name to show; empty: none is told.
    pub shown_name: String,
    /// Facts.
    pub facts: Vec<FactTold>,
}

/// Which messages a split takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parted {
    /// This one and all that came later.
    Since(MessageId),
    /// These.
    These(Vec<MessageId>),
    /// What came with a Work that was merged into it: the merge is undone.
    Of(WorkId),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Send {
    /// The Work.
    pub work: WorkId,
    /// The assignment it is sent under: refused when it is no longer the current one.
    pub assignment: AssignmentId,
    /// The last message that the author has seen.
    pub seen_through: Option<MessageId>,
    /// Refuse when the customer has written since `seen_through`. None: the default of the author's kind.
    pub if_unchanged: Option<bool>,
    /// Where it goes, when not to the last customer message of the Work.
    pub to: Option<Recipient>,
    /// What it says.
    pub content: Content,
    /// Why it is sent.
    pub purpose: Purpose,
    /// Not to be sent after this.
    pub not_after: Option<Timestamp>,
    /// For agents only.
    pub note: bool,
}

/// Whom an agent writes to first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// An identity that is known.
    Identity(LeafId),
    /// An address, as an adapter could write it: whoever has it, or nobody yet.
    Address {
        /// The address.
        sender: Sender,
        /// Scope of its namespace; empty for none.
        scope: Name,
    },
}

/// First words.
#[derive(Clone, Debug)]
pub struct Start {
    /// To whom.
    pub to: Addressee,
    /// Our endpoint that sends.
    pub endpoint: Name,
    /// Queue of the Work; empty: the endpoint's.
    pub queue: Name,
    /// SERVICE or PROACTIVE.
    pub purpose: Purpose,
    /// What it says.
    pub content: Content,
    /// Not to be sent after this.
    pub not_after: Option<Timestamp>,
    /// Also where a Work of the brand is open with the customer.
    pub beside_open: bool,
}

/// A message of ours that is sent again.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Which.
    pub of: MessageId,
    /// The same words; its Work is that of the message, and its place where none is named.
    pub send: Send,
}

/// A named recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Leaf of the identity.
    pub leaf: LeafId,
    /// Our endpoint.
    pub endpoint: Name,
}

/// What a command has led to: derived from its record alone, so that a repeat gets the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Where its record ends.
    pub position: Position,
    /// The message that it stored.
    pub message: Option<MessageId>,
    /// The assignment that it made.
    pub assignment: Option<AssignmentId>,
    /// The Work that it split off.
    pub work: Option<WorkId>,
    /// The session that it opened.
    pub session_epoch: Option<u64>,
    /// The customer that it is about, as it is known then; of one taken apart, who went.
    pub customer: Option<RootId>,
    /// Of a customer taken apart, who stayed.
    pub rest: Option<RootId>,
    /// The customer was not known before.
    pub created: bool,
    /// The fact that was asked for is known.
    pub known: bool,
    /// Customers who were let in.
    pub lifted: u16,
    /// True: this is the answer of an earlier, equal command.
    pub repeated: bool,
}
