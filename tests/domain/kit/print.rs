//! Decisions as lines that people read: for golden scripts.

use skein::domain::Workspace;
use skein::domain::id::{AgentId, WorkId};
use skein::domain::record::{Change, CooledDown, PresenceSet, Record, SessionLost, WrapUpStarted};

use super::START;

/// One line for each change of the record.
pub(crate) fn print(record: &Record, space: &Workspace) -> Vec<String> {
    let at = record.time.0 - START;
    let who = |agent: AgentId| space.agent_name(agent).map_or("?", |name| name.as_str()).to_owned();
    let lines = (0u16..).zip(&record.changes).map(|(place, change)| match change {
        Change::IdentityOpened(opened) => {
            format!("identity {} of {}", opened.leaf, opened.root)
        }
        Change::MessageStored(message) => {
            let work = message.work.map_or("no work".to_owned(), |work| work.to_string());
            let told: Vec<String> = message.audience.iter().map(|&agent| who(agent)).collect();
            format!("message {:?} {work} told [{}]", message.direction, told.join(" "))
        }
        Change::WorkOpened(opened) => {
            format!("opened {} on {}", WorkId::new(record.index, place), opened.endpoint)
        }
        Change::WorkQueued { work, queue, key, cause, preferred } => {
            let preferred = preferred.map_or(String::new(), |agent| format!(", {} first", who(agent)));
            format!("queued {work} in {queue}, due at {}, {cause:?}{preferred}", seconds(key - START))
        }
        Change::WorkJoined { work, endpoint, .. } => format!("{work} is spoken on {endpoint}, too"),
        Change::WorkRekeyed { work, key } => format!("{work} is due at {}", seconds(key - START)),
        Change::CostChanged { work, agent, cost } => format!("{work} costs {} {cost}", who(*agent)),
        Change::WorksMerged { from, into, .. } => format!("{from} is part of {into}"),
        Change::WorkSplit { from, into, messages, .. } => format!("{} messages of {from} are {into}", messages.len()),
        Change::OfferMade(offer) => {
            let until = seconds(offer.expires_at.0 - START);
            format!("offer {} to {} until {until}", offer.work, who(offer.agent))
        }
        Change::OfferEnded { work, agent, outcome, .. } => {
            format!("offer {work} to {} {outcome:?}", who(*agent))
        }
        Change::Assigned(assigned) => {
            format!("{} owns {}, {:?}", who(assigned.agent), assigned.work, assigned.cause)
        }
        Change::Unassigned { work, agent, reason, .. } => {
            format!("{} owns {work} no longer, {reason:?}", who(*agent))
        }
        Change::CooledDown(CooledDown { work, agent, liftable, until }) => {
            let until = seconds(until.0 - START);
            let liftable = if *liftable { ", liftable" } else { "" };
            format!("{work} cools down for {} until {until}{liftable}", who(*agent))
        }
        Change::CooldownEnded { work, agent } => format!("{work} may go to {} again", who(*agent)),
        Change::WrapUpStarted(WrapUpStarted { work, agent, .. }) => format!("{} wraps up {work}", who(*agent)),
        Change::Parked(parked) => {
            format!("{} parks {} until {}", who(parked.agent), parked.work, seconds(parked.until.0 - START))
        }
        Change::Woken(woken) => {
            let held = woken.held_until.map_or(String::new(), |at| format!(", held until {}", seconds(at.0 - START)));
            format!("{} wakes for {}, {:?}{held}", woken.work, who(woken.agent), woken.cause)
        }
        Change::Transferring(change) => {
            let to = change.to.map_or_else(|| change.queue.to_string(), who);
            format!("{} passes {} on to {to}", who(change.agent), change.work)
        }
        Change::WrapUpExtended(change) => format!("{} wraps up until {}", change.work, seconds(change.until.0 - START)),
        Change::Promised(change) => {
            let by = change.by.map_or("nothing".to_owned(), |by| seconds(by.0 - START));
            format!("{} is promised by {by}", change.work)
        }
        Change::TransferEnded(change) => {
            format!("{} keeps {}, {:?}", who(change.agent), change.work, change.outcome)
        }
        Change::WrapUpLeft { work, agent, .. } => format!("{} goes on with {work}", who(*agent)),
        Change::WorkClosed { work, .. } => format!("closed {work}"),
        Change::WorkReopened { work, .. } => format!("reopened {work}"),
        Change::AgentRegistered { agent, name } => format!("agent {agent} is {name}"),
        Change::SessionOpened { agent, .. } => format!("{} has a session", who(*agent)),
        Change::SessionLost(SessionLost { agent, .. }) => format!("{} is without connection", who(*agent)),
        Change::SessionEnded { agent, reason, .. } => {
            format!("session of {} over, {reason:?}", who(*agent))
        }
        Change::PresenceSet(PresenceSet { agent, presence, reason, .. }) => {
            format!("{} is {presence:?} {reason}", who(*agent)).trim_end().to_owned()
        }
        Change::AnswerCounted(counted) => {
            let waited = seconds(counted.waited_ms.cast_signed());
            format!("{} is answered in {} after {waited}, {:?}", counted.work, counted.queue, counted.outcome)
        }
        other => format!("{other:?}"),
    });
    lines.map(|line| format!("    {:>8} {line}", seconds(at))).collect()
}

fn seconds(ms: i64) -> String {
    if ms % 1_000 == 0 { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}
