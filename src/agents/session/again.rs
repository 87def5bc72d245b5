//! What a session before this one was told, for one that goes on where its client was: read from the log, where it stands.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::{Instant, sleep, timeout_at};

use crate::agents::edge::Edge;
use crate::agents::feed::{Next, Told};
use crate::agents::limits::{REREAD_AT_ONCE, REREAD_PAUSE, REREAD_WAIT};
use crate::agents::port::{Shard, Unavailable};
use crate::domain::id::{Index, Position};
use crate::domain::record::Record;

/// Why there is nothing to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// The log does not answer in time.
    Unavailable(Unavailable),
    /// The log has it no longer.
    Gone(Position),
}

/// The batch if all its records are there, as they mostly are; otherwise as it was.
pub(super) fn at_hand(batch: Vec<Next>) -> Result<Vec<Told>, Vec<Next>> {
    if batch.iter().any(|next| next.record.is_none()) {
        return Err(batch);
    }
    let told = batch
        .into_iter()
        .filter_map(|Next { position, record, place }| record.map(|record| Told { position, record, place }));
    Ok(told.collect())
}

/// The batch with its records: those that are not there from the log, as soon as it is the session's turn.
///
/// Cancel safe: it only reads.
pub(super) async fn with_records(edge: &Edge, batch: Vec<Next>) -> Result<Vec<Told>, Unread> {
    let mut wanted: Vec<Index> =
        batch.iter().filter(|next| next.record.is_none()).map(|next| next.position.index).collect();
    wanted.dedup();
    let read = read(edge, &wanted).await.map_err(Unread::Unavailable)?;
    let told = batch.into_iter().map(|Next { position, record, place }| {
        let record = record.or_else(|| read.get(&position.index).cloned()).ok_or(Unread::Gone(position))?;
        Ok(Told { position, record, place })
    });
    told.collect()
}

/// Records of the log, those that it has.
async fn read(edge: &Edge, wanted: &[Index]) -> Result<HashMap<Index, Arc<Record>>, Unavailable> {
    let mut read = HashMap::with_capacity(wanted.len());
    let _turn = edge.rereads.acquire().await.map_err(|_| Unavailable::Stopped)?;
    let deadline = Instant::now() + REREAD_WAIT;
    for some in wanted.chunks(REREAD_AT_ONCE) {
        let records = timeout_at(deadline, persistent(&*edge.shard, some)).await;
        let records = records.map_err(|_| Unavailable::NotReady)?;
        read.extend(some.iter().zip(records).filter_map(|(index, record)| Some((*index, record?))));
    }
    Ok(read)
}

/// Asks until there is an answer: a log that changes its leader has none for a moment.
async fn persistent(shard: &dyn Shard, indexes: &[Index]) -> Vec<Option<Arc<Record>>> {
    loop {
        match shard.read(indexes.to_vec()).await {
            Ok(records) => return records,
            Err(_) => sleep(REREAD_PAUSE).await,
        }
    }
}
