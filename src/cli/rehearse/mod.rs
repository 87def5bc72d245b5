//! `skein rehearse`: what the recorded log would have been under another configuration.

mod command;

pub(super) use command::{Args, run};
