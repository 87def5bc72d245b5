//! Where a daemon is: told by flags, or by the file that `skein dev` leaves in its data folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::reach::{Proofs, Reach};

/// Name of the file in the data folder of `skein dev`.
const FILE: &str = "dev.json";

/// Where everything of a daemon is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// URL of the nats-server.
    pub(crate) nats: String,
    /// Address of the agents' port, `host:port`.
    pub(crate) grpc: String,
    /// Address of the port for probes and metrics, `host:port`.
    pub(crate) admin: String,
    /// The workspace to use when none is named.
    pub(crate) workspace: String,
}

impl Addresses {
    /// Leaves the addresses in the data folder, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn store(&self, data: &Path) -> std::io::Result<()> {
        let new = data.join("dev.json.new");
        std::fs::write(&new, serde_json::to_vec(self)?)?;
        std::fs::rename(new, data.join(FILE))
    }

    /// The port of the nats-server.
    pub(crate) fn nats_port(&self) -> Option<u16> {
        self.nats.rsplit_once(':')?.1.parse().ok()
    }

    /// Reads what a `skein dev` with this data folder left.
    ///
    /// # Errors
    /// There is none; the message says what to do.
    pub(crate) fn load(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let text = std::fs::read(&path).with_context(|| {
            format!("no address given and no running daemon found: cannot read {}; start `skein dev`, or name the addresses with flags", path.display())
        })?;
        serde_json::from_slice(&text).with_context(|| format!("cannot understand {}", path.display()))
    }
}

/// Flags of every client command.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Target {
    /// Data folder of the `skein dev` whose addresses are used when none are given.
    #[arg(long, default_value = ".skein", value_name = "DIR")]
    data: PathBuf,
    /// Workspace; that of the demo when left out.
    #[arg(long)]
    workspace: Option<String>,
    /// URL of the nats-server.
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// Address of the agents' port.
    #[arg(long, value_name = "URL")]
    addr: Option<String>,
    #[command(flatten)]
    proofs: Box<Proofs>,
}

impl Target {
    pub(in crate::cli) fn workspace(&self) -> anyhow::Result<String> {
        match (&self.workspace, &self.nats, &self.addr) {
            (Some(named), _, _) => Ok(named.clone()),
            (None, None, None) => Ok(Addresses::load(&self.data)?.workspace),
            (None, _, _) => Ok("demo".to_owned()),
        }
    }

    pub(in crate::cli) fn nats(&self) -> anyhow::Result<String> {
        self.nats.clone().map_or_else(|| Ok(Addresses::load(&self.data)?.nats), Ok)
    }

    /// The way to the agents' port. Without a scheme it is `https` where a certificate is named, else `http`.
    pub(in crate::cli) fn reach(&self) -> anyhow::Result<Reach> {
        let address = self.addr.clone().map_or_else(|| Addresses::load(&self.data).map(|found| found.grpc), Ok)?;
        Ok(Reach::named(&address, &self.proofs))
    }

    /// The name under which an operator calls: the one that was said; else none where a token says it.
    pub(in crate::cli) fn operator(&self, said: Option<&str>) -> Option<String> {
        let default = (!self.proofs.completed().has_token()).then_some("operator");
        said.or(default).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_daemon_left_is_found_and_its_absence_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = Addresses::load(folder.path()).unwrap_err();
        assert!(error.to_string().contains("skein dev"), "{error}");
        let addresses = Addresses {
            nats: "nats://127.0.0.1:1".into(),
            grpc: "127.0.0.1:2".into(),
            admin: "127.0.0.1:3".into(),
            workspace: "demo".into(),
        };
        addresses.store(folder.path()).unwrap();
        assert_eq!(Addresses::load(folder.path()).unwrap(), addresses);
        assert_eq!(addresses.nats_port(), Some(1));
        let data = folder.path().to_owned();
        let target = Target { data, workspace: None, nats: None, addr: None, proofs: Box::default() };
        assert_eq!(target.reach().unwrap().address, "http://127.0.0.1:2");
    }
}
