//! `skein dead`: what was set aside is listed without its content, and once its cause is gone it is published again and arrives.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

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
