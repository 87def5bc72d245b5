//! Queues as they are seen: counters, service levels, estimates, targets (domain rules, sections 6 and 8).

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{AnswerOutcome, Change, OverflowCause, Presence};
use skein::domain::view::{
    AgentCounts, AnswerCounts, EstimateOf, EstimateView, NoEstimate, Obstacle, QueueView, TargetsView,
};
use skein::domain::workspace::{Accept, HoursConfig, Opening, OverflowConfig, OverflowWhen, Relax};

use crate::kit::{HOUR, MINUTE, SECOND, Scenario, Shop, Step, chat, echo, shop, whatsapp};

const ANNA: &str = "+4915112345678";
const DAY: i64 = 24 * HOUR;

fn phone(number: usize) -> String {
    format!("+49151{:08}", 10_000_000 + number)
}

fn seen(story: &Scenario, queue: &str) -> QueueView {
    let view = story.space().queues(&[Name::new(queue)], "ann", HOUR, story.now()).pop();
    view.expect("the queue is there")
}

fn counted(step: &Step) -> Option<AnswerOutcome> {
    step.changes().iter().find_map(|change| match change {
        Change::AnswerCounted(counted) => Some(counted.outcome),
        _ => None,
    })
}

fn estimate(story: &Scenario, of: EstimateOf) -> EstimateView {
    story.space().estimate(&of, story.now()).expect("it is there")
}

fn help() -> EstimateOf {
    EstimateOf::Queue(Name::new("help"))
}

#[test]
fn the_board_shows_who_waits_and_who_is_there() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 1).opens();
    assert_eq!(seen(&story, "help").agents, AgentCounts::default());
    story.hears(whatsapp(&phone(1), "hello")).expect("a message");
    let first = story.now();
    story.after(MINUTE);
    story.hears(whatsapp(&phone(2), "hello")).expect("a message");
    story.hears(whatsapp(&phone(3), "hello")).expect("a message");
    let view = seen(&story, "help");
    assert_eq!((view.waiting, view.offered, view.longest_since), (3, 0, Some(first)));
    story.ready("ann").expect("ready");
    story.logs_in("bob").expect("a session");
    let view = seen(&story, "help");
    assert_eq!((view.waiting, view.offered), (2, 1));
    assert_eq!(view.agents, AgentCounts { busy: 1, away: 1, ..AgentCounts::default() });
    assert!(view.served && view.open);
    story.takes("ann");
    assert_eq!((seen(&story, "help").waiting, seen(&story, "help").offered), (2, 0));
    story.loses_connection("bob").expect("gone");
    story.presence("ann", Presence::Draining).expect("draining");
    let agents = seen(&story, "help").agents;
    assert_eq!(agents, AgentCounts { draining: 1, lost: 1, ..AgentCounts::default() });
    story.logs_out("ann").expect("gone");
    assert_eq!(seen(&story, "help").agents, AgentCounts { lost: 1, ..AgentCounts::default() });
    story.folds_to_the_same();
}

#[test]
fn another_configuration_counts_agents_anew() {
    let shop = shop().second_queue("sales", "sales");
    let other = shop.clone().agent("ann", |ann| ann.queues = vec![Name::new("sales")]);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    assert_eq!((seen(&story, "help").agents.free, seen(&story, "sales").agents.free), (1, 1));
    story.configure(other.config());
    assert_eq!((seen(&story, "help").agents.free, seen(&story, "sales").agents.free), (0, 1));
    story.folds_to_the_same();
}

fn answered_after(ms: i64) -> (Scenario, (WorkId, AssignmentId), Step) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.after(ms);
    let step = story.answers("ann", held, "good day");
    (story, held, step)
}

#[test]
fn the_first_answer_is_in_time_up_to_the_goal() {
    assert_eq!(counted(&answered_after(5 * MINUTE).2), Some(AnswerOutcome::InTime));
    let (mut story, held, step) = answered_after(5 * MINUTE + 1);
    assert_eq!(counted(&step), Some(AnswerOutcome::Late));
    story.hears(whatsapp(ANNA, "and?")).expect("a message");
    assert_eq!(counted(&story.answers("ann", held, "yes")), None, "it was the first that counts");
    assert_eq!(counted(&story.closes("ann", held)), None);
    story.after(MINUTE);
    story.hears(whatsapp(ANNA, "it broke")).expect("a message");
    let held = story.takes("ann");
    assert_eq!(counted(&story.answers("ann", held, "oh")), Some(AnswerOutcome::InTime), "opened again, asked again");
    let answers = AnswerCounts { in_time: 1, late: 1, never: 0 };
    assert_eq!(seen(&story, "help").answers, answers);
    assert_eq!((answers.of_answered(), answers.of_all()), (Some(0.5), Some(0.5)));
    story.folds_to_the_same();
}

#[test]
fn an_answer_from_outside_counts_and_an_end_without_one_is_told_apart() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(&phone(1), "hello")).expect("a message");
    assert_eq!(counted(&story.hears(echo(&phone(1), "from the telephone"))), Some(AnswerOutcome::InTime));
    story.hears(whatsapp(&phone(2), "hello")).expect("a message");
    let held = story.agent("ann").offers.last().expect("an offer").offer;
    story.accepts("ann", held).expect("taken");
    let held =
        story.agent("ann").works.last().map(|work| (work.work, work.assignment.expect("owned"))).expect("a work");
    assert_eq!(counted(&story.closes("ann", held)), Some(AnswerOutcome::Never));
    let answers = seen(&story, "help").answers;
    assert_eq!((answers.of_answered(), answers.of_all()), (Some(1.0), Some(0.5)));
    story.after(2 * HOUR);
    assert_eq!(seen(&story, "help").answers, AnswerCounts::default(), "that was more than an hour ago");
    let day = story.space().queues(&[], "ann", DAY, story.now());
    assert_eq!(day[0].answers, answers);
}

#[test]
fn what_is_no_matter_counts_as_nothing() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(&phone(1), "buy this")).expect("a message");
    let (work, assignment) = story.takes("ann");
    let spam = story.does("ann", Verb::MarkSpam { work, assignment: Some(assignment) });
    assert_eq!(counted(&spam), None);
    story.hears(whatsapp(&phone(2), "forget me")).expect("a message");
    let erased = story.does("ann", Verb::Erase { customer: skein::domain::id::RootId(1) });
    assert_eq!(counted(&erased), None);
    assert_eq!(seen(&story, "help").answers, AnswerCounts::default());
}

/// `agents` busy ones with one at a time, and as many that wait as said; each matter takes a minute, one ends every `60 s / agents`.
fn under_load(agents: usize, waiting: usize) -> Scenario {
    loaded(shop(), agents, waiting)
}

/// The same of another shop.
fn loaded(shop: Shop, agents: usize, waiting: usize) -> Scenario {
    let shop = shop.queue(|queue| queue.accept = Accept::Auto).but(|config| {
        let model = config.agents.swap_remove(0);
        config.agents = (0..agents)
            .map(|number| {
                let mut agent = model.clone();
                agent.name = Name::new(format!("a{number}"));
                agent.profile.capacity = 1;
                agent
            })
            .collect();
    });
    let mut story = shop.opens();
    for number in 0..agents {
        story.ready(&format!("a{number}")).expect("ready");
    }
    for number in 0..agents + waiting {
        story.hears(whatsapp(&phone(number), "hello")).expect("a message");
    }
    let gap = MINUTE / i64::try_from(agents).expect("few");
    for number in 0..40 {
        story.after(gap);
        let name = format!("a{}", number % agents);
        let work = story.agent(&name).works.first().cloned().expect("it is busy");
        story.closes(&name, (work.work, work.assignment.expect("owned"))).expect("an end");
        story.hears(whatsapp(&phone(1_000 + number), "hello")).expect("a message");
    }
    story
}

#[test]
fn an_estimate_is_what_the_queue_has_taken_so_far() {
    for (agents, waiting) in [(1, 4), (3, 6)] {
        let story = under_load(agents, waiting);
        let each = MINUTE.unsigned_abs() / agents as u64;
        for (place, work) in story.open().iter().filter(|work| work.owner.is_none()).enumerate() {
            let view = estimate(&story, EstimateOf::Work(work.work));
            assert_eq!((view.position, view.unknown), (place + 1, None));
            let range = view.range.expect("it is known");
            assert_eq!(range.likely_ms, (place as u64 + 1) * each, "{agents} agents, place {place}");
            assert!(range.low_ms < range.likely_ms && range.likely_ms < range.high_ms);
        }
        let next = estimate(&story, help());
        assert_eq!((next.position, next.range.expect("known").likely_ms), (waiting + 1, (waiting as u64 + 1) * each));
        story.folds_to_the_same();
    }
}

/// Whoever is likely to wait for five minutes goes to sales.
fn overflowing() -> Shop {
    shop().second_queue("sales", "none").but(|config| {
        config.queues[0].overflow.push(OverflowConfig {
            when: OverflowWhen::Estimate(5 * MINUTE.unsigned_abs()),
            move_to: Some(Name::new("sales")),
            add_queues: Vec::new(),
            relax: Relax::default(),
            notify: false,
        });
    })
}

#[test]
fn whoever_would_wait_too_long_overflows_as_they_come_and_those_before_stay() {
    let mut story = loaded(overflowing(), 1, 4);
    let waiting = |story: &Scenario, queue: &str| seen(story, queue).waiting;
    assert_eq!((waiting(&story, "help"), waiting(&story, "sales")), (4, 0), "four minutes were borne");
    let step = story.hears(whatsapp(&phone(5_000), "hello"));
    let overflowed = step.changes().iter().find_map(|change| match change {
        Change::Overflowed(overflowed) => Some((overflowed.cause, overflowed.at, overflowed.to.clone())),
        _ => None,
    });
    let expected = (OverflowCause::Estimate, 5 * MINUTE.unsigned_abs(), Some(Name::new("sales")));
    assert_eq!(overflowed, Some(expected));
    assert_eq!((waiting(&story, "help"), waiting(&story, "sales")), (4, 1));
    let work = story.agent("a0").works.first().cloned().expect("it is busy");
    story.closes("a0", (work.work, work.assignment.expect("owned"))).expect("an end");
    story.hears(whatsapp(&phone(5_001), "hello")).expect("a message");
    assert_eq!((waiting(&story, "help"), waiting(&story, "sales")), (4, 1), "one fewer is before it");
    story.folds_to_the_same();
}

#[test]
fn where_no_estimate_is_known_nothing_overflows_by_it() {
    let mut story = overflowing().but(|config| config.queues[0].overflow[0].when = OverflowWhen::Estimate(1)).opens();
    let nobody = story.hears(whatsapp(&phone(1), "hello")).opened().expect("a work");
    story.ready("ann").expect("ready");
    let no_history = (2..9).map(|number| story.hears(whatsapp(&phone(number), "hello")).opened().expect("a work"));
    let all: Vec<WorkId> = std::iter::once(nobody).chain(no_history.collect::<Vec<_>>()).collect();
    assert!(all.iter().all(|work| story.work(*work).queue == "help"));
}

#[test]
fn nobody_logged_in_is_no_number() {
    let mut story = under_load(1, 4);
    story.presence("a0", Presence::Away).expect("away");
    let view = estimate(&story, help());
    assert_eq!((view.unknown, view.range), (Some(NoEstimate::Nobody), None));
    story.logs_out("a0").expect("gone");
    assert_eq!(estimate(&story, help()).range, None);
}

#[test]
fn without_history_nothing_is_known_but_who_is_free_takes_it_at_once() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 1).only_ann().opens();
    assert_eq!(estimate(&story, help()).unknown, Some(NoEstimate::Nobody));
    story.ready("ann").expect("ready");
    assert_eq!(estimate(&story, help()).range.map(|range| range.high_ms), Some(0));
    let offered = story.hears(whatsapp(&phone(1), "hello")).opened().expect("a work");
    let view = estimate(&story, EstimateOf::Work(offered));
    assert_eq!((view.position, view.range.map(|range| range.high_ms)), (0, Some(0)), "somebody is shown it");
    let work = story.hears(whatsapp(&phone(2), "hello")).opened().expect("a work");
    let view = estimate(&story, EstimateOf::Work(work));
    assert_eq!((view.position, view.unknown, view.range), (1, Some(NoEstimate::NoHistory), None));
}

#[test]
fn what_nobody_there_can_take_is_no_number_either() {
    let mut story = under_load(1, 4);
    let work = story.hears(chat("v1", "hello")).opened().expect("a work");
    assert!(estimate(&story, EstimateOf::Work(work)).range.is_some());
    let (presence, channels) = (Presence::Ready, vec![Name::new("whatsapp")]);
    story.does("a0", Verb::SetPresence { presence, reason: Name::default(), channels }).expect("ready");
    assert_eq!(estimate(&story, EstimateOf::Work(work)).unknown, Some(NoEstimate::Nobody));
}

/// Open from 8 to 17, every day; stories begin at midnight.
fn nine_to_five(shop: Shop) -> Shop {
    shop.but(|config| {
        let week = std::array::from_fn(|_| vec![Opening { from: 8 * 60, to: 17 * 60 }]);
        config.hours =
            vec![HoursConfig { name: Name::new("day"), zone: "UTC".to_owned(), week, ..HoursConfig::default() }];
        config.queues[0].hours = Some(Name::new("day"));
    })
}

#[test]
fn while_it_is_closed_the_estimate_is_the_opening_and_no_number() {
    let mut story = nine_to_five(shop()).opens();
    let opening = story.now().0 + 8 * HOUR;
    story.hears(whatsapp(&phone(1), "hello")).expect("a message");
    let view = estimate(&story, help());
    assert_eq!((view.unknown, view.range), (Some(NoEstimate::Closed), None));
    assert_eq!(view.opens_at.map(|at| at.0), Some(opening));
    assert!(!seen(&story, "help").open);
    story.after(8 * HOUR);
    let view = estimate(&story, help());
    assert_eq!((view.unknown, view.opens_at), (Some(NoEstimate::Nobody), None));
    assert!(seen(&story, "help").open);
    story.folds_to_the_same();
}

#[test]
fn a_night_does_not_slow_the_pace() {
    let busy = under_load(1, 4);
    let likely = estimate(&busy, help()).range.expect("known").likely_ms;
    let mut story = nine_to_five(shop().queue(|queue| queue.accept = Accept::Auto))
        .agent("ann", |ann| ann.capacity = 1)
        .only_ann()
        .opens();
    story.after(16 * HOUR + 45 * MINUTE);
    story.ready("ann").expect("ready");
    for number in 0..20 {
        story.hears(whatsapp(&phone(number), "hello")).expect("a message");
    }
    for _ in 0..15 {
        story.after(MINUTE);
        let work = story.agent("ann").works.first().cloned().expect("busy");
        story.closes("ann", (work.work, work.assignment.expect("owned"))).expect("an end");
    }
    story.after(15 * HOUR);
    let range = estimate(&story, help()).range.expect("known");
    assert_eq!(range.likely_ms, likely, "the night is no part of it");
}

#[test]
fn declined_offers_do_not_speed_it_up() {
    let shop = shop().but(|config| {
        config.decline_cooldown_ms = 1;
        config.decline_cooldown_min_ms = 1;
    });
    let mut story = shop.agent("ann", |ann| ann.capacity = 1).only_ann().opens();
    story.ready("ann").expect("ready");
    for number in 0..24 {
        story.hears(whatsapp(&phone(number), "hello")).expect("a message");
    }
    for _ in 0..16 {
        let offer = story.offer("ann").expect("an offer");
        story.after(5 * SECOND);
        story.declines("ann", offer).expect("declined");
        story.after(1);
        let (work, assignment) = story.takes("ann");
        story.after(55 * SECOND - 1);
        story.closes("ann", (work, assignment)).expect("an end");
    }
    let work = story.open().iter().find(|work| work.owner.is_none() && work.key.is_some()).map(|work| work.work);
    let range = estimate(&story, EstimateOf::Work(work.expect("one waits"))).range.expect("known");
    assert!((50 * SECOND.unsigned_abs()..=70 * SECOND.unsigned_abs()).contains(&range.likely_ms), "{range:?}");
}

#[test]
fn a_shift_that_begins_with_a_heap_of_work_says_nothing_of_its_pace() {
    let mut story = shop().queue(|queue| queue.accept = Accept::Auto).agent("ann", |ann| ann.capacity = 20).opens();
    for number in 0..40 {
        story.hears(whatsapp(&phone(number), "hello")).expect("a message");
    }
    story.ready("ann").expect("ready");
    assert_eq!(story.agent("ann").works.len(), 20);
    assert_eq!(estimate(&story, help()).unknown, Some(NoEstimate::NoHistory));
}

fn targets(story: &Scenario, work: WorkId) -> TargetsView {
    story.space().targets(work).expect("the work is open")
}

#[test]
fn targets_say_who_could_take_it_and_why_not() {
    let shop = nine_to_five(shop()).second_queue("sales", "sales").but(|config| {
        config.agents.extend(["carl", "dora"].map(|name| {
            let mut agent = config.agents[0].clone();
            agent.name = Name::new(name);
            agent.profile.channels = vec![Name::new("email")];
            agent.profile.queues = vec![Name::new("help")];
            agent
        }));
    });
    let mut story = shop.agent("bob", |bob| bob.capacity = 1).opens();
    story.after(9 * HOUR);
    story.ready("ann").expect("ready");
    story.hears(whatsapp(&phone(1), "hello")).expect("a message");
    let (work, assignment) = story.takes("ann");
    story.logs_in("bob").expect("a session");
    story.ready("carl").expect("ready");
    let obstacles = |story: &Scenario| -> Vec<(Name, Option<Obstacle>)> {
        targets(story, work).agents.into_iter().map(|target| (target.agent, target.obstacle)).collect()
    };
    let named = |list: &[(&str, Option<Obstacle>)]| -> Vec<(Name, Option<Obstacle>)> {
        list.iter().map(|(name, obstacle)| (Name::new(name), *obstacle)).collect()
    };
    let (owner, away, channels) = (Some(Obstacle::Owner), Some(Obstacle::NotReady), Some(Obstacle::Channels));
    assert_eq!(obstacles(&story), named(&[("ann", owner), ("bob", away), ("carl", channels)]), "dora is not there");
    story.presence("bob", Presence::Ready).expect("ready");
    assert_eq!(obstacles(&story)[1].1, None);
    let queues = targets(&story, work).queues;
    assert_eq!(queues.iter().map(|queue| queue.obstacle).collect::<Vec<_>>(), [None, None], "bob is in both");
    // What is said here is what a transfer is told.
    let pass = |to: &str| Pass::Transfer {
        work,
        assignment,
        to: Name::new(to),
        queue: Name::default(),
        cold: false,
        force: false,
        note: String::new(),
    };
    assert!(story.does("ann", Verb::Pass(pass("carl"))).0.is_err());
    story.does("ann", Verb::Pass(pass("bob"))).expect("passed on");
    assert_eq!(obstacles(&story)[1].1, Some(Obstacle::NoRoom), "the offer takes it");
    story.after(9 * HOUR);
    assert_eq!(targets(&story, work).queues[0].obstacle, Some(Obstacle::Closed));
    assert_eq!(story.space().targets(WorkId::new(skein::domain::id::Index(9_999), 0)), None);
}

#[test]
fn what_others_help_out_with_makes_no_wait_of_nothing() {
    // Help shows its work to sales as well, whose bob takes all of it while ann is away.
    let overflow = OverflowConfig {
        when: OverflowWhen::Length(0),
        move_to: None,
        add_queues: vec![Name::new("sales")],
        relax: Relax::default(),
        notify: false,
    };
    let shop = shop().second_queue("sales", "none").queue(|queue| queue.overflow = vec![overflow]);
    let shop = shop.agent("ann", |ann| (ann.capacity, ann.queues) = (1, vec![Name::new("help")]));
    let shop = shop.agent("bob", |bob| (bob.capacity, bob.queues) = (1, vec![Name::new("sales")]));
    let mut story = shop.opens();
    story.ready("bob").expect("ready");
    for number in 0..24 {
        story.hears(whatsapp(&phone(number), "hello")).expect("a message");
    }
    for _ in 0..12 {
        let held = story.takes("bob");
        story.after(MINUTE);
        story.closes("bob", held).expect("an end");
    }
    story.ready("ann").expect("ready");
    let work = story.open().iter().find(|work| work.owner.is_none() && work.key.is_some()).map(|work| work.work);
    let view = estimate(&story, EstimateOf::Work(work.expect("one waits")));
    assert!(view.range.is_none_or(|range| range.high_ms > 0), "it waits for somebody: {view:?}");
}
