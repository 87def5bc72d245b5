//! Signatures that are marked as such: by dashes (RFC 3676, 4.3, and how people type them), by lines, by devices.
//!
//! A greeting and a name without a mark are words of the customer.

use super::lines::Lines;
use super::words::is_device_line;

/// A longer end is no signature unless it is marked as RFC 3676 says, lines.
const MAX_LINES: usize = 14;
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
    let mut said = 0;
    for at in (0..end).rev() {
        let line = lines.line(at);
        if line == "-- " || (said <= MAX_LINES && is_mark(line)) {
            return Some(at);
        }
        if lines.is_marked(at) {
            return None;
        }
        let opens = at == 0 || lines.is_blank(at - 1);
        if opens && said < 3 && is_dashed_name(line) {
            return Some(at);
        }
        said += usize::from(!lines.is_blank(at));
        if said > 4 * MAX_LINES {
            return None;
        }
    }
    None
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

/// `-Name`: a dash directly before a letter.
fn is_dashed_name(line: &str) -> bool {
    let mut chars = line.chars();
    chars.next() == Some('-') && chars.next().is_some_and(char::is_alphabetic) && line.chars().count() <= MAX_NAME_CHARS
}
