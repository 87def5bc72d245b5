//! `skein dev` as a newcomer starts it, the customers who write to it, and what leaves it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use skein::proto::agent::work_service_client::WorkServiceClient;
use skein::proto::agent::{ListWorkRequest, Work, WorkState};
use tempfile::TempDir;
use tonic::Request;

/// Longest wait for any one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const A_MOMENT: Duration = Duration::from_millis(20);

/// Waits for a condition.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let gives_up = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < gives_up, "waited in vain until {what}");
        tokio::time::sleep(A_MOMENT).await;
    }
}

/// A message for an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Out {
    pub(crate) subject: String,
    pub(crate) to: String,
    pub(crate) text: String,
}

/// A running `skein dev` with the demo workspace.
pub(crate) struct Dev {
    child: Child,
    folder: TempDir,
    addresses: Value,
}

impl Dev {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let child = spawn(folder.path(), "127.0.0.1:0");
        let mut dev = Self { child, folder, addresses: Value::Null };
        dev.addresses = eventually("it says where it is", async || dev.left()).await;
        dev
    }

    /// Ended as a crash would, and started again on the same port.
    pub(crate) async fn crash_and_start_again(&mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("it is our child");
        std::fs::remove_file(self.folder.path().join("dev.json")).expect("it was there");
        self.child = spawn(self.folder.path(), &self.grpc());
        self.addresses = eventually("it says again where it is", async || {
            if self.child.try_wait().expect("it is our child").is_some() {
                // The data or the port was not free yet.
                self.child = spawn(self.folder.path(), &self.grpc());
            }
            self.left()
        })
        .await;
    }

    fn left(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("dev.json")).ok()?).ok()
    }

    fn address(&self, of: &str) -> String {
        self.addresses[of].as_str().expect("it has an address").to_owned()
    }

    /// The agents' port, `host:port`.
    pub(crate) fn grpc(&self) -> String {
        self.address("grpc")
    }

    /// A visitor of the web chat writes.
    pub(crate) fn say(&self, from: &str, words: &str) {
        let said = Command::new(env!("CARGO_BIN_EXE_skein"))
            .args(["say", "--channel", "chat", "--from", from, words, "--data"])
            .arg(self.folder.path())
            .output()
            .expect("skein runs");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    /// All that was handed to adapters, in order.
    pub(crate) async fn out(&self) -> Vec<Out> {
        let bus = async_nats::connect(self.address("nats")).await.expect("the bus");
        let context = async_nats::jetstream::new(bus);
        let mut stream = context.get_stream("SKEIN_OUT_demo").await.expect("the stream");
        let last = stream.info().await.expect("its state").state.last_sequence;
        let mut all = Vec::new();
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            let body: Value = serde_json::from_slice(&message.payload).expect("JSON");
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (to, text) = (text(&body["recipient"]["address"]), text(&body["content"]["text"]));
            all.push(Out { subject: message.subject.to_string(), to, text });
        }
        all
    }

    /// Waits until what was handed to adapters is that, and no more.
    pub(crate) async fn hands_out(&self, expected: &[(&str, &str)]) {
        let expected: Vec<Out> = expected.iter().map(|(to, text)| answer(to, text)).collect();
        let mut last = Vec::new();
        eventually(&format!("there are {} answers", expected.len()), async || {
            last = self.out().await;
            (last.len() >= expected.len()).then_some(())
        })
        .await;
        assert_eq!(last, expected);
    }

    /// Works in a state.
    pub(crate) async fn works(&self, state: WorkState) -> Vec<Work> {
        let mut client = WorkServiceClient::connect(format!("http://{}", self.grpc())).await.expect("the port");
        let mut request = Request::new(ListWorkRequest { state: state.into(), ..ListWorkRequest::default() });
        for (key, value) in [("skein-workspace", "demo"), ("skein-agent", "reader")] {
            request.metadata_mut().insert(key, value.parse().expect("a name"));
        }
        client.list_work(request).await.expect("Works").into_inner().works
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.child.wait();
    }
}

fn spawn(data: &Path, grpc: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(["dev", "--set", "admin.listen=127.0.0.1:0", "--set"])
        .arg(format!("grpc.listen={grpc}"))
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start skein dev")
}

/// An answer to a visitor of the web chat, where its adapter reads it.
fn answer(to: &str, text: &str) -> Out {
    Out { subject: "skein.out.demo.chat.site".to_owned(), to: to.to_owned(), text: text.to_owned() }
}
