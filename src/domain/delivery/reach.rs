//! Where something may be sent (domain rules, section 3): one definition, for a send and for the list of what could be sent.
//!
//! Invariant: what [`may_send`] refuses nobody sends, and what `ReplyOptions` shows as allowed a send of the same is not refused for
//! where it goes.

use super::opt_out::is_refused;
use super::window::Window;
use crate::domain::channel::capabilities;
use crate::domain::customer::Leaf;
use crate::domain::event::{AddressKind, ErrorClass, Scope};
use crate::domain::id::{LeafId, Name, RootId};
use crate::domain::record::{Evidence, IdentityStatus, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::workspace::{EndpointConfig, Workspace};

/// What was asked from an address before it was SHARED is answered there for so many days.
const ASKED_BEFORE_SHARED_DAYS: u16 = 30;

/// The channel knows its people only by what they wrote to us.
pub(super) const UNHEARD: &str = "nobody has written to us from that address, which the channel wants";

/// Why this place: it decides how sure it must be whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// The last customer message of the Work came from there.
    Asked,
    /// The author names it instead.
    Named,
    /// We begin.
    Begun,
}

/// Something to be sent, as far as it decides where that may go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending<'a> {
    /// The customer whom it is for.
    pub(super) root: RootId,
    /// Of the matter.
    pub(super) brand: &'a Name,
    pub(super) purpose: Purpose,
    /// The provider has approved its words.
    pub(super) template: bool,
    pub(super) now: Timestamp,
}

/// Whether it may go to an identity by an endpoint.
///
/// # Errors
/// The first reason why not.
pub(super) fn may_send(
    space: &Workspace,
    sending: Sending<'_>,
    leaf: LeafId,
    endpoint: &EndpointConfig,
    because: Because,
) -> Result<(), Rejection> {
    let identity = answerable(space, leaf, sending.now).ok_or(Rejection::NoRecipient)?;
    if because != Because::Asked {
        named(space, sending, &identity, endpoint, because).map_err(Rejection::RecipientRefused)?;
    }
    if is_refused(space, leaf, sending.purpose, &endpoint.channel) {
        return Err(Rejection::CannotSend(ErrorClass::OptedOut));
    }
    if !sending.template && space.window(leaf, endpoint, sending.now) == Window::Closed {
        return Err(Rejection::CannotSend(ErrorClass::WindowClosed));
    }
    Ok(())
}

/// The identity, while what is said to it surely reaches whom it is meant for.
fn answerable(space: &Workspace, leaf: LeafId, now: Timestamp) -> Option<Leaf> {
    // What changed hands is somebody else's, whatever was written from it before, and what was silent for long may be.
    let answerable = space.is_answerable(leaf);
    let identity = space.leaves.get(leaf).filter(|leaf| answerable && !leaf.may_be_anothers(now));
    // What became SHARED since the question may as well have been handed over.
    identity.filter(|leaf| !leaf.ended || !leaf.was_heard_before(now, ASKED_BEFORE_SHARED_DAYS))
}

/// Why a place that nobody wrote from in this matter is none; in words.
fn named(
    space: &Workspace,
    sending: Sending<'_>,
    identity: &Leaf,
    endpoint: &EndpointConfig,
    because: Because,
) -> Result<(), &'static str> {
    if identity.root != sending.root {
        return Err("not an identity of this conversation");
    }
    if identity.shared || identity.ended {
        return Err("an address of several people");
    }
    // Who has nothing but this address is whoever reads it: nobody's history can be told to another.
    let is_all = || because == Because::Begun && space.leaves_of(identity.root).len() == 1;
    if identity.status == IdentityStatus::Provisional && !is_all() {
        return Err("an address that is only claimed");
    }
    let row = capabilities(&endpoint.channel);
    if because == Because::Begun && identity.is_unheard() && row.is_some_and(|row| !row.to_strangers) {
        return Err(UNHEARD);
    }
    if identity.kind == AddressKind::Web && identity.evidence != Evidence::Login {
        return Err("a browser that nobody is logged in at");
    }
    if *space.config().brand(endpoint) != *sending.brand {
        return Err("an endpoint of another brand");
    }
    if identity.scope != Scope::Direct {
        return Err("a wider scope than the question");
    }
    if !reaches_in(endpoint, identity.kind, space.names.get(identity.namespace_scope)) {
        return Err("the endpoint's channel does not reach that kind of address");
    }
    Ok(())
}

/// Whether an endpoint delivers to a kind of address, with the scope of its namespace.
pub(super) fn reaches_in(endpoint: &EndpointConfig, kind: AddressKind, scope: &str) -> bool {
    // An id that a page, account or portfolio knows somebody by is none at another.
    reaches(&endpoint.channel, kind) && (!kind.is_scoped() || endpoint.scope == scope)
}

/// Whether a channel delivers to a kind of address.
pub(crate) fn reaches(channel: &str, kind: AddressKind) -> bool {
    match kind {
        AddressKind::Phone => matches!(channel, "sms" | "whatsapp"),
        AddressKind::ShortCode => channel == "sms",
        AddressKind::Whatsapp => channel == "whatsapp",
        AddressKind::Email => channel == "email",
        AddressKind::Messenger => channel == "messenger",
        AddressKind::Instagram => channel == "instagram",
        AddressKind::Telegram => channel == "telegram",
        AddressKind::Line => channel == "line",
        AddressKind::Viber => channel == "viber",
        AddressKind::Web => matches!(channel, "chat" | "web"),
        AddressKind::Crm | AddressKind::Login | AddressKind::Staff => false,
    }
}
