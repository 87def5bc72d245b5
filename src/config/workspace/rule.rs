//! `[[rule]]`: into which queue a new Work goes, what is wanted of whoever takes it, and the examples that show it (`[[rule.test]]`).

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;

use super::cel::{self, Wrong};
use super::check::Check;
use super::period::Period;
use super::shape::{LanguageIfAny, SkillTable, Token};
use super::skill::SkillLevels;
use super::spanned::Spanned;
use crate::domain::content::{Attachment, Content, Part};
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::Name;
use crate::domain::phrase::fold;
use crate::domain::record::{Inputs, MessageKind};
use crate::domain::rules::{Expression, Hours, Rule, Rules, Situation, Told, When, language};
use crate::domain::workspace::WorkspaceConfig;

/// Rules of a workspace at most: each new Work may ask them all.
pub(super) const MAX_RULES: usize = 1_000;
/// Entries of one list in a `when` at most.
const MAX_VALUES: usize = 1_000;
/// Keywords of all rules at most: they become one automaton in memory.
const MAX_KEYWORDS: usize = 10_000;
/// Longest keyword, bytes.
const MAX_KEYWORD_BYTES: usize = 128;

/// Into which queue a new Work goes, and what is wanted of whoever takes it. It names a `queue`, what it `requires`, `credits`, a `plan`, or
/// several of them; with neither `when` nor `if` it fits always, and is the last one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSection {
    /// What `skein explain` calls it; each name once.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
    /// What must hold, all of it; of each list one value is enough.
    #[serde(default)]
    when: WhenSection,
    /// A condition in CEL over channel, endpoint, brand, scope, kind, language, assurance, keywords, attachments, length, returning, hours
    /// ('open' or 'closed'), effort (seconds), facts.NAME and has(facts.NAME), besides `when`. What is not known has no value, and a rule whose
    /// `if` has none does not fit.
    #[serde(default, rename = "if")]
    #[schemars(length(min = 1), extend("examples" = [
        "length < 2000 || endpoint == 'invoices'",
        "has(facts.owes) && int(facts.owes) > 0 && channel in ['email', 'sms']",
        "hours == 'closed' && 'claim' in keywords && effort < 600",
    ]))]
    condition: Option<Spanned<String>>,
    /// Where the Work goes; where left out, to the queue of its endpoint.
    #[serde(default)]
    #[schemars(with = "Token")]
    queue: Option<Spanned<String>>,
    /// Skills that whoever takes the Work has at that level at least, 0 to 10, besides what its queue requires.
    #[serde(default)]
    #[schemars(with = "SkillTable")]
    pub(super) requires: SkillLevels,
    /// Names of `[[credit]]` by which it is due earlier.
    #[serde(default)]
    #[schemars(with = "Vec<Token>")]
    credits: Vec<Spanned<String>>,
    /// The `[[plan]]` that it follows instead of its queue's.
    #[serde(default)]
    #[schemars(with = "Token")]
    pub(super) plan: Option<Spanned<String>>,
    /// Examples that show it: `skein check` runs them.
    #[serde(default)]
    test: Vec<Spanned<Test>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct WhenSection {
    /// Channel of the endpoint.
    #[schemars(with = "Vec<Token>")]
    channel: Vec<Spanned<String>>,
    /// Endpoint it came by.
    #[schemars(with = "Vec<Token>")]
    endpoint: Vec<Spanned<String>>,
    /// Brand of the endpoint.
    #[schemars(with = "Vec<Token>")]
    brand: Vec<Spanned<String>>,
    /// Who can read what was said.
    scope: Vec<Scope>,
    /// What came.
    kind: Vec<MessageKind>,
    /// First part of the language's tag, like "de"; "" is not known. As the customer says in the fact `language`, else an agent, else the
    /// adapter's locale, else a bot.
    #[schemars(with = "Vec<LanguageIfAny>", length(max = MAX_VALUES))]
    language: Vec<Spanned<String>>,
    /// How sure it is who wrote it.
    assurance: Vec<Assurance>,
    /// Whole words of text or subject, whatever their case and accents; 128 bytes each at most.
    #[schemars(length(max = MAX_VALUES), inner(length(min = 1, max = MAX_KEYWORD_BYTES)))]
    keyword: Vec<Spanned<String>>,
    /// Media type of an attachment, like "application/pdf", or its first part, like "image".
    attachment: Vec<String>,
    /// Values of the customer's fact `tier`.
    tier: Vec<String>,
    /// Facts of the customer by name, each with its values; no values: it is known.
    facts: BTreeMap<String, Vec<String>>,
    /// The text has more characters than this.
    longer_than: Option<u32>,
    /// The text has fewer characters than this.
    shorter_than: Option<u32>,
    /// Whether the customer had a matter that ended within `work.continuation_window`.
    returning: Option<bool>,
    /// Whether the queue that the endpoint leads to is open when the rules are asked; they are not asked again as it opens.
    hours: Option<Hours>,
    /// The customer went through more than this, in all Works that are open or can be reopened (see `[effort]`).
    effort_over: Option<Period>,
}

/// An example: what is given, and whether the rule decides about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    /// Endpoint it comes by.
    #[schemars(with = "Token")]
    endpoint: Spanned<String>,
    /// What the customer writes; nothing where left out.
    #[serde(default)]
    text: String,
    /// What comes.
    #[serde(default)]
    kind: MessageKind,
    /// Who can read what is said.
    #[serde(default)]
    scope: Scope,
    /// How sure it is who writes.
    #[serde(default)]
    assurance: Assurance,
    /// Tag of the language, like "de-AT"; not known where left out.
    #[serde(default)]
    language: String,
    /// Media types of its attachments, like "image/jpeg".
    #[serde(default)]
    attachments: Vec<String>,
    /// Value of the customer's fact `tier`; not known where left out.
    #[serde(default)]
    tier: Option<String>,
    /// Facts of the customer by name.
    #[serde(default)]
    facts: BTreeMap<String, String>,
    /// Whether the customer had a matter that ended within `work.continuation_window`.
    #[serde(default)]
    returning: bool,
    /// Whether the queue that the endpoint leads to is open.
    #[serde(default)]
    hours: Hours,
    /// What the customer went through so far.
    #[serde(default)]
    effort: Period,
    /// Whether this rule is to decide.
    #[serde(default = "hits")]
    hits: bool,
}

/// An example, and where it stands.
pub(super) type Placed = (Range<usize>, Test);

fn hits() -> bool {
    true
}

/// What rules may name.
pub(super) struct Named<'f> {
    pub(super) queues: &'f [&'f str],
    pub(super) plans: &'f [&'f str],
    pub(super) skills: &'f [&'f str],
    pub(super) credits: &'f [&'f str],
    pub(super) endpoints: &'f [&'f str],
    pub(super) channels: &'f [&'f str],
    pub(super) brands: &'f [&'f str],
}

/// Checks all rules, each by itself and against those before it.
pub(super) fn check(rules: &[RuleSection], named: &Named<'_>, check: &mut Check<'_>) {
    check.unique("rule", rules.iter().map(|rule| &rule.name));
    if let Some(rule) = rules.get(MAX_RULES) {
        check.problem(rule.name.span(), "rule".into(), format!("at most {MAX_RULES} are possible"), None);
    }
    let mut keywords = 0;
    let mut takes_all: Option<&str> = None;
    for (at, rule) in rules.iter().enumerate() {
        let key = format!("rule[{at}]");
        if let Some(before) = takes_all {
            let problem = format!("is never asked: the rule {before:?} before it has neither `when` nor `if`");
            check.problem(rule.name.span(), format!("{key}.name"), problem, None);
        }
        rule.check(&key, named, check);
        keywords += rule.when.keyword.len();
        if keywords > MAX_KEYWORDS {
            let problem = format!("has, with the rules before it, more than {MAX_KEYWORDS} keywords");
            check.problem(rule.name.span(), format!("{key}.when.keyword"), problem, None);
            return;
        }
        if rule.condition.is_none() && rule.when.is_empty() {
            takes_all.get_or_insert(rule.name.as_ref());
        }
    }
}

impl RuleSection {
    fn check(&self, key: &str, named: &Named<'_>, check: &mut Check<'_>) {
        if let Some(queue) = &self.queue {
            check.listed(format!("{key}.queue"), queue, "queue", named.queues);
        } else if self.requires.is_empty() && self.credits.is_empty() && self.plan.is_none() {
            let rule = "does nothing: it needs a `queue`, skills that it `requires`, `credits`, or a `plan`";
            check.problem(self.name.span(), key.to_owned(), rule, None);
        }
        self.requires.check(&format!("{key}.requires"), named.skills, check);
        if let Some(plan) = &self.plan {
            check.listed(format!("{key}.plan"), plan, "plan", named.plans);
        }
        for credit in &self.credits {
            check.listed(format!("{key}.credits"), credit, "credit", named.credits);
        }
        self.when.check(&format!("{key}.when"), named, check);
        if let Some(condition) = &self.condition
            && let Err(Wrong { at, rule, hint }) = cel::condition(condition.as_ref())
        {
            let span = check.within(condition, at);
            check.problem(span, format!("{key}.if"), rule, hint);
        }
        for (at, test) in self.test.iter().enumerate() {
            let endpoint = &test.as_ref().endpoint;
            check.listed(format!("{key}.test[{at}].endpoint"), endpoint, "endpoint", named.endpoints);
        }
    }

    /// The core's rule, and its examples.
    pub(super) fn into_config(self) -> (Rule, Vec<Placed>) {
        let condition: Option<Expression> = self.condition.and_then(|text| cel::condition(text.as_ref()).ok());
        let rule = Rule {
            name: Name::new(self.name.as_ref()),
            when: self.when.into_config(),
            condition,
            queue: self.queue.map(|queue| Name::new(queue.as_ref())),
            requires: self.requires.into_config(),
            credits: self.credits.iter().map(|name| Name::new(name.as_ref())).collect(),
            plan: self.plan.map(|plan| Name::new(plan.as_ref())),
        };
        (rule, self.test.into_iter().map(|test| (test.span(), test.into_inner())).collect())
    }
}

impl WhenSection {
    fn is_empty(&self) -> bool {
        let lists = [&self.channel, &self.endpoint, &self.brand, &self.language, &self.keyword];
        lists.iter().all(|list| list.is_empty())
            && self.scope.is_empty()
            && self.kind.is_empty()
            && self.assurance.is_empty()
            && self.attachment.is_empty()
            && self.tier.is_empty()
            && self.facts.is_empty()
            && self.longer_than.is_none()
            && self.shorter_than.is_none()
            && self.returning.is_none()
            && self.hours.is_none()
            && self.effort_over.is_none()
    }

    fn check(&self, key: &str, named: &Named<'_>, check: &mut Check<'_>) {
        let lists = [
            ("channel", &self.channel, named.channels),
            ("endpoint", &self.endpoint, named.endpoints),
            ("brand", &self.brand, named.brands),
        ];
        for (part, values, known) in lists {
            for value in values {
                check.one_of(format!("{key}.{part}"), value, part, known);
            }
        }
        for tag in &self.language {
            if !tag.as_ref().is_empty() && language(tag.as_ref()) != tag.as_ref().as_str() {
                let rule =
                    "must be the first part of a language tag in lower case, as in \"de\", or \"\" for not known";
                check.problem(tag.span(), format!("{key}.language"), rule, None);
            }
        }
        for word in &self.keyword {
            if fold(word.as_ref()).is_empty() || word.as_ref().len() > MAX_KEYWORD_BYTES {
                let rule = format!("must have letters or digits, and at most {MAX_KEYWORD_BYTES} bytes");
                check.problem(word.span(), format!("{key}.keyword"), rule, None);
            }
        }
        for (part, values) in [("language", &self.language), ("keyword", &self.keyword)] {
            if let Some(value) = values.get(MAX_VALUES) {
                check.problem(
                    value.span(),
                    format!("{key}.{part}"),
                    format!("at most {MAX_VALUES} are possible"),
                    None,
                );
            }
        }
    }

    fn into_config(self) -> When {
        let names = |list: Vec<Spanned<String>>| list.iter().map(|name| Name::new(name.as_ref())).collect();
        let mut facts: Vec<(Name, Vec<String>)> =
            self.facts.into_iter().map(|(name, values)| (Name::from(name), values)).collect();
        if !self.tier.is_empty() {
            facts.push((Name::const_new("tier"), self.tier));
        }
        let mut keyword: Vec<String> = self.keyword.iter().map(|word| fold(word.as_ref())).collect();
        keyword.sort_unstable();
        keyword.dedup();
        When {
            channel: names(self.channel),
            endpoint: names(self.endpoint),
            brand: names(self.brand),
            scope: self.scope,
            kind: self.kind,
            language: names(self.language),
            assurance: self.assurance,
            keyword,
            attachment: self.attachment.iter().map(|name| Name::from(name.to_ascii_lowercase())).collect(),
            facts,
            longer_than: self.longer_than,
            shorter_than: self.shorter_than,
            returning: self.returning,
            hours: self.hours,
            effort_over: self.effort_over.map(Period::whole_seconds),
        }
    }
}

/// Runs the examples of all rules, in the order of the rules, against them.
pub(super) fn run(config: &WorkspaceConfig, tests: &[Vec<Placed>], check: &mut Check<'_>) {
    let rules = Rules::of(&config.rules);
    for (at, tests) in tests.iter().enumerate() {
        for (number, (span, test)) in tests.iter().enumerate() {
            let (Some(rule), Some(decided)) = (config.rules.get(at), test.decided(config, &rules)) else { continue };
            let is = decided == Some(&rule.name);
            if is != test.hits {
                let by = decided.map_or("no rule decides".to_owned(), |name| format!("the rule {name:?} decides"));
                let wanted = if test.hits { "this rule is to decide" } else { "this rule is not to decide" };
                let key = format!("rule[{at}].test[{number}]");
                check.problem(span.clone(), key, format!("fails: {wanted}, and {by}"), None);
            }
        }
    }
}

impl Test {
    /// The rule that decides about the example; none: there is no such endpoint.
    fn decided<'r>(&self, config: &WorkspaceConfig, rules: &'r Rules) -> Option<Option<&'r Name>> {
        let endpoint = config.endpoints.iter().find(|endpoint| endpoint.name == self.endpoint.as_ref())?;
        let attachment = |media_type: &String| {
            Part::Attachment(Attachment { media_type: Some(media_type.clone()), ..Attachment::default() })
        };
        let content = Content { text: self.text.clone(), parts: self.attachments.iter().map(attachment).collect() };
        let told = rules.told(Told {
            kind: self.kind,
            scope: self.scope,
            assurance: self.assurance,
            content: &content,
            locale: Some(&self.language),
            returning: self.returning,
        });
        let mut facts: Vec<(Name, String)> =
            self.facts.iter().map(|(name, value)| (Name::new(name), value.clone())).collect();
        facts.extend(self.tier.iter().map(|tier| (Name::const_new("tier"), tier.clone())));
        let (closed, effort) = (self.hours == Hours::Closed, self.effort.whole_seconds());
        let inputs = Inputs { language: told.locale.clone(), facts, closed, effort, ..told };
        let brand = config.brand(endpoint);
        let of = Situation { channel: &endpoint.channel, endpoint: &endpoint.name, brand, inputs: &inputs };
        Some(rules.first(&of).map(|rule| &rule.name))
    }
}
