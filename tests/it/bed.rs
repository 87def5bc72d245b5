//! What every test stands on: a folder, a nats-server in it, a workspace, and daemons that serve it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_nats::{Client, RequestErrorKind};
use skein::dev::{NatsOptions, NatsServer};
use tempfile::TempDir;

use crate::daemon::Daemon;

/// Longest wait for any one thing here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Deadline of a daemon's shutdown.
pub(crate) const DEADLINE: Duration = Duration::from_secs(8);

/// Name of the workspace.
pub(crate) const WORKSPACE: &str = "it";

/// Offers on whatsapp and chat, the rest is assigned at once; nobody is recalled; a lost owner's Work returns to its queue, so that
/// it would be seen if a restart took an owner for lost.
const WORKSPACE_FILE: &str = r#"
name = "it"
default_country = "DE"
[work]
max_messages_per_minute = 1000000
[[queue]]
name = "offered"
accept = "manual"
offer_timeout = "10m"
recall_after = "0s"
grace = "requeue"
[[queue]]
name = "given"
accept = "auto"
recall_after = "0s"
grace = "requeue"
[[endpoint]]
name = "support"
channel = "whatsapp"
queue = "offered"
[[endpoint]]
name = "owned"
channel = "whatsapp"
queue = "offered"
addresses = ["106540352242922"]
[[endpoint]]
name = "main"
channel = "sms"
queue = "given"
[[endpoint]]
name = "site"
channel = "chat"
queue = "offered"
[[endpoint]]
name = "office"
channel = "email"
queue = "given"
addresses = ["office@example.com"]
shown_name = "The office"
[[endpoint]]
name = "second"
channel = "sms"
queue = "given"
[[endpoint]]
name = "page"
channel = "messenger"
queue = "given"
scope = "it"
[[endpoint]]
name = "shop"
channel = "instagram"
queue = "given"
scope = "it"
[[endpoint]]
name = "bot"
channel = "telegram"
queue = "given"
[[endpoint]]
name = "official"
channel = "line"
queue = "given"
[[endpoint]]
name = "public"
channel = "viber"
queue = "given"
[guest]
queues = ["offered", "given"]
capacity = 10000
"#;

/// The folder and the server. Dropped: everything in it is gone.
pub(crate) struct Bed {
    pub(crate) nats: NatsServer,
    pub(crate) folder: TempDir,
    daemons: std::cell::Cell<u32>,
    sync_always: bool,
    /// `user:password` of the daemon and of [`Bed::connect`]; empty: the server asks for none.
    login: &'static str,
    /// More of the daemon's configuration.
    settings: std::cell::RefCell<String>,
    /// More of its section `[grpc]`.
    port: std::cell::RefCell<String>,
}

impl Bed {
    /// Starts the server. With `sync_always` what it acknowledges is on the disk, and daemons append in batches when much waits.
    pub(crate) async fn new(sync_always: bool) -> Self {
        Self::guarded(sync_always, String::new(), "").await
    }

    /// The same with accounts in the server's configuration.
    pub(crate) async fn guarded(sync_always: bool, extra_config: String, login: &'static str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let options = NatsOptions {
            sync_always,
            skein: Some(PathBuf::from(env!("CARGO_BIN_EXE_skein"))),
            extra_config,
            ..NatsOptions::new(folder.path().join("nats"))
        };
        let nats = NatsServer::start(options).await.expect("a nats-server");
        std::fs::write(folder.path().join("it.toml"), WORKSPACE_FILE).expect("write the workspace");
        Self {
            nats,
            folder,
            daemons: std::cell::Cell::new(0),
            sync_always,
            login,
            settings: Default::default(),
            port: Default::default(),
        }
    }

    /// More of the workspace's configuration, for the next daemon.
    pub(crate) fn add_to_workspace(&self, text: &str) {
        let whole = format!("{WORKSPACE_FILE}{text}");
        std::fs::write(self.folder.path().join("it.toml"), whole).expect("write the workspace");
    }

    /// More of the daemon's configuration, whole sections, for the next daemon.
    pub(crate) fn set(&self, sections: &str) {
        self.settings.borrow_mut().push_str(sections);
    }

    /// More keys of the section `[grpc]`, for the next daemon.
    pub(crate) fn set_port(&self, keys: &str) {
        self.port.borrow_mut().push_str(keys);
    }

    /// A new daemon process; not ready yet.
    pub(crate) async fn launch(&self) -> Daemon {
        self.launch_with("").await
    }

    /// A new daemon process of the node with this name, that is ready: it owns the shard, or stands by.
    pub(crate) async fn node(&self, name: &str) -> Daemon {
        self.patient_node(name, Duration::from_secs(2)).await
    }

    /// The same with a lease of its own.
    pub(crate) async fn patient_node(&self, name: &str, lease: Duration) -> Daemon {
        self.node_with(name, lease, "").await
    }

    /// The same with more of its own configuration.
    pub(crate) async fn node_with(&self, name: &str, lease: Duration, sections: &str) -> Daemon {
        let section = format!("[node]\nname = \"{name}\"\nlease = \"{}s\"\n{sections}", lease.as_secs());
        let mut daemon = self.launch_with(&section).await;
        daemon.wait_ready().await;
        daemon
    }

    async fn launch_with(&self, sections: &str) -> Daemon {
        let number = self.daemons.get() + 1;
        self.daemons.set(number);
        let folder = self.folder.path();
        let config = folder.join("skein.toml");
        let text = format!(
            "[nats]\nurl = \"{}\"\n[log]\nreplicas = 1\nrequire_sync_always = \"warn\"\nsync_always = {}\n[grpc]\nlisten = \"127.0.0.1:0\"\n{}\n\
             [admin]\nlisten = \"127.0.0.1:0\"\n[logging]\nlevel = \"info\"\nformat = \"json\"\n\
             [shutdown]\ndeadline = \"{}s\"\n[workspaces]\nfiles = [\"it.toml\"]\n[keys]\nfolder = \"keys\"\n{}{sections}",
            self.url_of(self.login),
            self.sync_always,
            self.port.borrow(),
            DEADLINE.as_secs(),
            self.settings.borrow(),
        );
        std::fs::write(&config, text).expect("write the configuration");
        skein::keys::make_missing(&folder.join("keys"), WORKSPACE).expect("make the key");
        Daemon::launch(&config, &folder.join(format!("daemon-{number}.log"))).await
    }

    /// A new daemon process that is ready.
    pub(crate) async fn daemon(&self) -> Daemon {
        let mut daemon = self.launch().await;
        daemon.wait_ready().await;
        daemon
    }

    /// URL of the server for a login, `user:password`.
    pub(crate) fn url_of(&self, login: &str) -> String {
        let at = if login.is_empty() { "" } else { "@" };
        format!("nats://{login}{at}{}", self.nats.address())
    }

    /// A new connection to the bus.
    pub(crate) async fn connect(&self) -> Client {
        let url = self.url_of(self.login);
        skein::nats::with_login(async_nats::ConnectOptions::new(), [url.as_str()])
            .ping_interval(Duration::from_secs(1))
            .connect(&url)
            .await
            .expect("connect to the bus")
    }

    /// Where the server keeps its data.
    pub(crate) fn store(&self) -> &Path {
        self.nats.data()
    }
}

/// Waits until `check` gives a value.
pub(crate) async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the server has carried out what a connection asked for so far: a flush only sends it.
pub(crate) async fn carried_out(client: &Client) {
    let answer = client.request(client.new_inbox(), "".into()).await;
    assert!(answer.is_err_and(|error| error.kind() == RequestErrorKind::NoResponders), "nobody is asked");
}
