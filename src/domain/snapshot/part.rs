//! The parts of a snapshot, in their order: the shard's, then of each workspace its own, followed by its lists in pieces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::domain::conversation::{Aged, Seen};
use crate::domain::customer::{Aside, FactRow, GivenUpRow, JoinedRow, PackedLeaves, PairRow};
use crate::domain::delivery::{Delivery, OpenOfLeaf, ParkedReceipt, WindowRow};
use crate::domain::id::{Index, LeafId, MessageId, Name, Position, WorkId};
use crate::domain::marks::Marks;
use crate::domain::session::Agent;
use crate::domain::state::BoundStream;
use crate::domain::time::Timestamp;
use crate::domain::work::{ClosedWork, Work};
use crate::domain::workspace::{EndRow, ForgottenOfLeaf, KeptWorkspace, RequestRow};

/// A part of a snapshot: some hundred kilobytes at most, but for the one of a workspace with much that few customers have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part(pub(super) Inner);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Inner {
    Shard(KeptShard),
    /// Begins a workspace: what follows, up to the next of these, is of it.
    Workspace(Box<KeptWorkspace>),
    Leaves(PackedLeaves),
    Agents(Vec<Agent>),
    Works(Vec<Work>),
    Closed(Vec<ClosedWork>),
    Ended(Vec<EndRow>),
    Windows(Vec<WindowRow>),
    Requests(Vec<RequestRow>),
    Remembered(Vec<Aged<Seen>>),
    MailEndpoints(Vec<Aged<(LeafId, SmallVec<[Name; 1]>)>>),
    ProviderIds(Vec<Aged<(MessageId, Option<WorkId>)>>),
    Deliveries(Vec<Aged<Delivery>>),
    Parked(Vec<Aged<ParkedReceipt>>),
    Generations(Vec<(LeafId, LeafId)>),
    GivenUp(Vec<GivenUpRow>),
    Joined(Vec<JoinedRow>),
    Facts(Vec<FactRow>),
    Marks(Vec<(LeafId, Marks)>),
    Asides(Vec<(LeafId, Aside)>),
    Chatter(Vec<(LeafId, u8)>),
    Pairs(Vec<PairRow>),
    Claimed(Vec<(LeafId, LeafId)>),
    OptOuts(Vec<(LeafId, u8)>),
    OpenSends(Vec<(LeafId, OpenOfLeaf)>),
    Bodies(Vec<(LeafId, u64)>),
    Forgotten(Vec<(LeafId, ForgottenOfLeaf)>),
}

/// What is kept of a shard beside its workspaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptShard {
    pub(crate) shard: Name,
    pub(crate) head: Index,
    pub(crate) time: Timestamp,
    pub(crate) streams: Vec<BoundStream>,
    pub(crate) handed_over: BTreeMap<Name, (u64, Position)>,
}
