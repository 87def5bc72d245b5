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
use crate::outbound::{Backlog, Outgoing};

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
