//! What tests with a real server share.

pub(crate) mod nats;
