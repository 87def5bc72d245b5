//! The codec as the log uses it: round trips, and refusals of what must not be read.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::samples::{VARIANTS, WORKSPACES, every_change, record, typical, variant};
use super::{CodecError, FORMAT, Packed, decode, encode, unpack, unpack_one};
use crate::domain::event::{AddressKind, Assurance, Scope};
use crate::domain::id::{Index, LeafId, Name, RootId};
use crate::domain::record::{Change, Evidence, IdentityOpened, IdentityStatus, Personal, PersonalValue, Record};
use crate::keys::{KeyRings, OpenError};

/// Keys of the workspaces and leaves of the samples.
fn keys() -> &'static KeyRings {
    static KEYS: LazyLock<KeyRings> = LazyLock::new(|| KeyRings::unstored(&WORKSPACES, 5));
    &KEYS
}

fn bytes(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, keys(), &mut bytes);
    bytes
}

#[test]
fn every_variant_is_sampled() {
    let mut runner = TestRunner::deterministic();
    let sampled: Vec<usize> = every_change()
        .iter()
        .map(|strategy| variant(&strategy.new_tree(&mut runner).expect("a sample").current()))
        .collect();
    assert_eq!(sampled, (0..VARIANTS).collect::<Vec<_>>());
}

/// Entry 9 with these records, numbered as they stand in it.
fn entry(mut records: Vec<Record>) -> (Vec<Record>, Vec<u8>) {
    let mut packed = Packed::default();
    for (place, record) in (0..).zip(&mut records) {
        record.index = Index::at(9, place);
        assert!(packed.stage(record, keys(), usize::MAX));
        packed.add_staged();
    }
    (records, packed.bytes().to_vec())
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, CodecError> {
    unpack(9, bytes, keys())?.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn records_of_an_entry_are_read_together_and_one_by_one(records in prop::collection::vec(record(), 1..=16)) {
        let (records, bytes) = entry(records);
        for place in 0..Index::PER_ENTRY {
            let index = Index::at(9, place);
            let expected = records.iter().find(|record| record.index == index);
            prop_assert_eq!(unpack_one(index, &bytes, keys()).expect("an entry"), expected.cloned());
        }
        prop_assert_eq!(read(&bytes).expect("an entry"), records);
    }

    #[test]
    fn an_entry_cut_off_anywhere_is_refused(
        records in prop::collection::vec(record(), 1..=16),
        at: prop::sample::Index,
    ) {
        let (records, bytes) = entry(records);
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_err());
        let (_, shorter) = entry(records[..records.len() - 1].to_vec());
        prop_assert!(read(bytes.get(..shorter.len()).unwrap_or_default()).is_err(), "cut between two records");
    }

    #[test]
    fn arbitrary_bytes_of_an_entry_make_no_panic(mut bytes: Vec<u8>, count: u8) {
        let _ = read(&bytes);
        bytes.splice(0..0, [0x08, count, 0x12]);
        let _ = read(&bytes);
        let _ = unpack_one(Index::at(9, u64::from(count % 16)), &bytes, keys());
    }
}

#[test]
fn an_entry_is_the_message_of_its_proto() {
    use prost::Message as _;
    let (records, bytes) = entry(vec![typical(), typical()]);
    let message = crate::proto::log::Entry::decode(bytes.as_slice()).expect("an entry");
    assert_eq!((message.record_count, message.records.len()), (2, records.len()));
    assert_eq!(message.encode_to_vec(), bytes);
}

#[test]
fn a_record_as_it_was_stored_before_entries_is_refused() {
    assert!(read(&bytes(&typical())).is_err());
}

#[test]
fn a_record_too_large_for_an_entry_is_not_added() {
    let (records, alone) = entry(vec![typical()]);
    let mut packed = Packed::default();
    assert!(!packed.stage(&records[0], keys(), alone.len() - 1));
    // The length of the longest head is what is counted.
    assert!(packed.stage(&records[0], keys(), alone.len() + 8));
    assert_eq!((packed.records(), packed.bytes().len()), (0, 0));
    packed.add_staged();
    // Sealed anew, so the bytes differ.
    assert_eq!(packed.bytes().len(), alone.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_written_is_read(record in record()) {
        prop_assert_eq!(decode(record.index, &bytes(&record), keys()).expect("a record"), record);
    }

    #[test]
    fn a_record_is_appended_to_what_is_there(record in record()) {
        let mut out = b"before".to_vec();
        encode(&record, keys(), &mut out);
        prop_assert_eq!(&out[..6], b"before");
        prop_assert_eq!(decode(record.index, &out[6..], keys()).expect("a record"), record);
    }

    #[test]
    fn a_record_cut_off_anywhere_is_refused(record in record(), at: prop::sample::Index) {
        let bytes = bytes(&record);
        prop_assert!(decode(record.index, &bytes[..at.index(bytes.len())], keys()).is_err());
    }

    #[test]
    fn a_changed_byte_makes_no_panic(record in record(), at: prop::sample::Index, byte: u8) {
        let mut bytes = bytes(&record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(record.index, &bytes, keys());
    }

    #[test]
    fn arbitrary_bytes_make_no_panic(mut bytes: Vec<u8>) {
        let _ = decode(Index(1), &bytes, keys());
        bytes.splice(0..0, [0x08, 0x01]);
        let _ = decode(Index(1), &bytes, keys());
    }

    #[test]
    fn a_record_at_another_place_is_refused(record in record()) {
        let read = decode(Index(record.index.0 ^ 1), &bytes(&record), keys());
        let refused = matches!(read, Err(CodecError::Index { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn an_unknown_field_is_refused(record in record()) {
        let mut bytes = bytes(&record);
        // Field 100, a varint.
        bytes.extend([0xa0, 0x06, 0x01]);
        prop_assert!(matches!(decode(record.index, &bytes, keys()), Err(CodecError::UnknownFields("record"))));
    }
}

#[test]
fn an_unknown_format_is_told_apart_even_when_nothing_else_is_understood() {
    let record = typical();
    let mut newer = bytes(&record);
    newer[1] = 2;
    assert!(matches!(decode(record.index, &newer, keys()), Err(CodecError::Format { found: 2 })));
    assert!(matches!(
        decode(record.index, &[0x08, 0x96, 0x01, 0xff, 0xff], keys()),
        Err(CodecError::Format { found: 150 })
    ));
    assert!(matches!(decode(record.index, &[], keys()), Err(CodecError::Missing("format"))));
    assert!(matches!(decode(record.index, &newer[2..], keys()), Err(CodecError::Missing("format"))));
}

#[test]
fn a_record_whose_content_is_gone_keeps_its_structure() {
    use prost::Message as _;
    let whole = typical();
    let mut erased = crate::proto::log::Record::decode(bytes(&whole).as_slice()).expect("a record");
    erased.contents[0].body.clear();
    let read = decode(whole.index, &erased.encode_to_vec(), keys()).expect("a record");
    assert_eq!(read, Record { content: Vec::new(), content_leaf: Some(LeafId(17_123)), ..whole.clone() });

    erased.contents.clear();
    let read = decode(whole.index, &erased.encode_to_vec(), keys()).expect("a record");
    assert_eq!(read, Record { content: Vec::new(), content_leaf: None, ..whole });
}

#[test]
fn content_sealed_by_a_later_version_is_told_apart() {
    use prost::Message as _;
    let record = typical();
    let mut sealed = crate::proto::log::Record::decode(bytes(&record).as_slice()).expect("a record");
    sealed.contents[0].sealing = 2;
    assert!(matches!(decode(record.index, &sealed.encode_to_vec(), keys()), Err(CodecError::Sealing(2))));
    sealed.contents[0].sealing = 0;
    assert!(matches!(decode(record.index, &sealed.encode_to_vec(), keys()), Err(CodecError::Plain)));
}

#[test]
fn a_change_of_an_unknown_kind_is_refused() {
    use prost::Message as _;
    let record = typical();
    let mut newer = crate::proto::log::Record::decode(bytes(&record).as_slice()).expect("a record");
    newer.changes[0].kind = None;
    assert!(matches!(decode(record.index, &newer.encode_to_vec(), keys()), Err(CodecError::Missing("kind of change"))));
}

#[test]
fn no_word_of_the_content_stands_in_the_bytes_and_all_of_it_is_read() {
    let record = typical();
    let stored = bytes(&record);
    let readable = |text: &str| stored.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(readable("whatsapp") && !readable("xxxx") && !readable("wamid"));
    assert_eq!(decode(record.index, &stored, keys()).expect("a record"), record);
}

/// Two people of one event: each one's address is sealed with the key of his own.
#[test]
fn the_address_of_each_leaf_goes_with_its_own_key() {
    let opened = |leaf| {
        Change::IdentityOpened(IdentityOpened {
            leaf: LeafId(leaf),
            root: RootId(1),
            kind: AddressKind::Phone,
            namespace_scope: Name::default(),
            scope: Scope::Direct,
            hash: 7,
            generation: 1,
            normaliser: 2,
            status: IdentityStatus::Verified,
            shared: false,
            assurance: Assurance::Platform,
            evidence: Evidence::First,
            beside: None,
        })
    };
    let address = |place, text: &str| Personal { place, value: PersonalValue::Address(text.into()) };
    let record = Record {
        changes: [opened(1), opened(4_096)].into_iter().collect(),
        content: vec![address(0, "+491"), address(1, "+492")],
        content_leaf: Some(LeafId(1)),
        ..typical()
    };
    let stored = bytes(&record);
    assert_eq!(decode(record.index, &stored, keys()).expect("a record"), record);

    for (block, left) in [(0, "+492"), (1, "+491")] {
        let others = keys().without_block("demo", block);
        let read = decode(record.index, &stored, &others).expect("a record");
        let texts: Vec<_> = read.content.iter().map(|personal| personal.value.clone()).collect();
        assert_eq!(texts, [PersonalValue::Address(left.into())]);
        assert_eq!((read.content_leaf, read.changes), (record.content_leaf, record.changes.clone()));
    }
}

#[test]
fn content_without_a_key_is_left_out_and_never_written_in_plain() {
    let record = typical();
    let strangers = KeyRings::unstored(&["acme"], 5);
    let mut stored = Vec::new();
    encode(&record, &strangers, &mut stored);
    assert!(!stored.windows(4).any(|bytes| bytes == b"xxxx"));
    let read = decode(record.index, &stored, keys()).expect("a record");
    assert_eq!(read, Record { content: Vec::new(), ..record.clone() });
    // What others sealed stays closed where the workspace is not served.
    assert_eq!(decode(record.index, &bytes(&record), &strangers).expect("a record"), read);
    let others = KeyRings::unstored(&["demo"], 5);
    assert!(matches!(
        decode(record.index, &bytes(&record), &others),
        Err(CodecError::Open(OpenError::Damaged(17_123)))
    ));
    let none_yet = KeyRings::unstored(&["demo"], 1);
    assert!(matches!(
        decode(record.index, &bytes(&record), &none_yet),
        Err(CodecError::Open(OpenError::NoKey(17_123)))
    ));
}

/// Three hashes, eight links of history, a text of 100 bytes and a provider's id of 50.
#[test]
fn a_typical_record_is_small() {
    let record = typical();
    let size = bytes(&record).len();
    println!("a text of 100 bytes is a record of {size} bytes of format {FORMAT}");
    assert!(size < 400, "{size} bytes");
}

/// `cargo test --release codec -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn the_time_of_a_typical_record() {
    const ROUNDS: u32 = 1_000_000;
    let record = typical();
    let mut out = Vec::new();
    let start = std::time::Instant::now();
    for _ in 0..ROUNDS {
        out.clear();
        encode(std::hint::black_box(&record), keys(), &mut out);
    }
    println!("encode {:?}", start.elapsed() / ROUNDS);
    let start = std::time::Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(decode(record.index, std::hint::black_box(&out), keys())).expect("a record");
    }
    println!("decode {:?}", start.elapsed() / ROUNDS);
}

#[test]
fn a_record_with_words_for_a_leaf_whose_key_is_destroyed_is_read_again() {
    let record = typical();
    let leaf = record.content_leaf.expect("a leaf");
    let left = keys().without_block("demo", leaf.0 / crate::keys::LEAVES);
    let mut stored = Vec::new();
    encode(&record, &left, &mut stored);
    assert!(!stored.windows(4).any(|bytes| bytes == b"xxxx"));
    assert_eq!(decode(record.index, &stored, &left).expect("a record"), Record { content: Vec::new(), ..record });
}
