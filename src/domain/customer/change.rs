//! A person has another address now, or an address may be another person's: what a provider tells about it (domain rules, section 4).

use super::browser::logs_out;
use super::claims::is_of_several;
use super::resolve::{Address, Named, Opening, Who, open, open_beside, resolve};
use super::suggest;
use crate::domain::delivery::carry_refusals;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, Sender};
use crate::domain::id::LeafId;
use crate::domain::record::{Change, Evidence, SuggestionReason};

/// What was told: the address before, and the one now.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) old: Option<Sender>,
    pub(crate) new: Option<Sender>,
}

/// Whom it is about, and what becomes of the addresses. None: no address can be read.
///
/// Where the provider vouches, an address that nobody has is the customer's from now on, PROVISIONAL until it writes; one that
/// has a customer stays his, and nothing merges. The link of the old one ends: whoever writes from it next is somebody else until
/// proven, and so it does where no new address is told. What anybody could claim changes nothing, and a SHARED address, which has
/// nobody who could take it along, only begins anew. A login instead of an address is one at a browser, or the end of it (see `browser`).
pub(crate) fn changed(draft: &mut Draft<'_>, named: &Named<'_>, told: &Told) -> Option<Who> {
    let named = Named { wrote: false, ..*named };
    let Named { senders, assurance, endpoint, .. } = named;
    let is_single = |sender: &&Sender| draft.space.config().identity.is_single(sender.kind);
    if told.old.iter().chain(&told.new).any(|sender| is_single(&sender)) {
        return logged(draft, &named, told);
    }
    if assurance < Assurance::Platform {
        return resolve(draft, &named);
    }
    let find = |draft: &Draft<'_>, sender: &Sender| {
        let mut found = Address::look_up(draft.space, sender, &endpoint.scope)?;
        found.shared |= found.leaf.is_none() && is_of_several(draft.space, &found);
        Some(found)
    };
    let old = told.old.as_ref().and_then(|old| find(draft, old));
    let new = told.new.as_ref().and_then(|new| find(draft, new));
    let unchanged = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| old.hash == new.hash);
    let is_shared =
        |found: &Address| found.leaf.and_then(|leaf| draft.space.leaves.get(leaf)).is_some_and(|leaf| leaf.shared);
    if unchanged {
        return resolve(draft, &named);
    }
    if let Some(leaf) = old.as_ref().filter(|old| is_shared(old)).and_then(|old| old.leaf) {
        draft.push(Change::LinkEnded { leaf, successor: None, shared: false });
        return Some(Who { leaf, root: draft.root_of(leaf) });
    }

    // Whose address it was: the others that are named with it, but for those given up before.
    let is_new = |found: &Address| new.as_ref().is_some_and(|new| new.hash == found.hash);
    let mut was: Vec<Sender> = Vec::new();
    for sender in senders.iter().chain(&told.old) {
        let named = find(draft, sender).is_some_and(|found| !found.is_given_up() && !is_new(&found));
        if named && !was.contains(sender) {
            was.push(sender.clone());
        }
    }
    // A change is of one customer: whoever else is named with it is none of it, and nothing merges.
    let root_of = |sender: &Sender| find(draft, sender)?.leaf.map(|leaf| draft.root_of(leaf));
    let root = told.old.as_ref().and_then(root_of).or_else(|| was.iter().find_map(root_of));
    was.retain(|sender| root_of(sender).is_none_or(|other| Some(other) == root));
    // An address that changed hands before, told of again: the other one is whose it was, and its owner now has not moved.
    let old_known = old.as_ref().and_then(|old| old.leaf);
    let before = || old_known.into_iter().flat_map(|leaf| draft.space.earlier(leaf)).map(|leaf| draft.root_of(leaf));
    let theirs = new.as_ref().and_then(|new| new.leaf).map(|leaf| draft.root_of(leaf));
    let again = theirs.is_some_and(|theirs| Some(theirs) != root && before().any(|root| root == theirs));
    if was.is_empty() || again {
        // Told before: it is the new one's.
        let about = told.new.as_slice();
        return resolve(draft, &Named { senders: if about.is_empty() { senders } else { about }, ..named });
    }
    let who = resolve(draft, &Named { senders: &was, ..named })?;
    let known = old.as_ref().and_then(|old| old.leaf);
    let first = was.first().and_then(|first| find(draft, first));
    let is_first = || old.as_ref().zip(first).is_some_and(|(old, first)| old.hash == first.hash).then_some(who.leaf);
    let old_leaf = known.or_else(is_first);
    let Some(new) = new else {
        if let (Some(leaf), None) = (known, &told.new) {
            draft.push(Change::LinkEnded { leaf, successor: None, shared: false });
        }
        return Some(who);
    };
    // Of an address that is doubted, or had several customers, nobody knows who of them it is that gives it up: the new one begins anew.
    let doubted = |leaf: LeafId| {
        draft.space.leaves.get(leaf).is_some_and(|leaf| leaf.generation > 1 || leaf.may_be_anothers(draft.now))
    };
    let leaf_of = |sender: &Sender| find(draft, sender).and_then(|found| found.leaf);
    let unsure = old_leaf.is_some_and(doubted) && !was.iter().filter_map(leaf_of).any(|leaf| !doubted(leaf));
    let same_kind = old.as_ref().is_some_and(|old| old.kind == new.kind && old.scope == new.scope);
    let mut anothers = new.leaf;
    let successor = match anothers {
        // One that several had before is nobody's alone.
        None if unsure || new.shared => {
            // Nobody has it yet: it is known again when it writes, and by then the suggestion stands.
            let opening = Opening { assurance, wrote: false, evidence: Evidence::First };
            anothers = Some(open(draft, new, None, opening));
            None
        }
        // The provider says so; it has not written yet.
        None => {
            let opening = Opening { assurance, wrote: false, evidence: Evidence::SameEvent };
            Some(open_beside(draft, new, Some(who.root), opening, Some(who.leaf)))
        }
        Some(leaf) => Some(leaf).filter(|&leaf| draft.root_of(leaf) == who.root),
    };
    // Another kind of address beside the old one takes nothing from it.
    if let Some(leaf) = old_leaf.filter(|_| same_kind) {
        draft.push(Change::LinkEnded { leaf, successor, shared: false });
        if let Some(successor) = successor {
            carry_refusals(draft, leaf, successor);
        }
    }
    if let (Some(old), Some(anothers), None) = (old_leaf, anothers, successor) {
        suggest(draft, old, anothers, SuggestionReason::Moved);
    }
    Some(Who { leaf: successor.unwrap_or(who.leaf), root: who.root })
}

/// Somebody logged in at a browser, or out. Whoever was logged in is not there any longer, whoever says so: that shows nobody anything.
fn logged(draft: &mut Draft<'_>, named: &Named<'_>, told: &Told) -> Option<Who> {
    if let Some(login) = &told.new {
        let senders: Vec<Sender> = named.senders.iter().chain([login]).cloned().collect();
        return resolve(draft, &Named { senders: &senders, ..*named });
    }
    let look_up = |sender: &Sender| Address::look_up(draft.space, sender, &named.endpoint.scope);
    let browser = named.senders.iter().find_map(look_up)?;
    let login = told.old.as_ref().and_then(look_up).and_then(|login| login.leaf);
    // Told again, it is about who was there then, but for somebody who was erased since: of him nothing more is noted.
    let there = draft.space.leaves.find(browser.hash);
    let Some(leaf) = there.filter(|&leaf| draft.space.leaves.get(leaf).is_some_and(|leaf| !leaf.is_erased())) else {
        return resolve(draft, named);
    };
    logs_out(draft, leaf, login);
    Some(Who { leaf, root: draft.root_of(leaf) })
}
