//! Records to bytes and subjects, gathered into entries, and into the log's writer.

use async_nats::Subject;

use super::engine::{AppendError, Appender, LogEnded};
use crate::domain::id::{Index, Name};
use crate::domain::record::{Change, Record};
use crate::keys::KeyRings;
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
    /// Workspace and widest kind of what is in the entry.
    addressed: (Name, SubjectKind),
    /// What content is sealed with, and how many leaves may be opened.
    keys: KeyRings,
    /// Subjects of each workspace that has a record, made once: they are shared, not copied.
    subjects: Vec<(Name, [Subject; 3])>,
}

impl LogAppender {
    pub(super) fn new(shard: Name, writer: Writer, keys: KeyRings) -> Self {
        let addressed = (Name::default(), SubjectKind::Workspace);
        Self { writer, shard, entry: Packed::default(), addressed, keys, subjects: Vec::new() }
    }

    /// The writer, to wait for its end. What was not sent is lost.
    pub(super) fn into_writer(self) -> Writer {
        self.writer
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Asks the log who owns it: [`Writer::prove`].
    pub(super) fn prove(&mut self) -> u64 {
        self.writer.prove()
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
        let subject = self.subject();
        let sent = self.writer.append(subject, self.entry.bytes());
        self.entry.clear();
        // There was room when its first record was taken, and nobody else appends; and its size is bounded.
        sent.map(|_| ()).map_err(|_: AppendRefused| LogEnded)
    }

    fn subject(&mut self) -> Subject {
        let (name, kind) = &self.addressed;
        let kind = *kind as usize;
        if let Some((_, subjects)) = self.subjects.iter().find(|(known, _)| known == name) {
            return subjects[kind].clone();
        }
        let subjects = ["w", "a", "c"].map(|letter| Subject::from(format!("skein.log.{}.{name}.{letter}", self.shard)));
        let subject = subjects[kind].clone();
        self.subjects.push((name.clone(), subjects));
        subject
    }

    /// Leaves that the record opens have keys by now: whoever asks for room first sees to it.
    fn note_opened(&self, record: &Record) -> Result<(), AppendError> {
        let Some(ring) = record.content_leaf.and_then(|_| self.keys.get(&record.workspace)) else {
            return Ok(());
        };
        for change in &record.changes {
            if let Change::IdentityOpened(opened) = change {
                ring.note_used(opened.leaf.0 + 1);
            }
        }
        let sealable = record.content_leaf.is_none_or(|leaf| leaf.0 < ring.capacity());
        // Nothing is written in plain, and nothing is left out.
        if sealable { Ok(()) } else { Err(AppendError::Ended) }
    }

    fn is_open_to(&self, workspace: &Name) -> bool {
        self.entry.records() > 0 && self.addressed.0 == *workspace
    }
}

impl Appender for LogAppender {
    /// Besides the entry that is open there is room for another: the next record may not fit into it. And whatever customers it
    /// brings have keys.
    fn has_room(&self) -> bool {
        self.writer.has_room_for(1 + u64::from(self.entry.records() > 0)) && self.keys.has_room()
    }

    fn next_index(&self, workspace: &Name) -> Index {
        let next = self.writer.next_index();
        match (self.is_open_to(workspace), self.entry.records()) {
            (true, records) => Index::at(next, records),
            (false, 0) => Index::at(next, 0),
            (false, _) => Index::at(next + 1, 0),
        }
    }

    fn append(&mut self, record: &Record) -> Result<(), AppendError> {
        self.note_opened(record)?;
        if !self.entry.stage(record, &self.keys, self.writer.entry_max().saturating_sub(ENTRY_BYTES)) {
            return Err(AppendError::TooLarge);
        }
        if !self.is_open_to(&record.workspace) {
            self.send().map_err(|LogEnded| AppendError::Ended)?;
            self.addressed = (record.workspace.clone(), SubjectKind::Workspace);
        }
        self.entry.add_staged();
        self.addressed.1 = SubjectKind::of(record).max(self.addressed.1);
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
                    | Change::SessionLost(_)
                    | Change::SessionEnded { .. }
                    | Change::PresenceSet(_)
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

    fn keys() -> KeyRings {
        KeyRings::unstored(&[], 0)
    }

    struct Bench {
        log: MemoryLog,
        appender: LogAppender,
    }

    impl Bench {
        async fn new() -> Self {
            let log = MemoryLog::new(LogOptions::new("s"));
            let writer = log.take_over(Tip::ORIGIN, &[]).await.expect("an empty log");
            Self { log, appender: LogAppender::new(Name::new("s"), writer, keys()) }
        }

        fn append(&mut self, workspace: &str, change: impl FnOnce(&mut Record)) -> Result<Index, AppendError> {
            let index = self.appender.next_index(&Name::new(workspace));
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
                let keys = keys();
                let records = codec::unpack(entry.index, &entry.body, &keys).expect("an entry");
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
    async fn a_record_that_was_refused_at_a_change_of_workspace_changes_nothing() {
        let mut bench = Bench::new().await;
        bench.append("acme", |_| {}).expect("taken");
        let large = Change::ConfigApplied { canonical: "x".repeat(1 << 20), sha256: [0; 32] };
        assert_eq!(bench.append("other", |record| record.changes.push(large)), Err(AppendError::TooLarge));
        assert_eq!(bench.append("acme", |_| {}), Ok(Index(17)));
        assert_eq!(bench.append("other", |_| {}), Ok(Index(32)));
        bench.appender.send().expect("sent");
        assert_eq!(
            bench.sent().await.into_iter().map(|(_, numbers)| numbers).collect::<Vec<_>>(),
            [vec![16, 17], vec![32]]
        );
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
    async fn with_one_place_left_two_workspaces_do_not_end_the_log() {
        let log = MemoryLog::new(LogOptions { in_flight_max: 2, ..LogOptions::new("s") });
        let writer = log.take_over(Tip::ORIGIN, &[]).await.expect("an empty log");
        let mut bench = Bench { appender: LogAppender::new(Name::new("s"), writer, keys()), log };
        bench.log.stepwise();
        let mut taken = 0;
        for workspace in ["acme", "other", "acme", "other"] {
            if bench.appender.has_room() {
                bench.append(workspace, |_| {}).expect("whoever asks for room first is never refused");
                taken += 1;
            }
        }
        bench.appender.send().expect("there is room for what was taken");
        assert_eq!(taken, 2);
        assert!(!bench.appender.has_room());
        while bench.log.deliver(8) > 0 {}
        assert!(bench.appender.has_room(), "it goes on");
        assert_eq!(bench.sent().await.len(), 2);
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
