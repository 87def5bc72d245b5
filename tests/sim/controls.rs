//! Negative controls: with one safeguard broken, a check must fail. A checker that cannot fail checks nothing (style rule 26).

use std::collections::BTreeSet;

use skein::domain::id::AgentId;
use skein::domain::record::{Change, QueueCause, Record};

use super::model::Sabotage;
use super::run;

/// Seeds within which a broken safeguard must be found.
const SEEDS: u64 = 1_000;

/// The check fails in one of the seeds; the search ends there.
#[track_caller]
fn finds(check: &str, sabotage: Sabotage) {
    let mut others = BTreeSet::new();
    let found = (0..SEEDS).filter_map(|seed| run(seed, sabotage, false).err()).any(|(broken, _)| {
        others.insert(broken.check);
        broken.check == check
    });
    assert!(found, "only {others:?}");
}

#[test]
fn without_the_fence_lost_records_leave_holes_in_the_log() {
    finds("log without gap", Sabotage { no_fence: true, ..Sabotage::default() });
}

#[test]
fn without_voiding_two_owners_both_write() {
    finds("log without gap", Sabotage { no_voiding: true, ..Sabotage::default() });
}

#[test]
fn without_recognising_retries_a_message_is_stored_twice() {
    finds("every message is stored once", Sabotage { no_dedup: true, ..Sabotage::default() });
}

#[test]
fn effects_before_durable_are_seen() {
    finds("effect after durable", Sabotage { early_effects: true, ..Sabotage::default() });
}

#[test]
fn a_timer_that_never_fires_is_seen() {
    finds("no timer stays due", Sabotage { deaf_timer: true, ..Sabotage::default() });
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
    finds("what is given fits the capacity", Sabotage { tamper: Some(costs_more), ..Sabotage::default() });
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
    finds("one owner", Sabotage { tamper: Some(second_owner), ..Sabotage::default() });
}

fn note_that_moves(record: &mut Record) {
    let noted = record.changes.iter().find_map(|change| match change {
        Change::Tagged(tagged) => tagged.work,
        _ => None,
    });
    if let Some(work) = noted {
        record.changes.push(Change::WorkQueued {
            work,
            queue: "support".into(),
            key: 0,
            cause: QueueCause::Moved,
            preferred: None,
        });
    }
}

#[test]
fn a_note_that_moves_a_work_is_seen() {
    finds("a note moves nothing", Sabotage { tamper: Some(note_that_moves), ..Sabotage::default() });
}

#[test]
fn two_people_in_one_customer_are_seen() {
    finds("invariants", Sabotage { many_values: true, ..Sabotage::default() });
}
