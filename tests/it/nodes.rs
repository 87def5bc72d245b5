//! Several nodes serve one shard: one owns it, the others stand by.

use std::time::Duration;

use rustix::process::Signal;
use skein::proto::admin::admin_service_client::AdminServiceClient;
use skein::proto::admin::{DrainRequest, GetConfigRequest, ListAgentsRequest};
use skein::proto::agent::Hello;
use tonic::{Code, Request};

use crate::agent::Session;
use crate::bed::{Bed, PATIENCE, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::traffic::Traffic;

fn by_operator<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("skein-operator", "olga".parse().expect("a name"));
    request
}

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
    let asked = by_operator(GetConfigRequest { workspace: WORKSPACE.to_owned() });
    let config = admin.get_config(asked).await.expect("the configuration").into_inner().canonical;
    assert!(config.contains("late"), "{config}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_work_through_a_node_that_stands_by_and_lose_nothing_with_the_owner_or_with_that_node() {
    let bed = Bed::new(true).await;
    let mut traffic = Traffic::start(&bed, 13).await;
    let mut owner = bed.node("a").await;
    let mut other = bed.node("b").await;
    traffic.serve_from(Some(&other));
    under_load(&traffic).await;
    assert!(!other.said("shard taken over"), "their calls were carried to the owner");
    // The node that carries their calls: they go on at another.
    other.kill9();
    let mut third = bed.node("c").await;
    traffic.serve_from(Some(&third));
    under_load(&traffic).await;
    // The same in order: every session is told.
    third.signal(Signal::TERM);
    assert_eq!(third.ended().await.code(), Some(0), "{}", third.log());
    let next = bed.node("d").await;
    traffic.serve_from(Some(&next));
    under_load(&traffic).await;
    // The owner: calls wait until this node owns the shard.
    owner.kill9();
    owns(&next).await;
    under_load(&traffic).await;
    traffic.stop().await;
    traffic.prove(&bed, &next).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_stood_still_for_longer_than_its_lease_answers_nothing_from_the_state_it_had() {
    let bed = Bed::new(false).await;
    let old = bed.node("a").await;
    let standby = bed.node("b").await;
    let asked = || by_operator(ListAgentsRequest { workspace: WORKSPACE.to_owned(), ..Default::default() });
    let mut admin = AdminServiceClient::new(old.channel().await);
    assert!(admin.list_agents(asked()).await.expect("nobody yet").into_inner().agents.is_empty());
    old.signal(Signal::STOP);
    owns(&standby).await;
    let _session = eventually("bert is there", async || {
        Session::open(standby.channel().await, "bert", Hello::default()).await.ok()
    })
    .await;
    // The question is there before the process goes on.
    let asking = eventually("it is answered", async || match admin.list_agents(asked()).await {
        Ok(answer) => Some(answer.into_inner().agents.len()),
        Err(refused) => {
            assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
            None
        }
    });
    let (agents, ()) = tokio::join!(asking, async { old.signal(Signal::CONT) });
    assert_eq!(agents, 1, "bert is known, or there is no answer");
    eventually("it stands by", async || old.said("standing by: another node owns the shard").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_by_is_drained_by_itself_and_all_else_is_asked_of_the_owner() {
    let bed = Bed::new(false).await;
    let owner = bed.node("a").await;
    let standby = bed.node("b").await;
    let mut session = Session::open(standby.channel().await, "bert", Hello::default()).await.expect("a session");
    let mut admin = AdminServiceClient::new(standby.channel().await);
    let drain = DrainRequest { workspace: WORKSPACE.to_owned(), end: false };
    assert!(admin.drain(by_operator(drain)).await.expect("drained").into_inner().changed);
    let ended = tokio::time::timeout(PATIENCE, async {
        loop {
            match session.next().await {
                Ok(Some(_)) => {}
                other => break other,
            }
        }
    });
    let ended = ended.await.expect("the session ends").expect_err("with a status");
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    let refused = Session::open(standby.channel().await, "bert", Hello::default()).await.err().expect("drained");
    assert_eq!(refused.code(), Code::Unavailable);
    Session::open(owner.channel().await, "carl", Hello::default()).await.expect("the owner takes sessions");
    let asked = by_operator(ListAgentsRequest { workspace: WORKSPACE.to_owned(), ..Default::default() });
    assert_eq!(admin.list_agents(asked).await.expect("carried to the owner").into_inner().agents.len(), 2);

    // The other way round: sessions that reach the owner by another node stay.
    let drained = |end| by_operator(DrainRequest { workspace: WORKSPACE.to_owned(), end });
    assert!(admin.drain(drained(true)).await.expect("no longer drained").into_inner().changed);
    let mut of_the_owner = AdminServiceClient::new(owner.channel().await);
    assert!(of_the_owner.drain(drained(false)).await.expect("drained").into_inner().changed);
    let refused = Session::open(owner.channel().await, "dora", Hello::default()).await.err().expect("drained");
    assert_eq!(refused.code(), Code::Unavailable);
    Session::open(standby.channel().await, "dora", Hello::default()).await.expect("by the other node");
}
