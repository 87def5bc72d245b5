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
        if !self.entry.push(record, self.writer.record_max().saturating_sub(ENTRY_BYTES)) {
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
