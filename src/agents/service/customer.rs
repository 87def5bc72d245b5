//! `CustomerService`.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, stream};
use tonic::{Request, Response, Status};

use super::Service;
use crate::agents::audit::{Of, Read, audit};
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::history::Export;
use crate::agents::sight::not_visible;
use crate::agents::status::{Reason, Refusal};
use crate::domain::event::Scope;
use crate::domain::view::{CustomerQuery, CustomerView, CustomersFound};
use crate::domain::workspace::AgentKind;
use crate::proto::agent as p;
use crate::proto::agent::customer_service_server::CustomerService;

impl Service {
    async fn customers(&self, caller: Caller, query: CustomerQuery) -> Result<CustomersFound, Refusal> {
        Ok(self.edge.shard.customers(caller.workspace, query).await?)
    }

    async fn one_customer(
        &self,
        caller: Caller,
        request: p::GetCustomerRequest,
    ) -> Result<p::GetCustomerResponse, Refusal> {
        let found = self.by_id(caller.clone(), &request.customer_id).await?;
        audit(&caller, Read::Customer, Of::Customer(found.conversation.conversation));
        let found = self.shown(&caller, found).await?;
        let sight = self.edge.sight(&caller).await?;
        Ok(p::GetCustomerResponse { customer: Some(convert::customer_seen(found, &sight)) })
    }

    async fn by_id(&self, caller: Caller, id: &str) -> Result<CustomerView, Refusal> {
        let query = CustomerQuery::Id(convert::customer_id(id)?);
        let found = self.customers(caller, query).await?.customers.pop();
        found.ok_or_else(|| Refusal::new(Reason::UnknownCustomer, "unknown customer"))
    }

    async fn customers_like(&self, caller: Caller, request: p::SearchRequest) -> Result<p::SearchResponse, Refusal> {
        let seen_by = (!caller.oversees()).then(|| caller.agent.clone());
        let query = convert::search(&request, seen_by)?;
        audit(&caller, Read::Search, Of::Many);
        let found = self.customers(caller.clone(), query).await?;
        Ok(p::SearchResponse {
            next_page_token: convert::search_token(found.next),
            customers: self.all_shown(&caller, found.customers).await?,
        })
    }

    async fn quarantine(
        &self,
        caller: Caller,
        request: p::ListQuarantineRequest,
    ) -> Result<p::ListQuarantineResponse, Refusal> {
        let query = convert::quarantine(&request)?;
        audit(&caller, Read::Quarantine, Of::Many);
        let found = self.customers(caller.clone(), query).await?;
        Ok(p::ListQuarantineResponse {
            next_page_token: convert::search_token(found.next),
            customers: self.all_shown(&caller, found.customers).await?,
        })
    }

    /// Everything that is known of a customer. No task: the transport pulls.
    async fn export(
        &self,
        caller: Caller,
        request: &p::ExportCustomerRequest,
    ) -> Result<<Self as CustomerService>::ExportCustomerStream, Refusal> {
        let edge = &self.edge;
        let (_, agent) = edge.shard.agent(caller.workspace.clone(), caller.agent.clone()).await?;
        let agent = agent.ok_or_else(|| Refusal::new(Reason::UnknownAgent, "unknown agent"))?;
        if agent.kind == AgentKind::Bot || caller.is_program() {
            return Err(Refusal::new(Reason::PeopleOnly, "a program may not export a customer"));
        }
        // It has every word of the customer, whichever queue it was said in.
        if !edge.sight(&caller).await?.is_whole() {
            return Err(not_visible());
        }
        let permit = Arc::clone(&edge.watchers)
            .try_acquire_owned()
            .map_err(|_| Refusal::limit("max_watchers", edge.options.max_watchers))?;
        let view = self.by_id(caller.clone(), &request.customer_id).await?;
        if view.conversation.identities.iter().any(|identity| identity.scope != Scope::Direct) {
            return Err(Refusal::invalid("customer_id", "is a group or public thread: what many say is no customer's"));
        }
        audit(&caller, Read::Export, Of::Customer(view.conversation.conversation));
        let lease = caller.lease().clone();
        let export = Export::new(caller.workspace, view);
        let lines = stream::unfold(Some((Arc::clone(edge), lease, export, permit)), |going| async {
            let (edge, lease, mut export, permit) = going?;
            let next = match lease.holds() {
                Ok(()) => export.next(&*edge.shard, &edge.names).await,
                Err(over) => Err(over.into()),
            };
            match next {
                Ok(None) => None,
                Ok(Some(line)) => Some((Ok(p::ExportCustomerResponse { line }), Some((edge, lease, export, permit)))),
                Err(refusal) => Some((Err(edge.status(&refusal)), None)),
            }
        });
        Ok(Box::pin(lines))
    }

    /// Customers as the caller may see them.
    async fn all_shown(&self, caller: &Caller, found: Vec<CustomerView>) -> Result<Vec<p::Customer>, Refusal> {
        let sight = self.edge.sight(caller).await?;
        let mut shown = Vec::with_capacity(found.len());
        for view in found {
            shown.push(convert::customer_seen(self.shown(caller, view).await?, &sight));
        }
        Ok(shown)
    }

    /// A customer as the caller may see it: a bot sees facts only as far as it is sure whom it answers.
    async fn shown(&self, caller: &Caller, view: CustomerView) -> Result<CustomerView, Refusal> {
        if view.facts.is_empty() {
            return Ok(view);
        }
        let (_, agent) = self.edge.shard.agent(caller.workspace.clone(), caller.agent.clone()).await?;
        let Some(agent) = agent.filter(|agent| agent.kind == AgentKind::Bot || caller.is_program()) else {
            return Ok(view);
        };
        let root = view.conversation.conversation;
        let own = agent.works.iter().filter(|work| work.conversation == root);
        // Of several Works the least sure counts: in which of them it will be said is not known.
        let heard = own.map(|work| work.heard_as).min().flatten();
        Ok(convert::without_facts_above(view, heard))
    }

    async fn customer_of_address(
        &self,
        caller: Caller,
        request: p::FindCustomerRequest,
    ) -> Result<p::FindCustomerResponse, Refusal> {
        let (sender, scope) = convert::sender(&request.namespace, &request.address)?;
        let mut found = self.customers(caller.clone(), CustomerQuery::Address { sender, scope }).await?;
        let (Some(customer), Some(leaf)) = (found.customers.pop(), found.leaf) else {
            return Err(nobody_has_it());
        };
        audit(&caller, Read::Customer, Of::Customer(customer.conversation.conversation));
        let sight = self.edge.sight(&caller).await?;
        // A stub would say whose address it is.
        if !sight.sees_customer(&customer.conversation) {
            return Err(nobody_has_it());
        }
        let customer = self.shown(&caller, customer).await?;
        Ok(p::FindCustomerResponse {
            customer: Some(convert::customer_seen(customer, &sight)),
            identity_id: leaf.to_string(),
        })
    }
}

fn nobody_has_it() -> Refusal {
    Refusal::new(Reason::UnknownCustomer, "nobody whom the caller sees has the address")
}

#[tonic::async_trait]
impl CustomerService for Service {
    type ExportCustomerStream = Pin<Box<dyn Stream<Item = Result<p::ExportCustomerResponse, Status>> + Send>>;

    async fn get_customer(
        &self,
        request: Request<p::GetCustomerRequest>,
    ) -> Result<Response<p::GetCustomerResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.one_customer(caller, request.into_inner()).await)
    }

    async fn find_customer(
        &self,
        request: Request<p::FindCustomerRequest>,
    ) -> Result<Response<p::FindCustomerResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.customer_of_address(caller, request.into_inner()).await)
    }

    async fn search(&self, request: Request<p::SearchRequest>) -> Result<Response<p::SearchResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.customers_like(caller, request.into_inner()).await)
    }

    async fn list_suggestions(
        &self,
        request: Request<p::ListSuggestionsRequest>,
    ) -> Result<Response<p::ListSuggestionsResponse>, Status> {
        let caller = self.caller(&request)?;
        let found = async {
            let found = self.by_id(caller.clone(), &request.get_ref().customer_id).await?;
            audit(&caller, Read::Customer, Of::Customer(found.conversation.conversation));
            if !self.edge.sight(&caller).await?.sees_customer(&found.conversation) {
                return Err(not_visible());
            }
            let suggestions = found.suggestions.into_iter().map(convert::suggestion).collect();
            Ok(p::ListSuggestionsResponse { suggestions })
        };
        self.answer(found.await)
    }

    async fn accept_suggestion(
        &self,
        request: Request<p::AcceptSuggestionRequest>,
    ) -> Result<Response<p::AcceptSuggestionResponse>, Status> {
        self.unary(request).await
    }

    async fn reject_suggestion(
        &self,
        request: Request<p::RejectSuggestionRequest>,
    ) -> Result<Response<p::RejectSuggestionResponse>, Status> {
        self.unary(request).await
    }

    async fn link_identity(
        &self,
        request: Request<p::LinkIdentityRequest>,
    ) -> Result<Response<p::LinkIdentityResponse>, Status> {
        self.unary(request).await
    }

    async fn unlink_identity(
        &self,
        request: Request<p::UnlinkIdentityRequest>,
    ) -> Result<Response<p::UnlinkIdentityResponse>, Status> {
        self.unary(request).await
    }

    async fn merge_customers(
        &self,
        request: Request<p::MergeCustomersRequest>,
    ) -> Result<Response<p::MergeCustomersResponse>, Status> {
        self.unary(request).await
    }

    async fn unmerge_customers(
        &self,
        request: Request<p::UnmergeCustomersRequest>,
    ) -> Result<Response<p::UnmergeCustomersResponse>, Status> {
        self.unary(request).await
    }

    async fn erase_customer(
        &self,
        request: Request<p::EraseCustomerRequest>,
    ) -> Result<Response<p::EraseCustomerResponse>, Status> {
        self.unary(request).await
    }

    async fn set_facts(&self, request: Request<p::SetFactsRequest>) -> Result<Response<p::SetFactsResponse>, Status> {
        self.unary(request).await
    }

    async fn set_summary(
        &self,
        request: Request<p::SetSummaryRequest>,
    ) -> Result<Response<p::SetSummaryResponse>, Status> {
        self.unary(request).await
    }

    async fn tag(&self, request: Request<p::TagRequest>) -> Result<Response<p::TagResponse>, Status> {
        self.unary(request).await
    }

    async fn ask_fact(&self, request: Request<p::AskFactRequest>) -> Result<Response<p::AskFactResponse>, Status> {
        self.unary(request).await
    }

    async fn upsert_customer(
        &self,
        request: Request<p::UpsertCustomerRequest>,
    ) -> Result<Response<p::UpsertCustomerResponse>, Status> {
        self.unary(request).await
    }

    async fn block(&self, request: Request<p::BlockRequest>) -> Result<Response<p::BlockResponse>, Status> {
        self.unary(request).await
    }

    async fn unblock(&self, request: Request<p::UnblockRequest>) -> Result<Response<p::UnblockResponse>, Status> {
        self.unary(request).await
    }

    async fn mark_spam(&self, request: Request<p::MarkSpamRequest>) -> Result<Response<p::MarkSpamResponse>, Status> {
        self.unary(request).await
    }

    async fn unmark_spam(
        &self,
        request: Request<p::UnmarkSpamRequest>,
    ) -> Result<Response<p::UnmarkSpamResponse>, Status> {
        self.unary(request).await
    }

    async fn lift_quarantine(
        &self,
        request: Request<p::LiftQuarantineRequest>,
    ) -> Result<Response<p::LiftQuarantineResponse>, Status> {
        self.unary(request).await
    }

    async fn list_quarantine(
        &self,
        request: Request<p::ListQuarantineRequest>,
    ) -> Result<Response<p::ListQuarantineResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.quarantine(caller, request.into_inner()).await)
    }

    async fn export_customer(
        &self,
        request: Request<p::ExportCustomerRequest>,
    ) -> Result<Response<Self::ExportCustomerStream>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.export(caller, request.get_ref()).await)
    }
}
