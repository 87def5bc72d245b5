//! Agents' sessions against the figures that are wanted of them: `cargo bench --bench sessions`.
//!
//! Starts a nats-server, the daemon, and the agents' clients, each as a process of its own, and measures
//! - how long it takes from a new customer's message in IN to the offer on an agent's stream, at a steady rate of new Work;
//! - what the daemon holds in memory with many open sessions, each with Works and events that it has not acknowledged;
//! - how long it takes until all of them have dropped and resumed while customers go on writing, with nothing lost, nothing twice, and
//!   no Work taken from its agent.
//!
//! Prints a table, and as its last line JSON. `SKEIN_BENCH_SCALE` (1.0, of all counts and the rate) makes it shorter for a look;
//! `SKEIN_BENCH_PER_CONNECTION` (1) puts so many sessions on one connection, as a gateway does. What is wrong whatever the machine is an
//! error: a lost event, one that came twice, a Work that went away.

mod clients;
#[path = "../pipeline/daemon.rs"]
#[expect(dead_code, reason = "the daemon of the pipeline's bench, of which less is wanted here")]
mod daemon;
#[path = "../pipeline/load.rs"]
#[expect(dead_code, reason = "the adapter of the pipeline's bench, of which less is wanted here")]
mod load;
mod phases;
mod session;
mod team;

use phases::{Figures, Scale};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Set for the process that has the clients: where the port is.
const CLIENTS: &str = "SKEIN_BENCH_CLIENTS";

fn main() -> Result<()> {
    // Cargo gives `--bench`; nothing else is understood.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Ok(grpc) = std::env::var(CLIENTS) {
        return runtime.block_on(clients::serve(grpc.parse()?));
    }
    let figures = runtime.block_on(phases::run(Scale::read()?))?;
    table(&figures);
    println!("{}", json(&figures));
    Ok(())
}

fn table(figures: &Figures) {
    let Scale { agents, rate, sessions, works, events, .. } = figures.scale;
    println!();
    println!("new Work to offer on the agent's stream at {rate:.0}/s, {agents} agents (ms)");
    println!("  p50 {:>9.2}   p99 {:>9.2}   most {:>9.2}", figures.p50_ms, figures.p99_ms, figures.most_ms);
    println!("{sessions} open sessions, each with {works} Works and {events} unacknowledged events");
    println!("  daemon before {:>7.1} MB, with all {:>7.1} MB", figures.empty_mb, figures.full_mb);
    println!("  of it sessions alone, before any Work {:>7.1} MB", figures.sessions_mb);
    println!("all of them drop and resume");
    println!("  within {:.2} s, {} begin anew with a snapshot", figures.resume_s, figures.anew);
    println!("  lost {}, twice {}, Works that went away {}", figures.lost, figures.twice, figures.gone);
    println!();
}

fn json(figures: &Figures) -> serde_json::Value {
    let rounded = |value: f64| (value * 1_000.0).round() / 1_000.0;
    serde_json::json!({
        "offer_p50_ms": rounded(figures.p50_ms),
        "offer_p99_ms": rounded(figures.p99_ms),
        "sessions": figures.scale.sessions,
        "sessions_mb": rounded(figures.full_mb),
        "sessions_alone_mb": rounded(figures.sessions_mb),
        "resume_s": rounded(figures.resume_s),
        "begun_anew": figures.anew,
        "lost": figures.lost,
        "doubled": figures.twice,
        "requeued": figures.gone,
    })
}
