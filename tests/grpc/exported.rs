//! Whatever is written about a customer is in the export of it, and nowhere left out.

use skein::domain::id::LeafId;
use skein::proto::agent as p;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use skein::proto::channel::{Assurance, Content};

use crate::CUSTOMER;
use crate::harness::{Server, named, server};

fn text(text: &str) -> Option<Content> {
    Some(Content { text: text.to_owned(), parts: Vec::new() })
}

/// The export of the only customer, line by line.
async fn exported(server: &Server) -> Vec<String> {
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let export = p::ExportCustomerRequest { customer_id: "c0".to_owned() };
    let mut lines = customers.export_customer(named("ana", export)).await.expect("an export").into_inner();
    let mut all = Vec::new();
    while let Some(next) = lines.message().await.expect("a line") {
        all.push(next.line);
    }
    all
}

#[tokio::test]
async fn whatever_bots_owners_and_supervisors_write_about_a_customer_is_exported() {
    let server = server().await;
    server.memory.make_bot("bot");
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut bot = server.ready("bot").await;
    let work = bot.accept().await;
    let fact = p::FactUpdate {
        key: "order".to_owned(),
        value: "order 4711".to_owned(),
        assurance: Assurance::LoggedIn.into(),
        ..Default::default()
    };
    let over = p::HandOverRequest {
        request_id: "h1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        reason: "wants a person".to_owned(),
        steps: vec!["looked the order up".to_owned()],
        facts: vec![fact],
        ..Default::default()
    };
    bot.command(Frame::HandOver(over)).await.expect("handed over");

    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let (_bob, mut sue) = (server.ready("bob").await, server.ready("sue").await);
    let ask = p::ConsultRequest {
        request_id: "c1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: "bob".to_owned(),
        question: text("seen this one?"),
        ..Default::default()
    };
    ana.command(Frame::Consult(ask)).await.expect("asked");
    let whisper = p::AddNoteRequest {
        request_id: "n1".to_owned(),
        work_id: work.work_id.clone(),
        content: text("offer a voucher"),
        agent: "ana".to_owned(),
        ..Default::default()
    };
    let mut talk = ConversationServiceClient::new(server.channel().await);
    talk.add_note(named("bob", whisper)).await.expect("whispered");
    let barge = p::BargeInRequest {
        request_id: "b1".to_owned(),
        work_id: work.work_id.clone(),
        notice: text("Sue joins us"),
        ..Default::default()
    };
    sue.command(Frame::BargeIn(barge)).await.expect("joined");
    let back = p::HandBackRequest {
        request_id: "h2".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: "bot".to_owned(),
        note: "ask for the date".to_owned(),
        ..Default::default()
    };
    ana.command(Frame::HandBack(back)).await.expect("handed back");
    let mut works = WorkServiceClient::new(server.channel().await);
    let give = p::AssignWorkRequest {
        request_id: "a1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        agent: "bob".to_owned(),
        note: "you know her best".to_owned(),
        ..Default::default()
    };
    let given = works.assign_work(named("sue", give)).await.expect("given").into_inner();
    let pass = p::ForceTransferRequest {
        request_id: "f1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: given.assignment_id,
        agent: "ana".to_owned(),
        note: "she asked for Ana".to_owned(),
        ..Default::default()
    };
    works.force_transfer(named("sue", pass)).await.expect("passed on");

    let lines = exported(&server).await;
    let texts = [
        "order 4711",
        "wants a person",
        "looked the order up",
        "seen this one?",
        "offer a voucher",
        "Sue joins us",
        "ask for the date",
        "you know her best",
        "she asked for Ana",
    ];
    for text in texts {
        let times = lines.iter().skip(1).filter(|line| line.contains(text)).count();
        assert_eq!(times, 1, "{text}, in\n{}", lines.join("\n"));
    }
    let given = lines.iter().find(|line| line.contains("you know her best")).expect("it is there");
    assert!(given.contains("agent:sue") && given.contains(&work.work_id), "{given}");
    assert_eq!(server.memory.readable_without(LeafId(0)), [], "all of it goes with the customer's keys");
    assert!(server.memory.readable_without(LeafId(1)).len() > texts.len(), "the control: with others' it stays");
}
