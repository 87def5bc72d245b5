//! What Messenger differs in, and the way in.

use super::super::meta::{self, Platform};
use super::super::refusal::Refusal;
use super::feed;
use crate::domain::event::{AddressKind, InboundEvent};

pub(super) const PLATFORM: Platform =
    Platform { format: "messenger", object: "page", address: AddressKind::Messenger, change: feed::read };

/// Every event of one webhook.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    meta::read(&PLATFORM, bytes)
}
