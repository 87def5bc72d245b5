//! READY agents of each queue: those with room for something, in the order in which its selection asks them, and those without.
//!
//! A queue of `best_skill` has besides a line for each skill, the best first. Who is best at several of them is found without asking
//! everybody: the lines are gone along side by side, until whoever was not met yet can be no better than the best that was.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashSet;
use smallvec::SmallVec;

use crate::domain::id::{AgentId, ByName, Name};
use crate::domain::session::Agent;
use crate::domain::workspace::{Levels, Selection, WorkspaceConfig};

/// Place in a line: lower is asked first. What the numbers are, the selection says.
type Standing = (u64, i64, AgentId);

/// Place among those who can take a Work: the sum of its levels where that counts, then the place in the line.
pub(crate) type Rank = (Reverse<u32>, Standing);

/// READY agents by queue.
#[derive(Debug, Default)]
pub(crate) struct ReadyAgents {
    queues: ByName<Line>,
}

#[derive(Debug, Default)]
struct Line {
    selection: Selection,
    with_room: BTreeSet<Standing>,
    /// In no order: of these it is only asked whether there is somebody.
    full: HashSet<AgentId, foldhash::fast::FixedState>,
    /// Those with room by skill, the best first; only where the best are asked first.
    skilled: ByName<Ranks>,
}

/// Those who have a skill.
type Ranks = BTreeSet<(Reverse<u8>, Standing)>;

/// Place of an agent in lines of that selection.
fn standing(selection: Selection, agent: &Agent) -> Standing {
    let (first, second) = match selection {
        Selection::LeastLoaded | Selection::BestSkill => (agent.fullness(), agent.given_at.0),
        Selection::LongestIdle if agent.is_busy() => (1, agent.given_at.0),
        Selection::LongestIdle => (0, agent.idle_since.0),
        Selection::RoundRobin => (0, i64::try_from(agent.given_by.to_bits()).unwrap_or(i64::MAX)),
    };
    (first, second, agent.id)
}

/// Place of an agent among those who can take Work that wants these skills.
pub(crate) fn rank(selection: Selection, agent: &Agent, wanted: &Levels) -> Rank {
    let best = selection == Selection::BestSkill;
    let levels = wanted.iter().filter(|_| best).filter_map(|(skill, _)| agent.profile.skills.get(skill));
    (Reverse(levels.map(u32::from).sum()), standing(selection, agent))
}

impl ReadyAgents {
    /// Nobody yet, in the orders that a configuration says.
    pub(crate) fn of(config: &WorkspaceConfig) -> Self {
        let mut queues: ByName<Line> = ByName::default();
        // Of two queues with one name the first counts.
        for queue in config.queues.iter().rev() {
            let line = Line { selection: queue.selection, ..Line::default() };
            queues.insert(queue.name.clone(), line);
        }
        Self { queues }
    }

    /// An agent stands in the lines of its queues, if it is READY.
    pub(crate) fn insert(&mut self, agent: &Agent) {
        if !agent.is_ready() {
            return;
        }
        let has_room = agent.has_any_room();
        for queue in &agent.profile.queues {
            let line = match self.queues.get_mut(queue) {
                Some(line) => line,
                None => self.queues.entry(queue.clone()).or_default(),
            };
            line.insert(agent, has_room);
        }
    }

    /// Takes an agent out, as it was when it was inserted.
    pub(crate) fn remove(&mut self, agent: &Agent) {
        if !agent.is_ready() {
            return;
        }
        let has_room = agent.has_any_room();
        for queue in &agent.profile.queues {
            if let Some(line) = self.queues.get_mut(queue) {
                line.remove(agent, has_room);
            }
        }
    }

    /// Whether these agents, and nobody else, stand in the lines, each in its place.
    pub(crate) fn are_of(&self, agents: &[Agent]) -> bool {
        let empty = self
            .queues
            .iter()
            .map(|(queue, line)| (queue.clone(), Line { selection: line.selection, ..Line::default() }));
        let mut anew = Self { queues: empty.collect() };
        agents.iter().for_each(|agent| anew.insert(agent));
        anew.queues.len() == self.queues.len() && self.queues.iter().all(|(queue, line)| anew.queues[queue].is_as(line))
    }

    /// READY agents of the queue that have room for something, in the order in which they are asked.
    pub(crate) fn with_room(&self, queue: &str) -> impl Iterator<Item = AgentId> {
        self.queues.get(queue).into_iter().flat_map(|line| &line.with_room).map(|(_, _, id)| *id)
    }

    /// READY agents of the queue, with room or not, in no order.
    pub(crate) fn all(&self, queue: &str) -> impl Iterator<Item = AgentId> {
        let full = self.queues.get(queue).into_iter().flat_map(|line| &line.full);
        self.with_room(queue).chain(full.copied())
    }

    /// Who of the queue with room is asked first of those who fit, for Work that wants these skills.
    pub(crate) fn first<'a>(
        &self,
        queue: &str,
        wanted: &Levels,
        fits: impl Fn(AgentId) -> Option<&'a Agent>,
    ) -> Option<AgentId> {
        let line = self.queues.get(queue)?;
        if line.selection == Selection::BestSkill && !wanted.is_empty() {
            return line.best(wanted, fits);
        }
        self.with_room(queue).find(|id| fits(*id).is_some())
    }
}

impl Line {
    fn insert(&mut self, agent: &Agent, has_room: bool) {
        if !has_room {
            self.full.insert(agent.id);
            return;
        }
        let standing = standing(self.selection, agent);
        self.with_room.insert(standing);
        if self.selection != Selection::BestSkill {
            return;
        }
        for (skill, level) in agent.profile.skills.iter() {
            let ranked = (Reverse(level), standing);
            match self.skilled.get_mut(skill) {
                Some(ranks) => ranks.insert(ranked),
                None => self.skilled.entry(skill.clone()).or_default().insert(ranked),
            };
        }
    }

    /// Whether the same stand in both.
    fn is_as(&self, other: &Self) -> bool {
        let skilled = |line: &Self| -> BTreeMap<Name, Ranks> {
            let skilled = line.skilled.iter().filter(|(_, ranks)| !ranks.is_empty());
            skilled.map(|(skill, ranks)| (skill.clone(), ranks.clone())).collect()
        };
        self.with_room == other.with_room && self.full == other.full && skilled(self) == skilled(other)
    }

    fn remove(&mut self, agent: &Agent, has_room: bool) {
        if !has_room {
            self.full.remove(&agent.id);
            return;
        }
        let standing = standing(self.selection, agent);
        self.with_room.remove(&standing);
        if self.selection != Selection::BestSkill {
            return;
        }
        for (skill, level) in agent.profile.skills.iter() {
            if let Some(ranks) = self.skilled.get_mut(skill) {
                ranks.remove(&(Reverse(level), standing));
            }
        }
    }

    /// The best of those who fit: whoever has the skills stands in the lines of all of them.
    fn best<'a>(&self, wanted: &Levels, fits: impl Fn(AgentId) -> Option<&'a Agent>) -> Option<AgentId> {
        let mut lines: SmallVec<[_; 4]> = SmallVec::new();
        for (skill, lowest) in wanted.iter() {
            let ranks = self.skilled.get(skill)?;
            lines.push(ranks.iter().take_while(move |(Reverse(level), _)| *level >= lowest));
        }
        let mut best: Option<Rank> = None;
        loop {
            let (mut sum, mut last): (u32, Option<Standing>) = (0, None);
            for line in &mut lines {
                // Whoever is behind the end of one line has not all of the skills.
                let Some((Reverse(level), standing)) = line.next() else { return best.map(|(_, (_, _, id))| id) };
                sum += u32::from(*level);
                last = last.max(Some(*standing));
                let met = fits(standing.2).map(|agent| rank(self.selection, agent, wanted));
                best = best.into_iter().chain(met).min();
            }
            // Whoever is not met yet is no better at any of them, and of equals stands behind.
            if let (Some(found), Some(last)) = (best, last)
                && found <= (Reverse(sum), last)
            {
                return Some(found.1.2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;
    use crate::domain::record::{Change, OfferMade, Presence, PresenceSet};
    use crate::domain::time::Timestamp;
    use crate::domain::workspace::{AgentProfile, IndexedConfig, QueueConfig};

    fn levels(list: &[(&'static str, u8)]) -> Levels {
        list.iter().map(|(skill, level)| (Name::const_new(skill), *level)).collect()
    }

    fn ready(id: u32, skills: Levels) -> Agent {
        let config = IndexedConfig::new(WorkspaceConfig::empty(Name::const_new("acme")));
        let mut agent = Agent::registered(AgentId(id), Name::const_new("somebody"), &config);
        let queues = vec![Name::const_new("a")];
        agent.profile = AgentProfile { queues, capacity: 4, skills, ..AgentProfile::default() };
        let agent_id = agent.id;
        let epoch = Change::SessionOpened { agent: agent_id, session_epoch: 1 };
        agent.apply(Index(1), Timestamp(0), 0, &epoch);
        let presence =
            PresenceSet { agent: agent_id, presence: Presence::Ready, reason: Name::default(), channels: Vec::new() };
        agent.apply(Index(2), Timestamp(i64::from(id)), 0, &Change::PresenceSet(presence));
        agent
    }

    fn given(agent: &mut Agent, index: u64, at: i64) {
        let offer = OfferMade { agent: agent.id, cost: 1, ..OfferMade::default() };
        agent.apply(Index(index), Timestamp(at), 0, &Change::OfferMade(offer));
    }

    fn lines(selection: Selection) -> ReadyAgents {
        let mut config = WorkspaceConfig::empty(Name::const_new("acme"));
        config.queues = vec![QueueConfig { name: Name::const_new("a"), selection, ..QueueConfig::default() }];
        ReadyAgents::of(&config)
    }

    fn of(selection: Selection, agents: &[Agent]) -> ReadyAgents {
        let mut lines = lines(selection);
        agents.iter().for_each(|agent| lines.insert(agent));
        lines
    }

    fn order(selection: Selection, agents: &[Agent]) -> Vec<u32> {
        of(selection, agents).with_room("a").map(|id| id.0).collect()
    }

    #[test]
    fn each_selection_has_an_order_of_its_own() {
        let mut agents: Vec<Agent> = (0..3).map(|id| ready(id, Levels::new())).collect();
        given(&mut agents[0], 5, 500);
        given(&mut agents[0], 6, 600);
        given(&mut agents[1], 7, 700);
        assert_eq!(order(Selection::LeastLoaded, &agents), [2, 1, 0]);
        assert_eq!(order(Selection::LongestIdle, &agents), [2, 0, 1], "who has nothing, then who was given it first");
        assert_eq!(order(Selection::RoundRobin, &agents), [2, 0, 1]);
        given(&mut agents[2], 8, 800);
        assert_eq!(order(Selection::RoundRobin, &agents), [0, 1, 2], "whatever they have");
    }

    #[test]
    fn whoever_leaves_stands_in_no_line_any_more() {
        let agents = [ready(0, levels(&[("law", 3)])), ready(1, levels(&[("law", 5)]))];
        for selection in [Selection::LeastLoaded, Selection::LongestIdle, Selection::RoundRobin, Selection::BestSkill] {
            let mut lines = of(selection, &agents);
            agents.iter().for_each(|agent| lines.remove(agent));
            let line = &lines.queues["a"];
            assert!(line.with_room.is_empty() && line.full.is_empty() && line.skilled.values().all(BTreeSet::is_empty));
        }
    }

    /// Whom the lines of the skills give, and how many were asked.
    fn best(agents: &[Agent], wanted: &Levels) -> (Option<u32>, usize) {
        let asked = std::cell::Cell::new(0);
        let fits = |id: AgentId| {
            asked.set(asked.get() + 1);
            agents.get(id.at()).filter(|agent| agent.profile.skills.meet(wanted))
        };
        let found = of(Selection::BestSkill, agents).first("a", wanted, fits);
        (found.map(|id| id.0), asked.get())
    }

    #[test]
    fn the_best_is_whose_levels_are_the_highest_in_sum() {
        let skills =
            [&[("law", 9), ("tax", 1)][..], &[("law", 5), ("tax", 6)], &[("law", 6), ("tax", 5)], &[("law", 10)]];
        let agents: Vec<Agent> = (0..).zip(skills).map(|(id, skills)| ready(id, levels(skills))).collect();
        let wanted = |list| best(&agents, &levels(list)).0;
        assert_eq!(wanted(&[("law", 0)]), Some(3));
        assert_eq!(wanted(&[("law", 0), ("tax", 0)]), Some(1), "of equals the first in the line");
        assert_eq!(wanted(&[("law", 6), ("tax", 2)]), Some(2), "who has less than is wanted is not asked");
        assert_eq!(wanted(&[("law", 6), ("tax", 6)]), None);
        assert_eq!(wanted(&[("art", 0)]), None);
    }

    #[test]
    fn the_lines_give_whom_a_scan_gives_and_ask_few() {
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut most = 0;
        for _ in 0..200 {
            let count = u32::try_from(1 + random(300)).expect("small");
            let agents: Vec<Agent> = (0..count)
                .map(|id| {
                    let level = |n: u64| u8::try_from(n).expect("a level");
                    let mut agent = ready(id, levels(&[("art", level(random(11))), ("law", level(random(11)))]));
                    (0..random(4)).for_each(|_| given(&mut agent, 9, 900));
                    agent
                })
                .filter(Agent::has_any_room)
                .collect();
            let agents: Vec<Agent> = (0..).zip(agents).map(|(id, agent)| Agent { id: AgentId(id), ..agent }).collect();
            let wanted = levels(&[("art", 2), ("law", 3)]);
            let fit = agents.iter().filter(|agent| agent.profile.skills.meet(&wanted));
            let scanned = fit.min_by_key(|agent| rank(Selection::BestSkill, agent, &wanted)).map(|agent| agent.id.0);
            let (found, asked) = best(&agents, &wanted);
            assert_eq!(found, scanned);
            most = most.max(asked);
        }
        assert!(most < 200, "{most} of 300 were asked");
    }
}
