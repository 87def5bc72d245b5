//! What operators see of agents and decide about their sessions, and about what the daemon logs, while it runs.

use skein::proto::admin::admin_service_client::AdminServiceClient;
use skein::proto::admin::{
    AgentStanding, DrainRequest, EndSessionRequest, GetLogLevelRequest, ListAgentsRequest, SetLogLevelRequest,
};
use skein::proto::agent::event::Event as What;
use skein::proto::agent::session_response::Response as Told;
use skein::proto::agent::{Hello, SessionEndReason};
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::adapter::{Adapter, sms};
use crate::agent::{Agent, Session};
use crate::bed::{Bed, WORKSPACE, eventually};

type Admin = AdminServiceClient<Channel>;

fn by_operator<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("skein-operator", "olga".parse().expect("a name"));
    request
}

async fn agents(admin: &mut Admin, with_session: bool) -> Vec<AgentStanding> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListAgentsRequest { workspace: WORKSPACE.to_owned(), with_session, page_size: 1, page_token };
        let page = admin.list_agents(by_operator(asked)).await.expect("a page").into_inner();
        assert!(page.agents.len() <= 1);
        all.extend(page.agents);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// Why a session ended.
async fn end_of(session: &mut Session) -> SessionEndReason {
    loop {
        match session.next().await.expect("no error before the end") {
            Some(Told::Events(events)) => {
                let ended = events.events.iter().find_map(|event| match &event.event {
                    Some(What::SessionEnded(ended)) => Some(ended.reason()),
                    _ => None,
                });
                if let Some(reason) = ended {
                    return reason;
                }
            }
            Some(_) => {}
            None => panic!("the stream ended without a word"),
        }
    }
}

fn end(request_id: &str, session_epoch: u64) -> EndSessionRequest {
    let (workspace, agent) = (WORKSPACE.to_owned(), "bert".to_owned());
    EndSessionRequest { request_id: request_id.to_owned(), workspace, agent, session_epoch }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_listed_with_their_sessions_and_load_and_a_session_is_ended_by_a_record_with_the_operators_name() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let mut anna = Agent::log_in(daemon.channel().await, "anna").await;
    Adapter::new(bed.connect().await).publish(&sms("+4915112345678", "1", "hello")).await;
    anna.take("main", false).await;
    let mut bert = Session::open(daemon.channel().await, "bert", Hello::default()).await.expect("a session");
    let mut admin = AdminServiceClient::new(daemon.channel().await);

    let all = agents(&mut admin, false).await;
    let [one, two] = &all[..] else { panic!("{all:?}") };
    assert_eq!((one.agent.as_str(), one.presence.as_str(), one.works, one.load), ("anna", "READY", 1, 1));
    assert_eq!(
        (two.agent.as_str(), two.reason.as_str(), two.session_epoch),
        ("bert", "LOGGED_IN", bert.welcome.session_epoch)
    );
    assert!(one.connected && one.connected_since.is_some());

    let stale = admin.end_session(by_operator(end("1", 3))).await.expect_err("it has another session");
    assert_eq!(stale.code(), Code::FailedPrecondition, "{stale:?}");
    let first = admin.end_session(by_operator(end("2", 0))).await.expect("ended").into_inner().record_index;
    assert_eq!(end_of(&mut bert).await, SessionEndReason::Operator);
    let again = admin.end_session(by_operator(end("2", 0))).await.expect("a retry").into_inner().record_index;
    assert_eq!(first, again);
    let left: Vec<String> = agents(&mut admin, true).await.into_iter().map(|agent| agent.agent).collect();
    assert_eq!(left, ["anna"]);
    let unnamed = Request::new(ListAgentsRequest { workspace: WORKSPACE.to_owned(), ..Default::default() });
    assert_eq!(admin.list_agents(unnamed).await.expect_err("who asks?").code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_workspace_ends_its_sessions_with_the_notice_and_takes_none_until_it_is_told_to() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let mut session = Session::open(daemon.channel().await, "bert", Hello::default()).await.expect("a session");
    let resume_session_epoch = session.welcome.session_epoch;
    let mut admin = AdminServiceClient::new(daemon.channel().await);
    let drain = |end| by_operator(DrainRequest { workspace: WORKSPACE.to_owned(), end });
    assert!(admin.drain(drain(false)).await.expect("drained").into_inner().changed);
    assert!(!admin.drain(drain(false)).await.expect("as before").into_inner().changed);
    assert_eq!(end_of(&mut session).await, SessionEndReason::Draining);
    let hello = Hello { resume_session_epoch, ..Hello::default() };
    let refused = Session::open(daemon.channel().await, "bert", hello).await.err().expect("no sessions now");
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let nowhere = by_operator(DrainRequest { workspace: "nowhere".to_owned(), end: false });
    assert_eq!(admin.drain(nowhere).await.expect_err("no such workspace").code(), Code::NotFound);

    assert!(admin.drain(drain(true)).await.expect("over").into_inner().changed);
    let hello = Hello { resume_session_epoch, ..Hello::default() };
    Session::open(daemon.channel().await, "bert", hello).await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_log_levels_are_in_force_for_the_time_that_was_said_and_fall_back_by_themselves() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let mut admin = AdminServiceClient::new(daemon.channel().await);
    let set = |levels: &str, seconds| {
        let lasting = Some(prost_types::Duration { seconds, nanos: 0 });
        by_operator(SetLogLevelRequest { levels: levels.to_owned(), lasting })
    };
    let nonsense = admin.set_log_level(set("skein=loud", 60)).await.expect_err("no level");
    assert_eq!(nonsense.code(), Code::InvalidArgument);
    let for_ever = admin.set_log_level(set("debug", 100_000)).await.expect_err("too long");
    assert_eq!(for_ever.code(), Code::InvalidArgument);
    assert!(!daemon.said("session opened"));

    let until = admin.set_log_level(set("info,skein=debug", 600)).await.expect("set").into_inner().until;
    assert!(until.is_some());
    let found = admin.get_log_level(by_operator(GetLogLevelRequest {})).await.expect("levels").into_inner();
    assert_eq!((found.levels.as_str(), found.configured_levels.as_str()), ("info,skein=debug", "info"));
    let _session = Session::open(daemon.channel().await, "bert", Hello::default()).await.expect("a session");
    eventually("it says more", async || daemon.said("session opened").then_some(())).await;

    admin.set_log_level(set("warn", 1)).await.expect("set");
    eventually("it falls back", async || daemon.said("log levels are the configured ones again").then_some(())).await;
    let found = admin.get_log_level(by_operator(GetLogLevelRequest {})).await.expect("levels").into_inner();
    assert!(found.until.is_none() && found.levels == "info", "{found:?}");
}
