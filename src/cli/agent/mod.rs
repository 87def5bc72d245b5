//! `skein agent`: an agent's desk in a terminal, by lines, good for people and scripts. It comes back by itself when the connection is
//! lost, and misses nothing meanwhile.

mod command;
mod customer;
mod line;
mod room;
mod seat;
mod words;

pub(super) use command::{Args, run};
