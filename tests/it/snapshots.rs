//! The daemon begins with a snapshot of its own: under load nothing is lost, doubled, or taken from its owner, and what is damaged is
//! passed over.

use std::fs;
use std::path::PathBuf;

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
    bed.set("[snapshots]\nfolder = \"snapshots\"\ninterval = \"1s\"\nkeep = 3\n");
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
async fn a_log_that_ends_before_a_snapshot_is_not_owned() {
    let bed = Bed::new(true).await;
    bed.set("[snapshots]\nfolder = \"snapshots\"\ninterval = \"1s\"\nkeep = 2\n");
    let mut daemon = bed.daemon().await;
    written(&daemon).await;
    daemon.kill9();
    // A snapshot of the far future: this log was never so long.
    let newest = standing(&bed).into_iter().next().expect("a snapshot stands");
    let manifest = newest.join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("read the manifest");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for number in ["index", "sequence"] {
        value["tip"][number] = (value["tip"][number].as_u64().expect("a number") + 1_000_000).into();
    }
    fs::write(&manifest, value.to_string()).expect("write the manifest");
    let mut daemon = bed.launch().await;
    assert!(!daemon.ended().await.success());
    assert!(daemon.said("the log cannot be trusted: an operator has to decide"), "{}", daemon.log());
}
