//! What a bucket of the object store holds, by the messages of its stream: the objects, and pieces that belong to none.
//!
//! An object is stored piece by piece, and at last an entry that says whose pieces they are. Whatever ends between (a daemon, an adapter, a
//! connection) leaves pieces that no entry names, which nobody would find by a name. They are told by their age: a client that stores an
//! object waits seconds for each piece.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use async_nats::jetstream::consumer::{DeliverPolicy, push};
use async_nats::{Client, Subject, jetstream};
use bytes::Bytes;
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::time::timeout;

use super::errors::NatsError;

const OPERATION: &str = "list the object store";
/// Without another message for so long the listing has failed: a server that serves sends thousands a second.
const QUIET: Duration = Duration::from_secs(10);

/// The entry of an object, as clients write it.
#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    nuid: String,
    #[serde(default)]
    deleted: bool,
}

/// The last message of a subject.
struct Last {
    subject: Subject,
    stored: SystemTime,
    payload: Bytes,
}

/// Names of all objects of a bucket.
pub(super) async fn names(client: &Client, bucket: &str) -> Result<Vec<String>, NatsError> {
    Ok(entries(client, bucket).await?.into_iter().map(|entry| entry.name).collect())
}

/// Names of all objects of a bucket; and the subjects of pieces that belong to none, each with when the last of them was stored. Those of an
/// object that is being stored are among them.
pub(super) async fn names_and_adrift(
    client: &Client,
    bucket: &str,
) -> Result<(Vec<String>, BTreeMap<String, SystemTime>), NatsError> {
    // Pieces first: what is complete by then has its entry.
    let pieces = last_of_each(client, bucket, "C", true).await?;
    let entries = entries(client, bucket).await?;
    let whose: BTreeSet<&str> = entries.iter().map(|entry| entry.nuid.as_str()).collect();
    let mut adrift = BTreeMap::new();
    for Last { subject, stored, .. } in pieces {
        if subject.rsplit('.').next().is_some_and(|nuid| !whose.contains(nuid)) {
            // Where the server had to begin anew a subject comes more than once.
            let last = adrift.entry(subject.to_string()).or_insert(stored);
            *last = stored.max(*last);
        }
    }
    Ok((entries.into_iter().map(|entry| entry.name).collect(), adrift))
}

async fn entries(client: &Client, bucket: &str) -> Result<Vec<Entry>, NatsError> {
    let malformed = |error: serde_json::Error| NatsError::Malformed { operation: OPERATION, reason: error.to_string() };
    let read = |last: Last| serde_json::from_slice::<Entry>(&last.payload).map_err(malformed);
    let entries = last_of_each(client, bucket, "M", false).await?.into_iter().map(read);
    entries.filter(|entry| entry.as_ref().map_or(true, |entry| !entry.deleted)).collect()
}

/// The last message of each subject of a kind; all of them, or an error: what is not told of is not there.
async fn last_of_each(client: &Client, bucket: &str, kind: &str, headers_only: bool) -> Result<Vec<Last>, NatsError> {
    let failed = |reason: String| NatsError::Request { operation: OPERATION, reason };
    let stream = jetstream::new(client.clone()).get_stream_no_info(format!("OBJ_{bucket}")).await;
    let stream = stream.map_err(|error| failed(error.to_string()))?;
    let consumer = stream.create_consumer(push::OrderedConfig {
        deliver_subject: client.new_inbox(),
        deliver_policy: DeliverPolicy::LastPerSubject,
        filter_subject: format!("$O.{bucket}.{kind}.>"),
        headers_only,
        ..push::OrderedConfig::default()
    });
    let consumer = consumer.await.map_err(|error| failed(error.to_string()))?;
    let mut found = Vec::new();
    if consumer.cached_info().num_pending == 0 {
        return Ok(found);
    }
    let mut messages = consumer.messages().await.map_err(|error| failed(error.to_string()))?;
    loop {
        let next = timeout(QUIET, messages.next()).await.map_err(|_| NatsError::Timeout { operation: OPERATION })?;
        let message = next.ok_or_else(|| failed("it ended before all was told".to_owned()))?;
        let message = message.map_err(|error| failed(error.to_string()))?;
        let info = message.info().map_err(|error| failed(error.to_string()))?;
        let (stored, pending) = (info.published.into(), info.pending);
        found.push(Last { subject: message.subject.clone(), stored, payload: message.payload.clone() });
        if pending == 0 {
            return Ok(found);
        }
    }
}
