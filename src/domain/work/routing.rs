//! What rules made of a Work: kept with what they were given, to be asked again while it waits.

use super::Work;
use crate::domain::id::Name;
use crate::domain::record::{Inputs, Routed};
use crate::domain::workspace::Levels;

/// What rules made of a Work.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Routing {
    /// The rule that decided; empty: none fits.
    pub(crate) rule: Name,
    /// The queue chosen.
    pub(crate) queue: Name,
    /// What the rule wants of whoever takes it.
    pub(crate) requires: Levels,
    /// What the rules were given; none: it cannot be read any longer.
    pub(crate) inputs: Option<Inputs>,
}

impl Work {
    /// Notes what the rules said.
    pub(super) fn route(&mut self, routed: &Routed) {
        let Routed { rule, queue, requires, .. } = routed;
        let (rule, queue, requires) = (rule.clone(), queue.clone(), requires.clone());
        self.routing = Some(Box::new(Routing { rule, queue, requires, inputs: None }));
    }

    /// Notes what they were given.
    pub(crate) fn note_inputs(&mut self, inputs: Option<&Inputs>) {
        if let Some(routing) = &mut self.routing {
            routing.inputs = inputs.cloned();
        }
    }
}
