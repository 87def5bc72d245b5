//! Inputs on their way to the shard: one bounded channel for each IN stream, taken in turns, so that no stream waits behind another.

use std::task::Poll;

use tokio::sync::mpsc;

use super::handle::Unavailable;
use crate::domain::command::Command;

/// Commands of one batch at most: enough to spread the cost of a wake-up, short enough that agents do not wait behind one.
pub const BATCH_MAX: usize = 256;
/// Batches of one stream that wait: the next is prepared while one is decided, and a little for uneven arrival.
const BATCHES: usize = 8;

/// Where the inputs of one IN stream go in, in their order.
#[derive(Debug)]
pub struct Inlet(mpsc::Sender<Vec<Command>>);

impl Inlet {
    /// Hands inputs over, in order; waits while the shard has enough. Cancel-safe: all or none of them were taken.
    ///
    /// # Errors
    /// [`Unavailable`]: the shard ended.
    pub async fn input(&self, batch: Vec<Command>) -> Result<(), Unavailable> {
        self.0.send(batch).await.map_err(|_| Unavailable)
    }
}

/// The shard's ends.
#[derive(Debug)]
pub(super) struct Inlets {
    receivers: Vec<mpsc::Receiver<Vec<Command>>>,
    next: usize,
}

impl Inlets {
    /// Channels for so many streams.
    pub(super) fn new(streams: usize) -> (Vec<Inlet>, Self) {
        let (senders, receivers) =
            (0..streams).map(|_| mpsc::channel(BATCHES)).map(|(sender, receiver)| (Inlet(sender), receiver)).unzip();
        (senders, Self { receivers, next: 0 })
    }

    /// Batches that wait.
    pub(super) fn len(&self) -> usize {
        self.receivers.iter().map(mpsc::Receiver::len).sum()
    }

    /// The next batch: of the stream whose turn it is, else of the first after it that has one. Never ends; closed streams are silent.
    /// Cancel-safe: a batch stays in its channel until it is returned.
    pub(super) async fn recv(&mut self) -> Vec<Command> {
        std::future::poll_fn(|context| {
            let count = self.receivers.len();
            for step in 0..count {
                let at = (self.next + step) % count;
                if let Poll::Ready(Some(batch)) = self.receivers[at].poll_recv(context) {
                    self.next = (at + 1) % count;
                    return Poll::Ready(batch);
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Name;

    fn batch(name: &str) -> Vec<Command> {
        vec![Command::Resume { workspace: Name::new(name), outage_ms: 0 }]
    }

    #[tokio::test]
    async fn a_flooded_stream_does_not_keep_another_waiting() {
        let (senders, mut inlets) = Inlets::new(2);
        for _ in 0..4 {
            senders[0].input(batch("flood")).await.unwrap();
        }
        senders[1].input(batch("calm")).await.unwrap();
        let mut order = Vec::new();
        for _ in 0..5 {
            match inlets.recv().await.remove(0) {
                Command::Resume { workspace, .. } => order.push(workspace),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(order, ["flood", "calm", "flood", "flood", "flood"]);
    }

    #[tokio::test]
    async fn a_closed_stream_is_silent() {
        let (mut senders, mut inlets) = Inlets::new(2);
        drop(senders.remove(0));
        senders[0].input(batch("left")).await.unwrap();
        assert_eq!(inlets.recv().await.len(), 1);
        assert!(futures::FutureExt::now_or_never(inlets.recv()).is_none());
    }
}
