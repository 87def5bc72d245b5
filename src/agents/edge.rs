//! What all services of the edge share, and the one way a command takes from a request to its response.

use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tokio::sync::Semaphore;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Status;

use super::audit::acted;
use super::caller::Caller;
use super::convert::{self, Sends, Wire};
use super::drains::Drains;
use super::feed::Seldom;
use super::metrics::EdgeMetrics;
use super::names::Names;
use super::options::ServeOptions;
use super::port::{Adapters, CommandFailure, Media, Shard};
use super::registry::Registry;
use super::status::{Reason, Refusal};
use super::uploads::Uploads;
use crate::domain::command::{Command, Verb};
use crate::domain::id::{AgentId, MessageId, Name, WorkId};
use crate::domain::record::Record;
use crate::domain::rejection::Rejection;
use crate::domain::view::OptionsOf;

/// Shared by all services.
pub(super) struct Edge {
    pub(super) options: ServeOptions,
    pub(super) shard: Arc<dyn Shard>,
    pub(super) media: Arc<dyn Media>,
    pub(super) adapters: Arc<dyn Adapters>,
    /// Agents who asked to be shown as typing a moment ago: workspace, agent and Work.
    pub(super) typing: Mutex<Seldom<(Name, Name, WorkId)>>,
    pub(super) names: Names,
    pub(super) registry: Registry,
    pub(super) watchers: Arc<Semaphore>,
    /// Turns to read again what was told before. Never closed.
    pub(super) rereads: Semaphore,
    /// Room for attachments that are being put.
    pub(super) uploads: Arc<Uploads>,
    /// Owner of all session tasks, and of what is being stored.
    pub(super) tracker: TaskTracker,
    pub(super) shutdown: CancellationToken,
    /// Workspaces that take no sessions now.
    pub(super) drains: Drains,
    /// Callers have to prove who they are.
    pub(super) proven: bool,
    pub(super) metrics: EdgeMetrics,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("registry", &self.registry).finish_non_exhaustive()
    }
}

impl Edge {
    /// Decides a command and waits until its answer is durable. A repeat is answered as accepted.
    ///
    /// The command has its place in the shard's order once this future was polled. Cancel: it may still be applied.
    pub(super) async fn execute<W: Wire>(
        &self,
        caller: &Caller,
        session: Option<u64>,
        request: W,
    ) -> Result<W::Response, Refusal> {
        if session.is_some() {
            // A unary call has passed the gate with this.
            caller.may(W::MESSAGE)?;
        }
        let workspace = &caller.workspace;
        // Mostly nothing is degraded, and nothing is looked up.
        let sending = W::SENDING.filter(|_| self.adapters.any_degraded(workspace));
        let sends = sending.and_then(|(of, _)| of(&request));
        let about = request.sends_about();
        let again = request.words_of();
        let mut command = convert::command(caller, session, request)?;
        if convert::is_forced(&command) {
            caller.may_force()?;
        }
        let overseen = overseen(&command);
        if let Some(message) = again.transpose()? {
            let record = self.said_in(workspace, message).await?;
            convert::with_words(&mut command, &record, message)?;
        }
        // The look first: what is asked first is answered first, so its answer is here with the command's. Should it not be, it is
        // not said: nobody waits for it, whatever became of the command.
        let leaves_by = sends.map(|sends| self.leaves_by(workspace, sends));
        match self.shard.command(command).await {
            Ok(answer) | Err(CommandFailure::Rejected(Rejection::Repeated(answer))) => {
                if let Some(work) = overseen.filter(|_| !answer.repeated) {
                    acted(caller, W::VERB, work);
                }
                let mut response = W::respond(&answer);
                let endpoint = leaves_by.and_then(|endpoint| unconstrained(endpoint).now_or_never().flatten());
                let late = endpoint.is_some_and(|endpoint| self.adapters.is_degraded(workspace, &endpoint));
                if let (true, Some((_, mark))) = (late, sending) {
                    mark(&mut response);
                }
                Ok(response)
            }
            Err(failure) => {
                let instead = self.instead(caller, &failure, about).await;
                Err(instead.into_iter().fold(self.refusal(caller, failure).await, |refusal, (fact, would_do)| {
                    refusal.with(fact, would_do)
                }))
            }
        }
    }

    /// The record that stored a message.
    async fn said_in(&self, workspace: &Name, message: MessageId) -> Result<Arc<Record>, Refusal> {
        let records = self.shard.read(vec![message.index()]).await?;
        let found = records.into_iter().flatten().find(|record| record.workspace == *workspace);
        found.ok_or_else(|| Refusal::new(Reason::UnknownMessage, "unknown message"))
    }

    /// Where what was refused could go instead: `reply_options` in free words, `template_options` by a template.
    async fn instead(
        &self,
        caller: &Caller,
        failure: &CommandFailure,
        about: Option<OptionsOf>,
    ) -> Vec<(&'static str, String)> {
        let (CommandFailure::Rejected(rejection), Some(of)) = (failure, about) else { return Vec::new() };
        if !rejection.asks_where() {
            return Vec::new();
        }
        if self.may_be_asked_of(caller, of).await.is_err() {
            return Vec::new();
        }
        // Without an answer the refusal just lacks them.
        let Ok(Some(options)) = self.shard.reply_options(caller.workspace.clone(), of).await else { return Vec::new() };
        let free = convert::told(&options, |option| option.refused.is_none());
        let template = convert::told(&options, |option| option.needs_template);
        [("reply_options", free), ("template_options", template)]
            .into_iter()
            .filter_map(|(fact, told)| Some((fact, told?)))
            .collect()
    }

    /// The endpoint that something is sent by; asked by the call itself.
    fn leaves_by(&self, workspace: &Name, sends: Sends) -> BoxFuture<'static, Option<Name>> {
        match sends {
            Sends::By(endpoint) => ready(Some(endpoint)).boxed(),
            Sends::Answering(work) => {
                let asked = self.shard.answer_address(workspace.clone(), work);
                asked.map(|to| to.ok().flatten().map(|to| to.endpoint)).boxed()
            }
        }
    }

    /// The refusal of a command, with the names of the agents in it.
    pub(super) async fn refusal(&self, caller: &Caller, failure: CommandFailure) -> Refusal {
        let workspace = &caller.workspace;
        // Without an answer the refusal just lacks the name.
        let _ = self.names.learn(workspace, concerned(&failure)).await;
        Refusal::of_command(failure, |agent| self.names.known(workspace, agent))
    }

    /// The refusal as a status; counted.
    pub(super) fn status(&self, refusal: &Refusal) -> Status {
        self.metrics.refused(refusal.reason());
        refusal.to_status()
    }
}

/// That a supervisor decides, and about which Work.
fn overseen(command: &Command) -> Option<Option<WorkId>> {
    let Command::Agent(command) = command else { return None };
    if let Verb::Oversee(oversight) = &command.verb { Some(oversight.work()) } else { None }
}

fn concerned(failure: &CommandFailure) -> Option<AgentId> {
    match failure {
        CommandFailure::Rejected(Rejection::NotOwner { owner } | Rejection::WorkOpen { owner, .. }) => *owner,
        CommandFailure::Rejected(Rejection::StaleAssignment { current }) => current.map(|(_, owner)| owner),
        CommandFailure::Rejected(_) | CommandFailure::Unavailable(_) => None,
    }
}
