//! Who is logged in, as what waits asks for it; and how long queues are.
//!
//! Work that nobody of them could take is noted as records are folded, and gone on with by [`Timer::Skip`], as much as one record holds.

use super::Workspace;
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::routing::{Able, Requirement};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;

impl Workspace {
    /// How many Works are in the queue and nobody has them: QUEUED or OFFERED.
    #[must_use]
    pub fn length(&self, queue: &str) -> usize {
        self.lengths.get(queue).copied().unwrap_or(0)
    }

    /// All lengths that are known, in no order.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = (&Name, usize)> {
        self.lengths.iter().map(|(queue, length)| (queue, *length))
    }

    /// Whether what nobody who is logged in could take goes on as soon as it may.
    pub(crate) fn is_skip_armed(&self) -> bool {
        self.skip_at.is_some_and(|at| self.has_timer(&(at, Timer::Skip)))
    }

    pub(super) fn lengthen(&mut self, queue: &Name) {
        match self.lengths.get_mut(queue) {
            Some(length) => *length += 1,
            None => drop(self.lengths.insert(queue.clone(), 1)),
        }
    }

    pub(super) fn shorten(&mut self, queue: &str) {
        if let Some(length) = self.lengths.get_mut(queue) {
            *length = length.saturating_sub(1);
        }
    }

    /// Whether somebody who is logged in could take Work with that requirement; only those `of` whom it is asked.
    pub(crate) fn is_somebody_there(&self, requirement: &Requirement, of: impl Fn(AgentId) -> bool) -> bool {
        let meets = |agent: &Agent| requirement.is_met_in_time(agent);
        self.present.any(requirement, |id| of(id) && self.agents.get(id.at()).is_some_and(meets))
    }

    /// A Work asks who is logged in.
    pub(super) fn strand(&mut self, requirement: &Requirement, work: WorkId) {
        let (present, agents) = (&self.present, &self.agents);
        let meets = |id: AgentId| agents.get(id.at()).is_some_and(|agent| requirement.is_met_in_time(agent));
        self.stranded.insert(requirement, work, || present.any(requirement, meets));
    }

    /// An agent has logged in or out, or serves other channels now.
    pub(super) fn attend(&mut self, id: AgentId, was_there: bool) {
        let Some(agent) = self.agents.get(id.at()) else { return };
        let is_there = agent.is_logged_in();
        match (was_there, is_there) {
            (false, true) => self.present.insert(id, &agent.profile),
            (true, false) => self.present.remove(id, &agent.profile),
            (true, true) | (false, false) => {}
        }
        let asked = agent.profile.queues.iter().flat_map(|queue| self.stranded.of(queue));
        let asked: Vec<Requirement> = asked.filter(|asked| asked.is_met_by(&agent.profile)).cloned().collect();
        self.ask(asked);
    }

    /// Everybody's profile may be another one.
    pub(super) fn attend_anew(&mut self) {
        self.present = Able::default();
        for agent in self.agents.iter().filter(|agent| agent.is_logged_in()) {
            self.present.insert(agent.id, &agent.profile);
        }
        let asked: Vec<Requirement> = self.stranded.requirements().cloned().collect();
        self.ask(asked);
    }

    fn ask(&mut self, asked: Vec<Requirement>) {
        for requirement in asked {
            let nobodys = !self.is_somebody_there(&requirement, |_| true);
            self.stranded.set(&requirement, nobodys);
        }
    }

    /// Work of queues that are open, and that nobody who is logged in could take, goes on at once.
    pub(super) fn time_skip(&mut self, now: Timestamp) {
        let wanted = self.stranded.queues().any(|queue| self.is_open(queue));
        match (self.skip_at, wanted) {
            (None, true) => {
                self.skip_at = Some(now);
                self.set_timer((now, Timer::Skip));
            }
            (Some(at), false) => {
                self.skip_at = None;
                self.unset_timer(&(at, Timer::Skip));
            }
            (None, false) | (Some(_), true) => {}
        }
    }
}
