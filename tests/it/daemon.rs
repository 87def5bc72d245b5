//! `skein serve` as a process: its addresses, its log, its signals. Killed when dropped.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::transport::Channel;

use crate::bed::eventually;

/// A running daemon.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
    pub(crate) grpc: SocketAddr,
    admin: SocketAddr,
}

impl Daemon {
    /// Starts it and waits until it has taken its ports.
    pub(crate) async fn launch(config: &Path, log: &Path) -> Self {
        let out = File::create(log).expect("make the log file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_skein"))
            .args(["serve", "-c"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn()
            .expect("start the daemon");
        let line = eventually("the daemon listens", async || {
            let ended = child.try_wait().expect("ask for the daemon");
            assert!(ended.is_none(), "the daemon ended: {}", text(log));
            lines(log).into_iter().find(|line| line["message"] == "listening")
        })
        .await;
        let address = |key: &str| line[key].as_str().and_then(|text| text.parse().ok()).expect("an address");
        Self { grpc: address("grpc"), admin: address("admin"), child, log: log.to_owned() }
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn wait_ready(&mut self) {
        eventually("the daemon is ready", async || {
            assert!(!self.has_ended(), "the daemon ended: {}", text(&self.log));
            self.said("ready").then_some(())
        })
        .await;
    }

    /// Whether it said a line with this message.
    pub(crate) fn said(&self, message: &str) -> bool {
        lines(&self.log).iter().any(|line| line["message"] == message)
    }

    /// Messages of the lines of a level.
    pub(crate) fn lines_of(&self, level: &str) -> Vec<String> {
        let of_level = lines(&self.log).into_iter().filter(|line| line["level"] == level);
        of_level.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Everything it wrote.
    pub(crate) fn log(&self) -> String {
        text(&self.log)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("ask for the daemon").is_some()
    }

    /// As a crash would end it.
    pub(crate) fn kill9(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        drop(self.child.kill());
        self.child.wait().expect("it is our child");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the process is there");
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        eventually("the daemon ends", async || self.child.try_wait().expect("ask for the daemon")).await
    }

    /// A connection to the agents' port.
    pub(crate) async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).expect("a URL").connect().await.expect("connect")
    }

    /// Status and body of a page of the admin port.
    pub(crate) async fn page(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = tokio::net::TcpStream::connect(self.admin).await.ok()?;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let status = answer.split_whitespace().nth(1)?.parse().ok()?;
        Some((status, answer))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn text(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

fn lines(log: &Path) -> Vec<Value> {
    text(log).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
