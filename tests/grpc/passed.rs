//! Works are given back, moved and passed on over the wire: the unary calls, the commands of a session, and what agents are told.

#[path = "overseen.rs"]
mod overseen;

use skein::proto::agent as p;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;

use super::harness::{named, server};
use super::{CUSTOMER, fact, reason};

fn requeue(work: &p::Work, request_id: &str) -> p::RequeueWorkRequest {
    p::RequeueWorkRequest {
        request_id: request_id.to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_work_is_given_back_to_a_colleague_who_is_told_who_owns_it_by_a_stale_command() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut bob = server.ready("bob").await;
    let mut works = WorkServiceClient::new(server.channel().await);
    let first = works.requeue_work(named("ana", requeue(&work, "r1"))).await.expect("given back").into_inner();
    let again = works.requeue_work(named("ana", requeue(&work, "r1"))).await.expect("a repeat").into_inner();
    assert_eq!(first, again);
    let gone = ana
        .event(|event| match event {
            p::event::Event::Unassigned(gone) => Some(gone.clone()),
            _ => None,
        })
        .await;
    assert_eq!((gone.work_id.as_str(), gone.reason()), (work.work_id.as_str(), p::UnassignReason::Requeued));
    let bobs = bob.accept().await;
    assert_eq!((&bobs.work_id, bobs.waiting_since), (&work.work_id, work.waiting_since));
    let refused = works.requeue_work(named("ana", requeue(&work, "r2"))).await.expect_err("it is bob's");
    assert_eq!((reason(&refused).as_str(), fact(&refused, "owner").as_deref()), ("NOT_OWNER", Some("bob")));
    let answer = bob.command(Frame::RequeueWork(requeue(&bobs, "r3"))).await.expect("given back");
    assert!(matches!(answer, Outcome::RequeueWork(_)), "{answer:?}");
}

#[tokio::test]
async fn a_move_to_a_queue_that_is_not_there_is_refused() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let (work_id, assignment_id) = (work.work_id, work.assignment_id);
    let request = p::MoveWorkRequest { work_id, assignment_id, queue: "nowhere".to_owned(), ..Default::default() };
    let refused = ana.command(Frame::MoveWork(request)).await.expect_err("there is none of that name");
    assert_eq!(refused.reason, "INVALID");
}

#[tokio::test]
async fn a_parked_work_is_shown_with_what_it_waits_for_and_wakes_by_a_word_of_the_customers() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let until = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    let park = p::ParkWorkRequest {
        request_id: "p1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        until,
        ..Default::default()
    };
    let refused = ana.command(Frame::ParkWork(park.clone())).await.expect_err("beyond a year");
    assert_eq!(refused.reason, "INVALID");
    // The core of these tests begins at 1,800,000,000.
    let until = Some(prost_types::Timestamp { seconds: 1_800_003_600, nanos: 0 });
    let request_id = "p2".to_owned();
    let park = p::ParkWorkRequest { until, request_id, wake_on_fact: "contract".to_owned(), ..park };
    ana.command(Frame::ParkWork(park)).await.expect("parked");
    let changed = |event: &p::event::Event| match event {
        p::event::Event::Changed(changed) => Some(changed.clone()),
        _ => None,
    };
    let told = ana.event(changed).await;
    assert_eq!((told.state(), told.parked_until), (p::WorkState::Parked, until));
    let mut works = WorkServiceClient::new(server.channel().await);
    let get = p::GetWorkRequest { work_id: work.work_id.clone() };
    let shown = works.get_work(named("ana", get)).await.expect("it is known").into_inner().work.expect("a Work");
    assert_eq!((shown.state(), shown.parked_until), (p::WorkState::Parked, until));
    assert_eq!((shown.wake_on_fact.as_str(), &shown.assignment_id), ("contract", &work.assignment_id));
    server.memory.say_text(CUSTOMER, "and?");
    let told = ana.event(changed).await;
    assert_eq!((told.state(), told.woken_by()), (p::WorkState::Assigned, p::WakeCause::Message));
    let unpark = p::UnparkWorkRequest {
        request_id: "u1".to_owned(),
        work_id: work.work_id,
        assignment_id: work.assignment_id,
        ..Default::default()
    };
    let refused = works.unpark_work(named("ana", unpark)).await.expect_err("it is awake");
    assert_eq!((reason(&refused).as_str(), fact(&refused, "state").as_deref()), ("WORK_STATE", Some("ASSIGNED")));
}

fn transfer(work: &p::Work, request_id: &str, agent: &str) -> p::TransferWorkRequest {
    p::TransferWorkRequest {
        request_id: request_id.to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: agent.to_owned(),
        note: "Wants a replacement.".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_transfer_shows_its_note_and_ends_with_two_agents_who_know_whose_it_is() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let refused = ana.command(Frame::TransferWork(transfer(&work, "t0", "ana"))).await.expect_err("it is hers");
    assert_eq!((refused.reason.as_str(), refused.metadata["why"].as_str()), ("CANNOT_TAKE", "it owns the work"));
    let mut bob = server.ready("bob").await;
    ana.command(Frame::TransferWork(transfer(&work, "t1", "bob"))).await.expect("passed on");
    let started = ana
        .event(|event| match event {
            p::event::Event::TransferStarted(started) => started.transfer.clone(),
            _ => None,
        })
        .await;
    assert_eq!((started.agent.as_str(), started.queue.as_str()), ("bob", "general"));
    let offer = bob.offer().await;
    assert_eq!((offer.passed_on_by.as_str(), offer.note.as_str()), ("ana", "Wants a replacement."));
    let decline = p::DeclineOfferRequest { offer_id: offer.offer_id, ..Default::default() };
    bob.command(Frame::DeclineOffer(decline)).await.expect("declined");
    let kept = ana
        .event(|event| match event {
            p::event::Event::TransferEnded(ended) => Some(ended.clone()),
            _ => None,
        })
        .await;
    assert_eq!((&kept.work_id, kept.outcome()), (&work.work_id, p::TransferOutcome::Declined));
    let mut works = WorkServiceClient::new(server.channel().await);
    works.transfer_work(named("ana", transfer(&work, "t2", "bob"))).await.expect("passed on again");
    let get = p::GetWorkRequest { work_id: work.work_id.clone() };
    let shown = works.get_work(named("ana", get)).await.expect("it is known").into_inner().work.expect("a Work");
    assert_eq!(shown.transfer.map(|transfer| transfer.agent).as_deref(), Some("bob"));
    let bobs = bob.accept().await;
    let gone = ana
        .event(|event| match event {
            p::event::Event::Unassigned(gone) => Some(gone.clone()),
            _ => None,
        })
        .await;
    assert_eq!((&gone.work_id, gone.reason()), (&work.work_id, p::UnassignReason::Transferred));
    let assigned = bob.assigned().await;
    assert_eq!((assigned.cause(), assigned.note.as_str()), (p::AssignmentCause::Transfer, "Wants a replacement."));
    let late = works.requeue_work(named("ana", requeue(&work, "late"))).await.expect_err("it is bob's");
    assert_eq!((reason(&late).as_str(), fact(&late, "owner").as_deref()), ("NOT_OWNER", Some("bob")));
    let none = p::CancelTransferRequest {
        request_id: "c1".to_owned(),
        work_id: bobs.work_id,
        assignment_id: bobs.assignment_id,
        ..Default::default()
    };
    let refused = works.cancel_transfer(named("bob", none)).await.expect_err("nobody passes it on");
    assert_eq!(reason(&refused), "WORK_STATE");
}

#[tokio::test]
async fn a_claim_gives_the_assignment_and_a_promise_is_shown_with_the_work() {
    let server = server().await;
    let ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut bob = server.open("bob", p::Hello::default()).await.expect("a session");
    let mut works = WorkServiceClient::new(server.channel().await);
    let all = works.list_work(named("bob", p::ListWorkRequest::default())).await.expect("a list").into_inner().works;
    let claim =
        p::ClaimWorkRequest { request_id: "c1".to_owned(), work_id: all[0].work_id.clone(), ..Default::default() };
    let Outcome::ClaimWork(claimed) = bob.command(Frame::ClaimWork(claim.clone())).await.expect("claimed") else {
        panic!("another answer")
    };
    let again = works.claim_work(named("ana", claim)).await.expect_err("it is bob's");
    assert_eq!((reason(&again).as_str(), fact(&again, "owner").as_deref()), ("STALE_ASSIGNMENT", Some("bob")));
    let by = Some(prost_types::Timestamp { seconds: 1_800_003_600, nanos: 0 });
    let promise = p::PromiseRequest {
        request_id: "p1".to_owned(),
        work_id: all[0].work_id.clone(),
        assignment_id: claimed.assignment_id.clone(),
        by,
        ..Default::default()
    };
    bob.command(Frame::Promise(promise)).await.expect("noted");
    let get = p::GetWorkRequest { work_id: all[0].work_id.clone() };
    let shown = works.get_work(named("bob", get)).await.expect("it is known").into_inner().work.expect("a Work");
    assert_eq!((shown.owner.as_str(), shown.promised_by), ("bob", by));
    let extend = p::ExtendWrapUpRequest {
        request_id: "e1".to_owned(),
        work_id: all[0].work_id.clone(),
        assignment_id: claimed.assignment_id,
        ..Default::default()
    };
    let refused = works.extend_wrap_up(named("bob", extend)).await.expect_err("it is not in wrap-up");
    assert_eq!(reason(&refused), "WORK_STATE");
    drop(ana);
}

#[tokio::test]
async fn what_the_customer_went_through_is_shown_with_offers_assignments_and_works_and_limits_transfers() {
    let server = server().await;
    server.memory.configure(|config| {
        (config.effort.transfer_ms, config.effort.cap_ms, config.effort.bounces) = (120_000, 90_000, 1);
    });
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    assert_eq!(work.effort, []);
    let mut bob = server.ready("bob").await;
    let cold = p::TransferWorkRequest { cold: true, ..transfer(&work, "t1", "bob") };
    ana.command(Frame::TransferWork(cold)).await.expect("the first may be cold");
    let offer = bob.offer().await;
    let ledger = vec![p::Effort { kind: p::EffortKind::Transfer.into(), count: 1, seconds: 120.0 }];
    assert_eq!(offer.work.expect("a Work").effort, ledger);
    let accept = p::AcceptOfferRequest { offer_id: offer.offer_id, ..Default::default() };
    bob.command(Frame::AcceptOffer(accept)).await.expect("accepted");
    let bobs = bob.assigned().await.work.expect("a Work");
    assert_eq!(bobs.effort, ledger);
    let again = p::TransferWorkRequest { cold: true, ..transfer(&bobs, "t2", "ana") };
    let refused = bob.command(Frame::TransferWork(again)).await.expect_err("warm only");
    assert_eq!((refused.reason.as_str(), refused.metadata["limit"].as_str()), ("BOUNCE_BUDGET", "1"));
    let mut works = WorkServiceClient::new(server.channel().await);
    let get = p::GetWorkRequest { work_id: bobs.work_id.clone() };
    let shown = works.get_work(named("bob", get)).await.expect("it is known").into_inner().work.expect("a Work");
    assert_eq!(shown.effort, ledger);
    let credits: Vec<(&str, f64)> = shown.credits.iter().map(|credit| (credit.name.as_str(), credit.seconds)).collect();
    assert_eq!(credits, [("effort", 90.0)], "it counts for its cap");
    bob.command(Frame::TransferWork(transfer(&bobs, "t3", "ana"))).await.expect("a warm one");
}
