//! What became of a replay, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Counts of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    /// Events given to the stream.
    pub(super) published: usize,
    /// Of them acknowledged.
    pub(super) acknowledged: usize,
    /// Of them refused, or without an answer.
    pub(super) refused: usize,
    /// The first refusal's words.
    pub(super) first_refusal: Option<String>,
    /// Dead letters since the replay began, by reason.
    pub(super) dead_letters: BTreeMap<String, usize>,
    /// Dialogues replayed.
    pub(super) dialogues: usize,
    /// Conversations that the agents saw.
    pub(super) conversations: usize,
    /// Works that were assigned.
    pub(super) works: usize,
    /// Assignments made.
    pub(super) assignments: usize,
    /// Works that ended, closed by their agent.
    pub(super) closed: usize,
    /// Customers' turns of the dialogues that were acknowledged.
    pub(super) customer_turns: usize,
    /// Customers' turns on the stream of exactly one agent.
    pub(super) seen_once: usize,
    /// Customers' turns on the streams of several agents.
    pub(super) seen_by_several: usize,
    /// Customers' turns on no agent's stream.
    pub(super) seen_by_none: usize,
    /// Commands of agents that were refused, by reason.
    pub(super) commands_refused: BTreeMap<String, usize>,
    /// Agents' turns of the recordings.
    pub(super) turns: usize,
    /// Of them taken by the daemon.
    pub(super) turns_taken: usize,
    /// Of them handed out, each at its place.
    pub(super) in_order: usize,
    /// Handed out before or after their place.
    pub(super) out_of_order: usize,
    /// Handed out again.
    pub(super) duplicates: usize,
}

impl Summary {
    pub(super) fn refuse(&mut self, failure: &impl fmt::Display) {
        self.refused += 1;
        self.first_refusal.get_or_insert_with(|| failure.to_string());
    }

    /// Nothing was refused, every customer's turn was on the stream of exactly one agent, and every agent's turn came out once and
    /// in order.
    pub(super) fn is_clean(&self) -> bool {
        let heard = self.seen_once == self.customer_turns && self.seen_by_several == 0;
        let said = self.in_order == self.turns && self.out_of_order == 0 && self.duplicates == 0;
        self.refused == 0 && heard && said
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, count: usize| writeln!(f, "{name:<34}{count:>9}");
        row("published", self.published)?;
        row("acknowledged", self.acknowledged)?;
        row("refused", self.refused)?;
        for (reason, count) in &self.dead_letters {
            row(&format!("dead letter, {reason}"), *count)?;
        }
        if self.dialogues > 0 {
            row("dialogues", self.dialogues)?;
            row("conversations", self.conversations)?;
            row("works", self.works)?;
            row("assignments", self.assignments)?;
            row("works closed", self.closed)?;
            row("customer turns", self.customer_turns)?;
            row("customer turns seen by one agent", self.seen_once)?;
            row("customer turns seen by several", self.seen_by_several)?;
            row("customer turns seen by none", self.seen_by_none)?;
            row("agent turns", self.turns)?;
            row("agent turns taken", self.turns_taken)?;
            row("handed out in order", self.in_order)?;
            row("handed out out of order", self.out_of_order)?;
            row("handed out again", self.duplicates)?;
        }
        for (reason, count) in &self.commands_refused {
            row(&format!("command refused, {reason}"), *count)?;
        }
        self.first_refusal.as_ref().map_or(Ok(()), |words| writeln!(f, "first refusal: {words}"))
    }
}
