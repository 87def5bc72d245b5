//! Everything that is no message: buttons that start something, permissions, receipts, who has the thread, our account.

use super::super::fields::{event, filled, moment, profile};
use super::super::json::{self, Text};
use super::content;
use super::payload::{Delivery, Handover, Linking, OptIn, Policy, Postback, Read, Referral};
use crate::domain::content::{self as c, ButtonReply, Content, FlowReply, Part};
use crate::domain::event::{EventKind, InboundEvent, Message, Profile, Receipt, ReceiptStatus, is_start_payload};
use crate::domain::time::Timestamp;

/// A button was pressed. The button that starts a conversation starts it; so does one that a referral led to, and its title is
/// what was said. Any other says something.
pub(super) fn postback(postback: Postback<'_>, time: &str) -> InboundEvent {
    let (title, payload) = (json::filled(postback.title), json::filled(postback.payload));
    let led = postback.referral.map(|referral| content::referral(*referral));
    let mut found = if led.is_some() || payload.as_deref().is_some_and(is_start_payload) {
        event(EventKind::Start { title, payload, referral: led.is_some() })
    } else {
        let (payload, title) = (payload.unwrap_or_default(), title.unwrap_or_default());
        let mut content = Content::text(title.clone());
        content.parts.push(Part::ButtonReply(ButtonReply { payload, title }));
        event(EventKind::Message(Message { content, ..Message::default() }))
    };
    found.profile = profile(Profile { referral: led, ..Profile::default() });
    found.message_ref = json::filled(postback.mid);
    if found.message_ref.is_none() {
        found.event_id = timed_id("postback", time);
    }
    found
}

/// A link or an advertisement led the person here.
pub(super) fn referral(referral: Referral<'_>, time: &str) -> InboundEvent {
    let mut found = event(EventKind::Start { title: None, payload: None, referral: true });
    found.profile = profile(Profile { referral: Some(content::referral(referral)), ..Profile::default() });
    found.event_id = timed_id("referral", time);
    found
}

/// The person allows messages, or stops a series of them. The token of a series, and how often it may be used, stand beside it
/// as what brought the permission.
pub(super) fn opt_in(optin: OptIn<'_>, time: &str) -> InboundEvent {
    let token = json::filled(optin.notification_messages_token).or_else(|| json::filled(optin.one_time_notif_token));
    let stopped = optin.notification_messages_status.as_ref().is_some_and(|status| status.as_str().starts_with("STOP"));
    let purpose = json::text(optin.kind);
    let frequency = json::filled(optin.notification_messages_frequency);
    let series = token.map(|token| c::Referral {
        source: purpose.clone(),
        source_id: Some(token),
        body: frequency,
        ..c::Referral::default()
    });
    let mut found = event(EventKind::Opt {
        opted_in: !stopped,
        purpose,
        payload: json::filled(optin.payload).or_else(|| json::filled(optin.reference)),
        title: json::filled(optin.title),
    });
    let time_zone = json::filled(optin.notification_messages_timezone);
    found.profile = profile(Profile { referral: series, time_zone, ..Profile::default() });
    found.event_id = timed_id("optin", time);
    found
}

/// `through`: everything up to then, beside the message that is named, if one is.
fn receipt(
    status: ReceiptStatus,
    id: Option<String>,
    through: Option<Timestamp>,
    customer: Option<&str>,
) -> InboundEvent {
    let recipient = customer.map(str::to_owned);
    let mut found = event(EventKind::Receipt(Receipt { status, recipient, through, ..Receipt::default() }));
    found.message_ref = id;
    found
}

/// A receipt for each message that is named; the last one, or one that names none, holds for everything up to the watermark.
pub(super) fn delivery(delivery: Delivery<'_>, customer: Option<&str>, events: &mut Vec<InboundEvent>) {
    let mut mids: Vec<String> = delivery.mids.into_iter().filter_map(|mid| json::filled(Some(mid))).collect();
    let (last, through) = (mids.pop(), watermark(delivery.watermark));
    events.extend(mids.into_iter().map(|mid| receipt(ReceiptStatus::Delivered, Some(mid), None, customer)));
    events.push(if last.is_none() && through.is_none() {
        event(EventKind::Ignored { kind: "delivery:watermark".to_owned() })
    } else {
        receipt(ReceiptStatus::Delivered, last, through, customer)
    });
}

/// The person has read a message, or everything up to the watermark.
pub(super) fn read(read: Read<'_>, customer: Option<&str>) -> InboundEvent {
    match (json::filled(read.mid), watermark(read.watermark)) {
        (None, None) => event(EventKind::Ignored { kind: "read:watermark".to_owned() }),
        (mid, through) => receipt(ReceiptStatus::Read, mid, through, customer),
    }
}

fn watermark(sent: Option<Text<'_>>) -> Option<Timestamp> {
    moment(sent?.as_str())
}

/// The person's account with the company was linked to this one, or parted from it. The code proves it to the company's
/// login, for whoever has it, and is not kept.
pub(super) fn linking(linking: Linking<'_>, time: &str) -> InboundEvent {
    let reason = format!("account_linking {}", json::text(linking.status));
    let mut found =
        event(EventKind::IdentityChange { old: None, new: None, reason: Some(reason.trim_end().to_owned()) });
    found.event_id = timed_id("account_linking", time);
    found
}

/// Another application hands the thread over to us, with what it wants us to know.
pub(super) fn handed_over(handover: Handover<'_>, time: &str) -> InboundEvent {
    let payload = json::filled(handover.metadata);
    let mut found = event(EventKind::Start { title: None, payload, referral: false });
    found.event_id = timed_id("pass_thread_control", time);
    found
}

/// Meta acts against our account.
pub(super) fn policy(policy: Policy<'_>) -> InboundEvent {
    let detail = format!("{} {}", json::text(policy.action), json::text(policy.reason));
    event(EventKind::Account { subject: "policy_enforcement".to_owned(), detail: detail.trim().to_owned() })
}

/// Answers of a form that we had sent.
pub(super) fn form(name: &str, answers: &serde_json::value::RawValue, time: &str) -> InboundEvent {
    let response_json = answers.get().to_owned();
    let part = if response_json.starts_with('{') {
        Part::FlowReply(FlowReply { name: name.to_owned(), body: String::new(), response_json })
    } else {
        super::super::fields::unsupported(name)
    };
    let content = Content { text: String::new(), parts: vec![part] };
    let mut found = event(EventKind::Message(Message { content, ..Message::default() }));
    found.event_id = timed_id(name, time);
    found
}

/// An id of what has none: its kind and its time. The counterpart is in the duplicate key anyway.
pub(in super::super) fn timed_id(kind: &str, time: &str) -> Option<String> {
    filled(time).map(|time| format!("{kind}:{time}"))
}
