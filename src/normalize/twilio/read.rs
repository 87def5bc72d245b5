//! Tells requests apart, and one kind of address from another.

use super::super::fields::{event, is_whatsapp_user_id, phone_like};
use super::super::form::Form;
use super::super::json;
use super::super::normalized::Request;
use super::super::refusal::{Refusal, bounded};
use super::{FORMAT, conversations, message, status, stream};
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Sender};

/// Who writes on an endpoint, by the channel in its subject.
#[derive(Clone, Copy)]
pub(super) struct People {
    /// Their numbers are known to WhatsApp, though the address does not say so.
    pub(super) whatsapp: bool,
    /// They are visitors of a web chat, or the channel is not known.
    pub(super) visitors: bool,
}

/// Every event of one request: one, or many from an event stream.
pub(in super::super) fn read(request: &Request<'_>) -> Result<Vec<InboundEvent>, Refusal> {
    let people =
        People { whatsapp: request.channel == "whatsapp", visitors: matches!(request.channel, "chat" | "web" | "") };
    let query = Form::parse(FORMAT, request.query.unwrap_or_default().as_bytes())?;
    if matches!(request.body.iter().find(|b| !b.is_ascii_whitespace()), Some(b'[' | b'{')) {
        return stream::read(request.body, &query, people);
    }
    // A webhook may be configured as GET: then the query string is all there is.
    let form = if request.body.is_empty() { query.clone() } else { Form::parse(FORMAT, request.body)? };
    read_form(&form, &query, people)
}

/// What a request's form says.
pub(super) fn read_form(form: &Form<'_>, query: &Form<'_>, people: People) -> Result<Vec<InboundEvent>, Refusal> {
    if form.get("EventType").is_some_and(|kind| kind.starts_with("on")) && form.has("ConversationSid") {
        return Ok(vec![conversations::read(form, people)]);
    }
    match form.get("MessageStatus").or_else(|| form.get("SmsStatus").filter(|status| !is_inbound(status))) {
        Some(status) if !is_inbound(status) => status::read(form, query, status, people.whatsapp),
        _ if form.has("CallSid") && !form.has("MessageSid") => {
            let kind = bounded(&format!("call:{}", form.get("CallStatus").unwrap_or_default()));
            Ok(vec![event(EventKind::Ignored { kind })])
        }
        _ if form.has("PayloadType") && form.has("Level") => Ok(vec![alarm(form)]),
        _ => message::read(form, people.whatsapp).map(|event| vec![event]),
    }
}

fn is_inbound(status: &str) -> bool {
    matches!(status, "received" | "receiving")
}

/// A request of the debugger's webhook: something is wrong with our account.
fn alarm(form: &Form<'_>) -> InboundEvent {
    let detail = json::without_urls(form.get("Payload").unwrap_or_default()).into_owned();
    let mut found = event(EventKind::Account {
        subject: format!("debugger:{}", form.get("Level").unwrap_or_default().to_ascii_lowercase()),
        detail,
    });
    found.event_id = form.owned("Sid");
    if let Some(time) = form.get("Timestamp") {
        set_iso_time(&mut found, time);
    }
    found
}

/// A time as Twilio's newer products write it (RFC 3339).
pub(super) fn set_iso_time(event: &mut InboundEvent, time: &str) {
    let moment = time.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond());
    super::super::fields::set_moment(event, moment, time);
}

/// A scheme of Twilio's addresses, `whatsapp:+49...`, and the address.
pub(super) fn split(address: &str) -> (&str, &str) {
    address.split_once(':').unwrap_or(("", address))
}

/// The address as the channel names it. `whatsapp` says that the channel is WhatsApp although the address does not.
pub(super) fn sender(address: &str, whatsapp: bool) -> Sender {
    let (scheme, bare) = split(address);
    let named = |kind| Sender { kind, address: bare.to_owned() };
    match scheme {
        "messenger" | "fb" => named(AddressKind::Messenger),
        "instagram" => named(AddressKind::Instagram),
        "telegram" => named(AddressKind::Telegram),
        "viber" => named(AddressKind::Viber),
        "line" => named(AddressKind::Line),
        "whatsapp" => whatsapp_address(bare),
        "" if whatsapp => whatsapp_address(bare),
        "" | "sms" | "mms" | "tel" => phone_like(bare),
        // A person of RCS is a phone; our side of it is an agent's name.
        "rcs" if bare.starts_with('+') => phone_like(bare),
        // "client:name", "rcs:agent" and what else may come: not a phone, kept whole.
        _ => Sender { kind: AddressKind::ShortCode, address: address.to_owned() },
    }
}

fn whatsapp_address(bare: &str) -> Sender {
    if is_whatsapp_user_id(bare) {
        Sender { kind: AddressKind::Whatsapp, address: bare.to_owned() }
    } else {
        super::super::fields::international(bare)
    }
}

/// Who vouches for an address: the network, or for phones nobody.
pub(super) fn assurance(address: &str, whatsapp: bool) -> Assurance {
    match split(address).0 {
        "whatsapp" | "messenger" | "fb" | "instagram" | "telegram" | "viber" | "line" => Assurance::Platform,
        "" if whatsapp => Assurance::Platform,
        _ => Assurance::Claimed,
    }
}
