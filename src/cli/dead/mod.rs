//! `skein dead`: what could not be used, listed without its content, and published again once the cause is gone. Straight from NATS: it
//! works while the daemon does not.

mod command;
mod replay;
mod selected;

pub(super) use command::{Args, run};
