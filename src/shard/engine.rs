//! The heart of a shard without its arteries: decides, holds back, releases. Synchronous, no I/O, no clock of its own, so that the
//! seeded simulator drives the same code as the daemon.
//!
//! Invariants: nothing is released before durable has reached the head it was made at; releases come in the order of the decisions.

use std::collections::VecDeque;
use std::sync::Arc;

use super::passed::Passed;
use crate::domain::command::{Answer, Command, DeadLetter};
use crate::domain::id::{Index, Name};
use crate::domain::record::{Cause, Input, Record};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::{State, answer, decide, evolve};

/// A timer without effect that is due all the same is looked at again after this, so that it cannot spin the shard.
const IDLE_TIMER_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
/// Reason of the dead letter when the record of an input would be too large for the log.
const TOO_LARGE: &str = "record_too_large";

/// Where records go. Taking one does not make it durable.
pub trait Appender {
    /// Whether one more record will be taken.
    fn has_room(&self) -> bool;

    /// The number that the next record will have if it is of `workspace`.
    fn next_index(&self, workspace: &Name) -> Index;

    /// Takes the record that follows the last one taken; its number is the one that [`Appender::next_index`] told.
    ///
    /// # Errors
    /// [`AppendError`]; the record never was then.
    fn append(&mut self, record: &Record) -> Result<(), AppendError>;
}

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The record is larger than the log takes.
    #[error("append a record: it is too large")]
    TooLarge,
    /// Nothing more becomes durable here.
    #[error("append a record: the log writer has ended")]
    Ended,
}

/// The log writer has ended: discard the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log takes no more records")]
pub struct LogEnded;

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its record is on its way.
    Recorded,
    /// It has no effect; its position, if it has one, moves on with a later record.
    NoEffect,
    /// A repeat or a duplicate of something applied before.
    Repeated,
    /// It was refused; a refused input went on as a dead letter.
    Refused(Rejection),
}

/// What may leave now.
#[derive(Debug)]
pub enum Released<R> {
    /// A durable record: its outputs may leave.
    Record(Arc<Record>),
    /// The answer to a command.
    Answer(R, Result<Answer, Rejection>),
    /// A read that was made at a head which is durable now.
    Read(R),
}

/// One shard's state with everything that waits for the log. `R` is whatever finds the asker again.
#[derive(Debug)]
pub struct Engine<R> {
    state: State,
    durable: Index,
    held: VecDeque<(Index, Released<R>)>,
    /// Records among what is held.
    held_records: usize,
    passed: Passed,
    timers_paused_until: Timestamp,
}

impl<R> Engine<R> {
    /// An engine over a folded state, all of which is durable.
    #[must_use]
    pub fn new(state: State) -> Self {
        let durable = state.head();
        Self {
            state,
            durable,
            held: VecDeque::new(),
            held_records: 0,
            passed: Passed::default(),
            timers_paused_until: Timestamp::default(),
        }
    }

    /// The state at head.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was remembered before `through` is in an archive now: see [`State::archived`].
    pub fn archived(&mut self, through: Timestamp) {
        self.state.archived(through);
    }

    /// Everything up to here is known to be durable.
    #[must_use]
    pub fn durable_index(&self) -> Index {
        self.durable
    }

    /// Records between head and durable.
    #[must_use]
    pub fn held_records(&self) -> usize {
        self.held_records
    }

    /// How many records, answers and reads wait for the log.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// When the engine wants to be called even if nothing comes: deadlines and progress.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let timer = self.state.next_deadline().map(|at| at.max(self.timers_paused_until));
        match (timer, self.passed.due_at()) {
            (Some(timer), Some(progress)) => Some(timer.min(progress)),
            (timer, progress) => timer.or(progress),
        }
    }

    /// Decides one command. Ask [`Appender::has_room`] before, and of an input the archive where [`State::wants_older`]; let the log send
    /// what it gathered when no more commands wait.
    ///
    /// # Errors
    /// [`LogEnded`]: nothing happened, and nothing more will.
    pub fn handle(
        &mut self,
        command: Command,
        now: Timestamp,
        reply: Option<R>,
        log: &mut impl Appender,
    ) -> Result<Step, LogEnded> {
        match command {
            // Comes from ingest for messages that hold no event: gathered here, so that it costs no record each.
            Command::Progress { reached, .. } => {
                for input in reached {
                    self.pass(input, now);
                }
                Ok(Step::NoEffect)
            }
            Command::Input(arrival) => {
                debug_assert!(!self.state.wants_older(&arrival, now), "the archive was not asked");
                let origin = DeadLetter {
                    workspace: arrival.workspace.clone(),
                    channel: arrival.channel.clone(),
                    endpoint: arrival.endpoint.clone(),
                    stream: arrival.stream.clone(),
                    input: arrival.input,
                    reason: Name::default(),
                };
                let step = self.decide(Command::Input(arrival), now, reply, log)?;
                self.after_input(step, origin, now, log)
            }
            Command::DeadLetter(letter) => {
                let input = letter.input;
                let step = self.decide(Command::DeadLetter(letter), now, reply, log)?;
                if step != Step::Recorded {
                    self.pass(input, now);
                }
                Ok(step)
            }
            other => self.decide(other, now, reply, log),
        }
    }

    /// An input that made no record moves its position all the same, and none is dropped in silence.
    fn after_input(
        &mut self,
        step: Step,
        mut origin: DeadLetter,
        now: Timestamp,
        log: &mut impl Appender,
    ) -> Result<Step, LogEnded> {
        match &step {
            Step::Recorded => {}
            Step::NoEffect | Step::Repeated => self.pass(origin.input, now),
            Step::Refused(rejection) => {
                let input = origin.input;
                origin.reason = Name::const_new(dead_letter_reason(rejection));
                if self.decide(Command::DeadLetter(origin), now, None, log)? != Step::Recorded {
                    self.pass(input, now);
                }
            }
        }
        Ok(step)
    }

    /// Law 3, the one place. Head is the state with every record handed to the log, acknowledged or not.
    ///
    /// 1. decide on head;
    /// 2. hand the record to the log and evolve head (no one looks between the two; a record that the log does not take never was);
    /// 3. the log's ack raises durable ([`Engine::durable`]);
    /// 4. only then effects: outputs, answers, rejections and reads, each when durable has reached the head it was made at.
    ///
    /// So a client reads its own writes, and never one that was undone.
    fn decide(
        &mut self,
        command: Command,
        now: Timestamp,
        reply: Option<R>,
        log: &mut impl Appender,
    ) -> Result<Step, LogEnded> {
        let index = log.next_index(command.workspace());
        let (step, result) = match decide(&self.state, index, command, now) {
            Ok(Some(record)) => match log.append(&record) {
                Ok(()) => {
                    evolve(&mut self.state, &record);
                    if let Cause::Input(input) = &record.cause {
                        self.passed.overtaken_by(&record.workspace, input);
                    }
                    let given = reply.is_some().then(|| answer(&record));
                    self.held.push_back((record.index, Released::Record(Arc::new(record))));
                    self.held_records += 1;
                    (Step::Recorded, Ok(given.unwrap_or_default()))
                }
                Err(AppendError::TooLarge) => {
                    let rejection = Rejection::Limit(TOO_LARGE);
                    (Step::Refused(rejection.clone()), Err(rejection))
                }
                Err(AppendError::Ended) => return Err(LogEnded),
            },
            Ok(None) => {
                let position = crate::domain::id::Position { index: self.state.head(), output: 0 };
                let nothing = Answer { position, ..Answer::default() };
                (Step::NoEffect, Ok(nothing))
            }
            Err(rejection) => {
                let step = match &rejection {
                    Rejection::AlreadyApplied | Rejection::Duplicate | Rejection::Repeated(_) => Step::Repeated,
                    Rejection::Ignored => Step::NoEffect,
                    other => Step::Refused(other.clone()),
                };
                (step, Err(rejection))
            }
        };
        if let Some(reply) = reply {
            self.hold(Released::Answer(reply, result));
        }
        Ok(step)
    }

    /// Holds a read made of [`Engine::state`] until the head it was made at is durable.
    pub fn hold_read(&mut self, reply: R) {
        self.hold(Released::Read(reply));
    }

    fn hold(&mut self, what: Released<R>) {
        self.held.push_back((self.state.head(), what));
    }

    /// Notes that everything up to `index` is durable. What may leave because of it comes from [`Engine::release`].
    pub fn durable(&mut self, index: Index) {
        self.durable = self.durable.max(index);
    }

    /// The next thing that may leave; `None` when the rest waits for the log.
    pub fn release(&mut self) -> Option<Released<R>> {
        let (at, _) = self.held.front()?;
        if *at > self.durable {
            return None;
        }
        let (_, what) = self.held.pop_front()?;
        self.held_records -= usize::from(matches!(what, Released::Record(_)));
        Some(what)
    }

    /// Fires due timers in (deadline, id) order, at most `max`. Returns how many.
    ///
    /// # Errors
    /// [`LogEnded`].
    pub fn fire_due(&mut self, now: Timestamp, max: usize, log: &mut impl Appender) -> Result<usize, LogEnded> {
        if now < self.timers_paused_until {
            return Ok(0);
        }
        for fired in 0..max {
            if !log.has_room() {
                return Ok(fired);
            }
            let Some((workspace, timer)) = self.state.due(now) else {
                return Ok(fired);
            };
            let step = self.decide(Command::Timer { workspace, timer }, now, None, log)?;
            if step != Step::Recorded {
                self.timers_paused_until = now + IDLE_TIMER_PAUSE;
                return Ok(fired);
            }
        }
        Ok(max)
    }

    /// Records the positions of inputs without effect when there are many, or some for long.
    ///
    /// # Errors
    /// [`LogEnded`].
    pub fn record_progress(&mut self, now: Timestamp, log: &mut impl Appender) -> Result<(), LogEnded> {
        if !self.passed.is_due(now) {
            return Ok(());
        }
        while log.has_room() {
            let Some((workspace, reached)) = self.passed.take() else {
                break;
            };
            self.decide(Command::Progress { workspace, reached }, now, None, log)?;
        }
        Ok(())
    }

    /// An input is done with. Its position belongs to the workspace of its stream, whatever its subject named.
    fn pass(&mut self, input: Input, now: Timestamp) {
        if let Some(bound) = self.state.stream_number(input.stream) {
            self.passed.note(&bound.workspace, input, now);
        }
    }
}

/// Token of a subject for a refused input.
fn dead_letter_reason(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::UnknownWorkspace => "unknown_workspace",
        Rejection::UnknownEndpoint(_) => "unknown_endpoint",
        Rejection::UnknownMessage => "unknown_message",
        Rejection::Limit(TOO_LARGE) => TOO_LARGE,
        Rejection::Limit(_) => "limit",
        Rejection::Invalid(_) => "invalid",
        _ => "refused",
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
