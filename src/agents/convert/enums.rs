//! Enums of the domain as those of the contract.

use crate::domain::event::{AddressKind, Assurance, ErrorClass, ReceiptStatus, Scope};
use crate::domain::record::{
    AssignCause, Author, Direction, EffortKind, Evidence, Flags, LeaveReason, MessageKind, MuteReason, OfferOutcome,
    Presence, Purpose, Role, SessionEnd, SuggestionReason, TransferOutcome, UnassignReason, WakeCause,
};
use crate::domain::view::WorkState;
use crate::normalize::convert;
use crate::proto::{agent as p, channel};

pub(super) fn work_state(state: WorkState) -> p::WorkState {
    match state {
        WorkState::Queued => p::WorkState::Queued,
        WorkState::Offered => p::WorkState::Offered,
        WorkState::Assigned => p::WorkState::Assigned,
        WorkState::WrapUp => p::WorkState::Wrapup,
        WorkState::Parked => p::WorkState::Parked,
        WorkState::Closed => p::WorkState::Closed,
        WorkState::Canceled => p::WorkState::Canceled,
    }
}

/// The name that a state has in the contract, without its prefix.
pub(in super::super) fn work_state_label(state: WorkState) -> String {
    let name = work_state(state).as_str_name();
    name.strip_prefix("WORK_STATE_").unwrap_or(name).to_owned()
}

/// The state asked for; none for UNSPECIFIED.
pub(super) fn work_state_from(state: p::WorkState) -> Option<WorkState> {
    match state {
        p::WorkState::Unspecified => None,
        p::WorkState::Queued => Some(WorkState::Queued),
        p::WorkState::Offered => Some(WorkState::Offered),
        p::WorkState::Assigned => Some(WorkState::Assigned),
        p::WorkState::Wrapup => Some(WorkState::WrapUp),
        p::WorkState::Parked => Some(WorkState::Parked),
        p::WorkState::Closed => Some(WorkState::Closed),
        p::WorkState::Canceled => Some(WorkState::Canceled),
    }
}

pub(super) fn turn(ours: bool) -> p::Turn {
    if ours { p::Turn::Ours } else { p::Turn::Customers }
}

pub(super) fn presence(presence: Presence) -> p::Presence {
    match presence {
        Presence::Ready => p::Presence::Ready,
        Presence::Away => p::Presence::Away,
        Presence::Draining => p::Presence::Draining,
        Presence::Offline => p::Presence::Offline,
    }
}

pub(super) fn offer_outcome(outcome: OfferOutcome) -> p::OfferOutcome {
    match outcome {
        OfferOutcome::Accepted => p::OfferOutcome::Accepted,
        OfferOutcome::Declined => p::OfferOutcome::Declined,
        OfferOutcome::Expired => p::OfferOutcome::Expired,
        OfferOutcome::Revoked => p::OfferOutcome::Revoked,
    }
}

pub(super) fn assign_cause(cause: AssignCause) -> p::AssignmentCause {
    match cause {
        AssignCause::Offer => p::AssignmentCause::Offer,
        AssignCause::Auto => p::AssignmentCause::Auto,
        AssignCause::Claim => p::AssignmentCause::Claim,
        AssignCause::Start => p::AssignmentCause::Start,
        AssignCause::Assign => p::AssignmentCause::Assign,
        AssignCause::Transfer => p::AssignmentCause::Transfer,
        AssignCause::Takeover => p::AssignmentCause::Takeover,
    }
}

pub(super) fn unassign_reason(reason: UnassignReason) -> p::UnassignReason {
    match reason {
        UnassignReason::Closed => p::UnassignReason::Closed,
        UnassignReason::Recalled => p::UnassignReason::Recalled,
        UnassignReason::OwnerLost => p::UnassignReason::OwnerLost,
        UnassignReason::Requeued => p::UnassignReason::Requeued,
        UnassignReason::Merged => p::UnassignReason::Merged,
        UnassignReason::Muted => p::UnassignReason::Muted,
        UnassignReason::NotReady => p::UnassignReason::NotReady,
        UnassignReason::Transferred => p::UnassignReason::Transferred,
        UnassignReason::TransferLapsed => p::UnassignReason::TransferLapsed,
        UnassignReason::TakenOver => p::UnassignReason::TakenOver,
        UnassignReason::Reassigned => p::UnassignReason::Reassigned,
        UnassignReason::ForceRequeued => p::UnassignReason::ForceRequeued,
        UnassignReason::ForceTransferred => p::UnassignReason::ForceTransferred,
        UnassignReason::HandedOver => p::UnassignReason::HandedOver,
    }
}

pub(super) fn role(role: Role) -> p::ParticipantRole {
    match role {
        Role::Consultant => p::ParticipantRole::Consultant,
        Role::Barged => p::ParticipantRole::Barged,
    }
}

pub(super) fn leave_reason(reason: LeaveReason) -> p::ParticipationEndReason {
    match reason {
        LeaveReason::Left => p::ParticipationEndReason::Left,
        LeaveReason::Ended => p::ParticipationEndReason::Ended,
        LeaveReason::Lapsed => p::ParticipationEndReason::Lapsed,
        LeaveReason::Gone => p::ParticipationEndReason::Gone,
        LeaveReason::OwnerChanged => p::ParticipationEndReason::OwnerChanged,
        LeaveReason::Closed => p::ParticipationEndReason::Closed,
        LeaveReason::Owns => p::ParticipationEndReason::Owns,
    }
}

pub(super) fn transfer_outcome(outcome: TransferOutcome) -> p::TransferOutcome {
    match outcome {
        TransferOutcome::Declined => p::TransferOutcome::Declined,
        TransferOutcome::Unavailable => p::TransferOutcome::Unavailable,
        TransferOutcome::Withdrawn => p::TransferOutcome::Withdrawn,
        TransferOutcome::Relieved => p::TransferOutcome::Relieved,
    }
}

pub(super) fn wake_cause(cause: WakeCause) -> p::WakeCause {
    match cause {
        WakeCause::Time => p::WakeCause::Time,
        WakeCause::Message => p::WakeCause::Message,
        WakeCause::Fact => p::WakeCause::Fact,
        WakeCause::Agent => p::WakeCause::Agent,
    }
}

pub(in super::super) fn mute_reason(reason: MuteReason) -> p::MuteReason {
    match reason {
        MuteReason::SwiftAnswers => p::MuteReason::SwiftAnswers,
        MuteReason::SameText => p::MuteReason::SameText,
        MuteReason::TooMany => p::MuteReason::TooMany,
        MuteReason::HandedBack => p::MuteReason::HandedBack,
        MuteReason::Generated => p::MuteReason::Generated,
    }
}

pub(super) fn effort_kind(kind: EffortKind) -> p::EffortKind {
    match kind {
        EffortKind::Wait => p::EffortKind::Wait,
        EffortKind::Unanswered => p::EffortKind::Unanswered,
        EffortKind::Transfer => p::EffortKind::Transfer,
        EffortKind::Repeat => p::EffortKind::Repeat,
        EffortKind::AskedAgain => p::EffortKind::AskedAgain,
        EffortKind::Switch => p::EffortKind::Switch,
        EffortKind::Failed => p::EffortKind::Failed,
        EffortKind::Loop => p::EffortKind::Loop,
    }
}

/// The name that a reason has in the contract, without its prefix.
pub(in super::super) fn mute_label(reason: MuteReason) -> String {
    let name = mute_reason(reason).as_str_name();
    name.strip_prefix("MUTE_REASON_").unwrap_or(name).to_owned()
}

/// The name that a status of a message has in the channel contract, without its prefix.
pub(in super::super) fn status_label(status: ReceiptStatus) -> String {
    let name = convert::receipt_status(status).as_str_name();
    name.strip_prefix("RECEIPT_STATUS_").unwrap_or(name).to_owned()
}

pub(super) fn session_end(reason: SessionEnd) -> p::SessionEndReason {
    match reason {
        SessionEnd::LoggedOut => p::SessionEndReason::LoggedOut,
        SessionEnd::Taken => p::SessionEndReason::Taken,
        SessionEnd::GraceOver => p::SessionEndReason::GraceOver,
        SessionEnd::SlowReader => p::SessionEndReason::SlowReader,
        SessionEnd::Operator => p::SessionEndReason::Operator,
    }
}

pub(super) fn message_kind(kind: MessageKind) -> p::MessageKind {
    match kind {
        MessageKind::Message => p::MessageKind::Message,
        MessageKind::Edit => p::MessageKind::Edit,
        MessageKind::Deletion => p::MessageKind::Deletion,
        MessageKind::Reaction => p::MessageKind::Reaction,
        MessageKind::IdentityChange => p::MessageKind::IdentityChange,
        MessageKind::Opt => p::MessageKind::Opt,
        MessageKind::Start => p::MessageKind::Start,
        MessageKind::VisitEnd => p::MessageKind::VisitEnd,
        MessageKind::Call => p::MessageKind::Call,
        MessageKind::MediaArrived => p::MessageKind::MediaArrived,
        MessageKind::Unsupported => p::MessageKind::Unsupported,
    }
}

pub(super) fn direction(direction: Direction) -> p::Direction {
    match direction {
        Direction::In => p::Direction::In,
        Direction::Out => p::Direction::Out,
        Direction::Note => p::Direction::Note,
    }
}

pub(super) fn flags(flags: Flags) -> Vec<i32> {
    const PAIRS: [(Flags, p::MessageFlag); 21] = [
        (Flags::ID_REUSED, p::MessageFlag::IdReused),
        (Flags::ODD_TIME, p::MessageFlag::OddTime),
        (Flags::REPEATED, p::MessageFlag::Repeated),
        (Flags::WORK_LIMIT, p::MessageFlag::WorkLimit),
        (Flags::BACKFILL, p::MessageFlag::Backfill),
        (Flags::THANKS, p::MessageFlag::Thanks),
        (Flags::FORWARDED, p::MessageFlag::Forwarded),
        (Flags::AUTO_SUBMITTED, p::MessageFlag::AutoSubmitted),
        (Flags::GENERATED, p::MessageFlag::Generated),
        (Flags::INCOMPLETE, p::MessageFlag::Incomplete),
        (Flags::OPT_WORD, p::MessageFlag::OptWord),
        (Flags::FOREIGN_THREAD, p::MessageFlag::ForeignThread),
        (Flags::FOREIGN_TOKEN, p::MessageFlag::ForeignToken),
        (Flags::BAD_TOKEN, p::MessageFlag::BadToken),
        (Flags::OWN_ADDRESS, p::MessageFlag::OwnAddress),
        (Flags::FLOOD, p::MessageFlag::Flood),
        (Flags::BLOCKED, p::MessageFlag::Blocked),
        (Flags::SPAM, p::MessageFlag::Spam),
        (Flags::QUARANTINED, p::MessageFlag::Quarantined),
        (Flags::RETRY, p::MessageFlag::Retry),
        (Flags::RETRACTED, p::MessageFlag::Retracted),
    ];
    PAIRS.iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, flag)| (*flag).into()).collect()
}

pub(super) fn purpose(purpose: Purpose) -> channel::Purpose {
    match purpose {
        Purpose::Service => channel::Purpose::Service,
        Purpose::Proactive => channel::Purpose::Proactive,
        Purpose::Marketing => channel::Purpose::Marketing,
        Purpose::Notice => channel::Purpose::Notice,
        Purpose::Survey => channel::Purpose::Survey,
    }
}

/// The name that providers' errors have in the channel contract, without its prefix.
pub(in super::super) fn error_class(class: ErrorClass) -> String {
    let name = convert::error_class(class).as_str_name();
    name.strip_prefix("ERROR_CLASS_").unwrap_or(name).to_owned()
}

pub(super) fn author(author: Author) -> channel::AuthorKind {
    match author {
        Author::Customer => channel::AuthorKind::Customer,
        Author::Participant => channel::AuthorKind::Participant,
        Author::Agent(_) => channel::AuthorKind::Agent,
        Author::Bot(_) => channel::AuthorKind::Bot,
        Author::System => channel::AuthorKind::System,
        Author::External => channel::AuthorKind::External,
    }
}

pub(super) fn assurance(assurance: Assurance) -> channel::Assurance {
    match assurance {
        Assurance::Claimed => channel::Assurance::Claimed,
        Assurance::Platform => channel::Assurance::Platform,
        Assurance::LoggedIn => channel::Assurance::LoggedIn,
        Assurance::Token => channel::Assurance::Token,
    }
}

/// The assurance that is told; none for UNSPECIFIED, and for what is not known.
pub(super) fn assurance_from(assurance: i32) -> Option<Assurance> {
    match channel::Assurance::try_from(assurance).ok()? {
        channel::Assurance::Unspecified => None,
        channel::Assurance::Claimed => Some(Assurance::Claimed),
        channel::Assurance::Platform => Some(Assurance::Platform),
        channel::Assurance::LoggedIn => Some(Assurance::LoggedIn),
        channel::Assurance::Token => Some(Assurance::Token),
    }
}

pub(super) fn scope(scope: Scope) -> channel::Scope {
    match scope {
        Scope::Direct => channel::Scope::Direct,
        Scope::Group => channel::Scope::Group,
        Scope::Public => channel::Scope::Public,
    }
}

pub(super) fn evidence(evidence: Evidence) -> p::Evidence {
    match evidence {
        Evidence::First => p::Evidence::First,
        Evidence::SameEvent => p::Evidence::SameEvent,
        Evidence::Agent => p::Evidence::Agent,
        Evidence::Claim => p::Evidence::Claim,
        Evidence::Token => p::Evidence::Token,
        Evidence::Login => p::Evidence::Login,
    }
}

pub(super) fn suggestion_reason(reason: SuggestionReason) -> p::SuggestionReason {
    match reason {
        SuggestionReason::SharedAddress => p::SuggestionReason::SharedAddress,
        SuggestionReason::SameBrowser => p::SuggestionReason::SameBrowser,
        SuggestionReason::DoubtedAddress => p::SuggestionReason::DoubtedAddress,
        SuggestionReason::Claim => p::SuggestionReason::Claim,
        SuggestionReason::Moved => p::SuggestionReason::Moved,
        SuggestionReason::Token => p::SuggestionReason::Token,
        SuggestionReason::SameAddress => p::SuggestionReason::SameAddress,
    }
}

/// The kind of address of a namespace's name without its scope.
pub(super) fn namespace_from(name: &str) -> Option<AddressKind> {
    const ALL: [AddressKind; 13] = [
        AddressKind::Phone,
        AddressKind::ShortCode,
        AddressKind::Whatsapp,
        AddressKind::Email,
        AddressKind::Messenger,
        AddressKind::Instagram,
        AddressKind::Telegram,
        AddressKind::Line,
        AddressKind::Viber,
        AddressKind::Web,
        AddressKind::Crm,
        AddressKind::Login,
        AddressKind::Staff,
    ];
    ALL.into_iter().find(|kind| namespace(*kind) == name)
}

/// The namespace's name without its scope (domain rules, section 4).
pub(in super::super) fn namespace(kind: AddressKind) -> &'static str {
    match kind {
        AddressKind::Phone => "phone",
        AddressKind::ShortCode => "short_code",
        AddressKind::Whatsapp => "whatsapp",
        AddressKind::Email => "email",
        AddressKind::Messenger => "messenger",
        AddressKind::Instagram => "instagram",
        AddressKind::Telegram => "telegram",
        AddressKind::Line => "line",
        AddressKind::Viber => "viber",
        AddressKind::Web => "web",
        AddressKind::Crm => "crm",
        AddressKind::Login => "login",
        AddressKind::Staff => "staff",
    }
}
