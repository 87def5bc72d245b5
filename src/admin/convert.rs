//! The one place where operators' requests and the state of streams meet `skein.admin.v1`.

use tonic::metadata::MetadataMap;

use crate::agents::{self, Refusal};
use crate::domain::BoundStream;
use crate::domain::id::Name;
use crate::domain::record::Request;
use crate::nats::StreamState;
use crate::proto::admin as p;

/// Metadata entry with the operator's name.
const OPERATOR_METADATA: &str = "skein-operator";

/// The operator who calls. A login of a directory is a name too.
pub(super) fn operator(metadata: &MetadataMap) -> Result<Name, Refusal> {
    agents::named(metadata, OPERATOR_METADATA, ".@")
}

/// What makes a command of an operator recognisable when it is repeated.
pub(super) fn request(operator: &Name, asked: &p::ResumeStreamRequest) -> Result<Request, Refusal> {
    if asked.request_id.is_empty() {
        return Err(Refusal::invalid("request_id", "is wanted: a retry of this must not decide again"));
    }
    let body = p::ResumeStreamRequest { request_id: String::new(), ..asked.clone() };
    agents::request(Name::from(format!("operator:{operator}")), "resume_stream", &asked.request_id, &body)
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
