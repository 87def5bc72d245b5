//! Business hours in records.

use crate::domain::id::Name;
use crate::domain::time::Timestamp;

/// Hours of the configuration are open, or closed, from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoursTurned {
    /// Their name.
    pub hours: Name,
    /// Queues with these hours are served.
    pub open: bool,
    /// When they turn next; none: not within a year.
    pub until: Option<Timestamp>,
}
