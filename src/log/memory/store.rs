//! The stream, the way to it and the appending side of every writer, behind one lock.

use std::{collections::VecDeque, time::Instant};

use super::super::{
    entry::Tip,
    error::LogError,
    frame::{self, Owner},
    options::LogOptions,
    verify::{Raw, Verifier},
    window::{Found, Pending, Window},
    writer::{AppendRefused, Condition, InFlightBytes, Progress, Reporter, Waiting},
};
use tokio::sync::watch;

/// What befalls an append on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is appended, but its answer is lost.
    LoseAnswer,
    /// It never arrives.
    LoseAppend,
    /// It arrives and is refused although its fence fits.
    Refuse,
    /// It is held back until [`super::MemoryLog::land_late`].
    Delay,
}

/// An append on its way.
#[derive(Debug)]
struct Transit {
    writer: usize,
    generation: u64,
    expected: u64,
    epoch: u64,
    pending: Pending,
}

/// The appending side of one writer.
#[derive(Debug)]
struct Side {
    owner: Owner,
    generation: u64,
    window: Window,
    waiting: Waiting,
    reporter: Reporter,
    /// Nothing more comes from here: deposed, failed or dropped.
    ended: bool,
    /// Its outcomes are unknown and the store was away when it asked.
    stalled: bool,
    /// The last question who owns the log.
    question: u64,
}

/// What a new writer gets.
pub(super) struct Opened {
    pub(super) writer: usize,
    pub(super) tip: Tip,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) in_flight_bytes: InFlightBytes,
}

#[derive(Debug)]
pub(super) struct Store {
    pub(super) options: LogOptions,
    pub(super) messages: Vec<Raw>,
    pub(super) faults: VecDeque<Fault>,
    pub(super) stepwise: bool,
    pub(super) voiding: bool,
    away: bool,
    transit: VecDeque<Transit>,
    late: Vec<Transit>,
    sides: Vec<Side>,
}

impl Store {
    pub(super) fn new(options: LogOptions) -> Self {
        Self {
            options,
            messages: Vec::new(),
            faults: VecDeque::new(),
            stepwise: false,
            voiding: true,
            away: false,
            transit: VecDeque::new(),
            late: Vec::new(),
            sides: Vec::new(),
        }
    }

    pub(super) fn last_sequence(&self) -> u64 {
        self.messages.last().map_or(0, |raw| raw.sequence)
    }

    pub(super) fn verifier(&self, from: Tip) -> Verifier {
        if self.voiding { Verifier::new(from) } else { Verifier::without_voiding(from) }
    }

    /// Adds a writer whose `Epoch` follows `tip`, which is the end.
    pub(super) fn open(&mut self, tip: Tip) -> Opened {
        let writer = self.sides.len();
        let mut owner = [0; 16];
        owner[..8].copy_from_slice(&(writer as u64).to_le_bytes());
        let after = Tip { sequence: tip.sequence + 1, epoch: tip.epoch + 1, epoch_over: false, ..tip };
        self.append_epoch(after.epoch, owner);
        let (reporter, progress, in_flight_bytes) = Reporter::new(after);
        self.sides.push(Side {
            owner,
            generation: 0,
            window: Window::new(after),
            waiting: Waiting::new(),
            reporter,
            ended: false,
            stalled: false,
            question: 0,
        });
        Opened { writer, tip: after, progress, in_flight_bytes }
    }

    fn append_epoch(&mut self, number: u64, owner: Owner) {
        self.messages.push(Raw {
            sequence: self.last_sequence() + 1,
            epoch: Some(number),
            subject: self.options.epoch_subject().into(),
            payload: frame::epoch(number, owner),
        });
    }

    /// Entries behind `tip`, which is the end, are given up.
    pub(super) fn give_up(&mut self, tip: Tip, to: u64) {
        let number = tip.epoch + 1;
        self.messages.push(Raw {
            sequence: tip.sequence + 1,
            epoch: Some(number),
            subject: self.options.loss_subject().into(),
            payload: frame::loss(number, Owner::default(), (tip.index, tip.chain), to),
        });
    }

    pub(super) fn push(&mut self, writer: usize, pending: Pending) -> Result<(), AppendRefused> {
        if self.sides[writer].ended {
            return Err(AppendRefused::Ended);
        }
        self.sides[writer].waiting.push_back(pending);
        self.send(writer);
        self.settle();
        Ok(())
    }

    /// The writer asks who owns the log.
    pub(super) fn prove(&mut self, writer: usize, question: u64) {
        let side = &mut self.sides[writer];
        side.question = question;
        // One that is stalled finds out anyway.
        if !side.ended && !side.stalled {
            self.reconcile(writer);
        }
        self.settle();
    }

    /// The writer is gone, as after a crash. What it sent is still on its way.
    pub(super) fn drop_writer(&mut self, writer: usize) {
        self.sides[writer].ended = true;
    }

    pub(super) fn set_away(&mut self, away: bool) {
        self.away = away;
        if !away {
            for writer in 0..self.sides.len() {
                if self.sides[writer].stalled {
                    self.reconcile(writer);
                }
            }
            self.settle();
        }
    }

    /// Delivers the next append on its way; false if there is none, or the store is away.
    pub(super) fn deliver(&mut self) -> bool {
        if self.away {
            return false;
        }
        let Some(transit) = self.transit.pop_front() else {
            return false;
        };
        match self.faults.pop_front() {
            None => {
                let landed = self.land(&transit);
                self.answer(&transit, landed);
            }
            Some(Fault::LoseAnswer) => {
                self.land(&transit);
            }
            Some(Fault::LoseAppend) => {}
            Some(Fault::Refuse) => self.answer(&transit, None),
            Some(Fault::Delay) => self.late.push(transit),
        }
        true
    }

    /// Lets the appends that were held back arrive, in order. Their writers wait for no answer any more.
    pub(super) fn land_late(&mut self) -> usize {
        let late = std::mem::take(&mut self.late);
        late.iter().filter(|transit| self.land(transit).is_some()).count()
    }

    /// Time passes without progress: every writer with appends under way asks what became of them.
    pub(super) fn expire(&mut self) {
        for writer in 0..self.sides.len() {
            let side = &self.sides[writer];
            if !side.ended && !side.window.is_empty() {
                self.reconcile(writer);
            }
        }
        self.settle();
    }

    /// Unless told to go step by step: everything arrives at once, and no answer is waited for long.
    fn settle(&mut self) {
        if self.stepwise {
            return;
        }
        while self.deliver() {}
        let silent = |side: &Side| !side.ended && !side.stalled && !side.window.is_empty();
        if !self.away && self.sides.iter().any(silent) {
            self.expire();
        }
    }

    fn send(&mut self, writer: usize) {
        let side = &mut self.sides[writer];
        if side.stalled || side.ended {
            return;
        }
        // A clock nobody looks at: the memory log has no patience to measure.
        let now = Instant::now();
        for pending in side.waiting.drain(..) {
            self.transit.push_back(Transit {
                writer,
                generation: side.generation,
                expected: side.window.predicted(),
                epoch: side.window.durable().epoch,
                pending: pending.clone(),
            });
            side.window.push_single(pending, now);
        }
    }

    /// The fence.
    fn land(&mut self, transit: &Transit) -> Option<u64> {
        if transit.expected != self.last_sequence() {
            return None;
        }
        let sequence = transit.expected + 1;
        self.messages.push(Raw {
            sequence,
            epoch: Some(transit.epoch),
            subject: transit.pending.subject.clone(),
            payload: transit.pending.frame.clone(),
        });
        Some(sequence)
    }

    fn answer(&mut self, transit: &Transit, landed: Option<u64>) {
        let side = &mut self.sides[transit.writer];
        if side.ended || side.generation != transit.generation {
            return;
        }
        match landed.map(|sequence| side.window.ack(sequence, 1)) {
            Some(Ok(advance)) if advance.entries > 0 => {
                side.reporter.durable(side.window.durable(), advance.bytes);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => self.end(transit.writer, Condition::Fatal(error)),
            None => self.reconcile(transit.writer),
        }
    }

    fn end(&mut self, writer: usize, condition: Condition) {
        let side = &mut self.sides[writer];
        side.ended = true;
        side.reporter.ended(condition);
    }

    fn reconcile(&mut self, writer: usize) {
        let side = &mut self.sides[writer];
        side.generation += 1;
        if !side.stalled {
            side.reporter.stalled();
        }
        side.stalled = self.away;
        if self.away {
            return;
        }
        self.flush(writer);
        if let Err(condition) = self.inquire(writer) {
            self.end(writer, condition);
        } else {
            self.send(writer);
        }
    }

    /// What the writer sent before goes first, as on a connection; nobody waits for the answers.
    fn flush(&mut self, writer: usize) {
        let (before, others): (VecDeque<_>, VecDeque<_>) =
            self.transit.drain(..).partition(|transit| transit.writer == writer);
        self.transit = others;
        for transit in before {
            self.land(&transit);
        }
    }

    /// Reads what lies behind the durable tip and closes the epoch; the rest waits to be sent again.
    fn inquire(&mut self, writer: usize) -> Result<(), Condition> {
        let durable = self.sides[writer].window.durable();
        let mut verifier = self.verifier(durable);
        let side = &mut self.sides[writer];
        let sent = std::mem::replace(&mut side.window, Window::new(durable));
        let mut unknown = sent.into_unknown(side.owner);
        let end = self.messages.last().map_or(0, |raw| raw.sequence);
        if end < durable.sequence {
            return Err(Condition::Fatal(LogError::Truncated { end, durable: durable.sequence }));
        }
        let mut bytes = 0;
        for raw in &self.messages {
            if raw.sequence <= durable.sequence {
                continue;
            }
            let seen = verifier.accept(raw.clone()).map_err(Condition::Fatal)?;
            match unknown.observe(&seen).map_err(Condition::Fatal)? {
                Found::Ours { bytes: more } => bytes += more,
                Found::OurEpoch | Found::Nothing => {}
                Found::Deposed { epoch } => return Err(Condition::Deposed { epoch }),
            }
        }
        let owner = side.owner;
        let tip = Tip { sequence: end + 1, epoch: verifier.tip().epoch + 1, epoch_over: false, ..verifier.tip() };
        self.append_epoch(tip.epoch, owner);
        let side = &mut self.sides[writer];
        let mut rest = unknown.into_rest();
        rest.append(&mut side.waiting);
        side.waiting = rest;
        side.window = Window::new(tip);
        side.reporter.durable(tip, bytes);
        side.reporter.proven(side.question);
        Ok(())
    }
}
