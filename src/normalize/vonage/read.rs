//! Tells the two APIs apart, and messages from reports.

use super::super::fields::{event, international, set_moment, set_time};
use super::super::form::Form;
use super::super::json::{self, Text};
use super::super::normalized::Request;
use super::super::refusal::Refusal;
use super::payload::{Party, Webhook};
use super::{messages, sms};
use crate::domain::event::{AddressKind, EventKind, InboundEvent, Sender};

const FORMAT: &str = "vonage";

/// Shortest number in international form: what is shorter is a short code.
const MIN_PHONE_DIGITS: usize = 7;

/// The one event of a request.
pub(in super::super) fn read(request: &Request<'_>) -> Result<Vec<InboundEvent>, Refusal> {
    if request.body.trim_ascii_start().starts_with(b"{") {
        let text = &*json::checked(request.body)?;
        let webhook: Webhook<'_> = json::parse(FORMAT, text)?;
        let message = webhook.message_uuid.is_some() || webhook.message_id.is_some() || webhook.msisdn.is_some();
        if webhook.uuid.is_some() && webhook.conversation_uuid.is_some() && !message {
            let status = webhook.status.as_ref().map_or("", Text::as_str);
            return Ok(vec![event(EventKind::Ignored { kind: format!("voice:{status}") })]);
        }
        return if webhook.message_uuid.is_some() { Ok(messages::read(webhook)) } else { sms::read(webhook) };
    }
    let query = request.query.unwrap_or_default().as_bytes();
    // A webhook may be configured as GET: then the query string is all there is.
    let mut form = Form::parse(FORMAT, if request.body.is_empty() { query } else { request.body })?;
    sms::read(of_form(&mut form))
}

fn of_form<'a>(form: &mut Form<'a>) -> Webhook<'a> {
    let mut field = |name: &str| form.take(name).map(Text::from);
    Webhook {
        msisdn: field("msisdn"),
        message_id: field("messageId").or_else(|| field("message-id")),
        kind: field("type"),
        message_timestamp: field("message-timestamp"),
        data: field("data"),
        udh: field("udh"),
        concat: field("concat"),
        concat_ref: field("concat-ref"),
        concat_total: field("concat-total"),
        concat_part: field("concat-part"),
        err_code: field("err-code"),
        price: field("price"),
        network_code: field("network-code"),
        client_dash_ref: field("client-ref"),
        to: field("to").map(Party::from),
        text: field("text"),
        status: field("status"),
        timestamp: field("timestamp"),
        ..Webhook::default()
    }
}

/// A number without a plus, a short code or a name.
pub(super) fn phone(address: &str) -> Sender {
    let digits = address.strip_prefix('+').unwrap_or(address);
    if digits.len() >= MIN_PHONE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit()) {
        international(digits)
    } else {
        Sender { kind: AddressKind::ShortCode, address: address.to_owned() }
    }
}

/// Notes a time as RFC 3339, as `2020-01-01 12:00:00` in UTC, or as a number.
pub(super) fn moment(event: &mut InboundEvent, sent: &str) {
    if sent.parse::<i64>().is_ok() {
        return set_time(event, sent);
    }
    if sent.is_empty() {
        return;
    }
    let zoned = sent.parse::<jiff::Timestamp>().ok();
    let civil = || {
        let civil = sent.parse::<jiff::civil::DateTime>().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
    };
    set_moment(event, zoned.or_else(civil).map(jiff::Timestamp::as_millisecond), sent);
}

/// A reference is our adapter's own: it put our message's id there.
pub(super) fn our_id(reference: Option<Text<'_>>) -> Option<String> {
    json::filled(reference)
}
