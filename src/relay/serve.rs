//! One call at the node that serves it.

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::poll;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::service::Routes;

use super::body::{CallBody, pump};
use super::call::Call;
use super::frame::Piece;
use super::head;
use super::link::Side;
use crate::agents::ByNode;

/// Serves the request that a call begins with. The request is dropped when the call ends before its response; the call ends when that is
/// dropped, or panics.
pub(super) async fn serve(call: Arc<Call>, mut routes: Routes) {
    let ends = EndsWithTask(Some(Arc::clone(&call)));
    let first = poll_fn(|cx| call.poll_take(cx)).await;
    // Who made it went away already.
    let Ok(mut first) = first else { return };
    // The link takes no other first piece.
    let Some(head) = first.head.take() else { return };
    let body = Body::new(CallBody::new(Arc::clone(&call), Side::Host, first, ()));
    let Some(mut request) = head::to_request(*head, body) else { return };
    request.extensions_mut().insert(ByNode);
    let mut answering = pin!(routes.call(request));
    let answered = poll_fn(|cx| match call.poll_ended(cx) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => answering.as_mut().poll(cx).map(Some),
    });
    let Some(answered) = answered.await else { return };
    let response: http::Response<Body> = match answered {
        Ok(response) => response,
        Err(never) => {
            let never: Infallible = never;
            match never {}
        }
    };
    let (parts, body) = response.into_parts();
    // A head that no frame takes.
    let Some(head) = head::of_response(parts) else { return };
    // What of the response is there already goes with its head.
    call.cork();
    call.push(Piece::head(head));
    let mut pumped = pin!(pump(Arc::clone(&call), body));
    let polled = poll!(pumped.as_mut());
    call.uncork();
    if polled.is_pending() {
        pumped.await;
    }
    ends.not_any_more();
}

/// Ends a call that nobody serves any more.
struct EndsWithTask(Option<Arc<Call>>);

impl EndsWithTask {
    /// The response is in the link, or the call has ended.
    fn not_any_more(mut self) {
        self.0 = None;
    }
}

impl Drop for EndsWithTask {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call.drop_it();
        }
    }
}
