//! Mails that pretend: none joins a matter that is not its sender's, none is surer than it is, and nobody's words are lost.

use skein::domain::event::{AddressKind, Assurance};
use skein::domain::record::{Author, Change, Flags};
use skein::normalize::{Format, Request, normalize};

use crate::kit::{Heard, Scenario, Step, mail};
use crate::mail_threads::{
    ANNA, DAY, LAWYER, answered, copied, lawyers_token, mail_id, opens_customer, renew, token, with_tokens,
};

const MALLORY: &str = "mallory@evil.example";

/// A mail as its bytes, at the mailbox `mail`.
fn raw(bytes: &str) -> Heard {
    let made = normalize(Format::Email, Request::new(bytes.as_bytes())).expect("a mail");
    let mut heard = mail(MALLORY, "x", "");
    heard.event = made.events.into_iter().next().expect("an event");
    heard
}

#[track_caller]
fn is_apart(step: &Step, flag: Flags) {
    assert!(opens_customer(step) && step.opened().is_some(), "a conversation and a matter of its own");
    assert!(step.message().flags.has(flag), "{:?}", step.message().flags);
    assert_eq!((step.message().author, step.message().about), (Author::Customer, None));
}

#[test]
fn a_stranger_who_quotes_a_thread_has_a_conversation_of_his_own() {
    for assurance in [Assurance::Claimed, Assurance::Platform] {
        let mut story = with_tokens();
        let (_, step) = answered(&mut story);
        let quoting = mail(MALLORY, "1@evil", "tell me more").in_reply_to(&mail_id(&step)).assured(assurance);
        is_apart(&story.hears(quoting), Flags::FOREIGN_THREAD);
        let quoting = mail("eve@evil.example", "2@evil", "tell me more").in_reply_to("1@anna").assured(assurance);
        is_apart(&story.hears(quoting), Flags::FOREIGN_THREAD);
    }
}

#[test]
fn a_guessed_token_proves_nothing() {
    let mut story = with_tokens();
    let (_, step) = answered(&mut story);
    let real = token(&step);
    let last = if real.ends_with('a') { "e" } else { "a" };
    for guess in [format!("{}{last}", &real[..real.len() - 1]), real.chars().rev().collect(), "a".repeat(36)] {
        let reply = story.hears(mail(ANNA, "2@anna", &guess).reply_tokens(&[&guess]));
        assert_eq!(reply.message().assurance, Assurance::Claimed, "{guess}");
    }
    // One of our form, with the number of our key and somebody else's tag.
    let forged = format!("{}{}", &real[..12], "a".repeat(real.len() - 12));
    let reply = story.hears(mail(MALLORY, "1@evil", "let me in").reply_tokens(&[&forged]));
    is_apart(&reply, Flags::BAD_TOKEN);
}

#[test]
fn a_token_of_another_workspace_proves_nothing() {
    let mut other = crate::kit::shop().opens();
    renew(&mut other, [66; 32]).expect("a key");
    other.ready("ann").expect("ready");
    let (_, theirs) = answered(&mut other);
    let mut story = with_tokens();
    let (held, _) = answered(&mut story);
    let reply = story.hears(mail(ANNA, "2@anna", "more").at("sales").reply_tokens(&[&token(&theirs)]));
    assert_eq!(reply.message().assurance, Assurance::Claimed);
    assert!(reply.message().flags.has(Flags::BAD_TOKEN) && reply.message().work != Some(held.0));
}

#[test]
fn a_token_past_its_day_proves_nothing() {
    let mut story = with_tokens();
    let (_, step) = answered(&mut story);
    story.after(92 * DAY);
    let reply = story.hears(mail(ANNA, "2@anna", "more").reply_tokens(&[&token(&step)]));
    assert_eq!(reply.message().assurance, Assurance::Claimed);
    assert!(reply.message().flags.has(Flags::BAD_TOKEN));
}

#[test]
fn a_token_that_another_address_got_proves_nothing_whoever_vouches_for_the_sender() {
    for assurance in [Assurance::Claimed, Assurance::Platform] {
        let mut story = with_tokens();
        let (_, step) = copied(&mut story);
        for (sender, theirs) in [(MALLORY, token(&step)), ("eve@evil.example", lawyers_token(&step))] {
            let reply =
                story.hears(mail(sender, "1@evil", "forwarded to me").reply_tokens(&[&theirs]).assured(assurance));
            is_apart(&reply, Flags::FOREIGN_TOKEN);
            assert_eq!(reply.message().assurance, assurance);
        }
    }
}

#[test]
fn a_copied_person_who_forges_the_recipient_with_her_token_gets_no_answer_by_it() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    let forged = story.hears(mail(ANNA, "1@evil", "tell me all").reply_tokens(&[&token(&step)]));
    assert_eq!((forged.message().work, forged.message().assurance), (Some(held.0), Assurance::Token));
    let answer = story.answers("ann", held, "all of it");
    assert_eq!((answer.words().recipient.as_deref(), answer.words().copies.len()), (Some(ANNA), 0));
}

#[test]
fn an_own_token_among_strange_ones_is_found() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    let all = [token(&step), lawyers_token(&step)];
    let reply = story.hears(mail(LAWYER, "1@law", "to all").reply_tokens(&[&all[0], "nonsense", &all[1]]));
    assert_eq!((reply.message().work, reply.message().flags), (Some(held.0), Flags::default()));
}

#[test]
fn who_was_copied_and_is_not_vouched_for_does_not_join_by_the_thread() {
    let mut story = with_tokens();
    let (_, step) = copied(&mut story);
    let reply = story.hears(mail(LAWYER, "1@law", "I write for her").in_reply_to(&mail_id(&step)));
    is_apart(&reply, Flags::FOREIGN_THREAD);
}

#[test]
fn a_forged_sender_is_claimed_chooses_no_work_by_its_ids_and_gets_no_answer() {
    let mut story = with_tokens();
    let (held, step) = answered(&mut story);
    let other = story.hears(mail(ANNA, "2@anna", "another matter").at("sales")).opened().expect("a work");
    let forged = mail(ANNA, "1@evil", "send it to Mallory").at("sales").in_reply_to(&mail_id(&step));
    let forged = story.hears(forged);
    assert_eq!((forged.message().work, forged.message().assurance), (Some(other), Assurance::Claimed));
    let answer = story.answers("ann", held, "pardon?");
    assert_eq!(answer.words().recipient.as_deref(), Some(ANNA));
}

#[test]
fn an_event_cannot_claim_a_token_by_itself() {
    let mut story = with_tokens();
    let said = story.hears(mail(ANNA, "1@anna", "hello").assured(Assurance::Token));
    assert_eq!(said.message().assurance, Assurance::Claimed);
}

#[test]
fn a_mail_from_our_own_address_is_nobodys_and_gets_no_automatic_answer() {
    let mut story = with_tokens();
    let (_, step) = answered(&mut story);
    for own in ["Help@Shop.example", "sales@shop.example", "help+abc@shop.example"] {
        let said = mail(own, own, "from ourselves").at("sales").assured(Assurance::Platform);
        let said = story.hears(said.in_reply_to(&mail_id(&step)).reply_tokens(&[&token(&step)]));
        let message = said.message();
        assert!(message.flags.has(Flags::OWN_ADDRESS) && message.flags.has(Flags::GENERATED), "{own}");
        assert_eq!(message.assurance, Assurance::Claimed);
        assert!(said.opened().is_some(), "people look at it");
    }
}

#[test]
fn answers_go_to_the_sender_and_never_to_a_reply_to() {
    let mut story = with_tokens();
    let swapped = "From: Anna <anna@example.com>\r\nReply-To: mallory@evil.example\r\nTo: help@shop.example\r\n\
                   Message-ID: <1@anna>\r\nSubject: Order 7\r\n\r\nhello";
    story.hears(raw(swapped)).expect("a message");
    let held = story.takes("ann");
    let answer = story.answers("ann", held, "good day");
    assert_eq!(answer.words().recipient.as_deref(), Some(ANNA));
    assert!(!format!("{:?}", answer.words()).contains("mallory"));
}

#[test]
fn a_message_id_that_was_used_first_takes_nobodys_words_and_nobodys_thread() {
    let mut story = with_tokens();
    let planted = story.hears(mail(MALLORY, "next@anna", "hello")).opened().expect("a work");
    let real = story.hears(mail(ANNA, "next@anna", "hello"));
    is_apart(&real, Flags::default());
    let real = real.opened().expect("a work");
    let other = story.hears(mail(ANNA, "2@anna", "another matter").at("sales")).opened().expect("a work");
    let more = mail(ANNA, "3@anna", "more").at("sales").in_reply_to("next@anna").assured(Assurance::Platform);
    let more = story.hears(more);
    assert_eq!(more.message().work, Some(real), "her thread is hers");
    assert!(![planted, other].contains(&real));
    assert_eq!(more.message().flags, Flags::default());
    story.folds_to_the_same();
}

#[test]
fn a_message_id_that_was_used_first_under_a_forged_sender_drops_no_words() {
    let mut story = with_tokens();
    let forged = story.hears(mail(ANNA, "next@anna", "not what she says"));
    let real = story.hears(mail(ANNA, "next@anna", "what she says"));
    assert_eq!(real.message().work, forged.opened());
    assert!(real.message().flags.has(Flags::ID_REUSED));
}

#[test]
fn a_token_in_bytes_is_found_behind_the_plus_and_in_the_ids() {
    let mut story: Scenario = with_tokens();
    let (held, step) = answered(&mut story);
    let (token, id) = (token(&step), mail_id(&step));
    for (n, head) in [
        format!("To: help+{token}@shop.example"),
        format!("To: help@shop.example\r\nDelivered-To: help+{}@shop.example", token.to_uppercase()),
        format!("To: help@shop.example\r\nIn-Reply-To: <{id}>"),
        format!("To: help@shop.example\r\nReferences: <a@b> <{id}> <c@d>"),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes =
            format!("From: anna@example.com\r\n{head}\r\nMessage-ID: <{n}@anna>\r\nSubject: Re\r\n\r\nmore {n}");
        let reply = story.hears(raw(&bytes));
        assert_eq!((reply.message().work, reply.message().assurance), (Some(held.0), Assurance::Token), "{head}");
    }
    assert!(!story.last().changes.iter().any(|change| matches!(change, Change::WorkOpened(_))));
}

#[test]
fn a_mail_that_shows_its_mailbox_to_be_anothers_too_joins_no_matter_by_its_token() {
    let mut story = with_tokens();
    story.hears(mail(ANNA, "0@anna", "hello").also(AddressKind::Crm, "C1")).expect("a message");
    let held = story.takes("ann");
    let step = story.answers("ann", held, "good day");
    let other = mail(ANNA, "2@anna", "I am her husband").also(AddressKind::Crm, "C2").reply_tokens(&[&token(&step)]);
    let other = story.hears(other);
    let work = story.work(held.0);
    assert_ne!(other.message().conversation, work.conversation);
    assert_ne!(other.message().work, Some(held.0), "what he says is not told in her conversation");
    story.folds_to_the_same();
}
