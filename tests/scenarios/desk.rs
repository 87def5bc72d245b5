//! What the scenarios are told with: a workspace file, customers who write one after the other, and who has what.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use skein::config::{Problem, parse_workspace, reload_workspace, workspace_schema};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::Change;
use skein::domain::view::QueueView;
use skein::domain::workspace::WorkspaceConfig;

use crate::kit::{Heard, SPACE, Scenario, sms};

/// A Work and its assignment.
pub(crate) type Held = (WorkId, AssignmentId);

/// What is assigned at once; nobody is recalled.
pub(crate) const AUTO: &str = "accept = \"auto\"\nrecall_after = \"0s\"";
/// What is offered; nobody is recalled.
pub(crate) const MANUAL: &str = "accept = \"manual\"\nrecall_after = \"0s\"";

/// Endpoints of every kind that the scenarios have, all of which lead to the queue `help`.
const ENDPOINTS: [(&str, &str, &str); 10] = [
    ("wa", "whatsapp", "portfolio"),
    ("twilio-wa", "whatsapp", "portfolio"),
    ("sms", "sms", ""),
    ("twilio-sms", "sms", ""),
    ("mail", "email", ""),
    ("web", "chat", ""),
    ("page", "messenger", "page"),
    ("photos", "instagram", "account"),
    ("bot", "telegram", ""),
    ("line", "line", ""),
];

/// How an editor checks a workspace file.
static EDITOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&workspace_schema()).expect("it is a schema"));

/// A workspace file with these sections besides its endpoints.
fn text(sections: &str) -> String {
    let mut text = format!("name = \"{SPACE}\"\n{sections}\n");
    for (name, channel, scope) in ENDPOINTS {
        text += &format!("[[endpoint]]\nname = \"{name}\"\nchannel = \"{channel}\"\nqueue = \"help\"\n");
        if !scope.is_empty() {
            text += &format!("scope = \"{scope}\"\n");
        }
    }
    text
}

fn told(problems: Vec<Problem>) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// What that file says, or what is wrong with it. Of one that is right an editor has nothing to say.
pub(crate) fn read(sections: &str) -> Result<WorkspaceConfig, Vec<String>> {
    let text = text(sections);
    let config = parse_workspace(Path::new("shop.toml"), &text).map_err(told)?;
    let seen: Value = toml::from_str(&text).expect("it was read");
    let complaints: Vec<String> = EDITOR.iter_errors(&seen).map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "an editor refuses what skein takes: {complaints:#?}");
    Ok(config)
}

/// The same of one that is right.
#[track_caller]
pub(crate) fn config(sections: &str) -> WorkspaceConfig {
    read(sections).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// A story in that workspace.
#[track_caller]
pub(crate) fn opens(sections: &str) -> Scenario {
    Scenario::given(config(sections))
}

/// The sections of the queue `help`, with what is said of it, and of people who serve it, each with a capacity.
pub(crate) fn staffed(queue: &str, people: &[(&str, u32)]) -> String {
    let people = people.iter().map(|(name, capacity)| serves(name, *capacity, &["help"]));
    format!("[[queue]]\nname = \"help\"\n{queue}\n{}", people.collect::<String>())
}

/// The section of a queue.
pub(crate) fn queue(name: &str, says: &str) -> String {
    format!("[[queue]]\nname = \"{name}\"\n{says}\n")
}

/// The section of an agent.
pub(crate) fn serves(name: &str, capacity: u32, queues: &[&str]) -> String {
    format!("[[agent]]\nname = \"{name}\"\nqueues = {queues:?}\ncapacity = {capacity}\n")
}

/// The number of a customer.
pub(crate) fn phone(customer: u32) -> String {
    format!("+4915112345{customer:03}")
}

/// A customer writes.
pub(crate) fn customer(number: u32) -> Heard {
    sms(&phone(number), "hello")
}

/// A section that lists the skill.
pub(crate) fn skill(name: &str) -> String {
    format!("[[skill]]\nname = \"{name}\"\n")
}

/// The section of an agent who has a skill at that level.
pub(crate) fn skilled(name: &str, capacity: u32, (skill, level): (&str, u8)) -> String {
    serves(name, capacity, &["help"]) + &format!("skills = {{ {skill} = {level} }}\n")
}

/// A queue `help` whose best is asked first: that is ann.
pub(crate) fn ann_before_bob(capacity: u32) -> String {
    let says = format!("{AUTO}\nselection = \"best_skill\"\nrequires = {{ german = 1 }}");
    let people = [("ann", 9), ("bob", 2)].map(|(name, level)| skilled(name, capacity, ("german", level)));
    skill("german") + &queue("help", &says) + &people.concat()
}

impl Scenario {
    /// The workspace's file is another one now and is read again, as the daemon does: it comes into force, or what is wrong with it is told.
    pub(crate) fn reloads(&mut self, sections: &str) -> Result<(), Vec<String>> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text(sections)).expect("it can be written");
        let config = reload_workspace(file.path(), self.space().config()).map_err(told)?;
        self.configure(config).expect("in force");
        Ok(())
    }

    /// A customer's new matter.
    #[track_caller]
    pub(crate) fn comes(&mut self, number: u32) -> WorkId {
        self.hears(customer(number)).opened().expect("a new matter")
    }

    /// Who owns it.
    pub(crate) fn owner(&self, work: WorkId) -> Option<String> {
        self.work(work).owner.map(|(_, name)| name.to_string())
    }

    /// It with its assignment.
    #[track_caller]
    pub(crate) fn held(&self, work: WorkId) -> Held {
        (work, self.work(work).assignment.expect("somebody owns it"))
    }

    /// The owner closes it.
    #[track_caller]
    pub(crate) fn ends(&mut self, work: WorkId) {
        let (owner, held) = (self.owner(work).expect("an owner"), self.held(work));
        self.closes(&owner, held).expect("closed");
    }

    /// Everybody to whom it was ever offered, in order.
    pub(crate) fn asked(&self, work: WorkId) -> Vec<String> {
        let changes = self.records(0).flat_map(|record| &record.changes);
        let offered = changes.filter_map(|change| match change {
            Change::OfferMade(offer) if offer.work == work => self.space().agent_name(offer.agent),
            _ => None,
        });
        offered.map(ToString::to_string).collect()
    }

    /// A queue as it is shown.
    pub(crate) fn room(&self, queue: &str) -> QueueView {
        let mut views = self.space().queues(&[Name::new(queue)], "", 300_000, self.now());
        views.pop().expect("a queue of the file")
    }
}
