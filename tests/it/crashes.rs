//! The daemon is killed, the bus is killed: under load nothing is lost, doubled, or taken from its owner.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::bed::{Bed, eventually};
use crate::traffic::Traffic;

/// Kills of the daemon.
const KILLS: u32 = 20;
/// Kills of the nats-server.
const BUS_KILLS: u32 = 3;

/// That of the environment, to repeat a run, or a new one.
fn seed() -> u64 {
    let seed = std::env::var("SKEIN_IT_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("SKEIN_IT_SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_20_random_moments_the_daemon_loses_doubles_and_requeues_nothing() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let bed = Bed::new(true).await;
    let mut traffic = Traffic::start(&bed, seed).await;
    for kill in 1..=KILLS {
        // Every fifth does not even get ready.
        let mut daemon = if kill % 5 == 0 { bed.launch().await } else { bed.daemon().await };
        traffic.serve_from(Some(&daemon));
        // The random moment of the kill.
        tokio::time::sleep(Duration::from_millis(random.random_range(100..1_000))).await;
        daemon.kill9();
        traffic.serve_from(None);
    }
    let daemon = bed.daemon().await;
    traffic.serve_from(Some(&daemon));
    traffic.stop().await;
    traffic.prove(&bed, &daemon).await;
    for worker in &traffic.workers {
        assert!(worker.notes().resumes > 0, "{} went on with its session", worker.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_outlives_kills_of_its_bus_and_loses_and_doubles_nothing() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut bed = Bed::new(true).await;
    let mut daemon = bed.daemon().await;
    let pid = daemon.pid();
    let mut traffic = Traffic::start(&bed, seed).await;
    traffic.serve_from(Some(&daemon));
    for _ in 0..BUS_KILLS {
        let before = traffic.acknowledged();
        eventually("the bus takes messages", async || (traffic.acknowledged() > before + 20).then_some(())).await;
        // The random moment of the kill.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1_000))).await;
        bed.nats.kill9().await;
        bed.nats.restart().await.expect("the bus starts again");
    }
    let before = traffic.acknowledged();
    eventually("the bus takes messages", async || (traffic.acknowledged() > before + 20).then_some(())).await;
    traffic.stop().await;
    traffic.prove(&bed, &daemon).await;
    assert!(!daemon.has_ended(), "the same process");
    assert_eq!(daemon.pid(), pid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_hangs_makes_the_daemon_unready_and_what_became_of_its_appends_is_found_out() {
    let bed = Bed::new(true).await;
    let mut daemon = bed.daemon().await;
    let mut traffic = Traffic::start(&bed, 4).await;
    traffic.serve_from(Some(&daemon));
    let before = traffic.acknowledged();
    eventually("the bus takes messages", async || (traffic.acknowledged() > before + 50).then_some(())).await;
    bed.nats.pause();
    let status = async || daemon.page("/readyz").await.map(|(status, _)| status);
    eventually("it says that it is not ready", async || (status().await? == 503).then_some(())).await;
    bed.nats.resume();
    eventually("it is ready again", async || (status().await? == 200).then_some(())).await;
    traffic.stop().await;
    traffic.prove(&bed, &daemon).await;
    assert!(!daemon.has_ended(), "the same process");
}
