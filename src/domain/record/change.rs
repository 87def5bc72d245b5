//! Everything that can change.

use smallvec::SmallVec;

use super::{
    AnswerCounted, Assigned, AutomationMuted, BotsDue, CooledDown, DeadLettered, EffortNoted, EnrichmentSet, Evidence,
    HandBackEnded, HandedBack, HandedToPeople, HoldSet, HoursTurned, IdentityOpened, IdentityRekeyed, IdentityStatus,
    IdleSet, Input, InputResumed, MessageStored, NoticeSent, NoticeSet, OfferMade, OfferOutcome, OptNoted,
    Overcommitted, OverflowSet, Overflowed, OwnerTold, Parked, PartHeld, ParticipantJoined, ParticipantLeft,
    PartsJoined, PresenceSet, PriorityGiven, Promised, QueueCause, ReceiptNoted, Required, Resettled, Routed,
    SessionEnd, SessionLost, StepSet, SuggestionEnd, SuggestionReason, SummarySet, Tagged, ThroughParked,
    TransferEnded, Transferring, UnassignReason, Unserved, Woken, WorkOpened, WrapUpExtended, WrapUpStarted,
};
use crate::domain::event::{Assurance, ErrorClass, ReceiptStatus};
use crate::domain::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, OfferId, Position, RootId, WorkId};
use crate::domain::time::Timestamp;

/// One thing that has changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The workspace lives in this shard.
    WorkspaceOpened {
        /// Key of the workspace's address hashes and fingerprints.
        hash_key: [u8; 16],
    },
    /// A configuration is in force.
    ConfigApplied {
        /// Canonical text (JSON with sorted keys).
        canonical: String,
        /// SHA-256 of the canonical text.
        sha256: [u8; 32],
    },
    /// Hours of the configuration are open, or closed, from now on.
    HoursTurned(HoursTurned),
    /// Open Works up to one are looked at after another configuration came into force.
    Resettled(Resettled),
    /// An IN stream got its number.
    StreamBound {
        /// The number used in [`Input::stream`].
        stream: u16,
        /// Name of the stream.
        name: Name,
        /// When the stream was created, nanoseconds since the Unix epoch.
        created_ns: i64,
    },
    /// An IN stream is not the one that was read before (re-created or rolled back): an operator is needed.
    InputBroken {
        /// Its number.
        stream: u16,
        /// The last position applied.
        applied: u64,
        /// The last sequence it has now.
        found: u64,
    },
    /// An operator takes a broken IN stream into use again.
    InputResumed(InputResumed),
    /// Messages of an IN stream are gone that were never applied.
    InputGap {
        /// Its number.
        stream: u16,
        /// First sequence missing.
        from: u64,
        /// Last sequence missing.
        to: u64,
    },
    /// Inputs without effect up to the record's cause, and of other streams up to here, are done with.
    Progress {
        /// Positions reached.
        reached: Vec<Input>,
    },
    /// An input could not be used; its bytes go to DEAD.
    DeadLettered(DeadLettered),
    /// Outputs up to `position` are in the named stream.
    HandedOver {
        /// OUT or DEAD stream.
        stream: Name,
        /// Its sequence there.
        stream_sequence: u64,
        /// The last output that is in it.
        position: Position,
    },
    /// The first record of an owner: deadlines that need a person or an adapter move on (design, law 14).
    Resumed {
        /// How long nobody owned the shard, milliseconds.
        outage_ms: u64,
        /// By how much deadlines move, milliseconds.
        extension_ms: u64,
    },
    /// News of our account at a provider, for operators.
    AccountNoted {
        /// Endpoint it came by.
        endpoint: Name,
        /// The provider's kind, bounded.
        subject: Name,
    },
    /// A generation of an identity, with its leaf.
    IdentityOpened(IdentityOpened),
    /// An identity is VERIFIED or PROVISIONAL now, or has its mark.
    IdentityMarked {
        /// Its leaf.
        leaf: LeafId,
        /// Status now.
        status: IdentityStatus,
        /// Mark now.
        shared: bool,
    },
    /// The link of an identity to its customer has ended (it was given up for another): its leaf keeps what was said, the next
    /// message from the address opens its next generation, and what would have been answered there is answered to the successor.
    LinkEnded {
        /// Its leaf.
        leaf: LeafId,
        /// Leaf of the customer's that takes its place, if there is one.
        successor: Option<LeafId>,
        /// The address goes on as SHARED: what was asked there is still answered there.
        shared: bool,
    },
    /// What speaks for the link of an identity to its customer is surer now.
    Linked {
        /// Its leaf.
        leaf: LeafId,
        /// Who says so.
        evidence: Evidence,
        /// How sure that is.
        assurance: Assurance,
    },
    /// The person wrote from an account that its provider pairs with this number.
    Heard {
        /// The number's leaf.
        leaf: LeafId,
    },
    /// Two customers may be one person: for an agent to decide.
    Suggested {
        /// Leaf that the evidence is about.
        one: LeafId,
        /// Leaf of the other customer.
        other: LeafId,
        /// What speaks for it.
        reason: SuggestionReason,
    },
    /// A suggestion is open no longer, or the two are known to be two people, whether it was ever suggested or not.
    SuggestionEnded {
        /// A leaf of one customer.
        one: LeafId,
        /// A leaf of the other.
        other: LeafId,
        /// How it ended.
        end: SuggestionEnd,
    },
    /// The name shown for a customer; the name is personal content.
    Named {
        /// Leaf whose event told it.
        leaf: LeafId,
        /// How sure it is.
        assurance: Assurance,
    },
    /// A customer is erased: nothing that was said, no address and no name is known from here on; the keys are still there, for
    /// outputs of earlier records that are not handed over yet.
    Erased {
        /// The customer.
        root: RootId,
        /// All identities, ended ones too.
        leaves: Vec<LeafId>,
    },
    /// The keys of an erased customer are destroyed: content of earlier records is gone.
    KeyDestroyed {
        /// Index of the record that erased the customer.
        erasure: Index,
        /// Whose keys.
        leaves: Vec<LeafId>,
    },
    /// Somebody refuses to be written to, or allows it again.
    OptNoted(OptNoted),
    /// Two customers are one; leaves are joined, nothing moves.
    Merged {
        /// Whose id stays.
        winner: RootId,
        /// Whose id resolves to the winner.
        loser: RootId,
        /// Leaves that the loser brought.
        leaves: Vec<LeafId>,
        /// Who says so.
        evidence: Evidence,
    },
    /// A message of this record names bodies in the object store.
    BodiesNamed {
        /// The message's leaf.
        leaf: LeafId,
        /// Keyed digests of the objects' names.
        bodies: Vec<u64>,
    },
    /// An identity is keyed anew, because another version of the normaliser sees its address in another way.
    IdentityRekeyed(IdentityRekeyed),
    /// Identities up to a number are keyed by this version of the normaliser.
    RekeyedTo {
        /// The version.
        normaliser: u16,
        /// All leaves below this number.
        leaves: u32,
    },
    /// A new key signs reply tokens; the ones before verify theirs until those are too old.
    ReplyKeyMade {
        /// Number that its tokens name it by.
        number: u8,
        /// Random bytes, from the caller.
        key: [u8; 32],
    },
    /// One customer is two: some of its leaves are parted from the others, nothing moves.
    Unmerged {
        /// The customer before.
        customer: RootId,
        /// Id of those who stay.
        rest: RootId,
        /// Id of those who go.
        parted: RootId,
        /// Leaves that go, ascending.
        leaves: Vec<LeafId>,
    },
    /// The customer of an agent's Work or offer is another one now, or has more or fewer identities.
    CustomerChanged {
        /// The Work.
        work: WorkId,
        /// Who is told.
        agent: AgentId,
        /// The Work's conversation now.
        conversation: RootId,
        /// The Work that has what the customer said who is parted from this one.
        split: Option<WorkId>,
    },
    /// Facts of a customer; keys, values and sources are personal content. An empty value: the fact is known no longer.
    FactsSet {
        /// Leaf that they are filed under.
        leaf: LeafId,
    },
    /// An agent asked for a fact; which, and in which words, is personal content.
    FactAsked {
        /// In which Work.
        work: WorkId,
        /// Leaf that the Work is filed under.
        leaf: LeafId,
        /// It was known already: the customer is not to be asked again.
        known: bool,
    },
    /// An agent told what the company knows of somebody, who was found or opened by it.
    Upserted {
        /// The address that it was told of.
        leaf: LeafId,
        /// Its customer now.
        root: RootId,
        /// Nobody had it before.
        created: bool,
    },
    /// Messages of an identity are stored without Work from here on; why is personal content.
    Blocked {
        /// Which.
        leaf: LeafId,
        /// Until then; none: until it is taken back.
        until: Option<Timestamp>,
    },
    /// An identity is blocked no longer.
    Unblocked {
        /// Which.
        leaf: LeafId,
    },
    /// A Work is spam: what it asks of an identity's is asked of nobody, and further messages are stored without Work.
    SpamMarked {
        /// The Work.
        work: WorkId,
        /// The identity.
        leaf: LeafId,
    },
    /// It was none.
    SpamCleared {
        /// The Work that was.
        work: WorkId,
        /// The identity.
        leaf: LeafId,
    },
    /// A new customer came when too many did: its messages are stored without Work until somebody lets it in.
    Quarantined {
        /// Its leaf.
        leaf: LeafId,
        /// Endpoint that it wrote to.
        endpoint: Name,
    },
    /// A customer is let in.
    QuarantineLifted {
        /// Its leaf.
        leaf: LeafId,
    },
    /// Messages that were stored without Work are in one now: nothing moves.
    Restored {
        /// The Work.
        work: WorkId,
        /// Leaf that they are filed under.
        leaf: LeafId,
        /// Which, oldest first.
        messages: Vec<MessageId>,
        /// Agents who are told.
        audience: SmallVec<[AgentId; 2]>,
    },
    /// A message is in the Conversation.
    MessageStored(Box<MessageStored>),
    /// A message that is stored came by another endpoint too.
    AlsoReceived {
        /// Which.
        message: MessageId,
        /// Its leaf.
        leaf: LeafId,
        /// The other endpoint.
        endpoint: Name,
    },
    /// A part of a text waits for the others.
    PartHeld(Box<PartHeld>),
    /// Held parts are held no longer: a message of this record is made of them.
    PartsJoined(PartsJoined),
    /// A message of ours has a new status, or a lower one was noted.
    ReceiptNoted(ReceiptNoted),
    /// A receipt came before its message: kept until that is bound.
    ReceiptParked {
        /// Fingerprint of (endpoint, provider id).
        fingerprint: u64,
        /// What it says.
        status: ReceiptStatus,
        /// Class of its error.
        class: ErrorClass,
    },
    /// A report of everything up to a time came before an adapter said that a message left: kept until it does.
    ThroughParked(ThroughParked),
    /// The agent has seen the Work's messages up to here.
    SeenMarked {
        /// Who.
        agent: AgentId,
        /// Where.
        work: WorkId,
        /// Up to which message.
        through: MessageId,
    },
    /// A matter has come up.
    WorkOpened(Box<WorkOpened>),
    /// A Work waits in a queue.
    WorkQueued {
        /// Which.
        work: WorkId,
        /// Where.
        queue: Name,
        /// Static key: due time minus credit, milliseconds; lower is served first.
        key: i64,
        /// Why.
        cause: QueueCause,
        /// Agent who is offered it first when it can take it.
        preferred: Option<AgentId>,
    },
    /// A Work is shown to an agent.
    OfferMade(OfferMade),
    /// An offer has ended.
    OfferEnded {
        /// Which.
        offer: OfferId,
        /// Of which Work.
        work: WorkId,
        /// Whose.
        agent: AgentId,
        /// How.
        outcome: OfferOutcome,
    },
    /// An agent owns a Work.
    Assigned(Assigned),
    /// An agent owns a Work no longer.
    Unassigned {
        /// Which assignment.
        assignment: AssignmentId,
        /// Of which Work.
        work: WorkId,
        /// Whose.
        agent: AgentId,
        /// Why.
        reason: UnassignReason,
    },
    /// The pair is not matched for a while.
    CooledDown(CooledDown),
    /// The pair may be matched again.
    CooldownEnded {
        /// The Work.
        work: WorkId,
        /// The agent.
        agent: AgentId,
    },
    /// The owner has finished and notes what there is to note.
    WrapUpStarted(WrapUpStarted),
    /// The customer wrote during wrap-up: the owner goes on.
    WrapUpLeft {
        /// The Work.
        work: WorkId,
        /// Its owner.
        agent: AgentId,
        /// What it costs of the owner's capacity again.
        cost: u32,
    },
    /// A Work waits for something, and keeps its agent.
    Parked(Parked),
    /// A parked Work wakes.
    Woken(Woken),
    /// A wrap-up lasts longer.
    WrapUpExtended(WrapUpExtended),
    /// What the customer was promised.
    Promised(Promised),
    /// The summary of a Work or customer is another.
    SummarySet(SummarySet),
    /// Tags of a Work or customer came or went.
    Tagged(Tagged),
    /// An agent made a Work due earlier.
    PriorityGiven(PriorityGiven),
    /// Somebody was answered for the first time, or never is.
    AnswerCounted(AnswerCounted),
    /// A Work of a program is for people from now on.
    HandedToPeople(HandedToPeople),
    /// A person hands it back.
    HandedBack(HandedBack),
    /// That is over: a program has it, or people keep it.
    HandBackEnded(HandBackEnded),
    /// Programs that pass a Work between them have one deadline together.
    BotsDue(BotsDue),
    /// Who takes part in a Work is told who owns it.
    OwnerTold(OwnerTold),
    /// An agent takes part in a Work that another owns.
    ParticipantJoined(Box<ParticipantJoined>),
    /// An agent takes part in a Work no longer.
    ParticipantLeft(ParticipantLeft),
    /// The customer went through something.
    EffortNoted(EffortNoted),
    /// The owner passes a Work on.
    Transferring(Box<Transferring>),
    /// A transfer is over, and the Work stays with its owner.
    TransferEnded(TransferEnded),
    /// A Work is closed.
    WorkClosed {
        /// The Work.
        work: WorkId,
        /// Reason.
        disposition: Name,
        /// Until when a message reopens it.
        reopen_until: Timestamp,
        /// It was given up because its customer left.
        canceled: bool,
    },
    /// A Work waits for one agent, or no longer.
    HoldSet(HoldSet),
    /// A customer does not answer, and something follows from that.
    IdleSet(IdleSet),
    /// The live customer of a Work has left, and is reached elsewhere.
    CustomerLeft {
        /// The Work.
        work: WorkId,
    },
    /// A Work is spoken on by another endpoint, too.
    WorkJoined {
        /// Which.
        work: WorkId,
        /// Channel of the endpoint.
        channel: Name,
        /// The other endpoint.
        endpoint: Name,
        /// Queue that the endpoint leads to.
        queue: Name,
    },
    /// What is wanted of whoever takes a Work.
    Required(Required),
    /// What the rules made of a Work; what they were given is personal content.
    Routed(Box<Routed>),
    /// A new Work waits for facts, or does not any more.
    EnrichmentSet(EnrichmentSet),
    /// A Notice to its customer is due, or none any more.
    NoticeSet(NoticeSet),
    /// A Notice goes out.
    NoticeSent(NoticeSent),
    /// The step of its plan that a Work stands at.
    StepSet(Box<StepSet>),
    /// What a Work overflows by next.
    OverflowSet(OverflowSet),
    /// A Work overflows.
    Overflowed(Box<Overflowed>),
    /// Whether anybody whom the configuration knows could ever take a Work.
    Unserved(Unserved),
    /// A Work that waits or is offered is due at another time.
    WorkRekeyed {
        /// Which.
        work: WorkId,
        /// Static key: due time minus credit, milliseconds; lower is served first.
        key: i64,
    },
    /// What a Work takes of the capacity of its owner, or of whom it is offered to, is another.
    CostChanged {
        /// Which.
        work: WorkId,
        /// Whose capacity.
        agent: AgentId,
        /// What it costs now.
        cost: u32,
    },
    /// Two Works are one matter: the messages of one belong to the other, nothing moves.
    WorksMerged {
        /// Ends.
        from: WorkId,
        /// Stays, with its owner.
        into: WorkId,
        /// When the owner is recalled if the customer still waits.
        answer_by: Option<Timestamp>,
        /// Agents who are told.
        audience: SmallVec<[AgentId; 2]>,
    },
    /// A Work was two matters: some of its messages belong to another, which the record opens before this.
    WorkSplit {
        /// Stays, with its owner.
        from: WorkId,
        /// Has the messages now.
        into: WorkId,
        /// Which.
        messages: Vec<MessageId>,
        /// Agents who are told.
        audience: SmallVec<[AgentId; 2]>,
    },
    /// Programs are silent in a Work until it is closed.
    AutomationMuted(AutomationMuted),
    /// A closed Work is open again.
    WorkReopened {
        /// The Work.
        work: WorkId,
        /// The leaf that its answers go to.
        leaf: LeafId,
    },
    /// An agent is known.
    AgentRegistered {
        /// Its number.
        agent: AgentId,
        /// Its name.
        name: Name,
    },
    /// An agent's session is open; commands of older epochs are refused.
    SessionOpened {
        /// Whose.
        agent: AgentId,
        /// The session's epoch: this record's index.
        session_epoch: u64,
    },
    /// The connection of a session is gone; graces run, that of each Work from its assignment.
    SessionLost(SessionLost),
    /// A session has ended by the agent's will, or its graces are over.
    SessionEnded {
        /// Whose.
        agent: AgentId,
        /// Which session.
        session_epoch: u64,
        /// Why.
        reason: SessionEnd,
    },
    /// Presence and channels of an agent.
    PresenceSet(PresenceSet),
    /// An agent has more than it can, or not any more.
    Overcommitted(Overcommitted),
    /// There was more to match than one record holds: to be gone on with at once.
    MatchDeferred {
        /// For whom.
        agent: AgentId,
        /// False: it turned out that nothing is left to match.
        more: bool,
    },
}
