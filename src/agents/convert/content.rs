//! Content that agents send: sizes and characters, checked before it becomes a record.

use prost::Message as _;

use crate::agents::limits::{MAX_CONTENT_BYTES, MAX_ITEMS, MAX_LINE_BYTES, MAX_PARTS, MAX_TEXT_BYTES};
use crate::agents::status::Refusal;
use crate::domain::content::{Attachment, Content, Mail, Mailbox, Part, is_on_earth};
use crate::normalize::convert::content_from_proto;
use crate::proto::channel;

/// Validated content of a message.
pub(super) fn content(sent: Option<channel::Content>) -> Result<Content, Refusal> {
    let sent = sent.ok_or_else(|| Refusal::invalid("content", "is wanted"))?;
    if sent.encoded_len() > MAX_CONTENT_BYTES {
        return Err(Refusal::limit("max_content_bytes", MAX_CONTENT_BYTES));
    }
    if sent.parts.iter().any(|part| part.part.is_none()) {
        return Err(Refusal::invalid("content.parts", "a part without a known kind"));
    }
    let mut content = content_from_proto(sent);
    if content.text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::limit("max_text_bytes", MAX_TEXT_BYTES));
    }
    if content.parts.len() > MAX_PARTS {
        return Err(Refusal::limit("max_parts", MAX_PARTS));
    }
    if content.text.is_empty() && content.parts.is_empty() {
        return Err(Refusal::invalid("content", "is empty"));
    }
    if content.text.contains('\r') {
        content.text = content.text.replace("\r\n", "\n").replace('\r', "\n");
    }
    prose("content.text", &content.text)?;
    content.parts.iter().try_for_each(part)?;
    Ok(content)
}

fn part(part: &Part) -> Result<(), Refusal> {
    match part {
        Part::Attachment(sent) => attachment(sent),
        Part::Location(location) => {
            if !is_on_earth(location.latitude, location.longitude) {
                return Err(Refusal::invalid("location", "degrees are out of their range"));
            }
            lines("location", location.name.iter().chain(&location.address))
        }
        Part::ContactCard(card) => lines(
            "contact_card",
            [&card.name].into_iter().chain(&card.phones).chain(&card.emails).chain(&card.organization),
        ),
        Part::ButtonReply(reply) => lines("button_reply", [&reply.payload, &reply.title]),
        Part::ListReply(row) => lines("list_reply", [&row.id, &row.title].into_iter().chain(&row.description)),
        Part::FlowReply(flow) => {
            line("flow_reply", &flow.name)?;
            prose("flow_reply", &flow.body)?;
            prose("flow_reply", &flow.response_json)
        }
        Part::Order(order) => {
            line("order", &order.catalog_id)?;
            count("order", order.items.len())?;
            lines("order", order.items.iter().flat_map(|item| [&item.product_id, &item.price, &item.currency]))
        }
        Part::Buttons(buttons) => {
            count("buttons", buttons.len())?;
            lines("buttons", buttons.iter().flat_map(|button| [&button.payload, &button.title]))
        }
        Part::List(list) => {
            count("list", list.rows.len())?;
            line("list", &list.button)?;
            lines("list", list.rows.iter().flat_map(|row| [&row.id, &row.title].into_iter().chain(&row.description)))
        }
        Part::Template(template) => {
            count("template", template.parameters.len())?;
            lines("template", [&template.name, &template.language])?;
            template.parameters.iter().try_for_each(|value| prose("template", value))
        }
        Part::Mail(head) => mail(head),
        Part::Unsupported(_) | Part::Referral(_) => {
            Err(Refusal::invalid("content.parts", "a kind that is not sent to customers"))
        }
    }
}

fn attachment(sent: &Attachment) -> Result<(), Refusal> {
    if sent.object.is_none() && sent.provider_id.is_none() {
        return Err(Refusal::invalid("attachment", "object or provider_id is wanted"));
    }
    lines(
        "attachment",
        sent.object
            .iter()
            .chain(&sent.provider_id)
            .chain(&sent.name)
            .chain(&sent.media_type)
            .chain(&sent.sha256)
            .chain(&sent.content_id),
    )
}

fn mail(head: &Mail) -> Result<(), Refusal> {
    let boxes = [&head.from, &head.to, &head.cc, &head.bcc, &head.reply_to];
    let ids = [&head.in_reply_to, &head.references];
    let many = boxes.iter().map(|list| list.len()).chain(ids.iter().map(|list| list.len()));
    count("mail", many.sum())?;
    lines("mail", [&head.subject].into_iter().chain(&head.message_id))?;
    lines("mail", ids.into_iter().flatten())?;
    let addresses = boxes.into_iter().flatten();
    lines("mail", addresses.flat_map(|Mailbox { name, address }| name.iter().chain([address])))?;
    head.html.iter().chain(&head.quoted).try_for_each(|text| prose("mail", text))
}

fn count(field: &'static str, items: usize) -> Result<(), Refusal> {
    if items > MAX_ITEMS {
        return Err(Refusal::limit("max_items", MAX_ITEMS).with("field", field));
    }
    Ok(())
}

fn lines<'a>(field: &'static str, texts: impl IntoIterator<Item = &'a String>) -> Result<(), Refusal> {
    texts.into_iter().try_for_each(|text| line(field, text))
}

/// One line: short, no control characters at all, so that it can never break out of a header.
pub(super) fn line(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_LINE_BYTES {
        return Err(Refusal::limit("max_line_bytes", MAX_LINE_BYTES).with("field", field));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(field, "control characters"));
    }
    Ok(())
}

/// Text of several lines: no control characters but line ends and tabs.
fn prose(field: &'static str, text: &str) -> Result<(), Refusal> {
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(bad) {
        return Err(Refusal::invalid(field, "control characters"));
    }
    Ok(())
}
