//! The Messages API: messages of all its channels, and their statuses.

use super::super::fields::{event, international, is_whatsapp_user_id, profile};
use super::super::json::{self, Text};
use super::payload::{Reaction, Webhook};
use super::{content, errors, moment, our_id, phone};
use crate::domain::event::{
    AddressKind, Assurance, EventKind, InboundEvent, Message, Profile, Receipt, ReceiptStatus, Sender,
};

/// A message, or a report: a report has a status.
pub(super) fn read(webhook: Webhook<'_>) -> Vec<InboundEvent> {
    if webhook.status.is_some() { report(webhook) } else { vec![inbound(flat(webhook))] }
}

/// Version 0.1 as version 1: the content at the top, before what stands there already.
fn flat(mut webhook: Webhook<'_>) -> Webhook<'_> {
    let Some(nested) = webhook.message.take().and_then(|message| message.content) else { return webhook };
    Webhook {
        message_type: nested.kind.or(webhook.message_type),
        text: nested.text.or(webhook.text),
        image: nested.image.or(webhook.image),
        audio: nested.audio.or(webhook.audio),
        video: nested.video.or(webhook.video),
        file: nested.file.or(webhook.file),
        sticker: nested.sticker.or(webhook.sticker),
        vcard: nested.vcard.or(webhook.vcard),
        content: if nested.content.is_empty() { webhook.content } else { nested.content },
        location: nested.location.or(webhook.location),
        contact: nested.contact.or(webhook.contact),
        reply: nested.reply.or(webhook.reply),
        button: nested.button.or(webhook.button),
        reaction: nested.reaction.or(webhook.reaction),
        order: nested.order.or(webhook.order),
        whatsapp: nested.whatsapp.or(webhook.whatsapp),
        ..webhook
    }
}

/// The channel, and the addresses of whom it came from and to.
fn parties<'a>(webhook: &mut Webhook<'a>) -> (String, Option<Text<'a>>, Option<Text<'a>>) {
    let (from, to) = (webhook.from.take().unwrap_or_default(), webhook.to.take().unwrap_or_default());
    let channel = webhook.channel.take().or(from.channel).or(to.channel);
    (json::text(channel), from.address, to.address)
}

fn inbound(mut webhook: Webhook<'_>) -> InboundEvent {
    let id = json::filled(webhook.message_uuid.take());
    let (channel, from, ours) = parties(&mut webhook);
    let (from, ours, time) = (json::filled(from), json::filled(ours), json::text(webhook.timestamp.take()));
    let quoted = webhook.context.as_mut().and_then(|context| json::filled(context.message_uuid.take()));
    let name = webhook.profile.take().and_then(|profile| json::filled(profile.name));

    // A reaction has an id of its own and names the message that it is about.
    let mut found = if let Some(found) = webhook.reaction.take() {
        InboundEvent { event_id: id, message_ref: quoted, ..event(reaction(found)) }
    } else {
        let content::Said { content, supported } = content::read(webhook, id.as_deref());
        let kind = if supported {
            EventKind::Message(Message { content, quoted, ..Message::default() })
        } else {
            EventKind::Unsupported(content)
        };
        InboundEvent { message_ref: id, ..event(kind) }
    };
    found.senders = from.iter().map(|from| address(&channel, from)).collect();
    found.assurance = assurance(&channel);
    found.our_address = ours;
    found.profile = profile(Profile { name, ..Profile::default() });
    moment(&mut found, &time);
    found
}

fn reaction(reaction: Reaction<'_>) -> EventKind {
    let taken_back = reaction.action.as_ref().is_some_and(|action| action.as_str() == "unreact");
    EventKind::Reaction { emoji: if taken_back { String::new() } else { json::text(reaction.emoji) } }
}

fn report(mut webhook: Webhook<'_>) -> Vec<InboundEvent> {
    let (channel, ours, recipient) = parties(&mut webhook);
    let (name, recipient) = (json::text(webhook.status.take()), json::filled(recipient));
    let Some(status) = status(&name) else {
        return vec![event(EventKind::Ignored { kind: format!("status:{name}") })];
    };
    let error = webhook.error.take().map(|error| {
        let (code, title) = (json::filled(error.code), json::filled(error.title));
        let detail = json::filled(error.detail.or(error.reason));
        // The number stands in the title, where the older form of errors has words.
        let numbered = title.as_deref().is_some_and(|title| title.bytes().all(|b| b.is_ascii_digit()));
        let (code, words) = if numbered { (title, None) } else { (code, title) };
        errors::of_status(code.unwrap_or_default(), detail.or(words).unwrap_or_default())
    });
    let mut receipt = event(EventKind::Receipt(Receipt {
        message_id: our_id(webhook.client_ref.take()),
        status,
        recipient: recipient.clone(),
        error: error.or_else(|| (status == ReceiptStatus::Failed).then(|| errors::without_code(&name))),
        billing: billing(&webhook),
        through: None,
    }));
    receipt.message_ref = json::filled(webhook.message_uuid.take());
    receipt.senders = recipient.iter().map(|recipient| address(&channel, recipient)).collect();
    receipt.assurance = assurance(&channel);
    receipt.our_address = json::filled(ours);
    moment(&mut receipt, &json::text(webhook.timestamp.take()));
    vec![receipt]
}

fn status(name: &str) -> Option<ReceiptStatus> {
    Some(match name {
        "submitted" | "accepted" | "buffered" | "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "read" => ReceiptStatus::Read,
        "rejected" | "undeliverable" | "failed" | "expired" => ReceiptStatus::Failed,
        _ => return None,
    })
}

/// Price and network, as Vonage sent them.
fn billing(webhook: &Webhook<'_>) -> Option<String> {
    let members: Vec<String> = [("usage", webhook.usage), ("destination", webhook.destination)]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("\"{name}\":{}", value.get())))
        .collect();
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// The address as the channel names it.
fn address(channel: &str, address: &str) -> Sender {
    let named = |kind| Sender { kind, address: address.to_owned() };
    match channel {
        "messenger" => named(AddressKind::Messenger),
        "instagram" => named(AddressKind::Instagram),
        "whatsapp" if is_whatsapp_user_id(address) => named(AddressKind::Whatsapp),
        "whatsapp" => international(address),
        "email" => named(AddressKind::Email),
        // Viber's business messages go by number, its bots by id.
        "viber_service" | "viber_service_msg" | "viber"
            if !address.bytes().all(|b| b == b'+' || b.is_ascii_digit()) =>
        {
            named(AddressKind::Viber)
        }
        _ => phone(address),
    }
}

/// Anybody could claim the number of an SMS, or write a mail's sender.
fn assurance(channel: &str) -> Assurance {
    match channel {
        "whatsapp" | "messenger" | "instagram" | "viber_service" | "viber_service_msg" | "viber" | "rcs" => {
            Assurance::Platform
        }
        _ => Assurance::Claimed,
    }
}

/// Text of an optional scalar, borrowed.
pub(super) fn shown<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", Text::as_str)
}
