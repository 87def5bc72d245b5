//! The shape of a row of the table.

use serde::Serialize;

use crate::domain::event::ReceiptStatus;

/// What a provider counts of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode scalar values.
    Characters,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
    /// SMS segments: see [`super::segments`].
    SmsSegments,
}

impl TextUnit {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Utf16 => "UTF-16 units",
            Self::Bytes => "bytes",
            Self::SmsSegments => "SMS segments",
        }
    }

    /// Length of a text in this unit.
    #[must_use]
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Characters => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
            Self::SmsSegments => super::segments(text).count,
        }
    }
}

/// Longest text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TextLimit {
    /// So many.
    pub max: usize,
    /// Of these.
    pub unit: TextUnit,
}

/// Buttons offered with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Choices {
    /// Buttons in one message.
    pub max: usize,
    /// Characters of a title.
    pub title_max: usize,
    /// Bytes of a payload.
    pub payload_max: usize,
}

/// Rows of a list offered with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows in one message.
    pub max: usize,
    /// Characters of the control that opens the list.
    pub button_max: usize,
    /// Characters of a row's title.
    pub title_max: usize,
    /// Characters of a row's description.
    pub description_max: usize,
}

/// A sort of attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Media {
    /// Media types: whole ones, `image/` for all that begin so, `*` for any.
    pub types: &'static [&'static str],
    /// Bytes of one.
    pub max_bytes: u64,
}

impl Media {
    /// Whether the media type is of this sort.
    #[must_use]
    pub fn takes(&self, media_type: &str) -> bool {
        // Parameters (`; codecs=opus`) name no other type.
        let plain = media_type.split(';').next().unwrap_or_default().trim();
        self.types.iter().any(|&of| of == "*" || of == plain || (of.ends_with('/') && plain.starts_with(of)))
    }
}

/// What a channel carries of a message of ours, and what it tells about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Token of subjects.
    pub channel: &'static str,
    /// Longest text of a message.
    pub text: TextLimit,
    /// Longest text beside an attachment; 0: an attachment stands alone.
    pub caption: TextLimit,
    /// Buttons, where there are any.
    pub buttons: Option<Choices>,
    /// Lists, where there are any.
    pub list: Option<Rows>,
    /// Whether there are templates, which may be sent outside the reply window.
    pub templates: bool,
    /// So long after the customer's last message an answer may be sent, in hours; none: always.
    pub reply_window_h: Option<u32>,
    /// Whether somebody can be written to who has never written to us: the address means something outside the channel.
    pub to_strangers: bool,
    /// Whether what a message of ours says can be changed afterwards.
    pub edit: bool,
    /// Whether a message of ours can be taken back afterwards.
    pub retract: bool,
    /// Statuses that its receipts report. An adapter always reports `SENT`, `FAILED`, `UNKNOWN` and `EXPIRED` itself.
    pub receipts: &'static [ReceiptStatus],
    /// Whether its receipts may name a time instead of a message: all that we sent up to then was delivered, or read.
    pub receipts_through: bool,
    /// Attachments of one message.
    pub attachments_max: usize,
    /// What may be attached.
    pub media: &'static [Media],
    /// Whether places on earth can be sent.
    pub location: bool,
    /// Whether contact cards can be sent.
    pub contact_card: bool,
    /// Whether a message can quote another.
    pub quote: bool,
    /// Whether reactions can be sent.
    pub reaction: bool,
    /// Whether a message has the head of a mail: subject, recipients, copies, HTML.
    pub mail: bool,
}
