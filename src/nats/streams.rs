//! The declared streams and how they come to be.
//!
//! Each function below declares one stream completely; [`ensure`] makes a missing one and refuses one that exists with other
//! settings. Nothing here ever changes or deletes a stream: which data may go is an operator's decision.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        consumer::{IntoConsumerConfig, pull},
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use serde_json::Value;
use tracing::info;

use super::{
    api::{self, StreamState},
    differences::{Difference, differences},
    errors::{ApiCode, NatsError},
};

/// Shortest window that the server takes. It decides nothing here: duplicates are found by our own key.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// Largest inbound message: 16 KiB below the server's usual limit, so that a record with it still fits into one message.
const IN_MESSAGE_MAX: i32 = (1 << 20) - (16 << 10);
/// Message that a server must take at least (`max_payload`): a record with the largest inbound message in it.
pub const PAYLOAD_MIN: usize = 1 << 20;

/// Name of the stream that a shard's log is.
#[must_use]
pub fn log_name(shard: &str) -> String {
    format!("SKEIN_LOG_{shard}")
}

/// Name of a workspace's inbound stream; `trust` names a trust domain of its own.
#[must_use]
pub fn in_name(workspace: &str, trust: Option<&str>) -> String {
    trust.map_or_else(|| format!("SKEIN_IN_{workspace}"), |trust| format!("SKEIN_IN_{workspace}_{trust}"))
}

/// Name of a workspace's outbound stream.
#[must_use]
pub fn out_name(workspace: &str) -> String {
    format!("SKEIN_OUT_{workspace}")
}

/// Name of a workspace's stream of dead letters.
#[must_use]
pub fn dead_name(workspace: &str) -> String {
    format!("SKEIN_DEAD_{workspace}")
}

/// Subject of what leaves by an endpoint.
#[must_use]
pub fn out_subject(workspace: &str, channel: &str, endpoint: &str) -> String {
    format!("skein.out.{workspace}.{channel}.{endpoint}")
}

/// Subject of what could not be used, for one reason.
#[must_use]
pub fn dead_subject(workspace: &str, reason: &str) -> String {
    format!("skein.dead.{workspace}.{reason}")
}

/// Name of a workspace's stream of keys.
#[must_use]
pub fn keys_name(workspace: &str) -> String {
    format!("SKEIN_KEYS_{workspace}")
}

/// Name of a workspace's object store bucket for bodies and attachments.
#[must_use]
pub fn media_bucket(workspace: &str) -> String {
    format!("SKEIN_MEDIA_{workspace}")
}

/// Name of the object store bucket for copies of snapshots.
pub const SNAPSHOTS_BUCKET: &str = "SKEIN_SNAPSHOTS";

/// Name of the key-value bucket of witnesses.
pub const CHECKPOINTS_BUCKET: &str = "SKEIN_CHECKPOINTS";

/// Name of the key-value bucket of leases.
pub const LEASES_BUCKET: &str = "SKEIN_LEASES";

/// A lease that nobody has written for so long is gone: long after everybody who stands by has noticed that its writer is silent.
const LEASE_AGE: Duration = Duration::from_secs(60);

fn file_stream(name: String, subjects: Vec<String>, replicas: usize) -> Config {
    Config {
        name,
        subjects,
        num_replicas: replicas,
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        duplicate_window: DUPLICATE_WINDOW,
        ..Config::default()
    }
}

/// The log of a shard. No age and no limit: it is trimmed by sequence only, by its owner.
#[must_use]
pub fn log(shard: &str, replicas: usize) -> Config {
    Config {
        allow_atomic_publish: true,
        allow_direct: true,
        deny_delete: true,
        ..file_stream(log_name(shard), vec![format!("skein.log.{shard}.>")], replicas)
    }
}

/// A workspace's inbound stream. `max_bytes` is the back-pressure on adapters; what is unread never expires.
#[must_use]
pub fn inbound(workspace: &str, max_bytes: i64, replicas: usize) -> Config {
    in_stream(in_name(workspace, None), vec![format!("skein.in.{workspace}.>")], max_bytes, replicas)
}

/// The inbound stream of one trust domain: it lists the exact subjects of its endpoints, because streams may not overlap.
#[must_use]
pub fn inbound_of_trust(
    workspace: &str,
    trust: &str,
    subjects: Vec<String>,
    max_bytes: i64,
    replicas: usize,
) -> Config {
    in_stream(in_name(workspace, Some(trust)), subjects, max_bytes, replicas)
}

fn in_stream(name: String, subjects: Vec<String>, max_bytes: i64, replicas: usize) -> Config {
    Config {
        max_bytes,
        max_message_size: IN_MESSAGE_MAX,
        allow_atomic_publish: true,
        deny_delete: true,
        ..file_stream(name, subjects, replicas)
    }
}

/// A workspace's outbound stream; what was handed out waits `keep` for its adapter.
#[must_use]
pub fn outbound(workspace: &str, keep: Duration, replicas: usize) -> Config {
    Config { max_age: keep, ..file_stream(out_name(workspace), vec![format!("skein.out.{workspace}.>")], replicas) }
}

/// A workspace's dead letters, which wait `keep` for a person.
#[must_use]
pub fn dead(workspace: &str, keep: Duration, replicas: usize) -> Config {
    Config { max_age: keep, ..file_stream(dead_name(workspace), vec![format!("skein.dead.{workspace}.>")], replicas) }
}

/// A workspace's keys, in wrapped blocks. No age and no limit, not even for each subject: a block that is replaced is overwritten by
/// its owner, not dropped with its bytes left behind. So messages can be deleted here, one by one.
#[must_use]
pub fn keys(workspace: &str, replicas: usize) -> Config {
    Config {
        deny_purge: true,
        ..file_stream(keys_name(workspace), vec![format!("skein.keys.{workspace}.>")], replicas)
    }
}

/// The stream below the object store of a workspace's bodies and attachments, as the client library lays it out.
#[must_use]
pub fn media(workspace: &str, replicas: usize) -> Config {
    object_store(&media_bucket(workspace), replicas)
}

/// The stream below the object store of snapshots' copies.
#[must_use]
pub fn snapshots(replicas: usize) -> Config {
    object_store(SNAPSHOTS_BUCKET, replicas)
}

fn object_store(bucket: &str, replicas: usize) -> Config {
    Config {
        allow_rollup: true,
        allow_direct: true,
        ..file_stream(format!("OBJ_{bucket}"), vec![format!("$O.{bucket}.C.>"), format!("$O.{bucket}.M.>")], replicas)
    }
}

/// The stream below the bucket of witnesses: one value a key, no age, because a witness that expires is none.
#[must_use]
pub fn checkpoints(replicas: usize) -> Config {
    bucket(CHECKPOINTS_BUCKET, replicas)
}

/// The stream below the bucket of leases: one value a key, and an age, because a lease whose owner is gone is none. Only its leader tells
/// what is in it: while there is none, nobody is to be taken for silent.
#[must_use]
pub fn leases(replicas: usize) -> Config {
    Config { max_age: LEASE_AGE, allow_direct: false, ..bucket(LEASES_BUCKET, replicas) }
}

fn bucket(name: &str, replicas: usize) -> Config {
    Config {
        max_messages_per_subject: 1,
        allow_rollup: true,
        allow_direct: true,
        deny_delete: true,
        ..file_stream(format!("KV_{name}"), vec![format!("$KV.{name}.>")], replicas)
    }
}

/// Makes the stream if it is missing; returns its state.
///
/// # Errors
/// [`NatsError::StreamDiffers`] if it exists with other settings: nothing is changed. Else the failed request, with its name.
pub async fn ensure(client: &Client, declared: &Config) -> Result<StreamState, NatsError> {
    ensured(client, declared).await.map_err(|error| error.about(&declared.name))
}

async fn ensured(client: &Client, declared: &Config) -> Result<StreamState, NatsError> {
    let wanted = settings(declared)?;
    let state = match api::stream_state(client, &declared.name).await {
        Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => {
            api::create_stream(client, &declared.name, &wanted).await?;
            info!(stream = declared.name, "stream created");
            made(client, &declared.name).await?
        }
        other => other?,
    };
    let differences = differences(&state.config, &wanted);
    if differences.is_empty() {
        Ok(state)
    } else {
        Err(NatsError::StreamDiffers { stream: declared.name.clone(), differences })
    }
}

/// The state of a stream that was made a moment ago: each server of a cluster learns of it in its own time, and until then says that there is
/// none.
async fn made(client: &Client, stream: &str) -> Result<StreamState, NatsError> {
    for _ in 0..LEARNS {
        match api::stream_state(client, stream).await {
            Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => tokio::time::sleep(LEARNS_PAUSE).await,
            other => return other,
        }
    }
    Err(NatsError::NoResponders { operation: "read the state of a stream that was made" })
}

/// Every setting of a stream that is not as declared. `found` is what the server prints.
///
/// # Errors
/// The declaration has no JSON.
pub fn differing(found: &Value, declared: &Config) -> Result<Vec<Difference>, NatsError> {
    Ok(differences(found, &settings(declared)?))
}

fn settings(declared: &impl serde::Serialize) -> Result<Value, NatsError> {
    serde_json::to_value(declared).map_err(|error| NatsError::Malformed {
        operation: "declare a stream or a consumer",
        reason: error.to_string(),
    })
}

/// How often a stream that was made is asked for before it is left to the next attempt of the whole start: some seconds.
const LEARNS: u32 = 50;
/// Between two of these.
const LEARNS_PAUSE: Duration = Duration::from_millis(100);
/// How long an adapter may take over one message before it is handed out again: longer than any provider's answer.
const ADAPTER_ACK_WAIT: Duration = Duration::from_secs(60);
/// Messages of one endpoint that its adapter may hold at once.
pub const ADAPTER_AHEAD: i64 = 256;
/// Requests of an adapter's processes that may wait at once: the server's own default, said here so that another is seen.
const ADAPTER_PULLS: i64 = 512;

/// The consumer by which the adapter of an endpoint reads what it shall send: durable, named like the endpoint, with its subject
/// alone.
#[must_use]
pub fn adapter(workspace: &str, channel: &str, endpoint: &str) -> pull::Config {
    pull::Config {
        name: Some(endpoint.to_owned()),
        durable_name: Some(endpoint.to_owned()),
        filter_subject: out_subject(workspace, channel, endpoint),
        ack_wait: ADAPTER_ACK_WAIT,
        max_ack_pending: ADAPTER_AHEAD,
        max_waiting: ADAPTER_PULLS,
        ..pull::Config::default()
    }
}

/// Every setting of a consumer that is not as declared. `found` is what the server prints.
///
/// # Errors
/// The declaration has no JSON.
pub fn differing_adapter(found: &Value, declared: &pull::Config) -> Result<Vec<Difference>, NatsError> {
    Ok(differences(found, &settings(&declared.into_consumer_config())?))
}

/// Makes the consumer of an endpoint ([`adapter`]). One that exists stays as it is. Adapters need no right to make consumers then,
/// which is the right to have the server publish anywhere.
///
/// # Errors
/// The failed request; [`NatsError::OthersConsumer`] where one of that name reads another subject.
pub async fn ensure_adapter(client: &Client, workspace: &str, channel: &str, endpoint: &str) -> Result<(), NatsError> {
    let stream = out_name(workspace);
    let config = adapter(workspace, channel, endpoint);
    let wanted = config.filter_subject.clone();
    let Some(found) = api::consumer_settings(client, &stream, endpoint).await? else {
        let settings = settings(&config.into_consumer_config())?;
        return api::create_consumer(client, (&stream, endpoint, &wanted), &settings).await;
    };
    let found = found["filter_subject"].as_str().unwrap_or_default();
    if found == wanted {
        return Ok(());
    }
    Err(NatsError::OthersConsumer { consumer: endpoint.to_owned(), stream, found: found.to_owned() })
}
