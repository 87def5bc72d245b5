//! Answers to mails of Works that were merged, split, or taken apart since: they find the matter that their mail is of now, and lead
//! into no other brand's.

use skein::domain::command::{Parted, Verb};
use skein::domain::event::Assurance;
use skein::domain::id::{AssignmentId, LeafId, Name, RootId, WorkId};
use skein::domain::record::{Author, Flags};

use crate::kit::{HOUR, Scenario, mail, shop};
use crate::mail_threads::{
    ANNA, LAWYER, answered, copied, lawyers_token, mail_id, opens_customer, renew, token, with_tokens,
};

type Held = (WorkId, AssignmentId);

/// The matter that ann has is merged into another one of Anna's, by the mailbox `sales`.
fn merged_into_another(story: &mut Scenario, from: Held) -> Held {
    story.after(HOUR);
    story.hears(mail(ANNA, "s1@anna", "lamps").at("sales")).opened().expect("a matter of that desk");
    let into = story.takes("ann");
    let (from, from_assignment) = (from.0, Some(from.1));
    let verb = Verb::MergeWorks { from, from_assignment, into: into.0, into_assignment: into.1 };
    story.does("ann", verb).expect("merged");
    into
}

/// Another desk, with a mailbox of its own, is written to.
fn another_matter(story: &mut Scenario, held: Held) -> WorkId {
    let since = story.hears(mail(ANNA, "s9@anna", "chairs").at("sales")).message_id();
    let verb =
        Verb::SplitWork { work: held.0, assignment: held.1, messages: Parted::Since(since), queue: Name::default() };
    story.does("ann", verb).answer().work.expect("a new work")
}

#[test]
fn a_token_of_a_merged_work_leads_to_the_one_that_has_its_messages() {
    let mut story = with_tokens();
    let (held, step) = answered(&mut story);
    let into = merged_into_another(&mut story, held);
    let chairs = another_matter(&mut story, into);
    assert_ne!(chairs, into.0);
    let reply = story.hears(mail(ANNA, "2@anna", "more").at("sales").reply_tokens(&[&token(&step)]));
    assert_eq!((reply.message().work, reply.message().assurance), (Some(into.0), Assurance::Token));
    story.folds_to_the_same();
}

#[test]
fn whom_a_mail_of_a_merged_work_was_copied_to_joins_the_one_that_has_it() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    let into = merged_into_another(&mut story, held);
    for reply in [
        mail(LAWYER, "1@law", "I write for her").reply_tokens(&[&lawyers_token(&step)]),
        mail(LAWYER, "2@law", "and once more").in_reply_to(&mail_id(&step)).assured(Assurance::Platform),
    ] {
        let reply = story.hears(reply);
        assert_eq!((reply.message().work, reply.message().author), (Some(into.0), Author::Participant));
        assert!(!opens_customer(&reply));
    }
    story.folds_to_the_same();
}

#[test]
fn answers_follow_the_mail_that_a_split_took_out_of_its_work() {
    let mut story = with_tokens();
    let (held, first) = answered(&mut story);
    let asked = story.hears(mail(ANNA, "2@anna", "something else")).message_id();
    let second = story.sends("ann", held, |send| send.content = crate::mail_threads::to_both("about that"));
    let messages = Parted::These(vec![asked, second.message_id()]);
    let verb = Verb::SplitWork { work: held.0, assignment: held.1, messages, queue: Name::default() };
    let new = story.does("ann", verb).answer().work.expect("a new work");
    let of = |step, id| mail(ANNA, id, "more").reply_tokens(&[&token(step)]).in_reply_to(&mail_id(step));
    assert_eq!(story.hears(of(&second, "3@anna")).message().work, Some(new));
    assert_eq!(story.hears(of(&first, "4@anna")).message().work, Some(held.0));
    let lawyer = mail(LAWYER, "1@law", "hers").reply_tokens(&[&lawyers_token(&second)]).in_reply_to(&mail_id(&second));
    let lawyer = story.hears(lawyer);
    assert_eq!((lawyer.message().work, lawyer.message().author), (Some(new), Author::Participant));
    story.folds_to_the_same();
}

#[test]
fn whom_a_mail_to_one_was_copied_to_writes_nothing_into_the_matter_of_another() {
    let mut story = with_tokens();
    let (held, _) = answered(&mut story);
    story.hears(mail("ben@example.com", "m0@ben", "old").backfill()).expect("history opens no work");
    let merge = Verb::MergeCustomers { customer: RootId(0), other: RootId(1) };
    story.does("ann", merge).expect("merged");
    story.hears(mail("ben@example.com", "1@ben", "my divorce")).expect("a message");
    let sent = story.sends("ann", held, |send| send.content = crate::mail_threads::to_both("as you say"));
    assert_eq!(sent.message().leaf, LeafId(1));
    let parted = Verb::UnmergeCustomers { customer: RootId(1), leaves: Vec::new() };
    let his = story.does("ann", parted).opened().expect("his matter");
    let lawyer = mail(LAWYER, "1@law", "of the divorce").reply_tokens(&[&lawyers_token(&sent)]);
    let step = story.hears(lawyer.in_reply_to(&mail_id(&sent)));
    assert_ne!(step.message().work, Some(held.0), "it is Anna's");
    assert_eq!((step.message().work, step.message().conversation), (Some(his), RootId(1)));
    let bare = story.hears(mail(LAWYER, "2@law", "and this").reply_tokens(&[&lawyers_token(&sent)]));
    assert_ne!(bare.message().conversation, RootId(0));
    story.folds_to_the_same();
}

#[test]
fn a_token_leads_into_no_other_brands_work() {
    let outlet = shop().but(|config| config.endpoints[3].brand = Name::new("outlet"));
    let mut story = outlet.opens();
    renew(&mut story, [6; 32]).expect("a key");
    story.ready("ann").expect("ready");
    let (held, step) = copied(&mut story);
    let reply = story.hears(mail(ANNA, "2@anna", "more").at("sales").reply_tokens(&[&token(&step)]));
    assert_ne!(reply.message().work, Some(held.0));
    assert_eq!(story.work(reply.opened().expect("a matter of that brand")).brand, "outlet");
    let lawyer = story.hears(mail(LAWYER, "1@law", "I write").at("sales").reply_tokens(&[&lawyers_token(&step)]));
    assert_ne!(lawyer.message().work, Some(held.0));
    assert!(opens_customer(&lawyer) && !lawyer.message().flags.has(Flags::BAD_TOKEN));
    story.folds_to_the_same();
}

#[test]
fn what_somebody_copied_wrote_changes_nothing_of_where_the_customer_is_answered() {
    let mut story = with_tokens();
    let (held, _) = copied(&mut story);
    story.hears(mail("anna@work.example", "w0@anna", "old").backfill()).expect("history opens no work");
    let merge = Verb::MergeCustomers { customer: RootId(0), other: RootId(1) };
    story.does("ann", merge).expect("merged");
    story.hears(mail("anna@work.example", "w1@anna", "answer me here")).expect("a message");
    let sent = story.sends("ann", held, |send| send.content = crate::mail_threads::to_both("good"));
    assert_eq!(sent.message().leaf, LeafId(1));
    let lawyer = story.hears(mail(LAWYER, "1@law", "I write").reply_tokens(&[&lawyers_token(&sent)]));
    assert_eq!(lawyer.message().work, Some(held.0));
    let asked = lawyer.message_id();
    let more = story.hears(mail("anna@work.example", "w2@anna", "and the lamps?")).message_id();
    let verb = Verb::SplitWork {
        work: held.0,
        assignment: held.1,
        messages: Parted::These(vec![more]),
        queue: Name::default(),
    };
    story.does("ann", verb).expect("two matters");
    assert_eq!(story.work(held.0).last_customer_message, Some(asked));
    assert_eq!(story.answers("ann", held, "good").message().leaf, LeafId(1), "not to the address of before");
    story.folds_to_the_same();
}
