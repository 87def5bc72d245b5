//! From a merged document to a value, with *all* problems, not only the first.
//!
//! serde stops at the first error. So a value that is refused is recorded, then replaced by a stand-in that is accepted (the built-in
//! default where there is one), and reading starts again. The stand-ins are never used: with any problem the result is an error.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Path, Source, Sources, Step, dotted, find, get, set};
use super::problem::{Origin, Problem};
use crate::domain::nearest;

/// Most problems shown at once: a file that is no configuration at all should not fill the terminal.
const PROBLEMS_MAX: usize = 100;

/// A span no text has: it marks a stand-in on trial.
const ON_TRIAL: Range<usize> = usize::MAX - 1..usize::MAX;

/// Stand-ins where no default is known: what the field types of our configurations accept.
const STAND_INS: [&str; 8] = ["\"1s\"", "\"1KiB\"", "\"a\"", "\"127.0.0.1:1\"", "1", "true", "[]", "{}"];

/// Reads one TOML text into a value. For files with a shape of their own, such as workspace files.
///
/// `origin` is the path shown in problems.
///
/// # Errors
/// Every problem that can be told apart, in the order of the text.
pub fn load_toml<T: DeserializeOwned>(origin: &std::path::Path, text: &str) -> Result<T, Vec<Problem>> {
    let mut sources = Sources::default();
    sources.push(Origin::File(origin.to_owned()), text.to_owned());
    let tree = sources.iter().next().map(Source::parse).unwrap_or_else(|| Err(Vec::new()))?;
    let (value, problems) = read(tree, &sources, None, &[]);
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(problems),
    }
}

/// Reads `tree`. The value is there if stand-ins could be found for all that was refused: good enough to check further rules on it.
pub(super) fn read<'s, T: DeserializeOwned>(
    tree: Spanned<DeTable<'s>>,
    sources: &Sources,
    defaults: Option<&DeTable<'s>>,
    secrets: &[&str],
) -> (Option<T>, Vec<Problem>) {
    let original = tree.clone();
    let mut tree = tree;
    let mut problems: Vec<(usize, Problem)> = Vec::new();
    let mut value = None;
    while problems.len() < PROBLEMS_MAX {
        let refusal = match attempt::<T>(&tree) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            Err(refusal) => Refusal::of(&refusal),
        };
        let path = refusal.path(&tree);
        problems.push((refusal.span.start, refusal.problem(&original, sources, secrets)));
        if !repair::<T>(&mut tree, &refusal, path, defaults) {
            break;
        }
    }
    problems.sort_by_key(|(start, _)| *start);
    (value, problems.into_iter().map(|(_, problem)| problem).collect())
}

fn attempt<T: DeserializeOwned>(tree: &Spanned<DeTable<'_>>) -> Result<T, toml::de::Error> {
    T::deserialize(toml::de::Deserializer::from(tree.clone()))
}

/// What serde said, taken apart.
struct Refusal {
    span: Range<usize>,
    message: String,
    kind: Kind,
    /// The names serde lists as possible.
    expected: Vec<String>,
}

enum Kind {
    UnknownKey(String),
    MissingKey(String),
    UnknownVariant(String),
    Value,
}

impl Refusal {
    fn of(error: &toml::de::Error) -> Self {
        let message = error.message().to_owned();
        let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
        let first = quoted.clone().next().unwrap_or_default();
        let (kind, skip) = if message.starts_with("unknown field") {
            (Kind::UnknownKey(first), 1)
        } else if message.starts_with("missing field") {
            (Kind::MissingKey(first), usize::MAX)
        } else if message.starts_with("unknown variant") {
            (Kind::UnknownVariant(first), 1)
        } else {
            (Kind::Value, usize::MAX)
        };
        let expected = if skip == 1 { quoted.by_ref().skip(1).collect() } else { Vec::new() };
        Self { span: error.span().unwrap_or_default(), message, kind, expected }
    }

    fn is_same(&self, error: &toml::de::Error) -> bool {
        self.message == error.message() && self.span == error.span().unwrap_or_default()
    }

    /// The place of what was refused; a refusal without a span of its own is about the root.
    fn path(&self, root: &Spanned<DeTable<'_>>) -> Path {
        let mut path = if self.span.is_empty() || self.span == root.span() {
            Path::new()
        } else {
            find(root.get_ref(), &self.span)
        };
        if let Kind::MissingKey(key) = &self.kind {
            path.push(Step::Key(key.clone()));
        }
        path
    }

    /// `original` is the tree before repairs: an index in the repaired one may have moved, the place in the text has not.
    fn problem(&self, original: &Spanned<DeTable<'_>>, sources: &Sources, secrets: &[&str]) -> Problem {
        let key = dotted(&self.path(original));
        let secret = secrets.contains(&key.as_str());
        let rule = match &self.kind {
            Kind::UnknownKey(_) => "is no known key".to_owned(),
            Kind::MissingKey(_) => "is missing and has no default".to_owned(),
            Kind::UnknownVariant(_) => format!("must be one of {}", self.expected.join(", ")),
            Kind::Value if secret => "has the wrong type or form".to_owned(),
            Kind::Value => self.message.clone(),
        };
        let mut problem = match sources.locate(&self.span) {
            Some((source, span)) => Problem::at(source.origin.clone(), &source.text, span, key, rule, secret),
            None => Problem::unplaced(Origin::Default, rule).named(key),
        };
        if matches!(self.kind, Kind::MissingKey(_) | Kind::UnknownKey(_)) {
            problem.value = None;
        }
        problem.with_hint(self.hint())
    }

    fn hint(&self) -> Option<String> {
        let (Kind::UnknownKey(typed) | Kind::UnknownVariant(typed)) = &self.kind else { return None };
        match (nearest(typed, self.expected.iter().map(String::as_str)), &self.kind) {
            (Some(meant), _) => Some(format!("did you mean `{meant}`?")),
            (None, Kind::UnknownKey(_)) if self.expected.is_empty() => Some("no keys are known here".to_owned()),
            (None, Kind::UnknownKey(_)) => Some(format!("known here: {}", self.expected.join(", "))),
            (None, _) => None,
        }
    }
}

/// Replaces what was refused so that reading gets further; false when nothing helps.
fn repair<'s, T: DeserializeOwned>(
    tree: &mut Spanned<DeTable<'s>>,
    refusal: &Refusal,
    path: Path,
    defaults: Option<&DeTable<'s>>,
) -> bool {
    if path.is_empty() {
        return false;
    }
    if matches!(refusal.kind, Kind::UnknownKey(_)) {
        set(tree.get_mut(), &path, None);
        return true;
    }
    if let Some(default) = defaults.and_then(|defaults| get(defaults, &path)) {
        set(tree.get_mut(), &path, Some(default.clone()));
        return attempt::<T>(tree)
            .err()
            .is_none_or(|error| error.span() != Some(default.span()) && !refusal.is_same(&error));
    }
    let named = refusal.expected.iter().map(|name| DeValue::String(name.clone().into()));
    let general = STAND_INS.iter().filter_map(|text| DeValue::parse(text).ok()).map(Spanned::into_inner);
    for stand_in in named.chain(general) {
        let mut trial = tree.clone();
        set(trial.get_mut(), &path, Some(Spanned::new(ON_TRIAL, stand_in)));
        if attempt::<T>(&trial).err().is_none_or(|error| error.span() != Some(ON_TRIAL) && !refusal.is_same(&error)) {
            *tree = trial;
            return true;
        }
    }
    // nothing fits: give up the list element it stands in, so that the rest of the file is still read
    let Some(element) = path.iter().rposition(|step| matches!(step, Step::Index(_))) else { return false };
    set(tree.get_mut(), &path[..=element], None);
    true
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Office {
        name: String,
        kind: Kind,
        #[serde(default)]
        desks: Vec<Desk>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        HeadOffice,
        Branch,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Desk {
        number: u16,
        #[serde(with = "crate::config::units::duration")]
        free_after: std::time::Duration,
    }

    fn load(text: &str) -> Result<Office, Vec<String>> {
        load_toml(std::path::Path::new("office.toml"), text)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_good_text_is_read() {
        let office = load("name = \"a\"\nkind = \"branch\"\n[[desks]]\nnumber = 7\nfree_after = \"2m\"\n").unwrap();
        assert_eq!(office.kind, Kind::Branch);
        assert_eq!(office.desks[0].number, 7);
    }

    #[test]
    fn every_problem_of_a_text_is_reported_with_its_place() {
        let text = "kind = \"brunch\"\n[[desks]]\nnumber = -1\nfree_after = \"2 weeks\"\n[[desks]]\nnumbr = 1\nfree_after = \"2m\"\n";
        let problems = load(text).unwrap_err();
        let expected = [
            "name: is missing",
            "1:8: kind = \"brunch\": must be one of head_office, branch (did you mean `branch`?)",
            "3:10: desks[0].number = -1: invalid value",
            "4:14: desks[0].free_after = \"2 weeks\": no unit or an unknown one",
            "desks[1].number: is missing",
            "6:1: desks[1].numbr: is no known key (did you mean `number`?)",
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
        for part in expected {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{part:?} is missing in {problems:#?}");
        }
    }

    #[test]
    fn a_text_with_syntax_errors_reports_them_alone() {
        let problems = load("name = \nkind = 5\nrest = [\n").unwrap_err();
        assert!(
            problems.len() >= 2 && problems.iter().all(|problem| problem.contains("is no valid TOML")),
            "{problems:#?}"
        );
    }

    #[test]
    fn an_empty_text_misses_what_has_no_default() {
        assert_eq!(load("").unwrap_err().len(), 2);
    }
}
