//! Golden scripts of routing: commands in, printed decisions out, compared with the checked-in file that holds both. Lines that
//! begin with `>` are the script; run with `UPDATE_GOLDEN=1` to write anew what follows from it, and read the difference.

use std::fs;
use std::path::Path;

use rstest::rstest;
use skein::domain::command::{Pass, Verb};
use skein::domain::id::Name;
use skein::domain::record::Presence;
use skein::domain::time::Timestamp;
use skein::domain::workspace::{Accept, GracePolicy};

use crate::kit::{SECOND, Scenario, Shop, Step, chat, mail, print, shop, sms, whatsapp};

/// What the words of a script mean.
struct Script {
    shop: Shop,
    story: Option<Scenario>,
    told: Vec<String>,
}

#[rstest]
#[case("day")]
#[case("nobody_answers")]
#[case("lost_connections")]
#[case("wrap_up_and_recall")]
#[case("passed_on")]
#[case("parked")]
#[case("transfers")]
fn decisions_follow_the_script(#[case] name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/routing/{name}.txt"));
    let golden = fs::read_to_string(&path).expect("the script is checked in");
    let mut script = Script { shop: shop(), story: None, told: Vec::new() };
    golden.lines().filter(|line| line.starts_with(['>', '#'])).for_each(|line| script.line(line));
    script.story.as_ref().expect("a script does something").folds_to_the_same();
    let told = script.told.join("\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&path, &told).expect("the file can be written");
    }
    assert_eq!(told, golden, "decisions differ from {}", path.display());
}

impl Script {
    fn line(&mut self, line: &str) {
        self.told.push(line.to_owned());
        let words: Vec<&str> = line.trim_start_matches('>').split_whitespace().collect();
        if line.starts_with('#') {
            return;
        }
        if let ["second", queue, of] = words[..] {
            self.shop = self.shop.clone().second_queue(queue, of);
            return;
        }
        if let ["queue", name, value] = words[..] {
            let ms = || value.parse::<u64>().expect("seconds") * 1_000;
            self.shop = self.shop.clone().queue(|queue| match name {
                "accept" => queue.accept = if value == "auto" { Accept::Auto } else { Accept::Manual },
                "grace" => queue.grace = if value == "keep" { GracePolicy::Keep } else { GracePolicy::OfferBack },
                "recall" => queue.recall_after_ms = ms(),
                "wrapup" => queue.wrapup_max_ms = ms(),
                other => panic!("unknown setting {other}"),
            });
            return;
        }
        let shop = &self.shop;
        let story = self.story.get_or_insert_with(|| shop.clone().opens());
        let steps = act(story, &words);
        let lines = steps.iter().flat_map(|step| match &step.0 {
            Ok(Some(record)) => print(record, story.space()),
            Ok(None) => vec!["    nothing".to_owned()],
            Err(rejection) => vec![format!("    refused: {rejection}")],
        });
        self.told.extend(lines);
    }
}

fn act(story: &mut Scenario, words: &[&str]) -> Vec<Step> {
    let step = match *words {
        ["wait", seconds] => {
            let ms = seconds.parse::<i64>().expect("seconds") * SECOND;
            return story.after(ms).into_iter().map(|record| Step(Ok(Some(record)))).collect();
        }
        ["login", agent] => story.logs_in(agent),
        ["logout", agent] => story.logs_out(agent),
        ["lose", agent] => story.loses_connection(agent),
        ["ready", agent] => story.presence(agent, Presence::Ready),
        ["away", agent] => story.presence(agent, Presence::Away),
        ["draining", agent] => story.presence(agent, Presence::Draining),
        ["accept", agent] => {
            let offer = story.offer(agent).expect("an offer");
            story.accepts(agent, offer)
        }
        ["decline", agent] => {
            let offer = story.offer(agent).expect("an offer");
            story.declines(agent, offer)
        }
        ["answer", agent] => {
            let held = held(story, agent);
            story.answers(agent, held, "an answer")
        }
        ["park", agent, seconds] => {
            let (work, assignment) = held(story, agent);
            let until = Timestamp(story.now().0 + seconds.parse::<i64>().expect("seconds") * SECOND);
            story.does(agent, Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact: Name::default() }))
        }
        ["unpark", agent] => {
            let (work, assignment) = held(story, agent);
            story.does(agent, Verb::Pass(Pass::Unpark { work, assignment }))
        }
        ["transfer", agent, ref to @ ..] => {
            let (work, assignment) = held(story, agent);
            let named = |which: &str| {
                let at = to.iter().position(|word| *word == which);
                at.and_then(|at| to.get(at + 1)).map(Name::new).unwrap_or_default()
            };
            let (to, queue, cold) = (named("to"), named("queue"), to.contains(&"cold"));
            story.does(agent, Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold, note: String::new() }))
        }
        ["requeue", agent] => {
            let (work, assignment) = held(story, agent);
            story.does(agent, Verb::Pass(Pass::Requeue { work, assignment }))
        }
        ["move", agent, queue] => {
            let (work, assignment) = held(story, agent);
            story.does(agent, Verb::Pass(Pass::Move { work, assignment: Some(assignment), queue: Name::new(queue) }))
        }
        ["close", agent] => {
            let held = held(story, agent);
            story.closes(agent, held)
        }
        ["whatsapp", from, ref text @ ..] => story.hears(whatsapp(from, &text.join(" "))),
        ["sms", from, ref text @ ..] => story.hears(sms(from, &text.join(" "))),
        ["chat", from, ref text @ ..] => story.hears(chat(from, &text.join(" "))),
        ["mail", from, id, ref text @ ..] => story.hears(mail(from, id, &text.join(" "))),
        ref other => panic!("unknown words {other:?}"),
    };
    vec![step]
}

/// The first Work that the agent owns.
fn held(story: &Scenario, agent: &str) -> (skein::domain::id::WorkId, skein::domain::id::AssignmentId) {
    let work = story.agent(agent).works.first().cloned().expect("a work of the agent's");
    (work.work, work.assignment.expect("an assignment"))
}
