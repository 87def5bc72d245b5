//! Real payloads into IN: filled beforehand, published meanwhile, and at a steady rate.

use std::time::{Duration, Instant};

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::Result;

/// Publishes in flight at most.
const IN_FLIGHT: usize = 4_096;
/// Messages of one atomic batch of an adapter.
const BATCH: usize = 500;
/// Starts the text of a message that carries the time it was due.
pub(crate) const DUE: &str = "due ";

/// Publishes as adapters do.
pub(crate) struct Adapter {
    client: Client,
    js: jetstream::Context,
    next: u64,
}

impl Adapter {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let client = async_nats::ConnectOptions::new().client_capacity(65_536).connect(url).await?;
        let js = ContextBuilder::new()
            .timeout(Duration::from_secs(30))
            .ack_timeout(Duration::from_secs(60))
            .max_ack_inflight(20_000)
            .build(client.clone());
        Ok(Self { client, js, next: 0 })
    }

    /// One message for each endpoint and customer, acknowledged.
    pub(crate) async fn fill(&mut self, messages: impl Iterator<Item = (&'static str, u64)>) -> Result<()> {
        let text = "Where is my parcel? It should have been here by now.";
        self.say(messages.map(|(endpoint, customer)| (endpoint, customer, text))).await
    }

    /// The same with a text for each.
    pub(crate) async fn say<T: AsRef<str>>(
        &mut self,
        messages: impl Iterator<Item = (&'static str, u64, T)>,
    ) -> Result<()> {
        let mut acks = FuturesUnordered::new();
        for (endpoint, customer, text) in messages {
            let ack = self.publish(endpoint, customer, text.as_ref()).await?;
            acks.push(async move { ack.await });
            if acks.len() >= IN_FLIGHT {
                acks.next().await.expect("not empty")?;
            }
        }
        while let Some(ack) = acks.next().await {
            ack?;
        }
        Ok(())
    }

    /// The same in atomic batches: what an adapter does that has several events at once.
    pub(crate) async fn fill_in_batches(&mut self, endpoint: &str, count: u64, customers: u64) -> Result<()> {
        let mut sent = 0;
        while sent < count {
            let batch = BATCH.min(usize::try_from(count - sent)?);
            let id = format!("bench-{}", self.next);
            for place in 1..=batch {
                let text = "Where is my parcel? It should have been here by now.";
                let (subject, mut headers, payload) = self.message(endpoint, (sent + place as u64) % customers, text);
                headers.insert("Nats-Batch-Id", id.as_str());
                headers.insert("Nats-Batch-Sequence", place.to_string());
                if place < batch {
                    self.client.publish_with_headers(subject, headers, payload).await?;
                } else {
                    headers.insert("Nats-Batch-Commit", "1");
                    let answer = self.client.request_with_headers(subject, headers, payload).await?;
                    let answer: serde_json::Value = serde_json::from_slice(&answer.payload)?;
                    if answer.get("error").is_some() {
                        return Err(format!("a batch was refused: {answer}").into());
                    }
                }
            }
            sent += batch as u64;
        }
        Ok(())
    }

    /// Open loop: `count` messages at `rate` a second, each with the time it was due in its text.
    pub(crate) async fn steady(
        &mut self,
        endpoint: &str,
        count: u64,
        rate: f64,
        customers: u64,
        start: Instant,
    ) -> Result<()> {
        for number in 0..count {
            let due = Duration::from_secs_f64(number as f64 / rate);
            if let Some(wait) = due.checked_sub(start.elapsed()) {
                tokio::time::sleep(wait).await;
            }
            let (subject, headers, payload) =
                self.message(endpoint, number % customers, &format!("{DUE}{}", due.as_micros()));
            self.client.publish_with_headers(subject, headers, payload).await?;
        }
        self.client.flush().await?;
        Ok(())
    }

    async fn publish(
        &mut self,
        endpoint: &str,
        customer: u64,
        text: &str,
    ) -> Result<jetstream::context::PublishAckFuture> {
        let (subject, headers, payload) = self.message(endpoint, customer, text);
        Ok(self.js.publish_with_headers(subject, headers, payload).await?)
    }

    fn message(&mut self, endpoint: &str, customer: u64, text: &str) -> (String, HeaderMap, Bytes) {
        self.next += 1;
        let mut headers = HeaderMap::new();
        headers.insert("Skein-Format", "whatsapp-cloud");
        (format!("skein.in.bench.whatsapp.{endpoint}"), headers, payload(customer, self.next, text))
    }
}

/// A webhook of the WhatsApp Cloud API, as it comes from the provider, of about 500 bytes.
fn payload(customer: u64, message: u64, text: &str) -> Bytes {
    let phone = 4_915_000_000_000_u64 + customer;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Bytes::from(format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"102290129340398","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550783881","phone_number_id":"106540352242922"}},"contacts":[{{"profile":{{"name":"Customer {customer}"}},"wa_id":"{phone}"}}],"messages":[{{"from":"{phone}","id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQ{message:016}","timestamp":"{now}","text":{{"body":"{text}"}},"type":"text"}}]}},"field":"messages"}}]}}]}}"#
    ))
}
