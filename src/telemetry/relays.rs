//! What is counted of calls that nodes carry to each other.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

macro_rules! values {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $label:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// As in the metrics.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
                self.label().encode(encoder)
            }
        }
    };
}

values! {
    /// Which end of a call.
    RelaySide {
        /// The node that the call came to.
        Caller => "caller",
        /// The node that owns the shard.
        Host => "host",
    }
}

values! {
    /// How a call ended.
    RelayEnd {
        /// With its response.
        Over => "over",
        /// Whoever called went away.
        Canceled => "canceled",
        /// Too many calls.
        Limit => "limit",
        /// The owner stops to be that.
        Stopping => "stopping",
        /// The nodes speak no version in common.
        Version => "version",
        /// What served it broke off.
        Failed => "failed",
        /// The owner does not know it.
        Unknown => "unknown",
        /// The other node gave no sign.
        Silent => "silent",
        /// Nobody serves calls there.
        Nobody => "nobody",
    }
}

values! {
    /// Which way a frame went.
    RelayWay {
        /// Sent for the first time.
        Sent => "sent",
        /// Sent again, because it was asked for.
        Repeated => "repeated",
        /// Came in.
        Received => "received",
    }
}

values! {
    /// Why a frame was passed over.
    RelayRefusal {
        /// It cannot be read.
        Malformed => "malformed",
        /// It acknowledges or asks for what was never sent.
        NeverSent => "never_sent",
        /// It goes beyond the window.
        BeyondWindow => "beyond_window",
        /// It brings a head in the middle, or something after the end.
        OutOfPlace => "out_of_place",
        /// It names no call.
        Nameless => "nameless",
        /// Its call is over.
        Late => "late",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SideLabels {
    side: RelaySide,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    side: RelaySide,
    how: RelayEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WayLabels {
    side: RelaySide,
    way: RelayWay,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    side: RelaySide,
    reason: RelayRefusal,
}

/// What is counted of calls that nodes carry to each other.
#[derive(Clone, Debug, Default)]
pub struct RelayMetrics {
    open: Family<SideLabels, Gauge>,
    ended: Family<EndLabels, Counter>,
    frames: Family<WayLabels, Counter>,
    refused: Family<RefusalLabels, Counter>,
}

impl RelayMetrics {
    pub(super) fn register(&self, all: &mut Registry) {
        all.register("relay_calls", "Calls carried between nodes, open now", self.open.clone());
        all.register("relay_calls_ended", "Calls carried between nodes that ended", self.ended.clone());
        all.register("relay_frames", "Frames of calls between nodes", self.frames.clone());
        all.register("relay_frames_refused", "Frames of calls between nodes, passed over", self.refused.clone());
    }

    /// Calls open at this side. Keep it for as long as the node has such calls, and count by it.
    #[must_use]
    pub fn open(&self, side: RelaySide) -> Gauge {
        self.open.get_or_create(&SideLabels { side }).clone()
    }

    /// A call ended.
    pub fn ended(&self, side: RelaySide, how: RelayEnd) {
        self.ended.get_or_create(&EndLabels { side, how }).inc();
    }

    /// Frames that went this way.
    #[must_use]
    pub fn frames(&self, side: RelaySide, way: RelayWay) -> Counter {
        self.frames.get_or_create(&WayLabels { side, way }).clone()
    }

    /// A frame was passed over.
    pub fn refused(&self, side: RelaySide, reason: RelayRefusal) {
        self.refused.get_or_create(&RefusalLabels { side, reason }).inc();
    }
}
