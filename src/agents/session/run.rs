//! The task of one session.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use super::end::report;
use super::handshake::{self, Opened};
use super::life::{End, Life};
use super::outlet::{Frame, LastWords, Outlet};
use super::reader::{Reader, broken};
use super::writer::Writer;
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::limits::IN_FLIGHT;
use crate::agents::registry::Slot;
use crate::agents::status::{Reason, Refusal};
use crate::domain::command::Verb;
use crate::domain::record::SessionEnd;
use crate::proto::agent as p;

/// Where a session's frames come from.
pub(in crate::agents) enum Input {
    /// The peer's own stream.
    Stream(Box<Streaming<p::SessionRequest>>),
    /// Nowhere: the request was the first and only frame.
    Watch(p::Hello),
}

/// Runs a session to its end. On shutdown it ends by itself, within twice [`crate::agents::limits::DRAIN`].
///
/// What is before and behind the open session has room of its own: it would be part of the task for hours.
pub(in crate::agents) async fn run(edge: Arc<Edge>, caller: Caller, slot: Slot, input: Input, outlet: Outlet) {
    let deadline = Instant::now() + edge.options.handshake;
    let (hello, stream) = match Box::pin(first(&edge, &caller, input, Life::Handshake { deadline }, &outlet)).await {
        Ok(first) => first,
        Err(end) => return close(&edge, outlet, end, None),
    };
    let looks_on = hello.read_only;
    let caller = if looks_on { caller.looking_on() } else { caller };
    let epoch = match Box::pin(handshake::epoch(&edge, &caller, &hello, &slot)).await {
        Ok(epoch) => epoch,
        Err(refusal) => return close(&edge, outlet, End::Refused(refusal), None),
    };
    tracing::debug!(skein.session.epoch = epoch, resume = hello.resume_session_epoch, "session opened");
    let (end, last) = match Box::pin(handshake::begin(&edge, &caller, hello, epoch)).await {
        Ok(opened) => active(&edge, &caller, &slot, opened, stream, &outlet).await,
        Err(refusal) => (End::Refused(refusal), None),
    };
    let acknowledged = slot.acknowledged();
    tracing::debug!(
        skein.session.epoch = epoch,
        acknowledged = acknowledged.index.0,
        end = ?end,
        "session ended"
    );
    let verb = match &end {
        // The shard knows nothing of it.
        _ if looks_on => None,
        End::Known => None,
        End::Slow => Some(Verb::EndSession { reason: SessionEnd::SlowReader }),
        End::Lost | End::Refused(_) => Some(Verb::LoseSession),
    };
    close(&edge, outlet, end, last);
    if let Some(verb) = verb {
        Box::pin(report(&edge, &caller, epoch, verb)).await;
    }
}

/// The first frame, and where the others come from.
async fn first(
    edge: &Edge,
    caller: &Caller,
    input: Input,
    life: Life,
    outlet: &Outlet,
) -> Result<(p::Hello, Option<Box<Streaming<p::SessionRequest>>>), End> {
    let mut stream = match input {
        Input::Watch(hello) => return Ok((hello, None)),
        Input::Stream(stream) => stream,
    };
    let Life::Handshake { deadline } = life else {
        return Err(End::Lost);
    };
    let frame = tokio::select! {
        frame = timeout_at(deadline, stream.message()) => frame,
        () = outlet.frames.closed() => return Err(End::Lost),
        over = caller.lease().over() => return Err(End::Refused(over.into())),
        () = edge.shutdown.cancelled() => {
            return Err(End::Refused(Refusal::new(Reason::ShuttingDown, "the server shuts down")));
        }
    };
    let request = match frame {
        Err(_) => {
            let seconds = edge.options.handshake.as_secs_f32();
            let text = format!("no hello within {seconds} s");
            return Err(End::Refused(Refusal::new(Reason::HandshakeTimeout, text)));
        }
        Ok(Err(status)) => return Err(broken(&status, edge.options.max_request_bytes)),
        Ok(Ok(None)) => return Err(End::Lost),
        Ok(Ok(Some(frame))) => frame.request,
    };
    match request {
        Some(p::session_request::Request::Hello(hello)) => Ok((hello, Some(stream))),
        _ => Err(End::Refused(Refusal::new(Reason::HelloExpected, "the first frame must be hello"))),
    }
}

/// The open session, until both halves are done.
async fn active(
    edge: &Arc<Edge>,
    caller: &Caller,
    slot: &Slot,
    opened: Opened,
    stream: Option<Box<Streaming<p::SessionRequest>>>,
    outlet: &Outlet,
) -> (End, Option<Frame>) {
    let Opened { epoch, feed, live, told, welcome } = opened;
    // Nothing is before it: the first frame always has room.
    if outlet.frames.try_send(Frame::Welcome(welcome)).is_err() {
        return (End::Lost, None);
    }
    let (drain, stop) = (CancellationToken::new(), CancellationToken::new());
    let (done, results) = mpsc::channel(IN_FLIGHT);
    let reader = Reader { edge, caller, epoch, slot, results: done, drain: &drain, stop: &stop };
    let mut writer = Writer {
        edge,
        caller,
        epoch,
        slot,
        feed,
        rereading: None,
        live,
        told,
        frames: &outlet.frames,
        results,
        drain: &drain,
        life: Life::Active,
        drained: edge.drains.follow(),
        over: caller.lease().ending(),
    };
    let reading = async {
        match stream {
            Some(stream) => reader.run(stream).await,
            None => reader.idle().await,
        }
    };
    let writing = async {
        let ended = writer.run().await;
        // Whatever is still read has nobody to be told to.
        stop.cancel();
        ended
    };
    let (read, (written, told)) = tokio::join!(reading, writing);
    match (written, read) {
        (End::Slow, _) => {
            edge.metrics.slow_readers.inc();
            let event = convert::session_ended(told, p::SessionEndReason::SlowReader);
            (End::Slow, Some(Frame::Events(p::Events { events: vec![event] })))
        }
        (End::Lost, End::Refused(refusal)) => (End::Refused(refusal), None),
        (written, _) => (written, None),
    }
}

fn close(edge: &Edge, outlet: Outlet, end: End, frame: Option<Frame>) {
    let refusal = match end {
        End::Lost | End::Known => None,
        End::Slow => Some(Refusal::new(Reason::SlowReader, "what was sent was not read")),
        End::Refused(refusal) => Some(refusal),
    };
    outlet.close(LastWords { frame, status: refusal.map(|refusal| edge.status(&refusal)) });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, D, E, F>(_: impl Fn(A, B, C, D, E) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_task_of_a_session_takes_little_room() {
        let bytes = size(run);
        assert!(bytes <= 3_072, "{bytes} bytes");
    }
}
