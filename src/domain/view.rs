//! What the edge may see of the state: plain values, copied out, so that nobody outside holds or pokes into it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::customer::Suggestion;
use super::event::{AddressKind, Assurance, Scope, Sender};
use super::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, OfferId, RootId, WorkId};
use super::record::{
    Author, Briefing, EffortEntry, Evidence, Fact, IdentityStatus, MuteReason, OverflowCause, Presence, Purpose, Role,
    StepCause,
};
use super::time::Timestamp;
use super::workspace::{AgentKind, Levels};

pub use super::delivery::{OptionsOf, ReplyOption, ReplyOptions};
pub use super::rooms::{
    AgentCounts, AgentTarget, AnswerCounts, EstimateOf, EstimateView, NoEstimate, Obstacle, QueueTarget, QueueView,
    TargetsView, WaitRange,
};

/// States of a Work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WorkState {
    /// Waits in its queue.
    #[default]
    Queued,
    /// Is shown to an agent.
    Offered,
    /// Has an owner.
    Assigned,
    /// The owner finishes notes.
    WrapUp,
    /// Waits for a time, message or fact, and keeps its agent.
    Parked,
    /// Is done.
    Closed,
    /// The customer left and can be reached nowhere else.
    Canceled,
}

impl WorkState {
    /// Whether nothing is to be done in it any more, unless it is reopened.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Canceled)
    }
}

/// One Work.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkView {
    /// Its id.
    pub work: WorkId,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Its conversation now.
    pub conversation: RootId,
    /// State now.
    pub state: WorkState,
    /// Queue that it is in, or was in last.
    pub queue: Name,
    /// Channel.
    pub channel: Name,
    /// Endpoint.
    pub endpoint: Name,
    /// Brand.
    pub brand: Name,
    /// True: the customer waits for us.
    pub turn_ours: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when the customer waits for us.
    pub waiting_since: Option<Timestamp>,
    /// Milliseconds waited before that.
    pub waited_ms: u64,
    /// Assignment now.
    pub assignment: Option<AssignmentId>,
    /// Owner now.
    pub owner: Option<(AgentId, Name)>,
    /// Last message of the customer's.
    pub last_customer_message: Option<MessageId>,
    /// How sure it is who wrote what an answer answers; none: somebody beside the customer, or nobody lately.
    pub heard_as: Option<Assurance>,
    /// Until when a message reopens it.
    pub reopen_until: Option<Timestamp>,
    /// Reason it ended.
    pub disposition: Name,
    /// Static key while it waits.
    pub key: Option<i64>,
    /// End of the wrap-up.
    pub wrapup_until: Option<Timestamp>,
    /// Works of the conversation that were open beside it, as far as they are known still.
    pub linked: Vec<WorkId>,
    /// The Work that it was merged into.
    pub merged_into: Option<WorkId>,
    /// Channel and endpoint of others that it is spoken on.
    pub also_on: Vec<(Name, Name)>,
    /// Why programs are silent in it, if they are.
    pub muted: Option<MuteReason>,
    /// What few Works have for a while.
    pub passing: PassingView,
    /// How the circle of those who may take it has widened.
    pub widening: WideningView,
    /// What agents noted of it.
    pub marks: MarksView,
    /// What makes it due earlier, by name: those of rules, an agent's, and what its customer went through.
    pub credits: Vec<CreditView>,
    /// What its customer went through in it.
    pub effort: Vec<EffortEntry>,
}

/// How the circle of those who may take a Work has widened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WideningView {
    /// Its plan; empty: none.
    pub plan: Name,
    /// How many steps of it have been taken.
    pub step: u32,
    /// Why it stands at that step.
    pub cause: StepCause,
    /// Since when it does.
    pub since: Option<Timestamp>,
    /// When the next step comes; none: its clock stands, or it is the last.
    pub next_at: Option<Timestamp>,
    /// Queues beside its own whose agents may take it.
    pub queues: Vec<Name>,
    /// What whoever takes it must be able to now.
    pub requires: Levels,
    /// How it overflowed last.
    pub overflown: Option<OverflownView>,
    /// Nobody whom the configuration knows could ever take it.
    pub unserved: bool,
}

/// How a Work overflowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverflownView {
    /// Why.
    pub cause: OverflowCause,
    /// The queue that it overflowed from.
    pub from: Name,
    /// The queue that it went to; none: it stayed.
    pub to: Option<Name>,
    /// When.
    pub at: Timestamp,
}

/// What agents noted of a Work or customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarksView {
    /// What the next agent should know first.
    pub summary: Option<SummaryView>,
    /// Words that it is found by, in order.
    pub tags: Vec<Name>,
}

/// A summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryView {
    /// What it says.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
    /// Name of the agent who wrote it.
    pub by: Option<Name>,
}

/// Something that makes a Work due earlier.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreditView {
    /// Its name in the configuration; of an agent's: why, empty where that is gone.
    pub name: String,
    /// By how much, milliseconds.
    pub ms: u64,
    /// Name of the agent who gave it; none: a rule did.
    pub by: Option<Name>,
    /// An agent gave it.
    pub given: bool,
}

/// What few Works have for a while.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PassingView {
    /// When it wakes at the latest.
    pub parked_until: Option<Timestamp>,
    /// Fact that wakes it, too.
    pub wake_on_fact: Option<Name>,
    /// It is awake, and waits for its agent until then.
    pub held_until: Option<Timestamp>,
    /// How its owner passes it on.
    pub transfer: Option<TransferView>,
    /// Until when the customer was promised to hear from us.
    pub promised_by: Option<Timestamp>,
    /// Since when its customer does not answer, where something follows from that.
    pub silent_since: Option<Timestamp>,
    /// Its live customer has left, and is reached elsewhere.
    pub left: bool,
    /// Name of the agent whom it is held for, so that the customer need not explain again, and until when.
    pub held_for: Option<(Name, Timestamp)>,
    /// Who takes part in it beside its owner.
    pub participants: Vec<ParticipantView>,
    /// No program may have it.
    pub for_people: bool,
    /// What a program told when it handed it over.
    pub briefing: Option<Briefing>,
}

/// Somebody who takes part in a Work that another owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantView {
    /// Name of the agent.
    pub agent: Name,
    /// As what.
    pub role: Role,
    /// Fence of what it says to the customer.
    pub id: AssignmentId,
    /// When it ends by itself; none: with the Work.
    pub until: Option<Timestamp>,
}

/// How an owner passes a Work on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransferView {
    /// Name of the agent; none: to whoever takes it from the queue.
    pub to: Option<Name>,
    /// The queue, or that behind the agent.
    pub queue: Name,
    /// When the owner is released; none: when the offer expires, or never.
    pub until: Option<Timestamp>,
    /// It is offered elsewhere because its owner has more than it can, who keeps it until somebody takes it.
    pub relief: bool,
}

/// An open offer.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferView {
    /// Its id.
    pub offer: OfferId,
    /// The Work.
    pub work: WorkView,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What it reserves.
    pub cost: u32,
    /// Who passed the Work on.
    pub from: Option<Name>,
    /// What that one noted; may be empty.
    pub note: String,
}

/// An agent with what it has.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentView {
    /// Its number.
    pub agent: AgentId,
    /// Its name.
    pub name: Name,
    /// Person or program.
    pub kind: AgentKind,
    /// Presence.
    pub presence: Presence,
    /// Reason of AWAY.
    pub reason: Name,
    /// Channels served now.
    pub channels: Vec<Name>,
    /// Capacity.
    pub capacity: u32,
    /// Cost of what it has and is offered.
    pub load: u32,
    /// Epoch of its session, if one is open.
    pub session_epoch: Option<u64>,
    /// When that session was opened, or gone on with.
    pub session_opened_at: Option<Timestamp>,
    /// False: the session's connection is gone and graces run.
    pub connected: bool,
    /// Open offers.
    pub offers: Vec<OfferView>,
    /// Works that it owns.
    pub works: Vec<WorkView>,
    /// Works of others that it takes part in.
    pub joined: Vec<WorkView>,
}

/// How an agent stands, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStanding {
    /// Its name.
    pub name: Name,
    /// Person or program.
    pub kind: AgentKind,
    /// Presence.
    pub presence: Presence,
    /// Reason of AWAY.
    pub reason: Name,
    /// Epoch of its session, if one is open.
    pub session_epoch: Option<u64>,
    /// When that session was opened, or gone on with.
    pub session_opened_at: Option<Timestamp>,
    /// False: the session's connection is gone and graces run, or there is none.
    pub connected: bool,
    /// How many Works it owns.
    pub works: usize,
    /// How many offers are open to it.
    pub offers: usize,
    /// Cost of both.
    pub load: u32,
    /// Capacity.
    pub capacity: u32,
}

/// An identity of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityView {
    /// Its leaf.
    pub leaf: LeafId,
    /// Kind of address.
    pub kind: AddressKind,
    /// Scope of the namespace.
    pub namespace_scope: Name,
    /// Person or thread.
    pub scope: Scope,
    /// Normalised address; none when erased.
    pub address: Option<Name>,
    /// VERIFIED or PROVISIONAL.
    pub status: IdentityStatus,
    /// Address of several people.
    pub shared: bool,
    /// Generation.
    pub generation: u32,
    /// Who said that it belongs to the customer, when it was opened.
    pub evidence: Evidence,
    /// How sure that was.
    pub assurance: Assurance,
    /// Its link to the customer has ended: it names what was said before, and gets no answers.
    pub ended: bool,
    /// Purposes of messages that it does not want.
    pub refuses: Vec<Purpose>,
    /// When an agent said that it is the customer's, and who.
    pub linked: Option<(Timestamp, Option<Name>)>,
    /// Why its messages are stored without Work; none: they are not.
    pub aside: Option<Box<AsideView>>,
    /// Endpoint of the last message with it; none: there was none.
    pub heard_by: Option<Name>,
}

/// Why messages of an identity are stored without Work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AsideView {
    /// It is blocked.
    pub block: Option<BlockView>,
    /// Its Works that are spam.
    pub spam: Vec<WorkId>,
    /// It came when too many did: endpoint that it wrote to, and when.
    pub quarantine: Option<(Name, Timestamp)>,
    /// Messages that the undo makes a Work of.
    pub messages: usize,
}

/// A block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockView {
    /// Since when.
    pub since: Timestamp,
    /// Until when; none: until it is taken back.
    pub until: Option<Timestamp>,
    /// Name of the agent who said so.
    pub by: Option<Name>,
    /// Why.
    pub reason: Option<String>,
}

/// A customer that was merged into another one, and can be taken apart from it.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeView {
    /// Its id before.
    pub customer: RootId,
    /// Leaves that it would have again.
    pub leaves: Vec<LeafId>,
    /// Who says that the two are one.
    pub evidence: Evidence,
    /// Since when.
    pub at: Timestamp,
    /// The agent who said so.
    pub by: Option<Name>,
}

/// A customer.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerView {
    /// Its conversation, which has the same id.
    pub conversation: ConversationView,
    /// What was merged into it and can be taken apart.
    pub merges: Vec<MergeView>,
    /// Others who may be the same person, each with the id of that customer.
    pub suggestions: Vec<(Suggestion, RootId)>,
    /// What is known of it, by key, each with the identity that it is filed under.
    pub facts: Vec<(LeafId, Fact)>,
}

/// Which customers somebody wants to see.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomerQuery {
    /// The one that an id stands for.
    Id(RootId),
    /// The one who has an address now.
    Address {
        /// The address, as an adapter could write it.
        sender: Sender,
        /// Scope of its namespace; empty for none.
        scope: Name,
    },
    /// Those with an identity whose address begins with the text, or whose name holds it; without case.
    Like {
        /// The text.
        text: String,
        /// Only those whom this agent sees: whoever is found is known by what was looked for. None: all.
        seen_by: Option<Name>,
        /// Identities before this one were looked at.
        from: LeafId,
        /// Customers at most.
        size: usize,
    },
    /// Those in quarantine.
    Quarantined {
        /// Endpoint that they wrote to; empty: any.
        endpoint: Name,
        /// Identities before this one were looked at.
        from: LeafId,
        /// Customers at most.
        size: usize,
    },
}

/// Customers that were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomersFound {
    /// In the order of the query.
    pub customers: Vec<CustomerView>,
    /// Where the query was for an address: the leaf that has it now.
    pub leaf: Option<LeafId>,
    /// Where the search goes on; none: everything was looked at.
    pub next: Option<LeafId>,
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationView {
    /// Its id now.
    pub conversation: RootId,
    /// Name to show.
    pub shown_name: Option<Name>,
    /// Identities.
    pub identities: Vec<IdentityView>,
    /// Works that are open or can be reopened.
    pub works: Vec<WorkView>,
    /// What agents noted of it.
    pub marks: MarksView,
    /// The last record that touches each leaf: where a page of history begins.
    pub last: Vec<(LeafId, Index)>,
    /// Works that were merged into others of these, each with the one that has its messages now.
    pub merged: BTreeMap<WorkId, WorkId>,
    /// Messages that a split took out of the Work they were stored in, each with the one that has it now.
    pub moved: BTreeMap<MessageId, WorkId>,
    /// Works that are known no longer.
    pub forgotten: ForgottenView,
}

/// Works that are known no longer, and messages that a split took out of the Work they were stored in: each with the queue it was in,
/// where that is not shown to all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForgottenView {
    /// Works.
    pub works: BTreeMap<WorkId, Name>,
    /// Messages.
    pub messages: BTreeMap<MessageId, Name>,
    /// Up to here nothing is remembered of each by itself.
    pub older: Option<(WorkId, MessageId)>,
    /// What is as old may have been in any of these.
    pub queues: BTreeSet<Name>,
}

impl ForgottenView {
    /// Whether it is not remembered in which queue a message was.
    #[must_use]
    pub fn is_older(&self, message: MessageId, current: Option<WorkId>) -> bool {
        self.older.is_some_and(|(work, before)| current.is_some_and(|current| current <= work) || message <= before)
    }
}

impl ConversationView {
    /// The Work that a message is in now, of that which it was stored in, if it was in one.
    #[must_use]
    pub fn current(&self, message: MessageId, stored: Option<WorkId>) -> Option<WorkId> {
        let moved = self.moved.get(&message).copied();
        moved.or_else(|| stored.map(|stored| self.merged.get(&stored).copied().unwrap_or(stored)))
    }
}

/// An owned Work that somebody types for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedTo {
    /// The Work.
    pub work: WorkId,
    /// Its conversation.
    pub conversation: RootId,
    /// Its owner.
    pub owner: AgentId,
}

/// Where an answer in a Work goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerAddress {
    /// Who may speak to the customer, each as an author: its owner, and supervisors who have joined.
    pub speakers: Vec<(Name, Author)>,
    /// Whoever does; the first of them where nobody says.
    pub author: Author,
    /// Channel of the endpoint.
    pub channel: Name,
    /// Our endpoint that sends.
    pub endpoint: Name,
    /// Who can read it.
    pub scope: Scope,
    /// Address of the person; of a group or public thread its id.
    pub address: Name,
    /// Thread of the person's chat, where the channel has threads.
    pub thread: Option<Box<str>>,
}
