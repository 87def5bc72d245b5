//! What leaves because records are durable: agents are told, outputs go to their outboxes, askers get their answers.
//!
//! Gathered over a turn and carried out at its end in this order, so that whoever has an answer finds its events told.

use std::sync::Arc;

use tokio::sync::Notify;

use super::engine::Released;
use super::handle::Reply;
use crate::agents::feed::{Feeds, Told};
use crate::domain::id::{AgentId, Name, Position};
use crate::domain::output::{Output, outputs};
use crate::domain::record::Record;
use crate::outbound::{Outbox, Outgoing, WorkspaceOutboxes};

/// A workspace's streams and what waits for the end of the turn.
#[derive(Debug)]
struct Ways {
    outboxes: WorkspaceOutboxes,
    out: Vec<Outgoing>,
    dead: Vec<Outgoing>,
    told: Vec<(AgentId, Told)>,
}

/// Effects of one shard.
#[derive(Debug)]
pub(super) struct Effects {
    feeds: Feeds,
    ways: Vec<Ways>,
    answers: Vec<Released<Reply>>,
    freed: Arc<Notify>,
}

impl Effects {
    /// `freed` is told by every one of `outboxes`.
    pub(super) fn new(feeds: Feeds, outboxes: Vec<WorkspaceOutboxes>, freed: Arc<Notify>) -> Self {
        let ways = outboxes
            .into_iter()
            .map(|outboxes| Ways { outboxes, out: Vec::new(), dead: Vec::new(), told: Vec::new() })
            .collect();
        Self { feeds, ways, answers: Vec::new(), freed }
    }

    /// Whether every outbox takes more.
    pub(super) fn has_room(&self) -> bool {
        let room = |outbox: &Outbox| outbox.has_room();
        self.ways.iter().all(|ways| room(&ways.outboxes.out) && room(&ways.outboxes.dead))
    }

    /// Waits until an outbox was emptied somewhat. Cancel-safe.
    pub(super) fn freed(&self) -> impl Future<Output = ()> + use<> {
        let freed = Arc::clone(&self.freed);
        async move { freed.notified().await }
    }

    /// Takes what may leave.
    pub(super) fn take(&mut self, released: Released<Reply>) {
        match released {
            Released::Record(record) => self.record(&record),
            answer => self.answers.push(answer),
        }
    }

    fn record(&mut self, record: &Arc<Record>) {
        let Some(ways) = self.ways.iter_mut().find(|ways| ways.outboxes.workspace == record.workspace) else {
            // A workspace that left the configuration: its record was a system one without outputs.
            return;
        };
        for (output, what) in (0u32..).zip(outputs(record)) {
            let position = Position { index: record.index, output };
            let outgoing = |place| Outgoing { position, record: Arc::clone(record), place };
            match what {
                Output::Agent { agent, place } => {
                    let record = Arc::clone(record);
                    ways.told.push((agent, Told { position, record, place }));
                }
                Output::Send { place, .. } => ways.out.push(outgoing(place)),
                Output::DeadLetter { place, .. } => ways.dead.push(outgoing(place)),
            }
        }
        if self.feeds.watched() {
            self.feeds.publish_conversation(record);
        }
    }

    /// Carries out what was taken.
    pub(super) fn carry_out(&mut self) {
        for ways in &mut self.ways {
            if !ways.told.is_empty() {
                let workspace: &Name = &ways.outboxes.workspace;
                self.feeds.publish_many(workspace, std::mem::take(&mut ways.told));
            }
            ways.outboxes.out.put(&mut ways.out);
            ways.outboxes.dead.put(&mut ways.dead);
        }
        for answer in self.answers.drain(..) {
            match answer {
                // An asker that is gone needs no answer.
                Released::Answer(Reply::Command(asker), result) => drop(asker.send(result)),
                Released::Read(Reply::Read(hand_out)) => hand_out(),
                Released::Answer(Reply::Read(_), _) | Released::Read(Reply::Command(_)) | Released::Record(_) => {}
            }
        }
    }
}
