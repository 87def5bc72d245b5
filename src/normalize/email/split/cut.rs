//! Where the new text begins and ends.

use super::lines::Lines;
use super::{heads, signature};

/// What a mail is to the mails before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// It answers none, as far as it says: only what mailers write whole begins a quotation.
    New,
    Reply,
    /// What it quotes was sent to be read.
    Forward,
}

/// The new text, and what stood around it.
pub(in super::super) fn split(text: &str, kind: Kind) -> (&str, Option<String>) {
    let lines = Lines::of(text);
    let forwarded = kind == Kind::Forward;
    let unmarked = (!forwarded).then(|| heads::first_unmarked(&lines, kind == Kind::Reply)).flatten();
    // "It was this one:" wants what follows to be read, where it is no answer to it.
    let unmarked = unmarked.filter(|start| kind == Kind::Reply || !lines.is_announced(*start));
    let mut end = unmarked.unwrap_or(lines.len());
    let mut marked = false;
    loop {
        let before = end;
        end = lines.without_blanks(end);
        end = signature::start(&lines, end).unwrap_or(end);
        // Once: another marked end above it has words of its own below it.
        if !forwarded
            && !marked
            && let Some(start) = heads::marked_tail(&lines, end, kind == Kind::Reply)
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
