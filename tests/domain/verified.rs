//! The history checker: a history that is as it should be passes, and what is under way is told from what is wrong.

#[path = "verified/broken.rs"]
mod broken;
#[path = "verified/history.rs"]
mod history;

use history::{ANN, Made, OUT, Told, unreadable, words};
use skein::domain::State;
use skein::domain::command::Command;
use skein::domain::id::{Index, Name};
use skein::domain::record::{Change, Input, Record};
use skein::domain::time::Timestamp;
use skein::log::What;
use skein::verify::{AdapterLine, Check, Checker, Counts, Saw, Wishes};

use crate::kit::{SPACE, STREAM};

/// Visitors come, come again and are told twice; ann takes and answers; a letter is dead; outputs are handed over.
fn told() -> Told {
    let mut told = Told::begins();
    told.story.ready(ANN).expect("ready");
    let first = told.helps("visitor-1", "1");
    unreadable(&mut told);
    // Told again: nothing follows, and the next position passes over it.
    told.applied(words("visitor-1", "1"));
    told.says("visitor-1", "2");
    told.story.answers(ANN, first, "and more").expect("an answer");
    told.hands_over(2);
    let second = told.helps("visitor-2", "3");
    told.story.after(5_000);
    told.story.closes(ANN, first).expect("closed");
    told.story.closes(ANN, second).expect("closed");
    told.helps("visitor-3", "4");
    told.says("visitor-4", "5");
    told
}

fn made() -> Made {
    told().made()
}

#[test]
fn a_history_as_it_should_be_passes_and_everything_was_looked_at() {
    let report = made().check();
    assert!(report.is_clean(), "{:#?}", report.table());
    for check in Check::ALL {
        // Nothing was gone before it was applied, and nothing was told of: there is only something to say where something is wrong.
        let silent = matches!(check, Check::InputGap | Check::AgentStrange | Check::AgentOrder);
        assert!(report.findings.of(check).looked > 0 || silent, "{} looked at nothing", check.name());
    }
    assert_eq!((report.counts.passed_over, report.counts.passed_over_unknown), (1, 0));
    assert_eq!((report.counts.outputs, report.counts.outputs_pending, report.counts.offers_open), (5, 0, 1));
    let Counts { offers_expired, assignments_lapsed, works_open, .. } = report.counts;
    // Of visitor-3 and visitor-4.
    assert_eq!((offers_expired, assignments_lapsed, works_open), (0, 0, 2));
    assert_eq!(report.stopped, None);
    let json = report.json();
    assert_eq!((&json["broken"], &json["checks"]["one_owner"]["broken"]), (&0.into(), &0.into()));
}

#[test]
fn a_take_over_is_no_breach_and_what_its_loser_wrote_later_is_void() {
    let mut made = made();
    made.is_taken_over();
    let mut late = made.log[made.log.len() - 1].clone();
    late.0.epoch = Some(1);
    late.1 = None;
    if let What::Entry { void, .. } = &mut late.0.what {
        *void = true;
    }
    late.0.sequence = made.log.len() as u64 + 1;
    made.log.push(late);
    let report = made.check();
    assert!(report.is_clean(), "{:#?}", report.table());
    assert_eq!((report.counts.epochs, report.counts.void), (2, 1));
}

#[test]
fn what_is_under_way_is_listed_and_fails_only_where_everything_is_said_to_rest() {
    let mut made = made();
    made.out.get_mut(OUT).expect("OUT").truncate(3);
    made.adapters.retain(|line| !matches!(line, AdapterLine::Received { sequence: 4.., .. }));
    let sequence = made.inbox.len() as u64;
    made.inbox.push(skein::nats::Stored { sequence: sequence + 1, ..made.inbox[0].clone() });
    made.adapters.push(AdapterLine::Published { stream: Name::new(STREAM), sequence: sequence + 1, message: None });
    let mut under_way = made.clone();
    under_way.settled = false;
    let report = under_way.check();
    assert!(report.is_clean(), "{:#?}", report.table());
    assert_eq!((report.counts.outputs_pending, report.counts.inputs_waiting), (1, 1));
    let report = made.check();
    for check in [Check::OutputMissing, Check::AckApplied] {
        assert!(report.findings.of(check).broken > 0, "{}", check.name());
    }
}

#[test]
fn what_has_expired_is_checked_by_its_number() {
    let mut made = made();
    made.settled = false;
    made.out.get_mut(OUT).expect("OUT").drain(..2);
    made.adapters.retain(|line| !matches!(line, AdapterLine::Received { .. }));
    let report = made.check();
    assert!(report.is_clean(), "{:#?}", report.table());
    assert_eq!((report.counts.outputs_expired, report.counts.outputs), (2, 3));
}

#[test]
fn what_expires_while_it_is_read_is_no_breach() {
    for expire in [2, 4] {
        let report = Made { expire, ..made() }.check();
        assert!(report.is_clean(), "{:#?}", report.table());
        assert_eq!((report.counts.outputs_expired, report.counts.outputs), (expire as u64, 5 - expire as u64));
    }
}

#[test]
fn what_is_handed_over_and_recorded_after_the_look_at_its_stream_is_read_too() {
    let made = Made { late: 3, settled: false, ..made() };
    let report = made.check();
    assert!(report.is_clean(), "{:#?}", report.table());
    assert_eq!((report.counts.outputs, report.counts.outputs_pending), (3, 2), "two of OUT and the dead letter");
}

#[test]
fn of_outputs_whose_stream_an_operator_deleted_nothing_is_said() {
    let mut made = made();
    let all = made.out.remove(OUT).expect("OUT").len() as u64;
    let report = made.check();
    assert!(report.is_clean(), "{:#?}", report.table());
    assert_eq!((report.counts.outputs_nowhere, report.counts.outputs_pending), (all, 0));
}

#[test]
fn what_a_stream_acknowledged_that_is_not_bound_yet_waits_and_is_lost_only_where_the_stream_lacks_it() {
    let mut made = made();
    made.settled = false;
    let line = |sequence| AdapterLine::Published { stream: Name::new("SKEIN_IN_shop_new"), sequence, message: None };
    made.adapters.extend([line(1), line(2)]);
    let with = |last: Option<u64>| {
        let unbound = last.map(|last| ("SKEIN_IN_shop_new", last)).into_iter().collect();
        Made { unbound, ..made.clone() }.check()
    };
    assert!(with(Some(2)).is_clean(), "{:#?}", with(Some(2)).table());
    assert_eq!(with(Some(2)).counts.inputs_waiting, 2);
    for last in [Some(1), None] {
        assert_eq!(with(last).findings.of(Check::AckKept).broken, 1);
    }
}

/// Only the last publication of a message was acknowledged: the first was applied all the same.
fn published_again(id: &str) -> Made {
    let mut told = Told::begins();
    told.story.ready(ANN).expect("ready");
    told.says("visitor-1", id);
    told.applied(words("visitor-1", id));
    told.says("visitor-2", "later");
    let mut made = told.made();
    made.adapters.retain(|line| !matches!(line, AdapterLine::Published { sequence: 1, .. }));
    made
}

#[test]
fn a_message_whose_first_acknowledgement_was_lost_is_known_also_when_its_words_are_gone() {
    let mut made = published_again("1");
    made.records().for_each(|record| record.content.clear());
    let report = made.check();
    assert_eq!(report.findings.of(Check::AckStored).broken, 0, "{:#?}", report.table());
    let mut made = published_again("1");
    made.changes().for_each(|(_, change)| {
        if let Change::MessageStored(message) = change {
            message.provider_fingerprint ^= 1;
        }
    });
    made.records().for_each(|record| record.content.clear());
    assert!(made.check().findings.of(Check::AckStored).broken > 0, "another message is none");
}

#[test]
fn what_is_told_as_history_or_changes_something_said_is_in_the_log() {
    for (what, more) in [
        ("history", serde_json::json!({"backfill": true})),
        ("an echo", serde_json::json!({"message": null, "echo": {"content": {"text": "from elsewhere"}}})),
        ("a reaction", serde_json::json!({"message": null, "reaction": {"emoji": "+"}})),
        ("an edit", serde_json::json!({"message": null, "edit": {"content": {"text": "better"}}})),
        (
            "a part",
            serde_json::json!({"message": {"content": {"text": "half"}, "part": {"number": 1, "count": 2, "reference": "r"}}}),
        ),
    ] {
        let mut told = Told::begins();
        told.story.ready(ANN).expect("ready");
        let mut event: serde_json::Value = serde_json::from_slice(&words("visitor-1", "1")).expect("an event");
        for (field, value) in more.as_object().expect("fields") {
            event[field] = value.clone();
        }
        event.as_object_mut().expect("an event").retain(|_, value| !value.is_null());
        told.applied(event.to_string());
        told.says("visitor-1", "2");
        let stored = |change: &Change| matches!(change, Change::MessageStored(_) | Change::PartHeld(_));
        let count = told.story.records(0).flat_map(|record| &record.changes).filter(|change| stored(change)).count();
        assert!(count >= 2, "{what} is stored: {:#?}", told.story.last().changes);
        let report = told.made().check();
        assert_eq!(report.findings.of(Check::AckStored).broken, 0, "{what}: {:#?}", report.table());
    }
}

#[test]
fn who_was_killed_and_goes_on_or_has_no_session_any_more_has_missed_nothing() {
    let mut made = made();
    made.agents.retain(|line| line.saw != Saw::End);
    let report = made.check();
    assert!(report.is_clean(), "gone on with: {:#?}", report.table());
    let mut told = told();
    told.story.logs_out(ANN).expect("logged out");
    let mut made = told.made();
    let ended = made.changes().find_map(|(_, change)| match change {
        Change::SessionEnded { session_epoch, .. } => Some(*session_epoch),
        _ => None,
    });
    let ended = ended.expect("it ends");
    let last = made.agents.iter().rposition(|line| matches!(line.saw, Saw::Welcome { .. })).expect("a welcome");
    let with = |epoch: u64| {
        let mut made = made.clone();
        made.agents.truncate(last + 2);
        made.agents.iter_mut().for_each(|line| {
            if let Saw::Welcome { session, .. } = &mut line.saw {
                *session = epoch;
            }
        });
        made.check().findings.of(Check::AgentMissed).broken
    };
    assert_eq!((with(ended), with(ended + 1)), (0, 1), "another session is open still");
}

#[test]
fn behind_a_hole_of_the_log_nothing_is_guessed_at() {
    let mut made = made();
    made.log.remove(9);
    let report = made.check();
    assert_eq!(report.stopped.as_deref(), Some("log sequence 11"));
    let names: Vec<&str> = report.findings.breaches().map(|breach| breach.check.name()).collect();
    assert_eq!(names, ["log_whole", "index", "hash"], "{:#?}", report.table());
}

#[test]
fn a_fold_from_a_state_that_was_kept_has_to_agree() {
    let told = told();
    let found = |wrong: bool| {
        let mut checker = Checker::new(Name::new("s0"), Wishes::default());
        let mut kept = State::new(Name::new("s0"));
        let records: Vec<&Record> = told.story.records(0).collect();
        for record in &records[..10] {
            let mut record = (*record).clone();
            // What was kept is not what the log says.
            record.time = Timestamp(record.time.0 - i64::from(wrong && record.index == Index(10)));
            if wrong {
                record.changes.retain(|change| !matches!(change, Change::MessageStored(_)));
            }
            skein::domain::evolve(&mut kept, &record);
        }
        checker.snapshot(kept);
        records.iter().for_each(|record| checker.record(record));
        checker.finish().findings.of(Check::FoldsAgree).broken
    };
    assert_eq!((found(false), found(true)), (0, 1));
}

#[test]
fn inputs_that_were_gone_are_told() {
    let mut told = told();
    let from = told.inbox.len() as u64 + 1;
    told.story.when(Command::InputGap { workspace: Name::new(SPACE), stream: 0, from, to: from + 3 }).expect("noted");
    (0..4).for_each(|_| drop(told.stored(words("visitor-9", "gone"))));
    let report = told.made().check();
    assert_eq!(report.findings.of(Check::InputGap).broken, 1);
    assert!(report.findings.of(Check::AckApplied).broken > 0, "they were acknowledged");
}

#[test]
fn what_a_record_of_progress_passes_over_has_no_effect() {
    let passed = |id: &str| {
        let mut told = told();
        let stored = told.stored(words("visitor-4", id));
        let digest = skein::ingest::digest(&stored);
        let splitter = skein::normalize::SPLITTER_VERSION;
        let at = Input { stream: 0, sequence: stored.sequence, event: 0, of: 1, splitter, digest };
        told.story.when(Command::Progress { workspace: Name::new(SPACE), reached: vec![at] }).expect("noted");
        let mut made = told.made();
        // Only what was stored is a message of its own.
        made.adapters
            .retain(|line| !matches!(line, AdapterLine::Published { sequence, .. } if *sequence == stored.sequence));
        made.check()
    };
    assert!(passed("5").is_clean(), "told again: {:#?}", passed("5").table());
    assert_eq!(passed("6").findings.of(Check::InputSkipped).broken, 1, "never told before");
}

#[test]
fn a_message_of_several_events_is_complete() {
    let two = |apply_both: bool| {
        let mut told = Told::begins();
        told.story.ready(ANN).expect("ready");
        let messages: Vec<serde_json::Value> = (1..=2)
            .map(|n| {
                serde_json::json!({"from": "4915112345678", "id": format!("wamid.{n}"), "timestamp": "1767225600",
                "type": "text", "text": {"body": format!("words {n}")}})
            })
            .collect();
        let body = serde_json::json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{
            "field": "messages", "value": {"messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550100000", "phone_number_id": "1"}, "messages": messages}}]}]});
        told.webhook(&body, if apply_both { 2 } else { 1 });
        told.says("visitor-1", "later");
        told.made().check()
    };
    assert!(two(true).is_clean(), "{:#?}", two(true).table());
    assert_eq!(two(false).findings.of(Check::InputSkipped).broken, 1);
}
