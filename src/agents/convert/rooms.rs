//! Queues, targets, estimates and lists: what is asked for, and as messages.

use super::command::{page_size, token, work_id};
use super::pass::millis;
use super::view::timestamp;
use crate::agents::limits::{MAX_QUEUES, WORK_PAGE_MAX};
use crate::agents::status::Refusal;
use crate::domain::id::{Name, WorkId};
use crate::domain::view::{
    AgentTarget, EstimateOf, EstimateView, NoEstimate, Obstacle, QueueView, TargetsView, WaitRange,
};
use crate::domain::workspace::{Accept, DispositionConfig, PresenceReasonConfig};
use crate::proto::agent as p;

/// Time that service levels are counted over when nobody says, milliseconds.
const WINDOW_MS: u64 = 60 * 60_000;
/// Shortest and longest.
const WINDOWS_MS: std::ops::RangeInclusive<u64> = 5 * 60_000..=24 * 60 * 60_000;

/// Which queues somebody wants to see, and over how many milliseconds answers are counted.
pub(in crate::agents) fn queues_asked(
    queues: &[String],
    window: Option<prost_types::Duration>,
) -> Result<(Vec<Name>, i64), Refusal> {
    if queues.len() > MAX_QUEUES {
        return Err(Refusal::limit("max_queues", MAX_QUEUES));
    }
    let window = window.map(|window| millis("window", window)).transpose()?.unwrap_or(WINDOW_MS);
    if !WINDOWS_MS.contains(&window) {
        return Err(Refusal::invalid("window", "five minutes to a day"));
    }
    let queues = queues.iter().map(|queue| token("queues", queue)).collect::<Result<_, _>>()?;
    Ok((queues, window.cast_signed()))
}

/// Queues as messages; refused when one that was named is not there.
pub(in crate::agents) fn statuses(named: &[Name], views: Vec<QueueView>) -> Result<Vec<p::QueueStatus>, Refusal> {
    if let Some(missing) = named.iter().find(|name| !views.iter().any(|view| view.name == **name)) {
        return Err(Refusal::invalid("queues", "there is none of that name").with("queue", missing.as_str()));
    }
    Ok(views.into_iter().map(status).collect())
}

fn status(view: QueueView) -> p::QueueStatus {
    let answers = view.answers;
    p::QueueStatus {
        queue: view.name.into(),
        served: view.served,
        open: view.open,
        open_changes_at: view.until.map(timestamp),
        assigns: view.accept == Accept::Auto,
        first_reply_goal: Some(duration(view.first_reply_ms)),
        waiting: number(view.waiting),
        offered: number(view.offered),
        longest_waiting_since: view.longest_since.map(timestamp),
        agents: Some(p::AgentCounts {
            free: number(view.agents.free),
            busy: number(view.agents.busy),
            away: number(view.agents.away),
            draining: number(view.agents.draining),
            lost: number(view.agents.lost),
            overcommitted: number(view.agents.overcommitted),
        }),
        service_level: Some(p::ServiceLevel {
            answered_in_time: answers.in_time,
            answered_late: answers.late,
            abandoned: answers.never,
            of_answered: answers.of_answered(),
            of_all: answers.of_all(),
        }),
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(super) fn duration(ms: u64) -> prost_types::Duration {
    let nanos = i32::try_from(ms % 1_000).unwrap_or(0) * 1_000_000;
    prost_types::Duration { seconds: i64::try_from(ms / 1_000).unwrap_or(i64::MAX), nanos }
}

/// Which targets somebody wants to see.
#[derive(Debug)]
pub(in crate::agents) struct Targets {
    pub(in crate::agents) work: WorkId,
    able_only: bool,
    size: usize,
    /// Name of the last agent of the page before; empty: this is the first.
    after: String,
}

/// A validated request for targets.
pub(in crate::agents) fn targets_asked(request: p::ListTargetsRequest) -> Result<Targets, Refusal> {
    Ok(Targets {
        work: work_id(&request.work_id)?,
        able_only: request.able_only,
        size: page_size(request.page_size, WORK_PAGE_MAX)?,
        after: request.page_token,
    })
}

/// A page of targets.
pub(in crate::agents) fn targets(asked: &Targets, view: TargetsView) -> p::ListTargetsResponse {
    let wanted = |target: &AgentTarget| {
        target.agent.as_str() > asked.after.as_str() && !(asked.able_only && target.obstacle.is_some())
    };
    let mut agents: Vec<AgentTarget> = view.agents.into_iter().filter(wanted).collect();
    let more = agents.len() > asked.size;
    agents.truncate(asked.size);
    let queues = if asked.after.is_empty() { view.queues } else { Vec::new() };
    p::ListTargetsResponse {
        next_page_token: agents.last().filter(|_| more).map(|last| last.agent.to_string()).unwrap_or_default(),
        agents: agents
            .into_iter()
            .map(|target| p::AgentTarget { agent: target.agent.into(), obstacle: obstacle(target.obstacle).into() })
            .collect(),
        queues: queues
            .into_iter()
            .map(|target| p::QueueTarget {
                queue: target.queue.into(),
                waiting: number(target.waiting),
                obstacle: obstacle(target.obstacle).into(),
            })
            .collect(),
    }
}

fn obstacle(obstacle: Option<Obstacle>) -> p::TargetObstacle {
    match obstacle {
        None => p::TargetObstacle::Unspecified,
        Some(Obstacle::Owner) => p::TargetObstacle::Owner,
        Some(Obstacle::NotReady) => p::TargetObstacle::NotReady,
        Some(Obstacle::Channels) => p::TargetObstacle::Channels,
        Some(Obstacle::Muted) => p::TargetObstacle::Muted,
        Some(Obstacle::NoRoom) => p::TargetObstacle::NoRoom,
        Some(Obstacle::Closed) => p::TargetObstacle::Closed,
        Some(Obstacle::Nobody) => p::TargetObstacle::Nobody,
    }
}

/// Of what a wait is to be told.
pub(in crate::agents) fn estimate_of(request: p::EstimateWaitRequest) -> Result<EstimateOf, Refusal> {
    use p::estimate_wait_request::Of;
    match request.of {
        Some(Of::WorkId(work)) => Ok(EstimateOf::Work(work_id(&work)?)),
        Some(Of::Queue(queue)) => Ok(EstimateOf::Queue(token("queue", &queue)?)),
        None => Err(Refusal::invalid("of", "a work or a queue is wanted")),
    }
}

/// How long a wait will be.
pub(in crate::agents) fn estimate(view: EstimateView) -> p::EstimateWaitResponse {
    let unknown = match view.unknown {
        None => p::WaitUnknown::Unspecified,
        Some(NoEstimate::Closed) => p::WaitUnknown::Closed,
        Some(NoEstimate::Nobody) => p::WaitUnknown::Nobody,
        Some(NoEstimate::NoHistory) => p::WaitUnknown::NoHistory,
    };
    p::EstimateWaitResponse {
        queue: view.queue.into(),
        position: number(view.position),
        range: view.range.map(|WaitRange { low_ms, likely_ms, high_ms, confidence }| p::WaitRange {
            low: Some(duration(low_ms)),
            likely: Some(duration(likely_ms)),
            high: Some(duration(high_ms)),
            confidence,
        }),
        unknown: unknown.into(),
        opens_at: view.opens_at.map(timestamp),
    }
}

/// Why Work may end.
pub(in crate::agents) fn dispositions(listed: Vec<DispositionConfig>) -> p::ListDispositionsResponse {
    let one = |listed: DispositionConfig| p::Disposition {
        label: if listed.label.is_empty() { listed.name.to_string() } else { listed.label },
        name: listed.name.into(),
        group: listed.group.into(),
        queues: listed.queues.into_iter().map(Into::into).collect(),
        required: listed.required,
    };
    p::ListDispositionsResponse { dispositions: listed.into_iter().map(one).collect() }
}

/// Why agents may be away.
pub(in crate::agents) fn presence_reasons(listed: Vec<PresenceReasonConfig>) -> p::ListPresenceReasonsResponse {
    let one = |listed: PresenceReasonConfig| p::PresenceReason {
        label: if listed.label.is_empty() { listed.name.to_string() } else { listed.label },
        name: listed.name.into(),
    };
    p::ListPresenceReasonsResponse { reasons: listed.into_iter().map(one).collect() }
}
