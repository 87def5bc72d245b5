//! What a decision of routing costs in the core: who gets a Work that comes up, and which Work somebody gets who has room again.
//!
//! A company of 15,000 agents, all but a few of them full, 200 queues, 50 skills that few have and many want (Zipf), 20 % of the agents
//! in several queues, 2,400 different requirements; 1,000 to 100,000 wait. One in ten Works has an agent who is asked first. Beside the
//! Works come and go, agents come and go: 150 changes of presence for 100,000 decisions, which is 1 % of the agents in a second at the
//! rate asked for. The worst case beside it: no two waiting Works require the same.
//!
//! A decision is one command that brings a Work or ends one, decided and folded. The last line is JSON.

mod company;
mod load;

use std::time::Duration;

use company::{Company, Shape};
use load::Measured;

/// Decisions of a measurement.
const DECISIONS: usize = 200_000;
/// Decisions of the worst case, and of those that warm up.
const FEW: usize = 20_000;

fn main() {
    let few = measured(&Shape { waiting: 1_000, ..Shape::default() }, DECISIONS);
    let many = measured(&Shape::default(), DECISIONS);
    let worst = measured(&Shape { each_its_own: true, ..Shape::default() }, FEW);
    let rules = rules_100();
    let growth = many.mean().as_secs_f64() / few.mean().as_secs_f64();
    println!("100 rules: {:.2} us more for each new work", micros(rules));
    println!(
        "{}",
        serde_json::json!({
            "decisions_per_s": (1.0 / many.mean().as_secs_f64()).round(),
            "decision_p99_us": round(micros(many.percentile(99))),
            "growth_1k_100k": round(growth),
            "worst_p99_us": round(micros(worst.percentile(99))),
            "rules_100_us": round(micros(rules)),
        })
    );
}

/// A company of that shape at work.
fn measured(shape: &Shape, decisions: usize) -> Measured {
    let mut company = Company::at_work(shape);
    load::run(&mut company, FEW);
    let measured = load::run(&mut company, decisions);
    println!(
        "{:>7} waiting: {:>7.0} decisions/s, mean {:.2} us, p50 {:.2}, p99 {:.2}, max {:.0}",
        company.waiting(),
        1.0 / measured.mean().as_secs_f64(),
        micros(measured.mean()),
        micros(measured.percentile(50)),
        micros(measured.percentile(99)),
        micros(measured.percentile(100)),
    );
    measured
}

/// What 100 rules add to a new Work whose text, language and facts none of them fits.
fn rules_100() -> Duration {
    let of = |rules| {
        let mut company = Company::at_work(&Shape { agents: 100, waiting: 1_000, rules, ..Shape::default() });
        load::arrivals(&mut company, FEW).percentile(50)
    };
    let without = of(0);
    of(100).saturating_sub(without)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
