//! What becomes of a matter that its agent gives back, passes on or loses, and of an agent that has just ended one.

use skein::domain::command::{Pass, Verb};
use skein::domain::event::EventKind;
use skein::domain::id::{Name, WorkId};
use skein::domain::record::Presence;
use skein::domain::view::WorkState;

use crate::desk::{AUTO, Held, MANUAL, ann_before_bob, opens, phone, queue, serves, staffed};
use crate::kit::{MINUTE, SECOND, Scenario, chat, sms};

rows! {
    chatwoot_133: "moved to a queue that its owner does not serve it has no owner" => moved_elsewhere_it_is_nobodys();
    chatwoot_134: "moved to a queue that assigns, somebody of that queue owns it" => moved_it_is_given_to_the_queue();
    chatwoot_135: "passed on to a queue that its owner serves it stays with its owner" =>
        passed_on_it_stays_until_taken();
    comms_router_034: "what is given back waits again and is not given to the same agent at once" =>
        given_back_it_waits();
    comms_router_035: "who did not take it gets it again when it says that it is ready" => ready_again();
    comms_router_036: "what is given back goes to a colleague" => given_back_to_a_colleague();
    comms_router_037: "a customer who leaves takes the waiting matter along" => who_leaves_takes_it_along();
    comms_router_041: "who cannot be reached loses it and is not there, until it comes back" => who_cannot_be_reached();
    asterisk_217: "a wrap-up counts in all queues of its agent" => a_wrap_up_counts_everywhere();
    asterisk_218: "everybody is left alone for a wrap-up of its own length" => own_wrap_up();
}

fn requeues(story: &mut Scenario, work: WorkId) {
    let (owner, (work, assignment)) = (story.owner(work).expect("an owner"), story.held(work));
    story.does(&owner, Verb::Pass(Pass::Requeue { work, assignment })).expect("given back");
}

fn given_back_it_waits() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    requeues(&mut story, work);
    assert_eq!((story.work(work).state, story.room("help").waiting), (WorkState::Queued, 1));
    story.after(4 * SECOND);
    assert_eq!(
        (story.owner(work), story.agent("ann").load),
        (None, 0),
        "ann is kept from it, though nobody else is there"
    );
}

fn ready_again() {
    let mut story = opens(&staffed(&format!("{MANUAL}\noffer_timeout = \"30s\""), &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    story.after(MINUTE);
    assert_eq!((story.agent("ann").presence, story.work(work).state), (Presence::Away, WorkState::Queued));
    story.presence("ann", Presence::Ready).expect("ready");
    assert_eq!(story.takes("ann").0, work);
    assert_eq!(story.room("help").agents.busy, 1);
}

fn given_back_to_a_colleague() {
    let mut story = opens(&ann_before_bob(1));
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let work = story.comes(1);
    assert_eq!(story.owner(work).as_deref(), Some("ann"));
    requeues(&mut story, work);
    assert_eq!(story.owner(work).as_deref(), Some("bob"), "though ann would be asked first");
    assert_eq!((story.agent("bob").load, story.agent("ann").load), (1, 0));
}

fn leaves(story: &mut Scenario) {
    story.hears(chat("visitor", "").kind(EventKind::VisitEnd)).expect("heard");
}

fn who_leaves_takes_it_along() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    assert_eq!(story.room("help").waiting, 1);
    leaves(&mut story);
    assert_eq!((story.work(work).state, story.room("help").waiting), (WorkState::Canceled, 0));
    story.ready("ann").expect("ready");
    assert_eq!((story.room("help").agents.free, story.room("help").agents.busy), (1, 0));
}

fn who_cannot_be_reached() {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    assert_eq!(story.owner(work).as_deref(), Some("ann"));
    story.loses_connection("ann").expect("lost");
    story.after(3 * MINUTE);
    assert_eq!((story.work(work).state, story.agent("ann").presence), (WorkState::Queued, Presence::Offline));
    leaves(&mut story);
    story.ready("ann").expect("back");
    assert_eq!((story.agent("ann").presence, story.agent("ann").load), (Presence::Ready, 0));
}

fn a_wrap_up_counts_everywhere() {
    let says = format!("{AUTO}\nselection = \"longest_idle\"\nwrapup_max = \"60s\"\nwrapup_cost = 1");
    let rule = "[[rule]]\nname = \"second\"\nwhen = { keyword = [\"second\"] }\nqueue = \"second\"\n";
    let people = ["ann", "bob"].map(|name| serves(name, 1, &["help", "second"])).concat();
    let mut story = opens(&(queue("help", &says) + &queue("second", &says) + rule + &people));
    story.ready("ann").expect("ready");
    story.after(SECOND);
    story.ready("bob").expect("ready");
    let call = |story: &mut Scenario, number: u32, text: &str| {
        story.after(SECOND);
        let work = story.hears(sms(&phone(number), text)).opened().expect("a work");
        let owner = story.owner(work);
        if owner.is_some() {
            story.ends(work);
            assert_eq!(story.work(work).state, WorkState::WrapUp);
        }
        owner
    };
    assert_eq!(call(&mut story, 1, "first").as_deref(), Some("ann"));
    assert_eq!(call(&mut story, 2, "second").as_deref(), Some("bob"));
    assert_eq!(call(&mut story, 3, "first"), None);
}

fn own_wrap_up() {
    let says = format!("{AUTO}\nwrapup_max = \"60s\"\nwrapup_cost = 1");
    let mut story = opens(&staffed(&says, &[("ann", 1), ("bob", 1)]));
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let works = [story.comes(1), story.comes(2)];
    works.into_iter().for_each(|work| story.ends(work));
    let anns = works.into_iter().find(|work| story.owner(*work).as_deref() == Some("ann")).expect("each has one");
    let (work, assignment) = story.held(anns);
    story.does("ann", Verb::Pass(Pass::ExtendWrapUp { work, assignment, by_ms: Some(30_000) })).expect("longer");
    let next = [story.comes(3), story.comes(4)];
    let owners = |story: &Scenario| next.map(|work| story.owner(work));
    story.after(59 * SECOND);
    assert_eq!(owners(&story), [None, None]);
    story.after(SECOND);
    assert_eq!(owners(&story), [Some("bob".to_owned()), None], "bob by the queue's time");
    story.after(29 * SECOND);
    assert_eq!(owners(&story)[1], None);
    story.after(SECOND);
    assert_eq!(owners(&story)[1].as_deref(), Some("ann"), "ann by her own");
}

/// Ann owns a matter of `help`; bob is of the team, and so is ann, if she is.
fn with_team(anns: &[&str], team: &str) -> (Scenario, Held) {
    let sections = queue("help", AUTO) + &queue("team", team);
    let mut story = opens(&(sections + &serves("ann", 1, anns) + &serves("bob", 1, &["team"])));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    let held = story.held(work);
    (story, held)
}

fn moves(story: &mut Scenario, (work, assignment): Held) {
    let queue = Name::new("team");
    story
        .does("ann", Verb::Pass(Pass::Move { work, assignment: Some(assignment), queue, force: false }))
        .expect("moved");
}

fn moved_elsewhere_it_is_nobodys() {
    let (mut story, held) = with_team(&["help"], MANUAL);
    moves(&mut story, held);
    let work = story.work(held.0);
    assert_eq!((work.queue.as_str(), work.state, work.owner), ("team", WorkState::Queued, None));
    assert_eq!(story.agent("ann").load, 0);
}

fn moved_it_is_given_to_the_queue() {
    let (mut story, held) = with_team(&["help"], AUTO);
    story.ready("bob").expect("ready");
    moves(&mut story, held);
    assert_eq!((story.work(held.0).queue.as_str(), story.owner(held.0).as_deref()), ("team", Some("bob")));
}

fn passed_on_it_stays_until_taken() {
    let (mut story, held) = with_team(&["help", "team"], MANUAL);
    story.ready("bob").expect("ready");
    let (work, assignment) = held;
    let (to, queue, note) = (Name::default(), Name::new("team"), String::new());
    let pass = Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note };
    story.does("ann", Verb::Pass(pass)).expect("passed on");
    assert_eq!((story.work(work).queue.as_str(), story.owner(work).as_deref()), ("team", Some("ann")));
    let offer = story.offer("bob").expect("he is asked");
    story.declines("bob", offer).expect("declined");
    assert_eq!((story.owner(work).as_deref(), story.held(work)), (Some("ann"), held));
    story.answers("ann", held, "still here").expect("she goes on");
}
