//! Supervisors, consults and whispers over the wire: the unary calls, the commands of a session, and what agents are told.

use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::event::Event as Happened;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use skein::proto::channel::Content;
use tonic::Code;

use crate::harness::{Session, answer_to, named, server};
use crate::tokens::{bearing, server_with_tokens, token};
use crate::{CUSTOMER, fact, reason};

fn text(text: &str) -> Option<Content> {
    Some(Content { text: text.to_owned(), parts: Vec::new() })
}

async fn unassigned(session: &mut Session) -> p::WorkUnassigned {
    session
        .event(|event| match event {
            Happened::Unassigned(gone) => Some(gone.clone()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_work_is_taken_over_given_on_and_put_back_and_each_owner_is_told_why() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut sue = server.ready("sue").await;
    let mut works = WorkServiceClient::new(server.channel().await);
    let stale = p::TakeOverWorkRequest { work_id: work.work_id.clone(), ..Default::default() };
    let refused = works.take_over_work(named("sue", stale)).await.expect_err("ana owns it");
    assert_eq!((reason(&refused).as_str(), fact(&refused, "owner").as_deref()), ("STALE_ASSIGNMENT", Some("ana")));
    let take = p::TakeOverWorkRequest {
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    let Outcome::TakeOverWork(taken) = sue.command(Frame::TakeOverWork(take)).await.expect("taken over") else {
        panic!("another answer");
    };
    assert_eq!(unassigned(&mut ana).await.reason(), p::UnassignReason::TakenOver);
    let told = sue.assigned().await;
    assert_eq!(told.cause(), p::AssignmentCause::Takeover);
    assert_eq!(told.work.as_ref().map(|work| work.assignment_id.as_str()), Some(taken.assignment_id.as_str()));

    let give = p::AssignWorkRequest {
        work_id: work.work_id.clone(),
        assignment_id: taken.assignment_id,
        agent: "ana".to_owned(),
        note: "Yours after all.".to_owned(),
        ..Default::default()
    };
    let given = works.assign_work(named("sue", give)).await.expect("given").into_inner();
    assert_eq!(unassigned(&mut sue).await.reason(), p::UnassignReason::Reassigned);
    let told = ana.assigned().await;
    assert_eq!((told.cause(), told.note.as_str()), (p::AssignmentCause::Assign, "Yours after all."));

    let back = p::ForceRequeueRequest {
        work_id: work.work_id.clone(),
        assignment_id: given.assignment_id,
        ..Default::default()
    };
    works.force_requeue(named("sue", back)).await.expect("put back");
    assert_eq!(unassigned(&mut ana).await.reason(), p::UnassignReason::ForceRequeued);
}

#[tokio::test]
async fn what_a_supervisor_may_an_agent_may_not_and_a_stub_is_nobodys_to_give() {
    let (server, _folder, _) = server_with_tokens().await;
    let anna = token("anna", &["agent"]);
    let mut works = WorkServiceClient::new(server.channel().await);
    let mut agents = AgentServiceClient::new(server.channel().await);
    let take = works.take_over_work(bearing(&anna, p::TakeOverWorkRequest::default())).await.expect_err("an agent");
    let away = agents.set_agent_presence(bearing(&anna, p::SetAgentPresenceRequest::default())).await;
    for refused in [take, away.expect_err("an agent")] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "ROLE_REFUSED"));
    }
    let mut session = server.open_as(p::Hello::default(), |frames| bearing(&anna, frames)).await.expect("a session");
    let inside = session.command(Frame::TakeOverWork(p::TakeOverWorkRequest::default())).await.expect_err("nor inside");
    assert_eq!(inside.reason, "ROLE_REFUSED");
    let barge = session.command(Frame::BargeIn(p::BargeInRequest::default())).await.expect_err("nor that");
    assert_eq!(barge.reason, "ROLE_REFUSED");
    // The control: a supervisor gets as far as the agent that is not there.
    let sue = token("sue", &["supervisor"]);
    let _sue = server.open_as(p::Hello::default(), |frames| bearing(&sue, frames)).await.expect("a session");
    let end = p::EndAgentSessionRequest { agent: "zoe".to_owned(), ..Default::default() };
    let unknown = agents.end_agent_session(bearing(&sue, end)).await.expect_err("nobody of that name");
    assert_eq!(reason(&unknown), "UNKNOWN_AGENT");
}

#[tokio::test]
async fn who_barged_in_and_the_next_owner_are_told_of_each_other() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut sue = server.ready("sue").await;
    let barge = p::BargeInRequest { work_id: work.work_id.clone(), notice: text("Sue joins."), ..Default::default() };
    let Outcome::BargeIn(joined) = sue.command(Frame::BargeIn(barge)).await.expect("joined") else {
        panic!("another answer");
    };
    let mut bob = server.ready("bob").await;
    let give = p::AssignWorkRequest {
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: "bob".to_owned(),
        ..Default::default()
    };
    let mut works = WorkServiceClient::new(server.channel().await);
    let given = works.assign_work(named("sue", give)).await.expect("given").into_inner();
    let told = bob.assigned().await.work.expect("the work");
    let part = &told.participants[0];
    let seen = (part.agent.as_str(), part.role(), &part.participation_id);
    assert_eq!(seen, ("sue", p::ParticipantRole::Barged, &joined.participation_id));
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.push(
            sue.event(|event| match event {
                Happened::OwnerChanged(changed) => Some((changed.agent.clone(), changed.assignment_id.clone())),
                _ => None,
            })
            .await,
        );
    }
    assert_eq!(heard, [(String::new(), String::new()), ("bob".to_owned(), given.assignment_id)]);
}

#[tokio::test]
async fn presence_and_session_of_another_are_a_supervisors_to_change() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    let _sue = server.ready("sue").await;
    let mut agents = AgentServiceClient::new(server.channel().await);
    let away = p::SetAgentPresenceRequest {
        agent: "ana".to_owned(),
        presence: p::Presence::Away.into(),
        reason: "LUNCH".to_owned(),
        ..Default::default()
    };
    agents.set_agent_presence(named("sue", away)).await.expect("set");
    let told = ana
        .event(|event| match event {
            Happened::Presence(state) if state.presence() == p::Presence::Away && state.reason == "LUNCH" => {
                Some(state.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(told.agent, "ana");
    let end = p::EndAgentSessionRequest { agent: "ana".to_owned(), ..Default::default() };
    agents.end_agent_session(named("sue", end)).await.expect("ended");
    assert_eq!(ana.end().await, p::SessionEndReason::Operator);
}

#[tokio::test]
async fn who_is_asked_sees_the_work_and_its_words_and_answers_by_a_whisper_that_others_see_as_a_stub() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut bob = server.ready("bob").await;
    let ask = p::ConsultRequest {
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: "bob".to_owned(),
        question: text("Seen this?"),
        ..Default::default()
    };
    let Outcome::Consult(asked) = ana.command(Frame::Consult(ask)).await.expect("asked") else {
        panic!("another answer");
    };
    assert!(!asked.message_id.is_empty());
    let started = bob
        .event(|event| match event {
            Happened::ParticipationStarted(started) => Some(started.clone()),
            _ => None,
        })
        .await;
    let part = started.participant.expect("who");
    assert_eq!((part.agent.as_str(), part.role()), ("bob", p::ParticipantRole::Consultant));
    assert_eq!(started.work.expect("which").work_id, work.work_id);
    let question = bob
        .event(|event| match event {
            Happened::Message(message) => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((question.agent.as_str(), question.content), ("ana", text("Seen this?")));

    let whisper = p::AddNoteRequest {
        work_id: work.work_id.clone(),
        content: text("Offer a voucher."),
        agent: "ana".to_owned(),
        ..Default::default()
    };
    let mut talk = ConversationServiceClient::new(server.channel().await);
    talk.add_note(named("bob", whisper)).await.expect("whispered");
    let heard = ana
        .event(|event| match event {
            Happened::Message(message) if message.agent == "bob" => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((heard.whispered_to.as_str(), heard.content), ("ana", text("Offer a voucher.")));
    let mut seen = Vec::new();
    for agent in ["ana", "bob", "cem"] {
        let list = p::ListMessagesRequest { conversation_id: work.conversation_id.clone(), ..Default::default() };
        let page = talk.list_messages(named(agent, list)).await.expect("a page").into_inner();
        let newest = page.messages.first().cloned().expect("the whisper is the newest");
        seen.push((newest.hidden, newest.content.is_some()));
    }
    assert_eq!(seen, [(false, true), (false, true), (true, false)], "cem sees that there is a note");

    let got = WorkServiceClient::new(server.channel().await)
        .get_work(named("ana", p::GetWorkRequest { work_id: work.work_id.clone() }))
        .await
        .expect("the work")
        .into_inner();
    assert_eq!(got.work.expect("the work").participants.len(), 1);
    let end = p::EndConsultRequest {
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: "bob".to_owned(),
        ..Default::default()
    };
    ana.command(Frame::EndConsult(end)).await.expect("ended");
    let ended = bob
        .event(|event| match event {
            Happened::ParticipationEnded(ended) => Some(ended.clone()),
            _ => None,
        })
        .await;
    assert_eq!((ended.agent.as_str(), ended.reason()), ("bob", p::ParticipationEndReason::Ended));
    let gone = bob.command(Frame::LeaveWork(p::LeaveWorkRequest { work_id: work.work_id, ..Default::default() })).await;
    assert_eq!(gone.expect_err("he takes part no longer").reason, "INVALID");
}

#[tokio::test]
async fn who_barges_in_answers_under_the_participation_and_a_snapshot_brings_it_again() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut sue = server.ready("sue").await;
    let barge = p::BargeInRequest { work_id: work.work_id.clone(), notice: text("Sue joins."), ..Default::default() };
    let Outcome::BargeIn(joined) = sue.command(Frame::BargeIn(barge)).await.expect("joined") else {
        panic!("another answer");
    };
    assert!(!joined.message_id.is_empty(), "the customer is told");
    let again = server.open("sue", p::Hello { takeover: true, ..Default::default() }).await.expect("another device");
    let snapshot = again.welcome.snapshot.expect("a snapshot");
    let part = snapshot.joined[0].participants[0].clone();
    assert_eq!((part.role(), &part.participation_id), (p::ParticipantRole::Barged, &joined.participation_id));
    let mut send = answer_to(&work, "s1", "I look after it");
    send.assignment_id = joined.participation_id;
    let mut talk = ConversationServiceClient::new(server.channel().await);
    talk.send_message(named("sue", send)).await.expect("sent");
    let mut late = answer_to(&work, "s2", "late");
    late.assignment_id = "w1-1".to_owned();
    assert!(talk.send_message(named("sue", late)).await.is_err());
}
