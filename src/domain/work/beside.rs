//! What few Works have: other endpoints that the matter is spoken on, Works that it is linked to, and what merges and splits made of
//! it. Boxed, so that the many others pay a pointer for it.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::automation::Automation;
use super::bots::Bots;
use super::effort::Effort;
use super::notice::Notices;
use super::open::MailThread;
use super::{ClosedWork, Work};
use crate::domain::id::{MessageId, Name, WorkId};
use crate::domain::marks::{Filed, Priority};

/// Places beside its own that a Work knows at most: more endpoints than a customer of one brand writes to.
const MAX_PLACES: usize = 32;
/// Works that one is linked to at most.
const MAX_LINKED: usize = 32;

/// Works that are merged into one at most: each is remembered with its messages, and the Work is copied with them.
const MAX_BROUGHT: usize = 32;

/// Where a matter is spoken on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    /// Queue that the endpoint led to: its targets count too.
    pub(crate) queue: Name,
}

/// A Work that was merged into another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Brought {
    /// As it was.
    pub(crate) work: ClosedWork,
    /// Messages that came with it, as far as they were kept apart.
    pub(crate) messages: Vec<MessageId>,
}

/// What few Works have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Beside {
    /// Where it is spoken on beside its own endpoint.
    pub(crate) places: SmallVec<[Place; 1]>,
    /// Works that were open in the Conversation when this or the other was opened.
    pub(crate) linked: SmallVec<[WorkId; 2]>,
    /// Works that were merged into it.
    pub(crate) brought: Vec<Brought>,
    /// Messages that a split took to it from the Work they were stored in.
    pub(crate) moved: Vec<MessageId>,
    /// Mails of each identity, the latest last, once several have some: what stays when they are parted.
    pub(crate) mails: Vec<MailThread>,
    /// What programs of ours did in it.
    pub(super) automation: Option<Box<Automation>>,
    /// What programs and people have passed between them in it.
    pub(super) bots: Option<Box<Bots>>,
    /// What agents noted of it.
    pub(crate) marks: Filed,
    /// That it is urgent.
    pub(super) priority: Option<Box<Priority>>,
    /// What its customer was told by itself.
    pub(super) notices: Option<Box<Notices>>,
    /// What its customer went through.
    pub(super) effort: Option<Box<Effort>>,
    /// It was split, or split off: another Work may stand beside it on its endpoint.
    pub(crate) split: bool,
}

impl Beside {
    /// What it keeps while it is closed: of what programs did, that it is for people, and how often it went between them.
    pub(crate) fn closed(mut self: Box<Self>) -> Option<Box<Self>> {
        // As the thread that is answered: it begins anew.
        self.mails.clear();
        self.close_bots();
        self.rest_notices();
        (*self != Self::default()).then_some(self)
    }

    /// Number of a place, which is added when it is new. Beyond the limit it is taken for the Work's own.
    pub(crate) fn place(&mut self, place: Place) -> u8 {
        let same = |known: &Place| known.endpoint == place.endpoint && known.channel == place.channel;
        let at = match self.places.iter().position(same) {
            Some(at) => at,
            None if self.places.len() == MAX_PLACES => return 0,
            None => {
                self.places.push(place);
                self.places.len() - 1
            }
        };
        u8::try_from(at + 1).expect("there are at most 32 places")
    }

    pub(crate) fn link(&mut self, work: WorkId) {
        if !self.linked.contains(&work) && self.linked.len() < MAX_LINKED {
            self.linked.push(work);
        }
    }
}

impl Work {
    /// Whether another Work can be merged into it, with what was merged into that.
    pub(crate) fn has_room_for(&self, other: &Self) -> bool {
        let brought = |work: &Self| work.beside.as_ref().map_or(0, |beside| beside.brought.len());
        brought(self) + brought(other) < MAX_BROUGHT
    }
}
