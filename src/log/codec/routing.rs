//! What routing makes of Works, written and read.

use super::error::CodecError;
use super::words::Word;
use crate::domain::id::{LeafId, Name, WorkId};
use crate::domain::record::{Credit, HoursTurned, Inputs, Required, Routed};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Levels;
use crate::proto::log as p;

pub(super) fn required(required: &Required) -> p::Required {
    p::Required { work: required.work.to_bits(), levels: levels(&required.levels) }
}

pub(super) fn required_from(required: p::Required) -> Result<Required, CodecError> {
    Ok(Required { work: WorkId::from_bits(required.work), levels: levels_from(required.levels)? })
}

pub(super) fn levels(levels: &Levels) -> Vec<p::SkillLevel> {
    levels.iter().map(|(skill, level)| p::SkillLevel { skill: skill.to_string(), level: level.into() }).collect()
}

pub(super) fn levels_from(levels: Vec<p::SkillLevel>) -> Result<Levels, CodecError> {
    let level = |level: p::SkillLevel| {
        let lowest = u8::try_from(level.level).map_err(|_| CodecError::Value("level of a skill"))?;
        Ok((Name::from(level.skill), lowest))
    };
    levels.into_iter().map(level).collect()
}

pub(super) fn routed(routed: &Routed) -> p::Routed {
    p::Routed {
        work: routed.work.to_bits(),
        leaf: routed.leaf.0,
        plan: routed.plan.to_string(),
        rule: routed.rule.to_string(),
        queue: routed.queue.to_string(),
        requires: levels(&routed.requires),
        credits: routed
            .credits
            .iter()
            .map(|credit| p::Credit { name: credit.name.to_string(), ms: credit.ms })
            .collect(),
    }
}

pub(super) fn routed_from(routed: p::Routed) -> Result<Routed, CodecError> {
    Ok(Routed {
        work: WorkId::from_bits(routed.work),
        leaf: LeafId(routed.leaf),
        plan: Name::from(routed.plan),
        rule: Name::from(routed.rule),
        queue: Name::from(routed.queue),
        requires: levels_from(routed.requires)?,
        credits: routed
            .credits
            .into_iter()
            .map(|credit| Credit { name: Name::from(credit.name), ms: credit.ms })
            .collect(),
    })
}

pub(super) fn hours_turned(turned: &HoursTurned) -> p::HoursTurned {
    let HoursTurned { hours, open, until } = turned;
    p::HoursTurned { hours: hours.to_string(), open: *open, until_ms: until.map(|until| until.0) }
}

pub(super) fn hours_turned_from(turned: p::HoursTurned) -> HoursTurned {
    HoursTurned { hours: Name::from(turned.hours), open: turned.open, until: turned.until_ms.map(Timestamp) }
}

pub(super) fn inputs(inputs: &Inputs) -> p::Inputs {
    p::Inputs {
        kind: inputs.kind.number(),
        scope: inputs.scope.number(),
        assurance: inputs.assurance.number(),
        length: inputs.length,
        locale: inputs.locale.to_string(),
        language: inputs.language.to_string(),
        keywords: inputs.keywords.clone(),
        attachments: inputs.attachments.iter().map(Name::to_string).collect(),
        returning: inputs.returning,
        closed: inputs.closed,
        effort_seconds: inputs.effort,
        facts: facts(&inputs.facts),
        facts_elsewhere: facts(&inputs.facts_elsewhere),
    }
}

pub(super) fn inputs_from(inputs: p::Inputs) -> Result<Inputs, CodecError> {
    Ok(Inputs {
        kind: Word::from_number(inputs.kind)?,
        scope: Word::from_number(inputs.scope)?,
        assurance: Word::from_number(inputs.assurance)?,
        length: inputs.length,
        locale: Name::from(inputs.locale),
        language: Name::from(inputs.language),
        keywords: inputs.keywords,
        attachments: inputs.attachments.into_iter().map(Name::from).collect(),
        returning: inputs.returning,
        closed: inputs.closed,
        effort: inputs.effort_seconds,
        facts: facts_from(inputs.facts),
        facts_elsewhere: facts_from(inputs.facts_elsewhere),
    })
}

fn facts(facts: &[(Name, String)]) -> Vec<p::KnownFact> {
    facts.iter().map(|(key, value)| p::KnownFact { key: key.to_string(), value: value.clone() }).collect()
}

fn facts_from(facts: Vec<p::KnownFact>) -> Vec<(Name, String)> {
    facts.into_iter().map(|fact| (Name::from(fact.key), fact.value)).collect()
}
