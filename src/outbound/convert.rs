//! A stored message of ours becomes what its adapter is asked to do.
//!
//! Everything comes from the record alone, so that a repeat after a crash says the same (design, law 1). Text that becomes a
//! header of a mail holds no line ends when it leaves here, whoever wrote it.

use crate::domain::content::{Content, Mail, Mailbox, Part};
use crate::domain::event::{AddressKind, Scope};
use crate::domain::id::MessageId;
use crate::domain::record::{
    Author, Change, Direction, Flags, MailCopy, MessageContent, MessageKind, MessageStored, PersonalValue, Purpose,
    Record,
};
use crate::domain::view::AnswerAddress;
use crate::normalize::convert::{content_into_proto, mailbox_into_proto};
use crate::proto::channel as p;
use crate::proto::channel::outbound_message::Action;

/// The message stored at `place` of the record, for its adapter. None when nothing outbound stands there, or its words are gone
/// with their key.
#[must_use]
pub fn outbound_message(record: &Record, place: u16) -> Option<p::OutboundMessage> {
    let Some(Change::MessageStored(stored)) = record.changes.get(usize::from(place)) else { return None };
    let words = record.content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Message(words) if personal.place == place => Some(words.as_ref()),
        _ => None,
    })?;
    (stored.direction == Direction::Out).then(|| message(MessageId::new(record.index, place), stored, words))
}

fn message(id: MessageId, stored: &MessageStored, words: &MessageContent) -> p::OutboundMessage {
    let (content, mail) = without_head(words.content.clone());
    // What goes into a group or public thread is addressed to the thread: it is the leaf's address.
    let (recipient, thread) = match stored.scope {
        Scope::Direct => (words.recipient.as_ref(), words.thread.clone()),
        Scope::Group | Scope::Public => (None, words.recipient.clone()),
    };
    let action = match (stored.kind, stored.about) {
        // A message of ours that is taken back before it was sent; its adapter knows it by our id.
        (MessageKind::Deletion, Some(about)) if stored.flags.has(Flags::RETRACTED) => {
            Action::Retract(p::Retract { message_id: about.to_string() })
        }
        (MessageKind::Deletion, Some(about)) => Action::Cancel(p::Cancel { message_id: about.to_string() }),
        (MessageKind::Edit, Some(about)) => {
            Action::Edit(p::OutboundEdit { message_id: about.to_string(), content: Some(content_into_proto(content)) })
        }
        (MessageKind::Reaction, _) => Action::Reaction(p::OutboundReaction {
            message_ref: words.quoted_ref.clone().unwrap_or_default(),
            emoji: words.detail.clone().unwrap_or_default(),
        }),
        _ => Action::Content(content_into_proto(content)),
    };
    let boxes = |list: &[Mailbox]| list.iter().cloned().map(in_header).map(mailbox_into_proto).collect();
    p::OutboundMessage {
        message_id: id.to_string(),
        author: Some(p::Author { name: words.author_name.clone(), ..author(stored.author) }),
        purpose: purpose(stored.purpose).into(),
        recipient: recipient
            .map(|address| p::Sender { kind: address_kind(&stored.channel, address).into(), address: address.clone() }),
        to: mail.as_ref().map(|mail| boxes(&mail.to)).unwrap_or_default(),
        cc: mail.as_ref().map(|mail| boxes(&mail.cc)).unwrap_or_default(),
        bcc: mail.as_ref().map(|mail| boxes(&mail.bcc)).unwrap_or_default(),
        endpoint: stored.endpoint.to_string(),
        thread,
        action: Some(action),
        quoted: words.quoted_ref.clone(),
        reply_token: words.reply_token.clone(),
        mail: mail.map(|mail| p::OutboundMail {
            reply_to_token: words.reply_to_token.clone().map(one_line),
            copies: words.copies.iter().cloned().map(copy).collect(),
            ..mail_head(*mail)
        }),
        language: words.language.clone(),
        not_after_ms: stored.not_after.map(|at| at.0),
        read_token: words.read_token.clone(),
    }
}

/// That somebody of ours is typing, for the adapter: no message, so it has no id and is in no record.
pub(super) fn typing(to: &AnswerAddress) -> p::OutboundMessage {
    let (recipient, thread) = match to.scope {
        Scope::Direct => (Some(&to.address), to.thread.as_deref().map(str::to_owned)),
        Scope::Group | Scope::Public => (None, Some(to.address.to_string())),
    };
    p::OutboundMessage {
        author: Some(author(to.author)),
        purpose: p::Purpose::Service.into(),
        recipient: recipient
            .map(|address| p::Sender { kind: address_kind(&to.channel, address).into(), address: address.to_string() }),
        endpoint: to.endpoint.to_string(),
        thread,
        action: Some(Action::Typing(p::Typing {})),
        ..p::OutboundMessage::default()
    }
}

/// The content without the head of a mail, and that head.
fn without_head(mut content: Content) -> (Content, Option<Box<Mail>>) {
    let at = content.parts.iter().position(|part| matches!(part, Part::Mail(_)));
    match at.map(|at| content.parts.remove(at)) {
        Some(Part::Mail(mail)) => (content, Some(mail)),
        _ => (content, None),
    }
}

fn mail_head(mail: Mail) -> p::OutboundMail {
    p::OutboundMail {
        subject: one_line(mail.subject),
        message_id: one_line(mail.message_id.unwrap_or_default()),
        in_reply_to: mail.in_reply_to.into_iter().next().map(one_line),
        references: mail.references.into_iter().map(one_line).collect(),
        reply_to_token: None,
        from: mail.from.into_iter().next().map(in_header).map(mailbox_into_proto),
        html: mail.html,
        copies: Vec::new(),
    }
}

fn copy(copy: MailCopy) -> p::MailCopy {
    p::MailCopy { address: one_line(copy.address), reply_to_token: one_line(copy.reply_to_token) }
}

fn in_header(mailbox: Mailbox) -> Mailbox {
    Mailbox { name: mailbox.name.map(one_line), address: one_line(mailbox.address) }
}

fn one_line(text: String) -> String {
    if text.chars().any(char::is_control) { text.replace(char::is_control, " ") } else { text }
}

fn author(author: Author) -> p::Author {
    let (kind, id) = match author {
        Author::Customer => (p::AuthorKind::Customer, String::new()),
        Author::Participant => (p::AuthorKind::Participant, String::new()),
        Author::Agent(agent) => (p::AuthorKind::Agent, agent.to_string()),
        Author::Bot(agent) => (p::AuthorKind::Bot, agent.to_string()),
        Author::System => (p::AuthorKind::System, String::new()),
        Author::External => (p::AuthorKind::External, String::new()),
    };
    p::Author { kind: kind.into(), id, name: None }
}

fn purpose(purpose: Purpose) -> p::Purpose {
    match purpose {
        Purpose::Service => p::Purpose::Service,
        Purpose::Proactive => p::Purpose::Proactive,
        Purpose::Marketing => p::Purpose::Marketing,
        Purpose::Notice => p::Purpose::Notice,
        Purpose::Survey => p::Purpose::Survey,
    }
}

/// The record says where to; which kind of address that is follows from the channel and, on channels with several kinds, from
/// its form. A channel of somebody's own has addresses of its own kind.
fn address_kind(channel: &str, address: &str) -> p::AddressKind {
    let kind = match channel {
        "sms" | "whatsapp" if address.starts_with('+') => AddressKind::Phone,
        "sms" => AddressKind::ShortCode,
        "whatsapp" => AddressKind::Whatsapp,
        "email" => AddressKind::Email,
        "messenger" => AddressKind::Messenger,
        "instagram" => AddressKind::Instagram,
        "telegram" => AddressKind::Telegram,
        "line" => AddressKind::Line,
        "viber" => AddressKind::Viber,
        "chat" | "web" => AddressKind::Web,
        _ => return p::AddressKind::Unspecified,
    };
    crate::normalize::convert::address_kind(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AgentId, Index};
    use crate::domain::record::{Cause, Personal};
    use crate::domain::time::Timestamp;
    use smallvec::smallvec;

    fn record(stored: MessageStored, words: Option<MessageContent>) -> Record {
        Record {
            index: Index(7),
            time: Timestamp(0),
            workspace: "acme".into(),
            cause: Cause::System,
            touches: smallvec![],
            changes: smallvec![
                Change::AgentRegistered { agent: AgentId(3), name: "ada".into() },
                Change::MessageStored(Box::new(stored))
            ],
            content: words
                .map(|words| Personal { place: 1, value: PersonalValue::Message(Box::new(words)) })
                .into_iter()
                .collect(),
            content_leaf: None,
        }
    }

    fn out(channel: &str) -> MessageStored {
        MessageStored {
            direction: Direction::Out,
            author: Author::Agent(AgentId(3)),
            channel: channel.into(),
            endpoint: "main".into(),
            not_after: Some(Timestamp(5)),
            ..MessageStored::default()
        }
    }

    fn to(recipient: &str, content: Content) -> MessageContent {
        MessageContent { content, recipient: Some(recipient.to_owned()), ..MessageContent::default() }
    }

    #[test]
    fn an_answer_names_its_recipient_by_channel_and_form() {
        let cases = [
            ("whatsapp", "+4915112345678", p::AddressKind::Phone),
            ("whatsapp", "DE.77", p::AddressKind::Whatsapp),
            ("sms", "2020", p::AddressKind::ShortCode),
            ("pager", "17", p::AddressKind::Unspecified),
        ];
        for (channel, address, kind) in cases {
            let made = outbound_message(&record(out(channel), Some(to(address, Content::text("hi")))), 1);
            let made = made.expect("an outbound message stands there");
            assert_eq!(made.recipient.map(|to| (to.kind(), to.address)), Some((kind, address.to_owned())));
            assert_eq!((made.message_id.as_str(), made.not_after_ms), ("m7-1", Some(5)));
            assert_eq!(made.author.map(|author| author.id).as_deref(), Some("g3"));
        }
    }

    #[test]
    fn an_answer_brings_the_tokens_that_the_provider_gave() {
        let words = MessageContent {
            reply_token: Some("r".to_owned()),
            read_token: Some("d".to_owned()),
            ..to("U1", Content::text("hi"))
        };
        let made = outbound_message(&record(out("line"), Some(words)), 1).expect("outbound");
        assert_eq!((made.reply_token.as_deref(), made.read_token.as_deref()), (Some("r"), Some("d")));
    }

    #[test]
    fn a_mail_leaves_without_line_ends_in_its_head_and_without_a_second_head_in_its_content() {
        let mail = Mail {
            subject: "a\r\nBcc: x@example.com".to_owned(),
            to: vec![Mailbox { name: Some("b\nc".to_owned()), address: "b@example.com".to_owned() }],
            references: vec!["r\r1".to_owned()],
            ..Mail::default()
        };
        let content = Content { text: "hi".to_owned(), parts: vec![Part::Mail(Box::new(mail))] };
        let made = outbound_message(&record(out("email"), Some(to("b@example.com", content))), 1).expect("outbound");
        let head = made.mail.expect("a mail has a head");
        assert_eq!((head.subject.as_str(), head.references[0].as_str()), ("a  Bcc: x@example.com", "r 1"));
        assert_eq!(made.to[0].name.as_deref(), Some("b c"));
        assert!(
            matches!(made.action, Some(Action::Content(content)) if content.parts.is_empty() && content.text == "hi")
        );
    }

    #[test]
    fn what_stands_beside_the_words_of_an_answer_leaves_with_them() {
        let words = MessageContent {
            quoted_ref: Some("q".to_owned()),
            language: Some("de".to_owned()),
            reply_token: Some("t".to_owned()),
            reply_to_token: Some("s\r\nBcc: x".to_owned()),
            author_name: Some("Ada".to_owned()),
            ..to("b@example.com", Content { parts: vec![Part::Mail(Box::default())], ..Content::text("hi") })
        };
        let made = outbound_message(&record(out("email"), Some(words)), 1).expect("outbound");
        assert_eq!((made.quoted.as_deref(), made.language.as_deref()), (Some("q"), Some("de")));
        assert_eq!(made.reply_token.as_deref(), Some("t"));
        assert_eq!(made.mail.and_then(|mail| mail.reply_to_token).as_deref(), Some("s  Bcc: x"));
        assert_eq!(made.author.and_then(|author| author.name).as_deref(), Some("Ada"));
    }

    #[test]
    fn an_answer_into_a_thread_of_a_persons_chat_names_both() {
        let words = MessageContent { thread: Some("77".to_owned()), ..to("3501", Content::text("hi")) };
        let made = outbound_message(&record(out("telegram"), Some(words)), 1).expect("outbound");
        assert_eq!(made.thread.as_deref(), Some("77"));
        assert_eq!(made.recipient.map(|to| to.address).as_deref(), Some("3501"));
    }

    #[test]
    fn an_answer_into_a_group_names_the_thread_and_nobody() {
        let stored = MessageStored { scope: Scope::Group, ..out("whatsapp") };
        let made = outbound_message(&record(stored, Some(to("120363@g.us", Content::text("hi")))), 1);
        assert_eq!(made.map(|made| (made.thread, made.recipient)), Some((Some("120363@g.us".to_owned()), None)));
    }

    #[test]
    fn a_message_of_ours_that_is_taken_back_is_cancelled_by_its_id() {
        let about = Some(MessageId::new(Index(5), 2));
        let stored = MessageStored { kind: MessageKind::Deletion, about, ..out("sms") };
        let made = outbound_message(&record(stored, Some(to("+49", Content::default()))), 1);
        let cancel = Action::Cancel(p::Cancel { message_id: "m5-2".to_owned() });
        assert_eq!(made.and_then(|made| made.action), Some(cancel));
    }

    #[test]
    fn nothing_leaves_for_other_changes_inbound_messages_or_words_that_are_gone() {
        let words = || Some(to("+49", Content::text("hi")));
        assert_eq!(outbound_message(&record(out("sms"), words()), 0), None);
        assert_eq!(outbound_message(&record(out("sms"), words()), 9), None);
        assert_eq!(outbound_message(&record(out("sms"), None), 1), None);
        let inbound = MessageStored { direction: Direction::In, ..out("sms") };
        assert_eq!(outbound_message(&record(inbound, words()), 1), None);
    }
}
