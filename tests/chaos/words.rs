//! What customers write: who, the how manieth of theirs, and when it was first published.

use std::time::{SystemTime, UNIX_EPOCH};

/// A message of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// The customer at an endpoint: order is kept within it.
    pub(crate) who: String,
    /// From 1 on.
    pub(crate) number: u64,
    /// Wall clock of this machine, milliseconds.
    pub(crate) at_ms: u64,
}

impl Words {
    pub(crate) fn text(&self) -> String {
        format!("{} {} {}", self.who, self.number, self.at_ms)
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let who = words.next()?.to_owned();
        let number = words.next()?.parse().ok()?;
        let at_ms = words.next()?.parse().ok()?;
        Some(Self { who, number, at_ms })
    }
}

/// The wall clock, milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
