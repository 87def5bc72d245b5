//! Two nodes and what is between them.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::Stream;
use skein::agents::ERROR_DOMAIN;
use skein::nats::{Nats, NatsOptions};
use skein::relay::{Relay, RelayError, RelayOptions, host};
use skein::telemetry::{Metrics, RelaySide};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::client::Grpc;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, IntoStreamingRequest, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use super::echo::{Echo, SAY, Words};
use super::nats::TestServer;

/// No condition of these tests takes longer on a working machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);
pub(crate) const OWNER: &str = "owner";
pub(crate) const SHARD: &str = "main";

/// A node that serves.
pub(crate) struct Owner {
    pub(crate) echo: Echo,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<Result<(), RelayError>>,
}

impl Owner {
    pub(crate) async fn start(server: &TestServer, options: RelayOptions) -> Self {
        let (echo, metrics, stop) = (Echo::default(), Metrics::new(), CancellationToken::new());
        let client = connect(server).await;
        let routes = Routes::new(echo.clone());
        let (counted, stopped) = (metrics.clone(), stop.clone());
        let serving = tokio::spawn(async move { host(client, OWNER, SHARD, routes, options, counted, stopped).await });
        Self { echo, metrics, stop, serving }
    }

    pub(crate) fn live(&self) -> usize {
        self.echo.live.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) -> i64 {
        self.metrics.relays.open(RelaySide::Host).get()
    }
}

/// A node that calls come to: its port gives all of them to the relay.
pub(crate) struct Front {
    pub(crate) relay: Relay,
    pub(crate) metrics: Metrics,
    address: SocketAddr,
    channel: Channel,
    _tasks: JoinSet<()>,
}

impl Front {
    pub(crate) async fn start(server: &TestServer, options: RelayOptions) -> Self {
        let metrics = Metrics::new();
        let relay = Relay::new(connect(server).await, "front", options, metrics.clone()).await.expect("a relay");
        let carrier = relay.clone();
        let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let relay = carrier.clone();
            async move {
                let answered = relay.call(OWNER, SHARD, request.map(tonic::body::Body::new)).await;
                answered.unwrap_or_else(|refusal| refusal.to_status().into_http())
            }
        });
        Self::with(relay, metrics, Routes::from(router)).await
    }

    /// The port of the owner itself.
    pub(crate) async fn direct(echo: Echo) -> Self {
        let server = TestServer::start();
        let metrics = Metrics::new();
        let client = connect(&server).await;
        let unused = Relay::new(client, "unused", RelayOptions::default(), metrics.clone()).await.expect("a relay");
        Self::with(unused, metrics, Routes::new(echo)).await
    }

    async fn with(relay: Relay, metrics: Metrics, routes: Routes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let served = Server::builder().add_routes(routes).serve_with_incoming(incoming);
            served.await.expect("the port stays open");
        });
        Self { relay, metrics, address, channel: channel(address), _tasks: tasks }
    }

    /// A client of its own, whose connection is cut when the second is dropped.
    pub(crate) async fn cuttable(&self) -> (Self, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (near, far) = (listener.local_addr().expect("an address"), self.address);
        let mut between = JoinSet::new();
        between.spawn(async move {
            let (mut client, _) = listener.accept().await.expect("the client");
            let mut port = TcpStream::connect(far).await.expect("the port");
            let _ = tokio::io::copy_bidirectional(&mut client, &mut port).await;
        });
        let (relay, metrics) = (self.relay.clone(), self.metrics.clone());
        (Self { relay, metrics, address: near, channel: channel(near), _tasks: JoinSet::new() }, between)
    }

    pub(crate) async fn one(&self, path: &'static str, word: Request<Words>) -> Result<Response<Words>, Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.expect("a connection");
        grpc.unary(word, http::uri::PathAndQuery::from_static(path), ProstCodec::default()).await
    }

    pub(crate) async fn say(&self, word: &str) -> Result<String, Status> {
        let said = self.one(SAY, Request::new(word.as_bytes().to_vec())).await?;
        Ok(String::from_utf8(said.into_inner()).expect("text"))
    }

    pub(crate) async fn many(
        &self,
        path: &'static str,
        words: impl Stream<Item = Words> + Send + 'static,
    ) -> Result<Streaming<Words>, Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.expect("a connection");
        let path = http::uri::PathAndQuery::from_static(path);
        grpc.streaming(words.into_streaming_request(), path, ProstCodec::default()).await.map(Response::into_inner)
    }
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_lazy()
}

/// A server, a node that calls come to and the one that serves them, which is there.
pub(crate) async fn nodes() -> (TestServer, Front, Owner) {
    nodes_with(RelayOptions::default()).await
}

pub(crate) async fn nodes_with(options: RelayOptions) -> (TestServer, Front, Owner) {
    let server = TestServer::start();
    let owner = Owner::start(&server, options.clone()).await;
    let front = Front::start(&server, options).await;
    serves(&front).await;
    (server, front, owner)
}

/// Waits until calls are served.
pub(crate) async fn serves(front: &Front) {
    let served = async {
        while let Err(status) = front.say("there?").await {
            assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        }
    };
    tokio::time::timeout(SOON, served).await.expect("the owner serves in time");
}

pub(crate) async fn connect(server: &TestServer) -> async_nats::Client {
    let options = NatsOptions { servers: vec![server.url()], ..NatsOptions::default() };
    Nats::connect(options).await.expect("a connection").open("test").await.expect("a connection")
}

pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, waited).await.unwrap_or_else(|_| panic!("{what} did not happen in time"));
}

/// The next word of a stream, in time.
pub(crate) async fn next(stream: &mut Streaming<Words>) -> Result<Option<Words>, Status> {
    tokio::time::timeout(SOON, stream.message()).await.expect("a word in time")
}

/// The reason and the fact `why` of a status.
pub(crate) fn reason(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no details: {status:?}"));
    assert!(info.domain == ERROR_DOMAIN || info.domain == "echo", "{status:?}");
    (info.reason.clone(), info.metadata.get("why").cloned().unwrap_or_default())
}
