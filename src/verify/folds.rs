//! The state that the log gives, folded more than once: each fold has to give the same.
//!
//! A fold may begin behind the first record, from a state that was kept (a snapshot); it then takes the records behind that.

use super::check::Check;
use super::findings::Findings;
use crate::domain::digest::{Extent, digest};
use crate::domain::id::{Index, Name};
use crate::domain::invariant::violations;
use crate::domain::record::Record;
use crate::domain::{State, evolve};

/// Records from one look at the invariants to the next: a look scans everything.
const LOOK_EVERY: u64 = 100_000;

/// A fold beside the first.
#[derive(Debug)]
struct Beside {
    /// What it began with, for messages.
    from: &'static str,
    state: State,
}

/// All folds of one log.
#[derive(Debug)]
pub(super) struct Folds {
    state: State,
    beside: Vec<Beside>,
    records: u64,
    /// What somebody else tells of the state: at which record, and the digest of what is open.
    told: Vec<(&'static str, Index, u64)>,
}

impl Folds {
    pub(super) fn new(shard: Name) -> Self {
        Self { state: State::new(shard), beside: Vec::new(), records: 0, told: Vec::new() }
    }

    /// One more fold, from what somebody kept; empty: from the first record.
    pub(super) fn beside(&mut self, from: &'static str, state: State) {
        self.beside.push(Beside { from, state });
    }

    /// Somebody tells a digest of what is open in its state, at a record.
    pub(super) fn told(&mut self, (by, at, open): (&'static str, Index, u64), found: &mut Findings) {
        self.told.push((by, at, open));
        self.compare(found);
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    pub(super) fn record(&mut self, record: &Record, found: &mut Findings) {
        self.records += 1;
        evolve(&mut self.state, record);
        for fold in self.beside.iter_mut().filter(|fold| record.index.follows(fold.state.head())) {
            evolve(&mut fold.state, record);
        }
        self.compare(found);
        if self.records.is_multiple_of(LOOK_EVERY) {
            self.look(found);
        }
    }

    /// What somebody told of the state that is reached now.
    fn compare(&mut self, found: &mut Findings) {
        let head = self.state.head();
        for (by, _, open) in self.told.extract_if(.., |(_, at, _)| *at == head) {
            let is = digest(&self.state, Extent::Open);
            found.look(Check::FoldsAgree, is == open, || {
                (format!("record {head}"), format!("{by} tells {open:016x}, the fold gives {is:016x}"))
            });
        }
    }

    fn look(&self, found: &mut Findings) {
        let broken = violations(&self.state);
        found.looked(Check::Invariants, 1);
        for violation in broken {
            found.look(Check::Invariants, false, || (format!("record {}", self.state.head()), violation.to_string()));
        }
    }

    /// The end of the log.
    pub(super) fn finish(&self, found: &mut Findings) -> u64 {
        self.look(found);
        let whole = digest(&self.state, Extent::Whole);
        for fold in &self.beside {
            let (head, is) = (fold.state.head(), digest(&fold.state, Extent::Whole));
            found.look(Check::FoldsAgree, is == whole, || {
                let told = format!("from {} {is:016x} at record {head}, the first fold gives {whole:016x}", fold.from);
                (format!("record {}", self.state.head()), told)
            });
        }
        whole
    }

    /// The log goes no further: whatever somebody told of is to be in it.
    pub(super) fn all_told(&self, found: &mut Findings) {
        for (by, at, _) in &self.told {
            found.look(Check::FoldsAgree, false, || {
                (format!("record {at}"), format!("{by} is there, and the log does not have that record"))
            });
        }
    }
}
