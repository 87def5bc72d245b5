//! The typed configuration. What each key means and why its default is what it is stands in `config/default.toml`, key by key.
//!
//! A key is here only if `config/default.toml` has it and the other way round: a test keeps the two together. And each has an effect:
//! the daemon takes every section apart without a rest, so that a key nobody reads does not compile.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::units::{ByteSize, ServerUrl, duration};

/// The whole configuration of a daemon, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the sections and keys are documented in config/default.toml")]
pub struct Config {
    pub nats: Nats,
    pub log: Log,
    pub keys: Keys,
    pub snapshots: Snapshots,
    pub ingest: Ingest,
    pub outbound: Outbound,
    pub shard: Shard,
    pub grpc: Grpc,
    pub tokens: Tokens,
    pub admin: Admin,
    pub shutdown: Shutdown,
    pub logging: Logging,
    pub workspaces: Workspaces,
}

/// `[nats]`: the bus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Nats {
    pub url: ServerUrl,
    #[serde(deserialize_with = "optional_path")]
    pub credentials_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional_path")]
    pub tls_ca_file: Option<PathBuf>,
    pub connection_name: String,
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    #[serde(with = "duration")]
    pub ping_interval: Duration,
    #[serde(with = "duration")]
    pub request_timeout: Duration,
}

/// `[log]`: streams and group commit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Log {
    pub replicas: usize,
    pub sync_always: bool,
    pub require_sync_always: SyncPolicy,
    pub singles_below: usize,
    pub batch_max: usize,
    pub batch_bytes: ByteSize,
    pub batches_in_flight: usize,
    pub in_flight_max: usize,
    #[serde(with = "duration")]
    pub ack_timeout_min: Duration,
    #[serde(with = "duration")]
    pub ack_timeout_max: Duration,
}

/// What to do on servers that may lose acknowledged data at a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncPolicy {
    /// Do not start.
    Refuse,
    /// Start, and say so loudly.
    Warn,
}

/// `[keys]`: what personal content is sealed with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Keys {
    #[serde(deserialize_with = "optional_path")]
    pub folder: Option<PathBuf>,
}

/// `[snapshots]`: where a start begins to read the log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Snapshots {
    #[serde(deserialize_with = "optional_path")]
    pub folder: Option<PathBuf>,
    #[serde(with = "duration")]
    pub interval: Duration,
    pub keep: usize,
    pub store: bool,
}

/// `[ingest]`: events in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Ingest {
    #[serde(with = "duration")]
    pub keep: Duration,
    pub stream_max_bytes: ByteSize,
    pub trim_at_percent: u8,
}

/// `[outbound]`: messages out and dead letters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Outbound {
    #[serde(with = "duration")]
    pub keep: Duration,
    #[serde(with = "duration")]
    pub dead_keep: Duration,
    #[serde(with = "duration")]
    pub degraded_after: Duration,
}

/// `[shard]`: the state machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Shard {
    pub name: String,
    #[serde(with = "duration")]
    pub clock_skew_warn: Duration,
    #[serde(with = "duration")]
    pub clock_skew_max: Duration,
    pub resume_events: usize,
    #[serde(with = "duration")]
    pub resume_keep: Duration,
}

/// `[grpc]`: the port of the agents' tools.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Grpc {
    pub listen: SocketAddr,
    #[serde(deserialize_with = "optional_path")]
    pub tls_certificate_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional_path")]
    pub tls_key_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional_path")]
    pub tls_client_ca_file: Option<PathBuf>,
    pub require_protection: ProtectionPolicy,
    pub max_sessions: usize,
    pub max_streams_per_connection: u32,
    pub max_message: ByteSize,
    #[serde(with = "duration")]
    pub keepalive_interval: Duration,
    #[serde(with = "duration")]
    pub keepalive_timeout: Duration,
    pub session_queue: usize,
    #[serde(with = "duration")]
    pub slow_reader_grace: Duration,
}

/// What to do on an address that others reach, without TLS and tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProtectionPolicy {
    /// Do not start.
    Refuse,
    /// Start, and say so loudly.
    Warn,
}

/// `[tokens]`: who may call the agents' port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Tokens {
    #[serde(deserialize_with = "optional_path")]
    pub keys_file: Option<PathBuf>,
    pub issuer: String,
    pub audience: String,
    pub agent_claim: String,
    pub workspace_claim: String,
    pub roles_claim: String,
    pub roles_prefix: String,
    #[serde(with = "duration")]
    pub leeway: Duration,
}

/// `[admin]`: probes and metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Admin {
    pub listen: SocketAddr,
}

/// `[shutdown]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Shutdown {
    #[serde(with = "duration")]
    pub deadline: Duration,
}

/// `[logging]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Logging {
    pub level: String,
    pub format: LogFormat,
    #[serde(with = "duration")]
    pub repeat_interval: Duration,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[workspaces]`. Paths are absolute or relative to the working directory: relative ones of a file were resolved while loading.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are documented in config/default.toml")]
pub struct Workspaces {
    pub files: Vec<PathBuf>,
}

fn optional_path<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}
