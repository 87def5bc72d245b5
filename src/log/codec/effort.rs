//! What customers went through, what they are told by themselves, and that new Work waits for facts, written
//! and read.

use super::error::CodecError;
use super::words::Word;
use crate::domain::id::{MessageId, WorkId};
use crate::domain::record::{EffortEntry, EffortNoted, EnrichmentSet, NoticeSent, NoticeSet};
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

pub(super) fn notice_set(set: &NoticeSet) -> p::NoticeSet {
    p::NoticeSet { work: set.work.to_bits(), kind: set.kind.number(), at_ms: set.at.map(|at| at.0) }
}

pub(super) fn notice_set_from(set: p::NoticeSet) -> Result<NoticeSet, CodecError> {
    let (work, kind) = (WorkId::from_bits(set.work), Word::from_number(set.kind)?);
    Ok(NoticeSet { work, kind, at: set.at_ms.map(Timestamp) })
}

pub(super) fn notice_sent(sent: &NoticeSent) -> p::NoticeSent {
    p::NoticeSent {
        work: sent.work.to_bits(),
        kind: sent.kind.number(),
        message: sent.message.to_bits(),
        opens_at_ms: sent.opens_at.map(|at| at.0),
    }
}

pub(super) fn notice_sent_from(sent: p::NoticeSent) -> Result<NoticeSent, CodecError> {
    Ok(NoticeSent {
        work: WorkId::from_bits(sent.work),
        kind: Word::from_number(sent.kind)?,
        message: MessageId::from_bits(sent.message),
        opens_at: sent.opens_at_ms.map(Timestamp),
    })
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
