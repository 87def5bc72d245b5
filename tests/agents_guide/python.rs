//! The agent of thirty lines.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use skein::proto::agent::WorkState;

use crate::dev::{Dev, eventually};
use crate::{from_guide, text_of};

#[test]
fn it_has_thirty_lines() {
    let code = text_of("agent.py");
    let lines = code.lines().map(str::trim_start);
    // what a person reads between them is no code
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("\"\"\""));
    assert!(lines.clone().count() <= 30, "{} lines", lines.count());
    assert!(code.lines().all(|line| line.len() <= 120), "lines are no longer than lines are");
}

/// A Python that has gRPC; None where nobody said where it is and it is not installed.
fn python() -> Option<Command> {
    let named = std::env::var_os("SKEIN_GRPC_PY");
    let python = || {
        let mut python = Command::new("python3");
        if let Some(folder) = &named {
            python.env("PYTHONPATH", folder);
        }
        python
    };
    let probe = python().args(["-c", "import grpc_reflection.v1alpha"]).stderr(Stdio::null()).status();
    let found = probe.is_ok_and(|status| status.success());
    assert!(found || named.is_none(), "SKEIN_GRPC_PY names no folder with grpcio and grpcio-reflection");
    if !found {
        eprintln!("skipped: python3 with grpcio and grpcio-reflection is not here; deploy/test fetches them");
    }
    found.then(python)
}

/// The agent as a newcomer starts it.
struct Agent(Child);

impl Agent {
    fn start(mut python: Command, file: &Path, dev: &Dev) -> Self {
        let agent = python.arg(file).args([dev.grpc().as_str(), "demo", "helper"]);
        Self(agent.stdin(Stdio::null()).spawn().expect("python runs"))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_answers_customers_once_through_crashes_of_the_daemon_and_its_own_and_closes_when_it_is_thanked() {
    let Some(python_here) = python() else { return };
    let mut dev = Dev::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = from_guide("agent.py", folder.path());
    let agent = Agent::start(python_here, &file, &dev);

    dev.say("visitor-7", "Where is my parcel?");
    let mut expected = vec![("visitor-7", "You wrote: Where is my parcel?")];
    dev.hands_out(&expected).await;
    dev.say("visitor-8", "Do you sell tea?");
    expected.push(("visitor-8", "You wrote: Do you sell tea?"));
    dev.hands_out(&expected).await;

    dev.crash_and_start_again().await;
    dev.say("visitor-7", "Is it lost?");
    expected.push(("visitor-7", "You wrote: Is it lost?"));
    dev.hands_out(&expected).await;

    drop(agent);
    dev.say("visitor-8", "Green tea?");
    let _again = Agent::start(python().expect("it was there"), &file, &dev);
    expected.push(("visitor-8", "You wrote: Green tea?"));
    dev.hands_out(&expected).await;

    dev.say("visitor-7", "There it is. Thank you!");
    expected.push(("visitor-7", "You wrote: There it is. Thank you!"));
    dev.hands_out(&expected).await;
    eventually("the matter of who said thanks is done", async || {
        let done = dev.works(WorkState::Wrapup).await.into_iter().chain(dev.works(WorkState::Closed).await).count();
        (done == 1).then_some(())
    })
    .await;
    let going_on: Vec<_> = dev.works(WorkState::Assigned).await.into_iter().map(|work| work.owner).collect();
    assert_eq!(going_on, ["helper"]);
    dev.hands_out(&expected).await;
}
