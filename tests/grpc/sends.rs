//! Sending over the wire: where an answer could go, templates, and refusals that say what would do.

use skein::domain::id::Name;
use skein::domain::record::Purpose;
use skein::domain::workspace::{EndpointConfig, TemplateConfig, WorkspaceConfig};
use skein::proto::agent as p;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::reply_options_request::Of;
use skein::proto::agent::session_request::Request as Frame;
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
