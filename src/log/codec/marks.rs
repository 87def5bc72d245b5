//! What agents note beside what is said, and how long customers wait for the first answer, written and read.

use super::error::CodecError;
use super::words::Word;
use crate::domain::id::{AgentId, LeafId, Name, WorkId};
use crate::domain::record::{AnswerCounted, Marked, PriorityGiven, SummarySet, Tagged, Tags};
use crate::proto::log as p;

fn numbers(audience: &[AgentId]) -> Vec<u32> {
    audience.iter().map(|agent| agent.0).collect()
}

fn names(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn names_from(names: Vec<String>) -> Vec<Name> {
    names.into_iter().map(Name::from).collect()
}

pub(super) fn summary_set(set: &SummarySet) -> p::SummarySet {
    p::SummarySet { work: set.work.map(WorkId::to_bits), leaf: set.leaf.0, audience: numbers(&set.audience) }
}

pub(super) fn summary_set_from(set: p::SummarySet) -> SummarySet {
    SummarySet {
        work: set.work.map(WorkId::from_bits),
        leaf: LeafId(set.leaf),
        audience: set.audience.into_iter().map(AgentId).collect(),
    }
}

pub(super) fn tagged(tagged: &Tagged) -> p::Tagged {
    p::Tagged { work: tagged.work.map(WorkId::to_bits), leaf: tagged.leaf.0, audience: numbers(&tagged.audience) }
}

pub(super) fn tagged_from(tagged: p::Tagged) -> Tagged {
    Tagged {
        work: tagged.work.map(WorkId::from_bits),
        leaf: LeafId(tagged.leaf),
        audience: tagged.audience.into_iter().map(AgentId).collect(),
    }
}

pub(super) fn priority_given(given: &PriorityGiven) -> p::PriorityGiven {
    let (work, leaf, audience) = (given.work.to_bits(), given.leaf.0, numbers(&given.audience));
    p::PriorityGiven { work, leaf, sooner_ms: given.ms, audience }
}

pub(super) fn priority_given_from(given: p::PriorityGiven) -> PriorityGiven {
    PriorityGiven {
        work: WorkId::from_bits(given.work),
        leaf: LeafId(given.leaf),
        ms: given.sooner_ms,
        audience: given.audience.into_iter().map(AgentId).collect(),
    }
}

pub(super) fn answer_counted(counted: &AnswerCounted) -> p::AnswerCounted {
    let (work, outcome, waited_ms) = (counted.work.to_bits(), counted.outcome.number(), counted.waited_ms);
    p::AnswerCounted { work, queue: counted.queue.to_string(), outcome, waited_ms }
}

pub(super) fn answer_counted_from(counted: p::AnswerCounted) -> Result<AnswerCounted, CodecError> {
    Ok(AnswerCounted {
        work: WorkId::from_bits(counted.work),
        queue: Name::from(counted.queue),
        outcome: Word::from_number(counted.outcome)?,
        waited_ms: counted.waited_ms,
    })
}

pub(super) fn tags(tags: &Tags) -> p::Tags {
    p::Tags { added: names(&tags.added), removed: names(&tags.removed) }
}

pub(super) fn tags_from(tags: p::Tags) -> Tags {
    Tags { added: names_from(tags.added), removed: names_from(tags.removed) }
}

pub(super) fn marked(marked: &Marked) -> p::Marked {
    p::Marked { summary: marked.summary.clone(), tags: names(&marked.tags) }
}

pub(super) fn marked_from(marked: p::Marked) -> Marked {
    Marked { summary: marked.summary, tags: names_from(marked.tags) }
}
