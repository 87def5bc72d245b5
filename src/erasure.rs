//! Carries erasures out (design, law 11): waits until the outputs of a customer's earlier records are handed over, destroys the
//! keys, has it recorded.
//!
//! Which customers are to be erased is folded state, so whoever owns the shard goes on where the last one stopped, and every step may
//! be repeated: the order is
//!
//! 1. the record `Erased` is durable;
//! 2. everything before it that goes to an adapter is in OUT: it would have to be read again after a crash, which needs the keys;
//! 3. bodies of the object store that only this customer's messages name are deleted and overwritten;
//! 4. the key blocks are stored without these keys, and the messages before them overwritten;
//! 5. the record `KeyDestroyed`.
//!
//! The state knows bodies by keyed digests, the store by name: the names are listed once for each erasure that has bodies. What others
//! send meanwhile may be the same bytes under the same name. So the names are closed to ingest first; then it is waited until every
//! message that relied on an object before is applied; what the state still dooms then is deleted; and whoever waited stores it anew.
//!
//! Ingest stores what is large, and the files of mails, before it is decided what becomes of the message. What no message names once
//! that is applied, as of a webhook that comes again after the erasure, is deleted in the same way; a crash before it leaves it there.
//!
//! The store is looked through once an hour, and at the start. What agents have put, is too old for a message to name, and is named by
//! none, is deleted; and so are pieces of what was never stored to its end, whoever began that.
//!
//! What cannot be done is tried again, less and less often: the names of a bucket are listed each time.
//!
//! A store of keys that was put back from an older copy has destroyed ones again: so each owner begins by destroying once more
//! whatever the log says is destroyed.

mod pace;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::pace::Pace;
use crate::clock::wall_ms;
use crate::domain::State;
use crate::domain::command::Command;
use crate::domain::id::{Index, LeafId, Name};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::upload::is_over;
use crate::domain::workspace::Workspace;
use crate::ingest::Bodies;
use crate::keys::{KeyBook, KeysError};
use crate::nats::{NatsError, streams};
use crate::outbound::Outbox;
use crate::shard::{CommandError, ShardHandle, Unavailable};
use crate::telemetry::{ErrorChain, Metrics, RateLimit, fields};

/// How often it is looked for customers to be erased: whoever asked may watch it happen, and a daemon at rest is hardly woken.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long messages on their way may take before the erasure is put off; ingest takes what it closed no further meanwhile.
const ON_THEIR_WAY: Duration = Duration::from_secs(5);
/// How often it is asked whether they have arrived.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// How often it is looked for attachments of agents that no message has named in time, and for pieces of what broke off.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// Pieces without an object are deleted when none has come for so long: who stores one waits seconds for the next.
const BROKEN_OFF: Duration = Duration::from_secs(60 * 60);
/// Longest from one try to the next where customers cannot be erased: they are waited for.
const ERASE_AT_LEAST: Duration = Duration::from_secs(60);
/// Names that the shard is asked for at once: a fraction of a millisecond.
const NAMES_AT_ONCE: usize = 4_096;

/// The task that erases the customers of one workspace.
#[derive(Debug)]
pub struct Eraser {
    workspace: Name,
    shard: ShardHandle,
    book: KeyBook,
    bodies: Bodies,
    out: Arc<Outbox>,
    /// Customers that cannot be erased.
    waits: RateLimit,
    /// What else cannot be deleted.
    leftovers: RateLimit,
}

/// Why something is not done yet.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    #[error("the shard ends")]
    Unavailable,
    #[error("keys cannot be destroyed")]
    Keys(#[source] KeysError),
    #[error("the keys are destroyed, and that cannot be recorded")]
    Refused(#[source] Rejection),
    #[error("the object store cannot be looked through")]
    Listing(#[source] NatsError),
    #[error("bodies of the object store cannot be deleted")]
    Bodies(#[source] NatsError),
    #[error("messages are on their way that may name bodies of the object store")]
    OnTheirWay,
}

/// Whether the state has no use for the object of this name.
type Unwanted = fn(&Workspace, &str) -> bool;

/// A customer whose keys are still there.
#[derive(Debug)]
struct Pending {
    erasure: Index,
    leaves: Vec<LeafId>,
    /// Whether it is recorded that later outputs are in OUT.
    handed_over: bool,
    /// How many bodies of the object store are to be deleted.
    bodies: usize,
}

impl Eraser {
    /// For the workspace of these keys. Trouble is said once in `repeat_interval`.
    #[must_use]
    pub fn new(
        shard: ShardHandle,
        book: KeyBook,
        bodies: Bodies,
        out: Arc<Outbox>,
        metrics: Metrics,
        repeat_interval: Duration,
    ) -> Self {
        let workspace = book.workspace().clone();
        let [waits, leftovers] = [(); 2].map(|()| RateLimit::new(repeat_interval, metrics.clone()));
        Self { workspace, shard, book, bodies, out, waits, leftovers }
    }

    /// Erases until `stop`, or until the shard ends. Dropped: like a crash, which is safe.
    ///
    /// # Errors
    /// [`KeysError`] that needs an operator.
    pub async fn run(self, stop: CancellationToken) -> Result<(), KeysError> {
        let mut begun = false;
        let mut erases = Pace::new(Duration::ZERO, LOOK_EVERY, ERASE_AT_LEAST);
        let mut sweeps = Pace::new(SWEEP_EVERY, LOOK_EVERY, SWEEP_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if erases.is_due() {
                match paced(&mut erases, self.look(&mut begun).await) {
                    None => {}
                    Some(Unfinished::Unavailable) => return Ok(()),
                    Some(Unfinished::Keys(error)) if !error.may_pass() => return Err(error),
                    Some(error) => self.say_waiting(&error),
                }
            }
            if sweeps.is_due() {
                match paced(&mut sweeps, self.sweep().await) {
                    None => {}
                    Some(Unfinished::Unavailable) => return Ok(()),
                    Some(error) => self.say_left(&error),
                }
            }
            match self.delete_strays().await {
                Ok(()) => {}
                Err(Unfinished::Unavailable) => return Ok(()),
                Err(error) => self.say_left(&error),
            }
        }
    }

    fn say_waiting(&self, error: &Unfinished) {
        if let Some(left_out) = self.waits.pass() {
            warn!(
                { fields::WORKSPACE } = %self.workspace,
                error = %ErrorChain(error),
                { fields::LEFT_OUT } = left_out,
                "customer not erased yet"
            );
        }
    }

    fn say_left(&self, error: &Unfinished) {
        if let Some(left_out) = self.leftovers.pass() {
            warn!(
                { fields::WORKSPACE } = %self.workspace,
                error = %ErrorChain(error),
                { fields::LEFT_OUT } = left_out,
                "what nobody names is in the object store still"
            );
        }
    }

    /// Takes every erasure as far as it goes now; those of before, where that has not `begun`.
    async fn look(&self, begun: &mut bool) -> Result<(), Unfinished> {
        if !*begun {
            let workspace = self.workspace.clone();
            let destroyed = move |state: &State| state.workspace(&workspace).map(|space| space.destroyed().to_vec());
            let leaves = self.ask(destroyed).await?.unwrap_or_default();
            self.book.destroy(&leaves).await.map_err(Unfinished::Keys)?;
            *begun = true;
        }
        let workspace = self.workspace.clone();
        let mut put_off = Ok(());
        for pending in self.ask(move |state| pending(state, &workspace)).await? {
            // What was put in before the answer came is all that the records before it say.
            if !pending.handed_over && !self.out.is_settled() {
                continue;
            }
            match self.erase(pending).await {
                Err(Unfinished::OnTheirWay) => put_off = Err(Unfinished::OnTheirWay),
                other => other?,
            }
        }
        put_off
    }

    /// Erases a customer of whom everything is handed over.
    async fn erase(&self, Pending { erasure, leaves, bodies, .. }: Pending) -> Result<(), Unfinished> {
        if bodies > 0 {
            let names = self.bodies.names().await.map_err(Unfinished::Listing)?;
            self.delete_bodies(names, Workspace::is_doomed).await?;
        }
        self.book.destroy(&leaves).await.map_err(Unfinished::Keys)?;
        self.shard.feeds().forget(&self.workspace, &leaves);
        let command = Command::KeysDestroyed { workspace: self.workspace.clone(), erasure };
        self.shard.command(command).await.map_err(|error| match error {
            CommandError::Rejected(rejection) => Unfinished::Refused(rejection),
            CommandError::Unavailable => Unfinished::Unavailable,
        })?;
        info!(skein.workspace = %self.workspace, skein.index = erasure.0, identities = leaves.len(), "customer erased");
        Ok(())
    }

    /// Deletes what agents have stored and no message has named in time, and what was never stored to its end.
    async fn sweep(&self) -> Result<(), Unfinished> {
        let mut names = self.bodies.erase_broken_off(BROKEN_OFF).await.map_err(Unfinished::Listing)?;
        let now = Timestamp(wall_ms());
        names.retain(|name| is_over(name, now));
        self.delete_bodies(names, Workspace::is_nobodys).await
    }

    /// Deletes what ingest has stored for messages that came to nothing.
    async fn delete_strays(&self) -> Result<(), Unfinished> {
        let stored = self.bodies.stored();
        if stored.is_empty() {
            return Ok(());
        }
        let workspace = self.workspace.clone();
        let known = self.ask(move |state| {
            let space = state.workspace(&workspace);
            let applied = stored.into_iter().filter(|(_, (stream, sequence))| is_applied(state, stream, *sequence));
            let nobodys = |object: &str| space.is_some_and(|space| space.is_nobodys(object));
            applied.map(|(object, at)| (nobodys(&object), object, at)).collect::<Vec<_>>()
        });
        let (strays, named): (Vec<_>, Vec<_>) = known.await?.into_iter().partition(|(nobodys, ..)| *nobodys);
        named.iter().for_each(|(_, object, at)| self.bodies.forget(object, at));
        let objects: Vec<String> = strays.iter().map(|(_, object, _)| object.clone()).collect();
        self.delete_bodies(objects, Workspace::is_nobodys).await?;
        strays.iter().for_each(|(_, object, at)| self.bodies.forget(object, at));
        Ok(())
    }

    /// Deletes those of these bodies that are `unwanted`.
    async fn delete_bodies(&self, names: Vec<String>, unwanted: Unwanted) -> Result<(), Unfinished> {
        let doomed = self.those(names, unwanted).await?;
        if doomed.is_empty() {
            return Ok(());
        }
        let closing = self.bodies.close(&doomed);
        let ends = Instant::now() + ON_THEIR_WAY;
        loop {
            let relied = closing.relied.clone();
            let applied =
                move |state: &State| relied.iter().all(|(stream, sequence)| is_applied(state, stream, *sequence));
            if self.ask(applied).await? {
                break;
            }
            if Instant::now() >= ends {
                return Err(Unfinished::OnTheirWay);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        for object in self.those(doomed, unwanted).await? {
            self.bodies.erase(&object).await.map_err(Unfinished::Bodies)?;
        }
        drop(closing);
        Ok(())
    }

    /// Those of these objects that are `unwanted`.
    async fn those(&self, names: Vec<String>, unwanted: Unwanted) -> Result<Vec<String>, Unfinished> {
        let mut those = Vec::new();
        for some in names.chunks(NAMES_AT_ONCE) {
            let (workspace, some) = (self.workspace.clone(), some.to_vec());
            let found = self.ask(move |state| {
                let space = state.workspace(&workspace);
                some.into_iter().filter(|name| space.is_some_and(|space| unwanted(space, name))).collect::<Vec<_>>()
            });
            those.extend(found.await?);
        }
        Ok(those)
    }

    async fn ask<T: Send + 'static>(&self, look: impl FnOnce(&State) -> T + Send + 'static) -> Result<T, Unfinished> {
        self.shard.query(look).await.map_err(|Unavailable| Unfinished::Unavailable)
    }
}

/// Notes in its pace how something went; what it failed of.
fn paced(pace: &mut Pace, went: Result<(), Unfinished>) -> Option<Unfinished> {
    match went {
        Ok(()) => pace.done(),
        Err(_) => pace.failed(),
    }
    went.err()
}

/// Whether everything of a message is applied.
fn is_applied(state: &State, stream: &str, sequence: u64) -> bool {
    let position = state.stream(stream).map(|bound| bound.position);
    position.is_some_and(|at| at.sequence > sequence || (at.sequence == sequence && at.event + 1 >= at.of))
}

fn pending(state: &State, workspace: &str) -> Vec<Pending> {
    let reached = state.handed_over(&streams::out_name(workspace)).map(|(_, position)| position.index);
    let erasures = state.workspace(workspace).into_iter().flat_map(|space| space.erasures());
    erasures
        .map(|(erasure, leaves)| Pending {
            erasure,
            leaves: leaves.to_vec(),
            bodies: state.workspace(workspace).map_or(0, |space| space.doomed_bodies(erasure)),
            handed_over: reached.is_some_and(|reached| reached >= erasure),
        })
        .collect()
}
