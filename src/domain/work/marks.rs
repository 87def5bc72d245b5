//! What agents noted of a Work: kept with what few Works have, so that it outlives its end as long as it can be reopened.
//!
//! Invariant: what is filed under another customer's leaf is not shown. It goes with what that one said when the two are parted.

use super::said::Said;
use super::{Beside, Work};
use crate::domain::id::{AgentId, LeafId};
use crate::domain::marks::{Filed, Priority};
use crate::domain::record::{Change, PersonalValue, PriorityGiven};
use crate::domain::time::Timestamp;

impl Beside {
    /// Nothing is known any longer that was filed under a leaf.
    pub(crate) fn forget_marks(&mut self, leaf: LeafId) {
        self.marks.forget(leaf);
        if let Some(priority) = self.priority.as_mut().filter(|priority| priority.leaf == leaf) {
            priority.reason = None;
        }
    }
}

impl Work {
    /// What agents noted of it; none: nothing.
    pub(crate) fn marks(&self) -> Option<&Filed> {
        self.beside.as_ref().map(|beside| &beside.marks)
    }

    /// That it is urgent, if it is.
    pub(crate) fn priority(&self) -> Option<&Priority> {
        self.beside.as_ref()?.priority.as_deref()
    }

    /// It is due earlier by so much, or no more. Why only the state knows.
    pub(super) fn prioritise(&mut self, given: &PriorityGiven) {
        let PriorityGiven { leaf, ms, .. } = *given;
        if ms > 0 {
            self.beside_mut().priority = Some(Box::new(Priority { ms, by: None, leaf, reason: None }));
        } else if let Some(beside) = &mut self.beside {
            beside.priority = None;
        }
    }

    /// Notes the words of a change that says something of it.
    pub(crate) fn note_mark(
        &mut self,
        change: &Change,
        value: Option<&PersonalValue>,
        at: Timestamp,
        by: Option<AgentId>,
    ) {
        match (change, value) {
            (Change::SummarySet(set), Some(PersonalValue::Summary(text))) => {
                self.beside_mut().marks.summarise(set.leaf, text, at, by);
            }
            (Change::Tagged(tagged), Some(PersonalValue::Tags(tags))) => {
                self.beside_mut().marks.tag(tagged.leaf, tags);
            }
            (Change::PriorityGiven(_), value) => {
                let Some(priority) = self.beside.as_mut().and_then(|beside| beside.priority.as_mut()) else { return };
                priority.by = by;
                if let Some(PersonalValue::Reason(reason)) = value {
                    priority.reason = Some(reason.clone());
                }
            }
            _ => {}
        }
        self.drop_empty();
    }

    /// Nothing is known any longer that was filed under a leaf.
    pub(crate) fn forget_marks(&mut self, leaf: LeafId) {
        if let Some(beside) = &mut self.beside {
            beside.forget_marks(leaf);
        }
        self.drop_empty();
    }

    /// The state is the same whether there were words that are gone, or none that could be read.
    fn drop_empty(&mut self) {
        self.beside.take_if(|beside| **beside == Beside::default());
    }

    /// Takes out what was noted of those whose messages these are, and that it is urgent if that was said of them.
    pub(super) fn take_marks(&mut self, said: &Said) -> (Filed, Option<Box<Priority>>) {
        let goes = |leaf: LeafId| said.items().iter().any(|item| item.filed == leaf);
        let taken = |beside: &mut Box<Beside>| {
            (beside.marks.take(goes), beside.priority.take_if(|priority| goes(priority.leaf)))
        };
        self.beside.as_mut().map(taken).unwrap_or_default()
    }

    /// Takes in what was noted of another Work, and the more urgent of both.
    pub(super) fn join_marks(&mut self, marks: Filed, priority: Option<Box<Priority>>) {
        if !marks.is_empty() {
            self.beside_mut().marks.join(marks);
        }
        let Some(theirs) = priority else { return };
        if self.priority().is_none_or(|own| own.ms < theirs.ms) {
            self.beside_mut().priority = Some(theirs);
        }
    }
}
