//! Summaries and tags, as agents write them.
//!
//! A customer's are filed under one identity, as facts are; a Work's under its own. What is removed is removed wherever it is filed, by
//! a change of its own for each leaf: so the state is the same once one of them has no key any more.

use smallvec::SmallVec;

use super::kept::Summary;
use super::run::Place;
use super::{About, Filed, Marks};
use crate::domain::customer::filed_under;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, LeafId, Name, WorkId};
use crate::domain::record::{Change, PersonalValue, SummarySet, Tagged, Tags};
use crate::domain::rejection::Rejection;
use crate::domain::work::known;

/// Longest summary, bytes: a page. It goes with every offer of its Work.
const MAX_SUMMARY_BYTES: usize = 4_096;
/// Tags of a Work or customer at most: what an agent sees at a glance.
const MAX_TAGS: usize = 16;
/// Longest tag, bytes: a word or two.
const MAX_TAG_BYTES: usize = 64;

/// Where something is filed.
pub(super) fn place(draft: &Draft<'_>, about: About) -> Result<Place, Rejection> {
    let owner = |work: WorkId| draft.work(work).and_then(|work| work.owner).map(|owner| owner.agent);
    match about {
        About::Work(id) => {
            let work = known(draft, id)?;
            Ok(Place { work: Some(id), leaf: work.leaf, audience: work.told().collect() })
        }
        About::Customer { customer, leaf } => {
            let (root, leaf) = filed_under(draft.space, customer, leaf)?;
            let mut audience: SmallVec<[AgentId; 2]> = draft.works_of(root).filter_map(owner).collect();
            audience.sort_unstable();
            audience.dedup();
            Ok(Place { work: None, leaf, audience })
        }
    }
}

/// What is noted of a Work or customer.
fn filed<'d>(draft: &'d Draft<'_>, work: Option<WorkId>) -> Option<&'d Filed> {
    match work {
        Some(work) => draft.work(work)?.marks(),
        None => Some(&draft.space.people.marks),
    }
}

/// The leaves of the same customer under which something fits, the one that is written to among them or not.
fn elsewhere(draft: &Draft<'_>, place: &Place, fits: impl Fn(&Marks) -> bool) -> Vec<LeafId> {
    let root = draft.root_of(place.leaf);
    let of_customer = |leaf: LeafId| leaf != place.leaf && draft.root_of(leaf) == root;
    let Some(filed) = filed(draft, place.work) else { return Vec::new() };
    let found =
        |filed: &Filed| filed.iter(of_customer).filter(|(_, marks)| fits(marks)).map(|(leaf, _)| leaf).collect();
    match place.work {
        Some(_) => found(filed),
        None => {
            let leaves: Vec<LeafId> = draft.group(root).flat_map(|root| draft.space.leaves_of(root)).collect();
            found(&filed.among(&leaves))
        }
    }
}

/// Whoever is noted of is one person, or a Work.
fn one_person(draft: &Draft<'_>, place: &Place) -> Result<(), Rejection> {
    if place.work.is_none() && draft.is_shared(place.leaf) {
        return Err(Rejection::SharedIdentity { leaf: place.leaf });
    }
    Ok(())
}

/// Sets the summary; an empty one removes.
pub(super) fn set_summary(draft: &mut Draft<'_>, about: About, text: String) -> Result<(), Rejection> {
    let fits = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.len() > MAX_SUMMARY_BYTES || !text.chars().all(fits) {
        return Err(Rejection::Invalid("text: at most 4,096 bytes, no control characters but line ends and tabs"));
    }
    let place = place(draft, about)?;
    one_person(draft, &place)?;
    let root = draft.root_of(place.leaf);
    let noted = filed(draft, place.work);
    let own = noted.and_then(|filed| filed.of(place.leaf)?.summary.as_ref());
    // The newest of the customer's is shown: what is said under another leaf since counts as it does.
    let shown = noted.and_then(|filed| filed.summary(|leaf| draft.root_of(leaf) == root));
    let says = |summary: Option<&Summary>| summary.map_or("", |summary| summary.text.as_str()) == text;
    let mut leaves = Vec::new();
    if !says(own) || !says(shown) && !text.is_empty() {
        leaves.push(place.leaf);
    }
    if text.is_empty() {
        leaves.extend(elsewhere(draft, &place, |marks| marks.summary.is_some()));
    }
    for leaf in leaves {
        draft.with_content(leaf, PersonalValue::Summary(text.clone()));
        let Place { work, ref audience, .. } = place;
        draft.push(Change::SummarySet(SummarySet { work, leaf, audience: audience.clone() }));
    }
    Ok(())
}

/// Adds and removes tags.
pub(super) fn tag(
    draft: &mut Draft<'_>,
    about: About,
    mut add: Vec<Name>,
    mut remove: Vec<Name>,
) -> Result<(), Rejection> {
    let fits = |tag: &Name| {
        (1..=MAX_TAG_BYTES).contains(&tag.len()) && tag.trim() == tag.as_str() && !tag.chars().any(char::is_control)
    };
    if !add.iter().chain(&remove).all(fits) {
        return Err(Rejection::Invalid("tags: 1 to 64 bytes each, no control characters, no blanks at the ends"));
    }
    if add.len() > MAX_TAGS || remove.len() > MAX_TAGS {
        return Err(Rejection::Limit("tags at once: 16"));
    }
    if add.is_empty() && remove.is_empty() {
        return Err(Rejection::Invalid("add: at least one tag is wanted, or one to remove"));
    }
    if add.iter().any(|tag| remove.contains(tag)) {
        return Err(Rejection::Invalid("add: a tag that is removed, too"));
    }
    let place = place(draft, about)?;
    one_person(draft, &place)?;
    let root = draft.root_of(place.leaf);
    let now = filed(draft, place.work).map(|filed| filed.tags(|leaf| draft.root_of(leaf) == root)).unwrap_or_default();
    add.retain(|tag| !now.contains(tag));
    remove.retain(|tag| now.contains(tag));
    for list in [&mut add, &mut remove] {
        list.sort_unstable();
        list.dedup();
    }
    if !add.is_empty() && now.len() + add.len() > MAX_TAGS + remove.len() {
        return Err(Rejection::Limit("tags: 16"));
    }
    let own = |tag: &Name| {
        filed(draft, place.work).and_then(|filed| filed.of(place.leaf)).is_some_and(|marks| marks.tags.contains(tag))
    };
    let here = Tags { added: add, removed: remove.iter().filter(|tag| own(tag)).cloned().collect() };
    let others = elsewhere(draft, &place, |marks| marks.tags.iter().any(|tag| remove.contains(tag)));
    let mut changes: Vec<(LeafId, Tags)> = vec![(place.leaf, here)];
    for leaf in others {
        let marks = filed(draft, place.work).and_then(|filed| filed.of(leaf));
        let there = |tag: &&Name| marks.is_some_and(|marks| marks.tags.contains(tag));
        let removed = remove.iter().filter(there).cloned().collect();
        changes.push((leaf, Tags { added: Vec::new(), removed }));
    }
    for (leaf, tags) in changes.into_iter().filter(|(_, tags)| *tags != Tags::default()) {
        draft.with_content(leaf, PersonalValue::Tags(tags));
        let Place { work, ref audience, .. } = place;
        draft.push(Change::Tagged(Tagged { work, leaf, audience: audience.clone() }));
    }
    Ok(())
}

/// What is noted of a Work belongs to the change that is pushed next, too: that shows it to an agent.
pub(crate) fn with_marks(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let Some(filed) = work.marks() else { return };
    // It is sealed with the key of the Work's leaf: what is filed under others is asked for.
    let own = work.leaf;
    if let Some(marked) = filed.marked(|leaf| leaf == own) {
        draft.with_content(own, PersonalValue::Marked(Box::new(marked)));
    }
}
