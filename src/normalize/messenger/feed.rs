//! Posts and comments on a page.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::fields::{add_link, event, filled, profile, set_time, unsupported};
use super::super::json::{self, Text, object};
use super::super::meta::{Change, Party, reaction_named, shared_link};
use super::super::refusal::Refusal;
use super::PLATFORM;
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState, Content, Part};
use crate::domain::event::{Assurance, EventKind, InboundEvent, Message, Profile, Scope, Sender};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Value<'a> {
    #[serde(borrow)]
    item: Option<Text<'a>>,
    #[serde(borrow)]
    verb: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    from: Option<Party<'a>>,
    #[serde(borrow)]
    post_id: Option<Text<'a>>,
    #[serde(borrow)]
    comment_id: Option<Text<'a>>,
    #[serde(borrow)]
    parent_id: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    link: Option<Text<'a>>,
    #[serde(borrow)]
    photo: Option<Text<'a>>,
    #[serde(borrow)]
    video: Option<Text<'a>>,
    #[serde(borrow)]
    reaction_type: Option<Text<'a>>,
    #[serde(borrow)]
    review_text: Option<Text<'a>>,
    #[serde(borrow)]
    reviewer_id: Option<Text<'a>>,
    #[serde(borrow)]
    reviewer_name: Option<Text<'a>>,
    #[serde(borrow)]
    open_graph_story_id: Option<Text<'a>>,
    #[serde(borrow)]
    created_time: Option<Text<'a>>,
}

/// What happened to a post or a comment.
pub(super) fn read(change: Change<'_>, events: &mut Vec<InboundEvent>) -> Result<(), Refusal> {
    if !matches!(change.field, "feed" | "mention" | "ratings") {
        events.push(event(EventKind::Ignored { kind: format!("changes:{}", change.field) }));
        return Ok(());
    }
    let mut value: Value<'_> = change.read(PLATFORM.format)?;
    if change.field == "ratings" {
        let item = value.item.as_ref().map_or("", Text::as_str);
        if item != "comment" {
            events.push(review(&change, value));
            return Ok(());
        }
        // What is said below a review: the review is its thread.
        if let Some(story) = json::filled(value.open_graph_story_id.take()) {
            value.post_id = Some(Text::from(Cow::Owned(format!("rating:{story}"))));
        }
    }
    let time = value.created_time.take().map(Text::into_string).or_else(|| change.time.map(str::to_owned));
    let from = value.from.take();
    let (id, name) = from.map_or((None, None), |from| (json::filled(from.id), json::filled(from.name)));
    let own = id.is_some() && id.as_deref() == change.account;
    let (post, comment) = (json::filled(value.post_id.take()), json::filled(value.comment_id.take()));

    let mut found = event(kind(&value, comment.as_deref().or(post.as_deref()), post.as_deref(), own));
    if let (EventKind::Edit { .. } | EventKind::Reaction { .. }, Some(time)) = (&found.kind, &time) {
        found.event_id = comment.as_deref().or(post.as_deref()).map(|id| format!("{id}:{time}"));
    }
    set_time(&mut found, time.as_deref().unwrap_or_default());
    found.message_ref = comment.or_else(|| post.clone());
    (found.scope, found.thread) = (Scope::Public, post);
    if !own {
        found.senders = id.into_iter().map(|address| Sender { kind: PLATFORM.address, address }).collect();
        found.assurance = Assurance::Platform;
        found.profile = profile(Profile { name, ..Profile::default() });
    }
    found.our_address = change.account.and_then(filled);
    events.push(found);
    Ok(())
}

/// A review of the page in words, new or changed. One without words is a number.
fn review(change: &Change<'_>, mut value: Value<'_>) -> InboundEvent {
    let text = json::text(value.review_text.take());
    let time = value.created_time.take().map(Text::into_string).or_else(|| change.time.map(str::to_owned));
    let removed = value.verb.as_ref().is_some_and(|verb| matches!(verb.as_str(), "remove" | "delete"));
    if text.is_empty() || removed {
        return event(EventKind::Ignored { kind: "changes:ratings".to_owned() });
    }
    let mut found = event(EventKind::Message(Message { content: Content::text(text), ..Message::default() }));
    let (reviewer, name) = (json::filled(value.reviewer_id.take()), json::filled(value.reviewer_name.take()));
    found.message_ref = json::filled(value.open_graph_story_id.take());
    let thread = found.message_ref.clone().or_else(|| reviewer.clone());
    (found.scope, found.thread) = (Scope::Public, thread.map(|thread| format!("rating:{thread}")));
    found.senders = reviewer.into_iter().map(|address| Sender { kind: PLATFORM.address, address }).collect();
    found.assurance = Assurance::Platform;
    found.profile = profile(Profile { name, ..Profile::default() });
    set_time(&mut found, time.as_deref().unwrap_or_default());
    found.our_address = change.account.and_then(filled);
    found
}

fn kind(value: &Value<'_>, id: Option<&str>, post: Option<&str>, own: bool) -> EventKind {
    let name = |text: &Option<Text<'_>>| text.as_ref().map_or(String::new(), |text| text.as_str().to_owned());
    let (item, verb) = (name(&value.item), name(&value.verb));
    let spoken = matches!(item.as_str(), "comment" | "post" | "status" | "photo" | "video" | "share");
    match verb.as_str() {
        "add" if spoken => {
            // A comment under a post names the post as its parent: only an answer to a comment quotes something.
            let parent = value.parent_id.as_ref().map(Text::as_str).filter(|parent| Some(*parent) != post);
            let message =
                Message { content: content(value, id, &item), quoted: parent.and_then(filled), ..Message::default() };
            if own { EventKind::Echo(message) } else { EventKind::Message(message) }
        }
        "edited" | "edit" if spoken && !own => EventKind::Edit { version: None, content: content(value, id, &item) },
        "remove" | "delete" if spoken && !own => EventKind::Deletion,
        "add" | "edit" | "remove" if matches!(item.as_str(), "reaction" | "like") && !own => EventKind::Reaction {
            emoji: if verb == "remove" {
                String::new()
            } else {
                reaction_named(value.reaction_type.as_ref().map_or("like", Text::as_str))
            },
        },
        _ => EventKind::Ignored { kind: format!("feed:{item}:{verb}") },
    }
}

/// Words and picture of a post or comment. A picture is known by the post or comment that shows it.
fn content(value: &Value<'_>, id: Option<&str>, item: &str) -> Content {
    let mut content = Content::text(value.message.as_ref().map_or("", Text::as_str));
    // A picture or a video has one too, which leads to itself.
    let link = value.link.as_ref().filter(|_| matches!(item, "share" | "status" | "post"));
    if let Some(link) = link.and_then(|link| shared_link(link.as_str())) {
        add_link(&mut content.text, &link);
    }
    let media = [(&value.photo, AttachmentKind::Image), (&value.video, AttachmentKind::Video)];
    for (_, kind) in media.into_iter().filter(|(link, _)| link.is_some()) {
        content.parts.push(Part::Attachment(Attachment {
            kind,
            state: AttachmentState::Pending,
            provider_id: id.and_then(filled),
            ..Attachment::default()
        }));
    }
    if content == Content::default() {
        content.parts.push(unsupported(format!("feed:{item}")));
    }
    content
}
