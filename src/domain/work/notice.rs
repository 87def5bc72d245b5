//! What customers of a Work are told by themselves: which Notice is due, and which went out.
//!
//! They go by a deadline: the record that stores what the customer wrote only says that one is due. Invariant: one of a kind in twelve
//! hours at most, and one for each time that its queue is closed; never before the customer has written.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::{Beside, Work};
use crate::domain::draft::Draft;
use crate::domain::id::WorkId;
use crate::domain::record::{Change, Flags, NoticeKind, NoticeSent, NoticeSet, QueueCause};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;

/// One of a kind goes out in this time at most (domain rules, section 1), milliseconds.
const ONCE_MS: i64 = 12 * 60 * 60 * 1_000;

/// A Notice that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    kind: NoticeKind,
    at: Timestamp,
    opens_at: Option<Timestamp>,
}

/// What a customer was told by itself, and is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notices {
    due: Option<(NoticeKind, Timestamp)>,
    /// The last of each kind.
    said: SmallVec<[Said; 1]>,
    /// When the customer was told last that somebody joins, in the words of who does.
    joined_at: Option<Timestamp>,
}

impl Beside {
    /// Nothing is due in a Work that is closed.
    pub(super) fn rest_notices(&mut self) {
        if let Some(notices) = &mut self.notices {
            notices.due = None;
        }
        self.notices.take_if(|notices| **notices == Notices::default());
    }

    /// Takes in what its customer was told in a Work that is merged into this one.
    pub(super) fn join_notices(&mut self, theirs: Option<Box<Notices>>) {
        let Some(theirs) = theirs.filter(|theirs| !theirs.said.is_empty() || theirs.joined_at.is_some()) else {
            return;
        };
        let own = self.notices.get_or_insert_default();
        own.joined_at = own.joined_at.max(theirs.joined_at);
        theirs.said.into_iter().for_each(|said| own.note(said));
    }
}

impl Notices {
    fn note(&mut self, said: Said) {
        match self.said.iter_mut().find(|known| known.kind == said.kind) {
            Some(known) if known.at < said.at => *known = said,
            Some(_) => {}
            None => self.said.push(said),
        }
    }
}

impl Work {
    fn notices(&self) -> Option<&Notices> {
        self.beside.as_ref()?.notices.as_deref()
    }

    /// The Notice that is due.
    pub(crate) fn notice_due(&self) -> Option<(NoticeKind, Timestamp)> {
        self.notices()?.due
    }

    /// Whether one of this kind is due.
    fn is_told_soon(&self, kind: NoticeKind) -> bool {
        self.notice_due().is_some_and(|(due, _)| due == kind)
    }

    /// Its deadline.
    pub(super) fn notice_timer(&self) -> Option<(Timestamp, Timer)> {
        self.notice_due().map(|(_, at)| (at, Timer::Notice(self.id)))
    }

    /// Notes that one is due, or none.
    pub(super) fn await_notice(&mut self, set: &NoticeSet) {
        if let Some(at) = set.at {
            self.beside_mut().notices.get_or_insert_default().due = Some((set.kind, at));
        } else if let Some(beside) = &mut self.beside {
            beside.rest_notices();
        }
    }

    /// Notes that one went out.
    pub(super) fn tell(&mut self, sent: &NoticeSent, at: Timestamp) {
        let notices = self.beside_mut().notices.get_or_insert_default();
        notices.due = None;
        notices.note(Said { kind: sent.kind, at, opens_at: sent.opens_at });
    }

    /// Notes that the customer was told that somebody joins.
    pub(super) fn tell_of_joining(&mut self, at: Timestamp) {
        self.beside_mut().notices.get_or_insert_default().joined_at = Some(at);
    }

    /// Whether the customer was told lately that somebody joins.
    pub(super) fn was_told_of_joining(&self, now: Timestamp) -> bool {
        let at = self.notices().and_then(|notices| notices.joined_at);
        at.is_some_and(|at| now.millis_since(at) < ONCE_MS)
    }

    /// Whether the customer was told lately, or of this very opening.
    pub(crate) fn was_told(&self, kind: NoticeKind, opens_at: Option<Timestamp>, now: Timestamp) -> bool {
        let said = self.notices().and_then(|notices| notices.said.iter().find(|said| said.kind == kind));
        said.is_some_and(|said| {
            now.millis_since(said.at) < ONCE_MS || (opens_at.is_some() && said.opens_at == opens_at)
        })
    }
}

/// The customer wrote, and nobody is there: they are to be told when somebody will be. Programs and those who repeat themselves are not.
pub(crate) fn await_opening(draft: &mut Draft<'_>, id: WorkId, flags: Flags) {
    let Some(work) = draft.work(id).filter(|work| work.is_nobodys() && !draft.space.is_open(&work.queue)) else {
        return;
    };
    if flags.is_quiet() || flags.has(Flags::GENERATED) {
        return;
    }
    let opens_at = draft.space.opens_at(&work.queue);
    let wanted = draft.space.config().notice(NoticeKind::Closed, &work.queue).is_some();
    if wanted && !work.was_told(NoticeKind::Closed, opens_at, draft.now) && !work.is_told_soon(NoticeKind::Closed) {
        let set = NoticeSet { work: id, kind: NoticeKind::Closed, at: Some(draft.now) };
        draft.push(Change::NoticeSet(set));
    }
}

/// It waits in its queue, which is open: its customer is to be told when that takes long. Whom a program handed over waits for a person, whoever
/// spoke last, and is told as well where nobody is there.
pub(crate) fn await_wait(draft: &mut Draft<'_>, id: WorkId, cause: QueueCause) {
    let Some(work) = draft.work(id).filter(|work| work.is_nobodys()) else { return };
    let handed = match cause {
        QueueCause::New | QueueCause::Reopened => false,
        QueueCause::HandedOver => true,
        QueueCause::Recalled if work.wants_person() => true,
        _ => return,
    };
    if handed {
        await_opening(draft, id, Flags::default());
    }
    let Some(work) = draft.work(id).filter(|work| handed || work.ours_since.is_some()) else { return };
    let notice = draft.space.config().notice(NoticeKind::Waiting, &work.queue);
    let Some(notice) = notice.filter(|_| draft.space.is_open(&work.queue) && work.notice_due().is_none()) else {
        return;
    };
    if !work.was_told(NoticeKind::Waiting, None, draft.now) {
        let at = Timestamp(draft.now.0.saturating_add_unsigned(notice.after_ms));
        draft.push(Change::NoticeSet(NoticeSet { work: id, kind: NoticeKind::Waiting, at: Some(at) }));
    }
}
