//! The section of a workspace file about opt-out, with the words that carriers and providers know where it is silent.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::id::Name;
use crate::domain::phrase::fold;
use crate::domain::workspace::OptOutConfig;

/// Refuse, on every channel: words that are hardly an answer to anything. English, French, German, Spanish, Portuguese, Italian, Dutch.
const STOP: &[&str] = &[
    "stop",
    "stop all",
    "stopall",
    "unsubscribe",
    "opt out",
    "optout",
    "arret",
    "arrete",
    "arrett",
    "se desabonner",
    "stopp",
    "abmelden",
    "abbestellen",
    "detener",
    "darse de baja",
    "descadastrar",
    "cancellami",
    "afmelden",
];
/// Refuse on SMS, where carriers and providers take them so whatever was asked before (and refuse what is sent afterwards).
const STOP_SMS: &[&str] =
    &["cancel", "end", "quit", "revoke", "remove", "td", "fin", "alto", "baja", "cancelar", "dejar", "parar", "sair"];
/// Allow again, on every channel.
const START: &[&str] = &["start", "unstop", "opt in", "optin", "subscribe"];
/// Allow again on SMS.
const START_SMS: &[&str] = &["yes", "alta"];

/// `[opt_out]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OptOut {
    /// Whole messages that refuse to be written to, on every channel. A list of your own replaces the one that is built in.
    stop: Vec<String>,
    /// Words that refuse on SMS besides. A list of your own replaces the one that is built in.
    stop_sms: Vec<String>,
    /// Whole messages that allow again, on every channel. A list of your own replaces the one that is built in.
    start: Vec<String>,
    /// Words that allow again on SMS besides. A list of your own replaces the one that is built in.
    start_sms: Vec<String>,
    /// Channels on which the refusal is of answers, too, because the carrier refuses them anyway.
    refuses_service: Vec<String>,
}

impl Default for OptOut {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Self {
            stop: words(STOP),
            stop_sms: words(STOP_SMS),
            start: words(START),
            start_sms: words(START_SMS),
            refuses_service: words(&["sms"]),
        }
    }
}

impl OptOut {
    /// As the core compares: folded, without what folds to nothing.
    pub(super) fn into_config(self) -> OptOutConfig {
        let folded = |words: Vec<String>| words.iter().map(|word| fold(word)).filter(|word| !word.is_empty()).collect();
        OptOutConfig {
            stop: folded(self.stop),
            stop_sms: folded(self.stop_sms),
            start: folded(self.start),
            start_sms: folded(self.start_sms),
            refuses_service: self.refuses_service.iter().map(Name::new).collect(),
        }
    }
}
