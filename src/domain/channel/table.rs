//! The table: one row for each channel that skein knows.
//!
//! Sources are the providers' own references: WhatsApp Cloud API (messages, media), Messenger and Instagram platform (send API),
//! Telegram Bot API, LINE Messaging API, Viber REST Bot API, 3GPP TS 23.038 and 23.040 for SMS, RFC 5322 and what mail servers
//! usually take. A row states what a message of ours may hold; how an adapter sends it is the adapter's affair.
//!
//! Windows: WhatsApp's customer service window, and the standard messaging window of Messenger and Instagram, are 24 hours from the
//! person's last message (Meta, "Send messages", "Messaging windows"). LINE pushes to whoever added the account, Telegram's bots to
//! whoever started them, Viber's to whoever subscribed, at any time: but to nobody who has not, so they reach no strangers.
//! Telegram has `editMessageText` and `deleteMessage`; the APIs of the others change and take back nothing that was sent.

use super::capability::{Capabilities, Choices, Media, Rows, TextLimit, TextUnit};
use crate::domain::event::ReceiptStatus::{self, Delivered, Failed, Queued, Read, Sent};

const MIB: u64 = 1 << 20;
/// Longest text of any message, bytes: the limit of a send.
const OWN_TEXT: TextLimit = TextLimit { max: 64 << 10, unit: TextUnit::Bytes };
const ALL_RECEIPTS: &[ReceiptStatus] = &[Sent, Delivered, Read, Failed];
const ANYTHING_100_MIB: &[Media] = &[Media { types: &["*"], max_bytes: 100 * MIB }];

const fn characters(max: usize) -> TextLimit {
    TextLimit { max, unit: TextUnit::Characters }
}

/// Quick replies of the Messenger platform.
const QUICK_REPLIES: Choices = Choices { max: 13, title_max: 20, payload_max: 1_000 };

/// Every channel that skein knows, by name.
pub const CHANNELS: &[Capabilities] = &[
    own_site("chat"),
    Capabilities {
        channel: "email",
        text: OWN_TEXT,
        caption: OWN_TEXT,
        buttons: None,
        list: None,
        templates: false,
        reply_window_h: None,
        to_strangers: true,
        edit: false,
        retract: false,
        receipts: &[Sent, Failed],
        receipts_through: false,
        attachments_max: 64,
        media: &[Media { types: &["*"], max_bytes: 25 * MIB }],
        location: false,
        contact_card: false,
        quote: true,
        reaction: false,
        mail: true,
    },
    Capabilities {
        channel: "instagram",
        text: TextLimit { max: 1_000, unit: TextUnit::Bytes },
        caption: characters(0),
        buttons: Some(QUICK_REPLIES),
        list: None,
        templates: false,
        reply_window_h: Some(24),
        to_strangers: false,
        edit: false,
        retract: false,
        receipts: &[Sent, Read, Failed],
        receipts_through: true,
        attachments_max: 1,
        media: &[
            Media { types: &["image/png", "image/jpeg"], max_bytes: 8 * MIB },
            Media { types: &["audio/", "video/", "application/pdf"], max_bytes: 25 * MIB },
        ],
        location: false,
        contact_card: false,
        quote: false,
        reaction: true,
        mail: false,
    },
    Capabilities {
        channel: "line",
        text: TextLimit { max: 5_000, unit: TextUnit::Utf16 },
        caption: TextLimit { max: 5_000, unit: TextUnit::Utf16 },
        buttons: Some(Choices { max: 13, title_max: 20, payload_max: 300 }),
        list: None,
        templates: false,
        reply_window_h: None,
        to_strangers: false,
        edit: false,
        retract: false,
        receipts: &[Sent, Failed],
        receipts_through: false,
        // a request takes five messages, one of them the text
        attachments_max: 4,
        media: &[
            Media { types: &["image/png", "image/jpeg"], max_bytes: 10 * MIB },
            Media { types: &["audio/", "video/mp4"], max_bytes: 200 * MIB },
        ],
        location: true,
        contact_card: false,
        quote: true,
        reaction: false,
        mail: false,
    },
    Capabilities {
        channel: "messenger",
        text: characters(2_000),
        caption: characters(0),
        buttons: Some(QUICK_REPLIES),
        list: None,
        templates: false,
        reply_window_h: Some(24),
        to_strangers: false,
        edit: false,
        retract: false,
        receipts: ALL_RECEIPTS,
        receipts_through: true,
        attachments_max: 1,
        media: &[Media { types: &["*"], max_bytes: 25 * MIB }],
        location: false,
        contact_card: false,
        quote: true,
        reaction: true,
        mail: false,
    },
    Capabilities {
        channel: "sms",
        // longer ones are torn apart or dropped on their way by some networks
        text: TextLimit { max: 10, unit: TextUnit::SmsSegments },
        caption: characters(1_600),
        buttons: None,
        list: None,
        templates: false,
        reply_window_h: None,
        to_strangers: true,
        edit: false,
        retract: false,
        receipts: &[Queued, Sent, Delivered, Failed],
        receipts_through: false,
        attachments_max: 10,
        media: &[Media { types: &["image/", "audio/", "video/", "text/vcard", "application/pdf"], max_bytes: 5 * MIB }],
        location: false,
        contact_card: false,
        quote: false,
        reaction: false,
        mail: false,
    },
    Capabilities {
        channel: "telegram",
        text: characters(4_096),
        caption: characters(1_024),
        buttons: Some(Choices { max: 100, title_max: 64, payload_max: 64 }),
        list: None,
        templates: false,
        reply_window_h: None,
        to_strangers: false,
        edit: true,
        retract: true,
        receipts: &[Sent, Failed],
        receipts_through: false,
        attachments_max: 10,
        media: &[Media { types: &["*"], max_bytes: 50 * MIB }],
        location: true,
        contact_card: true,
        quote: true,
        reaction: true,
        mail: false,
    },
    Capabilities {
        channel: "viber",
        text: characters(7_000),
        caption: characters(768),
        buttons: Some(Choices { max: 24, title_max: 250, payload_max: 250 }),
        list: None,
        templates: false,
        reply_window_h: None,
        to_strangers: false,
        edit: false,
        retract: false,
        receipts: ALL_RECEIPTS,
        receipts_through: false,
        attachments_max: 1,
        media: &[
            Media { types: &["image/jpeg", "image/png"], max_bytes: MIB },
            Media { types: &["video/mp4"], max_bytes: 26 * MIB },
            Media { types: &["*"], max_bytes: 50 * MIB },
        ],
        location: true,
        contact_card: true,
        quote: false,
        reaction: false,
        mail: false,
    },
    own_site("web"),
    Capabilities {
        channel: "whatsapp",
        text: characters(4_096),
        caption: characters(1_024),
        buttons: Some(Choices { max: 3, title_max: 20, payload_max: 256 }),
        list: Some(Rows { max: 10, button_max: 20, title_max: 24, description_max: 72 }),
        templates: true,
        reply_window_h: Some(24),
        to_strangers: true,
        edit: false,
        retract: false,
        receipts: ALL_RECEIPTS,
        receipts_through: false,
        attachments_max: 1,
        media: &[
            Media { types: &["image/jpeg", "image/png"], max_bytes: 5 * MIB },
            Media { types: &["image/webp"], max_bytes: 512 << 10 },
            Media { types: &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"], max_bytes: 16 * MIB },
            Media { types: &["video/mp4", "video/3gpp"], max_bytes: 16 * MIB },
            Media { types: &["application/", "text/"], max_bytes: 100 * MIB },
        ],
        location: true,
        contact_card: true,
        quote: true,
        reaction: true,
        mail: false,
    },
];

/// The chat on a company's own pages: what its pages show is the company's affair.
const fn own_site(channel: &'static str) -> Capabilities {
    Capabilities {
        channel,
        text: OWN_TEXT,
        caption: OWN_TEXT,
        buttons: Some(Choices { max: 64, title_max: 100, payload_max: 1_000 }),
        list: Some(Rows { max: 64, button_max: 100, title_max: 100, description_max: 250 }),
        templates: false,
        reply_window_h: None,
        to_strangers: false,
        edit: true,
        retract: true,
        receipts: ALL_RECEIPTS,
        receipts_through: true,
        attachments_max: 64,
        media: ANYTHING_100_MIB,
        location: true,
        contact_card: true,
        quote: true,
        reaction: true,
        mail: false,
    }
}

/// What a channel carries; none for a channel of somebody's own, of which nothing is known.
#[must_use]
pub fn capabilities(channel: &str) -> Option<&'static Capabilities> {
    CHANNELS.iter().find(|known| known.channel == channel)
}

/// How long after a customer's last message a channel takes our words, milliseconds; none: always.
pub(crate) fn reply_window_ms(channel: &str) -> Option<i64> {
    let hours = capabilities(channel)?.reply_window_h?;
    Some(i64::from(hours) * 3_600_000)
}

/// Whether receipts of a channel may name a time instead of a message. Of a channel of somebody's own nothing is known: they may.
pub(crate) fn reports_through(channel: &str) -> bool {
    capabilities(channel).is_none_or(|row| row.receipts_through)
}

/// Whether a provider's code of a failure says that its recipient refuses marketing messages, and only those: of WhatsApp, and of
/// Twilio for it.
#[must_use]
pub fn refuses_marketing_only(code: &str) -> bool {
    matches!(code, "131050" | "63050")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_names_each_channel_once_and_takes_some_attachment_wherever_it_takes_any() {
        assert!(CHANNELS.windows(2).all(|pair| pair[0].channel < pair[1].channel));
        for row in CHANNELS {
            assert_eq!(row.attachments_max == 0, row.media.is_empty(), "{}", row.channel);
            assert!(row.receipts.contains(&Sent) && row.receipts.contains(&Failed), "{}", row.channel);
        }
    }
}
