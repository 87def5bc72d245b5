//! State of one shard: its workspaces, and how far its inputs and outputs have come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::{Answer, Arrival};
use super::conversation::wants_older;
use super::id::{Index, Name, Position};
use super::record::{Cause, Change, Input, InputResumed, Record};
use super::snapshot::KeptShard;
use super::time::Timestamp;
use super::timer::Timer;
use super::workspace::Workspace;

/// An IN stream that the shard reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundStream {
    /// Its number in [`Input::stream`].
    pub number: u16,
    /// Workspace that it belongs to.
    pub workspace: Name,
    /// Its name.
    pub name: Name,
    /// When it was created, nanoseconds since the Unix epoch.
    pub created_ns: i64,
    /// The last input applied; its sequence is 0 before the first.
    pub position: Input,
    /// It is not the stream that was read before: nothing of it is applied until an operator decides.
    pub broken: bool,
    /// Index of the record by which an operator took it into use again; 0: none did.
    pub resumed: Index,
}

/// State of one shard.
#[derive(Debug)]
pub struct State {
    shard: Name,
    head: Index,
    time: Timestamp,
    workspaces: BTreeMap<Name, Workspace>,
    streams: Vec<BoundStream>,
    handed_over: BTreeMap<Name, (u64, Position)>,
}

impl State {
    /// A shard before its first record.
    #[must_use]
    pub fn new(shard: Name) -> Self {
        Self {
            shard,
            head: Index::default(),
            time: Timestamp::default(),
            workspaces: BTreeMap::new(),
            streams: Vec::new(),
            handed_over: BTreeMap::new(),
        }
    }

    /// What is kept of it beside its workspaces.
    pub(super) fn kept(&self) -> KeptShard {
        KeptShard {
            shard: self.shard.clone(),
            head: self.head,
            time: self.time,
            streams: self.streams.clone(),
            handed_over: self.handed_over.clone(),
        }
    }

    /// As it was, before its workspaces have come back.
    pub(super) fn from_kept(kept: KeptShard) -> Self {
        let KeptShard { shard, head, time, streams, handed_over } = kept;
        Self { shard, head, time, workspaces: BTreeMap::new(), streams, handed_over }
    }

    /// A workspace has come back.
    pub(super) fn add(&mut self, space: Workspace) {
        self.workspaces.insert(space.name().clone(), space);
    }

    /// Its name: a token of subjects.
    #[must_use]
    pub fn shard(&self) -> &Name {
        &self.shard
    }

    /// Index of the last record noted.
    #[must_use]
    pub fn head(&self) -> Index {
        self.head
    }

    /// Time of the last record noted.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The workspace of that name.
    #[must_use]
    pub fn workspace(&self, name: &str) -> Option<&Workspace> {
        self.workspaces.get(name)
    }

    /// All workspaces by name.
    pub fn workspaces(&self) -> impl Iterator<Item = &Workspace> {
        self.workspaces.values()
    }

    /// All IN streams, by number.
    pub fn streams(&self) -> impl Iterator<Item = &BoundStream> {
        self.streams.iter()
    }

    /// The IN stream of that name.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<&BoundStream> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// The IN stream of that number.
    #[must_use]
    pub fn stream_number(&self, number: u16) -> Option<&BoundStream> {
        self.streams.get(usize::from(number))
    }

    pub(crate) fn next_stream(&self) -> Option<u16> {
        u16::try_from(self.streams.len()).ok()
    }

    /// How far outputs are known to be in an OUT or DEAD stream: its sequence, and the last output in it.
    #[must_use]
    pub fn handed_over(&self, stream: &str) -> Option<(u64, Position)> {
        self.handed_over.get(stream).copied()
    }

    /// The same of every stream, by name.
    pub(crate) fn all_handed_over(&self) -> impl Iterator<Item = (&Name, &(u64, Position))> {
        self.handed_over.iter()
    }

    /// The next deadline.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.first_timer().map(|(at, _, _)| at)
    }

    /// The first timer that is due, in (deadline, timer) order.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<(Name, Timer)> {
        self.first_timer().filter(|(at, _, _)| *at <= now).map(|(_, name, timer)| (name.clone(), timer))
    }

    /// What was remembered before `through` is in an archive: of it the last hour is kept here, and [`State::wants_older`] says when the
    /// archive has to be asked. Nothing that is recorded depends on it.
    pub fn archived(&mut self, through: Timestamp) {
        self.workspaces.values_mut().for_each(|space| space.remembered.archived(through));
    }

    /// Everything that events are told from their retries by is here, of the time from then on; 0: all of it.
    #[must_use]
    pub fn remembers_since(&self) -> Timestamp {
        self.workspaces.values().map(|space| space.remembered.since()).max().unwrap_or_default()
    }

    /// Whether an event cannot be decided at `now` before the archive was asked what it has of its ids, or asked again.
    #[must_use]
    pub fn wants_older(&self, arrival: &Arrival, now: Timestamp) -> bool {
        let wants = |space: &Workspace| wants_older(&space.remembered, space.config(), arrival, now);
        self.workspace(&arrival.workspace).is_some_and(wants)
    }

    fn first_timer(&self) -> Option<(Timestamp, &Name, Timer)> {
        self.workspaces
            .values()
            .filter_map(|space| space.first_deadline().map(|(at, timer)| (at, space.name(), timer)))
            .min_by_key(|(at, _, timer)| (*at, *timer))
    }

    /// Notes what happened. Cannot fail: a record that is in the log has happened.
    pub(crate) fn note(&mut self, record: &Record, answer: impl FnOnce() -> Answer) {
        // The first behind what an operator gave up begins an entry.
        let in_order = record.index.follows(self.head) || (record.index > self.head && record.index.place() == 0);
        debug_assert!(in_order, "{} behind {}: the log has no gap", record.index, self.head);
        self.head = record.index;
        self.time = record.time;
        for change in &record.changes {
            self.note_own(record, change);
        }
        if let Cause::Input(input) = record.cause {
            self.advance(input);
        }
        if let Some(space) = self.workspaces.get_mut(&record.workspace) {
            space.apply(record, answer);
        }
    }

    fn note_own(&mut self, record: &Record, change: &Change) {
        match change {
            Change::WorkspaceOpened { hash_key } => {
                let name = record.workspace.clone();
                self.workspaces.entry(name.clone()).or_insert_with(|| Workspace::new(name, *hash_key));
            }
            Change::StreamBound { stream, name, created_ns } => self.streams.push(BoundStream {
                number: *stream,
                workspace: record.workspace.clone(),
                name: name.clone(),
                created_ns: *created_ns,
                position: Input { stream: *stream, ..Input::default() },
                broken: false,
                resumed: Index::default(),
            }),
            Change::InputBroken { stream, .. } => {
                if let Some(stream) = self.streams.get_mut(usize::from(*stream)) {
                    stream.broken = true;
                }
            }
            Change::InputResumed(InputResumed { stream, created_ns, sequence, digest }) => {
                if let Some(bound) = self.streams.get_mut(usize::from(*stream)) {
                    bound.broken = false;
                    bound.created_ns = *created_ns;
                    bound.resumed = record.index;
                    let (sequence, digest) = (*sequence, *digest);
                    // The whole message counts as applied, whatever of it was.
                    bound.position = Input { stream: *stream, sequence, event: 0, of: 1, splitter: 0, digest };
                }
            }
            Change::InputGap { stream, to, .. } => {
                self.advance(Input { stream: *stream, sequence: *to, of: 1, ..Input::default() });
            }
            Change::Progress { reached } => reached.iter().for_each(|input| self.advance(*input)),
            Change::HandedOver { stream, stream_sequence, position } => {
                self.handed_over.insert(stream.clone(), (*stream_sequence, *position));
            }
            _ => {}
        }
    }

    fn advance(&mut self, input: Input) {
        if let Some(stream) = self.streams.get_mut(usize::from(input.stream))
            && input.is_after(&stream.position)
        {
            stream.position = input;
        }
    }
}
