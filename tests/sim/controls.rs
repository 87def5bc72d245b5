//! Negative controls: with one safeguard broken, a check must fail. A checker that cannot fail checks nothing (style rule 26).

use skein::domain::id::AgentId;
use skein::domain::record::{Change, Record};

use super::model::Sabotage;
use super::run;

/// Seeds within which a broken safeguard must be found.
const SEEDS: u64 = 120;

/// The checks that fail, over all seeds.
fn found(sabotage: Sabotage) -> Vec<&'static str> {
    let mut checks: Vec<_> =
        (0..SEEDS).filter_map(|seed| run(seed, sabotage, false).err()).map(|(broken, _)| broken.check).collect();
    checks.sort_unstable();
    checks.dedup();
    checks
}

#[test]
fn without_the_fence_lost_records_leave_holes_in_the_log() {
    let checks = found(Sabotage { no_fence: true, ..Sabotage::default() });
    assert!(checks.contains(&"log without gap"), "{checks:?}");
}

#[test]
fn without_voiding_two_owners_both_write() {
    let checks = found(Sabotage { no_voiding: true, ..Sabotage::default() });
    assert!(checks.contains(&"log without gap"), "{checks:?}");
}

#[test]
fn without_recognising_retries_a_message_is_stored_twice() {
    let checks = found(Sabotage { no_dedup: true, ..Sabotage::default() });
    assert!(checks.contains(&"every message is stored once"), "{checks:?}");
}

#[test]
fn effects_before_durable_are_seen() {
    let checks = found(Sabotage { early_effects: true, ..Sabotage::default() });
    assert!(checks.contains(&"effect after durable"), "{checks:?}");
}

#[test]
fn a_timer_that_never_fires_is_seen() {
    let checks = found(Sabotage { deaf_timer: true, ..Sabotage::default() });
    assert!(checks.contains(&"no timer stays due"), "{checks:?}");
}

fn costs_more(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::OfferMade(offer) = change {
            offer.cost += 9;
        }
    }
}

#[test]
fn an_offer_beyond_the_capacity_is_seen() {
    let checks = found(Sabotage { tamper: Some(costs_more), ..Sabotage::default() });
    assert!(checks.contains(&"what is given fits the capacity"), "{checks:?}");
}

fn second_owner(record: &mut Record) {
    let assigned = record.changes.iter().find_map(|change| match change {
        Change::Assigned(assigned) => Some(assigned.clone()),
        _ => None,
    });
    if let Some(mut assigned) = assigned {
        assigned.agent = AgentId(0);
        record.changes.push(Change::Assigned(assigned));
    }
}

#[test]
fn a_second_owner_of_a_work_is_seen() {
    let checks = found(Sabotage { tamper: Some(second_owner), ..Sabotage::default() });
    assert!(checks.contains(&"one owner"), "{checks:?}");
}

#[test]
fn two_people_in_one_customer_are_seen() {
    let checks = found(Sabotage { many_values: true, ..Sabotage::default() });
    assert!(checks.contains(&"invariants"), "{checks:?}");
}
