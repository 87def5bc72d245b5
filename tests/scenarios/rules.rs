//! Rules: conditions over what is known of a customer, what is no condition, and where it goes when none holds.

use skein::domain::command::{FactTold, Upsert, Verb};
use skein::domain::event::{AddressKind, Assurance, Sender};
use skein::domain::id::{Name, WorkId};

use crate::desk::{AUTO, opens, phone, queue, read, serves};
use crate::kit::{MINUTE, SECOND, Scenario, sms};

rows! {
    comms_router_042: "what always holds, of somebody unknown" => assert!(leads("1 == 1", &[]));
    comms_router_043: "what always holds, of somebody known" => assert!(leads("1 == 1", LANG));
    comms_router_044: "a value that is equal" => assert!(leads("facts.lang == 'en'", LANG));
    comms_router_045: "the same by the other way to name a fact" => assert!(leads("facts['lang'] == 'en'", LANG));
    comms_router_046: "a value with a fraction" => assert!(leads("facts.float == '1.05'", &[("float", "1.05")]));
    comms_router_047: "a value that is not equal" => assert!(leads("facts.lang != 'bg'", LANG));
    comms_router_048: "between two numbers" => assert!(leads("int(facts.age) > 18 && int(facts.age) < 33", AGE));
    comms_router_049: "above or below a number" => assert!(leads("int(facts.age) > 1 || int(facts.age) < 1", AGE));
    comms_router_050: "in one list and not in another" =>
        assert!(leads("int(facts.age) in [10, 20, 30] && !(int(facts.age) in [10, 2, 30])", AGE));
    comms_router_051: "not in a list of texts that has it" =>
        assert!(!leads("!(facts.lang in ['bg', 'en', 'es'])", LANG));
    comms_router_052: "in a list of numbers that has it not" => assert!(!leads("int(facts.age) in [10]", AGE));
    comms_router_053: "not in a list that has it" => assert!(!leads("!(int(facts.age) in [20])", AGE));
    comms_router_054: "in a list of texts that has it not" => assert!(!leads("facts.age in ['10']", AGE));
    comms_router_055: "in an empty list" => assert!(!leads("int(facts.age) in []", AGE));
    comms_router_056: "in a list of numbers that has it" => assert!(leads("int(facts.age) in [10, 20, 30]", AGE));
    comms_router_057: "where no rule holds it goes where the endpoint leads" => no_rule_holds();
    comms_router_058: "after so long in a rule's queue it goes on to the other one" => after_so_long_it_goes_on();
    comms_router_064: "all of several conditions, of which all hold" =>
        assert!(asks("facts.language == 'en' && int(facts.price) in [20, 30, 40] && int(facts.price) > 10 && facts.yes == 'true'"));
    comms_router_065: "one of two conditions, the second of two parts" =>
        assert!(asks("facts.language == 'bg' || int(facts.price) < 100 && facts.no == 'false'"));
    comms_router_066: "a list that has a value, or another value" =>
        assert!(asks("facts.language in ['en', 'fr', 'es'] && '30' in keywords || facts.color == 'blue'"));
    comms_router_067: "all of several conditions, of which one does not hold" =>
        assert!(!asks("facts.language == 'en' && int(facts.price) in [20, 30, 40] && int(facts.price) > 30 && facts.yes == 'true'"));
    comms_router_068: "one of several conditions, of which none holds" =>
        assert!(!asks("facts.language == 'bg' || int(facts.price) < 30 || facts.no == 'true'"));
    comms_router_069: "all of several conditions over lists, of which one does not hold" =>
        assert!(!asks("facts.language in ['bg', 'fr', 'es'] && facts.color == 'red' && '30' in keywords"));
    comms_router_070: "more than a list" => is_refused("int(facts.skill) > [1, 2, 3]");
    comms_router_071: "at least a list" => is_refused("int(facts.skill) >= [1, 2, 3]");
    comms_router_072: "less than a list" => is_refused("int(facts.skill) < [1, 2, 3]");
    comms_router_073: "at most a list" => is_refused("int(facts.skill) <= [1, 2, 3]");
    comms_router_074: "equal to a list" => is_refused("int(facts.skill) == [1, 2, 3]");
    comms_router_075: "not equal to a list" => is_refused("int(facts.skill) != [1, 2, 3]");
    comms_router_076: "an operator that there is not" => is_refused("facts.language === 'en'");
    comms_router_077: "two conditions with nothing that joins them" =>
        is_refused("facts.language == 'bg' : facts.no == 'true'");
    comms_router_078: "two operators in a row" => is_refused("facts.language == in ['bg', 'fr', 'es']");
    comms_router_079: "which of a list and a text is larger" => is_refused("keywords > 'en'");
}

const LANG: &[(&str, &str)] = &[("lang", "en")];
const AGE: &[(&str, &str)] = &[("age", "20")];
/// Somebody of whom much is known. Lists are what the message says.
const MUCH: &[(&str, &str)] = &[
    ("language", "en"),
    ("nickname", "The Stone"),
    ("color", "red"),
    ("price", "30"),
    ("yes", "true"),
    ("no", "false"),
];
const SAID: &str = "en es fr 20 30 50";

/// A file with one rule, which leads to the queue `ruled`, and words that are looked for in what is said.
fn ruled(condition: &str, of_queue: &str) -> String {
    let rule = format!("[[rule]]\nname = \"one\"\nif = \"{condition}\"\nqueue = \"ruled\"\n");
    let words = "[[rule]]\nname = \"words\"\nwhen = { keyword = [\"20\", \"30\", \"50\", \"en\", \"es\", \"fr\"] }\nqueue = \"help\"\n";
    rule + words + &queue("help", AUTO) + &queue("ruled", of_queue) + &serves("ann", 1, &["help", "ruled"])
}

/// A customer of whom that is known comes; where to.
fn comes(condition: &str, of_queue: &str, facts: &[(&str, &str)], text: &str) -> (Scenario, WorkId) {
    let mut story = opens(&ruled(condition, of_queue));
    story.logs_in("ann").expect("there, and away");
    let told = facts.iter().map(|(key, value)| FactTold {
        key: Name::new(key),
        value: (*value).to_owned(),
        source: Name::new("crm"),
        at: None,
        assurance: Assurance::Platform,
    });
    let facts: Vec<FactTold> = told.collect();
    if !facts.is_empty() {
        let sender = Sender { kind: AddressKind::Phone, address: phone(1) };
        let known = Upsert { addresses: vec![(sender, Name::default())], shown_name: String::new(), facts };
        story.does("ann", Verb::Upsert(Box::new(known))).expect("known");
    }
    let work = story.hears(sms(&phone(1), text)).opened().expect("a work");
    (story, work)
}

/// How many are in the rule's queue, and in the other.
fn lengths(story: &Scenario) -> (usize, usize) {
    (story.room("ruled").waiting, story.room("help").waiting)
}

/// Whether the rule decides.
fn decides(condition: &str, facts: &[(&str, &str)], text: &str) -> bool {
    let (story, work) = comes(condition, AUTO, facts, text);
    let decides = story.work(work).queue == "ruled";
    assert_eq!(lengths(&story), if decides { (1, 0) } else { (0, 1) }, "it is in one queue");
    decides
}

fn leads(condition: &str, facts: &[(&str, &str)]) -> bool {
    decides(condition, facts, "hello")
}

fn asks(condition: &str) -> bool {
    decides(condition, MUCH, SAID)
}

fn no_rule_holds() {
    let (story, _) = comes("facts.lang == 'bg'", AUTO, LANG, "hello");
    assert_eq!(lengths(&story), (0, 1));
}

fn after_so_long_it_goes_on() {
    let of_queue = format!("{AUTO}\n[[queue.overflow]]\nwhen = {{ wait = \"1m\" }}\nmove = \"help\"");
    let (mut story, _) = comes("1 == 1", &of_queue, &[], "hello");
    story.after(MINUTE - SECOND);
    assert_eq!(lengths(&story), (1, 0));
    story.after(SECOND);
    assert_eq!(lengths(&story), (0, 1));
}

/// The file is refused, for its condition and nothing else; with another one it is taken.
fn is_refused(condition: &str) {
    let problems = read(&ruled(condition, AUTO)).expect_err("no condition");
    assert!(
        matches!(&problems[..], [problem] if problem.contains("shop.toml:4:") && problem.contains("rule[0].if")),
        "{problems:#?}"
    );
    read(&ruled("true", AUTO)).expect("the rest is right");
}
