//! Tells messages from callbacks, and one kind of address from another.

use super::super::fields::{is_whatsapp_user_id, phone_like};
use super::super::refusal::Refusal;
use super::super::run::Request;
use super::form::Form;
use super::{message, status};
use crate::domain::event::{AddressKind, InboundEvent, Sender};

/// Every event of one request: usually one, two when a failure means an opt-out.
pub(in super::super) fn read(request: &Request<'_>) -> Result<Vec<InboundEvent>, Refusal> {
    let query = Form::parse(request.query.unwrap_or_default().as_bytes())?;
    // A webhook may be configured as GET: then the query string is all there is.
    let form = if request.body.is_empty() { query.clone() } else { Form::parse(request.body)? };
    let whatsapp = request.channel == "whatsapp";
    match form.get("MessageStatus").or_else(|| form.get("SmsStatus").filter(|status| !is_inbound(status))) {
        Some(status) if !is_inbound(status) => status::read(&form, &query, status, whatsapp),
        _ => message::read(&form, whatsapp).map(|event| vec![event]),
    }
}

fn is_inbound(status: &str) -> bool {
    matches!(status, "received" | "receiving")
}

/// A scheme of Twilio's addresses, `whatsapp:+49...`, and the address.
pub(super) fn split(address: &str) -> (&str, &str) {
    address.split_once(':').unwrap_or(("", address))
}

/// The address as the channel names it. `whatsapp` says that the channel is WhatsApp although the address does not.
pub(super) fn sender(address: &str, whatsapp: bool) -> Sender {
    let (scheme, bare) = split(address);
    match scheme {
        "messenger" => Sender { kind: AddressKind::Messenger, address: bare.to_owned() },
        "whatsapp" => whatsapp_address(bare),
        _ if whatsapp => whatsapp_address(bare),
        // "client:name", "rcs:agent" and what else may come: not a phone, kept whole.
        "" => phone_like(bare),
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

pub(super) fn is_whatsapp(address: &str, channel: bool) -> bool {
    channel || address.starts_with("whatsapp:")
}
