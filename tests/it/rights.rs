//! The accounts of `deploy/adapters.conf` on a real server: what the adapter of one endpoint can do, and that it can do nothing else.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Message};
use futures::StreamExt as _;
use serde_json::{Value, json};
use skein::proto::agent::SendTypingRequest;
use skein::proto::agent::live::Live;
use skein::proto::agent::session_request::Request as Ask;

use crate::adapter::{Adapter, sms, whatsapp};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, PATIENCE, WORKSPACE, carried_out, eventually};
use crate::reads;

const PHONE: &str = "4915112345678";
/// A refused request has no answer: a right that is there answers within milliseconds.
const NO_ANSWER: Duration = Duration::from_millis(400);

async fn bed() -> Bed {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/adapters.conf");
    let accounts = std::fs::read_to_string(file).expect("the example").replace("demo", WORKSPACE);
    let passwords = "SKEIN_PASSWORD: s1\nWHATSAPP_SUPPORT_PASSWORD: w1\nSMS_MAIN_PASSWORD: m1\n";
    Bed::guarded(false, format!("{passwords}{accounts}"), "skein:s1").await
}

async fn adapter(bed: &Bed, login: &str) -> Client {
    let url = bed.url_of(login);
    let options = skein::nats::with_login(ConnectOptions::new(), [url.as_str()]);
    options.request_timeout(Some(NO_ANSWER)).connect(&url).await.expect("connect")
}

async fn ask(client: &Client, subject: &str, body: &str) -> Option<Value> {
    let answer = client.request(subject.to_owned(), body.to_owned().into()).await.ok()?;
    (answer.status.is_none()).then(|| serde_json::from_slice(&answer.payload).unwrap_or(Value::Null))
}

/// Subjects and count of everything in a stream.
async fn subjects(client: &Client, stream: &str) -> Vec<String> {
    reads::stored(client, stream).await.iter().map(|message| message.subject.to_string()).collect()
}

/// The next order of an endpoint, as its adapter fetches it.
async fn next(client: &Client, consumer: &str) -> Option<Message> {
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.SKEIN_OUT_{WORKSPACE}.{consumer}");
    // Not a request: what comes back bears the subject of its stream, which the library's requests do not know.
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.ok()?;
    let body = r#"{"batch":1,"no_wait":true}"#;
    client.publish_with_reply(subject, inbox, body.into()).await.ok()?;
    let message = tokio::time::timeout(NO_ANSWER, answers.next()).await.ok()??;
    message.status.is_none().then_some(message)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_adapter_of_an_endpoint_publishes_fetches_and_acknowledges_its_own() {
    let bed = bed().await;
    let daemon = bed.daemon().await;
    let own = adapter(&bed, "whatsapp_support:w1").await;
    Adapter::new(own.clone()).publish(&whatsapp(PHONE, "1", "hello")).await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let work = agent.take("support", true).await.work.expect("its Work");
    let seen = work.last_customer_message_id.clone();
    agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "good day")).await;
    let order = eventually("the answer is fetched", async || next(&own, "support").await).await;
    let sent: Value = serde_json::from_slice(&order.payload).expect("JSON");
    assert_eq!(sent["content"]["text"], "good day");
    let acknowledged = own.request(order.reply.expect("where to acknowledge"), "+ACK".into()).await;
    assert!(acknowledged.is_ok(), "{acknowledged:?}");
    let bus: Context = jetstream::new(bed.connect().await);
    let stream = bus.get_stream(format!("SKEIN_OUT_{WORKSPACE}")).await.expect("OUT");
    let info = stream.consumer_info("support").await.expect("the daemon has made it");
    assert_eq!((info.ack_floor.stream_sequence, info.num_pending, info.num_ack_pending), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_and_hears_what_is_live_of_its_own_endpoint() {
    let bed = bed().await;
    let daemon = bed.daemon().await;
    let own = adapter(&bed, "whatsapp_support:w1").await;
    let mut heard = own.subscribe(format!("skein.live.{WORKSPACE}.out.whatsapp.support")).await.expect("its own");
    Adapter::new(own.clone()).publish(&whatsapp(PHONE, "1", "hello")).await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let work = agent.take("support", true).await.work.expect("its Work");
    let typing = json!({"senders": [{"kind": "ADDRESS_KIND_PHONE", "address": format!("+{PHONE}")}], "typing": {}});
    let subject = format!("skein.live.{WORKSPACE}.in.whatsapp.support");
    own.publish(subject, typing.to_string().into()).await.expect("sent");
    own.flush().await.expect("the bus answers");
    let Live::CustomerTyping(told) = agent.glimpses().await else { panic!("something else is live") };
    assert_eq!(told.work_id, work.work_id);
    let skein = bed.connect().await;
    let mut beats = skein.subscribe(format!("skein.live.{WORKSPACE}.heartbeat.>")).await.expect("subscribed");
    carried_out(&skein).await;
    let beat = format!("skein.live.{WORKSPACE}.heartbeat.whatsapp.support");
    own.publish(beat.clone(), "".into()).await.expect("sent");
    let heard_beat = tokio::time::timeout(PATIENCE, beats.next()).await.expect("in time").expect("a heartbeat");
    assert_eq!(heard_beat.subject.as_str(), beat);
    let ask = |request_id: &str| {
        Ask::SendTyping(SendTypingRequest { request_id: request_id.to_owned(), work_id: work.work_id.clone() })
    };
    agent.command(ask).await;
    let hint = tokio::time::timeout(PATIENCE, heard.next()).await.expect("in time").expect("a hint");
    let hint: Value = serde_json::from_slice(&hint.payload).expect("JSON");
    assert_eq!(hint["recipient"]["address"], format!("+{PHONE}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_can_do_nothing_to_another_endpoint_nor_to_skein() {
    let bed = bed().await;
    let daemon = bed.daemon().await;
    let skein = bed.connect().await;
    let (own, other) = (adapter(&bed, "whatsapp_support:w1").await, adapter(&bed, "sms_main:m1").await);
    // Something of the other's is in IN, and in OUT.
    Adapter::new(other.clone()).publish(&sms(PHONE, "1", "for sms")).await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let work = agent.take("main", false).await.work.expect("its Work");
    let seen = work.last_customer_message_id.clone();
    agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "by sms")).await;
    eventually("the answer is handed over", async || reads::out(&skein).await.pop()).await;
    let mut overheard = own.subscribe(">").await.expect("sent; the server may refuse it");
    let mut inboxes = own.subscribe("_INBOX.>").await.expect("its own account's inboxes");
    own.flush().await.expect("the bus answers");

    let out = format!("SKEIN_OUT_{WORKSPACE}");
    for (subject, body) in [
        (format!("skein.in.{WORKSPACE}.sms.main"), "{}".to_owned()),
        (format!("skein.in.{WORKSPACE}.whatsapp.owned"), "{}".to_owned()),
        (format!("skein.out.{WORKSPACE}.whatsapp.support"), "{}".to_owned()),
        (format!("skein.dead.{WORKSPACE}.malformed"), "{}".to_owned()),
        (format!("skein.log.main.{WORKSPACE}.c"), "{}".to_owned()),
        (format!("$JS.API.CONSUMER.INFO.{out}.main"), String::new()),
        (format!("$JS.API.CONSUMER.DELETE.{out}.main"), String::new()),
        (
            format!("$JS.API.CONSUMER.CREATE.{out}.spy"),
            format!(r#"{{"stream_name":"{out}","config":{{"name":"spy","ack_policy":"none","mem_storage":true}}}}"#),
        ),
        (format!("$JS.API.STREAM.MSG.GET.{out}"), r#"{"seq":1}"#.to_owned()),
        (format!("$JS.API.STREAM.PURGE.SKEIN_IN_{WORKSPACE}"), String::new()),
        ("$JS.API.STREAM.CREATE.MINE".to_owned(), r#"{"name":"MINE","subjects":["mine"]}"#.to_owned()),
        ("$JS.API.STREAM.NAMES".to_owned(), String::new()),
        ("$JS.API.INFO".to_owned(), String::new()),
        (format!("$O.SKEIN_MEDIA_{WORKSPACE}.C.chunk"), "bytes".to_owned()),
        (format!("$O.SKEIN_MEDIA_{WORKSPACE}.M.bmFtZQ=="), "{}".to_owned()),
        (format!("$JS.API.STREAM.MSG.GET.OBJ_SKEIN_MEDIA_{WORKSPACE}"), r#"{"seq":1}"#.to_owned()),
        (format!("$JS.ACK.{out}.main.1.1.1.1.0"), "+ACK".to_owned()),
    ] {
        assert_eq!(ask(&own, &subject, &body).await, None, "{subject}");
    }
    assert!(next(&own, "main").await.is_none(), "fetched what is for another");

    // Nobody answers what is live: the other's must not arrive, and its own behind it shows that they had been on their way.
    let mut live = skein.subscribe(format!("skein.live.{WORKSPACE}.>")).await.expect("subscribed");
    carried_out(&skein).await;
    let beat = |endpoint: &str| format!("skein.live.{WORKSPACE}.heartbeat.{endpoint}");
    for subject in [format!("skein.live.{WORKSPACE}.in.sms.main"), beat("sms.main"), beat("whatsapp.support")] {
        own.publish(subject, "{}".into()).await.expect("sent; the server may refuse it");
    }
    let arrived = tokio::time::timeout(PATIENCE, live.next()).await.expect("in time").expect("its own heartbeat");
    assert_eq!(arrived.subject.as_str(), beat("whatsapp.support"));

    // Answers go where a request says: across accounts only to its asker.
    Adapter::new(own.clone()).publish(&whatsapp(PHONE, "2", "my own")).await;
    for target in [format!("skein.in.{WORKSPACE}.sms.main"), format!("skein.log.main.{WORKSPACE}.c")] {
        for subject in
            [format!("skein.in.{WORKSPACE}.whatsapp.support"), format!("$JS.API.CONSUMER.MSG.NEXT.{out}.support")]
        {
            let body = whatsapp(PHONE, "2", "my own").body;
            own.publish_with_reply(subject, target.clone(), body.into()).await.expect("sent");
        }
    }
    own.flush().await.expect("the bus answers");
    // A later event of the other's is behind everything above.
    Adapter::new(other.clone()).publish(&sms(PHONE, "3", "after all that")).await;
    let published = subjects(&skein, &format!("SKEIN_IN_{WORKSPACE}")).await;
    let of_other = published.iter().filter(|subject| subject.ends_with(".sms.main")).count();
    assert_eq!(of_other, 2, "{published:?}");
    // What came without a format above is set aside by skein itself, sooner or later; nothing there is the adapter's own doing.
    let dead = subjects(&skein, &format!("SKEIN_DEAD_{WORKSPACE}")).await;
    assert!(!dead.iter().any(|subject| subject.ends_with(".malformed")), "{dead:?}");
    let logged = subjects(&skein, "SKEIN_LOG_main").await;
    assert!(!logged.is_empty());
    assert_eq!(daemon.page("/readyz").await.map(|(status, _)| status), Some(200));
    assert!(daemon.lines_of("ERROR").is_empty(), "{:?}", daemon.lines_of("ERROR"));
    // The order of the other is still its own to fetch and to acknowledge.
    let order = eventually("the other fetches its order", async || next(&other, "main").await).await;
    assert!(other.request(order.reply.expect("where to acknowledge"), "+ACK".into()).await.is_ok());

    for heard in [&mut overheard, &mut inboxes] {
        while let Ok(Some(message)) = tokio::time::timeout(Duration::ZERO, heard.next()).await {
            let text = String::from_utf8_lossy(&message.payload).into_owned();
            assert!(!text.contains("by sms") && !message.subject.contains("sms"), "{}: {text}", message.subject);
        }
    }
}
