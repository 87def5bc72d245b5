//! Who may call what: tokens, roles, workspaces, and streams whose token is over.

use std::collections::BTreeSet;

use prost::Message as _;
use serde_json::{Value, json};
use skein::access::{Door, Role, Roles, door};
use skein::proto::DESCRIPTOR_SET;
use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::session_request::Request as Frame;
use skein::proto::agent::work_service_client::WorkServiceClient;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::harness::{Server, named, until};
use crate::tokens::{OTHER_SECRET, SECRET, bearing, claims, jwks, now, server_with_tokens, signed, token};
use crate::{CUSTOMER, fact, reason};

async fn list(server: &Server, request: Request<p::ListMyWorkRequest>) -> Result<(), Status> {
    let mut works = WorkServiceClient::new(server.channel().await);
    works.list_my_work(request).await.map(drop)
}

/// Why a call with this token is refused.
async fn refusal(server: &Server, token: &str) -> (Code, String, Option<String>) {
    let status = list(server, bearing(token, p::ListMyWorkRequest {})).await.expect_err("a bad token");
    (status.code(), reason(&status), fact(&status, "why"))
}

#[tokio::test]
async fn without_a_token_nobody_is_believed_and_a_bad_one_is_told_why() {
    let (server, _folder, _) = server_with_tokens().await;
    let status = list(&server, named("anna", p::ListMyWorkRequest {})).await.expect_err("a name is no proof");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));
    let with = |change: fn(&mut Value)| {
        let mut claims = claims("anna", &["agent"]);
        change(&mut claims);
        signed(SECRET, &claims)
    };
    let why = |why: &str| (Code::Unauthenticated, "TOKEN_INVALID".to_owned(), Some(why.to_owned()));
    assert_eq!(refusal(&server, &signed(OTHER_SECRET, &claims("anna", &["agent"]))).await, why("signature"));
    assert_eq!(refusal(&server, &with(|it| it["iss"] = json!("https://evil.example"))).await, why("issuer"));
    assert_eq!(refusal(&server, &with(|it| it["aud"] = json!("other"))).await, why("audience"));
    assert_eq!(refusal(&server, &with(|it| it["nbf"] = json!(now() + 60))).await, why("not_yet"));
    assert_eq!(refusal(&server, "nonsense").await, why("malformed"));
    assert_eq!(refusal(&server, &with(|it| it["skein_workspace"] = Value::Null)).await, why("claim"));
    let expired = refusal(&server, &with(|it| it["exp"] = json!(now() - 1))).await;
    assert_eq!(expired, (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned(), Some("expired".to_owned())));
    let opened = server.open("anna", p::Hello::default()).await.err().expect("no session either");
    assert_eq!(reason(&opened), "TOKEN_MISSING");

    // The control: with a good one the agent is there, by the name in the token alone.
    let _session = server
        .open_as(p::Hello::default(), |frames| bearing(&token("anna", &["agent"]), frames))
        .await
        .expect("believed");
    assert!(server.memory.view("anna").is_some());
}

#[tokio::test]
async fn a_token_is_good_for_its_workspace_and_its_bearer_alone() {
    let (server, _folder, _) = server_with_tokens().await;
    let with = |workspace: &str, agent: &str| {
        let mut request = bearing(&token("anna", &["agent"]), p::ListMyWorkRequest {});
        request.metadata_mut().insert("skein-workspace", workspace.parse().expect("ASCII"));
        request.metadata_mut().insert("skein-agent", agent.parse().expect("ASCII"));
        request
    };
    let other = list(&server, with("rival", "anna")).await.expect_err("another workspace");
    assert_eq!((other.code(), reason(&other).as_str()), (Code::PermissionDenied, "WORKSPACE_REFUSED"));
    let other = list(&server, with("demo", "bert")).await.expect_err("another agent");
    assert_eq!((other.code(), reason(&other).as_str()), (Code::PermissionDenied, "CALLER_REFUSED"));
    let unknown = list(&server, with("demo", "anna")).await.expect_err("never seen here");
    assert_eq!(reason(&unknown), "UNKNOWN_AGENT", "believed, and not registered yet");
    let mut several = claims("anna", &["agent"]);
    several["skein_workspace"] = json!(["demo", "second"]);
    let several = signed(SECRET, &several);
    let which = list(&server, bearing(&several, p::ListMyWorkRequest {})).await.expect_err("which of them?");
    assert_eq!(
        (reason(&which).as_str(), fact(&which, "metadata").as_deref()),
        ("CALLER_UNNAMED", Some("skein-workspace"))
    );
    let dotted = list(&server, bearing(&token("anna.b@x", &["agent"]), p::ListMyWorkRequest {})).await;
    assert_eq!(reason(&dotted.expect_err("no name of an agent")), "CALLER_UNNAMED");
}

/// Every rpc that is served.
fn rpcs() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(DESCRIPTOR_SET).expect("descriptors");
    let mut paths = BTreeSet::new();
    for file in &set.file {
        for service in &file.service {
            let of = |method: &prost_types::MethodDescriptorProto| {
                format!("/{}.{}/{}", file.package(), service.name(), method.name())
            };
            paths.extend(service.method.iter().map(of));
        }
    }
    paths
}

/// An empty request by any rpc; what becomes of it beyond the gate is nothing here.
async fn knock(channel: &Channel, path: &str, token: &str) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("connected");
    let path: PathAndQuery = path.parse().expect("a path");
    let mut answers =
        client.server_streaming(bearing(token, ()), path, ProstCodec::<(), ()>::default()).await?.into_inner();
    answers.message().await.map(drop)
}

#[tokio::test]
async fn each_role_may_call_what_its_row_says_and_nothing_else() {
    let (server, _folder, _) = server_with_tokens().await;
    let channel = server.channel().await;
    let mut refused = 0;
    for role in Role::ALL {
        let token = token("anna", &[role.label()]);
        for path in rpcs() {
            // Sessions of one that may: they would wait for frames.
            let Some(Door::Roles(may)) = door(&path) else { panic!("{path} has no row") };
            let may = may.has(role);
            if may && (path.ends_with("/WatchConversation") || path.ends_with("/Session")) {
                continue;
            }
            let answer = knock(&channel, &path, &token).await;
            let is_refused = answer.as_ref().is_err_and(|status| reason(status) == "ROLE_REFUSED");
            assert_eq!(is_refused, !may, "{} calls {path}: {answer:?}", role.label());
            refused += usize::from(is_refused);
        }
    }
    assert!(refused > 100, "{refused}");
    let nobody = knock(&channel, "/skein.agent.v1.WorkService/GetWork", &token("anna", &["root"])).await;
    assert_eq!(reason(&nobody.expect_err("no role")), "ROLE_REFUSED");
    let stray = knock(&channel, "/skein.agent.v1.WorkService/Nothing", &token("anna", &["agent"])).await;
    assert_eq!(reason(&stray.expect_err("no such rpc")), "ROLE_REFUSED");
}

#[test]
fn the_rows_that_matter_most_are_as_they_are_meant() {
    let may = |path: &str, role| {
        door(path) == Some(Door::Roles(Roles::of(&[])))
            || matches!(door(path), Some(Door::Roles(roles)) if roles.has(role))
    };
    let erase = "/skein.agent.v1.CustomerService/EraseCustomer";
    assert!(
        may(erase, Role::Supervisor) && !may(erase, Role::Agent) && !may(erase, Role::Bot) && !may(erase, Role::Admin)
    );
    let search = "/skein.agent.v1.CustomerService/Search";
    assert!(may(search, Role::Quality) && !may(search, Role::Bot));
    let send = "/skein.agent.v1.ConversationService/SendMessage";
    assert!(may(send, Role::Bot) && !may(send, Role::Quality) && !may(send, Role::Admin));
    let drain = "/skein.admin.v1.AdminService/Drain";
    assert!(may(drain, Role::Admin) && !may(drain, Role::Supervisor) && !may(drain, Role::Agent));
}

#[tokio::test]
async fn a_command_inside_a_session_has_the_rights_of_its_rpc() {
    let (server, _folder, _) = server_with_tokens().await;
    let robot = token("robot", &["bot"]);
    let mut session = server.open_as(p::Hello::default(), |frames| bearing(&robot, frames)).await.expect("a session");
    let erase =
        p::EraseCustomerRequest { request_id: "1".to_owned(), customer_id: "c0".to_owned(), ..Default::default() };
    let error = session.command(Frame::EraseCustomer(erase)).await.expect_err("not for bots");
    assert_eq!((error.code, error.reason.as_str()), (i32::from(Code::PermissionDenied), "ROLE_REFUSED"));
    let ready =
        p::SetPresenceRequest { request_id: "2".to_owned(), presence: p::Presence::Ready.into(), ..Default::default() };
    session.command(Frame::SetPresence(ready)).await.expect("the session goes on");
}

#[tokio::test]
async fn a_session_whose_token_expires_ends_with_the_reason_and_goes_on_with_a_new_one() {
    let (server, _folder, _) = server_with_tokens().await;
    let mut short = claims("anna", &["agent"]);
    short["exp"] = json!(now() + 2);
    let short = signed(SECRET, &short);
    let mut session = server.open_as(p::Hello::default(), |frames| bearing(&short, frames)).await.expect("a session");
    assert_eq!(session.end().await, p::SessionEndReason::TokenExpired);
    let over = session.next().await.expect_err("the stream ends with the reason");
    assert_eq!((over.code(), reason(&over).as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));

    let hello = p::Hello { resume_session_epoch: session.welcome.session_epoch, ..p::Hello::default() };
    let again = server.open_as(hello, |frames| bearing(&token("anna", &["agent"]), frames)).await.expect("a new token");
    assert!(again.welcome.session_epoch >= session.welcome.session_epoch);

    let mut client = AgentServiceClient::new(server.channel().await);
    let mut other = claims("bert", &["agent"]);
    other["exp"] = json!(now() + 2);
    let hello = p::WatchRequest { hello: Some(p::Hello::default()) };
    let mut watch = client.watch(bearing(&signed(SECRET, &other), hello)).await.expect("a watch").into_inner();
    let over = loop {
        match watch.message().await {
            Ok(frame) => assert!(frame.is_some(), "it ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&over), "TOKEN_EXPIRED");
}

#[tokio::test]
async fn streams_end_when_the_key_of_their_token_is_gone_and_a_bad_file_changes_nothing() {
    let (server, folder, access) = server_with_tokens().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let notes = std::sync::Arc::clone(&seen);
    let following = skein::access::follow(
        access,
        move |kind, refused| notes.lock().expect("no panic").push((kind, refused)),
        stop.clone(),
    );
    let following = tokio::spawn(following);
    let anna = token("anna", &["agent"]);
    let mut session = server.open_as(p::Hello::default(), |frames| bearing(&anna, frames)).await.expect("a session");
    server.memory.say_text(CUSTOMER, "hello");
    let mut talks = ConversationServiceClient::new(server.channel().await);
    let watched = p::WatchConversationRequest { conversation_id: "c0".to_owned() };
    let mut watch = talks.watch_conversation(bearing(&anna, watched)).await.expect("watched").into_inner();
    let keys = folder.path().join("jwks.json");
    let refused = |wanted: bool| {
        let seen = std::sync::Arc::clone(&seen);
        move || seen.lock().expect("no panic").iter().skip(1).any(|(_, refused)| *refused == wanted)
    };
    std::fs::write(&keys, "{ no jwks").expect("written");
    until("the bad file was read", refused(true)).await;
    list(&server, bearing(&anna, p::ListMyWorkRequest {})).await.expect("the keys before are in force");

    std::fs::write(&keys, jwks(OTHER_SECRET)).expect("written");
    assert_eq!(session.end().await, p::SessionEndReason::TokenExpired);
    assert_eq!(reason(&session.next().await.expect_err("its key is gone")), "TOKEN_INVALID");
    assert_eq!(reason(&watch.message().await.expect_err("this one's, too")), "TOKEN_INVALID");
    assert!(refused(false)());
    assert_eq!(refusal(&server, &anna).await.2.as_deref(), Some("signature"));
    let new = signed(OTHER_SECRET, &claims("anna", &["agent"]));
    list(&server, bearing(&new, p::ListMyWorkRequest {})).await.expect("the new key is known");
    stop.cancel();
    following.await.expect("it ends");
}

#[tokio::test]
async fn only_a_supervisor_forces_a_transfer() {
    let (server, _folder, _) = server_with_tokens().await;
    let force = p::TransferWorkRequest {
        request_id: "1".to_owned(),
        work_id: "w1-0".to_owned(),
        assignment_id: "a1-0".to_owned(),
        queue: "general".to_owned(),
        cold: true,
        force: true,
        ..Default::default()
    };
    let moves = p::MoveWorkRequest {
        request_id: "2".to_owned(),
        work_id: "w1-0".to_owned(),
        assignment_id: "a1-0".to_owned(),
        queue: "general".to_owned(),
        force: true,
        ..Default::default()
    };
    let mut works = WorkServiceClient::new(server.channel().await);
    for (role, expected) in [("agent", "ROLE_REFUSED"), ("supervisor", "UNKNOWN_WORK")] {
        let token = token("anna", &[role]);
        let mut session =
            server.open_as(p::Hello::default(), |frames| bearing(&token, frames)).await.expect("a session");
        let error = session.command(Frame::TransferWork(force.clone())).await.expect_err("refused");
        assert_eq!(error.reason, expected, "{role}");
        let error = works.move_work(bearing(&token, moves.clone())).await.expect_err("refused");
        assert_eq!(reason(&error), expected, "{role}");
        let end = p::EndSessionRequest { request_id: "3".to_owned(), ..Default::default() };
        session.command(Frame::EndSession(end)).await.expect("over");
    }
}
