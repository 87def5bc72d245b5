//! What the services share: who calls, and the one way of a unary command to its response.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::agents::caller::Caller;
use crate::agents::convert::Wire;
use crate::agents::edge::Edge;
use crate::agents::status::Refusal;

/// Implements all services.
#[derive(Clone, Debug)]
pub(in crate::agents) struct Service {
    pub(super) edge: Arc<Edge>,
}

impl Service {
    pub(in crate::agents) fn new(edge: Arc<Edge>) -> Self {
        Self { edge }
    }

    pub(super) fn caller<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        Caller::of(request, self.edge.proven).map_err(|refusal| self.edge.status(&refusal))
    }

    /// A unary command.
    pub(super) async fn unary<W: Wire>(&self, request: Request<W>) -> Result<Response<W::Response>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.edge.execute(&caller, None, request.into_inner()).await)
    }

    pub(super) fn answer<T>(&self, result: Result<T, Refusal>) -> Result<Response<T>, Status> {
        result.map(Response::new).map_err(|refusal| self.edge.status(&refusal))
    }
}
