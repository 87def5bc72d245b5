//! The keys in memory: seals and opens content, and says how many leaves may be opened.
//!
//! Sealing one record takes less than half a microsecond, key schedule included; so it stays where the record is encoded, which is
//! the simplest place. AES-256-GCM: on processors with AES instructions it takes two thirds of the time of ChaCha20-Poly1305 for a
//! record of 500 bytes, and a third for one of 4,000.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rand::RngExt as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use smallvec::SmallVec;
use tokio::sync::Notify;

use super::block::{Block, LEAVES};
use crate::domain::id::{Index, LeafId, Name};

/// Bytes of a nonce.
pub const NONCE: usize = 12;
/// Bytes by which sealed content is longer.
const TAG: usize = 16;
/// Leaves that one record opens at most: an event names few addresses, a command some more.
const LEAVES_OF_A_RECORD: u32 = 64;
/// With so few keys left the next block is made.
const AHEAD: u32 = LEAVES / 4;

/// Number of the block whose first key seals what is no customer's: keys of hashes and of tokens.
pub(super) const OWN: u32 = u32::MAX;
/// The leaf that such secrets are bound to: none.
const NOBODY: LeafId = LeafId(u32::MAX);

/// What content was sealed with beside its key.
pub type Nonce = [u8; NONCE];

/// Why sealed content is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its leaf has no key yet.
    #[error("there is no key for leaf {0}")]
    NoKey(u32),
    /// It was changed, or belongs elsewhere.
    #[error("content of leaf {0} does not open with its key")]
    Damaged(u32),
    /// The workspace has no key for its own secrets, although there are some.
    #[error("there is no key for the workspace's own secrets")]
    NoOwnKey,
    /// It was changed, or belongs elsewhere.
    #[error("a secret of the workspace does not open with its key")]
    DamagedSecret,
}

/// The keys of one workspace.
#[derive(Debug)]
pub struct KeyRing {
    workspace: Name,
    blocks: RwLock<Vec<Block>>,
    /// Its first key seals what is no customer's.
    own: OnceLock<Block>,
    /// Leaves that have a key, or had one.
    capacity: AtomicU32,
    /// Leaves that are opened.
    used: AtomicU32,
    /// More keys are wanted.
    pub(super) work: Notify,
    grown: Arc<Notify>,
}

impl KeyRing {
    pub(super) fn new(workspace: Name, grown: Arc<Notify>) -> Self {
        Self {
            workspace,
            blocks: RwLock::default(),
            own: OnceLock::new(),
            capacity: AtomicU32::new(0),
            used: AtomicU32::new(0),
            work: Notify::new(),
            grown,
        }
    }

    /// Whose.
    #[must_use]
    pub fn workspace(&self) -> &Name {
        &self.workspace
    }

    /// Leaves below this have a key, or had one.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.capacity.load(Ordering::Acquire)
    }

    /// Leaves that are opened, as far as was said.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.used.load(Ordering::Acquire)
    }

    /// Leaves below `count` are opened.
    pub fn note_used(&self, count: u32) {
        self.used.fetch_max(count, Ordering::AcqRel);
        if self.is_short() {
            self.work.notify_one();
        }
    }

    /// Whether the next block is to be made.
    pub(super) fn is_short(&self) -> bool {
        self.capacity().saturating_sub(self.used()) <= AHEAD
    }

    /// Whether one more record may open leaves.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.capacity().saturating_sub(self.used()) >= LEAVES_OF_A_RECORD
    }

    /// Whether the leaf's key was destroyed.
    #[must_use]
    pub fn is_destroyed(&self, leaf: LeafId) -> bool {
        leaf.0 < self.capacity() && self.with_key(leaf, |_| ()).is_none()
    }

    /// Whether there is a key for what is no customer's.
    pub(super) fn has_own(&self) -> bool {
        self.own.get().is_some()
    }

    /// Puts a block that is durable in its place.
    pub(super) fn install(&self, number: u32, block: Block) {
        if number == OWN {
            // It never changes: what wraps it may.
            let _ = self.own.set(block);
            return;
        }
        let mut blocks = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
        match blocks.get_mut(number as usize) {
            Some(known) => *known = block,
            None => blocks.push(block),
        }
        let count = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        drop(blocks);
        self.capacity.store(count.saturating_mul(LEAVES), Ordering::Release);
        self.grown.notify_one();
    }

    /// Looks at a block.
    pub(super) fn with_block<T>(&self, number: u32, look: impl FnOnce(&Block) -> T) -> Option<T> {
        if number == OWN {
            return self.own.get().map(look);
        }
        self.blocks.read().unwrap_or_else(PoisonError::into_inner).get(number as usize).map(look)
    }

    fn with_key<T>(&self, leaf: LeafId, look: impl FnOnce(&[u8; 32]) -> T) -> Option<T> {
        let (number, place) = place_of(leaf);
        self.with_block(number, |block| block.key(place).map(look))?
    }

    /// Seals a secret of the workspace's: nonce, sealed bytes and tag. Empty: there is no key for it.
    #[must_use]
    pub fn seal_own(&self, index: Index, secret: &[u8]) -> Vec<u8> {
        self.seal_with(self.aad(NOBODY, index), secret)
    }

    /// The same, of a piece of what is written at that record: no other piece opens as this one.
    #[must_use]
    pub fn seal_piece(&self, (index, number): (Index, u64), secret: &[u8]) -> Vec<u8> {
        self.seal_with(self.aad_of_piece(index, number), secret)
    }

    fn seal_with(&self, aad: Aad<SmallVec<[u8; 80]>>, secret: &[u8]) -> Vec<u8> {
        let nonce: Nonce = rand::rng().random();
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(secret);
        let tag = self.own.get().and_then(|block| block.key(0)).map(|key| {
            let nonce = ring::aead::Nonce::assume_unique_for_key(nonce);
            cipher(key)
                .seal_in_place_separate_tag(nonce, aad, &mut sealed[NONCE..])
                .expect("a secret is far below the limit of the cipher")
        });
        let Some(tag) = tag else { return Vec::new() };
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`KeyRing::seal_own`] sealed.
    ///
    /// # Errors
    /// [`OpenError`]: the log and the keys do not belong together, or one of them is damaged.
    pub fn open_own(&self, index: Index, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.open_with(self.aad(NOBODY, index), sealed)
    }

    /// Opens what [`KeyRing::seal_piece`] sealed.
    ///
    /// # Errors
    /// As [`KeyRing::open_own`]; or it is another piece.
    pub fn open_piece(&self, (index, number): (Index, u64), sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.open_with(self.aad_of_piece(index, number), sealed)
    }

    fn open_with(&self, aad: Aad<SmallVec<[u8; 80]>>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let key = self.own.get().and_then(|block| block.key(0)).ok_or(OpenError::NoOwnKey)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(OpenError::DamagedSecret)?;
        let mut opened = sealed.to_vec();
        let nonce = ring::aead::Nonce::assume_unique_for_key(*nonce);
        let length = cipher(key).open_in_place(nonce, aad, &mut opened).map_err(|_| OpenError::DamagedSecret)?.len();
        opened.truncate(length);
        Ok(opened)
    }

    /// Seals what stands in `buffer` from `from` on, in place, and appends the tag. None: the leaf has no key, and the bytes are as
    /// they were.
    #[must_use]
    pub fn seal(&self, leaf: LeafId, index: Index, buffer: &mut Vec<u8>, from: usize) -> Option<Nonce> {
        let nonce: Nonce = rand::rng().random();
        let tag = self.with_key(leaf, |key| {
            cipher(key)
                .seal_in_place_separate_tag(
                    ring::aead::Nonce::assume_unique_for_key(nonce),
                    self.aad(leaf, index),
                    &mut buffer[from..],
                )
                .expect("a record is far below the limit of the cipher")
        })?;
        buffer.extend_from_slice(tag.as_ref());
        Some(nonce)
    }

    /// Opens content in place. None: its key was destroyed.
    ///
    /// # Errors
    /// [`OpenError`]: the log and the keys do not belong together, or one of them is damaged.
    pub fn open<'b>(
        &self,
        leaf: LeafId,
        index: Index,
        nonce: Nonce,
        sealed: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, OpenError> {
        if leaf.0 >= self.capacity() {
            return Err(OpenError::NoKey(leaf.0));
        }
        let length = sealed.len().checked_sub(TAG).ok_or(OpenError::Damaged(leaf.0))?;
        let nonce = ring::aead::Nonce::assume_unique_for_key(nonce);
        let opened = self
            .with_key(leaf, |key| cipher(key).open_in_place(nonce, self.aad(leaf, index), sealed).map(drop).is_ok());
        match opened {
            None => Ok(None),
            Some(true) => Ok(Some(&sealed[..length])),
            Some(false) => Err(OpenError::Damaged(leaf.0)),
        }
    }

    /// Workspace, leaf and index: sealed content is of no use anywhere else.
    /// Names have no zero byte: this is the one of no record.
    fn aad_of_piece(&self, index: Index, number: u64) -> Aad<SmallVec<[u8; 80]>> {
        let mut aad = SmallVec::from_slice(self.aad(NOBODY, index).as_ref());
        aad.push(0);
        aad.extend_from_slice(&number.to_le_bytes());
        Aad::from(aad)
    }

    fn aad(&self, leaf: LeafId, index: Index) -> Aad<SmallVec<[u8; 80]>> {
        let mut aad = SmallVec::new();
        aad.extend_from_slice(&index.0.to_le_bytes());
        aad.extend_from_slice(&leaf.0.to_le_bytes());
        aad.extend_from_slice(self.workspace.as_bytes());
        Aad::from(aad)
    }
}

/// Block of a leaf, and its place there.
pub(super) fn place_of(leaf: LeafId) -> (u32, usize) {
    (leaf.0 / LEAVES, (leaf.0 % LEAVES) as usize)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key"))
}

/// The keys of all workspaces of a shard. Cheap to clone.
#[derive(Clone, Default)]
pub struct KeyRings {
    rings: Arc<BTreeMap<Name, Arc<KeyRing>>>,
    grown: Arc<Notify>,
}

impl fmt::Debug for KeyRings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rings.keys()).finish()
    }
}

impl KeyRings {
    /// Of these rings; `grown` is told whenever one of them has more keys.
    pub(crate) fn new(rings: impl Iterator<Item = Arc<KeyRing>>, grown: Arc<Notify>) -> Self {
        Self { rings: Arc::new(rings.map(|ring| (ring.workspace.clone(), ring)).collect()), grown }
    }

    /// The keys of a workspace. None: it is not served here, and its content stays closed.
    #[must_use]
    pub fn get(&self, workspace: &str) -> Option<&Arc<KeyRing>> {
        self.rings.get(workspace)
    }

    /// Whether one more record of any workspace may open leaves.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.rings.values().all(|ring| ring.has_room())
    }

    /// Told whenever there are more keys.
    #[must_use]
    pub fn grown(&self) -> Arc<Notify> {
        Arc::clone(&self.grown)
    }

    /// Keys that no store holds: for tests and measurements that have none. Each workspace has `blocks` of them.
    #[must_use]
    pub fn unstored(workspaces: &[&str], blocks: u32) -> Self {
        let grown = Arc::new(Notify::new());
        let rings = workspaces.iter().map(|workspace| {
            let ring = KeyRing::new(Name::new(workspace), Arc::clone(&grown));
            (0..blocks).chain([OWN]).for_each(|number| ring.install(number, Block::random()));
            Arc::new(ring)
        });
        Self::new(rings.collect::<Vec<_>>().into_iter(), Arc::clone(&grown))
    }

    /// Keys made of their numbers, so that what was sealed once is opened by later builds: for stored samples.
    #[cfg(test)]
    pub(crate) fn numbered(workspaces: &[&str], blocks: u32) -> Self {
        let grown = Arc::new(Notify::new());
        let rings = workspaces.iter().map(|workspace| {
            let ring = KeyRing::new(Name::new(workspace), Arc::clone(&grown));
            (0..blocks).chain([OWN]).for_each(|number| ring.install(number, Block::numbered(number)));
            Arc::new(ring)
        });
        Self::new(rings.collect::<Vec<_>>().into_iter(), Arc::clone(&grown))
    }

    /// The same keys, but for those of one block, which are destroyed.
    #[cfg(test)]
    pub(crate) fn without_block(&self, workspace: &str, number: u32) -> Self {
        let grown = Arc::new(Notify::new());
        let all: Vec<usize> = (0..LEAVES as usize).collect();
        let none: &[usize] = &[];
        let rings = self.rings.values().map(|ring| {
            let copy = KeyRing::new(ring.workspace.clone(), Arc::clone(&grown));
            for at in 0..ring.capacity() / LEAVES {
                let gone = if ring.workspace == workspace && at == number { all.as_slice() } else { none };
                let left = ring.with_block(at, |block| block.without(gone));
                copy.install(at, left.expect("it is below the capacity"));
            }
            if let Some(own) = ring.own.get() {
                copy.install(OWN, own.without(none));
            }
            Arc::new(copy)
        });
        Self::new(rings.collect::<Vec<_>>().into_iter(), Arc::clone(&grown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rings() -> KeyRings {
        KeyRings::unstored(&["acme", "other"], 2)
    }

    fn sealed(rings: &KeyRings, leaf: u32, index: u64) -> (Nonce, Vec<u8>) {
        let mut bytes = b"head/words".to_vec();
        let nonce = rings.get("acme").unwrap().seal(LeafId(leaf), Index(index), &mut bytes, 5).unwrap();
        assert_eq!(&bytes[..5], b"head/");
        (nonce, bytes.split_off(5))
    }

    fn open(rings: &KeyRings, workspace: &str, leaf: u32, index: u64, sealed: &(Nonce, Vec<u8>)) -> Option<String> {
        let mut bytes = sealed.1.clone();
        let opened = rings.get(workspace).unwrap().open(LeafId(leaf), Index(index), sealed.0, &mut bytes);
        opened.unwrap().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn content_opens_with_its_own_key_at_its_own_place_alone() {
        let rings = rings();
        let sealed = sealed(&rings, 4_100, 7);
        assert!(!sealed.1.windows(5).any(|bytes| bytes == b"words"));
        assert_eq!(open(&rings, "acme", 4_100, 7, &sealed).as_deref(), Some("words"));
        let refused = |workspace: &str, leaf, index| {
            let mut bytes = sealed.1.clone();
            rings.get(workspace).unwrap().open(LeafId(leaf), Index(index), sealed.0, &mut bytes).unwrap_err()
        };
        assert_eq!(refused("other", 4_100, 7), OpenError::Damaged(4_100));
        assert_eq!(refused("acme", 4_101, 7), OpenError::Damaged(4_101));
        assert_eq!(refused("acme", 4_100, 8), OpenError::Damaged(4_100));
        assert_eq!(refused("acme", 9_000, 7), OpenError::NoKey(9_000));
    }

    #[test]
    fn the_same_words_are_never_sealed_to_the_same_bytes() {
        let rings = rings();
        let (one, other) = (sealed(&rings, 1, 7), sealed(&rings, 1, 7));
        assert_ne!(one.0, other.0);
        assert_ne!(one.1, other.1);
    }

    #[test]
    fn without_its_key_content_is_gone_and_nothing_is_sealed() {
        let rings = rings();
        let ring = rings.get("acme").unwrap();
        let kept = sealed(&rings, 1, 7);
        let (gone, neighbour) = (sealed(&rings, 5, 7), sealed(&rings, 6, 7));
        let left = ring.with_block(0, |block| block.without(&[5])).unwrap();
        ring.install(0, left);
        assert_eq!(open(&rings, "acme", 5, 7, &gone), None);
        assert_eq!(open(&rings, "acme", 6, 7, &neighbour).as_deref(), Some("words"));
        assert_eq!(open(&rings, "acme", 1, 7, &kept).as_deref(), Some("words"));
        assert!(ring.is_destroyed(LeafId(5)) && !ring.is_destroyed(LeafId(6)) && !ring.is_destroyed(LeafId(9_999)));
        let mut bytes = b"words".to_vec();
        assert_eq!(ring.seal(LeafId(5), Index(8), &mut bytes, 0), None);
        assert_eq!(bytes, b"words");
    }

    #[test]
    fn a_secret_of_the_workspace_opens_at_its_place_alone() {
        let rings = rings();
        let ring = rings.get("acme").unwrap();
        let sealed = ring.seal_own(Index(7), b"secret");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(ring.open_own(Index(7), &sealed).unwrap(), b"secret");
        assert_eq!(ring.open_own(Index(8), &sealed), Err(OpenError::DamagedSecret));
        assert_eq!(ring.open_own(Index(7), b"short"), Err(OpenError::DamagedSecret));
        let piece = ring.seal_piece((Index(7), 3), b"secret");
        assert_eq!(ring.open_piece((Index(7), 3), &piece).unwrap(), b"secret");
        for other in [(Index(7), 4), (Index(8), 3)] {
            assert_eq!(ring.open_piece(other, &piece), Err(OpenError::DamagedSecret));
        }
        assert_eq!(ring.open_piece((Index(7), 0), &sealed), Err(OpenError::DamagedSecret), "a record's is no piece");
        assert_eq!(rings.get("other").unwrap().open_own(Index(7), &sealed), Err(OpenError::DamagedSecret));
        let none = KeyRing::new(Name::new("acme"), Arc::default());
        assert_eq!(none.open_own(Index(7), &sealed), Err(OpenError::NoOwnKey));
        assert!(none.seal_own(Index(7), b"secret").is_empty(), "never in plain");
    }

    #[test]
    fn there_is_room_while_a_whole_record_of_new_leaves_has_keys() {
        let rings = rings();
        let ring = rings.get("other").unwrap();
        ring.note_used(2 * LEAVES - LEAVES_OF_A_RECORD);
        assert!(rings.has_room());
        ring.note_used(2 * LEAVES - LEAVES_OF_A_RECORD + 1);
        assert!(!rings.has_room(), "the other workspace has room: all of them must");
        ring.install(2, Block::random());
        assert!(rings.has_room());
        assert!(!format!("{:?} {ring:?}", rings).contains("0x"));
    }

    /// `cargo test --release keys -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn the_time_of_sealing_500_bytes() {
        const ROUNDS: u32 = 1_000_000;
        let rings = KeyRings::unstored(&["acme"], 16);
        let ring = rings.get("acme").unwrap();
        let mut buffer = Vec::with_capacity(600);
        let start = std::time::Instant::now();
        for round in 0..ROUNDS {
            buffer.clear();
            buffer.resize(500, 7);
            let leaf = LeafId(round.wrapping_mul(977) % (16 * LEAVES));
            std::hint::black_box(ring.seal(leaf, Index(round.into()), &mut buffer, 0));
        }
        println!("seal 500 bytes {:?}", start.elapsed() / ROUNDS);
    }
}
