//! The provider's tokens (domain rules, section 3): one answer within its life takes the reply token, whoever sends it.

use skein::domain::command::Recipient;
use skein::domain::id::{AssignmentId, WorkId};

use crate::kit::{MINUTE, SECOND, Scenario, Step, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

/// Anna wrote with both tokens, and ann has her matter.
fn asked() -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello").id("1").tokens(Some("r1"), Some("d1"))).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

#[track_caller]
fn tokens(step: &Step) -> (Option<&str>, Option<&str>) {
    let words = step.words();
    (words.reply_token.as_deref(), words.read_token.as_deref())
}

#[test]
fn the_first_answer_takes_both_tokens_and_the_second_none() {
    let (mut story, held) = asked();
    assert_eq!(tokens(&story.answers("ann", held, "good day")), (Some("r1"), Some("d1")));
    assert_eq!(tokens(&story.answers("ann", held, "and another")), (None, None));
    story.folds_to_the_same();
}

#[test]
fn a_reply_token_is_not_used_after_its_life_and_the_mark_as_read_is() {
    let (mut story, held) = asked();
    story.after(50 * SECOND);
    assert_eq!(tokens(&story.answers("ann", held, "late")), (None, Some("d1")));
}

#[test]
fn its_life_counts_from_the_providers_time() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let given = story.now().0 - 40 * SECOND;
    story.hears(whatsapp(ANNA, "waited in the stream").tokens(Some("r1"), None).occurred(given)).expect("a message");
    let held = story.takes("ann");
    story.after(9 * SECOND);
    story.hears(whatsapp(ANNA, "next").tokens(Some("r2"), None).occurred(given)).expect("a message");
    story.after(SECOND);
    assert_eq!(tokens(&story.answers("ann", held, "late")), (None, None));
}

#[test]
fn the_last_message_that_asks_gives_the_token() {
    let (mut story, held) = asked();
    story.hears(whatsapp(ANNA, "more").id("2").tokens(Some("r2"), None)).expect("a message");
    assert_eq!(tokens(&story.answers("ann", held, "good day")), (Some("r2"), None));
    story.hears(whatsapp(ANNA, "without").id("3")).expect("a message");
    assert_eq!(tokens(&story.answers("ann", held, "again")), (None, None));
}

#[test]
fn a_note_and_an_answer_to_another_address_leave_the_token_alone() {
    let (mut story, held) = asked();
    assert_eq!(tokens(&story.sends("ann", held, |send| send.note = true)), (None, None));
    let leaf = story.conversation(story.work(held.0).conversation).identities[0].leaf;
    let by_sms = Recipient { leaf, endpoint: "sms".into() };
    assert_eq!(tokens(&story.sends("ann", held, |send| send.to = Some(by_sms))), (None, None));
    assert_eq!(tokens(&story.answers("ann", held, "good day")), (Some("r1"), Some("d1")));
}

#[test]
fn a_token_of_absurd_length_is_left_out() {
    let mut story = shop().opens();
    let long = "x".repeat(513);
    let step = story.hears(sms(ANNA, "hello").tokens(Some(&long), Some(&long)));
    assert_eq!(tokens(&step), (None, None));
    story.after(MINUTE);
}
