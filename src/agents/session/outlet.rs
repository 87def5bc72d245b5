//! The way out of a session: a few frames ahead of the transport, and last words that need no room.

use futures::{Stream, StreamExt as _, stream};
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use crate::agents::limits::FRAMES_AHEAD;
use crate::proto::agent as p;

/// One frame, for a session or a watch. Small: a session has room for many, whether they come or not.
#[derive(Debug)]
pub(in crate::agents) enum Frame {
    Welcome(Box<p::Welcome>),
    Events(p::Events),
    Result(Box<p::CommandResult>),
    Live(Box<p::Live>),
}

impl From<Frame> for p::SessionResponse {
    fn from(frame: Frame) -> Self {
        use p::session_response::Response;
        let response = match frame {
            Frame::Welcome(welcome) => Response::Welcome(*welcome),
            Frame::Events(events) => Response::Events(events),
            Frame::Result(result) => Response::Result(*result),
            Frame::Live(live) => Response::Live(*live),
        };
        Self { response: Some(response) }
    }
}

impl From<Frame> for p::WatchResponse {
    fn from(frame: Frame) -> Self {
        use p::watch_response::Response;
        let response = match frame {
            Frame::Welcome(welcome) => Some(Response::Welcome(*welcome)),
            Frame::Events(events) => Some(Response::Events(events)),
            Frame::Live(live) => Some(Response::Live(*live)),
            // A watch has no commands.
            Frame::Result(_) => None,
        };
        Self { response }
    }
}

/// What a session says last, even to a peer whose frames are stuck.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    pub(super) frame: Option<Frame>,
    pub(super) status: Option<Status>,
}

/// The sender's side.
#[derive(Debug)]
pub(in crate::agents) struct Outlet {
    pub(super) frames: mpsc::Sender<Frame>,
    last: oneshot::Sender<LastWords>,
}

impl Outlet {
    /// Ends the stream after what is on its way.
    pub(super) fn close(self, words: LastWords) {
        // A peer that is gone needs no last words.
        let _ = self.last.send(words);
    }
}

/// An outlet and the stream that the transport reads.
pub(in crate::agents) fn outlet() -> (Outlet, impl Stream<Item = Result<Frame, Status>> + Send) {
    let (frames, rest) = mpsc::channel(FRAMES_AHEAD);
    let (last, words) = oneshot::channel::<LastWords>();
    let ending = stream::once(words).flat_map(|words| {
        // A session that ends without words was dropped: its peer sees the end of the stream.
        let LastWords { frame, status } = words.unwrap_or_default();
        stream::iter(frame.map(Ok).into_iter().chain(status.map(Err)))
    });
    let frames_then_words = tokio_stream::wrappers::ReceiverStream::new(rest).map(Ok).chain(ending);
    (Outlet { frames, last }, frames_then_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A channel has room for 32 however few are let in.
    #[test]
    fn a_frame_on_its_way_takes_little_room() {
        assert!(size_of::<Frame>() <= 32, "{} bytes", size_of::<Frame>());
    }
}
