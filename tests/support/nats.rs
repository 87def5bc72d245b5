//! A real nats-server for tests: loopback, a free port, a temporary store, killed on drop.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a server may take to accept connections.
const START: Duration = Duration::from_secs(20);

/// A running server and its store.
#[derive(Debug)]
pub(crate) struct TestServer {
    child: Child,
    store: TempDir,
    port: u16,
    sync_always: bool,
}

impl TestServer {
    /// Starts a server with default sync.
    pub(crate) fn start() -> Self {
        Self::with_sync(false)
    }

    /// Starts a server that syncs each append if `sync_always`.
    pub(crate) fn with_sync(sync_always: bool) -> Self {
        let store = TempDir::new().expect("a temporary directory");
        let (child, port) = spawn(store.path(), -1, sync_always);
        Self { child, store, port, sync_always }
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.store.path()
    }

    /// The port clients connect to.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server without warning and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // Failing means that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port and store.
    pub(crate) fn restart(&mut self) {
        self.kill();
        (self.child, self.port) = spawn(self.store.path(), i32::from(self.port), self.sync_always);
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "the caller waits when it kills; a server that does not start fails the whole test process"
)]
fn spawn(store: &Path, port: i32, sync_always: bool) -> (Child, u16) {
    let sync = if sync_always { "sync_interval: always" } else { "" };
    let config = store.join("server.conf");
    // By default streams may reserve three quarters of the free disk: less than the daemon's own ask for where little is free.
    let text = format!(
        "listen: \"127.0.0.1:{port}\"\nports_file_dir: \"{0}\"\n\
         jetstream {{ store_dir: \"{0}/js\"\nmax_file_store: 1TB\n{sync} }}\n",
        store.display()
    );
    fs::write(&config, text).expect("write the server's configuration");
    for old in port_files(store) {
        fs::remove_file(old).expect("remove an old ports file");
    }
    let child = Command::new(binary())
        .arg("-c")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start nats-server");
    let deadline = Instant::now() + START;
    loop {
        assert!(Instant::now() < deadline, "nats-server did not start");
        if let Some(port) = port_files(store).iter().find_map(|file| read_port(file))
            && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        {
            return (child, port);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn port_files(store: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(store).expect("read the store");
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "ports"))
        .collect()
}

fn read_port(file: &Path) -> Option<u16> {
    let text = fs::read_to_string(file).ok()?;
    let ports: serde_json::Value = serde_json::from_str(&text).ok()?;
    let url = ports.get("nats")?.get(0)?.as_str()?;
    url.rsplit(':').next()?.parse().ok()
}

/// `SKEIN_NATS_SERVER`, else the one on PATH, else one fetched into `.tools`.
fn binary() -> PathBuf {
    if let Some(path) = env::var_os("SKEIN_NATS_SERVER") {
        return path.into();
    }
    let on_path = env::var_os("PATH")
        .and_then(|path| env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|file| file.is_file()));
    on_path
        .or_else(|| find(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools")))
        .expect("nats-server: set SKEIN_NATS_SERVER, or put it on PATH, or run deploy/test")
}

fn find(folder: &Path) -> Option<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let here = |path: &&PathBuf| path.is_file() && path.ends_with("nats-server");
    entries
        .iter()
        .find(here)
        .cloned()
        .or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| find(path)))
}
