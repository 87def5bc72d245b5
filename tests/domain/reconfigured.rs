//! Another configuration comes into force while Work waits: nothing is stranded, nobody is offered what is not theirs any more, and
//! what follows is done in records of bounded size, however much there is.

use skein::domain::command::{Command, Verb};
use skein::domain::id::Name;
use skein::domain::record::{Change, OfferOutcome};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{SPACE, Shop, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

/// The queue of the shop has another name.
fn renamed(name: &str) -> Shop {
    shop().but(|config| {
        config.queues[0].name = Name::new(name);
        config.endpoints.iter_mut().for_each(|endpoint| endpoint.queue = Name::new(name));
        config.agents.iter_mut().for_each(|agent| agent.profile.queues = vec![Name::new(name)]);
    })
}

#[test]
fn the_record_of_a_configuration_holds_nothing_else_and_the_same_again_is_no_record() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let step = story.configure(renamed("desk").0);
    assert!(matches!(step.changes(), [Change::ConfigApplied { .. }]), "{:?}", step.changes());
    let records = story.log_len();
    let again = story.configure(renamed("desk").0);
    assert_eq!((again.0, story.log_len()), (Ok(None), records));
}

#[test]
fn thousands_that_wait_in_a_queue_that_is_gone_are_moved_in_records_of_bounded_size() {
    let mut story = shop().opens();
    let works: Vec<_> = (0..700)
        .map(|n| story.hears(whatsapp(&format!("+4915100{n:05}"), "hello")).opened().expect("a Work"))
        .collect();
    let before = story.log_len();
    story.configure(renamed("desk").0).expect("configured");
    for work in &works {
        let view = story.work(*work);
        assert_eq!((view.state, view.queue.as_str()), (WorkState::Queued, "desk"));
    }
    assert!(story.log_len() - before <= 6, "few records");
    story.folds_to_the_same();
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(works[0]).as_deref(), Some("ann"), "the first still is the first");
}

#[test]
fn a_fold_in_the_middle_of_the_move_goes_on_where_it_was() {
    let mut story = shop().opens();
    for n in 0..700 {
        story.hears(whatsapp(&format!("+4915100{n:05}"), "hello")).expect("a message");
    }
    let config = Box::new(renamed("desk").0);
    story.when(Command::ApplyConfig { workspace: Name::new(SPACE), config }).expect("configured");
    let (_, timer) = story.state.due(story.now()).expect("there is more to do");
    story.fire(timer).expect("a part of it");
    let moved = |story: &crate::kit::Scenario| story.open().iter().filter(|work| work.queue == "desk").count();
    assert!((1..700).contains(&moved(&story)), "{}", moved(&story));
    story.folds_to_the_same();
    story.after(0);
    assert_eq!(moved(&story), 700);
    story.folds_to_the_same();
}

#[test]
fn a_second_configuration_in_the_middle_of_the_move_begins_it_anew() {
    let mut story = shop().opens();
    for n in 0..700 {
        story.hears(whatsapp(&format!("+4915100{n:05}"), "hello")).expect("a message");
    }
    let config = Box::new(renamed("desk").0);
    story.when(Command::ApplyConfig { workspace: Name::new(SPACE), config }).expect("configured");
    let (_, timer) = story.state.due(story.now()).expect("there is more to do");
    story.fire(timer).expect("a part of it");
    story.configure(renamed("table").0).expect("configured");
    assert!(story.open().iter().all(|work| work.queue == "table"));
    story.folds_to_the_same();
}

#[test]
fn what_waits_by_an_endpoint_that_is_gone_with_its_queue_goes_to_its_nearest_relation() {
    let mut story = shop().second_queue("texts", "sms").opens();
    let work = story.hears(sms(ANNA, "hello")).opened().expect("a Work");
    assert_eq!(story.work(work).queue, "texts");
    story
        .configure(shop().but(|config| config.endpoints.retain(|endpoint| endpoint.name != "sms")).0)
        .expect("configured");
    assert_eq!(story.work(work).queue, "help");
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn an_offer_of_a_queue_that_the_agent_serves_no_longer_is_taken_back_and_goes_on() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 1).opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a Work");
    let offer = story.offer("ann").expect("an offer");
    let other = shop().second_queue("texts", "sms").agent("ann", |ann| {
        ann.capacity = 1;
        ann.queues = vec![Name::new("texts")];
    });
    let text = story.hears(sms(BERT, "hello")).opened().expect("a Work");
    story.configure(other.0).expect("configured");
    assert_eq!(story.offered_to(work), None);
    assert!(matches!(story.accepts("ann", offer).refused(), Rejection::OfferOver));
    assert_eq!(story.work(text).state, WorkState::Queued, "it waits in the queue that it was put into");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    let next = story.hears(sms("+4915199999999", "hello")).opened().expect("a Work");
    assert_eq!(story.offered_to(next).as_deref(), Some("ann"), "there is room for what she serves now");
}

#[test]
fn offers_beyond_a_smaller_capacity_are_taken_back_and_the_owner_keeps_what_it_has() {
    let mut story = shop().only_ann().agent("ann", |ann| ann.capacity = 3).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let (owned, _) = story.takes("ann");
    for n in 0..2 {
        story.hears(whatsapp(&format!("+49151000000{n}"), "hello")).expect("a message");
    }
    assert_eq!(story.agent("ann").offers.len(), 2);
    let from = story.log_len();
    story.configure(shop().only_ann().agent("ann", |ann| ann.capacity = 2).0).expect("configured");
    assert_eq!((story.agent("ann").offers.len(), story.agent("ann").load), (1, 2));
    assert_eq!(story.work(owned).state, WorkState::Assigned);
    let revoked = |change: &Change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Revoked, .. });
    assert_eq!(story.records(from).flat_map(|record| &record.changes).filter(|change| revoked(change)).count(), 1);
}

#[test]
fn what_an_agent_gets_a_queue_for_is_offered_at_once() {
    let only_texts = |shop: Shop| shop.only_ann().agent("ann", |ann| ann.queues = vec![Name::new("texts")]);
    let mut story = only_texts(shop().second_queue("texts", "sms")).opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a Work");
    assert_eq!(story.offered_to(work), None);
    story.configure(shop().second_queue("texts", "sms").only_ann().0).expect("configured");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn an_agent_that_is_gone_from_the_configuration_keeps_its_work_gets_no_more_and_comes_in_no_more() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.configure(shop().but(|config| config.agents.retain(|agent| agent.name != "ann")).0).expect("configured");
    let next = story.hears(whatsapp(BERT, "hello")).opened().expect("a Work");
    assert_eq!(story.offered_to(next), None);
    story.answers("ann", held, "on its way").expect("its own Work");
    story.closes("ann", held).expect("closed");
    let opens = Verb::OpenSession { resume: None, takeover: true };
    assert_eq!(story.does("ann", opens).refused(), Rejection::UnknownAgent);
}
