//! The recorded log run again: under the same configuration it gives what was recorded, with one more agent customers wait less.

use std::fs;
use std::path::Path;

use rstest::rstest;
use skein::domain::command::{Pass, Verb};
use skein::domain::event::EventKind;
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::Presence;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;
use skein::domain::workspace::{AgentConfig, EffortConfig, IdleConfig, WorkspaceConfig};
use skein::rehearse::{Recording, Rehearsal, RehearseError, json, table};

use crate::kit::{HOUR, MINUTE, SECOND, SPACE, START, Scenario, Shop, chat, shop, sms, whatsapp};
use crate::rng::Rng;

/// Half a minute before somebody sits there: the story begins.
const BEGIN: i64 = START;

fn rehearse(story: &Scenario, since: i64, config: &WorkspaceConfig) -> Result<Rehearsal, RehearseError> {
    let mut recording = Recording::new(Name::new("s0"), Name::new(SPACE), Timestamp(since));
    for record in story.records(0) {
        recording.take(record.clone())?;
    }
    recording.rehearse(config)
}

/// What an agent at a desk does next with one of its Works.
fn works(story: &mut Scenario, rng: &mut Rng, agent: &str) {
    let own: Vec<(WorkId, AssignmentId, WorkState)> =
        story.agent(agent).works.iter().filter_map(|work| Some((work.work, work.assignment?, work.state))).collect();
    let Some(&(work, assignment, state)) = rng.pick_of(&own) else { return };
    let held = (work, assignment);
    match (state, rng.below(20)) {
        (WorkState::Parked, 0..4) => drop(story.does(agent, Verb::Pass(Pass::Unpark { work, assignment }))),
        (WorkState::Parked, _) => {}
        (_, 0..8) => drop(story.answers(agent, held, "an answer")),
        (_, 8..15) => drop(story.closes(agent, held)),
        (WorkState::Assigned, 15) => drop(story.does(agent, Verb::Pass(Pass::Requeue { work, assignment }))),
        (WorkState::Assigned, 16) => {
            let until = Timestamp(story.now().0 + 3 * MINUTE);
            let park = Pass::Park { work, assignment, until, wake_on_fact: Name::default() };
            drop(story.does(agent, Verb::Pass(park)));
        }
        (WorkState::Assigned, 17) => {
            let (to, queue, note) = (Name::default(), Name::new("help"), String::new());
            let transfer = Pass::Transfer { work, assignment, to, queue, cold: rng.percent(50), force: false, note };
            drop(story.does(agent, Verb::Pass(transfer)));
        }
        _ => {}
    }
}

/// A morning at two desks: customers write and write again, agents take, decline or overlook, answer, park, pass on, pause and come back.
fn morning(shop: Shop, seed: u64, hours: i64) -> Scenario {
    let mut rng = Rng::new(seed);
    let mut story = shop.opens();
    let desks = ["ann", "bob"];
    let end = BEGIN + hours * HOUR;
    let mut customers = 0;
    for agent in desks {
        story.after(1_000 + i64::try_from(rng.below(900)).expect("small"));
        story.ready(agent).expect("ready");
    }
    while story.now().0 < end {
        // Never at the same moment twice: who was first is no question then.
        story.after(1_037 + i64::try_from(rng.below(7_919)).expect("small"));
        match rng.below(100) {
            0..9 => {
                customers += 1;
                let address = format!("+49151{:08}", 10_000_000 + customers);
                let heard = match rng.below(3) {
                    0 => whatsapp(&address, "where is it?"),
                    1 => sms(&address, "where is it?"),
                    _ => chat(&format!("visitor-{customers}"), "where is it?"),
                };
                drop(story.hears(heard));
            }
            9..12 if customers > 0 => {
                let again = 10_000_000 + 1 + rng.below(customers);
                drop(story.hears(whatsapp(&format!("+49151{again:08}"), "and now?")));
            }
            12..14 => {
                let agent = *rng.pick(&desks);
                let presence = if rng.percent(70) { Presence::Ready } else { Presence::Away };
                drop(story.presence(agent, presence));
            }
            90..92 if customers > 0 => {
                let visitor = format!("visitor-{}", 1 + rng.below(customers));
                drop(story.hears(chat(&visitor, "").kind(EventKind::VisitEnd)));
            }
            14..50 => {
                let agent = *rng.pick(&desks);
                if let Some(offer) = story.offer(agent) {
                    drop(if rng.percent(85) { story.accepts(agent, offer) } else { story.declines(agent, offer) });
                } else if story.agent(agent).presence == Presence::Away {
                    drop(story.presence(agent, Presence::Ready));
                }
            }
            50..70 => works(&mut story, &mut rng, desks[0]),
            70..90 => works(&mut story, &mut rng, desks[1]),
            _ => {}
        }
    }
    story
}

fn busy() -> Shop {
    shop()
        .queue(|queue| {
            queue.recall_after_ms = 600_000;
            queue.wrapup_max_ms = 30_000;
        })
        .agent("ann", |ann| ann.capacity = 1)
        .agent("bob", |bob| bob.capacity = 2)
}

/// The same desks with all that makes a Work wait for, be shown to, or go back to somebody.
fn lively() -> Shop {
    let idle = IdleConfig {
        lower_after_ms: Some(60_000),
        lower_percent: 50,
        nudge_after_ms: Some(120_000),
        nudge: "Are you still there?".to_owned(),
        close_after_ms: Some(600_000),
    };
    let effort = EffortConfig { unanswered_ms: 20_000, transfer_ms: 60_000, cap_ms: 900_000, ..EffortConfig::none() };
    busy()
        .queue(|queue| {
            (queue.parallel_offers, queue.reexplain_cost_ms) = (Some(2), 300_000);
            (queue.idle, queue.enrich_wait_ms) = (Some(Box::new(idle)), Some(700));
        })
        .but(|config| (config.effort, config.relieve_after_ms) = (EffortConfig { bounces: 1, ..effort }, 60_000))
        .agent("ann", |ann| ann.capacity = 3)
}

#[rstest]
#[case::at_plain_desks(busy, &["Declined", "CooledDown", "WrapUpStarted", "Transferring", "Woken", "WorkReopened"])]
#[case::with_holds_parallel_offers_relief_and_silence(
    lively,
    &["HoldSet", "relief: true", "outcome: Revoked", "lowered: true", "nudged: true", "canceled: true", "EnrichmentSet", "EffortNoted"]
)]
fn the_same_configuration_gives_what_was_recorded(#[case] shop: fn() -> Shop, #[case] held: &[&str]) {
    let (mut seen, mut missing) = (0, held.to_vec());
    for seed in 0..4 {
        let story = morning(shop(), seed, 2);
        let changes = || story.records(0).flat_map(|record| &record.changes).map(|change| format!("{change:?}"));
        missing.retain(|what| !changes().any(|change| change.contains(what)));
        let config = shop().config();
        for since in [BEGIN, BEGIN + 45 * MINUTE] {
            let same = rehearse(&story, since, &config).expect("there is something to rehearse");
            assert_eq!(same.new, same.old, "seed {seed}: the same configuration is the same run");
            assert_eq!(same.old, same.recorded, "seed {seed} since {since}");
            assert_eq!((same.refused, same.wordless, same.extra.len()), ((0, 0), 0, 0), "seed {seed}");
            seen += same.recorded.all.works;
        }
    }
    assert!(seen > 500 && missing.is_empty(), "{seen} Works without {missing:?} say little");
}

#[test]
fn one_more_agent_shows_shorter_waits() {
    let story = morning(busy(), 7, 2);
    let more = with_cleo(busy().config());
    let rehearsal = rehearse(&story, BEGIN, &more).expect("there is something to rehearse");
    assert_eq!(rehearsal.extra, ["cleo"]);
    assert_eq!(rehearsal.old, rehearsal.recorded);
    let (before, after) = (&rehearsal.old.all, &rehearsal.new.all);
    assert!(after.wait.p90_ms < before.wait.p90_ms && after.wait.p50_ms <= before.wait.p50_ms, "{before:?}, {after:?}");
    // Whoever is helped sooner writes again into what is over.
    assert!(after.unmatched < before.unmatched && after.works >= before.works, "{before:?}, {after:?}");
    let told = table(&rehearsal).join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rehearse/one_more_agent.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &told).expect("the file can be written");
    }
    assert_eq!(told, fs::read_to_string(&path).expect("the file is there"), "differs from {}", path.display());
    let value = json(&rehearsal);
    assert_eq!(value["new"]["all"]["works"], after.works);
    assert_eq!(value["old"]["queues"]["help"]["wait"]["p90_ms"], before.wait.p90_ms);
    assert_eq!(rehearse(&story, BEGIN, &more), Ok(rehearsal), "each time the same");
}

fn with_cleo(mut config: WorkspaceConfig) -> WorkspaceConfig {
    let profile = config.agents[1].profile.clone();
    config.agents.push(AgentConfig { name: Name::new("cleo"), profile });
    config
}

#[test]
fn fewer_agents_show_longer_waits() {
    let story = morning(busy(), 7, 2);
    let rehearsal = rehearse(&story, BEGIN, &busy().only_ann().config()).expect("there is something to rehearse");
    let (before, after) = (&rehearsal.old.all, &rehearsal.new.all);
    assert!(after.wait.p50_ms > before.wait.p50_ms, "{before:?}, {after:?}");
}

#[test]
fn an_agent_who_never_was_there_keeps_the_hours_of_the_others() {
    let mut story = busy().opens();
    story.after(MINUTE);
    story.hears(whatsapp("+4915100000001", "anybody?")).expect("a message");
    story.after(10 * MINUTE);
    story.ready("ann").expect("ready");
    story.after(MINUTE);
    let held = story.takes("ann");
    story.after(SECOND);
    story.answers("ann", held, "here").expect("an answer");
    let rehearsal = rehearse(&story, BEGIN, &with_cleo(busy().config())).expect("there is something to rehearse");
    let (before, after) = (rehearsal.old.all.wait.max_ms, rehearsal.new.all.wait.max_ms);
    let nobody_was_there = 10 * MINUTE.unsigned_abs();
    assert!(after >= nobody_was_there && after <= before, "{before} {after}: before ann came nobody was there");
}

#[test]
fn without_anything_to_rehearse_it_says_why() {
    let story = busy().opens();
    let config = busy().config();
    assert_eq!(rehearse(&story, BEGIN + HOUR, &config), Err(RehearseError::Nothing));
    let mut nobody = Recording::new(Name::new("s0"), Name::new("elsewhere"), Timestamp(BEGIN));
    story.records(0).for_each(|record| nobody.take(record.clone()).expect("few records"));
    assert_eq!(nobody.rehearse(&config), Err(RehearseError::NoBeginning));
}
