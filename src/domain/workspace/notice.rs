//! What customers are told by themselves, and in which words.

use serde::{Deserialize, Serialize};

use crate::domain::id::Name;
use crate::domain::record::NoticeKind;

/// What stands for the time of the opening, in the time zone of the queue's hours: `2026-11-24 08:00`.
pub const OPENS: &str = "{opens}";
/// What stands for how long it takes, in whole minutes.
pub const MINUTES: &str = "{minutes}";

/// A Notice to customers of some queues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeConfig {
    /// Of what.
    pub kind: NoticeKind,
    /// Queues whose customers are told; empty: all that no other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Name>,
    /// After how long a wait, milliseconds; 0: at once.
    #[serde(default)]
    pub after_ms: u64,
    /// Words by language; those of the first go to whoever speaks none of them.
    pub texts: Vec<(Name, String)>,
    /// Words that are added where it is known how long it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wait_texts: Vec<(Name, String)>,
}

impl NoticeConfig {
    /// What is said to somebody of that language. `opens`, `minutes`: what is known; a text that needs what is not known is not said.
    pub(crate) fn say(&self, language: &str, opens: Option<&str>, minutes: Option<u64>) -> Option<String> {
        let first = self.texts.first()?;
        let (language, text) = self.texts.iter().find(|(of, _)| of == language).unwrap_or(first);
        let minutes = minutes.map(|minutes| minutes.to_string());
        let fill = |text: &str| {
            let known = |text: String, mark: &str, value: Option<&str>| match value {
                Some(value) => Some(text.replace(mark, value)),
                None => (!text.contains(mark)).then_some(text),
            };
            known(known(text.to_owned(), OPENS, opens)?, MINUTES, minutes.as_deref())
        };
        let mut said = fill(text)?;
        let more = self.wait_texts.iter().find(|(of, _)| of == language);
        if let Some(more) = more.and_then(|(_, more)| fill(more)) {
            said.push(' ');
            said.push_str(&more);
        }
        Some(said)
    }
}

impl super::WorkspaceConfig {
    /// The Notice of a kind for customers of a queue: one that names the queue before one for all.
    pub(crate) fn notice(&self, kind: NoticeKind, queue: &str) -> Option<&NoticeConfig> {
        let of_kind = || self.notices.iter().filter(|notice| notice.kind == kind);
        let own = of_kind().find(|notice| notice.queues.iter().any(|of| of == queue));
        own.or_else(|| of_kind().find(|notice| notice.queues.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_is_known_in_the_customers_language() {
        let texts = |list: &[(&str, &str)]| {
            list.iter().map(|(language, text)| (Name::new(language), (*text).to_owned())).collect::<Vec<_>>()
        };
        let notice = NoticeConfig {
            texts: texts(&[("en", "We open {opens}."), ("de", "Wir sind bald da.")]),
            wait_texts: texts(&[("en", "Then it takes {minutes} minutes.")]),
            ..NoticeConfig::default()
        };
        let say = |language, opens, minutes| notice.say(language, opens, minutes);
        assert_eq!(say("en", Some("8:00"), None).as_deref(), Some("We open 8:00."));
        assert_eq!(say("fr", Some("8:00"), Some(5)).as_deref(), Some("We open 8:00. Then it takes 5 minutes."));
        assert_eq!(say("de", None, Some(5)).as_deref(), Some("Wir sind bald da."));
        assert_eq!(say("en", None, Some(5)), None, "what is not known is not said");
    }
}
