//! Works that bots and people pass between them: from requests, and what is shown of a hand-over.

use super::command::{Wire, id, wire, work_id};
use super::facts::facts;
use super::pass::optional;
use super::view::position;
use crate::agents::status::Refusal;
use crate::domain::command::{Answer, Hand, Verb};
use crate::domain::record::{Briefing, PersonalValue, Record};
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;

wire! {
    HandOverRequest => HandOverResponse, HandOver, "hand_over",
        |request| hand(Hand::Over {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            queue: optional("queue", &request.queue)?,
            briefing: Briefing { reason: request.reason, steps: request.steps },
            facts: facts(request.facts)?,
        }), |answer| {};
    HandBackRequest => HandBackResponse, HandBack, "hand_back",
        |request| hand(Hand::Back {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            to: optional("agent", &request.agent)?,
            queue: optional("queue", &request.queue)?,
            note: request.note,
        }), |answer| {};
}

fn hand(hand: Hand) -> Result<Verb, Refusal> {
    Ok(Verb::Hand(Box::new(hand)))
}

pub(super) fn briefing(briefing: &Briefing) -> p::Briefing {
    p::Briefing { reason: briefing.reason.clone(), steps: briefing.steps.clone() }
}

/// What was told with the change at `place`.
pub(super) fn told(record: &Record, place: u16) -> Option<p::Briefing> {
    record.content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Briefing(told) if personal.place == place => Some(briefing(told)),
        _ => None,
    })
}
