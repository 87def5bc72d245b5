//! What rules made of a Work: kept with what they were given, to be asked again while it waits.

use serde::{Deserialize, Serialize};

use super::Work;
use crate::domain::id::Name;
use crate::domain::record::{Credit, Inputs, Routed};
use crate::domain::workspace::Levels;

/// What rules made of a Work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Routing {
    /// The rule that decided; empty: none fits.
    pub(crate) rule: Name,
    /// The queue chosen.
    pub(crate) queue: Name,
    /// What the rule wants of whoever takes it.
    pub(crate) requires: Levels,
    /// What makes it due earlier.
    pub(crate) credits: Vec<Credit>,
    /// Plan that the rule gives it; empty: none.
    pub(crate) plan: Name,
    /// What the rules were given; none: it cannot be read any longer.
    pub(crate) inputs: Option<Inputs>,
}

impl Work {
    /// Notes what the rules said.
    pub(super) fn route(&mut self, routed: &Routed) {
        let Routed { rule, queue, requires, credits, plan, .. } = routed.clone();
        self.routing = Some(Box::new(Routing { rule, queue, requires, credits, plan, inputs: None }));
    }

    /// What rules and agents make it due earlier by, in all, milliseconds.
    pub(crate) fn given_ms(&self) -> u64 {
        let credits = self.routing.iter().flat_map(|routing| &routing.credits);
        let given = self.priority().map_or(0, |priority| priority.ms);
        credits.fold(given, |sum, credit| sum.saturating_add(credit.ms))
    }

    /// Notes what they were given.
    pub(crate) fn note_inputs(&mut self, inputs: Option<&Inputs>) {
        if let Some(routing) = &mut self.routing {
            routing.inputs = inputs.cloned();
        }
    }
}
