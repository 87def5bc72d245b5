//! A configuration with its names at hand: every message asks for its endpoint and queue, of which a company has hundreds.

use std::ops::Deref;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::config::{AgentProfile, EndpointConfig, QueueConfig, WorkspaceConfig};
use super::hours::Calendar;
use super::plan::PlanConfig;
use crate::domain::id::Name;
use crate::domain::time::Timestamp;

/// A configuration that is not changed any more, looked up by name.
#[derive(Clone, Debug)]
pub struct IndexedConfig {
    config: WorkspaceConfig,
    shows_all: bool,
    queues: Places,
    plans: Places,
    endpoints: Places,
    agents: Places,
    calendars: HashMap<Name, Calendar, FixedState>,
    hours: Places,
}

/// Where the entry of a name stands in its list.
type Places = HashMap<Name, usize, FixedState>;

/// Of two entries with one name the first counts.
fn places<'n>(names: impl Iterator<Item = &'n Name>) -> Places {
    let mut places = Places::default();
    for (place, name) in names.enumerate() {
        places.entry(name.clone()).or_insert(place);
    }
    places
}

impl IndexedConfig {
    /// Reads the names once.
    #[must_use]
    pub fn new(config: WorkspaceConfig) -> Self {
        Self {
            shows_all: config.shows_all(),
            queues: places(config.queues.iter().map(|queue| &queue.name)),
            plans: places(config.plans.iter().map(|plan| &plan.name)),
            endpoints: places(config.endpoints.iter().map(|endpoint| &endpoint.name)),
            hours: places(config.hours.iter().map(|hours| &hours.name)),
            agents: places(config.agents.iter().map(|agent| &agent.name)),
            calendars: config
                .hours
                .iter()
                .filter_map(|hours| Some((hours.name.clone(), Calendar::of(hours)?)))
                .collect(),
            config,
        }
    }

    /// The endpoint of a subject.
    #[must_use]
    pub fn endpoint(&self, channel: &str, name: &str) -> Option<&EndpointConfig> {
        let endpoint = &self.config.endpoints[*self.endpoints.get(name)?];
        (endpoint.channel == channel).then_some(endpoint)
    }

    /// Whether every queue is shown to all agents: asked for every command.
    #[must_use]
    pub fn shows_all(&self) -> bool {
        self.shows_all
    }

    /// The queue of that name.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<&QueueConfig> {
        self.queues.get(name).map(|place| &self.config.queues[*place])
    }

    /// The plan of that name.
    #[must_use]
    pub fn plan(&self, name: &str) -> Option<&PlanConfig> {
        self.plans.get(name).map(|place| &self.config.plans[*place])
    }

    /// When the queue is served; none: always.
    #[must_use]
    pub fn calendar(&self, queue: &QueueConfig) -> Option<&Calendar> {
        self.calendar_of(queue.hours.as_deref()?)
    }

    /// The hours of that name.
    #[must_use]
    pub fn calendar_of(&self, hours: &str) -> Option<&Calendar> {
        self.calendars.get(hours)
    }

    /// Where hours stand in their list: asked for each queue at each record.
    #[must_use]
    pub fn hours_at(&self, name: &str) -> Option<usize> {
        self.hours.get(name).copied()
    }

    /// When the queue was served for so many milliseconds since then.
    #[must_use]
    pub fn after(&self, queue: &QueueConfig, since: Timestamp, ms: u64) -> Timestamp {
        match self.calendar(queue) {
            Some(calendar) => calendar.after(since, ms),
            None => Timestamp(since.0.saturating_add_unsigned(ms)),
        }
    }

    /// For how many of the milliseconds between two times the queue was served.
    #[must_use]
    pub fn served(&self, queue: &QueueConfig, from: Timestamp, to: Timestamp) -> u64 {
        match self.calendar(queue) {
            Some(calendar) => calendar.served(from, to),
            None => to.millis_since(from).unsigned_abs(),
        }
    }

    /// Profile of an agent: its own, or the guests'.
    #[must_use]
    pub fn profile(&self, agent: &str) -> Option<&AgentProfile> {
        let own = self.agents.get(agent).map(|place| &self.config.agents[*place].profile);
        own.or(self.config.guest.as_ref())
    }
}

impl Deref for IndexedConfig {
    type Target = WorkspaceConfig;

    fn deref(&self) -> &WorkspaceConfig {
        &self.config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_found_by_its_name_and_only_with_its_own_channel() {
        let named = |name: &'static str, channel: &'static str, queue: &'static str| EndpointConfig {
            name: Name::const_new(name),
            channel: Name::const_new(channel),
            queue: Name::const_new(queue),
            ..EndpointConfig::default()
        };
        let mut config = WorkspaceConfig::empty(Name::const_new("acme"));
        config.endpoints = vec![named("site", "chat", "front"), named("post", "email", "letters")];
        let config = IndexedConfig::new(config);
        let queue = |channel, name| config.endpoint(channel, name).map(|endpoint| endpoint.queue.as_str());
        assert_eq!(queue("email", "post"), Some("letters"));
        assert_eq!(queue("chat", "post"), None);
        assert_eq!(queue("chat", "post2"), None);
    }

    #[test]
    fn who_is_not_listed_has_the_profile_of_guests() {
        let profile = |capacity| AgentProfile { capacity, ..AgentProfile::default() };
        let mut config = WorkspaceConfig::empty(Name::const_new("acme"));
        config.agents = vec![super::super::AgentConfig { name: Name::const_new("ann"), profile: profile(2) }];
        let strict = IndexedConfig::new(config.clone());
        config.guest = Some(profile(1));
        let open = IndexedConfig::new(config);
        let capacity = |config: &IndexedConfig, agent| config.profile(agent).map(|profile| profile.capacity);
        assert_eq!((capacity(&strict, "ann"), capacity(&strict, "bob")), (Some(2), None));
        assert_eq!((capacity(&open, "ann"), capacity(&open, "bob")), (Some(2), Some(1)));
    }
}
