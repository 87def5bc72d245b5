//! What the command-line clients share: where the daemon is, events in, agents' sessions. They use the public interfaces only, as
//! any adapter or agent tool would, and know nothing of what is inside.

mod addresses;
mod endpoints;
mod native;
mod publish;
mod reach;
mod session;

pub(crate) use addresses::Addresses;
pub(super) use addresses::Target;
pub(super) use endpoints::default_endpoint;
pub(super) use native::{chat, native};
pub(super) use publish::{Event, Publisher};
pub(super) use reach::{Port, Proofs, Reach};
pub(super) use session::{
    Commands, Desk, Frames, as_agent, customer_messages, customer_text, open_session, resume_session,
};
