//! Facts: what is known of a customer, with source, time and assurance (domain rules, section 4).
//!
//! A fact is filed under one identity, and goes with it when customers are merged and parted. Of a customer all are shown, of one key
//! the surest, and of equals the newest. Programs see only those whose assurance is at most that of the message they answer.
//!
//! Invariant: an address of several people has none, nor has one that is erased.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::merge::is_shared;
use crate::domain::command::FactTold;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, Scope};
use crate::domain::growing::SortedMap;
use crate::domain::id::{AgentId, LeafId, Name, RootId, WorkId};
use crate::domain::record::{Asked, Change, EffortKind, Fact, PersonalValue};
use crate::domain::rejection::Rejection;
use crate::domain::work::{charge, known};
use crate::domain::workspace::{AgentKind, Workspace};

/// Longest name of a fact, bytes: a column of a CRM.
const MAX_KEY_BYTES: usize = 64;
/// Longest value, bytes: a line, an address. Facts are held in memory, whole documents are attachments.
const MAX_VALUE_BYTES: usize = 1_024;
/// Longest name of a source, bytes.
const MAX_SOURCE_BYTES: usize = 96;
/// Facts of a customer, over all identities: what an agent can look through, and 64 KiB of memory.
const MAX_FACTS: usize = 64;
/// Longest words of an ask, bytes: a question.
const MAX_PROMPT_BYTES: usize = 1_024;

/// The facts of a workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Of each identity that has some, by key.
    of: SortedMap<LeafId, Vec<Fact>>,
}

/// The facts of one identity.
pub(crate) type FactRow = (LeafId, Vec<Fact>);

impl Facts {
    /// All of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = FactRow> {
        self.of.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<FactRow>) {
        self.of.restore(rows);
    }

    /// Notes facts of an identity; an empty value removes.
    pub(crate) fn note(&mut self, leaf: LeafId, facts: &[Fact]) {
        let known = self.of.or_default(leaf);
        for fact in facts {
            known.retain(|other| other.key != fact.key);
            if !fact.value.is_empty() {
                let at = known.partition_point(|other| other.key < fact.key);
                known.insert(at, fact.clone());
            }
        }
        if known.is_empty() {
            self.of.remove(&leaf);
        }
    }

    /// Nothing is known of an identity any longer.
    pub(crate) fn forget(&mut self, leaf: LeafId) {
        self.of.remove(&leaf);
    }

    /// Facts of an identity, by key.
    pub(crate) fn of(&self, leaf: LeafId) -> &[Fact] {
        self.of.get(&leaf).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Workspace {
    /// What is known of a customer, by key, each with the identity that it is filed under.
    pub(crate) fn facts_of(&self, root: RootId) -> Vec<(LeafId, Fact)> {
        let mut facts: BTreeMap<&Name, (LeafId, &Fact)> = BTreeMap::new();
        for leaf in self.leaves_of(root) {
            for fact in self.people.facts.of(leaf) {
                let better = facts
                    .get(&fact.key)
                    .is_none_or(|(_, known)| (fact.assurance, fact.at) > (known.assurance, known.at));
                if better {
                    facts.insert(&fact.key, (leaf, fact));
                }
            }
        }
        facts.into_values().map(|(leaf, fact)| (leaf, fact.clone())).collect()
    }
}

/// An agent tells facts of a customer. `named`: the identity that they are filed under; without one that of the customer's id. A
/// removal without one is of all identities.
pub(crate) fn set_facts(
    draft: &mut Draft<'_>,
    agent: &Name,
    id: RootId,
    named: Option<LeafId>,
    told: Vec<FactTold>,
) -> Result<(), Rejection> {
    let space = draft.space;
    let (customer, leaf) = filed_under(space, id, named)?;
    let leaves = space.leaves_of(customer);
    if space.leaves.get(leaf).is_some_and(|leaf| leaf.scope != Scope::Direct) {
        return Err(Rejection::Invalid("customer_id: a group or public thread is no customer"));
    }
    let facts = read(draft, agent, told)?;
    if facts.is_empty() {
        return Err(Rejection::Invalid("facts: at least one is wanted"));
    }
    let gone = |key: &Name| facts.iter().any(|fact| fact.key == *key && fact.value.is_empty());
    let others: SmallVec<[LeafId; 2]> =
        if named.is_some() { SmallVec::new() } else { leaves.iter().copied().filter(|&other| other != leaf).collect() };
    let removed: Vec<(LeafId, Vec<Fact>)> = others
        .into_iter()
        .map(|other| (other, space.people.facts.of(other).iter().filter(|fact| gone(&fact.key))))
        .map(|(other, facts)| (other, facts.map(|fact| Fact { value: String::new(), ..fact.clone() }).collect()))
        .filter(|(_, facts): &(LeafId, Vec<Fact>)| !facts.is_empty())
        .collect();
    let fewer = removed.iter().map(|(_, facts)| facts.len()).sum();
    has_room(draft, &leaves, leaf, &facts, fewer)?;
    push(draft, leaf, facts)?;
    for (other, facts) in removed {
        push(draft, other, facts)?;
    }
    Ok(())
}

/// The customer that an id stands for, and the identity under which something is filed that is told of it: the one named, else that of
/// the id, else the first that is not erased.
pub(crate) fn filed_under(space: &Workspace, id: RootId, named: Option<LeafId>) -> Result<(RootId, LeafId), Rejection> {
    let customer = space.resolve_root(id).ok_or(Rejection::UnknownCustomer)?;
    let leaves = space.leaves_of(customer);
    let stands = |leaf: &LeafId| space.leaves.get(*leaf).is_some_and(|leaf| !leaf.is_erased());
    let leaf = match named {
        Some(leaf) if leaves.contains(&leaf) && stands(&leaf) => leaf,
        Some(_) => return Err(Rejection::UnknownIdentity),
        None => {
            let own = Some(LeafId(id.0)).filter(stands);
            own.or_else(|| leaves.iter().copied().find(stands)).ok_or(Rejection::UnknownCustomer)?
        }
    };
    Ok((customer, leaf))
}

/// Whether the customer may have these facts, too; `fewer` are removed elsewhere.
pub(super) fn has_room(
    draft: &Draft<'_>,
    leaves: &[LeafId],
    leaf: LeafId,
    facts: &[Fact],
    fewer: usize,
) -> Result<(), Rejection> {
    let known = |key: &Name| draft.space.people.facts.of(leaf).iter().any(|fact| fact.key == *key);
    let more = facts.iter().filter(|fact| !fact.value.is_empty() && !known(&fact.key)).count();
    let gone = facts.iter().filter(|fact| fact.value.is_empty() && known(&fact.key)).count() + fewer;
    let now: usize = leaves.iter().map(|&leaf| draft.space.people.facts.of(leaf).len()).sum();
    if more > 0 && now + more > MAX_FACTS + gone {
        return Err(Rejection::Limit("facts of a customer: 64"));
    }
    Ok(())
}

/// Files facts under an identity. Those that are removed and were never known are no news.
pub(super) fn push(draft: &mut Draft<'_>, leaf: LeafId, mut facts: Vec<Fact>) -> Result<(), Rejection> {
    let known = draft.space.people.facts.of(leaf);
    facts.retain(|fact| !fact.value.is_empty() || known.iter().any(|known| known.key == fact.key));
    if facts.is_empty() {
        return Ok(());
    }
    if draft.opened(leaf).map_or_else(|| is_shared(draft.space, leaf), |opened| opened.shared) {
        return Err(Rejection::SharedIdentity { leaf });
    }
    draft.with_content(leaf, PersonalValue::Facts(facts));
    draft.push(Change::FactsSet { leaf });
    Ok(())
}

/// What is told, within its limits, as facts.
pub(super) fn read(draft: &Draft<'_>, agent: &Name, told: Vec<FactTold>) -> Result<Vec<Fact>, Rejection> {
    if told.len() > MAX_FACTS {
        return Err(Rejection::Limit("facts of a customer: 64"));
    }
    let mut facts: Vec<Fact> = Vec::with_capacity(told.len());
    for FactTold { key, value, source, at, assurance } in told {
        check_key(&key)?;
        if value.len() > MAX_VALUE_BYTES || value.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Rejection::Invalid("facts.value: at most 1,024 bytes, no control characters but line ends"));
        }
        if source.len() > MAX_SOURCE_BYTES || source.chars().any(char::is_control) {
            return Err(Rejection::Invalid("facts.source: at most 96 bytes without control characters"));
        }
        if facts.iter().any(|fact| fact.key == key) {
            return Err(Rejection::Invalid("facts.key: each once"));
        }
        let source = if source.is_empty() { teller(draft, agent) } else { source };
        // What is to come is known at the earliest now.
        let at = at.map_or(draft.now, |at| at.min(draft.now));
        facts.push(Fact { key, value, source, at, assurance });
    }
    Ok(facts)
}

/// The source of what an agent tells without naming another.
fn teller(draft: &Draft<'_>, agent: &Name) -> Name {
    let id = draft.space.agent_id(agent);
    let is_bot = id.and_then(|id| draft.agent(id)).is_some_and(|agent| agent.profile.kind == AgentKind::Bot);
    Name::from(format!("{}:{agent}", if is_bot { "bot" } else { "agent" }))
}

fn check_key(key: &str) -> Result<(), Rejection> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() || key.len() > MAX_KEY_BYTES || !key.chars().all(fits) {
        return Err(Rejection::Invalid("facts.key: 1 to 64 bytes of letters, digits, _ - and dots"));
    }
    Ok(())
}

/// An agent is about to ask the customer for a fact. What is known is not to be asked again: that is counted.
pub(crate) fn ask_fact(
    draft: &mut Draft<'_>,
    agent: AgentId,
    work: WorkId,
    key: Name,
    prompt: String,
) -> Result<(), Rejection> {
    check_key(&key)?;
    if prompt.len() > MAX_PROMPT_BYTES || prompt.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Rejection::Invalid("prompt: at most 1,024 bytes, no control characters but line ends"));
    }
    let found = known(draft, work)?;
    if let Some(owner) = found.owner.filter(|owner| owner.agent != agent) {
        return Err(Rejection::NotOwner { owner: Some(owner.agent) });
    }
    let (leaf, heard) = (found.leaf, found.heard_as());
    let is_bot = draft.agent(agent).is_some_and(|agent| agent.profile.kind == AgentKind::Bot);
    let shown = |assurance: Assurance| !is_bot || heard.is_some_and(|heard| assurance <= heard);
    let facts = draft.space.facts_of(draft.root_of(leaf));
    let known = facts.iter().any(|(_, fact)| fact.key == key && shown(fact.assurance));
    draft.with_content(leaf, PersonalValue::Asked(Asked { key, prompt }));
    draft.push(Change::FactAsked { work, leaf, known });
    if known {
        charge(draft, work, EffortKind::AskedAgain);
    }
    Ok(())
}
