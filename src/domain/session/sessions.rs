//! Sessions and presence of agents (design, section 6; domain rules, section 7: graces).

use std::time::Duration;

use super::agent::Lost;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, Name};
use crate::domain::record::{Change, Presence, PresenceSet, SessionEnd, SessionLost};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, place, revisit_cooled};
use crate::domain::time::Timestamp;
use crate::domain::work::{leave, revoke_offers, revoke_unserved, take_up_held};

/// How long open offers wait for an agent whose connection is gone.
const OFFERS_GRACE: Duration = Duration::from_secs(10);
/// How long a session without connection can be gone on with, at least.
const SESSION_GRACE_MS: u64 = 120_000;
/// Reason of an agent that has just logged in and not said what it wants.
const LOGGED_IN: &str = "LOGGED_IN";
/// Longest reason of a presence, bytes.
const MAX_REASON_BYTES: usize = 64;
/// Channels that an agent can name at once.
const MAX_CHANNELS: usize = 32;

/// Opens a session, or goes on with one whose connection is gone.
pub(crate) fn open_session(
    draft: &mut Draft<'_>,
    id: AgentId,
    resume: Option<u64>,
    takeover: bool,
) -> Result<(), Rejection> {
    let agent = draft.agent(id).ok_or(Rejection::UnknownAgent)?;
    let known = agent.session;
    let presence = agent.presence;
    if let Some(session) = known {
        let same = resume == Some(session.epoch);
        if session.lost.is_none() && !same && !takeover {
            return Err(Rejection::AlreadyConnected);
        }
        if session.lost.is_none() && !same {
            draft.push(Change::SessionEnded { agent: id, session_epoch: session.epoch, reason: SessionEnd::Taken });
        }
    }
    let session_epoch = draft.session_epoch();
    draft.push(Change::SessionOpened { agent: id, session_epoch });
    if known.is_none() || presence == Presence::Offline {
        draft.push(Change::PresenceSet(PresenceSet {
            agent: id,
            presence: Presence::Away,
            reason: Name::const_new(LOGGED_IN),
            channels: Vec::new(),
        }));
    } else {
        take_up_held(draft, id);
        fill(draft, id);
    }
    Ok(())
}

/// The connection is gone: nothing new is given, graces run.
pub(crate) fn lose_session(draft: &mut Draft<'_>, id: AgentId) -> Result<(), Rejection> {
    let agent = draft.agent(id).ok_or(Rejection::UnknownAgent)?;
    let session = agent.session.filter(|session| session.lost.is_none()).ok_or(Rejection::NoSession)?;
    let lost = Lost::from(draft.now, draft.space.longest_grace(id));
    draft.push(Change::SessionLost(SessionLost {
        agent: id,
        session_epoch: session.epoch,
        offers_until: lost.offers_until,
        until: lost.until,
    }));
    revisit_cooled(draft);
    Ok(())
}

/// The session is over: offers return at once, Works after their grace.
pub(crate) fn end_session(draft: &mut Draft<'_>, id: AgentId, reason: SessionEnd) -> Result<(), Rejection> {
    let session = draft.agent(id).ok_or(Rejection::UnknownAgent)?.session.ok_or(Rejection::NoSession)?;
    draft.push(Change::SessionEnded { agent: id, session_epoch: session.epoch, reason });
    draft.push(Change::PresenceSet(PresenceSet {
        agent: id,
        presence: Presence::Offline,
        reason: Name::default(),
        channels: Vec::new(),
    }));
    return_offers(draft, id);
    leave(draft, id);
    Ok(())
}

/// Open offers wait no longer for an agent without connection.
pub(crate) fn offers_grace_over(draft: &mut Draft<'_>, id: AgentId) {
    return_offers(draft, id);
}

/// A session without connection is over.
pub(crate) fn session_grace_over(draft: &mut Draft<'_>, id: AgentId) {
    // It has a session, or this deadline would not be: nothing else can be said here.
    drop(end_session(draft, id, SessionEnd::GraceOver));
}

/// Changes presence and channels.
pub(crate) fn set_presence(
    draft: &mut Draft<'_>,
    id: AgentId,
    presence: Presence,
    reason: Name,
    channels: Vec<Name>,
) -> Result<(), Rejection> {
    if reason.len() > MAX_REASON_BYTES || reason.chars().any(char::is_control) {
        return Err(Rejection::Invalid("reason: at most 64 bytes without control characters"));
    }
    if channels.len() > MAX_CHANNELS {
        return Err(Rejection::Limit("channels of an agent: 32"));
    }
    let agent = draft.agent(id).ok_or(Rejection::UnknownAgent)?;
    agent.session.ok_or(Rejection::NoSession)?;
    if presence == Presence::Offline {
        return Err(Rejection::Invalid("presence: OFFLINE is the end of a session"));
    }
    // What it says already it may say again: skein's own reasons stand in no list.
    if agent.reason != reason {
        draft.space.config().check_presence_reason(&reason)?;
    }
    let unchanged = agent.presence == presence && agent.reason == reason && agent.channels == channels;
    if unchanged {
        return Ok(());
    }
    draft.push(Change::PresenceSet(PresenceSet { agent: id, presence, reason, channels }));
    if presence == Presence::Ready {
        // A channel that is served no longer takes its open offers with it.
        for work in revoke_unserved(draft, id) {
            place(draft, work);
        }
        take_up_held(draft, id);
        fill(draft, id);
    } else {
        return_offers(draft, id);
    }
    revisit_cooled(draft);
    Ok(())
}

/// Leaving revokes open offers at once; the Works go on with their place.
fn return_offers(draft: &mut Draft<'_>, id: AgentId) {
    for work in revoke_offers(draft, id) {
        place(draft, work);
    }
    revisit_cooled(draft);
}

impl Lost {
    /// Graces of a connection that is gone since `at`; `longest_ms`: the longest time one of its Works waits.
    pub(crate) fn from(at: Timestamp, longest_ms: u64) -> Self {
        Self { offers_until: at + OFFERS_GRACE, until: at + Duration::from_millis(longest_ms.max(SESSION_GRACE_MS)) }
    }

    /// The same, moved on.
    pub(crate) fn later(self, by: Duration) -> Self {
        Self { offers_until: self.offers_until + by, until: self.until + by }
    }
}
