//! What customers are told by themselves, in records: that it is closed, or takes longer (domain rules, section 1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::id::{MessageId, WorkId};
use crate::domain::time::Timestamp;

/// What a customer is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The queue is closed, and when it opens.
    #[default]
    Closed,
    /// It takes longer, and how long about.
    Waiting,
}

/// A Notice is due, or none any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoticeSet {
    /// In which Work.
    pub work: WorkId,
    /// Which.
    pub kind: NoticeKind,
    /// When; none: not any more.
    pub at: Option<Timestamp>,
}

/// A Notice goes out: a message of this record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoticeSent {
    /// In which Work.
    pub work: WorkId,
    /// Which.
    pub kind: NoticeKind,
    /// The message.
    pub message: MessageId,
    /// When the queue opens, of one that is closed.
    pub opens_at: Option<Timestamp>,
}
