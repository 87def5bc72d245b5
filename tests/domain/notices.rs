//! What customers are told by themselves (domain rules, sections 1 and 6): when it opens, and that it takes longer.

use skein::domain::event::Assurance;
use skein::domain::id::{Name, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Author, Change, MessageStored, NoticeKind, PersonalValue, Purpose, Record};
use skein::domain::workspace::NoticeConfig;

use crate::hours::keeps_hours;
use crate::kit::{HOUR, Heard, MINUTE, SECOND, Scenario, Shop, chat, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

fn texts(list: &[(&str, &str)]) -> Vec<(Name, String)> {
    list.iter().map(|(language, text)| (Name::new(language), (*text).to_owned())).collect()
}

/// Closed for so long; it says so.
fn tells(after: i64) -> Shop {
    keeps_hours(after).but(|config| {
        config.notices = vec![NoticeConfig {
            texts: texts(&[("en", "We open {opens}."), ("de", "Wir öffnen {opens}.")]),
            wait_texts: texts(&[("en", "Then it takes {minutes} minutes.")]),
            ..NoticeConfig::default()
        }];
    })
}

/// What was told by itself in records, with its text.
fn told(records: &[Record]) -> Vec<(MessageStored, String)> {
    let mut told = Vec::new();
    for record in records {
        for (place, change) in (0u16..).zip(&record.changes) {
            let Change::MessageStored(message) = change else { continue };
            let text = record.content.iter().find_map(|personal| match &personal.value {
                PersonalValue::Message(words) if personal.place == place => Some(words.content.text.clone()),
                _ => None,
            });
            if message.author == Author::System {
                let sends = |output: &Output| matches!(output, Output::Send { place: at, .. } if *at == place);
                assert!(skein::domain::outputs(record).iter().any(sends), "it goes to the adapter");
                told.push((MessageStored::clone(message), text.expect("words")));
            }
        }
    }
    told
}

/// The texts that a message of the customer's leads to.
fn hears(story: &mut Scenario, heard: Heard) -> Vec<String> {
    story.hears(heard).expect("a message");
    told(&story.after(0)).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn outside_hours_the_customer_is_told_when_it_opens_and_still_waits_for_us() {
    let mut story = tells(2 * HOUR).opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let (key, since) = (story.work(work).key, story.work(work).waiting_since);
    let told = told(&story.after(0));
    let [(message, text)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(text, "We open 2026-01-01 02:00.");
    assert_eq!((message.purpose, message.work, message.assignment), (Purpose::Notice, Some(work), None));
    assert_eq!(message.endpoint, "wa");
    assert_eq!((story.work(work).key, story.work(work).waiting_since), (key, since), "nobody has answered");
    assert_eq!(hears(&mut story, whatsapp(ANNA, "please")), [""; 0], "once");
    story.folds_to_the_same();
}

#[test]
fn the_customers_language_is_spoken_where_there_are_words_in_it() {
    let mut story = tells(2 * HOUR).opens();
    story.logs_in("ann").expect("a session");
    let language = vec![crate::facts::told("language", "de-AT")];
    let customer = skein::domain::id::RootId(0);
    story.hears(sms(ANNA, "stop")).expect("a message");
    story.does("ann", skein::domain::command::Verb::SetFacts { customer, leaf: None, facts: language }).expect("told");
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hallo")), ["Wir öffnen 2026-01-01 02:00."]);
}

#[test]
fn one_goes_out_for_each_closing_and_in_twelve_hours() {
    let mut story = tells(20 * HOUR).opens();
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hello")).len(), 1);
    story.after(13 * HOUR);
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hello?")), [""; 0], "it is closed for the same night");
    story.after(8 * HOUR + MINUTE);
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hello??")).len(), 1, "it was open meanwhile, and nobody was there");
    story.folds_to_the_same();
}

#[test]
fn while_it_is_open_or_somebody_has_it_nothing_is_said() {
    let mut story = tells(0).opens();
    story.after(SECOND);
    story.ready("ann").expect("ready");
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hello")), [""; 0]);
    story.takes("ann");
    story.after(61 * MINUTE);
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hello?")), [""; 0], "ann has it, whatever the hour");
    assert_eq!(hears(&mut story, mail("b@example.com", "1@x", "hello")), [""; 0], "an emergency is served always");
}

#[test]
fn whoever_refuses_is_told_nothing() {
    let mut story = tells(2 * HOUR).opens();
    story.hears(sms(ANNA, "stop")).expect("refused");
    assert_eq!(hears(&mut story, sms(ANNA, "hello")), [""; 0]);
    assert!(story.after(MINUTE).is_empty(), "it is not tried again");
}

#[test]
fn a_mail_that_nobody_vouches_for_gets_no_notice_for_its_sender_may_be_anybody() {
    let mails = |assurance| {
        let mut heard = mail("anna@example.com", "1@x", "hello");
        (heard.endpoint, heard.event.assurance) = (Name::new("sales"), assurance);
        heard
    };
    let mut story = tells(2 * HOUR).opens();
    assert_eq!(hears(&mut story, mails(Assurance::Claimed)), [""; 0]);
    let mut story = tells(2 * HOUR).opens();
    assert_eq!(hears(&mut story, mails(Assurance::Platform)).len(), 1);
}

#[test]
fn what_is_told_by_itself_is_no_answer_to_programs_and_counts_for_the_loop_guard() {
    let mut story = tells(2 * HOUR).opens();
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    assert_eq!(told(&story.after(0)).len(), 1);
    for _ in 0..2 {
        story.after(4 * SECOND);
        story.hears(chat("visitor", "hello")).expect("a message");
    }
    assert!(story.work(work).muted.is_some(), "the same for the third time after a notice");
}

fn system(story: &Scenario, from: usize) -> Vec<(WorkId, String)> {
    let records: Vec<Record> = story.records(from).cloned().collect();
    told(&records).into_iter().filter_map(|(message, text)| Some((message.work?, text))).collect()
}

#[test]
fn a_long_wait_is_told_with_its_estimate_and_only_where_that_is_known() {
    let waiting = NoticeConfig {
        kind: NoticeKind::Waiting,
        after_ms: (5 * MINUTE).unsigned_abs(),
        texts: texts(&[("en", "It takes about {minutes} minutes more.")]),
        ..NoticeConfig::default()
    };
    let shop = shop().only_ann().agent("ann", |ann| ann.capacity = 1).but(|config| config.notices = vec![waiting]);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    for number in 10..34 {
        story.hears(whatsapp(&format!("+49151123456{number}"), "hello")).expect("a message");
    }
    let from = story.log_len();
    for served in 0..20 {
        let held = story.takes("ann");
        story.after(MINUTE);
        story.answers("ann", held, "an answer").expect("an answer");
        story.closes("ann", held).expect("closed");
        if served == 4 {
            assert_eq!(system(&story, from), [], "of five nobody knows how fast it goes");
        }
    }
    for number in 40..52 {
        story.hears(whatsapp(&format!("+49151123456{number}"), "hello")).expect("a message");
    }
    let from = story.log_len();
    for _ in 0..6 {
        let held = story.takes("ann");
        story.after(MINUTE);
        story.answers("ann", held, "an answer").expect("an answer");
        story.closes("ann", held).expect("closed");
    }
    let told = system(&story, from);
    assert!(!told.is_empty(), "those who still wait after five minutes are told");
    let minutes = |text: &str| text.split(' ').find_map(|word| word.parse::<u32>().ok()).expect("a number");
    assert!(told.iter().all(|(_, text)| (1..=20).contains(&minutes(text))), "{told:?}");
    story.folds_to_the_same();
}

#[test]
fn who_comes_while_it_is_closed_is_told_no_time_before_it_is_known() {
    let asks = |shop: Shop| shop.queue(|queue| queue.enrich_wait_ms = Some(1_500));
    let mut story = asks(tells(2 * HOUR)).opens();
    assert_eq!(hears(&mut story, whatsapp(ANNA, "hello")), ["We open 2026-01-01 02:00."]);
}
