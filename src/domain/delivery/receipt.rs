//! Receipts: monotone per message, by our id or the provider's; those that come before their message wait.

use smallvec::SmallVec;

use crate::domain::conversation::provider_fingerprint;
use crate::domain::draft::Draft;
use crate::domain::event::{ErrorClass, Receipt, ReceiptStatus};
use crate::domain::id::{LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Change, MessageStored, ReceiptNoted};
use crate::domain::rejection::Rejection;

/// Receipts that wait for their message at most, in a workspace.
const MAX_PARKED: usize = 10_000;
/// Longest provider code that is kept, bytes.
const MAX_CODE_BYTES: usize = 64;

/// A message of ours that may still get receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) leaf: LeafId,
    pub(crate) work: Option<WorkId>,
    pub(crate) status: ReceiptStatus,
}

/// A receipt that came before its message was bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParkedReceipt {
    pub(crate) status: ReceiptStatus,
    pub(crate) class: ErrorClass,
}

impl Delivery {
    pub(crate) fn of(message: &MessageStored) -> Self {
        Self { leaf: message.leaf, work: message.work, status: ReceiptStatus::Queued }
    }

    /// Whether a status would change this one: rising only, and FAILED and EXPIRED only below DELIVERED.
    fn rises_to(self, status: ReceiptStatus) -> bool {
        status > self.status
    }
}

/// An adapter reports what became of a message.
pub(crate) fn receipt(
    draft: &mut Draft<'_>,
    channel: &Name,
    endpoint: &Name,
    provider_ref: Option<&str>,
    report: &Receipt,
) -> Result<(), Rejection> {
    let key = draft.space.hash_key();
    let fingerprint = provider_ref.map_or(0, |id| provider_fingerprint(key, channel, endpoint, id));
    let class = report.error.as_ref().map_or(ErrorClass::Unspecified, |error| error.class);
    let code = report.error.as_ref().map_or_else(Name::default, |error| bounded(&error.code));

    let named = report.message_id.as_deref().and_then(|id| id.parse::<MessageId>().ok());
    let bound = || draft.space.provider_ids.get(fingerprint).map(|(message, _)| *message);
    let found = named.or_else(bound).and_then(|id| Some((id, *draft.space.deliveries.get(id.to_bits())?)));
    let Some((message, delivery)) = found else {
        return park(draft, fingerprint, report.status, class);
    };

    let binds = fingerprint != 0 && draft.space.provider_ids.get(fingerprint).is_none();
    if report.status == delivery.status && !binds {
        return Err(Rejection::Duplicate);
    }
    let note = |status: ReceiptStatus, applied: bool, class, code, provider_fingerprint| ReceiptNoted {
        message,
        leaf: delivery.leaf,
        work: delivery.work,
        status,
        applied,
        class,
        code,
        provider_fingerprint,
        audience: audience(draft, delivery.work),
    };
    let mut changes: SmallVec<[ReceiptNoted; 2]> = SmallVec::new();
    let applied = delivery.rises_to(report.status);
    changes.push(note(report.status, applied, class, code, if binds { fingerprint } else { 0 }));
    // What had come too early counts now that the report binds the two ids.
    let so_far = if applied { report.status } else { delivery.status };
    if binds
        && let Some(early) = draft.space.parked.get(fingerprint)
        && early.status > so_far
    {
        changes.push(note(early.status, true, early.class, Name::default(), 0));
    }
    for change in changes {
        draft.push(Change::ReceiptNoted(change));
    }
    Ok(())
}

fn park(draft: &mut Draft<'_>, fingerprint: u64, status: ReceiptStatus, class: ErrorClass) -> Result<(), Rejection> {
    if fingerprint == 0 {
        return Err(Rejection::UnknownMessage);
    }
    match draft.space.parked.get(fingerprint) {
        Some(parked) if parked.status >= status => return Err(Rejection::Duplicate),
        None if draft.space.parked.len() >= MAX_PARKED => {
            return Err(Rejection::Limit("receipts before their message: 10,000"));
        }
        _ => {}
    }
    draft.push(Change::ReceiptParked { fingerprint, status, class });
    Ok(())
}

/// The owner of the Work is told.
fn audience(draft: &Draft<'_>, work: Option<WorkId>) -> SmallVec<[crate::domain::id::AgentId; 1]> {
    work.and_then(|id| draft.work(id)?.owner).map(|owner| owner.agent).into_iter().collect()
}

fn bounded(code: &str) -> Name {
    let end = (0..=MAX_CODE_BYTES.min(code.len())).rev().find(|&at| code.is_char_boundary(at)).unwrap_or(0);
    code[..end].chars().filter(|c| !c.is_control()).collect()
}
