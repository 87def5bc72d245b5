//! The way of every format: limit, parse, check ids, set aside what is nobody's.

use super::normalized::{Normalized, Request};
use super::refusal::{Refusal, bounded};
use super::{Format, email, instagram, line, messenger, receipts, skein, telegram, twilio, viber, vonage, whatsapp};
use crate::domain::event::{EventKind, InboundEvent};

/// Version of the rules by which bytes become an ordered list of events. A position holds it: it rises whenever the same bytes
/// could give another number or order of events than before.
pub const SPLITTER_VERSION: u16 = 4;

/// Most bytes of a body that is no mail: the stream's own limit on a message.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Most bytes of a mail (domain rules, section 2).
pub const MAX_MAIL_BYTES: usize = 25 * 1024 * 1024;

/// Most bytes of an id: Message-IDs of real mailers stay under RFC 5322's line length of 998.
pub const MAX_ID_BYTES: usize = 1024;

/// Most events of one body: a MiB of the shortest ids that providers give holds fewer. A position counts them by 16 bits, with
/// those that a refused message adds.
pub(super) const MAX_EVENTS: usize = 16_384;

/// Reads the bytes of a request. Pure: the same request gives the same events in the same order.
///
/// # Errors
///
/// The [`Refusal`] with which the bytes belong into a dead letter.
pub fn normalize(format: Format, request: Request<'_>) -> Result<Normalized, Refusal> {
    let limit = match format {
        Format::Email => MAX_MAIL_BYTES,
        Format::SkeinJson
        | Format::SkeinProtobuf
        | Format::WhatsappCloud
        | Format::Twilio
        | Format::Messenger
        | Format::Instagram
        | Format::Telegram
        | Format::Line
        | Format::Viber
        | Format::Vonage => MAX_BODY_BYTES,
    };
    if request.body.len() > limit {
        return Err(Refusal::TooLarge { bytes: request.body.len(), limit });
    }
    let mut normalized = match format {
        Format::SkeinJson => one(skein::from_json(request.body)?),
        Format::SkeinProtobuf => one(skein::from_protobuf(request.body)?),
        Format::WhatsappCloud => these(whatsapp::read(request.body)?),
        Format::Twilio => these(twilio::read(&request)?),
        Format::Email => email::read(&request)?,
        Format::Messenger => these(messenger::read(request.body)?),
        Format::Instagram => these(instagram::read(request.body)?),
        Format::Telegram => these(telegram::read(request.body)?),
        Format::Line => these(line::read(request.body)?),
        Format::Viber => these(viber::read(request.body)?),
        Format::Vonage => these(vonage::read(&request)?),
    };
    if normalized.events.len() > MAX_EVENTS {
        return Err(Refusal::TooMany { what: "events", limit: MAX_EVENTS });
    }
    // In our own formats one body is one event: who speaks them tells an opt-out by itself.
    let of_provider = !matches!(format, Format::SkeinJson | Format::SkeinProtobuf);
    let mut refused = false;
    for event in &normalized.events {
        check_ids(event)?;
        refused |= of_provider && receipts::is_refused(event);
    }
    if refused {
        normalized.events = receipts::with_opt_outs(normalized.events, format);
    }
    set_aside(&mut normalized);
    Ok(normalized)
}

fn one(event: InboundEvent) -> Normalized {
    these(vec![event])
}

fn these(events: Vec<InboundEvent>) -> Normalized {
    Normalized { events, ..Normalized::default() }
}

fn set_aside(normalized: &mut Normalized) {
    let ignored = &mut normalized.ignored;
    normalized.events.retain(|event| match &event.kind {
        EventKind::Ignored { kind } => {
            ignored.push(bounded(kind));
            false
        }
        _ => true,
    });
}

/// Ids become keys, and some become headers of answers: no line ends, no bulk.
fn check_ids(event: &InboundEvent) -> Result<(), Refusal> {
    let ids = [
        ("event_id", &event.event_id),
        ("message_ref", &event.message_ref),
        ("thread", &event.thread),
        ("our_address", &event.our_address),
    ];
    for (field, id) in ids {
        if id.as_deref().is_some_and(unusable) {
            return Err(Refusal::BadId { field });
        }
    }
    if event.senders.iter().any(|sender| unusable(&sender.address)) {
        return Err(Refusal::BadId { field: "senders" });
    }
    Ok(())
}

fn unusable(id: &str) -> bool {
    id.len() > MAX_ID_BYTES || id.bytes().any(|b| b.is_ascii_control())
}
