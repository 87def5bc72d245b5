//! Packed leaves are what they were: any of them, changed in any order, and those that were stored by every version.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use smallvec::SmallVec;

use super::leaf::{Distances, LINKS, Leaf};
use super::packed::Packed;
use super::row::{ASSURANCES, EVIDENCE, KINDS, SCOPES, VERSION, hash, next, read, root, write};
use crate::domain::growing::ByteRows;
use crate::domain::id::{LeafId, Name, RootId, WorkId};
use crate::domain::record::IdentityStatus;
use crate::domain::workspace::Symbol;

/// Leaves of the first version, as they were stored.
const STORED: &str = include_str!("../../../tests/compat/PackedLeaves-1.txt");
/// Starts the line with the bytes of a block.
const BLOCK: &str = "block ";
/// Starts the line with the number of a leaf.
const LEAF: &str = "leaf ";

/// What addresses and names look like, and what they may look like.
fn text() -> impl Strategy<Value = Name> {
    prop_oneof!["[+]?[0-9]{0,30}", "[A-Z]{2}[.][0-9]{1,20}", "[a-z]{1,9}[0-9]{0,5}@[a-z]{1,9}[.]example", "\\PC{0,40}"]
        .prop_map(Name::from)
}

prop_compose! {
    fn leaf()(
        (root, kind, scope, verified) in (any::<u32>(), select(KINDS.as_slice()), select(SCOPES.as_slice()), any::<bool>()),
        (shared, ended, current) in any::<(bool, bool, bool)>(),
        (evidence, assurance) in (select(EVIDENCE.as_slice()), select(ASSURANCES.as_slice())),
        shown_assurance in select(ASSURANCES.as_slice()),
        (heard, heard_by, namespace_scope) in (prop_oneof![Just(0), any::<u16>()], 0u16..300, any::<u16>()),
        generation in prop_oneof![Just(1), any::<u32>()],
        next in of(any::<u32>()),
        (hash, last) in (any::<[u64; 2]>(), prop_oneof![Just(0), 0u64..1 << 33, any::<u64>()]),
        back in vec(any::<u32>(), 0..LINKS),
        works in vec(any::<u64>(), 0..4),
        (address, shown) in (of(text()), of(text())),
    ) -> Leaf {
        let mut distances = Distances::default();
        if last != 0 {
            distances.0[..back.len()].copy_from_slice(&back);
        }
        Leaf {
            root: RootId(root),
            generation,
            namespace_scope: Symbol::of(namespace_scope),
            kind,
            scope,
            status: if verified { IdentityStatus::Verified } else { IdentityStatus::Provisional },
            shared,
            ended,
            current,
            heard,
            heard_by: Symbol::of(heard_by),
            shown,
            shown_assurance,
            evidence,
            assurance,
            address,
            works: works.into_iter().map(WorkId::from_bits).collect(),
            hash,
            next: next.map(LeafId),
            last,
            back: distances,
        }
    }
}

fn row(id: LeafId, leaf: &Leaf) -> Vec<u8> {
    let mut row = Vec::new();
    write(id, leaf, &mut row);
    row
}

#[derive(Clone, Debug)]
enum Step {
    Push(Leaf),
    Change(prop::sample::Index, Leaf),
    Pack,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => leaf().prop_map(Step::Push),
        4 => (any::<prop::sample::Index>(), leaf()).prop_map(|(at, leaf)| Step::Change(at, leaf)),
        1 => Just(Step::Pack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_leaf_comes_back_as_it_was(id: u32, leaf in leaf()) {
        let id = LeafId(id);
        let row = row(id, &leaf);
        let said = (hash(&row), root(id, &row), next(id, &row));
        prop_assert_eq!(said, (Some(leaf.hash), Some(leaf.root), leaf.next));
        prop_assert_eq!(read(id, &row), Some(leaf));
    }

    #[test]
    fn a_row_that_is_cut_off_or_goes_on_is_none(leaf in leaf(), more: u8) {
        let mut row = row(LeafId(7), &leaf);
        prop_assert!((0..row.len()).all(|length| read(LeafId(7), &row[..length]).is_none()));
        row.push(more);
        prop_assert_eq!(read(LeafId(7), &row), None);
    }

    #[test]
    fn arbitrary_bytes_make_no_panic(id: u32, leaf in leaf(), at: prop::sample::Index, byte: u8, bytes in vec(any::<u8>(), 0..80)) {
        let id = LeafId(id);
        let mut row = row(id, &leaf);
        let at = at.index(row.len());
        row[at] = byte;
        for row in [row, bytes] {
            let _ = (read(id, &row), hash(&row), root(id, &row), next(id, &row));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn packed_leaves_are_a_list_of_leaves(steps in vec(step(), 0..100)) {
        let (mut packed, mut plain) = (Packed::default(), Vec::new());
        for step in steps {
            match step {
                Step::Push(leaf) => {
                    packed.push(leaf.clone());
                    plain.push(leaf);
                }
                Step::Change(at, leaf) if !plain.is_empty() => {
                    let at = at.index(plain.len());
                    let id = LeafId(u32::try_from(at).expect("few"));
                    *packed.get_mut(id).expect("it is there") = leaf.clone();
                    plain[at] = leaf;
                }
                Step::Change(..) => {}
                Step::Pack => packed.pack(),
            }
            same(&packed, &plain)?;
        }
        packed.pack();
        let mut back = Packed::default();
        for piece in packed.pieces() {
            prop_assert!(back.take(piece).is_ok());
        }
        same(&back, &plain)?;
    }
}

fn same(packed: &Packed, plain: &[Leaf]) -> Result<(), TestCaseError> {
    prop_assert_eq!(packed.len(), plain.len());
    for (at, leaf) in (0u32..).zip(plain) {
        let id = LeafId(at);
        prop_assert_eq!(packed.get(id), Some(leaf.clone()));
        prop_assert_eq!(
            (packed.hash(at), packed.root(id), packed.next(id)),
            (Some(leaf.hash), Some(leaf.root), leaf.next)
        );
    }
    let beyond = packed.next_id();
    prop_assert!(packed.get(beyond).is_none() && packed.root(beyond).is_none() && packed.next(beyond).is_none());
    Ok(())
}

/// Some leaves of every word.
fn samples() -> Vec<Leaf> {
    let (mut runner, leaf) = (TestRunner::deterministic(), leaf());
    (0..80).map(|_| leaf.new_tree(&mut runner).expect("a sample").current()).collect()
}

/// `cargo test --lib print_packed_leaves -- --ignored --nocapture`: what is stored of a new version.
#[test]
#[ignore = "prints the file of a new version"]
fn print_packed_leaves() {
    let mut rows = ByteRows::default();
    let leaves = samples();
    (0u32..).map(LeafId).zip(&leaves).for_each(|(id, leaf)| rows.push(&row(id, leaf)));
    for block in rows.blocks() {
        let hex: String = block.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{BLOCK}{hex}");
    }
    (0u32..).zip(leaves).for_each(|(at, leaf)| println!("{LEAF}{at}\n{leaf:#?}"));
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
    digits.collect::<Result<_, _>>().expect("hexadecimal digits")
}

/// What is wrong with how stored leaves are read. What they say may only grow: a field that was added later is a line more.
fn problem(stored: &str) -> Option<String> {
    let mut rows = ByteRows::default();
    for hex in stored.lines().filter_map(|line| line.strip_prefix(BLOCK)) {
        if rows.take(bytes_of(hex).into()).is_err() {
            return Some("a block is not read".to_owned());
        }
    }
    let mut count = 0;
    for (at, leaf) in stored.split(&format!("\n{LEAF}")).skip(1).filter_map(|leaf| leaf.split_once('\n')) {
        let id: LeafId = format!("l{at}").parse().expect("a number");
        let Some(known) = rows.get(id.at()).and_then(|row| read(id, row)) else {
            return Some(format!("leaf {at} is not read"));
        };
        let known = format!("{known:#?}");
        let mut lines = known.lines();
        if let Some(missing) = leaf.lines().find(|line| !lines.any(|read| read == *line)) {
            return Some(format!("leaf {at} is read without {missing:?} in its place:\n{known}"));
        }
        count += 1;
    }
    (count == 0 || count != rows.len()).then(|| format!("{count} leaves are told of {}", rows.len()))
}

#[test]
fn leaves_that_were_ever_stored_are_read_as_what_they_were() {
    assert_eq!(VERSION, 1, "a new version has a file beside this one; what was stored stays readable");
    assert_eq!(problem(STORED), None, "these bytes are in snapshots, and are not to be written again");
}

#[test]
fn a_byte_or_a_word_that_differs_is_noticed() {
    assert!(problem("").is_some());
    assert!(problem(&STORED.replacen("ended: true", "ended: false", 1)).is_some());
    assert!(problem(&STORED.replacen("block 2", "block 3", 1)).is_some());
    let begun = STORED.find("block ").expect("there are blocks") + BLOCK.len() + 300;
    let other = if &STORED[begun..=begun] == "0" { "1" } else { "0" };
    assert!(problem(&format!("{}{other}{}", &STORED[..begun], &STORED[begun + 1..])).is_some());
}

#[test]
fn an_idle_leaf_takes_few_bytes() {
    let leaf = Leaf {
        root: RootId(8_000_000),
        generation: 1,
        namespace_scope: Symbol::of(3),
        kind: KINDS[0],
        scope: SCOPES[0],
        status: IdentityStatus::Verified,
        shared: false,
        ended: false,
        current: true,
        heard: 20_000,
        heard_by: Symbol::of(2),
        shown: Some(Name::const_new("Anna Example")),
        shown_assurance: ASSURANCES[1],
        evidence: EVIDENCE[0],
        assurance: ASSURANCES[1],
        address: Some(Name::const_new("+4915112345678")),
        works: SmallVec::new(),
        hash: [u64::MAX; 2],
        next: Some(LeafId(8_000_001)),
        last: 900_000_000,
        back: Distances([16, 700_000, 48, 2_000_000, 0, 0, 0]),
    };
    let length = row(LeafId(8_000_000), &leaf).len();
    assert!(length <= 70, "{length} bytes");
}
