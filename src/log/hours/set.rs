//! The hourly files that may be asked, and up to when they have everything.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::file::HourFile;
use crate::domain::id::Index;
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, Default)]
struct Set {
    /// The oldest first.
    files: Vec<Arc<HourFile>>,
    /// They have everything that was remembered before; 0: nothing is known yet.
    through: Timestamp,
    /// How often one could not be read.
    doubts: u64,
}

/// The files of a shard. Cheap to clone; whoever keeps them up changes all clones.
#[derive(Clone, Debug)]
pub struct Hours(Arc<watch::Sender<Set>>);

impl Default for Hours {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Set::default())))
    }
}

impl Hours {
    /// They have everything that was remembered before this; 0: nothing may be asked yet.
    #[must_use]
    pub fn through(&self) -> Timestamp {
        self.0.borrow().through
    }

    /// Waits until they have everything that was remembered before `at`. Cancel-safe.
    pub async fn reach(&self, at: Timestamp) {
        // Whoever waits holds a sender: the channel does not close.
        let _ = self.0.subscribe().wait_for(|set| set.through >= at && set.through > Timestamp::default()).await;
    }

    /// Of each question the records that may have remembered the key, the newest last, and up to when that is all of them. Blocking: reads
    /// the disk. A question is two keys and since when; the second is looked for where there is something of the first.
    ///
    /// # Errors
    /// The disk: the files are not to be trusted then, and not asked until they are looked through again.
    pub fn find(&self, questions: &[Question]) -> io::Result<(Timestamp, Vec<[Vec<Index>; 2]>)> {
        let set = self.0.borrow().clone();
        let found = questions.iter().map(|question| set.find(question)).collect::<io::Result<_>>();
        if found.is_err() {
            self.0.send_modify(|now| *now = Set { doubts: now.doubts + 1, ..Set::default() });
        }
        Ok((set.through, found?))
    }

    /// How many keys they hold, in how many files.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let set = self.0.borrow();
        (set.files.iter().map(|file| file.rows()).sum(), set.files.len())
    }

    /// How often a file could not be read.
    pub(super) fn doubts(&self) -> u64 {
        self.0.borrow().doubts
    }

    /// From now on these, unless a file could not be read since there were so many doubts.
    pub(super) fn put(&self, files: &[Arc<HourFile>], through: Timestamp, doubts: u64) {
        self.0.send_if_modified(|now| {
            let wanted = now.doubts == doubts && now.through < through;
            if wanted {
                *now = Set { files: files.to_vec(), through, doubts };
            }
            wanted
        });
    }
}

/// Two keys, and since when they may have been remembered; none: for as long as anything is. The second is looked for only where there is
/// something of the first.
pub type Question = ([u64; 2], Option<Timestamp>);

impl Set {
    fn find(&self, (keys, since): &Question) -> io::Result<[Vec<Index>; 2]> {
        let is_before = |since: Timestamp| move |file: &Arc<HourFile>| file.head().hour.next().begin() <= since;
        let from = since.map_or(0, |since| self.files.partition_point(is_before(since)));
        let look = |key: u64| {
            let mut records = Vec::new();
            self.files[from..].iter().try_for_each(|file| file.find(key, &mut records)).map(|()| records)
        };
        let first = look(keys[0])?;
        let second = if first.is_empty() { Vec::new() } else { look(keys[1])? };
        Ok([first, second])
    }
}
