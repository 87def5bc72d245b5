//! The loop of a shard: one task that waits for many things and decides in one place.
//!
//! `select!` only waits; what it brought goes through one synchronous turn. Turns are fair: each takes some of the edge's requests,
//! some of the process's own commands, at most one batch of inputs, at most [`TIMERS_PER_TURN`] timers. Nothing is taken while the
//! log or an outbox is at its limit: that is the back-pressure, up to the adapters' stream and the agents' calls.

use std::time::Duration;

use futures::future::BoxFuture;
use rand::RngExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::append::LogAppender;
use super::archive::Archive;
use super::assurance::Assurance;
use super::effects::Effects;
use super::engine::{Appender as _, Engine, LogEnded, Released, Step};
use super::handle::{Reply, Request};
use super::inlets::{BATCH_MAX, Inlets};
use super::tally::{Lengths, Tally};
use crate::clock::ShardClock;
use crate::domain::command::{Arrival, Command};
use crate::domain::id::{Index, Name};
use crate::domain::time::Timestamp;
use crate::log::{Condition, LogError, Progress};
use crate::telemetry::Metrics;

/// Timers fired in one turn: many deadlines at once must not stall messages (design, law 14).
pub const TIMERS_PER_TURN: usize = 1_000;
/// Requests of the edge in one turn: a bound on what inputs wait behind.
const REQUESTS_PER_TURN: usize = 256;

/// How often it is looked whether a workspace wants a new key for reply tokens: a key lives for weeks.
const KEY_LOOK: Duration = Duration::from_secs(3_600);

/// Records that are decided and not durable at most: 16,384 are a quarter of a second of a full machine. When the log answers after a
/// stall, all of them leave at once.
const UNDURABLE_MAX: usize = 16_384;

/// Why a shard's loop ended.
#[derive(Debug, PartialEq)]
pub enum Ended {
    /// It was told to; everything it decided is durable and on its way out.
    Stopped,
    /// Another writer took the log over. The state is discarded.
    Deposed {
        /// Its epoch.
        epoch: u64,
    },
    /// The log cannot be trusted: an operator is needed.
    Failed(LogError),
    /// The task that appends is gone.
    Lost,
}

/// What the wait brought.
enum Wake {
    Stop,
    Log,
    /// Nobody appends any more.
    Gone,
    Request(Request),
    System(Command),
    Inputs(Vec<Command>),
    /// An input for which the archive was asked.
    Asked(Box<Arrival>),
    Turn,
}

/// An input, once the archive has answered.
pub(super) struct Asking(BoxFuture<'static, Box<Arrival>>);

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking")
    }
}

/// A shard that is owned and folded.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) engine: Engine<Reply>,
    pub(super) log: LogAppender,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) clock: ShardClock,
    pub(super) effects: Effects,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) assurance: Assurance,
    pub(super) system: mpsc::Receiver<Command>,
    pub(super) inlets: Inlets,
    /// Rest of the batch of inputs in hand.
    pub(super) batch: std::vec::IntoIter<Command>,
    /// What the state has forgotten.
    pub(super) archive: Option<Archive>,
    /// The input in hand, while the archive is asked for it: those behind it wait.
    pub(super) asking: Option<Asking>,
    /// What the engine was told of the archive.
    pub(super) archived: Timestamp,
    pub(super) tally: Tally,
    pub(super) metrics: Metrics,
    /// When it is looked next whether a workspace wants a new key for reply tokens.
    pub(super) keys_at: Timestamp,
}

impl Shard {
    /// Runs until told to stop or until the log ends. Told to stop, it takes nothing more, and waits until all it decided is durable.
    pub(super) async fn run(mut self, stop: CancellationToken) -> Ended {
        let mut stopping = false;
        loop {
            let wake = self.wait(&stop, stopping).await;
            match wake {
                Wake::Stop => {
                    stopping = true;
                    self.requests.close();
                    self.system.close();
                }
                Wake::Gone => return self.ended(),
                _ => {}
            }
            let started = std::time::Instant::now();
            if self.turn(wake, stopping).is_err() || self.progress.borrow().condition.is_final() {
                return self.ended();
            }
            self.metrics.turn_seconds.observe(started.elapsed().as_secs_f64());
            if stopping && self.engine.held() == 0 && self.requests.is_empty() {
                break;
            }
        }
        let last = self.log.into_writer().close().await;
        ended(&last.condition).unwrap_or(Ended::Stopped)
    }

    async fn wait(&mut self, stop: &CancellationToken, stopping: bool) -> Wake {
        let log_open = self.log_is_open();
        let open = log_open && self.effects.has_room();
        if open && self.batch.len() > 0 && self.asking.is_none() && !stopping {
            // Lets others on this thread have their turn when this one never has to wait.
            tokio::task::coop::consume_budget().await;
            return Wake::Turn;
        }
        let wake_at = self.next_wake().filter(|_| open && !stopping);
        let asking = self.asking.is_some();
        let inputs_open = open && !stopping && !asking;
        tokio::select! {
            // Cancel-safe: a token keeps what it was told.
            () = stop.cancelled(), if !stopping => Wake::Stop,
            // Cancel-safe: a change stays unseen until the turn looks.
            changed = self.progress.changed() => if changed.is_ok() { Wake::Log } else { Wake::Gone },
            // Cancel-safe: a request stays in its channel until it is returned. Closed: no more edge.
            Some(request) = self.requests.recv(), if open && self.assurance.has_room() => Wake::Request(request),
            // Cancel-safe: see there.
            () = self.assurance.changed() => Wake::Turn,
            Some(command) = self.system.recv(), if log_open => Wake::System(command),
            // Cancel-safe: see there.
            batch = self.inlets.recv(), if inputs_open => Wake::Inputs(batch),
            // Cancel-safe: it stays where it is, and goes on when it is polled again.
            arrival = asked(&mut self.asking), if asking && open && !stopping => Wake::Asked(arrival),
            // Cancel-safe: a permit that was not taken stays.
            () = self.effects.freed(), if !open => Wake::Turn,
            () = sleep_until(wake_at), if wake_at.is_some() => Wake::Turn,
        }
    }

    /// When timers or progress want a turn.
    fn next_wake(&mut self) -> Option<Instant> {
        let at = self.engine.next_wake()?;
        let ms = at.0.saturating_sub(self.clock.now_ms()).max(0);
        Some(Instant::now() + Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    }

    /// One turn: synchronous, bounded.
    fn turn(&mut self, wake: Wake, stopping: bool) -> Result<(), LogEnded> {
        let now = Timestamp(self.clock.now_ms());
        self.note_archived();
        self.note_durable();
        self.proven(now)?;
        match wake {
            Wake::Request(request) => self.request(request, now)?,
            Wake::System(command) => self.system_command(command, now)?,
            Wake::Inputs(batch) => self.batch = batch.into_iter(),
            Wake::Asked(arrival) => {
                self.asking = None;
                self.input(Command::Input(arrival), now)?;
            }
            Wake::Stop | Wake::Gone | Wake::Log | Wake::Turn => {}
        }
        for _ in 0..REQUESTS_PER_TURN {
            if !self.is_open() || !self.assurance.has_room() {
                break;
            }
            let Ok(request) = self.requests.try_recv() else {
                break;
            };
            self.request(request, now)?;
        }
        while self.log_is_open()
            && let Ok(command) = self.system.try_recv()
        {
            self.system_command(command, now)?;
        }
        if !stopping {
            self.renew_keys(now)?;
            self.inputs(now)?;
            self.engine.fire_due(now, TIMERS_PER_TURN, &mut self.log)?;
            self.engine.record_progress(now, &mut self.log)?;
        }
        if self.assurance.wants_proof() {
            let question = self.log.prove();
            self.assurance.asked(question);
        }
        // What this turn decided goes out together; what waits decides how much that is, never a timer.
        self.log.send()?;
        self.leave();
        Ok(())
    }

    /// New keys where the newest is old. Nothing wakes the shard for it: a key is only wanted when something is sent.
    fn renew_keys(&mut self, now: Timestamp) -> Result<(), LogEnded> {
        if now < self.keys_at || !self.is_open() {
            return Ok(());
        }
        self.keys_at = now + KEY_LOOK;
        let state = self.engine.state();
        let wanting: Vec<Name> =
            state.workspaces().filter(|space| space.wants_reply_key(now)).map(|space| space.name().clone()).collect();
        for workspace in wanting {
            if !self.is_open() {
                self.keys_at = now;
                break;
            }
            let key = rand::rng().random();
            self.engine.handle(Command::RenewReplyKey { workspace, key }, now, None, &mut self.log)?;
        }
        Ok(())
    }

    fn inputs(&mut self, now: Timestamp) -> Result<(), LogEnded> {
        for _ in 0..BATCH_MAX {
            if !self.is_open() || self.asking.is_some() {
                return Ok(());
            }
            let Some(command) = self.batch.next() else {
                return Ok(());
            };
            self.input(command, now)?;
        }
        Ok(())
    }

    fn input(&mut self, command: Command, now: Timestamp) -> Result<(), LogEnded> {
        let command = match command {
            Command::Input(arrival) if self.engine.state().wants_older(&arrival, now) => match self.ask(arrival, now) {
                Some(arrival) => Command::Input(arrival),
                None => return Ok(()),
            },
            command => command,
        };
        let channel = match &command {
            Command::Input(arrival) => Some(Tally::channel(&arrival.channel)),
            Command::DeadLetter(letter) => Some(Tally::channel(&letter.channel)),
            _ => None,
        };
        let dead = matches!(command, Command::DeadLetter(_));
        let step = self.engine.handle(command, now, None, &mut self.log)?;
        if let Some(channel) = channel {
            let dead = dead || matches!(step, Step::Refused(_));
            self.tally.input(channel, dead, &step);
        }
        Ok(())
    }

    /// Asks the archive for an input; the loop goes on meanwhile. Usually ingest has done so. Gives it back where there is none to ask.
    fn ask(&mut self, mut arrival: Box<Arrival>, now: Timestamp) -> Option<Box<Arrival>> {
        let state = self.engine.state();
        let since = state.remembers_since();
        let sought = state.workspace(&arrival.workspace).and_then(|space| space.sought(&arrival, now));
        let (Some(archive), Some(sought)) = (self.archive.clone(), sought) else { return Some(arrival) };
        self.asking = Some(Asking(Box::pin(async move {
            arrival.older = Some(archive.surely(&sought, since).await);
            arrival
        })));
        None
    }

    /// Answers what waited for a proof, where there is one by now.
    fn proven(&mut self, now: Timestamp) -> Result<(), LogEnded> {
        while self.is_open()
            && let Some(request) = self.assurance.next()
        {
            self.answer(request, now)?;
        }
        Ok(())
    }

    fn request(&mut self, request: Request, now: Timestamp) -> Result<(), LogEnded> {
        match self.assurance.pass(request) {
            Some(request) => self.answer(request, now),
            None => Ok(()),
        }
    }

    fn answer(&mut self, request: Request, now: Timestamp) -> Result<(), LogEnded> {
        match request {
            Request::Command(command, asker) => {
                let reply = Some(Reply::Command(asker));
                if let Step::Refused(rejection) = self.engine.handle(command, now, reply, &mut self.log)? {
                    self.tally.rejected(&rejection);
                }
            }
            Request::Look(look) => {
                let hand_out = look(self.engine.state());
                self.engine.hold_read(Reply::Read(hand_out));
            }
        }
        Ok(())
    }

    fn system_command(&mut self, command: Command, now: Timestamp) -> Result<(), LogEnded> {
        self.engine.handle(command, now, None, &mut self.log)?;
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.log_is_open() && self.effects.has_room()
    }

    fn log_is_open(&self) -> bool {
        self.log.has_room() && self.engine.held_records() < UNDURABLE_MAX
    }

    /// Whatever the archive has by now may be forgotten.
    fn note_archived(&mut self) {
        let through = self.archive.as_ref().map_or(self.archived, Archive::through);
        if through > self.archived {
            self.archived = through;
            self.engine.archived(through);
        }
    }

    fn note_durable(&mut self) {
        let (durable, proven) = {
            let progress = self.progress.borrow_and_update();
            (progress.durable.index, progress.proven)
        };
        self.assurance.answered(proven);
        self.engine.durable(Index::end_of(durable));
        // Before new decisions: what leaves may fill an outbox.
        self.release();
    }

    fn release(&mut self) {
        while let Some(released) = self.engine.release() {
            if let Released::Record(record) = &released {
                self.tally.record(record);
            }
            self.effects.take(released);
        }
    }

    /// Carries out what is durable by now; reads of a state that is all durable leave in the turn they were made.
    fn leave(&mut self) {
        self.release();
        self.effects.carry_out();
        self.tally.flush(Lengths {
            durable_lag: self.engine.held_records(),
            inputs: self.inlets.len() + usize::from(self.batch.len() > 0),
            requests: self.requests.len(),
        });
    }

    fn ended(&self) -> Ended {
        ended(&self.progress.borrow().condition).unwrap_or(Ended::Lost)
    }
}

fn ended(condition: &Condition) -> Option<Ended> {
    match condition {
        Condition::Deposed { epoch } => Some(Ended::Deposed { epoch: *epoch }),
        Condition::Fatal(error) => Some(Ended::Failed(error.clone())),
        Condition::Flowing | Condition::Stalled => None,
    }
}

/// Never, when nothing is asked.
async fn asked(asking: &mut Option<Asking>) -> Box<Arrival> {
    match asking {
        Some(Asking(asking)) => asking.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}
