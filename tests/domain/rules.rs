//! Rules: where a new Work goes, who may take it, and what happens when something else is known (domain rules, section 7).

use skein::domain::command::{FactTold, Pass, Verb};
use skein::domain::event::{AddressKind, Assurance, Profile};
use skein::domain::id::{LeafId, Name, RootId, WorkId};
use skein::domain::record::{Change, PersonalValue, QueueCause, Routed};
use skein::domain::rules::{Hours, Rule, When};
use skein::domain::view::WorkState;
use skein::domain::workspace::{HoursConfig, Levels, WorkspaceConfig};

use crate::kit::{Heard, MINUTE, SECOND, Scenario, Shop, Step, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

fn names(list: &[&str]) -> Vec<Name> {
    list.iter().map(Name::new).collect()
}

fn levels(list: &[(&str, u8)]) -> Levels {
    list.iter().map(|(skill, level)| (Name::new(skill), *level)).collect()
}

fn rule(name: &str, queue: Option<&str>, when: When) -> Rule {
    Rule { name: Name::new(name), when, queue: queue.map(Name::new), ..Rule::default() }
}

/// A shop with a queue for invoices and one for customers who pay most, and rules that lead there.
fn ruled() -> Shop {
    let keyword = vec!["invoice".to_owned(), "credit note".to_owned()];
    let facts = vec![(Name::new("tier"), vec!["gold".to_owned(), "platinum".to_owned()])];
    shop().second_queue("money", "none").second_queue("best", "none").but(|config| {
        config.skills = names(&["german"]);
        config.rules = vec![
            rule("best", Some("best"), When { facts, ..When::default() }),
            rule("money", Some("money"), When { keyword, ..When::default() }),
            Rule {
                requires: levels(&[("german", 4)]),
                ..rule("german", None, When { language: names(&["de"]), ..When::default() })
            },
        ];
    })
}

fn routed(step: &Step) -> Routed {
    let found = step.changes().iter().find_map(|change| match change {
        Change::Routed(routed) => Some((**routed).clone()),
        _ => None,
    });
    found.expect("the rules were asked")
}

fn speaking(mut heard: Heard, locale: &str) -> Heard {
    let profile = Profile { locale: Some(locale.to_owned()), ..Profile::default() };
    heard.event.profile = Some(Box::new(profile));
    heard
}

/// Somebody tells a fact of the customer of a Work.
fn told(story: &mut Scenario, work: WorkId, source: &str, key: &str, value: &str) -> Step {
    let customer: RootId = story.work(work).conversation;
    let fact = FactTold {
        key: Name::new(key),
        value: value.to_owned(),
        source: Name::new(source),
        at: None,
        assurance: Assurance::LoggedIn,
    };
    story.does("ann", Verb::SetFacts { customer, leaf: None, facts: vec![fact] })
}

#[test]
fn the_first_rule_that_fits_decides_and_says_so_in_the_record() {
    let mut story = ruled().opens();
    let step = story.hears(whatsapp(ANNA, "Where is my Invoice?"));
    let work = step.opened().expect("a work");
    assert_eq!(story.work(work).queue, "money");
    let said = routed(&step);
    assert_eq!((said.rule.as_str(), said.queue.as_str()), ("money", "money"));
    let given = step.record().content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Inputs(inputs) => Some(inputs),
        _ => None,
    });
    assert_eq!(given.expect("what they were given").keywords, ["invoice"]);
    story.folds_to_the_same();
}

#[test]
fn where_no_rule_fits_the_endpoint_leads() {
    let mut story = ruled().opens();
    let step = story.hears(whatsapp(ANNA, "hello"));
    assert_eq!(story.work(step.opened().expect("a work")).queue, "help");
    assert_eq!(routed(&step).rule, "");
}

#[test]
fn a_workspace_without_rules_writes_nothing_of_them() {
    let mut story = shop().opens();
    let step = story.hears(whatsapp(ANNA, "my invoice"));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Routed(_))));
}

#[test]
fn keywords_are_whole_words_whatever_their_case_and_also_in_a_subject() {
    for (text, queue) in
        [("INVOICE!", "money"), ("invoices", "help"), ("a crédit  Note, please", "money"), ("credit", "help")]
    {
        let mut story = ruled().opens();
        let work = story.hears(whatsapp(ANNA, text)).opened().expect("a work");
        assert_eq!(story.work(work).queue, queue, "{text}");
    }
    let mut story = ruled().opens();
    let mut heard = mail("anna@example.com", "m1@example.com", "see above");
    heard.event.kind = match heard.event.kind {
        skein::domain::event::EventKind::Message(mut message) => {
            for part in &mut message.content.parts {
                if let skein::domain::content::Part::Mail(mail) = part {
                    mail.subject = "Your invoice 17".to_owned();
                }
            }
            skein::domain::event::EventKind::Message(message)
        }
        other => other,
    };
    let work = story.hears(heard).opened().expect("a work");
    assert_eq!(story.work(work).queue, "money");
}

#[test]
fn whoever_takes_it_must_be_able_to_what_the_rule_wants() {
    let shop = ruled().agent("bob", |bob| bob.skills = levels(&[("german", 6)]));
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    let work = story.hears(speaking(whatsapp(ANNA, "hallo"), "de-AT")).opened().expect("a work");
    assert_eq!((story.work(work).queue.as_str(), story.work(work).state), ("help", WorkState::Queued));
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    story.folds_to_the_same();
}

#[test]
fn a_fact_that_is_learnt_while_it_waits_moves_it_with_its_place() {
    let mut story = ruled().opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let key = story.work(work).key;
    story.after(MINUTE);
    let step = told(&mut story, work, "crm", "tier", "gold");
    assert_eq!(routed(&step).rule, "best");
    let queued = step.changes().iter().find_map(|change| match change {
        Change::WorkQueued { queue, cause, .. } => Some((queue.clone(), *cause)),
        _ => None,
    });
    assert_eq!(queued, Some((Name::new("best"), QueueCause::Rerouted)));
    assert_eq!((story.work(work).queue.as_str(), story.work(work).key), ("best", key));
    // What changes nothing is told to nobody.
    let step = told(&mut story, work, "crm", "tier", "platinum");
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Routed(_) | Change::WorkQueued { .. })));
    // And it is forgotten again.
    told(&mut story, work, "crm", "tier", "").expect("a removal");
    assert_eq!(story.work(work).queue, "help");
    story.folds_to_the_same();
}

#[test]
fn what_a_person_has_moved_stays_there_while_the_rules_lead_where_they_led_before() {
    let mut story = ruled().opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(speaking(whatsapp(ANNA, "hello"), "en")).opened().expect("a work");
    let moved = Pass::Move { work, assignment: None, queue: Name::new("money"), force: false };
    story.does("ann", Verb::Pass(moved)).expect("moved");
    let step = told(&mut story, work, "form", "language", "de");
    assert_eq!((routed(&step).rule, routed(&step).queue), (Name::new("german"), Name::new("help")));
    assert_eq!(story.work(work).queue, "money");
    // Elsewhere is elsewhere.
    told(&mut story, work, "crm", "tier", "gold").expect("a fact");
    assert_eq!(story.work(work).queue, "best");
    story.folds_to_the_same();
}

#[test]
fn what_somebody_owns_already_stays_where_it_is() {
    let mut story = ruled().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let (work, _) = story.takes("ann");
    let step = told(&mut story, work, "crm", "tier", "gold");
    assert!(!step.changes().iter().any(|change| matches!(change, Change::Routed(_))));
    assert_eq!(story.work(work).state, WorkState::Assigned);
}

#[test]
fn the_customers_word_on_the_language_counts_more_than_the_adapters() {
    let mut story = ruled().opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(speaking(whatsapp(ANNA, "hello"), "en")).opened().expect("a work");
    assert_eq!(story.work(work).state, WorkState::Queued);
    let step = told(&mut story, work, "form", "language", "de");
    assert_eq!(routed(&step).rule, "german");
    let step = told(&mut story, work, "form", "language", "en-GB");
    assert_eq!(routed(&step).rule, "");
}

#[test]
fn a_second_matter_that_rules_send_elsewhere_joins_nothing() {
    // Without rules it would be the same matter by another channel.
    let shop = |rules: bool| {
        ruled().agent("bob", |bob| bob.queues = names(&["money"])).but(|config| {
            if !rules {
                config.rules.clear();
            }
        })
    };
    for (rules, joins) in [(false, true), (true, false)] {
        let mut story = shop(rules).opens();
        let work = story.hears(whatsapp(ANNA, "hello")).opened();
        story.after(SECOND);
        assert_eq!(story.hears(sms(ANNA, "and my invoice?")).message().work == work, joins);
    }
}

#[test]
fn values_of_another_identity_are_not_sealed_with_this_ones_key() {
    let mut story = ruled().opens();
    story.logs_in("ann").expect("a session");
    let first = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    told(&mut story, first, "crm", "tier", "gold").expect("a fact");
    let known = story.work(first).leaf;
    let heard = mail("anna@example.com", "m1@example.com", "hello");
    let other = story.hears(heard).opened().expect("a work");
    let (one, two) = (story.work(first).conversation, story.work(other).conversation);
    assert_ne!(one, two);
    let step = story.does("ann", Verb::MergeCustomers { customer: one, other: two });
    let said = routed(&step);
    assert_eq!((said.work, said.rule.as_str()), (other, "best"));
    assert_ne!(said.leaf, known);
    let sealed: Vec<LeafId> = step
        .record()
        .content
        .iter()
        .filter(|personal| matches!(&personal.value, PersonalValue::Inputs(inputs) if format!("{inputs:?}").contains("gold")))
        .filter_map(|personal| step.record().leaf_of(personal))
        .collect();
    assert_eq!(sealed, [], "the value stands with the identity that it was told of");
    story.folds_to_the_same();
}

#[test]
fn evidence_that_makes_two_customers_one_moves_what_waits_of_either() {
    let mut story = ruled().opens();
    story.logs_in("ann").expect("a session");
    let first = story.hears(whatsapp(ANNA, "hello").also(AddressKind::Crm, "7")).opened().expect("a work");
    told(&mut story, first, "crm", "tier", "gold").expect("a fact");
    let other = story.hears(mail("anna@example.com", "m1@example.com", "hello")).opened().expect("a work");
    assert_eq!(story.work(other).queue, "help");
    let joined = mail("anna@example.com", "m2@example.com", "and again").also(AddressKind::Crm, "7");
    let step = story.hears(joined.assured(Assurance::Platform));
    assert_eq!(story.work(first).conversation, story.work(other).conversation);
    assert_eq!((routed(&step).work, routed(&step).rule.as_str()), (other, "best"));
    assert_eq!(story.work(other).queue, "best");
    story.folds_to_the_same();
}

#[test]
fn what_is_parted_again_goes_back_to_where_its_own_customer_belongs() {
    let mut story = ruled().opens();
    story.logs_in("ann").expect("a session");
    let first = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    told(&mut story, first, "crm", "tier", "gold").expect("a fact");
    let other = story.hears(mail("anna@example.com", "m1@example.com", "hello")).opened().expect("a work");
    let (one, two) = (story.work(first).conversation, story.work(other).conversation);
    story.does("ann", Verb::MergeCustomers { customer: one, other: two }).expect("merged");
    assert_eq!(story.work(other).queue, "best");
    let parted = story.work(other).leaf;
    let step = story.does("ann", Verb::UnmergeCustomers { customer: one, leaves: vec![parted] });
    assert_eq!(routed(&step).work, other);
    assert_eq!(story.work(other).queue, "help");
    assert_eq!(story.work(first).queue, "best");
    story.folds_to_the_same();
}

#[test]
fn rules_are_told_whether_the_endpoints_queue_is_open_and_what_the_customer_went_through() {
    let never = HoursConfig { name: Name::new("never"), zone: "UTC".to_owned(), ..HoursConfig::default() };
    let closed = When { hours: Some(Hours::Closed), ..When::default() };
    let tired = When { effort_over: Some(99), ..When::default() };
    let to = |name: &str, when: When, queue: &str| Rule {
        name: Name::new(name),
        when,
        queue: Some(Name::new(queue)),
        ..Rule::default()
    };
    let mut story = shop()
        .second_queue("night", "sales")
        .second_queue("care", "sales")
        .but(|config| {
            config.rules = vec![to("tired", tired, "care"), to("at night", closed, "night")];
            (config.effort.transfer_ms, config.effort.cap_ms) = (100_000, 900_000);
        })
        .opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.work(work).queue, "help", "it is open, and nothing happened yet");
    let (work, assignment) = story.takes("ann");
    let (to_nobody, queue) = (Name::default(), Name::new("help"));
    let pass = Pass::Transfer { work, assignment, to: to_nobody, queue, cold: true, force: false, note: String::new() };
    story.does("ann", Verb::Pass(pass)).expect("passed on");
    let beside = story.hears(sms("+4915100000009", "hello")).opened().expect("somebody else's");
    assert_eq!(story.work(beside).queue, "help");
    let mut closing = WorkspaceConfig::clone(story.space().config());
    closing.hours = vec![never];
    closing.queues[0].hours = Some(Name::new("never"));
    story.configure(closing).expect("closed from now on");
    let late = story.hears(sms("+4915100000008", "hello")).opened().expect("a work");
    assert_eq!(story.work(late).queue, "night");
    let effort: u64 = story.work(work).effort.iter().map(|entry| entry.ms).sum();
    assert_eq!(effort, 100_000);
    let more = story.hears(mail("anna@example.com", "1@x", "hello")).opened().expect("another matter");
    story.does("ann", Verb::MergeCustomers { customer: RootId(0), other: story.work(more).conversation }).expect("one");
    assert_eq!(story.work(more).queue, "care", "rules are asked again once it is known who she is");
    story.folds_to_the_same();
}
