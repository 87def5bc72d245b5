//! What goes out comes back as it went.

use super::*;
use crate::domain::content as c;
use crate::domain::event as e;
use crate::normalize::fields::event;
use crate::proto::channel as p;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// One of every part, every field set.
fn parts() -> Vec<c::Part> {
    let row = c::ListReply { id: "i".to_owned(), title: "t".to_owned(), description: text("d") };
    let mailbox = |at: &str| vec![c::Mailbox { name: text("n"), address: format!("{at}@example.com") }];
    vec![
        c::Part::Attachment(c::Attachment {
            kind: c::AttachmentKind::Inline,
            state: c::AttachmentState::Failed,
            object: text("o"),
            provider_id: text("p"),
            name: text("n"),
            media_type: text("a/b"),
            bytes: Some(u64::MAX),
            sha256: text("s"),
            content_id: text("c"),
        }),
        c::Part::Location(c::Location { latitude: -1.5, longitude: 2.5, name: text("n"), address: text("a") }),
        c::Part::ContactCard(c::ContactCard {
            name: "n".to_owned(),
            phones: vec!["1".to_owned()],
            emails: vec!["e".to_owned()],
            organization: text("o"),
        }),
        c::Part::ButtonReply(c::ButtonReply { payload: "p".to_owned(), title: "t".to_owned() }),
        c::Part::ListReply(row.clone()),
        c::Part::FlowReply(c::FlowReply { name: "n".to_owned(), body: "b".to_owned(), response_json: "{}".to_owned() }),
        c::Part::Order(c::Order {
            catalog_id: "c".to_owned(),
            items: vec![c::OrderItem {
                product_id: "p".to_owned(),
                quantity: 3,
                price: "1.50".to_owned(),
                currency: "EUR".to_owned(),
            }],
        }),
        c::Part::Buttons(vec![c::Button { payload: "p".to_owned(), title: "t".to_owned() }]),
        c::Part::List(c::List { button: "b".to_owned(), rows: vec![row] }),
        c::Part::Template(c::Template {
            name: "n".to_owned(),
            language: "de".to_owned(),
            parameters: vec!["1".to_owned()],
        }),
        c::Part::Mail(Box::new(c::Mail {
            subject: "s".to_owned(),
            from: mailbox("f"),
            to: mailbox("t"),
            cc: mailbox("c"),
            bcc: mailbox("b"),
            reply_to: mailbox("r"),
            message_id: text("m"),
            in_reply_to: vec!["i".to_owned()],
            references: vec!["r".to_owned()],
            html: text("<p>"),
            quoted: text("> q"),
            auto_submitted: true,
            class: c::MailClass::Generated,
        })),
        c::Part::Unsupported(c::Unsupported { kind: "k".to_owned(), code: text("1"), reason: text("r") }),
        c::Part::Referral(Box::new(referral())),
    ]
}

fn referral() -> c::Referral {
    c::Referral {
        source: "ad".to_owned(),
        source_id: text("1"),
        reference: text("r"),
        headline: text("h"),
        body: text("b"),
        click_id: text("c"),
    }
}

fn kinds() -> Vec<e::EventKind> {
    let content = c::Content { text: "x".to_owned(), parts: parts() };
    let sender = |kind| Some(e::Sender { kind, address: "a".to_owned() });
    let message = e::Message {
        content: content.clone(),
        quoted: text("q"),
        forwarded: true,
        part: Some((1, u16::MAX, "r".to_owned())),
        participants: vec![c::Mailbox { name: None, address: "l@example.com".to_owned() }],
    };
    let receipt = |status, class| {
        e::EventKind::Receipt(e::Receipt {
            message_id: text("m1-0"),
            status,
            recipient: text("r"),
            error: Some(e::ReceiptError { class, code: "c".to_owned(), reason: "r".to_owned() }),
            billing: text("{}"),
            through: Some(crate::domain::time::Timestamp(7)),
        })
    };
    let mut kinds = vec![
        e::EventKind::Message(message.clone()),
        e::EventKind::Edit { version: text("2"), content: content.clone() },
        e::EventKind::Deletion,
        e::EventKind::Reaction { emoji: "👍".to_owned() },
        e::EventKind::Typing,
        e::EventKind::IdentityChange {
            old: sender(e::AddressKind::Viber),
            new: sender(e::AddressKind::Login),
            reason: text("r"),
        },
        e::EventKind::Opt { opted_in: true, purpose: "p".to_owned(), payload: text("p"), title: text("t") },
        e::EventKind::Start { title: text("t"), payload: text("p"), referral: true },
        e::EventKind::VisitEnd,
        e::EventKind::MediaArrived(c::Attachment::default()),
        e::EventKind::Echo(message),
        e::EventKind::Account { subject: "s".to_owned(), detail: "d".to_owned() },
        e::EventKind::Unsupported(content),
        e::EventKind::Ignored { kind: "k".to_owned() },
    ];
    for state in [e::CallState::Ringing, e::CallState::Answered, e::CallState::Ended, e::CallState::Missed] {
        kinds.push(e::EventKind::Call { state, seconds: Some(3) });
    }
    use e::{ErrorClass as E, ReceiptStatus as R};
    kinds.extend([
        receipt(R::Queued, E::Unspecified),
        receipt(R::Unknown, E::Retryable),
        receipt(R::Sent, E::WindowClosed),
        receipt(R::Failed, E::OptedOut),
        receipt(R::Expired, E::Unreachable),
        receipt(R::Delivered, E::Invalid),
        receipt(R::Read, E::Blocked),
        receipt(R::Read, E::Content),
        receipt(R::Read, E::Rate),
        receipt(R::Read, E::Auth),
    ]);
    kinds
}

#[test]
fn every_kind_of_event_with_every_field_comes_back_as_it_went() {
    use e::AddressKind as K;
    let addresses = [
        K::Phone,
        K::ShortCode,
        K::Whatsapp,
        K::Email,
        K::Messenger,
        K::Instagram,
        K::Telegram,
        K::Line,
        K::Viber,
        K::Web,
        K::Crm,
        K::Login,
        K::Staff,
    ];
    for kind in kinds() {
        let sent = e::InboundEvent {
            event_id: text("e"),
            message_ref: text("m"),
            occurred_at: Some(crate::domain::time::Timestamp(-1)),
            odd_time: text("soon"),
            senders: addresses.iter().map(|kind| e::Sender { kind: *kind, address: "a".to_owned() }).collect(),
            assurance: e::Assurance::Token,
            scope: e::Scope::Public,
            thread: text("t"),
            our_address: text("o"),
            profile: Some(Box::new(e::Profile {
                name: text("n"),
                username: text("u"),
                parent_id: text("p"),
                locale: text("de-DE"),
                country: text("DE"),
                time_zone: text("Europe/Berlin"),
                referral: Some(referral()),
            })),
            backfill: true,
            redelivery: true,
            reply_token: text("r"),
            read_token: text("d"),
            ..event(kind)
        };
        assert_eq!(event_from_proto(event_to_proto(&sent)), Ok(sent));
    }
}

#[test]
fn a_part_of_a_newer_contract_stays_as_something_that_was_said() {
    let content = content_from_proto(p::Content { text: String::new(), parts: vec![p::Part { part: None }] });
    assert!(matches!(&content.parts[..], [c::Part::Unsupported(_)]));
}

#[test]
fn an_event_without_its_essentials_is_an_error() {
    use p::inbound_event::Kind;
    let event = |kind| event_from_proto(p::InboundEvent { kind, ..p::InboundEvent::default() });
    assert_eq!(event(None), Err(ContractError::KindMissing));
    assert_eq!(event(Some(Kind::Receipt(p::Receipt::default()))), Err(ContractError::ReceiptStatus));
    let part = Some(p::SmsPart { number: 1, count: 65_536, reference: String::new() });
    assert_eq!(event(Some(Kind::Message(p::Message { part, ..p::Message::default() }))), Err(ContractError::SmsPart));
    for (latitude, longitude) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (90.5, 0.0)] {
        let place = p::Location { latitude, longitude, ..p::Location::default() };
        let parts = vec![p::Part { part: Some(p::part::Part::Location(place)) }];
        let content = p::Content { text: String::new(), parts };
        let edit = p::Edit { content: Some(content.clone()), ..p::Edit::default() };
        let message = p::Message { content: Some(content.clone()), ..p::Message::default() };
        for kind in [Kind::Message(message), Kind::Edit(edit), Kind::Unsupported(content)] {
            assert_eq!(event(Some(kind)), Err(ContractError::Place), "{latitude} {longitude}");
        }
    }
}
