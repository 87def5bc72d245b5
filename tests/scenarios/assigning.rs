//! Waiting matters are given to whoever is there: at once, each to one, and nothing else is touched.

use skein::domain::id::WorkId;
use skein::domain::output::Output;
use skein::domain::record::{Change, Presence};
use skein::domain::view::WorkState;

use crate::desk::{AUTO, MANUAL, customer, opens, queue, serves, staffed};
use crate::kit::{HOUR, Scenario, Step};

rows! {
    chatwoot_112: "what waits is assigned to who is there" => what_waits_is_assigned();
    chatwoot_113: "with nobody there it stays nobody's" => with_nobody_there_it_waits();
    chatwoot_115: "what is closed is not given out with what waits" => closed_is_not_given_again();
    chatwoot_116: "what has an owner keeps it" => an_owner_stays();
    chatwoot_117: "whoever is given a matter is told, with the matter" => the_owner_is_told();
    chatwoot_118: "without automatic assignment what waits gets no owner by itself" =>
        nobody_owns_what_nobody_accepted(false);
    chatwoot_123: "one agent is given as many at once as it has room for" => all_that_there_is_room_for();
    chatwoot_129: "a new matter is assigned in the same moment" => new_is_assigned_at_once();
    chatwoot_130: "without automatic assignment a new matter has no owner" => nobody_owns_what_nobody_accepted(true);
    chatwoot_131: "what a program has is no person's" => a_bots_matter_is_no_persons();
    chatwoot_132: "a matter comes back for a colleague when its owner has left the queue" =>
        who_left_the_queue_gets_nothing_back();
    comms_router_027: "who is given a matter is busy, and the queue empty" => the_agent_is_busy();
    comms_router_028: "who has closed its matter is free" => the_agent_is_free_again();
    comms_router_029: "who logs in is given what waits, and told which" => who_logs_in_is_told();
    comms_router_040: "two agents with room are given one each" => one_each();
}

fn what_waits_is_assigned() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let work = story.comes(1);
    assert_eq!(story.owner(work), None);
    story.ready("ann").expect("ready");
    assert_eq!(story.owner(work).as_deref(), Some("ann"));
}

fn with_nobody_there_it_waits() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1), ("bob", 1)]));
    story.logs_in("ann").expect("there, and away");
    let work = story.comes(1);
    story.after(HOUR);
    assert_eq!((story.work(work).state, story.owner(work)), (WorkState::Queued, None));
}

fn closed_is_not_given_again() {
    let mut story = opens(&staffed(AUTO, &[("ann", 2)]));
    story.ready("ann").expect("ready");
    let closed = story.comes(1);
    story.ends(closed);
    story.presence("ann", Presence::Away).expect("away");
    let open = story.comes(2);
    story.presence("ann", Presence::Ready).expect("ready");
    assert_eq!((story.work(closed).state, story.owner(closed)), (WorkState::Closed, None));
    assert_eq!(story.owner(open).as_deref(), Some("ann"));
}

fn an_owner_stays() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1), ("bob", 5)]));
    story.ready("ann").expect("ready");
    let first = story.comes(1);
    let before = story.held(first);
    let others = [story.comes(2), story.comes(3)];
    assert_eq!(story.room("help").waiting, 2);
    story.ready("bob").expect("ready");
    assert_eq!((story.owner(first).as_deref(), story.held(first)), (Some("ann"), before));
    assert_eq!(others.map(|work| story.owner(work)), [Some("bob".to_owned()), Some("bob".to_owned())]);
}

/// The step told the agent of the assignment of that very matter.
fn tells(story: &Scenario, step: &Step, agent: &str, work: WorkId) -> bool {
    let id = story.id(agent);
    step.outputs().into_iter().any(|output| match output {
        Output::Agent { agent, place } if agent == id => matches!(
            &step.changes()[usize::from(place)],
            Change::Assigned(assigned) if assigned.work == work && assigned.agent == id
        ),
        _ => false,
    })
}

fn the_owner_is_told() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let step = story.hears(customer(1));
    let work = step.opened().expect("a work");
    assert!(tells(&story, &step, "ann", work));
}

fn who_logs_in_is_told() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let work = story.comes(1);
    assert_eq!(story.room("help").waiting, 1);
    let step = story.ready("ann");
    assert_eq!(story.owner(work).as_deref(), Some("ann"));
    assert!(tells(&story, &step, "ann", work));
}

fn nobody_owns_what_nobody_accepted(ready_first: bool) {
    let mut story = opens(&staffed(MANUAL, &[("ann", 1)]));
    if ready_first {
        story.ready("ann").expect("ready");
    }
    let work = story.comes(1);
    if !ready_first {
        story.ready("ann").expect("ready");
    }
    assert_eq!(story.owner(work), None);
    assert!(story.agent("ann").works.is_empty());
    story.after(HOUR);
    assert_eq!(story.owner(work), None, "nor later, by itself");
}

fn all_that_there_is_room_for() {
    let mut story = opens(&staffed(AUTO, &[("ann", 5)]));
    let works: Vec<WorkId> = (1..=5).map(|number| story.comes(number)).collect();
    story.ready("ann").expect("ready");
    assert!(works.iter().all(|work| story.owner(*work).as_deref() == Some("ann")));
    assert_eq!(story.room("help").waiting, 0);
}

fn new_is_assigned_at_once() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let step = story.hears(customer(1));
    let work = step.opened().expect("a work");
    assert!(step.changes().iter().any(|change| matches!(change, Change::Assigned(to) if to.work == work)));
    assert_eq!(story.owner(work).as_deref(), Some("ann"));
}

fn a_bots_matter_is_no_persons() {
    let bot = "kind = \"bot\"\n";
    let sections = queue("help", AUTO) + &queue("people", AUTO) + &serves("robot", 9, &["help"]) + bot;
    let mut story = opens(&(sections + &serves("ann", 9, &["people"])));
    story.ready("robot").expect("ready");
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    assert_eq!(story.owner(work).as_deref(), Some("robot"));
    assert!(story.agent("ann").works.is_empty() && story.agent("ann").offers.is_empty());
}

fn who_left_the_queue_gets_nothing_back() {
    let with = |anns: &str| queue("help", AUTO) + &queue("other", AUTO) + &serves("ann", 2, &[anns]);
    let with = |anns: &str| with(anns) + &serves("bob", 2, &["help"]);
    let mut story = opens(&with("help"));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    story.ends(work);
    story.reloads(&with("other")).expect("configured");
    story.ready("bob").expect("ready");
    story.after(HOUR);
    assert_eq!(story.hears(customer(1)).message().work, Some(work), "it is reopened");
    assert_eq!(story.owner(work).as_deref(), Some("bob"));
}

fn the_agent_is_busy() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    assert_eq!((story.room("help").agents.free, story.room("help").agents.busy), (1, 0));
    let work = story.comes(1);
    let room = story.room("help");
    assert_eq!((room.agents.free, room.agents.busy, room.waiting, room.offered), (0, 1, 0, 0));
    assert_eq!(story.work(work).state, WorkState::Assigned);
}

fn the_agent_is_free_again() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    story.ends(work);
    let (room, ann) = (story.room("help").agents, story.agent("ann"));
    assert_eq!((room.free, room.busy, ann.presence, ann.load), (1, 0, Presence::Ready, 0));
    let next = story.comes(2);
    assert_eq!(story.owner(next).as_deref(), Some("ann"));
}

fn one_each() {
    let mut story = opens(&staffed(AUTO, &[("ann", 2), ("bob", 2)]));
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let works = [story.comes(1), story.comes(2)];
    let mut owners = works.map(|work| story.owner(work));
    owners.sort();
    assert_eq!(owners, [Some("ann".to_owned()), Some("bob".to_owned())]);
}
