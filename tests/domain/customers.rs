//! Who is it: addresses, identities and the customers that they make up (domain rules, section 4; design, law 9).

use rstest::rstest;
use skein::domain::event::{AddressKind, Assurance, Scope};
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::{Author, Change, Evidence, IdentityStatus, Presence};

use crate::kit::{HOUR, chat, echo, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

#[test]
fn a_first_message_opens_an_identity_a_customer_and_a_work() {
    let mut story = shop().opens();
    let step = story.hears(whatsapp(ANNA, "hello").named("Anna"));
    let Change::IdentityOpened(identity) = &step.changes()[0] else { panic!("{step:?}") };
    assert_eq!((identity.leaf, identity.root), (LeafId(0), RootId(0)));
    assert_eq!((identity.generation, identity.evidence), (1, Evidence::First));
    assert_eq!(identity.status, IdentityStatus::Verified);
    assert_eq!(identity.assurance, Assurance::Platform);
    assert_eq!(story.conversation(RootId(0)).shown_name, Some(Name::new("Anna")));
    assert_eq!(step.message().work, step.opened());
    assert_eq!(step.record().touches.len(), 1);
}

#[test]
fn sms_and_whatsapp_share_the_phone_number() {
    let mut story = shop().opens();
    let one = story.hears(whatsapp("4915112345678", "hello"));
    let two = story.hears(sms("+49 151 12345678", "hello?"));
    assert_eq!(two.message().leaf, one.message().leaf);
}

#[rstest]
#[case("+5511987654321", "+551187654321")]
#[case("+5491123456789", "+541123456789")]
#[case("+5215512345678", "+525512345678")]
fn national_variants_of_a_number_are_one_customer(#[case] one: &str, #[case] other: &str) {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(one, "hello"));
    let second = story.hears(whatsapp(other, "me again"));
    assert_eq!(second.message().leaf, first.message().leaf);
}

#[rstest]
#[case("+551133334444", "+5511933334444")]
#[case("+4915112345678", "+4915112345679")]
fn numbers_of_two_people_stay_two(#[case] one: &str, #[case] other: &str) {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(one, "hello"));
    let second = story.hears(whatsapp(other, "hello"));
    assert_ne!(second.message().conversation, first.message().conversation);
}

#[test]
fn a_number_without_plus_is_known_when_a_country_is_configured() {
    let mut story = shop().but(|config| config.default_country = Some(Name::new("DE"))).opens();
    let one = story.hears(whatsapp("4915112345678", "hello"));
    let two = story.hears(sms("+4915112345678", "hello?"));
    let three = story.hears(sms("0151 12345678", "hello??"));
    assert_eq!(two.message().leaf, one.message().leaf);
    assert_eq!(three.message().leaf, one.message().leaf);
}

#[test]
fn mail_addresses_are_matched_without_case_but_with_dots_and_tags() {
    let mut story = shop().opens();
    let one = story.hears(mail("Anna.Berg@Example.com", "1@x", "hello")).message().leaf;
    let same = story.hears(mail("anna.berg@example.COM", "2@x", "hello")).message().leaf;
    let tag = story.hears(mail("anna.berg+shop@example.com", "3@x", "hello")).message().leaf;
    let dots = story.hears(mail("annaberg@example.com", "4@x", "hello")).message().leaf;
    assert_eq!(same, one);
    assert!(tag != one && dots != one && dots != tag);
}

#[test]
fn two_addresses_of_one_event_are_linked_at_once_and_filed_under_the_first() {
    let mut story = shop().opens();
    let both = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, ANNA)];
    let step = story.hears(whatsapp("", "hello").from(&both));
    let leaves: Vec<_> = step
        .changes()
        .iter()
        .filter_map(|change| match change {
            Change::IdentityOpened(opened) => Some((opened.kind, opened.root, opened.evidence)),
            _ => None,
        })
        .collect();
    assert_eq!(
        leaves,
        [(AddressKind::Whatsapp, RootId(0), Evidence::First), (AddressKind::Phone, RootId(0), Evidence::SameEvent),]
    );
    assert_eq!(step.message().leaf, LeafId(0));
    let by_phone = story.hears(sms(ANNA, "by sms"));
    assert_eq!(by_phone.message().conversation, RootId(0));
}

#[test]
fn a_whatsapp_user_without_a_phone_is_known_by_the_user_id_and_later_by_the_phone() {
    let mut story = shop().opens();
    let user = [(AddressKind::Whatsapp, "DE.1234")];
    let one = story.hears(whatsapp("", "hello").from(&user));
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let two = story.hears(whatsapp("", "again").from(&both));
    assert_eq!(two.message().conversation, one.message().conversation);
    assert_eq!(two.message().work, one.opened(), "the same matter goes on");
    let three = story.hears(sms(ANNA, "by sms"));
    assert_eq!(three.message().conversation, one.message().conversation);
}

#[test]
fn the_content_of_an_event_with_several_addresses_belongs_to_the_first_ones_leaf() {
    let mut story = shop().opens();
    let known = story.hears(whatsapp(ANNA, "hello")).message().leaf;
    let both = [(AddressKind::Phone, ANNA), (AddressKind::Whatsapp, "DE.1234")];
    let step = story.hears(whatsapp("", "again").from(&both));
    assert_eq!(step.record().content_leaf, Some(known));
}

#[test]
fn an_agent_is_told_the_conversation_of_the_customer_whom_a_new_address_belongs_to() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(sms(ANNA, "hello")).expect("a message");
    story.after(HOUR);
    story.presence("ann", Presence::Ready).expect("ready");
    let both = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, ANNA)];
    let step = story.hears(whatsapp("", "again").from(&both));
    let offered = step.changes().iter().find_map(|change| match change {
        Change::OfferMade(offer) => Some(offer.brief.conversation),
        _ => None,
    });
    assert_eq!(offered, Some(RootId(0)));
}

#[test]
fn two_known_customers_that_a_provider_names_as_one_are_merged_and_keep_both_histories() {
    let mut story = shop().opens();
    let by_sms = story.hears(sms(ANNA, "by sms"));
    let user = [(AddressKind::Whatsapp, "DE.1234")];
    let by_user = story.hears(whatsapp("", "by user id").from(&user));
    assert_ne!(by_sms.message().conversation, by_user.message().conversation);

    let both = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, ANNA)];
    let step = story.hears(whatsapp("", "by both").from(&both));
    assert!(step.changes().iter().any(|change| matches!(
        change,
        Change::Merged { winner: RootId(0), loser: RootId(1), evidence: Evidence::SameEvent, .. }
    )));
    assert_eq!(step.message().work, by_user.opened(), "the open matter on that endpoint goes on");
    assert_eq!(story.conversation(RootId(1)).conversation, RootId(0), "the loser's id resolves");
    assert_eq!(story.conversation(RootId(0)).identities.len(), 2);
    assert_eq!(story.open().len(), 2, "a merge joins no Works");
}

#[test]
fn what_a_person_types_about_itself_links_nobody() {
    let mut story = shop().opens();
    let victim = story.hears(mail("victim@example.com", "1@x", "my invoice")).message().conversation;
    let claim = chat("visitor-1", "I am victim@example.com").also(AddressKind::Email, "victim@example.com");
    let stranger = story.hears(claim).message().conversation;
    assert_ne!(stranger, victim);

    let claim = chat("visitor-2", "hello").also(AddressKind::Email, "new@example.com");
    let stranger = story.hears(claim).message().conversation;
    let later = story.hears(mail("new@example.com", "2@x", "hello")).message().conversation;
    assert_ne!(later, stranger, "a typed address is not the typist's");
}

#[test]
fn two_logins_in_one_browser_never_become_one_customer() {
    let mut story = shop().opens();
    let as_login = |login| chat("browser-1", "hello").also(AddressKind::Login, login).assured(Assurance::LoggedIn);
    let one = story.hears(as_login("anna"));
    let two = story.hears(as_login("bert"));
    assert_ne!(two.message().conversation, one.message().conversation);
    let one_again =
        story.hears(chat("browser-2", "hello").also(AddressKind::Login, "anna").assured(Assurance::LoggedIn));
    assert_eq!(one_again.message().conversation, one.message().conversation);
    let two_again = story.hears(as_login("bert"));
    assert_eq!(two_again.message().conversation, two.message().conversation);
}

#[test]
fn the_shown_name_comes_from_the_highest_assurance() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello").named("Anna Berg")).expect("a message");
    story.hears(sms(ANNA, "hello").named("Anonymous")).expect("a message");
    assert_eq!(story.conversation(RootId(0)).shown_name, Some(Name::new("Anna Berg")));
    story.hears(whatsapp(ANNA, "hello").named("Anna Maria")).expect("a message");
    assert_eq!(story.conversation(RootId(0)).shown_name, Some(Name::new("Anna Maria")));
}

#[test]
fn a_group_has_a_conversation_of_its_own_and_no_work() {
    let mut story = shop().opens();
    let direct = story.hears(whatsapp(ANNA, "hello"));
    let group = story.hears(whatsapp(ANNA, "all").in_thread(Scope::Group, Some("g1")));
    assert_ne!(group.message().conversation, direct.message().conversation);
    assert_eq!((group.message().work, group.message().author), (None, Author::Participant));
    let again = story.hears(whatsapp("+4915100000000", "me too").in_thread(Scope::Group, Some("g1")));
    assert_eq!(again.message().conversation, group.message().conversation);
}

#[test]
fn a_group_message_without_its_thread_is_never_filed_under_a_person() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let step = story.hears(whatsapp(ANNA, "all").in_thread(Scope::Group, None));
    assert_eq!(step.dead(), "no_thread");
}

#[test]
fn a_sender_that_cannot_be_read_goes_to_dead_letters() {
    let mut story = shop().opens();
    assert_eq!(story.hears(whatsapp("  ", "hello")).dead(), "no_sender");
    assert_eq!(story.hears(whatsapp("", "hello").from(&[])).dead(), "no_sender");
}

#[test]
fn an_unreadable_first_address_does_not_hide_the_second() {
    let mut story = shop().opens();
    let senders = [(AddressKind::Phone, ""), (AddressKind::Whatsapp, "DE.1234")];
    let step = story.hears(whatsapp("", "hello").from(&senders));
    assert!(step.opened().is_some());
}

#[test]
fn the_same_user_id_in_another_portfolio_is_another_person() {
    let mut story = shop()
        .but(|config| {
            let mut other = config.endpoints[0].clone();
            other.name = Name::new("wa2");
            other.scope = Name::new("other-portfolio");
            config.endpoints.push(other);
        })
        .opens();
    let user = [(AddressKind::Whatsapp, "DE.1234")];
    let one = story.hears(whatsapp("", "hello").from(&user)).message().conversation;
    let two = story.hears(whatsapp("", "hello").from(&user).at("wa2")).message().conversation;
    assert_ne!(one, two);
}

#[test]
fn whoever_was_only_written_to_is_provisional_until_the_first_word() {
    let mut story = shop().opens();
    let step = story.hears(echo(ANNA, "our answer from the phone"));
    let leaf = step.message().conversation;
    assert_eq!(story.conversation(leaf).identities[0].status, IdentityStatus::Provisional);
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    assert_eq!(story.conversation(leaf).identities[0].status, IdentityStatus::Verified);
}
