//! Keys of personal content: made, kept, used and destroyed (design, law 11).
//!
//! Responsible for: one random key for each leaf, in blocks of 4,096 wrapped by the workspace's key and kept in
//! `SKEIN_KEYS_<workspace>`; sealing and opening the content of records; destroying single keys for good. Not for: which content
//! belongs to which leaf (`domain`), where sealed bytes stand in a record (`log::codec`), when a key is to be destroyed.
//!
//! # Why a key of its own for each leaf
//! A key derived from the block's could be derived again as long as that lives. Only a random one that stands in one place can be
//! destroyed. It costs 32 bytes of memory for each leaf.
//!
//! # Nonces
//! Leaf and index are no nonce: two owners, one of them deposed, may seal different content under the same leaf and index, and a
//! deposed one's message reaches the store all the same. Nor is the epoch beside them enough: a store that was put back from a copy
//! counts epochs anew with the same keys. So a nonce is 96 random bits and stands beside the content. A leaf's key seals one message
//! after the other of one customer: after a million of them two nonces are the same with a probability below 2^-57. A record is
//! sealed once, when it is encoded: what is appended again after an unknown outcome are the same bytes.
//!
//! # Invariants
//! 1. A block is durable before a leaf of it is opened: the shard takes nothing while a workspace has fewer keys left than one
//!    record can use ([`KeyRings::has_room`]).
//! 2. A leaf never has two keys. Every write to the stream is fenced on its last sequence, and made of everything before it; whoever
//!    loses the fence reads first and takes what is there.
//! 3. A key that was destroyed never comes back: a block is only ever rewritten with fewer keys, and the message before it is
//!    overwritten in the store.
//! 4. No key stands in a log line, an error or `Debug` output, and freed memory holds none.

mod block;
mod book;
mod error;
mod jetstream;
mod keeper;
mod memory;
mod ring;
mod secret;
mod store;

pub use block::LEAVES;
pub use book::{KeyBook, KeyBooks};
pub use error::KeysError;
pub use jetstream::JetStreamKeys;
pub use keeper::Keeper;
pub use memory::MemoryKeys;
pub use ring::{KeyRing, KeyRings, NONCE, Nonce, OpenError};
pub use secret::{KeyProblem, RotateError, WorkspaceKey, make_missing, rotate, variable};
pub use store::{KeyStore, StoredBlock};
