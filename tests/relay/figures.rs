//! What carrying costs, beside the same calls to the port of the owner itself. Prints, and asserts nothing about time.
//!
//! `cargo test --release --test relay figures -- --ignored --nocapture`

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use hdrhistogram::Histogram;
use skein::relay::RelayOptions;

use super::bed::{Front, nodes};
use super::echo::{POUR, POURED, TALK};

const CALLS: usize = 3_000;
const WORDS: usize = 50_000;
const POURS: usize = 8_192;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn figures_of_calls_and_streams() {
    let (server, relayed, owner) = nodes().await;
    let direct = Front::direct(owner.echo.clone()).await;
    let spread = Front::start(&server, RelayOptions::default()).await;
    for _ in 0..2 {
        for (name, front) in [("direct", &direct), ("relayed", &relayed)] {
            let (p50, p99) = unary(front).await;
            println!("{name:>8}: unary p50 {p50:?} p99 {p99:?}");
            let (talked, poured) = (talk(front).await, pour(front).await);
            println!("{name:>8}: one stream {talked:.0} words/s there and back, {poured:.0} MiB/s of 16 KiB words");
        }
    }
    let both = Instant::now();
    tokio::join!(talk(&relayed), talk(&spread));
    println!("two streams of two nodes: {:.0} words/s there and back", rate(2 * WORDS, both.elapsed()));
}

async fn unary(front: &Front) -> (Duration, Duration) {
    let mut taken = Histogram::<u64>::new(3).expect("bounds");
    for _ in 0..CALLS {
        let begun = Instant::now();
        front.say("hello").await.expect("an answer");
        taken.record(u64::try_from(begun.elapsed().as_micros()).expect("small")).expect("in bounds");
    }
    let at = |quantile| Duration::from_micros(taken.value_at_quantile(quantile));
    (at(0.5), at(0.99))
}

async fn talk(front: &Front) -> f64 {
    let begun = Instant::now();
    let words = futures::stream::iter((0..WORDS).map(|_| vec![7; 200]));
    let heard = front.many(TALK, words).await.expect("a stream").count().await;
    assert_eq!(heard, WORDS + 1);
    rate(WORDS, begun.elapsed())
}

async fn pour(front: &Front) -> f64 {
    let begun = Instant::now();
    let first = futures::stream::iter([POURS.to_string().into_bytes()]);
    let heard = front.many(POUR, first).await.expect("a stream").count().await;
    assert_eq!(heard, POURS + 1);
    rate(POURS * POURED, begun.elapsed()) / f64::from(1 << 20)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate(count: usize, taken: Duration) -> f64 {
    count as f64 / taken.as_secs_f64()
}
