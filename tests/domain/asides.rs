//! Whose messages are stored without Work: blocked, spam, in quarantine; and what the undo makes of them (domain rules, section 4).

use skein::domain::command::Verb;
use skein::domain::event::{AddressKind, EventKind, Sender};
use skein::domain::id::{LeafId, Name, RootId, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Change, Flags, Presence};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::view::{AsideView, CustomerQuery, WorkState};

use crate::kit::{Heard, MINUTE, Scenario, Step, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const HER_MAIL: &str = "anna@example.com";

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    story
}

impl Scenario {
    fn blocks(&mut self, leaf: u32, until: Option<Timestamp>) -> Step {
        let request = format!("b{}", self.log_len());
        let verb = Verb::Block { leaf: LeafId(leaf), reason: "rude".to_owned(), until };
        self.asks("ann", Some((&request, 1)), None, verb)
    }

    fn unblocks(&mut self, leaf: u32) -> Step {
        self.does("ann", Verb::Unblock { leaf: LeafId(leaf) })
    }

    fn aside(&self, customer: u32) -> Option<AsideView> {
        self.customer(customer).conversation.identities[0].aside.as_deref().cloned()
    }

    fn lets_in(&mut self, leaf: Option<u32>) -> Step {
        self.does("ann", Verb::LiftQuarantine { leaf: leaf.map(LeafId), endpoint: Name::new("sms") })
    }
}

/// The Work that a step has filed messages into.
fn restored(step: &Step) -> (WorkId, usize) {
    let found = step.changes().iter().find_map(|change| match change {
        Change::Restored { work, messages, .. } => Some((*work, messages.len())),
        _ => None,
    });
    found.expect("something was restored")
}

#[test]
fn a_blocked_identity_is_heard_by_nobody_and_the_undo_loses_nothing() {
    let mut story = desk();
    story.settles_alone(sms(ANNA, "hello"));
    let before = story.open().len();
    story.blocks(0, None).expect("blocked");
    for text in ["you again", "answer me"] {
        let step = story.hears(sms(ANNA, text));
        let message = step.message();
        assert_eq!((message.work, message.flags.has(Flags::BLOCKED)), (None, true));
        assert!(step.outputs().is_empty());
    }
    let aside = story.aside(0).expect("it is set aside");
    let block = aside.block.expect("a block");
    assert_eq!((block.by.as_deref(), block.reason.as_deref(), aside.messages), (Some("ann"), Some("rude"), 2));
    story.after(1_000);
    let step = story.unblocks(0);
    let (work, count) = restored(&step);
    assert_eq!((count, step.answer().work), (2, Some(work)));
    let view = story.work(work);
    assert!(view.turn_ours && view.waiting_since < Some(story.now()), "it has its age");
    assert_eq!(story.open().len(), before + 1);
    let moved = story.conversation(RootId(0));
    let last = view.last_customer_message.expect("a message");
    assert_eq!(moved.current(last, None), Some(work));
    assert_eq!(story.hears(sms(ANNA, "at last")).message().work, Some(work), "later ones are routed again");
    assert_eq!(story.unblocks(0).refused(), Rejection::NotSetAside("the identity is not blocked"));
    story.folds_to_the_same();
}

#[test]
fn a_block_ends_by_time_and_what_came_until_then_stays_in_the_history() {
    let mut story = desk();
    story.settles_alone(sms(ANNA, "hello"));
    let now = story.now();
    assert!(matches!(story.blocks(0, Some(now)).refused(), Rejection::Invalid(_)));
    story.blocks(0, Some(Timestamp(now.0 + 9 * MINUTE))).expect("blocked");
    // Another end takes the place of the first.
    story.blocks(0, Some(Timestamp(now.0 + 5 * MINUTE))).expect("blocked");
    story.hears(sms(ANNA, "you again")).expect("stored");
    let records = story.after(5 * MINUTE);
    assert!(matches!(records[0].changes.as_slice(), [Change::Unblocked { leaf: LeafId(0) }]), "{records:?}");
    assert_eq!(story.aside(0), None);
    assert!(story.hears(sms(ANNA, "hello")).opened().is_some());
    assert!(story.after(10 * MINUTE).iter().all(|record| record.changes.len() != 1), "it ends once");
    story.folds_to_the_same();
}

#[test]
fn a_blocked_number_cannot_come_by_the_account_that_is_its_own() {
    let mut story = desk();
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let turned = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, ANNA)];
    story.settles_alone(whatsapp("", "hello").from(&both));
    story.blocks(0, None).expect("blocked");
    assert_eq!(story.hears(whatsapp("", "again").from(&turned)).message().work, None);
    let other = story.hears(mail("ben@example.com", "m1", "hello"));
    assert!(other.opened().is_some(), "others are heard");
}

#[test]
fn an_open_work_goes_on_and_takes_the_messages_back() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(sms(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.blocks(0, None).expect("blocked");
    assert_eq!(story.hears(sms(ANNA, "more")).message().work, None);
    story.answers("ann", held, "good day").expect("it can be answered");
    let step = story.unblocks(0);
    assert_eq!(restored(&step), (held.0, 1));
    let ann = story.id("ann");
    let told = step.outputs().iter().any(|output| matches!(output, Output::Agent { agent, .. } if *agent == ann));
    assert!(told && story.work(held.0).turn_ours);
    story.folds_to_the_same();
}

#[test]
fn spam_ends_without_reopening_and_its_undo_is_a_work_with_all_that_came() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(sms(ANNA, "cheap watches")).expect("a message");
    let held = story.takes("ann");
    let stale = story.does("ann", Verb::MarkSpam { work: held.0, assignment: None }).refused();
    assert!(matches!(stale, Rejection::StaleAssignment { current: Some(_) }));
    story.does("ann", Verb::MarkSpam { work: held.0, assignment: Some(held.1) }).expect("spam");
    assert!(story.agent("ann").works.is_empty() && story.open().is_empty());
    let step = story.hears(sms(ANNA, "cheaper watches"));
    assert_eq!((step.message().work, step.message().flags.has(Flags::SPAM)), (None, true));
    let step = story.does("ann", Verb::ClearSpam { work: held.0 });
    let (work, count) = restored(&step);
    assert_eq!((count, work == held.0), (2, false));
    assert_eq!(story.work(work).state, WorkState::Offered);
    let again = story.does("ann", Verb::ClearSpam { work: held.0 }).refused();
    assert_eq!(again, Rejection::NotSetAside("the work is no spam"));
    story.folds_to_the_same();
}

#[test]
fn where_two_reasons_stand_the_last_undo_restores() {
    let mut story = desk();
    let work = story.hears(sms(ANNA, "cheap watches")).opened().expect("a work");
    story.does("ann", Verb::MarkSpam { work, assignment: None }).expect("spam of nobody's");
    story.blocks(0, None).expect("blocked");
    let step = story.does("ann", Verb::ClearSpam { work });
    assert_eq!(step.changes().len(), 1, "it is still blocked");
    assert_eq!(restored(&story.unblocks(0)).1, 1);
}

#[test]
fn an_erasure_keeps_the_block_and_nothing_that_was_said() {
    let mut story = desk();
    story.settles_alone(sms(ANNA, "hello"));
    story.blocks(0, None).expect("blocked");
    story.hears(sms(ANNA, "you again")).expect("stored");
    story.does("ann", Verb::Erase { customer: RootId(0) }).expect("erased");
    let step = story.hears(sms(ANNA, "it is me"));
    assert_eq!((step.message().leaf, step.message().work), (LeafId(1), None));
    let aside = story.aside(1).expect("the block is carried on");
    assert_eq!((aside.block.and_then(|block| block.reason), aside.messages), (None, 1));
    story.folds_to_the_same_without_content_of(&[LeafId(0)]);
}

#[test]
fn a_blocked_writer_joins_nobodys_matter() {
    let mut story = desk();
    story.hears(mail(HER_MAIL, "m1", "hello")).expect("a message");
    story.hears(mail("ben@example.com", "m2", "hello")).expect("a message");
    story.blocks(1, None).expect("blocked");
    let step = story.hears(mail("ben@example.com", "m3", "me too").in_reply_to("m1"));
    assert_eq!((step.message().leaf, step.message().work), (LeafId(1), None));
}

#[test]
fn too_many_new_customers_wait_until_somebody_lets_them_in() {
    let mut story = shop().but(|config| config.max_new_customers_per_minute = 2).opens();
    story.logs_in("ann").expect("a session");
    story.after(MINUTE - story.now().0.rem_euclid(MINUTE));
    let phone = |n: u32| format!("+4915112345{n:03}");
    for n in 0..40 {
        let step = story.hears(sms(&phone(n), "hello"));
        assert_eq!(step.opened().is_some(), n < 2, "customer {n}");
    }
    assert!(story.hears(mail(HER_MAIL, "m1", "hello")).opened().is_some(), "another endpoint has its own count");
    let message = story.hears(sms(&phone(5), "anybody?")).message().flags;
    assert!(message.has(Flags::QUARANTINED));
    assert!(story.hears(sms(&phone(0), "hello again")).message().work.is_some(), "who was there is heard");
    let query = CustomerQuery::Quarantined { endpoint: Name::new("sms"), from: LeafId(0), size: 30 };
    let found = story.space().customers(&query);
    assert_eq!((found.customers.len(), found.next), (30, Some(LeafId(32))));

    let step = story.lets_in(Some(5));
    assert_eq!((restored(&step).1, step.answer().lifted), (2, 1));
    assert_eq!(story.lets_in(Some(5)).refused(), Rejection::NotSetAside("the identity is not in quarantine"));
    let mut lifted = 0;
    loop {
        let step = story.lets_in(None);
        let Some(record) = step.0.as_ref().expect("not refused") else { break };
        lifted += record.changes.iter().filter(|change| matches!(change, Change::QuarantineLifted { .. })).count();
    }
    assert_eq!((lifted, story.open().len()), (37, 41), "everybody has a Work");
    story.after(MINUTE);
    assert!(story.hears(sms(&phone(50), "hello")).opened().is_some(), "the next minute counts anew");
    story.folds_to_the_same();
}

#[test]
fn history_is_no_flood_of_new_customers() {
    let mut story = shop().but(|config| config.max_new_customers_per_minute = 1).opens();
    story.logs_in("ann").expect("a session");
    for n in 0..5 {
        let step = story.hears(sms(&format!("+491511234567{n}"), "long ago").backfill());
        assert!(!step.message().flags.has(Flags::QUARANTINED));
    }
    assert!(story.hears(sms("+4915112345680", "hello")).opened().is_some());
}

impl Scenario {
    /// A matter that nobody works on any more.
    fn settles_alone(&mut self, heard: Heard) {
        self.presence("ann", Presence::Ready).expect("ready");
        self.settles("ann", heard);
        self.presence("ann", Presence::Away).expect("away");
        self.after(73 * 60 * MINUTE);
    }
}

#[test]
fn a_number_that_takes_the_place_of_a_blocked_one_keeps_a_longer_block_of_its_own() {
    const NEW: &str = "+4915112345999";
    let mut story = desk();
    story.settles_alone(sms(ANNA, "hello"));
    story.settles_alone(sms(NEW, "hello"));
    story.does("ann", Verb::MergeCustomers { customer: RootId(0), other: RootId(1) }).expect("one person");
    let soon = Timestamp(story.now().0 + MINUTE);
    story.blocks(0, Some(soon)).expect("blocked");
    story.blocks(1, None).expect("blocked");
    let phone = |address: &str| Some(Sender { kind: AddressKind::Phone, address: address.to_owned() });
    let moved = EventKind::IdentityChange { old: phone(ANNA), new: phone(NEW), reason: None };
    story.hears(whatsapp(ANNA, "").kind(moved)).expect("noted");
    let aside = story.customer(0).conversation.identities[1].aside.as_deref().cloned();
    let block = aside.and_then(|aside| aside.block).expect("it is blocked");
    assert_eq!((block.until, block.reason.as_deref()), (None, Some("rude")));
}
