//! The metrics of the daemon; made once at the start and passed down as a cheap clone. The agents' edge makes its own families and has
//! them registered here ([`Metrics::with`]).
//!
//! Labels come only from the enums below, so the number of series is bounded whatever arrives. Whoever replays a log must not touch
//! these. Counters count since the start of the process.

use std::fmt::Write;
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::reloads::ReloadMetrics;
use super::snapshots::SnapshotMetrics;
use super::widening::WideningMetrics;

/// Content type of [`Metrics::encode`].
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

macro_rules! labels {
    ($(#[$doc:meta])* $set:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub struct $set { $($(#[$field_doc])* pub $field: $kind),+ }
    };
}

macro_rules! label_values {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value, for making all series at the start and for tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
                let name = match self { $(Self::$variant => stringify!($variant)),+ };
                encoder.write_str(&snake_case(name))
            }
        }
    };
}

label_values! {
    /// Kinds of channels; what configuration calls otherwise is `Other`.
    ChannelKind {
        /// WhatsApp.
        Whatsapp,
        /// Facebook Messenger.
        Messenger,
        /// Instagram.
        Instagram,
        /// Telegram.
        Telegram,
        /// LINE.
        Line,
        /// Viber.
        Viber,
        /// SMS and MMS.
        Sms,
        /// E-mail.
        Email,
        /// Web chat.
        Chat,
        /// Calls.
        Voice,
        /// Any other.
        Other,
    }
}

impl ChannelKind {
    /// The kind of a channel by its configured name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "whatsapp" => Self::Whatsapp,
            "messenger" => Self::Messenger,
            "instagram" => Self::Instagram,
            "telegram" => Self::Telegram,
            "line" => Self::Line,
            "viber" => Self::Viber,
            "sms" | "mms" => Self::Sms,
            "email" => Self::Email,
            "chat" | "web" => Self::Chat,
            "voice" => Self::Voice,
            _ => Self::Other,
        }
    }
}

label_values! {
    /// What became of one input.
    InputOutcome {
        /// A record was appended for it.
        Recorded,
        /// Known already, by the provider's id.
        Duplicate,
        /// Understood, and without effect.
        NoEffect,
        /// A dead letter was written.
        Dead,
    }
}

label_values! {
    /// Why an input became a dead letter.
    DeadReason {
        /// The bytes are not what the format says.
        Malformed,
        /// Over a size, depth or count limit.
        TooLarge,
        /// Unknown `Skein-Format`.
        UnknownFormat,
        /// The endpoint is not configured.
        UnknownEndpoint,
        /// The payload names another of our addresses.
        WrongEndpoint,
        /// Forbidden headers or names.
        Forbidden,
        /// A referenced body is missing or not what its digest says.
        BodyMissing,
        /// The core refused it.
        Rejected,
    }
}

label_values! {
    /// How an offer ended, and that it was made.
    OfferOutcome {
        /// Made.
        Made,
        /// Accepted.
        Accepted,
        /// Declined.
        Declined,
        /// Nobody answered.
        Expired,
        /// Taken back.
        Revoked,
    }
}

label_values! {
    /// States of Work that stand in a gauge.
    WorkStatus {
        /// Waits.
        Queued,
        /// Shown to an agent.
        Offered,
        /// Has an owner.
        Assigned,
        /// Being wrapped up.
        Wrapup,
        /// Set aside until a time or an event.
        Parked,
    }
}

label_values! {
    /// What was reported of a message of ours.
    ReceiptOutcome {
        /// Handed to the adapter.
        Queued,
        /// The adapter ended between sending and reporting.
        Unknown,
        /// The provider took it.
        Sent,
        /// It failed.
        Failed,
        /// Its time passed before it was sent.
        Expired,
        /// It reached the recipient's device.
        Delivered,
        /// The recipient read it.
        Read,
        /// Lower than what was known: only noted.
        Late,
        /// Came before its message was known; waits for it.
        Parked,
    }
}

label_values! {
    /// Why the core refused a command of an agent.
    RejectionReason {
        /// A value is out of its limits.
        Invalid,
        /// No such workspace, endpoint, agent, Work, offer or message.
        NotFound,
        /// The offer has ended, or was another agent's.
        OfferOver,
        /// The Work is closed, or merged into another.
        WorkClosed,
        /// The Work belongs to another agent, or to nobody.
        NotOwner,
        /// The assignment is no longer the current one.
        StaleAssignment,
        /// The customer has written since.
        NewerMessages,
        /// No open session.
        NoSession,
        /// The session was taken over by a newer one.
        Superseded,
        /// Another session of the agent is connected.
        AlreadyConnected,
        /// The request id was used with another body.
        IdReused,
        /// Nobody to send to, or not from here.
        NoRecipient,
        /// The endpoint cannot send that now.
        CannotSend,
        /// A limit was reached.
        Limit,
    }
}

label_values! {
    /// The bounded queues inside the daemon.
    QueueKind {
        /// Batches of decoded events before the shard.
        Ingest,
        /// Requests of agents before the shard.
        Requests,
        /// Outputs that are not in their stream yet, dead letters among them.
        Outbound,
    }
}

label_values! {
    /// What was found wrong with a stream: each is an alarm for a person.
    StreamAlarm {
        /// Created anew, or rolled back.
        Broken,
        /// Messages are missing.
        Gap,
        /// A witness lies beyond the end of the log.
        Truncated,
        /// An acknowledgement carried another sequence than predicted.
        Unpredicted,
    }
}

label_values! {
    /// Why a live message got no further: nothing of it is recorded, so only this tells.
    LiveLoss {
        /// A queue or the shard had no room for it.
        NoRoom,
        /// Larger than such a message may be.
        TooLarge,
        /// Somebody typed too long ago.
        Stale,
        /// It cannot be read, or says something else than that somebody types.
        NotTyping,
    }
}

labels! {
    /// Of [`Metrics::inputs`].
    InputLabels {
        /// Kind of channel.
        channel: ChannelKind,
        /// What became of it.
        outcome: InputOutcome,
    }
}
labels! {
    /// Of [`Metrics::dead_letters`].
    DeadLabels {
        /// Why.
        reason: DeadReason,
    }
}
labels! {
    /// Of [`Metrics::live_left_out`].
    LiveLabels {
        /// Why.
        reason: LiveLoss,
    }
}
labels! {
    /// Of [`Metrics::offers`].
    OfferLabels {
        /// How it ended.
        outcome: OfferOutcome,
    }
}
labels! {
    /// Of [`Metrics::receipts`].
    ReceiptLabels {
        /// What was reported.
        outcome: ReceiptOutcome,
    }
}
labels! {
    /// Of [`Metrics::works`].
    WorkLabels {
        /// State.
        status: WorkStatus,
    }
}
labels! {
    /// Of [`Metrics::rejections`].
    RejectionLabels {
        /// Why.
        reason: RejectionReason,
    }
}
labels! {
    /// Of [`Metrics::queue_length`].
    QueueLabels {
        /// Which queue.
        queue: QueueKind,
    }
}
labels! {
    /// Of [`Metrics::stream_alarms`].
    StreamAlarmLabels {
        /// What is wrong.
        alarm: StreamAlarm,
    }
}

/// Of [`Metrics::adapter_degraded`]: as many as the configuration names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AdapterLabels {
    /// The workspace.
    pub workspace: String,
    /// Our endpoint.
    pub endpoint: String,
}

/// Families of one log's writer. Clones share the values.
#[derive(Debug, Clone)]
pub struct LogMetrics {
    /// Appends (single or batch) acknowledged with the predicted sequence.
    pub appends: Counter,
    /// Times that the outcome of appends had to be looked up in the log.
    pub reconciliations: Counter,
    /// Time from sending an append to its acknowledgement: of the newest that was acknowledged in one turn.
    pub append_seconds: Histogram,
}

impl Default for LogMetrics {
    fn default() -> Self {
        Self {
            appends: Counter::default(),
            reconciliations: Counter::default(),
            append_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 17)),
        }
    }
}

/// All families. Clones share the values.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Events taken in, by channel and outcome.
    pub inputs: Family<InputLabels, Counter>,
    /// Dead letters by reason.
    pub dead_letters: Family<DeadLabels, Counter>,
    /// New customers who were set aside because too many came within a minute.
    pub quarantined: Counter,
    /// Records that became durable.
    pub records: Counter,
    /// Of the log's writer.
    pub log: LogMetrics,
    /// Records between head and durable.
    pub durable_lag: Gauge,
    /// Takings over of a shard.
    pub take_overs: Counter,
    /// Alarms about streams.
    pub stream_alarms: Family<StreamAlarmLabels, Counter>,
    /// Outputs handed over to OUT and DEAD.
    pub handed_over: Counter,
    /// Workspace files that were read again.
    pub reloads: ReloadMetrics,
    /// Of Work that widens its circle, overflows, or is nobody's for ever.
    pub widening: WideningMetrics,
    /// Snapshots.
    pub snapshots: SnapshotMetrics,
    /// 1 for an endpoint whose adapter lags or is silent, else 0.
    pub adapter_degraded: Family<AdapterLabels, Gauge>,
    /// Live messages of adapters that were left out, by reason. Whoever goes on typing is told of seldom: that is not counted.
    pub live_left_out: Family<LiveLabels, Counter>,
    /// Offers by outcome.
    pub offers: Family<OfferLabels, Counter>,
    /// Receipts by outcome.
    pub receipts: Family<ReceiptLabels, Counter>,
    /// Open Work by state.
    pub works: Family<WorkLabels, Gauge>,
    /// Wait of the Work without an owner that waits longest.
    pub longest_wait_seconds: Gauge,
    /// Length of the daemon's own queues.
    pub queue_length: Family<QueueLabels, Gauge>,
    /// One turn of a shard: all commands taken, timers fired, records sent.
    pub turn_seconds: Histogram,
    /// Commands refused by the core, by reason.
    pub rejections: Family<RejectionLabels, Counter>,
    /// Log lines left out by the rate limit.
    pub log_lines_left_out: Counter,
    /// 1 while this node owns its shard.
    pub owner: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Makes and registers the families of this file.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// Like [`Metrics::new`]; `register` adds the families of other parts to those that [`Metrics::encode`] shows.
    #[must_use]
    pub fn with(register: impl FnOnce(&mut Registry)) -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            inputs: Family::default(),
            quarantined: Counter::default(),
            dead_letters: Family::default(),
            records: Counter::default(),
            log: LogMetrics::default(),
            durable_lag: Gauge::default(),
            take_overs: Counter::default(),
            stream_alarms: Family::default(),
            handed_over: Counter::default(),
            reloads: ReloadMetrics::default(),
            widening: WideningMetrics::default(),
            snapshots: SnapshotMetrics::default(),
            adapter_degraded: Family::default(),
            live_left_out: Family::default(),
            offers: Family::default(),
            receipts: Family::default(),
            works: Family::default(),
            longest_wait_seconds: Gauge::default(),
            queue_length: Family::default(),
            turn_seconds: Histogram::new(exponential_buckets(0.000_05, 2.0, 16)),
            rejections: Family::default(),
            log_lines_left_out: Counter::default(),
            owner: Gauge::default(),
        };
        let mut registry = metrics.registered();
        register(&mut registry);
        metrics.registry = Arc::new(registry);
        metrics.make_alarm_series();
        metrics
    }

    /// All values in the OpenMetrics text format ([`OPEN_METRICS`]).
    ///
    /// # Errors
    /// When a value cannot be written as text; the text of the others is lost with it.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts a live message that is left out.
    pub fn leave_out(&self, reason: LiveLoss) {
        self.live_left_out.get_or_create(&LiveLabels { reason }).inc();
    }

    fn registered(&self) -> Registry {
        let mut all = Registry::with_prefix("skein");
        all.register("inputs", "Events taken in", self.inputs.clone());
        all.register(
            "quarantined_customers",
            "New customers set aside because too many came",
            self.quarantined.clone(),
        );
        all.register("dead_letters", "Dead letters written", self.dead_letters.clone());
        all.register("records", "Records that became durable", self.records.clone());
        all.register("appends", "Appends acknowledged", self.log.appends.clone());
        all.register("reconciliations", "Unknown append outcomes looked up", self.log.reconciliations.clone());
        let append = self.log.append_seconds.clone();
        all.register_with_unit("append", "From sending to acknowledgement", Unit::Seconds, append);
        all.register("durable_lag_records", "Records between head and durable", self.durable_lag.clone());
        all.register("take_overs", "Takings over of a shard", self.take_overs.clone());
        all.register("stream_alarms", "Streams found broken: a person is needed", self.stream_alarms.clone());
        all.register("handed_over", "Outputs handed over", self.handed_over.clone());
        self.reloads.register(&mut all);
        self.widening.register(&mut all);
        self.snapshots.register(&mut all);
        let degraded = self.adapter_degraded.clone();
        all.register("adapter_degraded", "1: the adapter of the endpoint lags or is silent", degraded);
        all.register("live_left_out", "Live messages of adapters that were left out", self.live_left_out.clone());
        all.register("offers", "Offers by outcome", self.offers.clone());
        all.register("receipts", "Reports on messages sent", self.receipts.clone());
        all.register("works", "Open Work by state", self.works.clone());
        let wait = self.longest_wait_seconds.clone();
        all.register_with_unit("longest_wait", "Wait of the unowned Work that waits longest", Unit::Seconds, wait);
        all.register("queue_length", "Length of the daemon's own queues", self.queue_length.clone());
        all.register_with_unit("turn", "One turn of a shard", Unit::Seconds, self.turn_seconds.clone());
        all.register("rejections", "Commands refused by the core", self.rejections.clone());
        all.register("log_lines_left_out", "Log lines left out by the rate limit", self.log_lines_left_out.clone());
        all.register("owner", "1 while this node owns its shard", self.owner.clone());
        all
    }

    /// Series that alarms watch exist from the start: "no data" and "zero" must not look alike.
    fn make_alarm_series(&self) {
        for &reason in DeadReason::ALL {
            drop(self.dead_letters.get_or_create(&DeadLabels { reason }));
        }
        for &alarm in StreamAlarm::ALL {
            drop(self.stream_alarms.get_or_create(&StreamAlarmLabels { alarm }));
        }
        for &reason in LiveLoss::ALL {
            drop(self.live_left_out.get_or_create(&LiveLabels { reason }));
        }
        for &queue in QueueKind::ALL {
            drop(self.queue_length.get_or_create(&QueueLabels { queue }));
        }
        for &status in WorkStatus::ALL {
            drop(self.works.get_or_create(&WorkLabels { status }));
        }
    }
}

/// `NoEffect` is shown as `no_effect`.
fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_values_and_the_text_names_units_and_labels() {
        let metrics = Metrics::new();
        let labels = InputLabels { channel: ChannelKind::of("sms"), outcome: InputOutcome::NoEffect };
        metrics.clone().inputs.get_or_create(&labels).inc();
        metrics.turn_seconds.observe(0.001);
        let text = metrics.encode().unwrap();
        assert!(text.contains("skein_inputs_total{channel=\"sms\",outcome=\"no_effect\"} 1"), "{text}");
        assert!(text.contains("# UNIT skein_turn_seconds seconds") && text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn channels_that_the_demo_has_are_counted_under_their_names() {
        let metrics = Metrics::new();
        for channel in ["whatsapp", "messenger", "sms", "email", "chat"] {
            let labels = InputLabels { channel: ChannelKind::of(channel), outcome: InputOutcome::Recorded };
            metrics.inputs.get_or_create(&labels).inc();
            let text = metrics.encode().unwrap();
            assert!(text.contains(&format!("channel=\"{channel}\",outcome=\"recorded\"")), "{text}");
        }
    }

    #[test]
    fn what_alarms_watch_is_zero_and_not_absent_at_the_start() {
        let text = Metrics::new().encode().unwrap();
        for line in ["skein_stream_alarms_total{alarm=\"truncated\"} 0", "skein_queue_length{queue=\"outbound\"} 0"] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
