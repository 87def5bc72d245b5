//! `skein dev --synthetic`: what its customers say is recorded, what its bots answer is sent, nothing more and nothing less.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use skein::domain::event::ReceiptStatus;
use skein::domain::record::{Change, Direction};

use crate::bed::eventually;
use crate::reads;

/// Runs at least so long; a longer look is taken by naming the seconds.
const SECONDS: &str = "SKEIN_SYNTHETIC_SECONDS";
/// Two rounds of every customer.
const USUALLY: u64 = 9;

struct Dev(Child);

impl Dev {
    fn start(data: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_skein"))
            .args([
                "dev",
                "--synthetic",
                "--set",
                "grpc.listen=127.0.0.1:0",
                "--set",
                "admin.listen=127.0.0.1:0",
                "--data",
            ])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start skein dev");
        Self(child)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).expect("a process id");
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.0.wait();
    }
}

/// What is in the streams and in the log.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    said: usize,
    recorded: usize,
    answered: usize,
    handed_out: usize,
    sent: usize,
    set_aside: usize,
}

impl Counts {
    async fn now(url: &str, data: &Path) -> Self {
        let bus = async_nats::connect(url).await.expect("the bus");
        let mut counts = Self::default();
        // Receipts are in the same stream: what the adapter reports is in skein's own format and names a receipt.
        for message in reads::stored(&bus, "SKEIN_IN_demo").await {
            let body: Option<Value> = serde_json::from_slice(&message.payload).ok();
            counts.said += usize::from(body.is_none_or(|body| body.get("receipt").is_none()));
        }
        counts.handed_out = reads::stored(&bus, "SKEIN_OUT_demo").await.len();
        counts.set_aside = reads::stored(&bus, "SKEIN_DEAD_demo").await.len();
        for record in reads::records_at(url.to_owned(), &data.join("keys"), "demo").await {
            for change in record.changes {
                match change {
                    Change::MessageStored(message) if message.direction == Direction::In => counts.recorded += 1,
                    Change::MessageStored(_) => counts.answered += 1,
                    Change::ReceiptNoted(receipt) if receipt.applied && receipt.status == ReceiptStatus::Sent => {
                        counts.sent += 1;
                    }
                    _ => {}
                }
            }
        }
        counts
    }

    fn are_even(&self) -> bool {
        self.said == self.recorded && self.answered == self.handed_out && self.handed_out == self.sent
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_synthetic_customers_say_is_recorded_and_what_bots_answer_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = Instant::now();
    let _dev = Dev::start(folder.path());
    let addresses: Value = eventually("it says where it is", async || {
        let text = std::fs::read(folder.path().join("dev.json")).ok()?;
        serde_json::from_slice(&text).ok()
    })
    .await;
    let url = addresses["nats"].as_str().expect("a URL").to_owned();
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(USUALLY);
    if let Some(rest) = Duration::from_secs(seconds).checked_sub(start.elapsed()) {
        // The length of the look is what is asked for here; the condition comes after it.
        tokio::time::sleep(rest).await;
    }
    let counts = eventually("everything that was said is recorded, everything answered is sent", async || {
        let counts = Counts::now(&url, folder.path()).await;
        (counts.said >= 10 && counts.answered >= 5 && counts.are_even()).then_some(counts)
    })
    .await;
    assert_eq!(counts.set_aside, 0, "{counts:?}");
    println!("after {:.0} s: {counts:?}", start.elapsed().as_secs_f32());
}
