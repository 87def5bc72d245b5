//! How the circle of those who may take a Work has widened, as messages.

use super::view::timestamp;
use crate::domain::record::{OverflowCause, StepCause};
use crate::domain::view::{OverflownView, WideningView};
use crate::proto::agent as p;

/// What is told of it; none: it has neither plan nor overflow.
pub(super) fn widening(view: WideningView) -> Option<p::Widening> {
    let plain = view.since.is_none() && view.queues.is_empty() && view.overflown.is_none() && !view.unserved;
    (!plain).then(|| p::Widening {
        plan: view.plan.into(),
        step: view.step,
        cause: view.since.map_or(p::StepCause::Unspecified, |_| step_cause(view.cause)).into(),
        since: view.since.map(timestamp),
        next_at: view.next_at.map(timestamp),
        queues: view.queues.into_iter().map(Into::into).collect(),
        requires: view
            .requires
            .iter()
            .map(|(skill, level)| p::RequiredSkill { skill: skill.to_string(), level: level.into() })
            .collect(),
        overflown: view.overflown.map(overflown),
        unserved: view.unserved,
    })
}

fn overflown(view: OverflownView) -> p::Overflown {
    p::Overflown {
        cause: overflow_cause(view.cause).into(),
        from: view.from.into(),
        to: view.to.map(Into::into).unwrap_or_default(),
        at: Some(timestamp(view.at)),
    }
}

pub(super) fn step_cause(cause: StepCause) -> p::StepCause {
    match cause {
        // That its clock was put right is never why it stands there: `Standing` keeps what was before.
        StepCause::Queued | StepCause::Closed => p::StepCause::Queued,
        StepCause::Clock => p::StepCause::Clock,
        StepCause::NobodyThere => p::StepCause::NobodyThere,
        StepCause::Reconfigured => p::StepCause::Reconfigured,
    }
}

pub(super) fn overflow_cause(cause: OverflowCause) -> p::OverflowCause {
    match cause {
        OverflowCause::Length => p::OverflowCause::Length,
        OverflowCause::Wait => p::OverflowCause::Wait,
        OverflowCause::NoAgent => p::OverflowCause::NoAgent,
        OverflowCause::Estimate => p::OverflowCause::Estimate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Name;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_work_without_plan_and_overflow_tells_nothing_of_either() {
        assert_eq!(widening(WideningView::default()), None);
        let view =
            WideningView { plan: Name::new("wider"), step: 2, since: Some(Timestamp(7)), ..WideningView::default() };
        let told = widening(WideningView { cause: StepCause::NobodyThere, ..view }).unwrap();
        assert_eq!((told.plan.as_str(), told.step, told.cause()), ("wider", 2, p::StepCause::NobodyThere));
        let overflown =
            OverflownView { cause: OverflowCause::Wait, from: Name::new("front"), ..OverflownView::default() };
        let told = widening(WideningView { overflown: Some(overflown), ..WideningView::default() }).unwrap();
        assert_eq!(
            (told.cause(), told.overflown.unwrap().cause()),
            (p::StepCause::Unspecified, p::OverflowCause::Wait)
        );
    }
}
