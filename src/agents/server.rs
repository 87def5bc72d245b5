//! The server of the agents' edge: what runs on its port, and how it begins and ends.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::drains::Drains;
use super::edge::Edge;
use super::feed::{Seldom, TYPING_EVERY};
use super::gate::Gate;
use super::limits::{CONNECTION_WINDOW, MAX_HEADER_BYTES, MAX_RESPONSE_BYTES, REREADS, STREAM_WINDOW};
use super::listen::secured;
use super::metrics::EdgeMetrics;
use super::names::Names;
use super::options::ServeOptions;
use super::port::{Adapters, Media, Shard};
use super::registry::Registry;
use super::service::Service;
use super::status::Refusal;
use super::uploads::Uploads;
use crate::access::{Access, Tls};
use crate::proto::DESCRIPTOR_SET;
use crate::proto::agent::agent_service_server::AgentServiceServer;
use crate::proto::agent::conversation_service_server::ConversationServiceServer;
use crate::proto::agent::customer_service_server::CustomerServiceServer;
use crate::proto::agent::queue_service_server::QueueServiceServer;
use crate::proto::agent::work_service_server::WorkServiceServer;

/// Time for the transport to hand out what the sessions said last.
const FLUSH: Duration = Duration::from_secs(1);

/// Why the server did not start or ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} (grpc.listen)")]
    Bind {
        /// The address wanted.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The embedded descriptors cannot be served.
    #[error("cannot serve reflection")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// The transport ended.
    #[error("the agents' server ended")]
    Transport(#[source] tonic::transport::Error),
}

/// Listens on an address; port 0 takes a free one. Returns the address bound.
///
/// # Errors
/// [`ServeError::Bind`].
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// What the server needs of the rest of the process.
#[derive(Clone)]
pub struct Parts {
    /// The shard.
    pub shard: Arc<dyn Shard>,
    /// The store of attachments.
    pub media: Arc<dyn Media>,
    /// The way to adapters.
    pub adapters: Arc<dyn Adapters>,
    /// Whether the shard answers: health follows it.
    pub ready: watch::Receiver<bool>,
    /// Counters.
    pub metrics: EdgeMetrics,
    /// Workspaces that take no sessions now.
    pub drains: Drains,
    /// Who may call, and how.
    pub access: Access,
    /// Services of other parts on the same port.
    pub beside: Routes,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// Serves agents until `shutdown`.
///
/// Then health says NOT_SERVING, every session is told DRAINING and gets the results of its commands in flight, and after at
/// most [`ServeOptions::drain`] and a second more the connections are closed. To be ended by `shutdown`, not by dropping it.
///
/// # Errors
/// [`ServeError::Reflection`] before the start, [`ServeError::Transport`] when the listener fails.
pub async fn serve(
    options: ServeOptions,
    listener: TcpListener,
    parts: Parts,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let Parts { shard, media, adapters, ready, metrics, drains, access, beside } = parts;
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
        proven: access.tokens.is_some(),
        metrics,
    });
    let gate = Gate { tokens: access.tokens, metrics: edge.metrics.clone() };
    let (health, routes) = routes(&edge, gate, beside).await?;
    let sessions_over = async {
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
    let server = transport(&edge.options, routes, (listener, access.tls), sessions_over);
    tokio::select! {
        ended = server => ended.map_err(ServeError::Transport),
        never = follow(ready, health, shutdown.clone()) => match never {},
        () = async {
            shutdown.cancelled().await;
            sleep_until(Instant::now() + drain + FLUSH).await;
        } => Ok(()),
    }
}

/// All services, and the reporter of their health, which begins as NOT_SERVING.
async fn routes(edge: &Arc<Edge>, gate: Gate, beside: Routes) -> Result<(HealthReporter, Routes), ServeError> {
    let max_request = edge.options.max_request_bytes;
    let service = Service::new(Arc::clone(edge));
    let (health, health_service) = tonic_health::server::health_reporter();
    report(&health, ServingStatus::NotServing).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = reflection().build_v1().map_err(ServeError::Reflection)?;
    // Some widely used tools speak only the older version.
    let v1alpha = reflection().build_v1alpha().map_err(ServeError::Reflection)?;
    let routes = beside
        .add_service(health_service)
        .add_service(v1)
        .add_service(v1alpha)
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
    let gate = axum::middleware::from_fn(move |request, next| gate.clone().pass(request, next));
    Ok((health, Routes::from(routes.into_axum_router().layer(gate).layer(explained))))
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

/// HTTP/2 for agents' tools, HTTP/1.1 for browsers (gRPC-web).
async fn transport(
    options: &ServeOptions,
    routes: Routes,
    (listener, tls): (TcpListener, Option<Tls>),
    until: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let router = Server::builder()
        .accept_http1(true)
        .tcp_nodelay(true)
        .http2_keepalive_interval(Some(options.keepalive_interval))
        .http2_keepalive_timeout(Some(options.keepalive_timeout))
        .max_concurrent_streams(options.max_streams_per_connection)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .layer(cors(options.loopback_origins))
        .layer(GrpcWebLayer::new())
        .add_routes(routes);
    match tls {
        Some(tls) => router.serve_with_incoming_shutdown(secured(listener, tls), until).await,
        None => {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            router.serve_with_incoming_shutdown(incoming, until).await
        }
    }
}

/// Browsers may read answers only from pages of this machine, and only if the operator wants it.
fn cors(loopback_origins: bool) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin, _| loopback_origins && origin.to_str().is_ok_and(is_loopback));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([http::Method::POST])
        // Not `*`, which leaves `authorization` out (Fetch standard).
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            http::HeaderName::from_static("grpc-status"),
            http::HeaderName::from_static("grpc-message"),
            http::HeaderName::from_static("grpc-status-details-bin"),
        ])
}

fn is_loopback(origin: &str) -> bool {
    let Some((_, rest)) = origin.split_once("://") else {
        return false;
    };
    let host = match rest.strip_prefix('[') {
        Some(v6) => return v6.starts_with("::1]"),
        None => rest.split(':').next().unwrap_or_default(),
    };
    matches!(host, "localhost" | "127.0.0.1")
}

/// Keeps the health of the services in step with the shard's.
async fn follow(mut ready: watch::Receiver<bool>, health: HealthReporter, shutdown: CancellationToken) -> Infallible {
    loop {
        let serving = *ready.borrow_and_update() && !shutdown.is_cancelled();
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        report(&health, status).await;
        let changed = async {
            if ready.changed().await.is_err() {
                // Nobody reports any more: what was said last stays true.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = changed => {}
            () = shutdown.cancelled(), if !shutdown.is_cancelled() => {}
        }
    }
}

async fn report(health: &HealthReporter, status: ServingStatus) {
    for service in [
        "",
        <AgentServiceServer<Service> as NamedService>::NAME,
        <WorkServiceServer<Service> as NamedService>::NAME,
        <ConversationServiceServer<Service> as NamedService>::NAME,
        <CustomerServiceServer<Service> as NamedService>::NAME,
        <QueueServiceServer<Service> as NamedService>::NAME,
    ] {
        health.set_service_status(service, status).await;
    }
}
