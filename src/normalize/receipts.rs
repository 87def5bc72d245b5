//! What a receipt means besides what became of the message: a recipient who refused it has opted out (domain rules, section 3).
//!
//! It holds for the receipts of all providers, so no format does it by itself. In our own formats one body is one event, and whoever
//! speaks them tells an opt-out by itself.

use super::Format;
use crate::domain::channel::refuses_marketing_only;
use crate::domain::event::{ErrorClass, EventKind, InboundEvent, Receipt};

/// Purpose of the refusals that concern marketing messages only.
const MARKETING: &str = "marketing_messages";

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
    // Anybody can write a mail that reports about anybody: of those, the core believes what names a mail of ours.
    let named = format != Format::Email && !receipt.senders.is_empty();
    named.then(|| InboundEvent {
        kind: EventKind::Opt { opted_in: false, purpose, payload: None, title: None },
        ..receipt.clone()
    })
}

/// What the recipient of a refused message does not want; empty: any message.
fn purpose(event: &InboundEvent) -> Option<&'static str> {
    let EventKind::Receipt(Receipt { error: Some(error), .. }) = &event.kind else { return None };
    let marketing = refuses_marketing_only(&error.code);
    (error.class == ErrorClass::OptedOut).then_some(if marketing { MARKETING } else { "" })
}
