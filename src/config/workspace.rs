//! Workspace files: brands, endpoints, queues and agents as operators write them, turned into the core's configuration.
//!
//! What is checked here: names that become tokens of subjects, references between sections, limits. All problems at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::identity::Identity;
use super::opt_out::OptOut;
use super::problem::{Origin, Problem};
use super::read::load_toml;
use super::suggest::nearest;
use super::template::Template;
use super::units::duration;
use crate::domain::event::AddressKind;
use crate::domain::id::Name;
use crate::domain::workspace::{
    Accept, AgentConfig, AgentKind, AgentProfile, EndpointConfig, GracePolicy, QueueConfig, WorkspaceConfig,
};

/// Longest name, bytes: it stands in every record and subject.
const MAX_NAME_BYTES: usize = 64;
/// Longest name of a host, bytes (RFC 1035, 2.3.4).
const MAX_HOST_BYTES: usize = 255;
/// Largest capacity and cost: beyond it a load is no number that people mean.
const MAX_CAPACITY: u32 = 100_000;
/// Queues, endpoints and listed agents of a workspace at most.
const MAX_LISTED: usize = 20_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    #[serde(default)]
    default_country: Option<Spanned<String>>,
    #[serde(default)]
    work: Work,
    #[serde(default)]
    opt_out: OptOut,
    #[serde(default)]
    identity: Identity,
    #[serde(default)]
    endpoint: Vec<Endpoint>,
    #[serde(default)]
    queue: Vec<Queue>,
    #[serde(default)]
    agent: Vec<Agent>,
    #[serde(default)]
    template: Vec<Template>,
    #[serde(default)]
    guest: Option<Profile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Work {
    #[serde(with = "duration")]
    continuation_window: Duration,
    max_open: u32,
    max_messages_per_minute: u32,
    max_new_customers_per_minute: u32,
    #[serde(with = "duration")]
    decline_cooldown: Duration,
    #[serde(with = "duration")]
    decline_cooldown_min: Duration,
    thanks: Vec<String>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            continuation_window: Duration::from_secs(72 * 3_600),
            max_open: 10,
            max_messages_per_minute: 60,
            max_new_customers_per_minute: 600,
            decline_cooldown: Duration::from_secs(60),
            decline_cooldown_min: Duration::from_secs(5),
            thanks: Vec::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    name: Spanned<String>,
    channel: Spanned<String>,
    queue: Spanned<String>,
    #[serde(default)]
    brand: Option<Spanned<String>>,
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    scope: Option<Spanned<String>>,
    #[serde(default)]
    shown_name: Option<String>,
    #[serde(default)]
    trusts: Vec<Spanned<AddressKind>>,
    #[serde(default)]
    authserv_ids: Vec<Spanned<String>>,
    #[serde(default)]
    groups: bool,
    #[serde(default)]
    public: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Queue {
    name: Spanned<String>,
    #[serde(default)]
    accept: Accept,
    #[serde(default = "offer_timeout", with = "duration")]
    offer_timeout: Duration,
    #[serde(default = "first_reply", with = "duration")]
    first_reply: Duration,
    #[serde(default = "next_reply", with = "duration")]
    next_reply: Duration,
    #[serde(default = "recall_after", with = "duration")]
    recall_after: Duration,
    #[serde(default, with = "duration")]
    wrapup_max: Duration,
    #[serde(default)]
    wrapup_cost: u32,
    #[serde(default)]
    grace: GracePolicy,
}

fn offer_timeout() -> Duration {
    Duration::from_secs(30)
}

fn first_reply() -> Duration {
    Duration::from_secs(2 * 60)
}

fn next_reply() -> Duration {
    Duration::from_secs(5 * 60)
}

fn recall_after() -> Duration {
    Duration::from_secs(30 * 60)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    name: Spanned<String>,
    #[serde(default)]
    kind: AgentKind,
    queues: Vec<Spanned<String>>,
    capacity: Spanned<u32>,
    #[serde(default)]
    costs: BTreeMap<String, Spanned<u32>>,
    #[serde(default)]
    channels: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    #[serde(default)]
    kind: AgentKind,
    queues: Vec<Spanned<String>>,
    capacity: Spanned<u32>,
    #[serde(default)]
    costs: BTreeMap<String, Spanned<u32>>,
    #[serde(default)]
    channels: Vec<String>,
}

/// Reads a workspace file.
///
/// # Errors
/// All problems of the file, each with its place.
pub fn load_workspace(path: &Path) -> Result<WorkspaceConfig, Vec<Problem>> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_workspace(path, &text),
        Err(error) => Err(vec![Problem::unplaced(Origin::File(path.to_owned()), format!("cannot be read: {error}"))]),
    }
}

/// Reads the text of a workspace file; `path` is only shown in problems.
///
/// # Errors
/// All problems of the text, each with its place.
pub fn parse_workspace(path: &Path, text: &str) -> Result<WorkspaceConfig, Vec<Problem>> {
    let file: File = load_toml(path, text)?;
    let mut check = Check { path, text, problems: Vec::new() };
    check.file(&file);
    if check.problems.is_empty() { Ok(file.into_config()) } else { Err(check.problems) }
}

struct Check<'t> {
    path: &'t Path,
    text: &'t str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn problem(&mut self, span: Range<usize>, key: String, rule: impl Into<String>, hint: Option<String>) {
        let origin = Origin::File(self.path.to_owned());
        self.problems.push(Problem::at(origin, self.text, span, key, rule.into(), false).with_hint(hint));
    }

    fn file(&mut self, file: &File) {
        self.token("name", &file.name);
        if let Some(country) = &file.default_country
            && country.as_ref().parse::<phonenumber::country::Id>().is_err()
        {
            self.problem(country.span(), "default_country".into(), "must be an ISO 3166-1 code like \"DE\"", None);
        }
        self.unique("queue", file.queue.iter().map(|queue| &queue.name));
        self.unique("endpoint", file.endpoint.iter().map(|endpoint| &endpoint.name));
        self.unique("agent", file.agent.iter().map(|agent| &agent.name));
        let queues: Vec<&str> = file.queue.iter().map(|queue| queue.name.as_ref().as_str()).collect();
        for (at, endpoint) in file.endpoint.iter().enumerate() {
            self.token(&format!("endpoint[{at}].channel"), &endpoint.channel);
            self.queue(format!("endpoint[{at}].queue"), &endpoint.queue, &queues);
            for id in &endpoint.authserv_ids {
                self.host(format!("endpoint[{at}].authserv_ids"), id, endpoint.channel.as_ref());
            }
            for (key, value) in [("brand", &endpoint.brand), ("scope", &endpoint.scope)] {
                if let Some(value) = value {
                    self.token(&format!("endpoint[{at}].{key}"), value);
                }
            }
        }
        for (at, endpoint) in file.endpoint.iter().enumerate() {
            for kind in &endpoint.trusts {
                if matches!(kind.as_ref(), AddressKind::Web | AddressKind::ShortCode | AddressKind::Staff) {
                    let rule = "is no address that can be claimed for a customer";
                    self.problem(kind.span(), format!("endpoint[{at}].trusts"), rule, None);
                }
            }
        }
        for (at, agent) in file.agent.iter().enumerate() {
            self.profile(&format!("agent[{at}]"), &agent.queues, &agent.capacity, &agent.costs, &queues);
        }
        self.templates(file);
        if let Some(guest) = &file.guest {
            self.profile("guest", &guest.queues, &guest.capacity, &guest.costs, &queues);
        }
    }

    fn profile(
        &mut self,
        key: &str,
        served: &[Spanned<String>],
        capacity: &Spanned<u32>,
        costs: &BTreeMap<String, Spanned<u32>>,
        queues: &[&str],
    ) {
        for name in served {
            self.queue(format!("{key}.queues"), name, queues);
        }
        if *capacity.as_ref() > MAX_CAPACITY {
            self.problem(capacity.span(), format!("{key}.capacity"), format!("must be at most {MAX_CAPACITY}"), None);
        }
        for (channel, cost) in costs {
            if *cost.as_ref() > MAX_CAPACITY {
                let rule = format!("must be at most {MAX_CAPACITY}");
                self.problem(cost.span(), format!("{key}.costs.{channel}"), rule, None);
            }
        }
    }

    fn templates(&mut self, file: &File) {
        let of = |endpoint: &'_ Endpoint| (endpoint.name.as_ref().clone(), endpoint.channel.as_ref().clone());
        let endpoints: Vec<(String, String)> = file.endpoint.iter().map(of).collect();
        let endpoints: Vec<(&str, &str)> = endpoints.iter().map(|(name, of)| (name.as_str(), of.as_str())).collect();
        let mut seen = BTreeSet::new();
        for (at, template) in file.template.iter().enumerate() {
            for (field, span, rule) in template.problems(&endpoints) {
                self.problem(span, format!("template[{at}].{field}"), rule, None);
            }
            if !seen.insert(template.key()) {
                let rule = "is listed twice in that language";
                self.problem(template.name.span(), format!("template[{at}].name"), rule, None);
            }
            if at == MAX_LISTED {
                let rule = format!("at most {MAX_LISTED} are possible");
                self.problem(template.name.span(), format!("template[{at}]"), rule, None);
            }
        }
    }

    fn unique<'n>(&mut self, section: &str, names: impl Iterator<Item = &'n Spanned<String>>) {
        let mut seen = BTreeSet::new();
        for (at, name) in names.enumerate() {
            self.token(&format!("{section}[{at}].name"), name);
            if !seen.insert(name.as_ref()) {
                self.problem(name.span(), format!("{section}[{at}].name"), "is used twice: names are unique", None);
            }
            if at == MAX_LISTED {
                let rule = format!("at most {MAX_LISTED} are possible");
                self.problem(name.span(), format!("{section}[{at}]"), rule, None);
            }
        }
    }

    fn queue(&mut self, key: String, name: &Spanned<String>, queues: &[&str]) {
        if !queues.contains(&name.as_ref().as_str()) {
            let hint = nearest(name.as_ref(), queues.iter().copied()).map(|near| format!("did you mean {near:?}?"));
            self.problem(name.span(), key, "names no [[queue]] of this file", hint);
        }
    }

    /// A host of ours that says whether a mail's sender is genuine.
    fn host(&mut self, key: String, id: &Spanned<String>, channel: &str) {
        let name = id.as_ref();
        let is_host = (1..=MAX_HOST_BYTES).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if channel != "email" {
            self.problem(id.span(), key, "is for endpoints of channel \"email\" only", None);
        } else if !is_host {
            self.problem(id.span(), key, "must be the name of a host, as in \"mx.example.com\"", None);
        }
    }

    /// Names become tokens of subjects: no dots, blanks, wildcards.
    fn token(&mut self, key: &str, name: &Spanned<String>) {
        if !is_token(name.as_ref()) {
            let rule = format!("must be 1 to {MAX_NAME_BYTES} letters, digits, '-' or '_' (ASCII)");
            self.problem(name.span(), key.to_owned(), rule, None);
        }
    }
}

/// Whether a text can be a name: a token of subjects.
#[must_use]
pub fn is_token(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

impl File {
    fn into_config(self) -> WorkspaceConfig {
        WorkspaceConfig {
            name: Name::new(self.name.as_ref()),
            endpoints: self.endpoint.into_iter().map(Endpoint::into_config).collect(),
            queues: self.queue.into_iter().map(Queue::into_config).collect(),
            agents: self
                .agent
                .into_iter()
                .map(|agent| AgentConfig {
                    name: Name::new(agent.name.as_ref()),
                    profile: profile(agent.kind, &agent.queues, &agent.capacity, &agent.costs, &agent.channels),
                })
                .collect(),
            guest: self
                .guest
                .map(|guest| profile(guest.kind, &guest.queues, &guest.capacity, &guest.costs, &guest.channels)),
            templates: self.template.into_iter().map(Template::into_config).collect(),
            thanks: self.work.thanks,
            opt_out: self.opt_out.into_config(),
            identity: self.identity.into_config(),
            continuation_window_ms: millis(self.work.continuation_window),
            max_open_works: self.work.max_open,
            max_messages_per_minute: self.work.max_messages_per_minute,
            max_new_customers_per_minute: self.work.max_new_customers_per_minute,
            decline_cooldown_ms: millis(self.work.decline_cooldown),
            decline_cooldown_min_ms: millis(self.work.decline_cooldown_min),
            default_country: self.default_country.map(|country| Name::new(country.as_ref())),
        }
    }
}

impl Endpoint {
    fn into_config(self) -> EndpointConfig {
        let name = |text: Option<Spanned<String>>| text.map(|text| Name::new(text.as_ref())).unwrap_or_default();
        EndpointConfig {
            name: Name::new(self.name.as_ref()),
            channel: Name::new(self.channel.as_ref()),
            brand: name(self.brand),
            queue: Name::new(self.queue.as_ref()),
            addresses: self.addresses,
            scope: name(self.scope),
            shown_name: self.shown_name,
            trusts: self.trusts.into_iter().map(Spanned::into_inner).collect(),
            authserv_ids: self.authserv_ids.into_iter().map(|id| id.into_inner().to_ascii_lowercase()).collect(),
            groups: self.groups,
            public: self.public,
        }
    }
}

impl Queue {
    fn into_config(self) -> QueueConfig {
        QueueConfig {
            name: Name::new(self.name.as_ref()),
            accept: self.accept,
            offer_timeout_ms: millis(self.offer_timeout),
            first_reply_target_ms: millis(self.first_reply),
            next_reply_target_ms: millis(self.next_reply),
            recall_after_ms: millis(self.recall_after),
            wrapup_max_ms: millis(self.wrapup_max),
            wrapup_cost: self.wrapup_cost,
            grace: self.grace,
        }
    }
}

fn profile(
    kind: AgentKind,
    queues: &[Spanned<String>],
    capacity: &Spanned<u32>,
    costs: &BTreeMap<String, Spanned<u32>>,
    channels: &[String],
) -> AgentProfile {
    AgentProfile {
        kind,
        queues: queues.iter().map(|name| Name::new(name.as_ref())).collect(),
        capacity: *capacity.as_ref(),
        costs: costs.iter().map(|(channel, cost)| (Name::new(channel), *cost.as_ref())).collect(),
        channels: channels.iter().map(Name::new).collect(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Purpose;

    fn parse(text: &str) -> Result<WorkspaceConfig, Vec<String>> {
        parse_workspace(Path::new("w.toml"), text)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_demo_workspace_is_complete() {
        let demo = parse(include_str!("../../config/demo.toml")).unwrap();
        assert_eq!(demo.name, "demo");
        let channels: BTreeSet<&str> = demo.endpoints.iter().map(|endpoint| endpoint.channel.as_str()).collect();
        assert!(channels.is_superset(&BTreeSet::from(["chat", "email", "messenger", "sms", "whatsapp"])));
        assert!(demo.guest.is_some(), "anybody may try it as an agent");
    }

    #[test]
    fn what_is_left_out_has_the_documented_default() {
        let config = parse("name = \"w\"\n[[queue]]\nname = \"q\"\n").unwrap();
        let queue = &config.queues[0];
        assert_eq!((queue.accept, queue.offer_timeout_ms, queue.wrapup_max_ms), (Accept::Manual, 30_000, 0));
        assert_eq!(config.continuation_window_ms, 72 * 3_600_000);
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_places() {
        let problems = parse(
            "name = \"a b\"\n\
             [[queue]]\nname = \"support\"\n\
             [[queue]]\nname = \"support\"\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"suport\"\n\
             [guest]\nqueues = []\ncapacity = 4000000000\n",
        )
        .unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:#?}");
        assert!(problems.iter().any(|problem| problem.starts_with("w.toml:1:8: name = ")), "{problems:#?}");
        assert!(problems.iter().any(|problem| problem.contains("did you mean \"support\"?")), "{problems:#?}");
    }

    #[test]
    fn a_template_is_of_an_endpoint_that_is_there_and_shows_as_many_places_as_it_has() {
        let template = |more: &str| {
            let head = "name = \"w\"\n[[queue]]\nname = \"q\"\n\
                        [[endpoint]]\nname = \"wa\"\nchannel = \"whatsapp\"\nqueue = \"q\"\n\
                        [[endpoint]]\nname = \"mail\"\nchannel = \"email\"\nqueue = \"q\"\n";
            parse(&format!("{head}[[template]]\nname = \"shipped\"\nlanguage = \"en\"\n{more}"))
        };
        let whole = template(
            "channel = \"whatsapp\"\nendpoint = \"wa\"\nparameters = 2\npurpose = \"proactive\"\ntext = \"{{1}} is with {{2}}\"\n",
        );
        let listed = &whole.unwrap().templates[0];
        assert_eq!((listed.endpoint.as_str(), listed.parameters, listed.purpose), ("wa", 2, Purpose::Proactive));
        assert_eq!(template("channel = \"whatsapp\"\n").unwrap().templates[0].purpose, Purpose::Service);
        for (more, wrong) in [
            ("channel = \"whatsapp\"\ntext = \"{{1}}\"\n", "template[0].text"),
            ("channel = \"whatsapp\"\nendpoint = \"mail\"\n", "template[0].endpoint"),
            ("channel = \"email\"\n", "template[0].channel"),
            ("channel = \"sms\"\n", "template[0].channel"),
            ("channel = \"whatsapp\"\nparameters = 65\n", "template[0].parameters"),
        ] {
            let problems = template(more).unwrap_err();
            assert!(problems.iter().any(|problem| problem.contains(wrong)), "{more}: {problems:#?}");
        }
        let twice =
            "channel = \"whatsapp\"\n[[template]]\nname = \"shipped\"\nlanguage = \"en\"\nchannel = \"whatsapp\"\n";
        assert_eq!(template(twice).unwrap_err().len(), 1);
    }

    #[test]
    fn hosts_that_vouch_for_senders_are_named_for_mailboxes_only() {
        let queue = "[[queue]]\nname = \"q\"\n[[endpoint]]\nname = \"e\"\nqueue = \"q\"\n";
        let endpoint = |channel: &str, ids: &str| {
            parse(&format!("name = \"w\"\n{queue}channel = \"{channel}\"\nauthserv_ids = [{ids}]\n"))
        };
        assert_eq!(endpoint("email", "\"MX.Example.com\"").unwrap().endpoints[0].authserv_ids, ["mx.example.com"]);
        for (channel, ids) in [("sms", "\"mx.example.com\""), ("email", "\"mx example\""), ("email", "\"\"")] {
            assert_eq!(endpoint(channel, ids).unwrap_err().len(), 1, "{channel} {ids}");
        }
    }
}
