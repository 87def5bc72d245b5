//! `AgentService`.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::Service;
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::session::{self, Frame, Input};
use crate::agents::status::{Reason, Refusal};
use crate::proto::agent as p;
use crate::proto::agent::agent_service_server::AgentService;

type Responses<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Service {
    /// Begins the task of a session; its frames come by the stream.
    fn begin<T: From<Frame> + 'static>(&self, caller: Caller, input: Input) -> Result<Response<Responses<T>>, Status> {
        let edge = &self.edge;
        if edge.shutdown.is_cancelled() {
            let refusal = Refusal::new(Reason::ShuttingDown, "the server shuts down");
            return Err(edge.status(&refusal));
        }
        if !caller.is_elsewhere() && edge.drains.has(&caller.workspace) {
            let refusal = Refusal::new(Reason::Draining, "an operator has the workspace drained: no sessions now");
            return Err(edge.status(&refusal));
        }
        let slot = edge.registry.enter(&caller).map_err(|refusal| edge.status(&refusal))?;
        let (outlet, frames) = session::outlet();
        edge.tracker.spawn(session::run(Arc::clone(edge), caller, slot, input, outlet));
        Ok(Response::new(Box::pin(frames.map(|frame| frame.map(T::from)))))
    }
}

#[tonic::async_trait]
impl AgentService for Service {
    type SessionStream = Responses<p::SessionResponse>;
    type WatchStream = Responses<p::WatchResponse>;

    async fn session(
        &self,
        request: Request<Streaming<p::SessionRequest>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let caller = self.caller(&request)?;
        self.begin(caller, Input::Stream(Box::new(request.into_inner())))
    }

    async fn watch(&self, request: Request<p::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let caller = self.caller(&request)?;
        let hello = request
            .into_inner()
            .hello
            .ok_or_else(|| self.edge.status(&Refusal::new(Reason::HelloExpected, "hello is wanted")))?;
        self.begin(caller, Input::Watch(hello))
    }

    async fn acknowledge(
        &self,
        request: Request<p::AcknowledgeRequest>,
    ) -> Result<Response<p::AcknowledgeResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let noted = request.position.ok_or_else(|| Refusal::invalid("position", "is wanted")).and_then(|position| {
            let position = convert::position_from(position);
            let epoch = request.session_epoch;
            if epoch != 0 && self.edge.registry.acknowledge(&caller, epoch, position) {
                Ok(p::AcknowledgeResponse {})
            } else {
                Err(Refusal::new(Reason::NoSession, "no such session here"))
            }
        });
        self.answer(noted)
    }

    async fn set_presence(
        &self,
        request: Request<p::SetPresenceRequest>,
    ) -> Result<Response<p::SetPresenceResponse>, Status> {
        self.unary(request).await
    }

    async fn end_session(
        &self,
        request: Request<p::EndSessionRequest>,
    ) -> Result<Response<p::EndSessionResponse>, Status> {
        self.unary(request).await
    }

    async fn set_agent_presence(
        &self,
        request: Request<p::SetAgentPresenceRequest>,
    ) -> Result<Response<p::SetAgentPresenceResponse>, Status> {
        self.unary(request).await
    }

    async fn end_agent_session(
        &self,
        request: Request<p::EndAgentSessionRequest>,
    ) -> Result<Response<p::EndAgentSessionResponse>, Status> {
        self.unary(request).await
    }
}
