//! The ledger of what a customer went through in a matter (domain rules, section 6): each entry makes the Work due earlier, all of them by
//! `effort.cap` at most.
//!
//! It stays with the Work whatever becomes of it: passed on, given back, closed and reopened. Nothing counts twice within a minute, but
//! transfers: so nobody gets ahead by writing, asking or failing more often. What a wait takes counts in full as a wait; here that it
//! went beyond the goal. What a program hands over to people is no transfer: that is what it is for.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::{Beside, Work};
use crate::domain::draft::Draft;
use crate::domain::event::Scope;
use crate::domain::id::{LeafId, Name, WorkId};
use crate::domain::record::{Change, EffortEntry, EffortKind, EffortNoted, Flags, MessageStored};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{credit_ms, goal};
use crate::domain::time::Timestamp;
use crate::domain::workspace::AgentKind;

/// What comes again so soon is the same, milliseconds.
const SAME_MS: i64 = 60_000;

/// What is known of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    entry: EffortEntry,
    last: Timestamp,
}

/// What a customer went through in a Work, in the order of the kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Effort(SmallVec<[Sum; 2]>);

impl Effort {
    fn note(&mut self, kind: EffortKind, ms: u64, now: Timestamp) {
        let at = self.0.partition_point(|sum| sum.entry.kind < kind);
        if self.0.get(at).is_none_or(|sum| sum.entry.kind != kind) {
            self.0.insert(at, Sum { entry: EffortEntry { kind, count: 0, ms: 0 }, last: now });
        }
        let sum = &mut self.0[at];
        sum.entry.count = sum.entry.count.saturating_add(1);
        sum.entry.ms = sum.entry.ms.saturating_add(ms);
        sum.last = sum.last.max(now);
    }

    fn of(&self, kind: EffortKind) -> Option<&Sum> {
        self.0.iter().find(|sum| sum.entry.kind == kind)
    }

    /// Takes in the ledger of another Work.
    fn join(&mut self, other: Self) {
        for theirs in other.0 {
            let EffortEntry { kind, count, ms } = theirs.entry;
            self.note(kind, ms, theirs.last);
            if let Some(own) = self.0.iter_mut().find(|sum| sum.entry.kind == kind) {
                own.entry.count = own.entry.count.saturating_add(count.saturating_sub(1));
            }
        }
    }

    /// What there is.
    pub(crate) fn entries(&self) -> Vec<EffortEntry> {
        self.0.iter().map(|sum| sum.entry).collect()
    }

    /// All of it, milliseconds.
    pub(crate) fn sum_ms(&self) -> u64 {
        self.0.iter().fold(0, |sum: u64, of| sum.saturating_add(of.entry.ms))
    }
}

impl Beside {
    /// Takes in what a customer went through in a Work that is merged into this one.
    pub(super) fn join_effort(&mut self, theirs: Option<Box<Effort>>) {
        if let Some(theirs) = theirs {
            self.effort.get_or_insert_default().join(*theirs);
        }
    }

    /// What the customer went through.
    pub(crate) fn effort(&self) -> Option<&Effort> {
        self.effort.as_deref()
    }
}

impl Work {
    /// What its customer went through in it.
    pub(crate) fn effort(&self) -> Option<&Effort> {
        self.beside.as_ref()?.effort()
    }

    /// The ledger, by kind.
    pub(crate) fn effort_entries(&self) -> Vec<EffortEntry> {
        self.effort().map(Effort::entries).unwrap_or_default()
    }

    /// How often it was passed on.
    fn bounces(&self) -> u32 {
        self.effort().and_then(|effort| effort.of(EffortKind::Transfer)).map_or(0, |sum| sum.entry.count)
    }

    /// Notes what the customer went through.
    pub(super) fn note_effort(&mut self, noted: &EffortNoted, now: Timestamp) {
        self.beside_mut().effort.get_or_insert_default().note(noted.kind, noted.ms, now);
    }

    /// When the last of a kind was noted.
    fn noted_at(&self, kind: EffortKind) -> Option<Timestamp> {
        Some(self.effort()?.of(kind)?.last)
    }
}

/// Notes that the customer went through something, and moves the place of what waits.
pub(crate) fn charge(draft: &mut Draft<'_>, id: WorkId, kind: EffortKind) {
    let config = draft.space.config();
    let Some(work) = draft.work(id).filter(|_| config.effort.notes(kind)) else { return };
    let same = |at: Timestamp| kind != EffortKind::Transfer && draft.now.millis_since(at) < SAME_MS;
    if work.noted_at(kind).is_some_and(same) {
        return;
    }
    let (before, ms) = (credit_ms(config, work), config.effort.weight(kind));
    draft.push(Change::EffortNoted(EffortNoted { work: id, kind, ms }));
    rekey(draft, id, before);
}

/// The credits of a Work are others: it is due earlier or later by the difference. Whatever else its place was made of is as it was.
pub(crate) fn rekey(draft: &mut Draft<'_>, id: WorkId, before: u64) {
    let Some(work) = draft.work(id).filter(|work| work.is_queued() || work.offer.is_some()) else { return };
    let after = credit_ms(draft.space.config(), work);
    if after != before {
        let key = work.key.saturating_add_unsigned(before).saturating_sub_unsigned(after);
        draft.push(Change::WorkRekeyed { work: id, key });
    }
}

/// The customer writes, and what was said at least a minute before has no answer yet. Programs that write are not tired by waiting.
pub(crate) fn charge_unanswered(draft: &mut Draft<'_>, id: WorkId, message: &MessageStored) {
    let since = draft.work(id).and_then(|work| work.ours_since);
    let waits = since.is_some_and(|since| draft.now.millis_since(since) >= SAME_MS);
    if waits && !message.flags.has(Flags::GENERATED) {
        charge(draft, id, EffortKind::Unanswered);
    }
}

/// A wait ends, with an answer or without: whether it went beyond the goal.
pub(crate) fn charge_wait(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id).filter(|work| !work.queue.is_empty()) else { return };
    let Some(since) = work.ours_since else { return };
    if draft.now > goal(draft.space.config(), &work.queue, work, since) {
        charge(draft, id, EffortKind::Wait);
    }
}

/// An answer goes out of another endpoint than the customer wrote to last: they have to go there to read it.
pub(crate) fn charge_switch(draft: &mut Draft<'_>, id: WorkId, endpoint: &str) {
    let asked = draft.work(id).filter(|work| work.last_in.is_some()).and_then(|work| work.answer_to.as_ref());
    if asked.is_some_and(|(_, by)| by != endpoint) {
        charge(draft, id, EffortKind::Switch);
    }
}

/// The owner changes because the Work was passed on.
pub(crate) fn charge_transfer(draft: &mut Draft<'_>, id: WorkId) {
    let owner = draft.work(id).and_then(|work| work.owner).and_then(|owner| draft.agent(owner.agent));
    if owner.is_some_and(|owner| owner.profile.kind == AgentKind::Human) {
        charge(draft, id, EffortKind::Transfer);
    }
}

/// Whether the owner may pass a Work on without waiting until somebody takes it.
pub(super) fn may_bounce(draft: &Draft<'_>, id: WorkId) -> Result<(), Rejection> {
    let limit = draft.space.config().effort.bounces;
    let Some(work) = draft.work(id).filter(|work| work.bounces() >= limit) else { return Ok(()) };
    let owner = work.owner.and_then(|owner| draft.agent(owner.agent));
    // Programs are there to hand over.
    if owner.is_some_and(|owner| owner.profile.kind == AgentKind::Bot) {
        return Ok(());
    }
    Err(Rejection::BounceBudget { bounces: work.bounces(), limit })
}

/// The customer comes to a queue with a new or a reopened Work: whether one of the same queue ended within seven days.
pub(crate) fn charge_repeat(draft: &mut Draft<'_>, id: WorkId, queue: &str) {
    let Some(leaf) = draft.work(id).map(|work| work.leaf) else { return };
    let space = draft.space;
    let same = space.names.find(queue).filter(|_| !queue.is_empty());
    let Some(same) = same else { return };
    if ends_of(draft, leaf).any(|end| end.queue == same) {
        charge(draft, id, EffortKind::Repeat);
    }
}

/// A Work ends for a reason: whether another one ended for one of the same group within seven days, and nobody has noticed.
pub(crate) fn charge_repeated_reason(draft: &mut Draft<'_>, id: WorkId, disposition: &Name) {
    let config = draft.space.config();
    let group_of = |disposition: &str| {
        let listed = config.dispositions.iter().find(|listed| listed.name == disposition);
        listed.map(|listed| &listed.group).filter(|group| !group.is_empty())
    };
    let Some(group) = group_of(disposition) else { return };
    let Some(work) = draft.work(id).filter(|work| work.noted_at(EffortKind::Repeat).is_none()) else { return };
    let names = &draft.space.names;
    if ends_of(draft, work.leaf).any(|end| group_of(names.get(end.disposition)) == Some(group)) {
        charge(draft, id, EffortKind::Repeat);
    }
}

/// How Works of a customer ended within seven days. Of who shares an address, and of groups, nobody knows who comes back.
fn ends_of<'d>(draft: &'d Draft<'_>, leaf: LeafId) -> impl Iterator<Item = crate::domain::workspace::End> + use<'d> {
    let space = draft.space;
    let is_one = !draft.is_shared(leaf) && space.leaves.get(leaf).is_some_and(|leaf| leaf.scope == Scope::Direct);
    let root = Some(draft.root_of(leaf)).filter(|_| is_one);
    let roots = root.into_iter().flat_map(|root| draft.group(root));
    let leaves = roots.flat_map(|root| space.leaves_of(root).iter().copied().collect::<Vec<_>>());
    leaves.flat_map(move |leaf| space.ended.of(leaf, draft.now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(kinds: &[(EffortKind, u64, i64)]) -> Effort {
        let mut effort = Effort::default();
        for &(kind, ms, at) in kinds {
            effort.note(kind, ms, Timestamp(at));
        }
        effort
    }

    #[test]
    fn entries_are_added_up_by_kind() {
        let effort = noted(&[(EffortKind::Transfer, 5, 1), (EffortKind::Wait, 2, 2), (EffortKind::Transfer, 6, 3)]);
        let entry = |kind, count, ms| EffortEntry { kind, count, ms };
        assert_eq!(effort.entries(), [entry(EffortKind::Wait, 1, 2), entry(EffortKind::Transfer, 2, 11)]);
        assert_eq!(effort.sum_ms(), 13);
        assert_eq!(effort.of(EffortKind::Transfer).map(|sum| sum.last), Some(Timestamp(3)));
    }

    #[test]
    fn a_merge_loses_nothing_of_either_ledger() {
        let mut one = noted(&[(EffortKind::Wait, 2, 9)]);
        one.join(noted(&[(EffortKind::Wait, 3, 1), (EffortKind::Wait, 3, 2), (EffortKind::Loop, 7, 3)]));
        let entry = |kind, count, ms| EffortEntry { kind, count, ms };
        assert_eq!(one.entries(), [entry(EffortKind::Wait, 3, 8), entry(EffortKind::Loop, 1, 7)]);
        assert_eq!(one.of(EffortKind::Wait).map(|sum| sum.last), Some(Timestamp(9)));
    }
}
