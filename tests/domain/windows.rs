//! Until when a channel lets us write freely, and what may be sent afterwards (domain rules, section 3).

use skein::domain::command::Recipient;
use skein::domain::content::{Attachment, Content, Part, Template};
use skein::domain::event::{AddressKind, ErrorClass, EventKind};
use skein::domain::id::{AssignmentId, LeafId, Name, WorkId};
use skein::domain::record::Purpose;
use skein::domain::rejection::Rejection;
use skein::domain::workspace::TemplateConfig;

use crate::kit::{HOUR, Heard, MINUTE, Scenario, Shop, chat, echo, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const CLOSED: Rejection = Rejection::CannotSend(ErrorClass::WindowClosed);

fn owned(shop: Shop, heard: Heard) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

fn listed(name: &str, parameters: u32, purpose: Purpose) -> TemplateConfig {
    TemplateConfig {
        channel: Name::new("whatsapp"),
        endpoint: Name::default(),
        name: Name::new(name),
        language: Name::new("en"),
        parameters,
        purpose,
        text: String::new(),
    }
}

/// With `shipped` of two parameters, and `sale` for advertising.
fn with_templates() -> Shop {
    shop().but(|config| {
        config.templates = vec![listed("shipped", 2, Purpose::Service), listed("sale", 0, Purpose::Marketing)];
    })
}

fn template(name: &str, language: &str, parameters: &[&str]) -> Content {
    let template = Template {
        name: name.to_owned(),
        language: language.to_owned(),
        parameters: parameters.iter().map(|&text| text.to_owned()).collect(),
    };
    Content { text: String::new(), parts: vec![Part::Template(template)] }
}

#[test]
fn whatsapp_is_written_to_for_24_hours_from_the_last_word_and_not_after() {
    let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello"));
    story.after(24 * HOUR - 1);
    story.answers("ann", held, "still in time").expect("an answer");
    story.after(1);
    assert_eq!(story.answers("ann", held, "too late").refused(), CLOSED);
    story.sends("ann", held, |send| send.note = true).expect("a note goes nowhere");
    story.hears(whatsapp(ANNA, "are you there?")).expect("a message");
    story.answers("ann", held, "we are").expect("it is open again");
    story.folds_to_the_same();
}

#[test]
fn channels_without_a_window_are_answered_whenever() {
    for heard in [sms(ANNA, "hello"), mail("anna@example.com", "1@x", "hello"), chat("v1", "hello")] {
        let (mut story, held) = owned(shop(), heard);
        story.after(170 * 24 * HOUR);
        story.answers("ann", held, "good day").expect("an answer");
    }
}

#[test]
fn whatever_the_person_does_opens_the_window_and_what_is_said_for_it_does_not() {
    let reaction = EventKind::Reaction { emoji: "👍".to_owned() };
    for (heard, opens) in [
        (whatsapp(ANNA, "").id("1").kind(reaction), true),
        (whatsapp(ANNA, "thanks"), true),
        (whatsapp(ANNA, "last year").backfill(), false),
        (echo(ANNA, "answered on the phone"), false),
        (sms(ANNA, "by another endpoint"), false),
    ] {
        let (mut story, held) = owned(shop(), whatsapp(ANNA, "hello").id("1"));
        story.after(25 * HOUR);
        let what = format!("{:?}", heard.event.kind);
        story.hears(heard).expect("stored");
        let to = Recipient { leaf: LeafId(0), endpoint: Name::new("wa") };
        let sent = story.sends("ann", held, |send| send.to = Some(to));
        assert_eq!(sent.0.is_ok(), opens, "{what}");
    }
}

#[test]
fn a_message_that_comes_late_opens_only_what_is_left_of_its_window() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let said = story.now().0 - 23 * HOUR;
    story.hears(whatsapp(ANNA, "hello").occurred(said)).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an hour is left");
    story.after(HOUR);
    assert_eq!(story.answers("ann", held, "too late").refused(), CLOSED);
}

#[test]
fn two_names_of_one_account_have_one_window() {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let (mut story, held) = owned(shop(), whatsapp("", "hello").from(&both));
    story.after(20 * HOUR);
    story.hears(whatsapp("", "and?").from(&[(AddressKind::Whatsapp, "DE.1234")])).expect("a message");
    story.after(20 * HOUR);
    let to = Recipient { leaf: LeafId(0), endpoint: Name::new("wa") };
    story.sends("ann", held, |send| send.to = Some(to)).expect("by its number");
}

#[test]
fn an_approved_template_goes_when_the_window_is_closed() {
    let (mut story, held) = owned(with_templates(), whatsapp(ANNA, "hello"));
    story.after(25 * HOUR);
    let sent = story.sends("ann", held, |send| send.content = template("shipped", "en", &["7", "DHL"]));
    assert_eq!((sent.message().purpose, sent.message().endpoint.as_str()), (Purpose::Service, "wa"));
    let heads = Part::Attachment(Attachment { media_type: Some("image/png".to_owned()), ..Attachment::default() });
    story
        .sends("ann", held, |send| {
            send.content = template("shipped", "en", &["7", "DHL"]);
            send.content.parts.push(heads);
        })
        .expect("a picture heads it");
}

#[test]
fn a_template_that_is_not_listed_like_that_is_refused() {
    let (mut story, held) = owned(with_templates(), whatsapp(ANNA, "hello"));
    let mut refused = |content: Content| story.sends("ann", held, |send| send.content = content).refused();
    assert_eq!(refused(template("lost", "en", &[])), Rejection::UnknownTemplate);
    assert_eq!(refused(template("shipped", "de", &["7", "DHL"])), Rejection::UnknownTemplate);
    assert_eq!(refused(template("shipped", "en", &["7"])), Rejection::TemplateParameters { wanted: 2 });
    let mut beside = template("shipped", "en", &["7", "DHL"]);
    beside.text = "hello".to_owned();
    assert!(matches!(refused(beside), Rejection::Invalid(_)));
}

#[test]
fn a_template_of_one_endpoint_is_none_of_another() {
    let own = with_templates().but(|config| {
        config.templates[0].endpoint = Name::new("wa2");
        let second = config.endpoints[0].clone();
        config.endpoints.push(skein::domain::workspace::EndpointConfig { name: Name::new("wa2"), ..second });
    });
    let (mut story, held) = owned(own, whatsapp(ANNA, "hello"));
    let shipped = || template("shipped", "en", &["7", "DHL"]);
    assert_eq!(story.sends("ann", held, |send| send.content = shipped()).refused(), Rejection::UnknownTemplate);
    let to = Recipient { leaf: LeafId(0), endpoint: Name::new("wa2") };
    story
        .sends("ann", held, |send| {
            send.content = shipped();
            send.to = Some(to);
        })
        .expect("its own, though nobody wrote there");
}

#[test]
fn an_opt_out_reaches_a_template_by_what_it_is_for() {
    let (mut story, held) = owned(with_templates(), whatsapp(ANNA, "hello"));
    story.hears(whatsapp(ANNA, "stop")).expect("a word");
    story.after(MINUTE);
    let sale = story.sends("ann", held, |send| send.content = template("sale", "en", &[]));
    assert_eq!(sale.refused(), Rejection::CannotSend(ErrorClass::OptedOut));
    story.sends("ann", held, |send| send.content = template("shipped", "en", &["7", "DHL"])).expect("an answer");
}
