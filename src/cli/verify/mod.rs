//! `skein verify`: whether the history of a shard keeps what is promised.

mod command;
mod inbox;
mod lines;
mod walk;

pub(super) use command::{Args, run};
