//! The log as the servers hold it, and one owner's way into it: fenced appends in flight, lost, landed without an ack, refused,
//! reconciled; records of an older epoch are void (design, law 4).

use std::collections::VecDeque;
use std::sync::Arc;

use skein::domain::id::{Index, Name};
use skein::domain::record::Record;
use skein::shard::{AppendError, Appender};

/// Appends in flight at most.
const IN_FLIGHT: usize = 12;

/// What one append holds: the records decided since the one before.
type Entry = Arc<Vec<Arc<Record>>>;

/// What is broken on purpose, for the negative controls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sabotage {
    /// The log takes an append whatever sequence it expects.
    pub(crate) no_fence: bool,
    /// Records of a deposed owner count.
    pub(crate) no_voiding: bool,
    /// Durable rises when a record is handed to the network.
    pub(crate) early_effects: bool,
    /// Whoever asks what is older than the state gets nothing.
    pub(crate) no_archive: bool,
    /// A provider's retry is not recognisable.
    pub(crate) no_dedup: bool,
    /// Timers of Works without their owner never fire.
    pub(crate) deaf_timer: bool,
    /// A person may have any number of CRM ids and logins.
    pub(crate) many_values: bool,
    /// Credits count for as much as they are.
    pub(crate) endless_credit: bool,
    /// A snapshot is taken before the outputs up to it are handed over.
    pub(crate) early_snapshots: bool,
    /// Changes a record before it is checked.
    pub(crate) tamper: Option<fn(&mut Record)>,
    /// Changes a record before the history checker sees it, and nobody else.
    pub(crate) history: Option<fn(&mut Record)>,
}

/// The stream of the log.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) sabotage: Sabotage,
    length: usize,
    epoch: u64,
    /// A void record has come since the last `Epoch`: what its owner had in flight may fit behind it and leave a hole, so that
    /// all of it is void, too.
    epoch_over: bool,
    valid: Vec<Arc<Record>>,
    void: u64,
}

/// One append on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    expected: usize,
    epoch: u64,
    /// None: an `Epoch`.
    entry: Option<Entry>,
}

impl Store {
    pub(crate) fn new(sabotage: Sabotage) -> Self {
        Self { sabotage, ..Self::default() }
    }

    /// Takes an append if its predicted sequence fits.
    pub(crate) fn append(&mut self, flight: &Flight) -> bool {
        if flight.expected != self.length && !self.sabotage.no_fence {
            return false;
        }
        self.length += 1;
        match &flight.entry {
            None => {
                self.epoch = flight.epoch;
                self.epoch_over = false;
            }
            Some(_) if (flight.epoch < self.epoch || self.epoch_over) && !self.sabotage.no_voiding => {
                self.void += 1;
                self.epoch_over = true;
            }
            Some(entry) => self.valid.extend(entry.iter().cloned()),
        }
        true
    }

    /// Indexed records, as every reader sees them.
    pub(crate) fn valid(&self) -> &[Arc<Record>] {
        &self.valid
    }

    /// The record of a number, if it is stored.
    pub(crate) fn record(&self, index: Index) -> Option<&Arc<Record>> {
        self.valid.get(self.valid.partition_point(|record| record.index < index)).filter(|record| record.index == index)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn void(&self) -> u64 {
        self.void
    }

    /// Appends an `Epoch`, fenced on the end that was just read.
    fn begin_epoch(&mut self) -> u64 {
        let flight = Flight { expected: self.length, epoch: self.epoch + 1, entry: None };
        self.append(&flight);
        self.epoch
    }
}

/// Where the writer of one owner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Appending,
    /// The outcome of what is in flight is not known: nothing more is appended.
    Unknown,
    /// The own `Epoch` is appended, what lies between is not read yet.
    Reconciling,
    /// A newer epoch was found: the state is to be discarded.
    Deposed,
}

/// Appends of one owner.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) standing: Standing,
    epoch: u64,
    /// The last record taken.
    head: Index,
    next: usize,
    /// Decided, and not sent yet: lost with the process.
    open: Vec<Arc<Record>>,
    /// On the way to the store, in order.
    sent: VecDeque<Flight>,
    /// The last record of each entry that is stored; the ack is on its way back.
    landed: VecDeque<Index>,
    /// Everything sent that no ack has come for.
    unacked: VecDeque<Entry>,
}

impl Appender for Writer {
    fn has_room(&self) -> bool {
        self.standing == Standing::Appending && self.unacked.len() < IN_FLIGHT
    }

    fn next_index(&self, _: &Name) -> Index {
        let full = self.open.len() as u64 == Index::PER_ENTRY;
        if self.open.is_empty() || full { Index::at(self.head.entry() + 1, 0) } else { self.head.next() }
    }

    fn append(&mut self, record: &Record) -> Result<(), AppendError> {
        if self.standing == Standing::Deposed {
            return Err(AppendError::Ended);
        }
        if record.index.place() == 0 {
            self.turn_over();
        }
        self.head = record.index;
        self.open.push(Arc::new(record.clone()));
        Ok(())
    }
}

impl Writer {
    /// Takes the log over.
    pub(crate) fn take_over(store: &mut Store) -> Self {
        let epoch = store.begin_epoch();
        Self {
            standing: Standing::Appending,
            epoch,
            head: store.valid().last().map_or(Index::default(), |record| record.index),
            next: store.length,
            open: Vec::new(),
            sent: VecDeque::new(),
            landed: VecDeque::new(),
            unacked: VecDeque::new(),
        }
    }

    /// What was decided goes out as one entry.
    fn turn_over(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let entry = Arc::new(std::mem::take(&mut self.open));
        if self.standing == Standing::Appending {
            self.send(Arc::clone(&entry));
        }
        self.unacked.push_back(entry);
    }

    fn send(&mut self, entry: Entry) {
        let (expected, epoch) = (self.next, self.epoch);
        self.sent.push_back(Flight { expected, epoch, entry: Some(entry) });
        self.next += 1;
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.len() + usize::from(!self.open.is_empty())
    }

    pub(crate) fn landed(&self) -> usize {
        self.landed.len()
    }

    pub(crate) fn unacked(&self) -> usize {
        self.unacked.len() + usize::from(!self.open.is_empty())
    }

    /// The next append reaches the store, or is lost on the way.
    pub(crate) fn arrive(&mut self, store: &mut Store, lost: bool) {
        self.turn_over();
        let Some(flight) = self.sent.pop_front() else {
            return;
        };
        if lost {
            return;
        }
        if store.append(&flight) {
            self.landed.extend(flight.entry.iter().filter_map(last));
        } else {
            self.give_up();
        }
    }

    /// The next ack comes back, or is lost. Returns what is durable then.
    pub(crate) fn ack(&mut self, lost: bool) -> Option<Index> {
        let index = self.landed.pop_front()?;
        // Durable rises by an unbroken prefix only.
        let is_next = self.unacked.front().is_some_and(|entry| last(entry) == Some(index));
        if lost || !is_next {
            self.give_up();
            return None;
        }
        self.unacked.pop_front();
        Some(index)
    }

    /// No progress in time.
    pub(crate) fn time_out(&mut self) {
        if self.sent.is_empty() && self.landed.is_empty() && !self.unacked.is_empty() {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        if self.standing == Standing::Appending {
            self.standing = Standing::Unknown;
        }
    }

    /// The next step of reconciling: first the own epoch, then what lies between. What was on its way may still arrive later.
    /// Returns what is durable then.
    pub(crate) fn reconcile(&mut self, store: &mut Store, stray: &mut Vec<Flight>) -> Option<Index> {
        stray.extend(self.sent.drain(..));
        self.landed.clear();
        if store.epoch() != self.epoch {
            self.standing = Standing::Deposed;
            return None;
        }
        if self.standing == Standing::Unknown {
            self.epoch = store.begin_epoch();
            self.next = store.length;
            self.standing = Standing::Reconciling;
            return None;
        }
        let stored = store.valid().last().map_or(Index::default(), |record| record.index);
        while self.unacked.front().is_some_and(|entry| last(entry) <= Some(stored)) {
            self.unacked.pop_front();
        }
        self.standing = Standing::Appending;
        // A stray may have landed after the epoch: the first append of the rest is refused then, and reconciled again.
        for entry in self.unacked.clone() {
            self.send(entry);
        }
        Some(stored)
    }

    /// The process ends: what is on its way stays on its way.
    pub(crate) fn crash(&mut self, stray: &mut Vec<Flight>) {
        stray.extend(self.sent.drain(..));
        self.standing = Standing::Deposed;
    }
}

/// Number of an entry's last record.
fn last(entry: &Entry) -> Option<Index> {
    entry.last().map(|record| record.index)
}
