//! Reading a log to its end.

use futures::{StreamExt, stream::BoxStream};

use super::{
    entry::{Entry, Tip},
    error::LogError,
    offsets::Offsets,
    verify::{Raw, Seen, Verifier},
};

/// A run through the log up to the end it had when the run began. Yields entries only; keeps the tip.
pub struct Replay {
    source: BoxStream<'static, Result<Raw, LogError>>,
    verifier: Verifier,
    end_sequence: u64,
    offsets: Offsets,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay")
            .field("tip", &self.verifier.tip())
            .field("end_sequence", &self.end_sequence)
            .finish_non_exhaustive()
    }
}

impl Replay {
    pub(super) fn new(
        source: BoxStream<'static, Result<Raw, LogError>>,
        verifier: Verifier,
        end_sequence: u64,
        offsets: Offsets,
    ) -> Self {
        Self { source, verifier, end_sequence, offsets }
    }

    /// The next entry; `None` at the end. Waits while the server is away. Cancel-safe.
    ///
    /// # Errors
    /// [`LogError`]: the log cannot be trusted from here on. The tip stays before the bad place.
    pub async fn next(&mut self) -> Result<Option<Entry>, LogError> {
        while self.verifier.tip().sequence < self.end_sequence {
            let raw = match self.source.next().await {
                Some(raw) => raw?,
                None => {
                    return Err(LogError::Truncated { end: self.verifier.tip().sequence, durable: self.end_sequence });
                }
            };
            match self.verifier.accept(raw)? {
                Seen::Entry(entry) => {
                    self.offsets.note(entry.index, entry.sequence);
                    return Ok(Some(entry));
                }
                Seen::Loss { last, .. } => self.offsets.lose(last + 1),
                Seen::Epoch { .. } | Seen::Void => {}
            }
        }
        Ok(None)
    }

    /// What has been read so far. At the end: where to take over.
    #[must_use]
    pub fn tip(&self) -> Tip {
        self.verifier.tip()
    }

    /// Void entries skipped so far: a metric.
    #[must_use]
    pub fn voids(&self) -> u64 {
        self.verifier.voids()
    }
}
