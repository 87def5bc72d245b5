//! What is to be sent, in turns: calls that have frames, and notes that belong to none.
//!
//! A call stands in it once and keeps its own frames, a turn is a few of them; so one large body holds nobody up, and what waits is bounded
//! by the calls and their windows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::connection::State;
use async_nats::{Client, Subject};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::Notify;

use super::call::Call;
use super::frame::Frame;
use super::limits::{MAX_NOTES, RECONNECT_LOOK, TURN_FRAMES};
use super::wire::Encoder;
use crate::telemetry::{RelayMetrics, RelaySide, RelayWay};

/// A frame that belongs to no call here.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) to: Subject,
    pub(super) reply: Option<Subject>,
    pub(super) frame: Frame,
}

enum Next {
    Note(Box<Note>),
    Call(Arc<Call>),
}

#[derive(Debug, Default)]
struct Queues {
    notes: VecDeque<Note>,
    calls: VecDeque<Arc<Call>>,
    /// Nothing is waited for any more.
    is_closed: bool,
}

/// What is to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queues: Mutex<Queues>,
    more: Notify,
}

impl Outbox {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call has frames.
    pub(super) fn push(&self, call: Arc<Call>) {
        self.queues().calls.push_back(call);
        self.more.notify_one();
    }

    /// Sends a note, unless [`MAX_NOTES`] wait.
    pub(super) fn note(&self, note: Note) {
        let mut queues = self.queues();
        if queues.notes.len() < MAX_NOTES {
            queues.notes.push_back(note);
            drop(queues);
            self.more.notify_one();
        }
    }

    fn next(&self) -> Option<Next> {
        let mut queues = self.queues();
        let note = queues.notes.pop_front().map(|note| Next::Note(Box::new(note)));
        note.or_else(|| queues.calls.pop_front().map(Next::Call))
    }

    /// The sender ends once it has sent what is there.
    pub(super) fn close(&self) {
        self.queues().is_closed = true;
        self.more.notify_one();
    }

    /// Nobody can be told that calls ended: without a connection they would pile up.
    fn forget_ended(&self) {
        self.queues().calls.retain(|call| call.ended().is_none());
    }
}

/// Writes what an outbox holds to a connection.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    outbox: Arc<Outbox>,
    encoder: Encoder,
    sent: Counter,
    repeated: Counter,
}

impl Sender {
    pub(super) fn new(client: Client, outbox: Arc<Outbox>, side: RelaySide, metrics: &RelayMetrics) -> Self {
        let sent = metrics.frames(side, RelayWay::Sent);
        let repeated = metrics.frames(side, RelayWay::Repeated);
        Self { client, outbox, encoder: Encoder::default(), sent, repeated }
    }

    /// Sends until the outbox is closed and empty. While the connection is away nothing is given to it: what it kept would come out late,
    /// after whoever asked for it was told that it failed.
    pub(super) async fn run(mut self) {
        loop {
            let Some(next) = self.outbox.next() else {
                if self.outbox.queues().is_closed {
                    return;
                }
                self.outbox.more.notified().await;
                continue;
            };
            while self.client.connection_state() != State::Connected {
                tokio::time::sleep(RECONNECT_LOOK).await;
                self.outbox.forget_ended();
            }
            self.turn(next).await;
        }
    }

    async fn turn(&mut self, next: Next) {
        let call = match next {
            Next::Note(note) => {
                let Note { to, reply, frame } = *note;
                return self.publish(to, reply, frame, false).await;
            }
            Next::Call(call) => call,
        };
        for _ in 0..TURN_FRAMES {
            let Some((frame, is_repeated)) = call.transmit() else { return };
            self.publish(call.to().clone(), call.reply().cloned(), frame, is_repeated).await;
        }
        self.outbox.push(call);
    }

    async fn publish(&mut self, to: Subject, reply: Option<Subject>, frame: Frame, is_repeated: bool) {
        let bytes = self.encoder.encode(frame);
        let published = match reply {
            Some(reply) => self.client.publish_with_reply(to, reply, bytes).await,
            None => self.client.publish(to, bytes).await,
        };
        // One that was not is missed by the other side like one that got lost.
        if published.is_ok() {
            if is_repeated { &self.repeated } else { &self.sent }.inc();
        }
    }
}
