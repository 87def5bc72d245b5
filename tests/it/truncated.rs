//! A log that has lost its end: nobody owns the shard before an operator gives up what is lost, and then it goes on. The drill of README.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;
use skein::proto::agent::Hello;

use crate::adapter::{Adapter, whatsapp};
use crate::agent::Session;
use crate::bed::{Bed, eventually};
use crate::broken::{copy_folder, said, say};
use crate::reads;

const STREAM: &str = "SKEIN_LOG_main";

fn skein(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().expect("it runs")
}

fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_its_end_is_owned_again_once_an_operator_gives_it_up_and_what_adapters_sent_is_applied_again() {
    let mut bed = Bed::new(true).await;
    bed.set("[snapshots]\nfolder = \"snapshots\"\ninterval = \"1s\"\nkeep = 9\n");
    let mut daemon = bed.daemon().await;
    let adapter = Adapter::new(bed.connect().await);
    say(&adapter, &daemon, 0, 3).await;
    let files = bed.store().join("jetstream/jetstream/$G/streams").join(STREAM);
    let copy = bed.store().join("copy");
    bed.nats.stop().await;
    copy_folder(&files, &copy);
    bed.nats.restart().await.expect("the bus starts again");
    say(&adapter, &daemon, 3, 6).await;
    let snapshots = || daemon.lines_of("INFO").iter().filter(|line| *line == "snapshot copied to the store").count();
    let before = snapshots();
    eventually("a snapshot holds it", async || {
        // Nothing is written where nothing was recorded.
        Session::open(daemon.channel().await, "bert", Hello::default()).await.expect("a session");
        (snapshots() > before + 1).then_some(())
    })
    .await;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0), "{}", daemon.log());
    let folder = bed.folder.path().to_owned();
    let whole = skein(&folder, &["repair", "-c", "skein.toml"]);
    assert!(whole.status.success() && text(&whole).contains("nobody knows of more"), "{}", text(&whole));

    bed.nats.stop().await;
    std::fs::remove_dir_all(&files).expect("remove the newer files");
    copy_folder(&copy, &files);
    bed.nats.restart().await.expect("the bus starts again");
    let mut refused = bed.launch().await;
    assert!(!refused.ended().await.success());
    let alarms = refused.lines_of("ERROR");
    assert!(alarms.iter().any(|line| line.ends_with("an operator has to decide")), "{alarms:?}");
    let missing = skein(&folder, &["repair", "-c", "skein.toml"]);
    assert_eq!(missing.status.code(), Some(1), "{}", text(&missing));
    assert!(text(&missing).contains("checkpoint knows entry") && text(&missing).contains("are missing"));
    let given_up = skein(&folder, &["repair", "--accept-loss", "-c", "skein.toml"]);
    assert!(given_up.status.success() && text(&given_up).contains("are given up"), "{}", text(&given_up));

    // What adapters had sent is still in IN, and is applied again; what agents did is lost.
    let daemon = bed.daemon().await;
    assert!(!daemon.lines_of("WARN").is_empty(), "snapshots of what was lost are passed over");
    let channel = daemon.channel().await;
    eventually("all are in", async || (said(&channel).await.len() == 6).then_some(())).await;
    adapter.publish(&whatsapp("4915112345678", "7", "number 6")).await;
    eventually("the next is in", async || (said(&channel).await.len() == 7).then_some(())).await;
    assert_eq!(said(&channel).await, (0..7).map(|number| format!("number {number}")).collect::<Vec<_>>());
    let _session = Session::open(daemon.channel().await, "bert", Hello::default()).await.expect("a session");
    assert!(!reads::records(&bed).await.is_empty());
    let after = skein(&folder, &["repair", "-c", "skein.toml"]);
    assert!(after.status.success() && text(&after).contains("nobody knows of more"), "{}", text(&after));
    let verified = skein(&folder, &["verify", "--daemon", "skein.toml"]);
    assert!(text(&verified).contains("an operator gave them up"), "{}", text(&verified));
}
