//! The daemon begins with a snapshot of its own: under load nothing is lost, doubled, or taken from its owner, and what is damaged is
//! passed over.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use skein::nats::Objects;
use skein::nats::streams::SNAPSHOTS_BUCKET;

use crate::bed::{Bed, eventually};
use crate::daemon::Daemon;
use crate::traffic::Traffic;

/// Kills of the daemon, each after a snapshot.
const KILLS: usize = 4;

/// Folders of the snapshots that stand, the newest first.
fn standing(bed: &Bed) -> Vec<PathBuf> {
    let shards = fs::read_dir(bed.folder.path().join("snapshots")).into_iter().flatten();
    let folders = shards.flatten().flat_map(|shard| fs::read_dir(shard.path()).into_iter().flatten()).flatten();
    let mut found: Vec<PathBuf> =
        folders.map(|folder| folder.path()).filter(|folder| folder.join("manifest.json").exists()).collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found
}

async fn written(daemon: &Daemon) {
    eventually("a snapshot is written", async || daemon.said("snapshot written").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_is_killed_goes_on_from_its_snapshot_and_loses_and_doubles_nothing() {
    let bed = Bed::new(true).await;
    bed.set("[snapshots]\nfolder = \"snapshots\"\ninterval = \"1s\"\nkeep = 3\nstore = false\n");
    let mut daemon = bed.daemon().await;
    assert!(daemon.said("no snapshot: the whole log is folded"));
    let mut traffic = Traffic::start(&bed, 11).await;
    for _ in 0..KILLS {
        traffic.serve_from(Some(&daemon));
        written(&daemon).await;
        daemon.kill9();
        traffic.serve_from(None);
        daemon = bed.daemon().await;
        assert!(daemon.said("snapshot read"), "{}", daemon.log());
    }
    // The newest is damaged: the one before it is used.
    traffic.serve_from(Some(&daemon));
    written(&daemon).await;
    daemon.kill9();
    traffic.serve_from(None);
    let newest = standing(&bed).into_iter().next().expect("a snapshot stands");
    let part = newest.join("part-00000");
    let mut bytes = fs::read(&part).expect("read the part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).expect("damage the part");
    daemon = bed.daemon().await;
    let warned = daemon.lines_of("WARN");
    assert!(warned.iter().any(|line| line.starts_with("snapshot not used")), "{warned:?}");
    assert!(daemon.said("snapshot read"), "the one before it");
    // All are lost with the disk: the log has everything.
    traffic.serve_from(Some(&daemon));
    written(&daemon).await;
    assert!(standing(&bed).len() <= 3, "no more than are to be kept");
    daemon.kill9();
    traffic.serve_from(None);
    fs::remove_dir_all(bed.folder.path().join("snapshots")).expect("lose the snapshots");
    daemon = bed.daemon().await;
    assert!(daemon.said("no snapshot: the whole log is folded"));
    traffic.serve_from(Some(&daemon));
    traffic.stop().await;
    traffic.prove(&bed, &daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_whose_disk_is_lost_goes_on_from_the_copy_in_the_store() {
    let bed = Bed::new(true).await;
    bed.set("[snapshots]\nfolder = \"snapshots\"\ninterval = \"1s\"\nkeep = 2\n");
    let mut daemon = bed.daemon().await;
    let mut traffic = Traffic::start(&bed, 12).await;
    traffic.serve_from(Some(&daemon));
    let copied = async |daemon: &Daemon, times: usize| {
        let lines =
            || daemon.lines_of("INFO").into_iter().filter(|line| line == "snapshot copied to the store").count();
        eventually("a snapshot is copied", async || (lines() >= times).then_some(())).await;
    };
    // The third takes the place of the first.
    copied(&daemon, 3).await;
    daemon.kill9();
    traffic.serve_from(None);
    fs::remove_dir_all(bed.folder.path().join("snapshots")).expect("lose the disk");
    daemon = bed.daemon().await;
    assert!(daemon.said("snapshot fetched from the store") && daemon.said("snapshot read"), "{}", daemon.log());
    // What is damaged on the disk is fetched anew.
    traffic.serve_from(Some(&daemon));
    copied(&daemon, 1).await;
    daemon.kill9();
    traffic.serve_from(None);
    for folder in standing(&bed) {
        fs::write(folder.join("part-00000"), b"nothing").expect("damage the part");
    }
    daemon = bed.daemon().await;
    assert!(daemon.said("snapshot fetched from the store") && daemon.said("snapshot read"), "{}", daemon.log());
    traffic.serve_from(Some(&daemon));
    traffic.stop().await;
    traffic.prove(&bed, &daemon).await;
    let client = bed.connect().await;
    let objects = Objects::open(&client, SNAPSHOTS_BUCKET).await.expect("the bucket");
    let names = objects.names().await.expect("listed");
    let kept: std::collections::BTreeSet<&str> = names.iter().filter_map(|name| name.split('/').nth(1)).collect();
    assert!((2..=4).contains(&kept.len()), "the list, two that are kept, one under way: {names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_by_writes_its_own_and_goes_on_from_them_as_the_owner() {
    let bed = Bed::new(true).await;
    let lease = Duration::from_secs(2);
    let of = |node| format!("[snapshots]\nfolder = \"of-{node}\"\ninterval = \"1s\"\nkeep = 2\nstore = false\n");
    let mut traffic = Traffic::start(&bed, 14).await;
    let mut owner = bed.node_with("a", lease, "").await;
    for next in ["b", "c"] {
        traffic.serve_from(Some(&owner));
        let mut standby = bed.node_with(next, lease, &of(next)).await;
        written(&standby).await;
        assert!(!standby.said("shard taken over"));
        standby.kill9();
        standby = bed.node_with(next, lease, &of(next)).await;
        assert!(standby.said("snapshot read"), "{}", standby.log());
        written(&standby).await;
        owner.kill9();
        traffic.serve_from(Some(&standby));
        eventually("it owns the shard", async || standby.said("shard taken over").then_some(())).await;
        owner = standby;
    }
    traffic.stop().await;
    traffic.prove(&bed, &owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_ends_before_a_snapshot_is_not_owned() {
    let bed = Bed::new(true).await;
    bed.set("[snapshots]\nfolder = \"snapshots\"\ninterval = \"1s\"\nkeep = 2\nstore = false\n");
    let mut daemon = bed.daemon().await;
    written(&daemon).await;
    daemon.kill9();
    // It ends a thousand entries behind the log: it cannot be used, and says how long the log was.
    let newest = standing(&bed).into_iter().next().expect("a snapshot stands");
    let manifest = newest.join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("read the manifest");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    value["head"] = (value["head"].as_u64().expect("a number") + 16_000).into();
    fs::write(&manifest, value.to_string()).expect("write the manifest");
    let mut daemon = bed.launch().await;
    assert!(!daemon.ended().await.success());
    assert!(daemon.said("the log was truncated or replaced: an operator has to decide"), "{}", daemon.log());
}
