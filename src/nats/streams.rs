//! The declared streams and how they come to be.
//!
//! Each function below declares one stream completely; [`ensure`] makes a missing one and refuses one that exists with other
//! settings. Nothing here ever changes or deletes a stream: which data may go is an operator's decision.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        consumer::pull,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use serde_json::{Map, Value};
use tracing::info;

use super::{
    api::{self, StreamState},
    errors::{ApiCode, NatsError},
};

/// Shortest window that the server takes. It decides nothing here: duplicates are found by our own key.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// Largest inbound message: 16 KiB below the server's usual limit, so that a record with it still fits into one message.
const IN_MESSAGE_MAX: i32 = (1 << 20) - (16 << 10);
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

/// Name of the key-value bucket of witnesses.
pub const CHECKPOINTS_BUCKET: &str = "SKEIN_CHECKPOINTS";

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
    let bucket = media_bucket(workspace);
    Config {
        allow_rollup: true,
        allow_direct: true,
        ..file_stream(format!("OBJ_{bucket}"), vec![format!("$O.{bucket}.C.>"), format!("$O.{bucket}.M.>")], replicas)
    }
}

/// The stream below the bucket of witnesses: one value a key, no age, because a witness that expires is none.
#[must_use]
pub fn checkpoints(replicas: usize) -> Config {
    Config {
        max_messages_per_subject: 1,
        allow_rollup: true,
        allow_direct: true,
        deny_delete: true,
        ..file_stream(format!("KV_{CHECKPOINTS_BUCKET}"), vec![format!("$KV.{CHECKPOINTS_BUCKET}.>")], replicas)
    }
}

/// Makes the stream if it is missing; returns its state.
///
/// # Errors
/// [`NatsError::StreamDiffers`] if it exists with other settings: nothing is changed. Else the failed request.
pub async fn ensure(client: &Client, declared: &Config) -> Result<StreamState, NatsError> {
    let wanted = serde_json::to_value(declared)
        .map_err(|error| NatsError::Malformed { operation: "declare a stream", reason: error.to_string() })?;
    let state = match api::stream_state(client, &declared.name).await {
        Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => {
            api::create_stream(client, &declared.name, &wanted).await?;
            info!(stream = declared.name, "stream created");
            api::stream_state(client, &declared.name).await?
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

/// How long an adapter may take over one message before it is handed out again: longer than any provider's answer.
const ADAPTER_ACK_WAIT: Duration = Duration::from_secs(60);
/// Messages of one endpoint that its adapter may hold at once.
const ADAPTER_AHEAD: i64 = 256;

/// Makes the consumer by which the adapter of an endpoint reads what it shall send: durable, named like the endpoint, with its
/// subject alone. One that exists stays as it is. Adapters need no right to make consumers then, which is the right to have the
/// server publish anywhere.
///
/// # Errors
/// The failed request.
pub async fn ensure_adapter(client: &Client, workspace: &str, channel: &str, endpoint: &str) -> Result<(), NatsError> {
    const OPERATION: &str = "make the consumer of an endpoint";
    let failed = |error: &dyn std::fmt::Display| NatsError::Request { operation: OPERATION, reason: error.to_string() };
    let stream = async_nats::jetstream::new(client.clone())
        .get_stream_no_info(out_name(workspace))
        .await
        .map_err(|error| failed(&error))?;
    let config = pull::Config {
        durable_name: Some(endpoint.to_owned()),
        filter_subject: format!("skein.out.{workspace}.{channel}.{endpoint}"),
        ack_wait: ADAPTER_ACK_WAIT,
        max_ack_pending: ADAPTER_AHEAD,
        ..pull::Config::default()
    };
    let wanted = config.filter_subject.clone();
    let consumer = stream.get_or_create_consumer(endpoint, config).await.map_err(|error| failed(&error))?;
    let found = &consumer.cached_info().config.filter_subject;
    if *found == wanted {
        return Ok(());
    }
    let other = format!("consumer {endpoint} of {} reads {found}: give the endpoint another name", out_name(workspace));
    Err(failed(&other))
}

/// One line for each setting that is not as declared. Works on the server's own JSON, so that a setting this build does not know
/// of is noticed too.
fn differences(found: &Value, declared: &Value) -> Vec<String> {
    let empty = Map::new();
    let (found, declared) = (found.as_object().unwrap_or(&empty), declared.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = found.keys().chain(declared.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        // The server and operators note things of their own in the metadata; it changes no behaviour.
        .filter(|name| *name != "metadata")
        .filter_map(|name| {
            let (is, wanted) = (found.get(name).unwrap_or(&Value::Null), declared.get(name).unwrap_or(&Value::Null));
            let same = is == wanted || (is_unset(is) && is_unset(wanted));
            (!same).then(|| format!("{name}: is {is}, declared {wanted}"))
        })
        .collect()
}

/// The many spellings of "not set" in a stream's JSON.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => matches!(value.as_i64(), Some(0 | -1)),
        Value::String(value) => matches!(value.as_str(), "" | "none" | "default"),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.values().all(is_unset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_settings_that_matter_count_as_a_difference() {
        let found = json!({"name": "A", "max_age": 0, "max_msgs": -1, "compression": "none", "deny_delete": true,
            "consumer_limits": {}, "metadata": {"_nats.req.level": "1"}});
        assert!(differences(&found, &json!({"name": "A", "deny_delete": true})).is_empty());
    }

    #[test]
    fn every_difference_is_named_with_both_values() {
        let found = json!({"name": "A", "max_age": 5, "deny_delete": true, "allow_msg_ttl": true});
        assert_eq!(
            differences(&found, &json!({"name": "A", "max_age": 0})),
            [
                "allow_msg_ttl: is true, declared null",
                "deny_delete: is true, declared null",
                "max_age: is 5, declared 0",
            ]
        );
    }
}
