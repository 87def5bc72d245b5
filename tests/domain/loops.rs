//! The loop guard: programs that answer each other are stopped, and a person is asked (domain rules, section 3).

use skein::domain::command::{Oversight, Verb};
use skein::domain::content::{Content, MailClass};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{Change, MuteReason, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::AgentKind;

use crate::kit::{MINUTE, SECOND, Scenario, Shop, Step, chat, mail, shop};

type Held = (WorkId, AssignmentId);

/// Bob is a program; ann is a person.
fn desk() -> Shop {
    shop().agent("bob", |bob| bob.kind = AgentKind::Bot)
}

/// Bob has the visitor's Work.
fn with_bot(text: &str) -> (Scenario, Held) {
    let mut story = desk().opens();
    story.ready("bob").expect("ready");
    story.hears(chat("v1", text)).expect("a message");
    let held = story.takes("bob");
    (story, held)
}

fn says(story: &mut Scenario, held: Held, text: &str) -> Step {
    story.sends("bob", held, |send| {
        send.content.text = text.to_owned();
        send.if_unchanged = Some(false);
    })
}

fn muted(step: &Step) -> Option<MuteReason> {
    step.changes().iter().find_map(|change| match change {
        Change::AutomationMuted(muted) => Some(muted.reason),
        _ => None,
    })
}

/// Bob has lost it, and waits for a person.
fn asks_a_person(story: &mut Scenario, step: &Step, work: WorkId, reason: MuteReason) {
    let gone =
        step.changes().iter().any(|change| matches!(change, Change::Unassigned { reason: UnassignReason::Muted, .. }));
    assert!(gone, "{:?}", step.changes());
    let seen = story.work(work);
    assert_eq!((seen.state, seen.muted), (WorkState::Queued, Some(reason)), "no program is offered it");
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work), Some(Name::new("ann")));
    story.folds_to_the_same();
}

#[test]
fn five_answers_in_under_three_seconds_each_mute_programs_and_ask_a_person() {
    let (mut story, held) = with_bot("hello");
    for turn in 1..=5 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
        story.after(2 * SECOND);
        let step = story.hears(chat("v1", &format!("answer {turn}")));
        if turn < 5 {
            assert_eq!(muted(&step), None, "{turn}");
        } else {
            assert_eq!(muted(&step), Some(MuteReason::SwiftAnswers));
            asks_a_person(&mut story, &step, held.0, MuteReason::SwiftAnswers);
        }
        story.after(SECOND);
    }
}

#[test]
fn a_slow_answer_begins_the_count_anew() {
    let (mut story, held) = with_bot("hello");
    for turn in 1..=12 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
        story.after(if turn % 5 == 0 { 3 * SECOND } else { 2 * SECOND });
        let step = story.hears(chat("v1", &format!("answer {turn}")));
        assert_eq!(muted(&step), None, "{turn}");
        story.after(20 * SECOND);
    }
}

#[test]
fn the_same_words_for_the_third_time_mute_programs_and_people_may_hear_them_for_ever() {
    let (mut story, held) = with_bot("I am on holiday");
    for turn in 1..=2 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
        story.after(30 * SECOND);
        let step = story.hears(chat("v1", "I am on holiday"));
        assert_eq!(muted(&step), (turn == 2).then_some(MuteReason::SameText), "the first was the first of three");
        if turn == 2 {
            asks_a_person(&mut story, &step, held.0, MuteReason::SameText);
        }
        story.after(20 * SECOND);
    }

    let mut story = desk().opens();
    story.ready("ann").expect("ready");
    story.hears(chat("v1", "hello?")).expect("a message");
    let held = story.takes("ann");
    for _ in 0..5 {
        story.answers("ann", held, "yes?").expect("an answer");
        story.after(MINUTE);
        assert_eq!(muted(&story.hears(chat("v1", "hello?"))), None);
    }
}

#[test]
fn the_twentieth_automated_message_in_ten_minutes_is_the_last() {
    let (mut story, held) = with_bot("hello");
    for turn in 1..=20 {
        let step = says(&mut story, held, &format!("number {turn}"));
        assert_eq!(muted(&step), (turn == 20).then_some(MuteReason::TooMany), "{turn}");
        if turn == 20 {
            asks_a_person(&mut story, &step, held.0, MuteReason::TooMany);
        }
        story.after(20 * SECOND);
    }
    let (mut story, held) = with_bot("hello");
    for turn in 1..=40 {
        let step = says(&mut story, held, &format!("number {turn}"));
        assert_eq!(muted(&step), None, "over more than ten minutes: {turn}");
        story.after(35 * SECOND);
    }
}

#[test]
fn a_program_writes_no_more_in_a_mute_work_whoever_gave_it_to_it() {
    let (mut story, held) = with_bot("hello");
    for turn in 1..=19 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
    }
    let note = story.sends("bob", held, |send| (send.note, send.if_unchanged) = (true, Some(false)));
    assert_eq!(muted(&note), None, "a note is nobody's to answer");
    says(&mut story, held, "number 20").expect("the last");
    assert_eq!(says(&mut story, held, "number 21").refused(), Rejection::NotOwner { owner: None });
    story.after(MINUTE);
    let again = story.does("bob", Verb::LoseSession);
    again.expect("gone");
    story.ready("bob").expect("and back");
    assert_eq!(story.offered_to(held.0), None, "no program is offered it");
}

#[test]
fn a_work_that_a_program_had_back_from_a_person_twice_stays_with_people() {
    let mut story = desk().opens();
    story.ready("bob").expect("ready");
    story.ready("ann").expect("ready");
    story.hears(chat("v1", "hello")).expect("a message");
    let mut rounds = 0;
    let mut last = None;
    while rounds < 3 {
        // The program speaks, then the person; how it goes from one to the other is not told here.
        let held = give(&mut story, "bob");
        says(&mut story, held, &format!("program {rounds}")).expect("sent");
        let held = give(&mut story, "ann");
        let step = story.answers("ann", held, &format!("person {rounds}"));
        rounds += 1;
        assert_eq!(muted(&step), (rounds == 3).then_some(MuteReason::HandedBack), "{rounds}");
        last = Some(held);
    }
    let held = last.expect("there were rounds");
    assert_eq!(story.work(held.0).muted, Some(MuteReason::HandedBack));
    assert_eq!(story.work(held.0).state, WorkState::Assigned, "the person keeps it");
    story.answers("ann", held, "and writes").expect("an answer");
}

/// The only open Work goes to an agent: whoever else has it leaves, and comes back.
fn give(story: &mut Scenario, to: &str) -> Held {
    let other = if to == "ann" { "bob" } else { "ann" };
    if story.offer(to).is_none() {
        story.logs_out(other).expect("gone");
    }
    if story.offer(to).is_none() {
        // The grace of a live channel is two minutes.
        story.after(125 * SECOND);
    }
    let held = story.takes(to);
    if !story.agent(other).connected {
        story.ready(other).expect("back");
    }
    held
}

#[test]
fn the_end_of_the_work_ends_the_silence() {
    let (mut story, held) = with_bot("hello");
    for turn in 1..=20 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
    }
    story.ready("ann").expect("ready");
    let held = story.takes("ann");
    story.closes("ann", held).expect("an end");
    story.logs_out("ann").expect("gone");
    story.after(MINUTE);
    story.hears(chat("v1", "one more thing")).expect("a message");
    assert_eq!((story.work(held.0).muted, story.offered_to(held.0)), (None, Some(Name::new("bob"))));
    let again = story.takes("bob");
    says(&mut story, again, "yes?").expect("it may");
    story.folds_to_the_same();
}

#[test]
fn an_offer_to_a_program_goes_on_to_a_person() {
    let (mut story, held) = with_bot("I am on holiday");
    says(&mut story, held, "one").expect("sent");
    story.after(30 * SECOND);
    story.hears(chat("v1", "I am on holiday")).expect("a message");
    says(&mut story, held, "two").expect("sent");
    story.logs_out("bob").expect("gone");
    story.after(5 * MINUTE);
    story.ready("bob").expect("back");
    assert_eq!(story.offered_to(held.0), Some(Name::new("bob")));
    let step = story.hears(chat("v1", "I am on holiday"));
    assert_eq!(muted(&step), Some(MuteReason::SameText));
    assert_eq!((story.offered_to(held.0), story.work(held.0).state), (None, WorkState::Queued));
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(held.0), Some(Name::new("ann")));
}

#[test]
fn a_mail_that_a_program_wrote_is_answered_by_a_person() {
    let mut story = desk().opens();
    story.ready("bob").expect("ready");
    let form = mail("forms@firm.example", "1@x", "a form").classed(MailClass::Generated);
    story.hears(form).expect("a message");
    let held = story.takes("bob");
    let refused = says(&mut story, held, "thank you for your message").refused();
    assert_eq!(refused, Rejection::AutomationMuted { reason: MuteReason::Generated });
    story.hears(mail("forms@firm.example", "2@x", "a person now").in_reply_to("1@x")).expect("a message");
    says(&mut story, held, "good day").expect("a person asked");
}

fn barges(story: &mut Scenario, work: WorkId) -> Step {
    let notice = Content::text("Cem joins us.");
    story.does("cem", Verb::Oversee(Box::new(Oversight::BargeIn { work, notice })))
}

fn with_cem(shop: Shop) -> Shop {
    shop.but(|config| {
        let mut cem = config.agents[0].clone();
        cem.name = Name::new("cem");
        config.agents.push(cem);
    })
}

#[test]
fn where_a_loop_was_stopped_a_supervisor_joins_all_the_same() {
    let mut story = with_cem(desk()).opens();
    story.ready("bob").expect("ready");
    story.hears(chat("v1", "hello")).expect("a message");
    let held = story.takes("bob");
    for turn in 1..=20 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
    }
    story.ready("ann").expect("ready");
    story.takes("ann");
    assert_eq!(story.work(held.0).muted, Some(MuteReason::TooMany));
    story.logs_in("cem").expect("a session");
    let step = barges(&mut story, held.0);
    assert_eq!(step.words().content.text, "Cem joins us.");
    assert_eq!(story.work(held.0).passing.participants.len(), 1);
}

#[test]
fn that_a_supervisor_joins_is_no_programs_word() {
    let mut story = with_cem(desk()).opens();
    story.ready("bob").expect("ready");
    story.hears(chat("v1", "hello")).expect("a message");
    let held = story.takes("bob");
    for turn in 1..=19 {
        says(&mut story, held, &format!("number {turn}")).expect("sent");
    }
    story.logs_in("cem").expect("a session");
    barges(&mut story, held.0).expect("joined");
    story.after(SECOND);
    let step = story.hears(chat("v1", "who is that?"));
    assert_eq!((muted(&step), story.work(held.0).muted), (None, None), "19 are not 20");
    story.folds_to_the_same();
}

#[test]
fn to_what_a_program_wrote_nobody_joins_by_a_notice() {
    let mut story = with_cem(desk()).opens();
    story.ready("ann").expect("ready");
    let form = mail("forms@firm.example", "1@x", "a form").classed(MailClass::Generated);
    story.hears(form).expect("a message");
    let held = story.takes("ann");
    story.logs_in("cem").expect("a session");
    let refused = barges(&mut story, held.0).refused();
    assert_eq!(refused, Rejection::AutomationMuted { reason: MuteReason::Generated });
}
