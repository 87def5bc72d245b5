//! `[[disposition]]` and `[[presence_reason]]`: words that agents choose from.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::shape::Token;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{DispositionConfig, OWN_DISPOSITIONS, PresenceReasonConfig};

/// Entries of such a list at most: a person chooses from it.
pub(super) const MAX_LIST: usize = 500;
/// Longest label, bytes: a line of a menu.
const MAX_LABEL_BYTES: usize = 128;
/// Reasons that skein gives by itself.
const OWN_REASONS: [&str; 2] = ["LOGGED_IN", "NO_ANSWER"];

/// Why Work ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Disposition {
    /// The word for CloseWork; each once. SPAM and ERASED are skein's own.
    #[schemars(with = "Token")]
    name: Spanned<String>,
    /// What agents are shown, a line of a menu; the name where left out.
    #[serde(default)]
    #[schemars(length(max = MAX_LABEL_BYTES))]
    label: Option<Spanned<String>>,
    /// A name for those that mean about the same, for whoever counts; who comes back for a reason of the same group comes back for the same.
    #[serde(default)]
    #[schemars(with = "Token")]
    group: Option<Spanned<String>>,
    /// Only Work of these queues ends so; where left out, of all.
    #[serde(default)]
    #[schemars(with = "Vec<Token>")]
    queues: Vec<Spanned<String>>,
    /// Whether Work of those queues is not closed without a disposition. Into wrap-up it may go without.
    #[serde(default)]
    required: bool,
}

/// Why agents are away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PresenceReason {
    /// The word for SetPresence; each once. LOGGED_IN and NO_ANSWER are skein's own.
    #[schemars(with = "Token")]
    name: Spanned<String>,
    /// What agents are shown, a line of a menu; the name where left out.
    #[serde(default)]
    #[schemars(length(max = MAX_LABEL_BYTES))]
    label: Option<Spanned<String>>,
}

fn text(text: Option<Spanned<String>>) -> String {
    text.map(Spanned::into_inner).unwrap_or_default()
}

fn label(key: String, label: Option<&Spanned<String>>, check: &mut Check<'_>) {
    let Some(label) = label else { return };
    if label.as_ref().len() > MAX_LABEL_BYTES || label.as_ref().chars().any(char::is_control) {
        let rule = format!("must be at most {MAX_LABEL_BYTES} bytes without control characters");
        check.problem(label.span(), key, rule, None);
    }
}

fn few<'n>(section: &str, mut names: impl Iterator<Item = &'n Spanned<String>>, check: &mut Check<'_>) {
    if let Some(name) = names.nth(MAX_LIST) {
        check.problem(name.span(), section.to_owned(), format!("at most {MAX_LIST} are possible"), None);
    }
}

pub(super) fn others(key: String, name: &Spanned<String>, own: &[&str], check: &mut Check<'_>) {
    if own.contains(&name.as_ref().as_str()) {
        check.problem(name.span(), key, "is said by skein itself: take another name", None);
    }
}

/// What is wrong with the lists.
pub(super) fn check(dispositions: &[Disposition], reasons: &[PresenceReason], queues: &[&str], check: &mut Check<'_>) {
    check.unique("disposition", dispositions.iter().map(|listed| &listed.name));
    few("disposition", dispositions.iter().map(|listed| &listed.name), check);
    for (at, listed) in dispositions.iter().enumerate() {
        others(format!("disposition[{at}].name"), &listed.name, &OWN_DISPOSITIONS, check);
        label(format!("disposition[{at}].label"), listed.label.as_ref(), check);
        if let Some(group) = &listed.group {
            check.token(&format!("disposition[{at}].group"), group);
        }
        for queue in &listed.queues {
            check.listed(format!("disposition[{at}].queues"), queue, "queue", queues);
        }
    }
    check.unique("presence_reason", reasons.iter().map(|listed| &listed.name));
    few("presence_reason", reasons.iter().map(|listed| &listed.name), check);
    for (at, listed) in reasons.iter().enumerate() {
        others(format!("presence_reason[{at}].name"), &listed.name, &OWN_REASONS, check);
        label(format!("presence_reason[{at}].label"), listed.label.as_ref(), check);
    }
}

impl Disposition {
    pub(super) fn into_config(self) -> DispositionConfig {
        DispositionConfig {
            name: Name::new(self.name.as_ref()),
            label: text(self.label),
            group: Name::from(text(self.group)),
            queues: self.queues.into_iter().map(|queue| Name::new(queue.as_ref())).collect(),
            required: self.required,
        }
    }
}

impl PresenceReason {
    pub(super) fn into_config(self) -> PresenceReasonConfig {
        PresenceReasonConfig { name: Name::new(self.name.as_ref()), label: text(self.label) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::workspace::agree::parse_workspace;

    const HEAD: &str =
        "name = \"w\"\n[[queue]]\nname = \"q\"\n[[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n";

    fn problems(text: &str) -> Vec<String> {
        let parsed = parse_workspace(Path::new("w.toml"), &format!("{HEAD}{text}"));
        parsed.err().into_iter().flatten().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn lists_are_held_to_what_can_be_meant() {
        let found = problems(
            "[[disposition]]\nname = \"sold\"\nqueues = [\"qq\"]\n\
             [[disposition]]\nname = \"sold\"\n\
             [[disposition]]\nname = \"SPAM\"\nlabel = \"a\\u0007\"\n\
             [[presence_reason]]\nname = \"NO_ANSWER\"\n\
             [[presence_reason]]\nname = \"lunch break\"\n",
        );
        for said in [
            "disposition[0].queues = \"qq\": names no [[queue]] of this file (did you mean \"q\"?)",
            "disposition[1].name = \"sold\": is used twice",
            "disposition[2].name = \"SPAM\": is said by skein itself",
            "disposition[2].label",
            "presence_reason[0].name = \"NO_ANSWER\": is said by skein itself",
            "presence_reason[1].name = \"lunch break\"",
        ] {
            assert!(found.iter().any(|problem| problem.contains(said)), "{said} is not among {found:#?}");
        }
        assert_eq!(found.len(), 6, "{found:#?}");
    }

    #[test]
    fn what_is_listed_is_what_there_is() {
        let text = format!(
            "{HEAD}[[disposition]]\nname = \"sold\"\nlabel = \"Sold\"\ngroup = \"good\"\nqueues = [\"q\"]\nrequired = true\n\
             [[presence_reason]]\nname = \"lunch\"\n"
        );
        let config = parse_workspace(Path::new("w.toml"), &text).unwrap();
        let sold = &config.dispositions[0];
        assert_eq!((sold.name.as_str(), sold.label.as_str(), sold.group.as_str()), ("sold", "Sold", "good"));
        assert!(config.wants_disposition("q") && !config.wants_disposition("other"));
        assert_eq!(config.presence_reasons[0].name, "lunch");
    }
}
