//! Reads and writes the contract's messages.

use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::super::convert::{event_from_proto, event_to_proto};
use super::super::json;
use super::super::refusal::Refusal;
use super::schema::{INBOUND, INBOUND_EVENT, POOL};
use super::{limits, reader};
use crate::domain::event::InboundEvent;
use crate::proto::channel;

/// One event from canonical proto JSON.
pub(in super::super) fn from_json(bytes: &[u8]) -> Result<InboundEvent, Refusal> {
    let text = &*json::checked(bytes)?;
    decode(reader::FORMAT, &reader::wire(text, &INBOUND)?)
}

/// One event from protobuf.
pub(in super::super) fn from_protobuf(bytes: &[u8]) -> Result<InboundEvent, Refusal> {
    decode("skein.v1+protobuf", bytes)
}

fn decode(format: &'static str, wire: &[u8]) -> Result<InboundEvent, Refusal> {
    limits::check(wire, &INBOUND)?;
    let event = channel::InboundEvent::decode(wire).map_err(|_| Refusal::Malformed { format, line: 0, column: 0 })?;
    Ok(event_from_proto(event)?)
}

/// The event as canonical proto JSON on one line, as an adapter could have sent it.
#[must_use]
pub fn to_json(event: &InboundEvent) -> String {
    canonical_json(&INBOUND_EVENT, &event_to_proto(event))
}

/// What an adapter is asked to do, as canonical proto JSON on one line.
#[must_use]
pub fn outbound_to_json(message: &channel::OutboundMessage) -> String {
    let descriptor = POOL.get_message_by_name("skein.channel.v1.OutboundMessage");
    canonical_json(&descriptor.expect("the channel contract has an OutboundMessage"), message)
}

/// Any message of our contracts as canonical proto JSON on one line. `name`: its full name.
///
/// # Panics
/// There is no message of that name.
#[must_use]
pub fn message_to_json(name: &str, message: &impl prost::Message) -> String {
    let descriptor = POOL.get_message_by_name(name);
    canonical_json(&descriptor.expect("the contracts have a message of that name"), message)
}

fn canonical_json(descriptor: &MessageDescriptor, message: &impl prost::Message) -> String {
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic.transcode_from(message).expect("the generated type and the descriptor come from one file");
    serde_json::to_string(&dynamic).expect("every value of a message has a JSON form")
}
