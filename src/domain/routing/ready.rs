//! READY agents of each queue: those with room, least loaded first, of equals the one that was given nothing for the longest time; and
//! those without.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{AgentId, Name};
use crate::domain::time::Timestamp;

/// Order in which agents are asked.
pub(crate) type Standing = (u64, Timestamp, AgentId);

/// READY agents by queue.
#[derive(Debug, Default)]
pub(crate) struct ReadyAgents {
    queues: BTreeMap<Name, Line>,
}

#[derive(Debug, Default)]
struct Line {
    with_room: BTreeSet<Standing>,
    full: BTreeSet<Standing>,
}

impl Line {
    fn of(&mut self, has_room: bool) -> &mut BTreeSet<Standing> {
        if has_room { &mut self.with_room } else { &mut self.full }
    }
}

impl ReadyAgents {
    /// `has_room`: for anything at all.
    pub(crate) fn insert(&mut self, queues: &[Name], standing: Standing, has_room: bool) {
        for queue in queues {
            let line = match self.queues.get_mut(queue) {
                Some(line) => line,
                None => self.queues.entry(queue.clone()).or_default(),
            };
            line.of(has_room).insert(standing);
        }
    }

    pub(crate) fn remove(&mut self, queues: &[Name], standing: Standing, has_room: bool) {
        for queue in queues {
            if let Some(line) = self.queues.get_mut(queue) {
                line.of(has_room).remove(&standing);
            }
        }
    }

    /// READY agents of the queue that have room for something, in the order in which they are asked.
    pub(crate) fn with_room(&self, queue: &str) -> impl Iterator<Item = Standing> {
        self.queues.get(queue).into_iter().flat_map(|line| &line.with_room).copied()
    }

    /// The same, and behind them those without room if they are asked, too.
    pub(crate) fn line(&self, queue: &str, full: bool) -> impl Iterator<Item = Standing> {
        let without_room = self.queues.get(queue).filter(|_| full).into_iter().flat_map(|line| &line.full).copied();
        self.with_room(queue).chain(without_room)
    }
}
