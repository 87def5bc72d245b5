//! `AdminService`: what operators see and decide. It looks things up and asks the shard; the record is the decision.

use std::sync::Arc;

use async_nats::Client;
use futures::future::join_all;
use tonic::{Request, Response, Status};
use tracing::{info, warn};

use super::convert;
use crate::agents::{CommandFailure, Drains, Operator, Reason, Refusal, Unavailable};
use crate::domain::BoundStream;
use crate::domain::command::Command;
use crate::domain::digest::{self, Extent};
use crate::domain::id::Name;
use crate::domain::rejection::Rejection;
use crate::ingest::digest;
use crate::nats::{ApiCode, NatsError, StreamState, leader_get, stream_state};
use crate::proto::admin as p;
use crate::proto::admin::admin_service_server::{AdminService, AdminServiceServer};
use crate::reload::{ReloadHandle, Served};
use crate::shard::{CommandError, ShardHandle};
use crate::telemetry::{ErrorChain, LogLevels};

/// Serves operators.
#[derive(Clone, Debug)]
pub struct Operators {
    /// The shard, where this process owns it.
    pub owned: Option<Owned>,
    /// The workspaces that are served here.
    pub served: Arc<Served>,
    /// What is logged.
    pub levels: LogLevels,
    /// Workspaces that take no sessions now.
    pub drains: Drains,
    /// Operators have to prove who they are.
    pub proven: bool,
}

/// A shard that this process owns, and what operators decide about it by.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The shard.
    pub shard: ShardHandle,
    /// The way to the servers.
    pub client: Client,
    /// Whoever reads workspace files again.
    pub reload: ReloadHandle,
}

/// The daemon itself, as a workspace: whoever may decide about all of them.
const DAEMON: &str = "";

impl Operators {
    /// The service, to be put beside others on a port that only operators and agents' tools reach.
    #[must_use]
    pub fn service(self) -> AdminServiceServer<Self> {
        AdminServiceServer::new(self)
    }

    /// The operator who calls, if it may decide about the workspace; an empty one is all of them.
    fn operator<T>(&self, request: &Request<T>, workspace: &str) -> Result<Name, Refusal> {
        let operator = Operator::of(request, self.proven)?;
        operator.may(workspace)?;
        Ok(operator.name)
    }

    /// What is owned here. Calls about it come here where it is; this node's own services are asked for nothing else.
    pub(super) fn owned(&self) -> Result<&Owned, Refusal> {
        self.owned.as_ref().ok_or_else(|| Refusal::from(Unavailable::NotReady))
    }

    async fn reload(&self, operator: &Name, workspace: String) -> Result<p::ReloadWorkspacesResponse, Refusal> {
        let wanted = (!workspace.is_empty()).then(|| Name::from(workspace));
        let one = wanted.is_some();
        info!(%operator, "workspace files are read again by an operator");
        let reloaded = self.owned()?.reload.reload(wanted).await.map_err(|_| Refusal::from(Unavailable::NotReady))?;
        if one && reloaded.workspaces.is_empty() {
            return Err(Refusal::new(Reason::UnknownWorkspace, "no such workspace is served here"));
        }
        Ok(convert::reloaded(reloaded))
    }

    async fn config(&self, workspace: String) -> Result<p::GetConfigResponse, Refusal> {
        let workspace = Name::from(workspace);
        let look = move |state: &crate::domain::State| {
            let space = state.workspace(&workspace)?;
            Some((space.config().canonical(), *space.config_sha256()?, space.config_since()?))
        };
        let found = self.owned()?.shard.query(look).await.map_err(|_| Refusal::from(Unavailable::NotReady))?;
        let unknown = || Refusal::new(Reason::UnknownWorkspace, "no such workspace has a configuration here");
        found.map(convert::config).ok_or_else(unknown)
    }

    async fn digest(&self) -> Result<p::GetStateDigestResponse, Refusal> {
        let look = |state: &crate::domain::State| p::GetStateDigestResponse {
            shard: state.shard().to_string(),
            record_index: state.head().0,
            digest: digest::digest(state, Extent::Open),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.owned()?.shard.query(look).await.map_err(|_| Refusal::from(Unavailable::NotReady))
    }

    async fn streams(&self, workspace: String) -> Result<p::ListStreamsResponse, Refusal> {
        let asked = workspace.clone();
        let look = move |state: &crate::domain::State| -> Vec<BoundStream> {
            state.streams().filter(|bound| asked.is_empty() || bound.workspace == asked).cloned().collect()
        };
        let mut bound = self.owned()?.shard.query(look).await.map_err(|_| Refusal::from(Unavailable::NotReady))?;
        if bound.is_empty() && !workspace.is_empty() {
            return Err(Refusal::new(Reason::UnknownWorkspace, "no such workspace has a stream here"));
        }
        bound.sort_by(|a, b| (&a.workspace, &a.name).cmp(&(&b.workspace, &b.name)));
        let client = &self.owned()?.client;
        let streams = bound.into_iter().map(async |bound| {
            // What the server does not say is left out: the rest is worth seeing just then.
            let found = stream_state(client, &bound.name).await.ok();
            convert::stream(bound, found)
        });
        // One after the other would make a server that is silent about each a minute of waiting.
        Ok(p::ListStreamsResponse { streams: join_all(streams).await })
    }

    async fn resume(&self, operator: &Name, asked: p::ResumeStreamRequest) -> Result<u64, Refusal> {
        let request = convert::request(operator, &asked)?;
        let (name, workspace) = (Name::from(asked.stream.as_str()), Name::from(asked.workspace.as_str()));
        let look = {
            let (name, workspace) = (name.clone(), workspace.clone());
            move |state: &crate::domain::State| state.stream(&name).is_some_and(|bound| bound.workspace == workspace)
        };
        // Only names that are ours go to the server.
        if !self.owned()?.shard.query(look).await.map_err(|_| Refusal::from(Unavailable::NotReady))? {
            return Err(Refusal::new(Reason::UnknownStream, "unknown stream"));
        }
        let found = stream_state(&self.owned()?.client, &name).await.map_err(|error| missing(&error))?;
        let sequence = applied(asked.from_sequence, &found)?;
        let digest = match sequence {
            1.. if sequence >= found.first_sequence => leader_get(&self.owned()?.client, &name, sequence)
                .await
                .map_err(|error| missing(&error))?
                .as_ref()
                .map(digest),
            _ => None,
        };
        let command = Command::ResumeInput {
            workspace,
            request,
            stream: name.clone(),
            created_ns: found.created_ns,
            sequence,
            digest: digest.unwrap_or_default(),
        };
        match self.owned()?.shard.command(command).await {
            Ok(answer) => {
                info!(stream = %name, from = asked.from_sequence, "stream taken into use again by an operator");
                Ok(answer.position.index.0)
            }
            Err(CommandError::Rejected(Rejection::Repeated(answer))) => Ok(answer.position.index.0),
            Err(CommandError::Rejected(rejection)) => {
                Err(Refusal::of_command(CommandFailure::Rejected(rejection), |_| None))
            }
            Err(CommandError::Unavailable) => Err(Unavailable::NotReady.into()),
        }
    }
}

/// The sequence that counts as applied when reading begins at `from`.
fn applied(from: u64, found: &StreamState) -> Result<u64, Refusal> {
    let last = found.last_sequence;
    let sequence = from.checked_sub(1).filter(|applied| *applied <= last);
    sequence.ok_or_else(|| {
        Refusal::new(Reason::Invalid, format!("from_sequence is from 1 to {}, one more than the last", last + 1))
            .with("field", "from_sequence")
            .with("last_sequence", last.to_string())
    })
}

fn missing(error: &NatsError) -> Refusal {
    if error.code() == Some(ApiCode::STREAM_NOT_FOUND) {
        return Refusal::new(Reason::UnknownStream, "the server has no such stream: a start of the daemon makes it");
    }
    warn!(error = %ErrorChain(error), "a stream cannot be looked at for an operator");
    Refusal::new(Reason::NotReady, "the server does not say what it has: the daemon's log tells why")
}

#[tonic::async_trait]
impl AdminService for Operators {
    async fn list_agents(
        &self,
        request: Request<p::ListAgentsRequest>,
    ) -> Result<Response<p::ListAgentsResponse>, Status> {
        self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.agents(request.into_inner()).await?))
    }

    async fn end_session(
        &self,
        request: Request<p::EndSessionRequest>,
    ) -> Result<Response<p::EndSessionResponse>, Status> {
        let operator = self.operator(&request, &request.get_ref().workspace)?;
        let record_index = self.end(&operator, request.into_inner()).await?;
        Ok(Response::new(p::EndSessionResponse { record_index }))
    }

    async fn drain(&self, request: Request<p::DrainRequest>) -> Result<Response<p::DrainResponse>, Status> {
        let operator = self.operator(&request, &request.get_ref().workspace)?;
        let changed = self.drained(&operator, &request.into_inner())?;
        Ok(Response::new(p::DrainResponse { changed }))
    }

    async fn get_log_level(
        &self,
        request: Request<p::GetLogLevelRequest>,
    ) -> Result<Response<p::GetLogLevelResponse>, Status> {
        self.operator(&request, DAEMON)?;
        Ok(Response::new(convert::levels(self.levels.get())))
    }

    async fn set_log_level(
        &self,
        request: Request<p::SetLogLevelRequest>,
    ) -> Result<Response<p::SetLogLevelResponse>, Status> {
        let operator = self.operator(&request, DAEMON)?;
        let until = self.log_at(&operator, &request.into_inner())?;
        Ok(Response::new(p::SetLogLevelResponse { until }))
    }

    async fn reload_workspaces(
        &self,
        request: Request<p::ReloadWorkspacesRequest>,
    ) -> Result<Response<p::ReloadWorkspacesResponse>, Status> {
        let operator = self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.reload(&operator, request.into_inner().workspace).await?))
    }

    async fn get_config(
        &self,
        request: Request<p::GetConfigRequest>,
    ) -> Result<Response<p::GetConfigResponse>, Status> {
        self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.config(request.into_inner().workspace).await?))
    }

    async fn list_streams(
        &self,
        request: Request<p::ListStreamsRequest>,
    ) -> Result<Response<p::ListStreamsResponse>, Status> {
        self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.streams(request.into_inner().workspace).await?))
    }

    async fn resume_stream(
        &self,
        request: Request<p::ResumeStreamRequest>,
    ) -> Result<Response<p::ResumeStreamResponse>, Status> {
        let operator = self.operator(&request, &request.get_ref().workspace)?;
        let record_index = self.resume(&operator, request.into_inner()).await?;
        Ok(Response::new(p::ResumeStreamResponse { record_index }))
    }

    async fn get_state_digest(
        &self,
        request: Request<p::GetStateDigestRequest>,
    ) -> Result<Response<p::GetStateDigestResponse>, Status> {
        self.operator(&request, DAEMON)?;
        Ok(Response::new(self.digest().await?))
    }

    async fn list_dead_letters(
        &self,
        request: Request<p::ListDeadLettersRequest>,
    ) -> Result<Response<p::ListDeadLettersResponse>, Status> {
        self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.letters(request.into_inner()).await?))
    }

    async fn get_dead_letter(
        &self,
        request: Request<p::GetDeadLetterRequest>,
    ) -> Result<Response<p::GetDeadLetterResponse>, Status> {
        let operator = self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.letter(&operator, request.into_inner()).await?))
    }

    async fn replay_dead_letters(
        &self,
        request: Request<p::ReplayDeadLettersRequest>,
    ) -> Result<Response<p::ReplayDeadLettersResponse>, Status> {
        let operator = self.operator(&request, &request.get_ref().workspace)?;
        Ok(Response::new(self.replay(&operator, request.into_inner()).await?))
    }
}
