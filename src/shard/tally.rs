//! Counts of a turn, written to the shared metrics once at its end.

use std::time::Duration;

use super::engine::Step;
use super::labels;
use crate::domain::id::Name;
use crate::domain::record::{Change, DeadLettered, Overflowed, Record, Unserved};
use crate::domain::rejection::Rejection;
use crate::telemetry::{
    ChannelKind, DeadLabels, InputLabels, InputOutcome, Metrics, OfferLabels, OfferOutcome, QueueKind, QueueLabels,
    RateLimit, ReceiptLabels, ReceiptOutcome, RejectionLabels, fields,
};

/// Outcomes counted here, in the order of the columns.
const OUTCOMES: [InputOutcome; 4] =
    [InputOutcome::Recorded, InputOutcome::Duplicate, InputOutcome::NoEffect, InputOutcome::Dead];

/// An alarm says no more when it is said more often.
const ALARM_EVERY: Duration = Duration::from_secs(60);

/// How long what the shard looks after is at the end of a turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    /// Records that are not durable.
    pub(super) durable_lag: usize,
    /// Batches of inputs.
    pub(super) inputs: usize,
    /// Requests of the edge.
    pub(super) requests: usize,
}

/// What a turn amounts to.
#[derive(Debug)]
pub(super) struct Tally {
    metrics: Metrics,
    inputs: Vec<[u64; OUTCOMES.len()]>,
    touched: bool,
    records: u64,
    /// Of the alarm about new customers.
    crowd: RateLimit,
    /// Of what operators want to be told of overflow.
    overflow: RateLimit,
    /// Of the alarm about Work that nobody could ever take.
    unserved: RateLimit,
}

impl Tally {
    pub(super) fn new(metrics: Metrics) -> Self {
        let alarm = || RateLimit::new(ALARM_EVERY, metrics.clone());
        let (crowd, overflow, unserved) = (alarm(), alarm(), alarm());
        Self { metrics, inputs: Vec::new(), touched: false, records: 0, crowd, overflow, unserved }
    }

    /// The row of a channel.
    pub(super) fn channel(name: &str) -> ChannelKind {
        ChannelKind::of(name)
    }

    /// Counts an input.
    pub(super) fn input(&mut self, channel: ChannelKind, dead: bool, step: &Step) {
        let column = match (dead, step) {
            (_, Step::Repeated) => 1,
            (true, _) => 3,
            (false, Step::Recorded) => 0,
            (false, Step::NoEffect | Step::Refused(_)) => 2,
        };
        let row = channel as usize;
        if self.inputs.len() <= row {
            self.inputs.resize(ChannelKind::ALL.len(), Default::default());
        }
        self.inputs[row][column] += 1;
        self.touched = true;
    }

    /// Counts a refused command of an agent.
    pub(super) fn rejected(&self, rejection: &Rejection) {
        if let Some(reason) = labels::rejection(rejection) {
            self.metrics.rejections.get_or_create(&RejectionLabels { reason }).inc();
        }
    }

    /// Counts what a record says that has become durable.
    pub(super) fn record(&mut self, record: &Record) {
        self.records += 1;
        for change in &record.changes {
            match change {
                Change::DeadLettered(DeadLettered { reason, .. }) => {
                    let labels = DeadLabels { reason: labels::dead(reason) };
                    self.metrics.dead_letters.get_or_create(&labels).inc();
                }
                Change::Quarantined { endpoint, .. } => self.quarantined(record, endpoint),
                Change::StepSet(set) => {
                    if let Some(cause) = labels::step(set.cause) {
                        self.metrics.widening.step(cause);
                    }
                }
                Change::Overflowed(overflowed) => self.overflowed(record, overflowed),
                Change::Unserved(change) if change.unserved => self.unserved(record, change),
                Change::OfferMade(_) => self.offer(OfferOutcome::Made),
                Change::OfferEnded { outcome, .. } => self.offer(labels::offer(*outcome)),
                Change::ReceiptNoted(receipt) => self.receipt(labels::receipt(receipt)),
                Change::ReceiptParked { .. } | Change::ThroughParked(_) => self.receipt(ReceiptOutcome::Parked),
                _ => {}
            }
        }
    }

    /// More new customers came than are let in: somebody has to look.
    fn quarantined(&self, record: &Record, endpoint: &Name) {
        self.metrics.quarantined.inc();
        if let Some(left_out) = self.crowd.pass() {
            tracing::warn!(
                { fields::WORKSPACE } = %record.workspace,
                { fields::ENDPOINT } = %endpoint,
                { fields::LEFT_OUT } = left_out,
                "too many new customers within a minute: they are in quarantine until somebody lets them in"
            );
        }
    }

    /// A queue is too long, too slow, or without anybody: whoever wants to know is told.
    fn overflowed(&self, record: &Record, overflowed: &Overflowed) {
        let cause = labels::overflow(overflowed.cause);
        self.metrics.widening.overflow(cause);
        if !overflowed.notify {
            return;
        }
        if let Some(left_out) = self.overflow.pass() {
            tracing::warn!(
                { fields::WORKSPACE } = %record.workspace,
                { fields::QUEUE } = %overflowed.queue,
                { fields::WORK_ID } = %overflowed.work,
                { fields::REASON } = ?cause,
                { fields::LEFT_OUT } = left_out,
                "work overflows, and the queue's overflow says to tell it"
            );
        }
    }

    /// A Work waits that nobody could ever take: somebody has to change the configuration, or to take it all the same.
    fn unserved(&self, record: &Record, unserved: &Unserved) {
        if let Some(left_out) = self.unserved.pass() {
            tracing::error!(
                { fields::WORKSPACE } = %record.workspace,
                { fields::QUEUE } = %unserved.queue,
                { fields::WORK_ID } = %unserved.work,
                { fields::LEFT_OUT } = left_out,
                "no agent of the configuration could ever take this work: its channels or the skills that queue, rule and plan want are nobody's"
            );
        }
    }

    fn offer(&self, outcome: OfferOutcome) {
        self.metrics.offers.get_or_create(&OfferLabels { outcome }).inc();
    }

    fn receipt(&self, outcome: ReceiptOutcome) {
        self.metrics.receipts.get_or_create(&ReceiptLabels { outcome }).inc();
    }

    /// Writes everything to the metrics.
    pub(super) fn flush(&mut self, lengths: Lengths) {
        let metrics = &self.metrics;
        metrics.records.inc_by(std::mem::take(&mut self.records));
        metrics.durable_lag.set(gauge(lengths.durable_lag as u64));
        for (queue, length) in [(QueueKind::Ingest, lengths.inputs), (QueueKind::Requests, lengths.requests)] {
            metrics.queue_length.get_or_create(&QueueLabels { queue }).set(gauge(length as u64));
        }
        if !std::mem::take(&mut self.touched) {
            return;
        }
        for (row, &channel) in self.inputs.iter_mut().zip(ChannelKind::ALL) {
            for (count, outcome) in row.iter_mut().zip(OUTCOMES) {
                if *count > 0 {
                    let labels = InputLabels { channel, outcome };
                    metrics.inputs.get_or_create(&labels).inc_by(*count);
                    *count = 0;
                }
            }
        }
    }
}

/// A length as gauges want it.
pub(super) fn gauge(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Name;

    #[test]
    fn what_the_core_decides_is_counted_by_its_reason_and_a_repeat_is_no_refusal() {
        let metrics = Metrics::new();
        let tally = Tally::new(metrics.clone());
        tally.rejected(&Rejection::OfferOver);
        tally.rejected(&Rejection::UnknownEndpoint(Name::new("nowhere")));
        tally.rejected(&Rejection::Repeated(Default::default()));
        let text = metrics.encode().unwrap();
        let counted: Vec<&str> = text.lines().filter(|line| line.starts_with("skein_rejections_total{")).collect();
        assert_eq!(counted.len(), 2, "{text}");
        for reason in ["offer_over", "not_found"] {
            let line = format!("skein_rejections_total{{reason=\"{reason}\"}} 1");
            assert!(counted.contains(&line.as_str()), "{line} is missing in\n{text}");
        }
    }
}
