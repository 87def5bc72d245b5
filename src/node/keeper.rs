//! The owner's side of a lease: written each second, given up at the end.

use tracing::{debug, warn};

use super::identity::Identity;
use super::lease::{Held, Lease};
use super::leases::{Leases, Written};
use crate::domain::id::Name;
use crate::log::Tip;

/// Beats for which another's lease must stand unchanged before it is written over: whoever has it takes the log over within that time, and
/// this process hears of it, or does not.
const STRANGE_BEATS: u32 = 10;

/// Writes the lease of a shard that this process owns.
#[derive(Debug)]
pub struct Keeper {
    leases: Leases,
    me: Identity,
    /// What is known to stand there.
    revision: u64,
    /// It is not known whether the last writing stands, or somebody else has written.
    unsure: bool,
    /// For how many beats another's has stood there unchanged.
    strange: u32,
    warned: bool,
}

impl Keeper {
    /// Of a lease that was written as `revision`.
    #[must_use]
    pub fn new(leases: Leases, me: Identity, revision: u64) -> Self {
        Self { leases, me, revision, unsure: false, strange: 0, warned: false }
    }

    /// Writes it again. What is not written now is with the next call: the log says who owns the shard.
    ///
    /// A lease that another process has written is left alone: either it takes the log over, or it will be silent, and then the lease is
    /// written again.
    pub async fn beat(&mut self, durable: Tip) {
        self.write(Held::Owned, durable).await;
    }

    /// Gives it up, having done all that an owner has to do at its end: `to`, or anybody, takes the shard at once.
    pub async fn release(mut self, to: Option<Name>, durable: Tip) {
        self.write(Held::Released { to }, durable).await;
    }

    async fn write(&mut self, held: Held, durable: Tip) {
        if self.unsure && !self.learn().await {
            return;
        }
        match self.leases.write(&Lease::new(&self.me, held, durable), self.revision).await {
            Written::Stands(revision) => {
                self.revision = revision;
                self.warned = false;
            }
            Written::Lost | Written::Unknown => self.unsure = true,
        }
    }

    /// Looks up what stands there. False: it is not to be written.
    async fn learn(&mut self) -> bool {
        let seen = match self.leases.look().await {
            Ok(seen) => seen,
            Err(error) => {
                debug!(%error, "lease not written");
                return false;
            }
        };
        let mine = seen.lease.as_ref().is_none_or(|lease| lease.is_of(&self.me));
        let same = seen.revision == std::mem::replace(&mut self.revision, seen.revision);
        self.strange = if same { self.strange + 1 } else { 0 };
        if !mine && self.strange < STRANGE_BEATS {
            if !std::mem::replace(&mut self.warned, true) {
                let by = seen.lease.map_or_else(String::new, |lease| lease.node.to_string());
                warn!(by, "another process has taken the lease of a shard that is owned here: the log decides");
            }
            return false;
        }
        self.unsure = false;
        true
    }
}
