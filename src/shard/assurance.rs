//! Requests that wait because this process is not sure any more to own the shard.
//!
//! An owner whose lease has not been silent for too long is sure. One that stood still, or cannot write its lease, asks the log, and answers
//! what came before it asked once the log has said that nobody else took it over. Deposed, it answers nothing: askers go to the new owner.

use std::collections::VecDeque;

use tokio::sync::watch;

use super::handle::Request;
use crate::node::Standing;

/// Requests that are kept at most; more wait in their channel, which is the back-pressure.
const KEPT_MAX: usize = 256;

/// What the log was asked.
#[derive(Debug)]
struct Asked {
    /// Number of the question.
    ticket: u64,
    /// So many of the kept requests came before it.
    requests: usize,
    /// So many contests of the lease came before it.
    contests: u64,
}

/// Whether requests may be answered, and those that may not yet.
#[derive(Debug)]
pub(super) struct Assurance {
    standing: watch::Receiver<Standing>,
    kept: VecDeque<Request>,
    asked: Option<Asked>,
    /// So many of the kept requests may be answered.
    proven: usize,
    /// Contests of the lease after which the log has answered.
    settled: u64,
}

impl Assurance {
    pub(super) fn new(standing: watch::Receiver<Standing>) -> Self {
        Self { standing, kept: VecDeque::new(), asked: None, proven: 0, settled: 0 }
    }

    /// Whether more requests may be taken.
    pub(super) fn has_room(&self) -> bool {
        self.kept.len() < KEPT_MAX
    }

    /// Resolves when the standing may be another. Cancel safe: a change stays unseen until it is looked at.
    pub(super) async fn changed(&mut self) {
        if self.standing.changed().await.is_err() {
            // Nobody says so any more.
            std::future::pending::<()>().await;
        }
    }

    fn is_sure(&self) -> bool {
        let standing = self.standing.borrow();
        standing.contests == self.settled && standing.is_sure()
    }

    /// The request, if it may be answered now; else it is kept. Those that are kept go first.
    pub(super) fn pass(&mut self, request: Request) -> Option<Request> {
        if self.kept.is_empty() && self.is_sure() {
            return Some(request);
        }
        self.kept.push_back(request);
        None
    }

    /// The next of the kept requests that may be answered.
    pub(super) fn next(&mut self) -> Option<Request> {
        if self.kept.is_empty() {
            return None;
        }
        if self.is_sure() {
            (self.asked, self.proven) = (None, 0);
        } else {
            self.proven = self.proven.checked_sub(1)?;
            if let Some(asked) = &mut self.asked {
                asked.requests -= 1;
            }
        }
        self.kept.pop_front()
    }

    /// Whether the log is to be asked: somebody waits for it, or another has the lease.
    pub(super) fn wants_proof(&mut self) -> bool {
        let contests = self.standing.borrow_and_update().contests;
        self.asked.is_none() && (contests != self.settled || self.kept.len() > self.proven)
    }

    /// The log was asked with this ticket.
    pub(super) fn asked(&mut self, ticket: u64) {
        let contests = self.standing.borrow().contests;
        self.asked = Some(Asked { ticket, requests: self.kept.len(), contests });
    }

    /// The log has answered all questions up to this ticket: nobody else owned the shard when it did.
    pub(super) fn answered(&mut self, ticket: u64) {
        if let Some(asked) = self.asked.take_if(|asked| asked.ticket <= ticket) {
            self.proven = asked.requests;
            self.settled = asked.contests;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::*;

    fn request() -> Request {
        Request::Look(Box::new(|_| Box::new(|| {})))
    }

    fn assurance(sure_for: Duration) -> (watch::Sender<Standing>, Assurance) {
        let (told, standing) = watch::channel(Standing { sure_until: Instant::now() + sure_for, contests: 0 });
        (told, Assurance::new(standing))
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_sure_answers_at_once_and_asks_nobody() {
        let (_told, mut assurance) = assurance(Duration::from_secs(3));
        assert!(assurance.pass(request()).is_some());
        assert!(!assurance.wants_proof() && assurance.next().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_before_the_question_is_answered_by_it_and_what_came_after_wants_another() {
        let (_told, mut assurance) = assurance(Duration::from_secs(3));
        advance(Duration::from_secs(3)).await;
        assert!(assurance.pass(request()).is_none() && assurance.pass(request()).is_none());
        assert!(assurance.wants_proof());
        assurance.asked(7);
        assert!(!assurance.wants_proof(), "once is enough");
        assert!(assurance.pass(request()).is_none());
        assurance.answered(6);
        assert!(assurance.next().is_none(), "an older question");
        assurance.answered(7);
        assert!(assurance.next().is_some() && assurance.next().is_some() && assurance.next().is_none());
        assert!(assurance.wants_proof());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_written_again_lets_all_go_in_their_order() {
        let (told, mut assurance) = assurance(Duration::ZERO);
        assert!(assurance.pass(request()).is_none());
        told.send_modify(|standing| standing.sure_until += Duration::from_secs(3));
        assert!(assurance.pass(request()).is_none(), "it does not overtake");
        assert!(assurance.next().is_some() && assurance.next().is_some() && assurance.next().is_none());
        assert!(assurance.pass(request()).is_some() && !assurance.wants_proof());
    }

    #[tokio::test(start_paused = true)]
    async fn an_owner_whose_lease_was_anothers_asks_the_log_although_nobody_waits() {
        let (told, mut assurance) = assurance(Duration::from_secs(3));
        assert!(!assurance.wants_proof());
        told.send_modify(|standing| standing.contests += 1);
        assert!(assurance.wants_proof() && assurance.pass(request()).is_none(), "its own clock says nothing now");
        assurance.asked(1);
        told.send_modify(|standing| standing.contests += 1);
        assurance.answered(1);
        assert!(assurance.wants_proof(), "the second came after the question");
        assurance.asked(2);
        assurance.answered(2);
        assert!(!assurance.wants_proof() && assurance.next().is_some() && assurance.pass(request()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_kept_than_there_is_room_for() {
        let (_told, mut assurance) = assurance(Duration::ZERO);
        while assurance.has_room() {
            assert!(assurance.pass(request()).is_none());
        }
        assert_eq!(assurance.kept.len(), KEPT_MAX);
    }
}
