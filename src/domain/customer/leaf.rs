//! Leaves: one generation of one identity, and what is filed under it. Held by the million, hence packed (`packed`, `row`).

use smallvec::SmallVec;

use super::packed::{BadLeaves, Packed, PackedLeaves};
use crate::domain::event::{AddressKind, Assurance, Scope};
use crate::domain::growing::{Places, SortedMap};
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
pub(super) const LINKS: usize = 8;

/// One generation of one identity. What is held of it is packed (`row`).
#[derive(Clone, Debug, PartialEq)]
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
    /// Whether it is the current generation of its address.
    pub(super) current: bool,
    /// Day of the last message from it, since the Unix epoch; 0: none yet.
    pub(super) heard: u16,
    /// Endpoint by which it wrote last; of who never did, by which it was written to first; the empty name: nothing was said with it.
    pub(crate) heard_by: Symbol,
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
    /// Keyed hash of its address, in halves.
    pub(super) hash: [u64; 2],
    /// The leaf behind it in its customer's list; that list begins with the leaf that names the customer, or is kept apart (`joined`).
    pub(super) next: Option<LeafId>,
    /// The last record that touches it; 0: none.
    pub(super) last: u64,
    pub(super) back: Distances,
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

    /// Whether it is the current generation of its address.
    pub(crate) fn is_current(&self) -> bool {
        self.current
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

/// The records before the last that touched a leaf, each by its distance from the one after it; 0: no more.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Distances(pub(super) [u32; LINKS - 1]);

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
#[derive(Clone, Debug, Default)]
struct Generations {
    /// The generation before, of leaves that are not the first of their address.
    before: SortedMap<LeafId, LeafId>,
    /// By which record, and when, an address was given up before anybody else wrote from it.
    given_up: SortedMap<LeafId, (Index, Timestamp)>,
}

/// By which record an address was given up, and when.
pub(crate) type GivenUpRow = (LeafId, (Index, Timestamp));

/// All leaves of a workspace, by number and by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaves {
    packed: Packed,
    /// Current generation of each address.
    by_hash: Places,
    generations: Generations,
}

impl Leaves {
    /// Packs what the record changed that is noted now.
    pub(crate) fn pack(&mut self) {
        self.packed.pack();
    }

    /// All in pieces, in their order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = PackedLeaves> {
        self.packed.pieces()
    }

    /// Takes some back, behind those before.
    ///
    /// # Errors
    /// When this build cannot read them.
    pub(crate) fn restore(&mut self, leaves: PackedLeaves) -> Result<(), BadLeaves> {
        for (at, hash) in self.packed.take(leaves)? {
            self.by_hash.insert(short(hash), at, hash_in(&self.packed));
        }
        Ok(())
    }

    /// Leaves that are not the first of their address, each with the one before.
    pub(crate) fn generations(&self) -> impl Iterator<Item = (LeafId, LeafId)> {
        self.generations.before.rows()
    }

    /// Takes some of that back.
    pub(crate) fn restore_generations(&mut self, rows: Vec<(LeafId, LeafId)>) {
        self.generations.before.restore(rows);
    }

    /// Addresses that were given up.
    pub(crate) fn given_up(&self) -> impl Iterator<Item = GivenUpRow> {
        self.generations.given_up.rows()
    }

    /// Takes some of that back.
    pub(crate) fn restore_given_up(&mut self, rows: Vec<GivenUpRow>) {
        self.generations.given_up.restore(rows);
    }

    /// Number of the leaf that is opened next.
    pub(crate) fn next_id(&self) -> LeafId {
        self.packed.next_id()
    }

    pub(crate) fn len(&self) -> usize {
        self.packed.len()
    }

    pub(crate) fn get(&self, id: LeafId) -> Option<Leaf> {
        self.packed.get(id)
    }

    /// The customer that a leaf belongs to.
    pub(crate) fn root(&self, id: LeafId) -> Option<RootId> {
        self.packed.root(id)
    }

    /// The leaf behind one in its customer's list.
    pub(super) fn next(&self, id: LeafId) -> Option<LeafId> {
        self.packed.next(id)
    }

    /// Puts another leaf, or none, behind one in its customer's list.
    pub(super) fn set_next(&mut self, id: LeafId, next: Option<LeafId>) {
        if self.next(id) != next
            && let Some(leaf) = self.packed.get_mut(id)
        {
            leaf.next = next;
        }
    }

    pub(crate) fn get_mut(&mut self, id: LeafId) -> Option<&mut Leaf> {
        self.packed.get_mut(id)
    }

    /// All by number, from one on.
    pub(crate) fn iter(&self, from: LeafId) -> impl Iterator<Item = (LeafId, Leaf)> {
        (from.0..self.next_id().0).map(LeafId).filter_map(|id| Some((id, self.get(id)?)))
    }

    /// The current generation of an address.
    pub(crate) fn find(&self, hash: u128) -> Option<LeafId> {
        let hash = Some(halves(hash));
        self.by_hash.find(short(hash?), |at| self.packed.hash(at) == hash).map(LeafId)
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
        self.packed.push(Leaf {
            root: opened.root,
            generation: opened.generation,
            namespace_scope,
            kind: opened.kind,
            scope: opened.scope,
            status: opened.status,
            shared: opened.shared,
            ended: false,
            current: true,
            heard: if heard { day(now) } else { 0 },
            heard_by: Symbol::default(),
            shown: None,
            shown_assurance: Assurance::Claimed,
            evidence: opened.evidence,
            assurance: opened.assurance,
            address,
            works: SmallVec::new(),
            hash,
            next: None,
            last: 0,
            back: Distances::default(),
        });
        if let Some(before) = self.make_current(hash, at) {
            // Nobody told: it ended because somebody else wrote.
            if self.generations.given_up.get(&before).is_some_and(|(by, _)| *by == index) {
                self.generations.given_up.remove(&before);
            }
            self.generations.before.insert(opened.leaf, before);
        }
    }

    /// Makes a leaf the current generation of its address; the one before, if there was one.
    fn make_current(&mut self, hash: [u64; 2], at: u32) -> Option<LeafId> {
        let packed = &self.packed;
        let Some(current) = self.by_hash.find_mut(short(hash), |other| packed.hash(other) == Some(hash)) else {
            self.by_hash.insert(short(hash), at, hash_in(packed));
            return None;
        };
        let before = LeafId(std::mem::replace(current, at));
        if let Some(leaf) = self.packed.get_mut(before) {
            leaf.current = false;
        }
        Some(before)
    }

    /// Keys a leaf by another address: it becomes that address's current generation. The generations before it go with it.
    pub(crate) fn rekey(
        &mut self,
        id: LeafId,
        (kind, hash, generation): (AddressKind, u128, u32),
        address: Option<Name>,
    ) {
        let Some(before) = self.packed.hash(id.0) else { return };
        let hash = halves(hash);
        self.by_hash.remove(short(before), |at| at == id.0, hash_in(&self.packed));
        self.make_current(hash, id.0);
        let mut next = Some(id);
        while let Some(at) = next {
            match self.packed.get_mut(at) {
                Some(leaf) if leaf.hash == before => leaf.hash = hash,
                _ => break,
            }
            next = self.generations.before.get(&at).copied();
        }
        if let Some(leaf) = self.packed.get_mut(id) {
            (leaf.kind, leaf.generation) = (kind, generation);
            leaf.hash = hash;
            leaf.current = true;
            leaf.address = address;
        }
    }

    /// Ends the link of a leaf; `given_up`: its customer has gone from the address.
    pub(crate) fn end(&mut self, id: LeafId, given_up: bool, at: (Index, Timestamp)) {
        if let Some(leaf) = self.packed.get_mut(id).filter(|leaf| !leaf.ended) {
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
        if let Some(leaf) = self.packed.get_mut(id) {
            leaf.hear(now);
        }
    }

    /// Notes what speaks for its link now.
    pub(crate) fn prove(&mut self, id: LeafId, evidence: Evidence, assurance: Assurance) {
        if let Some(leaf) = self.packed.get_mut(id) {
            leaf.evidence = evidence;
            leaf.assurance = assurance;
        }
    }

    /// Notes by which endpoint it wrote last, or was written to first.
    pub(crate) fn heard_by(&mut self, id: LeafId, endpoint: Symbol) {
        if let Some(leaf) = self.packed.get_mut(id) {
            leaf.heard_by = endpoint;
        }
    }

    /// Notes that a record touches the leaf.
    pub(crate) fn touch(&mut self, id: LeafId, index: Index) {
        if let Some(leaf) = self.packed.get_mut(id) {
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

/// That of each leaf, by its number.
fn hash_in(packed: &Packed) -> impl Fn(u32) -> u64 {
    |at| short(packed.hash(at).expect("only leaves that are there have a place"))
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
    fn links_too_far_apart_for_a_distance_end_the_list() {
        let far = 2 + u64::from(u32::MAX);
        assert_eq!(named(&[1, 2, far]).as_slice(), [far]);
    }
}
