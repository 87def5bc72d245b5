//! What customers went through, and that new Work waits for facts, written and read.

use super::error::CodecError;
use super::words::Word;
use crate::domain::id::WorkId;
use crate::domain::record::{EffortEntry, EffortNoted, EnrichmentSet};
use crate::domain::time::Timestamp;
use crate::proto::log as p;

pub(super) fn effort_noted(noted: &EffortNoted) -> p::EffortNoted {
    p::EffortNoted { work: noted.work.to_bits(), kind: noted.kind.number(), ms: noted.ms }
}

pub(super) fn effort_noted_from(noted: p::EffortNoted) -> Result<EffortNoted, CodecError> {
    Ok(EffortNoted { work: WorkId::from_bits(noted.work), kind: Word::from_number(noted.kind)?, ms: noted.ms })
}

pub(super) fn enrichment_set(set: &EnrichmentSet) -> p::EnrichmentSet {
    p::EnrichmentSet { work: set.work.to_bits(), until_ms: set.until.map(|until| until.0) }
}

pub(super) fn enrichment_set_from(set: p::EnrichmentSet) -> EnrichmentSet {
    EnrichmentSet { work: WorkId::from_bits(set.work), until: set.until_ms.map(Timestamp) }
}

pub(super) fn entries(entries: &[EffortEntry]) -> Vec<p::EffortEntry> {
    let written = |entry: &EffortEntry| p::EffortEntry { kind: entry.kind.number(), count: entry.count, ms: entry.ms };
    entries.iter().map(written).collect()
}

pub(super) fn entries_from(entries: Vec<p::EffortEntry>) -> Result<Vec<EffortEntry>, CodecError> {
    let read = |entry: p::EffortEntry| {
        Ok(EffortEntry { kind: Word::from_number(entry.kind)?, count: entry.count, ms: entry.ms })
    };
    entries.into_iter().map(read).collect()
}
