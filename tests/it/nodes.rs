//! Several nodes serve one shard: one owns it, the others stand by.

use std::time::Duration;

use rustix::process::Signal;
use skein::proto::admin::GetConfigRequest;
use skein::proto::admin::admin_service_client::AdminServiceClient;
use tonic::Request;

use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::traffic::Traffic;

async fn under_load(traffic: &Traffic) {
    let before = traffic.acknowledged();
    eventually("messages go on", async || (traffic.acknowledged() > before + 100).then_some(())).await;
}

async fn owns(daemon: &Daemon) {
    eventually("the node owns the shard", async || daemon.said("shard taken over").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_by_takes_over_from_an_owner_that_is_killed_and_nothing_is_lost_doubled_or_requeued() {
    let bed = Bed::new(true).await;
    let mut traffic = Traffic::start(&bed, 11).await;
    let mut owner = bed.node("a").await;
    for next in ["b", "a", "b"] {
        traffic.serve_from(Some(&owner));
        let standby = bed.node(next).await;
        assert!(standby.said("standing by: another node owns the shard") && !standby.said("shard taken over"));
        under_load(&traffic).await;
        owner.kill9();
        traffic.serve_from(Some(&standby));
        owns(&standby).await;
        under_load(&traffic).await;
        owner = standby;
    }
    traffic.stop().await;
    traffic.prove(&bed, &owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_ends_gives_the_shard_to_whoever_stands_by_without_a_lease_that_has_to_lapse() {
    let bed = Bed::new(true).await;
    let mut traffic = Traffic::start(&bed, 12).await;
    let mut owner = bed.patient_node("a", Duration::from_secs(30)).await;
    for next in ["b", "a"] {
        traffic.serve_from(Some(&owner));
        let standby = bed.patient_node(next, Duration::from_secs(30)).await;
        under_load(&traffic).await;
        owner.signal(Signal::TERM);
        assert_eq!(owner.ended().await.code(), Some(0), "{}", owner.log());
        traffic.serve_from(Some(&standby));
        let taken = tokio::time::timeout(Duration::from_secs(20), owns(&standby)).await;
        taken.expect("long before the lease lapses");
        under_load(&traffic).await;
        owner = standby;
    }
    traffic.stop().await;
    traffic.prove(&bed, &owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_workspace_file_says_by_then_is_what_the_next_owner_begins_with() {
    let bed = Bed::new(false).await;
    let mut owner = bed.node("a").await;
    let standby = bed.node("b").await;
    // A file that the owner does not read any more.
    owner.signal(Signal::STOP);
    bed.add_to_workspace("[[queue]]\nname = \"late\"\n");
    let read = "workspace file read again: it counts when this node owns the shard";
    eventually("the file is read", async || standby.said(read).then_some(())).await;
    owner.kill9();
    owns(&standby).await;
    let mut admin = AdminServiceClient::new(standby.channel().await);
    let mut asked = Request::new(GetConfigRequest { workspace: WORKSPACE.to_owned() });
    asked.metadata_mut().insert("skein-operator", "olga".parse().expect("a name"));
    let config = admin.get_config(asked).await.expect("the configuration").into_inner().canonical;
    assert!(config.contains("late"), "{config}");
}
