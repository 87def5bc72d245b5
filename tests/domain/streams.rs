//! Positions of IN streams, dead letters, hand-over and take-over records (design, laws 6, 7 and 14).

use skein::domain::command::Command;
use skein::domain::event::EventKind;
use skein::domain::id::{Index, Name, Position};
use skein::domain::output::Output;
use skein::domain::record::{Cause, Change, Input, InputResumed, Request};
use skein::domain::rejection::Rejection;

use crate::kit::{SPACE, Scenario, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const STREAM: &str = "SKEIN_IN_shop";

fn at(sequence: u64, event: u16, of: u16) -> Input {
    Input { sequence, event, of, ..Input::default() }
}

fn position(story: &Scenario) -> (u64, u16) {
    let position = story.state.stream(STREAM).expect("bound").position;
    (position.sequence, position.event)
}

#[test]
fn an_input_is_applied_once() {
    let mut story = shop().opens();
    story.hears_at(at(5, 0, 1), sms(ANNA, "hello")).expect("applied");
    for before in [at(5, 0, 1), at(4, 0, 1)] {
        assert_eq!(story.hears_at(before, sms(ANNA, "other")).refused(), Rejection::AlreadyApplied);
    }
    assert_eq!(position(&story), (5, 0));
}

#[test]
fn the_events_of_one_message_are_applied_one_by_one_and_gone_on_with() {
    let mut story = shop().opens();
    story.hears_at(at(1, 0, 3), sms(ANNA, "one")).expect("applied");
    story.hears_at(at(1, 1, 3), sms(ANNA, "two")).expect("applied");
    assert_eq!(story.hears_at(at(1, 1, 3), sms(ANNA, "two")).refused(), Rejection::AlreadyApplied);
    story.hears_at(at(1, 2, 3), sms(ANNA, "three")).expect("applied");
    assert_eq!(position(&story), (1, 2));
}

#[test]
fn a_message_half_applied_by_another_splitter_is_applied_from_its_first_event() {
    let mut story = shop().opens();
    let split = |splitter, event, of| Input { splitter, ..at(1, event, of) };
    story.hears_at(split(2, 0, 3), sms(ANNA, "one").id("1")).expect("applied");
    story.hears_at(split(2, 1, 3), sms(ANNA, "two").id("2")).expect("applied");
    // The newer one sees two events in the same bytes.
    assert_eq!(story.hears_at(split(3, 0, 2), sms(ANNA, "one").id("1")).refused(), Rejection::Duplicate);
    story.hears_at(split(3, 0, 2), sms(ANNA, "nought").id("0")).expect("never told before");
    story.hears_at(split(3, 1, 2), sms(ANNA, "three").id("3")).expect("applied");
    assert_eq!(story.hears_at(split(4, 0, 2), sms(ANNA, "other").id("4")).refused(), Rejection::AlreadyApplied);
    assert_eq!(position(&story), (1, 1));
}

#[test]
fn an_unbound_stream_is_refused() {
    let mut story = shop().opens();
    let step = story.when(Command::DeadLetter(skein::domain::command::DeadLetter {
        workspace: Name::new(SPACE),
        channel: Name::new("whatsapp"),
        endpoint: Name::new("wa"),
        stream: Name::new("SKEIN_IN_other"),
        input: at(1, 0, 1),
        reason: Name::new("not_json"),
    }));
    assert!(matches!(step.refused(), Rejection::Invalid(_)));
}

#[test]
fn what_cannot_be_read_goes_to_dead_letters_with_its_place() {
    let mut story = shop().opens();
    let step = story.cannot_read("not_json");
    assert_eq!(step.dead(), "not_json");
    assert_eq!(step.outputs(), [Output::DeadLetter { reason: Name::new("not_json"), place: 0 }]);
    assert_eq!(position(&story), (story.sequence(), 0));
}

#[test]
fn an_unknown_endpoint_goes_to_dead_letters() {
    let mut story = shop().opens();
    assert_eq!(story.hears(whatsapp(ANNA, "hello").at("nowhere")).dead(), "unknown_endpoint");
    assert_eq!(story.hears(whatsapp(ANNA, "hello").at("sms")).dead(), "unknown_endpoint");
}

#[test]
fn a_payload_that_names_another_of_our_addresses_goes_to_dead_letters() {
    let mut story = shop().opens();
    assert_eq!(story.hears(sms(ANNA, "hello").naming("+49 30 9999")).dead(), "wrong_endpoint");
    story.hears(sms(ANNA, "hello").naming("+49305550")).expect("our number, written otherwise");
}

#[test]
fn typing_and_unknown_kinds_leave_no_record() {
    let mut story = shop().opens();
    let unknown = EventKind::Ignored { kind: "poll_vote".to_owned() };
    for kind in [EventKind::Typing, unknown] {
        assert_eq!(story.hears(whatsapp(ANNA, "").kind(kind)).refused(), Rejection::Ignored);
    }
}

#[test]
fn news_of_our_account_are_noted_for_operators() {
    let mut story = shop().opens();
    let kind = EventKind::Account { subject: "template paused".to_owned(), detail: String::new() };
    let step = story.hears(whatsapp(ANNA, "").kind(kind));
    assert!(matches!(&step.changes()[0], Change::AccountNoted { subject, .. } if subject == "templatepaused"));
}

#[test]
fn progress_moves_positions_forward_only() {
    let mut story = shop().opens();
    story.hears_at(at(3, 0, 1), sms(ANNA, "hello")).expect("applied");
    let mut progress = |sequence| {
        let step = story.when(Command::Progress { workspace: Name::new(SPACE), reached: vec![at(sequence, 0, 1)] });
        (step.0.expect("not refused").is_some(), position(&story).0)
    };
    assert_eq!(progress(9), (true, 9));
    assert_eq!(progress(4), (false, 9));
}

#[test]
fn nothing_of_a_broken_stream_is_applied_or_passed_over() {
    let mut story = shop().opens();
    story.hears_at(at(3, 0, 1), sms(ANNA, "hello")).expect("applied");
    let broken = Command::InputBroken { workspace: Name::new(SPACE), stream: 0, found: 1 };
    let step = story.when(broken.clone());
    assert_eq!(step.changes(), [Change::InputBroken { stream: 0, applied: 3, found: 1 }]);
    assert!(story.when(broken).0.expect("not refused").is_none(), "one record tells it");
    assert!(story.hears_at(at(4, 0, 1), sms(ANNA, "lost?")).0.is_err());
    let passed = Command::Progress { workspace: Name::new(SPACE), reached: vec![at(4, 0, 1)] };
    assert!(story.when(passed).0.expect("not refused").is_none());
    assert_eq!(position(&story), (3, 0), "an operator decides about the rest");
}

fn resume(id: &str, sequence: u64) -> Command {
    Command::ResumeInput {
        workspace: Name::new(SPACE),
        request: Request { principal: Name::new("operator:olga"), request_id: Name::new(id), digest: sequence },
        stream: Name::new(STREAM),
        created_ns: 77,
        sequence,
        digest: 5,
    }
}

#[test]
fn an_operator_takes_a_broken_stream_into_use_again_from_where_it_says() {
    let mut story = shop().opens();
    story.hears_at(at(9, 1, 3), sms(ANNA, "hello")).expect("applied");
    assert_eq!(story.when(resume("r0", 2)).refused(), Rejection::StreamInUse, "nothing is broken");
    story.when(Command::InputBroken { workspace: Name::new(SPACE), stream: 0, found: 4 }).expect("noted");
    let step = story.when(resume("r1", 2));
    assert_eq!(
        step.changes(),
        [Change::InputResumed(InputResumed { stream: 0, created_ns: 77, sequence: 2, digest: 5 })]
    );
    assert!(matches!(&step.record().cause, Cause::Command(request) if request.principal == "operator:olga"));
    let bound = story.state.stream(STREAM).expect("bound").clone();
    assert_eq!((bound.broken, bound.created_ns, bound.resumed), (false, 77, step.record().index));
    assert_eq!(story.hears_at(at(2, 0, 1), sms(ANNA, "before")).refused(), Rejection::AlreadyApplied);
    story.hears_at(at(3, 0, 1), sms(ANNA, "of the new stream")).expect("applied");
    assert_eq!(position(&story), (3, 0));
    assert!(matches!(story.when(resume("r1", 2)).refused(), Rejection::Repeated(_)), "a retry gets the first answer");
    assert_eq!(story.when(resume("r1", 3)).refused(), Rejection::RequestIdReused);
    assert_eq!(story.when(resume("r2", 2)).refused(), Rejection::StreamInUse, "a late word changes nothing");
    story.folds_to_the_same();
}

#[test]
fn only_a_stream_of_the_workspace_is_taken_into_use_again() {
    let mut story = shop().opens();
    let Command::ResumeInput { request, created_ns, sequence, digest, workspace, .. } = resume("r1", 1) else {
        unreachable!("made so above")
    };
    let other = Name::new("SKEIN_IN_other");
    let command = Command::ResumeInput { workspace, request, stream: other.clone(), created_ns, sequence, digest };
    assert_eq!(story.when(command).refused(), Rejection::UnknownStream(other));
}

#[test]
fn the_shards_own_commands_are_refused_for_a_workspace_that_is_not_here() {
    let mut story = shop().opens();
    let workspace = Name::new("nobody");
    let position = Position { index: Index(1), output: 0 };
    for command in [
        Command::InputBroken { workspace: workspace.clone(), stream: 0, found: 1 },
        Command::InputGap { workspace: workspace.clone(), stream: 0, from: 1, to: 2 },
        Command::Progress { workspace: workspace.clone(), reached: vec![at(1, 0, 1)] },
        Command::HandedOver { workspace, stream: Name::new("SKEIN_OUT_nobody"), stream_sequence: 1, position },
    ] {
        assert_eq!(story.when(command).refused(), Rejection::UnknownWorkspace);
    }
}

#[test]
fn a_gap_is_noted_of_streams_that_are_read_only() {
    let mut story = shop().opens();
    let gap = |stream| Command::InputGap { workspace: Name::new(SPACE), stream, from: 1, to: 7 };
    assert!(story.when(gap(9)).0.expect("not refused").is_none(), "nobody knows that stream");
    story.when(Command::InputBroken { workspace: Name::new(SPACE), stream: 0, found: 1 }).expect("noted");
    assert!(story.when(gap(0)).0.expect("not refused").is_none(), "an operator decides about a broken one");
    assert_eq!(position(&story).0, 0);
}

#[test]
fn a_gap_in_a_stream_is_a_record_and_reading_goes_on_behind_it() {
    let mut story = shop().opens();
    let gap = Command::InputGap { workspace: Name::new(SPACE), stream: 0, from: 1, to: 7 };
    assert_eq!(story.when(gap).changes(), [Change::InputGap { stream: 0, from: 1, to: 7 }]);
    assert_eq!(position(&story).0, 7);
    story.hears_at(at(8, 0, 1), sms(ANNA, "hello")).expect("applied");
}

#[test]
fn hand_over_is_noted_forward_only() {
    let mut story = shop().opens();
    let mut handed = |index, sequence| {
        let step = story.when(Command::HandedOver {
            workspace: Name::new(SPACE),
            stream: Name::new("SKEIN_OUT_shop"),
            stream_sequence: sequence,
            position: Position { index: Index(index), output: 0 },
        });
        step.0.expect("not refused").is_some()
    };
    assert!(handed(5, 10));
    assert!(!handed(5, 10));
    assert!(!handed(4, 9));
    assert_eq!(story.state.handed_over("SKEIN_OUT_shop"), Some((10, Position { index: Index(5), output: 0 })));
}

#[test]
fn opening_binding_and_configuring_again_leaves_no_record() {
    let mut story = shop().opens();
    let again = [
        Command::OpenWorkspace { workspace: Name::new(SPACE), hash_key: [9; 16] },
        Command::BindStream { workspace: Name::new(SPACE), stream: Name::new(STREAM), created_ns: 2 },
        Command::ApplyConfig { workspace: Name::new(SPACE), config: Box::new(shop().0) },
    ];
    for command in again {
        assert!(story.when(command).0.expect("not refused").is_none());
    }
}

#[test]
fn an_unknown_workspace_is_refused() {
    let mut story = shop().opens();
    let nowhere = Name::new("nowhere");
    let commands = [
        Command::Resume { workspace: nowhere.clone(), outage_ms: 1 },
        Command::ApplyConfig { workspace: nowhere.clone(), config: Box::new(shop().0) },
        Command::BindStream { workspace: nowhere, stream: Name::new("x"), created_ns: 1 },
    ];
    for command in commands {
        assert_eq!(story.when(command).refused(), Rejection::UnknownWorkspace);
    }
}
