//! Who is typing, told live in both directions, and recorded nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_nats::{Client, HeaderMap};
use futures::StreamExt as _;
use serde_json::{Value, json};
use skein::nats::{LIVE_CAPACITY, Nats, NatsOptions};
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::live::Live;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::{SendTypingRequest, WorkAssigned};
use tonic::Code;

use crate::adapter::{Adapter, Payload, whatsapp};
use crate::agent::{Agent, ready};
use crate::bed::{Bed, PATIENCE, WORKSPACE, eventually};
use crate::reads::{self, by};

const PHONE: &str = "4915112345678";

/// Somebody types, as an adapter says it.
fn typing(phone: &str) -> Vec<u8> {
    let sender = json!({"kind": "ADDRESS_KIND_PHONE", "address": format!("+{phone}")});
    json!({"senders": [sender], "assurance": "ASSURANCE_PLATFORM", "typing": {}}).to_string().into_bytes()
}

async fn publish_live(bus: &Client, body: Vec<u8>) {
    let mut headers = HeaderMap::new();
    headers.insert("Skein-Format", "skein.v1+json");
    let subject = format!("skein.live.{WORKSPACE}.in.whatsapp.support");
    bus.publish_with_headers(subject, headers, body.into()).await.expect("published");
    bus.flush().await.expect("the bus answers");
}

async fn taken(bed: &Bed, agent: &mut Agent) -> WorkAssigned {
    Adapter::new(bed.connect().await).publish(&whatsapp(PHONE, "1", "hello")).await;
    agent.take("support", true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_sees_that_the_customer_types_and_no_record_says_so() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let mut owner = Agent::log_in(daemon.channel().await, "ann").await;
    let work = taken(&bed, &mut owner).await.work.expect("its Work");
    let site = Payload {
        channel: "chat",
        endpoint: "site",
        format: "skein.v1+json",
        body:
            json!({"senders": [{"kind": "ADDRESS_KIND_WEB", "address": "v1"}], "message": {"content": {"text": "hi"}}})
                .to_string()
                .into_bytes(),
    };
    let adapter = Adapter::new(bed.connect().await);
    adapter.publish(&site).await;
    let second = owner.take("site", true).await.work.expect("its Work");
    let mut other = Agent::log_in(daemon.channel().await, "ben").await;

    // Nobody knows this one: nothing follows.
    publish_live(&bus, typing("4915199999999")).await;
    publish_live(&bus, typing(PHONE)).await;
    let Live::CustomerTyping(told) = owner.glimpses().await else { panic!("something else is live") };
    assert_eq!((told.work_id.as_str(), told.conversation_id.as_str()), (&*work.work_id, &*work.conversation_id));

    // Another customer, whose adapter publishes it in IN.
    let body = json!({"senders": [{"kind": "ADDRESS_KIND_WEB", "address": "v1"}], "typing": {}});
    adapter.publish(&Payload { body: body.to_string().into_bytes(), ..site }).await;
    let Live::CustomerTyping(told) = owner.glimpses().await else { panic!("something else is live") };
    assert_eq!(told.work_id, second.work_id);

    other.command(ready).await;
    assert!(other.glimpsed().is_none(), "only the owner is told");
    assert_eq!(reads::stored(&bus, &format!("SKEIN_DEAD_{WORKSPACE}")).await.len(), 0);
    let listed = reads::messages(&daemon.channel().await, &work.conversation_id).await;
    assert_eq!(listed.iter().map(reads::text).collect::<Vec<_>>(), ["hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_adapter_hears_that_the_owner_types_and_nobody_elses_hint_is_forwarded() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let mut hints = bus.subscribe(format!("skein.live.{WORKSPACE}.out.whatsapp.support")).await.expect("subscribed");
    bus.flush().await.expect("the bus answers");
    let mut owner = Agent::log_in(daemon.channel().await, "ann").await;
    let work = taken(&bed, &mut owner).await.work.expect("its Work");

    let ask = |request_id: &str| {
        Ask::SendTyping(SendTypingRequest { request_id: request_id.to_owned(), work_id: work.work_id.clone() })
    };
    let mut forwarded = Vec::new();
    for _ in 0..2 {
        let Some(Outcome::SendTyping(sent)) = owner.command(ask).await.result else { panic!("no answer to typing") };
        forwarded.push(sent.forwarded);
    }
    assert_eq!(forwarded, [true, false], "at most one in three seconds");
    let hint = tokio::time::timeout(PATIENCE, hints.next()).await.expect("in time").expect("a hint");
    let hint: Value = serde_json::from_slice(&hint.payload).expect("JSON");
    assert_eq!(hint["typing"], json!({}));
    assert_eq!(hint["recipient"], json!({"kind": "ADDRESS_KIND_PHONE", "address": format!("+{PHONE}")}));
    assert_eq!((&hint["endpoint"], &hint["messageId"]), (&json!("support"), &Value::Null));

    let mut unary = ConversationServiceClient::new(daemon.channel().await);
    let request = |work_id: &str| SendTypingRequest { request_id: String::new(), work_id: work_id.to_owned() };
    let again = unary.send_typing(by("ann", request(&work.work_id))).await.expect("the owner may");
    assert!(!again.into_inner().forwarded, "the same Work, whichever way it is asked");
    let refused = unary.send_typing(by("ben", request(&work.work_id))).await.expect_err("not the owner");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let refused = unary.send_typing(by("ann", request("w999-0"))).await.expect_err("no such Work");
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(reads::stored(&bus, &format!("SKEIN_OUT_{WORKSPACE}")).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_live_and_left_out_is_counted_by_its_reason() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let counted = async |reason: &str| {
        let line = format!("skein_live_left_out_total{{reason=\"{reason}\"}} ");
        let (_, page) = daemon.page("/metrics").await?;
        page.lines().find_map(|found| found.strip_prefix(&line).map(str::to_owned))
    };
    for reason in ["no_room", "too_large", "stale", "not_typing"] {
        assert_eq!(counted(reason).await.as_deref(), Some("0"), "{reason}");
    }
    let mut long_ago: Value = serde_json::from_slice(&typing(PHONE)).expect("JSON");
    long_ago["occurredAtMs"] = json!("1700000000000");
    for body in [vec![b' '; 17 << 10], long_ago.to_string().into_bytes(), whatsapp(PHONE, "1", "hello").body] {
        publish_live(&bus, body).await;
    }
    for (reason, count) in [("too_large", "1"), ("stale", "1"), ("not_typing", "1")] {
        eventually(reason, async || (counted(reason).await.as_deref() == Some(count)).then_some(())).await;
    }
    assert_eq!(counted("no_room").await.as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_what_is_live_finds_little_room_and_is_told() {
    let bed = Bed::new(false).await;
    let options = NatsOptions { servers: vec![bed.url_of("")], ..NatsOptions::default() };
    let nats = Nats::connect(options).await.expect("connected");
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&dropped);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    let live = nats.open_live(count).await.expect("connected");
    let mut unread = live.subscribe("skein.live.>").await.expect("subscribed");
    for _ in 0..LIVE_CAPACITY + 5 {
        live.publish("skein.live.flood", vec![0; 64 << 10].into()).await.expect("published");
    }
    eventually("five were dropped", async || (dropped.load(Ordering::Relaxed) == 5).then_some(())).await;
    for _ in 0..LIVE_CAPACITY {
        unread.next().await.expect("what there was room for");
    }
    live.publish("skein.live.flood", "after it".into()).await.expect("published");
    assert_eq!(unread.next().await.expect("there is room again").payload, "after it");
}
