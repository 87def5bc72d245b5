//! Sessions and graces (design, section 6 and law 14; domain rules, section 7): take-over, resume, superseded epochs, what a
//! lost connection and an outage of the shard do.

use skein::domain::command::{Command, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{Change, OfferOutcome, Presence, QueueCause, SessionEnd};
use skein::domain::rejection::Rejection;
use skein::domain::timer::Timer;
use skein::domain::view::WorkState;
use skein::domain::workspace::GracePolicy;

use crate::kit::{HOUR, Heard, MINUTE, SECOND, SPACE, Scenario, Shop, chat, shop, whatsapp};

const ANNA: &str = "+4915112345678";

fn owned(shop: Shop, heard: Heard) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

fn open(resume: Option<u64>, takeover: bool) -> Verb {
    Verb::OpenSession { resume, takeover }
}

fn resumed(story: &mut Scenario, outage_ms: u64) {
    story.when(Command::Resume { workspace: Name::new(SPACE), outage_ms }).expect("resumed");
}

#[test]
fn an_unknown_agent_is_refused_unless_guests_are_welcome() {
    let mut story = shop().opens();
    assert_eq!(story.logs_in("eve").refused(), Rejection::UnknownAgent);
    let mut story = shop().but(|config| config.guest = Some(config.agents[0].profile.clone())).opens();
    story.logs_in("eve").expect("a guest");
    assert_eq!(story.agent("eve").capacity, 2);
}

#[test]
fn nothing_is_done_before_the_first_session() {
    let mut story = shop().opens();
    assert_eq!(story.presence("ann", Presence::Ready).refused(), Rejection::UnknownAgent);
    story.logs_in("ann").expect("a session");
    story.logs_out("ann").expect("out");
    assert_eq!(story.presence("ann", Presence::Ready).refused(), Rejection::NoSession);
    assert_eq!(story.logs_out("ann").refused(), Rejection::NoSession);
    assert_eq!(story.loses_connection("ann").refused(), Rejection::NoSession);
}

#[test]
fn a_second_session_needs_a_persons_take_over_and_the_loser_is_told() {
    let mut story = shop().opens();
    let first = story.logs_in("ann").answer().session_epoch.expect("an epoch");
    assert_eq!(story.logs_in("ann").refused(), Rejection::AlreadyConnected);
    let step = story.does("ann", open(None, true));
    assert!(step.changes().iter().any(|change| matches!(
        change,
        Change::SessionEnded { session_epoch, reason: SessionEnd::Taken, .. } if *session_epoch == first
    )));
    assert!(!step.outputs().is_empty());
    let current = step.answer().session_epoch.expect("an epoch");
    let ready = Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: vec![] };
    let late = story.asks("ann", None, Some(first), ready.clone());
    assert_eq!(late.refused(), Rejection::SessionSuperseded { current });
    story.asks("ann", None, Some(current), ready).expect("the new session commands");
}

#[test]
fn a_take_over_keeps_works_offers_and_presence() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    story.hears(whatsapp("+4915187654321", "hello")).expect("a message");
    story.does("ann", open(None, true)).expect("taken over");
    let ann = story.agent("ann");
    assert_eq!((ann.presence, ann.works.len(), ann.offers.len()), (Presence::Ready, 1, 1));
    assert_eq!(story.work(held.0).assignment, Some(held.1));
}

#[test]
fn a_session_is_resumed_by_its_epoch_even_before_its_loss_was_noticed() {
    let mut story = shop().opens();
    let epoch = story.ready("ann").0.map(|_| story.agent("ann").session_epoch).expect("ready");
    let step = story.does("ann", open(epoch, false));
    assert!(step.answer().session_epoch > epoch);
    assert_eq!(story.agent("ann").presence, Presence::Ready);
    assert!(!step.changes().iter().any(|c| matches!(c, Change::SessionEnded { .. })));
}

#[test]
fn the_end_of_an_old_connection_does_not_end_the_new_session() {
    let mut story = shop().opens();
    let old = story.logs_in("ann").answer().session_epoch;
    story.does("ann", open(old, false)).expect("resumed");
    let late = story.asks("ann", None, old, Verb::LoseSession);
    assert!(matches!(late.refused(), Rejection::SessionSuperseded { .. }));
    assert!(story.agent("ann").connected);
}

#[test]
fn nothing_new_is_given_to_an_agent_without_connection() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.loses_connection("ann").expect("lost");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.logs_in("ann").expect("back");
    assert_eq!(story.work(work).state, WorkState::Offered, "given at once when the agent is back");
}

#[test]
fn offers_of_a_lost_session_wait_ten_seconds() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.ready("bob").expect("ready");
    story.loses_connection("ann").expect("lost");
    story.after(9 * SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    let records = story.after(SECOND);
    assert!(matches!(records[0].changes[0], Change::OfferEnded { outcome: OfferOutcome::Revoked, .. }));
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn who_is_back_within_ten_seconds_finds_the_offer() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let offer = story.offer("ann").expect("an offer");
    let epoch = story.agent("ann").session_epoch;
    story.loses_connection("ann").expect("lost");
    story.after(9 * SECOND);
    story.does("ann", open(epoch, false)).expect("back");
    story.after(2 * SECOND);
    story.accepts("ann", offer).expect("still open");
}

#[test]
fn a_live_work_waits_two_minutes_for_its_owner() {
    let (mut story, held) = owned(shop(), chat("v1", "hello"));
    story.ready("bob").expect("ready");
    story.loses_connection("ann").expect("lost");
    story.after(119 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(SECOND);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"));
}

#[test]
fn another_work_waits_for_its_owner_until_the_next_reply_is_due() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    story.loses_connection("ann").expect("lost");
    story.after(10 * MINUTE - SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    let records = story.after(SECOND);
    assert!(
        records
            .iter()
            .flat_map(|record| &record.changes)
            .any(|change| matches!(change, Change::WorkQueued { cause: QueueCause::OwnerLost, .. }))
    );
}

#[test]
fn an_owner_who_is_back_in_time_goes_on_with_the_same_assignment() {
    let (mut story, held) = owned(shop(), chat("v1", "hello"));
    story.loses_connection("ann").expect("lost");
    story.after(119 * SECOND);
    story.logs_in("ann").expect("back");
    story.after(HOUR);
    assert_eq!(story.work(held.0).assignment, Some(held.1));
    story.answers("ann", held, "good day").expect("fenced by the same assignment");
}

#[test]
fn a_second_loss_does_not_shorten_or_lengthen_by_the_first() {
    let (mut story, held) = owned(shop(), chat("v1", "hello"));
    story.loses_connection("ann").expect("lost");
    story.after(100 * SECOND);
    story.logs_in("ann").expect("back");
    story.loses_connection("ann").expect("lost again");
    story.after(119 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Queued);
}

#[test]
fn logging_out_starts_the_grace_too() {
    let (mut story, held) = owned(shop(), chat("v1", "hello"));
    story.logs_out("ann").expect("out");
    assert_eq!(story.agent("ann").presence, Presence::Offline);
    story.after(119 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Queued);
}

#[test]
fn the_policy_keep_keeps_the_owner() {
    let shop = shop().queue(|queue| queue.grace = GracePolicy::Keep);
    let (mut story, held) = owned(shop, chat("v1", "hello"));
    story.loses_connection("ann").expect("lost");
    story.after(24 * HOUR);
    assert_eq!(story.work(held.0).assignment, Some(held.1));
}

#[test]
fn the_policy_offer_back_asks_the_owner_first_when_it_returns() {
    let shop = shop()
        .queue(|queue| queue.grace = GracePolicy::OfferBack)
        .agent("ann", |ann| ann.capacity = 10)
        .agent("bob", |bob| bob.capacity = 1);
    let (mut story, held) = owned(shop, chat("v1", "hello"));
    story.loses_connection("ann").expect("lost");
    let records = story.after(2 * MINUTE);
    let ann = story.id("ann");
    assert!(records.iter().flat_map(|record| &record.changes).any(|change| matches!(
        change,
        Change::WorkQueued { preferred: Some(agent), .. } if *agent == ann
    )));
    story.ready("ann").expect("back");
    assert_eq!(story.offered_to(held.0).as_deref(), Some("ann"));
}

#[test]
fn a_lost_owners_wrap_up_ends_and_brings_nothing_back() {
    let shop = shop().queue(|queue| queue.wrapup_max_ms = 3_600_000);
    let (mut story, held) = owned(shop, chat("v1", "hello"));
    story.closes("ann", held).expect("wrap-up");
    story.loses_connection("ann").expect("lost");
    story.after(2 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Closed);
}

#[test]
fn a_session_without_connection_ends_and_the_closed_laptop_is_not_available() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.loses_connection("ann").expect("lost");
    story.after(2 * MINUTE);
    let ann = story.agent("ann");
    assert_eq!((ann.presence, ann.session_epoch), (Presence::Offline, None));
}

#[test]
fn offline_is_the_end_of_a_session_and_no_presence_to_set() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    assert!(matches!(story.presence("ann", Presence::Offline).refused(), Rejection::Invalid(_)));
}

#[test]
fn the_same_presence_again_leaves_no_record() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    assert!(story.presence("ann", Presence::Ready).0.expect("not refused").is_none());
}

#[test]
fn a_slow_reader_loses_its_session_and_its_offers_return() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.ready("bob").expect("ready");
    story.does("ann", Verb::EndSession { reason: SessionEnd::SlowReader }).expect("ended");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn resuming_after_an_outage_requeues_nothing_and_moves_every_deadline() {
    let shop = shop().queue(|queue| queue.recall_after_ms = 900_000).agent("ann", |ann| ann.capacity = 4);
    let (mut story, held) = owned(shop, whatsapp(ANNA, "hello"));
    story.hears(whatsapp("+4915187654321", "hello")).expect("a message");
    let offered = story.agent("ann").offers[0].clone();
    story.passes(HOUR);
    resumed(&mut story, 3_600_000);
    assert!(story.state.due(story.now()).is_none(), "nothing is due because of the outage");
    let later = &story.agent("ann").offers[0];
    assert_eq!(later.expires_at.0 - offered.expires_at.0, HOUR + 30 * SECOND);
    assert!(!story.agent("ann").connected, "connections ended with the owner of the shard");
    assert_eq!(story.work(held.0).assignment, Some(held.1));
    story.after(30 * SECOND);
    story.logs_in("ann").expect("back");
    story.after(0);
    let ann = story.agent("ann");
    assert_eq!((ann.presence, ann.works.len(), ann.offers.len()), (Presence::Ready, 1, 1));
}

#[test]
fn after_an_outage_graces_begin_anew_for_who_was_there_and_go_on_for_who_was_not() {
    let (mut story, held) = owned(shop(), chat("v1", "hello"));
    story.passes(HOUR);
    resumed(&mut story, 3_600_000);
    let extension = HOUR + 30 * SECOND;
    story.after(extension + 119 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Queued);

    let (mut story, held) = owned(shop(), chat("v1", "hello"));
    story.loses_connection("ann").expect("lost");
    story.after(100 * SECOND);
    story.passes(HOUR);
    resumed(&mut story, 3_600_000);
    story.after(49 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Queued, "20 s were left, and 30 s to come back");
}

#[test]
fn a_timer_whose_reason_is_gone_leaves_no_record() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let ann = story.id("ann");
    let stale = [
        Timer::OfferExpiry(held.0),
        Timer::WrapUpEnd(held.0),
        Timer::CooldownEnd(held.0, ann),
        Timer::OffersGrace(ann),
    ];
    for timer in stale {
        assert!(story.fire(timer).0.expect("never refused").is_none(), "{timer:?}");
    }
}
