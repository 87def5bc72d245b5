//! `skein explain`: why a customer waited.

mod command;
mod history;
mod words;

pub(super) use command::{Args, run};
