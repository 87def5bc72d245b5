//! What a message says.

use super::super::fields::{filled, foreign_link, leads_to, unsupported};
use super::super::form::Form;
use super::super::json;
use super::payload::{Attachment, Element, Message, Payload, Referral};
use crate::domain::content as d;
use crate::domain::content::{AttachmentKind, AttachmentState, ButtonReply, Content, Location, Part};

/// The thumb of the text field in its three sizes: sent as a sticker, meant as a word.
const THUMBS_UP: [&str; 3] = ["369239263222822", "369239343222814", "369239383222810"];

/// Hosts of files that people sent: their links carry signatures. A link to a page is somebody's word.
const MEDIA_HOSTS: [&str; 8] = [
    "fbcdn.net",
    "fbsbx.com",
    "cdninstagram.com",
    "graph.facebook.com",
    "graph.instagram.com",
    "lookaside.facebook.com",
    "lookaside.instagram.com",
    "cdn.messenger.com",
];

/// Hosts that lead on to where the link goes, and count who went there.
const COUNTERS: [&str; 3] = ["l.facebook.com", "lm.facebook.com", "l.instagram.com"];

/// Content of a message, and whether its kind is one that could be read.
pub(super) struct Said {
    pub(super) content: Content,
    pub(super) supported: bool,
}

/// Everything that the message says. `id` names its media.
pub(super) fn read(message: Message<'_>, id: Option<&str>) -> Said {
    let mut content = Content::text(json::text(message.text));
    let flagged = message.is_unsupported.as_ref().is_some_and(json::Text::is_true);
    let mut supported = !flagged;
    if flagged {
        content.parts.push(unsupported("unsupported"));
    }
    if let Some(reply) = message.quick_reply {
        let title = content.text.clone();
        content.parts.push(Part::ButtonReply(ButtonReply { payload: json::text(reply.payload), title }));
    }
    for (place, attachment) in message.attachments.into_iter().enumerate() {
        supported &= attach(&mut content, attachment, id, place);
    }
    if let Some(story) = message.reply_to.and_then(|reply| reply.story) {
        content.parts.push(Part::Referral(Box::new(d::Referral {
            source: "story".to_owned(),
            source_id: json::filled(story.id),
            ..d::Referral::default()
        })));
    }
    if let Some(found) = message.referral {
        content.parts.push(Part::Referral(Box::new(referral(*found))));
    }
    // Words, or anything else that can be read, are worth more than what is missing beside them.
    let readable = !content.text.is_empty() || content.parts.iter().any(|part| !matches!(part, Part::Unsupported(_)));
    Said { content, supported: supported || (readable && !flagged) }
}

/// False for a kind of attachment that cannot be read.
fn attach(content: &mut Content, attachment: Attachment<'_>, id: Option<&str>, place: usize) -> bool {
    let payload = attachment.payload.map_or_else(Payload::default, |payload| *payload);
    let name = attachment.kind.as_ref().map_or("", json::Text::as_str);
    let kind = match name {
        "image" | "animated_image" => match payload.sticker_id.as_ref().map(json::Text::as_str) {
            Some(sticker) if THUMBS_UP.contains(&sticker) => {
                content.text.push('👍');
                return true;
            }
            Some(_) => AttachmentKind::Sticker,
            None => AttachmentKind::Image,
        },
        "sticker" => AttachmentKind::Sticker,
        "audio" => AttachmentKind::Audio,
        "video" | "reel" | "ig_reel" => AttachmentKind::Video,
        "file" | "share" | "fallback" | "story_mention" | "ig_story" | "ig_post" | "post" | "media" | "link" => {
            AttachmentKind::File
        }
        "like_heart" => {
            content.text.push_str("❤️");
            return true;
        }
        "location" if payload.coordinates.is_some() => {
            content.parts.push(Part::Location(place_of(payload, json::filled(attachment.title))));
            return true;
        }
        "template" | "product" if payload.product.is_some() => {
            let products = payload.product.map(|product| product.elements).unwrap_or_default();
            content.parts.extend(products.into_iter().map(product));
            return true;
        }
        // Only answers of ours are templates: their words are what an agent wants to see.
        "template" => {
            let words =
                payload.text.into_iter().chain(payload.elements.into_iter().filter_map(|element| element.title));
            for words in words {
                if !content.text.is_empty() {
                    content.text.push('\n');
                }
                content.text.push_str(words.as_str());
            }
            content.parts.push(unsupported(name));
            return true;
        }
        other => {
            content.parts.push(unsupported(if other.is_empty() { "attachment" } else { other }));
            return false;
        }
    };
    if name == "story_mention" {
        content.parts.push(Part::Referral(Box::new(d::Referral {
            source: "story_mention".to_owned(),
            ..d::Referral::default()
        })));
    }
    let url = payload.url.or(attachment.url);
    let link = match name {
        "fallback" | "share" | "link" => url.and_then(|url| shared_link(url.as_str())),
        _ => None,
    };
    content.parts.push(Part::Attachment(d::Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: link.or_else(|| id.map(|id| format!("{id}/{place}"))),
        name: json::name(payload.title.or(attachment.title), &MEDIA_HOSTS),
        ..d::Attachment::default()
    }));
    true
}

/// A link that the person shared; of one through Meta's counter of clicks, where it goes to.
pub(in super::super) fn shared_link(url: &str) -> Option<String> {
    if !leads_to(url, &COUNTERS) {
        return foreign_link(url, &MEDIA_HOSTS);
    }
    let query = url.split_once('?')?.1.split('#').next().unwrap_or_default();
    let led = Form::parse("link", query.as_bytes()).ok()?.owned("u").filter(|led| led.contains("://"))?;
    foreign_link(&led, &MEDIA_HOSTS).filter(|led| !leads_to(led, &COUNTERS))
}

fn place_of(payload: Payload<'_>, title: Option<String>) -> Location {
    let at = payload.coordinates.unwrap_or_default();
    let (latitude, longitude) = json::coordinates(at.lat.as_ref(), at.long.as_ref());
    Location { latitude, longitude, name: title.or_else(|| json::filled(payload.title)), address: None }
}

fn product(element: Element<'_>) -> Part {
    Part::Referral(Box::new(d::Referral {
        source: "product".to_owned(),
        source_id: json::filled(element.id),
        reference: json::filled(element.retailer_id),
        headline: json::filled(element.title),
        body: json::filled(element.subtitle),
        click_id: None,
    }))
}

/// What brought the person here. The advertisement's pictures are links to Meta and stay out.
pub(super) fn referral(referral: Referral<'_>) -> d::Referral {
    let (title, post) = referral.ads_context_data.map_or((None, None), |ad| (ad.ad_title, ad.post_id));
    let product = referral.product.and_then(|product| product.id);
    d::Referral {
        source: json::filled(referral.source).or_else(|| json::filled(referral.kind)).unwrap_or_default(),
        source_id: json::filled(referral.ad_id).or_else(|| json::filled(product)).or_else(|| json::filled(post)),
        reference: json::filled(referral.reference),
        headline: json::filled(title),
        body: None,
        click_id: json::filled(referral.ctwa_clid).and_then(filled),
    }
}
