//! The list of checks: from what was declared and what was found to verdicts. Pure.

use std::collections::BTreeMap;

use super::ask::{Found, FoundStream};
use super::room::{account, consumers, payload, storage, streams};
use super::verdict::{Said, Verdict, fine, refused, warned};
use crate::app::declared::Declared;
use crate::config::SyncPolicy;
use crate::nats::{ClockReading, Difference, MINIMUM_SERVER, is_good_enough};

/// Settings of a consumer that only say how fast its adapter goes: an operator may have changed them on purpose.
const PACE: [&str; 7] =
    ["ack_wait", "backoff", "max_ack_pending", "max_batch", "max_bytes", "max_expires", "max_waiting"];

type Check = fn(&Declared, &Found) -> Vec<Said>;

/// Every check, in the order in which they are told.
const LIST: [(&str, Check); 13] = [
    ("server version", version),
    ("sync_interval", |declared, _| vec![sync(declared.sync_always, declared.sync_policy)]),
    ("message size", payload),
    ("account", account),
    ("storage", storage),
    ("streams", streams),
    ("subjects", subjects),
    ("consumers", consumers),
    ("replicas", replicas),
    ("copies", copies),
    ("settings", settings),
    ("calls of nodes", |declared, _| vec![calls(declared)]),
    ("clock", clock),
];

/// A verdict of each check at least.
pub(in crate::app) fn judge(declared: &Declared, found: &Found) -> Vec<Verdict> {
    let told = LIST.iter().flat_map(|(name, check)| check(declared, found).into_iter().map(move |said| (*name, said)));
    told.map(|(check, (weight, text))| Verdict { check, weight, text }).collect()
}

/// The server that answers was checked when we connected; those that lead streams may be others.
fn version(_: &Declared, found: &Found) -> Vec<Said> {
    let (major, minor, patch) = MINIMUM_SERVER;
    let old = |stream: &FoundStream| stream.version.as_ref().is_some_and(|version| !is_good_enough(version));
    let old = found.streams.iter().filter(|(_, stream)| old(stream)).map(|(name, stream)| {
        let version = stream.version.as_deref().unwrap_or_default();
        refused(format!(
            "the server {} that leads {name} is nats-server {version}: {major}.{minor}.{patch} or newer is required on every \
             server",
            stream.leader
        ))
    });
    or_fine(old.collect(), || format!("nats-server {}", found.server.version))
}

/// The servers' API does not tell how they sync, so the configuration says it, and is believed.
pub(in crate::app) fn sync(sync_always: bool, policy: SyncPolicy) -> Said {
    match (sync_always, policy) {
        (true, _) => fine("always, as log.sync_always says: the server does not tell, so nobody has looked"),
        (false, SyncPolicy::Refuse) => refused(
            "log.sync_always is false: acknowledged data may be lost in a power cut. Run the nats-servers with \
             `jetstream { sync_interval: always }` and set log.sync_always = true, or accept the risk with \
             log.require_sync_always = \"warn\"",
        ),
        (false, SyncPolicy::Warn) => warned(
            "THE NATS-SERVERS DO NOT SYNC EACH WRITE: a power cut may lose messages that were acknowledged; set \
             `sync_interval: always` there and log.sync_always = true here",
        ),
    }
}

/// Calls come by other nodes, too, and the servers let through whom they let through.
fn calls(declared: &Declared) -> Said {
    if declared.tokens {
        fine("agents prove themselves by tokens, whichever node they call")
    } else if declared.servers_are_here {
        fine("the servers are of this machine")
    } else {
        warned(
            "THE NATS-SERVERS ARE REACHED BY OTHERS, AND AGENTS NEED NO TOKENS: whoever may publish on skein.node.> can be any agent; \
             set tokens.keys_file, or let nobody but the daemons publish there",
        )
    }
}

/// Two streams of an account may not take the same subject.
fn subjects(_: &Declared, found: &Found) -> Vec<Said> {
    let taken = found.taken.iter().map(|(stream, subject, other)| {
        refused(format!(
            "{stream} is to take {subject}, of which the stream {other} takes something: streams may not overlap; change the subjects of \
             {other}, or use an account of its own"
        ))
    });
    or_fine(taken.collect(), || "no other stream takes ours".to_owned())
}

fn replicas(declared: &Declared, found: &Found) -> Vec<Said> {
    let (wanted, server) = (declared.replicas, &found.server);
    let to_make = declared.streams.len() > found.streams.len();
    vec![match (server.clustered, wanted) {
        (false, 1) => fine("1, on a server alone: a lost disk is a lost log"),
        (false, _) => refused(format!(
            "log.replicas is {wanted}, and the server is none of a cluster: set log.replicas = 1 and accept that a lost disk is a \
             lost log, or run a cluster of {wanted}"
        )),
        (true, 1) => warned(
            "ONE COPY OF EVERYTHING IN A CLUSTER: one lost disk is a lost log, and one stopped server stops the shard; set \
             log.replicas = 3 (and `nats stream edit --replicas 3` for each stream that exists)",
        ),
        // Servers may keep their addresses to themselves, and several may share one.
        (true, _) if to_make && (1..wanted).contains(&server.addresses) => warned(format!(
            "log.replicas is {wanted}, and the cluster tells of {} addresses: streams can be made only where there are {wanted} \
             servers with JetStream",
            server.addresses
        )),
        (true, _) => fine(format!("{wanted}")),
    }]
}

/// Whether the copies of what exists are all there. A line for each server, however many streams it has copies of.
fn copies(_: &Declared, found: &Found) -> Vec<Said> {
    let mut lacking: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (name, stream) in &found.streams {
        for copy in stream.copies.iter().filter(|copy| copy.offline || !copy.current) {
            let state = if copy.offline { "away" } else { "behind" };
            lacking.entry((&copy.name, state)).or_default().push(name);
        }
    }
    let said = lacking.into_iter().map(|((server, state), streams)| {
        warned(format!(
            "the copies on {server} of {} are {state}: until they are back one lost server less is borne (`nats stream info`)",
            streams.join(", ")
        ))
    });
    or_fine(said.collect(), || format!("those of {} streams are all there", found.streams.len()))
}

/// Nothing that exists is ever altered: whoever made it otherwise had a reason, or somebody has to know.
fn settings(declared: &Declared, found: &Found) -> Vec<Said> {
    let mut said = Vec::new();
    for (name, stream) in &found.streams {
        said.extend(stream.differences.iter().map(|difference| {
            let mend = match key_of(name, &difference.field) {
                Some(key) => format!("set {key} to what was found, or change the stream (`nats stream edit {name}`)"),
                None => format!(
                    "change it back (`nats stream edit {name}`); where that is refused, copy the stream into one as declared"
                ),
            };
            refused(format!("stream {name}: {difference}; nothing was changed: {mend}"))
        }));
    }
    for ((stream, endpoint), differences) in &found.adapters {
        said.extend(differences.iter().flatten().map(|difference| of_consumer(stream, endpoint, difference)));
    }
    let missing = declared.streams.len() - found.streams.len();
    or_fine(said, || format!("{} streams as declared, {missing} to be made", found.streams.len()))
}

fn of_consumer(stream: &str, endpoint: &str, difference: &Difference) -> Said {
    let what = format!("consumer {endpoint} of {stream}: {difference}; nothing was changed");
    if difference.field == "pause_until" {
        return warned(format!(
            "{what}: until then its adapter is told nothing; `nats consumer resume {stream} {endpoint}` if nobody meant it"
        ));
    }
    if PACE.contains(&difference.field.as_str()) {
        return warned(format!("{what}: `nats consumer edit {stream} {endpoint}` if nobody meant it"));
    }
    if difference.field == "filter_subject" {
        return refused(format!("{what}: it is another endpoint's; give this one another name"));
    }
    refused(format!(
        "{what}: change it back (`nats consumer edit {stream} {endpoint}`); where that is refused, let its adapter finish and delete \
         it: it is made anew, and hands out again what the stream still holds"
    ))
}

/// Key of the configuration that declares a field of a stream.
fn key_of(stream: &str, field: &str) -> Option<&'static str> {
    match field {
        "num_replicas" => Some("log.replicas"),
        "max_bytes" if stream.starts_with("SKEIN_IN_") => Some("ingest.stream_max_bytes"),
        "max_age" if stream.starts_with("SKEIN_OUT_") => Some("outbound.keep"),
        "max_age" if stream.starts_with("SKEIN_DEAD_") => Some("outbound.dead_keep"),
        _ => None,
    }
}

fn clock(declared: &Declared, found: &Found) -> Vec<Said> {
    if found.clocks.is_empty() {
        return vec![warned(
            "no server says what time it is: there is no stream yet, and $SYS.REQ.USER.INFO is not answered; the take-over looks \
             again",
        )];
    }
    let far = found.clocks.iter().filter_map(|(server, reading)| {
        let least = reading.least();
        let what = || {
            format!(
                "our clock and that of the server {server} are {} ms apart (read within {} ms)",
                reading.offset_ns.unsigned_abs() / 1_000_000,
                reading.round_trip.as_millis()
            )
        };
        let hang = "deadlines, tokens, reply windows and the age of messages hang on it: look at NTP on both";
        if least > declared.clock_max {
            Some(refused(format!("{}, more than shard.clock_skew_max: {hang}", what())))
        } else if least > declared.clock_warn {
            Some(warned(format!("{}, more than shard.clock_skew_warn: {hang}", what())))
        } else {
            None
        }
    });
    let widest =
        found.clocks.values().map(|reading| ClockReading::least(*reading).as_millis()).max().unwrap_or_default();
    or_fine(far.collect(), || format!("at least {widest} ms apart, {} servers read", found.clocks.len()))
}

/// What was said, or that all is well.
pub(super) fn or_fine(said: Vec<Said>, text: impl FnOnce() -> String) -> Vec<Said> {
    if said.is_empty() { vec![fine(text())] } else { said }
}
