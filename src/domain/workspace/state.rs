//! State of one workspace, and how records move it. The indexes beside the entities are moved by `entities`.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::bodies::Bodies;
use super::ended::Ended;
use super::in_force::InForce;
use super::keyed::Keyed;
use super::matters::Matters;
use super::names::Names;
use super::openings::Openings;
use super::people::People;
use super::requests::Requests;
use super::sight::Forgotten;
use super::standings::AgentNames;
use super::{IndexedConfig, Symbol, WorkspaceConfig};
use crate::domain::command::{Answer, Arrival};
use crate::domain::conversation::{Aging, HeldParts, Remembered, Seen, seen_by};
use crate::domain::customer::{Joined, Leaves, Suggestions};
use crate::domain::delivery::{Delivery, MailState, OpenSends, OptOuts, ParkedReceipt, WaitingReport, Windows};
use crate::domain::event::{Assurance, ReceiptStatus};
use crate::domain::id::{AgentId, ByName, Index, LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::record::{
    Cause, Change, Direction, Flags, IdentityRekeyed, MessageContent, MessageStored, OptNoted, PartsJoined,
    PersonalValue, ReceiptNoted, Record, SessionLost, ThroughParked,
};
use crate::domain::remembered::Sought;
use crate::domain::routing::{Able, Board, ReadyAgents, Registered, Requirements, Rules, Stranded, Waiting};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::work::{Closed, Work, Works};

/// Everything the shard knows of one workspace.
#[derive(Debug)]
pub struct Workspace {
    name: Name,
    hash_key: [u8; 16],
    pub(super) config: IndexedConfig,
    pub(super) openings: Openings,
    pub(super) in_force: InForce,
    pub(crate) names: Names,
    pub(crate) leaves: Leaves,
    pub(crate) joined: Joined,
    pub(crate) works: Works,
    pub(crate) closed: Closed,
    /// What those that ended lately were about.
    pub(crate) ended: Ended,
    pub(crate) agents: Vec<Agent>,
    pub(super) agent_names: AgentNames,
    pub(crate) waiting: Waiting,
    pub(crate) ready: ReadyAgents,
    pub(crate) board: Board,
    pub(super) timers: BTreeSet<(Timestamp, Timer)>,
    pub(crate) requests: Requests,
    /// Duplicate key to the digest and message that it came with first.
    pub(crate) remembered: Remembered,
    /// Mails, with the endpoints that they came by.
    pub(crate) mail_endpoints: Aging<(LeafId, SmallVec<[Name; 1]>)>,
    /// Fingerprint of a provider's message id to the message and its Work.
    pub(crate) provider_ids: Aging<(MessageId, Option<WorkId>)>,
    /// Messages of ours that may still get receipts.
    pub(crate) deliveries: Aging<Delivery>,
    /// Those of them that a report of everything up to a time may still raise.
    pub(crate) open_sends: OpenSends,
    /// Who does not want to be written to.
    pub(crate) opt_outs: OptOuts,
    /// Until when channels let us write freely.
    pub(crate) windows: Windows,
    /// Who may be one person.
    pub(crate) suggestions: Suggestions,
    /// What few customers have.
    pub(crate) people: People,
    /// Keys of reply tokens, and whom mails were copied to.
    pub(crate) mail: MailState,
    /// Receipts that came before their message was bound.
    pub(crate) parked: Aging<ParkedReceipt>,
    /// Parts of texts that wait for the others.
    pub(crate) parts: HeldParts,
    /// Erasures whose keys are to be destroyed, by their record.
    pub(crate) erasures: BTreeMap<Index, Vec<LeafId>>,
    /// Bodies of the object store, and whose they are.
    pub(crate) bodies: Bodies,
    /// By which version of the normaliser the leaves are keyed.
    pub(super) keyed: Keyed,
    /// Leaves whose keys are destroyed.
    pub(super) destroyed: Vec<LeafId>,
    /// Owners before, of Works without one.
    pub(super) last_owners: HashMap<WorkId, AgentId, foldhash::fast::FixedState>,
    /// What merges and splits made of Works.
    pub(crate) matters: Matters,
    /// Queues of Works that are known no longer.
    pub(crate) forgotten: Forgotten,
    /// Who is logged in.
    pub(super) present: Able<AgentId>,
    /// Whom the configuration knows.
    pub(crate) registered: Registered,
    /// Work that asks who is logged in.
    pub(crate) stranded: Stranded,
    /// Since when some of it is to go on, because nobody is.
    pub(super) skip_at: Option<Timestamp>,
    /// Works of each queue that nobody has.
    pub(super) lengths: ByName<usize>,
    /// What the queues of the configuration require.
    pub(crate) requirements: Requirements,
    /// Its rules.
    pub(crate) rules: Rules,
}

impl Workspace {
    pub(crate) fn new(name: Name, hash_key: [u8; 16]) -> Self {
        Self {
            openings: Openings::default(),
            config: IndexedConfig::new(WorkspaceConfig::empty(name.clone())),
            name,
            hash_key,
            in_force: InForce::default(),
            names: Names::new(),
            leaves: Leaves::default(),
            joined: Joined::default(),
            works: Works::default(),
            closed: Closed::default(),
            ended: Ended::default(),
            agents: Vec::new(),
            agent_names: AgentNames::default(),
            waiting: Waiting::default(),
            ready: ReadyAgents::default(),
            board: Board::default(),
            timers: BTreeSet::new(),
            requests: Requests::default(),
            remembered: Remembered::default(),
            mail_endpoints: Aging::default(),
            provider_ids: Aging::default(),
            deliveries: Aging::default(),
            open_sends: OpenSends::default(),
            opt_outs: OptOuts::default(),
            windows: Windows::default(),
            suggestions: Suggestions::default(),
            people: People::default(),
            mail: MailState::default(),
            parked: Aging::default(),
            parts: HeldParts::default(),
            erasures: BTreeMap::new(),
            bodies: Bodies::default(),
            keyed: Keyed::default(),
            destroyed: Vec::new(),
            last_owners: HashMap::default(),
            matters: Matters::default(),
            forgotten: Forgotten::default(),
            present: Able::default(),
            registered: Registered::default(),
            stranded: Stranded::default(),
            skip_at: None,
            lengths: ByName::default(),
            requirements: Requirements::default(),
            rules: Rules::default(),
        }
    }

    /// Its name: a token of subjects.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &IndexedConfig {
        &self.config
    }

    /// Number of an agent.
    #[must_use]
    pub fn agent_id(&self, name: &str) -> Option<AgentId> {
        self.agent_names.get(name)
    }

    /// Name of an agent.
    #[must_use]
    pub fn agent_name(&self, id: AgentId) -> Option<&Name> {
        self.agents.get(id.at()).map(|agent| &agent.name)
    }

    /// How many identities it knows.
    #[must_use]
    pub fn identities(&self) -> usize {
        self.leaves.len()
    }

    /// How many provider ids it remembers, those of messages of ours among them.
    #[must_use]
    pub fn remembered_ids(&self) -> usize {
        self.provider_ids.len() + self.deliveries.len()
    }

    /// How many duplicate keys are in it; the others are in the archive, if there is one.
    #[must_use]
    pub fn duplicate_keys(&self) -> usize {
        self.remembered.len()
    }

    /// What an archive is to be asked for an event; none: what the event may repeat is here.
    #[must_use]
    pub fn sought(&self, arrival: &Arrival, now: Timestamp) -> Option<Sought> {
        Sought::of(arrival, &self.hash_key, &self.config, now)
    }

    /// How many parts of texts wait for the others.
    #[must_use]
    pub fn held_parts(&self) -> usize {
        self.parts.len()
    }

    pub(crate) fn hash_key(&self) -> &[u8; 16] {
        &self.hash_key
    }

    pub(crate) fn first_deadline(&self) -> Option<(Timestamp, Timer)> {
        self.timers.first().copied()
    }

    pub(super) fn unset_timer(&mut self, timer: &(Timestamp, Timer)) {
        self.timers.remove(timer);
    }

    pub(super) fn set_timer(&mut self, timer: (Timestamp, Timer)) {
        self.timers.insert(timer);
    }

    pub(crate) fn has_timer(&self, timer: &(Timestamp, Timer)) -> bool {
        self.timers.contains(timer)
    }

    /// Works of a customer that are open or can be reopened, oldest first within each leaf.
    pub(crate) fn works_of(&self, root: RootId) -> impl Iterator<Item = WorkId> {
        self.leaves_of(root).into_iter().filter_map(|leaf| self.leaves.get(leaf)).flat_map(|leaf| leaf.works)
    }

    /// The name to show for a customer: that of the identity which is surest of it.
    pub(crate) fn shown_name(&self, root: RootId) -> Option<(Assurance, Name)> {
        let leaves = self.leaves_of(root).into_iter().filter_map(|leaf| self.leaves.get(leaf));
        let shown = leaves.filter_map(|leaf| Some((leaf.shown_assurance, leaf.shown?)));
        shown.max_by_key(|(assurance, _)| *assurance)
    }

    /// Notes a record of this workspace.
    pub(crate) fn apply(&mut self, record: &Record, answer: impl FnOnce() -> Answer) {
        let now = record.time;
        self.board.at(now);
        for (place, change) in (0u16..).zip(&record.changes) {
            self.change(record, place, change);
        }
        for touch in &record.touches {
            self.leaves.touch(touch.leaf, record.index);
        }
        if let Cause::Command(request) = &record.cause {
            self.requests.note(request, answer(), now);
        }
        self.forget(now);
        self.time_skip(now);
        self.leaves.pack();
    }

    fn change(&mut self, record: &Record, place: u16, change: &Change) {
        let (index, now) = (record.index, record.time);
        self.mail.apply(MessageId::new(index, place), change, now);
        self.people(record, place, change);
        if let Some((key, seen)) = seen_by(index, now, place, change) {
            self.remembered.put(key, seen);
        }
        match change {
            Change::ConfigApplied { canonical, sha256 } => self.configure(canonical, *sha256, now),
            Change::HoursTurned(turned) => self.hours_turned(turned, now),
            Change::Resettled(resettled) => self.resettled(*resettled, now),
            Change::IdentityOpened(opened) => {
                let address = personal(record, place).and_then(|value| match value {
                    PersonalValue::Address(address) => Some(address.clone()),
                    _ => None,
                });
                let scope = self.names.intern(&opened.namespace_scope);
                self.keyed.opened(opened);
                self.leaves.open(opened, scope, address, (index, now));
                let by = self.said_by(record);
                self.joined.opened(&mut self.leaves, opened, (now, by));
            }
            Change::IdentityMarked { leaf, status, shared } => {
                if let Some(leaf) = self.leaves.get_mut(*leaf) {
                    leaf.status = *status;
                    leaf.shared = *shared;
                }
            }
            Change::LinkEnded { leaf, successor, shared } => self.end_link(*leaf, *successor, *shared, (index, now)),
            Change::Linked { leaf, evidence, assurance } => self.leaves.prove(*leaf, *evidence, *assurance),
            Change::Heard { leaf } => self.leaves.hear(*leaf, now),
            Change::Erased { leaves, .. } => self.erase(index, leaves),
            Change::BodiesNamed { leaf, bodies } => self.bodies.name(*leaf, bodies),
            Change::IdentityRekeyed(IdentityRekeyed { leaf, kind, hash, generation, .. }) => {
                let address = match personal(record, place) {
                    Some(PersonalValue::Address(address)) => Some(address.clone()),
                    _ => None,
                };
                self.leaves.rekey(*leaf, (*kind, *hash, *generation), address);
            }
            Change::RekeyedTo { normaliser, leaves } => self.keyed.rekeyed(*normaliser, *leaves),
            Change::KeyDestroyed { erasure, leaves } => self.keys_destroyed(*erasure, leaves, now),
            Change::Named { leaf, assurance } => {
                if let (Some(PersonalValue::Shown(name)), Some(leaf)) =
                    (personal(record, place), self.leaves.get_mut(*leaf))
                {
                    leaf.shown = Some(name.clone());
                    leaf.shown_assurance = *assurance;
                }
            }
            Change::OptNoted(OptNoted { leaf, purposes, refused, .. }) => self.opt_outs.note(*leaf, purposes, *refused),
            Change::Suggested { one, other, reason } => self.suggestions.note(*one, *other, *reason, now),
            Change::SuggestionEnded { one, other, end } => self.suggestions.end(*one, *other, *end, now),
            Change::Merged { winner, loser, leaves, evidence } => {
                self.merge(record, (*winner, *loser), leaves, *evidence);
            }
            Change::Unmerged { customer, rest, parted, leaves } => self.part(*customer, *rest, *parted, leaves),
            Change::MessageStored(message) => self.message(index, now, place, message),
            Change::AlsoReceived { message, endpoint, .. } => {
                if let Some((_, endpoints)) = self.mail_endpoints.get_mut(message.to_bits()) {
                    endpoints.push(endpoint.clone());
                }
            }
            Change::PartHeld(part) => {
                if let Some(leaf) = self.leaves.get_mut(part.leaf).filter(|_| !part.flags.has(Flags::BACKFILL)) {
                    leaf.hear(now);
                }
                self.timers.extend(self.parts.hold(part, words(record, place)));
            }
            Change::PartsJoined(PartsJoined { leaf, set, message, complete }) => {
                self.parts_joined(record, (*leaf, *set), *message, *complete);
            }
            Change::ReceiptNoted(receipt) => self.receipt(receipt, now),
            Change::ReceiptParked { fingerprint, status, class } => {
                self.parked.put(*fingerprint, ParkedReceipt { status: *status, class: *class }, now);
            }
            Change::ThroughParked(ThroughParked { leaf, channel, endpoint, status, through }) => {
                let (channel, endpoint) = (channel.clone(), endpoint.clone());
                self.open_sends.wait(*leaf, WaitingReport { channel, endpoint, status: *status, through: *through });
            }
            Change::WorkOpened(opened) => {
                let id = WorkId::new(index, place);
                self.works.insert(Work::opened(id, opened, now));
                if let Some(leaf) = self.leaves.get_mut(opened.leaf) {
                    leaf.works.push(id);
                }
                for linked in &opened.linked {
                    self.with_work(*linked, |work| work.beside_mut().link(id));
                }
            }
            Change::WorksMerged { from, into, answer_by, .. } => self.merge_works(*from, *into, *answer_by, now),
            Change::WorkSplit { from, into, messages, .. } => self.split_work(*from, *into, messages),
            Change::WorkReopened { work, .. } => self.reopen(*work),
            Change::AgentRegistered { agent, name } => {
                self.agents.push(Agent::registered(*agent, name.clone(), &self.config));
                self.agent_names.insert(name, *agent);
            }
            Change::SessionOpened { agent, .. } => self.graces(*agent, None),
            Change::SessionLost(SessionLost { agent, .. }) | Change::SessionEnded { agent, .. } => {
                self.graces(*agent, Some(now))
            }
            Change::Resumed { extension_ms, .. } => self.resume(now, *extension_ms),
            _ => {}
        }
        if let Some(work) = change.work() {
            let words = match change {
                Change::MessageStored(_) => words(record, place),
                _ => None,
            };
            self.with_work(work, |work| work.note(index, now, place, change, words));
        }
        if let Change::Routed(routed) = change {
            let inputs = match personal(record, place) {
                Some(PersonalValue::Inputs(inputs)) => Some(&**inputs),
                _ => None,
            };
            self.with_work(routed.work, |work| work.note_inputs(inputs));
        }
        if let Some(work) = change.work().filter(|_| takes_words(change)) {
            self.with_work(work, |work| work.note_passing(personal(record, place)));
        }
        if matches!(change, Change::SummarySet(_) | Change::Tagged(_) | Change::PriorityGiven(_)) {
            self.note_mark(record, place, change);
        }
        if let Some(agent) = change.agent() {
            self.with_agent(agent, |agent| agent.apply(index, now, place, change));
        }
        match change {
            Change::Unassigned { work, agent, .. } => {
                self.last_owners.insert(*work, *agent);
            }
            Change::Assigned(assigned) => {
                self.last_owners.remove(&assigned.work);
            }
            Change::WorkClosed { work, reopen_until, .. } => self.close(*work, *reopen_until, now),
            Change::AnswerCounted(counted) => self.board.counted(&counted.queue, counted.outcome),
            // What waited while its address changed hands is not answered to whoever has that now.
            Change::MessageStored(message) if !self.is_answerable(message.leaf) => {
                self.end_link(message.leaf, None, false, (index, now));
            }
            _ => {}
        }
    }

    fn message(&mut self, index: Index, now: Timestamp, place: u16, message: &MessageStored) {
        let id = MessageId::new(index, place);
        if self.people.chatter.is_moved_by(message) {
            let leaves = self.leaves_of(self.root_of(message.leaf));
            self.people.chatter.count(message, &leaves);
        }
        self.sits(message, now);
        if message.is_from_the_person() {
            self.leaves.hear(message.leaf, now);
        }
        // Whoever wrote is seen where it wrote, whatever we said elsewhere; what agents note comes by no endpoint.
        let unheard = self.leaves.get_mut(message.leaf).is_none_or(|leaf| leaf.heard_by == Symbol::default());
        if message.direction == Direction::In || (message.direction == Direction::Out && unheard) {
            let endpoint = self.names.intern(&message.endpoint);
            self.leaves.heard_by(message.leaf, endpoint);
        }
        self.windows.note(message, &mut self.names, now);
        self.provider_ids.note(message.provider_fingerprint, (id, message.work), now);
        if message.channel == "email" && message.direction == Direction::In {
            let endpoints = SmallVec::from_iter([message.endpoint.clone()]);
            self.mail_endpoints.note(id.to_bits(), (message.leaf, endpoints), now);
        }
        if message.direction == Direction::Out {
            let delivery = Delivery::of(message, &mut self.names);
            if !delivery.external && message.flags.has(Flags::REPORTED_THROUGH) {
                self.open_sends.open(message.leaf, id, now);
            }
            self.deliveries.note(id.to_bits(), delivery, now);
            if let Some(settled) = message.settles().and_then(|id| self.deliveries.get_mut(id.to_bits())) {
                settled.over = true;
            }
        }
    }

    /// Parts are held no longer: what names one of them names the message now.
    fn parts_joined(&mut self, record: &Record, set: (LeafId, u64), message: MessageId, complete: bool) {
        let Some((timer, parts)) = self.parts.take(set) else {
            return;
        };
        self.timers.remove(&timer);
        let work = match record.changes.get(usize::from(message.place())) {
            Some(Change::MessageStored(stored)) => stored.work,
            _ => None,
        };
        for held in parts {
            self.provider_ids.note(held.part.provider_fingerprint, (message, work), record.time);
            if let Some(seen) = self.remembered.get_mut(held.part.duplicate_key) {
                seen.message = message;
            }
        }
        if !complete {
            self.remembered.put(set.1, Seen { digest: 0, message, at: record.time });
        }
    }

    fn receipt(&mut self, receipt: &ReceiptNoted, now: Timestamp) {
        // The report that names our message knows better than an echo before it.
        self.provider_ids.put(receipt.provider_fingerprint, (receipt.message, receipt.work), now);
        self.parked.take(receipt.provider_fingerprint);
        if receipt.applied
            && let Some(delivery) = self.deliveries.get_mut(receipt.message.to_bits())
        {
            delivery.status = receipt.status;
        }
        if let Some(at) = receipt.sent_at {
            self.open_sends.sent(receipt.leaf, receipt.message, at);
        }
        // What failed was not delivered with the rest, whatever the time; what was read cannot rise.
        if receipt.applied
            && matches!(receipt.status, ReceiptStatus::Read | ReceiptStatus::Failed | ReceiptStatus::Expired)
        {
            self.open_sends.close(receipt.leaf, receipt.message);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        self.remembered.forget(now);
        self.mail_endpoints.forget(now);
        self.provider_ids.forget(now);
        let open = &mut self.open_sends;
        self.deliveries.forget_each(now, |key, delivery| open.close(delivery.leaf, MessageId::from_bits(key)));
        self.parked.forget(now);
        self.windows.forget(now);
        self.ended.forget(now);
        self.mail.forget(now);
        while let Some(work) = self.closed.pop_expired(now) {
            self.mail.forget_work(work.id);
            if let Some(leaf) = self.leaves.get_mut(work.leaf) {
                leaf.works.retain(|id| *id != work.id);
            }
            self.forget_work(&work);
        }
    }
}

/// Whether the state keeps what is told with the change.
fn takes_words(change: &Change) -> bool {
    matches!(change, Change::Parked(_) | Change::Transferring(_) | Change::HandedToPeople(_))
}

pub(super) fn personal(record: &Record, place: u16) -> Option<&PersonalValue> {
    record.content.iter().find(|personal| personal.place == place).map(|personal| &personal.value)
}

/// Words of the message stored at `place`, while they are there.
pub(super) fn words(record: &Record, place: u16) -> Option<&MessageContent> {
    if let PersonalValue::Message(words) = personal(record, place)? { Some(words) } else { None }
}
