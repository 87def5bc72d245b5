//! `not_applicable.toml`: rows that are not played, each with one of three reasons.

use std::path::Path;

use serde::Deserialize;

/// Why a row is not played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// It is about how the other system writes something.
    AnotherSyntax,
    /// It is about a setting that only the other system has.
    AnotherSetting,
    /// Our design or domain rules say otherwise, in the words that are quoted.
    Contradicts,
}

impl Reason {
    pub(crate) const ALL: [Self; 3] = [Self::AnotherSyntax, Self::AnotherSetting, Self::Contradicts];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::AnotherSyntax => "another_syntax",
            Self::AnotherSetting => "another_setting",
            Self::Contradicts => "contradicts",
        }
    }
}

/// One row that is not played.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotApplicable {
    pub(crate) id: String,
    pub(crate) reason: Reason,
    /// What it is about, and what is so here.
    pub(crate) why: String,
    /// Where the words are that it contradicts.
    #[serde(default)]
    pub(crate) quoted: Option<Quote>,
}

/// Words of a document of ours.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quote {
    pub(crate) document: Document,
    pub(crate) section: u32,
    pub(crate) words: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Document {
    Design,
    Domain,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<NotApplicable>,
}

/// The table.
pub(crate) fn read() -> Vec<NotApplicable> {
    let file: File = toml::from_str(include_str!("not_applicable.toml")).expect("the table can be read");
    file.row
}

impl NotApplicable {
    /// What is wrong with the row by itself.
    pub(crate) fn problem(&self) -> Option<String> {
        let wants_words = self.reason == Reason::Contradicts;
        if self.why.trim().is_empty() {
            Some(format!("{}: no word on why it is not applicable", self.id))
        } else if wants_words != self.quoted.is_some() {
            Some(format!("{}: words are quoted where it contradicts them, and only there", self.id))
        } else {
            None
        }
    }

    /// That the quoted words do not stand in their section; none where they do, or where the document is not beside the corpora.
    pub(crate) fn misquoted(&self, corpora: &Path) -> Option<String> {
        let quote = self.quoted.as_ref()?;
        let name = match quote.document {
            Document::Design => "design.md",
            Document::Domain => "domain.md",
        };
        let text = std::fs::read_to_string(corpora.join("..").join(name)).ok()?;
        let stands = section(&text, quote.section).contains(&plain(&quote.words));
        (!stands).then(|| format!("{}: section {} of {name} does not say {:?}", self.id, quote.section, quote.words))
    }
}

/// A section of a document, without line ends and emphasis.
fn section(text: &str, number: u32) -> String {
    let begins = format!("## {number}. ");
    let lines = text.lines().skip_while(|line| !line.starts_with(&begins)).skip(1);
    plain(&lines.take_while(|line| !line.starts_with("## ")).collect::<Vec<_>>().join(" "))
}

fn plain(text: &str) -> String {
    text.replace('*', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn words_are_looked_for_in_their_section_only() {
    let text = "# A\n## 1. One\nfirst **words**\nof one\n## 2. Two\nsecond words\n";
    assert!(section(text, 1).contains("words of one"));
    assert!(!section(text, 1).contains("second"));
    assert_eq!(section(text, 3), "");
}
