//! Reports that name no message but a time: everything of ours up to then is delivered, or read (domain rules, section 3).
//!
//! What they say is applied to what the adapter has reported as sent. A report proves nothing of a message that may still lie in
//! OUT or was lost on its way: there it waits until the adapter says that the message left.

use smallvec::SmallVec;

use super::open_sends::OpenSend;
use super::receipt::{Delivery, audience, delivered};
use crate::domain::conversation::is_odd_time;
use crate::domain::customer::known_person;
use crate::domain::draft::Draft;
use crate::domain::event::{InboundEvent, ReceiptStatus, Scope};
use crate::domain::id::{LeafId, MessageId};
use crate::domain::record::{Change, ReceiptNoted, ThroughParked};
use crate::domain::time::Timestamp;
use crate::domain::workspace::EndpointConfig;

/// By how much the clocks of provider and shard may differ, milliseconds: as much as `shard.clock_skew_max` takes. Between two times
/// of the provider's own nothing may: what was sent a second after somebody read was not read.
const CLOCKS_MS: i64 = 2_000;

/// A report up to a time. Gives whether anything follows from it.
pub(super) fn through(
    draft: &mut Draft<'_>,
    endpoint: &EndpointConfig,
    event: &InboundEvent,
    status: ReceiptStatus,
    through: Timestamp,
    named: Option<MessageId>,
) -> bool {
    let told = matches!(status, ReceiptStatus::Delivered | ReceiptStatus::Read) && !is_odd_time(through, draft.now);
    // Who read what in a group, no time says.
    if !told || event.scope != Scope::Direct {
        return false;
    }
    let space = draft.space;
    let Some(leaf) = known_person(space, &event.senders, event.assurance, &endpoint.scope) else {
        return false;
    };
    let mut risen: SmallVec<[(MessageId, Delivery); 4]> = SmallVec::new();
    let mut waits = false;
    for OpenSend { message, at, told } in space.open_sends.of(leaf) {
        let Some((_, delivery)) = delivered(draft, *message) else {
            continue;
        };
        let by_it = delivery.went_by(&space.names, &endpoint.channel, &endpoint.name);
        if !by_it || named == Some(*message) || !covers(through, *at, *told) {
            continue;
        }
        match delivery.status {
            ReceiptStatus::Queued | ReceiptStatus::Unknown => waits = true,
            before if before < status => risen.push((*message, delivery)),
            _ => {}
        }
    }
    let waits = waits && waiting(draft, leaf, endpoint, status).is_none_or(|known| known < through);
    let any = waits || !risen.is_empty();
    for (message, delivery) in risen {
        draft.push(Change::ReceiptNoted(ReceiptNoted {
            message,
            leaf,
            work: delivery.work,
            status,
            applied: true,
            audience: audience(draft, delivery.work),
            ..ReceiptNoted::default()
        }));
    }
    if waits {
        let (channel, endpoint) = (endpoint.channel.clone(), endpoint.name.clone());
        draft.push(Change::ThroughParked(ThroughParked { leaf, channel, endpoint, status, through }));
    }
    any
}

/// The provider's time of a message of ours, where the report that it was sent tells one that can be: not before we had it, not
/// after we hear of it. Any other is of another clock, and ours counts.
pub(super) fn sent_at(draft: &Draft<'_>, leaf: LeafId, message: MessageId, event: &InboundEvent) -> Option<Timestamp> {
    let open = draft.space.open_sends.of(leaf).iter().find(|send| send.message == message)?;
    let told = event.occurred_at.filter(|_| event.odd_time.is_none())?;
    (covers(told, open.at, false) && covers(draft.now, told, false)).then_some(told)
}

/// The highest status that waited for the report that a message left. Without its time it counts only if it is no older than that
/// report: what was read before may have been anything.
pub(super) fn waited(
    draft: &Draft<'_>,
    leaf: LeafId,
    endpoint: &EndpointConfig,
    sent_at: Option<Timestamp>,
) -> Option<ReceiptStatus> {
    let at = sent_at.unwrap_or(draft.now);
    [ReceiptStatus::Read, ReceiptStatus::Delivered].into_iter().find(|status| {
        waiting(draft, leaf, endpoint, *status).is_some_and(|through| covers(through, at, sent_at.is_some()))
    })
}

fn waiting(draft: &Draft<'_>, leaf: LeafId, endpoint: &EndpointConfig, status: ReceiptStatus) -> Option<Timestamp> {
    let all = draft.space.open_sends.waiting(leaf).iter();
    let mut same = all.filter(|report| {
        report.status == status && report.channel == endpoint.channel && report.endpoint == endpoint.name
    });
    same.next().map(|report| report.through)
}

/// Whether `at` is not after `through`, as far as clocks can tell: exactly, where both are of one clock.
fn covers(through: Timestamp, at: Timestamp, one_clock: bool) -> bool {
    at.0.saturating_sub(through.0) <= if one_clock { 0 } else { CLOCKS_MS }
}
