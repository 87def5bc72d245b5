//! A question on each channel, its answer to the right place, and what became of it back to the agent.

use serde_json::Value;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::event::Event as What;
use skein::proto::channel::ReceiptStatus;

use crate::adapter::{Adapter, Payload, chat, mail, receipt, sms, sms_status, whatsapp, whatsapp_status};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::reads;

const ANSWER: &str = "It left our house yesterday.";

/// Asks, answers, reports; gives what the adapter was asked to send.
async fn round_trip(asked: Payload, offered: bool, reports: impl FnOnce(&str) -> [Payload; 2]) -> Value {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let adapter = Adapter::new(bed.connect().await);
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    adapter.publish(&asked).await;
    let assigned = agent.take(asked.endpoint, offered).await;
    let work = assigned.work.expect("its Work");
    let seen = work.last_customer_message_id.clone();
    let result = agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, ANSWER)).await;
    let Some(Outcome::SendMessage(taken)) = result.result else { panic!("no message but {result:?}") };

    let bus = bed.connect().await;
    let out = eventually("the answer is handed over", async || {
        let out = reads::stored(&bus, &format!("SKEIN_OUT_{WORKSPACE}")).await;
        (!out.is_empty()).then_some(out)
    })
    .await;
    let [message] = out.as_slice() else { panic!("{} messages for one answer", out.len()) };
    assert_eq!(message.subject.as_str(), format!("skein.out.{WORKSPACE}.{}.{}", asked.channel, asked.endpoint));
    let sent: Value = serde_json::from_slice(&message.payload).expect("JSON");
    assert_eq!(sent["messageId"], taken.message_id.as_str());
    assert_eq!(sent["content"]["text"], ANSWER);
    assert_eq!(sent["endpoint"], asked.endpoint);

    for (report, status) in reports(&taken.message_id).iter().zip([ReceiptStatus::Sent, ReceiptStatus::Delivered]) {
        adapter.publish(report).await;
        let told = agent
            .told("a status", |event| match event {
                What::Status(status) => Some(status.clone()),
                _ => None,
            })
            .await;
        assert_eq!((told.message_id.as_str(), told.status()), (taken.message_id.as_str(), status));
        assert_eq!(told.work_id, work.work_id);
    }
    let channel = daemon.channel().await;
    let said = reads::messages(&channel, &work.conversation_id).await;
    assert_eq!(said.len(), 2);
    assert_eq!(said[1].status(), ReceiptStatus::Delivered);
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whatsapp_question_is_answered_to_its_number_and_the_status_webhook_reaches_the_agent() {
    let asked = whatsapp("4915112345678", "1", "Where is my parcel?");
    let sent = round_trip(asked, true, |ours| {
        [
            receipt("whatsapp", "support", ours, "wamid.OUT1", "SENT"),
            whatsapp_status("4915112345678", "wamid.OUT1", "delivered"),
        ]
    })
    .await;
    assert_eq!(sent["recipient"]["kind"], "ADDRESS_KIND_PHONE");
    assert_eq!(sent["recipient"]["address"], "+4915112345678");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sms_is_answered_to_its_number_and_the_status_callback_reaches_the_agent() {
    let asked = sms("4915112345678", "1", "Where is my parcel");
    let sent = round_trip(asked, false, |ours| {
        [receipt("sms", "main", ours, "SMOUT1", "SENT"), sms_status("4915112345678", "SMOUT1", "delivered")]
    })
    .await;
    assert_eq!(sent["recipient"]["kind"], "ADDRESS_KIND_PHONE");
    assert_eq!(sent["recipient"]["address"], "+4915112345678");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_answered_in_its_thread() {
    let asked = mail("Ann Example <Ann@Example.org>", "first", "My parcel", "Where is it?");
    let sent = round_trip(asked, false, |ours| {
        ["SENT", "DELIVERED"].map(|status| receipt("email", "office", ours, "provider-1", status))
    })
    .await;
    assert_eq!(sent["recipient"]["kind"], "ADDRESS_KIND_EMAIL");
    let recipient = sent["recipient"]["address"].as_str().expect("an address");
    assert!(recipient.eq_ignore_ascii_case("ann@example.org"), "{recipient}");
    let head = &sent["mail"];
    assert_eq!(head["subject"], "Re: My parcel");
    assert_eq!(head["inReplyTo"], "first@example.org");
    assert_eq!(head["references"], serde_json::json!(["first@example.org"]));
    assert!(head["messageId"].as_str().is_some_and(|id| id.contains('@')), "it has an id of its own: {head}");
    assert_eq!(head["from"], serde_json::json!({"name": "The office", "address": "office@example.com"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_message_is_answered_to_its_visitor() {
    let sent = round_trip(chat("visitor-7", "1", "Is anybody there?"), true, |ours| {
        ["SENT", "DELIVERED"].map(|status| receipt("chat", "site", ours, "shown-1", status))
    })
    .await;
    assert_eq!(sent["recipient"]["kind"], "ADDRESS_KIND_WEB");
    assert_eq!(sent["recipient"]["address"], "visitor-7");
}
