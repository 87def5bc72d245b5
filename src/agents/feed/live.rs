//! What is told live: not numbered, not kept, not told again. Whoever does not read it in time does without.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::domain::id::{Name, RootId, WorkId};

/// Events that wait for a session: a few customers who type at once. What is older than that says nothing any more.
pub(super) const LIVE_AHEAD: usize = 16;
/// Somebody who goes on typing is told of again after so long: channels show it for some 5 to 20 seconds.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);
/// Keys of a [`Seldom`] at most: more than people who type at once to one workspace.
const SELDOM_MAX: usize = 10_000;

/// What an agent is told live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    /// The customer of a Work of the agent's is typing.
    CustomerTyping {
        /// The Work.
        work: WorkId,
        /// Its conversation.
        conversation: RootId,
    },
    /// The adapter of an endpoint lags or is silent, or is well again.
    Endpoint {
        /// Our endpoint.
        endpoint: Name,
        /// What is sent there may come late.
        degraded: bool,
    },
}

/// What one session is told live from now on.
#[derive(Debug)]
pub struct LiveFeed(pub(super) broadcast::Receiver<Live>);

impl LiveFeed {
    /// Waits for the next event; of those that came too fast the oldest are left out. Cancel safe.
    pub async fn next(&mut self) -> Live {
        loop {
            match self.0.recv().await {
                Ok(live) => return live,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// Lets each key pass once in a while.
#[derive(Debug)]
pub struct Seldom<K> {
    every: Duration,
    passed: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Seldom<K> {
    /// Each key once in `every`.
    #[must_use]
    pub fn new(every: Duration) -> Self {
        Self { every, passed: HashMap::new() }
    }

    /// Whether the key may pass now. With 10,000 keys in one interval no other may.
    pub fn pass(&mut self, key: K, now: Instant) -> bool {
        if self.passed.len() >= SELDOM_MAX {
            let every = self.every;
            self.passed.retain(|_, last| now.duration_since(*last) < every);
        }
        if self.passed.get(&key).is_some_and(|last| now.duration_since(*last) < self.every) {
            return false;
        }
        let room = self.passed.len() < SELDOM_MAX;
        if room {
            self.passed.insert(key, now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_passes_once_in_the_interval_and_others_beside_it() {
        let mut seldom = Seldom::new(TYPING_EVERY);
        let now = Instant::now();
        assert!(seldom.pass("a", now));
        assert!(!seldom.pass("a", now + TYPING_EVERY / 2));
        assert!(seldom.pass("b", now));
        assert!(seldom.pass("a", now + TYPING_EVERY));
    }

    #[test]
    fn keys_are_bounded_and_old_ones_make_room() {
        let mut seldom = Seldom::new(TYPING_EVERY);
        let now = Instant::now();
        for key in 0..SELDOM_MAX {
            assert!(seldom.pass(key, now));
        }
        assert!(!seldom.pass(SELDOM_MAX, now));
        assert!(seldom.pass(SELDOM_MAX, now + TYPING_EVERY));
        assert_eq!(seldom.passed.len(), 1);
    }

    #[tokio::test]
    async fn who_reads_too_late_gets_the_newest() {
        let (sender, receiver) = broadcast::channel(LIVE_AHEAD);
        let mut feed = LiveFeed(receiver);
        let typing = |number| Live::CustomerTyping { work: WorkId::from_bits(number), conversation: RootId(1) };
        for number in 0..100 {
            sender.send(typing(number)).expect("somebody listens");
        }
        assert_eq!(feed.next().await, typing(84));
    }
}
