//! Who does not want to be written to (domain rules, section 3): by a word, by the provider, by a failure; per identity and purpose.

use rstest::rstest;
use skein::domain::content::{Content, Mail, Mailbox, Part};
use skein::domain::event::{AddressKind, Assurance, ErrorClass, EventKind, ReceiptStatus, Scope};
use skein::domain::id::Name;
use skein::domain::record::{Change, Flags, OptNoted, OptSource, Purpose};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{Heard, Scenario, Step, chat, echo, mail, own_report, report, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
/// What a refusal is of, by SMS and elsewhere.
const EVERY: [Purpose; 5] =
    [Purpose::Service, Purpose::Notice, Purpose::Proactive, Purpose::Marketing, Purpose::Survey];
const UNASKED: [Purpose; 3] = [Purpose::Proactive, Purpose::Marketing, Purpose::Survey];

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story
}

/// What was noted, if anything: refused, and how we know.
fn noted(step: &Step) -> Option<(bool, OptSource)> {
    step.changes().iter().find_map(|change| match change {
        Change::OptNoted(OptNoted { refused, source, .. }) => Some((*refused, *source)),
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
#[case(sms(ANNA, "STOP"), &EVERY)]
#[case(sms(ANNA, "Cancel."), &EVERY)]
#[case(whatsapp(ANNA, " stop! "), &UNASKED)]
#[case(mail("anna@example.com", "1@x", "Unsubscribe").in_reply_to("0@x"), &UNASKED)]
fn a_word_of_opt_out_is_noted_and_opens_no_work(#[case] heard: Heard, #[case] expected: &[Purpose]) {
    let mut story = desk();
    let step = story.hears(heard);
    assert_eq!(noted(&step), Some((true, OptSource::Word)));
    assert_eq!(refuses(&story, &step), expected);
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
#[case::a_part_of_a_text(sms(ANNA, "stop").part(1, 3, "ref"))]
#[case::below_a_subject_of_its_own(mail("anna@example.com", "1@x", "stop"))]
#[case::start_of_somebody_who_never_refused(sms(ANNA, "start"))]
fn what_is_no_such_word_refuses_nothing(#[case] heard: Heard) {
    let mut story = desk();
    let step = story.hears(heard);
    assert_eq!(noted(&step), None);
    let late = story.after(crate::kit::HOUR);
    let all = late.iter().flat_map(|record| &record.changes).chain(step.changes());
    assert!(!all.into_iter().any(|change| matches!(change, Change::OptNoted(_))));
}

#[test]
fn a_picture_beside_the_word_makes_it_a_message() {
    let mut story = desk();
    let mut heard = sms(ANNA, "stop");
    if let EventKind::Message(message) = &mut heard.event.kind {
        message.content.parts.push(Part::Attachment(Default::default()));
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
            if let Part::Mail(mail) = part {
                mail.subject = "unsubscribe".to_owned();
            }
        }
    }
    assert_eq!(noted(&story.hears(heard)), Some((true, OptSource::Word)));
}

#[test]
fn start_allows_again_and_said_twice_is_a_message() {
    let mut story = desk();
    story.hears(sms(ANNA, "stop")).expect("noted");
    let step = story.hears(sms(ANNA, "Yes"));
    assert_eq!(noted(&step), Some((false, OptSource::Word)));
    assert!(refuses(&story, &step).is_empty() && story.open().is_empty());
    let again = story.hears(sms(ANNA, "yes"));
    assert!(noted(&again).is_none() && again.opened().is_some());
}

#[test]
fn who_may_be_forged_can_refuse_but_not_allow() {
    let mut story = desk();
    let unsubscribes = mail("anna@example.com", "1@x", "unsubscribe").in_reply_to("0@x");
    assert_eq!(noted(&story.hears(unsubscribes)), Some((true, OptSource::Word)));
    let step = story.hears(mail("anna@example.com", "2@x", "start").in_reply_to("0@x"));
    assert!(noted(&step).is_none() && step.opened().is_some(), "a person looks at it");
}

#[test]
fn yes_to_what_we_asked_is_an_answer() {
    let mut story = shop().but(|config| config.opt_out.refuses_service.clear()).opens();
    story.ready("ann").expect("ready");
    story.hears(sms(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.hears(sms(ANNA, "stop")).expect("noted");
    story.answers("ann", held, "shall I send it again?").expect("an answer");
    let step = story.hears(sms(ANNA, "Yes"));
    assert_eq!((noted(&step), step.message().work), (None, Some(held.0)));
    assert!(story.work(held.0).turn_ours, "somebody has to act on it");
}

#[test]
fn yes_of_somebody_who_refused_marketing_only_is_a_message() {
    let mut story = desk();
    story.hears(wish(sms(ANNA, ""), false, "offers").event_id("1")).expect("noted");
    let step = story.hears(sms(ANNA, "Yes"));
    assert!(noted(&step).is_none() && step.opened().is_some());
}

#[test]
fn a_permission_that_a_provider_reads_into_words_of_somebody_who_never_refused_is_a_message() {
    let mut story = desk();
    let mut heard = wish(sms(ANNA, ""), true, "").event_id("1");
    if let EventKind::Opt { title, .. } = &mut heard.event.kind {
        *title = Some("Yes".to_owned());
    }
    let step = story.hears(heard);
    assert!(noted(&step).is_none() && step.opened().is_some());
}

#[test]
fn who_corrects_the_word_is_heard() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "stop").id("7")).expect("noted");
    let content = Content::text("stop sending it to the old address, please");
    let edit = whatsapp(ANNA, "").id("7").kind(EventKind::Edit { version: Some("2".to_owned()), content });
    assert!(story.hears(edit).opened().is_some());
}

#[test]
fn a_message_corrected_to_the_word_refuses() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "hello").id("7")).expect("a message");
    let content = Content::text("stop");
    let edit = whatsapp(ANNA, "").id("7").kind(EventKind::Edit { version: Some("2".to_owned()), content });
    assert_eq!(noted(&story.hears(edit)), Some((true, OptSource::Word)));
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
fn a_copy_of_a_mail_goes_to_nobody_who_refused() {
    let mut story = desk();
    story.hears(mail("bob@example.com", "1@x", "unsubscribe").in_reply_to("0@x")).expect("noted");
    story.hears(mail("anna@example.com", "2@x", "hello")).expect("a message");
    let held = story.takes("ann");
    let copied = Mail { cc: vec![Mailbox { name: None, address: "Bob@example.com".to_owned() }], ..Mail::default() };
    let offer = story.sends("ann", held, |send| {
        send.purpose = Purpose::Marketing;
        send.content.parts.push(Part::Mail(Box::new(copied)));
    });
    assert_eq!(offer.refused(), Rejection::CannotSend(ErrorClass::OptedOut));
}

#[test]
fn a_word_elsewhere_leaves_answers_by_sms_alone() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "stop")).expect("noted");
    story.hears(sms(ANNA, "where is my parcel")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "on its way").expect("no carrier refuses it");
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
fn the_refusal_is_of_every_address_that_the_provider_names_with_it() {
    let mut story = desk();
    let both = |text| whatsapp(ANNA, text).also(AddressKind::Whatsapp, "u.anna");
    story.hears(both("hello")).expect("a message");
    let step = story.hears(both("stop"));
    let view = story.conversation(step.message().conversation);
    let refusing: Vec<_> = view.identities.iter().map(|identity| (identity.kind, identity.refuses.clone())).collect();
    assert_eq!(refusing, [(AddressKind::Phone, UNASKED.to_vec()), (AddressKind::Whatsapp, UNASKED.to_vec())]);
}

#[rstest]
#[case("", &UNASKED, true)]
#[case("marketing_messages", &[Purpose::Marketing], true)]
#[case::permission_for_one_kind_is_none_for_all("weekly offers", &[Purpose::Marketing], false)]
#[case("call_permission", &[], false)]
fn what_the_provider_says_is_noted_for_its_purpose(
    #[case] purpose: &str,
    #[case] expected: &[Purpose],
    #[case] taken_back: bool,
) {
    let mut story = desk();
    let step = story.hears(wish(whatsapp(ANNA, ""), false, purpose).event_id("1"));
    assert_eq!(refuses(&story, &step), expected);
    assert!(story.open().is_empty() && !step.message().flags.has(Flags::OPT_WORD));
    let back = story.hears(wish(whatsapp(ANNA, ""), true, purpose).event_id("2"));
    assert_eq!(noted(&back), taken_back.then_some((false, OptSource::Provider)));
}

#[test]
fn marketing_allowed_again_leaves_the_rest_refused() {
    let mut story = desk();
    story.hears(whatsapp(ANNA, "stop")).expect("noted");
    let step = story.hears(wish(whatsapp(ANNA, ""), true, "marketing_messages").event_id("2"));
    assert_eq!(refuses(&story, &step), [Purpose::Proactive, Purpose::Survey]);
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
    assert_eq!(noted(&story.hears(failed)), Some((true, OptSource::Failure)));
    assert_eq!(refuses(&story, &first), EVERY);
    assert_eq!(story.answers("ann", held, "hello?").refused(), Rejection::CannotSend(ErrorClass::OptedOut));
}

#[test]
fn the_reason_counts_although_the_failure_is_known() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    let ours = story.answers("ann", held, "good day").message_id();
    story.hears(by_sms(own_report(ours, "SM1", ReceiptStatus::Failed))).expect("failed");
    let again = by_sms(report("SM1", ReceiptStatus::Failed)).because(ErrorClass::OptedOut, "21610");
    assert_eq!(noted(&story.hears(again)), Some((true, OptSource::Failure)));
}

#[test]
fn a_failure_for_marketing_only_refuses_that_however_early_it_comes() {
    let mut story = desk();
    let first = story.hears(whatsapp(ANNA, "hello"));
    let held = story.takes("ann");
    let ours = story.answers("ann", held, "good day").message_id();
    let from = [(AddressKind::Phone, ANNA)];
    let failed = report("wamid.1", ReceiptStatus::Failed).from(&from).because(ErrorClass::OptedOut, "131050");
    assert_eq!(noted(&story.hears(failed)), Some((true, OptSource::Failure)));
    story.hears(own_report(ours, "wamid.1", ReceiptStatus::Sent)).expect("bound");
    assert_eq!(refuses(&story, &first), [Purpose::Marketing]);
}

#[test]
fn a_complaint_by_mail_counts_only_for_a_mail_of_ours() {
    let mut story = desk();
    let first = story.hears(mail("anna@example.com", "1@x", "hello"));
    let held = story.takes("ann");
    let sent = story.answers("ann", held, "good day");
    let head = sent.words().content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => mail.message_id.clone(),
        _ => None,
    });
    let id = head.expect("a mail of ours has its id");
    let complaint = |id: &str| {
        let told = report(id, ReceiptStatus::Delivered).from(&[(AddressKind::Email, "anna@example.com")]);
        Heard {
            channel: Name::new("email"),
            endpoint: Name::new("mail"),
            ..told.because(ErrorClass::OptedOut, "abuse")
        }
    };
    assert_eq!(noted(&story.hears(complaint("made-up@example.net"))), None, "of no mail of ours");
    assert!(refuses(&story, &first).is_empty());
    assert_eq!(noted(&story.hears(complaint(&id))), Some((true, OptSource::Failure)));
    assert_eq!(refuses(&story, &first), UNASKED);
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
    assert_eq!(noted(&step), Some((true, OptSource::Word)));
    let anna = story.hears(whatsapp(ANNA, "one more thing"));
    assert!(refuses(&story, &anna).is_empty(), "words typed elsewhere refuse nothing for her");
}
