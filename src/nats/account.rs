//! What the account that we log in with may have of JetStream, and has.

use std::collections::BTreeMap;

use async_nats::Client;
use serde::Deserialize;

use super::{
    api::{parse_time, request},
    clock::{ClockReading, Exchange},
    errors::NatsError,
};

/// Limits and use of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Limits and use of the whole account; without meaning where there are tiers.
    #[serde(flatten)]
    pub whole: Tier,
    /// Limits and use for each number of replicas (`R1`, `R3`), where the operator set them so.
    #[serde(default)]
    pub tiers: BTreeMap<String, Tier>,
}

/// Limits and use of an account, or of its streams with one number of replicas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Tier {
    /// Bytes stored in files, each copy counted.
    #[serde(default)]
    pub storage: u64,
    /// Bytes promised to streams with a size.
    #[serde(default)]
    pub reserved_storage: u64,
    /// Streams there are.
    #[serde(default)]
    pub streams: i64,
    /// The limits.
    #[serde(default)]
    pub limits: Limits,
}

/// Limits of an account; -1 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes in files; 0: none may be stored.
    pub max_storage: i64,
    /// Streams.
    pub max_streams: i64,
    /// Consumers of one stream.
    pub max_consumers: i64,
    /// Messages that a consumer may wait for the acknowledgement of.
    pub max_ack_pending: i64,
    /// Largest size that a stream may be declared with.
    pub storage_max_stream_bytes: i64,
    /// Whether each stream must have a size.
    pub max_bytes_required: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_storage: -1,
            max_streams: -1,
            max_consumers: -1,
            max_ack_pending: -1,
            storage_max_stream_bytes: -1,
            max_bytes_required: false,
        }
    }
}

/// Asks what the account may have. `None`: nobody says it, as where the user may not ask.
///
/// # Errors
/// The account has no JetStream, or the answer is not understood.
pub async fn account(client: &Client) -> Result<Option<Account>, NatsError> {
    match request(client, "read the limits of the account", "INFO", None).await {
        Ok(account) => Ok(Some(account)),
        Err(NatsError::Timeout { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct UserAnswer {
    server: ServerAnswer,
}

#[derive(Deserialize)]
struct ServerAnswer {
    time: String,
}

/// Reads the clock of the server that this connection is to. `None`: it does not say it so that we understand, as where the user may
/// not ask.
pub async fn server_clock(client: &Client) -> Option<ClockReading> {
    const OPERATION: &str = "read the clock of the server";
    let exchange = Exchange::begin();
    let answer = client.request("$SYS.REQ.USER.INFO", "".into()).await.ok()?;
    let user: UserAnswer = super::api::decode(OPERATION, &answer.payload).ok()?;
    Some(exchange.end(parse_time(OPERATION, &user.server.time).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_with_and_without_tiers() {
        let plain = r#"{"storage": 7, "reserved_storage": 9, "streams": 2, "consumers": 1,
            "limits": {"max_memory": -1, "max_storage": 100, "max_streams": 3, "max_bytes_required": true}}"#;
        let read: Account = serde_json::from_str(plain).expect("an account");
        assert_eq!((read.whole.storage, read.whole.reserved_storage, read.whole.streams), (7, 9, 2));
        assert_eq!(
            read.whole.limits,
            Limits { max_storage: 100, max_streams: 3, max_bytes_required: true, ..Limits::default() }
        );
        let tiered = r#"{"storage": 1, "limits": {}, "tiers": {"R3": {"storage": 3, "limits": {"max_storage": 5}}}}"#;
        let read: Account = serde_json::from_str(tiered).expect("an account");
        assert_eq!(read.tiers["R3"].limits.max_storage, 5);
    }
}
