//! Commands and searches that reach for somebody who is hidden from their sender.

use skein::domain::workspace::Visibility;
use skein::proto::agent as p;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use tonic::Code;

use crate::harness::{Server, Session, answer_to, named, server};
use crate::reason;
use crate::tokens::{bearing, server_with_tokens, token};
use crate::visibility::{CUSTOMER, SECRET, brands, shop};

/// An address of somebody of the north.
const NORTHERN: &str = "+4915199999999";

fn phone(address: &str) -> p::Address {
    p::Address { namespace: "phone".to_owned(), address: address.to_owned() }
}

fn upsert(request_id: &str, addresses: &[&str]) -> Frame {
    let of = |address: &&str| {
        let p::Address { namespace, address } = phone(address);
        p::AddressOf { namespace, address }
    };
    let mut addresses = addresses.iter().map(of);
    Frame::UpsertCustomer(p::UpsertCustomerRequest {
        request_id: request_id.to_owned(),
        identity: addresses.next(),
        also: addresses.collect(),
        shown_name: "Nina".to_owned(),
        ..Default::default()
    })
}

async fn northerner(nora: &mut Session) -> String {
    match nora.command(upsert("north", &[NORTHERN])).await.expect("nobody's address") {
        Outcome::UpsertCustomer(told) => told.customer_id,
        other => panic!("{other:?}"),
    }
}

async fn refused(session: &mut Session, frame: Frame) -> String {
    session.command(frame).await.expect_err("hidden").reason
}

#[tokio::test]
async fn no_address_brings_along_a_customer_who_is_hidden() {
    let server = server().await;
    let (_, mut sam) = shop(&server, Visibility::Brand).await;
    let mut nora = server.ready("nora").await;
    let customer_id = northerner(&mut nora).await;
    let link = |request_id: &str| {
        Frame::LinkIdentity(p::LinkIdentityRequest {
            request_id: request_id.to_owned(),
            customer_id: customer_id.clone(),
            namespace: "phone".to_owned(),
            address: CUSTOMER.to_owned(),
            ..Default::default()
        })
    };
    assert_eq!(refused(&mut nora, link("1")).await, "NOT_VISIBLE");
    assert_eq!(refused(&mut nora, upsert("2", &[NORTHERN, CUSTOMER])).await, "NOT_VISIBLE");
    assert_eq!(refused(&mut nora, upsert("3", &[CUSTOMER])).await, "NOT_VISIBLE", "nor is it named anew");
    assert!(sam.command(link("4")).await.is_ok(), "the control: both are seen by whoever serves the south");
}

#[tokio::test]
async fn nobody_writes_first_to_an_address_of_somebody_hidden() {
    let server = server().await;
    let (_, _sam) = shop(&server, Visibility::Brand).await;
    let mut nora = server.ready("nora").await;
    let start = |request_id: &str, to: &str| {
        Frame::StartWork(p::StartWorkRequest {
            request_id: request_id.to_owned(),
            to: Some(p::start_work_request::To::Address(phone(to))),
            endpoint: "northern".to_owned(),
            content: Some(skein::proto::channel::Content { text: "hello".to_owned(), parts: Vec::new() }),
            ..Default::default()
        })
    };
    let error = nora.command(start("1", CUSTOMER)).await.expect_err("hidden");
    assert_eq!((error.reason.as_str(), error.metadata.len()), ("NOT_VISIBLE", 0), "{error:?}");
    // The control: of a stranger it is the channel that says no.
    assert_eq!(refused(&mut nora, start("2", NORTHERN)).await, "CANNOT_SEND");
}

async fn search(server: &Server, agent: &'static str, text: &str, page_size: i32) -> p::SearchResponse {
    let mut who = CustomerServiceClient::new(server.channel().await);
    let like = p::SearchRequest { text: text.to_owned(), page_size, ..Default::default() };
    who.search(named(agent, like)).await.expect("searched").into_inner()
}

#[tokio::test]
async fn neither_a_search_nor_an_address_tells_that_somebody_hidden_is_there() {
    let server = server().await;
    let (_, _sam) = shop(&server, Visibility::Brand).await;
    let mut nora = server.ready("nora").await;
    for (text, page_size) in [("+49151", 0), ("+49151", 1), ("+4999", 1)] {
        let found = search(&server, "nora", text, page_size).await;
        assert!(found.customers.is_empty() && found.next_page_token.is_empty(), "{text}: {found:?}");
    }
    assert_eq!(search(&server, "sam", "+49151", 1).await.customers.len(), 1, "the control");
    northerner(&mut nora).await;
    // A page is filled with who is seen.
    let found = search(&server, "nora", "+49151", 1).await;
    assert_eq!((found.customers.len(), found.customers[0].hidden), (1, false));

    let mut who = CustomerServiceClient::new(server.channel().await);
    let mut find = async |agent: &'static str, address: &str| {
        let p::Address { namespace, address } = phone(address);
        who.find_customer(named(agent, p::FindCustomerRequest { namespace, address })).await
    };
    let hidden = find("nora", CUSTOMER).await.expect_err("hidden");
    let unknown = find("nora", "+4915188888888").await.expect_err("nobody's");
    assert_eq!((hidden.code(), reason(&hidden).as_str()), (Code::NotFound, "UNKNOWN_CUSTOMER"));
    assert_eq!((hidden.message(), hidden.details()), (unknown.message(), unknown.details()), "they look the same");
    assert!(find("sam", CUSTOMER).await.is_ok(), "the control");
}

#[tokio::test]
async fn a_refusal_about_a_hidden_work_does_not_say_whose_it_is() {
    let server = server().await;
    let (work, mut sam) = shop(&server, Visibility::Brand).await;
    let mut nora = server.ready("nora").await;
    let error = nora.command(Frame::SendMessage(answer_to(&work, "1", "hello"))).await.expect_err("his");
    assert_eq!((error.reason.as_str(), error.metadata.len()), ("NOT_OWNER", 0), "{error:?}");
    let claim = |request_id: &str| {
        Frame::ClaimWork(p::ClaimWorkRequest {
            request_id: request_id.to_owned(),
            work_id: work.work_id.clone(),
            ..Default::default()
        })
    };
    let error = nora.command(claim("2")).await.expect_err("his");
    assert!(error.metadata.is_empty(), "{error:?}");
    // The control: lena serves the queue.
    let mut lena = server.ready("lena").await;
    let error = lena.command(Frame::SendMessage(answer_to(&work, "1", "hello"))).await.expect_err("his");
    assert_eq!(error.metadata.get("owner").map(String::as_str), Some("sam"));
    assert!(sam.command(Frame::SendMessage(answer_to(&work, "1", "hello"))).await.is_ok());
}

#[tokio::test]
async fn spam_of_a_hidden_queue_is_cleared_by_those_who_see_it() {
    let server = server().await;
    let (work, mut sam) = shop(&server, Visibility::Brand).await;
    let spam = p::MarkSpamRequest {
        request_id: "spam".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    sam.command(Frame::MarkSpam(spam)).await.expect("his");
    server.memory.pass_hours(100);
    server.memory.say_text("+4915100000000", "somebody else, so that time passes");
    let mut nora = server.ready("nora").await;
    let clear = |request_id: &str| {
        Frame::UnmarkSpam(p::UnmarkSpamRequest {
            request_id: request_id.to_owned(),
            work_id: work.work_id.clone(),
            ..Default::default()
        })
    };
    assert_eq!(refused(&mut nora, clear("1")).await, "NOT_VISIBLE");
    assert!(sam.command(clear("1")).await.is_ok(), "the control");
}

#[tokio::test]
async fn whoever_waits_at_a_hidden_endpoint_is_let_in_by_those_who_see_it() {
    let server = server().await;
    server.memory.configure(|config| {
        brands(config, Visibility::Brand);
        config.max_new_customers_per_minute = 1;
    });
    server.memory.say_text("+4915100000001", SECRET);
    server.memory.say_text("+4915100000002", SECRET);
    let lift = |request_id: &str| {
        Frame::LiftQuarantine(p::LiftQuarantineRequest {
            request_id: request_id.to_owned(),
            endpoint: "support".to_owned(),
            ..Default::default()
        })
    };
    let mut nora = server.open("nora", p::Hello::default()).await.expect("a session");
    assert_eq!(refused(&mut nora, lift("1")).await, "NOT_VISIBLE");
    let mut sam = server.open("sam", p::Hello::default()).await.expect("a session");
    match sam.command(lift("1")).await.expect("the control") {
        Outcome::LiftQuarantine(told) => assert_eq!(told.lifted, 1),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_we_say_elsewhere_does_not_show_who_wrote_to_a_hidden_endpoint() {
    let server = server().await;
    server.memory.configure(|config| brands(config, Visibility::Brand));
    let mut nora = server.ready("nora").await;
    server.memory.say_text_at("northern", CUSTOMER, "hello");
    let work = nora.accept().await;
    server.memory.say_text_at("support", CUSTOMER, SECRET);
    let answer = p::SendMessageRequest { if_unchanged: Some(false), ..answer_to(&work, "1", "hello") };
    nora.command(Frame::SendMessage(answer)).await.expect("hers");
    let close = p::CloseWorkRequest {
        request_id: "close".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        disposition: "done".to_owned(),
        ..Default::default()
    };
    nora.command(Frame::CloseWork(close)).await.expect("hers");
    server.memory.pass_hours(100);
    server.memory.say_text("+4915100000000", "somebody else, so that time passes");
    let mut who = CustomerServiceClient::new(server.channel().await);
    let mut hidden = async |agent: &'static str| {
        let asked = p::GetCustomerRequest { customer_id: work.conversation_id.clone() };
        let found = who.get_customer(named(agent, asked)).await.expect("a customer").into_inner();
        found.customer.expect("it is there").hidden
    };
    assert!(hidden("nora").await, "it wrote to the south last");
    assert!(!hidden("sam").await, "the control");
}

#[tokio::test]
async fn a_supervisor_decides_about_everybody() {
    let (server, _folder, _) = server_with_tokens().await;
    server.memory.configure(|config| brands(config, Visibility::Queue));
    server.memory.say_text(CUSTOMER, SECRET);
    let mut who = CustomerServiceClient::new(server.channel().await);
    let facts = |request_id: &str, roles: &[&str]| {
        let facts = vec![p::FactUpdate {
            key: "city".to_owned(),
            value: "Kiel".to_owned(),
            assurance: skein::proto::channel::Assurance::Claimed.into(),
            ..Default::default()
        }];
        let asked = p::SetFactsRequest {
            request_id: request_id.to_owned(),
            customer_id: "1".to_owned(),
            facts,
            ..Default::default()
        };
        bearing(&token("nora", roles), asked)
    };
    let registered = server.open_as(p::Hello::default(), |frames| bearing(&token("nora", &["agent"]), frames)).await;
    let _nora = registered.expect("a session");
    let customer_id = {
        let like = p::SearchRequest { text: "+49151".to_owned(), ..Default::default() };
        let call = bearing(&token("vera", &["supervisor"]), like);
        who.search(call).await.expect("searched").into_inner().customers[0].customer_id.clone()
    };
    let with = |mut request: tonic::Request<p::SetFactsRequest>| {
        request.get_mut().customer_id.clone_from(&customer_id);
        request
    };
    let refused = who.set_facts(with(facts("1", &["agent"]))).await.expect_err("hidden");
    assert_eq!(reason(&refused), "NOT_VISIBLE");
    who.set_facts(with(facts("1", &["agent", "supervisor"]))).await.expect("she sees everybody");
}

#[tokio::test]
async fn a_watch_of_what_is_partly_hidden_outlives_a_shard_that_is_busy() {
    let server = server().await;
    let (work, _sam) = shop(&server, Visibility::Brand).await;
    let _nora = server.ready("nora").await;
    let mut talks = ConversationServiceClient::new(server.channel().await);
    let asked = p::WatchConversationRequest { conversation_id: work.conversation_id.clone() };
    let mut nora = talks.watch_conversation(named("nora", asked)).await.expect("watched").into_inner();
    server.memory.busy(3);
    server.memory.say_text(CUSTOMER, SECRET);
    let told = nora.message().await.expect("told").expect("an event");
    assert!(matches!(told.event.and_then(|event| event.event), Some(p::event::Event::Message(stub)) if stub.hidden));
}
