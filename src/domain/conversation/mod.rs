//! What is said: from an inbound event to a message in one Conversation and at most one Work (domain rules, sections 2 and 5).

mod aging;
mod destination;
mod fingerprint;
mod going_on;
mod inbound;
mod item;
mod matter;
mod once;
mod opt;
mod parts;
mod proof;
pub mod remembered;
mod route;
mod store;
mod thanks;

pub(crate) use aging::{Aged, Aging};
pub(crate) use fingerprint::{
    Counterpart, digest, duplicate_key, own_mail_fingerprint, parts_fingerprint, provider_fingerprint, with_digest,
};
pub(crate) use inbound::{dead_letter, input};
pub(crate) use item::is_odd_time;
pub(crate) use parts::{HeldParts, parts_due};
pub(crate) use remembered::{Remembered, Seen, seen_by, wants_older};
