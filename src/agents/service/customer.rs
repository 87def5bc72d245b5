//! `CustomerService`.

use tonic::{Request, Response, Status};

use super::Service;
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::status::{Reason, Refusal};
use crate::domain::view::{CustomerQuery, CustomerView, CustomersFound};
use crate::proto::agent as p;
use crate::proto::agent::customer_service_server::CustomerService;
use crate::telemetry::fields;

impl Service {
    async fn customers(&self, caller: Caller, query: CustomerQuery) -> Result<CustomersFound, Refusal> {
        Ok(self.edge.shard.customers(caller.workspace, query).await?)
    }

    async fn one_customer(
        &self,
        caller: Caller,
        request: p::GetCustomerRequest,
    ) -> Result<p::GetCustomerResponse, Refusal> {
        let found = self.by_id(caller, &request.customer_id).await?;
        Ok(p::GetCustomerResponse { customer: Some(convert::customer(found)) })
    }

    async fn by_id(&self, caller: Caller, id: &str) -> Result<CustomerView, Refusal> {
        let query = CustomerQuery::Id(convert::customer_id(id)?);
        let found = self.customers(caller, query).await?.customers.pop();
        found.ok_or_else(|| Refusal::new(Reason::UnknownCustomer, "unknown customer"))
    }

    async fn customers_like(&self, caller: Caller, request: p::SearchRequest) -> Result<p::SearchResponse, Refusal> {
        let query = convert::search(&request)?;
        tracing::info!(
            { fields::WORKSPACE } = %caller.workspace,
            { fields::AGENT_ID } = %caller.agent,
            "an agent searched for customers"
        );
        let found = self.customers(caller, query).await?;
        Ok(p::SearchResponse {
            next_page_token: convert::search_token(found.next),
            customers: found.customers.into_iter().map(convert::customer).collect(),
        })
    }

    async fn customer_of_address(
        &self,
        caller: Caller,
        request: p::FindCustomerRequest,
    ) -> Result<p::FindCustomerResponse, Refusal> {
        let (sender, scope) = convert::sender(&request.namespace, &request.address)?;
        let mut found = self.customers(caller, CustomerQuery::Address { sender, scope }).await?;
        let (Some(customer), Some(leaf)) = (found.customers.pop(), found.leaf) else {
            return Err(Refusal::new(Reason::UnknownCustomer, "nobody has the address"));
        };
        Ok(p::FindCustomerResponse { customer: Some(convert::customer(customer)), identity_id: leaf.to_string() })
    }
}

#[tonic::async_trait]
impl CustomerService for Service {
    async fn get_customer(
        &self,
        request: Request<p::GetCustomerRequest>,
    ) -> Result<Response<p::GetCustomerResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        self.answer(self.one_customer(caller, request.into_inner()).await)
    }

    async fn find_customer(
        &self,
        request: Request<p::FindCustomerRequest>,
    ) -> Result<Response<p::FindCustomerResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        self.answer(self.customer_of_address(caller, request.into_inner()).await)
    }

    async fn search(&self, request: Request<p::SearchRequest>) -> Result<Response<p::SearchResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        self.answer(self.customers_like(caller, request.into_inner()).await)
    }

    async fn list_suggestions(
        &self,
        request: Request<p::ListSuggestionsRequest>,
    ) -> Result<Response<p::ListSuggestionsResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let found = self.by_id(caller, &request.get_ref().customer_id).await;
        self.answer(found.map(|found| p::ListSuggestionsResponse {
            suggestions: found.suggestions.into_iter().map(convert::suggestion).collect(),
        }))
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
}
