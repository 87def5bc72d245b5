//! Erasing a customer: over all identities, during live Work, by structure alone in a fold without keys (design, law 11).

use skein::domain::command::{Command, Verb};
use skein::domain::event::{AddressKind, Assurance, EventKind, Scope, Sender};
use skein::domain::id::{Index, LeafId, Name, RootId};
use skein::domain::record::{Change, IdentityStatus, OfferOutcome, Purpose, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{Heard, SPACE, Scenario, Step, chat, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story
}

fn erases(story: &mut Scenario, customer: RootId) -> Step {
    story.does("ann", Verb::Erase { customer })
}

/// What the shell does once everything before is handed over.
fn keys_are_destroyed(story: &mut Scenario) -> Vec<LeafId> {
    let pending: Vec<(Index, Vec<LeafId>)> =
        story.space().erasures().map(|(index, leaves)| (index, leaves.to_vec())).collect();
    for (erasure, _) in &pending {
        let said = story.when(Command::KeysDestroyed { workspace: Name::new(SPACE), erasure: *erasure });
        said.expect("a record");
    }
    pending.into_iter().flat_map(|(_, leaves)| leaves).collect()
}

fn erased(step: &Step) -> &[LeafId] {
    let leaves = step.changes().iter().find_map(|change| match change {
        Change::Erased { leaves, .. } => Some(leaves.as_slice()),
        _ => None,
    });
    leaves.expect("an erasure")
}

#[test]
fn every_identity_is_erased_and_its_address_and_name_are_no_longer_known() {
    let mut story = desk();
    let both = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, ANNA)];
    let first = story.hears(whatsapp("", "hello").from(&both).named("Anna")).message().conversation;
    let step = erases(&mut story, first);
    assert_eq!(erased(&step), [LeafId(0), LeafId(1)]);
    let touched: Vec<LeafId> = step.record().touches.iter().map(|touch| touch.leaf).collect();
    assert_eq!(touched, [LeafId(0), LeafId(1)], "it is part of the history of each");
    let view = story.conversation(first);
    assert_eq!(view.shown_name, None);
    assert!(view.identities.iter().all(|identity| identity.address.is_none()));
    assert_eq!(story.space().erasures().count(), 1);
    assert_eq!(keys_are_destroyed(&mut story), [LeafId(0), LeafId(1)]);
    assert_eq!(story.space().erasures().count(), 0);
}

#[test]
fn live_work_ends_with_it_and_its_owner_is_told() {
    let mut story = desk();
    let step = story.hears(whatsapp(ANNA, "hello"));
    let (conversation, work) = (step.message().conversation, step.opened().expect("a work"));
    let (_, assignment) = story.takes("ann");
    let step = erases(&mut story, conversation);
    let ann = story.id("ann");
    let unassigned = Change::Unassigned { assignment, work, agent: ann, reason: UnassignReason::Closed };
    assert!(step.changes().contains(&unassigned) && !step.outputs().is_empty());
    let closed = |change: &Change| matches!(change, Change::WorkClosed { disposition, .. } if disposition == "ERASED");
    assert!(step.changes().iter().any(closed));
    assert!(story.space().work(work).is_none(), "nothing of it can be reopened");
    let refused = story.answers("ann", (work, assignment), "are you there?").refused();
    assert_eq!(refused, Rejection::UnknownWork);
}

#[test]
fn an_open_offer_is_taken_back_and_the_agent_gets_the_next_work() {
    let mut story = shop().but(|config| config.agents.iter_mut().for_each(|agent| agent.profile.capacity = 1)).opens();
    story.ready("ann").expect("ready");
    let first = story.hears(whatsapp(ANNA, "hello")).message().conversation;
    let offer = story.offer("ann").expect("an offer");
    let next = story.hears(sms("+4915198765432", "me too")).opened().expect("a work");
    let step = erases(&mut story, first);
    let revoked = |change: &Change| matches!(change, Change::OfferEnded { offer: ended, outcome: OfferOutcome::Revoked, .. } if *ended == offer);
    assert!(step.changes().iter().any(revoked));
    assert_eq!(story.offered_to(next), Some(Name::new("ann")), "no Work waits beside an eligible agent");
}

#[test]
fn the_address_s_next_message_is_a_new_customer_s_who_is_not_linked_to_the_old_one() {
    let mut story = desk();
    let old = story.hears(whatsapp(ANNA, "hello").named("Anna"));
    let (old_root, old_leaf, old_work) = (old.message().conversation, old.message().leaf, old.opened());
    erases(&mut story, old_root);
    for destroyed in [false, true] {
        if destroyed {
            keys_are_destroyed(&mut story);
        }
        let new = story.hears(whatsapp(ANNA, if destroyed { "again" } else { "hello again" }));
        assert_ne!(new.message().leaf, old_leaf);
        assert_ne!(new.message().conversation, old_root);
        assert_ne!(new.message().work, old_work);
    }
    let new = story.conversation(RootId(1));
    assert_eq!((new.identities.len(), new.shown_name.as_ref()), (1, None));
    assert_eq!((new.identities[0].generation, new.identities[0].status), (2, IdentityStatus::Verified));
    assert_eq!(story.space().identities(), 2, "one new leaf, not one for each message");
}

#[test]
fn a_quoted_message_of_the_erased_leads_nowhere() {
    let mut story = desk();
    let old = story.hears(whatsapp(ANNA, "hello").id("wamid.1"));
    erases(&mut story, old.message().conversation);
    let new = story.hears(whatsapp(ANNA, "what about this?").quoting("wamid.1"));
    assert_ne!(new.message().work, old.opened());
    assert_eq!(new.message().about, None);
}

#[test]
fn a_provider_s_retry_of_an_erased_message_brings_nothing_back() {
    let mut story = desk();
    let heard = || whatsapp(ANNA, "hello").id("wamid.1").event_id("e1");
    let old = story.hears(heard()).message().conversation;
    erases(&mut story, old);
    keys_are_destroyed(&mut story);
    assert_eq!(story.hears(heard()).refused(), Rejection::Duplicate);
}

#[test]
fn whoever_is_erased_already_is_erased_once() {
    let mut story = desk();
    let conversation = story.hears(whatsapp(ANNA, "hello")).message().conversation;
    erases(&mut story, conversation);
    assert!(matches!(erases(&mut story, conversation).0, Ok(None)));
    keys_are_destroyed(&mut story);
    assert!(matches!(erases(&mut story, conversation).0, Ok(None)));
    let again = Command::KeysDestroyed { workspace: Name::new(SPACE), erasure: Index(1) };
    assert!(matches!(story.when(again).0, Ok(None)), "said before, or never asked for");
}

#[test]
fn a_repeated_command_gets_the_first_answer() {
    let mut story = desk();
    let customer = story.hears(whatsapp(ANNA, "hello")).message().conversation;
    let first = story.asks("ann", Some(("r1", 5)), None, Verb::Erase { customer }).answer();
    let again = story.asks("ann", Some(("r1", 5)), None, Verb::Erase { customer }).refused();
    assert!(matches!(again, Rejection::Repeated(again) if again.position == first.position));
}

#[test]
fn nobody_and_a_group_are_refused() {
    let mut story = desk();
    assert_eq!(erases(&mut story, RootId(7)).refused(), Rejection::UnknownCustomer);
    let group = story.hears(whatsapp(ANNA, "hello all").in_thread(Scope::Group, Some("g1"))).message().conversation;
    assert!(matches!(erases(&mut story, group).refused(), Rejection::Invalid(_)));
}

#[test]
fn held_parts_of_a_text_go_with_the_customer() {
    let mut story = desk();
    let step = story.hears(sms(ANNA, "the first half").part(1, 2, "77"));
    let leaf = step.record().content_leaf.expect("a leaf");
    assert_eq!(story.space().held_parts(), 1);
    erases(&mut story, RootId(leaf.0));
    assert_eq!(story.space().held_parts(), 0);
    assert!(story.after(120_000).is_empty(), "nothing waits for the other half");
}

#[test]
fn a_refusal_to_be_written_to_outlives_whoever_gave_it() {
    let mut story = desk();
    let step = story.hears(sms(ANNA, "STOP"));
    let conversation = step.message().conversation;
    erases(&mut story, conversation);
    keys_are_destroyed(&mut story);
    let refuses = &story.conversation(conversation).identities[0].refuses;
    assert!(refuses.contains(&Purpose::Marketing));
}

#[test]
fn whoever_refused_and_was_erased_is_still_left_alone_when_they_write_again() {
    let mut story = desk();
    let first = story.hears(sms(ANNA, "stop")).message().conversation;
    erases(&mut story, first).expect("an erasure");
    let again = story.hears(sms(ANNA, "hello again")).message().conversation;
    assert_ne!(again, first);
    let refuses = &story.conversation(again).identities[0].refuses;
    assert!(refuses.contains(&Purpose::Marketing), "{refuses:?}");
    story.folds_to_the_same();
}

#[test]
fn an_erased_customer_is_suggested_to_be_nobody() {
    let mut story = desk();
    let anna = story.hears(mail("anna@example.com", "1@a", "hello")).message().conversation;
    let visitor = chat("visitor", "it is me").also(AddressKind::Email, "anna@example.com");
    let visitor = story.hears(visitor).message().conversation;
    assert_eq!(story.space().suggestions_of(visitor).count(), 1);
    erases(&mut story, anna).expect("an erasure");
    assert_eq!(story.space().suggestions_of(visitor).count(), 0);
    story.folds_to_the_same();
}

#[test]
fn a_fold_without_the_keys_gives_the_state_that_live_has() {
    let mut story = desk();
    let both = [(AddressKind::Whatsapp, "DE.1234"), (AddressKind::Phone, ANNA)];
    let anna = story.hears(whatsapp("", "hello").from(&both).named("Anna").id("wamid.1")).message().conversation;
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an answer");
    story.hears(whatsapp(ANNA, "thanks").quoting("wamid.1").tokens(Some("reply"), Some("read"))).expect("a message");
    story.hears(sms(ANNA, "half").part(1, 2, "77")).expect("a part");
    let berta = story.hears(mail("berta@example.com", "1@x", "a mail").named("Berta")).message().conversation;
    let mailed = story.takes("ann");
    story.answers("ann", mailed, "an answer by mail").expect("an answer");
    story.closes("ann", mailed).expect("an end");
    story.hears(whatsapp("+4915155555555", "stays").named("Clara")).expect("a message");
    for customer in [anna, berta] {
        erases(&mut story, customer).expect("an erasure");
    }
    story.hears(whatsapp(ANNA, "back again")).expect("a message");
    let gone = keys_are_destroyed(&mut story);
    assert!(gone.len() >= 3);
    story.folds_to_the_same();
    story.folds_to_the_same_without_content_of(&gone);
    let clara = story.conversation(story.open().iter().map(|work| work.conversation).next().expect("Clara's"));
    assert!(clara.shown_name.is_some() || story.open().iter().any(|work| work.state != WorkState::Closed));
}

fn logged_in(browser: &str, login: &str) -> Heard {
    chat(browser, "hello").also(AddressKind::Login, login).assured(Assurance::LoggedIn)
}

#[test]
fn a_logout_that_is_told_after_the_erasure_brings_nothing_back() {
    let mut story = desk();
    let anna = story.hears(logged_in("b1", "anna")).message().conversation;
    erases(&mut story, anna).expect("an erasure");
    let gone = keys_are_destroyed(&mut story);
    let old = Some(Sender { kind: AddressKind::Login, address: "anna".to_owned() });
    let logout = chat("b1", "").kind(EventKind::IdentityChange { old, new: None, reason: None });
    let step = story.hears(logout.named("Anna"));
    assert!(!gone.contains(&step.message().leaf), "nothing is filed under a leaf without a key");
    assert_eq!(story.conversation(anna).shown_name, None);
    story.folds_to_the_same_without_content_of(&gone);
}

#[test]
fn nobody_is_suggested_to_be_somebody_erased() {
    let mut story = desk();
    story.hears(logged_in("b1", "anna")).expect("a message");
    let bert = story.hears(logged_in("b1", "bert")).message().conversation;
    erases(&mut story, bert).expect("an erasure");
    let next = story.hears(chat("b1", "hello?")).message().conversation;
    assert_eq!(story.space().suggestions_of(next).count(), 0);
    assert_eq!(story.space().suggestions_of(bert).count(), 0);
}

#[test]
fn whoever_refused_and_was_erased_gets_no_copy_either() {
    let mut story = desk();
    let anna = story.hears(mail("anna@example.com", "1@a", "unsubscribe").in_reply_to("0@x")).message().conversation;
    story.hears(mail("berta@example.com", "1@b", "hello")).expect("a message");
    let held = story.takes("ann");
    let copied = |story: &mut Scenario| {
        story.sends("ann", held, |send| {
            send.purpose = Purpose::Marketing;
            send.content = crate::mail_threads::to("anna@example.com", "an offer");
        })
    };
    let opted_out = Rejection::CannotSend(skein::domain::event::ErrorClass::OptedOut);
    assert_eq!(copied(&mut story).refused(), opted_out);
    erases(&mut story, anna).expect("an erasure");
    assert_eq!(copied(&mut story).refused(), opted_out);
}

#[test]
fn whom_a_mail_of_the_erased_was_copied_to_is_forgotten() {
    let mut story = crate::mail_threads::with_tokens();
    let ((work, _), _) = crate::mail_threads::copied(&mut story);
    let customer = story.work(work).conversation;
    erases(&mut story, customer).expect("an erasure");
    let state = format!("{:?}", story.state);
    assert!(state.contains("copied: {}"), "{state}");
}

#[test]
fn a_household_phone_is_shared_still_when_what_was_said_from_it_is_erased() {
    let mut story = desk();
    let named = |crm: &str| sms(ANNA, crm).also(AddressKind::Crm, crm);
    story.hears(named("C1")).expect("a message");
    let held = story.takes("ann");
    let shared = story.hears(named("C2")).message().conversation;
    assert!(story.conversation(shared).identities[0].shared);
    erases(&mut story, shared).expect("an erasure");
    story.answers("ann", held, "are you there?").expect("what was asked there is answered there");
    let again = story.hears(sms(ANNA, "hello")).message().conversation;
    assert_ne!(again, shared);
    assert!(story.conversation(again).identities[0].shared, "it is the same phone");
    story.answers("ann", held, "are you there still?").expect("as before");
    story.folds_to_the_same();
}
