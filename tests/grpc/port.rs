//! What the edge asks of the shard in memory.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use skein::agents::feed::Feeds;
use skein::agents::{CommandFailure, Shard, Unavailable};
use skein::domain::command::{Answer, Command};
use skein::domain::explained::Explanation;
use skein::domain::id::{AgentId, Index, Name, RootId, WorkId};
use skein::domain::record::Record;
use skein::domain::view::{
    AgentView, AnswerAddress, ConversationView, CustomerQuery, CustomersFound, EstimateOf, EstimateView, OptionsOf,
    QueueView, ReplyOptions, TargetsView, WorkState, WorkView,
};
use skein::domain::workspace::{DispositionConfig, PresenceReasonConfig, Sight, TemplateConfig};

use super::Memory;

impl Shard for Memory {
    fn command(&self, command: Command) -> BoxFuture<'static, Result<Answer, CommandFailure>> {
        let memory = self.clone();
        async move { memory.apply(command) }.boxed()
    }

    fn agent(
        &self,
        workspace: Name,
        agent: Name,
    ) -> BoxFuture<'static, Result<(Index, Option<AgentView>), Unavailable>> {
        let core = self.core();
        let seen = (core.state.head(), core.state.workspace(&workspace).and_then(|space| space.agent(&agent)));
        async move { Ok(seen) }.boxed()
    }

    fn shows_all(&self, workspace: &Name) -> bool {
        self.core().state.workspace(workspace).is_some_and(|space| space.config().shows_all())
    }

    fn sight(&self, workspace: Name, agent: Name) -> BoxFuture<'static, Result<Sight, Unavailable>> {
        self.look(workspace, move |space| space.sight(&agent)).map(|seen| seen.map(Option::unwrap_or_default)).boxed()
    }

    fn seen(
        &self,
        workspace: Name,
        agent: Name,
        conversation: RootId,
    ) -> BoxFuture<'static, Result<(Sight, Option<ConversationView>), Unavailable>> {
        self.look(workspace, move |space| (space.sight(&agent), space.conversation(conversation)))
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn agent_names(
        &self,
        workspace: Name,
        agents: Vec<AgentId>,
    ) -> BoxFuture<'static, Result<Vec<Option<Name>>, Unavailable>> {
        self.look(workspace, move |space| agents.iter().map(|id| space.agent_name(*id).cloned()).collect())
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn work(&self, workspace: Name, work: WorkId) -> BoxFuture<'static, Result<Option<WorkView>, Unavailable>> {
        self.look(workspace, move |space| space.work(work)).map(|seen| seen.map(Option::flatten)).boxed()
    }

    fn answer_address(
        &self,
        workspace: Name,
        work: WorkId,
    ) -> BoxFuture<'static, Result<Option<AnswerAddress>, Unavailable>> {
        if self.core().addressless {
            return std::future::pending().boxed();
        }
        self.look(workspace, move |space| space.answer_address(work)).map(|seen| seen.map(Option::flatten)).boxed()
    }

    fn works(
        &self,
        workspace: Name,
        queue: Option<Name>,
        state: Option<WorkState>,
    ) -> BoxFuture<'static, Result<Vec<WorkView>, Unavailable>> {
        self.look(workspace, move |space| space.works(queue.as_deref(), state))
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn conversation(
        &self,
        workspace: Name,
        conversation: RootId,
    ) -> BoxFuture<'static, Result<Option<ConversationView>, Unavailable>> {
        self.look(workspace, move |space| space.conversation(conversation))
            .map(|seen| seen.map(Option::flatten))
            .boxed()
    }

    fn customers(
        &self,
        workspace: Name,
        query: CustomerQuery,
    ) -> BoxFuture<'static, Result<CustomersFound, Unavailable>> {
        self.look(workspace, move |space| space.customers(&query))
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn reply_options(
        &self,
        workspace: Name,
        of: OptionsOf,
    ) -> BoxFuture<'static, Result<Option<ReplyOptions>, Unavailable>> {
        let now = self.core().now();
        self.look(workspace, move |space| space.reply_options(of, now)).map(|seen| seen.map(Option::flatten)).boxed()
    }

    fn templates(
        &self,
        workspace: Name,
        endpoint: Option<Name>,
    ) -> BoxFuture<'static, Result<Option<Vec<TemplateConfig>>, Unavailable>> {
        self.look(workspace, move |space| space.config().templates_by(endpoint.as_deref()))
            .map(|seen| seen.map(Option::flatten))
            .boxed()
    }

    fn queues(
        &self,
        workspace: Name,
        queues: Vec<Name>,
        agent: Name,
        window_ms: i64,
    ) -> BoxFuture<'static, Result<Vec<QueueView>, Unavailable>> {
        let now = self.core().now();
        self.look(workspace, move |space| space.queues(&queues, &agent, window_ms, now))
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn targets(&self, workspace: Name, work: WorkId) -> BoxFuture<'static, Result<Option<TargetsView>, Unavailable>> {
        self.look(workspace, move |space| space.targets(work)).map(|seen| seen.map(Option::flatten)).boxed()
    }

    fn estimate(
        &self,
        workspace: Name,
        of: EstimateOf,
    ) -> BoxFuture<'static, Result<Option<EstimateView>, Unavailable>> {
        let now = self.core().now();
        self.look(workspace, move |space| space.estimate(&of, now)).map(|seen| seen.map(Option::flatten)).boxed()
    }

    fn explain(
        &self,
        workspace: Name,
        work: WorkId,
        agents: usize,
    ) -> BoxFuture<'static, Result<Option<Explanation>, Unavailable>> {
        let now = self.core().now();
        self.look(workspace, move |space| space.explain(work, agents, now))
            .map(|seen| seen.map(Option::flatten))
            .boxed()
    }

    fn dispositions(
        &self,
        workspace: Name,
        queue: Option<Name>,
    ) -> BoxFuture<'static, Result<Vec<DispositionConfig>, Unavailable>> {
        self.look(workspace, move |space| space.config().listed(queue.as_deref()))
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn presence_reasons(&self, workspace: Name) -> BoxFuture<'static, Result<Vec<PresenceReasonConfig>, Unavailable>> {
        self.look(workspace, move |space| space.config().presence_reasons.clone())
            .map(|seen| seen.map(Option::unwrap_or_default))
            .boxed()
    }

    fn read(&self, indexes: Vec<Index>) -> BoxFuture<'static, Result<Vec<Option<Arc<Record>>>, Unavailable>> {
        let mut core = self.core();
        core.reads += 1;
        if core.deaf {
            return async { Err(Unavailable::NotReady) }.boxed();
        }
        let at = |index: &Index| usize::try_from(index.0 - 1).expect("a small index");
        let lost = core.lost;
        let kept = |index: &Index| Some(at(index)).filter(|at| *at >= lost);
        let records = indexes.iter().map(|index| core.log.get(kept(index)?).cloned()).collect();
        async move { Ok(records) }.boxed()
    }

    fn feeds(&self) -> &Feeds {
        &self.feeds
    }
}
