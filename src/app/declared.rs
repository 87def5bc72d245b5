//! What this node declares to the servers: the streams and consumers it wants, and what it wants of the servers themselves.

use std::net::IpAddr;
use std::time::Duration;

use async_nats::ServerAddr;
use async_nats::jetstream::{consumer::pull, stream};

use super::plan::{Plan, StreamPlan};
use crate::config::SyncPolicy;
use crate::domain::workspace::WorkspaceConfig;
use crate::nats::streams;

/// Everything declared.
#[derive(Debug)]
pub(super) struct Declared {
    /// All streams, those below buckets included.
    pub(super) streams: Vec<stream::Config>,
    /// The consumers of adapters.
    pub(super) adapters: Vec<Adapter>,
    /// Copies of each stream.
    pub(super) replicas: usize,
    /// Whether the servers are said to sync each write.
    pub(super) sync_always: bool,
    /// What to do where they do not.
    pub(super) sync_policy: SyncPolicy,
    /// Whether agents prove themselves.
    pub(super) tokens: bool,
    /// Whether the servers are reached by this machine alone, as far as their addresses say.
    pub(super) servers_are_here: bool,
    /// From here on a server's clock is too far from ours to be left unsaid,
    pub(super) clock_warn: Duration,
    /// and from here on to take the shard over.
    pub(super) clock_max: Duration,
}

/// The consumer of an endpoint.
#[derive(Debug)]
pub(super) struct Adapter {
    pub(super) stream: String,
    pub(super) endpoint: String,
    pub(super) config: pull::Config,
}

impl Declared {
    pub(super) fn of(plan: &Plan, workspaces: &[WorkspaceConfig]) -> Self {
        let replicas = plan.streams.replicas;
        let mut declared = Self {
            streams: vec![
                streams::log(plan.shard.as_str(), replicas),
                streams::checkpoints(replicas),
                streams::leases(replicas),
                streams::snapshots(replicas),
            ],
            adapters: Vec::new(),
            replicas,
            sync_always: plan.log.sync_always,
            sync_policy: plan.require_sync_always,
            tokens: plan.access.files.token_keys.is_some(),
            servers_are_here: plan.nats.servers.iter().all(|server| is_here(server)),
            clock_warn: plan.clock_warn,
            clock_max: plan.log.clock_offset_max,
        };
        for workspace in workspaces {
            let name = workspace.name.as_str();
            declared.streams.push(inbound(&plan.streams, name));
            declared.streams.extend(beside(&plan.streams, name));
            declared.adapters.extend(workspace.endpoints.iter().map(|endpoint| Adapter {
                stream: streams::out_name(name),
                endpoint: endpoint.name.to_string(),
                config: streams::adapter(name, &endpoint.channel, &endpoint.name),
            }));
        }
        declared
    }
}

/// Whether the address of a server is one of this machine's own.
fn is_here(server: &str) -> bool {
    let Ok(address) = server.parse::<ServerAddr>() else { return false };
    let host = address.host();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|host: IpAddr| host.is_loopback())
}

/// The inbound stream of a workspace.
pub(super) fn inbound(plan: &StreamPlan, workspace: &str) -> stream::Config {
    let max_bytes = i64::try_from(plan.in_max_bytes).unwrap_or(i64::MAX);
    streams::inbound(workspace, max_bytes, plan.replicas)
}

/// The other streams of a workspace.
pub(super) fn beside(plan: &StreamPlan, workspace: &str) -> [stream::Config; 4] {
    [
        streams::outbound(workspace, plan.out_keep, plan.replicas),
        streams::dead(workspace, plan.dead_keep, plan.replicas),
        streams::media(workspace, plan.replicas),
        streams::keys(workspace, plan.replicas),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_this_machine_are_told_from_others() {
        for here in ["nats://127.0.0.1:4222", "localhost", "tls://user:word@[::1]:4222"] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["nats://10.0.0.7:4222", "nats://nats.example:4222", "wss://[2001:db8::1]"] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
