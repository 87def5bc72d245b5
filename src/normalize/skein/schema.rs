//! The contract's messages as tables: which field a JSON name means, and how its value goes onto the wire. Made once from the
//! descriptors, so that the tables cannot differ from the generated code.

use std::collections::HashMap as Map;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use prost_reflect::{Cardinality, DescriptorPool, EnumDescriptor, Kind, MessageDescriptor};

use crate::proto::DESCRIPTOR_SET;

/// Fields of one message are remembered in the bits of a word.
const MAX_FIELDS: usize = 64;

pub(super) static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTOR_SET).expect("the descriptor set was made by the build of this binary")
});

pub(super) static INBOUND_EVENT: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    POOL.get_message_by_name("skein.channel.v1.InboundEvent").expect("the channel contract has an InboundEvent")
});

/// All that an inbound event can hold.
pub(super) static INBOUND: LazyLock<Schema> = LazyLock::new(|| Schema::of(&INBOUND_EVENT));

/// Tables of a message and of everything in it.
#[derive(Debug)]
pub(super) struct Schema {
    messages: Vec<Message>,
    enums: Vec<HashMap<String, i32, FixedState>>,
}

/// Index of a message in its schema. The outermost one is 0.
pub(super) type MessageId = usize;

#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) fields: Vec<Field>,
    /// Both spellings, `messageRef` and `message_ref`, of each field.
    names: HashMap<String, usize, FixedState>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) list: bool,
    /// Index of the oneof that it belongs to.
    pub(super) oneof: Option<usize>,
    pub(super) value: Value,
}

/// What a value is, and its form on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Fixed32,
    Fixed64,
    Bool,
    String,
    Enum(usize),
    Message(MessageId),
}

impl Message {
    pub(super) fn field(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn numbered(&self, number: u32) -> Option<&Field> {
        self.fields.iter().find(|field| field.number == number)
    }
}

impl Schema {
    fn of(outermost: &MessageDescriptor) -> Self {
        let mut schema = Self { messages: Vec::new(), enums: Vec::new() };
        schema.message(outermost, &mut Map::new());
        schema
    }

    pub(super) fn get(&self, id: MessageId) -> &Message {
        &self.messages[id]
    }

    pub(super) fn enum_number(&self, id: usize, name: &str) -> Option<i32> {
        self.enums[id].get(name).copied()
    }

    fn message(&mut self, descriptor: &MessageDescriptor, known: &mut Map<String, MessageId>) -> MessageId {
        if let Some(id) = known.get(descriptor.full_name()) {
            return *id;
        }
        let id = self.messages.len();
        known.insert(descriptor.full_name().to_owned(), id);
        self.messages.push(Message::default());
        let mut made = Message::default();
        for field in descriptor.fields() {
            assert!(!field.is_map(), "a map has a JSON form of its own that the reader must learn first");
            let at = made.fields.len();
            assert!(at < MAX_FIELDS, "a message of the contract has more fields than a word has bits");
            made.names.insert(field.json_name().to_owned(), at);
            made.names.insert(field.name().to_owned(), at);
            let oneof = field.containing_oneof();
            let oneof = oneof.and_then(|oneof| descriptor.oneofs().position(|other| other == oneof));
            made.fields.push(Field {
                name: field.name().to_owned(),
                number: field.number(),
                list: field.cardinality() == Cardinality::Repeated,
                oneof,
                value: self.value(&field.kind(), known),
            });
        }
        self.messages[id] = made;
        id
    }

    fn value(&mut self, kind: &Kind, known: &mut Map<String, MessageId>) -> Value {
        match kind {
            Kind::Double => Value::Double,
            Kind::Float => Value::Float,
            Kind::Int32 => Value::Int32,
            Kind::Int64 => Value::Int64,
            Kind::Uint32 => Value::Uint32,
            Kind::Uint64 => Value::Uint64,
            Kind::Fixed32 => Value::Fixed32,
            Kind::Fixed64 => Value::Fixed64,
            Kind::Bool => Value::Bool,
            Kind::String => Value::String,
            Kind::Enum(descriptor) => Value::Enum(self.enumeration(descriptor)),
            Kind::Message(message) if !message.full_name().starts_with("google.protobuf.") => {
                Value::Message(self.message(message, known))
            }
            other => panic!("{other:?} has a JSON form of its own that the reader must learn first"),
        }
    }

    fn enumeration(&mut self, descriptor: &EnumDescriptor) -> usize {
        self.enums.push(descriptor.values().map(|value| (value.name().to_owned(), value.number())).collect());
        self.enums.len() - 1
    }
}
