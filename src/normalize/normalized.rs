//! What goes into a format, and what comes out.

use crate::domain::event::InboundEvent;

/// What an adapter published.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The bytes.
    pub body: &'a [u8],
    /// Query string of the provider's request, from the header `Skein-Query`, without `?`.
    pub query: Option<&'a str>,
    /// Channel token of the subject. Empty: not known.
    pub channel: &'a str,
    /// Mail: names of our hosts whose word on a sender is believed, lower case.
    pub authserv_ids: &'a [String],
}

impl<'a> Request<'a> {
    /// A request that is its bytes only.
    #[must_use]
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, ..Self::default() }
    }
}

/// What the bytes became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normalized {
    /// What happened, in the provider's order. Never [`Ignored`](crate::domain::event::EventKind::Ignored).
    pub events: Vec<InboundEvent>,
    /// Bytes that the events refer to. They must be in the object store before the events are recorded.
    pub media: Vec<Media>,
    /// Names of what is nobody's, at most 64 bytes each, to be counted.
    pub ignored: Vec<String>,
}

/// Bytes of an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Name in the object store, as in [`Attachment::object`](crate::domain::content::Attachment::object): the digest, so that
    /// doing it again stores nothing twice.
    pub name: String,
    /// The bytes, decoded.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// `type/subtype`, lower case, as claimed.
    pub media_type: String,
}
