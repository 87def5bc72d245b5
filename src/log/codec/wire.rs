//! Protocol buffer fields written straight from borrowed values.
//!
//! A record is written for every message of every customer. Building the generated types first copies each name and text into a
//! string of its own and took five times as long. Only what stands in most records is written this way; that the bytes are those
//! of the generated types is what the tests of the codec check.

use prost::Message;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;

/// Writes fields at the end of a buffer. Zero and empty values of fields without presence are left out, as proto3 wants it.
pub(super) struct Wire<'a>(pub(super) &'a mut Vec<u8>);

impl Wire<'_> {
    pub(super) fn uint(&mut self, field: u32, value: impl Into<u64>) {
        let value = value.into();
        if value != 0 {
            self.present(field, value);
        }
    }

    /// An enum or `int64`.
    pub(super) fn int(&mut self, field: u32, value: impl Into<i64>) {
        self.uint(field, value.into().cast_unsigned());
    }

    /// A field with presence, when there is one.
    pub(super) fn optional(&mut self, field: u32, value: Option<u64>) {
        if let Some(value) = value {
            self.present(field, value);
        }
    }

    pub(super) fn fixed(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.key(field, FIXED64);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }

    pub(super) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.optional_text(field, Some(text));
        }
    }

    /// A text with presence, when there is one.
    pub(super) fn optional_text(&mut self, field: u32, text: Option<&str>) {
        if let Some(text) = text {
            self.bytes(field, text.as_bytes());
        }
    }

    /// Bytes with presence.
    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.key(field, BYTES);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn packed(&mut self, field: u32, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() != 0 {
            self.nested(field, |wire| values.for_each(|value| wire.varint(value)));
        }
    }

    /// A generated message.
    pub(super) fn message(&mut self, field: u32, message: &impl Message) {
        self.key(field, BYTES);
        self.varint(message.encoded_len() as u64);
        message.encode_raw(self.0);
    }

    /// A message, or other bytes, of the fields that `write` writes.
    pub(super) fn nested(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.key(field, BYTES);
        // Most lengths take one byte; what is longer moves on.
        let at = self.0.len();
        self.0.push(0);
        write(self);
        let mut length = self.0.len() - at - 1;
        let mut place = at;
        while length >= 0x80 {
            self.0[place] = length.to_le_bytes()[0] | 0x80;
            length >>= 7;
            place += 1;
            self.0.insert(place, 0);
        }
        self.0[place] = length.to_le_bytes()[0];
    }

    fn present(&mut self, field: u32, value: u64) {
        self.key(field, VARINT);
        self.varint(value);
    }

    fn key(&mut self, field: u32, wire_type: u32) {
        self.varint((field << 3 | wire_type).into());
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}
