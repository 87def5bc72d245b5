//! Who could take Work at all, whatever room they have: those whom the configuration knows, and those who are logged in.
//!
//! Whether there is anybody is asked of each Work that waits with a plan, so nobody is asked one by one: those of a queue stand by skill,
//! the best first, and of the skills that are wanted the rarest is looked through.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use crate::domain::id::{ByName, Name};
use crate::domain::session::Agent;
use crate::domain::workspace::{AgentKind, AgentProfile, WorkspaceConfig};

/// Agents by queue and skill.
#[derive(Debug)]
pub(crate) struct Able<I> {
    desks: ByName<Desk<I>>,
}

/// Those who serve a queue.
#[derive(Debug)]
struct Desk<I> {
    all: BTreeSet<I>,
    skilled: BTreeMap<Name, Ranks<I>>,
}

/// Those who have a skill, the best first.
type Ranks<I> = BTreeSet<(Reverse<u8>, I)>;

impl<I> Default for Able<I> {
    fn default() -> Self {
        Self { desks: ByName::default() }
    }
}

impl<I: Ord + Copy> Able<I> {
    pub(crate) fn insert(&mut self, id: I, profile: &AgentProfile) {
        for queue in &profile.queues {
            let desk = match self.desks.get_mut(queue) {
                Some(desk) => desk,
                None => {
                    let none = Desk { all: BTreeSet::new(), skilled: BTreeMap::new() };
                    self.desks.entry(queue.clone()).or_insert(none)
                }
            };
            desk.all.insert(id);
            for (skill, level) in profile.skills.iter() {
                match desk.skilled.get_mut(skill) {
                    Some(ranks) => ranks.insert((Reverse(level), id)),
                    None => desk.skilled.entry(skill.clone()).or_default().insert((Reverse(level), id)),
                };
            }
        }
    }

    pub(crate) fn remove(&mut self, id: I, profile: &AgentProfile) {
        for queue in &profile.queues {
            let Some(desk) = self.desks.get_mut(queue) else { continue };
            desk.all.remove(&id);
            for (skill, level) in profile.skills.iter() {
                if let Some(ranks) = desk.skilled.get_mut(skill) {
                    ranks.remove(&(Reverse(level), id));
                }
            }
        }
    }

    /// Whether one of them fits, of those who serve one of the queues and have the rarest of the skills.
    pub(crate) fn any(&self, requirement: &Requirement, fits: impl Fn(I) -> bool) -> bool {
        requirement.queues.iter().filter_map(|queue| self.desks.get(queue)).any(|desk| desk.any(requirement, &fits))
    }
}

impl<I: Ord + Copy> Desk<I> {
    fn any(&self, requirement: &Requirement, fits: &impl Fn(I) -> bool) -> bool {
        let mut rarest: Option<(u8, &Ranks<I>)> = None;
        for (skill, lowest) in requirement.levels.iter() {
            let Some(ranks) = self.skilled.get(skill) else { return false };
            if rarest.is_none_or(|(_, rarest)| ranks.len() < rarest.len()) {
                rarest = Some((lowest, ranks));
            }
        }
        match rarest {
            None => self.all.iter().any(|id| fits(*id)),
            Some((lowest, ranks)) => {
                ranks.iter().take_while(|(Reverse(level), _)| *level >= lowest).any(|(_, id)| fits(*id))
            }
        }
    }
}

/// Whom a configuration knows: its agents by their place, and behind them the guest.
#[derive(Debug, Default)]
pub(crate) struct Registered(Able<usize>);

impl Registered {
    pub(crate) fn of(config: &WorkspaceConfig) -> Self {
        let mut able = Able::default();
        for (at, profile) in profiles(config).enumerate() {
            able.insert(at, profile);
        }
        Self(able)
    }

    /// Whether anybody could take Work with that requirement, logged in or not.
    pub(crate) fn meets(&self, config: &WorkspaceConfig, requirement: &Requirement) -> bool {
        let profile = |at: usize| config.agents.get(at).map(|agent| &agent.profile).or(config.guest.as_ref());
        self.0.any(requirement, |at| profile(at).is_some_and(|profile| requirement.is_met_by(profile)))
    }
}

fn profiles(config: &WorkspaceConfig) -> impl Iterator<Item = &AgentProfile> {
    config.agents.iter().map(|agent| &agent.profile).chain(&config.guest)
}

impl Requirement {
    /// Whether whoever has the profile could take the Work at some time.
    pub(crate) fn is_met_by(&self, profile: &AgentProfile) -> bool {
        let spoken = |channel: &Name| profile.channels.is_empty() || profile.channels.contains(channel);
        self.cost_for(profile) <= profile.capacity
            && self.channels.iter().all(spoken)
            && profile.queues.iter().any(|queue| self.queues.contains(queue))
            && profile.skills.meet(&self.levels)
            && !(self.people_only && profile.kind == AgentKind::Bot)
    }

    /// Whether the agent is logged in and could take the Work, whatever room it has.
    pub(crate) fn is_met_in_time(&self, agent: &Agent) -> bool {
        agent.is_logged_in()
            && self.is_met_by(&agent.profile)
            && self.channels.iter().all(|channel| agent.serves(channel))
    }

    /// What the Work takes of the capacity: what the dearest of its channels does.
    pub(crate) fn cost_for(&self, profile: &AgentProfile) -> u32 {
        self.channels.iter().map(|channel| profile.cost(channel)).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::domain::workspace::Levels;

    fn levels(list: &[(&'static str, u8)]) -> Levels {
        list.iter().map(|(skill, level)| (Name::const_new(skill), *level)).collect()
    }

    fn profile(queue: &'static str, skills: &[(&'static str, u8)]) -> AgentProfile {
        AgentProfile {
            queues: vec![Name::const_new(queue)],
            capacity: 2,
            skills: levels(skills),
            ..AgentProfile::default()
        }
    }

    fn wanted(queues: &[&'static str], skills: &[(&'static str, u8)]) -> Requirement {
        Requirement {
            queues: queues.iter().map(|queue| Name::const_new(queue)).collect(),
            channels: smallvec![Name::const_new("chat")],
            levels: levels(skills),
            people_only: false,
        }
    }

    #[test]
    fn somebody_is_found_by_the_rarest_skill_and_only_at_the_desks_asked_for() {
        let mut config = WorkspaceConfig::empty(Name::const_new("acme"));
        let agent = |name, profile| crate::domain::workspace::AgentConfig { name: Name::const_new(name), profile };
        config.agents = vec![
            agent("ann", profile("a", &[("german", 9)])),
            agent("bob", profile("a", &[("german", 2), ("law", 5)])),
            agent("cem", profile("b", &[("tax", 1)])),
        ];
        let known = Registered::of(&config);
        let meets =
            |queues: &[&'static str], skills: &[(&'static str, u8)]| known.meets(&config, &wanted(queues, skills));
        assert!(meets(&["a"], &[]) && meets(&["a"], &[("german", 9)]) && meets(&["a"], &[("german", 2), ("law", 5)]));
        assert!(!meets(&["a"], &[("german", 3), ("law", 1)]), "no one has both");
        assert!(!meets(&["a"], &[("tax", 1)]) && meets(&["a", "b"], &[("tax", 1)]) && !meets(&["c"], &[]));
        config.guest = Some(profile("c", &[]));
        assert!(Registered::of(&config).meets(&config, &wanted(&["c"], &[])), "anybody may come as a guest");
    }

    #[test]
    fn whoever_could_never_have_room_or_is_a_program_where_people_are_wanted_is_nobody() {
        let mut requirement = wanted(&["a"], &[]);
        let mut small = profile("a", &[]);
        small.costs = vec![(Name::const_new("chat"), 3)];
        assert!(!requirement.is_met_by(&small));
        let bot = AgentProfile { kind: AgentKind::Bot, ..profile("a", &[]) };
        assert!(requirement.is_met_by(&bot));
        requirement.people_only = true;
        assert!(!requirement.is_met_by(&bot));
        let mails = AgentProfile { channels: vec![Name::const_new("email")], ..profile("a", &[]) };
        assert!(!requirement.is_met_by(&mails));
    }

    #[test]
    fn who_leaves_is_found_no_more() {
        let mut able = Able::default();
        let profile = profile("a", &[("german", 4)]);
        able.insert(1, &profile);
        assert!(able.any(&wanted(&["a"], &[("german", 4)]), |_| true));
        able.remove(1, &profile);
        assert!(!able.any(&wanted(&["a"], &[("german", 4)]), |_| true) && !able.any(&wanted(&["a"], &[]), |_| true));
    }
}
