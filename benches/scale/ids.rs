//! The hourly files of remembered ids, made as a daemon's are, and counted instead of written.

use skein::domain::State;
use skein::domain::id::{Index, Name};
use skein::domain::record::Record;
use skein::domain::remembered::seen_in;
use skein::log::hours::{Head, Hour, encode};

use crate::core::SHARD;

/// The hour that runs, and what the files before it took.
#[derive(Default)]
pub(crate) struct Ids {
    hour: Option<Hour>,
    keys: Vec<(u64, Index)>,
    pub(crate) ids: usize,
    pub(crate) bytes: usize,
}

impl Ids {
    /// Notes a record; the file of an hour that is over is made, and the state need not remember what is in it.
    pub(crate) fn note(&mut self, state: &mut State, record: &Record) {
        let hour = Hour::of(record.time);
        if let Some(over) = self.hour.replace(hour).filter(|over| *over != hour) {
            if let Some((_, first)) = self.keys.first().copied() {
                let head = Head { hour: over, first, next: record.index, chain: 0 };
                self.ids += self.keys.len();
                self.bytes += encode(&Name::const_new(SHARD), &head, self.keys.drain(..)).len();
            }
            state.archived(hour.begin());
        }
        self.keys.extend(seen_in(record).map(|(key, _)| (key, record.index)));
    }

    /// Counts from here.
    pub(crate) fn count(&mut self) {
        (self.ids, self.bytes) = (0, 0);
    }
}
