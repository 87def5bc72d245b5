//! Messages and enums of the channel contract with their comments, by name.

use std::collections::BTreeMap;

use anyhow::Context as _;
use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

use crate::proto::DESCRIPTOR_SET;

/// The package whose messages adapters read and write.
const PACKAGE: &str = "skein.channel.v1";
/// Field numbers of `google.protobuf` descriptors, as the paths of comments name them.
const MESSAGE_OF_FILE: i32 = 4;
const ENUM_OF_FILE: i32 = 5;
const FIELD_OF_MESSAGE: i32 = 2;
const VALUE_OF_ENUM: i32 = 2;

/// Something with a comment of its own and comments of its fields or values, in order.
#[derive(Debug)]
pub(super) struct Commented<T> {
    pub(super) of: T,
    pub(super) comment: String,
    pub(super) parts: Vec<String>,
}

/// The contract.
#[derive(Debug, Default)]
pub(super) struct Contract {
    pub(super) messages: BTreeMap<String, Commented<DescriptorProto>>,
    pub(super) enums: BTreeMap<String, Commented<EnumDescriptorProto>>,
}

impl Contract {
    /// Of this binary.
    pub(super) fn load() -> anyhow::Result<Self> {
        let set = FileDescriptorSet::decode(DESCRIPTOR_SET).context("the descriptor set of this binary")?;
        let mut contract = Self::default();
        for file in set.file.into_iter().filter(|file| file.package() == PACKAGE) {
            contract.add(file);
        }
        Ok(contract)
    }

    fn add(&mut self, file: FileDescriptorProto) {
        let comments: BTreeMap<Vec<i32>, String> = file
            .source_code_info
            .into_iter()
            .flat_map(|info| info.location)
            .map(|location| (location.path.clone(), one_line(location.leading_comments())))
            .collect();
        let comment = |path: &[i32]| comments.get(path).cloned().unwrap_or_default();
        for (at, message) in (0..).zip(file.message_type) {
            let fields = (0..).zip(&message.field);
            let parts = fields.map(|(field, _)| comment(&[MESSAGE_OF_FILE, at, FIELD_OF_MESSAGE, field])).collect();
            let name = message.name().to_owned();
            self.messages.insert(name, Commented { of: message, comment: comment(&[MESSAGE_OF_FILE, at]), parts });
        }
        for (at, listed) in (0..).zip(file.enum_type) {
            let values = (0..).zip(&listed.value);
            let parts = values.map(|(value, _)| comment(&[ENUM_OF_FILE, at, VALUE_OF_ENUM, value])).collect();
            let name = listed.name().to_owned();
            self.enums.insert(name, Commented { of: listed, comment: comment(&[ENUM_OF_FILE, at]), parts });
        }
    }
}

fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
