//! `skein dev`: everything on this machine, with a nats-server of its own and a workspace to try.

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
use crate::dev::{NatsOptions, NatsServer};
use crate::keys;
use crate::reload::Served;
use crate::shutdown::Shutdown;

/// The workspace that is loaded when none is named.
const DEMO: &str = include_str!("../../config/demo.toml");

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
    let nats = NatsServer::start(NatsOptions::new(&args.data)).await?;
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

fn guide(addresses: &Addresses, data: &Path, start: Instant) -> String {
    let Addresses { nats, grpc, admin, workspace } = addresses;
    let target = if data == Path::new(".skein") { String::new() } else { format!(" --data {}", data.display()) };
    format!(
        "\nskein is ready after {ready:.2} s, workspace {workspace}\n\
         \n\
         \x20 agents' tools   grpc://{grpc}   (reflection and gRPC-web are on)\n\
         \x20 adapters        {nats}   subjects skein.in.{workspace}.CHANNEL.ENDPOINT\n\
         \x20 probes          http://{admin}/readyz   http://{admin}/metrics\n\
         \x20 data            {data}\n\
         \n\
         try, in other terminals:\n\
         \x20 skein agent --name anna{target}\n\
         \x20 skein say --channel whatsapp --from +4915112345678 \"Where is my parcel?\"{target}\n\
         \n\
         Ctrl-C ends it; what was said is still there at the next start.",
        ready = start.elapsed().as_secs_f64(),
        data = data.display(),
    )
}
