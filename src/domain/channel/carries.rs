//! Whether a channel carries a message of ours, and if not, why: in words for the person who wrote it.

use super::capability::{Capabilities, TextLimit};
use super::table::capabilities;
use crate::domain::content::{Attachment, Content, Part};
use crate::domain::id::Name;

/// What a channel does not carry. It quotes nothing of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncarried {
    /// The text is longer than a message may be, alone or beside an attachment.
    #[error("a text of {length} {unit}, at most {max}")]
    TextTooLong {
        /// Its length.
        length: usize,
        /// What was counted.
        unit: &'static str,
        /// The limit; 0: no text can stand here.
        max: usize,
    },
    /// There is no such thing on the channel.
    #[error("{0}")]
    Kind(&'static str),
    /// More of a thing than a message may hold.
    #[error("{count} {what}, at most {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// A title, payload or description is longer than the channel shows.
    #[error("{what} of {length}, at most {max}")]
    TooLong {
        /// Which, with what was counted.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// An attachment of a media type that the channel does not take.
    #[error("an attachment of the type {0}")]
    MediaType(Name),
    /// An attachment that is too large for its type.
    #[error("an attachment of {bytes} bytes, at most {max}")]
    MediaSize {
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
}

/// Whether `channel` carries the content. A channel of somebody's own carries all: its adapter reports what it cannot send.
///
/// # Errors
/// The first thing that it does not carry.
pub fn carries(channel: &str, content: &Content) -> Result<(), Uncarried> {
    capabilities(channel).map_or(Ok(()), |of| of.carry(content))
}

impl Capabilities {
    fn carry(&self, content: &Content) -> Result<(), Uncarried> {
        let attachments = content.attachments().count();
        at_most("attachments", attachments, self.attachments_max)?;
        text(if attachments == 0 { self.text } else { self.caption }, &content.text)?;
        content.parts.iter().try_for_each(|part| self.carry_part(part))
    }

    fn carry_part(&self, part: &Part) -> Result<(), Uncarried> {
        let only_if = |can: bool, what| if can { Ok(()) } else { Err(Uncarried::Kind(what)) };
        match part {
            Part::Attachment(attachment) => self.carry_attachment(attachment),
            Part::Location(_) => only_if(self.location, "a place on earth"),
            Part::ContactCard(_) => only_if(self.contact_card, "a contact card"),
            Part::Template(_) => only_if(self.templates, "a template"),
            Part::Mail(_) => only_if(self.mail, "the head of a mail"),
            Part::Buttons(buttons) => {
                let limit = self.buttons.ok_or(Uncarried::Kind("buttons"))?;
                at_most("buttons", buttons.len(), limit.max)?;
                buttons.iter().try_for_each(|button| {
                    short("a button's title in characters", button.title.chars().count(), limit.title_max)?;
                    short("a button's payload in bytes", button.payload.len(), limit.payload_max)
                })
            }
            Part::List(list) => {
                let limit = self.list.ok_or(Uncarried::Kind("a list"))?;
                at_most("rows of a list", list.rows.len(), limit.max)?;
                short("a list's caption in characters", list.button.chars().count(), limit.button_max)?;
                list.rows.iter().try_for_each(|row| {
                    let description = row.description.as_deref().unwrap_or_default();
                    short("a row's title in characters", row.title.chars().count(), limit.title_max)?;
                    short("a row's description in characters", description.chars().count(), limit.description_max)
                })
            }
            Part::ButtonReply(_) | Part::ListReply(_) | Part::FlowReply(_) => {
                Err(Uncarried::Kind("a customer's choice"))
            }
            Part::Order(_) => Err(Uncarried::Kind("an order")),
            Part::Unsupported(_) => Err(Uncarried::Kind("content that did not come through")),
            Part::Referral(_) => Err(Uncarried::Kind("a referral")),
        }
    }

    fn carry_attachment(&self, attachment: &Attachment) -> Result<(), Uncarried> {
        let largest = match attachment.media_type.as_deref() {
            // The first sort that takes it decides: the sorts stand from narrow to wide.
            Some(media_type) => match self.media.iter().find(|sort| sort.takes(media_type)) {
                Some(sort) => sort.max_bytes,
                None => return Err(Uncarried::MediaType(Name::new(media_type))),
            },
            None => self.media.iter().map(|sort| sort.max_bytes).max().unwrap_or(0),
        };
        match attachment.bytes {
            Some(bytes) if bytes > largest => Err(Uncarried::MediaSize { bytes, max: largest }),
            _ => Ok(()),
        }
    }
}

fn text(limit: TextLimit, text: &str) -> Result<(), Uncarried> {
    // No unit is smaller than a byte: what fits in bytes needs no count.
    let length = if text.len() <= limit.max && text.is_ascii() { 0 } else { limit.unit.measure(text) };
    if length > limit.max {
        return Err(Uncarried::TextTooLong { length, unit: limit.unit.name(), max: limit.max });
    }
    Ok(())
}

fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), Uncarried> {
    if count > max { Err(Uncarried::TooMany { what, count, max }) } else { Ok(()) }
}

fn short(what: &'static str, length: usize, max: usize) -> Result<(), Uncarried> {
    if length > max { Err(Uncarried::TooLong { what, length, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::content::{Button, List, ListReply, Location, Mail, Template};

    fn parts(parts: Vec<Part>) -> Content {
        Content { text: String::new(), parts }
    }

    fn buttons(count: usize, title: &str) -> Content {
        parts(vec![Part::Buttons(vec![Button { payload: "p".to_owned(), title: title.to_owned() }; count])])
    }

    fn file(media_type: &str, bytes: u64) -> Part {
        Part::Attachment(Attachment {
            media_type: Some(media_type.to_owned()),
            bytes: Some(bytes),
            ..Attachment::default()
        })
    }

    #[test]
    fn what_a_channel_takes_is_carried_up_to_its_limits() {
        let list = List { button: "Choose".to_owned(), rows: vec![ListReply::default(); 10] };
        for (channel, content) in [
            ("whatsapp", Content::text("я".repeat(4_096))),
            ("instagram", Content::text("я".repeat(500))),
            ("line", Content::text("😀".repeat(2_500))),
            ("sms", Content::text("a".repeat(1_530))),
            ("whatsapp", buttons(3, &"я".repeat(20))),
            ("whatsapp", parts(vec![Part::List(list)])),
            ("whatsapp", parts(vec![Part::Template(Template::default())])),
            ("whatsapp", parts(vec![file("audio/ogg; codecs=opus", 16 << 20)])),
            ("telegram", parts(vec![Part::Location(Location::default())])),
            ("email", parts(vec![Part::Mail(Box::default()), file("application/zip", 1)])),
            ("pager", buttons(1_000, "a channel of somebody's own")),
        ] {
            assert_eq!(carries(channel, &content), Ok(()), "{channel}");
        }
    }

    #[test]
    fn what_it_does_not_take_is_named_with_the_limit() {
        let captioned = Content { text: "look".to_owned(), parts: vec![file("image/png", 1)] };
        for (channel, content, why) in [
            ("whatsapp", Content::text("я".repeat(4_097)), "a text of 4097 characters, at most 4096"),
            ("instagram", Content::text("я".repeat(501)), "a text of 1002 bytes, at most 1000"),
            ("line", Content::text("😀".repeat(2_501)), "a text of 5002 UTF-16 units, at most 5000"),
            ("sms", Content::text("a".repeat(1_531)), "a text of 11 SMS segments, at most 10"),
            ("sms", Content::text("я".repeat(671)), "a text of 11 SMS segments, at most 10"),
            ("messenger", captioned, "a text of 4 characters, at most 0"),
            ("sms", buttons(1, "Yes"), "buttons"),
            ("whatsapp", buttons(4, "Yes"), "4 buttons, at most 3"),
            ("whatsapp", buttons(1, &"x".repeat(21)), "a button's title in characters of 21, at most 20"),
            ("telegram", parts(vec![Part::List(List::default())]), "a list"),
            ("telegram", parts(vec![Part::Template(Template::default())]), "a template"),
            ("sms", parts(vec![Part::Mail(Box::<Mail>::default())]), "the head of a mail"),
            ("whatsapp", parts(vec![file("image/tiff", 1)]), "an attachment of the type image/tiff"),
            ("whatsapp", parts(vec![file("image/png", 6 << 20)]), "an attachment of 6291456 bytes, at most 5242880"),
            ("viber", parts(vec![file("image/png", 1), file("image/png", 1)]), "2 attachments, at most 1"),
        ] {
            let found = carries(channel, &content).map_err(|error| error.to_string());
            assert_eq!(found, Err(why.to_owned()), "{channel}");
        }
    }
}
