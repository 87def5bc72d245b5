//! Who takes part in Works of others, counted again from the records.

use std::collections::BTreeMap;

use skein::domain::command::{TakePart, Verb};
use skein::domain::content::Content;
use skein::domain::id::{AgentId, AssignmentId, MessageId, Name, WorkId};
use skein::domain::record::{Change, MessageStored, Record, Role};

use super::broken::{Broken, holds};
use super::checks::Auditor;
use super::rng::Rng;
use super::stats::Stats;

/// One who takes part.
#[derive(Clone, Copy, Debug)]
struct Joined {
    id: AssignmentId,
    role: Role,
    asked_under: Option<AssignmentId>,
}

/// Who takes part in what.
#[derive(Debug, Default)]
pub(crate) struct Parts(BTreeMap<(WorkId, AgentId), Joined>);

impl Parts {
    /// Whether the message was said under somebody's part in its Work.
    pub(crate) fn said(&self, message: &MessageStored) -> bool {
        let speaks = |joined: &Joined| joined.role == Role::Barged && Some(joined.id) == message.assignment;
        self.0.iter().any(|((work, _), joined)| message.work == Some(*work) && speaks(joined))
    }
}

impl Auditor {
    /// Whoever is asked is asked by the owner, and nobody takes part in what is over or its own; whoever may speak was told of.
    pub(super) fn taking_part(&mut self, record: &Record, stats: &mut Stats) -> Result<(), Broken> {
        for (place, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::ParticipantJoined(joined) => {
                    stats.hit("takes part", format!("{:?}", joined.role));
                    let id = AssignmentId::new(record.index, place);
                    let part = Joined { id, role: joined.role, asked_under: joined.asked_under };
                    let before = self.parts.0.insert((joined.work, joined.agent), part);
                    holds("one takes part once", before.is_none(), || format!("{joined:?}"))?;
                    let told = joined.notice.is_none_or(|notice| is_told(record, notice));
                    let asked = joined.role == Role::Barged || joined.asked_under.is_some();
                    holds("nobody joins in silence", told && asked, || format!("{record:?}"))?;
                }
                Change::Assigned(assigned) => {
                    let told = record.changes.iter().any(|change| {
                        matches!(change, Change::OwnerTold(told)
                            if told.owner == Some((AssignmentId::new(record.index, place), assigned.agent)))
                    });
                    let of = self.parts.0.iter().filter(|((work, agent), joined)| {
                        *work == assigned.work && *agent != assigned.agent && joined.asked_under.is_none()
                    });
                    let mut beside: Vec<AgentId> = of.map(|((_, agent), _)| *agent).collect();
                    let mut said: Vec<AgentId> = assigned.participants.iter().map(|part| part.agent).collect();
                    beside.sort_unstable();
                    said.sort_unstable();
                    if !beside.is_empty() {
                        stats.hit("takes part", "beside another owner");
                    }
                    let each = said == beside && told != beside.is_empty();
                    holds("a new owner and who takes part are told of each other", each, || format!("{record:?}"))?;
                }
                Change::ParticipantLeft(left) => {
                    stats.hit_variant("takes part no longer because", &left.reason);
                    let known = self.parts.0.remove(&(left.work, left.agent)).is_some();
                    holds("one leaves once", known, || format!("{left:?} at {}", record.index))?;
                }
                _ => {}
            }
        }
        for ((work, agent), joined) in &self.parts.0 {
            let owned = self.owned.get(work);
            let asked = joined.asked_under.is_none_or(|under| owned.is_some_and(|owned| owned.assignment == under));
            let over = matches!(self.states.get(work), Some(&("Closed" | "Merged")));
            let own = owned.is_some_and(|owned| owned.agent == *agent);
            holds("a part lasts as long as there is something to take part in", asked && !over && !own, || {
                format!("{agent} in {work}: {joined:?}, {owned:?} at {}", record.index)
            })?;
        }
        Ok(())
    }
}

/// The record has the notice that told the customer.
fn is_told(record: &Record, notice: MessageId) -> bool {
    notice.index() == record.index
        && matches!(record.changes.get(usize::from(notice.place())), Some(Change::MessageStored(_)))
}

/// Something about who takes part in a Work of its own, or of somebody's.
pub(crate) fn take_part(rng: &mut Rng, (work, assignment): (WorkId, AssignmentId), names: &[&str]) -> Verb {
    let agent = Name::new(rng.pick(names));
    Verb::TakePart(Box::new(match rng.below(6) {
        0..4 => {
            let question = rng.percent(50).then(|| Content::text("What do you say?"));
            TakePart::Consult { work, assignment, agent, until: None, question }
        }
        4 => TakePart::EndConsult { work, assignment, agent },
        _ => TakePart::Leave { work },
    }))
}
