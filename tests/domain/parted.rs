//! What goes with whom when a customer is taken apart in the midst of a matter.

use skein::domain::command::{Hand, Verb};
use skein::domain::content::Part;
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::Briefing;
use skein::domain::workspace::AgentKind;

use crate::kit::{Heard, Step, mail, shop, sms, whatsapp};
use crate::merges::merged;

const HER_MAIL: &str = "anna@example.com";

fn about(subject: &str, mut mail: Heard) -> Heard {
    for part in &mut mail.message().content.parts {
        if let Part::Mail(head) = part {
            head.subject = subject.to_owned();
        }
    }
    mail
}

#[test]
fn nobody_is_answered_under_the_subject_that_somebody_else_wrote() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(about("invoice", mail(HER_MAIL, "m1@example.com", "hello"))).expect("a message");
    let held = story.takes("ann");
    story.hears(mail("ben@example.com", "m0@example.com", "old").backfill()).expect("history opens no work");
    story.merges(0, 1).expect("merged");
    story.hears(about("divorce", mail("ben@example.com", "m2@example.com", "hello"))).expect("a message");
    let own = story.unmerges(1).opened().expect("his matter");
    story.hears(about("invoice", mail(HER_MAIL, "m3@example.com", "hello?"))).expect("a message");
    let subject = |step: &Step| {
        let parts = step.words().content.parts.clone();
        parts.into_iter().find_map(|part| match part {
            Part::Mail(mail) => Some((mail.subject.clone(), mail.references.join(" "))),
            _ => None,
        })
    };
    let (hers, ids) = subject(&story.answers("ann", held, "it is mended")).expect("a mail");
    assert!(hers.contains("invoice") && !ids.contains("m2@"), "{hers}: {ids}");
    let his = story.takes("ann");
    let (subject, ids) = subject(&story.answers("ann", his, "we wish you well")).expect("a mail");
    assert_eq!(his.0, own);
    assert!(subject.contains("divorce") && !ids.contains("m1@"), "{subject}: {ids}");
    story.folds_to_the_same();
}

#[test]
fn what_an_agent_made_one_is_two_again_with_its_people() {
    let (mut story, held, mailed) = merged();
    let waits = story.work(mailed).waiting_since;
    let merge = Verb::MergeWorks { from: mailed, from_assignment: None, into: held.0, into_assignment: held.1 };
    story.does("ann", merge).expect("one matter");
    assert_eq!(story.open().len(), 1);
    let split = story.unmerges(1).opened().expect("hers again");
    let work = story.work(split);
    assert_eq!((work.conversation, work.waiting_since), (RootId(1), waits));
    assert_eq!(story.conversation(RootId(1)).merged, [(mailed, split)].into());
    let step = story.answers("ann", held, "on its way");
    assert_eq!(step.message().leaf, LeafId(0));
    story.folds_to_the_same();
}

#[test]
fn what_a_bot_told_of_one_identity_is_not_filed_under_another_when_their_works_become_one() {
    let mut story = shop().agent("bob", |bob| bob.kind = AgentKind::Bot).opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp("+4915112345678", "where is my parcel?")).expect("a message");
    let (work, assignment) = story.takes("bob");
    let briefing = Briefing { reason: "Wants her money back.".to_owned(), steps: Vec::new() };
    let over = Hand::Over { work, assignment, queue: Name::default(), briefing: briefing.clone(), facts: Vec::new() };
    story.does("bob", Verb::Hand(Box::new(over))).expect("handed over");
    story.logs_out("bob").expect("gone");
    story.ready("ann").expect("ready");
    let (from, from_assignment) = story.takes("ann");
    story.hears(sms("+4915198765432", "hello")).expect("a message");
    let (into, into_assignment) = story.takes("ann");
    assert_eq!(story.work(from).passing.briefing, Some(briefing));
    story.merges(0, 1).expect("one person");
    let from_assignment = Some(from_assignment);
    story.does("ann", Verb::MergeWorks { from, from_assignment, into, into_assignment }).expect("one matter");
    let one = story.work(into).passing;
    assert_eq!((one.for_people, one.briefing), (true, None), "it would outlive the erasure of whom it is about");
    story.folds_to_the_same();
}
