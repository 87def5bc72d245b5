//! What a WhatsApp message says.

use super::super::fields::{bare_media_type, filled};
use super::super::json::{self, Text};
use super::super::vcard;
use super::errors;
use super::payload::{Card, Interactive, Location, Media, Message, Order, Referral, Row};
use crate::domain::content as d;
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState, Content, Part};

/// Hosts of files that people sent. Links to them are signed.
const MEDIA_HOSTS: [&str; 3] = ["fbsbx.com", "fbcdn.net", "whatsapp.net"];

/// Content of a message, and whether its kind is one that could not be read.
pub(super) struct Read {
    pub(super) content: Content,
    pub(super) supported: bool,
}

/// Everything that the message says. Fields are taken by presence, not by the declared type, so that a text beside a type that
/// nobody knows is kept; `words` gives what else stands there under the type's name.
pub(super) fn read(message: Message<'_>, words: impl FnOnce(&str) -> Option<String>) -> Read {
    let mut content = Content::default();
    let mut unknown = None;

    let worded = message.text.is_some();
    if let Some(body) = message.text.and_then(|text| text.body) {
        content.text = body.into_string();
    }
    for (media, kind) in [
        (message.image, AttachmentKind::Image),
        (message.video, AttachmentKind::Video),
        (message.audio, AttachmentKind::Audio),
        (message.voice, AttachmentKind::Voice),
        (message.document, AttachmentKind::File),
        (message.sticker, AttachmentKind::Sticker),
    ] {
        if let Some(media) = media {
            attach(&mut content, *media, kind);
        }
    }
    if let Some(location) = message.location {
        content.parts.push(Part::Location(place(*location)));
    }
    content.parts.extend(message.contacts.into_iter().map(|card| Part::ContactCard(contact_card(card))));
    if let Some(button) = message.button {
        let title = text(button.text);
        content.text.clone_from(&title);
        content.parts.push(Part::ButtonReply(d::ButtonReply { payload: text(button.payload), title }));
    }
    if let Some(interactive) = message.interactive {
        unknown = interact(&mut content, *interactive);
    }
    if let Some(found) = message.order {
        order(&mut content, *found);
    }
    if let Some(found) = message.referral {
        content.parts.push(Part::Referral(Box::new(referral(*found))));
    }
    if let Some(product) = message.context.and_then(|context| context.referred_product) {
        content.parts.push(Part::Referral(Box::new(d::Referral {
            source: "product".to_owned(),
            source_id: product.product_retailer_id.map(Text::into_string),
            reference: product.catalog_id.map(Text::into_string),
            ..d::Referral::default()
        })));
    }

    let declared = message.kind.as_ref().map_or("", Text::as_str);
    let empty = content.text.is_empty() && content.parts.is_empty();
    let supported = message.errors.is_empty()
        && declared != "unsupported"
        && unknown.is_none()
        && (!empty || (worded && declared == "text"));
    if !supported {
        let named = message.unsupported.and_then(|named| named.kind).map(Text::into_string);
        let kind = named.or(unknown).unwrap_or_else(|| declared.to_owned());
        let (code, reason) = match message.errors.first() {
            Some(failure) => (filled(errors::code(failure)), filled(errors::reasons(&message.errors))),
            None => (None, words(declared)),
        };
        content.parts.push(Part::Unsupported(d::Unsupported { kind, code, reason }));
    }
    Read { content, supported }
}

fn text(text: Option<Text<'_>>) -> String {
    text.map(Text::into_string).unwrap_or_default()
}

fn optional(text: Option<Text<'_>>) -> Option<String> {
    text.and_then(|text| filled(text.into_string()))
}

fn attach(content: &mut Content, media: Media<'_>, kind: AttachmentKind) {
    let kind = match kind {
        AttachmentKind::Audio if media.voice.as_ref().is_some_and(|voice| voice.as_str() == "true") => {
            AttachmentKind::Voice
        }
        kind => kind,
    };
    if let Some(caption) = media.caption {
        content.text = caption.into_string();
    }
    content.parts.push(Part::Attachment(Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: optional(media.id),
        name: json::name(media.filename, &MEDIA_HOSTS),
        media_type: media.mime_type.map(|media_type| bare_media_type(media_type.as_str())),
        sha256: media.sha256.and_then(|digest| hex_digest(digest.as_str())),
        ..Attachment::default()
    }));
}

/// The provider's digest is base64 of 32 bytes. Anything else (its examples among them) is no digest.
fn hex_digest(digest: &str) -> Option<String> {
    let bytes = mail_parser::decoders::base64::base64_decode(digest.as_bytes())?;
    (bytes.len() == 32).then(|| super::super::fields::hex(&bytes))
}

fn place(location: Location<'_>) -> d::Location {
    let (latitude, longitude) = json::coordinates(location.latitude.as_ref(), location.longitude.as_ref());
    d::Location { latitude, longitude, name: optional(location.name), address: optional(location.address) }
}

fn contact_card(card: Card<'_>) -> d::ContactCard {
    let name = card.name.map_or_else(String::new, |name| {
        name.formatted_name.map_or_else(
            || format!("{} {}", text(name.first_name), text(name.last_name)).trim().to_owned(),
            Text::into_string,
        )
    });
    let mut found = d::ContactCard {
        name,
        phones: card.phones.into_iter().filter_map(|phone| optional(phone.phone.or(phone.wa_id))).collect(),
        emails: card.emails.into_iter().filter_map(|email| optional(email.email)).collect(),
        organization: card.org.and_then(|org| optional(org.company)),
    };
    // A card that the person gave by a request holds nothing else.
    card.vcard.iter().for_each(|vcard| vcard::complete(&mut found, vcard.as_str()));
    found
}

/// The name of a kind of answer that this build does not know.
fn interact(content: &mut Content, interactive: Interactive<'_>) -> Option<String> {
    if let Some(Row { id, title, .. }) = interactive.button_reply {
        let title = text(title);
        content.text.clone_from(&title);
        content.parts.push(Part::ButtonReply(d::ButtonReply { payload: text(id), title }));
    } else if let Some(Row { id, title, description }) = interactive.list_reply {
        let title = text(title);
        content.text.clone_from(&title);
        content.parts.push(Part::ListReply(d::ListReply { id: text(id), title, description: optional(description) }));
    } else if let Some(form) = interactive.nfm_reply {
        let (name, body, response_json) = (text(form.name), text(form.body), text(form.response_json));
        content.text.clone_from(&body);
        // Answers are an object of names and values. Anything else is kept, but nobody may read it as answers.
        content.parts.push(if response_json.trim_start().starts_with('{') {
            Part::FlowReply(d::FlowReply { name, body, response_json })
        } else {
            Part::Unsupported(d::Unsupported {
                kind: "flow_reply".to_owned(),
                code: None,
                reason: filled(response_json),
            })
        });
    } else {
        return Some(match interactive.kind {
            Some(kind) => format!("interactive:{}", kind.as_str()),
            None => "interactive".to_owned(),
        });
    }
    None
}

fn order(content: &mut Content, order: Order<'_>) {
    if let Some(note) = optional(order.text) {
        content.text = note;
    }
    content.parts.push(Part::Order(d::Order {
        catalog_id: text(order.catalog_id),
        items: order
            .product_items
            .into_iter()
            .map(|item| d::OrderItem {
                product_id: text(item.product_retailer_id),
                quantity: item.quantity.and_then(|quantity| quantity.as_str().parse().ok()).unwrap_or(0),
                price: text(item.item_price),
                currency: text(item.currency),
            })
            .collect(),
    }));
}

/// The address of the advertisement is left out: no provider URL is stored.
fn referral(referral: Referral<'_>) -> d::Referral {
    d::Referral {
        source: text(referral.source_type),
        source_id: optional(referral.source_id),
        reference: optional(referral.reference),
        headline: optional(referral.headline),
        body: optional(referral.body),
        click_id: optional(referral.ctwa_clid),
    }
}
