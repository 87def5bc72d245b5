//! `skein dead`: what was set aside is listed without its content, and once its cause is gone it is published again and arrives.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use skein::proto::admin::admin_service_client::AdminServiceClient;
use skein::proto::admin::{GetDeadLetterRequest, ListDeadLettersRequest, ReplayDeadLettersRequest};
use tonic::{Code, Request};

use crate::adapter::{Adapter, Payload, now_s, whatsapp, whatsapp_at};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::reads;

const PHONE: &str = "4915112345678";
const WORDS: &str = "words of a customer";

fn command(bed: &Bed, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
    command.arg("dead").args(args).args(["--nats", &bed.nats.url(), "--workspace", WORKSPACE]);
    command
}

fn dead(bed: &Bed, args: &[&str]) -> Output {
    command(bed, args).output().expect("skein runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_for_an_unknown_endpoint_is_listed_without_its_words_and_arrives_when_it_is_replayed_after_the_endpoint_exists()
 {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    adapter.publish(&whatsapp_at("later", PHONE, "1", WORDS, &now_s().to_string(), "A customer")).await;
    adapter.publish(&Payload { format: "morse", ..whatsapp(PHONE, "2", "dots and dashes") }).await;
    adapter.publish(&Payload { endpoint: "support.extra", ..whatsapp(PHONE, "3", "for nobody") }).await;
    eventually("all are set aside", async || {
        let letters = reads::stored(&client, &format!("SKEIN_DEAD_{WORKSPACE}")).await;
        (letters.len() == 3).then_some(())
    })
    .await;

    let all = dead(&bed, &[]);
    assert!(all.status.success(), "{}", text(&all.stderr));
    assert_eq!(text(&all.stdout).lines().count(), 3, "{}", text(&all.stdout));
    let listed = text(&dead(&bed, &["--endpoint", "whatsapp/later"]).stdout);
    let [line] = listed.lines().collect::<Vec<_>>()[..] else { panic!("{listed}") };
    for part in ["unknown_endpoint", "whatsapp/later", "whatsapp-cloud", "SKEIN_IN_it 1 ", " bytes"] {
        assert!(line.contains(part), "{part:?} is missing in {line}");
    }
    assert!(!line.contains(" 0 bytes") && !text(&all.stdout).contains(WORDS));
    let shown = text(&dead(&bed, &["--endpoint", "whatsapp/later", "--body"]).stdout);
    assert!(shown.contains(WORDS), "{shown}");
    let json = text(&dead(&bed, &["--reason", "unknown_format", "--json"]).stdout);
    let letter: serde_json::Value = serde_json::from_str(json.trim()).expect("one line of JSON");
    assert_eq!((&letter["format"], &letter["stream_sequence"]), (&"morse".into(), &2.into()));

    daemon.kill9();
    bed.add_to_workspace("[[endpoint]]\nname = \"later\"\nchannel = \"whatsapp\"\nqueue = \"given\"\n");
    let daemon = bed.daemon().await;
    let replayed = dead(&bed, &["replay", "--endpoint", "whatsapp/later"]);
    assert!(replayed.status.success(), "{} {}", text(&replayed.stdout), text(&replayed.stderr));
    assert!(text(&replayed.stdout).ends_with("1 published, 0 refused\n"), "{}", text(&replayed.stdout));
    let channel = daemon.channel().await;
    let said = eventually("it arrives", async || {
        let works = reads::works(&channel).await;
        Some(reads::messages(&channel, &works.first()?.conversation_id).await)
    })
    .await;
    assert_eq!(said.iter().map(reads::text).collect::<Vec<_>>(), [WORDS]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_says_what_was_refused_and_ends_with_1_and_none_happens_by_accident() {
    let bed = Bed::new(false).await;
    let _daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    adapter.publish(&Payload { endpoint: "support.extra", ..whatsapp(PHONE, "1", "for nobody") }).await;
    adapter.publish(&Payload { format: "morse", ..whatsapp(PHONE, "2", "dots and dashes") }).await;
    let stream = format!("SKEIN_DEAD_{WORKSPACE}");
    let count = async || reads::stored(&client, &stream).await.len();
    eventually("both are set aside", async || (count().await == 2).then_some(())).await;

    let nothing = dead(&bed, &["replay"]);
    assert!(!nothing.status.success() && text(&nothing.stderr).contains("--all"), "{}", text(&nothing.stderr));
    let some = dead(&bed, &["replay", "1", "2", "77"]);
    assert_eq!(some.status.code(), Some(1));
    let said = text(&some.stdout);
    for part in ["1  _/_ refused: it was not published for an endpoint", "77  refused", "1 published, 2 refused"] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
    let letters = eventually("the replayed one is a letter again", async || {
        let letters = reads::stored(&client, &stream).await;
        (letters.len() == 3).then_some(letters)
    })
    .await;
    assert_eq!(letters[2].payload, letters[1].payload, "the bytes");
    let format = letters[2].headers.as_ref().and_then(|headers| headers.get("Skein-Format"));
    assert_eq!(format.map(|format| format.as_str()), Some("morse"), "its headers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_shows_a_letter_that_comes_later() {
    let bed = Bed::new(false).await;
    let _daemon = bed.daemon().await;
    let adapter = Adapter::new(bed.connect().await);
    let mut follower = command(&bed, &["--follow", "--endpoint", "whatsapp/nowhere"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("skein runs");
    let out = follower.stdout.take().expect("its output");
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("its output can be read");
        line
    });
    adapter.publish(&whatsapp_at("elsewhere", PHONE, "1", WORDS, "0", "A")).await;
    adapter.publish(&whatsapp_at("nowhere", PHONE, "2", WORDS, "0", "A")).await;
    let line = tokio::time::timeout(crate::bed::PATIENCE, line).await;
    // Only then can reading end, whatever came of it.
    follower.kill().expect("it still runs");
    follower.wait().expect("it is our child");
    let line = line.expect("a line in time").expect("the reader ended");
    assert!(line.contains("whatsapp/nowhere"), "{line}");
}

fn by_operator<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("skein-operator", "olga".parse().expect("a name"));
    request
}

fn listed(page_size: i32, page_token: &str) -> ListDeadLettersRequest {
    let (workspace, page_token) = (WORKSPACE.to_owned(), page_token.to_owned());
    ListDeadLettersRequest { workspace, page_size, page_token, ..ListDeadLettersRequest::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_list_read_and_replay_letters_over_grpc_and_are_named_in_the_log() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    adapter.publish(&Payload { endpoint: "support.extra", ..whatsapp(PHONE, "1", "for nobody") }).await;
    adapter.publish(&Payload { format: "morse", ..whatsapp(PHONE, "2", WORDS) }).await;
    adapter.publish(&Payload { format: "morse", ..whatsapp(PHONE, "3", "more") }).await;
    let stream = format!("SKEIN_DEAD_{WORKSPACE}");
    let count = async || reads::stored(&client, &stream).await.len();
    eventually("all are set aside", async || (count().await == 3).then_some(())).await;
    let mut admin = AdminServiceClient::new(daemon.channel().await);

    let first = admin.list_dead_letters(by_operator(listed(2, ""))).await.expect("a page").into_inner();
    let second =
        admin.list_dead_letters(by_operator(listed(2, &first.next_page_token))).await.expect("a page").into_inner();
    let sequences = |page: &skein::proto::admin::ListDeadLettersResponse| {
        page.letters.iter().map(|letter| letter.sequence).collect::<Vec<_>>()
    };
    assert_eq!((sequences(&first), sequences(&second)), (vec![1, 2], vec![3]));
    assert_eq!(second.next_page_token, "", "there is no third page");
    let reason = ListDeadLettersRequest { reason: "unknown_format".to_owned(), ..listed(0, "") };
    let morse = admin.list_dead_letters(by_operator(reason)).await.expect("a page").into_inner();
    assert_eq!(sequences(&morse), [2, 3]);
    assert_eq!((morse.letters[0].format.as_str(), morse.letters[0].stream_sequence), ("morse", 2));

    let asked = GetDeadLetterRequest { workspace: WORKSPACE.to_owned(), sequence: 2 };
    let read = admin.get_dead_letter(by_operator(asked.clone())).await.expect("it is there").into_inner();
    assert!(text(&read.body).contains(WORDS), "{}", text(&read.body));
    assert_eq!(read.letter.map(|letter| letter.bytes), Some(read.body.len() as u64));
    let nobody = admin.get_dead_letter(asked.clone()).await.expect_err("without a name");
    assert_eq!(nobody.code(), Code::Unauthenticated);
    let none = GetDeadLetterRequest { sequence: 77, ..asked.clone() };
    assert_eq!(admin.get_dead_letter(by_operator(none)).await.expect_err("there is none").code(), Code::NotFound);
    let elsewhere = GetDeadLetterRequest { workspace: "other".to_owned(), ..asked };
    assert_eq!(admin.get_dead_letter(by_operator(elsewhere)).await.expect_err("not here").code(), Code::NotFound);

    let sequences = vec![77, 2, 1];
    let asked = ReplayDeadLettersRequest { workspace: WORKSPACE.to_owned(), sequences };
    let replayed = admin.replay_dead_letters(by_operator(asked)).await.expect("each is told").into_inner().replays;
    let told: Vec<_> = replayed.iter().map(|replay| (replay.sequence, replay.published_as)).collect();
    assert_eq!(told, [(1, 0), (2, 4), (77, 0)]);
    assert!(replayed[0].refused.contains("not published for an endpoint") && replayed[1].refused.is_empty());
    eventually("the replayed one is a letter again", async || (count().await == 4).then_some(())).await;
    for line in ["a dead letter was read by an operator", "dead letters were published again by an operator"] {
        assert!(daemon.said(line), "the log does not say: {line}");
    }
    assert!(!daemon.log().contains(WORDS), "the log says what a customer wrote");
    let too_many = ReplayDeadLettersRequest { workspace: WORKSPACE.to_owned(), sequences: (1..=1_001).collect() };
    let refused = admin.replay_dead_letters(by_operator(too_many)).await.expect_err("more than a call may");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
