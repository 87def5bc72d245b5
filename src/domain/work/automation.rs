//! The loop guard (domain rules, section 3): two programs that answer each other are stopped, and a person is asked.
//!
//! What is counted is kept only of Works in which a program of ours has spoken, since they were opened or reopened; but how often a
//! person took over from a program counts for as long as there is the Work. Invariant: no program writes to the customer in a Work that is mute, and none is offered or given it.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::effort::charge;
use super::lifecycle::{release, revoke_offer};
use super::open::OpenOffer;
use super::{Beside, Says, Work};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::{
    Author, AutomationMuted, Change, Direction, EffortKind, Flags, MessageKind, MessageStored, MuteReason, QueueCause,
    UnassignReason,
};
use crate::domain::routing::{fill, place};
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::workspace::AgentKind;

/// No person reads and answers so fast, milliseconds.
const SWIFT_MS: i64 = 3_000;
/// Answers of ours in a row that were answered so fast.
const MAX_SWIFT: u8 = 5;
/// The same words of the customer's.
const MAX_SAME: u8 = 3;
/// Texts of the customer's that are compared: who says more different things is no loop.
const MAX_TEXTS: usize = 8;
/// Automated messages of ours within [`WITHIN_MS`].
const MAX_AUTOMATED: usize = 20;
/// Ten minutes, milliseconds.
const WITHIN_MS: i64 = 10 * 60_000;
/// How often a program may get a matter back from a person.
pub(super) const MAX_RETURNS: u8 = 2;

/// What programs of ours did in a Work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Automation {
    /// When, as far as it counts still.
    sent: SmallVec<[Timestamp; 2]>,
    /// The last of it was not answered yet.
    open: bool,
    swift: u8,
    /// Digests of the customer's texts, each with how often it came.
    texts: SmallVec<[(u64, u8); 2]>,
    /// A person spoke for us last.
    person: bool,
    /// How often a person spoke after a program.
    handed: u8,
    muted: Option<MuteReason>,
}

impl Automation {
    fn sent(&mut self, now: Timestamp) {
        self.sent.retain(|at| now.millis_since(*at) < WITHIN_MS);
        self.sent.push(now);
        (self.open, self.person) = (true, false);
    }

    fn person(&mut self) {
        if !self.person {
            self.handed = self.handed.saturating_add(1);
        }
        (self.open, self.person) = (false, true);
    }

    fn heard(&mut self, digest: u64, now: Timestamp) {
        if std::mem::take(&mut self.open) {
            let swift = self.sent.last().is_some_and(|sent| now.millis_since(*sent) < SWIFT_MS);
            self.swift = if swift { self.swift.saturating_add(1) } else { 0 };
        }
        self.text(digest);
    }

    fn text(&mut self, digest: u64) {
        match self.texts.iter_mut().find(|(known, _)| *known == digest) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if digest == 0 => {}
            None => {
                if self.texts.len() == MAX_TEXTS {
                    self.texts.remove(0);
                }
                self.texts.push((digest, 1));
            }
        }
    }

    /// Which limit is reached.
    fn trips(&self) -> Option<MuteReason> {
        if self.swift >= MAX_SWIFT {
            Some(MuteReason::SwiftAnswers)
        } else if self.texts.iter().any(|(_, count)| *count >= MAX_SAME) {
            Some(MuteReason::SameText)
        } else if self.sent.len() >= MAX_AUTOMATED {
            Some(MuteReason::TooMany)
        } else if self.handed > MAX_RETURNS {
            Some(MuteReason::HandedBack)
        } else {
            None
        }
    }
}

impl Beside {
    /// The Work ends, and with it what is counted of programs: how often a person spoke after one, and whether they are silent for that.
    pub(super) fn close_automation(&mut self) -> Option<(u8, bool)> {
        let automation = self.automation.take()?;
        Some((automation.handed, automation.muted == Some(MuteReason::HandedBack)))
    }

    /// What programs did in a Work that is merged into this one counts no longer, but where it silenced them.
    pub(super) fn join_automation(&mut self, theirs: Option<Box<Automation>>) {
        if theirs.as_ref().is_some_and(|theirs| theirs.muted.is_some())
            && self.automation.as_ref().is_none_or(|own| own.muted.is_none())
        {
            self.automation = theirs;
        }
    }
}

impl Work {
    /// Whether a program of ours has spoken in it.
    pub(crate) fn has_automation(&self) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.automation.is_some())
    }

    /// Why programs are silent in it, if they are.
    pub(crate) fn muted(&self) -> Option<MuteReason> {
        self.beside.as_ref()?.automation.as_ref()?.muted
    }

    pub(super) fn mute(&mut self, reason: MuteReason) {
        self.automation_mut().muted = Some(reason);
    }

    /// Counts a message, where a program of ours has spoken.
    pub(super) fn count_automation(&mut self, message: &MessageStored, says: Says, now: Timestamp) {
        match (says, message.author) {
            (Says::Answers | Says::Nothing, Author::Bot(_) | Author::System)
                if message.direction == Direction::Out
                    && !message.flags.has(Flags::WORDED)
                    && message.kind == MessageKind::Message
                    && (says == Says::Answers || message.author == Author::System) =>
            {
                let asked = self.last_digest;
                let first = self.beside.as_ref().is_none_or(|beside| beside.automation.is_none());
                let automation = self.automation_mut();
                if first {
                    automation.text(asked);
                }
                automation.sent(now);
            }
            (Says::Answers, Author::Agent(_)) => {
                if let Some(automation) = self.counted() {
                    automation.person();
                }
            }
            (Says::Asks, _) => {
                self.last_digest = message.digest;
                if let Some(automation) = self.counted() {
                    automation.heard(message.digest, now);
                }
            }
            _ => {}
        }
    }

    fn counted(&mut self) -> Option<&mut Automation> {
        self.beside.as_mut()?.automation.as_deref_mut()
    }

    fn automation_mut(&mut self) -> &mut Automation {
        let handed = self.spoken();
        let begun = || Box::new(Automation { handed, ..Automation::default() });
        self.beside_mut().automation.get_or_insert_with(begun)
    }

    /// Which limit programs have reached in it, that is not acted on yet.
    fn trips(&self) -> Option<MuteReason> {
        let automation = self.beside.as_ref()?.automation.as_ref()?;
        if automation.muted.is_some() { None } else { automation.trips() }
    }
}

/// Mutes programs in a Work where a limit is reached. Where they are silent, or a Work that is for people was merged into it, a person is
/// asked instead of the one that has it, or is offered it.
pub(crate) fn guard(draft: &mut Draft<'_>, id: WorkId) {
    match draft.work(id).map(|work| (work.trips(), work.wants_person())) {
        Some((Some(reason), _)) => {
            draft.push(Change::AutomationMuted(AutomationMuted { work: id, reason }));
            charge(draft, id, EffortKind::Loop);
        }
        Some((None, true)) => {}
        Some((None, false)) | None => return,
    }
    let Some(work) = draft.work(id) else { return };
    let is_bot = |agent: AgentId| draft.agent(agent).is_some_and(|agent| agent.profile.kind == AgentKind::Bot);
    let owner = work.owner.filter(|owner| is_bot(owner.agent) && work.state == WorkState::Assigned);
    let open: SmallVec<[OpenOffer; 2]> = work.offers().filter(|open| is_bot(open.agent)).collect();
    for offer in &open {
        revoke_offer(draft, id, *offer);
    }
    if owner.is_some() {
        release(draft, id, UnassignReason::Muted, QueueCause::Requeued, None);
    } else if !open.is_empty() {
        place(draft, id);
    }
    let freed = owner.map(|owner| owner.agent).into_iter().chain(open.into_iter().map(|open| open.agent));
    freed.for_each(|agent| fill(draft, agent));
}
