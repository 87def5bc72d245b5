//! Why bytes were refused. Reasons are few and fixed: they are metric labels and subjects of dead letters.

use super::convert::ContractError;

/// Bytes that give no events. What happens next is the same for all: a dead letter with the reason.
///
/// A message names places and limits, never what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Text that is not UTF-8.
    #[error("not utf-8 after byte {at}")]
    NotUtf8 {
        /// Bytes that were good.
        at: usize,
    },
    /// A NUL where text is expected.
    #[error("nul character in text")]
    Nul,
    /// Not the format that it is said to be.
    #[error("malformed {format} at line {line} column {column}")]
    Malformed {
        /// The format's name.
        format: &'static str,
        /// From 1; 0 when the format has no lines.
        line: usize,
        /// From 1; 0 when the format has no columns.
        column: usize,
    },
    /// Something without which there is no event.
    #[error("required field {field} is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// Nested deeper than the limit.
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// A key twice in one object: two readers could understand two things.
    #[error("duplicate key at {path}")]
    DuplicateKey {
        /// Where, bounded.
        path: String,
    },
    /// A field that the contract does not have.
    #[error("unknown field {path}")]
    UnknownField {
        /// Where, bounded.
        path: String,
    },
    /// More bytes than the format's limit.
    #[error("body of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// What came.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A name that is no format.
    #[error("unknown format {name}")]
    UnknownFormat {
        /// As sent, bounded.
        name: String,
    },
    /// A mail that is built to exhaust its reader.
    #[error("mail has more than {limit} {what}")]
    MimeLimit {
        /// What there is too much of.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// More things in one body than any provider sends: each would cost many times its bytes.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// An id that is too long or holds control characters.
    #[error("unusable id in {field}")]
    BadId {
        /// Its name.
        field: &'static str,
    },
    /// An event that breaks the channel contract.
    #[error("event breaks the channel contract: {what}")]
    Contract {
        /// How, in fixed words.
        what: &'static str,
    },
}

/// [`Refusal`] without its details. That an event names another of our addresses than the subject's endpoint is none of them: it is
/// found where the endpoint is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Text that is not UTF-8.
    NotUtf8,
    /// A NUL where text is expected.
    Nul,
    /// Not the format that it is said to be.
    Malformed,
    /// Nested deeper than the limit.
    TooDeep,
    /// A key twice in one object.
    DuplicateKey,
    /// A field that the contract does not have.
    UnknownField,
    /// More bytes than the format's limit.
    TooLarge,
    /// A name that is no format.
    UnknownFormat,
    /// A mail that is built to exhaust its reader.
    MimeLimit,
    /// An id that is too long or holds control characters.
    BadId,
}

impl Refusal {
    /// The reason without details.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NotUtf8 { .. } => Reason::NotUtf8,
            Self::Nul => Reason::Nul,
            Self::Malformed { .. } | Self::Missing { .. } | Self::Contract { .. } => Reason::Malformed,
            Self::TooDeep { .. } => Reason::TooDeep,
            Self::DuplicateKey { .. } => Reason::DuplicateKey,
            Self::UnknownField { .. } => Reason::UnknownField,
            Self::TooLarge { .. } | Self::TooMany { .. } => Reason::TooLarge,
            Self::UnknownFormat { .. } => Reason::UnknownFormat,
            Self::MimeLimit { .. } => Reason::MimeLimit,
            Self::BadId { .. } => Reason::BadId,
        }
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::NotUtf8,
        Self::Nul,
        Self::Malformed,
        Self::TooDeep,
        Self::DuplicateKey,
        Self::UnknownField,
        Self::TooLarge,
        Self::UnknownFormat,
        Self::MimeLimit,
        Self::BadId,
    ];

    /// Token for subjects of dead letters and metric labels: lower case and underscores.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::Nul => "nul",
            Self::Malformed => "malformed",
            Self::TooDeep => "too_deep",
            Self::DuplicateKey => "duplicate_key",
            Self::UnknownField => "unknown_field",
            Self::TooLarge => "too_large",
            Self::UnknownFormat => "unknown_format",
            Self::MimeLimit => "mime_limit",
            Self::BadId => "bad_id",
        }
    }
}

impl From<ContractError> for Refusal {
    fn from(error: ContractError) -> Self {
        Self::Contract {
            what: match error {
                ContractError::KindMissing => "kind is missing or unknown",
                ContractError::AddressKind => "kind of a sender's address is missing or unknown",
                ContractError::ReceiptStatus => "status of a receipt is missing or unknown",
                ContractError::Place => "coordinates of a location are no place on earth",
                ContractError::SmsPart => "number of an SMS part is over 65535",
            },
        }
    }
}

/// Names and paths of strangers go into refusals and counters only so long.
const MAX_NAME_BYTES: usize = 64;

/// A stranger's name, cut to a bound and without control characters.
pub(super) fn bounded(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().map(|c| if c.is_control() { '?' } else { c }) {
        if out.len() + c.len_utf8() > MAX_NAME_BYTES {
            break;
        }
        out.push(c);
    }
    out
}
