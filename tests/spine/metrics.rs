//! What `/metrics` of a running daemon says after messages, a dead letter, a receipt, an agent and a refused command.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::daemon::daemon;
use crate::support::nats::TestServer;
use crate::world::{PATIENCE, connect, publish, whatsapp};

const ENDPOINT: &str = "skein.in.acme.whatsapp.wa1";

/// The exposition as it is served.
async fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the port is open");
    let request = "GET /metrics HTTP/1.1\r\nHost: skein\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

fn named<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("skein-workspace", "acme".parse().expect("ASCII"));
    request.metadata_mut().insert("skein-agent", "ann".parse().expect("ASCII"));
    request
}

fn presence(request_id: &str, session_epoch: u64) -> p::SetPresenceRequest {
    p::SetPresenceRequest {
        request_id: request_id.into(),
        session_epoch,
        presence: p::Presence::Ready.into(),
        ..p::SetPresenceRequest::default()
    }
}

/// A report on a message that nobody here has sent.
fn status() -> String {
    whatsapp(0, 0).replace(
        "\"messages\":[]",
        r#""statuses":[{"id":"wamid.x","status":"delivered","timestamp":"1700000000","recipient_id":"4915112345678"}]"#,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_family_says_what_happened() {
    let server = TestServer::start();
    let nats = connect(&server).await;
    let daemon = daemon(&server).await;
    for body in [whatsapp(0, 3), "{oops".to_owned(), status()] {
        publish(nats.control(), ENDPOINT, "whatsapp-cloud", &body).await;
    }

    let address = format!("http://{}", daemon.started.grpc_addr);
    let mut client = AgentServiceClient::connect(address).await.expect("connect");
    let hello = p::WatchRequest { hello: Some(p::Hello::default()) };
    let mut watch = client.watch(named(hello)).await.expect("a watch").into_inner();
    let welcome = watch.message().await.expect("no refusal").expect("a frame").response;
    let Some(p::watch_response::Response::Welcome(welcome)) = welcome else { panic!("no welcome: {welcome:?}") };
    client.set_presence(named(presence("one", welcome.session_epoch))).await.expect("ready");
    client.set_presence(named(presence("two", welcome.session_epoch + 1))).await.expect_err("not that session");

    let expected = [
        r#"skein_inputs_total{channel="whatsapp",outcome="recorded"} 4"#,
        r#"skein_inputs_total{channel="whatsapp",outcome="dead"} 1"#,
        r#"skein_dead_letters_total{reason="malformed"} 1"#,
        r#"skein_dead_letters_total{reason="too_large"} 0"#,
        r#"skein_receipts_total{outcome="parked"} 1"#,
        r#"skein_offers_total{outcome="made"} 1"#,
        r#"skein_works{status="offered"} 1"#,
        r#"skein_works{status="queued"} 0"#,
        r#"skein_rejections_total{reason="superseded"} 1"#,
        r#"skein_queue_length{queue="ingest"} 0"#,
        r#"skein_queue_length{queue="requests"} 0"#,
        r#"skein_queue_length{queue="outbound"} 0"#,
        r#"skein_stream_alarms_total{alarm="broken"} 0"#,
        "skein_handed_over_total 1",
        "skein_durable_lag_records 0",
        "skein_reconciliations_total 0",
        "skein_log_lines_left_out_total 0",
        "skein_take_overs_total 1",
        "skein_owner 1",
        "skein_agent_sessions 1",
        "skein_agent_slow_readers_total 0",
    ];
    let positive = [
        "skein_records_total",
        "skein_appends_total",
        "skein_append_seconds_count",
        "skein_turn_seconds_count",
        "skein_agent_events_total",
        "skein_agent_frames_total",
        r#"skein_agent_refusals_total{reason="session_superseded"}"#,
    ];
    let missing = |text: &str| -> Vec<&str> {
        let has = |line: &str| text.lines().any(|found| found == line);
        let above = |family: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(family)?.trim().parse::<f64>().ok());
            value.is_some_and(|value| value > 0.0)
        };
        let unlike = expected.into_iter().filter(|line| !has(line));
        unlike.chain(positive.into_iter().filter(|family| !above(family))).collect()
    };
    // Three messages and the receipt make records. Work and outputs are counted every few seconds.
    let deadline = Instant::now() + PATIENCE;
    let mut text = scrape(daemon.started.admin_addr).await;
    while !missing(&text).is_empty() {
        assert!(Instant::now() < deadline, "{:#?} are missing in\n{text}", missing(&text));
        tokio::time::sleep(Duration::from_millis(50)).await;
        text = scrape(daemon.started.admin_addr).await;
    }
    assert!(text.contains("# UNIT skein_longest_wait_seconds seconds"), "{text}");
    drop(watch);
    daemon.end().await;
}
