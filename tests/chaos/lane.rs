//! A TCP proxy for one way between two processes: it can hold bytes back, as a network that loses everything does, and cut connections.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// Whether bytes pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    /// Nothing passes either way, and nobody is told: what is held back comes when it opens.
    Held,
}

/// One way. Dropped: all its connections end.
#[derive(Debug)]
pub(crate) struct Lane {
    port: u16,
    gate: watch::Sender<Gate>,
    cuts: watch::Sender<u64>,
    _task: AbortOnDropHandle<()>,
}

impl Lane {
    /// Takes connections for a port of this machine.
    pub(crate) async fn to(target: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("take a port for a proxy")?;
        let port = listener.local_addr().context("ask for the port of a proxy")?.port();
        let (gate, cuts) = (watch::Sender::new(Gate::Open), watch::Sender::new(0));
        let accepting = accept(listener, target, gate.clone(), cuts.clone());
        Ok(Self { port, gate, cuts, _task: AbortOnDropHandle::new(tokio::spawn(accepting)) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Nothing passes until [`Lane::open`].
    pub(crate) fn hold(&self) {
        self.gate.send_replace(Gate::Held);
    }

    pub(crate) fn open(&self) {
        self.gate.send_replace(Gate::Open);
    }

    /// Ends all connections; what was held back is lost.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn accept(listener: TcpListener, target: u16, gate: watch::Sender<Gate>, cuts: watch::Sender<u64>) {
    // Owned by this: connections end with the lane.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(carry(client, target, gate.subscribe(), cuts.subscribe()));
    }
}

async fn carry(client: TcpStream, target: u16, mut gate: watch::Receiver<Gate>, mut cuts: watch::Receiver<u64>) {
    let way = async {
        if gate.wait_for(|gate| *gate == Gate::Open).await.is_err() {
            return;
        }
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
        // Small segments at once, as between real peers. What cannot be set changes no meaning.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = pass(from_client, to_server, gate.clone()) => {}
            () = pass(from_server, to_client, gate) => {}
        }
    };
    tokio::select! {
        () = way => {}
        _ = cuts.changed() => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut gate: watch::Receiver<Gate>) {
    let mut bytes = vec![0; PIECE];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 || gate.wait_for(|gate| *gate == Gate::Open).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
