//! Whom it concerns what is told live and never recorded: that somebody is typing, on either side.

use super::{AgentKind, Workspace};
use crate::domain::customer::known_person;
use crate::domain::event::{InboundEvent, Scope};
use crate::domain::id::{Name, WorkId};
use crate::domain::record::Author;
use crate::domain::view::{AnswerAddress, TypedTo};

impl Workspace {
    /// The owned Works that words of the event's author by this endpoint would go to now, with their owners. Of a group there are
    /// none: what a member types is not said to us.
    #[must_use]
    pub fn typed_to(&self, channel: &str, endpoint: &str, event: &InboundEvent) -> Vec<TypedTo> {
        if event.scope != Scope::Direct {
            return Vec::new();
        }
        let Some(config) = self.config().endpoint(channel, endpoint) else {
            return Vec::new();
        };
        let leaf = known_person(self, &event.senders, event.assurance, &config.scope);
        let Some(root) = leaf.and_then(|leaf| self.leaves.root(leaf)) else {
            return Vec::new();
        };
        let works = self.works_of(root).filter_map(|id| self.works.get(id));
        works
            .filter(|work| {
                let answered_here = work.answer_to.as_ref().is_some_and(|(_, answered)| answered == endpoint);
                answered_here || work.place_of(channel, endpoint).is_some()
            })
            .filter_map(|work| Some(TypedTo { work: work.id, conversation: root, owner: work.owner?.agent }))
            .collect()
    }

    /// Where an answer in a Work goes now; none without anybody who may speak in it, or without an address to answer to.
    #[must_use]
    pub fn answer_address(&self, work: WorkId) -> Option<AnswerAddress> {
        let work = self.works.get(work)?;
        let speakers = work.speakers().filter_map(|id| self.agents.get(id.at())).map(|agent| {
            let author = match agent.profile.kind {
                AgentKind::Human => Author::Agent(agent.id),
                AgentKind::Bot => Author::Bot(agent.id),
            };
            (agent.name.clone(), author)
        });
        let speakers: Vec<(Name, Author)> = speakers.collect();
        let (leaf, endpoint) = work.answer_to.as_ref()?;
        let leaf = self.leaves.get(*leaf)?;
        let config = self.config().endpoints.iter().find(|config| config.name == *endpoint)?;
        Some(AnswerAddress {
            author: speakers.first()?.1,
            speakers,
            channel: config.channel.clone(),
            endpoint: config.name.clone(),
            scope: leaf.scope,
            address: leaf.address.clone()?,
            thread: work.thread.clone(),
        })
    }
}
