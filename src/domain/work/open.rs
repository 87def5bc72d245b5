//! A Work that is not closed: what records make of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::beside::{Beside, Place};
use super::heard::Heard;
use super::idle::Idle;
use super::passing::{Hold, Passing};
use super::routing::Routing;
use super::said::{Said, Says};
use super::widened::Widened;
use crate::domain::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, OfferId, RootId, WorkId};
use crate::domain::record::{
    Author, Change, CooledDown, Direction, Flags, IdleSet, MessageContent, MessageKind, MessageStored, MuteReason,
    OfferOutcome, QueueCause, WorkBrief, WorkOpened, WrapUpStarted,
};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::view::WorkState;
use crate::domain::workspace::{Levels, WorkspaceConfig};

/// How long the provider's token for an answer is used: LINE takes one within a minute, and the adapter needs some of it.
const REPLY_TOKEN_LIFE: Duration = Duration::from_secs(50);

/// An open Work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) id: WorkId,
    pub(crate) leaf: LeafId,
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    pub(crate) brand: Name,
    pub(crate) queue: Name,
    /// What whoever takes it must be able to.
    pub(crate) requires: Levels,
    /// What rules made of it; none: there were no rules.
    pub(crate) routing: Option<Box<Routing>>,
    pub(crate) state: WorkState,
    pub(crate) opened_at: Timestamp,
    /// Since when the customer waits for us; none: it is the customer's turn.
    pub(crate) ours_since: Option<Timestamp>,
    /// Milliseconds waited before that.
    pub(crate) waited_ms: u64,
    /// Whether the customer had our answer when the owner ended it.
    pub(crate) answered: bool,
    /// Whether we have answered in it yet.
    pub(crate) replied: bool,
    /// Whether it is counted how long its customer waited for the first answer since it was opened or reopened.
    pub(crate) counted: bool,
    /// When it came to its queue.
    pub(crate) entered_at: Timestamp,
    /// Since when nobody has it, in whatever queue.
    pub(crate) waits_since: Timestamp,
    /// Static key while QUEUED or OFFERED.
    pub(crate) key: i64,
    pub(crate) preferred: Option<AgentId>,
    /// The first of its open offers; others stand with what few Works have.
    pub(crate) offer: Option<OpenOffer>,
    pub(crate) owner: Option<Owner>,
    pub(crate) wrapup_until: Option<Timestamp>,
    pub(crate) disposition: Name,
    /// Where an answer goes: the last customer message's leaf and endpoint.
    pub(crate) answer_to: Option<(LeafId, Name)>,
    /// Thread of that message, where the channel has threads: an answer names it.
    pub(crate) thread: Option<Box<str>>,
    pub(crate) last_in: Option<MessageId>,
    /// When that message came.
    pub(crate) last_in_at: Option<Timestamp>,
    /// Digest of what it says; 0: none.
    pub(super) last_digest: u64,
    /// A program wrote it: a person is to answer.
    pub(super) generated: bool,
    /// Whether a customer message in it named a thread: only then another Work may stand beside it on its endpoint.
    pub(crate) threaded: bool,
    pub(crate) last_message: Option<MessageId>,
    /// Up to where each of its owners has read; the present one's.
    pub(crate) seen: Option<MessageId>,
    pub(crate) cooldowns: SmallVec<[Cooldown; 1]>,
    /// Until when it waits for facts before it is matched.
    pub(super) facts_until: Option<Timestamp>,
    /// Mail thread that an answer continues.
    pub(crate) mail: Option<Box<MailThread>>,
    /// Tokens of the message that an answer answers.
    pub(crate) tokens: Option<Box<Tokens>>,
    /// When something was last said in it that is not quiet.
    pub(crate) traffic_at: Option<Timestamp>,
    /// Its messages, for merges and splits; none: none came yet.
    pub(crate) said: Option<Box<Said>>,
    /// How much was said in it lately, and by whom.
    pub(crate) heard: Heard,
    /// What few Works have.
    pub(crate) beside: Option<Box<Beside>>,
    /// What few Works have for a while.
    pub(super) passing: Option<Box<Passing>>,
    /// How the circle of those who may take it has widened.
    pub(super) widened: Option<Box<Widened>>,
}

/// An open offer of the Work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenOffer {
    pub(crate) id: OfferId,
    pub(crate) agent: AgentId,
    pub(crate) cost: u32,
    pub(crate) expires_at: Timestamp,
}

/// Who owns the Work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) assignment: AssignmentId,
    pub(crate) agent: AgentId,
    pub(crate) cost: u32,
    pub(crate) grace_ms: Option<u64>,
    /// Until then it waits for its owner, whose session is gone.
    pub(crate) grace_until: Option<Timestamp>,
    /// When the owner is recalled if the customer still waits.
    pub(crate) answer_by: Option<Timestamp>,
}

/// A pair that is not matched for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cooldown {
    pub(crate) agent: AgentId,
    pub(crate) liftable: bool,
    pub(crate) until: Timestamp,
}

/// What a mail that answers has to name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailThread {
    /// Whose mails: the leaf that the first is filed under.
    pub(crate) leaf: LeafId,
    pub(crate) subject: String,
    pub(crate) last_message_id: Option<String>,
    pub(crate) references: Vec<String>,
}

/// What the provider gave with the last customer message: each good for one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tokens {
    reply: Option<String>,
    read: Option<String>,
    /// Until then the reply token is used.
    until: Timestamp,
}

impl Tokens {
    fn of(message: &MessageStored, words: &MessageContent, now: Timestamp) -> Option<Box<Self>> {
        let (reply, read) = (words.reply_token.clone(), words.read_token.clone());
        // Its life began when the provider gave it, whenever that reached us.
        let given = message.provider_time.filter(|_| !message.flags.has(Flags::ODD_TIME)).map_or(now, |at| at.min(now));
        let any = reply.is_some() || read.is_some();
        any.then(|| Box::new(Self { reply, read, until: given + REPLY_TOKEN_LIFE }))
    }

    /// The reply token while it lives, and the read token.
    pub(crate) fn at(&self, now: Timestamp) -> (Option<String>, Option<String>) {
        (self.reply.clone().filter(|_| now < self.until), self.read.clone())
    }
}

impl Work {
    pub(crate) fn opened(id: WorkId, opened: &WorkOpened, now: Timestamp) -> Self {
        Self {
            id,
            leaf: opened.leaf,
            channel: opened.channel.clone(),
            endpoint: opened.endpoint.clone(),
            brand: opened.brand.clone(),
            queue: Name::default(),
            requires: Levels::new(),
            routing: None,
            state: WorkState::Queued,
            opened_at: now,
            ours_since: None,
            waited_ms: 0,
            answered: false,
            replied: false,
            counted: false,
            entered_at: now,
            waits_since: now,
            key: 0,
            preferred: None,
            offer: None,
            owner: None,
            wrapup_until: None,
            disposition: Name::default(),
            answer_to: None,
            thread: None,
            last_in: None,
            last_in_at: None,
            last_digest: 0,
            generated: false,
            threaded: false,
            last_message: None,
            seen: None,
            cooldowns: SmallVec::new(),
            facts_until: None,
            mail: None,
            tokens: None,
            traffic_at: None,
            said: None,
            heard: Heard::default(),
            beside: (!opened.linked.is_empty())
                .then(|| Box::new(Beside { linked: SmallVec::from_slice(&opened.linked), ..Beside::default() })),
            passing: None,
            widened: None,
        }
    }

    /// Notes a change that names this Work. `words` are those of a message, while they are there.
    pub(crate) fn apply(
        &mut self,
        index: Index,
        now: Timestamp,
        place: u16,
        change: &Change,
        words: Option<&MessageContent>,
    ) {
        let was_queued = self.state == WorkState::Queued;
        match change {
            Change::MessageStored(message) => self.message(MessageId::new(index, place), message, now, words),
            Change::WorkQueued { queue, key, preferred, cause, .. } => {
                self.set_hold(None);
                if matches!(cause, QueueCause::New | QueueCause::Reopened | QueueCause::OwnerLost) {
                    self.comes_up();
                }
                if !self.is_nobodys() {
                    self.waits_since = now;
                }
                if *queue != self.queue {
                    self.narrow();
                }
                self.queue = queue.clone();
                self.entered_at = now;
                self.key = *key;
                self.preferred = *preferred;
                // Whoever is offered what its owner passes on is offered it still when the owner is released.
                self.state = if self.offer.is_some() { WorkState::Offered } else { WorkState::Queued };
                self.with_passing(|passing| passing.parked = None);
            }
            Change::HoldSet(set) => self.set_hold(set.until.map(|until| Hold { agent: set.agent, until })),
            Change::OfferMade(offer) => {
                self.set_hold(None);
                if self.owner.is_none() {
                    self.state = WorkState::Offered;
                }
                self.add_offer(OpenOffer {
                    id: OfferId::new(index, place),
                    agent: offer.agent,
                    cost: offer.cost,
                    expires_at: offer.expires_at,
                });
            }
            Change::OfferEnded { offer, outcome, .. } => {
                self.end_offer(*offer);
                let nobody = self.offer.is_none() && *outcome != OfferOutcome::Accepted;
                if nobody && self.state == WorkState::Offered {
                    self.state = WorkState::Queued;
                }
            }
            Change::Assigned(assigned) => {
                self.state = WorkState::Assigned;
                self.preferred = None;
                self.set_hold(None);
                self.comes_up();
                self.seen = None;
                self.cooldowns.clear();
                self.note_unserved(false);
                self.beside.iter_mut().for_each(|beside| beside.rest_notices());
                self.facts_until = None;
                self.with_passing(|passing| (passing.transfer, passing.handover) = (None, None));
                self.is_due_no_longer();
                self.owner = Some(Owner {
                    assignment: AssignmentId::new(index, place),
                    agent: assigned.agent,
                    cost: assigned.cost,
                    grace_ms: assigned.grace_ms,
                    grace_until: None,
                    answer_by: assigned.answer_by,
                });
            }
            Change::Unassigned { .. } => {
                self.owner = None;
                self.with_passing(|passing| passing.transfer = None);
            }
            Change::WrapUpExtended(extended) => {
                self.wrapup_until = Some(extended.until);
                self.passing_mut().extended = true;
            }
            Change::Promised(promised) => self.promise(promised.by, now),
            Change::ParticipantJoined(joined) => self.joined(AssignmentId::new(index, place), joined, now),
            Change::ParticipantLeft(left) => self.left(left.agent),
            Change::Transferring(change) => {
                self.entered_at = now;
                self.pass_on(change);
            }
            Change::TransferEnded(change) => {
                if change.queue != self.queue {
                    self.narrow();
                }
                self.queue = change.queue.clone();
                self.with_passing(|passing| (passing.transfer, passing.handover) = (None, None));
            }
            Change::Parked(parked) => {
                self.state = WorkState::Parked;
                self.park(MessageId::new(index, place), parked.until, now);
                if let Some(owner) = &mut self.owner {
                    (owner.cost, owner.answer_by) = (0, None);
                }
            }
            Change::Woken(woken) => {
                if self.wake(woken, now) {
                    self.state = WorkState::Assigned;
                }
                if let Some(owner) = &mut self.owner {
                    (owner.cost, owner.answer_by) = (woken.cost, woken.answer_by);
                }
            }
            Change::CooledDown(CooledDown { agent, liftable, until, .. }) => {
                self.cooldowns.retain(|cooldown| cooldown.agent != *agent);
                self.cooldowns.push(Cooldown { agent: *agent, liftable: *liftable, until: *until });
            }
            Change::CooldownEnded { agent, .. } => self.cooldowns.retain(|cooldown| cooldown.agent != *agent),
            Change::WrapUpStarted(WrapUpStarted { until, cost, disposition, .. }) => {
                self.state = WorkState::WrapUp;
                self.answered = self.ours_since.is_none();
                self.stop_waiting(now);
                self.wrapup_until = Some(*until);
                self.disposition = disposition.clone();
                if let Some(owner) = &mut self.owner {
                    owner.cost = *cost;
                    owner.answer_by = None;
                }
            }
            Change::WrapUpLeft { cost, .. } => {
                self.state = WorkState::Assigned;
                self.wrapup_until = None;
                self.with_passing(|passing| passing.extended = false);
                if let Some(owner) = &mut self.owner {
                    owner.cost = *cost;
                }
            }
            Change::WorkClosed { disposition, canceled, .. } => {
                if self.state != WorkState::WrapUp {
                    self.answered = self.ours_since.is_none() && !self.is_left_open();
                }
                self.state = if *canceled { WorkState::Canceled } else { WorkState::Closed };
                (self.passing, self.widened, self.facts_until) = (None, None, None);
                self.stop_waiting(now);
                self.wrapup_until = None;
                self.disposition = disposition.clone();
            }
            Change::WorkJoined { channel, endpoint, queue, .. } => {
                let place = Place { channel: channel.clone(), endpoint: endpoint.clone(), queue: queue.clone() };
                self.beside_mut().place(place);
            }
            Change::IdleSet(set) => {
                let IdleSet { since, lowered, nudged, at, .. } = *set;
                self.set_idle(Some(Idle { since, lowered, nudged, at }));
            }
            Change::CustomerLeft { .. } => self.set_left(true),
            Change::WorkRekeyed { key, .. } => self.key = *key,
            Change::EnrichmentSet(set) => self.facts_until = set.until,
            Change::NoticeSet(set) => self.await_notice(set),
            Change::NoticeSent(sent) => self.tell(sent, now),
            Change::StepSet(set) => self.step(set, now),
            Change::OverflowSet(set) => self.await_overflow(set),
            Change::Overflowed(overflowed) => self.overflow(overflowed, now),
            Change::Unserved(change) => self.note_unserved(change.unserved),
            Change::Required(required) => self.requires = required.levels.clone(),
            Change::Routed(routed) => self.route(routed),
            Change::PriorityGiven(given) => self.prioritise(given),
            Change::AnswerCounted(_) => self.counted = true,
            Change::EffortNoted(noted) => self.note_effort(noted, now),
            Change::AutomationMuted(muted) => self.mute(muted.reason),
            Change::HandedToPeople(_) => self.handed_to_people(),
            Change::HandedBack(_) => self.handed_back(),
            Change::HandBackEnded(ended) => self.hand_back_ended(ended.taken),
            Change::BotsDue(due) => self.stays_due(due),
            Change::CostChanged { agent, cost, .. } => {
                if let Some(owner) = self.owner.as_mut().filter(|owner| owner.agent == *agent) {
                    owner.cost = *cost;
                }
                self.each_offer(|offer| {
                    if offer.agent == *agent {
                        offer.cost = *cost;
                    }
                });
            }
            Change::SeenMarked { through, .. } => self.seen = self.seen.max(Some(*through)),
            // The rest names no Work, or makes one: nothing here moves by it.
            _ => {}
        }
        self.end_silence();
        let is_queued = self.state == WorkState::Queued;
        if was_queued != is_queued {
            self.turn_clocks(is_queued, now);
        }
    }

    fn message(&mut self, id: MessageId, message: &MessageStored, now: Timestamp, words: Option<&MessageContent>) {
        // What agents note is no traffic, and nobody is answered by it.
        let noted = message.direction == Direction::Note;
        if !noted {
            self.last_message = Some(id);
        }
        if message.direction == Direction::In && !message.flags.has(Flags::BACKFILL) {
            let place = self.place_of(&message.channel, &message.endpoint).unwrap_or(0);
            self.heard.count((message.leaf, place), now);
        }
        let says = message.says();
        self.count_automation(message, says, now);
        self.count_notes(message);
        if !noted && !message.flags.is_quiet() {
            self.traffic_at = Some(now);
        }
        match says {
            Says::Asks => {
                self.tokens = words.and_then(|words| Tokens::of(message, words, now));
                self.thread = words.and_then(|words| words.thread.as_deref()).map(Box::from);
                self.threaded |= self.thread.is_some();
                self.last_in = Some(id);
                self.last_in_at = Some(now);
                self.generated = message.flags.has(Flags::GENERATED);
                self.answer_to = Some((message.leaf, message.endpoint.clone()));
                self.ours_since.get_or_insert(now);
                if WorkspaceConfig::live(&message.channel) {
                    self.set_left(false);
                }
                if let Some(owner) = &mut self.owner {
                    owner.answer_by = owner.answer_by.or(message.answer_by);
                }
            }
            // Somebody whom our mail was copied to: we are asked, and the answer goes to the customer as before.
            Says::Joins => {
                self.last_in = Some(id);
                self.answer_to.get_or_insert_with(|| (self.leaf, self.endpoint.clone()));
                self.ours_since.get_or_insert(now);
                if let Some(owner) = &mut self.owner {
                    owner.answer_by = owner.answer_by.or(message.answer_by);
                }
            }
            Says::Answers => {
                // Whether somebody is there is no answer to what they were promised.
                if message.author != Author::System {
                    self.keep_promise(now);
                }
                if words.is_some_and(|words| words.reply_token.is_some() || words.read_token.is_some()) {
                    self.tokens = None;
                }
                self.stop_waiting(now);
                self.is_due_no_longer();
                self.replied = true;
                // We began: as long as nobody has asked, what follows goes where the first word went.
                if self.last_in.is_none() && message.author != Author::External {
                    self.answer_to.get_or_insert_with(|| (message.leaf, message.endpoint.clone()));
                }
                if let Some(owner) = &mut self.owner {
                    owner.answer_by = None;
                }
            }
            Says::Asked | Says::Ends | Says::Resumes | Says::Noted | Says::Nothing => {}
        }
        if let Some(words) = words.filter(|_| !message.flags.is_quiet()) {
            self.continue_mail(message.leaf, words);
        }
    }

    /// Why programs may not write to the customer now, if so.
    pub(crate) fn silences(&self) -> Option<MuteReason> {
        self.muted().or(self.generated())
    }

    /// That the customer's last message is a program's, if so: no automatic answer goes to it.
    pub(crate) fn generated(&self) -> Option<MuteReason> {
        self.generated.then_some(MuteReason::Generated)
    }

    /// The customer's turn begins, or the Work ends.
    pub(super) fn stop_waiting(&mut self, now: Timestamp) {
        if let Some(since) = self.ours_since.take() {
            self.waited_ms += now.millis_since(since).unsigned_abs();
        }
    }

    /// Deadlines of the Work.
    pub(crate) fn timers(&self) -> SmallVec<[(Timestamp, Timer); 3]> {
        let mut timers = SmallVec::new();
        timers.extend(self.offers().map(|offer| (offer.expires_at, Timer::OfferExpiry(self.id))));
        if let Some(until) = self.wrapup_until {
            timers.push((until, Timer::WrapUpEnd(self.id)));
        }
        if let Some(parked) = self.parked() {
            timers.push((parked.held_until.unwrap_or(parked.until), Timer::WakeUp(self.id)));
        } else if let Some(owner) = &self.owner {
            if let (Some(at), Some(_)) = (owner.answer_by, self.ours_since) {
                timers.push((at, Timer::Recall(self.id)));
            }
            if let Some(at) = owner.grace_until {
                timers.push((at, Timer::WorkGrace(self.id)));
            }
        }
        if let Some(until) = self.transfer().and_then(|transfer| transfer.until) {
            timers.push((until, Timer::TransferEnd(self.id)));
        }
        if let Some(hold) = self.hold() {
            timers.push((hold.until, Timer::HoldEnd(self.id)));
        }
        if let Some(at) = self.idle().and_then(|idle| idle.at) {
            timers.push((at, Timer::Idle(self.id)));
        }
        if let Some(until) = self.facts_until {
            timers.push((until, Timer::FactsDue(self.id)));
        }
        timers.extend(self.notice_timer());
        timers.extend(self.bots_timer());
        for part in self.participants() {
            timers.extend(part.until.map(|until| (until, Timer::ConsultEnd(self.id, part.agent))));
        }
        timers.extend(self.widening_timers());
        for cooldown in &self.cooldowns {
            timers.push((cooldown.until, Timer::CooldownEnd(self.id, cooldown.agent)));
        }
        timers
    }

    /// Whether it stands in its queue and nobody is asked: it waits for an agent, or before that for what is known of its customer.
    pub(crate) fn is_queued(&self) -> bool {
        (self.state == WorkState::Queued || self.seeks()) && !self.queue.is_empty()
    }

    /// Whether it waits for an agent.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_queued() && !self.awaits_facts()
    }

    /// What an agent sees of it.
    pub(crate) fn brief(&self, conversation: RootId) -> WorkBrief {
        WorkBrief {
            leaf: self.leaf,
            conversation,
            channel: self.channel.clone(),
            endpoint: self.endpoint.clone(),
            brand: self.brand.clone(),
            queue: self.queue.clone(),
            opened_at: self.opened_at,
            waiting_since: self.ours_since,
            waited_ms: self.waited_ms,
            last_message: self.last_in.or(self.last_message).unwrap_or_default(),
            linked: self.linked().to_vec(),
            effort: self.effort_entries(),
        }
    }
}

impl MessageKind {
    /// Whether an item of this kind from the customer waits for an answer of ours.
    pub(crate) fn awaits_answer(self) -> bool {
        matches!(self, Self::Message | Self::Unsupported | Self::Call)
    }
}
