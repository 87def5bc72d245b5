//! `AdminService` about agents and sessions, and about what the daemon logs.

use std::time::Duration;

use tracing::info;

use super::convert;
use super::service::Operators;
use crate::agents::{CommandFailure, Reason, Refusal, Unavailable};
use crate::domain::command::{AgentCommand, Command, Verb};
use crate::domain::id::Name;
use crate::domain::record::SessionEnd;
use crate::domain::rejection::Rejection;
use crate::proto::admin as p;
use crate::shard::CommandError;
use crate::telemetry::fields;

/// For how long other levels are logged when nobody says: long enough to look into something, too short to be forgotten.
const LASTING: Duration = Duration::from_secs(15 * 60);
/// Longest time for other levels.
const LASTING_MAX: Duration = Duration::from_secs(24 * 3_600);

impl Operators {
    pub(super) async fn agents(&self, asked: p::ListAgentsRequest) -> Result<p::ListAgentsResponse, Refusal> {
        let at_most = convert::page_size(asked.page_size)?;
        let (workspace, with_session) = (Name::from(asked.workspace), asked.with_session);
        let after = (!asked.page_token.is_empty()).then(|| Name::from(asked.page_token));
        let look = move |state: &crate::domain::State| {
            // One more than wanted says whether there is another page.
            Some(state.workspace(&workspace)?.standings(after.as_ref(), with_session, at_most + 1))
        };
        let found = self.owned()?.shard.query(look).await.map_err(|_| Refusal::from(Unavailable::NotReady))?;
        let found = found.ok_or_else(|| Refusal::new(Reason::UnknownWorkspace, "no such workspace here"))?;
        Ok(convert::agents(found, at_most))
    }

    pub(super) async fn end(&self, operator: &Name, asked: p::EndSessionRequest) -> Result<u64, Refusal> {
        let request = convert::end_request(operator, &asked)?;
        let command = Command::Agent(Box::new(AgentCommand {
            workspace: Name::from(asked.workspace),
            agent: Name::from(asked.agent.as_str()),
            request: Some(request),
            session_epoch: (asked.session_epoch != 0).then_some(asked.session_epoch),
            oversees: true,
            verb: Verb::EndSession { reason: SessionEnd::Operator },
        }));
        match self.owned()?.shard.command(command).await {
            Ok(answer) => {
                info!(%operator, { fields::AGENT_ID } = asked.agent, "session ended by an operator");
                Ok(answer.position.index.0)
            }
            Err(CommandError::Rejected(Rejection::Repeated(answer))) => Ok(answer.position.index.0),
            Err(CommandError::Rejected(rejection)) => {
                Err(Refusal::of_command(CommandFailure::Rejected(rejection), |_| None))
            }
            Err(CommandError::Unavailable) => Err(Unavailable::NotReady.into()),
        }
    }

    pub(super) fn drained(&self, operator: &Name, asked: &p::DrainRequest) -> Result<bool, Refusal> {
        let workspace = (!asked.workspace.is_empty()).then(|| Name::from(asked.workspace.as_str()));
        let is_known = |workspace: &Name| self.served.workspaces.iter().any(|served| served.name() == *workspace);
        if !workspace.as_ref().is_none_or(is_known) {
            return Err(Refusal::new(Reason::UnknownWorkspace, "no such workspace is served here"));
        }
        let changed = self.drains.set(workspace.as_ref(), !asked.end);
        if changed && asked.end {
            info!(%operator, { fields::WORKSPACE } = asked.workspace, "sessions are taken again");
        } else if changed {
            info!(%operator, { fields::WORKSPACE } = asked.workspace, "drained by an operator: no sessions are taken");
        }
        Ok(changed)
    }

    /// When the configured levels are back.
    pub(super) fn log_at(
        &self,
        operator: &Name,
        asked: &p::SetLogLevelRequest,
    ) -> Result<Option<prost_types::Timestamp>, Refusal> {
        let lasting = convert::lasting(asked.lasting.as_ref(), LASTING, LASTING_MAX)?;
        // Before the change: afterwards nothing of the sort may be logged.
        info!(%operator, levels = asked.levels, "log levels changed by an operator");
        let set = match asked.levels.as_str() {
            "" => self.levels.fall_back(),
            levels => self.levels.set(levels, lasting),
        };
        set.map_err(|error| Refusal::invalid("levels", &error.to_string()))?;
        Ok(convert::levels(self.levels.get()).until)
    }
}
