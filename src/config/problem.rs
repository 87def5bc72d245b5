//! One thing that is wrong with the configuration, where it stands, and how it is shown.
//!
//! A problem names the dotted key, the place, the value and the rule it breaks. Values of secret keys are never shown, nor is
//! the line they stand on.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Longest value shown in a message, in characters.
const VALUE_SHOWN: usize = 60;

/// Where a value comes from, in rising precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// `config/default.toml`, embedded in the binary.
    Default,
    /// A file of the operator.
    File(PathBuf),
    /// A variable `SKEIN__SECTION__KEY`.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One problem of the configuration. `Display` is a single line; [`render`] shows the offending text too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key, `brands[2].name`; empty when a whole file is unreadable.
    pub key: String,
    /// Which layer holds the value.
    pub origin: Origin,
    /// Line and column of the value, both from 1.
    pub position: Option<(usize, usize)>,
    /// The value as written, shortened; `None` for secrets and for what is missing.
    pub value: Option<String>,
    /// The rule that is broken.
    pub rule: String,
    /// What to write instead, when that can be told.
    pub hint: Option<String>,
    /// The text and the span in it, for rendering; never for secrets.
    excerpt: Option<(String, Range<usize>)>,
}

impl Problem {
    /// A problem without a place in a text: a file that cannot be read.
    #[must_use]
    pub fn unplaced(origin: Origin, rule: impl Into<String>) -> Self {
        Self { key: String::new(), origin, position: None, value: None, rule: rule.into(), hint: None, excerpt: None }
    }

    /// A problem at `span` (bytes) of `text`. With `secret`, neither the value nor its line is kept.
    pub(crate) fn at(origin: Origin, text: &str, span: Range<usize>, key: String, rule: String, secret: bool) -> Self {
        let start = floor_boundary(text, span.start.min(text.len()));
        let end = floor_boundary(text, span.end.clamp(start, text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let position = (text[..start].matches('\n').count() + 1, text[line_start..start].chars().count() + 1);
        let may_hold_password = text[line_start..line_end].contains('@');
        let shown = !secret && !may_hold_password;
        let first_line = text[start..end].lines().next().unwrap_or_default();
        Self {
            key,
            origin,
            position: Some(position),
            value: (shown && !first_line.is_empty()).then(|| shorten(first_line)),
            rule,
            hint: None,
            excerpt: shown.then(|| (text.to_owned(), start..end.min(line_end.max(start)))),
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// The same about this key.
    pub(super) fn named(mut self, key: String) -> Self {
        self.key = key;
        self
    }

    fn title(&self) -> String {
        if self.key.is_empty() { self.rule.clone() } else { format!("{}: {}", self.key, self.rule) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, ": {}", self.rule)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

/// All problems for a person: the offending lines with a mark under the value, then a count. Plain text unless `colour`.
#[must_use]
pub fn render(problems: &[Problem], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut shown: Vec<String> = problems.iter().map(|problem| render_one(&renderer, problem)).collect();
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    shown.push(format!("{} {noun} in the configuration; nothing was started\n", problems.len()));
    shown.join("\n")
}

fn render_one(renderer: &Renderer, problem: &Problem) -> String {
    let title = problem.title();
    let origin = problem.origin.to_string();
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    match (&problem.excerpt, problem.position) {
        (Some((text, span)), _) => {
            let mark = AnnotationKind::Primary.span(span.clone()).label(problem.rule.clone());
            group = group.element(Snippet::source(text).path(origin).annotation(mark));
        }
        (None, Some((line, column))) => {
            group = group.element(annotate_snippets::Origin::path(origin).line(line).char_column(column));
        }
        (None, None) => group = group.element(annotate_snippets::Origin::path(origin)),
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(hint.clone()));
    }
    renderer.render(&[group]) + "\n"
}

fn shorten(value: &str) -> String {
    match value.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

/// The nearest character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str, span: Range<usize>, secret: bool) -> Problem {
        Problem::at(
            Origin::File("skein.toml".into()),
            text,
            span,
            "log.replicas".into(),
            "must be 1, 3 or 5".into(),
            secret,
        )
    }

    #[test]
    fn a_problem_names_file_line_column_key_value_and_rule() {
        let problem = problem("[log]\nreplicas = 4\n", 17..18, false).with_hint(Some("write 3".into()));
        assert_eq!(problem.to_string(), "skein.toml:2:12: log.replicas = 4: must be 1, 3 or 5 (write 3)");
        let shown = render(&[problem], false);
        for part in
            ["skein.toml:2:12", "replicas = 4", "^ must be 1, 3 or 5", "write 3", "1 problem in the configuration"]
        {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn a_secret_is_in_neither_form() {
        let problem = problem("[log]\nreplicas = \"hush\"\n", 17..23, true);
        assert!(!problem.to_string().contains("hush"));
        assert!(!render(&[problem], false).contains("hush"));
    }

    #[test]
    fn a_line_that_may_hold_a_password_is_not_shown() {
        let text = "url = \"nats://ops:hush@bus\" oops\n";
        assert!(!render(&[problem(text, 28..32, false)], false).contains("hush"));
    }

    #[test]
    fn spans_beyond_the_text_or_inside_a_character_do_not_panic() {
        for span in [0..99, 99..100, 2..3, 1..1] {
            let _ = render(&[problem("é = €", span, false)], false);
        }
    }
}
