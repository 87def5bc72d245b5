//! Works are split and merged over the wire: what agents are told, and which Work history shows for each message.

use skein::proto::agent as p;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::split_work_request::Messages;
use skein::proto::agent::work_service_client::WorkServiceClient;

use super::harness::{Server, named, server};
use super::{CUSTOMER, fact, reason};

fn split(work: &p::Work, messages: Messages) -> p::SplitWorkRequest {
    p::SplitWorkRequest {
        request_id: "split".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        messages: Some(messages),
        ..Default::default()
    }
}

fn merge(from: &p::Work, into: &p::Work) -> p::MergeWorksRequest {
    p::MergeWorksRequest {
        request_id: "merge".to_owned(),
        from_work_id: from.work_id.clone(),
        from_assignment_id: from.assignment_id.clone(),
        into_work_id: into.work_id.clone(),
        into_assignment_id: into.assignment_id.clone(),
        ..Default::default()
    }
}

/// Text and Work of each message, oldest first.
async fn history(server: &Server, conversation_id: &str) -> Vec<(String, String)> {
    let mut conversations = ConversationServiceClient::new(server.channel().await);
    let ask = p::ListMessagesRequest { conversation_id: conversation_id.to_owned(), ..Default::default() };
    let page = conversations.list_messages(named("ana", ask)).await.expect("a page").into_inner();
    let said = page.messages.into_iter().rev();
    said.map(|message| (message.content.unwrap_or_default().text, message.work_id)).collect()
}

#[tokio::test]
async fn a_split_is_offered_with_its_words_and_a_merge_undoes_it() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let one = ana.accept().await;
    for text in ["my invoice", "it is wrong"] {
        server.memory.say_text(CUSTOMER, text);
    }
    let invoice = ana
        .event(|event| match event {
            p::event::Event::Message(message) => Some(message.message_id.clone()),
            _ => None,
        })
        .await;

    let answer = ana.command(Frame::SplitWork(split(&one, Messages::SinceMessageId(invoice)))).await.expect("split");
    let Outcome::SplitWork(parted) = answer else { panic!("{answer:?}") };
    let told = ana
        .event(|event| match event {
            p::event::Event::WorkSplit(told) => Some(told.clone()),
            _ => None,
        })
        .await;
    assert_eq!((&told.into_work_id, told.message_ids.len()), (&parted.work_id, 2));
    let two = ana.accept().await;
    assert_eq!(two.work_id, parted.work_id);
    assert_eq!(two.linked_work_ids, std::slice::from_ref(&one.work_id));
    let assigned = ana.assigned().await;
    let words: Vec<_> =
        assigned.messages.iter().map(|said| (said.content.as_ref().map(|c| c.text.as_str()), &said.work_id)).collect();
    assert_eq!(words, [(Some("my invoice"), &two.work_id), (Some("it is wrong"), &two.work_id)]);
    let shown = history(&server, &one.conversation_id).await;
    assert_eq!(shown.iter().map(|(_, work)| work).collect::<Vec<_>>(), [&one.work_id, &two.work_id, &two.work_id]);

    let mut works = WorkServiceClient::new(server.channel().await);
    let stale =
        works.merge_works(named("ana", merge(&p::Work { assignment_id: String::new(), ..two.clone() }, &one))).await;
    assert_eq!(reason(&stale.expect_err("the assignment is named")), "STALE_ASSIGNMENT");
    works.merge_works(named("ana", merge(&two, &one))).await.expect("merged");
    let gone = ana
        .event(|event| match event {
            p::event::Event::Unassigned(gone) => Some(gone.clone()),
            _ => None,
        })
        .await;
    assert_eq!((gone.work_id.as_str(), gone.reason()), (two.work_id.as_str(), p::UnassignReason::Merged));
    let told = ana
        .event(|event| match event {
            p::event::Event::WorksMerged(told) => Some(told.clone()),
            _ => None,
        })
        .await;
    assert_eq!((&told.from_work_id, &told.into_work_id), (&two.work_id, &one.work_id));
    let shown = history(&server, &one.conversation_id).await;
    assert!(shown.iter().all(|(_, work)| *work == one.work_id), "{shown:?}");

    let get = p::GetWorkRequest { work_id: two.work_id.clone() };
    let ended = works.get_work(named("ana", get)).await.expect("it is known").into_inner().work.expect("a Work");
    assert_eq!((ended.state(), &ended.merged_into_work_id), (p::WorkState::Closed, &one.work_id));
    let refused = works
        .merge_works(named("ana", p::MergeWorksRequest { request_id: "m2".to_owned(), ..merge(&two, &one) }))
        .await;
    let refused = refused.expect_err("it is merged");
    assert_eq!(reason(&refused), "WORK_MERGED");
    assert_eq!(fact(&refused, "into_work_id").as_deref(), Some(one.work_id.as_str()));
}
