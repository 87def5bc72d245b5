//! Why a Work is where it is, as messages. What became of it is told by its structure alone: no words, names of customers or values.

use super::happening::happenings;
use super::rooms::duration;
use super::view::{timestamp, work};
use super::{enums, marks};
use crate::agents::limits::STORY_HAPPENINGS;
use crate::agents::status::Refusal;
use crate::domain::explained::{
    AGENTS_TOLD, AgentVerdict, Explanation, MAX_AGENTS_TOLD, RuleAsked, Ruling, ScoreView, Standing,
};
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::record::{Inputs, Record};
use crate::domain::time::Timestamp;
use crate::domain::waited::{Share, Stage, Waited};
use crate::proto::agent as p;

/// How many agents somebody wants to be told one by one.
pub(in crate::agents) fn agents_asked(wanted: i32) -> Result<usize, Refusal> {
    match usize::try_from(wanted) {
        Ok(0) => Ok(AGENTS_TOLD),
        Ok(wanted) if wanted <= MAX_AGENTS_TOLD => Ok(wanted),
        _ => Err(Refusal::invalid("max_agents", "1 to 500, or 0")),
    }
}

/// Everything that is told. `records`: those about the Work, oldest first.
pub(in crate::agents) fn explained<'r>(
    view: Explanation,
    records: impl Iterator<Item = &'r Record> + Clone,
    begins_later: bool,
    name: impl Fn(AgentId) -> Option<Name>,
) -> p::ExplainWorkResponse {
    let id = view.work.work;
    let mut history: Vec<p::WorkHappening> = records.clone().flat_map(|record| happenings(record, id, &name)).collect();
    let more = history.len().saturating_sub(STORY_HAPPENINGS);
    history.drain(..more);
    p::ExplainWorkResponse {
        at: Some(timestamp(view.at)),
        ruling: view.ruling.map(ruling),
        score: view.score.map(score),
        shown_to: view.shown_to.into_iter().map(shown).collect(),
        facts_until: view.facts_until.map(timestamp),
        agents: view.agents.into_iter().map(verdict).collect(),
        agent_counts: view.counts.into_iter().map(count).collect(),
        waited: waited(id, records, view.at).into_iter().map(|share_of| share(share_of, &name)).collect(),
        history,
        history_begins_later: begins_later || more > 0,
        work: Some(work(view.work)),
    }
}

fn shown((agent, until): (Name, Timestamp)) -> p::Shown {
    p::Shown { agent: agent.into(), until: Some(timestamp(until)) }
}

fn waited<'r>(work: WorkId, records: impl Iterator<Item = &'r Record>, now: Timestamp) -> Vec<Share> {
    let mut waited = Waited::of(work);
    records.for_each(|record| waited.note(record));
    waited.until(now)
}

fn share(share: Share, name: impl Fn(AgentId) -> Option<Name>) -> p::WaitShare {
    let (stage, agent) = match share.stage {
        Stage::Queued => (p::WaitStage::Queued, None),
        Stage::Offered(agent) => (p::WaitStage::Offered, Some(agent)),
        Stage::Assigned(agent) => (p::WaitStage::Assigned, Some(agent)),
    };
    p::WaitShare {
        stage: stage.into(),
        queue: share.queue.into(),
        agent: agent.and_then(name).map(Into::into).unwrap_or_default(),
        waited: Some(duration(share.waited_ms)),
    }
}

fn ruling(view: Ruling) -> p::Ruling {
    p::Ruling {
        rule: view.rule.into(),
        queue: view.queue.into(),
        inputs: view.inputs.map(inputs),
        asked: view.asked.into_iter().map(asked).collect(),
        more: view.more,
    }
}

fn inputs(inputs: Inputs) -> p::RuleInputs {
    let facts = inputs.facts.into_iter().chain(inputs.facts_elsewhere);
    p::RuleInputs {
        kind: enums::message_kind(inputs.kind).into(),
        scope: inputs.scope.word().to_owned(),
        assurance: enums::assurance(inputs.assurance).into(),
        length: inputs.length,
        language: inputs.language.into(),
        keywords: inputs.keywords,
        attachments: inputs.attachments.into_iter().map(Into::into).collect(),
        returning: inputs.returning,
        facts: facts.map(|(fact, _)| fact.into()).collect(),
        closed: inputs.closed,
        effort: Some(duration(u64::from(inputs.effort) * 1_000)),
    }
}

fn asked(asked: RuleAsked) -> p::RuleAsked {
    let rule = asked.rule.into();
    match asked.missed {
        None => p::RuleAsked { rule, fits: true, ..p::RuleAsked::default() },
        Some(missed) => p::RuleAsked {
            rule,
            fits: false,
            asks: missed.asks.to_owned(),
            fact: missed.fact.map(Into::into).unwrap_or_default(),
            is: missed.is,
        },
    }
}

fn score(view: ScoreView) -> p::WorkScore {
    #[expect(clippy::cast_precision_loss, reason = "exact below 285,000 years")]
    let score_seconds = view.score_ms as f64 / 1_000.0;
    p::WorkScore {
        since: view.since.map(timestamp),
        wait: Some(duration(view.wait_ms)),
        goal: view.goal_ms.map(duration),
        later: view.later,
        goal_at: view.goal_at.map(timestamp),
        window_at: view.window_at.map(timestamp),
        promised_by: view.promised.map(timestamp),
        credits: view.credits.into_iter().map(marks::credit).collect(),
        credit: Some(duration(view.credit_ms)),
        credit_cap: Some(duration(view.cap_ms)),
        effort_cap: Some(duration(view.effort_cap_ms)),
        due_at: Some(timestamp(view.key)),
        due_now_at: Some(timestamp(view.key_now)),
        score_seconds,
        position: u32::try_from(view.position).unwrap_or(u32::MAX),
    }
}

fn verdict(verdict: AgentVerdict) -> p::AgentVerdict {
    p::AgentVerdict {
        agent: verdict.agent.into(),
        standing: standing(verdict.why.standing).into(),
        what: verdict.why.what.into(),
        wanted: verdict.why.wanted,
        has: verdict.why.has,
        until: verdict.why.until.map(timestamp),
    }
}

fn count((of, agents): (Standing, usize)) -> p::AgentStandingCount {
    p::AgentStandingCount { standing: standing(of).into(), agents: u32::try_from(agents).unwrap_or(u32::MAX) }
}

fn standing(standing: Standing) -> p::AgentStanding {
    match standing {
        Standing::Eligible => p::AgentStanding::Eligible,
        Standing::Next => p::AgentStanding::Next,
        Standing::Asked => p::AgentStanding::Asked,
        Standing::Spare => p::AgentStanding::Spare,
        Standing::AwaitsFacts => p::AgentStanding::AwaitsFacts,
        Standing::Held => p::AgentStanding::Held,
        Standing::Cooled => p::AgentStanding::CooledDown,
        Standing::NoRoom => p::AgentStanding::NoRoom,
        Standing::Overcommitted => p::AgentStanding::Overcommitted,
        Standing::Closed => p::AgentStanding::Closed,
        Standing::PassesOn => p::AgentStanding::PassesOn,
        Standing::Away => p::AgentStanding::Away,
        Standing::Draining => p::AgentStanding::Draining,
        Standing::Lost => p::AgentStanding::Lost,
        Standing::Offline => p::AgentStanding::Offline,
        Standing::Muted => p::AgentStanding::Muted,
        Standing::Channel => p::AgentStanding::Channel,
        Standing::Skill => p::AgentStanding::Skill,
        Standing::OtherQueue => p::AgentStanding::OtherQueue,
    }
}
