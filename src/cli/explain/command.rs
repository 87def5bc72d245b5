//! Asks the daemon, and prints what it says for a person: the answer first, what it rests on behind it.

use std::process::ExitCode;

use anyhow::Context as _;

use super::history::line;
use super::words::{brief, clock, cut, standing, why_not};
use crate::cli::client::{Target, as_agent};
use crate::proto::agent::work_service_client::WorkServiceClient;
use crate::proto::agent::{
    Effort, ExplainWorkRequest, ExplainWorkResponse, ListWorkRequest, Ruling, WaitShare, WaitStage, Work, WorkScore,
};

/// Flags of `skein explain`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name of the agent who asks: it sees what that agent may see.
    #[arg(long)]
    name: String,
    /// Agents told one by one at most, the nearest to the Work first; the others are counted by reason.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
    agents: i32,
    #[command(flatten)]
    target: Target,
    /// The Work: `w120-2`. When left out the open one that is served next, or, where none waits, the oldest.
    work: Option<String>,
}

/// Prints why the Work is where it is.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let workspace = args.target.workspace()?;
    let mut works = WorkServiceClient::new(args.target.reach()?.connect().await?);
    let work_id = match args.work {
        Some(work) => work,
        None => {
            let first =
                as_agent(ListWorkRequest { page_size: 1, ..ListWorkRequest::default() }, &workspace, &args.name)?;
            let open = works.list_work(first).await.context("cannot list the works")?.into_inner().works;
            open.into_iter().next().context("no work is open: name one")?.work_id
        }
    };
    let request = ExplainWorkRequest { work_id, max_agents: args.agents };
    let request = as_agent(request, &workspace, &args.name)?;
    let told = works.explain_work(request).await.context("cannot explain")?.into_inner();
    for line in lines(&told)? {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(told: &ExplainWorkResponse) -> anyhow::Result<Vec<String>> {
    let work = told.work.as_ref().context("the answer names no work")?;
    let mut lines = vec![head(told, work)];
    if told.waited.is_empty() {
        lines.push("nobody has waited for us in it".to_owned());
    } else {
        let all: f64 = told.waited.iter().map(|share| seconds(share.waited.as_ref())).sum();
        lines.push(format!("the customer has waited {} in all:", brief(all)));
        lines.extend(told.waited.iter().map(share));
    }
    lines.extend(told.ruling.iter().flat_map(ruling));
    if let Some(score) = &told.score {
        lines.extend(due(score, &work.effort));
    }
    agents(told, &mut lines);
    lines.push(if told.history_begins_later {
        "what became of it (what was before is not told any more):".to_owned()
    } else {
        "what became of it:".to_owned()
    });
    lines.extend(told.history.iter().map(line));
    Ok(lines)
}

fn head(told: &ExplainWorkResponse, work: &Work) -> String {
    let state = work.state().as_str_name();
    let state = state.strip_prefix("WORK_STATE_").unwrap_or(state);
    let mut whose = match work.owner.as_str() {
        "" => String::new(),
        owner => format!(", {owner}'s"),
    };
    for shown in &told.shown_to {
        whose.push_str(&format!(", shown to {} until {}", shown.agent, clock(shown.until.as_ref())));
    }
    if work.transfer.as_ref().is_some_and(|transfer| transfer.relief) {
        whose.push_str(", who has more than it can: it is offered elsewhere");
    }
    if !work.held_for_agent.is_empty() {
        let until = clock(work.held_for_until.as_ref());
        whose.push_str(&format!(", waits for {} until {until} at most", work.held_for_agent));
    }
    if told.facts_until.is_some() {
        let until = clock(told.facts_until.as_ref());
        whose.push_str(&format!(", waits for facts of its customer's until {until} at most"));
    }
    format!("{} by {} in queue {}: {state}{whose}", work.work_id, work.channel, work.queue)
}

fn seconds(duration: Option<&prost_types::Duration>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact below 285 million years")]
    duration.map_or(0.0, |of| of.seconds as f64 + f64::from(of.nanos) / 1e9)
}

fn share(share: &WaitShare) -> String {
    let waited = brief(seconds(share.waited.as_ref()));
    let place = match share.stage() {
        WaitStage::Queued | WaitStage::Unspecified => format!("in queue {}, nobody had it", share.queue),
        WaitStage::Offered => format!("shown to {}, who had not answered", share.agent),
        WaitStage::Assigned => format!("with {}, until an answer", share.agent),
    };
    format!("  {waited:>9}  {place}")
}

fn ruling(ruling: &Ruling) -> Vec<String> {
    let by = match ruling.rule.as_str() {
        "" => "no rule fitted: it went where its endpoint leads".to_owned(),
        rule => format!("rule {rule} decided"),
    };
    let mut lines = vec![format!("{by}, to queue {}", ruling.queue)];
    for asked in ruling.asked.iter().filter(|asked| !asked.fits) {
        let what = if asked.fact.is_empty() { asked.asks.clone() } else { format!("fact {}", asked.fact) };
        let is = if asked.is.is_empty() { String::new() } else { format!(" (it is {})", cut(&asked.is)) };
        lines.push(format!("  rule {} does not fit by its {what}{is}", asked.rule));
    }
    if ruling.more {
        lines.push("  nor do others".to_owned());
    }
    let now = ruling.asked.iter().find(|asked| asked.fits).map_or("", |asked| asked.rule.as_str());
    if ruling.inputs.is_none() {
        lines.push("  what the rules were given cannot be read any longer".to_owned());
    } else if now != ruling.rule {
        let now = if now.is_empty() { "none of them".to_owned() } else { format!("rule {now}") };
        lines.push(format!("  rules have changed since: now {now} would decide"));
    }
    lines
}

fn due(score: &WorkScore, effort: &[Effort]) -> Vec<String> {
    let place = match score.position {
        0 => "somebody is shown it".to_owned(),
        place => format!("place {place} in its queue"),
    };
    let late = if score.score_seconds < 0.0 { "left until it is due" } else { "overdue" };
    let mut lines = vec![format!("{place}, {} {late}", brief(score.score_seconds.abs()))];
    let goal = match (&score.goal, score.later) {
        (None, _) => "its queue is gone: it has no goal".to_owned(),
        (Some(goal), later) => {
            let of = if later { "next answer" } else { "first answer" };
            format!("goal of the {of} {}, reached at {}", brief(seconds(Some(goal))), clock(score.goal_at.as_ref()))
        }
    };
    lines.push(format!("  wait {} so far; {goal}", brief(seconds(score.wait.as_ref()))));
    if score.window_at.is_some() {
        lines.push(format!("  the provider takes an answer until {}", clock(score.window_at.as_ref())));
    }
    if score.promised_by.is_some() {
        lines.push(format!("  promised by {}", clock(score.promised_by.as_ref())));
    }
    for credit in &score.credits {
        let by = if credit.given_by.is_empty() { String::new() } else { format!(", by {}", credit.given_by) };
        lines.push(format!("  credit {}: {} earlier{by}", cut(&credit.name), brief(credit.seconds)));
    }
    lines.extend(effort.iter().map(|entry| {
        let kind = entry.kind().as_str_name();
        let kind = kind.strip_prefix("EFFORT_KIND_").unwrap_or(kind).to_lowercase().replace('_', " ");
        format!("    went through: {kind}, {} times, {}", entry.count, brief(entry.seconds))
    }));
    if !effort.is_empty() {
        lines.push(format!("    which counts {} at most", brief(seconds(score.effort_cap.as_ref()))));
    }
    if !score.credits.is_empty() {
        let (counted, cap) = (seconds(score.credit.as_ref()), seconds(score.credit_cap.as_ref()));
        lines.push(format!("  credits count {} together, {} at most", brief(counted), brief(cap)));
    }
    lines.push(format!("  so it is due at {}", clock(score.due_at.as_ref())));
    if score.due_now_at != score.due_at {
        let now = clock(score.due_now_at.as_ref());
        lines.push(format!("  (as things are now it would be due at {now}: the configuration, or what it was made of, has changed since)"));
    }
    lines
}

fn agents(told: &ExplainWorkResponse, lines: &mut Vec<String>) {
    if told.agent_counts.is_empty() {
        return;
    }
    lines.push("why nobody has it now:".to_owned());
    lines.extend(told.agents.iter().map(|verdict| format!("  {}: {}", verdict.agent, why_not(verdict))));
    let all: u32 = told.agent_counts.iter().map(|count| count.agents).sum();
    let one_by_one = u32::try_from(told.agents.len()).unwrap_or(u32::MAX);
    if all > one_by_one {
        lines.push(format!("of all {all} agents:"));
        let count = |count: &crate::proto::agent::AgentStandingCount| {
            format!("  {:>7}  {}", count.agents, standing(count.standing()))
        };
        lines.extend(told.agent_counts.iter().map(count));
    }
}

#[cfg(test)]
mod tests {
    use prost_types::{Duration, Timestamp};

    use super::*;
    use crate::proto::agent::{AgentStanding, AgentStandingCount, AgentVerdict, RuleAsked, WorkHappening};

    fn told() -> ExplainWorkResponse {
        let work = Work {
            work_id: "w16-1".to_owned(),
            channel: "chat".to_owned(),
            queue: "help".to_owned(),
            state: 1,
            ..Work::default()
        };
        let waited = Some(Duration { seconds: 75, nanos: 0 });
        let queued =
            WaitShare { stage: WaitStage::Queued.into(), queue: "help".to_owned(), waited, ..WaitShare::default() };
        let asked = RuleAsked {
            rule: "vip".to_owned(),
            asks: "fact".to_owned(),
            fact: "tier".to_owned(),
            ..RuleAsked::default()
        };
        let room = AgentVerdict {
            agent: "ann".to_owned(),
            standing: AgentStanding::NoRoom.into(),
            wanted: 2,
            has: Some(1),
            ..AgentVerdict::default()
        };
        ExplainWorkResponse {
            work: Some(work),
            waited: vec![queued],
            ruling: Some(Ruling { queue: "help".to_owned(), asked: vec![asked], ..Ruling::default() }),
            score: Some(WorkScore { position: 3, score_seconds: -30.0, ..WorkScore::default() }),
            agents: vec![room],
            agent_counts: vec![
                AgentStandingCount { standing: AgentStanding::NoRoom.into(), agents: 1 },
                AgentStandingCount { standing: AgentStanding::Offline.into(), agents: 14_999 },
            ],
            history: vec![WorkHappening {
                at: Some(Timestamp { seconds: 1_800_000_000, nanos: 0 }),
                kind: 5_000,
                ..WorkHappening::default()
            }],
            ..ExplainWorkResponse::default()
        }
    }

    #[test]
    fn a_person_reads_the_answer_first_and_every_part_of_it() {
        let text = lines(&told()).unwrap().join("\n");
        for part in [
            "w16-1 by chat in queue help: QUEUED",
            "waited 1 min 15 s in all",
            "in queue help, nobody had it",
            "no rule fitted",
            "rule vip does not fit by its fact tier",
            "place 3 in its queue, 30 s left until it is due",
            "ann: has room for 1, it costs 2",
            "of all 15000 agents",
            "14999  not logged in",
            "what this version has no name for",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        let answer = text.find("waited 1 min").unwrap();
        assert!(answer < text.find("ann:").unwrap() && answer < text.find("what became").unwrap());
    }

    #[test]
    fn without_a_work_nothing_is_made_up() {
        assert!(lines(&ExplainWorkResponse::default()).is_err());
    }
}
