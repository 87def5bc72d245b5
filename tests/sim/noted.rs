//! What agents note, and that it moves nothing: neither turn nor wait, place, state or owner of any Work.

use skein::domain::State;
use skein::domain::command::{About, Mark, Verb};
use skein::domain::content::Content;
use skein::domain::id::{AssignmentId, LeafId, MessageId, Name, RootId, WorkId};
use skein::domain::record::{Change, Direction, Record};
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use super::broken::{Broken, holds};
use super::checks::ACME;
use super::rng::Rng;

/// What of a Work must not be moved by a note.
type Stand = (WorkId, WorkState, Option<i64>, Option<Timestamp>, u64, Option<AssignmentId>, Option<MessageId>);

/// Something noted of a Work, or of a customer.
pub(crate) fn mark(rng: &mut Rng, work: WorkId, customer: RootId) -> Verb {
    let leaf = rng.percent(20).then(|| LeafId(u32::try_from(rng.below(14)).expect("a small number")));
    let about = if rng.percent(70) { About::Work(work) } else { About::Customer { customer, leaf } };
    let tags = |rng: &mut Rng| -> Vec<Name> {
        let many = rng.below(3);
        (0..many).map(|_| Name::new(rng.pick(&["vip", "refund", "to call", " blank"]))).collect()
    };
    Verb::Mark(Box::new(match rng.below(10) {
        0..3 => {
            let to = rng.percent(30).then(|| Name::new(rng.pick(&["ben", "bot", "nobody"])));
            Mark::Note { about, to, content: Content::text(*rng.pick(&["He was here.", "See above.", ""])) }
        }
        3..5 => Mark::Summary { about, text: (*rng.pick(&["Wants it back.", "Waits for us.", ""])).to_owned() },
        5..8 => Mark::Tag { about, add: tags(rng), remove: tags(rng) },
        _ => {
            let sooner_ms = *rng.pick(&[0, 30_000, 120_000, 7_200_000]);
            Mark::Priority { work, sooner_ms, reason: (*rng.pick(&["a complaint", ""])).to_owned() }
        }
    }))
}

/// Where Works stand before a record that only notes something; none: it is another.
pub(crate) fn before(state: &State, record: &Record) -> Option<Vec<Stand>> {
    let notes = |change: &Change| match change {
        Change::MessageStored(message) => message.direction == Direction::Note,
        Change::SummarySet(_) | Change::Tagged(_) => true,
        _ => false,
    };
    record.changes.iter().any(notes).then(|| stands(state))
}

/// They stand there still.
pub(crate) fn moves_nothing(state: &State, before: Option<Vec<Stand>>, record: &Record) -> Result<(), Broken> {
    let Some(before) = before else { return Ok(()) };
    holds("a note moves nothing", stands(state) == before, || format!("{record:?}"))
}

fn stands(state: &State) -> Vec<Stand> {
    let works = state.workspace(ACME).map(|space| space.works(None, None)).unwrap_or_default();
    let stand = |work: skein::domain::view::WorkView| {
        let (since, waited) = (work.waiting_since, work.waited_ms);
        (work.work, work.state, work.key, since, waited, work.assignment, work.last_customer_message)
    };
    works.into_iter().map(stand).collect()
}
