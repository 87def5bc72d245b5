//! What of a workspace a snapshot holds, and how the workspace comes back from it: the entities as they were, each index as they say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bodies::Bodies;
use super::entities::{indexed, is_liftable};
use super::in_force::InForce;
use super::indexed::IndexedConfig;
use super::keyed::Keyed;
use super::matters::Matters;
use super::names::Names;
use super::openings::Openings;
use super::people::People;
use super::{Workspace, WorkspaceConfig};
use crate::domain::conversation::HeldParts;
use crate::domain::delivery::MailState;
use crate::domain::id::{AgentId, Index, LeafId, Name, WorkId};
use crate::domain::routing::{InLine, KeptDesk, ReadyAgents, Registered, Requirements, Rules, There};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;

/// What is kept of a workspace beside what it has by the million. All of it is cloned within the turn and written as one part, so each
/// field is few, also at ten million customers:
///
/// | field | at most about |
/// |---|---|
/// | `name`, `hash_key`, `config`, `openings`, `in_force`, `names`, `desks`, `keyed`, `skip_at` | 5 MB: what the configuration names, and each name that was ever used once, 65,535 |
/// | `now`, `remembers_since` | a number each |
/// | `people` | a block and a few hundred pointers for each of its lists, which are in parts of their own; `newcomers`: 40 bytes an endpoint; `sittings`: 24 bytes for each visitor of the last half hour |
/// | `mail` | 100 bytes for each Work whose last mail was copied, while it is open or can be reopened; a key for each month |
/// | `parts` | texts of which a part is missing: 10,000 parts of 1 KiB, for a minute |
/// | `erasures` | those under way: minutes |
/// | `bodies` | who names them has parts of its own; here those that an erasure deletes, and of the last day's erasures |
/// | `destroyed` | 4 bytes for each identity that was ever erased: 400 KB for one customer in a hundred |
/// | `last_owners` | 12 bytes for each open Work that had an owner and has none |
/// | `matters` | what merges, splits and notes left with Works that are open or can be reopened: some hundred bytes for few of them |
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptWorkspace {
    name: Name,
    hash_key: [u8; 16],
    /// Canonical text of the configuration in force.
    config: String,
    openings: Openings,
    in_force: InForce,
    names: Names,
    desks: Vec<(Name, KeptDesk)>,
    /// Time of the last record.
    now: Timestamp,
    people: People,
    mail: MailState,
    parts: HeldParts,
    erasures: BTreeMap<Index, Vec<LeafId>>,
    bodies: Bodies,
    keyed: Keyed,
    destroyed: Vec<LeafId>,
    last_owners: BTreeMap<WorkId, AgentId>,
    matters: Matters,
    skip_at: Option<Timestamp>,
    remembers_since: Timestamp,
}

impl KeptWorkspace {
    /// Whose.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// What is known of few customers; a part of its own for each list.
    pub(crate) fn people(&self) -> &People {
        &self.people
    }

    /// Whose bodies are whose, the same.
    pub(crate) fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    /// Identities whose keys are destroyed.
    pub(crate) fn destroyed(&self) -> usize {
        self.destroyed.len()
    }
}

impl Workspace {
    /// What is kept of it beside its lists.
    pub(crate) fn kept(&self) -> KeptWorkspace {
        KeptWorkspace {
            name: self.name().clone(),
            hash_key: *self.hash_key(),
            config: self.config().canonical(),
            openings: self.openings.clone(),
            in_force: self.in_force.clone(),
            names: self.names.clone(),
            desks: self.board.kept(),
            now: self.board.now(),
            people: self.people.clone(),
            mail: self.mail.clone(),
            parts: self.parts.clone(),
            erasures: self.erasures.clone(),
            bodies: self.bodies.clone(),
            keyed: self.keyed.clone(),
            destroyed: self.destroyed.clone(),
            last_owners: self.last_owners.iter().map(|(work, agent)| (*work, *agent)).collect(),
            matters: self.matters.clone(),
            skip_at: self.skip_at,
            remembers_since: self.remembered.since(),
        }
    }
}

/// A workspace that comes back from a snapshot.
#[derive(Debug)]
pub(crate) struct Returning {
    /// Without its indexes. Its lists come back one piece after another.
    pub(crate) space: Workspace,
    desks: Vec<(Name, KeptDesk)>,
}

impl Returning {
    /// Before its lists have come back.
    ///
    /// # Errors
    /// When this build cannot read its configuration.
    pub(crate) fn new(kept: KeptWorkspace) -> Result<Self, serde_json::Error> {
        let config = WorkspaceConfig::from_canonical(&kept.config)?;
        let mut space = Workspace::new(kept.name, kept.hash_key);
        space.requirements = Requirements::of(&config);
        space.rules = Rules::of(&config.rules);
        space.registered = Registered::of(&config);
        space.ready = ReadyAgents::of(&config);
        space.config = IndexedConfig::new(config);
        space.openings = kept.openings;
        space.in_force = kept.in_force;
        space.names = kept.names;
        space.board.at(kept.now);
        space.people = People { sittings: kept.people.sittings.ordered(), ..kept.people };
        space.mail = kept.mail;
        space.parts = kept.parts.counted();
        space.erasures = kept.erasures;
        space.bodies = kept.bodies;
        space.keyed = kept.keyed;
        space.destroyed = kept.destroyed;
        space.last_owners = kept.last_owners.into_iter().collect();
        space.matters = kept.matters;
        space.skip_at = kept.skip_at;
        space.remembered.restore_since(kept.remembers_since);
        Ok(Self { space, desks: kept.desks })
    }

    /// With its indexes.
    pub(crate) fn finish(self) -> Workspace {
        let Self { mut space, desks } = self;
        space.index_agents();
        space.index_works();
        space.index_timers();
        space.open_desks();
        // How fast queues are served was noted while all of them came: it is as it was.
        space.board.restore(desks);
        space
    }
}

impl Workspace {
    fn index_agents(&mut self) {
        for agent in &self.agents {
            self.agent_names.insert(&agent.name, agent.id);
            self.ready.insert(agent);
            self.board.turns(&agent.profile.queues, None, There::of(agent));
            self.timers.extend(agent.timers());
        }
        self.attend_anew();
    }

    fn index_works(&mut self) {
        let ids: Vec<WorkId> = self.works.ids().collect();
        for id in ids {
            let Some(work) = self.works.get(id) else { continue };
            let (index, stands) = (indexed(work), InLine::of(work));
            self.waiting.set_held(id, None, work.hold().map(|hold| hold.agent));
            self.waiting.set_liftable(id, is_liftable(work));
            self.board.moved(None, stands, |_, _| false);
            self.index_work(index);
        }
    }

    /// Of Works and agents they are there.
    fn index_timers(&mut self) {
        self.timers.extend(self.parts.timers());
        self.timers.extend(self.people.asides.timers());
        self.timers.extend(self.openings.timers());
        self.timers.extend(self.in_force.timer());
        self.timers.extend(self.skip_at.map(|at| (at, Timer::Skip)));
    }
}
