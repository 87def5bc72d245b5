//! Content both ways. By value: a plain text costs the move of one string.

use crate::domain::content as d;
use crate::proto::channel as p;
use crate::proto::channel::part::Part as Kind;

/// A copy of the content for a peer.
pub(crate) fn content_to_proto(content: &d::Content) -> p::Content {
    content_into_proto(content.clone())
}

pub(crate) fn content_into_proto(content: d::Content) -> p::Content {
    p::Content { text: content.text, parts: content.parts.into_iter().map(part_into_proto).collect() }
}

pub(crate) fn content_from_proto(content: p::Content) -> d::Content {
    d::Content { text: content.text, parts: content.parts.into_iter().map(part_from_proto).collect() }
}

fn part_into_proto(part: d::Part) -> p::Part {
    let kind = match part {
        d::Part::Attachment(attachment) => Kind::Attachment(attachment_into_proto(attachment)),
        d::Part::Location(l) => Kind::Location(p::Location {
            latitude: l.latitude,
            longitude: l.longitude,
            name: l.name,
            address: l.address,
        }),
        d::Part::ContactCard(c) => Kind::ContactCard(p::ContactCard {
            name: c.name,
            phones: c.phones,
            emails: c.emails,
            organization: c.organization,
        }),
        d::Part::ButtonReply(b) => Kind::ButtonReply(p::ButtonReply { payload: b.payload, title: b.title }),
        d::Part::ListReply(row) => Kind::ListReply(row_into_proto(row)),
        d::Part::FlowReply(f) => {
            Kind::FlowReply(p::FlowReply { name: f.name, body: f.body, response_json: f.response_json })
        }
        d::Part::Order(o) => Kind::Order(p::Order {
            catalog_id: o.catalog_id,
            items: o.items.into_iter().map(item_into_proto).collect(),
        }),
        d::Part::Buttons(buttons) => Kind::Buttons(p::ButtonSet {
            buttons: buttons.into_iter().map(|b| p::Button { payload: b.payload, title: b.title }).collect(),
        }),
        d::Part::List(l) => {
            Kind::List(p::List { button: l.button, rows: l.rows.into_iter().map(row_into_proto).collect() })
        }
        d::Part::Template(t) => {
            Kind::Template(p::Template { name: t.name, language: t.language, parameters: t.parameters })
        }
        d::Part::Mail(mail) => Kind::Mail(mail_into_proto(*mail)),
        d::Part::Unsupported(u) => Kind::Unsupported(p::Unsupported { kind: u.kind, code: u.code, reason: u.reason }),
        d::Part::Referral(referral) => Kind::Referral(referral_into_proto(*referral)),
    };
    p::Part { part: Some(kind) }
}

fn part_from_proto(part: p::Part) -> d::Part {
    match part.part {
        Some(Kind::Attachment(attachment)) => d::Part::Attachment(attachment_from_proto(attachment)),
        Some(Kind::Location(l)) => d::Part::Location(d::Location {
            latitude: l.latitude,
            longitude: l.longitude,
            name: l.name,
            address: l.address,
        }),
        Some(Kind::ContactCard(c)) => d::Part::ContactCard(d::ContactCard {
            name: c.name,
            phones: c.phones,
            emails: c.emails,
            organization: c.organization,
        }),
        Some(Kind::ButtonReply(b)) => d::Part::ButtonReply(d::ButtonReply { payload: b.payload, title: b.title }),
        Some(Kind::ListReply(row)) => d::Part::ListReply(row_from_proto(row)),
        Some(Kind::FlowReply(f)) => {
            d::Part::FlowReply(d::FlowReply { name: f.name, body: f.body, response_json: f.response_json })
        }
        Some(Kind::Order(o)) => d::Part::Order(d::Order {
            catalog_id: o.catalog_id,
            items: o.items.into_iter().map(item_from_proto).collect(),
        }),
        Some(Kind::Buttons(set)) => d::Part::Buttons(
            set.buttons.into_iter().map(|b| d::Button { payload: b.payload, title: b.title }).collect(),
        ),
        Some(Kind::List(l)) => {
            d::Part::List(d::List { button: l.button, rows: l.rows.into_iter().map(row_from_proto).collect() })
        }
        Some(Kind::Template(t)) => {
            d::Part::Template(d::Template { name: t.name, language: t.language, parameters: t.parameters })
        }
        Some(Kind::Mail(mail)) => d::Part::Mail(Box::new(mail_from_proto(mail))),
        Some(Kind::Unsupported(u)) => {
            d::Part::Unsupported(d::Unsupported { kind: u.kind, code: u.code, reason: u.reason })
        }
        Some(Kind::Referral(referral)) => d::Part::Referral(Box::new(referral_from_proto(referral))),
        // A peer with a newer contract: something was said, and this build cannot name it.
        None => d::Part::Unsupported(d::Unsupported { kind: "unknown_part".to_owned(), code: None, reason: None }),
    }
}

pub(crate) fn attachment_into_proto(a: d::Attachment) -> p::Attachment {
    let kind = match a.kind {
        d::AttachmentKind::File => p::AttachmentKind::File,
        d::AttachmentKind::Image => p::AttachmentKind::Image,
        d::AttachmentKind::Audio => p::AttachmentKind::Audio,
        d::AttachmentKind::Voice => p::AttachmentKind::Voice,
        d::AttachmentKind::Video => p::AttachmentKind::Video,
        d::AttachmentKind::Sticker => p::AttachmentKind::Sticker,
        d::AttachmentKind::Inline => p::AttachmentKind::Inline,
    };
    let state = match a.state {
        d::AttachmentState::Pending => p::AttachmentState::Pending,
        d::AttachmentState::Stored => p::AttachmentState::Stored,
        d::AttachmentState::Failed => p::AttachmentState::Failed,
    };
    p::Attachment {
        kind: kind.into(),
        state: state.into(),
        object: a.object,
        provider_id: a.provider_id,
        name: a.name,
        media_type: a.media_type,
        bytes: a.bytes,
        sha256: a.sha256,
        content_id: a.content_id,
    }
}

pub(crate) fn attachment_from_proto(a: p::Attachment) -> d::Attachment {
    let kind = match a.kind() {
        p::AttachmentKind::Unspecified | p::AttachmentKind::File => d::AttachmentKind::File,
        p::AttachmentKind::Image => d::AttachmentKind::Image,
        p::AttachmentKind::Audio => d::AttachmentKind::Audio,
        p::AttachmentKind::Voice => d::AttachmentKind::Voice,
        p::AttachmentKind::Video => d::AttachmentKind::Video,
        p::AttachmentKind::Sticker => d::AttachmentKind::Sticker,
        p::AttachmentKind::Inline => d::AttachmentKind::Inline,
    };
    let state = match a.state() {
        p::AttachmentState::Unspecified | p::AttachmentState::Pending => d::AttachmentState::Pending,
        p::AttachmentState::Stored => d::AttachmentState::Stored,
        p::AttachmentState::Failed => d::AttachmentState::Failed,
    };
    d::Attachment {
        kind,
        state,
        object: a.object,
        provider_id: a.provider_id,
        name: a.name,
        media_type: a.media_type,
        bytes: a.bytes,
        sha256: a.sha256,
        content_id: a.content_id,
    }
}

fn row_into_proto(row: d::ListReply) -> p::ListReply {
    p::ListReply { id: row.id, title: row.title, description: row.description }
}

fn row_from_proto(row: p::ListReply) -> d::ListReply {
    d::ListReply { id: row.id, title: row.title, description: row.description }
}

fn item_into_proto(item: d::OrderItem) -> p::OrderItem {
    p::OrderItem { product_id: item.product_id, quantity: item.quantity, price: item.price, currency: item.currency }
}

fn item_from_proto(item: p::OrderItem) -> d::OrderItem {
    d::OrderItem { product_id: item.product_id, quantity: item.quantity, price: item.price, currency: item.currency }
}

pub(crate) fn mailbox_into_proto(mailbox: d::Mailbox) -> p::Mailbox {
    p::Mailbox { name: mailbox.name, address: mailbox.address }
}

pub(crate) fn mailbox_from_proto(mailbox: p::Mailbox) -> d::Mailbox {
    d::Mailbox { name: mailbox.name, address: mailbox.address }
}

fn mail_into_proto(m: d::Mail) -> p::Mail {
    let boxes = |list: Vec<d::Mailbox>| list.into_iter().map(mailbox_into_proto).collect();
    p::Mail {
        subject: m.subject,
        from: boxes(m.from),
        to: boxes(m.to),
        cc: boxes(m.cc),
        bcc: boxes(m.bcc),
        reply_to: boxes(m.reply_to),
        message_id: m.message_id,
        in_reply_to: m.in_reply_to,
        references: m.references,
        html: m.html,
        quoted: m.quoted,
        auto_submitted: m.auto_submitted,
        class: match m.class {
            d::MailClass::Person => p::MailClass::Unspecified,
            d::MailClass::Generated => p::MailClass::Generated,
            d::MailClass::Reply => p::MailClass::Reply,
            d::MailClass::List => p::MailClass::List,
            d::MailClass::Loop => p::MailClass::Loop,
        }
        .into(),
    }
}

fn mail_from_proto(m: p::Mail) -> d::Mail {
    let class = match m.class() {
        p::MailClass::Unspecified => d::MailClass::Person,
        p::MailClass::Generated => d::MailClass::Generated,
        p::MailClass::Reply => d::MailClass::Reply,
        p::MailClass::List => d::MailClass::List,
        p::MailClass::Loop => d::MailClass::Loop,
    };
    let boxes = |list: Vec<p::Mailbox>| list.into_iter().map(mailbox_from_proto).collect();
    d::Mail {
        subject: m.subject,
        from: boxes(m.from),
        to: boxes(m.to),
        cc: boxes(m.cc),
        bcc: boxes(m.bcc),
        reply_to: boxes(m.reply_to),
        message_id: m.message_id,
        in_reply_to: m.in_reply_to,
        references: m.references,
        html: m.html,
        quoted: m.quoted,
        auto_submitted: m.auto_submitted,
        class,
    }
}

pub(super) fn referral_into_proto(r: d::Referral) -> p::Referral {
    p::Referral {
        source: r.source,
        source_id: r.source_id,
        reference: r.reference,
        headline: r.headline,
        body: r.body,
        click_id: r.click_id,
    }
}

pub(super) fn referral_from_proto(r: p::Referral) -> d::Referral {
    d::Referral {
        source: r.source,
        source_id: r.source_id,
        reference: r.reference,
        headline: r.headline,
        body: r.body,
        click_id: r.click_id,
    }
}
