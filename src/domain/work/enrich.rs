//! A new Work waits a moment for what is known of its customer before anybody gets it (domain rules, section 7): the answer of a
//! company's own systems, given by SetFacts or UpsertCustomer.
//!
//! It stands in its queue from the beginning, with its place and length, and is matched when the fact comes, and by the rules then, or when
//! the moment is over. Invariant: a Work that waits so has the deadline that ends it.

use std::time::Duration;

use super::Work;
use crate::domain::draft::Draft;
use crate::domain::id::{RootId, WorkId};
use crate::domain::record::{Change, EnrichmentSet};
use crate::domain::routing::place;
use crate::domain::time::Timestamp;

/// A new Work begins to wait for facts, where the configuration says so.
pub(crate) fn await_facts(draft: &mut Draft<'_>, id: WorkId, queue: &str) {
    let config = draft.space.config();
    let Some(work) = draft.work(id) else { return };
    let endpoint = config.endpoint(&work.channel, &work.endpoint).and_then(|endpoint| endpoint.enrich_wait_ms);
    let wait_ms = endpoint.or_else(|| config.queue(queue)?.enrich_wait_ms).unwrap_or(0);
    if wait_ms > 0 {
        let until = Some(draft.now + Duration::from_millis(wait_ms));
        draft.push(Change::EnrichmentSet(EnrichmentSet { work: id, until }));
    }
}

/// Facts came: Works of their customers wait for them no longer. Which, so that they are matched once rules were asked.
pub(crate) fn facts_came(draft: &mut Draft<'_>) -> Vec<WorkId> {
    let told = |change: &Change| match change {
        Change::FactsSet { leaf } | Change::Upserted { leaf, .. } => Some(draft.root_of(*leaf)),
        _ => None,
    };
    let mut roots: Vec<RootId> = draft.changes().iter().filter_map(told).collect();
    roots.sort_unstable();
    roots.dedup();
    let works = roots.into_iter().flat_map(|root| draft.works_of(root).collect::<Vec<_>>());
    let found: Vec<WorkId> = works.filter(|id| draft.work(*id).is_some_and(Work::awaits_facts)).collect();
    for &work in &found {
        draft.push(Change::EnrichmentSet(EnrichmentSet { work, until: None }));
    }
    found
}

/// The moment is over: it goes on with what is known.
pub(crate) fn facts_due(draft: &mut Draft<'_>, id: WorkId) {
    if draft.work(id).is_some_and(Work::awaits_facts) {
        draft.push(Change::EnrichmentSet(EnrichmentSet { work: id, until: None }));
        place(draft, id);
    }
}

impl Work {
    /// Whether it waits for facts before anybody gets it.
    pub(crate) fn awaits_facts(&self) -> bool {
        self.facts_until.is_some()
    }

    /// Until when it does.
    pub(crate) fn facts_until(&self) -> Option<Timestamp> {
        self.facts_until
    }
}
