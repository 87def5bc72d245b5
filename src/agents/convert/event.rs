//! Changes of records as events and messages. Derived from the record alone, so that a repeat after a reconnect is the same.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::stub::message_stub;
use super::view::{effort, position, seconds, timestamp};
use super::{enums, handing, joining, marks};
use crate::domain::content::Attachment;
use crate::domain::event::ReceiptStatus;
use crate::domain::id::{AgentId, AssignmentId, LeafId, MessageId, Name, OfferId, Position, RootId, WorkId};
use crate::domain::record::{
    Assigned, Author, Change, Direction, MessageContent, MessageStored, OfferMade, PersonalValue, PresenceSet,
    ReceiptNoted, Record, Woken, WorkBrief, WrapUpStarted,
};
use crate::domain::view::WorkState;
use crate::normalize::convert::{attachment_into_proto, content_to_proto, error_class, receipt_status};
use crate::proto::agent as p;
use crate::proto::agent::event::Event as Kind;
use crate::proto::channel;

/// The change at `place` as an event for the agent `me`; none when the change is nothing for agents. `name` knows agents' names.
pub(in crate::agents) fn event(
    record: &Record,
    place: u16,
    at: Position,
    me: &Name,
    name: impl Fn(AgentId) -> Option<Name>,
) -> Option<p::Event> {
    let kind = match record.changes.get(usize::from(place))? {
        Change::MessageStored(stored) => Kind::Message(message(record, place, stored, name)),
        Change::ReceiptNoted(receipt) => Kind::Status(status(receipt)),
        Change::OfferMade(made) => Kind::Offered(offered(record, place, made, name)),
        Change::OfferEnded { offer, work, outcome, .. } => Kind::OfferEnded(p::OfferEnded {
            offer_id: offer.to_string(),
            work_id: work.to_string(),
            outcome: enums::offer_outcome(*outcome).into(),
        }),
        Change::Assigned(assigned) => Kind::Assigned(assignment(record, place, assigned, (me, name))),
        Change::Unassigned { assignment, work, reason, .. } => Kind::Unassigned(p::WorkUnassigned {
            work_id: work.to_string(),
            assignment_id: assignment.to_string(),
            reason: enums::unassign_reason(*reason).into(),
        }),
        Change::WrapUpStarted(WrapUpStarted { work, until, .. }) => Kind::Changed(p::WorkChanged {
            work_id: work.to_string(),
            state: p::WorkState::Wrapup.into(),
            wrap_up_until: Some(timestamp(*until)),
            ..p::WorkChanged::default()
        }),
        Change::WrapUpLeft { work, .. } => Kind::Changed(p::WorkChanged {
            work_id: work.to_string(),
            state: p::WorkState::Assigned.into(),
            ..p::WorkChanged::default()
        }),
        Change::Parked(parked) => Kind::Changed(p::WorkChanged {
            work_id: parked.work.to_string(),
            state: p::WorkState::Parked.into(),
            parked_until: Some(timestamp(parked.until)),
            ..p::WorkChanged::default()
        }),
        Change::Woken(woken) => Kind::Changed(self::woken(woken)),
        Change::Transferring(change) => Kind::TransferStarted(p::TransferStarted {
            work_id: change.work.to_string(),
            transfer: Some(p::Transfer {
                agent: change.to.and_then(&name).map(Into::into).unwrap_or_default(),
                queue: change.queue.to_string(),
                until: change.until.map(timestamp),
                relief: change.relief,
            }),
        }),
        Change::WrapUpExtended(extended) => Kind::Changed(p::WorkChanged {
            work_id: extended.work.to_string(),
            state: p::WorkState::Wrapup.into(),
            wrap_up_until: Some(timestamp(extended.until)),
            ..p::WorkChanged::default()
        }),
        Change::Promised(promised) => Kind::Promised(p::WorkPromised {
            work_id: promised.work.to_string(),
            promised_by: promised.by.map(timestamp),
        }),
        Change::TransferEnded(change) => Kind::TransferEnded(p::TransferEnded {
            work_id: change.work.to_string(),
            outcome: enums::transfer_outcome(change.outcome).into(),
        }),
        Change::ParticipantJoined(joined) => {
            let mut work = brief(joined.work, &joined.brief, WorkState::Assigned);
            work.assignment_id = joined.asked_under.map(|id| id.to_string()).unwrap_or_default();
            let id = AssignmentId::new(record.index, place).to_string();
            Kind::ParticipationStarted(joining::started(id, joined, work, name(joined.agent)))
        }
        Change::OwnerTold(told) => {
            let owner = told.owner.and_then(|(_, agent)| name(agent));
            Kind::OwnerChanged(joining::owner_changed(told, owner))
        }
        Change::ParticipantLeft(left) => Kind::ParticipationEnded(joining::ended(left, name(left.agent))),
        Change::SummarySet(_) | Change::Tagged(_) | Change::PriorityGiven(_) => {
            Kind::Marked(marks::marked(record, place, record.changes.get(usize::from(place))?)?)
        }
        Change::WorksMerged { from, into, .. } => {
            Kind::WorksMerged(p::WorksMerged { from_work_id: from.to_string(), into_work_id: into.to_string() })
        }
        Change::WorkSplit { from, into, messages, .. } => Kind::WorkSplit(p::WorkSplit {
            from_work_id: from.to_string(),
            into_work_id: into.to_string(),
            message_ids: messages.iter().map(ToString::to_string).collect(),
        }),
        Change::Restored { work, messages, .. } => Kind::MessagesRestored(p::MessagesRestored {
            work_id: work.to_string(),
            message_ids: messages.iter().map(ToString::to_string).collect(),
        }),
        Change::PresenceSet(PresenceSet { presence, reason, channels, .. }) => Kind::Presence(p::AgentState {
            agent: me.to_string(),
            presence: enums::presence(*presence).into(),
            reason: reason.to_string(),
            channels: channels.iter().map(ToString::to_string).collect(),
            ..p::AgentState::default()
        }),
        Change::SessionEnded { reason, .. } => {
            Kind::SessionEnded(p::SessionEnded { reason: enums::session_end(*reason).into() })
        }
        Change::CustomerChanged { work, conversation, split, .. } => Kind::CustomerChanged(p::CustomerChanged {
            work_id: work.to_string(),
            conversation_id: conversation.to_string(),
            split_work_id: text(*split),
        }),
        _ => return None,
    };
    Some(p::Event { position: Some(position(at)), event: Some(kind) })
}

/// Adds the words of an assignment to its event.
pub(in crate::agents) fn say(event: &mut p::Event, messages: Vec<p::Message>, more: bool) {
    if let Some(Kind::Assigned(assigned)) = &mut event.event {
        assigned.messages = messages;
        assigned.more_messages = more;
    }
}

/// The end of a session as an event.
pub(in crate::agents) fn session_ended(at: Position, reason: p::SessionEndReason) -> p::Event {
    p::Event {
        position: Some(position(at)),
        event: Some(Kind::SessionEnded(p::SessionEnded { reason: reason.into() })),
    }
}

/// Messages and statuses of the record that belong to one of the leaves, in order, each at its place in the record.
///
/// `sees` tells of a message that was stored, or of the status of one in a Work, whether it is shown; `hears` of a note whether it is for
/// others alone.
pub(in crate::agents) fn conversation_events(
    record: &Record,
    leaves: &BTreeSet<LeafId>,
    name: impl Fn(AgentId) -> Option<Name>,
    sees: impl Fn(MessageId, Option<WorkId>, &str) -> bool,
    hears: impl Fn(&MessageStored) -> bool,
) -> Vec<p::Event> {
    (0u16..)
        .zip(&record.changes)
        .filter_map(|(place, change)| {
            let kind = match change {
                Change::MessageStored(stored) if leaves.contains(&stored.leaf) => {
                    let seen =
                        sees(MessageId::new(record.index, place), stored.work, &stored.endpoint) && hears(stored);
                    Kind::Message(if seen {
                        message(record, place, stored, &name)
                    } else {
                        message_stub(record, place, stored)
                    })
                }
                Change::ReceiptNoted(receipt) if receipt.applied && leaves.contains(&receipt.leaf) => {
                    if !sees(receipt.message, receipt.work, "") {
                        return None;
                    }
                    Kind::Status(status(receipt))
                }
                Change::Merged { winner, leaves: joined, .. } if joined.iter().any(|leaf| leaves.contains(leaf)) => {
                    now_with(*winner)
                }
                Change::Unmerged { rest, parted, leaves: gone, .. } => {
                    // Whoever watches follows one of the two.
                    let went = gone.iter().any(|leaf| leaves.contains(leaf));
                    let stayed = leaves.contains(&LeafId(rest.0));
                    match (went, stayed) {
                        (true, _) => now_with(*parted),
                        (false, true) => now_with(*rest),
                        (false, false) => return None,
                    }
                }
                _ => return None,
            };
            let at = Position { index: record.index, output: place.into() };
            Some(p::Event { position: Some(position(at)), event: Some(kind) })
        })
        .collect()
}

fn now_with(conversation: RootId) -> Kind {
    Kind::CustomerChanged(p::CustomerChanged {
        conversation_id: conversation.to_string(),
        ..p::CustomerChanged::default()
    })
}

/// Messages of the record that belong to one of the leaves, newest first, with their ids.
///
/// `current` tells the Work that a message is in now, of that which it was stored in; `sees` whether it is shown, of a message stored in a Work by an endpoint; `hears` of a note whether it is for others alone; `statuses` holds what later records reported of messages not seen yet; the record's own reports are added.
pub(in crate::agents) fn history_messages(
    record: &Record,
    leaves: &BTreeSet<LeafId>,
    statuses: &mut BTreeMap<MessageId, ReceiptStatus>,
    name: impl Fn(AgentId) -> Option<Name>,
    current: impl Fn(MessageId, Option<WorkId>) -> Option<WorkId>,
    (sees, hears): (impl Fn(MessageId, Option<WorkId>, &str) -> bool, impl Fn(&MessageStored) -> bool),
) -> Vec<(MessageId, p::Message)> {
    let mut messages = Vec::new();
    for (place, change) in (0u16..).zip(&record.changes).collect::<Vec<_>>().into_iter().rev() {
        match change {
            Change::ReceiptNoted(receipt) if receipt.applied => {
                // Newest first: the first report seen is the status now.
                statuses.entry(receipt.message).or_insert(receipt.status);
            }
            Change::MessageStored(stored) if leaves.contains(&stored.leaf) => {
                let id = MessageId::new(record.index, place);
                let seen = sees(id, stored.work, &stored.endpoint) && hears(stored);
                let mut message =
                    if seen { message(record, place, stored, &name) } else { message_stub(record, place, stored) };
                message.work_id = text(current(id, stored.work));
                if !seen {
                    messages.push((id, message));
                    continue;
                }
                if let Some(status) = statuses.get(&id) {
                    message.status = receipt_status(*status).into();
                }
                messages.push((id, message));
            }
            _ => {}
        }
    }
    messages
}

/// Agents whose names the event needs.
pub(in crate::agents) fn authors(record: &Record) -> impl Iterator<Item = AgentId> + '_ {
    let whispered = record.changes.iter().filter_map(|change| match change {
        Change::MessageStored(stored) => stored.whispered_to,
        _ => None,
    });
    let others = record.changes.iter().filter_map(|change| match change {
        Change::MessageStored(stored) => match stored.author {
            Author::Agent(agent) | Author::Bot(agent) => Some(agent),
            Author::Customer | Author::Participant | Author::System | Author::External => None,
        },
        Change::OfferMade(made) => made.from,
        Change::ParticipantJoined(joined) => Some(joined.agent),
        Change::OwnerTold(told) => told.owner.map(|(_, agent)| agent),
        Change::ParticipantLeft(left) => Some(left.agent),
        Change::Transferring(change) => change.to,
        _ => None,
    });
    let beside = record.changes.iter().flat_map(|change| match change {
        Change::Assigned(assigned) => assigned.participants.as_slice(),
        _ => &[],
    });
    others.chain(whispered).chain(beside.map(|part| part.agent))
}

/// Attachment `number` of the message, for the domain and for the peer.
pub(in crate::agents) fn attachment(
    record: &Record,
    message: MessageId,
    number: u32,
) -> Option<(Attachment, channel::Attachment)> {
    let number = usize::try_from(number).ok()?;
    let attachment = words(record, message.place())?.content.attachments().nth(number)?.clone();
    Some((attachment.clone(), attachment_into_proto(attachment)))
}

fn words(record: &Record, place: u16) -> Option<&MessageContent> {
    record.content.iter().find(|personal| personal.place == place).and_then(|personal| match &personal.value {
        PersonalValue::Message(content) => Some(&**content),
        _ => None,
    })
}

pub(super) fn message(
    record: &Record,
    place: u16,
    stored: &MessageStored,
    name: impl Fn(AgentId) -> Option<Name>,
) -> p::Message {
    let content = words(record, place);
    let agent = match stored.author {
        Author::Agent(agent) | Author::Bot(agent) => name(agent),
        Author::Customer | Author::Participant | Author::System | Author::External => None,
    };
    let status = match stored.direction {
        Direction::Out => channel::ReceiptStatus::Queued,
        Direction::In | Direction::Note => channel::ReceiptStatus::Unspecified,
    };
    p::Message {
        message_id: MessageId::new(record.index, place).to_string(),
        conversation_id: stored.conversation.to_string(),
        work_id: text(stored.work),
        direction: enums::direction(stored.direction).into(),
        kind: enums::message_kind(stored.kind).into(),
        author: enums::author(stored.author).into(),
        agent: agent.map(Into::into).unwrap_or_default(),
        assurance: enums::assurance(stored.assurance).into(),
        scope: enums::scope(stored.scope).into(),
        channel: stored.channel.to_string(),
        endpoint: stored.endpoint.to_string(),
        recorded_at: Some(timestamp(record.time)),
        provider_time: stored.provider_time.map(timestamp),
        content: content.map(|words| content_to_proto(&words.content)),
        about_message_id: stored.about.map(|id| id.to_string()).unwrap_or_default(),
        flags: enums::flags(stored.flags),
        detail: content.and_then(|words| words.detail.clone()).unwrap_or_default(),
        status: status.into(),
        whispered_to: stored.whispered_to.and_then(&name).map(Into::into).unwrap_or_default(),
        // Every message has words, if only empty ones: where there are none their key is gone.
        erased: content.is_none(),
        hidden: false,
    }
}

pub(super) fn status(receipt: &ReceiptNoted) -> p::MessageStatus {
    p::MessageStatus {
        message_id: receipt.message.to_string(),
        work_id: text(receipt.work),
        status: receipt_status(receipt.status).into(),
        error_class: error_class(receipt.class).into(),
        error_code: receipt.code.to_string(),
    }
}

fn woken(woken: &Woken) -> p::WorkChanged {
    let state = if woken.held_until.is_some() { p::WorkState::Parked } else { p::WorkState::Assigned };
    p::WorkChanged {
        work_id: woken.work.to_string(),
        state: state.into(),
        woken_by: enums::wake_cause(woken.cause).into(),
        held_until: woken.held_until.map(timestamp),
        cost: woken.cost,
        ..p::WorkChanged::default()
    }
}

/// What whoever passed the Work on noted.
pub(super) fn note(record: &Record, place: u16) -> String {
    let noted = record.content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Note(note) if personal.place == place => Some(note.clone()),
        _ => None,
    });
    noted.unwrap_or_default()
}

fn offered(record: &Record, place: u16, made: &OfferMade, name: impl Fn(AgentId) -> Option<Name>) -> p::Offer {
    let mut work = brief(made.work, &made.brief, WorkState::Offered);
    marks::show(&mut work, record, place);
    work.briefing = handing::told(record, place);
    p::Offer {
        offer_id: OfferId::new(record.index, place).to_string(),
        work: Some(work),
        expires_at: Some(timestamp(made.expires_at)),
        cost: made.cost,
        passed_on_by: made.from.and_then(name).map(Into::into).unwrap_or_default(),
        note: note(record, place),
    }
}

fn assignment(
    record: &Record,
    place: u16,
    assigned: &Assigned,
    (me, name): (&Name, impl Fn(AgentId) -> Option<Name>),
) -> p::WorkAssigned {
    let mut work = brief(assigned.work, &assigned.brief, WorkState::Assigned);
    work.assignment_id = AssignmentId::new(record.index, place).to_string();
    work.owner = me.to_string();
    marks::show(&mut work, record, place);
    work.briefing = handing::told(record, place);
    work.participants = assigned.participants.iter().map(|part| joining::taking_part(part, name(part.agent))).collect();
    // Its words stand in older records: they are added by who can read those.
    p::WorkAssigned {
        work: Some(work),
        cause: enums::assign_cause(assigned.cause).into(),
        cost: assigned.cost,
        messages: Vec::new(),
        more_messages: false,
        note: note(record, place),
        overcommit: assigned.overcommit,
    }
}

fn brief(work: WorkId, brief: &WorkBrief, state: WorkState) -> p::Work {
    p::Work {
        work_id: work.to_string(),
        conversation_id: brief.conversation.to_string(),
        state: enums::work_state(state).into(),
        queue: brief.queue.to_string(),
        channel: brief.channel.to_string(),
        endpoint: brief.endpoint.to_string(),
        brand: brief.brand.to_string(),
        turn: enums::turn(brief.waiting_since.is_some()).into(),
        opened_at: Some(timestamp(brief.opened_at)),
        waiting_since: brief.waiting_since.map(timestamp),
        waited_seconds: seconds(brief.waited_ms),
        effort: effort(&brief.effort),
        // A Work that we began has no message yet when it is assigned.
        last_customer_message_id: Some(brief.last_message)
            .filter(|last| *last != MessageId::default())
            .map(|last| last.to_string())
            .unwrap_or_default(),
        linked_work_ids: brief.linked.iter().map(ToString::to_string).collect(),
        ..p::Work::default()
    }
}

fn text(work: Option<WorkId>) -> String {
    work.map(|id| id.to_string()).unwrap_or_default()
}
