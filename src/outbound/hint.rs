//! What adapters are told live: subject and bytes. In no stream, so nobody gets it later.

use bytes::Bytes;

use super::convert::typing;
use crate::domain::view::AnswerAddress;
use crate::normalize::outbound_to_json;

/// Subject and bytes that say that somebody of ours is typing.
#[must_use]
pub fn typing_hint(workspace: &str, to: &AnswerAddress) -> (String, Bytes) {
    let subject = format!("skein.live.{workspace}.out.{}.{}", to.channel, to.endpoint);
    (subject, outbound_to_json(&typing(to)).into())
}
