//! What a decision of routing costs in the core: who gets a Work that comes up, and which Work somebody gets who has room again.
//!
//! A company of 15,000 agents, all but a few of them full, 200 queues, 50 skills that few have and many want (Zipf), 20 % of the agents
//! in several queues, 2,400 different requirements; 1,000 to 100,000 wait. One in ten Works has an agent who is asked first. Beside the
//! Works come and go, agents come and go: 150 changes of presence for 100,000 decisions, which is 1 % of the agents in a second at the
//! rate asked for. The worst case beside it: no two waiting Works require the same.
//!
//! A decision answers one of two questions: which agent gets this Work, and which Work does this agent get. Both are asked when an owner
//! hands a Work to another queue, the second when it has done with one; the times are those of the whole commands, decided and folded.
//! The whole way beside it, a decision each: what a customer writes is found to be new, its author and matter are found, rules are asked
//! and the Work finds its line or its agent; that, and Works that end, by turns. The last line is JSON.

mod company;
mod load;

use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use company::{Company, Shape};
use load::{Asked, Measured};

/// Commands of a measurement.
const COMMANDS: usize = 200_000;
/// Commands of the worst case, and of those that warm up.
const FEW: usize = 20_000;

fn main() {
    let few = measured(&Shape { waiting: 1_000, ..Shape::default() }, COMMANDS);
    let many = measured(&Shape::default(), COMMANDS);
    let worst = measured(&Shape { each_its_own: true, ..Shape::default() }, FEW);
    let rules = rules_100();
    println!("100 rules: {:.2} us more for each new work", micros(rules));
    let growth = |of: fn(&Figures) -> &Measured| of(&many).mean().as_secs_f64() / of(&few).mean().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "decisions_per_s": many.routing.per_second().round(),
            "decision_p99_us": round(micros(many.routing.percentile(99))),
            "growth_1k_100k": round(growth(|figures| &figures.routing)),
            "worst_p99_us": round(micros(worst.routing.percentile(99))),
            "rules_100_us": round(micros(rules)),
            "whole_way_per_s": many.whole_way.per_second().round(),
            "whole_way_p99_us": round(micros(many.whole_way.percentile(99))),
            "whole_way_growth_1k_100k": round(growth(|figures| &figures.whole_way)),
        })
    );
}

/// Of one company.
struct Figures {
    routing: Measured,
    whole_way: Measured,
}

/// A company of that shape at work.
fn measured(shape: &Shape, commands: usize) -> Figures {
    let mut company = Company::at_work(shape);
    let mut run = |asked, name| {
        load::run(&mut company, asked, FEW);
        let measured = load::run(&mut company, asked, commands);
        println!(
            "{:>7} waiting, {name:>9}: {:>7.0} decisions/s, mean {:.2} us; a command p50 {:.2} us, p99 {:.2}, max {:.0}",
            company.waiting(),
            measured.per_second(),
            micros(measured.mean()),
            micros(measured.percentile(50)),
            micros(measured.percentile(99)),
            micros(measured.percentile(100)),
        );
        measured
    };
    Figures { whole_way: run(Asked::WholeWay, "whole way"), routing: run(Asked::Routing, "routing") }
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
