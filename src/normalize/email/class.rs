//! Who wrote a mail: a person, or which kind of program (RFC 3834, RFC 2919, RFC 2369, RFC 5230, and what programs said before).
//!
//! Headers decide, and none that people's mails have, too: whoever is taken for an absence notice or a list is not heard. The
//! subject decides only beside no `Auto-Submitted`, and only as the whole phrase that a program writes, alone or before a colon.
//! So do an address and a name like a server's only beside the envelope of one.
//!
//! What a program wrote for somebody is [`MailClass::Generated`], an answer to a mail of ours, too: ticket systems of customers
//! mark so both their acknowledgements and what a person there answered. It gets no automatic answer, so that nothing goes round.

use mail_parser::{HeaderName, HeaderValue, Message as ParsedMail};

use super::body::words;
use super::header;
use crate::domain::content::MailClass;

/// So many servers never pass on one mail: it goes round (RFC 5321, 6.3 wants at least 100 to be allowed).
const LOOP_HOPS: usize = 100;

/// The class of a mail that is no report.
pub(super) fn class(mail: &ParsedMail<'_>) -> MailClass {
    if goes_round(mail) {
        return MailClass::Loop;
    }
    let submitted = submitted(mail);
    let precedence = header(mail, "Precedence").map(word).unwrap_or_default();
    let has = |names: &[&'static str]| names.iter().filter(|name| mail.header(**name).is_some()).count();
    let answers = mail.in_reply_to().as_text_list().is_some();
    let anonymous = has_no_return_path(mail);
    if submitted.as_deref() == Some("auto-replied")
        || matches!(precedence.as_str(), "auto_reply" | "auto-reply")
        || has(&REPLY_HEADERS) > 0
        || header(mail, "X-POST-MessageClass").is_some_and(|class| class.to_ascii_lowercase().contains("autorespon"))
        || is_server(mail)
        || (is_like_server(mail) && anonymous)
        || (submitted.is_none() && is_absence_subject(mail.subject().unwrap_or_default()))
        // No person answers a message without a sender of the envelope.
        || (submitted.is_none() && anonymous && answers)
    {
        return MailClass::Reply;
    }
    let generated = submitted.is_some_and(|value| value != "no") || suppresses_replies(mail);
    if is_own_group(mail) {
        return if generated || anonymous { MailClass::Generated } else { MailClass::Person };
    }
    let bulk = matches!(precedence.as_str(), "bulk" | "list" | "junk") && !generated;
    // Shops and ticket systems set one of these on mails for one person. Only a list sets several.
    let weak = usize::from(has(&UNSUBSCRIBE_HEADERS) > 0) + has(&WEAK_LIST_HEADERS) + usize::from(bulk);
    // Who answers a mail and writes to nobody's list has a program that marks all mails of its company.
    if (has(&LIST_HEADERS) > 0 || weak > 1) && (!answers || is_to_list(mail)) {
        return MailClass::List;
    }
    // A form that was filled in has no sender of the envelope, either.
    if generated || weak > 0 || anonymous { MailClass::Generated } else { MailClass::Person }
}

/// Whether a group of a company's own domain passed the mail on: such a group stands in front of a mailbox that many people read,
/// and puts the marks of a list on what customers write to it.
fn is_own_group(mail: &ParsedMail<'_>) -> bool {
    /// Groups that anybody may open are lists.
    const PUBLIC: &str = "googlegroups.com";
    let raw = |name: &'static str| mail.header_raw(name).unwrap_or_default().to_ascii_lowercase();
    mail.header("X-Google-Group-Id").is_some() && !raw("List-Id").contains(PUBLIC) && !raw("List-Post").contains(PUBLIC)
}

/// Whether the list is among those whom the mail names as its readers.
fn is_to_list(mail: &ParsedMail<'_>) -> bool {
    let raw = |name: &'static str| mail.header_raw(name).unwrap_or_default().to_ascii_lowercase();
    let (id, post) = (raw("List-Id"), raw("List-Post"));
    let boxes = [mail.to(), mail.cc()].into_iter().flatten().flat_map(mail_parser::Address::iter);
    boxes.filter_map(|found| found.address()).filter(|address| address.contains('@')).any(|address| {
        let address = address.to_ascii_lowercase();
        post.contains(&address) || id.contains(&address.replacen('@', ".", 1))
    })
}

/// What `Auto-Submitted` says; a mail that was passed on by a rule is as it was written: `no`.
fn submitted(mail: &ParsedMail<'_>) -> Option<String> {
    let value = header(mail, "Auto-Submitted").map(word).filter(|value| !value.is_empty())?;
    Some(if value == "auto-forwarded" { "no".to_owned() } else { value })
}

const REPLY_HEADERS: [&str; 7] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-AutoReply-From",
    "X-Auto-Reply",
    "X-Auto-Reply-From",
    "X-Mail-Autoreply",
    "Vacation-Reply",
];
const LIST_HEADERS: [&str; 3] = ["List-Id", "List-Post", "X-Mailman-Version"];
/// One sign: the second only says how the first is used (RFC 8058), and who sends for many sets both on every mail.
const UNSUBSCRIBE_HEADERS: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];
const WEAK_LIST_HEADERS: [&str; 2] = ["List-Help", "List-Subscribe"];

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

/// `Return-Path: <>`, or the name that servers write there instead.
pub(super) fn has_no_return_path(mail: &ParsedMail<'_>) -> bool {
    match mail.header(HeaderName::ReturnPath) {
        Some(HeaderValue::Empty) => true,
        Some(HeaderValue::Text(path)) => {
            let path = path.trim_matches(['<', '>', ' ']);
            path.is_empty() || path.split('@').next().is_some_and(|local| local.eq_ignore_ascii_case("mailer-daemon"))
        }
        _ => false,
    }
}

/// Whether a mail server, rather than somebody, sent it: by an address that nobody else has.
pub(super) fn is_server(mail: &ParsedMail<'_>) -> bool {
    /// Exchange writes an id of its own behind the name, hexadecimal digits.
    const MIN_ID: usize = 16;
    let (local, name) = first_from(mail);
    // `MAILER-DAEMON <>`: nobody who could be answered.
    (local.is_empty() && name.starts_with("mailer-daemon"))
        || matches!(local.as_str(), "mailer-daemon" | "mail-daemon")
        || local
            .strip_prefix("microsoftexchange")
            .is_some_and(|id| id.len() >= MIN_ID && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a server may have sent it: people have such addresses and names, too, so that it counts only beside other signs.
pub(super) fn is_like_server(mail: &ParsedMail<'_>) -> bool {
    let (local, name) = first_from(mail);
    (local.is_empty() && name.is_empty() && mail.header(HeaderName::From).is_some())
        || local.starts_with("mailer-daemon")
        || local.starts_with("postmaster")
        || local.starts_with("microsoftexchange")
        || matches!(local.as_str(), "post_master" | "bounce" | "mail_delivery" | "mail-daemon")
        || name.starts_with("mailer-daemon")
        || name.starts_with("mailer daemon")
        || name
            .strip_prefix("mail delivery ")
            .is_some_and(|rest| rest.starts_with("system") || rest.starts_with("subsystem"))
        || name == "postmaster"
}

/// Whether the address is one that only servers have, if not all of one kind: proof beside a mail that it returns.
pub(super) fn is_odd_server(mail: &ParsedMail<'_>) -> bool {
    matches!(first_from(mail).0.as_str(), "post_master" | "mail_delivery")
}

/// The local part of the first sender's address, and the name, lower case.
fn first_from(mail: &ParsedMail<'_>) -> (String, String) {
    let from = mail.from().and_then(|list| list.first());
    let name = from.and_then(|first| first.name()).unwrap_or_default();
    // `"ann@example.com"` is the name of nobody's address.
    let address =
        from.and_then(|first| first.address()).or(Some(name).filter(|name| name.contains('@'))).unwrap_or_default();
    (address.split('@').next().unwrap_or_default().to_ascii_lowercase(), name.to_lowercase())
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
    "delivery notification",
    "delivery has failed",
    "mail delivery",
    "mail failure",
    "mail could not be delivered",
    "message could not be delivered",
    "message not delivered",
    "message undeliverable",
    "failure notice",
    "failed mail",
    "returned mail",
    "returned email",
    "non delivery",
    "non-delivery",
    "nondeliverable",
    "nondelivery",
    "could not send message",
    "there was an error sending your mail",
    "warning: message",
    "warning: could not send",
    "warning: e-mail",
    "permanent delivery",
    "postmaster notify",
    "user unknown",
    "unzustellbar",
    "nicht zustellbar",
    "fehler bei der zustellung",
    "mail konnte nicht",
    "échec de la remise",
    "échec de livraison",
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

/// Whether the subject is one of absence notices: the phrase alone, or before a colon.
fn is_absence_subject(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    REPLY_SUBJECTS.iter().any(|start| {
        subject
            .strip_prefix(start)
            .map(str::trim_start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '：']))
    })
}

const REPLY_SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "autoresponse",
    "auto-response",
    "out of office",
    "out of office autoreply",
    "out of office reply",
    "out-of-office",
    "out of the office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "automatisch antwoord",
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

/// Whether a program asks to take its owner off a list (RFC 2369, 3.2), and nobody says more.
pub(super) fn is_unsubscribe(mail: &ParsedMail<'_>) -> bool {
    let is_word = |text: &str| text.trim().eq_ignore_ascii_case("unsubscribe");
    let submitted = submitted(mail);
    let by_program =
        submitted.as_deref().map_or_else(|| mail.header("X-Apple-Unsubscribe").is_some(), |value| value != "no");
    by_program && mail.subject().is_some_and(is_word) && mail.attachments().next().is_none() && {
        let (text, _) = words(mail);
        let text = text.trim();
        // What Mail of Apple writes in the name of its owner.
        let by_apple = mail.header("X-Apple-Unsubscribe").is_some()
            && text.starts_with("Apple Mail sent this email to unsubscribe")
            && text.lines().count() == 1;
        text.is_empty() || is_word(text) || by_apple
    }
}
