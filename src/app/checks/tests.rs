//! The judge, check by check: what is found, and what follows.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::ask::{Found, FoundStream, Server};
use super::judge::{judge, sync};
use super::verdict::{Verdict, Weight};
use crate::app::declared::{Adapter, Declared};
use crate::config::SyncPolicy;
use crate::nats::{Account, ClockReading, Difference, Limits, StreamCopy, Tier, streams};

const GIB: u64 = 1 << 30;
const KEEP: Duration = Duration::from_secs(86_400);

fn declared(replicas: usize) -> Declared {
    Declared {
        streams: vec![
            streams::log("main", replicas),
            streams::inbound("acme", 8 << 30, replicas),
            streams::outbound("acme", KEEP, replicas),
        ],
        adapters: ["support", "shop"]
            .map(|endpoint| Adapter {
                stream: "SKEIN_OUT_acme".to_owned(),
                endpoint: endpoint.to_owned(),
                config: streams::adapter("acme", "sms", endpoint),
            })
            .into(),
        replicas,
        sync_always: true,
        sync_policy: SyncPolicy::Refuse,
        tokens: false,
        servers_are_here: true,
        clock_warn: Duration::from_millis(500),
        clock_max: Duration::from_secs(2),
    }
}

fn reading(offset_ms: i64, round_trip_ms: u64) -> BTreeMap<String, ClockReading> {
    let read = ClockReading { offset_ns: offset_ms * 1_000_000, round_trip: Duration::from_millis(round_trip_ms) };
    [("n1".to_owned(), read)].into()
}

/// A server alone with nothing on it.
fn nothing() -> Found {
    let adapters = declared(1).adapters.into_iter().map(|adapter| ((adapter.stream, adapter.endpoint), None));
    Found {
        server: Server { version: "2.15.1".to_owned(), clustered: false, addresses: 0, max_payload: 1 << 20 },
        account: Some(Account::default()),
        clocks: reading(3, 1),
        adapters: adapters.collect(),
        ..Found::default()
    }
}

/// All streams and consumers, as declared.
fn everything() -> Found {
    let mut found = nothing();
    found.streams = declared(1).streams.into_iter().map(|stream| (stream.name, FoundStream::default())).collect();
    found.adapters.values_mut().for_each(|there| *there = Some(Vec::new()));
    found
}

/// With limits of the account.
fn limited(mut found: Found, limits: Limits) -> Found {
    found.account = Some(Account { whole: Tier { limits, ..Tier::default() }, ..Account::default() });
    found
}

fn told(declared: &Declared, found: &Found, weight: Weight) -> Vec<Verdict> {
    judge(declared, found).into_iter().filter(|verdict| verdict.weight == weight).collect()
}

/// The one verdict that is not fine, and what it has to name.
#[track_caller]
fn only((declared, found): (&Declared, &Found), weight: Weight, check: &str, parts: &[&str]) {
    let odd: Vec<Verdict> = judge(declared, found).into_iter().filter(|said| said.weight != Weight::Fine).collect();
    let [verdict] = odd.as_slice() else { panic!("{odd:?}") };
    assert_eq!((verdict.weight, verdict.check), (weight, check), "{verdict}");
    assert!(!verdict.text.contains('\n'), "one line: {verdict}");
    for part in parts {
        assert!(verdict.text.contains(part), "{part:?} is missing in {verdict}");
    }
}

#[test]
fn servers_as_they_should_be_are_fine_and_each_check_says_so() {
    for found in [nothing(), everything()] {
        let verdicts = judge(&declared(1), &found);
        assert!(verdicts.iter().all(|verdict| verdict.weight == Weight::Fine), "{verdicts:?}");
        let mut checks: Vec<&str> = verdicts.iter().map(|verdict| verdict.check).collect();
        checks.dedup();
        assert_eq!(checks.len(), 13, "{checks:?}");
    }
}

#[test]
fn an_old_server_that_leads_a_stream_is_refused() {
    let mut found = everything();
    let log = FoundStream { leader: "n2".to_owned(), version: Some("2.12.0".to_owned()), ..FoundStream::default() };
    found.streams.insert("SKEIN_LOG_main".to_owned(), log);
    only((&declared(1), &found), Weight::Refused, "server version", &["n2", "SKEIN_LOG_main", "2.12.0", "2.15.1"]);
}

#[test]
fn sync_is_as_the_configuration_says_and_nobody_claims_to_have_looked() {
    assert_eq!(sync(false, SyncPolicy::Refuse).0, Weight::Refused);
    assert_eq!(sync(false, SyncPolicy::Warn).0, Weight::Warned);
    let (weight, text) = sync(true, SyncPolicy::Refuse);
    assert!(weight == Weight::Fine && text.contains("nobody has looked"), "{text}");
}

#[test]
fn a_server_that_takes_smaller_messages_than_records_are_is_refused() {
    let mut found = nothing();
    found.server.max_payload = (1 << 20) - 1;
    only((&declared(1), &found), Weight::Refused, "message size", &["max_payload", "1MiB"]);
}

#[test]
fn limits_that_are_not_told_are_warned_of() {
    let mut found = nothing();
    found.account = None;
    only((&declared(1), &found), Weight::Warned, "account", &["$JS.API.INFO"]);
}

#[test]
fn a_tier_that_the_account_lacks_is_refused_and_its_own_limits_are_those_of_one_copy() {
    let mut found = nothing();
    found.server = Server { clustered: true, addresses: 3, ..found.server };
    let of = |max_storage| Tier { limits: Limits { max_storage, ..Limits::default() }, ..Tier::default() };
    let tiers = |name: &str, tier| Account { tiers: [(name.to_owned(), tier)].into(), ..Account::default() };
    found.account = Some(tiers("R1", of(-1)));
    only((&declared(3), &found), Weight::Refused, "account", &["R3", "only R1", "log.replicas"]);
    found.account = Some(tiers("R3", of(11 << 30)));
    assert!(judge(&declared(3), &found).iter().all(|verdict| verdict.weight == Weight::Fine), "8 of 11 GiB");
    found.account = Some(Account { whole: of(11 << 30), ..Account::default() });
    only((&declared(3), &found), Weight::Refused, "storage", &["11GiB", "24GiB", "ingest.stream_max_bytes"]);
}

#[test]
fn too_little_storage_is_refused_little_is_warned_of_and_what_exists_is_not_counted_twice() {
    let of = |max_storage: u64| Limits { max_storage: i64::try_from(max_storage).unwrap(), ..Limits::default() };
    only((&declared(1), &limited(nothing(), of(7 * GIB))), Weight::Refused, "storage", &["7GiB", "8GiB", "max_file"]);
    only((&declared(1), &limited(nothing(), of(9 * GIB))), Weight::Warned, "storage", &["9GiB", "80 %"]);
    let roomy = limited(nothing(), of(11 * GIB));
    assert!(told(&declared(1), &roomy, Weight::Warned).is_empty());
    let mut there = limited(everything(), of(11 * GIB));
    let account = there.account.as_mut().unwrap();
    account.whole.reserved_storage = 8 * GIB;
    assert!(told(&declared(1), &there, Weight::Refused).is_empty(), "its own reservation");
    let mut taken = limited(nothing(), of(11 * GIB));
    taken.account.as_mut().unwrap().whole.reserved_storage = 4 * GIB;
    only((&declared(1), &taken), Weight::Refused, "storage", &["4GiB of it promised already"]);
    let mut full = limited(everything(), of(9 * GIB));
    full.account.as_mut().unwrap().whole.storage = 9 * GIB;
    only((&declared(1), &full), Weight::Refused, "storage", &["nothing can be written"]);
}

#[test]
fn what_is_promised_to_our_streams_counts_with_all_copies_though_the_server_tells_it_once() {
    let mut wanted = declared(3);
    wanted.streams.push(streams::inbound("beta", 8 << 30, 3));
    let mut found = limited(everything(), Limits { max_storage: 40 << 30, ..Limits::default() });
    found.server = Server { clustered: true, addresses: 3, ..found.server };
    found.account.as_mut().unwrap().whole.reserved_storage = 8 * GIB;
    only((&wanted, &found), Weight::Refused, "storage", &["40GiB", "24GiB of it promised already", "want 24GiB"]);
}

#[test]
fn sizes_that_the_account_wants_or_forbids_are_refused_for_what_is_to_be_made_only() {
    let small = Limits { storage_max_stream_bytes: 1 << 30, ..Limits::default() };
    only(
        (&declared(1), &limited(nothing(), small)),
        Weight::Refused,
        "storage",
        &["SKEIN_IN_acme", "8GiB", "1GiB", "disk_max_stream_bytes"],
    );
    let sized = Limits { max_bytes_required: true, ..Limits::default() };
    only((&declared(1), &limited(nothing(), sized)), Weight::Refused, "storage", &["SKEIN_LOG_main, SKEIN_OUT_acme"]);
    for limits in [small, sized] {
        assert!(told(&declared(1), &limited(everything(), limits), Weight::Refused).is_empty());
    }
}

#[test]
fn streams_and_consumers_are_counted_against_the_limits() {
    let streams = |max_streams| Limits { max_streams, ..Limits::default() };
    only((&declared(1), &limited(nothing(), streams(2))), Weight::Refused, "streams", &["2 streams", "3 are missing"]);
    assert!(told(&declared(1), &limited(nothing(), streams(3)), Weight::Refused).is_empty());
    let consumers = |max_consumers| Limits { max_consumers, ..Limits::default() };
    let refused = limited(nothing(), consumers(1));
    let said = told(&declared(1), &refused, Weight::Refused);
    assert!(said.len() == 2 && said[0].text.contains("SKEIN_OUT_acme has 0 and wants 2"), "{said:?}");
    only((&declared(1), &limited(nothing(), consumers(2))), Weight::Warned, "consumers", &["2 consumers", "64"]);
    assert!(told(&declared(1), &limited(nothing(), consumers(64)), Weight::Warned).is_empty());
    let ahead = Limits { max_ack_pending: 100, ..Limits::default() };
    only((&declared(1), &limited(nothing(), ahead)), Weight::Refused, "consumers", &["100", "256", "max_ack_pending"]);
    assert!(told(&declared(1), &limited(everything(), ahead), Weight::Refused).is_empty());
}

#[test]
fn a_subject_that_another_stream_takes_is_refused() {
    let mut found = nothing();
    found.taken = vec![("SKEIN_IN_acme".to_owned(), "skein.in.acme.>".to_owned(), "EVERYTHING".to_owned())];
    only((&declared(1), &found), Weight::Refused, "subjects", &["SKEIN_IN_acme", "skein.in.acme.>", "EVERYTHING"]);
}

#[test]
fn copies_need_a_cluster_and_a_cluster_copies() {
    let alone = nothing();
    only((&declared(3), &alone), Weight::Refused, "replicas", &["log.replicas is 3", "none of a cluster"]);
    let mut cluster = nothing();
    cluster.server = Server { clustered: true, addresses: 3, ..cluster.server };
    only((&declared(1), &cluster), Weight::Warned, "replicas", &["ONE COPY", "log.replicas = 3"]);
    assert!(judge(&declared(3), &cluster).iter().all(|verdict| verdict.weight == Weight::Fine));
    only((&declared(5), &cluster), Weight::Warned, "replicas", &["log.replicas is 5", "3 addresses"]);
    let made = Found { server: cluster.server.clone(), ..everything() };
    assert!(told(&declared(5), &made, Weight::Warned).is_empty(), "nothing is to be made: copies that are away say so");
    cluster.server.addresses = 0;
    assert!(judge(&declared(5), &cluster).iter().all(|verdict| verdict.weight == Weight::Fine), "it tells of none");
}

#[test]
fn copies_that_are_away_or_behind_are_warned_of_server_by_server() {
    let copy = |name: &str, current, offline| StreamCopy { name: name.to_owned(), current, offline };
    let mut found = everything();
    let log = found.streams.get_mut("SKEIN_LOG_main").unwrap();
    log.copies = vec![copy("n2", true, false), copy("n3", false, false), copy("n4", false, true)];
    found.streams.get_mut("SKEIN_IN_acme").unwrap().copies = vec![copy("n2", true, false), copy("n4", false, true)];
    let said = told(&declared(1), &found, Weight::Warned);
    let shown: Vec<&str> = said.iter().map(|verdict| verdict.text.as_str()).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].contains("on n3 of SKEIN_LOG_main are behind"), "{shown:?}");
    assert!(shown[1].contains("on n4 of SKEIN_IN_acme, SKEIN_LOG_main are away"), "{shown:?}");
}

#[test]
fn every_setting_that_differs_is_refused_with_the_key_that_declares_it() {
    let differs = |field: &str, found, declared| Difference { field: field.to_owned(), found, declared };
    let mut found = everything();
    let out = found.streams.get_mut("SKEIN_OUT_acme").unwrap();
    out.differences = vec![
        differs("max_age", json!(86_400_000_000_000_u64), json!(691_200_000_000_000_u64)),
        differs("num_replicas", json!(3), json!(1)),
        differs("allow_msg_ttl", json!(true), json!(null)),
    ];
    found.streams.get_mut("SKEIN_IN_acme").unwrap().differences = vec![differs("max_bytes", json!(5), json!(6))];
    let shop = found.adapters.get_mut(&("SKEIN_OUT_acme".to_owned(), "shop".to_owned())).unwrap();
    *shop = Some(vec![
        differs("ack_wait", json!(30_000_000_000_u64), json!(60_000_000_000_u64)),
        differs("pause_until", json!("2026-11-24T00:00:00Z"), json!(null)),
        differs("max_deliver", json!(3), json!(null)),
        differs("filter_subject", json!("a"), json!("b")),
    ]);
    let refused: Vec<String> =
        told(&declared(1), &found, Weight::Refused).into_iter().map(|verdict| verdict.text).collect();
    let wanted = [
        ("stream SKEIN_IN_acme: max_bytes: found 5, declared 6;", "ingest.stream_max_bytes"),
        ("stream SKEIN_OUT_acme: max_age: found 1d, declared 8d;", "outbound.keep"),
        ("stream SKEIN_OUT_acme: num_replicas: found 3, declared 1;", "log.replicas"),
        ("stream SKEIN_OUT_acme: allow_msg_ttl: found true, declared none;", "nats stream edit SKEIN_OUT_acme"),
        ("consumer shop of SKEIN_OUT_acme: max_deliver: found 3, declared none;", "nats consumer edit"),
        ("consumer shop of SKEIN_OUT_acme: filter_subject: found \"a\", declared \"b\";", "another name"),
    ];
    assert_eq!(refused.len(), wanted.len(), "{refused:?}");
    for (text, (what, mend)) in refused.iter().zip(wanted) {
        assert!(text.starts_with(what) && text.contains(mend), "{text}");
    }
    let warned = told(&declared(1), &found, Weight::Warned);
    assert!(warned.len() == 2 && warned[0].text.contains("ack_wait: found 30s, declared 1m"), "{warned:?}");
    assert!(warned[1].text.contains("nats consumer resume SKEIN_OUT_acme shop"), "{warned:?}");
}

#[test]
fn a_clock_is_warned_of_and_refused_by_what_is_certain_of_it() {
    let mut found = nothing();
    let mut with = |offset_ms, round_trip_ms| {
        found.clocks = reading(offset_ms, round_trip_ms);
        judge(&declared(1), &found).pop().unwrap()
    };
    assert_eq!(with(500, 0).weight, Weight::Fine);
    assert_eq!(with(-501, 0).weight, Weight::Warned);
    assert_eq!(with(900, 1_000).weight, Weight::Fine);
    assert_eq!(with(-2_000, 0).weight, Weight::Warned);
    let refused = with(-2_100, 100);
    assert_eq!((refused.weight, refused.check), (Weight::Refused, "clock"));
    assert!(refused.text.contains("2100 ms") && refused.text.contains("n1"), "{refused}");
    found.clocks.clear();
    only((&declared(1), &found), Weight::Warned, "clock", &["no server says"]);
}

#[test]
fn agents_without_tokens_on_servers_that_others_reach_are_warned_of() {
    let of = |tokens, servers_are_here| {
        let declared = Declared { tokens, servers_are_here, ..declared(1) };
        let verdicts = judge(&declared, &nothing());
        verdicts.into_iter().find(|verdict| verdict.check == "calls of nodes").expect("it is looked at").weight
    };
    assert_eq!(of(false, false), Weight::Warned);
    assert_eq!((of(true, false), of(false, true)), (Weight::Fine, Weight::Fine));
}
