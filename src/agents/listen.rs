//! Connections of the port with TLS: each shakes hands beside the others, and a peer that does not finish holds nobody up.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{AbortHandle, BoxFuture, abortable};
use futures::stream::{self, FuturesUnordered};
use futures::{FutureExt as _, Stream, StreamExt as _};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::limits::{HANDSHAKE, HANDSHAKE_FAIR, MAX_TLS_HANDSHAKES};
use crate::access::Tls;

/// Pause after a connection that the system could not give: there are too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long handshakes may take, and how many there are.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// One takes no longer.
    whole: Duration,
    /// One that has taken so long makes room for another where there is none.
    fair: Duration,
    /// At once.
    most: usize,
}

/// The connections whose handshake is done, in the order in which they finish. A peer that is refused, or silent for
/// [`HANDSHAKE`], is not among them; nor, where [`MAX_TLS_HANDSHAKES`] are under way, one that is silent for [`HANDSHAKE_FAIR`].
pub(super) fn secured(listener: TcpListener, tls: Tls) -> impl Stream<Item = io::Result<TlsStream<TcpStream>>> + Send {
    secured_within(listener, tls, Patience { whole: HANDSHAKE, fair: HANDSHAKE_FAIR, most: MAX_TLS_HANDSHAKES })
}

fn secured_within(
    listener: TcpListener,
    tls: Tls,
    patience: Patience,
) -> impl Stream<Item = io::Result<TlsStream<TcpStream>>> + Send {
    stream::unfold((listener, tls, Shaking::default()), move |(listener, tls, mut shaking)| async move {
        loop {
            let waits = shaking.waits(patience);
            // Every arm only waits, and loses nothing when another is taken.
            tokio::select! {
                Some((number, shaken)) = shaking.under_way.next() => {
                    shaking.begun.remove(&number);
                    if let Some(connection) = shaken {
                        return Some((Ok(connection), (listener, tls, shaking)));
                    }
                }
                () = until(waits), if waits.is_some() => shaking.make_room(patience.most),
                accepted = listener.accept(), if waits.is_none() => match accepted {
                    Ok((connection, _)) => shaking.begin(shake(connection, tls.current(), patience.whole)),
                    Err(error) => {
                        tracing::warn!(%error, "a connection of an agent could not be accepted");
                        shaking.paused = Some(Instant::now() + ACCEPT_PAUSE);
                    }
                },
            }
        }
    })
}

/// Handshakes that are under way.
#[derive(Default)]
struct Shaking {
    under_way: FuturesUnordered<BoxFuture<'static, (u64, Option<TlsStream<TcpStream>>)>>,
    /// When each began, the oldest first.
    begun: BTreeMap<u64, (Instant, AbortHandle)>,
    ever: u64,
    /// Nothing is accepted until then.
    paused: Option<Instant>,
}

impl Shaking {
    /// Until when nothing is accepted; none: it is.
    fn waits(&self, patience: Patience) -> Option<Instant> {
        let full = self.begun.len() >= patience.most;
        let oldest = self.begun.first_key_value().filter(|_| full).map(|(_, (begun, _))| *begun + patience.fair);
        self.paused.max(oldest)
    }

    /// The wait is over: where there is no room, the oldest has had its time.
    fn make_room(&mut self, most: usize) {
        self.paused = None;
        if self.begun.len() >= most
            && let Some((_, (_, oldest))) = self.begun.pop_first()
        {
            oldest.abort();
        }
    }

    fn begin(&mut self, shake: impl Future<Output = Option<TlsStream<TcpStream>>> + Send + 'static) {
        self.ever += 1;
        let (number, (shake, abort)) = (self.ever, abortable(shake));
        self.begun.insert(number, (Instant::now(), abort));
        self.under_way.push(async move { (number, shake.await.ok().flatten()) }.boxed());
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// None: there is no connection.
async fn shake(connection: TcpStream, config: Arc<ServerConfig>, within: Duration) -> Option<TlsStream<TcpStream>> {
    // Without it answers only wait longer.
    let _ = connection.set_nodelay(true);
    match timeout(within, TlsAcceptor::from(config).accept(connection)).await {
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

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore, crypto};
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::access::{Access, AccessFiles, ClaimNames, TokenRules};

    /// Nothing here takes longer on a working machine.
    const SOON: Duration = Duration::from_secs(20);

    fn with_certificate() -> (Tls, TlsConnector) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("port.pem"), folder.path().join("port.key"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let files = AccessFiles { certificate: Some(certificate), key: Some(key), ..AccessFiles::default() };
        let claims = ClaimNames {
            agent: String::new(),
            workspace: String::new(),
            roles: String::new(),
            roles_prefix: String::new(),
        };
        let (issuer, audience) = (String::new(), String::new());
        let rules = TokenRules { issuer, audience, leeway: Duration::ZERO, claims };
        let tls = Access::load(files, rules).unwrap().tls.unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (tls, TlsConnector::from(Arc::new(client)))
    }

    #[tokio::test]
    async fn peers_who_say_nothing_make_room_for_one_who_does() {
        let (tls, connector) = with_certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let never = Duration::from_secs(3_600);
        let patience = Patience { whole: never, fair: Duration::from_millis(5), most: 2 };
        let mut secured = std::pin::pin!(secured_within(listener, tls, patience));
        let mut silent = Vec::new();
        for _ in 0..5 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let client = async {
            let plain = TcpStream::connect(address).await.unwrap();
            connector.connect(ServerName::try_from("localhost").unwrap(), plain).await
        };
        let both = async { tokio::join!(secured.next(), client) };
        let (accepted, connected) = timeout(SOON, both).await.expect("there is room in time");
        assert!(accepted.is_some_and(|accepted| accepted.is_ok()) && connected.is_ok());
    }
}
