//! Records to bytes and subjects, gathered into entries, and into the log's writer.

use async_nats::Subject;

use super::engine::{AppendError, Appender, LogEnded};
use crate::domain::id::{Index, Name};
use crate::domain::record::{Change, Record};
use crate::log::codec::Packed;
use crate::log::{AppendRefused, Writer};

/// An entry of this size is sent although it could hold more records: what is read for one record of a history stays small, and a
/// large record behind small ones still fits.
const ENTRY_BYTES: usize = 8 << 10;

/// The log's writer as the engine sees it.
#[derive(Debug)]
pub(super) struct LogAppender {
    writer: Writer,
    shard: Name,
    entry: Packed,
    /// Of what is in the entry, which is of one workspace: its place in `subjects`, and the widest kind.
    addressed: (usize, SubjectKind),
    /// Subjects of each workspace, made once: they are shared, not copied.
    subjects: Vec<(Name, [Subject; 3])>,
}

impl LogAppender {
    pub(super) fn new(shard: Name, writer: Writer) -> Self {
        let addressed = (0, SubjectKind::Workspace);
        Self { writer, shard, entry: Packed::default(), addressed, subjects: Vec::new() }
    }

    /// The writer, to wait for its end. What was not sent is lost.
    pub(super) fn into_writer(self) -> Writer {
        self.writer
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Sends what was gathered and waits until one more record will be taken. Cancel-safe.
    pub(super) async fn room(&mut self) -> Result<(), LogEnded> {
        self.send()?;
        self.writer.room().await.map_err(|_| LogEnded)
    }

    /// Puts what was gathered on its way.
    pub(super) fn send(&mut self) -> Result<(), LogEnded> {
        if self.entry.records() == 0 {
            return Ok(());
        }
        let (workspace, kind) = self.addressed;
        let subject = self.subjects[workspace].1[kind as usize].clone();
        // Room is asked for before a decision and the size is bounded, so a writer that refuses is one that has ended.
        let sent = self.writer.append(subject, self.entry.bytes()).map_err(|_: AppendRefused| LogEnded);
        self.entry.clear();
        sent.map(|_| ())
    }

    fn workspace(&mut self, name: &Name) -> usize {
        let known = self.subjects.iter().position(|(known, _)| known == name);
        known.unwrap_or_else(|| {
            let subjects =
                ["w", "a", "c"].map(|letter| Subject::from(format!("skein.log.{}.{name}.{letter}", self.shard)));
            self.subjects.push((name.clone(), subjects));
            self.subjects.len() - 1
        })
    }
}

impl Appender for LogAppender {
    fn has_room(&self) -> bool {
        self.writer.has_room()
    }

    fn next_index(&mut self, workspace: &Name) -> Result<Index, AppendError> {
        let workspace = self.workspace(workspace);
        if workspace != self.addressed.0 {
            self.send().map_err(|LogEnded| AppendError::Ended)?;
            self.addressed.0 = workspace;
        }
        Ok(Index::at(self.writer.next_index(), self.entry.records()))
    }

    fn append(&mut self, record: &Record) -> Result<(), AppendError> {
        if !self.entry.push(record, self.writer.entry_max().saturating_sub(ENTRY_BYTES)) {
            return Err(AppendError::TooLarge);
        }
        let kind = SubjectKind::of(record);
        self.addressed.1 = if self.entry.records() == 1 { kind } else { kind.max(self.addressed.1) };
        if self.entry.records() == Index::PER_ENTRY || self.entry.bytes().len() >= ENTRY_BYTES {
            self.send().map_err(|LogEnded| AppendError::Ended)?;
        }
        Ok(())
    }
}

/// The last token of an entry's subject (design, "Streams"), from the narrowest to the widest: one record that touches a leaf makes
/// the entry one that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SubjectKind {
    /// Configuration, progress, hand-over.
    Workspace,
    /// Agents and sessions.
    Agent,
    /// Touches a leaf.
    Customer,
}

impl SubjectKind {
    fn of(record: &Record) -> Self {
        if !record.touches.is_empty() {
            return Self::Customer;
        }
        let of_agents = record.changes.iter().any(|change| {
            matches!(
                change,
                Change::AgentRegistered { .. }
                    | Change::SessionOpened { .. }
                    | Change::SessionLost { .. }
                    | Change::SessionEnded { .. }
                    | Change::PresenceSet { .. }
                    | Change::MatchDeferred { .. }
            )
        });
        if of_agents { Self::Agent } else { Self::Workspace }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::LeafId;
    use crate::domain::record::{Cause, Touch};
    use crate::domain::time::Timestamp;
    use crate::log::{EventLog as _, LogOptions, MemoryLog, Tip, codec};

    fn record(index: Index, workspace: &str) -> Record {
        Record {
            index,
            time: Timestamp(7),
            workspace: Name::new(workspace),
            cause: Cause::System,
            touches: smallvec::SmallVec::new(),
            changes: smallvec::smallvec![Change::Resumed { outage_ms: 0, extension_ms: 0 }],
            content: Vec::new(),
            content_leaf: None,
        }
    }

    struct Bench {
        log: MemoryLog,
        appender: LogAppender,
    }

    impl Bench {
        async fn new() -> Self {
            let log = MemoryLog::new(LogOptions::new("s"));
            let writer = log.take_over(Tip::ORIGIN, &[]).await.expect("an empty log");
            Self { log, appender: LogAppender::new(Name::new("s"), writer) }
        }

        fn append(&mut self, workspace: &str, change: impl FnOnce(&mut Record)) -> Result<Index, AppendError> {
            let index = self.appender.next_index(&Name::new(workspace))?;
            let mut record = record(index, workspace);
            change(&mut record);
            self.appender.append(&record)?;
            Ok(index)
        }

        /// What was sent: subject, and the numbers of the records, of each entry.
        async fn sent(&self) -> Vec<(String, Vec<u64>)> {
            let mut replay = self.log.replay(Tip::ORIGIN).await.expect("the log");
            let mut entries = Vec::new();
            while let Some(entry) = replay.next().await.expect("a whole log") {
                let records = codec::unpack(entry.index, &entry.body).expect("an entry");
                let numbers = records.map(|record| record.expect("a record").index.0).collect();
                entries.push((entry.subject.to_string(), numbers));
            }
            entries
        }
    }

    #[tokio::test]
    async fn records_of_a_turn_share_an_entry_up_to_its_limit() {
        let mut bench = Bench::new().await;
        for _ in 0..20 {
            bench.append("acme", |_| {}).expect("taken");
        }
        assert_eq!(bench.sent().await.len(), 1, "a full entry does not wait for the end of the turn");
        bench.appender.send().expect("sent");
        let numbers: Vec<_> = bench.sent().await.into_iter().map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, [(16..32).collect::<Vec<_>>(), (32..36).collect()]);
        bench.append("acme", |_| {}).expect("taken");
        bench.appender.send().expect("sent");
        assert_eq!(bench.sent().await[2].1, [48], "what an entry did not use stays unused");
    }

    #[tokio::test]
    async fn an_entry_is_of_one_workspace_and_its_subject_the_widest_of_its_records() {
        let mut bench = Bench::new().await;
        bench.append("acme", |_| {}).expect("taken");
        let touched = Touch { leaf: LeafId(3), previous: smallvec::SmallVec::new() };
        bench.append("acme", |record| record.touches.push(touched)).expect("taken");
        bench.append("acme", |_| {}).expect("taken");
        bench.append("other", |_| {}).expect("taken");
        bench.appender.send().expect("sent");
        let expected =
            [("skein.log.s.acme.c".to_owned(), vec![16, 17, 18]), ("skein.log.s.other.w".to_owned(), vec![32])];
        assert_eq!(bench.sent().await, expected);
    }

    #[tokio::test]
    async fn a_record_that_no_entry_holds_is_refused_and_uses_no_number() {
        let mut bench = Bench::new().await;
        bench.append("acme", |_| {}).expect("taken");
        let canonical = "x".repeat(1 << 20);
        let large = Change::ConfigApplied { canonical, sha256: [0; 32] };
        assert_eq!(bench.append("acme", |record| record.changes.push(large)), Err(AppendError::TooLarge));
        let half = Change::ConfigApplied { canonical: "x".repeat(900 << 10), sha256: [0; 32] };
        assert_eq!(bench.append("acme", |record| record.changes.push(half)), Ok(Index(17)));
        bench.appender.send().expect("sent");
        assert_eq!(bench.sent().await.into_iter().map(|(_, numbers)| numbers).collect::<Vec<_>>(), [[16, 17]]);
    }
}
