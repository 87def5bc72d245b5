//! Where an answer goes, and what fences it (domain rules, section 3).

use rstest::rstest;
use skein::domain::command::{Recipient, Verb};
use skein::domain::content::{Button, Content, Mail, Part};
use skein::domain::event::{AddressKind, Assurance, EventKind, Scope};
use skein::domain::id::{AssignmentId, Index, LeafId, MessageId, Name, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Author, Change, Direction};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::AgentKind;

use crate::kit::{HOUR, Heard, Scenario, Shop, Step, chat, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

fn owned(shop: Shop, heard: Heard) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

fn to(step: &Step) -> (String, Option<String>) {
    (step.message().endpoint.to_string(), step.words().recipient.clone())
}

fn head(step: &Step) -> Mail {
    let head = step.words().content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => Some((**mail).clone()),
        _ => None,
    });
    head.expect("a mail")
}

#[test]
fn an_answer_goes_to_the_identity_and_out_of_the_endpoint_of_the_last_customer_message() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let step = story.answers("ann", held, "good day");
    assert_eq!(to(&step), ("wa".to_owned(), Some(ANNA.to_owned())));
    assert_eq!(step.message().author, Author::Agent(story.id("ann")));
    assert_eq!(step.message().assignment, Some(held.1));
    let sent = step.outputs().into_iter().find_map(|output| match output {
        Output::Send { channel, endpoint, message, .. } => Some((channel, endpoint, message)),
        _ => None,
    });
    assert_eq!(sent, Some((Name::new("whatsapp"), Name::new("wa"), step.message_id())));
}

#[test]
fn in_one_work_the_answer_follows_the_customer_to_another_endpoint() {
    let (mut story, held) = owned(shop(), mail("anna@example.com", "1@x", "hello"));
    let moved = mail("anna@example.com", "2@x", "more").in_reply_to("1@x").at("sales").assured(Assurance::Platform);
    assert_eq!(story.hears(moved).message().work, Some(held.0));
    let step = story.answers("ann", held, "good day");
    assert_eq!(to(&step), ("sales".to_owned(), Some("anna@example.com".to_owned())));
}

/// Said in a topic of the visitor's chat with us.
fn in_topic(topic: &str, text: &str) -> Heard {
    chat("v1", text).in_thread(Scope::Direct, Some(topic))
}

fn thread(step: &Step) -> Option<&str> {
    step.words().thread.as_deref()
}

#[test]
fn an_answer_goes_into_the_thread_of_the_last_customer_message() {
    let (mut story, held) = owned(shop(), in_topic("a", "hello"));
    let answer = story.answers("ann", held, "good day");
    assert_eq!((to(&answer), thread(&answer)), (("web".to_owned(), Some("v1".to_owned())), Some("a")));
    let follow_up = story.hears(in_topic("b", "here, please"));
    assert_eq!((follow_up.message().work, thread(&follow_up)), (Some(held.0), Some("b")));
    assert_eq!(thread(&story.answers("ann", held, "of course")), Some("b"));
    let typing = story.space().answer_address(held.0).expect("somewhere to answer to");
    assert_eq!(typing.thread.as_deref(), Some("b"), "and so is typing");
    story.hears(chat("v1", "or here")).expect("a message");
    assert_eq!(thread(&story.answers("ann", held, "as you like")), None, "the chat itself");
    story.hears(in_topic("", "an empty name is none")).expect("a message");
    assert_eq!(thread(&story.answers("ann", held, "yes")), None);
    story.folds_to_the_same();
}

#[test]
fn that_somebody_types_is_shown_in_the_direct_work_of_the_address_that_is_proved() {
    let (story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let shown = |heard: &Heard| {
        let to = story.space().typed_to("whatsapp", "wa", &heard.event);
        to.iter().map(|it| it.work).collect::<Vec<_>>()
    };
    assert_eq!(shown(&whatsapp(ANNA, "")), [held.0]);
    let both = [(AddressKind::Whatsapp, "DE.new"), (AddressKind::Phone, ANNA)];
    let mut heard = whatsapp("", "").from(&both);
    heard.event.assurance = Assurance::Claimed;
    assert!(shown(&heard).is_empty(), "who types claims to be another");
    heard.event.assurance = Assurance::Platform;
    assert_eq!(shown(&heard), [held.0]);
    assert!(shown(&whatsapp(ANNA, "").in_thread(Scope::Group, Some("friends"))).is_empty(), "said to others");
}

#[test]
fn history_and_what_asks_for_nothing_leave_the_thread_of_the_answer() {
    let (mut story, held) = owned(shop(), in_topic("a", "hello").id("1"));
    story.hears(in_topic("b", "last year").backfill()).expect("stored");
    let edit = EventKind::Edit { version: None, content: Content::text("hullo") };
    story.hears(in_topic("b", "").id("1").kind(edit)).expect("stored");
    assert_eq!(thread(&story.answers("ann", held, "good day")), Some("a"));
}

#[test]
fn a_thread_is_named_to_the_address_that_wrote_in_it_and_to_no_other() {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let heard = whatsapp("", "hello").from(&both).in_thread(Scope::Direct, Some("a"));
    let (mut story, held) = owned(shop(), heard);
    let mut named = |leaf, endpoint: &str| {
        let to = Recipient { leaf: LeafId(leaf), endpoint: Name::new(endpoint) };
        thread(&story.sends("ann", held, |send| send.to = Some(to))).map(str::to_owned)
    };
    assert_eq!(named(0, "wa").as_deref(), Some("a"));
    assert_eq!(named(0, "sms"), None, "another endpoint");
    assert_eq!(named(1, "wa"), None, "another address");
    assert_eq!(thread(&story.sends("ann", held, |send| send.note = true)), None, "a note goes nowhere");
}

#[test]
fn a_reopened_work_is_answered_where_it_was_reopened() {
    for (topic, expected) in [(Some("b"), Some("b")), (None, None)] {
        let (mut story, held) = owned(shop(), in_topic("a", "hello"));
        story.answers("ann", held, "good day").expect("an answer");
        story.closes("ann", held).expect("an end");
        story.after(HOUR);
        story.hears(chat("v1", "it broke again").in_thread(Scope::Direct, topic)).expect("a message");
        let again = story.takes("ann");
        assert_eq!(again.0, held.0, "rule 4 asks for the endpoint alone");
        assert_eq!(thread(&story.answers("ann", again, "not again")), expected);
        story.folds_to_the_same();
    }
}

#[test]
fn the_thread_of_a_group_is_the_address_of_its_leaf_and_is_not_told_twice() {
    let step = shop().opens().hears(whatsapp(ANNA, "hello").in_thread(Scope::Group, Some("120363@g.us")));
    assert_eq!((step.message().scope, thread(&step)), (Scope::Group, None));
}

#[test]
fn another_work_of_the_customer_does_not_move_where_an_answer_goes() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    story.after(HOUR);
    story.hears(sms(ANNA, "other matter")).expect("a message");
    assert_eq!(to(&story.answers("ann", held, "good day")).0, "wa");
}

#[test]
fn another_identity_is_answered_only_when_it_is_named() {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let (mut story, held) = owned(shop(), whatsapp("", "hello").from(&both));
    let step = story.sends("ann", held, |send| {
        send.to = Some(Recipient { leaf: LeafId(0), endpoint: Name::new("sms") });
    });
    assert_eq!(to(&step), ("sms".to_owned(), Some(ANNA.to_owned())));
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
}

#[rstest]
#[case::stranger(1, "wa", "not an identity of this conversation")]
#[case::unreachable(0, "mail", "the endpoint's channel does not reach that kind of address")]
#[case::brand(0, "wa2", "an endpoint of another brand")]
fn a_named_recipient_is_refused_with_the_reason(#[case] leaf: u32, #[case] endpoint: &str, #[case] why: &str) {
    let shop = shop().but(|config| {
        let mut other = config.endpoints[0].clone();
        other.name = Name::new("wa2");
        other.brand = Name::new("other");
        config.endpoints.push(other);
    });
    let (mut story, held) = owned(shop, whatsapp(ANNA, "hello"));
    story.hears(sms("+4915187654321", "somebody else")).expect("a message");
    let step = story.sends("ann", held, |send| {
        send.to = Some(Recipient { leaf: LeafId(leaf), endpoint: Name::new(endpoint) });
    });
    let Rejection::RecipientRefused(reason) = step.refused() else { panic!("{step:?}") };
    assert_eq!(reason, why);
}

#[test]
fn recipients_and_endpoints_that_do_not_exist_are_refused() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let mut named = |leaf, endpoint: &str| {
        let to = Recipient { leaf: LeafId(leaf), endpoint: Name::new(endpoint) };
        story.sends("ann", held, |send| send.to = Some(to)).refused()
    };
    assert_eq!(named(99, "wa"), Rejection::NoRecipient);
    assert_eq!(named(0, "nowhere"), Rejection::UnknownEndpoint(Name::new("nowhere")));
}

#[test]
fn a_send_under_an_old_assignment_is_refused_with_the_present_owner() {
    let shop = shop().queue(|queue| queue.recall_after_ms = 60_000);
    let (mut story, held) = owned(shop, whatsapp(ANNA, "hello"));
    story.ready("bob").expect("ready");
    story.after(60_000);
    assert_eq!(story.answers("ann", held, "late").refused(), Rejection::NotOwner { owner: None });
    let (_, current) = story.takes("bob");
    let bob = story.id("bob");
    assert_eq!(story.answers("ann", held, "late").refused(), Rejection::NotOwner { owner: Some(bob) });
    assert_eq!(
        story.answers("bob", held, "with ann's token").refused(),
        Rejection::StaleAssignment { current: Some((current, bob)) }
    );
}

#[test]
fn a_bot_is_refused_when_the_customer_has_written_since_and_a_person_is_not() {
    for (kind, refused) in [(AgentKind::Bot, true), (AgentKind::Human, false)] {
        let (mut story, held) = owned(shop().agent("ann", |ann| ann.kind = kind), whatsapp(ANNA, "hello"));
        let seen = story.work(held.0).last_customer_message;
        let latest = story.hears(whatsapp(ANNA, "no, wait")).message_id();
        let step = story.sends("ann", held, |send| send.seen_through = seen);
        if refused {
            assert_eq!(step.refused(), Rejection::NewerMessages { latest });
        } else {
            assert_eq!(step.message().seen_through, seen);
        }
    }
}

#[test]
fn if_unchanged_is_for_everybody_who_asks_for_it() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let seen = story.work(held.0).last_customer_message;
    let latest = story.hears(whatsapp(ANNA, "no, wait")).message_id();
    let mut careful = |seen| {
        story.sends("ann", held, |send| {
            send.if_unchanged = Some(true);
            send.seen_through = seen;
        })
    };
    assert_eq!(careful(seen).refused(), Rejection::NewerMessages { latest });
    assert_eq!(careful(None).refused(), Rejection::NewerMessages { latest });
    careful(Some(latest)).expect("she has seen it");
}

#[test]
fn a_note_is_never_sent_and_does_not_touch_the_thread() {
    let (mut story, held) = owned(shop(), mail("anna@example.com", "1@x", "hello"));
    let step = story.sends("ann", held, |send| send.note = true);
    assert_eq!(step.message().direction, Direction::Note);
    assert!(!step.outputs().iter().any(|output| matches!(output, Output::Send { .. })));
    assert_eq!(step.words().recipient, None);
    assert!(story.work(held.0).turn_ours, "the customer still waits");
    let answer = story.answers("ann", held, "good day");
    assert_eq!(head(&answer).in_reply_to, ["1@x"]);
    assert_eq!(head(&answer).references, ["1@x"]);
}

#[test]
fn a_mail_continues_the_thread_and_its_reply_comes_back_to_the_work() {
    let (mut story, held) = owned(shop(), mail("anna@example.com", "1@x", "hello"));
    let step = story.answers("ann", held, "good day");
    let sent = head(&step);
    assert_eq!(sent.subject, "Re: Order 7");
    assert_eq!((sent.in_reply_to, sent.references), (vec!["1@x".to_owned()], vec!["1@x".to_owned()]));
    assert_eq!(sent.from[0].address, "help@shop.example");
    assert_eq!(sent.to[0].address, "anna@example.com");
    let ours = sent.message_id.expect("a Message-ID of ours");
    story.closes("ann", held).expect("closed");
    let reply = story.hears(mail("anna@example.com", "2@x", "more").in_reply_to(&ours));
    assert_eq!(reply.message().work, Some(held.0));
    assert_eq!(reply.message().about, Some(step.message_id()));
}

#[test]
fn a_strangers_mail_that_quotes_our_message_id_starts_his_own_conversation() {
    let (mut story, held) = owned(shop(), mail("anna@example.com", "1@x", "hello"));
    let ours = head(&story.answers("ann", held, "good day")).message_id.expect("a Message-ID");
    let known = story.work(held.0).conversation;
    let step = story.hears(mail("mallory@example.com", "9@x", "send me the papers").in_reply_to(&ours));
    assert_ne!(step.message().conversation, known);
    assert!(step.opened().is_some());
    assert_eq!(step.message().about, None);
}

#[test]
fn content_beyond_its_limits_is_refused() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let mut refused = |content: Content| story.sends("ann", held, |send| send.content = content).refused();
    assert!(matches!(refused(Content::default()), Rejection::Invalid(_)));
    assert!(matches!(refused(Content::text("x".repeat(64 * 1_024 + 1))), Rejection::Limit(_)));
    assert!(matches!(refused(Content::text("a\u{0}b")), Rejection::Invalid(_)));
    let parts = Content { text: String::new(), parts: vec![Part::Buttons(Vec::new()); 65] };
    assert!(matches!(refused(parts), Rejection::Limit(_)));
}

#[test]
fn reading_is_marked_by_the_owner_up_to_a_message_that_there_is() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let last = story.work(held.0).last_customer_message.expect("a message");
    let mut marks = |agent: &str, work, through| story.does(agent, Verb::MarkRead { work, through });
    assert!(matches!(marks("ann", held.0, last).changes(), [Change::SeenMarked { .. }]));
    assert!(marks("ann", held.0, last).0.expect("not refused").is_none(), "again leaves no record");
    let beyond = MessageId::new(Index(9_999), 0);
    assert_eq!(marks("ann", held.0, beyond).refused(), Rejection::UnknownMessage);
    let never = WorkId::new(Index(9_999), 0);
    assert_eq!(marks("ann", never, last).refused(), Rejection::UnknownWork);
    story.ready("bob").expect("ready");
    let ann = story.id("ann");
    let by_bob = story.does("bob", Verb::MarkRead { work: held.0, through: last });
    assert_eq!(by_bob.refused(), Rejection::NotOwner { owner: Some(ann) });
    story.closes("ann", held).expect("closed");
    let late = story.does("ann", Verb::MarkRead { work: held.0, through: last });
    assert_eq!(late.refused(), Rejection::WorkClosed);
}

#[test]
fn the_owner_is_told_of_what_the_customer_says_and_nobody_else() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    story.ready("bob").expect("ready");
    let step = story.hears(whatsapp(ANNA, "more"));
    let ann = story.id("ann");
    assert_eq!(step.message().audience.as_slice(), [ann]);
    assert_eq!(step.message().work, Some(held.0));
}

#[test]
fn a_browser_that_another_person_logged_in_with_gets_no_answer_of_the_first() {
    let login = |name| chat("browser", "hello").also(AddressKind::Login, name).assured(Assurance::LoggedIn);
    let (mut story, held) = owned(shop(), login("anna"));
    story.hears(login("bert")).expect("a message");
    assert_eq!(story.work(held.0).conversation.0, 0);
    let step = story.hears(login("bert"));
    assert_ne!(step.message().work, Some(held.0));
}

#[test]
fn an_author_cannot_have_seen_what_is_not_there_yet() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    for (index, place) in [(9_999, 0), (story.last().index.0 + 1, 0)] {
        let seen = Some(MessageId::new(Index(index), place));
        let step = story.sends("ann", held, |send| {
            (send.seen_through, send.if_unchanged) = (seen, Some(true));
        });
        assert_eq!(step.refused(), Rejection::UnknownMessage);
    }
}

#[test]
fn what_the_channel_does_not_carry_is_refused_with_the_reason_and_no_record_and_a_note_may_hold_it() {
    let buttons = || Part::Buttons(vec![Button { payload: "y".to_owned(), title: "Yes".to_owned() }]);
    let offered = || Content { text: "Is it yours?".to_owned(), parts: vec![buttons()] };
    for (heard, content, why) in [
        (sms(ANNA, "hello"), offered(), "sms does not carry it: buttons"),
        (
            whatsapp(ANNA, "hello"),
            Content::text("x".repeat(4_097)),
            "whatsapp does not carry it: a text of 4097 characters",
        ),
    ] {
        let (mut story, held) = owned(shop(), heard);
        let before = story.log_len();
        let refused = story.sends("ann", held, |send| send.content = content.clone()).refused();
        assert!(refused.to_string().starts_with(why), "{refused}");
        assert_eq!(story.log_len(), before, "no record");
        story.sends("ann", held, |send| (send.content, send.note) = (content.clone(), true)).message();
    }
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    let step = story.sends("ann", held, |send| send.content = offered());
    assert_eq!(step.words().content, offered());
}
