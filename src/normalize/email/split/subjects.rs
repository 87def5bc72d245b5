//! What a subject says of the mails before: that one was sent on, or that one is answered. Nothing else of it is read.

/// Marks before a subject that was sent on, each before a colon.
const FORWARD_MARKS: &[&str] = &[
    "fw",
    "fwd",
    "wg",
    "tr",
    "rv",
    "i",
    "enc",
    "vs",
    "vb",
    "vl",
    "doorst",
    "pd",
    "пер",
    "转发",
    "轉寄",
    "転送",
    "전달",
    "továbbítás",
    "ilt",
    "πρθ",
];

/// Whether a subject says that the mail was sent on, before it says anything else.
pub(in super::super) fn is_forward_subject(subject: &str) -> bool {
    let Some(at) = subject.find([':', '：']) else { return false };
    FORWARD_MARKS.contains(&subject[..at].trim().to_lowercase().as_str())
}

/// Marks before the subject of an answer, each before a colon, perhaps with a number.
const REPLY_MARKS: &[&str] = &[
    "re",
    "aw",
    "sv",
    "antw",
    "antwort",
    "odp",
    "r",
    "rif",
    "res",
    "ref",
    "ha",
    "vá",
    "ynt",
    "yan",
    "bls",
    "ats",
    "atb",
    "απ",
    "σχετ",
    "отв",
    "ответ",
    "відп",
    "回复",
    "回覆",
    "答复",
    "答覆",
    "返信",
    "회신",
    "رد",
    "השב",
    "trả lời",
];

/// Whether a subject says that the mail answers one, behind the mark of a list or a ticket.
pub(in super::super) fn is_reply_subject(subject: &str) -> bool {
    let mut subject = subject.trim_start();
    if subject.starts_with('[')
        && let Some((_, behind)) = subject.split_once(']')
    {
        subject = behind.trim_start();
    }
    let Some(at) = subject.find([':', '：']) else { return false };
    let mark = subject[..at].split(['[', '(', '^']).next().unwrap_or_default();
    REPLY_MARKS.contains(&mark.trim().to_lowercase().as_str())
}
