//! The log in memory: the same rules as the stream, deterministic, without time or tasks, with faults on demand.
//!
//! For the simulator and for tests of what uses a log. Appends travel through a queue that is delivered at once, or step by step
//! when told so; faults strike the next appends that are delivered.

mod log;
mod store;

pub use log::MemoryLog;
pub(super) use log::MemoryPipe;
pub use store::Fault;
