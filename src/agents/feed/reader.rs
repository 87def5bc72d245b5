//! The reader's side: what one session is told, at its own pace.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::feeds::{AgentFeed, Told, forget};
use super::kept::{Next, Whose};
use super::limits::FeedLimits;
use super::ring::Found;
use crate::domain::id::Position;

/// Why a reader has to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overrun {
    /// It was too slow.
    #[error("the reader did not keep up")]
    Slow,
    /// What it was to be told again took too long to be read from the log.
    #[error("what the reader was to be told again was not read in time")]
    Unread,
    /// What it was to be told again was of a customer who is erased, or is not in the log any more.
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

    /// Notes whose words were told at positions of the last batch: after an erasure nobody is told those again.
    pub fn file(&self, told: &[(Position, Whose)]) {
        if !told.is_empty() {
            self.shared.ring().file(told, self.forgets);
        }
    }

    /// From here on, who is erased is noted for [`Self::reread`]: the last batch is being read from the log.
    pub fn begin_reread(&self) {
        self.shared.ring().begin_reread(self.reader);
    }

    /// What was read from the log since [`Self::begin_reread`], without the words of who was erased meanwhile.
    #[must_use]
    pub fn reread(&self, mut batch: Vec<Told>) -> Vec<Told> {
        let erased = self.shared.ring().end_reread(self.reader);
        if !erased.is_empty() {
            batch.iter_mut().for_each(|told| forget(&mut told.record, &erased));
        }
        batch
    }

    /// The log has no longer what is to be told at this position: whoever still wants it or what is before it begins anew.
    pub fn gone(&self, position: Position) {
        self.shared.ring().gone(position);
        self.shared.bell.notify_waiters();
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
    use crate::agents::feed::Feeds;
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

    fn feeds(limits: FeedLimits) -> Feeds {
        let feeds = Feeds::new(limits);
        feeds.begin(Index(1));
        feeds
    }

    fn publish(feeds: &Feeds, indexes: impl IntoIterator<Item = u64>) {
        indexes.into_iter().for_each(|index| feeds.publish(&acme(), ANA, named(index, LeafId(0))));
    }

    fn told(batch: &[Next]) -> Vec<String> {
        let told = batch.iter().map(|next| match &next.record {
            Some(record) => format!("record {} with {}", record.index.0, record.content.len()),
            None => format!("{} of the log", next.position.index.0),
        });
        told.collect()
    }

    async fn read(feed: &mut Feed) -> Vec<Next> {
        feed.next_batch(16, u64::MAX).await.expect("it kept up")
    }

    /// Files each of the batch as one that held words of who is named in it.
    fn file(feed: &Feed, batch: &[Next]) {
        let told = batch.iter().filter_map(|next| Some((next.position, Whose::of(next.record.as_ref()?))));
        feed.file(&told.collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_was_told_is_told_again_from_the_log_and_what_was_not_as_it_is() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=3);
        assert_eq!(
            told(&first.next_batch(2, u64::MAX).await.expect("it kept up")),
            ["record 1 with 1", "record 2 with 1"]
        );
        drop(first);
        publish(&feeds, 4..=4);
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(1))).expect("it is kept");
        assert_eq!(told(&read(&mut again).await), ["2 of the log", "record 3 with 1", "record 4 with 1"]);
        let mut late = feeds.subscribe(&acme(), ANA, Some(at(3))).expect("it is kept");
        assert_eq!(told(&read(&mut late).await), ["4 of the log"]);
    }

    #[tokio::test]
    async fn no_event_with_words_of_whoever_is_erased_is_told_again() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        for (index, leaf) in [(1, 1), (2, 0), (3, 1)] {
            feeds.publish(&acme(), ANA, named(index, LeafId(leaf)));
        }
        let batch = read(&mut first).await;
        file(&first, &batch);
        publish(&feeds, 4..=4);
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(told(&read(&mut first).await), ["record 4 with 0"], "who kept up loses nothing");
        assert!(feeds.subscribe(&acme(), ANA, Some(at(1))).is_err(), "the second is gone");
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(2))).expect("the third is kept");
        assert_eq!(told(&read(&mut again).await), ["3 of the log", "4 of the log"]);
    }

    #[tokio::test]
    async fn what_was_told_with_words_before_an_erasure_is_not_filed_after_it() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=1);
        let batch = read(&mut first).await;
        feeds.forget(&acme(), &[LeafId(0)]);
        file(&first, &batch);
        feeds.forget(&acme(), &[LeafId(0)]);
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(0))).expect("it is kept, and the log has no words of it");
        assert_eq!(told(&read(&mut again).await), ["1 of the log"]);
    }

    #[tokio::test]
    async fn what_another_reader_has_still_to_read_stays_a_record() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        let mut slow = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=1);
        let batch = read(&mut first).await;
        file(&first, &batch);
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(told(&read(&mut slow).await), ["record 1 with 0"], "nobody is ended by it");
    }

    #[tokio::test]
    async fn what_is_read_from_the_log_while_somebody_is_erased_has_no_words_of_them() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=2);
        read(&mut first).await;
        let log = || [named(1, LeafId(0)), named(2, LeafId(1))].to_vec();
        let contents = |batch: &[Told]| batch.iter().map(|told| told.record.content.len()).collect::<Vec<_>>();
        first.begin_reread();
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(contents(&first.reread(log())), [0, 1]);
        feeds.forget(&acme(), &[LeafId(1)]);
        first.begin_reread();
        assert_eq!(contents(&first.reread(log())), [1, 1], "the log had their words no longer when it was read");
    }

    #[tokio::test]
    async fn whoever_resumes_amid_events_that_are_erased_is_ended_and_not_called_slow() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=2);
        let batch = read(&mut first).await;
        file(&first, &batch);
        drop(first);
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(0))).expect("it is kept");
        feeds.forget(&acme(), &[LeafId(0)]);
        assert_eq!(again.next_batch(16, u64::MAX).await.err(), Some(Overrun::Erased));
        assert_eq!(again.overrun().await, Overrun::Erased);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_what_is_read_from_the_log_is_not_called_slow() {
        let limits = FeedLimits {
            backlog_positions: 2,
            ceiling: 4,
            full_for: std::time::Duration::from_secs(5),
            ..FeedLimits::default()
        };
        for waits in [false, true] {
            let feeds = feeds(limits);
            let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
            publish(&feeds, 1..=1);
            read(&mut first).await;
            publish(&feeds, 2..=4);
            if waits {
                first.begin_reread();
            }
            publish(&feeds, 5..=5);
            let over = tokio::time::timeout(limits.full_for * 2, first.overrun()).await.ok();
            assert_eq!(over, (!waits).then_some(Overrun::Slow));
            // Memory has an end.
            publish(&feeds, 6..=10);
            let why = if waits { Overrun::Unread } else { Overrun::Slow };
            assert_eq!(first.next_batch(16, u64::MAX).await.err(), Some(why));
        }
    }

    #[tokio::test]
    async fn what_the_log_has_no_longer_is_asked_for_in_vain() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=3);
        read(&mut first).await;
        first.gone(at(2));
        publish(&feeds, 4..=4);
        assert_eq!(told(&read(&mut first).await), ["record 4 with 1"], "who kept up loses nothing");
        assert!(feeds.subscribe(&acme(), ANA, Some(at(1))).is_err());
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(2))).expect("the third is kept");
        assert_eq!(told(&read(&mut again).await), ["3 of the log", "4 of the log"]);
    }

    #[tokio::test]
    async fn for_an_agent_without_a_reader_few_records_are_held_and_for_one_who_never_had_any_none() {
        let feeds = feeds(FeedLimits { absent_records: 2, ..FeedLimits::default() });
        publish(&feeds, 1..=1);
        let mut first = feeds.subscribe(&acme(), ANA, Some(at(0))).expect("it is kept");
        assert_eq!(told(&read(&mut first).await), ["1 of the log"]);
        drop(first);
        publish(&feeds, 2..=5);
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(1))).expect("it is kept");
        let all = ["2 of the log", "3 of the log", "record 4 with 1", "record 5 with 1"];
        assert_eq!(told(&read(&mut again).await), all);
    }

    #[tokio::test]
    async fn what_was_told_counts_against_the_positions_and_bytes_that_are_kept() {
        for limits in [
            FeedLimits { ring_positions: 3, ..FeedLimits::default() },
            FeedLimits { ring_bytes: 3 * 516 + 100, ..FeedLimits::default() },
        ] {
            let feeds = feeds(limits);
            let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
            for index in 1..=5 {
                publish(&feeds, [index]);
                read(&mut first).await;
            }
            assert!(feeds.subscribe(&acme(), ANA, Some(at(1))).is_err());
            let mut again = feeds.subscribe(&acme(), ANA, Some(at(2))).expect("three are kept");
            assert_eq!(told(&read(&mut again).await), ["3 of the log", "4 of the log", "5 of the log"]);
        }
    }

    #[tokio::test]
    async fn a_batch_of_what_was_told_is_as_large_as_one_of_what_was_not() {
        let feeds = feeds(FeedLimits::default());
        let mut first = feeds.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&feeds, 1..=4);
        let small = 516 + 100;
        assert_eq!(first.next_batch(16, small).await.expect("it kept up").len(), 2);
        first.next_batch(16, u64::MAX).await.expect("it kept up");
        let mut again = feeds.subscribe(&acme(), ANA, Some(at(0))).expect("it is kept");
        assert_eq!(again.next_batch(16, small).await.expect("it kept up").len(), 2);
    }

    #[tokio::test]
    async fn who_resumes_after_a_start_from_a_snapshot_is_told_what_it_missed() {
        let before = feeds(FeedLimits::default());
        let mut first = before.subscribe(&acme(), ANA, None).expect("from now on");
        publish(&before, 1..=3);
        let batch = first.next_batch(2, u64::MAX).await.expect("it kept up");
        file(&first, &batch);
        publish(&before, 4..=4);
        let stored = before.stored(Index(3));
        let after = Feeds::new(FeedLimits::default());
        after.restore(&stored);
        publish(&after, 4..=5);
        let mut again = after.subscribe(&acme(), ANA, Some(at(1))).expect("it is kept");
        let all = ["2 of the log", "3 of the log", "4 of the log", "5 of the log"];
        assert_eq!(told(&read(&mut again).await), all, "the fourth came after the snapshot, once");
        after.forget(&acme(), &[LeafId(0)]);
        assert!(after.subscribe(&acme(), ANA, Some(at(1))).is_err(), "whose words were told is known as before");
    }
}
