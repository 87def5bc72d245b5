//! The leaves of a workspace by number: packed, but for those that the record in hand changes.
//!
//! A record touches few leaves, each by several of its changes; so what it changes is unpacked once, and packed again when the record is
//! noted. Between records all are packed.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::leaf::Leaf;
use super::row::{self, VERSION};
use crate::domain::growing::{ByteRows, ROWS};
use crate::domain::id::{LeafId, RootId};

/// Leaves that are unpacked at a time: more than nearly all records touch. Beyond it some are packed before the record is noted.
const UNPACKED: usize = 16;

/// Blocks of a piece of a snapshot: some hundred kilobytes.
const PIECE: usize = 4_096 / ROWS;

/// Leaves by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    rows: ByteRows,
    /// What the record in hand changes. New ones are in their order.
    unpacked: Vec<(LeafId, Leaf)>,
    len: u32,
    scratch: Vec<u8>,
}

/// Packed leaves that this build cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadLeaves {
    /// Version of their form.
    pub(crate) version: u8,
}

/// Leaves as a snapshot holds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PackedLeaves {
    version: u8,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block(Arc<[u8]>);

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Block;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the bytes of packed leaves")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Block, E> {
                Ok(Block(bytes.into()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Number of the leaf that comes next.
    pub(super) fn next_id(&self) -> LeafId {
        LeafId(self.len)
    }

    fn unpacked(&self, id: LeafId) -> Option<&Leaf> {
        self.unpacked.iter().find(|(other, _)| *other == id).map(|(_, leaf)| leaf)
    }

    pub(super) fn get(&self, id: LeafId) -> Option<Leaf> {
        match self.unpacked(id) {
            Some(leaf) => Some(leaf.clone()),
            None => self.rows.get(id.at()).map(|row| unpack(id, row)),
        }
    }

    /// Hash of its address.
    pub(super) fn hash(&self, at: u32) -> Option<[u64; 2]> {
        let id = LeafId(at);
        match self.unpacked(id) {
            Some(leaf) => Some(leaf.hash),
            None => row::hash(self.rows.get(id.at())?),
        }
    }

    /// The customer that it belongs to.
    pub(super) fn root(&self, id: LeafId) -> Option<RootId> {
        match self.unpacked(id) {
            Some(leaf) => Some(leaf.root),
            None => row::root(id, self.rows.get(id.at())?),
        }
    }

    /// The next leaf of its customer.
    pub(super) fn next(&self, id: LeafId) -> Option<LeafId> {
        match self.unpacked(id) {
            Some(leaf) => leaf.next,
            None => row::next(id, self.rows.get(id.at())?),
        }
    }

    pub(super) fn get_mut(&mut self, id: LeafId) -> Option<&mut Leaf> {
        let at = match self.unpacked.iter().position(|(other, _)| *other == id) {
            Some(at) => at,
            None => {
                self.make_room();
                let leaf = unpack(id, self.rows.get(id.at())?);
                self.unpacked.push((id, leaf));
                self.unpacked.len() - 1
            }
        };
        self.unpacked.get_mut(at).map(|(_, leaf)| leaf)
    }

    pub(super) fn push(&mut self, leaf: Leaf) {
        self.make_room();
        self.unpacked.push((self.next_id(), leaf));
        self.len = self.len.checked_add(1).expect("a workspace holds fewer than 2^32 identities");
    }

    fn make_room(&mut self) {
        if self.unpacked.len() == UNPACKED {
            self.pack();
        }
    }

    /// Packs what is unpacked.
    pub(super) fn pack(&mut self) {
        for (id, leaf) in self.unpacked.drain(..) {
            self.scratch.clear();
            row::write(id, &leaf, &mut self.scratch);
            if id.at() < self.rows.len() {
                self.rows.replace(id.at(), &self.scratch);
            } else {
                self.rows.push(&self.scratch);
            }
        }
    }

    /// All in pieces, in their order. None is unpacked.
    pub(super) fn pieces(&self) -> impl Iterator<Item = PackedLeaves> {
        let mut blocks = self.rows.blocks().cloned().map(Block);
        std::iter::from_fn(move || {
            let blocks: Vec<Block> = blocks.by_ref().take(PIECE).collect();
            (!blocks.is_empty()).then_some(PackedLeaves { version: VERSION, blocks })
        })
    }

    /// Takes some back, behind those before. Those of them that are current, each with the hash of its address.
    ///
    /// # Errors
    /// When they are not of this version, or not the next.
    pub(super) fn take(&mut self, leaves: PackedLeaves) -> Result<Vec<(u32, [u64; 2])>, BadLeaves> {
        let bad = BadLeaves { version: leaves.version };
        let first = self.len;
        if leaves.version != VERSION {
            return Err(bad);
        }
        for Block(block) in leaves.blocks {
            self.rows.take(block).map_err(|_| bad)?;
        }
        self.len = u32::try_from(self.rows.len()).map_err(|_| bad)?;
        // Each is read once, so that none is met later that cannot be.
        let mut current = Vec::new();
        for at in first..self.len {
            let leaf = self.rows.get(at as usize).and_then(|row| row::read(LeafId(at), row)).ok_or(bad)?;
            current.extend(leaf.current.then_some((at, leaf.hash)));
        }
        Ok(current)
    }
}

fn unpack(id: LeafId, row: &[u8]) -> Leaf {
    row::read(id, row).expect("rows are written here, or read when they come back from a snapshot")
}
