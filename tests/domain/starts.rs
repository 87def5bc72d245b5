//! An agent writes first, and what is answered belongs to that very Work (domain rules, section 8; design, section 11).

use rstest::rstest;
use skein::domain::command::{Addressee, Start, Upsert, Verb};
use skein::domain::content::{Content, Mail, Part, Template};
use skein::domain::event::{AddressKind, ErrorClass, EventKind, Receipt, ReceiptStatus, Sender};
use skein::domain::id::{AssignmentId, LeafId, Name, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{AssignCause, Change, IdentityStatus, Purpose};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::{AgentKind, TemplateConfig};

use crate::kit::{HOUR, Heard, SECOND, Scenario, Shop, Step, chat, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

fn address(kind: AddressKind, text: &str) -> Addressee {
    Addressee::Address { sender: Sender { kind, address: text.to_owned() }, scope: Name::default() }
}

fn words(to: Addressee, endpoint: &str) -> Start {
    let content = match endpoint {
        "wa" => template(),
        "mail" | "sales" => first_mail(),
        _ => Content::text("your parcel is here"),
    };
    Start {
        to,
        endpoint: Name::new(endpoint),
        queue: Name::default(),
        purpose: Purpose::Proactive,
        content,
        not_after: None,
        beside_open: false,
    }
}

fn template() -> Content {
    let template = Template { name: "parcel".to_owned(), language: "en".to_owned(), parameters: Vec::new() };
    Content { text: String::new(), parts: vec![Part::Template(template)] }
}

fn first_mail() -> Content {
    let head = Mail { subject: "Your parcel".to_owned(), ..Mail::default() };
    Content { text: "It is here.".to_owned(), parts: vec![Part::Mail(Box::new(head))] }
}

fn listed() -> Shop {
    shop().but(|config| {
        config.templates = vec![TemplateConfig {
            channel: Name::new("whatsapp"),
            endpoint: Name::default(),
            name: Name::new("parcel"),
            language: Name::new("en"),
            parameters: 0,
            purpose: Purpose::Proactive,
            text: String::new(),
        }];
    })
}

impl Scenario {
    fn starts(&mut self, agent: &str, start: Start) -> Step {
        self.does(agent, Verb::StartWork(Box::new(start)))
    }
}

/// The Work that was begun, with its assignment.
fn begun(step: &Step) -> (WorkId, AssignmentId) {
    let answer = step.answer();
    (answer.work.expect("a work"), answer.assignment.expect("an assignment"))
}

fn at_desk(shop: Shop) -> Scenario {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story
}

/// Ann has begun with that.
fn started(to: Addressee, endpoint: &str) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = at_desk(listed());
    let held = begun(&story.starts("ann", words(to, endpoint)));
    (story, held)
}

/// What was answered is in the one Work that there is, of one customer, and is ours to answer.
fn answered(story: &Scenario, step: &Step, held: (WorkId, AssignmentId)) {
    assert_eq!(step.message().work, Some(held.0));
    assert_eq!(step.opened(), None);
    let open = story.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((open[0].state, open[0].turn_ours), (WorkState::Assigned, true));
    assert_eq!(open[0].assignment, Some(held.1));
    story.folds_to_the_same();
}

#[test]
fn a_work_begins_with_its_message_and_is_the_agents() {
    let mut story = at_desk(listed());
    let step = story.starts("ann", words(address(AddressKind::Phone, "0151 12345678 "), "sms"));
    assert!(matches!(step.refused(), Rejection::Invalid(_)), "no country is known");
    let step = story.starts("ann", words(address(AddressKind::Phone, "+49 151 12345678"), "sms"));
    let (work, assignment) = begun(&step);
    let message = step.message();
    assert_eq!((message.purpose, message.work, message.assignment), (Purpose::Proactive, Some(work), Some(assignment)));
    assert_eq!(step.words().recipient.as_deref(), Some(ANNA));
    assert!(step.outputs().iter().any(|output| matches!(output, Output::Send { endpoint, .. } if endpoint == "sms")));
    let cause = step.changes().iter().find_map(|change| match change {
        Change::Assigned(assigned) => Some((assigned.cause, assigned.brief.queue.clone())),
        _ => None,
    });
    assert_eq!(cause, Some((AssignCause::Start, Name::new("help"))));
    let seen = story.work(work);
    assert_eq!((seen.state, seen.turn_ours, seen.last_customer_message), (WorkState::Assigned, false, None));
    let anna = &story.conversation(seen.conversation).identities[0];
    assert_eq!((anna.status, anna.address.as_deref()), (IdentityStatus::Provisional, Some(ANNA)));
    let more = story.answers("ann", (work, assignment), "open until six");
    assert_eq!(more.message().endpoint, "sms", "what follows goes where the first word went");
    story.folds_to_the_same();
}

#[rstest]
#[case::same("+4915112345678", ANNA)]
#[case::without_the_nine("+5511987654321", "+551187654321")]
#[case::with_the_nine("+551187654321", "+5511987654321")]
#[case::mexico("+5215512345678", "+525512345678")]
fn an_answer_from_any_form_of_the_number_is_in_the_work_that_we_began(#[case] ours: &str, #[case] theirs: &str) {
    let (mut story, held) = started(address(AddressKind::Phone, ours), "wa");
    let step = story.hears(whatsapp(theirs, "who are you?"));
    answered(&story, &step, held);
    let anna = &story.conversation(story.work(held.0).conversation).identities;
    assert_eq!(anna.len(), 1);
    assert_eq!(anna[0].status, IdentityStatus::Verified, "it has written itself");
}

/// A report of WhatsApp that names the account of the number, too.
fn webhook(provider_ref: &str, status: ReceiptStatus, ours: Option<String>) -> Heard {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let receipt = Receipt { status, message_id: ours, ..Receipt::default() };
    whatsapp("", "").from(&both).id(provider_ref).kind(EventKind::Receipt(receipt))
}

#[test]
fn an_account_that_the_receipts_named_answers_in_the_work_that_we_began() {
    let mut story = at_desk(listed());
    let step = story.starts("ann", words(address(AddressKind::Phone, ANNA), "wa"));
    let (held, sent) = (begun(&step), step.message_id());
    story.hears(webhook("wamid.1", ReceiptStatus::Sent, Some(sent.to_string()))).expect("noted");
    story.hears(webhook("wamid.1", ReceiptStatus::Delivered, None)).expect("noted");
    let step = story.hears(whatsapp("", "who are you?").from(&[(AddressKind::Whatsapp, "DE.1234")]));
    answered(&story, &step, held);
    assert_eq!(story.conversation(story.work(held.0).conversation).identities.len(), 2);
    let reply = story.answers("ann", held, "the shop");
    assert_eq!(reply.words().recipient.as_deref(), Some("DE.1234"), "where it was asked, within its window");
}

#[test]
fn an_account_that_quotes_our_message_answers_in_the_work_that_we_began() {
    let mut story = at_desk(listed());
    let step = story.starts("ann", words(address(AddressKind::Phone, ANNA), "wa"));
    let (held, sent) = (begun(&step), step.message_id());
    story.hears(crate::kit::own_report(sent, "wamid.1", ReceiptStatus::Sent)).expect("noted");
    let quoting = whatsapp("", "who are you?").from(&[(AddressKind::Whatsapp, "DE.1234")]).quoting("wamid.1");
    let step = story.hears(quoting);
    answered(&story, &step, held);
}

#[test]
fn a_stranger_who_quotes_nothing_of_ours_is_a_stranger() {
    let (mut story, held) = started(address(AddressKind::Phone, ANNA), "wa");
    let step = story.hears(whatsapp("", "hello").from(&[(AddressKind::Whatsapp, "DE.9")]).quoting("wamid.unknown"));
    assert_ne!(step.message().work, Some(held.0));
    assert_ne!(step.message().conversation, story.work(held.0).conversation);
}

#[rstest]
#[case::with_our_token(true)]
#[case::without_it(false)]
fn a_mail_that_answers_ours_is_in_the_work_that_we_began(#[case] token: bool) {
    let mut story = listed().opens();
    story
        .when(skein::domain::command::Command::RenewReplyKey { workspace: Name::new(crate::kit::SPACE), key: [7; 32] });
    story.ready("ann").expect("ready");
    let step = story.starts("ann", words(address(AddressKind::Email, "Anna@Example.com"), "mail"));
    let held = begun(&step);
    let signed = step.words().reply_to_token.clone().expect("a token");
    let heard = mail("anna@example.com", "1@x", "who are you?");
    let step = story.hears(if token { heard.reply_tokens(&[&signed]) } else { heard });
    answered(&story, &step, held);
    let reply = story.answers("ann", held, "the shop");
    let head = reply.words().content.parts.iter().find_map(|part| match part {
        Part::Mail(head) => Some((head.subject.clone(), head.in_reply_to.clone())),
        _ => None,
    });
    assert_eq!(head, Some(("Re: Your parcel".to_owned(), vec!["1@x".to_owned()])));
}

#[test]
fn an_answer_after_the_end_opens_the_work_again() {
    let (mut story, held) = started(address(AddressKind::Phone, ANNA), "sms");
    story.closes("ann", held).expect("an end");
    story.after(HOUR);
    assert_eq!(story.hears(sms(ANNA, "who are you?")).message().work, Some(held.0));
    assert_eq!(story.open().len(), 1);
}

#[test]
fn a_customer_who_is_known_is_begun_with_by_identity_or_address_alike() {
    let mut story = at_desk(listed());
    story.settles("ann", whatsapp(ANNA, "hello"));
    story.after(73 * HOUR);
    let free = Start { content: Content::text("hello"), ..words(Addressee::Identity(LeafId(0)), "wa") };
    assert_eq!(story.starts("ann", free).refused(), Rejection::CannotSend(ErrorClass::WindowClosed));
    let step = story.starts("ann", words(address(AddressKind::Phone, ANNA), "wa"));
    assert_eq!(step.message().leaf, LeafId(0), "nobody new");
    story.closes("ann", begun(&step)).expect("an end");
    story.starts("ann", words(Addressee::Identity(LeafId(0)), "sms")).expect("by its identity");
}

#[test]
fn a_work_that_is_open_with_the_customer_is_told_unless_it_may_stand_beside() {
    let mut story = at_desk(listed());
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    let owner = Some(story.id("ann"));
    let start = || words(Addressee::Identity(LeafId(0)), "sms");
    let told = Rejection::WorkOpen { work: held.0, owner, same_endpoint: false };
    assert_eq!(story.starts("ann", start()).refused(), told);
    let there = Start { beside_open: true, ..words(Addressee::Identity(LeafId(0)), "wa") };
    let same = Rejection::WorkOpen { work: held.0, owner, same_endpoint: true };
    assert_eq!(story.starts("ann", there).refused(), same, "what is said there belongs to the Work that is there");
    let step = story.starts("ann", Start { beside_open: true, ..start() });
    let second = begun(&step).0;
    assert_eq!(story.work(second).linked, [held.0]);
    assert_eq!(story.hears(sms(ANNA, "which parcel?")).message().work, Some(second));
    assert_eq!(story.hears(whatsapp(ANNA, "and my matter?")).message().work, Some(held.0));
}

#[test]
fn the_open_work_of_another_brand_is_no_matter_of_ours() {
    let shop = listed().but(|config| config.endpoints[1].brand = Name::new("other"));
    let mut story = at_desk(shop);
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.takes("ann");
    let step = story.starts("ann", words(Addressee::Identity(LeafId(0)), "sms"));
    assert_eq!(story.work(begun(&step).0).brand, "other");
}

#[test]
fn nobody_begins_without_room_session_or_the_queue() {
    let mut story = at_desk(listed().agent("ann", |ann| ann.capacity = 1));
    story.starts("ann", words(address(AddressKind::Phone, ANNA), "sms")).expect("room for one");
    let full = story.starts("ann", words(address(AddressKind::Phone, "+4915187654321"), "sms"));
    assert!(matches!(full.refused(), Rejection::Limit(limit) if limit.starts_with("capacity")));
    story.logs_in("bob").expect("a session");
    story.logs_out("bob").expect("its end");
    let gone = story.starts("bob", words(address(AddressKind::Phone, "+4915187654321"), "sms"));
    assert_eq!(gone.refused(), Rejection::NoSession);

    let mut story = at_desk(listed().agent("ann", |ann| ann.channels = vec![Name::new("chat")]));
    let other = story.starts("ann", words(address(AddressKind::Phone, ANNA), "sms"));
    assert_eq!(other.refused(), Rejection::NotServed { endpoint: Name::new("sms") });
    let mut story = at_desk(listed().second_queue("desk", "mail").agent("ann", |ann| ann.queues = vec!["help".into()]));
    let other = story.starts("ann", words(address(AddressKind::Email, "anna@example.com"), "mail"));
    assert_eq!(other.refused(), Rejection::NotServed { endpoint: Name::new("mail") });
    let own = Start { queue: Name::new("help"), ..words(address(AddressKind::Email, "anna@example.com"), "mail") };
    story.starts("ann", own).expect("in a queue that it serves");
}

#[test]
fn a_refusal_outlives_whoever_had_the_address_and_reaches_first_words() {
    let mut story = at_desk(listed());
    story.hears(sms(ANNA, "stop")).expect("a word");
    for purpose in [Purpose::Proactive, Purpose::Service] {
        let start = Start { purpose, ..words(address(AddressKind::Phone, ANNA), "sms") };
        assert_eq!(story.starts("ann", start).refused(), Rejection::CannotSend(ErrorClass::OptedOut), "{purpose:?}");
    }
    let root = story.conversation(skein::domain::id::RootId(0)).conversation;
    story.does("ann", Verb::Erase { customer: root }).expect("erased");
    let start = words(address(AddressKind::Phone, ANNA), "sms");
    assert_eq!(story.starts("ann", start).refused(), Rejection::CannotSend(ErrorClass::OptedOut));
}

#[test]
fn strangers_are_written_to_only_where_an_address_means_something() {
    let mut story = at_desk(listed().but(|config| {
        let mut bot = config.endpoints[4].clone();
        (bot.name, bot.channel) = (Name::new("bot"), Name::new("telegram"));
        config.endpoints.push(bot);
    }));
    let refused = |step: Step| match step.refused() {
        Rejection::RecipientRefused(why) => why,
        other => panic!("{other:?}"),
    };
    let unheard = "nobody has written to us from that address, which the channel wants";
    assert_eq!(refused(story.starts("ann", words(address(AddressKind::Telegram, "77"), "bot"))), unheard);
    let told = Upsert {
        addresses: vec![(Sender { kind: AddressKind::Telegram, address: "77".to_owned() }, Name::default())],
        shown_name: String::new(),
        facts: Vec::new(),
    };
    story.does("ann", Verb::Upsert(Box::new(told))).expect("told");
    assert_eq!(refused(story.starts("ann", words(address(AddressKind::Telegram, "77"), "bot"))), unheard);
    let role = "an address of several people";
    assert_eq!(refused(story.starts("ann", words(address(AddressKind::Email, "info@firm.example"), "mail"))), role);
    let by = "the endpoint's channel does not reach that kind of address";
    assert_eq!(refused(story.starts("ann", words(address(AddressKind::Email, "a@b.example"), "sms"))), by);
    let free = Start { content: Content::text("hello"), ..words(address(AddressKind::Phone, ANNA), "wa") };
    assert_eq!(story.starts("ann", free).refused(), Rejection::CannotSend(ErrorClass::WindowClosed));
}

#[test]
fn an_address_that_was_only_claimed_of_a_customer_is_not_begun_with() {
    let shop = listed().but(|config| config.endpoints[4].trusts = vec![AddressKind::Email]);
    let mut story = at_desk(shop);
    story.hears(chat("v1", "hello").also(AddressKind::Email, "anna@example.com")).expect("a message");
    let held = story.takes("ann");
    story.closes("ann", held).expect("an end");
    let step = story.starts("ann", words(address(AddressKind::Email, "anna@example.com"), "mail"));
    assert_eq!(step.refused(), Rejection::RecipientRefused("an address that is only claimed"));
}

#[test]
fn a_number_that_was_silent_for_half_a_year_begins_anew() {
    let mut story = at_desk(listed());
    story.settles("ann", sms(ANNA, "hello"));
    story.after(200 * 24 * HOUR);
    let step = story.starts("ann", words(address(AddressKind::Phone, ANNA), "sms"));
    let held = begun(&step);
    assert_ne!(step.message().leaf, LeafId(0), "nobody's history is shown");
    let found = story.conversation(story.work(held.0).conversation);
    assert_eq!((found.identities[0].generation, found.identities[0].status), (2, IdentityStatus::Provisional));
    let step = story.hears(sms(ANNA, "who are you?"));
    answered(&story, &step, held);
    let named = story.starts("ann", words(Addressee::Identity(LeafId(0)), "sms"));
    assert_eq!(named.refused(), Rejection::NoRecipient, "who had it before is not there");
}

#[test]
fn a_first_mail_needs_a_subject_and_first_words_a_purpose_of_their_own() {
    let mut story = at_desk(listed());
    let bare =
        Start { content: Content::text("hello"), ..words(address(AddressKind::Email, "anna@example.com"), "mail") };
    assert!(matches!(story.starts("ann", bare).refused(), Rejection::Invalid(_)));
    let sale = Start { purpose: Purpose::Marketing, ..words(address(AddressKind::Phone, ANNA), "sms") };
    assert!(matches!(story.starts("ann", sale).refused(), Rejection::Invalid(_)));
}

#[test]
fn a_repeat_of_the_command_begins_nothing_twice() {
    let mut story = at_desk(listed());
    let start = || Verb::StartWork(Box::new(words(address(AddressKind::Phone, ANNA), "sms")));
    let first = story.asks("ann", Some(("r1", 7)), None, start()).answer();
    let Rejection::Repeated(again) = story.asks("ann", Some(("r1", 7)), None, start()).refused() else { panic!() };
    assert_eq!((again.work, again.message, again.assignment), (first.work, first.message, first.assignment));
    assert_eq!(story.open().len(), 1);
}

#[test]
fn a_bot_begins_as_a_bot_and_a_work_that_we_began_is_merged_and_split_as_any() {
    let mut story = at_desk(listed().agent("bob", |bob| bob.kind = AgentKind::Bot));
    story.logs_in("bob").expect("a session");
    let step = story.starts("bob", words(address(AddressKind::Phone, ANNA), "sms"));
    let begun = begun(&step);
    story.after(SECOND);
    story.hears(mail("anna@example.com", "1@x", "hello")).expect("a message");
    let held = story.takes("ann");
    let root = story.work(begun.0).conversation;
    let other = story.work(held.0).conversation;
    story.does("ann", Verb::MergeCustomers { customer: root, other }).expect("one person");
    let merge =
        Verb::MergeWorks { from: begun.0, from_assignment: Some(begun.1), into: held.0, into_assignment: held.1 };
    story.does("ann", merge).expect("one matter");
    assert_eq!(story.answers("ann", held, "good day").message().endpoint, "mail");
    story.folds_to_the_same();
}
