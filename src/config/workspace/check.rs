//! Gathers what is wrong with a workspace file, each problem at its place.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::spanned::Spanned;
use crate::config::problem::{Origin, Problem};
use crate::domain::nearest;

/// Longest name, bytes: it stands in every record and subject.
pub(super) const MAX_NAME_BYTES: usize = 64;
/// Entries of a section at most.
pub(super) const MAX_LISTED: usize = 20_000;

/// What is wrong so far.
pub(super) struct Check<'t> {
    path: &'t Path,
    text: &'t str,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'t> Check<'t> {
    /// Of a text; the path is only shown.
    pub(super) fn new(path: &'t Path, text: &'t str) -> Self {
        Self { path, text, problems: Vec::new(), warnings: Vec::new() }
    }

    /// Whether nothing is wrong.
    pub(super) fn is_fine(&self) -> bool {
        self.problems.is_empty()
    }

    /// All that was found.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// What comes to nothing, and is no problem.
    pub(super) fn into_warnings(self) -> Vec<Problem> {
        self.warnings
    }

    pub(super) fn warn(&mut self, span: Range<usize>, key: String, rule: &str) {
        let origin = Origin::File(self.path.to_owned());
        self.warnings.push(Problem::at(origin, self.text, span, key, rule.to_owned(), false));
    }

    pub(super) fn problem(&mut self, span: Range<usize>, key: String, rule: impl Into<String>, hint: Option<String>) {
        let origin = Origin::File(self.path.to_owned());
        self.problems.push(Problem::at(origin, self.text, span, key, rule.into(), false).with_hint(hint));
    }

    /// Names of a section: each a token, each once, not too many.
    pub(super) fn unique<'n>(&mut self, section: &str, names: impl Iterator<Item = &'n Spanned<String>>) {
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

    /// A value that something of this file must have.
    pub(super) fn one_of(&mut self, key: String, value: &Spanned<String>, what: &str, known: &[&str]) {
        if !known.contains(&value.as_ref().as_str()) {
            let hint = nearest(value.as_ref(), known.iter().copied()).map(|near| format!("did you mean {near:?}?"));
            self.problem(value.span(), key, format!("is no {what} of this file's endpoints"), hint);
        }
    }

    /// Where a part of a text stands: within its quotes, as far as it is written there as it is meant.
    pub(super) fn within(&self, text: &Spanned<String>, part: Range<usize>) -> Range<usize> {
        let span = text.span();
        let written = self.text.get(span.clone()).unwrap_or_default();
        match written.find(text.as_ref().as_str()) {
            Some(at) => span.start + at + part.start..span.start + at + part.end,
            None => span,
        }
    }

    /// A name that another section has to list.
    pub(super) fn listed(&mut self, key: String, name: &Spanned<String>, section: &str, listed: &[&str]) {
        if !listed.contains(&name.as_ref().as_str()) {
            let hint = nearest(name.as_ref(), listed.iter().copied()).map(|near| format!("did you mean {near:?}?"));
            self.problem(name.span(), key, format!("names no [[{section}]] of this file"), hint);
        }
    }

    /// Names become tokens of subjects: no dots, blanks, wildcards.
    pub(super) fn token(&mut self, key: &str, name: &Spanned<String>) {
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
