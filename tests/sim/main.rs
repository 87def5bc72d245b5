//! A seeded simulator over the core and the shard's engine (style rules 24 and 26): random commands, duplicates, reorderings,
//! unknown append outcomes, crashes with replay, clock jumps, timers; checks after every step, liveness at the end.
//!
//! `SKEIN_SIM_SEEDS=n` runs so many seeds, `SKEIN_SIM_SEED=n` runs one and shows its last commands.

mod agents;
mod archive;
mod bots;
mod broken;
mod checks;
mod compare;
mod controls;
mod customers;
mod effort;
mod ending;
mod explained;
mod faults;
mod found;
mod graces;
mod joining;
mod kept;
mod lines;
mod matters;
mod model;
mod node;
mod noted;
mod offers;
mod overseen;
mod overtaken;
mod relief;
mod rng;
mod setup;
mod snapshots;
mod stats;
mod texts;
mod told;
mod verified;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use checks::Broken;
use model::Sabotage;
use stats::Stats;
use world::World;

/// Seeds of a run that nobody has told how many.
const SEEDS: u64 = 3_000;
/// Threads that run seeds.
const THREADS: u64 = 2;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

/// One seed: its counts, or what broke with the last commands before it.
pub(crate) fn run(seed: u64, sabotage: Sabotage, traced: bool) -> Result<Stats, (Broken, Vec<String>)> {
    let mut world = World::new(seed, sabotage, traced).map_err(|broken| (broken, Vec::new()))?;
    let result = catch_unwind(AssertUnwindSafe(|| world.run()))
        .unwrap_or_else(|panic| Err(Broken { check: "no panic", detail: words(&*panic) }));
    match result {
        Ok(()) => Ok(world.stats),
        Err(broken) => Err((broken, world.trace().cloned().collect())),
    }
}

/// Fails with everything that helps to find out why.
fn explain(seed: u64) {
    let (broken, trace) = run(seed, Sabotage::default(), true).expect_err("a seed does the same each time");
    for line in &trace {
        println!("{line}");
    }
    panic!("seed {seed}: {}: {}\nreplay: SKEIN_SIM_SEED={seed} cargo test --test sim", broken.check, broken.detail);
}

#[test]
fn whatever_happens_nothing_is_lost_doubled_or_left_undone() {
    if let Some(seed) = number("SKEIN_SIM_SEED") {
        match run(seed, Sabotage::default(), true) {
            Ok(stats) => println!("{stats}"),
            Err(_) => explain(seed),
        }
        return;
    }
    let seeds = number("SKEIN_SIM_SEEDS").unwrap_or(SEEDS);
    let (begun, next) = (Instant::now(), AtomicU64::new(0));
    let (mut stats, mut failed) = (Stats::default(), Vec::new());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let (mut stats, mut failed) = (Stats::default(), Vec::new());
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds || failed.len() > 20 {
                            return (stats, failed);
                        }
                        match run(seed, Sabotage::default(), false) {
                            Ok(counted) => stats.add(&counted),
                            Err((broken, _)) => failed.push((seed, broken.check)),
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            let (counted, broken) = thread.join().expect("a seed's panics are caught");
            stats.add(&counted);
            failed.extend(broken);
        }
    });
    println!("{stats}\n{seeds} seeds of {} steps in {:.1} s", world::STEPS, begun.elapsed().as_secs_f64());
    failed.sort_unstable();
    if let Some((seed, _)) = failed.first() {
        println!("failed: {failed:?}");
        explain(*seed);
    }
    let gaps = stats.gaps();
    assert!(seeds < SEEDS || gaps.is_empty(), "{gaps:#?}");
}
