//! What a mail may cost its reader. A mail over a limit is refused before it is unpacked, as far as its bytes show it.

use mail_parser::{Message, PartType};

use super::super::refusal::Refusal;

/// Deepest nesting of parts (design, section 10).
pub const MAX_MIME_DEPTH: usize = 40;
/// Most parts, nested ones counted.
pub const MAX_MIME_PARTS: usize = 256;
/// Most lines of the head.
pub const MAX_HEADERS: usize = 1000;
/// Most bytes of the head.
pub const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// Most marks in lists of addresses and ids, those of attached mails included: each may make a value of many times its size. A
/// list of 5,000 recipients with their names has 10,000.
const MAX_LIST_MARKS: usize = 20_000;

/// Fields that the parser makes lists of.
const LISTS: [&[u8]; 16] = [
    b"to",
    b"cc",
    b"bcc",
    b"from",
    b"sender",
    b"reply-to",
    b"references",
    b"in-reply-to",
    b"message-id",
    b"return-path",
    b"content-id",
    b"keywords",
    b"resent-to",
    b"resent-cc",
    b"resent-bcc",
    b"resent-from",
];

/// Most `Content-Type` lines of a mail, bodies that quote heads included: each may open a level of nesting.
const MAX_CONTENT_TYPES: usize = 1000;

/// Most boundaries that lines are compared with; a mail within the limits has at most one per part.
const MAX_BOUNDARIES: usize = MAX_MIME_PARTS;

/// Values that some head of a mail could declare as a boundary: sorted, at most [`MAX_BOUNDARIES`].
pub(super) struct Boundaries<'b>(Vec<&'b [u8]>);

impl<'b> Boundaries<'b> {
    /// The boundary whose line this is, and whether it is the closing one. Of several that fit, the longest: one may begin
    /// another.
    pub(super) fn of(&self, line: &[u8]) -> Option<(&'b [u8], bool)> {
        let rest = line.strip_prefix(b"--")?;
        let mut head = rest;
        // A boundary that begins the line stands before it in order, and so does what it has in common with its successors.
        loop {
            let known = self.0[..self.0.partition_point(|known| *known <= head)].last()?;
            let common = known.iter().zip(head).take_while(|(one, other)| one == other).count();
            if common == known.len() {
                return Some((known, rest[common..].starts_with(b"--")));
            }
            head = &head[..common];
        }
    }
}

/// Longest boundary that is compared; RFC 2046, 5.1.1 allows 70.
const MAX_BOUNDARY_BYTES: usize = 256;

/// Checks the bytes before they are parsed: the head, and how many parts the body can have.
pub(super) fn check_before(bytes: &[u8]) -> Result<Boundaries<'_>, Refusal> {
    check_head(bytes)?;
    let boundaries = boundaries(bytes)?;
    let (mut parts, mut types, mut marks, mut in_list) = (0, 0, 0, false);
    for line in bytes.split(|b| *b == b'\n') {
        // A line that begins with white space goes on with the field before it.
        in_list = if line.first().is_some_and(|b| matches!(b, b' ' | b'\t')) { in_list } else { opens_list(line) };
        if in_list {
            marks += line.iter().filter(|byte| matches!(byte, b',' | b';' | b'<')).count();
        }
        if marks > MAX_LIST_MARKS {
            return Err(Refusal::MimeLimit { what: "addresses and ids", limit: MAX_LIST_MARKS });
        }
        if line.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'c')) && has_prefix(line, b"content-type:") {
            types += 1;
        } else if line.starts_with(b"--") && boundaries.of(line).is_some() {
            parts += 1;
        }
        // The closing line of each multipart counts too: twice the parts is surely too many.
        if parts > 2 * MAX_MIME_PARTS {
            return Err(Refusal::MimeLimit { what: "parts", limit: MAX_MIME_PARTS });
        }
        if types > MAX_CONTENT_TYPES {
            return Err(Refusal::MimeLimit { what: "content types", limit: MAX_CONTENT_TYPES });
        }
    }
    Ok(boundaries)
}

fn check_head(bytes: &[u8]) -> Result<(), Refusal> {
    let (mut lines, mut size) = (0, 0);
    for line in bytes.split(|b| *b == b'\n') {
        if line.is_empty() || line == b"\r" {
            break;
        }
        lines += 1;
        size += line.len() + 1;
        if lines > MAX_HEADERS {
            return Err(Refusal::MimeLimit { what: "header lines", limit: MAX_HEADERS });
        }
        if size > MAX_HEADER_BYTES {
            return Err(Refusal::MimeLimit { what: "header bytes", limit: MAX_HEADER_BYTES });
        }
    }
    Ok(())
}

fn opens_list(line: &[u8]) -> bool {
    /// Of the longest name in [`LISTS`].
    const LONGEST: usize = 12;
    // Few lines of a body come past the first test.
    line.first().is_some_and(|b| b"tcbfsrimklTCBFSRIMKL".contains(b))
        && line.iter().take(LONGEST + 1).position(|b| *b == b':').is_some_and(|end| {
            let name = &line[..end];
            LISTS.iter().any(|list| name.eq_ignore_ascii_case(list)) || has_prefix(line, b"list-")
        })
}

fn has_prefix(line: &[u8], prefix: &[u8]) -> bool {
    line.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Every value that some head could declare as a boundary.
fn boundaries(bytes: &[u8]) -> Result<Boundaries<'_>, Refusal> {
    let mut found: Vec<&[u8]> = Vec::new();
    for at in memchr::memmem::find_iter(bytes, b"oundary=") {
        let rest = &bytes[at + b"oundary=".len()..];
        let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
        let rest = &rest[..rest.len().min(MAX_BOUNDARY_BYTES)];
        let end = rest.iter().position(|b| matches!(b, b'"' | b';' | b'\r' | b'\n')).unwrap_or(rest.len());
        let boundary = rest[..end].trim_ascii_end();
        let Err(place) = found.binary_search(&boundary) else { continue };
        if boundary.is_empty() {
            continue;
        }
        if found.len() == MAX_BOUNDARIES {
            return Err(Refusal::MimeLimit { what: "parts", limit: MAX_MIME_PARTS });
        }
        found.insert(place, boundary);
    }
    Ok(Boundaries(found))
}

/// Checks what the parser found.
pub(super) fn check_parts(mail: &Message<'_>) -> Result<(), Refusal> {
    let mut parts = 0;
    // An explicit stack: the depth of a stranger's mail is not the depth of ours.
    let mut open: Vec<(&Message<'_>, u32, usize)> = vec![(mail, 0, 1)];
    while let Some((message, id, depth)) = open.pop() {
        let Some(part) = message.parts.get(id as usize) else { continue };
        parts += 1;
        if parts > MAX_MIME_PARTS {
            return Err(Refusal::MimeLimit { what: "parts", limit: MAX_MIME_PARTS });
        }
        if depth > MAX_MIME_DEPTH {
            return Err(Refusal::MimeLimit { what: "levels", limit: MAX_MIME_DEPTH });
        }
        match &part.body {
            PartType::Multipart(children) => open.extend(children.iter().map(|child| (message, *child, depth + 1))),
            PartType::Message(inner) => open.push((inner, 0, depth + 1)),
            _ => {}
        }
    }
    Ok(())
}
