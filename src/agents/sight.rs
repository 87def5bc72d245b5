//! What a caller may see, asked of the shard, and commands about what it may not.

use super::caller::Caller;
use super::edge::Edge;
use super::status::{Reason, Refusal};
use crate::domain::command::{self, Addressee, Command, Mark, Oversight, Verb};
use crate::domain::id::{AgentId, LeafId, Name, RootId, WorkId};
use crate::domain::record::{Author, MessageStored};
use crate::domain::view::ConversationView;
use crate::domain::workspace::Sight;

/// What a command is about that its sender need not own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Customer(RootId),
    Work(WorkId),
}

impl Edge {
    /// What the caller may see.
    pub(super) async fn sight(&self, caller: &Caller) -> Result<Sight, Refusal> {
        if caller.oversees() || self.shard.shows_all(&caller.workspace) {
            return Ok(Sight::whole());
        }
        Ok(self.shard.sight(caller.workspace.clone(), caller.agent.clone()).await?)
    }

    /// Refuses a command about customers or Works that the caller sees only a stub of. Nothing is looked up for what an agent does with
    /// its own Works.
    ///
    /// # Errors
    /// [`Reason::NotVisible`].
    pub(super) async fn may_see_what_it_is_about(&self, caller: &Caller, command: &Command) -> Result<(), Refusal> {
        let about = match command {
            Command::Agent(command) => about(&command.verb),
            _ => Vec::new(),
        };
        if about.is_empty() || self.shard.shows_all(&caller.workspace) {
            // Without a look the command keeps its place in the order of its session's.
            return Ok(());
        }
        let sight = self.sight(caller).await?;
        if sight.is_whole() {
            return Ok(());
        }
        for about in about {
            let workspace = caller.workspace.clone();
            // Of what is not there the shard says so.
            let seen = match about {
                About::Customer(id) => {
                    let view = self.shard.conversation(workspace, id).await?;
                    view.is_none_or(|view| sight.sees_customer(&view))
                }
                About::Work(id) => self.shard.work(workspace, id).await?.is_none_or(|view| sight.sees_work(&view)),
            };
            if !seen {
                return Err(not_visible());
            }
        }
        Ok(())
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

/// Every leaf's number is an id of its customer.
fn of(leaf: LeafId) -> About {
    About::Customer(RootId(leaf.0))
}

/// What something is noted of.
fn noted(mark: &Mark) -> About {
    match mark {
        Mark::Note { about, .. } | Mark::Summary { about, .. } | Mark::Tag { about, .. } => match about {
            command::About::Work(work) => About::Work(*work),
            command::About::Customer { customer, .. } => About::Customer(*customer),
        },
        Mark::Priority { work, .. } => About::Work(*work),
    }
}

/// The Work that a supervisor decides about.
pub(super) fn overseen(oversight: &Oversight) -> Option<WorkId> {
    match oversight {
        Oversight::Presence { .. } | Oversight::EndSession { .. } => None,
        Oversight::Requeue { work, .. }
        | Oversight::Transfer { work, .. }
        | Oversight::Assign { work, .. }
        | Oversight::TakeOver { work, .. }
        | Oversight::BargeIn { work, .. } => Some(*work),
    }
}

fn about(verb: &Verb) -> Vec<About> {
    match verb {
        Verb::Erase { customer }
        | Verb::LinkIdentity { customer, .. }
        | Verb::SetFacts { customer, .. }
        | Verb::UnmergeCustomers { customer, .. } => vec![About::Customer(*customer)],
        Verb::MergeCustomers { customer, other } => vec![About::Customer(*customer), About::Customer(*other)],
        Verb::Block { leaf, .. }
        | Verb::Unblock { leaf }
        | Verb::UnlinkIdentity { leaf }
        | Verb::LiftQuarantine { leaf: Some(leaf), .. } => vec![of(*leaf)],
        Verb::DecideSuggestion { one, other, .. } => vec![of(*one), of(*other)],
        // Whoever owns one of two Works may make them one, and then has the words of both.
        Verb::MergeWorks { from, into, .. } => vec![About::Work(*from), About::Work(*into)],
        Verb::MarkSpam { work, .. } | Verb::ClearSpam { work } | Verb::AskFact { work, .. } => {
            vec![About::Work(*work)]
        }
        Verb::StartWork(start) => match &start.to {
            Addressee::Identity(leaf) => vec![of(*leaf)],
            // An address is known to whoever names it.
            Addressee::Address { .. } => Vec::new(),
        },
        Verb::Mark(mark) => vec![noted(mark)],
        Verb::Oversee(oversight) => overseen(oversight).map(About::Work).into_iter().collect(),
        // One's own session, offers, Works and messages; what is new; the oldest strangers of an endpoint.
        _ => Vec::new(),
    }
}
