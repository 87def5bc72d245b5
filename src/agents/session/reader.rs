//! The reading half: frames become commands, in order; their results go to the writer as they come.
//!
//! Commands are decided in the order of their frames: each is polled once before the next frame is taken, which gives it its
//! place in the shard's queue. At most [`IN_FLIGHT`] are under way or have a result that the peer has not taken; with all of them
//! used no frame is taken, which the peer feels as back-pressure.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};

use super::life::End;
use crate::agents::caller::Caller;
use crate::agents::convert::{self, Wire};
use crate::agents::edge::Edge;
use crate::agents::limits::IN_FLIGHT;
use crate::agents::registry::Slot;
use crate::agents::status::{Reason, Refusal};
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;
use crate::proto::agent::session_request::Request;

/// A result on its way to the peer; the command counts as in flight until this is dropped.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) result: Box<p::CommandResult>,
    _permit: OwnedSemaphorePermit,
}

/// The reading half of one session.
pub(super) struct Reader<'a> {
    pub(super) edge: &'a Arc<Edge>,
    pub(super) caller: &'a Caller,
    pub(super) epoch: u64,
    pub(super) slot: &'a Slot,
    pub(super) results: mpsc::Sender<Done>,
    /// Set: take no more frames.
    pub(super) drain: &'a CancellationToken,
    /// Set: leave everything.
    pub(super) stop: &'a CancellationToken,
}

#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart at once; a box for each frame would be one more on its way"
)]
enum Wake {
    Stop,
    Drain,
    Permit(OwnedSemaphorePermit),
    Frame(Result<Option<p::SessionRequest>, Status>),
    Done(Box<p::CommandResult>, OwnedSemaphorePermit),
}

/// In the order of the commands, and so are their results: the shard answers in that order, but several answers at once would be
/// taken up in any.
type Running = FuturesOrdered<BoxFuture<'static, (Box<p::CommandResult>, OwnedSemaphorePermit)>>;

impl Reader<'_> {
    /// Waits until nothing more is to be read; for a watch, whose peer sends nothing.
    pub(super) async fn idle(self) -> End {
        tokio::select! {
            () = self.drain.cancelled() => End::Lost,
            () = self.stop.cancelled() => End::Lost,
        }
    }

    /// Reads until the peer or the session ends, and until the commands under way have their results.
    pub(super) async fn run(self, mut frames: Box<Streaming<p::SessionRequest>>) -> End {
        let permits = Arc::new(Semaphore::new(IN_FLIGHT));
        let mut running = Running::new();
        let mut permit = None;
        let mut end = None;
        loop {
            if let (Some(end), true) = (&end, running.is_empty()) {
                return Clone::clone(end);
            }
            let open = end.is_none();
            // Every arm only waits and loses nothing when another one is taken.
            let wake = tokio::select! {
                () = self.stop.cancelled() => Wake::Stop,
                () = self.drain.cancelled(), if open => Wake::Drain,
                Ok(permit) = Arc::clone(&permits).acquire_owned(), if open && permit.is_none() => {
                    Wake::Permit(permit)
                }
                frame = frames.message(), if open && permit.is_some() => Wake::Frame(frame),
                Some((result, permit)) = running.next() => Wake::Done(result, permit),
            };
            match wake {
                Wake::Stop => return End::Lost,
                Wake::Drain => end = Some(End::Lost),
                Wake::Permit(got) => permit = Some(got),
                Wake::Frame(Ok(None)) => end = Some(End::Lost),
                Wake::Frame(Err(status)) => end = Some(broken(&status, self.edge.options.max_request_bytes)),
                Wake::Frame(Ok(Some(frame))) => {
                    if let Err(refusal) = self.take(frame, &mut permit, &mut running) {
                        end = Some(End::Refused(refusal));
                    }
                }
                Wake::Done(result, permit) => {
                    // There is room for every permit; a writer that is gone has set `stop`.
                    let _ = self.results.try_send(Done { result, _permit: permit });
                }
            }
        }
    }

    fn take(
        &self,
        frame: p::SessionRequest,
        permit: &mut Option<OwnedSemaphorePermit>,
        running: &mut Running,
    ) -> Result<(), Refusal> {
        let Some(request) = frame.request else {
            return Err(Refusal::invalid("request", "a kind that is not known here"));
        };
        let command = match request {
            Request::Hello(_) => {
                return Err(Refusal::new(Reason::HelloExpected, "hello is the first frame only"));
            }
            Request::Acknowledge(request) => {
                let position = request.position.ok_or_else(|| Refusal::invalid("acknowledge.position", "is wanted"))?;
                self.slot.acknowledge(convert::position_from(position));
                return Ok(());
            }
            Request::SetPresence(request) => self.command(request),
            Request::AcceptOffer(request) => self.command(request),
            Request::DeclineOffer(request) => self.command(request),
            Request::SendMessage(request) => self.command(request),
            Request::MarkRead(request) => self.command(request),
            Request::CloseWork(request) => self.command(request),
            Request::EraseCustomer(request) => self.command(request),
            Request::MergeWorks(request) => self.command(request),
            Request::SplitWork(request) => self.command(request),
            Request::RequeueWork(request) => self.command(request),
            Request::MoveWork(request) => self.command(request),
            Request::ParkWork(request) => self.command(request),
            Request::UnparkWork(request) => self.command(request),
            Request::TransferWork(request) => self.command(request),
            Request::CancelTransfer(request) => self.command(request),
            Request::ClaimWork(request) => self.command(request),
            Request::ExtendWrapUp(request) => self.command(request),
            Request::Promise(request) => self.command(request),
            Request::AddNote(request) => self.command(request),
            Request::SetSummary(request) => self.command(request),
            Request::Tag(request) => self.command(request),
            Request::SetPriority(request) => self.command(request),
            Request::EndSession(request) => self.command(request),
            Request::HandOver(request) => self.command(request),
            Request::HandBack(request) => self.command(request),
            Request::Consult(request) => self.command(request),
            Request::EndConsult(request) => self.command(request),
            Request::LeaveWork(request) => self.command(request),
            Request::BargeIn(request) => self.command(request),
            Request::SetAgentPresence(request) => self.command(request),
            Request::EndAgentSession(request) => self.command(request),
            Request::ForceRequeue(request) => self.command(request),
            Request::ForceTransfer(request) => self.command(request),
            Request::AssignWork(request) => self.command(request),
            Request::TakeOverWork(request) => self.command(request),
            Request::SendTyping(request) => self.typing(request),
            Request::MergeCustomers(request) => self.command(request),
            Request::UnmergeCustomers(request) => self.command(request),
            Request::LinkIdentity(request) => self.command(request),
            Request::UnlinkIdentity(request) => self.command(request),
            Request::AcceptSuggestion(request) => self.command(request),
            Request::RejectSuggestion(request) => self.command(request),
            Request::SetFacts(request) => self.command(request),
            Request::AskFact(request) => self.command(request),
            Request::UpsertCustomer(request) => self.command(request),
            Request::Block(request) => self.command(request),
            Request::Unblock(request) => self.command(request),
            Request::MarkSpam(request) => self.command(request),
            Request::UnmarkSpam(request) => self.command(request),
            Request::LiftQuarantine(request) => self.command(request),
            Request::StartWork(request) => self.command(request),
            Request::CancelMessage(request) => self.command(request),
            Request::RetryMessage(request) => self.command(request),
            Request::EditMessage(request) => self.command(request),
            Request::RetractMessage(request) => self.command(request),
        };
        let Some(permit) = permit.take() else {
            return Err(Refusal::limit("in_flight", IN_FLIGHT));
        };
        let mut command = command;
        // Once polled, the command is in the shard's queue, before that of the next frame.
        match futures::FutureExt::now_or_never(&mut command) {
            Some(result) => running.push_back(Box::pin(std::future::ready((result, permit)))),
            None => running.push_back(Box::pin(async move { (command.await, permit) })),
        }
        Ok(())
    }

    fn command<W: Wire + Send + 'static>(&self, mut request: W) -> BoxFuture<'static, Box<p::CommandResult>>
    where
        W::Response: Send,
    {
        let edge = Arc::clone(self.edge);
        let caller = self.caller.clone();
        let epoch = self.epoch;
        let request_id = request.request_id().clone();
        Box::pin(async move {
            let result = match edge.execute(&caller, Some(epoch), request).await {
                Ok(response) => W::wrap(response),
                Err(refusal) => refused(&edge, &refusal),
            };
            Box::new(p::CommandResult { request_id, result: Some(result) })
        })
    }

    /// Forwarded at once or not at all: no command, so it has no place in their order.
    fn typing(&self, request: p::SendTypingRequest) -> BoxFuture<'static, Box<p::CommandResult>> {
        let (edge, caller) = (Arc::clone(self.edge), self.caller.clone());
        Box::pin(async move {
            let sent = async {
                caller.may("SendTypingRequest")?;
                let work = convert::work_id(&request.work_id)?;
                edge.send_typing(&caller, work).await
            };
            let result = match sent.await {
                Ok(forwarded) => Outcome::SendTyping(p::SendTypingResponse { forwarded }),
                Err(refusal) => refused(&edge, &refusal),
            };
            Box::new(p::CommandResult { request_id: request.request_id, result: Some(result) })
        })
    }
}

/// A refusal as the result of a command; counted.
fn refused(edge: &Edge, refusal: &Refusal) -> Outcome {
    edge.metrics.refused(refusal.reason());
    let metadata = refusal.facts().iter().map(|(fact, value)| ((*fact).to_owned(), value.clone()));
    Outcome::Error(p::CommandError {
        code: refusal.reason().code().into(),
        reason: refusal.reason().label().to_owned(),
        message: refusal.text().to_owned(),
        metadata: metadata.collect(),
    })
}

/// The transport says that no frame follows.
pub(super) fn broken(status: &Status, max_bytes: usize) -> End {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => End::Refused(Refusal::too_large(max_bytes)),
        Code::InvalidArgument | Code::Internal | Code::Unimplemented => {
            End::Refused(Refusal::invalid("frame", "cannot be read"))
        }
        _ => End::Lost,
    }
}
