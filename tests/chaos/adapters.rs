//! The process of the adapters: they publish what customers write until it is acknowledged, and take what is handed over for them.
//!
//! Of one customer at one endpoint the next message is published when the one before it is acknowledged: so its order is known. Messages are
//! due at their times, whatever goes wrong: what could not be published meanwhile follows as fast as it is taken.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{self, AckKind, Context as Bus};
use async_nats::{Client, HeaderMap};
use futures::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::daemons::WORKSPACE;
use crate::notes::Notes;
use crate::payload::{ENDPOINTS, Endpoint, sent};
use crate::role::Orders;
use crate::words::{Words, now_ms};

/// Messages of an endpoint on their way at once, at most.
const LANES: u64 = 64;
/// An acknowledgement that has not come by then does not come.
const ACK: Duration = Duration::from_secs(2);
/// Before what was refused is published again.
const AGAIN: Duration = Duration::from_millis(50);
/// Customers of a lane who write, now many and now few: then all of them are served, or most wait.
const CUSTOMERS: [usize; 2] = [8, 2];
/// How long it is one or the other.
const PHASE: Duration = Duration::from_secs(10);
/// A customer writes so much and no more.
const WRITES: std::ops::Range<u64> = 20..200;
/// Customers of a lane have numbers of their own.
const NUMBERS: u64 = 10_000;
/// Messages of ours that are being sent at once.
const SENDING: usize = 32;
/// How often it tells how far it is.
const TELL: Duration = Duration::from_millis(200);

/// What the adapters' process is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    urls: String,
    #[arg(long)]
    notes: PathBuf,
    /// Messages a second, of all.
    #[arg(long)]
    rate: u64,
    #[arg(long)]
    seed: u64,
}

#[derive(Debug)]
struct Shared {
    notes: Notes,
    seed: u64,
    began: Instant,
    /// Between two messages of a lane.
    pace: Duration,
    acked: AtomicU64,
    stop: AtomicBool,
}

/// Runs until it is told to end.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let notes = Notes::begin(&args.notes)?;
    let lanes = LANES * u64::try_from(ENDPOINTS.len())?;
    let pace = Duration::from_secs(lanes) / u32::try_from(args.rate.max(1))?;
    let (acked, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let shared = Arc::new(Shared { notes, seed: args.seed, began: Instant::now(), pace, acked, stop });
    let (mut lanes, mut takers) = (JoinSet::new(), JoinSet::new());
    for (number, endpoint) in (0u64..).zip(ENDPOINTS) {
        let bus = bus(connect(&args.urls).await?);
        for lane in 0..LANES {
            lanes.spawn(publishes(Arc::clone(&shared), bus.clone(), endpoint, number, lane));
        }
        takers.spawn(takes(Arc::clone(&shared), connect(&args.urls).await?, endpoint));
    }
    let mut orders = Orders::read();
    let mut tells = tokio::time::interval(TELL);
    loop {
        tokio::select! {
            // Cancel-safe: a line that was not taken stays.
            order = orders.next() => match order.as_deref() {
                Some("stop") => shared.stop.store(true, Ordering::Release),
                _ => break,
            },
            // Cancel-safe: a tick that was not taken stays.
            _ = tells.tick() => {}
            // Cancel-safe: an end that was not taken stays.
            ended = lanes.join_next(), if !lanes.is_empty() => ended.transpose().context("a lane of adapters")?.unwrap_or(()),
        }
        let acked = shared.acked.load(Ordering::Acquire);
        println!("{}", json!({"acked": acked, "publishing": lanes.len()}));
    }
    takers.shutdown().await;
    shared.notes.flush()
}

async fn connect(urls: &str) -> anyhow::Result<Client> {
    let options = async_nats::ConnectOptions::new().ping_interval(Duration::from_secs(1)).retry_on_initial_connect();
    options.connect(urls.split(',').collect::<Vec<_>>()).await.context("connect to the bus")
}

fn bus(client: Client) -> Bus {
    jetstream::context::ContextBuilder::new().timeout(ACK).build(client)
}

/// A customer who writes.
struct Customer {
    number: u64,
    words: Words,
    left: u64,
}

/// Publishes the messages of some customers, one after the other.
async fn publishes(shared: Arc<Shared>, bus: Bus, endpoint: Endpoint, number: u64, lane: u64) {
    let mut random = StdRng::seed_from_u64(shared.seed ^ (number << 32) ^ lane);
    let mut born = 0;
    let mut customers: Vec<Customer> = Vec::new();
    // Not all at the same moment.
    let mut due = shared.began + shared.pace * u32::try_from(lane).unwrap_or(0) / u32::try_from(LANES).unwrap_or(1);
    while !shared.stop.load(Ordering::Acquire) {
        tokio::time::sleep_until(due.into()).await;
        due += shared.pace;
        let phase = shared.began.elapsed().as_secs() / PHASE.as_secs() % 2;
        let active = CUSTOMERS[usize::try_from(phase).unwrap_or(0)];
        let place = random.random_range(0..active);
        while customers.len() <= place {
            let number = lane * NUMBERS + born;
            born += 1;
            let words = Words { who: format!("{}{number}", endpoint.channel), number: 0, at_ms: 0 };
            customers.push(Customer { number, words, left: random.random_range(WRITES) });
        }
        let customer = &mut customers[place];
        customer.words.number += 1;
        customer.words.at_ms = now_ms();
        customer.left -= 1;
        let (id, body) = (endpoint.id(&customer.words), endpoint.says(customer.number, &customer.words));
        let message = json!({"channel": endpoint.channel, "endpoint": endpoint.name, "id": id});
        publish(&shared, &bus, (endpoint, endpoint.format), body, Some(message)).await;
        shared.acked.fetch_add(1, Ordering::AcqRel);
        if customer.left == 0 {
            customers.remove(place);
        }
    }
}

/// Publishes until it is acknowledged, the same again and again, and notes that it is.
async fn publish(
    shared: &Shared,
    bus: &Bus,
    (endpoint, format): (Endpoint, &str),
    body: Vec<u8>,
    message: Option<Value>,
) {
    let subject = format!("skein.in.{WORKSPACE}.{}.{}", endpoint.channel, endpoint.name);
    let body = bytes::Bytes::from(body);
    loop {
        let mut headers = HeaderMap::new();
        headers.insert("Skein-Format", format);
        let acked = async { bus.publish_with_headers(subject.clone(), headers, body.clone()).await?.await };
        match tokio::time::timeout(ACK, acked).await {
            Ok(Ok(acked)) => {
                let published = json!({"stream": acked.stream, "sequence": acked.sequence, "message": message});
                return shared.notes.note(&json!({ "published": published }));
            }
            // Unknown, or refused: a provider would bring it again.
            Ok(Err(_)) | Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// Takes what is handed over for an endpoint, notes it, and reports it as sent.
async fn takes(shared: Arc<Shared>, client: Client, endpoint: Endpoint) {
    let bus = bus(client);
    loop {
        // Whatever breaks off is begun anew: what was not acknowledged comes again.
        if let Err(error) = takes_some(&shared, &bus, endpoint).await {
            eprintln!("{} {}: {error:#}", endpoint.channel, endpoint.name);
        }
        tokio::time::sleep(AGAIN * 4).await;
    }
}

async fn takes_some(shared: &Shared, bus: &Bus, endpoint: Endpoint) -> anyhow::Result<()> {
    let stream = bus.get_stream_no_info(format!("SKEIN_OUT_{WORKSPACE}")).await?;
    let consumer: PullConsumer =
        stream.get_consumer(endpoint.name).await.map_err(|error| anyhow::anyhow!("find the consumer: {error}"))?;
    let messages = consumer.stream().max_messages_per_batch(SENDING).expires(Duration::from_secs(2));
    let messages = messages.heartbeat(Duration::from_secs(1)).messages().await?;
    let ended = messages
        .take_while(|message| futures::future::ready(message.is_ok()))
        .for_each_concurrent(SENDING, async |message| {
            let Ok(message) = message else { return };
            let Some((sequence, log, id)) = known(&message) else { return };
            let stream = format!("SKEIN_OUT_{WORKSPACE}");
            shared.notes.note(&json!({"received": {"stream": stream, "sequence": sequence, "log": log}}));
            publish(shared, bus, (endpoint, "skein.v1+json"), sent(&id, now_ms()), None).await;
            // Not acknowledged it comes again.
            let _ = message.ack_with(AckKind::Ack).await;
        })
        .await;
    Ok(ended)
}

/// Sequence, output and id of a message of ours.
fn known(message: &jetstream::Message) -> Option<(u64, String, String)> {
    let sequence = message.info().ok()?.stream_sequence;
    let log = message.headers.as_ref()?.get("Skein-Log")?.as_str().to_owned();
    let body: Value = serde_json::from_slice(&message.payload).ok()?;
    Some((sequence, log, body["messageId"].as_str()?.to_owned()))
}
