//! A record in the making: the changes chosen so far, and what they make of the Works and agents they touch.
//!
//! `decide` may not change the state, yet what follows from a change (an offer for a Work just opened) needs to see it. So a
//! draft keeps copies of the touched Works and agents and moves them by the very functions that `evolve` uses.

use smallvec::SmallVec;

use super::customer::Parting;
use super::id::{AgentId, Index, LeafId, MessageId, RootId, WorkId};
use super::record::{Cause, Change, IdentityOpened, MessageContent, Personal, PersonalValue, Record, Touch};
use super::session::Agent;
use super::time::Timestamp;
use super::work::{Asking, Part, Work, follows};
use super::workspace::{Workspace, body_digest};

/// Changes of one record at most: beyond it matching goes on with the next record. Each choice looks at all that the record
/// touches, so a record's cost grows with the square of this.
pub(crate) const MAX_CHANGES: usize = 256;

/// What has been decided so far.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// The state before the record.
    pub(crate) space: &'a Workspace,
    /// Time of the record.
    pub(crate) now: Timestamp,
    index: Index,
    changes: SmallVec<[Change; 2]>,
    content: Vec<Personal>,
    content_leaf: Option<LeafId>,
    touched: SmallVec<[LeafId; 2]>,
    works: SmallVec<[Work; 1]>,
    agents: SmallVec<[Agent; 1]>,
    new_leaves: SmallVec<[IdentityOpened; 1]>,
    /// Winner and loser of the merges chosen so far.
    merged: SmallVec<[(RootId, RootId); 1]>,
    /// How a customer is taken apart; one record does it once.
    parting: Option<Box<Parting>>,
    /// A Work that somebody said where to put: what else becomes known by the record does not move it.
    stays: Option<WorkId>,
    /// The object that holds the whole message that is taken in.
    body: Option<u64>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(space: &'a Workspace, index: Index, now: Timestamp) -> Self {
        Self {
            space,
            now,
            index,
            changes: SmallVec::new(),
            content: Vec::new(),
            content_leaf: None,
            touched: SmallVec::new(),
            works: SmallVec::new(),
            agents: SmallVec::new(),
            new_leaves: SmallVec::new(),
            merged: SmallVec::new(),
            parting: None,
            stays: None,
            body: None,
        }
    }

    /// Index of the record.
    pub(crate) fn index(&self) -> Index {
        self.index
    }

    /// Place of the change that is pushed next.
    pub(crate) fn place(&self) -> u16 {
        u16::try_from(self.changes.len()).expect("MAX_CHANGES ends matching long before")
    }

    /// Whether matching has to go on with another record.
    pub(crate) fn full(&self) -> bool {
        self.changes.len() >= MAX_CHANGES
    }

    /// Id of the Work that the next change opens.
    pub(crate) fn next_work(&self) -> WorkId {
        WorkId::new(self.index, self.place())
    }

    /// Id of the message that the next change stores.
    pub(crate) fn next_message(&self) -> MessageId {
        MessageId::new(self.index, self.place())
    }

    /// Epoch of the session that this record opens.
    pub(crate) fn session_epoch(&self) -> u64 {
        self.index.0
    }

    /// Number of the leaf that is opened next.
    pub(crate) fn next_leaf(&self) -> LeafId {
        let taken = u32::try_from(self.new_leaves.len()).expect("a record opens few leaves");
        LeafId(self.space.leaves.next_id().0 + taken)
    }

    /// The Work as the changes so far leave it, while it is open.
    pub(crate) fn work(&self, id: WorkId) -> Option<&Work> {
        self.works.iter().find(|work| work.id == id).or_else(|| self.space.works.get(id))
    }

    /// The customer that a leaf belongs to, as the changes so far leave it.
    pub(crate) fn root_of(&self, leaf: LeafId) -> RootId {
        let opened = self.new_leaves.iter().find(|opened| opened.leaf == leaf);
        let root = opened.map_or_else(|| self.space.root_of(leaf), |opened| opened.root);
        if let Some(parting) = self.parting.as_ref().filter(|parting| parting.customer == root) {
            return if parting.leaves.contains(&leaf) { parting.parted } else { parting.rest };
        }
        let merged = self.merged.iter().find(|(_, loser)| *loser == root);
        merged.map_or(root, |(winner, _)| *winner)
    }

    /// A customer, and those whom it was just merged with.
    pub(crate) fn group(&self, root: RootId) -> impl Iterator<Item = RootId> {
        let losers = self.merged.iter().filter(move |(winner, _)| *winner == root);
        std::iter::once(root).chain(losers.map(|(_, loser)| *loser))
    }

    /// Identities of a customer that the changes so far open.
    pub(crate) fn opened_of(&self, root: RootId) -> impl Iterator<Item = &IdentityOpened> {
        self.new_leaves.iter().filter(move |opened| self.root_of(opened.leaf) == root)
    }

    /// An identity that the changes so far open.
    pub(crate) fn opened(&self, leaf: LeafId) -> Option<&IdentityOpened> {
        self.new_leaves.iter().find(|opened| opened.leaf == leaf)
    }

    /// Whether an address is one of several people.
    pub(crate) fn is_shared(&self, leaf: LeafId) -> bool {
        match self.opened(leaf) {
            Some(opened) => opened.shared,
            None => self.space.leaves.get(leaf).is_some_and(|leaf| leaf.shared),
        }
    }

    /// The changes so far.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Works of a customer that are open or can be reopened, those of whom it was just merged with among them.
    pub(crate) fn works_of(&self, root: RootId) -> impl Iterator<Item = WorkId> {
        self.group(root).flat_map(|root| self.space.works_of(root))
    }

    /// The agent as the changes so far leave it.
    pub(crate) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.id == id).or_else(|| self.space.agents.get(id.at()))
    }

    /// Works that the changes so far touch.
    pub(crate) fn touched_works(&self) -> &[Work] {
        &self.works
    }

    /// Agents that the changes so far touch.
    pub(crate) fn touched_agents(&self) -> &[Agent] {
        &self.agents
    }

    /// Somebody says where the Work goes: rules that are asked again by the same record leave it there.
    pub(crate) fn put(&mut self, work: WorkId) {
        self.stays = Some(work);
    }

    /// Whether somebody has said so.
    pub(crate) fn is_put(&self, work: WorkId) -> bool {
        self.stays == Some(work)
    }

    /// The record touches the leaf.
    pub(crate) fn touch(&mut self, leaf: LeafId) {
        if !self.touched.contains(&leaf) {
            self.touched.push(leaf);
        }
    }

    /// Chooses a change, and with it what follows from it by itself.
    pub(crate) fn push(&mut self, change: Change) {
        let place = self.place();
        let (index, now) = (self.index, self.now);
        let follow = follows(self, &change);
        if let Some(leaf) = change.leaf() {
            self.touch(leaf);
        }
        match &change {
            Change::WorkOpened(opened) => {
                self.works.push(Work::opened(WorkId::new(self.index, place), opened, self.now));
            }
            Change::IdentityOpened(opened) => self.new_leaves.push(opened.clone()),
            Change::Merged { winner, loser, .. } => self.merged.push((*winner, *loser)),
            Change::WorksMerged { from, into, answer_by, .. } => {
                let part = self.work_mut(*from).map(|work| (work.leaf, work.give_up()));
                self.hand(part, *into, Some(*answer_by));
            }
            Change::WorkSplit { from, into, messages, .. } => {
                let parted = self.work(*from).is_some_and(|work| work.is_parted(messages, |leaf| self.root_of(leaf)));
                let part = self.work_mut(*from).map(|work| (work.leaf, work.give(messages, parted)));
                self.hand(part, *into, None);
            }
            Change::Restored { work, leaf, messages, .. } => {
                let of = |asking: &&Asking| messages.contains(&asking.id);
                if let Some(aside) = self.space.people.asides.get(*leaf) {
                    let asking: Vec<Asking> = aside.messages.iter().filter(of).cloned().collect();
                    let answerable = self.space.is_answerable(*leaf);
                    let part = Part::restored(&asking, aside.mail.clone(), answerable, self.space.config());
                    if let Some(work) = self.work_mut(*work) {
                        work.take_in(part);
                    }
                }
            }
            Change::Unmerged { customer, rest, parted, leaves } => {
                let (customer, rest, parted, leaves) = (*customer, *rest, *parted, leaves.clone());
                self.parting = Some(Box::new(Parting { customer, rest, parted, leaves }));
                for id in self.space.works_of(customer) {
                    let strange = self.work(id).map(|work| work.strangers(|leaf| self.root_of(leaf)));
                    if let Some(strange) = strange.filter(|strange| !strange.is_empty())
                        && let Some(work) = self.work_mut(id)
                    {
                        work.part(&strange);
                    }
                }
            }
            Change::AgentRegistered { agent, name } => {
                self.agents.push(Agent::registered(*agent, name.clone(), self.space.config()));
            }
            _ => {}
        }
        if let Some(id) = change.work()
            && let Some(work) = self.work_mut(id)
        {
            let leaf = work.leaf;
            work.apply(index, now, place, &change, None);
            self.touch(leaf);
            if let Change::Transferring(_) | Change::HandedToPeople(_) = &change {
                self.note_handover(id, place);
            }
        }
        if let Some(id) = change.agent()
            && let Some(agent) = self.agent_mut(id)
        {
            agent.apply(index, now, place, &change);
        }
        self.changes.push(change);
        follow.into_iter().for_each(|change| self.push(change));
    }

    /// Chooses a message, with its words.
    pub(crate) fn push_message(&mut self, message: super::record::MessageStored, words: MessageContent) -> MessageId {
        let id = self.next_message();
        self.push_said(message.leaf, Change::MessageStored(Box::new(message)), words);
        id
    }

    /// Chooses to hold a part of a text, with its words.
    pub(crate) fn push_part(&mut self, part: super::record::PartHeld, words: MessageContent) {
        self.push_said(part.leaf, Change::PartHeld(Box::new(part)), words);
    }

    /// What is said is part of this object, too.
    pub(crate) fn part_of(&mut self, object: &str) {
        self.body = Some(body_digest(self.space.hash_key(), object));
    }

    fn push_said(&mut self, leaf: LeafId, change: Change, words: MessageContent) {
        let place = self.place();
        let bodies: Vec<u64> = if words.content.parts.is_empty() && self.body.is_none() {
            Vec::new()
        } else {
            let key = self.space.hash_key();
            let objects = words.content.objects().map(|object| body_digest(key, object));
            objects.chain(self.body).collect()
        };
        // Whatever else the event opened: its content belongs to the leaf that its message is filed under.
        self.content_leaf = Some(leaf);
        self.push(change);
        self.content.push(Personal { place, value: PersonalValue::Message(Box::new(words)) });
        if !bodies.is_empty() {
            self.push(Change::BodiesNamed { leaf, bodies });
        }
    }

    /// Adds personal content to the change that is pushed next.
    pub(crate) fn with_content(&mut self, leaf: LeafId, value: PersonalValue) {
        self.content_leaf.get_or_insert(leaf);
        self.content.push(Personal { place: self.place(), value });
    }

    /// Personal content of the changes so far.
    pub(crate) fn personal(&self) -> &[Personal] {
        &self.content
    }

    /// The record; none when nothing was chosen.
    pub(crate) fn finish(self, cause: Cause) -> Option<Record> {
        if self.changes.is_empty() {
            return None;
        }
        let space = self.space;
        let touches = self
            .touched
            .iter()
            .map(|&leaf| Touch {
                leaf,
                previous: space.leaves.get(leaf).map_or_else(SmallVec::new, |leaf| leaf.previous()),
            })
            .collect();
        Some(Record {
            index: self.index,
            time: self.now,
            workspace: space.name().clone(),
            cause,
            touches,
            changes: self.changes,
            content: self.content,
            content_leaf: self.content_leaf,
        })
    }

    /// Gives a Work what another gave up, with the new deadline of its owner. The record touches both.
    fn hand(&mut self, part: Option<(LeafId, Part)>, to: WorkId, answer_by: Option<Option<Timestamp>>) {
        let Some((giver, part)) = part else { return };
        self.touch(giver);
        let Some(work) = self.work_mut(to) else { return };
        work.take_in(part);
        if let (Some(owner), Some(answer_by)) = (&mut work.owner, answer_by) {
            owner.answer_by = answer_by;
        }
        let taker = work.leaf;
        self.touch(taker);
    }

    /// What the owner noted is shown with the offers that this record makes, too.
    fn note_handover(&mut self, id: WorkId, place: u16) {
        let noted = self.content.iter().find(|personal| personal.place == place).map(|personal| personal.value.clone());
        if let (Some(noted), Some(work)) = (noted, self.work_mut(id)) {
            work.note_passing(Some(&noted));
        }
    }

    fn work_mut(&mut self, id: WorkId) -> Option<&mut Work> {
        let at = match self.works.iter().position(|work| work.id == id) {
            Some(at) => at,
            None => {
                let work = match self.space.works.get(id) {
                    Some(work) => Work::clone(work),
                    None => self.space.closed.get(id).map(|closed| closed.reopened(self.space))?,
                };
                self.works.push(work);
                self.works.len() - 1
            }
        };
        self.works.get_mut(at)
    }

    fn agent_mut(&mut self, id: AgentId) -> Option<&mut Agent> {
        let at = match self.agents.iter().position(|agent| agent.id == id) {
            Some(at) => at,
            None => {
                self.agents.push(self.space.agents.get(id.at())?.clone());
                self.agents.len() - 1
            }
        };
        self.agents.get_mut(at)
    }
}
