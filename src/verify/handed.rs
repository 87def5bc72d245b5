//! Outputs as the log derives them, held against what stands in OUT and DEAD: each once, in log order, none missing, nothing else.
//!
//! The n-th output of a stream stands at its n-th sequence (design, law 7): so what has expired is checked too, by its number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::check::Check;
use super::findings::Findings;
use super::lane::Extent;
use crate::domain::id::{Name, Position};
use crate::domain::output::{Output, outputs};
use crate::domain::record::{Change, Record};

/// Outputs of one stream that are missing and may come later, out of order: more are as good as so many.
const MISSING_MAX: usize = 10_000;

/// A message of an OUT or DEAD stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Its sequence.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// Which output it says to be (`Skein-Log`); none: of this shard, none.
    pub position: Option<Position>,
    /// What stood before it has expired.
    pub expired_before: bool,
}

/// An output that should stand in a stream.
#[derive(Debug)]
struct Due {
    position: Position,
    subject: String,
    /// Where it should stand.
    sequence: u64,
}

/// One stream.
#[derive(Debug, Default)]
struct Way {
    extent: Extent,
    due: VecDeque<Due>,
    found: Option<Handed>,
    /// Everything of the stream was given.
    ended: bool,
    /// Sequence that should come next.
    next: u64,
    /// Outputs derived so far.
    derived: u64,
    /// The last output that stood in its place.
    matched: Option<Position>,
    /// Outputs that did not stand in their place.
    missing: BTreeSet<Position>,
    /// Outputs since the last hand-over that was recorded, each with its number.
    numbers: VecDeque<(Position, u64)>,
    recorded: Option<(u64, Position)>,
    /// More in the stream than outputs, or fewer.
    surplus: i64,
    expired: u64,
}

/// All streams.
#[derive(Debug, Default)]
pub(super) struct Ways {
    ways: BTreeMap<Name, Way>,
    /// Outputs that stand where they should.
    pub(super) in_place: u64,
}

impl Ways {
    pub(super) fn stream(&mut self, name: Name, extent: Extent) {
        let next = extent.first.max(1);
        self.ways.insert(
            name,
            Way { extent, next, ended: extent.first > extent.last || extent.last == 0, ..Way::default() },
        );
    }

    /// A stream that has to go on before more can be said.
    pub(super) fn wants(&self) -> Option<&Name> {
        self.ways.iter().find(|(_, way)| !way.due.is_empty() && way.found.is_none() && !way.ended).map(|(name, _)| name)
    }

    /// A stream of which something was not given yet.
    pub(super) fn unread(&self) -> Option<&Name> {
        self.ways.iter().find(|(_, way)| !way.ended).map(|(name, _)| name)
    }

    /// Outputs that have expired, and those that are not handed over yet.
    pub(super) fn rest(&self) -> (u64, u64) {
        let expired = self.ways.values().map(|way| way.expired).sum();
        (expired, self.ways.values().map(|way| way.due.len() as u64).sum())
    }

    /// What follows from a record, before anything more of the streams is given.
    pub(super) fn record(&mut self, record: &Record, found: &mut Findings) {
        for change in &record.changes {
            if let Change::HandedOver { stream, stream_sequence, position } = change {
                self.handed_over(record, stream, (*stream_sequence, *position), found);
            }
        }
        for (output, what) in (0u32..).zip(outputs(record)) {
            let position = Position { index: record.index, output };
            let workspace = &record.workspace;
            let (stream, subject) = match what {
                Output::Agent { .. } => continue,
                Output::Send { channel, endpoint, .. } => {
                    (crate::nats::streams::out_name(workspace), format!("skein.out.{workspace}.{channel}.{endpoint}"))
                }
                Output::DeadLetter { reason, .. } => {
                    (crate::nats::streams::dead_name(workspace), format!("skein.dead.{workspace}.{reason}"))
                }
            };
            let way = self.ways.entry(Name::from(stream)).or_insert_with(|| Way { ended: true, ..Way::default() });
            way.derived += 1;
            let sequence = way.derived;
            way.numbers.push_back((position, sequence));
            if sequence < way.extent.first {
                way.expired += 1;
            } else {
                way.due.push_back(Due { position, subject, sequence });
            }
        }
        self.settle(found);
    }

    /// The next message of a stream; none: there is no more.
    pub(super) fn handed(&mut self, stream: &str, handed: Option<Handed>, found: &mut Findings) {
        let Some(way) = self.ways.get_mut(stream) else { return };
        let Some(handed) = handed else {
            way.ended = true;
            return;
        };
        if handed.sequence != way.next {
            let next = way.next;
            found.look(Check::OutputMissing, handed.expired_before, || {
                (format!("{stream} sequence {next}"), format!("the next one is {}", handed.sequence))
            });
            while way.due.front().is_some_and(|due| due.sequence < handed.sequence) {
                way.due.pop_front();
                way.expired += 1;
            }
        }
        way.next = handed.sequence + 1;
        way.ended = handed.sequence >= way.extent.last;
        way.found = Some(handed);
        self.settle(found);
    }

    fn settle(&mut self, found: &mut Findings) {
        for (stream, way) in &mut self.ways {
            self.in_place += way.settle(stream, false, found);
        }
    }

    fn handed_over(
        &mut self,
        record: &Record,
        stream: &Name,
        (sequence, position): (u64, Position),
        found: &mut Findings,
    ) {
        let place = || format!("record {}", record.index);
        let Some(way) = self.ways.get_mut(stream) else {
            return found.look(Check::HandedOver, false, || (place(), format!("{stream} is no stream of outputs")));
        };
        let mut number = None;
        while let Some((at, n)) = way.numbers.front().copied().filter(|(at, _)| *at <= position) {
            way.numbers.pop_front();
            number = (at == position).then_some(n);
        }
        let rises = way.recorded.is_none_or(|(known, _)| sequence > known);
        found.look(Check::HandedOver, number.is_some() && rises, || {
            (
                place(),
                format!(
                    "{} at sequence {sequence} of {stream} is no output that was not recorded before",
                    told(position)
                ),
            )
        });
        if let Some(number) = number {
            let there = i64::try_from(number).unwrap_or(i64::MAX) + way.surplus;
            let is = i64::try_from(sequence).unwrap_or(i64::MAX);
            let (check, what) = if is < there { (Check::OutputMissing, "fewer") } else { (Check::OutputOnce, "more") };
            found.look(check, is == there, || {
                (
                    place(),
                    format!(
                        "{} at sequence {sequence} of {stream} is output {number} of the log: {what} stand there",
                        told(position)
                    ),
                )
            });
            way.surplus += is - there;
        }
        way.recorded = Some((sequence, position));
    }

    /// The end: nothing more comes of log or streams. With `settled` nothing may be left to hand over.
    pub(super) fn finish(&mut self, settled: bool, found: &mut Findings) {
        for (stream, way) in &mut self.ways {
            self.in_place += way.settle(stream, true, found);
            let missing = std::mem::take(&mut way.missing);
            for position in missing {
                found.look(Check::OutputMissing, false, || {
                    (stream.to_string(), format!("{} is not there, and later ones are", told(position)))
                });
            }
            let recorded = way.recorded.map(|(_, position)| position);
            let over = |due: &&Due| settled || recorded.is_some_and(|recorded| due.position <= recorded);
            // What stood at the end of the stream may have expired like what stood before it.
            let expired = |due: &&Due| due.sequence <= way.extent.last && way.extent.first > way.extent.last;
            let left: Vec<&Due> = way.due.iter().filter(|due| !expired(due)).collect();
            for due in left.into_iter().filter(over) {
                found.look(Check::OutputMissing, false, || {
                    (
                        stream.to_string(),
                        format!("{} is not there: the stream ends at {}", told(due.position), way.extent.last),
                    )
                });
            }
        }
    }
}

impl Way {
    /// Compares as far as both sides go. Returns how many stood in their place.
    fn settle(&mut self, stream: &Name, last: bool, found: &mut Findings) -> u64 {
        let mut in_place = 0;
        while let Some(handed) = self.found.take() {
            let at = || format!("{stream} sequence {}", handed.sequence);
            let Some(position) = handed.position else {
                found.look(Check::OutputStrange, false, || (at(), "it is no output of this shard".to_owned()));
                self.surplus += 1;
                continue;
            };
            match self.due.front() {
                None if !last && self.matched.is_none_or(|matched| position > matched) => {
                    // Its record may come.
                    self.found = Some(handed);
                    return in_place;
                }
                Some(due) if due.position == position => {
                    let good = due.subject == handed.subject;
                    found.look(Check::OutputStrange, good, || {
                        (at(), format!("{} instead of {}", handed.subject, due.subject))
                    });
                    for check in [Check::OutputOnce, Check::OutputMissing, Check::OutputOrder] {
                        found.looked(check, 1);
                    }
                    self.matched = Some(position);
                    self.due.pop_front();
                    in_place += 1;
                }
                Some(due) if due.position < position => {
                    if self.missing.len() < MISSING_MAX {
                        self.missing.insert(due.position);
                    }
                    self.surplus -= 1;
                    self.due.pop_front();
                    self.found = Some(handed);
                }
                _ => self.out_of_place(position, at, found),
            }
        }
        in_place
    }

    /// It is not the next one, and the next one is later.
    fn out_of_place(&mut self, position: Position, at: impl Fn() -> String, found: &mut Findings) {
        self.surplus += 1;
        if self.missing.remove(&position) {
            found.look(Check::OutputOrder, false, || (at(), format!("{} stands behind later ones", told(position))));
        } else if self.matched.is_some_and(|matched| position <= matched) {
            found.look(Check::OutputOnce, false, || (at(), format!("{} was handed over before", told(position))));
        } else {
            found.look(Check::OutputStrange, false, || (at(), format!("{} is no output of the log", told(position))));
        }
    }
}

/// A position as headers name it.
pub(super) fn told(position: Position) -> String {
    format!("output {}/{}", position.index, position.output)
}
