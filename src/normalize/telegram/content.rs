//! What a message says.

use super::super::fields::{bare_media_type, filled, unsupported};
use super::super::{json, vcard};
use super::payload::{Contact, Elsewhere, File, Line, Location, Message, Payment, SharedUser};
use super::people::{full_name, qualified};
use super::{links, rich};
use crate::domain::content as d;
use crate::domain::content::{
    Attachment, AttachmentKind, AttachmentState, ButtonReply, ContactCard, Content, FlowReply, Part, Unsupported,
};

/// The host of files: links to it hold the bot's token.
pub(super) const MEDIA_HOSTS: [&str; 1] = ["api.telegram.org"];

/// Content of a message, and whether its kind is one that could be read. Empty: it says nothing.
pub(super) struct Said {
    pub(super) content: Content,
    pub(super) supported: bool,
}

/// Everything that the message says.
pub(super) fn read(message: Message<'_>) -> Said {
    let (words, entities) = match message.text {
        Some(text) => (text, message.entities),
        None => (message.caption.unwrap_or_default(), message.caption_entities),
    };
    let mut content = Content::text(links::shown(words.into_string(), entities));
    if let Some(found) = message.rich_message {
        rich::read(found, &mut content);
    }
    // An animation comes as a document too, for older programs.
    let document = if message.animation.is_some() { None } else { message.document };
    for (file, kind) in [
        (message.animation, AttachmentKind::Video),
        (document, AttachmentKind::File),
        (message.audio, AttachmentKind::Audio),
        (message.voice, AttachmentKind::Voice),
        (message.video, AttachmentKind::Video),
        (message.live_photo, AttachmentKind::Video),
        (message.video_note, AttachmentKind::Video),
        (message.sticker, AttachmentKind::Sticker),
    ] {
        content.parts.extend(file.map(|file| attachment(*file, kind)));
    }
    content.parts.extend(largest(message.photo));
    for paid in message.paid_media.into_iter().flat_map(|paid| paid.paid_media) {
        for video in paid.video.into_iter().chain(paid.live_photo) {
            content.parts.push(attachment(video, AttachmentKind::Video));
        }
        content.parts.extend(largest(paid.photo));
    }
    content.parts.extend(message.contact.map(|contact| Part::ContactCard(card(*contact))));
    let shared = message.users_shared.into_iter().flat_map(|shared| shared.users);
    content.parts.extend(shared.map(|user| Part::ContactCard(shared_user(user))));
    if let Some(venue) = message.venue {
        let (title, address) = (json::filled(venue.title), json::filled(venue.address));
        let words: Vec<&str> = title.as_deref().into_iter().chain(address.as_deref()).collect();
        say(&mut content, &words.join(", "));
        let location = venue.location.or(message.location);
        content.parts.extend(location.map(|location| place(location, title, address)));
    } else {
        content.parts.extend(message.location.map(|location| place(location, None, None)));
    }
    if let Some(dice) = message.dice {
        say(&mut content, format!("{} {}", json::text(dice.emoji), json::text(dice.value)).trim());
    }
    if let Some(poll) = message.poll {
        list(&mut content, poll.question, poll.options);
        say(&mut content, &json::text(poll.description));
    }
    if let Some(checklist) = message.checklist {
        list(&mut content, checklist.title, checklist.tasks);
    }
    if let Some(answer) = message.web_app_data {
        let (data, title) = (json::text(answer.data), json::text(answer.button_text));
        answered(&mut content, data, title);
    }

    // What was written to a gift, and the name of a chat that was chosen for us.
    let (gift, chat) = (message.gift, message.chat_shared);
    let beside = [
        gift.map(|gift| ("gift", json::text(gift.text))),
        chat.map(|chat| ("chat_shared", json::text(chat.title.or(chat.username)))),
    ];
    for (_, words) in beside.iter().flatten() {
        say(&mut content, words);
    }
    let unread = [
        (message.story.is_some(), "story"),
        (message.game.is_some(), "game"),
        (message.invoice.is_some(), "invoice"),
        (message.passport_data.is_some(), "passport_data"),
    ];
    let supported = !content.text.is_empty() || content.parts.iter().any(|part| !matches!(part, Part::Unsupported(_)));
    content.parts.extend(unread.into_iter().filter(|(there, _)| *there).map(|(_, kind)| unsupported(kind)));
    content.parts.extend(beside.into_iter().flatten().map(|(kind, _)| unsupported(kind)));
    content.parts.extend(message.successful_payment.map(|payment| paid(*payment)));
    answered_to(&mut content, message.quote, message.reply_to_story);
    Said { content, supported }
}

/// Which words of the message that it answers are meant, or which story: nobody else here can look it up.
fn answered_to(content: &mut Content, quote: Option<Line<'_>>, story: Option<Box<Elsewhere<'_>>>) {
    let referral = |source: &str, source_id, body| {
        Part::Referral(Box::new(d::Referral { source: source.to_owned(), source_id, body, ..d::Referral::default() }))
    };
    let quote = quote.and_then(|quote| json::filled(quote.text));
    content.parts.extend(quote.map(|quote| referral("quote", None, Some(quote))));
    content.parts.extend(story.map(|story| {
        let chat = story.chat.and_then(|chat| json::filled(chat.id));
        referral("story", qualified(chat.as_deref(), story.message_id), None)
    }));
}

fn paid(payment: Payment<'_>) -> Part {
    let told = [payment.total_amount, payment.currency, payment.invoice_payload].map(json::text);
    let kind = "successful_payment".to_owned();
    Part::Unsupported(Unsupported { kind, code: None, reason: filled(told.join(" ").trim()) })
}

/// Adds a line.
pub(super) fn say(content: &mut Content, words: &str) {
    if !content.text.is_empty() && !words.is_empty() {
        content.text.push('\n');
    }
    content.text.push_str(words);
}

/// A question and its answers, or a title and its tasks, a line each.
fn list(content: &mut Content, head: Option<json::Text<'_>>, lines: json::List<Line<'_>>) {
    say(content, &json::text(head));
    for line in lines {
        say(content, &format!("- {}", json::text(line.text)));
    }
}

/// Answers of a mini app are JSON; anything else it sends is what was said.
fn answered(content: &mut Content, data: String, title: String) {
    if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&data).is_ok() {
        say(content, &title);
        content.parts.push(Part::FlowReply(FlowReply { name: "web_app".to_owned(), body: title, response_json: data }));
    } else {
        say(content, &data);
        content.parts.push(Part::ButtonReply(ButtonReply { payload: data, title }));
    }
}

/// A picture comes in several sizes.
pub(super) fn largest(sizes: json::List<File<'_>>) -> Option<Part> {
    let bytes = |file: &File<'_>| file.file_size.as_ref().and_then(|size| size.as_str().parse::<u64>().ok());
    let file = sizes.into_iter().max_by_key(bytes)?;
    Some(attachment(file, AttachmentKind::Image))
}

pub(super) fn attachment(file: File<'_>, kind: AttachmentKind) -> Part {
    Part::Attachment(Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: json::filled(file.file_id),
        // A sticker is called by its emoji.
        name: json::name(file.file_name, &MEDIA_HOSTS)
            .or_else(|| json::name(file.title, &MEDIA_HOSTS))
            .or_else(|| json::filled(file.emoji)),
        media_type: file.mime_type.map(|media_type| bare_media_type(media_type.as_str())),
        bytes: file.file_size.and_then(|size| size.as_str().parse().ok()),
        ..Attachment::default()
    })
}

pub(super) fn place(location: Location<'_>, name: Option<String>, address: Option<String>) -> Part {
    let (latitude, longitude) = json::coordinates(location.latitude.as_ref(), location.longitude.as_ref());
    Part::Location(d::Location { latitude, longitude, name, address })
}

fn card(contact: Contact<'_>) -> ContactCard {
    let mut card = ContactCard {
        name: full_name(contact.first_name, contact.last_name).unwrap_or_default(),
        phones: json::filled(contact.phone_number).into_iter().collect(),
        ..ContactCard::default()
    };
    contact.vcard.iter().for_each(|vcard| vcard::complete(&mut card, vcard.as_str()));
    card
}

/// A user whom the person chose for us, by the best name that was told.
fn shared_user(user: SharedUser<'_>) -> ContactCard {
    let name = full_name(user.first_name, user.last_name).or_else(|| json::filled(user.username));
    ContactCard { name: name.unwrap_or_else(|| json::text(user.user_id)), ..ContactCard::default() }
}
