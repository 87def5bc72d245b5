//! From the log's entries to a state, and with it everything else that is derived from the log: the agents' rings and the outputs
//! that were not handed over.

use std::sync::Arc;

use crate::agents::feed::{Feeds, Told};
use crate::domain::id::{Index, Name, Position};
use crate::domain::output::{Output, outputs};
use crate::domain::record::{Change, Record};
use crate::domain::time::Timestamp;
use crate::domain::{State, evolve};
use crate::keys::KeyRings;
use crate::log::Entry;
use crate::log::codec::{self, CodecError};
use crate::outbound::{Anchor, Backlog, OutboundError, Outgoing};

/// What is to be handed over for one workspace.
#[derive(Debug)]
pub struct WorkspaceBacklog {
    /// Whose.
    pub workspace: Name,
    /// To adapters.
    pub out: Backlog,
    /// Dead letters.
    pub dead: Backlog,
}

/// A fold under way.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) state: State,
    pub(super) backlogs: Vec<WorkspaceBacklog>,
    keys: KeyRings,
    feeds: Feeds,
    /// Older records are no longer in any ring; none: all are to be in them.
    rings_from: Option<Timestamp>,
    /// Whether the rings have begun.
    begun: bool,
}

impl Fold {
    /// Goes on from a state: of the shard before its first record, or of a snapshot.
    pub(super) fn new(
        state: State,
        backlogs: Vec<WorkspaceBacklog>,
        keys: KeyRings,
        feeds: Feeds,
        rings_from: Option<Timestamp>,
    ) -> Self {
        let mut fold = Self { state, backlogs, keys, feeds, rings_from, begun: rings_from.is_none() };
        for backlog in fold.backlogs.iter_mut().flat_map(|ways| [&mut ways.out, &mut ways.dead]) {
            if let Some((sequence, position)) = fold.state.handed_over(backlog.stream()) {
                backlog.handed_over(sequence, position);
            }
        }
        fold
    }

    /// Folds the next entry.
    ///
    /// # Errors
    /// The record cannot be read by this build: the shard must not run on this log.
    pub(super) fn entry(&mut self, entry: &Entry) -> Result<(), CodecError> {
        let keys = self.keys.clone();
        if entry.index > self.state.head().entry() + 1 {
            // What lay between was given up: whoever saw some of it begins anew.
            self.feeds.begin_anew(Index::at(entry.index, 0));
        }
        for record in codec::unpack(entry.index, &entry.body, &keys)? {
            let record = Arc::new(record?);
            if record.index <= self.state.head() {
                // Of the entry in which a snapshot ends.
                continue;
            }
            evolve(&mut self.state, &record);
            if !self.begun && self.rings_from.is_some_and(|from| record.time >= from) {
                self.begin_rings(record.index);
            }
            self.derive(&record);
        }
        Ok(())
    }

    /// Where a stream of hand-over ends now.
    ///
    /// # Errors
    /// It has lost its end since the fold began, which is to begin anew.
    pub(super) fn reread(&mut self, stream: &Name, end: Anchor) -> Result<(), OutboundError> {
        let backlogs = self.backlogs.iter_mut().flat_map(|ways| [&mut ways.out, &mut ways.dead]);
        backlogs.filter(|backlog| backlog.stream() == stream).try_for_each(|backlog| backlog.reread(end))
    }

    /// The end of the log: what follows goes into the rings in any case.
    pub(super) fn finish(&mut self) {
        if !self.begun {
            self.begin_rings(self.state.head().next());
        }
    }

    fn begin_rings(&mut self, first: Index) {
        self.begun = true;
        self.feeds.begin(first);
    }

    fn derive(&mut self, record: &Arc<Record>) {
        let Some(backlog) = self.backlogs.iter_mut().find(|backlog| backlog.workspace == record.workspace) else {
            return;
        };
        let recent = self.begun;
        let mut told = Vec::new();
        for (output, what) in (0u32..).zip(outputs(record)) {
            let position = Position { index: record.index, output };
            let outgoing = |place| Outgoing { position, record: Arc::clone(record), place };
            match what {
                Output::Agent { agent, place } if recent => {
                    let record = Arc::clone(record);
                    told.push((agent, Told { position, record, place }));
                }
                Output::Agent { .. } => {}
                Output::Send { place, .. } => {
                    if backlog.out.wants(position) {
                        backlog.out.add(outgoing(place));
                    }
                }
                Output::DeadLetter { place, .. } => {
                    if backlog.dead.wants(position) {
                        backlog.dead.add(outgoing(place));
                    }
                }
            }
        }
        self.feeds.publish_many(&record.workspace, told);
        for change in &record.changes {
            if let Change::KeyDestroyed { leaves, .. } = change {
                // Rings of a snapshot are from before it.
                self.feeds.forget(&record.workspace, leaves);
            }
            if let Change::HandedOver { stream, stream_sequence, position } = change {
                for known in [&mut backlog.out, &mut backlog.dead] {
                    if known.stream() == stream {
                        known.handed_over(*stream_sequence, *position);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::feed::Whose;
    use crate::domain::id::{AgentId, LeafId};
    use crate::domain::record::{Cause, Personal, PersonalValue, Touch};

    fn record(index: u64, change: Change) -> Arc<Record> {
        let touch = Touch { leaf: LeafId(0), ..Touch::default() };
        let told = matches!(change, Change::Named { .. });
        let name = Personal { place: 0, value: PersonalValue::Shown(Name::new("Anna")) };
        Arc::new(Record {
            index: Index(index),
            time: Timestamp(0),
            workspace: Name::new("acme"),
            cause: Cause::System,
            touches: [touch].into_iter().collect(),
            changes: [change].into_iter().collect(),
            content: told.then_some(name).into_iter().collect(),
            content_leaf: told.then_some(LeafId(0)),
        })
    }

    #[tokio::test]
    async fn whose_keys_the_tail_destroys_is_told_of_from_no_ring_of_a_snapshot() {
        let (acme, ana) = (Name::new("acme"), AgentId(0));
        let before = Feeds::default();
        before.begin(Index(1));
        let mut session = before.subscribe(&acme, ana, None).expect("from now on");
        let named = record(1, Change::Named { leaf: LeafId(0), assurance: crate::domain::event::Assurance::Platform });
        let position = Position { index: Index(1), output: 0 };
        before.publish(&acme, ana, Told { position, record: Arc::clone(&named), place: 0 });
        session.next_batch(16, u64::MAX).await.expect("it kept up");
        session.file(&[(position, Whose::of(&named))]);
        let stored = before.stored(Index(1));
        let backlog = |stream: &str| Backlog::new(Name::new(stream), Anchor::Start);
        for erased in [false, true] {
            let feeds = Feeds::default();
            feeds.restore(&stored);
            let ways = WorkspaceBacklog { workspace: acme.clone(), out: backlog("OUT"), dead: backlog("DEAD") };
            let keys = KeyRings::unstored(&["acme"], 1);
            let mut fold = Fold::new(State::new(Name::new("s1")), vec![ways], keys, feeds.clone(), None);
            let leaves = if erased { vec![LeafId(0)] } else { vec![LeafId(1)] };
            fold.derive(&record(3, Change::KeyDestroyed { erasure: Index(2), leaves }));
            let before_it = Position { index: Index(0), output: 0 };
            assert_eq!(feeds.subscribe(&acme, ana, Some(before_it)).is_err(), erased);
        }
    }
}
