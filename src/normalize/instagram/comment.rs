//! Comments, and mentions of the account in those of others.

use serde::Deserialize;

use super::super::fields::{event, filled, profile, set_time, unsupported};
use super::super::json::{self, Text, object};
use super::super::meta::{Change, Party, timed_id};
use super::super::refusal::Refusal;
use super::PLATFORM;
use crate::domain::content::{Content, Part, Referral};
use crate::domain::event::{Assurance, EventKind, InboundEvent, Message, Profile, Scope, Sender};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Value<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    comment_id: Option<Text<'a>>,
    #[serde(borrow)]
    parent_id: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    from: Option<Party<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    media: Option<Media<'a>>,
    #[serde(borrow)]
    media_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
struct Media<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    ad_id: Option<Text<'a>>,
    #[serde(borrow)]
    ad_title: Option<Text<'a>>,
}

/// What is commented, and the advertisement that it was shown as.
fn commented(media: Media<'_>) -> (Option<Text<'_>>, Option<Referral>) {
    let ad = json::filled(media.ad_id).map(|id| Referral {
        source: "ad".to_owned(),
        source_id: Some(id),
        headline: json::filled(media.ad_title),
        ..Referral::default()
    });
    (media.id, ad)
}

/// A comment, or a mention, whose words Instagram does not send.
pub(super) fn read(change: Change<'_>, events: &mut Vec<InboundEvent>) -> Result<(), Refusal> {
    if !matches!(change.field, "comments" | "live_comments" | "mentions") {
        events.push(event(EventKind::Ignored { kind: format!("changes:{}", change.field) }));
        return Ok(());
    }
    let value: Value<'_> = change.read(PLATFORM.format)?;
    let marked = value.from.as_ref().is_some_and(|from| from.self_ig_scoped_id.is_some());
    let (sender, username) =
        value.from.map_or((None, None), |from| (json::filled(from.id), json::filled(from.username)));
    let own = marked || (sender.is_some() && sender.as_deref() == change.account);
    let (media, ad) = value.media.map_or((None, None), commented);
    let text = json::text(value.text);
    let mut found = event(if text.is_empty() && own {
        EventKind::Ignored { kind: format!("{}:own", change.field) }
    } else if text.is_empty() {
        EventKind::Unsupported(Content { text, parts: vec![unsupported(change.field)] })
    } else {
        let quoted = json::filled(value.parent_id);
        let content = Content { text, parts: ad.map(|ad| Part::Referral(Box::new(ad))).into_iter().collect() };
        let message = Message { content, quoted, ..Message::default() };
        if own { EventKind::Echo(message) } else { EventKind::Message(message) }
    });
    let media = media.or(value.media_id);
    found.message_ref = json::filled(value.id).or_else(|| json::filled(value.comment_id));
    (found.scope, found.thread) = (Scope::Public, json::filled(media));
    if found.message_ref.is_none() {
        // Of a mention in a post only the post is told, and several may mention us there.
        let about = found.thread.as_deref().map(|media| format!("{}:{media}", change.field));
        found.event_id = about.and_then(|about| timed_id(&about, change.time.unwrap_or_default()));
    }
    set_time(&mut found, change.time.unwrap_or_default());
    if !own {
        found.senders = sender.into_iter().map(|address| Sender { kind: PLATFORM.address, address }).collect();
        found.assurance = Assurance::Platform;
        found.profile = profile(Profile { username, ..Profile::default() });
    }
    found.our_address = change.account.and_then(filled);
    events.push(found);
    Ok(())
}
