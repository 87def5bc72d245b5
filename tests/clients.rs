//! The command-line clients against a real nats-server: what they publish, and what they say when they cannot.

use std::time::Duration;

use assert_cmd::Command;
use async_nats::jetstream::{self, stream};
use skein::dev::{NatsOptions, NatsServer};
use tempfile::TempDir;

struct World {
    _folder: TempDir,
    server: NatsServer,
}

impl World {
    /// A server with the streams of a workspace, and nobody who reads them.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let skein = Some(env!("CARGO_BIN_EXE_skein").into());
        let options = NatsOptions { skein, sync_always: false, ..NatsOptions::new(folder.path().join("nats")) };
        let server = NatsServer::start(options).await.expect("a nats-server");
        let context = jetstream::new(async_nats::connect(server.url()).await.expect("a connection"));
        for kind in ["in", "out", "dead"] {
            let config = stream::Config {
                name: format!("SKEIN_{}_demo", kind.to_uppercase()),
                subjects: vec![format!("skein.{kind}.demo.>")],
                ..stream::Config::default()
            };
            context.create_stream(config).await.expect("a stream");
        }
        context
            .create_object_store(jetstream::object_store::Config {
                bucket: "SKEIN_MEDIA_demo".into(),
                ..Default::default()
            })
            .await
            .expect("a bucket");
        Self { _folder: folder, server }
    }

    fn skein(&self, args: &[&str]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
        command.args(args).args(["--nats", &self.server.url()]).timeout(Duration::from_secs(60));
        command.output().expect("skein runs")
    }

    async fn stored(&self, sequence: u64) -> jetstream::message::StreamMessage {
        let context = jetstream::new(async_nats::connect(self.server.url()).await.expect("a connection"));
        let stream = context.get_stream("SKEIN_IN_demo").await.expect("a stream");
        stream.get_raw_message(sequence).await.expect("a message")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_acknowledged_and_stored_in_the_providers_format() {
    let world = World::new().await;
    let said = world.skein(&["say", "--channel", "whatsapp", "--from", "+4915112345678", "--id", "one", "Hello"]);
    let line = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(line.trim(), "skein.in.demo.whatsapp.support whatsapp-cloud id=one acknowledged as 1");
    let message = world.stored(1).await;
    assert_eq!(message.headers.get("Skein-Format").map(|format| format.as_str()), Some("whatsapp-cloud"));
    assert!(String::from_utf8_lossy(&message.payload).contains("wamid.one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_no_stream_takes_is_an_error() {
    let world = World::new().await;
    let said = world.skein(&["say", "--channel", "chat", "--from", "v", "--workspace", "nobody", "Hello"]);
    assert!(!said.status.success());
    let words = String::from_utf8_lossy(&said.stderr);
    assert!(words.contains("skein.in.nobody.chat.site"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_counts_what_was_acknowledged_and_puts_large_bodies_beside_the_stream() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let rows = folder.path().join("rows.jsonl");
    let payload = r#"{"payload": {"object": "whatsapp_business_account", "entry": []}}"#;
    std::fs::write(&rows, format!("{payload}\n{payload}\n")).expect("written");
    let mail = folder.path().join("large.eml");
    std::fs::write(&mail, format!("From: a@example.org\r\n\r\n{}", "x".repeat(300 << 10))).expect("written");
    let args = ["replay", &rows.to_string_lossy(), &mail.to_string_lossy(), "--json", "--settle", "1"];
    let run = world.skein(&args);
    let words = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{words}");
    let summary: serde_json::Value = serde_json::from_slice(&run.stdout).expect("one line of JSON");
    assert_eq!((&summary["published"], &summary["acknowledged"]), (&3.into(), &3.into()));
    let message = world.stored(3).await;
    assert!(message.payload.is_empty());
    let reference = message.headers.get("Skein-Body").expect("a reference").as_str().to_owned();
    let name = reference.strip_prefix("object=").and_then(|rest| rest.split(';').next()).expect("a name");
    let context = jetstream::new(async_nats::connect(world.server.url()).await.expect("a connection"));
    let object =
        context.get_object_store("SKEIN_MEDIA_demo").await.expect("a bucket").info(name).await.expect("an object");
    assert_eq!(object.size, (300 << 10) + "From: a@example.org\r\n\r\n".len());
}
