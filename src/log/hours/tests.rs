//! The files against a plain list, and against whatever can happen to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::domain::id::{Index, Name};
use crate::domain::record::{Cause, Change, MessageStored, Record};
use crate::domain::time::Timestamp;
use crate::keys::KeyRings;
use crate::log::codec::Packed;
use crate::log::{EventLog, LogOptions, MemoryLog, Tip, Writer};

const HOUR_MS: i64 = 3_600_000;
/// An hour of 2026.
const BEGIN: Hour = Hour(490_000);

fn shard() -> Name {
    Name::new("s1")
}

fn head(first: u64, next: u64) -> Head {
    Head { hour: BEGIN, first: Index(first), next: Index(next), chain: 7 }
}

fn found(file: &HourFile, key: u64) -> Vec<u64> {
    let mut found = Vec::new();
    file.find(key, &mut found).expect("the disk answers");
    found.into_iter().map(|index| index.0).collect()
}

proptest! {
    /// Keys of few bits, so that equal ones are many, and some fill whole pages.
    #[test]
    fn a_file_knows_what_a_plain_list_knows(keys in proptest::collection::vec(0u64..40, 1..2_500), bits in 0u32..=40) {
        let folder = TempDir::new().expect("a folder");
        let files = HourFolder::new(folder.path(), shard());
        let keys: Vec<(u64, Index)> = (100..).map(Index).zip(keys).map(|(index, key)| (key << (63 - bits) | 5, index)).collect();
        let mut plain: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (key, index) in &keys {
            plain.entry(key >> 24).or_default().push(index.0);
        }
        let file = files.write(&head(100, 100_000), keys.iter().copied()).expect("it is written");
        prop_assert_eq!(file.rows(), keys.len());
        for key in (0..41).map(|key| key << (63 - bits) | 5) {
            prop_assert_eq!(found(&file, key), plain.get(&(key >> 24)).cloned().unwrap_or_default());
        }
    }
}

#[test]
fn an_id_takes_10_bytes_and_a_file_80_more() {
    let keys = |count: u64| (0..count).map(|number| (number << 30, Index(number)));
    assert_eq!(encode(&shard(), &head(0, 9), keys(0)).len(), 80);
    assert!(encode(&shard(), &head(0, 9), keys(1_000)).len() <= 1_000 * 12);
    assert_eq!(encode(&shard(), &head(0, 9), keys(1_000)).len(), 80 + 1_000 * ENTRY_BYTES);
}

#[test]
fn a_file_that_is_not_what_was_written_is_not_used() {
    let folder = TempDir::new().expect("a folder");
    let files = HourFolder::new(folder.path(), shard());
    files.write(&head(1, 50), (1..50).map(|at| (at << 40, Index(at)))).expect("it is written");
    let path = folder.path().join("s1/hours/490000.ids");
    let whole = fs::read(&path).expect("it stands");
    HourFile::open(&path, &shard()).expect("it is whole");
    assert!(HourFile::open(&path, &Name::new("s2")).is_err(), "of another shard");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).expect("damage it");
        assert!(HourFile::open(&path, &shard()).is_err(), "byte {at}");
    }
    for length in [0, 7, 47, 79, 80, whole.len() - 10, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("cut it");
        assert!(HourFile::open(&path, &shard()).is_err(), "{length} bytes");
    }
}

/// A log, what it remembers, and a keeper of its files.
struct Bed {
    log: MemoryLog,
    writer: Writer,
    folder: TempDir,
    remembered: Vec<(u64, Index, Timestamp)>,
    last: Reached,
}

impl Bed {
    async fn new() -> Self {
        let log = MemoryLog::new(LogOptions::new("s1"));
        let writer = log.take_over(Tip::ORIGIN, &[]).await.expect("an empty log");
        Self {
            log,
            writer,
            folder: TempDir::new().expect("a folder"),
            remembered: Vec::new(),
            last: Reached::default(),
        }
    }

    /// One record in each of so many steps.
    async fn records(&mut self, count: usize, step_ms: i64) {
        for _ in 0..count {
            let entry = self.writer.next_index();
            let index = Index::at(entry, 0);
            let time = Timestamp(self.last.time.0.max(BEGIN.begin().0) + step_ms);
            let key = (entry + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let stored = MessageStored { duplicate_key: key, digest: entry, ..MessageStored::default() };
            let record = Record {
                index,
                time,
                workspace: Name::new("acme"),
                cause: Cause::System,
                touches: [].into_iter().collect(),
                changes: [Change::MessageStored(Box::new(stored))].into_iter().collect(),
                content: Vec::new(),
                content_leaf: None,
            };
            let mut packed = Packed::default();
            assert!(packed.stage(&record, &KeyRings::default(), 1 << 20));
            packed.add_staged();
            self.writer.append("skein.log.s1.acme.c".into(), packed.bytes()).expect("it is taken");
            self.writer.room().await.expect("it is open");
            self.remembered.push((key, index, time));
            self.last = Reached { head: index, time };
        }
        let mut progress = self.writer.progress();
        let head = self.last.head.entry();
        progress.wait_for(|progress| progress.durable.index >= head).await.expect("all is durable");
    }

    /// A keeper that has caught up.
    async fn kept(&self) -> (Hours, AbortOnDropHandle<()>, watch::Sender<Reached>) {
        let (sender, reached) = watch::channel(self.last);
        let hours = Hours::default();
        let keeper = HourKeeper {
            log: Arc::new(self.log.clone()),
            folder: HourFolder::new(self.folder.path(), shard()),
            hours: hours.clone(),
            reached,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(keeper.run()));
        self.reach(&hours).await;
        (hours, task, sender)
    }

    async fn reach(&self, hours: &Hours) {
        let end = Hour::of(self.last.time).begin();
        let reached = tokio::time::timeout(std::time::Duration::from_secs(30), hours.reach(end)).await;
        reached.expect("the files are made");
    }

    /// Everything of the hours that are over, and count, is found, and nothing else.
    fn complete(&self, hours: &Hours) {
        let end = Hour::of(self.last.time);
        assert_eq!(hours.through(), end.begin());
        for (key, index, time) in &self.remembered {
            let hour = Hour::of(*time);
            let expected: &[Index] = if end.first_remembered() <= hour && hour < end { &[*index] } else { &[] };
            for since in [None, Some(*time)] {
                let (_, found) = hours.find(&[([*key, *key], since)]).expect("the disk answers");
                assert_eq!(found[0], [expected, expected], "{key:x} of {time:?}");
            }
            let (_, found) = hours.find(&[([*key ^ (1 << 50), *key], None)]).expect("the disk answers");
            assert_eq!(found[0], [const { Vec::new() }; 2], "another key");
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path().join("s1/hours")).expect("it is there");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("listed").path()).collect();
        paths.sort();
        paths
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        self.files().iter().map(|path| fs::read(path).expect("it is read")).collect()
    }
}

#[tokio::test]
async fn every_hour_that_is_over_has_its_file_and_the_one_that_runs_has_none() {
    let mut bed = Bed::new().await;
    bed.records(50, HOUR_MS / 7).await;
    let (hours, _task, reached) = bed.kept().await;
    bed.complete(&hours);
    assert_eq!(bed.files().len(), 7);
    // It goes on with the log, over hours in which nothing is recorded.
    bed.records(1, 5 * HOUR_MS).await;
    bed.records(10, HOUR_MS / 4).await;
    reached.send_replace(bed.last);
    bed.reach(&hours).await;
    bed.complete(&hours);
}

#[tokio::test]
async fn whoever_begins_anew_uses_what_is_there_and_makes_what_is_not() {
    let mut bed = Bed::new().await;
    bed.records(60, HOUR_MS / 3).await;
    drop(bed.kept().await);
    let (made, paths) = (bed.bytes(), bed.files());
    assert_eq!(made.len(), 20);
    // One is gone, one is damaged, one was never finished.
    fs::remove_file(&paths[3]).expect("remove");
    let mut bytes = made[9].clone();
    bytes[85] ^= 1;
    fs::write(&paths[9], bytes).expect("damage");
    let half = paths[0].with_extension("new-1");
    fs::write(&half, &made[0][..40]).expect("half a file");
    let untouched = fs::metadata(&paths[5]).expect("it stands").modified().expect("a time");
    let (hours, ..) = bed.kept().await;
    bed.complete(&hours);
    assert_eq!(bed.bytes(), made, "the same bytes again, and nothing else");
    assert_eq!(fs::metadata(&paths[5]).expect("it stands").modified().expect("a time"), untouched, "used as it is");
}

#[tokio::test]
async fn what_is_older_than_8_days_is_not_made_and_is_removed() {
    let mut bed = Bed::new().await;
    bed.records(240, HOUR_MS).await;
    let (hours, _task, reached) = bed.kept().await;
    bed.complete(&hours);
    let count = hours.size().1;
    assert_eq!((count, bed.files().len()), (192, 192));
    bed.records(20, HOUR_MS).await;
    reached.send_replace(bed.last);
    bed.reach(&hours).await;
    bed.complete(&hours);
    assert_eq!(hours.size().1, count);
    drop((hours, _task, reached));
    let (hours, ..) = bed.kept().await;
    bed.complete(&hours);
}

#[tokio::test]
async fn files_of_another_log_are_not_used() {
    let mut one = Bed::new().await;
    one.records(30, HOUR_MS / 3).await;
    drop(one.kept().await);
    let mut other = Bed::new().await;
    other.records(31, HOUR_MS / 3 - 1).await;
    let made = fs::read_dir(one.folder.path().join("s1/hours")).expect("it is there");
    fs::create_dir_all(other.folder.path().join("s1/hours")).expect("a folder");
    for entry in made.map(|entry| entry.expect("listed")) {
        fs::copy(entry.path(), other.folder.path().join("s1/hours").join(entry.file_name())).expect("copied");
    }
    let (hours, ..) = other.kept().await;
    other.complete(&hours);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_any_more_is_made_again() {
    let mut bed = Bed::new().await;
    bed.records(30, HOUR_MS / 3).await;
    let (hours, _task, reached) = bed.kept().await;
    let paths = bed.files();
    // Its rows are gone while it is open.
    fs::OpenOptions::new().write(true).open(&paths[4]).expect("open").set_len(90).expect("cut");
    let key = bed.remembered[13].0;
    hours.find(&[([key, key], None)]).expect_err("rows are missing");
    assert_eq!(hours.through(), Timestamp::default(), "nothing is asked meanwhile");
    reached.send_replace(bed.last);
    bed.reach(&hours).await;
    bed.complete(&hours);
}
