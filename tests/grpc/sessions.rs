//! Several sessions of one agent: which of them works, who may look on, and what becomes of one that is too slow or too many.

use std::time::Duration;

use skein::agents::ServeOptions;
use skein::agents::feed::FeedLimits;
use skein::proto::agent as p;
use skein::proto::agent::session_request::Request as Frame;
use tonic::Code;

use crate::harness::{SOON, answer_to, server, server_with};
use crate::{CUSTOMER, fact, reason};

#[tokio::test]
async fn a_takeover_ends_the_other_session_and_only_that() {
    let server = server().await;
    let mut first = server.ready("ana").await;
    let status = server.open("ana", p::Hello::default()).await.err().expect("ana is connected");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "ALREADY_CONNECTED"));
    let hello = p::Hello { takeover: true, ..p::Hello::default() };
    let mut second = server.open("ana", hello).await.expect("taken over");
    assert_eq!(first.end().await, p::SessionEndReason::Taken);
    assert_eq!(first.next().await.expect("a clean end"), None);
    server.memory.say_text(CUSTOMER, "hello");
    second.accept().await;
    assert!(server.memory.view("ana").is_some_and(|agent| agent.connected), "the loser took nothing with it");
    // Nor does it take anything back: only a person does, and with a word for it.
    let resume_session_epoch = first.welcome.session_epoch;
    let back = p::Hello { resume_session_epoch, ..p::Hello::default() };
    let status = server.open("ana", back).await.err().expect("ana is connected elsewhere");
    assert_eq!(reason(&status), "ALREADY_CONNECTED");
    assert!(server.memory.view("ana").is_some_and(|agent| agent.connected), "and the winner stays");
}

#[tokio::test]
async fn quotas_name_the_limit_that_was_reached() {
    let options = ServeOptions { max_sessions: 2, max_sessions_per_agent: 1, ..ServeOptions::default() };
    let server = server_with(options, FeedLimits::default()).await;
    let _ana = server.open("ana", p::Hello::default()).await.expect("the first");
    let hello = p::Hello { takeover: true, ..p::Hello::default() };
    let status = server.open("ana", hello).await.err().expect("one of ana's");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(fact(&status, "limit").as_deref(), Some("max_sessions_per_agent"));
    let _ben = server.open("ben", p::Hello::default()).await.expect("the second");
    let status = server.open("cleo", p::Hello::default()).await.err().expect("two in all");
    assert_eq!(fact(&status, "limit").as_deref(), Some("max_sessions"));
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_ended_and_others_are_not() {
    let limits = FeedLimits { backlog_positions: 16, full_for: Duration::from_millis(100), ..FeedLimits::default() };
    let server = server_with(ServeOptions::default(), limits).await;
    let mut ben = server.ready("ben").await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    // Longer idle first: both wait; whoever gets it is the one that stops reading.
    let (mut lazy, name, mut other) = tokio::select! {
        _ = ana.accept() => (ana, "ana", ben),
        _ = ben.accept() => (ben, "ben", ana),
    };
    let large = "x".repeat(30_000);
    let mut said = 0;
    let over = tokio::time::timeout(SOON, async {
        while server.memory.view(name).is_some_and(|agent| agent.session_epoch.is_some()) {
            server.memory.say_text(CUSTOMER, &large);
            said += 1;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    over.await.expect("the session is ended in time");
    let mut ended = None;
    let status = loop {
        match lazy.next().await {
            Ok(Some(p::session_response::Response::Events(events))) => {
                for event in events.events {
                    if let Some(p::event::Event::SessionEnded(end)) = event.event {
                        ended = Some(end.reason());
                    }
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => panic!("ended without its reason after {said} messages"),
            Err(status) => break status,
        }
    };
    assert_eq!((ended, reason(&status).as_str()), (Some(p::SessionEndReason::SlowReader), "SLOW_READER"));
    let away = p::SetPresenceRequest { presence: p::Presence::Away.into(), ..Default::default() };
    other.command(Frame::SetPresence(away)).await.expect("the other session goes on");
}

fn looks_on() -> p::Hello {
    p::Hello { read_only: true, ..p::Hello::default() }
}

#[tokio::test]
async fn a_session_that_looks_on_is_told_the_same_and_does_nothing() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    let mut second = server.open("ana", looks_on()).await.expect("she may look on");
    assert_eq!((second.welcome.session_epoch, second.welcome.resumed), (0, false));
    assert!(second.welcome.snapshot.as_ref().is_some_and(|snapshot| snapshot.works.is_empty()));
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    assert_eq!(second.offer().await.work.expect("an offer shows its Work").work_id, work.work_id);
    let error = second.command(Frame::SendMessage(answer_to(&work, "1", "hi"))).await.expect_err("it only looks on");
    assert_eq!(error.reason, "READ_ONLY");
    let away = p::SetPresenceRequest { presence: p::Presence::Away.into(), ..Default::default() };
    assert_eq!(second.command(Frame::SetPresence(away)).await.expect_err("it only looks on").reason, "READ_ONLY");
    ana.command(Frame::SendMessage(answer_to(&work, "1", "hi"))).await.expect("hers");
    drop(second);
    // Nobody is lost with it, and a session that works takes nothing from it.
    let mut third = server.open("ana", looks_on()).await.expect("she may look on");
    let takeover = p::Hello { takeover: true, ..p::Hello::default() };
    let _newer = server.open("ana", takeover).await.expect("taken over");
    assert_eq!(ana.end().await, p::SessionEndReason::Taken);
    server.memory.say_text(CUSTOMER, "and then?");
    let words = third.event(|event| match event {
        p::event::Event::Message(message) => message.content.as_ref().map(|content| content.text.clone()),
        _ => None,
    });
    assert_eq!(words.await, "and then?");
    let agent = server.memory.view("ana").expect("known");
    assert!(agent.connected && agent.works.len() == 1);
}

#[tokio::test]
async fn no_more_than_three_look_on_and_none_takes_the_place_of_one_that_works() {
    let options = ServeOptions { max_sessions_per_agent: 2, ..ServeOptions::default() };
    let server = server_with(options, FeedLimits::default()).await;
    let status = server.open("ana", looks_on()).await.err().expect("nobody knows ana yet");
    assert_eq!(reason(&status), "UNKNOWN_AGENT");
    let _ana = server.ready("ana").await;
    let mut looking = Vec::new();
    for _ in 0..3 {
        looking.push(server.open("ana", looks_on()).await.expect("three may"));
    }
    let status = server.open("ana", looks_on()).await.err().expect("a fourth");
    assert_eq!(fact(&status, "limit").as_deref(), Some("max_read_only_sessions"));
    let status = server.open("ana", p::Hello { takeover: true, ..looks_on() }).await.err().expect("nothing to take");
    assert_eq!((status.code(), fact(&status, "field").as_deref()), (Code::InvalidArgument, Some("hello.takeover")));
    // The room for one that works is not theirs.
    server.open("ana", p::Hello { takeover: true, ..p::Hello::default() }).await.expect("taken over");
}
