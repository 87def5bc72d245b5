//! Which bodies of the object store belong to whom, so that an erasure deletes those that nobody else's message names.
//!
//! Told from the structure of records alone ([`Change::BodiesNamed`](crate::domain::record::Change::BodiesNamed)): a fold without the
//! keys knows the same. A body is known by the keyed digest of its object's name; whoever deletes it finds the name in the store. Rare
//! beside messages, so it stands beside the leaves: about 50 bytes for each body that is named.
//!
//! # Invariants
//! 1. A body is doomed only while no leaf names it: whoever names it again saves it.
//! 2. It stays doomed until the erasure that doomed it is done.
//! 3. From then on it is gone, until an upload of the same age is too old to be named in any case.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

use serde::{Deserialize, Serialize};

use siphasher::sip::SipHasher24;

use super::Workspace;
use crate::domain::growing::{SortedMap, SplitMap};
use crate::domain::id::{Index, LeafId};
use crate::domain::time::Timestamp;
use crate::domain::upload::UPLOAD_KEPT;

/// Bodies by keyed digest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bodies {
    #[serde(skip)]
    named: SortedMap<(LeafId, u64), ()>,
    /// By how many leaves each is named.
    #[serde(skip)]
    count: SplitMap<u64, u32>,
    /// To be deleted, with the erasure that they belong to.
    doomed: BTreeMap<u64, Index>,
    /// Deleted, and since when. Each erasure forgets what is of no more use, so it holds what a day's erasures deleted, or the last's.
    gone: BTreeMap<u64, Timestamp>,
}

impl Bodies {
    /// Which leaf names which.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, u64)> {
        self.named.rows().map(|(row, ())| row)
    }

    /// Takes some of that back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, u64)>) {
        for (leaf, body) in rows {
            self.add(leaf, body);
        }
    }

    /// Whether it was not named before.
    fn add(&mut self, leaf: LeafId, body: u64) -> bool {
        let is_new = self.named.insert((leaf, body), ()).is_none();
        if is_new {
            *self.count.get_or_insert_with(body, || 0).0 += 1;
        }
        is_new
    }

    /// Notes that a leaf's message names them.
    pub(super) fn name(&mut self, leaf: LeafId, bodies: &[u64]) {
        for &body in bodies {
            if self.add(leaf, body) {
                self.doomed.remove(&body);
                self.gone.remove(&body);
            }
        }
    }

    /// Notes that a leaf is erased.
    pub(super) fn erase(&mut self, leaf: LeafId, erasure: Index) {
        let of_leaf = self.named.at_or_after(&(leaf, 0)).take_while(|((named_by, _), ())| *named_by == leaf);
        let bodies: Vec<u64> = of_leaf.map(|((_, body), ())| *body).collect();
        for body in bodies {
            self.named.remove(&(leaf, body));
            let Some(count) = self.count.get_mut(&body) else { continue };
            *count -= 1;
            if *count == 0 {
                self.count.remove(&body);
                self.doomed.insert(body, erasure);
            }
        }
    }

    /// Notes that all is destroyed that an erasure is to destroy.
    pub(super) fn done(&mut self, erasure: Index, now: Timestamp) {
        self.gone.retain(|_, since| now <= *since + UPLOAD_KEPT);
        let Self { doomed, gone, .. } = self;
        doomed.retain(|&body, of| {
            let stays = *of != erasure;
            if !stays {
                gone.insert(body, now);
            }
            stays
        });
    }
}

/// Keyed digest of the name of an object.
pub(crate) fn body_digest(key: &[u8; 16], object: &str) -> u64 {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(b"body");
    hasher.write(object.as_bytes());
    hasher.finish()
}

impl Workspace {
    /// Whether the body under this name is to be deleted: only who was erased has named it.
    #[must_use]
    pub fn is_doomed(&self, object: &str) -> bool {
        !self.bodies.doomed.is_empty() && self.bodies.doomed.contains_key(&body_digest(self.hash_key(), object))
    }

    /// Whether the body under this name was deleted with whoever was erased, as far as its age does not tell.
    #[must_use]
    pub fn is_gone(&self, object: &str) -> bool {
        !self.bodies.gone.is_empty() && self.bodies.gone.contains_key(&body_digest(self.hash_key(), object))
    }

    /// Whether no message names the body under this name, nor did one of a customer whose erasure will delete it.
    #[must_use]
    pub fn is_nobodys(&self, object: &str) -> bool {
        let digest = body_digest(self.hash_key(), object);
        self.bodies.count.get(&digest).is_none() && !self.bodies.doomed.contains_key(&digest)
    }

    /// How many bodies an erasure still has to delete.
    #[must_use]
    pub fn doomed_bodies(&self, erasure: Index) -> usize {
        self.bodies.doomed.values().filter(|of| **of == erasure).count()
    }
}
