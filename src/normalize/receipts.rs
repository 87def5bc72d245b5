//! What a receipt means besides what became of the message: a recipient who refused it has opted out (domain rules, section 3).

use crate::domain::event::{ErrorClass, EventKind, InboundEvent};

/// Purpose of the refusals that WhatsApp tells only marketing messages of.
pub(super) const MARKETING: &str = "marketing_messages";

/// The receipt; behind it, when its error says so, that the recipient opted out of `purpose`. A refusal of nobody is none.
pub(super) fn with_opt_out(receipt: InboundEvent, purpose: &str) -> impl Iterator<Item = InboundEvent> {
    let refused = matches!(&receipt.kind, EventKind::Receipt(found)
        if found.error.as_ref().is_some_and(|error| error.class == ErrorClass::OptedOut));
    let opt_out = (refused && !receipt.senders.is_empty()).then(|| InboundEvent {
        kind: EventKind::Opt { opted_in: false, purpose: purpose.to_owned(), payload: None, title: None },
        ..receipt.clone()
    });
    std::iter::once(receipt).chain(opt_out)
}
