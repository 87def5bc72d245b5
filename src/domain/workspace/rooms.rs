//! Queues as agents and supervisors may see them: numbers that records have moved, and what follows from them.

use std::collections::BTreeSet;

use super::Workspace;
use super::config::QueueConfig;
use super::effort::EFFORT_CREDIT;
use crate::domain::id::{AgentId, LeafId, Name, WorkId};
use crate::domain::marks::Filed;
use crate::domain::routing::{CONFIDENCE, KEPT_MS, Range, Requirement, SLICE_MS, demanded, standing};
use crate::domain::time::Timestamp;
use crate::domain::view::{
    AgentTarget, CreditView, EstimateOf, EstimateView, MarksView, NoEstimate, Obstacle, QueueTarget, QueueView,
    SummaryView, TargetsView, WaitRange,
};
use crate::domain::work::{ClosedWork, Work, obstacle};

/// Shortest and longest time that answers are counted over, milliseconds: that of a slice, and what is kept.
pub(crate) const WINDOW_MS: (i64, i64) = (SLICE_MS, KEPT_MS);

impl Workspace {
    /// Queues as they are: those named, or all, in the order of the configuration. Answers are counted over the last `window_ms`, in
    /// slices of five minutes. Costs a look at each queue's numbers and slices: no Work or agent is looked at.
    #[must_use]
    pub fn queues(&self, named: &[Name], agent: &str, window_ms: i64, now: Timestamp) -> Vec<QueueView> {
        let since = Timestamp(now.0.saturating_sub(window_ms.clamp(WINDOW_MS.0, WINDOW_MS.1)));
        let serves = self.agent_id(agent).and_then(|id| self.agents.get(id.at())).map(|agent| &agent.profile.queues);
        let wanted = self.config.queues.iter().filter(|queue| named.is_empty() || named.contains(&queue.name));
        let served = |queue: &QueueConfig| serves.is_some_and(|queues| queues.contains(&queue.name));
        wanted.map(|queue| self.view_queue(queue, served(queue), since)).collect()
    }

    fn view_queue(&self, queue: &QueueConfig, served: bool, since: Timestamp) -> QueueView {
        let desk = self.board.desk(&queue.name);
        let (waiting, offered) = desk.map(|desk| desk.line()).unwrap_or_default();
        QueueView {
            name: queue.name.clone(),
            accept: queue.accept,
            first_reply_ms: queue.first_reply_target_ms,
            served,
            open: self.is_open(&queue.name),
            until: queue.hours.as_ref().and_then(|hours| self.turn(hours)?.until),
            waiting,
            offered,
            longest_since: desk.and_then(|desk| desk.longest()),
            agents: desk.map(|desk| desk.agents()).unwrap_or_default(),
            answers: desk.map(|desk| desk.answers_since(since)).unwrap_or_default(),
        }
    }

    /// How long it takes until somebody is given a Work; none: there is no such open Work or queue. Costs a look at those that wait before
    /// it, and at the READY agents of its queue.
    #[must_use]
    pub fn estimate(&self, of: &EstimateOf, now: Timestamp) -> Option<EstimateView> {
        let (queue, work) = match of {
            EstimateOf::Work(id) => {
                let work = self.works.get(*id)?;
                (&work.queue, Some(work))
            }
            EstimateOf::Queue(name) => (&self.config.queue(name)?.name, None),
        };
        let position = match work {
            Some(work) if !work.is_queued() => 0,
            Some(work) => 1 + self.waiting.before(queue, (work.key, work.id)),
            None => 1 + self.waiting.len(queue),
        };
        let hours = self.config.queue(queue).and_then(|queue| queue.hours.as_ref());
        let opens_at = hours.filter(|_| !self.is_open(queue)).and_then(|hours| self.turn(hours)?.until);
        let mut view = EstimateView { queue: queue.clone(), position, opens_at, unknown: None, range: None };
        let told = match work {
            Some(_) if position == 0 => Ok(Range { low_ms: 0, likely_ms: 0, high_ms: 0 }),
            _ => self.wait(queue, work, position, now),
        };
        // From the opening on it may be known already, where people are there before it.
        view.unknown = (position > 0 && !self.is_open(queue)).then_some(NoEstimate::Closed);
        match told {
            Ok(Range { low_ms, likely_ms, high_ms }) => {
                view.range = Some(WaitRange { low_ms, likely_ms, high_ms, confidence: CONFIDENCE });
            }
            Err(why) => view.unknown = view.unknown.or(Some(why)),
        }
        Some(view)
    }

    fn wait(&self, queue: &Name, work: Option<&Work>, place: usize, now: Timestamp) -> Result<Range, NoEstimate> {
        let desk = self.board.desk(queue).ok_or(NoEstimate::Nobody)?;
        let agents = desk.agents();
        let able = match work {
            Some(work) => self.able(work),
            None => agents.ready(),
        };
        if able == 0 {
            return Err(NoEstimate::Nobody);
        }
        if work.is_none() && agents.free > 0 && place == 1 {
            // Who has room is given it at once.
            return Ok(Range { low_ms: 0, likely_ms: 0, high_ms: 0 });
        }
        let known =
            |ready: usize| desk.pace.estimate(place, ready, (now.max(self.board.now()), agents.ready(), desk.runs()));
        // Where nobody is of the queue itself, those who help out are all there are.
        let own = if agents.ready() == 0 { able } else { agents.ready() };
        let all = known(own).ok_or(NoEstimate::NoHistory)?;
        // At best all agents take what is before it, and those who help out; at worst only those who can take it themselves.
        let (most, few) = (known(own.max(able)).unwrap_or(all), known(able).unwrap_or(all));
        Ok(Range { low_ms: most.low_ms.min(all.low_ms), high_ms: few.high_ms.max(all.high_ms), ..all })
    }

    /// READY agents who could take the Work from the queues that it stands in, with room or not.
    fn able(&self, work: &Work) -> usize {
        let queues = Requirement::of(work).queues;
        let asked = queues.iter().filter(|queue| self.is_open(queue)).flat_map(|queue| self.ready.all(queue));
        let takes = |id: &AgentId| self.agents.get(id.at()).is_some_and(|agent| standing(agent, work).is_none());
        asked.filter(takes).collect::<BTreeSet<_>>().len()
    }

    /// Where a Work can be passed on to now; none: there is no such open Work. Looks at all agents.
    #[must_use]
    pub fn targets(&self, id: WorkId) -> Option<TargetsView> {
        let work = self.works.get(id)?;
        let there = self.agents.iter().filter(|agent| agent.session.is_some());
        let mut agents: Vec<AgentTarget> =
            there.map(|agent| AgentTarget { agent: agent.name.clone(), obstacle: obstacle(agent, work) }).collect();
        agents.sort_unstable_by(|one, other| one.agent.cmp(&other.agent));
        let queues = self.config.queues.iter().map(|queue| QueueTarget {
            queue: queue.name.clone(),
            waiting: self.waiting.len(&queue.name),
            obstacle: self.queue_obstacle(queue, work),
        });
        Some(TargetsView { agents, queues: queues.collect() })
    }

    fn queue_obstacle(&self, queue: &QueueConfig, work: &Work) -> Option<Obstacle> {
        let levels = demanded(&self.config, &queue.name, work);
        let takes = |id: AgentId| {
            self.agents.get(id.at()).is_some_and(|agent| {
                work.is_spoken_by(agent)
                    && agent.profile.skills.meet(&levels)
                    && work.owner.is_none_or(|owner| owner.agent != agent.id)
            })
        };
        if !self.is_open(&queue.name) {
            Some(Obstacle::Closed)
        } else if !self.ready.all(&queue.name).any(takes) {
            Some(Obstacle::Nobody)
        } else {
            None
        }
    }

    /// What agents noted of a Work, as far as it is its customer's.
    pub(super) fn view_marks_of(&self, work: &Work) -> MarksView {
        let root = self.root_of(work.leaf);
        work.marks().map(|filed| self.view_marks(filed, |leaf| self.root_of(leaf) == root)).unwrap_or_default()
    }

    /// The same of one that can be reopened.
    pub(super) fn view_closed_marks(&self, work: &ClosedWork) -> MarksView {
        let root = self.root_of(work.leaf);
        let filed = self.beside(work.id).map(|beside| &beside.marks);
        filed.map(|filed| self.view_marks(filed, |leaf| self.root_of(leaf) == root)).unwrap_or_default()
    }

    /// What agents noted under leaves that fit.
    pub(super) fn view_marks(&self, filed: &Filed, fits: impl Fn(LeafId) -> bool) -> MarksView {
        let summary = filed.summary(&fits).map(|summary| SummaryView {
            text: summary.text.clone(),
            at: summary.at,
            by: summary.by.and_then(|agent| self.agent_name(agent)).cloned(),
        });
        MarksView { summary, tags: filed.tags(fits) }
    }

    /// What makes a Work due earlier.
    pub(super) fn view_credits(&self, work: &Work) -> Vec<CreditView> {
        let root = self.root_of(work.leaf);
        let ruled = work.routing.iter().flat_map(|routing| &routing.credits);
        let mut credits: Vec<CreditView> = ruled
            .map(|credit| CreditView { name: credit.name.to_string(), ms: credit.ms, by: None, given: false })
            .collect();
        credits.extend(work.priority().map(|priority| CreditView {
            name: priority.reason.clone().filter(|_| self.root_of(priority.leaf) == root).unwrap_or_default(),
            ms: priority.ms,
            by: priority.by.and_then(|agent| self.agent_name(agent)).cloned(),
            given: true,
        }));
        let effort = work.effort().map_or(0, |effort| effort.sum_ms().min(self.config.effort.cap_ms));
        let effort = CreditView { name: EFFORT_CREDIT.to_owned(), ms: effort, by: None, given: false };
        credits.extend(Some(effort).filter(|effort| effort.ms > 0));
        credits
    }
}
