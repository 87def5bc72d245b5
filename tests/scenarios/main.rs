//! What the tests of three other systems say that routing does, played on our core: each row of the corpus `routing-scenarios` is a test of
//! its name here, or stands in `not_applicable.toml` with the reason.
//!
//! A row's situation is told by a workspace file of ours and by what customers and agents do; what it says comes of that is asserted in our
//! words. The rows themselves are not part of this project: `SKEIN_CORPORA` says where they are (default `../shared/corpora`), and
//! `every_row_is_a_test_or_in_the_table` holds both lists against them. With `--nocapture` it prints a count for each system, the last line
//! as JSON.

#[path = "../domain/kit/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the kit is that of the domain's tests; not all of it is wanted here")]
mod kit;

/// Tests named by the ids of rows, each with what it is about in our words.
macro_rules! rows {
    ($($id:ident: $about:literal => $test:expr;)+) => {
        /// The rows that are played here, and what each is about.
        pub(crate) const ROWS: &[(&str, &str)] = &[$((stringify!($id), $about)),+];

        $(
            #[test]
            fn $id() {
                $test;
            }
        )+
    };
}

mod assigning;
mod choosing;
mod coming_back;
mod configuring;
mod counts;
mod desk;
mod giving_back;
mod hours;
mod one_customer;
mod order;
mod rules;
mod table;
mod threads;
mod waiting;
mod windows;

use std::path::PathBuf;

use counts::Coverage;

/// All rows that are played.
const PLAYED: [&[(&str, &str)]; 12] = [
    assigning::ROWS,
    choosing::ROWS,
    coming_back::ROWS,
    configuring::ROWS,
    giving_back::ROWS,
    hours::ROWS,
    one_customer::ROWS,
    order::ROWS,
    rules::ROWS,
    threads::ROWS,
    waiting::ROWS,
    windows::ROWS,
];

/// The files of the corpus that hold rows of these systems.
const SYSTEMS: [&str; 3] = ["asterisk", "chatwoot", "comms-router"];

fn corpora() -> Option<PathBuf> {
    let root = std::env::var_os("SKEIN_CORPORA").map_or_else(|| PathBuf::from("../shared/corpora"), PathBuf::from);
    root.is_dir().then_some(root)
}

/// Ids of the rows of a system.
fn ids(root: &std::path::Path, system: &str) -> Vec<String> {
    let path = root.join("routing-scenarios").join(format!("{system}.jsonl"));
    let text = std::fs::read_to_string(path).expect("a file of the corpora is readable");
    let id = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row of the corpora is JSON");
        row["id"].as_str().expect("a row has an id").to_owned()
    };
    text.lines().map(id).collect()
}

#[test]
fn every_row_is_a_test_or_in_the_table() {
    let played: Vec<String> = PLAYED.iter().copied().flatten().map(|(id, _)| id.replace('_', "-")).collect();
    let table = table::read();
    let root = corpora();
    let rows = root.as_ref().map(|root| SYSTEMS.map(|system| (system, ids(root, system))).to_vec());
    if rows.is_none() {
        println!("corpora absent: set SKEIN_CORPORA to their folder; ids were not compared with the rows");
    }
    let coverage = Coverage { rows, played, table };
    let problems = coverage.problems();
    assert!(problems.is_empty(), "{problems:#?}");
    coverage.print();
    if let Some(root) = root {
        let unfounded = coverage.table.iter().filter_map(|row| row.misquoted(&root)).collect::<Vec<_>>();
        assert!(unfounded.is_empty(), "{unfounded:#?}");
    }
}
