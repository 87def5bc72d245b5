//! `viber`: callbacks of the Viber bot API (Viber Developers, "REST bot API, callbacks"). One callback is one event.
//!
//! Message tokens are numbers beyond 2^53: they are kept by their digits.

mod message;
mod payload;
mod read;

pub(super) use read::read;
