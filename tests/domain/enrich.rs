//! New Work waits a moment for what is known of its customer before anybody gets it (domain rules, section 7).

use rstest::rstest;
use skein::domain::command::Verb;
use skein::domain::id::{Name, RootId, WorkId};
use skein::domain::record::Change;
use skein::domain::rules::{Rule, When};
use skein::domain::view::WorkState;

use crate::facts::told;
use crate::kit::{HOUR, Scenario, Shop, Step, shop, whatsapp};

const ANNA: &str = "+4915112345678";

/// A shop whose new Work waits 1.5 s for facts, with a queue for customers who pay most.
fn asks_first() -> Shop {
    shop().only_ann().second_queue("best", "none").but(|config| {
        config.queues[0].enrich_wait_ms = Some(1_500);
        let facts = vec![(Name::new("tier"), vec!["gold".to_owned()])];
        let when = When { facts, ..When::default() };
        config.rules = vec![Rule { name: Name::new("best"), when, queue: Some(Name::new("best")), ..Rule::default() }];
    })
}

fn begins(shop: Shop) -> (Scenario, WorkId) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    (story, work)
}

fn tells(story: &mut Scenario, value: &str) -> Step {
    story.does("ann", Verb::SetFacts { customer: RootId(0), leaf: None, facts: vec![told("tier", value)] })
}

#[test]
fn nobody_gets_it_before_the_moment_is_over() {
    let (mut story, work) = begins(asks_first());
    assert_eq!((story.work(work).state, story.offered_to(work)), (WorkState::Queued, None));
    story.after(1_499);
    assert_eq!(story.offered_to(work), None);
    story.after(1);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[rstest]
#[case::by_which_it_goes_elsewhere("gold", "best")]
#[case::by_which_it_stays("none", "help")]
fn with_the_fact_rules_are_asked_and_it_goes_on_at_once(#[case] value: &str, #[case] queue: &str) {
    let (mut story, work) = begins(asks_first());
    story.after(200);
    let step = tells(&mut story, value);
    assert_eq!(story.work(work).queue, queue);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    let ended = |change: &Change| matches!(change, Change::EnrichmentSet(set) if set.until.is_none());
    assert_eq!(step.changes().iter().filter(|change| ended(change)).count(), 1);
    assert_eq!(story.after(1_400).len(), 0, "no deadline is left");
    story.folds_to_the_same();
}

#[test]
fn an_endpoint_may_say_otherwise_than_its_queue() {
    let (story, work) = begins(asks_first().but(|config| config.endpoints[0].enrich_wait_ms = Some(0)));
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn what_comes_back_does_not_wait_again_and_somebody_may_take_it_meanwhile() {
    let (mut story, work) = begins(asks_first());
    story.does("ann", Verb::Pass(skein::domain::command::Pass::Claim { work })).expect("claimed");
    let assignment = story.work(work).assignment.expect("ann's");
    assert_eq!(story.after(2_000).len(), 0, "no deadline is left");
    story.answers("ann", (work, assignment), "an answer").expect("an answer");
    story.closes("ann", (work, assignment)).expect("closed");
    story.after(HOUR);
    story.hears(whatsapp(ANNA, "again")).expect("reopened");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[test]
fn whoever_logs_in_meanwhile_gets_it_when_the_moment_is_over() {
    let mut story = asks_first().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work), None);
    story.after(1_500);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn where_its_queue_goes_meanwhile_it_goes_on_elsewhere() {
    let (mut story, work) = begins(asks_first());
    let mut config = asks_first().config();
    config.queues.remove(0);
    config.endpoints.iter_mut().for_each(|endpoint| endpoint.queue = Name::new("best"));
    config.agents.iter_mut().for_each(|agent| agent.profile.queues = vec![Name::new("best")]);
    story.configure(config).expect("another configuration");
    story.after(2_000);
    assert_eq!((story.work(work).queue.as_str(), story.offered_to(work).as_deref()), ("best", Some("ann")));
    story.folds_to_the_same();
}

#[test]
fn what_is_known_by_a_merge_meanwhile_is_asked_of_the_rules() {
    let (mut story, _) = begins(asks_first());
    tells(&mut story, "gold").expect("a fact");
    let work = story.hears(crate::kit::sms("+4915100000777", "hello")).opened().expect("a work");
    assert_eq!(story.work(work).queue, "help");
    story.does("ann", Verb::MergeCustomers { customer: RootId(0), other: RootId(1) }).expect("one person");
    assert_eq!(story.work(work).queue, "best");
    story.after(2_000);
    assert_eq!(story.work(work).queue, "best");
    story.folds_to_the_same();
}

#[test]
fn a_priority_that_is_given_meanwhile_counts() {
    let (mut story, work) = begins(asks_first());
    let before = story.work(work).key.expect("it stands in its queue");
    crate::noted::gives(&mut story, "ann", work, 60_000, "a complaint").expect("sooner");
    assert_eq!(story.work(work).key, Some(before - 60_000));
    story.folds_to_the_same();
}
