//! The promises of the shutdown, each on a real process and real signals.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use skein::shutdown::{Ended, Shutdown};

/// Says how the process under test behaves.
const BEHAVIOUR: &str = "SKEIN_TEST_BEHAVIOUR";

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

#[test]
#[ignore = "the process under test, started by the others"]
fn process() {
    let stuck = std::env::var(BEHAVIOUR).unwrap() == "stuck";
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async move {
        let shutdown = Shutdown::new(Duration::from_secs(600));
        shutdown.listen().unwrap();
        let token = shutdown.token().clone();
        shutdown.spawn("task", async move {
            println!("\nready");
            token.cancelled().await;
            println!("stopping");
            if stuck {
                std::future::pending::<()>().await;
            }
            Ok::<(), Never>(())
        });
        shutdown.stopping().await;
        shutdown.finish().await
    });
    assert_eq!(ended, Ended::Clean);
    std::process::exit(7);
}

struct Process {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Process {
    fn start(behaviour: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this executable has a path"))
            .args(["--ignored", "--exact", "--nocapture", "process"])
            .env(BEHAVIOUR, behaviour)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this executable can be started");
        let out = child.stdout.take().expect("its output is piped");
        let mut process = Self { child, lines: Box::new(BufReader::new(out).lines().map_while(Result::ok)) };
        process.wait_for("ready");
        process
    }

    fn wait_for(&mut self, line: &str) {
        assert!(self.lines.any(|said| said == line), "the process ended without saying {line:?}");
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the process is there");
    }

    fn exit_code(mut self) -> Option<i32> {
        self.child.wait().expect("it is our child").code()
    }
}

#[test]
fn one_signal_of_either_kind_ends_the_daemon_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut process = Process::start("orderly");
        process.signal(signal);
        process.wait_for("stopping");
        assert_eq!(process.exit_code(), Some(7), "{signal:?}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once_with_130_whatever_is_stuck() {
    let mut process = Process::start("stuck");
    process.signal(Signal::TERM);
    process.wait_for("stopping");
    process.signal(Signal::INT);
    assert_eq!(process.exit_code(), Some(130));
}
