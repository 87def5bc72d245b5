//! The page: in headless Chromium, and its script in node.
//!
//! The test serves it as a newcomer does, from this machine, and beside it a page that shows it in a frame and does there what a person
//! would (`driver.js`). In node the same steps are done to a stand-in of the document.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use skein::proto::agent::WorkState;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::dev::{Dev, PATIENCE, eventually};
use crate::{from_guide, text_of};

const DRIVER: &str = include_str!("driver.js");
/// Shows the page in a frame. What the page is asked for is in this one's own query.
const FRAME: &str = r#"<!doctype html><meta charset="utf-8"><iframe width="900" height="900"></iframe><script src="driver.js"></script><script>
const frame = document.querySelector("iframe");
frame.src = "agent.html" + location.search;
drive(() => frame.contentDocument?.body ?? document.body, "");
</script>"#;

/// Between the test and who drives the page: one step, then what became of it.
struct Line {
    steps: Mutex<mpsc::Receiver<Value>>,
    outcomes: mpsc::Sender<String>,
}

async fn step(State(line): State<Arc<Line>>) -> String {
    match line.steps.lock().await.recv().await {
        Some(step) => step.to_string(),
        None => std::future::pending().await,
    }
}

async fn outcome(State(line): State<Arc<Line>>, body: String) {
    // Nobody waits for it when the test is over.
    drop(line.outcomes.send(body).await);
}

/// A person at the page.
struct Person {
    steps: mpsc::Sender<Value>,
    outcomes: mpsc::Receiver<String>,
    server: AbortHandle,
    url: String,
}

impl Person {
    async fn new() -> Self {
        let (steps, to_do) = mpsc::channel(1);
        let (done, outcomes) = mpsc::channel(1);
        let line = Arc::new(Line { steps: Mutex::new(to_do), outcomes: done });
        let page = text_of("agent.html");
        let router = Router::new()
            .route("/agent.html", get(move || async move { Html(page) }))
            .route("/frame.html", get(|| async { Html(FRAME) }))
            .route("/driver.js", get(|| async { ([("content-type", "text/javascript")], DRIVER) }))
            .route("/step", get(step))
            .route("/outcome", post(outcome))
            .with_state(line);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { steps, outcomes, server, url }
    }

    async fn does(&mut self, step: Value) {
        self.steps.send(step.clone()).await.expect("somebody is at the page");
        let outcome =
            timeout(2 * PATIENCE, self.outcomes.recv()).await.expect("the page is there").expect("it is served");
        assert_eq!(outcome, "done", "{step}");
    }

    async fn sees(&mut self, words: &str) {
        self.does(json!({"do": "see", "words": words})).await;
    }

    async fn misses(&mut self, words: &str) {
        self.does(json!({"do": "miss", "words": words})).await;
    }

    /// Presses a button of the part of the page with these words; of the page where there are none.
    async fn presses(&mut self, title: &str, beside: &str) {
        self.does(json!({"do": "press", "title": title, "where": beside})).await;
    }

    async fn answers(&mut self, question: &str, words: &str) {
        self.does(json!({"do": "write", "where": question, "words": words})).await;
        self.presses("Answer", question).await;
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A process in a group of its own, which ends with it: a browser has many.
struct Shown(std::process::Child);

impl Shown {
    fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt as _;
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        Self(command.spawn().expect("it starts"))
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

/// The first of the programs that runs.
fn installed(programs: &[&'static str]) -> Option<&'static str> {
    let runs = |program: &&str| {
        let mut probe = Command::new(program);
        probe.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    programs.iter().copied().find(runs)
}

/// Two customers, a crash of the daemon, a close and a rest, by the page alone.
async fn works_through(dev: &mut Dev, person: &mut Person) {
    person.sees("anna is ready").await;
    dev.say("visitor-7", "Where is my parcel?");
    person.presses("Accept", "Somebody waits by chat").await;
    person.sees("customer: Where is my parcel?").await;
    person.answers("Where is my parcel?", "It is on its way. — Grüße").await;
    let mut expected = vec![("visitor-7", "It is on its way. — Grüße")];
    dev.hands_out(&expected).await;
    person.sees("anna: It is on its way. — Grüße").await;

    dev.say("visitor-8", "Do you sell <b>tea</b>?");
    person.presses("Accept", "Somebody waits by chat").await;
    person.answers("Do you sell <b>tea</b>?", "Green and black.").await;
    expected.push(("visitor-8", "Green and black."));
    dev.hands_out(&expected).await;

    dev.crash_and_start_again().await;
    dev.say("visitor-7", "Is it lost?");
    person.answers("Is it lost?", "No.").await;
    expected.push(("visitor-7", "No."));
    dev.hands_out(&expected).await;

    person.answers("Is it lost?", "").await;
    person.sees("content: is empty").await;
    person.presses("Close", "Is it lost?").await;
    person.presses("Notes are done", "Is it lost?").await;
    person.misses("Is it lost?").await;
    person.sees("Do you sell <b>tea</b>?").await;
    let owned: Vec<_> = dev.works(WorkState::Assigned).await.into_iter().map(|work| work.owner).collect();
    assert_eq!(owned, ["anna"], "only one of the two is done");
    person.presses("Away", "").await;
    person.sees("anna is away").await;
    dev.say("visitor-9", "Anybody there?");
    eventually("the third waits", async || (!dev.works(WorkState::Queued).await.is_empty()).then_some(())).await;
    dev.hands_out(&expected).await;
}

fn query(dev: &Dev) -> String {
    format!("?at={}&workspace=demo&name=anna", dev.grpc())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_browser_it_shows_what_customers_say_and_answers_them_through_a_crash_of_the_daemon() {
    let Some(browser) = installed(&["chromium", "chromium-browser", "google-chrome"]) else {
        return eprintln!(
            "skipped: chromium or google-chrome is not here, so the guide's page was shown in no browser"
        );
    };
    let mut dev = Dev::start().await;
    let mut person = Person::new().await;
    let profile = tempfile::tempdir().expect("a folder");
    let _shown = Shown::start(
        Command::new(browser)
            // as root, and in containers, it has no sandbox of its own
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--remote-debugging-port=0", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("{}/frame.html{}", person.url, query(&dev)))
            .stderr(Stdio::null()),
    );
    works_through(&mut dev, &mut person).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_script_does_the_same_without_a_browser() {
    if installed(&["node"]).is_none() {
        return eprintln!("skipped: node is not here, so the script of the guide's page did not run without a browser");
    }
    let mut dev = Dev::start().await;
    let mut person = Person::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents_guide");
    let _shown = Shown::start(
        Command::new("node")
            .arg(files.join("stand_in.mjs"))
            .arg(from_guide("agent.html", folder.path()))
            .arg(query(&dev))
            .arg(files.join("driver.js"))
            .arg(&person.url),
    );
    works_through(&mut dev, &mut person).await;
}
