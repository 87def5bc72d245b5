//! What agents were told and answered, held against what the log derives for them. Its memory grows with their lines: 16 bytes for each
//! event, about 150 for each answer.

use std::collections::BTreeMap;

use super::check::Check;
use super::findings::Findings;
use super::handed::told;
use super::witness::{AgentLine, Saw};
use crate::domain::id::{AgentId, AssignmentId, Index, MessageId, Name, OfferId, Position};
use crate::domain::output::{Output, outputs};
use crate::domain::record::{Author, Cause, Change, OfferOutcome, Record};
use crate::domain::{State, Workspace};

/// Epoch of whoever only looks on.
const LOOKS_ON: u64 = 0;

/// Events of one connection.
#[derive(Debug)]
struct Leg {
    after: Position,
    /// Epoch of the session.
    session: u64,
    seen: Vec<Position>,
    /// How many of them the log has derived by now.
    met: usize,
    /// It is over, by what the tool said or by the log.
    ended: bool,
    /// What concerns the agent behind the last event.
    behind: u64,
}

impl Leg {
    fn last(&self) -> Position {
        self.seen.last().copied().unwrap_or(self.after)
    }
}

/// A command that was answered.
#[derive(Debug)]
struct Answered {
    agent: Name,
    workspace: Name,
    request_id: Name,
    offer: Option<OfferId>,
    assignment: Option<AssignmentId>,
    message: Option<MessageId>,
}

/// Everything that agents saw.
#[derive(Debug, Default)]
pub(super) struct Agents {
    /// By workspace and agent.
    legs: BTreeMap<(Name, Name), Vec<Leg>>,
    /// The connection that each file's lines belong to, by workspace, agent and connection.
    open: BTreeMap<(Name, Name, u64), usize>,
    /// By the record that each must be in.
    answers: BTreeMap<Index, Vec<Answered>>,
    /// Lines taken.
    pub(super) lines: u64,
    /// Answers that name nothing of the log.
    pub(super) unnamed: u64,
}

impl Agents {
    /// The next line of a file. Files are given one after the other.
    pub(super) fn line(&mut self, line: AgentLine, found: &mut Findings) {
        self.lines += 1;
        let AgentLine { workspace, agent, connection, saw } = line;
        let key = (workspace.clone(), agent.clone());
        let open = (workspace.clone(), agent.clone(), connection);
        let legs = self.legs.entry(key).or_default();
        match saw {
            Saw::Welcome { after, session } => {
                // One connection after the other: the one before is over, also without a word.
                if let Some(before) = self.open.insert(open, legs.len()).and_then(|at| legs.get_mut(at)) {
                    before.ended = true;
                }
                legs.push(Leg { after, session, seen: Vec::new(), met: 0, ended: false, behind: 0 });
            }
            Saw::Event { at } => {
                let leg = self.open.get(&open).and_then(|at| legs.get_mut(*at));
                let before = leg.as_ref().map(|leg| leg.last());
                found.look(Check::AgentOrder, before.is_some_and(|before| before < at), || {
                    let behind = before.map_or("no welcome".to_owned(), told);
                    (format!("{agent} of {workspace}"), format!("{} was told behind {behind}", told(at)))
                });
                if let Some(leg) = leg.filter(|leg| leg.last() < at) {
                    leg.seen.push(at);
                }
            }
            Saw::Answer { request_id, offer, assignment, message } => {
                let index = assignment.map(AssignmentId::index).or(message.map(MessageId::index));
                match index {
                    Some(index) => {
                        let answered = Answered { agent, workspace, request_id, offer, assignment, message };
                        self.answers.entry(index).or_default().push(answered);
                    }
                    None => self.unnamed += 1,
                }
            }
            Saw::End => {
                if let Some(leg) = self.open.remove(&open).and_then(|at| legs.get_mut(at)) {
                    leg.ended = true;
                }
            }
        }
    }

    /// A record, after it was folded into `state`.
    pub(super) fn record(&mut self, record: &Record, state: &State, found: &mut Findings) {
        let Some(space) = state.workspace(&record.workspace) else { return };
        if !self.legs.is_empty() {
            for (output, what) in (0u32..).zip(outputs(record)) {
                if let Output::Agent { agent, place } = what {
                    let position = Position { index: record.index, output };
                    self.derived(record, (agent, place), position, space, found);
                }
            }
        }
        for answered in self.answers.remove(&record.index).unwrap_or_default() {
            answered.check(record, space, found);
        }
    }

    /// An agent is to be told something.
    fn derived(
        &mut self,
        record: &Record,
        (agent, place): (AgentId, u16),
        position: Position,
        space: &Workspace,
        found: &mut Findings,
    ) {
        let Some(name) = space.agent_name(agent) else { return };
        let Some(legs) = self.legs.get_mut(&(record.workspace.clone(), name.clone())) else { return };
        let ends = match record.changes.get(usize::from(place)) {
            Some(Change::SessionEnded { session_epoch, .. }) => Some(*session_epoch),
            _ => None,
        };
        for leg in legs.iter_mut().filter(|leg| leg.after < position) {
            if position > leg.last() {
                leg.behind += u64::from(ends.is_none());
                leg.ended |= ends == Some(leg.session);
                continue;
            }
            while leg.seen.get(leg.met).is_some_and(|seen| *seen < position) {
                let strange = leg.seen[leg.met];
                found.look(Check::AgentStrange, false, || {
                    (format!("{name} of {}", record.workspace), format!("{} does not concern it", told(strange)))
                });
                leg.met += 1;
            }
            let was_told = leg.seen.get(leg.met) == Some(&position);
            leg.met += usize::from(was_told);
            // The end of another session of its is told to none, that of its own is no event of the lines.
            let owed = ends.is_none();
            found.look(Check::AgentMissed, was_told || !owed, || {
                let told = format!("session {} was not told {}, and was told later ones", leg.session, told(position));
                (format!("{name} of {}", record.workspace), told)
            });
        }
    }

    /// The end of the log. With `settled`, sessions that are open still have been told everything.
    pub(super) fn finish(&self, settled: bool, found: &mut Findings) {
        for ((workspace, agent), legs) in &self.legs {
            // An agent has one session, which its last connection goes on with, and may look on by others.
            let own = legs.iter().enumerate().filter(|(_, leg)| leg.session != LOOKS_ON);
            let own = own.max_by_key(|(at, leg)| (leg.session, leg.after, *at)).map(|(at, _)| at);
            let is_open = |at: usize, leg: &Leg| !leg.ended && (leg.session == LOOKS_ON || own == Some(at));
            for (_, leg) in legs.iter().enumerate().filter(|(at, leg)| settled && is_open(*at, leg)) {
                found.look(Check::AgentMissed, leg.behind == 0, || {
                    let told = format!("session {} was not told the last {}", leg.session, leg.behind);
                    (format!("{agent} of {workspace}"), told)
                });
            }
            for leg in legs {
                let strange = leg.seen.get(leg.met..).unwrap_or_default();
                for position in strange {
                    found.look(Check::AgentStrange, false, || {
                        (format!("{agent} of {workspace}"), format!("{} is nothing of the log for it", told(*position)))
                    });
                }
                found.looked(Check::AgentStrange, leg.met as u64);
            }
        }
        for (index, answered) in self.answers.iter().flat_map(|(index, all)| all.iter().map(move |one| (index, one))) {
            found.look(Check::Answer, false, || {
                let place = format!("{} of {}, request {}", answered.agent, answered.workspace, answered.request_id);
                (place, format!("it was answered by record {index}, which the log does not have"))
            });
        }
    }
}

impl Answered {
    /// Whether the record says what the agent was told.
    fn check(&self, record: &Record, space: &Workspace, found: &mut Findings) {
        let me = space.agent_id(&self.agent);
        let at = |place: u16| record.changes.get(usize::from(place));
        let by_me = |principal: &str| principal.strip_prefix("agent:") == Some(self.agent.as_str());
        let asked = matches!(&record.cause, Cause::Command(request)
            if request.request_id == self.request_id && by_me(&request.principal));
        let assigned = self.assignment.is_none_or(|id| match at(id.place()) {
            Some(Change::Assigned(assigned)) => Some(assigned.agent) == me,
            Some(Change::ParticipantJoined(joined)) => Some(joined.agent) == me,
            _ => false,
        });
        let sent = self.message.is_none_or(|id| match at(id.place()) {
            Some(Change::MessageStored(message)) => match &message.author {
                Author::Agent(author) | Author::Bot(author) => Some(*author) == me,
                _ => false,
            },
            _ => false,
        });
        let accepted = self.offer.is_none_or(|id| {
            record.changes.iter().any(|change| {
                matches!(change, Change::OfferEnded { offer, agent, outcome: OfferOutcome::Accepted, .. }
                    if *offer == id && Some(*agent) == me)
            })
        });
        found.look(Check::Answer, asked && assigned && sent && accepted, || {
            let place = format!("{} of {}, request {}", self.agent, self.workspace, self.request_id);
            let wrong = [(asked, "request"), (assigned, "assignment"), (sent, "message"), (accepted, "offer")];
            let wrong: Vec<&str> = wrong.iter().filter(|(good, _)| !good).map(|(_, what)| *what).collect();
            (place, format!("record {} says something else of the {}", record.index, wrong.join(", ")))
        });
    }
}
