//! What these tests share: a workspace, streams, and waiting with a deadline.

use std::time::{Duration, Instant};

use async_nats::{Client, HeaderMap};
use skein::domain::id::Name;
use skein::domain::workspace::{
    Accept, AgentKind, AgentProfile, EndpointConfig, GracePolicy, QueueConfig, WorkspaceConfig,
};
use skein::nats::{Nats, NatsOptions};

use crate::support::nats::TestServer;

/// Longest wait for anything here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `check` gives a value.
pub(crate) async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn connect(server: &TestServer) -> Nats {
    let options = NatsOptions { servers: vec![server.url()], ..NatsOptions::default() };
    Nats::connect(options).await.expect("connect")
}

/// Publishes and waits for the ack, as adapters do.
pub(crate) async fn publish(client: &Client, subject: &str, format: &str, body: &str) -> u64 {
    let mut headers = HeaderMap::new();
    headers.insert("Skein-Format", format);
    async_nats::jetstream::new(client.clone())
        .publish_with_headers(subject.to_owned(), headers, body.to_owned().into())
        .await
        .expect("publish")
        .await
        .expect("ack")
        .sequence
}

/// One queue, one SMS and one WhatsApp endpoint.
pub(crate) fn workspace() -> WorkspaceConfig {
    let endpoint = |name: &str, channel: &str| EndpointConfig {
        name: Name::new(name),
        channel: Name::new(channel),
        brand: Name::default(),
        queue: Name::new("general"),
        addresses: Vec::new(),
        scope: Name::default(),
        shown_name: None,
    };
    WorkspaceConfig {
        name: Name::new("acme"),
        endpoints: vec![endpoint("line1", "sms"), endpoint("wa1", "whatsapp")],
        queues: vec![QueueConfig {
            name: Name::new("general"),
            accept: Accept::Manual,
            offer_timeout_ms: 20_000,
            first_reply_target_ms: 60_000,
            next_reply_target_ms: 60_000,
            recall_after_ms: 0,
            wrapup_max_ms: 0,
            wrapup_cost: 0,
            grace: GracePolicy::Requeue,
        }],
        agents: Vec::new(),
        guest: Some(AgentProfile {
            kind: AgentKind::Human,
            queues: vec![Name::new("general")],
            capacity: 5,
            costs: Vec::new(),
            channels: Vec::new(),
        }),
        thanks: Vec::new(),
        continuation_window_ms: 1_000,
        max_open_works: 10,
        decline_cooldown_ms: 60_000,
        decline_cooldown_min_ms: 1_000,
        default_country: None,
    }
}

/// A WhatsApp webhook with so many messages of one customer.
pub(crate) fn whatsapp(first: usize, count: usize) -> String {
    let messages: Vec<String> = (first..first + count)
        .map(|n| {
            format!(
                r#"{{"from":"4915112345678","id":"wamid.{n}","timestamp":"1700000000","type":"text","text":{{"body":"number {n}"}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550100000","phone_number_id":"1"}},"contacts":[{{"profile":{{"name":"A"}},"wa_id":"4915112345678"}}],"messages":[{}]}}}}]}}]}}"#,
        messages.join(",")
    )
}
