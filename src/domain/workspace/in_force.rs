//! The configuration in force: how another one takes effect on agents at once, and on Works one bounded record after the other.
//!
//! A configuration may touch any number of Works. So its record only brings it into force; every READY agent is then matched anew by a
//! deadline of its own, and open Works are looked at in the order of their ids by [`Timer::Resettle`], until none is left.

use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};

use super::Workspace;
use super::config::WorkspaceConfig;
use super::indexed::IndexedConfig;
use crate::domain::id::WorkId;
use crate::domain::record::Resettled;
use crate::domain::routing::{ReadyAgents, Registered, Requirements, Rules};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::work::Work;

/// Since when, and what is still to be done because of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct InForce {
    /// Hash of its canonical text; none before the first.
    sha256: Option<[u8; 32]>,
    /// Time of its record.
    since: Timestamp,
    /// Works that are still to be looked at, and since when; none: none.
    rest: Option<Rest>,
}

/// Works behind one are still to be looked at.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Rest {
    due: Timestamp,
    /// The last that was looked at.
    through: Option<WorkId>,
}

impl InForce {
    /// When the rest is gone on with.
    pub(super) fn timer(&self) -> Option<(Timestamp, Timer)> {
        self.rest.map(Rest::timer)
    }
}

impl Rest {
    fn timer(self) -> (Timestamp, Timer) {
        (self.due, Timer::Resettle)
    }
}

impl WorkspaceConfig {
    /// SHA-256 of the canonical text: what tells two configurations apart.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.canonical().as_bytes()).into()
    }
}

impl Workspace {
    /// Hash of the configuration in force; none before the first.
    #[must_use]
    pub fn config_sha256(&self) -> Option<&[u8; 32]> {
        self.in_force.sha256.as_ref()
    }

    /// Since when the configuration is in force; none before the first.
    #[must_use]
    pub fn config_since(&self) -> Option<Timestamp> {
        self.in_force.sha256.map(|_| self.in_force.since)
    }

    /// Open Works that the configuration in force has not been held against yet, in order; none: all have been.
    pub(crate) fn unsettled(&self) -> Option<impl Iterator<Item = &Work>> {
        Some(self.works.after(self.in_force.rest?.through))
    }

    pub(super) fn configure(&mut self, canonical: &str, sha256: [u8; 32], now: Timestamp) {
        // What this binary cannot compile leaves the last good one in force; readiness is refused by the shell.
        let Ok(config) = WorkspaceConfig::from_canonical(canonical) else {
            return;
        };
        self.requirements = Requirements::of(&config);
        self.rules = Rules::of(&config.rules);
        self.registered = Registered::of(&config);
        // Its lines are in another order: all agents come to them anew below.
        self.ready = ReadyAgents::of(&config);
        self.config = IndexedConfig::new(config);
        self.forget_openings();
        (self.in_force.sha256, self.in_force.since) = (Some(sha256), now);
        for at in 0..self.agents.len() {
            let id = self.agents[at].id;
            let profile = self.config.profile(&self.agents[at].name).cloned().unwrap_or_default();
            self.with_agent(id, |agent| {
                agent.profile = profile;
                // What it can take may have changed, and what it has may be more than it can.
                if agent.is_ready() || agent.over.is_some() || agent.overcommit() > 0 {
                    agent.deferred = Some(now);
                }
            });
        }
        self.attend_anew();
        self.board.recount(&self.agents);
        self.open_desks();
        let rest = Rest { due: now, through: None };
        self.resettle(Some(rest).filter(|_| !self.works.is_empty()));
    }

    pub(super) fn resettled(&mut self, resettled: Resettled, now: Timestamp) {
        self.resettle(resettled.more.then_some(Rest { due: now, through: resettled.through }));
    }

    fn resettle(&mut self, rest: Option<Rest>) {
        if let Some(before) = std::mem::replace(&mut self.in_force.rest, rest) {
            self.unset_timer(&before.timer());
        }
        if let Some(rest) = rest {
            self.set_timer(rest.timer());
        }
    }
}
