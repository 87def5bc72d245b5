//! Agents say who is one person, and who is two (domain rules, section 4; design, law 9).

use skein::domain::command::{Recipient, Verb};
use skein::domain::event::{AddressKind, Assurance, EventKind, ReceiptStatus, Sender};
use skein::domain::id::{AssignmentId, LeafId, Name, RootId, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Change, Evidence, IdentityStatus, Purpose};
use skein::domain::rejection::Rejection;
use skein::domain::view::{CustomerQuery, CustomerView, WorkState};

use crate::kit::{MINUTE, Scenario, Step, chat, mail, own_report, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const HER_MAIL: &str = "anna@example.com";

impl Scenario {
    pub(crate) fn merges(&mut self, one: u32, other: u32) -> Step {
        self.does("ann", Verb::MergeCustomers { customer: RootId(one), other: RootId(other) })
    }

    fn links(&mut self, customer: u32, kind: AddressKind, address: &str) -> Step {
        let sender = Sender { kind, address: address.to_owned() };
        self.does("ann", Verb::LinkIdentity { customer: RootId(customer), sender, scope: Name::default() })
    }

    pub(crate) fn unmerges(&mut self, customer: u32) -> Step {
        self.parts(customer, &[])
    }

    fn parts(&mut self, customer: u32, leaves: &[u32]) -> Step {
        let leaves = leaves.iter().copied().map(LeafId).collect();
        self.does("ann", Verb::UnmergeCustomers { customer: RootId(customer), leaves })
    }

    pub(crate) fn customer(&self, id: u32) -> CustomerView {
        let mut found = self.space().customers(&CustomerQuery::Id(RootId(id)));
        found.customers.pop().unwrap_or_else(|| panic!("c{id} is known"))
    }

    /// What an id stands for, and the leaves of that customer.
    pub(crate) fn known_as(&self, id: u32) -> (u32, Vec<u32>) {
        let view = self.customer(id);
        let mut leaves: Vec<u32> = view.conversation.identities.iter().map(|identity| identity.leaf.0).collect();
        leaves.sort_unstable();
        (view.conversation.conversation.0, leaves)
    }
}

/// Customers c0, c1, ... who wrote to `sms` one after the other, with ann at work but taking nothing.
fn customers(count: usize) -> Scenario {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    for n in 0..count {
        story.hears(sms(&format!("+491511234560{n}"), "hello")).expect("a message");
    }
    story
}

/// A merged customer who wrote on WhatsApp (leaf 0) and by mail (leaf 1), with what each opened.
pub(crate) fn merged() -> (Scenario, (WorkId, AssignmentId), WorkId) {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    let mailed = story.hears(mail(HER_MAIL, "m1@example.com", "my invoice is wrong")).opened().expect("a work");
    story.merges(0, 1).expect("merged");
    (story, held, mailed)
}

/// Somebody else's phone answers in a thread of the chat: words of leaf 1 in the Work of leaf 0.
fn two_in_one_work() -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello").id("wamid.1")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an answer");
    story.hears(sms("+4917000000001", "hi").backfill()).expect("history opens no work");
    story.merges(0, 1).expect("merged");
    story.hears(whatsapp("+4917000000001", "and me?").quoting("wamid.1")).expect("a message");
    (story, held)
}

#[test]
fn two_customers_become_one_by_one_record_that_moves_nothing() {
    let mut story = customers(2);
    let before = story.open();
    let step = story.merges(1, 0);
    let [Change::Merged { winner: RootId(0), loser: RootId(1), leaves, evidence: Evidence::Agent }] = step.changes()
    else {
        panic!("{:?}", step.changes())
    };
    assert_eq!(leaves, &[LeafId(1)]);
    assert_eq!(step.answer().customer, Some(RootId(0)), "the older id stays, whichever was named first");
    assert_eq!((story.known_as(0), story.known_as(1)), ((0, vec![0, 1]), (0, vec![0, 1])));
    let works = story.open();
    assert_eq!(works.len(), before.len(), "a merge joins no works");
    assert!(works.iter().all(|work| work.conversation == RootId(0)));
    story.folds_to_the_same();
}

#[test]
fn who_did_it_and_when_is_seen_with_what_can_be_parted() {
    let mut story = customers(2);
    story.asks("ann", Some(("r1", 1)), None, Verb::MergeCustomers { customer: RootId(0), other: RootId(1) });
    let merge = story.customer(0).merges.pop().expect("a merge");
    assert_eq!((merge.customer, merge.leaves, merge.evidence), (RootId(1), vec![LeafId(1)], Evidence::Agent));
    assert_eq!((merge.at, merge.by.as_deref()), (story.now(), Some("ann")));
}

#[test]
fn a_repeated_merge_gets_the_first_answer_and_another_body_is_refused() {
    let mut story = customers(3);
    let merge = |other| Verb::MergeCustomers { customer: RootId(0), other: RootId(other) };
    let first = story.asks("ann", Some(("r1", 7)), None, merge(1)).answer();
    let again = story.asks("ann", Some(("r1", 7)), None, merge(1)).refused();
    let Rejection::Repeated(again) = again else { panic!("{again:?}") };
    assert_eq!((again.customer, again.position), (first.customer, first.position));
    assert_eq!(story.asks("ann", Some(("r1", 8)), None, merge(2)).refused(), Rejection::RequestIdReused);
    let unmerge = Verb::UnmergeCustomers { customer: RootId(1), leaves: vec![] };
    let first = story.asks("ann", Some(("r2", 7)), None, unmerge.clone()).answer();
    let Rejection::Repeated(again) = story.asks("ann", Some(("r2", 7)), None, unmerge).refused() else {
        panic!("a repeat is told as one")
    };
    assert_eq!((again.customer, again.rest), (first.customer, first.rest));
    assert_eq!((first.customer, first.rest), (Some(RootId(1)), Some(RootId(0))));
}

#[test]
fn nobody_merges_with_himself_with_the_unknown_or_twice() {
    let mut story = customers(2);
    assert_eq!(story.merges(0, 0).refused(), Rejection::SameCustomer { customer: RootId(0) });
    assert_eq!(story.merges(0, 99).refused(), Rejection::UnknownCustomer);
    assert_eq!(story.merges(99, 0).refused(), Rejection::UnknownCustomer);
    story.merges(0, 1).expect("merged");
    assert_eq!(story.merges(0, 1).refused(), Rejection::SameCustomer { customer: RootId(0) });
    assert_eq!(story.merges(1, 1).refused(), Rejection::SameCustomer { customer: RootId(0) });
}

#[test]
fn two_who_have_an_id_of_their_own_in_the_crm_stay_two() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    for (phone, number) in [("+4915112345601", "17"), ("+4915112345602", "18")] {
        let heard = whatsapp(phone, "hello").also(AddressKind::Crm, number);
        story.hears(heard).expect("a message");
    }
    let crm = |story: &Scenario, id| {
        story.conversation(RootId(id)).identities.iter().any(|identity| identity.kind == AddressKind::Crm)
    };
    let roots: Vec<u32> = (0..4).filter(|&id| story.known_as(id).0 == id && crm(&story, id)).collect();
    if let [one, other] = roots[..] {
        assert_eq!(story.merges(one, other).refused(), Rejection::TwoValues { kind: AddressKind::Crm });
    } else {
        panic!("{roots:?}: each has a number of its own")
    }
}

#[test]
fn a_group_is_nobodys() {
    let mut story = customers(1);
    let group = whatsapp(ANNA, "hi all").in_thread(skein::domain::event::Scope::Group, Some("g1"));
    story.hears(group).expect("a message");
    assert_eq!(story.merges(0, 1).refused(), Rejection::SharedIdentity { leaf: LeafId(1) });
}

#[test]
fn an_unmerge_gives_each_what_was_theirs_before() {
    let mut story = customers(4);
    story.merges(2, 3).expect("merged");
    story.merges(0, 2).expect("merged");
    story.merges(1, 0).expect("merged");
    assert_eq!(story.known_as(3), (0, vec![0, 1, 2, 3]));
    let step = story.unmerges(2);
    assert_eq!((step.answer().customer, step.answer().rest), (Some(RootId(2)), Some(RootId(0))));
    assert_eq!((story.known_as(2), story.known_as(3)), ((2, vec![2, 3]), (2, vec![2, 3])));
    assert_eq!(story.known_as(1), (0, vec![0, 1]));
    story.unmerges(3).expect("the older merge can be undone as well");
    assert_eq!((story.known_as(2), story.known_as(3)), ((2, vec![2]), (3, vec![3])));
    story.folds_to_the_same();
}

#[test]
fn merges_are_undone_in_any_order() {
    for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        let mut story = customers(4);
        for (one, other) in [(2, 3), (1, 2), (0, 1)] {
            story.merges(one, other).expect("merged");
        }
        for id in order {
            story.unmerges(id).expect("undone");
        }
        for id in 0..4 {
            assert_eq!(story.known_as(id), (id, vec![id]), "{order:?}");
        }
        story.folds_to_the_same();
    }
}

#[test]
fn a_merge_that_is_undone_can_be_done_again() {
    let mut story = customers(2);
    for _ in 0..3 {
        story.merges(0, 1).expect("merged");
        story.unmerges(1).expect("undone");
    }
    assert_eq!((story.known_as(0), story.known_as(1)), ((0, vec![0]), (1, vec![1])));
    story.folds_to_the_same();
}

#[test]
fn what_was_never_merged_is_parted_by_naming_identities_only() {
    let mut story = customers(2);
    assert_eq!(story.unmerges(0).refused(), Rejection::NotMerged { customer: RootId(0) });
    assert_eq!(story.unmerges(99).refused(), Rejection::UnknownCustomer);
    story.merges(0, 1).expect("merged");
    assert_eq!(story.unmerges(0).refused(), Rejection::NotMerged { customer: RootId(0) }, "that id stayed");
    assert_eq!(story.parts(0, &[7]).refused(), Rejection::UnknownIdentity);
    assert_eq!(story.parts(0, &[0, 1, 1]).refused(), Rejection::NothingLeft { customer: RootId(0) });
    story.unmerges(1).expect("undone");
    assert_eq!(story.unmerges(1).refused(), Rejection::NotMerged { customer: RootId(1) });
    assert_eq!(story.parts(0, &[1]).refused(), Rejection::UnknownIdentity, "it is another's");
}

#[test]
fn without_its_first_identity_a_customer_is_known_by_the_next_and_that_keeps_the_id() {
    let mut story = customers(3);
    story.merges(0, 1).expect("merged");
    story.merges(0, 2).expect("merged");
    let step = story.parts(2, &[0]);
    assert_eq!((step.answer().customer, step.answer().rest), (Some(RootId(0)), Some(RootId(1))));
    assert_eq!(
        (story.known_as(0), story.known_as(1), story.known_as(2)),
        ((0, vec![0]), (1, vec![1, 2]), (1, vec![1, 2]))
    );
    story.unmerges(2).expect("that merge is left");
    assert_eq!((story.known_as(1), story.known_as(2)), ((1, vec![1]), (2, vec![2])));
    story.folds_to_the_same();
}

#[test]
fn an_address_that_came_since_goes_with_whom_it_was_named_with() {
    let mut story = customers(2);
    story.merges(0, 1).expect("merged");
    let heard = whatsapp("+4915112345601", "from my new app").also(AddressKind::Whatsapp, "DE.user1");
    story.hears(heard).expect("a message");
    assert_eq!(story.known_as(0), (0, vec![0, 1, 2]));
    story.unmerges(1).expect("undone");
    assert_eq!((story.known_as(0), story.known_as(1)), ((0, vec![0]), (1, vec![1, 2])));
    story.folds_to_the_same();
}

#[test]
fn no_evidence_joins_again_what_an_agent_took_apart() {
    let mut story = customers(2);
    story.merges(0, 1).expect("merged");
    story.unmerges(1).expect("undone");
    let both = whatsapp("+4915112345600", "me again").also(AddressKind::Phone, "+4915112345601");
    story.hears(both).expect("a message");
    assert_eq!((story.known_as(0), story.known_as(1)), ((0, vec![0]), (1, vec![1])));
    story.merges(0, 1).expect("an agent may");
}

#[test]
fn names_and_refusals_follow_their_identities() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    story.hears(sms("+4915112345600", "hello").named("Anna")).expect("a message");
    story.hears(whatsapp("+4915112345601", "hello").named("Anna Berg")).expect("a message");
    story.hears(sms("+4915112345600", "stop")).expect("a message");
    story.merges(0, 1).expect("merged");
    assert_eq!(story.conversation(RootId(0)).shown_name.as_deref(), Some("Anna Berg"), "the surest");
    story.unmerges(1).expect("undone");
    let (one, other) = (story.conversation(RootId(0)), story.conversation(RootId(1)));
    assert_eq!((one.shown_name.as_deref(), other.shown_name.as_deref()), (Some("Anna"), Some("Anna Berg")));
    let refuses = |purposes: &[Purpose]| !purposes.is_empty();
    assert!(refuses(&one.identities[0].refuses) && !refuses(&other.identities[0].refuses));
}

#[test]
fn owners_and_whoever_is_offered_a_work_are_told() {
    let (mut story, held, mailed) = merged();
    let told = |step: &Step| {
        let told = step.outputs().into_iter().filter_map(|output| match output {
            Output::Agent { place, .. } => match &step.changes()[usize::from(place)] {
                Change::CustomerChanged { work, conversation, .. } => Some((*work, *conversation)),
                _ => None,
            },
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let step = story.unmerges(1);
    assert_eq!(told(&step), [(held.0, RootId(0)), (mailed, RootId(1))], "the second is only offered");
    let step = story.merges(0, 1);
    assert_eq!(told(&step), [(held.0, RootId(0)), (mailed, RootId(0))]);
}

#[test]
fn works_and_messages_in_flight_go_on_on_both_sides() {
    let (mut story, held, mailed) = merged();
    let sent = story.answers("ann", held, "on its way").message_id();
    story.unmerges(1).expect("undone");
    assert_eq!((story.work(held.0).conversation, story.work(mailed).conversation), (RootId(0), RootId(1)));
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.hears(own_report(sent, "wamid.9", ReceiptStatus::Delivered)).expect("a receipt finds its message");
    story.answers("ann", held, "anything else?").expect("an answer");
    let second = story.takes("ann");
    let step = story.answers("ann", second, "the invoice is mended");
    assert_eq!((step.message().leaf, step.message().conversation), (LeafId(1), RootId(1)));
}

#[test]
fn a_matter_that_two_wrote_in_is_two_and_its_owner_keeps_his_own() {
    let (mut story, held) = two_in_one_work();
    let asked = story.now();
    assert_eq!(story.work(held.0).last_customer_message.map(|id| story.record(id).time), Some(asked));
    story.after(5 * MINUTE);
    let step = story.unmerges(1);
    let split = step.opened().expect("what the other asked is a matter of theirs");
    let of_other = story.work(split);
    assert_eq!((of_other.conversation, of_other.leaf, of_other.channel.as_str()), (RootId(1), LeafId(1), "whatsapp"));
    assert_eq!((of_other.state, of_other.waiting_since), (WorkState::Offered, Some(asked)), "with the age it had");
    let Some(Change::WorkOpened(opened)) = step.changes().iter().find(|c| matches!(c, Change::WorkOpened(_))) else {
        panic!("{:?}", step.changes())
    };
    assert_eq!(opened.linked, [held.0]);
    let own = story.work(held.0);
    assert_eq!((own.state, own.turn_ours, own.conversation), (WorkState::Assigned, false, RootId(0)));
    let told = step.changes().iter().any(
        |change| matches!(change, Change::CustomerChanged { work, split: Some(to), .. } if *work == held.0 && *to == split),
    );
    assert!(told, "the owner is told where it went");
    let step = story.answers("ann", held, "good bye");
    assert_eq!(step.message().leaf, LeafId(0), "answers go to the one it belongs to");
    let other = story.takes("ann");
    let step = story.answers("ann", other, "yes, you too");
    assert_eq!((other.0, step.message().leaf), (split, LeafId(1)));
    assert_eq!(step.words().recipient.as_deref(), Some("+4917000000001"));
    story.folds_to_the_same();
}

#[test]
fn what_was_answered_to_one_of_two_is_no_matter_of_theirs() {
    let (mut story, held) = two_in_one_work();
    story.answers("ann", held, "yes, you too").expect("an answer");
    let step = story.unmerges(1);
    let over = step.opened().expect("what was said goes with its writer");
    assert_eq!((story.work(over).conversation, story.work(over).state), (RootId(1), WorkState::Closed));
    assert_eq!(story.open().len(), 1, "they wait for nothing");
    let refused = story.sends("ann", held, |send| {
        send.to = Some(Recipient { leaf: LeafId(1), endpoint: Name::new("wa") });
    });
    assert_eq!(refused.refused(), Rejection::RecipientRefused("not an identity of this conversation"));
    let step = story.answers("ann", held, "good bye");
    assert_eq!(step.message().leaf, LeafId(0));
    story.folds_to_the_same();
}

#[test]
fn what_was_answered_to_the_other_one_only_still_waits() {
    let (mut story, held) = two_in_one_work();
    // Ann's own words, answered to the other phone by mistake.
    story.hears(whatsapp(ANNA, "my order?")).expect("a message");
    let asked = story.now();
    story.after(MINUTE);
    story.hears(whatsapp("+4917000000001", "hm?").quoting("wamid.1")).expect("a message");
    story.answers("ann", held, "it is on its way").expect("an answer");
    assert!(!story.work(held.0).turn_ours);
    let step = story.unmerges(1);
    let over = step.opened().expect("what was said goes with its writer");
    assert_eq!(story.work(over).state, WorkState::Closed);
    assert_eq!(story.work(held.0).waiting_since, Some(asked), "she has heard nothing");
    story.folds_to_the_same();
}

#[test]
fn words_go_to_the_matter_that_their_writer_has_open_there() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello").id("wamid.1")).expect("a message");
    story.takes("ann");
    let theirs = story.hears(whatsapp("+4917000000001", "hi")).opened().expect("a work");
    let asked = story.now();
    story.after(MINUTE);
    story.merges(0, 1).expect("merged");
    story.hears(whatsapp("+4917000000001", "and me?").quoting("wamid.1")).expect("a message");
    let step = story.unmerges(1);
    let taken =
        step.changes().iter().any(|change| matches!(change, Change::WorksMerged { into, .. } if *into == theirs));
    assert!(taken, "{:?}", step.changes());
    assert_eq!(story.open().len(), 2, "one matter each is enough");
    assert_eq!(story.work(theirs).waiting_since, Some(asked));
    story.folds_to_the_same();
}

#[test]
fn a_waiting_matter_keeps_only_its_own_place() {
    let mut story = customers(2);
    let work = story.open()[0].work;
    story.hears(sms("+4915112345600", "x").id("sm1")).expect("a message");
    story.after(MINUTE);
    story.merges(0, 1).expect("merged");
    story.unmerges(1).expect("undone");
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.folds_to_the_same();
}

#[test]
fn parts_of_a_text_find_their_customer_after_an_unmerge() {
    let mut story = customers(2);
    story.merges(0, 1).expect("merged");
    story.hears(sms("+4915112345601", "first half, ").part(1, 2, "p7")).expect("held");
    story.unmerges(1).expect("undone");
    let step = story.hears(sms("+4915112345601", "second half").part(2, 2, "p7"));
    assert_eq!((step.message().leaf, step.message().conversation), (LeafId(1), RootId(1)));
}

#[test]
fn history_of_a_parted_customer_is_that_of_its_leaves() {
    let mut story = customers(2);
    story.merges(0, 1).expect("merged");
    story.hears(sms("+4915112345601", "while we were one")).expect("a message");
    story.unmerges(1).expect("undone");
    let leaves =
        |story: &Scenario, id| story.conversation(RootId(id)).last.iter().map(|(leaf, _)| leaf.0).collect::<Vec<_>>();
    assert_eq!((leaves(&story, 0), leaves(&story, 1)), (vec![0], vec![1]));
}

#[test]
fn the_closed_matters_of_a_parted_customer_are_reopened_by_that_one_only() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let closed = story.settles("ann", whatsapp(ANNA, "hello"));
    story.hears(chat("visitor-1", "hi").backfill()).expect("history");
    story.merges(0, 1).expect("merged");
    story.unmerges(1).expect("undone");
    let step = story.hears(chat("visitor-1", "one more thing").assured(Assurance::Claimed));
    assert!(step.opened().is_some_and(|opened| opened != closed));
    let step = story.hears(whatsapp(ANNA, "one more thing"));
    assert!(step.changes().iter().any(|c| matches!(c, Change::WorkReopened { work, .. } if *work == closed)));
}

#[test]
fn an_address_that_nobody_has_is_the_customers_until_it_is_unlinked() {
    let mut story = customers(1);
    let step = story.links(0, AddressKind::Email, "Anna@Example.com");
    assert_eq!(step.answer().customer, Some(RootId(0)));
    let linked = &story.conversation(RootId(0)).identities[1];
    assert_eq!((linked.evidence, linked.status), (Evidence::Agent, IdentityStatus::Provisional));
    assert_eq!(linked.address.as_deref(), Some("anna@example.com"));
    let step = story.hears(mail(HER_MAIL, "m1@example.com", "it is me"));
    assert_eq!((step.message().leaf, step.message().conversation), (LeafId(1), RootId(0)));
    let step = story.does("ann", Verb::UnlinkIdentity { leaf: LeafId(1) });
    assert_eq!((step.answer().customer, step.answer().rest), (Some(RootId(1)), Some(RootId(0))));
    assert_eq!((story.known_as(0), story.known_as(1)), ((0, vec![0]), (1, vec![1])));
    let alone = story.does("ann", Verb::UnlinkIdentity { leaf: LeafId(1) });
    assert_eq!(alone.refused(), Rejection::NothingLeft { customer: RootId(1) });
    let unknown = story.does("ann", Verb::UnlinkIdentity { leaf: LeafId(9) });
    assert_eq!(unknown.refused(), Rejection::UnknownIdentity);
    story.folds_to_the_same();
}

#[test]
fn linking_all_that_somebody_has_is_a_merge_that_can_be_undone() {
    let mut story = customers(2);
    story.links(0, AddressKind::Phone, "+4915112345601").expect("linked");
    assert_eq!(story.known_as(1), (0, vec![0, 1]));
    let again = story.links(0, AddressKind::Phone, "+4915112345601");
    assert_eq!(again.refused(), Rejection::SameCustomer { customer: RootId(0) });
    story.unmerges(1).expect("undone");
    assert_eq!(story.known_as(1), (1, vec![1]));
}

#[test]
fn an_address_of_somebody_who_has_others_is_not_taken_from_him() {
    let mut story = customers(3);
    story.merges(1, 2).expect("merged");
    let taken = story.links(0, AddressKind::Phone, "+4915112345602");
    assert_eq!(taken.refused(), Rejection::IdentityTaken { customer: RootId(1) });
    story.does("ann", Verb::UnlinkIdentity { leaf: LeafId(2) }).expect("what the refusal says");
    story.links(0, AddressKind::Phone, "+4915112345602").expect("linked");
    assert_eq!((story.known_as(2), story.known_as(1)), ((0, vec![0, 2]), (1, vec![1])));
}

#[test]
fn a_person_has_one_number_in_the_crm() {
    let mut story = customers(1);
    story.links(0, AddressKind::Crm, "17").expect("linked");
    let second = story.links(0, AddressKind::Crm, "18");
    assert_eq!(second.refused(), Rejection::TwoValues { kind: AddressKind::Crm });
    let staff = story.links(0, AddressKind::Staff, "ann");
    assert!(matches!(staff.refused(), Rejection::Invalid(_)));
    assert_eq!(story.links(77, AddressKind::Crm, "19").refused(), Rejection::UnknownCustomer);
}

#[test]
fn an_address_of_several_people_is_linked_to_nobody() {
    let mut story = customers(1);
    for address in ["info@firm.example", "help@shop.example"] {
        let linked = story.links(0, AddressKind::Email, address);
        assert!(matches!(linked.refused(), Rejection::Invalid(_)), "{address}");
    }
    assert_eq!(story.conversation(RootId(0)).identities.len(), 1);
}

#[test]
fn an_address_that_refused_before_it_was_erased_refuses_when_it_is_linked() {
    let mut story = customers(1);
    story.hears(sms(ANNA, "STOP")).expect("a refusal");
    story.does("ann", Verb::Erase { customer: RootId(1) }).expect("erased");
    story.links(0, AddressKind::Phone, ANNA).expect("linked");
    let linked = story.conversation(RootId(0)).identities.pop().expect("the address");
    assert!(linked.refuses.contains(&Purpose::Marketing), "{:?}", linked.refuses);
    story.folds_to_the_same();
}

#[test]
fn a_link_goes_with_the_id_that_it_was_made_for() {
    let mut story = customers(2);
    story.merges(0, 1).expect("merged");
    story.links(1, AddressKind::Email, HER_MAIL).expect("linked");
    story.unmerges(1).expect("undone");
    assert_eq!((story.known_as(0), story.known_as(1)), ((0, vec![0]), (1, vec![1, 2])));
}

#[test]
fn a_suggestion_that_nobody_made_is_not_decided() {
    let mut story = customers(2);
    for is_one in [true, false] {
        let verb = Verb::DecideSuggestion { one: LeafId(0), other: LeafId(1), is_one };
        assert_eq!(story.does("ann", verb).refused(), Rejection::UnknownSuggestion);
    }
}

/// Two customers whom the provider says to have had one number, so that they are suggested.
fn suggested() -> Scenario {
    let mut story = customers(2);
    let phone = |n| Sender { kind: AddressKind::Phone, address: format!("+491511234560{n}") };
    let moved = EventKind::IdentityChange { old: Some(phone(0)), new: Some(phone(1)), reason: None };
    story.hears(whatsapp("+4915112345600", "").kind(moved)).expect("a change");
    assert_eq!(story.customer(0).suggestions.len(), 1);
    story
}

#[test]
fn a_suggestion_that_is_accepted_is_a_merge() {
    let mut story = suggested();
    let (suggestion, other) = story.customer(1).suggestions[0];
    assert_eq!(other, RootId(0));
    let verb = Verb::DecideSuggestion { one: suggestion.one, other: suggestion.other, is_one: true };
    assert_eq!(story.does("ann", verb).answer().customer, Some(RootId(0)));
    assert_eq!(story.known_as(1), (0, vec![0, 1]));
    assert!(story.customer(0).suggestions.is_empty());
    story.unmerges(1).expect("undone");
    assert!(story.customer(0).suggestions.is_empty(), "never again");
    story.folds_to_the_same();
}

#[test]
fn a_suggestion_that_is_rejected_is_gone() {
    let mut story = suggested();
    let (suggestion, _) = story.customer(0).suggestions[0];
    let verb = Verb::DecideSuggestion { one: suggestion.one, other: suggestion.other, is_one: false };
    story.does("ann", verb.clone()).expect("rejected");
    assert!(story.customer(0).suggestions.is_empty() && story.customer(1).suggestions.is_empty());
    assert_eq!(story.does("ann", verb).refused(), Rejection::UnknownSuggestion);
    assert_eq!(story.known_as(1), (1, vec![1]));
}

#[test]
fn customers_are_found_by_address_and_by_part_of_a_name() {
    let mut story = customers(2);
    story.hears(whatsapp("+4917000000009", "hi").named("Berta Ångström")).expect("a message");
    story.merges(0, 1).expect("merged");
    let find = |story: &Scenario, query| {
        let found = story.space().customers(&query);
        found.customers.iter().map(|view| view.conversation.conversation.0).collect::<Vec<_>>()
    };
    let like = |text: &str| CustomerQuery::Like { text: text.to_owned(), seen_by: None, from: LeafId(0), size: 10 };
    assert_eq!(find(&story, like("ångst")), [2]);
    assert_eq!(find(&story, like("49151")), [0], "once, with two addresses that fit");
    assert_eq!(find(&story, like("+49")), [0, 2]);
    assert!(find(&story, like("nobody")).is_empty());
    let sender = Sender { kind: AddressKind::Phone, address: "0049 151 12345601".to_owned() };
    let query = CustomerQuery::Address { sender, scope: Name::default() };
    assert_eq!(story.space().customers(&query).leaf, Some(LeafId(1)));
    assert_eq!(find(&story, query), [0]);
    let first = story.space().customers(&CustomerQuery::Like {
        text: "+49".to_owned(),
        seen_by: None,
        from: LeafId(0),
        size: 1,
    });
    let next = first.next.expect("there is more");
    let rest = CustomerQuery::Like { text: "+49".to_owned(), seen_by: None, from: next, size: 10 };
    assert_eq!(find(&story, rest), [2]);
}
