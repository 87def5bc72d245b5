//! One real payload of each chat provider, to an agent and back out; WhatsApp, SMS by Twilio, mail and the web chat are in
//! `round_trips`.

use serde_json::{Value, json};
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::event::Event as What;
use skein::proto::channel::ReceiptStatus;

use crate::adapter::{Adapter, Payload, now_s, receipt};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::reads;

/// What is asked, where the answer has to go, and what the provider reports of it.
struct Case {
    asked: Payload,
    recipient: (&'static str, &'static str),
    /// The provider's own report that its message `sent-1` was delivered; none: it makes none.
    delivered: Option<Vec<u8>>,
    /// The provider's own report, made now, that everything so far was read.
    read: Option<fn() -> Value>,
}

fn json_of(channel: &'static str, endpoint: &'static str, body: Value) -> Payload {
    Payload { channel, endpoint, format: channel, body: body.to_string().into_bytes() }
}

/// A text in the form that pages and Instagram accounts share.
fn meta(channel: &'static str, endpoint: &'static str, object: &str, sender: &str, message: Value) -> Payload {
    // What was asked long ago may be answered no longer.
    let now = now_s() * 1_000;
    let body = json!({"object": object, "entry": [{"id": "700", "time": now, "messaging": [
        {"sender": {"id": sender}, "recipient": {"id": "700"}, "timestamp": now, "message": message},
    ]}]});
    json_of(channel, endpoint, body)
}

/// The person behind `41` has read everything.
fn messenger_read() -> Value {
    let now = now_s() * 1_000;
    json!({"object": "page", "entry": [{"id": "700", "time": now, "messaging": [
        {"sender": {"id": "41"}, "recipient": {"id": "700"}, "timestamp": now, "read": {"watermark": now}},
    ]}]})
}

fn cases() -> Vec<Case> {
    let delivery = json!({"object": "page", "entry": [{"id": "700", "time": 1_760_000_060_000_i64, "messaging": [
        {"sender": {"id": "41"}, "recipient": {"id": "700"}, "timestamp": 1_760_000_060_000_i64,
         "delivery": {"mids": ["sent-1"], "watermark": 1_760_000_060_000_i64}},
    ]}]});
    let seen = json!({"event": "delivered", "timestamp": 1_760_000_060_000_i64, "chat_hostname": "SN-1", "message_token": "sent-1",
        "user_id": "a1B2c3=="});
    vec![
        Case {
            asked: meta("messenger", "page", "page", "41", json!({"mid": "m_1", "text": "Is the lamp in stock?"})),
            recipient: ("MESSENGER", "41"),
            delivered: Some(delivery.to_string().into_bytes()),
            read: Some(messenger_read),
        },
        Case {
            asked: meta("instagram", "shop", "instagram", "51", json!({"mid": "i_1", "text": "Is the lamp in stock?"})),
            recipient: ("INSTAGRAM", "51"),
            delivered: None,
            read: None,
        },
        Case {
            asked: json_of("telegram", "bot", json!({"update_id": 9001, "message": {"message_id": 71, "date": 1_760_000_000,
                "from": {"id": 3501, "is_bot": false, "first_name": "Ada", "language_code": "de"},
                "chat": {"id": 3501, "type": "private", "first_name": "Ada"}, "text": "Is the lamp in stock?"}})),
            recipient: ("TELEGRAM", "3501"),
            delivered: None,
            read: None,
        },
        Case {
            asked: json_of("line", "official", json!({"destination": "Ubot", "events": [{"type": "message", "mode": "active",
                "timestamp": 1_760_000_000_000_i64, "source": {"type": "user", "userId": "Uada"}, "webhookEventId": "01E1",
                "deliveryContext": {"isRedelivery": false}, "replyToken": "rt1",
                "message": {"id": "101", "type": "text", "text": "Is the lamp in stock?", "quoteToken": "q1"}}]})),
            recipient: ("LINE", "Uada"),
            delivered: None,
            read: None,
        },
        Case {
            asked: json_of("viber", "public", json!({"event": "message", "timestamp": 1_760_000_000_000_i64, "chat_hostname": "SN-1",
                "message_token": 5_912_661_846_655_238_145_i64,
                "sender": {"id": "a1B2c3==", "name": "Ada", "language": "de", "country": "DE", "api_version": 10},
                "message": {"type": "text", "text": "Is the lamp in stock?"}})),
            recipient: ("VIBER", "a1B2c3=="),
            delivered: Some(seen.to_string().into_bytes()),
            read: None,
        },
        Case {
            asked: Payload {
                channel: "sms",
                endpoint: "second",
                format: "vonage",
                body: b"api-key=k&msisdn=4915112345679&to=4930123456&messageId=0B1&text=Is+the+lamp+in+stock%3F&type=text&keyword=IS&\
                        message-timestamp=2026-10-09+08%3A53%3A20"
                    .to_vec(),
            },
            recipient: ("PHONE", "+4915112345679"),
            delivered: Some(
                b"msisdn=4915112345679&to=4930123456&network-code=26201&messageId=sent-1&price=0.01&status=delivered&scts=2610090853&\
                  err-code=0&message-timestamp=2026-10-09+08%3A54%3A20"
                    .to_vec(),
            ),
            read: None,
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_of_every_chat_provider_reaches_an_agent_whose_answer_goes_back_to_its_sender() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let adapter = Adapter::new(bed.connect().await);
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    for (before, case) in cases().into_iter().enumerate() {
        let Case { asked, recipient, delivered, read } = case;
        adapter.publish(&asked).await;
        let assigned = agent.take(asked.endpoint, false).await;
        let words: Vec<&str> = assigned.messages.iter().map(reads::text).collect();
        assert_eq!(words, ["Is the lamp in stock?"], "{}", asked.format);
        let work = assigned.work.expect("its Work");
        let seen = work.last_customer_message_id.clone();
        let result = agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "It is.")).await;
        let Some(Outcome::SendMessage(taken)) = result.result else { panic!("no message but {result:?}") };

        let out = eventually("the answer is handed over", async || {
            let out = reads::stored(&bus, &format!("SKEIN_OUT_{WORKSPACE}")).await;
            (out.len() > before).then_some(out)
        })
        .await;
        assert_eq!(out.len(), before + 1, "one message for one answer");
        let message = out.last().expect("there is one");
        assert_eq!(message.subject.as_str(), format!("skein.out.{WORKSPACE}.{}.{}", asked.channel, asked.endpoint));
        let sent: Value = serde_json::from_slice(&message.payload).expect("JSON");
        assert_eq!(sent["messageId"], taken.message_id.as_str());
        assert_eq!(sent["content"]["text"], "It is.");
        assert_eq!(sent["recipient"]["kind"], format!("ADDRESS_KIND_{}", recipient.0));
        assert_eq!(sent["recipient"]["address"], recipient.1);

        let mut reports =
            vec![(receipt(asked.channel, asked.endpoint, &taken.message_id, "sent-1", "SENT"), ReceiptStatus::Sent)];
        if let Some(body) = delivered {
            reports.push((Payload { body, ..asked.clone() }, ReceiptStatus::Delivered));
        }
        if let Some(body) = read {
            reports.push((Payload { body: body().to_string().into_bytes(), ..asked.clone() }, ReceiptStatus::Read));
        }
        for (report, status) in reports {
            adapter.publish(&report).await;
            let told = agent
                .told("a status", |event| match event {
                    What::Status(status) => Some(status.clone()),
                    _ => None,
                })
                .await;
            assert_eq!(
                (told.message_id.as_str(), told.status()),
                (taken.message_id.as_str(), status),
                "{}",
                asked.format
            );
        }
    }
    assert_eq!(reads::stored(&bus, &format!("SKEIN_DEAD_{WORKSPACE}")).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_in_a_telegram_topic_is_answered_into_it() {
    let ada = json!({"id": 3501, "is_bot": false, "first_name": "Ada"});
    let in_the_bots_chat = json!({"update_id": 9101, "message": {"message_id": 81, "date": 1_760_000_000, "from": ada,
        "chat": {"id": 3501, "type": "private", "first_name": "Ada"}, "message_thread_id": 77, "is_topic_message": true,
        "text": "Is the lamp in stock?"}});
    let ben = json!({"id": 41, "is_bot": false, "first_name": "Ben"});
    let to_the_channel = json!({"update_id": 9102, "message": {"message_id": 12, "date": 1_760_000_000, "from": ben,
        "chat": {"id": -1001, "title": "Lamps", "type": "supergroup", "is_direct_messages": true},
        "direct_messages_topic": {"topic_id": 41, "user": ben}, "text": "Is the lamp in stock?"}});

    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let adapter = Adapter::new(bed.connect().await);
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let topics = [(in_the_bots_chat, "3501", "77"), (to_the_channel, "41", "-1001:41")];
    for (before, (update, person, topic)) in topics.into_iter().enumerate() {
        adapter.publish(&json_of("telegram", "bot", update)).await;
        let work = agent.take("bot", false).await.work.expect("its Work");
        let seen = work.last_customer_message_id.clone();
        agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "It is.")).await;
        let out = eventually("the answer is handed over", async || {
            let out = reads::stored(&bus, &format!("SKEIN_OUT_{WORKSPACE}")).await;
            (out.len() > before).then_some(out)
        })
        .await;
        let sent: Value = serde_json::from_slice(&out.last().expect("there is one").payload).expect("JSON");
        assert_eq!((sent["recipient"]["address"].as_str(), sent["thread"].as_str()), (Some(person), Some(topic)));
    }
}
