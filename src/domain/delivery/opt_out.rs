//! Who does not want to be written to: per identity and purpose (domain rules, section 3).

use crate::domain::customer::carry_block;
use crate::domain::draft::Draft;
use crate::domain::growing::SortedMap;
use crate::domain::id::{LeafId, Name};
use crate::domain::record::{Change, OptNoted, OptSource, Purpose};
use crate::domain::workspace::Workspace;

/// What nobody asked for: refused wherever the wish was said.
const UNASKED: [Purpose; 3] = [Purpose::Proactive, Purpose::Marketing, Purpose::Survey];
/// Answers, and what skein itself has to say about them.
const ASKED: [Purpose; 2] = [Purpose::Service, Purpose::Notice];

/// The refusals of a workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct OptOuts {
    /// A bit for each purpose refused; none without one.
    refused: SortedMap<LeafId, u8>,
}

impl OptOuts {
    /// All of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, u8)> {
        self.refused.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, u8)>) {
        self.refused.restore(rows);
    }

    /// Notes that purposes are refused or allowed again.
    pub(crate) fn note(&mut self, leaf: LeafId, purposes: &[Purpose], refused: bool) {
        let mask = purposes.iter().fold(0, |mask, &each| mask | bit(each));
        let now = self.refused.or_default(leaf);
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
        ASKED.into_iter().chain(UNASKED).filter(move |&purpose| self.refuses(leaf, purpose))
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

/// What one identity refuses, another refuses too, and if it is blocked so is the other: the same address under another generation, or the one that takes its place.
pub(crate) fn carry_refusals(draft: &mut Draft<'_>, from: LeafId, to: LeafId) {
    let purposes: Vec<Purpose> = draft.space.opt_outs.of(from).collect();
    if !purposes.is_empty() {
        draft.push(Change::OptNoted(OptNoted { leaf: to, purposes, refused: true, source: OptSource::Provider }));
    }
    carry_block(draft, from, to);
}

/// Somebody opts out or in: what, how we know, and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opt {
    /// Out; otherwise in again.
    pub(crate) refused: bool,
    /// Of what; none: of being written to at all.
    pub(crate) purpose: Option<Purpose>,
    pub(crate) source: OptSource,
    /// By which channel. Answers are refused only where that is one whose answers a refusal reaches.
    pub(crate) channel: Name,
}

/// Notes it for an identity. Returns whether it was news.
pub(crate) fn note_opt(draft: &mut Draft<'_>, leaf: LeafId, opt: &Opt) -> bool {
    let Opt { refused, purpose, source, .. } = *opt;
    let asked = !refused || reaches_answers(draft.space, &opt.channel);
    let all = ASKED.into_iter().filter(|_| asked).chain(UNASKED);
    let meant = all.filter(|each| purpose.is_none_or(|purpose| purpose == *each));
    let news: Vec<Purpose> = meant.filter(|&each| draft.space.opt_outs.refuses(leaf, each) != refused).collect();
    if news.is_empty() {
        return false;
    }
    draft.push(Change::OptNoted(OptNoted { leaf, purposes: news, refused, source }));
    true
}

/// Whether an identity refuses all that nobody asked for.
pub(crate) fn has_refused(space: &Workspace, leaf: LeafId) -> bool {
    UNASKED.into_iter().all(|purpose| space.opt_outs.refuses(leaf, purpose))
}

/// Whether a message of a purpose may not go to an identity by a channel.
pub(super) fn is_refused(space: &Workspace, leaf: LeafId, purpose: Purpose, channel: &str) -> bool {
    let everywhere = UNASKED.contains(&purpose) || reaches_answers(space, channel);
    // What goes to an address that went on as SHARED is refused by whoever refuses there now, too.
    let refuses = |leaf| space.opt_outs.refuses(leaf, purpose);
    everywhere && (refuses(leaf) || space.goes_on_shared(leaf).is_some_and(refuses))
}

fn reaches_answers(space: &Workspace, channel: &str) -> bool {
    space.config().opt_out.refuses_service.iter().any(|of| of == channel)
}
