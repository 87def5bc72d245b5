//! The calls that a host serves, by the nodes that carry them here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::call::Call;
use super::frame::{Beat, Reset};
use super::limits::GIVE_UP_TICKS;
use super::link::Ended;
use super::status::how;
use crate::telemetry::{RelayMetrics, RelaySide};

/// One life of a node.
#[derive(Debug, Default)]
struct Caller {
    quiet_ticks: u32,
    /// None: it is over, and the node may not know that yet, so what comes of it late begins no other.
    calls: HashMap<u64, Option<Arc<Call>>>,
}

/// All calls, by where their answers go.
#[derive(Debug)]
pub(super) struct Callers {
    callers: HashMap<String, Caller>,
    open: usize,
    metrics: RelayMetrics,
}

impl Callers {
    pub(super) fn new(metrics: RelayMetrics) -> Self {
        Self { callers: HashMap::new(), open: 0, metrics }
    }

    /// Calls that are not over.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// A call that is there, `Some(None)` if it is over. Whoever speaks of it lives.
    pub(super) fn get(&mut self, answers: &str, number: u64) -> Option<Option<Arc<Call>>> {
        let caller = self.callers.get_mut(answers)?;
        caller.quiet_ticks = 0;
        caller.calls.get(&number).cloned()
    }

    pub(super) fn add(&mut self, answers: &str, number: u64, call: Arc<Call>) {
        if !self.callers.contains_key(answers) {
            self.callers.insert(answers.to_owned(), Caller::default());
        }
        if let Some(caller) = self.callers.get_mut(answers) {
            caller.calls.insert(number, Some(call));
            self.open += 1;
            self.metrics.open(RelaySide::Host).inc();
        }
    }

    /// Notes that a call is over, if it is.
    pub(super) fn settle(&mut self, answers: &str, number: u64) {
        let Some(caller) = self.callers.get_mut(answers) else { return };
        if let Some(call) = caller.calls.get_mut(&number) {
            self.open -= settled(call, &self.metrics);
        }
    }

    /// Ends what the node does not list; gives what it lists and is not there.
    pub(super) fn beat(&mut self, answers: &str, beat: &Beat) -> Vec<u64> {
        let Some(caller) = self.callers.get_mut(answers) else { return beat.calls.clone() };
        caller.quiet_ticks = 0;
        let listed: HashSet<u64> = beat.calls.iter().copied().collect();
        for (_, mut call) in caller.calls.extract_if(|number, _| *number <= beat.newest && !listed.contains(number)) {
            if let Some(call) = &call {
                call.end(Ended::Reset(Reset::Canceled), None);
            }
            self.open -= settled(&mut call, &self.metrics);
        }
        let is_there = |number: &u64| caller.calls.get(number).is_some_and(Option::is_some);
        let unknown = listed.iter().copied().filter(|number| !is_there(number)).collect();
        if caller.calls.is_empty() {
            self.callers.remove(answers);
        }
        unknown
    }

    /// Time passes: whoever was silent too long has no calls any more.
    pub(super) fn tick(&mut self) {
        let mut settled_calls = 0;
        self.callers.retain(|_, caller| {
            caller.quiet_ticks += 1;
            let is_silent = caller.quiet_ticks >= GIVE_UP_TICKS;
            for call in caller.calls.values_mut() {
                if let Some(call) = call {
                    call.tick();
                    if is_silent {
                        call.end(Ended::Silent, Some(Reset::Failed));
                    }
                }
                settled_calls += settled(call, &self.metrics);
            }
            !is_silent
        });
        self.open -= settled_calls;
    }

    /// Ends all that are open, with a word to those who made them.
    pub(super) fn end_all(&mut self, say: Reset) {
        for call in self.callers.values_mut().flat_map(|caller| caller.calls.values_mut()) {
            if let Some(call) = call {
                call.end(Ended::Reset(say), Some(say));
            }
            self.open -= settled(call, &self.metrics);
        }
    }
}

/// Forgets a call that is over; 1 if it was that now.
fn settled(call: &mut Option<Arc<Call>>, metrics: &RelayMetrics) -> usize {
    let Some(ended) = call.as_ref().and_then(|call| call.ended()) else { return 0 };
    *call = None;
    metrics.open(RelaySide::Host).dec();
    metrics.ended(RelaySide::Host, how(ended));
    1
}

impl Drop for Callers {
    fn drop(&mut self) {
        self.end_all(Reset::Failed);
    }
}
