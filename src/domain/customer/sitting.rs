//! Who still sits at a browser: when something was last said there that nobody is known by, until the visit ended.
//!
//! A sitting begins with the first word of the browser's generation, and goes on while no more than half an hour passes between
//! two. Once it is over, whoever speaks there later may be another one: the generation's words are no longer of one sitting.
//!
//! Known of the last half an hour only, so it is as large as what is said in that time, whatever the number of browsers.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::domain::event::AddressKind;
use crate::domain::id::LeafId;
use crate::domain::record::{Evidence, MessageKind, MessageStored};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;

/// Whoever logs in within so long of the last anonymous words said them: a visitor who is asked to log in finds his password in that
/// time, and web shops end a visit after it. Whoever comes later may be the next one at the machine.
const SITTING_MS: i64 = 30 * 60 * 1_000;

/// Browsers at which somebody sits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sittings {
    /// By generation: when the last words were noted, and said.
    last: BTreeMap<LeafId, (Timestamp, Timestamp)>,
    /// The same, oldest first.
    #[serde(skip)]
    order: VecDeque<(Timestamp, LeafId)>,
}

impl Sittings {
    /// As before, by what is kept of it.
    pub(crate) fn ordered(mut self) -> Self {
        let mut order: Vec<(Timestamp, LeafId)> = self.last.iter().map(|(leaf, (noted, _))| (*noted, *leaf)).collect();
        order.sort_unstable();
        self.order = order.into();
        self
    }

    fn goes_on(&mut self, leaf: LeafId, said: Timestamp, now: Timestamp) {
        self.last.insert(leaf, (now, said));
        self.order.push_back((now, leaf));
        while let Some(&(at, leaf)) = self.order.front().filter(|(at, _)| now.millis_since(*at) > SITTING_MS) {
            self.order.pop_front();
            if self.last.get(&leaf).is_some_and(|(last, _)| *last == at) {
                self.last.remove(&leaf);
            }
        }
    }

    /// Whether who logs in now, or did at a time that is told, sat there when the last words were said.
    pub(super) fn stands(&self, leaf: LeafId, at: Option<Timestamp>, now: Timestamp) -> bool {
        self.last.get(&leaf).is_some_and(|&(noted, said)| {
            now.millis_since(noted) <= SITTING_MS && at.is_none_or(|at| at.millis_since(said) <= SITTING_MS)
        })
    }
}

impl Workspace {
    /// Notes that a message came from whoever sits at a browser, or that the visit ended. To be called before the leaf is heard.
    pub(crate) fn sits(&mut self, message: &MessageStored, now: Timestamp) {
        let Some(leaf) = self.leaves.get(message.leaf) else { return };
        if leaf.kind != AddressKind::Web || leaf.evidence == Evidence::Login || !message.is_from_the_person() {
            return;
        }
        let said = message.provider_time.unwrap_or(now);
        let says = message.kind.is_said() || message.kind == MessageKind::Edit;
        let sittings = &mut self.people.sittings;
        if message.kind == MessageKind::VisitEnd {
            sittings.last.remove(&message.leaf);
        } else if leaf.is_unheard() || (says && sittings.stands(message.leaf, Some(said), now)) {
            // Who only opens the page begins a sitting, and goes on with nobody's.
            sittings.goes_on(message.leaf, said, now);
        }
    }
}
