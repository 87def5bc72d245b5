//! What the auditor keeps of owners, offers and messages of ours, told from the records.

use skein::domain::event::ReceiptStatus;
use skein::domain::id::{AgentId, AssignmentId, LeafId, WorkId};
use skein::domain::record::{Cause, Input, ReceiptNoted};
use skein::domain::time::Timestamp;

/// Who owns a Work.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(super) assignment: AssignmentId,
    pub(super) agent: AgentId,
    pub(super) cost: u32,
    pub(super) grace_ms: Option<u64>,
    pub(super) at: Timestamp,
    /// When it wakes at the latest, if it is parked and has not woken.
    pub(super) sleeps_until: Option<Timestamp>,
    pub(super) parked: bool,
}

/// That an agent has more than it can.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    /// Since when, and the extensions so far at that time.
    pub(super) since: (Timestamp, u64),
    /// That it is so is in a record.
    pub(super) noted: bool,
}

/// To whom a Work is offered.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(super) work: WorkId,
    pub(super) agent: AgentId,
    pub(super) cost: u32,
    pub(super) expires_at: Timestamp,
    pub(super) extended_ms: u64,
}

/// A message of ours.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) leaf: LeafId,
    /// When it was sent, and whether that is the provider's time.
    pub(super) at: (Timestamp, bool),
    pub(crate) risen: Vec<Risen>,
}

/// Its status rose.
#[derive(Debug)]
pub(crate) struct Risen {
    pub(crate) status: ReceiptStatus,
    /// When it was sent, as far as was known then.
    pub(crate) at: (Timestamp, bool),
    pub(crate) input: Option<Input>,
}

impl Sent {
    pub(super) fn note(&mut self, receipt: &ReceiptNoted, cause: &Cause) {
        if let Some(at) = receipt.sent_at {
            self.at = (at, true);
        }
        if receipt.applied {
            let input = if let Cause::Input(input) = cause { Some(*input) } else { None };
            self.risen.push(Risen { status: receipt.status, at: self.at, input });
        }
    }
}
