//! Why a Work is where it is, over the wire: told to who may see the Work, from the state and from the log.

use skein::domain::id::Name;
use skein::domain::workspace::{AgentConfig, AgentProfile, Visibility};
use skein::proto::agent as p;
use skein::proto::agent::WorkHappeningKind as Kind;
use skein::proto::agent::work_service_client::WorkServiceClient;

use crate::harness::{Server, answer_to, named, server};
use crate::{CUSTOMER, reason};

const OTHER: &str = "+4915112345679";

async fn explain(server: &Server, agent: &str, work: &str, max_agents: i32) -> Result<p::ExplainWorkResponse, String> {
    let request = p::ExplainWorkRequest { work_id: work.to_owned(), max_agents };
    let mut works = WorkServiceClient::new(server.channel().await);
    let told = works.explain_work(named(agent, request)).await;
    told.map(tonic::Response::into_inner).map_err(|status| reason(&status))
}

fn kinds(told: &p::ExplainWorkResponse) -> Vec<Kind> {
    told.history.iter().map(p::WorkHappening::kind).collect()
}

#[tokio::test]
async fn a_work_that_waits_is_explained_by_agents_terms_and_records() {
    let server = server().await;
    server.memory.configure(|config| config.guest.iter_mut().for_each(|guest| guest.capacity = 1));
    let agent = "ana";
    server.memory.say_text(CUSTOMER, "zanzibar");
    let mut desk = server.ready(agent).await;
    let first = desk.accept().await;
    server.memory.say_text(OTHER, "zanzibar");
    let mut works = WorkServiceClient::new(server.channel().await);
    let list = works.list_work(named(agent, p::ListWorkRequest::default())).await.expect("a list").into_inner().works;
    let waiting = list.iter().find(|work| work.work_id != first.work_id).expect("another");
    let told = explain(&server, agent, &waiting.work_id, 0).await.expect("it is explained");
    assert_eq!(told.agents[0].agent, agent);
    assert_eq!(told.agents[0].standing(), p::AgentStanding::NoRoom);
    let score = told.score.as_ref().expect("it waits");
    assert_eq!((score.position, score.due_at), (1, waiting.due_at));
    assert!(kinds(&told).starts_with(&[Kind::Opened]), "{:?}", told.history);
    assert!(kinds(&told).contains(&Kind::Queued) && kinds(&told).contains(&Kind::Asked));
    assert!(!told.history_begins_later && !format!("{told:?}").contains("zanzibar"));
    let owned = explain(&server, agent, &first.work_id, 0).await.expect("it is explained");
    assert!(owned.agents.is_empty() && owned.score.is_none());
    let assigned = owned.history.iter().find(|it| it.kind() == Kind::Assigned).expect("it was assigned");
    assert_eq!((assigned.agent.as_str(), assigned.cause.as_str()), (agent, "OFFER"));
    let stages: Vec<_> = owned.waited.iter().map(p::WaitShare::stage).collect();
    assert!(stages.contains(&p::WaitStage::Assigned), "{:?}", owned.waited);
}

#[tokio::test]
async fn what_became_of_a_closed_work_is_told_from_the_log_without_the_customers_other_works() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let frame = p::session_request::Request::SendMessage(answer_to(&work, "s1", "It is on its way."));
    ana.command(frame).await.expect("sent");
    let close = p::CloseWorkRequest {
        request_id: "c1".to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        disposition: "solved".to_owned(),
        ..Default::default()
    };
    ana.command(p::session_request::Request::CloseWork(close)).await.expect("closed");
    let told = explain(&server, "ana", &work.work_id, 5).await.expect("it is explained");
    let ends: Vec<Kind> =
        kinds(&told).into_iter().filter(|kind| matches!(kind, Kind::Answered | Kind::Counted)).collect();
    assert_eq!(ends, [Kind::Answered, Kind::Counted]);
    assert!(kinds(&told).contains(&Kind::WrapUp) || kinds(&told).contains(&Kind::Closed), "{:?}", told.history);
    assert!(told.ruling.is_none() && told.agent_counts.is_empty());
}

#[tokio::test]
async fn a_hidden_work_is_not_explained_and_what_is_wrong_is_said() {
    let server = server().await;
    server.memory.configure(|config| {
        config.queues[0].visibility = Visibility::Queue;
        config.agents.push(AgentConfig { name: Name::from("stranger"), profile: AgentProfile::default() });
    });
    server.memory.say_text(CUSTOMER, "my parcel");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await.work_id;
    assert!(explain(&server, "ana", &work, 0).await.is_ok());
    for (agent, work, most, why) in [
        ("stranger", work.as_str(), 0, "NOT_VISIBLE"),
        ("ana", "w99999-1", 0, "UNKNOWN_WORK"),
        ("ana", "work", 0, "INVALID"),
        ("ana", work.as_str(), -1, "INVALID"),
        ("ana", work.as_str(), 501, "INVALID"),
    ] {
        assert_eq!(explain(&server, agent, work, most).await.expect_err("refused"), why, "{agent} {work} {most}");
    }
}
