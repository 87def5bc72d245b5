//! Whether what is declared has room in the account, and in one message. Pure.

use async_nats::jetstream::stream::Config;

use super::ask::Found;
use super::judge::or_fine;
use super::verdict::{Said, fine, refused, warned};
use crate::app::declared::Declared;
use crate::config::ByteSize;
use crate::nats::{Account, Tier, streams as declare};

/// With inbound streams full, so much of the account's storage (percent) may be taken before it is said: the log only grows.
const TIGHT_PERCENT: u64 = 80;
/// Consumers that a stream wants beside those of adapters: a reader that follows it, and the one it replaces, which the server keeps for
/// a while.
const READERS: u64 = 2;
/// And that leave it room: each object that is fetched, search and command of an operator reads by one of its own.
const READERS_EASY: u64 = 64;

pub(super) fn payload(_: &Declared, found: &Found) -> Vec<Said> {
    let (takes, wanted) = (found.server.max_payload, declare::PAYLOAD_MIN);
    let shown = |bytes: usize| ByteSize(bytes as u64);
    vec![if takes < wanted {
        refused(format!(
            "the server takes messages of up to {} (`max_payload`), and a record of a customer's largest is {}: set `max_payload: \
             {wanted}` or more on every server",
            shown(takes),
            shown(wanted)
        ))
    } else {
        fine(format!("up to {}", shown(takes)))
    }]
}

pub(super) fn account(declared: &Declared, found: &Found) -> Vec<Said> {
    let Some(account) = &found.account else {
        return vec![warned(
            "its limits are not told, so nobody has looked whether they suffice: may this user publish to $JS.API.INFO, or does a cluster \
             elect its leader?",
        )];
    };
    match tier(account, declared.replicas) {
        None => vec![refused(format!(
            "it may have no streams with {0} copies: there is no tier R{0}, only {1}; see log.replicas",
            declared.replicas,
            account.tiers.keys().cloned().collect::<Vec<_>>().join(", ")
        ))],
        Some(_) if account.tiers.is_empty() => vec![fine("its limits are told")],
        Some(_) => vec![fine(format!("its limits for R{} are told", declared.replicas))],
    }
}

/// The limits that hold for our streams.
fn tier(account: &Account, replicas: usize) -> Option<&Tier> {
    if account.tiers.is_empty() { Some(&account.whole) } else { account.tiers.get(&format!("R{replicas}")) }
}

/// The limits that are told, with how often a byte of a stream counts against what is reserved.
fn limits<'f>(declared: &Declared, found: &'f Found) -> Option<(&'f Tier, u64)> {
    let account = found.account.as_ref()?;
    // A tier's limit is that of one copy, the account's that of all.
    let copies = if account.tiers.is_empty() { declared.replicas as u64 } else { 1 };
    Some((tier(account, declared.replicas)?, copies))
}

fn size(stream: &Config) -> u64 {
    u64::try_from(stream.max_bytes).unwrap_or(0)
}

pub(super) fn storage(declared: &Declared, found: &Found) -> Vec<Said> {
    let Some((tier, copies)) = limits(declared, found) else { return Vec::new() };
    let mut said = Vec::new();
    let missing = || declared.streams.iter().filter(|stream| !found.streams.contains_key(&stream.name));
    if let Ok(largest) = u64::try_from(tier.limits.storage_max_stream_bytes)
        && largest > 0
    {
        let over = missing().filter(|stream| size(stream) > largest).map(|stream| {
            refused(format!(
                "{} is to be {}, and the account allows {} for one stream (`disk_max_stream_bytes`): lower \
                 ingest.stream_max_bytes or raise that",
                stream.name,
                ByteSize(size(stream)),
                ByteSize(largest)
            ))
        });
        said.extend(over);
    }
    if tier.limits.max_bytes_required && missing().any(|stream| size(stream) == 0) {
        let names: Vec<&str> =
            missing().filter(|stream| size(stream) == 0).map(|stream| stream.name.as_str()).collect();
        said.push(refused(format!(
            "the account wants a size of each stream (`max_bytes_required`), and these have none, as a log that is full is a shard that \
             stops: {}",
            names.join(", ")
        )));
    }
    let Ok(most) = u64::try_from(tier.limits.max_storage) else {
        return or_fine(said, || "no limit in the account".to_owned());
    };
    let new: u64 = missing().map(size).sum::<u64>().saturating_mul(copies);
    let used = if copies == 1 { tier.storage / declared.replicas.max(1) as u64 } else { tier.storage };
    let unfilled = |stream: &Config| {
        let bytes = found.streams.get(&stream.name).map_or(0, |there| there.bytes);
        size(stream).saturating_sub(bytes)
    };
    let full = declared.streams.iter().map(unfilled).sum::<u64>().saturating_mul(copies).saturating_add(used);
    // The server tells each size once, and counts it with all copies: of our own streams we know how many those are.
    let ours: u64 = declared.streams.iter().filter(|stream| found.streams.contains_key(&stream.name)).map(size).sum();
    let reserved = tier.reserved_storage.saturating_add(ours.saturating_mul(copies - 1));
    let shown = ByteSize(most);
    if new.saturating_add(reserved) > most {
        said.push(refused(format!(
            "the account may have {shown} in files (`max_file`), {} of it promised already, and the inbound streams that are missing \
             want {} with all copies: lower ingest.stream_max_bytes or raise that",
            ByteSize(reserved),
            ByteSize(new)
        )));
    } else if used >= most {
        said.push(refused(format!(
            "the account may have {shown} in files (`max_file`) and has {}: nothing can be written; raise that",
            ByteSize(used)
        )));
    } else if full > most / 100 * TIGHT_PERCENT {
        said.push(warned(format!(
            "the account may have {shown} in files (`max_file`); with the inbound streams full it has {}, over {TIGHT_PERCENT} %, and \
             the log only grows: lower ingest.stream_max_bytes or raise that",
            ByteSize(full)
        )));
    }
    or_fine(said, || format!("{} of {shown} used", ByteSize(used)))
}

pub(super) fn streams(declared: &Declared, found: &Found) -> Vec<Said> {
    let Some((tier, _)) = limits(declared, found) else { return Vec::new() };
    let missing = i64::try_from(declared.streams.len() - found.streams.len()).unwrap_or(i64::MAX);
    let (most, there) = (tier.limits.max_streams, tier.streams);
    vec![if most > 0 && there.saturating_add(missing) > most {
        refused(format!(
            "the account may have {most} streams (`max_streams`) and has {there}, and {missing} are missing: raise that, or serve fewer \
             workspaces (five streams each)"
        ))
    } else {
        fine(format!("{there} there, {missing} to be made"))
    }]
}

pub(super) fn consumers(declared: &Declared, found: &Found) -> Vec<Said> {
    let Some((tier, _)) = limits(declared, found) else { return Vec::new() };
    let mut said = Vec::new();
    let ahead = tier.limits.max_ack_pending;
    let missing = |stream: &str| {
        let to_make = |((of, _), there): (&(String, String), &Option<_>)| of == stream && there.is_none();
        found.adapters.iter().filter(|adapter| to_make(*adapter)).count() as u64
    };
    if ahead > 0 && ahead < declare::ADAPTER_AHEAD && found.adapters.values().any(Option::is_none) {
        said.push(refused(format!(
            "the account lets a consumer wait for {ahead} acknowledgements (`max_ack_pending`), and those of adapters want {}: raise that",
            declare::ADAPTER_AHEAD
        )));
    }
    let Some(most) = u64::try_from(tier.limits.max_consumers).ok().filter(|most| *most > 0) else {
        return or_fine(said, || "no limit in the account".to_owned());
    };
    let raise = format!("the account may have {most} consumers of a stream (`max_consumers`)");
    for stream in &declared.streams {
        let there = found.streams.get(&stream.name).map_or(0, |there| there.consumers);
        let wanted = there.saturating_add(missing(&stream.name));
        if wanted > most {
            said.push(refused(format!(
                "{raise}, and {} has {there} and wants {wanted}, one for each endpoint: raise that",
                stream.name
            )));
        }
    }
    if most < READERS {
        said.push(refused(format!("{raise}, and readers want {READERS}: raise that")));
    } else if said.is_empty() && most < READERS_EASY {
        said.push(warned(format!(
            "{raise}: with fewer than {READERS_EASY} objects and streams cannot be read by many at once; raise that"
        )));
    }
    or_fine(said, || format!("up to {most} of a stream"))
}
