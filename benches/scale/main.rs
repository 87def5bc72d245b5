//! What ten million customers cost: the core folds customers with two identities each by real records, in two visits a month apart, each a
//! matter that an agent closed, and behind them 8 days in which one in eight wrote.
//!
//! `cargo bench --bench scale -- [--customers N]`: 200,000 of them without it. The last line is JSON:
//! - `bytes_per_customer`: what the core asked the allocator of the daemon for and did not give back, once the 8 days are forgotten;
//! - `bytes_per_remembered_id`: bytes of the hourly files of those days for each duplicate key in them;
//! - `bytes_per_remembered_id_in_memory`: what the core has more before they are forgotten, for each message of those days: its
//!   provider's id, its closed matter, its window, and the duplicate keys of the last hour or two;
//! - `restart_s`: from a snapshot on disk to a state that decides: read, checked, opened, restored, indexed. The tail of the log follows
//!   in a daemon, as much as was written since;
//! - `growth_10k_10m`: what a message costs, with the agent's answer, over what it costs with 10,000 customers: customers at random, medians
//!   of rounds in turns;
//! - `cold_get_p99_ms`: to make the view of a random idle conversation, in the core. The edge and its network are not in it;
//! - `snapshot_pause_ms`: the longest turn of the core while a snapshot is cut and written and it works without a break.

mod core;
mod ids;
mod snapshots;
mod times;

use std::time::{Duration, Instant};

use cap::Cap;

use crate::core::Core;
use crate::snapshots::Disk;

#[global_allocator]
static ALLOCATOR: Cap<mimalloc::MiMalloc> = Cap::new(mimalloc::MiMalloc, usize::MAX);

/// Customers of the quick mode.
const QUICK: u32 = 200_000;
/// Those that costs are held against.
const FEW: u32 = 10_000;
/// One in so many writes within the 8 days.
const WRITES: u32 = 8;
/// Rounds of visits, in turns with few customers and with all ...
const ROUNDS: usize = 21;
/// ... of so many each.
const ROUND: u32 = 5_000;

fn main() {
    let customers = asked_for();
    let mut core = Core::new();
    let (before, held_before) = (ALLOCATOR.allocated(), resident());
    let begun = Instant::now();
    let visits = [core.all_visit(customers), core.all_visit(customers)];
    for (name, [decided, folded]) in ["first", "second"].iter().zip(&visits) {
        println!("{name:>6} visit, the message: decide {decided}, fold {folded}");
    }
    let written = customers / WRITES;
    core.days(customers, written);
    let with_days = ALLOCATOR.allocated() - before;
    let (ids, file_bytes) = (core.ids.ids, core.ids.bytes);
    println!("{ids} duplicate keys in hourly files of {file_bytes} bytes");
    println!("{customers} customers came in {:.0?}", begun.elapsed());
    let growth = growth(&mut core, customers);
    let asked = core.ask(customers);
    println!("an idle identity's address {}, an idle conversation {}", asked[0], asked[1]);
    let disk = Disk::new();
    let taken = disk.take(&mut core, customers);
    println!(
        "a snapshot of {} MiB, written in {:.1?} beside {} visits: cut {:.1?}, the longest other turn {:.1?}; let go in {:.1?}",
        taken.manifest.bytes() >> 20,
        taken.written_in,
        taken.visits,
        taken.cut,
        taken.longest,
        taken.dropped_in,
    );
    core.forget();
    let (after, held_after) = (ALLOCATOR.allocated(), resident());
    let each = |bytes: usize| bytes as f64 / f64::from(customers);
    let idle = after - before;
    println!(
        "{customers} customers of two identities: {:.1} bytes each, {:.1} with 8 days of {written} messages, {:.1} of the process",
        each(idle),
        each(with_days),
        each(held_after - held_before),
    );
    drop(core);
    let begun = Instant::now();
    let state = disk.read(&taken.manifest);
    let restart = begun.elapsed();
    let back = state.workspace(core::WORKSPACE_NAME).map(|space| space.identities());
    assert_eq!(back, Some(2 * customers as usize), "all come back");
    println!(
        "{}",
        serde_json::json!({
            "bytes_per_customer": round(each(idle)),
            "bytes_per_remembered_id": round(file_bytes as f64 / ids as f64),
            "bytes_per_remembered_id_in_memory": round(with_days.saturating_sub(idle) as f64 / f64::from(written)),
            "restart_s": round(restart.as_secs_f64()),
            "growth_10k_10m": (growth * 100.0).round() / 100.0,
            "cold_get_p99_ms": asked[1].0.value_at_quantile(0.99) as f64 / 1e6,
            "snapshot_pause_ms": round(taken.cut.max(taken.longest).as_secs_f64() * 1e3),
        })
    );
}

fn asked_for() -> u32 {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--customers").skip(1);
    arguments.next().map_or(QUICK, |number| number.parse().expect("--customers takes a number"))
}

/// What a visit costs with all customers over what it costs with few.
fn growth(all: &mut Core, customers: u32) -> f64 {
    let mut few = Core::new();
    (0..2).for_each(|_| drop(few.all_visit(FEW)));
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (rounds, (core, customers)) in rounds.iter_mut().zip([(&mut few, FEW), (&mut *all, customers)]) {
            rounds.push((0..ROUND).map(|_| core.one_visits(customers)).sum::<Duration>() / ROUND);
        }
    }
    let [few_take, all_take] = rounds.map(|mut rounds| {
        rounds.sort_unstable();
        rounds[ROUNDS / 2]
    });
    println!("a visit takes {few_take:.2?} with {FEW} customers, {all_take:.2?} with {customers}");
    all_take.as_secs_f64() / few_take.as_secs_f64()
}

/// Bytes of memory that the process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the bench runs on Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it is told");
    let kib: usize = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kib * 1_024
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
