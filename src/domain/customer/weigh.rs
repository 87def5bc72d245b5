//! What the strong evidence of one event amounts to: which of its addresses are one person's, which are in common with somebody else,
//! and whom it nearly speaks for.
//!
//! In this order: an account of a provider is one person's number now; CRM ids and logins say who it is; a doubted address stays
//! where they say so, or goes to whoever writes now; then the addresses that were written from, as one account; then what is claimed besides. Each has to fit all that
//! was taken before it, so that no chain of addresses gives a person two values of a single-valued kind.

use smallvec::SmallVec;

use super::contested;
use super::resolve::{Address, Bond, Named, Opening};
use super::shared::share;
use super::single::{Fit, Person, live_leaves};
use crate::domain::draft::Draft;
use crate::domain::event::AddressKind;
use crate::domain::id::LeafId;
use crate::domain::record::{Evidence, SuggestionReason};

/// What becomes of an address of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One of the person's.
    Member,
    /// In common with somebody else: SHARED from now on.
    Common,
    /// No part of it: it stays what it is.
    Out,
}

/// An event, weighed.
#[derive(Debug, Default)]
pub(super) struct Weighed {
    /// The addresses in the event's order, that which is answered first.
    pub(super) addresses: SmallVec<[(Address, Part); 2]>,
    /// Leaves of other customers who may be this person, with what speaks for it.
    pub(super) others: SmallVec<[(LeafId, SuggestionReason); 2]>,
}

/// Weighs addresses of which none is SHARED, and at least one is there.
pub(super) fn weigh(draft: &mut Draft<'_>, named: &Named<'_>, mut addresses: SmallVec<[Address; 2]>) -> Weighed {
    let mut weighed = Weighed::default();
    one_number_an_account(draft, named, &mut addresses, &mut weighed);
    contested::note(draft, &addresses);
    let config = draft.space.config();
    let is_single = |address: &Address| config.identity.is_single(address.kind);
    let mut parts: SmallVec<[Option<Part>; 4]> = addresses.iter().map(|_| None).collect();

    // Who it is, if anything says so. Of two answers the address is in common.
    let mut person = Person::default();
    let mut contradicted = false;
    // A login was proven just now: it goes first.
    let by_proof = |at: &usize| addresses[*at].kind != AddressKind::Login;
    let mut singles: SmallVec<[usize; 2]> = (0..addresses.len()).filter(|&at| is_single(&addresses[at])).collect();
    singles.sort_by_key(by_proof);
    for at in singles {
        let fit = person.fit(draft, &addresses[at]);
        if fit == Fit::Joins {
            person.take(draft, &addresses[at]);
        } else {
            contradicted |= fit == Fit::TwoValues;
            weighed.others.extend(addresses[at].leaf.map(|leaf| (leaf, SuggestionReason::SharedAddress)));
        }
        parts[at] = Some(if fit == Fit::Joins { Part::Member } else { Part::Out });
    }
    settle_doubts(draft, &person, &mut addresses, &mut parts, &mut weighed);

    // What was written from: an account of a provider has one number, so both are one person's or both are in common.
    let account: SmallVec<[usize; 2]> =
        (0..addresses.len()).filter(|&at| parts[at].is_none() && addresses[at].bond != Bond::Claimed).collect();
    let with_account = |person: &Person| {
        let mut person = person.clone();
        let mut fits: SmallVec<[Fit; 2]> = SmallVec::new();
        for &at in &account {
            let fit = person.fit(draft, &addresses[at]);
            if fit == Fit::Joins {
                person.take(draft, &addresses[at]);
            }
            fits.push(fit);
        }
        (person, fits)
    };
    let (with, fits) = with_account(&person);
    let browser = addresses[0].kind == AddressKind::Web;
    if (contradicted && !browser) || fits.contains(&Fit::TwoValues) {
        for &at in &account {
            parts[at] = Some(Part::Common);
            weighed.others.extend(addresses[at].leaf.map(|leaf| (leaf, SuggestionReason::SharedAddress)));
        }
    } else {
        for (&at, fit) in account.iter().zip(&fits) {
            parts[at] = Some(if *fit == Fit::Joins { Part::Member } else { Part::Out });
        }
        // Taken apart by an agent: what is said stays with the address that it came from, whatever is claimed with it.
        let stays = |fit: Fit| matches!(fit, Fit::Parted | Fit::Contested);
        if account.first().zip(fits.first()).is_some_and(|(&at, fit)| at == 0 && stays(*fit)) {
            parts = addresses.iter().map(|_| Some(Part::Out)).collect();
            parts[0] = Some(Part::Member);
            let named = addresses.iter().filter_map(|address| address.leaf);
            weighed.others.extend(named.map(|leaf| (leaf, SuggestionReason::SharedAddress)));
        }
        person = with;
    }

    for at in 0..addresses.len() {
        if parts[at].is_some() {
            continue;
        }
        let fit = if person.is_nobody() { Fit::Parted } else { person.fit(draft, &addresses[at]) };
        if fit == Fit::Joins {
            person.take(draft, &addresses[at]);
        }
        if matches!(fit, Fit::TwoValues | Fit::Contested) {
            weighed.others.extend(addresses[at].leaf.map(|leaf| (leaf, SuggestionReason::SharedAddress)));
        }
        parts[at] = Some(match fit {
            Fit::Joins => Part::Member,
            Fit::TwoValues => Part::Common,
            Fit::Parted | Fit::Contested => Part::Out,
        });
    }
    weighed.addresses = addresses.into_iter().zip(parts.into_iter().map(|part| part.unwrap_or(Part::Out))).collect();
    weighed
}

/// An account of a provider has one number, and a number one account. Where the number's customer has another account there, the number
/// has changed hands or both use it, and which of them writes from it is not known: it is SHARED, and each is known by the account.
/// Only a number that may be another's already has changed hands.
fn one_number_an_account(
    draft: &mut Draft<'_>,
    named: &Named<'_>,
    addresses: &mut SmallVec<[Address; 2]>,
    weighed: &mut Weighed,
) {
    let place = |kind| {
        let of_account = |address: &Address| address.kind == kind && matches!(address.bond, Bond::First | Bond::Paired);
        addresses.iter().position(of_account)
    };
    let (Some(account), Some(number)) = (place(AddressKind::Whatsapp), place(AddressKind::Phone)) else { return };
    let Some(leaf) = addresses[number].leaf.filter(|_| !addresses[number].doubted) else { return };
    let space = draft.space;
    let holder = space.root_of(leaf);
    let owner = addresses[account].leaf.map(|leaf| space.root_of(leaf));
    let mut known = live_leaves(space, holder).filter_map(|leaf| space.leaves.get(leaf));
    let (scope, hash) = (addresses[account].scope.clone(), addresses[account].hash);
    let other_account = |known: &super::Leaf| {
        known.kind == AddressKind::Whatsapp && *space.names.get(known.namespace_scope) == scope && known.hash() != hash
    };
    if owner == Some(holder) || !known.any(|known| other_account(&known)) {
        return;
    }
    weighed.others.push((leaf, SuggestionReason::SharedAddress));
    // Who wrote from the number is answered at the account, wherever it stands in the event.
    addresses.swap(account, 0);
    let number = addresses.remove(if number == 0 { account } else { number });
    let opening = Opening { assurance: named.assurance, wrote: named.wrote, evidence: Evidence::First };
    share(draft, number, opening);
    addresses[0].bond = Bond::First;
}

/// Where a doubted address belongs: it stays with its customer where an address of his that is not doubted is named with it. Otherwise
/// somebody else has it now, who is whom the rest of the event says.
fn settle_doubts(
    draft: &mut Draft<'_>,
    person: &Person,
    addresses: &mut [Address],
    parts: &mut [Option<Part>],
    weighed: &mut Weighed,
) {
    if addresses.iter().all(|address| !address.doubted) {
        return;
    }
    let root = |draft: &Draft<'_>, address: &Address| address.leaf.map(|leaf| draft.space.root_of(leaf));
    let sure_of = |bond: fn(Bond) -> bool| {
        let mut sure = addresses.iter().filter(|address| !address.doubted && bond(address.bond));
        sure.find_map(|address| root(draft, address))
    };
    let by_claim = sure_of(|bond| bond == Bond::Claimed);
    let sure = sure_of(|bond| bond != Bond::Claimed);
    for (at, address) in addresses.iter_mut().enumerate() {
        if !address.doubted {
            continue;
        }
        let theirs = root(draft, address);
        let proven =
            theirs.is_some_and(|theirs| person.has(theirs) || by_claim == Some(theirs) || sure == Some(theirs));
        if proven {
            continue;
        }
        weighed.others.extend(address.leaf.map(|leaf| (leaf, SuggestionReason::DoubtedAddress)));
        match address.bond {
            // Somebody else writes from it now.
            Bond::First | Bond::Paired => address.pass_on(draft),
            Bond::Claimed | Bond::Weak => parts[at] = Some(Part::Out),
        }
    }
}
