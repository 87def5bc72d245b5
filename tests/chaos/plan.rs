//! Which faults come when: from a seed, so that a run can be repeated as far as processes let it.
//!
//! Kinds are drawn like cards: each comes before any comes again.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::host::Host;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// kill -9 of the daemon that owns the shard.
    OwnerKilled,
    /// kill -9 of one that stands by.
    StandbyKilled,
    /// kill -9 of all daemons at once.
    DaemonsKilled,
    /// The owner stands still for longer than its lease.
    OwnerPaused,
    /// A daemon stands still for a moment.
    DaemonPaused,
    /// The owner ends in order.
    OwnerEnded,
    /// The owner does not reach any nats-server, and agents reach it.
    OwnerCutOff,
    /// kill -9 of the nats-server that leads the log.
    LeaderKilled,
    /// kill -9 of another one.
    FollowerKilled,
    /// kill -9 of all nats-servers at once.
    ServersKilled,
    /// The nats-server that leads the log stands still.
    LeaderPaused,
    /// One of the nats-servers stands still.
    ServerPaused,
    /// The nats-server that leads the log is reached by nobody.
    LeaderCutOff,
    /// A nats-server reaches the others no more, and clients reach it.
    RoutesCut,
    /// A nats-server's disk is full.
    DiskFull,
    /// A nats-server's disk is slow to sync.
    SlowSync,
    /// Agents' connections break off.
    AgentsDropped,
    /// The owner's wall clock jumps.
    ClockJump,
}

impl Kind {
    const ALL: [Self; 18] = [
        Self::OwnerKilled,
        Self::StandbyKilled,
        Self::DaemonsKilled,
        Self::OwnerPaused,
        Self::DaemonPaused,
        Self::OwnerEnded,
        Self::OwnerCutOff,
        Self::LeaderKilled,
        Self::FollowerKilled,
        Self::ServersKilled,
        Self::LeaderPaused,
        Self::ServerPaused,
        Self::LeaderCutOff,
        Self::RoutesCut,
        Self::DiskFull,
        Self::SlowSync,
        Self::AgentsDropped,
        Self::ClockJump,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OwnerKilled => "owner killed",
            Self::StandbyKilled => "standby killed",
            Self::DaemonsKilled => "all daemons killed",
            Self::OwnerPaused => "owner paused beyond its lease",
            Self::DaemonPaused => "daemon paused",
            Self::OwnerEnded => "owner ended in order",
            Self::OwnerCutOff => "owner cut off from nats",
            Self::LeaderKilled => "nats leader killed",
            Self::FollowerKilled => "nats follower killed",
            Self::ServersKilled => "all nats-servers killed",
            Self::LeaderPaused => "nats leader paused",
            Self::ServerPaused => "nats-server paused",
            Self::LeaderCutOff => "nats leader cut off",
            Self::RoutesCut => "routes of a nats-server cut",
            Self::DiskFull => "disk full",
            Self::SlowSync => "slow sync",
            Self::AgentsDropped => "agents dropped",
            Self::ClockJump => "clock jump",
        }
    }

    /// The one with a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether an owner is lost by it that nobody asked to end.
    pub(crate) fn loses_owner(self) -> bool {
        matches!(self, Self::OwnerKilled | Self::DaemonsKilled | Self::OwnerPaused | Self::OwnerCutOff)
    }

    /// How long it lasts, milliseconds: from, to.
    fn lasts(self) -> (u64, u64) {
        match self {
            // Longer than the lease and what is waited for beyond it.
            Self::OwnerPaused | Self::OwnerCutOff => (4_500, 8_000),
            Self::LeaderPaused | Self::LeaderCutOff | Self::RoutesCut => (2_000, 8_000),
            Self::DaemonPaused | Self::ServerPaused => (200, 2_500),
            Self::DiskFull | Self::SlowSync => (3_000, 6_000),
            Self::AgentsDropped => (0, 500),
            Self::ClockJump => (2_000, 4_000),
            Self::OwnerKilled | Self::StandbyKilled | Self::DaemonsKilled | Self::OwnerEnded => (0, 3_000),
            Self::LeaderKilled | Self::FollowerKilled | Self::ServersKilled => (0, 3_000),
        }
    }

    fn is_possible(self, host: &Host) -> bool {
        match self {
            Self::DiskFull => host.mounts,
            Self::ClockJump => host.clock.is_some(),
            _ => true,
        }
    }
}

/// A fault that is to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// Until it heals.
    pub(crate) lasts: Duration,
    /// Which of those that it may be about.
    pub(crate) pick: usize,
    /// By how much a clock jumps, seconds.
    pub(crate) jump_s: i64,
    /// From its recovery to the next one, where there is time.
    pub(crate) pause: Duration,
}

/// The faults of a run, one after the other.
#[derive(Debug)]
pub(crate) struct Plan {
    random: StdRng,
    kinds: Vec<Kind>,
    deck: Vec<Kind>,
}

impl Plan {
    pub(crate) fn new(seed: u64, host: &Host) -> Self {
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.is_possible(host)).collect();
        Self { random: StdRng::seed_from_u64(seed), kinds, deck: Vec::new() }
    }

    /// Those that are given, in their order, with times of the seed.
    pub(crate) fn of(seed: u64, mut kinds: Vec<Kind>) -> Self {
        kinds.reverse();
        Self { random: StdRng::seed_from_u64(seed), deck: kinds.clone(), kinds }
    }

    pub(crate) fn next(&mut self) -> Fault {
        if self.deck.is_empty() {
            self.deck.clone_from(&self.kinds);
            self.deck.shuffle(&mut self.random);
        }
        let kind = self.deck.pop().unwrap_or(Kind::OwnerKilled);
        let (from, to) = kind.lasts();
        let random = &mut self.random;
        let lasts = Duration::from_millis(random.random_range(from..=to));
        let jump_s = random.random_range(5..=3_600) * if random.random() { 1 } else { -1 };
        let pause = Duration::from_millis(random.random_range(200..=2_000));
        Fault { kind, lasts, pick: random.random_range(0..60), jump_s, pause }
    }
}
