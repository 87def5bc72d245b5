//! Which nodes there are, by what each says of itself every second. Heard of, not stored: a node that is silent is gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::Client;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::identity::Identity;
use super::place::{Shards, surplus};
use crate::domain::id::Name;
use crate::nats::NatsError;

/// Subject on which nodes speak.
const SUBJECT: &str = "skein.nodes";
/// How often.
const EVERY: Duration = Duration::from_secs(1);
/// A node that was not heard of for so long is not there.
const SILENT: Duration = Duration::from_secs(4);
/// Nodes that are heard of at most: far more than one deployment has.
const NODES_MAX: usize = 1_000;

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub node: Name,
    /// Shards that it owns.
    pub owned: Vec<Name>,
    /// Shards that it has folded and follows.
    pub warm: Vec<Name>,
    /// It is about to end.
    pub leaves: bool,
}

#[derive(Debug, Default)]
struct Known {
    mine: Shards,
    others: BTreeMap<Name, (Shards, Instant)>,
}

/// The nodes, and what this one says of itself. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Roster {
    me: Identity,
    known: Arc<Mutex<Known>>,
}

impl Roster {
    /// Nobody else is known yet.
    #[must_use]
    pub fn new(me: Identity) -> Self {
        Self { me, known: Arc::default() }
    }

    /// Who this process is.
    #[must_use]
    pub fn me(&self) -> &Identity {
        &self.me
    }

    /// This node follows a shard, and could own it at once.
    pub fn follows(&self, shard: &Name) {
        self.change(|mine| {
            mine.owned.remove(shard);
            mine.warm.insert(shard.clone());
        });
    }

    /// This node owns a shard.
    pub fn owns(&self, shard: &Name) {
        self.change(|mine| {
            mine.warm.remove(shard);
            mine.owned.insert(shard.clone());
        });
    }

    /// This node neither owns nor follows a shard.
    pub fn drops(&self, shard: &Name) {
        self.change(|mine| {
            mine.warm.remove(shard);
            mine.owned.remove(shard);
        });
    }

    /// This node is about to end.
    pub fn leaves(&self) {
        self.change(|mine| mine.leaves = true);
    }

    /// How many shards this node owns.
    #[must_use]
    pub fn owned(&self) -> usize {
        self.lock().mine.owned.len()
    }

    /// Names of the other nodes that are there.
    #[must_use]
    pub fn others(&self) -> Vec<Name> {
        let now = Instant::now();
        let known = self.lock();
        known.others.iter().filter(|(_, (_, heard))| now - *heard < SILENT).map(|(name, _)| name.clone()).collect()
    }

    /// Who should own a shard of this node's instead; none: it stays here.
    #[must_use]
    pub fn should_own(&self, shard: &Name) -> Option<Name> {
        let now = Instant::now();
        let known = self.lock();
        let others = known.others.iter().filter(|(_, (_, heard))| now - *heard < SILENT);
        let mut nodes: BTreeMap<Name, Shards> =
            others.map(|(name, (shards, _))| (name.clone(), shards.clone())).collect();
        nodes.insert(self.me.node.clone(), known.mine.clone());
        let (what, to) = surplus(&nodes, &self.me.node)?;
        (what == *shard).then_some(to)
    }

    /// Speaks and listens until `stop`. Cancelled: it is as if the node were gone.
    ///
    /// # Errors
    /// The connection takes no subscription.
    pub async fn run(self, client: Client, stop: CancellationToken) -> Result<(), NatsError> {
        let refused = |error: &dyn std::fmt::Display| NatsError::Request {
            operation: "listen to other nodes",
            reason: error.to_string(),
        };
        let mut heard = client.subscribe(SUBJECT).await.map_err(|error| refused(&error))?;
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return Ok(()),
                // Cancel-safe: a tick that was not taken stays.
                _ = ticks.tick() => {
                    let said = serde_json::to_vec(&self.said()).unwrap_or_default();
                    if let Err(error) = client.publish(SUBJECT, said.into()).await {
                        debug!(%error, "not said to other nodes");
                    }
                }
                // Cancel-safe: a message stays in its subscription.
                message = heard.next() => {
                    let Some(message) = message else { return Ok(()) };
                    if let Ok(member) = serde_json::from_slice(&message.payload) {
                        self.hear(member, Instant::now());
                    }
                }
            }
        }
    }

    fn said(&self) -> Member {
        let known = self.lock();
        Member {
            node: self.me.node.clone(),
            owned: known.mine.owned.iter().cloned().collect(),
            warm: known.mine.warm.iter().cloned().collect(),
            leaves: known.mine.leaves,
        }
    }

    fn hear(&self, member: Member, now: Instant) {
        if member.node == self.me.node {
            return;
        }
        let mut known = self.lock();
        known.others.retain(|_, (_, heard)| now - *heard < SILENT);
        if known.others.len() < NODES_MAX {
            let Member { node, owned, warm, leaves } = member;
            let shards = Shards { owned: owned.into_iter().collect(), warm: warm.into_iter().collect(), leaves };
            known.others.insert(node, (shards, now));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Shards)) {
        change(&mut self.lock().mine);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(node: &str, owned: &[&str], warm: &[&str]) -> Member {
        let names = |names: &[&str]| names.iter().map(|name| Name::new(*name)).collect();
        Member { node: Name::new(node), owned: names(owned), warm: names(warm), leaves: false }
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_is_silent_is_given_nothing() {
        let roster = Roster::new(Identity::new("a"));
        let (one, two) = (Name::new("one"), Name::new("two"));
        roster.owns(&one);
        roster.owns(&two);
        assert_eq!(roster.should_own(&one), None);
        roster.hear(member("b", &[], &["one", "two"]), Instant::now());
        assert_eq!(roster.should_own(&one), Some(Name::new("b")));
        assert_eq!(roster.should_own(&two), None, "one at a time");
        tokio::time::advance(SILENT).await;
        assert_eq!(roster.should_own(&one), None);
        assert!(roster.others().is_empty());
    }

    #[tokio::test]
    async fn what_is_said_is_heard_as_it_was_said_and_not_by_oneself() {
        let (a, b) = (Roster::new(Identity::new("a")), Roster::new(Identity::new("b")));
        let shard = Name::new("one");
        a.owns(&shard);
        b.follows(&shard);
        a.leaves();
        for said in [a.said(), b.said()] {
            let bytes = serde_json::to_vec(&said).expect("JSON");
            a.hear(serde_json::from_slice(&bytes).expect("JSON"), Instant::now());
        }
        assert_eq!(a.others(), [Name::new("b")]);
        assert_eq!(a.should_own(&shard), Some(Name::new("b")));
    }
}
