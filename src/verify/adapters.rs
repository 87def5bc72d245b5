//! What adapters were told, held against the log and the streams. Its memory grows with their lines: about 40 bytes for each message
//! received, 64 for each that is published with its id, and until its stream is bound that itself; acknowledged sequences are kept as ranges.
//!
//! A message is found in the log by the fingerprint of its id, which stays when its words are gone.

use std::collections::{BTreeMap, HashMap};

use super::check::Check;
use super::findings::Findings;
use super::handed::{Handed, told};
use super::inputs::Inputs;
use super::lane::Extent;
use super::ranges::Ranges;
use super::witness::{AdapterLine, Given};
use crate::domain::id::{Name, Position};
use crate::domain::record::{Cause, Change, Direction, Flags, MessageKind, MessageStored, PersonalValue, Record};
use crate::domain::{State, provider_fingerprint};
use crate::outbound::parse_log_header;

/// A message that was given with its id.
#[derive(Debug, Default)]
struct Message {
    stored: u32,
    /// The log knows it otherwise: as history, as a part of a text, as somebody's words from outside, as a dead letter.
    known: bool,
}

/// Everything that adapters saw.
#[derive(Debug, Default)]
pub(super) struct Adapters {
    acks: BTreeMap<Name, Ranges>,
    streams: Vec<Name>,
    /// By stream that is not bound yet, where each was acknowledged.
    given: BTreeMap<Name, Vec<(Given, u64)>>,
    /// By the fingerprints of their ids.
    messages: HashMap<u64, Message>,
    /// Where messages were acknowledged, to the fingerprints of their ids.
    places: HashMap<(u32, u64), u64>,
    /// By stream and sequence what was received, and not met in the stream yet: which output; none: of this shard, none.
    received: BTreeMap<Name, BTreeMap<u64, Option<Position>>>,
    /// By subject: messages of the stream, and those that were received.
    subjects: BTreeMap<String, (u64, u64)>,
    extents: BTreeMap<Name, Extent>,
    /// Lines taken.
    pub(super) lines: u64,
    /// Received more than once: by an adapter that was interrupted before its ack.
    pub(super) again: u64,
    /// Acknowledged, and not applied yet.
    pub(super) waiting: u64,
}

impl Adapters {
    pub(super) fn line(&mut self, line: AdapterLine, shard: &str) {
        self.lines += 1;
        match line {
            AdapterLine::Published { stream, sequence, message } => {
                if let Some(given) = message {
                    self.given.entry(stream.clone()).or_default().push((given, sequence));
                }
                self.acks.entry(stream).or_default().insert(sequence);
            }
            AdapterLine::Received { stream, sequence, log } => {
                let position = parse_log_header(&log, shard);
                let before = self.received.entry(stream).or_default().insert(sequence, position);
                self.again += u64::from(before.is_some());
            }
        }
    }

    fn number(&mut self, stream: &Name) -> u32 {
        let known = self.streams.iter().position(|known| known == stream);
        let at = known.unwrap_or_else(|| {
            self.streams.push(stream.clone());
            self.streams.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    pub(super) fn stream(&mut self, name: Name, extent: Extent) {
        self.extents.insert(name, extent);
    }

    /// What stood before a sequence has expired since the reading began.
    pub(super) fn begins(&mut self, stream: &str, first: u64) {
        if let Some(extent) = self.extents.get_mut(stream) {
            extent.first = extent.first.max(first);
        }
    }

    /// A stream goes on to a sequence.
    pub(super) fn grows(&mut self, stream: &str, last: u64) {
        if let Some(extent) = self.extents.get_mut(stream) {
            extent.last = extent.last.max(last);
        }
    }

    /// A stream by which something was acknowledged, and of which nothing is known.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &Name> {
        self.acks.keys().filter(|stream| !self.extents.contains_key(*stream))
    }

    /// A record, before its position is noted in `inputs` and it is folded into `state`.
    pub(super) fn record(&mut self, record: &Record, inputs: &Inputs, state: &State, found: &mut Findings) {
        let Some(space) =
            state.workspace(&record.workspace).filter(|_| !self.given.is_empty() || !self.messages.is_empty())
        else {
            return;
        };
        let key = space.hash_key();
        let place = match record.cause {
            Cause::Input(input) => inputs.lanes.get(usize::from(input.stream)).and_then(|lane| {
                let number = self.streams.iter().position(|known| known == lane.name())?;
                Some((u32::try_from(number).ok()?, input.sequence))
            }),
            Cause::Command(_) | Cause::Timer | Cause::System => None,
        };
        for (at, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::StreamBound { name, .. } => self.bound(name, key),
                Change::MessageStored(message) => {
                    let words = record.content.iter().find_map(|personal| match &personal.value {
                        PersonalValue::Message(words) if personal.place == at => words.provider_ref.as_deref(),
                        _ => None,
                    });
                    // What changes something said goes by the id of that, and has no fingerprint of its own.
                    let (channel, endpoint) = (&message.channel, &message.endpoint);
                    self.known(words.map_or(0, |id| provider_fingerprint(key, channel, endpoint, id)));
                    self.stored(record, message, found);
                    if message.provider_fingerprint == 0 {
                        self.excuse(place);
                    }
                }
                Change::PartHeld(part) => self.known(part.provider_fingerprint),
                Change::ReceiptNoted(receipt) => self.known(receipt.provider_fingerprint),
                Change::DeadLettered(_) | Change::AlsoReceived { .. } => self.excuse(place),
                _ => {}
            }
        }
    }

    /// A stream is bound in a workspace with this key.
    fn bound(&mut self, stream: &Name, key: &[u8; 16]) {
        for (Given { channel, endpoint, id }, sequence) in self.given.remove(stream).unwrap_or_default() {
            let at = (self.number(stream), sequence);
            let fingerprint = provider_fingerprint(key, &channel, &endpoint, &id);
            self.messages.entry(fingerprint).or_default();
            self.places.insert(at, fingerprint);
        }
    }

    fn stored(&mut self, record: &Record, message: &MessageStored, found: &mut Findings) {
        let Some(given) = self.messages.get_mut(&message.provider_fingerprint) else { return };
        given.known = true;
        let odd = [Flags::ID_REUSED, Flags::BACKFILL].iter().any(|flag| message.flags.has(*flag));
        let said = matches!(message.kind, MessageKind::Message | MessageKind::Unsupported);
        if odd || !said || message.direction != Direction::In {
            return;
        }
        given.stored += 1;
        let times = given.stored;
        found.look(Check::AckOnce, times == 1, || {
            (
                format!("record {}", record.index),
                format!("a message of {} is stored for the {times}. time", message.endpoint),
            )
        });
    }

    fn known(&mut self, fingerprint: u64) {
        if let Some(message) = self.messages.get_mut(&fingerprint) {
            message.known = true;
        }
    }

    fn excuse(&mut self, place: Option<(u32, u64)>) {
        if let Some(fingerprint) = place.and_then(|place| self.places.get(&place)) {
            self.known(*fingerprint);
        }
    }

    /// A message of OUT.
    pub(super) fn handed(&mut self, stream: &Name, handed: &Handed, found: &mut Findings) {
        let Some(received) = self.received.get_mut(stream) else { return };
        let counts = self.subjects.entry(handed.subject.clone()).or_default();
        counts.0 += 1;
        let Some(position) = received.remove(&handed.sequence) else { return };
        counts.1 += 1;
        found.look(Check::Received, position == handed.position, || {
            let stands = whose(handed.position);
            let told = format!("{} was received, there stands {stands}", whose(position));
            (format!("{stream} sequence {}", handed.sequence), told)
        });
    }

    /// The end of log and streams.
    pub(super) fn finish(&mut self, inputs: &Inputs, settled: bool, found: &mut Findings) {
        for (stream, acks) in &self.acks {
            found.looked(Check::AckApplied, acks.len());
            found.looked(Check::AckKept, acks.len());
            let last = self.extents.get(stream).map_or(0, |extent| extent.last);
            let lane = inputs.lane(stream);
            // What was applied was there, also where the stream is another one by now, or none.
            let reached = lane.map_or(0, |lane| lane.reached).max(last);
            let (beyond, first) = acks.within(reached + 1, u64::MAX);
            if beyond > 0 {
                found.look(Check::AckKept, false, || {
                    let told =
                        format!("{beyond} sequences from {first} on were acknowledged, the stream ends at {last}");
                    (stream.to_string(), told)
                });
            }
            for (from, to) in lane.into_iter().flat_map(|lane| &lane.lost) {
                let (lost, first) = acks.within(*from, *to);
                if lost > 0 {
                    found.look(Check::AckApplied, false, || {
                        (format!("{stream} sequence {first}"), format!("{lost} acknowledged inputs were never applied"))
                    });
                }
            }
            let whole = lane.is_some_and(|lane| lane.is_whole());
            let applied = lane.map_or(0, |lane| lane.applied.sequence.saturating_sub(u64::from(!whole)));
            let (waiting, first) = acks.within(applied + 1, last);
            self.waiting += waiting;
            if waiting > 0 && settled {
                found.look(Check::AckApplied, false, || {
                    (format!("{stream} sequence {first}"), format!("{waiting} acknowledged inputs are not applied"))
                });
            }
        }
        self.all_stored(inputs, found);
        self.all_received(settled, found);
    }

    fn all_stored(&mut self, inputs: &Inputs, found: &mut Findings) {
        let is_unknown =
            |(_, fingerprint): &(_, &u64)| self.messages.get(*fingerprint).is_some_and(|given| !given.known);
        let known = self.messages.values().filter(|given| given.known).count();
        found.looked(Check::AckStored, known as u64);
        let unknown: BTreeMap<_, _> = self.places.iter().filter(is_unknown).collect();
        for (&(number, sequence), fingerprint) in unknown {
            let stream = usize::try_from(number).ok().and_then(|number| self.streams.get(number));
            let lane = stream.and_then(|stream| inputs.lane(stream));
            let Some(lane) = lane.filter(|lane| sequence < lane.applied.sequence + u64::from(lane.is_whole())) else {
                continue;
            };
            // It is told once, however often it was published.
            if self.messages.remove(fingerprint).is_some() {
                found.look(Check::AckStored, false, || {
                    (format!("{} sequence {sequence}", lane.name()), "its message is in no conversation".to_owned())
                });
            }
        }
    }

    fn all_received(&self, settled: bool, found: &mut Findings) {
        for (stream, received) in &self.received {
            let extent = self.extents.get(stream).copied().unwrap_or_default();
            let there = extent.first.max(1)..=extent.last;
            for (sequence, position) in received.iter().filter(|(at, _)| there.contains(*at)) {
                found.look(Check::Received, false, || {
                    let told = format!("{} was received, and the stream does not have it", whose(*position));
                    (format!("{stream} sequence {sequence}"), told)
                });
            }
        }
        for (subject, (there, received)) in self.subjects.iter().filter(|(_, (_, received))| *received > 0) {
            if settled {
                found.look(Check::Received, there == received, || {
                    (subject.clone(), format!("{received} of {there} messages were received"))
                });
            }
        }
    }
}

fn whose(position: Option<Position>) -> String {
    position.map_or("nothing of this shard".to_owned(), told)
}
