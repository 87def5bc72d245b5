//! A registry of named checks: each part of the daemon holds its own and says when it is ready and why not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// `None` is ready; `Some(reason)` is not.
type Checks = BTreeMap<&'static str, Option<String>>;

/// The registry; clones share it. With no checks registered it is ready.
#[derive(Debug, Clone)]
pub struct Readiness {
    checks: Arc<Mutex<Checks>>,
    ready: watch::Sender<bool>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { checks: Arc::default(), ready: watch::Sender::new(true) }
    }
}

impl Readiness {
    /// Without checks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check that is not ready yet. It stays in the registry, as it was last set, when the handle is dropped.
    #[must_use]
    pub fn register(&self, name: &'static str) -> Check {
        let check = Check { name, registry: self.clone() };
        check.not_ready("starting");
        check
    }

    /// Name and reason of every check that does not pass, by name.
    #[must_use]
    pub fn failing(&self) -> Vec<(&'static str, String)> {
        let checks = self.lock();
        checks.iter().filter_map(|(name, reason)| Some((*name, reason.clone()?))).collect()
    }

    /// Every check with its reason, `None` when it passes, by name.
    #[must_use]
    pub fn all(&self) -> Vec<(&'static str, Option<String>)> {
        self.lock().iter().map(|(name, reason)| (*name, reason.clone())).collect()
    }

    /// Whether every check passes.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Waits until every registered check passes. Cancel safe.
    pub async fn ready(&self) {
        let mut ready = self.ready.subscribe();
        // the sender lives in self, so waiting cannot fail while this is borrowed
        let _ = ready.wait_for(|ready| *ready).await;
    }

    fn set(&self, name: &'static str, reason: Option<String>) {
        let mut checks = self.lock();
        checks.insert(name, reason);
        let ready = checks.values().all(Option::is_none);
        // under the lock: two checks that change at once must not publish in the other order
        self.ready.send_if_modified(|was| std::mem::replace(was, ready) != ready);
    }

    fn lock(&self) -> MutexGuard<'_, Checks> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One part's own check.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    registry: Readiness,
}

impl Check {
    /// The part serves.
    pub fn ready(&self) {
        self.registry.set(self.name, None);
    }

    /// The part does not serve; `reason` is for operators and holds no content of conversations.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.registry.set(self.name, Some(reason.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_ready_when_all_checks_are_and_names_those_that_are_not() {
        let readiness = Readiness::new();
        let (bus, shard) = (readiness.register("bus"), readiness.register("shard"));
        assert!(!readiness.is_ready());
        bus.ready();
        shard.not_ready("catching up");
        assert_eq!(readiness.failing(), [("shard", "catching up".to_owned())]);
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.ready().await }
        });
        shard.ready();
        waiting.await.unwrap();
        assert_eq!(readiness.all(), [("bus", None), ("shard", None)]);
        bus.not_ready("disconnected");
        assert!(!readiness.is_ready());
    }
}
