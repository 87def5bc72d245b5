//! Walks one webhook: what each event is, and who is meant.

use super::super::fields::{event, set_time, unsupported};
use super::super::json::{self, Object, Text};
use super::super::refusal::Refusal;
use super::super::whole::Whole;
use super::payload::{Event, Source, Webhook};
use super::{message, notice};
use crate::domain::content::Content;
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Scope, Sender};

const FORMAT: &str = "line";

/// Kinds that concern our account and nobody else.
const ACCOUNT: [&str; 7] = ["join", "leave", "module", "activated", "deactivated", "botSuspended", "botResumed"];

/// Every event of one webhook.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = &*json::checked(bytes)?;
    let webhook: Webhook<'_> = json::parse(FORMAT, text)?;
    let ours = json::filled(webhook.destination);
    let whole = Whole::new(text);
    let sent = webhook.events.ok_or(Refusal::Missing { field: "events" })?;
    let mut events = Vec::with_capacity(sent.len());
    for (place, Object(found)) in sent.into_iter().enumerate() {
        let mut found = read_event(found, &whole, place);
        found.our_address.clone_from(&ours);
        events.push(found);
    }
    Ok(events)
}

fn read_event(mut sent: Event<'_>, whole: &Whole<'_>, place: usize) -> InboundEvent {
    let source = sent.source.take();
    let (event_id, time) = (json::filled(sent.webhook_event_id.take()), sent.timestamp.take());
    let standby = sent.mode.as_ref().is_some_and(|mode| mode.as_str() == "standby");
    let redelivery =
        sent.delivery_context.as_ref().and_then(|context| context.is_redelivery.as_ref()).is_some_and(Text::is_true);
    let reply_token = json::filled(sent.reply_token.take());

    let mut found = about(sent, whole, place);
    found.event_id = event_id;
    if let Some(time) = time {
        set_time(&mut found, time.as_str());
    }
    (found.backfill, found.redelivery, found.reply_token) = (standby, redelivery, reply_token);
    if matches!(found.kind, EventKind::Account { .. }) {
        return found;
    }
    found.assurance = Assurance::Platform;
    if let Some(Source { user_id, group_id, room_id }) = source {
        let address = json::filled(user_id);
        found.senders = address.into_iter().map(|address| Sender { kind: AddressKind::Line, address }).collect();
        found.thread = json::filled(group_id).or_else(|| json::filled(room_id));
        found.scope = if found.thread.is_some() { Scope::Group } else { Scope::Direct };
    }
    found
}

/// What the event says, without its frame.
fn about(sent: Event<'_>, whole: &Whole<'_>, place: usize) -> InboundEvent {
    let kind = sent.kind.as_ref().map_or("", Text::as_str).to_owned();
    let ignored = |kind: &str| event(EventKind::Ignored { kind: kind.to_owned() });
    match kind.as_str() {
        "message" => match sent.message {
            Some(found) => message::read(*found),
            // In a shape that nobody knows.
            None if whole.has(&format!("/events/{place}"), "message") => {
                event(EventKind::Unsupported(Content { text: String::new(), parts: vec![unsupported("message")] }))
            }
            None => ignored("message"),
        },
        "unsend" => notice::unsend(sent.unsend).unwrap_or_else(|| ignored("unsend")),
        "postback" => match sent.postback {
            Some(found) => notice::postback(found),
            None => ignored("postback"),
        },
        "follow" => notice::opt(true),
        "unfollow" => notice::opt(false),
        "videoPlayComplete" => notice::played(sent.video_play_complete),
        "delivery" => notice::delivered(sent.delivery),
        "accountLink" => notice::linked(sent.link),
        kind if ACCOUNT.contains(&kind) => notice::account(kind, whole, place),
        kind => ignored(kind),
    }
}
