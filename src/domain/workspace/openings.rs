//! Which hours are open: as the records say, with the moment at which each turns as a deadline.

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::hours::Turn;
use crate::domain::id::{AgentId, Name};
use crate::domain::record::HoursTurned;
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;

/// The turn of each hours of the configuration, by their place there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Openings(Vec<Turn>);

impl Openings {
    /// The turns to come.
    pub(super) fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> {
        self.0.iter().enumerate().filter_map(|(at, turn)| timer(at, *turn))
    }
}

impl Workspace {
    /// Whether the queue is served at this time.
    #[must_use]
    pub fn is_open(&self, queue: &str) -> bool {
        let hours = self.config.queue(queue).and_then(|queue| queue.hours.as_ref());
        hours.is_none_or(|hours| self.turn(hours).is_none_or(|turn| turn.open))
    }

    /// Whether those hours are open, and until when.
    #[must_use]
    pub fn turn(&self, hours: &str) -> Option<Turn> {
        self.openings.0.get(self.hours_at(hours)?).copied()
    }

    /// When a queue that is closed opens; none: it is open, or not within a year.
    pub(crate) fn opens_at(&self, queue: &str) -> Option<Timestamp> {
        let hours = self.config.queue(queue)?.hours.as_ref()?;
        let turn = self.turn(hours).filter(|turn| !turn.open)?;
        turn.until
    }

    fn hours_at(&self, hours: &str) -> Option<usize> {
        self.config.hours_at(hours)
    }

    /// Another configuration: what its hours say follows.
    pub(super) fn forget_openings(&mut self) {
        for (at, turn) in std::mem::take(&mut self.openings.0).into_iter().enumerate() {
            timer(at, turn).inspect(|timer| self.unset_timer(timer));
        }
        // Until they are said to be open, nobody is called to work.
        self.openings.0.resize(self.config.hours.len(), Turn::default());
    }

    pub(super) fn hours_turned(&mut self, turned: &HoursTurned, now: Timestamp) {
        let Some(at) = self.hours_at(&turned.hours) else { return };
        let turn = Turn { open: turned.open, until: turned.until };
        let before = std::mem::replace(&mut self.openings.0[at], turn);
        timer(at, before).inspect(|timer| self.unset_timer(timer));
        if let Some(timer) = timer(at, turn) {
            self.set_timer(timer);
        }
        self.open_desks();
        if turn.open && !before.open {
            self.call(&turned.hours, now);
        }
    }

    /// Whoever watches queues is told which are open.
    pub(super) fn open_desks(&mut self) {
        let queues: Vec<(Name, bool)> =
            self.config.queues.iter().map(|queue| (queue.name.clone(), self.is_open(&queue.name))).collect();
        for (queue, open) in queues {
            self.board.opens(&queue, open);
        }
    }

    /// Whoever is READY for what waits there is matched anew.
    fn call(&mut self, hours: &str, now: Timestamp) {
        let queues = self.config.queues.iter().filter(|queue| queue.hours.as_deref() == Some(hours));
        let waiting: Vec<Name> =
            queues.map(|queue| &queue.name).filter(|name| self.waiting.len(name) > 0).cloned().collect();
        let ready: Vec<AgentId> = waiting.iter().flat_map(|queue| self.ready.with_room(queue)).collect();
        for agent in ready {
            self.with_agent(agent, |agent| agent.deferred = Some(now));
        }
    }
}

fn timer(at: usize, turn: Turn) -> Option<(Timestamp, Timer)> {
    Some((turn.until?, Timer::HoursTurn(u16::try_from(at).ok()?)))
}
