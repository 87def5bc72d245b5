//! What the rules say of a Work, put into the record: of a new one, and again of one that waits when what is known of its customer
//! has changed. Its place and age stay.

use smallvec::{SmallVec, smallvec};

use super::requeue;
use super::rules::Situation;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, Name, RootId, WorkId};
use crate::domain::record::{Change, Credit, Inputs, PersonalValue, QueueCause, Routed};
use crate::domain::work::Work;
use crate::domain::workspace::{EndpointConfig, Levels};

/// Where a matter goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chosen {
    /// Its queue.
    pub(crate) queue: Name,
    /// What rules said; none: there are no rules.
    said: Option<Box<Said>>,
}

/// What rules said, and of what.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    rule: Name,
    requires: Levels,
    credits: Vec<Credit>,
    plan: Name,
    inputs: Inputs,
}

impl Chosen {
    /// Without rules: where the endpoint leads.
    pub(crate) fn by(endpoint: &EndpointConfig) -> Self {
        Self { queue: endpoint.queue.clone(), said: None }
    }
}

/// Asks the rules about a matter that came by an endpoint.
pub(crate) fn choose(draft: &Draft<'_>, endpoint: &EndpointConfig, inputs: Inputs) -> Chosen {
    let brand = draft.space.config().brand(endpoint);
    let of = Situation { channel: &endpoint.channel, endpoint: &endpoint.name, brand, inputs: &inputs };
    let rule = draft.space.rules.first(&of);
    let (name, requires) = rule.map(|rule| (rule.name.clone(), rule.requires.clone())).unwrap_or_default();
    let credits = rule.map(|rule| draft.space.config().credits(&rule.credits)).unwrap_or_default();
    let plan = rule.and_then(|rule| rule.plan.clone()).unwrap_or_default();
    let queue = rule.and_then(|rule| rule.queue.as_ref()).unwrap_or(&endpoint.queue).clone();
    Chosen { queue, said: Some(Box::new(Said { rule: name, requires, credits, plan, inputs })) }
}

/// Puts a Work where it was chosen to go.
pub(crate) fn route(draft: &mut Draft<'_>, id: WorkId, chosen: Chosen, cause: QueueCause, preferred: Option<AgentId>) {
    let queue = chosen.queue.clone();
    note(draft, id, chosen);
    requeue(draft, id, &queue, cause, preferred);
}

/// Puts a Work that nobody has any longer where the rules lead by what is known now: `home`, where they say the queue that they said before.
///
/// Once, so that nobody of the queue it leaves is given it on the way.
pub(crate) fn route_anew(draft: &mut Draft<'_>, id: WorkId, home: &Name, cause: QueueCause) {
    let chosen = draft.work(id).filter(|_| !draft.space.rules.is_empty()).and_then(|work| chosen_now(draft, work));
    let mut queue = home.clone();
    if let Some(chosen) = chosen {
        let before = draft.work(id).and_then(|work| work.routing.as_ref()).map(|before| &before.queue);
        if before != Some(&chosen.queue) {
            queue = chosen.queue.clone();
        }
        note(draft, id, chosen);
    }
    requeue(draft, id, &queue, cause, None);
}

/// Notes what the rules said of a Work.
fn note(draft: &mut Draft<'_>, id: WorkId, Chosen { queue, said }: Chosen) {
    let (Some(leaf), Some(said)) = (draft.work(id).map(|work| work.leaf), said) else { return };
    let Said { rule, requires, credits, plan, mut inputs } = *said;
    // A value is sealed with the key of the leaf that it is filed under, and stands there.
    inputs.facts_elsewhere.iter_mut().for_each(|(_, value)| value.clear());
    draft.with_content(leaf, PersonalValue::Inputs(Box::new(inputs)));
    draft.push(Change::Routed(Box::new(Routed { work: id, leaf, rule, queue, requires, credits, plan })));
}

/// Asks the rules again about all Work that waits of customers of whom something else is known now.
pub(crate) fn reroute(draft: &mut Draft<'_>) {
    if draft.space.rules.is_empty() {
        return;
    }
    let mut roots: Vec<RootId> = draft.changes().iter().flat_map(|change| known_otherwise(draft, change)).collect();
    roots.sort_unstable();
    roots.dedup();
    let works: Vec<WorkId> = roots.into_iter().flat_map(|root| draft.works_of(root).collect::<Vec<_>>()).collect();
    for id in works {
        // What its owner passes on goes where a person said.
        let waiting = draft.work(id).filter(|work| work.is_queued() && work.owner.is_none());
        let Some((chosen, preferred, stands)) = waiting.and_then(|work| {
            let before = work.routing.as_ref()?;
            let chosen = chosen_now(draft, work)?;
            // Where the rules say the same queue as before, it stays where an overflow or a person has moved it since; and where whoever
            // tells of the customer has just said to put it.
            let stays = chosen.queue == before.queue || draft.is_put(id);
            let stands = if stays { work.queue.clone() } else { chosen.queue.clone() };
            Some((chosen, work.preferred, stands))
        }) else {
            continue;
        };
        note(draft, id, chosen);
        requeue(draft, id, &stands, QueueCause::Rerouted, preferred);
    }
}

/// Customers of whom a change makes something else known.
fn known_otherwise(draft: &Draft<'_>, change: &Change) -> SmallVec<[RootId; 2]> {
    match change {
        Change::FactsSet { leaf } => smallvec![draft.root_of(*leaf)],
        Change::Merged { winner, .. } => smallvec![*winner],
        Change::Unmerged { rest, parted, .. } => smallvec![*rest, *parted],
        _ => SmallVec::new(),
    }
}

/// Where a waiting Work goes by what is known now, if that is elsewhere or somebody else is wanted for it.
fn chosen_now(draft: &Draft<'_>, work: &Work) -> Option<Chosen> {
    let before = work.routing.as_ref()?;
    let endpoint = draft.space.config().endpoint(&work.channel, &work.endpoint)?;
    let inputs = draft.space.rules.known(draft, work.leaf, endpoint, before.inputs.clone()?);
    let now = choose(draft, endpoint, inputs);
    let said = now.said.as_ref()?;
    let same = said.rule == before.rule
        && now.queue == before.queue
        && said.requires == before.requires
        && said.credits == before.credits
        && said.plan == before.plan;
    (!same).then_some(now)
}
