//! `WorkService`.

use tonic::{Request, Response, Status};

use super::Service;
use crate::agents::audit::{Of, Read, audit};
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::history::story;
use crate::agents::sight::not_visible;
use crate::agents::status::{Reason, Refusal};
use crate::proto::agent as p;
use crate::proto::agent::work_service_server::WorkService;

impl Service {
    async fn one_work(&self, caller: Caller, request: p::GetWorkRequest) -> Result<p::GetWorkResponse, Refusal> {
        let id = convert::work_id(&request.work_id)?;
        audit(&caller, Read::Work, Of::Work(id));
        let work = self.edge.shard.work(caller.workspace.clone(), id).await?;
        let work = work.ok_or_else(|| Refusal::new(Reason::UnknownWork, "unknown work"))?;
        let sight = self.edge.sight(&caller).await?;
        Ok(p::GetWorkResponse { work: Some(convert::work_seen(work, &sight)) })
    }

    async fn some_works(&self, caller: Caller, request: p::ListWorkRequest) -> Result<p::ListWorkResponse, Refusal> {
        let asked = convert::list_works(&request)?;
        audit(&caller, Read::Works, Of::Many);
        let mut works = self.edge.shard.works(caller.workspace.clone(), asked.queue, asked.state).await?;
        let sight = self.edge.sight(&caller).await?;
        if let Some(tag) = &asked.tag {
            // What is not shown is not found by its tags.
            works.retain(|work| sight.sees_work(work) && work.marks.tags.contains(tag));
        }
        works.sort_by_key(convert::place);
        if let Some(after) = asked.after {
            works.drain(..works.partition_point(|work| convert::place(work) <= after));
        }
        let more = works.len() > asked.size;
        works.truncate(asked.size);
        let last = works.last().filter(|_| more);
        Ok(p::ListWorkResponse {
            next_page_token: last.map(convert::works_token).unwrap_or_default(),
            works: works.into_iter().map(|work| convert::work_seen(work, &sight)).collect(),
        })
    }

    async fn own_works(&self, caller: Caller) -> Result<p::ListMyWorkResponse, Refusal> {
        let (_, agent) = self.edge.shard.agent(caller.workspace, caller.agent).await?;
        let agent = agent.ok_or_else(|| Refusal::new(Reason::UnknownAgent, "unknown agent"))?;
        Ok(p::ListMyWorkResponse {
            offers: agent.offers.into_iter().map(convert::offer).collect(),
            works: agent.works.into_iter().map(convert::own_work).collect(),
        })
    }

    async fn why(&self, caller: Caller, request: p::ExplainWorkRequest) -> Result<p::ExplainWorkResponse, Refusal> {
        let id = convert::work_id(&request.work_id)?;
        let agents = convert::agents_asked(request.max_agents)?;
        audit(&caller, Read::Work, Of::Work(id));
        let (edge, workspace) = (&self.edge, &caller.workspace);
        let view = edge.shard.explain(workspace.clone(), id, agents).await?;
        let view = view.ok_or_else(|| Refusal::new(Reason::UnknownWork, "unknown work, or over for too long"))?;
        if !edge.sight(&caller).await?.sees_work(&view.work) {
            return Err(not_visible());
        }
        let story = story(&*edge.shard, workspace, id, view.last).await?;
        edge.names.learn(workspace, story.records.iter().flat_map(|record| convert::agents_of(record))).await?;
        let records = story.records.iter().map(|record| &**record);
        Ok(convert::explained(view, records, story.begins_later, |agent| edge.names.known(workspace, agent)))
    }
}

#[tonic::async_trait]
impl WorkService for Service {
    async fn explain_work(
        &self,
        request: Request<p::ExplainWorkRequest>,
    ) -> Result<Response<p::ExplainWorkResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.why(caller, request.into_inner()).await)
    }

    async fn get_work(&self, request: Request<p::GetWorkRequest>) -> Result<Response<p::GetWorkResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.one_work(caller, request.into_inner()).await)
    }

    async fn list_work(&self, request: Request<p::ListWorkRequest>) -> Result<Response<p::ListWorkResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.some_works(caller, request.into_inner()).await)
    }

    async fn list_my_work(
        &self,
        request: Request<p::ListMyWorkRequest>,
    ) -> Result<Response<p::ListMyWorkResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.own_works(caller).await)
    }

    async fn accept_offer(
        &self,
        request: Request<p::AcceptOfferRequest>,
    ) -> Result<Response<p::AcceptOfferResponse>, Status> {
        self.unary(request).await
    }

    async fn decline_offer(
        &self,
        request: Request<p::DeclineOfferRequest>,
    ) -> Result<Response<p::DeclineOfferResponse>, Status> {
        self.unary(request).await
    }

    async fn start_work(
        &self,
        request: Request<p::StartWorkRequest>,
    ) -> Result<Response<p::StartWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn close_work(
        &self,
        request: Request<p::CloseWorkRequest>,
    ) -> Result<Response<p::CloseWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn merge_works(
        &self,
        request: Request<p::MergeWorksRequest>,
    ) -> Result<Response<p::MergeWorksResponse>, Status> {
        self.unary(request).await
    }

    async fn split_work(
        &self,
        request: Request<p::SplitWorkRequest>,
    ) -> Result<Response<p::SplitWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn requeue_work(
        &self,
        request: Request<p::RequeueWorkRequest>,
    ) -> Result<Response<p::RequeueWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn park_work(&self, request: Request<p::ParkWorkRequest>) -> Result<Response<p::ParkWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn unpark_work(
        &self,
        request: Request<p::UnparkWorkRequest>,
    ) -> Result<Response<p::UnparkWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn transfer_work(
        &self,
        request: Request<p::TransferWorkRequest>,
    ) -> Result<Response<p::TransferWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn cancel_transfer(
        &self,
        request: Request<p::CancelTransferRequest>,
    ) -> Result<Response<p::CancelTransferResponse>, Status> {
        self.unary(request).await
    }

    async fn claim_work(
        &self,
        request: Request<p::ClaimWorkRequest>,
    ) -> Result<Response<p::ClaimWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn extend_wrap_up(
        &self,
        request: Request<p::ExtendWrapUpRequest>,
    ) -> Result<Response<p::ExtendWrapUpResponse>, Status> {
        self.unary(request).await
    }

    async fn set_priority(
        &self,
        request: Request<p::SetPriorityRequest>,
    ) -> Result<Response<p::SetPriorityResponse>, Status> {
        self.unary(request).await
    }

    async fn promise(&self, request: Request<p::PromiseRequest>) -> Result<Response<p::PromiseResponse>, Status> {
        self.unary(request).await
    }

    async fn move_work(&self, request: Request<p::MoveWorkRequest>) -> Result<Response<p::MoveWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn force_requeue(
        &self,
        request: Request<p::ForceRequeueRequest>,
    ) -> Result<Response<p::ForceRequeueResponse>, Status> {
        self.unary(request).await
    }

    async fn force_transfer(
        &self,
        request: Request<p::ForceTransferRequest>,
    ) -> Result<Response<p::ForceTransferResponse>, Status> {
        self.unary(request).await
    }

    async fn assign_work(
        &self,
        request: Request<p::AssignWorkRequest>,
    ) -> Result<Response<p::AssignWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn take_over_work(
        &self,
        request: Request<p::TakeOverWorkRequest>,
    ) -> Result<Response<p::TakeOverWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn consult(&self, request: Request<p::ConsultRequest>) -> Result<Response<p::ConsultResponse>, Status> {
        self.unary(request).await
    }

    async fn end_consult(
        &self,
        request: Request<p::EndConsultRequest>,
    ) -> Result<Response<p::EndConsultResponse>, Status> {
        self.unary(request).await
    }

    async fn leave_work(
        &self,
        request: Request<p::LeaveWorkRequest>,
    ) -> Result<Response<p::LeaveWorkResponse>, Status> {
        self.unary(request).await
    }

    async fn barge_in(&self, request: Request<p::BargeInRequest>) -> Result<Response<p::BargeInResponse>, Status> {
        self.unary(request).await
    }

    async fn hand_over(&self, request: Request<p::HandOverRequest>) -> Result<Response<p::HandOverResponse>, Status> {
        self.unary(request).await
    }

    async fn hand_back(&self, request: Request<p::HandBackRequest>) -> Result<Response<p::HandBackResponse>, Status> {
        self.unary(request).await
    }
}
