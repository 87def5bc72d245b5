//! Signatures that are marked as such: by dashes (RFC 3676, 4.3, and how people type them), by lines, by devices.
//!
//! A greeting and a name without a mark are words of the customer.

use super::devices::is_device_line;
use super::lines::Lines;
use super::matter::says_matter;

/// A longer end is no signature, lines.
const MAX_LINES: usize = 56;
/// Most lines below a mark that people also draw, and the longest of them, characters.
const MAX_SHORT_LINES: usize = 4;
const MAX_SHORT_CHARS: usize = 72;
/// Longest line of a signature that begins with a dash before a name, characters.
const MAX_NAME_CHARS: usize = 40;

/// Where the signature starts that ends at `end`.
pub(super) fn start(lines: &Lines<'_>, end: usize) -> Option<usize> {
    let end = lines.without_blanks(end);
    let last = end.checked_sub(1)?;
    if is_device_line(&lines.line(last).trim().to_lowercase())
        && (last == 0 || lines.is_blank(last - 1) || is_mark(lines.line(last - 1)))
    {
        return Some(if last > 0 && is_mark(lines.line(last - 1)) { last - 1 } else { last });
    }
    let is_signature = |mark: usize| {
        let below = (mark + 1..end).map(|line| lines.line(line).trim()).filter(|line| !line.is_empty());
        let below: Vec<&str> = below.collect();
        !(says_more(lines, mark + 1, end) || (below.len() <= MAX_SHORT_LINES && says_matter(&below)))
    };
    let (mut said, mut short) = (0, true);
    for at in (0..end).rev() {
        let line = lines.line(at);
        if line == "-- " {
            return is_signature(at).then_some(at);
        }
        let above = lines.without_blanks(at).checked_sub(1).map_or("", |above| lines.line(above).trim());
        let announced = above.ends_with([':', '：', ',', '，']);
        if is_mark(line) && said <= MAX_SHORT_LINES && short && !announced {
            return is_signature(at).then_some(at);
        }
        if lines.is_marked(at) {
            return None;
        }
        let opens = at == 0 || lines.is_blank(at - 1);
        if opens && said == 0 && !announced && !above.starts_with(['-', '*', '•']) && is_dashed_name(line) {
            return Some(at);
        }
        said += usize::from(!lines.is_blank(at));
        short &= line.chars().count() <= MAX_SHORT_CHARS;
        if said > MAX_LINES {
            return None;
        }
    }
    None
}

/// Whether the lines of a signature say something: a paragraph of sentences, or what was forgotten above.
fn says_more(lines: &Lines<'_>, from: usize, end: usize) -> bool {
    let text: Vec<&str> = (from..end).map(|line| lines.line(line).trim()).collect();
    text.split(|line| line.is_empty()).any(|paragraph| {
        let joined = paragraph.join(" ");
        let lower = joined.to_lowercase();
        let is_postscript = |line: &&str| {
            let line = line.to_lowercase();
            ["ps:", "ps ", "p.s", "p. s.", "ps.", "ps,", "nb:"].iter().any(|mark| line.starts_with(mark))
        };
        let words = lower.split_whitespace().count();
        let small = joined.split_whitespace().filter(|word| word.starts_with(char::is_lowercase)).count();
        let ended = joined.split_whitespace().any(|word| word.ends_with(['.', '!', '?']));
        let wide = joined.contains(['。', '！', '？']);
        paragraph.iter().any(is_postscript) || wide || (words >= 5 && small >= 3 && ended) || small >= 10
    })
}

/// Two or three dashes, or a longer line of underscores, alone. A longer line of dashes is a rule in a form or a table.
fn is_mark(line: &str) -> bool {
    let line = line.trim_end();
    match line.chars().next() {
        Some('-') => matches!(line, "--" | "---"),
        Some('_') => line.len() >= 2 && line.bytes().all(|b| b == b'_'),
        Some('—') => line.chars().all(|c| c == '—'),
        _ => false,
    }
}

/// `-Ann Bell`: a dash directly before the two words or more of a name. One word may be an item of a list, a sentence is said.
fn is_dashed_name(line: &str) -> bool {
    const WORDS: std::ops::RangeInclusive<usize> = 2..=4;
    let Some(name) = line.strip_prefix('-') else { return false };
    let is_name = |word: &str| {
        word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\''))
    };
    line.chars().count() <= MAX_NAME_CHARS
        && name.starts_with(char::is_alphabetic)
        && WORDS.contains(&name.split_whitespace().count())
        && name.split_whitespace().all(is_name)
}
