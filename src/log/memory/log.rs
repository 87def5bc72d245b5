//! `MemoryLog`: the handle that users and tests hold.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::{
    super::{
        entry::{Entry, EventLog, GivenUp, LastEntry, Tip, Witness},
        error::{LogError, TakeOverError},
        offsets::{Offsets, Places},
        options::LogOptions,
        replay::Replay,
        verify::Seen,
        window::Pending,
        writer::{AppendRefused, Sink, Writer},
    },
    store::{Fault, Opened, Store},
};

/// Largest entry, as with the usual message limit of a server.
const ENTRY_MAX: usize = (1 << 20) - 4_096;

/// A log in memory. Cheap to clone; all clones are the same log.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    store: Arc<Mutex<Store>>,
}

/// The way from a writer into the store.
#[derive(Debug)]
pub(in super::super) struct MemoryPipe {
    log: MemoryLog,
    writer: usize,
}

impl MemoryPipe {
    pub(in super::super) fn push(&mut self, pending: Pending) -> Result<(), AppendRefused> {
        self.log.store().push(self.writer, pending)
    }

    pub(in super::super) fn prove(&mut self, question: u64) {
        self.log.store().prove(self.writer, question);
    }
}

impl Drop for MemoryPipe {
    fn drop(&mut self) {
        self.log.store().drop_writer(self.writer);
    }
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new(options: LogOptions) -> Self {
        Self { store: Arc::new(Mutex::new(Store::new(options))) }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on appends stay on their way until [`Self::deliver`].
    pub fn stepwise(&self) {
        self.store().stepwise = true;
    }

    /// Delivers up to `count` appends in the order they were sent; returns how many there were.
    pub fn deliver(&self, count: usize) -> usize {
        let mut store = self.store();
        (0..count).take_while(|_| store.deliver()).count()
    }

    /// The next append that is delivered without a fault before it suffers this one.
    pub fn inject(&self, fault: Fault) {
        self.store().faults.push_back(fault);
    }

    /// Lets appends held back by [`Fault::Delay`] arrive now; returns how many found their fence fitting.
    pub fn land_late(&self) -> usize {
        self.store().land_late()
    }

    /// Time passes without progress: writers look up what became of their appends.
    pub fn expire(&self) {
        self.store().expire();
    }

    /// The store is away (`true`) or back. While away nothing is delivered and no outcome can be looked up.
    pub fn set_away(&self, away: bool) {
        self.store().set_away(away);
    }

    /// Switches the void rule off: the negative control, with which checkers must find a stale entry.
    pub fn without_voiding(&self) {
        self.store().voiding = false;
    }

    /// Loses every message behind sequence `last`, as a store does that was restored from an old copy.
    pub fn truncate(&self, last: u64) {
        self.store().messages.retain(|raw| raw.sequence <= last);
    }

    /// Loses the message at `sequence`.
    pub fn lose(&self, sequence: u64) {
        self.store().messages.retain(|raw| raw.sequence != sequence);
    }

    /// Changes the bytes of the message at `sequence`.
    pub fn damage(&self, sequence: u64, change: impl FnOnce(&mut Vec<u8>)) {
        let mut store = self.store();
        let found = store.messages.iter_mut().find(|raw| raw.sequence == sequence);
        if let Some(raw) = found {
            let mut bytes = raw.payload.to_vec();
            change(&mut bytes);
            raw.payload = Bytes::from(bytes);
        }
    }
}

impl EventLog for MemoryLog {
    async fn replay(&self, from: Tip) -> Result<Replay, LogError> {
        let store = self.store();
        let end = store.last_sequence();
        if end < from.sequence {
            return Err(LogError::Truncated { end, durable: from.sequence });
        }
        let messages: Vec<_> =
            store.messages.iter().filter(|raw| raw.sequence > from.sequence).cloned().map(Ok).collect();
        Ok(Replay::new(stream::iter(messages).boxed(), store.verifier(from), end, Offsets::default()))
    }

    async fn take_over(&self, tip: Tip, witnesses: &[Witness]) -> Result<Writer, TakeOverError> {
        let mut store = self.store();
        let end = store.last_sequence();
        if end < tip.sequence {
            return Err(TakeOverError::Log(LogError::Truncated { end, durable: tip.sequence }));
        }
        if end > tip.sequence {
            return Err(TakeOverError::Moved { end });
        }
        tip.check(witnesses)?;
        let Opened { writer, tip, progress, in_flight_bytes } = store.open(tip);
        let pipe = MemoryPipe { log: self.clone(), writer };
        Ok(Writer::new(tip, &store.options, ENTRY_MAX, in_flight_bytes, progress, Sink::Memory(pipe)))
    }

    async fn give_up(&self, tip: Tip, to: u64) -> Result<(), TakeOverError> {
        let mut store = self.store();
        let end = store.last_sequence();
        if end != tip.sequence {
            return Err(TakeOverError::Moved { end });
        }
        store.give_up(tip, to);
        Ok(())
    }

    async fn given_up(&self) -> Result<Option<GivenUp>, LogError> {
        Ok(self.store().messages.iter().rev().find_map(|raw| GivenUp::of(&raw.payload)))
    }

    async fn last_entry(&self, index: u64) -> Result<Option<LastEntry>, LogError> {
        let store = self.store();
        let mut verifier = store.verifier(Tip::ORIGIN);
        for raw in &store.messages {
            let chain = verifier.tip().chain;
            if let Seen::Entry(entry) = verifier.accept(raw.clone())?
                && entry.index == index
            {
                return Ok(Some(LastEntry::of(&entry, chain)));
            }
        }
        Ok(None)
    }

    /// It is gone through from its beginning anyway.
    fn places(&self, _index: u64) -> Places {
        Places::default()
    }

    fn know(&self, _places: &Places) {}

    async fn read(&self, indexes: &[u64]) -> Result<Vec<Option<Entry>>, LogError> {
        let store = self.store();
        let mut verifier = store.verifier(Tip::ORIGIN);
        let mut found = vec![None; indexes.len()];
        for raw in &store.messages {
            if let Seen::Entry(entry) = verifier.accept(raw.clone())? {
                for (place, index) in found.iter_mut().zip(indexes) {
                    if *index == entry.index {
                        *place = Some(entry.clone());
                    }
                }
            }
        }
        Ok(found)
    }
}
