//! Until when a waiting Work wants its answer: the key that it is served by (domain rules, section 6).
//!
//! Score = wait - target + credit grows for all Works alike, so the moment at which it passes 0 orders them for ever: due = since when we are
//! asked, less what was waited before, and the target after that, less the credits. Nobody is overtaken by a Work that is due later than
//! the cap of credits after it.

use crate::domain::channel::reply_window_ms;
use crate::domain::time::Timestamp;
use crate::domain::work::Work;
use crate::domain::workspace::{IndexedConfig, QueueConfig};

/// Static key in a queue: when the answer is due, by the tightest target of the queues whose matter it is and of the channels it is
/// spoken on, and not after the provider lets us answer no longer, nor
/// after what was promised. Age survives, as what the customer has waited moves it forward.
pub(crate) fn key(config: &IndexedConfig, queue: &str, work: &Work, now: i64) -> i64 {
    // Whose turn is the customer's counts from the moment it was queued, wherever it has come since.
    let queued = || if work.is_nobodys() { work.waits_since } else { Timestamp(now) };
    let since = work.ours_since.unwrap_or_else(queued);
    let due = goal(config, queue, work, since).0.saturating_sub_unsigned(work.waited_ms);
    let due = work.promised().map_or(due, |by| due.min(by.0));
    due.saturating_sub_unsigned(credit_ms(config, work))
}

/// When an answer is due to what was asked at `since`, whatever was waited before and is credited.
pub(crate) fn goal(config: &IndexedConfig, queue: &str, work: &Work, since: Timestamp) -> Timestamp {
    let target = |queue: &QueueConfig, channel: &str| {
        let targets = queue.targets(channel);
        if work.replied { targets.next_reply_ms } else { targets.first_reply_ms }
    };
    let goal = |queue: &str, channel: &str| {
        let queue = config.queue(queue)?;
        Some(config.after(queue, since, target(queue, channel)))
    };
    let own = goal(queue, &work.channel);
    let beside = work.places_beside().iter().filter_map(|place| goal(&place.queue, &place.channel));
    // A window opens with what the customer writes: from the first unanswered message on it stands at least so long.
    let windows = work.channels().filter_map(|channel| reply_window_ms(channel)).filter(|_| work.ours_since.is_some());
    let windows = windows.map(|window| Timestamp(since.0.saturating_add(window)));
    own.into_iter().chain(beside).chain(windows).min().unwrap_or(since)
}

/// By how much its credits make a Work due earlier, milliseconds: those of rules and agents, and what its customer went through, which has a
/// cap of its own; in sum at most the cap of all.
pub(crate) fn credit_ms(config: &IndexedConfig, work: &Work) -> u64 {
    let effort = work.effort().map_or(0, |effort| effort.sum_ms().min(config.effort.cap_ms));
    work.given_ms().saturating_add(effort).min(config.credit_cap_ms)
}
