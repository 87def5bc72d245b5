//! When a node that stands by tries to own the shard.
//!
//! By what it sees and its own monotonic clock alone: the owner writes each second, and silence is counted only while the servers
//! answer. After an outage of theirs everybody has been silent, and the owner of before writes first.

use std::time::Duration;

use super::identity::Identity;
use super::lease::Held;
use super::leases::Seen;
use crate::domain::id::Name;

/// Who is to be asked, or to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The shard is served by a node.
    Follow {
        /// Its name.
        node: Name,
        /// How its lease stands: another number says that it has written since.
        revision: u64,
    },
    /// Nobody is known to own it: it is looked at again.
    Wait,
    /// Own it: write the lease over this revision, then take the log over.
    Try {
        /// What stands there now.
        revision: u64,
    },
}

/// How long the lease has stood as it does.
#[derive(Debug)]
pub struct Patience {
    me: Identity,
    /// So much silence means that the owner is gone.
    lease: Duration,
    /// Of the time between two looks no more counts as silence of the owner: the servers may have been silent.
    gap_max: Duration,
    /// What was seen last, and when by the monotonic clock.
    seen: Option<(u64, Duration)>,
    silent: Duration,
    /// A process of this node that is gone need not be waited for: asked once, at the start.
    begins: bool,
    /// A lease was seen: one that is gone has expired while nobody could write it, and its owner may write it any moment.
    met: bool,
    /// A lease that is free is left for so long to those who own less.
    modesty: Duration,
}

impl Patience {
    /// Of a process that has just begun. Looks are made every `poll`.
    #[must_use]
    pub fn new(me: Identity, lease: Duration, poll: Duration) -> Self {
        Self {
            me,
            lease,
            gap_max: poll * 4,
            seen: None,
            silent: Duration::ZERO,
            begins: true,
            met: false,
            modesty: Duration::ZERO,
        }
    }

    /// The process goes on after it owned the shard: whoever has the lease now is alive.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.begins = false;
        self
    }

    /// For how long a lease that is free is left to others.
    pub fn be_modest(&mut self, modesty: Duration) {
        self.modesty = modesty.min(self.lease);
    }

    /// The servers did not answer, or not to a write: nothing is known of the owner.
    pub fn unanswered(&mut self) {
        self.seen = None;
        self.silent = Duration::ZERO;
    }

    /// The lease looks so at `now` (monotonic).
    pub fn look(&mut self, seen: &Seen, now: Duration) -> Next {
        self.silent = match self.seen {
            Some((revision, at)) if revision == seen.revision => self.silent + (now - at).min(self.gap_max),
            _ => Duration::ZERO,
        };
        self.seen = Some((seen.revision, now));
        let first = std::mem::take(&mut self.begins);
        let tries = Next::Try { revision: seen.revision };
        let met = self.met;
        self.met |= seen.revision != 0;
        let Some(lease) = &seen.lease else {
            // One that is there and not understood is somebody's.
            let wait = if seen.revision == 0 && !met { self.modesty } else { self.lease };
            return if self.silent >= wait { tries } else { Next::Wait };
        };
        let over = self.silent >= self.lease;
        match &lease.held {
            Held::Released { to: Some(to) } if *to == self.me.node => tries,
            Held::Released { to: None } if self.silent >= self.modesty => tries,
            Held::Released { .. } if over => tries,
            Held::Released { .. } => Next::Wait,
            // A process before this one: it was killed, or an operator has started two, and the log tells them apart.
            Held::Owned | Held::Changing if first && lease.node == self.me.node => tries,
            // Written by this very process, which owns nothing any longer: what followed came to nothing.
            Held::Owned | Held::Changing if lease.is_of(&self.me) => tries,
            Held::Owned | Held::Changing if over => tries,
            Held::Owned => Next::Follow { node: lease.node.clone(), revision: seen.revision },
            Held::Changing => Next::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Tip;
    use crate::node::lease::Lease;

    const LEASE: Duration = Duration::from_secs(3);
    const POLL: Duration = Duration::from_millis(250);

    fn patience(node: &str) -> Patience {
        Patience::new(Identity::new(node), LEASE, POLL)
    }

    fn lease(node: &str, held: Held, revision: u64) -> Seen {
        Seen { revision, lease: Some(Lease::new(&Identity::new(node), held, Tip::ORIGIN)) }
    }

    fn free() -> Seen {
        Seen { revision: 0, lease: None }
    }

    /// Looks every 250 ms until it tries; how long that took.
    fn tries_after(patience: &mut Patience, seen: impl Fn(Duration) -> Seen, most: Duration) -> Option<Duration> {
        let mut now = Duration::ZERO;
        while now <= most {
            if matches!(patience.look(&seen(now), now), Next::Try { .. }) {
                return Some(now);
            }
            now += POLL;
        }
        None
    }

    #[test]
    fn a_free_shard_is_tried_at_once_and_left_to_others_by_whoever_owns_much() {
        assert_eq!(tries_after(&mut patience("a"), |_| free(), LEASE), Some(Duration::ZERO));
        let mut modest = patience("a");
        modest.be_modest(Duration::from_millis(500));
        assert_eq!(tries_after(&mut modest, |_| free(), LEASE), Some(Duration::from_millis(500)));
    }

    #[test]
    fn an_owner_that_writes_is_followed_and_one_that_is_silent_is_not() {
        let written = |now: Duration| lease("b", Held::Owned, 1 + now.as_secs());
        assert_eq!(tries_after(&mut patience("a"), written, LEASE * 20), None);
        let mut a = patience("a");
        assert_eq!(
            a.look(&lease("b", Held::Owned, 7), Duration::ZERO),
            Next::Follow { node: Name::new("b"), revision: 7 }
        );
        assert_eq!(tries_after(&mut patience("a"), |_| lease("b", Held::Owned, 7), LEASE * 2), Some(LEASE));
    }

    #[test]
    fn an_owner_that_serves_nothing_yet_is_waited_for_and_not_for_ever() {
        let changing = |now: Duration| lease("b", Held::Changing, 1 + now.as_secs());
        assert_eq!(patience("a").look(&changing(Duration::ZERO), Duration::ZERO), Next::Wait);
        assert_eq!(tries_after(&mut patience("a"), changing, LEASE * 20), None);
        assert_eq!(tries_after(&mut patience("a"), |_| lease("b", Held::Changing, 7), LEASE * 2), Some(LEASE));
    }

    #[test]
    fn silence_of_the_servers_is_no_silence_of_the_owner() {
        let (mut a, silent) = (patience("a"), lease("b", Held::Owned, 7));
        assert!(matches!(a.look(&silent, Duration::ZERO), Next::Follow { .. }));
        // Nothing was heard of anybody for a minute.
        assert!(matches!(a.look(&silent, LEASE * 20), Next::Follow { .. }));
        assert!(matches!(a.look(&silent, LEASE * 20 + POLL), Next::Follow { .. }));
        a.unanswered();
        assert!(matches!(a.look(&silent, LEASE * 20 + POLL * 2), Next::Follow { .. }));
    }

    #[test]
    fn a_node_that_looks_seldom_takes_over_all_the_same() {
        let (mut a, silent) = (patience("a"), lease("b", Held::Owned, 7));
        let tried = (0..10).find(|look| matches!(a.look(&silent, LEASE * *look), Next::Try { .. }));
        assert_eq!(tried, Some(3), "of each gap a second counts");
    }

    #[test]
    fn a_lease_that_expired_while_nobody_could_write_it_is_left_to_its_owner_first() {
        let mut a = patience("a");
        assert!(matches!(a.look(&lease("b", Held::Owned, 7), Duration::ZERO), Next::Follow { .. }));
        a.unanswered();
        assert_eq!(tries_after(&mut a, |_| free(), LEASE * 2), Some(LEASE));
    }

    #[test]
    fn what_this_process_wrote_without_owning_anything_by_it_is_written_again() {
        let me = Identity::new("a");
        let seen = Seen { revision: 7, lease: Some(Lease::new(&me, Held::Owned, Tip::ORIGIN)) };
        let mut again = Patience::new(me, LEASE, POLL).again();
        assert_eq!(again.look(&seen, Duration::ZERO), Next::Try { revision: 7 });
    }

    #[test]
    fn what_is_handed_over_goes_to_whom_it_is_meant_for_and_to_anybody_if_that_one_does_not_take_it() {
        let to_a = || lease("b", Held::Released { to: Some(Name::new("a")) }, 7);
        assert_eq!(tries_after(&mut patience("a"), |_| to_a(), LEASE * 2), Some(Duration::ZERO));
        assert_eq!(tries_after(&mut patience("c"), |_| to_a(), LEASE * 2), Some(LEASE));
        let to_all = |_| lease("b", Held::Released { to: None }, 7);
        assert_eq!(tries_after(&mut patience("c"), to_all, LEASE * 2), Some(Duration::ZERO));
    }

    #[test]
    fn a_node_that_starts_again_does_not_wait_for_the_process_before_it_but_one_that_was_deposed_does() {
        let silent = |_| lease("a", Held::Owned, 7);
        assert_eq!(tries_after(&mut patience("a"), silent, LEASE * 2), Some(Duration::ZERO));
        assert_eq!(tries_after(&mut patience("a").again(), silent, LEASE * 2), Some(LEASE));
        let alive = |now: Duration| lease("a", Held::Owned, 1 + now.as_secs());
        assert_eq!(tries_after(&mut patience("a").again(), alive, LEASE * 20), None);
    }

    #[test]
    fn what_is_not_understood_is_somebodys() {
        let strange = |_| Seen { revision: 7, lease: None };
        assert_eq!(tries_after(&mut patience("a"), strange, LEASE * 2), Some(LEASE));
    }
}
