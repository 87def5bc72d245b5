//! A short run of the fuzzer, the same on every machine. The long one: `cargo bench --bench fuzz -- --inputs 200000 --seed 1`.

#[path = "fuzz/engine.rs"]
mod engine;
#[path = "fuzz/seeds.rs"]
mod seeds;
#[path = "fuzz/tree.rs"]
mod tree;
#[path = "fuzz/wire.rs"]
mod wire;

use std::time::Duration;

use peak_alloc::PeakAlloc;
use skein::normalize::Format;

use engine::{MAX_BYTES, Plan, Report, run};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test: the allocator counts what all threads take.
#[test]
fn no_input_panics_or_takes_more_memory_than_is_promised() {
    let plan = Plan { inputs: 1_500, quiet: Duration::ZERO, seed: 20_261_121, expensive: true };
    println!("seed {}, at most {MAX_BYTES} bytes an input\n{}", plan.seed, Report::HEAD);
    let mut broken = Vec::new();
    for format in Format::ALL {
        let report = run(format, plan, &MEMORY);
        println!("{}", report.line());
        assert!(report.traits >= 20, "{format}: mutations reach {} traits only", report.traits);
        assert!(report.good > 0, "{format}: no input was good");
        broken.extend(report.broken);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
