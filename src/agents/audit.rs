//! Who has looked at what, and what supervisors did: a line of the daemon's log, target `skein::agents::audit`, before the answer.
//!
//! Searches of everybody, exports, and all that a supervisor or quality reads of customers (domain rules, section 7). Ids only: what was
//! searched for is not in it.

use super::caller::Caller;
use crate::domain::id::{RootId, WorkId};
use crate::telemetry::fields;

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Search,
    Export,
    Customer,
    Conversation,
    Messages,
    /// Somebody looks on from now on.
    Monitor,
    Attachment,
    Work,
    /// Works of a queue, or of all.
    Works,
    Quarantine,
    ReplyOptions,
}

impl Read {
    fn label(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Export => "export",
            Self::Customer => "customer",
            Self::Conversation => "conversation",
            Self::Messages => "messages",
            Self::Monitor => "monitor",
            Self::Attachment => "attachment",
            Self::Work => "work",
            Self::Works => "works",
            Self::Quarantine => "quarantine",
            Self::ReplyOptions => "reply_options",
        }
    }

    /// Whether it is noted whoever reads.
    fn always(self) -> bool {
        matches!(self, Self::Search | Self::Export)
    }
}

/// Whose it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Customer(RootId),
    Work(WorkId),
    Many,
}

/// Notes what a supervisor decided about somebody else's affairs; the record in the shard's log says the same for good.
pub(super) fn acted(caller: &Caller, what: &'static str, work: Option<WorkId>) {
    tracing::info!(
        { fields::WORKSPACE } = %caller.workspace,
        { fields::AGENT_ID } = %caller.agent,
        { fields::WORK_ID } = work.map(tracing::field::display),
        what,
        "supervisor acted"
    );
}

/// Notes a read, where it is to be noted.
pub(super) fn audit(caller: &Caller, read: Read, of: Of) {
    if !read.always() && !caller.oversees() {
        return;
    }
    let (customer, work) = match of {
        Of::Customer(customer) => (Some(customer), None),
        Of::Work(work) => (None, Some(work)),
        Of::Many => (None, None),
    };
    tracing::info!(
        { fields::WORKSPACE } = %caller.workspace,
        { fields::AGENT_ID } = %caller.agent,
        { fields::CUSTOMER_ID } = customer.map(tracing::field::display),
        { fields::WORK_ID } = work.map(tracing::field::display),
        read = read.label(),
        oversees = caller.oversees(),
        "customers' data read"
    );
}
