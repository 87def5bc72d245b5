//! A number's life: it changes, changes hands, falls silent (domain rules, section 4; design, law 9).

use rstest::rstest;
use skein::domain::event::{AddressKind, Assurance, EventKind, Sender};
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::{Change, IdentityOpened, IdentityStatus, SuggestionReason};
use skein::domain::rejection::Rejection;

use crate::kit::{Heard, START, Scenario, Step, shop, sms, whatsapp};

const OLD: &str = "+4915112345678";
const NEW: &str = "+4915187654321";
const USER: (AddressKind, &str) = (AddressKind::Whatsapp, "DE.1234");
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The provider tells that whoever had `old` has `new` now.
fn moved(old: Option<&str>, new: Option<&str>) -> Heard {
    let phone = |number: &str| Sender { kind: AddressKind::Phone, address: number.to_owned() };
    let reason = Some("user_changed_number".to_owned());
    let kind = EventKind::IdentityChange { old: old.map(phone), new: new.map(phone), reason };
    whatsapp(old.unwrap_or(OLD), "").kind(kind)
}

fn opened(step: &Step) -> Vec<&IdentityOpened> {
    let identities = step.changes().iter().filter_map(|change| match change {
        Change::IdentityOpened(opened) => Some(opened),
        _ => None,
    });
    identities.collect()
}

fn status(story: &Scenario, leaf: LeafId) -> IdentityStatus {
    let identities = story.conversation(RootId(leaf.0)).identities;
    identities.into_iter().find(|identity| identity.leaf == leaf).expect("an identity of its own conversation").status
}

fn status_in(story: &Scenario, conversation: RootId, address: &str) -> IdentityStatus {
    let identities = story.conversation(conversation).identities;
    identities.into_iter().find(|known| known.address.as_deref() == Some(address)).expect("an identity").status
}

/// It is said by a customer of his own, who may be that one.
#[track_caller]
fn is_apart_and_suggested(story: &Scenario, step: &Step, former: RootId) {
    let who = step.message().conversation;
    assert_ne!(who, former);
    let suggested: Vec<_> = story.space().suggestions_of(who).map(|known| (known.other, known.reason)).collect();
    let identities = story.conversation(former).identities;
    let [(other, SuggestionReason::DoubtedAddress)] = suggested[..] else { panic!("{suggested:?}") };
    assert!(identities.iter().any(|identity| identity.leaf == other));
}

#[test]
fn a_new_number_is_the_customers_at_once_and_sure_when_it_writes() {
    let mut story = shop().opens();
    let anna = story.hears(whatsapp(OLD, "hello"));
    let step = story.hears(moved(Some(OLD), Some(NEW)));
    let linked = opened(&step);
    assert_eq!((linked.len(), linked[0].root, linked[0].generation), (1, RootId(0), 1));
    assert_eq!(linked[0].assurance, Assurance::Platform);
    assert_eq!(step.message().leaf, linked[0].leaf, "the notice is filed under the new number");
    assert_eq!(status_in(&story, RootId(0), NEW), IdentityStatus::Provisional);

    let next = story.hears(whatsapp(NEW, "it is me"));
    assert_eq!(next.message().conversation, anna.message().conversation);
    assert_eq!(next.message().work, anna.opened(), "the same matter goes on");
    assert_eq!(status_in(&story, RootId(0), NEW), IdentityStatus::Verified);
    story.folds_to_the_same();
}

#[test]
fn whoever_writes_from_a_number_that_was_given_up_is_somebody_else_and_in_doubt() {
    let mut story = shop().opens();
    let anna = story.hears(whatsapp(OLD, "hello"));
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    let stranger = story.hears(whatsapp(OLD, "who is there?"));
    let [identity] = opened(&stranger)[..] else { panic!("{stranger:?}") };
    assert_eq!((identity.generation, identity.root), (2, RootId(identity.leaf.0)));
    assert_eq!(identity.status, IdentityStatus::Provisional);
    assert_ne!(stranger.message().conversation, anna.message().conversation);
    assert!(stranger.opened().is_some(), "a matter of its own");

    let again = story.hears(sms(OLD, "hello?"));
    assert_eq!(again.message().leaf, identity.leaf);
    assert_eq!(status(&story, identity.leaf), IdentityStatus::Provisional, "a word alone proves nothing");
    assert_eq!(story.conversation(RootId(0)).identities.len(), 2, "the customer keeps old and new");
    story.folds_to_the_same();
}

#[test]
fn answers_follow_the_customer_to_the_new_number() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    let held = story.takes("ann");
    let new = story.hears(moved(Some(OLD), Some(NEW))).message().leaf;
    let answer = story.answers("ann", held, "thank you");
    assert_eq!(answer.message().leaf, new);
    assert_eq!(answer.words().recipient.as_deref(), Some(NEW));
}

#[test]
fn a_new_number_of_another_customer_stays_his_and_nothing_merges() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    let held = story.takes("ann");
    let bert = story.hears(sms(NEW, "hello")).message().conversation;
    let step = story.hears(moved(Some(OLD), Some(NEW)));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Merged { .. })));
    assert_eq!(step.message().conversation, RootId(0));
    assert_eq!(story.hears(whatsapp(NEW, "me")).message().conversation, bert);
    let stranger = story.hears(whatsapp(OLD, "and who am I?")).message().conversation;
    assert!(stranger != bert && stranger != RootId(0));
    assert_eq!(story.answers("ann", held, "are you there?").refused(), Rejection::NoRecipient);
}

#[test]
fn a_change_that_is_told_again_changes_nothing_more() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    let first = story.hears(moved(Some(OLD), Some(NEW)).event_id("1"));
    let second = story.hears(moved(Some(OLD), Some(NEW)).event_id("2"));
    assert!(opened(&second).is_empty());
    assert_eq!(second.message().leaf, first.message().leaf);
    assert_eq!(story.space().identities(), 2);
}

#[test]
fn a_change_between_spellings_of_one_number_is_none() {
    let mut story = shop().opens();
    let leaf = story.hears(whatsapp("+5511987654321", "oi")).message().leaf;
    let step = story.hears(moved(Some("+551187654321"), Some("+5511987654321")));
    assert_eq!((step.message().leaf, step.changes().len()), (leaf, 1));
}

#[test]
fn what_anybody_could_claim_moves_no_number() {
    let mut story = shop().opens();
    let anna = story.hears(whatsapp(OLD, "hello")).message().conversation;
    story.hears(moved(Some(OLD), Some(NEW)).assured(Assurance::Claimed)).expect("a notice");
    assert_ne!(story.hears(whatsapp(NEW, "hello")).message().conversation, anna);
    assert_eq!(story.hears(whatsapp(OLD, "still me")).message().conversation, anna);
    assert_eq!(status(&story, LeafId(0)), IdentityStatus::Verified);
}

#[test]
fn whoever_writes_from_a_number_that_was_reported_sees_nothing_of_before_and_may_be_the_same() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let anna = story.hears(whatsapp(OLD, "hello")).message().conversation;
    let held = story.takes("ann");
    for report in ["1", "2"] {
        story.hears(moved(Some(OLD), None).event_id(report)).expect("a notice");
    }
    assert_eq!(status(&story, LeafId(0)), IdentityStatus::Provisional);
    assert_eq!(story.answers("ann", held, "for her alone").refused(), Rejection::NoRecipient);
    let next = story.hears(whatsapp(OLD, "hello again"));
    is_apart_and_suggested(&story, &next, anna);
    // Reported once more, it may be a third one's.
    let second = next.message().conversation;
    story.hears(moved(Some(OLD), None).event_id("3")).expect("a notice");
    let third = story.hears(whatsapp(OLD, "and who is this?")).message().conversation;
    assert!(third != second && third != anna);
    story.folds_to_the_same();
}

#[test]
fn a_number_is_its_customers_until_it_was_silent_for_half_a_year() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    story.passes(179 * DAY_MS);
    assert_eq!(story.hears(whatsapp(OLD, "hello again")).message().leaf, LeafId(0));
    assert_eq!(status(&story, LeafId(0)), IdentityStatus::Verified);
}

#[test]
fn whoever_writes_from_a_number_that_was_silent_for_half_a_year_sees_nothing_of_before_and_may_be_the_same() {
    let mut story = shop().opens();
    let anna = story.hears(whatsapp(OLD, "hello")).message().conversation;
    story.passes(182 * DAY_MS);
    let next = story.hears(whatsapp(OLD, "hello again"));
    is_apart_and_suggested(&story, &next, anna);
    let again = story.hears(sms(OLD, "and again"));
    assert_eq!((again.message().leaf, again.message().work), (next.message().leaf, next.opened()));
    assert_eq!(status(&story, next.message().leaf), IdentityStatus::Provisional, "a word alone proves nothing");
    // Silent again, it may be a third one's.
    story.passes(182 * DAY_MS);
    let third = story.hears(whatsapp(OLD, "who is there?"));
    is_apart_and_suggested(&story, &third, next.message().conversation);
    story.folds_to_the_same();
}

#[test]
fn a_refusal_outlives_the_silence_of_its_number() {
    let mut story = shop().opens();
    story.hears(sms(OLD, "stop")).expect("noted");
    story.passes(200 * DAY_MS);
    let next = story.hears(sms(OLD, "hello"));
    assert!(!story.conversation(next.message().conversation).identities[0].refuses.is_empty());
}

#[test]
fn a_silent_number_that_comes_back_with_its_account_is_its_customers() {
    let mut story = shop().opens();
    let both = [(AddressKind::Phone, OLD), USER];
    story.hears(whatsapp("", "hello").from(&both)).expect("a message");
    story.passes(200 * DAY_MS);
    let step = story.hears(whatsapp("", "it is me").from(&both));
    assert_eq!(step.message().leaf, LeafId(0));
    assert_eq!(status(&story, LeafId(0)), IdentityStatus::Verified);
}

#[test]
fn history_of_a_silent_number_opens_nobody() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    story.passes(200 * DAY_MS);
    assert_eq!(story.hears(whatsapp(OLD, "from long ago").backfill()).message().leaf, LeafId(0));
}

#[rstest]
#[case::a_webhook_that_comes_late(false)]
#[case::history(true)]
fn what_was_said_before_the_number_was_given_up_is_filed_with_whoever_said_it(#[case] history: bool) {
    let mut story = shop().opens();
    let anna = story.hears(whatsapp(OLD, "hello")).message().conversation;
    story.passes(5 * DAY_MS);
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    story.passes(DAY_MS);
    let late = |text: &str, day: i64| {
        let heard = whatsapp(OLD, text).occurred(START + day * DAY_MS);
        if history { heard.backfill() } else { heard }
    };
    assert_eq!(story.hears(late("before it", 4)).message().conversation, anna);
    story.passes(30 * DAY_MS);
    let bert = story.hears(whatsapp(OLD, "somebody else").occurred(START + 36 * DAY_MS)).message().conversation;
    assert_ne!(bert, anna);
    assert_eq!(story.hears(late("on the first day", 0)).message().conversation, anna);
    assert_eq!(story.hears(late("his", 36)).message().conversation, bert);
    assert_eq!(story.hears(whatsapp(OLD, "no time")).message().conversation, bert);
    story.folds_to_the_same();
}

#[test]
fn a_late_word_of_the_first_owner_does_not_make_the_number_shared() {
    let mut story = shop().opens();
    let with = |id: &'static str| whatsapp("", "hello").from(&[(AddressKind::Whatsapp, id), (AddressKind::Phone, OLD)]);
    let anna = story.hears(with("DE.1")).message().conversation;
    story.passes(200 * DAY_MS);
    let bert = story.hears(with("DE.2")).message().conversation;
    assert_eq!(story.hears(with("DE.1").occurred(START)).message().conversation, anna);
    assert_eq!(story.hears(sms(OLD, "hello")).message().conversation, bert);
}

#[test]
fn nobody_is_written_to_at_a_number_that_was_silent_for_half_a_year() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    let held = story.takes("ann");
    story.passes(182 * DAY_MS);
    assert_eq!(story.answers("ann", held, "at last").refused(), Rejection::NoRecipient);
}

#[test]
fn a_number_that_is_given_up_twice_is_the_third_ones() {
    const NEXT: &str = "+4915155555555";
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "anna")).expect("a message");
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    let bert = story.hears(whatsapp(OLD, "bert")).message().conversation;
    let new = story.hears(whatsapp(NEXT, "bert, from a new one")).message().conversation;
    story.hears(moved(Some(OLD), Some(NEXT))).expect("a notice");
    let third = story.hears(whatsapp(OLD, "carl")).message().conversation;
    assert!(![RootId(0), bert, new].contains(&third));
    let suggested = story.space().suggestions_of(bert).any(|known| known.reason == SuggestionReason::Moved);
    assert!(suggested, "his new number may be his");
}

#[test]
fn a_notice_that_comes_after_the_next_owner_gives_him_no_number_of_the_one_before() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "anna")).expect("a message");
    story.passes(200 * DAY_MS);
    let bert = story.hears(whatsapp(OLD, "bert")).message().conversation;
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    assert_ne!(story.hears(whatsapp(NEW, "anna")).message().conversation, bert);
}

#[test]
fn only_what_the_person_says_breaks_the_silence() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    story.passes(100 * DAY_MS);
    story.hears(whatsapp(OLD, "from long ago").backfill()).expect("history");
    story.hears(moved(None, None)).expect("a notice");
    story.passes(100 * DAY_MS);
    story.hears(whatsapp(OLD, "hello again")).expect("a message");
    assert_eq!(status(&story, LeafId(0)), IdentityStatus::Provisional);
}

#[test]
fn a_silent_mail_address_is_not_given_to_another() {
    let mut story = shop().opens();
    story.hears(crate::kit::mail("anna@example.com", "1@x", "hello")).expect("a mail");
    story.passes(400 * DAY_MS);
    story.hears(crate::kit::mail("anna@example.com", "2@x", "hello again")).expect("a mail");
    assert_eq!(status(&story, LeafId(0)), IdentityStatus::Verified);
}

#[test]
fn an_address_that_is_sure_proves_a_silent_number_of_the_same_customer() {
    let mut story = shop().opens();
    let both = [USER, (AddressKind::Phone, OLD)];
    story.hears(whatsapp("", "hello").from(&[(AddressKind::Phone, OLD), USER])).expect("a message");
    story.passes(200 * DAY_MS);
    let alone = story.hears(sms(OLD, "hello again")).message().leaf;
    assert_eq!(status(&story, alone), IdentityStatus::Provisional);
    let step = story.hears(whatsapp("", "it is me").from(&both));
    assert_eq!(step.message().conversation, RootId(0));
    let identities = story.conversation(RootId(0)).identities;
    let number = identities.into_iter().find(|identity| identity.leaf == alone).expect("it is one of hers now");
    assert_eq!(number.status, IdentityStatus::Verified);
}

#[test]
fn a_silent_number_merges_nobody() {
    let mut story = shop().opens();
    let before = story.hears(sms(OLD, "hello")).message().conversation;
    story.passes(200 * DAY_MS);
    let user = story.hears(whatsapp("", "hello").from(&[USER])).message().conversation;
    let step = story.hears(whatsapp("", "and my number").from(&[(AddressKind::Phone, OLD), USER]));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Merged { .. })));
    assert_eq!(step.message().conversation, user);
    assert_ne!(before, user);
}

#[test]
fn an_account_that_is_new_says_nothing_of_whose_the_doubted_number_was() {
    let mut story = shop().opens();
    let anna = story.hears(sms(OLD, "hello")).message().conversation;
    story.passes(200 * DAY_MS);
    let step = story.hears(whatsapp("", "hello").from(&[USER, (AddressKind::Phone, OLD)]));
    is_apart_and_suggested(&story, &step, anna);
    let by_number = story.hears(sms(OLD, "me again"));
    assert_eq!(by_number.message().conversation, step.message().conversation, "the two are one person's");
}

#[test]
fn the_new_number_of_a_doubted_one_begins_anew() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    story.passes(200 * DAY_MS);
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    assert_ne!(story.hears(whatsapp(NEW, "hello")).message().conversation, RootId(0));
}

#[test]
fn parallel_first_messages_from_variants_of_a_number_make_one_customer_and_one_work() {
    let mut story = shop().but(|config| config.default_country = Some(Name::new("BR"))).opens();
    let spellings = [
        "+5511987654321",
        "+551187654321",
        "+55 (11) 98765-4321",
        "(11) 98765-4321",
        "011 98765-4321",
        "005511987654321",
    ];
    for (number, spelling) in spellings.iter().cycle().take(1_000).enumerate() {
        story.hears(whatsapp(spelling, &format!("message {number}"))).expect("a message");
    }
    assert_eq!((story.space().identities(), story.open().len()), (1, 1));
}

#[test]
fn a_notice_told_again_takes_nothing_from_the_next_owner() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    story.hears(moved(Some(OLD), Some(NEW)).event_id("1")).expect("a notice");
    let stranger = story.hears(whatsapp(OLD, "who is there?"));
    story.hears(moved(Some(OLD), Some(NEW)).event_id("2")).expect("told again");
    let next = story.hears(whatsapp(OLD, "hello?"));
    assert_eq!(next.message().leaf, stranger.message().leaf);
    assert_eq!(next.message().work, stranger.opened(), "the same matter goes on");
}

#[test]
fn a_change_that_names_another_customer_too_merges_nobody() {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello")).expect("anna");
    story.hears(whatsapp("+4930123456", "hello")).expect("bert");
    let step = story.hears(moved(Some(OLD), Some(NEW)).also(AddressKind::Phone, "+4930123456"));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Merged { .. })), "{step:?}");
}

#[test]
fn another_kind_of_address_beside_a_number_ends_nothing() {
    let mut story = shop().opens();
    let anna = story.hears(whatsapp(OLD, "hello"));
    let phone = Sender { kind: AddressKind::Phone, address: OLD.to_owned() };
    let user = Sender { kind: USER.0, address: USER.1.to_owned() };
    let kind = EventKind::IdentityChange { old: Some(phone), new: Some(user), reason: None };
    story.hears(whatsapp(OLD, "").kind(kind)).expect("a notice");
    assert_eq!(story.hears(whatsapp(OLD, "still me")).message().leaf, anna.message().leaf);
}

#[test]
fn a_part_that_waited_through_a_change_is_answered_to_nobody_else() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(sms(OLD, "first half").part(1, 2, "r")).expect("held");
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    story.after(61 * 1_000);
    let held = story.takes("ann");
    assert_eq!(story.answers("ann", held, "for her alone").refused(), Rejection::NoRecipient);
}

#[test]
fn a_refusal_goes_with_the_customer_to_the_new_number() {
    let mut story = shop().opens();
    story.hears(sms(OLD, "stop")).expect("noted");
    story.hears(moved(Some(OLD), Some(NEW))).expect("a notice");
    let identities = story.conversation(RootId(0)).identities;
    let refusing: Vec<_> = identities.iter().map(|identity| !identity.refuses.is_empty()).collect();
    assert_eq!(refusing, [true, true]);
    story.folds_to_the_same();
}

#[rstest]
fn a_number_that_was_given_up_is_the_next_ones_alone_also_in_the_same_moment(#[values(0, 1)] ms: i64) {
    let mut story = shop().opens();
    story.hears(whatsapp(OLD, "hello").also(AddressKind::Crm, "C1")).expect("a message");
    story.hears(moved(Some(OLD), Some(NEW))).expect("told");
    story.passes(ms);
    story.hears(sms(OLD, "hello")).expect("somebody else");
    let bert = story.hears(whatsapp(OLD, "it is me").also(AddressKind::Crm, "C2"));
    let identities = story.conversation(bert.message().conversation).identities;
    assert_eq!((identities.len(), identities.iter().any(|identity| identity.shared)), (2, false));
    story.folds_to_the_same();
}

#[test]
fn what_was_asked_before_a_phone_was_shared_is_not_answered_once_the_phone_is_given_up() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(OLD, "hello").also(AddressKind::Crm, "C1")).expect("a message");
    let held = story.takes("ann");
    story.hears(whatsapp(OLD, "hello").also(AddressKind::Crm, "C2")).expect("shared");
    story.answers("ann", held, "it is the same phone").expect("an answer");
    story.hears(moved(Some(OLD), None)).expect("told");
    assert_eq!(story.answers("ann", held, "whose phone?").refused(), Rejection::NoRecipient);
    story.hears(sms(OLD, "I have that number now")).expect("a message");
    assert_eq!(story.answers("ann", held, "whose phone?").refused(), Rejection::NoRecipient);
    story.folds_to_the_same();
}

#[rstest]
fn a_number_that_several_had_is_nobodys_alone_by_being_somebodys_new_one(#[values(false, true)] doubted: bool) {
    let mut story = shop().opens();
    story.hears(whatsapp(NEW, "hello").also(AddressKind::Crm, "C1")).expect("a message");
    story.hears(whatsapp(NEW, "hello").also(AddressKind::Crm, "C2")).expect("shared");
    story.hears(moved(Some(NEW), None)).expect("told");
    story.hears(whatsapp(OLD, "hello")).expect("a message");
    if doubted {
        story.hears(moved(Some(OLD), None)).expect("told");
        story.hears(whatsapp(OLD, "hello")).expect("a message");
    }
    let before = story.hears(moved(Some(OLD), Some(NEW)));
    let next = story.hears(sms(NEW, "who am I?"));
    let identities = story.conversation(next.message().conversation).identities;
    assert!(identities.len() == 1 && identities[0].shared, "{identities:?}");
    assert_ne!(next.message().conversation, before.message().conversation);
    story.folds_to_the_same();
}
