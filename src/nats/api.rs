//! Raw JetStream requests: what the client library hides (the server's clock) or caches (a stream's settings).

use std::time::Duration;

use async_nats::{Client, HeaderMap, HeaderName, HeaderValue, Subject};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    clock::{ClockReading, Exchange, now_ns},
    errors::{ApiCode, NatsError, from_request},
    ordered::Stored,
};

/// State of a stream as its leader knows it, with the leader's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamState {
    /// When the stream was created, nanoseconds since 1970.
    pub created_ns: i64,
    /// First sequence still stored; one more than the last if the stream is empty.
    pub first_sequence: u64,
    /// Last sequence ever given, 0 for a new stream.
    pub last_sequence: u64,
    /// Messages stored.
    pub messages: u64,
    /// Bytes stored.
    pub bytes: u64,
    /// Consumers it has.
    pub consumers: u64,
    /// The leader's clock.
    pub clock: ClockReading,
    /// Where its copies are.
    pub cluster: Placement,
    /// The settings, as the server prints them.
    pub config: Value,
}

/// Where the copies of a stream are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Placement {
    /// Name of the server that leads it.
    #[serde(default)]
    pub leader: String,
    /// The other copies.
    #[serde(default)]
    pub replicas: Vec<StreamCopy>,
}

/// One copy of a stream beside the leader's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct StreamCopy {
    /// Name of its server.
    pub name: String,
    /// Whether it has all that the leader has.
    #[serde(default)]
    pub current: bool,
    /// Whether its server is away.
    #[serde(default)]
    pub offline: bool,
}

#[derive(Deserialize)]
struct InfoAnswer {
    created: String,
    ts: String,
    config: Value,
    state: StateAnswer,
    #[serde(default)]
    cluster: Placement,
}

#[derive(Deserialize)]
struct StateAnswer {
    messages: u64,
    bytes: u64,
    first_seq: u64,
    last_seq: u64,
    #[serde(default)]
    consumer_count: u64,
}

/// Asks the stream's leader for its state.
///
/// # Errors
/// [`NatsError`]; a missing stream is `Refused` with [`ApiCode::STREAM_NOT_FOUND`].
pub async fn stream_state(client: &Client, stream: &str) -> Result<StreamState, NatsError> {
    const OPERATION: &str = "read the state of a stream";
    let exchange = Exchange::begin();
    let answer: InfoAnswer = request(client, OPERATION, &format!("STREAM.INFO.{stream}"), None).await?;
    let clock = exchange.end(parse_time(OPERATION, &answer.ts)?);
    Ok(StreamState {
        created_ns: parse_time(OPERATION, &answer.created)?,
        first_sequence: answer.state.first_seq,
        last_sequence: answer.state.last_seq,
        messages: answer.state.messages,
        bytes: answer.state.bytes,
        consumers: answer.state.consumer_count,
        clock,
        cluster: answer.cluster,
        config: answer.config,
    })
}

/// Names of streams that take something of what `subject` covers; of very many the first page.
///
/// # Errors
/// [`NatsError`].
pub async fn streams_that_take(client: &Client, subject: &str) -> Result<Vec<String>, NatsError> {
    #[derive(Deserialize)]
    struct Answer {
        streams: Option<Vec<String>>,
    }
    let body = json!({ "subject": subject });
    let answer: Answer = request(client, "look which streams take a subject", "STREAM.NAMES", Some(&body)).await?;
    Ok(answer.streams.unwrap_or_default())
}

#[derive(Deserialize)]
struct ConsumerSettings {
    config: Value,
    #[serde(default)]
    paused: bool,
}

impl ConsumerSettings {
    /// Those in force: the server keeps the end of a pause that is over.
    fn in_force(mut self) -> Value {
        if !self.paused
            && let Some(config) = self.config.as_object_mut()
        {
            config.remove("pause_until");
        }
        self.config
    }
}

/// The settings of a consumer that are in force, as the server prints them. `None`: it does not exist, or its stream does not.
///
/// # Errors
/// [`NatsError`].
pub async fn consumer_settings(client: &Client, stream: &str, consumer: &str) -> Result<Option<Value>, NatsError> {
    let subject = format!("CONSUMER.INFO.{stream}.{consumer}");
    match request::<ConsumerSettings>(client, "read the settings of a consumer", &subject, None).await {
        Ok(answer) => Ok(Some(answer.in_force())),
        Err(error) if matches!(error.code(), Some(ApiCode::STREAM_NOT_FOUND | ApiCode::CONSUMER_NOT_FOUND)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates a stream from settings in the server's own JSON.
pub(super) async fn create_stream(client: &Client, stream: &str, config: &Value) -> Result<(), NatsError> {
    let _: Value = request(client, "create a stream", &format!("STREAM.CREATE.{stream}"), Some(config)).await?;
    Ok(())
}

/// Creates a durable consumer of one subject from settings in the server's own JSON. One with exactly these settings may exist.
pub(super) async fn create_consumer(
    client: &Client,
    (stream, consumer, subject): (&str, &str, &str),
    config: &Value,
) -> Result<(), NatsError> {
    let body = json!({ "stream_name": stream, "config": config, "action": "create" });
    let asked = format!("CONSUMER.CREATE.{stream}.{consumer}.{subject}");
    let _: Value = request(client, "make the consumer of an endpoint", &asked, Some(&body)).await?;
    Ok(())
}

/// Reads one message from any replica. `None`: this replica does not have it, the leader may.
pub(crate) async fn direct_get(client: &Client, stream: &str, sequence: u64) -> Result<Option<Stored>, NatsError> {
    const OPERATION: &str = "read a message by sequence";
    let answer = client
        .request(format!("$JS.API.DIRECT.GET.{stream}"), Bytes::from(format!("{{\"seq\":{sequence}}}")))
        .await
        .map_err(|error| from_request(OPERATION, &error))?;
    if let Some(status) = answer.status {
        return match status.as_u16() {
            404 => Ok(None),
            other => Err(NatsError::Request { operation: OPERATION, reason: format!("status {other}") }),
        };
    }
    let malformed = |reason: &str| NatsError::Malformed { operation: OPERATION, reason: reason.to_owned() };
    let headers = answer.headers.ok_or_else(|| malformed("it has no headers"))?;
    let found = headers.get("Nats-Sequence").and_then(|value| value.as_str().parse::<u64>().ok());
    if found != Some(sequence) {
        return Err(malformed("it is about another sequence"));
    }
    let subject = headers
        .get("Nats-Subject")
        .map(|value| Subject::from(value.as_str()))
        .ok_or_else(|| malformed("it names no subject"))?;
    let stored_ns = headers.get("Nats-Time-Stamp").and_then(|time| parse_time(OPERATION, time.as_str()).ok());
    Ok(Some(Stored {
        sequence,
        subject,
        payload: answer.payload,
        headers: Some(headers),
        bad_headers: false,
        stored_ns,
    }))
}

#[derive(Deserialize)]
struct Got {
    message: GotMessage,
}

#[derive(Deserialize)]
struct GotMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    time: String,
}

#[derive(Deserialize)]
struct ConsumerAnswer {
    ack_floor: FloorAnswer,
    num_pending: u64,
    num_ack_pending: u64,
}

#[derive(Deserialize)]
struct FloorAnswer {
    stream_seq: u64,
}

#[derive(Deserialize)]
struct Dated {
    message: DatedMessage,
}

#[derive(Deserialize)]
struct DatedMessage {
    time: String,
}

/// How old the oldest message is that a consumer of `subject` has not acknowledged, by our clock. `None`: there is none.
pub(crate) async fn oldest_unacknowledged(
    client: &Client,
    stream: &str,
    consumer: &str,
    subject: &str,
) -> Result<Option<Duration>, NatsError> {
    const OPERATION: &str = "look how far a consumer is";
    let state: ConsumerAnswer = request(client, OPERATION, &format!("CONSUMER.INFO.{stream}.{consumer}"), None).await?;
    if state.num_pending == 0 && state.num_ack_pending == 0 {
        return Ok(None);
    }
    let body = json!({ "seq": state.ack_floor.stream_seq + 1, "next_by_subj": subject });
    let oldest: Dated = match request(client, OPERATION, &format!("STREAM.MSG.GET.{stream}"), Some(&body)).await {
        Ok(oldest) => oldest,
        // Acknowledged meanwhile, or expired.
        Err(error) if error.code() == Some(ApiCode::NO_MESSAGE) => return Ok(None),
        Err(error) => return Err(error),
    };
    let age = now_ns().saturating_sub(parse_time(OPERATION, &oldest.message.time)?);
    Ok(Some(Duration::from_nanos(u64::try_from(age).unwrap_or(0))))
}

/// Reads one message from the stream's leader, also one whose headers are none. `None`: it does not exist.
pub(crate) async fn leader_get(client: &Client, stream: &str, sequence: u64) -> Result<Option<Stored>, NatsError> {
    stored(client, "read a message from the leader", stream, &json!({ "seq": sequence })).await
}

/// The last message of a subject, from the stream's leader; none: there is none.
pub(crate) async fn last_of(client: &Client, stream: &str, subject: &str) -> Result<Option<Stored>, NatsError> {
    stored(client, "read the last message of a subject", stream, &json!({ "last_by_subj": subject })).await
}

/// The message that `body` asks the stream's leader for.
pub(super) async fn stored(
    client: &Client,
    operation: &'static str,
    stream: &str,
    body: &Value,
) -> Result<Option<Stored>, NatsError> {
    let got: Got = match request(client, operation, &format!("STREAM.MSG.GET.{stream}"), Some(body)).await {
        Ok(got) => got,
        Err(error) if error.code() == Some(ApiCode::NO_MESSAGE) => return Ok(None),
        Err(error) => return Err(error),
    };
    let bytes =
        |text: &str| BASE64.decode(text).map_err(|error| NatsError::Malformed { operation, reason: error.to_string() });
    let (headers, bad_headers) = headers(&bytes(&got.message.hdrs)?);
    Ok(Some(Stored {
        sequence: got.message.seq,
        subject: got.message.subject.into(),
        payload: bytes(&got.message.data)?.into(),
        stored_ns: parse_time(operation, &got.message.time).ok(),
        headers: Some(headers),
        bad_headers,
    }))
}

/// The headers among the lines of a message, and whether other bytes stand beside them.
fn headers(bytes: &[u8]) -> (HeaderMap, bool) {
    let (mut found, mut bad) = (HeaderMap::new(), false);
    for line in bytes.split(|b| *b == b'\n').skip(1).map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        let parts = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':'));
        let header = parts.and_then(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?))
        });
        match header {
            Some((name, value)) => found.append(name, value),
            None => bad = true,
        }
    }
    (found, bad)
}

/// One request to the JetStream API, its answer decoded, an error in it turned into [`NatsError::Refused`].
pub(super) async fn request<T: for<'de> Deserialize<'de>>(
    client: &Client,
    operation: &'static str,
    subject: &str,
    body: Option<&Value>,
) -> Result<T, NatsError> {
    let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    let answer = client
        .request_with_headers(format!("$JS.API.{subject}"), HeaderMap::new(), body)
        .await
        .map_err(|error| from_request(operation, &error))?;
    decode(operation, &answer.payload)
}

pub(super) fn decode<T: for<'de> Deserialize<'de>>(operation: &'static str, payload: &[u8]) -> Result<T, NatsError> {
    let malformed = |error: serde_json::Error| NatsError::Malformed { operation, reason: error.to_string() };
    let value: Value = serde_json::from_slice(payload).map_err(malformed)?;
    if let Some(error) = value.get("error") {
        return Err(NatsError::Refused {
            operation,
            code: ApiCode(error.get("err_code").and_then(Value::as_u64).unwrap_or(0)),
            description: error
                .get("description")
                .unwrap_or(&json!("no description"))
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        });
    }
    serde_json::from_value(value).map_err(malformed)
}

pub(super) fn parse_time(operation: &'static str, text: &str) -> Result<i64, NatsError> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .and_then(|time| i64::try_from(time.as_nanosecond()).ok())
        .ok_or_else(|| NatsError::Malformed { operation, reason: "a time in it is not RFC 3339".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_beside_bytes_that_are_none() {
        let (found, bad) = headers(b"NATS/1.0\r\nSkein-Format: twilio\r\nBad Name: x\r\nnocolon\r\nX: \xff\r\n\r\n");
        assert_eq!(found.get("Skein-Format").map(HeaderValue::as_str), Some("twilio"));
        assert_eq!((found.len(), bad), (1, true));
        assert!(!headers(b"NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n").1 && !headers(b"").1);
    }

    #[test]
    fn a_pause_that_is_over_is_no_setting() {
        let settings = |paused| {
            let answer =
                json!({ "config": { "name": "main", "pause_until": "2026-11-23T17:23:00Z" }, "paused": paused });
            serde_json::from_value::<ConsumerSettings>(answer).expect("settings").in_force()
        };
        assert_eq!(settings(false), json!({ "name": "main" }));
        assert_eq!(settings(true)["pause_until"], "2026-11-23T17:23:00Z");
    }

    #[test]
    fn an_error_in_the_answer_keeps_its_code() {
        let answer = br#"{"type":"x","error":{"code":404,"err_code":10059,"description":"stream not found"}}"#;
        let error = decode::<Value>("try", answer).expect_err("it holds an error");
        assert_eq!(error.code(), Some(ApiCode::STREAM_NOT_FOUND));
        assert!(!error.is_transient());
    }
}
