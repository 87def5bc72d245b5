//! Snapshots of the live state: what comes back from one is the state, and goes on as it does; what is cut stays as it was.

use skein::domain::State;
use skein::domain::invariant::violations;
use skein::domain::snapshot::{Cut, Part, Restoring};
use skein::log::snapshot::codec::{decode, encode};

use super::agents::NAMES;
use super::checks::{Broken, holds};
use super::compare::{fingerprint, same};

/// A snapshot, with the cut that it was made of.
#[derive(Debug)]
pub(crate) struct Snapshot {
    cut: Cut,
    parts: Vec<Vec<u8>>,
    /// How many records are in it.
    pub(crate) records: usize,
}

impl Snapshot {
    /// Of a state that is the fold of so many records. What comes back from it is looked at.
    pub(crate) fn take(state: &State, records: usize) -> Result<Self, Broken> {
        let cut = state.cut();
        let parts = encoded(&cut)?;
        let snapshot = Self { cut, parts, records };
        let back = snapshot.state()?;
        same(&fingerprint(state, &NAMES), &fingerprint(&back, &NAMES))?;
        let broken = violations(&back);
        holds("invariants of what comes back", broken == violations(state), || format!("{broken:?}"))?;
        let again = encoded(&back.cut())?;
        let differs = snapshot.parts.iter().zip(&again).find(|(one, other)| one != other);
        holds("a snapshot of what comes back is the same", again == snapshot.parts, || {
            format!("{:?}", differs.map(|(one, other)| (decode(one), decode(other))))
        })?;
        Ok(snapshot)
    }

    /// What comes back.
    pub(crate) fn state(&self) -> Result<State, Broken> {
        let mut restoring = Restoring::default();
        for bytes in &self.parts {
            let part: Part = decode(bytes).map_err(broken)?;
            restoring.take(part).map_err(broken)?;
        }
        restoring.finish().map_err(broken)
    }

    /// The live state went on; the cut did not.
    pub(crate) fn stands_still(&self) -> Result<(), Broken> {
        holds("a cut stays as it was", encoded(&self.cut)? == self.parts, || format!("of {} records", self.records))
    }
}

fn encoded(cut: &Cut) -> Result<Vec<Vec<u8>>, Broken> {
    cut.parts().map(|(_, part)| encode(&part).map_err(broken)).collect()
}

fn broken(error: impl std::error::Error) -> Broken {
    Broken { check: "a snapshot is read back", detail: error.to_string() }
}
