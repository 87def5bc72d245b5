//! What is to be seen of queues: how many wait and since when, who is there, how fast they are served, how many were answered in time.
//!
//! All of it is moved by records, one Work or agent at a time, so that whoever watches costs a look at a few numbers for each queue, and
//! a restart finds them in the log. Invariant: it is what a scan of all Works and agents gives (`Invariant::BoardAsScanned`).

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::domain::id::{AgentId, ByName, Name, WorkId};
use crate::domain::record::{AnswerOutcome, Presence};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::{AgentCounts, AnswerCounts};
use crate::domain::work::Work;

/// Answers are counted in slices of five minutes.
pub(crate) const SLICE_MS: i64 = 5 * 60_000;
/// And kept for a day: 288 slices, 5 KB of a queue that is never silent.
pub(crate) const KEPT_MS: i64 = 24 * 60 * 60_000;

/// Where a Work stands in the line of its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InLine {
    id: WorkId,
    queue: Name,
    stand: Stand,
    /// Since when its customer waits for us.
    since: Option<Timestamp>,
    /// When it came to the queue.
    entered: Timestamp,
    /// It is held for one agent: others who are free say nothing of how long the queue takes.
    held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Nobody is shown it.
    Waits,
    /// Somebody is.
    Offered(AgentId),
    /// Somebody owns it.
    Held(AgentId),
}

impl InLine {
    /// None: it is in no queue.
    pub(crate) fn of(work: &Work) -> Option<Self> {
        if work.queue.is_empty() {
            return None;
        }
        let stand = match (work.is_waiting(), work.offer, work.owner) {
            (true, ..) => Stand::Waits,
            (false, Some(offer), _) if !work.is_passed_to_agent() => Stand::Offered(offer.agent),
            (false, _, Some(owner)) => Stand::Held(owner.agent),
            _ => return None,
        };
        let (id, queue, since, entered) = (work.id, work.queue.clone(), work.ours_since, work.entered_at);
        let held = stand == Stand::Waits && work.hold().is_some();
        Some(Self { id, queue, stand, since, entered, held })
    }

    /// To whom it went that waited before, if it went to somebody.
    fn given_since(&self, before: &Self) -> Option<AgentId> {
        match (before.stand, self.stand) {
            (Stand::Waits, Stand::Offered(agent) | Stand::Held(agent)) => Some(agent),
            _ => None,
        }
    }
}

/// The queues of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Board {
    queues: ByName<Desk>,
    now: Timestamp,
}

/// What is known of a queue beside what a look at all Works and agents gives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptDesk {
    pace: Pace,
    answers: VecDeque<(i64, AnswerCounts)>,
}

/// What is to be seen of one queue.
#[derive(Debug)]
pub(crate) struct Desk {
    waiting: usize,
    /// How many of those are held for one agent each.
    held: usize,
    offered: usize,
    /// Those that wait with a customer who waits for us.
    since: BTreeSet<(Timestamp, WorkId)>,
    agents: AgentCounts,
    open: bool,
    pub(crate) pace: Pace,
    /// By slice, the oldest first; only those in which something was counted.
    answers: VecDeque<(i64, AnswerCounts)>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            waiting: 0,
            held: 0,
            offered: 0,
            since: BTreeSet::new(),
            agents: AgentCounts::default(),
            // Until hours say otherwise.
            open: true,
            pace: Pace::default(),
            answers: VecDeque::new(),
        }
    }
}

/// How an agent counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum There {
    Free,
    Busy,
    /// Busy with more than it can.
    Over,
    Away,
    Draining,
    Lost,
}

impl There {
    /// None: it is not logged in.
    pub(crate) fn of(agent: &Agent) -> Option<Self> {
        let session = agent.session?;
        Some(match agent.presence {
            _ if session.lost.is_some() => Self::Lost,
            Presence::Ready if agent.has_any_room() => Self::Free,
            Presence::Ready if agent.overcommit() > 0 => Self::Over,
            Presence::Ready => Self::Busy,
            Presence::Away => Self::Away,
            Presence::Draining => Self::Draining,
            Presence::Offline => return None,
        })
    }

    /// One more of its kind.
    pub(crate) fn note(self, counts: &mut AgentCounts) {
        self.count(counts, |count| *count += 1);
    }

    /// One fewer. Who was not counted stays so.
    fn leave(self, counts: &mut AgentCounts) {
        self.count(counts, |count| *count = count.saturating_sub(1));
    }

    fn count(self, counts: &mut AgentCounts, change: impl Fn(&mut usize)) {
        match self {
            Self::Free => change(&mut counts.free),
            Self::Busy => change(&mut counts.busy),
            Self::Over => {
                change(&mut counts.busy);
                change(&mut counts.overcommitted);
            }
            Self::Away => change(&mut counts.away),
            Self::Draining => change(&mut counts.draining),
            Self::Lost => change(&mut counts.lost),
        }
    }
}

impl Board {
    /// A record of this time follows.
    pub(crate) fn at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// What is to be seen of a queue; none: nothing ever was.
    pub(crate) fn desk(&self, queue: &str) -> Option<&Desk> {
        self.queues.get(queue)
    }

    /// Queues of which something was seen, in no order.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &Name> {
        self.queues.keys()
    }

    /// The time of the last record.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// What of it is kept, by queue.
    pub(crate) fn kept(&self) -> Vec<(Name, KeptDesk)> {
        let desk = |desk: &Desk| KeptDesk { pace: desk.pace.clone(), answers: desk.answers.clone() };
        let mut kept: Vec<_> = self.queues.iter().map(|(queue, of)| (queue.clone(), desk(of))).collect();
        kept.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        kept
    }

    /// Takes that back.
    pub(crate) fn restore(&mut self, kept: Vec<(Name, KeptDesk)>) {
        for (queue, KeptDesk { pace, answers }) in kept {
            let desk = self.queues.entry(queue).or_default();
            desk.pace = pace;
            desk.answers = answers;
        }
    }

    fn change(&mut self, queue: &Name, change: impl FnOnce(&mut Desk)) {
        let desk = match self.queues.get_mut(queue) {
            Some(desk) => desk,
            None => self.queues.entry(queue.clone()).or_default(),
        };
        // What has passed until now passed with what was there.
        desk.pace.pass(self.now, desk.agents.ready(), desk.runs());
        change(desk);
        if desk.waiting == 0 {
            desk.pace.rest();
        }
    }

    /// A Work stands elsewhere. `steady`: whether whoever it went to serves the queue and had finished something since it came. Who
    /// helps out from another queue is not among the agents whose time is counted, so what it takes says nothing of theirs.
    pub(crate) fn moved(
        &mut self,
        before: Option<InLine>,
        after: Option<InLine>,
        steady: impl FnOnce(AgentId, &Name) -> bool,
    ) {
        if before == after {
            return;
        }
        let mut back = None;
        if let (Some(was), Some(is)) = (&before, &after)
            && was.queue == is.queue
        {
            let given = is.given_since(was);
            let returned = matches!((was.stand, is.stand), (Stand::Offered(_), Stand::Waits));
            let counts = given.is_some_and(|agent| was.entered < self.now && !was.held && steady(agent, &was.queue));
            let (id, now, at_once) = (was.id, self.now, was.entered == self.now);
            if given.is_some() {
                self.change(&was.queue, |desk| match counts {
                    true => desk.pace.give(id, now),
                    // Nobody was waited for: the line did not stand.
                    false if at_once => desk.pace.rest(),
                    false => {}
                });
            }
            back = returned.then(|| (was.queue.clone(), id));
        }
        if let Some(was) = before {
            self.change(&was.queue, |desk| desk.leaves(&was));
        }
        if let Some(is) = after {
            self.change(&is.queue, |desk| desk.enters(&is));
        }
        if let Some((queue, id)) = back {
            self.change(&queue, |desk| desk.pace.back(id));
        }
    }

    /// An agent counts otherwise.
    pub(crate) fn turns(&mut self, queues: &[Name], before: Option<There>, after: Option<There>) {
        for queue in queues {
            self.change(queue, |desk| {
                // Whose queues another configuration has just changed was not counted in all of them: everybody is counted anew then.
                before.into_iter().for_each(|there| there.leave(&mut desk.agents));
                after.into_iter().for_each(|there| there.note(&mut desk.agents));
            });
        }
    }

    /// Agents serve other queues now.
    pub(crate) fn recount(&mut self, agents: &[Agent]) {
        let queues: Vec<Name> = self.queues.keys().cloned().collect();
        for queue in queues {
            self.change(&queue, |desk| desk.agents = AgentCounts::default());
        }
        for agent in agents {
            self.turns(&agent.profile.queues, None, There::of(agent));
        }
    }

    /// Whether the queue is served at this time.
    pub(crate) fn opens(&mut self, queue: &Name, open: bool) {
        self.change(queue, |desk| desk.open = open);
    }

    /// Somebody was answered, or never is.
    pub(crate) fn counted(&mut self, queue: &Name, outcome: AnswerOutcome) {
        let slice = self.now.0.div_euclid(SLICE_MS);
        self.change(queue, |desk| {
            let oldest = slice - KEPT_MS / SLICE_MS;
            while desk.answers.front().is_some_and(|(of, _)| *of <= oldest) {
                desk.answers.pop_front();
            }
            if desk.answers.back().is_none_or(|(of, _)| *of != slice) {
                desk.answers.push_back((slice, AnswerCounts::default()));
            }
            let Some((_, counts)) = desk.answers.back_mut() else { return };
            match outcome {
                AnswerOutcome::InTime => counts.in_time += 1,
                AnswerOutcome::Late => counts.late += 1,
                AnswerOutcome::Never => counts.never += 1,
            }
        });
    }
}

impl Desk {
    /// Whether time passes for those who wait.
    pub(crate) fn runs(&self) -> bool {
        self.waiting > self.held && self.open
    }

    fn leaves(&mut self, was: &InLine) {
        match was.stand {
            Stand::Waits => {
                self.waiting -= 1;
                self.held -= usize::from(was.held);
                if let Some(since) = was.since {
                    self.since.remove(&(since, was.id));
                }
            }
            Stand::Offered(_) => self.offered -= 1,
            Stand::Held(_) => {}
        }
    }

    fn enters(&mut self, is: &InLine) {
        match is.stand {
            Stand::Waits => {
                self.waiting += 1;
                self.held += usize::from(is.held);
                self.since.extend(is.since.map(|since| (since, is.id)));
            }
            Stand::Offered(_) => self.offered += 1,
            Stand::Held(_) => {}
        }
    }

    /// How many wait, and how many are offered to somebody.
    pub(crate) fn line(&self) -> (usize, usize) {
        (self.waiting, self.offered)
    }

    /// Since when the customer waits who has waited longest.
    pub(crate) fn longest(&self) -> Option<Timestamp> {
        self.since.first().map(|(since, _)| *since)
    }

    /// How many wait whose customers wait for us.
    pub(crate) fn asking(&self) -> usize {
        self.since.len()
    }

    pub(crate) fn agents(&self) -> AgentCounts {
        self.agents
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// What was counted in the slices that end after then.
    pub(crate) fn answers_since(&self, since: Timestamp) -> AnswerCounts {
        let first = since.0.div_euclid(SLICE_MS);
        let within = self.answers.iter().rev().take_while(|(slice, _)| *slice > first);
        within.fold(AnswerCounts::default(), |sum, (_, counts)| sum.and(*counts))
    }
}
