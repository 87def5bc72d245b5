//! Everything that is known of one customer, line by line: as it is now, then record by record back to the first.
//!
//! It reads as a page of history does, by the links between records, and holds no more than a round of them: at most 8 for each
//! identity. Invariant: of a record that touches several customers only what is filed under this one's identities is handed out.

use std::collections::{BTreeSet, VecDeque};

use super::frontier::{Frontier, Next};
use crate::agents::convert;
use crate::agents::names::Names;
use crate::agents::port::Shard;
use crate::agents::status::{Reason, Refusal};
use crate::domain::id::{LeafId, Name};
use crate::domain::view::CustomerView;

/// An export under way.
#[derive(Debug)]
pub(in crate::agents) struct Export {
    workspace: Name,
    leaves: BTreeSet<LeafId>,
    frontier: Frontier,
    /// Lines that are next.
    ready: VecDeque<String>,
}

impl Export {
    /// Begins with the customer as it is now.
    pub(in crate::agents) fn new(workspace: Name, view: CustomerView) -> Self {
        let last = view.conversation.last.clone();
        let leaves = last.iter().map(|(leaf, _)| *leaf).collect();
        let frontier = Frontier::new(workspace.clone(), last);
        let ready = convert::head(view).iter().map(convert::export_line).collect();
        Self { workspace, leaves, frontier, ready }
    }

    /// The next line; none: that was all.
    ///
    /// # Errors
    /// The log does not answer, or is not what its links say.
    pub(in crate::agents) async fn next(
        &mut self,
        shard: &dyn Shard,
        names: &Names,
    ) -> Result<Option<String>, Refusal> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            match self.frontier.next() {
                Next::End => return Ok(None),
                Next::Read(indexes) => {
                    let records = shard.read(indexes.clone()).await?;
                    let astray = |_| Refusal::new(Reason::Internal, "a record is not what another one says of it");
                    self.frontier.take(indexes.into_iter().zip(records)).map_err(astray)?;
                }
                Next::Record(record) => {
                    names.learn(&self.workspace, convert::authors(&record)).await?;
                    let name = |agent| names.known(&self.workspace, agent);
                    let lines = convert::exported(&record, &self.leaves, name);
                    self.ready.extend(lines.iter().map(convert::export_line));
                }
            }
        }
    }
}
