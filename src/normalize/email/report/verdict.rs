//! Hard or soft, and what to do about it: by what the server says, then by its status codes.

use std::collections::HashMap;

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

/// What is known of a text, looked for once: servers say the same about many recipients.
#[derive(Debug, Default)]
struct Known {
    plain: String,
    status: Option<Status>,
    reply: Option<u16>,
    cause: Option<ErrorClass>,
    hint: Option<ErrorClass>,
    after_data: bool,
}

impl Known {
    fn of(text: &str) -> Self {
        let plain = plain(text);
        Self {
            status: Status::find(&plain),
            reply: reply_code(&plain),
            cause: phrases::cause(&plain),
            hint: phrases::hint(&plain),
            after_data: phrases::after_data(&plain),
            plain,
        }
    }
}

/// Whether a text has a server's code, and words of servers beside it: a number alone may count pieces, or be a date.
pub(super) fn cites_code(text: &str) -> bool {
    let known = Known::of(text);
    (known.status.is_some() || known.reply.is_some()) && (known.cause.is_some() || known.hint.is_some())
}

/// Whether a text names, in words of servers, why a mail did not arrive.
pub(super) fn names_cause(text: &str) -> bool {
    phrases::cause(&plain(text)).is_some()
}

pub(super) fn judge(evidence: &Evidence<'_>) -> Verdict {
    Judge::default().judge(evidence)
}

/// Judges the recipients of one report.
#[derive(Debug, Default)]
pub(super) struct Judge<'w> {
    known: HashMap<&'w str, Known>,
}

impl<'w> Judge<'w> {
    pub(super) fn judge(&mut self, evidence: &Evidence<'w>) -> Verdict {
        let (diagnostic, words) = (cut(evidence.diagnostic, MAX_LOOK_BYTES), cut(evidence.words, MAX_LOOK_BYTES));
        for text in [diagnostic, words] {
            self.known.entry(text).or_insert_with(|| Known::of(text));
        }
        let nothing = Known::default();
        let known = |text: &str| self.known.get(text).unwrap_or(&nothing);
        decide(evidence, known(diagnostic), known(words))
    }
}

fn decide(evidence: &Evidence<'_>, diagnostic: &Known, words: &Known) -> Verdict {
    let found = diagnostic.status;
    let specific = |status: &Status| !status.is_general();
    let status = found
        .filter(specific)
        .or(evidence.status.filter(specific))
        .or(words.status.filter(specific))
        .or(found)
        .or(evidence.status)
        .or(words.status);
    let reply = diagnostic.reply.or(words.reply);
    let temporary = status.map_or(matches!(reply, Some(400..=499)), |status| status.0 == 4);
    let said = if diagnostic.plain.is_empty() { words } else { diagnostic };
    let cause = said.cause.map(|class| match class {
        ErrorClass::Invalid if temporary => ErrorClass::Retryable,
        ErrorClass::Invalid if !matches!(status, Some(Status(5, 1, _))) && words.after_data => ErrorClass::Blocked,
        class => class,
    });
    let class = if evidence.delayed {
        ErrorClass::Retryable
    } else {
        cause
            .or_else(|| status.and_then(by_status))
            // A host that takes no mail at all (RFC 7504).
            .or_else(|| matches!(reply, Some(521 | 556)).then_some(ErrorClass::Invalid))
            .or(words.cause)
            .or(said.hint)
            .or(words.hint)
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
    Verdict { status: sent, error: ReceiptError { class, code, reason: cut(&said.plain, MAX_REASON_BYTES).to_owned() } }
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
