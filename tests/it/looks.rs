//! What the daemon looks at before it starts on a nats-server, and what `skein check --server` says of it beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, consumer::pull};
use async_nats::{Client, Subscriber};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use skein::nats::streams;
use tokio::process::Command;

use crate::bed::{Bed, WORKSPACE, carried_out, eventually};

/// How a command or a daemon that refused ended, and what it wrote.
struct Told {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Told {
    /// Lines that begin with it.
    fn lines(&self, begin: &str) -> Vec<&str> {
        self.err.lines().map(str::trim).filter(|line| line.starts_with(begin)).collect()
    }

    #[track_caller]
    fn has(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is missing in\n{}", self.err);
        }
    }
}

/// `skein check --server` of the configuration of a daemon that was launched before.
async fn check(bed: &Bed) -> Told {
    let output = Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(["check", "--server"])
        .arg(bed.folder.path().join("skein.toml"))
        .output()
        .await
        .expect("skein runs");
    Told {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A daemon that does not start.
async fn refused(bed: &Bed) -> Told {
    let mut daemon = bed.launch().await;
    let code = daemon.ended().await.code();
    Told { code, out: String::new(), err: daemon.log() }
}

/// Names of all streams.
async fn names(bed: &Bed) -> Vec<String> {
    let context = jetstream::new(bed.connect().await);
    let mut names: Vec<String> = context.stream_names().try_collect().await.expect("the streams");
    names.sort();
    names
}

fn account(limits: &str) -> String {
    format!("accounts {{ SKEIN {{ users: [ {{ user: skein, password: pass }} ], jetstream: {{ {limits} }} }} }}\n")
}

const LOGIN: &str = "skein:pass";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_as_declared_is_told_check_by_check_before_and_after_the_first_start() {
    let bed = Bed::new(true).await;
    let mut daemon = bed.daemon().await;
    daemon.kill9();
    let after = check(&bed).await;
    assert_eq!((after.code, after.err.as_str()), (Some(0), ""));
    for part in [
        "ok: server version: nats-server 2.",
        "ok: sync_interval: always, as log.sync_always says",
        "ok: message size: up to 1MiB",
        "ok: settings: 8 streams as declared, 0 to be made",
        "ok: clock: at least 0 ms apart, 1 servers read",
    ] {
        assert!(after.out.contains(part), "{part:?} is missing in\n{}", after.out);
    }
    let context = jetstream::new(bed.connect().await);
    for name in names(&bed).await {
        context.delete_stream(&name).await.expect("deleted");
    }
    let before = check(&bed).await;
    assert_eq!((before.code, before.err.as_str()), (Some(0), ""));
    assert!(before.out.contains("0 streams as declared, 8 to be made") && before.out.contains("1 servers read"));
    assert!(names(&bed).await.is_empty(), "a check makes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_of_the_account_that_do_not_suffice_are_refused_together_before_anything_is_made() {
    let limits = "max_file: 1GB, max_streams: 6, max_consumers: 8, max_ack_pending: 100";
    let bed = Bed::guarded(false, account(limits), LOGIN).await;
    let daemon = refused(&bed).await;
    let told = check(&bed).await;
    for told in [&daemon, &told] {
        assert_eq!(told.code, Some(1));
        let refused = told.lines("refused: ");
        assert_eq!(refused.len(), 4, "{refused:?}");
        told.has(&[
            "ingest.stream_max_bytes",
            "may have 6 streams (`max_streams`) and has 0, and 8 are missing",
            "SKEIN_OUT_it has 0 and wants 11",
            "wait for 100 acknowledgements (`max_ack_pending`)",
        ]);
    }
    assert!(names(&bed).await.is_empty(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_that_just_suffice_are_warned_of_and_the_daemon_starts() {
    let limits = "max_file: 1GB, max_streams: 8, max_consumers: 16, max_ack_pending: 256";
    let bed = Bed::guarded(true, account(limits), LOGIN).await;
    bed.set("[ingest]\nstream_max_bytes = \"900MiB\"\n");
    let daemon = bed.daemon().await;
    let warned = daemon.lines_of("WARN").into_iter().filter(|line| line == "START-UP CHECK WARNS").count();
    assert_eq!(warned, 2, "{}", daemon.log());
    assert!(daemon.log().contains("over 80 %") && daemon.log().contains("may have 16 consumers of a stream"));
    let told = check(&bed).await;
    assert_eq!((told.code, told.lines("warning: ").len()), (Some(0), 2), "{}", told.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_and_consumers_that_differ_are_refused_all_at_once_and_left_alone() {
    let bed = Bed::new(true).await;
    bed.daemon().await.kill9();
    let context = jetstream::new(bed.connect().await);
    let day = Duration::from_secs(86_400);
    let mut out = streams::outbound(WORKSPACE, day, 1);
    out.max_messages = 1_000;
    context.update_stream(&out).await.expect("changed");
    let mut keys = streams::keys(WORKSPACE, 1);
    keys.max_age = day;
    context.update_stream(&keys).await.expect("changed");
    let stream = context.get_stream(&out.name).await.expect("there");
    let mut main = streams::adapter(WORKSPACE, "sms", "main");
    main.max_deliver = 3;
    stream.update_consumer(main.clone()).await.expect("changed");
    let mut second = streams::adapter(WORKSPACE, "sms", "second");
    second.ack_wait = Duration::from_secs(90);
    stream.update_consumer(second).await.expect("changed");
    let daemon = refused(&bed).await;
    let told = check(&bed).await;
    for told in [&daemon, &told] {
        assert_eq!(told.code, Some(1));
        assert_eq!(told.lines("refused: ").len(), 4, "{}", told.err);
        told.has(&[
            "stream SKEIN_OUT_it: max_age: found 1d, declared 8d; nothing was changed: set outbound.keep",
            "stream SKEIN_OUT_it: max_msgs: found 1000, declared none",
            "stream SKEIN_KEYS_it: max_age: found 1d, declared none",
            "consumer main of SKEIN_OUT_it: max_deliver: found 3, declared none",
            "consumer second of SKEIN_OUT_it: ack_wait: found 90s, declared 1m",
        ]);
    }
    let mut stream = context.get_stream(&out.name).await.expect("there");
    let kept = stream.info().await.expect("info").config.clone();
    assert_eq!((kept.max_age, kept.max_messages), (day, 1_000));
    let kept: jetstream::consumer::Consumer<pull::Config> = stream.get_consumer("main").await.expect("there");
    assert_eq!(kept.cached_info().config.max_deliver, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_of_an_adapter_and_what_operators_note_keep_no_daemon_from_starting() {
    let bed = Bed::new(true).await;
    bed.daemon().await.kill9();
    let client = bed.connect().await;
    let context = jetstream::new(client.clone());
    let mut out = streams::outbound(WORKSPACE, Duration::from_secs(8 * 86_400), 1);
    out.description = Some("for the adapters".to_owned());
    out.placement = Some(jetstream::stream::Placement { cluster: None, tags: vec!["ssd".to_owned()] });
    context.update_stream(&out).await.expect("changed");
    let stream = context.get_stream(&out.name).await.expect("there");
    let mut second = streams::adapter(WORKSPACE, "sms", "second");
    second.sample_frequency = 100;
    stream.update_consumer(second).await.expect("changed");
    let now = jiff::Timestamp::now();
    let over = jiff::SignedDuration::from_hours(-1);
    for (endpoint, until) in [("main", now - over), ("page", now + over)] {
        let subject = format!("$JS.API.CONSUMER.PAUSE.{}.{endpoint}", out.name);
        let body = json!({ "pause_until": until.to_string() }).to_string();
        let answer = client.request(subject, body.into()).await.expect("answered");
        assert!(!String::from_utf8_lossy(&answer.payload).contains("error"), "{answer:?}");
    }
    let told = check(&bed).await;
    assert_eq!(
        (told.code, told.lines("warning: ").len(), told.lines("refused: ").len()),
        (Some(0), 1, 0),
        "{}",
        told.err
    );
    told.has(&["consumer main of SKEIN_OUT_it: pause_until: found", "nats consumer resume SKEIN_OUT_it main"]);
    drop(bed.daemon().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_on_a_server_alone_and_too_small_messages_are_refused() {
    let bed = Bed::guarded(true, "max_payload: 512KB\n".to_owned(), "").await;
    bed.set("[shard]\nname = \"main\"\n");
    drop(bed.launch().await);
    let config = bed.folder.path().join("skein.toml");
    let text = std::fs::read_to_string(&config).expect("read").replace("replicas = 1", "replicas = 3");
    std::fs::write(&config, text).expect("written");
    let told = check(&bed).await;
    assert_eq!(told.code, Some(1));
    told.has(&[
        "refused: replicas: log.replicas is 3",
        "refused: message size: the server takes messages of up to 512KiB",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_room_for_the_inbound_streams_is_told_by_the_setting() {
    let bed = Bed::new(true).await;
    bed.set("[ingest]\nstream_max_bytes = \"4000000GiB\"\n");
    let told = refused(&bed).await;
    assert_eq!(told.code, Some(1));
    told.has(&["ingest.stream_max_bytes", "max_file_store", "10047"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_no_verdict() {
    let bed = Bed::new(true).await;
    drop(bed.launch().await);
    let config = bed.folder.path().join("skein.toml");
    let text = std::fs::read_to_string(&config).expect("read").replace(&bed.nats.address().to_string(), "127.0.0.1:1");
    std::fs::write(&config, text).expect("written");
    let told = check(&bed).await;
    assert_eq!(told.code, Some(1));
    told.has(&["use the nats-server: connect to nats"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_take_our_subjects_are_refused_before_half_of_ours_is_made() {
    let bed = Bed::new(true).await;
    let context = jetstream::new(bed.connect().await);
    let subjects = vec!["skein.dead.>".to_owned(), "skein.out.it.sms.main".to_owned()];
    let other = jetstream::stream::Config { name: "COPY".to_owned(), subjects, ..Default::default() };
    context.create_stream(other).await.expect("made");
    let daemon = refused(&bed).await;
    let told = check(&bed).await;
    for told in [&daemon, &told] {
        assert_eq!((told.code, told.lines("refused: subjects: ").len()), (Some(1), 2), "{}", told.err);
        told.has(&["SKEIN_DEAD_it is to take skein.dead.it.>, of which the stream COPY", "SKEIN_OUT_it is to take"]);
    }
    assert_eq!(names(&bed).await, ["COPY"], "nothing was made");
}

/// Answers what is asked of JetStream as a cluster would that has nothing and makes nothing, with a code that a test sets; one without a
/// leader (10008) answers nothing else. Counts questions for the inbound stream.
async fn refuses(bus: Client, mut asked: Subscriber, code: Arc<AtomicI64>, count: Arc<AtomicI64>) {
    while let Some(question) = asked.next().await {
        let subject = question.subject.as_str();
        if subject == "asked.STREAM.INFO.SKEIN_IN_it" {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let code = code.load(Ordering::Relaxed);
        let refused = |code| json!({ "error": { "code": 400, "err_code": code, "description": "no" } });
        let answer = match subject {
            _ if code == 10_008 || subject.starts_with("asked.STREAM.CREATE.") => refused(code),
            "asked.INFO" => json!({ "limits": {} }),
            "asked.STREAM.NAMES" => json!({ "streams": null }),
            _ => refused(10_059),
        };
        let to = question.reply.expect("where to answer");
        bus.publish(to, answer.to_string().into()).await.expect("published");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_still_come_up_are_waited_for_and_what_cannot_be_made_ends_the_start() {
    let users = "users: [ { user: skein, password: pass } ]";
    let accounts = format!("accounts {{ ALONE {{ {users}, mappings: {{ \"$JS.API.>\": \"asked.>\" }} }} }}\n");
    let bed = Bed::guarded(false, accounts, LOGIN).await;
    let bus = bed.connect().await;
    let asked = bus.subscribe("asked.>").await.expect("subscribed");
    carried_out(&bus).await;
    let (code, count) = (Arc::new(AtomicI64::new(10_008)), Arc::new(AtomicI64::new(0)));
    let task = tokio::spawn(refuses(bus, asked, Arc::clone(&code), Arc::clone(&count)));
    let mut daemon = bed.launch().await;
    // A cluster that elects its leader, then one of too few servers, then one without room.
    for passing in [10_008, 10_005] {
        code.store(passing, Ordering::Relaxed);
        let before = count.load(Ordering::Relaxed);
        // One may have been under way, and what was made is looked at before.
        eventually("it is tried again", async || (count.load(Ordering::Relaxed) > before + 3).then_some(())).await;
        assert!(!daemon.has_ended(), "{}", daemon.log());
    }
    assert!(daemon.said("nats-servers are not ready, trying again"), "{}", daemon.log());
    assert_eq!(daemon.log().matches("nats connected").count(), 1, "asked again, not connected again: {}", daemon.log());
    code.store(10_047, Ordering::Relaxed);
    assert_eq!(daemon.ended().await.code(), Some(1));
    assert!(daemon.log().contains("stream SKEIN_IN_it: create a stream: refused with code 10047"), "{}", daemon.log());
    assert!(daemon.log().contains("max_file_store"), "{}", daemon.log());
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_fall_silent_while_the_shard_is_taken_over_are_tried_again() {
    // Nobody answers who asks for a witness.
    let rights = "permissions: { publish: { deny: [\"$JS.API.DIRECT.GET.KV_SKEIN_CHECKPOINTS.>\"] } }";
    let accounts = format!(
        "accounts {{ SKEIN {{ users: [ {{ user: skein, password: pass, {rights} }} ], jetstream: enabled }} }}\n"
    );
    let bed = Bed::guarded(true, accounts, LOGIN).await;
    let mut daemon = bed.launch().await;
    eventually("it is tried again", async || {
        let message = "nats-servers did not answer while the shard was taken over, trying again";
        let tried = daemon.lines_of("WARN").into_iter().filter(|line| line == message).count();
        (daemon.has_ended() || tried > 1).then_some(())
    })
    .await;
    assert!(!daemon.has_ended(), "{}", daemon.log());
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0), "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaf_node_alone_is_no_cluster() {
    let bed =
        Bed::guarded(true, "leafnodes { remotes: [ { url: \"nats-leaf://127.0.0.1:1\" } ] }\n".to_owned(), "").await;
    drop(bed.launch().await);
    let told = check(&bed).await;
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
    assert!(told.out.contains("ok: replicas: 1, on a server alone"), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_user_may_not_ask_and_an_account_without_jetstream_are_told_with_what_to_do() {
    let user = |name: &str, rights: &str| format!("{{ user: {name}, password: pass {rights} }}");
    let few = user("few", ", permissions: { publish: { deny: [\"$JS.API.INFO\", \"$SYS.>\"] } }");
    let none = user("none", ", permissions: { publish: { deny: [\"$JS.API.STREAM.INFO.>\"] } }");
    let accounts = format!(
        "accounts {{ SKEIN {{ users: [ {few}, {none} ], jetstream: enabled }}, OTHER {{ users: [ {} ] }} }}\n",
        user("other", "")
    );
    let bed = Bed::guarded(true, accounts, "few:pass").await;
    drop(bed.launch().await);
    let config = bed.folder.path().join("skein.toml");
    let few = std::fs::read_to_string(&config).expect("read");
    let told = check(&bed).await;
    assert_eq!((told.code, told.lines("warning: ").len()), (Some(0), 2), "{}", told.err);
    told.has(&["warning: account: its limits are not told", "warning: clock: no server says what time it is"]);
    for (login, parts) in [
        (
            "none:pass",
            ["stream SKEIN_LOG_main: read the state of a stream: no answer in time", "may not publish to $JS.API.>"],
        ),
        ("other:pass", ["10039", "give it `jetstream: enabled`"]),
    ] {
        std::fs::write(&config, few.replace("few:pass", login)).expect("written");
        let told = check(&bed).await;
        assert_eq!(told.code, Some(1));
        told.has(&parts);
    }
}

/// Answers what is asked of JetStream as a server would that has the log, leads it with an old version, and whose clock is off by so
/// many milliseconds.
async fn pretends(bus: Client, mut asked: Subscriber, offset_ms: Arc<AtomicI64>) {
    while let Some(question) = asked.next().await {
        let now = jiff::Timestamp::now();
        let answer = match question.subject.as_str() {
            "asked.INFO" => json!({ "limits": {} }),
            "asked.STREAM.NAMES" => json!({ "streams": null }),
            "asked.STREAM.INFO.SKEIN_LOG_main" => {
                let mut config = serde_json::to_value(streams::log("main", 1)).expect("JSON");
                config["metadata"] = json!({ "_nats.ver": "2.14.9" });
                json!({
                    "created": now.to_string(),
                    "ts": (now + jiff::SignedDuration::from_millis(offset_ms.load(Ordering::Relaxed))).to_string(),
                    "config": config,
                    "state": { "messages": 0, "bytes": 0, "first_seq": 1, "last_seq": 0, "consumer_count": 0 },
                    "cluster": { "leader": "far", "replicas": [ { "name": "near", "current": false, "offline": true } ] },
                })
            }
            _ => json!({ "error": { "code": 404, "err_code": 10_059, "description": "stream not found" } }),
        };
        let to = question.reply.expect("where to answer");
        bus.publish(to, answer.to_string().into()).await.expect("published");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_with_an_old_version_or_another_clock_is_refused_and_a_clock_that_is_a_little_off_warned_of() {
    let users = "users: [ { user: skein, password: pass } ]";
    // The server answers questions about JetStream even where there is none: it must not see them.
    let accounts = format!("accounts {{ ALONE {{ {users}, mappings: {{ \"$JS.API.>\": \"asked.>\" }} }} }}\n");
    let bed = Bed::guarded(false, accounts, LOGIN).await;
    let bus = bed.connect().await;
    let asked = bus.subscribe("asked.>").await.expect("subscribed");
    carried_out(&bus).await;
    let offset_ms = Arc::new(AtomicI64::new(60_000));
    let task = tokio::spawn(pretends(bus, asked, Arc::clone(&offset_ms)));
    let daemon = refused(&bed).await;
    let told = check(&bed).await;
    for told in [&daemon, &told] {
        assert_eq!((told.code, told.lines("refused: ").len()), (Some(1), 2), "{}", told.err);
        told.has(&["the server far that leads SKEIN_LOG_main is nats-server 2.14.9", "that of the server far are "]);
        told.has(&["more than shard.clock_skew_max", "the copies on near of SKEIN_LOG_main are away"]);
    }
    bed.set("[shard]\nclock_skew_max = \"1h\"\n");
    assert_eq!(refused(&bed).await.lines("refused: ").len(), 1);
    let told = check(&bed).await;
    told.has(&["warning: clock: our clock and that of the server far are", "more than shard.clock_skew_warn"]);
    offset_ms.store(0, Ordering::Relaxed);
    let told = check(&bed).await;
    assert!(told.lines("refused: ").len() == 1 && told.out.contains("ok: clock: at least 0 ms"), "{}", told.err);
    task.abort();
}
