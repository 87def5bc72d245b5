//! Tests of the snapshots on a local disk.

use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::domain::event::{AddressKind, Assurance, Scope};
use crate::domain::evolve;
use crate::domain::id::{Index, LeafId, Position, RootId};
use crate::domain::record::{Cause, Change, Evidence, IdentityOpened, IdentityStatus, Personal, PersonalValue, Record};
use crate::domain::time::Timestamp;
use crate::log::snapshot::Ends;
use crate::log::{LastEntry, Places, Tip};

const ADDRESS: &str = "anna0@example.org";

/// A shard that knows as many customers.
fn state(customers: u32) -> State {
    let mut state = State::new(Name::new("s1"));
    opened(&mut state, "acme", customers);
    state
}

/// One more workspace, which has as many.
fn opened(state: &mut State, workspace: &str, customers: u32) {
    let mut note = |changes: Vec<Change>, content: Vec<Personal>, leaf| {
        let index = state.head().next();
        let record = Record {
            index,
            time: Timestamp(1_000),
            workspace: Name::new(workspace),
            cause: Cause::System,
            touches: Default::default(),
            changes: changes.into_iter().collect(),
            content,
            content_leaf: leaf,
        };
        evolve(state, &record);
    };
    note(vec![Change::WorkspaceOpened { hash_key: [7; 16] }], Vec::new(), None);
    for leaf in 0..customers {
        let opened = IdentityOpened {
            leaf: LeafId(leaf),
            root: RootId(leaf),
            kind: AddressKind::Email,
            namespace_scope: Name::default(),
            scope: Scope::Direct,
            hash: leaf.into(),
            generation: 1,
            normaliser: 1,
            status: IdentityStatus::Verified,
            shared: false,
            assurance: Assurance::Platform,
            evidence: Evidence::First,
            beside: None,
        };
        let address = PersonalValue::Address(Name::new(format!("anna{leaf}@example.org")));
        note(vec![Change::IdentityOpened(opened)], vec![Personal { place: 0, value: address }], Some(LeafId(leaf)));
    }
}

struct Shelf {
    folder: Folder,
    keys: KeyRings,
    at: TempDir,
}

impl Shelf {
    fn new() -> Self {
        let at = TempDir::new().expect("a folder");
        let folder = Folder::new(at.path(), Name::new("s1"));
        Self { folder, keys: KeyRings::unstored(&["acme"], 1), at }
    }

    fn write(&self, customers: u32) -> Manifest {
        self.write_with(&state(customers), Ends::new(), &self.keys).expect("written")
    }

    fn write_with(&self, state: &State, ends: Ends, keys: &KeyRings) -> Result<Manifest, SnapshotError> {
        let cut = state.cut();
        let manifest = Manifest::new(&cut, LastEntry { tip: Tip::ORIGIN, chain: 0 }, Places::default(), ends);
        self.folder.write(&cut, b"beside", manifest, keys)
    }

    fn heads(&self) -> Vec<u64> {
        let (found, unread) = self.folder.list().expect("listed");
        assert!(unread.is_empty(), "{unread:?}");
        found.iter().map(|manifest| manifest.head.entry()).collect()
    }

    fn path(&self, manifest: &Manifest, file: &str) -> PathBuf {
        self.folder.path_of(manifest).join(file)
    }
}

#[test]
fn what_is_written_is_read_and_its_words_are_sealed() {
    let shelf = Shelf::new();
    let manifest = shelf.write(100);
    let (back, beside) = shelf.folder.read(&manifest, &shelf.keys).expect("read");
    assert_eq!(beside.as_deref(), Some(&b"beside"[..]));
    assert_eq!(back.workspace("acme").map(|space| space.identities()), Some(100));
    assert_eq!(format!("{:?}", back.head()), format!("{:?}", state(100).head()));
    for file in &manifest.files {
        let bytes = fs::read(shelf.path(&manifest, &file.name)).expect("read");
        assert!(!bytes.windows(ADDRESS.len()).any(|part| part == ADDRESS.as_bytes()));
    }
    let plain = codec(&state(1));
    assert!(plain.windows(ADDRESS.len()).any(|part| part == ADDRESS.as_bytes()), "it is there, unsealed");
    let others = KeyRings::unstored(&["acme"], 1);
    assert!(matches!(shelf.folder.read(&manifest, &others), Err(SnapshotError::Open(_))), "other keys");
}

fn codec(state: &State) -> Vec<u8> {
    state.cut().parts().flat_map(|(_, part)| super::super::codec::encode(&part).expect("encoded")).collect()
}

#[test]
fn one_changed_bit_anywhere_is_noticed() {
    let shelf = Shelf::new();
    let manifest = shelf.write(3);
    let part = shelf.path(&manifest, "part-00000");
    let bytes = fs::read(&part).expect("read");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(&part, damaged).expect("write");
        assert!(matches!(shelf.folder.read(&manifest, &shelf.keys), Err(SnapshotError::Damaged(_))), "byte {at}");
    }
    fs::write(&part, &bytes[..bytes.len() - 1]).expect("write");
    assert!(matches!(shelf.folder.read(&manifest, &shelf.keys), Err(SnapshotError::Damaged(_))), "cut off");
    fs::write(&part, &bytes).expect("write");
    assert!(shelf.folder.read(&manifest, &shelf.keys).is_ok());
}

#[test]
fn without_a_digest_bad_bytes_are_an_error_and_no_panic() {
    let shelf = Shelf::new();
    let mut manifest = shelf.write(3);
    let part = shelf.path(&manifest, "part-00000");
    let bytes = fs::read(&part).expect("read");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x80;
        fs::write(&part, &damaged).expect("write");
        manifest.files[0].sha256 = digest(&damaged);
        // What is not sealed says little and may be read otherwise; nothing of it may panic.
        let _ = shelf.folder.read(&manifest, &shelf.keys);
    }
}

#[test]
fn what_was_never_finished_never_was_and_only_the_newest_are_kept() {
    let shelf = Shelf::new();
    assert!(shelf.heads().is_empty(), "there is no folder yet");
    // Heads are numbers of records; sixteen of an entry.
    let manifests: Vec<Manifest> = [15, 31, 47].map(|customers| shelf.write(customers)).into();
    assert_eq!(shelf.heads(), [3, 2, 1]);
    fs::remove_file(shelf.path(&manifests[2], MANIFEST)).expect("removed");
    assert_eq!(shelf.heads(), [2, 1]);
    shelf.folder.keep(1).expect("kept");
    assert_eq!(shelf.heads(), [2]);
    let left = fs::read_dir(shelf.at.path().join("s1")).expect("listed").count();
    assert_eq!(left, 2, "it and the lock: what was never finished is gone, too");
    assert_eq!(shelf.write(31).head, manifests[1].head, "it takes the place of the one that was");
    assert_eq!(shelf.heads(), [2]);
}

#[test]
fn what_holds_the_erased_is_overwritten_and_goes_as_soon_as_a_newer_one_stands() {
    let shelf = Shelf::new();
    let old = shelf.write(15);
    let mut held = fs::File::open(shelf.path(&old, "part-00000")).expect("open");
    let mut manifest = shelf.write(31);
    shelf.folder.keep(2).expect("kept");
    assert_eq!(shelf.heads(), [2, 1]);
    // One more is erased.
    manifest.erased += 1;
    fs::write(shelf.path(&manifest, MANIFEST), serde_json::to_vec(&manifest).expect("JSON")).expect("write");
    shelf.folder.keep(2).expect("kept");
    assert_eq!(shelf.heads(), [2]);
    let mut left = Vec::new();
    held.read_to_end(&mut left).expect("read");
    assert!(left.len() as u64 == old.files[0].bytes && left.iter().all(|byte| *byte == 0), "{left:?}");
}

#[test]
fn other_layouts_and_other_shards_are_told_and_left_out() {
    let shelf = Shelf::new();
    let manifest = shelf.write(1);
    let path = shelf.path(&manifest, MANIFEST);
    let text = fs::read_to_string(&path).expect("read");
    for (from, to) in [("\"format\": 2", "\"format\": 3"), ("\"shard\": \"s1\"", "\"shard\": \"s2\"")] {
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).expect("write");
        let (found, unread) = shelf.folder.list().expect("listed");
        assert!(found.is_empty());
        let told = matches!(unread[..], [SnapshotError::Format(3)] | [SnapshotError::OtherShard(_)]);
        assert!(told, "{unread:?}");
    }
}

#[test]
fn no_piece_stands_in_the_place_of_another() {
    let shelf = Shelf::new();
    let mut manifest = shelf.write(3);
    let part = shelf.path(&manifest, "part-00000");
    let bytes = fs::read(&part).expect("read");
    let mut pieces = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        let (piece, more) = rest.split_at(4 + u32::from_le_bytes(*length) as usize);
        pieces.push(piece);
        rest = more;
    }
    // The shard's, the workspace's, its leaves.
    assert_eq!(pieces.len(), 3);
    pieces.swap(1, 2);
    let swapped = pieces.concat();
    fs::write(&part, &swapped).expect("write");
    manifest.files[0].sha256 = digest(&swapped);
    let read = shelf.folder.read(&manifest, &shelf.keys);
    assert!(matches!(read, Err(SnapshotError::Open(_))), "{:?}", read.map(drop));
}

#[test]
fn a_workspace_that_is_served_no_longer_is_left_out_until_it_is_served_again() {
    let shelf = Shelf::new();
    let mut state = state(20);
    opened(&mut state, "gone", 30);
    let manifest = shelf.write_with(&state, Ends::new(), &shelf.keys).expect("written without it");
    assert_eq!(
        (manifest.workspaces.clone(), manifest.closed.clone()),
        (vec![Name::new("acme")], vec![Name::new("gone")])
    );
    let identities = |state: &State, name: &str| state.workspace(name).map(|space| space.identities());
    let (back, _) = shelf.folder.read(&manifest, &shelf.keys).expect("read");
    assert_eq!((identities(&back, "acme"), identities(&back, "gone")), (Some(20), None));
    manifest.check(&shelf.keys, &Ends::new()).expect("it is used");
    let both = KeyRings::unstored(&["acme", "gone"], 1);
    let again = manifest.check(&both, &Ends::new());
    assert!(matches!(&again, Err(SnapshotError::Reopened(name)) if name == "gone"), "{again:?}");
    // One of the time before is read without it.
    let whole = shelf.write_with(&state, Ends::new(), &both).expect("written");
    assert!(whole.closed.is_empty());
    let without =
        KeyRings::new([both.get("acme").expect("a ring").clone()].into_iter(), Arc::new(tokio::sync::Notify::new()));
    whole.check(&without, &Ends::new()).expect("it is used");
    let (back, _) = shelf.folder.read(&whole, &without).expect("read");
    assert_eq!((identities(&back, "acme"), identities(&back, "gone")), (Some(20), None));
}

#[tokio::test]
async fn a_snapshot_whose_outputs_are_lost_is_passed_over_for_one_before_them() {
    let shelf = Shelf::new();
    let end = |sequence: u64, index: u64| {
        let position = Position { index: Index(index), output: 0 };
        Ends::from([(Name::new("OUT"), (sequence, Some(position))), (Name::new("DEAD"), (0, None))])
    };
    let old = shelf.write_with(&state(15), end(5, 50), &shelf.keys).expect("written");
    let new = shelf.write_with(&state(31), end(7, 70), &shelf.keys).expect("written");
    let on_disk = super::super::Shelf::new(shelf.folder.clone(), None);
    let used = async |ends: Ends| {
        let (found, witnesses) = on_disk.newest(&shelf.keys, &ends, None).await;
        assert_eq!(witnesses.len(), 2, "each has seen how long the log was");
        found.map(|found| found.manifest.head)
    };
    assert_eq!(used(end(7, 70)).await, Some(new.head));
    assert_eq!(used(end(9, 90)).await, Some(new.head));
    let aged = Ends::from([(Name::new("OUT"), (7, None))]);
    assert_eq!(used(aged).await, Some(new.head), "its last message is gone by age");
    assert_eq!(used(end(6, 60)).await, Some(old.head), "it lost its end");
    assert_eq!(used(end(7, 60)).await, Some(old.head), "another message is there");
    assert_eq!(used(end(4, 40)).await, None, "the whole log is folded");
    assert_eq!(used(Ends::new()).await, Some(new.head), "it is served no longer");
}

/// Says to a test that it is the process that another one of it has begun, and where it is to write.
const FOLDER: &str = "SKEIN_TEST_FOLDER";

/// The test of that name, as a process of its own that writes to the folder; `before`: what a shell does first.
fn alone(name: &str, before: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    let test = format!("{}::{name}", module_path!().split_once("::").expect("a module of the crate").1);
    let program = std::env::current_exe().expect("the path of the tests");
    command.arg("-c").arg(format!("{before} exec \"$0\" \"$@\"")).arg(program).args([&test, "--exact", "--nocapture"]);
    command.env(FOLDER, folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn shelf_of_process(folder: &Path) -> (Folder, KeyRings) {
    (Folder::new(folder, Name::new("s1")), KeyRings::numbered(&["acme"], 2))
}

fn write_to((folder, keys): &(Folder, KeyRings), customers: u32) -> Result<Manifest, SnapshotError> {
    let cut = state(customers).cut();
    let manifest = Manifest::new(&cut, LastEntry { tip: Tip::ORIGIN, chain: 0 }, Places::default(), Ends::new());
    folder.write(&cut, b"beside", manifest, keys)
}

fn unfinished(folder: &Folder) -> usize {
    folder.folders().expect("listed").iter().filter(|path| !path.join(MANIFEST).exists()).count()
}

#[test]
fn a_disk_without_room_keeps_the_snapshot_before_and_nothing_half_written() {
    if let Some(path) = std::env::var_os(FOLDER) {
        let shelf = shelf_of_process(Path::new(&path));
        let small = write_to(&shelf, 15).expect("there is room for it");
        let full = write_to(&shelf, 4_000);
        assert!(matches!(full, Err(SnapshotError::Disk { operation: "write", .. })), "{full:?}");
        assert_eq!(unfinished(&shelf.0), 0, "its room is given back");
        let (found, unread) = shelf.0.list().expect("listed");
        assert!(unread.is_empty() && found == [small.clone()]);
        shelf.0.read(&small, &shelf.1).expect("it is whole");
        return;
    }
    let at = TempDir::new().expect("a folder");
    // No file may be larger than 32 or 64 KiB, as the shell counts; what is too large is an error and no signal.
    let test = "a_disk_without_room_keeps_the_snapshot_before_and_nothing_half_written";
    let ended = alone(test, "trap '' XFSZ; ulimit -f 64;", at.path()).status().expect("run it");
    assert!(ended.success(), "{ended}");
    let shelf = shelf_of_process(at.path());
    assert_eq!(shelf.0.list().expect("listed").0.len(), 1, "it ran");
}

#[test]
fn whoever_is_killed_amid_writing_leaves_snapshots_that_are_whole() {
    /// Of the first snapshot, and how many more each next one has.
    const CUSTOMERS: u32 = 1_600;
    if let Some(path) = std::env::var_os(FOLDER) {
        let shelf = shelf_of_process(Path::new(&path));
        for more in 0.. {
            write_to(&shelf, CUSTOMERS + 16 * more).expect("written");
            shelf.0.keep(3).expect("kept");
        }
    }
    let at = TempDir::new().expect("a folder");
    let shelf = shelf_of_process(at.path());
    let (mut amid, mut known) = (0, 0);
    while amid < 3 {
        let mut writer = alone("whoever_is_killed_amid_writing_leaves_snapshots_that_are_whole", "", at.path())
            .spawn()
            .expect("run it");
        // One stands, and the next is begun.
        while shelf.0.list().map_or(true, |(found, _)| found.is_empty()) || unfinished(&shelf.0) == 0 {
            assert!(writer.try_wait().expect("ask for it").is_none(), "it ended by itself");
        }
        writer.kill().expect("kill it");
        writer.wait().expect("it is our child");
        amid += unfinished(&shelf.0);
        let (found, unread) = shelf.0.list().expect("listed");
        assert!(unread.is_empty(), "{unread:?}");
        for manifest in &found {
            let (back, _) = shelf.0.read(manifest, &shelf.1).expect("it is whole");
            let customers = back.workspace("acme").map_or(0, |space| space.identities());
            assert!(customers >= CUSTOMERS as usize, "{customers}");
        }
        known = known.max(found.len());
    }
    assert!(known > 0);
    write_to(&shelf, CUSTOMERS).expect("written");
    assert_eq!(unfinished(&shelf.0), 0, "what was never finished is gone");
}
