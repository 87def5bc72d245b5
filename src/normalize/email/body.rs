//! The words of a mail.

use std::borrow::Cow;
use std::collections::HashSet;

use mail_parser::{Encoding, Message as ParsedMail, MessagePart, MimeHeaders as _, PartType};

use super::attachments::{Files, decoded};
use super::split::{Kind, is_forward_subject, is_reply_subject, split};
use super::{charset, html};
use crate::domain::content::{Attachment, AttachmentKind, Mail};

/// Longest text, and longest HTML, that stays in the record (domain rules, section 2: bodies over 256 KiB go to the object
/// store, and text and HTML travel together). What is longer is kept whole as a file.
const MAX_INLINE_BYTES: usize = 128 * 1024;

/// The new text of the mail; sets its HTML and what was split from the text, and adds what is too long to the files.
pub(super) fn read(parsed: &ParsedMail<'_>, mail: &mut Mail, files: &mut Files) -> String {
    let (mut text, html) = words(parsed);
    if html.len() > MAX_INLINE_BYTES {
        files.add(Cow::Owned(html.into_bytes()), file("message.html", "text/html"));
    } else if !html.is_empty() {
        mail.html = Some(html.replace('\0', ""));
    }
    if text.len() > MAX_INLINE_BYTES {
        files.add(Cow::Borrowed(text.as_bytes()), file("message.txt", "text/plain"));
        let end = (0..=MAX_INLINE_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    // What a machine wrote quotes nobody: it may look like a quotation and be the matter itself.
    if !mail.auto_submitted {
        let (new, rest) = split(&text, kind(mail));
        if rest.is_some() {
            let new = new.to_owned();
            (mail.quoted, text) = (rest, new);
        }
    }
    text
}

/// Whether the mail answers one: only then may what looks like a quotation be one.
fn kind(mail: &Mail) -> Kind {
    if is_forward_subject(&mail.subject) {
        Kind::Forward
    } else if !mail.in_reply_to.is_empty() || !mail.references.is_empty() || is_reply_subject(&mail.subject) {
        Kind::Reply
    } else {
        Kind::New
    }
}

/// The whole text, and the HTML as sent.
pub(super) fn words(parsed: &ParsedMail<'_>) -> (String, String) {
    let html: String = parsed
        .html_bodies()
        .filter(|part| matches!(part.body, PartType::Html(_)))
        .map(|part| text_of(parsed, part))
        .collect();
    let mut text = String::new();
    for part in parsed.text_bodies() {
        match &part.body {
            PartType::Text(_) => push(&mut text, text_of(parsed, part).trim_end_matches(['\r', '\n'])),
            PartType::Html(_) => push(&mut text, &html::to_text(&text_of(parsed, part))),
            _ => {}
        }
    }
    if let Some(part) = without_parts(parsed) {
        push(&mut text, text_of(parsed, part).trim_end_matches(['\r', '\n']));
    }
    let text = tidy(&text);
    if !html.is_empty() && is_stub(&text) {
        let shown = tidy(&html::to_text(&html));
        if text.trim().is_empty() || says_something_else(&shown, &text) {
            return (shown, html);
        }
    }
    (text, html)
}

/// Whether a plain alternative may only say that the mail is to be read otherwise. In every language it names with what.
fn is_stub(text: &str) -> bool {
    /// Programs say it in a paragraph, bytes.
    const MAX_BYTES: usize = 600;
    const NAMES: [&str; 9] =
        ["html", "browser", "mime", "navigateur", "navegador", "browseru", "браузер", "浏览器", "ブラウザ"];
    text.len() <= MAX_BYTES && {
        let lower = text.to_lowercase();
        lower.trim().is_empty() || NAMES.iter().any(|name| lower.contains(name))
    }
}

/// Whether the shown words are more than the plain ones, and mostly others: two versions of one text are not.
fn says_something_else(shown: &str, plain: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (shown, plain) = (words(shown), words(plain));
    let known: HashSet<&String> = shown.iter().collect();
    let common = plain.iter().filter(|word| known.contains(word)).count();
    shown.len() > plain.len() && 2 * common < plain.len()
}

/// The only part of a mail that calls itself a multipart and has no parts: its body is text.
pub(super) fn without_parts<'m, 'x>(parsed: &'m ParsedMail<'x>) -> Option<&'m MessagePart<'x>> {
    let root = parsed.parts.first()?;
    let named = root.content_type().is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart"));
    (named && matches!(root.body, PartType::Text(_)) && parsed.text_body.is_empty()).then_some(root)
}

/// The text of a part, read again where its own charset loses characters.
pub(super) fn text_of<'m>(parsed: &'m ParsedMail<'_>, part: &'m MessagePart<'_>) -> Cow<'m, str> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return Cow::Borrowed("") };
    let lost = text.contains(charset::LOST);
    let cut = part.encoding == Encoding::Base64 && super::attachments::lost_tail(parsed, part).is_some();
    if !(lost || cut) {
        return Cow::Borrowed(text);
    }
    let Some(bytes) = decoded(parsed, part) else { return Cow::Borrowed(text) };
    let label = part.content_type().and_then(|kind| kind.attribute("charset")).map(str::to_ascii_lowercase);
    Cow::Owned(charset::decode(&bytes, label.as_deref(), &charset::hints(&parsed.raw_message)))
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
