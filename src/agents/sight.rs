//! What a caller may see, asked of the shard. Commands are looked at where they are decided.

use std::time::Duration;

use super::caller::Caller;
use super::edge::Edge;
use super::port::Unavailable;
use super::status::{Reason, Refusal};
use crate::domain::id::{AgentId, Name, RootId, WorkId};
use crate::domain::record::{Author, MessageStored};
use crate::domain::view::{ConversationView, OptionsOf};
use crate::domain::workspace::Sight;

/// Pause before a full shard is asked again: its queue is empty in less.
const FULL_PAUSE: Duration = Duration::from_millis(50);

impl Edge {
    /// What the caller may see.
    pub(super) async fn sight(&self, caller: &Caller) -> Result<Sight, Refusal> {
        if caller.oversees() || self.shard.shows_all(&caller.workspace) {
            return Ok(Sight::whole());
        }
        Ok(self.shard.sight(caller.workspace.clone(), caller.agent.clone()).await?)
    }

    /// What the caller may see of a conversation: none where nothing is hidden. Waits while the shard's queue is full.
    ///
    /// # Errors
    /// The shard does not answer any more.
    pub(super) async fn seen_of(
        &self,
        caller: &Caller,
        id: RootId,
    ) -> Result<Option<(Sight, Option<ConversationView>)>, Refusal> {
        if caller.oversees() || self.shard.shows_all(&caller.workspace) {
            return Ok(None);
        }
        loop {
            match self.shard.seen(caller.workspace.clone(), caller.agent.clone(), id).await {
                Ok(seen) => return Ok(Some(seen)),
                Err(Unavailable::Overloaded) => tokio::time::sleep(FULL_PAUSE).await,
                Err(gone) => return Err(gone.into()),
            }
        }
    }

    /// The conversation, if the caller may see whose it is.
    ///
    /// # Errors
    /// [`Reason::UnknownConversation`], [`Reason::NotVisible`].
    pub(super) async fn seen_customer(&self, caller: &Caller, id: RootId) -> Result<ConversationView, Refusal> {
        let view = self.shard.conversation(caller.workspace.clone(), id).await?;
        let view = view.ok_or_else(|| Refusal::new(Reason::UnknownConversation, "unknown conversation"))?;
        if self.sight(caller).await?.sees_customer(&view) { Ok(view) } else { Err(not_visible()) }
    }

    /// Refuses a look at an open Work that the caller sees only a stub of.
    ///
    /// # Errors
    /// [`Reason::UnknownWork`], [`Reason::NotVisible`].
    pub(super) async fn may_see_work(&self, caller: &Caller, id: WorkId) -> Result<(), Refusal> {
        let sight = self.sight(caller).await?;
        if sight.is_whole() {
            return Ok(());
        }
        let view = self.shard.work(caller.workspace.clone(), id).await?;
        let view = view.ok_or_else(|| Refusal::new(Reason::UnknownWork, "unknown work"))?;
        if sight.sees_work(&view) { Ok(()) } else { Err(not_visible()) }
    }

    /// Refuses to tell where something could be sent, of whoever the caller sees only a stub of: it tells addresses.
    ///
    /// # Errors
    /// [`Reason::UnknownWork`], [`Reason::UnknownConversation`], [`Reason::NotVisible`].
    pub(super) async fn may_be_asked_of(&self, caller: &Caller, of: OptionsOf) -> Result<(), Refusal> {
        let customer = match of {
            OptionsOf::Work(work) => return self.may_see_work(caller, work).await,
            OptionsOf::Customer(customer) => customer,
            // Every leaf's number is an id of its customer.
            OptionsOf::Identity(leaf) => RootId(leaf.0),
        };
        if self.sight(caller).await?.is_whole() {
            return Ok(());
        }
        self.seen_customer(caller, customer).await.map(drop)
    }
}

/// Whether a message is shown to the caller, as far as it is whispered: to whom it is for, its author, and whoever oversees.
pub(super) fn hears(caller: &Caller, stored: &MessageStored, name: impl Fn(AgentId) -> Option<Name>) -> bool {
    let Some(to) = stored.whispered_to else { return true };
    let author = match stored.author {
        Author::Agent(author) | Author::Bot(author) => name(author),
        Author::Customer | Author::Participant | Author::System | Author::External => None,
    };
    caller.oversees() || name(to).into_iter().chain(author).any(|name| name == caller.agent)
}

/// The refusal of what is only seen as a stub.
pub(super) fn not_visible() -> Refusal {
    Refusal::new(Reason::NotVisible, "it is in queues that are not shown to the caller")
}
