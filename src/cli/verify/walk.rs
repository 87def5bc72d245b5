//! Through log and streams in step: what the checker wants next is read, and no more is held.

use std::collections::BTreeMap;

use anyhow::Context as _;
use async_nats::Client;

use super::inbox::Inbox;
use crate::cli::source::Source;
use crate::domain::id::Name;
use crate::domain::record::{Change, Record};
use crate::keys::KeyRings;
use crate::log::codec::{self, CodecError};
use crate::log::{Looked, What};
use crate::nats::{ApiCode, Stored, stream_state, streams};
use crate::outbound::position_of;
use crate::telemetry::ErrorChain;
use crate::verify::{Checker, Extent, Handed, Report};

/// A stream of outputs: what comes next, and its end.
#[derive(Debug)]
struct Out {
    next: u64,
    last: u64,
}

/// What is read from.
#[derive(Debug)]
struct Walk {
    client: Client,
    shard: Name,
    inboxes: BTreeMap<Name, Inbox>,
    outs: BTreeMap<Name, Out>,
    checker: Checker,
}

/// Gives the checker everything, and what it says in the end.
///
/// # Errors
/// Something cannot be read; a history that is broken is none.
pub(super) async fn walk(source: &Source, checker: Checker) -> anyhow::Result<Report> {
    let client = source.client("verify").await?;
    let (inboxes, outs) = (BTreeMap::new(), BTreeMap::new());
    let mut walk = Walk { client, shard: source.shard(), inboxes, outs, checker };
    // Before the end of the log is asked for: whatever stands in them then follows from a record before that.
    for workspace in source.workspaces() {
        walk.outputs_of(workspace).await?;
    }
    let (mut log, keys) = source.raw().await?;
    while let Some(looked) = log.next().await.context("read the log")? {
        if walk.checker.message(&looked) {
            walk.entry(&looked, &keys).await?;
        }
    }
    walk.checker.log_ends(log.end_sequence());
    walk.behind().await?;
    while let Some(stream) = walk.checker.unread().cloned() {
        walk.hand(&stream).await?;
    }
    Ok(walk.checker.finish())
}

impl Walk {
    /// The streams of a workspace's outputs, if they are there and not known yet.
    async fn outputs_of(&mut self, workspace: &str) -> anyhow::Result<()> {
        for stream in [streams::out_name(workspace), streams::dead_name(workspace)].map(Name::from) {
            if !self.outs.contains_key(&stream)
                && let Some(extent) = extent(&self.client, &stream).await?
            {
                self.outs.insert(stream.clone(), Out { next: extent.first.max(1), last: extent.last });
                self.checker.out_stream(stream, extent);
            }
        }
        Ok(())
    }

    /// Behind the log: what it says of streams that were not looked at, or not so far.
    async fn behind(&mut self) -> anyhow::Result<()> {
        let unknown: Vec<Name> = self.checker.unknown().cloned().collect();
        for stream in unknown {
            if let Some(extent) = extent(&self.client, &stream).await? {
                self.checker.in_stream(stream, extent);
            }
        }
        // Handed over and recorded since they were looked at.
        let short: Vec<(Name, u64)> = self.checker.out_short().map(|(stream, to)| (stream.clone(), to)).collect();
        for (stream, to) in short {
            let last = extent(&self.client, &stream).await?.map_or(0, |extent| extent.last.min(to));
            if let Some(out) = self.outs.get_mut(&stream).filter(|out| last > out.last) {
                out.last = last;
                self.checker.out_grows(&stream, last);
            }
        }
        Ok(())
    }

    async fn entry(&mut self, looked: &Looked, keys: &KeyRings) -> anyhow::Result<()> {
        let What::Entry { index, body, .. } = &looked.what else { return Ok(()) };
        match records(*index, body, keys) {
            Ok(records) => {
                for record in records {
                    self.record(&record).await?;
                }
            }
            Err(error) => self.checker.unreadable(*index, ErrorChain(&error).to_string()),
        }
        Ok(())
    }

    async fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        for change in &record.changes {
            // Behind the end of the log: whatever that applied stands in the stream.
            if let Change::StreamBound { name, .. } = change
                && let Some(extent) = extent(&self.client, name).await?
            {
                self.checker.in_stream(name.clone(), extent);
            }
            // One that the configuration does not name any more: nothing new comes into its streams.
            if let Change::WorkspaceOpened { .. } = change {
                self.outputs_of(&record.workspace).await?;
            }
        }
        for wanted in self.checker.wants(record) {
            let client = &self.client;
            let inbox = self.inboxes.entry(wanted.stream.clone()).or_insert_with(|| Inbox::new(client, &wanted.stream));
            let mut next = wanted.from;
            while next <= wanted.to {
                let message = inbox.from(next, wanted.to).await?;
                let found = message.as_ref().map_or(wanted.to + 1, |message| message.sequence);
                if found > next {
                    // Trimmed meanwhile, or deleted.
                    let from = inbox.first().await?.max(next);
                    self.checker.inbound_gone(&wanted, from..found);
                }
                if let Some(message) = message {
                    self.checker.inbound(&wanted, &message);
                }
                next = found + 1;
            }
        }
        self.checker.record(record);
        while let Some(stream) = self.checker.wants_handed().cloned() {
            self.hand(&stream).await?;
        }
        Ok(())
    }

    /// Gives the next message of a stream of outputs.
    async fn hand(&mut self, stream: &Name) -> anyhow::Result<()> {
        let Some(out) = self.outs.get_mut(stream) else {
            self.checker.handed(stream, None);
            return Ok(());
        };
        let client = &self.client;
        let inbox = self.inboxes.entry(stream.clone()).or_insert_with(|| Inbox::new(client, stream));
        let message = inbox.from(out.next, out.last).await?;
        if message.as_ref().is_none_or(|message| message.sequence > out.next) {
            // Expired meanwhile, or deleted.
            self.checker.out_begins(stream, inbox.first().await?);
        }
        out.next = message.as_ref().map_or(out.last, |message| message.sequence) + 1;
        self.checker.handed(stream, message.map(|message| handed(&message, &self.shard)));
        Ok(())
    }
}

fn handed(message: &Stored, shard: &str) -> Handed {
    Handed {
        sequence: message.sequence,
        subject: message.subject.to_string(),
        position: message.headers.as_ref().and_then(|headers| position_of(headers, shard)),
    }
}

fn records(entry: u64, body: &[u8], keys: &KeyRings) -> Result<Vec<Record>, CodecError> {
    codec::unpack(entry, body, keys)?.collect()
}

/// What a stream holds; none: there is none.
async fn extent(client: &Client, stream: &str) -> anyhow::Result<Option<Extent>> {
    match stream_state(client, stream).await {
        Ok(state) => {
            Ok(Some(Extent { created_ns: state.created_ns, first: state.first_sequence, last: state.last_sequence }))
        }
        Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read the state of {stream}")),
    }
}
