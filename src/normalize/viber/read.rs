//! Tells the kinds of callbacks apart, and who is meant.

use super::super::fields::{event, profile, set_time, unsupported};
use super::super::json::{self, Text};
use super::super::refusal::Refusal;
use super::super::whole::Whole;
use super::message;
use super::payload::{Callback, User};
use crate::domain::content::Content;
use crate::domain::event::{
    AddressKind, Assurance, ErrorClass, EventKind, InboundEvent, Profile, Receipt, ReceiptError, ReceiptStatus, Scope,
    Sender,
};

const FORMAT: &str = "viber";

/// The one event of a callback.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = &*json::checked(bytes)?;
    let mut callback: Callback<'_> = json::parse(FORMAT, text)?;
    if callback.event.is_none() {
        return Err(Refusal::Missing { field: "event" });
    }
    let token = json::filled(callback.message_token.take());
    let time = callback.timestamp.take();
    let (chat, user) = (json::filled(callback.chat_id.take()), callback.sender.take().or(callback.user.take()));
    let (address, known) = person(user, callback.user_id.take());

    let kind = kind(callback, text, token.as_deref(), address.as_deref());
    let mut found = event(kind);
    match found.kind {
        // The token names what was said; of anything else it names the callback only.
        EventKind::Message(_) | EventKind::Unsupported(_) | EventKind::Receipt(_) => found.message_ref = token,
        _ => found.event_id = token,
    }
    if let Some(time) = time {
        set_time(&mut found, time.as_str());
    }
    found.senders = address.into_iter().map(|address| Sender { kind: AddressKind::Viber, address }).collect();
    found.profile = known;
    found.assurance = Assurance::Platform;
    if chat.is_some() {
        (found.scope, found.thread) = (Scope::Group, chat);
    }
    Ok(vec![found])
}

/// Address and profile of the person. The picture is a link to Viber and stays out.
fn person(user: Option<User<'_>>, user_id: Option<Text<'_>>) -> (Option<String>, Option<Box<Profile>>) {
    let Some(user) = user else { return (json::filled(user_id), None) };
    let known = Profile {
        name: json::filled(user.name),
        country: json::filled(user.country),
        locale: json::filled(user.language),
        ..Profile::default()
    };
    (json::filled(user.id).or_else(|| json::filled(user_id)), profile(known))
}

fn kind(callback: Callback<'_>, text: &str, token: Option<&str>, address: Option<&str>) -> EventKind {
    let name = json::text(callback.event);
    let ignored = || EventKind::Ignored { kind: name.clone() };
    // In a shape that nobody knows.
    let unreadable = || match Whole::new(text).has("", "message") {
        true => EventKind::Unsupported(Content { text: String::new(), parts: vec![unsupported("message")] }),
        false => ignored(),
    };
    match name.as_str() {
        "message" => callback.message.map_or_else(unreadable, |found| message::read(*found, token)),
        "delivered" => receipt(ReceiptStatus::Delivered, address, None),
        "seen" => receipt(ReceiptStatus::Read, address, None),
        "failed" => {
            let (code, told) = callback.status.map_or((None, None), |status| (status.code, status.message));
            let reason = json::filled(callback.desc).unwrap_or_else(|| json::text(told));
            receipt(ReceiptStatus::Failed, address, Some(error(json::text(code), reason)))
        }
        "subscribed" | "unsubscribed" if address.is_some_and(is_possible) => {
            EventKind::Opt { opted_in: name == "subscribed", purpose: String::new(), payload: None, title: None }
        }
        "conversation_started" => {
            EventKind::Start { title: None, payload: json::filled(callback.context), referral: false }
        }
        // What stands beside it is nobody's address, and nobody said anything.
        "subscribed" | "unsubscribed" => EventKind::Ignored { kind: format!("{name}:bad_id") },
        _ => ignored(),
    }
}

/// Viber's user ids are base64. Words from another id are kept all the same; a permission without a person is none.
fn is_possible(id: &str) -> bool {
    id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'))
}

fn receipt(status: ReceiptStatus, recipient: Option<&str>, error: Option<ReceiptError>) -> EventKind {
    let recipient = recipient.map(str::to_owned);
    EventKind::Receipt(Receipt { status, recipient, error, ..Receipt::default() })
}

/// Viber gives a failure's words; the numbers are those of its answers ("REST bot API, error codes").
fn error(code: String, reason: String) -> ReceiptError {
    let class = match code.as_str() {
        "1" | "2" | "9" | "10" | "11" => ErrorClass::Auth,
        "3" | "4" | "7" => ErrorClass::Invalid,
        "5" | "8" | "20" => ErrorClass::Unreachable,
        "6" => ErrorClass::OptedOut,
        "12" => ErrorClass::Rate,
        "13" | "14" => ErrorClass::Content,
        _ if reason.to_ascii_lowercase().contains("not subscribed") => ErrorClass::OptedOut,
        _ => ErrorClass::Unspecified,
    };
    ReceiptError { class, code, reason }
}
