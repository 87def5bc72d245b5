//! Sending over the wire: where an answer could go, templates, and refusals that say what would do.

#[path = "uploads.rs"]
mod uploads;

use skein::domain::event::ReceiptStatus;
use skein::domain::id::Name;
use skein::domain::record::Purpose;
use skein::domain::workspace::{EndpointConfig, TemplateConfig, WorkspaceConfig};
use skein::proto::agent as p;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::reply_options_request::Of;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use skein::proto::channel;
use tonic::Code;
use tonic::transport::Channel;

use super::harness::{Server, named, server};
use super::{CUSTOMER, fact, reason};

type Conversations = ConversationServiceClient<Channel>;

fn template(name: &str, language: &str, parameters: u32) -> TemplateConfig {
    TemplateConfig {
        channel: Name::from("whatsapp"),
        endpoint: Name::default(),
        name: Name::from(name),
        language: Name::from(language),
        parameters,
        purpose: Purpose::Service,
        text: "Your order {{1}}".to_owned(),
    }
}

/// SMS and mail beside WhatsApp, and three templates.
fn wide(config: &mut WorkspaceConfig) {
    for (name, channel) in [("texts", "sms"), ("office", "email")] {
        let endpoint = EndpointConfig { name: name.into(), channel: channel.into(), ..config.endpoints[0].clone() };
        config.endpoints.push(EndpointConfig { scope: Name::default(), ..endpoint });
    }
    config.templates = vec![template("order", "en", 1), template("order", "de", 1), template("hello", "en", 0)];
}

async fn open() -> (Server, Conversations) {
    let server = server().await;
    server.memory.configure(wide);
    let conversations = ConversationServiceClient::new(server.channel().await);
    (server, conversations)
}

fn free(work: &p::Work) -> p::SendMessageRequest {
    p::SendMessageRequest {
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        content: Some(channel::Content { text: "good day".to_owned(), parts: Vec::new() }),
        ..Default::default()
    }
}

async fn options(conversations: &mut Conversations, of: Of) -> p::ReplyOptionsResponse {
    let ask = p::ReplyOptionsRequest { of: Some(of) };
    conversations.reply_options(named("ana", ask)).await.expect("options").into_inner()
}

#[tokio::test]
async fn reply_options_say_what_a_send_gets_and_a_refused_send_says_what_would_do() {
    let (server, mut conversations) = open().await;
    server.memory.say_text(CUSTOMER, "hello");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let found = options(&mut conversations, Of::WorkId(work.work_id.clone())).await;
    assert_eq!(found.conversation_id, work.conversation_id);
    let places: Vec<_> = found.options.iter().map(|option| (option.endpoint.as_str(), option.allowed)).collect();
    assert_eq!(places, [("support", true), ("texts", true)]);
    let first = &found.options[0];
    assert!(first.is_default && first.window_until.is_some() && !first.endpoint_degraded, "{first:?}");
    assert_eq!((first.namespace.as_str(), first.address.as_str()), ("phone", CUSTOMER));
    let limit = found.options[1].capabilities.clone().expect("SMS is known").text.expect("a limit");
    assert_eq!((limit.unit(), limit.max), (p::TextUnit::SmsSegments, 10));

    server.memory.pass_hours(25);
    server.memory.degrade();
    let closed = options(&mut conversations, Of::WorkId(work.work_id.clone())).await;
    let wa = &closed.options[0];
    assert!(wa.is_default && !wa.allowed && wa.needs_template && wa.endpoint_degraded, "{wa:?}");
    let why = wa.refused.clone().expect("a reason");
    assert_eq!((why.reason.as_str(), why.metadata["class"].as_str()), ("CANNOT_SEND", "WINDOW_CLOSED"));

    let refused = conversations.send_message(named("ana", free(&work))).await.expect_err("the window is closed");
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, "CANNOT_SEND".to_owned()));
    let by = |option: &p::ReplyOption| format!("{}@{}", option.identity_id, option.endpoint);
    assert_eq!(fact(&refused, "reply_options"), Some(by(&closed.options[1])));
    assert_eq!(fact(&refused, "template_options"), Some(by(wa)));
    let error = ana.command(Frame::SendMessage(free(&work))).await.expect_err("in a session, too");
    assert_eq!(error.metadata.get("reply_options"), Some(&by(&closed.options[1])));

    let to = p::Recipient {
        identity_id: closed.options[1].identity_id.clone(),
        endpoint: closed.options[1].endpoint.clone(),
    };
    conversations
        .send_message(named("ana", p::SendMessageRequest { to: Some(to), ..free(&work) }))
        .await
        .expect("what would do does");
    let begin = options(&mut conversations, Of::ConversationId(work.conversation_id.clone())).await;
    assert!(begin.options.iter().all(|option| !option.is_default) && begin.options.len() == 2);
    let nobody = p::ReplyOptionsRequest { of: Some(Of::WorkId("w999-0".to_owned())) };
    let status = conversations.reply_options(named("ana", nobody)).await.expect_err("unknown");
    assert_eq!(reason(&status), "UNKNOWN_WORK");
    let status = conversations.reply_options(named("ana", p::ReplyOptionsRequest { of: None })).await;
    assert_eq!(reason(&status.expect_err("of what?")), "INVALID");
}

#[tokio::test]
async fn templates_are_listed_in_pages_and_sent_as_they_are_listed() {
    let (server, mut conversations) = open().await;
    let ask = p::ListTemplatesRequest { endpoint: "support".to_owned(), page_size: 2, ..Default::default() };
    let page = conversations.list_templates(named("ana", ask.clone())).await.expect("a page").into_inner();
    let of = |page: &p::ListTemplatesResponse| -> Vec<(String, String)> {
        page.templates.iter().map(|listed| (listed.name.clone(), listed.language.clone())).collect()
    };
    let pair = |name: &str, language: &str| (name.to_owned(), language.to_owned());
    assert_eq!(of(&page), [pair("order", "en"), pair("order", "de")]);
    assert_eq!((page.templates[0].parameters, page.templates[0].text.as_str()), (1, "Your order {{1}}"));
    let ask = p::ListTemplatesRequest { page_token: page.next_page_token, ..ask };
    let rest = conversations.list_templates(named("ana", ask)).await.expect("a page").into_inner();
    assert_eq!((of(&rest), rest.next_page_token.as_str()), (vec![pair("hello", "en")], ""));
    let german = p::ListTemplatesRequest { language: "de".to_owned(), ..Default::default() };
    let german = conversations.list_templates(named("ana", german)).await.expect("a page").into_inner();
    assert_eq!(of(&german), [pair("order", "de")]);
    let none = p::ListTemplatesRequest { endpoint: "nowhere".to_owned(), ..Default::default() };
    let status = conversations.list_templates(named("ana", none)).await.expect_err("no endpoint");
    assert_eq!(reason(&status), "UNKNOWN_ENDPOINT");

    server.memory.say_text(CUSTOMER, "hello");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    server.memory.pass_hours(25);
    let part = |name: &str, parameters: &[&str]| channel::Part {
        part: Some(channel::part::Part::Template(channel::Template {
            name: name.to_owned(),
            language: "en".to_owned(),
            parameters: parameters.iter().map(|&text| text.to_owned()).collect(),
        })),
    };
    let send = |part| p::SendMessageRequest {
        content: Some(channel::Content { text: String::new(), parts: vec![part] }),
        ..free(&work)
    };
    conversations.send_message(named("ana", send(part("order", &["7"])))).await.expect("it is approved");
    let few = conversations.send_message(named("ana", send(part("order", &[])))).await.expect_err("a place is empty");
    assert_eq!((reason(&few), fact(&few, "wanted")), ("INVALID".to_owned(), Some("1".to_owned())));
    let other = conversations.send_message(named("ana", send(part("sale", &[])))).await.expect_err("not listed");
    assert_eq!(reason(&other), "UNKNOWN_TEMPLATE");
}

/// First words by SMS.
fn start(to: p::start_work_request::To, request_id: &str) -> p::StartWorkRequest {
    p::StartWorkRequest {
        request_id: request_id.to_owned(),
        to: Some(to),
        endpoint: "texts".to_owned(),
        content: Some(channel::Content { text: "your parcel is here".to_owned(), parts: Vec::new() }),
        ..Default::default()
    }
}

fn phone(number: &str) -> p::start_work_request::To {
    let address = p::Address { namespace: "phone".to_owned(), address: number.to_owned() };
    p::start_work_request::To::Address(address)
}

#[tokio::test]
async fn an_agent_begins_and_is_told_of_its_work_and_a_repeat_begins_nothing() {
    let (server, mut conversations) = open().await;
    let mut works = WorkServiceClient::new(server.channel().await);
    let lone = works.start_work(named("ana", start(phone(CUSTOMER), "s0"))).await.expect_err("no session");
    assert_eq!(reason(&lone), "UNKNOWN_AGENT");
    let mut ana = server.ready("ana").await;
    let Outcome::StartWork(begun) = ana.command(Frame::StartWork(start(phone(CUSTOMER), "s1"))).await.expect("begun")
    else {
        panic!("another result")
    };
    let assigned = ana.assigned().await;
    let work = assigned.work.clone().expect("a work");
    assert_eq!((assigned.cause(), &work.work_id), (p::AssignmentCause::Start, &begun.work_id));
    assert_eq!((&work.assignment_id, work.last_customer_message_id.as_str()), (&begun.assignment_id, ""));
    assert_eq!(work.conversation_id, begun.conversation_id);
    let again = works.start_work(named("ana", start(phone(CUSTOMER), "s1"))).await.expect("a repeat").into_inner();
    assert_eq!((&again.work_id, &again.message_id), (&begun.work_id, &begun.message_id));
    let open = works.start_work(named("ana", start(phone(CUSTOMER), "s2"))).await.expect_err("a Work is open");
    assert_eq!((reason(&open), fact(&open, "owner")), ("WORK_OPEN".to_owned(), Some("ana".to_owned())));
    assert_eq!(fact(&open, "work_id"), Some(begun.work_id.clone()));
    let free = p::StartWorkRequest { endpoint: "support".to_owned(), ..start(phone("+4915187654321"), "s3") };
    let closed = works.start_work(named("ana", free)).await.expect_err("WhatsApp wants a template");
    assert_eq!((reason(&closed), fact(&closed, "class")), ("CANNOT_SEND".to_owned(), Some("WINDOW_CLOSED".to_owned())));
    let found = options(&mut conversations, Of::WorkId(begun.work_id.clone())).await;
    assert!(found.options[0].is_default && found.options[0].endpoint == "texts", "{found:?}");
}

#[tokio::test]
async fn what_is_ours_is_canceled_retried_edited_and_retracted() {
    let (server, mut conversations) = open().await;
    server.memory.configure(|config| {
        wide(config);
        let page = EndpointConfig { name: "page".into(), channel: "chat".into(), ..config.endpoints[0].clone() };
        config.endpoints.push(EndpointConfig { scope: Name::default(), ..page });
    });
    let mut ana = server.ready("ana").await;
    server.memory.say_text(CUSTOMER, "hello");
    let work = ana.accept().await;
    let sent = conversations.send_message(named("ana", free(&work))).await.expect("sent").into_inner();
    let cancel = p::CancelMessageRequest {
        message_id: sent.message_id.clone(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    let canceled = conversations.cancel_message(named("ana", cancel.clone())).await.expect("told").into_inner();
    let deletion = ana
        .event(|event| match event {
            p::event::Event::Message(message) if message.message_id == canceled.message_id => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((deletion.kind(), &deletion.about_message_id), (p::MessageKind::Deletion, &sent.message_id));
    let twice = conversations.cancel_message(named("ana", cancel)).await.expect_err("once");
    assert_eq!((reason(&twice), fact(&twice, "status")), ("MESSAGE_STATE".to_owned(), Some("QUEUED".to_owned())));

    let text = p::SendMessageRequest {
        content: Some(channel::Content { text: "these very words".to_owned(), parts: Vec::new() }),
        ..free(&work)
    };
    let lost = conversations.send_message(named("ana", text)).await.expect("sent").into_inner();
    server.memory.report(&lost.message_id, ReceiptStatus::Failed);
    let retry = p::RetryMessageRequest {
        request_id: "r1".to_owned(),
        message_id: lost.message_id.clone(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    let Outcome::RetryMessage(again) = ana.command(Frame::RetryMessage(retry.clone())).await.expect("again") else {
        panic!("another result")
    };
    let said = ana
        .event(|event| match event {
            p::event::Event::Message(message) if message.message_id == again.message_id => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!(said.content.clone().unwrap_or_default().text, "these very words");
    assert_eq!(
        (&said.about_message_id, said.flags().collect::<Vec<_>>()),
        (&lost.message_id, vec![p::MessageFlag::Retry])
    );
    let repeat = conversations.retry_message(named("ana", retry)).await.expect("a repeat").into_inner();
    assert_eq!(repeat.message_id, again.message_id);
    let nothing = p::RetryMessageRequest {
        message_id: "m999-0".to_owned(),
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    let status = conversations.retry_message(named("ana", nothing)).await.expect_err("there is none");
    assert_eq!(reason(&status), "UNKNOWN_MESSAGE");

    server.memory.report(&again.message_id, ReceiptStatus::Sent);
    let edit = p::EditMessageRequest {
        message_id: again.message_id.clone(),
        assignment_id: work.assignment_id.clone(),
        content: Some(channel::Content { text: "others".to_owned(), parts: Vec::new() }),
        ..Default::default()
    };
    let status = conversations.edit_message(named("ana", edit)).await.expect_err("WhatsApp cannot");
    assert_eq!((reason(&status), fact(&status, "channel")), ("NOT_CARRIED".to_owned(), Some("whatsapp".to_owned())));
    let retract = p::RetractMessageRequest {
        message_id: again.message_id,
        assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    let status = conversations.retract_message(named("ana", retract)).await.expect_err("WhatsApp cannot");
    assert_eq!(reason(&status), "NOT_CARRIED");
}
