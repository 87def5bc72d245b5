//! A store in memory, with faults on demand: for tests, which may look at everything it holds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, ready};

use super::store::{KeyStore, StoredBlock};
use crate::nats::NatsError;

/// Keys of one workspace in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryKeys(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    stored: Vec<StoredBlock>,
    /// The next writes take effect and are not answered.
    unanswered: u32,
    /// Nothing is answered, and nothing takes effect.
    away: bool,
    /// Nothing is erased.
    keeps: bool,
}

impl MemoryKeys {
    /// Everything that is stored.
    #[must_use]
    pub fn stored(&self) -> Vec<StoredBlock> {
        self.inner().stored.clone()
    }

    /// The next `count` writes take effect, but whoever asked for them is not told.
    pub fn leave_unanswered(&self, count: u32) {
        self.inner().unanswered = count;
    }

    /// Whether it answers at all.
    pub fn be_away(&self, away: bool) {
        self.inner().away = away;
    }

    /// Whether it lets nobody erase anything.
    pub fn keep_all(&self, keeps: bool) {
        self.inner().keeps = keeps;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answering(&self) -> Result<MutexGuard<'_, Inner>, NatsError> {
        let inner = self.inner();
        if inner.away { Err(NatsError::NoResponders { operation: "use the keys" }) } else { Ok(inner) }
    }
}

impl Inner {
    fn answer<T>(&mut self, value: T) -> Result<T, NatsError> {
        if self.unanswered == 0 {
            return Ok(value);
        }
        self.unanswered -= 1;
        Err(NatsError::Timeout { operation: "use the keys" })
    }
}

impl KeyStore for MemoryKeys {
    fn last(&self) -> BoxFuture<'_, Result<u64, NatsError>> {
        Box::pin(ready(self.answering().map(|inner| inner.last)))
    }

    fn next(&self, after: u64) -> BoxFuture<'_, Result<Option<StoredBlock>, NatsError>> {
        let found = self.answering().map(|inner| inner.stored.iter().find(|stored| stored.sequence > after).cloned());
        Box::pin(ready(found))
    }

    fn put(&self, number: u32, bytes: Vec<u8>, after: u64) -> BoxFuture<'_, Result<Option<u64>, NatsError>> {
        let put = self.answering().and_then(|mut inner| {
            if inner.last != after {
                return Ok(None);
            }
            inner.last += 1;
            let sequence = inner.last;
            inner.stored.push(StoredBlock { sequence, number, bytes: bytes.into() });
            inner.answer(Some(sequence))
        });
        Box::pin(ready(put))
    }

    fn erase(&self, sequence: u64) -> BoxFuture<'_, Result<(), NatsError>> {
        let erased = self.answering().and_then(|mut inner| {
            if inner.keeps {
                return Err(NatsError::Timeout { operation: "overwrite a message" });
            }
            inner.stored.retain(|stored| stored.sequence != sequence);
            inner.answer(())
        });
        Box::pin(ready(erased))
    }
}
