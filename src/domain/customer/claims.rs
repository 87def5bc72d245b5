//! Claims: the further addresses that an event names beside its first (domain rules, section 4), and how far each is believed.
//!
//! What the channel's provider pairs by itself (a WhatsApp user id and its phone number) is strong where the provider vouches for the
//! event; any other claim is strong only where the endpoint `trusts` its kind, a login besides only while its person is logged in.
//! Strong claims link and merge at once, whatever the assurance of the event: the operator vouches for the adapter. Weak ones suggest.

use smallvec::SmallVec;

use super::resolve::{Address, Bond, Named, Opening, Who, open};
use super::shared::is_role;
use super::single::{Fit, Person};
use super::suggestion::{is_known, suggest, takes};
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, Sender};
use crate::domain::record::{Evidence, SuggestionReason};
use crate::domain::workspace::Workspace;

/// Addresses of one event that are looked at: a person on one channel has no more, with what an adapter may know besides.
const MAX_SENDERS: usize = 8;

/// The addresses that an event names, each once, the one that is answered first. A login or CRM id is that only where it is believed:
/// else any adapter could write in the name of whoever it names, and read the answer. None: nobody is named who is believed.
pub(super) fn gather(draft: &Draft<'_>, named: &Named<'_>) -> SmallVec<[Address; 2]> {
    let mut found: SmallVec<[Address; 2]> = SmallVec::new();
    let is_first =
        |sender: &&Sender| !draft.space.config().identity.is_single(sender.kind) || is_believed(named, sender.kind);
    let (able, others): (SmallVec<[&Sender; 2]>, SmallVec<[&Sender; 2]>) =
        named.senders.iter().take(MAX_SENDERS).partition(is_first);
    let able = able.into_iter().map(|sender| (sender, true));
    for (sender, may_be_first) in able.chain(others.into_iter().map(|sender| (sender, false))) {
        if found.is_empty() && !may_be_first {
            break;
        }
        let Some(mut address) = Address::look_up(draft.space, sender, &named.endpoint.scope) else {
            continue;
        };
        if found.iter().any(|known| known.hash == address.hash) {
            continue;
        }
        // Told late, it says nothing of whoever has the address now.
        let told_late = named.at.filter(|_| address.generation > 1);
        if let Some(leaf) = told_late.and_then(|at| draft.space.leaves.had(address.hash, at)) {
            if !found.is_empty() {
                continue;
            }
            (address.leaf, address.past) = (Some(leaf), true);
            return SmallVec::from_iter([address]);
        }
        if let Some(first) = found.first() {
            address.bond = bond(named, &found, first.kind, address.kind);
        }
        let leaf = address.leaf.and_then(|leaf| draft.space.leaves.get(leaf));
        address.shared = match &leaf {
            Some(leaf) if leaf.shared => true,
            // Alone, one that was known before the list named it goes on as it is. It takes no part in any new evidence.
            Some(_) if address.bond == Bond::First && named.senders.len() == 1 => false,
            _ => address.shared || is_of_several(draft.space, &address),
        };
        let may_be_anothers = address.is_given_up()
            || leaf.as_ref().is_some_and(|leaf| leaf.may_be_anothers(named.at.unwrap_or(draft.now)));
        address.doubted = may_be_anothers && address.kind != AddressKind::Web;
        found.push(address);
    }
    found
}

/// Whether an address is one of several people for whoever has it next: a role's, or one that several had before, for who of them has
/// gone is not told.
pub(super) fn is_of_several(space: &Workspace, address: &Address) -> bool {
    (address.is_given_up() && address.was_shared(space)) || is_role(space, address.kind, address.text())
}

fn bond(named: &Named<'_>, found: &[Address], first: AddressKind, kind: AddressKind) -> Bond {
    let vouched = named.assurance >= Assurance::Platform;
    if vouched && Bond::pairs(first, kind) && found.iter().all(|other| other.bond != Bond::Paired) {
        return Bond::Paired;
    }
    if is_believed(named, kind) { Bond::Claimed } else { Bond::Weak }
}

/// Whether the endpoint is trusted with claims of that kind; a login besides only while its person is logged in.
fn is_believed(named: &Named<'_>, kind: AddressKind) -> bool {
    let proven = kind != AddressKind::Login || named.assurance >= Assurance::LoggedIn;
    proven && named.endpoint.trusts.contains(&kind)
}

/// Suggests that whoever wrote is whoever has the addresses that are claimed weakly. One that nobody has yet is opened with a customer
/// of its own, PROVISIONAL: nothing else would know it again when it writes, and by then the suggestion stands. That is done only while
/// the claimant has room for a suggestion, so that nobody fills the store by naming addresses.
pub(super) fn suggest_weak(draft: &mut Draft<'_>, who: Who, claimed: SmallVec<[Address; 2]>) {
    for address in claimed {
        if address.shared || address.is_given_up() || draft.is_shared(who.leaf) {
            continue;
        }
        let reason = if address.doubted { SuggestionReason::DoubtedAddress } else { SuggestionReason::Claim };
        // Two values of a single-valued kind are two people: an agent could only say no.
        let fit = Person::of(draft, who.root).fit(draft, &address);
        if !matches!(fit, Fit::Joins | Fit::Contested) || !takes(draft, who.root, reason) {
            continue;
        }
        let opening = Opening { assurance: Assurance::Claimed, wrote: false, evidence: Evidence::First };
        let other = match address.leaf {
            Some(leaf) if is_known(draft, who.leaf, leaf) => continue,
            Some(leaf) => leaf,
            None => open(draft, address, None, opening),
        };
        suggest(draft, who.leaf, other, reason);
    }
}
