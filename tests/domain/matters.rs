//! Which Work a message belongs to (domain rules, section 5): rules 1, 2, 4, 5 and thanks, and what opens no Work.
//! Rule 3 has a file of its own.

use rstest::rstest;
use skein::domain::content::{Content, Part, Referral};
use skein::domain::event::{AddressKind, Assurance, CallState, EventKind, Profile, Scope};
use skein::domain::record::{Author, Change, Direction, Flags, QueueCause};
use skein::domain::view::WorkState;
use skein::domain::workspace::Visibility;

use crate::kit::{HOUR, Heard, MINUTE, Scenario, chat, echo, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

/// ann is READY, and a matter of Anna's on WhatsApp was answered and closed.
fn settled() -> (Scenario, skein::domain::id::WorkId) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.settles("ann", whatsapp(ANNA, "hello").id("1"));
    (story, work)
}

#[test]
fn rule_2_a_follow_up_joins_the_open_work_of_the_endpoint() {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(ANNA, "hello"));
    let second = story.hears(whatsapp(ANNA, "are you there?"));
    assert_eq!(second.message().work, first.opened());
    assert!(second.opened().is_none());
}

/// Said in a topic of the visitor's chat with us.
fn in_topic(topic: &str, text: &str) -> Heard {
    chat("v1", text).in_thread(Scope::Direct, Some(topic))
}

#[rstest]
#[case::quick_follow_up(2 * MINUTE - 1, false)]
#[case::pause(2 * MINUTE, true)]
#[case::next_hour(HOUR, true)]
fn rule_2_two_topics_of_one_person_are_two_matters_after_a_pause(#[case] pause: i64, #[case] two: bool) {
    let mut story = shop().opens();
    let first = story.hears(in_topic("lamps", "hello")).opened().expect("a work");
    story.after(pause);
    let step = story.hears(in_topic("bulbs", "hello"));
    assert_eq!(step.opened().is_some(), two);
    assert_eq!(step.message().work != Some(first), two);
}

#[test]
fn rule_2_each_topic_goes_on_in_its_own_work_however_quickly() {
    let mut story = shop().opens();
    let lamps = story.hears(in_topic("lamps", "hello")).opened();
    story.after(HOUR);
    let bulbs = story.hears(in_topic("bulbs", "hello")).opened();
    assert!(bulbs.is_some() && bulbs != lamps);
    for pause in [0, HOUR] {
        story.after(pause);
        for (text, topic, work) in [("one", "lamps", lamps), ("two", "bulbs", bulbs), ("three", "lamps", lamps)] {
            assert_eq!(story.hears(in_topic(topic, text)).message().work, work);
        }
    }
    story.folds_to_the_same();
}

#[test]
fn rule_2_who_names_no_thread_joins_the_latest_and_a_work_without_one_takes_any() {
    let mut story = shop().opens();
    let work = story.hears(chat("v1", "hello")).opened();
    story.after(HOUR);
    assert_eq!(story.hears(in_topic("lamps", "here")).message().work, work);
    story.after(HOUR);
    let second = story.hears(in_topic("bulbs", "and these")).opened();
    assert!(second.is_some());
    story.after(HOUR);
    assert_eq!(story.hears(chat("v1", "well?")).message().work, second);
    story.after(HOUR);
    assert_eq!(story.hears(chat("v1", "anybody?")).message().work, second, "the chat itself is a place too");
}

#[test]
fn rule_2_another_identity_of_the_customer_does_not_follow_up() {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let said =
        |from: &[(AddressKind, &str)], topic| whatsapp("", "hello").from(from).in_thread(Scope::Direct, Some(topic));
    let mut story = shop().opens();
    let first = story.hears(said(&both, "lamps"));
    let other = story.hears(said(&both[1..], "bulbs"));
    assert_eq!(other.message().conversation, first.message().conversation);
    assert!(other.opened().is_some());
}

#[test]
fn rule_2_without_threads_a_pause_splits_nothing() {
    for heard in [|| sms(ANNA, "hello"), || whatsapp(ANNA, "hello"), || chat("v1", "hello")] {
        let mut story = shop().opens();
        let work = story.hears(heard()).opened();
        story.after(HOUR);
        assert_eq!(story.hears(heard()).message().work, work);
    }
}

#[test]
fn rule_1_a_quoted_message_leads_to_its_work_in_whichever_thread() {
    let mut story = shop().opens();
    let lamps = story.hears(in_topic("lamps", "hello").id("1")).opened();
    story.after(HOUR);
    story.hears(in_topic("bulbs", "hello")).opened().expect("a work");
    story.after(HOUR);
    assert_eq!(story.hears(in_topic("bulbs", "this one").quoting("1")).message().work, lamps);
    // Both stand in one thread now, and the latest goes on.
    assert_eq!(story.hears(in_topic("bulbs", "do you see?")).message().work, lamps);
}

#[test]
fn rule_5_another_endpoint_opens_a_new_work_linked_to_the_open_ones() {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(HOUR);
    let second = story.hears(sms(ANNA, "and by sms"));
    let Some(Change::WorkOpened(opened)) = second.changes().iter().find(|c| matches!(c, Change::WorkOpened(_))) else {
        panic!("{second:?}")
    };
    assert_eq!(opened.linked, [first]);
    assert_ne!(second.message().work, Some(first));
}

#[test]
fn rule_5_the_owner_of_a_linked_work_is_offered_the_new_one_first() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.takes("ann");
    story.ready("bob").expect("ready");
    story.after(HOUR);
    let work = story.hears(sms(ANNA, "and by sms")).opened().expect("a work");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"), "though bob is idle");
}

#[test]
fn rule_1_a_quoted_message_leads_to_its_work_on_the_same_channel_even_when_it_is_closed() {
    let (mut story, work) = settled();
    let step = story.hears(whatsapp(ANNA, "about this").quoting("1"));
    assert_eq!(step.message().work, Some(work));
    assert!(step.changes().iter().any(|c| matches!(c, Change::WorkReopened { .. })));
    assert!(step.message().about.is_some());
}

#[test]
fn rule_1_a_quoted_message_of_somebody_else_leads_nowhere() {
    let (mut story, work) = settled();
    let step = story.hears(whatsapp("+4915100000001", "about this").quoting("1"));
    assert_ne!(step.message().work, Some(work));
    assert!(step.message().about.is_none());
}

#[test]
fn rule_1_goes_before_rule_2() {
    let mut story = shop().opens();
    let one = story.hears(mail("anna@example.com", "1@x", "first")).opened().expect("a work");
    story.after(HOUR);
    let two = story.hears(mail("anna@example.com", "2@x", "other").at("sales")).opened().expect("a work");
    let reply = story
        .hears(mail("anna@example.com", "3@x", "more").in_reply_to("1@x").at("sales").assured(Assurance::Platform));
    assert_ne!(one, two);
    assert_eq!(reply.message().work, Some(one), "the thread, not the endpoint");
}

#[test]
fn rule_4_a_message_in_the_window_reopens_the_last_closed_work_for_its_last_owner() {
    let (mut story, work) = settled();
    story.ready("bob").expect("ready");
    story.after(71 * HOUR);
    let step = story.hears(whatsapp(ANNA, "it broke again"));
    assert_eq!(step.message().work, Some(work));
    assert!(
        step.changes()
            .iter()
            .any(|change| matches!(change, Change::WorkQueued { cause: QueueCause::Reopened, preferred: Some(_), .. }))
    );
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn rule_4_a_returning_customer_is_not_bound_to_an_owner_who_is_away() {
    let (mut story, work) = settled();
    story.ready("bob").expect("ready");
    story.logs_out("ann").expect("out");
    story.hears(whatsapp(ANNA, "it broke again")).expect("a message");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn after_the_window_a_message_opens_a_new_work() {
    let (mut story, work) = settled();
    story.after(73 * HOUR);
    let step = story.hears(whatsapp(ANNA, "something new"));
    assert!(step.opened().is_some());
    assert_ne!(step.opened(), Some(work));
}

#[test]
fn a_closed_work_of_another_endpoint_is_not_reopened() {
    let (mut story, _) = settled();
    assert!(story.hears(sms(ANNA, "by sms")).opened().is_some());
}

#[rstest]
#[case("Thanks!", true)]
#[case("ok, thank you 👍", true)]
#[case("thanks, but it still fails", false)]
fn thanks_after_the_answer_is_stored_and_shown_to_the_last_owner_without_work(
    #[case] text: &str,
    #[case] only_thanks: bool,
) {
    let (mut story, work) = settled();
    let ann = story.id("ann");
    let step = story.hears(whatsapp(ANNA, text));
    assert_eq!(step.message().flags.has(Flags::THANKS), only_thanks);
    if only_thanks {
        assert_eq!(step.message().work, None);
        assert_eq!(step.message().audience.as_slice(), [ann]);
        assert_eq!(story.work(work).state, WorkState::Closed);
    } else {
        assert_eq!(step.message().work, Some(work));
    }
}

#[test]
fn thanks_reaches_no_former_owner_who_may_not_see_the_matter_any_more() {
    let (mut story, _) = settled();
    let elsewhere = shop().second_queue("sales", "none").queue(|queue| queue.visibility = Visibility::Queue);
    let elsewhere = elsewhere.agent("ann", |ann| ann.queues = vec![skein::domain::id::Name::new("sales")]);
    story.configure(elsewhere.config());
    let step = story.hears(whatsapp(ANNA, "Thanks!"));
    assert!(step.message().flags.has(Flags::THANKS));
    assert!(step.message().audience.is_empty(), "help is not shown to her");
}

#[test]
fn thanks_by_mail_opens_nothing_either() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.settles("ann", mail("anna@example.com", "1@x", "hello"));
    let step = story.hears(mail("anna@example.com", "2@x", "Thank you!"));
    assert!(step.message().flags.has(Flags::THANKS));
}

#[test]
fn thanks_with_a_picture_is_a_message_like_any_other() {
    let (mut story, work) = settled();
    let mut heard = whatsapp(ANNA, "thanks");
    if let EventKind::Message(message) = &mut heard.event.kind {
        message.content.parts.push(Part::Attachment(skein::domain::content::Attachment::default()));
    }
    assert_eq!(story.hears(heard).message().work, Some(work));
}

#[test]
fn thanks_to_a_customer_whom_nobody_had_answered_is_no_thanks() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.closes("ann", held).expect("closed without an answer");
    let step = story.hears(whatsapp(ANNA, "ok"));
    assert_eq!(step.message().work, Some(held.0));
}

#[test]
fn thanks_while_a_work_is_open_joins_it() {
    let mut story = shop().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened();
    assert_eq!(story.hears(whatsapp(ANNA, "thanks")).message().work, work);
}

#[test]
fn at_the_limit_a_message_joins_the_latest_open_work_of_the_brand_flagged() {
    let mut story = shop().but(|config| config.max_open_works = 2).opens();
    story.hears(whatsapp(ANNA, "one")).expect("a message");
    story.after(HOUR);
    let two = story.hears(sms(ANNA, "two")).opened();
    story.after(HOUR);
    let three = story.hears(
        chat("v1", "three").from(&[(AddressKind::Phone, ANNA), (AddressKind::Web, "v1")]).assured(Assurance::LoggedIn),
    );
    assert_eq!(three.message().work, two);
    assert!(three.message().flags.has(Flags::WORK_LIMIT));
}

#[test]
fn history_opens_no_work_and_moves_no_clock() {
    let mut story = shop().opens();
    let old = story.hears(whatsapp(ANNA, "last year").backfill());
    assert_eq!(old.message().work, None);
    assert!(old.message().flags.has(Flags::BACKFILL));
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    let last = story.work(held.0).last_customer_message;
    story.answers("ann", held, "good day").expect("an answer");
    story.hears(whatsapp(ANNA, "last month").backfill()).expect("stored");
    assert!(!story.work(held.0).turn_ours, "history awaits no answer");
    assert_eq!(story.work(held.0).last_customer_message, last);
    story.hears(whatsapp(ANNA, "and now?")).expect("a message");
    story.hears(echo(ANNA, "said last year").backfill()).expect("stored");
    assert!(story.work(held.0).turn_ours, "nor is it an answer");
}

#[test]
fn an_echo_passes_the_turn_to_the_customer_and_is_not_sent_again() {
    let mut story = shop().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    let step = story.hears(echo(ANNA, "answered from the phone").id("e1"));
    assert_eq!((step.message().author, step.message().direction), (Author::External, Direction::Out));
    assert_eq!(step.message().work, Some(work));
    assert!(step.outputs().is_empty());
    assert!(!story.work(work).turn_ours);
    assert_eq!(story.work(work).waited_ms, 60_000);
}

#[test]
fn items_that_say_nothing_join_the_open_work_and_open_none() {
    let kinds = [
        EventKind::Deletion,
        EventKind::Reaction { emoji: "👍".to_owned() },
        EventKind::Edit { version: None, content: Content::text("hullo") },
        EventKind::VisitEnd,
        EventKind::Opt { opted_in: false, purpose: String::new(), payload: None, title: None },
        EventKind::Start { title: None, payload: None, referral: true },
        EventKind::Call { state: CallState::Ringing, seconds: None },
        EventKind::Call { state: CallState::Ended, seconds: Some(7) },
        EventKind::IdentityChange { old: None, new: None, reason: None },
    ];
    for kind in kinds {
        let mut story = shop().opens();
        let alone = story.hears(whatsapp(ANNA, "").id("a").kind(kind.clone()));
        assert_eq!(alone.message().work, None, "{kind:?}");
        let work = story.hears(whatsapp(ANNA, "hello")).opened();
        let joined = story.hears(whatsapp(ANNA, "").id("b").kind(kind.clone()));
        assert_eq!(joined.message().work, work, "{kind:?}");
    }
}

#[test]
fn a_button_that_an_advertisement_led_to_asks_for_an_answer_as_any_other_does() {
    let start = |title: Option<&str>, referral| {
        let title = title.map(str::to_owned);
        let mut heard =
            whatsapp(ANNA, "").id("1").kind(EventKind::Start { title, payload: Some("ORDER".to_owned()), referral });
        let led = Referral { source: "ADS".to_owned(), ..Referral::default() };
        heard.event.profile = Some(Box::new(Profile { referral: Some(led), ..Profile::default() }));
        heard
    };
    let mut story = shop().opens();
    assert_eq!(story.hears(start(Some("Get started"), false)).message().work, None, "nobody asked anything");
    assert_eq!(shop().opens().hears(start(None, true)).message().work, None, "a link says nothing");
    let mut begun = start(Some("Get started"), true);
    begun.event.kind = EventKind::Start {
        title: Some("Get started".to_owned()),
        payload: Some("GET_STARTED".to_owned()),
        referral: true,
    };
    assert_eq!(shop().opens().hears(begun).message().work, None, "nor does the button of a conversation's start");
    let pressed = story.hears(start(Some("Order now"), true));
    assert!(pressed.opened().is_some());
    let content = &pressed.words().content;
    assert_eq!(content.text, "Order now");
    assert!(matches!(&content.parts[..], [Part::ButtonReply(button), Part::Referral(led)]
        if button.payload == "ORDER" && led.source == "ADS"));
}

#[test]
fn a_missed_call_and_content_that_did_not_come_through_await_an_answer() {
    let kinds =
        [EventKind::Call { state: CallState::Missed, seconds: None }, EventKind::Unsupported(Content::default())];
    for kind in kinds {
        let mut story = shop().opens();
        let step = story.hears(whatsapp(ANNA, "").id("a").kind(kind));
        let work = step.opened().expect("a work");
        assert!(story.work(work).turn_ours);
    }
}

#[test]
fn what_a_machine_wrote_awaits_no_answer() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(mail("anna@example.com", "1@x", "hello")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an answer");
    let step = story.hears(mail("anna@example.com", "2@x", "I am out of office").auto_submitted());
    assert_eq!(step.message().work, Some(held.0));
    assert!(step.message().flags.has(Flags::AUTO_SUBMITTED));
    assert!(!story.work(held.0).turn_ours);
}

#[test]
fn a_work_goes_to_the_queue_of_its_endpoint() {
    let mut story = shop().second_queue("sales", "sales").opens();
    let one = story.hears(mail("anna@example.com", "1@x", "hello")).opened().expect("a work");
    let two = story.hears(mail("bert@example.com", "2@x", "hello").at("sales")).opened().expect("a work");
    assert_eq!(story.work(one).queue, "help");
    assert_eq!(story.work(two).queue, "sales");
    assert_eq!(story.space().queue_length("sales"), 1);
}

#[test]
fn a_call_that_was_not_missed_leaves_the_turn_in_an_open_work() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp("+4915112345678", "hello")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an answer");
    let calls = |state| whatsapp("+4915112345678", "").kind(EventKind::Call { state, seconds: None });
    for state in [CallState::Ringing, CallState::Answered, CallState::Ended] {
        let step = story.hears(calls(state));
        assert_eq!(step.message().work, Some(held.0), "it is in the history of the Work");
        assert!(!story.work(held.0).turn_ours, "{state:?} asks for nothing");
    }
    story.hears(calls(CallState::Missed)).expect("a message");
    assert!(story.work(held.0).turn_ours, "a missed call waits for us");
}
