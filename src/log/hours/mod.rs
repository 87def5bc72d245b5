//! What events are told from their retries by, once it is older than what the core keeps: a file for each hour of records, derived from
//! the log and from nothing else (design, law 8).
//!
//! A file is an index of the log, not a copy: of each key 40 bits, and the record that remembered it. What a record says counts, so
//! whoever finds some reads them. It holds nothing that the structure of the log does not hold, and no word of anybody.
//!
//! # Invariants
//! 1. A file that has its name is whole: it was written under another, synced, and its digest is checked when it is opened.
//! 2. Files are used from the oldest that counts on, each beginning with the record that the one before it ended at, so none is
//!    missing between; what is missing, damaged or of another log is made again from the log.
//! 3. [`Hours::through`] never says more than what is in files.

mod file;
mod folder;
mod hour;
mod keeper;
mod set;

#[cfg(test)]
mod tests;

pub use file::{ENTRY_BYTES, Head, HourFile, encode};
pub use folder::{HourError, HourFolder};
pub use hour::Hour;
pub use keeper::{HourKeeper, Reached};
pub use set::{Hours, Question};
