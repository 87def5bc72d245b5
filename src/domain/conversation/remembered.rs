//! By what events are told from their retries, for 8 days (design, law 8): the last hour here; what is older may be in an archive
//! outside the core, which is asked before an event is decided.
//!
//! Nothing is forgotten here that an archive does not have: who keeps one says up to when ([`State::archived`]). Without one all
//! 8 days are here. What is decided stands in the record, so a fold gives the same state whatever is remembered where.
//!
//! # Why none is missed
//! 1. Everything since [`State::remembers_since`] is here: it moves only when something is forgotten for being archived.
//! 2. An answer of the archive holds everything before its `through`, and is used only while `through` has reached `since`; else the
//!    archive is asked again.
//! 3. Whoever is not asked about has a provider's time of the last half hour. Its message was then not remembered before that time,
//!    and what was remembered in the last hour is here: provider's clocks may be half an hour ahead.
//!
//! [`State::archived`]: crate::domain::State::archived
//! [`State::remembers_since`]: crate::domain::State::remembers_since

use serde::{Deserialize, Serialize};

use super::aging::{Aged, Aging};
use super::inbound::sought;
use crate::domain::command::Arrival;
use crate::domain::event::{EventKind, InboundEvent};
use crate::domain::id::{Index, MessageId, Name};
use crate::domain::record::{Change, Record};
use crate::domain::time::Timestamp;
use crate::domain::workspace::WorkspaceConfig;

/// What was remembered within this time is here, archived or not, milliseconds.
const HERE_MS: i64 = 3_600_000;
/// An event is new whose provider's time is not older, milliseconds: what it may repeat is here. The rest is for clocks that are ahead.
const FRESH_MS: i64 = HERE_MS / 2;
/// A provider's clock that is ahead by no more is believed, milliseconds.
const AHEAD_MS: i64 = 5 * 60 * 1_000;
/// Archived ids that are forgotten with one record at most: when an archive has caught up there are millions.
const FORGOTTEN_AT_ONCE: usize = 64;

/// What is remembered of an event that had an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Of what it said.
    pub digest: u64,
    /// The message that came of it.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
}

/// What a record has remembered, by its keys.
pub fn seen_in(record: &Record) -> impl Iterator<Item = (u64, Seen)> {
    (0u16..).zip(&record.changes).filter_map(|(place, change)| seen_by(record.index, record.time, place, change))
}

/// What a change has remembered.
pub(crate) fn seen_by(index: Index, at: Timestamp, place: u16, change: &Change) -> Option<(u64, Seen)> {
    let (key, digest) = match change {
        Change::MessageStored(message) => (message.duplicate_key, message.digest),
        Change::PartHeld(part) => (part.duplicate_key, part.digest),
        _ => return None,
    };
    (key != 0).then(|| (key, Seen { digest, message: MessageId::new(index, place), at }))
}

/// By key, what came with it latest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered {
    seen: Aging<Seen>,
    /// What was remembered before this is in an archive.
    archived: Timestamp,
    /// What was remembered from then on is here.
    since: Timestamp,
}

impl Remembered {
    pub(crate) fn get(&self, key: u64) -> Option<&Seen> {
        self.seen.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut Seen> {
        self.seen.get_mut(key)
    }

    pub(crate) fn put(&mut self, key: u64, seen: Seen) {
        self.seen.put(key, seen, seen.at);
    }

    /// What was remembered before `through` is in an archive, and need not be here for longer than an hour.
    pub(crate) fn archived(&mut self, through: Timestamp) {
        self.archived = self.archived.max(through);
    }

    /// What was remembered from then on is here.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.seen.forget(now);
        let before = self.archived.min(Timestamp(now.0.saturating_sub(HERE_MS)));
        if let Some(last) = self.seen.forget_before(before, FORGOTTEN_AT_ONCE) {
            self.since = self.since.max(Timestamp(last.0 + 1));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Aged<Seen>> {
        self.seen.rows()
    }

    pub(crate) fn restore(&mut self, rows: Vec<Aged<Seen>>) {
        self.seen.restore(rows);
    }

    /// As it was.
    pub(crate) fn restore_since(&mut self, since: Timestamp) {
        self.since = since;
    }
}

/// What an archive is asked before an event is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The key of its id, and the one that it has where that id was something else's before. None: it has none, and nothing is looked for.
    pub keys: Option<[u64; 2]>,
    /// It was not remembered before this, by the provider's time. None: that is not known.
    pub not_before: Option<Timestamp>,
    country: Option<Name>,
}

impl Sought {
    /// What has to be known of an event; none: nothing that is not in the core.
    #[must_use]
    pub fn of(arrival: &Arrival, hash_key: &[u8; 16], config: &WorkspaceConfig, now: Timestamp) -> Option<Self> {
        let (event, channel) = (&arrival.event, &arrival.channel);
        if !may_be_old(event, channel, now) {
            return None;
        }
        let country = config.default_country.clone();
        let keys = sought(hash_key, country.as_deref(), (channel, &arrival.endpoint), event);
        let not_before = event.occurred_at.filter(|at| is_provided(event, channel) && *at <= now);
        let not_before = not_before.map(|at| Timestamp(at.0.saturating_sub(FRESH_MS)));
        Some(Self { keys, not_before, country })
    }

    /// What the archive says, which has everything that was remembered before `through`: of each key, what came with it latest.
    #[must_use]
    pub fn answered(self, through: Timestamp, found: [Option<Seen>; 2]) -> Older {
        let keys = self.keys.unwrap_or_default();
        Older { through, country: self.country, found: [0, 1].map(|at| (keys[at], found[at])) }
    }
}

/// What an archive says of an event's ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Older {
    through: Timestamp,
    /// By which numbers without one were read: another gives other keys.
    country: Option<Name>,
    found: [(u64, Option<Seen>); 2],
}

impl Older {
    pub(crate) fn get(&self, key: u64) -> Option<Seen> {
        self.found.iter().find(|(sought, _)| *sought == key).and_then(|(_, seen)| *seen)
    }
}

/// Whether an event cannot be decided before an archive was asked, or asked again.
pub(crate) fn wants_older(
    remembered: &Remembered,
    config: &WorkspaceConfig,
    arrival: &Arrival,
    now: Timestamp,
) -> bool {
    let since = remembered.since();
    since > Timestamp::default()
        && may_be_old(&arrival.event, &arrival.channel, now)
        && !arrival
            .older
            .as_ref()
            .is_some_and(|older| older.through >= since && older.country == config.default_country)
}

/// Whether it may repeat what was remembered longer ago than what is here in any case.
fn may_be_old(event: &InboundEvent, channel: &str, now: Timestamp) -> bool {
    let says_nothing = matches!(
        event.kind,
        EventKind::Receipt(_) | EventKind::Typing | EventKind::Ignored { .. } | EventKind::Account { .. }
    );
    let named = event.event_id.is_some() || event.message_ref.is_some();
    let age = event.occurred_at.filter(|_| is_provided(event, channel)).map(|at| now.0.saturating_sub(at.0));
    named && !says_nothing && !age.is_some_and(|age| (-AHEAD_MS..=FRESH_MS).contains(&age))
}

/// Whether its time is that of the provider's first attempt: a mail's is its author's to write.
fn is_provided(event: &InboundEvent, channel: &str) -> bool {
    channel != "email" && !event.redelivery
}
