//! One customer's history over four channels: WhatsApp, a mail that answers with our token, a logged-in chat about another matter, and
//! Messenger that an agent links. One conversation and two Works; taken apart and joined again; erased, and nothing readable is left.

use std::collections::BTreeMap;

use async_nats::Client;
use serde_json::{Value, json};
use skein::proto::agent::customer_service_client::CustomerServiceClient;
use skein::proto::agent::event::Event as What;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::{
    Customer, EraseCustomerRequest, Evidence, GetCustomerRequest, LinkIdentityRequest, MergeCustomersRequest,
    MergeWorksRequest, Recipient, UnmergeCustomersRequest, Work, WorkAssigned,
};
use skein::proto::channel::Assurance;
use tonic::transport::Channel;

use crate::adapter::{Adapter, Payload, mail, whatsapp};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, eventually};
use crate::desk::{Desk, leave_addresses};
use crate::reads::{self, by, text};

const PHONE: &str = "4915112345678";
const MAIL: &str = "anna@example.com";

/// `app` is where customers are logged in, and leads to those who alone know contracts.
const DESKS: &str = r#"
[[queue]]
name = "contracts"
accept = "auto"
recall_after = "0s"
grace = "requeue"
[[endpoint]]
name = "app"
channel = "chat"
queue = "contracts"
trusts = ["login", "email"]
[[agent]]
name = "ann"
queues = ["contracts", "offered", "given"]
capacity = 20
"#;

fn event(channel: &'static str, endpoint: &'static str, body: &Value) -> Payload {
    Payload { channel, endpoint, format: "skein.v1+json", body: body.to_string().into_bytes() }
}

/// Anna, logged in, in the app.
fn in_the_app(text: &str) -> Payload {
    let body = json!({
        "messageRef": "app-1",
        "senders": [
            {"kind": "ADDRESS_KIND_WEB", "address": "browser-1"},
            {"kind": "ADDRESS_KIND_LOGIN", "address": "anna"},
            {"kind": "ADDRESS_KIND_EMAIL", "address": MAIL},
        ],
        "assurance": "ASSURANCE_LOGGED_IN",
        "message": {"content": {"text": text}},
    });
    event("chat", "app", &body)
}

fn by_messenger(text: &str) -> Payload {
    let body = json!({
        "messageRef": "mid.1",
        "senders": [{"kind": "ADDRESS_KIND_MESSENGER", "address": "psid-1"}],
        "assurance": "ASSURANCE_PLATFORM",
        "message": {"content": {"text": text}},
    });
    event("messenger", "page", &body)
}

/// Her answer to a mail of ours, with its token.
fn mail_with(token: &str, text: &str) -> Payload {
    let body = format!(
        "From: {MAIL}\r\nTo: office+{token}@example.com\r\nSubject: Re: Your parcel\r\nMessage-ID: <1@anna.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    Payload { channel: "email", endpoint: "office", format: "email", body: body.into_bytes() }
}

async fn customer(channel: &Channel, id: &str) -> Customer {
    let mut customers = CustomerServiceClient::new(channel.clone());
    let request = GetCustomerRequest { customer_id: id.to_owned() };
    customers.get_customer(by("ann", request)).await.expect("a customer").into_inner().customer.expect("it is there")
}

/// How we know of each address that it is hers.
fn evidence(customer: &Customer) -> BTreeMap<String, Evidence> {
    let of = |identity: &skein::proto::agent::Identity| {
        let evidence = identity.link.as_ref().map(|link| link.evidence()).unwrap_or_default();
        (identity.namespace.clone(), evidence)
    };
    customer.identities.iter().map(of).collect()
}

fn work(assigned: &WorkAssigned) -> Work {
    assigned.work.clone().expect("its Work")
}

/// What ann links to the customer.
async fn links(ann: &mut Agent, customer: &str, namespace: &str, address: &str) {
    let request = |id: &str| {
        Ask::LinkIdentity(LinkIdentityRequest {
            request_id: id.to_owned(),
            customer_id: customer.to_owned(),
            namespace: namespace.to_owned(),
            address: address.to_owned(),
            ..LinkIdentityRequest::default()
        })
    };
    ann.command(request).await;
}

/// Two Works of ann's are one matter.
async fn merges(ann: &mut Agent, from: &Work, into: &Work) {
    ann.command(|id| {
        Ask::MergeWorks(MergeWorksRequest {
            request_id: id.to_owned(),
            from_work_id: from.work_id.clone(),
            from_assignment_id: from.assignment_id.clone(),
            into_work_id: into.work_id.clone(),
            into_assignment_id: into.assignment_id.clone(),
            ..MergeWorksRequest::default()
        })
    })
    .await;
}

/// The token of the last mail that left.
async fn token(bus: &Client) -> String {
    eventually("a mail leaves", async || {
        let sent = reads::out(bus).await;
        sent.iter().rev().find_map(|sent| Some(sent["mail"]["replyToToken"].as_str()?.to_owned()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_customer_on_four_channels_has_one_conversation_and_can_be_taken_apart_and_erased() {
    let bed = Bed::new(false).await;
    bed.add_to_workspace(DESKS);
    let mut daemon = bed.daemon().await;
    let channel = daemon.channel().await;
    let bus = bed.connect().await;
    let adapter = Adapter::new(bed.connect().await);
    let mut ann = Agent::log_in(channel.clone(), "ann").await;

    // WhatsApp, and a mail of which an agent knows that it is hers, about the same; she answers our answer with our token.
    adapter.publish(&whatsapp(PHONE, "1", "where is my parcel?")).await;
    let parcel = work(&ann.take("support", true).await);
    let anna = parcel.conversation_id.clone();
    adapter.publish(&mail(MAIL, "first", "Your parcel", "where is it?")).await;
    let mailed = ann.take("office", false).await;
    let asked = mailed.messages[0].message_id.clone();
    links(&mut ann, &anna, "email", MAIL).await;
    merges(&mut ann, &work(&mailed), &parcel).await;
    let known = customer(&channel, &anna).await.identities;
    let mailbox = known.into_iter().find(|identity| identity.namespace == "email").expect("a mailbox").identity_id;
    ann.command(|id| {
        let mut answer = reply(id, &parcel.work_id, &parcel.assignment_id, &asked, "The papers come by mail.");
        if let Ask::SendMessage(send) = &mut answer {
            send.to = Some(Recipient { identity_id: mailbox.clone(), endpoint: "office".to_owned() });
        }
        answer
    })
    .await;
    adapter.publish(&mail_with(&token(&bus).await, "thank you for the papers")).await;
    let answered = ann
        .told("the answer by mail", |event| match event {
            What::Message(message) if message.channel == "email" && text(message).contains("thank you") => {
                Some(message.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!((answered.work_id.as_str(), answered.assurance()), (parcel.work_id.as_str(), Assurance::Token));

    // Another matter, which others answer, in the app; then Messenger, which an agent knows to be hers.
    adapter.publish(&in_the_app("I want another contract")).await;
    let contract = work(&ann.take("app", false).await);
    assert_eq!((contract.conversation_id.as_str(), contract.work_id == parcel.work_id), (anna.as_str(), false));
    adapter.publish(&by_messenger("about my contract")).await;
    let strange = work(&ann.take("page", false).await);
    assert_ne!(strange.conversation_id, anna);
    links(&mut ann, &anna, "messenger:it", "psid-1").await;
    merges(&mut ann, &strange, &contract).await;

    let whole = customer(&channel, &anna).await;
    let of_four = evidence(&whole);
    for (namespace, expected) in [
        ("phone", Evidence::First),
        ("email", Evidence::First),
        ("web", Evidence::Login),
        ("messenger:it", Evidence::First),
    ] {
        assert_eq!(of_four.get(namespace), Some(&expected), "{namespace} of {of_four:?}");
    }
    let mut works: Vec<&str> = whole.works.iter().map(|work| work.work_id.as_str()).collect();
    works.sort_unstable();
    let mut two = [parcel.work_id.as_str(), contract.work_id.as_str()];
    two.sort_unstable();
    assert_eq!(works, two);
    let told: Vec<String> =
        reads::messages(&channel, &anna).await.iter().map(|message| text(message).to_owned()).collect();
    let said = [
        "where is my parcel?",
        "where is it?",
        "The papers come by mail.",
        "thank you for the papers",
        "I want another contract",
        "about my contract",
    ];
    assert_eq!(told, said);
    let by_ann = whole.merges.iter().filter(|merge| merge.evidence() == Evidence::Agent && merge.merged_by == "ann");
    assert_eq!(by_ann.count(), 2, "the mailbox and Messenger");

    // The same at the desk, which takes the session over.
    let folder = tempfile::tempdir().expect("a folder");
    leave_addresses(folder.path(), &bed, &daemon);
    let mut desk = Desk::open(folder.path());
    desk.says("ann is at work").await;
    desk.types("who").await;
    for line in
        ["phone +4915112345678: wrote from it first", "email anna@example.com: wrote from it first", "logged in"]
    {
        desk.says(line).await;
    }
    desk.types("quit").await;

    // Undone and done again.
    let mut customers = CustomerServiceClient::new(channel.clone());
    let merge =
        whole.merges.iter().find(|merge| merge.customer_id == strange.conversation_id).expect("what was merged");
    let undo = UnmergeCustomersRequest {
        request_id: "undo".to_owned(),
        customer_id: merge.customer_id.clone(),
        ..UnmergeCustomersRequest::default()
    };
    customers.unmerge_customers(by("ann", undo)).await.expect("undone");
    let apart = customer(&channel, &strange.conversation_id).await;
    assert_eq!((apart.customer_id.as_str(), apart.identities.len()), (strange.conversation_id.as_str(), 1));
    let theirs = reads::messages(&channel, &strange.conversation_id).await;
    assert_eq!(theirs.iter().map(text).collect::<Vec<_>>(), ["about my contract"]);
    assert_eq!(reads::messages(&channel, &anna).await.len(), told.len() - 1);
    let redo = MergeCustomersRequest {
        request_id: "redo".to_owned(),
        customer_id: anna.clone(),
        other_customer_id: strange.conversation_id.clone(),
        ..MergeCustomersRequest::default()
    };
    customers.merge_customers(by("ann", redo)).await.expect("done again");
    assert_eq!(evidence(&customer(&channel, &anna).await), of_four);
    assert_eq!(reads::messages(&channel, &anna).await.len(), told.len());

    // Erased, with the adapters' reports that what went out was delivered or not: nothing readable is left, nor after a crash.
    let erase =
        EraseCustomerRequest { request_id: "erase".to_owned(), customer_id: anna.clone(), ..Default::default() };
    customers.erase_customer(by("ann", erase)).await.expect("erased");
    let unreadable = async |channel: &Channel| {
        let left = reads::messages(channel, &anna).await;
        left.iter().all(|message| text(message).is_empty()).then_some(())
    };
    eventually("nothing is readable", async || unreadable(&channel).await).await;
    daemon.kill9();
    let again = bed.daemon().await;
    let channel = again.channel().await;
    assert_eq!(unreadable(&channel).await, Some(()));
    let mut customers = CustomerServiceClient::new(channel.clone());
    let find = skein::proto::agent::FindCustomerRequest { namespace: "email".to_owned(), address: MAIL.to_owned() };
    assert!(customers.find_customer(by("ann", find)).await.is_err(), "nobody has the address");
}
