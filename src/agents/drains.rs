//! Which workspaces take no sessions at present, by an operator's word. Of this process: another node's sessions are its own.

use std::collections::BTreeSet;

use tokio::sync::watch;

use crate::domain::id::Name;

/// What is drained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Set {
    all: bool,
    workspaces: BTreeSet<Name>,
}

impl Set {
    fn has(&self, workspace: &Name) -> bool {
        self.all || self.workspaces.contains(workspace)
    }
}

/// Says which workspaces are drained, and hears of it. Cheap to clone; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Drains {
    set: watch::Sender<Set>,
}

impl Drains {
    /// Drains a workspace, or all, or no longer. False: it was so already.
    pub fn set(&self, workspace: Option<&Name>, drained: bool) -> bool {
        self.set.send_if_modified(|set| match workspace {
            None => {
                let was = std::mem::replace(set, Set { all: drained, workspaces: BTreeSet::new() });
                was != *set
            }
            Some(workspace) if drained => set.workspaces.insert(workspace.clone()),
            Some(workspace) => set.workspaces.remove(workspace),
        })
    }

    /// Whether it is drained, by its own name or with all.
    #[must_use]
    pub fn has(&self, workspace: &Name) -> bool {
        self.set.borrow().has(workspace)
    }

    pub(super) fn follow(&self) -> Drained {
        Drained(self.set.subscribe())
    }
}

/// One who waits to be drained.
#[derive(Debug)]
pub(super) struct Drained(watch::Receiver<Set>);

impl Drained {
    /// Resolves when the workspace is drained. Cancel safe.
    pub(super) async fn begins(&mut self, workspace: &Name) {
        if self.0.wait_for(|set| set.has(workspace)).await.is_err() {
            // Nobody can say so any more.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drained_workspace_is_told_and_the_others_are_not_until_all_are() {
        let (drains, one, other) = (Drains::default(), Name::new("one"), Name::new("other"));
        let mut waits = drains.follow();
        assert!(drains.set(Some(&one), true) && !drains.set(Some(&one), true));
        assert!(drains.has(&one) && !drains.has(&other));
        waits.begins(&one).await;
        assert!(drains.set(None, true) && drains.has(&other));
        waits.begins(&other).await;
        assert!(drains.set(None, false) && !drains.has(&one) && !drains.has(&other));
    }
}
