//! A shard's state at one index, to be gone through while the shard goes on.

use smallvec::SmallVec;

use super::part::{Inner, KeptShard, Part};
use crate::domain::conversation::{Aging, Remembered};
use crate::domain::customer::{Joined, Leaves, Suggestions};
use crate::domain::delivery::{Delivery, OpenSends, OptOuts, ParkedReceipt, Windows};
use crate::domain::id::{Index, LeafId, MessageId, Name, WorkId};
use crate::domain::session::Agent;
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::domain::work::{Closed, Works};
use crate::domain::workspace::{Ended, Forgotten, KeptWorkspace, Requests, Workspace};

/// Rows of a piece that take some hundred bytes each ...
const SMALL: usize = 1_024;
/// ... and those that take some thousand.
const LARGE: usize = 64;

/// A shard's state at one index.
#[derive(Clone, Debug)]
pub struct Cut {
    shard: KeptShard,
    workspaces: Vec<WorkspaceCut>,
}

#[derive(Clone, Debug)]
struct WorkspaceCut {
    kept: Box<KeptWorkspace>,
    leaves: Leaves,
    agents: Vec<Agent>,
    works: Works,
    closed: Closed,
    ended: Ended,
    windows: Windows,
    requests: Requests,
    remembered: Remembered,
    mail_endpoints: Aging<(LeafId, SmallVec<[Name; 1]>)>,
    provider_ids: Aging<(MessageId, Option<WorkId>)>,
    deliveries: Aging<Delivery>,
    parked: Aging<ParkedReceipt>,
    joined: Joined,
    suggestions: Suggestions,
    opt_outs: OptOuts,
    open_sends: OpenSends,
    forgotten: Forgotten,
}

impl State {
    /// The state as it is now. It shares what is held by the million with the live one.
    #[must_use]
    pub fn cut(&self) -> Cut {
        Cut { shard: self.kept(), workspaces: self.workspaces().map(WorkspaceCut::of).collect() }
    }
}

impl Cut {
    /// Index of the last record in it.
    #[must_use]
    pub fn head(&self) -> Index {
        self.shard.head
    }

    /// Time of that record.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.shard.time
    }

    /// Name of the shard.
    #[must_use]
    pub fn shard(&self) -> &Name {
        &self.shard.shard
    }

    /// Names of its workspaces.
    pub fn workspaces(&self) -> impl Iterator<Item = &Name> {
        self.workspaces.iter().map(|space| space.kept.name())
    }

    /// Identities whose keys are destroyed: with one more, older snapshots hold what is erased.
    #[must_use]
    pub fn erased(&self) -> usize {
        self.workspaces.iter().map(|space| space.kept.destroyed()).sum()
    }

    /// All of it, in order, each part made when it is asked for, with the workspace whose it is; none: the shard's own. The same state
    /// gives the same parts.
    pub fn parts(&self) -> impl Iterator<Item = (Option<&Name>, Part)> {
        let shard = std::iter::once((None, Part(Inner::Shard(self.shard.clone()))));
        let of_workspace = |space| WorkspaceCut::parts(space).map(|part| (Some(space.kept.name()), Part(part)));
        shard.chain(self.workspaces.iter().flat_map(of_workspace))
    }
}

impl WorkspaceCut {
    fn of(space: &Workspace) -> Self {
        Self {
            kept: Box::new(space.kept()),
            leaves: space.leaves.clone(),
            agents: space.agents.clone(),
            works: space.works.cut(),
            closed: space.closed.clone(),
            ended: space.ended.clone(),
            windows: space.windows.clone(),
            requests: space.requests.clone(),
            remembered: space.remembered.clone(),
            mail_endpoints: space.mail_endpoints.clone(),
            provider_ids: space.provider_ids.clone(),
            deliveries: space.deliveries.clone(),
            parked: space.parked.clone(),
            joined: space.joined.clone(),
            suggestions: space.suggestions.clone(),
            opt_outs: space.opt_outs.clone(),
            open_sends: space.open_sends.clone(),
            forgotten: space.forgotten.clone(),
        }
    }

    fn parts(&self) -> impl Iterator<Item = Inner> {
        std::iter::once(Inner::Workspace(self.kept.clone()))
            .chain(self.leaves.pieces().map(Inner::Leaves))
            .chain(pieces(self.agents.iter().cloned(), LARGE, Inner::Agents))
            .chain(pieces(self.works.rows(), LARGE, Inner::Works))
            .chain(pieces(self.closed.rows(), SMALL, Inner::Closed))
            .chain(pieces(self.ended.rows(), SMALL, Inner::Ended))
            .chain(pieces(self.windows.rows(), SMALL, Inner::Windows))
            .chain(pieces(self.requests.rows(), LARGE, Inner::Requests))
            .chain(pieces(self.remembered.rows(), SMALL, Inner::Remembered))
            .chain(pieces(self.mail_endpoints.rows(), SMALL, Inner::MailEndpoints))
            .chain(pieces(self.provider_ids.rows(), SMALL, Inner::ProviderIds))
            .chain(pieces(self.deliveries.rows(), SMALL, Inner::Deliveries))
            .chain(pieces(self.parked.rows(), SMALL, Inner::Parked))
            .chain(pieces(self.leaves.generations(), SMALL, Inner::Generations))
            .chain(pieces(self.leaves.given_up(), SMALL, Inner::GivenUp))
            .chain(pieces(self.joined.rows(), SMALL, Inner::Joined))
            .chain(pieces(self.suggestions.pairs(), SMALL, Inner::Pairs))
            .chain(pieces(self.suggestions.claimed(), SMALL, Inner::Claimed))
            .chain(pieces(self.opt_outs.rows(), SMALL, Inner::OptOuts))
            .chain(pieces(self.open_sends.rows(), SMALL, Inner::OpenSends))
            .chain(pieces(self.forgotten.rows(), LARGE, Inner::Forgotten))
            .chain(self.people())
    }

    /// What is in the workspace's own and goes in pieces.
    fn people(&self) -> impl Iterator<Item = Inner> {
        let (people, bodies) = (self.kept.people(), self.kept.bodies());
        pieces(people.facts.rows(), LARGE, Inner::Facts)
            .chain(pieces(people.marks.rows(), LARGE, Inner::Marks))
            .chain(pieces(people.asides.rows(), LARGE, Inner::Asides))
            .chain(pieces(people.chatter.rows(), SMALL, Inner::Chatter))
            .chain(pieces(bodies.rows(), SMALL, Inner::Bodies))
    }
}

/// Rows in pieces of so many.
fn pieces<T>(mut rows: impl Iterator<Item = T>, size: usize, part: fn(Vec<T>) -> Inner) -> impl Iterator<Item = Inner> {
    std::iter::from_fn(move || {
        let piece: Vec<T> = rows.by_ref().take(size).collect();
        (!piece.is_empty()).then(|| part(piece))
    })
}
