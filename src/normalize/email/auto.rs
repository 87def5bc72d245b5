//! Whether a person wrote a mail (RFC 3834, RFC 5230, and what programs sent before those).

use mail_parser::{Message as ParsedMail, MimeHeaders as _};

use super::header;

/// True for anything that must get no automatic answer. Kinds of such mail are told apart elsewhere.
pub(super) fn is_automatic(mail: &ParsedMail<'_>) -> bool {
    let automatic = header(mail, "Auto-Submitted").is_some_and(|value| !value.trim().eq_ignore_ascii_case("no"));
    let precedence = header(mail, "Precedence").is_some_and(|value| {
        ["bulk", "junk", "list", "auto_reply"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
    });
    let marked =
        ["X-Autoreply", "X-Autorespond", "X-Auto-Reply", "List-Id"].iter().any(|name| mail.header(*name).is_some());
    let report = mail
        .content_type()
        .is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart") && kind.subtype() == Some("report"));
    automatic || precedence || marked || report || from_a_daemon(mail)
}

fn from_a_daemon(mail: &ParsedMail<'_>) -> bool {
    let from = mail.from().and_then(|list| list.first()).and_then(|first| first.address()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    matches!(local.as_str(), "mailer-daemon" | "postmaster")
}
