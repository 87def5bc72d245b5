//! What a mail may cost its reader. A mail over a limit is refused before it is unpacked, as far as its bytes show it.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::{Encoding, Message, PartType};

use super::super::refusal::Refusal;
use super::attachments::only_digits;
use super::repair::quoted;

/// Deepest nesting of parts (design, section 10).
pub const MAX_MIME_DEPTH: usize = 40;
/// Most parts, nested ones counted.
pub const MAX_MIME_PARTS: usize = 256;
/// Most lines of the head.
pub const MAX_HEADERS: usize = 1000;
/// Most bytes of the head.
pub const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// Most lines of all heads together, those of parts and attached mails included: each makes a field of about a hundred bytes, be
/// it of two. A mail of 256 parts, half of them attached mails, has fewer.
const MAX_HEAD_LINES: usize = 10_000;

/// Most marks in heads, those of attached mails included: each may make a value of many times its size. A list of 5,000 recipients
/// with their names has 10,000.
const MAX_MARKS: usize = 20_000;

/// Most `Content-Type` lines of a mail, bodies that quote heads included: each may open a level of nesting.
const MAX_CONTENT_TYPES: usize = 1000;

/// Most boundaries that lines are compared with; a mail within the limits has at most one per part.
const MAX_BOUNDARIES: usize = MAX_MIME_PARTS;

/// Attached mails that are encoded are looked into so deep: the parser goes no deeper.
const MAX_ENCODED_DEPTH: usize = 3;

/// Values that some head of a mail could declare as a boundary: sorted, at most [`MAX_BOUNDARIES`].
struct Boundaries<'b> {
    values: Vec<&'b [u8]>,
    /// One is written in a way that is not read here: any line that begins with two dashes may be it.
    odd: bool,
    /// Some multipart consists of mails, which need not say that they are some.
    digest: bool,
}

impl<'b> Boundaries<'b> {
    /// The boundary whose line this is, and whether it is the closing one. Of several that fit, the longest: one may begin
    /// another.
    fn of(&self, line: &[u8]) -> Option<(&'b [u8], bool)> {
        let rest = line.strip_prefix(b"--")?;
        let mut head = rest;
        // A boundary that begins the line stands before it in order, and so does what it has in common with its successors.
        loop {
            let known = self.values[..self.values.partition_point(|known| *known <= head)].last()?;
            let common = known.iter().zip(head).take_while(|(one, other)| one == other).count();
            if common == known.len() {
                return Some((known, rest[common..].starts_with(b"--")));
            }
            head = &head[..common];
        }
    }

    /// Adds the boundary that a line of a `Content-Type` declares in another way than nearly all do.
    fn declared(&mut self, line: &'b [u8]) -> Result<(), Refusal> {
        const NAME: &[u8] = b"boundary";
        let lower = line.to_ascii_lowercase();
        for at in memchr::memmem::find_iter(&lower, NAME) {
            let rest = line[at + NAME.len()..].trim_ascii_start();
            match rest.strip_prefix(b"=") {
                Some(value) => self.add(value.trim_ascii_start())?,
                // In pieces, or with a charset (RFC 2231), or with a comment.
                None => self.odd = true,
            }
        }
        Ok(())
    }

    /// Adds the boundary that a value begins with.
    fn add(&mut self, value: &'b [u8]) -> Result<(), Refusal> {
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = &value[..value.len().min(MAX_BOUNDARY_BYTES)];
        let end = value.iter().position(|b| matches!(b, b'"' | b';' | b'\r' | b'\n')).unwrap_or(value.len());
        let boundary = value[..end].trim_ascii_end();
        let Err(place) = self.values.binary_search(&boundary) else { return Ok(()) };
        if boundary.is_empty() {
            return Ok(());
        }
        refuse_over(self.values.len() + 1, "parts", MAX_BOUNDARIES)?;
        self.values.insert(place, boundary);
        Ok(())
    }
}

/// Longest boundary that is compared; RFC 2046, 5.1.1 allows 70.
const MAX_BOUNDARY_BYTES: usize = 256;

/// Checks a mail line by line before it is parsed: its heads, and how many parts its body can have.
///
/// Every line has to be shown to it, in order. What is taken for a head is at least what the parser takes for one.
pub(super) struct Scan<'b> {
    bytes: &'b [u8],
    boundaries: Boundaries<'b>,
    counts: Counts,
    /// The head that lines belong to.
    head: Option<Head>,
    /// Where the body of an attached mail starts, and what it is encoded with.
    encoded: Option<(usize, Encoding)>,
    depth: usize,
}

/// What there is of in a mail, encoded ones inside it included.
#[derive(Clone, Copy, Default)]
struct Counts {
    parts: usize,
    types: usize,
    lines: usize,
    marks: usize,
}

/// What a head says about what follows it.
#[derive(Clone, Copy, Default)]
struct Head {
    /// The last line was of this field.
    open: Field,
    /// It was one of its parameters.
    parameters: bool,
    /// Another head follows it.
    message: bool,
    encoding: Encoding,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    #[default]
    Other,
    Type,
    Encoding,
}

impl<'b> Scan<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Result<Self, Refusal> {
        Self::at_depth(bytes, Counts::default(), 0)
    }

    fn at_depth(bytes: &'b [u8], counts: Counts, depth: usize) -> Result<Self, Refusal> {
        check_head(bytes)?;
        let boundaries = boundaries(bytes)?;
        Ok(Self { bytes, boundaries, counts, head: Some(Head::default()), encoded: None, depth })
    }

    /// The line from `at` to `end`, its own end included: the boundary that it is, and whether it closes.
    pub(super) fn line(&mut self, at: usize, end: usize) -> Result<Option<(&'b [u8], bool)>, Refusal> {
        let line = &self.bytes[at..end];
        if let Some(head) = self.head {
            self.head_line(head, line, end)?;
        }
        match line.first() {
            Some(b'-') => {}
            Some(b'c' | b'C') if has_prefix(line, b"content-type:") => {
                self.counts.types += 1;
                refuse_over(self.counts.types, "content types", MAX_CONTENT_TYPES)?;
                return Ok(None);
            }
            _ => return Ok(None),
        }
        let boundary = self.boundaries.of(line);
        if boundary.is_some() || (self.boundaries.odd && line.starts_with(b"--")) {
            self.part_ends(at)?;
            self.counts.parts += 1;
            // The closing line of each multipart counts too: twice the parts is surely too many.
            if self.counts.parts > 2 * MAX_MIME_PARTS {
                return Err(Refusal::MimeLimit { what: "parts", limit: MAX_MIME_PARTS });
            }
            self.head = Some(Head { message: self.boundaries.digest, ..Head::default() });
        }
        Ok(boundary)
    }

    /// After the last line.
    pub(super) fn end(&mut self) -> Result<(), Refusal> {
        self.part_ends(self.bytes.len())
    }

    fn head_line(&mut self, mut head: Head, line: &'b [u8], end: usize) -> Result<(), Refusal> {
        let bare = line.trim_ascii();
        if is_empty(line) {
            self.head = match head.encoding {
                Encoding::None if head.message => Some(Head::default()),
                encoding => {
                    self.encoded = head.message.then_some((end, encoding));
                    None
                }
            };
            return Ok(());
        }
        self.counts.lines += 1;
        refuse_over(self.counts.lines, "lines of heads", MAX_HEAD_LINES)?;
        self.counts.marks += marks(bare);
        refuse_over(self.counts.marks, "marks in heads", MAX_MARKS)?;
        let mut value = bare;
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let end = memchr::memchr(b':', bare).unwrap_or(bare.len());
            value = &bare[(end + 1).min(bare.len())..];
            (head.open, head.parameters) = (Field::named(&bare[..end]), false);
        }
        match head.open {
            Field::Type => {
                self.boundaries.declared(value)?;
                if !head.parameters {
                    let end = memchr::memchr(b';', value);
                    let kind = value[..end.unwrap_or(value.len())].to_ascii_lowercase();
                    head.message |= memchr::memmem::find(&kind, b"message").is_some();
                    self.boundaries.digest |= memchr::memmem::find(&kind, b"digest").is_some();
                    head.parameters = end.is_some();
                }
            }
            Field::Encoding => {
                let value = value.to_ascii_lowercase();
                if memchr::memmem::find(&value, b"base64").is_some() {
                    head.encoding = Encoding::Base64;
                } else if memchr::memmem::find(&value, b"quoted").is_some() {
                    head.encoding = Encoding::QuotedPrintable;
                }
            }
            Field::Other => {}
        }
        self.head = Some(head);
        Ok(())
    }

    /// Looks into an attached mail that is encoded, as the parser will.
    fn part_ends(&mut self, at: usize) -> Result<(), Refusal> {
        let Some((from, encoding)) = self.encoded.take() else { return Ok(()) };
        if self.depth == MAX_ENCODED_DEPTH {
            return Ok(());
        }
        let raw = self.bytes.get(from..at).unwrap_or_default();
        // Forgiving: whatever the parser makes of it, it is no longer.
        let decoded = match encoding {
            Encoding::None => None,
            Encoding::Base64 => base64_decode(raw).or_else(|| base64_decode(&only_digits(raw))),
            Encoding::QuotedPrintable => Some(quoted(raw)),
        };
        let Some(decoded) = decoded else { return Ok(()) };
        let mut inner = Scan::at_depth(&decoded, self.counts, self.depth + 1)?;
        let mut at = 0;
        while at < decoded.len() {
            let end = memchr::memchr(b'\n', &decoded[at..]).map_or(decoded.len(), |end| at + end + 1);
            inner.line(at, end)?;
            at = end;
        }
        inner.end()?;
        self.counts = inner.counts;
        Ok(())
    }
}

impl Field {
    /// The parser passes over white space in names.
    fn named(name: &[u8]) -> Self {
        let is = |wanted: &[u8]| {
            let mut letters = name.iter().filter(|byte| !byte.is_ascii_whitespace());
            wanted.iter().all(|byte| letters.next().is_some_and(|found| found.eq_ignore_ascii_case(byte)))
                && letters.next().is_none()
        };
        if is(b"content-type") {
            Self::Type
        } else if is(b"content-transfer-encoding") {
            Self::Encoding
        } else {
            Self::Other
        }
    }
}

/// As much of a head as may be parsed: the lines of one, up to the limits.
pub(super) fn head_of(bytes: &[u8]) -> &[u8] {
    let (mut lines, mut marked, mut at) = (0, 0, 0);
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
        let line = &bytes[at..end];
        lines += 1;
        marked += marks(line);
        if lines > MAX_HEADERS || marked > MAX_MARKS {
            return &bytes[..at];
        }
        at = end;
        if is_empty(line) {
            break;
        }
    }
    &bytes[..at]
}

/// Whether the line ends a head. One with a space on it goes on with the field above.
fn is_empty(line: &[u8]) -> bool {
    !matches!(line.first(), Some(b' ' | b'\t')) && line.trim_ascii().is_empty()
}

/// What a field is cut at by its parser, quotes in pairs.
fn marks(line: &[u8]) -> usize {
    let halves = |byte: &u8| match byte {
        b',' | b';' | b':' | b'<' | b'(' => 2,
        b'"' => 1,
        _ => 0,
    };
    line.iter().map(halves).sum::<usize>().div_ceil(2)
}

fn refuse_over(count: usize, what: &'static str, limit: usize) -> Result<(), Refusal> {
    if count > limit { Err(Refusal::MimeLimit { what, limit }) } else { Ok(()) }
}

fn check_head(bytes: &[u8]) -> Result<(), Refusal> {
    let (mut lines, mut at) = (0, 0);
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
        let line = &bytes[at..end];
        if line.is_empty() || line == b"\r" {
            break;
        }
        lines += 1;
        refuse_over(lines, "header lines", MAX_HEADERS)?;
        at = end + 1;
        refuse_over(at, "header bytes", MAX_HEADER_BYTES)?;
    }
    Ok(())
}

fn has_prefix(line: &[u8], prefix: &[u8]) -> bool {
    line.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Every value that some head could declare as a boundary.
fn boundaries(bytes: &[u8]) -> Result<Boundaries<'_>, Refusal> {
    const NAME: &[u8] = b"oundary=";
    let mut found = Boundaries { values: Vec::new(), odd: false, digest: false };
    for at in memchr::memmem::find_iter(bytes, NAME) {
        found.add(&bytes[at + NAME.len()..])?;
    }
    Ok(found)
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
