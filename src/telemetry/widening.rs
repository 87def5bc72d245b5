//! Counters of Work that goes a step further or overflows, and of Work that nobody could ever take.

use std::fmt::Write as _;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Why a Work stands at another step of its plan, or overflowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WidenedBy {
    /// It waited.
    Wait,
    /// Nobody was logged in who could take it.
    NoAgent,
    /// Its queue was too long.
    Length,
    /// It would have had to wait too long.
    Estimate,
}

impl EncodeLabelValue for WidenedBy {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        encoder.write_str(match self {
            Self::Wait => "wait",
            Self::NoAgent => "no_agent",
            Self::Length => "length",
            Self::Estimate => "estimate",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    cause: WidenedBy,
}

/// The families. Clones share the values.
#[derive(Debug, Clone, Default)]
pub struct WideningMetrics {
    steps: Family<Labels, Counter>,
    overflows: Family<Labels, Counter>,
    unserved: Gauge,
}

impl WideningMetrics {
    pub(super) fn register(&self, all: &mut Registry) {
        all.register("plan_steps", "Works that went a step of their plan further", self.steps.clone());
        all.register("overflows", "Works that overflowed", self.overflows.clone());
        let unserved = self.unserved.clone();
        all.register("unserved_works", "Open Works that no agent of the configuration could ever take", unserved);
        for cause in [WidenedBy::Wait, WidenedBy::NoAgent, WidenedBy::Length] {
            drop(self.overflows.get_or_create(&Labels { cause }));
        }
    }

    /// A Work went a step further.
    pub fn step(&self, cause: WidenedBy) {
        self.steps.get_or_create(&Labels { cause }).inc();
    }

    /// A Work overflowed.
    pub fn overflow(&self, cause: WidenedBy) {
        self.overflows.get_or_create(&Labels { cause }).inc();
    }

    /// So many open Works can be taken by nobody, ever.
    pub fn unserved(&self, works: i64) {
        self.unserved.set(works);
    }
}
