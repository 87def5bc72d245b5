//! The daemon as a whole: starts, takes in, sets aside, ends in order, and goes on after a restart.

use std::path::Path;
use std::time::Duration;

use skein::app::{self, Started};
use skein::config::{Config, Overrides, load};
use skein::nats::{Ordered, OrderedOptions, stream_state};
use skein::reload::Served;
use skein::shutdown::Shutdown;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::nats::TestServer;
use crate::world::{PATIENCE, connect, eventually, publish, whatsapp, workspace};

fn config(server: &TestServer) -> Config {
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys");
    skein::keys::make_missing(&keys, "acme").expect("make the key");
    let flags = [
        ("keys.folder", keys.display().to_string()),
        ("nats.url", server.url()),
        ("log.replicas", "1".into()),
        ("log.require_sync_always", "warn".into()),
        ("grpc.listen", "127.0.0.1:0".into()),
        ("admin.listen", "127.0.0.1:0".into()),
    ];
    let overrides =
        Overrides { flags: flags.map(|(key, value)| (key.to_owned(), value)).to_vec(), ..Overrides::default() };
    load(&overrides).expect("a good configuration").config
}

pub(crate) struct Daemon {
    shutdown: Shutdown,
    pub(crate) started: Started,
    task: JoinHandle<anyhow::Result<()>>,
}

pub(crate) async fn daemon(server: &TestServer) -> Daemon {
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let (tell, told) = oneshot::channel();
    let config = config(server);
    let served = Served::new(&config, vec![workspace()]);
    let serve = app::serve(config, served, None, shutdown.clone(), move |started| {
        let _ = tell.send(started);
    });
    let task = tokio::spawn(serve);
    let Ok(started) = tokio::time::timeout(PATIENCE, told).await.expect("ready in time") else {
        panic!("it did not start: {:?}", task.await)
    };
    Daemon { shutdown, started, task }
}

impl Daemon {
    pub(crate) async fn end(self) {
        self.shutdown.begin();
        tokio::time::timeout(PATIENCE, self.task).await.expect("ends in time").expect("no panic").expect("in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_takes_in_sets_aside_and_goes_on_after_a_restart() {
    let server = TestServer::start();
    let nats = connect(&server).await;
    let first = daemon(&server).await;
    assert_ne!(first.started.grpc_addr.port(), 0);
    assert_ne!(first.started.admin_addr.port(), 0);
    let client = nats.control();
    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(0, 3)).await;
    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", "{one").await;
    let dead = async |count: u64| {
        eventually("dead letters arrive", async || {
            let state = stream_state(client, "SKEIN_DEAD_acme").await.ok()?;
            (state.last_sequence >= count).then_some(())
        })
        .await;
    };
    dead(1).await;
    first.end().await;

    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", "{two").await;
    let second = daemon(&server).await;
    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", "{three").await;
    dead(3).await;
    second.end().await;

    let mut reader = Ordered::new(client.clone(), "SKEIN_DEAD_acme", 1, OrderedOptions::default());
    for expected in ["{one", "{two", "{three"] {
        let message = reader.next().await.expect("no gap");
        assert_eq!(message.payload.as_ref(), expected.as_bytes());
    }
    let state = stream_state(client, "SKEIN_DEAD_acme").await.expect("it exists");
    assert_eq!(state.last_sequence, 3, "nothing is set aside twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_daemon_takes_over_and_the_first_discards_its_state() {
    let server = TestServer::start();
    let first = daemon(&server).await;
    let second = daemon(&server).await;
    // The first is deposed at its next append; both serve one log, whoever owns it.
    let nats = connect(&server).await;
    let client = nats.control();
    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", "{one").await;
    eventually("exactly one dead letter", async || {
        let state = stream_state(client, "SKEIN_DEAD_acme").await.ok()?;
        (state.last_sequence == 1).then_some(())
    })
    .await;
    second.end().await;
    first.end().await;
    let state = stream_state(client, "SKEIN_DEAD_acme").await.expect("it exists");
    assert_eq!(state.last_sequence, 1);
}
