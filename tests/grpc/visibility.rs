//! Who sees what: Works, words, names and addresses of queues that are not shown to everybody.
//!
//! Two brands, north and south, each with a queue and an agent; and a third queue of north that only those who serve it see.

use prost::Message as _;
use skein::domain::id::Name;
use skein::domain::workspace::{AgentConfig, AgentProfile, EndpointConfig, QueueConfig, Visibility, WorkspaceConfig};
use skein::proto::agent as p;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use tonic::{Code, Request, Status};

use crate::harness::{Server, named, picture, server};
use crate::reason;
use crate::tokens::{bearing, server_with_tokens, token};

pub(crate) const CUSTOMER: &str = "+4915112345678";
/// A word that stands nowhere else.
pub(crate) const SECRET: &str = "zanzibar";

pub(crate) fn brands(config: &mut WorkspaceConfig, south: Visibility) {
    let name = |text: &str| Name::from(text);
    let queue = |config: &WorkspaceConfig, own: &str, visibility| QueueConfig {
        name: name(own),
        visibility,
        ..config.queues[0].clone()
    };
    let (northern, southern) = (queue(config, "north", Visibility::Brand), queue(config, "south", south));
    let legal = queue(config, "legal", Visibility::Queue);
    config.queues.extend([northern, southern, legal]);
    let endpoint = |own: &str, brand: &str| EndpointConfig {
        name: name(own),
        channel: name("whatsapp"),
        brand: name(brand),
        queue: name(brand),
        scope: name("p1"),
        ..EndpointConfig::default()
    };
    config.endpoints[0] = EndpointConfig { name: name("support"), ..endpoint("support", "south") };
    config.endpoints.push(endpoint("northern", "north"));
    let agent = |own: &str, queues: &[&str]| AgentConfig {
        name: name(own),
        profile: AgentProfile {
            queues: queues.iter().map(|queue| name(queue)).collect(),
            capacity: 10,
            ..AgentProfile::default()
        },
    };
    config.agents = vec![agent("nora", &["north"]), agent("sam", &["south"]), agent("lena", &["legal", "south"])];
    config.guest = None;
}

/// A southern customer has written, with a picture, and sam answers.
pub(crate) async fn shop(server: &Server, south: Visibility) -> (p::Work, crate::harness::Session) {
    server.memory.configure(|config| brands(config, south));
    let mut sam = server.ready("sam").await;
    server.memory.say_text(CUSTOMER, SECRET);
    let work = sam.accept().await;
    server.memory.say(CUSTOMER, picture());
    (work, sam)
}

/// Everything that one may read of the customer, as bytes and as answers.
struct Seen {
    work: p::Work,
    works: Vec<p::Work>,
    conversation: p::Conversation,
    messages: Vec<p::Message>,
    customer: p::Customer,
    found: Result<p::FindCustomerResponse, Status>,
    searched: Vec<p::Customer>,
    attachment: Result<(), Status>,
    export: Result<(), Status>,
    options: Result<p::ReplyOptionsResponse, Status>,
    suggestions: Result<(), Status>,
}

impl Seen {
    /// Whether any of it holds a word, the name or the address of the customer.
    fn tells(&self) -> bool {
        let mut bytes = self.work.encode_to_vec();
        self.works.iter().for_each(|it| bytes.extend(it.encode_to_vec()));
        bytes.extend(self.conversation.encode_to_vec());
        self.messages.iter().for_each(|it| bytes.extend(it.encode_to_vec()));
        bytes.extend(self.customer.encode_to_vec());
        self.found.iter().for_each(|it| bytes.extend(it.encode_to_vec()));
        self.searched.iter().for_each(|it| bytes.extend(it.encode_to_vec()));
        self.options.iter().for_each(|it| bytes.extend(it.encode_to_vec()));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        [SECRET, "4915112345678", "image/jpeg"].iter().any(|word| text.contains(word))
    }
}

async fn read(server: &Server, call: impl Fn() -> Request<()>, work: &p::Work) -> Seen {
    let channel = server.channel().await;
    let mut works = WorkServiceClient::new(channel.clone());
    let mut talks = ConversationServiceClient::new(channel.clone());
    let mut who = CustomerServiceClient::new(channel);
    macro_rules! ask {
        ($message:expr) => {
            call().map(|()| $message)
        };
    }
    let (work_id, id) = (work.work_id.clone(), work.conversation_id.clone());
    let one = works.get_work(ask!(p::GetWorkRequest { work_id: work_id.clone() })).await.expect("a Work").into_inner();
    let all = works.list_work(ask!(p::ListWorkRequest::default())).await.expect("Works").into_inner();
    let conversation = talks
        .get_conversation(ask!(p::GetConversationRequest { conversation_id: id.clone() }))
        .await
        .expect("a conversation")
        .into_inner();
    let page = p::ListMessagesRequest { conversation_id: id.clone(), ..Default::default() };
    let messages = talks.list_messages(ask!(page)).await.expect("a page").into_inner().messages;
    let picture = messages.first().map(|message| message.message_id.clone()).unwrap_or_default();
    let customer = who
        .get_customer(ask!(p::GetCustomerRequest { customer_id: id.clone() }))
        .await
        .expect("a customer")
        .into_inner();
    let address = p::FindCustomerRequest { namespace: "phone".to_owned(), address: CUSTOMER.to_owned() };
    let found = who.find_customer(ask!(address)).await.map(tonic::Response::into_inner);
    let like = p::SearchRequest { text: "+49151".to_owned(), ..Default::default() };
    let searched = who.search(ask!(like)).await.expect("searched").into_inner().customers;
    let attachment =
        talks.get_attachment(ask!(p::GetAttachmentRequest { message_id: picture, attachment: 0 })).await.map(drop);
    let export = who.export_customer(ask!(p::ExportCustomerRequest { customer_id: id.clone() })).await.map(drop);
    let of = p::reply_options_request::Of::WorkId(work_id);
    let options =
        talks.reply_options(ask!(p::ReplyOptionsRequest { of: Some(of) })).await.map(tonic::Response::into_inner);
    let suggestions = who.list_suggestions(ask!(p::ListSuggestionsRequest { customer_id: id })).await.map(drop);
    Seen {
        work: one.work.expect("a Work"),
        works: all.works,
        conversation: conversation.conversation.expect("a conversation"),
        messages,
        customer: customer.customer.expect("a customer"),
        found,
        searched,
        attachment,
        export,
        options,
        suggestions,
    }
}

#[tokio::test]
async fn an_agent_of_another_brand_sees_stubs_and_not_a_word_by_any_way() {
    let server = server().await;
    let (work, _sam) = shop(&server, Visibility::Brand).await;
    let _nora = server.ready("nora").await;
    let seen = read(&server, || named("nora", ()), &work).await;
    assert!(!seen.tells());
    assert!(seen.work.hidden && seen.works.iter().all(|work| work.hidden) && seen.works.len() == 1);
    assert_eq!((seen.work.queue.as_str(), seen.work.brand.as_str(), seen.work.owner.as_str()), ("south", "south", ""));
    assert!(seen.conversation.hidden && seen.customer.hidden);
    // A stub of who was looked for would say what was looked for.
    assert!(seen.searched.is_empty());
    assert_eq!(reason(&seen.found.expect_err("not shown")), "UNKNOWN_CUSTOMER");
    assert_eq!(seen.customer.customer_id, work.conversation_id);
    assert!(
        seen.messages.len() == 2 && seen.messages.iter().all(|message| message.hidden && message.content.is_none())
    );
    for refused in [seen.attachment, seen.export, seen.options.map(drop), seen.suggestions] {
        let status = refused.expect_err("not shown");
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "NOT_VISIBLE"));
    }

    // The control: whoever serves the queue sees all of it.
    let seen = read(&server, || named("sam", ()), &work).await;
    assert!(seen.tells() && !seen.work.hidden && !seen.customer.hidden && !seen.searched[0].hidden);
    assert!(seen.messages.iter().all(|message| !message.hidden));
    assert!(seen.attachment.is_ok() && seen.options.is_ok() && seen.suggestions.is_ok());
    assert_eq!(reason(&seen.export.expect_err("it has every queue's words")), "NOT_VISIBLE");
}

#[tokio::test]
async fn a_queue_that_is_shown_to_the_workspace_hides_nothing_from_another_brand() {
    let server = server().await;
    let (work, _sam) = shop(&server, Visibility::Workspace).await;
    let _nora = server.ready("nora").await;
    let seen = read(&server, || named("nora", ()), &work).await;
    assert!(seen.tells() && !seen.work.hidden && !seen.conversation.hidden && seen.attachment.is_ok());
}

#[tokio::test]
async fn whoever_watches_a_conversation_is_told_of_hidden_messages_without_their_words() {
    let server = server().await;
    let (work, _sam) = shop(&server, Visibility::Brand).await;
    let _nora = server.ready("nora").await;
    let mut talks = ConversationServiceClient::new(server.channel().await);
    let asked = || p::WatchConversationRequest { conversation_id: work.conversation_id.clone() };
    let mut nora = talks.watch_conversation(named("nora", asked())).await.expect("watched").into_inner();
    let mut sam = talks.watch_conversation(named("sam", asked())).await.expect("watched").into_inner();
    server.memory.say_text(CUSTOMER, SECRET);
    let told = nora.message().await.expect("told").expect("an event");
    let Some(p::event::Event::Message(stub)) = told.event.clone().and_then(|event| event.event) else {
        panic!("{told:?}")
    };
    assert!(stub.hidden && stub.content.is_none() && stub.work_id == work.work_id);
    assert!(!String::from_utf8_lossy(&told.encode_to_vec()).contains(SECRET));
    let told = sam.message().await.expect("told").expect("an event");
    assert!(String::from_utf8_lossy(&told.encode_to_vec()).contains(SECRET), "the control");
}

#[tokio::test]
async fn what_is_moved_to_a_queue_of_its_own_is_hidden_from_the_brand_for_good() {
    let server = server().await;
    let (work, mut sam) = shop(&server, Visibility::Brand).await;
    let _lena = server.open("lena", p::Hello::default()).await.expect("a session");
    let moves = p::MoveWorkRequest {
        request_id: "move".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        queue: "legal".to_owned(),
        ..Default::default()
    };
    sam.command(Frame::MoveWork(moves)).await.expect("moved");
    let messages = async |agent: &'static str| {
        let mut talks = ConversationServiceClient::new(server.channel().await);
        let page = p::ListMessagesRequest { conversation_id: work.conversation_id.clone(), ..Default::default() };
        talks.list_messages(named(agent, page)).await.expect("a page").into_inner().messages
    };
    assert!(messages("sam").await.iter().all(|message| message.hidden));
    assert!(messages("lena").await.iter().all(|message| !message.hidden));
    // Its own queue takes it, it is closed, and forgotten.
    let mut lena = server.open("lena", p::Hello { takeover: true, ..Default::default() }).await.expect("a session");
    let ready =
        p::SetPresenceRequest { request_id: "r".to_owned(), presence: p::Presence::Ready.into(), ..Default::default() };
    lena.command(Frame::SetPresence(ready)).await.expect("ready");
    let taken = lena.accept().await;
    let close = p::CloseWorkRequest {
        request_id: "close".to_owned(),
        work_id: taken.work_id.clone(),
        assignment_id: taken.assignment_id.clone(),
        disposition: "done".to_owned(),
        ..Default::default()
    };
    lena.command(Frame::CloseWork(close)).await.expect("closed");
    server.memory.pass_hours(100);
    server.memory.say_text("+4915100000000", "somebody else, so that time passes");
    let mut works = WorkServiceClient::new(server.channel().await);
    let gone = works.get_work(named("lena", p::GetWorkRequest { work_id: work.work_id.clone() })).await;
    assert_eq!(gone.expect_err("known no longer").code(), Code::NotFound);
    assert!(messages("sam").await.iter().all(|message| message.hidden), "old is not public");
    assert!(messages("lena").await.iter().all(|message| !message.hidden), "the control");
}

#[tokio::test]
async fn a_command_about_somebody_who_is_hidden_is_refused() {
    let server = server().await;
    let (work, _sam) = shop(&server, Visibility::Brand).await;
    let mut nora = server.ready("nora").await;
    let erase = p::EraseCustomerRequest {
        request_id: "1".to_owned(),
        customer_id: work.conversation_id.clone(),
        ..Default::default()
    };
    let error = nora.command(Frame::EraseCustomer(erase)).await.expect_err("hidden");
    assert_eq!(error.reason, "NOT_VISIBLE");
    let spam = p::MarkSpamRequest { request_id: "2".to_owned(), work_id: work.work_id.clone(), ..Default::default() };
    assert_eq!(nora.command(Frame::MarkSpam(spam)).await.expect_err("hidden").reason, "NOT_VISIBLE");
    let ask = p::AskFactRequest {
        request_id: "3".to_owned(),
        work_id: work.work_id.clone(),
        key: "city".to_owned(),
        ..Default::default()
    };
    assert_eq!(nora.command(Frame::AskFact(ask)).await.expect_err("hidden").reason, "NOT_VISIBLE");
    // No Work of hers takes in the words of a hidden one, nor may she write to who is hidden.
    let merge = p::MergeWorksRequest {
        request_id: "4".to_owned(),
        from_work_id: work.work_id.clone(),
        from_assignment_id: work.assignment_id.clone(),
        into_work_id: work.work_id.clone(),
        into_assignment_id: work.assignment_id.clone(),
        ..Default::default()
    };
    assert_eq!(nora.command(Frame::MergeWorks(merge)).await.expect_err("hidden").reason, "NOT_VISIBLE");
    let mut talks = ConversationServiceClient::new(server.channel().await);
    let asked = p::GetConversationRequest { conversation_id: work.conversation_id.clone() };
    let seen = talks.get_conversation(named("sam", asked)).await.expect("his").into_inner();
    let identity = seen.conversation.expect("it is there").identities[0].identity_id.clone();
    let start = p::StartWorkRequest {
        request_id: "5".to_owned(),
        to: Some(p::start_work_request::To::IdentityId(identity)),
        endpoint: "northern".to_owned(),
        purpose: skein::proto::channel::Purpose::Proactive.into(),
        content: Some(skein::proto::channel::Content { text: "hello".to_owned(), parts: Vec::new() }),
        ..Default::default()
    };
    assert_eq!(nora.command(Frame::StartWork(start)).await.expect_err("hidden").reason, "NOT_VISIBLE");
}

#[tokio::test]
async fn a_note_about_a_customer_is_read_where_the_customer_is_seen_and_shows_it_to_nobody_else() {
    let server = server().await;
    let (work, mut sam) = shop(&server, Visibility::Brand).await;
    let note = p::AddNoteRequest {
        request_id: "note".to_owned(),
        conversation_id: work.conversation_id.clone(),
        content: Some(skein::proto::channel::Content { text: "likes tea".to_owned(), parts: Vec::new() }),
        ..Default::default()
    };
    sam.command(Frame::AddNote(note)).await.expect("noted");
    let texts = async |agent: &'static str| -> Vec<String> {
        let mut talks = ConversationServiceClient::new(server.channel().await);
        let page = p::ListMessagesRequest { conversation_id: work.conversation_id.clone(), ..Default::default() };
        let messages = talks.list_messages(named(agent, page)).await.expect("a page").into_inner().messages;
        messages.into_iter().filter_map(|message| message.content).map(|content| content.text).collect()
    };
    assert!(texts("sam").await.contains(&"likes tea".to_owned()), "{:?}", texts("sam").await);
    assert!(texts("nora").await.iter().all(String::is_empty), "{:?}", texts("nora").await);
    let close = p::CloseWorkRequest {
        request_id: "close".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        disposition: "done".to_owned(),
        ..Default::default()
    };
    sam.command(Frame::CloseWork(close)).await.expect("closed");
    server.memory.pass_hours(100);
    server.memory.say_text("+4915100000000", "somebody else, so that time passes");
    let hidden = async |agent: &'static str| {
        let mut talks = ConversationServiceClient::new(server.channel().await);
        let asked = p::GetConversationRequest { conversation_id: work.conversation_id.clone() };
        let seen = talks.get_conversation(named(agent, asked)).await.expect("a view").into_inner();
        seen.conversation.expect("it is there").hidden
    };
    assert!(hidden("nora").await, "a note by no endpoint is no conversation with everybody");
    assert!(!hidden("sam").await, "the control");
}

#[tokio::test]
async fn supervisors_and_quality_see_every_queue() {
    let (server, _folder, _) = server_with_tokens().await;
    server.memory.configure(|config| brands(config, Visibility::Queue));
    let sam = token("sam", &["agent"]);
    let mut sam = server.open_as(p::Hello::default(), |frames| bearing(&sam, frames)).await.expect("a session");
    let ready =
        p::SetPresenceRequest { request_id: "r".to_owned(), presence: p::Presence::Ready.into(), ..Default::default() };
    sam.command(Frame::SetPresence(ready)).await.expect("ready");
    server.memory.say_text(CUSTOMER, SECRET);
    let work = sam.accept().await;
    let mut talks = ConversationServiceClient::new(server.channel().await);
    let mut hidden = async |roles: &[&str]| {
        let page = p::ListMessagesRequest { conversation_id: work.conversation_id.clone(), ..Default::default() };
        let page = talks.list_messages(bearing(&token("vera", roles), page)).await.expect("a page").into_inner();
        page.messages[0].hidden
    };
    assert!(!hidden(&["supervisor"]).await && !hidden(&["quality"]).await);
    assert!(hidden(&["agent"]).await && hidden(&["bot"]).await);
}
