//! The log of a shard: the database, the lock and the only thing that makes a decision real.
//!
//! What one message of its stream carries is an *entry*: opaque bytes here, one to sixteen of the core's records to the codec. It
//! numbers entries (an *index* in this module is that of an entry; the core's `Index` is made of it and the record's place in the
//! entry), chains them by a running hash, appends them fenced, says which are durable, finds out what became of appends without an
//! answer, and reads them back. Two implementations, one suite of tests: [`JetStreamLog`] and [`MemoryLog`] (for the simulator, with
//! faults on demand).
//!
//! # Invariants
//! 1. *The log is the lock.* Every single append and the first of every batch carries the predicted last sequence; a writer begins
//!    with an `Epoch` entry appended that way.
//! 2. *Index, not sequence.* Entries have a contiguous index from 1 and carry the hash of all entries before. `Epoch` and void
//!    entries stand outside both. A reader refuses a hole in either.
//! 3. *Void.* An entry with an epoch lower than the last `Epoch` before it is void. It also ends the epoch it landed in: its place was
//!    promised to an entry of the present writer, which was therefore refused, but a later one of that writer may have fitted
//!    behind the void one. So everything behind it is void too until the next `Epoch`, which its writer appends because of the refusal.
//! 4. *Durable* rises by unbroken prefix only, and never past an entry whose append is unknown.
//! 5. A witness beyond the log's end means lost data: the take-over is refused.

mod ack;
mod audit;
pub mod checkpoint;
pub mod codec;
mod entry;
mod error;
mod frame;
pub mod hours;
mod jetstream;
mod latency;
mod memory;
mod offsets;
mod options;
mod plan;
mod replay;
pub mod snapshot;
mod verify;
mod window;
mod writer;

pub use audit::{CHAIN_ORIGIN, Gate, Looked, RawLog, What};
pub use entry::{Entry, EventLog, GivenUp, LastEntry, Tip, Witness};
pub use error::{LogError, TakeOverError};
pub use jetstream::JetStreamLog;
pub use memory::{Fault, MemoryLog};
pub use offsets::Places;
pub use options::LogOptions;
pub use replay::Replay;
pub use writer::{AppendRefused, Condition, Progress, Writer};
