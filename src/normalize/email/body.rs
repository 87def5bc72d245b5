//! The words of a mail.

use mail_parser::{Message as ParsedMail, PartType};

use super::attachments::Files;
use super::html;
use crate::domain::content::{Attachment, AttachmentKind, Mail};

/// Longest text, and longest HTML, that stays in the record (domain rules, section 2: bodies over 256 KiB go to the object
/// store, and text and HTML travel together). What is longer is kept whole as a file.
const MAX_INLINE_BYTES: usize = 128 * 1024;

/// The text of the mail; sets its HTML, and adds what is too long to the files.
pub(super) fn read(parsed: &ParsedMail<'_>, mail: &mut Mail, files: &mut Files) -> String {
    let html: String = parsed
        .html_bodies()
        .filter_map(|part| match &part.body {
            PartType::Html(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect();
    let mut text = String::new();
    for part in parsed.text_bodies() {
        match &part.body {
            PartType::Text(plain) => push(&mut text, plain.trim_end_matches(['\r', '\n'])),
            PartType::Html(words) => push(&mut text, &html::to_text(words)),
            _ => {}
        }
    }
    let text = tidy(&text);
    // A plain alternative that says nothing stands beside an HTML body that does.
    let mut text = if text.trim().is_empty() && !html.is_empty() { tidy(&html::to_text(&html)) } else { text };

    if html.len() > MAX_INLINE_BYTES {
        files.add(html.as_bytes(), file("message.html", "text/html"));
    } else if !html.is_empty() {
        mail.html = Some(html.replace('\0', ""));
    }
    if text.len() > MAX_INLINE_BYTES {
        files.add(text.as_bytes(), file("message.txt", "text/plain"));
        let end = (0..=MAX_INLINE_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

fn push(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

/// Line ends as LF, no NUL.
fn tidy(text: &str) -> String {
    if memchr::memchr2(b'\r', 0, text.as_bytes()).is_none() {
        return text.to_owned();
    }
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "")
}

fn file(name: &str, media_type: &str) -> Attachment {
    Attachment {
        kind: AttachmentKind::File,
        name: Some(name.to_owned()),
        media_type: Some(media_type.to_owned()),
        ..Attachment::default()
    }
}
