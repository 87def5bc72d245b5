//! Who comes back is told from the log what the session before was told already.

use skein::proto::agent as p;
use skein::proto::agent::session_request::Request as Frame;

use crate::CUSTOMER;
use crate::harness::{Server, Session, server, until};

/// A session of ana's that was told some messages and has gone; and how to go on as if nothing of it had arrived.
async fn told_and_gone(server: &Server, texts: &[&str]) -> p::Hello {
    let mut ana = server.ready("ana").await;
    let resume_after = ana.welcome.snapshot.as_ref().and_then(|snapshot| snapshot.position);
    let resume_session_epoch = ana.welcome.session_epoch;
    server.memory.say_text(CUSTOMER, "0");
    ana.accept().await;
    for text in texts {
        server.memory.say_text(CUSTOMER, text);
    }
    assert_eq!(heard(&mut ana, texts.len()).await, texts);
    drop(ana);
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    p::Hello { resume_session_epoch, resume_after, ..Default::default() }
}

async fn heard(session: &mut Session, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let text = session.event(|event| match event {
            p::event::Event::Message(message) => message.content.as_ref().map(|content| content.text.clone()),
            _ => None,
        });
        heard.push(text.await);
    }
    heard
}

#[tokio::test]
async fn what_is_told_again_waits_for_a_log_that_does_not_answer() {
    let server = server().await;
    let hello = told_and_gone(&server, &["1", "2"]).await;
    server.memory.deafen(true);
    let before = server.memory.reads();
    let mut ana = server.open("ana", hello).await.expect("resumed");
    assert!(ana.welcome.resumed);
    server.memory.say_text(CUSTOMER, "3");
    until("the log was asked twice", || server.memory.reads() > before + 1).await;
    server.memory.deafen(false);
    assert_eq!(heard(&mut ana, 3).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn a_resume_for_which_the_log_has_too_little_begins_with_a_snapshot() {
    let server = server().await;
    let hello = told_and_gone(&server, &["1", "2"]).await;
    server.memory.lose_all_before_now();
    let mut ana = server.open("ana", hello).await.expect("opened");
    assert!(ana.welcome.resumed, "nobody knows yet");
    while ana.next().await.expect("it ends without a word").is_some() {}
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    let ana = server.open("ana", hello).await.expect("opened");
    assert!(!ana.welcome.resumed);
    assert_eq!(ana.welcome.snapshot.expect("a snapshot").works.len(), 1);
}

/// A session of ana's that waits for a log without an answer: it is to be told something again.
async fn waits_for_the_log(server: &Server) -> Session {
    let hello = told_and_gone(server, &["1"]).await;
    server.memory.deafen(true);
    let before = server.memory.reads();
    let ana = server.open("ana", hello).await.expect("resumed");
    until("the log was asked", || server.memory.reads() > before).await;
    ana
}

#[tokio::test]
async fn commands_have_their_results_while_the_log_is_asked_for_what_was_missed() {
    let server = server().await;
    let mut ana = waits_for_the_log(&server).await;
    let away =
        p::SetPresenceRequest { request_id: "a".to_owned(), presence: p::Presence::Away.into(), ..Default::default() };
    ana.command(Frame::SetPresence(away)).await.expect("done");
    assert!(ana.events.is_empty(), "what was missed comes first");
    server.memory.deafen(false);
    assert_eq!(heard(&mut ana, 1).await, ["1"]);
}

#[tokio::test]
async fn a_session_that_waits_for_the_log_can_be_taken_over() {
    let server = server().await;
    let mut ana = waits_for_the_log(&server).await;
    let hello = p::Hello { takeover: true, ..p::Hello::default() };
    let _second = server.open("ana", hello).await.expect("taken over");
    assert_eq!(ana.end().await, p::SessionEndReason::Taken);
    assert_eq!(ana.next().await.expect("a clean end"), None);
}

#[tokio::test]
async fn a_session_that_waits_for_the_log_ends_when_the_server_does() {
    let server = server().await;
    let mut ana = waits_for_the_log(&server).await;
    server.shutdown.cancel();
    assert_eq!(ana.end().await, p::SessionEndReason::Draining);
}
