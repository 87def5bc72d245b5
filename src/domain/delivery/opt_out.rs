//! Who does not want to be written to: per identity and purpose (domain rules, section 3).

use std::collections::BTreeMap;

use crate::domain::draft::Draft;
use crate::domain::id::LeafId;
use crate::domain::record::{Change, OptSource, Purpose};
use crate::domain::workspace::Workspace;

/// All purposes, for "every kind of message".
const EVERY: [Purpose; 5] =
    [Purpose::Service, Purpose::Proactive, Purpose::Marketing, Purpose::Notice, Purpose::Survey];

/// The refusals of a workspace.
#[derive(Debug, Default)]
pub(crate) struct OptOuts {
    /// A bit for each purpose refused; none without one.
    refused: BTreeMap<LeafId, u8>,
}

impl OptOuts {
    /// Notes that one purpose, or without one every purpose, is refused or allowed again.
    pub(crate) fn note(&mut self, leaf: LeafId, purpose: Option<Purpose>, refused: bool) {
        let mask = purpose.map_or_else(|| EVERY.iter().fold(0, |mask, &each| mask | bit(each)), bit);
        let now = self.refused.entry(leaf).or_default();
        *now = if refused { *now | mask } else { *now & !mask };
        if *now == 0 {
            self.refused.remove(&leaf);
        }
    }

    /// Whether an identity refuses a purpose.
    pub(crate) fn refuses(&self, leaf: LeafId, purpose: Purpose) -> bool {
        self.refused.get(&leaf).is_some_and(|mask| mask & bit(purpose) != 0)
    }

    /// Purposes that an identity refuses.
    pub(crate) fn of(&self, leaf: LeafId) -> impl Iterator<Item = Purpose> {
        EVERY.into_iter().filter(move |&purpose| self.refuses(leaf, purpose))
    }
}

fn bit(purpose: Purpose) -> u8 {
    1 << match purpose {
        Purpose::Service => 0,
        Purpose::Proactive => 1,
        Purpose::Marketing => 2,
        Purpose::Notice => 3,
        Purpose::Survey => 4,
    }
}

/// Somebody refuses or allows a purpose, or every one; noted if it is news.
pub(crate) fn opt(draft: &mut Draft<'_>, leaf: LeafId, purpose: Option<Purpose>, refused: bool, source: OptSource) {
    let known = |each| draft.space.opt_outs.refuses(leaf, each) == refused;
    let news = match purpose {
        Some(purpose) => !known(purpose),
        None => !EVERY.into_iter().all(known),
    };
    if news {
        draft.push(Change::OptNoted { leaf, purpose, refused, source });
    }
}

/// Whether an identity refuses anything.
pub(crate) fn has_refused(space: &Workspace, leaf: LeafId) -> bool {
    space.opt_outs.of(leaf).next().is_some()
}

/// Whether a message of a purpose may not go to an identity by a channel. Answers, and what skein itself has to say about them, are
/// refused only where the configuration says so.
pub(super) fn is_refused(space: &Workspace, leaf: LeafId, purpose: Purpose, channel: &str) -> bool {
    let everywhere = match purpose {
        Purpose::Proactive | Purpose::Marketing | Purpose::Survey => true,
        Purpose::Service | Purpose::Notice => space.config().opt_out.refuses_service.iter().any(|of| of == channel),
    };
    everywhere && space.opt_outs.refuses(leaf, purpose)
}
