//! Addresses that an agent took from a customer, and who has them after that (domain rules, section 4).

use skein::domain::command::Verb;
use skein::domain::event::AddressKind;
use skein::domain::id::{LeafId, RootId};
use skein::domain::record::{Change, SuggestionEnd, SuggestionReason};

use crate::kit::{HOUR, Heard, Scenario, Step, mail, shop, sms, whatsapp};

const PHONE: (AddressKind, &str) = (AddressKind::Phone, "+4915112345678");
const ANNA: (AddressKind, &str) = (AddressKind::Crm, "C2");
const BERT: (AddressKind, &str) = (AddressKind::Crm, "C5");
const BERTS_ACCOUNT: (AddressKind, &str) = (AddressKind::Whatsapp, "DE.5");

fn of(step: &Step) -> RootId {
    step.message().conversation
}

fn from(senders: &[(AddressKind, &str)]) -> Heard {
    whatsapp("", "hello").from(senders)
}

fn is_noted(step: &Step) -> bool {
    let again = |change: &Change| matches!(change, Change::SuggestionEnded { end: SuggestionEnd::ClaimedAgain, .. });
    step.changes().iter().any(again)
}

/// Anna's phone, which an agent has taken from her, with its first leaf.
fn parted() -> (Scenario, RootId, LeafId) {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let first = story.hears(from(&[PHONE, ANNA]));
    let phone = first.message().leaf;
    story.hears(mail("anna@example.com", "1@x", "hello").also(ANNA.0, ANNA.1)).expect("a mail");
    story.does("ann", Verb::UnlinkIdentity { leaf: phone }).expect("parted");
    let anna = of(&story.hears(mail("anna@example.com", "2@x", "hello")));
    (story, anna, phone)
}

#[test]
fn a_parted_phone_that_its_customer_claims_again_is_not_the_next_ones_alone() {
    for second in [vec![BERTS_ACCOUNT, PHONE, BERT], vec![PHONE, BERT], vec![BERTS_ACCOUNT, PHONE]] {
        let (mut story, anna, _) = parted();
        let again = story.hears(from(&[PHONE, ANNA]));
        assert!(is_noted(&again) && of(&again) != anna, "what the agent took apart stays apart");
        assert!(!is_noted(&story.hears(from(&[PHONE, ANNA]))), "noted once");
        let bert = of(&story.hears(from(&second)));
        let hers = of(&story.hears(sms(PHONE.1, "anna again")));
        let identities = story.conversation(hers).identities;
        assert!(identities.iter().all(|one| one.shared), "{second:?}: {identities:?}");
        let bert = if second[0] == BERTS_ACCOUNT {
            bert
        } else {
            of(&story.hears(mail("bert@example.com", "1@y", "hello").also(BERT.0, BERT.1)))
        };
        assert!(hers != bert && of(&again) != bert && anna != bert, "{second:?}");
        story.folds_to_the_same();
    }
}

#[test]
fn a_parted_phone_that_one_person_claims_is_that_persons() {
    let (mut story, anna, phone) = parted();
    let bert = of(&story.hears(from(&[BERTS_ACCOUNT, PHONE, BERT])));
    let hello = story.hears(sms(PHONE.1, "hello"));
    assert_eq!((of(&hello), hello.message().leaf), (bert, phone));
    assert_ne!(bert, anna);
    assert!(story.conversation(bert).identities.iter().all(|one| !one.shared));
}

#[test]
fn whoever_has_a_contested_phone_becomes_nobody_else_by_another_address() {
    let (mut story, _, _) = parted();
    let (account, number) = ((AddressKind::Whatsapp, "DE.1"), PHONE);
    let holder = of(&story.hears(from(&[account, number])));
    story.hears(from(&[PHONE, ANNA])).expect("claimed again");
    let step = story.hears(from(&[account, BERT]));
    assert_eq!(of(&step), holder, "what is said stays with the account");
    let bert = of(&story.hears(mail("bert@example.com", "1@y", "hello").also(BERT.0, BERT.1)));
    assert_ne!(bert, holder);
    story.hears(from(&[account, BERT]).id("again")).expect("a message");
    let reasons: Vec<_> = story.space().suggestions_of(bert).map(|known| known.reason).collect();
    assert_eq!(reasons, [SuggestionReason::SharedAddress], "it is suggested");
    story.folds_to_the_same();
}

#[test]
fn a_contested_phone_that_was_silent_is_not_the_next_ones_alone() {
    let (mut story, _, _) = parted();
    story.hears(from(&[PHONE, ANNA])).expect("claimed again");
    story.passes(200 * 24 * HOUR);
    let both = of(&story.hears(from(&[PHONE, BERT])));
    assert!(story.conversation(both).identities.iter().all(|one| one.shared));
    let bert = of(&story.hears(mail("bert@example.com", "1@y", "hello").also(BERT.0, BERT.1)));
    assert_ne!(bert, both);
}

#[test]
fn an_agent_who_parts_the_two_anew_decides_anew() {
    let (mut story, anna, phone) = parted();
    let holder = of(&story.hears(from(&[PHONE, ANNA])));
    story.does("ann", Verb::MergeCustomers { customer: anna, other: holder }).expect("one after all");
    story.does("ann", Verb::UnlinkIdentity { leaf: phone }).expect("parted again");
    let bert = of(&story.hears(from(&[PHONE, BERT])));
    assert_eq!(of(&story.hears(sms(PHONE.1, "hello"))), bert);
    assert!(story.conversation(bert).identities.iter().all(|one| !one.shared));
}
