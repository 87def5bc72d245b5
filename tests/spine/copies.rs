//! Copies of snapshots in a real object store: a late copy of an owner who was deposed harms nothing of the next one's.

use skein::domain::command::Command;
use skein::domain::id::Name;
use skein::domain::time::Timestamp;
use skein::domain::{State, decide, evolve};
use skein::keys::{JetStreamKeys, KeyBooks, KeyRings, WorkspaceKey};
use skein::log::snapshot::{Copies, Ends, Folder, Manifest};
use skein::log::{LastEntry, Places, Tip};
use skein::nats::{Nats, Objects, streams};
use std::path::Path;
use std::sync::Arc;

use crate::support::nats::TestServer;
use crate::world::connect;

const SHARD: &str = "test";

/// Snapshots of one owner on its disk.
struct Owner {
    folder: Folder,
    copies: Copies,
    keys: KeyRings,
}

impl Owner {
    async fn of(nats: &Nats, disk: &Path, keys: KeyRings) -> Self {
        let objects = Objects::open(nats.control(), streams::SNAPSHOTS_BUCKET).await.expect("the bucket");
        let (folder, copies) = (Folder::new(disk, Name::new(SHARD)), Copies::new(objects, Name::new(SHARD)));
        Self { folder, copies, keys }
    }

    /// A snapshot that ends in the entry.
    fn written(&self, entry: u64) -> Manifest {
        let mut state = State::new(Name::new(SHARD));
        let workspace = Name::new("acme");
        let open = Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [7; 16] };
        let bind = |number: u64| Command::BindStream {
            workspace: workspace.clone(),
            stream: Name::new(format!("IN_{number}")),
            created_ns: 1,
        };
        for command in std::iter::once(open).chain((0..).map(bind)) {
            if state.head().entry() == entry {
                break;
            }
            let record = decide(&state, state.head().next(), command, Timestamp(1)).expect("it is allowed");
            evolve(&mut state, &record.expect("it has an effect"));
        }
        let cut = state.cut();
        let last = LastEntry { tip: Tip::ORIGIN, chain: 0 };
        let manifest = Manifest::new(&cut, last, Places::default(), Ends::new());
        self.folder.write(&cut, b"", manifest, &self.keys).expect("written")
    }

    async fn heads(&self) -> Vec<u64> {
        self.copies.list().await.expect("listed").iter().map(|manifest| manifest.head.entry()).collect()
    }
}

#[tokio::test]
async fn a_late_copy_of_an_owner_who_was_deposed_harms_none_of_the_next_ones() {
    let server = TestServer::start();
    let nats = connect(&server).await;
    for declared in [streams::snapshots(1), streams::keys("acme", 1)] {
        streams::ensure(nats.control(), &declared).await.expect("make a stream");
    }
    let mut books = KeyBooks::default();
    let store = JetStreamKeys::new(nats.control().clone(), Name::new("acme"));
    books.open(Name::new("acme"), WorkspaceKey::random(), Arc::new(store)).await.expect("the keys open");
    books.iter().next().expect("one").provide_own().await.expect("a key of its own");
    let disks = [0, 1].map(|_| tempfile::TempDir::new().expect("a folder"));
    let old = Owner::of(&nats, disks[0].path(), books.rings()).await;
    let new = Owner::of(&nats, disks[1].path(), books.rings()).await;
    for entry in [1, 2] {
        old.copies.put(&old.folder, &old.written(entry), 2).await.expect("copied");
    }
    let late = old.written(3);
    for entry in [4, 5] {
        new.copies.put(&new.folder, &new.written(entry), 2).await.expect("copied");
    }
    assert_eq!(new.heads().await, [5, 4]);
    // One that the new owner has under way, of which there is no manifest yet.
    let objects = Objects::open(nats.control(), streams::SNAPSHOTS_BUCKET).await.expect("the bucket");
    let under_way = format!("{SHARD}/{:020}/part-00000", 6);
    objects.put(&under_way, b"half").await.expect("put");
    old.copies.put(&old.folder, &late, 2).await.expect("copied, for nothing");
    assert_eq!(new.heads().await, [5, 4, 3], "nothing is overwritten or removed that is newer");
    assert!(objects.names().await.expect("listed").contains(&under_way));
    let last = new.written(7);
    new.copies.put(&new.folder, &last, 2).await.expect("copied");
    new.copies.put(&new.folder, &last, 2).await.expect("it is there");
    assert_eq!(new.heads().await, [7, 5], "the late one goes with the next");
    assert!(!objects.names().await.expect("listed").contains(&under_way), "what was never finished, too");
    let elsewhere = tempfile::TempDir::new().expect("a folder");
    let folder = Folder::new(elsewhere.path(), Name::new(SHARD));
    new.copies.fetch(&folder, &last).await.expect("fetched");
    assert_eq!(folder.read(&last, &new.keys).expect("it is whole").0.head(), last.head);
}
