//! What strangers send: set aside with its reason and its bytes, or kept and flagged; nothing else is lost, and the daemon stays ready.

use std::collections::BTreeMap;

use skein::proto::agent::{Message, MessageFlag};

use crate::adapter::{Adapter, Payload, mail, now_s, whatsapp, whatsapp_at};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::reads;

const PHONE: &str = "4915112345678";

fn raw(endpoint: &'static str, format: &'static str, body: impl Into<Vec<u8>>) -> Payload {
    Payload { channel: "whatsapp", endpoint, format, body: body.into() }
}

fn replaced(payload: Payload, old: &str, new: &str) -> Payload {
    let text = String::from_utf8(payload.body).expect("it is text");
    assert!(text.contains(old), "{text}");
    Payload { body: text.replace(old, new).into_bytes(), ..payload }
}

/// What is set aside, with the reason.
fn unusable() -> Vec<(&'static str, Payload)> {
    let good = || whatsapp(PHONE, "bad", "good text");
    let mut not_utf8 = good().body;
    let at = not_utf8.windows(9).position(|found| found == b"good text").expect("its text");
    not_utf8[at] = 0xff;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let twice = r#"{"eventId":"a","eventId":"b","senders":[{"kind":"ADDRESS_KIND_PHONE","address":"+4915112345678"}],"message":{}}"#;
    let unknown = r#"{"eventId":"a","colour":"red","message":{}}"#;
    let nobodys = r#"{"receipt":{"messageId":"999999.0","status":"RECEIPT_STATUS_SENT"}}"#;
    vec![
        ("not_utf8", raw("support", "whatsapp-cloud", not_utf8)),
        ("nul", replaced(good(), "good text", "good\\u0000text")),
        ("nul", replaced(good(), "good text", "good\0text")),
        ("malformed", raw("support", "whatsapp-cloud", "{oops")),
        ("malformed", raw("support", "whatsapp-cloud", "")),
        ("too_deep", raw("support", "whatsapp-cloud", deep.clone())),
        ("too_deep", raw("support", "skein.v1+json", deep)),
        ("duplicate_key", raw("support", "skein.v1+json", twice)),
        ("unknown_field", raw("support", "skein.v1+json", unknown)),
        ("unknown_message", raw("support", "skein.v1+json", nobodys)),
        ("unknown_format", raw("support", "morse", "... --- ...")),
        ("unknown_endpoint", raw("nowhere", "whatsapp-cloud", good().body)),
        ("bad_subject", raw("support.extra", "whatsapp-cloud", good().body)),
        ("wrong_endpoint", replaced(raw("owned", "whatsapp-cloud", good().body), "106540352242922", "999540352242922")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_set_aside_with_its_reason_and_bytes_and_the_next_good_message_arrives() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    let mut expected = BTreeMap::new();
    for (reason, payload) in unusable() {
        let sequence = adapter.publish(&payload).await;
        expected.insert(sequence, (reason.to_owned(), payload.body));
    }
    adapter.publish(&whatsapp_at("owned", PHONE, "good", "hello after all that", &now_s().to_string(), "A")).await;

    let channel = daemon.channel().await;
    let said = eventually("the good one arrives", async || {
        let works = reads::works(&channel).await;
        Some(reads::messages(&channel, &works.first()?.conversation_id).await)
    })
    .await;
    assert_eq!(said.iter().map(reads::text).collect::<Vec<_>>(), ["hello after all that"]);
    assert_eq!(reads::works(&channel).await.len(), 1, "nothing else was stored");
    let stream = format!("SKEIN_DEAD_{WORKSPACE}");
    let dead = eventually("all are set aside", async || {
        let dead = reads::stored(&client, &stream).await;
        (dead.len() >= expected.len()).then_some(dead)
    })
    .await;
    let found: BTreeMap<u64, (String, Vec<u8>)> = dead
        .iter()
        .map(|message| {
            let header =
                |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name)).map(|value| value.as_str());
            let sequence = header("Skein-Sequence").and_then(|text| text.parse().ok()).expect("where it came from");
            let reason = message.subject.rsplit('.').next().expect("a reason").to_owned();
            (sequence, (reason, message.payload.to_vec()))
        })
        .collect();
    let reasons =
        |of: &BTreeMap<u64, (String, Vec<u8>)>| of.values().map(|(reason, _)| reason.clone()).collect::<Vec<_>>();
    assert_eq!(reasons(&found), reasons(&expected));
    assert_eq!(found, expected, "the original bytes");
    assert_eq!(dead.len(), expected.len(), "each once");
    assert_eq!(daemon.page("/readyz").await.map(|(status, _)| status), Some(200));
    assert!(daemon.lines_of("ERROR").is_empty(), "{:?}", daemon.lines_of("ERROR"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_odd_is_kept_and_flagged() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let adapter = Adapter::new(bed.connect().await);
    let now = now_s().to_string();
    for (id, text, time) in [
        ("1", "from 1970", "0"),
        ("2", "from 9999", "253402300799"),
        ("3", "from nowhere", "yesterday"),
        ("4", "one id", now.as_str()),
        ("4", "the same id again", now.as_str()),
        ("5", "the last", now.as_str()),
    ] {
        adapter.publish(&whatsapp_at("support", PHONE, id, text, time, "A customer")).await;
    }
    let channel = daemon.channel().await;
    let said = eventually("all are in", async || {
        let works = reads::works(&channel).await;
        let said = reads::messages(&channel, &works.first()?.conversation_id).await;
        said.iter().any(|message| reads::text(message) == "the last").then_some(said)
    })
    .await;
    let flags = |message: &Message| message.flags().collect::<Vec<_>>();
    let found: Vec<_> = said.iter().map(|message| (reads::text(message), flags(message))).collect();
    let odd = vec![MessageFlag::OddTime];
    assert_eq!(
        found,
        [
            ("from 1970", odd.clone()),
            ("from 9999", odd.clone()),
            ("from nowhere", odd),
            ("one id", vec![]),
            ("the same id again", vec![MessageFlag::IdReused]),
            ("the last", vec![]),
        ],
        "in the order of their arrival"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_limit_is_refused_to_its_adapter_and_one_below_it_is_not_lost() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    for kib in [1_024, 1_010] {
        let refused = adapter.try_publish(&whatsapp(PHONE, "huge", &"x".repeat(kib << 10))).await;
        assert!(refused.is_err(), "{kib} KiB: {refused:?}");
    }
    let adapter = Adapter::new(bed.connect().await);
    let large = whatsapp(PHONE, "large", &"y".repeat(900 << 10));
    adapter.publish(&large).await;
    adapter.publish(&whatsapp(PHONE, "good", "and a small one")).await;
    let channel = daemon.channel().await;
    let said = eventually("the small one arrives", async || {
        let works = reads::works(&channel).await;
        let said = reads::messages(&channel, &works.first()?.conversation_id).await;
        said.iter().any(|message| reads::text(message) == "and a small one").then_some(said)
    })
    .await;
    let dead = reads::stored(&client, &format!("SKEIN_DEAD_{WORKSPACE}")).await;
    assert!(dead.is_empty(), "{:?}", dead.iter().map(|message| &message.subject).collect::<Vec<_>>());
    let [first, _] = said.as_slice() else { panic!("{} messages of two", said.len()) };
    assert!(reads::text(first).len() >= 64 << 10 && reads::text(first).bytes().all(|byte| byte == b'y'));
    assert_eq!(daemon.page("/readyz").await.map(|(status, _)| status), Some(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn line_ends_in_names_and_subjects_reach_no_name_and_no_header() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let channel = daemon.channel().await;
    let name = "Mallory\r\nBcc: victim@example.com";
    adapter.publish(&whatsapp_at("support", PHONE, "1", "hello", &now_s().to_string(), name)).await;
    let work = agent.take("support", true).await.work.expect("its Work");
    let shown = reads::conversation(&channel, &work.conversation_id).await.shown_name;
    assert!(shown.starts_with("Mallory") && !shown.contains(char::is_control), "{shown:?}");

    let from = "=?utf-8?q?Mallory=0D=0ABcc:_victim@example.com?= <mallory@example.org>";
    adapter.publish(&mail(from, "m1", "=?utf-8?q?Hello=0D=0ABcc:_victim@example.com?=", "hello")).await;
    let work = agent.take("office", false).await.work.expect("its Work");
    let seen = work.last_customer_message_id.clone();
    agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "Good day")).await;
    let out = eventually("the answer is handed over", async || reads::out(&client).await.pop()).await;
    let head = &out["mail"];
    let subject = head["subject"].as_str().expect("a subject");
    assert!(subject.starts_with("Re: Hello"), "{subject:?}");
    let mut lines = vec![subject, head["messageId"].as_str().unwrap_or_default()];
    lines.extend(
        out["to"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|to| [to["name"].as_str(), to["address"].as_str()])
            .flatten(),
    );
    for line in lines {
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
}
