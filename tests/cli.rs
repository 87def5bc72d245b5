//! The command line as operators and scripts see it: exit codes, where text goes, what is hidden.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longest wait for any one thing.
const PATIENCE: Duration = Duration::from_secs(60);

fn skein(args: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skein")).args(args).envs(environment.iter().copied()).output().expect("skein runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_shows_every_problem_with_its_line_and_ends_with_64() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skein.toml");
    std::fs::write(&file, "[log]\nreplicas = 2\nbatch_mx = 1\n[grpc]\nmax_message = 4\n").unwrap();
    let output = skein(&["check", file.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(output.stdout.is_empty());
    let shown = text(&output.stderr);
    for part in [
        "skein.toml:2:12",
        "did you mean `batch_max`?",
        "grpc.max_message",
        "3 problems in the configuration; nothing was started",
    ] {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }
    std::fs::write(&file, "[log]\nreplicas = 1\n").unwrap();
    assert_eq!(skein(&["check", file.to_str().unwrap()], &[]).status.code(), Some(0));
}

/// A configuration and the workspace file it names, by a relative path, in a folder below the working directory.
fn two_files(config: &str, workspace: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("conf");
    std::fs::create_dir(&folder).expect("a folder in it");
    for (name, text) in [("skein.toml", config), ("shop.toml", workspace)] {
        std::fs::write(folder.join(name), text).expect("written");
    }
    root
}

fn skein_in(folder: &std::path::Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skein")).args(args).current_dir(folder).output().expect("skein runs")
}

#[test]
fn check_shows_the_problems_of_the_workspace_files_together_with_those_of_the_configuration() {
    let root = two_files(
        "[log]\nreplicas = 2\n[workspaces]\nfiles = [\"shop.toml\", \"missing.toml\"]\n",
        "name = \"a b\"\n[[queue]]\nname = \"support\"\n[[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"suport\"\n",
    );
    let output = skein_in(root.path(), &["check", "conf/skein.toml"]);
    assert_eq!(output.status.code(), Some(64));
    let shown = text(&output.stderr);
    for part in ["skein.toml:2:12", "shop.toml:1:8", "did you mean \"support\"?", "missing.toml", "4 problems"] {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }
}

#[test]
fn check_takes_a_workspace_file_by_itself() {
    for (file, name) in [("config/demo.toml", "demo"), ("config/company.toml", "fjord")] {
        let fine = skein(&["check", file], &[]);
        assert!(fine.status.success(), "{}", text(&fine.stderr));
        assert_eq!(text(&fine.stdout), format!("{file}: ok, workspace {name}\n"));
    }
    let root = two_files("", "name = \"acme\"\n\n[[queue]]\nname = \"chat\"\ncolour = \"blue\"\n");
    let wrong = skein_in(root.path(), &["check", "conf/shop.toml"]);
    assert_eq!(wrong.status.code(), Some(64));
    let words = text(&wrong.stderr);
    assert!(words.contains("colour") && words.contains("shop.toml:5") && !words.contains("logging"), "{words}");
    let server = skein(&["check", "config/demo.toml", "--server"], &[]);
    assert_eq!(server.status.code(), Some(64));
    assert!(text(&server.stderr).contains("is a workspace file"), "{}", text(&server.stderr));
}

#[test]
fn relative_workspace_files_start_at_the_folder_of_the_configuration() {
    let root = two_files("[workspaces]\nfiles = [\"shop.toml\"]\n[keys]\nfolder = \"keys\"\n", "name = \"shop\"\n");
    skein::keys::make_missing(&root.path().join("conf/keys"), "shop").unwrap();
    let output = skein_in(root.path(), &["check", "conf/skein.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("workspaces: 1"));
}

#[test]
fn check_and_serve_say_which_workspace_has_no_key_or_a_wrong_one_and_show_none() {
    let root = two_files("[workspaces]\nfiles = [\"shop.toml\"]\n[keys]\nfolder = \"keys\"\n", "name = \"shop\"\n");
    let refused = |args: &[&str], part: &str| {
        let output = skein_in(root.path(), args);
        assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(part), "{part:?} is missing in\n{}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("c0ffee"));
    };
    for args in [&["check", "conf/skein.toml"][..], &["serve", "-c", "conf/skein.toml"]] {
        refused(args, "workspace shop has no key");
    }
    let keys = root.path().join("conf/keys");
    std::fs::create_dir(&keys).unwrap();
    std::fs::write(keys.join("shop.key"), "c0ffee\n").unwrap();
    refused(&["check", "conf/skein.toml"], "it has 6 characters");
    std::fs::remove_file(keys.join("shop.key")).unwrap();

    let key = "ab".repeat(32);
    let check = Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(["check", "conf/skein.toml"])
        .env("SKEIN_WORKSPACE_KEY_SHOP", &key)
        .current_dir(root.path())
        .output()
        .expect("skein runs");
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
}

#[test]
fn serve_refuses_a_wrong_workspace_with_64_before_any_port_opens() {
    // Both ports are taken: had it tried to open one, it would say so and end otherwise.
    let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [grpc, admin] = taken.each_ref().map(|listener| listener.local_addr().unwrap());
    let config = format!(
        "[log]\nrequire_sync_always = \"warn\"\n[grpc]\nlisten = \"{grpc}\"\n[admin]\nlisten = \"{admin}\"\n\
         [workspaces]\nfiles = [\"shop.toml\"]\n[keys]\nfolder = \"keys\"\n"
    );
    let wrong = two_files(&config, "name = \"a b\"\n");
    let output = skein_in(wrong.path(), &["serve", "-c", "conf/skein.toml"]);
    assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("shop.toml:1:8"));

    // The same with a good workspace gets as far as the ports.
    let good = two_files(&config, "name = \"shop\"\n");
    skein::keys::make_missing(&good.path().join("conf/keys"), "shop").unwrap();
    let output = skein_in(good.path(), &["serve", "-c", "conf/skein.toml"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

#[test]
fn config_prints_what_results_as_a_file_that_can_be_used_again() {
    let set = ["config", "--set", "log.replicas=1"];
    let output = skein(&set, &[("SKEIN__NATS__URL", "nats://ops:hush@bus:4222"), ("SKEIN__SHARD__NAME", "north")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains("replicas = 1  # flag --set log.replicas"), "{printed}");
    assert!(printed.contains("name = \"north\"  # environment variable SKEIN__SHARD__NAME"), "{printed}");
    assert!(printed.contains("nats://***@bus:4222") && !printed.contains("hush"), "{printed}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("printed.toml");
    std::fs::write(&file, &printed).unwrap();
    let again = skein(&["check", file.to_str().unwrap()], &[]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
}

#[test]
fn a_wrong_environment_variable_or_flag_is_named() {
    let output = skein(&["config", "--set", "grpc.lisen=x"], &[("SKEIN__LOG__REPLICAS", "two")]);
    assert_eq!(output.status.code(), Some(64));
    let shown = text(&output.stderr);
    assert!(
        shown.contains("environment variable SKEIN__LOG__REPLICAS") && shown.contains("did you mean `grpc.listen`?"),
        "{shown}"
    );
}

#[test]
fn dev_checks_its_configuration_before_it_starts_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data_flag = data.to_str().expect("UTF-8");
    let output = skein(&["dev", "--data", data_flag, "--set", "log.replicas=2"], &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("log.replicas"), "{}", text(&output.stderr));
    assert!(!data.exists(), "no server was started, nothing was written");
}

/// The addresses that a `skein dev` leaves whose data folder says that its nats-server was at `known` before.
fn addresses_of_dev(known: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dev.json");
    let left = || serde_json::from_slice::<Value>(&std::fs::read(&file).expect("it is there")).expect("JSON");
    let before = json!({"nats": known, "grpc": "", "admin": "", "workspace": "demo"});
    std::fs::write(&file, before.to_string()).expect("written");
    let mut dev = Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(["dev", "--set", "admin.listen=127.0.0.1:0", "--set", "grpc.listen=127.0.0.1:0", "--data"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("skein starts");
    let gives_up = Instant::now() + PATIENCE;
    while left()["grpc"] == "" && Instant::now() < gives_up {
        std::thread::yield_now();
    }
    dev.kill().expect("it runs");
    dev.wait().expect("it is our child");
    left()
}

#[test]
fn the_server_of_dev_has_the_port_that_adapters_know_unless_somebody_has_it() {
    let holder = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let known = format!("nats://{}", holder.local_addr().expect("its address"));
    let elsewhere = addresses_of_dev(&known);
    assert!(elsewhere["grpc"] != "" && elsewhere["nats"] != known.as_str(), "{elsewhere}");
    drop(holder);
    let again = addresses_of_dev(&known);
    assert!(again["grpc"] != "" && again["nats"] == known.as_str(), "{again}");
}

#[test]
fn channels_says_what_each_carries_for_people_and_for_programs() {
    let shown = text(&skein(&["channels"], &[]).stdout);
    let sms = shown.lines().find(|line| line.starts_with("sms")).expect("a row");
    assert!(sms.contains("10 SMS segments"), "{sms}");
    let rows: Value = serde_json::from_slice(&skein(&["channels", "--json"], &[]).stdout).expect("JSON");
    let whatsapp = rows.as_array().expect("rows").iter().find(|row| row["channel"] == "whatsapp").expect("a row");
    assert_eq!((&whatsapp["buttons"]["max"], &whatsapp["reply_window_h"]), (&3.into(), &24.into()));
    let cut = text(&skein(&["channels", "--sms", "más"], &[]).stdout);
    assert_eq!(cut, "1 segments, 3 units of UCS-2\noutside the GSM-7 alphabet: á\n");
}
