//! The task that fills one OUT or DEAD stream (design, law 7).
//!
//! Publishes in log order, each message fenced on the sequence before it, several in flight. Whatever does not end as predicted is
//! unknown: then the stream's last message says where to go on. What a publisher before this one still had in flight may land
//! meanwhile; it is the same message at the same sequence, or it is refused.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture};
use async_nats::jetstream::message::PublishMessage;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::anchor::{Anchor, anchor};
use super::error::OutboundError;
use super::message::{Kind, make};
use super::outbox::{Outbox, Outgoing};
use super::window::Window;
use crate::domain::command::Command;
use crate::domain::id::Name;
use crate::nats::NatsError;
use crate::shard::ShardHandle;
use crate::telemetry::{ErrorChain, Metrics, RateLimit, fields};

/// Messages of one stream in flight at once: enough to hide the round trip, few to look up after a fault.
const IN_FLIGHT: usize = 256;
/// An ack that takes longer is unknown. Acks do not fail when a connection is lost.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// Messages after which the hand-over is recorded while sending.
const RECORD_EVERY: u64 = 1_000;
/// Time after which it is recorded all the same.
const RECORD_AFTER: Duration = Duration::from_secs(1);
/// First and longest wait before asking a silent server again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Has it recorded that outputs are in their stream; false: not now, it is tried again.
pub type Report = Box<dyn Fn(Command) -> bool + Send + Sync>;

/// Hands the outputs of one stream over.
pub struct HandOver {
    client: Client,
    shard: Name,
    workspace: Name,
    stream: Name,
    kind: Kind,
    outbox: Arc<Outbox>,
    report: Report,
    metrics: Metrics,
    waits: RateLimit,
    unreported: u64,
    report_at: Option<Instant>,
}

impl std::fmt::Debug for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandOver")
            .field("stream", &self.stream)
            .field("unreported", &self.unreported)
            .finish_non_exhaustive()
    }
}

/// Which shard and workspace a stream belongs to.
#[derive(Clone, Debug)]
pub struct Of {
    /// The shard.
    pub shard: Name,
    /// The workspace.
    pub workspace: Name,
    /// Name of the stream.
    pub stream: Name,
}

impl HandOver {
    /// For an OUT stream. While the server is silent, that is said once in `repeat_interval`.
    #[must_use]
    pub fn out(
        client: Client,
        of: Of,
        outbox: Arc<Outbox>,
        handle: ShardHandle,
        metrics: Metrics,
        repeat_interval: Duration,
    ) -> Self {
        let report: Report = Box::new(move |command| handle.leave(command));
        Self::new(client, of, Kind::Out, outbox, report, metrics, repeat_interval)
    }

    /// For a DEAD stream. `reads` fetches the original bytes, beside the publishing.
    #[must_use]
    pub fn dead(
        client: Client,
        reads: Client,
        of: Of,
        outbox: Arc<Outbox>,
        handle: ShardHandle,
        metrics: Metrics,
        repeat_interval: Duration,
    ) -> Self {
        let report: Report = Box::new(move |command| handle.leave(command));
        Self::new(client, of, Kind::Dead(reads), outbox, report, metrics, repeat_interval)
    }

    /// For either, with any way to record the hand-over.
    #[must_use]
    pub fn new(
        client: Client,
        of: Of,
        kind: Kind,
        outbox: Arc<Outbox>,
        report: Report,
        metrics: Metrics,
        repeat_interval: Duration,
    ) -> Self {
        Self {
            client,
            shard: of.shard,
            workspace: of.workspace,
            stream: of.stream,
            kind,
            outbox,
            report,
            waits: RateLimit::new(repeat_interval, metrics.clone()),
            metrics,
            unreported: 0,
            report_at: None,
        }
    }

    /// Hands over until `stop`, and then what is left in the outbox. Dropped: like a crash, which is safe.
    ///
    /// # Errors
    /// [`OutboundError`]: an operator is needed; nothing more is handed over to this stream.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), OutboundError> {
        let context =
            ContextBuilder::new().ack_timeout(ACK_TIMEOUT).max_ack_inflight(IN_FLIGHT * 2).build(self.client.clone());
        let end = self.end_of_stream().await?;
        let position = match end {
            Anchor::At { position, .. } => Some(position),
            Anchor::Start | Anchor::Expired { .. } => None,
        };
        self.outbox.set_end(end.sequence(), position);
        let mut window = Window::new(end);
        let mut acks: FuturesOrdered<BoxFuture<'static, Option<u64>>> = FuturesOrdered::new();
        // What was taken and waits to be made into messages.
        let mut taken: std::vec::IntoIter<Outgoing> = Vec::new().into_iter();
        loop {
            while window.len() < IN_FLIGHT
                && let Some(outgoing) = taken.next()
            {
                let message = self.message(&outgoing).await?;
                if window.reached().is_none_or(|(_, reached)| message.position > reached) {
                    window.push(message);
                } else {
                    self.outbox.settled(1);
                }
            }
            while let Some((message, fence)) = window.next() {
                let publish = PublishMessage::build()
                    .payload(message.payload.clone())
                    .headers(message.headers.clone())
                    .expected_last_sequence(fence);
                let sent = context.send_publish(message.subject.clone(), publish).await;
                acks.push_back(Box::pin(acked(sent.ok())));
            }
            let room = window.len() < IN_FLIGHT && taken.len() == 0;
            if stop.is_cancelled() && window.len() == 0 && taken.len() == 0 && self.outbox.is_empty() {
                return Ok(());
            }
            tokio::select! {
                // Cancel-safe: an ack stays in the set until it is returned.
                Some(ack) = acks.next() => {
                    if ack.is_some_and(|sequence| window.ack(sequence)) {
                        self.handed(&window, 1);
                    } else {
                        acks = FuturesOrdered::new();
                        self.find_out(&mut window).await?;
                    }
                }
                // Cancel-safe: outputs are taken in the same step that returns them.
                more = self.outbox.take(IN_FLIGHT), if room => taken = more.into_iter(),
                // Cancel-safe: a token keeps what it was told. Only to look again.
                () = stop.cancelled(), if !stop.is_cancelled() => {}
                () = sleep_until(self.report_at), if self.report_at.is_some() => {}
            }
            self.report(&window);
        }
    }

    async fn message(&self, outgoing: &Outgoing) -> Result<super::message::Ready, OutboundError> {
        let mut wait = BACK_OFF.0;
        loop {
            match make(&self.kind, &self.shard, &self.stream, outgoing).await {
                Err(OutboundError::Nats(error)) if error.is_transient() => {
                    self.pause("read a dead letter", &error, &mut wait).await;
                }
                other => return other,
            }
        }
    }

    async fn find_out(&mut self, window: &mut Window) -> Result<(), OutboundError> {
        debug!(stream = %self.stream, "outcome of a hand-over unknown, asking the stream");
        let landed = window.settle(&self.stream, self.end_of_stream().await?)?;
        self.handed(window, landed);
        Ok(())
    }

    async fn end_of_stream(&self) -> Result<Anchor, OutboundError> {
        let mut wait = BACK_OFF.0;
        loop {
            match anchor(&self.client, &self.stream, &self.shard).await {
                Err(OutboundError::Nats(error)) if error.is_transient() => {
                    self.pause("read the end of a stream", &error, &mut wait).await;
                }
                other => return other,
            }
        }
    }

    async fn pause(&self, operation: &'static str, error: &NatsError, wait: &mut Duration) {
        if let Some(left_out) = self.waits.pass() {
            warn!(
                stream = %self.stream,
                operation,
                error = %ErrorChain(error),
                { fields::LEFT_OUT } = left_out,
                "hand-over waits"
            );
        }
        tokio::time::sleep(*wait).await;
        *wait = (*wait * 2).min(BACK_OFF.1);
    }

    fn handed(&mut self, window: &Window, count: usize) {
        if count == 0 {
            return;
        }
        // First: whoever sees them settled finds an end with them.
        if let Some((sequence, position)) = window.reached() {
            self.outbox.set_end(sequence, Some(position));
        }
        self.outbox.settled(count);
        self.metrics.handed_over.inc_by(count as u64);
        self.unreported += count as u64;
        self.report_at.get_or_insert_with(|| Instant::now() + RECORD_AFTER);
    }

    fn report(&mut self, window: &Window) {
        let due = self.unreported >= RECORD_EVERY || self.report_at.is_some_and(|at| at <= Instant::now());
        let Some((stream_sequence, position)) = window.reached().filter(|_| due) else {
            return;
        };
        let left = (self.report)(Command::HandedOver {
            workspace: self.workspace.clone(),
            stream: self.stream.clone(),
            stream_sequence,
            position,
        });
        if left {
            self.unreported = 0;
            self.report_at = None;
        } else {
            self.report_at = Some(Instant::now() + RECORD_AFTER);
        }
    }
}

async fn acked(sent: Option<PublishAckFuture>) -> Option<u64> {
    match sent?.await {
        Ok(ack) if !ack.duplicate => Some(ack.sequence),
        Ok(_) => None,
        Err(error) => {
            debug!(error = %error, "hand-over not acknowledged");
            None
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}
