//! Where an answer could go: the list says of each place what a send to it gets (domain rules, section 3).

use skein::domain::command::Recipient;
use skein::domain::event::{AddressKind, ErrorClass};
use skein::domain::id::{AssignmentId, LeafId, Name, WorkId};
use skein::domain::record::Purpose;
use skein::domain::rejection::Rejection;
use skein::domain::view::{OptionsOf, ReplyOption};
use skein::domain::workspace::TemplateConfig;

use crate::kit::{HOUR, Heard, Scenario, Shop, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

fn owned(shop: Shop, heard: Heard) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

fn options(story: &Scenario, work: WorkId) -> Vec<ReplyOption> {
    story.space().reply_options(OptionsOf::Work(work), story.now()).expect("an open work").options
}

/// Identity and endpoint of each.
fn places(options: &[ReplyOption]) -> Vec<(u32, &str)> {
    options.iter().map(|option| (option.leaf.0, option.endpoint.as_str())).collect()
}

/// Each option is what a send to it gets.
fn as_sent(story: &mut Scenario, held: (WorkId, AssignmentId)) {
    for option in options(story, held.0) {
        let to = Recipient { leaf: option.leaf, endpoint: option.endpoint.clone() };
        let sent = story.sends("ann", held, |send| send.to = Some(to));
        assert_eq!(sent.0.err(), option.refused, "{option:?}");
    }
}

/// A second brand with its own WhatsApp number.
fn two_brands(shop: Shop) -> Shop {
    shop.but(|config| {
        let mut other = config.endpoints[0].clone();
        (other.name, other.brand) = (Name::new("wa2"), Name::new("other"));
        config.endpoints.push(other);
    })
}

#[test]
fn each_identity_is_listed_with_each_endpoint_of_the_brand_that_reaches_it_the_default_first() {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let (mut story, held) = owned(two_brands(shop()), whatsapp("", "hello").from(&both));
    let found = options(&story, held.0);
    assert_eq!(places(&found), [(0, "wa"), (0, "sms"), (1, "wa")]);
    assert_eq!(found.iter().map(|option| option.is_default).collect::<Vec<_>>(), [true, false, false]);
    assert!(found.iter().all(|option| option.refused.is_none()), "{found:?}");
    assert_eq!(found[0].window_until.map(|until| until.0 - story.now().0), Some(24 * HOUR));
    assert_eq!((found[1].window_until, found[1].capabilities.map(|row| row.text.max)), (None, Some(10)));
    as_sent(&mut story, held);
}

#[test]
fn what_is_refused_is_listed_last_with_the_reason_that_a_send_gets() {
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let (mut story, held) = owned(two_brands(shop()), whatsapp("", "hello").from(&both));
    story.hears(sms(ANNA, "stop")).expect("a word");
    story.after(25 * HOUR);
    let found = options(&story, held.0);
    let refused = |class| Some(Rejection::CannotSend(class));
    let reasons: Vec<_> = found.iter().map(|option| (option.endpoint.as_str(), option.refused.clone())).collect();
    assert_eq!(
        reasons,
        [
            ("wa", refused(ErrorClass::WindowClosed)),
            ("sms", refused(ErrorClass::OptedOut)),
            ("wa", refused(ErrorClass::WindowClosed)),
        ]
    );
    assert!(found[0].refuses.contains(&Purpose::Marketing) && !found[0].needs_template);
    as_sent(&mut story, held);
}

#[test]
fn a_closed_window_says_whether_a_template_would_do() {
    let template = |purpose| TemplateConfig {
        channel: Name::new("whatsapp"),
        endpoint: Name::default(),
        name: Name::new("hello"),
        language: Name::new("en"),
        parameters: 0,
        purpose,
        text: String::new(),
    };
    for (purpose, stops, would_do) in [
        (Purpose::Service, false, true),
        (Purpose::Marketing, false, true),
        (Purpose::Marketing, true, false),
        (Purpose::Service, true, true),
    ] {
        let listed = shop().but(|config| config.templates = vec![template(purpose)]);
        let (mut story, held) = owned(listed, whatsapp(ANNA, "hello"));
        if stops {
            story.hears(whatsapp(ANNA, "stop")).expect("a word");
        }
        story.after(25 * HOUR);
        let found = options(&story, held.0);
        let wa = found.iter().find(|option| option.endpoint == "wa").expect("it is listed");
        assert_eq!(wa.refused, Some(Rejection::CannotSend(ErrorClass::WindowClosed)));
        assert_eq!(wa.needs_template, would_do, "{purpose:?}, stopped: {stops}");
        assert_eq!(places(&found)[0], (0, "wa"), "the default stays the first");
    }
}

#[test]
fn an_address_that_was_only_claimed_is_listed_as_refused() {
    let heard = chat("v1", "hello").also(AddressKind::Crm, "7").also(AddressKind::Email, "anna@example.com");
    let shop = shop().but(|config| config.endpoints[4].trusts = vec![AddressKind::Crm, AddressKind::Email]);
    let (mut story, held) = owned(shop, heard);
    let found = options(&story, held.0);
    let claimed: Vec<_> = found.iter().filter(|option| option.kind == AddressKind::Email).collect();
    assert!(!claimed.is_empty(), "{found:?}");
    for option in claimed {
        assert_eq!(option.refused, Some(Rejection::RecipientRefused("an address that is only claimed")));
    }
    assert!(found.iter().all(|option| option.kind != AddressKind::Crm), "no channel leads to an id of ours");
    as_sent(&mut story, held);
}

#[test]
fn a_customer_without_work_has_options_too() {
    let mut story = two_brands(shop()).opens();
    story.ready("ann").expect("ready");
    story.settles("ann", whatsapp(ANNA, "hello"));
    let of = OptionsOf::Customer(skein::domain::id::RootId(0));
    let found = story.space().reply_options(of, story.now()).expect("a customer");
    let open: Vec<_> = found.options.iter().filter(|option| option.refused.is_none()).collect();
    assert_eq!(open.iter().map(|option| option.endpoint.as_str()).collect::<Vec<_>>(), ["sms", "wa"]);
    let other = found.options.iter().find(|option| option.endpoint == "wa2").expect("each brand may begin");
    assert_eq!(other.refused, Some(Rejection::CannotSend(ErrorClass::WindowClosed)), "nobody wrote there");
    assert!(found.options.iter().all(|option| !option.is_default && option.leaf == LeafId(0)));
    assert_eq!(story.space().reply_options(OptionsOf::Work(WorkId::default()), story.now()), None);
}
