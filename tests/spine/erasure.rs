//! Erasing a customer with a real store: its bytes are searched for words, addresses and keys (design, law 11).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use skein::admin::Readiness;
use skein::clock::SystemTimeSource;
use skein::domain::command::{AgentCommand, Answer, Command, Send, Verb};
use skein::domain::content::Content;
use skein::domain::id::{Index, LeafId, Name, RootId, WorkId};
use skein::domain::record::{Presence, Purpose};
use skein::domain::workspace::IndexedConfig;
use skein::erasure::Eraser;
use skein::ingest::{Bodies, IngestHealth, Source};
use skein::keys::{JetStreamKeys, Keeper, KeyBooks, KeyStore as _, LEAVES, WorkspaceKey};
use skein::log::{JetStreamLog, LogOptions};
use skein::nats::{Nats, stream_state, streams};
use skein::outbound::{Backlog, HandOver, Of, anchor};
use skein::shard::{self, Before, Now, ShardHandle, WorkspaceBacklog, WorkspaceSetup};
use skein::telemetry::Metrics;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::support::nats::TestServer;
use crate::world::{connect, eventually, publish, workspace};

const SHARD: &str = "test";
const KEEP: Duration = Duration::from_secs(3_600);
const OFTEN: Duration = Duration::from_secs(10);
/// What nobody may find again.
const SAID: &str = "Zitronenfalter 7731";
const NAME: &str = "Annegret Wunderlich";
const PHONE: &str = "4915155512345";
const ANSWERED: &str = "Apfelkuchen 4412";
/// What stays: another customer's.
const OTHER: &str = "Wolkenbruch 9005";

/// One owner of the shard, with everything that erasing needs. Dropped: as if killed.
struct Process {
    handle: ShardHandle,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

async fn world() -> (TestServer, Nats, WorkspaceKey) {
    let server = TestServer::start();
    let nats = connect(&server).await;
    for declared in [
        streams::inbound("acme", 1 << 30, 1),
        streams::outbound("acme", KEEP, 1),
        streams::dead("acme", KEEP, 1),
        streams::media("acme", 1),
        streams::keys("acme", 1),
    ] {
        streams::ensure(nats.control(), &declared).await.expect("make a stream");
    }
    (server, nats, WorkspaceKey::random())
}

async fn books(nats: &Nats, key: &WorkspaceKey) -> KeyBooks {
    let mut books = KeyBooks::default();
    let store = JetStreamKeys::new(nats.control().clone(), Name::new("acme"));
    books.open(Name::new("acme"), key.clone(), Arc::new(store)).await.expect("the keys open");
    books
}

/// `erases`: with the task that does it.
async fn process(nats: &Nats, key: &WorkspaceKey, erases: bool) -> Process {
    // Boxed: it holds all that a start needs.
    Box::pin(begun(nats, key, erases)).await
}

async fn begun(nats: &Nats, key: &WorkspaceKey, erases: bool) -> Process {
    let client = nats.control();
    let state = stream_state(client, "SKEIN_IN_acme").await.expect("IN exists");
    let backlog = async |stream: String| {
        let end = anchor(client, &stream, SHARD).await.expect("the end of a stream");
        Backlog::new(Name::new(stream), end)
    };
    let (out, dead) = (backlog(streams::out_name("acme")).await, backlog(streams::dead_name("acme")).await);
    let keys = books(nats, key).await;
    let book = keys.iter().next().expect("one workspace").clone();
    let before = Before {
        shard: Name::new(SHARD),
        backlogs: vec![WorkspaceBacklog { workspace: Name::new("acme"), out, dead }],
        witnesses: Vec::new(),
        rings: Duration::from_secs(600),
        keys,
        snapshots: None,
        hours: None,
    };
    let setup = WorkspaceSetup { config: workspace(), streams: vec![(Name::new("SKEIN_IN_acme"), state.created_ns)] };
    let now = Now { workspaces: vec![setup], ..Now::default() };
    let log = Arc::new(JetStreamLog::open(nats, LogOptions::new(SHARD)).await.expect("the log"));
    let time = Arc::new(SystemTimeSource::new());
    let stop = CancellationToken::new();
    let started = shard::start(log, before, now, time, Metrics::new(), stop.clone()).await;
    let (mut ends, run) = started.expect("own the shard");
    let handle = ends.handle.clone();
    let of = Of { shard: Name::new(SHARD), workspace: Name::new("acme"), stream: Name::new("SKEIN_OUT_acme") };
    let ways = ends.outboxes.remove(0);
    let hand_over = HandOver::out(client.clone(), of, Arc::clone(&ways.out), handle.clone(), Metrics::new(), OFTEN);
    let bodies = Bodies::open(client, &streams::media_bucket("acme")).await.expect("the store");
    let source = Source {
        client: nats.open("ingest").await.expect("connect"),
        workspace: Name::new("acme"),
        stream: Name::new("SKEIN_IN_acme"),
        config: tokio::sync::watch::channel(Arc::new(IndexedConfig::new(workspace()))).1,
        bodies: bodies.clone(),
        typing: skein::ingest::typing(Metrics::new()).0,
        handle: handle.clone(),
        inlet: ends.inlets.remove(0),
        metrics: Metrics::new(),
        repeat_interval: OFTEN,
        health: IngestHealth::new(Readiness::new().register("ingest")).stream(Name::new("SKEIN_IN_acme")),
    };
    let keeper = Keeper::new(book.clone(), Metrics::new(), OFTEN);
    let mut tasks = vec![
        AbortOnDropHandle::new(tokio::spawn(async move { drop(run.await) })),
        AbortOnDropHandle::new(tokio::spawn(async move { drop(hand_over.run(CancellationToken::new()).await) })),
        AbortOnDropHandle::new(tokio::spawn(async move { drop(Box::pin(source.run(CancellationToken::new())).await) })),
        AbortOnDropHandle::new(tokio::spawn(async move { drop(keeper.run(CancellationToken::new()).await) })),
    ];
    if erases {
        let eraser = Eraser::new(handle.clone(), book, bodies, Arc::clone(&ways.out), Metrics::new(), OFTEN);
        tasks.push(AbortOnDropHandle::new(tokio::spawn(async move { drop(eraser.run(stop).await) })));
    }
    Process { handle, _tasks: tasks }
}

impl Process {
    async fn does(&self, verb: Verb) -> Answer {
        let command = AgentCommand {
            workspace: Name::new("acme"),
            agent: Name::new("anna"),
            request: None,
            session_epoch: None,
            oversees: false,
            verb,
        };
        self.handle.command(Command::Agent(Box::new(command))).await.expect("not refused")
    }

    async fn ready(&self) {
        self.does(Verb::OpenSession { resume: None, takeover: false }).await;
        let (presence, reason, channels) = (Presence::Ready, Name::default(), Vec::new());
        self.does(Verb::SetPresence { presence, reason, channels }).await;
    }

    /// Accepts what is offered and answers.
    async fn answers(&self, text: &str) -> WorkId {
        let (offer, work) = eventually("an offer", async || {
            let look = |state: &skein::domain::State| {
                let offer = state.workspace("acme")?.agent("anna")?.offers.first()?.clone();
                Some((offer.offer, offer.work.work))
            };
            self.handle.query(look).await.expect("it answers")
        })
        .await;
        let assignment = self.does(Verb::Accept { offer }).await.assignment.expect("an assignment");
        let send = Send {
            work,
            assignment,
            seen_through: None,
            if_unchanged: None,
            to: None,
            content: Content::text(text),
            purpose: Purpose::Service,
            not_after: None,
            note: false,
        };
        self.does(Verb::Send(Box::new(send))).await;
        work
    }

    /// What of a customer's history can be read: how many records touch it, and how many of those have content.
    async fn readable(&self, customer: RootId) -> (usize, usize) {
        let view =
            self.handle.query(move |state| state.workspace("acme").and_then(|space| space.conversation(customer)));
        let mut next: BTreeSet<Index> =
            view.await.expect("it answers").expect("the customer").last.iter().map(|(_, last)| *last).collect();
        let mut seen = BTreeSet::new();
        let mut with_content = 0;
        while let Some(index) = next.pop_last() {
            if !seen.insert(index) {
                continue;
            }
            let record = self.handle.read(vec![index]).await.expect("the log").remove(0).expect("a record");
            with_content += usize::from(!record.content.is_empty());
            let of_customer = record.touches.iter().filter(|touch| touch.leaf.0 == customer.0);
            next.extend(of_customer.flat_map(|touch| touch.previous.iter().copied().map(Index)));
        }
        (seen.len(), with_content)
    }

    async fn erasures(&self) -> usize {
        let count = self.handle.query(|state| state.workspace("acme").map_or(0, |space| space.erasures().count()));
        count.await.expect("it answers")
    }
}

async fn says(nats: &Nats, id: &str, phone: &str, name: &str, text: &str) {
    // What was said long ago may be answered no longer.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs().to_string();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550100000", "phone_number_id": "1"},
        "contacts": [{"profile": {"name": name}, "wa_id": phone}],
        "messages": [{"from": phone, "id": id, "timestamp": now, "type": "text", "text": {"body": text}}],
    }}]}]});
    publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &body.to_string()).await;
}

/// The streams whose files hold these bytes.
fn holders(folder: &Path, bytes: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if holds(&std::fs::read(&path).unwrap_or_default(), bytes) {
                let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                let stream = parts.iter().position(|part| part == "streams").and_then(|at| parts.get(at + 1));
                found.insert(stream.cloned().unwrap_or_else(|| path.display().to_string()));
            }
        }
    }
    found
}

fn holds(hay: &[u8], bytes: &[u8]) -> bool {
    hay.windows(bytes.len()).any(|window| window == bytes)
}

fn streams_of(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A part of the wrapped block that is stored now: as good as random, so found nowhere by chance.
async fn wrapped(nats: &Nats) -> Vec<u8> {
    let store = JetStreamKeys::new(nats.control().clone(), Name::new("acme"));
    store.next(0).await.expect("it answers").expect("a block").bytes[64_000..64_064].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erasure_no_word_and_no_key_is_left_in_the_store() {
    let (server, nats, key) = world().await;
    let first = process(&nats, &key, false).await;
    first.ready().await;
    says(&nats, "wamid.1", PHONE, NAME, SAID).await;
    first.answers(ANSWERED).await;
    says(&nats, "wamid.2", "4915166612345", "Clara", OTHER).await;
    first.answers("gern").await;
    let folder = server.folder();
    eventually("the answer is handed over", async || {
        (holders(folder, ANSWERED.as_bytes()) == streams_of(&["SKEIN_OUT_acme"])).then_some(())
    })
    .await;

    // Sealed from the first moment on; plain where adapters put it and fetch it. The search finds what is there.
    for (word, plain) in
        [(SAID, &["SKEIN_IN_acme"][..]), (NAME, &["SKEIN_IN_acme"]), (PHONE, &["SKEIN_IN_acme", "SKEIN_OUT_acme"])]
    {
        assert_eq!(holders(folder, word.as_bytes()), streams_of(plain), "{word}");
    }
    let block = wrapped(&nats).await;
    assert_eq!(holders(folder, &block), streams_of(&["SKEIN_KEYS_acme"]));
    let (records, readable) = first.readable(RootId(0)).await;
    assert!(readable >= 2 && records > readable, "{readable} of {records}");

    first.does(Verb::Erase { customer: RootId(0) }).await;
    assert_eq!(first.erasures().await, 1, "nobody destroys its keys yet");
    // As if it had died before the keys were destroyed: whoever comes next goes on.
    drop(first);
    let second = process(&nats, &key, true).await;
    eventually("the keys are destroyed", async || (second.erasures().await == 0).then_some(())).await;

    eventually("the old block is overwritten", async || holders(folder, &block).is_empty().then_some(())).await;
    for word in [SAID, NAME, PHONE, ANSWERED] {
        let left = holders(folder, word.as_bytes());
        assert!(left.is_subset(&streams_of(&["SKEIN_IN_acme", "SKEIN_OUT_acme"])), "{word} is in {left:?}");
    }
    assert_eq!(second.readable(RootId(0)).await, (records + 2, 0), "structure stays, with the two records of its end");
    assert!(second.readable(RootId(1)).await.1 >= 2, "another customer's words stay");

    // And whoever folds the log without the key has the same.
    drop(second);
    let third = process(&nats, &key, true).await;
    assert_eq!(third.readable(RootId(0)).await, (records + 2, 0));
    assert!(third.readable(RootId(1)).await.1 >= 2);
    says(&nats, "wamid.3", PHONE, NAME, "guten Tag").await;
    eventually("the address begins anew", async || {
        let count = third.handle.query(|state| state.workspace("acme").map_or(0, |space| space.identities()));
        (count.await.expect("it answers") == 3).then_some(())
    })
    .await;
    assert_eq!(third.readable(RootId(0)).await, (records + 2, 0));
    assert!(third.readable(RootId(2)).await.1 >= 1);
}

async fn media(nats: &Nats) -> async_nats::jetstream::object_store::ObjectStore {
    let bus = async_nats::jetstream::new(nats.control().clone());
    bus.get_object_store("SKEIN_MEDIA_acme").await.expect("the store")
}

/// Puts an object as an adapter does.
async fn put(nats: &Nats, object: &str, text: &str) {
    let store = media(nats).await;
    // Longer than one piece of an object, so that it is in several messages.
    let bytes = text.repeat(300_000 / text.len()).into_bytes();
    store.put(object, &mut bytes.as_slice()).await.expect("stored");
}

async fn is_stored(nats: &Nats, object: &str) -> bool {
    media(nats).await.info(object).await.is_ok()
}

/// A customer sends files, named by their objects.
async fn sends(nats: &Nats, id: &str, phone: &str, objects: &[&str]) {
    let part = |object: &&str| json!({"attachment": {"state": "ATTACHMENT_STATE_STORED", "object": object}});
    let body = json!({
        "eventId": id, "messageRef": id, "assurance": "ASSURANCE_PLATFORM", "scope": "SCOPE_DIRECT",
        "senders": [{"kind": "ADDRESS_KIND_PHONE", "address": phone}],
        "message": {"content": {"text": "see this", "parts": objects.iter().map(part).collect::<Vec<_>>()}},
    });
    publish(nats.control(), "skein.in.acme.whatsapp.wa1", "skein.v1+json", &body.to_string()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_only_the_erased_customer_sent_is_overwritten_and_one_of_another_s_stays() {
    const OWN: &str = "Pfauenauge 3301 ";
    const SHARED: &str = "Admiral 8820 ";
    const STRANGER: &str = "Schwalbenschwanz 1 ";
    let media = streams_of(&["OBJ_SKEIN_MEDIA_acme"]);
    let (server, nats, key) = world().await;
    for (object, text) in [("own", OWN), ("shared", SHARED), ("nobody's", STRANGER)] {
        put(&nats, object, text).await;
    }
    let process = process(&nats, &key, true).await;
    process.ready().await;
    sends(&nats, "m1", PHONE, &["own", "shared"]).await;
    sends(&nats, "m2", "4915166612345", &["shared"]).await;
    // Large, so ingest keeps it as it is.
    let long = "Distelfalter 52 ".repeat(20_000);
    says(&nats, "wamid.3", PHONE, NAME, &long).await;
    eventually("all are in", async || {
        let count = process.handle.query(|state| {
            let space = state.workspace("acme")?;
            (space.identities() == 2 && state.stream("SKEIN_IN_acme")?.position.sequence == 3).then_some(())
        });
        count.await.expect("it answers")
    })
    .await;
    let folder = server.folder();
    for word in [OWN, SHARED, STRANGER] {
        assert_eq!(holders(folder, word.as_bytes()), media, "{word}");
    }
    assert_eq!(holders(folder, b"Distelfalter 52"), streams_of(&["OBJ_SKEIN_MEDIA_acme", "SKEIN_IN_acme"]));

    process.does(Verb::Erase { customer: RootId(0) }).await;
    eventually("the erasure is done", async || (process.erasures().await == 0).then_some(())).await;
    assert!(!is_stored(&nats, "own").await && is_stored(&nats, "shared").await && is_stored(&nats, "nobody's").await);
    eventually("its bytes are overwritten", async || holders(folder, OWN.as_bytes()).is_empty().then_some(())).await;
    assert_eq!(holders(folder, b"Distelfalter 52"), streams_of(&["SKEIN_IN_acme"]), "IN has a retention of its own");
    for word in [SHARED, STRANGER] {
        assert_eq!(holders(folder, word.as_bytes()), media, "{word}");
    }

    // The last who sent it takes it along.
    process.does(Verb::Erase { customer: RootId(1) }).await;
    eventually("the erasure is done", async || (process.erasures().await == 0).then_some(())).await;
    assert!(!is_stored(&nats, "shared").await && is_stored(&nats, "nobody's").await);
    eventually("its bytes are overwritten", async || holders(folder, SHARED.as_bytes()).is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_that_a_webhook_brings_again_after_the_erasure_is_not_kept() {
    const WORD: &str = "Trauermantel 61 ";
    let (server, nats, key) = world().await;
    let process = process(&nats, &key, true).await;
    process.ready().await;
    // Large, so ingest puts it into the object store before anybody knows that it is a retry.
    let long = WORD.repeat(20_000);
    let taken_in = async |sequence: u64| {
        eventually("it is taken in", async || {
            let reached = process
                .handle
                .query(move |state| (state.stream("SKEIN_IN_acme")?.position.sequence >= sequence).then_some(()));
            reached.await.expect("it answers")
        })
        .await;
    };
    says(&nats, "wamid.1", PHONE, NAME, &long).await;
    taken_in(1).await;
    process.does(Verb::Erase { customer: RootId(0) }).await;
    eventually("the erasure is done", async || (process.erasures().await == 0).then_some(())).await;
    let folder = server.folder();
    eventually("it is overwritten", async || {
        (holders(folder, WORD.as_bytes()) == streams_of(&["SKEIN_IN_acme"])).then_some(())
    })
    .await;

    says(&nats, "wamid.1", PHONE, NAME, &long).await;
    // A message that is kept, so that what is said of the first can be no accident of an idle store.
    says(&nats, "wamid.2", "4915166612345", "Clara", &OTHER.repeat(20_000)).await;
    taken_in(3).await;
    eventually("what came again is overwritten, too", async || {
        (holders(folder, WORD.as_bytes()) == streams_of(&["SKEIN_IN_acme"])).then_some(())
    })
    .await;
    assert_eq!(holders(folder, OTHER.as_bytes()), streams_of(&["OBJ_SKEIN_MEDIA_acme", "SKEIN_IN_acme"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_came_back_with_an_older_copy_of_the_store_is_destroyed_again() {
    let (_server, nats, key) = world().await;
    let first = process(&nats, &key, true).await;
    first.ready().await;
    says(&nats, "wamid.1", PHONE, NAME, SAID).await;
    first.answers(ANSWERED).await;
    let store = JetStreamKeys::new(nats.control().clone(), Name::new("acme"));
    let copy = store.next(0).await.expect("it answers").expect("a block");
    first.does(Verb::Erase { customer: RootId(0) }).await;
    eventually("the keys are destroyed", async || (first.erasures().await == 0).then_some(())).await;
    drop(first);
    let last = store.last().await.expect("it answers");
    store.put(copy.number, copy.bytes.to_vec(), last).await.expect("it answers").expect("stored");
    let is_destroyed = async || books(&nats, &key).await.iter().all(|book| book.ring().is_destroyed(LeafId(0)));
    assert!(!is_destroyed().await, "the key is back");

    let _second = process(&nats, &key, true).await;
    eventually("it is destroyed again", async || is_destroyed().await.then_some(())).await;
    eventually("the copy is overwritten", async || {
        let left = store.next(last).await.expect("it answers").expect("a block");
        (left.sequence == last + 2).then_some(())
    })
    .await;
}

/// Negative control: a message deleted the usual way stays in the files, and the search finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_is_deleted_without_being_overwritten_is_found() {
    let (server, nats, key) = world().await;
    let keys = books(&nats, &key).await;
    keys.iter().next().expect("one workspace").provide(LEAVES).await.expect("two blocks");
    let block = wrapped(&nats).await;
    let body = json!({"seq": 1, "no_erase": true}).to_string();
    let delete = nats.control().request("$JS.API.STREAM.MSG.DELETE.SKEIN_KEYS_acme", body.into());
    assert!(holds(&delete.await.expect("it answers").payload, b"\"success\":true"));
    // Beside another one: a file without any message is gone as a whole.
    assert_eq!(stream_state(nats.control(), "SKEIN_KEYS_acme").await.expect("it exists").messages, 1);
    assert_eq!(holders(server.folder(), &block), streams_of(&["SKEIN_KEYS_acme"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_does_not_start_with_another_workspace_key() {
    let (_server, nats, key) = world().await;
    drop(process(&nats, &key, false).await);
    let store = JetStreamKeys::new(nats.control().clone(), Name::new("acme"));
    let opened = KeyBooks::default().open(Name::new("acme"), WorkspaceKey::random(), Arc::new(store)).await;
    let error = opened.expect_err("another key").to_string();
    assert!(error.contains("the workspace key does not fit"), "{error}");
}
