//! One end of a call as the tasks that use it share it: a link behind a lock, and who waits for what of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_nats::Subject;

use super::frame::{BadFrame, Frame, Piece, Reset};
use super::link::{Ended, Link, Side};
use super::outbox::Outbox;

/// One end of a call. Locks are held for one step of the link, never across an await.
#[derive(Debug)]
pub(super) struct Call {
    to: Subject,
    reply: Option<Subject>,
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    link: Link,
    /// Whoever waits for the next piece.
    reader: Option<Waker>,
    /// Whoever sends pieces, and whether he waits for room; else he waits for the end.
    writer: Option<(Waker, bool)>,
    /// It stands in the outbox.
    is_queued: bool,
    /// Frames wait for one another, so that several become one.
    is_corked: bool,
}

impl Call {
    /// Frames go to `to`, answers come to `reply`.
    pub(super) fn new(side: Side, to: Subject, reply: Option<Subject>, outbox: Arc<Outbox>) -> Arc<Self> {
        let link = Link::new(side);
        let state = State { link, reader: None, writer: None, is_queued: false, is_corked: false };
        Arc::new(Self { to, reply, outbox, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the link; then whoever waited for that goes on, and frames go out.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let has_ended = state.link.ended().is_some();
        let has_more = has_ended || state.link.first().is_some();
        let reader = state.reader.take_if(|_| has_more);
        let has_room = state.link.has_room();
        let writer = state.writer.take_if(|(_, wants_room)| has_ended || (*wants_room && has_room));
        let goes_out = !state.is_queued && !state.is_corked && state.link.has_frames();
        state.is_queued |= goes_out;
        drop(state);
        if goes_out {
            self.outbox.push(Arc::clone(self));
        }
        for waker in [reader, writer.map(|(waker, _)| waker)].into_iter().flatten() {
            waker.wake();
        }
        result
    }

    pub(super) fn receive(self: &Arc<Self>, frame: Frame) -> Result<(), BadFrame> {
        self.change(|state| state.link.receive(frame))
    }

    pub(super) fn tick(self: &Arc<Self>) {
        self.change(|state| state.link.tick());
    }

    pub(super) fn push(self: &Arc<Self>, piece: Piece) {
        self.change(|state| state.link.push(piece));
    }

    /// Ends it from this side, unless it has ended.
    pub(super) fn end(self: &Arc<Self>, why: Ended, say: Option<Reset>) {
        self.change(|state| state.link.end(why, say));
    }

    /// Ends it because this side is gone.
    pub(super) fn drop_it(self: &Arc<Self>) {
        self.change(|state| {
            let word = state.link.last_word();
            state.link.end(Ended::Dropped, Some(word));
        });
    }

    pub(super) fn discard(self: &Arc<Self>) {
        self.change(|state| state.link.discard());
    }

    /// What is pushed from now on waits for [`Self::uncork`].
    pub(super) fn cork(&self) {
        self.state().is_corked = true;
    }

    pub(super) fn uncork(self: &Arc<Self>) {
        self.change(|state| state.is_corked = false);
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.state().link.ended()
    }

    pub(super) fn is_known(&self) -> bool {
        self.state().link.is_known()
    }

    /// Whether the end of the request or response is what comes next, without trailers.
    pub(super) fn is_at_end(&self) -> bool {
        let state = self.state();
        let ends = |piece: &Piece| piece.data.is_empty() && piece.end.as_ref().is_some_and(http::HeaderMap::is_empty);
        state.link.first().is_some_and(ends)
    }

    /// The next piece; why there is none once all that came is taken. One task at a time waits.
    pub(super) fn poll_take(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<Piece, Ended>> {
        self.change(|state| match (state.link.take(), state.link.ended()) {
            (Some(piece), _) => Poll::Ready(Ok(piece)),
            (None, Some(ended)) => Poll::Ready(Err(ended)),
            (None, None) => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        })
    }

    /// Ready when a piece may be pushed, or the call has ended: the task is woken for that even if it then waits for something else.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        let mut state = self.state();
        if let Some(ended) = state.link.ended() {
            return Poll::Ready(Err(ended));
        }
        let has_room = state.link.has_room();
        state.writer = Some((cx.waker().clone(), !has_room));
        if has_room { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Ready when the call has ended.
    pub(super) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Ended> {
        let mut state = self.state();
        if let Some(ended) = state.link.ended() {
            return Poll::Ready(ended);
        }
        state.writer = Some((cx.waker().clone(), false));
        Poll::Pending
    }

    /// The next frame, and whether it went out before. Without one the call leaves the outbox.
    pub(super) fn transmit(&self) -> Option<(Frame, bool)> {
        let mut state = self.state();
        let frame = if state.is_corked { None } else { state.link.transmit() };
        state.is_queued = frame.is_some();
        frame
    }

    pub(super) fn to(&self) -> &Subject {
        &self.to
    }

    pub(super) fn reply(&self) -> Option<&Subject> {
        self.reply.as_ref()
    }
}
