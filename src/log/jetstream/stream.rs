//! `JetStreamLog`: reading, taking over, single entries.

use async_nats::Client;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{
    super::{
        audit::RawLog,
        entry::{Entry, EventLog, GivenUp, LastEntry, Tip, Witness},
        error::{LogError, TakeOverError},
        frame::{self, Frame},
        offsets::{Offsets, Place, Places},
        options::LogOptions,
        replay::Replay,
        verify::{Raw, Verifier},
        window::Window,
        writer::{Reporter, Sink, Writer},
    },
    lane::{EpochAnswer, Lane},
    pipeline::Pipeline,
};
use crate::nats::{
    Nats, NatsError, Ordered, OrderedOptions, StreamState, direct_get, last_of, leader_get, stream_state, streams,
};

/// Single reads on their way at once: a page of history in one go, and no more than a connection answers in a few milliseconds.
const READS_MAX: usize = 64;
/// Room for subject and headers next to an entry, below the server's message limit.
const HEADER_ROOM: usize = 4_096;

/// A shard's log in a JetStream stream. Cheap to clone; clones share the connections and the table of places.
#[derive(Debug, Clone)]
pub struct JetStreamLog {
    appends: Client,
    reads: Client,
    stream: String,
    options: LogOptions,
    offsets: Offsets,
}

impl JetStreamLog {
    /// Makes the stream if it is missing, checks it if not, and opens one connection for appends and one for reads.
    ///
    /// # Errors
    /// No connection, or a stream with other settings than declared.
    pub async fn open(nats: &Nats, options: LogOptions) -> Result<Self, NatsError> {
        let declared = streams::log(&options.shard, options.replicas);
        streams::ensure(nats.control(), &declared).await?;
        Ok(Self {
            appends: nats.open("log appends").await?,
            reads: nats.open("log reads").await?,
            stream: declared.name,
            options,
            offsets: Offsets::default(),
        })
    }

    /// Opens a log that is there, to read it only: nothing is made, nothing is checked but what is read.
    ///
    /// # Errors
    /// No connection.
    pub async fn open_to_read(nats: &Nats, options: LogOptions) -> Result<Self, NatsError> {
        let stream = streams::log(&options.shard, options.replicas).name;
        let reads = nats.open("log reads").await?;
        Ok(Self { appends: nats.control().clone(), reads, stream, options, offsets: Offsets::default() })
    }

    /// Everything that the stream holds up to the end it has now, as it stands: for a checker.
    ///
    /// # Errors
    /// The end of the log cannot be found out.
    pub async fn raw(&self) -> Result<RawLog, LogError> {
        let state = stream_state(&self.reads, &self.stream).await?;
        let first = state.first_sequence.max(1);
        let end = state.last_sequence;
        Ok(RawLog::new(self.source(first, end), end))
    }

    /// What the stream holds from a sequence on; ends where it holds nothing more up to `end`. Of a hole the next message tells by its
    /// place, and at the end there being none.
    fn source(&self, from_sequence: u64, end: u64) -> BoxStream<'static, Result<Raw, LogError>> {
        let options = OrderedOptions { prefetch: self.options.prefetch };
        let reader = Ordered::new(self.reads.clone(), &self.stream, from_sequence, options);
        let source = stream::unfold(reader, move |mut reader| async move {
            let next = reader.first_up_to(end).await.transpose()?;
            Some((next.map(Raw::from).map_err(LogError::from), reader))
        });
        source.boxed()
    }

    async fn read_one(&self, index: u64) -> Result<Option<Entry>, LogError> {
        Ok(self.read_framed(index).await?.map(|(entry, _)| entry))
    }

    /// An entry, with the hash of all before it.
    async fn read_framed(&self, index: u64) -> Result<Option<(Entry, u64)>, LogError> {
        let sequence = match self.offsets.place(index) {
            Place::Before => return Err(LogError::Unmapped { index }),
            Place::Beyond | Place::Lost => return Ok(None),
            Place::At(sequence) => sequence,
        };
        // A replica may lag behind what the leader acknowledged.
        let stored = match direct_get(&self.reads, &self.stream, sequence).await? {
            Some(stored) => Some(stored),
            None => leader_get(&self.reads, &self.stream, sequence).await?,
        };
        let Some(raw) = stored.map(Raw::from) else {
            return Ok(None);
        };
        let malformed = |reason| LogError::Malformed { sequence, reason };
        match frame::parse(&raw.payload) {
            Ok(Frame::Entry { index: found, chain, body }) if found == index => {
                let epoch = raw.epoch.ok_or_else(|| malformed("it carries no epoch"))?;
                Ok(Some((Entry { index, sequence, epoch, subject: raw.subject, body }, chain)))
            }
            _ => Err(malformed("another entry stands there than expected")),
        }
    }

    /// Looks whether the clock here is so near to the server's that the log may be taken over. Cancel safe.
    ///
    /// # Errors
    /// [`TakeOverError::Clock`]; the server does not answer.
    pub async fn check_clock(&self) -> Result<(), TakeOverError> {
        self.near(&stream_state(&self.reads, &self.stream).await?)
    }

    fn near(&self, state: &StreamState) -> Result<(), TakeOverError> {
        if state.clock.least() > self.options.clock_offset_max {
            return Err(TakeOverError::Clock { offset_ns: state.clock.offset_ns });
        }
        Ok(())
    }

    async fn check_end(&self, tip: Tip, witnesses: &[Witness]) -> Result<(), TakeOverError> {
        let state = stream_state(&self.reads, &self.stream).await?;
        self.near(&state)?;
        let end = state.last_sequence;
        if end < tip.sequence {
            return Err(TakeOverError::Log(LogError::Truncated { end, durable: tip.sequence }));
        }
        if end > tip.sequence {
            return Err(TakeOverError::Moved { end });
        }
        tip.check(witnesses)
    }
}

impl EventLog for JetStreamLog {
    async fn replay(&self, from: Tip) -> Result<Replay, LogError> {
        let end = stream_state(&self.reads, &self.stream).await?.last_sequence;
        if end < from.sequence {
            return Err(LogError::Truncated { end, durable: from.sequence });
        }
        Ok(Replay::new(self.source(from.sequence + 1, end), Verifier::new(from), end, self.offsets.clone()))
    }

    async fn take_over(&self, tip: Tip, witnesses: &[Witness]) -> Result<Writer, TakeOverError> {
        self.check_end(tip, witnesses).await?;
        let owner = rand::random();
        let mut lane = Lane::open(self.appends.clone(), &self.stream, self.options.epoch_subject(), owner).await?;
        let patience = self.options.stall_min * 2;
        let raw = match lane.append_epoch(tip.sequence, tip.epoch + 1, patience).await? {
            EpochAnswer::Landed(raw) => raw,
            EpochAnswer::Refused => {
                return Err(TakeOverError::Moved { end: tip.sequence + 1 });
            }
            EpochAnswer::Unanswered => return Err(TakeOverError::Unanswered),
        };
        let mut verifier = Verifier::new(tip);
        verifier.accept(raw)?;
        let tip = verifier.tip();
        let mut offsets = self.offsets.clone();
        offsets.begin_run(tip.index + 1, tip.sequence + 1);
        let (reporter, progress, in_flight_bytes) = Reporter::new(tip);
        let (queue, entries) = mpsc::channel(self.options.in_flight_max);
        let (questions, asked) = watch::channel(0);
        let entry_max = self.appends.max_payload().saturating_sub(HEADER_ROOM);
        let pipeline = Pipeline::new(
            lane,
            self.reads.clone(),
            self.stream.clone(),
            self.options.clone(),
            owner,
            Window::new(tip),
            reporter,
            offsets,
            asked,
        );
        // Owned by the writer: ends with it, and says why if it ends before.
        let task = AbortOnDropHandle::new(tokio::spawn(pipeline.run(entries)));
        Ok(Writer::new(tip, &self.options, entry_max, in_flight_bytes, progress, Sink::Task { queue, questions, task }))
    }

    async fn give_up(&self, tip: Tip, to: u64) -> Result<(), TakeOverError> {
        self.check_end(tip, &[]).await?;
        let owner = rand::random();
        let mut lane = Lane::open(self.appends.clone(), &self.stream, self.options.epoch_subject(), owner).await?;
        let number = tip.epoch + 1;
        let what = (self.options.loss_subject().into(), frame::loss(number, owner, (tip.index, tip.chain), to));
        match lane.append_outside(what, tip.sequence, number, self.options.stall_max).await? {
            EpochAnswer::Landed(_) => Ok(()),
            EpochAnswer::Refused => Err(TakeOverError::Moved { end: tip.sequence + 1 }),
            EpochAnswer::Unanswered => Err(TakeOverError::Unanswered),
        }
    }

    async fn given_up(&self) -> Result<Option<GivenUp>, LogError> {
        let found = last_of(&self.reads, &self.stream, &self.options.loss_subject()).await?;
        Ok(found.and_then(|found| GivenUp::of(&found.payload)))
    }

    async fn last_entry(&self, index: u64) -> Result<Option<LastEntry>, LogError> {
        let found = self.read_framed(index).await?;
        Ok(found.map(|(entry, chain)| LastEntry::of(&entry, chain)))
    }

    fn places(&self, index: u64) -> Places {
        self.offsets.places(index)
    }

    fn know(&self, places: &Places) {
        self.offsets.know(places);
    }

    async fn read(&self, indexes: &[u64]) -> Result<Vec<Option<Entry>>, LogError> {
        stream::iter(indexes.to_vec()).map(|index| self.read_one(index)).buffered(READS_MAX).try_collect().await
    }
}
