//! What agents note beside what is said: from requests, and as messages.

use super::command::{Wire, given, id, text, token, wire, work_id};
use super::content::content;
use super::customer::customer_id;
use super::pass::millis;
use super::view::{position, seconds, timestamp};
use crate::agents::limits::{MAX_ITEMS, MAX_LINE_BYTES};
use crate::agents::status::Refusal;
use crate::domain::command::{About, Answer, Mark, Verb};
use crate::domain::id::Name;
use crate::domain::record::{Change, PersonalValue, Record};
use crate::domain::view::{CreditView, SummaryView};
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;
use crate::proto::agent::marked;

wire! {
    AddNoteRequest => AddNoteResponse, AddNote, "add_note",
        |request| {
            let about = match (request.work_id.as_str(), request.conversation_id.as_str()) {
                ("", "") => return Err(Refusal::invalid("work_id", "is wanted, or conversation_id")),
                (work, "") => About::Work(work_id(work)?),
                ("", root) => About::Customer { customer: id("conversation_id", root)?, leaf: None },
                _ => return Err(Refusal::invalid("conversation_id", "is not for a note in a work")),
            };
            mark(Mark::Note { about, to: whom(&request.agent)?, content: content(request.content)? })
        },
        |answer| { message_id: text(answer.message) };
    SetSummaryRequest => SetSummaryResponse, SetSummary, "set_summary",
        |request| {
            let about = about(&request.work_id, &request.customer_id, &request.identity_id)?;
            mark(Mark::Summary { about, text: request.text })
        }, |answer| {};
    TagRequest => TagResponse, Tag, "tag",
        |request| {
            let about = about(&request.work_id, &request.customer_id, &request.identity_id)?;
            mark(Mark::Tag { about, add: tags("add", request.add)?, remove: tags("remove", request.remove)? })
        }, |answer| {};
    SetPriorityRequest => SetPriorityResponse, SetPriority, "set_priority",
        |request| {
            let sooner_ms = request.sooner.map(|sooner| millis("sooner", sooner)).transpose()?.unwrap_or(0);
            mark(Mark::Priority { work: work_id(&request.work_id)?, sooner_ms, reason: request.reason })
        }, |answer| {};
}

/// Whom alone a note is for; none: it is for all.
fn whom(agent: &str) -> Result<Option<Name>, Refusal> {
    Some(agent).filter(|agent| !agent.is_empty()).map(|agent| token("agent", agent)).transpose()
}

fn mark(mark: Mark) -> Result<Verb, Refusal> {
    Ok(Verb::Mark(Box::new(mark)))
}

fn about(work: &str, customer: &str, identity: &str) -> Result<About, Refusal> {
    match (work, customer) {
        ("", "") => Err(Refusal::invalid("work_id", "is wanted, or customer_id")),
        (work, "") if identity.is_empty() => Ok(About::Work(work_id(work)?)),
        (_, "") => Err(Refusal::invalid("identity_id", "is for what is noted of a customer")),
        ("", customer) => {
            Ok(About::Customer { customer: customer_id(customer)?, leaf: given("identity_id", identity)? })
        }
        _ => Err(Refusal::invalid("customer_id", "is not for what is noted of a work")),
    }
}

fn tags(field: &'static str, tags: Vec<String>) -> Result<Vec<Name>, Refusal> {
    if tags.len() > MAX_ITEMS {
        return Err(Refusal::limit("max_items", MAX_ITEMS).with("field", field));
    }
    if tags.iter().any(|tag| tag.len() > MAX_LINE_BYTES) {
        return Err(Refusal::limit("max_line_bytes", MAX_LINE_BYTES).with("field", field));
    }
    Ok(tags.into_iter().map(Name::from).collect())
}

pub(super) fn names(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

pub(super) fn summary(view: SummaryView) -> p::Summary {
    p::Summary {
        text: view.text,
        written_at: Some(timestamp(view.at)),
        written_by: view.by.map(Into::into).unwrap_or_default(),
    }
}

pub(super) fn credit(view: CreditView) -> p::Credit {
    p::Credit {
        name: view.name,
        seconds: seconds(view.ms),
        priority: view.given,
        given_by: view.by.map(Into::into).unwrap_or_default(),
    }
}

fn tags_changed(record: &Record, place: u16) -> p::TagsChanged {
    let text = |names: &[Name]| names.iter().map(ToString::to_string).collect();
    let value = values(record, place).find_map(|value| match value {
        PersonalValue::Tags(tags) => Some(p::TagsChanged { added: text(&tags.added), removed: text(&tags.removed) }),
        _ => None,
    });
    value.unwrap_or_default()
}

fn summary_of(record: &Record, place: u16) -> String {
    let value = values(record, place).find_map(|value| match value {
        PersonalValue::Summary(text) => Some(text.clone()),
        _ => None,
    });
    value.unwrap_or_default()
}

fn priority_of(record: &Record, place: u16, ms: u64) -> p::Credit {
    let reason = values(record, place).find_map(|value| match value {
        PersonalValue::Reason(reason) => Some(reason.clone()),
        _ => None,
    });
    p::Credit { name: reason.unwrap_or_default(), seconds: seconds(ms), priority: true, given_by: String::new() }
}

fn values(record: &Record, place: u16) -> impl Iterator<Item = &PersonalValue> {
    record.content.iter().filter(move |personal| personal.place == place).map(|personal| &personal.value)
}

/// The change at `place` as it is told; none: it notes nothing.
pub(super) fn marked(record: &Record, place: u16, change: &Change) -> Option<p::Marked> {
    let (work, leaf, mark) = match change {
        Change::SummarySet(set) => (set.work, set.leaf, marked::Mark::Summary(summary_of(record, place))),
        Change::Tagged(tagged) => (tagged.work, tagged.leaf, marked::Mark::Tags(tags_changed(record, place))),
        Change::PriorityGiven(given) => {
            (Some(given.work), given.leaf, marked::Mark::Priority(priority_of(record, place, given.ms)))
        }
        _ => return None,
    };
    Some(p::Marked { work_id: text(work), identity_id: leaf.to_string(), mark: Some(mark) })
}

/// The same as a line of an export.
pub(super) fn exported(record: &Record, place: u16, change: &Change) -> Option<p::export_line::Item> {
    use p::export_line::Item;
    let p::Marked { work_id, mark, .. } = marked(record, place, change)?;
    Some(match mark? {
        marked::Mark::Summary(note) => Item::Summary(p::ExportedNote { work_id, note }),
        marked::Mark::Tags(tags) => Item::Tags(p::ExportedTags { work_id, tags: Some(tags) }),
        marked::Mark::Priority(credit) => Item::Priority(p::ExportedPriority { work_id, credit: Some(credit) }),
    })
}

/// Adds what others noted to the Work of an offer or assignment.
pub(super) fn show(work: &mut p::Work, record: &Record, place: u16) {
    let noted = values(record, place).find_map(|value| match value {
        PersonalValue::Marked(noted) => Some(noted),
        _ => None,
    });
    if let Some(noted) = noted {
        let text = noted.summary.clone();
        work.summary = (!text.is_empty()).then(|| p::Summary { text, ..p::Summary::default() });
        work.tags = noted.tags.iter().map(ToString::to_string).collect();
    }
}
