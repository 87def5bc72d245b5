//! What the suite needs of an implementation, and small helpers on top of a log.

use std::{future::Future, time::Duration};

use skein::{
    log::{Condition, Entry, EventLog, JetStreamLog, LogError, LogOptions, MemoryLog, Progress, Tip, Writer},
    nats::{Nats, NatsOptions, Subject},
};

use crate::support::nats::TestServer;

/// No condition of a test takes longer, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A place where logs can be opened: two logs of one bed are two nodes of one shard.
pub(crate) trait Bed {
    type Log: EventLog;
    fn log(&self) -> impl Future<Output = Self::Log>;
}

pub(crate) struct InMemory(pub(crate) MemoryLog);

impl InMemory {
    pub(crate) fn new() -> Self {
        Self(MemoryLog::new(LogOptions::new("t")))
    }
}

impl Bed for InMemory {
    type Log = MemoryLog;
    async fn log(&self) -> MemoryLog {
        self.0.clone()
    }
}

pub(crate) struct OnServer {
    pub(crate) server: TestServer,
    pub(crate) options: LogOptions,
}

impl OnServer {
    pub(crate) fn new() -> Self {
        Self::with(LogOptions::new("t"))
    }

    pub(crate) fn with(options: LogOptions) -> Self {
        Self { server: TestServer::with_sync(options.sync_always), options }
    }
}

impl Bed for OnServer {
    type Log = JetStreamLog;
    async fn log(&self) -> JetStreamLog {
        open(&self.server.url(), self.options.clone()).await
    }
}

pub(crate) async fn connect(url: &str) -> Nats {
    Nats::connect(NatsOptions { servers: vec![url.to_owned()], ..NatsOptions::default() }).await.expect("connect")
}

pub(crate) async fn open(url: &str, options: LogOptions) -> JetStreamLog {
    JetStreamLog::open(&connect(url).await, options).await.expect("open the log")
}

pub(crate) fn subject() -> Subject {
    Subject::from_static("skein.log.t.w.c")
}

/// The entry that tests append as number `n`.
pub(crate) fn body(n: u64) -> Vec<u8> {
    let mut bytes = format!("entry {n} ").into_bytes();
    bytes.resize(40 + usize::try_from(n % 97).expect("small"), b'.');
    bytes
}

/// Everything in the log, and its end.
pub(crate) async fn read_all(log: &impl EventLog) -> Result<(Vec<Entry>, Tip, u64), LogError> {
    let mut replay = log.replay(Tip::ORIGIN).await?;
    let mut entries = Vec::new();
    while let Some(entry) = replay.next().await? {
        entries.push(entry);
    }
    Ok((entries, replay.tip(), replay.voids()))
}

pub(crate) async fn end(log: &impl EventLog) -> Tip {
    read_all(log).await.expect("a readable log").1
}

/// Replays to the end and takes over, again when somebody was faster.
pub(crate) async fn take(log: &impl EventLog) -> Writer {
    let mut tip = Tip::ORIGIN;
    loop {
        let mut replay = log.replay(tip).await.expect("replay");
        while replay.next().await.expect("a readable log").is_some() {}
        tip = replay.tip();
        match log.take_over(tip, &[]).await {
            Ok(writer) => return writer,
            Err(skein::log::TakeOverError::Moved { .. } | skein::log::TakeOverError::Unanswered) => {}
            Err(error) => panic!("take over: {error}"),
        }
    }
}

/// Appends entries `from..=to` (their numbers are their indexes), waiting for room.
pub(crate) async fn append(writer: &mut Writer, from: u64, to: u64) {
    for n in from..=to {
        let room = writer.room().await;
        assert!(room.is_ok(), "{:?}", writer.progress().borrow());
        assert_eq!(writer.append(subject(), &body(n)), Ok(n));
    }
}

/// Waits until progress satisfies `wanted`.
pub(crate) async fn until(writer: &Writer, wanted: impl FnMut(&Progress) -> bool) -> Progress {
    let mut progress = writer.progress();
    tokio::time::timeout(PATIENCE, progress.wait_for(wanted)).await.expect("in time").expect("the writer lives").clone()
}

pub(crate) async fn durable(writer: &Writer, index: u64) {
    until(writer, |progress| {
        assert!(!matches!(progress.condition, Condition::Fatal(_)), "{progress:?}");
        progress.durable.index >= index
    })
    .await;
}

/// The log holds entries 1..=count, exactly those, each once, as appended.
pub(crate) async fn assert_holds(log: &impl EventLog, count: u64) {
    let (entries, tip, _) = read_all(log).await.expect("a readable log");
    assert_eq!(entries.len() as u64, count);
    assert_eq!(tip.index, count);
    for (n, entry) in (1..).zip(&entries) {
        assert_eq!(entry.index, n);
        assert_eq!(entry.body.as_ref(), body(n), "entry {n}");
        assert_eq!(entry.subject, subject());
    }
}
