//! Who does not want to be written to (domain rules, section 3): by a word, by the provider, by a failure; per identity and purpose.

use rstest::rstest;
use skein::domain::event::{AddressKind, Assurance, ErrorClass, EventKind, ReceiptStatus, Scope};
use skein::domain::id::Name;
use skein::domain::record::{Change, Flags, OptSource, Purpose};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{Heard, Scenario, Step, chat, echo, mail, own_report, report, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const EVERY: [Purpose; 5] =
    [Purpose::Service, Purpose::Proactive, Purpose::Marketing, Purpose::Notice, Purpose::Survey];

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story
}

/// What was noted, if anything: purpose, refused, how we know.
fn noted(step: &Step) -> Option<(Option<Purpose>, bool, OptSource)> {
    step.changes().iter().find_map(|change| match change {
        Change::OptNoted { purpose, refused, source, .. } => Some((*purpose, *refused, *source)),
        _ => None,
    })
}

/// What the identity of the step's message refuses now.
fn refuses(story: &Scenario, step: &Step) -> Vec<Purpose> {
    let (leaf, conversation) = (step.message().leaf, step.message().conversation);
    let view = story.conversation(conversation);
    view.identities.into_iter().find(|identity| identity.leaf == leaf).expect("its identity").refuses
}

/// Reported by the adapter of SMS.
fn by_sms(heard: Heard) -> Heard {
    Heard { channel: Name::new("sms"), endpoint: Name::new("sms"), ..heard }
}

fn wish(heard: Heard, opted_in: bool, purpose: &str) -> Heard {
    heard.kind(EventKind::Opt { opted_in, purpose: purpose.to_owned(), payload: None, title: None })
}

#[rstest]
#[case(sms(ANNA, "STOP"))]
#[case(sms(ANNA, "Cancel."))]
#[case(whatsapp(ANNA, " stop! "))]
#[case(mail("anna@example.com", "1@x", "Unsubscribe"))]
fn a_word_of_opt_out_is_noted_and_opens_no_work(#[case] heard: Heard) {
    let mut story = desk();
    let step = story.hears(heard);
    assert_eq!(noted(&step), Some((None, true, OptSource::Word)));
    assert_eq!(refuses(&story, &step), EVERY);
    assert!(step.message().flags.has(Flags::OPT_WORD), "stored all the same");
    assert!(story.open().is_empty());
    story.folds_to_the_same();
}

#[rstest]
#[case::an_answer_elsewhere(chat("v1", "cancel"))]
#[case::more_than_the_word(sms(ANNA, "stop sending it to the old address"))]
#[case::history(sms(ANNA, "stop").backfill())]
#[case::written_by_a_machine(mail("anna@example.com", "1@x", "stop").auto_submitted())]
#[case::said_in_a_group(whatsapp(ANNA, "stop").in_thread(Scope::Group, Some("g1")))]
#[case::said_by_us(echo(ANNA, "stop"))]
#[case::start_of_somebody_who_never_refused(sms(ANNA, "start"))]
fn what_is_no_such_word_refuses_nothing(#[case] heard: Heard) {
    let mut story = desk();
    let step = story.hears(heard);
    assert_eq!(noted(&step), None);
    assert!(!step.message().flags.has(Flags::OPT_WORD));
}

#[test]
fn a_picture_beside_the_word_makes_it_a_message() {
    let mut story = desk();
    let mut heard = sms(ANNA, "stop");
    if let EventKind::Message(message) = &mut heard.event.kind {
        message.content.parts.push(skein::domain::content::Part::Attachment(Default::default()));
    }
    let step = story.hears(heard);
    assert!(noted(&step).is_none() && step.opened().is_some());
}

#[test]
fn a_mail_without_a_body_says_what_its_subject_says() {
    let mut story = desk();
    let mut heard = mail("anna@example.com", "1@x", "");
    if let EventKind::Message(message) = &mut heard.event.kind {
        for part in &mut message.content.parts {
            if let skein::domain::content::Part::Mail(mail) = part {
                mail.subject = "unsubscribe".to_owned();
            }
        }
    }
    assert_eq!(noted(&story.hears(heard)), Some((None, true, OptSource::Word)));
}

#[test]
fn start_allows_again_and_said_twice_is_a_message() {
    let mut story = desk();
    story.hears(sms(ANNA, "stop")).expect("noted");
    let step = story.hears(sms(ANNA, "Yes"));
    assert_eq!(noted(&step), Some((None, false, OptSource::Word)));
    assert!(refuses(&story, &step).is_empty() && story.open().is_empty());
    let again = story.hears(sms(ANNA, "yes"));
    assert!(noted(&again).is_none() && again.opened().is_some());
}

#[test]
fn a_word_in_an_open_work_is_shown_to_its_owner_and_waits_for_no_answer() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "where is my parcel")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "on its way").expect("an answer");
    let step = story.hears(whatsapp(ANNA, "stop"));
    assert_eq!((step.message().work, step.message().audience.as_slice()), (Some(held.0), [story.id("ann")].as_slice()));
    assert!(!story.work(held.0).turn_ours, "nobody waits for an answer to it");
}

#[test]
fn a_word_after_the_end_does_not_reopen() {
    let mut story = desk();
    let work = story.settles("ann", whatsapp(ANNA, "hello"));
    let step = story.hears(whatsapp(ANNA, "stop"));
    assert_eq!((step.message().work, story.work(work).state), (None, WorkState::Closed));
}

#[rstest]
#[case(Purpose::Proactive)]
#[case(Purpose::Marketing)]
#[case(Purpose::Survey)]
fn who_refused_gets_nothing_unasked(#[case] purpose: Purpose) {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.sends("ann", held, |send| send.purpose = purpose).expect("nobody has refused yet");
    story.hears(whatsapp(ANNA, "stop")).expect("noted");
    let refused = story.sends("ann", held, |send| send.purpose = purpose).refused();
    assert_eq!(refused, Rejection::CannotSend(ErrorClass::OptedOut));
    story.answers("ann", held, "as you wish").expect("an answer is not unasked");
}

#[test]
fn on_sms_answers_are_refused_too_until_start() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.hears(sms(ANNA, "stop")).expect("noted");
    assert_eq!(story.answers("ann", held, "hello?").refused(), Rejection::CannotSend(ErrorClass::OptedOut));
    story.sends("ann", held, |send| send.note = true).expect("a note goes to nobody");
    story.hears(sms(ANNA, "start")).expect("noted");
    story.answers("ann", held, "welcome back").expect("an answer");
}

#[test]
fn the_refusal_is_of_one_identity() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "hello").also(AddressKind::Whatsapp, "u.anna")).expect("a message");
    let by_user_id = |text| whatsapp(ANNA, text).from(&[(AddressKind::Whatsapp, "u.anna")]);
    let step = story.hears(by_user_id("stop"));
    let view = story.conversation(step.message().conversation);
    let refusing: Vec<_> = view.identities.iter().map(|identity| (identity.kind, identity.refuses.len())).collect();
    assert_eq!(refusing, [(AddressKind::Phone, 0), (AddressKind::Whatsapp, EVERY.len())]);
}

#[rstest]
#[case("", Some(None))]
#[case("marketing_messages", Some(Some(Purpose::Marketing)))]
#[case("weekly offers", Some(Some(Purpose::Marketing)))]
#[case("call_permission", None)]
fn what_the_provider_says_is_noted_for_its_purpose(#[case] purpose: &str, #[case] expected: Option<Option<Purpose>>) {
    let mut story = desk();
    let step = story.hears(wish(whatsapp(ANNA, ""), false, purpose).event_id("1"));
    assert_eq!(noted(&step), expected.map(|purpose| (purpose, true, OptSource::Provider)));
    assert!(story.open().is_empty());
    let back = story.hears(wish(whatsapp(ANNA, ""), true, purpose).event_id("2"));
    assert_eq!(noted(&back), expected.map(|purpose| (purpose, false, OptSource::Provider)));
    assert!(refuses(&story, &back).is_empty());
}

#[test]
fn marketing_allowed_again_leaves_the_rest_refused() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "stop")).expect("noted");
    let step = story.hears(wish(whatsapp(ANNA, ""), true, "marketing_messages").event_id("2"));
    assert_eq!(refuses(&story, &step), [Purpose::Service, Purpose::Proactive, Purpose::Notice, Purpose::Survey]);
    let again = story.hears(wish(whatsapp(ANNA, ""), true, "marketing_messages").event_id("3"));
    assert_eq!(noted(&again), None, "no news");
}

#[test]
fn a_message_that_failed_because_of_it_says_so_of_whom_it_went_to() {
    let mut story = desk();
    let first = story.hears(sms(ANNA, "hello"));
    let held = story.takes("ann");
    let ours = story.answers("ann", held, "good day").message_id();
    let failed = by_sms(own_report(ours, "SM1", ReceiptStatus::Failed)).because(ErrorClass::OptedOut, "21610");
    assert_eq!(noted(&story.hears(failed)), Some((None, true, OptSource::Failure)));
    assert_eq!(refuses(&story, &first), EVERY);
    assert_eq!(story.answers("ann", held, "hello?").refused(), Rejection::CannotSend(ErrorClass::OptedOut));
}

#[test]
fn another_failure_refuses_nothing() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    let ours = story.answers("ann", held, "good day").message_id();
    story.hears(by_sms(own_report(ours, "SM1", ReceiptStatus::Sent))).expect("bound");
    let failed = by_sms(report("SM1", ReceiptStatus::Failed)).because(ErrorClass::Unreachable, "30003");
    let step = story.hears(failed);
    assert!(matches!(step.changes(), [Change::ReceiptNoted(_)]), "{step:?}");
}

#[test]
fn whoever_claims_to_be_somebody_refuses_for_the_address_that_wrote() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let claimed = chat("v1", "stop").also(AddressKind::Phone, ANNA).assured(Assurance::Claimed);
    let step = story.hears(claimed);
    assert_eq!(noted(&step), Some((None, true, OptSource::Word)));
    let anna = story.hears(whatsapp(ANNA, "one more thing"));
    assert!(refuses(&story, &anna).is_empty(), "words typed elsewhere refuse nothing for her");
}
