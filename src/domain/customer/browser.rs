//! Who sits at a browser of the web chat (domain rules, section 4).
//!
//! A browser is its customer's while he is logged in there: another login ends the old link, so does a logout, and so do words that
//! come without the proof of a login from a browser that is one's by login. Each time the browser's address gets its next generation,
//! with a customer of its own until the next login: nobody sees there what was said before.
//!
//! What an anonymous visitor said is the customer's who logs in within the same sitting (see `sitting`): nobody else has come to
//! the machine meanwhile. Whoever logs in later begins anew, and the two are suggested to be one person, as they are after a logout.
//! Where several people have logged in the words between logins are SHARED, nobody's.
//!
//! How an adapter says so: it names the login beside the browser's id, with assurance LOGGED_IN, in every event of a person who is
//! logged in; a logout is an identity change of the browser's whose old address is the login and that has no new one.

use smallvec::SmallVec;

use super::resolve::{Address, Bond, Named};
use super::single::{Fit, Person, live_values};
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance};
use crate::domain::id::{LeafId, RootId};
use crate::domain::record::{Change, Evidence};
use crate::domain::workspace::Workspace;

/// Chooses the generation of the browser that words belong to: the first of `strong`. Gives the leaf of whoever sat there before, where
/// that may be the same person.
pub(super) fn settle(
    draft: &mut Draft<'_>,
    named: &Named<'_>,
    strong: &mut SmallVec<[Address; 2]>,
    weak: &[Address],
) -> Option<LeafId> {
    let person = Person::of_singles(draft, strong.as_slice());
    let browser = strong.first_mut()?;
    let before = draft.space.leaves.find(browser.hash);
    if !person.is_nobody() {
        let other = browser.leaf.filter(|&leaf| !goes_on(draft, named, leaf, browser, &person));
        let may_be_same = other.filter(|&leaf| may_go_on(draft, leaf, browser, &person));
        if let Some(leaf) = other {
            if may_be_same.is_none() {
                share_what_is_nobodys(draft, leaf, &person);
            }
            browser.pass_on(draft);
        }
        browser.shared = false;
        return may_be_same;
    }
    if browser.leaf.is_some_and(|leaf| named.wrote && is_over(draft, named, leaf, weak)) {
        browser.pass_on(draft);
    }
    if browser.leaf.is_some() {
        return None;
    }
    let users = before.map_or(0, |leaf| users(draft.space, leaf).len());
    browser.shared = users > 1;
    before.filter(|_| users == 1)
}

/// Whether an event ends the link of the browser that it names: the login that it is a customer's by has ended.
pub(super) fn logs_out(draft: &mut Draft<'_>, leaf: LeafId, login: Option<LeafId>) {
    let space = draft.space;
    let of_login = login.is_some_and(|login| space.root_of(login) == space.root_of(leaf));
    let stands = space.leaves.get(leaf).is_some_and(|browser| browser.kind == AddressKind::Web && !browser.ended);
    if of_login && stands {
        draft.push(Change::LinkEnded { leaf, successor: None, shared: false });
    }
}

/// Whether who is logged in now is the customer of the browser's generation, or becomes it.
fn goes_on(draft: &Draft<'_>, named: &Named<'_>, leaf: LeafId, browser: &Address, person: &Person) -> bool {
    let sits_there = || match draft.space.leaves.get(leaf).map(|leaf| leaf.evidence) {
        Some(Evidence::Login) => named.assurance >= Assurance::LoggedIn,
        _ => draft.space.people.sittings.stands(leaf, named.at, draft.now),
    };
    may_go_on(draft, leaf, browser, person) && (person.has(draft.space.root_of(leaf)) || sits_there())
}

/// Whether who is logged in now may be the customer of the browser's generation, as far as is known who has logged in there.
fn may_go_on(draft: &Draft<'_>, leaf: LeafId, browser: &Address, person: &Person) -> bool {
    let root = draft.space.root_of(leaf);
    if browser.shared || person.fit(draft, browser) != Fit::Joins {
        return false;
    }
    let by_others = || users(draft.space, leaf).into_iter().any(|user| !person.has(user) && user != root);
    person.has(root) || !by_others()
}

/// Marks the words of a visitor whom nobody can tell from the people who log in there.
fn share_what_is_nobodys(draft: &mut Draft<'_>, leaf: LeafId, person: &Person) {
    let Some(browser) = draft.space.leaves.get(leaf) else { return };
    let (root, status) = (browser.root, browser.status);
    let is_alone = draft.space.leaves_of(root).len() == 1;
    if is_alone && !browser.shared && !person.has(root) && live_values(draft.space, root).next().is_none() {
        draft.push(Change::IdentityMarked { leaf, status, shared: true });
    }
}

/// Whether what is said now is no longer said by whom the browser was linked to.
fn is_over(draft: &Draft<'_>, named: &Named<'_>, leaf: LeafId, weak: &[Address]) -> bool {
    let Some(browser) = draft.space.leaves.get(leaf) else { return false };
    if browser.shared || !named.says {
        return false;
    }
    let logged_out = browser.evidence == Evidence::Login && named.assurance < Assurance::LoggedIn;
    // A weak claim proves nobody, but that it is somebody else is reason enough to show him nothing.
    let somebody_else = || {
        let owner = Person::of(draft, browser.root);
        weak.iter().any(|claimed| claimed.bond == Bond::Weak && owner.fit(draft, claimed) == Fit::TwoValues)
    };
    logged_out || somebody_else()
}

/// Customers with a login or CRM id who had a browser, up to this generation.
fn users(space: &Workspace, leaf: LeafId) -> SmallVec<[RootId; 2]> {
    let mut users: SmallVec<[RootId; 2]> = SmallVec::new();
    for leaf in std::iter::once(leaf).chain(space.earlier(leaf)) {
        let root = space.root_of(leaf);
        if !users.contains(&root) && live_values(space, root).next().is_some() {
            users.push(root);
        }
    }
    users
}
