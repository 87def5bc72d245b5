//! Names of the formats that an adapter may put into the header `Skein-Format`.

use std::fmt;
use std::str::FromStr;

use super::refusal::{Refusal, bounded};

/// What the bytes of a message are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `skein.channel.v1.InboundEvent` as canonical proto JSON. Without a header this is meant.
    #[default]
    SkeinJson,
    /// `skein.channel.v1.InboundEvent` as protobuf.
    SkeinProtobuf,
    /// Webhook of the WhatsApp Cloud API.
    WhatsappCloud,
    /// Webhook of Twilio's messaging: SMS, MMS, WhatsApp, status callbacks.
    Twilio,
    /// A mail as received, RFC 5322.
    Email,
    /// Webhook of the Messenger Platform of a page.
    Messenger,
    /// Webhook of Instagram messaging and comments.
    Instagram,
    /// Update of the Telegram Bot API.
    Telegram,
    /// Webhook of the LINE Messaging API.
    Line,
    /// Callback of the Viber bot API.
    Viber,
    /// Webhook of Vonage: SMS API and Messages API.
    Vonage,
}

impl Format {
    /// Every format, in the order of their names' first mention in the contract.
    pub const ALL: [Self; 11] = [
        Self::SkeinJson,
        Self::SkeinProtobuf,
        Self::WhatsappCloud,
        Self::Twilio,
        Self::Email,
        Self::Messenger,
        Self::Instagram,
        Self::Telegram,
        Self::Line,
        Self::Viber,
        Self::Vonage,
    ];

    /// The name in the header; also good as a metric label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkeinJson => "skein.v1+json",
            Self::SkeinProtobuf => "skein.v1+protobuf",
            Self::WhatsappCloud => "whatsapp-cloud",
            Self::Twilio => "twilio",
            Self::Email => "email",
            Self::Messenger => "messenger",
            Self::Instagram => "instagram",
            Self::Telegram => "telegram",
            Self::Line => "line",
            Self::Viber => "viber",
            Self::Vonage => "vonage",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Refusal;

    fn from_str(name: &str) -> Result<Self, Refusal> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| Refusal::UnknownFormat { name: bounded(name) })
    }
}
