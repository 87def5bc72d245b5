//! What follows from a change by itself, whoever chose it: in the same record, so that no verb has to think of it.

use smallvec::SmallVec;

use super::bots::hand_back_ends;
use super::joining::{ParticipantsOf, owner_told, parts_over};
use super::patience::stays_due;
use crate::domain::draft::Draft;
use crate::domain::record::Change;

/// What follows from a change that is about to be noted.
pub(crate) fn follows(draft: &Draft<'_>, change: &Change) -> SmallVec<[Change; 2]> {
    let joined = |id| draft.agent(id).map(|agent| agent.joined.clone()).unwrap_or_default();
    let over = parts_over(change, |id| draft.work(id).map(ParticipantsOf::of), joined);
    let due = stays_due(draft, change).map(Change::BotsDue);
    let told = owner_told(draft, change).map(Change::OwnerTold);
    let back = hand_back_ends(draft, change).map(Change::HandBackEnded);
    over.into_iter().map(Change::ParticipantLeft).chain(due).chain(told).chain(back).collect()
}
