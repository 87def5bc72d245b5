//! A workspace file as a whole: its sections, read, checked against each other, and turned into one configuration.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::agent::{Agent, Profile};
use super::check::{Check, MAX_LISTED};
use super::credit::Credit;
use super::effort::Effort;
use super::endpoint::Endpoint;
use super::hours::{Hours, MAX_HOURS};
use super::identity::Identity;
use super::idle;
use super::list::{self, Disposition, MAX_LIST, PresenceReason};
use super::notice::{self, MAX_NOTICES, Notice};
use super::opt_out::OptOut;
use super::overflow;
use super::plan::{self, Plan};
use super::queue::Queue;
use super::rule::{self, MAX_RULES, Named, Placed, RuleSection};
use super::shape::{Country, Token};
use super::skill::{Skill, SkillLevels};
use super::spanned::Spanned;
use super::template::{self, Template};
use super::work::Work;
use crate::config::problem::{Origin, Problem};
use crate::config::read::load_toml;
use crate::domain::id::Name;
use crate::domain::workspace::{EFFORT_CREDIT, MAX_PLANS, MAX_SKILLS, WorkspaceConfig};

/// A company as skein serves it: its addresses, its queues, who answers, and by which rules. `skein check FILE` tells what is wrong beyond
/// what an editor can see.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The workspace's token in subjects, `skein.in.NAME.CHANNEL.ENDPOINT`: 1 to 64 letters, digits, `-` or `_`. It cannot change while skein
    /// runs.
    #[schemars(with = "Token")]
    name: Spanned<String>,
    /// Country of phone numbers that come without a country code (ISO 3166-1, like "DE"). Leave it out where providers always send one.
    #[serde(default)]
    #[schemars(with = "Country")]
    default_country: Option<Spanned<String>>,
    /// How matters are told apart, and what is too much.
    #[serde(default)]
    work: Work,
    /// What customers go through makes their Work due earlier, whoever has it: how much each weighs.
    #[serde(default)]
    effort: Effort,
    /// How customers refuse to be written to.
    #[serde(default)]
    opt_out: OptOut,
    /// Who is who.
    #[serde(default)]
    identity: Identity,
    /// Our addresses.
    #[serde(default)]
    #[schemars(length(max = MAX_LISTED))]
    endpoint: Vec<Endpoint>,
    /// Where Work waits.
    #[serde(default)]
    #[schemars(length(max = MAX_LISTED))]
    pub(super) queue: Vec<Queue>,
    /// What agents can, and Work asks for. A skill that is not listed here is a mistyped one.
    #[serde(default)]
    #[schemars(length(max = MAX_SKILLS))]
    skill: Vec<Skill>,
    /// When queues are served.
    #[serde(default)]
    #[schemars(length(max = MAX_HOURS))]
    hours: Vec<Hours>,
    /// What makes Work due earlier, by the names that rules give it by.
    #[serde(default)]
    #[schemars(length(max = MAX_LISTED))]
    credit: Vec<Credit>,
    /// How the circle of those who may take a Work widens while it waits.
    #[serde(default)]
    #[schemars(length(max = MAX_PLANS))]
    pub(super) plan: Vec<Plan>,
    /// Asked in their order about each new Work: the first that fits decides. None: the endpoint's queue.
    #[serde(default)]
    #[schemars(length(max = MAX_RULES))]
    rule: Vec<RuleSection>,
    /// Who answers.
    #[serde(default)]
    #[schemars(length(max = MAX_LISTED))]
    agent: Vec<Agent>,
    /// What a provider has approved to be sent where its reply window is closed.
    #[serde(default)]
    #[schemars(length(max = MAX_LISTED))]
    template: Vec<Template>,
    /// Why Work ends, for CloseWork (ListDispositions). Where any are listed for a queue, another word is refused.
    #[serde(default)]
    #[schemars(length(max = MAX_LIST))]
    disposition: Vec<Disposition>,
    /// Why agents are away, for SetPresence (ListPresenceReasons).
    #[serde(default)]
    #[schemars(length(max = MAX_LIST))]
    presence_reason: Vec<PresenceReason>,
    /// What customers are told by themselves, where nobody has their Work: one of a kind for a Work in twelve hours.
    #[serde(default)]
    #[schemars(length(max = MAX_NOTICES))]
    notice: Vec<Notice>,
    /// What everybody else who logs in can do. Leave this section out to refuse agents who are not listed.
    #[serde(default)]
    guest: Option<Profile>,
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
    let mut check = Check::new(path, text);
    file.check(&mut check);
    if check.is_fine() {
        let (config, tests) = file.into_config();
        rule::run(&config, &tests, &mut check);
        if check.is_fine() {
            return Ok(config);
        }
    }
    Err(check.into_problems())
}

/// What a workspace file says that comes to nothing, each with its place; none of a file that has problems or cannot be read.
#[must_use]
pub fn workspace_warnings(path: &Path) -> Vec<Problem> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    warnings(path, &text)
}

pub(super) fn warnings(path: &Path, text: &str) -> Vec<Problem> {
    let Ok(file) = load_toml::<File>(path, text) else { return Vec::new() };
    let mut check = Check::new(path, text);
    file.check(&mut check);
    if !check.is_fine() {
        return Vec::new();
    }
    idle::warn(&file, &mut check);
    check.into_warnings()
}

impl File {
    /// Skills that queues and rules require, with their levels.
    pub(super) fn required(&self) -> impl Iterator<Item = (&str, u8)> {
        let queues = self.queue.iter().map(|queue| &queue.requires);
        let levels = queues.chain(self.rule.iter().map(|rule| &rule.requires)).flat_map(SkillLevels::iter);
        levels.map(|(skill, level)| (skill.as_ref().as_str(), *level.as_ref()))
    }

    /// Queues that agents serve.
    pub(super) fn served(&self) -> Vec<&str> {
        let profiles = self.agent.iter().map(|agent| &agent.profile).chain(&self.guest);
        profiles.flat_map(Profile::queues).collect()
    }

    /// Plans that queues and rules name.
    pub(super) fn plans_used(&self) -> Vec<&str> {
        let queues = self.queue.iter().filter_map(|queue| queue.plan.as_ref());
        let plans = queues.chain(self.rule.iter().filter_map(|rule| rule.plan.as_ref()));
        plans.map(|plan| plan.as_ref().as_str()).collect()
    }

    fn check(&self, check: &mut Check<'_>) {
        check.token("name", &self.name);
        if let Some(country) = &self.default_country
            && country.as_ref().parse::<phonenumber::country::Id>().is_err()
        {
            check.problem(country.span(), "default_country".into(), "must be an ISO 3166-1 code like \"DE\"", None);
        }
        check.unique("queue", self.queue.iter().map(|queue| &queue.name));
        check.unique("endpoint", self.endpoint.iter().map(|endpoint| &endpoint.name));
        check.unique("skill", self.skill.iter().map(|skill| &skill.name));
        if let Some(skill) = self.skill.get(MAX_SKILLS) {
            check.problem(skill.name.span(), "skill".into(), format!("at most {MAX_SKILLS} are possible"), None);
        }
        check.unique("hours", self.hours.iter().map(|hours| &hours.name));
        if let Some(hours) = self.hours.get(MAX_HOURS) {
            check.problem(hours.name.span(), "hours".into(), format!("at most {MAX_HOURS} are possible"), None);
        }
        for (at, hours) in self.hours.iter().enumerate() {
            hours.check(&format!("hours[{at}]"), check);
        }
        check.unique("credit", self.credit.iter().map(|credit| &credit.name));
        for (at, credit) in self.credit.iter().enumerate() {
            list::others(format!("credit[{at}].name"), &credit.name, &[EFFORT_CREDIT], check);
        }
        check.unique("agent", self.agent.iter().map(|agent| &agent.name));
        let queues: Vec<&str> = self.queue.iter().map(|queue| queue.name.as_ref().as_str()).collect();
        let skills: Vec<&str> = self.skill.iter().map(|skill| skill.name.as_ref().as_str()).collect();
        let endpoints: Vec<&str> = self.endpoint.iter().map(|endpoint| endpoint.name.as_ref().as_str()).collect();
        let channels: Vec<&str> = self.endpoint.iter().map(|endpoint| endpoint.channel.as_ref().as_str()).collect();
        let hours: Vec<&str> = self.hours.iter().map(|hours| hours.name.as_ref().as_str()).collect();
        let plans: Vec<&str> = self.plan.iter().map(|plan| plan.name.as_ref().as_str()).collect();
        if let Some(default) = &self.work.hours {
            check.listed("work.hours".into(), default, "hours", &hours);
        }
        for (at, queue) in self.queue.iter().enumerate() {
            queue.check(&format!("queue[{at}]"), &skills, &channels, &hours, check);
            if let Some(plan) = &queue.plan {
                check.listed(format!("queue[{at}].plan"), plan, "plan", &plans);
            }
        }
        plan::check(&self.plan, &queues, &skills, check);
        overflow::check(&self.queue, &queues, &skills, check);
        for (at, endpoint) in self.endpoint.iter().enumerate() {
            endpoint.check(&format!("endpoint[{at}]"), &queues, check);
        }
        let workspace = self.name.as_ref().as_str();
        let brands: Vec<&str> = self.endpoint.iter().map(|endpoint| endpoint.brand().unwrap_or(workspace)).collect();
        for (at, agent) in self.agent.iter().enumerate() {
            agent.profile.check(&format!("agent[{at}]"), &queues, &skills, &brands, check);
        }
        if let Some(guest) = &self.guest {
            guest.check("guest", &queues, &skills, &brands, check);
        }
        let reached: Vec<(&str, &str)> = endpoints.iter().copied().zip(channels.iter().copied()).collect();
        template::check(&self.template, &reached, check);
        notice::check(&self.notice, &queues, check);
        list::check(&self.disposition, &self.presence_reason, &queues, check);
        let credits: Vec<&str> = self.credit.iter().map(|credit| credit.name.as_ref().as_str()).collect();
        let named = Named {
            plans: &plans,
            credits: &credits,
            queues: &queues,
            skills: &skills,
            endpoints: &endpoints,
            channels: &channels,
            brands: &brands,
        };
        rule::check(&self.rule, &named, check);
    }

    /// The core's configuration, and the examples of its rules.
    fn into_config(self) -> (WorkspaceConfig, Vec<Vec<Placed>>) {
        let (rules, tests): (Vec<_>, Vec<_>) = self.rule.into_iter().map(RuleSection::into_config).unzip();
        let served = self.work.hours.map(|hours| Name::new(hours.as_ref()));
        let config = WorkspaceConfig {
            rules,
            plans: self.plan.into_iter().map(Plan::into_config).collect(),
            hours: self.hours.into_iter().map(Hours::into_config).collect(),
            credits: self.credit.into_iter().map(Credit::into_config).collect(),
            credit_cap_ms: self.work.credit_cap.millis(),
            effort: self.effort.into_config(),
            name: Name::new(self.name.as_ref()),
            endpoints: self.endpoint.into_iter().map(Endpoint::into_config).collect(),
            queues: self.queue.into_iter().map(|queue| queue.into_config(served.as_ref())).collect(),
            skills: self.skill.into_iter().map(|skill| Name::new(skill.name.as_ref())).collect(),
            agents: self.agent.into_iter().map(Agent::into_config).collect(),
            guest: self.guest.map(Profile::into_config),
            notices: self.notice.into_iter().map(Notice::into_config).collect(),
            dispositions: self.disposition.into_iter().map(Disposition::into_config).collect(),
            presence_reasons: self.presence_reason.into_iter().map(PresenceReason::into_config).collect(),
            templates: self.template.into_iter().map(Template::into_config).collect(),
            thanks: self.work.thanks,
            opt_out: self.opt_out.into_config(),
            identity: self.identity.into_config(),
            continuation_window_ms: self.work.continuation_window.millis(),
            max_open_works: self.work.max_open,
            max_messages_per_minute: self.work.max_messages_per_minute,
            max_new_customers_per_minute: self.work.max_new_customers_per_minute,
            decline_cooldown_ms: self.work.decline_cooldown.millis(),
            decline_cooldown_min_ms: self.work.decline_cooldown_min.millis(),
            relieve_after_ms: self.work.relieve_after.millis(),
            default_country: self.default_country.map(|country| Name::new(country.as_ref())),
        };
        (config, tests)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::agree::parse_workspace;
    use super::*;
    use crate::domain::record::Purpose;
    use crate::domain::workspace::Accept;

    fn parse(text: &str) -> Result<WorkspaceConfig, Vec<String>> {
        parse_workspace(Path::new("w.toml"), text)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_demo_workspace_is_complete() {
        let demo = parse(include_str!("../../../config/demo.toml")).unwrap();
        assert_eq!(demo.name, "demo");
        let channels: BTreeSet<&str> = demo.endpoints.iter().map(|endpoint| endpoint.channel.as_str()).collect();
        assert!(channels.is_superset(&BTreeSet::from(["chat", "email", "messenger", "sms", "whatsapp"])));
        assert!(demo.guest.is_some(), "anybody may try it as an agent");
    }

    #[test]
    fn the_company_of_the_example_is_complete_and_its_rules_do_what_they_say() {
        let company = parse(include_str!("../../../config/company.toml")).unwrap();
        let (rules, plans) = (company.rules.len(), company.plans.len());
        assert_eq!((rules, plans, company.skills.len(), company.queues.len()), (7, 2, 4, 4));
        assert_eq!(WorkspaceConfig::from_canonical(&company.canonical()).unwrap(), company);
    }

    #[test]
    fn hours_and_credits_are_held_to_what_can_be_meant() {
        let problems = parse(
            "name = \"w\"\n\
             work = { hours = \"offise\" }\n\
             [[hours]]\nname = \"office\"\nzone = \"Europe/Olso\"\nmon = [\"09:00-12:00\", \"11:00-15:00\"]\n\
             tue = [\"9-17\"]\ndays = { \"24.12.2026\" = [] }\n\
             [[hours]]\nname = \"never\"\nzone = \"UTC\"\n\
             [[credit]]\nname = \"vip\"\nsooner = \"5m\"\n\
             [[queue]]\nname = \"q\"\nhours = \"office\"\nemergency = true\nchannel = { smss = { first_reply = \"1s\" } }\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n\
             [[rule]]\nname = \"one\"\ncredits = [\"vips\"]\n",
        )
        .unwrap_err();
        for said in [
            "work.hours = \"offise\": names no [[hours]] of this file (did you mean \"office\"?)",
            "hours[0].zone = \"Europe/Olso\": is no time zone",
            "hours[0].mon = \"11:00-15:00\": begins before another span of the day has ended",
            "hours[0].tue = \"9-17\": is no span of a day",
            "hours[0].days = \"24.12.2026\": is no date",
            "hours[1] = \"never\": is never open",
            "queue[0].hours = \"office\": is served always",
            "queue[0].channel = smss: is no channel of this file's endpoints (did you mean \"sms\"?)",
            "rule[0].credits = \"vips\": names no [[credit]] of this file (did you mean \"vip\"?)",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(said)), "{said} is not among {problems:#?}");
        }
        assert_eq!(problems.len(), 9, "{problems:#?}");
    }

    #[test]
    fn a_queue_has_its_own_hours_those_of_all_or_none() {
        let config = parse(
            "name = \"w\"\n\
             work = { hours = \"day\" }\n\
             [[hours]]\nname = \"day\"\nzone = \"UTC\"\nmon = [\"09:00-24:00\"]\n\
             [[hours]]\nname = \"night\"\nzone = \"UTC\"\nmon = [\"22:00-06:00\"]\n\
             [[queue]]\nname = \"all\"\n\
             [[queue]]\nname = \"own\"\nhours = \"night\"\n\
             [[queue]]\nname = \"fire\"\nemergency = true\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"all\"\n",
        )
        .unwrap();
        let hours: Vec<Option<&str>> = config.queues.iter().map(|queue| queue.hours.as_deref()).collect();
        assert_eq!(hours, [Some("day"), Some("night"), None]);
        let monday = &config.hours[0].week[0];
        assert_eq!((monday[0].from, monday[0].to), (540, 1440));
    }

    #[test]
    fn what_rules_and_skills_get_wrong_is_told_at_its_place() {
        let problems = parse(
            "name = \"w\"\n\
             [[skill]]\nname = \"german\"\n\
             [[queue]]\nname = \"q\"\nrequires = { germann = 3 }\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n\
             [[rule]]\nname = \"one\"\nif = \"lenght > 3\"\nqueue = \"q\"\n\
             [[rule]]\nname = \"two\"\nqueue = \"p\"\nrequires = { german = 11 }\n\
             [[rule]]\nname = \"three\"\nwhen = { channel = [\"smss\"], language = [\"de-AT\"] }\n\
             [guest]\nqueues = []\ncapacity = 1\nskills = { french = 1 }\n",
        )
        .unwrap_err();
        for said in [
            "w.toml:6:14: queue[0].requires.germann",
            "did you mean \"german\"?",
            "w.toml:13:7: rule[0].if = lenght: \"lenght\" is no input of rules (did you mean \"length\"?)",
            "rule[1].queue = \"p\": names no [[queue]] of this file",
            "rule[1].requires.german = 11: must be a level from 0 to 10",
            "rule[2].name = \"three\": is never asked",
            "rule[2] = \"three\": does nothing",
            "did you mean \"sms\"?",
            "rule[2].when.language",
            "guest.skills.french",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(said)), "{said} is not among {problems:#?}");
        }
    }

    #[test]
    fn an_example_that_a_rule_does_not_keep_is_a_problem() {
        let text = "name = \"w\"\n[[queue]]\nname = \"q\"\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n\
             [[rule]]\nname = \"one\"\nwhen = { keyword = [\"help\"] }\nqueue = \"q\"\n\
             [[rule.test]]\nendpoint = \"e\"\ntext = \"HELP!\"\n";
        assert!(parse(text).is_ok());
        let problems = parse(&text.replace("HELP!", "helpless")).unwrap_err();
        assert!(problems[0].contains("fails: this rule is to decide, and no rule decides"), "{problems:#?}");
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
