//! What the agents' edge counts. Made where all metrics are made, and handed in.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::status::Reason;
use crate::access::FileKind;

/// Label of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RefusalLabels {
    reason: ReasonLabel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ReasonLabel(Reason);

impl EncodeLabelValue for ReasonLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        // As all other label values are written.
        self.0.label().to_ascii_lowercase().as_str().encode(encoder)
    }
}

/// Label of a file that access rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FileLabels {
    file: &'static str,
}

/// Families of the agents' edge.
#[derive(Clone, Debug, Default)]
pub struct EdgeMetrics {
    /// Sessions and watches open now, handshakes among them.
    pub(super) sessions: Gauge,
    /// Events handed to the transport.
    pub(super) events: Counter,
    /// Frames with events handed to the transport.
    pub(super) frames: Counter,
    /// Sessions ended because their peer did not read.
    pub(super) slow_readers: Counter,
    refusals: Family<RefusalLabels, Counter>,
    access_refused: Family<FileLabels, Gauge>,
}

impl EdgeMetrics {
    /// Registers all of them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("agent_sessions", "Sessions of agents open now", self.sessions.clone());
        registry.register("agent_events", "Events handed to agents", self.events.clone());
        registry.register("agent_frames", "Frames of events handed to agents", self.frames.clone());
        registry.register(
            "agent_slow_readers",
            "Sessions ended because their peer did not read",
            self.slow_readers.clone(),
        );
        registry.register("agent_refusals", "Refused requests of agents", self.refusals.clone());
        registry.register(
            "access_files_refused",
            "1: keys or certificates of the agents' port, as they were read last, were refused",
            self.access_refused.clone(),
        );
    }

    /// Whether keys or certificates, as they were read last, were refused, so that those before are in force still.
    pub fn access_refused(&self, kind: FileKind, is_refused: bool) {
        self.access_refused.get_or_create(&FileLabels { file: kind.label() }).set(i64::from(is_refused));
    }

    pub(super) fn refused(&self, reason: Reason) {
        self.refusals.get_or_create(&RefusalLabels { reason: ReasonLabel(reason) }).inc();
    }
}
