//! From what the core says to the labels it is counted under.

use crate::domain::event::ReceiptStatus;
use crate::domain::record::{OfferOutcome as Ended, OverflowCause, ReceiptNoted, StepCause};
use crate::domain::rejection::Rejection;
use crate::domain::view::WorkState;
use crate::telemetry::{DeadReason, OfferOutcome, ReceiptOutcome, RejectionReason, WidenedBy, WorkStatus};

/// Of the reason token of a dead letter, whoever set the input aside: ingest, a format, the core.
pub(super) fn dead(token: &str) -> DeadReason {
    match token {
        "too_large" | "too_deep" | "mime_limit" | "record_too_large" => DeadReason::TooLarge,
        "unknown_format" => DeadReason::UnknownFormat,
        "unknown_endpoint" | "bad_subject" => DeadReason::UnknownEndpoint,
        "wrong_endpoint" => DeadReason::WrongEndpoint,
        "bad_id" => DeadReason::Forbidden,
        "body_missing" => DeadReason::BodyMissing,
        "unknown_message" | "refused" | "limit" | "invalid" | "unknown_workspace" => DeadReason::Rejected,
        _ => DeadReason::Malformed,
    }
}

pub(super) fn offer(outcome: Ended) -> OfferOutcome {
    match outcome {
        Ended::Accepted => OfferOutcome::Accepted,
        Ended::Declined => OfferOutcome::Declined,
        Ended::Expired => OfferOutcome::Expired,
        Ended::Revoked => OfferOutcome::Revoked,
    }
}

/// `None`: it went no step further.
pub(super) fn step(cause: StepCause) -> Option<WidenedBy> {
    match cause {
        StepCause::Clock => Some(WidenedBy::Wait),
        StepCause::NobodyThere => Some(WidenedBy::NoAgent),
        StepCause::Queued | StepCause::Reconfigured | StepCause::Closed => None,
    }
}

pub(super) fn overflow(cause: OverflowCause) -> WidenedBy {
    match cause {
        OverflowCause::Length => WidenedBy::Length,
        OverflowCause::Wait => WidenedBy::Wait,
        OverflowCause::NoAgent => WidenedBy::NoAgent,
        OverflowCause::Estimate => WidenedBy::Estimate,
    }
}

pub(super) fn receipt(receipt: &ReceiptNoted) -> ReceiptOutcome {
    match receipt.status {
        _ if !receipt.applied => ReceiptOutcome::Late,
        ReceiptStatus::Queued => ReceiptOutcome::Queued,
        ReceiptStatus::Unknown => ReceiptOutcome::Unknown,
        ReceiptStatus::Sent => ReceiptOutcome::Sent,
        ReceiptStatus::Failed => ReceiptOutcome::Failed,
        ReceiptStatus::Expired => ReceiptOutcome::Expired,
        ReceiptStatus::Delivered => ReceiptOutcome::Delivered,
        ReceiptStatus::Read => ReceiptOutcome::Read,
    }
}

/// `None`: not a refusal, but a repeat, a duplicate or nothing to do.
pub(super) fn rejection(rejection: &Rejection) -> Option<RejectionReason> {
    Some(match rejection {
        Rejection::Repeated(_) | Rejection::AlreadyApplied | Rejection::Duplicate | Rejection::Ignored => return None,
        Rejection::UnknownWorkspace
        | Rejection::UnknownStream(_)
        | Rejection::UnknownEndpoint(_)
        | Rejection::UnknownAgent
        | Rejection::UnknownWork
        | Rejection::UnknownOffer
        | Rejection::UnknownCustomer
        | Rejection::UnknownIdentity
        | Rejection::UnknownSuggestion
        | Rejection::UnknownAttachment
        | Rejection::UnknownMessage => RejectionReason::NotFound,
        Rejection::OfferOver => RejectionReason::OfferOver,
        Rejection::WorkClosed | Rejection::WorkMerged { .. } => RejectionReason::WorkClosed,
        Rejection::NotOwner { .. } => RejectionReason::NotOwner,
        Rejection::StaleAssignment { .. } => RejectionReason::StaleAssignment,
        Rejection::NewerMessages { .. } => RejectionReason::NewerMessages,
        Rejection::NoSession => RejectionReason::NoSession,
        Rejection::SessionSuperseded { .. } => RejectionReason::Superseded,
        Rejection::AlreadyConnected => RejectionReason::AlreadyConnected,
        Rejection::RequestIdReused => RejectionReason::IdReused,
        Rejection::NoRecipient | Rejection::RecipientRefused(_) => RejectionReason::NoRecipient,
        Rejection::NotServed { .. }
        | Rejection::QueueNotServed { .. }
        | Rejection::CannotTake(_)
        | Rejection::BounceBudget { .. }
        | Rejection::WorkOpen { .. }
        | Rejection::WorkState { .. }
        | Rejection::MessageState { .. } => RejectionReason::Invalid,
        Rejection::CannotSend(_)
        | Rejection::AutomationMuted { .. }
        | Rejection::NotCarried { .. }
        | Rejection::UnknownTemplate
        | Rejection::TemplateParameters { .. } => RejectionReason::CannotSend,
        Rejection::Invalid(_)
        | Rejection::UnknownDisposition { .. }
        | Rejection::UnknownPresenceReason { .. }
        | Rejection::DispositionWanted
        | Rejection::NotVisible
        | Rejection::NotVisibleTo { .. }
        | Rejection::NotSetAside(_)
        | Rejection::CannotMerge(_)
        | Rejection::StreamInUse
        | Rejection::SameCustomer { .. }
        | Rejection::NotMerged { .. }
        | Rejection::NothingLeft { .. }
        | Rejection::SharedIdentity { .. }
        | Rejection::TwoValues { .. }
        | Rejection::IdentityTaken { .. } => RejectionReason::Invalid,
        Rejection::Limit(_) => RejectionReason::Limit,
    })
}

/// `None`: not open.
pub(super) fn work(state: WorkState) -> Option<WorkStatus> {
    match state {
        WorkState::Queued => Some(WorkStatus::Queued),
        WorkState::Offered => Some(WorkStatus::Offered),
        WorkState::Assigned => Some(WorkStatus::Assigned),
        WorkState::WrapUp => Some(WorkStatus::Wrapup),
        WorkState::Parked => Some(WorkStatus::Parked),
        WorkState::Closed | WorkState::Canceled => None,
    }
}
