//! The run that belongs to the tests: one fault of each kind that says most, a fixed seed, little load.

use std::time::Duration;

use crate::bed::Load;
use crate::plan::Kind;
use crate::run::{self, Wishes};

/// Faults follow each other at once.
const EVERY: Duration = Duration::from_millis(2_500);
/// In this order; what is left of the time ends the list.
const KINDS: [Kind; 8] = [
    Kind::OwnerKilled,
    Kind::LeaderKilled,
    Kind::AgentsDropped,
    Kind::OwnerPaused,
    Kind::LeaderCutOff,
    Kind::OwnerEnded,
    Kind::ServersKilled,
    Kind::OwnerCutOff,
];

/// # Panics
/// Anything is not as promised; the folder is kept.
pub(crate) fn run() {
    crate::host::in_own_namespace().expect("a namespace, or none");
    let folder = tempfile::Builder::new().prefix("skein-chaos-").tempdir().expect("a folder");
    let wishes = Wishes {
        seed: 1,
        time: Duration::from_secs(35),
        every: EVERY,
        load: Load { rate: 60, agents: 8 },
        kinds: Some(KINDS.to_vec()),
        controls: true,
    };
    let outcome = crate::wait_for(run::run(folder.path(), &wishes));
    if let Ok(outcome) = &outcome
        && outcome.proof.holds()
    {
        println!("{}", outcome.line);
        return;
    }
    let kept = folder.keep();
    panic!("not as promised, see {}: {outcome:#?}", kept.display());
}
