//! Bodies of requests and responses: read from a call, and pushed into one.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use tonic::Status;

use super::call::Call;
use super::frame::{Piece, bytes_of};
use super::limits::{HEAD_BYTES, PIECE_BYTES};
use super::link::{Ended, Side};
use super::status::refusal;

/// What comes by a call. `K` is what has to be kept meanwhile.
#[derive(Debug)]
pub(super) struct CallBody<K> {
    call: Arc<Call>,
    side: Side,
    data: Bytes,
    trailers: Option<HeaderMap>,
    is_over: bool,
    _kept: K,
}

impl<K> CallBody<K> {
    /// The body behind the piece that brought the head.
    pub(super) fn new(call: Arc<Call>, side: Side, first: Piece, kept: K) -> Self {
        Self { call, side, data: first.data, trailers: first.end, is_over: false, _kept: kept }
    }
}

impl<K: Unpin> Body for CallBody<K> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        while !self.is_over {
            if !self.data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.data)))));
            }
            if let Some(trailers) = self.trailers.take() {
                self.is_over = true;
                return Poll::Ready((!trailers.is_empty()).then_some(Ok(Frame::trailers(trailers))));
            }
            match ready!(self.call.poll_take(cx)) {
                Ok(piece) => (self.data, self.trailers) = (piece.data, piece.end),
                Err(ended) => {
                    self.is_over = true;
                    return Poll::Ready(Some(broken(self.side, ended)));
                }
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        let has_trailers = self.trailers.as_ref().map(|trailers| !trailers.is_empty());
        let is_at_end = self.data.is_empty() && has_trailers.map_or_else(|| self.call.is_at_end(), |has| !has);
        self.is_over || is_at_end
    }
}

impl<K> Drop for CallBody<K> {
    fn drop(&mut self) {
        // A request that is not read goes on; whoever drops a response has dropped the call with it.
        if self.side == Side::Host {
            self.call.discard();
        }
    }
}

/// The end of a body whose call broke: whoever reads a response gets a status, as he would have from the node itself.
fn broken(side: Side, ended: Ended) -> Result<Frame<Bytes>, Status> {
    if side == Side::Host {
        return Err(Status::cancelled("the call was ended by whoever made it, or by the line"));
    }
    let mut trailers = HeaderMap::new();
    let status = refusal(ended).to_status();
    status.add_header(&mut trailers)?;
    Ok(Frame::trailers(trailers))
}

enum Step {
    Data(Bytes),
    End(HeaderMap),
    Broken,
    Ended,
}

/// Pushes a body into a call, at the pace of whoever reads it there, until its end or the call's. A body that breaks ends the call.
pub(super) async fn pump<B: Body<Data = Bytes>>(call: Arc<Call>, body: B) {
    let mut body = pin!(body);
    let mut rest = Bytes::new();
    loop {
        match poll_fn(|cx| poll_step(&call, body.as_mut(), &mut rest, cx)).await {
            Step::Data(data) => call.push(Piece::data(data)),
            Step::End(trailers) => return call.push(Piece::end(trailers)),
            Step::Broken => return call.drop_it(),
            Step::Ended => return,
        }
    }
}

fn poll_step<B: Body<Data = Bytes>>(
    call: &Call,
    mut body: Pin<&mut B>,
    rest: &mut Bytes,
    cx: &mut Context<'_>,
) -> Poll<Step> {
    if ready!(call.poll_room(cx)).is_err() {
        return Poll::Ready(Step::Ended);
    }
    while rest.is_empty() {
        let frame = match ready!(body.as_mut().poll_frame(cx)) {
            None => return Poll::Ready(Step::End(HeaderMap::new())),
            Some(Err(_)) => return Poll::Ready(Step::Broken),
            Some(Ok(frame)) => frame,
        };
        match frame.into_data() {
            Ok(data) => *rest = data,
            Err(frame) => match frame.into_trailers() {
                Ok(trailers) if bytes_of(&trailers) <= HEAD_BYTES => return Poll::Ready(Step::End(trailers)),
                // No frame takes them.
                Ok(_) => return Poll::Ready(Step::Broken),
                // There are no others.
                Err(_) => {}
            },
        }
    }
    Poll::Ready(Step::Data(rest.split_to(rest.len().min(PIECE_BYTES))))
}
