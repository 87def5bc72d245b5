//! Where the log is read: at the servers of a daemon that runs, or in a copy of a data folder that nobody uses.
//!
//! A `skein dev` holds the lock of its data folder: then its own server is asked, which only reads. Where nobody holds it, the folder is
//! copied, a private server is started on the copy, and both are gone in the end. So nothing of the folder is ever changed.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_nats::Client;

use crate::app::nats_options;
use crate::cli::client::Addresses;
use crate::cli::config_args::{ConfigArgs, WrongUse};
use crate::dev::{DataDir, DataDirError, NatsOptions as ServerOptions, NatsServer};
use crate::domain::id::Name;
use crate::domain::record::Record;
use crate::keys::{JetStreamKeys, KeyBooks, KeyRings, WorkspaceKey};
use crate::log::{EventLog as _, JetStreamLog, LogOptions, RawLog, Tip, codec};
use crate::nats::{Nats, NatsOptions};

/// What the files of workspace keys end with.
const KEY_FILE: &str = "key";
/// Not copied: the lock is the process's, and keys are read where they are.
const NOT_COPIED: [&str; 2] = ["lock", "keys"];

/// Flags about where the log is.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Access {
    /// Data folder of a `skein dev`. While that runs its log is read there; otherwise a copy of the folder is.
    #[arg(long, default_value = ".skein", value_name = "DIR")]
    data: PathBuf,
    /// Configuration file of a `skein serve`: its servers, shard and keys are used, not a data folder. Its daemon may run.
    #[arg(long, value_name = "FILE")]
    daemon: Option<PathBuf>,
}

/// A copy of a data folder, gone when this is.
struct TempCopy(PathBuf);

impl Drop for TempCopy {
    fn drop(&mut self) {
        // What cannot be removed now goes with the system's temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An open log.
pub(in crate::cli) struct Source {
    shard: Name,
    nats: Nats,
    workspaces: Vec<Name>,
    log: JetStreamLog,
    keys: KeyBooks,
    /// The private server on a copy, and the copy: dropped in this order.
    private: Option<(NatsServer, TempCopy)>,
}

/// What is needed to open one.
struct Way {
    nats: NatsOptions,
    shard: Name,
    workspaces: Vec<Name>,
    keys: Option<PathBuf>,
    private: Option<(NatsServer, TempCopy)>,
}

impl Source {
    /// Finds the log and the keys of its workspaces.
    ///
    /// # Errors
    /// [`WrongUse`]: there is no such folder, or the configuration has problems. Others: there is no log, a key is missing, or it cannot be
    /// reached.
    pub(in crate::cli) async fn open(access: &Access) -> anyhow::Result<Self> {
        let way = match &access.daemon {
            Some(file) => of_daemon(file)?,
            None => of_folder(&access.data).await?,
        };
        let nats = Nats::connect(way.nats).await.context("reach the servers")?;
        let log = JetStreamLog::open_to_read(&nats, LogOptions::new(&way.shard)).await.context("open the log")?;
        let mut keys = KeyBooks::default();
        for workspace in &way.workspaces {
            let (workspace, key) = (workspace.clone(), WorkspaceKey::load(workspace, way.keys.as_deref())?);
            let store = Arc::new(JetStreamKeys::new(nats.control().clone(), workspace.clone()));
            keys.open(workspace, key, store).await.context("read the keys")?;
        }
        Ok(Self { shard: way.shard, nats, workspaces: way.workspaces, log, keys, private: way.private })
    }

    pub(in crate::cli) fn shard(&self) -> Name {
        self.shard.clone()
    }

    /// A connection of its own to the servers. `purpose` is a constant word, shown in their list.
    ///
    /// # Errors
    /// No connection.
    pub(in crate::cli) async fn client(&self, purpose: &'static str) -> anyhow::Result<Client> {
        self.nats.open(purpose).await.context("reach the servers")
    }

    /// Workspaces whose keys are known.
    pub(in crate::cli) fn workspaces(&self) -> &[Name] {
        &self.workspaces
    }

    /// The log as it stands, to the end it has now, and the keys of what lies before that.
    ///
    /// # Errors
    /// It cannot be read.
    pub(in crate::cli) async fn raw(&self) -> anyhow::Result<(RawLog, KeyRings)> {
        let log = self.log.raw().await.context("read the log")?;
        Ok((log, self.refreshed().await?))
    }

    async fn refreshed(&self) -> anyhow::Result<KeyRings> {
        for book in self.keys.iter() {
            book.refresh().await.context("read the keys")?;
        }
        Ok(self.keys.rings())
    }

    /// Reads the log to its end, or until `take` has enough.
    ///
    /// # Errors
    /// It cannot be read.
    pub(in crate::cli) async fn read(&self, mut take: impl FnMut(Record) -> bool) -> anyhow::Result<()> {
        let mut replay = self.log.replay(Tip::ORIGIN).await.context("read the log")?;
        // The end is fixed now: keys of what lies before it are there.
        let keys = self.refreshed().await?;
        while let Some(entry) = replay.next().await.context("read the log")? {
            for record in codec::unpack(entry.index, &entry.body, &keys).context("read a record")? {
                if !take(record.context("read a record")?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Ends the private server, if there is one, and removes the copy.
    pub(in crate::cli) async fn close(self) {
        if let Some((server, copy)) = self.private {
            server.stop().await;
            drop(copy);
        }
    }
}

fn of_daemon(file: &Path) -> anyhow::Result<Way> {
    let layers = ConfigArgs { file: Some(file.to_owned()), set: Vec::new() };
    let Ok((config, workspaces)) = layers.load_all() else {
        bail!(WrongUse("the configuration of the daemon has problems".to_owned()))
    };
    Ok(Way {
        nats: nats_options(&config.nats),
        shard: Name::new(&config.shard.name),
        workspaces: workspaces.into_iter().map(|workspace| workspace.name).collect(),
        keys: config.keys.folder,
        private: None,
    })
}

async fn of_folder(data: &Path) -> anyhow::Result<Way> {
    if !data.is_dir() {
        let text = format!("there is no data folder {}: name that of your `skein dev` with --data", data.display());
        bail!(WrongUse(text));
    }
    let Ok((config, _)) = ConfigArgs::default().load_all() else {
        bail!(WrongUse("the environment holds a wrong configuration".to_owned()))
    };
    let keys = data.join("keys");
    let (server, private) = match DataDir::take(data) {
        Ok(held) => {
            let copy = TempCopy(std::env::temp_dir().join(format!("skein-copy-{:016x}", rand::random::<u64>())));
            DirBuilder::new().mode(0o700).create(&copy.0).context("make a folder for the copy")?;
            copied(held.path(), &copy.0).context("copy the data folder")?;
            drop(held);
            eprintln!("nobody uses {}: a copy of it is read", data.display());
            let server = NatsServer::start(ServerOptions::new(&copy.0)).await?;
            (server.url(), Some((server, copy)))
        }
        Err(DataDirError::InUse { holder, .. }) => {
            eprintln!("process {holder} uses {}: its log is read while it runs, nothing is written", data.display());
            (Addresses::load(data)?.nats, None)
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Way {
        nats: NatsOptions { servers: vec![server], ..NatsOptions::default() },
        shard: Name::new(&config.shard.name),
        workspaces: with_key(&keys).context("look for the keys of the workspaces")?,
        keys: Some(keys),
        private,
    })
}

/// Workspaces that have a key in the folder, by name.
fn with_key(folder: &Path) -> std::io::Result<Vec<Name>> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == KEY_FILE) {
            found.extend(path.file_stem().and_then(|stem| stem.to_str()).map(Name::new));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Copies a folder with all that is in it.
fn copied(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target, kind) = (entry.path(), to.join(entry.file_name()), entry.file_type()?);
        if NOT_COPIED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            std::fs::create_dir_all(&target)?;
            copied(&source, &target)?;
        } else if kind.is_file() {
            let mut copy = File::create_new(&target)?;
            std::io::copy(&mut File::open(&source)?, &mut copy)?;
        }
    }
    Ok(())
}
