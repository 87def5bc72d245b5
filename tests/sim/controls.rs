//! Negative controls: with one safeguard broken, a check must fail. A checker that cannot fail checks nothing (style rule 26).

use std::collections::BTreeSet;

use skein::domain::id::{AgentId, Name};
use skein::domain::record::{
    Cause, Change, Clock, EffortKind, EffortNoted, HandBackEnded, HandedToPeople, OfferOutcome, OverflowCause,
    QueueCause, Record, StepCause,
};

use super::model::Sabotage;
use super::overseen::SAID_OVER;
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
fn an_archive_that_finds_nothing_lets_a_late_retry_be_stored_twice() {
    finds("every message is stored once", Sabotage { no_archive: true, ..Sabotage::default() });
}

#[test]
fn effects_before_durable_are_seen() {
    finds("effect after durable", Sabotage { early_effects: true, ..Sabotage::default() });
}

#[test]
fn a_start_from_a_snapshot_that_did_not_wait_for_its_outputs_loses_some() {
    finds("every output is handed over once", Sabotage { early_snapshots: true, ..Sabotage::default() });
}

#[test]
fn a_timer_that_never_fires_is_seen() {
    finds("no timer stays due", Sabotage { deaf_timer: true, ..Sabotage::default() });
}

/// The named invariant of the core is broken in one of the seeds.
#[track_caller]
fn breaks(invariant: &str, sabotage: Sabotage) {
    let broken = (0..SEEDS).filter_map(|seed| run(seed, sabotage, false).err());
    let found = broken.map(|(broken, _)| broken).any(|it| it.check == "invariants" && it.detail.contains(invariant));
    assert!(found, "{invariant} holds");
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

fn says_nothing_of_ends(record: &mut Record) {
    record.changes.retain(|change| !matches!(change, Change::OfferEnded { .. }));
}

#[test]
fn a_history_without_the_ends_of_its_offers_is_seen() {
    let sabotage = Sabotage { history: Some(says_nothing_of_ends), ..Sabotage::default() };
    finds("the history is as it should be", sabotage);
}

fn says_it_fits(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::Assigned(assigned) = change {
            assigned.overcommit = 0;
        }
    }
}

#[test]
fn what_a_supervisor_gives_beyond_the_capacity_and_nobody_records_is_seen() {
    let sabotage = Sabotage { tamper: Some(says_it_fits), ..Sabotage::default() };
    finds("what is given beyond the capacity is recorded", sabotage);
}

fn says_nothing(record: &mut Record) {
    if let Cause::Command(request) = &mut record.cause {
        request.request_id = Name::new(request.request_id.trim_end_matches(SAID_OVER));
    }
}

#[test]
fn what_is_given_beyond_the_capacity_though_nobody_said_so_is_seen() {
    let sabotage = Sabotage { tamper: Some(says_nothing), ..Sabotage::default() };
    finds("more is given than there is room for only where the supervisor says so", sabotage);
}

fn asks_on(record: &mut Record) {
    record.changes.retain(|change| !matches!(change, Change::ParticipantLeft(_)));
}

#[test]
fn who_takes_part_in_what_is_over_is_seen() {
    let sabotage = Sabotage { tamper: Some(asks_on), ..Sabotage::default() };
    finds("a part lasts as long as there is something to take part in", sabotage);
}

fn tells_nobody(record: &mut Record) {
    record.changes.retain(|change| !matches!(change, Change::OwnerTold(_)));
}

#[test]
fn a_new_owner_of_whom_nobody_is_told_is_seen() {
    let sabotage = Sabotage { tamper: Some(tells_nobody), ..Sabotage::default() };
    finds("a new owner and who takes part are told of each other", sabotage);
}

fn hands_back_again(record: &mut Record) {
    let back = record.changes.iter().find_map(|change| match change {
        Change::HandedBack(handed) => Some(*handed),
        _ => None,
    });
    if let Some(back) = back {
        let ends = HandBackEnded { work: back.work, taken: true };
        let over = HandedToPeople { work: back.work, agent: back.agent, ..HandedToPeople::default() };
        let round = [Change::HandBackEnded(ends), Change::HandedToPeople(over), Change::HandedBack(back)];
        record.changes.extend(round.iter().cycle().take(3 * round.len()).cloned());
    }
}

#[test]
fn a_work_that_goes_back_and_back_is_seen() {
    let sabotage = Sabotage { tamper: Some(hands_back_again), ..Sabotage::default() };
    finds("a work goes back to programs at most twice", sabotage);
}

fn waits_on(record: &mut Record) {
    record.changes.retain(|change| !matches!(change, Change::HandedToPeople(_)));
}

#[test]
fn a_customer_whom_programs_let_wait_and_no_person_gets_is_seen() {
    let sabotage = Sabotage { tamper: Some(waits_on), ..Sabotage::default() };
    finds("whoever programs let wait reaches people in time", sabotage);
}

fn before_its_clock(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::StepSet(set) = change {
            set.cause = StepCause::Clock;
        }
    }
}

#[test]
fn a_step_before_its_time_is_seen() {
    let sabotage = Sabotage { tamper: Some(before_its_clock), ..Sabotage::default() };
    finds("a step is not taken before its clock has run out", sabotage);
}

fn longer(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::StepSet(set) = change
            && let Some(clock) = &mut set.clock
        {
            clock.left_ms += 60_000;
        }
    }
}

#[test]
fn a_step_that_lasts_longer_than_its_clock_is_seen() {
    finds("a step has a clock of its own", Sabotage { tamper: Some(longer), ..Sabotage::default() });
}

fn waits_for_nobody(record: &mut Record) {
    let skips = |change: &Change| matches!(change, Change::StepSet(set) if set.cause == StepCause::NobodyThere);
    if !record.changes.iter().any(skips) {
        return;
    }
    for change in &mut record.changes {
        match change {
            Change::StepSet(set) => {
                (set.step, set.queues) = (0, Vec::new());
                set.cause = StepCause::Reconfigured;
                set.clock = Some(Clock { left_ms: 600_000, from: record.time });
            }
            // What was wanted before is wanted still: of none there are so many.
            Change::Required(required) => required.levels = [("law".into(), 10)].into_iter().collect(),
            _ => {}
        }
    }
}

#[test]
fn waiting_at_a_step_that_nobody_could_take_is_seen() {
    let sabotage = Sabotage { tamper: Some(waits_for_nobody), ..Sabotage::default() };
    finds("nobody waits at a step that nobody could take", sabotage);
}

fn into_the_full_queue(record: &mut Record) {
    let full = record.changes.iter().find_map(|change| match change {
        Change::Overflowed(overflowed) if overflowed.cause == OverflowCause::Length && overflowed.to.is_some() => {
            Some((overflowed.work, overflowed.queue.clone()))
        }
        _ => None,
    });
    for change in &mut record.changes {
        if let (Change::WorkQueued { work, queue, .. }, Some((overflows, full))) = (change, &full)
            && work == overflows
        {
            *queue = full.clone();
        }
    }
}

#[test]
fn one_more_in_a_full_queue_is_seen() {
    finds("nothing is added to a full queue", Sabotage { tamper: Some(into_the_full_queue), ..Sabotage::default() });
}

fn to_somebody_else(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::OfferMade(offer) = change {
            offer.agent = AgentId(if offer.agent == AgentId(0) { 1 } else { 0 });
        }
    }
}

#[test]
fn giving_to_whom_explain_calls_not_eligible_is_seen() {
    finds("who is given a work was eligible", Sabotage { tamper: Some(to_somebody_else), ..Sabotage::default() });
}

fn gives_nothing(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::OfferMade(offer) = change {
            *change = Change::CooldownEnded { work: offer.work, agent: offer.agent };
        }
    }
}

#[test]
fn a_work_that_waits_beside_whom_explain_calls_eligible_is_seen() {
    let sabotage = Sabotage { tamper: Some(gives_nothing), ..Sabotage::default() };
    finds("no work waits beside whom explain calls eligible", sabotage);
}

fn the_second_is_asked_still(record: &mut Record) {
    let accepted = record.changes.iter().find_map(|change| match change {
        Change::OfferEnded { work, outcome: OfferOutcome::Accepted, .. } => Some(*work),
        _ => None,
    });
    for change in &mut record.changes {
        if let Change::OfferEnded { work, agent, outcome: OfferOutcome::Revoked, .. } = change
            && Some(*work) == accepted
        {
            *change = Change::MatchDeferred { agent: *agent, more: false };
        }
    }
}

#[test]
fn an_offer_that_stays_open_when_another_is_accepted_is_seen() {
    let sabotage = Sabotage { tamper: Some(the_second_is_asked_still), ..Sabotage::default() };
    finds("the first to accept is the only one", sabotage);
}

fn never_relieved(record: &mut Record) {
    for change in &mut record.changes {
        if let Change::Overcommitted(change) = change
            && change.by > 0
        {
            (change.by, change.relieve_at) = (0, None);
        }
    }
}

#[test]
fn an_agent_with_too_much_whom_nobody_relieves_is_seen() {
    let sabotage = Sabotage { tamper: Some(never_relieved), ..Sabotage::default() };
    breaks("OvercommitRelieved", sabotage);
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

fn transfers_for_nothing(record: &mut Record) {
    record.changes.retain(|change| !matches!(change, Change::EffortNoted(noted) if noted.kind == EffortKind::Transfer));
}

#[test]
fn a_transfer_that_is_not_counted_is_seen() {
    finds("every transfer is counted", Sabotage { tamper: Some(transfers_for_nothing), ..Sabotage::default() });
}

fn counted_twice(record: &mut Record) {
    let noted: Vec<Change> = record
        .changes
        .iter()
        .filter(|change| matches!(change, Change::EffortNoted(noted) if noted.kind != EffortKind::Transfer))
        .cloned()
        .collect();
    record.changes.extend(noted);
}

#[test]
fn what_counts_twice_within_a_minute_is_seen() {
    finds("nothing counts twice within a minute", Sabotage { tamper: Some(counted_twice), ..Sabotage::default() });
}

fn passed_on_before(record: &mut Record) {
    let passed = record.changes.iter().find_map(|change| match change {
        Change::Assigned(assigned) => Some(assigned.work),
        _ => None,
    });
    if let Some(work) = passed {
        record.changes.push(Change::EffortNoted(EffortNoted { work, kind: EffortKind::Transfer, ms: 7_000 }));
    }
}

#[test]
fn a_cold_transfer_beyond_the_budget_is_seen() {
    let sabotage = Sabotage { tamper: Some(passed_on_before), ..Sabotage::default() };
    finds("nobody is passed on cold beyond the budget", sabotage);
}

#[test]
fn without_a_cap_of_credits_somebody_is_overtaken_beyond_the_bound() {
    finds("nobody is overtaken beyond the bound", Sabotage { endless_credit: true, ..Sabotage::default() });
}

#[test]
fn two_people_in_one_customer_are_seen() {
    finds("invariants", Sabotage { many_values: true, ..Sabotage::default() });
}
