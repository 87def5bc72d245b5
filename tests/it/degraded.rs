//! An adapter that lags or falls silent: operators and agents who send are told, and told when it is well again.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::{self, consumer::PullConsumer};
use futures::StreamExt as _;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::live::Live;
use skein::proto::agent::{SendMessageResponse, WorkAssigned};

use crate::adapter::{Adapter, sms};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;

const PHONE: &str = "4915112345678";
/// Heartbeats of a living adapter come several times in `degraded_after`, here 1 s.
const BEAT: Duration = Duration::from_millis(200);

async fn sends(agent: &mut Agent, assigned: &WorkAssigned, text: &str) -> SendMessageResponse {
    let work = assigned.work.as_ref().expect("its Work");
    let seen = work.last_customer_message_id.clone();
    let result = agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, text)).await;
    let Some(Outcome::SendMessage(sent)) = result.result else { panic!("no message but {result:?}") };
    sent
}

async fn health(agent: &mut Agent) -> (String, bool) {
    let Live::Endpoint(health) = agent.glimpses().await else { panic!("something else is live") };
    (health.endpoint, health.degraded)
}

async fn gauge(daemon: &Daemon, endpoint: &str) -> Option<String> {
    let (_, page) = daemon.page("/metrics").await?;
    let line = format!("skein_adapter_degraded{{workspace=\"{WORKSPACE}\",endpoint=\"{endpoint}\"}} ");
    page.lines().find_map(|found| found.strip_prefix(&line).map(str::to_owned))
}

/// Acknowledges everything that waits for an adapter.
async fn catches_up(bus: &Client, endpoint: &str) {
    let stream = jetstream::new(bus.clone()).get_stream(format!("SKEIN_OUT_{WORKSPACE}")).await.expect("OUT");
    let consumer: PullConsumer = stream.get_consumer(endpoint).await.expect("the daemon has made it");
    let mut waiting = consumer.fetch().max_messages(10).messages().await.expect("messages");
    while let Some(Ok(message)) = waiting.next().await {
        message.ack().await.expect("acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lagging_adapter_degrades_its_endpoint_until_it_has_caught_up() {
    let bed = Bed::new(false).await;
    bed.set("[outbound]\ndegraded_after = \"1s\"\n");
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    Adapter::new(bed.connect().await).publish(&sms(PHONE, "1", "hello")).await;
    let assigned = agent.take("main", false).await;
    assert!(!sends(&mut agent, &assigned, "one").await.endpoint_degraded, "nothing is known against it");

    assert_eq!(health(&mut agent).await, ("main".to_owned(), true));
    assert!(sends(&mut agent, &assigned, "two").await.endpoint_degraded, "who sends is told");
    assert_eq!(gauge(&daemon, "main").await.as_deref(), Some("1"));
    assert_eq!(gauge(&daemon, "second").await.as_deref(), Some("0"), "the other adapter is not to blame");
    catches_up(&bus, "main").await;
    assert_eq!(health(&mut agent).await, ("main".to_owned(), false));
    let lines = async |level: &str, words: &str| {
        eventually("a line of the change", async || {
            let found = daemon.lines_of(level).into_iter().filter(|line| line.contains(words)).count();
            (found == 1).then_some(())
        })
        .await;
    };
    lines("WARN", "endpoint degraded").await;
    lines("INFO", "endpoint is well again").await;
    assert!(!sends(&mut agent, &assigned, "three").await.endpoint_degraded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_that_stops_its_heartbeats_degrades_its_endpoint_and_one_that_never_sent_any_does_not() {
    let bed = Bed::new(false).await;
    bed.set("[outbound]\ndegraded_after = \"1s\"\n");
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let beat = async || {
        let subject = format!("skein.live.{WORKSPACE}.heartbeat.sms.second");
        bus.publish(subject, "".into()).await.expect("published");
        bus.flush().await.expect("the bus answers");
    };
    beat().await;
    assert_eq!(health(&mut agent).await, ("second".to_owned(), true));
    let beating = async {
        let mut next = tokio::time::interval(BEAT);
        loop {
            next.tick().await;
            beat().await;
        }
    };
    tokio::select! {
        () = beating => {}
        well = health(&mut agent) => assert_eq!(well, ("second".to_owned(), false)),
    }
    assert_eq!(gauge(&daemon, "main").await.as_deref(), Some("0"), "it has never sent one");
}
