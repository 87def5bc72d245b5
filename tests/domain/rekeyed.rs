//! Identities are keyed anew when the normaliser's version rises: lookups, clashes, batches, the fold.

use skein::domain::command::{Command, Verb};
use skein::domain::event::{AddressKind, EventKind, Sender};
use skein::domain::id::{Name, RootId};
use skein::domain::normalise;
use skein::domain::record::{Change, OptNoted, Purpose};

use crate::kit::{SPACE, Scenario, Step, mail, shop, sms, whatsapp};

/// A later version: what stands behind a plus in a mail address is no part of it.
fn without_plus(sender: &Sender, country: Option<&str>) -> Option<(AddressKind, Name)> {
    let (kind, text) = normalise(sender, country)?;
    let Some((local, domain)) = text.split_once('@').filter(|_| kind == AddressKind::Email) else {
        return Some((kind, text));
    };
    let local = local.split('+').next().unwrap_or(local);
    Some((kind, Name::new(format!("{local}@{domain}"))))
}

/// One batch.
fn rises(story: &mut Scenario, version: u16) -> Step {
    story.when(Command::Rekey { workspace: Name::new(SPACE), version, normalise: without_plus })
}

/// All batches of a version.
fn rekeyed(story: &mut Scenario, version: u16) -> usize {
    let mut records = 0;
    while let Ok(Some(record)) = rises(story, version).0 {
        assert!(record.changes.len() <= 256, "a bounded batch");
        records += 1;
    }
    records
}

fn story() -> Scenario {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story
}

#[test]
fn an_address_that_is_read_in_another_way_is_found_by_its_new_form_and_keeps_its_customer() {
    let mut story = story();
    let anna = story.hears(mail("anna+shop@example.com", "1@a", "hello")).message().conversation;
    assert_eq!(rekeyed(&mut story, 3), 1);
    let again = story.hears(mail("anna@example.com", "2@a", "it is me"));
    assert_eq!(again.message().conversation, anna);
    assert_eq!(story.conversation(anna).identities[0].address.as_deref(), Some("anna@example.com"));
    assert_eq!(story.space().identities(), 1);
    story.folds_to_the_same();
}

#[test]
fn of_two_who_turn_out_to_have_one_address_nobody_is_merged_and_an_agent_is_asked() {
    let mut story = story();
    let plus = story.hears(mail("anna+shop@example.com", "1@a", "hello")).message().conversation;
    let plain = story.hears(mail("anna@example.com", "2@a", "good day")).message().conversation;
    rekeyed(&mut story, 3);
    assert_ne!(story.conversation(plus).conversation, story.conversation(plain).conversation);
    assert_eq!(story.space().suggestions_of(plus).count(), 1);
    // Whoever was heard last has the address.
    assert_eq!(story.hears(mail("anna@example.com", "3@a", "well?")).message().conversation, plain);
    story.folds_to_the_same();
    let suggestion = story.space().suggestions_of(plus).next().expect("one");
    let accept = Verb::DecideSuggestion { one: suggestion.one, other: suggestion.other, is_one: true };
    story.does("ann", accept).expect("a merge");
    assert_eq!(story.conversation(plain).conversation, plus);
    story.folds_to_the_same();
}

#[test]
fn the_one_whose_form_changes_keeps_the_address_when_it_was_heard_last() {
    let mut story = story();
    story.hears(mail("anna@example.com", "1@a", "good day")).expect("a message");
    let plus = story.hears(mail("anna+shop@example.com", "2@a", "hello")).message().conversation;
    rekeyed(&mut story, 3);
    assert_eq!(story.hears(mail("anna@example.com", "3@a", "well?")).message().conversation, plus);
    story.folds_to_the_same();
}

#[test]
fn several_spellings_of_one_address_in_one_batch_are_one_address_after_it() {
    let mut story = story();
    for (n, plus) in ["anna+a@example.com", "anna+b@example.com", "anna+c@example.com"].into_iter().enumerate() {
        story.hears(mail(plus, &format!("{n}@a"), "hello")).expect("a message");
    }
    rekeyed(&mut story, 3);
    assert_eq!(story.hears(mail("anna+d@example.com", "9@a", "x")).message().conversation, RootId(3), "by this build");
    assert_eq!(story.hears(mail("anna@example.com", "8@a", "x")).message().conversation, RootId(2));
    let suggested = [0, 1, 2].map(|root| story.space().suggestions_of(RootId(root)).count());
    assert_eq!(suggested, [1, 2, 1], "each with the one who had the address before");
    story.folds_to_the_same();
}

#[test]
fn many_are_keyed_in_bounded_batches_and_done_once() {
    let mut story = story();
    for n in 0..150 {
        story.hears(mail(&format!("person{n}+x@example.com"), &format!("{n}@a"), "hello")).expect("a message");
    }
    assert_eq!(rekeyed(&mut story, 3), 3);
    assert_eq!(rekeyed(&mut story, 3), 0, "done");
    assert_eq!(rekeyed(&mut story, 4), 1, "looked through by the next version, and nothing changes");
    let none = |change: &Change| !matches!(change, Change::IdentityRekeyed(_));
    assert!(rises(&mut story, 5).changes().iter().all(none));
    story.folds_to_the_same();
}

#[test]
fn what_does_not_change_is_left_alone_and_a_refusal_goes_with_its_address() {
    let mut story = story();
    let anna = story.hears(whatsapp("+4915112345678", "hello")).message().conversation;
    let ben = story.hears(sms("+4915198765432", "STOP")).message().conversation;
    let carl = story.hears(mail("carl+x@example.com", "1@c", "hello")).message().conversation;
    rekeyed(&mut story, 3);
    assert_eq!(story.hears(whatsapp("+4915112345678", "again")).message().conversation, anna);
    assert!(story.conversation(ben).identities[0].refuses.contains(&Purpose::Marketing));
    assert_eq!(story.hears(mail("carl@example.com", "2@c", "x")).message().conversation, carl);
    story.folds_to_the_same();
}

#[test]
fn who_is_erased_stays_unknown_by_the_new_version() {
    let mut story = story();
    let anna = story.hears(mail("anna+shop@example.com", "1@a", "hello")).message().conversation;
    story.does("ann", Verb::Erase { customer: anna }).expect("an erasure");
    rekeyed(&mut story, 3);
    let again = story.hears(mail("anna@example.com", "2@a", "hello")).message().conversation;
    assert_ne!(again, anna);
    assert!(story.conversation(anna).identities.iter().all(|identity| identity.address.is_none()));
    story.folds_to_the_same();
}

#[test]
fn a_fold_without_the_keys_of_who_was_erased_after_it_is_the_same() {
    let mut story = story();
    let first = story.hears(mail("anna+shop@example.com", "1@a", "hello"));
    let anna = first.message();
    let (anna, leaf) = (anna.conversation, anna.leaf);
    rekeyed(&mut story, 3);
    story.does("ann", Verb::Erase { customer: anna }).expect("an erasure");
    story.folds_to_the_same_without_content_of(&[leaf]);
}

#[test]
fn whoever_has_the_address_after_a_clash_is_left_alone_as_the_others_asked_and_blocked_as_they_were() {
    let mut story = story();
    let out = EventKind::Opt { opted_in: false, purpose: String::new(), payload: None, title: None };
    let refused = story.hears(mail("anna+a@example.com", "1@a", "").kind(out));
    assert!(refused.changes().iter().any(|change| matches!(change, Change::OptNoted(OptNoted { refused: true, .. }))));
    let blocked = story.hears(mail("anna+b@example.com", "2@a", "hello")).message().leaf;
    let block = Verb::Block { leaf: blocked, reason: String::new(), until: None };
    story.does("ann", block).expect("blocked");
    story.hears(mail("anna@example.com", "3@a", "good day")).expect("a message");
    story.hears(mail("anna+c@example.com", "4@a", "good day")).expect("a message");
    rekeyed(&mut story, 3);
    let next = story.hears(mail("anna@example.com", "5@a", "well?"));
    let next = next.message();
    assert_eq!((next.conversation, next.work), (RootId(3), None), "it is blocked");
    let view = story.conversation(RootId(3));
    assert!(view.identities[0].refuses.contains(&Purpose::Marketing));
    story.folds_to_the_same();
}

#[test]
fn an_address_that_is_shared_stays_so_whoever_was_heard_last() {
    for (shared, own) in [("berg@example.com", "berg+x@example.com"), ("berg+x@example.com", "berg@example.com")] {
        let mut story = story();
        story.hears(mail(shared, "1@a", "hello").also(AddressKind::Crm, "C1")).expect("a message");
        let household = story.hears(mail(shared, "2@a", "hello").also(AddressKind::Crm, "C2")).message().conversation;
        assert!(story.conversation(household).identities[0].shared);
        story.hears(mail(own, "3@a", "good day")).expect("a message");
        rekeyed(&mut story, 3);
        let next = story.hears(mail("berg@example.com", "4@a", "it is one of us"));
        assert_eq!(next.message().conversation, household, "{shared}");
        story.folds_to_the_same();
    }
}
