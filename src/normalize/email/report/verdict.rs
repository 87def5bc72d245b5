//! Hard or soft, and what to do about it: by what the server says, then by its status codes.

use super::phrases;
use super::status::{Status, reply_code};
use crate::domain::event::{ErrorClass, Receipt, ReceiptError, ReceiptStatus};

/// Most bytes of a server's words that are looked at, and of those that are kept.
pub(super) const MAX_LOOK_BYTES: usize = 8 * 1024;
const MAX_REASON_BYTES: usize = 512;

/// What there is to judge by.
#[derive(Debug)]
pub(super) struct Evidence<'e> {
    /// The status field.
    pub(super) status: Option<Status>,
    /// The diagnostic field: what the other server said.
    pub(super) diagnostic: &'e str,
    /// What the server wrote for people.
    pub(super) words: &'e str,
    /// It goes on trying.
    pub(super) delayed: bool,
}

/// The judgement on one recipient.
#[derive(Debug)]
pub(super) struct Verdict {
    status: ReceiptStatus,
    error: ReceiptError,
}

impl Verdict {
    pub(super) fn about(self, recipient: Option<String>) -> Receipt {
        Receipt { status: self.status, recipient, error: Some(self.error), ..Receipt::default() }
    }
}

pub(super) fn judge(evidence: &Evidence<'_>) -> Verdict {
    let diagnostic = plain(evidence.diagnostic);
    let words = plain(evidence.words);
    let found = Status::find(&diagnostic);
    let from_words = || Status::find(&words);
    let specific = |status: &Status| !status.is_general();
    let status = found
        .filter(specific)
        .or(evidence.status.filter(specific))
        .or_else(|| from_words().filter(specific))
        .or(found)
        .or(evidence.status)
        .or_else(from_words);
    let reply = reply_code(&diagnostic).or_else(|| reply_code(&words));
    let temporary = status.map_or(matches!(reply, Some(400..=499)), |status| status.0 == 4);
    let said = if diagnostic.is_empty() { &words } else { &diagnostic };
    let cause = phrases::cause(said).map(|class| match class {
        ErrorClass::Invalid if temporary => ErrorClass::Retryable,
        ErrorClass::Invalid if !matches!(status, Some(Status(5, 1, _))) && phrases::after_data(&words) => {
            ErrorClass::Blocked
        }
        class => class,
    });
    let class = if evidence.delayed {
        ErrorClass::Retryable
    } else {
        cause
            .or_else(|| status.and_then(by_status))
            // A host that takes no mail at all (RFC 7504).
            .or_else(|| matches!(reply, Some(521 | 556)).then_some(ErrorClass::Invalid))
            .or_else(|| phrases::cause(&words))
            .or_else(|| phrases::hint(said))
            .or_else(|| phrases::hint(&words))
            .unwrap_or_else(|| by_reply(status, reply))
    };
    let code = match (status, reply) {
        (Some(status), Some(_)) if status.is_general() => reply.map(|reply| reply.to_string()).unwrap_or_default(),
        (Some(status), _) => status.to_string(),
        (None, Some(reply)) => reply.to_string(),
        (None, None) => String::new(),
    };
    // Still on its way: it was taken, and nothing has failed yet.
    let sent = if evidence.delayed { ReceiptStatus::Sent } else { ReceiptStatus::Failed };
    Verdict { status: sent, error: ReceiptError { class, code, reason: cut(said, MAX_REASON_BYTES).to_owned() } }
}

/// Statuses that say one thing (RFC 3463 and its registry).
fn by_status(status: Status) -> Option<ErrorClass> {
    let Status(kind, subject, detail) = status;
    if kind == 4 {
        return Some(ErrorClass::Retryable);
    }
    Some(match (subject, detail) {
        (1, 1..=4 | 6 | 10) => ErrorClass::Invalid,
        (1, 7 | 8) => ErrorClass::Blocked,
        (2, 2) => ErrorClass::Retryable,
        (2, 1) => ErrorClass::Unreachable,
        (2, 3) | (3, 4) | (6, _) => ErrorClass::Content,
        (3, 1 | 5) | (4, 1 | 2 | 3 | 5 | 7) => ErrorClass::Retryable,
        (4, 4) => ErrorClass::Invalid,
        (4, 6) => ErrorClass::Unreachable,
        (7, _) => ErrorClass::Blocked,
        _ => return None,
    })
}

fn by_reply(status: Option<Status>, reply: Option<u16>) -> ErrorClass {
    match (status, reply) {
        (Some(Status(4, ..)), _) | (_, Some(400..=499)) => ErrorClass::Retryable,
        (_, Some(552)) => ErrorClass::Retryable,
        (_, Some(550..=559 | 571)) => ErrorClass::Blocked,
        _ => ErrorClass::Unreachable,
    }
}

/// Lower case, one space between words, and without the codes that begin the lines of a long answer.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for line in cut(text, MAX_LOOK_BYTES).lines() {
        for word in line.split_whitespace() {
            // "550-5.1.1": two words.
            let apart =
                word.len() > 4 && word.as_bytes()[3] == b'-' && word.bytes().take(3).all(|b| b.is_ascii_digit());
            let (first, rest) = if apart { (&word[..3], &word[4..]) } else { (word, "") };
            for word in [first, rest].into_iter().filter(|word| !word.is_empty()) {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(&word.to_lowercase());
            }
        }
    }
    out
}

/// The beginning of a text, whole characters of it.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}
