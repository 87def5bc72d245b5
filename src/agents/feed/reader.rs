//! The reader's side: what one session is told, at its own pace.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::feeds::AgentFeed;
use super::kept::Next;
use super::limits::FeedLimits;
use super::ring::Found;

/// Why a reader has to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overrun {
    /// It was too slow.
    #[error("the reader did not keep up")]
    Slow,
    /// What it was to be told again was of a customer who is erased.
    #[error("what the reader was to be told again is erased")]
    Erased,
}

/// A cursor in the ring of one agent. Dropping it frees what was kept for it.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<AgentFeed>,
    reader: u64,
    limits: FeedLimits,
    /// How often words had been dropped when it was last read.
    forgets: u64,
}

impl Feed {
    pub(super) fn new(shared: Arc<AgentFeed>, reader: u64, limits: FeedLimits) -> Self {
        Self { shared, reader, limits, forgets: 0 }
    }

    /// Waits for the next positions: at least one, at most `items`, together about `bytes`.
    ///
    /// Cancel safe: positions are taken in the same step that returns them.
    ///
    /// # Errors
    /// When the reader has been too far behind, or full for too long; when what was kept for it is erased.
    pub async fn next_batch(&mut self, items: usize, bytes: u64) -> Result<Vec<Next>, Overrun> {
        loop {
            let mut bell = std::pin::pin!(self.shared.bell.notified());
            // From here on a bell is not missed, although it is waited for only after the look.
            bell.as_mut().enable();
            let found = {
                let mut ring = self.shared.ring();
                ring.take(self.reader, items, bytes, &self.limits, Instant::now())
            };
            match found {
                Found::Some(batch, forgets) => {
                    self.forgets = forgets;
                    return Ok(batch);
                }
                Found::Lost(overrun) => return Err(overrun),
                Found::Nothing => bell.await,
            }
        }
    }

    /// Keeps what was made of positions of the last batch in the place of their records: whoever is told them again is told the same.
    pub fn keep(&self, made: Vec<Next>) {
        if !made.is_empty() {
            self.shared.ring().keep(made, self.forgets);
        }
    }

    /// Waits until the reader has to be ended. To be waited for while its peer takes nothing.
    ///
    /// Cancel safe: it only looks.
    pub async fn overrun(&self) -> Overrun {
        loop {
            let mut bell = std::pin::pin!(self.shared.bell.notified());
            bell.as_mut().enable();
            let (full_since, lost) = self.shared.ring().fullness(self.reader);
            if let Some(overrun) = lost {
                return overrun;
            }
            match full_since.map(|since| since + self.limits.full_for) {
                Some(end) if end <= Instant::now() => return Overrun::Slow,
                Some(end) => tokio::select! {
                    () = sleep_until(end) => {}
                    () = bell => {}
                },
                None => bell.await,
            }
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.ring().leave(self.reader, &self.limits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::feed::{Feeds, Kept, Told, Whose};
    use crate::domain::id::{AgentId, Index, LeafId, Name, Position};
    use crate::domain::record::{Cause, Change, Personal, PersonalValue, Record, Touch};
    use crate::domain::time::Timestamp;

    const ANA: AgentId = AgentId(0);

    fn acme() -> Name {
        Name::const_new("acme")
    }

    /// A record that names somebody, as an agent is told it.
    fn named(index: u64, leaf: LeafId) -> Told {
        let change = Change::Named { leaf, assurance: crate::domain::event::Assurance::Platform };
        let touch = Touch { leaf, ..Touch::default() };
        let record = Arc::new(Record {
            index: Index(index),
            time: Timestamp(0),
            workspace: acme(),
            cause: Cause::System,
            touches: [touch].into_iter().collect(),
            changes: [change].into_iter().collect(),
            content: vec![Personal { place: 0, value: PersonalValue::Shown(Name::new("Anna")) }],
            content_leaf: Some(leaf),
        });
        Told { position: at(index), record, place: 0 }
    }

    fn at(index: u64) -> Position {
        Position { index: Index(index), output: 0 }
    }

    /// What is made of each of the batch.
    fn made(batch: &[Next]) -> Vec<Next> {
        let made = batch.iter().map(|next| match &next.kept {
            Kept::Record { record, .. } => {
                let event = format!("event {}", next.position.index.0).into_bytes().into();
                Next { position: next.position, kept: Kept::Event { event, of: Whose::of(record) } }
            }
            Kept::Event { .. } => next.clone(),
        });
        made.collect()
    }

    fn told(batch: &[Next]) -> Vec<String> {
        let told = batch.iter().map(|next| match &next.kept {
            Kept::Record { record, .. } => format!("record {} with {}", record.index.0, record.content.len()),
            Kept::Event { event, .. } => String::from_utf8_lossy(event).into_owned(),
        });
        told.collect()
    }

    async fn read(feed: &mut Feed) -> Vec<Next> {
        feed.next_batch(16, u64::MAX).await.expect("it kept up")
    }

    #[tokio::test]
    async fn who_comes_back_is_told_what_was_made_for_the_session_before() {
        let feeds = Feeds::default();
        feeds.begin(Index(1));
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        (1..=2).for_each(|index| feeds.publish(&acme(), ANA, named(index, LeafId(0))));
        let batch = read(&mut first).await;
        first.keep(made(&batch));
        drop(first);
        feeds.publish(&acme(), ANA, named(3, LeafId(0)));
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(1))).expect("it is kept");
        assert_eq!(told(&read(&mut again).await), ["event 2", "record 3 with 1"]);
    }

    #[tokio::test]
    async fn no_event_with_words_of_whoever_is_erased_is_told_again() {
        let feeds = Feeds::default();
        feeds.begin(Index(1));
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        for (index, leaf) in [(1, 1), (2, 0), (3, 1)] {
            feeds.publish(&acme(), ANA, named(index, LeafId(leaf)));
        }
        let batch = read(&mut first).await;
        first.keep(made(&batch));
        feeds.publish(&acme(), ANA, named(4, LeafId(0)));
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(told(&read(&mut first).await), ["record 4 with 0"], "who kept up loses nothing");
        assert!(feeds.subscribe(&acme(), ANA, Some(at(1))).is_err(), "the second is gone");
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(2))).expect("the third is kept");
        assert_eq!(told(&read(&mut again).await), ["event 3", "record 4 with 0"]);
    }

    #[tokio::test]
    async fn what_was_made_before_an_erasure_is_not_kept_after_it() {
        let feeds = Feeds::default();
        feeds.begin(Index(1));
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        feeds.publish(&acme(), ANA, named(1, LeafId(0)));
        let batch = read(&mut first).await;
        feeds.forget(&acme(), &[LeafId(0)]);
        first.keep(made(&batch));
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(0))).expect("it is kept");
        assert_eq!(told(&read(&mut again).await), ["record 1 with 0"]);
    }

    #[tokio::test]
    async fn what_another_reader_has_still_to_read_stays_a_record() {
        let feeds = Feeds::default();
        feeds.begin(Index(1));
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        let mut slow = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        feeds.publish(&acme(), ANA, named(1, LeafId(0)));
        let batch = read(&mut first).await;
        first.keep(made(&batch));
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(told(&read(&mut slow).await), ["record 1 with 0"], "nobody is ended by it");
    }

    #[tokio::test]
    async fn whoever_resumes_amid_events_that_are_erased_is_ended_and_not_called_slow() {
        let feeds = Feeds::default();
        feeds.begin(Index(1));
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        (1..=2).for_each(|index| feeds.publish(&acme(), ANA, named(index, LeafId(0))));
        let batch = read(&mut first).await;
        first.keep(made(&batch));
        drop(first);
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(0))).expect("it is kept");
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(again.next_batch(16, u64::MAX).await.err(), Some(Overrun::Erased));
        assert_eq!(again.overrun().await, Overrun::Erased);
    }
}
