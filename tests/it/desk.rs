//! `skein agent` in a terminal: it comes back by itself after a crash of the daemon, misses nothing, and speaks a person's words.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::adapter::{Adapter, sms};
use crate::bed::{Bed, PATIENCE, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::reads;

const PHONE: &str = "4915112345678";

/// `skein agent` as a person has it before them.
pub(crate) struct Desk {
    child: Child,
    typed: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    said: String,
}

impl Desk {
    pub(crate) fn open(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_skein"))
            .args(["agent", "--name", "ann", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("start the desk");
        let typed = child.stdin.take().expect("piped");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, typed: Some(typed), lines, said: String::new() }
    }

    /// Waits for a line with these words.
    pub(crate) async fn says(&mut self, words: &str) {
        let waited = timeout(PATIENCE, async {
            loop {
                let line = self.lines.next_line().await.expect("readable").expect("the desk is open");
                self.said.push_str(&line);
                self.said.push('\n');
                if line.contains(words) {
                    return;
                }
            }
        });
        assert!(waited.await.is_ok(), "no {words:?} in\n{}", self.said);
    }

    pub(crate) async fn types(&mut self, line: &str) {
        let typed = self.typed.as_mut().expect("input has not ended");
        typed.write_all(format!("{line}\n").as_bytes()).await.expect("the desk is open");
    }

    /// Ends the input, and gives what was said until the command ended well.
    async fn leaves(mut self) -> String {
        self.typed = None;
        let waited = timeout(PATIENCE, async {
            while let Some(line) = self.lines.next_line().await.expect("readable") {
                self.said.push_str(&line);
                self.said.push('\n');
            }
            self.child.wait().await.expect("it is our child")
        });
        let end = waited.await.expect("it ends");
        assert!(end.success(), "{end}:\n{}", self.said);
        self.said
    }
}

/// Where the daemon is, as `skein dev` leaves it.
pub(crate) fn leave_addresses(data: &Path, bed: &Bed, daemon: &Daemon) {
    let addresses = json!({
        "nats": bed.nats.url(),
        "grpc": daemon.grpc.to_string(),
        "admin": daemon.grpc.to_string(),
        "workspace": WORKSPACE,
    });
    std::fs::write(data.join("dev.json"), addresses.to_string()).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_comes_back_after_a_crash_with_what_was_said_meanwhile() {
    let bed = Bed::new(false).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = bed.daemon().await;
    leave_addresses(folder.path(), &bed, &daemon);
    let adapter = Adapter::new(bed.connect().await);
    let mut desk = Desk::open(folder.path());
    desk.says("you are ready").await;
    adapter.publish(&sms(PHONE, "1", "first")).await;
    desk.says("customer: first").await;

    daemon.kill9();
    desk.says("the connection is lost").await;
    adapter.publish(&sms(PHONE, "2", "second")).await;
    let again = bed.daemon().await;
    leave_addresses(folder.path(), &bed, &again);
    desk.says("back again").await;
    desk.says("customer: second").await;
    desk.types("reply It is on its way.").await;
    let bus = bed.connect().await;
    eventually("the answer goes out", async || (reads::out(&bus).await.len() == 1).then_some(())).await;
    desk.types("quit").await;
    assert_eq!(desk.said.matches("customer: first").count(), 1, "told once\n{}", desk.said);
    for of_the_protocol in ["PRESENCE_", "WORK_STATE_", "RECEIPT_STATUS_", "REASON_"] {
        assert!(!desk.said.contains(of_the_protocol), "{}", desk.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_that_another_one_took_over_does_not_come_back() {
    let bed = Bed::new(false).await;
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = bed.daemon().await;
    leave_addresses(folder.path(), &bed, &daemon);
    let mut first = Desk::open(folder.path());
    first.says("you are ready").await;
    let mut second = Desk::open(folder.path());
    second.says("ann is at work").await;
    first.says("another session of yours has taken over").await;
    let end = timeout(PATIENCE, first.lines.next_line()).await.expect("it ends").expect("readable");
    assert_eq!(end, None);
    second.types("quit").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_script_typed_last_is_done_and_its_agent_is_logged_out_when_it_ends() {
    let bed = Bed::new(false).await;
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = bed.daemon().await;
    leave_addresses(folder.path(), &bed, &daemon);
    let adapter = Adapter::new(bed.connect().await);
    let mut desk = Desk::open(folder.path());
    desk.says("you are ready").await;
    adapter.publish(&sms(PHONE, "1", "first")).await;
    desk.says("customer: first").await;

    let bus = bed.connect().await;
    for (number, last) in [(1, ""), (2, "quit\n"), (3, "")] {
        let mut script = Desk::open(folder.path());
        script.types(&format!("reply answer {number}\n{last}")).await;
        let told = script.leaves().await;
        assert!(told.contains(&format!("us: answer {number}")) && told.contains("logged out"), "{told}");
        eventually("the answer goes out", async || (reads::out(&bus).await.len() == number).then_some(())).await;
    }
    let mut refused = Desk::open(folder.path());
    refused.types("accept o1-1\n").await;
    let told = refused.leaves().await;
    assert!(told.contains("refused "), "{told}");
}
