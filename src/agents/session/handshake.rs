//! From the first frame to the welcome: the session is opened in the shard, and what it will be told begins where the welcome ends.

use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::feed::{Feed, LiveFeed};
use crate::agents::port::CommandFailure;
use crate::agents::registry::Slot;
use crate::agents::status::{Reason, Refusal};
use crate::domain::command::Verb;
use crate::domain::id::{Index, Position};
use crate::domain::rejection::Rejection;
use crate::domain::view::AgentView;
use crate::proto::agent as p;

/// An open session.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) epoch: u64,
    pub(super) feed: Feed,
    pub(super) live: LiveFeed,
    /// Events up to here were told: by the snapshot, or before the reconnect.
    pub(super) told: Position,
    pub(super) welcome: Box<p::Welcome>,
}

/// Opens the session, of which older ones of the agent on this node are told; 0: one that only looks on. Not to be cancelled between the
/// command and its answer: the session would stay open in the shard.
pub(super) async fn epoch(edge: &Edge, caller: &Caller, hello: &p::Hello, slot: &Slot) -> Result<u64, Refusal> {
    if hello.read_only {
        if hello.takeover {
            return Err(Refusal::invalid("hello.takeover", "not with read_only: nothing is taken over by looking on"));
        }
        return slot.look_on().map(|()| 0);
    }
    let resume = Some(hello.resume_session_epoch).filter(|epoch| *epoch != 0);
    let verb = Verb::OpenSession { resume, takeover: hello.takeover };
    let answer = match edge.shard.command(convert::own_command(caller, None, verb)).await {
        Ok(answer) | Err(CommandFailure::Rejected(Rejection::Repeated(answer))) => answer,
        Err(failure) => return Err(edge.refusal(caller, failure).await),
    };
    let epoch = answer.session_epoch.ok_or_else(|| {
        tracing::error!(skein.record.index = answer.position.index.0, "an opened session has no epoch");
        Refusal::new(Reason::Internal, "the session has no epoch")
    })?;
    slot.opened(epoch);
    Ok(epoch)
}

/// Prepares what the session is told first.
///
/// The order matters: the subscription is made before the state is read, so that what happens between is in both, and left out
/// of the events by its position; the other way round it would be in neither.
pub(super) async fn begin(edge: &Edge, caller: &Caller, hello: p::Hello, epoch: u64) -> Result<Opened, Refusal> {
    let (head, agent) = view(edge, caller).await?;
    edge.names.note(&caller.workspace, agent.agent, &agent.name);
    let live = edge.shard.feeds().live(&caller.workspace, agent.agent);
    let subscribe = |after| edge.shard.feeds().subscribe(&caller.workspace, agent.agent, after);
    // A position beyond the log's end was never given out: it would hide what is to come.
    if let Some(after) = hello.resume_after.map(convert::position_from)
        && after.index <= head
        && let Ok(feed) = subscribe(Some(after))
    {
        let welcome = Box::new(p::Welcome { session_epoch: epoch, resumed: true, snapshot: None });
        return Ok(Opened { epoch, feed, live, told: after, welcome });
    }
    let feed = subscribe(None).map_err(|resync| Refusal::new(Reason::Internal, resync.to_string()))?;
    let (head, agent) = view(edge, caller).await?;
    let snapshot = convert::snapshot(head, agent);
    let welcome = Box::new(p::Welcome { session_epoch: epoch, resumed: false, snapshot: Some(snapshot) });
    Ok(Opened { epoch, feed, live, told: Position { index: head, output: u32::MAX }, welcome })
}

async fn view(edge: &Edge, caller: &Caller) -> Result<(Index, AgentView), Refusal> {
    let (head, agent) = edge.shard.agent(caller.workspace.clone(), caller.agent.clone()).await?;
    let agent = agent.ok_or_else(|| Refusal::new(Reason::UnknownAgent, "unknown agent"))?;
    Ok((head, agent))
}
