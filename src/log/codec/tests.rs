//! The codec as the log uses it: round trips, and refusals of what must not be read.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::samples::{VARIANTS, every_change, record, typical, variant};
use super::{CodecError, FORMAT, Packed, decode, encode, unpack, unpack_one};
use crate::domain::id::{Index, LeafId};
use crate::domain::record::Record;

fn bytes(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes);
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
        assert!(packed.stage(record, usize::MAX));
        packed.add_staged();
    }
    (records, packed.bytes().to_vec())
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, CodecError> {
    unpack(9, bytes)?.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn records_of_an_entry_are_read_together_and_one_by_one(records in prop::collection::vec(record(), 1..=16)) {
        let (records, bytes) = entry(records);
        for place in 0..Index::PER_ENTRY {
            let index = Index::at(9, place);
            let expected = records.iter().find(|record| record.index == index);
            prop_assert_eq!(unpack_one(index, &bytes).expect("an entry"), expected.cloned());
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
        let _ = unpack_one(Index::at(9, u64::from(count % 16)), &bytes);
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
    assert!(!packed.stage(&records[0], alone.len() - 1));
    // The length of the longest head is what is counted.
    assert!(packed.stage(&records[0], alone.len() + 8));
    assert_eq!((packed.records(), packed.bytes().len()), (0, 0));
    packed.add_staged();
    assert_eq!(packed.bytes(), alone);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_written_is_read(record in record()) {
        prop_assert_eq!(decode(record.index, &bytes(&record)).expect("a record"), record);
    }

    #[test]
    fn a_record_is_appended_to_what_is_there(record in record()) {
        let mut out = b"before".to_vec();
        encode(&record, &mut out);
        prop_assert_eq!(&out[6..], bytes(&record));
    }

    #[test]
    fn a_record_cut_off_anywhere_is_refused(record in record(), at: prop::sample::Index) {
        let bytes = bytes(&record);
        prop_assert!(decode(record.index, &bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_changed_byte_makes_no_panic(record in record(), at: prop::sample::Index, byte: u8) {
        let mut bytes = bytes(&record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(record.index, &bytes);
    }

    #[test]
    fn arbitrary_bytes_make_no_panic(mut bytes: Vec<u8>) {
        let _ = decode(Index(1), &bytes);
        bytes.splice(0..0, [0x08, 0x01]);
        let _ = decode(Index(1), &bytes);
    }

    #[test]
    fn a_record_at_another_place_is_refused(record in record()) {
        let read = decode(Index(record.index.0 ^ 1), &bytes(&record));
        let refused = matches!(read, Err(CodecError::Index { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn an_unknown_field_is_refused(record in record()) {
        let mut bytes = bytes(&record);
        // Field 100, a varint.
        bytes.extend([0xa0, 0x06, 0x01]);
        prop_assert!(matches!(decode(record.index, &bytes), Err(CodecError::UnknownFields("record"))));
    }
}

#[test]
fn an_unknown_format_is_told_apart_even_when_nothing_else_is_understood() {
    let record = typical();
    let mut newer = bytes(&record);
    newer[1] = 2;
    assert!(matches!(decode(record.index, &newer), Err(CodecError::Format { found: 2 })));
    assert!(matches!(decode(record.index, &[0x08, 0x96, 0x01, 0xff, 0xff]), Err(CodecError::Format { found: 150 })));
    assert!(matches!(decode(record.index, &[]), Err(CodecError::Missing("format"))));
    assert!(matches!(decode(record.index, &newer[2..]), Err(CodecError::Missing("format"))));
}

#[test]
fn a_record_whose_content_is_gone_keeps_its_structure() {
    use prost::Message as _;
    let whole = typical();
    let mut erased = crate::proto::log::Record::decode(bytes(&whole).as_slice()).expect("a record");
    erased.content.as_mut().expect("content").body.clear();
    let read = decode(whole.index, &erased.encode_to_vec()).expect("a record");
    assert_eq!(read, Record { content: Vec::new(), content_leaf: Some(LeafId(17_123)), ..whole.clone() });

    erased.content = None;
    let read = decode(whole.index, &erased.encode_to_vec()).expect("a record");
    assert_eq!(read, Record { content: Vec::new(), content_leaf: None, ..whole });
}

#[test]
fn content_sealed_by_a_later_version_is_told_apart() {
    use prost::Message as _;
    let record = typical();
    let mut sealed = crate::proto::log::Record::decode(bytes(&record).as_slice()).expect("a record");
    sealed.content.as_mut().expect("content").sealing = 1;
    assert!(matches!(decode(record.index, &sealed.encode_to_vec()), Err(CodecError::Sealing(1))));
}

#[test]
fn a_change_of_an_unknown_kind_is_refused() {
    use prost::Message as _;
    let record = typical();
    let mut newer = crate::proto::log::Record::decode(bytes(&record).as_slice()).expect("a record");
    newer.changes[0].kind = None;
    assert!(matches!(decode(record.index, &newer.encode_to_vec()), Err(CodecError::Missing("kind of change"))));
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
        encode(std::hint::black_box(&record), &mut out);
    }
    println!("encode {:?}", start.elapsed() / ROUNDS);
    let start = std::time::Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(decode(record.index, std::hint::black_box(&out))).expect("a record");
    }
    println!("decode {:?}", start.elapsed() / ROUNDS);
}
