//! Two customers who are one, and two who cannot be.

use skein::domain::command::{About, Arrival, Command, FactTold, Mark, Verb};
use skein::domain::content::Content;
use skein::domain::event::Assurance;
use skein::domain::id::{Name, RootId};
use skein::domain::record::Input;
use skein::domain::rejection::Rejection;
use skein::domain::view::{CustomerQuery, CustomerView};

use crate::desk::{AUTO, config, customer, opens, staffed};
use crate::kit::{Scenario, Step, mail};

rows! {
    chatwoot_197: "all that either had is the one customer's" => all_is_the_one_customers();
    chatwoot_198: "nobody is merged with himself" => nobody_is_merged_with_himself();
    chatwoot_199: "customers of two workspaces are not merged" => not_over_workspaces();
}

fn merges(story: &mut Scenario, one: u32, other: u32) -> Step {
    story.does("ann", Verb::MergeCustomers { customer: RootId(one), other: RootId(other) })
}

fn known(story: &Scenario, id: u32) -> CustomerView {
    let mut found = story.space().customers(&CustomerQuery::Id(RootId(id)));
    found.customers.pop().expect("the id is known")
}

/// Two customers, the first by SMS, the second by mail, with a name, a fact and a note.
fn two() -> Scenario {
    let mut story = opens(&staffed(AUTO, &[("ann", 9)]));
    story.logs_in("ann").expect("there, and away");
    story.comes(1);
    story.hears(mail("anna@example.com", "1@example.com", "hello").named("Anna Berg")).expect("a message");
    story
}

fn all_is_the_one_customers() {
    let mut story = two();
    let fact = FactTold {
        key: Name::new("city"),
        value: "Bonn".to_owned(),
        source: Name::new("crm"),
        at: None,
        assurance: Assurance::Claimed,
    };
    story.does("ann", Verb::SetFacts { customer: RootId(1), leaf: None, facts: vec![fact] }).expect("known");
    let about = About::Customer { customer: RootId(1), leaf: None };
    let note = Verb::Mark(Box::new(Mark::Note { about, to: None, content: Content::text("calls on Mondays") }));
    let noted = story.does("ann", note).message().leaf;
    let works = story.open().into_iter().map(|work| work.work).collect::<Vec<_>>();
    assert_eq!(known(&story, 0).conversation.shown_name, None);

    merges(&mut story, 0, 1).expect("merged");
    let one = known(&story, 0);
    assert_eq!(known(&story, 1), one, "the second is no customer of its own any more");
    let leaves: Vec<_> = one.conversation.identities.iter().map(|identity| identity.leaf).collect();
    assert!(leaves.len() == 2 && leaves.contains(&noted), "both addresses, and what was noted of either");
    assert!(works.iter().all(|work| story.work(*work).conversation == RootId(0)));
    assert_eq!(one.conversation.works.len(), works.len());
    assert_eq!(one.conversation.shown_name.as_deref(), Some("Anna Berg"), "who had no name has one");
    let facts: Vec<_> = one.facts.iter().map(|(_, fact)| (fact.key.as_str(), fact.value.as_str())).collect();
    assert_eq!(facts, [("city", "Bonn")]);
    story.folds_to_the_same();
}

fn nobody_is_merged_with_himself() {
    let mut story = two();
    let (before, records) = (known(&story, 0), story.log_len());
    assert_eq!(merges(&mut story, 0, 0).refused(), Rejection::SameCustomer { customer: RootId(0) });
    assert_eq!((known(&story, 0), story.log_len()), (before, records));
}

fn not_over_workspaces() {
    let sections = staffed(AUTO, &[("ann", 9)]);
    let mut story = opens(&sections);
    story.logs_in("ann").expect("there, and away");
    story.comes(1);
    let (workspace, stream) = (Name::new("other"), Name::new("SKEIN_IN_other"));
    let mut other = config(&sections);
    other.name = workspace.clone();
    story.when(Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [4; 16] }).expect("opened");
    story.when(Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(other) }).expect("configured");
    let bind = Command::BindStream { workspace: workspace.clone(), stream: stream.clone(), created_ns: 2 };
    story.when(bind).expect("bound");
    for (number, sequence) in [(2, 1), (3, 2)] {
        let heard = customer(number);
        let arrival = Arrival {
            body: None,
            older: None,
            workspace: workspace.clone(),
            channel: heard.channel,
            endpoint: heard.endpoint,
            stream: stream.clone(),
            input: Input { sequence, of: 1, ..Input::default() },
            event: heard.event,
        };
        story.when(Command::Input(Box::new(arrival))).expect("a message");
    }
    let theirs = story.state.workspace("other").expect("it is there");
    assert_eq!(theirs.customers(&CustomerQuery::Id(RootId(1))).customers.len(), 1, "they have one of that number");
    let before = known(&story, 0);
    assert_eq!(merges(&mut story, 0, 1).refused(), Rejection::UnknownCustomer);
    assert_eq!(known(&story, 0), before);
}
