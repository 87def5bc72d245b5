//! The sections of a workspace file about templates that providers have approved.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::{Check, MAX_LISTED};
use super::shape::Token;
use super::spanned::Spanned;
use crate::domain::channel::capabilities;
use crate::domain::id::Name;
use crate::domain::record::Purpose;
use crate::domain::workspace::TemplateConfig;

/// Places of a template at most: providers take fewer.
const MAX_PARAMETERS: u32 = 64;
/// Longest name and language of a template, bytes (WhatsApp: names of 512).
const MAX_NAME_BYTES: usize = 512;
/// Longest text that is shown, bytes.
const MAX_TEXT_BYTES: usize = 4_096;

/// A template that a provider has approved.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// What the provider calls it.
    #[schemars(length(min = 1, max = MAX_NAME_BYTES))]
    pub(super) name: Spanned<String>,
    /// The language it was approved in, as the provider writes it.
    #[schemars(length(min = 1, max = MAX_NAME_BYTES))]
    pub(super) language: Spanned<String>,
    /// The channel whose endpoints may send it.
    #[schemars(with = "Token")]
    pub(super) channel: Spanned<String>,
    /// The one endpoint of the channel that may send it; where left out, all.
    #[serde(default)]
    #[schemars(with = "Token")]
    pub(super) endpoint: Option<Spanned<String>>,
    /// How many `{{n}}` it has; 0 where left out.
    #[serde(default)]
    #[schemars(range(max = MAX_PARAMETERS), extend("default" = 0))]
    pub(super) parameters: Option<Spanned<u32>>,
    /// What it is for, which an opt-out reaches.
    #[serde(default)]
    purpose: Purpose,
    /// Its words for agents' tools, with its places `{{1}}`, `{{2}}`, ...; skein sends name, language and parameters only.
    #[serde(default)]
    #[schemars(length(max = MAX_TEXT_BYTES))]
    pub(super) text: Option<Spanned<String>>,
}

/// Checks all templates, each by itself and against those before it. `endpoints`: name and channel of each.
pub(super) fn check(templates: &[Template], endpoints: &[(&str, &str)], check: &mut Check<'_>) {
    let mut seen = BTreeSet::new();
    for (at, template) in templates.iter().enumerate() {
        for (field, span, rule) in template.problems(endpoints) {
            check.problem(span, format!("template[{at}].{field}"), rule, None);
        }
        if !seen.insert(template.key()) {
            let rule = "is listed twice in that language";
            check.problem(template.name.span(), format!("template[{at}].name"), rule, None);
        }
    }
    if let Some(template) = templates.get(MAX_LISTED) {
        let rule = format!("at most {MAX_LISTED} are possible");
        check.problem(template.name.span(), format!("template[{MAX_LISTED}]"), rule, None);
    }
}

/// A problem: the field, where it stands, what is wrong.
type Wrong = (&'static str, std::ops::Range<usize>, String);

impl Template {
    /// What tells it from another.
    fn key(&self) -> (&str, &str, &str, &str) {
        let endpoint = self.endpoint.as_ref().map_or("", |endpoint| endpoint.as_ref());
        (self.channel.as_ref(), endpoint, self.name.as_ref(), self.language.as_ref())
    }

    /// What is wrong with it. `endpoints`: name and channel of each.
    fn problems(&self, endpoints: &[(&str, &str)]) -> Vec<Wrong> {
        let mut found = Vec::new();
        for (field, text) in [("name", &self.name), ("language", &self.language)] {
            let value: &str = text.as_ref();
            if value.is_empty() || value.len() > MAX_NAME_BYTES || value.chars().any(char::is_control) {
                let rule = format!("must be 1 to {MAX_NAME_BYTES} bytes without control characters");
                found.push((field, text.span(), rule));
            }
        }
        let channel: &str = self.channel.as_ref();
        if capabilities(channel).is_some_and(|row| !row.templates) {
            found.push(("channel", self.channel.span(), "has no templates".to_owned()));
        }
        match &self.endpoint {
            Some(endpoint) => {
                let is_there = endpoints.iter().any(|(name, of)| name == endpoint.as_ref() && *of == channel);
                if !is_there {
                    let rule = "names no [[endpoint]] of that channel".to_owned();
                    found.push(("endpoint", endpoint.span(), rule));
                }
            }
            None if endpoints.iter().all(|(_, of)| *of != channel) => {
                let rule = "is the channel of no [[endpoint]] of this file".to_owned();
                found.push(("channel", self.channel.span(), rule));
            }
            None => {}
        }
        let parameters = self.parameters.as_ref().map_or(0, |count| *count.as_ref());
        if let Some(count) = self.parameters.as_ref().filter(|count| *count.as_ref() > MAX_PARAMETERS) {
            found.push(("parameters", count.span(), format!("must be at most {MAX_PARAMETERS}")));
        }
        if let Some(text) = &self.text {
            let shown: &str = text.as_ref();
            if shown.len() > MAX_TEXT_BYTES {
                found.push(("text", text.span(), format!("must be at most {MAX_TEXT_BYTES} bytes")));
            }
            if let Some(beyond) = places(shown).find(|place| *place == 0 || *place > parameters) {
                let rule = format!("names {{{{{beyond}}}}}, but it has {parameters} parameters");
                found.push(("text", text.span(), rule));
            }
        }
        found
    }

    pub(super) fn into_config(self) -> TemplateConfig {
        TemplateConfig {
            channel: Name::new(self.channel.as_ref()),
            endpoint: self.endpoint.map(|endpoint| Name::new(endpoint.as_ref())).unwrap_or_default(),
            name: Name::new(self.name.as_ref()),
            language: Name::new(self.language.as_ref()),
            parameters: self.parameters.map_or(0, Spanned::into_inner),
            purpose: self.purpose,
            text: self.text.map(Spanned::into_inner).unwrap_or_default(),
        }
    }
}

/// Numbers of the places that a text names as `{{n}}`.
fn places(text: &str) -> impl Iterator<Item = u32> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")?.0.trim().parse().ok())
}
