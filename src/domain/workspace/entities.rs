//! Works and agents, and the indexes beside them: waiting Work, Work that asks who is logged in, lengths of queues, READY agents, deadlines.
//!
//! They are never moved by hand: an entity is changed through `with_work` and `with_agent`, which compare what the indexes hold of it.

use smallvec::SmallVec;

use super::Workspace;
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::routing::{Due, InLine, Requirement, There};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::work::Work;

impl Workspace {
    pub(super) fn with_work(&mut self, id: WorkId, change: impl FnOnce(&mut Work)) {
        let Some(work) = self.works.get_mut(id) else {
            return;
        };
        let (before, stood) = (indexed(work), InLine::of(work));
        let held = work.hold().map(|hold| hold.agent);
        change(work);
        self.waiting.set_held(id, held, work.hold().map(|hold| hold.agent));
        let (after, stands) = (indexed(work), InLine::of(work));
        let agents = &self.agents;
        self.board.moved(stood, stands, |agent, queue| {
            agents.get(agent.at()).is_some_and(|agent| agent.released && agent.profile.queues.contains(queue))
        });
        self.waiting.set_liftable(id, is_liftable(work));
        if before != after {
            self.unindex_work(before);
            self.index_work(after);
        }
    }

    pub(super) fn index_work(&mut self, indexed: Indexed) {
        let Indexed { waiting, asks, nobodys, timers } = indexed;
        if let Some((requirement, due)) = waiting {
            if asks {
                self.strand(&requirement, due.1);
            }
            self.waiting.insert(requirement, due);
        }
        if let Some(queue) = nobodys {
            self.lengthen(&queue);
        }
        self.timers.extend(timers);
    }

    pub(super) fn unindex_work(&mut self, indexed: Indexed) {
        let Indexed { waiting, asks, nobodys, timers } = indexed;
        if let Some((requirement, due)) = waiting {
            if asks {
                self.stranded.remove(&requirement, due.1);
            }
            self.waiting.remove(&requirement, due);
        }
        if let Some(queue) = nobodys {
            self.shorten(&queue);
        }
        for timer in &timers {
            self.timers.remove(timer);
        }
    }

    pub(super) fn with_agent(&mut self, id: AgentId, change: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.agents.get_mut(id.at()) else {
            return;
        };
        let (timers_before, was) = (agent.timers(), There::of(agent));
        let (was_there, channels) = (agent.is_logged_in(), agent.channels.clone());
        self.ready.remove(agent);
        change(agent);
        self.ready.insert(agent);
        let is = There::of(agent);
        if was != is {
            self.board.turns(&agent.profile.queues, was, is);
        }
        let timers = agent.timers();
        if timers != timers_before {
            for timer in &timers_before {
                self.timers.remove(timer);
            }
            self.timers.extend(timers);
        }
        if was_there != agent.is_logged_in() || channels != agent.channels {
            self.attend(id, was_there);
        }
    }
}

/// What the indexes hold of a Work.
#[derive(Debug, PartialEq)]
pub(super) struct Indexed {
    waiting: Option<(Requirement, Due)>,
    /// It asks who is logged in.
    asks: bool,
    /// Its queue, while nobody has it.
    nobodys: Option<Name>,
    timers: SmallVec<[(Timestamp, Timer); 3]>,
}

pub(super) fn is_liftable(work: &Work) -> bool {
    work.is_waiting() && work.cooldowns.iter().any(|cooldown| cooldown.liftable)
}

pub(super) fn indexed(work: &Work) -> Indexed {
    Indexed {
        waiting: work.is_waiting().then(|| (Requirement::of(work), (work.key, work.id))),
        asks: work.seeks_somebody(),
        nobodys: work.is_nobodys().then(|| work.queue.clone()),
        timers: work.timers(),
    }
}
