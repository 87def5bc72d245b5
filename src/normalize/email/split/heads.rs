//! Heads of quotations: "On ..., X wrote:", "-----Original Message-----", "From: Sent: To: Subject:".

use super::frames::{says_forwarded, says_original};
use super::labels::{Label, label};
use super::lines::Lines;
use super::told::{says_who_writes, tells_of_another};
use super::verbs::{ends_wrote, names_writer, says_wrote};

/// Most lines over which a mailer spreads the head of a quotation.
const MAX_HEAD_LINES: usize = 6;
/// Longer lines belong to no head, bytes.
const MAX_LINE_BYTES: usize = 400;
/// Most lines with a colon that are looked at: no mail has so many above its quotation.
const MAX_TRIES: usize = 1000;
/// Most lines of a block of labels, folded ones counted.
const MAX_BLOCK_LINES: usize = 10;
/// Most words of a line that says that something was sent on.
const MAX_FRAME_WORDS: usize = 8;
/// Longest label, bytes.
const MAX_LABEL_BYTES: usize = 40;

/// The first line of a quotation that reaches to the end without marks. `answers`: the mail says that it answers one.
pub(super) fn first_unmarked(lines: &Lines<'_>, answers: bool) -> Option<usize> {
    let is_head = if answers { is_certain_head } else { is_whole_head };
    // What was sent on was sent to be read, with all that it quotes.
    let end = (0..lines.len()).find(|at| is_forwarded(lines.line(*at))).unwrap_or(lines.len());
    let mut tried = 0;
    (0..end).find_map(|at| {
        let line = lines.line(at);
        if tried == MAX_TRIES {
            return None;
        }
        let colon = has_colon(line);
        tried += usize::from(colon);
        let fits = line.len() <= MAX_LINE_BYTES && (!lines.is_marked(at) || is_broken_end(line));
        if !fits {
            return None;
        }
        if is_frame(line) {
            return Some(at);
        }
        // What follows needs one.
        if !colon {
            return None;
        }
        if is_block(lines, at) {
            return Some(with_rule(lines, at));
        }
        let (start, end) = attribution(lines, at, is_head)?;
        let follows = lines.next_said(end)?;
        // Without a verb or an address, mailers leave a line free below it. People do not who keep a list of calls, or tell what
        // was written.
        let any = |is: fn(&str) -> bool| (start..end).any(|line| is(lines.line(line)));
        let wrote = || any(|line| says_wrote(&line.to_lowercase())) && any(|line| line.contains('@'));
        (!lines.is_marked(follows) && (lines.is_blank(end) || wrote())).then_some(start)
    })
}

/// Whether there is a colon, narrow or wide. Most lines have none: they are only glanced at.
fn has_colon(line: &str) -> bool {
    /// The first byte of the wide one, which other wide characters share.
    const WIDE: u8 = 0xef;
    memchr::memchr2(b':', WIDE, line.as_bytes()).is_some() && line.contains([':', '：'])
}

/// The end of a head whose address was broken before its last angle bracket.
fn is_broken_end(line: &str) -> bool {
    line.len() < MAX_LABEL_BYTES && line.trim_end().ends_with(':') && says_wrote(&line.to_lowercase())
}

/// `---------- Forwarded message ----------` and `Begin forwarded message:` in any language.
fn is_forwarded(line: &str) -> bool {
    let line = line.trim();
    let framed = line.starts_with("--") && line.ends_with("--");
    line.len() <= MAX_LINE_BYTES && (framed || line.ends_with([':', '：'])) && {
        let lower = line.to_lowercase();
        says_forwarded(&lower) && line.split_whitespace().count() <= MAX_FRAME_WORDS
    }
}

/// Where the marked quotation starts that ends at `end`, its head included; one without a head only if `headless` ones count.
pub(super) fn marked_tail(lines: &Lines<'_>, end: usize, headless: bool) -> Option<usize> {
    let mut start = end;
    while start > 0 {
        let line = start - 1;
        // A quoted line that was broken leaves its rest without a mark.
        let broken = || line > 0 && line + 1 < end && lines.is_marked(line - 1) && lines.is_marked(line + 1);
        if !(lines.is_marked(line) || (start < end && lines.is_blank(line)) || broken()) {
            break;
        }
        start = line;
    }
    if start == end {
        return None;
    }
    while start < end && lines.is_blank(start) {
        start += 1;
    }
    let above = lines.without_blanks(start);
    let head = (above > 0)
        .then(|| attribution(lines, above - 1, is_head).or_else(|| dated_address(lines, above - 1)))
        .flatten();
    head.map(|(head, _)| head).or(headless.then_some(start))
}

/// Where the text starts below the only marked quotation, if that one, with a head, begins everything.
pub(super) fn marked_start(lines: &Lines<'_>, end: usize) -> Option<usize> {
    let first = lines.next_said(0).filter(|first| *first < end)?;
    let (_, below) = (first..end.min(first + MAX_HEAD_LINES))
        .find_map(|last| attribution(lines, last, is_head).filter(|head| head.0 == first))?;
    let quoted = lines.next_said(below).filter(|line| lines.is_marked(*line))?;
    let new = (quoted..end).find(|line| !lines.is_marked(*line) && !lines.is_blank(*line))?;
    (new..end).all(|line| !lines.is_marked(line)).then_some(new)
}

/// A head behind words of the reply on the same line: where it starts.
pub(super) fn shared(line: &str) -> Option<usize> {
    let at = line.find("---").filter(|at| *at > 0)?;
    let rest = line[at..].trim_start_matches('-');
    (rest.trim_end().ends_with(':') && line.len() <= MAX_LINE_BYTES && is_head(rest)).then_some(at)
}

/// The head whose last line is `last`: first line, and the line after it.
fn attribution(lines: &Lines<'_>, last: usize, is_head: fn(&str) -> bool) -> Option<(usize, usize)> {
    let end = lines.line(last).trim_end_matches(['*', ' ', '\u{a0}', '\t']);
    if !end.ends_with([':', '：']) || lines.line(last).len() > MAX_LINE_BYTES {
        return None;
    }
    let evidence = |line: usize| lines.line(line).bytes().any(|b| b == b'@' || b.is_ascii_digit());
    if !(last.saturating_sub(MAX_HEAD_LINES)..=last).any(evidence) {
        return None;
    }
    let mut start = last + 1;
    let mut head = String::new();
    loop {
        start -= 1;
        let line = lines.line(start);
        if line.len() > MAX_LINE_BYTES
            || lines.is_marked(start) && !head.trim_start().starts_with(['>', '<']) && start != last
        {
            return None;
        }
        head = format!("{} {head}", line.trim());
        if is_head(&head) {
            break;
        }
        if start == 0 || last - start + 1 >= MAX_HEAD_LINES {
            return None;
        }
        // A blank line inside a head is seen only around a broken address.
        if lines.is_blank(start - 1) && !head.trim_start().starts_with('<') {
            return None;
        }
    }
    // A head that was complete without its date may begin some lines before.
    if !has_date(&head) {
        for above in (last.saturating_sub(MAX_HEAD_LINES)..start).rev() {
            let line = lines.line(above);
            if lines.is_marked(above) || line.len() > MAX_LINE_BYTES {
                break;
            }
            if has_date(line) {
                start = above;
                break;
            }
            if !line.trim().is_empty() && !line.trim_start().starts_with('<') {
                break;
            }
        }
    }
    Some((start, last + 1))
}

/// A date and an address on a line of their own, without a colon.
fn dated_address(lines: &Lines<'_>, at: usize) -> Option<(usize, usize)> {
    let line = lines.line(at).trim();
    let fits = line.len() <= MAX_LINE_BYTES
        && has_date(line)
        && line.contains('<')
        && line.ends_with('>')
        && has_address(line);
    fits.then_some((at, at + 1))
}

/// Whether one line, or several joined, is the head of a quotation.
fn is_head(text: &str) -> bool {
    let lower = text.to_lowercase();
    let (date, address) = (has_date(&lower), has_address(&lower));
    let wrote = || says_wrote(&lower) && !says_who_writes(&lower);
    (date && address) || ((date || (address && lower.contains('<'))) && wrote())
}

/// Whether it is a head even where nothing below it is marked: what looks like it may be a sentence of the customer, whereas
/// mailers write the minute and who wrote.
fn is_certain_head(text: &str) -> bool {
    let text = text.trim();
    // Nobody puts an address between angle brackets who tells of a mail.
    if !(has_address(text) && text.contains('<')) && tells_of_another(text, behind_time(text)) {
        return false;
    }
    if !(has_date(text) && has_clock(text)) {
        return is_dated_by_day(text);
    }
    let lower = text.to_lowercase();
    let bare = text.trim_end_matches([':', '：', ' ', '*', '\u{a0}']);
    // Without a verb it begins with the date, or in a script without these letters.
    (has_address(text) && bare.ends_with('>') && !text.starts_with(|c: char| c.is_ascii_alphabetic()))
        || (says_wrote(&lower)
            && !says_who_writes(&lower)
            && (has_address(text) || ends_wrote(&lower) || names_writer(bare)))
}

/// A head with a day only: an address between brackets says that a mailer wrote it.
fn is_dated_by_day(text: &str) -> bool {
    has_date(text) && has_address(text) && text.contains(['<', '(']) && {
        let lower = text.to_lowercase();
        says_wrote(&lower) && !says_who_writes(&lower)
    }
}

/// Whether it is a head even in a mail that answers none: the minute, the address, and the verb or the address at the end.
fn is_whole_head(text: &str) -> bool {
    has_clock(text) && has_address(text) && is_certain_head(text)
}

/// Where the last time of the day ends, or the first number where there is none.
fn behind_time(text: &str) -> usize {
    let number = || text.find(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
    clocks(text).last().unwrap_or_else(number)
}

fn has_clock(text: &str) -> bool {
    clocks(text).next().is_some()
}

/// Where each time of the day ends: `10:11`, `10h11`.
fn clocks(text: &str) -> impl Iterator<Item = usize> {
    const BYTES: usize = 4;
    let is_clock = |window: &[u8]| matches!(window, [hour, b':' | b'h', ten, one] if [hour, ten, one].iter().all(|byte| byte.is_ascii_digit()));
    text.as_bytes().windows(BYTES).enumerate().filter(move |(_, window)| is_clock(window)).map(|(at, _)| at + BYTES)
}

/// A date: a year, or day and month between points, strokes or slashes.
fn has_date(text: &str) -> bool {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    if numbers.any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20"))) {
        return true;
    }
    text.split(|c: char| !(c.is_ascii_digit() || "./-".contains(c))).any(|word| {
        let mut fields = word.split(['.', '/', '-']).filter(|field| !field.is_empty());
        let short = |field: Option<&str>| field.is_some_and(|field| field.len() <= 2);
        short(fields.next()) && short(fields.next()) && short(fields.next()) && fields.next().is_none()
    })
}

fn has_address(text: &str) -> bool {
    text.bytes().enumerate().any(|(at, byte)| {
        let beside = |at: Option<&u8>| at.is_some_and(|b| !b.is_ascii_whitespace() && !b"<>()".contains(b));
        byte == b'@' && at > 0 && beside(text.as_bytes().get(at - 1)) && beside(text.as_bytes().get(at + 1))
    })
}

/// `-----Original Message-----` and `---- X wrote ----` in any language.
fn is_frame(line: &str) -> bool {
    let line = line.trim().trim_matches('*');
    let dash = |c: char| matches!(c, '-' | '–' | '—' | '_' | '=');
    if !line.starts_with(dash) {
        return false;
    }
    let inner = line.trim_matches(dash).trim();
    let dashes = |text: &str| text.chars().take_while(|c| dash(*c)).count();
    if dashes(line) < 2 || line.chars().rev().take_while(|c| dash(*c)).count() < 2 || inner.is_empty() {
        return false;
    }
    let lower = inner.to_lowercase();
    // "Items sent" between dashes is a title.
    let wrote = || ends_wrote(&lower) && (!lower.ends_with("sent") || has_date(&lower)) && !says_who_writes(&lower);
    says_original(&lower) || (wrote() && !says_forwarded(&lower))
}

/// The label that a line begins with, and what follows it.
fn labelled(line: &str) -> Option<(Label, &str)> {
    let line = line.trim_start_matches(['*', ' ', '\t', '\u{a0}', '|']);
    let end = line.floor_char_boundary(MAX_LABEL_BYTES + '：'.len_utf8());
    let at = line[..end].find([':', '：']).filter(|at| *at <= MAX_LABEL_BYTES)?;
    let word = line[..at].trim_end_matches(['*', ' ', '\u{a0}']).to_lowercase();
    let value = line[at..].trim_start_matches([':', '：', '*', ' ', '\u{a0}', '\t']);
    Some((label(&word)?, value))
}

/// Whether the lines from `at` are the head lines of the message before.
fn is_block(lines: &Lines<'_>, at: usize) -> bool {
    let Some((first @ (Label::From | Label::Date), value)) = labelled(lines.line(at)) else { return false };
    // A place to fetch something from, and a day, are no head.
    let (mut dated, mut timed, mut addressed) = (false, false, false);
    let mut look = |label: Label, value: &str| {
        let date = label == Label::Date && has_date(value);
        dated |= date;
        timed |= date && has_clock(value);
        addressed |= label != Label::Subject && has_address(value);
    };
    look(first, value);
    let mut kinds = vec![first];
    let mut folded = 0;
    for line in at + 1..lines.len().min(at + MAX_BLOCK_LINES) {
        match labelled(lines.line(line)) {
            Some((label, value)) => {
                look(label, value);
                if !kinds.contains(&label) {
                    kinds.push(label);
                }
                folded = 0;
            }
            // Blank lines between the lines of a block come from paragraphs of HTML.
            None if folded < 2 => folded += 1,
            None => break,
        }
    }
    let whole = [Label::From, Label::Subject].iter().all(|label| kinds.contains(label)) && kinds.len() >= 3;
    // Two lines may be in the middle of a form.
    let apart = || at == 0 || lines.is_blank(at - 1) || is_rule(lines.line(at - 1));
    (whole && (dated || addressed)) || (timed && addressed && apart())
}

/// The line before a block that only draws a line.
fn with_rule(lines: &Lines<'_>, at: usize) -> usize {
    let above = lines.without_blanks(at);
    if above > 0 && is_rule(lines.line(above - 1)) { above - 1 } else { at }
}

/// A line that only draws one.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.chars().all(|c| matches!(c, '_' | '-' | '*' | '='))
}
