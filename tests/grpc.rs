//! The agents' edge over real gRPC, with the real core behind it and everything durable at once.

#[path = "grpc/access.rs"]
mod access;
#[path = "grpc/customers.rs"]
mod customers;
#[path = "grpc/explained.rs"]
mod explained;
#[path = "grpc/exported.rs"]
mod exported;
#[path = "grpc/harness.rs"]
mod harness;
#[path = "grpc/hidden.rs"]
mod hidden;
#[path = "grpc/passed.rs"]
mod passed;
#[path = "grpc/reshaped.rs"]
mod reshaped;
#[path = "grpc/resumes.rs"]
mod resumes;
#[path = "grpc/rooms.rs"]
mod rooms;
#[path = "grpc/sends.rs"]
mod sends;
#[path = "grpc/sessions.rs"]
mod sessions;
#[path = "grpc/shop.rs"]
mod shop;
#[path = "grpc/tls.rs"]
mod tls;
#[path = "grpc/tokens.rs"]
mod tokens;
#[path = "grpc/visibility.rs"]
mod visibility;
#[path = "grpc/words.rs"]
mod words;

use std::time::Duration;

use harness::{OBJECT_BYTES, SOON, answer_to, named, picture, request, server, server_with, until};
use skein::agents::ServeOptions;
use skein::agents::feed::FeedLimits;
use skein::domain::content::Content;
use skein::domain::event::AddressKind;
use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

const CUSTOMER: &str = "+4915112345678";

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn fact(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info().and_then(|info| info.metadata.get(key).cloned())
}

#[tokio::test]
async fn a_caller_without_a_name_is_refused() {
    let server = server().await;
    let mut works = WorkServiceClient::new(server.channel().await);
    let status = works.list_my_work(Request::new(p::ListMyWorkRequest {})).await.expect_err("nobody calls");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "CALLER_UNNAMED"));
    assert_eq!(fact(&status, "metadata").as_deref(), Some("skein-workspace"));
    let wild = works.list_my_work(named("a.*", p::ListMyWorkRequest {})).await.expect_err("no name");
    assert_eq!(fact(&wild, "metadata").as_deref(), Some("skein-agent"));
}

#[tokio::test]
async fn whoever_asks_to_be_shown_as_typing_again_at_once_is_not_looked_up() {
    let server = server().await;
    let mut client = ConversationServiceClient::new(server.channel().await);
    let ask = || p::SendTypingRequest { request_id: String::new(), work_id: "w999-0".to_owned() };
    let refused = client.send_typing(named("ana", ask())).await.expect_err("no such Work");
    assert_eq!(refused.code(), Code::NotFound);
    let again = client.send_typing(named("ana", ask())).await.expect("nobody looked for the Work");
    assert!(!again.into_inner().forwarded);
    let refused = client.send_typing(named("ben", ask())).await.expect_err("another asks for the first time");
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_session_begins_with_hello_or_not_at_all() {
    let server = server().await;
    let (frames, rest) = tokio::sync::mpsc::channel(4);
    frames.send(request(Frame::EndSession(p::EndSessionRequest::default()))).await.expect("there is room");
    let mut client = AgentServiceClient::new(server.channel().await);
    let mut answers = client.session(named("ana", ReceiverStream::new(rest))).await.expect("a stream").into_inner();
    let status = answers.message().await.expect_err("no welcome");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "HELLO_EXPECTED"));
    assert!(server.memory.view("ana").is_none(), "nothing was opened");
}

#[tokio::test]
async fn a_peer_that_says_nothing_loses_its_place() {
    let options = ServeOptions { handshake: Duration::from_millis(50), max_sessions: 1, ..ServeOptions::default() };
    let server = server_with(options, FeedLimits::default()).await;
    let (_silent, rest) = tokio::sync::mpsc::channel::<p::SessionRequest>(1);
    let mut client = AgentServiceClient::new(server.channel().await);
    let mut answers = client.session(named("ana", ReceiverStream::new(rest))).await.expect("a stream").into_inner();
    let status = answers.message().await.expect_err("no welcome");
    assert_eq!(reason(&status), "HANDSHAKE_TIMEOUT");
    server.open("ana", p::Hello::default()).await.expect("the place is free again");
}

#[tokio::test]
async fn a_message_is_offered_accepted_answered_and_closed() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    assert_eq!(work.channel, "whatsapp");
    let sent = ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("sent");
    let again =
        ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("a repeat is no error");
    assert_eq!(sent, again, "the first answer is repeated");
    let other = ana.command(Frame::SendMessage(answer_to(&work, "s1", "other words"))).await.expect_err("another body");
    assert_eq!(other.reason, "REQUEST_ID_REUSED");
    let close = p::CloseWorkRequest {
        request_id: "c1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        disposition: "done".to_owned(),
        ..Default::default()
    };
    ana.command(Frame::CloseWork(close)).await.expect("closed");
    let late = ana.command(Frame::SendMessage(answer_to(&work, "s2", "one more"))).await.expect_err("it is over");
    assert_eq!(late.code, i32::from(Code::FailedPrecondition));
}

#[tokio::test]
async fn who_sends_by_a_degraded_endpoint_is_told_so_and_never_waits_for_it() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    let mut late = Vec::new();
    for (at, request_id) in ["s1", "s2", "s3"].into_iter().enumerate() {
        match at {
            1 => server.memory.degrade(),
            2 => server.memory.hide_addresses(),
            _ => {}
        }
        let sent = ana.command(Frame::SendMessage(answer_to(&work, request_id, "good day"))).await.expect("sent");
        let p::command_result::Result::SendMessage(sent) = sent else { panic!("no message but {sent:?}") };
        late.push(sent.endpoint_degraded);
    }
    assert_eq!(late, [false, true, false], "what is not known with the answer is not said");
    let stale = p::SendMessageRequest { assignment_id: "a999-0".to_owned(), ..answer_to(&work, "s4", "good day") };
    ana.command(Frame::SendMessage(stale)).await.expect_err("a refusal waits for it no more than an answer does");
}

#[tokio::test]
async fn a_resume_misses_nothing_and_repeats_nothing() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "0");
    let work = ana.accept().await;
    let epoch = ana.welcome.session_epoch;
    let mut heard = Vec::new();
    let mut last = None;
    for text in ["1", "2", "3"] {
        server.memory.say_text(CUSTOMER, text);
    }
    while heard.len() < 3 {
        let Some(p::session_response::Response::Events(events)) = ana.next().await.expect("open") else { continue };
        for event in events.events {
            if let Some(p::event::Event::Message(message)) = event.event {
                heard.push(message.content.unwrap_or_default().text);
                last = event.position;
            }
        }
    }
    drop(ana);
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    for text in ["4", "5", "6"] {
        server.memory.say_text(CUSTOMER, text);
    }
    let hello = p::Hello { resume_session_epoch: epoch, resume_after: last, takeover: false, ..Default::default() };
    let mut ana = server.open("ana", hello).await.expect("resumed");
    assert!(ana.welcome.resumed && ana.welcome.snapshot.is_none());
    server.memory.say_text(CUSTOMER, "7");
    while heard.len() < 7 {
        let text = ana
            .event(|event| match event {
                p::event::Event::Message(message) => message.content.as_ref().map(|content| content.text.clone()),
                _ => None,
            })
            .await;
        heard.push(text);
    }
    assert_eq!(heard, ["1", "2", "3", "4", "5", "6", "7"]);
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "still here"))).await.expect("the Work is still ana's");
    let epoch = ana.welcome.session_epoch;
    drop(ana);
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    // What the second session was told and not handled is told again by what was kept of it.
    let hello = p::Hello { resume_session_epoch: epoch, resume_after: last, takeover: false, ..Default::default() };
    let mut ana = server.open("ana", hello).await.expect("resumed");
    assert!(ana.welcome.resumed);
    for text in ["4", "5", "6", "7"] {
        let message = ana
            .event(|event| match event {
                p::event::Event::Message(message) => Some(message.clone()),
                _ => None,
            })
            .await;
        assert_eq!(message.content.unwrap_or_default().text, text);
        assert_eq!(message.work_id, work.work_id);
    }
}

#[tokio::test]
async fn a_resume_outside_what_is_kept_begins_with_a_snapshot() {
    let limits = FeedLimits { ring_positions: 2, ..FeedLimits::default() };
    let server = server_with(ServeOptions::default(), limits).await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "0");
    let work = ana.accept().await;
    let epoch = ana.welcome.session_epoch;
    let after = ana.welcome.snapshot.as_ref().and_then(|snapshot| snapshot.position);
    drop(ana);
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    for text in ["1", "2", "3"] {
        server.memory.say_text(CUSTOMER, text);
    }
    let hello = p::Hello { resume_session_epoch: epoch, resume_after: after, takeover: false, ..Default::default() };
    let ana = server.open("ana", hello).await.expect("opened");
    assert!(!ana.welcome.resumed);
    let works = ana.welcome.snapshot.expect("a snapshot").works;
    assert_eq!(works.iter().map(|work| &work.work_id).collect::<Vec<_>>(), [&work.work_id]);
}

#[tokio::test]
async fn malformed_fields_are_named() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    let mut works = WorkServiceClient::new(server.channel().await);
    for id in ["", "w1", "w-1-2", "x1-1", "w1-99999", "w99999999999999999999-1"] {
        let status = works
            .get_work(named("ana", p::GetWorkRequest { work_id: id.to_owned() }))
            .await
            .expect_err("no id of a Work");
        assert_eq!(
            (status.code(), fact(&status, "field").as_deref()),
            (Code::InvalidArgument, Some("work_id")),
            "{id}"
        );
    }
    let good = answer_to(&work, "", "text");
    let mut nul = good.clone();
    nul.content = Some(skein::proto::channel::Content { text: "a\0b".to_owned(), parts: Vec::new() });
    let mut long = good.clone();
    long.content = Some(skein::proto::channel::Content { text: "x".repeat(64 * 1024 + 1), parts: Vec::new() });
    let mut header = good.clone();
    let mail = skein::proto::channel::Mail { subject: "a\r\nBcc: b".to_owned(), ..Default::default() };
    header.content = Some(skein::proto::channel::Content {
        text: "a".to_owned(),
        parts: vec![skein::proto::channel::Part { part: Some(skein::proto::channel::part::Part::Mail(mail)) }],
    });
    for (bad, wanted) in [(nul, "INVALID"), (long, "LIMIT_REACHED"), (header, "INVALID")] {
        assert_eq!(ana.command(Frame::SendMessage(bad)).await.expect_err("refused").reason, wanted);
    }
    ana.command(Frame::SendMessage(good)).await.expect("the good one is taken after all of them");
}

#[tokio::test]
async fn a_frame_over_four_mebibytes_is_refused_and_the_agent_can_come_back() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    let epoch = ana.welcome.session_epoch;
    let mut huge = answer_to(&p::Work::default(), "s1", "");
    huge.content = Some(skein::proto::channel::Content { text: "x".repeat((4 << 20) + 1), parts: Vec::new() });
    ana.send(Frame::SendMessage(huge)).await;
    let status = loop {
        match ana.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("ended without a reason"),
            Err(status) => break status,
        }
    };
    assert_eq!((status.code(), reason(&status).as_str()), (Code::OutOfRange, "MESSAGE_TOO_LARGE"));
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    let hello = p::Hello { resume_session_epoch: epoch, ..p::Hello::default() };
    server.open("ana", hello).await.expect("back again");
}

#[tokio::test]
async fn pages_of_history_hold_every_message_once_in_few_rounds() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "0");
    let work = ana.accept().await;
    for number in 1..=120 {
        server.memory.say_text(CUSTOMER, &number.to_string());
    }
    let mut conversations = ConversationServiceClient::new(server.channel().await);
    let (mut texts, mut token) = (Vec::new(), String::new());
    loop {
        let before = server.memory.reads();
        let ask =
            p::ListMessagesRequest { conversation_id: work.conversation_id.clone(), page_size: 50, page_token: token };
        let page = conversations.list_messages(named("ana", ask)).await.expect("a page").into_inner();
        assert!(page.messages.len() <= 50);
        assert!(server.memory.reads() - before <= 8, "rounds of one page");
        texts.extend(page.messages.into_iter().map(|message| message.content.unwrap_or_default().text));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let wanted: Vec<String> = (0..=120).rev().map(|number| number.to_string()).collect();
    assert_eq!(texts, wanted);
    let forged = p::ListMessagesRequest {
        conversation_id: work.conversation_id,
        page_token: "01ffffffffffffffff".to_owned(),
        page_size: 0,
    };
    let status = conversations.list_messages(named("ana", forged)).await.expect_err("no token");
    assert_eq!(fact(&status, "field").as_deref(), Some("page_token"));
}

#[tokio::test]
async fn the_newest_messages_of_a_customer_with_hundreds_of_browsers_are_in_the_history() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    for number in 0..300 {
        let browser = format!("b{number}");
        let from = [(AddressKind::Web, browser.as_str()), (AddressKind::Crm, "C1")];
        server.memory.say_as(&from, Content::text(number.to_string()));
    }
    let work = ana.accept().await;
    let mut conversations = ConversationServiceClient::new(server.channel().await);
    let ask =
        p::ListMessagesRequest { conversation_id: work.conversation_id, page_size: 50, page_token: String::new() };
    let page = conversations.list_messages(named("ana", ask)).await.expect("a page").into_inner();
    let texts: Vec<String> =
        page.messages.into_iter().map(|message| message.content.unwrap_or_default().text).collect();
    let wanted: Vec<String> = (250..300).rev().map(|number| number.to_string()).collect();
    assert_eq!(texts, wanted);
}

#[tokio::test]
async fn a_watcher_sees_both_sides_and_an_attachment_comes_in_pieces() {
    let server = server().await;
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    let mut conversations = ConversationServiceClient::new(server.channel().await);
    let ask = p::WatchConversationRequest { conversation_id: work.conversation_id.clone() };
    let mut watch = conversations.watch_conversation(named("ben", ask)).await.expect("a stream").into_inner();
    ana.command(Frame::SendMessage(answer_to(&work, "s1", "good day"))).await.expect("sent");
    server.memory.say(CUSTOMER, picture());
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let next = tokio::time::timeout(SOON, watch.message()).await.expect("in time").expect("open");
        let event = next.and_then(|response| response.event).and_then(|event| event.event);
        if let Some(p::event::Event::Message(message)) = event {
            seen.push(message);
        }
    }
    assert_eq!((seen[0].direction(), seen[0].agent.as_str()), (p::Direction::Out, "ana"));
    let ask = p::GetAttachmentRequest { message_id: seen[1].message_id.clone(), attachment: 0 };
    let mut pieces = conversations.get_attachment(named("ben", ask)).await.expect("a stream").into_inner();
    let head = pieces.message().await.expect("open").and_then(|first| first.attachment).expect("a description");
    assert_eq!(head.media_type.as_deref(), Some("image/jpeg"));
    let mut bytes = 0;
    while let Some(piece) = pieces.message().await.expect("open") {
        assert!(piece.data.len() <= 64 * 1024);
        bytes += piece.data.len();
    }
    assert_eq!(bytes, OBJECT_BYTES);
    let ask = p::GetAttachmentRequest { message_id: seen[1].message_id.clone(), attachment: 1 };
    let status = conversations.get_attachment(named("ben", ask)).await.expect_err("there is one only");
    assert_eq!(reason(&status), "UNKNOWN_ATTACHMENT");
}

#[tokio::test]
async fn a_shutdown_tells_sessions_to_come_back_and_ends_in_time() {
    let mut server = server().await;
    let mut ana = server.ready("ana").await;
    server.shutdown.cancel();
    assert_eq!(ana.end().await, p::SessionEndReason::Draining);
    assert_eq!(ana.next().await.expect("a clean end"), None);
    tokio::time::timeout(SOON, &mut server.ended).await.expect("in time").expect("no panic");
    assert!(server.memory.view("ana").is_some_and(|agent| !agent.connected), "its graces run");
}

#[tokio::test]
async fn health_follows_the_shard() {
    use tonic_health::pb::health_check_response::ServingStatus;
    let server = server().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(server.channel().await);
    let ask = tonic_health::pb::HealthCheckRequest { service: "skein.agent.v1.AgentService".to_owned() };
    let mut changes = health.watch(ask).await.expect("a stream").into_inner();
    for (ready, wanted) in [(true, ServingStatus::Serving), (false, ServingStatus::NotServing)] {
        server.ready.send_replace(ready);
        let reached = tokio::time::timeout(SOON, async {
            while changes.message().await.expect("open").map(|change| change.status()) != Some(wanted) {}
        });
        reached.await.expect("health changes in time");
    }
}

#[tokio::test]
async fn reflection_lists_the_services_in_both_versions() {
    use tonic_reflection::pb::{v1, v1alpha};
    const SERVICES: [&str; 4] = [
        "grpc.health.v1.Health",
        "skein.agent.v1.AgentService",
        "skein.agent.v1.ConversationService",
        "skein.agent.v1.WorkService",
    ];
    let server = server().await;
    let mut new = v1::server_reflection_client::ServerReflectionClient::new(server.channel().await);
    let list = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let ask = v1::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = new.server_reflection_info(tokio_stream::iter([ask])).await.expect("a stream").into_inner();
    let answer = answers.message().await.expect("open").expect("an answer");
    let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) = answer.message_response
    else {
        panic!("a list is wanted");
    };
    for service in SERVICES {
        assert!(list.service.iter().any(|listed| listed.name == service), "{service}");
    }
    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel().await);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let ask = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = old.server_reflection_info(tokio_stream::iter([ask])).await.expect("a stream").into_inner();
    assert!(answers.message().await.expect("open").is_some());
}

#[tokio::test]
async fn a_browser_speaks_grpc_web_over_http_1() {
    let options = ServeOptions { loopback_origins: true, ..ServeOptions::default() };
    let server = server_with(options, FeedLimits::default()).await;
    let _ana = server.ready("ana").await;
    let mut tcp = tokio::net::TcpStream::connect(server.address).await.expect("connected");
    // An empty message: no flags, length 0.
    let head = "POST /skein.agent.v1.WorkService/ListMyWork HTTP/1.1\r\nhost: localhost\r\n\
                origin: http://localhost:5173\r\ncontent-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\n\
                skein-workspace: demo\r\nskein-agent: ana\r\ncontent-length: 5\r\nconnection: close\r\n\r\n";
    tcp.write_all(head.as_bytes()).await.expect("written");
    tcp.write_all(&[0, 0, 0, 0, 0]).await.expect("written");
    let mut answer = Vec::new();
    tokio::time::timeout(SOON, tcp.read_to_end(&mut answer)).await.expect("in time").expect("read");
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: application/grpc-web+proto"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: http://localhost:5173"), "{answer}");
    assert!(answer.contains("grpc-status:0"), "{answer}");
}

#[tokio::test]
async fn a_unary_request_over_four_mebibytes_is_refused_with_its_reason() {
    let server = server().await;
    let mut conversations = ConversationServiceClient::new(server.channel().await);
    let mut huge = answer_to(&p::Work::default(), "s1", "");
    huge.content = Some(skein::proto::channel::Content { text: "x".repeat((4 << 20) + 1), parts: Vec::new() });
    let status = conversations.send_message(named("ana", huge)).await.expect_err("too large");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::OutOfRange, "MESSAGE_TOO_LARGE"));
    assert_eq!(fact(&status, "limit").as_deref(), Some("max_request_bytes"));
    let status = conversations.send_message(named("ana", answer_to(&p::Work::default(), "s1", "a"))).await;
    assert_eq!(reason(&status.expect_err("no such Work")), "INVALID", "other refusals stay as they are");
}

#[tokio::test]
async fn a_watch_with_unary_commands_and_acknowledgements_is_a_session_like_any_other() {
    let server = server().await;
    let mut agents = AgentServiceClient::new(server.channel().await);
    let mut works = WorkServiceClient::new(server.channel().await);
    let watch = |hello| named("ana", p::WatchRequest { hello: Some(hello) });
    let mut watched = agents.watch(watch(p::Hello::default())).await.expect("a stream").into_inner();
    let Some(p::watch_response::Response::Welcome(welcome)) = watch_next(&mut watched).await else {
        panic!("a welcome comes first")
    };
    let epoch = welcome.session_epoch;
    let ready = p::SetPresenceRequest {
        session_epoch: epoch,
        presence: p::Presence::Ready.into(),
        ..p::SetPresenceRequest::default()
    };
    agents.set_presence(named("ana", ready)).await.expect("ready");
    server.memory.say_text(CUSTOMER, "hello");
    let offer = watch_event(&mut watched, |event| match event {
        p::event::Event::Offered(offer) => Some(offer.clone()),
        _ => None,
    });
    let (_, offer) = offer.await;
    let accept = p::AcceptOfferRequest { session_epoch: epoch, offer_id: offer.offer_id, ..Default::default() };
    works.accept_offer(named("ana", accept)).await.expect("it is hers");
    let (position, assigned) = watch_event(&mut watched, |event| match event {
        p::event::Event::Assigned(assigned) => Some(assigned.clone()),
        _ => None,
    })
    .await;
    assert_eq!(assigned.messages.len(), 1);

    let acknowledge = |session_epoch, position| named("ana", p::AcknowledgeRequest { session_epoch, position });
    agents.acknowledge(acknowledge(epoch, position)).await.expect("noted");
    let status = agents.acknowledge(acknowledge(epoch, None)).await.expect_err("of what?");
    assert_eq!(fact(&status, "field").as_deref(), Some("position"));
    for other in [0, epoch + 1_000] {
        let status = agents.acknowledge(acknowledge(other, position)).await.expect_err("no such session");
        assert_eq!(reason(&status), "NO_SESSION");
    }

    drop(watched);
    until("the loss is known", || server.memory.view("ana").is_some_and(|agent| !agent.connected)).await;
    let status = agents.acknowledge(acknowledge(epoch, position)).await.expect_err("its stream is gone");
    assert_eq!(reason(&status), "NO_SESSION");
    server.memory.say_text(CUSTOMER, "are you there?");
    let resume =
        p::Hello { resume_session_epoch: epoch, resume_after: position, takeover: false, ..Default::default() };
    let mut watched = agents.watch(watch(resume)).await.expect("a stream").into_inner();
    let Some(p::watch_response::Response::Welcome(welcome)) = watch_next(&mut watched).await else {
        panic!("a welcome comes first")
    };
    assert!(welcome.resumed);
    let (_, said) = watch_event(&mut watched, |event| match event {
        p::event::Event::Message(message) => message.content.as_ref().map(|content| content.text.clone()),
        _ => None,
    })
    .await;
    assert_eq!(said, "are you there?");
}

async fn watch_next(watched: &mut tonic::Streaming<p::WatchResponse>) -> Option<p::watch_response::Response> {
    let next = tokio::time::timeout(SOON, watched.message()).await.expect("a frame in time");
    next.expect("open").and_then(|frame| frame.response)
}

/// The first such event, with its position.
async fn watch_event<T>(
    watched: &mut tonic::Streaming<p::WatchResponse>,
    wanted: impl Fn(&p::event::Event) -> Option<T>,
) -> (Option<p::Position>, T) {
    loop {
        let Some(p::watch_response::Response::Events(events)) = watch_next(watched).await else { continue };
        for event in events.events {
            if let Some(found) = event.event.as_ref().and_then(&wanted) {
                return (event.position, found);
            }
        }
    }
}
