//! Workspace files while this process stands by: what they say when it comes to own the shard is what it begins with.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::info;

use super::file::{self, Looks};
use super::served::Served;
use super::task::{POLL, blocking, refused};
use crate::telemetry::fields;

/// Looks at the files of a process that brings nothing into force. What was read last stays where a file has problems.
#[derive(Debug)]
pub struct Onlooker {
    served: Arc<Served>,
    /// How each file looked when it was read.
    read: Vec<Option<Looks>>,
    next: Instant,
}

impl Onlooker {
    /// Begins with reading all of them: nobody has looked at them for a while.
    #[must_use]
    pub fn new(served: Arc<Served>) -> Self {
        let read = vec![None; served.workspaces.len()];
        Self { served, read, next: Instant::now() }
    }

    /// Reads what has changed, at most once in [`POLL`]. Returns whether any workspace is configured otherwise now. Cancel safe.
    pub async fn look(&mut self) -> bool {
        if Instant::now() < self.next {
            return false;
        }
        self.next = Instant::now() + POLL;
        let mut changed = false;
        for at in 0..self.read.len() {
            changed |= self.one(at).await;
        }
        changed
    }

    async fn one(&mut self, at: usize) -> bool {
        let served = Arc::clone(&self.served);
        let workspace = &served.workspaces[at];
        let Some(path) = workspace.file.clone() else { return false };
        let looks = blocking({
            let path = path.clone();
            move || file::looks(&path)
        });
        let looks = looks.await;
        if looks.is_none() || looks == self.read[at] {
            return false;
        }
        let running = workspace.config();
        let name = running.name.clone();
        let before = running.sha256();
        let (looks, config) = blocking(move || file::read(&path, &running)).await;
        self.read[at] = looks;
        match config {
            Ok(config) if config.sha256() == before => false,
            Ok(config) => {
                info!({ fields::WORKSPACE } = %name, "workspace file read again: it counts when this node owns the shard");
                workspace.accept(config);
                true
            }
            Err(problems) => {
                refused(&name, &problems);
                false
            }
        }
    }
}
