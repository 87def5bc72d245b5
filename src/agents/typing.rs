//! An agent shows that it is typing: looked up, not decided, and never recorded.

use tokio::time::Instant;

use super::caller::Caller;
use super::edge::Edge;
use super::port::CommandFailure;
use super::status::{Reason, Refusal};
use crate::domain::id::WorkId;
use crate::domain::rejection::Rejection;

impl Edge {
    /// Tells the adapter that the owner of a Work is typing. False: it was told so a moment ago.
    ///
    /// # Errors
    /// The Work is not open, not the caller's, or there is nobody to show it to.
    pub(super) async fn send_typing(&self, caller: &Caller, work: WorkId) -> Result<bool, Refusal> {
        let workspace = &caller.workspace;
        let view = self.shard.work(workspace.clone(), work).await?;
        let view = view.ok_or_else(|| Refusal::new(Reason::UnknownWork, "unknown work"))?;
        if view.owner.as_ref().is_none_or(|(_, name)| *name != caller.agent) {
            let owner = view.owner.map(|(agent, _)| agent);
            let failure = CommandFailure::Rejected(Rejection::NotOwner { owner });
            return Err(self.refusal(caller, failure).await);
        }
        let to = self.shard.answer_address(workspace.clone(), work).await?;
        // Between the two looks another may have become the owner: then nothing is shown in its name.
        let to = to.filter(|to| to.owner.1 == caller.agent);
        let to = to.ok_or_else(|| Refusal::new(Reason::NoRecipient, "no recipient"))?;
        if !self.may_type((workspace.clone(), work)) {
            return Ok(false);
        }
        self.adapters.typing(workspace.clone(), to).await?;
        Ok(true)
    }

    fn may_type(&self, key: (crate::domain::id::Name, WorkId)) -> bool {
        let mut typing = self.typing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        typing.pass(key, Instant::now())
    }
}
