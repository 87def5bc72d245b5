//! How adapters do, as this process sees it: whether what waits for one is older than it may be, and whether one that used to say
//! that it lives has stopped saying so.
//!
//! An observation, not a decision: it is in no record, and another node may see it otherwise. An endpoint is DEGRADED while either
//! holds; each change is one line, the gauge, and told live to the workspace's agents.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use dashmap::DashSet;
use futures::StreamExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::agents::feed::{Feeds, Live};
use crate::domain::id::Name;
use crate::nats::{NatsError, oldest_unacknowledged, streams};
use crate::telemetry::{AdapterLabels, ErrorChain, Metrics, RateLimit, fields};

/// The share of the patience after which each endpoint is looked at again: the limit is overrun by a sixth at most.
const LOOKS: u32 = 6;
/// Looked at no less often: a request for each endpoint with something waiting, two where it waits.
const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// Which endpoints are DEGRADED now. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AdapterHealth {
    degraded: Arc<DashSet<(Name, Name)>>,
}

impl AdapterHealth {
    /// Whether any endpoint is.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.degraded.is_empty()
    }

    /// Whether an endpoint of a workspace is.
    #[must_use]
    pub fn is_degraded(&self, workspace: &Name, endpoint: &Name) -> bool {
        self.any() && self.degraded.contains(&(workspace.clone(), endpoint.clone()))
    }

    /// Notes it. True: it is news.
    fn set(&self, workspace: &Name, endpoint: &Name, degraded: bool) -> bool {
        let key = (workspace.clone(), endpoint.clone());
        if degraded { self.degraded.insert(key) } else { self.degraded.remove(&key).is_some() }
    }
}

/// Looks after the adapters of one workspace.
#[derive(Debug)]
pub struct AdapterWatch {
    /// For requests and heartbeats.
    pub client: Client,
    /// The workspace.
    pub workspace: Name,
    /// Channel and name of its endpoints.
    pub endpoints: Vec<(Name, Name)>,
    /// How long a message may wait for its adapter, and an adapter be silent.
    pub patience: Duration,
    /// Where changes are noted.
    pub health: AdapterHealth,
    /// Where agents are told.
    pub feeds: Feeds,
    /// What operators see.
    pub metrics: Metrics,
    /// Lines about the same trouble are written once in this time.
    pub repeat_interval: Duration,
}

/// Why an endpoint is DEGRADED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// A message waits for too long.
    Lagging,
    /// No heartbeat any more.
    Silent,
}

impl AdapterWatch {
    /// Looks until `stop`. What cannot be asked now stays as it was.
    ///
    /// # Errors
    /// The connection takes no subscription.
    pub async fn run(self, stop: CancellationToken) -> Result<(), NatsError> {
        let prefix = format!("skein.live.{}.heartbeat.", self.workspace);
        let failed = |error: &dyn std::fmt::Display| NatsError::Request {
            operation: "subscribe to heartbeats",
            reason: error.to_string(),
        };
        let mut beats = self.client.subscribe(format!("{prefix}>")).await.map_err(|error| failed(&error))?;
        let mut tick = tokio::time::interval((self.patience / LOOKS).min(INTERVAL_MAX));
        let unanswered = RateLimit::new(self.repeat_interval, self.metrics.clone());
        let mut heard: HashMap<Name, Instant> = HashMap::new();
        loop {
            tokio::select! {
                // Cancel-safe: a message stays in its subscription.
                Some(beat) = beats.next() => {
                    let endpoint = beat.subject.strip_prefix(&prefix).and_then(|rest| self.endpoint(rest));
                    if let Some(endpoint) = endpoint {
                        heard.insert(endpoint.clone(), Instant::now());
                    }
                }
                // Cancel-safe: a missed tick comes late.
                _ = tick.tick() => tokio::select! {
                    // Cancel-safe: it only looks.
                    () = self.look(&heard, &unanswered) => {}
                    () = stop.cancelled() => return Ok(()),
                },
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    /// The endpoint that `CHANNEL.ENDPOINT` names; none: it is not configured.
    fn endpoint(&self, tokens: &str) -> Option<&Name> {
        let (channel, endpoint) = tokens.split_once('.')?;
        self.endpoints.iter().find(|(of, name)| of == channel && name == endpoint).map(|(_, name)| name)
    }

    async fn look(&self, heard: &HashMap<Name, Instant>, unanswered: &RateLimit) {
        for (channel, endpoint) in &self.endpoints {
            let silent = heard.get(endpoint).is_some_and(|last| last.elapsed() > self.patience);
            let trouble = match self.waits(channel, endpoint).await {
                Ok(age) if age > self.patience => Some(Trouble::Lagging),
                Ok(_) => silent.then_some(Trouble::Silent),
                Err(error) => {
                    if let Some(left_out) = unanswered.pass() {
                        let error = ErrorChain(&error);
                        warn!({ fields::LEFT_OUT } = left_out, %error, "adapters not looked at");
                    }
                    continue;
                }
            };
            self.note(endpoint, trouble);
        }
    }

    /// For how long the oldest message of an endpoint has waited for its acknowledgement.
    async fn waits(&self, channel: &Name, endpoint: &Name) -> Result<Duration, NatsError> {
        let subject = format!("skein.out.{}.{channel}.{endpoint}", self.workspace);
        let stream = streams::out_name(&self.workspace);
        oldest_unacknowledged(&self.client, &stream, endpoint, &subject).await.map(Option::unwrap_or_default)
    }

    fn note(&self, endpoint: &Name, trouble: Option<Trouble>) {
        let (workspace, degraded) = (&self.workspace, trouble.is_some());
        let labels = AdapterLabels { workspace: workspace.to_string(), endpoint: endpoint.to_string() };
        self.metrics.adapter_degraded.get_or_create(&labels).set(i64::from(degraded));
        if !self.health.set(workspace, endpoint, degraded) {
            return;
        }
        match trouble {
            Some(Trouble::Lagging) => {
                warn!(%workspace, { fields::ENDPOINT } = %endpoint, "endpoint degraded: messages wait for its adapter");
            }
            Some(Trouble::Silent) => {
                warn!(%workspace, { fields::ENDPOINT } = %endpoint, "endpoint degraded: its adapter is silent");
            }
            None => info!(%workspace, { fields::ENDPOINT } = %endpoint, "endpoint is well again"),
        }
        self.feeds.publish_live_to_all(workspace, &Live::Endpoint { endpoint: endpoint.clone(), degraded });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_news_and_workspaces_are_apart() {
        let health = AdapterHealth::default();
        let (demo, other, site) = (Name::new("demo"), Name::new("other"), Name::new("site"));
        assert!(!health.set(&demo, &site, false));
        assert!(health.set(&demo, &site, true));
        assert!(!health.set(&demo, &site, true));
        assert!(health.is_degraded(&demo, &site) && !health.is_degraded(&other, &site));
        assert!(health.set(&demo, &site, false));
        assert!(!health.any());
    }
}
