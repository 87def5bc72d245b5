//! What agents may want noted.

use crate::domain::content::Content;
use crate::domain::id::{LeafId, Name, RootId, WorkId};

/// What something is noted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// One open Work.
    Work(WorkId),
    /// The customer, or the conversation.
    Customer {
        /// Its id.
        customer: RootId,
        /// Identity that it is filed under; none: that of the id.
        leaf: Option<LeafId>,
    },
}

/// What an agent wants noted.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A message for agents only.
    Note {
        /// In what.
        about: About,
        /// Name of the agent whom alone it is for; none: it is for all.
        to: Option<Name>,
        /// What it says.
        content: Content,
    },
    /// What the next agent should know first.
    Summary {
        /// Of what.
        about: About,
        /// What it says; empty: there is none any more.
        text: String,
    },
    /// Words that it is found and counted by.
    Tag {
        /// Of what.
        about: About,
        /// It has these from now on.
        add: Vec<Name>,
        /// It has these no longer.
        remove: Vec<Name>,
    },
    /// A Work is due earlier than its goals say.
    Priority {
        /// Which.
        work: WorkId,
        /// By how much, milliseconds; 0: by nothing any more.
        sooner_ms: u64,
        /// Why; may be empty where it is by nothing.
        reason: String,
    },
}
