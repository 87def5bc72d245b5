//! What Instagram differs in, and the way in.

use super::super::meta::{self, Platform};
use super::super::refusal::Refusal;
use super::comment;
use crate::domain::event::{AddressKind, InboundEvent};

pub(super) const PLATFORM: Platform =
    Platform { format: "instagram", object: "instagram", address: AddressKind::Instagram, change: comment::read };

/// Every event of one webhook.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    meta::read(&PLATFORM, bytes)
}
