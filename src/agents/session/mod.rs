//! One session of an agent: from its first frame to its end.
//!
//! A session is one task with two halves under one token: the reader takes frames and has commands decided, the writer hands
//! out results and events. The life is `Handshake -> Active -> Draining -> Closed` (`Life`): nothing is decided before the
//! first frame; while draining no new frame is taken and commands in flight get their results until the deadline. However a
//! session ends, the shard is told, unless it was the shard that ended it.

mod again;
mod end;
mod handshake;
mod life;
mod outlet;
mod reader;
mod run;
mod writer;

pub(super) use outlet::{Frame, outlet};
pub(super) use run::{Input, run};
