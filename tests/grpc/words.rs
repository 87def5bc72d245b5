//! What the customer said before there was an owner comes with the assignment.

use skein::agents::ServeOptions;
use skein::agents::feed::FeedLimits;
use skein::proto::agent as p;
use skein::proto::agent::session_request::Request as Frame;

use super::CUSTOMER;
use super::harness::{Session, answer_to, server, server_with, until};

fn texts(assigned: &p::WorkAssigned) -> Vec<&str> {
    assigned.messages.iter().map(|message| message.content.as_ref().map_or("", |content| &content.text)).collect()
}

fn close(work: &p::Work, request_id: &str) -> Frame {
    Frame::CloseWork(p::CloseWorkRequest {
        request_id: request_id.to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        disposition: "done".to_owned(),
        ..Default::default()
    })
}

/// Customers' messages that come as such, up to the one with these words.
async fn heard(session: &mut Session, last: &str) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|text| text != last) {
        let said = session.event(|event| match event {
            p::event::Event::Message(message) if message.direction() == p::Direction::In => {
                message.content.as_ref().map(|content| content.text.clone())
            }
            _ => None,
        });
        heard.push(said.await);
    }
    heard
}

#[tokio::test]
async fn what_was_said_before_an_assignment_comes_with_it_and_later_words_come_once() {
    let server = server().await;
    for text in ["one", "two", "three"] {
        server.memory.say_text(CUSTOMER, text);
    }
    let mut ana = server.ready("ana").await;
    ana.accept().await;
    let assigned = ana.assigned().await;
    assert_eq!(texts(&assigned), ["one", "two", "three"]);
    assert!(!assigned.more_messages);
    let work = assigned.work.expect("an assignment has a Work");
    assert!(assigned.messages.iter().all(|message| message.work_id == work.work_id));
    assert_eq!(assigned.messages[2].message_id, work.last_customer_message_id);
    server.memory.say_text(CUSTOMER, "four");
    assert_eq!(heard(&mut ana, "four").await, ["four"]);
}

#[tokio::test]
async fn what_was_answered_or_ended_does_not_come_again() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "answered");
    let work = ana.accept().await;
    assert_eq!(texts(&ana.assigned().await), ["answered"]);
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("sent");
    server.memory.say_text(CUSTOMER, "left without an answer");
    ana.command(close(&work, "c1")).await.expect("closed");
    server.memory.say_text(CUSTOMER, "once more");
    let work = ana.accept().await;
    let again = ana.assigned().await;
    assert_eq!(again.work.as_ref().map(|work| &work.work_id), Some(&work.work_id), "it is the same Work");
    assert_eq!(texts(&again), ["once more"]);
}

#[tokio::test]
async fn words_of_other_works_of_the_customer_stay_with_those() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    let mut ben = server.ready("ben").await;
    server.memory.say_text(CUSTOMER, "of this customer");
    server.memory.say_text("+4915187654321", "of another");
    let (first, second) = tokio::join!(
        async {
            ana.accept().await;
            ana.assigned().await
        },
        async {
            ben.accept().await;
            ben.assigned().await
        }
    );
    let mut all = [texts(&first), texts(&second)];
    all.sort_unstable();
    assert_eq!(all, [["of another"], ["of this customer"]]);
}

#[tokio::test]
async fn an_assignment_reads_the_same_after_a_resume() {
    let server = server().await;
    for text in ["one", "two"] {
        server.memory.say_text(CUSTOMER, text);
    }
    let mut ana = server.ready("ana").await;
    let epoch = ana.welcome.session_epoch;
    let after = ana.welcome.snapshot.as_ref().and_then(|snapshot| snapshot.position);
    let work = ana.accept().await;
    let before = ana.assigned().await;
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("sent");
    server.memory.say_text(CUSTOMER, "three");
    drop(ana);
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    server.memory.say_text(CUSTOMER, "four");
    let hello = p::Hello { resume_session_epoch: epoch, resume_after: after, takeover: false, ..Default::default() };
    let mut ana = server.open("ana", hello).await.expect("resumed");
    assert!(ana.welcome.resumed);
    assert_eq!(ana.assigned().await, before);
    assert_eq!(heard(&mut ana, "four").await, ["three", "four"]);
}

#[tokio::test]
async fn a_flood_before_the_assignment_is_cut_to_its_newest_words() {
    let server = server().await;
    for number in 1..=60 {
        server.memory.say_text(CUSTOMER, &number.to_string());
    }
    let mut ana = server.ready("ana").await;
    let reads = server.memory.reads();
    ana.accept().await;
    let assigned = ana.assigned().await;
    let newest: Vec<String> = (11..=60).map(|number| number.to_string()).collect();
    assert_eq!(texts(&assigned), newest);
    assert!(assigned.more_messages);
    assert!(server.memory.reads() - reads <= 8, "rounds of reads");
}

#[tokio::test]
async fn words_come_with_a_work_that_was_offered_often_before() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "the first words");
    let mut ana = server.ready("ana").await;
    for number in 0..50 {
        for presence in [p::Presence::Away, p::Presence::Ready] {
            let request_id = format!("{presence:?}{number}");
            let set = p::SetPresenceRequest { request_id, presence: presence.into(), ..Default::default() };
            ana.command(Frame::SetPresence(set)).await.expect("a change of presence");
        }
        ana.offer().await;
    }
    let offer = ana.offer().await;
    let accept = p::AcceptOfferRequest { request_id: "a".to_owned(), offer_id: offer.offer_id, ..Default::default() };
    ana.command(Frame::AcceptOffer(accept)).await.expect("the last offer is open");
    let assigned = ana.assigned().await;
    assert_eq!(texts(&assigned), ["the first words"]);
    assert!(!assigned.more_messages);
}

#[tokio::test]
async fn large_words_before_the_assignment_are_cut_by_size() {
    let server = server().await;
    for letter in ["a", "b", "c", "d", "e", "f"] {
        server.memory.say_text(CUSTOMER, &letter.repeat(60_000));
    }
    let mut ana = server.ready("ana").await;
    ana.accept().await;
    let assigned = ana.assigned().await;
    let letters: String = texts(&assigned).iter().filter_map(|text| text.chars().next()).collect();
    assert_eq!((letters.as_str(), assigned.more_messages), ("cdef", true));
}

#[tokio::test]
async fn a_log_that_does_not_answer_costs_an_assignment_its_words_and_nothing_else() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "one");
    let mut ana = server.ready("ana").await;
    server.memory.deafen(true);
    let work = ana.accept().await;
    let assigned = ana.assigned().await;
    assert_eq!((assigned.messages.len(), assigned.more_messages), (0, true));
    server.memory.deafen(false);
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("the session goes on");
    server.memory.say_text(CUSTOMER, "two");
    assert_eq!(heard(&mut ana, "two").await, ["two"]);
}

#[tokio::test]
async fn a_work_assigned_by_the_record_that_opens_it_needs_no_read() {
    let server = server_with(ServeOptions::default(), FeedLimits::default()).await;
    server.memory.assign_at_once();
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "one");
    let assigned = ana.assigned().await;
    assert_eq!(texts(&assigned), ["one"]);
    assert_eq!(server.memory.reads(), 0);
}
