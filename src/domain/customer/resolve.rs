//! Which customer wrote: from the addresses of an event to a leaf and its root, with what must be opened, linked or merged.
//!
//! What is said is filed under the first address that an event names, which is also answered. Strong evidence (see `claims`) makes its
//! further addresses one person's with it, at once; what would give that person two values of a single-valued kind makes the address in
//! common SHARED instead (see `shared`, `single`), and what an agent took apart stays apart. A doubted address (a number that was silent
//! for long, or was given up) proves nothing and merges nothing. Whoever writes from it has its next generation, with a customer of
//! his own and nothing of what was said before, PROVISIONAL; that he is whoever had it before is a suggestion. It stays his who had it
//! only where an address of his that is not doubted is named with it, and goes to whom a login or CRM id says that it is.
//!
//! Invariants: a customer has one live value of each single-valued kind; a SHARED address is its customer's only one; the worst error is
//! to make two people one, so what is not sure is a suggestion.

use smallvec::SmallVec;

use super::claims::{gather, suggest_weak};
use super::shared::{companions, share};
use super::single::live_leaves;
use super::suggestion::suggest;
use super::weigh::{Part, weigh};
use super::{NORMALISER_VERSION, address_hash, browser, contested, end_between, normalise};
use crate::domain::delivery::carry_refusals;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, Scope, Sender};
use crate::domain::id::{LeafId, Name, RootId};
use crate::domain::record::{
    Change, Evidence, IdentityOpened, IdentityStatus, PersonalValue, SuggestionEnd, SuggestionReason,
};
use crate::domain::time::Timestamp;
use crate::domain::workspace::{EndpointConfig, Workspace};

/// A further phone's last word is noted anew when the one before is older than this, days: half a year is told apart well enough, and
/// few records grow by it.
const HEARD_AGAIN_DAYS: u16 = 7;

/// Who wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Who {
    /// Leaf of the first address: what is said is filed there.
    pub(crate) leaf: LeafId,
    /// The customer.
    pub(crate) root: RootId,
}

/// Whom an event names, and what speaks for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'e> {
    /// The addresses of one person, the one that is answered first.
    pub(crate) senders: &'e [Sender],
    /// How sure it is who it was.
    pub(crate) assurance: Assurance,
    /// By which endpoint, with what that is trusted with.
    pub(crate) endpoint: &'e EndpointConfig,
    /// The person did it; it is not somebody who was written to.
    pub(crate) wrote: bool,
    /// The person said something by it.
    pub(crate) says: bool,
    /// It is told when it happens, not as history.
    pub(crate) live: bool,
    /// When it happened, where somebody says so whom the time can be believed.
    pub(crate) at: Option<Timestamp>,
}

/// How a further address of an event is bound to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// It is the first.
    First,
    /// The channel's provider pairs the two.
    Paired,
    /// A claim of an endpoint that is trusted with its kind.
    Claimed,
    /// Any other claim.
    Weak,
}

impl Bond {
    /// Whether a provider has both kinds for one account.
    pub(super) fn pairs(one: AddressKind, other: AddressKind) -> bool {
        use AddressKind::{Phone, Whatsapp};
        matches!((one, other), (Phone, Whatsapp) | (Whatsapp, Phone))
    }
}

/// An address as it is looked up.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) kind: AddressKind,
    pub(super) scope: Name,
    pub(super) text: Name,
    pub(super) hash: u128,
    /// Its current generation; none: nobody has it now.
    pub(super) leaf: Option<LeafId>,
    /// The generation that is opened for whoever has it next, where nobody has it now.
    pub(super) generation: u32,
    pub(super) bond: Bond,
    /// Several people use it.
    pub(super) shared: bool,
    /// Whoever had it was erased: nothing is known of it, and it begins anew.
    anew: bool,
    /// It may be somebody else's by now: it was silent for long, or its link has ended.
    pub(super) doubted: bool,
    /// Its leaf is of whoever had it when the event happened, which is told late.
    pub(super) past: bool,
}

/// What is known of an identity that is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) assurance: Assurance,
    /// It has itself written, with no doubt.
    pub(super) wrote: bool,
    pub(super) evidence: Evidence,
}

impl Address {
    /// Looks an address up; none: it cannot be read. Whether it is doubted or shared is for whoever asks, but for one that was
    /// SHARED when what was said from it was erased: it is the same phone or mailbox still.
    pub(super) fn look_up(space: &Workspace, sender: &Sender, namespace_scope: &str) -> Option<Self> {
        let (kind, text) = normalise(sender, space.config().default_country.as_deref())?;
        let scope = if kind.is_scoped() { Name::new(namespace_scope) } else { Name::default() };
        let hash = address_hash(space.hash_key(), kind, &scope, &text);
        let current = space.leaves.find(hash).and_then(|id| Some((id, space.leaves.get(id)?)));
        let anew = current.as_ref().is_some_and(|(_, leaf)| leaf.is_erased());
        let (leaf, generation) = match &current {
            None => (None, 1),
            // Whoever has it now is not known by what was before.
            Some((_, leaf)) if leaf.ended => (None, leaf.next_generation()),
            Some((id, leaf)) => (Some(*id), leaf.generation),
        };
        let shared = anew && current.is_some_and(|(_, leaf)| leaf.shared);
        let bond = Bond::First;
        Some(Self { kind, scope, text, hash, leaf, generation, anew, bond, shared, doubted: false, past: false })
    }

    /// The address of a leaf; none when it is erased.
    pub(super) fn of_leaf(space: &Workspace, id: LeafId) -> Option<Self> {
        let leaf = space.leaves.get(id)?;
        Some(Self {
            kind: leaf.kind,
            scope: space.names.get(leaf.namespace_scope).clone(),
            text: leaf.address.clone()?,
            hash: leaf.hash(),
            leaf: Some(id),
            generation: leaf.generation,
            anew: false,
            bond: Bond::Weak,
            shared: leaf.shared,
            doubted: false,
            past: false,
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its link has ended, and nobody has written from it since.
    pub(super) fn is_given_up(&self) -> bool {
        self.leaf.is_none() && self.generation > 1 && !self.anew
    }

    /// Whether several people used it before it was given up. At a browser each login tells them apart.
    pub(super) fn was_shared(&self, space: &Workspace) -> bool {
        let before = space.leaves.find(self.hash).and_then(|leaf| space.leaves.get(leaf));
        self.kind != AddressKind::Web && before.is_some_and(|leaf| leaf.shared)
    }

    /// Nobody has it any longer; whoever has it next gets its next generation.
    pub(super) fn next_generation(&mut self, space: &Workspace) {
        if let Some(leaf) = self.leaf.take().and_then(|leaf| space.leaves.get(leaf)) {
            self.generation = leaf.next_generation();
        }
    }

    /// The generation whose customer may still have it: its current one, or the one that was given up, unless that customer has
    /// another address of the kind instead.
    fn former(&self, space: &Workspace) -> Option<LeafId> {
        let has_another = |before: &LeafId| {
            let mut known = live_leaves(space, space.root_of(*before)).filter_map(|leaf| space.leaves.get(leaf));
            known.any(|leaf| leaf.kind == self.kind)
        };
        self.leaf.or_else(|| space.leaves.find(self.hash).filter(|before| !has_another(before)))
    }

    /// Ends the link of its current generation, if it has one: what is said from now on is somebody else's.
    pub(super) fn pass_on(&mut self, draft: &mut Draft<'_>) {
        if let Some(leaf) = self.leaf {
            draft.push(Change::LinkEnded { leaf, successor: None, shared: false });
            self.next_generation(draft.space);
        }
        self.doubted = false;
    }
}

/// Finds, opens and links the addresses of one person. None: no address can be read.
pub(crate) fn resolve(draft: &mut Draft<'_>, named: &Named<'_>) -> Option<Who> {
    let mut addresses = gather(draft, named);
    let first = addresses.first()?;
    if let Some(leaf) = first.leaf.filter(|_| first.past) {
        return Some(Who { leaf, root: draft.root_of(leaf) });
    }
    if addresses.len() == 1 && first.kind != AddressKind::Web {
        return addresses.pop().map(|address| alone(draft, named, address));
    }
    let (mut strong, weak): (SmallVec<[Address; 2]>, SmallVec<[Address; 2]>) =
        addresses.into_iter().partition(|address| address.bond != Bond::Weak);
    let before =
        if strong[0].kind == AddressKind::Web { browser::settle(draft, named, &mut strong, &weak) } else { None };
    let who = together(draft, named, strong);
    if let Some(before) = before {
        suggest(draft, who.leaf, before, SuggestionReason::SameBrowser);
    }
    if named.wrote {
        suggest_weak(draft, who, weak);
    }
    Some(who)
}

/// An address that nothing strong is named with.
fn alone(draft: &mut Draft<'_>, named: &Named<'_>, mut address: Address) -> Who {
    let doubted = address.doubted;
    if let Some(leaf) = address.leaf.filter(|_| !(doubted && named.wrote && named.live)) {
        // One that was in doubt from its first word on is no surer by another.
        let proven = draft.space.leaves.get(leaf).is_some_and(|known| !known.is_unproven());
        if named.wrote && !doubted && proven {
            verify(draft, leaf);
        }
        return Who { leaf, root: draft.root_of(leaf) };
    }
    let former = if doubted { address.former(draft.space) } else { None };
    address.pass_on(draft);
    let wrote = named.wrote && !doubted;
    let leaf = open(draft, address, None, Opening { assurance: named.assurance, wrote, evidence: Evidence::First });
    if let Some(former) = former {
        // It may be the same person, who may have asked to be left alone.
        suggest(draft, leaf, former, SuggestionReason::DoubtedAddress);
        carry_refusals(draft, former, leaf);
    }
    Who { leaf, root: draft.root_of(leaf) }
}

/// The first address, with those that strong evidence binds to it.
fn together(draft: &mut Draft<'_>, named: &Named<'_>, mut addresses: SmallVec<[Address; 2]>) -> Who {
    contested::settle(draft, named, &mut addresses);
    if addresses[0].shared {
        // The provider's account tells its members apart; what else is named with the number does not.
        match addresses.iter().position(|address| address.bond == Bond::Paired && !address.shared) {
            Some(at) => addresses.swap(0, at),
            None => return alone(draft, named, addresses.swap_remove(0)),
        }
        addresses[0].bond = Bond::First;
    }
    let shared: SmallVec<[LeafId; 2]> =
        addresses.iter().filter(|address| address.shared).filter_map(|address| address.leaf).collect();
    addresses.retain(|address| !address.shared);
    if addresses.len() == 1 && shared.is_empty() {
        return alone(draft, named, addresses.swap_remove(0));
    }
    let weighed = weigh(draft, named, addresses);
    let (mut common, mut members) = (SmallVec::<[Address; 2]>::new(), SmallVec::<[Address; 2]>::new());
    for (address, part) in weighed.addresses {
        match part {
            Part::Common => common.push(address),
            Part::Member => members.push(address),
            Part::Out => {}
        }
    }
    let opening = Opening { assurance: named.assurance, wrote: named.wrote, evidence: Evidence::First };
    let mut filed = None;
    let beside = common.iter().flat_map(|address| companions(draft, address));
    let beside: SmallVec<[Address; 1]> =
        beside.filter(|companion| common.iter().all(|address| address.hash != companion.hash)).collect();
    for companion in beside {
        share(draft, companion, Opening { wrote: false, ..opening });
    }
    for address in common {
        let itself = address.bond != Bond::Claimed;
        let leaf = share(draft, address, Opening { wrote: named.wrote && itself, ..opening });
        if itself {
            filed.get_or_insert(leaf);
        }
    }
    let person = join(draft, named, members);
    if let Some(person) = person {
        let earlier = shared.iter().flat_map(|&leaf| draft.space.earlier(leaf));
        let earlier: SmallVec<[LeafId; 2]> = earlier.collect();
        let of_shared = earlier.into_iter().map(|leaf| (leaf, SuggestionReason::SharedAddress));
        for (other, reason) in weighed.others.into_iter().chain(of_shared) {
            suggest(draft, person, other, reason);
        }
    }
    let leaf = filed.or(person).expect("what was written from is a member, or in common");
    Who { leaf, root: draft.root_of(leaf) }
}

/// Links and merges what is one person's. Gives the leaf of the first address; none without one.
fn join(draft: &mut Draft<'_>, named: &Named<'_>, members: SmallVec<[Address; 2]>) -> Option<LeafId> {
    let known = members.iter().find_map(|address| address.leaf);
    let evidence = evidence(&members);
    let root = merge(draft, &members, evidence);
    note_pair(draft, named, &members);
    let mut first = None;
    for address in members {
        let Address { leaf, bond, kind, .. } = address;
        let leaf = leaf.unwrap_or_else(|| {
            // A browser is its customer's by the login, whichever of the two came first.
            let linked =
                known.is_some() || first.is_some() || (kind == AddressKind::Web && evidence == Evidence::Login);
            let opening = Opening {
                assurance: named.assurance,
                wrote: named.wrote && is_proven(bond, kind),
                evidence: if linked { link(bond, kind, evidence) } else { Evidence::First },
            };
            let root = root.or_else(|| first.map(|leaf| draft.root_of(leaf)));
            open_beside(draft, address, root, opening, known.or(first).filter(|_| linked))
        });
        if named.wrote && draft.opened(leaf).is_none() && (first.is_none() || is_proven(bond, kind)) {
            verify(draft, leaf);
        }
        first.get_or_insert(leaf);
    }
    first
}

/// Whether an address of that kind and bond is proven by the event, not only claimed: who is known by a login or an id of ours never
/// writes from it.
fn is_proven(bond: Bond, kind: AddressKind) -> bool {
    matches!(bond, Bond::First | Bond::Paired) || matches!(kind, AddressKind::Login | AddressKind::Crm)
}

/// The surest evidence of what is joined.
fn evidence(members: &[Address]) -> Evidence {
    let has = |kind| members.iter().any(|address| address.kind == kind && address.bond == Bond::Claimed);
    if has(AddressKind::Login) {
        Evidence::Login
    } else if members.iter().any(|address| address.bond == Bond::Claimed) {
        Evidence::Claim
    } else {
        Evidence::SameEvent
    }
}

/// The evidence by which one address of it is linked.
fn link(bond: Bond, kind: AddressKind, of_all: Evidence) -> Evidence {
    match (bond, kind) {
        (Bond::Paired, _) => Evidence::SameEvent,
        (Bond::Claimed, AddressKind::Login) => Evidence::Login,
        (Bond::Claimed, _) => Evidence::Claim,
        (Bond::First | Bond::Weak, _) => of_all,
    }
}

/// Notes that a provider pairs two addresses that were known before, and that a further number's person was heard.
fn note_pair(draft: &mut Draft<'_>, named: &Named<'_>, members: &[Address]) {
    let Some((first, others)) = members.split_first() else { return };
    for other in others {
        let known = other.leaf.and_then(|id| Some((id, draft.space.leaves.get(id)?)));
        if let Some((leaf, known)) = &known
            && named.wrote
            && named.live
            && known.kind == AddressKind::Phone
            && known.was_heard_before(draft.now, HEARD_AGAIN_DAYS)
            && other.bond == Bond::Paired
        {
            draft.push(Change::Heard { leaf: *leaf });
        }
        let (Some((leaf, known)), Some(one)) = (known, first.leaf.and_then(|id| draft.space.leaves.get(id))) else {
            continue;
        };
        let noted = known.evidence == Evidence::SameEvent || one.evidence == Evidence::SameEvent;
        if other.bond == Bond::Paired && !noted {
            let (evidence, assurance) = (Evidence::SameEvent, named.assurance);
            draft.push(Change::Linked { leaf, evidence, assurance });
        }
    }
    // Whoever sits at the browser has logged in.
    if let Some((leaf, known)) = first.leaf.and_then(|id| Some((id, draft.space.leaves.get(id)?)))
        && first.kind == AddressKind::Web
        && known.evidence != Evidence::Login
        && evidence(members) == Evidence::Login
    {
        draft.push(Change::Linked { leaf, evidence: Evidence::Login, assurance: named.assurance });
    }
}

/// The leaf of an address, if its customer is known; nothing is opened.
pub(crate) fn known(space: &Workspace, sender: &Sender, namespace_scope: &str) -> Option<LeafId> {
    Address::look_up(space, sender, namespace_scope)?.leaf
}

/// The leaf of whoever an event is about, found as [`resolve`] finds it: by the first address that can be read; where nobody has that
/// yet, by the one that the channel's provider pairs with it. Nothing is opened.
pub(crate) fn known_person(
    space: &Workspace,
    senders: &[Sender],
    assurance: Assurance,
    namespace_scope: &str,
) -> Option<LeafId> {
    let mut looked_up = senders.iter().filter_map(|who| Address::look_up(space, who, namespace_scope));
    let first = looked_up.next()?;
    if first.leaf.is_some() || assurance < Assurance::Platform {
        return first.leaf;
    }
    let shared = |leaf: LeafId| space.leaves.get(leaf).is_some_and(|leaf| leaf.shared);
    let mut paired = looked_up.filter(|other| Bond::pairs(first.kind, other.kind)).filter_map(|other| other.leaf);
    paired.find(|&leaf| !shared(leaf))
}

/// Whoever was only written to has written now; or who was doubted is proven.
fn verify(draft: &mut Draft<'_>, id: LeafId) {
    if let Some(leaf) = draft.space.leaves.get(id)
        && leaf.status == IdentityStatus::Provisional
        && leaf.scope == Scope::Direct
    {
        let shared = leaf.shared;
        draft.push(Change::IdentityMarked { leaf: id, status: IdentityStatus::Verified, shared });
    }
}

/// Finds or opens the leaf of a group or public thread.
pub(crate) fn resolve_thread(draft: &mut Draft<'_>, endpoint: &Name, thread: &str, scope: Scope) -> Who {
    let namespace = Name::new(format!("thread:{endpoint}"));
    let hash = address_hash(draft.space.hash_key(), AddressKind::Web, &namespace, thread);
    if let Some(leaf) = draft.space.leaves.find(hash) {
        let root = draft.space.leaves.get(leaf).map_or(RootId(leaf.0), |found| found.root);
        return Who { leaf, root };
    }
    let leaf = draft.next_leaf();
    draft.with_content(leaf, PersonalValue::Address(Name::new(thread)));
    draft.push(Change::IdentityOpened(IdentityOpened {
        leaf,
        root: RootId(leaf.0),
        kind: AddressKind::Web,
        namespace_scope: namespace,
        scope,
        hash,
        generation: 1,
        normaliser: NORMALISER_VERSION,
        status: IdentityStatus::Provisional,
        shared: true,
        assurance: Assurance::Claimed,
        evidence: Evidence::First,
        beside: None,
    }));
    Who { leaf, root: RootId(leaf.0) }
}

/// Opens the next generation of an address; without a root for a customer of its own.
pub(super) fn open(draft: &mut Draft<'_>, address: Address, root: Option<RootId>, opening: Opening) -> LeafId {
    open_beside(draft, address, root, opening, None)
}

/// Opens the next generation of an address, which came with a leaf that its customer had already.
pub(super) fn open_beside(
    draft: &mut Draft<'_>,
    address: Address,
    root: Option<RootId>,
    opening: Opening,
    beside: Option<LeafId>,
) -> LeafId {
    let leaf = draft.next_leaf();
    // Who asked to be left alone, and was erased, is left alone: nothing else of them is known.
    let erased = if address.anew { draft.space.leaves.find(address.hash) } else { None };
    draft.with_content(leaf, PersonalValue::Address(address.text));
    draft.push(Change::IdentityOpened(IdentityOpened {
        leaf,
        root: root.unwrap_or(RootId(leaf.0)),
        kind: address.kind,
        namespace_scope: address.scope,
        scope: Scope::Direct,
        hash: address.hash,
        generation: address.generation,
        normaliser: NORMALISER_VERSION,
        status: if opening.wrote { IdentityStatus::Verified } else { IdentityStatus::Provisional },
        shared: address.shared,
        assurance: opening.assurance,
        evidence: opening.evidence,
        beside,
    }));
    if let Some(before) = erased {
        carry_refusals(draft, before, leaf);
    }
    leaf
}

/// Joins the customers of all known addresses; the oldest one's id stays. None: nobody is known.
fn merge(draft: &mut Draft<'_>, members: &[Address], evidence: Evidence) -> Option<RootId> {
    let leaves = &draft.space.leaves;
    let mut roots: SmallVec<[RootId; 4]> =
        members.iter().filter_map(|address| address.leaf.and_then(|leaf| leaves.root(leaf))).collect();
    roots.sort_unstable();
    roots.dedup();
    let (&winner, losers) = roots.split_first()?;
    if !losers.is_empty() {
        end_between(draft, &roots, SuggestionEnd::Merged);
    }
    for &loser in losers {
        super::merge::join(draft, winner, loser, evidence);
    }
    Some(winner)
}

impl AddressKind {
    /// Whether an address of the kind means something only within a portfolio, page or account.
    pub(crate) fn is_scoped(self) -> bool {
        matches!(self, Self::Whatsapp | Self::Messenger | Self::Instagram)
    }
}
