//! `QueueService`: what is to be seen of queues. Who watches asks the shard for their numbers once a second, and is told what has changed.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::{Request, Response, Status};

use super::Service;
use crate::access::Ending;
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::status::{Reason, Refusal};
use crate::domain::id::Name;
use crate::domain::view::EstimateOf;
use crate::proto::agent as p;
use crate::proto::agent::queue_service_server::QueueService;

/// Between two looks of who watches: one look costs the shard a few numbers for each queue, whatever waits there.
const EVERY: Duration = Duration::from_secs(1);

type Responses = Pin<Box<dyn Stream<Item = Result<p::WatchQueuesResponse, Status>> + Send>>;

/// Somebody who watches queues.
struct Watcher {
    edge: Arc<Edge>,
    caller: Caller,
    queues: Vec<Name>,
    window_ms: i64,
    /// What was told last.
    told: Vec<p::QueueStatus>,
    next: Interval,
    /// The caller is believed no longer.
    over: Ending,
    _permit: OwnedSemaphorePermit,
}

impl Watcher {
    /// What has changed since the last time; waits until something has.
    async fn next(&mut self) -> Result<Vec<p::QueueStatus>, Refusal> {
        loop {
            tokio::select! {
                _ = self.next.tick() => {}
                over = &mut self.over => return Err(over.into()),
                () = self.edge.shutdown.cancelled() => {
                    return Err(Refusal::new(Reason::ShuttingDown, "the server shuts down"));
                }
            }
            let now = statuses(&self.edge, &self.caller, &self.queues, self.window_ms).await?;
            let news: Vec<p::QueueStatus> = now.iter().filter(|status| !self.told.contains(status)).cloned().collect();
            self.told = now;
            if !news.is_empty() {
                return Ok(news);
            }
        }
    }
}

async fn statuses(
    edge: &Edge,
    caller: &Caller,
    queues: &[Name],
    window_ms: i64,
) -> Result<Vec<p::QueueStatus>, Refusal> {
    let (workspace, agent) = (caller.workspace.clone(), caller.agent.clone());
    let views = edge.shard.queues(workspace, queues.to_vec(), agent, window_ms).await?;
    convert::statuses(queues, views)
}

impl Service {
    async fn some_queues(
        &self,
        caller: Caller,
        request: p::ListQueuesRequest,
    ) -> Result<p::ListQueuesResponse, Refusal> {
        let (queues, window_ms) = convert::queues_asked(&request.queues, request.window)?;
        Ok(p::ListQueuesResponse { queues: statuses(&self.edge, &caller, &queues, window_ms).await? })
    }

    /// A stream of what changes. No task: the transport pulls, so that who does not read is not asked for.
    async fn watcher(&self, caller: Caller, request: p::WatchQueuesRequest) -> Result<Responses, Refusal> {
        let (queues, window_ms) = convert::queues_asked(&request.queues, request.window)?;
        // Who names a queue that is not there is told so at once.
        statuses(&self.edge, &caller, &queues, window_ms).await?;
        let permit = Arc::clone(&self.edge.watchers)
            .try_acquire_owned()
            .map_err(|_| Refusal::limit("max_watchers", self.edge.options.max_watchers))?;
        let mut next = interval(EVERY);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (edge, over) = (Arc::clone(&self.edge), caller.lease().ending());
        let watcher = Watcher { edge, caller, queues, window_ms, told: Vec::new(), next, over, _permit: permit };
        let responses = stream::unfold(Some(watcher), |watcher| async {
            let mut watcher = watcher?;
            match watcher.next().await {
                Ok(queues) => Some((Ok(p::WatchQueuesResponse { queues }), Some(watcher))),
                Err(refusal) => Some((Err(watcher.edge.status(&refusal)), None)),
            }
        });
        Ok(Box::pin(responses))
    }

    async fn targets(&self, caller: Caller, request: p::ListTargetsRequest) -> Result<p::ListTargetsResponse, Refusal> {
        let asked = convert::targets_asked(request)?;
        self.edge.may_see_work(&caller, asked.work).await?;
        let view = self.edge.shard.targets(caller.workspace, asked.work).await?;
        let view = view.ok_or_else(|| Refusal::new(Reason::UnknownWork, "unknown work, or not open"))?;
        Ok(convert::targets(&asked, view))
    }

    async fn wait(&self, caller: Caller, request: p::EstimateWaitRequest) -> Result<p::EstimateWaitResponse, Refusal> {
        let of = convert::estimate_of(request)?;
        let missing = match &of {
            EstimateOf::Work(_) => Refusal::new(Reason::UnknownWork, "unknown work, or not open"),
            EstimateOf::Queue(_) => Refusal::invalid("queue", "there is none of that name"),
        };
        if let EstimateOf::Work(work) = &of {
            self.edge.may_see_work(&caller, *work).await?;
        }
        let view = self.edge.shard.estimate(caller.workspace, of).await?;
        Ok(convert::estimate(view.ok_or(missing)?))
    }
}

#[tonic::async_trait]
impl QueueService for Service {
    type WatchQueuesStream = Responses;

    async fn list_queues(
        &self,
        request: Request<p::ListQueuesRequest>,
    ) -> Result<Response<p::ListQueuesResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.some_queues(caller, request.into_inner()).await)
    }

    async fn list_targets(
        &self,
        request: Request<p::ListTargetsRequest>,
    ) -> Result<Response<p::ListTargetsResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.targets(caller, request.into_inner()).await)
    }

    async fn list_dispositions(
        &self,
        request: Request<p::ListDispositionsRequest>,
    ) -> Result<Response<p::ListDispositionsResponse>, Status> {
        let caller = self.caller(&request)?;
        let queue = Some(request.into_inner().queue).filter(|queue| !queue.is_empty()).map(Name::from);
        let listed = self.edge.shard.dispositions(caller.workspace, queue).await;
        self.answer(listed.map(convert::dispositions).map_err(Refusal::from))
    }

    async fn list_presence_reasons(
        &self,
        request: Request<p::ListPresenceReasonsRequest>,
    ) -> Result<Response<p::ListPresenceReasonsResponse>, Status> {
        let caller = self.caller(&request)?;
        let listed = self.edge.shard.presence_reasons(caller.workspace).await;
        self.answer(listed.map(convert::presence_reasons).map_err(Refusal::from))
    }

    async fn estimate_wait(
        &self,
        request: Request<p::EstimateWaitRequest>,
    ) -> Result<Response<p::EstimateWaitResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.wait(caller, request.into_inner()).await)
    }

    async fn watch_queues(&self, request: Request<p::WatchQueuesRequest>) -> Result<Response<Responses>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.watcher(caller, request.into_inner()).await)
    }
}
