//! The services of one shard that this process owns: what answers the calls about it, here and from other nodes.

use std::future::Future;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

use super::drains::Drains;
use super::edge::Edge;
use super::feed::{Seldom, TYPING_EVERY};
use super::gate::Gate;
use super::limits::{MAX_RESPONSE_BYTES, REREADS};
use super::metrics::EdgeMetrics;
use super::names::Names;
use super::options::ServeOptions;
use super::port::{Adapters, Media, Shard};
use super::registry::Registry;
use super::service::Service;
use super::status::Refusal;
use super::uploads::Uploads;
use crate::access::Tokens;
use crate::proto::agent::agent_service_server::AgentServiceServer;
use crate::proto::agent::conversation_service_server::ConversationServiceServer;
use crate::proto::agent::customer_service_server::CustomerServiceServer;
use crate::proto::agent::queue_service_server::QueueServiceServer;
use crate::proto::agent::work_service_server::WorkServiceServer;

/// What the services need of the rest of the process.
#[derive(Clone)]
pub struct Parts {
    /// The shard.
    pub shard: Arc<dyn Shard>,
    /// The store of attachments.
    pub media: Arc<dyn Media>,
    /// The way to adapters.
    pub adapters: Arc<dyn Adapters>,
    /// Counters.
    pub metrics: EdgeMetrics,
    /// Workspaces that take no sessions now.
    pub drains: Drains,
    /// What callers have to prove themselves by; none: they are believed.
    pub tokens: Option<Tokens>,
    /// Services of other parts about the same shard.
    pub beside: Routes,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// The services of an owned shard. Cheap to clone.
#[derive(Clone)]
pub struct Local {
    routes: Routes,
    gate: Gate,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Local {
    /// The services, to be called with what has passed the gate of the port.
    pub(super) fn routes(&self) -> Routes {
        self.routes.clone()
    }

    /// The services with a gate of their own: for calls that come by another way than the port.
    #[must_use]
    pub fn gated(&self) -> Routes {
        Routes::from(self.gate.clone().before(self.routes().into_axum_router()))
    }
}

/// The services of an owned shard, and their end as a future for the task that owns them: from `shutdown` on every session is told
/// DRAINING and gets the results of its commands in flight, for at most [`ServeOptions::drain`].
pub fn local(
    options: ServeOptions,
    Parts { shard, media, adapters, metrics, drains, tokens, beside }: Parts,
    shutdown: CancellationToken,
) -> (Local, impl Future<Output = ()> + Send + 'static) {
    let tracker = TaskTracker::new();
    let drain = options.drain;
    let edge = Arc::new(Edge {
        names: Names::new(Arc::clone(&shard)),
        registry: Registry::new(options.max_sessions, options.max_sessions_per_agent, metrics.clone()),
        watchers: Arc::new(Semaphore::new(options.max_watchers)),
        rereads: Semaphore::new(REREADS),
        uploads: Uploads::new(),
        options,
        shard,
        media,
        adapters,
        typing: Mutex::new(Seldom::new(TYPING_EVERY)),
        tracker: tracker.clone(),
        shutdown: shutdown.clone(),
        drains,
        proven: tokens.is_some(),
        metrics,
    });
    let gate = Gate { tokens, metrics: edge.metrics.clone() };
    let local = Local { routes: routes(&edge, beside), gate };
    let over = async move {
        shutdown.cancelled().await;
        let deadline = Instant::now() + drain;
        tracker.close();
        tokio::select! {
            () = tracker.wait() => {}
            () = sleep_until(deadline) => {
                tracing::warn!(tasks = tracker.len(), "sessions and attachments were not over in time");
            }
        }
    };
    (local, over)
}

fn routes(edge: &Arc<Edge>, beside: Routes) -> Routes {
    let max_request = edge.options.max_request_bytes;
    let service = Service::new(Arc::clone(edge));
    let routes = beside
        .add_service(
            AgentServiceServer::new(service.clone())
                .max_decoding_message_size(max_request)
                .max_encoding_message_size(MAX_RESPONSE_BYTES),
        )
        .add_service(
            WorkServiceServer::new(service.clone())
                .max_decoding_message_size(max_request)
                .max_encoding_message_size(MAX_RESPONSE_BYTES),
        )
        .add_service(
            ConversationServiceServer::new(service.clone())
                .max_decoding_message_size(max_request)
                .max_encoding_message_size(MAX_RESPONSE_BYTES),
        )
        .add_service(
            QueueServiceServer::new(service.clone())
                .max_decoding_message_size(max_request)
                .max_encoding_message_size(MAX_RESPONSE_BYTES),
        )
        .add_service(
            CustomerServiceServer::new(service)
                .max_decoding_message_size(max_request)
                .max_encoding_message_size(MAX_RESPONSE_BYTES),
        );
    let edge = Arc::clone(edge);
    let explained = axum::middleware::map_response(move |mut response: axum::response::Response| {
        explain(&edge, response.headers_mut());
        std::future::ready(response)
    });
    Routes::from(routes.into_axum_router().layer(explained))
}

/// Gives the refusal of a too large request its reason: the transport refuses it before any service sees it.
fn explain(edge: &Edge, headers: &mut http::HeaderMap) {
    /// Number of the gRPC code OUT_OF_RANGE.
    const OUT_OF_RANGE: &str = "11";
    let bare = !headers.contains_key("grpc-status-details-bin");
    if bare && headers.get("grpc-status").is_some_and(|code| code == OUT_OF_RANGE) {
        let status = edge.status(&Refusal::too_large(edge.options.max_request_bytes));
        if let Err(error) = status.add_header(headers) {
            tracing::error!(%error, "a refusal could not be written");
        }
    }
}
