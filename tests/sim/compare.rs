//! Two states are the same when everything that can be seen of them is.

use std::fmt::{Debug, Write as _};

use skein::domain::State;
use skein::domain::id::RootId;
use skein::domain::view::CustomerQuery;

use super::checks::{Broken, holds};

/// Everything that can be seen of a state, one view a line.
pub(crate) fn fingerprint(state: &State, agents: &[&str]) -> String {
    let mut text = String::new();
    let mut line = |value: &dyn Debug| writeln!(text, "{value:?}").expect("a string takes everything");
    line(&(state.head(), state.time(), state.next_deadline()));
    for number in 0..8 {
        line(&state.stream_number(number));
    }
    for stream in ["OUT", "DEAD"] {
        line(&state.handed_over(stream));
    }
    for space in state.workspaces() {
        line(&(space.name(), space.config_sha256(), space.identities(), space.remembered_ids(), space.open_works()));
        line(&space.held_parts());
        for work in space.works(None, None) {
            line(&work);
        }
        for agent in agents {
            line(&space.agent(agent));
        }
        for root in 0..space.identities() {
            let root = RootId(u32::try_from(root).expect("few"));
            line(&space.conversation(root));
            line(&space.customers(&CustomerQuery::Id(root)));
        }
    }
    text
}

/// Fails with the first line that differs.
pub(crate) fn same(live: &str, folded: &str) -> Result<(), Broken> {
    let differs = live.lines().zip(folded.lines()).find(|(live, folded)| live != folded);
    holds("live is the fold of the log", live == folded, || format!("{differs:?}"))
}
