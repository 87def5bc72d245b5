//! The one place where operators' requests and the state of streams meet `skein.admin.v1`.

use tonic::metadata::MetadataMap;

use crate::agents::{Reason, Refusal};
use crate::domain::BoundStream;
use crate::domain::id::Name;
use crate::domain::record::Request;
use crate::nats::StreamState;
use crate::proto::admin as p;

/// Metadata entry with the operator's name.
const OPERATOR_METADATA: &str = "skein-operator";
/// Longest name and request id, bytes: a UUID, a login.
const MAX_NAME_BYTES: usize = 64;

/// The operator who calls.
pub(super) fn operator(metadata: &MetadataMap) -> Result<Name, Refusal> {
    let text = metadata.get(OPERATOR_METADATA).and_then(|value| value.to_str().ok()).unwrap_or_default();
    name(text).ok_or_else(|| {
        Refusal::new(Reason::CallerUnnamed, format!("metadata {OPERATOR_METADATA}: a name is wanted"))
            .with("metadata", OPERATOR_METADATA)
    })
}

/// What makes a command of an operator recognisable when it is repeated.
pub(super) fn request(operator: &Name, asked: &p::ResumeStreamRequest) -> Result<Request, Refusal> {
    let id = &asked.request_id;
    if id.len() > MAX_NAME_BYTES || id.chars().any(char::is_control) {
        return Err(Refusal::invalid("request_id", "at most 64 bytes without control characters"));
    }
    Ok(Request {
        principal: Name::from(format!("operator:{operator}")),
        request_id: Name::from(id.as_str()),
        digest: digest(asked),
    })
}

/// Digest of what is asked for: the same request id with another body is refused.
fn digest(asked: &p::ResumeStreamRequest) -> u64 {
    use std::hash::Hasher as _;
    // Any fixed key will do: it tells an operator's retry from a mistake.
    let mut hash = siphasher::sip::SipHasher24::new_with_keys(0x736b_6569_6e2e_6f70, 0x6572_6174_6f72_7321);
    for text in [&asked.workspace, &asked.stream] {
        hash.write_usize(text.len());
        hash.write(text.as_bytes());
    }
    hash.write_u64(asked.from_sequence);
    hash.finish()
}

/// A stream as bound, with what the server has.
pub(super) fn stream(bound: BoundStream, found: Option<StreamState>) -> p::InStream {
    p::InStream {
        workspace: bound.workspace.into(),
        stream: bound.name.into(),
        applied_sequence: bound.position.sequence,
        broken: bound.broken,
        bound_created_at: Some(timestamp(bound.created_ns)),
        found: found.map(|found| p::FoundStream {
            created_at: Some(timestamp(found.created_ns)),
            first_sequence: found.first_sequence,
            last_sequence: found.last_sequence,
        }),
    }
}

fn timestamp(ns: i64) -> prost_types::Timestamp {
    const SECOND_NS: i64 = 1_000_000_000;
    let nanos = i32::try_from(ns.rem_euclid(SECOND_NS)).expect("less than a second of nanoseconds fits");
    prost_types::Timestamp { seconds: ns.div_euclid(SECOND_NS), nanos }
}

/// A name: 1 to 64 ASCII letters, digits and `.-_@`.
fn name(text: &str) -> Option<Name> {
    let fits = !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@'));
    fits.then(|| Name::from(text))
}
