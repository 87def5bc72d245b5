//! One process that owns the shard, or believes to: the engine, its way into the log, what it reads and what it hands over.

use std::collections::VecDeque;

use skein::domain::command::{AgentCommand, Arrival, Command, DeadLetter, Verb};
use skein::domain::id::{LeafId, MessageId, Name, Position};
use skein::domain::output::{Output, outputs};
use skein::domain::record::{Change, Input, Record, Request};
use skein::domain::time::Timestamp;
use skein::domain::timer::Timer;
use skein::domain::{State, decide, evolve};
use skein::shard::{Appender as _, Engine, LogEnded, Released};

use super::archive::Archive;
use super::checks::{ACME, Broken, holds};
use super::customers::InMessage;
use super::model::{Flight, Standing, Store, Writer};
use super::rng::Rng;
use super::setup;
use super::snapshots::Snapshot;
use super::stats::Stats;

/// IN streams; the last one carries nothing and is found broken.
const STREAMS: [&str; 3] = ["SKEIN_IN_acme", "SKEIN_IN_acme_partner", "SKEIN_IN_acme_old"];
/// Streams that outputs go to.
pub(crate) const OUTS: [&str; 2] = ["SKEIN_OUT_acme", "SKEIN_DEAD_acme"];
/// Timers in one turn; more at one time means that one does not go away.
const TIMERS: usize = 5_000;

/// OUT and DEAD as the servers hold them.
#[derive(Debug, Default)]
pub(crate) struct Outs {
    pub(crate) streams: [Vec<Position>; 2],
    /// Messages that their adapters have not looked at.
    pub(crate) unseen: Vec<(MessageId, Name, Name)>,
}

/// An output on its way out.
type Outgoing = (Position, Output);

/// One process.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) engine: Engine<u64>,
    pub(crate) writer: Writer,
    /// Next sequence and event of each IN stream.
    read: [(u64, u16); 2],
    outbox: [VecDeque<Outgoing>; 2],
    /// How long it believes OUT and DEAD to be.
    lengths: [usize; 2],
    released: u64,
    archive: Archive,
}

fn ended(error: LogEnded) -> Broken {
    Broken { check: "nobody asks an owner who was deposed", detail: error.to_string() }
}

/// The outputs of a record that go to OUT, and those that go to DEAD.
pub(crate) fn leaving(record: &Record, stream: usize) -> impl Iterator<Item = Outgoing> {
    let index = record.index;
    (0u32..).zip(outputs(record)).filter_map(move |(output, what)| {
        let goes = match what {
            Output::Send { .. } => stream == 0,
            Output::DeadLetter { .. } => stream == 1,
            Output::Agent { .. } => false,
        };
        goes.then_some((Position { index, output }, what))
    })
}

/// Leaves whose keys are destroyed when the record is in the log.
fn destroyed(record: &Record) -> impl Iterator<Item = LeafId> {
    let leaves = record.changes.iter().filter_map(|change| match change {
        Change::KeyDestroyed { leaves, .. } => Some(leaves.iter().copied()),
        _ => None,
    });
    leaves.flatten()
}

impl Node {
    /// Takes the log over and folds it.
    pub(crate) fn start(store: &mut Store, outs: &Outs, snapshot: Option<&Snapshot>) -> Result<Self, Broken> {
        let writer = Writer::take_over(store);
        let (mut state, noted) = match snapshot {
            Some(snapshot) => (snapshot.state()?, snapshot.records),
            None => (State::new(Name::new("s1")), 0),
        };
        // Whose keys are destroyed: their content is not read again.
        let gone: Vec<LeafId> = store.valid().iter().flat_map(|record| destroyed(record)).collect();
        for record in &store.valid()[noted..] {
            holds("log without gap", record.index.follows(state.head()), || format!("{} in the fold", record.index))?;
            evolve(&mut state, &record.without_content_of(&gone));
        }
        let outbox = [0, 1].map(|stream| {
            let last = outs.streams[stream].last().copied();
            // What is before a snapshot was handed over when it was taken.
            let all = store.valid()[noted..].iter().flat_map(|record| leaving(record, stream));
            all.filter(|(position, _)| last.is_none_or(|last| *position > last)).collect()
        });
        let read = [0, 1].map(|stream: usize| match state.stream(STREAMS[stream]) {
            None => (1, 0),
            Some(bound) if bound.position.event + 1 < bound.position.of => {
                (bound.position.sequence, bound.position.event + 1)
            }
            Some(bound) => (bound.position.sequence + 1, 0),
        });
        let released = state.head().0;
        Ok(Self {
            engine: Engine::new(state),
            writer,
            read,
            outbox,
            lengths: [0, 1].map(|stream: usize| outs.streams[stream].len()),
            released,
            archive: Archive::default(),
        })
    }

    /// Whether all that has left the shard is in OUT and DEAD.
    pub(crate) fn has_handed_over(&self) -> bool {
        self.engine.held() == 0 && self.outbox.iter().all(VecDeque::is_empty)
    }

    /// The first records of an owner.
    pub(crate) fn begin(&mut self, now: Timestamp, outage_ms: u64) -> Result<(), Broken> {
        let workspace = Name::new(ACME);
        let mut commands = Vec::new();
        if self.engine.state().workspace(ACME).is_some() {
            commands.push(Command::Resume { workspace: workspace.clone(), outage_ms });
        }
        commands.push(Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [7; 16] });
        let configured = self.engine.state().workspace(ACME).is_some_and(|space| space.config_sha256().is_some());
        if !configured {
            commands.push(Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(setup::config()) });
        }
        commands.push(Command::RenewReplyKey { workspace: workspace.clone(), key: [5; 32] });
        commands.extend(STREAMS.iter().map(|stream| Command::BindStream {
            workspace: workspace.clone(),
            stream: Name::new(stream),
            created_ns: 1,
        }));
        commands.into_iter().try_for_each(|command| self.handle(command, now, None))
    }

    pub(crate) fn has_room(&self) -> bool {
        self.writer.has_room()
    }

    /// What an input wants to know of what the state has forgotten: asked by ingest, and again by the shard if the state has forgotten
    /// more meanwhile.
    pub(crate) fn look_up(&mut self, command: &mut Command, now: Timestamp, store: &Store, stats: &mut Stats) {
        let Command::Input(arrival) = command else { return };
        let state = self.engine.state();
        let sought = state.workspace(&arrival.workspace).and_then(|space| space.sought(arrival, now));
        if let Some(sought) = sought {
            arrival.older = Some(self.archive.told_before(sought.clone(), store));
            stats.hit("archive asked", "by ingest");
            if state.wants_older(arrival, now) {
                arrival.older = Some(self.archive.tells(sought, store));
                stats.hit("archive asked", "by the shard");
            }
        }
        self.archive.go_on(store);
        self.engine.archived(self.archive.through);
    }

    pub(crate) fn handle(&mut self, command: Command, now: Timestamp, token: Option<u64>) -> Result<(), Broken> {
        self.engine.handle(command, now, token, &mut self.writer).map(drop).map_err(ended)
    }

    pub(crate) fn read(&self) -> [(u64, u16); 2] {
        self.read
    }

    pub(crate) fn unread(&self, stream: usize, messages: &[InMessage]) -> bool {
        self.read[stream].0 <= messages.len() as u64
    }

    /// What the next input of a stream asks for.
    pub(crate) fn next_input(&mut self, stream: usize, messages: &[InMessage]) -> Option<Command> {
        if !self.has_room() {
            return None;
        }
        let (command, next) = self.input_at(stream, messages, self.read[stream])?;
        self.read[stream] = next;
        Some(command)
    }

    fn input_at(&self, stream: usize, messages: &[InMessage], at: (u64, u16)) -> Option<(Command, (u64, u16))> {
        let number = self.engine.state().stream(STREAMS[stream])?.number;
        let (sequence, event) = at;
        let place = usize::try_from(sequence - 1).expect("few messages");
        let mut input = Input { stream: number, sequence, event, of: 1, splitter: 1, digest: sequence * 7 };
        let mut next = (sequence + 1, 0);
        let command = match messages.get(place)? {
            InMessage::Events(list) => {
                input.of = u16::try_from(list.len()).expect("few events");
                if event + 1 < input.of {
                    next = (sequence, event + 1);
                }
                let published = list[usize::from(event)].clone();
                Command::Input(Box::new(Arrival {
                    body: None,
                    older: None,
                    workspace: published.workspace,
                    channel: published.channel,
                    endpoint: published.endpoint,
                    stream: Name::new(STREAMS[stream]),
                    input,
                    event: published.event,
                }))
            }
            InMessage::Undecodable => Command::DeadLetter(DeadLetter {
                workspace: Name::new(ACME),
                channel: Name::new("sms"),
                endpoint: Name::new("sms1"),
                stream: Name::new(STREAMS[stream]),
                input,
                reason: Name::new("not_json"),
            }),
            InMessage::Empty => Command::Progress { workspace: Name::new(ACME), reached: vec![input] },
            InMessage::Gone => {
                let gone =
                    messages[place..].iter().take_while(|message| matches!(message, InMessage::Gone)).count() as u64;
                next = (sequence + gone, 0);
                Command::InputGap {
                    workspace: Name::new(ACME),
                    stream: number,
                    from: sequence,
                    to: sequence + gone - 1,
                }
            }
        };
        Some((command, next))
    }

    /// What hardly ever happens: commands for workspaces that are not here, inputs again, a stream that is another one.
    pub(crate) fn oddity(&self, rng: &mut Rng, streams: &[Vec<InMessage>; 2]) -> Option<Command> {
        match rng.below(12) {
            0 => Some(Command::Agent(Box::new(AgentCommand {
                workspace: Name::new("nobody"),
                agent: Name::new("anna"),
                request: None,
                session_epoch: None,
                oversees: false,
                verb: Verb::LoseSession,
            }))),
            // The shell, once everything before an erasure is handed over.
            3 => {
                let erasure = self.engine.state().workspace(ACME)?.erasures().next()?.0;
                Some(Command::KeysDestroyed { workspace: Name::new(ACME), erasure })
            }
            1 if rng.percent(30) => Some(Command::InputBroken { workspace: Name::new(ACME), stream: 2, found: 0 }),
            // An operator: of the stream that breaks above, of one that is in use, of one that is not.
            2 => {
                let stream = Name::new([STREAMS[2], STREAMS[0], "SKEIN_IN_acme_none"][rng.below(3)]);
                let request_id = Name::new(format!("resume-{}", rng.below(1_000_000)));
                Some(Command::ResumeInput {
                    workspace: Name::new(ACME),
                    request: Request { principal: Name::new("operator:olga"), request_id, digest: 1 },
                    stream,
                    created_ns: 2,
                    sequence: 0,
                    digest: 0,
                })
            }
            _ => {
                let stream = rng.below(2);
                let sequence = self.read[stream].0.checked_sub(1).filter(|at| *at > 0)?;
                let again = matches!(streams[stream].get(usize::try_from(sequence - 1).ok()?)?, InMessage::Events(_));
                again
                    .then(|| self.input_at(stream, &streams[stream], (sequence, 0)))
                    .flatten()
                    .map(|(command, _)| command)
            }
        }
    }

    /// One event of the network or of the writer.
    pub(crate) fn network(&mut self, kind: usize, store: &mut Store, stray: &mut Vec<Flight>, stats: &mut Stats) {
        if self.writer.standing != Standing::Appending {
            if kind.is_multiple_of(2) {
                self.reconcile(store, stray, stats);
            }
            return;
        }
        let lost = matches!(kind, 2 | 3);
        match kind {
            0 | 2 => {
                if lost && self.writer.sent() > 0 {
                    stats.hit("fault", "append lost");
                }
                self.writer.arrive(store, lost);
                if self.writer.standing == Standing::Unknown {
                    stats.hit("fault", "append refused");
                }
            }
            1 | 3 => {
                if lost && self.writer.landed() > 0 {
                    stats.hit("fault", "ack lost");
                }
                if let Some(index) = self.writer.ack(lost) {
                    self.engine.durable(index);
                }
            }
            _ => self.writer.time_out(),
        }
    }

    fn reconcile(&mut self, store: &mut Store, stray: &mut Vec<Flight>, stats: &mut Stats) {
        if let Some(index) = self.writer.reconcile(store, stray) {
            stats.hit("fault", "reconciled");
            self.engine.durable(index);
        }
    }

    /// Fires all due timers: each must lead to a record, and none may stay due.
    pub(crate) fn fire_timers(&mut self, now: Timestamp, stats: &mut Stats, deaf: bool) -> Result<(), Broken> {
        if !self.has_room() {
            return Ok(());
        }
        self.engine.record_progress(now, &mut self.writer).map_err(ended)?;
        for _ in 0..TIMERS {
            let Some((workspace, timer)) = self.engine.state().due(now).filter(|_| self.has_room()) else {
                return Ok(());
            };
            if deaf && matches!(timer, Timer::WorkGrace(_)) {
                break;
            }
            let command = Command::Timer { workspace, timer };
            let state = self.engine.state();
            let leads = matches!(decide(state, state.head().next(), command, now), Ok(Some(_)));
            holds("a due timer leads to a record", leads, || format!("{timer:?}"))?;
            self.engine.fire_due(now, 1, &mut self.writer).map_err(ended)?;
            stats.hit_variant("timer", &timer);
        }
        holds("no timer stays due", false, || format!("{:?}", self.engine.state().due(now)))
    }

    /// The next thing that may leave.
    pub(crate) fn release(&mut self, early: bool) -> Option<Released<u64>> {
        if early {
            self.engine.durable(self.engine.state().head());
        }
        let released = self.engine.release()?;
        if let Released::Record(record) = &released {
            self.released = record.index.0;
            for stream in 0..2 {
                self.outbox[stream].extend(leaving(record, stream));
            }
        }
        Some(released)
    }

    /// Publishes some outputs, each fenced on the end of the stream.
    pub(crate) fn hand_over(
        &mut self,
        stream: usize,
        outs: &mut Outs,
        store: &Store,
        stats: &mut Stats,
    ) -> Result<usize, Broken> {
        let mut handed = 0;
        for _ in 0..3 {
            if self.outbox[stream].is_empty() {
                break;
            }
            let last = outs.streams[stream].last().copied();
            if self.lengths[stream] != outs.streams[stream].len() {
                stats.hit("fault", "hand-over refused");
                self.outbox[stream].retain(|(position, _)| last.is_none_or(|last| *position > last));
                self.lengths[stream] = outs.streams[stream].len();
                continue;
            }
            let Some((position, output)) = self.outbox[stream].pop_front() else {
                break;
            };
            holds("handed over in order", last.is_none_or(|last| last < position), || {
                format!("{position:?} after {last:?}")
            })?;
            let stored = store.record(position.index);
            let same =
                stored.is_some_and(|record| leaving(record, stream).any(|known| known == (position, output.clone())));
            holds("effect after durable", same, || format!("{output:?} at {position:?}"))?;
            outs.streams[stream].push(position);
            self.lengths[stream] += 1;
            handed += 1;
            if let Output::Send { channel, endpoint, message, .. } = output {
                outs.unseen.push((message, channel, endpoint));
            }
        }
        Ok(handed)
    }

    /// Notes in the log how far outputs have come.
    pub(crate) fn note_handed_over(&mut self, now: Timestamp, outs: &Outs) -> Result<(), Broken> {
        for (name, handed) in OUTS.iter().zip(&outs.streams) {
            let Some(&position) = handed.last().filter(|_| self.has_room()) else {
                continue;
            };
            let command = Command::HandedOver {
                workspace: Name::new(ACME),
                stream: Name::new(name),
                stream_sequence: handed.len() as u64,
                position,
            };
            self.handle(command, now, None)?;
        }
        Ok(())
    }

    /// Whether nothing is on its way out.
    pub(crate) fn at_rest(&self) -> bool {
        self.engine.held() == 0 && self.writer.unacked() == 0 && self.outbox.iter().all(VecDeque::is_empty)
    }

    /// Where a crash would hit it.
    pub(crate) fn crash_point(&self, asked: bool) -> &'static str {
        if self.writer.standing != Standing::Appending {
            "while reconciling"
        } else if self.engine.durable_index().0 > self.released {
            "between append and outputs"
        } else if self.writer.landed() > 0 {
            "in flight, landed"
        } else if self.writer.sent() > 0 {
            "in flight, lost"
        } else if asked {
            "before append"
        } else {
            "at rest"
        }
    }
}
