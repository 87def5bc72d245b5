//! What agents note, and what they see of queues, over the wire: unary, by the session, and as streams.

use skein::domain::id::Name;
use skein::domain::workspace::{DispositionConfig, PresenceReasonConfig};
use skein::proto::agent as p;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::estimate_wait_request::Of;
use skein::proto::agent::queue_service_client::QueueServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use skein::proto::channel::Content;

use super::harness::{SOON, answer_to, named, server};
use super::{CUSTOMER, fact, reason};

const OTHER: &str = "+4915112345679";

fn note(work: &p::Work, id: &str, text: &str) -> p::AddNoteRequest {
    let content = Some(Content { text: text.to_owned(), ..Content::default() });
    let (request_id, work_id) = (id.to_owned(), work.work_id.clone());
    p::AddNoteRequest { request_id, work_id, content, ..Default::default() }
}

fn tag(work: &p::Work, id: &str, add: &[&str]) -> p::TagRequest {
    let (request_id, work_id) = (id.to_owned(), work.work_id.clone());
    p::TagRequest { request_id, work_id, add: add.iter().map(|tag| (*tag).to_owned()).collect(), ..Default::default() }
}

#[tokio::test]
async fn a_colleague_notes_something_and_the_owner_and_the_history_have_it() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut talk = ConversationServiceClient::new(server.channel().await);
    server.ready("bob").await;
    let first = talk.add_note(named("bob", note(&work, "n1", "see the file"))).await.expect("noted").into_inner();
    let again = talk.add_note(named("bob", note(&work, "n1", "see the file"))).await.expect("a repeat").into_inner();
    assert_eq!(first, again);
    let told = ana
        .event(|event| match event {
            p::event::Event::Message(message) if message.direction() == p::Direction::Note => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((told.message_id.as_str(), told.agent.as_str()), (first.message_id.as_str(), "bob"));
    let request = p::ListMessagesRequest { conversation_id: work.conversation_id.clone(), ..Default::default() };
    let page = talk.list_messages(named("ana", request)).await.expect("a page").into_inner();
    assert_eq!(page.messages[0].message_id, first.message_id);
    let both = p::AddNoteRequest { conversation_id: "c0".to_owned(), ..note(&work, "n2", "x") };
    assert_eq!(reason(&talk.add_note(named("bob", both)).await.expect_err("one or the other")), "INVALID");
    let by_session = ana.command(Frame::AddNote(note(&work, "n3", "mine"))).await.expect("noted");
    assert!(matches!(by_session, Outcome::AddNote(_)), "{by_session:?}");
}

#[tokio::test]
async fn summary_tags_and_priority_are_shown_found_and_exported() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    ana.command(Frame::Tag(tag(&work, "t1", &["refund"]))).await.expect("tagged");
    let set = p::SetSummaryRequest {
        request_id: "s1".to_owned(),
        work_id: work.work_id.clone(),
        text: "wants his money back".to_owned(),
        ..Default::default()
    };
    ana.command(Frame::SetSummary(set)).await.expect("noted");
    let sooner = Some(prost_types::Duration { seconds: 90, nanos: 0 });
    let urgent = p::SetPriorityRequest {
        request_id: "p1".to_owned(),
        work_id: work.work_id.clone(),
        sooner,
        reason: "he is at the door".to_owned(),
        ..Default::default()
    };
    ana.command(Frame::SetPriority(urgent)).await.expect("noted");
    let told = ana
        .event(|event| match event {
            p::event::Event::Marked(marked) => Some(marked.clone()),
            _ => None,
        })
        .await;
    assert_eq!(told.work_id, work.work_id);
    let mut works = WorkServiceClient::new(server.channel().await);
    let with = |tag: &str| p::ListWorkRequest { tag: tag.to_owned(), ..Default::default() };
    let found = works.list_work(named("ana", with("refund"))).await.expect("a list").into_inner().works;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].summary.as_ref().map(|summary| summary.text.as_str()), Some("wants his money back"));
    let credit = &found[0].credits[0];
    assert_eq!((credit.name.as_str(), credit.priority, credit.given_by.as_str()), ("he is at the door", true, "ana"));
    let none = works.list_work(named("ana", with("refunds"))).await.expect("a list").into_inner().works;
    assert!(none.is_empty());
    let mut customers = CustomerServiceClient::new(server.channel().await);
    let request = p::TagRequest {
        customer_id: work.conversation_id.clone(),
        add: vec!["regular".to_owned()],
        request_id: "t2".to_owned(),
        ..Default::default()
    };
    customers.tag(named("ana", request)).await.expect("tagged");
    let get = p::GetCustomerRequest { customer_id: work.conversation_id.clone() };
    let customer = customers.get_customer(named("ana", get)).await.expect("a customer").into_inner().customer;
    assert_eq!(customer.expect("a customer").tags, ["regular"]);
    let export = p::ExportCustomerRequest { customer_id: work.conversation_id.clone() };
    let mut lines = customers.export_customer(named("ana", export)).await.expect("an export").into_inner();
    let mut all = String::new();
    while let Some(line) = lines.message().await.expect("a line") {
        all.push_str(&line.line);
    }
    for word in ["wants his money back", "refund", "regular", "he is at the door"] {
        assert!(all.contains(word), "{word} is not exported");
    }
}

#[tokio::test]
async fn a_list_is_asked_for_and_another_word_is_told_the_nearest() {
    let server = server().await;
    server.memory.configure(|config| {
        config.dispositions = vec![DispositionConfig { name: Name::new("solved"), ..DispositionConfig::default() }];
        config.presence_reasons = vec![PresenceReasonConfig { name: Name::new("lunch"), label: "Lunch".to_owned() }];
    });
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut rooms = QueueServiceClient::new(server.channel().await);
    let listed = rooms.list_dispositions(named("ana", p::ListDispositionsRequest::default())).await.expect("a list");
    let listed = listed.into_inner().dispositions;
    assert_eq!((listed[0].name.as_str(), listed[0].label.as_str()), ("solved", "solved"));
    let reasons = rooms.list_presence_reasons(named("ana", p::ListPresenceReasonsRequest {})).await.expect("a list");
    assert_eq!(reasons.into_inner().reasons[0].label, "Lunch");
    let mut works = WorkServiceClient::new(server.channel().await);
    let close = p::CloseWorkRequest {
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        disposition: "sovled".to_owned(),
        ..Default::default()
    };
    let refused = works.close_work(named("ana", close)).await.expect_err("a mistyped one");
    let near = fact(&refused, "did_you_mean");
    assert_eq!((reason(&refused).as_str(), near.as_deref()), ("UNKNOWN_DISPOSITION", Some("solved")));
}

#[tokio::test]
async fn who_watches_queues_is_told_all_of_them_and_then_what_changes() {
    let server = server().await;
    let mut rooms = QueueServiceClient::new(server.channel().await);
    let watch = p::WatchQueuesRequest::default();
    let mut told = rooms.watch_queues(named("ana", watch)).await.expect("a stream").into_inner();
    let first = tokio::time::timeout(SOON, told.message()).await.expect("soon").expect("told").expect("queues").queues;
    let list = rooms.list_queues(named("ana", p::ListQueuesRequest::default())).await.expect("a list").into_inner();
    assert_eq!(first, list.queues);
    let queue = first[0].queue.clone();
    server.memory.say_text(CUSTOMER, "my parcel");
    server.memory.say_text(OTHER, "mine, too");
    let next = tokio::time::timeout(SOON, told.message()).await.expect("soon").expect("told").expect("queues").queues;
    let waiting = next.iter().find(|status| status.waiting > 0).expect("somebody waits");
    assert!(waiting.longest_waiting_since.is_some());
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("sent");
    let level = loop {
        let next = tokio::time::timeout(SOON, told.message()).await.expect("soon").expect("told").expect("queues");
        let level =
            next.queues.iter().filter_map(|status| status.service_level).find(|level| level.answered_in_time > 0);
        if let Some(level) = level {
            break level;
        }
    };
    assert_eq!((level.of_answered, level.of_all), (Some(1.0), Some(1.0)));
    let window = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let short = p::ListQueuesRequest { window, ..Default::default() };
    assert_eq!(reason(&rooms.list_queues(named("ana", short)).await.expect_err("too short")), "INVALID");
    let named_one = |name: &str| p::WatchQueuesRequest { queues: vec![name.to_owned()], window: None };
    let missing = rooms.watch_queues(named("ana", named_one("nowhere"))).await.expect_err("there is none");
    assert_eq!((reason(&missing).as_str(), fact(&missing, "queue").as_deref()), ("INVALID", Some("nowhere")));
    rooms.watch_queues(named("ana", named_one(&queue))).await.expect("that is there");
}

#[tokio::test]
async fn an_estimate_without_agents_is_no_number_and_targets_say_why_not() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut rooms = QueueServiceClient::new(server.channel().await);
    let queue = rooms.list_queues(named("ana", p::ListQueuesRequest::default())).await.expect("a list").into_inner();
    let queue = queue.queues.into_iter().find(|status| status.waiting == 1).expect("it waits somewhere").queue;
    let of = p::EstimateWaitRequest { of: Some(Of::Queue(queue)) };
    let told = rooms.estimate_wait(named("ana", of)).await.expect("told").into_inner();
    assert_eq!((told.position, told.unknown(), told.range), (2, p::WaitUnknown::Nobody, None));
    let of = p::EstimateWaitRequest { of: Some(Of::Queue("nowhere".to_owned())) };
    assert_eq!(reason(&rooms.estimate_wait(named("ana", of)).await.expect_err("there is none")), "INVALID");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let _bob = server.ready("bob").await;
    let asked = |able_only: bool, page_size: i32, token: &str| p::ListTargetsRequest {
        work_id: work.work_id.clone(),
        able_only,
        page_size,
        page_token: token.to_owned(),
    };
    let all = rooms.list_targets(named("ana", asked(false, 1, ""))).await.expect("a page").into_inner();
    assert_eq!((all.agents[0].agent.as_str(), all.agents[0].obstacle()), ("ana", p::TargetObstacle::Owner));
    assert!(!all.queues.is_empty());
    let rest =
        rooms.list_targets(named("ana", asked(false, 1, &all.next_page_token))).await.expect("a page").into_inner();
    assert_eq!((rest.agents[0].agent.as_str(), rest.queues.len(), rest.next_page_token.as_str()), ("bob", 0, ""));
    let able = rooms.list_targets(named("ana", asked(true, 0, ""))).await.expect("a page").into_inner();
    assert_eq!(able.agents.iter().map(|target| target.agent.as_str()).collect::<Vec<_>>(), ["bob"]);
}
