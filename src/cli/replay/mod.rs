//! `skein replay`: recordings through a running daemon, by its public interfaces only, and what became of them.
//!
//! Payloads and mails are published one after the other, each waiting for its acknowledgement. Dialogues begin together; their
//! customers speak at the recorded distances divided by `--speed`, and agents answer as in the recording (see `dialogues`).

mod agents;
mod command;
mod dialogues;
mod progress;
mod read;
mod streams;
mod summary;

pub(in crate::cli) use command::{Args, run};
