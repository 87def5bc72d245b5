//! The workspace of the stories: endpoints of five channels, one queue, two people. Each story says what it has otherwise.

use skein::domain::event::AddressKind;
use skein::domain::id::Name;
use skein::domain::workspace::{
    Accept, AgentConfig, AgentKind, AgentProfile, EndpointConfig, GracePolicy, IdentityConfig, OptOutConfig,
    QueueConfig, WorkspaceConfig,
};

use super::{MINUTE, SECOND, SPACE, Scenario};

/// A configuration in the making.
#[derive(Clone, Debug)]
pub(crate) struct Shop(pub(crate) WorkspaceConfig);

/// WhatsApp, SMS, two mailboxes, chat; queue `help`, offers by hand; ann and bob, capacity 2.
pub(crate) fn shop() -> Shop {
    Shop(WorkspaceConfig {
        name: Name::new(SPACE),
        endpoints: vec![
            endpoint("wa", "whatsapp", "help", &[]),
            endpoint("sms", "sms", "help", &["+49 30 5550"]),
            endpoint("mail", "email", "help", &["help@shop.example"]),
            endpoint("sales", "email", "help", &["sales@shop.example"]),
            endpoint("web", "chat", "help", &[]),
        ],
        queues: vec![queue("help")],
        agents: vec![agent("ann", 2), agent("bob", 2)],
        guest: None,
        templates: Vec::new(),
        thanks: ["thanks", "thank you", "ok"].map(str::to_owned).to_vec(),
        opt_out: opt_out(),
        identity: identity(),
        continuation_window_ms: millis(72 * 60 * MINUTE),
        max_open_works: 10,
        max_messages_per_minute: 60,
        max_new_customers_per_minute: 1_000_000,
        decline_cooldown_ms: millis(10 * MINUTE),
        decline_cooldown_min_ms: millis(5 * SECOND),
        ..WorkspaceConfig::empty(Name::default())
    })
}

fn millis(ms: i64) -> u64 {
    ms.unsigned_abs()
}

fn endpoint(name: &str, channel: &str, queue: &str, addresses: &[&str]) -> EndpointConfig {
    EndpointConfig {
        name: Name::new(name),
        channel: Name::new(channel),
        brand: Name::default(),
        queue: Name::new(queue),
        addresses: addresses.iter().map(|&own| own.to_owned()).collect(),
        scope: Name::new(if channel == "whatsapp" { "portfolio" } else { "" }),
        shown_name: None,
        trusts: vec![AddressKind::Crm, AddressKind::Login],
        authserv_ids: Vec::new(),
        groups: false,
        public: false,
        enrich_wait_ms: None,
    }
}

fn queue(name: &str) -> QueueConfig {
    QueueConfig {
        name: Name::new(name),
        accept: Accept::Manual,
        offer_timeout_ms: millis(30 * SECOND),
        first_reply_target_ms: millis(5 * MINUTE),
        next_reply_target_ms: millis(10 * MINUTE),
        recall_after_ms: 0,
        wrapup_max_ms: 0,
        wrapup_cost: 1,
        grace: GracePolicy::Requeue,
        ..QueueConfig::default()
    }
}

fn agent(name: &str, capacity: u32) -> AgentConfig {
    AgentConfig {
        name: Name::new(name),
        profile: AgentProfile {
            kind: AgentKind::Human,
            queues: vec![Name::new("help")],
            capacity,
            costs: Vec::new(),
            channels: Vec::new(),
            ..AgentProfile::default()
        },
    }
}

impl Shop {
    /// With whatever else the story has.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut WorkspaceConfig)) -> Self {
        change(&mut self.0);
        self
    }

    /// With its only queue otherwise.
    pub(crate) fn queue(self, change: impl FnOnce(&mut QueueConfig)) -> Self {
        self.but(|config| change(&mut config.queues[0]))
    }

    /// With one more queue, and the endpoint that leads to it; ann and bob serve it too.
    pub(crate) fn second_queue(self, name: &str, of: &str) -> Self {
        self.but(|config| {
            config.queues.push(queue(name));
            for endpoint in config.endpoints.iter_mut().filter(|endpoint| endpoint.name == of) {
                endpoint.queue = Name::new(name);
            }
            for agent in &mut config.agents {
                agent.profile.queues.push(Name::new(name));
            }
        })
    }

    /// With the profile of an agent otherwise.
    pub(crate) fn agent(self, name: &str, change: impl FnOnce(&mut AgentProfile)) -> Self {
        self.but(|config| {
            let agent = config.agents.iter_mut().find(|agent| agent.name == name);
            change(&mut agent.expect("an agent of the shop").profile);
        })
    }

    /// With nobody but the first agent.
    pub(crate) fn only_ann(self) -> Self {
        self.but(|config| config.agents.truncate(1))
    }

    /// As it stands.
    pub(crate) fn config(self) -> WorkspaceConfig {
        self.0
    }

    /// The story begins.
    pub(crate) fn opens(self) -> Scenario {
        Scenario::given(self.0)
    }
}

fn identity() -> IdentityConfig {
    let role_mailboxes = ["info", "office", "sales"].map(str::to_owned).to_vec();
    IdentityConfig { role_mailboxes, ..IdentityConfig::none() }
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
