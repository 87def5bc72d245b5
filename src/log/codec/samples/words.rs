//! One strategy per small word of records.

use proptest::prelude::*;
use proptest::sample::select;

use super::agent;
use crate::domain::event::{AddressKind, Assurance, ErrorClass, ReceiptStatus, Scope};
use crate::domain::record::{
    AnswerOutcome, AssignCause, Author, EffortKind, Evidence, HandOverCause, IdentityStatus, LeaveReason, MuteReason,
    NoticeKind, OfferOutcome, OptSource, OverflowCause, Presence, QueueCause, Role, SessionEnd, StepCause,
    SuggestionEnd, SuggestionReason, TransferOutcome, UnassignReason, WakeCause,
};

pub(super) fn status() -> impl Strategy<Value = IdentityStatus> {
    select(vec![IdentityStatus::Verified, IdentityStatus::Provisional])
}

pub(super) fn assurance() -> impl Strategy<Value = Assurance> {
    select(vec![Assurance::Claimed, Assurance::Platform, Assurance::LoggedIn, Assurance::Token])
}

pub(super) fn scope() -> impl Strategy<Value = Scope> {
    select(vec![Scope::Direct, Scope::Group, Scope::Public])
}

pub(super) fn evidence() -> impl Strategy<Value = Evidence> {
    use Evidence as E;
    select(vec![E::First, E::SameEvent, E::Agent, E::Claim, E::Token, E::Login])
}

pub(super) fn opt_source() -> impl Strategy<Value = OptSource> {
    select(vec![OptSource::Word, OptSource::Provider, OptSource::Failure])
}

pub(super) fn suggestion_reason() -> impl Strategy<Value = SuggestionReason> {
    use SuggestionReason as R;
    select(vec![R::SharedAddress, R::SameBrowser, R::DoubtedAddress, R::Claim, R::Moved, R::Token, R::SameAddress])
}

pub(super) fn suggestion_end() -> impl Strategy<Value = SuggestionEnd> {
    use SuggestionEnd as E;
    select(vec![E::Accepted, E::Rejected, E::Parted, E::Displaced, E::Merged, E::Erased, E::ClaimedAgain])
}

pub(super) fn address_kind() -> impl Strategy<Value = AddressKind> {
    use AddressKind as K;
    select(vec![
        K::Phone,
        K::ShortCode,
        K::Whatsapp,
        K::Email,
        K::Messenger,
        K::Instagram,
        K::Telegram,
        K::Line,
        K::Viber,
        K::Web,
        K::Crm,
        K::Login,
        K::Staff,
    ])
}

pub(super) fn receipt_status() -> impl Strategy<Value = ReceiptStatus> {
    use ReceiptStatus as S;
    select(vec![S::Queued, S::Unknown, S::Sent, S::Failed, S::Expired, S::Delivered, S::Read])
}

pub(super) fn error_class() -> impl Strategy<Value = ErrorClass> {
    use ErrorClass as C;
    select(vec![
        C::Unspecified,
        C::Retryable,
        C::WindowClosed,
        C::OptedOut,
        C::Unreachable,
        C::Invalid,
        C::Blocked,
        C::Content,
        C::Rate,
        C::Auth,
    ])
}

pub(super) fn queue_cause() -> impl Strategy<Value = QueueCause> {
    use QueueCause as C;
    select(vec![
        C::New,
        C::Reopened,
        C::OfferEnded,
        C::Recalled,
        C::OwnerLost,
        C::Requeued,
        C::Rerouted,
        C::Moved,
        C::Woken,
        C::Transferred,
        C::Overflowed,
        C::HandedOver,
    ])
}

pub(super) fn outcome() -> impl Strategy<Value = OfferOutcome> {
    use OfferOutcome as O;
    select(vec![O::Accepted, O::Declined, O::Expired, O::Revoked])
}

pub(super) fn assign_cause() -> impl Strategy<Value = AssignCause> {
    use AssignCause as C;
    select(vec![C::Offer, C::Auto, C::Claim, C::Start, C::Assign, C::Transfer, C::Takeover])
}

pub(super) fn hand_over_cause() -> impl Strategy<Value = HandOverCause> {
    select(vec![HandOverCause::Asked, HandOverCause::NoAnswer])
}

pub(super) fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Consultant, Role::Barged])
}

pub(super) fn leave_reason() -> impl Strategy<Value = LeaveReason> {
    use LeaveReason as R;
    select(vec![R::Left, R::Ended, R::Lapsed, R::Gone, R::OwnerChanged, R::Closed, R::Owns])
}

pub(super) fn unassign_reason() -> impl Strategy<Value = UnassignReason> {
    use UnassignReason as R;
    select(vec![
        R::Closed,
        R::Recalled,
        R::OwnerLost,
        R::Requeued,
        R::Merged,
        R::Muted,
        R::NotReady,
        R::Transferred,
        R::TransferLapsed,
        R::TakenOver,
        R::Reassigned,
        R::ForceRequeued,
        R::ForceTransferred,
        R::HandedOver,
    ])
}

pub(super) fn mute_reason() -> impl Strategy<Value = MuteReason> {
    use MuteReason as R;
    select(vec![R::SwiftAnswers, R::SameText, R::TooMany, R::HandedBack, R::Generated])
}

pub(super) fn transfer_outcome() -> impl Strategy<Value = TransferOutcome> {
    use TransferOutcome as O;
    select(vec![O::Declined, O::Unavailable, O::Withdrawn, O::Relieved])
}

pub(super) fn notice_kind() -> impl Strategy<Value = NoticeKind> {
    select(vec![NoticeKind::Closed, NoticeKind::Waiting])
}

pub(super) fn effort_kind() -> impl Strategy<Value = EffortKind> {
    select(EffortKind::ALL.to_vec())
}

pub(super) fn answer_outcome() -> impl Strategy<Value = AnswerOutcome> {
    use AnswerOutcome as O;
    select(vec![O::InTime, O::Late, O::Never])
}

pub(super) fn wake_cause() -> impl Strategy<Value = WakeCause> {
    use WakeCause as C;
    select(vec![C::Time, C::Message, C::Fact, C::Agent])
}

pub(super) fn step_cause() -> impl Strategy<Value = StepCause> {
    use StepCause as C;
    select(vec![C::Queued, C::Clock, C::NobodyThere, C::Reconfigured, C::Closed])
}

pub(super) fn overflow_cause() -> impl Strategy<Value = OverflowCause> {
    use OverflowCause as C;
    select(vec![C::Length, C::Wait, C::NoAgent, C::Estimate])
}

pub(super) fn session_end() -> impl Strategy<Value = SessionEnd> {
    use SessionEnd as E;
    select(vec![E::LoggedOut, E::Taken, E::GraceOver, E::SlowReader, E::Operator])
}

pub(super) fn presence() -> impl Strategy<Value = Presence> {
    select(vec![Presence::Ready, Presence::Away, Presence::Draining, Presence::Offline])
}

pub(super) fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        Just(Author::Customer),
        Just(Author::Participant),
        agent().prop_map(Author::Agent),
        agent().prop_map(Author::Bot),
        Just(Author::System),
        Just(Author::External),
    ]
}
