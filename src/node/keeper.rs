//! The owner's side of a lease: written each second from the first try on, given up at the end.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use super::identity::Identity;
use super::lease::{Held, Lease};
use super::leases::{Leases, Written};
use super::standing::Standing;
use crate::domain::id::Name;
use crate::log::Tip;

/// How often the lease is written. One that is not answered by then has an unknown outcome.
const BEAT: Duration = Duration::from_secs(1);
/// Beats for which another's lease must stand unchanged before it is written over: whoever has it takes the log over within that time, and
/// this process hears of it, or does not.
const STRANGE_BEATS: u32 = 10;
/// Attempts to give the lease up. Not given up it lapses.
const RELEASES: u32 = 2;

/// A lease that was written.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Where it stands.
    pub leases: Leases,
    /// Who wrote it.
    pub me: Identity,
    /// As which revision.
    pub revision: u64,
    /// When it was begun to be written: nobody can have seen it before.
    pub since: Instant,
    /// For how long others believe it.
    pub lasts: Duration,
}

/// What the lease is to say.
#[derive(Clone, Copy, Debug)]
struct Said {
    serves: bool,
    durable: Tip,
}

impl Said {
    fn held(self) -> Held {
        if self.serves { Held::Owned } else { Held::Changing }
    }
}

/// A lease that is kept by a task of its own: while the shard is taken over, owned, and brought to an orderly end. Dropped: it lapses.
#[derive(Debug)]
pub struct Tenure {
    said: watch::Sender<Said>,
    standing: watch::Receiver<Standing>,
    release: oneshot::Sender<Option<Name>>,
    task: AbortOnDropHandle<()>,
}

impl Tenure {
    /// Keeps a lease that was written, and says that the shard changes hands until [`Tenure::serves`].
    #[must_use]
    pub fn begin(granted: Granted, durable: Tip) -> Self {
        let (said, seen) = watch::channel(Said { serves: false, durable });
        let sure_until = granted.since + granted.lasts;
        let (standing, told) = watch::channel(Standing { sure_until, contests: 0 });
        let (release, released) = oneshot::channel();
        let keeper = Keeper { granted, standing, unsure: false, strange: 0, contested: false };
        // Owned by this: ends with it.
        let task = AbortOnDropHandle::new(tokio::spawn(keeper.run(seen, released)));
        Self { said, standing: told, release, task }
    }

    /// How sure this process may be to own the shard.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// What is durable by now: the next writing says so.
    pub fn durable(&self, durable: Tip) {
        self.said.send_modify(|said| said.durable = durable);
    }

    /// Whether calls are served: written at once.
    pub fn serves(&self, serves: bool) {
        self.said.send_modify(|said| said.serves = serves);
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
    /// What is known to stand there.
    granted: Granted,
    standing: watch::Sender<Standing>,
    /// It is not known whether the last writing stands, or somebody else has written.
    unsure: bool,
    /// For how many beats another's has stood there unchanged.
    strange: u32,
    /// Another has written it since this process last did.
    contested: bool,
}

/// What the keeper waited for.
enum Wake {
    Beat,
    Said,
    Released(Option<Name>),
    /// Nobody keeps the lease any more.
    Dropped,
}

impl Keeper {
    async fn run(mut self, mut said: watch::Receiver<Said>, mut released: oneshot::Receiver<Option<Name>>) {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut serves = said.borrow_and_update().serves;
        loop {
            let wake = tokio::select! {
                // Cancel-safe: what was said stays until it is taken.
                order = &mut released => order.map_or(Wake::Dropped, Wake::Released),
                // Cancel-safe: a change stays unseen until it is looked at.
                Ok(()) = said.changed() => Wake::Said,
                // Cancel-safe: a tick that was not taken stays.
                _ = beats.tick() => Wake::Beat,
            };
            let now = *said.borrow_and_update();
            match wake {
                Wake::Beat => self.beat(now.held(), now.durable).await,
                Wake::Said if now.serves != serves => self.beat(now.held(), now.durable).await,
                Wake::Said => {}
                Wake::Released(to) => {
                    for _ in 0..RELEASES {
                        self.beat(Held::Released { to: to.clone() }, now.durable).await;
                        if !self.unsure {
                            return;
                        }
                    }
                    return;
                }
                Wake::Dropped => return,
            }
            serves = now.serves;
        }
    }

    /// Writes it once. What is not written now is with the next beat: the log says who owns the shard.
    ///
    /// A lease that another process has written is left alone: either it takes the log over, or it will be silent, and then the lease is
    /// written again.
    async fn beat(&mut self, held: Held, durable: Tip) {
        // Cut off, the writing may stand all the same.
        let was_unsure = std::mem::replace(&mut self.unsure, true);
        let began = Instant::now();
        let written = timeout(BEAT, async {
            if was_unsure && !self.learn().await {
                return None;
            }
            let lease = Lease::new(&self.granted.me, held, durable);
            Some(self.granted.leases.write(&lease, self.granted.revision).await)
        });
        if let Ok(Some(Written::Stands(revision))) = written.await {
            self.granted.revision = revision;
            self.unsure = false;
            // Whoever had it in between may have taken the log over.
            let contests = u64::from(std::mem::take(&mut self.contested));
            self.standing.send_modify(|standing| {
                standing.sure_until = began + self.granted.lasts;
                standing.contests += contests;
            });
        }
    }

    /// Looks up what stands there. False: it is not to be written.
    async fn learn(&mut self) -> bool {
        let seen = match self.granted.leases.look().await {
            Ok(seen) => seen,
            Err(error) => {
                debug!(%error, "lease not written");
                return false;
            }
        };
        let mine = seen.lease.as_ref().is_none_or(|lease| lease.is_of(&self.granted.me));
        let same = seen.revision == std::mem::replace(&mut self.granted.revision, seen.revision);
        self.strange = if same { self.strange + 1 } else { 0 };
        if !mine && self.strange < STRANGE_BEATS {
            if !std::mem::replace(&mut self.contested, true) {
                self.standing.send_modify(|standing| standing.contests += 1);
                let by = seen.lease.map_or_else(String::new, |lease| lease.node.to_string());
                warn!(by, "another process has taken the lease of a shard that is owned here: the log is asked");
            }
            return false;
        }
        true
    }
}
