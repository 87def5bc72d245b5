//! Counters of workspace files that were read again while the daemon ran.

use std::fmt::Write as _;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What became of a workspace file that was read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReloadOutcome {
    /// It is in force, by a record.
    Applied,
    /// It says what is in force.
    Unchanged,
    /// It has problems: what was in force stays.
    Refused,
    /// It is good, and could not be brought into force yet.
    Unavailable,
}

impl EncodeLabelValue for ReloadOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        encoder.write_str(match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: ReloadOutcome,
}

/// As many as the configuration names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkspaceLabels {
    workspace: String,
}

/// The families. Clones share the values.
#[derive(Debug, Clone, Default)]
pub struct ReloadMetrics {
    reloads: Family<OutcomeLabels, Counter>,
    refused: Family<WorkspaceLabels, Gauge>,
}

impl ReloadMetrics {
    pub(super) fn register(&self, all: &mut Registry) {
        all.register("workspace_reloads", "Workspace files read again", self.reloads.clone());
        let refused = self.refused.clone();
        all.register("workspace_file_refused", "1: the workspace's file has problems and is not in force", refused);
    }

    /// Counts what became of a workspace's file, and shows whether it is what is in force.
    pub fn count(&self, workspace: &str, outcome: ReloadOutcome) {
        self.reloads.get_or_create(&OutcomeLabels { outcome }).inc();
        let refused = self.refused.get_or_create(&WorkspaceLabels { workspace: workspace.to_owned() });
        match outcome {
            ReloadOutcome::Applied | ReloadOutcome::Unchanged => refused.set(0),
            ReloadOutcome::Refused => refused.set(1),
            // Nothing is wrong with the file.
            ReloadOutcome::Unavailable => 0,
        };
    }
}
