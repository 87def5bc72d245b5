//! Since when a customer waits for us, and how many words of theirs are taken in.

use skein::domain::record::{Author, Flags};
use skein::domain::time::Timestamp;

use crate::desk::{AUTO, Held, customer, opens, queue, serves, staffed};
use crate::kit::{MINUTE, SECOND, Scenario, Step};

rows! {
    chatwoot_140: "an answer ends the wait" => an_answer_ends_the_wait();
    chatwoot_141: "a word of the customer's begins one" => a_word_begins_a_wait();
    chatwoot_142: "another one does not begin it anew" => another_word_changes_nothing();
    chatwoot_143: "a program's answer ends it like a person's" => a_bots_answer_ends_it_too();
    chatwoot_144: "no more words in a minute than the limit go into a matter" => no_more_than_the_limit();
}

fn anns() -> (Scenario, Held) {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    let held = story.held(work);
    (story, held)
}

fn since(story: &Scenario, held: Held) -> Option<Timestamp> {
    story.work(held.0).waiting_since
}

fn an_answer_ends_the_wait() {
    let (mut story, held) = anns();
    assert!(since(&story, held).is_some());
    story.after(MINUTE);
    story.answers("ann", held, "an answer").expect("an answer");
    assert_eq!(since(&story, held), None);
}

fn a_word_begins_a_wait() {
    let (mut story, held) = anns();
    story.answers("ann", held, "an answer").expect("an answer");
    story.after(MINUTE);
    story.hears(customer(1)).expect("a message");
    assert_eq!(since(&story, held), Some(story.now()));
}

fn another_word_changes_nothing() {
    let (mut story, held) = anns();
    let before = since(&story, held);
    story.after(MINUTE);
    story.hears(customer(1)).expect("a message");
    assert_eq!((since(&story, held), before), (before, Some(Timestamp(story.now().0 - MINUTE))));
}

fn a_bots_answer_ends_it_too() {
    let robot = serves("robot", 1, &["help"]) + "kind = \"bot\"\n";
    let mut story = opens(&(queue("help", AUTO) + &robot));
    story.ready("robot").expect("ready");
    let work = story.comes(1);
    let held = story.held(work);
    let says = |story: &mut Scenario| -> Step { story.sends("robot", held, |send| send.if_unchanged = Some(false)) };
    for _ in 0..2 {
        assert_eq!(since(&story, held), Some(story.now()));
        story.after(10 * SECOND);
        let step = says(&mut story);
        assert!(matches!(step.message().author, Author::Bot(_)));
        assert_eq!(since(&story, held), None);
        story.after(MINUTE);
        story.hears(customer(1)).expect("a message");
    }
}

fn no_more_than_the_limit() {
    let limit = "[work]\nmax_messages_per_minute = 2\n";
    let mut story = opens(&(limit.to_owned() + &staffed(AUTO, &[("ann", 1)])));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    story.after(4 * SECOND);
    assert_eq!(story.hears(customer(1)).message().work, Some(work));
    let before = story.work(work);
    story.after(4 * SECOND);
    let third = story.hears(customer(1));
    assert_eq!((third.message().work, third.message().flags.has(Flags::FLOOD)), (None, true));
    assert!(third.outputs().is_empty(), "nobody is troubled with it");
    assert_eq!(story.work(work), before);
    story.after(MINUTE);
    assert_eq!(story.hears(customer(1)).message().work, Some(work), "a minute later there is room again");
}
