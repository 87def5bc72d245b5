//! What is required of whoever takes a Work, and whether two queues require the same. Defined here only.
//!
//! Two queues require the same when they ask for the same skills and the very same profiles serve both. That is how two sentences of
//! the rules are one: a message on another endpoint joins a matter that goes on (rule 3) and the Work then has "the requirements of
//! both", yet "two unrelated matters never share a Work when their queues differ in requirement". What is said to a desk that other
//! people serve is taken for another matter; what is said to the same desk by another channel is not. So a join never narrows who may
//! have the Work, but for the channels that it is spoken on, which whoever has it must serve all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use smallvec::{SmallVec, smallvec};

use crate::domain::id::Name;
use crate::domain::session::Agent;
use crate::domain::work::Work;
use crate::domain::workspace::{AgentProfile, Levels, WorkspaceConfig};

/// What is required of whoever takes a Work. Waiting Work is grouped by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Requirement {
    /// Serves one of these queues; the first is that of the Work.
    pub(crate) queues: SmallVec<[Name; 1]>,
    /// Serves all of these channels.
    pub(crate) channels: SmallVec<[Name; 1]>,
    /// Has all of these skills.
    pub(crate) levels: Levels,
    /// No program may have the Work.
    pub(crate) people_only: bool,
}

impl Requirement {
    /// Of a Work in its queue.
    pub(crate) fn of(work: &Work) -> Self {
        Self::with(work, &work.queue, work.added_queues(), work.requires.clone())
    }

    /// Of a Work if it were in a queue, with others beside, and these skills were wanted.
    pub(crate) fn with<'n>(work: &Work, queue: &Name, beside: impl Iterator<Item = &'n Name>, levels: Levels) -> Self {
        let mut channels: SmallVec<[Name; 1]> = smallvec![work.channel.clone()];
        for place in work.places_beside() {
            if !channels.contains(&place.channel) {
                channels.push(place.channel.clone());
            }
        }
        let mut queues: SmallVec<[Name; 1]> = smallvec![queue.clone()];
        for added in beside {
            if !queues.contains(added) {
                queues.push(added.clone());
            }
        }
        // In whatever order they were added, they are the same.
        queues[1..].sort_unstable();
        Self { queues, channels, levels, people_only: work.wants_person() }
    }

    /// Whether a READY agent who serves one of the queues can take the Work beside all that it has.
    pub(crate) fn is_met_beside(&self, agent: &Agent) -> bool {
        agent.profile.skills.meet(&self.levels)
            && agent.has_room(self.cost_for(&agent.profile))
            && self.channels.iter().all(|channel| agent.serves(channel))
    }
}

/// What one queue requires.
#[derive(Debug, Default)]
struct Required {
    /// Equal for queues that require the same.
    class: usize,
    /// Channels of each kind of profile that serves it; empty: all.
    channels: Vec<Vec<Name>>,
}

/// Requirements of all queues, as one configuration has them.
#[derive(Debug, Default)]
pub(crate) struct Requirements {
    queues: BTreeMap<Name, Required>,
}

impl Requirements {
    pub(crate) fn of(config: &WorkspaceConfig) -> Self {
        let profiles = config.agents.iter().map(|agent| &agent.profile).chain(&config.guest);
        let mut served: BTreeMap<&Name, Vec<(usize, &AgentProfile)>> = BTreeMap::new();
        for (number, profile) in profiles.enumerate() {
            for queue in &profile.queues {
                served.entry(queue).or_default().push((number, profile));
            }
        }
        let mut classes: BTreeMap<(Vec<usize>, &Levels), usize> = BTreeMap::new();
        let mut queues = BTreeMap::new();
        for queue in &config.queues {
            let by = served.remove(&queue.name).unwrap_or_default();
            let numbers = by.iter().map(|(number, _)| *number).collect();
            let next = classes.len();
            let class = *classes.entry((numbers, &queue.requires)).or_insert(next);
            let able = by.into_iter().filter(|(_, profile)| profile.skills.meet(&queue.requires));
            let mut channels: Vec<Vec<Name>> = able.map(|(_, profile)| profile.channels.clone()).collect();
            channels.sort_unstable();
            channels.dedup();
            queues.insert(queue.name.clone(), Required { class, channels });
        }
        Self { queues }
    }

    /// Whether two queues require the same.
    pub(crate) fn are_same(&self, one: &str, other: &str) -> bool {
        let class = |queue| self.queues.get(queue).map(|required: &Required| required.class);
        one == other || class(one).is_some_and(|one| Some(one) == class(other))
    }

    /// Whether a Work that is spoken on these channels, too, still finds somebody who serves its queue and can take them all.
    pub(crate) fn take_on<'n>(&self, work: &'n Work, more: impl Iterator<Item = &'n Name>) -> bool {
        let mut all: Vec<&Name> = work.channels().collect();
        let known = all.len();
        all.extend(more);
        let is_news = all[known..].iter().any(|channel| !all[..known].contains(channel));
        !is_news || self.takes(&work.queue, &all)
    }

    /// Whether anybody who serves the queue can take all these channels.
    fn takes(&self, queue: &str, channels: &[&Name]) -> bool {
        let all = |listed: &Vec<Name>| listed.is_empty() || channels.iter().all(|channel| listed.contains(channel));
        self.queues.get(queue).is_some_and(|required| required.channels.iter().any(all))
    }
}
