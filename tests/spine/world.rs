//! What these tests share: a workspace, streams, and waiting with a deadline.

use std::path::Path;
use std::time::{Duration, Instant};

use async_nats::{Client, HeaderMap};
use skein::config::parse_workspace;
use skein::domain::workspace::WorkspaceConfig;
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
    let text = include_str!("../support/acme.toml");
    parse_workspace(Path::new("acme.toml"), text).expect("a valid workspace")
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
