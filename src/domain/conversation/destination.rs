//! Where a message would go if it were a matter of its own: asked once, and only if that decides anything.

use std::cell::OnceCell;

use crate::domain::content::Content;
use crate::domain::customer::Who;
use crate::domain::draft::Draft;
use crate::domain::event::InboundEvent;
use crate::domain::id::Name;
use crate::domain::record::MessageKind;
use crate::domain::routing::{Chosen, Told, choose};
use crate::domain::workspace::EndpointConfig;

/// Where a message would go.
#[derive(Debug)]
pub(crate) struct Destination<'e> {
    endpoint: Option<&'e EndpointConfig>,
    who: Who,
    event: &'e InboundEvent,
    kind: MessageKind,
    content: &'e Content,
    chosen: OnceCell<Option<Chosen>>,
}

impl<'e> Destination<'e> {
    /// `endpoint`: none where the configuration has it no longer.
    pub(super) fn of(
        endpoint: Option<&'e EndpointConfig>,
        who: Who,
        event: &'e InboundEvent,
        (kind, content): (MessageKind, &'e Content),
    ) -> Self {
        Self { endpoint, who, event, kind, content, chosen: OnceCell::new() }
    }

    /// The queue; none: nowhere.
    pub(super) fn queue(&self, draft: &Draft<'_>) -> Option<&Name> {
        self.chosen.get_or_init(|| self.choose(draft)).as_ref().map(|chosen| &chosen.queue)
    }

    /// Where; none: nowhere.
    pub(super) fn chosen(self, draft: &Draft<'_>) -> Option<Chosen> {
        self.queue(draft)?;
        self.chosen.into_inner().flatten()
    }

    fn choose(&self, draft: &Draft<'_>) -> Option<Chosen> {
        let (endpoint, space) = (self.endpoint?, draft.space);
        if space.rules.is_empty() {
            return Some(Chosen::by(endpoint));
        }
        let ended_lately = |work| space.closed.get(work).is_some_and(|closed| closed.reopen_until >= draft.now);
        let told = Told {
            kind: self.kind,
            scope: self.event.scope,
            assurance: self.event.assurance,
            content: self.content,
            locale: self.event.profile.as_ref().and_then(|profile| profile.locale.as_deref()),
            returning: draft.works_of(self.who.root).any(ended_lately),
        };
        let inputs = space.rules.known(draft, self.who.leaf, endpoint, space.rules.told(told));
        Some(choose(draft, endpoint, inputs))
    }
}
