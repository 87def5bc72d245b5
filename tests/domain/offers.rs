//! Offers and who gets them (domain rules, section 7): made, accepted, declined, expired, revoked; MANUAL and AUTO.

use skein::domain::command::Verb;
use skein::domain::event::Assurance;
use skein::domain::id::{Index, Name, OfferId};
use skein::domain::output::Output;
use skein::domain::record::{AssignCause, Change, OfferOutcome, Presence};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::Accept;

use crate::kit::{MINUTE, SECOND, Step, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

fn outcomes(step: &Step) -> Vec<OfferOutcome> {
    let ended = |change: &Change| match change {
        Change::OfferEnded { outcome, .. } => Some(*outcome),
        _ => None,
    };
    step.changes().iter().filter_map(ended).collect()
}

#[test]
fn a_work_that_comes_up_is_offered_in_the_same_record_and_reserves_its_cost() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let step = story.hears(whatsapp(ANNA, "hello"));
    let work = step.opened().expect("a work");
    assert_eq!(story.work(work).state, WorkState::Offered);
    assert_eq!(story.agent("ann").load, 1);
    let ann = story.id("ann");
    assert!(step.outputs().iter().any(|output| matches!(output, Output::Agent { agent, .. } if *agent == ann)));
}

#[test]
fn waiting_work_is_offered_when_an_agent_logs_in_and_is_ready() {
    let mut story = shop().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.logs_in("ann").expect("a session");
    assert_eq!(story.agent("ann").presence, Presence::Away, "logged in is not READY");
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.presence("ann", Presence::Ready).expect("ready");
    assert_eq!(story.work(work).state, WorkState::Offered);
}

#[test]
fn accepting_makes_an_owner() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let (work, assignment) = story.takes("ann");
    let view = story.work(work);
    assert_eq!(view.state, WorkState::Assigned);
    assert_eq!(view.owner.map(|(_, name)| name), Some(Name::new("ann")));
    assert_eq!(view.assignment, Some(assignment));
    assert_eq!(story.agent("ann").load, 1);
}

#[test]
fn an_offer_is_accepted_once_and_by_its_agent_only() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.ready("bob").expect("ready");
    let offer = story.offer("ann").expect("an offer");
    assert_eq!(story.accepts("bob", offer).refused(), Rejection::OfferOver, "two agents never accept one work");
    story.accepts("ann", offer).expect("accepted");
    assert_eq!(story.accepts("ann", offer).refused(), Rejection::OfferOver);
    assert_eq!(story.declines("ann", offer).refused(), Rejection::OfferOver);
    let never = OfferId::new(Index(9_999), 0);
    assert_eq!(story.accepts("ann", never).refused(), Rejection::UnknownOffer);
}

#[test]
fn auto_assigns_at_once() {
    let mut story = shop().queue(|queue| queue.accept = Accept::Auto).opens();
    story.ready("ann").expect("ready");
    let step = story.hears(whatsapp(ANNA, "hello"));
    assert!(step.changes().iter().any(|change| matches!(
        change,
        Change::Assigned(assigned) if assigned.cause == AssignCause::Auto
    )));
    assert_eq!(story.agent("ann").works.len(), 1);
}

#[test]
fn the_least_loaded_agent_is_asked_measured_by_its_capacity() {
    let mut story = shop().agent("bob", |bob| bob.capacity = 10).opens();
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let mut asked = Vec::new();
    for n in 0..6 {
        story.after(SECOND);
        let work = story.hears(whatsapp(&format!("+49151000000{n}"), "hello")).opened().expect("a work");
        asked.push(story.offered_to(work).expect("offered").to_string());
    }
    assert_eq!(asked, ["ann", "bob", "bob", "bob", "bob", "bob"]);
}

#[test]
fn of_equally_loaded_agents_the_longer_idle_one_is_asked() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.settles("ann", whatsapp(ANNA, "hello"));
    story.after(MINUTE);
    story.ready("bob").expect("ready");
    let work = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn capacity_is_never_exceeded_and_freed_room_is_filled_at_once() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    for n in 0..4 {
        story.hears(whatsapp(&format!("+49151000000{n}"), "hello")).expect("a message");
    }
    assert_eq!((story.agent("ann").load, story.space().queue_length("help")), (2, 2));
    let held = story.takes("ann");
    assert_eq!(story.agent("ann").load, 2, "an accepted offer costs what it reserved");
    story.closes("ann", held).expect("closed");
    assert_eq!((story.agent("ann").load, story.space().queue_length("help")), (2, 1));
}

#[test]
fn a_channel_costs_what_the_agent_says_and_a_dear_one_waits_while_a_cheap_one_fits() {
    let mut story = shop().only_ann().agent("ann", |ann| ann.costs = vec![(Name::new("chat"), 2)]).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let dear = story.hears(chat("v1", "hello")).opened().expect("a work");
    assert_eq!(story.work(dear).state, WorkState::Queued, "one of two is free, two are needed");
    let cheap = story.hears(sms(BERT, "hello")).opened().expect("a work");
    assert_eq!(story.work(cheap).state, WorkState::Offered);
}

#[test]
fn agents_get_only_channels_that_they_serve() {
    let mut story = shop().only_ann().agent("ann", |ann| ann.channels = vec![Name::new("sms")]).opens();
    story.ready("ann").expect("ready");
    let not_hers = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let hers = story.hears(sms(BERT, "hello")).opened().expect("a work");
    assert_eq!(story.work(not_hers).state, WorkState::Queued);
    assert_eq!(story.work(hers).state, WorkState::Offered);
}

#[test]
fn a_declined_work_goes_to_the_next_agent_with_its_place() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.ready("bob").expect("ready");
    let offer = story.offer("ann").expect("an offer");
    let step = story.declines("ann", offer);
    assert_eq!(outcomes(&step), [OfferOutcome::Declined]);
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    assert_eq!(story.agent("ann").presence, Presence::Ready);
}

#[test]
fn a_work_declined_by_the_only_agent_comes_back_after_the_least_cool_down() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let offer = story.offer("ann").expect("an offer");
    story.declines("ann", offer).expect("declined");
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.after(4 * SECOND);
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.after(SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"), "nobody else is left");
}

#[test]
fn a_declined_work_waits_for_a_busy_colleague_until_the_cool_down_is_over() {
    let mut story = shop().agent("bob", |bob| bob.capacity = 1).opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(BERT, "hello")).expect("a message");
    story.takes("bob");
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let offer = story.offer("ann").expect("an offer");
    story.declines("ann", offer).expect("declined");
    story.after(9 * MINUTE);
    assert_eq!(story.work(work).state, WorkState::Queued, "bob is there, only busy");
    story.after(MINUTE);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"), "the cool-down is over");
}

#[test]
fn a_cool_down_is_lifted_when_the_only_colleague_leaves() {
    let mut story = shop().agent("bob", |bob| bob.capacity = 1).opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(BERT, "hello")).expect("a message");
    story.takes("bob");
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let offer = story.offer("ann").expect("an offer");
    story.declines("ann", offer).expect("declined");
    story.after(MINUTE);
    story.presence("bob", Presence::Draining).expect("draining");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn an_unanswered_offer_of_a_live_channel_puts_the_agent_away_at_once() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(chat("v1", "hello")).opened().expect("a work");
    story.ready("bob").expect("ready");
    story.after(29 * SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.after(SECOND);
    let ann = story.agent("ann");
    assert_eq!((ann.presence, ann.reason.as_str()), (Presence::Away, "NO_ANSWER"));
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"), "the Work goes on at once");
}

#[test]
fn on_other_channels_the_second_unanswered_offer_does() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(30 * SECOND);
    assert_eq!(story.agent("ann").presence, Presence::Ready);
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.after(5 * SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.after(30 * SECOND);
    assert_eq!(story.agent("ann").presence, Presence::Away);
    assert_eq!(story.work(work).state, WorkState::Queued);
}

#[test]
fn an_answer_between_two_unanswered_offers_begins_the_count_again() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.after(30 * SECOND);
    story.hears(whatsapp(BERT, "hello")).expect("a message");
    story.takes("ann");
    story.after(60 * SECOND);
    assert_eq!(story.agent("ann").presence, Presence::Ready, "one unanswered since she answered");
}

#[test]
fn an_agent_put_away_loses_all_open_offers_and_says_itself_when_it_is_back() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let one = story.hears(chat("v1", "hello")).opened().expect("a work");
    story.after(SECOND);
    let two = story.hears(chat("v2", "hello")).opened().expect("a work");
    story.after(29 * SECOND);
    assert_eq!(story.work(one).state, WorkState::Queued);
    assert_eq!(story.work(two).state, WorkState::Queued);
    story.after(10 * MINUTE);
    assert_eq!(story.agent("ann").presence, Presence::Away, "nobody else ends it");
    story.presence("ann", Presence::Ready).expect("back");
    assert_eq!(story.agent("ann").offers.len(), 2);
}

#[test]
fn an_expired_offer_cannot_be_accepted() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(chat("v1", "hello")).expect("a message");
    let offer = story.offer("ann").expect("an offer");
    story.after(30 * SECOND);
    assert_eq!(story.accepts("ann", offer).refused(), Rejection::OfferOver);
}

#[test]
fn leaving_revokes_open_offers_at_once() {
    for presence in [Presence::Away, Presence::Draining] {
        let mut story = shop().opens();
        story.ready("ann").expect("ready");
        let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
        story.ready("bob").expect("ready");
        let step = story.presence("ann", presence);
        assert_eq!(outcomes(&step), [OfferOutcome::Revoked]);
        assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    }
}

#[test]
fn who_is_away_keeps_what_it_owns() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let (work, _) = story.takes("ann");
    story.presence("ann", Presence::Away).expect("away");
    story.after(10 * MINUTE);
    assert_eq!(story.work(work).state, WorkState::Assigned);
}

#[test]
fn an_agent_whose_room_grows_by_configuration_gets_what_waits() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    for n in 0..4 {
        story.hears(whatsapp(&format!("+49151000000{n}"), "hello")).expect("a message");
    }
    story.configure(shop().only_ann().agent("ann", |ann| ann.capacity = 4).0).expect("configured");
    assert_eq!(story.agent("ann").offers.len(), 4);
}

#[test]
fn no_endless_matching_when_thousands_wait_for_one_agent() {
    let mut story = shop().only_ann().opens();
    for n in 0..1_500 {
        story.hears(whatsapp(&format!("+4915100{n:05}"), "hello").assured(Assurance::Platform)).expect("a message");
    }
    story.configure(shop().only_ann().agent("ann", |ann| ann.capacity = 5_000).0).expect("configured");
    let records = story.log_len();
    story.ready("ann").expect("ready");
    story.after(0);
    assert!(story.log_len() - records < 50, "matched in few records");
    while let Some(offer) = story.offer("ann") {
        story.accepts("ann", offer).expect("accepted");
    }
    assert_eq!(story.agent("ann").works.len(), 1_500);
}

#[test]
fn dropping_a_channel_gives_its_open_offers_to_others_and_keeps_the_rest() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 4).opens();
    story.ready("ann").expect("ready");
    let by_sms = story.hears(sms("+4915112345678", "hello")).opened().expect("a Work");
    let by_whatsapp = story.hears(whatsapp("+4915187654321", "hello")).opened().expect("a Work");
    story.ready("bob").expect("ready");
    let only =
        Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: vec![Name::new("sms")] };
    let step = story.does("ann", only);
    let revoked = |change: &Change| match change {
        Change::OfferEnded { work, outcome: OfferOutcome::Revoked, .. } => Some(*work),
        _ => None,
    };
    assert_eq!(step.changes().iter().filter_map(revoked).collect::<Vec<_>>(), [by_whatsapp]);
    assert_eq!(story.offered_to(by_whatsapp).as_deref(), Some("bob"));
    assert_eq!(story.offered_to(by_sms).as_deref(), Some("ann"));
}
