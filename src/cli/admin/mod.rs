//! `skein admin`: what operators see and decide of a running daemon, by its `AdminService`.

mod command;
mod config;
mod logs;
mod sessions;
mod whose;

pub(super) use command::{Args, run};
pub(super) use whose::Whose;
