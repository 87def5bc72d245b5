//! The one place where operators' requests and the state of streams meet `skein.admin.v1`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use crate::agents::{self, Refusal};
use crate::config::Problem;
use crate::dead::{Letter, Selection};
use crate::domain::BoundStream;
use crate::domain::id::Name;
use crate::domain::record::{Presence, Request};
use crate::domain::time::Timestamp;
use crate::domain::view::AgentStanding;
use crate::domain::workspace::AgentKind;
use crate::nats::StreamState;
use crate::proto::admin as p;
use crate::reload::{Outcome, Reload, Reloaded};
use crate::telemetry::Levels;

/// Entries of a page when nobody says.
const PAGE: usize = 200;
/// Entries of a page at most: the shard waits while they are copied.
const PAGE_MAX: i32 = 1_000;

/// Letters of a replay at most: each is a publish whose answer is waited for.
const REPLAYS_MAX: usize = 1_000;

/// What makes a command of an operator recognisable when it is repeated.
pub(super) fn request(operator: &Name, asked: &p::ResumeStreamRequest) -> Result<Request, Refusal> {
    if asked.request_id.is_empty() {
        return Err(Refusal::invalid("request_id", "is wanted: a retry of this must not decide again"));
    }
    let body = p::ResumeStreamRequest { request_id: String::new(), ..asked.clone() };
    agents::request(Name::from(format!("operator:{operator}")), "resume_stream", &asked.request_id, &body)
}

/// A stream as bound, with what the server has.
pub(super) fn stream(bound: BoundStream, found: Option<StreamState>) -> p::InStream {
    p::InStream {
        workspace: bound.workspace.into(),
        stream: bound.name.into(),
        applied_sequence: bound.position.sequence,
        broken: bound.broken,
        bound_created_at: Some(timestamp(bound.created_ns)),
        found: found.map(|found| p::FoundStream {
            created_at: Some(timestamp(found.created_ns)),
            first_sequence: found.first_sequence,
            last_sequence: found.last_sequence,
        }),
    }
}

/// What became of files.
pub(super) fn reloaded(reloaded: Reloaded) -> p::ReloadWorkspacesResponse {
    p::ReloadWorkspacesResponse {
        workspaces: reloaded.workspaces.into_iter().map(reload).collect(),
        restart_keys: reloaded.daemon.differs,
        daemon_problems: reloaded.daemon.problems.into_iter().map(problem).collect(),
    }
}

fn reload(reload: Reload) -> p::WorkspaceReload {
    let mut told = p::WorkspaceReload {
        workspace: reload.workspace.into(),
        file: reload.file.map(|file| file.display().to_string()).unwrap_or_default(),
        ..p::WorkspaceReload::default()
    };
    let outcome = match reload.outcome {
        Outcome::Applied(index) => {
            told.record_index = index.0;
            p::ReloadOutcome::Applied
        }
        Outcome::Unchanged => p::ReloadOutcome::Unchanged,
        Outcome::Refused(problems) => {
            told.problems = problems.into_iter().map(problem).collect();
            p::ReloadOutcome::Refused
        }
        Outcome::Unavailable => p::ReloadOutcome::Unavailable,
    };
    told.set_outcome(outcome);
    told
}

fn problem(problem: Problem) -> p::ConfigProblem {
    let (line, column) = problem.position.unwrap_or_default();
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    p::ConfigProblem {
        origin: problem.origin.to_string(),
        line: number(line),
        column: number(column),
        key: problem.key,
        value: problem.value.unwrap_or_default(),
        rule: problem.rule,
        hint: problem.hint.unwrap_or_default(),
    }
}

/// A configuration in force: canonical text, hash, since when.
pub(super) fn config((canonical, sha256, since): (String, [u8; 32], Timestamp)) -> p::GetConfigResponse {
    let digits = sha256.iter().fold(String::new(), |mut digits, byte| {
        let _infallible = write!(digits, "{byte:02x}");
        digits
    });
    p::GetConfigResponse { canonical, sha256: digits, in_force_since: Some(moment(since)) }
}

/// What makes the end of a session recognisable when it is repeated.
pub(super) fn end_request(operator: &Name, asked: &p::EndSessionRequest) -> Result<Request, Refusal> {
    if asked.request_id.is_empty() {
        return Err(Refusal::invalid("request_id", "is wanted: a retry of this must not end another session"));
    }
    let body = p::EndSessionRequest { request_id: String::new(), ..asked.clone() };
    agents::request(Name::from(format!("operator:{operator}")), "end_session", &asked.request_id, &body)
}

/// Entries of a page.
pub(super) fn page_size(asked: i32) -> Result<usize, Refusal> {
    match asked {
        0 => Ok(PAGE),
        1..=PAGE_MAX => Ok(usize::try_from(asked).expect("it is positive")),
        _ => Err(Refusal::invalid("page_size", "is 0 to 1000")),
    }
}

/// A page of agents: of one more than it may have, the last is not shown.
pub(super) fn agents(mut found: Vec<AgentStanding>, at_most: usize) -> p::ListAgentsResponse {
    let more = found.len() > at_most;
    found.truncate(at_most);
    let next = found.last().filter(|_| more).map(|last| last.name.to_string()).unwrap_or_default();
    p::ListAgentsResponse { agents: found.into_iter().map(standing).collect(), next_page_token: next }
}

fn standing(agent: AgentStanding) -> p::AgentStanding {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    p::AgentStanding {
        agent: agent.name.into(),
        bot: agent.kind == AgentKind::Bot,
        presence: match agent.presence {
            Presence::Ready => "READY",
            Presence::Away => "AWAY",
            Presence::Draining => "DRAINING",
            Presence::Offline => "OFFLINE",
        }
        .to_owned(),
        reason: agent.reason.into(),
        session_epoch: agent.session_epoch.unwrap_or_default(),
        connected: agent.connected,
        connected_since: agent.session_opened_at.map(moment),
        works: count(agent.works),
        offers: count(agent.offers),
        load: agent.load,
        capacity: agent.capacity,
    }
}

/// Which letters a page is of, and behind which sequence it begins.
pub(super) fn letters_asked(asked: p::ListDeadLettersRequest) -> Result<(Selection, u64), Refusal> {
    let endpoint = match (asked.channel.is_empty(), asked.endpoint.is_empty()) {
        (true, true) => None,
        (false, false) => Some((asked.channel, asked.endpoint)),
        (true, false) => return Err(Refusal::invalid("channel", "is wanted with an endpoint")),
        (false, true) => return Err(Refusal::invalid("endpoint", "is wanted with a channel")),
    };
    let reason = (!asked.reason.is_empty()).then_some(asked.reason);
    let after = match asked.page_token.as_str() {
        "" => 0,
        token => token.parse().map_err(|_| Refusal::invalid("page_token", "is none that a page ended with"))?,
    };
    Ok((Selection { endpoint, reason }, after))
}

/// The sequences of letters that are asked for.
pub(super) fn sequences(asked: Vec<u64>) -> Result<BTreeSet<u64>, Refusal> {
    match asked.len() {
        1..=REPLAYS_MAX if !asked.contains(&0) => Ok(asked.into_iter().collect()),
        _ => Err(Refusal::invalid("sequences", "are 1 to 1000, each from 1")),
    }
}

/// A letter without its content.
pub(super) fn letter(letter: Letter) -> p::DeadLetter {
    p::DeadLetter {
        sequence: letter.sequence,
        time: Some(timestamp(letter.stored_ns)),
        reason: letter.reason,
        channel: letter.channel,
        endpoint: letter.endpoint,
        format: letter.format,
        stream: letter.stream,
        stream_sequence: letter.stream_sequence.unwrap_or_default(),
        bytes: letter.bytes as u64,
        gone: letter.gone,
    }
}

/// What became of a letter that was to be published again.
pub(super) fn replayed(sequence: u64, outcome: Result<u64, String>) -> p::DeadLetterReplay {
    match outcome {
        Ok(published_as) => p::DeadLetterReplay { sequence, published_as, refused: String::new() },
        Err(refused) => p::DeadLetterReplay { sequence, published_as: 0, refused },
    }
}

/// What is logged.
pub(super) fn levels(levels: Levels) -> p::GetLogLevelResponse {
    p::GetLogLevelResponse {
        levels: levels.now,
        configured_levels: levels.configured,
        until: levels.until.map(prost_types::Timestamp::from),
    }
}

/// For how long.
pub(super) fn lasting(
    asked: Option<&prost_types::Duration>,
    usual: Duration,
    longest: Duration,
) -> Result<Duration, Refusal> {
    let Some(asked) = asked else { return Ok(usual) };
    let lasting = Duration::try_from(*asked).ok().filter(|it| (Duration::from_secs(1)..=longest).contains(it));
    lasting.ok_or_else(|| Refusal::invalid("lasting", "is 1 s to 24 h"))
}

/// A time of the shard.
fn moment(at: Timestamp) -> prost_types::Timestamp {
    timestamp(at.0.saturating_mul(1_000_000))
}

fn timestamp(ns: i64) -> prost_types::Timestamp {
    const SECOND_NS: i64 = 1_000_000_000;
    let nanos = i32::try_from(ns.rem_euclid(SECOND_NS)).expect("less than a second of nanoseconds fits");
    prost_types::Timestamp { seconds: ns.div_euclid(SECOND_NS), nanos }
}
