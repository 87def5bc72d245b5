//! Load, and the proof that it left nothing out and nothing twice.
//!
//! Adapters of three channels publish for a growing number of customers; workers answer. Only what was acknowledged counts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use skein::domain::record::Change;
use skein::proto::agent::{Direction, WorkState};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::adapter::{Adapter, Payload, chat, sms, whatsapp};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::reads;
use crate::worker::Worker;

/// A new customer comes with every so many messages of an adapter.
const MESSAGES_PER_CUSTOMER: u64 = 12;
/// Messages that an adapter has at once, at most: now one, now more than the log appends one by one.
const BURST: u64 = 16;
/// Between two messages of an adapter, on average: enough to have something under way at any moment.
const PAUSE: Duration = Duration::from_millis(40);
const WORKERS: usize = 4;

/// What the adapters have done.
#[derive(Default)]
struct Done {
    /// Texts of what was acknowledged.
    texts: Vec<String>,
    /// What they saw, as `skein verify` reads it.
    saw: Vec<String>,
}

/// Adapters and workers at work.
pub(crate) struct Traffic {
    pub(crate) workers: Vec<Worker>,
    adapters: Vec<AbortOnDropHandle<()>>,
    done: Arc<Mutex<Done>>,
    stop: Arc<AtomicBool>,
    daemon: watch::Sender<Option<SocketAddr>>,
}

impl Traffic {
    pub(crate) async fn start(bed: &Bed, seed: u64) -> Self {
        let daemon = watch::Sender::new(None);
        let workers =
            (1..=WORKERS).map(|number| Worker::start(&format!("agent{number}"), daemon.subscribe())).collect();
        let done = Arc::new(Mutex::new(Done::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let mut adapters = Vec::new();
        for (number, channel) in (0_u64..).zip(["whatsapp", "sms", "chat", "whatsapp", "sms"]) {
            let adapter = Adapter::new(bed.connect().await);
            let work = publish(adapter, channel, number, seed, Arc::clone(&done), Arc::clone(&stop));
            adapters.push(AbortOnDropHandle::new(tokio::spawn(work)));
        }
        Self { workers, adapters, done, stop, daemon }
    }

    /// Tells the workers where the daemon is.
    pub(crate) fn serve_from(&self, daemon: Option<&Daemon>) {
        self.daemon.send_replace(daemon.map(|daemon| daemon.grpc));
    }

    pub(crate) fn acknowledged(&self) -> usize {
        lock(&self.done).texts.len()
    }

    /// What the adapters saw, as `skein verify` reads it.
    pub(crate) fn adapters_saw(&self) -> Vec<String> {
        lock(&self.done).saw.clone()
    }

    /// What the agents saw.
    pub(crate) fn agents_saw(&self) -> Vec<String> {
        self.workers.iter().flat_map(|worker| worker.notes().saw.clone()).collect()
    }

    /// Ends the adapters after what they have under way.
    pub(crate) async fn stop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for adapter in self.adapters.drain(..) {
            adapter.await.expect("no adapter panics");
        }
    }

    /// The whole proof, once the adapters have stopped.
    pub(crate) async fn prove(&self, bed: &Bed, daemon: &Daemon) {
        let acknowledged = lock(&self.done).texts.clone();
        let channel = daemon.channel().await;

        // Every message of a customer is in, and then every Work has an owner.
        let expected: BTreeSet<&str> = acknowledged.iter().map(String::as_str).collect();
        assert_eq!(expected.len(), acknowledged.len(), "texts are distinct");
        let said = eventually("every message is in a conversation", async || {
            let mut said = Vec::new();
            for conversation in reads::conversations(&reads::works(&channel).await) {
                said.extend(reads::messages(&channel, &conversation).await);
            }
            let inbound = said.iter().filter(|message| message.direction == i32::from(Direction::In)).count();
            (inbound >= acknowledged.len()).then_some(said)
        })
        .await;
        let works = eventually("every Work has an owner", async || {
            let works = reads::works(&channel).await;
            let owned = works.iter().all(|work| work.state == i32::from(WorkState::Assigned));
            let customers = works.iter().map(|work| (&work.conversation_id, &work.endpoint)).collect::<BTreeSet<_>>();
            assert_eq!(customers.len(), works.len(), "one Work per customer and endpoint");
            (owned && !works.is_empty() && self.workers.iter().all(|worker| worker.notes().is_idle())).then_some(works)
        })
        .await;
        let inbound: Vec<_> = said.iter().filter(|message| message.direction == i32::from(Direction::In)).collect();
        let mut counts = BTreeMap::<&str, u32>::new();
        for message in &inbound {
            *counts.entry(reads::text(message)).or_default() += 1;
        }
        let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(doubled.is_empty(), "messages doubled: {doubled:?}");
        let missing: Vec<_> = expected.iter().filter(|text| !counts.contains_key(*text)).collect();
        assert!(missing.is_empty(), "messages lost: {missing:?}");
        let unknown: Vec<_> = counts.keys().filter(|text| !expected.contains(*text)).collect();
        assert!(unknown.is_empty(), "messages that nobody sent: {unknown:?}");

        // The owners know what they own, and were told of every message since, once.
        let mut owners = BTreeMap::new();
        for worker in &self.workers {
            let notes = worker.notes();
            assert!(notes.faults.is_empty(), "{}: {:?}", worker.name, notes.faults);
            for (work, owned) in &notes.owned {
                let before = owners.insert(work.clone(), (worker, owned.assignment.clone()));
                assert!(before.is_none(), "{work} is held by two agents");
            }
        }
        for work in &works {
            let (worker, assignment) = owners.get(&work.work_id).expect("its owner knows");
            assert_eq!((&work.owner, &work.assignment_id), (&worker.name, assignment));
            let since = index(assignment);
            let expected: Vec<&str> = inbound
                .iter()
                .filter(|message| message.work_id == work.work_id && index(&message.message_id) > since)
                .map(|message| message.message_id.as_str())
                .collect();
            eventually("the owner was told of all", async || {
                let notes = worker.notes();
                let told = notes.told.iter().filter(|(of, id)| *of == work.work_id && index(id) > since);
                (told.count() >= expected.len()).then_some(())
            })
            .await;
            let notes = worker.notes();
            let told = notes.told.iter().filter(|(of, id)| *of == work.work_id && index(id) > since);
            assert_eq!(told.map(|(_, id)| id.as_str()).collect::<Vec<_>>(), expected, "no hole, no double, in order");
        }
        assert_eq!(owners.len(), works.len(), "no Work is lost");

        // Whoever was told has answered by now; what was accepted has been handed over once, in order.
        eventually("all commands have their results", async || {
            self.workers.iter().all(|worker| worker.notes().is_idle()).then_some(())
        })
        .await;
        let mut accepted = BTreeMap::<String, Vec<String>>::new();
        for worker in &self.workers {
            for (work, text) in worker.notes().accepted.clone() {
                accepted.entry(work).or_default().push(text);
            }
        }
        let replies: usize = accepted.values().map(Vec::len).sum();
        let bus = bed.connect().await;
        let handed_over = eventually("every reply is handed over", async || {
            let out = reads::out(&bus).await;
            (out.len() >= replies).then_some(out)
        })
        .await;
        let mut out = BTreeMap::<String, Vec<String>>::new();
        for message in &handed_over {
            let text = message["content"]["text"].as_str().expect("a text");
            let work = text.split(' ').nth(1).expect("it names its Work");
            out.entry(work.to_owned()).or_default().push(text.to_owned());
        }
        assert_eq!(out, accepted, "exactly the accepted replies, each once, in order per Work");

        // Nobody was taken for lost, not even for a moment.
        let moved = reads::changes(bed, |change| matches!(change, Change::Unassigned { .. })).await;
        assert!(moved.is_empty(), "assignments ended: {moved:?}");
        let assigned = reads::changes(bed, |change| matches!(change, Change::Assigned(_))).await;
        assert_eq!(assigned.len(), works.len(), "one assignment per Work");
        println!("{} messages, {} works, {replies} replies", inbound.len(), works.len());
    }
}

/// Index of the record in an id: `m17-0`.
fn index(id: &str) -> u64 {
    id[1..].split('-').next().and_then(|number| number.parse().ok()).expect("an id")
}

fn lock(done: &Mutex<Done>) -> MutexGuard<'_, Done> {
    done.lock().expect("nobody panics while holding it")
}

/// Publishes until `stop`; a message that is not acknowledged is published again, as it was.
async fn publish(
    adapter: Adapter,
    channel: &'static str,
    number: u64,
    seed: u64,
    done: Arc<Mutex<Done>>,
    stop: Arc<AtomicBool>,
) {
    let mut random = StdRng::seed_from_u64(seed ^ number);
    let mut sent = 0;
    while !stop.load(Ordering::Acquire) {
        let burst = random.random_range(1..=BURST);
        let messages: Vec<(String, Payload, String)> = (sent + 1..=sent + burst)
            .map(|place| {
                let customer = random.random_range(0..=place / MESSAGES_PER_CUSTOMER);
                let text = format!("{channel} {number} {place}");
                let id = format!("{number}x{place}");
                let payload = payload(channel, customer, &id, &text);
                (text, payload, known_as(channel, &id))
            })
            .collect();
        sent += burst;
        let published = messages.iter().map(|(_, payload, _)| adapter.publish(payload));
        let sequences = futures::future::join_all(published).await;
        let lines = sequences.into_iter().zip(&messages).map(|(sequence, (_, payload, id))| {
            let message = json!({"channel": payload.channel, "endpoint": payload.endpoint, "id": id});
            let stream = format!("SKEIN_IN_{WORKSPACE}");
            json!({"published": {"stream": stream, "sequence": sequence, "message": message}}).to_string()
        });
        {
            let mut done = lock(&done);
            done.saw.extend(lines);
            done.texts.extend(messages.iter().map(|(text, _, _)| text.clone()));
        }
        let pause = PAUSE * u32::try_from(burst).expect("a small number");
        tokio::time::sleep(pause).await;
    }
}

/// The provider's id of a message in the payload.
fn known_as(channel: &str, id: &str) -> String {
    match channel {
        "whatsapp" => format!("wamid.{id}"),
        "sms" => format!("SM{id}"),
        _ => id.to_owned(),
    }
}

/// The same customers on whatsapp and by SMS.
fn payload(channel: &'static str, customer: u64, id: &str, text: &str) -> Payload {
    let phone = 4_915_112_000_000 + customer;
    match channel {
        "whatsapp" => whatsapp(&phone.to_string(), id, text),
        "sms" => sms(&phone.to_string(), id, text),
        _ => chat(&format!("visitor-{customer}"), id, text),
    }
}
