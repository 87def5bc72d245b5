//! The core: what the machine decides, and nothing else.
//!
//! `decide` chooses, `evolve` notes, `outputs` derives what must leave (design, law 1). No I/O, no clock, no randomness, no
//! async, no iteration over unordered maps: time and ids come in as arguments.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod channel;
pub mod command;
mod concerns;
pub mod content;
mod conversation;
mod customer;
mod decide;
mod delivery;
pub mod digest;
mod draft;
pub mod event;
pub mod explained;
mod growing;
mod handing;
pub mod id;
pub mod invariant;
mod marks;
mod near;
pub mod output;
mod oversight;
mod pass;
pub mod phrase;
pub mod record;
pub mod rejection;
mod rooms;
mod routing;
mod session;
pub mod snapshot;
mod state;
mod taking_part;
pub mod time;
pub mod timer;
pub mod upload;
pub mod view;
mod visible;
pub mod waited;
mod work;
pub mod workspace;

pub(crate) use conversation::provider_fingerprint;
pub use conversation::remembered;
pub use customer::{Normaliser, Suggestion, normalise, warm_up};
pub use decide::{answer, decide, evolve};
pub use delivery::looks_like_token;
pub use near::nearest;
pub use output::outputs;
pub use routing::rules;
pub use state::{BoundStream, State};
pub use workspace::Workspace;
