//! A workspace file changes while the daemon serves it: what is new works, what is wrong changes nothing and says where, and what is in
//! force is what the operator's file said last.

use std::process::{Command, Output};

use rustix::process::Signal;
use skein::domain::record::Change;
use skein::proto::admin::admin_service_client::AdminServiceClient;
use skein::proto::admin::{GetConfigRequest, ReloadOutcome, ReloadWorkspacesRequest, ReloadWorkspacesResponse};
use skein::proto::agent::event::Event as What;
use tonic::Request;

use crate::adapter::{Adapter, Payload, now_s, whatsapp_at};
use crate::agent::Agent;
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::reads;

const PHONE: &str = "4915112345678";
/// A queue and an endpoint that leads to it, served by an agent of its own.
const MORE: &str = "[[queue]]\nname = \"extra\"\naccept = \"auto\"\n[[endpoint]]\nname = \"later\"\nchannel = \"whatsapp\"\nqueue = \
                    \"extra\"\n[[agent]]\nname = \"zoe\"\nqueues = [\"extra\"]\ncapacity = 5\n";

fn later(id: &str) -> Payload {
    whatsapp_at("later", PHONE, id, "hello", &now_s().to_string(), "A customer")
}

fn by_operator<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("skein-operator", "olga".parse().expect("a name"));
    request
}

async fn reload(daemon: &Daemon) -> ReloadWorkspacesResponse {
    let mut admin = AdminServiceClient::new(daemon.channel().await);
    let asked = by_operator(ReloadWorkspacesRequest { workspace: WORKSPACE.to_owned() });
    admin.reload_workspaces(asked).await.expect("an answer").into_inner()
}

/// The canonical texts that came into force, in order.
async fn applied(bed: &Bed) -> Vec<String> {
    let changes = reads::changes(bed, |change| matches!(change, Change::ConfigApplied { .. })).await;
    let canonical = |change| match change {
        Change::ConfigApplied { canonical, .. } => canonical,
        other => unreachable!("only of that kind: {other:?}"),
    };
    changes.into_iter().map(canonical).collect()
}

async fn dead(client: &async_nats::Client) -> usize {
    reads::stored(client, &format!("SKEIN_DEAD_{WORKSPACE}")).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_a_queue_and_an_agent_that_a_changed_file_adds_work_without_a_restart() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    bed.add_to_workspace(MORE);
    // By itself, a few seconds later.
    eventually("the file is in force", async || daemon.said("workspace configuration in force").then_some(())).await;

    let mut zoe = Agent::log_in(daemon.channel().await, "zoe").await;
    adapter.publish(&later("1")).await;
    let assigned = zoe.take("later", false).await;
    assert_eq!(assigned.work.expect("a Work").queue, "extra");
    let bus = async_nats::jetstream::new(client.clone());
    let out = bus.get_stream(format!("SKEIN_OUT_{WORKSPACE}")).await.expect("OUT");
    let consumer = out.consumer_info("later").await.expect("its adapter finds a consumer");
    assert_eq!(consumer.config.filter_subject, format!("skein.out.{WORKSPACE}.whatsapp.later"));

    // And away again, by a signal: what waits for a queue that is gone is somebody else's.
    adapter.publish(&whatsapp_at("later", "4915187654321", "2", "me, too", &now_s().to_string(), "B")).await;
    zoe.told("the second", |event| matches!(event, What::Assigned(_)).then_some(())).await;
    bed.add_to_workspace("");
    daemon.signal(Signal::HUP);
    eventually("the old one is in force", async || (applied(&bed).await.len() == 3).then_some(())).await;
    let before = dead(&client).await;
    eventually("the endpoint is unknown", async || {
        adapter.publish(&later("3")).await;
        (dead(&client).await > before).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_changes_nothing_and_says_where_in_the_answer_the_log_and_the_metrics() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    bed.add_to_workspace(
        "[[endpoint]]\nname = \"later\"\nchannel = \"whatsapp\"\nqueue = \"givn\"\n[secret_section]\nx = \"hush\"\n",
    );
    let refused = reload(&daemon).await;
    let [it] = &refused.workspaces[..] else { panic!("{refused:?}") };
    assert_eq!(it.outcome(), ReloadOutcome::Refused, "{it:?}");
    let problem = it.problems.first().expect("a problem");
    assert!(problem.line > 60 && problem.column > 0 && problem.origin.ends_with("it.toml"), "{problem:?}");
    assert!(refused.restart_keys.is_empty() && refused.daemon_problems.is_empty(), "{refused:?}");

    bed.add_to_workspace("[[endpoint]]\nname = \"later\"\nchannel = \"whatsapp\"\nqueue = \"givn\"\n");
    let refused = reload(&daemon).await;
    let problem = refused.workspaces[0].problems.first().expect("a problem");
    assert_eq!((problem.key.as_str(), problem.hint.as_str()), ("endpoint[11].queue", "did you mean \"given\"?"));
    let warned = daemon.log();
    assert!(warned.contains("workspace file refused, what was in force stays"), "{warned}");
    assert!(warned.contains("endpoint[11].queue") && warned.contains("did you mean") && !warned.contains("hush"));
    let page = daemon.page("/metrics").await.expect("metrics").1;
    assert!(page.contains("skein_workspace_file_refused{workspace=\"it\"} 1"), "{page}");

    let renamed = bed.folder.path().join("it.toml");
    let text = std::fs::read_to_string(&renamed).expect("the file").replace("givn", "given");
    std::fs::write(&renamed, text.replace("name = \"it\"", "name = \"that\"")).expect("written");
    let refused = reload(&daemon).await;
    assert!(refused.workspaces[0].problems[0].rule.starts_with("must stay \"it\""), "{refused:?}");
    assert_eq!(applied(&bed).await.len(), 1, "nothing of it is in force");

    std::fs::write(&renamed, text).expect("written");
    assert_eq!(reload(&daemon).await.workspaces[0].outcome(), ReloadOutcome::Applied);
    assert_eq!(reload(&daemon).await.workspaces[0].outcome(), ReloadOutcome::Unchanged);
    let mut admin = AdminServiceClient::new(daemon.channel().await);
    let asked = by_operator(GetConfigRequest { workspace: WORKSPACE.to_owned() });
    let found = admin.get_config(asked).await.expect("the configuration").into_inner();
    assert!(found.canonical.contains("\"later\"") && found.sha256.len() == 64 && found.in_force_since.is_some());
    let page = daemon.page("/metrics").await.expect("metrics").1;
    assert!(page.contains("skein_workspace_file_refused{workspace=\"it\"} 0"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_whose_consumer_reads_what_is_anothers_is_refused_and_not_tried_for_ever() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let bus = async_nats::jetstream::new(bed.connect().await);
    let out = bus.get_stream(format!("SKEIN_OUT_{WORKSPACE}")).await.expect("OUT");
    let mut others = skein::nats::streams::adapter(WORKSPACE, "whatsapp", "later");
    others.filter_subject = format!("skein.out.{WORKSPACE}.sms.another");
    out.create_consumer(others).await.expect("made");
    bed.add_to_workspace(MORE);
    let told = reload(&daemon).await;
    let [it] = &told.workspaces[..] else { panic!("{told:?}") };
    assert_eq!(it.outcome(), ReloadOutcome::Refused, "{it:?}");
    let rule = &it.problems.first().expect("a problem").rule;
    assert!(rule.contains("reads skein.out.it.sms.another: give the endpoint another name"), "{rule}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_force_outlives_a_kill_and_a_file_that_was_put_back_meanwhile_is_the_operators_will_again() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    bed.add_to_workspace(MORE);
    assert_eq!(reload(&daemon).await.workspaces[0].outcome(), ReloadOutcome::Applied);
    daemon.kill9();
    let mut daemon = bed.daemon().await;
    assert_eq!(applied(&bed).await.len(), 2, "the log had it: the same file is no other record");
    Adapter::new(bed.connect().await).publish(&later("1")).await;
    let mut zoe = Agent::log_in(daemon.channel().await, "zoe").await;
    zoe.take("later", false).await;
    daemon.kill9();

    bed.add_to_workspace("");
    let daemon = bed.daemon().await;
    let texts = applied(&bed).await;
    assert_eq!(texts.len(), 3, "by a record");
    assert!(texts[1].contains("\"later\"") && !texts[2].contains("\"later\"") && texts[2] == texts[0]);
    let works = reads::works(&daemon.channel().await).await;
    assert_eq!(works.len(), 1, "what it brought is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_what_is_wrong_and_ends_with_1_and_names_keys_that_want_a_restart() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let admin = |verb: &str| -> Output {
        let grpc = daemon.grpc.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
        command.args(["admin", verb, "--addr", &grpc, "--workspace", WORKSPACE]).output().expect("skein runs")
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let same = admin("reload");
    assert!(same.status.success() && said(&same) == "it: unchanged\n", "{same:?}");
    bed.add_to_workspace("[[queue]]\nname = \"given\"\n");
    let config = bed.folder.path().join("skein.toml");
    let text =
        std::fs::read_to_string(&config).expect("the configuration").replace("level = \"info\"", "level = \"warn\"");
    std::fs::write(&config, text).expect("written");
    let refused = admin("reload");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    for part in ["it: REFUSED", "is used twice", "logging.level of the daemon's own configuration has changed"] {
        assert!(said(&refused).contains(part), "{part:?} is missing in {refused:?}");
    }
    let shown = admin("config");
    assert!(shown.status.success() && said(&shown).contains("\"continuation_window_ms\""), "{shown:?}");
}
