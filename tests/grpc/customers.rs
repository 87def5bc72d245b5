//! `CustomerService` over real gRPC: what agents ask and say about who somebody is.

use skein::proto::agent as p;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::channel::Assurance;
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

fn told(key: &str, value: &str, assurance: Assurance) -> p::FactUpdate {
    p::FactUpdate {
        key: key.to_owned(),
        value: value.to_owned(),
        assurance: assurance.into(),
        ..p::FactUpdate::default()
    }
}

#[tokio::test]
async fn facts_are_told_with_and_without_a_session_and_a_bot_sees_what_it_may_say() {
    let server = server().await;
    server.memory.make_bot("bot");
    let mut bot = server.ready("bot").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = bot.accept().await;
    let mut customers = CustomerServiceClient::new(server.channel().await);
    server.open("ana", p::Hello::default()).await.expect("a session");
    let facts = vec![told("city", "Bonn", Assurance::Platform), told("iban", "DE00", Assurance::LoggedIn)];
    let set = p::SetFactsRequest {
        request_id: "f1".to_owned(),
        customer_id: work.conversation_id.clone(),
        facts,
        ..Default::default()
    };
    let first = customers.set_facts(named("ana", set.clone())).await.expect("noted").into_inner();
    let again = customers.set_facts(named("ana", set)).await.expect("a repeat is no error").into_inner();
    assert_eq!(first.position, again.position);
    let get = || p::GetCustomerRequest { customer_id: work.conversation_id.clone() };
    let mut keys = Vec::new();
    for agent in ["ana", "bot"] {
        let seen = customers.get_customer(named(agent, get())).await.expect("a customer").into_inner();
        let facts = seen.customer.expect("a customer").facts;
        keys.push(facts.iter().map(|fact| fact.key.clone()).collect::<Vec<_>>().join(" "));
    }
    assert_eq!(keys, ["city iban", "city"], "a bot sees what whoever wrote is sure enough for");
    let ask = p::AskFactRequest {
        request_id: "a1".to_owned(),
        work_id: work.work_id.clone(),
        key: "city".to_owned(),
        ..Default::default()
    };
    let p::command_result::Result::AskFact(asked) = bot.command(Frame::AskFact(ask)).await.expect("noted") else {
        panic!("no ask")
    };
    assert!(asked.known);
    server.memory.say_text(OTHER, "hello");
    let find = customers.find_customer(named("bot", by_phone(CUSTOMER))).await.expect("somebody").into_inner();
    assert_eq!(find.customer.expect("a customer").facts.len(), 1);
    let unsure = p::SetFactsRequest {
        customer_id: work.conversation_id.clone(),
        facts: vec![told("city", "Bonn", Assurance::Unspecified)],
        ..Default::default()
    };
    let refused = customers.set_facts(named("ana", unsure)).await.expect_err("how sure is wanted");
    assert_eq!(reason(&refused), "INVALID");
}

#[tokio::test]
async fn the_company_tells_whom_it_knows() {
    let server = server().await;
    server.open("ana", p::Hello::default()).await.expect("a session");
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let address =
        |namespace: &str, address: &str| p::AddressOf { namespace: namespace.to_owned(), address: address.to_owned() };
    let upsert = |id: &str, crm: &str| p::UpsertCustomerRequest {
        request_id: id.to_owned(),
        identity: Some(address("phone", CUSTOMER)),
        also: vec![address("crm", crm)],
        shown_name: "Anna".to_owned(),
        facts: vec![told("tier", "gold", Assurance::Platform)],
        ..Default::default()
    };
    let opened = customers.upsert_customer(named("ana", upsert("u1", "K-1"))).await.expect("opened").into_inner();
    let again = customers.upsert_customer(named("ana", upsert("u1", "K-1"))).await.expect("a repeat").into_inner();
    assert_eq!((opened.customer_id.as_str(), opened.created), ("c0", true));
    assert_eq!(opened, again);
    let known = customers.upsert_customer(named("ana", upsert("u2", "K-1"))).await.expect("known").into_inner();
    assert_eq!((known.customer_id.as_str(), known.created), ("c0", false));
    let two = customers.upsert_customer(named("ana", upsert("u3", "K-2"))).await.expect_err("two ids");
    assert_eq!((two.code(), reason(&two).as_str()), (Code::FailedPrecondition, "TWO_VALUES"));
}

#[tokio::test]
async fn blocks_and_spam_are_taken_back_with_what_was_said_meanwhile() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "cheap watches");
    let work = ana.accept().await;
    let spam = p::MarkSpamRequest {
        request_id: "s1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    ana.command(Frame::MarkSpam(spam)).await.expect("spam");
    let block = p::BlockRequest {
        request_id: "b1".to_owned(),
        identity_id: "l0".to_owned(),
        reason: "it is spam".to_owned(),
        ..Default::default()
    };
    ana.command(Frame::Block(block)).await.expect("blocked");
    server.memory.say_text(CUSTOMER, "cheaper watches");
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let get = p::GetCustomerRequest { customer_id: "c0".to_owned() };
    let seen = customers.get_customer(named("ana", get)).await.expect("a customer").into_inner();
    let aside = seen.customer.expect("a customer").identities[0].aside.clone().expect("it is set aside");
    let blocked = aside.block.expect("a block");
    assert_eq!((blocked.blocked_by.as_str(), blocked.reason.as_str(), aside.messages), ("ana", "it is spam", 2));
    assert_eq!(aside.spam_work_ids, std::slice::from_ref(&work.work_id));
    let undo =
        p::UnmarkSpamRequest { request_id: "s2".to_owned(), work_id: work.work_id.clone(), ..Default::default() };
    let still = customers.unmark_spam(named("ana", undo)).await.expect("no spam").into_inner();
    assert_eq!(still.work_id, "", "it is still blocked");
    let unblock = p::UnblockRequest { request_id: "b2".to_owned(), identity_id: "l0".to_owned(), ..Default::default() };
    let unblocked = customers.unblock(named("ana", unblock.clone())).await.expect("unblocked").into_inner();
    let again = customers.unblock(named("ana", unblock)).await.expect("a repeat").into_inner();
    assert_eq!(unblocked, again);
    ana.accept().await;
    let assigned = ana.assigned().await;
    let texts: Vec<_> = assigned.messages.iter().filter_map(|m| m.content.as_ref()).map(|c| &*c.text).collect();
    assert_eq!(texts, ["cheap watches", "cheaper watches"], "what was said comes with the assignment");
    assert_eq!(assigned.work.expect("a Work").work_id, unblocked.work_id);
    let mut reads = ConversationServiceClient::new(server.channel().await);
    let list = p::ListMessagesRequest { conversation_id: "c0".to_owned(), ..Default::default() };
    let page = reads.list_messages(named("ana", list)).await.expect("a page").into_inner();
    assert!(page.messages.iter().all(|message| message.work_id == unblocked.work_id));
    let none = p::UnblockRequest { identity_id: "l0".to_owned(), ..Default::default() };
    let refused = customers.unblock(named("ana", none)).await.expect_err("it is not blocked");
    assert_eq!(reason(&refused), "NOT_SET_ASIDE");
}

#[tokio::test]
async fn whoever_came_in_a_crowd_is_listed_and_let_in() {
    let server = server().await;
    server.memory.admit(1);
    let mut ana = server.ready("ana").await;
    for n in 0..4 {
        server.memory.say_text(&format!("+491511234567{n}"), &format!("hello from {n}"));
    }
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let list = |token: &str| p::ListQuarantineRequest {
        endpoint: "support".to_owned(),
        page_size: 2,
        page_token: token.to_owned(),
    };
    let page = customers.list_quarantine(named("ana", list(""))).await.expect("a page").into_inner();
    let rest = customers.list_quarantine(named("ana", list(&page.next_page_token))).await.expect("a page").into_inner();
    assert_eq!((page.customers.len(), rest.customers.len(), rest.next_page_token.as_str()), (2, 1, ""));
    let lift = |id: &str| p::LiftQuarantineRequest {
        request_id: id.to_owned(),
        endpoint: "support".to_owned(),
        ..Default::default()
    };
    let lifted = customers.lift_quarantine(named("ana", lift("q1"))).await.expect("let in").into_inner();
    let none = customers.lift_quarantine(named("ana", lift("q2"))).await.expect("nobody is left").into_inner();
    assert_eq!((lifted.lifted, none.lifted), (3, 0));
    for _ in 0..4 {
        ana.accept().await;
    }
}

#[tokio::test]
async fn an_export_has_every_word_of_the_customer_and_nobody_elses() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "where is my parcel");
    let work = ana.accept().await;
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "on its way"))).await.expect("sent");
    server.memory.say_text(OTHER, "strange words");
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let upsert = p::UpsertCustomerRequest {
        request_id: "u1".to_owned(),
        identity: Some(p::AddressOf { namespace: "phone".to_owned(), address: CUSTOMER.to_owned() }),
        also: vec![p::AddressOf { namespace: "email".to_owned(), address: "anna@example.com".to_owned() }],
        shown_name: "Anna Muster".to_owned(),
        facts: vec![told("tier", "goldish", Assurance::Platform)],
        ..Default::default()
    };
    customers.upsert_customer(named("ana", upsert)).await.expect("known");
    let removed = p::SetFactsRequest {
        request_id: "f1".to_owned(),
        customer_id: "c0".to_owned(),
        facts: vec![told("tier", "", Assurance::Platform), told("city", "Bonnish", Assurance::Platform)],
        ..Default::default()
    };
    customers.set_facts(named("ana", removed)).await.expect("noted");
    let ask = p::AskFactRequest {
        request_id: "a1".to_owned(),
        work_id: work.work_id.clone(),
        key: "contract".to_owned(),
        prompt: "which contract then".to_owned(),
        ..Default::default()
    };
    customers.ask_fact(named("ana", ask)).await.expect("noted");
    let block = p::BlockRequest {
        request_id: "b1".to_owned(),
        identity_id: "l0".to_owned(),
        reason: "quite rude".to_owned(),
        ..Default::default()
    };
    customers.block(named("ana", block)).await.expect("blocked");
    server.memory.say_text(CUSTOMER, "do answer me");
    let merge_in = merge("m1", "c0", "c1");
    customers.merge_customers(named("ana", merge_in)).await.expect("merged");
    let undo =
        p::UnmergeCustomersRequest { request_id: "m2".to_owned(), customer_id: "c1".to_owned(), ..Default::default() };
    customers.unmerge_customers(named("ana", undo)).await.expect("apart");

    let export = |agent: &str| named(agent, p::ExportCustomerRequest { customer_id: "c0".to_owned() });
    let mut lines = customers.export_customer(export("ana")).await.expect("an export").into_inner();
    let mut all = Vec::new();
    while let Some(next) = lines.message().await.expect("a line") {
        let value: serde_json::Value = serde_json::from_str(&next.line).expect("JSON");
        assert!(value.is_object() && !next.line.contains('\n'));
        all.push(next.line);
    }
    assert!(all[0].contains("\"customer\""), "{}", all[0]);
    let text = all.join("\n");
    let words = [
        "where is my parcel",
        "on its way",
        "do answer me",
        "Anna Muster",
        "anna@example.com",
        CUSTOMER,
        "goldish",
        "Bonnish",
        "which contract then",
        "quite rude",
        "BLOCKED",
        "agent:ana",
    ];
    for word in words {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
    for word in ["strange words", OTHER] {
        assert!(!text.contains(word), "{word} is somebody else's");
    }
    server.memory.make_bot("bot");
    server.open("bot", p::Hello::default()).await.expect("a session");
    let refused = customers.export_customer(export("bot")).await.expect_err("a program");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PEOPLE_ONLY"));
}

#[tokio::test]
async fn an_export_has_every_form_of_an_address_and_a_group_is_nobodys_to_export() {
    let server = server().await;
    server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "where is my parcel");
    server.memory.say_in_group(OTHER, "who comes on Sunday");
    server.memory.rekey();
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let export = |id: &str| named("ana", p::ExportCustomerRequest { customer_id: id.to_owned() });
    let mut lines = customers.export_customer(export("c0")).await.expect("an export").into_inner();
    let mut addresses = Vec::new();
    while let Some(next) = lines.message().await.expect("a line") {
        let value: serde_json::Value = serde_json::from_str(&next.line).expect("JSON");
        addresses.extend(value["address"]["address"].as_str().map(str::to_owned));
    }
    assert_eq!(addresses, [format!("{CUSTOMER}00"), CUSTOMER.to_owned()]);
    let refused = customers.export_customer(export("c1")).await.expect_err("what many said");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
