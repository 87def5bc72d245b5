//! Connections of the port with TLS: each shakes hands beside the others, and a peer that does not finish holds nobody up.

use std::io;
use std::time::Duration;

use futures::stream::{self, FuturesUnordered};
use futures::{Stream, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::limits::{HANDSHAKE, MAX_TLS_HANDSHAKES};
use crate::access::Tls;

/// Pause after a connection that the system could not give: there are too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The connections whose handshake is done, in the order in which they finish. A peer that is refused, or silent for
/// [`HANDSHAKE`], is not among them.
pub(super) fn secured(listener: TcpListener, tls: Tls) -> impl Stream<Item = io::Result<TlsStream<TcpStream>>> + Send {
    stream::unfold((listener, tls, FuturesUnordered::new()), |(listener, tls, mut shaking)| async move {
        loop {
            // Both arms only wait, and lose nothing when the other is taken.
            tokio::select! {
                Some(shaken) = shaking.next() => {
                    if let Some(connection) = shaken {
                        return Some((Ok(connection), (listener, tls, shaking)));
                    }
                }
                accepted = listener.accept(), if shaking.len() < MAX_TLS_HANDSHAKES => match accepted {
                    Ok((connection, _)) => shaking.push(shake(connection, TlsAcceptor::from(tls.current()))),
                    Err(error) => {
                        tracing::warn!(%error, "a connection of an agent could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    })
}

/// None: there is no connection.
async fn shake(connection: TcpStream, acceptor: TlsAcceptor) -> Option<TlsStream<TcpStream>> {
    // Without it answers only wait longer.
    let _ = connection.set_nodelay(true);
    match timeout(HANDSHAKE, acceptor.accept(connection)).await {
        Ok(Ok(connection)) => Some(connection),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake of TLS failed");
            None
        }
        Err(_) => {
            tracing::debug!("a handshake of TLS took too long");
            None
        }
    }
}
