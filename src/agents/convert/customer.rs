//! Customers: what is asked about them, and what is shown.

use super::command::{id, page_size};
use super::content::line;
use super::enums;
use super::facts::fact;
use super::view::{conversation, timestamp};
use crate::agents::limits::{MAX_ITEMS, MAX_LINE_BYTES, PAGE_MAX};
use crate::agents::status::Refusal;
use crate::domain::Suggestion;
use crate::domain::command::Verb;
use crate::domain::event::Sender;
use crate::domain::id::{LeafId, Name, RootId};
use crate::domain::view::{CustomerQuery, CustomerView, MergeView};
use crate::proto::agent as p;

/// Shorter texts are part of too many names.
const MIN_SEARCH_CHARS: usize = 3;
/// Longer than any name that is kept.
const MAX_SEARCH_CHARS: usize = 128;

/// A customer's id.
pub(in crate::agents) fn customer_id(text: &str) -> Result<RootId, Refusal> {
    id("customer_id", text)
}

/// Who is to be taken apart.
pub(super) fn unmerge_customers(request: &p::UnmergeCustomersRequest) -> Result<Verb, Refusal> {
    if request.identity_ids.len() > MAX_ITEMS {
        return Err(Refusal::limit("max_items", MAX_ITEMS).with("field", "identity_ids"));
    }
    let leaves = request.identity_ids.iter().map(|text| id("identity_ids", text));
    Ok(Verb::UnmergeCustomers {
        customer: customer_id(&request.customer_id)?,
        leaves: leaves.collect::<Result<Vec<LeafId>, _>>()?,
    })
}

/// An address with the scope of its namespace, from `namespace` or `namespace:scope`.
pub(in crate::agents) fn sender(namespace: &str, address: &str) -> Result<(Sender, Name), Refusal> {
    let (kind, scope) = namespace.split_once(':').unwrap_or((namespace, ""));
    let kind = enums::namespace_from(kind).ok_or_else(|| Refusal::invalid("namespace", "is not known"))?;
    line("namespace", scope)?;
    line("address", address)?;
    if address.is_empty() || namespace.len() > MAX_LINE_BYTES {
        return Err(Refusal::invalid("address", "is wanted"));
    }
    Ok((Sender { kind, address: address.to_owned() }, Name::from(scope)))
}

/// A customer.
pub(super) fn customer(view: CustomerView) -> p::Customer {
    let shown = conversation(view.conversation);
    p::Customer {
        customer_id: shown.conversation_id,
        shown_name: shown.shown_name,
        identities: shown.identities,
        works: shown.works,
        merges: view.merges.into_iter().map(merge).collect(),
        facts: view.facts.into_iter().map(fact).collect(),
        hidden: false,
        summary: shown.summary,
        tags: shown.tags,
    }
}

/// Two who were suggested are one, or are not.
pub(super) fn decide_suggestion(one: &str, other: &str, is_one: bool) -> Result<Verb, Refusal> {
    let (one, other) = (id("identity_id", one)?, id("other_identity_id", other)?);
    Ok(Verb::DecideSuggestion { one, other, is_one })
}

/// A suggestion.
pub(in crate::agents) fn suggestion((view, other): (Suggestion, RootId)) -> p::Suggestion {
    p::Suggestion {
        identity_id: view.one.to_string(),
        other_identity_id: view.other.to_string(),
        other_customer_id: other.to_string(),
        reason: enums::suggestion_reason(view.reason).into(),
        since: Some(timestamp(view.since)),
    }
}

/// A validated search among those whom an agent sees; none: among all.
pub(in crate::agents) fn search(request: &p::SearchRequest, seen_by: Option<Name>) -> Result<CustomerQuery, Refusal> {
    let text = request.text.trim();
    line("text", text)?;
    if !(MIN_SEARCH_CHARS..=MAX_SEARCH_CHARS).contains(&text.chars().count()) {
        return Err(Refusal::invalid("text", "3 to 128 characters"));
    }
    let from = match request.page_token.as_str() {
        "" => LeafId(0),
        token => token.parse().map_err(|_| Refusal::invalid("page_token", "is not one that was given out"))?,
    };
    Ok(CustomerQuery::Like { text: text.to_owned(), seen_by, from, size: page_size(request.page_size, PAGE_MAX)? })
}

/// The token of the page that begins with a leaf.
pub(in crate::agents) fn search_token(next: Option<LeafId>) -> String {
    next.map(|leaf| leaf.to_string()).unwrap_or_default()
}

fn merge(view: MergeView) -> p::Merge {
    p::Merge {
        customer_id: view.customer.to_string(),
        identity_ids: view.leaves.iter().map(ToString::to_string).collect(),
        evidence: enums::evidence(view.evidence).into(),
        merged_at: Some(timestamp(view.at)),
        merged_by: view.by.map(Into::into).unwrap_or_default(),
    }
}
