//! The checker: takes log, streams and lines of witnesses in their order, and keeps no more than what is open between them.

use std::ops::Range;

use super::adapters::Adapters;
use super::agents::Agents;
use super::chain::Chain;
use super::check::Check;
use super::findings::{Breach, Findings};
use super::folds::Folds;
use super::handed::{Handed, Ways};
use super::inputs::{Inputs, Wanted};
use super::lane::Extent;
use super::report::{Counts, Report};
use super::witness::{AdapterLine, AgentLine};
use super::works::Works;
use crate::domain::State;
use crate::domain::id::{Index, Name};
use crate::domain::record::Record;
use crate::log::{Looked, What};
use crate::nats::Stored;

/// What is asked of a checker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// Everything has come to rest: nothing may be left to apply, to hand over or to tell.
    pub settled: bool,
    /// The log is folded a second time beside the first, which takes its memory again.
    pub twice: bool,
}

/// Checks one shard's history.
#[derive(Debug)]
pub struct Checker {
    shard: Name,
    wishes: Wishes,
    found: Findings,
    chain: Chain,
    inputs: Inputs,
    works: Works,
    ways: Ways,
    adapters: Adapters,
    agents: Agents,
    folds: Folds,
    /// Where an entry is not in its place, or cannot be read: nothing behind it is folded or compared with it.
    stopped: Option<String>,
}

impl Checker {
    /// For a shard, before its first record.
    #[must_use]
    pub fn new(shard: Name, wishes: Wishes) -> Self {
        let mut folds = Folds::new(shard.clone());
        if wishes.twice {
            folds.beside("the first record again", State::new(shard.clone()));
        }
        Self {
            shard,
            wishes,
            found: Findings::new(),
            chain: Chain::default(),
            inputs: Inputs::default(),
            works: Works::default(),
            ways: Ways::default(),
            adapters: Adapters::default(),
            agents: Agents::default(),
            folds,
            stopped: None,
        }
    }

    /// An IN stream that is there; before the record that binds it.
    pub fn in_stream(&mut self, name: Name, extent: Extent) {
        self.adapters.stream(name.clone(), extent);
        self.inputs.stream(name, extent);
    }

    /// An OUT or DEAD stream that is there, as it was before the end of the log was asked for; before what goes into it.
    pub fn out_stream(&mut self, name: Name, extent: Extent) {
        self.adapters.stream(name.clone(), extent);
        self.ways.stream(name, extent);
    }

    /// A line of an adapter; before the log.
    pub fn adapter(&mut self, line: AdapterLine) {
        self.adapters.line(line, &self.shard);
    }

    /// A line of an agent; before the log.
    pub fn agent(&mut self, line: AgentLine) {
        self.agents.line(line, &mut self.found);
    }

    /// What a running daemon tells of its state: the digest of what is open at a record; before the log.
    pub fn daemon(&mut self, at: Index, open: u64) {
        self.folds.told(("the daemon", at, open), &mut self.found);
    }

    /// One more fold, that begins with a state which somebody kept; before the log.
    pub fn snapshot(&mut self, state: State) {
        self.folds.beside("a snapshot", state);
    }

    /// The next message of the log. True: it is an entry whose records are to be given.
    pub fn message(&mut self, looked: &Looked) -> bool {
        let in_place = self.chain.message(looked, &mut self.found);
        // What was lost may stand in the streams, and be applied again: what follows is not held against them.
        let ends = match looked.what {
            What::Entry { void, .. } => !void && !in_place,
            What::Loss { .. } => true,
            What::Epoch { .. } | What::Unreadable(_) => false,
        };
        if ends && self.stopped.is_none() {
            self.stopped = Some(format!("log sequence {}", looked.sequence));
        }
        in_place && self.stopped.is_none()
    }

    /// All messages of the log are given; `end`: the last sequence that its stream ever gave.
    pub fn log_ends(&mut self, end: u64) {
        if !self.chain.ends(end, &mut self.found) {
            self.stopped.get_or_insert_with(|| format!("log sequence {end}"));
        }
    }

    /// An entry that was to be given cannot be read: the records behind it are not looked at.
    pub fn unreadable(&mut self, entry: u64, why: String) {
        let place = format!("entry {entry}");
        self.stopped.get_or_insert_with(|| place.clone());
        self.found.breach(Breach { check: Check::LogWhole, place, detail: why });
    }

    /// Messages of IN that are to be given before a record, in order, as far as they are there.
    #[must_use]
    pub fn wants(&self, record: &Record) -> Vec<Wanted> {
        self.inputs.wants(record)
    }

    /// One of them.
    pub fn inbound(&mut self, wanted: &Wanted, message: &Stored) {
        self.inputs.message(wanted, message, self.folds.state(), &mut self.found);
    }

    /// Some of what was wanted is not there, although the stream begins before it; empty: nothing of it.
    pub fn inbound_gone(&mut self, wanted: &Wanted, gone: Range<u64>) {
        if !gone.is_empty() {
            self.inputs.gone(wanted, gone, &mut self.found);
        }
    }

    /// The next record of the log.
    pub fn record(&mut self, record: &Record) {
        let Self { found, inputs, works, ways, adapters, agents, folds, .. } = self;
        let head = folds.state().head();
        if !record.index.follows(head) {
            let place = format!("record {}", record.index);
            return found.breach(Breach { check: Check::Index, place, detail: format!("it does not follow {head}") });
        }
        let before = folds.state().time();
        found.look(Check::Time, record.time >= before, || {
            (format!("record {}", record.index), format!("{} behind {}", record.time.0, before.0))
        });
        inputs.record(record, folds.state(), found);
        adapters.record(record, inputs, folds.state(), found);
        folds.record(record, found);
        works.record(record, folds.state(), found);
        agents.record(record, folds.state(), found);
        ways.record(record, found);
    }

    /// What stood in an OUT or DEAD stream before a sequence has expired since it was told of.
    pub fn out_begins(&mut self, stream: &Name, first: u64) {
        self.adapters.begins(stream, first);
        self.ways.begins(stream, first);
    }

    /// Behind the log: OUT and DEAD streams that ended before a hand-over which is recorded, and the sequence of that.
    pub fn out_short(&self) -> impl Iterator<Item = (&Name, u64)> {
        self.ways.short()
    }

    /// An OUT or DEAD stream holds more by now, and is to be read up to there; behind the log.
    pub fn out_grows(&mut self, stream: &Name, last: u64) {
        self.adapters.grows(stream, last);
        self.ways.grows(stream, last);
    }

    /// Behind the log: streams that acknowledged something and were not told of; [`Self::in_stream`] is, for those that are there.
    pub fn unknown(&self) -> impl Iterator<Item = &Name> {
        self.adapters.unknown()
    }

    /// A stream of OUT or DEAD whose next message is to be given before the next record.
    #[must_use]
    pub fn wants_handed(&self) -> Option<&Name> {
        self.ways.wants()
    }

    /// Behind the log: a stream of OUT or DEAD that was not given to its end.
    #[must_use]
    pub fn unread(&self) -> Option<&Name> {
        if self.stopped.is_none() { self.ways.unread() } else { None }
    }

    /// The next message of an OUT or DEAD stream; none: there is no more.
    pub fn handed(&mut self, stream: &Name, handed: Option<Handed>) {
        if let Some(handed) = &handed {
            self.adapters.handed(stream, handed, &mut self.found);
        }
        self.ways.handed(stream, handed, &mut self.found);
    }

    /// The end of everything.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let settled = self.wishes.settled;
        let found = &mut self.found;
        self.inputs.finish(found);
        let open = self.works.finish(self.folds.state(), found);
        if self.stopped.is_none() {
            self.ways.finish(settled, found);
            self.adapters.finish(&self.inputs, settled, found);
            self.agents.finish(settled, found);
            self.folds.all_told(found);
        }
        let digest = self.folds.finish(found);
        let (expired, pending) = self.ways.rest();
        let broken = self.folds.state().streams().filter(|stream| stream.broken).map(|stream| stream.name.clone());
        let counts = Counts {
            entries: self.chain.entries,
            records: self.folds.records(),
            epochs: self.chain.epochs,
            void: self.chain.voids,
            inputs: self.inputs.applied,
            passed_over: self.inputs.passed,
            passed_over_unknown: self.inputs.unknown,
            offers: self.works.offers,
            offers_open: open.len() as u64,
            offers_expired: self.works.expired,
            assignments: self.works.assignments,
            assignments_lapsed: self.works.lapsed,
            works_open: self.folds.state().workspaces().map(|space| space.open_works() as u64).sum(),
            outputs: self.ways.in_place,
            outputs_expired: expired,
            outputs_pending: pending,
            outputs_nowhere: self.ways.nowhere,
            adapter_lines: self.adapters.lines,
            inputs_waiting: self.adapters.waiting,
            received_again: self.adapters.again,
            agent_lines: self.agents.lines,
            answers_unnamed: self.agents.unnamed,
        };
        let (head, time) = (self.folds.state().head(), self.folds.state().time());
        Report {
            shard: self.shard,
            head,
            time,
            digest,
            counts,
            open,
            broken_streams: broken.collect(),
            stopped: self.stopped,
            findings: self.found,
        }
    }
}
