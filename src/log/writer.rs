//! The owner's handle: numbers and frames entries, hands them to whoever appends them, tells what is durable.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_nats::Subject;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{entry::Tip, error::LogError, frame, memory::MemoryPipe, options::LogOptions, window::Pending};

/// How an owner's log is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The last durable entry: everything up to `durable.index` is safe to act upon.
    pub durable: Tip,
    /// Whether it goes on.
    pub condition: Condition,
    /// How often outcomes were unknown and had to be looked up: a metric.
    pub reconciled: u64,
    /// The last question of [`Writer::prove`] that is answered: at some moment after it nobody else owned the log.
    pub proven: u64,
}

/// Whether appends go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Appends are acknowledged.
    Flowing,
    /// The outcome of appends is unknown; it is being looked up. Nothing is lost, `durable` stands.
    Stalled,
    /// Another writer took over with this epoch: discard the state, nothing more will become durable here.
    Deposed {
        /// Its epoch.
        epoch: u64,
    },
    /// The log cannot be trusted: stop the shard loudly.
    Fatal(LogError),
}

impl Condition {
    /// True when nothing more will become durable through this writer.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Deposed { .. } | Self::Fatal(_))
    }
}

/// Why an entry was not taken. The index was not used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AppendRefused {
    /// Too much is in flight: [`Writer::room`] waits until there is room. Decide nothing before that.
    #[error("append an entry: {in_flight} entries are in flight")]
    Full {
        /// How many.
        in_flight: u64,
    },
    /// The entry is larger than the server takes.
    #[error("append an entry: it has {bytes} bytes, the largest has {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The writer is deposed or failed; [`Writer::progress`] says which.
    #[error("append an entry: the writer has ended")]
    Ended,
}

/// Where entries go.
#[derive(Debug)]
pub(super) enum Sink {
    /// To the task that appends to a stream. It ends with the writer.
    Task { queue: mpsc::Sender<Pending>, questions: watch::Sender<u64>, task: AbortOnDropHandle<()> },
    /// Into memory, at once.
    Memory(MemoryPipe),
}

/// Bytes that were appended and are not durable yet.
pub(super) type InFlightBytes = Arc<AtomicU64>;

/// The only one who appends to a log, until somebody else takes over.
///
/// Dropping it stops the appending at once, as a crash would: what is in flight has an unknown outcome. [`Writer::close`] waits.
#[derive(Debug)]
pub struct Writer {
    head_index: u64,
    head_chain: u64,
    entry_max: usize,
    in_flight_max: u64,
    in_flight_bytes_max: u64,
    in_flight_bytes: InFlightBytes,
    progress: watch::Receiver<Progress>,
    /// How often the log was asked who owns it.
    questions: u64,
    sink: Sink,
}

impl Writer {
    pub(super) fn new(
        tip: Tip,
        options: &LogOptions,
        entry_max: usize,
        in_flight_bytes: InFlightBytes,
        progress: watch::Receiver<Progress>,
        sink: Sink,
    ) -> Self {
        Self {
            head_index: tip.index,
            head_chain: tip.chain,
            entry_max,
            in_flight_max: options.in_flight_max as u64,
            in_flight_bytes_max: options.in_flight_bytes_max,
            in_flight_bytes,
            progress,
            questions: 0,
            sink,
        }
    }

    /// Index of the last entry appended, durable or not.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head_index
    }

    /// Index that the next entry will have.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.head_index + 1
    }

    /// Bytes of an entry at most.
    #[must_use]
    pub fn entry_max(&self) -> usize {
        self.entry_max
    }

    /// The durable tip now.
    #[must_use]
    pub fn tip(&self) -> Tip {
        self.progress.borrow().durable
    }

    /// To wait for and look at progress. Each receiver sees the latest state, not every step.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// True when one more entry will be taken.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.has_room_for(1)
    }

    /// True when so many more entries will be taken, whatever their size: the limit of bytes stops the next ones.
    #[must_use]
    pub fn has_room_for(&self, entries: u64) -> bool {
        self.in_flight() + entries <= self.in_flight_max
            && self.in_flight_bytes.load(Ordering::Relaxed) < self.in_flight_bytes_max
    }

    fn in_flight(&self) -> u64 {
        self.head_index - self.progress.borrow().durable.index
    }

    /// Waits until one more entry will be taken. Cancel-safe.
    ///
    /// # Errors
    /// [`AppendRefused::Ended`].
    pub async fn room(&mut self) -> Result<(), AppendRefused> {
        loop {
            if self.progress.borrow_and_update().condition.is_final() {
                return Err(AppendRefused::Ended);
            }
            if self.has_room() {
                return Ok(());
            }
            if self.progress.changed().await.is_err() {
                return Err(AppendRefused::Ended);
            }
        }
    }

    /// Puts an entry on its way and returns its index. Does not wait; the entry is durable when [`Progress`] says so.
    ///
    /// # Errors
    /// [`AppendRefused`]; nothing happened then.
    pub fn append(&mut self, subject: Subject, body: &[u8]) -> Result<u64, AppendRefused> {
        if body.len() > self.entry_max {
            return Err(AppendRefused::TooLarge { bytes: body.len(), max: self.entry_max });
        }
        if self.in_flight() >= self.in_flight_max {
            return Err(AppendRefused::Full { in_flight: self.in_flight() });
        }
        let index = self.next_index();
        let frame = frame::entry(index, self.head_chain, body);
        let chain_after = frame::chain_after(&frame);
        let bytes = frame.len() as u64;
        self.in_flight_bytes.fetch_add(bytes, Ordering::Relaxed);
        let pending = Pending { index, subject, frame, chain_after };
        if let Err(refused) = self.sink.push(pending) {
            self.in_flight_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(refused);
        }
        self.head_index = index;
        self.head_chain = chain_after;
        Ok(index)
    }

    /// Asks the log whether this writer still owns it, and returns the number of the question: answered when [`Progress::proven`] has
    /// reached it, or the condition says that another owns it. Does not wait.
    pub fn prove(&mut self) -> u64 {
        self.questions += 1;
        self.sink.prove(self.questions);
        self.questions
    }

    /// Takes no more entries, waits until all are durable or the writer ended, and returns how it stands. The caller bounds the
    /// time; giving up early is like a crash, which is safe.
    pub async fn close(self) -> Progress {
        let Self { sink, mut progress, head_index, .. } = self;
        let done = |progress: &Progress| progress.durable.index >= head_index || progress.condition.is_final();
        // An error says that the other side is gone, and the last state stands.
        let _ = progress.wait_for(done).await;
        drop(sink);
        Progress::clone(&progress.borrow())
    }
}

impl Sink {
    fn push(&mut self, pending: Pending) -> Result<(), AppendRefused> {
        match self {
            Self::Task { queue, task, .. } => {
                let alive = !task.is_finished();
                // The queue has a place for every entry that may be in flight, so it is never full before `Full` was said.
                match queue.try_send(pending) {
                    Ok(()) if alive => Ok(()),
                    Ok(()) | Err(_) => Err(AppendRefused::Ended),
                }
            }
            Self::Memory(pipe) => pipe.push(pending),
        }
    }

    fn prove(&mut self, question: u64) {
        match self {
            Self::Task { questions, .. } => drop(questions.send_replace(question)),
            Self::Memory(pipe) => pipe.prove(question),
        }
    }
}

/// The side that appends: tells how it goes.
#[derive(Debug)]
pub(super) struct Reporter {
    progress: watch::Sender<Progress>,
    in_flight_bytes: InFlightBytes,
}

impl Reporter {
    pub(super) fn new(durable: Tip) -> (Self, watch::Receiver<Progress>, InFlightBytes) {
        let (progress, receiver) =
            watch::channel(Progress { durable, condition: Condition::Flowing, reconciled: 0, proven: 0 });
        let in_flight_bytes = InFlightBytes::default();
        let reporter = Self { progress, in_flight_bytes: Arc::clone(&in_flight_bytes) };
        (reporter, receiver, in_flight_bytes)
    }

    /// `bytes` more are durable, up to `durable`.
    pub(super) fn durable(&self, durable: Tip, bytes: u64) {
        self.in_flight_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.progress.send_modify(|progress| {
            progress.durable = durable;
            progress.condition = Condition::Flowing;
        });
    }

    pub(super) fn stalled(&self) {
        self.progress.send_modify(|progress| {
            progress.condition = Condition::Stalled;
            progress.reconciled += 1;
        });
    }

    /// Nobody else owned the log at some moment after this question.
    pub(super) fn proven(&self, question: u64) {
        self.progress.send_modify(|progress| progress.proven = question);
    }

    pub(super) fn ended(&self, condition: Condition) {
        self.progress.send_modify(|progress| progress.condition = condition);
    }
}

/// Entries that wait to be sent, in order.
pub(super) type Waiting = VecDeque<Pending>;
