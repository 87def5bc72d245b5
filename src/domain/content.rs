//! What a message says: its text and the parts beside it, as a provider or an agent sent them.
//!
//! Everything here is personal content: it lives in the sealed field of a record and never decides how a record folds.

use serde::{Deserialize, Serialize};

/// Text and parts of one message. A plain text message has no parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Plain text, UTF-8, line ends as `\n`. Empty when the message consists of parts only.
    pub text: String,
    /// Everything beside the text, in the sender's order.
    pub parts: Vec<Part>,
}

impl Content {
    /// A message of plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), parts: Vec::new() }
    }

    /// The attachments among the parts (a location counts as none).
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.parts.iter().filter_map(|part| match part {
            Part::Attachment(attachment) => Some(attachment),
            _ => None,
        })
    }

    /// Names of the objects that hold bytes of it.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.attachments().filter_map(|attachment| attachment.object.as_deref())
    }
}

/// One thing beside the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// A file, image, voice note, sticker: by reference.
    Attachment(Attachment),
    /// A place on earth.
    Location(Location),
    /// A contact card.
    ContactCard(ContactCard),
    /// The customer pressed a button that we or a template offered.
    ButtonReply(ButtonReply),
    /// The customer chose a row of a list.
    ListReply(ListReply),
    /// Answers of a form (WhatsApp Flow and the like).
    FlowReply(FlowReply),
    /// An order of products.
    Order(Order),
    /// Buttons that we offer (outbound).
    Buttons(Vec<Button>),
    /// A list that we offer (outbound).
    List(List),
    /// A provider template with its parameters (outbound).
    Template(Template),
    /// Head of a mail.
    Mail(Box<Mail>),
    /// Why the provider could not deliver the content itself, or a kind we do not know.
    Unsupported(Unsupported),
    /// The message answers an advertisement or a referral.
    Referral(Box<Referral>),
}

/// Where the bytes of an attachment are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachmentState {
    /// Announced by the provider, not fetched yet.
    #[default]
    Pending,
    /// In the object store under `object`.
    Stored,
    /// Could not be fetched.
    Failed,
}

/// What an attachment is to the reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachmentKind {
    /// Any file.
    #[default]
    File,
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// A voice note recorded in the channel.
    Voice,
    /// A moving picture.
    Video,
    /// A sticker.
    Sticker,
    /// A picture shown inside the text of a mail.
    Inline,
}

/// A file by reference: never bytes, never a provider's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is to the reader.
    pub kind: AttachmentKind,
    /// Where its bytes are.
    pub state: AttachmentState,
    /// Name in `SKEIN_MEDIA_<workspace>`, when stored.
    pub object: Option<String>,
    /// The provider's id of the media, when it has one.
    pub provider_id: Option<String>,
    /// File name as sent; shown safely, never used as a path.
    pub name: Option<String>,
    /// Media type, `type/subtype`, lower case.
    pub media_type: Option<String>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: Option<String>,
    /// Content-ID of a mail part, without angle brackets.
    pub content_id: Option<String>,
}

/// A place on earth (WGS 84, degrees).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Name of the place.
    pub name: Option<String>,
    /// Postal address of the place.
    pub address: Option<String>,
}

/// Whether there is such a place. Numbers that are none lie nowhere.
#[must_use]
pub fn is_on_earth(latitude: f64, longitude: f64) -> bool {
    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)
}

/// A contact card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactCard {
    /// Name as shown.
    pub name: String,
    /// Phone numbers as written.
    pub phones: Vec<String>,
    /// E-mail addresses as written.
    pub emails: Vec<String>,
    /// Organisation.
    pub organization: Option<String>,
}

/// A pressed button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonReply {
    /// Payload that the button carried.
    pub payload: String,
    /// Title that the customer saw.
    pub title: String,
}

/// A chosen row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReply {
    /// Id of the row.
    pub id: String,
    /// Title that the customer saw.
    pub title: String,
    /// Description below the title.
    pub description: Option<String>,
}

/// Answers of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowReply {
    /// Name of the form.
    pub name: String,
    /// Text shown for the answer.
    pub body: String,
    /// The answers: JSON as the provider sent it.
    pub response_json: String,
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Catalogue of the products.
    pub catalog_id: String,
    /// Ordered items.
    pub items: Vec<OrderItem>,
}

/// An item of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    /// The retailer's id of the product.
    pub product_id: String,
    /// How many.
    pub quantity: u32,
    /// Price of one as a decimal number in text.
    pub price: String,
    /// ISO 4217 code.
    pub currency: String,
}

/// A button that we offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// Comes back in `ButtonReply::payload`.
    pub payload: String,
    /// What the customer sees.
    pub title: String,
}

/// A list that we offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Caption of the control that opens the list.
    pub button: String,
    /// Its rows.
    pub rows: Vec<ListReply>,
}

/// A provider template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Name at the provider.
    pub name: String,
    /// BCP 47 language tag.
    pub language: String,
    /// Values in the order of the template's places.
    pub parameters: Vec<String>,
}

/// Head of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Subject, decoded.
    pub subject: String,
    /// `From`, first the one taken as the sender.
    pub from: Vec<Mailbox>,
    /// `To`.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// `Bcc` (outbound).
    pub bcc: Vec<Mailbox>,
    /// `Reply-To`.
    pub reply_to: Vec<Mailbox>,
    /// `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// `In-Reply-To` without angle brackets.
    pub in_reply_to: Vec<String>,
    /// `References`, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// The HTML body as sent, kept for the agent's view; sanitised when shown.
    pub html: Option<String>,
    /// Quotation and signature that were split from the text.
    pub quoted: Option<String>,
    /// RFC 3834 and the like: not written by a person.
    pub auto_submitted: bool,
    /// Which kind of program wrote it, where that is known.
    pub class: MailClass,
}

/// Who wrote a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MailClass {
    /// A person, or nothing is known.
    #[default]
    Person,
    /// A program, on somebody's behalf: a form that was filled in, an order, an alarm. People see it; it gets no automatic answer
    /// and opens nothing again.
    Generated,
    /// A program answered: an absence notice, an acknowledgement.
    Reply,
    /// A mailing list or mass mail.
    List,
    /// It goes round between servers.
    Loop,
}

/// A mail address with the name beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Display name, decoded.
    pub name: Option<String>,
    /// `local@domain` as written.
    pub address: String,
}

/// Content that did not come through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    /// The provider's name of the kind.
    pub kind: String,
    /// The provider's error code.
    pub code: Option<String>,
    /// The provider's reason.
    pub reason: Option<String>,
}

/// What brought the customer here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// The provider's kind of source: ad, post, link.
    pub source: String,
    /// The provider's id of the source.
    pub source_id: Option<String>,
    /// Free reference that the link carried.
    pub reference: Option<String>,
    /// Headline of the advertisement.
    pub headline: Option<String>,
    /// Text of the advertisement.
    pub body: Option<String>,
    /// The provider's click id.
    pub click_id: Option<String>,
}
