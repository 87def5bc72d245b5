//! Reads one IN stream in order, and never takes another stream for it (design, law 6).
//!
//! Two tasks in a row: this one reads and watches the stream's identity, the other prepares. What it finds out (a gap, a break) goes
//! the same way as the messages, so that it overtakes none.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

use super::bodies::Bodies;
use super::health::StreamHealth;
use super::live::TypingInlet;
use super::position::{Bound, Found, Verdict, digest, verdict};
use super::prepare::Preparer;
use crate::domain::State;
use crate::domain::command::Command;
use crate::domain::id::Name;
use crate::domain::record::Input;
use crate::domain::workspace::IndexedConfig;
use crate::nats::{ApiCode, NatsError, Ordered, OrderedError, OrderedOptions, Stored, leader_get, stream_state};
use crate::shard::{BATCH_MAX, Inlet, ShardHandle, Unavailable};
use crate::telemetry::{ErrorChain, Metrics, RateLimit, StreamAlarm, StreamAlarmLabels, fields};

/// How often an idle stream is asked whether it is still the same.
const WATCH: Duration = Duration::from_secs(2);
/// Batches that wait to be prepared: one in work, a little for uneven arrival.
const READ_AHEAD: usize = 4;
/// Bytes of a batch, about: a few of the largest messages.
const BATCH_BYTES: usize = 4 << 20;
/// Messages asked for ahead of the reader: 1 MiB of usual ones. The bytes of large ones are bounded by the reader itself.
const PREFETCH: u64 = 2_000;
/// First and longest wait before asking a silent server again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// For so long a stream must end before what was read of it until it is taken for one that was rolled back.
const SHORT_MAX: Duration = Duration::from_secs(10);
/// Between two looks meanwhile.
const SHORT_LOOK: Duration = Duration::from_millis(250);

/// Why a stream is read no further by this process.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The shard ended.
    #[error("hand inputs to the shard")]
    Shard(#[from] Unavailable),
    /// The stream is not bound: the shard began without it.
    #[error("read stream {0}: it is not bound")]
    NotBound(Name),
    /// The server does not do what was asked.
    #[error("read a stream")]
    Nats(#[from] NatsError),
}

/// One IN stream on its way into the shard.
#[derive(Debug)]
pub struct Source {
    /// Connection of its own for the messages.
    pub client: Client,
    /// Workspace of the stream.
    pub workspace: Name,
    /// Name of the stream.
    pub stream: Name,
    /// Configuration of the workspace that is in force.
    pub config: watch::Receiver<Arc<IndexedConfig>>,
    /// Object store of the workspace.
    pub bodies: Bodies,
    /// Where typing goes that came by the stream.
    pub typing: TypingInlet,
    /// The shard.
    pub handle: ShardHandle,
    /// Where its inputs go in.
    pub inlet: Inlet,
    /// What operators see.
    pub metrics: Metrics,
    /// Lines about the same trouble are written once in this time.
    pub repeat_interval: Duration,
    /// Whether the stream can be read.
    pub health: StreamHealth,
}

/// What goes through the preparing task.
enum Item {
    Message(Stored),
    Finding(Command),
}

/// How reading goes on.
enum Next {
    Messages,
    Idle,
    Stop,
}

impl Source {
    /// Reads until `stop`. A stream that is broken is not read any further, by no later process either: which of its events are still to
    /// be taken in is no question that a program answers. The task then waits for `stop`, or for an operator's word.
    ///
    /// # Errors
    /// [`IngestError`].
    pub async fn run(self, stop: CancellationToken) -> Result<(), IngestError> {
        while !stop.is_cancelled() {
            self.read(&stop).await?;
        }
        Ok(())
    }

    /// Reads until `stop`, or until an operator takes the stream into use again after it broke.
    async fn read(&self, stop: &CancellationToken) -> Result<(), IngestError> {
        let stream = self.stream.clone();
        let (bound, hash_key) = self
            .handle
            .query({
                let stream = stream.clone();
                move |state| {
                    let bound = state.stream(&stream)?;
                    let hash_key = *state.workspace(&bound.workspace)?.hash_key();
                    let bound = Bound {
                        number: bound.number,
                        created_ns: bound.created_ns,
                        position: bound.position,
                        broken: bound.broken,
                        resumed: bound.resumed,
                    };
                    Some((bound, hash_key))
                }
            })
            .await?
            .ok_or_else(|| IngestError::NotBound(stream.clone()))?;
        let (items, to_prepare) = mpsc::channel(READ_AHEAD);
        let preparer = Preparer {
            workspace: self.workspace.clone(),
            stream,
            number: bound.number,
            config: Arc::clone(&self.config.borrow()),
            configs: self.config.clone(),
            bodies: self.bodies.clone(),
            typing: self.typing.clone(),
            applied: bound.position,
            hash_key,
            archive: self.handle.archive().cloned(),
        };
        let reader = Reader {
            client: self.client.clone(),
            workspace: self.workspace.clone(),
            stream: self.stream.clone(),
            handle: self.handle.clone(),
            silent: RateLimit::new(self.repeat_interval, self.metrics.clone()),
            puzzled: RateLimit::new(self.repeat_interval, self.metrics.clone()),
            metrics: self.metrics.clone(),
            health: self.health.clone(),
            bound,
            last: None,
        };
        // Two tasks, because reading and preparing are to run side by side; dropping this future ends both.
        let (read, prepared) = tokio::join!(
            AbortOnDropHandle::new(tokio::spawn(reader.run(items, stop.clone()))).map(joined),
            prepare_all(preparer, to_prepare, &self.inlet)
        );
        prepared?;
        read
    }
}

fn joined(result: Result<Result<(), IngestError>, tokio::task::JoinError>) -> Result<(), IngestError> {
    // A reader that panicked has closed its channel; the shard simply gets no more of this stream, which must not go unnoticed.
    result.unwrap_or(Err(IngestError::Shard(Unavailable)))
}

async fn prepare_all(
    mut preparer: Preparer,
    mut items: mpsc::Receiver<Vec<Item>>,
    inlet: &Inlet,
) -> Result<(), IngestError> {
    while let Some(batch) = items.recv().await {
        preparer.follow();
        let mut commands = Vec::with_capacity(batch.len());
        for item in batch {
            match item {
                Item::Message(message) => preparer.prepare(&message, &mut commands).await,
                Item::Finding(command) => commands.push(command),
            }
        }
        preparer.look_up(&mut commands).await;
        if !commands.is_empty() {
            inlet.input(commands).await?;
        }
    }
    Ok(())
}

struct Reader {
    client: Client,
    workspace: Name,
    stream: Name,
    handle: ShardHandle,
    metrics: Metrics,
    /// For the line about a server that does not answer.
    silent: RateLimit,
    /// For the line about deliveries that are not understood.
    puzzled: RateLimit,
    health: StreamHealth,
    bound: Bound,
    /// The last message read here: sequence and digest.
    last: Option<(u64, u64)>,
}

impl Reader {
    async fn run(mut self, items: mpsc::Sender<Vec<Item>>, stop: CancellationToken) -> Result<(), IngestError> {
        let mut findings = Vec::new();
        let from = match self.verdict().await? {
            Verdict::From(sequence) => sequence,
            Verdict::Gap { from, to } => {
                findings.push(self.gap(from, to));
                to + 1
            }
            Verdict::Broken => return self.broken(&items, &stop).await,
        };
        info!(stream = %self.stream, from, "reading");
        self.health.readable();
        let mut ordered = self.open(from);
        let mut replaced = ordered.replaced();
        let mut tick = tokio::time::interval(WATCH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut batch: Vec<Item> = findings.drain(..).map(Item::Finding).collect();
            let mut failed = None;
            let next = tokio::select! {
                // Cancel-safe: see there.
                message = ordered.next() => {
                    self.take(message, &mut batch, &mut failed);
                    Next::Messages
                }
                // Cancel-safe: a missed tick comes late.
                _ = tick.tick() => Next::Idle,
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => Next::Stop,
            };
            match next {
                Next::Stop => return Ok(()),
                Next::Idle => {
                    if !self.is_same().await {
                        return self.broken(&items, &stop).await;
                    }
                }
                Next::Messages => {
                    let mut bytes = 0;
                    while failed.is_none()
                        && batch.len() < BATCH_MAX
                        && bytes < BATCH_BYTES
                        && let Some(message) = ordered.next().now_or_never()
                    {
                        bytes += message.as_ref().map_or(0, |message| message.payload.len());
                        self.take(message, &mut batch, &mut failed);
                    }
                    // A new consumer may read another stream of the same name: asked before anything of it is passed on.
                    if ordered.replaced() != replaced {
                        if !self.is_surely_same().await {
                            return self.broken(&items, &stop).await;
                        }
                        replaced = ordered.replaced();
                    }
                }
            }
            self.note_last(&batch);
            if let Some(OrderedError::Gap { expected, found, .. }) = failed {
                if !self.is_same().await {
                    return self.broken(&items, &stop).await;
                }
                batch.push(Item::Finding(self.gap(expected, found - 1)));
                ordered = self.open(found);
                replaced = ordered.replaced();
            } else if let Some(error) = failed {
                if let Some(left_out) = self.puzzled.pass() {
                    warn!(
                        stream = %self.stream,
                        error = %ErrorChain(&error),
                        { fields::LEFT_OUT } = left_out,
                        "delivery not understood, reading again"
                    );
                }
                ordered = self.open(self.last.map_or(from, |(sequence, _)| sequence + 1));
            }
            if !batch.is_empty() && items.send(batch).await.is_err() {
                return Ok(());
            }
        }
    }

    fn open(&self, from: u64) -> Ordered {
        let options = OrderedOptions { prefetch: PREFETCH };
        Ordered::new(self.client.clone(), &self.stream, from, options)
    }

    fn take(&self, message: Result<Stored, OrderedError>, batch: &mut Vec<Item>, failed: &mut Option<OrderedError>) {
        match message {
            Ok(message) => batch.push(Item::Message(message)),
            Err(error) => *failed = Some(error),
        }
    }

    fn note_last(&mut self, batch: &[Item]) {
        let last = batch.iter().rev().find_map(|item| match item {
            Item::Message(message) => Some((message.sequence, digest(message))),
            Item::Finding(_) => None,
        });
        self.last = last.or(self.last);
    }

    /// Compares the stream with the last position applied; waits while the server does not answer.
    async fn verdict(&self) -> Result<Verdict, IngestError> {
        let mut wait = BACK_OFF.0;
        loop {
            match self.long_enough(self.bound.position.sequence).await {
                Ok(found) => return Ok(verdict(&self.bound, found)),
                Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => {
                    return Ok(Verdict::Broken);
                }
                Err(error) if error.is_transient() => {
                    if let Some(left_out) = self.silent.pass() {
                        warn!(
                            stream = %self.stream,
                            error = %ErrorChain(&error),
                            { fields::LEFT_OUT } = left_out,
                            "stream does not answer"
                        );
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(BACK_OFF.1);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// As [`Self::found`]; a stream that ends before what was read of it is believed when it stays so. What a server delivers may not have
    /// reached the disk of the one that leads, which is slow, or leads since a moment.
    async fn long_enough(&self, sequence: u64) -> Result<Found, NatsError> {
        let until = Instant::now() + SHORT_MAX;
        loop {
            let found = self.found(sequence).await?;
            let is_short = found.created_ns == self.bound.created_ns && found.last_sequence < sequence;
            if !is_short || Instant::now() >= until {
                return Ok(found);
            }
            tokio::time::sleep(SHORT_LOOK).await;
        }
    }

    async fn found(&self, sequence: u64) -> Result<Found, NatsError> {
        let state = stream_state(&self.client, &self.stream).await?;
        let stored = (state.first_sequence..=state.last_sequence).contains(&sequence);
        let message = match sequence {
            1.. if stored => leader_get(&self.client, &self.stream, sequence).await?,
            _ => None,
        };
        Ok(Found {
            created_ns: state.created_ns,
            first_sequence: state.first_sequence,
            last_sequence: state.last_sequence,
            digest: message.as_ref().map(digest),
        })
    }

    /// Whether the stream is still the one that is being read. `None`: the server does not answer.
    async fn same(&self) -> Option<bool> {
        let (sequence, digest) = self.last.unwrap_or((self.bound.position.sequence, self.bound.position.digest));
        let read = Bound { position: Input { sequence, digest, ..Input::default() }, ..self.bound.clone() };
        match self.long_enough(sequence).await {
            Ok(found) => Some(verdict(&read, found) != Verdict::Broken),
            Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => Some(false),
            Err(_) => None,
        }
    }

    /// As [`Self::same`]; a server that does not answer says nothing.
    async fn is_same(&self) -> bool {
        self.same().await.unwrap_or(true)
    }

    /// As [`Self::same`], when it has to be known: waits while the server does not answer.
    async fn is_surely_same(&self) -> bool {
        let mut wait = BACK_OFF.0;
        loop {
            if let Some(same) = self.same().await {
                return same;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF.1);
        }
    }

    fn gap(&self, from: u64, to: u64) -> Command {
        self.alarm(StreamAlarm::Gap);
        error!(stream = %self.stream, from, to, "messages of the stream are gone that were never read");
        Command::InputGap { workspace: self.workspace.clone(), stream: self.bound.number, from, to }
    }

    async fn broken(&self, items: &mpsc::Sender<Vec<Item>>, stop: &CancellationToken) -> Result<(), IngestError> {
        self.alarm(StreamAlarm::Broken);
        let applied = self.last.map_or(self.bound.position.sequence, |last| last.0);
        let found = self.found(0).await.map_or(0, |found| found.last_sequence);
        error!(
            stream = %self.stream,
            applied,
            found,
            "stream was made anew or rolled back and is not read any further, nor after a restart: stop its adapters, so that \
             providers keep their events, find out what became of it (`skein stream list`), and take it into use again from the \
             right sequence (`skein stream resume`)"
        );
        self.health.broken();
        let finding = Command::InputBroken { workspace: self.workspace.clone(), stream: self.bound.number, found };
        // The other end is gone only when the shard is.
        let _ = items.send(vec![Item::Finding(finding)]).await;
        tokio::select! {
            // Cancel-safe: a token keeps what it was told.
            () = stop.cancelled() => Ok(()),
            // Cancel-safe: it only asks.
            resumed = self.resumed() => {
                info!(stream = %self.stream, "taken into use again by an operator");
                resumed
            }
        }
    }

    /// Waits until an operator has taken the stream into use again.
    async fn resumed(&self) -> Result<(), IngestError> {
        loop {
            tokio::time::sleep(WATCH).await;
            let (stream, known) = (self.stream.clone(), self.bound.resumed);
            let look = move |state: &State| state.stream(&stream).is_some_and(|bound| bound.resumed > known);
            if self.handle.query(look).await? {
                return Ok(());
            }
        }
    }

    fn alarm(&self, alarm: StreamAlarm) {
        let labels = StreamAlarmLabels { alarm };
        self.metrics.stream_alarms.get_or_create(&labels).inc();
    }
}
