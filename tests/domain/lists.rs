//! Dispositions and presence reasons (domain rules, section 8): words that agents choose from, where there is a list.

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{Change, Presence};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::{DispositionConfig, PresenceReasonConfig};

use crate::kit::{MINUTE, Scenario, Shop, Step, shop, whatsapp};

const ANNA: &str = "+4915112345678";

fn disposition(name: &str, queues: &[&str], required: bool) -> DispositionConfig {
    let queues = queues.iter().map(Name::new).collect();
    DispositionConfig { name: Name::new(name), queues, required, ..DispositionConfig::default() }
}

fn with(list: Vec<DispositionConfig>) -> Shop {
    shop().but(|config| config.dispositions = list)
}

fn anns(shop: Shop) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

fn closes(story: &mut Scenario, (work, assignment): (WorkId, AssignmentId), disposition: &str) -> Step {
    story.does("ann", Verb::Close { work, assignment, disposition: Name::new(disposition) })
}

#[test]
fn a_work_ends_as_the_list_says_and_a_mistyped_word_is_told_the_nearest() {
    let (mut story, held) =
        anns(with(vec![disposition("solved", &[], false), disposition("resold", &["sales"], false)]));
    let refused = closes(&mut story, held, "sovled").refused();
    let near = Some(Name::new("solved"));
    assert_eq!(refused, Rejection::UnknownDisposition { named: Name::new("sovled"), near });
    let other = closes(&mut story, held, "resold").refused();
    assert!(matches!(other, Rejection::UnknownDisposition { .. }), "that is of another queue: {other:?}");
    assert_eq!(story.work(held.0).state, WorkState::Assigned, "nothing is lost");
    closes(&mut story, held, "solved").expect("an end");
}

#[test]
fn none_is_wanted_unless_one_is_required() {
    let (mut story, held) = anns(with(vec![disposition("solved", &[], false)]));
    closes(&mut story, held, "").expect("an end");
    let (mut story, held) = anns(with(vec![disposition("solved", &[], true)]));
    assert_eq!(closes(&mut story, held, "").refused(), Rejection::DispositionWanted);
    let (mut story, held) = anns(with(vec![disposition("solved", &["sales"], true)]));
    closes(&mut story, held, "whatever").expect("this queue has no list");
}

#[test]
fn in_wrap_up_it_is_said_at_the_end_and_nobody_is_held_up_by_who_does_not() {
    let list = vec![disposition("solved", &[], true)];
    let (mut story, held) = anns(with(list.clone()).queue(|queue| queue.wrapup_max_ms = 60_000));
    closes(&mut story, held, "").expect("into wrap-up");
    assert_eq!(closes(&mut story, held, "").refused(), Rejection::DispositionWanted);
    closes(&mut story, held, "solved").expect("an end");
    let (mut story, held) = anns(with(list).queue(|queue| queue.wrapup_max_ms = 60_000));
    closes(&mut story, held, "").expect("into wrap-up");
    story.after(2 * MINUTE);
    assert_eq!((story.work(held.0).state, story.work(held.0).disposition.as_str()), (WorkState::Closed, ""));
}

#[test]
fn an_agent_is_away_for_a_reason_of_the_list() {
    let reasons =
        ["lunch", "training"].map(|name| PresenceReasonConfig { name: Name::new(name), ..Default::default() });
    let mut story = shop().but(|config| config.presence_reasons = reasons.to_vec()).opens();
    story.logs_in("ann").expect("a session");
    let mut away = |reason: &str| {
        let (presence, reason) = (Presence::Away, Name::new(reason));
        story.does("ann", Verb::SetPresence { presence, reason, channels: Vec::new() })
    };
    let near = Some(Name::new("lunch"));
    assert_eq!(away("lnuch").refused(), Rejection::UnknownPresenceReason { named: Name::new("lnuch"), near });
    away("LOGGED_IN").expect("what it is already");
    away("lunch").expect("away");
    away("").expect("away, and no more said");
    assert!(matches!(away("LOGGED_IN").refused(), Rejection::UnknownPresenceReason { .. }), "skein's own word");
}

#[test]
fn what_is_passed_on_ends_and_is_counted_as_the_queue_says_that_it_stays_in() {
    let list = vec![disposition("solved", &["help"], false), disposition("resold", &["sales"], false)];
    let shop = with(list).second_queue("sales", "none").agent("bob", |bob| bob.queues = vec![Name::new("sales")]);
    let (mut story, held) = anns(shop);
    let (to, queue, note) = (Name::default(), Name::new("sales"), String::new());
    let pass = Pass::Transfer { work: held.0, assignment: held.1, to, queue, cold: false, force: false, note };
    story.does("ann", Verb::Pass(pass)).expect("passed on");
    assert_eq!(story.work(held.0).queue, "sales", "it stands there");
    let answered = story.answers("ann", held, "meanwhile I can say");
    let counted = answered.changes().iter().find_map(|change| match change {
        Change::AnswerCounted(counted) => Some(counted.queue.clone()),
        _ => None,
    });
    assert_eq!(counted.as_deref(), Some("help"), "who waited for the answer waited there");
    let refused = closes(&mut story, held, "resold").refused();
    assert!(matches!(refused, Rejection::UnknownDisposition { .. }), "{refused:?}");
    closes(&mut story, held, "solved").expect("an end");
    story.folds_to_the_same();
}
