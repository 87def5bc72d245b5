//! The whole record: envelope, changes, content.

use prost::Message as _;

use super::content::{content_from, write_content};
use super::error::CodecError;
use super::read::{change_from, input_from};
use super::wire::Wire;
use super::write::{write_change, write_input};
use crate::domain::id::{Index, LeafId, Name};
use crate::domain::record::{Cause, Record, Request, Touch};
use crate::domain::time::Timestamp;
use crate::keys::KeyRings;
use crate::proto::log as p;

/// The format that this build writes, and the latest that it reads.
pub const FORMAT: u32 = 1;

/// Key of `Record.format`: field 1, varint. It is written first, so that it is read before anything that could have changed.
const FORMAT_KEY: u8 = 0x08;

/// Appends the bytes of `record` to `out`, its content sealed.
pub fn encode(record: &Record, keys: &KeyRings, out: &mut Vec<u8>) {
    let mut wire = Wire(out);
    wire.uint(1, FORMAT);
    wire.uint(2, record.index.0);
    wire.int(3, record.time.0);
    wire.text(4, &record.workspace);
    write_cause(&mut wire, &record.cause);
    for touch in &record.touches {
        wire.nested(9, |wire| {
            wire.uint(1, touch.leaf.0);
            wire.packed(2, touch.previous.iter().copied());
        });
    }
    wire.optional(10, Some(count(record.changes.len()).into()));
    write_content(&mut wire, 11, record, keys);
    let ring = keys.get(&record.workspace);
    let seal = |secret: &[u8]| ring.map_or_else(Vec::new, |ring| ring.seal_own(record.index, secret));
    for change in &record.changes {
        wire.nested(12, |wire| write_change(wire, change, &seal));
    }
}

/// The record of `bytes`, which stand at `index` of the log.
///
/// # Errors
/// See [`CodecError`]; all of them mean that this build cannot go on with this log.
pub fn decode(index: Index, bytes: &[u8], keys: &KeyRings) -> Result<Record, CodecError> {
    check_format(bytes)?;
    let record = p::Record::decode(bytes)?;
    // What a decoder of protocol buffers does not know, it drops: then it would give back less than it was given.
    if record.encoded_len() != bytes.len() {
        return Err(CodecError::UnknownFields("record"));
    }
    from_proto(index, record, keys)
}

fn check_format(bytes: &[u8]) -> Result<(), CodecError> {
    let Some((&FORMAT_KEY, mut rest)) = bytes.split_first() else {
        return Err(CodecError::Missing("format"));
    };
    let found = prost::decode_length_delimiter(&mut rest)?;
    match u32::try_from(found) {
        Ok(FORMAT) => Ok(()),
        Ok(0) => Err(CodecError::Missing("format")),
        Ok(found) => Err(CodecError::Format { found }),
        Err(_) => Err(CodecError::Value("format")),
    }
}

fn from_proto(index: Index, record: p::Record, keys: &KeyRings) -> Result<Record, CodecError> {
    if record.index != index.0 {
        return Err(CodecError::Index { expected: index, found: Index(record.index) });
    }
    let announced = record.change_count.ok_or(CodecError::Missing("count of changes"))?;
    if announced != count(record.changes.len()) {
        return Err(CodecError::ChangeCount { announced, found: record.changes.len() });
    }
    let ring = keys.get(&record.workspace);
    let open = |secret: &[u8]| match ring {
        Some(ring) if !secret.is_empty() => Ok(Some(ring.open_own(index, secret)?)),
        Some(_) => Err(CodecError::Missing("secret of the workspace")),
        // What belongs to a workspace that is not served here stays closed.
        None => Ok(None),
    };
    let (content_leaf, content) = content_from(record.contents, &record.workspace, index, keys)?;
    Ok(Record {
        index,
        time: Timestamp(record.time_ms),
        workspace: Name::from(record.workspace),
        cause: cause_from(record.cause.ok_or(CodecError::Missing("cause"))?)?,
        touches: record.touches.into_iter().map(touch_from).collect(),
        changes: record.changes.into_iter().map(|change| change_from(change, &open)).collect::<Result<_, _>>()?,
        content,
        content_leaf,
    })
}

/// Places are numbers of 16 bits, so a count never reaches the end of 32.
fn count(changes: usize) -> u32 {
    u32::try_from(changes).unwrap_or(u32::MAX)
}

fn write_cause(wire: &mut Wire<'_>, cause: &Cause) {
    match cause {
        Cause::Input(at) => wire.nested(5, |wire| write_input(wire, at)),
        Cause::Command(request) => wire.nested(6, |wire| {
            wire.text(1, &request.principal);
            wire.text(2, &request.request_id);
            wire.fixed(3, request.digest);
        }),
        Cause::Timer => wire.nested(7, |_| {}),
        Cause::System => wire.nested(8, |_| {}),
    }
}

fn cause_from(cause: p::record::Cause) -> Result<Cause, CodecError> {
    Ok(match cause {
        p::record::Cause::Input(at) => Cause::Input(input_from(at)?),
        p::record::Cause::Command(request) => Cause::Command(Request {
            principal: Name::from(request.principal),
            request_id: Name::from(request.request_id),
            digest: request.digest,
        }),
        p::record::Cause::Timer(p::Timer {}) => Cause::Timer,
        p::record::Cause::System(p::System {}) => Cause::System,
    })
}

fn touch_from(touch: p::Touch) -> Touch {
    Touch { leaf: LeafId(touch.leaf), previous: touch.previous.into() }
}
