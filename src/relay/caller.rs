//! The side that a call came to: opens it at the owner and gives what comes back.
//!
//! One subscription takes the answers of all calls; one task reads it and counts the ticks, another sends.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Client, Message, StatusCode, Subject, Subscriber};
use futures::{StreamExt as _, poll};
use prometheus_client::metrics::counter::Counter;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::TaskTracker;
use tonic::body::Body;

use super::body::{CallBody, pump};
use super::call::Call;
use super::frame::{Frame, Piece, Reset};
use super::limits::{BEAT_TICKS, HEAD_BYTES, LINE_EVERY, TICK, VERSION};
use super::link::{Ended, Side};
use super::options::{RelayError, RelayOptions};
use super::outbox::{Note, Outbox, Sender};
use super::peers::{Calls, Entry, Peer};
use super::status::{how, refusal, unreachable_owner};
use super::{head, refused, subject, wire};
use crate::agents::Refusal;
use crate::telemetry::{Metrics, RateLimit, RelayRefusal, RelaySide, RelayWay, fields};

/// The calling side. Cheap to clone; its tasks end with the last clone and the last response.
#[derive(Clone, Debug)]
pub struct Relay {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// Requests on their way. Each ends with its call.
    pumps: TaskTracker,
    /// Listens, and sends. Both end with this.
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    calls: Mutex<Calls>,
    outbox: Arc<Outbox>,
    answers: String,
    options: RelayOptions,
    metrics: Metrics,
    received: Counter,
    silent: RateLimit,
}

impl Relay {
    /// Begins to listen for answers to the node `node`, whose name is its own. Calls may be made at once.
    ///
    /// # Errors
    /// [`RelayError::Name`], [`RelayError::Subscribe`].
    pub async fn new(client: Client, node: &str, options: RelayOptions, metrics: Metrics) -> Result<Self, RelayError> {
        let name = || RelayError::Name { node: node.to_owned(), shard: String::new() };
        let answers = subject::answers(node, rand::random()).ok_or_else(name)?;
        let all = format!("{answers}*");
        let failed = |error: async_nats::SubscribeError| RelayError::Subscribe {
            subject: all.clone(),
            reason: error.to_string(),
        };
        let subscription = client.subscribe(all.clone()).await.map_err(failed)?;
        let outbox = Arc::new(Outbox::default());
        let sender = Sender::new(client, Arc::clone(&outbox), RelaySide::Caller, &metrics.relays);
        let shared = Arc::new(Shared {
            calls: Mutex::default(),
            outbox,
            answers,
            options,
            received: metrics.relays.frames(RelaySide::Caller, RelayWay::Received),
            silent: RateLimit::new(LINE_EVERY, metrics.clone()),
            metrics,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&shared).listen(subscription));
        tasks.spawn(sender.run());
        Ok(Self { inner: Arc::new(Inner { shared, pumps: TaskTracker::new(), _tasks: tasks }) })
    }

    /// Carries a call to the node `owner`, which serves calls for `shard`, and gives its response, whose body comes as it is read.
    ///
    /// To drop the future, or the body of the response, ends the call.
    ///
    /// # Errors
    /// What keeps the call from the owner before the response has begun: `OWNER_UNREACHABLE` (UNAVAILABLE; fact `why`) or `LIMIT_REACHED`.
    /// Afterwards a status with the same ends the body of the response.
    pub async fn call(
        &self,
        owner: &str,
        shard: &str,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, Refusal> {
        let to = subject::of_host(owner, shard)
            .ok_or_else(|| unreachable_owner("the owner of the shard has no name that could be called", "name"))?;
        let (parts, body) = request.into_parts();
        let head = head::of_request(parts).ok_or_else(|| Refusal::limit("relay_head_bytes", HEAD_BYTES))?;
        let opened = Opened::new(&self.inner, to)?;
        let call = Arc::clone(&opened.call);
        // What of the request is there already goes with its head.
        call.cork();
        call.push(Piece::head(head));
        let mut pumped = Box::pin(pump(Arc::clone(&call), body));
        if poll!(pumped.as_mut()).is_pending() {
            self.inner.pumps.spawn(pumped);
        }
        call.uncork();
        let mut first = poll_fn(|cx| call.poll_take(cx)).await.map_err(refusal)?;
        // The link takes no other first piece.
        let head = first.head.take().ok_or_else(|| refusal(Ended::Reset(Reset::Failed)))?;
        let body = CallBody::new(call, Side::Caller, first, opened);
        Ok(head::to_response(*head, Body::new(body)))
    }
}

/// An open call; ends with this.
#[derive(Debug)]
struct Opened {
    inner: Arc<Inner>,
    number: u64,
    call: Arc<Call>,
}

impl Opened {
    fn new(inner: &Arc<Inner>, to: Subject) -> Result<Self, Refusal> {
        let shared = &inner.shared;
        let mut calls = shared.calls();
        if calls.is_closed {
            return Err(unreachable_owner("the node has no connection to others", "closed"));
        }
        if calls.len() >= shared.options.max_calls {
            return Err(Refusal::limit("relay_calls", shared.options.max_calls));
        }
        let (number, call) = calls.open(to.clone(), |number| {
            let reply = subject::of_call(&shared.answers, number);
            Call::new(Side::Caller, to, Some(reply), Arc::clone(&shared.outbox))
        });
        drop(calls);
        shared.metrics.relays.open(RelaySide::Caller).inc();
        Ok(Self { inner: Arc::clone(inner), number, call })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.call.drop_it();
        let shared = &self.inner.shared;
        shared.calls().remove(self.number);
        shared.metrics.relays.open(RelaySide::Caller).dec();
        shared.metrics.relays.ended(RelaySide::Caller, how(self.call.ended().unwrap_or(Ended::Dropped)));
    }
}

impl Shared {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes answers and counts ticks until the connection is closed for good, which ends all calls.
    async fn listen(self: Arc<Self>, mut answers: Subscriber) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beat = 0;
        loop {
            // Both lose nothing when they are dropped.
            tokio::select! {
                answer = answers.next() => match answer {
                    Some(answer) => self.hear(answer),
                    None => break,
                },
                _ = ticks.tick() => {
                    beat = (beat + 1) % BEAT_TICKS;
                    self.tick(beat == 0);
                }
            }
        }
        let mut calls = self.calls();
        calls.is_closed = true;
        let all = calls.all();
        drop(calls);
        all.iter().for_each(|(call, _)| call.end(Ended::Silent, None));
    }

    fn hear(&self, answer: Message) {
        self.received.inc();
        let number = subject::call_of(&self.answers, &answer.subject);
        let Some(number) = number else { return self.refuse(RelayRefusal::Nameless) };
        let entry = self.calls().get(number);
        if answer.status == Some(StatusCode::NO_RESPONDERS) {
            // What is under way goes on: who serves it may be connecting again at this moment.
            if let Some(Entry::Call(call, _)) = entry
                && !call.is_known()
            {
                call.end(Ended::Nobody, None);
            }
            return;
        }
        let frame = match wire::decode(answer.payload) {
            Ok(frame) => frame,
            Err(bad) => return self.refuse(refused(bad)),
        };
        match entry {
            Some(Entry::Call(call, peer)) => {
                peer.heard();
                if let Err(bad) = call.receive(frame) {
                    self.refuse(refused(bad));
                }
            }
            Some(Entry::Peer(peer)) => {
                peer.heard();
                self.forgotten(&peer, frame);
            }
            None => self.refuse(RelayRefusal::Late),
        }
    }

    /// The owner does not know these calls any more; one that it has not heard of yet is on its way.
    fn forgotten(&self, of: &Peer, frame: Frame) {
        for number in frame.beat_answer.unwrap_or_default() {
            if let Some(Entry::Call(call, peer)) = self.calls().get(number)
                && peer.number == of.number
                && call.is_known()
            {
                call.end(Ended::Reset(Reset::Unknown), None);
            }
        }
    }

    fn refuse(&self, reason: RelayRefusal) {
        self.metrics.relays.refused(RelaySide::Caller, reason);
    }

    fn tick(&self, is_beat: bool) {
        let mut calls = self.calls();
        let all = calls.all();
        let silent = calls.tick();
        let beats = if is_beat { calls.beats() } else { Vec::new() };
        drop(calls);
        for (call, peer) in &all {
            call.tick();
            if silent.iter().any(|silent| silent.number == peer.number) && call.ended().is_none() {
                call.end(Ended::Silent, Some(Reset::Canceled));
                if let Some(left_out) = self.silent.pass() {
                    let node = peer.to.as_str();
                    tracing::warn!(
                        { fields::NODE } = node,
                        { fields::LEFT_OUT } = left_out,
                        "calls to a node ended: it gives no sign"
                    );
                }
            }
        }
        for (peer, beat) in beats {
            let reply = Some(subject::of_call(&self.answers, peer.number));
            let frame = Frame { version: VERSION, beat: Some(beat), ..Frame::default() };
            self.outbox.note(Note { to: peer.to.clone(), reply, frame });
        }
    }
}
