//! A record: what one input or command has changed. The log holds nothing else, for ever (design, laws 1, 5, 6, 10, 12).
//!
//! Structure and personal content are apart: a record whose content is gone still folds. Ids of what a change makes are the
//! record's index and the change's place in [`Record::changes`].

mod agent;
mod change;
mod envelope;
mod fact;
mod identity;
mod message;
mod routed;
mod work;

pub use agent::{Presence, SessionEnd};
pub use change::Change;
pub use envelope::{Cause, Input, MailCopy, MessageContent, Personal, PersonalValue, Record, Request, Touch};
pub use fact::{Asked, Fact};
pub use identity::{Evidence, IdentityOpened, IdentityStatus, OptSource, SuggestionEnd, SuggestionReason};
pub use message::{Author, Direction, Flags, MessageKind, MessageStored, PartHeld, Purpose, ReceiptNoted};
pub use routed::{Inputs, Required, Routed};
pub use work::{
    AssignCause, Assigned, AutomationMuted, MuteReason, OfferMade, OfferOutcome, QueueCause, Resettled, UnassignReason,
    WorkBrief, WorkOpened,
};
