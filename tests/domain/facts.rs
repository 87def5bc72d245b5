//! What is known of a customer: facts with source, time and assurance (domain rules, section 4).

use skein::domain::command::{FactTold, Verb};
use skein::domain::event::{AddressKind, Assurance};
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::{Change, PersonalValue};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::workspace::AgentKind;

use crate::kit::{Scenario, Step, mail, shop, sms};

const ANNA: &str = "+4915112345678";
const HER_MAIL: &str = "anna@example.com";

pub(crate) fn told(key: &str, value: &str) -> FactTold {
    FactTold {
        key: Name::new(key),
        value: value.to_owned(),
        source: Name::default(),
        at: None,
        assurance: Assurance::Platform,
    }
}

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    story
}

impl Scenario {
    fn tells(&mut self, customer: u32, facts: Vec<FactTold>) -> Step {
        self.does("ann", Verb::SetFacts { customer: RootId(customer), leaf: None, facts })
    }

    /// Key and value of what is shown of a customer.
    fn facts(&self, customer: u32) -> Vec<(String, String)> {
        let facts = self.customer(customer).facts;
        facts.into_iter().map(|(_, fact)| (fact.key.to_string(), fact.value)).collect()
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_fact_has_source_time_and_assurance_and_an_empty_value_removes_it() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    let since = Timestamp(story.now().0 - 1_000);
    let contract = FactTold { source: Name::new("crm"), at: Some(since), ..told("contract", "C-17") };
    let step = story.tells(0, vec![contract, told("tier", "gold")]);
    let [Change::FactsSet { leaf: LeafId(0) }] = step.changes() else { panic!("{:?}", step.changes()) };
    assert!(matches!(&step.record().content[0].value, PersonalValue::Facts(facts) if facts.len() == 2), "sealed");
    let facts = story.customer(0).facts;
    let (leaf, fact) = &facts[0];
    assert_eq!((*leaf, &*fact.source, fact.at, fact.assurance), (LeafId(0), "crm", since, Assurance::Platform));
    assert_eq!(
        (&*facts[1].1.source, facts[1].1.at),
        ("agent:ann", story.now()),
        "what is not said is the agent's, now"
    );
    story.tells(0, vec![told("contract", ""), told("tier", "silver")]).expect("noted");
    assert_eq!(story.facts(0), pairs(&[("tier", "silver")]));
    story.folds_to_the_same();
}

#[test]
fn of_two_who_are_merged_the_surer_then_the_newer_is_shown_and_each_keeps_its_own() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    story.hears(mail(HER_MAIL, "m1", "hello")).expect("a message");
    story.tells(0, vec![told("city", "Bonn"), told("name", "Anna")]).expect("noted");
    story.after(1_000);
    let sure = FactTold { assurance: Assurance::LoggedIn, ..told("name", "Anna M.") };
    story.tells(1, vec![told("city", "Kiel"), sure, told("plan", "XL")]).expect("noted");
    story.after(1_000);
    story.tells(0, vec![told("plan", "S")]).expect("noted");
    story.merges(0, 1).expect("merged");
    assert_eq!(story.facts(1), pairs(&[("city", "Kiel"), ("name", "Anna M."), ("plan", "S")]));
    // Told of an id that was merged away, it goes with it; a removal is of all.
    story.tells(1, vec![told("dog", "Rex"), told("plan", "")]).expect("noted");
    story.unmerges(1).expect("apart");
    assert_eq!(story.facts(0), pairs(&[("city", "Bonn"), ("name", "Anna")]));
    assert_eq!(story.facts(1), pairs(&[("city", "Kiel"), ("dog", "Rex"), ("name", "Anna M.")]));
    story.folds_to_the_same();
}

#[test]
fn an_address_of_several_people_carries_none() {
    let mut story = desk();
    story.hears(mail("info@firm.example", "m1", "hello")).expect("a message");
    let refused = story.tells(0, vec![told("tier", "gold")]).refused();
    assert_eq!(refused, Rejection::SharedIdentity { leaf: LeafId(0) });
    // One that turns out to be several people's has none from then on.
    let both = |crm: &str| sms(ANNA, "hello").also(AddressKind::Crm, crm);
    story.hears(sms(ANNA, "hello")).expect("a message");
    story.tells(1, vec![told("tier", "gold")]).expect("noted");
    story.hears(both("K-1")).expect("a message");
    story.hears(both("K-2")).expect("a message");
    let sharing = story.space().customers(&skein::domain::view::CustomerQuery::Address {
        sender: skein::domain::event::Sender { kind: AddressKind::Phone, address: ANNA.to_owned() },
        scope: Name::default(),
    });
    let shared = &sharing.customers[0];
    assert!(shared.conversation.identities[0].shared && shared.facts.is_empty());
}

#[test]
fn facts_go_with_an_erasure_and_their_words_are_not_needed_for_the_fold() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    story.tells(0, vec![told("tier", "gold")]).expect("noted");
    story.does("ann", Verb::Erase { customer: RootId(0) }).expect("erased");
    assert_eq!(story.facts(0), []);
    let refused = story.tells(0, vec![told("tier", "gold")]).refused();
    assert_eq!(refused, Rejection::UnknownCustomer);
    story.folds_to_the_same_without_content_of(&[LeafId(0)]);
}

#[test]
fn every_limit_is_named() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    let bad = [
        ("", "x", "facts.key"),
        ("two words", "x", "facts.key"),
        (&*"k".repeat(65), "x", "facts.key"),
        ("k", &*"v".repeat(1_025), "facts.value"),
        ("k", "a\u{7}b", "facts.value"),
    ];
    for (key, value, field) in bad {
        let refused = story.tells(0, vec![told(key, value)]).refused();
        assert!(matches!(refused, Rejection::Invalid(rule) if rule.starts_with(field)), "{key}: {refused:?}");
    }
    let many: Vec<FactTold> = (0..64).map(|n| told(&format!("k{n}"), "v")).collect();
    story.tells(0, many).expect("as many as there may be");
    assert_eq!(story.tells(0, vec![told("one.more", "v")]).refused(), Rejection::Limit("facts of a customer: 64"));
    story.tells(0, vec![told("k0", "another value")]).expect("no more than before");
    story.tells(0, vec![told("k1", ""), told("one.more", "v")]).expect("one for another");
    let unknown = Verb::SetFacts { customer: RootId(0), leaf: Some(LeafId(7)), facts: vec![told("k", "v")] };
    assert_eq!(story.does("ann", unknown).refused(), Rejection::UnknownIdentity);
}

#[test]
fn what_is_known_is_not_to_be_asked_again_and_a_bot_knows_as_much_as_it_may_say() {
    let mut story = shop().agent("bob", |bob| bob.kind = AgentKind::Bot).opens();
    story.logs_in("ann").expect("a session");
    story.ready("bob").expect("ready");
    story.hears(sms(ANNA, "hello").assured(Assurance::Claimed)).expect("a message");
    let (work, _) = story.takes("bob");
    let ask = |key: &str| Verb::AskFact { work, key: Name::new(key), prompt: "Which one?".to_owned() };
    let asked = story.does("bob", ask("contract"));
    assert!(!asked.answer().known);
    assert!(matches!(asked.changes(), [Change::FactAsked { known: false, leaf: LeafId(0), .. }]));
    let low = FactTold { assurance: Assurance::Claimed, ..told("city", "Bonn") };
    story.tells(0, vec![told("contract", "C-17"), low]).expect("noted");
    assert!(!story.does("bob", ask("contract")).answer().known, "whoever wrote is not as sure");
    assert!(story.does("bob", ask("city")).answer().known);
    let bob = Some(story.id("bob"));
    assert_eq!(story.does("ann", ask("contract")).refused(), Rejection::NotOwner { owner: bob });
    assert_eq!(story.agent("bob").works[0].heard_as, Some(Assurance::Claimed));
    story.hears(sms(ANNA, "it is me").assured(Assurance::Platform)).expect("a message");
    assert!(story.does("bob", ask("contract")).answer().known);
}
