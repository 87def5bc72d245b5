//! Deliveries of a short-lived pull consumer, with no more work for each than finding its place.
//!
//! The client library's own stream of deliveries clones its context for every one and watches three channels to get it; at the
//! rates of a shard that is as much as deciding. This asks for messages ahead, reads the subscription, and tells when the consumer
//! can no longer be trusted. What a hole or a repetition means is the ordered reader's business.

use std::time::Duration;

use async_nats::{
    Client, Message, StatusCode, Subject, Subscriber,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull},
    },
};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use thiserror::Error;
use tokio::time::Instant;

/// Life of one request for messages. Longer ones stall after a lost connection.
const EXPIRES: Duration = Duration::from_millis(2_500);
/// The server shows life this often while it has nothing to deliver.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Silence after which the consumer is given up: two heartbeats, and a little for their way.
const SILENCE: Duration = Duration::from_millis(2_200);
/// After this time without requests the server drops an abandoned consumer.
const INACTIVE: Duration = Duration::from_secs(20);
/// Bytes of one request at most: with two on their way a quarter of what the server lets pile up before it cuts a connection.
const REQUEST_BYTES: usize = 8 << 20;
/// Says in a heartbeat how many deliveries the consumer has made.
const DELIVERED: &str = "Nats-Last-Consumer";
/// Says how many messages a request that ended was still owed.
const OWED: &str = "Nats-Pending-Messages";

/// Why a consumer is of no more use. Another one is made at the next sequence.
#[derive(Debug, Error)]
pub(super) enum PullEnded {
    #[error("make a consumer: {0}")]
    NotMade(String),
    #[error("ask for messages: {0}")]
    NotAsked(String),
    #[error("no sign of life")]
    Silent,
    #[error("deliveries were lost on their way")]
    Missed,
    #[error("the consumer ended with status {0}")]
    Status(StatusCode),
    #[error("the subscription ended")]
    Closed,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// In the stream.
    pub(super) sequence: u64,
    /// Among the consumer's deliveries, from 1.
    pub(super) delivery: u64,
    /// When the server stored it, nanoseconds since 1970.
    pub(super) stored_ns: Option<i64>,
}

/// A live consumer.
pub(super) struct Pull {
    client: Client,
    messages: Subscriber,
    next: Subject,
    inbox: Subject,
    ask: Bytes,
    batch: u64,
    /// Messages asked for that have not come.
    owed: u64,
    /// The last delivery that came.
    delivery: u64,
    /// Since when nothing came.
    silent_since: Option<Instant>,
}

impl Pull {
    /// Makes a consumer of `stream` that begins at `from`, and asks for up to `batch` messages at a time.
    pub(super) async fn start(client: Client, stream: String, from: u64, batch: u64) -> Result<Self, PullEnded> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: INACTIVE,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let not_made = |error: &dyn std::fmt::Display| PullEnded::NotMade(error.to_string());
        let inbox = Subject::from(client.new_inbox());
        let messages = client.subscribe(inbox.clone()).await.map_err(|error| not_made(&error))?;
        let consumer = jetstream::new(client.clone())
            .create_consumer_on_stream(config, stream.as_str())
            .await
            .map_err(|error| not_made(&error))?;
        let name = &consumer.cached_info().name;
        Ok(Self {
            messages,
            next: format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}").into(),
            inbox,
            client,
            ask: ask(batch),
            batch,
            owed: 0,
            delivery: 0,
            silent_since: None,
        })
    }

    /// The next delivery, with its place if it carries one. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<(Message, Option<Place>), PullEnded> {
        loop {
            if self.owed <= self.batch / 2 {
                let asked = self.client.publish_with_reply(self.next.clone(), self.inbox.clone(), self.ask.clone());
                asked.await.map_err(|error| PullEnded::NotAsked(error.to_string()))?;
                self.owed += self.batch;
            }
            let message = match self.messages.next().now_or_never() {
                Some(message) => message,
                None => {
                    let since = *self.silent_since.get_or_insert_with(Instant::now);
                    let waited = tokio::time::timeout_at(since + SILENCE, self.messages.next()).await;
                    waited.map_err(|_| PullEnded::Silent)?
                }
            };
            let message = message.ok_or(PullEnded::Closed)?;
            self.silent_since = None;
            match message.status {
                None => {
                    self.owed = self.owed.saturating_sub(1);
                    let place = message.reply.as_deref().and_then(place);
                    self.delivery = place.map_or(self.delivery, |place| place.delivery);
                    return Ok((message, place));
                }
                // What was on its way over a connection that broke does not come again: without acks the server counts it as given.
                Some(StatusCode::IDLE_HEARTBEAT) if number(&message, DELIVERED) > Some(self.delivery) => {
                    return Err(PullEnded::Missed);
                }
                Some(StatusCode::IDLE_HEARTBEAT) => {}
                Some(status) => self.settle(&message, status)?,
            }
        }
    }

    /// A request ended: notes what it was still owed.
    fn settle(&mut self, message: &Message, status: StatusCode) -> Result<(), PullEnded> {
        // 404: nothing there now, 408: the request expired. It was owed what the header says, or all of it. 409 with that header: it
        // has brought as many bytes as it may.
        let owed = number(message, OWED);
        match status {
            StatusCode::NOT_FOUND | StatusCode::TIMEOUT => {}
            StatusCode::REQUEST_TERMINATED if owed.is_some() => {}
            other => return Err(PullEnded::Status(other)),
        }
        self.owed = self.owed.saturating_sub(owed.unwrap_or(self.batch));
        Ok(())
    }
}

/// A header of a status message that is a number.
fn number(message: &Message, name: &'static str) -> Option<u64> {
    message.headers.as_ref()?.get(name)?.as_str().parse().ok()
}

fn ask(batch: u64) -> Bytes {
    let request = serde_json::json!({
        "batch": batch,
        "max_bytes": REQUEST_BYTES,
        "expires": u64::try_from(EXPIRES.as_nanos()).unwrap_or(u64::MAX),
        "idle_heartbeat": u64::try_from(HEARTBEAT.as_nanos()).unwrap_or(u64::MAX),
    });
    Bytes::from(request.to_string())
}

/// Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<delivery>.<time>.<pending>`; newer servers put a domain and an account
/// before the stream, and may add a token at the end.
fn place(reply: &str) -> Option<Place> {
    /// Tokens of the short form, and those that the long form has more.
    const SHORT: usize = 9;
    const MORE: usize = 2;
    let rest = reply.strip_prefix("$JS.ACK.")?;
    let dots = memchr::memchr_iter(b'.', rest.as_bytes()).count();
    // `$JS` and `ACK` are two tokens, and there is one token more than dots.
    let before = if dots + 3 == SHORT { 3 } else { 3 + MORE };
    let mut tokens = rest.split('.').skip(before);
    let sequence = tokens.next()?.parse().ok()?;
    let delivery = tokens.next()?.parse().ok()?;
    let stored_ns = tokens.next().and_then(|time| time.parse().ok());
    Some(Place { sequence, delivery, stored_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_from_both_forms_of_a_reply_subject() {
        let found = Some(Place { sequence: 42, delivery: 7, stored_ns: Some(1_700_000_000_000_000_000) });
        for (reply, place) in [
            ("$JS.ACK.S.C.1.42.7.1700000000000000000.0", found),
            ("$JS.ACK._.hash.S.C.1.42.7.1700000000000000000.0", found),
            ("$JS.ACK.domain.hash.S.C.1.42.7.1700000000000000000.0.token", found),
            ("$JS.ACK.S.C.1.42.7.then.0", Some(Place { sequence: 42, delivery: 7, stored_ns: None })),
            ("$JS.ACK.S.C.1.x.7.1700000000000000000.0", None),
            ("$JS.ACK.S.C", None),
            ("_INBOX.1", None),
        ] {
            assert_eq!(super::place(reply), place, "{reply}");
        }
    }
}
