//! Decisions as lines that people read: for golden scripts.

use skein::domain::Workspace;
use skein::domain::id::{AgentId, Name, WorkId};
use skein::domain::record::{Change, CooledDown, PresenceSet, Record, SessionLost, WrapUpStarted};
use skein::domain::workspace::Levels;

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
        Change::Overcommitted(change) => {
            let until =
                change.relieve_at.map_or(String::new(), |at| format!(", relieved at {}", seconds(at.0 - START)));
            format!("{} has {} too much{until}", who(change.agent), change.by)
        }
        Change::Transferring(change) if change.relief => {
            format!("{} is relieved of {} in {}", who(change.agent), change.work, change.queue)
        }
        Change::Transferring(change) => {
            let to = change.to.map_or_else(|| change.queue.to_string(), who);
            format!("{} passes {} on to {to}", who(change.agent), change.work)
        }
        Change::HandedToPeople(change) => format!("{} is for people, {:?}", change.work, change.cause),
        Change::HandBackEnded(change) if change.taken => format!("{} is back", change.work),
        Change::HandBackEnded(change) => format!("{} is for people still", change.work),
        Change::HandedBack(change) => format!("{} hands {} back", who(change.agent), change.work),
        Change::WrapUpExtended(change) => format!("{} wraps up until {}", change.work, seconds(change.until.0 - START)),
        Change::Promised(change) => {
            let by = change.by.map_or("nothing".to_owned(), |by| seconds(by.0 - START));
            format!("{} is promised by {by}", change.work)
        }
        Change::TransferEnded(change) => {
            format!("{} keeps {}, {:?}", who(change.agent), change.work, change.outcome)
        }
        Change::WrapUpLeft { work, agent, .. } => format!("{} goes on with {work}", who(*agent)),
        Change::WorkClosed { work, disposition, canceled, .. } if *canceled || disposition == "NO_ANSWER" => {
            format!("closed {work}, {disposition}")
        }
        Change::WorkClosed { work, .. } => format!("closed {work}"),
        Change::HoldSet(set) => match set.until {
            Some(until) => format!("{} is held for {} until {}", set.work, who(set.agent), seconds(until.0 - START)),
            None => format!("{} is held for {} no longer", set.work, who(set.agent)),
        },
        Change::CustomerLeft { work } => format!("the customer of {work} has left"),
        Change::IdleSet(set) => {
            let marks = [(set.lowered, " lowered"), (set.nudged, " asked")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            let next = set.at.map_or(String::new(), |at| format!(", next at {}", seconds(at.0 - START)));
            format!("{} is silent since {}{marks}{next}", set.work, seconds(set.since.0 - START))
        }
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
        Change::Required(required) => format!("{} wants {}", required.work, levels(&required.levels)),
        Change::Routed(routed) => {
            let plan = if routed.plan.is_empty() { String::new() } else { format!(", plan {}", routed.plan) };
            let wants =
                if routed.requires.is_empty() { String::new() } else { format!(", {}", levels(&routed.requires)) };
            let rule = if routed.rule.is_empty() { "no rule" } else { routed.rule.as_str() };
            format!("{} goes to {} by {rule}{wants}{plan}", routed.work, routed.queue)
        }
        Change::StepSet(set) if set.plan.is_empty() => format!("{} has no plan any more", set.work),
        Change::StepSet(set) => {
            let next = set.clock.map_or("the last".to_owned(), |clock| {
                let from = if clock.from > record.time {
                    format!(" from {}", seconds(clock.from.0 - START))
                } else {
                    String::new()
                };
                format!("for {}{from}", seconds(i64::try_from(clock.left_ms).expect("small")))
            });
            format!(
                "{} is at step {} of {}, {:?}, {next}{}",
                set.work,
                set.step,
                set.plan,
                set.cause,
                also(&set.queues)
            )
        }
        Change::OverflowSet(set) => {
            let after =
                set.clock.map(|clock| format!(" after {}", seconds(i64::try_from(clock.left_ms).expect("small"))));
            let alone = if set.no_agent { " without anybody" } else { "" };
            let never = if after.is_none() && !set.no_agent { " no more" } else { "" };
            format!("{} overflows{}{alone}{never}", set.work, after.unwrap_or_default())
        }
        Change::Overflowed(change) => {
            let to = change.to.as_ref().map_or(String::new(), |to| format!(" to {to}"));
            let lower = if change.relax.lower.is_empty() {
                String::new()
            } else {
                format!(", at most {}", levels(&change.relax.lower))
            };
            let drop: String = change.relax.drop.iter().map(|skill| format!(", without {skill}")).collect();
            let told = if change.notify { ", told" } else { "" };
            let also = also(&change.queues);
            format!("{} overflows from {}{to}, {:?}{also}{lower}{drop}{told}", change.work, change.queue, change.cause)
        }
        Change::Unserved(change) => {
            let who = if change.unserved { "nobody" } else { "somebody again" };
            format!("{} could be taken by {who}", change.work)
        }
        Change::AnswerCounted(counted) => {
            let waited = seconds(counted.waited_ms.cast_signed());
            format!("{} is answered in {} after {waited}, {:?}", counted.work, counted.queue, counted.outcome)
        }
        Change::EffortNoted(noted) => {
            format!("{} takes {:?}, {}", noted.work, noted.kind, seconds(noted.ms.cast_signed()))
        }
        Change::EnrichmentSet(set) => match set.until {
            Some(until) => format!("{} waits for facts until {}", set.work, seconds(until.0 - START)),
            None => format!("{} waits for facts no longer", set.work),
        },
        other => format!("{other:?}"),
    });
    lines.map(|line| format!("    {:>8} {line}", seconds(at))).collect()
}

fn levels(levels: &Levels) -> String {
    let list: Vec<String> = levels.iter().map(|(skill, level)| format!("{skill} {level}")).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(" ") }
}

fn also(queues: &[Name]) -> String {
    queues.iter().map(|queue| format!(", also {queue}")).collect()
}

fn seconds(ms: i64) -> String {
    if ms % 1_000 == 0 { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}
