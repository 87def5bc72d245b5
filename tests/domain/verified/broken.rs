//! The negative controls: a history that is broken in one way fails with the name of the check that is about it.

use rstest::rstest;
use skein::domain::id::{AgentId, Index, Name, Position};
use skein::domain::record::{Cause, Change, Direction, Input, Record};
use skein::domain::time::Timestamp;
use skein::log::What;
use skein::verify::{AdapterLine, Check, Saw};

use super::history::{ANN, DEAD, Made, OUT, Told, words};
use super::made;
use crate::kit::{SPACE, STREAM};

type Tamper = fn(&mut Made);

/// The records that inputs made, by place in the log.
fn inputs(made: &mut Made) -> Vec<&mut Record> {
    made.records().filter(|record| matches!(record.cause, Cause::Input(_))).collect()
}

fn position(record: &mut Record) -> &mut Input {
    match &mut record.cause {
        Cause::Input(input) => input,
        other => panic!("no input: {other:?}"),
    }
}

fn entry(made: &mut Made, at: usize) -> (&mut Option<u64>, &mut u64, &mut u64, &mut bool) {
    let looked = &mut made.log[at].0;
    match &mut looked.what {
        What::Entry { index, chain, void, .. } => (&mut looked.epoch, index, chain, void),
        other => panic!("no entry: {other:?}"),
    }
}

/// Lines of ann's events behind its second welcome.
fn events_after_the_resume(made: &Made) -> Vec<usize> {
    let welcome = made.agents.iter().rposition(|line| matches!(line.saw, Saw::Welcome { .. })).expect("the second");
    (welcome..made.agents.len()).filter(|at| matches!(made.agents[*at].saw, Saw::Event { .. })).collect()
}

#[rstest]
#[case::a_message_of_the_log_is_missing(Check::LogWhole, |made: &mut Made| drop(made.log.remove(9)))]
#[case::a_message_of_the_log_is_unreadable(Check::LogWhole, |made: &mut Made| made.log[9].0.what = What::Unreadable("damage"))]
#[case::the_end_of_the_log_is_gone(Check::LogWhole, |made: &mut Made| made.log.truncate(made.log.len() - 3))]
#[case::all_of_the_log_is_gone(Check::LogWhole, |made: &mut Made| made.log.clear())]
#[case::an_entry_is_numbered_wrongly(Check::Index, |made: &mut Made| *entry(made, 9).1 += 1)]
#[case::a_hash_is_changed(Check::Hash, |made: &mut Made| *entry(made, 9).2 ^= 1)]
#[case::an_entry_of_an_older_epoch_is_let_through(Check::Stale, |made: &mut Made| {
    made.is_taken_over();
    let last = made.log.len() - 1;
    *entry(made, last).0 = Some(1);
})]
#[case::an_entry_that_counts_is_passed_over(Check::Stale, |made: &mut Made| *entry(made, 9).3 = true)]
#[case::an_epoch_does_not_rise(Check::Stale, |made: &mut Made| {
    made.is_taken_over();
    let epoch = made.log.iter_mut().rev().find(|(looked, _)| matches!(looked.what, What::Epoch { .. }));
    epoch.expect("the second").0.what = What::Epoch { number: 1 };
})]
#[case::time_goes_back(Check::Time, |made: &mut Made| {
    let record = made.records().last().expect("the last");
    record.time = Timestamp(record.time.0 - 60_000);
})]
#[case::an_input_is_applied_twice(Check::InputOnce, |made: &mut Made| {
    let mut inputs = inputs(made);
    let first = *position(inputs[2]);
    *position(inputs[3]) = first;
})]
#[case::a_message_that_has_an_effect_is_passed_over(Check::InputSkipped, |made: &mut Made| {
    // What was told again is something new.
    let stored = &mut made.inbox[2];
    stored.payload = words("visitor-1", "new").into();
})]
#[case::another_message_stands_in_the_stream(Check::InputKnown, |made: &mut Made| {
    made.inbox[3].payload = words("visitor-1", "other").into();
})]
#[case::a_message_that_was_applied_is_gone_from_within_the_stream(Check::InputKnown, |made: &mut Made| drop(made.inbox.remove(3)))]
#[case::more_is_applied_than_the_stream_has(Check::InputKnown, |made: &mut Made| drop(made.inbox.pop()))]
#[case::two_messages_of_a_customer_change_places(Check::CustomerOrder, |made: &mut Made| {
    let mut inputs = inputs(made);
    let (first, later) = (*position(inputs[0]), *position(inputs[2]));
    *position(inputs[0]) = later;
    *position(inputs[2]) = first;
})]
#[case::a_work_has_two_owners(Check::OneOwner, |made: &mut Made| {
    let record = made.records().find(|record| record.changes.iter().any(|it| matches!(it, Change::Assigned(_))));
    let record = record.expect("a record that assigns");
    let assigned = record.changes.iter().find_map(|change| match change {
        Change::Assigned(assigned) => Some(assigned.clone()),
        _ => None,
    });
    record.changes.extend(assigned.map(Change::Assigned));
})]
#[case::a_work_is_offered_to_two(Check::FewOffers, |made: &mut Made| {
    let record = made.records().find(|record| record.changes.iter().any(|it| matches!(it, Change::OfferMade(_))));
    let record = record.expect("a record that offers");
    let offer = record.changes.iter().find_map(|change| match change {
        Change::OfferMade(offer) => Some(offer.clone()),
        _ => None,
    });
    record.changes.extend(offer.map(Change::OfferMade));
})]
#[case::an_offer_does_not_end(Check::OfferEnds, |made: &mut Made| {
    made.records().for_each(|record| record.changes.retain(|it| !matches!(it, Change::OfferEnded { .. })));
})]
#[case::an_offer_ends_that_is_not_open(Check::OfferEnds, |made: &mut Made| {
    let ended = made.changes().find_map(|(_, change)| matches!(change, Change::OfferEnded { .. }).then(|| change.clone()));
    made.records().last().expect("the last").changes.extend(ended);
})]
#[case::an_agent_is_given_too_much(Check::Capacity, |made: &mut Made| {
    made.changes().for_each(|(_, change)| {
        if let Change::OfferMade(offer) = change {
            offer.cost += 9;
        }
    });
})]
#[case::a_work_waits_beside_who_could_take_it(Check::Invariants, |made: &mut Made| {
    let last = made.records().last().expect("the last");
    last.changes.iter_mut().for_each(|change| {
        if let Change::OfferMade(offer) = change {
            *change = Change::CooldownEnded { work: offer.work, agent: offer.agent };
        }
    });
})]
#[case::a_daemon_tells_another_state(Check::FoldsAgree, |made: &mut Made| made.daemon.1 ^= 1)]
#[case::a_daemon_knows_more_than_the_log(Check::FoldsAgree, |made: &mut Made| made.daemon.0 = Index(9_999))]
#[case::an_output_is_handed_over_twice(Check::OutputOnce, |made: &mut Made| {
    let out = made.out.get_mut(OUT).expect("OUT");
    out.insert(2, out[1].clone());
    made.renumber(OUT);
})]
#[case::an_output_is_missing(Check::OutputMissing, |made: &mut Made| {
    made.out.get_mut(OUT).expect("OUT").remove(1);
    made.renumber(OUT);
})]
#[case::the_last_output_is_missing_though_it_is_recorded(Check::OutputMissing, |made: &mut Made| {
    made.settled = false;
    made.out.get_mut(OUT).expect("OUT").truncate(1);
})]
#[case::a_message_of_out_is_gone(Check::OutputMissing, |made: &mut Made| drop(made.out.get_mut(OUT).expect("OUT").remove(1)))]
#[case::a_dead_letter_is_missing(Check::OutputMissing, |made: &mut Made| made.out.get_mut(DEAD).expect("DEAD").clear())]
#[case::two_outputs_change_places(Check::OutputOrder, |made: &mut Made| {
    made.out.get_mut(OUT).expect("OUT").swap(1, 2);
    made.renumber(OUT);
})]
#[case::an_output_is_of_nobody(Check::OutputStrange, |made: &mut Made| {
    let out = made.out.get_mut(OUT).expect("OUT");
    out[3].position = None;
})]
#[case::an_output_of_a_record_that_is_not_there(Check::OutputStrange, |made: &mut Made| {
    let out = made.out.get_mut(OUT).expect("OUT");
    let mut strange = out[3].clone();
    strange.position = Some(Position { index: Index(9_999), output: 0 });
    out.push(strange);
    made.renumber(OUT);
})]
#[case::an_output_goes_to_another_endpoint(Check::OutputStrange, |made: &mut Made| {
    made.out.get_mut(OUT).expect("OUT")[0].subject = format!("skein.out.{SPACE}.sms.sms");
})]
#[case::a_hand_over_is_recorded_that_was_none(Check::HandedOver, |made: &mut Made| {
    made.changes().for_each(|(_, change)| {
        if let Change::HandedOver { position, .. } = change {
            position.output += 7;
        }
    });
})]
#[case::what_was_acknowledged_is_not_in_the_stream(Check::AckKept, |made: &mut Made| {
    made.adapters.push(AdapterLine::Published { stream: Name::new(STREAM), sequence: 999, message: None });
})]
#[case::what_was_acknowledged_is_not_applied(Check::AckApplied, |made: &mut Made| {
    let sequence = made.inbox.len() as u64 + 1;
    made.inbox.push(skein::nats::Stored { sequence, ..made.inbox[0].clone() });
    made.adapters.push(AdapterLine::Published { stream: Name::new(STREAM), sequence, message: None });
})]
#[case::a_message_is_in_no_conversation(Check::AckStored, |made: &mut Made| {
    let published = made.adapters.iter_mut().find_map(|line| match line {
        AdapterLine::Published { message: Some(given), .. } => Some(given),
        _ => None,
    });
    published.expect("one with an id").id = "lost".to_owned();
})]
#[case::a_message_is_stored_twice(Check::AckOnce, |made: &mut Made| {
    let mut stored = made.changes().filter_map(|(_, change)| match change {
        Change::MessageStored(message) if message.direction == Direction::In => Some(message),
        _ => None,
    });
    let first = stored.next().expect("the first").provider_fingerprint;
    stored.for_each(|message| message.provider_fingerprint = first);
})]
#[case::an_adapter_got_something_else(Check::Received, |made: &mut Made| {
    let log = made.adapters.iter_mut().find_map(|line| match line {
        AdapterLine::Received { log, .. } => Some(log),
        AdapterLine::Published { .. } => None,
    });
    log.expect("one").push('9');
})]
#[case::an_adapter_did_not_get_something(Check::Received, |made: &mut Made| {
    made.adapters.retain(|line| !matches!(line, AdapterLine::Received { sequence: 2, .. }));
})]
#[case::a_session_missed_one(Check::AgentMissed, |made: &mut Made| {
    let events = events_after_the_resume(made);
    made.agents.remove(events[2]);
})]
#[case::a_resume_missed_one(Check::AgentMissed, |made: &mut Made| {
    let events = events_after_the_resume(made);
    made.agents.remove(events[0]);
})]
#[case::one_who_looks_on_beside_missed_everything(Check::AgentMissed, |made: &mut Made| {
    let welcome = Saw::Welcome { after: Position::default(), session: 0 };
    let looks_on = skein::verify::AgentLine { connection: 7, saw: welcome, ..made.agents[0].clone() };
    made.agents.insert(0, looks_on);
})]
#[case::the_end_was_missed(Check::AgentMissed, |made: &mut Made| {
    let last = made.agents.iter().rposition(|line| matches!(line.saw, Saw::Event { .. })).expect("one");
    made.agents.remove(last);
})]
#[case::a_session_was_told_backwards(Check::AgentOrder, |made: &mut Made| {
    let events = events_after_the_resume(made);
    made.agents.swap(events[0], events[1]);
})]
#[case::a_session_was_told_what_is_not_its_business(Check::AgentStrange, |made: &mut Made| {
    let at = Position { index: Index(9_999), output: 0 };
    let line = made.agents[0].clone();
    made.agents.push(skein::verify::AgentLine { saw: Saw::Event { at }, ..line });
})]
#[case::an_answer_was_undone(Check::Answer, |made: &mut Made| {
    let answer = made.agents.iter_mut().find_map(|line| match &mut line.saw {
        Saw::Answer { message: Some(message), .. } => Some(message),
        _ => None,
    });
    let answer = answer.expect("one that sent");
    *answer = skein::domain::id::MessageId::new(Index(9_999), 0);
})]
#[case::an_answer_is_to_the_command_of_another(Check::Answer, |made: &mut Made| {
    made.records().for_each(|record| {
        if let Cause::Command(request) = &mut record.cause {
            request.principal = Name::new("agent:bob");
        }
    });
})]
#[case::an_answer_names_what_another_has(Check::Answer, |made: &mut Made| {
    made.changes().for_each(|(_, change)| {
        if let Change::Assigned(assigned) = change {
            // Bob logged in first.
            assigned.agent = AgentId(0);
        }
    });
})]
fn a_history_broken_in_one_way_fails_with_that_name(#[case] check: Check, #[case] tamper: Tamper) {
    let mut made = made();
    tamper(&mut made);
    let report = made.check();
    let names: Vec<&str> = report.findings.breaches().map(|breach| breach.check.name()).collect();
    assert!(report.findings.of(check).broken > 0, "only {names:?}");
}

/// What broke, by name, each as often as it is told.
fn broken(made: Made) -> Vec<&'static str> {
    made.check().findings.breaches().map(|breach| breach.check.name()).collect()
}

#[test]
fn each_strange_message_at_the_end_is_told() {
    let mut made = made();
    let out = made.out.get_mut(OUT).expect("OUT");
    for index in 9_997..=9_999 {
        let mut strange = out[0].clone();
        strange.position = Some(Position { index: Index(index), output: 0 });
        out.push(strange);
    }
    made.renumber(OUT);
    made.settled = false;
    assert_eq!(broken(made), ["output_strange"; 3]);
}

#[test]
fn an_output_handed_over_twice_is_one_breach_also_before_the_hand_over_of_earlier_ones_is_recorded() {
    let mut told = Told::begins();
    told.story.ready(ANN).expect("ready");
    for n in 1..=4 {
        told.helps(&format!("visitor-{n}"), &n.to_string());
    }
    told.hands_over(2);
    told.story.after(1_000);
    let mut made = told.made();
    made.adapters.retain(|line| !matches!(line, AdapterLine::Received { .. }));
    let out = made.out.get_mut(OUT).expect("OUT");
    out.insert(2, out[1].clone());
    made.renumber(OUT);
    assert_eq!(broken(made.clone()), ["output_once"]);
    // It has expired: the outputs behind it stand one further on than their number, and are there.
    made.out.get_mut(OUT).expect("OUT").drain(..3);
    let report = made.clone().check();
    assert_eq!(broken(made), ["output_once"], "{:#?}", report.table());
    assert_eq!((report.counts.outputs_expired, report.counts.outputs), (2, 2));
}
