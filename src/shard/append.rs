//! Records to bytes and subjects, and into the log's writer.

use async_nats::Subject;

use super::engine::{AppendError, Appender, LogEnded};
use crate::domain::id::Name;
use crate::domain::record::{Change, Record};
use crate::log::{AppendRefused, Writer, codec};

/// The log's writer as the engine sees it.
#[derive(Debug)]
pub(super) struct LogAppender {
    writer: Writer,
    shard: Name,
    /// Bytes of the record being appended; kept for its room.
    bytes: Vec<u8>,
    /// Subjects of each workspace, made once: they are shared, not copied.
    subjects: Vec<(Name, [Subject; 3])>,
}

impl LogAppender {
    pub(super) fn new(shard: Name, writer: Writer) -> Self {
        Self { writer, shard, bytes: Vec::with_capacity(4_096), subjects: Vec::new() }
    }

    /// The writer, to wait for its end.
    pub(super) fn into_writer(self) -> Writer {
        self.writer
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Waits until one more record will be taken. Cancel-safe.
    pub(super) async fn room(&mut self) -> Result<(), LogEnded> {
        self.writer.room().await.map_err(|_| LogEnded)
    }

    fn subject(&mut self, record: &Record) -> Subject {
        let kind = SubjectKind::of(record) as usize;
        let known = self.subjects.iter().find(|(workspace, _)| *workspace == record.workspace);
        if let Some((_, subjects)) = known {
            return subjects[kind].clone();
        }
        let subjects = ["c", "a", "w"]
            .map(|letter| Subject::from(format!("skein.log.{}.{}.{letter}", self.shard, record.workspace)));
        let subject = subjects[kind].clone();
        self.subjects.push((record.workspace.clone(), subjects));
        subject
    }
}

impl Appender for LogAppender {
    fn has_room(&self) -> bool {
        self.writer.has_room()
    }

    fn append(&mut self, record: &Record) -> Result<(), AppendError> {
        self.bytes.clear();
        codec::encode(record, &mut self.bytes);
        let subject = self.subject(record);
        match self.writer.append(subject, &self.bytes) {
            Ok(_) => Ok(()),
            Err(AppendRefused::TooLarge { .. }) => Err(AppendError::TooLarge),
            // Room is asked for before a decision, so a full writer is one that will never have room again.
            Err(AppendRefused::Full { .. } | AppendRefused::Ended) => Err(AppendError::Ended),
        }
    }
}

/// The last token of a record's subject (design, "Streams").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubjectKind {
    /// Touches a leaf.
    Customer,
    /// Agents and sessions.
    Agent,
    /// Configuration, progress, hand-over.
    Workspace,
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
