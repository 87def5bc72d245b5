//! What must hold of the records of the log, told from the records and views alone: a second opinion on what the core decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use skein::domain::event::{ReceiptStatus, Scope};
use skein::domain::id::{AgentId, AssignmentId, LeafId, MessageId, Name, OfferId, RootId, WorkId};
use skein::domain::invariant::violations;
use skein::domain::record::{
    AssignCause, Author, Cause, Change, Direction, Flags, MessageKind, MessageStored, OfferOutcome, OptNoted,
    PartsJoined, PersonalValue, PresenceSet, Purpose, Record, SessionEnd, SessionLost, UnassignReason, WorkBrief,
    WrapUpStarted,
};
use skein::domain::time::Timestamp;
use skein::domain::{State, Workspace, evolve};

use super::bots::Bots;
pub(crate) use super::broken::{Broken, holds};
use super::customers::message_key;
use super::effort::Ledgers;
use super::joining::Parts;
use super::kept::{Offered, Over, Owned, Sent};
use super::lines::Lines;
use super::matters::{Heard, Matters, asked, thread};
use super::noted;
use super::overtaken::Line;
use super::relief::RELIEF;
use super::stats::Stats;

/// The workspace of the simulation.
pub(crate) const ACME: &str = "acme";

/// Records from one scan of the whole state to the next: a broken invariant does not mend itself at once.
const SCAN_EVERY: u64 = 3;

/// Folds the records of the log as they become valid, and checks each.
#[derive(Debug)]
pub(crate) struct Auditor {
    pub(crate) state: State,
    inputs: BTreeSet<(u16, u64, u16)>,
    requests: BTreeSet<(Name, Name)>,
    /// Messages of customers by what identifies them to the world, with how often each is stored.
    pub(crate) stored: BTreeMap<String, u32>,
    /// Tokens of providers that answers have taken.
    tokens: BTreeSet<String>,
    /// Which Work each message is in.
    pub(crate) matters: Matters,
    /// Under which leaf each message is filed.
    pub(crate) filed: BTreeMap<MessageId, LeafId>,
    /// Agents have taken a customer apart.
    pub(crate) parted: bool,
    /// Parts of texts, by their words, with how often each is in a message.
    pub(crate) pieces: BTreeMap<String, u32>,
    /// Parts that wait for the others.
    held: BTreeMap<(LeafId, u64), Vec<String>>,
    /// Whose customer is erased.
    pub(crate) erased: BTreeSet<LeafId>,
    pub(crate) statuses: BTreeMap<MessageId, ReceiptStatus>,
    /// Identities that refuse everything.
    refusing: BTreeSet<LeafId>,
    /// Messages of ours.
    pub(crate) sent: BTreeMap<MessageId, Sent>,
    pub(super) owned: BTreeMap<WorkId, Owned>,
    pub(super) offered: BTreeMap<OfferId, Offered>,
    /// Works that their owners pass on: until when, and the extensions so far at that time.
    pub(super) passing: BTreeMap<WorkId, (Option<Timestamp>, u64)>,
    pub(super) states: BTreeMap<WorkId, &'static str>,
    /// Since when agents have no connection, and the extensions so far at that time.
    pub(super) gone: BTreeMap<AgentId, (Timestamp, u64)>,
    /// The same of sessions that ended.
    pub(super) ended: BTreeMap<AgentId, (Timestamp, u64)>,
    known: BTreeSet<AgentId>,
    pub(super) extended_ms: u64,
    pub(super) lines: Lines,
    /// Who takes part in what.
    pub(super) parts: Parts,
    /// What programs have handed over.
    pub(super) bots: Bots,
    /// Since when agents have more than they can.
    pub(super) over: BTreeMap<AgentId, Over>,
    /// Since when Works are held for somebody, and the extensions so far at that time.
    pub(super) held_since: BTreeMap<WorkId, (Timestamp, u64)>,
    ledgers: Ledgers,
    line: Line,
}

impl Auditor {
    pub(crate) fn new() -> Self {
        Self {
            state: State::new(Name::new("s1")),
            inputs: BTreeSet::new(),
            requests: BTreeSet::new(),
            stored: BTreeMap::new(),
            tokens: BTreeSet::new(),
            matters: Matters::default(),
            filed: BTreeMap::new(),
            parted: false,
            pieces: BTreeMap::new(),
            held: BTreeMap::new(),
            erased: BTreeSet::new(),
            statuses: BTreeMap::new(),
            refusing: BTreeSet::new(),
            sent: BTreeMap::new(),
            owned: BTreeMap::new(),
            offered: BTreeMap::new(),
            passing: BTreeMap::new(),
            states: BTreeMap::new(),
            gone: BTreeMap::new(),
            ended: BTreeMap::new(),
            known: BTreeSet::new(),
            extended_ms: 0,
            lines: Lines::default(),
            parts: Parts::default(),
            bots: Bots::default(),
            over: BTreeMap::new(),
            held_since: BTreeMap::new(),
            ledgers: Ledgers::default(),
            line: Line::default(),
        }
    }

    /// The next valid record of the log.
    pub(crate) fn record(&mut self, record: &Record, stats: &mut Stats) -> Result<(), Broken> {
        let (index, now) = (record.index, record.time);
        holds("log without gap", index.follows(self.state.head()), || {
            format!("record {index} after {}", self.state.head())
        })?;
        holds("time never goes back", now >= self.state.time(), || format!("at {index}"))?;
        match &record.cause {
            Cause::Input(input) => {
                let first = self.inputs.insert((input.stream, input.sequence, input.event));
                holds("input applied once", first, || format!("{input:?} again at {index}"))?;
            }
            Cause::Command(request) if !request.request_id.is_empty() => {
                let key = (request.principal.clone(), request.request_id.clone());
                let first = self.requests.insert(key);
                holds("command applied once", first, || format!("{request:?} again at {index}"))?;
            }
            Cause::Command(_) | Cause::Timer | Cause::System => {}
        }
        let late = record.content.iter().filter_map(|personal| record.leaf_of(personal));
        let late = late.filter(|leaf| self.erased.contains(leaf)).count();
        holds("nothing is said of who is erased", late == 0, || format!("{record:?}"))?;
        let noted = noted::before(&self.state, record);
        evolve(&mut self.state, record);
        noted::moves_nothing(&self.state, noted, record)?;
        for (place, change) in (0u16..).zip(&record.changes) {
            stats.hit_variant("change", change);
            self.change(record, place, change, stats)?;
            if let Change::MessageStored(message) = change {
                let heard = Heard::of(message, thread(record, place), now);
                self.matters.message(MessageId::new(index, place), message, heard);
            }
        }
        self.nobody_left_alone(record)?;
        self.taking_part(record, stats)?;
        self.bots(record, stats)?;
        self.patience(record, stats);
        self.note_overcommit(record);
        // Turns are those after the record.
        for place in (0u16..).take(record.changes.len()) {
            if let Some(space) = self.state.workspace(ACME) {
                self.matters.change(record, place, space, stats)?;
            }
        }
        if let Some(space) = self.state.workspace(ACME) {
            self.matters.noted(space)?;
            self.lines.record(record, space, self.extended_ms, stats)?;
            self.ledgers.record(record, space, stats)?;
            self.line.record(record, space, stats)?;
        }
        if index.0.is_multiple_of(SCAN_EVERY) { self.invariants() } else { Ok(()) }
    }

    /// The named invariants of the core.
    pub(crate) fn invariants(&self) -> Result<(), Broken> {
        let broken = violations(&self.state);
        holds("invariants", broken.is_empty(), || format!("{broken:?} at {}", self.state.head()))
    }

    pub(super) fn space(&self) -> Result<&Workspace, Broken> {
        self.state.workspace(ACME).ok_or_else(|| Broken { check: "workspace is there", detail: String::new() })
    }

    fn change(&mut self, record: &Record, place: u16, change: &Change, stats: &mut Stats) -> Result<(), Broken> {
        let (index, now) = (record.index, record.time);
        match change {
            Change::MessageStored(message) => {
                self.message(record, place, message, stats)?;
                self.text(record, place, message, stats)?;
            }
            Change::OptNoted(OptNoted { leaf, purposes, refused, .. }) => {
                stats.hit("opt-out", if *refused { "refused" } else { "allowed again" });
                if purposes.contains(&Purpose::Service) {
                    if *refused {
                        self.refusing.insert(*leaf)
                    } else {
                        self.refusing.remove(leaf)
                    };
                }
            }
            Change::PartsJoined(PartsJoined { leaf, set, message, complete }) => {
                self.held.remove(&(*leaf, *set));
                stats.hit("text in parts", if *complete { "joined" } else { "joined without some" });
                let stored = record.changes.get(usize::from(message.place()));
                let marked = matches!(stored, Some(Change::MessageStored(stored))
                    if message.index() == index && stored.flags.has(Flags::INCOMPLETE) != *complete);
                holds("what is missing is marked", marked, || format!("{change:?} at {index}"))?;
            }
            Change::ReceiptNoted(receipt) => {
                if let Some(sent) = self.sent.get_mut(&receipt.message) {
                    sent.note(receipt, &record.cause);
                }
                if !receipt.applied {
                    return Ok(());
                }
                let known = self.statuses.insert(receipt.message, receipt.status);
                holds("receipts are monotone", known.is_some_and(|known| known < receipt.status), || {
                    format!("{receipt:?} over {known:?} at {index}")
                })?;
            }
            Change::WorkOpened(opened) => {
                let id = WorkId::new(index, place);
                let space = self.space()?;
                let root = space.work(id).map_or(opened.conversation, |work| work.conversation);
                let beside: Vec<WorkId> = space.conversation(root).map_or_else(Vec::new, |conversation| {
                    let beside = conversation.works.iter().filter(|work| {
                        work.work != id
                            && !work.state.is_over()
                            && (work.endpoint == opened.endpoint
                                || work.also_on.iter().any(|(_, endpoint)| *endpoint == opened.endpoint))
                    });
                    beside.map(|work| work.work).collect()
                });
                let asked = asked(record, id);
                let apart = beside.iter().all(|work| {
                    let heard = self.matters.heard(*work).zip(asked.as_ref());
                    heard.is_some_and(|(before, next)| before.is_apart_from(next))
                });
                let split =
                    record.changes.iter().any(|change| matches!(change, Change::WorkSplit { into, .. } if *into == id));
                holds("no second work on an endpoint and thread", apart || split, || format!("{opened:?} at {index}"))?;
                if !beside.is_empty() && !split {
                    stats.hit("thread", "another matter");
                }
                self.states.insert(id, "New");
            }
            Change::Merged { evidence, .. } => stats.hit_variant("merged because", evidence),
            Change::Unmerged { rest, parted, leaves, .. } => {
                self.parted = true;
                stats.hit(
                    "taken apart",
                    if leaves.contains(&LeafId(0)) || rest > parted { "first leaf" } else { "others" },
                );
                let of = |id: RootId| self.space().map(|space| space.conversation(id).map(|found| found.conversation));
                let apart = of(*rest)? == Some(*rest) && of(*parted)? == Some(*parted) && rest != parted;
                holds("who is taken apart is two", apart, || format!("{change:?} at {index}"))?;
            }
            Change::WorkSplit { .. }
                if record.changes.iter().any(|change| matches!(change, Change::Unmerged { .. })) =>
            {
                stats.hit("taken apart", "a matter of two");
            }
            Change::WorkQueued { work, cause, .. } => {
                stats.hit_variant("queued because", cause);
                // What its owner passed on is offered still.
                let to = if self.is_offered(*work) { "Offered" } else { "Queued" };
                self.moves(*work, to, stats);
            }
            Change::OfferMade(offer) => {
                self.brief(offer.work, &offer.brief)?;
                let offered = Offered {
                    work: offer.work,
                    agent: offer.agent,
                    cost: offer.cost,
                    expires_at: offer.expires_at,
                    extended_ms: self.extended_ms,
                };
                let beside: Vec<AgentId> = self.offers_of(offer.work).collect();
                let at_once = self.space()?.work(offer.work).map_or(1, |work| self.offers_at_once(&work.queue));
                let owned = self.owned.get(&offer.work);
                let passed_on =
                    owned.is_none_or(|owned| owned.agent != offer.agent) && self.passing.contains_key(&offer.work);
                let free = if owned.is_none() {
                    beside.len() < at_once && !beside.contains(&offer.agent)
                } else {
                    passed_on && beside.is_empty()
                };
                holds("few offers or one owner", free, || format!("{offer:?} beside {beside:?} at {index}"))?;
                if !beside.is_empty() {
                    stats.hit("several offers", "at once");
                }
                self.offered.insert(OfferId::new(index, place), offered);
                self.within_capacity(offer.agent, index.0)?;
                if !self.owned.contains_key(&offer.work) {
                    self.moves(offer.work, "Offered", stats);
                }
            }
            Change::OfferEnded { offer, work, outcome, .. } => {
                stats.hit("offer", format!("Open>{outcome:?}"));
                let open = self.offered.remove(offer).filter(|open| open.work == *work);
                let open =
                    open.ok_or_else(|| Broken { check: "an offer ends once", detail: format!("{offer} at {index}") })?;
                if *outcome == OfferOutcome::Expired {
                    let due = open.expires_at.0 + i64::try_from(self.extended_ms - open.extended_ms).expect("small");
                    holds("no offer expires early", now.0 >= due, || format!("{offer} at {index}"))?;
                }
                let others = self.is_offered(*work);
                if others {
                    stats.hit("several offers", format!("one {outcome:?}"));
                }
                if *outcome == OfferOutcome::Accepted {
                    holds("the first to accept is the only one", !others, || format!("{offer} at {index}"))?;
                } else if !others && !self.owned.contains_key(work) {
                    self.moves(*work, "Queued", stats);
                }
            }
            Change::Assigned(assigned) => {
                stats.hit_variant("assigned because", &assigned.cause);
                self.brief(assigned.work, &assigned.brief)?;
                let owned = Owned {
                    assignment: AssignmentId::new(index, place),
                    agent: assigned.agent,
                    cost: assigned.cost,
                    grace_ms: assigned.grace_ms,
                    at: now,
                    sleeps_until: None,
                    parked: false,
                };
                let before = self.owned.insert(assigned.work, owned);
                holds("one owner", before.is_none(), || format!("{assigned:?} beside {before:?} at {index}"))?;
                match assigned.cause {
                    AssignCause::Offer | AssignCause::Transfer => {}
                    AssignCause::Assign | AssignCause::Takeover => self.overcommitted(record, assigned, stats)?,
                    AssignCause::Auto | AssignCause::Claim | AssignCause::Start => {
                        self.within_capacity(assigned.agent, index.0)?;
                    }
                }
                self.moves(assigned.work, "Assigned", stats);
            }
            Change::Unassigned { assignment, work, agent, reason } => {
                stats.hit_variant("unassigned because", reason);
                let relieved = matches!(self.passing.remove(work), Some((Some(RELIEF), _)));
                if relieved && *reason == UnassignReason::Transferred {
                    stats.hit("relief", "taken by another");
                }
                let owned = self.owned.remove(work).filter(|owned| owned.assignment == *assignment);
                let owned = owned.ok_or_else(|| Broken {
                    check: "one owner",
                    detail: format!("{assignment} ends at {index} and is not the current one"),
                })?;
                if *reason == UnassignReason::OwnerLost {
                    let (since, then) = self.gone.get(agent).copied().unwrap_or((now, self.extended_ms));
                    let due = since.0
                        + i64::try_from(owned.grace_ms.unwrap_or(u64::MAX / 4) + self.extended_ms - then)
                            .expect("small");
                    holds("no owner is lost before its grace", now.0 >= due, || {
                        format!("{work} of {agent}, gone since {since:?}, at {index}, {now:?}")
                    })?;
                }
            }
            Change::WrapUpStarted(WrapUpStarted { work, cost, .. }) => {
                self.cost(*work, *cost);
                self.moves(*work, "WrapUp", stats);
            }
            Change::WrapUpLeft { work, cost, .. } => {
                self.cost(*work, *cost);
                self.moves(*work, "Assigned", stats);
            }
            Change::WorkClosed { work, disposition, canceled, .. } => {
                if *canceled || disposition == "NO_ANSWER" {
                    stats.hit("silence", if *canceled { "customer left" } else { "closed" });
                }
                if self.states.get(work) == Some(&"New") {
                    stats.hit("taken apart", "over");
                }
                self.moves(*work, "Closed", stats);
            }
            Change::CostChanged { work, agent, cost } => {
                if self.owned.get(work).is_some_and(|owned| owned.agent == *agent) {
                    self.cost(*work, *cost);
                }
                for offered in self.offered.values_mut().filter(|it| it.work == *work && it.agent == *agent) {
                    offered.cost = *cost;
                }
            }
            Change::WorksMerged { from, .. } => {
                let free = !self.owned.contains_key(from) && !self.is_offered(*from);
                if self.states.get(from) == Some(&"New") {
                    stats.hit("taken apart", "words taken along");
                }
                holds("a merged work is nobody's", free, || format!("{change:?} at {index}"))?;
                self.moves(*from, "Merged", stats);
            }
            Change::PartHeld(part) => {
                let text = record.content.iter().find_map(|personal| match &personal.value {
                    PersonalValue::Message(words) if personal.place == place => Some(words.content.text.clone()),
                    _ => None,
                });
                self.held.entry((part.leaf, part.set)).or_default().extend(text);
            }
            Change::Erased { leaves, .. } => {
                // What waited goes with its customer: it is in no message, and not lost.
                for (_, texts) in self.held.extract_if(.., |(leaf, _), _| leaves.contains(leaf)) {
                    for text in texts {
                        *self.pieces.entry(text).or_default() += 1;
                    }
                }
                self.erased.extend(leaves);
                self.is_erased(leaves)?;
            }
            Change::SessionOpened { agent, .. } => {
                self.known.insert(*agent);
                self.gone.remove(agent);
                self.ended.remove(agent);
            }
            Change::SessionLost(SessionLost { agent, .. }) => {
                self.gone.entry(*agent).or_insert((now, self.extended_ms));
            }
            Change::SessionEnded { agent, reason, .. } => {
                stats.hit_variant("session ended because", reason);
                if *reason != SessionEnd::Taken {
                    self.gone.entry(*agent).or_insert((now, self.extended_ms));
                    self.ended.insert(*agent, (now, self.extended_ms));
                }
            }
            Change::PresenceSet(PresenceSet { presence, .. }) => stats.hit_variant("presence", presence),
            Change::Resumed { extension_ms, .. } => {
                for &agent in &self.known {
                    self.gone.entry(agent).or_insert((now, self.extended_ms));
                }
                self.extended_ms += extension_ms;
            }
            Change::HoldSet(set) => self.hold(set, now, stats)?,
            _ => self.passing(change, stats)?,
        }
        Ok(())
    }

    pub(super) fn moves(&mut self, work: WorkId, to: &'static str, stats: &mut Stats) {
        let from = self.states.insert(work, to).unwrap_or("?");
        if from != to {
            stats.hit("work", format!("{from}>{to}"));
        }
    }

    pub(super) fn cost(&mut self, work: WorkId, cost: u32) {
        if let Some(owned) = self.owned.get_mut(&work) {
            owned.cost = cost;
        }
    }

    fn message(
        &mut self,
        record: &Record,
        place: u16,
        message: &MessageStored,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        let id = MessageId::new(record.index, place);
        let words = record.content.iter().find_map(|personal| match &personal.value {
            PersonalValue::Message(words) if personal.place == place => Some(words),
            _ => None,
        });
        let words = words.ok_or_else(|| Broken { check: "a message has its words", detail: id.to_string() })?;
        match message.direction {
            Direction::In => {
                let text = &words.content.text;
                let backfill = message.flags.has(Flags::BACKFILL);
                let key = message_key(&message.channel, words.provider_ref.as_deref(), text, backfill);
                if message.kind == MessageKind::Message {
                    *self.stored.entry(key).or_default() += 1;
                }
                let why_not = [
                    Flags::THANKS,
                    Flags::REPEATED,
                    Flags::BACKFILL,
                    Flags::AUTO_SUBMITTED,
                    Flags::OPT_WORD,
                    Flags::FLOOD,
                    Flags::BLOCKED,
                    Flags::SPAM,
                    Flags::QUARANTINED,
                ];
                let asks = matches!(message.kind, MessageKind::Message | MessageKind::Unsupported)
                    && message.scope == Scope::Direct
                    && !why_not.iter().any(|flag| message.flags.has(*flag));
                let aside = [Flags::BLOCKED, Flags::SPAM, Flags::QUARANTINED];
                let aside = aside.iter().any(|flag| message.flags.has(*flag));
                if aside {
                    stats.hit("set aside", "heard by nobody");
                }
                holds("who is set aside is in no work", !aside || message.work.is_none(), || format!("{message:?}"))?;
                holds("who asks has a work", !asks || message.work.is_some(), || format!("{message:?}"))?;
            }
            Direction::Out if message.author != Author::External => {
                for (name, token) in [("reply", &words.reply_token), ("read", &words.read_token)] {
                    let Some(token) = token else { continue };
                    stats.hit("token taken", name);
                    let first = self.tokens.insert(token.clone());
                    holds("a token answers once", first, || format!("{token}: {message:?}"))?;
                }
                let heard = message.work.and_then(|work| self.matters.heard(work));
                let heard = heard.filter(|heard| heard.leaf == message.leaf && heard.endpoint == message.endpoint);
                let thread = heard.and_then(|heard| heard.thread.clone());
                if thread.is_some() {
                    stats.hit("thread", "answered into");
                }
                holds("an answer goes where the customer last wrote", words.thread == thread, || {
                    format!("{thread:?}, not {:?}: {message:?}", words.thread)
                })?;
                let current = message.work.and_then(|work| self.owned.get(&work)).map(|owned| owned.assignment);
                let by_itself = message.author == Author::System;
                // What is sent of itself may be sent while nobody owns the Work.
                let owns = (by_itself || current.is_some()) && current == message.assignment;
                holds("only the owner sends", owns || self.parts.said(message), || format!("{message:?}"))?;
                // What takes back what was said reaches nobody.
                let said = message.kind == MessageKind::Message;
                let refused = said && message.channel == "sms" && self.refusing.contains(&message.leaf);
                holds("who refuses gets nothing by SMS", !refused, || format!("{message:?}"))?;
                self.statuses.insert(id, ReceiptStatus::Queued);
                let at = (record.time, false);
                self.sent.insert(id, Sent { leaf: message.leaf, at, risen: Vec::new() });
            }
            Direction::Out => {
                self.statuses.insert(id, ReceiptStatus::Queued);
            }
            Direction::Note => {}
        }
        self.filed.insert(id, message.leaf);
        let space = self.space()?;
        let root = space.conversation(RootId(message.leaf.0)).map(|conversation| conversation.conversation);
        let work_root = message.work.and_then(|work| space.work(work)).map(|work| work.conversation);
        holds(
            "a message is in one conversation",
            root == Some(message.conversation) && work_root.is_none_or(|work| Some(work) == root),
            || format!("{id} of leaf {} in {root:?}, {work_root:?}: {message:?}", message.leaf),
        )
    }

    /// What an agent is shown names the conversation that the Work is in.
    fn brief(&self, work: WorkId, brief: &WorkBrief) -> Result<(), Broken> {
        let now = self.space()?.work(work).map(|work| work.conversation);
        holds("a brief names the conversation", now == Some(brief.conversation), || {
            format!("{work} in {now:?}: {brief:?}")
        })
    }
}
