//! A webhook that comes again when its hour has left the memory: through ingest, the shard, its hourly files and its log.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use skein::clock::{SystemTimeSource, TimeSource, wall_ms};
use skein::domain::id::Name;
use skein::domain::record::Change;
use skein::log::hours::{Hour, HourFolder, HourKeeper, Hours, Reached};
use skein::nats::{Nats, stream_state};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::ingest::{IN, Process, Stored, begin, records, world};
use crate::world::{eventually, publish};

const HOUR_MS: i64 = 3_600_000;
const SUBJECT: &str = "skein.in.acme.whatsapp.wa1";

/// A clock that is put on.
#[derive(Debug)]
struct Later(SystemTimeSource, AtomicI64);

impl TimeSource for Later {
    fn wall_ms(&self) -> i64 {
        self.0.wall_ms() + self.1.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> i64 {
        self.0.monotonic_ms() + self.1.load(Ordering::SeqCst)
    }
}

/// A shard with its files, whose clock is put on.
struct Aged {
    process: Process,
    hours: Hours,
    clock: Arc<Later>,
    reached: watch::Sender<Reached>,
    _keeper: AbortOnDropHandle<()>,
}

impl Aged {
    async fn begin(nats: &Nats, stored: &Stored, folder: &Path, clock: Arc<Later>) -> Self {
        let hours = Hours::default();
        let process = begin(nats, stored, Some(hours.clone()), Arc::clone(&clock) as Arc<dyn TimeSource>).await;
        let (reached, receiver) = watch::channel(Reached::default());
        let keeper = HourKeeper {
            log: Arc::new(stored.log.clone()),
            folder: HourFolder::new(folder, Name::new("test")),
            hours: hours.clone(),
            reached: receiver,
        };
        Self { process, hours, clock, reached, _keeper: AbortOnDropHandle::new(tokio::spawn(keeper.run())) }
    }

    /// So many times so many hours later; somebody else writes each time, and the hours that are over leave the memory.
    async fn pass(&self, nats: &Nats, times: usize, hours: i64) {
        for _ in 0..times {
            self.clock.1.fetch_add(hours * HOUR_MS, Ordering::SeqCst);
            let reached = self.another(nats).await;
            self.reached.send_replace(reached);
            self.hours.reach(Hour::of(reached.time).begin()).await;
        }
        // With the next record the state forgets what is in a file.
        self.another(nats).await;
    }

    /// Somebody else writes.
    async fn another(&self, nats: &Nats) -> Reached {
        let now = self.clock.wall_ms();
        let other = said("4915187654321", &format!("wamid.{now}"), now);
        publish(nats.control(), SUBJECT, "whatsapp-cloud", &other).await;
        self.applied(nats).await;
        let (head, time) = self.look(|state| (state.head(), state.time())).await;
        Reached { head, time }
    }

    async fn look<T: Send + 'static>(&self, look: impl FnOnce(&skein::domain::State) -> T + Send + 'static) -> T {
        self.process.ends.handle.query(look).await.expect("the shard runs")
    }

    /// Waits until the IN stream is applied to its end.
    async fn applied(&self, nats: &Nats) {
        eventually("all is applied", async || {
            let last = stream_state(nats.control(), IN).await.ok()?.last_sequence;
            let applied = self.look(|state| state.stream(IN).map(|bound| bound.position.sequence)).await;
            (applied == Some(last)).then_some(())
        })
        .await;
    }
}

fn said(from: &str, id: &str, at_ms: i64) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"2"}},"messages":[{{"from":"{from}","id":"{id}","timestamp":"{}","type":"text","text":{{"body":"hello"}}}}]}}}}]}}]}}"#,
        at_ms / 1_000
    )
}

/// Messages that are stored.
async fn messages(stored: &Stored) -> usize {
    let changes = records(stored).await.into_iter().flat_map(|record| record.changes);
    changes.filter(|change| matches!(change, Change::MessageStored(_))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_comes_again_hours_later_is_told_by_the_files_also_after_a_restart() {
    let (_server, nats) = world().await;
    let (stored, folder) = (Stored::new(), tempfile::TempDir::new().expect("a folder"));
    // Ten minutes past an hour, so that none ends while the test runs.
    let now = wall_ms();
    let past_the_hour = (HOUR_MS / 6 - now).rem_euclid(HOUR_MS);
    let clock = Arc::new(Later(SystemTimeSource::new(), AtomicI64::new(past_the_hour)));
    let mut aged = Aged::begin(&nats, &stored, folder.path(), Arc::clone(&clock)).await;
    // By ingest's clock, which nobody puts on, the one is new and the other old: of the one the shard has to ask, of the other ingest has.
    let both = [said("4915112345678", "wamid.1", now), said("4915112345678", "wamid.2", now - 2 * HOUR_MS)];
    let forgotten = async |aged: &Aged| {
        let since = aged.look(skein::domain::State::remembers_since).await;
        assert!(since.0 > now + past_the_hour + HOUR_MS / 2, "both are in the files alone");
    };
    let say = async |expected: usize, aged: &Aged| {
        let before = messages(&stored).await;
        for body in &both {
            publish(nats.control(), SUBJECT, "whatsapp-cloud", body).await;
        }
        aged.applied(&nats).await;
        assert_eq!(messages(&stored).await, before + expected);
    };
    say(2, &aged).await;
    say(0, &aged).await;
    aged.pass(&nats, 3, 1).await;
    forgotten(&aged).await;
    say(0, &aged).await;
    // A process that begins anew has the whole log in memory, until the files are asked again.
    drop(aged);
    aged = Aged::begin(&nats, &stored, folder.path(), Arc::clone(&clock)).await;
    say(0, &aged).await;
    aged.pass(&nats, 27, 7).await;
    forgotten(&aged).await;
    // 8 days but for less than an hour.
    say(0, &aged).await;
    aged.pass(&nats, 1, 2).await;
    say(2, &aged).await;
}
