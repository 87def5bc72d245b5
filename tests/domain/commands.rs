//! Commands are idempotent (design, section 5).

use skein::domain::command::Verb;
use skein::domain::id::Name;
use skein::domain::record::Presence;
use skein::domain::rejection::Rejection;

use crate::kit::{HOUR, shop, whatsapp};

const ANNA: &str = "+4915112345678";

#[test]
fn a_repeated_command_gets_the_first_answer_whatever_is_true_now() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let accept = Verb::Accept { offer: story.offer("ann").expect("an offer") };
    let first = story.asks("ann", Some(("r1", 7)), None, accept.clone()).answer();
    let Rejection::Repeated(again) = story.asks("ann", Some(("r1", 7)), None, accept).refused() else {
        panic!("a repeat is told as one")
    };
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.position, again.assignment), (first.position, first.assignment));
}

#[test]
fn a_request_id_used_with_another_body_is_refused() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    let presence = |presence| Verb::SetPresence { presence, reason: Name::default(), channels: vec![] };
    story.asks("ann", Some(("r1", 1)), None, presence(Presence::Ready)).expect("ready");
    let other = story.asks("ann", Some(("r1", 2)), None, presence(Presence::Away));
    assert_eq!(other.refused(), Rejection::RequestIdReused);
    assert_eq!(story.agent("ann").presence, Presence::Ready);
}

#[test]
fn request_ids_are_known_within_one_principal() {
    let mut story = shop().opens();
    let open = Verb::OpenSession { resume: None, takeover: false };
    story.asks("ann", Some(("r1", 1)), None, open.clone()).expect("a session");
    story.asks("bob", Some(("r1", 1)), None, open).expect("another's id");
}

#[test]
fn a_refused_command_is_decided_anew_when_it_comes_again() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    let open = Verb::OpenSession { resume: None, takeover: false };
    let refused = story.asks("ann", Some(("r1", 1)), None, open.clone());
    assert_eq!(refused.refused(), Rejection::AlreadyConnected);
    story.loses_connection("ann").expect("lost");
    story.asks("ann", Some(("r1", 1)), None, open).expect("accepted now");
}

#[test]
fn commands_without_an_id_are_not_remembered() {
    let mut story = shop().opens();
    let open = Verb::OpenSession { resume: None, takeover: true };
    story.asks("ann", Some(("", 1)), None, open.clone()).expect("a session");
    story.asks("ann", Some(("", 1)), None, open).expect("another");
}

#[test]
fn ids_are_remembered_for_a_day_and_ten_thousand_of_a_principal() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    let mut flip = |id: &str, ready: bool| {
        let presence = if ready { Presence::Ready } else { Presence::Away };
        story.asks(
            "ann",
            Some((id, 1)),
            None,
            Verb::SetPresence { presence, reason: Name::default(), channels: vec![] },
        )
    };
    for n in 0..10_001 {
        flip(&format!("r{n}"), n % 2 == 0).expect("accepted");
    }
    assert!(matches!(flip("r1", false).refused(), Rejection::Repeated(_)));
    flip("r0", false).expect("the oldest is forgotten");
    story.after(25 * HOUR);
    let mut away = |id: &str| {
        let presence = Presence::Away;
        let verb = Verb::SetPresence { presence, reason: Name::new(id), channels: vec![] };
        story.asks("ann", Some((id, 1)), None, verb)
    };
    away("new").expect("accepted");
    away("r10000").expect("a day is over");
}
