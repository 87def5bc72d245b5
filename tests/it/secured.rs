//! The daemon with TLS and tokens as README says it, word by word: keys by the script, the clients of the command line.

use std::path::Path;
use std::process::{Command, Output};

use crate::adapter::{Adapter, sms};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;

/// Runs `deploy/keys` in the folder; what it prints.
fn keys(folder: &Path, verb: &str, args: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/keys");
    let done = Command::new(script).arg(verb).arg(folder.join("port")).args(args).output().expect("the script runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").trim().to_owned()
}

/// A client of the command line, with the token of one who has these roles in these workspaces.
fn skein(bed: &Bed, daemon: &Daemon, (name, workspaces, roles): (&str, &str, &str), args: &[&str]) -> Output {
    let folder = bed.folder.path();
    let token = keys(folder, "token", &[name, workspaces, roles]);
    let file = folder.join(format!("{name}.token"));
    std::fs::write(&file, token).expect("written");
    let reach = ["--addr", &format!("localhost:{}", daemon.grpc.port()), "--workspace", WORKSPACE];
    Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(args)
        .args(reach)
        .arg("--ca-file")
        .arg(folder.join("port/ca.pem"))
        .env("SKEIN_TOKEN_FILE", &file)
        .output()
        .expect("skein runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_token_or_another_role_or_workspace_is_refused_and_what_supervisors_read_is_said() {
    let bed = Bed::new(false).await;
    keys(bed.folder.path(), "make", &["localhost"]);
    bed.set_port("tls_certificate_file = \"port/port.pem\"\ntls_key_file = \"port/port.key\"\n");
    bed.set("[tokens]\nkeys_file = \"port/tokens.pem\"\nissuer = \"deploy/keys\"\naudience = \"skein\"\n");
    let daemon = bed.daemon().await;
    Adapter::new(bed.connect().await).publish(&sms("+4915112345678", "1", "hello")).await;

    let every = skein(&bed, &daemon, ("ops", "*", "admin"), &["admin", "agents"]);
    assert!(every.status.success(), "{}", told(&every));
    let one = skein(&bed, &daemon, ("ops", WORKSPACE, "admin"), &["admin", "config"]);
    assert!(one.status.success() && told(&one).contains("\"queues\""), "{}", told(&one));
    let levels = skein(&bed, &daemon, ("ops", WORKSPACE, "admin"), &["admin", "log-level"]);
    assert!(!levels.status.success() && told(&levels).contains("not good for every workspace"), "{}", told(&levels));
    let stranger = skein(&bed, &daemon, ("ops", "rival", "admin"), &["admin", "agents"]);
    assert!(
        !stranger.status.success() && told(&stranger).contains("not good for the workspace"),
        "{}",
        told(&stranger)
    );
    let agent = skein(&bed, &daemon, ("anna", WORKSPACE, "agent"), &["admin", "agents"]);
    assert!(!agent.status.success() && told(&agent).contains("for the roles admin"), "{}", told(&agent));
    let bare = Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(["admin", "agents", "--workspace", WORKSPACE, "--addr", &format!("localhost:{}", daemon.grpc.port())])
        .arg("--ca-file")
        .arg(bed.folder.path().join("port/ca.pem"))
        .output()
        .expect("skein runs");
    assert!(!bare.status.success() && told(&bare).contains("a token is wanted"), "{}", told(&bare));

    let desk = skein(&bed, &daemon, ("vera", WORKSPACE, "supervisor"), &["agent", "--name", "vera"]);
    assert!(desk.status.success(), "{}", told(&desk));
    let export = skein(&bed, &daemon, ("vera", WORKSPACE, "supervisor"), &["export", "--name", "vera", "c0"]);
    assert!(export.status.success() && told(&export).contains("hello"), "{}", told(&export));
    eventually("the read is a line", async || daemon.said("customers' data read").then_some(())).await;
    assert!(!daemon.log().contains("4915112345678") && !daemon.log().contains("hello"));
}
