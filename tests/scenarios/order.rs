//! In which order what waits is given out: first come, first served, but for what counts more; and a queue that takes no more than so many.

use skein::domain::command::{Mark, Verb};
use skein::domain::id::WorkId;
use skein::domain::record::Presence;
use skein::domain::view::{EstimateOf, WorkState};

use crate::desk::{AUTO, customer, opens, phone, queue, serves, staffed};
use crate::kit::{HOUR, MINUTE, SECOND, Scenario, sms};

rows! {
    chatwoot_119: "who has waited longest for an answer is first, whoever wrote first of all" =>
        the_longest_wait_is_first();
    chatwoot_120: "the older matter is first" => the_older_is_first();
    comms_router_030: "the second follows when the first is done" => one_after_the_other();
    comms_router_031: "who waited before there was any agent is first" => before_there_was_an_agent();
    comms_router_032: "what counts most is first, the rest in its order" => by_what_counts_more(["help"; 3]);
    comms_router_033: "the same over several queues of one agent" => by_what_counts_more(["help", "second", "third"]);
    asterisk_200: "alone in the queue it is the first" => joins(1, 1, &[1]);
    asterisk_201: "of equals who comes later is behind" => joins(2, 2, &[1, 2]);
    asterisk_202: "what counts more is before what counts nothing" => joins(3, 1, &[3, 1, 2]);
    asterisk_203: "of two that count the same who comes later is behind" => joins(4, 2, &[3, 4, 1, 2]);
    asterisk_204: "what counts most is before all" => joins(5, 1, &[5, 3, 4, 1, 2]);
    asterisk_205: "an agent puts one before another of the same worth" => joins(6, 5, &[5, 3, 4, 1, 6, 2]);
    asterisk_206: "whom nobody puts ahead is the last" => joins(7, 7, &[5, 3, 4, 1, 6, 2, 7]);
    asterisk_207: "who is put ahead of all of its worth is behind what counts more" =>
        joins(8, 4, &[5, 3, 4, 8, 1, 6, 2, 7]);
    asterisk_208: "what counts more than all others is the first" => joins(9, 1, &[9, 5, 3, 4, 8, 1, 6, 2, 7]);
    asterisk_209: "what counts more is before all that counts less, however far those were put" =>
        joins(10, 5, &[9, 5, 3, 4, 10, 8, 1, 6, 2, 7]);
    asterisk_210: "an agent puts one between two of its worth" => joins(11, 4, &[9, 5, 3, 11, 4, 10, 8, 1, 6, 2, 7]);
    asterisk_211: "a full queue takes nobody, whatever counts" => a_full_queue_takes_nobody();
}

/// What the agent is given, one after the other.
fn served(story: &mut Scenario, agent: &str) -> Vec<WorkId> {
    let mut served = Vec::new();
    while let Some(work) = story.agent(agent).works.first().map(|work| work.work) {
        served.push(work);
        story.ends(work);
    }
    served
}

fn the_longest_wait_is_first() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let early = story.comes(1);
    let held = story.held(early);
    story.answers("ann", held, "an answer").expect("an answer");
    story.ends(early);
    story.presence("ann", Presence::Away).expect("away");
    story.after(HOUR);
    let other = story.comes(2);
    story.after(HOUR);
    assert_eq!(story.hears(customer(1)).message().work, Some(early), "the older matter goes on");
    story.after(HOUR);
    story.presence("ann", Presence::Ready).expect("ready");
    assert_eq!((story.owner(other).as_deref(), story.owner(early)), (Some("ann"), None));
}

fn the_older_is_first() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let works = [1, 2].map(|number| {
        let work = story.comes(number);
        story.after(HOUR);
        work
    });
    story.ready("ann").expect("ready");
    assert_eq!(works.map(|work| story.work(work).state), [WorkState::Assigned, WorkState::Queued]);
}

fn one_after_the_other() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let works = [story.comes(1), story.comes(2)];
    assert_eq!(story.room("help").waiting, 2);
    story.ready("ann").expect("ready");
    assert_eq!((story.owner(works[0]).as_deref(), story.room("help").waiting), (Some("ann"), 1));
    story.ends(works[0]);
    assert_eq!((story.owner(works[1]).as_deref(), story.room("help").waiting), (Some("ann"), 0));
    assert_eq!(story.room("help").agents.busy, 1);
}

fn before_there_was_an_agent() {
    let mut story = opens(&staffed(AUTO, &[]));
    let first = story.comes(1);
    story.after(SECOND);
    story.reloads(&staffed(AUTO, &[("ann", 1)])).expect("configured");
    let second = story.comes(2);
    story.ready("ann").expect("ready");
    assert_eq!(served(&mut story, "ann"), [first, second]);
}

fn by_what_counts_more(queues: [&str; 3]) {
    let rule = |word: &str, queue: &str| {
        format!(
            "[[rule]]\nname = \"{word}\"\nwhen = {{ keyword = [\"{word}\"] }}\ncredits = [\"{word}\"]\nqueue = \"{queue}\"\n"
        )
    };
    let sections = "[[credit]]\nname = \"three\"\nsooner = \"30m\"\n[[credit]]\nname = \"five\"\nsooner = \"50m\"\n"
        .to_owned()
        + &queue("help", AUTO)
        + &queue("second", AUTO)
        + &queue("third", AUTO)
        + &rule("five", queues[1])
        + &rule("three", queues[2])
        + &serves("ann", 1, &["help", "second", "third"]);
    let mut story = opens(&sections);
    let works = [(1, "nothing"), (2, "five"), (3, "three")].map(|(number, text)| {
        story.after(SECOND);
        story.hears(sms(&phone(number), text)).opened().expect("a work")
    });
    assert_eq!(works.map(|work| story.work(work).queue.to_string()), queues);
    story.ready("ann").expect("ready");
    assert_eq!(served(&mut story, "ann"), [works[1], works[2], works[0]]);
}

/// What each caller's matter counts, in the order of their calls, a second apart, and by how much an agent puts it ahead, milliseconds.
const CALLS: [(u32, i64); 12] = [
    (0, 0),
    (0, 0),
    (1, 0),
    (1, 0),
    (2, 0),
    // Between the first and the second.
    (0, 4_500),
    (0, 0),
    // Before all that count nothing, behind all that count something: that is an hour at least.
    (0, 59 * MINUTE),
    (8, 0),
    (1, 0),
    // Between the third and the fourth.
    (1, 7_500),
    (2, 0),
];

/// A queue of eleven at most, in which what counts is due an hour earlier for each point; the first so many have called.
fn calls(count: usize) -> (Scenario, Vec<WorkId>) {
    let mut sections = "[work]\ncredit_cap = \"24h\"\n".to_owned();
    for points in [1, 2, 8] {
        sections += &format!("[[credit]]\nname = \"p{points}\"\nsooner = \"{points}h\"\n");
        sections += &format!(
            "[[rule]]\nname = \"p{points}\"\nwhen = {{ keyword = [\"p{points}\"] }}\ncredits = [\"p{points}\"]\n"
        );
    }
    let full = "max_length = 11\n[[queue.overflow]]\nwhen = { length = 11 }\nmove = \"full\"";
    sections += &staffed(&format!("{AUTO}\n{full}"), &[("ann", 1)]);
    let mut story = opens(&(sections + &queue("full", AUTO)));
    story.logs_in("ann").expect("there, and away");
    let works = CALLS[..count].iter().zip(1..).map(|(&(points, ahead_ms), number)| {
        story.after(SECOND);
        let work = story.hears(sms(&phone(number), &format!("p{points}"))).opened().expect("a work");
        if ahead_ms > 0 {
            let (sooner_ms, reason) = (ahead_ms.unsigned_abs(), "put ahead".to_owned());
            story.does("ann", Verb::Mark(Box::new(Mark::Priority { work, sooner_ms, reason }))).expect("put ahead");
        }
        work
    });
    let works = works.collect();
    (story, works)
}

fn position(story: &Scenario, work: WorkId) -> usize {
    story.space().estimate(&EstimateOf::Work(work), story.now()).expect("it is open").position
}

/// Numbers of the callers who are in the queue, the first first.
fn line(story: &Scenario, works: &[WorkId]) -> Vec<usize> {
    let mut line: Vec<(usize, usize)> = works
        .iter()
        .zip(1..)
        .filter(|(work, _)| story.work(**work).queue == "help")
        .map(|(work, number)| (position(story, *work), number))
        .collect();
    line.sort_unstable();
    assert!(line.iter().zip(1..).all(|((position, _), place)| *position == place), "no place is empty or taken twice");
    line.into_iter().map(|(_, number)| number).collect()
}

fn joins(caller: usize, place: usize, order: &[usize]) {
    let (mut story, works) = calls(caller);
    assert_eq!(position(&story, works[caller - 1]), place);
    assert_eq!(line(&story, &works), order);
    story.presence("ann", Presence::Ready).expect("ready");
    let given: Vec<usize> = served(&mut story, "ann")
        .into_iter()
        .map(|work| 1 + works.iter().position(|known| *known == work).expect("one of them"))
        .collect();
    assert_eq!(given, order, "and so it is given out");
}

fn a_full_queue_takes_nobody() {
    let (story, works) = calls(12);
    assert_eq!(line(&story, &works), [9, 5, 3, 11, 4, 10, 8, 1, 6, 2, 7]);
    assert_eq!(story.space().length("help"), 11);
    assert_eq!(story.work(works[11]).queue, "full", "nobody is turned away: it goes where the overflow leads");
}
