//! Why a Work is where it is: of each agent one reason, the terms of its key, what rules missed, and where the wait went.

use skein::domain::command::{FactTold, Verb};
use skein::domain::event::Assurance;
use skein::domain::explained::{AgentVerdict, Explanation, Standing, WhyNot};
use skein::domain::id::{Name, WorkId};
use skein::domain::record::Presence;
use skein::domain::rules::{Rule, When};
use skein::domain::time::Timestamp;
use skein::domain::waited::{Stage, Waited};
use skein::domain::workspace::{AgentKind, CreditConfig, EffortConfig, Levels};

use crate::kit::{MINUTE, SECOND, START, Scenario, shop, whatsapp};
use crate::{affinity, overcommits};

const ANNA: &str = "+4915112345678";

fn told(story: &Scenario, work: WorkId) -> Explanation {
    story.space().explain(work, 20, story.now()).expect("it is known")
}

fn why(told: &Explanation, agent: &str) -> WhyNot {
    let verdict = told.agents.iter().find(|verdict| verdict.agent == agent);
    verdict.unwrap_or_else(|| panic!("{agent} is not told of in {:?}", told.agents)).why.clone()
}

fn levels(list: &[(&str, u8)]) -> Levels {
    list.iter().map(|(skill, level)| (Name::new(skill), *level)).collect()
}

#[test]
fn each_agent_has_one_reason_and_the_nearest_come_first() {
    let names = ["away", "bot", "busy", "drain", "gone", "late", "low", "mails", "new", "other"];
    let mut story = shop()
        .queue(|queue| queue.requires = levels(&[("german", 4)]))
        .but(|config| {
            config.skills = vec![Name::new("german")];
            let ann = config.agents[0].clone();
            config.agents = names
                .iter()
                .map(|name| {
                    let mut agent = ann.clone();
                    (agent.name, agent.profile.capacity) = (Name::new(name), 1);
                    agent.profile.skills = levels(&[("german", 4)]);
                    agent
                })
                .collect();
            config.queues.push(config.queues[0].clone());
            config.queues[1].name = Name::new("elsewhere");
        })
        .agent("low", |low| low.skills = levels(&[("german", 3)]))
        .agent("new", |new| new.skills = Levels::new())
        .agent("mails", |mails| mails.channels = vec![Name::new("email")])
        .agent("other", |other| other.queues = vec![Name::new("elsewhere")])
        .agent("bot", |bot| (bot.kind, bot.capacity) = (AgentKind::Bot, 0))
        .opens();
    for name in names.iter().filter(|name| **name != "late") {
        story.ready(name).expect("ready");
    }
    story.presence("away", Presence::Away).expect("away");
    story.presence("drain", Presence::Draining).expect("draining");
    story.loses_connection("gone").expect("gone");
    story.hears(whatsapp("+4915100000001", "I was first")).expect("a message");
    let work = story.hears(whatsapp(ANNA, "and I?")).opened().expect("a work");
    let told = told(&story, work);
    let reason = |agent: &str| why(&told, agent);
    assert_eq!(reason("busy"), WhyNot { wanted: 1, has: Some(0), ..WhyNot::of(Standing::NoRoom) });
    assert_eq!(reason("bot").standing, Standing::NoRoom);
    assert_eq!(reason("away"), WhyNot::of(Standing::Away));
    assert_eq!(reason("drain"), WhyNot::of(Standing::Draining));
    assert_eq!(reason("gone"), WhyNot::of(Standing::Lost));
    assert_eq!(reason("late"), WhyNot::of(Standing::Offline), "the configuration alone knows it");
    let german = |has| WhyNot { what: Name::new("german"), wanted: 4, has, ..WhyNot::of(Standing::Skill) };
    assert_eq!((reason("low"), reason("new")), (german(Some(3)), german(None)));
    assert_eq!(reason("mails"), WhyNot { what: Name::new("whatsapp"), ..WhyNot::of(Standing::Channel) });
    assert_eq!(reason("other"), WhyNot::of(Standing::OtherQueue));
    let order: Vec<Standing> = told.agents.iter().map(|verdict| verdict.why.standing).collect();
    assert!(order.is_sorted(), "{order:?}");
    let counted: usize = told.counts.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, names.len());
    story.folds_to_the_same();
}

#[test]
fn of_many_agents_the_nearest_few_are_named_and_all_are_counted() {
    let mut story = shop()
        .but(|config| {
            let ann = config.agents[0].clone();
            let named = |n: usize| {
                let mut agent = ann.clone();
                agent.name = Name::from(format!("agent-{n:05}"));
                agent
            };
            config.agents = (0..15_000).map(named).collect();
        })
        .opens();
    for agent in ["agent-14998", "agent-14999"] {
        story.logs_in(agent).expect("a session");
    }
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let told = story.space().explain(work, 3, story.now()).expect("it is known");
    let named: Vec<&str> = told.agents.iter().map(|verdict| verdict.agent.as_str()).collect();
    assert_eq!(named, ["agent-14998", "agent-14999", "agent-00000"], "who is there comes before who is not");
    assert_eq!(told.counts, [(Standing::Away, 2), (Standing::Offline, 14_998)]);
    let none = story.space().explain(work, 0, story.now()).expect("it is known");
    assert_eq!((none.agents.len(), none.counts), (0, told.counts));
}

#[test]
fn who_declined_is_not_asked_for_a_while_unless_nobody_else_is_left() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let first = story.offered_to(work).expect("somebody is asked");
    let shown = told(&story, work);
    assert_eq!(shown.shown_to.iter().map(|(agent, _)| agent).collect::<Vec<_>>(), [&first]);
    assert_eq!(shown.counts, [(Standing::Asked, 1), (Standing::Spare, 1)], "one is shown it: the other is not asked");
    assert_eq!(why(&shown, &first).standing, Standing::Asked);
    let offer = story.offer(&first).expect("an offer");
    story.declines(&first, offer).expect("declined");
    let second = story.offered_to(work).expect("the other is asked");
    assert_ne!(first, second);
    story.presence(&second, Presence::Away).expect("away");
    let shown = told(&story, work);
    assert_eq!(shown.shown_to, []);
    let cooled = why(&shown, &first);
    assert_eq!(cooled.standing, Standing::Cooled);
    assert!(cooled.until.is_some_and(|until| until > story.now()));
    assert_eq!(why(&shown, &second).standing, Standing::Away);
    story.after(10 * SECOND);
    assert_eq!(story.offered_to(work), Some(first), "nobody else is left");
}

#[test]
fn the_key_is_told_by_its_terms() {
    let mut story = shop()
        .but(|config| {
            config.credits = vec![CreditConfig { name: Name::new("gold"), ms: 90_000 }];
            config.credit_cap_ms = 60_000;
            let credits = vec![Name::new("gold")];
            config.rules = vec![Rule { name: Name::new("all"), credits, ..Rule::default() }];
        })
        .opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let before = story.hears(whatsapp("+4915100000001", "hello")).opened().expect("a work");
    story.after(2 * MINUTE);
    let score = told(&story, before).score.expect("it waits");
    let due = START + 5 * MINUTE - MINUTE;
    assert_eq!(
        (score.goal_ms, score.later, score.goal_at),
        (Some(300_000), false, Some(Timestamp(START + 5 * MINUTE)))
    );
    assert_eq!((score.credit_ms, score.cap_ms, score.credits[0].ms), (60_000, 60_000, 90_000), "capped");
    assert_eq!((score.key, score.key_now), (Timestamp(due), Timestamp(due)));
    assert_eq!((score.wait_ms, score.score_ms), (120_000, START + 2 * MINUTE - due), "score = now - key");
    assert_eq!(score.position, 2);
    assert_eq!(told(&story, work).score.expect("it waits").position, 1);
    story.configure(shop().queue(|queue| queue.first_reply_target_ms = 60_000).config());
    let score = told(&story, before).score.expect("it waits");
    let sooner = Timestamp(START + MINUTE - 90_000);
    assert_eq!((score.key, score.key_now), (sooner, sooner), "another goal and another cap hold at once");
}

#[test]
fn rules_say_what_they_missed_and_no_fact_says_its_value() {
    let keyword = vec!["invoice".to_owned()];
    let facts = vec![(Name::new("tier"), vec!["gold".to_owned()])];
    let rule = |name: &str, when| Rule { name: Name::new(name), when, ..Rule::default() };
    let rules = vec![
        rule("mails", When { channel: vec![Name::new("email")], ..When::default() }),
        rule("gold", When { facts, ..When::default() }),
        rule("money", When { keyword, ..When::default() }),
        rule("rest", When::default()),
        rule("never", When::default()),
    ];
    let mut story = shop().but(|config| config.rules = rules.clone()).opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let customer = story.work(work).conversation;
    let (key, value) = (Name::new("tier"), "zanzibar".to_owned());
    let (source, at) = (Name::default(), None);
    let fact = FactTold { key, value, source, at, assurance: Assurance::Platform };
    story.ready("ann").expect("ready");
    story.presence("ann", Presence::Away).expect("away");
    story.does("ann", Verb::SetFacts { customer, leaf: None, facts: vec![fact] }).expect("noted");
    let explanation = told(&story, work);
    assert!(!format!("{explanation:?}").contains("zanzibar"), "{explanation:?}");
    let ruling = explanation.ruling.expect("rules were asked");
    assert_eq!((ruling.rule.as_str(), ruling.more), ("rest", false));
    let asked: Vec<_> = ruling
        .asked
        .iter()
        .map(|asked| {
            let missed = asked.missed.as_ref();
            let is = missed.map_or("fits", |missed| missed.is.as_str());
            (asked.rule.as_str(), missed.map_or("", |missed| missed.asks), is)
        })
        .collect();
    let expected =
        [("mails", "channel", "whatsapp"), ("gold", "fact", ""), ("money", "keyword", ""), ("rest", "", "fits")];
    assert_eq!(asked, expected, "asked until one fits");
}

#[test]
fn a_wait_is_told_by_where_it_went_and_the_shares_are_all_of_it() {
    let mut story = shop().only_ann().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    story.ready("ann").expect("ready");
    story.after(10 * SECOND);
    let held = story.takes("ann");
    story.after(20 * SECOND);
    story.answers("ann", held, "here").expect("an answer");
    story.after(5 * MINUTE);
    story.hears(whatsapp(ANNA, "thank you, but no")).expect("a message");
    story.after(7 * SECOND);
    let mut waited = Waited::of(work);
    story.records(0).for_each(|record| waited.note(record));
    let shares = waited.until(story.now());
    let ann = story.id("ann");
    let told: Vec<(Stage, u64)> = shares.iter().map(|share| (share.stage, share.waited_ms)).collect();
    assert_eq!(told, [(Stage::Queued, 60_000), (Stage::Offered(ann), 10_000), (Stage::Assigned(ann), 27_000)]);
    let view = story.work(work);
    let since = view.waiting_since.expect("it is our turn");
    let all = view.waited_ms + story.now().millis_since(since).unsigned_abs();
    assert_eq!(shares.iter().map(|share| share.waited_ms).sum::<u64>(), all);
}

#[test]
fn what_is_over_and_what_never_was_have_no_agents_and_no_due_time() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let over = story.settles("ann", whatsapp(ANNA, "hello"));
    let told = told(&story, over);
    assert_eq!((told.score, told.ruling, told.agents), (None, None, Vec::<AgentVerdict>::new()));
    assert_eq!(story.space().explain(WorkId::from_bits(7), 20, story.now()), None);
}

#[test]
fn whoever_could_have_what_is_held_for_another_is_told_for_whom_and_until_when() {
    let (mut story, _) = affinity::known(affinity::desk());
    let (_, work) = affinity::comes_back(&mut story);
    let shown = told(&story, work);
    let until = Some(Timestamp(story.now().0 + 2 * MINUTE));
    assert_eq!(why(&shown, "bob"), WhyNot { what: Name::new("ann"), until, ..WhyNot::of(Standing::Held) });
    assert_eq!(why(&shown, "ann"), WhyNot { wanted: 1, has: Some(0), ..WhyNot::of(Standing::NoRoom) });
    assert_eq!(shown.score.expect("it waits").position, 1);
    story.after(2 * MINUTE);
    let shown = told(&story, work);
    assert_eq!(shown.shown_to.iter().map(|(agent, _)| agent.as_str()).collect::<Vec<_>>(), ["bob"]);
}

#[test]
fn what_waits_for_facts_is_nobodys_until_then_and_has_its_place() {
    let mut story = shop().only_ann().queue(|queue| queue.enrich_wait_ms = Some(1_500)).opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let shown = told(&story, work);
    let until = Some(Timestamp(START + 1_500));
    assert_eq!(why(&shown, "ann"), WhyNot { until, ..WhyNot::of(Standing::AwaitsFacts) });
    assert_eq!((shown.facts_until, shown.score.expect("it waits").position), (until, 1));
    story.after(1_500);
    let shown = told(&story, work);
    assert_eq!((shown.facts_until, why(&shown, "ann").standing), (None, Standing::Asked));
}

#[test]
fn who_has_more_than_it_can_is_told_by_how_much_and_what_relieves_it_seeks_somebody() {
    let (mut story, _, berts) = overcommits::too_much(shop());
    let next = story.hears(whatsapp("+4915100000003", "hello")).opened().expect("a work");
    assert_eq!(why(&told(&story, next), "ann"), WhyNot { wanted: 1, ..WhyNot::of(Standing::Overcommitted) });
    assert_eq!(told(&story, berts.0).counts, [], "whoever owns it has it");
    story.after(MINUTE);
    let shown = told(&story, berts.0);
    assert_eq!((why(&shown, "ann").standing, why(&shown, "bob").standing), (Standing::PassesOn, Standing::Offline));
}

#[test]
fn of_several_who_are_asked_at_once_each_is_told_and_the_others_could_have_it() {
    let mut story = shop()
        .queue(|queue| queue.parallel_offers = Some(2))
        .but(|config| {
            let mut cem = config.agents[0].clone();
            cem.name = Name::new("cem");
            config.agents.push(cem);
        })
        .opens();
    for agent in ["ann", "bob", "cem"] {
        story.ready(agent).expect("ready");
    }
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let shown = told(&story, work);
    assert_eq!(shown.shown_to.iter().map(|(agent, _)| agent.as_str()).collect::<Vec<_>>(), ["ann", "bob"]);
    assert_eq!(shown.counts, [(Standing::Asked, 2), (Standing::Spare, 1)]);
    assert_eq!(why(&shown, "cem"), WhyNot::of(Standing::Spare));
    assert_eq!(shown.score.expect("it is nobody's").position, 0);
    story.after(5 * SECOND);
    let offer = story.offer("ann").expect("an offer");
    story.declines("ann", offer).expect("declined");
    story.after(5 * SECOND);
    let mut waited = Waited::of(work);
    story.records(0).for_each(|record| waited.note(record));
    let shares: Vec<(Stage, u64)> =
        waited.until(story.now()).iter().map(|share| (share.stage, share.waited_ms)).collect();
    let (ann, bob) = (story.id("ann"), story.id("bob"));
    assert_eq!(shares, [(Stage::Offered(ann), 5_000), (Stage::Offered(bob), 5_000)]);
}

#[test]
fn what_the_customer_went_through_is_a_term_of_the_due_time_up_to_its_cap() {
    let effort = EffortConfig { unanswered_ms: 50_000, cap_ms: 70_000, ..EffortConfig::none() };
    let mut story = shop().but(|config| config.effort = effort).opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    for text in ["hello?", "is anybody there?"] {
        story.after(MINUTE);
        story.hears(whatsapp(ANNA, text)).expect("a message");
    }
    let shown = told(&story, work);
    assert_eq!(shown.work.effort.iter().map(|entry| (entry.count, entry.ms)).collect::<Vec<_>>(), [(2, 100_000)]);
    let score = shown.score.expect("it waits");
    assert_eq!((score.credit_ms, score.effort_cap_ms), (70_000, 70_000));
    assert_eq!(
        score.credits.iter().map(|credit| (credit.name.as_str(), credit.ms)).collect::<Vec<_>>(),
        [("effort", 70_000)]
    );
    let due = Timestamp(START + 5 * MINUTE - 70_000);
    assert_eq!((score.key, score.key_now), (due, due));
}
