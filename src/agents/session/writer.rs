//! The writing half: results and events become frames, many events in one when they come fast.

use std::mem;
use std::pin::pin;

use futures::future::BoxFuture;
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::again::{self, Unread};
use super::life::{End, Life};
use super::outlet::Frame;
use super::reader::Done;
use crate::access::{Ending, Over};
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::drains::Drained;
use crate::agents::edge::Edge;
use crate::agents::feed::{Feed, Live, LiveFeed, Next, Overrun, Told, Whose};
use crate::agents::history::{self, Words};
use crate::agents::limits::{FRAME_BYTES, FRAME_EVENTS, FRAME_WORDS, WORDS_AHEAD, WORDS_WAIT};
use crate::agents::port::Unavailable;
use crate::agents::registry::Slot;
use crate::domain::id::Position;
use crate::domain::record::{Assigned, Change};
use crate::proto::agent as p;

/// The writing half of one session.
pub(super) struct Writer<'a> {
    pub(super) edge: &'a Edge,
    pub(super) caller: &'a Caller,
    pub(super) epoch: u64,
    pub(super) slot: &'a Slot,
    pub(super) feed: Feed,
    /// What a session before this one was told, on its way from the log; none: what is next is there.
    pub(super) rereading: Option<BoxFuture<'a, Result<Vec<Told>, Unread>>>,
    pub(super) live: LiveFeed,
    /// The last position told.
    pub(super) told: Position,
    pub(super) frames: &'a mpsc::Sender<Frame>,
    pub(super) results: mpsc::Receiver<Done>,
    /// To be set when no more frames are to be read.
    pub(super) drain: &'a CancellationToken,
    pub(super) life: Life,
    /// Whether an operator wants the workspace's sessions gone.
    pub(super) drained: Drained,
    /// The caller is believed no longer. Not to be waited for again once it was so.
    pub(super) over: Ending,
}

enum Wake {
    PeerGone,
    Shutdown,
    Taken,
    Over(Over),
    Deadline,
    Result(Option<Done>),
    Batch(Result<Vec<Next>, Overrun>),
    Reread(Result<Vec<Told>, Unread>),
    Live(Live),
}

/// The peer took nothing, or not in time; or what it is to be told is not there.
enum Stuck {
    PeerGone,
    Slow,
    Deadline,
    Unread(Unavailable),
}

impl From<Overrun> for Stuck {
    fn from(overrun: Overrun) -> Self {
        match overrun {
            Overrun::Slow => Self::Slow,
            // It comes back, and goes on or begins with a snapshot.
            Overrun::Erased | Overrun::Unread => Self::PeerGone,
        }
    }
}

impl Writer<'_> {
    /// Writes until the session is over. Returns how it ended, and the last position told.
    pub(super) async fn run(&mut self) -> (End, Position) {
        let mut end = End::Lost;
        loop {
            let step = match self.wait().await {
                Wake::PeerGone => return (End::Lost, self.told),
                // What became of the session stands already; only results may be missing.
                Wake::Deadline | Wake::Result(None) => break,
                Wake::Shutdown => self.leave(p::SessionEndReason::Draining).await,
                Wake::Taken => {
                    end = End::Known;
                    self.leave(p::SessionEndReason::Taken).await
                }
                Wake::Over(over) => {
                    end = End::Refused(over.into());
                    self.leave(p::SessionEndReason::TokenExpired).await
                }
                Wake::Result(Some(done)) => self.push(Frame::Result(done.result)).await,
                Wake::Live(live) => {
                    // What is live now is not worth waiting for: a peer without room does without.
                    let _ = self.frames.try_send(Frame::Live(Box::new(convert::live(&live))));
                    Ok(())
                }
                Wake::Batch(Err(overrun)) => Err(overrun.into()),
                Wake::Batch(Ok(batch)) => match again::at_hand(batch) {
                    Ok(batch) => self.tell(batch, &mut end).await,
                    Err(batch) => {
                        self.feed.begin_reread();
                        self.rereading = Some(Box::pin(again::with_records(self.edge, batch)));
                        Ok(())
                    }
                },
                Wake::Reread(read) => {
                    self.rereading = None;
                    match read {
                        Ok(batch) => self.tell(self.feed.reread(batch), &mut end).await,
                        Err(unread) => Err(self.unread(unread)),
                    }
                }
            };
            match step {
                Ok(()) => {}
                Err(Stuck::PeerGone) => break,
                Err(Stuck::Slow) => return (End::Slow, self.told),
                Err(Stuck::Deadline) => break,
                // It comes back, and goes on where it was.
                Err(Stuck::Unread(why)) => return (End::Refused(why.into()), self.told),
            }
        }
        self.life = Life::Closed;
        (end, self.told)
    }

    async fn wait(&mut self) -> Wake {
        let active = self.life == Life::Active;
        let workspace = &self.caller.workspace;
        let deadline = match self.life {
            Life::Draining { deadline } => deadline,
            Life::Handshake { .. } | Life::Active | Life::Closed => Instant::now(),
        };
        let next = async {
            match &mut self.rereading {
                None => Wake::Batch(self.feed.next_batch(FRAME_EVENTS, FRAME_BYTES).await),
                Some(rereading) => tokio::select! {
                    read = rereading => Wake::Reread(read),
                    // Apart, as hardly a session ever reads again.
                    overrun = Box::pin(self.feed.overrun()) => Wake::Batch(Err(overrun)),
                },
            }
        };
        // Every arm only waits and loses nothing when another one is taken.
        tokio::select! {
            () = self.frames.closed() => Wake::PeerGone,
            () = self.edge.shutdown.cancelled(), if active => Wake::Shutdown,
            () = self.drained.begins(workspace), if active && !self.caller.is_elsewhere() => Wake::Shutdown,
            () = self.slot.taken(), if active => Wake::Taken,
            over = &mut self.over, if active => Wake::Over(over),
            () = sleep_until(deadline), if !active => Wake::Deadline,
            done = self.results.recv() => Wake::Result(done),
            next = next, if active => next,
            live = self.live.next(), if active => Wake::Live(live),
        }
    }

    /// Tells the peer that the session ends, and takes nothing new.
    async fn leave(&mut self, reason: p::SessionEndReason) -> Result<(), Stuck> {
        self.begin_drain();
        let event = convert::session_ended(self.told, reason);
        self.push(Frame::Events(p::Events { events: vec![event] })).await
    }

    fn begin_drain(&mut self) {
        self.life = Life::Draining { deadline: Instant::now() + self.edge.options.drain };
        self.drain.cancel();
    }

    /// Tells a batch, with which the session may be over.
    async fn tell(&mut self, batch: Vec<Told>, end: &mut End) -> Result<(), Stuck> {
        // Apart: its room is wanted for a moment, and a session is silent for hours.
        if Box::pin(self.tell_each(batch)).await? {
            *end = End::Known;
            self.begin_drain();
        }
        Ok(())
    }

    /// True: with them the session is over.
    async fn tell_each(&mut self, batch: Vec<Told>) -> Result<bool, Stuck> {
        let workspace = &self.caller.workspace;
        let authors = batch.iter().flat_map(|told| convert::authors(&told.record));
        // Without an answer now, the events only lack the names of other agents.
        let _ = self.edge.names.learn(workspace, authors).await;
        let mut over = false;
        let mut events = Vec::with_capacity(batch.len());
        let mut filed = Vec::new();
        let mut words = pin!(words_of(self.edge, &batch, self.told));
        let mut words_bytes = 0;
        for Told { position, record, place } in &batch {
            if *position <= self.told {
                continue;
            }
            self.told = *position;
            let change = record.changes.get(usize::from(*place));
            match change {
                Some(Change::SessionEnded { session_epoch, .. }) if *session_epoch != self.epoch => continue,
                Some(Change::SessionEnded { .. }) => over = true,
                _ => {}
            }
            let name = |agent| self.edge.names.known(workspace, agent);
            let me = &self.caller.agent;
            let mut event = convert::event(record, *place, *position, me, name);
            let mut of = Whose::of(record);
            if let (Some(Change::Assigned(_)), Some(event)) = (change, &mut event) {
                let Words { messages, more, bytes, of: whose } = words.next().await.unwrap_or_else(Words::unread);
                of = of.and(whose);
                convert::say(event, messages, more);
                words_bytes += bytes;
            }
            if of.is_of_one() {
                filed.push((*position, of));
            }
            events.extend(event);
            if over {
                break;
            }
            if words_bytes >= FRAME_WORDS {
                words_bytes = 0;
                self.push_events(mem::take(&mut events)).await?;
            }
        }
        self.feed.file(&filed);
        if !events.is_empty() {
            self.push_events(events).await?;
        }
        Ok(over)
    }

    /// What becomes of a session that cannot be told what is next.
    fn unread(&self, unread: Unread) -> Stuck {
        match unread {
            Unread::Unavailable(why) => Stuck::Unread(why),
            Unread::Gone(position) => {
                tracing::error!(skein.record.index = position.index.0, "what was told before is not in the log");
                self.feed.gone(position);
                // It comes back, and begins with a snapshot.
                Stuck::PeerGone
            }
        }
    }

    async fn push_events(&mut self, events: Vec<p::Event>) -> Result<(), Stuck> {
        self.edge.metrics.events.inc_by(events.len() as u64);
        self.edge.metrics.frames.inc();
        self.push(Frame::Events(p::Events { events })).await
    }

    async fn push(&mut self, frame: Frame) -> Result<(), Stuck> {
        let frame = match self.frames.try_send(frame) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(Stuck::PeerGone),
            Err(TrySendError::Full(frame)) => frame,
        };
        let active = self.life == Life::Active;
        tokio::select! {
            permit = self.frames.reserve() => match permit {
                Ok(permit) => {
                    permit.send(frame);
                    Ok(())
                }
                Err(_) => Err(Stuck::PeerGone),
            },
            overrun = self.feed.overrun(), if active => Err(overrun.into()),
            () = patience(self.edge, self.slot, self.life) => Err(Stuck::Deadline),
        }
    }
}

/// How long a peer may take a frame once the session has to end.
async fn patience(edge: &Edge, slot: &Slot, life: Life) {
    if let Life::Draining { deadline } = life {
        return sleep_until(deadline).await;
    }
    tokio::select! {
        () = edge.shutdown.cancelled() => {}
        () = slot.taken() => {}
    }
    sleep_until(Instant::now() + edge.options.drain).await;
}

/// The words of each assignment after `told` in the batch, in order, a few read ahead. It never fails: without an answer of the log
/// in time an assignment says that there is more.
fn words_of<'a>(edge: &'a Edge, batch: &'a [Told], told: Position) -> impl Stream<Item = Words> + Send + 'a {
    let deadline = Instant::now() + WORDS_WAIT;
    let later = batch.iter().filter(move |later| later.position > told);
    let assigned = later.filter_map(|told| match told.record.changes.get(usize::from(told.place)) {
        Some(Change::Assigned(assigned)) => Some((told, assigned)),
        _ => None,
    });
    let read = move |(told, assigned): (&'a Told, &'a Assigned)| async move {
        let words = history::words(&*edge.shard, &told.record, told.place, assigned);
        timeout_at(deadline, words).await.unwrap_or_else(|_| Words::unread())
    };
    stream::iter(assigned).map(read).buffered(WORDS_AHEAD)
}
