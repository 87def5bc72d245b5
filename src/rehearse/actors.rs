//! What agents would have done: the model. What was done with a Work is done with it again, by whoever has it; what nobody did before is
//! done as it is usual in its queue.

use std::collections::{BTreeMap, BTreeSet};

use super::story::{Act, Reply, Stories};
use crate::domain::Workspace;
use crate::domain::command::{Pass, Send, Verb};
use crate::domain::content::Content;
use crate::domain::id::{AssignmentId, Name, OfferId, WorkId};
use crate::domain::record::{Change, Purpose, Record};
use crate::domain::time::Timestamp;
use crate::domain::view::{WorkState, WorkView};

/// Something that an agent is about to do.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Answers an offer.
    Takes { agent: Name, offer: OfferId, accepts: bool },
    /// Does something with a Work that it owns.
    Acts { agent: Name, work: WorkId, assignment: AssignmentId, act: Act },
    /// Ends a Work that it has for longer than it was had then.
    Finishes { agent: Name, work: WorkId, assignment: AssignmentId },
}

/// Everything that agents are about to do, in the order of time.
#[derive(Debug)]
pub(super) struct Actors<'r> {
    stories: &'r Stories,
    deeds: BTreeMap<(Timestamp, u64), Deed>,
    next: u64,
    /// The recorded Work of each rehearsed one.
    recorded: BTreeMap<WorkId, WorkId>,
    /// How many of the recorded assignments of a Work are used up.
    used: BTreeMap<WorkId, usize>,
    /// Recorded offers that were answered again, by Work and place.
    asked: BTreeSet<(WorkId, usize)>,
}

impl<'r> Actors<'r> {
    pub(super) fn new(stories: &'r Stories) -> Self {
        Self {
            stories,
            deeds: BTreeMap::new(),
            next: 0,
            recorded: BTreeMap::new(),
            used: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }

    /// A message of a recorded Work is in a Work of the rehearsal: that is the same matter, if it has none yet.
    pub(super) fn is_recorded_as(&mut self, work: WorkId, recorded: WorkId) {
        self.recorded.entry(work).or_insert(recorded);
    }

    /// When somebody does something next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.deeds.keys().next().map(|(at, _)| *at)
    }

    /// What is done next.
    pub(super) fn pop(&mut self) -> Option<Deed> {
        self.deeds.pop_first().map(|(_, deed)| deed)
    }

    fn plan(&mut self, at: Timestamp, deed: Deed) {
        self.deeds.insert((at, self.next), deed);
        self.next += 1;
    }

    /// Something happened: agents who were asked or were given something will do something about it.
    pub(super) fn note(&mut self, record: &Record, space: &Workspace) {
        for (place, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::OfferMade(offer) => {
                    let Some(agent) = space.agent_name(offer.agent).cloned() else { continue };
                    let id = OfferId::new(record.index, place);
                    self.is_asked(offer.work, (agent, id), &offer.brief.queue, record.time);
                }
                Change::Assigned(assigned) => {
                    let Some(agent) = space.agent_name(assigned.agent).cloned() else { continue };
                    let assignment = AssignmentId::new(record.index, place);
                    self.has(assigned.work, (agent, assignment), &assigned.brief.queue, record.time);
                }
                _ => {}
            }
        }
    }

    /// A Work is there when the time begins, and somebody may have it.
    pub(super) fn stands(&mut self, work: WorkId, owner: Option<(Name, AssignmentId)>, queue: &Name, now: Timestamp) {
        self.is_recorded_as(work, work);
        if let Some(owner) = owner {
            self.has(work, owner, queue, now);
        }
    }

    /// Somebody is shown a Work.
    pub(super) fn is_asked(&mut self, work: WorkId, (agent, offer): (Name, OfferId), queue: &Name, now: Timestamp) {
        let recorded = self.recorded.get(&work).copied();
        let story = recorded.and_then(|recorded| self.stories.of(recorded));
        let asked = story.map(|story| story.asked.as_slice()).unwrap_or_default();
        let key = |place| (recorded.unwrap_or(work), place);
        let unused = |place: &usize| !self.asked.contains(&key(*place));
        let same = (0..asked.len()).filter(unused).find(|place| asked[*place].agent == agent);
        let (accepts, after_ms) = match same {
            // Who was asked then says now what it said then.
            Some(place) => {
                self.asked.insert(key(place));
                match asked[place].reply {
                    Reply::Accepted | Reply::NotYet => (true, asked[place].after_ms),
                    Reply::Declined => (false, asked[place].after_ms),
                    Reply::Overlooked => return,
                }
            }
            // Anybody else takes it as fast as whoever took it then.
            None => {
                let taken = asked.iter().find(|asked| asked.reply == Reply::Accepted).map(|asked| asked.after_ms);
                (true, taken.unwrap_or_else(|| self.stories.accept_ms(queue)))
            }
        };
        self.plan(after(now, after_ms), Deed::Takes { agent, offer, accepts });
    }

    fn has(&mut self, work: WorkId, (agent, assignment): (Name, AssignmentId), queue: &Name, now: Timestamp) {
        let recorded = self.recorded.get(&work).copied();
        let used = self.used.entry(work).or_default();
        let story = recorded.and_then(|recorded| self.stories.of(recorded));
        let handling = story.and_then(|story| story.handlings.get(*used)).cloned();
        *used += 1;
        let usual = self.stories.handling(queue);
        let (acts, over_ms) = handling.map_or((usual.acts, None), |handling| (handling.acts, handling.over_ms));
        // Then it was over by then: what is not is ended as usual, behind all that was done.
        let last_ms = acts.iter().map(|(after_ms, _)| *after_ms).chain(over_ms).max().unwrap_or(0);
        for (after_ms, act) in acts {
            let agent = agent.clone();
            self.plan(after(now, after_ms), Deed::Acts { agent, work, assignment, act });
        }
        let ends_ms = self.stories.handle_ms(queue).max(last_ms.saturating_add(1));
        self.plan(after(now, ends_ms), Deed::Finishes { agent, work, assignment });
    }

    /// Somebody could not end a Work, and tries again.
    pub(super) fn finishes_later(&mut self, deed: Deed, queue: &Name, now: Timestamp) {
        self.plan(after(now, self.stories.handle_ms(queue)), deed);
    }
}

fn after(now: Timestamp, ms: u64) -> Timestamp {
    Timestamp(now.0.saturating_add_unsigned(ms))
}

impl Deed {
    /// The agent, and what it does; none: it has the Work no longer.
    pub(super) fn verb(self, space: &Workspace, now: Timestamp) -> Option<(Name, Verb)> {
        match self {
            Self::Takes { agent, offer, accepts } => {
                let verb = if accepts { Verb::Accept { offer } } else { Verb::Decline { offer } };
                let open = space.agent(&agent)?.offers.iter().any(|open| open.offer == offer);
                open.then_some((agent, verb))
            }
            Self::Acts { agent, work, assignment, act } => {
                let view = space.work(work).filter(|view| view.assignment == Some(assignment))?;
                let parked = view.state == WorkState::Parked;
                let verb = match act {
                    Act::Answer(content) => answer(work, assignment, *content),
                    Act::Close(disposition) => {
                        Verb::Close { work, assignment, disposition: listed(space, &view.queue, disposition) }
                    }
                    Act::Requeue => Verb::Pass(Pass::Requeue { work, assignment }),
                    Act::Move(queue) => {
                        Verb::Pass(Pass::Move { work, assignment: Some(assignment), queue, force: false })
                    }
                    Act::Transfer { to, queue, cold } => {
                        let (force, note) = (false, String::new());
                        Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold, force, note })
                    }
                    Act::Park { for_ms } => {
                        let until = after(now, for_ms);
                        Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact: Name::default() })
                    }
                    Act::Unpark if parked => Verb::Pass(Pass::Unpark { work, assignment }),
                    Act::Unpark => return None,
                };
                Some((agent, verb))
            }
            // It is two verbs.
            Self::Finishes { .. } => None,
        }
    }
}

/// What ends a Work that somebody owns: an answer, if the customer waits for one, and the end.
pub(super) fn finish(space: &Workspace, work: &WorkView, assignment: AssignmentId) -> Vec<Verb> {
    let answer = work.waiting_since.map(|_| answer(work.work, assignment, Content::text("...")));
    let disposition = listed(space, &work.queue, Name::default());
    answer.into_iter().chain([Verb::Close { work: work.work, assignment, disposition }]).collect()
}

fn answer(work: WorkId, assignment: AssignmentId, content: Content) -> Verb {
    Verb::Send(Box::new(Send {
        work,
        assignment,
        seen_through: None,
        if_unchanged: Some(false),
        to: None,
        content,
        purpose: Purpose::Service,
        not_after: None,
        note: false,
    }))
}

/// The same, so that the owner stays until somebody takes it: what is left to it where it may not be passed on otherwise.
pub(super) fn warm(verb: Verb) -> Option<Verb> {
    let (work, assignment, to, queue) = match verb {
        Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold: true, .. }) => (work, assignment, to, queue),
        Verb::Pass(Pass::Move { work, assignment: Some(assignment), queue, .. }) => {
            (work, assignment, Name::default(), queue)
        }
        _ => return None,
    };
    let (cold, force, note) = (false, false, String::new());
    Some(Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold, force, note }))
}

/// The disposition, where the configuration lists it, or the first that it lists for the queue.
fn listed(space: &Workspace, queue: &str, disposition: Name) -> Name {
    let listed = space.config().listed(Some(queue));
    let known = listed.is_empty() || listed.iter().any(|listed| listed.name == disposition);
    if known { disposition } else { listed.first().map(|listed| listed.name.clone()).unwrap_or_default() }
}
