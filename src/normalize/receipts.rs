//! What a receipt means besides what became of the message: a recipient who refused it has opted out (domain rules, section 3).
//!
//! It holds for the receipts of all providers, so no format does it by itself. In our own formats one body is one event, and whoever
//! speaks them tells an opt-out by itself.

use super::Format;
use crate::domain::event::{AddressKind, ErrorClass, EventKind, InboundEvent, Receipt, Sender};

/// Purpose of the refusals that concern marketing messages only.
const MARKETING: &str = "marketing_messages";

/// Codes of such refusals: of WhatsApp, and of Twilio for it.
const MARKETING_CODES: [&str; 2] = ["131050", "63050"];

/// Whether it says that the recipient does not want such messages.
pub(super) fn is_refused(event: &InboundEvent) -> bool {
    purpose(event).is_some()
}

/// Behind each receipt that says so, that the recipient opted out. A refusal of nobody is none.
pub(super) fn with_opt_outs(events: Vec<InboundEvent>, format: Format) -> Vec<InboundEvent> {
    let mut all = Vec::with_capacity(events.len() + 1);
    for event in events {
        let opt_out = opt_out(&event, format);
        all.push(event);
        all.extend(opt_out);
    }
    all
}

fn opt_out(receipt: &InboundEvent, format: Format) -> Option<InboundEvent> {
    let purpose = purpose(receipt)?.to_owned();
    let mut found = InboundEvent {
        kind: EventKind::Opt { opted_in: false, purpose, payload: None, title: None },
        ..receipt.clone()
    };
    if found.senders.is_empty() && format == Format::Email {
        let EventKind::Receipt(Receipt { recipient: Some(address), .. }) = &receipt.kind else { return None };
        found.senders.push(Sender { kind: AddressKind::Email, address: address.clone() });
    }
    (!found.senders.is_empty()).then_some(found)
}

/// What the recipient of a refused message does not want; empty: any message.
fn purpose(event: &InboundEvent) -> Option<&'static str> {
    let EventKind::Receipt(Receipt { error: Some(error), .. }) = &event.kind else { return None };
    let marketing = MARKETING_CODES.contains(&error.code.as_str());
    (error.class == ErrorClass::OptedOut).then_some(if marketing { MARKETING } else { "" })
}
