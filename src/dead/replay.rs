//! Publishes letters again as they were: for the same endpoint, with the same bytes and headers.

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use bytes::Bytes;

use super::letter::Letter;

/// Publishes the original of a letter again, by the letter's headers and body, as a request whose answer is checked. Returns its sequence in IN, once it is stored there.
///
/// # Errors
/// Why it is not, in words for an operator. No answer in time: it may be stored all the same, and is then told by its ids.
///
/// # Cancel safety
/// What was begun may be stored.
pub async fn replay(
    context: &Context,
    workspace: &str,
    letter: &Letter,
    headers: Option<&HeaderMap>,
    body: &Bytes,
) -> Result<u64, String> {
    let (subject, headers) = letter.original(workspace, headers)?;
    let sent = context.publish_with_headers(subject, headers, body.clone()).await;
    let ack = sent.map_err(|error| error.to_string())?;
    ack.await.map(|ack| ack.sequence).map_err(|error| error.to_string())
}
