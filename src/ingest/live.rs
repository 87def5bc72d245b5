//! Customers who are typing: from `skein.live.<workspace>.in.<channel>.<endpoint>`, and from IN where an adapter published it
//! there, to the owners of their Works.
//!
//! Nothing of it is recorded, kept or repeated; whatever has no room is left out. It never holds up what is recorded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, Message};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::prepare::FORMAT_HEADER;
use crate::agents::feed::{Live, Seldom, TYPING_EVERY};
use crate::clock::wall_ms;
use crate::domain::event::{EventKind, InboundEvent};
use crate::domain::id::Name;
use crate::nats::NatsError;
use crate::normalize::{Format, Request, normalize};
use crate::shard::ShardHandle;
use crate::telemetry::{Metrics, RateLimit, fields};

/// Events of IN that wait to be looked at: typing is told again while it lasts.
const HEARD_AHEAD: usize = 64;
/// Questions to the shard at once: a look each, and the owner is told by its answer.
const ASKED_MAX: usize = 64;
/// Largest event: a provider's webhook about somebody who types is some hundred bytes.
const MAX_BYTES: usize = 16 << 10;
/// Whoever typed longer ago may be done: what waited in IN while nobody read it is left out.
const FRESH: Duration = Duration::from_secs(10);

/// Somebody types.
#[derive(Debug)]
struct Heard {
    channel: Name,
    endpoint: Name,
    event: InboundEvent,
}

/// Where the typing that comes by IN goes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TypingInlet(mpsc::Sender<Heard>);

impl TypingInlet {
    /// Notes an event that says that somebody types. Never waits; without room it is left out.
    pub(super) fn hear(&self, channel: &Name, endpoint: &Name, event: &InboundEvent) {
        if let Ok(room) = self.0.try_reserve() {
            room.send(Heard { channel: channel.clone(), endpoint: endpoint.clone(), event: event.clone() });
        }
    }
}

/// The typing of one workspace on its way to the owners.
#[derive(Debug)]
pub struct Typing {
    heard: mpsc::Receiver<Heard>,
}

/// The two ends for one workspace.
#[must_use]
pub fn typing() -> (TypingInlet, Typing) {
    let (inlet, heard) = mpsc::channel(HEARD_AHEAD);
    (TypingInlet(inlet), Typing { heard })
}

impl Typing {
    /// Tells owners until `stop`.
    ///
    /// # Errors
    /// The connection takes no subscription.
    pub async fn run(
        mut self,
        client: Client,
        workspace: Name,
        handle: ShardHandle,
        (metrics, repeat_interval): (Metrics, Duration),
        stop: CancellationToken,
    ) -> Result<(), NatsError> {
        const OPERATION: &str = "subscribe to what is live";
        let failed =
            |error: &dyn std::fmt::Display| NatsError::Request { operation: OPERATION, reason: error.to_string() };
        let mut messages =
            client.subscribe(format!("skein.live.{workspace}.in.>")).await.map_err(|error| failed(&error))?;
        let mut desk = Desk {
            seldom: Seldom::new(TYPING_EVERY),
            misplaced: RateLimit::new(repeat_interval, metrics),
            workspace: Arc::new(workspace),
            handle,
            asked: FuturesUnordered::new(),
        };
        loop {
            // Every arm only waits and loses nothing when another one is taken.
            tokio::select! {
                Some(message) = messages.next() => desk.message(&message),
                Some(heard) = self.heard.recv() => desk.heard(heard),
                Some(()) = desk.asked.next() => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }
}

struct Desk {
    workspace: Arc<Name>,
    handle: ShardHandle,
    seldom: Seldom<(Name, String)>,
    misplaced: RateLimit,
    asked: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Desk {
    fn message(&mut self, message: &Message) {
        let Some((channel, endpoint)) = tokens(&message.subject, &self.workspace) else {
            return;
        };
        let events = read(message, &channel).unwrap_or_default();
        let all = events.len();
        let typing: Vec<InboundEvent> =
            events.into_iter().filter(|event| matches!(event.kind, EventKind::Typing)).collect();
        if (typing.is_empty() || typing.len() < all)
            && let Some(left_out) = self.misplaced.pass()
        {
            let workspace = self.workspace.as_str();
            warn!({ fields::LEFT_OUT } = left_out, workspace, %endpoint, "live subject got something else than typing");
        }
        for event in typing {
            self.heard(Heard { channel: channel.clone(), endpoint: endpoint.clone(), event });
        }
    }

    fn heard(&mut self, heard: Heard) {
        let Heard { channel, endpoint, event } = heard;
        let Some(who) = event.senders.first() else {
            return;
        };
        let stale = event.occurred_at.is_some_and(|at| wall_ms().saturating_sub(at.0) > millis(FRESH));
        let key = (endpoint.clone(), who.address.clone());
        if stale || self.asked.len() >= ASKED_MAX || !self.seldom.pass(key, Instant::now()) {
            return;
        }
        let workspace = Arc::clone(&self.workspace);
        let look = self.handle.try_query(move |state| {
            let space = state.workspace(&workspace);
            space.map(|space| space.typed_to(&channel, &endpoint, &event)).unwrap_or_default()
        });
        // A busy shard has better things to do.
        let Ok(look) = look else {
            return;
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

/// The events of a live message; none: it cannot be read.
fn read(message: &Message, channel: &str) -> Option<Vec<InboundEvent>> {
    let named = message.headers.as_ref().and_then(|headers| headers.get(FORMAT_HEADER));
    let format: Format = match named {
        Some(name) => name.as_str().parse().ok()?,
        None => Format::default(),
    };
    if message.payload.len() > MAX_BYTES {
        return None;
    }
    let request = Request { body: &message.payload, query: None, channel };
    // As in `prepare`: a panic over strangers' bytes costs one message.
    let normalized = catch_unwind(AssertUnwindSafe(|| normalize(format, request))).ok()?;
    normalized.ok().map(|normalized| normalized.events)
}
