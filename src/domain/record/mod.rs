//! A record: what one input or command has changed. The log holds nothing else, for ever (design, laws 1, 5, 6, 10, 12).
//!
//! Structure and personal content are apart: a record whose content is gone still folds. Ids of what a change makes are the
//! record's index and the change's place in [`Record::changes`].

mod agent;
mod answer;
mod change;
mod effort;
mod envelope;
mod fact;
mod handing;
mod hours;
mod identity;
mod input;
mod joining;
mod marks;
mod message;
mod notice;
mod passing;
mod routed;
mod widened;
mod work;

pub use agent::{Overcommitted, Presence, PresenceSet, SessionEnd, SessionLost};
pub use answer::{AnswerCounted, AnswerOutcome};
pub use change::Change;
pub use effort::{EffortEntry, EffortKind, EffortNoted};
pub use envelope::{Cause, Input, MailCopy, MessageContent, Personal, PersonalValue, Record, Request, Touch};
pub use fact::{Asked, Fact};
pub use handing::{BotsDue, Briefing, HandBackEnded, HandOverCause, HandedBack, HandedToPeople};
pub use hours::HoursTurned;
pub use identity::{
    Evidence, IdentityOpened, IdentityRekeyed, IdentityStatus, OptNoted, OptSource, SuggestionEnd, SuggestionReason,
};
pub use input::{DeadLettered, InputResumed};
pub use joining::{LeaveReason, OwnerTold, ParticipantJoined, ParticipantLeft, Role, TakingPart};
pub use marks::{Marked, PriorityGiven, SummarySet, Tagged, Tags};
pub use message::{
    Author, Direction, Flags, MessageKind, MessageStored, PartHeld, PartsJoined, Purpose, ReceiptNoted, ThroughParked,
};
pub use notice::{NoticeKind, NoticeSent, NoticeSet};
pub use passing::{Parked, Promised, TransferEnded, TransferOutcome, Transferring, WakeCause, Woken, WrapUpExtended};
pub use routed::{Credit, EnrichmentSet, Inputs, Required, Routed};
pub use widened::{Clock, OverflowCause, OverflowSet, Overflowed, StepCause, StepSet, Unserved};
pub use work::{
    AssignCause, Assigned, AutomationMuted, CooledDown, HoldSet, IdleSet, MuteReason, OfferMade, OfferOutcome,
    QueueCause, Resettled, UnassignReason, WorkBrief, WorkOpened, WrapUpStarted,
};
