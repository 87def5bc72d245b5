//! The naive pipe: the yardstick that every rate and latency of skein is divided by.
//!
//! It is what a consumer-producer without any logic reaches on the same nats-server: consume from one stream, publish to a
//! second (for throughput with a `Nats-Msg-Id`, as a careful author would, and up to 4,096 publishes in flight; for latency open loop),
//! ack each message when its publish is acked. Benchmarks include this file unchanged. A run in which it falls under 85 % of the lower
//! figure of design.md section 8 on a comparable machine is void (something else was running).
use std::time::{Duration, Instant};

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
    context::ContextBuilder,
    stream,
};
use futures::{StreamExt, stream::FuturesUnordered};
use hdrhistogram::Histogram;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Publishes in flight at most.
const IN_FLIGHT: usize = 4_096;

async fn streams(js: &jetstream::Context, replicas: usize) -> Result<(stream::Stream, stream::Stream)> {
    let mut made = Vec::new();
    for (name, subject) in [("NAIVE_A", "naive.a.>"), ("NAIVE_B", "naive.b.>")] {
        let _ = js.delete_stream(name).await;
        made.push(
            js.create_stream(stream::Config {
                name: name.into(),
                subjects: vec![subject.into()],
                num_replicas: replicas,
                storage: stream::StorageType::File,
                ..Default::default()
            })
            .await?,
        );
    }
    let b = made.pop().expect("two were made");
    Ok((made.pop().expect("two were made"), b))
}

/// A client with a command channel larger than what is in flight. (With the default of 2,048 the acks that wait to be sent and the
/// publishes of the same task block each other until the ack timeout.)
async fn connect(url: &str) -> Result<async_nats::Client> {
    Ok(async_nats::ConnectOptions::new().client_capacity(65_536).connect(url).await?)
}

fn context(client: async_nats::Client) -> jetstream::Context {
    ContextBuilder::new()
        .timeout(Duration::from_secs(30))
        .ack_timeout(Duration::from_secs(60))
        .max_ack_inflight(20_000)
        .build(client)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Messages per second over `count` messages of `payload` on `keys` subjects. The first stream is filled beforehand.
pub async fn throughput(url: &str, replicas: usize, payload: bytes::Bytes, count: usize, keys: usize) -> Result<f64> {
    let js = context(connect(url).await?);
    let (a, _b) = streams(&js, replicas).await?;
    let mut acks = FuturesUnordered::new();
    for i in 0..count {
        let ack = js.publish(format!("naive.a.{}", i % keys), payload.clone()).await?;
        acks.push(async move { ack.await });
        if acks.len() >= IN_FLIGHT {
            acks.next().await.expect("not empty")?;
        }
    }
    while let Some(ack) = acks.next().await {
        ack?;
    }
    let consumer = a
        .create_consumer(pull::Config {
            durable_name: Some("naive".into()),
            ack_policy: AckPolicy::Explicit,
            max_ack_pending: 50_000,
            ..Default::default()
        })
        .await?;
    let start = Instant::now();
    let mut messages = consumer.stream().max_messages_per_batch(5_000).messages().await?;
    let mut pending = FuturesUnordered::new();
    for i in 0..count {
        let message = messages.next().await.ok_or("the stream of messages ended")??;
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", i.to_string());
        let ack = js
            .publish_with_headers(
                format!("naive.b.{}", &message.subject["naive.a.".len()..]),
                headers,
                message.payload.clone(),
            )
            .await?;
        pending.push(async move {
            ack.await?;
            message.ack().await
        });
        if pending.len() >= IN_FLIGHT {
            pending.next().await.expect("not empty")?;
        }
    }
    while let Some(done) = pending.next().await {
        done?;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Latency in microseconds from the moment a message was due (open loop, `rate` per second) to its arrival at a consumer of the second stream.
pub async fn latency(
    url: &str,
    replicas: usize,
    size: usize,
    count: usize,
    keys: usize,
    rate: f64,
) -> Result<Histogram<u64>> {
    let client = connect(url).await?;
    let js = context(client.clone());
    let (a, b) = streams(&js, replicas).await?;
    let consumer = a
        .create_consumer(pull::Config {
            durable_name: Some("naive".into()),
            ack_policy: AckPolicy::Explicit,
            max_ack_pending: 50_000,
            ..Default::default()
        })
        .await?;
    let pipe = tokio::spawn(async move {
        let mut messages = consumer.stream().max_messages_per_batch(5_000).messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let ack = js
                .publish(format!("naive.b.{}", &message.subject["naive.a.".len()..]), message.payload.clone())
                .await?;
            tokio::spawn(async move {
                if ack.await.is_ok() {
                    let _ = message.ack().await;
                }
            });
        }
        Result::Ok(())
    });
    let tail = b.create_consumer(pull::OrderedConfig::default()).await?;
    let start = Instant::now();
    let reader = tokio::spawn(async move {
        let mut messages = tail.messages().await?;
        let mut seen = Histogram::<u64>::new(3)?;
        for _ in 0..count {
            let message = messages.next().await.ok_or("the stream of messages ended")??;
            let due = u64::from_le_bytes(message.payload[..8].try_into()?);
            seen.record(micros(start.elapsed()).saturating_sub(due))?;
        }
        Result::Ok(seen)
    });
    for i in 0..count {
        let due = Duration::from_secs_f64(i as f64 / rate);
        if let Some(wait) = due.checked_sub(start.elapsed()) {
            tokio::time::sleep(wait).await;
        }
        let mut payload = vec![b'x'; size.max(8)];
        payload[..8].copy_from_slice(&micros(due).to_le_bytes());
        client.publish(format!("naive.a.{}", i % keys), payload.into()).await?;
    }
    client.flush().await?;
    let seen = reader.await??;
    pipe.abort();
    Ok(seen)
}
