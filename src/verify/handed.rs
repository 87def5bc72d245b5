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
use crate::nats::streams;

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
}

/// An output that should stand in a stream.
#[derive(Debug)]
struct Due {
    position: Position,
    subject: String,
    /// Which of the stream's outputs it is, from 1.
    number: u64,
}

/// An output whose hand-over was not recorded yet.
#[derive(Debug)]
struct Numbered {
    position: Position,
    /// Which of the stream's outputs it is, from 1.
    number: u64,
    /// Where it was met in the stream.
    sequence: Option<u64>,
}

/// An output whose place in the stream is known.
#[derive(Clone, Copy, Debug)]
struct Placed {
    position: Position,
    sequence: u64,
    /// Its sequence less its number: messages too many before it, or too few.
    ahead: i64,
}

/// One stream.
#[derive(Debug, Default)]
struct Way {
    /// None: there is no such stream.
    extent: Option<Extent>,
    due: VecDeque<Due>,
    found: Option<Handed>,
    /// Everything of the stream was given.
    ended: bool,
    /// Sequence that should come next.
    next: u64,
    /// Outputs derived so far.
    derived: u64,
    /// The last output that stood in its place.
    matched: Option<Placed>,
    /// Outputs that did not stand in their place.
    missing: BTreeSet<Position>,
    /// Outputs since the last hand-over that was recorded.
    numbers: VecDeque<Numbered>,
    /// The last hand-over that was recorded.
    recorded: Option<Placed>,
    /// What stood behind the last output met, and before the message that comes next, cannot be seen any more.
    unseen: bool,
    /// Behind the last output met: messages that are no output of their place, less outputs that are missing.
    surplus: i64,
    expired: u64,
}

/// All streams.
#[derive(Debug, Default)]
pub(super) struct Ways {
    ways: BTreeMap<Name, Way>,
    /// Outputs that stand where they should.
    pub(super) in_place: u64,
    /// Outputs of streams that are not there.
    pub(super) nowhere: u64,
}

impl Ways {
    pub(super) fn stream(&mut self, name: Name, extent: Extent) {
        let next = extent.first.max(1);
        let way = Way { extent: Some(extent), next, ended: extent.is_empty(), unseen: next > 1, ..Way::default() };
        self.ways.insert(name, way);
    }

    /// What stood before a sequence has expired since the reading began.
    pub(super) fn begins(&mut self, stream: &str, first: u64) {
        if let Some(extent) = self.ways.get_mut(stream).and_then(|way| way.extent.as_mut()) {
            extent.first = extent.first.max(first);
        }
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
                    (streams::out_name(workspace), streams::out_subject(workspace, &channel, &endpoint))
                }
                Output::DeadLetter { reason, .. } => {
                    (streams::dead_name(workspace), streams::dead_subject(workspace, &reason))
                }
            };
            let way = self.ways.entry(Name::from(stream)).or_insert_with(|| Way { ended: true, ..Way::default() });
            way.derived += 1;
            let number = way.derived;
            way.numbers.push_back(Numbered { position, number, sequence: None });
            match way.extent {
                None => self.nowhere += 1,
                Some(extent) if extent.is_empty() && way.expected(position, number) <= extent.last => way.expired += 1,
                Some(_) => way.due.push_back(Due { position, subject, number }),
            }
        }
        self.settle(found);
    }

    /// The next message of a stream; none: there is no more.
    pub(super) fn handed(&mut self, stream: &Name, handed: Option<Handed>, found: &mut Findings) {
        let Some(way) = self.ways.get_mut(stream) else { return };
        let Some(extent) = way.extent else { return };
        let Some(handed) = handed else {
            let last = extent.last;
            found.look(Check::OutputMissing, way.next.max(extent.first) > last, || {
                (format!("{stream} sequence {}", way.next), format!("nothing is there up to the end, {last}"))
            });
            way.ended = true;
            return;
        };
        // The log has ended: no record of it will come.
        if way.found.is_some() {
            self.in_place += way.settle(stream, true, found);
        }
        if handed.sequence != way.next {
            let next = way.next.max(extent.first);
            found.look(Check::OutputMissing, handed.sequence <= next, || {
                (format!("{stream} sequence {next}"), format!("the next one is {}", handed.sequence))
            });
            way.unseen = true;
        }
        way.next = handed.sequence + 1;
        way.ended = handed.sequence >= extent.last;
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
        let output = || format!("{} at sequence {sequence} of {stream}", told(position));
        let Some(way) = self.ways.get_mut(stream) else {
            return found.look(Check::HandedOver, false, || (place(), format!("{stream} is no stream of outputs")));
        };
        let mut known = None;
        while let Some(next) = way.numbers.pop_front_if(|next| next.position <= position) {
            known = (next.position == position).then_some(next);
        }
        let rises = way.recorded.is_none_or(|recorded| sequence > recorded.sequence);
        found.look(Check::HandedOver, known.is_some() && rises, || {
            (place(), format!("{} is no output that was not recorded before", output()))
        });
        let ahead = match &known {
            Some(Numbered { number, sequence: Some(met), .. }) => {
                found.look(Check::HandedOver, *met == sequence, || {
                    (place(), format!("{} is recorded, and stands at {met}", output()))
                });
                ahead(*met, *number)
            }
            Some(Numbered { number, sequence: None, .. }) => {
                way.counts(position, *number, sequence, found, || (place(), output()));
                ahead(sequence, *number)
            }
            None => way.recorded.map_or(0, |recorded| recorded.ahead),
        };
        way.recorded = Some(Placed { position, sequence, ahead });
    }

    /// A stream of which a hand-over is recorded behind the end that it had, and the sequence of that.
    pub(super) fn short(&self) -> impl Iterator<Item = (&Name, u64)> {
        self.ways.iter().filter_map(|(name, way)| {
            let recorded = way.recorded?.sequence;
            (recorded > way.extent?.last).then_some((name, recorded))
        })
    }

    /// A stream goes on to a sequence, as was seen after the end of the log.
    pub(super) fn grows(&mut self, stream: &str, last: u64) {
        let Some(way) = self.ways.get_mut(stream) else { return };
        if let Some(extent) = way.extent.as_mut().filter(|extent| last > extent.last) {
            extent.last = last;
            way.ended = false;
        }
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
            let Some(extent) = way.extent else { continue };
            // What stood at the end of the stream may have expired like what stood before it.
            while extent.is_empty()
                && way.due.front().is_some_and(|due| way.expected(due.position, due.number) <= extent.last)
            {
                way.due.pop_front();
                way.expired += 1;
            }
            let recorded = way.recorded.map(|recorded| recorded.position);
            let over = |due: &&Due| settled || recorded.is_some_and(|recorded| due.position <= recorded);
            for due in way.due.iter().filter(over) {
                found.look(Check::OutputMissing, false, || {
                    (
                        stream.to_string(),
                        format!("{} is not there: the stream ends at {}", told(due.position), extent.last),
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
                None if !last && self.matched.is_none_or(|matched| position > matched.position) => {
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
                    self.met(position, due.number, handed.sequence, found, || (at(), told(position)));
                    self.due.pop_front();
                    in_place += 1;
                }
                Some(due) if due.position < position => {
                    if self.unseen {
                        self.expired += 1;
                    } else {
                        self.surplus -= 1;
                        if self.missing.len() < MISSING_MAX {
                            self.missing.insert(due.position);
                        }
                    }
                    self.due.pop_front();
                    self.found = Some(handed);
                }
                _ => self.out_of_place(position, at, found),
            }
        }
        in_place
    }

    /// An output stands in the stream. Of what could not be seen before it the number tells whether it is complete.
    fn met(
        &mut self,
        position: Position,
        number: u64,
        sequence: u64,
        found: &mut Findings,
        what: impl Fn() -> (String, String),
    ) {
        if std::mem::take(&mut self.unseen) {
            self.counts(position, number, sequence, found, what);
        }
        if let Ok(at) = self.numbers.binary_search_by_key(&position, |known| known.position) {
            self.numbers[at].sequence = Some(sequence);
        }
        self.matched = Some(Placed { position, sequence, ahead: ahead(sequence, number) });
        self.surplus = 0;
    }

    /// Where an output should stand, after what is known of those before it.
    fn expected(&self, position: Position, number: u64) -> u64 {
        let known = [self.matched, self.recorded].into_iter().flatten().filter(|placed| placed.position < position);
        let ahead = known.max_by_key(|placed| placed.position).map_or(0, |placed| placed.ahead);
        number.saturating_add_signed(ahead)
    }

    /// Whether an output is not among those that expired before the messages that can be seen.
    fn is_behind(&self, position: Position) -> bool {
        self.due.front().is_some_and(|due| due.position <= position)
    }

    /// Whether as many messages stand before an output as there are outputs.
    fn counts(
        &self,
        position: Position,
        number: u64,
        sequence: u64,
        found: &mut Findings,
        what: impl Fn() -> (String, String),
    ) {
        // Those that were seen are told, and stand before whatever is behind the last output met.
        let met = self.is_behind(position);
        let there = self.expected(position, number).saturating_add_signed(if met { self.surplus } else { 0 });
        let (check, more) =
            if sequence < there { (Check::OutputMissing, "fewer") } else { (Check::OutputOnce, "more") };
        found.look(check, sequence == there, || {
            let (place, what) = what();
            (place, format!("{what} stands at {sequence} and should at {there}, output {number}: {more} are before it"))
        });
    }

    /// It is not the next one, and the next one is later.
    fn out_of_place(&mut self, position: Position, at: impl Fn() -> String, found: &mut Findings) {
        self.surplus += 1;
        if self.missing.remove(&position) {
            found.look(Check::OutputOrder, false, || (at(), format!("{} stands behind later ones", told(position))));
        } else if self.matched.is_some_and(|matched| position <= matched.position) {
            found.look(Check::OutputOnce, false, || (at(), format!("{} was handed over before", told(position))));
        } else {
            found.look(Check::OutputStrange, false, || (at(), format!("{} is no output of the log", told(position))));
        }
    }
}

fn ahead(sequence: u64, number: u64) -> i64 {
    sequence.cast_signed().wrapping_sub(number.cast_signed())
}

/// A position as headers name it.
pub(super) fn told(position: Position) -> String {
    format!("output {position}")
}
