//! Leaves: one generation of one identity, and what is filed under it. Held by the million: every byte counts here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::domain::event::{AddressKind, Assurance, Scope};
use crate::domain::growing::{Blocks, Places};
use crate::domain::id::{Index, LeafId, Name, RootId, WorkId};
use crate::domain::record::{Evidence, IdentityOpened, IdentityStatus};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Symbol;

/// A number that was silent for more days than this is doubted (domain rules, section 4). Whole days, so 180 have passed.
const SILENT_DAYS: u16 = 180;
const DAY_MS: i64 = 86_400_000;
/// Generations of an address that are looked at, newest first: whoever had it before has no part in what is decided now.
pub(super) const MAX_GENERATIONS: usize = 16;
/// How many earlier records a record names for each leaf that it touches.
const LINKS: usize = 8;

/// One generation of one identity.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// The customer that it belongs to now.
    pub(crate) root: RootId,
    pub(crate) generation: u32,
    pub(crate) namespace_scope: Symbol,
    pub(crate) kind: AddressKind,
    pub(crate) scope: Scope,
    pub(crate) status: IdentityStatus,
    pub(crate) shared: bool,
    /// Its link has ended: the address's next message opens the next generation.
    pub(crate) ended: bool,
    /// Day of the last message from it, since the Unix epoch; 0: none yet.
    heard: u16,
    /// Name that this identity told, and how sure it is; none once it is erased.
    pub(crate) shown: Option<Name>,
    pub(crate) shown_assurance: Assurance,
    /// Who said that it belongs to its customer, when it was opened.
    pub(crate) evidence: Evidence,
    /// How sure that was.
    pub(crate) assurance: Assurance,
    /// Normalised address; none once it is erased.
    pub(crate) address: Option<Name>,
    /// Works filed here that are open or can be reopened, oldest first.
    pub(crate) works: SmallVec<[WorkId; 2]>,
    /// Keyed hash, in halves: a leaf is aligned to 8 bytes, not 16.
    hash: [u64; 2],
    /// The last record that touches it; 0: none.
    last: u64,
    back: Distances,
}

impl Leaf {
    /// Indexes of the last records that touch it, newest first.
    pub(crate) fn previous(&self) -> SmallVec<[u64; 8]> {
        self.back.newest_first(self.last)
    }

    /// Whether its customer was erased: every other leaf has an address.
    pub(crate) fn is_erased(&self) -> bool {
        self.ended && self.address.is_none()
    }

    /// Generation of its address after this one.
    pub(crate) fn next_generation(&self) -> u32 {
        self.generation.saturating_add(1)
    }

    /// Keyed hash of its address.
    pub(crate) fn hash(&self) -> u128 {
        u128::from(self.hash[0]) << 64 | u128::from(self.hash[1])
    }

    /// Notes that its person wrote. What comes late for a link that has ended was said before.
    pub(crate) fn hear(&mut self, now: Timestamp) {
        if !self.ended {
            self.heard = day(now);
        }
    }

    /// Whether its person was last heard so many days ago, or never.
    pub(crate) fn was_heard_before(&self, now: Timestamp, days: u16) -> bool {
        day(now).saturating_sub(self.heard) >= days
    }

    /// Whether its person never wrote.
    pub(crate) fn is_unheard(&self) -> bool {
        self.heard == 0
    }

    /// Whether it is a number that was silent for so long that it may have another owner now.
    pub(crate) fn may_be_anothers(&self, now: Timestamp) -> bool {
        self.kind == AddressKind::Phone && self.heard != 0 && day(now).saturating_sub(self.heard) > SILENT_DAYS
    }

    /// Whether its first word came from an address that was somebody else's before: another word alone makes it no surer.
    pub(crate) fn is_unproven(&self) -> bool {
        self.status == IdentityStatus::Provisional && self.generation > 1
    }

    /// The last record that touches it.
    pub(crate) fn last(&self) -> Index {
        Index(self.last)
    }
}

/// The records before the last that touched a leaf, each by its distance from the one after it. Beside the index of the last, not
/// with it: so no byte of a leaf is lost to alignment.
#[derive(Clone, Copy, Debug, Default)]
struct Distances([u32; LINKS - 1]);

impl Distances {
    fn push(&mut self, last: u64, index: u64) {
        let distance = u32::try_from(index - last).unwrap_or(u32::MAX);
        self.0.copy_within(0..LINKS - 2, 1);
        self.0[0] = if last == 0 { 0 } else { distance };
    }

    fn newest_first(&self, last: u64) -> SmallVec<[u64; 8]> {
        let mut list = SmallVec::new();
        let mut at = last;
        if at == 0 {
            return list;
        }
        list.push(at);
        // A distance beyond 32 bits ends the list early: a page of history then takes one more read, from the oldest named.
        for &distance in self.0.iter().take_while(|&&distance| distance != 0 && distance != u32::MAX) {
            at -= u64::from(distance);
            list.push(at);
        }
        list
    }
}

/// What is known of addresses that had more than one generation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Generations {
    /// The generation before, of leaves that are not the first of their address.
    before: BTreeMap<LeafId, LeafId>,
    /// By which record, and when, an address was given up before anybody else wrote from it.
    given_up: BTreeMap<LeafId, (Index, Timestamp)>,
}

/// All leaves of a workspace, by number and by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaves {
    leaves: Blocks<Leaf>,
    /// Current generation of each address.
    by_hash: Places,
    generations: Generations,
    /// Endpoint by which each wrote last; of who never did, by which it was written to first. Beside the leaves: two bytes more would make eight of each.
    heard_by: Blocks<Symbol>,
}

/// A leaf as a snapshot holds it: a list, for names of fields would be most of what is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LeafRow(
    (RootId, u32, Symbol, AddressKind, Scope, IdentityStatus),
    (bool, bool, u16),
    (Option<Name>, Assurance, Evidence, Assurance, Option<Name>),
    SmallVec<[WorkId; 2]>,
    [u64; 2],
    (u64, [u32; LINKS - 1]),
    Symbol,
    /// Whether it is the current generation of its address.
    bool,
);

impl Leaves {
    /// All by number.
    pub(crate) fn rows(&self) -> impl Iterator<Item = LeafRow> {
        self.iter().map(|(id, leaf)| self.row(id, leaf.clone()))
    }

    fn row(&self, id: LeafId, leaf: Leaf) -> LeafRow {
        let current = self.by_hash.find(short(leaf.hash), |at| at == id.0).is_some();
        LeafRow(
            (leaf.root, leaf.generation, leaf.namespace_scope, leaf.kind, leaf.scope, leaf.status),
            (leaf.shared, leaf.ended, leaf.heard),
            (leaf.shown, leaf.shown_assurance, leaf.evidence, leaf.assurance, leaf.address),
            leaf.works,
            leaf.hash,
            (leaf.last, leaf.back.0),
            self.last_heard_by(id),
            current,
        )
    }

    /// Takes some back, behind those before.
    pub(crate) fn restore(&mut self, rows: Vec<LeafRow>) {
        for row in rows {
            let LeafRow(who, state, said, works, hash, (last, back), heard_by, current) = row;
            let (root, generation, namespace_scope, kind, scope, status) = who;
            let (shared, ended, heard) = state;
            let (shown, shown_assurance, evidence, assurance, address) = said;
            let at = self.next_id().0;
            self.heard_by.push(heard_by);
            self.leaves.push(Leaf {
                root,
                generation,
                namespace_scope,
                kind,
                scope,
                status,
                shared,
                ended,
                heard,
                shown,
                shown_assurance,
                evidence,
                assurance,
                address,
                works,
                hash,
                last,
                back: Distances(back),
            });
            if current {
                let leaves = &self.leaves;
                self.by_hash.insert(short(hash), at, |other| short(leaves[other as usize].hash));
            }
        }
    }

    /// What is known of addresses that had more than one generation.
    pub(crate) fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Takes that back.
    pub(crate) fn set_generations(&mut self, generations: Generations) {
        self.generations = generations;
    }

    /// Number of the leaf that is opened next.
    pub(crate) fn next_id(&self) -> LeafId {
        LeafId(
            u32::try_from(self.leaves.len())
                .expect("a workspace holds fewer than 2^32 identities: IdentityOpened is refused before"),
        )
    }

    pub(crate) fn len(&self) -> usize {
        self.leaves.len()
    }

    pub(crate) fn get(&self, id: LeafId) -> Option<&Leaf> {
        self.leaves.get(id.at())
    }

    pub(crate) fn get_mut(&mut self, id: LeafId) -> Option<&mut Leaf> {
        self.leaves.get_mut(id.at())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (LeafId, &Leaf)> {
        (0u32..).map(LeafId).zip(self.leaves.iter())
    }

    /// The current generation of an address.
    pub(crate) fn find(&self, hash: u128) -> Option<LeafId> {
        let hash = halves(hash);
        self.by_hash.find(short(hash), |at| self.leaves[at as usize].hash == hash).map(LeafId)
    }

    /// The generation of its address before a leaf's.
    pub(crate) fn before(&self, leaf: LeafId) -> Option<LeafId> {
        self.generations.before.get(&leaf).copied()
    }

    /// Opens a generation; it becomes the address's current one.
    pub(crate) fn open(
        &mut self,
        opened: &IdentityOpened,
        namespace_scope: Symbol,
        address: Option<Name>,
        (index, now): (Index, Timestamp),
    ) {
        // Named by the provider beside the account that its person wrote from.
        let heard = opened.evidence == Evidence::SameEvent && opened.status == IdentityStatus::Verified;
        let at = opened.leaf.0;
        let hash = halves(opened.hash);
        self.heard_by.push(Symbol::default());
        self.leaves.push(Leaf {
            root: opened.root,
            generation: opened.generation,
            namespace_scope,
            kind: opened.kind,
            scope: opened.scope,
            status: opened.status,
            shared: opened.shared,
            ended: false,
            heard: if heard { day(now) } else { 0 },
            shown: None,
            shown_assurance: Assurance::Claimed,
            evidence: opened.evidence,
            assurance: opened.assurance,
            address,
            works: SmallVec::new(),
            hash,
            last: 0,
            back: Distances::default(),
        });
        let leaves = &self.leaves;
        match self.by_hash.find_mut(short(hash), |other| leaves[other as usize].hash == hash) {
            Some(current) => {
                // Nobody told: it ended because somebody else wrote.
                if self.generations.given_up.get(&LeafId(*current)).is_some_and(|(by, _)| *by == index) {
                    self.generations.given_up.remove(&LeafId(*current));
                }
                self.generations.before.insert(opened.leaf, LeafId(*current));
                *current = at;
            }
            None => {
                self.by_hash.insert(short(hash), at, |other| short(leaves[other as usize].hash));
            }
        }
    }

    /// Keys a leaf by another address: it becomes that address's current generation. The generations before it go with it.
    pub(crate) fn rekey(
        &mut self,
        id: LeafId,
        (kind, hash, generation): (AddressKind, u128, u32),
        address: Option<Name>,
    ) {
        let Some(before) = self.leaves.get(id.at()).map(|leaf| leaf.hash) else { return };
        let hash = halves(hash);
        let leaves = &self.leaves;
        self.by_hash.remove(short(before), |at| at == id.0, |other| short(leaves[other as usize].hash));
        match self.by_hash.find_mut(short(hash), |other| leaves[other as usize].hash == hash) {
            Some(current) => *current = id.0,
            None => self.by_hash.insert(short(hash), id.0, |other| {
                // What is moved in the table has its hash before, or the new one.
                short(if other == id.0 { hash } else { leaves[other as usize].hash })
            }),
        }
        let mut next = Some(id);
        while let Some(at) = next {
            match self.leaves.get_mut(at.at()) {
                Some(leaf) if leaf.hash == before => leaf.hash = hash,
                _ => break,
            }
            next = self.generations.before.get(&at).copied();
        }
        if let Some(leaf) = self.leaves.get_mut(id.at()) {
            (leaf.kind, leaf.generation) = (kind, generation);
            leaf.hash = hash;
            leaf.address = address;
        }
    }

    /// Ends the link of a leaf; `given_up`: its customer has gone from the address.
    pub(crate) fn end(&mut self, id: LeafId, given_up: bool, at: (Index, Timestamp)) {
        if let Some(leaf) = self.leaves.get_mut(id.at()).filter(|leaf| !leaf.ended) {
            leaf.ended = true;
            if given_up {
                self.generations.given_up.insert(id, at);
            }
        }
    }

    /// The generation whose customer surely had an address at a time before now, where that is not its current one: he wrote from it
    /// later, or gave it up later. Nobody knows who of several used a SHARED address, or sat at a browser.
    pub(crate) fn had(&self, hash: u128, at: Timestamp) -> Option<LeafId> {
        let current = self.find(hash)?;
        let generations = std::iter::successors(Some(current), |&leaf| self.before(leaf)).take(MAX_GENERATIONS);
        let known = |id: &LeafId| self.get(*id).is_some_and(|leaf| !leaf.shared && !leaf.is_erased());
        let had = |id: &LeafId| {
            let leaf = self.get(*id).filter(|leaf| leaf.ended && leaf.kind != AddressKind::Web);
            leaf.is_some_and(|leaf| {
                day(at) <= leaf.heard || self.generations.given_up.get(id).is_some_and(|&(_, end)| at < end)
            })
        };
        generations.take_while(known).filter(had).last()
    }

    /// Whether its customer has gone from its address, and that was told.
    pub(crate) fn is_given_up(&self, leaf: LeafId) -> bool {
        self.generations.given_up.contains_key(&leaf)
    }

    /// Generations of an address that nobody was told the end of, newest first: whoever had them may be using it still, beside others.
    pub(crate) fn unannounced(&self, hash: u128) -> impl Iterator<Item = LeafId> {
        let generations = std::iter::successors(self.find(hash), |&leaf| self.before(leaf)).take(MAX_GENERATIONS);
        generations.take_while(|&leaf| !self.is_given_up(leaf))
    }

    /// Notes that its person wrote.
    pub(crate) fn hear(&mut self, id: LeafId, now: Timestamp) {
        if let Some(leaf) = self.leaves.get_mut(id.at()) {
            leaf.hear(now);
        }
    }

    /// Notes what speaks for its link now.
    pub(crate) fn prove(&mut self, id: LeafId, evidence: Evidence, assurance: Assurance) {
        if let Some(leaf) = self.leaves.get_mut(id.at()) {
            leaf.evidence = evidence;
            leaf.assurance = assurance;
        }
    }

    /// Notes by which endpoint it wrote last, or was written to first.
    pub(crate) fn heard_by(&mut self, id: LeafId, endpoint: Symbol) {
        if let Some(by) = self.heard_by.get_mut(id.at()) {
            *by = endpoint;
        }
    }

    /// Endpoint by which it wrote last, or was written to first; the empty name: nothing was said with it.
    pub(crate) fn last_heard_by(&self, id: LeafId) -> Symbol {
        self.heard_by.get(id.at()).copied().unwrap_or_default()
    }

    /// Notes that a record touches the leaf.
    pub(crate) fn touch(&mut self, id: LeafId, index: Index) {
        if let Some(leaf) = self.leaves.get_mut(id.at()) {
            leaf.back.push(leaf.last, index.0);
            leaf.last = index.0;
        }
    }
}

/// Day since the Unix epoch, from 1: two bytes reach to the year 2149.
fn day(at: Timestamp) -> u16 {
    u16::try_from((at.0 / DAY_MS).max(1)).unwrap_or(u16::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "two halves of 64 bits each")]
fn halves(hash: u128) -> [u64; 2] {
    [(hash >> 64) as u64, hash as u64]
}

/// The hash is keyed already: its low half spreads well enough.
fn short(hash: [u64; 2]) -> u64 {
    hash[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a leaf names that these records touch, in order.
    fn named(indexes: &[u64]) -> SmallVec<[u64; 8]> {
        let (mut last, mut back) = (0, Distances::default());
        for &index in indexes {
            back.push(last, index);
            last = index;
        }
        back.newest_first(last)
    }

    #[test]
    fn a_leaf_names_its_last_eight_records_newest_first() {
        assert!(named(&[]).is_empty());
        let last = named(&[3, 4, 10, 11, 12, 13, 50, 51, 52, 90]);
        assert_eq!(last.as_slice(), [90, 52, 51, 50, 13, 12, 11, 10]);
    }

    #[test]
    fn a_leaf_stays_small() {
        assert!(size_of::<Leaf>() <= 144, "{} bytes", size_of::<Leaf>());
    }

    #[test]
    fn links_too_far_apart_for_a_distance_end_the_list() {
        let far = 2 + u64::from(u32::MAX);
        assert_eq!(named(&[1, 2, far]).as_slice(), [far]);
    }
}
