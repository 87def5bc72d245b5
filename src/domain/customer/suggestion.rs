//! Suggestions: two customers who may be one person, for an agent to decide (domain rules, section 4).
//!
//! A pair is one of leaves, each of which stands for the customer that it belongs to at the time: merges and unmerges move nothing
//! here. Two customers are suggested at most once, whatever becomes of it, and a customer has at most [`MAX_OPEN`] open ones:
//! a stronger one takes the place of the weakest, and of equals the first stays. A SHARED address is nobody's, as is
//! one of somebody who was erased: neither is ever suggested to be somebody's.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use crate::domain::draft::Draft;
use crate::domain::event::Scope;
use crate::domain::growing::SortedMap;
use crate::domain::id::{LeafId, RootId};
use crate::domain::record::{Change, SuggestionEnd, SuggestionReason};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;

/// Open suggestions of one customer at most: an agent who sees more decides none.
pub(crate) const MAX_OPEN: usize = 3;

/// Two customers who may be one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Leaf of the customer who was asked for.
    pub one: LeafId,
    /// Leaf of the other customer.
    pub other: LeafId,
    /// What speaks for it.
    pub reason: SuggestionReason,
    /// Since when.
    pub since: Timestamp,
}

/// What is known of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    Open(SuggestionReason),
    /// Decided, or displaced: not suggested again.
    Closed,
    /// An agent took the two apart: no evidence joins them.
    Parted,
}

/// All pairs of a workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suggestions {
    /// Each pair in both directions.
    pairs: SortedMap<(LeafId, LeafId), (Standing, Timestamp)>,
    /// Addresses that evidence named, after an agent took them from a customer, with a leaf of his.
    claimed: SortedMap<(LeafId, LeafId), ()>,
}

/// How two leaves stand, and since when.
pub(crate) type PairRow = ((LeafId, LeafId), (Standing, Timestamp));

impl Suggestions {
    /// How pairs stand, each in both directions.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = PairRow> {
        self.pairs.rows()
    }

    /// Addresses that were named again.
    pub(crate) fn claimed(&self) -> impl Iterator<Item = (LeafId, LeafId)> {
        self.claimed.rows().map(|(pair, ())| pair)
    }

    /// Takes pairs back.
    pub(crate) fn restore_pairs(&mut self, rows: Vec<PairRow>) {
        self.pairs.restore(rows);
    }

    /// Takes such addresses back.
    pub(crate) fn restore_claimed(&mut self, rows: Vec<(LeafId, LeafId)>) {
        self.claimed.restore(rows.into_iter().map(|pair| (pair, ())).collect());
    }

    /// Notes a suggestion.
    pub(crate) fn note(&mut self, one: LeafId, other: LeafId, reason: SuggestionReason, now: Timestamp) {
        self.put(one, other, Standing::Open(reason), now);
    }

    /// Notes the end of one, or that two are known to be two.
    pub(crate) fn end(&mut self, one: LeafId, other: LeafId, end: SuggestionEnd, now: Timestamp) {
        match end {
            SuggestionEnd::ClaimedAgain => self.claimed.insert((one, other), ()).is_none(),
            // The agent decided anew.
            _ => self.claimed.remove(&(one, other)).is_some() | self.claimed.remove(&(other, one)).is_some(),
        };
        let standing = match end {
            SuggestionEnd::Parted | SuggestionEnd::ClaimedAgain => Standing::Parted,
            SuggestionEnd::Accepted
            | SuggestionEnd::Rejected
            | SuggestionEnd::Displaced
            | SuggestionEnd::Merged
            | SuggestionEnd::Erased => Standing::Closed,
        };
        self.put(one, other, standing, now);
    }

    fn put(&mut self, one: LeafId, other: LeafId, standing: Standing, now: Timestamp) {
        self.pairs.insert((one, other), (standing, now));
        self.pairs.insert((other, one), (standing, now));
    }

    /// With whom an address was named again after an agent took it from them.
    pub(super) fn claimants(&self, leaf: LeafId) -> impl Iterator<Item = LeafId> {
        of_leaf(&self.claimed, leaf).map(|(other, ())| other)
    }

    /// Whether any address has such claimants: few workspaces have one.
    pub(super) fn has_claimants(&self) -> bool {
        !self.claimed.is_empty()
    }

    fn of(&self, leaf: LeafId) -> impl Iterator<Item = (LeafId, Standing, Timestamp)> {
        of_leaf(&self.pairs, leaf).map(|(other, &(standing, since))| (other, standing, since))
    }
}

fn of_leaf<V>(pairs: &SortedMap<(LeafId, LeafId), V>, leaf: LeafId) -> impl Iterator<Item = (LeafId, &V)> {
    let from = pairs.at_or_after(&(leaf, LeafId(0))).take_while(move |((one, _), _)| *one == leaf);
    from.map(|(&(_, other), value)| (other, value))
}

impl Workspace {
    /// Open suggestions of a customer; the id of a merged one gives the winner's. `one` of each is this customer's leaf.
    pub fn suggestions_of(&self, root: RootId) -> impl Iterator<Item = Suggestion> {
        let root = self.resolve_root(root).unwrap_or(root);
        let pairs =
            self.leaves_of(root).into_iter().flat_map(|one| self.suggestions.of(one).map(move |pair| (one, pair)));
        pairs.filter_map(move |(one, (other, standing, since))| match standing {
            Standing::Open(reason) if self.root_of(other) != root => Some(Suggestion { one, other, reason, since }),
            Standing::Open(_) | Standing::Closed | Standing::Parted => None,
        })
    }

    /// Whether an agent took two customers apart: no evidence joins them, only an agent.
    pub(crate) fn are_parted(&self, one: RootId, other: RootId) -> bool {
        self.between(one, other).any(|standing| standing == Standing::Parted)
    }

    fn between(&self, one: RootId, other: RootId) -> impl Iterator<Item = Standing> {
        let pairs = self.leaves_of(one).into_iter().flat_map(|leaf| self.suggestions.of(leaf));
        pairs.filter(move |&(leaf, ..)| self.root_of(leaf) == other).map(|(_, standing, _)| standing)
    }
}

/// Suggests that two customers are one person, if that was never suggested and is not out of the question.
pub(crate) fn suggest(draft: &mut Draft<'_>, one: LeafId, other: LeafId, reason: SuggestionReason) {
    let roots = [draft.root_of(one), draft.root_of(other)];
    if roots[0] == roots[1] || is_nobodys(draft, one) || is_nobodys(draft, other) || is_known(draft, one, other) {
        return;
    }
    let mut displaced: SmallVec<[Suggestion; 2]> = SmallVec::new();
    for root in roots {
        match room(draft, root, reason) {
            Room::Free => {}
            Room::For(weakest) => displaced.push(weakest),
            Room::None => return,
        }
    }
    for Suggestion { one, other, .. } in displaced {
        draft.push(Change::SuggestionEnded { one, other, end: SuggestionEnd::Displaced });
    }
    draft.push(Change::Suggested { one, other, reason });
}

/// Whether a customer takes one more suggestion of that strength.
pub(super) fn takes(draft: &Draft<'_>, root: RootId, reason: SuggestionReason) -> bool {
    !matches!(room(draft, root, reason), Room::None)
}

/// Whether it was suggested before that the customers of two leaves are one, or decided that they are two.
pub(super) fn is_known(draft: &Draft<'_>, one: LeafId, other: LeafId) -> bool {
    let (one, other) = (draft.root_of(one), draft.root_of(other));
    let chosen = draft.changes().iter().any(|change| match change {
        Change::Suggested { one: a, other: b, .. } | Change::SuggestionEnded { one: a, other: b, .. } => {
            let pair = (draft.root_of(*a), draft.root_of(*b));
            pair == (one, other) || pair == (other, one)
        }
        _ => false,
    });
    let mut before = draft.group(one).flat_map(|one| draft.group(other).map(move |other| (one, other)));
    chosen || before.any(|(one, other)| draft.space.between(one, other).next().is_some())
}

/// Whether a leaf is of no person: SHARED, a thread, or of somebody who was erased.
fn is_nobodys(draft: &Draft<'_>, leaf: LeafId) -> bool {
    let known = draft.space.leaves.get(leaf);
    draft.is_shared(leaf) || known.is_some_and(|leaf| leaf.scope != Scope::Direct || leaf.is_erased())
}

/// What a customer's open suggestions leave room for.
enum Room {
    Free,
    /// For a stronger one, in the place of this.
    For(Suggestion),
    None,
}

fn room(draft: &Draft<'_>, root: RootId, reason: SuggestionReason) -> Room {
    let is_of = |leaf: &LeafId| draft.root_of(*leaf) == root;
    let (mut chosen, mut ended) = (0, SmallVec::<[(LeafId, LeafId); 2]>::new());
    for change in draft.changes() {
        match change {
            Change::Suggested { one, other, .. } if is_of(one) || is_of(other) => chosen += 1,
            Change::SuggestionEnded { one, other, .. } => ended.extend([(*one, *other), (*other, *one)]),
            _ => {}
        }
    }
    let known = draft.group(root).flat_map(|root| draft.space.suggestions_of(root));
    let open: SmallVec<[Suggestion; MAX_OPEN]> =
        known.filter(|known| !ended.contains(&(known.one, known.other))).collect();
    if open.len() + chosen < MAX_OPEN {
        return Room::Free;
    }
    // Of equals the last goes.
    match open.into_iter().min_by_key(|known| (known.reason, std::cmp::Reverse(known.since))) {
        Some(weakest) if weakest.reason < reason => Room::For(weakest),
        _ => Room::None,
    }
}

/// After customers became one, by `end`: ends what was suggested between them, what is suggested twice now, and what is too many.
/// To be called before the [`Change::Merged`] of the record is folded, with the customers as they were.
pub(crate) fn end_between(draft: &mut Draft<'_>, roots: &[RootId], end: SuggestionEnd) {
    let mut open: Vec<Suggestion> = roots.iter().flat_map(|&root| draft.space.suggestions_of(root)).collect();
    open.sort_by_key(|known| (std::cmp::Reverse(known.reason), known.since, known.one, known.other));
    let mut kept: SmallVec<[RootId; MAX_OPEN]> = SmallVec::new();
    for Suggestion { one, other, .. } in open {
        let root = draft.space.root_of(other);
        if roots.contains(&root) {
            // Each of the two customers names it: once is enough.
            if one < other {
                draft.push(Change::SuggestionEnded { one, other, end });
            }
        } else if kept.len() == MAX_OPEN || kept.contains(&root) {
            draft.push(Change::SuggestionEnded { one, other, end: SuggestionEnd::Displaced });
        } else {
            kept.push(root);
        }
    }
}
