//! *Eligible now*, the one definition (domain rules, section 7): an agent could be given a Work now if nothing of a short list stands
//! against it, asked in the order in which somebody who wants to know why would: what the agent is, whether it is there, what it has.
//!
//! Matching asks whether there is nothing, explanations say what it is, and invariants hold both against each other. What widens the circle
//! (plans, overflow) changes the Work's queues and skills; what an agent has beyond its capacity, and what a silent customer costs, changes
//! its room; a Work that relieves its owner, or that several are shown, is waiting or shown like any other: so each of these is in
//! the list already.

use super::matching::lifted;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, Index, Name};
use crate::domain::record::Presence;
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::work::Work;
use crate::domain::workspace::{AgentKind, AgentProfile, Workspace};

/// What stands against giving an agent a Work now. The first of these that does is the one that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hurdle<'a> {
    /// It serves none of the queues that the Work stands in.
    OtherQueue,
    /// It lacks a skill, or has it at a lower level.
    Skill { skill: &'a Name, wanted: u8, has: Option<u8> },
    /// It does not serve a channel of the Work, by its profile or at this time.
    Channel(&'a Name),
    /// It is a program: they are silent in the Work, or one has handed it over to people.
    Muted,
    /// It owns the Work, and passes it on.
    PassesOn,
    /// It is shown the Work already.
    Asked,
    /// It has no session.
    Offline,
    /// The connection of its session is gone.
    Lost,
    /// It finishes what it has, and takes nothing new.
    Draining,
    /// It is away.
    Away,
    /// All queues that it could take the Work from are closed.
    Closed,
    /// It has more than it can, by so much.
    Overcommitted(u32),
    /// What the Work costs is more than it has left.
    NoRoom { cost: u32, free: u32 },
    /// It is not asked for this Work for a while. `liftable`: unless nobody else is left.
    Cooled { until: Timestamp, liftable: bool },
    /// The Work waits for somebody else, who is there and to whom its customer need not explain again.
    Held { agent: &'a Name, until: Timestamp },
    /// The Work waits for facts of its customer's, and nobody gets it before.
    AwaitsFacts(Timestamp),
}

/// What stands against giving the agent the Work now; none: it is eligible.
pub(crate) fn hurdle<'a>(space: &'a Workspace, agent: &'a Agent, work: &'a Work) -> Option<Hurdle<'a>> {
    attending(space, agent, work)
        .or_else(|| cooled(agent, work))
        .or_else(|| held(space, agent, work))
        .or_else(|| work.facts_until().map(Hurdle::AwaitsFacts))
}

fn cooled<'a>(agent: &Agent, work: &Work) -> Option<Hurdle<'a>> {
    let cooled = work.cooldowns.iter().find(|cooldown| cooldown.agent == agent.id)?;
    Some(Hurdle::Cooled { until: cooled.until, liftable: cooled.liftable })
}

fn held<'a>(space: &'a Workspace, agent: &Agent, work: &Work) -> Option<Hurdle<'a>> {
    let hold = work.hold().filter(|hold| hold.agent != agent.id)?;
    let other = space.agents.get(hold.agent.at()).filter(|other| other.is_ready())?;
    Some(Hurdle::Held { agent: &other.name, until: hold.until })
}

/// Whether nothing stands against giving a waiting Work to an agent but what it requires: what stands against one such Work stands
/// against every other that requires the same.
pub(super) fn is_open_to_all(work: &Work) -> bool {
    work.cooldowns.is_empty() && work.owner.is_none() && work.hold().is_none() && work.facts_until().is_none()
}

/// Whether the agent could be given the Work as soon as it has room.
pub(super) fn could_come(space: &Workspace, agent: &Agent, work: &Work) -> bool {
    serving(space, agent, work).is_none()
        && work.cost_for(&agent.profile) <= agent.profile.capacity
        && cooled(agent, work).is_none()
}

/// What stands against it but cool-downs and what the Work waits for.
pub(super) fn attending<'a>(space: &Workspace, agent: &'a Agent, work: &'a Work) -> Option<Hurdle<'a>> {
    serving(space, agent, work).or_else(|| {
        let cost = work.cost_for(&agent.profile);
        (!agent.has_room(cost)).then(|| match agent.overcommit() {
            0 => Hurdle::NoRoom { cost, free: agent.profile.capacity.saturating_sub(agent.load()) },
            by => Hurdle::Overcommitted(by),
        })
    })
}

/// The same, whatever room there is.
pub(super) fn serving<'a>(space: &Workspace, agent: &'a Agent, work: &'a Work) -> Option<Hurdle<'a>> {
    standing(agent, work).or_else(|| {
        let open = |queue: &Name| agent.profile.queues.contains(queue) && space.is_open(queue);
        (!work.queues().any(open)).then_some(Hurdle::Closed)
    })
}

/// The same whatever room there is, and whether the queues are open or not.
pub(crate) fn standing<'a>(agent: &'a Agent, work: &'a Work) -> Option<Hurdle<'a>> {
    if let Some(unable) = unable(&agent.profile, work) {
        return Some(unable);
    }
    if let Some(channel) = work.channels().find(|channel| !agent.serves(channel)) {
        return Some(Hurdle::Channel(channel));
    }
    if work.owner.is_some_and(|owner| owner.agent == agent.id) {
        return Some(Hurdle::PassesOn);
    }
    if work.offers().any(|open| open.agent == agent.id) {
        return Some(Hurdle::Asked);
    }
    let connected = agent.is_connected();
    match agent.presence {
        _ if agent.session.is_none() => Some(Hurdle::Offline),
        Presence::Offline => Some(Hurdle::Offline),
        _ if !connected => Some(Hurdle::Lost),
        Presence::Draining => Some(Hurdle::Draining),
        Presence::Away => Some(Hurdle::Away),
        Presence::Ready => None,
    }
}

/// Why whoever has the profile cannot take the Work as it is now, at any time.
pub(crate) fn unable<'a>(profile: &'a AgentProfile, work: &'a Work) -> Option<Hurdle<'a>> {
    if !work.queues().any(|queue| profile.queues.contains(queue)) {
        return Some(Hurdle::OtherQueue);
    }
    let lacks = |(skill, wanted): (&'a Name, u8)| {
        let has = profile.skills.get(skill);
        has.is_none_or(|has| has < wanted).then_some(Hurdle::Skill { skill, wanted, has })
    };
    if let Some(skill) = work.requires.iter().find_map(lacks) {
        return Some(skill);
    }
    let spoken = |channel: &Name| profile.channels.is_empty() || profile.channels.contains(channel);
    if let Some(channel) = work.channels().find(|channel| !spoken(channel)) {
        return Some(Hurdle::Channel(channel));
    }
    (profile.kind == AgentKind::Bot && work.wants_person()).then_some(Hurdle::Muted)
}

/// Whether the agent could be given the Work now.
pub(crate) fn eligible(space: &Workspace, agent: &Agent, work: &Work) -> bool {
    hurdle(space, agent, work).is_none()
}

/// The agent whose cool-down for a waiting Work is lifted, as nobody else is left; none: nobody's is.
pub(crate) fn lifted_now(space: &Workspace, work: &Work) -> Option<AgentId> {
    // Asked by the very function that matching asks, of a record that changes nothing.
    let draft = Draft::new(space, Index::default(), space.board.now());
    lifted(&draft, work)
}
