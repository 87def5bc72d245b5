//! The task that appends: takes entries from the writer, sends them as the plan says, turns answers into progress.
//!
//! Owned by its `Writer`, which ends it. It ends by itself only after it said why (deposed, fatal). Everything it awaits in its main
//! loop is cancel-safe, and it never waits for an answer before it sends the next entry.

use std::time::{Duration, Instant};

use async_nats::Client;
use tokio::{
    sync::{mpsc, watch},
    time::MissedTickBehavior,
};
use tracing::{error, warn};

use super::{
    super::{
        ack::Ack,
        error::LogError,
        frame::Owner,
        latency::Latencies,
        offsets::Offsets,
        options::LogOptions,
        plan::{Load, Step, next_step},
        window::{Advance, Pending, Window},
        writer::{Condition, Reporter, Waiting},
    },
    lane::{Answer, Lane},
    reconcile::Why,
};

/// Entries taken from the writer and answers read in one turn at most, so that neither starves the other.
const TURN: usize = 256;
/// Bytes of protocol and headers around an entry in a batch, roughly; only for the limit of a batch.
const OVERHEAD: usize = 256;

pub(super) struct Pipeline {
    pub(super) lane: Lane,
    pub(super) reads: Client,
    pub(super) stream: String,
    pub(super) options: LogOptions,
    pub(super) owner: Owner,
    pub(super) window: Window,
    pub(super) waiting: Waiting,
    pub(super) reporter: Reporter,
    pub(super) offsets: Offsets,
    /// Questions who owns the log, numbered.
    pub(super) questions: watch::Receiver<u64>,
    latencies: Latencies,
    /// Since when an answer is awaited; moves with every progress.
    progress_at: Instant,
}

/// What one turn of answers amounts to.
enum Turn {
    Fine,
    /// A refusal, or nobody to answer: what is in flight is unknown.
    Unknown,
    /// It is asked who owns the log.
    Asked,
}

enum Event {
    Answer(Option<async_nats::Message>),
    Records(usize),
    Question,
    Tick,
}

impl Pipeline {
    #[expect(clippy::too_many_arguments, reason = "called once, by the take-over that has all of them")]
    pub(super) fn new(
        lane: Lane,
        reads: Client,
        stream: String,
        options: LogOptions,
        owner: Owner,
        window: Window,
        reporter: Reporter,
        offsets: Offsets,
        questions: watch::Receiver<u64>,
    ) -> Self {
        Self {
            lane,
            reads,
            stream,
            options,
            owner,
            window,
            waiting: Waiting::new(),
            reporter,
            offsets,
            questions,
            latencies: Latencies::new(),
            progress_at: Instant::now(),
        }
    }

    /// Runs until the writer is dropped (aborted), deposed, or the log cannot be trusted.
    pub(super) async fn run(mut self, queue: mpsc::Receiver<Pending>) {
        let shard = self.options.shard.clone();
        if let Err(end) = self.work(queue).await {
            match &end {
                Condition::Deposed { epoch } => {
                    warn!(skein.shard = shard, epoch, "another writer took the log over");
                }
                Condition::Fatal(fault) => {
                    error!(skein.shard = shard, error = %fault, "the log cannot be trusted, appending ends");
                }
                Condition::Flowing | Condition::Stalled => {}
            }
            self.reporter.ended(end);
        }
    }

    async fn work(&mut self, mut queue: mpsc::Receiver<Pending>) -> Result<(), Condition> {
        let mut taken = Vec::with_capacity(TURN);
        let mut tick = tokio::time::interval(self.options.stall_min / 8);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // All four only wait: a message, entries, a question and a tick are either taken whole or stay where they are.
            let event = tokio::select! {
                biased;
                answer = self.lane.answer() => Event::Answer(answer),
                count = queue.recv_many(&mut taken, TURN) => Event::Records(count),
                Ok(()) = self.questions.changed() => Event::Question,
                _ = tick.tick(), if !self.window.is_empty() => Event::Tick,
            };
            let turn = match event {
                Event::Answer(Some(message)) => self.answers(message)?,
                Event::Records(0) => return Ok(()),
                Event::Records(_) => {
                    self.waiting.extend(taken.drain(..));
                    Turn::Fine
                }
                Event::Question => Turn::Asked,
                Event::Tick if self.progress_at.elapsed() < self.patience() => Turn::Fine,
                // A closed connection gives no answers either.
                Event::Tick | Event::Answer(None) => Turn::Unknown,
            };
            let why = match turn {
                Turn::Fine => None,
                Turn::Unknown => Some(Why::Unknown),
                Turn::Asked => Some(Why::Asked),
            };
            if let Some(why) = why {
                self.reconcile(why).await?;
                self.progress_at = Instant::now();
            }
            self.send().await?;
        }
    }

    fn patience(&self) -> Duration {
        self.latencies.patience(self.options.stall_min, self.options.stall_max)
    }

    /// Reads `first` and the answers that are there already, and reports progress once.
    fn answers(&mut self, first: async_nats::Message) -> Result<Turn, Condition> {
        let mut total = Advance::default();
        let mut turn = Turn::Fine;
        let mut next = Some(first);
        for _ in 0..TURN {
            let Some(message) = next.take().or_else(|| self.lane.answer_now()) else {
                break;
            };
            let ack = match self.lane.read(&message) {
                Answer::Old => continue,
                Answer::NoResponders => {
                    turn = Turn::Unknown;
                    break;
                }
                Answer::Ack { slot, ack } => {
                    if let Ack::Stored { sequence, .. } = ack
                        && !Lane::fits(slot, sequence)
                    {
                        return Err(self.unexpected(sequence));
                    }
                    ack
                }
            };
            match ack {
                Ack::Stored { sequence, count } => {
                    let advance = self.window.ack(sequence, count).map_err(Condition::Fatal)?;
                    self.options.metrics.appends.inc();
                    total.entries += advance.entries;
                    total.bytes += advance.bytes;
                    total.sent_at = advance.sent_at.or(total.sent_at);
                }
                Ack::Duplicate { sequence } => {
                    return Err(Condition::Fatal(LogError::DuplicateAck { sequence }));
                }
                Ack::Refused(_) => {
                    turn = Turn::Unknown;
                    break;
                }
                // As good as none: time will tell.
                Ack::Unreadable => {}
            }
        }
        self.advanced(total);
        Ok(turn)
    }

    fn unexpected(&self, found: u64) -> Condition {
        Condition::Fatal(LogError::UnexpectedAck { expected: self.window.durable().sequence + 1, found })
    }

    fn advanced(&mut self, advance: Advance) {
        let Some(sent_at) = advance.sent_at else {
            return;
        };
        let now = Instant::now();
        self.progress_at = now;
        let took = now.saturating_duration_since(sent_at);
        self.latencies.record(now, took);
        self.options.metrics.append_seconds.observe(took.as_secs_f64());
        let durable = self.window.durable();
        self.offsets.durable(durable.index);
        self.reporter.durable(durable, advance.bytes);
    }

    /// Sends what the plan says, until it says to wait.
    async fn send(&mut self) -> Result<(), Condition> {
        let fatal = |error| Condition::Fatal(LogError::Nats(error));
        let now = Instant::now();
        loop {
            if self.window.is_empty() {
                self.progress_at = now;
            }
            let load =
                Load { waiting: self.waiting.len(), singles: self.window.singles(), batches: self.window.batches() };
            match next_step(&self.options, load) {
                Step::Wait => return Ok(()),
                Step::Singles(count) => {
                    for pending in self.waiting.drain(..count) {
                        let expected = self.window.predicted();
                        let sent = self.lane.send_single(&pending, expected).await;
                        self.window.push_single(pending, now);
                        sent.map_err(fatal)?;
                    }
                }
                Step::Batch(count) => {
                    let count = self.batch_len(count);
                    let entries: Waiting = self.waiting.drain(..count).collect();
                    let expected = self.window.predicted();
                    self.lane.send_batch(&entries, expected).await.map_err(fatal)?;
                    self.window.push_batch(entries, now);
                }
            }
        }
    }

    /// How many of the first `count` waiting entries fit into a batch: at least one.
    fn batch_len(&self, count: usize) -> usize {
        let mut bytes = 0;
        let fitting = self
            .waiting
            .iter()
            .take(count)
            .take_while(|pending| {
                bytes += pending.frame.len() + OVERHEAD;
                bytes <= self.options.batch_bytes_max
            })
            .count();
        fitting.max(1)
    }
}
