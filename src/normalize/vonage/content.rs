//! What a message of the Messages API says.

use super::super::fields::{media_id, unsupported};
use super::super::json;
use super::messages::shown;
use super::payload::{Contact, Location, Media, Order, Product, Referral, Reply, Webhook};
use crate::domain::content as d;
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState, ButtonReply, Content, ListReply, Part};

/// Hosts of files that people sent.
const MEDIA_HOSTS: [&str; 2] = ["nexmo.com", "api.vonage.com"];

/// Content of a message, and whether its kind is one that could be read.
pub(super) struct Said {
    pub(super) content: Content,
    pub(super) supported: bool,
}

/// Everything that the message says. Fields are taken by presence, not by the declared type. `id` names its media.
pub(super) fn read(webhook: Webhook<'_>, id: Option<&str>) -> Said {
    let mut content = Content::text(json::text(webhook.text));
    let vcard = webhook.vcard.map(|card| (card, AttachmentKind::File));
    let single = [
        webhook.image.map(|media| (media, AttachmentKind::Image)),
        webhook.audio.map(|media| (media, AttachmentKind::Audio)),
        webhook.video.map(|media| (media, AttachmentKind::Video)),
        webhook.file.map(|media| (media, AttachmentKind::File)),
        webhook.sticker.map(|media| (media, AttachmentKind::Sticker)),
        vcard,
    ];
    for (media, kind) in single.into_iter().flatten() {
        attach(&mut content, *media, kind, id);
    }
    for mut media in webhook.content {
        let words = json::text(media.text.take());
        match shown(media.kind.as_ref()) {
            "text" => say(&mut content, words),
            "image" => attach(&mut content, media, AttachmentKind::Image, id),
            "audio" => attach(&mut content, media, AttachmentKind::Audio, id),
            "video" => attach(&mut content, media, AttachmentKind::Video, id),
            _ => attach(&mut content, media, AttachmentKind::File, id),
        }
    }
    if let Some(location) = webhook.location {
        content.parts.push(Part::Location(place(*location)));
    }
    content.parts.extend(webhook.contact.map(|contact| Part::ContactCard(card(*contact))));
    if let Some(button) = webhook.button {
        let (payload, title) = (json::text(button.payload), json::text(button.text));
        say(&mut content, title.clone());
        content.parts.push(Part::ButtonReply(ButtonReply { payload, title }));
    }
    if let Some(found) = webhook.reply {
        reply(&mut content, *found);
    }
    if let Some(found) = webhook.order {
        order(&mut content, *found);
    }
    if let Some(found) = webhook.whatsapp.and_then(|whatsapp| whatsapp.referral) {
        content.parts.push(Part::Referral(Box::new(referral(found))));
    }
    if let Some(product) = webhook.context.and_then(|context| context.whatsapp_referred_product) {
        content.parts.push(Part::Referral(Box::new(referred(product))));
    }

    let declared = shown(webhook.message_type.as_ref());
    let supported = declared == "text" || (declared != "unsupported" && content != Content::default());
    if !supported {
        content.parts.push(unsupported(declared));
    }
    Said { content, supported }
}

fn say(content: &mut Content, words: String) {
    if !content.text.is_empty() && !words.is_empty() {
        content.text.push('\n');
    }
    content.text.push_str(&words);
}

fn attach(content: &mut Content, media: Media<'_>, kind: AttachmentKind, id: Option<&str>) {
    say(content, json::text(media.caption));
    content.parts.push(Part::Attachment(Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: media_id(id, shown(media.url.as_ref())),
        name: json::name(media.name, &MEDIA_HOSTS),
        ..Attachment::default()
    }));
}

fn place(location: Location<'_>) -> d::Location {
    let (latitude, longitude) = json::coordinates(location.lat.as_ref(), location.long.as_ref());
    d::Location { latitude, longitude, name: json::filled(location.name), address: json::filled(location.address) }
}

fn card(contact: Contact<'_>) -> d::ContactCard {
    d::ContactCard {
        name: contact.name.map_or_else(String::new, |name| json::text(name.formatted_name)),
        phones: contact.phones.into_iter().filter_map(|phone| json::filled(phone.phone)).collect(),
        emails: contact.emails.into_iter().filter_map(|email| json::filled(email.email)).collect(),
        organization: contact.org.and_then(|org| json::filled(org.company)),
    }
}

/// A reply with a description chose a row of a list; one without pressed a button.
fn reply(content: &mut Content, reply: Reply<'_>) {
    let (id, title, description) = (json::text(reply.id), json::text(reply.title), json::filled(reply.description));
    say(content, title.clone());
    content.parts.push(match description {
        Some(description) => Part::ListReply(ListReply { id, title, description: Some(description) }),
        None => Part::ButtonReply(ButtonReply { payload: id, title }),
    });
}

fn order(content: &mut Content, order: Order<'_>) {
    say(content, json::text(order.text));
    let items = order.product_items.into_iter().map(|item| d::OrderItem {
        product_id: json::text(item.product_retailer_id),
        quantity: item.quantity.and_then(|quantity| quantity.as_str().parse().ok()).unwrap_or(0),
        price: json::text(item.item_price),
        currency: json::text(item.currency),
    });
    content.parts.push(Part::Order(d::Order { catalog_id: json::text(order.catalog_id), items: items.collect() }));
}

fn referral(referral: Referral<'_>) -> d::Referral {
    d::Referral {
        source: json::text(referral.source_type),
        source_id: json::filled(referral.source_id),
        reference: None,
        headline: json::filled(referral.headline),
        body: json::filled(referral.body),
        click_id: json::filled(referral.ctwa_clid),
    }
}

fn referred(product: Product<'_>) -> d::Referral {
    d::Referral {
        source: "product".to_owned(),
        source_id: json::filled(product.product_retailer_id),
        reference: json::filled(product.catalog_id),
        ..d::Referral::default()
    }
}
