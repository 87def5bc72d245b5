//! What adapters were told, held against the log and the streams. Its memory grows with their lines: 24 bytes for each message received,
//! about 64 for each that is published with its id; acknowledged sequences are kept as ranges.

use std::collections::{BTreeMap, HashMap};

use siphasher::sip::SipHasher13;

use super::check::Check;
use super::findings::Findings;
use super::handed::{Handed, told};
use super::inputs::Inputs;
use super::lane::Extent;
use super::ranges::Ranges;
use super::witness::{AdapterLine, Given, parse_log_header};
use crate::domain::id::Name;
use crate::domain::record::{Cause, Change, Direction, Flags, MessageKind, PersonalValue, Record};

/// Any fixed key will do: the lines are an operator's own.
const KEY: (u64, u64) = (0x736b_6569_6e2e_7665, 0x7269_6679_2e61_6b31);

/// A message that was given with its id.
#[derive(Debug, Default)]
struct Message {
    stored: u32,
    /// What became of it cannot be told by its id: it is a dead letter, waits for other parts, or its words are gone.
    excused: bool,
    /// Where it was acknowledged last.
    at: (u32, u64),
}

/// Everything that adapters saw.
#[derive(Debug, Default)]
pub(super) struct Adapters {
    acks: BTreeMap<Name, Ranges>,
    streams: Vec<Name>,
    messages: HashMap<u64, Message>,
    /// Where messages were acknowledged, to their ids.
    places: HashMap<(u32, u64), u64>,
    /// By stream and sequence: the header, and whether it was met in the stream.
    received: BTreeMap<Name, BTreeMap<u64, (String, bool)>>,
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
    pub(super) fn line(&mut self, line: AdapterLine) {
        self.lines += 1;
        match line {
            AdapterLine::Published { stream, sequence, message } => {
                if let Some(given) = message {
                    let at = (self.number(&stream), sequence);
                    let Given { channel, endpoint, id } = given;
                    let key = key(&stream, &channel, &endpoint, &id);
                    self.messages.entry(key).or_default().at = at;
                    self.places.insert(at, key);
                }
                self.acks.entry(stream).or_default().insert(sequence);
            }
            AdapterLine::Received { stream, sequence, log } => {
                let before = self.received.entry(stream).or_default().insert(sequence, (log, false));
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

    /// A record, before its position is noted in `inputs`.
    pub(super) fn record(&mut self, record: &Record, inputs: &Inputs, found: &mut Findings) {
        if self.messages.is_empty() {
            return;
        }
        let Cause::Input(input) = record.cause else { return };
        let Some(stream) = inputs.lanes.get(usize::from(input.stream)).map(|lane| lane.name()) else { return };
        let number = self.streams.iter().position(|known| known == stream);
        let place = number.and_then(|number| u32::try_from(number).ok()).map(|number| (number, input.sequence));
        for (at, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::MessageStored(message) if message.direction == Direction::In => {
                    let words = record.content.iter().find_map(|personal| match &personal.value {
                        PersonalValue::Message(words) if personal.place == at => Some(words),
                        _ => None,
                    });
                    let Some(words) = words else {
                        self.excuse(place);
                        continue;
                    };
                    let odd = [Flags::ID_REUSED, Flags::BACKFILL].iter().any(|flag| message.flags.has(*flag));
                    let said = matches!(message.kind, MessageKind::Message | MessageKind::Unsupported) && !odd;
                    let Some(id) = words.provider_ref.as_deref().filter(|_| said) else { continue };
                    let key = key(stream, &message.channel, &message.endpoint, id);
                    let Some(given) = self.messages.get_mut(&key) else { continue };
                    given.stored += 1;
                    let times = given.stored;
                    found.look(Check::AckOnce, times == 1, || {
                        (
                            format!("record {}", record.index),
                            format!("a message of {} is stored for the {times}. time", message.endpoint),
                        )
                    });
                }
                Change::DeadLettered(_) | Change::PartHeld(_) | Change::AlsoReceived { .. } => self.excuse(place),
                _ => {}
            }
        }
    }

    fn excuse(&mut self, place: Option<(u32, u64)>) {
        let key = place.and_then(|place| self.places.get(&place));
        if let Some(message) = key.and_then(|key| self.messages.get_mut(key)) {
            message.excused = true;
        }
    }

    /// A message of OUT.
    pub(super) fn handed(&mut self, stream: &Name, handed: &Handed, shard: &str, found: &mut Findings) {
        let Some(received) = self.received.get_mut(stream) else { return };
        let met = received.get_mut(&handed.sequence);
        let counts = self.subjects.entry(handed.subject.clone()).or_default();
        counts.0 += 1;
        let Some((log, met)) = met else { return };
        counts.1 += 1;
        *met = true;
        let same = parse_log_header(log, shard) == handed.position;
        found.look(Check::Received, same, || {
            let stands = handed.position.map_or("nothing of this shard".to_owned(), told);
            (format!("{stream} sequence {}", handed.sequence), format!("{log} was received, there stands {stands}"))
        });
    }

    /// The end of log and streams.
    pub(super) fn finish(&mut self, inputs: &Inputs, settled: bool, found: &mut Findings) {
        for (stream, acks) in &self.acks {
            found.looked(Check::AckApplied, acks.len());
            let extent = self.extents.get(stream).copied().unwrap_or_default();
            found.looked(Check::AckKept, acks.len());
            let (beyond, first) = acks.within(extent.last + 1, u64::MAX);
            if beyond > 0 {
                found.look(Check::AckKept, false, || {
                    let told = format!(
                        "{beyond} sequences from {first} on were acknowledged, the stream ends at {}",
                        extent.last
                    );
                    (stream.to_string(), told)
                });
            }
            let lane = inputs.lane(stream);
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
            let (waiting, first) = acks.within(applied + 1, u64::MAX);
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

    fn all_stored(&self, inputs: &Inputs, found: &mut Findings) {
        for message in self.messages.values().filter(|message| message.stored == 0 && !message.excused) {
            let (number, sequence) = message.at;
            let stream = usize::try_from(number).ok().and_then(|number| self.streams.get(number));
            let lane = stream.and_then(|stream| inputs.lane(stream));
            let Some(lane) = lane.filter(|lane| sequence < lane.applied.sequence + u64::from(lane.is_whole())) else {
                continue;
            };
            found.look(Check::AckOnce, false, || {
                (format!("{} sequence {sequence}", lane.name()), "its message is in no conversation".to_owned())
            });
        }
    }

    fn all_received(&self, settled: bool, found: &mut Findings) {
        for (stream, received) in &self.received {
            let extent = self.extents.get(stream).copied().unwrap_or_default();
            let there = extent.first.max(1)..=extent.last;
            for (sequence, (log, _)) in received.iter().filter(|(at, (_, met))| there.contains(*at) && !met) {
                found.look(Check::Received, false, || {
                    (
                        format!("{stream} sequence {sequence}"),
                        format!("{log} was received, and the stream does not have it"),
                    )
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

fn key(stream: &str, channel: &str, endpoint: &str, id: &str) -> u64 {
    use std::hash::Hasher as _;
    let mut hash = SipHasher13::new_with_keys(KEY.0, KEY.1);
    for part in [stream, channel, endpoint, id] {
        hash.write(&(part.len() as u64).to_le_bytes());
        hash.write(part.as_bytes());
    }
    hash.finish()
}
