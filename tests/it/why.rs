//! Why a customer waited, and what one more agent would have changed: the commands of README, as they stand there, against `skein dev`.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::bed::eventually;

struct Dev(Child);

impl Dev {
    fn start(folder: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_skein"))
            .args(["dev", "--set", "grpc.listen=127.0.0.1:0", "--set", "admin.listen=127.0.0.1:0"])
            .current_dir(folder)
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

/// The code block behind `<!-- why -->` in README.
fn block() -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README");
    let (_, behind) = readme.split_once("<!-- why -->\n```sh\n").expect("the commands stand in README");
    behind.split_once("```").expect("their block ends").0.to_owned()
}

/// A folder as a newcomer has it: the checkout's `config`, and `skein` on the PATH.
fn runs(folder: &Path, script: &str) -> Output {
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-e", "-c", script]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    shell.output().expect("bash runs")
}

fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_readme_tell_why_a_customer_waited_and_what_one_more_agent_would_have_changed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let held = tempfile::tempdir().expect("a folder");
    let folder = held.path();
    std::fs::create_dir(folder.join("bin")).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_skein"), folder.join("bin/skein")).expect("a link");
    std::os::unix::fs::symlink(root.join("config"), folder.join("config")).expect("a link");
    let dev = Dev::start(folder);
    eventually("skein dev is ready", async || {
        let said = runs(folder, "skein say --channel whatsapp --from +4915112345678 'Where is my parcel?'");
        said.status.success().then_some(())
    })
    .await;
    eventually("the work is there", async || runs(folder, "skein explain --name anna").status.success().then_some(()))
        .await;
    let block = block();
    let output = runs(folder, &block);
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    for part in [
        "in queue messages: QUEUED",
        "the customer has waited",
        "in queue messages, nobody had it",
        "anna: not logged in",
        "came to queue messages (new)",
        "its log is read while it runs, nothing is written",
        "agents who were never there: zoe",
        "recorded",
        "The model:",
    ] {
        assert!(told.contains(part), "{part:?} is missing in\n{told}");
    }
    let checked = runs(folder, "skein verify");
    assert!(checked.status.success(), "{}", text(&checked));
    drop(dev);
    let copies = folder.join("copies");
    std::fs::create_dir(&copies).expect("a folder");
    let offline = runs(folder, "TMPDIR=$PWD/copies skein rehearse --config more.toml --since 24h --json");
    let told = text(&offline);
    assert!(offline.status.success(), "{told}");
    let value: serde_json::Value = serde_json::from_slice(&offline.stdout).expect("one JSON value");
    assert_eq!(
        (&value["recorded"]["all"]["works"], &value["new"]["all"]["unmatched"]),
        (&1.into(), &1.into()),
        "{told}"
    );
    assert!(told.contains("nobody uses"), "{told}");
    assert_eq!(std::fs::read_dir(&copies).expect("readable").count(), 0, "the copy is gone");
    let checked = runs(folder, "TMPDIR=$PWD/copies skein verify --settled --json");
    let told = text(&checked);
    assert!(checked.status.success(), "{told}");
    let last: serde_json::Value =
        told.lines().find(|line| line.starts_with('{')).unwrap_or_default().parse().expect("JSON");
    assert_eq!((&last["broken"], &last["counts"]["inputs"]), (&0.into(), &1.into()), "{told}");
    assert_eq!(std::fs::read_dir(&copies).expect("readable").count(), 0, "the copy is gone");
}
