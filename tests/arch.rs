//! The architecture as a test: who may import whom (design, section 7), and the shape of files (house style).
//!
//! A rule is a function from a file to what is wrong with it. Each has a negative control: an invented file that must be refused.

#[path = "arch/rules.rs"]
mod rules;
#[path = "arch/source.rs"]
mod source;

use std::path::Path;

use rules::{RULES, Rule};
use source::SourceFile;

fn files_of(folder: &Path, root: &Path, found: &mut Vec<SourceFile>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            files_of(&path, root, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("it lies under the root").to_string_lossy().into_owned();
            found.push(SourceFile::new(&name, &std::fs::read_to_string(&path).expect("the file can be read")));
        }
    }
}

fn all_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches"] {
        files_of(&root.join(folder), root, &mut found);
    }
    if let Ok(text) = std::fs::read_to_string(root.join("build.rs")) {
        found.push(SourceFile::new("build.rs", &text));
    }
    found
}

#[test]
fn every_file_keeps_every_rule() {
    let files = all_files();
    assert!(files.iter().any(|file| file.name == "src/lib.rs"), "the files were not found");
    let broken: Vec<String> =
        files.iter().flat_map(|file| RULES.iter().flat_map(move |(name, rule)| broken_by(file, name, *rule))).collect();
    assert!(broken.is_empty(), "{} broken rules:\n{}", broken.len(), broken.join("\n"));
}

fn broken_by(file: &SourceFile, name: &str, rule: Rule) -> Vec<String> {
    rule(file).into_iter().map(|what| format!("{}: {name}: {what}", file.name)).collect()
}

/// (rule, file, text that breaks it, text that does not)
const CONTROLS: &[(&str, &str, &str, &str)] = &[
    ("pure domain", "src/domain/work.rs", "use tokio::sync::mpsc;", "use crate::domain::id::WorkId;"),
    ("pure domain", "src/domain/work.rs", "use crate::log::Record;", "// use crate::log::Record;"),
    ("pure domain", "src/domain/work.rs", "use super::super::shard::Step;", "use super::id::WorkId;"),
    (
        "pure domain",
        "src/domain/work.rs",
        "use std::{collections::BTreeMap, fs::{self, File}};",
        "use std::collections::{BTreeMap, BTreeSet};",
    ),
    (
        "pure domain",
        "src/domain/work.rs",
        "fn f() { tracing::info!(\"x\"); }",
        "fn f() -> &'static str { \"tracing::info\" }",
    ),
    ("pure domain", "src/domain/a/mod.rs", "use super::super::proto;", "use super::work::Work;"),
    (
        "lints of the domain",
        "src/domain/mod.rs",
        "//! The core.\nmod id;",
        "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]\nmod id;",
    ),
    ("proto at the edge", "src/shard/step.rs", "use crate::proto::agent::v1::Offer;", "use crate::domain::Offer;"),
    ("proto at the edge", "src/agents/session.rs", "fn f(_: crate::proto::agent::v1::Offer) {}", "fn f() {}"),
    ("proto at the edge", "src/agents/registry.rs", "use crate::{proto, domain};", "use crate::{domain, log};"),
    ("composition on top", "src/shard/loop.rs", "use crate::app::App;", "use crate::log::EventLog;"),
    ("composition on top", "src/log/memory.rs", "use super::super::cli;", "use super::codec;"),
    ("begins with its duty", "src/shard/step.rs", "use std::fmt;\n", "//! One step.\nuse std::fmt;\n"),
    (
        "mod.rs is a table of contents",
        "src/shard/mod.rs",
        "mod step;\nfn helper() {}",
        "/// A step.\npub mod step;\npub(crate) use step::{Step, run};",
    ),
    ("mod.rs is a table of contents", "src/shard/mod.rs", "mod step { fn f() {} }", "#[cfg(test)]\nmod tests;\n"),
    (
        "no unwrap",
        "src/shard/step.rs",
        "fn f() { g().unwrap(); }",
        "#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }",
    ),
    (
        "no unwrap",
        "src/shard/step.rs",
        "fn f() { g()\n    .unwrap() }",
        "fn f() { g().unwrap_or_default(); \".unwrap()\"; }",
    ),
];

#[test]
fn every_rule_refuses_what_breaks_it_and_nothing_else() {
    for (name, file, broken, fine) in CONTROLS {
        let (_, rule) = RULES.iter().find(|(rule, _)| rule == name).unwrap_or_else(|| panic!("no rule {name:?}"));
        assert!(!rule(&SourceFile::new(file, broken)).is_empty(), "{name} accepts {broken:?}");
        assert_eq!(rule(&SourceFile::new(file, fine)), Vec::<String>::new(), "{name} refuses {fine:?}");
    }
}

#[test]
fn every_rule_has_a_negative_control() {
    for (name, _) in RULES {
        let controlled = CONTROLS.iter().any(|(rule, ..)| rule == name);
        assert!(controlled || *name == "length", "{name} has no negative control");
    }
    let (_, length) = RULES.iter().find(|(name, _)| *name == "length").unwrap();
    assert!(!length(&SourceFile::new("src/a.rs", &"//\n".repeat(601))).is_empty());
    assert!(length(&SourceFile::new("src/a.rs", &"//\n".repeat(600))).is_empty());
}
