//! `skein verify` over a daemon that was killed under load: it finds nothing, and what is broken by hand it finds.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::bed::{Bed, WORKSPACE};
use crate::reads;
use crate::traffic::Traffic;

/// Kills of the daemon.
const KILLS: u32 = 3;

/// An adapter of the endpoint takes all that waits for it, and notes what it got.
async fn takes_all(bed: &Bed, endpoint: &str, saw: &mut Vec<String>) {
    let name = format!("SKEIN_OUT_{WORKSPACE}");
    let stream = jetstream::new(bed.connect().await).get_stream(&name).await.expect("OUT");
    let consumer: PullConsumer = stream.get_consumer(endpoint).await.expect("the daemon has made it");
    let waiting = usize::try_from(consumer.cached_info().num_pending).expect("few");
    let mut left = waiting;
    while left > 0 {
        let mut batch = consumer.fetch().max_messages(left.min(200)).messages().await.expect("messages");
        while let Some(message) = batch.next().await {
            let message = message.expect("a message");
            let (sequence, headers) = (message.info().expect("its place").stream_sequence, message.headers.as_ref());
            let log = headers.and_then(|headers| headers.get("Skein-Log")).expect("its output").as_str();
            saw.push(json!({"received": {"stream": name, "sequence": sequence, "log": log}}).to_string());
            message.ack().await.expect("acknowledged");
            left -= 1;
        }
    }
}

fn verify(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
    command.args(["verify", "--daemon", "skein.toml", "--json"]).args(more).current_dir(folder).stdin(Stdio::null());
    command.output().expect("it runs")
}

/// The last line, and everything.
fn told(output: &Output) -> (Value, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    (last, format!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_a_daemon_that_was_killed_under_load_is_as_it_should_be_and_what_is_broken_in_it_is_found() {
    let bed = Bed::new(true).await;
    let mut traffic = Traffic::start(&bed, 7).await;
    for kill in 1..=KILLS {
        let mut daemon = bed.daemon().await;
        traffic.serve_from(Some(&daemon));
        // Some moment under load.
        tokio::time::sleep(Duration::from_millis(300 * u64::from(kill))).await;
        daemon.kill9();
        traffic.serve_from(None);
    }
    let daemon = bed.daemon().await;
    traffic.serve_from(Some(&daemon));
    tokio::time::sleep(Duration::from_millis(500)).await;
    traffic.stop().await;
    traffic.prove(&bed, &daemon).await;

    let folder = bed.folder.path();
    let mut adapters = traffic.adapters_saw();
    for endpoint in ["support", "main", "site"] {
        takes_all(&bed, endpoint, &mut adapters).await;
    }
    let agents = traffic.agents_saw();
    std::fs::write(folder.join("adapters.jsonl"), adapters.join("\n")).expect("written");
    std::fs::write(folder.join("agents.jsonl"), agents.join("\n")).expect("written");
    let live = daemon.grpc.to_string();
    let witnesses = ["--addr", live.as_str(), "--settled", "--adapters", "adapters.jsonl", "--agents", "agents.jsonl"];
    let output = verify(folder, &witnesses);
    let (json, text) = told(&output);
    println!("{text}");
    assert!(output.status.success(), "{text}");
    assert_eq!(json["broken"], 0, "{text}");
    let looked = |check: &str| json["checks"][check]["looked"].as_u64().unwrap_or(0);
    let published = traffic.acknowledged() as u64;
    assert_eq!((looked("ack_applied"), looked("input_once")), (published, published), "{text}");
    let idle = ["input_skipped", "input_gap"];
    for (check, tally) in json["checks"].as_object().expect("all checks") {
        // Nothing was told twice or lost: there is nothing to look at.
        assert!(tally["looked"].as_u64() > Some(0) || idle.contains(&check.as_str()), "{check}: {text}");
    }
    assert_eq!(json["counts"]["epochs"], u64::from(KILLS) + 1, "{text}");

    // A line that is missing, an output of nobody, a file that is none.
    let event = agents.iter().rposition(|line| line.contains("\"event\"")).expect("an event");
    let mut fewer = agents.clone();
    fewer.remove(event);
    std::fs::write(folder.join("fewer.jsonl"), fewer.join("\n")).expect("written");
    let output = verify(folder, &["--settled", "--agents", "fewer.jsonl"]);
    let (json, text) = told(&output);
    assert_eq!((output.status.code(), &json["checks"]["agent_missed"]["broken"]), (Some(1), &1.into()), "{text}");
    assert!(text.contains("BROKEN agent_missed: agent"), "{text}");
    drop(daemon);
    let bus = bed.connect().await;
    // What is gone from the beginning is so by age, or an operator's wish; what is gone from within is missing.
    let name = format!("SKEIN_OUT_{WORKSPACE}");
    let stream = jetstream::new(bus.clone()).get_stream(&name).await.expect("OUT");
    stream.purge().sequence(3).await.expect("purged");
    let output = verify(folder, &[]);
    let (json, text) = told(&output);
    assert!(output.status.success() && json["counts"]["outputs_expired"].as_u64() >= Some(2), "{text}");
    stream.delete_message(5).await.expect("deleted");
    let output = verify(folder, &[]);
    let (json, text) = told(&output);
    assert_eq!((output.status.code(), &json["checks"]["output_missing"]["broken"]), (Some(1), &1.into()), "{text}");
    assert_eq!(json["broken"], 1, "{text}");
    let subject = format!("skein.out.{WORKSPACE}.sms.main");
    jetstream::new(bus.clone()).publish(subject, "strange".into()).await.expect("sent").await.expect("stored");
    let output = verify(folder, &[]);
    let (json, text) = told(&output);
    assert_eq!((output.status.code(), &json["checks"]["output_strange"]["broken"]), (Some(1), &1.into()), "{text}");
    jetstream::new(bus).delete_stream(&name).await.expect("deleted");
    let output = verify(folder, &[]);
    let (json, text) = told(&output);
    assert!(output.status.success() && json["counts"]["outputs_nowhere"].as_u64() > Some(0), "{text}");
    std::fs::write(folder.join("none.jsonl"), "{\"published\": 3}").expect("written");
    let output = verify(folder, &["--adapters", "none.jsonl"]);
    let (_, text) = told(&output);
    assert_eq!((output.status.code(), text.contains("none.jsonl line 1")), (Some(64), true), "{text}");
    for nowhere in [["--data", "nowhere"], ["--daemon", "nowhere.toml"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_skein")).arg("verify").args(nowhere).current_dir(folder).output();
        assert_eq!(output.expect("it runs").status.code(), Some(64), "{nowhere:?}");
    }
    assert!(!reads::records(&bed).await.is_empty(), "the log is there as it was");
}
