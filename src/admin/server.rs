//! The HTTP server of the admin port. Binding and serving are apart, so that a taken port is known before anything starts.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::readiness::Readiness;
use crate::telemetry::{Metrics, OPEN_METRICS};

/// Why the admin port does not serve.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The port is taken, or the address is not ours.
    #[error("cannot listen on {address} (admin.listen)")]
    Bind {
        /// As configured.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The listener broke while serving.
    #[error("admin port stopped serving")]
    Serve(#[source] std::io::Error),
}

#[derive(Debug)]
struct Shown {
    readiness: Readiness,
    metrics: Metrics,
}

/// A bound admin port that does not serve yet.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes the port.
///
/// # Errors
/// [`AdminError::Bind`].
pub async fn bind(address: SocketAddr) -> Result<AdminServer, AdminError> {
    let bound = TcpListener::bind(address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (local, listener) = bound.map_err(|source| AdminError::Bind { address, source })?;
    Ok(AdminServer { listener, address: local })
}

impl AdminServer {
    /// The address that was taken: the port is known here even when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then answers what was begun. Keep it running longest: probes watch the shutdown too.
    ///
    /// # Errors
    /// [`AdminError::Serve`].
    pub async fn serve(
        self,
        readiness: Readiness,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Result<(), AdminError> {
        let served = axum::serve(self.listener, router(readiness, metrics));
        served.with_graceful_shutdown(stop.cancelled_owned()).await.map_err(AdminError::Serve)
    }
}

fn router(readiness: Readiness, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(exposition))
        .route("/version", get(async || concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n")))
        .with_state(Arc::new(Shown { readiness, metrics }))
}

/// One line a check; 200 when all pass, 503 otherwise.
async fn readyz(State(shown): State<Arc<Shown>>) -> Response {
    let checks = shown.readiness.all();
    let mut body = String::new();
    for (name, reason) in &checks {
        let _infallible = match reason {
            None => writeln!(body, "{name}: ok"),
            Some(reason) => writeln!(body, "{name}: not ready: {reason}"),
        };
    }
    let status = match checks.iter().all(|(_, reason)| reason.is_none()) {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, body).into_response()
}

async fn exposition(State(shown): State<Arc<Shown>>) -> Response {
    match shown.metrics.encode() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn probes_metrics_and_version_are_served_until_stopped() {
        let (readiness, metrics, stop) = (Readiness::new(), Metrics::new(), CancellationToken::new());
        let check = readiness.register("bus");
        let server = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let serving = tokio::spawn(server.serve(readiness, metrics, stop.clone()));

        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("bus: not ready: starting"), "{answer}");
        check.ready();
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("bus: ok"), "{answer}");
        let answer = get(address, "/metrics").await;
        assert!(answer.contains("openmetrics-text") && answer.ends_with("# EOF\n"), "{answer}");
        assert!(get(address, "/version").await.contains(env!("CARGO_PKG_VERSION")));
        assert!(get(address, "/").await.starts_with("HTTP/1.1 404"));

        stop.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_taken_port_is_an_error_that_names_it() {
        let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let error = bind(first.address()).await.unwrap_err();
        assert!(error.to_string().contains(&first.address().port().to_string()), "{error}");
    }
}
