//! The events of one webhook, no more than a webhook can hold.

use super::super::fields::event;
use super::super::refusal::{Refusal, bounded};
use crate::domain::event::{EventKind, InboundEvent};

/// Most events of one webhook: a MiB of the shortest real messages has about as many.
const MAX_EVENTS: usize = 4_096;

/// In the payload's order.
#[derive(Default)]
pub(super) struct Events {
    made: Vec<InboundEvent>,
    dropped: bool,
}

impl Events {
    pub(super) fn push(&mut self, event: InboundEvent) {
        if self.made.len() < MAX_EVENTS {
            self.made.push(event);
        } else {
            self.dropped = true;
        }
    }

    /// Notes what is nobody's, to be counted.
    pub(super) fn ignored(&mut self, kind: &str) {
        self.push(event(EventKind::Ignored { kind: bounded(kind) }));
    }

    pub(super) fn len(&self) -> usize {
        self.made.len()
    }

    /// The events made since there were so many.
    pub(super) fn since(&mut self, len: usize) -> &mut [InboundEvent] {
        &mut self.made[len..]
    }

    /// All of them, or none: a webhook that is cut short would lose somebody's words silently.
    pub(super) fn into_vec(self) -> Result<Vec<InboundEvent>, Refusal> {
        if self.dropped { Err(Refusal::TooMany { what: "events", limit: MAX_EVENTS }) } else { Ok(self.made) }
    }
}
