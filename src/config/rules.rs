//! Rules on values and between values, each with its reason. They see a configuration that serde has accepted.

use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::schema::{Config, Grpc, Ingest, Log, Nats, Outbound, ProtectionPolicy, Shard, Snapshots, Tokens};
use super::units::ByteSize;

/// Records of one atomic batch the server takes.
const SERVER_BATCH_MAX: usize = 1000;
/// Queues are memory: a longer one hides a stall instead of riding it out.
const QUEUE_MAX: usize = 1 << 20;

/// Longest time by which a token may be good beyond its own.
const LEEWAY_MAX: Duration = Duration::from_secs(300);

/// Collects (dotted key, rule) of every broken rule.
#[derive(Debug, Default)]
pub(super) struct Broken(pub(super) Vec<(&'static str, String)>);

impl Broken {
    fn unless(&mut self, holds: bool, key: &'static str, rule: impl Into<String>) {
        if !holds {
            self.0.push((key, rule.into()));
        }
    }

    fn range(&mut self, key: &'static str, value: usize, range: std::ops::RangeInclusive<usize>, why: &str) {
        let rule = format!("must be from {} to {}: {why}", range.start(), range.end());
        self.unless(range.contains(&value), key, rule);
    }

    fn queue(&mut self, key: &'static str, value: usize) {
        self.range(key, value, 1..=QUEUE_MAX, "a queue holds at least one and stays in memory");
    }

    fn positive(&mut self, key: &'static str, value: Duration) {
        self.unless(!value.is_zero(), key, "must be longer than zero");
    }
}

pub(super) fn check(config: &Config) -> Broken {
    let mut broken = Broken::default();
    nats(&config.nats, &mut broken);
    log(&config.log, &mut broken);
    snapshots(&config.snapshots, &mut broken);
    ingest(&config.ingest, &mut broken);
    outbound(&config.outbound, &mut broken);
    shard(&config.shard, &mut broken);
    grpc(&config.grpc, &mut broken);
    protection(&config.grpc, &config.tokens, &mut broken);
    let (grpc, admin) = (config.grpc.listen, config.admin.listen);
    broken.unless(admin.port() == 0 || grpc != admin, "admin.listen", "must not be the address of [grpc]");
    broken.positive("shutdown.deadline", config.shutdown.deadline);
    broken.unless(
        EnvFilter::try_new(&config.logging.level).is_ok(),
        "logging.level",
        "must be a level, or levels per module like \"info,skein::log=debug\"",
    );
    broken
}

fn nats(nats: &Nats, broken: &mut Broken) {
    let well_formed = nats.url.expose().split(',').all(|url| {
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        !host.is_empty() && !host.contains(char::is_whitespace)
    });
    broken.unless(well_formed, "nats.url", "must be one URL like nats://host:4222, or several separated by commas");
    broken.unless(
        !nats.connection_name.is_empty(),
        "nats.connection_name",
        "must not be empty: it is how operators find us",
    );
    broken.positive("nats.connect_timeout", nats.connect_timeout);
    broken.positive("nats.ping_interval", nats.ping_interval);
    broken.positive("nats.request_timeout", nats.request_timeout);
}

fn log(log: &Log, broken: &mut Broken) {
    broken.unless(
        [1, 3, 5].contains(&log.replicas),
        "log.replicas",
        "must be 1, 3 or 5: an even number adds no safety",
    );
    broken.range("log.batch_max", log.batch_max, 2..=SERVER_BATCH_MAX, "the server takes no larger batch");
    broken.range("log.singles_below", log.singles_below, 1..=log.batch_max.max(1), "up to log.batch_max");
    broken.range("log.batches_in_flight", log.batches_in_flight, 1..=16, "the server keeps each in memory");
    broken.queue("log.in_flight_max", log.in_flight_max);
    broken.unless(
        (ByteSize(64 << 10)..=ByteSize(8 << 20)).contains(&log.batch_bytes),
        "log.batch_bytes",
        "must be from 64KiB to 8MiB: smaller makes no batches, larger stalls the replicas",
    );
    broken.unless(
        log.ack_timeout_min >= Duration::from_millis(100),
        "log.ack_timeout_min",
        "must be at least 100ms: a slow disk is no fault",
    );
    broken.unless(
        log.ack_timeout_max >= log.ack_timeout_min,
        "log.ack_timeout_max",
        "must not be shorter than log.ack_timeout_min",
    );
}

fn snapshots(snapshots: &Snapshots, broken: &mut Broken) {
    broken.unless(
        snapshots.interval >= Duration::from_secs(1),
        "snapshots.interval",
        "must be at least 1s: one is written before the next is taken",
    );
    broken.unless(snapshots.keep >= 2, "snapshots.keep", "must be at least 2: a damaged one is passed over");
}

fn ingest(ingest: &Ingest, broken: &mut Broken) {
    broken.positive("ingest.keep", ingest.keep);
    broken.unless(
        ingest.stream_max_bytes >= ByteSize(16 << 20),
        "ingest.stream_max_bytes",
        "must be at least 16MiB: a full stream refuses events",
    );
    broken.range("ingest.trim_at_percent", ingest.trim_at_percent.into(), 10..=95, "below full, and not at once");
}

fn outbound(outbound: &Outbound, broken: &mut Broken) {
    let day = Duration::from_secs(86_400);
    broken.unless(
        outbound.keep >= day,
        "outbound.keep",
        "must be at least 1d: adapters that were away must find their messages",
    );
    broken.unless(
        outbound.dead_keep >= day,
        "outbound.dead_keep",
        "must be at least 1d: people must have time to look",
    );
    broken.unless(
        outbound.degraded_after >= Duration::from_secs(1),
        "outbound.degraded_after",
        "must be at least 1s: an adapter needs some time for a message",
    );
}

fn shard(shard: &Shard, broken: &mut Broken) {
    let name = &shard.name;
    let plain = (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    broken.unless(plain, "shard.name", "must be 1 to 32 letters, digits or -: it is part of subjects and stream names");
    broken.positive("shard.clock_skew_max", shard.clock_skew_max);
    broken.positive("shard.clock_skew_warn", shard.clock_skew_warn);
    broken.unless(
        shard.clock_skew_warn <= shard.clock_skew_max,
        "shard.clock_skew_warn",
        "must not be longer than shard.clock_skew_max: what is refused is not warned of any more",
    );
    broken.queue("shard.resume_events", shard.resume_events);
    broken.positive("shard.resume_keep", shard.resume_keep);
}

fn grpc(grpc: &Grpc, broken: &mut Broken) {
    broken.queue("grpc.max_sessions", grpc.max_sessions);
    broken.queue("grpc.session_queue", grpc.session_queue);
    broken.unless(grpc.max_streams_per_connection > 0, "grpc.max_streams_per_connection", "must be at least 1");
    broken.unless(
        (ByteSize(64 << 10)..=ByteSize(64 << 20)).contains(&grpc.max_message),
        "grpc.max_message",
        "must be from 64KiB to 64MiB: one call must not fill the memory",
    );
    broken.unless(
        grpc.keepalive_timeout < grpc.keepalive_interval && !grpc.keepalive_timeout.is_zero(),
        "grpc.keepalive_timeout",
        "must be longer than zero and shorter than grpc.keepalive_interval",
    );
    broken.positive("grpc.slow_reader_grace", grpc.slow_reader_grace);
}

/// Nobody is to reach the agents' port unproven without that somebody has said so.
fn protection(grpc: &Grpc, tokens: &Tokens, broken: &mut Broken) {
    let (certificate, key) = (grpc.tls_certificate_file.is_some(), grpc.tls_key_file.is_some());
    broken.unless(certificate || !key, "grpc.tls_key_file", "is of use with grpc.tls_certificate_file only");
    broken.unless(key || !certificate, "grpc.tls_certificate_file", "wants its private key: grpc.tls_key_file");
    broken.unless(
        grpc.tls_client_ca_file.is_none() || certificate,
        "grpc.tls_client_ca_file",
        "is of use with TLS only: grpc.tls_certificate_file and grpc.tls_key_file",
    );
    let missing = match (certificate, tokens.keys_file.is_some()) {
        (true, true) => None,
        (false, true) => Some("TLS (grpc.tls_certificate_file, grpc.tls_key_file)"),
        (true, false) => Some("tokens (tokens.keys_file)"),
        (false, false) => Some("TLS (grpc.tls_certificate_file, grpc.tls_key_file) and tokens (tokens.keys_file)"),
    };
    if let Some(missing) = missing
        && !grpc.listen.ip().is_loopback()
        && grpc.require_protection == ProtectionPolicy::Refuse
    {
        broken.0.push((
            "grpc.listen",
            format!(
                "others reach this address, and {missing} is missing: anybody could be any agent. Set it, listen on 127.0.0.1, or \
                 say grpc.require_protection = \"warn\" where something in front checks who calls"
            ),
        ));
    }
    if tokens.keys_file.is_some() {
        let why = "must not be empty with tokens.keys_file: it is what tokens are compared with";
        for (key, value) in [
            ("tokens.issuer", &tokens.issuer),
            ("tokens.audience", &tokens.audience),
            ("tokens.agent_claim", &tokens.agent_claim),
            ("tokens.workspace_claim", &tokens.workspace_claim),
            ("tokens.roles_claim", &tokens.roles_claim),
        ] {
            broken.unless(!value.is_empty(), key, why);
        }
    }
    broken.unless(
        tokens.leeway <= LEEWAY_MAX,
        "tokens.leeway",
        "must be at most 5m: clocks that differ by more want repair, not patience",
    );
}

#[cfg(test)]
mod tests {
    use crate::config::{Overrides, load};

    fn problems(flags: &[(&str, &str)]) -> Vec<String> {
        let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let problems = load(&Overrides { flags, ..Overrides::default() }).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_that_others_reach_wants_tls_and_tokens_unless_it_is_said_that_it_does_not() {
        const PUBLIC: (&str, &str) = ("grpc.listen", "0.0.0.0:7700");
        const TLS: [(&str, &str); 2] = [("grpc.tls_certificate_file", "a.pem"), ("grpc.tls_key_file", "a.key")];
        const TOKENS: [(&str, &str); 3] =
            [("tokens.keys_file", "a.jwks"), ("tokens.issuer", "i"), ("tokens.audience", "a")];
        let bare = problems(&[PUBLIC]);
        assert!(bare.len() == 1 && bare[0].contains("TLS (") && bare[0].contains("and tokens ("), "{bare:?}");
        let tls = problems(&[PUBLIC, TLS[0], TLS[1]]);
        assert!(tls.len() == 1 && tls[0].contains("and tokens (tokens.keys_file) is missing"), "{tls:?}");
        let tokens = problems(&[PUBLIC, TOKENS[0], TOKENS[1], TOKENS[2]]);
        assert!(tokens.len() == 1 && tokens[0].contains("and TLS (grpc."), "{tokens:?}");
        assert!(problems(&[PUBLIC, TLS[0], TLS[1], TOKENS[0], TOKENS[1], TOKENS[2]]).is_empty());
        assert!(problems(&[PUBLIC, ("grpc.require_protection", "warn")]).is_empty());
        assert!(problems(&[("grpc.listen", "[::1]:7700")]).is_empty());
    }

    #[test]
    fn half_of_tls_and_tokens_that_are_compared_with_nothing_are_problems() {
        let half = problems(&[("grpc.tls_key_file", "a.key"), ("grpc.tls_client_ca_file", "ca.pem")]);
        assert_eq!(half.len(), 2, "{half:?}");
        let blind = problems(&[("tokens.keys_file", "a.jwks"), ("tokens.roles_claim", "")]);
        assert!(blind.len() == 3 && blind.iter().all(|problem| problem.contains("must not be empty")), "{blind:?}");
        assert_eq!(problems(&[("tokens.leeway", "6m")]).len(), 1);
    }
}
