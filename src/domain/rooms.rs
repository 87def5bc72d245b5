//! What may be seen of queues: plain values, copied out.

use serde::{Deserialize, Serialize};

use super::id::{Name, WorkId};
use super::time::Timestamp;
use super::workspace::Accept;

/// How many agents of a queue are in which state. Who is not logged in is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentCounts {
    /// READY, with room for something.
    pub free: usize,
    /// READY, without.
    pub busy: usize,
    /// Of those, who have more than they can.
    pub overcommitted: usize,
    /// AWAY.
    pub away: usize,
    /// DRAINING.
    pub draining: usize,
    /// The connection is gone, and graces run.
    pub lost: usize,
}

impl AgentCounts {
    /// All who are READY.
    #[must_use]
    pub fn ready(self) -> usize {
        self.free + self.busy
    }
}

/// How waits for the first answer went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerCounts {
    /// Answered within the goal.
    pub in_time: u64,
    /// Answered later.
    pub late: u64,
    /// The Work ended without an answer.
    pub never: u64,
}

impl AnswerCounts {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let Self { in_time, late, never } = other;
        Self { in_time: self.in_time + in_time, late: self.late + late, never: self.never + never }
    }

    /// Share of those answered who were so in time; none: nobody was answered.
    #[must_use]
    pub fn of_answered(self) -> Option<f64> {
        share(self.in_time, self.in_time + self.late)
    }

    /// Share of all who waited who were answered in time, those never answered among them; none: nobody waited.
    #[must_use]
    pub fn of_all(self) -> Option<f64> {
        share(self.in_time, self.in_time + self.late + self.never)
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody answers 2^53 people")]
fn share(of: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| of as f64 / all as f64)
}

/// One queue as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueView {
    /// Its name.
    pub name: Name,
    /// How its Work gets an owner.
    pub accept: Accept,
    /// Goal of the first reply, milliseconds; that of a channel may be another.
    pub first_reply_ms: u64,
    /// Whether the agent who asks serves it.
    pub served: bool,
    /// Served at this time.
    pub open: bool,
    /// When that changes; none: never, or not within a year.
    pub until: Option<Timestamp>,
    /// How many wait that nobody is shown.
    pub waiting: usize,
    /// How many are shown to somebody.
    pub offered: usize,
    /// Since when the customer waits for us who has waited longest of those; none: none of them does.
    pub longest_since: Option<Timestamp>,
    /// Who is there.
    pub agents: AgentCounts,
    /// How waits for the first answer went.
    pub answers: AnswerCounts,
}

/// What a wait is to be estimated of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EstimateOf {
    /// A Work.
    Work(WorkId),
    /// One that comes to the queue now.
    Queue(Name),
}

/// How long it takes until somebody is given a Work.
#[derive(Clone, Debug, PartialEq)]
pub struct EstimateView {
    /// Its queue.
    pub queue: Name,
    /// Its place among those that wait, from 1; 0: it does not wait any more.
    pub position: usize,
    /// When the queue opens, while it is closed; none: it is open, or does not open within a year.
    pub opens_at: Option<Timestamp>,
    /// Why nothing is known, if so. While the queue is closed a range is of the wait from its opening on.
    pub unknown: Option<NoEstimate>,
    /// How long, if something is known.
    pub range: Option<WaitRange>,
}

/// A wait, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaitRange {
    /// Not shorter than this,
    pub low_ms: u64,
    /// about this,
    pub likely_ms: u64,
    /// and not longer than this,
    pub high_ms: u64,
    /// so often.
    pub confidence: f64,
}

/// Why a wait cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEstimate {
    /// The queue is closed.
    Closed,
    /// Nobody is READY who could take it.
    Nobody,
    /// Too little was given of the queue while somebody waited.
    NoHistory,
}

/// Where a Work can be passed on to.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetsView {
    /// Agents who are logged in, by name.
    pub agents: Vec<AgentTarget>,
    /// All queues, in the order of the configuration.
    pub queues: Vec<QueueTarget>,
}

/// An agent that a Work could be passed on to.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentTarget {
    /// Its name.
    pub agent: Name,
    /// What stands against it; none: nothing.
    pub obstacle: Option<Obstacle>,
}

/// A queue that a Work could be passed on to.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueTarget {
    /// Its name.
    pub queue: Name,
    /// How many wait there.
    pub waiting: usize,
    /// Why nobody will take it there soon; none: somebody may. It is taken there all the same.
    pub obstacle: Option<Obstacle>,
}

/// What stands against passing a Work on to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The agent owns the Work.
    Owner,
    /// The agent is not READY.
    NotReady,
    /// The agent does not serve all channels of the Work.
    Channels,
    /// Programs are silent in the Work.
    Muted,
    /// The agent has no room.
    NoRoom,
    /// The queue is closed.
    Closed,
    /// Nobody is READY there who could take the Work.
    Nobody,
}

impl Obstacle {
    /// For people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Owner => "it owns the work",
            Self::NotReady => "it is not READY",
            Self::Channels => "it does not serve all channels of the work",
            Self::Muted => "programs are silent in the work, or it is for people",
            Self::NoRoom => "it has no room",
            Self::Closed => "it is closed",
            Self::Nobody => "nobody there is READY who could take it",
        }
    }
}
