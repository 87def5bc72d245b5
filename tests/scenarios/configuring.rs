//! What a changed workspace file does to what waits, and what no file may say.

use skein::domain::id::{Name, WorkId};
use skein::domain::view::WorkState;
use skein::domain::workspace::WorkspaceConfig;

use crate::desk::{AUTO, MANUAL, opens, phone, queue, read, serves, skill, skilled, staffed};
use crate::kit::{MINUTE, Scenario, sms};

rows! {
    chatwoot_158: "a day that is open all day and closed is refused" => a_day_said_twice();
    comms_router_026: "a skill that is not listed is refused" => a_skill_that_is_not_listed();
    comms_router_059: "a plan that is in use stays; when nothing uses it, it goes" => a_plan_in_use();
    comms_router_060: "other rules are for what comes from then on" => other_rules();
    comms_router_061: "a queue that matters come to is not replaced by another one" => a_queue_that_is_led_to();
    comms_router_062: "a queue may ask for other skills, and is the same queue" => other_skills();
    asterisk_220: "who serves a queue changes with the file" => other_members();
}

#[track_caller]
fn refused(sections: &str, said: &str) {
    let problems = read(sections).expect_err("it is wrong");
    assert!(problems.iter().any(|problem| problem.contains(said)), "{said} is not among {problems:#?}");
}

/// A file that is wrong for that reason changes nothing of what is in force, nor of what waits.
#[track_caller]
fn changes_nothing(story: &mut Scenario, work: WorkId, sections: &str, said: &str) {
    let (before, waits) = (WorkspaceConfig::clone(story.space().config()), story.work(work));
    let problems = story.reloads(sections).expect_err("it is wrong");
    assert!(matches!(&problems[..], [first, ..] if first.contains(said)), "{problems:#?}");
    assert_eq!((WorkspaceConfig::clone(story.space().config()), story.work(work)), (before, waits));
}

fn a_day_said_twice() {
    let hours = |friday: &str| format!("[[hours]]\nname = \"office\"\nzone = \"UTC\"\n{friday}\n");
    let all_day = "fri = [\"00:00-24:00\"]";
    read(&(hours(all_day) + &staffed(AUTO, &[]))).expect("open all day");
    refused(&(hours(&format!("{all_day}\nfri = []")) + &staffed(AUTO, &[])), "duplicate key");
    let twice = "fri = [\"00:00-24:00\", \"09:00-17:00\"]";
    refused(&(hours(twice) + &staffed(AUTO, &[])), "begins before another span of the day has ended");
}

fn a_skill_that_is_not_listed() {
    let with = |named| skill("german") + &queue("help", AUTO) + &skilled("ann", 1, (named, 5));
    read(&with("german")).expect("it is listed");
    refused(&with("piano"), "agent[0].skills");
}

/// A queue whose matters ask for German, and after a minute by its plan for none.
fn planned(plan: bool, named: bool) -> String {
    let mut sections = skill("german");
    if plan {
        sections += "[[plan]]\nname = \"german\"\n[[plan.step]]\nafter = \"1m\"\ndrop = [\"german\"]\n";
    }
    let named = if named { "\nplan = \"german\"" } else { "" };
    sections
        + &staffed(&format!("{AUTO}\nrequires = {{ german = 5 }}{named}"), &[("ann", 1), ("bob", 1)])
        + "skills = { german = 9 }\n"
}

fn a_plan_in_use() {
    let mut story = opens(&planned(true, true));
    story.ready("ann").expect("ready");
    story.logs_in("bob").expect("he could take it, and is away");
    let work = story.comes(1);
    assert_eq!(story.owner(work), None);
    changes_nothing(&mut story, work, &planned(false, true), "queue[0].plan");
    story.after(MINUTE);
    assert_eq!(story.owner(work).as_deref(), Some("ann"), "the plan goes on");
    story.ends(work);
    story.reloads(&planned(false, false)).expect("nothing names it any more");
    assert!(story.space().config().plans.is_empty());
}

/// What is about invoices goes there.
fn invoices(to: &str) -> String {
    let rule = "[[rule]]\nname = \"invoices\"\nwhen = { keyword = [\"invoice\"] }\nqueue = ";
    let queues = queue("help", AUTO) + &queue("money", AUTO) + &queue("accounts", AUTO);
    format!("{rule}\"{to}\"\n{queues}{}", serves("ann", 1, &["help", "money", "accounts"]))
}

fn other_rules() {
    let mut story = opens(&invoices("money"));
    let asks = |story: &mut Scenario, number| story.hears(sms(&phone(number), "my invoice")).opened().expect("a work");
    let before = asks(&mut story, 1);
    story.reloads(&invoices("accounts")).expect("configured");
    let after = asks(&mut story, 2);
    let queues = [before, after].map(|work| story.work(work).queue);
    assert_eq!(queues, [Name::new("money"), Name::new("accounts")]);
    story.folds_to_the_same();
}

fn a_queue_that_is_led_to() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let work = story.comes(1);
    let other = queue("desk", AUTO) + &serves("ann", 1, &["desk"]);
    changes_nothing(&mut story, work, &other, "endpoint[0].queue");
    assert_eq!((story.work(work).state, story.room("help").waiting), (WorkState::Queued, 1));
}

fn other_skills() {
    let wants = |named: &str| {
        let skills = skill("german") + &skill("french");
        let people = skilled("ann", 1, ("german", 5)) + &skilled("bob", 1, ("french", 5));
        skills + &queue("help", &format!("{AUTO}\nrequires = {{ {named} = 5 }}")) + &people
    };
    let mut story = opens(&wants("german"));
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    story.reloads(&wants("french")).expect("configured");
    let work = story.comes(1);
    assert_eq!((story.work(work).queue.as_str(), story.owner(work).as_deref()), ("help", Some("bob")));
}

fn other_members() {
    let with = |ann: &str, bob: &str| {
        let queues = queue("help", MANUAL) + &queue("other", MANUAL);
        queues + &serves("ann", 2, &[ann]) + &serves("bob", 2, &[bob])
    };
    let mut story = opens(&with("help", "other"));
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let before = story.comes(1);
    assert_eq!(story.offered_to(before).as_deref(), Some("ann"));
    story.reloads(&with("other", "help")).expect("configured");
    let after = story.comes(2);
    assert_eq!([before, after].map(|work| story.offered_to(work)), [Some(Name::new("bob")), Some(Name::new("bob"))]);
    assert_eq!(story.offer("ann"), None);
}
