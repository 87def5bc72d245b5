//! Many first messages of one customer: one conversation, one Work, whatever their timing.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::adapter::{Adapter, whatsapp};
use crate::bed::{Bed, eventually};
use crate::reads::{messages, text, works};

const CONNECTIONS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_first_messages_at_once_make_one_conversation_and_one_work() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let adapter = Adapter::new(bed.connect().await);
        tasks.spawn(async move {
            let all: Vec<_> = (0..1_000 / CONNECTIONS)
                .map(|n| format!("{connection}-{n}"))
                .map(|id| whatsapp("4915112345678", &id, &format!("first {id}")))
                .collect();
            futures::future::join_all(all.iter().map(|payload| adapter.publish(payload))).await
        });
    }
    let sequences: BTreeSet<u64> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(sequences.len(), 1_000, "every one was acknowledged by itself");

    let channel = daemon.channel().await;
    let said = eventually("all are in", async || {
        let works = works(&channel).await;
        let work = works.first()?;
        let said = messages(&channel, &work.conversation_id).await;
        (said.len() >= 1_000).then_some(said)
    })
    .await;
    assert_eq!(works(&channel).await.len(), 1, "one Work");
    assert_eq!(said.len(), 1_000, "none doubled");
    let texts: BTreeSet<&str> = said.iter().map(text).collect();
    assert_eq!(texts.len(), 1_000, "each once");
    let of: BTreeSet<_> = said.iter().map(|message| (&message.conversation_id, &message.work_id)).collect();
    assert_eq!(of.len(), 1, "all in the one Work of the one conversation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_messages_200_ms_apart_on_two_connections_make_one_conversation_and_one_work() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let (first, second) = (Adapter::new(bed.connect().await), Adapter::new(bed.connect().await));
    let (one, two) = (whatsapp("4915112345678", "1", "hello"), whatsapp("4915112345678", "2", "my parcel is late"));
    let both = async {
        let later = async {
            // The case itself: a person who sends two lines.
            tokio::time::sleep(Duration::from_millis(200)).await;
            second.publish(&two).await
        };
        tokio::join!(first.publish(&one), later)
    };
    both.await;
    let channel = daemon.channel().await;
    let said = eventually("both are in", async || {
        let works = works(&channel).await;
        let said = messages(&channel, &works.first()?.conversation_id).await;
        (said.len() >= 2).then_some(said)
    })
    .await;
    assert_eq!(said.iter().map(text).collect::<Vec<_>>(), ["hello", "my parcel is late"]);
    assert_eq!(works(&channel).await.len(), 1);
    assert_eq!(said[0].work_id, said[1].work_id);
}
