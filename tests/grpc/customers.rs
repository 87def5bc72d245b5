//! `CustomerService` over real gRPC: what agents ask and say about who somebody is.

use skein::proto::agent as p;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use tonic::Code;

use super::harness::{answer_to, named, server};
use super::{CUSTOMER, reason};

const OTHER: &str = "+4915112345679";

fn by_phone(address: &str) -> p::FindCustomerRequest {
    p::FindCustomerRequest { namespace: "phone".to_owned(), address: address.to_owned() }
}

fn merge(id: &str, one: &str, other: &str) -> p::MergeCustomersRequest {
    p::MergeCustomersRequest {
        request_id: id.to_owned(),
        customer_id: one.to_owned(),
        other_customer_id: other.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_customer_is_found_merged_watched_and_taken_apart_again() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("sent");
    server.memory.say_text(OTHER, "the other one");
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let find = customers.find_customer(named("ana", by_phone("0049 151 12345679"))).await.expect("somebody");
    let found = find.into_inner();
    let other = found.customer.expect("a customer");
    assert_eq!(other.identities[0].identity_id, found.identity_id);
    let link = other.identities[0].link.clone().expect("evidence");
    assert_eq!(link.evidence(), p::Evidence::First);
    let nobody = customers.find_customer(named("ana", by_phone("+4915199999999"))).await.expect_err("nobody");
    assert_eq!((nobody.code(), reason(&nobody).as_str()), (Code::NotFound, "UNKNOWN_CUSTOMER"));

    let mut reads = ConversationServiceClient::new(server.channel().await);
    let watch = p::WatchConversationRequest { conversation_id: other.customer_id.clone() };
    let mut watched = reads.watch_conversation(named("ana", watch)).await.expect("a stream").into_inner();
    let merged = ana.command(Frame::MergeCustomers(merge("m1", &other.customer_id, &work.conversation_id))).await;
    let p::command_result::Result::MergeCustomers(merged) = merged.expect("merged") else { panic!("no merge") };
    assert_eq!(merged.customer_id, work.conversation_id, "the older id stays");
    let again = customers.merge_customers(named("ana", merge("m2", "c0", "c1"))).await.expect_err("they are one");
    assert_eq!(reason(&again), "SAME_CUSTOMER");
    let told = loop {
        let event = watched.message().await.expect("an event").expect("a stream").event.and_then(|event| event.event);
        if let Some(p::event::Event::CustomerChanged(changed)) = event {
            break changed;
        }
    };
    assert_eq!(told.conversation_id, merged.customer_id);

    let list =
        |id: &str| p::ListMessagesRequest { conversation_id: id.to_owned(), page_size: 1, page_token: String::new() };
    let page = reads.list_messages(named("ana", list("c1"))).await.expect("a page").into_inner();
    assert_eq!(page.messages[0].conversation_id, "c0");
    let get = p::GetCustomerRequest { customer_id: "c1".to_owned() };
    let one = customers.get_customer(named("ana", get)).await.expect("one").into_inner().customer.expect("a customer");
    assert_eq!((one.identities.len(), one.merges.len()), (2, 1));
    let undo = p::UnmergeCustomersRequest {
        request_id: "u1".to_owned(),
        customer_id: one.merges[0].customer_id.clone(),
        ..Default::default()
    };
    let undone = customers.unmerge_customers(named("ana", undo)).await.expect("undone").into_inner();
    assert_eq!((undone.customer_id.as_str(), undone.rest_customer_id.as_str()), ("c1", "c0"));

    // A token from before leads only to what is this customer's.
    for id in ["c0", "c1"] {
        let next = p::ListMessagesRequest { page_token: page.next_page_token.clone(), page_size: 50, ..list(id) };
        let older = reads.list_messages(named("ana", next)).await.expect("a page").into_inner();
        let texts: Vec<_> = older.messages.iter().filter_map(|m| m.content.as_ref()).map(|c| c.text.as_str()).collect();
        let strange = if id == "c0" { "the other one" } else { "hello" };
        assert!(!texts.contains(&strange), "{id}: {texts:?}");
    }
    server.memory.say_text(CUSTOMER, "only here");
    server.memory.say_text(OTHER, "only there");
    let heard = loop {
        let event = watched.message().await.expect("an event").expect("a stream").event.and_then(|event| event.event);
        if let Some(p::event::Event::Message(message)) = event {
            break message.content.map(|content| content.text);
        }
    };
    assert_eq!(heard.as_deref(), Some("only there"), "whoever watches an id follows its identity");
}

#[tokio::test]
async fn an_address_is_linked_searched_for_and_unlinked() {
    let server = server().await;
    server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let link = p::LinkIdentityRequest {
        request_id: "l1".to_owned(),
        customer_id: "c0".to_owned(),
        namespace: "email".to_owned(),
        address: "Anna@Example.com".to_owned(),
        ..Default::default()
    };
    customers.link_identity(named("ana", link.clone())).await.expect("linked");
    customers.link_identity(named("ana", link)).await.expect("a repeat is no error");
    let search = |text: &str| p::SearchRequest { text: text.to_owned(), ..Default::default() };
    let found = customers.search(named("ana", search("ANNA@"))).await.expect("a page").into_inner();
    let identity = &found.customers[0].identities[1];
    let linked = identity.link.clone().expect("evidence");
    assert_eq!((linked.evidence(), linked.linked_by.as_str()), (p::Evidence::Agent, "ana"));
    assert!(linked.linked_at.is_some() && !identity.verified);
    let short = customers.search(named("ana", search("an"))).await.expect_err("too short");
    assert_eq!(reason(&short), "INVALID");
    let unlink = p::UnlinkIdentityRequest {
        request_id: "x1".to_owned(),
        identity_id: identity.identity_id.clone(),
        ..Default::default()
    };
    let parted = customers.unlink_identity(named("ana", unlink)).await.expect("unlinked").into_inner();
    assert_eq!((parted.customer_id.as_str(), parted.rest_customer_id.as_str()), ("c1", "c0"));
    let whose = p::ListSuggestionsRequest { customer_id: "c0".to_owned() };
    let none = customers.list_suggestions(named("ana", whose)).await.expect("a list").into_inner();
    assert!(none.suggestions.is_empty());
    let accept = p::AcceptSuggestionRequest {
        identity_id: "l0".to_owned(),
        other_identity_id: "l1".to_owned(),
        ..Default::default()
    };
    let unknown = customers.accept_suggestion(named("ana", accept)).await.expect_err("nobody suggests it");
    assert_eq!(reason(&unknown), "UNKNOWN_SUGGESTION");
}

#[tokio::test]
async fn whoever_gets_a_matter_that_was_two_peoples_reads_the_words_of_one() {
    let server = server().await;
    let mut ana = server.open("ana", p::Hello::default()).await.expect("a session");
    server.memory.say_text(CUSTOMER, "hers");
    let link = p::LinkIdentityRequest {
        request_id: "l1".to_owned(),
        customer_id: "c0".to_owned(),
        namespace: "phone".to_owned(),
        address: OTHER.to_owned(),
        ..Default::default()
    };
    ana.command(Frame::LinkIdentity(link)).await.expect("linked");
    server.memory.say_text(OTHER, "his");
    let unlink =
        p::UnlinkIdentityRequest { request_id: "x1".to_owned(), identity_id: "l1".to_owned(), ..Default::default() };
    ana.command(Frame::UnlinkIdentity(unlink)).await.expect("unlinked");
    let ready = p::SetPresenceRequest {
        request_id: "p1".to_owned(),
        presence: p::Presence::Ready.into(),
        ..Default::default()
    };
    ana.command(Frame::SetPresence(ready)).await.expect("ready");
    // Both are offered at once.
    ana.accept().await;
    ana.accept().await;
    for (conversation, words) in [("c0", "hers"), ("c1", "his")] {
        let assigned = ana.assigned().await;
        let texts: Vec<_> = assigned.messages.iter().filter_map(|m| m.content.as_ref()).map(|c| &*c.text).collect();
        assert_eq!(texts, [words]);
        assert!(!assigned.more_messages);
        assert_eq!(assigned.work.expect("an assignment has a Work").conversation_id, conversation);
    }
}

#[tokio::test]
async fn a_customer_is_erased_with_or_without_a_session() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let erase = p::EraseCustomerRequest {
        request_id: "e1".to_owned(),
        customer_id: work.conversation_id.clone(),
        ..Default::default()
    };
    let erased = customers.erase_customer(named("ana", erase.clone())).await.expect("erased").into_inner();
    let again = customers.erase_customer(named("ana", erase)).await.expect("a repeat is no error").into_inner();
    assert_eq!(erased.position, again.position);
    let get = p::GetCustomerRequest { customer_id: work.conversation_id };
    let left = customers.get_customer(named("ana", get)).await.expect("structure").into_inner();
    let left = left.customer.expect("a customer");
    assert!(left.identities.iter().all(|identity| identity.address.is_empty()) && left.works.is_empty());
    server.memory.say_text(OTHER, "hello");
    let other = ana.accept().await;
    let erase = p::EraseCustomerRequest {
        request_id: "e2".to_owned(),
        customer_id: other.conversation_id,
        ..Default::default()
    };
    ana.command(Frame::EraseCustomer(erase)).await.expect("erased over the session");
}
