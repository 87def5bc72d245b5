//! What the history, the agents and the run itself say in the end, in the words of the last line.

use serde::Serialize;
use serde_json::{Value, json};
use skein::verify::Check;

use crate::mind::Tally;

/// What a breach of a check is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Lost,
    Doubled,
    Stale,
    OutOfOrder,
    OverCapacity,
    Stuck,
    Other,
}

/// Every check has its column: a new one wants one.
fn column(check: Check) -> Column {
    match check {
        Check::LogWhole
        | Check::Index
        | Check::InputSkipped
        | Check::InputGap
        | Check::OutputMissing
        | Check::AckKept
        | Check::AckApplied
        | Check::AckStored
        | Check::Received
        | Check::AgentMissed
        | Check::Answer => Column::Lost,
        Check::InputOnce | Check::OneOwner | Check::OutputOnce | Check::OutputStrange | Check::AckOnce => {
            Column::Doubled
        }
        Check::Stale => Column::Stale,
        Check::Time | Check::CustomerOrder | Check::OutputOrder | Check::AgentOrder => Column::OutOfOrder,
        Check::FewOffers | Check::Capacity => Column::OverCapacity,
        Check::OfferEnds => Column::Stuck,
        Check::Hash
        | Check::InputKnown
        | Check::Invariants
        | Check::FoldsAgree
        | Check::HandedOver
        | Check::AgentStrange => Column::Other,
    }
}

/// What the run saw itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) acked: u64,
    pub(crate) faults: u64,
    /// What did not come to rest, or went on too late after a fault.
    pub(crate) stuck: u64,
    pub(crate) agents: Tally,
}

/// What is zero where everything is as promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Proof {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) stale: u64,
    pub(crate) out_of_order: u64,
    pub(crate) over_capacity: u64,
    pub(crate) stuck: u64,
    pub(crate) requeued: u64,
    /// Breaches with no name among these, and what could not be looked at.
    pub(crate) other: u64,
}

impl Proof {
    /// From what `skein verify` says for programs, and what was seen.
    pub(crate) fn of(verified: &Value, seen: &Seen) -> Self {
        let mut proof = Self::default();
        for check in Check::ALL {
            // A check that is not told of was not made.
            let broken = verified["checks"][check.name()]["broken"].as_u64().unwrap_or(1);
            *proof.column(column(check)) += broken;
        }
        let count = |name: &str| verified["counts"][name].as_u64().unwrap_or(1);
        proof.stuck += seen.stuck + count("works_open") + count("offers_open") + count("inputs_waiting");
        proof.stuck +=
            count("outputs_pending") + verified["broken_streams"].as_array().map_or(1, |all| all.len() as u64);
        proof.requeued += count("offers_expired") + count("assignments_lapsed").max(seen.agents.requeued);
        proof.stale += seen.agents.stale;
        proof.doubled += seen.agents.doubled;
        proof.out_of_order += seen.agents.out_of_order;
        proof.stuck += seen.agents.open;
        // An acknowledgement that nobody wrote down would not be missed.
        let looked = verified["checks"]["ack_stored"]["looked"].as_u64().unwrap_or(0);
        proof.other += u64::from(!verified["stopped"].is_null()) + looked.abs_diff(seen.acked);
        proof
    }

    fn column(&mut self, column: Column) -> &mut u64 {
        match column {
            Column::Lost => &mut self.lost,
            Column::Doubled => &mut self.doubled,
            Column::Stale => &mut self.stale,
            Column::OutOfOrder => &mut self.out_of_order,
            Column::OverCapacity => &mut self.over_capacity,
            Column::Stuck => &mut self.stuck,
            Column::Other => &mut self.other,
        }
    }

    pub(crate) fn holds(&self) -> bool {
        *self == Self::default()
    }
}

/// Percentile of milliseconds, in seconds; none: there are no values.
pub(crate) fn p99_s(values: impl IntoIterator<Item = u64>) -> Option<f64> {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    let place = (values.len() * 99).div_ceil(100).checked_sub(1)?;
    let millis = u32::try_from(*values.get(place)?).unwrap_or(u32::MAX);
    Some(f64::from(millis) / 1_000.0)
}

/// What a history as it should be says.
fn clean(acked: u64) -> Value {
    let checks: serde_json::Map<String, Value> =
        Check::ALL.iter().map(|check| (check.name().to_owned(), json!({"looked": acked, "broken": 0}))).collect();
    let counts = json!({
        "works_open": 0, "offers_open": 0, "inputs_waiting": 0, "outputs_pending": 0, "offers_expired": 0,
        "assignments_lapsed": 0,
    });
    json!({"checks": checks, "counts": counts, "broken_streams": [], "stopped": null})
}

/// The negative controls: each thing that is wrong makes the proof fail, under its name.
pub(crate) fn fails_where_anything_is_wrong() {
    let seen = Seen { acked: 100, ..Seen::default() };
    assert!(Proof::of(&clean(100), &seen).holds());
    assert!(!Proof::of(&clean(99), &seen).holds(), "an acknowledgement that nobody looked at");
    assert!(!Proof::of(&json!({}), &seen).holds(), "nothing was verified");
    for check in Check::ALL {
        let mut verified = clean(100);
        verified["checks"][check.name()]["broken"] = 1.into();
        let mut proof = Proof::of(&verified, &seen);
        assert!(!proof.holds(), "{}", check.name());
        assert_eq!(*proof.column(column(check)), 1, "{}", check.name());
    }
    for count in ["works_open", "offers_open", "inputs_waiting", "outputs_pending"] {
        let mut verified = clean(100);
        verified["counts"][count] = 1.into();
        assert_eq!(Proof::of(&verified, &seen).stuck, 1, "{count}");
    }
    for count in ["offers_expired", "assignments_lapsed"] {
        let mut verified = clean(100);
        verified["counts"][count] = 1.into();
        assert_eq!(Proof::of(&verified, &seen).requeued, 1, "{count}");
    }
    let wrong = |tally: Tally| Proof::of(&clean(100), &Seen { agents: tally, ..seen.clone() });
    assert_eq!(wrong(Tally { stale: 1, ..Tally::default() }).stale, 1);
    assert_eq!(wrong(Tally { doubled: 1, ..Tally::default() }).doubled, 1);
    assert_eq!(wrong(Tally { out_of_order: 1, ..Tally::default() }).out_of_order, 1);
    assert_eq!(wrong(Tally { requeued: 1, ..Tally::default() }).requeued, 1);
    assert_eq!(wrong(Tally { open: 1, ..Tally::default() }).stuck, 1);
    assert_eq!(Proof::of(&clean(100), &Seen { stuck: 1, ..seen }).stuck, 1);
}

/// The percentile of few values is the largest.
pub(crate) fn tells_percentiles() {
    assert_eq!(p99_s([]), None);
    assert_eq!(p99_s([1_500, 300]), Some(1.5));
    assert_eq!(p99_s((1..=100).map(|value| value * 1_000)), Some(99.0));
}
