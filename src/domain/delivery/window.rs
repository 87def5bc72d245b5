//! Until when a channel lets us write freely: so long after its person last wrote by the same endpoint (domain rules, section 3).
//!
//! Only of channels that limit it, and only while the window is open or was lately: a customer who is silent costs nothing.

use std::time::Duration;

use smallvec::SmallVec;

use crate::domain::channel::reply_window_ms;
use crate::domain::event::AddressKind;
use crate::domain::growing::{BlockQueue, SplitMap};
use crate::domain::id::LeafId;
use crate::domain::record::{Direction, Evidence, Flags, MessageKind, MessageStored};
use crate::domain::time::Timestamp;
use crate::domain::workspace::{EndpointConfig, Names, Symbol, Workspace};

/// No channel's window is longer, milliseconds.
const LONGEST_MS: i64 = 24 * 3_600_000;

/// Who, by which endpoint.
type Key = (LeafId, Symbol);

/// When each identity last wrote by each endpoint of a channel with a window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    last: SplitMap<Key, Timestamp>,
    order: BlockQueue<(Timestamp, Key)>,
}

/// When an identity wrote last by an endpoint.
pub(crate) type WindowRow = (LeafId, Symbol, Timestamp);

impl Windows {
    /// All of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = WindowRow> {
        self.last.sorted().map(|(&(leaf, endpoint), &at)| (leaf, endpoint, at))
    }

    /// What was there before.
    pub(crate) fn restore(mut rows: Vec<WindowRow>) -> Self {
        rows.sort_unstable_by_key(|(leaf, endpoint, at)| (*at, *leaf, *endpoint));
        let mut windows = Self::default();
        for (leaf, endpoint, at) in rows {
            windows.open((leaf, endpoint), at);
        }
        windows
    }

    /// Notes what opens a window.
    pub(crate) fn note(&mut self, message: &MessageStored, names: &mut Names, now: Timestamp) {
        if !message.opens_window() || reply_window_ms(&message.channel).is_none() {
            return;
        }
        let key = (message.leaf, names.intern(&message.endpoint));
        // The provider counts from when it got the message, whenever we hear of it.
        let told = message.provider_time.filter(|_| !message.flags.has(Flags::ODD_TIME));
        let at = told.map_or(now, |told| told.min(now));
        self.open(key, at);
    }

    /// The same account has another address now: its windows go with it.
    fn carry(&mut self, from: Key, to: Key) {
        if let Some(&at) = self.last.get(&from) {
            self.open(to, at);
        }
    }

    fn open(&mut self, key: Key, at: Timestamp) {
        let (last, is_new) = self.last.get_or_insert_with(key, || at);
        *last = (*last).max(at);
        if is_new {
            self.order.push_back((at, key));
        }
    }

    /// Forgets who was silent for longer than any window.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        while let Some(&(at, key)) = self.order.front().filter(|(at, _)| now.millis_since(*at) > LONGEST_MS) {
            self.order.pop_front();
            match self.last.get(&key) {
                Some(&last) if last > at => {
                    self.order.push_back((last, key));
                }
                _ => {
                    self.last.remove(&key);
                }
            }
        }
    }
}

impl MessageStored {
    /// Whether the provider takes it for something that its person did: then we may write.
    fn opens_window(&self) -> bool {
        let done = matches!(
            self.kind,
            MessageKind::Message
                | MessageKind::Unsupported
                | MessageKind::Call
                | MessageKind::Reaction
                | MessageKind::Start
        );
        done && self.direction == Direction::In && !self.flags.has(Flags::BACKFILL)
    }
}

/// Until when something may be written freely by a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// Always.
    Unlimited,
    /// Until then.
    Open(Timestamp),
    /// Not now: only an approved template.
    Closed,
}

impl Workspace {
    /// The window of an identity at an endpoint. A provider that has two names for one account knows one window.
    pub(crate) fn window(&self, leaf: LeafId, endpoint: &EndpointConfig, now: Timestamp) -> Window {
        let Some(length_ms) = reply_window_ms(&endpoint.channel) else { return Window::Unlimited };
        let Some(by) = self.names.find(&endpoint.name) else { return Window::Closed };
        let length = Duration::from_millis(length_ms.unsigned_abs());
        let until = self.paired(leaf).into_iter().filter_map(|leaf| self.windows.last.get(&(leaf, by))).max();
        until.map(|&last| last + length).filter(|until| *until > now).map_or(Window::Closed, Window::Open)
    }

    /// A number was changed for another: what was said by the one may be answered by the other.
    pub(crate) fn carry_windows(&mut self, from: LeafId, to: LeafId) {
        let limited = self.config().endpoints.iter().filter(|endpoint| reply_window_ms(&endpoint.channel).is_some());
        let by: Vec<Symbol> = limited.filter_map(|endpoint| self.names.find(&endpoint.name)).collect();
        for endpoint in by {
            self.windows.carry((from, endpoint), (to, endpoint));
        }
    }

    /// The identity, and those of its customer that are the same account by another name.
    fn paired(&self, leaf: LeafId) -> SmallVec<[LeafId; 4]> {
        let mut all = SmallVec::from_slice(&[leaf]);
        let Some(known) = self.leaves.get(leaf) else { return all };
        let other_kind = match known.kind {
            AddressKind::Phone => AddressKind::Whatsapp,
            AddressKind::Whatsapp => AddressKind::Phone,
            _ => return all,
        };
        let is_pair = |other: &LeafId| {
            self.leaves.get(*other).is_some_and(|other| {
                let vouched = [known.evidence, other.evidence].contains(&Evidence::SameEvent);
                other.kind == other_kind && !other.ended && !other.shared && vouched
            })
        };
        if !known.ended && !known.shared {
            all.extend(self.leaves_of(known.root).into_iter().filter(is_pair));
        }
        all
    }
}
