//! What is known of one customer as the lines of an export: see `export.proto`.

use std::collections::{BTreeSet, HashMap};

use super::event::{message, status};
use super::facts::{block, fact};
use super::view::timestamp;
use super::{enums, handing, marks};
use crate::domain::event::Scope;
use crate::domain::id::{AgentId, LeafId, MessageId, Name, WorkId};
use crate::domain::record::{
    AssignCause, Cause, Change, IdentityOpened, IdentityRekeyed, MessageContent, MessageStored, OptNoted, OptSource,
    PersonalValue, Record, WorkOpened,
};
use crate::domain::view::{BlockView, CustomerView};
use crate::normalize::convert::content_to_proto;
use crate::normalize::message_to_json;
use crate::proto::agent as p;
use crate::proto::agent::export_line::Item;

/// A line as JSON.
pub(in crate::agents) fn export_line(line: &p::ExportLine) -> String {
    message_to_json("skein.agent.v1.ExportLine", line)
}

/// The customer as it is now, and who may be the same person.
pub(in crate::agents) fn head(view: CustomerView) -> Vec<p::ExportLine> {
    let line = |item| p::ExportLine { item: Some(item), ..p::ExportLine::default() };
    let suggestions: Vec<p::ExportLine> =
        view.suggestions.iter().map(|known| line(Item::Suggestion(super::suggestion(*known)))).collect();
    let mut lines = vec![line(Item::Customer(Box::new(super::customer::customer(view))))];
    lines.extend(suggestions);
    lines
}

/// What a record says of these identities, in its order.
pub(in crate::agents) fn exported(
    record: &Record,
    leaves: &BTreeSet<LeafId>,
    name: impl Fn(AgentId) -> Option<Name>,
) -> Vec<p::ExportLine> {
    let by = match &record.cause {
        Cause::Command(request) => request.principal.to_string(),
        Cause::Input(_) | Cause::Timer | Cause::System => String::new(),
    };
    // A Work that is only named is the customer's where nobody else is touched.
    let alone = record.touches.iter().all(|touch| leaves.contains(&touch.leaf));
    let mut lines = Vec::new();
    for (place, change) in (0u16..).zip(&record.changes) {
        let leaf = change.leaf();
        if leaf.is_some_and(|leaf| !leaves.contains(&leaf)) {
            continue;
        }
        if let Some(item) = item(record, place, change, (leaves, alone), &name) {
            let identity_id = leaf.map(|leaf| leaf.to_string()).unwrap_or_default();
            let recorded_at = Some(timestamp(record.time));
            lines.push(p::ExportLine { identity_id, recorded_at, by: by.clone(), item: Some(item) });
        }
    }
    lines
}

fn item(
    record: &Record,
    place: u16,
    change: &Change,
    (leaves, alone): (&BTreeSet<LeafId>, bool),
    name: impl Fn(AgentId) -> Option<Name>,
) -> Option<Item> {
    let mark = |work: Option<WorkId>, name: &str| p::ExportedMark {
        work_id: work.map(|work| work.to_string()).unwrap_or_default(),
        name: name.to_owned(),
    };
    Some(match change {
        Change::MessageStored(stored) => Item::Message(said(record, place, stored, name)),
        Change::PartHeld(_) => {
            let words = words(record, place)?;
            let content = Some(content_to_proto(&words.content));
            Item::Part(p::ExportedMessage { message: None, content, beside: beside(words) })
        }
        Change::IdentityOpened(opened) => Item::Address(address(record, place, opened)),
        Change::IdentityRekeyed(IdentityRekeyed { kind, generation, .. }) => match personal(record, place)? {
            PersonalValue::Address(address) => Item::Address(p::ExportedAddress {
                namespace: enums::namespace(*kind).to_owned(),
                address: address.to_string(),
                generation: *generation,
                link: None,
            }),
            _ => return None,
        },
        Change::Named { .. } => match personal(record, place)? {
            PersonalValue::Shown(name) => Item::ShownName(name.to_string()),
            _ => return None,
        },
        Change::FactsSet { leaf } => match personal(record, place)? {
            PersonalValue::Facts(facts) => {
                let facts = facts.iter().map(|known| fact((*leaf, known.clone()))).collect();
                Item::Facts(p::ExportedFacts { facts })
            }
            _ => return None,
        },
        Change::FactAsked { work, known, .. } => match personal(record, place)? {
            PersonalValue::Asked(asked) => Item::Asked(p::ExportedAsk {
                work_id: work.to_string(),
                key: asked.key.to_string(),
                prompt: asked.prompt.clone(),
                known: *known,
            }),
            _ => return None,
        },
        Change::Transferring(change) => match personal(record, place)? {
            PersonalValue::Note(note) => {
                Item::PassedOn(p::ExportedNote { work_id: change.work.to_string(), note: note.clone() })
            }
            _ => return None,
        },
        Change::Assigned(assigned) if assigned.cause == AssignCause::Assign => {
            // With other causes it is what was noted before: that stands in the export by itself.
            let note = Some(super::event::note(record, place)).filter(|note| !note.is_empty())?;
            Item::PassedOn(p::ExportedNote { work_id: assigned.work.to_string(), note })
        }
        Change::Blocked { until, .. } => {
            let reason = match personal(record, place) {
                Some(PersonalValue::Reason(reason)) => Some(reason.clone()),
                _ => None,
            };
            Item::Blocked(block(BlockView { since: record.time, until: *until, by: None, reason }))
        }
        Change::SummarySet(_) | Change::Tagged(_) | Change::PriorityGiven(_) => marks::exported(record, place, change)?,
        Change::Unblocked { .. } => Item::Unblocked(mark(None, "")),
        Change::HandedToPeople(handed) => Item::HandedOver(p::ExportedBriefing {
            work_id: handed.work.to_string(),
            briefing: Some(handing::told(record, place)?),
        }),
        Change::OptNoted(OptNoted { purposes, refused, source, .. }) => Item::Opt(p::ExportedOpt {
            purposes: purposes.iter().map(|purpose| enums::purpose(*purpose).into()).collect(),
            refused: *refused,
            source: opt_source(*source).to_owned(),
        }),
        Change::WorkOpened(opened) => Item::Opened(Box::new(work(record, place, opened))),
        Change::WorkReopened { work, .. } => Item::Reopened(mark(Some(*work), "")),
        Change::WorkClosed { work, disposition, .. } if alone => Item::Closed(mark(Some(*work), disposition)),
        Change::SpamMarked { work, .. } => Item::SpamMarked(mark(Some(*work), "")),
        Change::SpamCleared { work, .. } => Item::SpamCleared(mark(Some(*work), "")),
        Change::Quarantined { endpoint, .. } => Item::Quarantined(mark(None, endpoint)),
        Change::QuarantineLifted { .. } => Item::QuarantineLifted(mark(None, "")),
        Change::Merged { loser, leaves: joined, evidence, .. } => {
            let own: Vec<String> =
                joined.iter().filter(|leaf| leaves.contains(leaf)).map(ToString::to_string).collect();
            // Of a merge that was undone since, whose these are does not say who the other was.
            if own.is_empty() {
                return None;
            }
            Item::Merged(p::Merge {
                customer_id: loser.to_string(),
                identity_ids: own,
                evidence: enums::evidence(*evidence).into(),
                merged_at: Some(timestamp(record.time)),
                merged_by: String::new(),
            })
        }
        Change::Unmerged { leaves: gone, .. } => {
            let own = gone.iter().filter(|leaf| leaves.contains(leaf)).map(ToString::to_string);
            Item::Parted(p::ExportedParting { identity_ids: own.collect() })
        }
        Change::ReceiptNoted(receipt) => Item::Status(status(receipt)),
        Change::Suggested { one, reason, .. } => Item::Suggested(p::Suggestion {
            identity_id: one.to_string(),
            reason: enums::suggestion_reason(*reason).into(),
            since: Some(timestamp(record.time)),
            ..p::Suggestion::default()
        }),
        _ => return None,
    })
}

fn said(
    record: &Record,
    place: u16,
    stored: &MessageStored,
    name: impl Fn(AgentId) -> Option<Name>,
) -> p::ExportedMessage {
    let words = words(record, place);
    let message = p::Message {
        message_id: MessageId::new(record.index, place).to_string(),
        ..message(record, place, stored, name)
    };
    p::ExportedMessage { message: Some(message), content: None, beside: words.map(beside).unwrap_or_default() }
}

/// What is kept beside what was said. Tokens are left out: they are the provider's keys, and ours, not the customer's words.
fn beside(words: &MessageContent) -> HashMap<String, String> {
    let copies: Vec<&str> = words.copies.iter().map(|copy| copy.address.as_str()).collect();
    let copies = Some(copies.join(", ")).filter(|copies| !copies.is_empty());
    let named = [
        ("provider_ref", &words.provider_ref),
        ("quoted_ref", &words.quoted_ref),
        ("recipient", &words.recipient),
        ("detail", &words.detail),
        ("odd_time", &words.odd_time),
        ("language", &words.language),
        ("author_name", &words.author_name),
        ("thread", &words.thread),
        ("copies", &copies),
    ];
    named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?))).collect()
}

fn address(record: &Record, place: u16, opened: &IdentityOpened) -> p::ExportedAddress {
    let kind = if opened.scope == Scope::Direct { enums::namespace(opened.kind) } else { "thread" };
    let scope = &opened.namespace_scope;
    p::ExportedAddress {
        namespace: if scope.is_empty() { kind.to_owned() } else { format!("{kind}:{scope}") },
        address: match personal(record, place) {
            Some(PersonalValue::Address(address)) => address.to_string(),
            _ => String::new(),
        },
        generation: opened.generation,
        link: Some(p::Link {
            evidence: enums::evidence(opened.evidence).into(),
            assurance: enums::assurance(opened.assurance).into(),
            ..p::Link::default()
        }),
    }
}

fn work(record: &Record, place: u16, opened: &WorkOpened) -> p::Work {
    p::Work {
        work_id: WorkId::new(record.index, place).to_string(),
        conversation_id: opened.conversation.to_string(),
        channel: opened.channel.to_string(),
        endpoint: opened.endpoint.to_string(),
        brand: opened.brand.to_string(),
        opened_at: Some(timestamp(record.time)),
        linked_work_ids: opened.linked.iter().map(ToString::to_string).collect(),
        ..p::Work::default()
    }
}

fn opt_source(source: OptSource) -> &'static str {
    match source {
        OptSource::Word => "word",
        OptSource::Provider => "provider",
        OptSource::Failure => "failure",
    }
}

fn personal(record: &Record, place: u16) -> Option<&PersonalValue> {
    record.content.iter().find(|personal| personal.place == place).map(|personal| &personal.value)
}

fn words(record: &Record, place: u16) -> Option<&MessageContent> {
    match personal(record, place)? {
        PersonalValue::Message(words) => Some(words),
        _ => None,
    }
}
