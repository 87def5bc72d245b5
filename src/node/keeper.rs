//! The owner's side of a lease: written each second from the first try on, given up at the end.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use super::identity::Identity;
use super::lease::{Held, Lease};
use super::leases::{Leases, Written};
use crate::domain::id::Name;
use crate::log::Tip;

/// How often the lease is written. One that is not answered by then has an unknown outcome.
const BEAT: Duration = Duration::from_secs(1);
/// Beats for which another's lease must stand unchanged before it is written over: whoever has it takes the log over within that time, and
/// this process hears of it, or does not.
const STRANGE_BEATS: u32 = 10;
/// Attempts to give the lease up. Not given up it lapses.
const RELEASES: u32 = 2;

/// A lease that is kept by a task of its own: while the shard is taken over, owned, and brought to an orderly end. Dropped: it lapses.
#[derive(Debug)]
pub struct Tenure {
    durable: watch::Sender<Tip>,
    release: oneshot::Sender<Option<Name>>,
    task: AbortOnDropHandle<()>,
}

impl Tenure {
    /// Keeps a lease that was written as `revision`.
    #[must_use]
    pub fn begin(leases: Leases, me: Identity, revision: u64, durable: Tip) -> Self {
        let (durable, seen) = watch::channel(durable);
        let (release, released) = oneshot::channel();
        let keeper = Keeper { leases, me, revision, unsure: false, strange: 0, warned: false };
        // Owned by this: ends with it.
        let task = AbortOnDropHandle::new(tokio::spawn(keeper.run(seen, released)));
        Self { durable, release, task }
    }

    /// What is durable by now: the next writing says so.
    pub fn durable(&self, durable: Tip) {
        self.durable.send_replace(durable);
    }

    /// Gives it up, having done all that an owner has to do at its end: `to`, or anybody, takes the shard at once.
    pub async fn release(self, to: Option<Name>) {
        // A task that has ended has nothing to give up.
        if self.release.send(to).is_ok() {
            let _ = self.task.await;
        }
    }
}

/// Writes the lease of a shard that this process owns, or is about to.
#[derive(Debug)]
struct Keeper {
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
    async fn run(mut self, durable: watch::Receiver<Tip>, mut released: oneshot::Receiver<Option<Name>>) {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let order = tokio::select! {
                // Cancel-safe: what was said stays until it is taken.
                order = &mut released => Some(order),
                // Cancel-safe: a tick that was not taken stays.
                _ = beats.tick() => None,
            };
            let tip = *durable.borrow();
            match order {
                None => self.beat(Held::Owned, tip).await,
                Some(Ok(to)) => {
                    for _ in 0..RELEASES {
                        self.beat(Held::Released { to: to.clone() }, tip).await;
                        if !self.unsure {
                            return;
                        }
                    }
                    return;
                }
                Some(Err(_)) => return,
            }
        }
    }

    /// Writes it once. What is not written now is with the next beat: the log says who owns the shard.
    ///
    /// A lease that another process has written is left alone: either it takes the log over, or it will be silent, and then the lease is
    /// written again.
    async fn beat(&mut self, held: Held, durable: Tip) {
        // Cut off, the writing may stand all the same.
        let was_unsure = std::mem::replace(&mut self.unsure, true);
        let written = timeout(BEAT, async {
            if was_unsure && !self.learn().await {
                return None;
            }
            Some(self.leases.write(&Lease::new(&self.me, held, durable), self.revision).await)
        });
        if let Ok(Some(Written::Stands(revision))) = written.await {
            self.revision = revision;
            self.unsure = false;
            self.warned = false;
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
        true
    }
}
