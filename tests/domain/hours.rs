//! Business hours: outside them Work waits, its goals stand, and nobody is called (domain rules, section 6).

use skein::domain::id::{Name, WorkId};
use skein::domain::record::Change;
use skein::domain::view::WorkState;
use skein::domain::workspace::{HoursConfig, Opening};

use crate::kit::{MINUTE, SECOND, START, Scenario, Shop, Step, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Open each day in an hour that begins so long after the story does.
fn open_from(after: i64) -> HoursConfig {
    let from = u16::try_from((START + after).rem_euclid(DAY) / MINUTE).expect("a minute of a day");
    let opening = Opening { from, to: (from + 60) % (24 * 60) };
    HoursConfig {
        name: Name::new("office"),
        zone: "UTC".to_owned(),
        week: std::array::from_fn(|_| vec![opening]),
        ..HoursConfig::default()
    }
}

/// A shop with hours that begin so long after the story does; what comes by mail is an emergency.
pub(crate) fn keeps_hours(after: i64) -> Shop {
    shop().only_ann().second_queue("emergency", "mail").but(|config| {
        config.hours = vec![open_from(after)];
        config.queues[0].hours = Some(Name::new("office"));
    })
}

fn until(story: &mut Scenario, at: i64) {
    story.after(START + at - story.now().0);
}

fn key(story: &Scenario, work: WorkId) -> i64 {
    story.work(work).key.expect("it waits") - START
}

fn turned(step: &Step) -> Vec<bool> {
    let turns = step.changes().iter().filter_map(|change| match change {
        Change::HoursTurned(turned) => Some(turned.open),
        _ => None,
    });
    turns.collect()
}

#[test]
fn before_the_hours_a_work_waits_beside_an_agent_and_goes_to_it_when_they_begin() {
    let mut story = keeps_hours(2 * HOUR).opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.offered_to(work), None);
    until(&mut story, 2 * HOUR - SECOND);
    assert_eq!(story.work(work).state, WorkState::Queued);
    until(&mut story, 2 * HOUR + SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[test]
fn goals_stand_while_it_is_closed() {
    let opens = 2 * HOUR;
    let mut story = keeps_hours(2 * HOUR).opens();
    let early = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(key(&story, early), opens + 5 * MINUTE, "as if it came when the hours begin");
    until(&mut story, opens + 58 * MINUTE);
    let late = story.hears(sms(BERT, "hello")).opened().expect("a work");
    assert_eq!(key(&story, late), opens + DAY + 3 * MINUTE, "two minutes today, the rest tomorrow");
}

#[test]
fn when_the_hours_are_over_nothing_more_is_given_and_what_is_owned_goes_on() {
    let mut story = keeps_hours(0).opens();
    story.ready("ann").expect("ready");
    let owned = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let held = story.takes("ann");
    until(&mut story, HOUR + SECOND);
    let work = story.hears(sms(BERT, "hello")).opened().expect("a work");
    assert_eq!((story.work(owned).state, story.offered_to(work)), (WorkState::Assigned, None));
    story.closes("ann", held).expect("closed");
    assert_eq!(story.offered_to(work), None, "though ann has room");
    story.folds_to_the_same();
}

#[test]
fn a_queue_without_hours_is_served_while_the_others_are_closed() {
    let mut story = keeps_hours(2 * HOUR).opens();
    story.ready("ann").expect("ready");
    let waits = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let urgent = story.hears(mail("b@example.com", "1@x", "fire")).opened().expect("a work");
    assert_eq!((story.offered_to(waits), story.offered_to(urgent).as_deref()), (None, Some("ann")));
}

#[test]
fn other_hours_are_in_force_at_once() {
    let mut story = keeps_hours(2 * HOUR).opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let step = story.configure(keeps_hours(0).config());
    assert_eq!(turned(&step), [true]);
    story.after(SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.configure(keeps_hours(2 * HOUR).config()).expect("configured");
    story.folds_to_the_same();
}

#[test]
fn an_owner_is_recalled_by_hours_too() {
    let shop = keeps_hours(0).queue(|queue| queue.recall_after_ms = 1_800_000);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    until(&mut story, 50 * MINUTE);
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.takes("ann");
    until(&mut story, 3 * HOUR);
    assert_eq!(story.work(work).state, WorkState::Assigned, "ten of thirty minutes are gone");
    until(&mut story, DAY + 21 * MINUTE);
    assert_ne!(story.work(work).state, WorkState::Assigned);
}
