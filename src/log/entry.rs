//! The words of the log: an entry in it, a place in it, and what a log can do.

use std::future::Future;

use async_nats::Subject;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    error::{LogError, TakeOverError},
    offsets::Places,
    replay::Replay,
    writer::Writer,
};

/// An entry as read from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: contiguous from 1.
    pub index: u64,
    /// Its place in the stream. Only for the log itself and for operators; everything else uses the index.
    pub sequence: u64,
    /// Epoch of the writer that appended it.
    pub epoch: u64,
    /// Its subject, `skein.log.<shard>.<workspace>.{c,a,w}`.
    pub subject: Subject,
    /// The entry, as given to [`Writer::append`].
    pub body: Bytes,
}

/// A place between two entries: what has been read so far. Part of a snapshot, where reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tip {
    /// Index of the last entry, 0 before the first.
    pub index: u64,
    /// Running hash over all entries so far.
    pub chain: u64,
    /// Last sequence read, void and `Epoch` entries included: what an append is fenced on.
    pub sequence: u64,
    /// Number of the last `Epoch`, 0 before the first.
    pub epoch: u64,
    /// A void entry was read since the last `Epoch`: whatever follows is void until the next one.
    pub epoch_over: bool,
}

impl Tip {
    /// Before the first entry of an empty log.
    pub const ORIGIN: Self =
        Self { index: 0, chain: super::frame::CHAIN_ORIGIN, sequence: 0, epoch: 0, epoch_over: false };

    /// Before an entry that is valid, so that nothing is void in its epoch up to there; `chain`: the hash that it carries.
    fn before(entry: &Entry, chain: u64) -> Self {
        let Entry { index, sequence, epoch, .. } = entry;
        Self { index: index - 1, chain, sequence: sequence - 1, epoch: *epoch, epoch_over: false }
    }

    /// Compares the log's end, which this must be, with everybody who knows of an entry.
    pub(super) fn check(&self, witnesses: &[Witness]) -> Result<(), TakeOverError> {
        for witness in witnesses {
            if witness.index > self.index {
                return Err(TakeOverError::Truncated {
                    witness: witness.source,
                    index: witness.index,
                    end: self.index,
                });
            }
            let differs = witness.chain.is_some_and(|chain| chain != self.chain);
            if witness.index == self.index && differs {
                return Err(TakeOverError::Forked { witness: witness.source, index: self.index });
            }
        }
        Ok(())
    }
}

/// A durable entry as the end of what a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEntry {
    /// The place before it, to replay from there.
    pub tip: Tip,
    /// Running hash after it.
    pub chain: u64,
}

impl LastEntry {
    /// Of a valid entry; `chain`: the hash that it carries, of all before it.
    pub(super) fn of(entry: &Entry, chain: u64) -> Self {
        let after = super::frame::chain_after(&super::frame::entry(entry.index, chain, &entry.body));
        Self { tip: Tip::before(entry, chain), chain: after }
    }
}

/// Somebody outside the log who knows that an entry exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Who says so; a constant word for messages (`checkpoint`, `snapshot`, `out`).
    pub source: &'static str,
    /// Highest index known there.
    pub index: u64,
    /// Running hash after that entry, if known there.
    pub chain: Option<u64>,
}

/// Entries that an operator gave up, by their indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// The last that the log had kept.
    pub last: u64,
    /// The last index that is not given again.
    pub to: u64,
}

impl GivenUp {
    /// Whether an entry with this index was given up.
    #[must_use]
    pub fn has(&self, index: u64) -> bool {
        index > self.last && index <= self.to
    }

    /// By the bytes of a message of the log; none: it gives nothing up.
    pub(super) fn of(payload: &Bytes) -> Option<Self> {
        match super::frame::parse(payload) {
            Ok(super::frame::Frame::Loss { last, to, .. }) => Some(Self { last, to }),
            _ => None,
        }
    }
}

/// A shard's log. Handles are shared by reference or behind an `Arc`; only a [`Writer`] appends.
pub trait EventLog: Send + Sync + 'static {
    /// Reads on from `from` to the end the log has now. Void entries are skipped and counted, a hole is an error.
    ///
    /// # Errors
    /// The end of the log cannot be found out.
    fn replay(&self, from: Tip) -> impl Future<Output = Result<Replay, LogError>> + Send;

    /// Makes the caller the writer by appending an `Epoch` fenced on `tip`, which must be the log's end.
    ///
    /// # Errors
    /// [`TakeOverError::Moved`]: replay on from `tip` and try again. The others need an operator or time.
    fn take_over(&self, tip: Tip, witnesses: &[Witness]) -> impl Future<Output = Result<Writer, TakeOverError>> + Send;

    /// Gives up what the log has lost: entries behind `tip`, which must be its end, up to the index `to`, which none had. Whoever owned the
    /// log is deposed. The log goes on behind `to`. Cancelled: it may have been given up, which [`EventLog::given_up`] tells.
    ///
    /// # Errors
    /// As [`EventLog::take_over`].
    fn give_up(&self, tip: Tip, to: u64) -> impl Future<Output = Result<(), TakeOverError>> + Send;

    /// What was given up last; `None`: nothing ever was. Cancel-safe.
    ///
    /// # Errors
    /// The log does not answer.
    fn given_up(&self) -> impl Future<Output = Result<Option<GivenUp>, LogError>> + Send;

    /// A durable entry as the end of a snapshot; `None`: the log has not reached it, or trimmed it.
    ///
    /// # Errors
    /// As [`EventLog::read`].
    fn last_entry(&self, index: u64) -> impl Future<Output = Result<Option<LastEntry>, LogError>> + Send;

    /// Where durable entries below `index` are, as far as this process has learned.
    fn places(&self, index: u64) -> Places;

    /// Takes what another process had learned. Before the first replay.
    fn know(&self, places: &Places);

    /// Reads single durable entries by index, in the order asked for; `None` for an index the log has not reached or has trimmed.
    /// Needs a replay over those indexes in this process, or `take_over`, to have learned where they are.
    ///
    /// # Errors
    /// [`LogError::Unmapped`] for indexes below what was replayed; an entry that is not what its place promises.
    fn read(&self, indexes: &[u64]) -> impl Future<Output = Result<Vec<Option<Entry>>, LogError>> + Send;
}
