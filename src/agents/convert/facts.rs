//! What the company tells of its customers, and what is shown of few of them.

use super::command::{given, id, page_size, token};
use super::content::line;
use super::customer::sender;
use super::enums;
use super::view::{timestamp, timestamp_from};
use crate::agents::limits::{MAX_ITEMS, PAGE_MAX};
use crate::agents::status::Refusal;
use crate::domain::command::{FactTold, Upsert, Verb};
use crate::domain::event::{Assurance, Sender};
use crate::domain::id::{LeafId, Name};
use crate::domain::record::Fact;
use crate::domain::view::{AsideView, BlockView, CustomerQuery, CustomerView};
use crate::proto::agent as p;

/// Facts that are told. The core knows the limits of what they say.
pub(super) fn facts(told: Vec<p::FactUpdate>) -> Result<Vec<FactTold>, Refusal> {
    if told.len() > MAX_ITEMS {
        return Err(Refusal::limit("max_items", MAX_ITEMS).with("field", "facts"));
    }
    let facts = told.into_iter().map(|told| {
        Ok(FactTold {
            key: line_of("facts.key", &told.key)?,
            value: told.value,
            source: line_of("facts.source", &told.source)?,
            at: told.known_since.map(|at| timestamp_from("facts.known_since", at)).transpose()?,
            assurance: enums::assurance_from(told.assurance)
                .ok_or_else(|| Refusal::invalid("facts.assurance", "is wanted"))?,
        })
    });
    facts.collect()
}

/// One line, as a name.
pub(super) fn line_of(field: &'static str, text: &str) -> Result<Name, Refusal> {
    line(field, text)?;
    Ok(Name::from(text))
}

/// Somebody whom the company knows.
pub(super) fn upsert(request: p::UpsertCustomerRequest) -> Result<Verb, Refusal> {
    let first = request.identity.ok_or_else(|| Refusal::invalid("identity", "is wanted"))?;
    if request.also.len() > MAX_ITEMS {
        return Err(Refusal::limit("max_items", MAX_ITEMS).with("field", "also"));
    }
    let addresses = std::iter::once(first).chain(request.also).map(|told| sender(&told.namespace, &told.address));
    line("shown_name", &request.shown_name)?;
    Ok(Verb::Upsert(Box::new(Upsert {
        addresses: addresses.collect::<Result<Vec<(Sender, Name)>, _>>()?,
        shown_name: request.shown_name,
        facts: facts(request.facts)?,
    })))
}

/// Who is let in.
pub(super) fn lift_quarantine(request: &p::LiftQuarantineRequest) -> Result<Verb, Refusal> {
    let leaf = given("identity_id", &request.identity_id)?;
    let endpoint = match leaf {
        Some(_) => Name::default(),
        None => token("endpoint", &request.endpoint)?,
    };
    Ok(Verb::LiftQuarantine { leaf, endpoint })
}

/// A validated question for those in quarantine.
pub(in crate::agents) fn quarantine(request: &p::ListQuarantineRequest) -> Result<CustomerQuery, Refusal> {
    let from = match request.page_token.as_str() {
        "" => LeafId(0),
        token => id("page_token", token)?,
    };
    let endpoint = if request.endpoint.is_empty() { Name::default() } else { token("endpoint", &request.endpoint)? };
    Ok(CustomerQuery::Quarantined { endpoint, from, size: page_size(request.page_size, PAGE_MAX)? })
}

/// A customer with those facts only that may be seen by a program that answers somebody who is known to be it so surely; none: nobody.
pub(in crate::agents) fn without_facts_above(mut view: CustomerView, heard: Option<Assurance>) -> CustomerView {
    view.facts.retain(|(_, fact)| heard.is_some_and(|heard| fact.assurance <= heard));
    view
}

/// A block.
pub(super) fn block(block: BlockView) -> p::IdentityBlock {
    p::IdentityBlock {
        since: Some(timestamp(block.since)),
        until: block.until.map(timestamp),
        blocked_by: block.by.map(Into::into).unwrap_or_default(),
        reason: block.reason.unwrap_or_default(),
    }
}

/// A fact.
pub(super) fn fact((leaf, fact): (LeafId, Fact)) -> p::Fact {
    p::Fact {
        key: fact.key.into(),
        value: fact.value,
        source: fact.source.into(),
        known_since: Some(timestamp(fact.at)),
        assurance: enums::assurance(fact.assurance).into(),
        identity_id: leaf.to_string(),
    }
}

/// Why messages of an identity are stored without Work.
pub(super) fn aside(view: AsideView) -> p::Aside {
    let (by, at) = view.quarantine.unzip();
    p::Aside {
        block: view.block.map(block),
        spam_work_ids: view.spam.iter().map(ToString::to_string).collect(),
        quarantined_by: by.map(Into::into).unwrap_or_default(),
        quarantined_at: at.map(timestamp),
        messages: u32::try_from(view.messages).unwrap_or(u32::MAX),
    }
}
