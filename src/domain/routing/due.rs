//! Until when a waiting Work wants its answer: the key that it is served by (domain rules, section 6).
//!
//! Score = wait - target + credit grows for all Works alike, so the moment at which it passes 0 orders them for ever: due = since when we are
//! asked, less what was waited before, and the target after that, less the credits. Nobody is overtaken by a Work that is due later than
//! the cap of credits after it.

use crate::domain::channel::reply_window_ms;
use crate::domain::time::Timestamp;
use crate::domain::work::Work;
use crate::domain::workspace::IndexedConfig;

/// What a Work's key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Since when we are asked, or when it came where nobody asks.
    pub(crate) since: Timestamp,
    /// The goal that holds, milliseconds: of the first reply, or of a later one. None: its queue is gone.
    pub(crate) goal_ms: Option<u64>,
    /// When the goal is due, the tightest of all queues and channels of the matter.
    pub(crate) goal_at: Option<Timestamp>,
    /// When the provider lets us answer no longer, at the earliest.
    pub(crate) window_at: Option<Timestamp>,
    /// What the customer had waited before.
    pub(crate) waited_ms: u64,
    /// Until when the customer was promised to hear from us.
    pub(crate) promised: Option<Timestamp>,
    /// What its credits count for, after the cap, milliseconds.
    pub(crate) credit_ms: u64,
}

impl Terms {
    /// Static key: due time minus credit. Age survives, as what the customer has waited moves it forward.
    pub(crate) fn key(&self) -> i64 {
        let due = self.goal_at.into_iter().chain(self.window_at).min().unwrap_or(self.since);
        let due = due.0.saturating_sub_unsigned(self.waited_ms);
        self.promised.map_or(due, |by| due.min(by.0)).saturating_sub_unsigned(self.credit_ms)
    }
}

/// Static key in a queue: when the answer is due, by the tightest target of the queues whose matter it is and of the channels it is
/// spoken on, and not after the provider lets us answer no longer, nor after what was promised.
pub(crate) fn key(config: &IndexedConfig, queue: &str, work: &Work, now: i64) -> i64 {
    terms(config, queue, work, Timestamp(now)).key()
}

/// What the key is made of, of a Work that comes to the queue now.
pub(crate) fn terms(config: &IndexedConfig, queue: &str, work: &Work, now: Timestamp) -> Terms {
    // Whose turn is the customer's counts from the moment it was queued, wherever it has come since.
    let queued = || if work.is_nobodys() { work.waits_since } else { now };
    let since = work.ours_since.unwrap_or_else(queued);
    let (goal_at, goal_ms) = goals(config, queue, work, since).min().unzip();
    Terms {
        since,
        goal_ms,
        goal_at,
        window_at: windows(work, since).min(),
        waited_ms: work.waited_ms,
        promised: work.promised(),
        credit_ms: credit_ms(config, work),
    }
}

/// When an answer is due to what was asked at `since`, whatever was waited before and is credited.
pub(crate) fn goal(config: &IndexedConfig, queue: &str, work: &Work, since: Timestamp) -> Timestamp {
    let goals = goals(config, queue, work, since).map(|(at, _)| at);
    goals.chain(windows(work, since)).min().unwrap_or(since)
}

/// When the goal of each queue and channel of the matter is due, and how long it is, milliseconds.
fn goals<'a>(
    config: &'a IndexedConfig,
    queue: &str,
    work: &'a Work,
    since: Timestamp,
) -> impl Iterator<Item = (Timestamp, u64)> + use<'a> {
    let goal = move |queue: &str, channel: &str| {
        let queue = config.queue(queue)?;
        let targets = queue.targets(channel);
        let ms = if work.replied { targets.next_reply_ms } else { targets.first_reply_ms };
        Some((config.after(queue, since, ms), ms))
    };
    let own = goal(queue, &work.channel);
    let beside = work.places_beside().iter().filter_map(move |place| goal(&place.queue, &place.channel));
    own.into_iter().chain(beside)
}

/// When the provider of each channel lets us answer no longer. A window opens with what the customer writes: from the first unanswered
/// message on it stands at least so long.
fn windows(work: &Work, since: Timestamp) -> impl Iterator<Item = Timestamp> {
    let windows = work.channels().filter_map(|channel| reply_window_ms(channel)).filter(|_| work.ours_since.is_some());
    windows.map(move |window| Timestamp(since.0.saturating_add(window)))
}

/// By how much its credits make a Work due earlier, milliseconds: those of rules and agents, and what its customer went through, which has a
/// cap of its own; in sum at most the cap of all.
pub(crate) fn credit_ms(config: &IndexedConfig, work: &Work) -> u64 {
    let effort = work.effort().map_or(0, |effort| effort.sum_ms().min(config.effort.cap_ms));
    work.given_ms().saturating_add(effort).min(config.credit_cap_ms)
}
