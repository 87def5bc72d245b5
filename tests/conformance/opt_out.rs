//! Words that providers document as opt-out and opt-in, against the words that are built in, as they are said on SMS.

use std::path::Path;

use serde_json::Value;
use skein::config::parse_workspace;
use skein::domain::workspace::{OptOutConfig, OptWord};

use crate::{Rates, lines};

/// Spanish for "subscribe": a single application takes it for the opposite. Whoever says it wants to be written to.
const MEANS_THE_OPPOSITE: &str = "SUSCRIBIRSE";

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    let words = built_in();
    for row in lines(&root.join("optout-keywords/keywords.jsonl")) {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let expected = match text("action") {
            "opt_out" => Some(OptWord::Stop),
            "opt_in" => Some(OptWord::Start),
            // Who asks for help asks: a message like any other.
            _ => None,
        };
        let keywords = row["keywords"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for keyword in keywords.filter(|keyword| *keyword != MEANS_THE_OPPOSITE) {
            let right = words.word("sms", keyword) == expected;
            rates.note("opt_out_words", format!("{} {keyword}", text("provider")), right);
        }
    }
}

/// What a workspace has that says nothing about it.
fn built_in() -> OptOutConfig {
    let text = "name = \"acme\"\nendpoint = []\nqueue = []\n";
    parse_workspace(Path::new("acme.toml"), text).expect("a workspace").opt_out
}
