//! The protocol's values in words for people.

use crate::proto::agent::{
    Effort, EffortKind, Evidence, Identity, OfferOutcome, Presence, SessionEndReason, TransferOutcome, UnassignReason,
    WorkState,
};
use crate::proto::channel::{AuthorKind, ReceiptStatus};

pub(super) fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Unspecified => "in an unknown state",
        Presence::Ready => "ready",
        Presence::Away => "away",
        Presence::Draining => "finishing what you have",
        Presence::Offline => "offline",
    }
}

pub(super) fn work(state: WorkState) -> &'static str {
    match state {
        WorkState::Unspecified => "in an unknown state",
        WorkState::Queued => "waiting",
        WorkState::Offered => "offered",
        WorkState::Assigned => "yours",
        WorkState::Wrapup => "in wrap-up",
        WorkState::Closed => "closed",
        WorkState::Parked => "parked",
        WorkState::Canceled => "canceled",
    }
}

pub(super) fn offer(outcome: OfferOutcome) -> &'static str {
    match outcome {
        OfferOutcome::Unspecified => "ended",
        OfferOutcome::Accepted => "accepted",
        OfferOutcome::Declined => "declined",
        OfferOutcome::Expired => "expired",
        OfferOutcome::Revoked => "taken back",
    }
}

pub(super) fn gone(reason: UnassignReason) -> &'static str {
    match reason {
        UnassignReason::Unspecified => "no longer yours",
        UnassignReason::Closed => "closed",
        UnassignReason::Recalled => "given to somebody else: the customer waited too long",
        UnassignReason::OwnerLost => "given to somebody else: you were gone too long",
        UnassignReason::Requeued => "back in its queue",
        UnassignReason::Merged => "merged into another",
        UnassignReason::Muted => "given to a person: programs went round in circles",
        UnassignReason::Transferred => "somebody else's now",
        UnassignReason::TransferLapsed => "in the queue that you passed it on to: nobody has taken it yet",
        UnassignReason::TakenOver => "a supervisor took it over",
        UnassignReason::Reassigned => "a supervisor gave it to somebody else",
        UnassignReason::ForceRequeued => "a supervisor put it back into its queue",
        UnassignReason::ForceTransferred => "a supervisor passed it on",
        UnassignReason::HandedOver => "handed over to people",
        UnassignReason::NotReady => "given to somebody else: it woke, and you were not there",
    }
}

pub(super) fn kept(outcome: TransferOutcome) -> &'static str {
    match outcome {
        TransferOutcome::Unspecified => "the transfer is over",
        TransferOutcome::Declined => "it was declined",
        TransferOutcome::Unavailable => "nobody is there to take it",
        TransferOutcome::Withdrawn => "the transfer is taken back",
        TransferOutcome::Relieved => "nobody else is asked any more",
    }
}

pub(super) fn receipt(status: ReceiptStatus) -> &'static str {
    match status {
        ReceiptStatus::Unspecified => "in an unknown state",
        ReceiptStatus::Queued => "queued",
        ReceiptStatus::Unknown => "perhaps sent: nobody knows",
        ReceiptStatus::Sent => "sent",
        ReceiptStatus::Failed => "not sent: it failed",
        ReceiptStatus::Expired => "not sent: its time was over",
        ReceiptStatus::Delivered => "delivered",
        ReceiptStatus::Read => "read",
    }
}

pub(super) fn author(author: AuthorKind) -> &'static str {
    match author {
        AuthorKind::Unspecified => "somebody",
        AuthorKind::Customer => "customer",
        AuthorKind::Participant => "participant",
        AuthorKind::Agent => "agent",
        AuthorKind::Bot => "bot",
        AuthorKind::System => "skein",
        AuthorKind::External => "somebody of us, outside skein",
    }
}

pub(super) fn end(reason: SessionEndReason) -> &'static str {
    match reason {
        SessionEndReason::Unspecified => "no reason was given",
        SessionEndReason::LoggedOut => "logged out",
        SessionEndReason::Taken => "another session of yours has taken over",
        SessionEndReason::GraceOver => "the connection was gone too long",
        SessionEndReason::SlowReader => "what was sent was not read",
        SessionEndReason::Draining => "the daemon takes no sessions now",
        SessionEndReason::Operator => "an operator has ended it",
        SessionEndReason::TokenExpired => "the token has expired",
    }
}

pub(super) fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Unspecified => "nobody knows why",
        Evidence::First => "wrote from it first",
        Evidence::SameEvent => "named together with another",
        Evidence::Agent => "an agent says so",
        Evidence::Claim => "a trusted endpoint says so",
        Evidence::Token => "answered with our token",
        Evidence::Login => "logged in",
    }
}

/// What a customer went through, in words.
pub(super) fn effort(ledger: &[Effort]) -> String {
    let sum: f64 = ledger.iter().map(|entry| entry.seconds).sum();
    let kinds = ledger.iter().map(|entry| {
        let what = match entry.kind() {
            EffortKind::Unspecified => "went through something",
            EffortKind::Wait => "waited too long",
            EffortKind::Unanswered => "wrote again without an answer",
            EffortKind::Transfer => "was passed on",
            EffortKind::Repeat => "had to come back",
            EffortKind::AskedAgain => "was asked what is known",
            EffortKind::Switch => "was sent to another channel",
            EffortKind::Failed => "did not get what we wrote",
            EffortKind::Loop => "went round in circles with bots",
        };
        let often = if entry.count > 1 { format!(" {} times", entry.count) } else { String::new() };
        format!("{what}{often}")
    });
    format!("the customer {}: {sum:.0} s of effort", kinds.collect::<Vec<_>>().join(", "))
}

/// What is to be minded of an address.
pub(super) fn marks(identity: &Identity) -> String {
    let marks = [
        (!identity.verified, "has not written, or is in doubt"),
        (identity.shared, "of several people"),
        (identity.ended, "somebody else's by now"),
        (identity.aside.as_ref().is_some_and(|aside| aside.block.is_some()), "blocked"),
        (identity.aside.as_ref().is_some_and(|aside| !aside.spam_work_ids.is_empty()), "spam"),
        (identity.aside.as_ref().is_some_and(|aside| aside.quarantined_at.is_some()), "in quarantine"),
    ];
    marks.iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| format!(" ({mark})")).collect()
}
