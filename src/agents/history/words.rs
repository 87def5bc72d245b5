//! What the customer has said in a Work and nobody has answered, for the agent who gets it.
//!
//! Every message of a Work touches the Work's leaf, so the links of the assigning record lead to all of them. Only that record and
//! older ones are read: the same assignment has the same words after a reconnect. Invariant: it ends within [`WORDS_ROUNDS`] rounds
//! of reads, and never reads what is older than the Work.

use std::sync::Arc;

use prost::Message as _;

use super::frontier::{Frontier, Next};
use crate::agents::convert::Unanswered;
use crate::agents::feed::Whose;
use crate::agents::limits::{WORDS_BYTES, WORDS_MESSAGES, WORDS_ROUNDS};
use crate::agents::port::Shard;
use crate::domain::record::{Assigned, Record};
use crate::proto::agent::Message;

/// Words that come with an assignment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::agents) struct Words {
    /// Oldest first.
    pub(in crate::agents) messages: Vec<Message>,
    /// There are others, or there may be.
    pub(in crate::agents) more: bool,
    /// Encoded bytes of the messages.
    pub(in crate::agents) bytes: usize,
    /// Whose they are.
    pub(in crate::agents) of: Whose,
}

impl Words {
    /// Nothing could be read.
    pub(in crate::agents) fn unread() -> Self {
        Self { more: true, ..Self::default() }
    }

    /// Takes older messages, newest first; false when there is no room for all of them.
    fn take(&mut self, older: Vec<Message>) -> bool {
        for message in older {
            let bytes = message.encoded_len();
            if self.messages.len() == WORDS_MESSAGES || self.bytes + bytes > WORDS_BYTES {
                return false;
            }
            self.bytes += bytes;
            self.messages.push(message);
        }
        true
    }
}

/// Reads the words of the Work that the change at `place` assigns. What cannot be read is left out and said.
///
/// Cancel safe: it only reads.
pub(in crate::agents) async fn words(
    shard: &dyn Shard,
    record: &Arc<Record>,
    place: u16,
    assigned: &Assigned,
) -> Words {
    let mut words = Words::default();
    words.more = !gather(shard, record, place, assigned, &mut words).await;
    words.messages.reverse();
    words
}

/// True when everything was found, and had room.
async fn gather(shard: &dyn Shard, record: &Arc<Record>, place: u16, assigned: &Assigned, words: &mut Words) -> bool {
    let mut unanswered = Unanswered::of(assigned.work);
    let mut frontier = Frontier::new(record.workspace.clone(), [(assigned.brief.leaf, record.index)]);
    if frontier.take([(record.index, Some(Arc::clone(record)))]).is_err() {
        return false;
    }
    let mut rounds = 0;
    loop {
        match frontier.next() {
            Next::End => return true,
            Next::Record(older) => {
                let before = if older.index == record.index { place } else { u16::MAX };
                let (found, grew) = unanswered.take(&older, before);
                if !found.is_empty() {
                    words.of = words.of.and(Whose::of(&older));
                }
                if !words.take(found) {
                    return false;
                }
                if unanswered.oldest().is_none() {
                    return true;
                }
                if grew {
                    // The other Work may be filed under another leaf, which the record touches for it.
                    frontier.follow(&older);
                }
            }
            Next::Read(mut indexes) => {
                // A Work is named by the record that opened it: nothing before that is of it.
                indexes.retain(|index| unanswered.oldest().is_some_and(|oldest| *index >= oldest));
                if indexes.is_empty() {
                    return true;
                }
                rounds += 1;
                if rounds > WORDS_ROUNDS {
                    return false;
                }
                let Ok(records) = shard.read(indexes.clone()).await else { return false };
                // A record that is gone, or not what the link said, hides what lies behind it.
                if records.iter().any(Option::is_none) || frontier.take(indexes.into_iter().zip(records)).is_err() {
                    return false;
                }
            }
        }
    }
}
