//! Commands that were accepted, so that a repeat gets the first answer (design, section 5).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    /// Shared with a snapshot that is being written, until the principal commands anew.
    principals: BTreeMap<Name, Arc<Accepted>>,
}

/// Accepted commands of a principal, the oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestRow {
    principal: Name,
    commands: Vec<(Timestamp, Name, u64, Answer)>,
}

#[derive(Clone, Debug, Default)]
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

    /// Of each principal.
    pub(crate) fn rows(&self) -> impl Iterator<Item = RequestRow> {
        self.principals.iter().map(|(principal, accepted)| {
            let command = |(at, id): &(Timestamp, Name)| {
                accepted.answers.get(id).map(|(digest, answer)| (*at, id.clone(), *digest, *answer))
            };
            let commands = accepted.order.iter().filter_map(command).collect();
            RequestRow { principal: principal.clone(), commands }
        })
    }

    /// Takes those of a principal back.
    pub(crate) fn restore(&mut self, row: RequestRow) {
        let mut accepted = Accepted::default();
        for (at, id, digest, answer) in row.commands {
            accepted.order.push_back((at, id.clone()));
            accepted.answers.insert(id, (digest, answer));
        }
        self.principals.insert(row.principal, Arc::new(accepted));
    }

    /// Notes an accepted command.
    pub(crate) fn note(&mut self, request: &Request, answer: Answer, now: Timestamp) {
        if request.request_id.is_empty() {
            return;
        }
        let accepted = Arc::make_mut(self.principals.entry(request.principal.clone()).or_default());
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
