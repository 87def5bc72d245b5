//! What mailers break in the frame of a mail, put right before it is parsed: only what would cost words otherwise.
//!
//! - a multipart that its outer one ends without its own closing line (RFC 2046, 5.1.2 wants the outer one to be seen);
//! - parameters of a header on a line that should have been indented;
//! - heads with bytes that are not UTF-8, and encoded words in another charset than they say.
//!
//! A mail that needs nothing is not copied.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

use super::super::refusal::Refusal;
use super::charset;
use super::limits::Scan;

/// The frame put right. Refused: a mail that would cost too much to parse.
pub(super) fn frame(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    let mut scan = Scan::of(bytes)?;
    let mut out = Output { bytes, copied: 0, made: Vec::new() };
    let mut open: Vec<&[u8]> = Vec::new();
    let mut hints = None;
    // In a head, and whether the head says that another one follows it.
    let (mut head, mut nested) = (true, false);
    // Inside an attached mail, whose bytes are a file: how many multiparts were open before it.
    let mut attached: Option<usize> = None;
    let mut before: &[u8] = b"";
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
        let line = &bytes[at..end];
        if head {
            let bare = line.trim_ascii_end();
            if bare.is_empty() {
                if nested {
                    attached = attached.or(Some(open.len()));
                }
                (head, nested) = (nested, false);
            } else {
                if is_lost_parameter(before, bare) {
                    out.put(at, at, b" ");
                }
                if attached.is_none() && !line.is_ascii() && std::str::from_utf8(line).is_err() {
                    let hints = hints.get_or_insert_with(|| charset::hints(bytes));
                    raw_text(bytes, at, end, hints, &mut out);
                }
                nested |= is_message_type(bare);
            }
            before = bare;
        }
        if let Some((boundary, closes)) = scan.line(at, end)? {
            match open.iter().rposition(|known| *known == boundary) {
                Some(place) => {
                    for unclosed in open.drain(place + 1..).rev() {
                        out.put(at, at, b"\r\n--");
                        out.put(at, at, unclosed);
                        out.put(at, at, b"--\r\n");
                    }
                    if closes {
                        open.truncate(place);
                    }
                    attached = attached.filter(|depth| place >= *depth);
                }
                None if !closes => open.push(boundary),
                None => {}
            }
            (head, nested, before) = (!closes, false, b"");
        }
        at = end;
    }
    scan.end()?;
    Ok(out.finish())
}

/// Rewrites the bytes of a line that are in no encoded word: those have a charset of their own.
fn raw_text(bytes: &[u8], mut at: usize, end: usize, hints: &[String], out: &mut Output<'_>) {
    while at < end {
        let word = memchr::memmem::find_iter(&bytes[at..end], b"=?")
            .find_map(|skip| Some((at + skip, Word::at(&bytes[..end], at + skip)?.1)));
        let (until, next) = word.unwrap_or((end, end));
        if std::str::from_utf8(&bytes[at..until]).is_err() {
            out.put(at, until, charset::decode(&bytes[at..until], None, hints).as_bytes());
        }
        at = next;
    }
}

/// `boundary="x"` at the start of a line, after a line that promises more.
fn is_lost_parameter(before: &[u8], line: &[u8]) -> bool {
    before.ends_with(b";")
        && line.first().is_some_and(u8::is_ascii_alphabetic)
        && line
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || b"-*".contains(b)))
            .is_some_and(|at| line[at] == b'=')
}

fn is_message_type(line: &[u8]) -> bool {
    let starts = |prefix: &[u8]| line.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts(b"content-type:") && memchr::memmem::find(&line.to_ascii_lowercase(), b"message/").is_some()
}

/// The bytes with changes, copied as late as possible.
struct Output<'b> {
    bytes: &'b [u8],
    /// How far they are in `made`.
    copied: usize,
    made: Vec<u8>,
}

impl<'b> Output<'b> {
    /// Puts `new` where `from..to` was.
    fn put(&mut self, from: usize, to: usize, new: &[u8]) {
        if from > self.copied {
            self.made.extend_from_slice(&self.bytes[self.copied..from]);
        }
        self.copied = self.copied.max(to).max(from);
        self.made.extend_from_slice(new);
    }

    fn finish(mut self) -> Cow<'b, [u8]> {
        if self.made.is_empty() {
            return Cow::Borrowed(self.bytes);
        }
        self.made.extend_from_slice(&self.bytes[self.copied..]);
        Cow::Owned(self.made)
    }
}

/// The mail with those encoded words of its head (RFC 2047) that their own charset cannot read, written anew in UTF-8. None: there
/// are none.
pub(super) fn encoded_words(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = memchr::memmem::find(bytes, b"\n\r\n").or_else(|| memchr::memmem::find(bytes, b"\n\n"));
    let head = &bytes[..head.unwrap_or(bytes.len())];
    let mut out = Output { bytes, copied: 0, made: Vec::new() };
    let mut hints = None;
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&head[from..], b"=?").map(|at| from + at) {
        let Some((word, end)) = Word::at(head, at) else {
            from = at + 2;
            continue;
        };
        from = end;
        let Some(text) = word.lost(|| hints.get_or_insert_with(|| charset::hints(bytes)).clone()) else { continue };
        out.put(at, end, b"=?utf-8?Q?");
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.put(end, end, &[byte]);
            } else {
                out.put(end, end, format!("={byte:02X}").as_bytes());
            }
        }
        out.put(end, end, b"?=");
    }
    match out.finish() {
        Cow::Owned(made) => Some(made),
        Cow::Borrowed(_) => None,
    }
}

/// `=?charset?encoding?text?=`
struct Word<'h> {
    charset: &'h str,
    base64: bool,
    text: &'h [u8],
}

impl<'h> Word<'h> {
    fn at(head: &'h [u8], at: usize) -> Option<(Self, usize)> {
        let rest = &head[at + 2..];
        let mut fields = rest.splitn(4, |b| *b == b'?');
        let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
        let after = fields.next()?;
        let base64 = encoding.eq_ignore_ascii_case(b"b");
        if !after.starts_with(b"=") || !(base64 || encoding.eq_ignore_ascii_case(b"q")) {
            return None;
        }
        let charset = std::str::from_utf8(charset).ok()?.split('*').next()?;
        let end = at + 2 + (rest.len() - after.len()) + 1;
        Some((Self { charset, base64, text }, end))
    }

    /// The text, if the charset that it names loses some of it.
    fn lost(&self, hints: impl FnOnce() -> Vec<String>) -> Option<String> {
        let bytes = if self.base64 { base64_decode(self.text)? } else { quoted(self.text) };
        let said = charset_decoder(self.charset.as_bytes()).map(|decode| decode(&bytes));
        let lossy = said.is_none_or(|said| said.contains(charset::LOST));
        (lossy && !bytes.is_empty()).then(|| charset::decode(&bytes, Some(self.charset), &hints()))
    }
}

/// The Q encoding (RFC 2047, 4.2).
pub(super) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let hex = |at: usize| text.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'=', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
                continue;
            }
            (b'_', ..) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    out
}
