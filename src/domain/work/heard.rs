//! How much each identity has said in a Work by each endpoint within the minute: for the limit that a flooder meets.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use crate::domain::id::LeafId;
use crate::domain::time::Timestamp;

/// Minutes are counted whole, so that one number tells which.
const MINUTE_MS: i64 = 60_000;
/// Identities and endpoints that are counted at once. Whoever comes beyond takes the place of the first.
const MAX_COUNTED: usize = 8;

/// Who says something by which of the Work's places.
type Source = (LeafId, u8);

/// What was said within a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    source: Source,
    minute: i64,
    messages: u32,
}

/// Counts of a Work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    counts: SmallVec<[Count; 1]>,
}

impl Heard {
    /// Counts something said.
    pub(crate) fn count(&mut self, source: Source, now: Timestamp) {
        let minute = now.0.div_euclid(MINUTE_MS);
        match self.counts.iter_mut().find(|count| count.source == source) {
            Some(count) if count.minute == minute => count.messages = count.messages.saturating_add(1),
            Some(count) => *count = Count { source, minute, messages: 1 },
            None => {
                self.counts.retain(|count| count.minute == minute);
                if self.counts.len() == MAX_COUNTED {
                    self.counts.remove(0);
                }
                self.counts.push(Count { source, minute, messages: 1 });
            }
        }
    }

    /// Whether as much was said within this minute as the limit allows.
    pub(crate) fn is_over(&self, limit: u32, source: Source, now: Timestamp) -> bool {
        let minute = now.0.div_euclid(MINUTE_MS);
        self.counts.iter().any(|count| count.source == source && count.minute == minute && count.messages >= limit)
    }
}
