//! Configuration of the simulated workspace, and how operators change it.

use skein::domain::event::AddressKind;
use skein::domain::id::Name;
use skein::domain::record::NoticeKind;
use skein::domain::rules::{Rule, When};
use skein::domain::workspace::{
    Accept, AgentConfig, AgentKind, AgentProfile, CreditConfig, EffortConfig, EndpointConfig, GracePolicy, HoursConfig,
    IdentityConfig, IdleConfig, Levels, NoticeConfig, Opening, OptOutConfig, OverflowConfig, OverflowWhen, PlanConfig,
    QueueConfig, Relax, Selection, StepConfig, WorkspaceConfig,
};

use super::checks::ACME;
use super::customers::ENDPOINTS;
use super::rng::Rng;

/// All credits of a Work count for so much at most, milliseconds: the bound of overtaking.
pub(crate) const CREDIT_CAP_MS: i64 = 60_000;

/// Queues of the workspace.
const QUEUES: [&str; 5] = ["support", "sales", "live", "quick", "second"];

fn queue(name: &str, accept: Accept, wrapup_max_ms: u64, recall_after_ms: u64, grace: GracePolicy) -> QueueConfig {
    QueueConfig {
        name: Name::new(name),
        accept,
        offer_timeout_ms: 20_000,
        reexplain_cost_ms: 300_000,
        first_reply_target_ms: 60_000,
        next_reply_target_ms: 150_000,
        recall_after_ms,
        wrapup_max_ms,
        wrapup_cost: 0,
        grace,
        ..QueueConfig::default()
    }
}

fn profile(kind: AgentKind, queues: &[&str], capacity: u32) -> AgentProfile {
    AgentProfile {
        kind,
        queues: queues.iter().map(Name::new).collect(),
        capacity,
        costs: vec![(Name::new("chat"), 2), (Name::new("sms"), 2)],
        channels: Vec::new(),
        ..AgentProfile::default()
    }
}

/// Everybody may do everything that a simulation needs to come to an end.
pub(crate) fn config() -> WorkspaceConfig {
    let endpoints = ENDPOINTS.iter().map(|(channel, name, _)| EndpointConfig {
        name: Name::new(name),
        channel: Name::new(channel),
        brand: Name::new(if *name == "mail2" { "outlet" } else { "" }),
        queue: Name::new(match *channel {
            "chat" => "live",
            "email" => "sales",
            "sms" => "quick",
            _ => "support",
        }),
        addresses: vec![format!("{name}@example.com")],
        scope: Name::new(if *channel == "whatsapp" { "portfolio" } else { "" }),
        shown_name: None,
        trusts: vec![AddressKind::Crm, AddressKind::Login],
        authserv_ids: Vec::new(),
        groups: *channel == "whatsapp",
        public: false,
        enrich_wait_ms: (*channel == "sms").then_some(1_500),
    });
    let skilled = |name: &str, level| [(Name::new(name), level)].into_iter().collect::<Levels>();
    let agents = [
        ("anna", profile(AgentKind::Human, &QUEUES, 4)),
        ("ben", profile(AgentKind::Human, &["support", "live", "quick"], 2)),
        ("cem", profile(AgentKind::Human, &["sales"], 3)),
        ("bot", profile(AgentKind::Bot, &["support", "quick"], 3)),
    ];
    WorkspaceConfig {
        name: Name::new(ACME),
        endpoints: endpoints.collect(),
        queues: vec![
            QueueConfig {
                plan: Some(Name::new("wider")),
                max_length: Some(3),
                parallel_offers: Some(2),
                overflow: vec![
                    OverflowConfig { move_to: Some(Name::new("second")), ..overflow(OverflowWhen::Length(3)) },
                    OverflowConfig { add_queues: vec![Name::new("second")], ..overflow(OverflowWhen::Wait(50_000)) },
                ],
                idle: Some(Box::new(IdleConfig {
                    lower_after_ms: Some(15_000),
                    lower_percent: 50,
                    nudge_after_ms: Some(40_000),
                    nudge: "Are you still there?".to_owned(),
                    close_after_ms: Some(90_000),
                })),
                ..queue("support", Accept::Manual, 30_000, 0, GracePolicy::Requeue)
            },
            QueueConfig {
                first_reply_target_ms: 20_000,
                overflow: vec![OverflowConfig {
                    add_queues: vec![Name::new("second")],
                    relax: Relax { drop: vec![Name::new("french")], ..Relax::default() },
                    notify: true,
                    ..overflow(OverflowWhen::NoAgent)
                }],
                selection: Selection::RoundRobin,
                ..queue("quick", Accept::Manual, 0, 0, GracePolicy::Requeue)
            },
            QueueConfig {
                overflow: vec![
                    OverflowConfig { move_to: Some(Name::new("second")), ..overflow(OverflowWhen::Wait(40_000)) },
                    OverflowConfig { notify: true, ..overflow(OverflowWhen::Estimate(20_000)) },
                ],
                ..queue("sales", Accept::Auto, 0, 120_000, GracePolicy::Keep)
            },
            QueueConfig {
                selection: Selection::LongestIdle,
                ..queue("second", Accept::Manual, 30_000, 0, GracePolicy::Requeue)
            },
            QueueConfig {
                plan: Some(Name::new("wider")),
                hours: Some(Name::new("desk")),
                selection: Selection::BestSkill,
                ..queue("live", Accept::Manual, 10_000, 45_000, GracePolicy::OfferBack)
            },
        ],
        skills: ["french", "law"].map(Name::new).to_vec(),
        hours: vec![hours(20)],
        credits: vec![CreditConfig { name: Name::new("again"), ms: 900_000 }],
        credit_cap_ms: CREDIT_CAP_MS.unsigned_abs(),
        effort: effort(),
        notices: notices(),
        plans: plans(),
        rules: rules(),
        agents: agents
            .into_iter()
            .map(|(name, profile)| {
                // One knows French well, one a little, the third none.
                let skills = match name {
                    "anna" => skilled("french", 8),
                    "ben" => skilled("french", 3),
                    _ => Levels::new(),
                };
                AgentConfig { name: Name::new(name), profile: AgentProfile { skills, ..profile } }
            })
            .collect(),
        guest: Some(profile(AgentKind::Human, &["support", "sales", "quick", "second"], 2)),
        templates: Vec::new(),
        thanks: ["thanks", "ok", "thank you"].map(str::to_owned).to_vec(),
        opt_out: opt_out(),
        identity: IdentityConfig::none(),
        continuation_window_ms: 900_000,
        max_open_works: 3,
        max_messages_per_minute: 5,
        max_new_customers_per_minute: 600,
        decline_cooldown_ms: 120_000,
        decline_cooldown_min_ms: 30_000,
        relieve_after_ms: 25_000,
        ..WorkspaceConfig::empty(Name::default())
    }
}

fn overflow(when: OverflowWhen) -> OverflowConfig {
    OverflowConfig { when, move_to: None, add_queues: Vec::new(), relax: Relax::default(), notify: false }
}

/// One that asks for less and less and then asks others, and one of a single step.
fn plans() -> Vec<PlanConfig> {
    let french = |level| [(Name::new("french"), level)].into_iter().collect::<Levels>();
    let wider = vec![
        StepConfig { after_ms: 15_000, relax: Relax { lower: french(3), ..Relax::default() }, ..StepConfig::default() },
        StepConfig {
            after_ms: 25_000,
            relax: Relax { drop: vec![Name::new("french"), Name::new("law")], ..Relax::default() },
            add_queues: vec![Name::new("second")],
        },
    ];
    let brief = vec![StepConfig {
        after_ms: 10_000,
        relax: Relax { lower: french(1), ..Relax::default() },
        ..StepConfig::default()
    }];
    let plan = |name, steps| PlanConfig { name: Name::new(name), steps };
    vec![plan("wider", wider), plan("brief", brief)]
}

/// Of every half hour the first minutes.
fn hours(open: u16) -> HoursConfig {
    let day: Vec<Opening> = (0..48).map(|half| Opening { from: half * 30, to: half * 30 + open }).collect();
    HoursConfig {
        name: Name::new("desk"),
        zone: "UTC".to_owned(),
        week: std::array::from_fn(|_| day.clone()),
        ..HoursConfig::default()
    }
}

/// By what is said, by what is known of who says it, and by what was before.
fn rules() -> Vec<Rule> {
    let known = When { facts: vec![(Name::new("tier"), vec!["Bonn".to_owned()])], ..When::default() };
    let short = When { shorter_than: Some(8), channel: vec![Name::new("telegram")], ..When::default() };
    let again = When { returning: Some(true), ..When::default() };
    let french = [(Name::new("french"), 2)].into_iter().collect::<Levels>();
    vec![
        Rule { name: Name::new("known"), when: known, queue: Some(Name::new("quick")), ..Rule::default() },
        Rule { name: Name::new("short"), when: short, queue: Some(Name::new("sales")), ..Rule::default() },
        Rule {
            name: Name::new("again"),
            when: again,
            requires: french,
            credits: vec![Name::new("again")],
            plan: Some(Name::new("brief")),
            ..Rule::default()
        },
    ]
}

/// Whoever writes by some channels is due far before others, without a bound.
pub(crate) fn with_endless_credit(config: &mut WorkspaceConfig) {
    config.credit_cap_ms = u64::MAX;
    let when = When { channel: ["sms", "whatsapp"].map(Name::new).to_vec(), ..When::default() };
    let credits = vec![Name::new("again")];
    config.rules.insert(0, Rule { name: Name::new("dear"), when, credits, ..Rule::default() });
}

/// Customers are told that it is closed, and of longer waits.
fn notices() -> Vec<NoticeConfig> {
    let said = |text: &str| vec![(Name::new("en"), text.to_owned())];
    vec![
        NoticeConfig { texts: said("We open {opens}."), ..NoticeConfig::default() },
        NoticeConfig {
            kind: NoticeKind::Waiting,
            after_ms: 20_000,
            texts: said("It takes {minutes} minutes."),
            ..NoticeConfig::default()
        },
    ]
}

/// Weights that differ, a cap that is reached, and one transfer without waiting.
fn effort() -> EffortConfig {
    EffortConfig {
        wait_ms: 3_000,
        unanswered_ms: 1_000,
        transfer_ms: 7_000,
        repeat_ms: 9_000,
        asked_again_ms: 2_000,
        switch_ms: 4_000,
        failed_ms: 5_000,
        loop_ms: 8_000,
        cap_ms: 20_000,
        bounces: 1,
    }
}

/// An operator changes something.
pub(crate) fn changed(rng: &mut Rng) -> WorkspaceConfig {
    let mut config = config();
    for queue in &mut config.queues {
        if rng.percent(20) {
            queue.requires = [(Name::new("french"), *rng.pick(&[2, 5]))].into_iter().collect();
        }
        if rng.percent(30) {
            queue.accept = *rng.pick(&[Accept::Manual, Accept::Auto]);
            queue.grace = *rng.pick(&[GracePolicy::Keep, GracePolicy::Requeue, GracePolicy::OfferBack]);
            queue.recall_after_ms = *rng.pick(&[0, 60_000]);
            queue.parallel_offers = *rng.pick(&[None, Some(3)]);
            queue.selection = *rng.pick(&[Selection::LeastLoaded, Selection::LongestIdle, Selection::BestSkill]);
        }
    }
    for agent in &mut config.agents {
        if rng.percent(50) {
            agent.profile.capacity = *rng.pick(&[0, 1, 2, 5]);
        }
        if rng.percent(40) {
            agent.profile.queues = QUEUES.iter().filter(|_| rng.percent(60)).map(Name::new).collect();
        }
    }
    if rng.percent(50) {
        config.max_new_customers_per_minute = 1;
    }
    if rng.percent(20) {
        config.agents.retain(|agent| agent.name != "cem");
    }
    if rng.percent(20) {
        // What waits in it goes where its endpoint leads now.
        config.queues.retain(|queue| queue.name != "quick");
        config.rules.retain(|rule| rule.queue.as_deref() != Some("quick"));
        for endpoint in config.endpoints.iter_mut().filter(|endpoint| endpoint.queue == "quick") {
            endpoint.queue = Name::new("support");
        }
    }
    if rng.percent(20) {
        // Nobody can that.
        config.queues[1].requires = [(Name::new("law"), 3)].into_iter().collect();
    }
    if rng.percent(30) {
        config.plans[0].steps.truncate(1);
    }
    if rng.percent(20) {
        config.queues[0].plan = None;
    }
    if rng.percent(30) {
        config.queues[0].max_length = *rng.pick(&[None, Some(1), Some(5)]);
        config.queues[0].overflow[0].when = OverflowWhen::Length(1);
    }
    if rng.percent(30) {
        config.hours = vec![hours(*rng.pick(&[1, 29]))];
    }
    if rng.percent(20) {
        config.decline_cooldown_min_ms = config.decline_cooldown_ms;
    }
    config
}

fn opt_out() -> OptOutConfig {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    OptOutConfig {
        stop: words(&["stop", "unsubscribe"]),
        stop_sms: words(&["cancel"]),
        start: words(&["start"]),
        start_sms: words(&["yes"]),
        refuses_service: vec![Name::new("sms")],
    }
}
