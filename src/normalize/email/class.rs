//! Who wrote a mail: a person, or which kind of program (RFC 3834, RFC 2919, RFC 2369, RFC 5230, and what programs said before).
//!
//! Headers decide. A subject decides only where nothing else was said, and only by its beginning, so that an answer to an
//! automatic mail is a person's.

use mail_parser::{HeaderName, HeaderValue, Message as ParsedMail};

use super::header;
use crate::domain::content::MailClass;

/// So many servers never pass on one mail: it goes round (RFC 5321, 6.3 wants at least 100 to be allowed).
const LOOP_HOPS: usize = 100;

/// The class of a mail that is no report.
pub(super) fn class(mail: &ParsedMail<'_>) -> MailClass {
    if goes_round(mail) {
        return MailClass::Loop;
    }
    let submitted = header(mail, "Auto-Submitted").map(word).unwrap_or_default();
    let precedence = header(mail, "Precedence").map(word).unwrap_or_default();
    let has = |names: &[&'static str]| names.iter().any(|name| mail.header(*name).is_some());
    if submitted == "auto-replied"
        || matches!(precedence.as_str(), "auto_reply" | "auto-reply")
        || has(&REPLY_HEADERS)
        || from_daemon(mail)
        || is_reply_subject(mail.subject().unwrap_or_default())
    {
        return MailClass::Reply;
    }
    let generated = (!submitted.is_empty() && submitted != "no") || suppresses_replies(mail);
    if has(&LIST_HEADERS) || (!generated && matches!(precedence.as_str(), "bulk" | "list" | "junk")) {
        return MailClass::List;
    }
    // A program that answers a mail acknowledges it. One without a sender wants no answer at all, which a form that was filled in
    // does.
    match generated {
        true if mail.in_reply_to().as_text_list().is_some() => MailClass::Reply,
        true => MailClass::Generated,
        false if has_no_return_path(mail) => MailClass::Reply,
        false => MailClass::Person,
    }
}

const REPLY_HEADERS: [&str; 9] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-AutoReply-From",
    "X-Auto-Reply",
    "X-Auto-Reply-From",
    "X-Mail-Autoreply",
    "X-MS-Exchange-Inbox-Rules-Loop",
    "X-POST-MessageClass",
    "Vacation-Reply",
];
const LIST_HEADERS: [&str; 6] =
    ["List-Id", "List-Post", "List-Unsubscribe", "List-Help", "List-Subscribe", "X-Mailman-Version"];

/// The first word of a header, lower case: parameters and comments follow it.
fn word(value: &str) -> String {
    value.trim().split([';', ' ', '(']).next().unwrap_or_default().to_ascii_lowercase()
}

fn goes_round(mail: &ParsedMail<'_>) -> bool {
    mail.headers().iter().filter(|header| header.name == HeaderName::Received).count() > LOOP_HOPS
}

/// Exchange marks its own absence notices so, and programs ask by it not to be answered.
fn suppresses_replies(mail: &ParsedMail<'_>) -> bool {
    header(mail, "X-Auto-Response-Suppress").is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("all") || value.contains("oof") || value.contains("autoreply")
    })
}

/// `Return-Path: <>`
pub(super) fn has_no_return_path(mail: &ParsedMail<'_>) -> bool {
    match mail.header(HeaderName::ReturnPath) {
        Some(HeaderValue::Empty) => true,
        Some(HeaderValue::Text(path)) => path.trim().is_empty(),
        _ => false,
    }
}

fn from_daemon(mail: &ParsedMail<'_>) -> bool {
    let from = mail.from().and_then(|list| list.first());
    let address = from.and_then(|first| first.address()).unwrap_or_default();
    let name = from.and_then(|first| first.name()).unwrap_or_default();
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let name = name.to_lowercase();
    local.starts_with("mailer-daemon")
        || local.starts_with("postmaster")
        || local.starts_with("microsoftexchange")
        || local == "post_master"
        || local == "mail-daemon"
        || local == "bounce"
        || local == "mail_delivery"
        || name.starts_with("mailer-daemon")
        || name.starts_with("mail delivery")
        || name == "postmaster"
}

/// Whether a mail server, rather than somebody, sent it.
pub(super) fn is_from_server(mail: &ParsedMail<'_>) -> bool {
    from_daemon(mail)
}

/// Whether the subject is one of bounces, and nothing before it. Alone it proves nothing.
pub(super) fn is_server_subject(subject: &str) -> bool {
    let subject = subject.trim_start_matches(['*', ' ', '<', '[']).to_lowercase();
    SERVER_SUBJECTS.iter().any(|start| subject.starts_with(start))
}

const SERVER_SUBJECTS: &[&str] = &[
    "undeliver",
    "delivery status",
    "delivery failure",
    "delivery failed",
    "delivery error",
    "delivery report",
    "delivery notification",
    "delivery problem",
    "delivery has failed",
    "mail delivery",
    "mail failure",
    "mail could not be delivered",
    "message could not be delivered",
    "message delivery",
    "message not delivered",
    "message undeliverable",
    "email delivery",
    "failure notice",
    "failure delivery",
    "failed mail",
    "failed delivery",
    "returned mail",
    "returned email",
    "return to sender",
    "non delivery",
    "non-delivery",
    "nondeliverable",
    "nondelivery",
    "could not send message",
    "there was an error sending your mail",
    "unable to deliver",
    "warning: message",
    "warning: could not send",
    "warning: e-mail",
    "permanent delivery",
    "postmaster notify",
    "user unknown",
    "unzustellbar",
    "nicht zustellbar",
    "fehler bei der zustellung",
    "zustellung",
    "mail konnte nicht",
    "échec de la remise",
    "échec de livraison",
    "non remis",
    "non remis",
    "no se puede entregar",
    "no se pudo entregar",
    "error de entrega",
    "mancato recapito",
    "non recapitabile",
    "onbestelbaar",
    "kunne ikke leveres",
    "ikke leveret",
    "olevererbart",
    "kan inte levereras",
    "nie można dostarczyć",
    "niedostarczon",
    "nedoručiteln",
    "nedorucitel",
    "недоставлен",
    "не доставлен",
    "сообщение не доставлено",
    "kézbesíthetetlen",
    "teslim edilemedi",
    "não entregue",
    "não foi possível entregar",
    "配信不能",
    "配信エラー",
    "未送達",
    "無法傳遞",
    "无法投递",
    "退信",
    "系统退信",
    "배달 못함",
    "メール配送",
];

/// Whether the subject is one of absence notices.
fn is_reply_subject(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    REPLY_SUBJECTS.iter().any(|start| subject.starts_with(start))
}

const REPLY_SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply:",
    "auto-reply:",
    "autoreply:",
    "auto response:",
    "autoresponse:",
    "auto-response:",
    "out of office",
    "out-of-office",
    "out of the office:",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesend:",
    "abwesenheit:",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "automatisch antwoord",
    "afwezig:",
    "autosvar",
    "automatisk svar",
    "automatiskt svar",
    "fraværsbesked",
    "automaattinen vastaus",
    "resposta automática",
    "ausência temporária",
    "odpowiedź automatyczna",
    "autoodpowiedź",
    "automatická odpověď",
    "automatická odpoveď",
    "automatikus válasz",
    "răspuns automat",
    "автоматический ответ",
    "автоответ",
    "автоматична відповідь",
    "автоматичен отговор",
    "otomatik yanıt",
    "αυτόματη απάντηση",
    "自動返信",
    "自動応答",
    "自动回复",
    "自動回覆",
    "자동 회신",
    "الرد التلقائي",
    "תשובה אוטומטית",
    "automatski odgovor",
    "samodejni odgovor",
    "automaatvastus",
    "balasan otomatis",
    "trả lời tự động",
];

/// Whether a program asks to take its owner off a list (RFC 2369, 3.2).
pub(super) fn is_unsubscribe(mail: &ParsedMail<'_>) -> bool {
    let by_program = mail.header("Auto-Submitted").is_some() || mail.header("X-Apple-Unsubscribe").is_some();
    by_program && mail.subject().is_some_and(|subject| subject.trim().eq_ignore_ascii_case("unsubscribe"))
}
