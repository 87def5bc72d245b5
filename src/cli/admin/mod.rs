//! `skein admin`: what operators see and decide of a running daemon, by its `AdminService`.

mod command;
mod config;
mod whose;

pub(super) use command::{Args, run};
