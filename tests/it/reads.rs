//! What the public interfaces show at the end, and what the streams and the log hold.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use async_nats::Client;
use serde_json::Value;
use skein::domain::id::Name;
use skein::domain::record::{Change, Record};
use skein::keys::{JetStreamKeys, KeyBooks, WorkspaceKey};
use skein::log::{EventLog as _, JetStreamLog, LogOptions, Tip, codec};
use skein::nats::{Nats, NatsOptions, Ordered, OrderedOptions, Stored, stream_state};
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::work_service_client::WorkServiceClient;
use skein::proto::agent::{Conversation, GetConversationRequest, ListMessagesRequest, ListWorkRequest, Message, Work};
use tonic::Request;
use tonic::transport::Channel;

use crate::bed::{Bed, WORKSPACE};

/// Biggest page that a caller may ask for.
const PAGE: i32 = 200;

/// A request by an agent.
pub(crate) fn by<T>(agent: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("skein-workspace", WORKSPACE.parse().expect("a name"));
    metadata.insert("skein-agent", agent.parse().expect("a name"));
    request
}

/// All open Works.
pub(crate) async fn works(channel: &Channel) -> Vec<Work> {
    let mut client = WorkServiceClient::new(channel.clone());
    let mut works = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListWorkRequest { page_size: PAGE, page_token, ..ListWorkRequest::default() };
        let page = client.list_work(by("reader", request)).await.expect("a page of Works").into_inner();
        works.extend(page.works);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return works;
        }
    }
}

/// All messages of a conversation, oldest first.
pub(crate) async fn messages(channel: &Channel, conversation: &str) -> Vec<Message> {
    let mut client = ConversationServiceClient::new(channel.clone());
    let mut messages = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMessagesRequest {
            conversation_id: conversation.to_owned(),
            page_size: PAGE,
            page_token: page_token.clone(),
        };
        let page = client.list_messages(by("reader", request)).await.expect("a page of messages").into_inner();
        messages.extend(page.messages);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            messages.reverse();
            return messages;
        }
    }
}

pub(crate) async fn conversation(channel: &Channel, id: &str) -> Conversation {
    let mut client = ConversationServiceClient::new(channel.clone());
    let request = GetConversationRequest { conversation_id: id.to_owned() };
    let answer = client.get_conversation(by("reader", request)).await.expect("the conversation");
    answer.into_inner().conversation.expect("it is there")
}

/// Ids of the conversations of the Works.
pub(crate) fn conversations(works: &[Work]) -> BTreeSet<String> {
    works.iter().map(|work| work.conversation_id.clone()).collect()
}

pub(crate) fn text(message: &Message) -> &str {
    message.content.as_ref().map_or("", |content| content.text.as_str())
}

/// Everything in a stream.
pub(crate) async fn stored(client: &Client, stream: &str) -> Vec<Stored> {
    let state = stream_state(client, stream).await.expect("the stream");
    let mut reader = Ordered::new(client.clone(), stream, state.first_sequence.max(1), OrderedOptions::default());
    let mut found = Vec::new();
    while found.len() as u64 != state.messages {
        found.push(reader.next().await.expect("a stream without gaps"));
    }
    found
}

/// Messages for adapters, in order.
pub(crate) async fn out(client: &Client) -> Vec<Value> {
    let stored = stored(client, &format!("SKEIN_OUT_{WORKSPACE}")).await;
    stored.iter().map(|message| serde_json::from_slice(&message.payload).expect("JSON")).collect()
}

/// The whole log.
pub(crate) async fn records(bed: &Bed) -> Vec<Record> {
    records_at(bed.nats.url(), &bed.folder.path().join("keys"), WORKSPACE).await
}

/// The whole log of a bus.
pub(crate) async fn records_at(url: String, keys: &Path, workspace: &str) -> Vec<Record> {
    let options = NatsOptions { servers: vec![url], ..NatsOptions::default() };
    let nats = Nats::connect(options).await.expect("connect");
    let log = JetStreamLog::open(&nats, LogOptions::new("main")).await.expect("the log");
    let workspace = Name::new(workspace);
    let key = WorkspaceKey::load(&workspace, Some(keys)).expect("the key");
    let store = JetStreamKeys::new(nats.control().clone(), workspace.clone());
    let mut books = KeyBooks::default();
    books.open(workspace, key, Arc::new(store)).await.expect("the keys");
    let keys = books.rings();
    let mut replay = log.replay(Tip::ORIGIN).await.expect("the log");
    let mut records = Vec::new();
    while let Some(entry) = replay.next().await.expect("a whole log") {
        records.extend(
            codec::unpack(entry.index, &entry.body, &keys).expect("an entry").map(|record| record.expect("a record")),
        );
    }
    records
}

/// Changes of the log that are of a kind.
pub(crate) async fn changes(bed: &Bed, kind: impl Fn(&Change) -> bool) -> Vec<Change> {
    let records = records(bed).await;
    records.into_iter().flat_map(|record| record.changes.into_iter()).filter(|change| kind(change)).collect()
}
