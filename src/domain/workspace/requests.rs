//! Commands that were accepted, so that a repeat gets the first answer (design, section 5).

use std::collections::{BTreeMap, VecDeque};

use crate::domain::command::Answer;
use crate::domain::id::Name;
use crate::domain::record::Request;
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;

/// Accepted commands remembered of one principal at most.
const PER_PRINCIPAL: usize = 10_000;
/// How long they are remembered, milliseconds.
const WINDOW_MS: i64 = 24 * 3_600 * 1_000;

/// Accepted commands of all principals.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    principals: BTreeMap<Name, Accepted>,
}

#[derive(Debug, Default)]
struct Accepted {
    answers: BTreeMap<Name, (u64, Answer)>,
    order: VecDeque<(Timestamp, Name)>,
}

impl Requests {
    /// Says by rejection that the command was accepted before, or that its id was.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Rejection> {
        match self.principals.get(&request.principal).and_then(|p| p.answers.get(&request.request_id)) {
            None => Ok(()),
            Some((digest, answer)) if *digest == request.digest => {
                Err(Rejection::Repeated(Answer { repeated: true, ..*answer }))
            }
            Some(_) => Err(Rejection::RequestIdReused),
        }
    }

    /// Notes an accepted command.
    pub(crate) fn note(&mut self, request: &Request, answer: Answer, now: Timestamp) {
        if request.request_id.is_empty() {
            return;
        }
        let accepted = self.principals.entry(request.principal.clone()).or_default();
        accepted.answers.insert(request.request_id.clone(), (request.digest, answer));
        accepted.order.push_back((now, request.request_id.clone()));
        while let Some((at, oldest)) = accepted.order.front() {
            if accepted.order.len() <= PER_PRINCIPAL && now.millis_since(*at) <= WINDOW_MS {
                break;
            }
            accepted.answers.remove(oldest);
            accepted.order.pop_front();
        }
    }
}
