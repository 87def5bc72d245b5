//! What the log says: the state at the beginning, and all that happened from there on.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Counter, Figures};
use super::fork::{Given, run};
use super::script::Reader;
use super::story::Stories;
use crate::domain::id::{MessageId, Name, WorkId};
use crate::domain::record::{Change, Direction, Record};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::workspace::{AgentProfile, WorkspaceConfig};
use crate::domain::{State, evolve};

/// Records of one rehearsal at most: they are held in memory, a kilobyte each or so.
pub const MAX_RECORDS: usize = 2_000_000;

/// Why there is nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RehearseError {
    /// More happened than is held.
    #[error("more than 2,000,000 records since then: choose a later moment with --since")]
    TooMany,
    /// The workspace is not in the log, or has no configuration and input there.
    #[error("the log holds nothing of the workspace that the file names, or of that time")]
    NoBeginning,
    /// Nothing happened since.
    #[error("nothing happened since then")]
    Nothing,
    /// The core refuses the configuration.
    #[error("the configuration cannot follow the one that was in force")]
    Refused(#[source] Rejection),
}

/// The log, read record by record.
#[derive(Debug)]
pub struct Recording {
    workspace: Name,
    since: Timestamp,
    /// Both at the beginning, once it has come.
    states: [State; 2],
    begun: bool,
    /// Names of agents by number.
    names: Vec<Name>,
    records: Vec<Record>,
}

/// What would have been different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// Of which workspace.
    pub workspace: Name,
    /// From when on; later than asked for where the log begins later.
    pub since: Timestamp,
    /// Until when: the last record.
    pub until: Timestamp,
    /// As it was recorded.
    pub recorded: Figures,
    /// Rehearsed under the configurations that were in force: how good the model is.
    pub old: Figures,
    /// Rehearsed under the other.
    pub new: Figures,
    /// Agents of the other configuration who were never there.
    pub extra: Vec<Name>,
    /// What agents did then and could not do again: under the old, and under the other.
    pub refused: (u64, u64),
    /// Messages whose words cannot be read any longer: rules saw none.
    pub wordless: u64,
}

impl Recording {
    /// Of a workspace in a shard, from a moment on.
    #[must_use]
    pub fn new(shard: Name, workspace: Name, since: Timestamp) -> Self {
        let states = [State::new(shard.clone()), State::new(shard)];
        Self { workspace, since, states, begun: false, names: Vec::new(), records: Vec::new() }
    }

    /// The next record of the log, from the first on.
    ///
    /// # Errors
    /// [`RehearseError::TooMany`].
    pub fn take(&mut self, record: Record) -> Result<(), RehearseError> {
        if record.workspace == self.workspace {
            for change in &record.changes {
                if let Change::AgentRegistered { name, .. } = change {
                    self.names.push(name.clone());
                }
            }
        }
        self.begun = self.begun || (record.time >= self.since && self.is_complete());
        if !self.begun {
            self.states.iter_mut().for_each(|state| evolve(state, &record));
        } else if record.workspace == self.workspace {
            if self.records.len() == MAX_RECORDS {
                return Err(RehearseError::TooMany);
            }
            self.records.push(record);
        }
        Ok(())
    }

    /// Whether the workspace is as it was made: configuration, key, input.
    fn is_complete(&self) -> bool {
        let state = &self.states[0];
        let configured = state.workspace(&self.workspace).is_some_and(|space| !space.config().queues.is_empty());
        configured && state.streams().any(|bound| bound.workspace == self.workspace)
    }

    /// Runs both: as it was, and under another configuration.
    ///
    /// # Errors
    /// [`RehearseError`].
    pub fn rehearse(self, config: &WorkspaceConfig) -> Result<Rehearsal, RehearseError> {
        let Self { workspace, states: [old, new], names, records, .. } = self;
        let space = old.workspace(&workspace).ok_or(RehearseError::NoBeginning)?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Err(RehearseError::Nothing) };
        let (since, until) = (first.time, last.time);
        let extra = extra(space.config(), config, &names);
        let mut counter = Counter::default();
        let mut stories = Stories::default();
        for work in space.works(None, None) {
            counter.stands(work.work, work.queue.clone());
            let shown_to = space.shown_to(work.work);
            stories.stands(work.work, work.queue.clone(), work.owner.is_some(), &shown_to, since);
        }
        let mut reader = Reader::new(&old, &workspace, &names);
        let mut works: BTreeMap<MessageId, WorkId> = BTreeMap::new();
        for record in &records {
            reader.read(record);
            counter.note(record);
            stories.read(record, &names);
            works.extend(asked_in(record));
        }
        stories.finish(until, &names);
        let script = reader.finish();
        let none = BTreeMap::new();
        let given = Given {
            workspace: &workspace,
            script: &script,
            stories: &stories,
            works: &works,
            time: (since, until),
            config: None,
            extra: &none,
        };
        let wordless = script.wordless;
        let before = run(old, given)?;
        let after = run(new, Given { config: Some(config), extra: &extra, ..given })?;
        Ok(Rehearsal {
            workspace: workspace.clone(),
            since,
            until,
            recorded: counter.finish(),
            old: before.figures,
            new: after.figures,
            extra: extra.into_keys().collect(),
            refused: (before.refused, after.refused),
            wordless,
        })
    }
}

/// Messages of customers, each with the Work that it was stored in.
fn asked_in(record: &Record) -> impl Iterator<Item = (MessageId, WorkId)> {
    (0u16..).zip(&record.changes).filter_map(|(place, change)| match change {
        Change::MessageStored(message) if message.direction == Direction::In => {
            Some((MessageId::new(record.index, place), message.work?))
        }
        _ => None,
    })
}

/// Agents whom only the other configuration lists and who were never there, each with those who serve one of its queues.
fn extra(before: &WorkspaceConfig, after: &WorkspaceConfig, names: &[Name]) -> BTreeMap<Name, BTreeSet<Name>> {
    let profile = |name: &Name| -> Option<&AgentProfile> {
        let own = before.agents.iter().find(|agent| agent.name == *name).map(|agent| &agent.profile);
        own.or(before.guest.as_ref())
    };
    let is_extra = |name: &Name| !names.contains(name) && !before.agents.iter().any(|agent| agent.name == *name);
    let extra = after.agents.iter().filter(|agent| is_extra(&agent.name));
    let peers = |queues: &[Name]| {
        let serves = |name: &&Name| profile(name).is_some_and(|of| of.queues.iter().any(|own| queues.contains(own)));
        names.iter().filter(serves).cloned().collect()
    };
    extra.map(|agent| (agent.name.clone(), peers(&agent.profile.queues))).collect()
}
