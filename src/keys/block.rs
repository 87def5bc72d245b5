//! A block of leaf keys, and its bytes once they are wrapped.
//!
//! ```text
//! 0x01 | nonce, 12 bytes | 4,096 keys of 32 bytes, and a tag of 16: AES-256-GCM, AAD = "skein.keys/" workspace "/" block
//! ```
//! A key that was destroyed is 32 zero bytes, which no random key is.

use std::fmt;

use rand::RngExt as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use zeroize::Zeroizing;

use super::secret::{KEY, WorkspaceKey};

/// Leaves of a block.
pub const LEAVES: u32 = 4_096;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
const KEYS: usize = LEAVES as usize * KEY;
const GONE: [u8; KEY] = [0; KEY];

/// The keys of consecutive leaves. Freed memory holds none of them.
pub(super) struct Block(Zeroizing<Vec<u8>>);

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block")
    }
}

/// Why bytes are no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoBlock {
    Version,
    Length,
    Key,
}

impl Block {
    pub(super) fn random() -> Self {
        let mut keys = Zeroizing::new(vec![0; KEYS]);
        rand::rng().fill(keys.as_mut_slice());
        Self(keys)
    }

    /// Keys that tell their number and place.
    #[cfg(test)]
    pub(super) fn numbered(number: u32) -> Self {
        let keys = (0..LEAVES).flat_map(|place| [number, place, 1, 2, 3, 4, 5, 6]).flat_map(u32::to_le_bytes);
        Self(Zeroizing::new(keys.collect()))
    }

    /// The key at `place`; none: it was destroyed.
    pub(super) fn key(&self, place: usize) -> Option<&[u8; KEY]> {
        let key = self.0.get(place * KEY..(place + 1) * KEY)?;
        <&[u8; KEY]>::try_from(key).ok().filter(|key| **key != GONE)
    }

    /// The block without the keys at `places`.
    pub(super) fn without(&self, places: &[usize]) -> Self {
        let mut keys = Zeroizing::new(self.0.to_vec());
        for place in places {
            if let Some(key) = keys.get_mut(place * KEY..(place + 1) * KEY) {
                key.fill(0);
            }
        }
        Self(keys)
    }

    /// Its bytes for the store.
    pub(super) fn wrapped(&self, key: &WorkspaceKey, workspace: &str, number: u32) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::rng().random();
        let mut bytes = Vec::with_capacity(1 + NONCE + KEYS + TAG);
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&self.0);
        let tag = cipher(key.expose())
            .seal_in_place_separate_tag(
                ring::aead::Nonce::assume_unique_for_key(nonce),
                aad(workspace, number),
                &mut bytes[1 + NONCE..],
            )
            .expect("a block is far below the limit of the cipher");
        bytes.extend_from_slice(tag.as_ref());
        bytes
    }

    /// The block of stored bytes, and whether the key that wraps now has wrapped it.
    pub(super) fn unwrap(
        bytes: &[u8],
        key: &WorkspaceKey,
        workspace: &str,
        number: u32,
    ) -> Result<(Self, bool), NoBlock> {
        let (&version, rest) = bytes.split_first().ok_or(NoBlock::Length)?;
        if version != VERSION {
            return Err(NoBlock::Version);
        }
        let (nonce, wrapped) = rest.split_first_chunk::<NONCE>().ok_or(NoBlock::Length)?;
        if wrapped.len() != KEYS + TAG {
            return Err(NoBlock::Length);
        }
        for (at, key) in key.all().enumerate() {
            let mut opened = Zeroizing::new(wrapped.to_vec());
            let nonce = ring::aead::Nonce::assume_unique_for_key(*nonce);
            if cipher(key).open_in_place(nonce, aad(workspace, number), &mut opened).is_ok() {
                opened.truncate(KEYS);
                return Ok((Self(opened), at == 0));
            }
        }
        Err(NoBlock::Key)
    }
}

fn aad(workspace: &str, number: u32) -> Aad<Vec<u8>> {
    Aad::from(format!("skein.keys/{workspace}/{number}").into_bytes())
}

fn cipher(key: &[u8; KEY]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_opened_by_its_key_at_its_place_alone() {
        let (key, other) = (WorkspaceKey::random(), WorkspaceKey::random());
        let block = Block::random();
        let mut wrapped = block.wrapped(&key, "acme", 3);
        assert!(!wrapped.windows(8).any(|bytes| bytes == &block.0[..8]), "keys stand in plain");
        let (read, is_present) = Block::unwrap(&wrapped, &key, "acme", 3).unwrap();
        assert!(*read.0 == *block.0 && is_present);
        let (read, is_present) = Block::unwrap(&wrapped, &other.replacing(&key), "acme", 3).unwrap();
        assert!(*read.0 == *block.0 && !is_present);
        assert_eq!(Block::unwrap(&wrapped, &other, "acme", 3).unwrap_err(), NoBlock::Key);
        assert_eq!(Block::unwrap(&wrapped, &key, "acme", 4).unwrap_err(), NoBlock::Key);
        assert_eq!(Block::unwrap(&wrapped, &key, "acne", 3).unwrap_err(), NoBlock::Key);
        assert_eq!(Block::unwrap(&wrapped[..40], &key, "acme", 3).unwrap_err(), NoBlock::Length);
        assert_eq!(Block::unwrap(&[], &key, "acme", 3).unwrap_err(), NoBlock::Length);
        wrapped[0] = 2;
        assert_eq!(Block::unwrap(&wrapped, &key, "acme", 3).unwrap_err(), NoBlock::Version);
    }

    #[test]
    fn a_destroyed_key_is_gone_and_its_neighbours_stay() {
        let block = Block::random();
        let left = block.without(&[7, 4_095]);
        assert!(left.key(7).is_none() && left.key(4_095).is_none() && left.key(4_096).is_none());
        assert!(left.key(6) == block.key(6) && left.key(8) == block.key(8) && block.key(7).is_some());
        assert_ne!(block.key(0), block.key(1));
    }
}
