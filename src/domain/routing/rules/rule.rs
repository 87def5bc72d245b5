//! The rules of a configuration: asked in their order, the first that fits decides.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};

use super::{Expression, Missed, Situation, When};
use crate::domain::id::Name;
use crate::domain::workspace::Levels;

/// Keywords of one message that are noted at most: more say nothing more of what the matter is.
const MAX_KEYWORDS: usize = 32;

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name, unique in its workspace.
    pub name: Name,
    /// What must be so.
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
    /// What must hold besides.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expression>,
    /// The queue that the Work goes to; none: the endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Name>,
    /// What is wanted of whoever takes it, besides what the queue wants.
    #[serde(default, skip_serializing_if = "Levels::is_empty")]
    pub requires: Levels,
    /// What makes it due earlier: names of the configuration's credits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<Name>,
    /// How the circle of those who may take it widens; none: as its queue says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Name>,
}

impl Rule {
    /// Whether it decides about the situation.
    #[must_use]
    pub fn fits(&self, of: &Situation<'_>) -> bool {
        self.missed(of).is_none()
    }

    /// The first of it that does not hold; none: it fits.
    #[must_use]
    pub fn missed(&self, of: &Situation<'_>) -> Option<Missed<'_>> {
        self.when.missed(of).or_else(|| {
            let holds = self.condition.as_ref().is_none_or(|condition| condition.holds(of));
            (!holds).then_some(Missed::Condition)
        })
    }

    /// Whether it decides about every situation.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.when.is_always() && self.condition.is_none()
    }
}

/// All rules, with what is found out once for all of them.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    keywords: Option<(AhoCorasick, Vec<String>)>,
    facts: Vec<Name>,
}

impl Rules {
    /// Of a configuration.
    #[must_use]
    pub fn of(rules: &[Rule]) -> Self {
        let words: BTreeSet<&String> = rules.iter().flat_map(|rule| &rule.when.keyword).collect();
        let words: Vec<String> = words.into_iter().cloned().collect();
        let patterns = words.iter().map(|word| format!(" {word} "));
        // Words that make no automaton would make one of hundreds of megabytes: a configuration has no such many.
        let keywords = AhoCorasick::new(patterns).ok().filter(|_| !words.is_empty());
        let mut facts: Vec<Name> =
            rules.iter().flat_map(|rule| rule.when.facts.iter().map(|(name, _)| name.clone())).collect();
        rules.iter().filter_map(|rule| rule.condition.as_ref()).for_each(|condition| condition.facts(&mut facts));
        facts.sort_unstable();
        facts.dedup();
        Self { rules: rules.to_vec(), keywords: keywords.map(|automaton| (automaton, words)), facts }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule that decides; none: the endpoint's queue it is.
    #[must_use]
    pub fn first(&self, of: &Situation<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(of))
    }

    /// Facts that rules read, by name.
    pub(crate) fn facts(&self) -> &[Name] {
        &self.facts
    }

    pub(crate) fn has_keywords(&self) -> bool {
        self.keywords.is_some()
    }

    /// Which of all rules' keywords stand in a folded text that has a blank at both ends, by name.
    pub(crate) fn keywords_in(&self, folded: &str) -> Vec<String> {
        let Some((automaton, words)) = &self.keywords else { return Vec::new() };
        let mut found: Vec<usize> = Vec::new();
        for hit in automaton.find_overlapping_iter(folded) {
            let word = hit.pattern().as_usize();
            if !found.contains(&word) && found.len() < MAX_KEYWORDS {
                found.push(word);
            }
        }
        found.sort_unstable();
        found.into_iter().map(|word| words[word].clone()).collect()
    }
}
