//! Room for the attachments that agents send: they are held in memory until they are whole.
//!
//! Nobody's attachments keep another's out for long: each agent has a share, small ones have room of their own, and whoever sends at all
//! has sent after a time that the size tells, or has to begin anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{AGENT_UPLOADS_KIB, SMALL_UPLOAD_BYTES, SMALL_UPLOADS_KIB, UPLOAD_SLOWEST, UPLOADS_KIB};
use super::status::Refusal;
use crate::domain::id::Name;

/// Workspace and agent.
type Whose = (Name, Name);

/// What there is room for now.
#[derive(Debug)]
pub(super) struct Uploads {
    /// Kibibytes left for all.
    room: Arc<Semaphore>,
    /// Kibibytes left that only small ones take.
    small: Arc<Semaphore>,
    /// Kibibytes that each agent has taken.
    taken: Mutex<HashMap<Whose, u32>>,
}

/// Room for one attachment. Dropped: it is free again.
#[derive(Debug)]
pub(super) struct Room {
    uploads: Arc<Uploads>,
    whose: Whose,
    kib: u32,
    _permit: OwnedSemaphorePermit,
}

impl Uploads {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            room: Arc::new(Semaphore::new(UPLOADS_KIB)),
            small: Arc::new(Semaphore::new(SMALL_UPLOADS_KIB)),
            taken: Mutex::default(),
        })
    }

    /// Room for an attachment of an agent's.
    ///
    /// # Errors
    /// There is none, or the agent has its share: the refusal names the limit.
    pub(super) fn room(self: &Arc<Self>, whose: Whose, bytes: usize) -> Result<Room, Refusal> {
        let kib = u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX);
        let mut taken = self.taken();
        let before = taken.get(&whose).copied().unwrap_or(0);
        let with = before.saturating_add(kib);
        if usize::try_from(with).is_ok_and(|with| with > AGENT_UPLOADS_KIB) {
            return Err(Refusal::limit("agent_uploads_kib", AGENT_UPLOADS_KIB));
        }
        let of = |room: &Arc<Semaphore>| Arc::clone(room).try_acquire_many_owned(kib).ok();
        let own = if bytes <= SMALL_UPLOAD_BYTES { of(&self.small) } else { None };
        let permit = own.or_else(|| of(&self.room)).ok_or_else(|| Refusal::limit("uploads_kib", UPLOADS_KIB))?;
        taken.insert(whose.clone(), with);
        Ok(Room { uploads: Arc::clone(self), whose, kib, _permit: permit })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Whose, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut taken = self.uploads.taken();
        match taken.get_mut(&self.whose) {
            Some(kib) if *kib > self.kib => *kib -= self.kib,
            _ => drop(taken.remove(&self.whose)),
        }
    }
}

/// How long the next piece of an attachment of so many bytes may take, `since` its first: `piece` at most, and no longer than until all
/// of it has to be there, which is `beside` and what its bytes take on the slowest line. None: it has to be there now.
pub(super) fn time_for_piece(bytes: usize, since: Duration, (piece, beside): (Duration, Duration)) -> Option<Duration> {
    let seconds = u64::try_from(bytes.div_ceil(UPLOAD_SLOWEST)).unwrap_or(u64::MAX);
    let left = beside.saturating_add(Duration::from_secs(seconds)).checked_sub(since)?;
    Some(left.min(piece)).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::limits::MAX_UPLOAD_BYTES;

    fn agent(number: usize) -> Whose {
        (Name::const_new("demo"), Name::from(format!("agent-{number}")))
    }

    #[test]
    fn nobody_takes_more_than_a_share_and_gives_it_back() {
        let uploads = Uploads::new();
        let half = uploads.room(agent(1), MAX_UPLOAD_BYTES / 2).expect("there is room");
        let other = uploads.room(agent(1), MAX_UPLOAD_BYTES / 2).expect("and for as much again");
        assert!(uploads.room(agent(1), 1).is_err(), "it has its share");
        drop(other);
        let small = uploads.room(agent(1), 1).expect("it has room again");
        drop((half, small));
        assert!(uploads.taken().is_empty() && uploads.room.available_permits() == UPLOADS_KIB);
        uploads.room(agent(1), MAX_UPLOAD_BYTES).expect("all of it");
    }

    #[test]
    fn large_ones_keep_no_small_one_out() {
        let uploads = Uploads::new();
        let large = |number| uploads.room(agent(number), MAX_UPLOAD_BYTES);
        let held: Vec<Room> = (0..).map_while(|number| large(number).ok()).collect();
        assert_eq!(held.len(), UPLOADS_KIB * 1_024 / MAX_UPLOAD_BYTES);
        let pictures = (100..).map_while(|number| uploads.room(agent(number), SMALL_UPLOAD_BYTES).ok());
        assert_eq!(pictures.collect::<Vec<Room>>().len(), SMALL_UPLOADS_KIB * 1_024 / SMALL_UPLOAD_BYTES);
    }

    #[test]
    fn a_piece_has_its_time_and_the_whole_has_its_own() {
        let seconds = Duration::from_secs;
        let left = |bytes, since| time_for_piece(bytes, seconds(since), (seconds(30), seconds(60)));
        assert_eq!(left(10 * UPLOAD_SLOWEST, 0), Some(seconds(30)), "no piece longer than that");
        assert_eq!(left(10 * UPLOAD_SLOWEST, 50), Some(seconds(20)));
        assert_eq!((left(10 * UPLOAD_SLOWEST, 70), left(10 * UPLOAD_SLOWEST, 700)), (None, None));
        assert_eq!(left(1, 60), Some(seconds(1)), "what is begun counts");
    }
}
