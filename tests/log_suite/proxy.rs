//! A TCP proxy between a log and its server that can hold bytes back and cut connections: how outcomes become unknown.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Which bytes pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// Answers are held back.
    HoldAnswers,
    /// Nothing passes upwards once the allowance is used up.
    HoldRequests,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    gate: watch::Sender<Gate>,
    cut: watch::Sender<u64>,
    allowance: Arc<AtomicI64>,
    _task: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let gate = watch::Sender::new(Gate::Open);
        let cut = watch::Sender::new(0);
        let allowance = Arc::new(AtomicI64::new(0));
        let mut task = JoinSet::new();
        let (gates, cuts, allowed) = (gate.clone(), cut.clone(), Arc::clone(&allowance));
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (gate, mut cut, allowed) = (gates.subscribe(), cuts.subscribe(), Arc::clone(&allowed));
                connections.spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else {
                        return;
                    };
                    // Small segments at once, as between real peers.
                    let _ = (client.set_nodelay(true), server.set_nodelay(true));
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    cut.mark_unchanged();
                    tokio::select! {
                        () = pass(from_client, to_server, gate.clone(), Gate::HoldRequests, allowed) => {}
                        () = pass(from_server, to_client, gate, Gate::HoldAnswers, Arc::default()) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { url: format!("nats://127.0.0.1:{port}"), gate, cut, allowance, _task: task }
    }

    pub(crate) fn set(&self, gate: Gate) {
        self.gate.send_replace(gate);
    }

    /// Requests are held back after this many more bytes.
    pub(crate) fn hold_requests_after(&self, bytes: i64) {
        self.allowance.store(bytes, Ordering::SeqCst);
        self.set(Gate::HoldRequests);
    }

    /// Ends all connections; what was held back is lost.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut gate: watch::Receiver<Gate>,
    held_by: Gate,
    allowance: Arc<AtomicI64>,
) {
    let mut bytes = vec![0; 1 << 14];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 {
            return;
        }
        let mut at = 0;
        while at < count {
            let mut pass = count - at;
            if *gate.borrow() == held_by {
                let left = allowance.load(Ordering::SeqCst);
                if left <= 0 {
                    if gate.wait_for(|gate| *gate != held_by).await.is_err() {
                        return;
                    }
                    continue;
                }
                pass = pass.min(usize::try_from(left).expect("positive"));
                allowance.fetch_sub(i64::try_from(pass).expect("small"), Ordering::SeqCst);
            }
            if to.write_all(&bytes[at..at + pass]).await.is_err() {
                return;
            }
            at += pass;
        }
    }
}
