//! Copies of the state for the edge.

use super::Workspace;
use crate::domain::customer::{Aside, Leaf};
use crate::domain::id::{LeafId, Name, RootId, WorkId};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::{
    AgentView, AsideView, BlockView, ConversationView, IdentityView, OfferView, PassingView, WideningView, WorkState,
    WorkView,
};
use crate::domain::work::{Beside, ClosedWork, Effort, Place, Work};

impl Workspace {
    /// One Work, open or inside its continuation window.
    #[must_use]
    pub fn work(&self, id: WorkId) -> Option<WorkView> {
        match self.works.get(id) {
            Some(work) => Some(self.view_work(work)),
            None => match self.closed.get(id) {
                Some(work) => Some(self.view_closed(work)),
                None => self.view_merged(id),
            },
        }
    }

    /// Open Works, those that wait in serving order first, then by id; of a queue those, too, that its agents may take besides.
    #[must_use]
    pub fn works(&self, queue: Option<&str>, state: Option<WorkState>) -> Vec<WorkView> {
        let mut list: Vec<WorkView> = self
            .works
            .iter()
            .filter(|work| {
                queue.is_none_or(|queue| work.queues().any(|of| of == queue))
                    && state.is_none_or(|state| work.state == state)
            })
            .map(|work| self.view_work(work))
            .collect();
        list.sort_by_key(|work| (work.key.is_none(), work.key, work.work));
        list
    }

    /// How many Works are open in each state: queued, offered, assigned, in wrap-up.
    #[must_use]
    pub fn open_works(&self) -> usize {
        self.works.len()
    }

    /// State of each open Work, and since when its customer waits for us.
    pub fn open_states(&self) -> impl Iterator<Item = (WorkState, Option<Timestamp>)> {
        self.works.iter().map(|work| (work.state, work.ours_since))
    }

    /// How many open Works nobody whom the configuration knows could ever take.
    #[must_use]
    pub fn unserved(&self) -> usize {
        self.works.iter().filter(|work| work.is_unserved()).count()
    }

    /// How many wait in a queue.
    #[must_use]
    pub fn queue_length(&self, queue: &str) -> usize {
        self.waiting.len(queue)
    }

    /// An agent with what it has.
    #[must_use]
    pub fn agent(&self, name: &str) -> Option<AgentView> {
        let agent = self.agents.get(self.agent_id(name)?.at())?;
        Some(self.view_agent(agent))
    }

    /// A conversation; the id of a merged customer gives the winner's.
    #[must_use]
    pub fn conversation(&self, id: RootId) -> Option<ConversationView> {
        let root = self.resolve_root(id)?;
        let leaves: Vec<_> = self.leaves_of(root).iter().filter_map(|&id| Some((id, self.leaves.get(id)?))).collect();
        let besides = || self.works_of(root).filter_map(|id| Some((id, self.beside(id)?)));
        Some(ConversationView {
            conversation: root,
            shown_name: self.shown_name(root).map(|(_, name)| name),
            identities: leaves.iter().map(|(id, leaf)| self.view_identity(*id, leaf)).collect(),
            works: self.works_of(root).filter_map(|work| self.work(work)).collect(),
            marks: self.view_marks(&self.people.marks.among(&self.leaves_of(root)), |_| true),
            last: leaves.iter().map(|(id, leaf)| (*id, leaf.last())).collect(),
            merged: besides().flat_map(|(id, beside)| beside.brought.iter().map(move |it| (it.work.id, id))).collect(),
            moved: besides()
                .flat_map(|(_, beside)| &beside.moved)
                .filter_map(|message| Some((*message, self.matters.moved(*message)?)))
                .collect(),
            forgotten: self.forgotten(&self.leaves_of(root)),
        })
    }

    fn view_identity(&self, id: LeafId, leaf: &Leaf) -> IdentityView {
        let linked = self.joined.linked(id);
        IdentityView {
            leaf: id,
            kind: leaf.kind,
            namespace_scope: self.names.get(leaf.namespace_scope).clone(),
            scope: leaf.scope,
            address: leaf.address.clone(),
            status: leaf.status,
            shared: leaf.shared,
            generation: leaf.generation,
            evidence: leaf.evidence,
            assurance: leaf.assurance,
            ended: leaf.ended,
            refuses: self.opt_outs.of(id).collect(),
            linked: linked.map(|(at, agent)| (at, agent.and_then(|agent| self.agent_name(agent)).cloned())),
            aside: self.people.asides.get(id).map(|aside| Box::new(self.view_aside(aside))),
            heard_by: Some(self.names.get(leaf.heard_by)).filter(|name| !name.is_empty()).cloned(),
        }
    }

    fn view_aside(&self, aside: &Aside) -> AsideView {
        let block = aside.block.as_ref().map(|block| BlockView {
            since: block.since,
            until: block.until,
            by: block.by.and_then(|agent| self.agent_name(agent)).cloned(),
            reason: block.reason.clone(),
        });
        let (quarantine, messages) = (aside.quarantine.clone(), aside.messages.len());
        AsideView { block, spam: aside.spam.to_vec(), quarantine, messages }
    }

    fn view_work(&self, work: &Work) -> WorkView {
        WorkView {
            work: work.id,
            leaf: work.leaf,
            conversation: self.root_of(work.leaf),
            state: work.state,
            queue: work.queue.clone(),
            channel: work.channel.clone(),
            endpoint: work.endpoint.clone(),
            brand: work.brand.clone(),
            turn_ours: work.ours_since.is_some(),
            opened_at: work.opened_at,
            waiting_since: work.ours_since,
            waited_ms: work.waited_ms,
            assignment: work.owner.map(|owner| owner.assignment),
            owner: work.owner.and_then(|owner| Some((owner.agent, self.agent_name(owner.agent)?.clone()))),
            last_customer_message: work.last_in,
            heard_as: work.heard_as(),
            reopen_until: None,
            disposition: work.disposition.clone(),
            key: work.is_queued().then_some(work.key),
            wrapup_until: work.wrapup_until,
            linked: self.known_links(work.id, work.linked()),
            merged_into: None,
            also_on: also_on(work.places_beside()),
            muted: work.silences(),
            passing: work.view_passing(|agent| self.agent_name(agent).cloned()),
            widening: work.view_widening(),
            marks: self.view_marks_of(work),
            credits: self.view_credits(work),
            effort: work.effort_entries(),
        }
    }

    /// A Work that was merged into another.
    fn view_merged(&self, id: WorkId) -> Option<WorkView> {
        let into = self.matters.merged_into(id)?;
        let brought = self.beside(into)?.brought.iter().find(|brought| brought.work.id == id)?;
        Some(WorkView { merged_into: Some(into), reopen_until: None, ..self.view_closed(&brought.work) })
    }

    /// What few Works have, of one that is open or can be reopened.
    pub(crate) fn beside(&self, id: WorkId) -> Option<&Beside> {
        match self.works.get(id) {
            Some(work) => work.beside.as_deref(),
            None => self.matters.of_closed(id),
        }
    }

    /// Links of a Work to those that are known still, whatever they were merged into.
    fn known_links(&self, id: WorkId, linked: &[WorkId]) -> Vec<WorkId> {
        let now = linked.iter().map(|&other| self.matters.merged_into(other).unwrap_or(other));
        let known = |other: &WorkId| self.works.contains(*other) || self.closed.get(*other).is_some();
        let mut links: Vec<WorkId> = now.filter(|other| *other != id && known(other)).collect();
        links.sort_unstable();
        links.dedup();
        links
    }

    fn view_closed(&self, work: &ClosedWork) -> WorkView {
        let name = |symbol| self.names.get(symbol).clone();
        WorkView {
            work: work.id,
            leaf: work.leaf,
            conversation: self.root_of(work.leaf),
            state: work.state(),
            queue: name(work.queue),
            channel: name(work.channel),
            endpoint: name(work.endpoint),
            brand: name(work.brand),
            turn_ours: false,
            opened_at: work.opened_at,
            waiting_since: None,
            waited_ms: u64::from(work.waited_ms),
            assignment: None,
            owner: None,
            last_customer_message: work.last_in(),
            heard_as: None,
            reopen_until: Some(work.reopen_until),
            disposition: name(work.disposition),
            key: None,
            wrapup_until: None,
            linked: self.beside(work.id).map(|beside| self.known_links(work.id, &beside.linked)).unwrap_or_default(),
            merged_into: None,
            also_on: self.beside(work.id).map(|beside| also_on(&beside.places)).unwrap_or_default(),
            muted: None,
            passing: PassingView::default(),
            widening: WideningView::default(),
            marks: self.view_closed_marks(work),
            credits: Vec::new(),
            effort: self.beside(work.id).and_then(Beside::effort).map(Effort::entries).unwrap_or_default(),
        }
    }

    fn view_agent(&self, agent: &Agent) -> AgentView {
        AgentView {
            agent: agent.id,
            name: agent.name.clone(),
            kind: agent.profile.kind,
            presence: agent.presence,
            reason: agent.reason.clone(),
            channels: agent.channels.clone(),
            capacity: agent.profile.capacity,
            load: agent.load(),
            session_epoch: agent.session.map(|session| session.epoch),
            session_opened_at: agent.session.map(|session| session.opened_at),
            connected: agent.is_connected(),
            offers: agent
                .offers
                .iter()
                .filter_map(|held| {
                    let work = self.works.get(held.work)?;
                    let offer = work.offers().find(|offer| offer.id == held.id)?;
                    Some(OfferView {
                        offer: held.id,
                        work: self.view_work(work),
                        expires_at: offer.expires_at,
                        cost: held.cost,
                        from: work.handover().and_then(|it| self.agent_name(it.from)).cloned(),
                        note: work.handover().and_then(|it| it.note.clone()).unwrap_or_default(),
                    })
                })
                .collect(),
            works: agent.works.iter().filter_map(|held| self.work(held.id)).collect(),
            joined: agent.joined.iter().filter_map(|id| self.work(*id)).collect(),
        }
    }

    /// The customer that a leaf belongs to now.
    pub(crate) fn root_of(&self, leaf: LeafId) -> RootId {
        self.leaves.root(leaf).unwrap_or(RootId(leaf.0))
    }
}

fn also_on(places: &[Place]) -> Vec<(Name, Name)> {
    places.iter().map(|place| (place.channel.clone(), place.endpoint.clone())).collect()
}
