//! Where the new text begins and ends.

use super::lines::Lines;
use super::{heads, signature};

/// The new text, and what stood around it.
pub(in super::super) fn split(text: &str, forwarded: bool) -> (&str, Option<String>) {
    let lines = Lines::of(text);
    let mut end = if forwarded { lines.len() } else { heads::first_unmarked(&lines).unwrap_or(lines.len()) };
    let mut marked = false;
    loop {
        let before = end;
        end = lines.without_blanks(end);
        end = signature::start(&lines, end).unwrap_or(end);
        // Once: another marked end above it has words of its own below it.
        if !forwarded
            && !marked
            && let Some(start) = heads::marked_tail(&lines, end)
        {
            (marked, end) = (true, start);
        }
        if end == before {
            break;
        }
    }
    // A head may begin behind words of the reply: "reply--- On ..., X wrote:".
    let at = lines.start(end) + heads::shared(lines.line(end)).unwrap_or(0);
    // One quotation, and the answer below it.
    let from = match heads::marked_start(&lines, end).filter(|_| !forwarded) {
        Some(line) => lines.start(line),
        None => 0,
    };
    let new = text[from..at].trim_end();
    if new.trim().is_empty() || (from == 0 && text[at..].trim().is_empty()) {
        return (text, None);
    }
    (new, Some(format!("{}{}", &text[..from], &text[at..]).trim_end().to_owned()))
}
