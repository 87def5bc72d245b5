//! Who sits at a browser of the web chat: logins, logouts, and what was said before and between them (domain rules, section 4).

use std::time::Instant;

use rstest::rstest;
use skein::domain::event::{AddressKind, Assurance, EventKind, Sender};
use skein::domain::id::{LeafId, Name};
use skein::domain::record::{Evidence, SuggestionReason};
use skein::domain::rejection::Rejection;

use crate::kit::{HOUR, MINUTE, chat, shop};
use crate::who::{PHONE, identities, logged_in, logged_in_says, logout, of, reasons, text};

#[test]
fn what_was_said_before_the_login_of_the_same_sitting_is_the_customers() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna")));
    let visitor = story.hears(chat("b2", "where is my order?"));
    assert_ne!(of(&visitor), anna);
    story.passes(30 * MINUTE);
    let step = story.hears(logged_in("b2", "anna"));
    assert_eq!(of(&step), anna);
    assert_eq!(step.message().work, visitor.opened(), "the matter goes on");
    assert_eq!(story.conversation(of(&visitor)).conversation, anna);
    story.folds_to_the_same();
}

#[test]
fn after_a_logout_the_browser_is_nobodys_and_shows_nothing() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let anna = of(&story.hears(logged_in("b1", "anna")));
    let held = story.takes("ann");
    let notice = story.hears(logout("b1", "anna"));
    assert_eq!(of(&notice), anna);
    assert_eq!(story.answers("ann", held, "your balance is 5").refused(), Rejection::NoRecipient);
    let next = story.hears(chat("b1", "anybody there?"));
    assert_ne!(of(&next), anna);
    assert_ne!(next.message().work, Some(held.0));
    assert_eq!(reasons(&story, anna), [SuggestionReason::SameBrowser]);
    // Told again, it ends nobody else's link.
    story.hears(logout("b1", "anna").event_id("again")).expect("a notice");
    assert_eq!(of(&story.hears(chat("b1", "hello?"))), of(&next));
    story.folds_to_the_same();
}

#[test]
fn a_customer_who_logs_in_again_is_answered_again() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let anna = of(&story.hears(logged_in("b1", "anna")));
    let held = story.takes("ann");
    story.hears(logout("b1", "anna")).expect("a notice");
    let again = story.hears(logged_in_says("b1", "anna", "I am back"));
    assert_eq!((of(&again), again.message().work), (anna, Some(held.0)));
    let answer = story.answers("ann", held, "your balance is 5");
    assert_eq!(answer.message().leaf, again.message().leaf);
}

#[test]
fn words_without_the_proof_of_a_login_are_not_shown_to_be_the_customers() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna")));
    assert_eq!(of(&story.hears(chat("b1", "still me").assured(Assurance::LoggedIn))), anna);
    let later = of(&story.hears(chat("b1", "who is it now?")));
    assert_ne!(later, anna);
    assert_eq!(of(&story.hears(logged_in("b1", "anna"))), anna);
    assert_eq!(story.conversation(later).conversation, anna, "it was the same person");
}

#[test]
fn in_a_browser_of_several_the_words_between_logins_are_nobodys() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna")));
    story.hears(logout("b1", "anna")).expect("a notice");
    let between = of(&story.hears(chat("b1", "hello?")));
    let bert = of(&story.hears(logged_in("b1", "bert")));
    assert!(bert != anna && between != anna && between != bert);
    assert_eq!(identities(&story, between), [(AddressKind::Web, true, Evidence::First)]);
    story.hears(logout("b1", "bert")).expect("a notice");
    let next = of(&story.hears(chat("b1", "hello?")));
    assert!(![anna, bert, between].contains(&next), "and each time nobody else's either");
    assert_eq!(of(&story.hears(logged_in("b1", "bert"))), bert);
    assert_eq!(of(&story.hears(logged_in("b1", "anna"))), anna);
    story.folds_to_the_same();
}

#[test]
fn another_login_ends_the_link_without_a_logout() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let anna = of(&story.hears(logged_in("b1", "anna")));
    let held = story.takes("ann");
    let bert = of(&story.hears(logged_in("b1", "bert")));
    assert_ne!(bert, anna);
    assert_eq!(story.answers("ann", held, "for her alone").refused(), Rejection::NoRecipient);
}

#[test]
fn another_login_that_is_only_claimed_shows_nothing_of_the_first() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna")));
    story.hears(logged_in("b2", "bert")).expect("a message");
    let step = story.hears(chat("b1", "I am bert").also(AddressKind::Login, "bert").assured(Assurance::Claimed));
    assert_ne!(of(&step), anna);
}

#[test]
fn a_login_told_by_itself_links_the_browser() {
    let mut story = shop().opens();
    let new = Some(Sender { kind: AddressKind::Login, address: "anna".to_owned() });
    let login = EventKind::IdentityChange { old: None, new, reason: None };
    let anna = of(&story.hears(logged_in("b2", "anna")));
    story.hears(chat("b1", "").kind(login).assured(Assurance::LoggedIn)).expect("a notice");
    assert_eq!(of(&story.hears(chat("b1", "hello").assured(Assurance::LoggedIn))), anna);
}

#[test]
fn a_browser_is_written_to_only_while_its_customer_is_logged_in() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    let visitor = story.hears(chat("b1", "hello").also(AddressKind::Crm, "C1"));
    story.takes("ann");
    story.after(HOUR);
    story.hears(text(PHONE, "C1").id("later")).expect("a message");
    let by_sms = story.takes("ann");
    let to_browser = |leaf: LeafId| skein::domain::command::Recipient { leaf, endpoint: Name::new("web") };
    let leaf = visitor.message().leaf;
    let refused = story.sends("ann", by_sms, |send| send.to = Some(to_browser(leaf))).refused();
    assert!(matches!(refused, Rejection::RecipientRefused(_)), "{refused:?}");
    story.hears(logged_in("b1", "anna").also(AddressKind::Crm, "C1")).expect("logged in");
    let sent = story.sends("ann", by_sms, |send| send.to = Some(to_browser(leaf)));
    assert_eq!(sent.message().leaf, leaf);
}

#[rstest]
#[case::later(31 * MINUTE, false)]
#[case::days_later(3 * 24 * HOUR, false)]
#[case::after_the_visit(MINUTE, true)]
fn what_was_said_in_another_sitting_is_not_whose_who_logs_in(#[case] passes: i64, #[case] visit_ends: bool) {
    for who in [(AddressKind::Login, "anna"), (AddressKind::Crm, "C1")] {
        let mut story = shop().only_ann().opens();
        story.ready("ann").expect("ready");
        let visitor = story.hears(chat("b1", "my balance, please"));
        let held = story.takes("ann");
        if visit_ends {
            story.hears(chat("b1", "").kind(EventKind::VisitEnd)).expect("a notice");
        }
        story.passes(passes);
        let step = story.hears(chat("b1", "hello").also(who.0, who.1).assured(Assurance::LoggedIn));
        let anna = of(&step);
        assert_ne!(anna, of(&visitor));
        assert_eq!(reasons(&story, anna), [SuggestionReason::SameBrowser], "it is suggested");
        // Who leaves and is known nowhere else takes the matter along.
        let refused = if visit_ends { Rejection::WorkClosed } else { Rejection::NoRecipient };
        assert_eq!(story.answers("ann", held, "it is 5").refused(), refused, "she reads no answer");
        assert_ne!(step.message().work, Some(held.0));
        assert_eq!(of(&story.hears(chat("b1", "me").also(who.0, who.1).assured(Assurance::LoggedIn))), anna);
        story.folds_to_the_same();
    }
}

#[test]
fn words_that_came_late_are_not_of_the_sitting_in_which_they_came() {
    let mut story = shop().opens();
    let now = story.now().0;
    let visitor = of(&story.hears(chat("b1", "hello").occurred(now - 2 * HOUR)));
    let anna = of(&story.hears(logged_in("b1", "anna").occurred(now)));
    assert_ne!(anna, visitor);
}

#[test]
fn who_only_opens_the_page_goes_on_with_nobodys_words() {
    let mut story = shop().opens();
    let start = || chat("b1", "").kind(EventKind::Start { title: None, payload: None, referral: false });
    let opened = of(&story.hears(start().event_id("1")));
    let anna = of(&story.hears(logged_in("b1", "anna")));
    assert_eq!(story.conversation(opened).conversation, anna, "she opened it herself");
    let visitor = of(&story.hears(chat("b2", "hello")));
    story.passes(HOUR);
    story.hears(chat("b2", "").kind(EventKind::Start { title: None, payload: None, referral: false })).expect("noted");
    assert_ne!(of(&story.hears(logged_in("b2", "bert"))), visitor);
    story.folds_to_the_same();
}

#[test]
fn a_crm_id_without_the_proof_of_the_login_is_another_visitors() {
    let mut story = shop().opens();
    let anna = of(&story.hears(logged_in("b1", "anna")));
    assert_ne!(of(&story.hears(chat("b1", "hello").also(AddressKind::Crm, "C9"))), anna);
}

#[test]
fn of_two_sittings_without_a_login_neither_is_whose_who_logs_in() {
    let mut story = shop().opens();
    let first = of(&story.hears(chat("b1", "bert here")));
    story.passes(HOUR);
    assert_eq!(of(&story.hears(chat("b1", "somebody"))), first, "a visitor who comes back is the same");
    let anna = of(&story.hears(logged_in("b1", "anna")));
    assert_ne!(anna, first, "but not surely");
    assert_eq!(reasons(&story, anna), [SuggestionReason::SameBrowser]);
}

/// What a login, a word and a logout cost at a browser that has seen many: `cargo test --test domain many_logins -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, of minutes"]
fn many_logins_at_one_browser() {
    const BATCH: usize = 1_000;
    let mut story = shop().opens();
    for batch in 0..8 {
        let begun = Instant::now();
        for n in 0..BATCH {
            story.passes(HOUR);
            let words = logged_in("b1", "anna").event_id(&format!("{batch}-{n}"));
            story.hears(words).expect("a message");
            story.hears(logout("b1", "anna").event_id(&format!("{batch}-{n}-out"))).expect("a notice");
        }
        let each = begun.elapsed().as_micros() / BATCH as u128;
        println!("after {} logins: {each} us for a login and a logout", batch * BATCH);
    }
}
