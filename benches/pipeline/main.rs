//! The whole machine against the naive pipe, in one run: `cargo bench --bench pipeline`.
//!
//! Starts a nats-server of its own (once with its default sync, once with `sync_interval: always`) and the daemon as a process of
//! its own, and measures, interleaved, in rounds: the naive pipe; skein with WhatsApp payloads of customers whose Works agents
//! hold, until the last message is at the agents' clients; the same with every 20th message from a new customer whose Work is
//! offered, accepted, answered and closed. Prints a table, and as its last line JSON with the medians.
//!
//! `SKEIN_BENCH_ROUNDS` (5) and `SKEIN_BENCH_SCALE` (1.0, of all counts) make it shorter for a look.

mod agents;
mod daemon;
mod load;
mod memory;
#[rustfmt::skip]
#[path = "../naive.rs"]
#[expect(unreachable_pub, reason = "the yardstick is included unchanged")]
mod naive;
mod rounds;

use rounds::{Mode, Results};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    // Cargo gives `--bench`; nothing else is understood.
    if let Ok(customers) = std::env::var(memory::CUSTOMERS) {
        return memory::measure(customers.parse()?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let bytes_per_idle_customer = memory::in_a_process_of_its_own()?;
    let default = rounds::run(Mode { sync_always: false }).await?;
    let always = rounds::run(Mode { sync_always: true }).await?;
    table(&default, &always, bytes_per_idle_customer);
    println!("{}", json(&default, &always, bytes_per_idle_customer));
    Ok(())
}

fn table(default: &Results, always: &Results, bytes_per_idle_customer: f64) {
    println!();
    println!("{:<44} {:>14} {:>14}", "medians", "default sync", "sync always");
    let rate = |name: &str, of: fn(&Results) -> f64| println!("{name:<44} {:>14.0} {:>14.0}", of(default), of(always));
    rate("naive pipe, messages/s", |r| r.naive_per_s);
    rate("skein, messages/s", |r| r.skein_per_s);
    rate("skein, every 20th message opens new Work, /s", |r| r.cold_per_s);
    rate("skein, adapters publish one by one, /s", |r| r.meanwhile_single_per_s);
    rate("skein, adapters publish in batches, /s", |r| r.meanwhile_batch_per_s);
    println!("{:<44} {:>14.2} {:>14.2}", "ratio to the naive pipe", default.ratio(), always.ratio());
    println!(
        "{:<44} {:>14.2} {:>14.2}",
        "ratio of the cold run to the warm one",
        default.ratio_cold(),
        always.ratio_cold()
    );
    println!();
    println!("latency at {}/s, default sync (ms)   p50      p99", rounds::LATENCY_RATE);
    println!("  naive pipe                       {:>7.2}  {:>7.2}", default.naive_p50_ms, default.naive_p99_ms);
    println!("  skein, publish to agent's client {:>7.2}  {:>7.2}", default.skein_p50_ms, default.skein_p99_ms);
    println!();
    println!("bytes per idle customer, remembered ids apart   {bytes_per_idle_customer:.0}");
    println!("daemon at rest: {:.1} MB resident, {:.2} % of a core", default.rest_mb, default.rest_core_percent);
    println!();
}

fn json(default: &Results, always: &Results, bytes_per_idle_customer: f64) -> serde_json::Value {
    let rounded = |value: f64| (value * 1_000.0).round() / 1_000.0;
    serde_json::json!({
        "naive_default_per_s": rounded(default.naive_per_s),
        "skein_default_per_s": rounded(default.skein_per_s),
        "ratio_default": rounded(default.ratio()),
        "naive_always_per_s": rounded(always.naive_per_s),
        "skein_always_per_s": rounded(always.skein_per_s),
        "ratio_always": rounded(always.ratio()),
        "ratio_cold": rounded(default.ratio_cold()),
        "naive_p50_ms": rounded(default.naive_p50_ms),
        "skein_p50_ms": rounded(default.skein_p50_ms),
        "naive_p99_ms": rounded(default.naive_p99_ms),
        "skein_p99_ms": rounded(default.skein_p99_ms),
        "bytes_per_idle_customer": rounded(bytes_per_idle_customer),
    })
}
