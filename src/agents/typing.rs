//! An agent shows that it is typing: looked up, not decided, and never recorded.

use std::sync::PoisonError;

use tokio::time::Instant;

use super::caller::Caller;
use super::edge::Edge;
use super::port::CommandFailure;
use super::status::{Reason, Refusal};
use crate::domain::id::{Name, WorkId};
use crate::domain::rejection::Rejection;
use crate::domain::view::AnswerAddress;

impl Edge {
    /// Tells the adapter that the owner of a Work, or a supervisor who has joined, is typing. False: the caller asked so a moment ago.
    ///
    /// # Errors
    /// The Work is not open, the caller may not speak in it, or there is nobody to show it to. Whose a Work is that the caller sees only a
    /// stub of is not told.
    pub(super) async fn send_typing(&self, caller: &Caller, work: WorkId) -> Result<bool, Refusal> {
        let workspace = &caller.workspace;
        // Before any look: whoever asks again and again costs the shard nothing.
        if !self.may_type((workspace.clone(), caller.agent.clone(), work)) {
            return Ok(false);
        }
        let to = self.shard.answer_address(workspace.clone(), work).await?;
        let speaks = to.and_then(|to| {
            let (_, author) = to.speakers.iter().find(|(name, _)| *name == caller.agent)?;
            Some(AnswerAddress { author: *author, ..to })
        });
        if let Some(to) = speaks {
            self.adapters.typing(workspace.clone(), to).await?;
            return Ok(true);
        }
        let view = self.shard.work(workspace.clone(), work).await?;
        let view = view.ok_or_else(|| Refusal::new(Reason::UnknownWork, "unknown work"))?;
        if view.owner.as_ref().is_none_or(|(_, name)| *name != caller.agent) {
            let seen = self.sight(caller).await?.sees_work(&view);
            let owner = view.owner.map(|(agent, _)| agent).filter(|_| seen);
            let failure = CommandFailure::Rejected(Rejection::NotOwner { owner });
            return Err(self.refusal(caller, failure).await);
        }
        Err(Refusal::new(Reason::NoRecipient, "no recipient"))
    }

    fn may_type(&self, key: (Name, Name, WorkId)) -> bool {
        let mut typing = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        typing.pass(key, Instant::now())
    }
}
