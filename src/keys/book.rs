//! The blocks of a workspace in their stream: read, made ahead, rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

use super::block::{Block, LEAVES, NoBlock};
use super::error::KeysError;
use super::ring::{KeyRing, KeyRings, OWN, place_of};
use super::secret::WorkspaceKey;
use super::store::{KeyStore, StoredBlock};
use crate::domain::id::{LeafId, Name};
use crate::nats::NatsError;

/// Fences lost in a row before giving up for now: whoever keeps writing is the owner.
const ATTEMPTS: u32 = 8;

/// The keys of one workspace with their store. Cheap to clone. All methods are cancel-safe: what was stored is read again by whichever
/// comes next, and what was half done is what a crash would leave.
#[derive(Clone, Debug)]
pub struct KeyBook {
    workspace: Name,
    key: WorkspaceKey,
    store: Arc<dyn KeyStore>,
    ring: Arc<KeyRing>,
    known: Arc<Mutex<Known>>,
}

/// The books of all workspaces of a shard.
#[derive(Debug, Default)]
pub struct KeyBooks {
    books: Vec<KeyBook>,
    grown: Arc<Notify>,
}

impl KeyBooks {
    /// Reads all keys of one more workspace. Cancelled, it is not among them.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn open(
        &mut self,
        workspace: Name,
        key: WorkspaceKey,
        store: Arc<dyn KeyStore>,
    ) -> Result<(), KeysError> {
        self.books.push(KeyBook::open(workspace, key, store, Arc::clone(&self.grown)).await?);
        Ok(())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &KeyBook> {
        self.books.iter()
    }

    /// The keys in memory.
    #[must_use]
    pub fn rings(&self) -> KeyRings {
        KeyRings::new(self.books.iter().map(|book| Arc::clone(&book.ring)), Arc::clone(&self.grown))
    }
}

/// What was read of the stream.
#[derive(Debug, Default)]
struct Known {
    /// Everything up to here.
    last: u64,
    /// Sequence of each block's newest message.
    newest: BTreeMap<u32, u64>,
    /// Blocks that an older key of the workspace has wrapped.
    stale: BTreeSet<u32>,
    /// Messages that a newer one replaces: to be overwritten.
    superseded: Vec<u64>,
}

impl Known {
    /// A block has a newer message.
    fn replace(&mut self, number: u32, sequence: u64) {
        self.superseded.extend(self.newest.insert(number, sequence));
    }
}

impl KeyBook {
    /// Reads all keys of the workspace. `grown` is told whenever there are more.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn open(
        workspace: Name,
        key: WorkspaceKey,
        store: Arc<dyn KeyStore>,
        grown: Arc<Notify>,
    ) -> Result<Self, KeysError> {
        let ring = Arc::new(KeyRing::new(workspace.clone(), grown));
        let book = Self { workspace, key, store, ring, known: Arc::default() };
        book.refresh().await?;
        Ok(book)
    }

    /// Whose.
    #[must_use]
    pub fn workspace(&self) -> &Name {
        &self.workspace
    }

    /// Its keys in memory.
    #[must_use]
    pub fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }

    /// Reads what was written since.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn refresh(&self) -> Result<(), KeysError> {
        let mut known = self.known.lock().await;
        self.catch_up(&mut known).await
    }

    /// Makes blocks until `leaves` have a key and some are left for more.
    ///
    /// # Errors
    /// [`KeysError`]; what was made stays.
    pub async fn provide(&self, leaves: u32) -> Result<(), KeysError> {
        self.ring.note_used(leaves);
        let mut known = self.known.lock().await;
        let mut attempts = 0;
        while self.ring.is_short() {
            let number = self.ring.capacity() / LEAVES;
            let block = Block::random();
            let wrapped = block.wrapped(&self.key, &self.workspace, number);
            let put = self.store.put(number, wrapped, known.last).await;
            match put {
                Ok(Some(sequence)) => {
                    known.last = sequence;
                    known.newest.insert(number, sequence);
                    self.ring.install(number, block);
                    attempts = 0;
                }
                // Somebody wrote before, or it was not answered: what is stored counts, not what was meant to be.
                Ok(None) => self.catch_up(&mut known).await?,
                Err(error) => {
                    self.catch_up(&mut known).await?;
                    if number >= self.ring.capacity() / LEAVES {
                        return Err(self.failed(error));
                    }
                }
            }
            attempts += 1;
            if attempts > ATTEMPTS {
                return Err(KeysError::Contended { workspace: self.workspace.clone() });
            }
        }
        Ok(())
    }

    /// Makes the key for the workspace's own secrets, unless there is one.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn provide_own(&self) -> Result<(), KeysError> {
        let mut known = self.known.lock().await;
        for _ in 0..ATTEMPTS {
            if self.ring.has_own() {
                return Ok(());
            }
            let block = Block::random();
            let wrapped = block.wrapped(&self.key, &self.workspace, OWN);
            match self.store.put(OWN, wrapped, known.last).await {
                Ok(Some(sequence)) => {
                    known.last = sequence;
                    known.newest.insert(OWN, sequence);
                    self.ring.install(OWN, block);
                }
                Ok(None) => self.catch_up(&mut known).await?,
                Err(error) => {
                    self.catch_up(&mut known).await?;
                    if !self.ring.has_own() {
                        return Err(self.failed(error));
                    }
                }
            }
        }
        if self.ring.has_own() { Ok(()) } else { Err(KeysError::Contended { workspace: self.workspace.clone() }) }
    }

    /// Wraps anew what an older key of the workspace has wrapped, and overwrites what it had wrapped. How many blocks.
    ///
    /// # Errors
    /// [`KeysError`]; repeat it.
    pub async fn rewrap(&self) -> Result<usize, KeysError> {
        let mut known = self.known.lock().await;
        let mut wrapped_anew = 0;
        let mut attempts = 0;
        while let Some(&number) = known.stale.first() {
            let wrapped = self.ring.with_block(number, |block| block.wrapped(&self.key, &self.workspace, number));
            let Some(wrapped) = wrapped else {
                return Err(KeysError::Missing { workspace: self.workspace.clone(), block: number });
            };
            match self.store.put(number, wrapped, known.last).await {
                Ok(Some(sequence)) => {
                    known.last = sequence;
                    known.replace(number, sequence);
                    known.stale.remove(&number);
                    wrapped_anew += 1;
                    attempts = 0;
                }
                Ok(None) => self.catch_up(&mut known).await?,
                Err(error) => {
                    self.catch_up(&mut known).await?;
                    if known.stale.contains(&number) {
                        return Err(self.failed(error));
                    }
                }
            }
            attempts += 1;
            if attempts > ATTEMPTS {
                return Err(KeysError::Contended { workspace: self.workspace.clone() });
            }
            // One at a time: never more than one block stands there under both keys.
            self.overwrite(&mut known).await?;
        }
        Ok(wrapped_anew)
    }

    /// Destroys the keys of these leaves: in the store, for good, and in memory. May be repeated at will.
    ///
    /// # Errors
    /// [`KeysError`]: some may be left; repeat it.
    pub async fn destroy(&self, leaves: &[LeafId]) -> Result<(), KeysError> {
        let mut known = self.known.lock().await;
        self.catch_up(&mut known).await?;
        let mut attempts = 0;
        while let Some((number, places)) = self.first_to_rewrite(leaves) {
            attempts += 1;
            if attempts > ATTEMPTS + known.newest.len().try_into().unwrap_or(u32::MAX) {
                return Err(KeysError::Contended { workspace: self.workspace.clone() });
            }
            let Some(left) = self.ring.with_block(number, |block| block.without(&places)) else {
                return Err(KeysError::Missing { workspace: self.workspace.clone(), block: number });
            };
            let wrapped = left.wrapped(&self.key, &self.workspace, number);
            match self.store.put(number, wrapped, known.last).await {
                Ok(Some(sequence)) => {
                    known.last = sequence;
                    known.replace(number, sequence);
                    known.stale.remove(&number);
                    self.ring.install(number, left);
                }
                Ok(None) => self.catch_up(&mut known).await?,
                Err(error) => {
                    self.catch_up(&mut known).await?;
                    if self.first_to_rewrite(leaves).is_some_and(|(block, _)| block == number) {
                        return Err(self.failed(error));
                    }
                }
            }
        }
        self.overwrite(&mut known).await
    }

    /// Overwrites what was replaced: what a crash between two steps left.
    ///
    /// # Errors
    /// [`KeysError`]; repeat it.
    pub async fn tidy(&self) -> Result<(), KeysError> {
        let mut known = self.known.lock().await;
        self.overwrite(&mut known).await
    }

    async fn overwrite(&self, known: &mut Known) -> Result<(), KeysError> {
        while let Some(&sequence) = known.superseded.last() {
            self.store.erase(sequence).await.map_err(|error| self.failed(error))?;
            known.superseded.pop();
        }
        Ok(())
    }

    /// The first block that still has a key of these leaves, and their places in it.
    fn first_to_rewrite(&self, leaves: &[LeafId]) -> Option<(u32, Vec<usize>)> {
        let left = |leaf: &&LeafId| leaf.0 < self.ring.capacity() && !self.ring.is_destroyed(**leaf);
        let number = leaves.iter().filter(left).map(|leaf| place_of(*leaf).0).min()?;
        let places = leaves.iter().map(|leaf| place_of(*leaf)).filter(|(block, _)| *block == number);
        Some((number, places.map(|(_, place)| place).collect()))
    }

    /// Reads to the end. What is read counts when all of it is there: whoever rewrites a block stores the new message before the old
    /// one goes, so one of the two is found if one looks once more behind the end.
    async fn catch_up(&self, known: &mut Known) -> Result<(), KeysError> {
        let mut read: BTreeMap<u32, (Vec<u64>, Block)> = BTreeMap::new();
        let mut at = known.last;
        loop {
            let end = self.store.last().await.map_err(|error| self.failed(error))?;
            if at >= end {
                break;
            }
            while at < end {
                let Some(stored) = self.store.next(at).await.map_err(|error| self.failed(error))? else {
                    at = end;
                    break;
                };
                at = stored.sequence;
                let (block, is_present) = self.unwrapped(&stored)?;
                if is_present {
                    known.stale.remove(&stored.number);
                } else {
                    known.stale.insert(stored.number);
                }
                match read.get_mut(&stored.number) {
                    Some((sequences, newest)) => {
                        sequences.push(stored.sequence);
                        *newest = block;
                    }
                    None => drop(read.insert(stored.number, (vec![stored.sequence], block))),
                }
            }
        }
        let blocks = self.ring.capacity() / LEAVES;
        let made = read.keys().filter(|number| **number >= blocks && **number != OWN);
        if let Some((block, _)) = (blocks..).zip(made).find(|(expected, found)| expected != *found) {
            return Err(KeysError::Missing { workspace: self.workspace.clone(), block });
        }
        for (number, (mut sequences, block)) in read {
            let newest = sequences.pop().unwrap_or_default();
            known.replace(number, newest);
            known.superseded.append(&mut sequences);
            self.ring.install(number, block);
        }
        known.last = at;
        Ok(())
    }

    fn unwrapped(&self, stored: &StoredBlock) -> Result<(Block, bool), KeysError> {
        let workspace = self.workspace.clone();
        let malformed = |workspace, reason| KeysError::Malformed { workspace, block: stored.number, reason };
        Block::unwrap(&stored.bytes, &self.key, &self.workspace, stored.number).map_err(|error| match error {
            NoBlock::Key => KeysError::WrongKey { workspace, block: stored.number },
            NoBlock::Length => malformed(workspace, "it has another length"),
            NoBlock::Version => malformed(workspace, "it is of another version"),
        })
    }

    fn failed(&self, source: NatsError) -> KeysError {
        KeysError::Nats { workspace: self.workspace.clone(), source }
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
