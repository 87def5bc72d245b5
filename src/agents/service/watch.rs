//! `WatchConversation`: what is said in one conversation from now on. No task: the transport pulls.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use crate::access::Ending;
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::feed::ConversationFeed;
use crate::agents::sight::hears;
use crate::agents::status::{Reason, Refusal};
use crate::domain::id::RootId;
use crate::domain::view::ConversationView;
use crate::proto::agent as p;

type Responses = Pin<Box<dyn Stream<Item = Result<p::WatchConversationResponse, Status>> + Send>>;

struct Watcher {
    edge: Arc<Edge>,
    caller: Caller,
    /// The caller is believed no longer.
    over: Ending,
    feed: ConversationFeed,
    ready: VecDeque<p::Event>,
    _permit: OwnedSemaphorePermit,
}

/// A stream of the conversation's events.
pub(super) fn watch(
    edge: &Arc<Edge>,
    caller: Caller,
    asked: RootId,
    view: &ConversationView,
) -> Result<Responses, Refusal> {
    let permit = Arc::clone(&edge.watchers)
        .try_acquire_owned()
        .map_err(|_| Refusal::limit("max_watchers", edge.options.max_watchers))?;
    let leaves: Vec<_> = view.identities.iter().map(|identity| identity.leaf).collect();
    let feed = edge.shard.feeds().watch(&caller.workspace, asked, view.conversation, &leaves);
    let over = caller.lease().ending();
    let watcher = Watcher { edge: Arc::clone(edge), caller, over, feed, ready: VecDeque::new(), _permit: permit };
    let events = stream::unfold(Some(watcher), |watcher| async {
        let mut watcher = watcher?;
        match watcher.next().await {
            Ok(event) => {
                let response = p::WatchConversationResponse { event: Some(event) };
                Some((Ok(response), Some(watcher)))
            }
            Err(refusal) => Some((Err(watcher.edge.status(&refusal)), None)),
        }
    });
    Ok(Box::pin(events))
}

impl Watcher {
    async fn next(&mut self) -> Result<p::Event, Refusal> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            let record = tokio::select! {
                record = self.feed.next() => record,
                over = &mut self.over => return Err(over.into()),
                () = self.edge.shutdown.cancelled() => return Err(shutting_down()),
            };
            let record = record.map_err(|_| Refusal::new(Reason::SlowReader, "what was sent was not read"))?;
            let leaves = self.feed.leaves();
            let (edge, caller) = (&self.edge, &self.caller);
            // Every leaf's number is an id of its customer. Nothing of an empty conversation is told.
            let Some(leaf) = leaves.first() else { continue };
            let seen = tokio::select! {
                // Dropped in the middle it has only looked; the record is not told to whoever is believed no longer.
                seen = edge.seen_of(caller, RootId(leaf.0)) => seen?,
                over = &mut self.over => return Err(over.into()),
                () = edge.shutdown.cancelled() => return Err(shutting_down()),
            };
            // Without an answer now, the events only lack the names of agents.
            let _ = edge.names.learn(&caller.workspace, convert::authors(&record)).await;
            let name = |agent| edge.names.known(&caller.workspace, agent);
            let sees = |id, work, endpoint: &str| match &seen {
                None => true,
                Some((sight, None)) => sight.is_whole(),
                Some((sight, Some(view))) => sight.sees_message(view, id, work, endpoint),
            };
            self.ready.extend(convert::conversation_events(&record, &leaves, name, sees, |stored| {
                hears(&self.caller, stored, name)
            }));
        }
    }
}

fn shutting_down() -> Refusal {
    Refusal::new(Reason::ShuttingDown, "the server shuts down")
}
