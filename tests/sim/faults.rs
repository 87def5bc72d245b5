//! What goes wrong between processes: appends and acks that are lost, strays, crashes, a second owner.

use super::agents::NAMES;
use super::checks::Broken;
use super::compare::{fingerprint, same};
use super::model::Standing;
use super::node::Node;
use super::world::{Asker, World};

impl World {
    pub(crate) fn network(&mut self) -> Result<(), Broken> {
        for _ in 0..1 + self.rng.below(6) {
            if !self.stray.is_empty() && self.rng.percent(30) {
                self.land_stray();
            }
            let kind = self.rng.weighted(&[50, 50, 2, 2, 4]);
            self.node.network(kind, &mut self.store, &mut self.stray, &mut self.stats);
            let old = self.rng.weighted(&[30, 30, 10, 10, 20]);
            if let Some(deposed) = &mut self.deposed {
                deposed.network(old, &mut self.store, &mut self.stray, &mut self.stats);
            }
            self.let_go()?;
        }
        Ok(())
    }

    pub(crate) fn land_stray(&mut self) {
        let flight = self.stray.remove(0);
        let void = self.store.void();
        let landed = self.store.append(&flight);
        let what = match (landed, self.store.void() > void) {
            (false, _) => "stray refused",
            (true, true) => "stray landed void",
            (true, false) => "stray landed",
        };
        self.stats.hit(if what == "stray landed" { "sum" } else { "fault" }, what);
    }

    /// Who finds that it was deposed discards its state; its clients turn to the other.
    pub(crate) fn let_go(&mut self) -> Result<(), Broken> {
        if self.deposed.as_ref().is_some_and(|node| node.writer.standing == Standing::Deposed) {
            self.stats.hit("fault", "deposed");
            self.deposed = None;
        }
        if self.node.writer.standing == Standing::Deposed {
            self.stats.hit("fault", "deposed");
            self.restart(false)?;
        }
        Ok(())
    }

    /// The process ends at any point, and begins again from what the log holds.
    pub(crate) fn crash(&mut self) -> Result<(), Broken> {
        let waiting = (0..2).any(|stream| self.node.unread(stream, &self.streams[stream]));
        let point = self.node.crash_point(waiting || self.retries_left());
        self.stats.hit("crash", point);
        self.note(|| format!("crash: {point}"));
        if self.rng.percent(40) {
            self.now.0 += i64::try_from(self.rng.below(90_000)).expect("small");
        }
        self.restart(false)
    }

    /// Another process takes over while this one lives on.
    pub(crate) fn rival(&mut self) -> Result<(), Broken> {
        if self.deposed.is_some() {
            return Ok(());
        }
        self.note(|| "another owner takes over".to_owned());
        self.restart(true)
    }

    fn restart(&mut self, lives_on: bool) -> Result<(), Broken> {
        self.audit()?;
        let read = self.node.read();
        let outage = u64::try_from(self.now.millis_since(self.auditor.state.time())).expect("not negative");
        let snapshot = self.snapshot.as_ref().filter(|_| self.rng.percent(50));
        if snapshot.is_some() {
            self.stats.hit("fault", "start from a snapshot");
        }
        let next = Node::start(&mut self.store, &self.outs, snapshot)?;
        if next.read() < read {
            self.stats.hit("fault", "input read again");
        }
        let mut before = std::mem::replace(&mut self.node, next);
        if lives_on {
            self.deposed = Some(before);
        } else {
            before.writer.crash(&mut self.stray);
        }
        // Connections end with the process; commands without an answer are given again.
        for agent in &mut self.agents {
            agent.connected = false;
        }
        for (_, asker) in std::mem::take(&mut self.asked) {
            if let Asker::Agent(at, command) = asker {
                self.retries.push((at, command));
            }
        }
        let live = fingerprint(self.node.engine.state(), &NAMES);
        same(&live, &fingerprint(&self.auditor.state, &NAMES))?;
        self.node.begin(self.now, outage)
    }
}
