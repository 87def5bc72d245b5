//! The words of an HTML body, in one pass over its bytes.
//!
//! Strangers choose the HTML: time is linear in its size and nothing nests, so that no markup is a bomb. What a browser would
//! show as text is kept; layout is not, beyond lines and paragraphs. Comments and hidden elements that never end hide nothing:
//! better to read a style sheet than to lose what stands below it.

use mail_parser::decoders::html::add_html_token;

/// What a tag does to the text.
#[derive(Clone, Copy)]
enum Tag {
    /// Its inside is marked as quoted.
    Quote,
    Break,
    Cell,
    /// Begins a line.
    Line,
    /// Begins a line of a list.
    Item,
    /// Stands between blank lines.
    Paragraph,
    /// The same, and white space inside it is kept.
    Verbatim,
    /// Nobody is shown its inside: place in [`HIDDEN`].
    Hidden(usize),
    Other,
}

/// Tags whose inside nobody is shown.
const HIDDEN: [&str; 4] = ["script", "style", "template", "title"];

impl Tag {
    fn named(name: &str) -> Self {
        /// Longest name of one that does something.
        const MAX_BYTES: usize = 10;
        let mut lower = [0; MAX_BYTES];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"blockquote" => Self::Quote,
            b"br" => Self::Break,
            b"td" | b"th" => Self::Cell,
            b"li" => Self::Item,
            b"address" | b"article" | b"aside" | b"center" | b"dd" | b"div" | b"dl" | b"dt" | b"figure" | b"footer"
            | b"form" | b"header" | b"hr" | b"main" | b"nav" | b"ol" | b"section" | b"table" | b"tr" | b"ul" => {
                Self::Line
            }
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"p" => Self::Paragraph,
            b"pre" => Self::Verbatim,
            name => HIDDEN.iter().position(|hidden| hidden.as_bytes() == name).map_or(Self::Other, Self::Hidden),
        }
    }
}

/// Most marks before a quoted line, however deep it is.
const MAX_MARKS: usize = 3;

/// Longest name of an entity, `&` and `;` included.
const MAX_ENTITY_BYTES: usize = 34;

pub(super) fn to_text(html: &str) -> String {
    let mut out = Out { text: String::with_capacity(html.len() / 2), space: false, verbatim: false, quotes: 0 };
    let bytes = html.as_bytes();
    let last_tag_end = memchr::memrchr(b'>', bytes).unwrap_or(0);
    let mut ends = Ends { last_tag_end, never: [false; HIDDEN.len()], no_comment: false };
    let mut at = 0;
    while let Some(skip) = memchr::memchr2(b'<', b'&', &bytes[at..]) {
        out.words(&html[at..at + skip]);
        at += skip;
        at += if bytes[at] == b'&' { entity(html, at, &mut out) } else { markup(html, at, &mut ends, &mut out) };
    }
    out.words(&html[at..]);
    out.text.truncate(out.text.trim_end().len());
    out.text
}

/// Writes what stands for the entity at `at`; says how many bytes it takes.
fn entity(html: &str, at: usize, out: &mut Out) -> usize {
    let rest = &html.as_bytes()[at..];
    let within = &rest[..rest.len().min(MAX_ENTITY_BYTES)];
    let end = within.iter().skip(1).position(|b| !(b.is_ascii_alphanumeric() || *b == b'#')).map(|end| end + 1);
    match end {
        Some(end) if rest[end] == b';' && end > 1 => {
            let mut found = String::new();
            add_html_token(&mut found, &rest[..=end], false);
            out.words(&found);
            end + 1
        }
        _ => {
            out.words("&");
            1
        }
    }
}

/// What ends markup, as far as it is known: whatever is looked for in vain is looked for once.
struct Ends {
    last_tag_end: usize,
    /// No comment ends behind this place.
    no_comment: bool,
    /// The same of each of [`HIDDEN`].
    never: [bool; HIDDEN.len()],
}

impl Ends {
    /// How long the comment is that the bytes begin with. `<!-->` ends at once.
    fn comment(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.no_comment {
            return None;
        }
        if bytes.starts_with(b"<!-->") {
            return Some(b"<!-->".len());
        }
        let end = memchr::memmem::find(bytes, b"-->").map(|end| end + b"-->".len());
        self.no_comment = end.is_none();
        end
    }

    /// How much belongs to the hidden element whose start tag ends here: up to its closing tag.
    fn hidden(&mut self, which: usize, bytes: &[u8]) -> usize {
        if self.never[which] {
            return 0;
        }
        let name = HIDDEN[which].as_bytes();
        let closes =
            |at: &usize| bytes[at + 2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        let end = memchr::memmem::find_iter(bytes, b"</").find(closes);
        self.never[which] = end.is_none();
        end.unwrap_or(0)
    }
}

/// Reads the comment or tag at `at`; says how many bytes it takes.
fn markup(html: &str, at: usize, ends: &mut Ends, out: &mut Out) -> usize {
    let rest = &html[at..];
    let bytes = rest.as_bytes();
    if rest.starts_with("<!--")
        && let Some(length) = ends.comment(bytes)
    {
        return length;
    }
    let second = bytes.get(1).copied().unwrap_or(b' ');
    if at > ends.last_tag_end || !(second.is_ascii_alphabetic() || matches!(second, b'/' | b'!' | b'?')) {
        out.words("<");
        return 1;
    }
    let end = tag_end(bytes);
    let closing = second == b'/';
    let start = if closing { 2 } else { 1 };
    let name_end = bytes[start..end].iter().position(|b| !b.is_ascii_alphanumeric()).map_or(end, |n| start + n);
    let tag = Tag::named(&rest[start..name_end]);
    out.tag(tag, closing);
    match tag {
        Tag::Hidden(which) if !closing && bytes[end - 1] != b'/' => end + 1 + ends.hidden(which, &bytes[end + 1..]),
        _ => end + 1,
    }
}

/// Where the tag's `>` is: the first that stands outside of quotes, if it comes soon, or simply the first.
fn tag_end(bytes: &[u8]) -> usize {
    /// Values of attributes that hold `>` are rare; more in a row is a quote that never closes.
    const MAX_TRIES: usize = 4;
    let (mut first, mut from, mut quotes) = (None, 0, 0);
    for _ in 0..MAX_TRIES {
        let Some(end) = memchr::memchr(b'>', &bytes[from..]).map(|end| from + end) else { break };
        quotes += bytes[from..end].iter().filter(|b| **b == b'"').count();
        if quotes % 2 == 0 {
            return end;
        }
        first = first.or(Some(end));
        from = end + 1;
    }
    first.unwrap_or(bytes.len() - 1)
}

struct Out {
    text: String,
    /// White space was read and not written yet.
    space: bool,
    /// Inside `pre`: white space is kept.
    verbatim: bool,
    /// Quotations that are open.
    quotes: usize,
}

impl Out {
    fn words(&mut self, words: &str) {
        if self.verbatim {
            for line in words.split_inclusive('\n') {
                self.mark();
                self.text.push_str(line);
            }
            return;
        }
        for word in words.split_inclusive(is_space) {
            let bare = word.trim_end_matches(is_space);
            if !bare.is_empty() {
                self.mark();
                if self.space && !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push(' ');
                }
                self.text.push_str(bare);
                self.space = false;
            }
            self.space |= bare.len() < word.len();
        }
    }

    /// Marks the line as quoted, if it is at its start.
    fn mark(&mut self) {
        if self.quotes > 0 && (self.text.is_empty() || self.text.ends_with('\n')) {
            (0..self.quotes.min(MAX_MARKS)).for_each(|_| self.text.push('>'));
            self.space = true;
        }
    }

    fn tag(&mut self, tag: Tag, closing: bool) {
        match tag {
            Tag::Quote => {
                self.line_ends(1);
                self.quotes = if closing { self.quotes.saturating_sub(1) } else { self.quotes + 1 };
            }
            Tag::Break => {
                self.text.push('\n');
                self.space = false;
            }
            Tag::Cell => self.space = true,
            Tag::Line => self.line_ends(1),
            Tag::Item => {
                self.line_ends(1);
                if !closing {
                    self.text.push_str("- ");
                }
            }
            Tag::Paragraph => {
                self.line_ends(2);
                self.verbatim = false;
            }
            Tag::Verbatim => {
                self.line_ends(2);
                self.verbatim = !closing;
            }
            Tag::Hidden(_) | Tag::Other => {}
        }
    }

    /// Makes the text end with at least so many line ends, unless nothing was said yet.
    fn line_ends(&mut self, wanted: usize) {
        self.space = false;
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if self.text.is_empty() {
            return;
        }
        let present = self.text.bytes().rev().take(wanted).take_while(|b| *b == b'\n').count();
        (present..wanted).for_each(|_| self.text.push('\n'));
    }
}

/// White space that HTML folds, and the no-break space, which mails use for layout.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{a0}'
}
