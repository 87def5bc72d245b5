//! How long customers wait for the first answer: counted by records, so that service levels are the same on every node and after a restart.
//!
//! Counted once for each time a Work is opened or reopened and somebody asks in it: when the customer has the first answer, or the Work
//! ends without one. What is spam, erased or part of another Work is not counted. The wait is that of the oldest message without answer;
//! while a Work is parked it stands.

use smallvec::SmallVec;

use crate::domain::draft::Draft;
use crate::domain::id::WorkId;
use crate::domain::record::{AnswerCounted, AnswerOutcome, Change};
use crate::domain::view::WorkState;
use crate::domain::work::{Says, Work};

/// Counts what the changes chosen so far say of first answers.
pub(crate) fn count_answers(draft: &mut Draft<'_>) {
    let nobodys = |change: &Change| matches!(change, Change::Erased { .. } | Change::SpamMarked { .. });
    let ended = |change: &Change| match change {
        Change::MessageStored(message) if message.says() == Says::Answers => Some((message.work?, true)),
        Change::WorkClosed { work, .. } => Some((*work, false)),
        _ => None,
    };
    let found: SmallVec<[(WorkId, bool); 1]> = draft.changes().iter().filter_map(ended).collect();
    if found.is_empty() || draft.changes().iter().any(nobodys) {
        return;
    }
    for (id, answered) in found {
        let before = draft.space.works.get(id).filter(|work| !work.counted && !work.queue.is_empty());
        let counted = before.and_then(|work| count(draft, work, answered));
        if let Some(counted) = counted.filter(|_| draft.work(id).is_none_or(|work| !work.counted)) {
            draft.push(Change::AnswerCounted(counted));
        }
    }
}

/// What is counted of a Work, as it was before.
fn count(draft: &Draft<'_>, work: &Work, answered: bool) -> Option<AnswerCounted> {
    let waited_ms = work.ours_since.map_or(0, |since| draft.now.millis_since(since).unsigned_abs());
    let outcome = if answered {
        let since = work.ours_since?;
        let config = draft.space.config();
        let due = config
            .queue(work.home())
            .map(|queue| config.after(queue, since, queue.targets(&work.channel).first_reply_ms));
        if due.is_none_or(|due| draft.now <= due) { AnswerOutcome::InTime } else { AnswerOutcome::Late }
    } else {
        let left = work.state == WorkState::WrapUp && !work.answered;
        if work.ours_since.is_none() && !left && !work.is_left_open() {
            return None;
        }
        AnswerOutcome::Never
    };
    Some(AnswerCounted { work: work.id, queue: work.home().clone(), outcome, waited_ms })
}
