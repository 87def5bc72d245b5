//! A snapshot of the core on a disk: taken while it works, and read back.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};
use skein::domain::State;
use skein::domain::id::Name;
use skein::domain::snapshot::Cut;
use skein::keys::KeyRings;
use skein::log::snapshot::{Ends, Folder, Manifest};
use skein::log::{LastEntry, Places, Tip};

use crate::core::{Core, SHARD, WORKSPACE_NAME};

/// Where snapshots are.
pub(crate) struct Disk {
    folder: Folder,
    keys: KeyRings,
    at: tempfile::TempDir,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let at = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let folder = Folder::new(at.path(), Name::const_new(SHARD));
        Self { folder, keys: KeyRings::unstored(&[WORKSPACE_NAME], 1), at }
    }

    fn write(&self, cut: &Cut) -> Manifest {
        let last = LastEntry { tip: Tip::ORIGIN, chain: 0 };
        let manifest = Manifest::new(cut, last, Places::default(), Ends::new());
        self.folder.write(cut, b"", manifest, &self.keys).expect("there is room for it")
    }

    /// The longest turn while a snapshot is written beside the core, which goes on as fast as it can: the cut is one of them.
    pub(crate) fn take(&self, core: &mut Core, customers: u32) -> Taken {
        core.longest();
        let begun = Instant::now();
        let cut = core.state.cut();
        let cut_in = begun.elapsed();
        let (manifest, visits) = std::thread::scope(|scope| {
            let written = scope.spawn(|| self.write(&cut));
            let mut visits = 0;
            while !written.is_finished() {
                core.one_visits(customers);
                visits += 1;
            }
            (written.join().expect("it is written"), visits)
        });
        let (written_in, begun) = (begun.elapsed(), Instant::now());
        // Off the turns in the daemon, too.
        drop(cut);
        let taken =
            Taken { cut: cut_in, longest: core.longest(), written_in, dropped_in: begun.elapsed(), visits, manifest };
        self.drop_from_memory(&taken.manifest);
        taken
    }

    /// The next reading is from the disk.
    fn drop_from_memory(&self, manifest: &Manifest) {
        let folder = self.at.path().join(SHARD).join(format!("{:020}", manifest.head.entry()));
        for entry in std::fs::read_dir(&folder).expect("it is there").flatten() {
            drop_file(&entry.path());
        }
    }

    pub(crate) fn read(&self, manifest: &Manifest) -> State {
        self.folder.read(manifest, &self.keys).expect("it is whole").0
    }
}

fn drop_file(path: &Path) {
    let file = File::open(path).expect("it is there");
    fadvise(&file, 0, None, Advice::DontNeed).expect("the kernel takes advice");
}

/// How a snapshot was taken.
pub(crate) struct Taken {
    pub(crate) cut: Duration,
    /// The longest decision with its fold.
    pub(crate) longest: Duration,
    pub(crate) written_in: Duration,
    pub(crate) dropped_in: Duration,
    pub(crate) visits: u64,
    pub(crate) manifest: Manifest,
}
