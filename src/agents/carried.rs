//! The body of a response that another node gives: it ends with a status of this node's when it is to take no part in it any longer.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tonic::Status;

use super::status::Refusal;

/// A body, until it is told to end.
pub(super) struct Carried {
    /// Dropped when it ends: the node that gives it hears of that.
    body: Option<tonic::body::Body>,
    ending: BoxFuture<'static, Refusal>,
}

impl Carried {
    /// Ends with the refusal that `ending` gives, if the body has not ended by then.
    pub(super) fn new(body: tonic::body::Body, ending: BoxFuture<'static, Refusal>) -> Self {
        Self { body: Some(body), ending }
    }
}

impl Body for Carried {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        // What is there goes out first: it was told already.
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let Poll::Ready(refusal) = self.ending.poll_unpin(cx) else { return Poll::Pending };
        self.body = None;
        let mut trailers = HeaderMap::new();
        refusal.to_status().add_header(&mut trailers)?;
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};

    use futures::StreamExt as _;
    use tokio::sync::oneshot;

    use super::*;
    use crate::agents::status::Reason;

    async fn next(body: &mut Carried) -> Option<Frame<Bytes>> {
        poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await.map(|frame| frame.expect("a frame"))
    }

    #[tokio::test]
    async fn a_body_goes_through_as_it_is_until_it_is_told_to_end_and_ends_with_the_reason() {
        let (told, ending) = oneshot::channel::<()>();
        let frames =
            futures::stream::iter([Ok::<_, Status>(Bytes::from_static(b"said"))]).chain(futures::stream::pending());
        let refusal = async {
            ending.await.expect("it is told");
            Refusal::new(Reason::ShuttingDown, "the server shuts down")
        };
        let mut body = Carried::new(tonic::body::Body::new(axum::body::Body::from_stream(frames)), refusal.boxed());
        assert_eq!(next(&mut body).await.and_then(|frame| frame.into_data().ok()).as_deref(), Some(&b"said"[..]));
        told.send(()).expect("it listens");
        let trailers = next(&mut body).await.and_then(|frame| frame.into_trailers().ok()).expect("trailers");
        assert_eq!(trailers.get("grpc-status").and_then(|code| code.to_str().ok()), Some("14"));
        assert!(body.is_end_stream() && next(&mut body).await.is_none());
    }

    #[tokio::test]
    async fn a_body_that_ends_by_itself_ends() {
        let mut body = Carried::new(tonic::body::Body::empty(), pending().boxed());
        assert!(body.is_end_stream() && next(&mut body).await.is_none());
    }
}
