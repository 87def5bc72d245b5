//! What was looked at, and every breach with its place.

use serde::Serialize;

use super::check::Check;

/// Breaches of one check that are told with their place; more are counted. A broken log breaks a check at each of its entries.
pub const SHOWN_MAX: usize = 20;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// What was checked.
    pub check: Check,
    /// Where: an entry, record, stream and sequence, or line.
    pub place: String,
    /// What is so.
    pub detail: String,
}

/// Of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How much was looked at.
    pub looked: u64,
    /// How much of it does not hold.
    pub broken: u64,
    /// The first of it.
    pub breaches: Vec<Breach>,
}

/// Of all checks.
#[derive(Clone, Debug)]
pub struct Findings {
    tallies: Vec<Tally>,
}

impl Findings {
    pub(super) fn new() -> Self {
        Self { tallies: vec![Tally::default(); Check::ALL.len()] }
    }

    /// Of one check.
    #[must_use]
    pub fn of(&self, check: Check) -> &Tally {
        &self.tallies[check as usize]
    }

    /// Everything that does not hold, by check.
    pub fn breaches(&self) -> impl Iterator<Item = &Breach> {
        self.tallies.iter().flat_map(|tally| &tally.breaches)
    }

    /// How much does not hold.
    #[must_use]
    pub fn broken(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.broken).sum()
    }

    /// Something was looked at; the words say where it is and what is so, if it does not hold.
    pub(super) fn look(&mut self, check: Check, holds: bool, told: impl FnOnce() -> (String, String)) {
        self.tallies[check as usize].looked += 1;
        if !holds {
            let (place, detail) = told();
            self.breach(Breach { check, place, detail });
        }
    }

    /// So much was looked at, and holds.
    pub(super) fn looked(&mut self, check: Check, count: u64) {
        self.tallies[check as usize].looked += count;
    }

    /// A breach.
    pub(super) fn breach(&mut self, breach: Breach) {
        let tally = &mut self.tallies[breach.check as usize];
        tally.broken += 1;
        if tally.breaches.len() < SHOWN_MAX {
            tally.breaches.push(breach);
        }
    }
}
