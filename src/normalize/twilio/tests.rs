//! Addresses, states and the requests that are no plain webhook.

use super::super::normalized::Request;
use super::super::refusal::Refusal;
use super::{read, sender};
use crate::domain::content::Part;
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, ReceiptStatus};

fn events(body: &str) -> Vec<InboundEvent> {
    read(&Request::new(body.as_bytes())).expect("the sample is good")
}

fn only(body: &str) -> InboundEvent {
    let mut events = events(body);
    assert_eq!(events.len(), 1, "the sample holds one event");
    events.remove(0)
}

#[test]
fn the_scheme_of_an_address_names_its_network() {
    for (address, whatsapp, kind, bare) in [
        ("+4915112345678", false, AddressKind::Phone, "+4915112345678"),
        ("INFO", false, AddressKind::ShortCode, "INFO"),
        ("rcs:+4915112345678", false, AddressKind::Phone, "+4915112345678"),
        ("rcs:brand_agent", false, AddressKind::ShortCode, "rcs:brand_agent"),
        ("messenger:1029", false, AddressKind::Messenger, "1029"),
        ("instagram:77", false, AddressKind::Instagram, "77"),
        ("whatsapp:+4915112345678", false, AddressKind::Phone, "+4915112345678"),
        ("whatsapp:DE.77", false, AddressKind::Whatsapp, "DE.77"),
        ("4915112345678", true, AddressKind::Phone, "+4915112345678"),
        ("client:ada", true, AddressKind::ShortCode, "client:ada"),
    ] {
        let found = sender(address, whatsapp);
        assert_eq!((found.kind, found.address.as_str()), (kind, bare), "{address}");
    }
    assert_eq!(only("MessageSid=SM1&From=messenger%3A1029&Body=x").assurance, Assurance::Platform);
    assert_eq!(only("MessageSid=SM1&From=rcs%3A%2B4915112345678&Body=x").assurance, Assurance::Claimed);
}

#[test]
fn every_state_of_a_message_is_a_receipt_with_the_carriers_time() {
    for (name, status) in [
        ("accepted", ReceiptStatus::Queued),
        ("scheduled", ReceiptStatus::Queued),
        ("sending", ReceiptStatus::Queued),
        ("sent", ReceiptStatus::Sent),
        ("delivery_unknown", ReceiptStatus::Sent),
        ("delivered", ReceiptStatus::Delivered),
        ("read", ReceiptStatus::Read),
        ("undelivered", ReceiptStatus::Failed),
        ("canceled", ReceiptStatus::Failed),
    ] {
        let found = only(&format!("MessageSid=SM1&MessageStatus={name}&To=%2B4915112345678&RawDlrDoneDate=2510090853"));
        assert!(matches!(&found.kind, EventKind::Receipt(receipt) if receipt.status == status), "{name}");
        assert_eq!(found.occurred_at.map(|at| at.0), Some(1_760_000_000_000 - 20_000));
    }
    let odd = only("MessageSid=SM1&MessageStatus=sent&RawDlrDoneDate=2513090853");
    assert_eq!((odd.occurred_at, odd.odd_time.as_deref()), (None, Some("2513090853")));
}

#[test]
fn a_kind_of_message_without_anything_of_it_is_unsupported() {
    let found = only("MessageSid=SM1&From=whatsapp%3A%2B4915112345678&MessageType=poll&Body=");
    let EventKind::Unsupported(content) = &found.kind else { panic!("nothing came of the poll") };
    assert!(matches!(&content.parts[..], [Part::Unsupported(part)] if part.kind == "poll"));
}

#[test]
fn media_are_counted_by_what_is_there() {
    let found = only("MessageSid=MM1&From=%2B4915112345678&Body=&MediaUrl0=https%3A%2F%2Fa.example%2FMedia%2FME1");
    let EventKind::Message(message) = &found.kind else { panic!("a message") };
    assert_eq!(message.content.attachments().count(), 1);
}

#[test]
fn a_call_and_an_alarm_are_no_messages() {
    assert!(matches!(&only("CallSid=CA1&CallStatus=ringing&From=%2B49151").kind,
        EventKind::Ignored { kind } if kind == "call:ringing"));
    let alarm = only(
        "Sid=NO1&Level=ERROR&PayloadType=application%2Fjson&Payload=%7B%22u%22%3A%22https%3A%2F%2Fa.example%2Fx%22%7D&Timestamp=2025-10-09T08%3A53%3A20Z",
    );
    assert!(matches!(&alarm.kind, EventKind::Account { subject, detail }
        if subject == "debugger:error" && detail == r#"{"u":"(url)"}"#));
    assert_eq!(alarm.occurred_at.map(|at| at.0), Some(1_760_000_000_000));
}

#[test]
fn an_event_stream_says_the_same_as_the_webhooks() {
    let stream = r#"[
        {"specversion":"1.0","id":"EV1","type":"com.twilio.messaging.inbound-message.received","data":{"messageSid":"SM1",
         "timestamp":"2025-10-09T08:53:20.000Z","from":"+4915112345678","to":"+4930123456","numMedia":1,"body":"Hi","optOutType":null}},
        {"specversion":"1.0","id":"EV2","type":"com.twilio.messaging.message.undelivered","data":{"messageSid":"SM2","to":"+4915112345678","errorCode":30003}},
        {"specversion":"1.0","id":"EV3","type":"com.twilio.conversations.message.added","data":{"ConversationSid":"CH1","MessageSid":"IM1",
         "Author":"whatsapp:+4915112345678","MessageBody":"Look","Media":[{"MediaSid":"ME1","Filename":"a.png","ContentType":"image/png","Size":12}]}},
        {"specversion":"1.0","id":"EV4","type":"com.twilio.studio.flow.ended","data":{}}]"#;
    let found = events(stream);
    assert_eq!(
        found.iter().map(|event| event.event_id.as_deref()).collect::<Vec<_>>(),
        [Some("EV1"), Some("EV2"), Some("EV3"), None]
    );
    assert!(
        matches!(&found[0].kind, EventKind::Message(said) if said.content.text == "Hi" && said.content.parts.len() == 1)
    );
    assert_eq!(found[0].occurred_at.map(|at| at.0), Some(1_760_000_000_000));
    assert!(matches!(&found[1].kind, EventKind::Receipt(receipt)
        if receipt.status == ReceiptStatus::Failed && receipt.error.as_ref().is_some_and(|error| error.code == "30003")));
    let EventKind::Message(said) = &found[2].kind else { panic!("a message of a conversation") };
    assert!(
        matches!(&said.content.parts[..], [Part::Attachment(file)] if file.bytes == Some(12) && file.name.as_deref() == Some("a.png"))
    );
    assert_eq!((found[2].thread.as_deref(), found[2].assurance), (Some("CH1"), Assurance::Platform));
    assert!(matches!(&found[3].kind, EventKind::Ignored { kind } if kind == "studio.flow.ended"));

    let twice = r#"{"id":"1","type":"com.twilio.messaging.inbound-message.received","data":{"body":"a","body":"b"}}"#;
    assert_eq!(read(&Request::new(twice.as_bytes())), Err(Refusal::DuplicateKey { path: "Body".to_owned() }));
}

#[test]
fn a_conversation_tells_the_customer_from_our_own_people() {
    let request = |name: &str, author: &str, source: &str| {
        only(&format!(
            "EventType={name}&ConversationSid=CH1&MessageSid=IM1&Author={author}&Source={source}&Body=Hi&DateCreated=2025-10-09T08%3A53%3A20Z&DateUpdated=2025-10-09T08%3A54%3A20Z"
        ))
    };
    assert!(matches!(request("onMessageAdded", "%2B4915112345678", "SMS").kind, EventKind::Message(_)));
    assert!(matches!(request("onMessageAdded", "%2B4915112345678", "API").kind, EventKind::Ignored { .. }));
    let visitor = request("onMessageAdded", "visitor-7", "SDK");
    assert!(matches!(visitor.kind, EventKind::Message(_)));
    assert_eq!((visitor.senders[0].kind, visitor.assurance), (AddressKind::Web, Assurance::Claimed));
    assert!(matches!(request("onMessageAdded", "agent-7", "API").kind, EventKind::Ignored { .. }));
    let edit = request("onMessageUpdated", "whatsapp%3A%2B4915112345678", "WHATSAPP");
    assert!(matches!(&edit.kind, EventKind::Edit { version: Some(version), .. } if version.starts_with("2025")));
    assert_eq!(edit.occurred_at.map(|at| at.0), Some(1_760_000_060_000));
    assert_eq!(request("onMessageRemoved", "%2B4915112345678", "SMS").kind, EventKind::Deletion);
    assert!(
        matches!(&request("onParticipantAdded", "x", "y").kind, EventKind::Ignored { kind } if kind == "conversations:onParticipantAdded")
    );
    let delivery = only("EventType=onDeliveryUpdated&ConversationSid=CH1&MessageSid=IM2&Status=read");
    assert!(matches!(&delivery.kind, EventKind::Receipt(receipt) if receipt.status == ReceiptStatus::Read));
}
