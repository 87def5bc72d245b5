//! A history as it stands on a bus: the log's messages with their records, IN, OUT, DEAD, and what adapters and agents saw of it.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;
use skein::domain::command::{Command, Verb};
use skein::domain::digest::{Extent as Digested, digest};
use skein::domain::id::{AssignmentId, Index, MessageId, Name, OfferId, Position, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Cause, Change, Direction, Record};
use skein::domain::{State, evolve, outputs};
use skein::ingest::{Place, reread};
use skein::log::{CHAIN_ORIGIN, Looked, What};
use skein::nats::Stored;
use skein::verify::{AdapterLine, AgentLine, Checker, Extent, Given, Handed, Report, Saw, Wishes};

use crate::kit::{SPACE, STREAM, Scenario, answer_to, shop};

/// The agent whose sessions are looked at.
pub(super) const ANN: &str = "ann";
/// One who takes nothing.
const BOB: &str = "bob";
/// Streams of outputs.
pub(super) const OUT: &str = "SKEIN_OUT_shop";
pub(super) const DEAD: &str = "SKEIN_DEAD_shop";

/// A story whose inputs come as bytes.
pub(super) struct Told {
    pub(super) story: Scenario,
    pub(super) inbox: Vec<Stored>,
}

/// Everything that is given to a checker.
#[derive(Clone)]
pub(super) struct Made {
    /// The log: what is an entry has a record.
    pub(super) log: Vec<(Looked, Option<Record>)>,
    /// The last sequence that the log ever gave.
    pub(super) log_end: u64,
    pub(super) inbox: Vec<Stored>,
    pub(super) out: BTreeMap<&'static str, Vec<Handed>>,
    /// So many messages of OUT expire between the look at its state and the first message that is read.
    pub(super) expire: usize,
    /// So many messages of OUT come after the look at its state.
    pub(super) late: usize,
    /// IN streams that nobody has bound, with their last sequences.
    pub(super) unbound: BTreeMap<&'static str, u64>,
    pub(super) adapters: Vec<AdapterLine>,
    pub(super) agents: Vec<AgentLine>,
    pub(super) settled: bool,
    /// What a daemon tells: the digest of what is open, at a record.
    pub(super) daemon: (Index, u64),
}

impl Told {
    pub(super) fn begins() -> Self {
        let mut story = shop().agent(ANN, |ann| ann.capacity = 9).opens();
        story.logs_in(BOB).expect("a session");
        Self { story, inbox: Vec::new() }
    }

    fn place() -> Place {
        Place { workspace: Name::new(SPACE), stream: Name::new(STREAM), number: 0 }
    }

    /// A webhook of WhatsApp comes into its stream, and so many of its events are applied.
    pub(super) fn webhook(&mut self, body: &serde_json::Value, events: usize) {
        let mut stored = self.stored(body.to_string());
        stored.subject = format!("skein.in.{SPACE}.whatsapp.wa").into();
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Skein-Format", "whatsapp-cloud");
        stored.headers = Some(headers);
        *self.inbox.last_mut().expect("it is there") = stored.clone();
        let commands = reread(&stored, &Self::place(), self.story.space().config()).expect("its bytes are there");
        commands.into_iter().take(events).for_each(|command| self.story.when(command).expect("applied"));
    }

    /// A message comes into the stream.
    pub(super) fn stored(&mut self, payload: impl Into<Vec<u8>>) -> Stored {
        let stored = Stored {
            sequence: self.inbox.len() as u64 + 1,
            subject: format!("skein.in.{SPACE}.chat.web").into(),
            headers: None,
            bad_headers: false,
            payload: payload.into().into(),
            stored_ns: None,
        };
        self.inbox.push(stored.clone());
        stored
    }

    /// And is applied.
    pub(super) fn applied(&mut self, payload: impl Into<Vec<u8>>) {
        let stored = self.stored(payload);
        let commands = reread(&stored, &Self::place(), self.story.space().config()).expect("its bytes are there");
        for command in commands {
            // What has no effect is passed over.
            drop(self.story.when(command));
        }
    }

    /// A visitor of the chat writes.
    pub(super) fn says(&mut self, visitor: &str, id: &str) {
        self.applied(words(visitor, id));
    }

    /// The whole matter of a visitor: asked, taken, answered.
    pub(super) fn helps(&mut self, visitor: &str, id: &str) -> (WorkId, AssignmentId) {
        self.says(visitor, id);
        let offer = self.story.offer(ANN).expect("an open offer");
        let (takes, answers) = (format!("take {id}"), format!("answer {id}"));
        let step = self.story.asks(ANN, Some((&takes, 1)), None, Verb::Accept { offer });
        let assigned = step.answer().assignment.expect("an assignment");
        let held = (self.story.agent(ANN).works.last().expect("a work").work, assigned);
        let send = Verb::Send(Box::new(answer_to(held, &format!("answer to {id}"))));
        self.story.asks(ANN, Some((&answers, 2)), None, send).expect("an answer");
        held
    }

    /// It is recorded that so many outputs are in OUT.
    pub(super) fn hands_over(&mut self, count: usize) {
        let all = out_of(self.story.records(0));
        let position = all[OUT][count - 1].position.expect("an output");
        self.story
            .when(Command::HandedOver {
                workspace: Name::new(SPACE),
                stream: Name::new(OUT),
                stream_sequence: count as u64,
                position,
            })
            .expect("recorded");
    }

    /// As it stands on the bus, and as adapters and ann saw it.
    pub(super) fn made(&self) -> Made {
        let records: Vec<Record> = self.story.records(0).cloned().collect();
        let mut state = State::new(Name::new("s0"));
        records.iter().for_each(|record| evolve(&mut state, record));
        let open = digest(&state, Digested::Open);
        let log = log_of(&records);
        Made {
            log_end: log.len() as u64,
            log,
            inbox: self.inbox.clone(),
            out: out_of(records.iter()),
            expire: 0,
            late: 0,
            unbound: BTreeMap::new(),
            adapters: adapters(&records, &self.inbox),
            agents: agents(&records, &self.story),
            settled: true,
            daemon: (state.head(), open),
        }
    }
}

/// The bytes of what a visitor writes.
pub(super) fn words(visitor: &str, id: &str) -> Vec<u8> {
    let body = json!({
        "eventId": id,
        "messageRef": id,
        "senders": [{"kind": "ADDRESS_KIND_WEB", "address": visitor}],
        "assurance": "ASSURANCE_PLATFORM",
        "message": {"content": {"text": format!("words of {id}")}},
    });
    body.to_string().into_bytes()
}

/// The hash behind an entry: any that depends on all before it.
fn after(chain: u64, index: u64) -> u64 {
    (chain ^ index).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17)
}

fn log_of(records: &[Record]) -> Vec<(Looked, Option<Record>)> {
    let epoch = Looked { sequence: 1, epoch: Some(1), what: What::Epoch { number: 1 } };
    let mut log = vec![(epoch, None)];
    let mut chain = CHAIN_ORIGIN;
    for (index, record) in (1u64..).zip(records) {
        let chain_after = after(chain, index);
        let what = What::Entry { index, chain, chain_after, void: false, body: Default::default() };
        log.push((Looked { sequence: index + 1, epoch: Some(1), what }, Some(record.clone())));
        chain = chain_after;
    }
    log
}

fn out_of<'r>(records: impl Iterator<Item = &'r Record>) -> BTreeMap<&'static str, Vec<Handed>> {
    let mut all = BTreeMap::from([(OUT, Vec::new()), (DEAD, Vec::new())]);
    for record in records {
        for (output, what) in (0u32..).zip(outputs(record)) {
            let (stream, subject) = match what {
                Output::Agent { .. } => continue,
                Output::Send { channel, endpoint, .. } => (OUT, format!("skein.out.{SPACE}.{channel}.{endpoint}")),
                Output::DeadLetter { reason, .. } => (DEAD, format!("skein.dead.{SPACE}.{reason}")),
            };
            let messages: &mut Vec<Handed> = all.get_mut(stream).expect("one of the two");
            messages.push(Handed {
                sequence: messages.len() as u64 + 1,
                subject,
                position: Some(Position { index: record.index, output }),
            });
        }
    }
    all
}

fn adapters(records: &[Record], inbox: &[Stored]) -> Vec<AdapterLine> {
    let published = inbox.iter().map(|stored| {
        let body: Option<serde_json::Value> = serde_json::from_slice(&stored.payload).ok();
        let id = body.and_then(|body| body["messageRef"].as_str().map(str::to_owned));
        let message = id.map(|id| Given { channel: Name::new("chat"), endpoint: Name::new("web"), id });
        AdapterLine::Published { stream: Name::new(STREAM), sequence: stored.sequence, message }
    });
    let out = out_of(records.iter()).remove(OUT).unwrap_or_default().into_iter().map(|handed| {
        let position = handed.position.unwrap_or_default();
        let log = format!("s0/{}/{}", position.index, position.output);
        AdapterLine::Received { stream: Name::new(OUT), sequence: handed.sequence, log }
    });
    published.chain(out).collect()
}

/// What ann's tool saw, with its session opened before anything happened and gone on with in the middle.
fn agents(records: &[Record], story: &Scenario) -> Vec<AgentLine> {
    let me = story.id(ANN);
    let line = |saw| AgentLine { workspace: Name::new(SPACE), agent: Name::new(ANN), connection: 0, saw };
    let mut lines = vec![line(Saw::Welcome { after: Position::default(), session: 1 })];
    for record in records {
        for (output, what) in (0u32..).zip(outputs(record)) {
            if matches!(what, Output::Agent { agent, .. } if agent == me) {
                let at = Position { index: record.index, output };
                lines.push(line(Saw::Event { at }));
                if lines.len() == 4 {
                    lines.push(line(Saw::End));
                    lines.push(line(Saw::Welcome { after: at, session: 1 }));
                }
            }
        }
        lines.extend(answer(record).map(line));
    }
    lines
}

/// What the command of a record was answered with.
fn answer(record: &Record) -> Option<Saw> {
    let Cause::Command(request) = &record.cause else { return None };
    let (mut offer, mut assignment, mut message): (Option<OfferId>, Option<AssignmentId>, Option<MessageId>) =
        (None, None, None);
    for (place, change) in (0u16..).zip(&record.changes) {
        match change {
            Change::OfferEnded { offer: ended, .. } => offer = Some(*ended),
            Change::Assigned(_) => assignment = Some(AssignmentId::new(record.index, place)),
            Change::MessageStored(stored) if stored.direction == Direction::Out => {
                message = Some(MessageId::new(record.index, place));
            }
            _ => {}
        }
    }
    (assignment.is_some() || message.is_some()).then(|| Saw::Answer {
        request_id: request.request_id.clone(),
        offer,
        assignment,
        message,
    })
}

/// A stream of outputs, as it is read.
struct Reading {
    messages: VecDeque<Handed>,
    begins: u64,
    next: u64,
    last: u64,
}

impl Reading {
    fn new(messages: Vec<Handed>, (begins, last): (u64, u64)) -> Self {
        Self { messages: messages.into(), begins, next: begins, last }
    }

    fn hand(&mut self, stream: &Name, checker: &mut Checker) {
        let first = self.messages.front().map_or(self.last + 1, |handed| handed.sequence);
        let handed = self.messages.pop_front();
        // Only at its beginning may something have expired.
        if first > self.next && self.next == self.begins {
            checker.out_begins(stream, first);
        }
        self.next = first + 1;
        checker.handed(stream, handed);
    }
}

impl Made {
    /// Has it checked, as the command does.
    pub(super) fn check(mut self) -> Report {
        let mut checker = Checker::new(Name::new("s0"), Wishes { settled: self.settled, twice: true });
        let last = self.inbox.last().map_or(0, |stored| stored.sequence);
        checker.in_stream(Name::new(STREAM), Extent { created_ns: 1, first: 1, last });
        let mut lasts = BTreeMap::new();
        for (stream, messages) in &self.out {
            let first = messages.first().map_or(1, |handed| handed.sequence);
            let late = if *stream == OUT { self.late } else { 0 };
            let last = messages.iter().rev().nth(late).map_or(0, |handed| handed.sequence);
            checker.out_stream(Name::new(stream), Extent { created_ns: 1, first, last });
            lasts.insert(*stream, (first, last));
        }
        let (at, open) = self.daemon;
        checker.daemon(at, open);
        self.adapters.into_iter().for_each(|line| checker.adapter(line));
        self.agents.into_iter().for_each(|line| checker.agent(line));
        if let Some(messages) = self.out.get_mut(OUT) {
            messages.drain(..self.expire);
        }
        let mut out: BTreeMap<&str, Reading> =
            self.out.into_iter().map(|(name, all)| (name, Reading::new(all, lasts[name]))).collect();
        for (looked, record) in &self.log {
            let (true, Some(record)) = (checker.message(looked), record) else { continue };
            for wanted in checker.wants(record) {
                for sequence in wanted.from..=wanted.to {
                    match self.inbox.iter().find(|it| it.sequence == sequence) {
                        Some(stored) => checker.inbound(&wanted, stored),
                        None => checker.inbound_gone(&wanted, sequence..sequence + 1),
                    }
                }
            }
            checker.record(record);
            while let Some(stream) = checker.wants_handed().cloned() {
                out.get_mut(stream.as_str()).expect("it is there").hand(&stream, &mut checker);
            }
        }
        checker.log_ends(self.log_end);
        let short: Vec<(Name, u64)> = checker.out_short().map(|(stream, to)| (stream.clone(), to)).collect();
        for (stream, to) in short {
            if let Some(last) = out[stream.as_str()].messages.back().map(|handed| handed.sequence) {
                checker.out_grows(&stream, last.min(to));
            }
        }
        let unknown: Vec<Name> = checker.unknown().cloned().collect();
        for stream in unknown {
            if let Some(last) = self.unbound.get(stream.as_str()) {
                checker.in_stream(stream, Extent { created_ns: 9, first: 1, last: *last });
            }
        }
        while let Some(stream) = checker.unread().cloned() {
            out.get_mut(stream.as_str()).expect("it is there").hand(&stream, &mut checker);
        }
        checker.finish()
    }

    /// The records, to be tampered with.
    pub(super) fn records(&mut self) -> impl Iterator<Item = &mut Record> {
        self.log.iter_mut().filter_map(|(_, record)| record.as_mut())
    }

    /// The changes of all records, each with its record's number.
    pub(super) fn changes(&mut self) -> impl Iterator<Item = (Index, &mut Change)> {
        self.records().flat_map(|record| {
            let index = record.index;
            record.changes.iter_mut().map(move |change| (index, change))
        })
    }

    /// A new epoch is announced before the third entry from the end.
    pub(super) fn is_taken_over(&mut self) {
        let at = self.log.len() - 3;
        let mut epoch = self.log[0].clone();
        epoch.0.what = What::Epoch { number: 2 };
        epoch.0.epoch = Some(2);
        self.log.insert(at, epoch);
        self.log[at + 1..].iter_mut().for_each(|(looked, _)| looked.epoch = Some(2));
        (1..).zip(&mut self.log).for_each(|(sequence, (looked, _))| looked.sequence = sequence);
    }

    /// Messages of a stream of outputs get their sequences anew.
    pub(super) fn renumber(&mut self, stream: &str) {
        let messages = self.out.get_mut(stream).expect("one of the two");
        (1..).zip(messages).for_each(|(sequence, handed)| handed.sequence = sequence);
    }
}

/// An input that cannot be read.
pub(super) fn unreadable(told: &mut Told) {
    told.applied("{");
    assert!(matches!(told.story.last().changes[0], Change::DeadLettered(_)), "{:?}", told.story.last());
}
