//! Rule 3 (domain rules, section 5): a matter that goes on is one Work by whichever channel, and nothing else joins it. Brands.

use rstest::rstest;
use skein::domain::command::Recipient;
use skein::domain::event::{AddressKind, Assurance};
use skein::domain::id::Name;
use skein::domain::record::{Change, Flags, Presence};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::WorkspaceConfig;

use crate::kit::{HOUR, Heard, MINUTE, Scenario, Shop, chat, echo, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

/// Each queue is served by one of the agents alone: `sms` leads to `sales`, everything else to `help`.
fn two_desks() -> Shop {
    shop()
        .second_queue("sales", "sms")
        .agent("ann", |ann| ann.queues = vec![Name::new("help")])
        .agent("bob", |bob| bob.queues = vec![Name::new("sales")])
}

/// Chat and mail are believed when they name a number.
fn believing(shop: Shop) -> Shop {
    shop.but(|config| config.endpoints.iter_mut().for_each(|endpoint| endpoint.trusts.push(AddressKind::Phone)))
}

/// Anna, logged in, in the chat.
fn anna_in_chat(text: &str) -> Heard {
    chat("v1", text).from(&[(AddressKind::Web, "v1"), (AddressKind::Phone, ANNA)]).assured(Assurance::LoggedIn)
}

/// Anna's WhatsApp matter is ann's.
fn with_ann(shop: Shop) -> (Scenario, (skein::domain::id::WorkId, skein::domain::id::AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

#[rstest]
#[case::at_once(0, true)]
#[case::last_moment(30 * MINUTE, true)]
#[case::too_late(30 * MINUTE + 1, false)]
fn another_channel_joins_while_the_matter_goes_on(#[case] pause: i64, #[case] joins: bool) {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(ANNA, "hello")).opened();
    story.after(pause);
    let step = story.hears(sms(ANNA, "are you there?"));
    assert_eq!(step.message().work == first, joins, "{step:?}");
    assert_eq!(story.open().len(), if joins { 1 } else { 2 });
    story.folds_to_the_same();
}

#[test]
fn our_answer_is_traffic_too() {
    let (mut story, held) = with_ann(shop());
    story.after(29 * MINUTE);
    story.answers("ann", held, "good day").expect("an answer");
    story.after(29 * MINUTE);
    assert_eq!(story.hears(sms(ANNA, "ah, there you are")).message().work, Some(held.0));
}

#[test]
fn what_leads_to_a_desk_that_others_serve_is_another_matter() {
    let mut story = two_desks().opens();
    let first = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let second = story.hears(sms(ANNA, "I want to buy a lamp"));
    let new = second.opened().expect("a work of its own");
    assert_eq!(story.work(new).linked, [first]);
    assert_eq!(story.work(first).linked, [new]);
    assert_eq!(story.work(new).queue, "sales");
}

#[test]
fn two_queues_that_the_same_people_serve_are_one_desk() {
    let mut story = shop().second_queue("sales", "sms").opens();
    let first = story.hears(whatsapp(ANNA, "hello")).opened();
    assert_eq!(story.hears(sms(ANNA, "and by sms")).message().work, first);
}

#[test]
fn a_change_of_who_serves_what_counts_from_then_on() {
    let mut story = shop().second_queue("sales", "sms").opens();
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.configure(two_desks().0).expect("configured");
    assert!(story.hears(sms(ANNA, "and by sms")).opened().is_some());
}

#[test]
fn an_owner_who_does_not_take_the_channel_now_is_not_given_it() {
    let (mut story, _) = with_ann(shop().agent("ann", |ann| ann.channels = vec![Name::new("whatsapp")]));
    assert!(story.hears(sms(ANNA, "by sms")).opened().is_some());
}

#[test]
fn an_owner_who_is_away_keeps_the_matter_if_his_queue_takes_the_channel() {
    let (mut story, held) = with_ann(shop());
    story.presence("ann", Presence::Away).expect("away");
    assert_eq!(story.hears(sms(ANNA, "by sms")).message().work, Some(held.0));
}

#[test]
fn a_waiting_work_is_joined_if_somebody_who_serves_its_queue_takes_all_its_channels() {
    let lists = |ann: &[&str], bob: &[&str]| {
        let names = |list: &[&str]| list.iter().map(Name::new).collect::<Vec<_>>();
        let (ann, bob) = (names(ann), names(bob));
        shop().agent("ann", |agent| agent.channels = ann).agent("bob", |agent| agent.channels = bob)
    };
    for (shop, joins) in [
        (lists(&["whatsapp"], &["sms"]), false),
        (lists(&["whatsapp"], &["sms", "whatsapp"]), true),
        (lists(&["whatsapp"], &[]), true),
    ] {
        let mut story = shop.opens();
        let first = story.hears(whatsapp(ANNA, "hello")).opened();
        assert_eq!(story.hears(sms(ANNA, "by sms")).message().work == first, joins);
    }
}

#[test]
fn who_cannot_take_a_joined_channel_is_not_offered_the_work() {
    let shop = shop().agent("ann", |ann| ann.channels = vec![Name::new("whatsapp")]);
    let mut story = shop.opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.hears(sms(ANNA, "by sms")).expect("a message");
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work), None, "she could not answer by SMS");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn a_joined_work_takes_the_tighter_deadline_while_it_waits() {
    let tight =
        |shop: Shop| shop.second_queue("fast", "sms").but(|config| config.queues[1].first_reply_target_ms = 30_000);
    let mut story = tight(shop()).opens();
    let begin = story.now().0;
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.work(work).key, Some(begin + 5 * MINUTE));
    story.after(MINUTE);
    let step = story.hears(sms(ANNA, "quickly please"));
    assert!(step.changes().iter().any(|change| matches!(change, Change::WorkRekeyed { .. })));
    assert_eq!(story.work(work).key, Some(begin + 30_000), "the wait goes on from the first word");
    // It stays tight when it comes back to the queue.
    story.ready("ann").expect("ready");
    let held = story.takes("ann");
    assert_eq!(held.0, work);
    story.logs_out("ann").expect("out");
    story.after(3 * HOUR);
    assert_eq!(story.work(work).state, WorkState::Queued);
    assert_eq!(story.work(work).key, Some(begin + 30_000));
    story.folds_to_the_same();
}

#[test]
fn a_slower_queue_makes_nothing_later() {
    let mut story =
        shop().second_queue("slow", "sms").but(|config| config.queues[1].first_reply_target_ms = 3_600_000).opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let key = story.work(work).key;
    let step = story.hears(sms(ANNA, "and by sms"));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::WorkRekeyed { .. })));
    assert_eq!(story.work(work).key, key);
}

#[test]
fn a_dearer_channel_makes_the_work_dearer_for_whoever_has_it() {
    let dear = shop().agent("ann", |ann| ann.costs = vec![(Name::new("sms"), 2)]);
    let (mut story, held) = with_ann(dear);
    assert_eq!(story.agent("ann").load, 1);
    let step = story.hears(sms(ANNA, "by sms"));
    assert!(step.changes().iter().any(|change| matches!(change, Change::CostChanged { cost: 2, .. })));
    assert_eq!(story.agent("ann").load, 2);
    story.hears(whatsapp(ANNA, "and here again")).expect("a message");
    assert_eq!(story.agent("ann").load, 2);
    story.closes("ann", held).expect("closed");
    assert_eq!(story.agent("ann").load, 0);
    story.folds_to_the_same();
}

#[test]
fn an_open_offer_gets_dearer_too_and_is_accepted_at_that_cost() {
    let mut story = shop().agent("ann", |ann| ann.costs = vec![(Name::new("sms"), 2)]).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.hears(sms(ANNA, "by sms")).expect("a message");
    assert_eq!(story.agent("ann").load, 2);
    story.takes("ann");
    assert_eq!(story.agent("ann").load, 2);
    story.folds_to_the_same();
}

#[test]
fn answers_follow_the_customer_from_channel_to_channel() {
    let (mut story, held) = with_ann(shop());
    story.hears(sms(ANNA, "by sms")).expect("a message");
    assert_eq!(story.answers("ann", held, "here").message().endpoint, "sms");
    story.hears(whatsapp(ANNA, "now here")).expect("a message");
    assert_eq!(story.answers("ann", held, "and here").message().endpoint, "wa");
}

#[test]
fn a_token_is_used_where_it_was_given_only() {
    let (mut story, held) = with_ann(shop());
    story.hears(whatsapp(ANNA, "again").tokens(Some("t1"), None)).expect("a message");
    story.hears(sms(ANNA, "by sms")).expect("a message");
    assert_eq!(story.answers("ann", held, "here").words().reply_token, None);
}

#[test]
fn a_closed_work_of_several_endpoints_is_reopened_by_each() {
    for by in [|text: &str| whatsapp(ANNA, text), |text: &str| sms(ANNA, text)] {
        let (mut story, held) = with_ann(shop());
        story.hears(sms(ANNA, "by sms")).expect("a message");
        story.answers("ann", held, "here").expect("an answer");
        story.closes("ann", held).expect("closed");
        story.after(HOUR);
        assert_eq!(story.hears(by("it broke again")).message().work, Some(held.0));
        story.folds_to_the_same();
    }
}

#[test]
fn a_matter_that_goes_on_comes_before_one_that_ended() {
    let (mut story, first) = with_ann(shop());
    story.closes("ann", first).expect("closed");
    let second = story.hears(sms(ANNA, "something new")).opened();
    assert!(second.is_some());
    assert_eq!(story.hears(whatsapp(ANNA, "and here")).message().work, second);
}

#[test]
fn quick_follow_ups_stay_where_they_are_when_another_matter_is_newer() {
    let mut story = two_desks().opens();
    let first = story.hears(whatsapp(ANNA, "hello")).opened();
    let second = story.hears(sms(ANNA, "I want to buy a lamp")).opened();
    assert_eq!(story.hears(whatsapp(ANNA, "are you there?")).message().work, first);
    assert_eq!(story.hears(sms(ANNA, "a red one")).message().work, second);
}

#[test]
fn of_several_that_go_on_the_one_with_the_latest_message_is_joined() {
    let sells = |config: &mut WorkspaceConfig| config.endpoints[4].queue = Name::new("sales");
    let desks = shop().second_queue("sales", "sms").agent("ann", |ann| ann.queues = vec![Name::new("help")]).but(sells);
    let mut story = believing(desks).opens();
    story.hears(anna_in_chat("hello")).expect("a message");
    story.after(31 * MINUTE);
    let first = story.hears(whatsapp(ANNA, "about my parcel")).opened().expect("a work");
    let second = story.hears(sms(ANNA, "about lamps")).opened().expect("a work");
    assert_ne!(first, second);
    let mailed =
        mail("anna@example.com", "1@x", "and by mail").also(AddressKind::Phone, ANNA).assured(Assurance::Platform);
    assert_eq!(story.hears(mailed).message().work, Some(first), "its queue is that of the parcel");
}

#[test]
fn a_silent_number_that_its_account_proves_goes_on_with_the_matter() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    story.hears(whatsapp("", "hello").from(&both).also(AddressKind::Crm, "C1")).expect("a message");
    let held = story.takes("ann");
    story.closes("ann", held).expect("an end");
    story.after(200 * 24 * HOUR);
    let mailed = story.hears(mail("anna@example.com", "1@x", "where is it?").also(AddressKind::Crm, "C1"));
    let by_number = story.hears(whatsapp("", "my order, I mean").from(&both));
    assert_eq!(by_number.message().conversation, mailed.message().conversation);
    assert_eq!(by_number.message().work, mailed.message().work);
}

#[test]
fn an_address_that_may_be_anothers_joins_nothing() {
    let mut story = shop().opens();
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    story.hears(whatsapp("", "hello").from(&both)).expect("a message");
    story.after(181 * 24 * HOUR);
    story.hears(whatsapp("", "hello again").from(&both[1..])).expect("a message");
    let number = story.hears(sms(ANNA, "who is this?"));
    assert!(number.opened().is_some(), "180 days of silence: the number may have another owner");
}

#[test]
fn a_matter_of_another_brand_is_another_matter() {
    let outlet = |shop: Shop| shop.but(|config| config.endpoints[1].brand = Name::new("outlet"));
    let (mut story, held) = with_ann(outlet(shop()));
    let step = story.hears(sms(ANNA, "to the outlet"));
    let new = step.opened().expect("a work of that brand");
    assert_eq!(story.work(new).brand, "outlet");
    // Nor does an answer cross brands.
    let leaf = story.conversation(story.work(held.0).conversation).identities[0].leaf;
    let to = Recipient { leaf, endpoint: Name::new("sms") };
    let refused = story.sends("ann", held, |send| send.to = Some(to)).refused();
    assert_eq!(refused, Rejection::RecipientRefused("an endpoint of another brand"));
}

#[test]
fn a_reply_to_another_brands_mailbox_is_a_matter_of_that_brand() {
    let outlet = |shop: Shop| shop.but(|config| config.endpoints[3].brand = Name::new("outlet"));
    let mut story = outlet(shop()).opens();
    story.ready("ann").expect("ready");
    story.hears(mail("anna@example.com", "1@x", "hello")).expect("a message");
    let held = story.takes("ann");
    let reply = story.hears(mail("anna@example.com", "2@x", "more").in_reply_to("1@x").at("sales"));
    assert!(reply.opened().is_some());
    assert_ne!(reply.message().work, Some(held.0));
}

#[test]
fn the_limit_of_open_works_is_one_of_each_brand() {
    let limited = shop().but(|config| {
        config.max_open_works = 1;
        config.endpoints[1].brand = Name::new("outlet");
    });
    let mut story = believing(limited).opens();
    let first = story.hears(whatsapp(ANNA, "one")).opened();
    assert!(story.hears(sms(ANNA, "another brand has room")).opened().is_some());
    story.after(HOUR);
    let third = story.hears(anna_in_chat("three"));
    assert_eq!(third.message().work, first);
    assert!(third.message().flags.has(Flags::WORK_LIMIT));
}

#[test]
fn at_the_limit_a_message_that_nobody_of_the_desk_takes_is_not_left_to_wait_there() {
    let only = |channel: &str| vec![Name::new(channel)];
    let shop = shop().but(|config| config.max_open_works = 1);
    let shop = shop.agent("ann", |ann| ann.channels = only("whatsapp")).agent("bob", |bob| bob.channels = only("sms"));
    let mut story = shop.opens();
    let first = story.hears(whatsapp(ANNA, "one")).opened().expect("a work");
    let second = story.hears(sms(ANNA, "two")).message().work.expect("a work");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(second).as_deref(), Some("bob"));
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(first).as_deref(), Some("ann"));
    assert_eq!(story.hears(sms(ANNA, "three")).message().work, Some(second));
}

#[test]
fn an_echo_by_any_of_a_works_endpoints_passes_its_turn() {
    let mut story = shop().opens();
    let work = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    story.hears(whatsapp(ANNA, "and here")).expect("a message");
    let step = story.hears(echo(ANNA, "answered from the phone").id("e1"));
    assert_eq!(step.message().work, Some(work));
    assert!(!story.work(work).turn_ours);
}

#[test]
fn an_echo_joins_no_matter_by_another_channel_and_reopens_none() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    let step = story.hears(echo(ANNA, "we wrote by WhatsApp").id("e1"));
    assert_eq!(step.message().work, None);
    assert!(story.work(work).turn_ours, "what was asked by SMS is not answered");
    let held = story.takes("ann");
    story.closes("ann", held).expect("closed");
    assert_eq!(story.hears(echo(ANNA, "late").id("e2")).message().work, None);
    assert_eq!(story.work(work).state, WorkState::Closed);
}

#[test]
fn an_echo_that_quotes_goes_to_the_work_of_what_it_answers() {
    let mut story = two_desks().opens();
    let first = story.hears(whatsapp(ANNA, "hello").id("1")).opened();
    story.hears(sms(ANNA, "lamps")).opened().expect("a work");
    let step = story.hears(echo(ANNA, "this one").id("e1").quoting("1"));
    assert_eq!(step.message().work, first);
}

#[test]
fn history_by_another_channel_joins_nothing() {
    let mut story = shop().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let step = story.hears(sms(ANNA, "last year").backfill());
    assert_eq!(step.message().work, None);
    assert!(story.work(work).also_on.is_empty());
}

#[test]
fn an_owner_who_is_ready_is_asked_first_for_a_linked_work() {
    let three = shop().agent("ann", |ann| ann.capacity = 1).but(|config| {
        let mut cem = config.agents[0].clone();
        cem.name = Name::new("cem");
        cem.profile.capacity = 3;
        config.agents.push(cem);
    });
    let (mut story, _) = with_ann(believing(three));
    story.presence("ann", Presence::Away).expect("away");
    story.after(HOUR);
    story.ready("cem").expect("ready");
    story.hears(sms(ANNA, "second")).expect("a message");
    story.takes("cem");
    story.after(HOUR);
    story.ready("bob").expect("ready");
    let third = story.hears(anna_in_chat("third")).opened().expect("a work");
    assert_eq!(story.offered_to(third).as_deref(), Some("cem"), "though bob is idle, and ann has one of them");
    assert_eq!(story.work(third).linked.len(), 2);
}
