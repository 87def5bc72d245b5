//! `[work]`: how matters are told apart, and what is too much.

use schemars::JsonSchema;
use serde::Deserialize;

use super::period::Period;
use super::shape::Token;
use super::spanned::Spanned;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Work {
    /// A message so long after the end of a Work reopens it; later it opens a new one.
    pub(super) continuation_window: Period,
    /// Open Works of one customer and brand at most; beyond it messages go into the latest one, flagged.
    pub(super) max_open: u32,
    /// Messages of one address by one endpoint and minute at most that go into Works; more are stored and marked, and nobody is told.
    pub(super) max_messages_per_minute: u32,
    /// New customers by one endpoint and minute at most; what more of them say is stored and marked, until an agent lets them in.
    pub(super) max_new_customers_per_minute: u32,
    /// A declined Work is not offered to the same agent again for so long.
    pub(super) decline_cooldown: Period,
    /// The same where nobody else is left.
    pub(super) decline_cooldown_min: Period,
    /// Who has more than its capacity gets no offers, and after this time the Work of its whose customer waits longest is offered to others; it
    /// keeps it until somebody accepts.
    pub(super) relieve_after: Period,
    /// The `[[hours]]` of queues that say nothing else; where left out, those are served always.
    #[schemars(with = "Token")]
    pub(super) hours: Option<Spanned<String>>,
    /// What rules let Work overtake others by, in sum: nobody waits longer than this past somebody who was due later.
    pub(super) credit_cap: Period,
    /// Messages made only of these, after the end of a Work that was answered, open none.
    pub(super) thanks: Vec<String>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            continuation_window: Period::hours(72),
            max_open: 10,
            max_messages_per_minute: 60,
            max_new_customers_per_minute: 600,
            decline_cooldown: Period::seconds(60),
            decline_cooldown_min: Period::seconds(5),
            relieve_after: Period::seconds(60),
            hours: None,
            credit_cap: Period::hours(1),
            thanks: Vec::new(),
        }
    }
}
