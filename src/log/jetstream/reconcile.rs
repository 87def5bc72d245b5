//! What became of appends without an answer, and who owns the log.
//!
//! Read what the log has behind the durable tip, take off what is ours, close the old epoch with an `Epoch` fenced on the last message
//! read, and hand the rest back to be sent again, the same bytes. Reading comes before the `Epoch`: so a writer that was deposed
//! learns it without disturbing its successor. Goes on until it succeeds, however long the store is away.

use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::{
    super::{
        entry::Tip,
        error::LogError,
        verify::{Seen, Verifier},
        window::{Found, Unknown, Window},
        writer::Condition,
    },
    lane::EpochAnswer,
    pipeline::Pipeline,
};
use crate::nats::{NatsError, Ordered, OrderedOptions, stream_state};

/// First and longest wait between two attempts.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
/// Without a message for this long the reader's server is taken to be away.
const READ_PATIENCE: Duration = Duration::from_secs(3);

/// Why the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The outcome of appends is unknown.
    Unknown,
    /// It is asked who owns the log.
    Asked,
}

/// What is known so far; survives failed attempts.
struct Inquiry {
    verifier: Verifier,
    unknown: Unknown,
    bytes: u64,
    /// The last message read is an `Epoch` of ours from this inquiry: an attempt without an answer had landed.
    closed: bool,
    /// Since when the log looks shorter than what is durable. A replica cut off from the others may say so for a while.
    short_since: Option<Instant>,
}

enum Attempt {
    Done,
    /// Somebody appended in between: read on at once.
    Again,
    /// The store is away.
    Later(&'static str),
}

impl Pipeline {
    /// Finds out what became of everything sent; afterwards nothing is in flight and the rest waits to be sent again.
    pub(super) async fn reconcile(&mut self, why: Why) -> Result<(), Condition> {
        // What is asked from here on is not answered by this.
        let question = *self.questions.borrow_and_update();
        let durable = self.window.durable();
        let sent = std::mem::replace(&mut self.window, Window::new(durable));
        let mut inquiry = Inquiry {
            verifier: Verifier::new(durable),
            unknown: sent.into_unknown(self.owner),
            bytes: 0,
            closed: false,
            short_since: None,
        };
        let mut stalled = false;
        if why == Why::Unknown {
            self.stall(&mut stalled, durable);
        }
        let mut back_off = BACK_OFF.0;
        loop {
            match self.attempt(&mut inquiry).await? {
                Attempt::Done => break,
                Attempt::Again => {}
                Attempt::Later(why) => {
                    self.stall(&mut stalled, durable);
                    debug!(skein.shard = self.options.shard, why, "reconciling waits");
                    tokio::time::sleep(back_off).await;
                    back_off = (back_off * 2).min(BACK_OFF.1);
                }
            }
        }
        self.resume(inquiry, stalled);
        self.reporter.proven(question);
        Ok(())
    }

    /// Says once that appends stand still.
    fn stall(&mut self, said: &mut bool, durable: Tip) {
        if !std::mem::replace(said, true) {
            self.reporter.stalled();
            self.options.metrics.reconciliations.inc();
            warn!(
                skein.shard = self.options.shard,
                durable = durable.index,
                "the outcome of appends is unknown, reading the log"
            );
        }
    }

    fn resume(&mut self, inquiry: Inquiry, stalled: bool) {
        let tip = inquiry.verifier.tip();
        let mut rest = inquiry.unknown.into_rest();
        if stalled {
            info!(
                skein.shard = self.options.shard,
                durable = tip.index,
                epoch = tip.epoch,
                again = rest.len(),
                voids = inquiry.verifier.voids(),
                "appends go on"
            );
        } else {
            debug!(skein.shard = self.options.shard, epoch = tip.epoch, "the log says that nobody else owns it");
        }
        rest.append(&mut self.waiting);
        self.waiting = rest;
        self.window = Window::new(tip);
        self.offsets.durable(tip.index);
        self.offsets.begin_run(tip.index + 1, tip.sequence + 1);
        self.reporter.durable(tip, inquiry.bytes);
    }

    async fn attempt(&mut self, inquiry: &mut Inquiry) -> Result<Attempt, Condition> {
        let end = match stream_state(&self.reads, &self.stream).await {
            Ok(state) => state.last_sequence,
            Err(error) => return later(error),
        };
        let tip = inquiry.verifier.tip();
        if end < tip.sequence {
            return self.short(inquiry, end, tip);
        }
        inquiry.short_since = None;
        if let Some(attempt) = self.read_on(inquiry, end).await? {
            return Ok(attempt);
        }
        if inquiry.closed {
            return Ok(Attempt::Done);
        }
        let tip = inquiry.verifier.tip();
        let answer = self
            .lane
            .append_epoch(tip.sequence, tip.epoch + 1, self.options.stall_min * 2)
            .await
            .map_err(|error| Condition::Fatal(LogError::Nats(error)))?;
        match answer {
            EpochAnswer::Landed(raw) => {
                inquiry.verifier.accept(raw).map_err(Condition::Fatal)?;
                Ok(Attempt::Done)
            }
            EpochAnswer::Refused => Ok(Attempt::Again),
            EpochAnswer::Unanswered => Ok(Attempt::Later("the epoch got no answer")),
        }
    }

    /// Reads up to sequence `end`. `Some`: not now.
    async fn read_on(&mut self, inquiry: &mut Inquiry, end: u64) -> Result<Option<Attempt>, Condition> {
        let from = inquiry.verifier.tip().sequence;
        if from == end {
            return Ok(None);
        }
        let options = OrderedOptions { prefetch: self.options.prefetch };
        let mut reader = Ordered::new(self.reads.clone(), &self.stream, from + 1, options);
        while inquiry.verifier.tip().sequence < end {
            let Ok(stored) = tokio::time::timeout(READ_PATIENCE, reader.next()).await else {
                return Ok(Some(Attempt::Later("reading stands still")));
            };
            let fatal = |error: LogError| Condition::Fatal(error);
            let stored = stored.map_err(|error| fatal(error.into()))?;
            let seen = inquiry.verifier.accept(stored.into()).map_err(fatal)?;
            inquiry.closed = false;
            match inquiry.unknown.observe(&seen).map_err(fatal)? {
                Found::Ours { bytes } => {
                    inquiry.bytes += bytes;
                    if let Seen::Entry(entry) = seen {
                        self.offsets.begin_run(entry.index, entry.sequence);
                    }
                }
                Found::OurEpoch => inquiry.closed = true,
                Found::Nothing => {}
                Found::Deposed { epoch } => return Err(Condition::Deposed { epoch }),
            }
        }
        Ok(None)
    }

    /// The log ends before what is durable. Believed only when it stays so.
    fn short(&self, inquiry: &mut Inquiry, end: u64, tip: Tip) -> Result<Attempt, Condition> {
        let since = *inquiry.short_since.get_or_insert_with(Instant::now);
        if since.elapsed() < self.options.stall_max {
            return Ok(Attempt::Later("the log looks shorter than what is durable"));
        }
        Err(Condition::Fatal(LogError::Truncated { end, durable: tip.sequence }))
    }
}

/// Time may heal it, or it cannot be healed by waiting. A server that just started refuses with several codes until its streams are
/// back, and an election looks like a missing stream: no refusal ends a writer, an operator sees that it stalls and why.
fn later(error: NatsError) -> Result<Attempt, Condition> {
    match error {
        NatsError::Refused { .. } => {
            warn!(error = %error, "the log's stream refuses to answer");
            Ok(Attempt::Later("the stream refuses to answer"))
        }
        error if error.is_transient() => Ok(Attempt::Later("the stream does not answer")),
        error => Err(Condition::Fatal(LogError::Nats(error))),
    }
}
