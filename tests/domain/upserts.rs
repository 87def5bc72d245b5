//! The company tells whom it knows (domain rules, sections 4 and 8).

use skein::domain::command::{FactTold, Upsert, Verb};
use skein::domain::event::{AddressKind, Sender};
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::{Change, Evidence, IdentityStatus};
use skein::domain::rejection::Rejection;

use crate::facts::told;
use crate::kit::{Scenario, Step, mail, shop, sms};

const ANNA: &str = "+4915112345678";
const HER_MAIL: &str = "anna@example.com";

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    story
}

impl Scenario {
    fn upserts(&mut self, addresses: &[(AddressKind, &str)], name: &str, facts: Vec<FactTold>) -> Step {
        let sender = |&(kind, address): &(AddressKind, &str)| Sender { kind, address: address.to_owned() };
        let addresses = addresses.iter().map(|address| (sender(address), Name::default())).collect();
        self.does("ann", Verb::Upsert(Box::new(Upsert { addresses, shown_name: name.to_owned(), facts })))
    }
}

#[test]
fn whoever_is_nobodys_is_opened_once_and_is_provisional_until_it_writes() {
    let mut story = desk();
    let step = story.upserts(&[(AddressKind::Phone, ANNA)], "Anna", vec![told("tier", "gold")]);
    let answer = step.answer();
    assert_eq!((answer.customer, answer.created), (Some(RootId(0)), true));
    let again = story.upserts(&[(AddressKind::Phone, "0049 151 12345678")], "Anna", vec![]).answer();
    assert_eq!((again.customer, again.created), (Some(RootId(0)), false));
    let view = story.customer(0);
    assert_eq!(view.conversation.shown_name.as_deref(), Some("Anna"));
    assert_eq!((view.facts.len(), view.conversation.identities[0].evidence), (1, Evidence::Agent));
    assert_eq!(view.conversation.identities[0].status, IdentityStatus::Provisional);
    assert!(story.open().is_empty(), "nobody has asked anything");
    let message = story.hears(sms(ANNA, "hello"));
    assert_eq!(message.message().conversation, RootId(0));
    assert_eq!(story.customer(0).conversation.identities[0].status, IdentityStatus::Verified);
    story.folds_to_the_same();
}

#[test]
fn further_addresses_are_the_same_persons_as_when_an_agent_links_them() {
    let mut story = desk();
    story.hears(sms(ANNA, "hello")).expect("a message");
    story.hears(mail(HER_MAIL, "m1", "hello")).expect("a message");
    let all = [(AddressKind::Phone, ANNA), (AddressKind::Email, HER_MAIL), (AddressKind::Crm, "K-1")];
    let step = story.upserts(&all, "", vec![]);
    assert!(step.changes().iter().any(|change| matches!(change, Change::Merged { evidence: Evidence::Agent, .. })));
    assert_eq!(story.known_as(1), (0, vec![0, 1, 2]));
    // Nobody had the first, and somebody has the other.
    story.upserts(&[(AddressKind::Telegram, "4711"), (AddressKind::Crm, "K-1")], "", vec![]).expect("linked");
    assert_eq!(story.known_as(3), (0, vec![0, 1, 2, 3]));
    story.unmerges(1).expect("apart");
    assert_eq!(story.known_as(1).1, [1], "the merge can be undone");
    story.folds_to_the_same();
}

#[test]
fn nothing_becomes_of_two_people_one() {
    let mut story = desk();
    let crm = |id: &'static str| (AddressKind::Crm, id);
    let phone = (AddressKind::Phone, ANNA);
    story.upserts(&[phone, crm("K-1")], "", vec![]).expect("known");
    let two = Rejection::TwoValues { kind: AddressKind::Crm };
    assert_eq!(story.upserts(&[phone, crm("K-2")], "", vec![]).refused(), two);
    assert_eq!(story.upserts(&[crm("K-3"), crm("K-4")], "", vec![]).refused(), two);
    story.upserts(&[(AddressKind::Email, HER_MAIL), (AddressKind::Telegram, "4711")], "", vec![]).expect("known");
    let taken = story.upserts(&[phone, (AddressKind::Telegram, "4711")], "", vec![]).refused();
    assert_eq!(taken, Rejection::IdentityTaken { customer: RootId(2) });
    story.hears(mail("info@firm.example", "m1", "hello")).expect("a message");
    let shared = story.upserts(&[phone, (AddressKind::Email, "info@firm.example")], "", vec![]).refused();
    assert_eq!(shared, Rejection::SharedIdentity { leaf: LeafId(4) });
    let facts = vec![told("tier", "gold")];
    assert!(matches!(
        story.upserts(&[(AddressKind::Email, "office@firm.example")], "", facts).refused(),
        Rejection::SharedIdentity { .. }
    ));
    let staff = story.upserts(&[(AddressKind::Staff, "ann")], "", vec![]).refused();
    assert!(matches!(staff, Rejection::Invalid(_)));
    assert_eq!(story.space().identities(), 5, "what was refused has opened nothing");
}
