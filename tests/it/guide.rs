//! The adapters of the guide, exactly as they stand in ADAPTERS.md, against a real server and daemon.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use skein::proto::agent::event::Event as What;
use skein::proto::channel::ReceiptStatus;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::adapter::{Adapter, chat, whatsapp};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, PATIENCE, WORKSPACE, eventually};
use crate::reads;

const PHONE: &str = "4915112345678";

/// The code block behind `<!-- NAME -->`, as a file in the folder.
fn from_guide(name: &str, folder: &Path) -> PathBuf {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ADAPTERS.md")).expect("the guide");
    let (_, behind) = guide.split_once(&format!("<!-- {name} -->\n```")).expect("the adapter stands in the guide");
    let (block, _) = behind.split_once("```").expect("its block ends");
    let (_language, code) = block.split_once('\n').expect("it has lines");
    let file = folder.join(name);
    std::fs::write(&file, code).expect("written");
    file
}

/// The CGI program: what it prints, for a body.
fn shell(bed: &Bed, folder: &Path, body: &[u8]) -> Output {
    let address = bed.nats.address();
    let mut program = Command::new("bash")
        .arg(from_guide("adapter.sh", folder))
        .args(["whatsapp", "support", "whatsapp-cloud"])
        .envs([("SKEIN_WORKSPACE", WORKSPACE), ("NATS_USER", ""), ("NATS_PASSWORD", ""), ("QUERY_STRING", "a=1&b=2")])
        .env("NATS_HOST", address.ip().to_string())
        .env("NATS_PORT", address.port().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash runs");
    program.stdin.take().expect("its input").write_all(body).expect("it reads the body");
    program.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_shell_adapter_has_ten_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = std::fs::read_to_string(from_guide("adapter.sh", folder.path())).expect("the code");
    let lines = code.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    // the last line of the loop is its end
    assert!(lines.clone().count() <= 11, "{} lines", lines.count());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_adapter_answers_200_when_the_event_is_stored_and_it_arrives() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let folder = tempfile::tempdir().expect("a folder");
    let output = shell(&bed, folder.path(), &whatsapp(PHONE, "1", "hello from a shell").body);
    assert!(output.status.success(), "{output:?}");
    assert!(said(&output).starts_with("Status: 200\r\n\r\n"), "{output:?}");
    let channel = daemon.channel().await;
    let messages = eventually("it arrives", async || {
        let works = reads::works(&channel).await;
        Some(reads::messages(&channel, &works.first()?.conversation_id).await)
    })
    .await;
    assert_eq!(messages.iter().map(reads::text).collect::<Vec<_>>(), ["hello from a shell"]);
    let stored = reads::stored(&bed.connect().await, &format!("SKEIN_IN_{WORKSPACE}")).await;
    let query = stored[0].headers.as_ref().and_then(|headers| headers.get("Skein-Query"));
    assert_eq!(query.map(|query| query.as_str()), Some("a=1&b=2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_adapter_fails_when_the_stream_is_full_or_not_there_and_nothing_is_stored() {
    let bed = Bed::new(false).await;
    let folder = tempfile::tempdir().expect("a folder");
    let body = whatsapp(PHONE, "1", &"x".repeat(2_000)).body;
    let absent = shell(&bed, folder.path(), &body);
    assert_eq!(absent.status.code(), Some(1));
    assert!(said(&absent).starts_with("Status: 503\r\n\r\n"), "{absent:?}");

    // As the daemon declares it, but with room for one.
    let client = bed.connect().await;
    let declared = skein::nats::streams::inbound(WORKSPACE, 4_000, 1);
    skein::nats::streams::ensure(&client, &declared).await.expect("the stream");
    assert!(said(&shell(&bed, folder.path(), &body)).starts_with("Status: 200\r\n"));
    let full = shell(&bed, folder.path(), &body);
    assert_eq!(full.status.code(), Some(1));
    assert!(said(&full).starts_with("Status: 503\r\n\r\n") && said(&full).contains("10077"), "{full:?}");
    assert_eq!(reads::stored(&client, &declared.name).await.len(), 1);
}

/// A Python that has the client; None where nobody said where it is and it is not installed.
fn python() -> Option<Command> {
    let mut python = Command::new("python3");
    let named = std::env::var_os("SKEIN_NATS_PY");
    if let Some(folder) = &named {
        python.env("PYTHONPATH", folder);
    }
    let mut probe = Command::new("python3");
    probe.args(["-c", "import nats"]).stderr(Stdio::null());
    if let Some(folder) = &named {
        probe.env("PYTHONPATH", folder);
    }
    let found = probe.status().is_ok_and(|status| status.success());
    assert!(found || named.is_none(), "SKEIN_NATS_PY names no folder with nats-py");
    if !found {
        eprintln!("skipped: python3 with nats-py is not here; deploy/test fetches it");
    }
    found.then_some(python)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_adapter_carries_a_question_in_an_answer_out_and_its_receipts_back_and_sends_nothing_twice() {
    let Some(python) = python() else { return };
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = tokio::process::Command::from(python);
    command
        .arg(from_guide("adapter.py", folder.path()))
        .args([&bed.nats.url(), WORKSPACE, "chat", "site"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut program = command.spawn().expect("python runs");
    let mut input = program.stdin.take().expect("its input");
    let mut output = BufReader::new(program.stdout.take().expect("its output")).lines();
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;

    let line = json!({"id": "1", "from": "visitor-7", "text": "hello from python"});
    input.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
    let work = agent.take("site", true).await.work.expect("its Work");
    let seen = work.last_customer_message_id.clone();
    agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "good day")).await;
    let answer = tokio::time::timeout(PATIENCE, output.next_line()).await.expect("in time").expect("its output");
    let answer: Value = serde_json::from_str(&answer.expect("a line")).expect("JSON");
    assert_eq!(answer, json!({"to": "visitor-7", "text": "good day"}));
    for status in [ReceiptStatus::Sent, ReceiptStatus::Delivered] {
        let told = agent.told("a status", |event| match event {
            What::Status(status) => Some(status.status()),
            _ => None,
        });
        assert_eq!(told.await, status);
    }

    // An earlier run that ended between sending and reporting: its journal still names the message that comes next.
    program.kill().await.expect("it still runs");
    let adapter = Adapter::new(bed.connect().await);
    adapter.publish(&chat("visitor-7", "2", "and more")).await;
    let seen = agent
        .told("the next message", |event| match event {
            What::Message(message) if reads::text(message) == "and more" => Some(message.message_id.clone()),
            _ => None,
        })
        .await;
    agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, "once only")).await;
    let bus = bed.connect().await;
    let handed_out = eventually("it is handed over", async || {
        reads::out(&bus).await.into_iter().find(|out| out["content"]["text"] == "once only")
    })
    .await;
    let id = handed_out["messageId"].as_str().expect("an id");
    std::fs::write(folder.path().join("journal").join(id), "").expect("written");
    let mut program = command.spawn().expect("python runs");
    let unknown = agent
        .told("a status", |event| match event {
            What::Status(status) => Some((status.message_id.clone(), status.status())),
            _ => None,
        })
        .await;
    assert_eq!(unknown, (id.to_owned(), ReceiptStatus::Unknown));
    program.start_kill().expect("it still runs");
    let mut output = BufReader::new(program.stdout.take().expect("its output")).lines();
    assert_eq!(output.next_line().await.expect("its output"), None, "nothing was sent again");
}
