//! Whose words they are where several addresses are named: claims, logins, addresses of several people, suggestions (domain rules,
//! section 4).

use rstest::rstest;
use skein::domain::event::{AddressKind, Assurance, EventKind, Sender};
use skein::domain::id::RootId;
use skein::domain::record::{Change, Evidence, IdentityStatus, SuggestionEnd, SuggestionReason};
use skein::domain::rejection::Rejection;
use skein::domain::workspace::WorkspaceConfig;

use crate::kit::{Heard, Scenario, Step, chat, echo, mail, shop, sms, whatsapp};

pub(crate) const PHONE: &str = "+4915112345678";
const OTHER: &str = "+4915187654321";
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// By SMS; the adapter knows the CRM id, and is trusted with that.
pub(crate) fn text(number: &str, crm: &str) -> Heard {
    sms(number, "hello").also(AddressKind::Crm, crm)
}

/// By the web chat, logged in.
pub(crate) fn logged_in(browser: &str, login: &str) -> Heard {
    logged_in_says(browser, login, "hello")
}

pub(crate) fn logged_in_says(browser: &str, login: &str, words: &str) -> Heard {
    chat(browser, words).also(AddressKind::Login, login).assured(Assurance::LoggedIn)
}

/// Nobody is logged in at the browser any longer.
pub(crate) fn logout(browser: &str, login: &str) -> Heard {
    let old = Some(Sender { kind: AddressKind::Login, address: login.to_owned() });
    chat(browser, "").kind(EventKind::IdentityChange { old, new: None, reason: None })
}

pub(crate) fn of(step: &Step) -> RootId {
    step.message().conversation
}

pub(crate) fn reasons(story: &Scenario, root: RootId) -> Vec<SuggestionReason> {
    story.space().suggestions_of(root).map(|known| known.reason).collect()
}

/// The customer's identities: kind, whether shared, evidence.
pub(crate) fn identities(story: &Scenario, root: RootId) -> Vec<(AddressKind, bool, Evidence)> {
    let known = story.conversation(root).identities;
    known.into_iter().map(|identity| (identity.kind, identity.shared, identity.evidence)).collect()
}

// Claims.

#[test]
fn a_claim_that_the_endpoint_is_trusted_with_merges_at_once() {
    let mut story = shop().opens();
    let one = of(&story.hears(text(PHONE, "C1")));
    let other = of(&story.hears(mail("anna@example.com", "1@x", "hello")));
    let step = story.hears(mail("anna@example.com", "2@x", "it is me").also(AddressKind::Crm, "C1"));
    assert!(step.changes().iter().any(|change| matches!(
        change,
        Change::Merged { winner, loser, evidence: Evidence::Claim, .. } if (*winner, *loser) == (one, other)
    )));
    assert_eq!(of(&story.hears(sms(PHONE, "and again"))), one);
    story.folds_to_the_same();
}

#[test]
fn a_number_that_only_was_told_of_is_proven_by_the_account_it_is_paired_with() {
    let mut story = shop().opens();
    story.hears(sms(PHONE, "").kind(EventKind::IdentityChange { old: None, new: None, reason: None })).expect("told");
    let user = (AddressKind::Whatsapp, "DE.1234");
    let anna = of(&story.hears(whatsapp("", "hello").from(&[user, (AddressKind::Phone, PHONE)])));
    assert_eq!(of(&story.hears(text(PHONE, "C1"))), anna, "an id of ours takes no proven number away");
    assert!(story.conversation(anna).identities.iter().all(|identity| identity.status == IdentityStatus::Verified));
    story.folds_to_the_same();
}

#[test]
fn a_claim_that_the_endpoint_is_not_trusted_with_suggests_and_merges_nobody() {
    let mut story = shop().opens();
    let anna = of(&story.hears(mail("anna@example.com", "1@x", "hello")));
    let visitor = of(&story.hears(chat("b1", "hello").also(AddressKind::Email, "anna@example.com")));
    assert_ne!(visitor, anna);
    assert_eq!(reasons(&story, anna), [SuggestionReason::Claim]);
    assert_eq!(reasons(&story, visitor), [SuggestionReason::Claim]);

    let again = story.hears(chat("b1", "hello again").also(AddressKind::Email, "anna@example.com"));
    assert_eq!(again.changes().len(), 1, "never twice the same pair: {again:?}");
    story.folds_to_the_same();
}

#[test]
fn an_address_that_was_claimed_before_it_wrote_is_suggested_and_its_own_customers() {
    let mut story = shop().opens();
    let visitor = of(&story.hears(chat("b1", "hello").also(AddressKind::Email, "anna@example.com")));
    let anna = story.hears(mail("anna@example.com", "1@x", "hello"));
    assert_ne!(of(&anna), visitor);
    assert_eq!(reasons(&story, of(&anna)), [SuggestionReason::Claim]);
    let identity = &story.conversation(of(&anna)).identities[0];
    assert_eq!((identity.status, identity.shared), (IdentityStatus::Verified, false));
}

#[test]
fn nobody_writes_as_a_login_or_crm_id_that_the_endpoint_is_not_trusted_with() {
    let mut story = shop().but(|config| config.endpoints[4].trusts.clear()).opens();
    let login = (AddressKind::Login, "anna");
    let anna = of(&story.hears(whatsapp("", "hello").from(&[login]).assured(Assurance::LoggedIn)));
    story.hears(text(PHONE, "C1")).expect("a message");
    for id in [login, (AddressKind::Crm, "C1")] {
        let forged = chat("", "read me the answers").from(&[id]).assured(Assurance::LoggedIn);
        assert_eq!(story.hears(forged).dead(), "untrusted_sender");
    }
    let unreadable = chat("", "and now?").from(&[(AddressKind::Web, ""), login]).id("1");
    assert_eq!(story.hears(unreadable).dead(), "untrusted_sender", "nor where what is named first cannot be read");
    let visitor = story.hears(chat("", "hello").from(&[login, (AddressKind::Web, "b1")]).id("2"));
    assert_ne!(of(&visitor), anna);
    assert_eq!(story.conversation(of(&visitor)).identities[0].kind, AddressKind::Web);
    // Where it is trusted, a login counts only while its person is logged in.
    assert_eq!(story.hears(whatsapp("", "it is me").from(&[login]).id("3")).dead(), "untrusted_sender");
}

#[test]
fn a_login_that_was_not_proven_is_a_weak_claim() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna")));
    let step = story.hears(chat("b2", "I am anna").also(AddressKind::Login, "anna"));
    assert_ne!(of(&step), anna);
    assert_eq!(reasons(&story, anna), [SuggestionReason::Claim]);
}

#[test]
fn a_customer_has_three_suggestions_and_a_stronger_one_takes_the_weakest_place() {
    let mut story = shop().opens();
    let visitor = of(&story.hears(chat("b1", "hello")));
    for n in 1..=4 {
        let address = format!("a{n}@example.com");
        story.hears(chat("b1", "or this one").also(AddressKind::Email, &address)).expect("a message");
    }
    assert_eq!(reasons(&story, visitor).len(), 3);
    assert_eq!(story.space().identities(), 4, "an address that is not suggested is not opened either");

    // The provider says that the number of one is the other's now: surer than what anybody claims.
    let anna = story.hears(sms(PHONE, "hello").assured(Assurance::Platform)).message().conversation;
    for n in 1..=3 {
        let address = format!("a{n}@example.com");
        story.hears(sms(PHONE, "hello").also(AddressKind::Email, &address)).expect("a message");
    }
    assert_eq!(reasons(&story, anna), [SuggestionReason::Claim; 3]);
    story.hears(whatsapp(OTHER, "hello")).expect("a message");
    let number = |number: &str| Some(Sender { kind: AddressKind::Phone, address: number.to_owned() });
    let moved = EventKind::IdentityChange { old: number(PHONE), new: number(OTHER), reason: None };
    let step = story.hears(whatsapp(PHONE, "").kind(moved));
    let displaced = |change: &Change| matches!(change, Change::SuggestionEnded { end: SuggestionEnd::Displaced, .. });
    assert_eq!(step.changes().iter().filter(|change| displaced(change)).count(), 1);
    let mut open = reasons(&story, anna);
    open.sort_unstable();
    assert_eq!(open, [SuggestionReason::Claim, SuggestionReason::Claim, SuggestionReason::Moved]);
    story.folds_to_the_same();
}

#[test]
fn a_merge_ends_what_was_suggested_between_the_two() {
    let mut story = shop().opens();
    let anna = of(&story.hears(mail("anna@example.com", "1@x", "hello").also(AddressKind::Crm, "C1")));
    story.hears(sms(PHONE, "hello").also(AddressKind::Email, "anna@example.com")).expect("a message");
    assert_eq!(reasons(&story, anna), [SuggestionReason::Claim]);
    let step = story.hears(text(PHONE, "C1"));
    assert!(
        step.changes()
            .iter()
            .any(|change| matches!(change, Change::SuggestionEnded { end: SuggestionEnd::Merged, .. }))
    );
    assert!(reasons(&story, anna).is_empty());
    assert_eq!(of(&step), anna);
}

#[test]
fn a_login_speaks_louder_than_the_crm_id_of_somebody_else() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna").also(AddressKind::Crm, "C1")));
    let bert = of(&story.hears(text(PHONE, "C2")));
    let step = story.hears(logged_in("b2", "anna").also(AddressKind::Crm, "C2"));
    assert_eq!(of(&step), anna);
    assert_eq!(of(&story.hears(sms(PHONE, "hello"))), bert);
    assert_eq!(reasons(&story, bert), [SuggestionReason::SharedAddress]);
}

#[test]
fn a_card_that_is_sent_along_proves_nothing_and_suggests_nothing() {
    let mut story = shop().opens();
    story.hears(mail("anna@example.com", "1@x", "hello")).expect("a mail");
    let step = story.hears(whatsapp(PHONE, "write to anna@example.com or +4915187654321"));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Suggested { .. })));
}

// One value of a kind.

#[test]
fn two_people_on_one_household_phone_never_become_one() {
    let mut story = shop().opens();
    let anna = of(&story.hears(text(PHONE, "C1")));
    let step = story.hears(text(PHONE, "C2"));
    let shared = of(&step);
    assert_ne!(shared, anna);
    assert_eq!(identities(&story, shared), [(AddressKind::Phone, true, Evidence::First)]);
    // Nobody's words are in the other's conversation, and the history of before stays where it was.
    let bert = of(&story.hears(mail("bert@example.com", "1@x", "hello").also(AddressKind::Crm, "C2")));
    let anna_too = of(&story.hears(mail("anna@example.com", "2@x", "hello").also(AddressKind::Crm, "C1")));
    assert_eq!(anna_too, anna);
    assert!(bert != anna && bert != shared);
    for heard in
        [sms(PHONE, "who am I?"), text(PHONE, "C1"), text(PHONE, "C2"), text(PHONE, "C3"), whatsapp(PHONE, "x")]
    {
        assert_eq!(of(&story.hears(heard)), shared);
    }
    assert!(reasons(&story, shared).is_empty(), "it is nobody's");
    assert_eq!(reasons(&story, anna), [SuggestionReason::SharedAddress]);
    story.folds_to_the_same();
}

#[test]
fn what_was_asked_on_a_phone_before_it_was_shared_is_answered_there() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let asked = story.hears(text(PHONE, "C1"));
    let held = story.takes("ann");
    story.hears(text(PHONE, "C2")).expect("the other one");
    let answer = story.answers("ann", held, "your parcel has left");
    assert_eq!(answer.words().recipient.as_deref(), Some(PHONE));
    assert_eq!(answer.message().leaf, asked.message().leaf, "and filed with the question");
    story.folds_to_the_same();
}

#[test]
fn what_was_asked_long_before_a_phone_was_shared_is_answered_there_no_longer() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(text(PHONE, "C1")).expect("a message");
    let held = story.takes("ann");
    story.passes(31 * DAY_MS);
    story.hears(text(PHONE, "C2")).expect("the other one");
    assert_eq!(story.answers("ann", held, "your parcel has left").refused(), Rejection::NoRecipient);
}

#[test]
fn a_refusal_holds_for_a_shared_phone_and_for_what_was_asked_there_before() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(text(PHONE, "C1")).expect("a message");
    let held = story.takes("ann");
    let shared = of(&story.hears(text(PHONE, "C2")));
    story.hears(sms(PHONE, "stop")).expect("noted");
    assert!(!story.conversation(shared).identities[0].refuses.is_empty());
    assert!(matches!(story.answers("ann", held, "your parcel has left").refused(), Rejection::CannotSend(_)));
}

#[test]
fn a_phone_that_refused_refuses_as_a_shared_one_too() {
    let mut story = shop().opens();
    story.hears(text(PHONE, "C1")).expect("a message");
    story.hears(sms(PHONE, "stop")).expect("noted");
    let shared = of(&story.hears(text(PHONE, "C2")));
    assert!(!story.conversation(shared).identities[0].refuses.is_empty());
}

#[test]
fn no_chain_of_addresses_gives_a_customer_two_crm_ids() {
    let mut story = shop().opens();
    let user = (AddressKind::Whatsapp, "DE.1234");
    let anna = of(&story.hears(text(PHONE, "C1")));
    let bert = of(&story.hears(whatsapp("", "hello").from(&[user, (AddressKind::Crm, "C2")])));
    let step = story.hears(whatsapp("", "hello").from(&[user, (AddressKind::Phone, PHONE)]));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Merged { .. })));
    assert!(of(&step) != anna && of(&step) != bert, "one account with two people is nobody's");
    story.folds_to_the_same();
}

#[test]
fn two_crm_ids_named_with_one_phone_make_it_shared() {
    let mut story = shop().opens();
    let step = story.hears(text(PHONE, "C1").also(AddressKind::Crm, "C2"));
    let [identity] = &story.conversation(of(&step)).identities[..] else { panic!("{step:?}") };
    assert_eq!((identity.kind, identity.shared), (AddressKind::Phone, true));
}

#[test]
fn the_account_of_a_shared_phone_is_shared_with_it() {
    let mut story = shop().opens();
    let user = (AddressKind::Whatsapp, "DE.1234");
    let both = [user, (AddressKind::Phone, PHONE)];
    let anna = of(&story.hears(whatsapp("", "hello").from(&both).also(AddressKind::Crm, "C1")));
    story.hears(whatsapp("", "hello").from(&[user]).also(AddressKind::Crm, "C2")).expect("a message");
    // The phone was not named: it is the same account's.
    let by_sms = of(&story.hears(sms(PHONE, "hello")));
    let by_user = of(&story.hears(whatsapp("", "hello").from(&[user])));
    assert!(by_sms != anna && by_user != anna);
    for root in [by_sms, by_user] {
        assert!(story.conversation(root).identities.iter().all(|identity| identity.shared));
    }
}

#[test]
fn an_account_that_is_named_with_its_phone_is_shared_with_it_once() {
    let mut story = shop().opens();
    let both = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, PHONE)];
    let anna = of(&story.hears(whatsapp("", "hello").from(&both).also(AddressKind::Crm, "C1")));
    let step = story.hears(whatsapp("", "hello").from(&both).also(AddressKind::Crm, "C2"));
    let next = step.changes().iter().filter_map(|change| match change {
        Change::IdentityOpened(opened) if opened.shared => Some((opened.kind, opened.generation)),
        _ => None,
    });
    let mut next: Vec<_> = next.collect();
    next.sort_unstable();
    assert_eq!(next, [(AddressKind::Phone, 2), (AddressKind::Whatsapp, 2)], "one leaf for each generation");
    assert_ne!(of(&step), anna);
    story.folds_to_the_same();
}

#[test]
fn ids_that_have_ended_count_as_no_value() {
    let mut story = shop().opens();
    // The phone is Anna's by her CRM id, and goes to the household; the household's next event names her again.
    let anna = of(&story.hears(text(PHONE, "C1")));
    story.hears(text(PHONE, "C2")).expect("shared");
    let by_mail = of(&story.hears(mail("anna@example.com", "1@x", "hello").also(AddressKind::Crm, "C1")));
    assert_eq!(by_mail, anna, "the end of the phone's link is not the end of hers");
}

#[test]
fn a_second_user_id_makes_a_number_shared_and_each_is_known_by_the_account() {
    let mut story = shop().opens();
    let user =
        |id: &'static str| whatsapp("", "hello").from(&[(AddressKind::Whatsapp, id), (AddressKind::Phone, PHONE)]);
    let anna = of(&story.hears(user("DE.1")));
    let bert = of(&story.hears(user("DE.2")));
    assert_ne!(bert, anna);
    assert_eq!(reasons(&story, anna), [SuggestionReason::SharedAddress]);
    assert_eq!(of(&story.hears(user("DE.1"))), anna, "each is known by the account");
    assert_eq!(of(&story.hears(user("DE.2"))), bert);
    let by_sms = of(&story.hears(sms(PHONE, "hello")));
    assert!(by_sms != anna && by_sms != bert, "and the number alone is nobody's");
    story.folds_to_the_same();
}

#[test]
fn whoever_writes_from_the_number_of_another_account_is_answered_at_his_own_whatever_stands_between() {
    let mut story = shop().opens();
    let (number, crm) = ((AddressKind::Phone, PHONE), (AddressKind::Crm, "C2"));
    story.hears(whatsapp("", "hello").from(&[(AddressKind::Whatsapp, "DE.1"), number])).expect("a message");
    let bert = story.hears(whatsapp("", "hello").from(&[number, crm, (AddressKind::Whatsapp, "DE.2")]));
    let leaf = bert.message().leaf;
    let filed = story.conversation(of(&bert)).identities.into_iter().find(|identity| identity.leaf == leaf);
    assert_eq!(filed.map(|identity| (identity.kind, identity.shared)), Some((AddressKind::Whatsapp, false)));
    story.folds_to_the_same();
}

#[test]
fn a_crm_id_or_login_that_is_named_first_is_evidence_all_the_same() {
    let mut story = shop().opens();
    let anna = of(&story.hears(mail("anna@example.com", "1@x", "hello").also(AddressKind::Crm, "C1")));
    for (n, heard) in [
        whatsapp("", "hello").from(&[(AddressKind::Crm, "C1"), (AddressKind::Phone, PHONE)]),
        chat("", "hello").from(&[(AddressKind::Crm, "C1"), (AddressKind::Login, "anna"), (AddressKind::Web, "b1")]),
    ]
    .into_iter()
    .enumerate()
    {
        let step = story.hears(heard.assured(Assurance::LoggedIn).id(&n.to_string()));
        assert_eq!(of(&step), anna);
        let leaf = step.message().leaf;
        let filed = story.conversation(anna).identities.into_iter().find(|identity| identity.leaf == leaf);
        let answered = [AddressKind::Phone, AddressKind::Web][n];
        assert_eq!(
            filed.map(|identity| identity.kind),
            Some(answered),
            "an answer reaches what the channel answers to"
        );
    }
    let other = story.hears(
        chat("", "").from(&[(AddressKind::Login, "bert"), (AddressKind::Web, "b1")]).assured(Assurance::LoggedIn),
    );
    assert_ne!(of(&other), anna, "and another login ends the link of the browser");
    story.folds_to_the_same();
}

#[test]
fn a_silent_number_that_comes_back_with_another_crm_id_has_another_owner() {
    let mut story = shop().opens();
    let anna = story.hears(sms(PHONE, "hello"));
    story.passes(200 * DAY_MS);
    let bert = story.hears(text(PHONE, "C2"));
    assert_ne!(of(&bert), of(&anna));
    assert_eq!(reasons(&story, of(&anna)), [SuggestionReason::DoubtedAddress]);
    assert_eq!(of(&story.hears(sms(PHONE, "me again"))), of(&bert));
    story.folds_to_the_same();
}

#[test]
fn a_household_phone_that_was_silent_is_not_the_next_members_alone() {
    for word_before in [false, true] {
        let mut story = shop().opens();
        let anna = of(&story.hears(text(PHONE, "C1")));
        story.passes(200 * DAY_MS);
        if word_before {
            story.hears(sms(PHONE, "hello")).expect("one of them");
        }
        let both = of(&story.hears(text(PHONE, "C2")));
        assert!(story.conversation(both).identities.iter().all(|identity| identity.shared));
        let bert = of(&story.hears(mail("bert@example.com", "1@x", "hello").also(AddressKind::Crm, "C2")));
        let by_number = of(&story.hears(sms(PHONE, "who am I?")));
        assert!(by_number == both && both != anna && both != bert, "{word_before}");
        story.folds_to_the_same();
    }
}

#[test]
fn a_silent_number_that_comes_back_with_its_own_crm_id_is_proven() {
    let mut story = shop().opens();
    let anna = story.hears(text(PHONE, "C1"));
    story.passes(200 * DAY_MS);
    let step = story.hears(text(PHONE, "C1"));
    assert_eq!(of(&step), of(&anna));
    let phone = &story.conversation(of(&anna)).identities[0];
    assert_eq!((phone.leaf, phone.status), (anna.message().leaf, IdentityStatus::Verified));
}

#[test]
fn a_number_that_is_always_named_second_falls_silent_only_when_its_person_does() {
    let mut story = shop().opens();
    let both = [(AddressKind::Whatsapp, "DE.1"), (AddressKind::Phone, PHONE)];
    let anna = of(&story.hears(whatsapp("", "hello").from(&both)));
    for _ in 0..5 {
        story.passes(60 * DAY_MS);
        story.hears(whatsapp("", "still here").from(&both)).expect("a message");
    }
    story.hears(sms(PHONE, "by sms")).expect("a message");
    let status = |story: &Scenario| {
        let known = story.conversation(anna).identities;
        known.into_iter().find(|known| known.kind == AddressKind::Phone).expect("the phone").status
    };
    assert_eq!(status(&story), IdentityStatus::Verified);
    story.passes(200 * DAY_MS);
    story.hears(sms(PHONE, "by sms")).expect("a message");
    assert_eq!(status(&story), IdentityStatus::Provisional);
    story.folds_to_the_same();
}

// Role mailboxes, staff.

#[rstest]
#[case("info@firm.example")]
#[case("Office+spring@firm.example")]
fn a_role_mailbox_is_shared_from_its_first_mail(#[case] address: &str) {
    let mut story = shop().opens();
    let first = of(&story.hears(mail(address, "1@x", "Anna here").also(AddressKind::Crm, "C1").named("Anna")));
    assert_eq!(identities(&story, first), [(AddressKind::Email, true, Evidence::First)]);
    let second = of(&story.hears(mail(address, "2@x", "Bert here").also(AddressKind::Crm, "C2").named("Bert")));
    assert_eq!(second, first);
    assert_eq!(story.conversation(first).shown_name, None, "whoever wrote is one of several");
    let anna = of(&story.hears(text(PHONE, "C1")));
    assert_ne!(anna, first);
    story.folds_to_the_same();
}

#[test]
fn a_mailbox_of_ours_is_shared_from_its_first_mail() {
    let own = "frieda@shop.example";
    let mailbox = |config: &mut WorkspaceConfig| config.endpoints[2].addresses.push(own.to_owned());
    let mut story = shop().but(mailbox).opens();
    let passed_on = mail(own, "1@x", "a customer asks").also(AddressKind::Crm, "C1").named("Frieda");
    let first = of(&story.hears(passed_on));
    assert_eq!(identities(&story, first), [(AddressKind::Email, true, Evidence::First)]);
    assert_eq!(story.conversation(first).shown_name, None);
    story.folds_to_the_same();
}

#[test]
fn a_role_mailbox_is_no_evidence_where_it_is_claimed() {
    let mut story = shop().but(|config| config.endpoints[1].trusts.push(AddressKind::Email)).opens();
    let anna = of(&story.hears(sms(PHONE, "hello").also(AddressKind::Email, "info@firm.example")));
    let bert = of(&story.hears(sms(OTHER, "hello").also(AddressKind::Email, "info@firm.example")));
    assert_ne!(anna, bert);
    assert!(reasons(&story, anna).is_empty() && reasons(&story, bert).is_empty());
}

#[test]
fn an_agents_own_address_is_never_a_customers() {
    let mut story = shop().opens();
    let step = story.hears(chat("b1", "test").from(&[(AddressKind::Staff, "ann")]));
    assert_eq!(step.dead(), "staff");
    let beside = story.hears(mail("ann@home.example", "1@x", "test").also(AddressKind::Staff, "ann"));
    assert_eq!(beside.dead(), "staff");
    assert_eq!((story.space().identities(), story.open().len()), (0, 0));
}

#[test]
fn somebody_who_was_only_written_to_claims_nothing() {
    let mut story = shop().opens();
    let step = story.hears(echo(PHONE, "our answer from the phone").also(AddressKind::Email, "anna@example.com"));
    assert_eq!(story.space().identities(), 1, "{step:?}");
}

#[test]
fn with_the_rule_of_single_values_off_two_people_become_one() {
    let off = shop().but(|config| config.identity.single_valued.clear());
    let mut story = off.opens();
    let anna = of(&story.hears(sms(PHONE, "hello")));
    story.hears(text(PHONE, "C1")).expect("a message");
    let decided = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| of(&story.hears(text(PHONE, "C2")))));
    assert!(decided.is_err(), "the invariant sees it; {anna:?}");
}
