//! Stored records of every kind of change stay readable (design, law 12): their bytes stand in `tests/compat`, one file a kind, and are
//! never written again. What they say may only grow: a field that was added later is a line more in what they are read as.
//!
//! A file holds, for each record, a line of hexadecimal digits and the lines that it must be read as. Content and secrets are sealed
//! with keys that are made of their numbers.
//!
//! Beside the kinds, files that begin with [`SHAPES`] hold records for what those leave out: each cause, each word of an enum, each
//! kind of content, each field that is not always there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::samples::{WORKSPACES, of_each_kind, record};
use super::{decode, encode};
use crate::domain::id::Index;
use crate::domain::record::Record;
use crate::keys::KeyRings;

/// Starts the line with a record's bytes.
const BYTES: &str = "bytes ";
/// Starts the names of files that are of no kind.
const SHAPES: &str = "Shapes";
/// Starts the names of files that are of no record: parts of snapshots, which other tests read.
const PACKED: &str = "Packed";
/// Records that are drawn to see what a record may look like: each kind of change comes up some eighty times, in a few seconds.
const DRAWN: usize = 2_000;

fn keys() -> KeyRings {
    KeyRings::numbered(&WORKSPACES, 5)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/compat")
}

fn written(records: &[Record]) -> String {
    let (keys, mut text) = (keys(), String::new());
    for record in records {
        let mut bytes = Vec::new();
        encode(record, &keys, &mut bytes);
        text.push_str(BYTES);
        bytes.iter().for_each(|byte| write!(text, "{byte:02x}").expect("a string takes everything"));
        writeln!(text, "\n{record:#?}").expect("a string takes everything");
    }
    text
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
    digits.collect::<Result<_, _>>().expect("hexadecimal digits")
}

/// What is wrong with how stored bytes are read.
fn problem(stored: &str) -> Option<String> {
    let (keys, mut count) = (keys(), 0);
    for (number, record) in (1..).zip(stored.split(BYTES).skip(1)) {
        let (hex, expected) = record.split_once('\n').expect("bytes stand in a line");
        let read = match decode(Index(number), &bytes_of(hex), &keys) {
            Ok(read) => format!("{read:#?}"),
            Err(error) => return Some(format!("record {number} is not read: {error}")),
        };
        // What was added since is more; nothing is less or another.
        let mut lines = read.lines();
        if let Some(missing) = expected.lines().find(|line| !lines.any(|read| read == *line)) {
            return Some(format!("record {number} is read without {missing:?} in its place:\n{read}"));
        }
        count += 1;
    }
    (count == 0).then(|| "it holds no record".to_owned())
}

/// What a record looks like: the lines that it is printed as, without texts and numbers.
fn shape(record: &str) -> BTreeSet<String> {
    let mut shape = BTreeSet::new();
    for line in record.lines() {
        let (mut left, mut quoted, mut escaped) = (String::new(), false, false);
        for c in line.trim().chars() {
            let ends = c == '"' && !escaped;
            escaped = quoted && c == '\\' && !escaped;
            quoted ^= ends;
            if !quoted && !c.is_ascii_digit() && !matches!(c, '-' | '.') {
                left.push(c);
            }
        }
        shape.insert(left);
    }
    shape
}

/// The records among many that look like none before them, after what `known` looks like.
fn others(mut known: BTreeSet<String>) -> Vec<Record> {
    let (mut runner, records) = (TestRunner::deterministic(), record());
    let drawn = (0..DRAWN).map(|_| records.new_tree(&mut runner).expect("a sample").current());
    let mut others = Vec::new();
    for record in drawn {
        let shape = shape(&format!("{record:#?}"));
        if !shape.is_subset(&known) {
            known.extend(shape);
            let index = Index(others.len() as u64 + 1);
            others.push(Record { index, ..record });
        }
    }
    others
}

/// What the stored records look like.
fn stored_shape() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for file in std::fs::read_dir(folder()).expect("the folder") {
        let stored = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
        let records = stored.split(BYTES).skip(1).filter_map(|record| record.split_once('\n'));
        records.for_each(|(_, record)| known.extend(shape(record)));
    }
    known
}

#[test]
fn every_cause_word_and_kind_of_content_that_a_record_can_have_is_in_a_stored_one() {
    let known = stored_shape();
    let missing = others(known.clone());
    let lines: BTreeSet<String> = missing.iter().flat_map(|record| shape(&format!("{record:#?}"))).collect();
    let lines: Vec<&String> = lines.difference(&known).collect();
    assert!(
        lines.is_empty(),
        "no stored record has {lines:?}. If they are new: run `cargo test --lib store_new_kinds -- --ignored`, which adds a file \
         tests/compat/{SHAPES}-<n>.txt, look at it, and commit it"
    );
}

#[test]
fn every_kind_of_change_that_was_ever_stored_is_read_as_what_it_was() {
    let mut kinds = BTreeSet::new();
    for (kind, _) in of_each_kind() {
        let path = folder().join(format!("{kind}.txt"));
        let stored = std::fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!(
                "no stored record of the change {kind}. If it is new: run `cargo test --lib store_new_kinds -- --ignored`, which \
                 writes tests/compat/{kind}.txt and touches no other file, look at it, and commit it"
            )
        });
        if let Some(problem) = problem(&stored) {
            panic!(
                "tests/compat/{kind}.txt: {problem}\nThese bytes are in logs. A change of the format may add fields and kinds; it \
                 removes, renames and renumbers none. The file is not to be written again"
            );
        }
        kinds.insert(format!("{kind}.txt"));
    }
    let files = std::fs::read_dir(folder()).expect("the folder").map(|file| file.expect("a file").file_name());
    let names = files.map(|name| name.to_string_lossy().into_owned());
    let (shapes, others): (Vec<String>, Vec<String>) = names
        .filter(|name| !kinds.contains(name) && !name.starts_with(PACKED))
        .partition(|name| name.starts_with(SHAPES));
    for name in shapes {
        let stored = std::fs::read_to_string(folder().join(&name)).expect("a text");
        assert_eq!(
            problem(&stored),
            None,
            "tests/compat/{name}: these bytes are in logs, and are not to be written again"
        );
    }
    assert!(others.is_empty(), "stored records of kinds that are not known any more: {others:?}");
}

#[test]
fn a_byte_or_a_word_that_differs_is_noticed() {
    let (_, records) = of_each_kind().into_iter().find(|(kind, _)| kind == "SeenMarked").expect("there is one");
    let stored = written(&records[..1]);
    assert_eq!(problem(&stored), None);
    assert!(
        problem(&stored.replacen("    changes: [", "    added: 1,\n    changes: [", 1)).is_some(),
        "less than stored"
    );
    assert!(problem(&stored.replacen("agent: ", "who: ", 1)).is_some());
    let at = stored.find('\n').expect("a line");
    assert!(problem(&format!("{}ff{}", &stored[..at], &stored[at..])).is_some());
    assert!(problem("").is_some());
}

/// `cargo test --lib store_new_kinds -- --ignored`: stores what has no stored record yet. Never writes a file that is there.
#[test]
#[ignore = "writes files: for a new kind of change"]
fn store_new_kinds() {
    std::fs::create_dir_all(folder()).expect("the folder");
    for (kind, records) in of_each_kind() {
        let path = folder().join(format!("{kind}.txt"));
        if !path.exists() {
            std::fs::write(&path, written(&records)).expect("the file");
            println!("{}", path.display());
        }
    }
    let others = others(stored_shape());
    let free = (1..).map(|number| folder().join(format!("{SHAPES}-{number}.txt"))).find(|path| !path.exists());
    if let Some(path) = free.filter(|_| !others.is_empty()) {
        std::fs::write(&path, written(&others)).expect("the file");
        println!("{}", path.display());
    }
}
