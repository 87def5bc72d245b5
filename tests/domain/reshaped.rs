//! Agents merge and split Works (domain rules, section 5): who may, what becomes of messages, turn, wait, answers and capacity, and
//! that each undoes the other.

use rstest::rstest;
use skein::domain::command::{Parted, Verb};
use skein::domain::event::{AddressKind, Assurance, ReceiptStatus};
use skein::domain::id::{AssignmentId, MessageId, Name, WorkId};
use skein::domain::record::{Change, OfferOutcome, Presence, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::{Accept, AgentProfile};

use crate::kit::{HOUR, MINUTE, Scenario, Shop, Step, chat, own_report, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

type Held = (WorkId, AssignmentId);

fn merges(story: &mut Scenario, agent: &str, from: (WorkId, Option<AssignmentId>), into: Held) -> Step {
    let verb = Verb::MergeWorks { from: from.0, from_assignment: from.1, into: into.0, into_assignment: into.1 };
    story.does(agent, verb)
}

fn splits(story: &mut Scenario, agent: &str, (work, assignment): Held, messages: Parted) -> Step {
    story.does(agent, Verb::SplitWork { work, assignment, messages, queue: Name::default() })
}

fn owned(from: Held) -> (WorkId, Option<AssignmentId>) {
    (from.0, Some(from.1))
}

/// Two matters of Anna's, an hour apart, on WhatsApp and by SMS; both are ann's, who has answered the first only.
struct Two {
    story: Scenario,
    one: Held,
    two: Held,
    /// Messages of each.
    asked: [MessageId; 2],
}

fn two(shop: Shop) -> Two {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    let first = story.hears(whatsapp(ANNA, "where is my parcel?").id("1")).message_id();
    let one = story.takes("ann");
    story.after(MINUTE);
    story.answers("ann", one, "on its way").expect("an answer");
    story.after(HOUR);
    let second = story.hears(sms(ANNA, "and my invoice?")).message_id();
    let two = story.takes("ann");
    assert_ne!(one.0, two.0);
    Two { story, one, two, asked: [first, second] }
}

#[test]
fn the_work_that_stays_keeps_its_owner_and_has_the_messages_turn_and_wait_of_both() {
    let Two { mut story, one, two, asked } = two(shop());
    story.after(MINUTE);
    let before = story.work(two.0);
    let step = merges(&mut story, "ann", owned(two), one);
    assert!(step.changes().iter().any(|change| matches!(change,
        Change::Unassigned { work, reason: UnassignReason::Merged, .. } if *work == two.0)));
    let merged = story.work(one.0);
    assert_eq!(merged.assignment, Some(one.1));
    assert_eq!(merged.last_customer_message, Some(asked[1]));
    assert_eq!(merged.waiting_since, before.waiting_since, "the oldest that awaits an answer counts");
    assert_eq!(merged.waited_ms, 60_000);
    assert_eq!(merged.also_on, [(Name::new("sms"), Name::new("sms"))]);
    let ended = story.work(two.0);
    assert_eq!((ended.state, ended.merged_into), (WorkState::Closed, Some(one.0)));
    assert_eq!(story.agent("ann").works.len(), 1);
    assert_eq!(story.open().len(), 1);
    let view = story.conversation(merged.conversation);
    assert_eq!(view.current(asked[1], Some(two.0)), Some(one.0));
    assert_eq!(view.current(asked[0], Some(one.0)), Some(one.0));
    story.folds_to_the_same();
}

#[test]
fn after_a_merge_the_answer_goes_where_the_customer_last_wrote_in_either() {
    let Two { mut story, one, two, .. } = two(shop());
    merges(&mut story, "ann", owned(two), one).expect("merged");
    assert_eq!(story.answers("ann", one, "here it is").message().endpoint, "sms");
    story.hears(whatsapp(ANNA, "thank you, and one more thing")).expect("a message");
    assert_eq!(story.answers("ann", one, "yes?").message().endpoint, "wa");
}

#[test]
fn messages_on_either_endpoint_and_answers_to_either_join_the_merged_work() {
    let Two { mut story, one, two, .. } = two(shop());
    story.hears(sms(ANNA, "the number is 7").id("s7")).expect("a message");
    merges(&mut story, "ann", owned(two), one).expect("merged");
    story.after(2 * HOUR);
    assert_eq!(story.hears(sms(ANNA, "hello?")).message().work, Some(one.0), "rule 2 by the other endpoint");
    assert_eq!(
        story.hears(sms(ANNA, "that one").quoting("s7")).message().work,
        Some(one.0),
        "rule 1 by a message of it"
    );
}

#[test]
fn a_merged_work_is_reopened_by_any_of_its_endpoints() {
    let Two { mut story, one, two, .. } = two(shop());
    merges(&mut story, "ann", owned(two), one).expect("merged");
    story.answers("ann", one, "here it is").expect("an answer");
    story.closes("ann", one).expect("closed");
    story.after(HOUR);
    assert_eq!(story.hears(sms(ANNA, "still wrong")).message().work, Some(one.0));
    story.folds_to_the_same();
}

#[test]
fn a_receipt_of_a_message_of_the_merged_work_is_told_to_the_owner_of_the_other() {
    let Two { mut story, one, two, .. } = two(shop());
    let sent = story.answers("ann", one, "one more").message_id();
    story.ready("bob").expect("ready");
    merges(&mut story, "ann", owned(one), two).expect("merged");
    let step = story.hears(own_report(sent, "p1", ReceiptStatus::Sent));
    let Some(Change::ReceiptNoted(receipt)) = step.changes().first() else { panic!("{step:?}") };
    assert_eq!((receipt.work, receipt.audience.as_slice()), (Some(two.0), &[story.id("ann")][..]));
}

#[test]
fn splitting_off_what_a_merge_brought_undoes_it() {
    let Two { mut story, one, two, asked } = two(shop());
    let before = [story.work(one.0), story.work(two.0)];
    merges(&mut story, "ann", owned(two), one).expect("merged");
    let new = splits(&mut story, "ann", one, Parted::Of(two.0)).answer().work.expect("a new work");
    let after = [story.work(one.0), story.work(new)];
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(
            (after.turn_ours, after.waiting_since, after.waited_ms),
            (before.turn_ours, before.waiting_since, before.waited_ms)
        );
        assert_eq!(
            (&after.channel, &after.endpoint, &after.also_on),
            (&before.channel, &before.endpoint, &before.also_on)
        );
        assert_eq!(after.last_customer_message, before.last_customer_message);
    }
    assert_eq!(story.work(two.0).merged_into, Some(new), "its name leads to what was undone");
    assert_eq!(story.conversation(after[0].conversation).current(asked[1], Some(two.0)), Some(new));
    assert_eq!(story.offered_to(new).as_deref(), Some("ann"));
    assert_eq!(after[1].linked, [one.0]);
    story.folds_to_the_same();
}

#[test]
fn a_merge_undoes_a_split() {
    let Two { mut story, one, .. } = two(shop());
    story.hears(whatsapp(ANNA, "and the lamp?")).expect("a message");
    let lamp = story.work(one.0).last_customer_message.expect("a message");
    story.after(MINUTE);
    story.answers("ann", one, "which lamp?").expect("an answer");
    let before = story.work(one.0);
    let new = splits(&mut story, "ann", one, Parted::These(vec![lamp])).answer().work.expect("a new work");
    assert!(story.work(new).turn_ours, "by its own messages nobody has answered it");
    assert_eq!(story.work(new).waiting_since.map(|at| at.0), Some(story.now().0 - MINUTE));
    merges(&mut story, "ann", (new, None), one).expect("merged");
    let after = story.work(one.0);
    assert_eq!(
        (after.turn_ours, after.waited_ms, after.last_customer_message),
        (before.turn_ours, before.waited_ms, before.last_customer_message)
    );
    story.folds_to_the_same();
}

#[test]
fn a_split_takes_a_message_and_all_after_it_and_leaves_the_rest_its_turn() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    story.after(MINUTE);
    story.answers("ann", held, "on its way").expect("an answer");
    story.after(MINUTE);
    let since = story.hears(whatsapp(ANNA, "my invoice is wrong")).message_id();
    story.hears(whatsapp(ANNA, "and late")).expect("a message");
    let step = splits(&mut story, "ann", held, Parted::Since(since));
    let new = step.answer().work.expect("a new work");
    assert_eq!((story.work(held.0).turn_ours, story.work(held.0).waited_ms), (false, 60_000));
    let parted = story.work(new);
    assert_eq!((parted.turn_ours, parted.waiting_since), (true, Some(story.now())));
    let due = step.changes().iter().find_map(|change| match change {
        Change::WorkQueued { work, key, .. } if *work == new => Some(*key),
        _ => None,
    });
    assert_eq!(due, Some(story.now().0 + 5 * MINUTE), "the place in the queue is that of its own wait");
    // Two open Works stand on one endpoint now: the latest message wins.
    assert_eq!(story.hears(whatsapp(ANNA, "hello?")).message().work, Some(new));
    story.folds_to_the_same();
}

#[test]
fn a_split_goes_to_the_queue_of_choice() {
    let Two { mut story, one, .. } = two(shop().second_queue("sales", "sales"));
    let more = story.hears(whatsapp(ANNA, "I want another lamp")).message_id();
    let verb = Verb::SplitWork {
        work: one.0,
        assignment: one.1,
        messages: Parted::These(vec![more]),
        queue: Name::new("sales"),
    };
    let new = story.does("ann", verb).answer().work.expect("a new work");
    assert_eq!(story.work(new).queue, "sales");
}

#[rstest]
#[case::all(|asked: [MessageId; 2]| Parted::Since(asked[0]), Rejection::Invalid("messages: a work keeps one at least"))]
#[case::none(|_| Parted::These(Vec::new()), Rejection::Invalid("messages: none"))]
#[case::of_another(|asked: [MessageId; 2]| Parted::These(vec![asked[1]]), Rejection::UnknownMessage)]
#[case::never_merged(|_| Parted::Of(WorkId::default()), Rejection::UnknownMessage)]
fn a_split_of_what_is_not_there_or_of_everything_is_refused(
    #[case] parted: fn([MessageId; 2]) -> Parted,
    #[case] refused: Rejection,
) {
    let Two { mut story, one, asked, .. } = two(shop());
    assert_eq!(splits(&mut story, "ann", one, parted(asked)).refused(), refused);
}

#[test]
fn commands_on_a_merged_work_are_told_where_it_went() {
    let Two { mut story, one, two, .. } = two(shop());
    merges(&mut story, "ann", owned(two), one).expect("merged");
    let merged = Rejection::WorkMerged { into: one.0 };
    assert_eq!(story.answers("ann", two, "hello").refused(), merged);
    assert_eq!(merges(&mut story, "ann", owned(two), one).refused(), merged);
    assert_eq!(splits(&mut story, "ann", two, Parted::Of(one.0)).refused(), merged);
}

#[test]
fn a_merge_names_both_assignments_as_they_are_now() {
    let Two { mut story, one, two, .. } = two(shop());
    let stale = Rejection::StaleAssignment { current: Some((two.1, story.id("ann"))) };
    assert_eq!(merges(&mut story, "ann", (two.0, None), one).refused(), stale);
    assert_eq!(merges(&mut story, "ann", (two.0, Some(one.1)), one).refused(), stale);
    let stale = Rejection::StaleAssignment { current: Some((one.1, story.id("ann"))) };
    assert_eq!(merges(&mut story, "ann", owned(two), (one.0, two.1)).refused(), stale);
    story.ready("bob").expect("ready");
    let not_his = Rejection::NotOwner { owner: Some(story.id("ann")) };
    assert_eq!(merges(&mut story, "bob", owned(two), one).refused(), not_his);
    assert_eq!(splits(&mut story, "bob", one, Parted::Of(two.0)).refused(), not_his);
    assert_eq!(merges(&mut story, "ann", owned(one), one).refused(), Rejection::CannotMerge("it is one work"));
}

#[test]
fn works_of_two_customers_are_not_merged() {
    let Two { mut story, one, .. } = two(shop().agent("ann", |ann| ann.capacity = 3));
    story.hears(whatsapp("+4915100000001", "somebody else")).expect("a message");
    let other = story.takes("ann");
    let refused = merges(&mut story, "ann", owned(other), one).refused();
    assert_eq!(refused, Rejection::CannotMerge("another conversation"));
}

#[test]
fn works_of_two_brands_are_not_merged() {
    let outlet = |shop: Shop| shop.but(|config| config.endpoints[1].brand = Name::new("outlet"));
    let Two { mut story, one, two, .. } = two(outlet(shop()));
    assert_eq!(merges(&mut story, "ann", owned(two), one).refused(), Rejection::CannotMerge("another brand"));
}

#[test]
fn an_offer_of_the_work_that_ends_is_taken_back_and_its_agent_gets_the_next() {
    let mut story = shop().agent("bob", |bob| bob.capacity = 1).agent("ann", |ann| ann.capacity = 1).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let one = story.takes("ann");
    story.after(HOUR);
    story.ready("bob").expect("ready");
    let two = story.hears(sms(ANNA, "by sms")).opened().expect("a work");
    let third = story.hears(whatsapp("+4915100000001", "somebody else")).opened().expect("a work");
    assert_eq!(story.offered_to(two).as_deref(), Some("bob"));
    let step = merges(&mut story, "ann", (two, None), one);
    assert!(step.changes().iter().any(|change| matches!(change,
        Change::OfferEnded { work, outcome: OfferOutcome::Revoked, .. } if *work == two)));
    assert_eq!(story.offered_to(third).as_deref(), Some("bob"));
}

#[test]
fn the_owner_of_the_work_that_ends_is_told_and_the_other_keeps_his() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 1).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let one = story.takes("ann");
    story.after(HOUR);
    story.ready("bob").expect("ready");
    story.hears(sms(ANNA, "by sms")).expect("a message");
    let two = story.takes("bob");
    let step = merges(&mut story, "bob", owned(two), one);
    let Some(Change::WorksMerged { audience, .. }) =
        step.changes().iter().find(|change| matches!(change, Change::WorksMerged { .. }))
    else {
        panic!("{step:?}")
    };
    assert_eq!(audience.as_slice(), [story.id("ann"), story.id("bob")]);
    assert_eq!(story.work(one.0).owner.map(|(id, _)| id), Some(story.id("ann")));
    assert!(story.agent("bob").works.is_empty());
}

#[test]
fn a_work_that_nobody_owns_does_not_swallow_an_owned_one() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 1).only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let one = story.takes("ann");
    story.after(HOUR);
    let waits = story.hears(sms(ANNA, "by sms")).opened().expect("a work");
    let refused = merges(&mut story, "ann", owned(one), (waits, one.1)).refused();
    assert_eq!(refused, Rejection::NotOwner { owner: None });
}

#[test]
fn a_merged_work_costs_what_its_dearest_channel_does_and_less_again_when_that_is_split_off() {
    let dear = |shop: Shop| {
        shop.agent("ann", |ann| {
            ann.capacity = 4;
            ann.costs = vec![(Name::new("sms"), 3)];
        })
    };
    let Two { mut story, one, two, .. } = two(dear(shop()));
    assert_eq!(story.agent("ann").load, 4);
    merges(&mut story, "ann", owned(two), one).expect("merged");
    assert_eq!(story.agent("ann").load, 3);
    let new = splits(&mut story, "ann", one, Parted::Of(two.0)).answer().work.expect("a new work");
    assert_eq!((story.agent("ann").load, story.offered_to(new).as_deref()), (4, Some("ann")));
    story.folds_to_the_same();
}

#[test]
fn a_merge_may_take_an_owner_beyond_the_capacity_and_then_nothing_more_is_given() {
    let Two { mut story, one, two, .. } = two(shop());
    story.presence("ann", Presence::Away).expect("away");
    story.ready("bob").expect("ready");
    let config = shop().agent("ann", |ann| {
        ann.capacity = 2;
        ann.costs = vec![(Name::new("sms"), 5)];
    });
    story.configure(config.0).expect("configured");
    merges(&mut story, "ann", owned(two), one).expect("merged");
    assert_eq!(story.agent("ann").load, 5);
    story.presence("ann", Presence::Ready).expect("ready");
    let work = story.hears(whatsapp("+4915100000001", "somebody else")).opened().expect("a work");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn a_work_in_wrap_up_that_takes_in_an_unanswered_one_goes_on() {
    let Two { mut story, one, two, .. } = two(shop().queue(|queue| queue.wrapup_max_ms = 600_000));
    story.closes("ann", one).expect("into wrap-up");
    assert_eq!(story.work(one.0).state, WorkState::WrapUp);
    merges(&mut story, "ann", owned(two), one).expect("merged");
    let work = story.work(one.0);
    assert_eq!((work.state, work.turn_ours), (WorkState::Assigned, true));
    story.folds_to_the_same();
}

#[test]
fn an_owner_who_takes_in_an_unanswered_work_is_recalled_in_time() {
    let Two { mut story, one, two, .. } = two(shop().queue(|queue| queue.recall_after_ms = 600_000));
    story.after(5 * MINUTE);
    merges(&mut story, "ann", owned(two), one).expect("merged");
    let fired = story.after(5 * MINUTE);
    assert!(fired.iter().flat_map(|record| &record.changes).any(|change| matches!(change,
        Change::Unassigned { work, reason: UnassignReason::Recalled, .. } if *work == one.0)));
}

#[test]
fn what_follows_after_a_chain_of_merges_leads_to_the_last() {
    let Two { mut story, one, two, asked } = two(shop()
        .agent("ann", |ann| ann.capacity = 5)
        .but(|config| config.endpoints[4].trusts.push(AddressKind::Phone)));
    story.after(HOUR);
    let both = chat("v1", "by chat")
        .from(&[(AddressKind::Web, "v1"), (AddressKind::Phone, ANNA)])
        .assured(Assurance::LoggedIn);
    let third = story.hears(both);
    assert!(third.opened().is_some(), "{third:?}");
    let three = story.takes("ann");
    merges(&mut story, "ann", owned(two), one).expect("merged");
    merges(&mut story, "ann", owned(one), three).expect("merged");
    let view = story.conversation(story.work(three.0).conversation);
    for (message, stored) in [(asked[0], one.0), (asked[1], two.0)] {
        assert_eq!(view.current(message, Some(stored)), Some(three.0));
    }
    assert_eq!(story.work(two.0).merged_into, Some(three.0));
    let new = splits(&mut story, "ann", three, Parted::Of(one.0)).answer().work.expect("a new work");
    let view = story.conversation(story.work(new).conversation);
    for (message, stored) in [(asked[0], one.0), (asked[1], two.0)] {
        assert_eq!(view.current(message, Some(stored)), Some(new), "what had come along goes along");
    }
    assert_eq!(story.work(two.0).merged_into, Some(new));
    story.folds_to_the_same();
}

#[test]
fn a_repeated_command_has_the_first_answer_and_no_further_effect() {
    let Two { mut story, one, .. } = two(shop().queue(|queue| queue.accept = Accept::Manual));
    let more = story.hears(whatsapp(ANNA, "and the lamp?")).message_id();
    let verb = || Verb::SplitWork {
        work: one.0,
        assignment: one.1,
        messages: Parted::These(vec![more]),
        queue: Name::default(),
    };
    let first = story.asks("ann", Some(("r1", 7)), None, verb()).answer();
    match story.asks("ann", Some(("r1", 7)), None, verb()).refused() {
        Rejection::Repeated(again) => assert_eq!(again.work, first.work),
        other => panic!("{other:?}"),
    }
    assert_eq!(story.asks("ann", Some(("r1", 8)), None, verb()).refused(), Rejection::RequestIdReused);
}

#[test]
fn once_the_work_is_forgotten_so_is_what_was_merged_into_it() {
    let Two { mut story, one, two, .. } = two(shop());
    merges(&mut story, "ann", owned(two), one).expect("merged");
    story.closes("ann", one).expect("closed");
    story.after(73 * HOUR);
    story.hears(whatsapp("+4915100000001", "somebody else")).expect("a message");
    assert!(story.space().work(two.0).is_none() && story.space().work(one.0).is_none());
}

#[test]
fn works_whose_channels_nobody_takes_together_stay_two() {
    let only = |channel: &'static str| move |agent: &mut AgentProfile| agent.channels = vec![Name::new(channel)];
    let shop = shop().agent("ann", only("whatsapp")).agent("bob", only("sms"));
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let one = story.takes("ann");
    story.hears(sms(ANNA, "and my invoice?")).expect("a message");
    let two = story.takes("bob");
    let step = merges(&mut story, "ann", owned(two), one);
    assert!(matches!(step.refused(), Rejection::CannotMerge(_)), "it would wait for ever once ann is gone");
}

#[test]
fn an_answer_goes_where_the_customer_last_wrote_however_long_we_have_spoken_since() {
    let Two { mut story, one, two, .. } = two(shop());
    story.hears(sms(ANNA, "by sms, please").quoting("1")).expect("a message");
    for _ in 0..200 {
        story.sends("ann", two, |send| send.note = true).expect("a note");
    }
    let before = story.answers("ann", two, "good day").message().endpoint.clone();
    story.hears(whatsapp(ANNA, "thanks for nothing").backfill()).expect("history");
    merges(&mut story, "ann", owned(one), two).expect("merged");
    assert_eq!(before, "sms");
    assert_eq!(story.answers("ann", two, "good day").message().endpoint, "sms");
    story.folds_to_the_same();
}

#[test]
fn a_work_that_is_split_and_merged_over_and_over_does_not_grow() {
    let Two { mut story, mut one, .. } = two(shop().agent("ann", |ann| ann.capacity = 9));
    let more = story.hears(whatsapp(ANNA, "and the lamp?")).message_id();
    let mut refused = None;
    for _ in 0..1_000 {
        let new = splits(&mut story, "ann", one, Parted::These(vec![more])).answer().work.expect("a new work");
        let two = story.takes("ann");
        assert_eq!(two.0, new);
        let step = merges(&mut story, "ann", owned(one), two);
        if step.0.is_err() {
            refused = Some(step.refused());
            break;
        }
        one = two;
    }
    assert!(matches!(refused, Some(Rejection::Limit(_))), "{refused:?}");
    let view = story.conversation(story.work(one.0).conversation);
    assert!(view.merged.len() <= 64, "{}", view.merged.len());
    story.folds_to_the_same();
}
