//! What real providers and mailers send, as public test corpora recorded it, against what the formats make of it.
//!
//! The corpora are not part of this project: `SKEIN_CORPORA` says where they are (default `../shared/corpora`). Each set has a
//! rate and a threshold; the last line printed is JSON: set to rate.

mod bounces;
mod courier;
mod differs;
mod line_sdk;
mod mail;
mod opt_out;
mod phones;
mod pywa;
mod replies;
mod sms;
mod threads;
mod x;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Lowest rates, in percent. They only rise.
const THRESHOLDS: [(&str, f64); 38] = [
    ("courier_counted", 100.0),
    ("courier_differs", 100.0),
    ("courier_whatsapp", 100.0),
    ("courier_twilio", 100.0),
    ("courier_messenger", 100.0),
    ("courier_instagram", 100.0),
    ("courier_telegram", 100.0),
    ("courier_line", 100.0),
    ("courier_viber", 100.0),
    ("courier_vonage", 100.0),
    ("line_sdk", 100.0),
    ("pywa", 100.0),
    ("x_named", 100.0),
    ("zammad_parsed", 100.0),
    ("zammad_from", 99.0),
    ("zammad_to", 99.0),
    ("zammad_cc", 100.0),
    ("zammad_subject", 99.0),
    ("zammad_attachments", 98.0),
    ("zammad_text", 95.0),
    ("stalwart_parsed", 100.0),
    ("stalwart_subject", 97.0),
    ("stalwart_addresses", 97.0),
    ("mailparser_parsed", 100.0),
    ("mikel_parsed", 100.0),
    ("bounce_address", 98.0),
    ("bounce_hard", 95.0),
    ("bounce_vacation", 100.0),
    ("feedback_reports", 100.0),
    ("github_replies", 95.6),
    ("talon_replies", 85.0),
    ("sms_segments", 100.0),
    ("opt_out_words", 100.0),
    ("phones_regions", 99.5),
    ("phones_peer", 99.5),
    ("addresses_peer", 99.5),
    ("zammad_new_ticket", 100.0),
    ("zammad_not_joined", 100.0),
];

/// Rows of the sets: how many were right, how many there are, and what was wrong.
#[derive(Default)]
struct Rates(BTreeMap<&'static str, Vec<(String, bool)>>);

impl Rates {
    fn note(&mut self, set: &'static str, row: impl Into<String>, right: bool) {
        self.0.entry(set).or_default().push((row.into(), right));
    }

    fn percent(&self, set: &str) -> Option<f64> {
        let rows = self.0.get(set)?;
        let right = rows.iter().filter(|(_, right)| *right).count();
        Some(100.0 * right as f64 / rows.len() as f64)
    }
}

fn corpora() -> Option<PathBuf> {
    let root = std::env::var_os("SKEIN_CORPORA").map_or_else(|| PathBuf::from("../shared/corpora"), PathBuf::from);
    root.is_dir().then_some(root)
}

fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).expect("a file of the corpora is readable");
    text.lines().map(|line| serde_json::from_str(line).expect("a row of the corpora is JSON")).collect()
}

#[test]
fn formats_read_what_the_corpora_hold() {
    let Some(root) = corpora() else {
        println!("corpora absent: set SKEIN_CORPORA to their folder; nothing was compared");
        return;
    };
    let mut rates = Rates::default();
    courier::run(&root, &mut rates);
    line_sdk::run(&root, &mut rates);
    pywa::run(&root, &mut rates);
    x::run(&root, &mut rates);
    mail::run(&root, &mut rates);
    replies::run(&root, &mut rates);
    bounces::run(&root, &mut rates);
    sms::run(&root, &mut rates);
    opt_out::run(&root, &mut rates);
    phones::run(&root, &mut rates);
    threads::run(&root, &mut rates);

    for (set, rows) in &rates.0 {
        let wrong: Vec<&str> = rows.iter().filter(|(_, right)| !right).map(|(row, _)| row.as_str()).collect();
        println!("{set:<22} {:>6.1} %  of {:>4}  {}", rates.percent(set).unwrap_or(0.0), rows.len(), wrong.join("; "));
    }
    let json: BTreeMap<&str, f64> = rates.0.keys().map(|set| (*set, rates.percent(set).unwrap_or(0.0))).collect();
    println!("{}", serde_json::to_string(&json).expect("rates are numbers"));

    let low: Vec<String> = THRESHOLDS
        .iter()
        .filter_map(|(set, least)| {
            let percent = rates.percent(set)?;
            (percent < *least).then(|| format!("{set} {percent:.1} % < {least} %"))
        })
        .collect();
    assert!(low.is_empty(), "under their thresholds: {}", low.join(", "));
}
