//! Walks one webhook: which events it holds, in which order, and who is meant.

use super::super::fields::{event, set_time, unsupported};
use super::super::json::{self, Text};
use super::super::refusal::Refusal;
use super::super::run::MAX_EVENTS;
use super::super::whole::Whole;
use super::payload::{Change, Entry, Item, Webhook};
use super::{message, notice};
use crate::domain::content::Content;
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Sender};

/// Members of a messaging event that are no kind of it.
const FRAME: [&str; 5] = ["sender", "recipient", "timestamp", "hop_context", "prior_message"];

/// Members of an entry that are no kind of it.
const ENTRY: [&str; 5] = ["id", "time", "messaging", "standby", "changes"];

/// Where Messenger and Instagram differ.
pub(in super::super) struct Platform {
    /// Name of the format.
    pub(in super::super) format: &'static str,
    /// `object` of its webhooks.
    pub(in super::super) object: &'static str,
    /// Kind of its people's addresses.
    pub(in super::super) address: AddressKind,
    /// What became of a post or a comment.
    pub(in super::super) change: fn(Change<'_>, &mut Vec<InboundEvent>) -> Result<(), Refusal>,
}

/// Every event of one webhook.
pub(in super::super) fn read(platform: &Platform, bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = &*json::checked(bytes)?;
    let webhook: Webhook<'_> = json::parse(platform.format, text)?;
    let object = webhook.object.as_ref().map_or("", Text::as_str);
    if object.is_empty() {
        return Err(Refusal::Missing { field: "object" });
    }
    if object != platform.object {
        // Words for another platform's endpoint are nobody's here, and too good to be dropped.
        return Err(Refusal::Contract { what: "webhook of another object than the format's" });
    }
    let whole = Whole::new(text);
    let mut events = Vec::with_capacity(1);
    if webhook.entry.is_empty() {
        events.push(event(EventKind::Ignored { kind: "entry".to_owned() }));
    }
    for (place, entry) in webhook.entry.into_iter().enumerate() {
        read_entry(platform, text, &whole, place, entry, &mut events)?;
    }
    Ok(events)
}

fn read_entry(
    platform: &Platform,
    text: &str,
    whole: &Whole<'_>,
    place: usize,
    entry: Entry<'_>,
    events: &mut Vec<InboundEvent>,
) -> Result<(), Refusal> {
    let account = entry.id.as_ref().map(Text::as_str);
    if entry.messaging.is_empty() && entry.standby.is_empty() && entry.changes.is_empty() {
        let kind = whole.unknown_member(&format!("/entry/{place}"), &ENTRY).unwrap_or_else(|| "entry".to_owned());
        events.push(event(EventKind::Ignored { kind }));
    }
    for (at, item) in entry.messaging.into_iter().enumerate() {
        let name = |known: &[&str]| whole.unknown_member(&format!("/entry/{place}/messaging/{at}"), known);
        read_item(platform, account, item, name, events);
        within(events)?;
    }
    let first = events.len();
    for (at, item) in entry.standby.into_iter().enumerate() {
        let name = |known: &[&str]| whole.unknown_member(&format!("/entry/{place}/standby/{at}"), known);
        read_item(platform, account, item, name, events);
        within(events)?;
    }
    events[first..].iter_mut().for_each(|event| event.backfill = true);
    for change in entry.changes {
        let field = change.field.as_ref().map_or("", Text::as_str);
        let first = events.len();
        let time = entry.time.as_ref().map(Text::as_str);
        let public = Change { field, text, value: change.value, account, time };
        if field.starts_with("messag") || field.starts_with("standby") {
            // What is subscribed as a messaging field may come as a change: then its value is the event.
            let item: Item<'_> = public.read(platform.format)?;
            let value = change.value.map_or("", serde_json::value::RawValue::get);
            let name = |known: &[&str]| match value.starts_with('{') {
                true => Whole::new(value).unknown_member("", known),
                false => (!value.is_empty()).then(|| "message".to_owned()),
            };
            read_item(platform, account, item, name, events);
            if field.starts_with("standby") {
                events[first..].iter_mut().for_each(|event| event.backfill = true);
            }
        } else {
            (platform.change)(public, events)?;
        }
        within(events)?;
    }
    Ok(())
}

/// A receipt names messages by the thousand: no more is made than will be taken.
fn within(events: &[InboundEvent]) -> Result<(), Refusal> {
    if events.len() > MAX_EVENTS { Err(Refusal::TooMany { what: "events", limit: MAX_EVENTS }) } else { Ok(()) }
}

/// One messaging event. `name` finds what a kind that is none of ours is called.
fn read_item(
    platform: &Platform,
    account: Option<&str>,
    mut item: Item<'_>,
    name: impl Fn(&[&str]) -> Option<String>,
    events: &mut Vec<InboundEvent>,
) {
    let sender = item.sender.take().and_then(|party| json::filled(party.id));
    let recipient = item.recipient.take().and_then(|party| json::filled(party.id));
    let by_us = sender.is_some() && sender.as_deref() == account;
    if by_us && sender == recipient {
        // The account tries itself: no customer is there.
        events.push(event(EventKind::Ignored { kind: "self".to_owned() }));
        return;
    }
    if by_us && let Some(kind) = item.about_a_message() {
        // What the account does to its own words, or with a customer's, changes nothing of the customer's.
        events.push(event(EventKind::Ignored { kind: format!("{kind}:own") }));
        return;
    }
    let told = item.message.as_ref().is_some_and(|message| message.is_echo.as_ref().is_some_and(Text::is_true));
    let echo = told || (by_us && item.message.is_some());
    let (mut customer, mut ours) = if echo { (recipient, sender) } else { (sender, recipient) };
    // The account itself is never the counterpart, whichever way round the payload has the two.
    if customer.is_some() && customer.as_deref() == account && ours.is_some() && ours != customer {
        std::mem::swap(&mut customer, &mut ours);
    }
    let time = item.timestamp.take().map(Text::into_string).unwrap_or_default();
    let first = events.len();
    if let Some(found) = item.message {
        events.push(message::said(*found, echo));
    } else if let Some(found) = item.message_edit {
        events.push(message::edit(*found));
    } else if let Some(found) = item.reaction {
        events.push(message::reaction(*found));
    } else if let Some(found) = item.postback {
        events.push(notice::postback(*found, &time));
    } else if let Some(found) = item.delivery {
        notice::delivery(found, customer.as_deref(), events);
    } else if let Some(found) = item.read {
        events.push(notice::read(found, customer.as_deref()));
    } else if let Some(found) = item.optin {
        // A visitor of a page with the plugin, who has no id before the first answer.
        let nameless = customer.is_none() && found.user_ref.is_some();
        events.push(if nameless {
            event(EventKind::Ignored { kind: "optin:user_ref".to_owned() })
        } else {
            notice::opt_in(*found, &time)
        });
    } else if let Some(found) = item.referral {
        events.push(notice::referral(*found, &time));
    } else if let Some(found) = item.account_linking {
        events.push(notice::linking(*found, &time));
    } else if let Some(found) = item.pass_thread_control {
        events.push(notice::handed_over(found, &time));
    } else if let Some(found) = item.policy_enforcement {
        events.push(notice::policy(*found));
    } else if let Some(form) = item.messaging_customer_information {
        events.push(notice::form("customer_information", form, &time));
    } else if let Some(form) = item.messaging_feedback {
        events.push(notice::form("feedback", form, &time));
    } else {
        let kind = name(&FRAME).unwrap_or_else(|| "messaging".to_owned());
        events.push(event(if kind == "message" && !by_us {
            // Something was said, in a shape that nobody knows.
            EventKind::Unsupported(Content { text: String::new(), parts: vec![unsupported(kind)] })
        } else {
            EventKind::Ignored { kind }
        }));
    }
    for event in &mut events[first..] {
        set_time(event, &time);
        event.our_address.clone_from(&ours);
        let person = !matches!(event.kind, EventKind::Account { .. });
        event.senders = customer
            .iter()
            .filter(|_| person)
            .map(|id| Sender { kind: platform.address, address: id.clone() })
            .collect();
        event.assurance = if person { Assurance::Platform } else { Assurance::Claimed };
    }
}
