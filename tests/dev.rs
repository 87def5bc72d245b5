//! The private nats-server: it lives while its supervisor does and not a moment longer, and keeps its data.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use skein::dev::{DataDirError, NatsError, NatsOptions, NatsServer};

/// Names the data folder for the process that holds a server and is killed.
const HELD_DATA: &str = "SKEIN_TEST_HELD_DATA";
const DEADLINE: Duration = Duration::from_secs(20);

fn options(data: &Path) -> NatsOptions {
    NatsOptions { skein: Some(env!("CARGO_BIN_EXE_skein").into()), ..NatsOptions::new(data) }
}

/// Whether the process exists and is not a zombie nobody has waited for.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let gives_up = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < gives_up, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn acknowledged_messages_and_the_port_survive_a_kill_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = NatsServer::start(options(folder.path())).await.unwrap();
    let url = server.url();
    let bus = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
    bus.create_stream(async_nats::jetstream::stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept".to_owned()],
        ..Default::default()
    })
    .await
    .unwrap();
    bus.publish("kept", "first".into()).await.unwrap().await.unwrap();

    server.kill9().await;
    assert!(!server.is_running());
    server.restart().await.unwrap();
    assert_eq!(server.url(), url);
    let bus = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
    let mut stream = bus.get_stream("KEPT").await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 1);

    server.stop().await;
    assert!(!is_alive(server.pid()));
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused_and_one_after_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = NatsServer::start(options(folder.path())).await.unwrap();
    let error = NatsServer::start(options(folder.path())).await.unwrap_err();
    assert!(matches!(error, NatsError::DataDir(DataDirError::InUse { .. })), "{error:?}");
    let pid = first.pid();
    drop(first);
    assert!(!is_alive(pid), "dropped and still alive");
    NatsServer::start(options(folder.path())).await.unwrap();
}

#[test]
fn it_outlives_the_thread_and_the_runtime_that_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = move || runtime().block_on(NatsServer::start(options(&data))).unwrap();
    let server = std::thread::spawn(start).join().unwrap();
    runtime().block_on(async_nats::connect(server.url())).unwrap();
    assert!(server.is_running() && is_alive(server.pid()));
}

#[test]
#[ignore = "the process that is killed by it_ends_when_its_parent_is_killed"]
fn hold_a_server() {
    let data = std::env::var(HELD_DATA).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(NatsServer::start(options(data.as_ref()))).unwrap();
    println!("\nholding {}", server.pid());
    runtime.block_on(server.ended());
}

#[test]
fn it_ends_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "hold_a_server"])
        .env(HELD_DATA, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let held = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("holding ").map(str::to_owned));
    let pid: u32 = held.expect("the parent holds a server").parse().unwrap();
    assert!(is_alive(pid));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the server has ended with its parent", || !is_alive(pid));
}

#[test]
fn a_server_whose_parent_is_already_gone_does_not_start() {
    let not_the_parent = "1";
    let output = Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(["exec-nats", "--parent", not_the_parent, "--server", "/bin/echo", "--config", "started"])
        .output()
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("the parent process is gone"));
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let broken = NatsOptions { extra_config: "no_such_setting: 1".to_owned(), ..options(folder.path()) };
    let error = NatsServer::start(broken).await.unwrap_err();
    assert!(matches!(&error, NatsError::Ended { said, .. } if said.contains("no_such_setting")), "{error}");
}

#[tokio::test]
async fn a_paused_server_stops_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = NatsServer::start(options(folder.path())).await.unwrap();
    server.pause();
    server.stop().await;
    assert!(!server.is_running());
}
