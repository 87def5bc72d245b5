//! Subscriptions to what is live: no stream keeps it, so whoever says that he hears must hear already.

use std::fmt::Display;

use async_nats::{Client, Subscriber};

use super::{api::stream_state, errors::NatsError};

/// Subscribes, and returns when the server knows it: what is published there from then on arrives. A server carries out in order what
/// one connection asks for, so any answer shows it; asked is for `stream`, because whoever runs this may ask for that.
///
/// # Errors
/// The connection takes no subscription, or nobody answers.
pub(crate) async fn subscribe(client: &Client, subject: String, stream: &str) -> Result<Subscriber, NatsError> {
    let failed =
        |error: &dyn Display| NatsError::Request { operation: "subscribe to what is live", reason: error.to_string() };
    let messages = client.subscribe(subject).await.map_err(|error| failed(&error))?;
    match stream_state(client, stream).await {
        Err(error @ (NatsError::Timeout { .. } | NatsError::Request { .. })) => Err(error),
        Ok(_) | Err(_) => Ok(messages),
    }
}
