//! The one place where `skein.channel.v1` types and domain types meet: content and inbound events, both ways.
//!
//! Towards proto a conversion cannot fail. From proto, content cannot fail either: a part that this build does not know becomes
//! an unsupported part, so that nothing said disappears. An event can lack what makes it an event; that is a [`ContractError`].

mod content;
mod event;
#[cfg(test)]
mod tests;

pub(crate) use content::{
    attachment_from_proto, attachment_into_proto, content_from_proto, content_into_proto, content_to_proto,
    mailbox_into_proto,
};
pub(crate) use event::{ContractError, address_kind, error_class, event_from_proto, event_to_proto, receipt_status};
