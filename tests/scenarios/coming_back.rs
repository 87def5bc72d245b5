//! What is closed, put aside or silent, and what brings it back or ends it.

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{Name, WorkId};
use skein::domain::record::Flags;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use crate::desk::{AUTO, customer, opens, queue, serves, staffed};
use crate::kit::{HOUR, MINUTE, Scenario};

rows! {
    chatwoot_136: "a closed matter is open again with the customer's next word" => closed_is_reopened();
    chatwoot_137: "what was put aside is awake with the customer's next word" => parked_is_awake();
    chatwoot_138: "a blocked customer's closed matter stays closed" => of_a_blocked_customer_it_stays_closed();
    chatwoot_139: "where a program answers it goes back to the program" => back_to_the_bot();
    chatwoot_145: "without a time for silence nothing is closed" =>
        assert_eq!(after_silence("", false), (WorkState::Assigned, String::new()));
    chatwoot_146: "a customer who does not answer for so long is let go" =>
        assert_eq!(after_silence(TEN_DAYS, false).0, WorkState::Closed);
    chatwoot_147: "one who waits for us is not" => assert_ne!(after_silence(TEN_DAYS, true).0, WorkState::Closed);
    chatwoot_149: "what was closed for silence is known by that" =>
        assert_eq!(after_silence(TEN_DAYS, false).1, "NO_ANSWER");
    chatwoot_151: "one whose customer is no more does not stop the others" => the_others_are_closed();
    chatwoot_152: "only what was put aside until now is awake" => only_what_is_due_wakes();
}

const DAY: i64 = 24 * HOUR;
const TEN_DAYS: &str = "[queue.idle]\nclose_after = \"10d\"";

fn anns(customers: u32, idle: &str) -> (Scenario, Vec<WorkId>) {
    let mut story = opens(&staffed(&format!("{AUTO}\n{idle}"), &[("ann", 9)]));
    story.ready("ann").expect("ready");
    let works = (1..=customers).map(|number| story.comes(number)).collect();
    (story, works)
}

fn closed_is_reopened() {
    let (mut story, works) = anns(1, "");
    story.ends(works[0]);
    story.after(HOUR);
    assert_eq!(story.work(works[0]).state, WorkState::Closed);
    let step = story.hears(customer(1));
    assert_eq!((step.message().work, story.work(works[0]).state), (Some(works[0]), WorkState::Assigned));
}

fn parks(story: &mut Scenario, work: WorkId, ms: i64, fact: &str) {
    let (work, assignment) = story.held(work);
    let (until, wake_on_fact) = (Timestamp(story.now().0 + ms), Name::new(fact));
    story.does("ann", Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact })).expect("parked");
}

fn parked_is_awake() {
    let (mut story, works) = anns(1, "");
    parks(&mut story, works[0], DAY, "");
    story.after(HOUR);
    assert_eq!(story.work(works[0]).state, WorkState::Parked);
    let step = story.hears(customer(1));
    assert_eq!((step.message().work, story.work(works[0]).state), (Some(works[0]), WorkState::Assigned));
}

fn of_a_blocked_customer_it_stays_closed() {
    let (mut story, works) = anns(1, "");
    story.ends(works[0]);
    let leaf = story.work(works[0]).leaf;
    let block = Verb::Block { leaf, reason: "abuse".to_owned(), until: None };
    story.asks("ann", Some(("r1", 1)), None, block).expect("blocked");
    let step = story.hears(customer(1));
    assert_eq!((step.message().work, step.message().flags.has(Flags::BLOCKED)), (None, true));
    assert_eq!((story.work(works[0]).state, story.open().len()), (WorkState::Closed, 0));
}

fn back_to_the_bot() {
    let robot = serves("robot", 9, &["help"]) + "kind = \"bot\"\n";
    let sections = queue("help", AUTO) + &queue("people", AUTO) + &robot + &serves("ann", 9, &["people"]);
    let mut story = opens(&sections);
    story.ready("ann").expect("ready");
    story.ready("robot").expect("ready");
    let work = story.comes(1);
    story.ends(work);
    story.after(HOUR);
    assert_eq!(story.hears(customer(1)).message().work, Some(work));
    assert_eq!(story.owner(work).as_deref(), Some("robot"));
    assert!(story.agent("ann").works.is_empty() && story.agent("ann").offers.is_empty());
}

/// State and disposition of a matter in which nobody has written for thirteen days: the last word was ours, or the customer's.
fn after_silence(idle: &str, waits: bool) -> (WorkState, String) {
    let (mut story, works) = anns(1, idle);
    let held = story.held(works[0]);
    story.answers("ann", held, "an answer").expect("an answer");
    if waits {
        story.after(HOUR);
        story.hears(customer(1)).expect("a message");
    }
    story.after(9 * DAY);
    assert_ne!(story.work(works[0]).state, WorkState::Closed, "it is not time yet");
    story.after(4 * DAY);
    let work = story.work(works[0]);
    (work.state, work.disposition.to_string())
}

fn the_others_are_closed() {
    let (mut story, works) = anns(3, TEN_DAYS);
    for work in &works {
        let held = story.held(*work);
        story.answers("ann", held, "an answer").expect("an answer");
    }
    let customer = story.work(works[1]).conversation;
    story.does("ann", Verb::Erase { customer }).expect("erased");
    story.after(13 * DAY);
    for work in [works[0], works[2]] {
        assert_eq!((story.work(work).state, story.work(work).disposition.as_str()), (WorkState::Closed, "NO_ANSWER"));
    }
    assert!(story.space().work(works[1]).is_none_or(|work| work.disposition != "NO_ANSWER"), "that one is passed by");
    assert!(story.open().is_empty());
}

fn only_what_is_due_wakes() {
    let (mut story, works) = anns(3, "");
    parks(&mut story, works[0], 5 * MINUTE, "");
    parks(&mut story, works[1], DAY, "");
    // Without an end of its own: for as long as there may be, or until something is known.
    parks(&mut story, works[2], 366 * DAY, "contract");
    story.after(10 * MINUTE);
    let states: Vec<WorkState> = works.iter().map(|work| story.work(*work).state).collect();
    assert_eq!(states, [WorkState::Assigned, WorkState::Parked, WorkState::Parked]);
}
