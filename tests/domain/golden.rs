//! Golden scripts of routing: commands in, printed decisions out, compared with the checked-in file that holds both. Lines that
//! begin with `>` are the script; run with `UPDATE_GOLDEN=1` to write anew what follows from it, and read the difference.

use std::fs;
use std::path::Path;

use rstest::rstest;
use skein::domain::command::{Hand, Pass, Verb};
use skein::domain::event::EventKind;
use skein::domain::id::Name;
use skein::domain::record::{Briefing, Presence};
use skein::domain::rules::Rule;
use skein::domain::time::Timestamp;
use skein::domain::workspace::{
    Accept, AgentKind, EffortConfig, GracePolicy, IdleConfig, Levels, OverflowConfig, OverflowWhen, PlanConfig,
    QueueConfig, Relax, Selection, StepConfig, WorkspaceConfig,
};

use crate::kit::{SECOND, Scenario, Shop, Step, chat, mail, print, shop, sms, whatsapp};

/// What the words of a script mean.
struct Script {
    shop: Shop,
    story: Option<Scenario>,
    told: Vec<String>,
}

#[rstest]
#[case("day")]
#[case("nobody_answers")]
#[case("lost_connections")]
#[case("wrap_up_and_recall")]
#[case("passed_on")]
#[case("parked")]
#[case("transfers")]
#[case("rules")]
#[case("plans")]
#[case("overflow")]
#[case("selection")]
#[case("idle")]
#[case("affinity")]
#[case("effort")]
#[case("bots")]
fn decisions_follow_the_script(#[case] name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/routing/{name}.txt"));
    let golden = fs::read_to_string(&path).expect("the script is checked in");
    let mut script = Script { shop: shop(), story: None, told: Vec::new() };
    golden.lines().filter(|line| line.starts_with(['>', '#'])).for_each(|line| script.line(line));
    script.story.as_ref().expect("a script does something").folds_to_the_same();
    let told = script.told.join("\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&path, &told).expect("the file can be written");
    }
    assert_eq!(told, golden, "decisions differ from {}", path.display());
}

impl Script {
    fn line(&mut self, line: &str) {
        self.told.push(line.to_owned());
        let words: Vec<&str> = line.trim_start_matches('>').split_whitespace().collect();
        if line.starts_with('#') {
            return;
        }
        if let ["second", queue, of] = words[..] {
            self.shop = self.shop.clone().second_queue(queue, of);
            return;
        }
        if let ["queue", name, value] = words[..] {
            let ms = || value.parse::<u64>().expect("seconds") * 1_000;
            self.shop = self.shop.clone().queue(|queue| match name {
                "accept" => queue.accept = if value == "auto" { Accept::Auto } else { Accept::Manual },
                "grace" => queue.grace = if value == "keep" { GracePolicy::Keep } else { GracePolicy::OfferBack },
                "recall" => queue.recall_after_ms = ms(),
                "wrapup" => queue.wrapup_max_ms = ms(),
                other => panic!("unknown setting {other}"),
            });
            return;
        }
        if self.story.is_none() && words.first().is_some_and(|word| SETTINGS.contains(word)) {
            self.shop = set(self.shop.clone(), &words);
            return;
        }
        let shop = &self.shop;
        let story = self.story.get_or_insert_with(|| shop.clone().opens());
        let steps = act(story, &words);
        let lines = steps.iter().flat_map(|step| match &step.0 {
            Ok(Some(record)) => print(record, story.space()),
            Ok(None) => vec!["    nothing".to_owned()],
            Err(rejection) => vec![format!("    refused: {rejection}")],
        });
        self.told.extend(lines);
    }
}

/// Words that say how the shop is.
const SETTINGS: [&str; 16] = [
    "bot",
    "effort",
    "reexplain",
    "capacity",
    "costs",
    "idle",
    "hire",
    "select",
    "skill",
    "serves",
    "wants",
    "step",
    "plan",
    "max",
    "overflow",
    "rule",
];

/// The shop as a line of settings has it.
fn set(shop: Shop, words: &[&str]) -> Shop {
    let number = |word: &str| word.parse::<u32>().expect("a number");
    let ms = |word: &str| u64::from(number(word)) * 1_000;
    let level = |skill: &str, level: &str| {
        let level = u8::try_from(number(level)).expect("a level");
        [(Name::new(skill), level)].into_iter().collect::<Levels>()
    };
    shop.but(|config| match *words {
        ["idle", queue, "lower", after, percent, "nudge", asked, "close", closed] => {
            queue_of(config, queue).idle = Some(Box::new(IdleConfig {
                lower_after_ms: Some(ms(after)),
                lower_percent: u8::try_from(number(percent)).expect("percent"),
                nudge_after_ms: Some(ms(asked)),
                nudge: "Are you still there?".to_owned(),
                close_after_ms: Some(ms(closed)),
            }));
        }
        ["costs", agent, channel, cost] => {
            let found = config.agents.iter_mut().find(|known| known.name == agent).expect("an agent of the shop");
            found.profile.costs.push((Name::new(channel), number(cost)));
        }
        ["reexplain", queue, cost] => queue_of(config, queue).reexplain_cost_ms = ms(cost),
        ["capacity", agent, capacity] => {
            let found = config.agents.iter_mut().find(|known| known.name == agent).expect("an agent of the shop");
            found.profile.capacity = number(capacity);
        }
        ["hire", agent, capacity] => {
            let mut hired = config.agents[0].clone();
            (hired.name, hired.profile.capacity) = (Name::new(agent), number(capacity));
            config.agents.push(hired);
        }
        ["select", queue, selection] => {
            queue_of(config, queue).selection = match selection {
                "least_loaded" => Selection::LeastLoaded,
                "longest_idle" => Selection::LongestIdle,
                "round_robin" => Selection::RoundRobin,
                "best_skill" => Selection::BestSkill,
                other => panic!("unknown selection {other}"),
            };
        }
        ["skill", agent, skill, how_well] => {
            let found = config.agents.iter_mut().find(|known| known.name == agent).expect("an agent of the shop");
            found.profile.skills.demand(&level(skill, how_well));
        }
        ["serves", agent, ref queues @ ..] => {
            let found = config.agents.iter_mut().find(|known| known.name == agent).expect("an agent of the shop");
            found.profile.queues = queues.iter().map(Name::new).collect();
        }
        ["bot", agent] => {
            let found = config.agents.iter_mut().find(|known| known.name == agent).expect("an agent of the shop");
            found.profile.kind = AgentKind::Bot;
        }
        ["effort"] => config.effort = weights(),
        ["wants", queue, skill, lowest] => queue_of(config, queue).requires.demand(&level(skill, lowest)),
        ["step", plan, after, ref wider @ ..] => {
            if config.plans.iter().all(|known| known.name != plan) {
                config.plans.push(PlanConfig { name: Name::new(plan), steps: Vec::new() });
            }
            let found = config.plans.iter_mut().find(|known| known.name == plan).expect("just added");
            let (relax, add_queues, _) = wider_by(wider, &level);
            found.steps.push(StepConfig { after_ms: ms(after), relax, add_queues });
        }
        ["plan", queue, plan] => queue_of(config, queue).plan = Some(Name::new(plan)),
        ["max", queue, length] => queue_of(config, queue).max_length = Some(number(length)),
        ["overflow", queue, "length", length, ref what @ ..] => {
            overflows(config, queue, OverflowWhen::Length(number(length)), wider_by(what, &level));
        }
        ["overflow", queue, "wait", after, ref what @ ..] => {
            overflows(config, queue, OverflowWhen::Wait(ms(after)), wider_by(what, &level));
        }
        ["overflow", queue, "nobody", ref what @ ..] => {
            overflows(config, queue, OverflowWhen::NoAgent, wider_by(what, &level));
        }
        ["rule", name, "keyword", word, ref what @ ..] => {
            let mut rule = Rule { name: Name::new(name), ..Rule::default() };
            rule.when.keyword = vec![word.to_owned()];
            match *what {
                ["queue", queue] => rule.queue = Some(Name::new(queue)),
                ["wants", skill, lowest] => rule.requires = level(skill, lowest),
                ["wants", skill, lowest, "plan", plan] => {
                    (rule.requires, rule.plan) = (level(skill, lowest), Some(Name::new(plan)));
                }
                ref other => panic!("unknown words {other:?}"),
            }
            config.rules.push(rule);
        }
        ref other => panic!("unknown words {other:?}"),
    })
}

/// The weights of a file that says nothing else.
fn weights() -> EffortConfig {
    EffortConfig {
        wait_ms: 60_000,
        unanswered_ms: 30_000,
        transfer_ms: 120_000,
        repeat_ms: 300_000,
        asked_again_ms: 60_000,
        switch_ms: 120_000,
        failed_ms: 60_000,
        loop_ms: 180_000,
        cap_ms: 900_000,
        bounces: 1,
    }
}

fn queue_of<'c>(config: &'c mut WorkspaceConfig, name: &str) -> &'c mut QueueConfig {
    config.queues.iter_mut().find(|queue| queue.name == name).expect("a queue of the shop")
}

/// `move Q`, `add Q`, `lower SKILL LEVEL`, `drop SKILL`, `tell`, one after the other.
fn wider_by(words: &[&str], level: &impl Fn(&str, &str) -> Levels) -> (Relax, Vec<Name>, (Option<Name>, bool)) {
    let (mut relax, mut added, mut moved, mut told, mut rest) = (Relax::default(), Vec::new(), None, false, words);
    loop {
        rest = match *rest {
            [] => return (relax, added, (moved, told)),
            ["move", queue, ref rest @ ..] => {
                moved = Some(Name::new(queue));
                rest
            }
            ["add", queue, ref rest @ ..] => {
                added.push(Name::new(queue));
                rest
            }
            ["lower", skill, to, ref rest @ ..] => {
                relax.lower.demand(&level(skill, to));
                rest
            }
            ["drop", skill, ref rest @ ..] => {
                relax.drop.push(Name::new(skill));
                rest
            }
            ["tell", ref rest @ ..] => {
                told = true;
                rest
            }
            ref other => panic!("unknown words {other:?}"),
        };
    }
}

fn overflows(
    config: &mut WorkspaceConfig,
    queue: &str,
    when: OverflowWhen,
    (relax, add_queues, (move_to, notify)): (Relax, Vec<Name>, (Option<Name>, bool)),
) {
    queue_of(config, queue).overflow.push(OverflowConfig { when, move_to, add_queues, relax, notify });
}

fn act(story: &mut Scenario, words: &[&str]) -> Vec<Step> {
    let step = match *words {
        ["wait", seconds] => {
            let ms = seconds.parse::<i64>().expect("seconds") * SECOND;
            return story.after(ms).into_iter().map(|record| Step(Ok(Some(record)))).collect();
        }
        ["login", agent] => story.logs_in(agent),
        ["logout", agent] => story.logs_out(agent),
        ["lose", agent] => story.loses_connection(agent),
        ["ready", agent] => story.presence(agent, Presence::Ready),
        ["away", agent] => story.presence(agent, Presence::Away),
        ["draining", agent] => story.presence(agent, Presence::Draining),
        ["accept", agent] => {
            let offer = story.offer(agent).expect("an offer");
            story.accepts(agent, offer)
        }
        ["decline", agent] => {
            let offer = story.offer(agent).expect("an offer");
            story.declines(agent, offer)
        }
        ["answer", agent] => {
            let held = held(story, agent);
            story.answers(agent, held, "an answer")
        }
        ["park", agent, seconds] => {
            let (work, assignment) = held(story, agent);
            let until = Timestamp(story.now().0 + seconds.parse::<i64>().expect("seconds") * SECOND);
            story.does(agent, Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact: Name::default() }))
        }
        ["unpark", agent] => {
            let (work, assignment) = held(story, agent);
            story.does(agent, Verb::Pass(Pass::Unpark { work, assignment }))
        }
        ["transfer", agent, ref to @ ..] => {
            let (work, assignment) = held(story, agent);
            let named = |which: &str| {
                let at = to.iter().position(|word| *word == which);
                at.and_then(|at| to.get(at + 1)).map(Name::new).unwrap_or_default()
            };
            let (force, cold) = (to.contains(&"forced"), to.contains(&"cold"));
            let (to, queue) = (named("to"), named("queue"));
            story.does(
                agent,
                Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold, force, note: String::new() }),
            )
        }
        ["hand-over", agent] => {
            let (work, assignment) = held(story, agent);
            let briefing = Briefing { reason: "a person is wanted".to_owned(), steps: Vec::new() };
            let over = Hand::Over { work, assignment, queue: Name::default(), briefing, facts: Vec::new() };
            story.does(agent, Verb::Hand(Box::new(over)))
        }
        ["hand-back", agent, to] => {
            let (work, assignment) = held(story, agent);
            let (queue, note) = (Name::default(), String::new());
            story.does(agent, Verb::Hand(Box::new(Hand::Back { work, assignment, to: Name::new(to), queue, note })))
        }
        ["requeue", agent] => {
            let (work, assignment) = held(story, agent);
            story.does(agent, Verb::Pass(Pass::Requeue { work, assignment }))
        }
        ["move", agent, queue] => {
            let (work, assignment) = held(story, agent);
            story.does(
                agent,
                Verb::Pass(Pass::Move { work, assignment: Some(assignment), queue: Name::new(queue), force: false }),
            )
        }
        ["close", agent] => {
            let held = held(story, agent);
            story.closes(agent, held)
        }
        ["whatsapp", from, ref text @ ..] => story.hears(whatsapp(from, &text.join(" "))),
        ["sms", from, ref text @ ..] => story.hears(sms(from, &text.join(" "))),
        ["chat", from, ref text @ ..] => story.hears(chat(from, &text.join(" "))),
        // So many wait and are served one after the other, each for so long.
        ["served", agent, many, each] => {
            let (many, each) = (many.parse::<u64>().expect("a number"), each.parse::<i64>().expect("seconds"));
            for number in 0..=many {
                story.hears(sms(&format!("+49151{number:08}"), "hello")).expect("a message");
            }
            for _ in 0..=many {
                story.takes(agent);
                story.after(each * SECOND);
                let held = held(story, agent);
                story.closes(agent, held).expect("closed");
            }
            return Vec::new();
        }
        ["leaves", from] => story.hears(chat(from, "").kind(EventKind::VisitEnd)),
        ["mail", from, id, ref text @ ..] => story.hears(mail(from, id, &text.join(" "))),
        ref other => panic!("unknown words {other:?}"),
    };
    vec![step]
}

/// The first Work that the agent owns.
fn held(story: &Scenario, agent: &str) -> (skein::domain::id::WorkId, skein::domain::id::AssignmentId) {
    let work = story.agent(agent).works.first().cloned().expect("a work of the agent's");
    (work.work, work.assignment.expect("an assignment"))
}
