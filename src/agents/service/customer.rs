//! `CustomerService`.

use tonic::{Request, Response, Status};

use super::Service;
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::status::{Reason, Refusal};
use crate::domain::view::{CustomerQuery, CustomersFound};
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
        let query = CustomerQuery::Id(convert::customer_id(&request.customer_id)?);
        let found = self.customers(caller, query).await?.customers.pop();
        let found = found.ok_or_else(|| Refusal::new(Reason::UnknownCustomer, "unknown customer"))?;
        Ok(p::GetCustomerResponse { customer: Some(convert::customer(found)) })
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
