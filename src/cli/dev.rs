//! `skein dev`: everything on this machine, with a nats-server of its own and a workspace to try.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use tokio::sync::oneshot;

use super::client::Addresses;
use super::config_args::{ConfigArgs, refuse};
use super::serve::daemon;
use super::synthetic;
use crate::app::Started;
use crate::config::parse_workspace;
use crate::dev::{NatsError, NatsOptions, NatsServer};
use crate::keys;
use crate::reload::Served;
use crate::shutdown::Shutdown;

/// The workspace that is loaded when none is named.
const DEMO: &str = include_str!("../../config/demo.toml");
/// The nats-server's port at the first start: the one that the guides name and that clients of NATS take by themselves.
const NATS_PORT: u16 = 4222;

/// Flags of `skein dev`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the data: the nats-server's store, its log, and the addresses in use.
    #[arg(long, default_value = ".skein", value_name = "DIR")]
    data: PathBuf,
    /// Five customers on five channels and two bots that answer them, by the public interfaces only.
    #[arg(long)]
    synthetic: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs until a signal.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    // Checked before anything starts; where the server is comes out later and has no rule to break.
    if let Err(code) = layers(args.config.clone(), "nats://127.0.0.1:0".to_owned(), &args.data).load_all() {
        return Ok(code);
    }
    let nats = start_nats(&args.data).await?;
    let layers = layers(args.config, nats.url(), &args.data);
    let overrides = layers.overrides();
    let (config, mut workspaces) = match layers.load_all() {
        Ok(all) => all,
        Err(code) => return Ok(code),
    };
    if workspaces.is_empty() {
        match parse_workspace(Path::new("demo.toml"), DEMO) {
            Ok(demo) => workspaces.push(demo),
            Err(problems) => return Ok(refuse(&problems)),
        }
    }

    if let Some(folder) = &config.keys.folder {
        for workspace in &workspaces {
            let made = keys::make_missing(folder, &workspace.name);
            made.with_context(|| format!("make the key of workspace {} in {}", workspace.name, folder.display()))?;
        }
    }
    let workspace = workspaces.first().map(|workspace| workspace.name.to_string()).unwrap_or_default();
    let shutdown = Shutdown::new(config.shutdown.deadline);
    shutdown.listen()?;
    let (tell, started) = oneshot::channel();
    let served = Served::new(&config, workspaces).layered(overrides);
    let daemon = daemon(config, served, shutdown.clone(), move |started: Started| {
        // Nobody listens any more when the command is ending.
        let _ = tell.send(started);
    });
    let guide = async {
        let Ok(started) = started.await else { return Ok(()) };
        let addresses = Addresses {
            nats: nats.url(),
            grpc: started.grpc_addr.to_string(),
            admin: started.admin_addr.to_string(),
            workspace,
        };
        addresses.store(&args.data).context("leave the addresses in the data folder")?;
        println!("{}", guide(&addresses, &args.data, start));
        if args.synthetic {
            synthetic::run(addresses, shutdown.token().clone()).await?;
        }
        shutdown.stopping().await;
        anyhow::Ok(())
    };
    tokio::pin!(daemon, guide);
    // All arms are polled until the daemon has ended: it ends in order within its own deadline.
    let outcome = loop {
        tokio::select! {
            ended = &mut daemon => break ended,
            guided = &mut guide, if !shutdown.is_stopping() => {
                if let Err(error) = guided {
                    shutdown.begin();
                    (&mut daemon).await?;
                    break Err(error);
                }
            }
            () = nats.ended(), if !shutdown.is_stopping() => {
                tracing::error!("the private nats-server has ended; its log is in the data folder");
                shutdown.begin();
            }
        }
    };
    nats.stop().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// What this command sets by itself. Flags of the command line come last: they win.
fn layers(mut layers: ConfigArgs, url: String, data: &Path) -> ConfigArgs {
    let folder = |name: &str| data.join(name).display().to_string();
    let (keys, snapshots) = (folder("keys"), folder("snapshots"));
    let own = [
        ("nats.url", url),
        ("keys.folder", keys),
        ("snapshots.folder", snapshots),
        ("log.replicas", "1".to_owned()),
        ("log.sync_always", "true".to_owned()),
    ];
    layers.set.splice(0..0, own.map(|(key, value)| (key.to_owned(), value)));
    layers
}

/// A nats-server where adapters look for it: after a restart where it was before.
async fn start_nats(data: &Path) -> Result<NatsServer, NatsError> {
    let before = Addresses::load(data).ok().and_then(|left| left.nats_port());
    let options = NatsOptions { port: free(before.unwrap_or(NATS_PORT)), ..NatsOptions::new(data) };
    let named = options.port.is_some();
    match NatsServer::start(options).await {
        // Somebody may have taken the port since the look at it.
        Err(NatsError::Ended { .. }) if named => NatsServer::start(NatsOptions::new(data)).await,
        outcome => outcome,
    }
}

/// The port, where nobody has it.
fn free(port: u16) -> Option<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
}

/// How this program can be called from the same folder: by its name where it was found on the PATH.
fn program(called: Option<&Path>, folder: Option<&Path>) -> String {
    let Some(called) = called.filter(|called| called.components().count() > 1) else { return "skein".to_owned() };
    let shown = folder.and_then(|folder| called.strip_prefix(folder).ok()).unwrap_or(called);
    shown.display().to_string()
}

fn guide(addresses: &Addresses, data: &Path, start: Instant) -> String {
    let Addresses { nats, grpc, admin, workspace } = addresses;
    let (called, folder) = (std::env::args_os().next().map(PathBuf::from), std::env::current_dir().ok());
    let skein = program(called.as_deref(), folder.as_deref());
    let target = if data == Path::new(".skein") { String::new() } else { format!(" --data {}", data.display()) };
    format!(
        "\nskein is ready after {ready:.2} s, workspace {workspace}\n\
         \n\
         \x20 agents' tools   grpc://{grpc}   (reflection and gRPC-web are on)\n\
         \x20 adapters        {nats}   subjects skein.in.{workspace}.CHANNEL.ENDPOINT\n\
         \x20 probes          http://{admin}/readyz   http://{admin}/metrics\n\
         \x20 data            {data}\n\
         \n\
         try, in other terminals, from this folder:\n\
         \x20 {skein} agent --name anna{target}\n\
         \x20 {skein} say --channel whatsapp --from +4915112345678 \"Where is my parcel?\"{target}\n\
         \n\
         Ctrl-C ends it; what was said is still there at the next start.",
        ready = start.elapsed().as_secs_f64(),
        data = data.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_kept_only_while_nobody_has_it() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        assert_eq!(free(port), None);
        drop(holder);
        assert_eq!(free(port), Some(port));
    }

    #[test]
    fn the_guide_names_a_program_that_can_be_called() {
        let shown = |called: &str| program(Some(Path::new(called)), Some(Path::new("/home/a/skein")));
        assert_eq!(shown("skein"), "skein");
        assert_eq!(shown("/home/a/skein/target/release/skein"), "target/release/skein");
        assert_eq!(shown("./skein"), "./skein");
        assert_eq!(shown("/opt/skein"), "/opt/skein");
    }
}
