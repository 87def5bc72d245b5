//! The lease of a shard on a real server: what its owner writes, and what it is told.

use std::time::Duration;

use skein::domain::id::Name;
use skein::log::Tip;
use skein::node::{Granted, Held, Identity, Lease, Leases, Seen, Tenure, Written};
use tokio::time::Instant;

use crate::bed::{PATIENCE, connect};
use crate::support::nats::TestServer;

const LASTS: Duration = Duration::from_secs(3);

async fn leases(server: &TestServer) -> Leases {
    let nats = connect(&server.url()).await;
    Leases::open(nats.control(), &Name::new("t"), 1).await.expect("the bucket")
}

/// Writes the lease over whatever stands there by then.
async fn write(leases: &Leases, me: &Identity, held: Held) -> u64 {
    let lease = Lease::new(me, held, Tip::ORIGIN);
    let writing = async {
        loop {
            let seen = leases.look().await.expect("it answers");
            if let Written::Stands(revision) = leases.write(&lease, seen.revision).await {
                break revision;
            }
        }
    };
    tokio::time::timeout(PATIENCE, writing).await.expect("in time")
}

async fn begin(leases: &Leases, me: &Identity) -> Tenure {
    let since = Instant::now();
    let revision = write(leases, me, Held::Changing).await;
    let granted = Granted { leases: leases.clone(), me: me.clone(), revision, since, lasts: LASTS };
    Tenure::begin(granted, Tip::ORIGIN)
}

/// Looks until the lease is as wanted.
async fn seen(leases: &Leases, wanted: impl Fn(&Seen) -> bool) -> Seen {
    let looking = async {
        loop {
            let seen = leases.look().await.expect("it answers");
            if wanted(&seen) {
                break seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("in time")
}

fn is(held: &Held) -> impl Fn(&Seen) -> bool {
    move |seen| seen.lease.as_ref().is_some_and(|lease| lease.held == *held)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_says_whether_its_owner_serves_and_to_whom_it_is_given() {
    let server = TestServer::start();
    let (leases, me) = (leases(&server).await, Identity::new("north"));
    let tenure = begin(&leases, &me).await;
    let first = seen(&leases, is(&Held::Changing)).await;
    seen(&leases, |seen| seen.revision > first.revision && is(&Held::Changing)(seen)).await;
    tenure.serves(true);
    seen(&leases, is(&Held::Owned)).await;
    tenure.serves(false);
    seen(&leases, is(&Held::Changing)).await;
    let to = Some(Name::new("south"));
    tenure.release(to.clone()).await;
    let given = leases.look().await.expect("it answers");
    assert!(is(&Held::Released { to })(&given), "{given:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_sure_for_as_long_as_its_lease_lasts_from_before_it_was_written() {
    let server = TestServer::start();
    let (leases, me) = (leases(&server).await, Identity::new("north"));
    let began = Instant::now();
    let tenure = begin(&leases, &me).await;
    let mut standing = tenure.standing();
    let first = *standing.borrow_and_update();
    assert!(first.is_sure() && first.sure_until >= began + LASTS && first.sure_until <= Instant::now() + LASTS);
    let later = standing.wait_for(|standing| standing.sure_until > first.sure_until);
    let later = *tokio::time::timeout(PATIENCE, later).await.expect("in time").expect("it is kept");
    assert!(later.sure_until <= Instant::now() + LASTS && later.contests == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_lease_another_writes_doubts_it_and_does_not_write_over_it() {
    let server = TestServer::start();
    let (leases, me, other) = (leases(&server).await, Identity::new("north"), Identity::new("south"));
    let tenure = begin(&leases, &me).await;
    let mut standing = tenure.standing();
    write(&leases, &other, Held::Changing).await;
    let contested = standing.wait_for(|standing| standing.contests == 1);
    let before = tokio::time::timeout(PATIENCE, contested).await.expect("in time").expect("it is kept").sure_until;
    let stands = leases.look().await.expect("it answers");
    assert!(stands.lease.as_ref().is_some_and(|lease| lease.is_of(&other)), "{stands:?}");

    // The other gives it up: it is written again, and the log has to be asked what happened meanwhile.
    write(&leases, &me, Held::Released { to: None }).await;
    let again = standing.wait_for(|standing| standing.contests == 2);
    let again = *tokio::time::timeout(PATIENCE, again).await.expect("in time").expect("it is kept");
    assert!(again.sure_until > before);
}
