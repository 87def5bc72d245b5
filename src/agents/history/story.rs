//! What became of one Work: the records that are about it, oldest first.
//!
//! Every record about a Work touches the leaf that it is filed under, so the links of that leaf's last record lead to all of them.
//! Invariant: it ends within [`STORY_ROUNDS`] rounds of reads, holds [`STORY_HAPPENINGS`] records at most, and never reads what is older
//! than the Work.

use std::sync::Arc;

use super::frontier::{Frontier, Next};
use crate::agents::convert;
use crate::agents::limits::{STORY_HAPPENINGS, STORY_ROUNDS};
use crate::agents::port::Shard;
use crate::agents::status::{Reason, Refusal};
use crate::domain::id::{Index, LeafId, Name, WorkId};
use crate::domain::record::Record;

/// Records about a Work.
#[derive(Debug, Default)]
pub(in crate::agents) struct Story {
    /// Oldest first.
    pub(in crate::agents) records: Vec<Arc<Record>>,
    /// Older ones were not read.
    pub(in crate::agents) begins_later: bool,
}

/// Reads the story of a Work back from the last record that touches its leaf. Cancel safe: it only reads.
///
/// # Errors
/// The log does not answer, or is not what its links say.
pub(in crate::agents) async fn story(
    shard: &dyn Shard,
    workspace: &Name,
    work: WorkId,
    last: (LeafId, Index),
) -> Result<Story, Refusal> {
    let first = work.index();
    let mut frontier = Frontier::new(workspace.clone(), [last]);
    let mut story = Story::default();
    let mut rounds = 0;
    loop {
        match frontier.next() {
            Next::End => {
                // What the log has no longer was before this.
                story.begins_later = story.records.last().is_none_or(|record| record.index != first);
                break;
            }
            Next::Record(record) if record.index < first => break,
            Next::Record(record) => {
                if !convert::is_about(&record, work) {
                    continue;
                }
                if story.records.len() == STORY_HAPPENINGS {
                    story.begins_later = true;
                    break;
                }
                story.records.push(record);
            }
            Next::Read(mut indexes) => {
                indexes.retain(|index| *index >= first);
                if indexes.is_empty() {
                    break;
                }
                rounds += 1;
                if rounds > STORY_ROUNDS {
                    story.begins_later = true;
                    break;
                }
                let records = shard.read(indexes.clone()).await?;
                let astray = |_| Refusal::new(Reason::Internal, "a record is not what another one says of it");
                frontier.take(indexes.into_iter().zip(records)).map_err(astray)?;
            }
        }
    }
    story.records.reverse();
    Ok(story)
}
