//! What a message says.

use super::super::fields::{bare_media_type, unsupported};
use super::super::json;
use super::payload::{Contact, File, Line, Location, Message};
use super::people::full_name;
use crate::domain::content as d;
use crate::domain::content::{
    Attachment, AttachmentKind, AttachmentState, ButtonReply, ContactCard, Content, FlowReply, Part,
};

/// The host of files: links to it hold the bot's token.
const MEDIA_HOSTS: [&str; 1] = ["api.telegram.org"];

/// Content of a message, and whether its kind is one that could be read. Empty: it says nothing.
pub(super) struct Said {
    pub(super) content: Content,
    pub(super) supported: bool,
}

/// Everything that the message says.
pub(super) fn read(message: Message<'_>) -> Said {
    let mut content = Content::text(json::text(message.text.or(message.caption)));
    // An animation comes as a document too, for older programs.
    let document = if message.animation.is_some() { None } else { message.document };
    for (file, kind) in [
        (message.animation, AttachmentKind::Video),
        (document, AttachmentKind::File),
        (message.audio, AttachmentKind::Audio),
        (message.voice, AttachmentKind::Voice),
        (message.video, AttachmentKind::Video),
        (message.video_note, AttachmentKind::Video),
        (message.sticker, AttachmentKind::Sticker),
    ] {
        content.parts.extend(file.map(|file| attachment(*file, kind)));
    }
    content.parts.extend(largest(message.photo));
    for paid in message.paid_media.into_iter().flat_map(|paid| paid.paid_media) {
        content.parts.extend(paid.video.map(|file| attachment(file, AttachmentKind::Video)));
        content.parts.extend(largest(paid.photo));
    }
    content.parts.extend(message.contact.map(|contact| Part::ContactCard(card(*contact))));
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
    }
    if let Some(checklist) = message.checklist {
        list(&mut content, checklist.title, checklist.tasks);
    }
    if let Some(answer) = message.web_app_data {
        let (data, title) = (json::text(answer.data), json::text(answer.button_text));
        answered(&mut content, data, title);
    }

    let unread = [
        (message.story.is_some(), "story"),
        (message.game.is_some(), "game"),
        (message.invoice.is_some(), "invoice"),
        (message.successful_payment.is_some(), "successful_payment"),
        (message.passport_data.is_some(), "passport_data"),
    ];
    let supported = !content.text.is_empty() || !content.parts.is_empty();
    content.parts.extend(unread.into_iter().filter(|(there, _)| *there).map(|(_, kind)| unsupported(kind)));
    Said { content, supported }
}

fn say(content: &mut Content, words: &str) {
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
fn largest(sizes: json::List<File<'_>>) -> Option<Part> {
    let bytes = |file: &File<'_>| file.file_size.as_ref().and_then(|size| size.as_str().parse::<u64>().ok());
    let file = sizes.into_iter().max_by_key(bytes)?;
    Some(attachment(file, AttachmentKind::Image))
}

fn attachment(file: File<'_>, kind: AttachmentKind) -> Part {
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

fn place(location: Location<'_>, name: Option<String>, address: Option<String>) -> Part {
    Part::Location(d::Location {
        latitude: json::degrees(location.latitude),
        longitude: json::degrees(location.longitude),
        name,
        address,
    })
}

fn card(contact: Contact<'_>) -> ContactCard {
    ContactCard {
        name: full_name(contact.first_name, contact.last_name).unwrap_or_default(),
        phones: json::filled(contact.phone_number).into_iter().collect(),
        ..ContactCard::default()
    }
}
