//! Who of several is given a matter, and who is not asked at all.

use skein::domain::command::Verb;
use skein::domain::id::Name;
use skein::domain::record::Presence;
use skein::domain::view::{AgentCounts, WorkState};

use crate::desk::{AUTO, MANUAL, ann_before_bob, opens, queue, serves, skill, skilled, staffed};
use crate::kit::{HOUR, MINUTE, SECOND, Scenario, chat};

rows! {
    chatwoot_121: "who has as much as it may is passed by for a colleague" => who_is_full_is_passed_by();
    chatwoot_125: "with nobody eligible nobody is chosen" => nobody_eligible();
    chatwoot_126: "in turn, among those who are eligible" => in_turn_among_the_eligible();
    chatwoot_127: "the turn is that of the members there are" => in_turn_among_the_members();
    chatwoot_128: "only who takes work is chosen, in turn" => only_who_is_ready();
    comms_router_025: "an agent that never logged in is not there" => never_logged_in();
    comms_router_038: "who was ready first, then who has been idle for longer" => longest_idle();
    comms_router_039: "who was done first is the next" => done_first();
    asterisk_212: "with all away nobody is asked, and the customer does not stay in the queue for ever" =>
        times_out(&[], &[]);
    asterisk_213: "only who is not away is asked" => times_out(&["ann"], &["ann"]);
    asterisk_214: "with all asked and no answer the customer does not stay for ever" =>
        times_out(&["ann", "bob"], &["ann", "bob"]);
    asterisk_215: "who is not good enough is never asked" => not_good_enough();
    asterisk_219: "who is busy is not asked, who does not answer is away" => busy_and_unanswering();
    asterisk_221: "the reason why somebody is away is shown" => the_reason_is_shown();
}

/// Five people of one queue, who take their turns.
const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

fn in_turn(people: &[&str]) -> String {
    let people: Vec<(&str, u32)> = people.iter().map(|name| (*name, 9)).collect();
    staffed(&format!("{AUTO}\nselection = \"round_robin\""), &people)
}

/// A new customer comes; who is given the matter.
fn given(story: &mut Scenario, number: u32) -> Option<String> {
    story.after(SECOND);
    let work = story.comes(number);
    story.owner(work)
}

fn who_is_full_is_passed_by() {
    let mut story = opens(&ann_before_bob(2));
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    assert_eq!([given(&mut story, 1), given(&mut story, 2)], [Some("ann".to_owned()), Some("ann".to_owned())]);
    assert_eq!(given(&mut story, 3).as_deref(), Some("bob"));
    assert_eq!(story.agent("ann").load, 2);
}

fn nobody_eligible() {
    let people: Vec<(&str, u32)> = FIVE.iter().map(|name| (*name, 9)).collect();
    let says = format!("{AUTO}\nselection = \"round_robin\"\nrequires = {{ latin = 1 }}");
    let mut story = opens(&(skill("latin") + &staffed(&says, &people)));
    FIVE.iter().for_each(|name| story.ready(name).expect("ready"));
    let work = story.comes(1);
    story.after(HOUR);
    assert_eq!((story.owner(work), story.work(work).state), (None, WorkState::Queued));
}

fn in_turn_among_the_eligible() {
    let mut story = opens(&in_turn(&FIVE));
    for (name, number) in FIVE.iter().rev().zip(1..) {
        story.ready(name).expect("ready");
        assert_eq!(given(&mut story, number).as_deref(), Some(*name));
        story.presence(name, Presence::Away).expect("away");
    }
    story.presence("c", Presence::Ready).expect("ready");
    story.presence("d", Presence::Ready).expect("ready");
    let next = [6, 7, 8, 9].map(|number| given(&mut story, number).expect("somebody"));
    assert_eq!(next, ["d", "c", "d", "c"], "d had its last one before c");
}

fn in_turn_among_the_members() {
    let mut story = opens(&in_turn(&["a", "b"]));
    story.ready("a").expect("ready");
    story.ready("b").expect("ready");
    let mut both = [1, 2].map(|number| given(&mut story, number).expect("somebody"));
    both.sort();
    assert_eq!(both, ["a", "b"]);
    let members = queue("help", &format!("{AUTO}\nselection = \"round_robin\"")) + &queue("other", AUTO);
    let members = members + &serves("a", 9, &["other"]) + &serves("b", 9, &["help"]) + &serves("c", 9, &["help"]);
    story.reloads(&members).expect("configured");
    story.ready("c").expect("ready");
    let next = [3, 4, 5, 6].map(|number| given(&mut story, number).expect("somebody"));
    assert_eq!(next, ["c", "b", "c", "b"], "a is no member any more, c had nothing yet");
    story.folds_to_the_same();
}

fn only_who_is_ready() {
    let mut story = opens(&in_turn(&FIVE));
    for name in FIVE {
        story.ready(name).expect("ready");
    }
    for name in ["a", "c", "e"] {
        story.presence(name, Presence::Away).expect("away");
    }
    let next = [1, 2, 3, 4].map(|number| given(&mut story, number).expect("somebody"));
    assert_eq!(next[..2], next[2..]);
    let mut two = next[..2].to_vec();
    two.sort();
    assert_eq!(two, ["b", "d"]);
}

fn never_logged_in() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let work = story.comes(1);
    assert_eq!(story.room("help").agents, AgentCounts::default());
    assert!(story.space().agent("ann").is_none_or(|ann| ann.presence == Presence::Offline));
    assert_eq!(story.owner(work), None);
}

fn idle() -> String {
    staffed(&format!("{AUTO}\nselection = \"longest_idle\""), &[("ann", 1), ("bob", 1)])
}

fn longest_idle() {
    for (first, second) in [("ann", "bob"), ("bob", "ann")] {
        let mut story = opens(&idle());
        story.ready(first).expect("ready");
        story.after(SECOND);
        story.ready(second).expect("ready");
        story.after(SECOND);
        let work = story.comes(1);
        assert_eq!(story.owner(work).as_deref(), Some(first));
        story.after(SECOND);
        story.ends(work);
        assert_eq!(given(&mut story, 2).as_deref(), Some(second));
    }
}

fn done_first() {
    for (first, second) in [("ann", "bob"), ("bob", "ann")] {
        let mut story = opens(&idle());
        story.ready("ann").expect("ready");
        story.ready("bob").expect("ready");
        let works = [story.comes(1), story.comes(2)];
        for name in [first, second] {
            story.after(MINUTE);
            let work = works.into_iter().find(|work| story.owner(*work).as_deref() == Some(name));
            story.ends(work.expect("each has one"));
        }
        assert_eq!(given(&mut story, 3).as_deref(), Some(first));
    }
}

/// What is offered, and goes elsewhere after five minutes of waiting.
fn impatient() -> String {
    format!("{MANUAL}\noffer_timeout = \"30s\"\n[[queue.overflow]]\nwhen = {{ wait = \"5m\" }}\nmove = \"gone\"")
}

fn times_out(ready: &[&str], asked: &[&str]) {
    let mut story = opens(&(staffed(&impatient(), &[("ann", 1), ("bob", 1)]) + &queue("gone", AUTO)));
    for name in ["ann", "bob"] {
        story.logs_in(name).expect("there");
    }
    for name in ready {
        story.presence(name, Presence::Ready).expect("ready");
    }
    let work = story.comes(1);
    story.after(4 * MINUTE);
    assert_eq!(story.work(work).queue, "help", "it is not over yet");
    story.after(10 * MINUTE);
    assert_eq!((story.work(work).queue.as_str(), story.owner(work)), ("gone", None));
    let mut were = story.asked(work);
    were.sort();
    were.dedup();
    assert_eq!(were, asked);
}

fn not_good_enough() {
    let says = impatient().replacen("[[queue", "requires = { patience = 5 }\n[[queue", 1);
    let with = |level| {
        skill("patience") + &queue("help", &says) + &queue("gone", AUTO) + &skilled("ann", 1, ("patience", level))
    };
    for (level, good) in [(4, false), (5, true)] {
        let mut story = opens(&with(level));
        story.ready("ann").expect("ready");
        let work = story.comes(1);
        assert_eq!(story.offered_to(work).is_some(), good);
        story.after(15 * MINUTE);
        assert_eq!((story.asked(work).is_empty(), story.work(work).queue.as_str()), (!good, "gone"));
    }
}

fn busy_and_unanswering() {
    let mut story = opens(&staffed(&format!("{MANUAL}\noffer_timeout = \"30s\""), &[("ann", 1), ("bob", 1)]));
    story.ready("ann").expect("ready");
    story.comes(1);
    story.takes("ann");
    story.ready("bob").expect("ready");
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"), "ann is busy");
    story.after(MINUTE);
    let (ann, bob) = (story.agent("ann"), story.agent("bob"));
    assert_eq!((ann.presence, bob.presence, bob.reason.as_str()), (Presence::Ready, Presence::Away, "NO_ANSWER"));
    let next = story.hears(chat("another", "hello")).opened().expect("a work");
    story.after(HOUR);
    assert_eq!((story.asked(work), story.asked(next)), (vec!["bob".to_owned()], Vec::new()));
}

fn the_reason_is_shown() {
    let reason = "[[presence_reason]]\nname = \"lunch\"\nlabel = \"Lunch\"\n";
    let mut story = opens(&(staffed(AUTO, &[("ann", 1)]) + reason));
    story.ready("ann").expect("ready");
    let (presence, reason) = (Presence::Away, Name::new("lunch"));
    story.does("ann", Verb::SetPresence { presence, reason, channels: Vec::new() }).expect("away");
    assert_eq!(story.room("help").agents.away, 1);
    let standing = story.space().standings(None, true, 9).pop().expect("ann");
    assert_eq!((standing.presence, standing.reason.as_str()), (Presence::Away, "lunch"));
}
