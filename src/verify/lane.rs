//! One IN stream as the log applies it, and what the stream itself says.

use crate::domain::command::Command;
use crate::domain::id::Name;
use crate::domain::record::{Change, Direction, Input};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::{State, decide};
use crate::ingest::{Place, reread};
use crate::nats::Stored;
use crate::normalize::SPLITTER_VERSION;

use super::findings::Breach;

/// Breaches of one stream that are held back until it is known that it is the stream still: more are as good as one.
const HELD_MAX: usize = 1_000;

/// What a stream holds when the reading begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// When it was created, nanoseconds since the Unix epoch.
    pub created_ns: i64,
    /// First sequence that is stored.
    pub first: u64,
    /// Last sequence that was ever given; 0: none.
    pub last: u64,
}

impl Extent {
    /// Nothing is stored.
    pub(super) fn is_empty(self) -> bool {
        self.first > self.last || self.last == 0
    }
}

/// What becomes of an input that no record names; of several, the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Passed {
    /// It cannot be told.
    Unknown,
    /// It has no effect.
    Nothing,
    /// It has some effect.
    Effect,
    /// It is stored, or set aside with a letter: whatever else happened meanwhile does not matter to that.
    Kept,
}

/// An IN stream.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) place: Place,
    created_ns: i64,
    /// What the server holds under the name.
    pub(super) extent: Option<Extent>,
    /// The last position applied.
    pub(super) applied: Input,
    /// The message there, while it is known.
    pub(super) message: Option<Stored>,
    /// The message at the position that is reached next.
    pub(super) next: Option<Stored>,
    /// Messages given behind the last position.
    pub(super) given: u64,
    /// What is passed over is to be decided by what was in force then, and that has changed since the last position.
    pub(super) changed: bool,
    /// Something else happened in the workspace since the last position: what a receipt or an opt-in did may depend on it.
    pub(super) others: bool,
    /// The highest sequence that was ever applied, also before an operator went back.
    pub(super) reached: u64,
    /// Breaches at their sequences, as long as the stream may turn out to hold something else there by now.
    held: Vec<(u64, Breach)>,
    /// Sequences that were gone, or that an operator passed over.
    pub(super) lost: Vec<(u64, u64)>,
}

impl Lane {
    pub(super) fn new(place: Place, created_ns: i64, extent: Option<Extent>) -> Self {
        let applied = Input { stream: place.number, ..Input::default() };
        Self {
            place,
            created_ns,
            extent,
            applied,
            message: None,
            next: None,
            given: 0,
            changed: false,
            others: false,
            reached: 0,
            held: Vec::new(),
            lost: Vec::new(),
        }
    }

    pub(super) fn name(&self) -> &Name {
        &self.place.stream
    }

    /// What the server holds, if it is the stream that the log means now.
    pub(super) fn same(&self) -> Option<Extent> {
        self.extent.filter(|extent| extent.created_ns == self.created_ns)
    }

    /// Everything of the last message is applied.
    pub(super) fn is_whole(&self) -> bool {
        self.applied.event + 1 >= self.applied.of
    }

    pub(super) fn advance(&mut self, to: Input) {
        if to.sequence != self.applied.sequence {
            self.message = self.next.take().filter(|message| message.sequence == to.sequence);
        }
        self.applied = to;
        self.reached = self.reached.max(to.sequence);
        (self.given, self.changed, self.others) = (0, false, false);
    }

    /// An operator takes it into use again, perhaps another one under its name.
    pub(super) fn resumed(&mut self, created_ns: i64, applied: Input) {
        if applied.sequence > self.applied.sequence {
            self.lost.push((self.applied.sequence + 1, applied.sequence));
        }
        // What is said of sequences behind the one that it goes on from, or of another stream, is of what stood there then.
        let same = self.created_ns == created_ns;
        self.held.retain(|(sequence, _)| same && *sequence <= applied.sequence);
        self.created_ns = created_ns;
        self.next = None;
        self.advance(applied);
    }

    pub(super) fn hold(&mut self, sequence: u64, breach: Breach) {
        if self.held.len() < HELD_MAX {
            self.held.push((sequence, breach));
        }
    }

    /// The end of the log: what was held back is so.
    pub(super) fn told(&mut self) -> impl Iterator<Item = Breach> {
        self.held.drain(..).map(|(_, breach)| breach)
    }

    /// What becomes of the events of a message from one to before another, where the state is `state`.
    pub(super) fn passed(
        &self,
        message: &Stored,
        events: std::ops::Range<u16>,
        state: &State,
        at: Timestamp,
    ) -> Passed {
        let Some(space) = state.workspace(&self.place.workspace).filter(|_| !self.changed) else {
            return Passed::Unknown;
        };
        let Some(commands) = reread(message, &self.place, space.config()) else { return Passed::Unknown };
        let (from, to) = (usize::from(events.start), usize::from(events.end).min(commands.len()));
        let commands = commands.into_iter().take(to).skip(from);
        let all = commands.map(|command| effect(state, command, at)).max().unwrap_or(Passed::Nothing);
        if all == Passed::Effect && self.others { Passed::Unknown } else { all }
    }

    /// Whether this build splits messages into events as the one did that applied it.
    pub(super) fn splits_as(input: Input) -> bool {
        input.splitter == SPLITTER_VERSION
    }
}

/// What follows from an input.
fn effect(state: &State, command: Command, at: Timestamp) -> Passed {
    match decide(state, state.head().next(), command, at) {
        Ok(None) => Passed::Nothing,
        Ok(Some(record)) => {
            let kept = |change: &Change| match change {
                Change::MessageStored(message) => message.direction == Direction::In,
                Change::DeadLettered(_) => true,
                _ => false,
            };
            if record.changes.iter().any(kept) { Passed::Kept } else { Passed::Effect }
        }
        Err(Rejection::AlreadyApplied | Rejection::Duplicate | Rejection::Repeated(_) | Rejection::Ignored) => {
            Passed::Nothing
        }
        Err(_) => Passed::Effect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Check;

    #[test]
    fn where_a_stream_goes_on_only_what_is_said_of_later_sequences_is_taken_back() {
        let told = |created_ns| {
            let place = Place { workspace: Name::new("w"), stream: Name::new("S"), number: 0 };
            let mut lane = Lane::new(place, 1, None);
            for sequence in [4, 9] {
                let breach = Breach { check: Check::InputKnown, place: sequence.to_string(), detail: String::new() };
                lane.hold(sequence, breach);
            }
            lane.resumed(created_ns, Input { sequence: 6, of: 1, ..Input::default() });
            lane.told().map(|breach| breach.place).collect::<Vec<_>>()
        };
        assert_eq!(told(1), ["4"]);
        assert!(told(2).is_empty(), "another stream by now");
    }
}
