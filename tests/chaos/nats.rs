//! Three nats-servers that are one cluster: R3, every write synced. Each reaches each other through a proxy, and clients each of them too.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::host::{self, Host};
use crate::lane::Lane;
use crate::ports::Ports;
use crate::process::{Process, command};

/// How many.
pub(crate) const SERVERS: usize = 3;
/// Which of them has a disk that can be full.
pub(crate) const SMALL_DISK: usize = SERVERS - 1;
/// What that disk holds while it is not full: more than any run writes.
const ROOM: u64 = 16 << 30;
/// How much fits into a full disk still: no block of the server's.
const CRUMBS: u64 = 16 << 10;

/// One of them.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) port: u16,
    config: PathBuf,
    said: PathBuf,
    pub(crate) process: Option<Process>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Cluster {
    program: PathBuf,
    pub(crate) servers: Vec<Server>,
    /// From one to another.
    routes: Vec<(usize, usize, Lane)>,
    /// From adapters to each.
    pub(crate) ways: Vec<Lane>,
    disk: Option<PathBuf>,
}

impl Cluster {
    /// Writes the configurations; starts nothing yet.
    pub(crate) async fn lay_out(folder: &Path, host: &Host, ports: &mut Ports) -> anyhow::Result<Self> {
        let (program, _) = skein::dev::find_server(None).context("find nats-server")?;
        let mut places = Vec::new();
        for _ in 0..SERVERS {
            places.push((ports.free()?, ports.free()?));
        }
        let mut routes = Vec::new();
        for from in 0..SERVERS {
            for to in (0..SERVERS).filter(|to| *to != from) {
                routes.push((from, to, Lane::to(places[to].1).await?));
            }
        }
        let mut servers = Vec::new();
        for (at, (port, cluster)) in places.into_iter().enumerate() {
            let name = format!("nats-{}", at + 1);
            let store = folder.join(&name);
            std::fs::create_dir_all(&store).context("make the folder of a store")?;
            let to = routes.iter().filter(|(from, ..)| *from == at);
            let to: Vec<String> = to.map(|(.., lane)| format!("\"nats://{}\"", lane.address())).collect();
            let config = folder.join(format!("{name}.conf"));
            // Servers tell each other where a third one is: nobody listens there, so that no way leads past the proxies.
            let text = format!(
                "server_name: \"{name}\"\nlisten: \"127.0.0.1:{port}\"\n\
                 jetstream {{ store_dir: \"{}\", sync_interval: always, max_file_store: 1TB }}\n\
                 cluster {{\n  name: \"skein\"\n  listen: \"127.0.0.1:{cluster}\"\n  no_advertise: true\n  \
                 advertise: \"127.0.0.1:1\"\n  routes: [ {} ]\n}}\n",
                store.display(),
                to.join(", "),
            );
            std::fs::write(&config, text).context("write the configuration of a server")?;
            servers.push(Server { said: folder.join(format!("{name}.log")), name, port, config, process: None });
        }
        let disk = host.mounts.then(|| folder.join(&servers[SMALL_DISK].name));
        if let Some(disk) = &disk {
            host::mount(disk, ROOM)?;
        }
        let mut ways = Vec::new();
        for server in &servers {
            ways.push(Lane::to(server.port).await?);
        }
        Ok(Self { program, servers, routes, ways, disk })
    }

    /// Starts one that does not run.
    pub(crate) fn start(&mut self, at: usize) -> anyhow::Result<()> {
        let server = &mut self.servers[at];
        let mut command = command(&self.program, &server.said)?;
        command.arg("-c").arg(&server.config);
        server.process = Some(Process::spawn(command)?);
        Ok(())
    }

    /// Addresses of all servers themselves, past the proxies.
    pub(crate) fn urls(&self) -> String {
        let urls: Vec<String> = self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.port)).collect();
        urls.join(",")
    }

    /// Where adapters connect.
    pub(crate) fn client_urls(&self) -> String {
        let urls: Vec<String> = self.ways.iter().map(|lane| format!("nats://{}", lane.address())).collect();
        urls.join(",")
    }

    /// Which of them has the name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.servers.iter().position(|server| server.name == name)
    }

    /// Ways between this one and the others, both directions.
    pub(crate) fn ways_of(&self, at: usize) -> impl Iterator<Item = &Lane> {
        self.routes.iter().filter(move |(from, to, _)| *from == at || *to == at).map(|(.., lane)| lane)
    }

    /// From now on nothing more can be written to the small disk.
    pub(crate) fn fill_disk(&self) -> anyhow::Result<()> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let room = rustix::fs::statvfs(disk).context("ask for the room on a disk")?;
        let taken = (room.f_blocks - room.f_bfree) * room.f_frsize;
        host::resize(disk, taken + CRUMBS)
    }

    /// There is room again.
    pub(crate) fn free_disk(&self) -> anyhow::Result<()> {
        self.disk.as_deref().map_or(Ok(()), |disk| host::resize(disk, ROOM))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The namespace ends with the program and the mount with it; what writes to it ends before that, by the death of its parent.
        self.servers.clear();
    }
}
