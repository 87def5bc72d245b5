//! What an operator has to look at: counted, and said with all that is known.

use tracing::error;

use super::App;
use crate::log::{LogError, TakeOverError};
use crate::outbound::OutboundError;
use crate::shard::RecoveryError;
use crate::telemetry::{ErrorChain, StreamAlarm, StreamAlarmLabels};

/// Counts what an operator has to look at before the shard can be owned.
pub(super) fn alarm(app: &App, error: &RecoveryError) {
    match error {
        RecoveryError::TakeOver(TakeOverError::Truncated { .. } | TakeOverError::Forked { .. }) => {
            count(app, StreamAlarm::Truncated);
            error!(error = %ErrorChain(error), "the log was truncated or replaced: an operator has to decide");
        }
        RecoveryError::Log(error) => log_alarm(app, error),
        // Silence passes.
        RecoveryError::Outbound(OutboundError::Nats(_) | OutboundError::Shortened { .. }) => {}
        RecoveryError::Outbound(error) => {
            count(app, StreamAlarm::Broken);
            error!(error = %ErrorChain(error), "it is not known what was handed over: an operator has to decide");
        }
        _ => {}
    }
}

/// Counts a log that cannot be trusted.
pub(super) fn log_alarm(app: &App, error: &LogError) {
    let alarm = match error {
        LogError::Nats(_) | LogError::Unmapped { .. } => return,
        LogError::UnexpectedAck { .. } | LogError::DuplicateAck { .. } => StreamAlarm::Unpredicted,
        LogError::Truncated { .. } => StreamAlarm::Truncated,
        _ => StreamAlarm::Gap,
    };
    count(app, alarm);
    error!(error = %ErrorChain(error), "the log cannot be trusted: an operator has to decide");
}

fn count(app: &App, alarm: StreamAlarm) {
    let labels = StreamAlarmLabels { alarm };
    app.metrics.stream_alarms.get_or_create(&labels).inc();
}
