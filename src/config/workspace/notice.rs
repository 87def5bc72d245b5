//! `[[notice]]`: what customers are told by themselves, and in which words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::period::Period;
use super::shape::{Language, Token, Words};
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::record::NoticeKind;
use crate::domain::rules::language;
use crate::domain::workspace::{MINUTES, NoticeConfig, OPENS};

/// Notices of a workspace at most: a few for each of many queues.
pub(super) const MAX_NOTICES: usize = 1_000;
/// Longest text, bytes: an SMS or two.
pub(super) const MAX_TEXT_BYTES: usize = 1_024;

/// One Notice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    /// When it is said.
    kind: Spanned<NoticeKind>,
    /// Whose customers are told: those of these queues. Where left out, of all that no other notice of the kind names.
    #[serde(default)]
    #[schemars(with = "Vec<Token>")]
    queues: Vec<Spanned<String>>,
    /// Language of whoever speaks none of those that there are words in. May be left out where there are words in one language only.
    #[serde(default)]
    #[schemars(with = "Language")]
    default: Option<Spanned<String>>,
    /// For the kind `waiting`, and only there: so long the customer has waited in a queue that is open.
    #[serde(default)]
    after: Option<Period>,
    /// The words by language, 1,024 bytes each at most. {opens}: when it opens; {minutes}: about how long it takes, which `waiting` has to say.
    #[schemars(with = "BTreeMap<Language, Words>", extend("minProperties" = 1))]
    text: BTreeMap<Spanned<String>, Spanned<String>>,
    /// For the kind `closed`: what is added where it is known how long it takes from the opening on, by language, with {minutes}.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Language, Words>")]
    wait: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// What is wrong with the Notices.
pub(super) fn check(notices: &[Notice], queues: &[&str], check: &mut Check<'_>) {
    if let Some(notice) = notices.get(MAX_NOTICES) {
        check.problem(notice.kind.span(), "notice".into(), format!("at most {MAX_NOTICES} are possible"), None);
    }
    for (at, notice) in notices.iter().enumerate() {
        notice.check(&format!("notice[{at}]"), queues, check);
    }
}

impl Notice {
    fn check(&self, key: &str, queues: &[&str], check: &mut Check<'_>) {
        for queue in &self.queues {
            check.listed(format!("{key}.queues"), queue, "queue", queues);
        }
        let waiting = *self.kind.as_ref() == NoticeKind::Waiting;
        if waiting != self.after.is_some() {
            let rule = "has `after` where its kind is \"waiting\", and only there";
            check.problem(self.kind.span(), format!("{key}.after"), rule, None);
        }
        if waiting && !self.wait.is_empty() {
            let rule = "is for the kind \"closed\": a text of \"waiting\" says how long it takes by itself";
            check.problem(self.kind.span(), format!("{key}.wait"), rule, None);
        }
        let languages: Vec<&str> = self.text.keys().map(|tag| tag.as_ref().as_str()).collect();
        match &self.default {
            Some(tag) if !languages.contains(&tag.as_ref().as_str()) => {
                let rule = format!("names no language of {key}.text");
                check.problem(tag.span(), format!("{key}.default"), rule, None);
            }
            None if languages.len() != 1 => {
                let rule = "is wanted where there are words in several languages, and there are words in one at least";
                check.problem(self.kind.span(), format!("{key}.default"), rule, None);
            }
            Some(_) | None => {}
        }
        for (part, texts) in [("text", &self.text), ("wait", &self.wait)] {
            for (tag, text) in texts {
                let key = format!("{key}.{part}.{}", tag.as_ref());
                if tag.as_ref().is_empty() || language(tag.as_ref()) != tag.as_ref().as_str() {
                    let rule = "must be the first part of a language tag in lower case, as in \"de\"";
                    check.problem(tag.span(), key.clone(), rule, None);
                }
                if part == "wait" && !languages.contains(&tag.as_ref().as_str()) {
                    check.problem(tag.span(), key.clone(), "has no text that it is added to", None);
                }
                words(key, text, waiting || part == "wait", waiting, check);
            }
        }
    }

    pub(super) fn into_config(self) -> NoticeConfig {
        let own = |(tag, text): (Spanned<String>, Spanned<String>)| (Name::new(tag.as_ref()), text.into_inner());
        let mut texts: Vec<(Name, String)> = self.text.into_iter().map(own).collect();
        if let Some(first) = &self.default {
            texts.sort_by_key(|(tag, _)| tag != first.as_ref());
        }
        NoticeConfig {
            kind: self.kind.into_inner(),
            queues: self.queues.iter().map(|queue| Name::new(queue.as_ref())).collect(),
            after_ms: self.after.map_or(0, Period::millis),
            texts,
            wait_texts: self.wait.into_iter().map(own).collect(),
        }
    }
}

/// `minutes`: it says how long it takes; `waiting`: it does not say when it opens.
fn words(key: String, text: &Spanned<String>, minutes: bool, waiting: bool, check: &mut Check<'_>) {
    let said = text.as_ref();
    let fits = |c: char| !c.is_control() || c == '\n';
    let rule = if said.trim().is_empty() || said.len() > MAX_TEXT_BYTES || !said.chars().all(fits) {
        format!("must be 1 to {MAX_TEXT_BYTES} bytes, no control characters but line ends")
    } else if said.replace(OPENS, "").replace(MINUTES, "").contains(['{', '}']) {
        format!("has braces: {OPENS} and {MINUTES} are all that stand for something")
    } else if minutes && !said.contains(MINUTES) {
        format!("does not say how long it takes: {MINUTES}")
    } else if waiting && said.contains(OPENS) {
        format!("says {OPENS}, but the queue is open then")
    } else {
        return;
    };
    check.problem(text.span(), key, rule, None);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::workspace::agree::parse_workspace;

    fn parsed(text: &str) -> Result<Vec<NoticeConfig>, Vec<String>> {
        let head =
            "name = \"w\"\n[[queue]]\nname = \"q\"\n[[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n";
        let config = parse_workspace(Path::new("w.toml"), &format!("{head}{text}"));
        config.map(|config| config.notices).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_language_that_is_named_comes_first() {
        let notices = parsed(
            "[[notice]]\nkind = \"closed\"\nqueues = [\"q\"]\ndefault = \"nb\"\n\
             text = { de = \"Zu bis {opens}.\", nb = \"Stengt.\" }\nwait = { nb = \"{minutes} minutter.\" }\n",
        );
        let notices = notices.unwrap();
        assert_eq!(notices[0].texts.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), ["nb", "de"]);
        let waiting = parsed("[[notice]]\nkind = \"waiting\"\nafter = \"5m\"\ntext = { en = \"{minutes} min\" }\n");
        assert_eq!(waiting.unwrap()[0].after_ms, 300_000);
    }

    #[test]
    fn what_can_not_be_said_is_told() {
        let problems = parsed(
            "[[notice]]\nkind = \"closed\"\nqueues = [\"p\"]\ntext = { en = \"{open}\", DE = \"Zu.\" }\n\
             wait = { fr = \"bientôt\" }\n\
             [[notice]]\nkind = \"waiting\"\ntext = { en = \"Soon, {opens}.\" }\n",
        )
        .unwrap_err();
        for said in [
            "notice[0].queues = \"p\": names no [[queue]]",
            "notice[0].default",
            "notice[0].text.DE",
            "notice[0].text.en",
            "notice[0].wait.fr",
            "notice[1].after",
            "notice[1].text.en",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(said)), "{said} is not among {problems:#?}");
        }
    }
}
