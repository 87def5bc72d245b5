//! The promises of the shutdown, on the whole daemon under load.

use std::time::Instant;

use rustix::process::Signal;

use crate::bed::{Bed, DEADLINE, eventually};
use crate::traffic::Traffic;

/// What a process may take beside its deadline: to start ending, and to be seen as ended.
const SLACK: std::time::Duration = std::time::Duration::from_secs(2);

async fn under_load(traffic: &Traffic) {
    let busy = || traffic.workers.iter().all(|worker| !worker.notes().accepted.is_empty());
    eventually("every agent has answered somebody", async || busy().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_the_daemon_in_order_tells_every_session_and_loses_nothing() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    let mut traffic = Traffic::start(&bed, 1).await;
    traffic.serve_from(Some(&daemon));
    under_load(&traffic).await;
    let began = Instant::now();
    daemon.signal(Signal::TERM);
    let status = daemon.ended().await;
    traffic.serve_from(None);
    assert_eq!(status.code(), Some(0), "{}", daemon.log());
    assert!(began.elapsed() < DEADLINE, "within its deadline: {:?}", began.elapsed());
    for worker in &traffic.workers {
        let notes = worker.notes();
        assert_eq!(notes.drained, 1, "{} was told: {}", worker.name, notes.last_error);
    }
    let next = bed.daemon().await;
    traffic.serve_from(Some(&next));
    traffic.stop().await;
    traffic.prove(&bed, &next).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_cannot_finish_ends_at_its_deadline_says_so_and_loses_nothing() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    let mut traffic = Traffic::start(&bed, 2).await;
    traffic.serve_from(Some(&daemon));
    under_load(&traffic).await;
    bed.nats.pause();
    let began = Instant::now();
    daemon.signal(Signal::TERM);
    let status = daemon.ended().await;
    traffic.serve_from(None);
    assert!(began.elapsed() < DEADLINE + SLACK, "at its deadline: {:?}", began.elapsed());
    assert_eq!(status.code(), Some(1), "{}", daemon.log());
    bed.nats.resume();
    let next = bed.daemon().await;
    traffic.serve_from(Some(&next));
    traffic.stop().await;
    traffic.prove(&bed, &next).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once_with_130() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    let traffic = Traffic::start(&bed, 3).await;
    traffic.serve_from(Some(&daemon));
    under_load(&traffic).await;
    // It cannot finish: what it has appended is never acknowledged.
    bed.nats.pause();
    daemon.signal(Signal::TERM);
    eventually("it has begun to end", async || daemon.said("signal received, ending").then_some(())).await;
    assert!(!daemon.has_ended());
    let second = Instant::now();
    daemon.signal(Signal::INT);
    let status = daemon.ended().await;
    assert_eq!(status.code(), Some(130));
    assert!(second.elapsed() < SLACK, "at once: {:?}", second.elapsed());
}
