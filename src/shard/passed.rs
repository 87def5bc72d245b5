//! Inputs that were done with and made no record: their positions are recorded together (design, law 6).
//!
//! Lost in a crash, which is harmless: those inputs are read again and have no effect again.

use std::time::Duration;

use crate::domain::id::Name;
use crate::domain::record::Input;
use crate::domain::time::Timestamp;

/// Inputs without effect after which their positions are recorded.
const PROGRESS_EVERY: u32 = 1_000;
/// Time after which they are recorded all the same. Both bound what is read again after a restart.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);

/// Positions that no record names yet, one for each stream.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// Few: one for each IN stream of the shard.
    reached: Vec<(Name, Input)>,
    count: u32,
    since: Option<Timestamp>,
}

impl Passed {
    /// An input was done with at `now`.
    pub(super) fn note(&mut self, workspace: &Name, input: Input, now: Timestamp) {
        self.count += 1;
        self.since.get_or_insert(now);
        match self.find(workspace, &input) {
            Some(at) => {
                let known = &mut self.reached[at].1;
                if input.is_after(known) {
                    *known = input;
                }
            }
            None => self.reached.push((workspace.clone(), input)),
        }
    }

    /// A record names a later position of the same stream.
    pub(super) fn overtaken_by(&mut self, workspace: &Name, input: &Input) {
        if let Some(at) = self.find(workspace, input) {
            self.reached.swap_remove(at);
            self.rest();
        }
    }

    /// When the positions have to be recorded at the latest.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.since.map(|since| since + PROGRESS_AFTER)
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.count >= PROGRESS_EVERY || self.due_at().is_some_and(|at| at <= now)
    }

    /// Positions of one workspace, for a record; `None` when there are no more.
    pub(super) fn take(&mut self) -> Option<(Name, Vec<Input>)> {
        let workspace = self.reached.first()?.0.clone();
        let mut taken = Vec::new();
        self.reached.retain(|(of, input)| {
            let mine = *of == workspace;
            if mine {
                taken.push(*input);
            }
            !mine
        });
        self.rest();
        Some((workspace, taken))
    }

    fn find(&self, workspace: &Name, input: &Input) -> Option<usize> {
        self.reached.iter().position(|(of, known)| known.stream == input.stream && of == workspace)
    }

    fn rest(&mut self) {
        if self.reached.is_empty() {
            self.count = 0;
            self.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stream: u16, sequence: u64, event: u16) -> Input {
        Input { stream, sequence, event, of: event + 1, ..Input::default() }
    }

    #[test]
    fn positions_are_due_after_a_thousand_inputs_or_a_second() {
        let workspace = Name::new("acme");
        let mut passed = Passed::default();
        for sequence in 1..1_000 {
            passed.note(&workspace, at(1, sequence, 0), Timestamp(500));
        }
        assert!(!passed.is_due(Timestamp(1_499)));
        assert!(passed.is_due(Timestamp(1_500)));
        passed.note(&workspace, at(1, 1_000, 0), Timestamp(501));
        assert!(passed.is_due(Timestamp(502)));
    }

    #[test]
    fn the_latest_position_of_each_stream_is_taken_once() {
        let (acme, other) = (Name::new("acme"), Name::new("other"));
        let mut passed = Passed::default();
        for input in [at(1, 7, 0), at(1, 7, 1), at(1, 6, 0), at(2, 3, 0)] {
            passed.note(&acme, input, Timestamp(0));
        }
        passed.note(&other, at(3, 9, 0), Timestamp(0));
        let mut taken = vec![passed.take(), passed.take(), passed.take()];
        taken.sort_by_key(|entry| entry.as_ref().map(|(name, _)| name.clone()));
        assert_eq!(taken, [None, Some((acme, vec![at(1, 7, 1), at(2, 3, 0)])), Some((other, vec![at(3, 9, 0)])),]);
        assert_eq!(passed.due_at(), None);
    }

    #[test]
    fn a_record_of_the_stream_makes_its_passed_position_needless() {
        let workspace = Name::new("acme");
        let mut passed = Passed::default();
        passed.note(&workspace, at(1, 7, 0), Timestamp(0));
        passed.note(&workspace, at(2, 4, 0), Timestamp(0));
        passed.overtaken_by(&workspace, &at(1, 8, 0));
        assert_eq!(passed.take(), Some((workspace, vec![at(2, 4, 0)])));
    }
}
