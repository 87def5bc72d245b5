//! How adapters do, as this process sees it: whether what waits for one is older than it may be, and whether one that used to say
//! that it lives has stopped saying so.
//!
//! An observation, not a decision: it is in no record, and another node may see it otherwise. An endpoint is DEGRADED while either
//! holds; each change is one line, the gauge, and told live to the workspace's agents. Silence is an adapter's only where this
//! process could have heard it: after a gap in its own hearing it counts anew.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Message, Subscriber};
use dashmap::DashMap;
use futures::future::{Fuse, FusedFuture as _};
use futures::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::agents::feed::{Feeds, Live};
use crate::domain::id::Name;
use crate::domain::workspace::IndexedConfig;
use crate::nats::{LIVE_CAPACITY, NatsError, oldest_unacknowledged, streams, subscribe};
use crate::telemetry::{AdapterLabels, ErrorChain, Metrics, RateLimit, fields};

/// The share of the patience after which each endpoint is looked at again: the limit is overrun by a sixth at most.
const LOOKS: u32 = 6;
/// Looked at no less often: a request for each endpoint with something waiting, two where it waits.
const INTERVAL_MAX: Duration = Duration::from_secs(10);
/// Endpoints looked at at the same time: so few requests are no burden, and a hundred endpoints without an answer take seven rounds.
const AT_ONCE: usize = 16;

/// Which endpoints are DEGRADED now. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AdapterHealth {
    /// By workspace; one without any is not there.
    degraded: Arc<DashMap<Name, BTreeSet<Name>>>,
}

impl AdapterHealth {
    /// Whether any endpoint of a workspace is.
    #[must_use]
    pub fn any(&self, workspace: &Name) -> bool {
        self.degraded.contains_key(workspace)
    }

    /// Whether an endpoint of a workspace is.
    #[must_use]
    pub fn is_degraded(&self, workspace: &Name, endpoint: &Name) -> bool {
        self.degraded.get(workspace).is_some_and(|of| of.contains(endpoint))
    }

    /// Notes it. True: it is news.
    fn set(&self, workspace: &Name, endpoint: &Name, degraded: bool) -> bool {
        if degraded {
            return self.degraded.entry(workspace.clone()).or_default().insert(endpoint.clone());
        }
        let news = self.degraded.get_mut(workspace).is_some_and(|mut of| of.remove(endpoint));
        self.degraded.remove_if(workspace, |_, of| of.is_empty());
        news
    }
}

/// Looks after the adapters of one workspace. Dropped, it takes back what it showed: nobody looks from here any more.
#[derive(Debug)]
pub struct AdapterWatch {
    /// For requests.
    pub client: Client,
    /// For heartbeats.
    pub live: Client,
    /// The workspace.
    pub workspace: Name,
    /// Its configuration in force, for the endpoints.
    pub config: watch::Receiver<Arc<IndexedConfig>>,
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

/// The watch with its ear to the bus.
#[derive(Debug)]
pub struct Listening {
    watch: AdapterWatch,
    beats: Subscriber,
}

/// Why an endpoint is DEGRADED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// A message waits for too long.
    Lagging,
    /// No heartbeat any more.
    Silent,
}

/// What was heard of adapters.
#[derive(Debug)]
struct Heard {
    /// When each was heard last.
    last: HashMap<Name, Instant>,
    /// Since when no heartbeat can have been missed by our own fault.
    since: Instant,
}

/// For how long the oldest message of an endpoint has waited.
type Waits = (Name, Result<Duration, NatsError>);

impl Heard {
    fn nothing(now: Instant) -> Self {
        Self { last: HashMap::new(), since: now }
    }

    /// Whether an adapter that was heard once says nothing any more.
    fn is_silent(&self, endpoint: &Name, now: Instant, patience: Duration) -> bool {
        let last = self.last.get(endpoint).map(|last| *last.max(&self.since));
        last.is_some_and(|last| now.duration_since(last) > patience)
    }
}

impl AdapterWatch {
    /// Listens to heartbeats: what comes from the return on is heard.
    ///
    /// # Errors
    /// The connection takes no subscription, or nobody answers.
    pub async fn listen(self) -> Result<Listening, NatsError> {
        let stream = streams::out_name(&self.workspace);
        let beats = subscribe(&self.live, format!("{}>", self.heartbeats()), &stream).await?;
        Ok(Listening { watch: self, beats })
    }

    fn heartbeats(&self) -> String {
        format!("skein.live.{}.heartbeat.", self.workspace)
    }

    /// The endpoint that a heartbeat is of; none: it is not configured.
    fn endpoint(&self, subject: &str) -> Option<Name> {
        let (channel, endpoint) = subject.strip_prefix(&self.heartbeats())?.split_once('.')?;
        self.config.borrow().endpoint(channel, endpoint).map(|endpoint| endpoint.name.clone())
    }

    /// Channel and name of each endpoint now.
    fn endpoints(&self) -> Vec<(Name, Name)> {
        let config = self.config.borrow();
        config.endpoints.iter().map(|endpoint| (endpoint.channel.clone(), endpoint.name.clone())).collect()
    }

    fn hear(&self, heard: &mut Heard, beat: &Message) {
        if let Some(endpoint) = self.endpoint(&beat.subject) {
            heard.last.insert(endpoint, Instant::now());
        }
    }

    async fn look(&self) -> Vec<Waits> {
        let looks: Vec<_> = self
            .endpoints()
            .into_iter()
            .map(|(channel, endpoint)| async move {
                let waits = self.waits(&channel, &endpoint).await;
                (endpoint, waits)
            })
            .collect();
        stream::iter(looks).buffer_unordered(AT_ONCE).collect().await
    }

    /// For how long the oldest message of an endpoint has waited for its acknowledgement.
    async fn waits(&self, channel: &Name, endpoint: &Name) -> Result<Duration, NatsError> {
        let subject = streams::out_subject(&self.workspace, channel, endpoint);
        let stream = streams::out_name(&self.workspace);
        oldest_unacknowledged(&self.client, &stream, endpoint, &subject).await.map(Option::unwrap_or_default)
    }

    /// What follows from a look. What could not be asked stays as it was.
    fn judge(&self, heard: &Heard, looked: Vec<Waits>, unanswered: &RateLimit) {
        let now = Instant::now();
        let known = self.endpoints();
        // One may be gone from the configuration since the look began.
        for (endpoint, waits) in looked.into_iter().filter(|(looked, _)| known.iter().any(|(_, name)| name == looked)) {
            match waits {
                Ok(age) if age > self.patience => self.note(&endpoint, Some(Trouble::Lagging)),
                Ok(_) => {
                    let silent = heard.is_silent(&endpoint, now, self.patience);
                    self.note(&endpoint, silent.then_some(Trouble::Silent));
                }
                Err(error) => {
                    if let Some(left_out) = unanswered.pass() {
                        let error = ErrorChain(&error);
                        warn!({ fields::LEFT_OUT } = left_out, %error, "adapters not looked at");
                    }
                }
            }
        }
    }

    fn note(&self, endpoint: &Name, trouble: Option<Trouble>) {
        let (workspace, degraded) = (&self.workspace, trouble.is_some());
        self.metrics.adapter_degraded.get_or_create(&self.labels(endpoint)).set(i64::from(degraded));
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

    /// Those of `before` that the configuration has no longer are DEGRADED no longer, and nobody looks at them.
    fn forget_all_but_known(&self, before: &[(Name, Name)], heard: &mut Heard) {
        let known = self.endpoints();
        for (_, endpoint) in before.iter().filter(|it| !known.contains(it)) {
            heard.last.remove(endpoint);
            self.metrics.adapter_degraded.remove(&self.labels(endpoint));
            if self.health.set(&self.workspace, endpoint, false) {
                let live = Live::Endpoint { endpoint: endpoint.clone(), degraded: false };
                self.feeds.publish_live_to_all(&self.workspace, &live);
            }
        }
    }

    fn labels(&self, endpoint: &Name) -> AdapterLabels {
        AdapterLabels { workspace: self.workspace.to_string(), endpoint: endpoint.to_string() }
    }

    /// How often our own connection was made so far.
    fn connects(&self) -> u64 {
        self.live.statistics().connects.load(Ordering::Relaxed)
    }

    /// Whether something may have been missed since so many connections.
    fn was_deaf(&self, connects: &mut u64) -> bool {
        let now = self.connects();
        let renewed = std::mem::replace(connects, now) != now;
        renewed || self.live.connection_state() != State::Connected
    }
}

impl Drop for AdapterWatch {
    fn drop(&mut self) {
        for (_, endpoint) in self.endpoints() {
            self.metrics.adapter_degraded.remove(&self.labels(&endpoint));
        }
    }
}

impl Listening {
    /// Looks until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let Self { watch, mut beats } = self;
        let mut tick = tokio::time::interval((watch.patience / LOOKS).min(INTERVAL_MAX));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let unanswered = RateLimit::new(watch.repeat_interval, watch.metrics.clone());
        let mut heard = Heard::nothing(Instant::now());
        let mut connects = watch.connects();
        let mut configs = watch.config.clone();
        let mut known = watch.endpoints();
        let looking = Fuse::terminated();
        tokio::pin!(looking);
        loop {
            tokio::select! {
                // Cancel-safe: a message stays in its subscription.
                Some(beat) = beats.next() => watch.hear(&mut heard, &beat),
                // Cancel-safe: a change stays unseen until it is looked at. Nobody changes it any more: it stays.
                Ok(()) = configs.changed() => {
                    watch.forget_all_but_known(&known, &mut heard);
                    known = watch.endpoints();
                }
                // Cancel-safe: a missed tick comes late.
                _ = tick.tick(), if looking.is_terminated() => looking.set(watch.look().fuse()),
                // Cancel-safe: it goes on where it was.
                looked = &mut looking => {
                    // Whoever was heard while this looked was heard before it judges.
                    for _ in 0..LIVE_CAPACITY {
                        let Some(Some(beat)) = beats.next().now_or_never() else { break };
                        watch.hear(&mut heard, &beat);
                    }
                    let no_answer = |(_, waits): &Waits| waits.as_ref().is_err_and(NatsError::is_transient);
                    if watch.was_deaf(&mut connects) || looked.iter().any(no_answer) {
                        heard.since = Instant::now();
                    }
                    watch.judge(&heard, looked, &unanswered);
                }
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn only_a_change_is_news_and_workspaces_are_apart() {
        let health = AdapterHealth::default();
        let (demo, other, site) = (Name::new("demo"), Name::new("other"), Name::new("site"));
        assert!(!health.set(&demo, &site, false));
        assert!(health.set(&demo, &site, true));
        assert!(!health.set(&demo, &site, true));
        assert!(health.is_degraded(&demo, &site) && !health.is_degraded(&other, &site));
        assert!(health.any(&demo) && !health.any(&other), "another's trouble costs nobody a look");
        assert!(health.set(&demo, &site, false));
        assert!(!health.any(&demo));
    }

    #[test]
    fn silence_counts_from_the_last_heartbeat_and_anew_after_a_gap_of_our_own() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let (site, other) = (Name::new("site"), Name::new("other"));
        let mut heard = Heard::nothing(begin);
        heard.last.insert(site.clone(), at(10));
        assert!(!heard.is_silent(&site, at(70), PATIENCE));
        assert!(heard.is_silent(&site, at(71), PATIENCE));
        assert!(!heard.is_silent(&other, at(500), PATIENCE), "it has never sent one");
        heard.since = at(100);
        assert!(!heard.is_silent(&site, at(160), PATIENCE));
        assert!(heard.is_silent(&site, at(161), PATIENCE));
    }
}
