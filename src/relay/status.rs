//! What whoever called is told about a call that did not end with its response.

use super::frame::{BadFrame, Reset};
use super::link::Ended;
use crate::agents::{Reason, Refusal};
use crate::telemetry::{RelayEnd, RelayRefusal};

/// Why there is no response, or no more of it.
pub(super) fn refusal(ended: Ended) -> Refusal {
    if let Ended::Reset(Reset::Limit(limit)) = ended {
        return Refusal::limit("relay_calls", usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let text = match ended {
        Ended::Nobody => "the node that owns the shard serves no calls",
        Ended::Silent => "the node that owns the shard gives no sign",
        Ended::Reset(Reset::Stopping) => "the node that owned the shard hands it over",
        Ended::Reset(Reset::Version) => "the node that owns the shard speaks another version",
        Ended::Reset(Reset::Unknown) => "the node that owned the shard has begun anew",
        Ended::Reset(Reset::Canceled | Reset::Failed | Reset::Limit(_)) | Ended::Over | Ended::Dropped => {
            "the call broke off at the node that owns the shard"
        }
    };
    unreachable_owner(text, how(ended).label())
}

/// The owner cannot be asked.
pub(super) fn unreachable_owner(text: &str, why: &'static str) -> Refusal {
    Refusal::new(Reason::OwnerUnreachable, text).with("why", why)
}

/// The same for the metrics.
pub(super) fn how(ended: Ended) -> RelayEnd {
    match ended {
        Ended::Over => RelayEnd::Over,
        Ended::Dropped | Ended::Reset(Reset::Canceled) => RelayEnd::Canceled,
        Ended::Reset(Reset::Limit(_)) => RelayEnd::Limit,
        Ended::Reset(Reset::Stopping) => RelayEnd::Stopping,
        Ended::Reset(Reset::Version) => RelayEnd::Version,
        Ended::Reset(Reset::Failed) => RelayEnd::Failed,
        Ended::Reset(Reset::Unknown) => RelayEnd::Unknown,
        Ended::Silent => RelayEnd::Silent,
        Ended::Nobody => RelayEnd::Nobody,
    }
}

/// The reason of a bad frame for the metrics.
pub(super) fn refused(bad: BadFrame) -> RelayRefusal {
    match bad {
        BadFrame::Malformed => RelayRefusal::Malformed,
        BadFrame::NeverSent => RelayRefusal::NeverSent,
        BadFrame::BeyondWindow => RelayRefusal::BeyondWindow,
        BadFrame::OutOfPlace => RelayRefusal::OutOfPlace,
    }
}
