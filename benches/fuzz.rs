//! The long run of the fuzzer: `cargo bench --bench fuzz -- [--inputs N] [--seed S] [--quiet SECONDS] [--format NAME]`.
//!
//! Each format gets at least N inputs and then more until nothing new was seen for the given time. Ends with 1 when a promise was
//! broken; what broke it is kept as a file.

#[path = "../tests/fuzz/engine.rs"]
mod engine;
#[path = "../tests/fuzz/seeds.rs"]
mod seeds;
#[path = "../tests/fuzz/tree.rs"]
mod tree;
#[path = "../tests/fuzz/wire.rs"]
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use skein::normalize::Format;

use engine::{MAX_BYTES, Plan, Report, run};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let value = |name: &str| {
        let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
        arguments.next()
    };
    let number = |name: &str, default: u64| {
        value(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} wants a number, not {text}")))
    };
    let only: Option<Format> =
        value("--format").map(|name| name.parse().unwrap_or_else(|_| panic!("there is no format {name}")));
    let plan = Plan {
        inputs: usize::try_from(number("--inputs", 200_000)).expect("a number of inputs"),
        quiet: Duration::from_secs(number("--quiet", 0)),
        seed: number("--seed", 1),
        expensive: true,
    };
    println!("seed {}, at most {MAX_BYTES} bytes an input\n{}", plan.seed, Report::HEAD);
    let mut broken = Vec::new();
    for format in Format::ALL.into_iter().filter(|format| only.is_none_or(|only| only == *format)) {
        let report = run(format, plan, &MEMORY);
        println!("{}", report.line());
        broken.extend(report.broken);
    }
    if broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("{}", broken.join("\n"));
    ExitCode::FAILURE
}
