//! From the configuration to the options of each part.
//!
//! Every section is taken apart without a rest: a key that nobody reads does not compile.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::access::AccessPlan;
use crate::agents::ServeOptions;
use crate::agents::feed::FeedLimits;
use crate::config::{
    Admin, Config, Grpc, Ingest, Keys, Log, Logging, Nats, Outbound, Shard, Shutdown, Snapshots, SyncPolicy, Workspaces,
};
use crate::domain::id::Name;
use crate::log::LogOptions;
use crate::nats::NatsOptions;
use crate::shard::SnapshotPlan;
use crate::telemetry::LogMetrics;

/// What each part of the daemon is told.
#[derive(Debug)]
pub(super) struct Plan {
    /// How to reach the servers.
    pub(super) nats: NatsOptions,
    /// How the log is kept.
    pub(super) log: LogOptions,
    /// What to do when the servers do not sync.
    pub(super) require_sync_always: SyncPolicy,
    /// From here on it is said that a server's clock differs from ours.
    pub(super) clock_warn: Duration,
    /// Name of the shard.
    pub(super) shard: Name,
    pub(super) streams: StreamPlan,
    /// Where the workspaces' keys are.
    pub(super) key_folder: Option<PathBuf>,
    /// When snapshots are taken, and where they are.
    pub(super) snapshots: SnapshotPlan,
    /// How long handled events stay.
    pub(super) ingest_keep: Duration,
    /// When an adapter counts as lagging or silent.
    pub(super) degraded_after: Duration,
    /// Filled to this share (percent), handled events are trimmed earlier.
    pub(super) trim_at_percent: u8,
    /// What is kept for agents' sessions.
    pub(super) feeds: FeedLimits,
    /// The agents' port.
    pub(super) grpc_listen: SocketAddr,
    pub(super) serve: ServeOptions,
    /// Who may call it.
    pub(super) access: AccessPlan,
    /// The port of probes.
    pub(super) admin_listen: SocketAddr,
    /// Lines about the same trouble are written once in this time.
    pub(super) repeat_interval: Duration,
}

/// How the streams of the workspaces are declared.
#[derive(Debug)]
pub(super) struct StreamPlan {
    pub(super) replicas: usize,
    /// Size of an IN stream.
    pub(super) in_max_bytes: u64,
    pub(super) out_keep: Duration,
    pub(super) dead_keep: Duration,
}

impl Plan {
    /// Reads every key, but those that others read: `workspaces.files` and `shutdown.deadline` the command line, which comes with
    /// both as values, `logging.level` and `logging.format` whoever sets up the logs.
    pub(super) fn of(config: &Config, metrics: LogMetrics) -> Self {
        let Config {
            nats,
            log,
            keys,
            snapshots,
            ingest,
            outbound,
            shard,
            grpc,
            tokens,
            admin,
            shutdown,
            logging,
            workspaces,
        } = config;
        let Snapshots { folder, interval, keep, store } = snapshots;
        let Ingest { keep: ingest_keep, stream_max_bytes, trim_at_percent } = ingest;
        let Outbound { keep: out_keep, dead_keep, degraded_after } = outbound;
        let Keys { folder: key_folder } = keys;
        let Admin { listen: admin_listen } = admin;
        let Logging { level: _, format: _, repeat_interval } = logging;
        let Workspaces { files: _ } = workspaces;
        let Shutdown { deadline: _ } = shutdown;
        Self {
            nats: nats_options(nats),
            log: log_options(log, shard, metrics),
            require_sync_always: log.require_sync_always,
            clock_warn: shard.clock_skew_warn,
            shard: Name::new(&shard.name),
            streams: StreamPlan {
                replicas: log.replicas,
                in_max_bytes: stream_max_bytes.0,
                out_keep: *out_keep,
                dead_keep: *dead_keep,
            },
            key_folder: key_folder.clone(),
            snapshots: SnapshotPlan { folder: folder.clone(), interval: *interval, keep: *keep, store: *store },
            ingest_keep: *ingest_keep,
            degraded_after: *degraded_after,
            trim_at_percent: *trim_at_percent,
            feeds: feed_limits(shard, grpc),
            grpc_listen: grpc.listen,
            serve: serve_options(grpc),
            access: AccessPlan::of(grpc, tokens),
            admin_listen: *admin_listen,
            repeat_interval: *repeat_interval,
        }
    }
}

/// How to reach the servers that a configuration names.
pub(crate) fn nats_options(nats: &Nats) -> NatsOptions {
    let Nats { url, credentials_file, tls_ca_file, connection_name, connect_timeout, ping_interval, request_timeout } =
        nats;
    NatsOptions {
        servers: url.expose().split(',').map(|server| server.trim().to_owned()).collect(),
        name: connection_name.clone(),
        credentials: credentials_file.clone(),
        root_certificates: tls_ca_file.clone(),
        connect_timeout: *connect_timeout,
        ping_interval: *ping_interval,
        request_timeout: *request_timeout,
    }
}

fn log_options(log: &Log, shard: &Shard, metrics: LogMetrics) -> LogOptions {
    let Log {
        replicas,
        sync_always,
        require_sync_always: _, // see `Plan`
        singles_below,
        batch_max,
        batch_bytes,
        batches_in_flight,
        in_flight_max,
        ack_timeout_min,
        ack_timeout_max,
    } = log;
    LogOptions {
        replicas: *replicas,
        sync_always: *sync_always,
        in_flight_max: *in_flight_max,
        singles_below: *singles_below,
        batch_max: *batch_max,
        batch_bytes_max: batch_bytes.as_usize(),
        batches_max: *batches_in_flight,
        stall_min: *ack_timeout_min,
        stall_max: *ack_timeout_max,
        clock_offset_max: shard.clock_skew_max,
        metrics,
        ..LogOptions::new(&shard.name)
    }
}

fn feed_limits(shard: &Shard, grpc: &Grpc) -> FeedLimits {
    let Shard {
        name: _, // see `Plan`, as the next
        clock_skew_warn: _,
        clock_skew_max: _, // see `log_options`
        resume_events,
        resume_keep,
    } = shard;
    FeedLimits {
        ring_positions: *resume_events,
        ring_age: *resume_keep,
        backlog_positions: grpc.session_queue as u64,
        full_for: grpc.slow_reader_grace,
        ..FeedLimits::default()
    }
}

fn serve_options(grpc: &Grpc) -> ServeOptions {
    let Grpc {
        listen,
        max_sessions,
        max_streams_per_connection,
        max_message,
        keepalive_interval,
        keepalive_timeout,
        session_queue: _,        // see `feed_limits`
        slow_reader_grace: _,    // see `feed_limits`
        tls_certificate_file: _, // see `AccessPlan`, as the next three
        tls_key_file: _,
        tls_client_ca_file: _,
        require_protection: _,
    } = grpc;
    ServeOptions {
        max_sessions: *max_sessions,
        max_streams_per_connection: *max_streams_per_connection,
        max_request_bytes: max_message.as_usize(),
        keepalive_interval: *keepalive_interval,
        keepalive_timeout: *keepalive_timeout,
        // A browser page of this machine may call a daemon that only this machine reaches.
        loopback_origins: listen.ip().is_loopback(),
        ..ServeOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    fn plan(flags: &[(&str, &str)]) -> String {
        let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let config = load(&Overrides { flags, ..Overrides::default() }).expect("a good configuration").config;
        format!("{:?}", Plan::of(&config, LogMetrics::default()))
    }

    /// Keys whose value the command line or the logs take, and values that are neither the default nor refused.
    const ELSEWHERE: [&str; 4] = ["workspaces.files", "shutdown.deadline", "logging.level", "logging.format"];
    const OTHER: [(&str, &str); 36] = [
        ("nats.url", "nats://127.0.0.2:4222"),
        ("nats.credentials_file", "skein.creds"),
        ("nats.tls_ca_file", "ca.pem"),
        ("nats.connection_name", "north"),
        ("nats.connect_timeout", "7s"),
        ("nats.ping_interval", "7s"),
        ("nats.request_timeout", "7s"),
        ("log.replicas", "5"),
        ("log.sync_always", "true"),
        ("log.require_sync_always", "warn"),
        ("log.singles_below", "31"),
        ("log.batch_max", "999"),
        ("log.batch_bytes", "800KiB"),
        ("log.batches_in_flight", "3"),
        ("log.in_flight_max", "4095"),
        ("log.ack_timeout_min", "2s"),
        ("log.ack_timeout_max", "11s"),
        ("keys.folder", "keys"),
        ("snapshots.folder", "snapshots"),
        ("snapshots.interval", "16m"),
        ("snapshots.keep", "4"),
        ("snapshots.store", "false"),
        ("ingest.keep", "71h"),
        ("ingest.stream_max_bytes", "7GiB"),
        ("ingest.trim_at_percent", "79"),
        ("outbound.keep", "9d"),
        ("outbound.dead_keep", "31d"),
        ("outbound.degraded_after", "61s"),
        ("shard.name", "north"),
        ("shard.clock_skew_warn", "400ms"),
        ("shard.clock_skew_max", "3s"),
        ("shard.resume_events", "1023"),
        ("shard.resume_keep", "11m"),
        ("logging.repeat_interval", "11s"),
        ("admin.listen", "127.0.0.1:7703"),
        ("grpc.listen", "127.0.0.1:7702"),
    ];
    const OTHER_ACCESS: [(&str, &str); 12] = [
        ("grpc.tls_certificate_file", "port.pem"),
        ("grpc.tls_key_file", "port.key"),
        ("grpc.tls_client_ca_file", "clients.pem"),
        ("grpc.require_protection", "warn"),
        ("tokens.keys_file", "jwks.json"),
        ("tokens.issuer", "https://login.example"),
        ("tokens.audience", "skein"),
        ("tokens.agent_claim", "preferred_username"),
        ("tokens.workspace_claim", "tenant"),
        ("tokens.roles_claim", "roles"),
        ("tokens.roles_prefix", "skein-"),
        ("tokens.leeway", "7s"),
    ];
    /// Keys that are no configuration alone, each with those that they want.
    const TOGETHER: [(&str, &[(&str, &str)]); 4] = [
        ("grpc.tls_certificate_file", &[("grpc.tls_key_file", "port.key")]),
        ("grpc.tls_key_file", &[("grpc.tls_certificate_file", "port.pem")]),
        ("grpc.tls_client_ca_file", &[("grpc.tls_certificate_file", "port.pem"), ("grpc.tls_key_file", "port.key")]),
        ("tokens.keys_file", &[("tokens.issuer", "i"), ("tokens.audience", "a")]),
    ];
    const OTHER_GRPC: [(&str, &str); 7] = [
        ("grpc.max_sessions", "4999"),
        ("grpc.max_streams_per_connection", "255"),
        ("grpc.max_message", "3MiB"),
        ("grpc.keepalive_interval", "44s"),
        ("grpc.keepalive_timeout", "19s"),
        ("grpc.session_queue", "16383"),
        ("grpc.slow_reader_grace", "6s"),
    ];

    #[test]
    fn every_key_changes_what_a_part_is_told() {
        let default = plan(&[]);
        let all = || OTHER.iter().chain(&OTHER_GRPC).chain(&OTHER_ACCESS);
        let changed: Vec<&str> = all().map(|(key, _)| *key).collect();
        let loaded = load(&Overrides::default()).expect("the default is good");
        for shown in &loaded.shown {
            let key = format!("{}.{}", shown.section, shown.key);
            assert!(changed.contains(&key.as_str()) || ELSEWHERE.contains(&key.as_str()), "{key} has no effect here");
        }
        for (key, value) in all().copied() {
            let Some((_, wanted)) = TOGETHER.iter().find(|(of, _)| *of == key) else {
                assert_ne!(plan(&[(key, value)]), default, "{key} has no effect");
                continue;
            };
            let other = format!("{value}.other");
            let with = |value| plan(&wanted.iter().copied().chain([(key, value)]).collect::<Vec<_>>());
            assert_ne!(with(value), with(&other), "{key} has no effect");
        }
    }
}
