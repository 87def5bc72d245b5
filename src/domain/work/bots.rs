//! Programs and people pass a matter between them (domain rules, sections 3 and 7): hand-over to people, hand back, and their limits.
//!
//! A program that owns a Work hands it over with what it knows: facts of the customer, the steps it has tried, and why. From then on the
//! Work is for people, wherever it waits, until one of them hands it back, at most [`MAX_RETURNS`] times. A program that lets the
//! customer wait beyond its deadline has handed over without a word. The Work keeps its place either way. Programs that talk to each
//! other by notes have so many, until somebody else says something.
//!
//! Invariant: no program has or is offered a Work that is for people.

use std::time::Duration;

use super::automation::MAX_RETURNS;
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
    Author, Briefing, Change, Direction, HandOverCause, HandedBack, HandedToPeople, MessageStored, MuteReason,
    PersonalValue, QueueCause, TransferOutcome, UnassignReason, WakeCause,
};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{answer_by, fill, requeue};
use crate::domain::time::Timestamp;
use crate::domain::workspace::{AgentKind, QueueConfig};

/// Within this a program answers a customer who sits and waits, or loses the Work to people.
const LIVE_ANSWER: Duration = Duration::from_secs(30);
/// The same of other channels: a program that thinks for longer hangs.
const ANSWER: Duration = Duration::from_secs(2 * 60);
/// Longest reason of a hand-over, bytes: a sentence or two.
const MAX_REASON_BYTES: usize = 512;
/// Steps that a program tells of at most: more is not read before answering.
const MAX_STEPS: usize = 32;
/// Longest step, bytes: a sentence or two.
const MAX_STEP_BYTES: usize = 512;
/// Notes of programs in a Work until a person or the customer says something: beyond it they talk to each other.
const MAX_NOTES: u8 = 10;

/// What programs and people have passed between them in a Work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bots {
    /// It is for people.
    people: bool,
    /// How often a person handed it back.
    returns: u8,
    /// What the program told with the last hand-over.
    briefing: Option<Box<Briefing>>,
    /// Notes of programs since somebody else said something.
    notes: u8,
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
    let (leaf, queue) = (work.leaf, if queue.is_empty() { work.queue.clone() } else { queue.clone() });
    is_queue(draft, &queue)?;
    if !facts.is_empty() {
        set_facts(draft, name, RootId(leaf.0), None, facts)?;
    }
    take_up(draft, id, WakeCause::Agent);
    withdraw(draft, id, TransferOutcome::Withdrawn);
    draft.with_content(leaf, PersonalValue::Briefing(Box::new(briefing)));
    give_to_people(draft, id, HandOverCause::Asked);
    draft.push(Change::Unassigned { assignment, work: id, agent, reason: UnassignReason::HandedOver });
    requeue(draft, id, &queue, QueueCause::HandedOver, None);
    fill(draft, agent);
    Ok(())
}

/// From now on the Work is for people. What was told with it is content of the change.
fn give_to_people(draft: &mut Draft<'_>, id: WorkId, cause: HandOverCause) {
    let Some((leaf, owner)) = draft.work(id).and_then(|work| Some((work.leaf, work.owner?))) else { return };
    draft.push(Change::HandedToPeople(HandedToPeople { work: id, leaf, agent: owner.agent, cause }));
}

/// A program that owns the Work was silent too long: it is for people, with its place. Whether it was one.
pub(super) fn silent_too_long(draft: &mut Draft<'_>, id: WorkId, agent: AgentId) -> bool {
    let program = is_bot(draft, agent);
    if program {
        give_to_people(draft, id, HandOverCause::NoAnswer);
    }
    program
}

/// A person gives a Work back to programs: to one, or to a queue that some serve.
fn hand_back(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    passed: Passed,
) -> Result<(), Rejection> {
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
    draft.push(Change::HandedBack(HandedBack { work: id, agent }));
    transfer(draft, agent, (id, assignment), passed)
}

fn is_bot(draft: &Draft<'_>, agent: AgentId) -> bool {
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

/// When an owner who lets the customer wait from now on loses the Work: a person as the queue says, a program before.
pub(crate) fn answer_due(
    draft: &Draft<'_>,
    work: &Work,
    agent: AgentId,
    queue: Option<&QueueConfig>,
) -> Option<Timestamp> {
    let recall = queue.and_then(|queue| answer_by(draft.space.config(), queue, draft.now));
    let patience = if work.is_live() { LIVE_ANSWER } else { ANSWER };
    let program = is_bot(draft, agent).then(|| draft.now + patience);
    // Programs that pass it between them have one deadline together.
    let before = work.owner.filter(|owner| program.is_some() && owner.agent != agent && is_bot(draft, owner.agent));
    let inherited = before.and_then(|owner| owner.answer_by);
    recall.into_iter().chain(program).chain(inherited).min()
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
    /// What is for people stays for people in the Work that it is merged into.
    pub(super) fn join_bots(&mut self, theirs: Option<Box<Bots>>) {
        let Some(theirs) = theirs.filter(|theirs| theirs.people) else { return };
        match &mut self.bots {
            Some(own) => {
                own.people = true;
                own.returns = own.returns.max(theirs.returns);
                if own.briefing.is_none() {
                    own.briefing = theirs.briefing;
                }
            }
            None => self.bots = Some(theirs),
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

    /// Whether no program may have it: they are silent in it, or one has handed it over.
    pub(crate) fn wants_person(&self) -> bool {
        self.muted().is_some() || self.bots().is_some_and(|bots| bots.people)
    }

    /// What a program told when it handed the Work over, while it is for people.
    pub(crate) fn briefing(&self) -> Option<&Briefing> {
        self.bots().filter(|bots| bots.people)?.briefing.as_deref()
    }

    pub(super) fn handed_to_people(&mut self) {
        let bots = self.beside_mut().bots.get_or_insert_default();
        (bots.people, bots.briefing) = (true, None);
    }

    /// Notes what was told with the hand-over.
    pub(crate) fn note_briefing(&mut self, briefing: &Briefing) {
        if let Some(bots) = self.beside.as_mut().and_then(|beside| beside.bots.as_mut()) {
            bots.briefing = Some(Box::new(briefing.clone()));
        }
    }

    pub(super) fn handed_back(&mut self) {
        if let Some(bots) = self.beside.as_mut().and_then(|beside| beside.bots.as_mut()) {
            bots.people = false;
            bots.returns = bots.returns.saturating_add(1);
        }
    }

    /// Counts notes of programs, until somebody else says something.
    pub(super) fn count_notes(&mut self, message: &MessageStored) {
        match (message.direction, message.author) {
            (Direction::Note, Author::Bot(_)) => {
                let bots = self.beside_mut().bots.get_or_insert_default();
                bots.notes = bots.notes.saturating_add(1);
            }
            (Direction::In, _) | (_, Author::Agent(_) | Author::External) => {
                if let Some(bots) = self.beside.as_mut().and_then(|beside| beside.bots.as_mut()) {
                    bots.notes = 0;
                }
            }
            _ => {}
        }
    }
}
