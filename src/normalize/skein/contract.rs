//! Reads and writes the contract's messages by their descriptors.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

use super::super::convert::{event_from_proto, event_to_proto};
use super::super::json;
use super::super::refusal::Refusal;
use super::strict;
use crate::domain::event::InboundEvent;
use crate::proto::{DESCRIPTOR_SET, channel};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTOR_SET).expect("the descriptor set was made by the build of this binary")
});

static INBOUND_EVENT: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    POOL.get_message_by_name("skein.channel.v1.InboundEvent").expect("the channel contract has an InboundEvent")
});

/// One event from canonical proto JSON.
pub(in super::super) fn from_json(bytes: &[u8]) -> Result<InboundEvent, Refusal> {
    const FORMAT: &str = "skein.v1+json";
    let text = json::checked(bytes)?;
    strict::check(text, &INBOUND_EVENT)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(INBOUND_EVENT.clone(), &mut deserializer, &options)
        .and_then(|message| deserializer.end().map(|()| message))
        .map_err(|error| json::refusal(FORMAT, &error))?;
    let event: channel::InboundEvent =
        message.transcode_to().map_err(|_| Refusal::Malformed { format: FORMAT, line: 0, column: 0 })?;
    Ok(event_from_proto(event)?)
}

/// One event from protobuf.
pub(in super::super) fn from_protobuf(bytes: &[u8]) -> Result<InboundEvent, Refusal> {
    let event = channel::InboundEvent::decode(bytes).map_err(|_| Refusal::Malformed {
        format: "skein.v1+protobuf",
        line: 0,
        column: 0,
    })?;
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

fn canonical_json(descriptor: &MessageDescriptor, message: &impl prost::Message) -> String {
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic.transcode_from(message).expect("the generated type and the descriptor come from one file");
    serde_json::to_string(&dynamic).expect("every value of a message has a JSON form")
}
