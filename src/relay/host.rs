//! The side that owns the shard: serves what comes for it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, Message, Subject};
use futures::StreamExt as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::call::Call;
use super::callers::Callers;
use super::frame::{Frame, Reset};
use super::limits::{LAST_WORDS, LINE_EVERY, OLDEST_VERSION, TICK, VERSION};
use super::link::Side;
use super::options::{RelayError, RelayOptions};
use super::outbox::{Note, Outbox, Sender};
use super::serve::serve;
use super::{refused, subject, wire};
use crate::telemetry::{Metrics, RateLimit, RelayRefusal, RelaySide, RelayWay, fields};

/// Serves the calls that other nodes carry here, to the node `node` for `shard`, with `routes`, until `stop`.
///
/// Then new calls are refused, and those in flight have [`RelayOptions::drain`] to end. To be ended by `stop`; to drop the future ends all
/// calls at once, which those who made them notice in about 3 s.
///
/// # Errors
/// [`RelayError::Name`] and [`RelayError::Subscribe`] before the start; [`RelayError::Closed`] when the connection is closed for good.
pub async fn host(
    client: Client,
    node: &str,
    shard: &str,
    routes: Routes,
    options: RelayOptions,
    metrics: Metrics,
    stop: CancellationToken,
) -> Result<(), RelayError> {
    let name = || RelayError::Name { node: node.to_owned(), shard: shard.to_owned() };
    let subject = subject::of_host(node, shard).ok_or_else(name)?;
    let failed = |error: async_nats::SubscribeError| RelayError::Subscribe {
        subject: subject.to_string(),
        reason: error.to_string(),
    };
    let mut calls = client.subscribe(subject.clone()).await.map_err(failed)?;
    let outbox = Arc::new(Outbox::default());
    let sender = Sender::new(client.clone(), Arc::clone(&outbox), RelaySide::Host, &metrics.relays);
    let mut sending = JoinSet::new();
    sending.spawn(sender.run());
    let mut host = Host::new(routes, options, Arc::clone(&outbox), &metrics);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !host.is_over() {
        // All of them lose nothing when they are dropped.
        tokio::select! {
            call = calls.next() => match call {
                Some(call) => host.hear(call),
                None => return Err(RelayError::Closed { subject: subject.to_string() }),
            },
            _ = ticks.tick() => host.tick(),
            Some(_) = host.serving.join_next() => {}
            () = stop.cancelled(), if host.deadline.is_none() => host.stop(),
        }
    }
    host.callers.end_all(Reset::Stopping);
    outbox.close();
    let last_words = async {
        sending.join_next().await;
        client.flush().await
    };
    if !matches!(timeout(LAST_WORDS, last_words).await, Ok(Ok(()))) {
        tracing::warn!({ fields::NODE } = subject.as_str(), "the last words to other nodes did not go out in time");
    }
    Ok(())
}

struct Host {
    routes: Routes,
    max_calls: usize,
    drain: Duration,
    /// Set once it is to stop.
    deadline: Option<Instant>,
    callers: Callers,
    outbox: Arc<Outbox>,
    /// One task for each call that is being served. One that panics ends its call.
    serving: JoinSet<()>,
    metrics: Metrics,
    full: RateLimit,
}

impl Host {
    fn new(routes: Routes, options: RelayOptions, outbox: Arc<Outbox>, metrics: &Metrics) -> Self {
        Self {
            routes,
            max_calls: options.max_calls,
            drain: options.drain,
            deadline: None,
            callers: Callers::new(metrics.relays.clone()),
            outbox,
            serving: JoinSet::new(),
            metrics: metrics.clone(),
            full: RateLimit::new(LINE_EVERY, metrics.clone()),
        }
    }

    fn stop(&mut self) {
        self.deadline = Some(Instant::now() + self.drain);
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.callers.open() == 0 || Instant::now() >= deadline)
    }

    fn tick(&mut self) {
        self.callers.tick();
    }

    fn hear(&mut self, message: Message) {
        self.metrics.relays.frames(RelaySide::Host, RelayWay::Received).inc();
        if let Err(reason) = self.take(message) {
            self.metrics.relays.refused(RelaySide::Host, reason);
        }
    }

    fn take(&mut self, message: Message) -> Result<(), RelayRefusal> {
        let reply = message.reply.ok_or(RelayRefusal::Nameless)?;
        let (answers, number) = subject::caller_of(&reply).ok_or(RelayRefusal::Nameless)?;
        let frame = wire::decode(message.payload).map_err(refused)?;
        if let Some(beat) = frame.beat {
            let unknown = self.callers.beat(answers, &beat);
            let frame = Frame { version: VERSION, beat_answer: Some(unknown), ..Frame::default() };
            self.outbox.note(Note { to: reply, reply: None, frame });
            return Ok(());
        }
        match self.callers.get(answers, number) {
            Some(Some(call)) => {
                let taken = call.receive(frame).map_err(refused);
                self.callers.settle(answers, number);
                taken
            }
            Some(None) => Err(RelayRefusal::Late),
            None if frame.reset.is_some() => Err(RelayRefusal::Late),
            None => self.begin(&reply, frame),
        }
    }

    fn begin(&mut self, reply: &Subject, frame: Frame) -> Result<(), RelayRefusal> {
        let refusal = self.refusal(&frame);
        if let Some(reset) = refusal {
            let frame = Frame { reset: Some(reset), ..Frame::default() };
            self.outbox.note(Note { to: reply.clone(), reply: None, frame });
            return Ok(());
        }
        let (answers, number) = subject::caller_of(reply).ok_or(RelayRefusal::Nameless)?;
        let call = Call::new(Side::Host, reply.clone(), None, Arc::clone(&self.outbox));
        call.receive(frame).map_err(refused)?;
        self.callers.add(answers, number, Arc::clone(&call));
        self.serving.spawn(serve(call, self.routes.clone()));
        Ok(())
    }

    /// Why no call begins with this frame.
    fn refusal(&self, frame: &Frame) -> Option<Reset> {
        if frame.number != 1 {
            return Some(Reset::Unknown);
        }
        if !(OLDEST_VERSION..=VERSION).contains(&frame.version) {
            return Some(Reset::Version);
        }
        if self.deadline.is_some() {
            return Some(Reset::Stopping);
        }
        if self.callers.open() < self.max_calls {
            return None;
        }
        if let Some(left_out) = self.full.pass() {
            let limit = self.max_calls;
            tracing::warn!({ fields::LEFT_OUT } = left_out, limit, "calls of other nodes refused: too many");
        }
        Some(Reset::Limit(u32::try_from(self.max_calls).unwrap_or(u32::MAX)))
    }
}
