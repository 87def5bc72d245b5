//! Inputs: each applied once, in the order of its stream, as it stands there, and none with an effect passed over.
//!
//! What makes no record is passed over by the next position of its stream (design, law 6). Whether that was right is asked of the core: the
//! message is read again and decided where the log stands then. Where that cannot be told (the message is gone, or its bytes are in the
//! object store, or another splitter made its events, or configuration or an erasure came between, or it is no message and anything else
//! happened between) it is counted as not looked at.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::check::Check;
use super::findings::{Breach, Findings};
use super::lane::{Extent, Lane, Passed};
use crate::domain::State;
use crate::domain::id::Name;
use crate::domain::record::{Cause, Change, Direction, Input, InputResumed, Record};
use crate::domain::time::Timestamp;
use crate::ingest::{Place, digest};
use crate::nats::Stored;

/// Messages of an IN stream that are to be given before a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Name of the stream.
    pub stream: Name,
    /// First sequence.
    pub from: u64,
    /// Last sequence.
    pub to: u64,
    target: Target,
    at: Timestamp,
}

/// A position that a record reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    at: Input,
    /// The event there made the record; otherwise it is passed over like those before it.
    made: bool,
}

impl Target {
    /// The first event of its message that was not passed over.
    fn first(self) -> u16 {
        if self.made { self.at.event } else { self.at.event.saturating_add(1) }
    }
}

/// Everything that came in.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    extents: BTreeMap<Name, Extent>,
    /// By number.
    pub(super) lanes: Vec<Lane>,
    /// Numbers of endpoints.
    endpoints: HashMap<Name, u32>,
    /// Last position of each stream, endpoint and leaf: grows with the customers who wrote.
    said: HashMap<(u16, u32, u32), (u64, u16)>,
    /// Events that were applied.
    pub(super) applied: u64,
    /// Messages passed over that have no effect.
    pub(super) passed: u64,
    /// Messages passed over of which nothing can be told.
    pub(super) unknown: u64,
}

impl Inputs {
    pub(super) fn stream(&mut self, name: Name, extent: Extent) {
        self.extents.insert(name, extent);
    }

    pub(super) fn lane(&self, name: &str) -> Option<&Lane> {
        // The last that was bound under the name.
        self.lanes.iter().rev().find(|lane| lane.name() == name)
    }

    /// What is to be given before `record`, in order.
    pub(super) fn wants(&self, record: &Record) -> Vec<Wanted> {
        targets(record)
            .filter_map(|target| {
                let lane = self.lanes.get(usize::from(target.at.stream))?;
                let extent = lane.same()?;
                let from = (lane.applied.sequence + 1).max(extent.first);
                let to = target.at.sequence.min(extent.last);
                (from <= to).then(|| Wanted { stream: lane.name().clone(), from, to, target, at: record.time })
            })
            .collect()
    }

    /// A message that was wanted, in order; `state` is before the record.
    pub(super) fn message(&mut self, wanted: &Wanted, message: &Stored, state: &State, found: &mut Findings) {
        let (target, first) = (wanted.target.at, wanted.target.first());
        let Some(lane) = self.lanes.get_mut(usize::from(target.stream)) else { return };
        if message.sequence < target.sequence {
            lane.given += 1;
            let passed = if Lane::splits_as(target) {
                lane.passed(message, 0..u16::MAX, state, wanted.at)
            } else {
                Passed::Unknown
            };
            self.note(target.stream, message.sequence, passed, found);
            return;
        }
        let is = digest(message);
        if is != target.digest {
            let place = format!("{} sequence {}", lane.name(), message.sequence);
            let detail = format!("digest {is:016x} in the stream, {:016x} in the log", target.digest);
            lane.hold(message.sequence, Breach { check: Check::InputKnown, place, detail });
        }
        found.looked(Check::InputKnown, 1);
        lane.next = Some(message.clone());
        if first > 0 && Lane::splits_as(target) {
            let passed = lane.passed(message, 0..first, state, wanted.at);
            self.note(target.stream, message.sequence, passed, found);
        }
    }

    /// Some of what was wanted is not in the stream, which begins before it. `gone` is not empty.
    pub(super) fn gone(&mut self, wanted: &Wanted, gone: Range<u64>, found: &mut Findings) {
        let Some(lane) = self.lanes.get_mut(usize::from(wanted.target.at.stream)) else { return };
        found.looked(Check::InputKnown, 1);
        let place = format!("{} sequence {}", lane.name(), gone.start);
        let detail =
            format!("{} messages up to {} were deleted from within the stream", gone.end - gone.start, gone.end - 1);
        lane.hold(gone.start, Breach { check: Check::InputKnown, place, detail });
    }

    fn note(&mut self, stream: u16, sequence: u64, passed: Passed, found: &mut Findings) {
        match passed {
            Passed::Unknown => return self.unknown += 1,
            Passed::Nothing => self.passed += 1,
            Passed::Effect | Passed::Kept => {
                let lane = &mut self.lanes[usize::from(stream)];
                let place = format!("{} sequence {sequence}", lane.name());
                let detail = "it has an effect, and the log went on behind it".to_owned();
                lane.hold(sequence, Breach { check: Check::InputSkipped, place, detail });
            }
        }
        found.looked(Check::InputSkipped, 1);
    }

    /// A record, before it is folded into `state`.
    pub(super) fn record(&mut self, record: &Record, state: &State, found: &mut Findings) {
        for change in &record.changes {
            self.change(record, change, found);
        }
        if let Cause::Input(input) = record.cause {
            self.applied += 1;
            self.is_next(record, input, found);
        }
        for target in targets(record) {
            self.reach(record, target, state, found);
        }
        self.happened(record);
        self.order(record, found);
    }

    /// Whether the input is behind what was applied.
    fn is_next(&self, record: &Record, input: Input, found: &mut Findings) {
        let lane = self.lanes.get(usize::from(input.stream));
        let place = || format!("record {}", record.index);
        let Some(lane) = lane.filter(|lane| lane.place.workspace == record.workspace) else {
            return found
                .look(Check::InputOnce, false, || (place(), format!("{input:?} of a stream that is not bound")));
        };
        let known = lane.applied;
        found.look(Check::InputOnce, input.is_after(&known), || {
            let at = |input: Input| format!("sequence {} event {} of {}", input.sequence, input.event, input.of);
            (place(), format!("{} of {} is applied behind {}", at(input), lane.name(), at(known)))
        });
        if let Some(extent) = lane.same().filter(|extent| input.sequence > extent.last) {
            let detail = format!("{} ends at {}, and {} is applied", lane.name(), extent.last, input.sequence);
            found.look(Check::InputKnown, false, || (place(), detail));
        }
    }

    /// A position is reached: what lies before it and was not applied is passed over.
    fn reach(&mut self, record: &Record, reached: Target, state: &State, found: &mut Findings) {
        let target = reached.at;
        let Some(lane) = self.lanes.get_mut(usize::from(target.stream)) else { return };
        if !target.is_after(&lane.applied) {
            return;
        }
        let (before, same_message) = (lane.applied, target.sequence == lane.applied.sequence);
        // The rest of a message of which a part was applied, or what lies between two of its events.
        let behind = before.event.saturating_add(1);
        let rest = if same_message { behind..reached.first() } else { behind..before.of };
        if !rest.is_empty() && before.sequence > 0 {
            let message = lane.message.as_ref().filter(|message| message.sequence == before.sequence);
            let known = message.filter(|_| Lane::splits_as(target) && Lane::splits_as(before));
            let passed = known.map_or(Passed::Unknown, |message| lane.passed(message, rest, state, record.time));
            self.note(target.stream, before.sequence, passed, found);
        }
        let lane = &mut self.lanes[usize::from(target.stream)];
        let between = (target.sequence - before.sequence).saturating_sub(1);
        self.unknown += between.saturating_sub(lane.given);
        lane.advance(target);
    }

    fn change(&mut self, record: &Record, change: &Change, found: &mut Findings) {
        match change {
            Change::StreamBound { stream, name, created_ns } => {
                let place = Place { workspace: record.workspace.clone(), stream: name.clone(), number: *stream };
                let extent = self.extents.get(name).copied();
                self.lanes.push(Lane::new(place, *created_ns, extent));
            }
            Change::InputGap { stream, from, to } => {
                let Some(lane) = self.lanes.get_mut(usize::from(*stream)) else { return };
                lane.lost.push((*from, *to));
                let place = format!("record {}", record.index);
                let detail = format!("{} sequences {from} to {to} were gone before they were applied", lane.name());
                found.look(Check::InputGap, false, || (place, detail));
                let to = Input { stream: *stream, sequence: *to, of: 1, ..Input::default() };
                if to.is_after(&lane.applied) {
                    lane.advance(to);
                }
            }
            Change::InputResumed(InputResumed { stream, created_ns, sequence, digest }) => {
                let Some(lane) = self.lanes.get_mut(usize::from(*stream)) else { return };
                let applied =
                    Input { stream: *stream, sequence: *sequence, of: 1, digest: *digest, ..Input::default() };
                lane.resumed(*created_ns, applied);
                self.said.retain(|(of, _, _), _| of != stream);
            }
            Change::ConfigApplied { .. } | Change::Erased { .. } | Change::IdentityRekeyed(_) => {
                let of_it = self.lanes.iter_mut().filter(|lane| lane.place.workspace == record.workspace);
                of_it.for_each(|lane| lane.changed = true);
            }
            _ => {}
        }
    }

    /// To streams that the record is not of, something else happened.
    fn happened(&mut self, record: &Record) {
        let own = match record.cause {
            Cause::Input(input) => Some(input.stream),
            Cause::Command(_) | Cause::Timer | Cause::System => None,
        };
        let kept = |change: &Change| matches!(change, Change::Progress { .. } | Change::HandedOver { .. });
        if record.changes.iter().all(kept) {
            return;
        }
        let others = self.lanes.iter_mut().filter(|lane| lane.place.workspace == record.workspace);
        others.filter(|lane| Some(lane.place.number) != own).for_each(|lane| lane.others = true);
    }

    /// Messages of one leaf by one stream and endpoint come in the order of their positions.
    fn order(&mut self, record: &Record, found: &mut Findings) {
        let Cause::Input(input) = record.cause else { return };
        for change in &record.changes {
            let Change::MessageStored(message) = change else { continue };
            if message.direction != Direction::In {
                continue;
            }
            let next = u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX);
            let endpoint = *self.endpoints.entry(message.endpoint.clone()).or_insert(next);
            let at = (input.sequence, input.event);
            let before = self.said.insert((input.stream, endpoint, message.leaf.0), at);
            found.look(Check::CustomerOrder, before.is_none_or(|before| before < at), || {
                let before = before.unwrap_or_default();
                let detail = format!("{} by {}: {at:?} is applied behind {before:?}", message.leaf, message.endpoint);
                (format!("record {}", record.index), detail)
            });
        }
    }

    /// The end of the log: what was held back is so.
    pub(super) fn finish(&mut self, found: &mut Findings) {
        for lane in &mut self.lanes {
            lane.told().for_each(|breach| found.breach(breach));
        }
    }
}

/// Positions that a record reaches.
fn targets(record: &Record) -> impl Iterator<Item = Target> {
    let own = match record.cause {
        Cause::Input(at) => Some(Target { at, made: true }),
        Cause::Command(_) | Cause::Timer | Cause::System => None,
    };
    let reached = record.changes.iter().filter_map(|change| match change {
        Change::Progress { reached } => Some(reached.iter().map(|at| Target { at: *at, made: false })),
        _ => None,
    });
    own.into_iter().chain(reached.flatten())
}
