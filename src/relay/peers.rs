//! The calls that a node has open at others, and those others: who is given up, and what beats say.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_nats::Subject;

use super::call::Call;
use super::frame::Beat;
use super::limits::GIVE_UP_TICKS;

/// A node that serves calls of ours for one shard.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) to: Subject,
    /// Its answers to beats come under this number, which no call has.
    pub(super) number: u64,
    quiet_ticks: AtomicU32,
}

impl Peer {
    /// It has said something.
    pub(super) fn heard(&self) {
        self.quiet_ticks.store(0, Ordering::Relaxed);
    }
}

/// What a number stands for.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Call(Arc<Call>, Arc<Peer>),
    Peer(Arc<Peer>),
}

/// All calls that are open at others, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Calls {
    newest: u64,
    entries: HashMap<u64, Entry>,
    /// With whether it was told of calls last: then it has to hear that there are none.
    peers: HashMap<String, (Arc<Peer>, bool)>,
    /// No more are opened.
    pub(super) is_closed: bool,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.peers.len()
    }

    fn number(&mut self) -> u64 {
        self.newest += 1;
        self.newest
    }

    /// Adds a call to whoever listens at `to`. `make` makes it of its number.
    pub(super) fn open(&mut self, to: Subject, make: impl FnOnce(u64) -> Arc<Call>) -> (u64, Arc<Call>) {
        let peer = match self.peers.get(to.as_str()) {
            Some((peer, is_owed)) => {
                if !is_owed {
                    // Nobody asked it for a sign lately.
                    peer.heard();
                }
                Arc::clone(peer)
            }
            None => {
                let number = self.number();
                let peer = Arc::new(Peer { to: to.clone(), number, quiet_ticks: AtomicU32::new(0) });
                self.entries.insert(number, Entry::Peer(Arc::clone(&peer)));
                self.peers.insert(to.to_string(), (Arc::clone(&peer), false));
                peer
            }
        };
        let number = self.number();
        let call = make(number);
        self.entries.insert(number, Entry::Call(Arc::clone(&call), peer));
        (number, call)
    }

    pub(super) fn get(&self, number: u64) -> Option<Entry> {
        self.entries.get(&number).cloned()
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.entries.remove(&number);
    }

    pub(super) fn all(&self) -> Vec<(Arc<Call>, Arc<Peer>)> {
        let call = |entry: &Entry| match entry {
            Entry::Call(call, peer) => Some((Arc::clone(call), Arc::clone(peer))),
            Entry::Peer(_) => None,
        };
        self.entries.values().filter_map(call).collect()
    }

    /// Time passes. Gives whoever has been silent too long.
    pub(super) fn tick(&mut self) -> Vec<Arc<Peer>> {
        let peers = self.peers.values().map(|(peer, _)| peer);
        let silent = peers.filter(|peer| peer.quiet_ticks.fetch_add(1, Ordering::Relaxed) + 1 >= GIVE_UP_TICKS);
        silent.cloned().collect()
    }

    /// What each of them is to be told. Whoever has no calls of ours any more is told so once, and forgotten.
    pub(super) fn beats(&mut self) -> Vec<(Arc<Peer>, Beat)> {
        let mut beats: HashMap<u64, Beat> = HashMap::new();
        for (number, entry) in &self.entries {
            if let Entry::Call(call, peer) = entry
                && call.ended().is_none()
            {
                beats.entry(peer.number).or_default().calls.push(*number);
            }
        }
        let used: HashSet<u64> = self.entries.values().filter_map(Entry::peer_of_call).collect();
        let (entries, newest) = (&mut self.entries, self.newest);
        let mut said = Vec::new();
        self.peers.retain(|_, (peer, is_owed)| {
            let beat = beats.remove(&peer.number).unwrap_or_default();
            let has_calls = !beat.calls.is_empty();
            if has_calls || *is_owed {
                said.push((Arc::clone(peer), Beat { newest, ..beat }));
            }
            *is_owed = has_calls;
            let stays = has_calls || used.contains(&peer.number);
            if !stays {
                entries.remove(&peer.number);
            }
            stays
        });
        said
    }
}

impl Entry {
    fn peer_of_call(&self) -> Option<u64> {
        match self {
            Self::Call(_, peer) => Some(peer.number),
            Self::Peer(_) => None,
        }
    }
}
