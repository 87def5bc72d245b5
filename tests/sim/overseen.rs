//! What supervisors do: with other agents, and with Works that others have.

use skein::domain::command::{Oversight, Verb};
use skein::domain::content::Content;
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::Presence;
use skein::domain::view::WorkView;

use super::rng::Rng;

/// How the request of a command ends by which a supervisor says that more may be given than there is room for.
pub(super) const SAID_OVER: &str = "-over";

/// The end of the request's id: records tell of a command no more than that.
pub(crate) fn said_over(verb: &Verb) -> &'static str {
    match verb {
        Verb::Oversee(oversight) => match **oversight {
            Oversight::Assign { over_capacity: true, .. } | Oversight::TakeOver { over_capacity: true, .. } => {
                SAID_OVER
            }
            _ => "",
        },
        _ => "",
    }
}

/// Something about an agent or a Work; now and then about what it knows from before.
pub(crate) fn oversee(rng: &mut Rng, known: (WorkId, AssignmentId), all: &[WorkView], names: &[&str]) -> Verb {
    let (work, assignment) = match rng.pick_of(all) {
        Some(work) if rng.percent(85) => (work.work, work.assignment),
        _ => (known.0, Some(known.1)),
    };
    let agent = Name::new(rng.pick(names));
    let owned = assignment.unwrap_or_default();
    let over_capacity = rng.percent(50);
    let note = (*rng.pick(&["", "See to it.", "a\u{7}b"])).to_owned();
    Verb::Oversee(Box::new(match rng.below(18) {
        0 => Oversight::Presence {
            agent,
            presence: *rng.pick(&[Presence::Ready, Presence::Away, Presence::Draining]),
            reason: Name::default(),
            channels: Vec::new(),
        },
        1 if rng.percent(30) => Oversight::EndSession { agent },
        1..4 => Oversight::Requeue { work, assignment: owned },
        4..7 => {
            let to = if rng.percent(60) { agent } else { Name::default() };
            let queue = Name::new(rng.pick(&["support", "sales", "second"]));
            Oversight::Transfer { work, assignment: owned, to, queue, note }
        }
        12.. => Oversight::BargeIn { work, notice: Content::text("Somebody joins.") },
        7..10 => Oversight::Assign { work, assignment, to: agent, over_capacity, note },
        _ => Oversight::TakeOver { work, assignment, over_capacity },
    }))
}
