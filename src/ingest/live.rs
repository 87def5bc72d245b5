//! Customers who are typing: from `skein.live.<workspace>.in.<channel>.<endpoint>`, and from IN where an adapter published it
//! there, to the owners of their Works.
//!
//! Nothing of it is recorded, kept or repeated; whatever has no room, is too large or too old is left out, and counted. It never holds
//! up what is recorded: it has a connection of its own ([`crate::nats::LIVE_CAPACITY`]).

use std::hash::{BuildHasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, Message, Subscriber};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::prepare::FORMAT_HEADER;
use crate::agents::feed::{Live, Seldom, TYPING_EVERY};
use crate::clock::wall_ms;
use crate::domain::event::{EventKind, InboundEvent};
use crate::domain::id::Name;
use crate::domain::time::Timestamp;
use crate::nats::{NatsError, streams, subscribe};
use crate::normalize::{Format, Request, normalize};
use crate::shard::ShardHandle;
use crate::telemetry::{LiveLoss, Metrics, RateLimit, fields};

/// Events of IN that wait to be looked at: typing is told again while it lasts.
const HEARD_AHEAD: usize = 64;
/// Questions to the shard at once: a look each, and the owner is told by its answer.
const ASKED_MAX: usize = 64;
/// Largest event: a provider's webhook about somebody who types is some hundred bytes.
const MAX_BYTES: usize = 16 << 10;
/// Whoever typed longer ago may be done: what waited in IN while nobody read it is stale.
const FRESH: Duration = Duration::from_secs(10);

/// Somebody types.
#[derive(Debug)]
struct Heard {
    channel: Name,
    endpoint: Name,
    event: InboundEvent,
    /// When, as far as that is known.
    at: Option<Timestamp>,
}

impl Heard {
    fn is_stale(&self, now_ms: i64) -> bool {
        self.at.is_some_and(|at| now_ms.saturating_sub(at.0) > millis(FRESH))
    }
}

/// Where the typing that comes by IN goes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TypingInlet {
    heard: mpsc::Sender<Heard>,
    metrics: Metrics,
}

impl TypingInlet {
    /// Notes an event that says that somebody types, of a message stored then. Never waits; without room it is left out.
    pub(super) fn hear(&self, channel: &Name, endpoint: &Name, event: &InboundEvent, stored_ns: Option<i64>) {
        let room = match self.heard.try_reserve() {
            Ok(room) => room,
            Err(TrySendError::Full(())) => return self.metrics.leave_out(LiveLoss::NoRoom),
            // Nobody is told any more: the daemon ends.
            Err(TrySendError::Closed(())) => return,
        };
        let stored = stored_ns.map(|at| Timestamp(at / 1_000_000));
        // Nobody typed after that was stored, whatever the adapter's clock says.
        let at = stored.into_iter().chain(event.occurred_at).min();
        room.send(Heard { channel: channel.clone(), endpoint: endpoint.clone(), event: event.clone(), at });
    }
}

/// The typing of one workspace that comes by IN, on its way to the owners.
#[derive(Debug)]
pub struct Typing {
    heard: mpsc::Receiver<Heard>,
    metrics: Metrics,
}

/// The two ends for one workspace.
#[must_use]
pub fn typing(metrics: Metrics) -> (TypingInlet, Typing) {
    let (inlet, heard) = mpsc::channel(HEARD_AHEAD);
    (TypingInlet { heard: inlet, metrics: metrics.clone() }, Typing { heard, metrics })
}

impl Typing {
    /// Hears what is live too: everything published from the return on. Lines about the same trouble are written once in
    /// `repeat_interval`.
    ///
    /// # Errors
    /// The connection takes no subscription, or nobody answers.
    pub async fn watch(
        self,
        live: &Client,
        workspace: Name,
        handle: ShardHandle,
        repeat_interval: Duration,
    ) -> Result<TypingWatch, NatsError> {
        let (subject, stream) = (format!("skein.live.{workspace}.in.>"), streams::out_name(&workspace));
        let messages = subscribe(live, subject, &stream).await?;
        let desk = Desk {
            seldom: Seldom::new(TYPING_EVERY),
            keys: RandomState::new(),
            misplaced: RateLimit::new(repeat_interval, self.metrics.clone()),
            metrics: self.metrics,
            workspace: Arc::new(workspace),
            handle,
            asked: FuturesUnordered::new(),
        };
        Ok(TypingWatch { heard: self.heard, messages, desk })
    }
}

/// All typing of one workspace, heard by now and later.
#[derive(Debug)]
pub struct TypingWatch {
    heard: mpsc::Receiver<Heard>,
    messages: Subscriber,
    desk: Desk,
}

impl TypingWatch {
    /// Tells owners until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let Self { mut heard, mut messages, mut desk } = self;
        loop {
            // Every arm only waits and loses nothing when another one is taken.
            tokio::select! {
                Some(message) = messages.next() => desk.message(&message),
                Some(heard) = heard.recv() => desk.heard(heard),
                Some(()) = desk.asked.next() => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

#[derive(Debug)]
struct Desk {
    workspace: Arc<Name>,
    handle: ShardHandle,
    /// By the hash of endpoint and address: addresses are as long as strangers make them.
    seldom: Seldom<u64>,
    keys: RandomState,
    metrics: Metrics,
    misplaced: RateLimit,
    asked: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Desk {
    fn message(&mut self, message: &Message) {
        let Some((channel, endpoint)) = tokens(&message.subject, &self.workspace) else {
            return self.metrics.leave_out(LiveLoss::NotTyping);
        };
        let (typing, loss) = read(message, &channel);
        if let Some(loss) = loss {
            self.metrics.leave_out(loss);
            if let Some(left_out) = self.misplaced.pass() {
                let workspace = self.workspace.as_str();
                warn!({ fields::LEFT_OUT } = left_out, workspace, %endpoint, "live subject got something else than typing");
            }
        }
        for event in typing {
            let at = event.occurred_at;
            self.heard(Heard { channel: channel.clone(), endpoint: endpoint.clone(), event, at });
        }
    }

    fn heard(&mut self, heard: Heard) {
        if heard.is_stale(wall_ms()) {
            return self.metrics.leave_out(LiveLoss::Stale);
        }
        let Heard { channel, endpoint, event, .. } = heard;
        let Some(who) = event.senders.first() else {
            return self.metrics.leave_out(LiveLoss::NotTyping);
        };
        if self.asked.len() >= ASKED_MAX {
            return self.metrics.leave_out(LiveLoss::NoRoom);
        }
        if !self.seldom.pass(self.keys.hash_one((&endpoint, &who.address)), Instant::now()) {
            return;
        }
        let workspace = Arc::clone(&self.workspace);
        let look = self.handle.try_query(move |state| {
            let space = state.workspace(&workspace);
            space.map(|space| space.typed_to(&channel, &endpoint, &event)).unwrap_or_default()
        });
        // A busy shard has better things to do.
        let Ok(look) = look else {
            return self.metrics.leave_out(LiveLoss::NoRoom);
        };
        let (feeds, workspace) = (self.handle.feeds().clone(), Arc::clone(&self.workspace));
        let tell = async move {
            for it in look.await.unwrap_or_default() {
                let live = Live::CustomerTyping { work: it.work, conversation: it.conversation };
                feeds.publish_live(&workspace, it.owner, live);
            }
        };
        self.asked.push(tell.boxed());
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Channel and endpoint of a live subject.
fn tokens(subject: &str, workspace: &str) -> Option<(Name, Name)> {
    let rest = subject.strip_prefix("skein.live.")?.strip_prefix(workspace)?.strip_prefix(".in.")?;
    let (channel, endpoint) = rest.split_once('.')?;
    (!endpoint.contains('.')).then(|| (Name::new(channel), Name::new(endpoint)))
}

/// Who types, by a live message; and why something of it is left out.
fn read(message: &Message, channel: &str) -> (Vec<InboundEvent>, Option<LiveLoss>) {
    if message.payload.len() > MAX_BYTES {
        return (Vec::new(), Some(LiveLoss::TooLarge));
    }
    let events = events(message, channel).unwrap_or_default();
    let all = events.len();
    let typing: Vec<_> = events.into_iter().filter(|event| matches!(event.kind, EventKind::Typing)).collect();
    let other = typing.is_empty() || typing.len() < all;
    (typing, other.then_some(LiveLoss::NotTyping))
}

/// The events of a live message; none: it cannot be read.
fn events(message: &Message, channel: &str) -> Option<Vec<InboundEvent>> {
    let named = message.headers.as_ref().and_then(|headers| headers.get(FORMAT_HEADER));
    let format: Format = match named {
        Some(name) => name.as_str().parse().ok()?,
        None => Format::default(),
    };
    let request = Request { body: &message.payload, query: None, channel, ..Request::default() };
    // As in `prepare`: a panic over strangers' bytes costs one message.
    let normalized = catch_unwind(AssertUnwindSafe(|| normalize(format, request))).ok()?;
    normalized.ok().map(|normalized| normalized.events)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn typed_at(occurred_ms: Option<i64>) -> InboundEvent {
        let body = serde_json::json!({"senders": [{"kind": "ADDRESS_KIND_WEB", "address": "v1"}], "typing": {}});
        let body = body.to_string().into_bytes();
        let request = Request { body: &body, query: None, channel: "chat", ..Request::default() };
        let mut events = normalize(Format::default(), request).expect("a typing event").events;
        InboundEvent { occurred_at: occurred_ms.map(Timestamp), ..events.remove(0) }
    }

    fn is_stale(occurred_ms: Option<i64>, stored_ms: Option<i64>) -> bool {
        let (inlet, mut typing) = typing(Metrics::new());
        let (chat, site) = (Name::from("chat"), Name::from("site"));
        inlet.hear(&chat, &site, &typed_at(occurred_ms), stored_ms.map(|at| at * 1_000_000));
        typing.heard.try_recv().expect("there is room").is_stale(NOW_MS)
    }

    #[test]
    fn what_waited_in_a_stream_is_stale_whether_its_event_names_a_time_or_not() {
        let (now, waited) = (Some(NOW_MS), Some(NOW_MS - 10_001));
        assert!(!is_stale(None, now));
        assert!(is_stale(None, waited));
        assert!(is_stale(waited, now));
        assert!(is_stale(Some(NOW_MS + 60_000), waited), "the adapter's clock is ahead");
        assert!(!is_stale(None, None), "nobody knows better");
    }

    #[test]
    fn what_comes_by_in_and_has_no_room_is_counted() {
        let metrics = Metrics::new();
        let (inlet, _typing) = typing(metrics.clone());
        for _ in 0..HEARD_AHEAD + 3 {
            inlet.hear(&Name::from("chat"), &Name::from("site"), &typed_at(None), None);
        }
        let page = metrics.encode().expect("text");
        assert!(page.contains("skein_live_left_out_total{reason=\"no_room\"} 3"), "{page}");
    }
}
