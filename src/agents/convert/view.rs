//! Views of the state as messages.

use super::facts::aside;
use super::widening::widening;
use super::{enums, handing, joining, marks};
use crate::agents::status::Refusal;
use crate::domain::event::Scope;
use crate::domain::id::{Index, Position};
use crate::domain::record::EffortEntry;
use crate::domain::time::Timestamp;
use crate::domain::view::{AgentView, ConversationView, IdentityView, OfferView, WorkView};
use crate::proto::agent as p;

pub(super) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    let nanos = time.0.rem_euclid(1_000) * 1_000_000;
    prost_types::Timestamp {
        seconds: time.0.div_euclid(1_000),
        nanos: i32::try_from(nanos).expect("less than a second of nanoseconds fits"),
    }
}

/// A time of a request, to the millisecond.
pub(super) fn timestamp_from(field: &'static str, time: prost_types::Timestamp) -> Result<Timestamp, Refusal> {
    if !(0..1_000_000_000).contains(&time.nanos) {
        return Err(Refusal::invalid(field, "nanos are out of their range"));
    }
    time.seconds
        .checked_mul(1_000)
        .and_then(|millis| millis.checked_add(i64::from(time.nanos / 1_000_000)))
        .map(Timestamp)
        .ok_or_else(|| Refusal::invalid(field, "seconds are out of their range"))
}

/// A position for an agent.
pub(super) fn position(position: Position) -> p::Position {
    p::Position { index: position.index.0, output: position.output }
}

/// A position that an agent gives back.
pub(in crate::agents) fn position_from(position: p::Position) -> Position {
    Position { index: Index(position.index), output: position.output }
}

/// One Work.
pub(super) fn work(view: WorkView) -> p::Work {
    p::Work {
        work_id: view.work.to_string(),
        conversation_id: view.conversation.to_string(),
        state: enums::work_state(view.state).into(),
        queue: view.queue.into(),
        channel: view.channel.into(),
        endpoint: view.endpoint.into(),
        brand: view.brand.into(),
        turn: enums::turn(view.turn_ours).into(),
        opened_at: Some(timestamp(view.opened_at)),
        waiting_since: view.waiting_since.map(timestamp),
        waited_seconds: seconds(view.waited_ms),
        assignment_id: view.assignment.map(|id| id.to_string()).unwrap_or_default(),
        owner: view.owner.map(|(_, name)| name.into()).unwrap_or_default(),
        last_customer_message_id: view.last_customer_message.map(|id| id.to_string()).unwrap_or_default(),
        reopen_until: view.reopen_until.map(timestamp),
        disposition: view.disposition.into(),
        due_at: view.key.map(|key| timestamp(Timestamp(key))),
        linked_work_ids: view.linked.iter().map(ToString::to_string).collect(),
        merged_into_work_id: view.merged_into.map(|id| id.to_string()).unwrap_or_default(),
        also_on: view
            .also_on
            .into_iter()
            .map(|(channel, endpoint)| p::WorkPlace { channel: channel.into(), endpoint: endpoint.into() })
            .collect(),
        muted: view.muted.map_or(p::MuteReason::Unspecified, enums::mute_reason).into(),
        parked_until: view.passing.parked_until.map(timestamp),
        wake_on_fact: view.passing.wake_on_fact.map(Into::into).unwrap_or_default(),
        held_until: view.passing.held_until.map(timestamp),
        promised_by: view.passing.promised_by.map(timestamp),
        for_people: view.passing.for_people,
        briefing: view.passing.briefing.as_ref().map(handing::briefing),
        participants: view.passing.participants.into_iter().map(joining::participant).collect(),
        silent_since: view.passing.silent_since.map(timestamp),
        customer_left: view.passing.left,
        held_for_agent: view.passing.held_for.as_ref().map(|(agent, _)| agent.to_string()).unwrap_or_default(),
        held_for_until: view.passing.held_for.map(|(_, until)| timestamp(until)),
        widening: widening(view.widening).map(Box::new),
        transfer: view.passing.transfer.map(|transfer| p::Transfer {
            agent: transfer.to.map(Into::into).unwrap_or_default(),
            queue: transfer.queue.into(),
            until: transfer.until.map(timestamp),
            relief: transfer.relief,
        }),
        hidden: false,
        summary: view.marks.summary.map(marks::summary),
        tags: marks::names(view.marks.tags),
        credits: view.credits.into_iter().map(marks::credit).collect(),
        effort: effort(&view.effort),
    }
}

/// The ledger of a Work.
pub(super) fn effort(entries: &[EffortEntry]) -> Vec<p::Effort> {
    let shown = |entry: &EffortEntry| p::Effort {
        kind: enums::effort_kind(entry.kind).into(),
        count: entry.count,
        seconds: seconds(entry.ms),
    };
    entries.iter().map(shown).collect()
}

/// A Work of the caller's own.
pub(in crate::agents) fn own_work(view: WorkView) -> p::Work {
    work(view)
}

#[expect(clippy::cast_precision_loss, reason = "exact below 285,000 years")]
pub(super) fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

/// An open offer.
pub(in crate::agents) fn offer(view: OfferView) -> p::Offer {
    p::Offer {
        offer_id: view.offer.to_string(),
        work: Some(work(view.work)),
        expires_at: Some(timestamp(view.expires_at)),
        cost: view.cost,
        passed_on_by: view.from.map(Into::into).unwrap_or_default(),
        note: view.note,
    }
}

/// What an agent has after the record at `index`.
pub(in crate::agents) fn snapshot(index: Index, view: AgentView) -> p::Snapshot {
    p::Snapshot {
        position: Some(position(Position { index, output: u32::MAX })),
        agent: Some(p::AgentState {
            agent: view.name.into(),
            presence: enums::presence(view.presence).into(),
            reason: view.reason.into(),
            channels: view.channels.into_iter().map(Into::into).collect(),
            capacity: view.capacity,
            load: view.load,
            overcommit: view.load.saturating_sub(view.capacity),
        }),
        offers: view.offers.into_iter().map(offer).collect(),
        works: view.works.into_iter().map(work).collect(),
        joined: view.joined.into_iter().map(work).collect(),
    }
}

/// A conversation.
pub(super) fn conversation(view: ConversationView) -> p::Conversation {
    let last = view.last.iter().map(|(_, index)| *index).max();
    p::Conversation {
        conversation_id: view.conversation.to_string(),
        shown_name: view.shown_name.map(Into::into).unwrap_or_default(),
        identities: view.identities.into_iter().map(identity).collect(),
        works: view.works.into_iter().map(work).collect(),
        last_position: last.map(|index| position(Position { index, output: u32::MAX })),
        hidden: false,
        summary: view.marks.summary.map(marks::summary),
        tags: marks::names(view.marks.tags),
    }
}

pub(super) fn identity(view: IdentityView) -> p::Identity {
    let kind = match view.scope {
        Scope::Direct => enums::namespace(view.kind),
        Scope::Group | Scope::Public => "thread",
    };
    let namespace =
        if view.namespace_scope.is_empty() { kind.to_owned() } else { format!("{kind}:{}", view.namespace_scope) };
    p::Identity {
        identity_id: view.leaf.to_string(),
        namespace,
        address: view.address.map(Into::into).unwrap_or_default(),
        verified: view.status == crate::domain::record::IdentityStatus::Verified,
        shared: view.shared,
        generation: view.generation,
        refuses: view.refuses.into_iter().map(|purpose| enums::purpose(purpose).into()).collect(),
        link: Some(p::Link {
            evidence: enums::evidence(view.evidence).into(),
            assurance: enums::assurance(view.assurance).into(),
            linked_at: view.linked.as_ref().map(|(at, _)| timestamp(*at)),
            linked_by: view.linked.and_then(|(_, agent)| agent).map(Into::into).unwrap_or_default(),
        }),
        ended: view.ended,
        aside: view.aside.map(|view| aside(*view)),
    }
}
