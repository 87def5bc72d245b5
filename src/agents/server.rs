//! The port of agents' tools: what every node answers there by itself, the transport, and how both begin and end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::front::Front;
use super::gate::Gate;
use super::limits::{CONNECTION_WINDOW, MAX_HEADER_BYTES, STREAM_WINDOW};
use super::listen::secured;
use super::metrics::EdgeMetrics;
use super::options::ServeOptions;
use super::service::Service;
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

/// What the port needs of the rest of the process.
#[derive(Debug)]
pub struct Port {
    /// Who owns which shard, and what serves it.
    pub front: Front,
    /// Health follows it.
    pub ready: watch::Receiver<bool>,
    /// Who may call, and how.
    pub access: Access,
    /// Counters.
    pub metrics: EdgeMetrics,
}

/// Serves agents' tools until `shutdown`, and then until `over`: sessions are told by whoever serves them.
///
/// Health says NOT_SERVING from `shutdown` on; after `over` the connections are closed, at most a second later. To be ended by these
/// two, not by dropping it.
///
/// # Errors
/// [`ServeError::Reflection`] before the start, [`ServeError::Transport`] when the listener fails.
pub async fn serve(
    options: ServeOptions,
    listener: TcpListener,
    Port { front, ready, access, metrics }: Port,
    shutdown: CancellationToken,
    over: CancellationToken,
) -> Result<(), ServeError> {
    let gate = Gate { tokens: access.tokens, metrics };
    let (health, routes) = routes(front, gate).await?;
    let server = transport(&options, routes, (listener, access.tls), over.clone().cancelled_owned());
    tokio::select! {
        ended = server => ended.map_err(ServeError::Transport),
        never = follow(ready, health, shutdown) => match never {},
        () = async {
            over.cancelled().await;
            sleep_until(Instant::now() + FLUSH).await;
        } => Ok(()),
    }
}

/// What every node answers by itself and the way to all other services; and the reporter of health, which begins as NOT_SERVING.
async fn routes(front: Front, gate: Gate) -> Result<(HealthReporter, Routes), ServeError> {
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
    let routes = Routes::default().add_service(health_service).add_service(v1).add_service(v1alpha);
    let router = routes.into_axum_router().fallback(move |request| front.clone().answer(request));
    Ok((health, Routes::from(gate.before(router))))
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
