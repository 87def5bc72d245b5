//! Programs and people pass a matter between them (domain rules, sections 3 and 7): hand-over to people, hand back, and their limits.
//!
//! A program that owns a Work hands it over with what it knows: facts of the customer, the steps it has tried, and why. From then on the
//! Work is for people, wherever it waits, until one of them hands it back and a program takes it, at most [`MAX_RETURNS`] times. The Work keeps its place. All
//! that is of the Work, and outlasts its end: opened again, it is the same matter. What was told with it does not. How long programs may let a customer wait is [`patience`](super::patience)'s. Programs that talk to each other by notes have so many,
//! until somebody else says something.
//!
//! Invariant: no program has or is offered a Work that is for people.

use serde::{Deserialize, Serialize};

use super::automation::MAX_RETURNS;
use super::lifecycle::take_back_offers;
use super::park::take_up;
use super::pass::{in_hand, is_queue};
use super::transfer::{Passed, transfer, withdraw};
use super::{Beside, Work};
use crate::domain::command::FactTold;
use crate::domain::customer::set_facts;
use crate::domain::draft::Draft;
use crate::domain::handing::Hand;
use crate::domain::id::{AgentId, AssignmentId, Name, RootId, WorkId};
use crate::domain::record::{
    Author, Briefing, Change, Direction, HandBackEnded, HandOverCause, HandedBack, HandedToPeople, MessageStored,
    MuteReason, PersonalValue, QueueCause, TransferOutcome, UnassignReason, WakeCause,
};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, requeue, route_anew};
use crate::domain::time::Timestamp;
use crate::domain::workspace::AgentKind;

/// Longest reason of a hand-over, bytes: a sentence or two.
const MAX_REASON_BYTES: usize = 512;
/// Steps that a program tells of at most: more is not read before answering.
const MAX_STEPS: usize = 32;
/// Longest step, bytes: a sentence or two.
const MAX_STEP_BYTES: usize = 512;
/// Notes of programs in a Work until a person or the customer says something: beyond it they talk to each other.
pub(crate) const MAX_NOTES: u8 = 10;

/// What programs and people have passed between them in a Work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bots {
    /// It is for people.
    people: bool,
    /// A person hands it back, and nobody has it yet: programs may.
    back: bool,
    /// How often a program had it back.
    returns: u8,
    /// What the program told with the last hand-over.
    briefing: Option<Box<Briefing>>,
    /// How often a person had spoken after a program when the Work was closed last.
    spoken: u8,
    /// Notes of programs since somebody else said something.
    notes: u8,
    /// The program that let the customer wait last, and by when another has to have answered.
    pub(super) due: Option<(AgentId, Timestamp)>,
}

/// Does what an owner wants passed between programs and people.
pub(crate) fn hand(draft: &mut Draft<'_>, agent: AgentId, name: &Name, hand: Hand) -> Result<(), Rejection> {
    match hand {
        Hand::Over { work, assignment, queue, briefing, facts } => {
            hand_over(draft, (agent, name), (work, assignment), &queue, (briefing, facts))
        }
        Hand::Back { work, assignment, to, queue, note } => hand_back(
            draft,
            agent,
            (work, assignment),
            Passed { to, queue, cold: false, force: false, in_stead: false, note },
        ),
    }
}

/// A program hands its Work over to people.
fn hand_over(
    draft: &mut Draft<'_>,
    (agent, name): (AgentId, &Name),
    (id, assignment): (WorkId, AssignmentId),
    queue: &Name,
    (briefing, facts): (Briefing, Vec<FactTold>),
) -> Result<(), Rejection> {
    checked(&briefing)?;
    if !is_bot(draft, agent) {
        return Err(Rejection::Invalid("agent: a person passes a work on by a transfer"));
    }
    let work = in_hand(draft, agent, id, assignment)?;
    let (leaf, said) = (work.leaf, !queue.is_empty());
    let queue = if said { queue.clone() } else { work.home().clone() };
    // Facts alone let the rules say something else; what the program says goes before.
    let asks = !said && !facts.is_empty();
    is_queue(draft, &queue)?;
    if said {
        draft.put(id);
    }
    if !facts.is_empty() {
        set_facts(draft, name, RootId(leaf.0), None, facts)?;
    }
    take_up(draft, id, WakeCause::Agent);
    withdraw(draft, id, TransferOutcome::Withdrawn);
    draft.with_content(leaf, PersonalValue::Briefing(Box::new(briefing)));
    give_to_people(draft, id, agent, HandOverCause::Asked);
    draft.push(Change::Unassigned { assignment, work: id, agent, reason: UnassignReason::HandedOver });
    if asks {
        route_anew(draft, id, &queue, QueueCause::HandedOver);
    } else {
        requeue(draft, id, &queue, QueueCause::HandedOver, None);
    }
    fill(draft, agent);
    Ok(())
}

/// From now on the Work is for people. What was told with it is content of the change.
pub(super) fn give_to_people(draft: &mut Draft<'_>, id: WorkId, agent: AgentId, cause: HandOverCause) {
    let Some(leaf) = draft.work(id).map(|work| work.leaf) else { return };
    draft.push(Change::HandedToPeople(HandedToPeople { work: id, leaf, agent, cause }));
}

/// A person gives a Work back to programs: to one, or to a queue that some serve.
fn hand_back(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    passed: Passed,
) -> Result<(), Rejection> {
    if is_bot(draft, agent) {
        return Err(Rejection::Invalid("agent: a person hands a work back"));
    }
    let work = in_hand(draft, agent, id, assignment)?;
    if let Some(reason) = work.silences() {
        return Err(Rejection::AutomationMuted { reason });
    }
    let bots = work.bots().filter(|bots| bots.people);
    let bots = bots.ok_or(Rejection::Invalid("work_id: no program has handed it over"))?;
    if bots.returns >= MAX_RETURNS {
        return Err(Rejection::AutomationMuted { reason: MuteReason::HandedBack });
    }
    let to = (!passed.to.is_empty()).then(|| draft.space.agent_id(&passed.to)).flatten();
    if to.is_some_and(|to| !is_bot(draft, to)) {
        return Err(Rejection::CannotTake("it is a person: transfer it"));
    }
    take_up(draft, id, WakeCause::Agent);
    // What was passed on before is withdrawn first, for that ends a hand back.
    let offered = take_back_offers(draft, id);
    withdraw(draft, id, TransferOutcome::Withdrawn);
    draft.push(Change::HandedBack(HandedBack { work: id, agent }));
    transfer(draft, agent, (id, assignment), passed)?;
    for freed in offered {
        fill(draft, freed);
    }
    Ok(())
}

/// A hand back counts when a program has the Work. When a person has it, or its owner keeps it, it is for people as before.
pub(super) fn hand_back_ends(draft: &Draft<'_>, change: &Change) -> Option<HandBackEnded> {
    let (id, taken) = match change {
        Change::Assigned(assigned) => (assigned.work, is_bot(draft, assigned.agent)),
        Change::TransferEnded(ended) => (ended.work, false),
        _ => return None,
    };
    let back = draft.work(id)?.bots().is_some_and(|bots| bots.back);
    back.then_some(HandBackEnded { work: id, taken })
}

/// Whether the agent is a program.
pub(super) fn is_bot(draft: &Draft<'_>, agent: AgentId) -> bool {
    draft.agent(agent).is_some_and(|agent| agent.profile.kind == AgentKind::Bot)
}

/// A person can read it before answering.
fn checked(briefing: &Briefing) -> Result<(), Rejection> {
    let fits = |text: &String| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    let Briefing { reason, steps } = briefing;
    if reason.trim().is_empty() || reason.len() > MAX_REASON_BYTES || !fits(reason) {
        return Err(Rejection::Invalid("reason: 1 to 512 bytes, no control characters but line ends and tabs"));
    }
    if steps.len() > MAX_STEPS {
        return Err(Rejection::Limit("steps of a hand-over: 32"));
    }
    if steps.iter().any(|step| step.len() > MAX_STEP_BYTES || !fits(step)) {
        return Err(Rejection::Invalid("steps: at most 512 bytes each, no control characters but line ends and tabs"));
    }
    Ok(())
}

/// A program notes something in a Work: not without end.
pub(crate) fn may_note(draft: &Draft<'_>, agent: AgentId, id: WorkId) -> Result<(), Rejection> {
    let notes = draft.work(id).and_then(Work::bots).map_or(0, |bots| bots.notes);
    if is_bot(draft, agent) && notes >= MAX_NOTES {
        return Err(Rejection::Limit("notes of programs in a work in which nobody else says anything: 10"));
    }
    Ok(())
}

/// What was told with the hand-over belongs to the change that is pushed next, too: that shows the Work to an agent.
pub(crate) fn with_briefing(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let leaf = work.leaf;
    let briefing = work.bots().filter(|bots| bots.people).and_then(|bots| bots.briefing.clone());
    if let Some(briefing) = briefing {
        draft.with_content(leaf, PersonalValue::Briefing(briefing));
    }
}

impl Beside {
    /// Of programs a closed Work keeps that it is for people, and how often it went from programs to people and back.
    pub(super) fn close_bots(&mut self) {
        let mut kept = match self.bots.take() {
            Some(bots) => Bots { people: bots.people, returns: bots.returns, spoken: bots.spoken, ..Bots::default() },
            None => Bots::default(),
        };
        if let Some((spoken, for_good)) = self.close_automation() {
            kept.spoken = spoken;
            if for_good {
                (kept.people, kept.returns) = (true, MAX_RETURNS);
            }
        }
        self.bots = (kept != Bots::default()).then(|| Box::new(kept));
    }

    /// What is for people stays for people in the Work that it is merged into.
    pub(super) fn join_bots(&mut self, theirs: Option<Box<Bots>>) {
        let Some(theirs) = theirs.filter(|theirs| theirs.people) else { return };
        match &mut self.bots {
            Some(own) => {
                (own.people, own.back) = (true, false);
                own.returns = own.returns.max(theirs.returns);
                if own.briefing.is_none() {
                    own.briefing = theirs.briefing;
                }
            }
            None => self.bots = Some(Box::new(Bots { back: false, ..*theirs })),
        }
    }
}

impl Bots {
    /// The same without what was told.
    pub(super) fn without_words(mut self: Box<Self>) -> Box<Self> {
        self.briefing = None;
        self
    }
}

impl Work {
    /// What programs and people have passed between them in it.
    pub(super) fn bots(&self) -> Option<&Bots> {
        self.beside.as_ref()?.bots.as_deref()
    }

    /// How often a person had spoken after a program when it was closed last.
    pub(super) fn spoken(&self) -> u8 {
        self.bots().map_or(0, |bots| bots.spoken)
    }

    /// Whether no program may have it: they are silent in it, or one has handed it over.
    pub(crate) fn wants_person(&self) -> bool {
        self.muted().is_some() || self.bots().is_some_and(|bots| bots.people && !bots.back)
    }

    /// What a program told when it handed the Work over, until a program has it again.
    pub(crate) fn briefing(&self) -> Option<&Briefing> {
        self.bots().filter(|bots| bots.people)?.briefing.as_deref()
    }

    pub(super) fn handed_to_people(&mut self) {
        let bots = self.bots_mut();
        (bots.people, bots.back, bots.briefing, bots.due) = (true, false, None, None);
    }

    /// Notes what was told with the hand-over.
    pub(crate) fn note_briefing(&mut self, briefing: &Briefing) {
        self.with_bots(|bots| bots.briefing = Some(Box::new(briefing.clone())));
    }

    pub(super) fn handed_back(&mut self) {
        self.with_bots(|bots| bots.back = true);
    }

    pub(super) fn hand_back_ended(&mut self, taken: bool) {
        self.with_bots(|bots| {
            bots.back = false;
            if taken {
                (bots.people, bots.briefing) = (false, None);
                bots.returns = bots.returns.saturating_add(1);
            }
        });
    }

    pub(super) fn bots_mut(&mut self) -> &mut Bots {
        self.beside_mut().bots.get_or_insert_default()
    }

    /// Changes what programs and people have passed between them, if anything, and forgets it with the last of it.
    pub(super) fn with_bots(&mut self, change: impl FnOnce(&mut Bots)) {
        let Some(beside) = &mut self.beside else { return };
        if let Some(bots) = &mut beside.bots {
            change(bots);
        }
        beside.bots.take_if(|bots| **bots == Bots::default());
    }

    /// Counts notes of programs, until somebody else says something.
    pub(super) fn count_notes(&mut self, message: &MessageStored) {
        match (message.direction, message.author) {
            (Direction::Note, Author::Bot(_)) => {
                let bots = self.bots_mut();
                bots.notes = bots.notes.saturating_add(1);
            }
            (Direction::In, _) | (_, Author::Agent(_) | Author::External) => self.with_bots(|bots| bots.notes = 0),
            _ => {}
        }
    }
}
