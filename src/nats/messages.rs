//! Single messages of a stream, written, read and deleted by their place: for small streams that are rewritten in parts.

use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{decode, request, stored};
use super::errors::{ApiCode, NatsError, from_request};
use super::ordered::Stored;

#[derive(Deserialize)]
struct Acknowledged {
    seq: u64,
}

/// Publishes a message that is stored only if `after` is the stream's last sequence. Its own sequence; none: the fence is lost.
/// Without an answer the outcome is unknown.
pub(crate) async fn publish_fenced(
    client: &Client,
    operation: &'static str,
    subject: String,
    payload: Bytes,
    after: u64,
) -> Result<Option<u64>, NatsError> {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Sequence", after.to_string());
    let answer = client
        .request_with_headers(subject, headers, payload)
        .await
        .map_err(|error| from_request(operation, &error))?;
    match decode::<Acknowledged>(operation, &answer.payload) {
        Ok(acknowledged) => Ok(Some(acknowledged.seq)),
        Err(error) if error.code().is_some_and(ApiCode::is_lost_fence) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The first message at or behind `from` on a subject, which may have wildcards, from the stream's leader. `None`: there is none.
pub(crate) async fn next_message(
    client: &Client,
    stream: &str,
    from: u64,
    subject: &str,
) -> Result<Option<Stored>, NatsError> {
    stored(client, "read the next message", stream, &json!({ "seq": from, "next_by_subj": subject })).await
}

/// Deletes a message and has the server overwrite its bytes in the store. One that is gone already is fine.
pub(crate) async fn erase_message(client: &Client, stream: &str, sequence: u64) -> Result<(), NatsError> {
    const OPERATION: &str = "overwrite a message";
    let body = json!({ "seq": sequence, "no_erase": false });
    let erased = request::<Value>(client, OPERATION, &format!("STREAM.MSG.DELETE.{stream}"), Some(&body)).await;
    match erased {
        Err(error) if matches!(error.code(), Some(ApiCode::NO_MESSAGE | ApiCode::DELETE_FAILED)) => {
            // The code says "could not be deleted" also of a message that is not there.
            match stored(client, OPERATION, stream, &json!({ "seq": sequence })).await? {
                None => Ok(()),
                Some(_) => Err(error),
            }
        }
        other => other.map(drop),
    }
}
